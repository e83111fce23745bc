"""Labelled tables: ``load_`` reads from disk, ``fetch_`` downloads, ``make_`` invents, ``iter_`` reads one by one."""

from spoilerguard.datasets.bundled import (
    Challenge,
    ChallengeCase,
    data_home,
    load_challenge,
    load_challenge_stories,
    load_reviews,
    sample,
)
from spoilerguard.datasets.fetchers import fetch_goodreads, fetch_goodreads_file, fetch_tvtropes
from spoilerguard.datasets.loading import load_corpus
from spoilerguard.datasets.stories import load_stories, save_stories
from spoilerguard.datasets.synthetic import make_corpus
from spoilerguard.datasets.ucsd import GoodreadsReview, iter_goodreads

__all__ = [
    "Challenge",
    "ChallengeCase",
    "GoodreadsReview",
    "data_home",
    "fetch_goodreads",
    "fetch_goodreads_file",
    "fetch_tvtropes",
    "iter_goodreads",
    "load_challenge",
    "load_challenge_stories",
    "load_corpus",
    "load_reviews",
    "load_stories",
    "make_corpus",
    "sample",
    "save_stories",
]
