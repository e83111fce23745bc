"""Labelled sentences in one checked form."""

from spoilerguard.corpus.corpus import Corpus

__all__ = ["Corpus"]
