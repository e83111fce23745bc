"""Labelled corpus → model, and how good such a model is on works that it has not seen."""

from spoilerguard.training.cross_validation import CrossValidation, cross_validate
from spoilerguard.training.pipeline import train
from spoilerguard.training.stream import train_stream

__all__ = ["CrossValidation", "cross_validate", "train", "train_stream"]
