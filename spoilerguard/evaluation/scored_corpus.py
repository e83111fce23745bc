"""A corpus with the logits that a model gives it: all that evaluation knows about the model.

The logits may also come from several models, such as those of a cross-validation. Then thresholds differ by row.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.utils.validation import check_is_fitted

from spoilerguard.bootstrap import factorize
from spoilerguard.bundled import resolve_model
from spoilerguard.calibration.operating_points import DEFAULT_POINT, OperatingPoints, resolve_thresholds
from spoilerguard.corpus import Corpus
from spoilerguard.datasets import load_corpus
from spoilerguard.documents import Standing
from spoilerguard.errors import CorpusError
from spoilerguard.model import SpoilerClassifier
from spoilerguard.predictions import predict
from spoilerguard.ranking import refuse_hard_labels

__all__ = ["MODEL_THRESHOLD", "Sample", "ScoredCorpus", "resolve_arguments", "score"]

MODEL_THRESHOLD = "default"  # stands for the threshold of a model that has no operating points


@dataclass(frozen=True, slots=True, eq=False)
class ScoredCorpus:
    """Logits of sentences for each standing, and the probability that is enough at each operating point."""

    corpus: Corpus
    rows: NDArray[np.intp]  # of the corpus, shape (n_rows,), in the order of logits and thresholds
    logits: Mapping[Standing, NDArray[np.float64]]  # in review, only rows of reviews of two sentences or more count
    thresholds: Mapping[Standing, Mapping[str, NDArray[np.float64]]]  # one value for each row
    promised: OperatingPoints = field(default_factory=dict)  # what the model states about its operating points

    @property
    def standings(self) -> tuple[Standing, ...]:
        """Alone, and in review where there are reviews."""
        return tuple(standing for standing in Standing if self.counted(standing).any())

    def counted(self, standing: Standing) -> NDArray[np.bool_]:
        """Which rows count in this standing, shape (n_rows,)."""
        return np.asarray(self.corpus.in_review[self.rows] | (standing is Standing.ALONE))

    def main_point(self, standing: Standing) -> str:
        """The operating point at which mistakes are counted: "balanced", or else the first."""
        points = self.thresholds[standing]
        return DEFAULT_POINT if DEFAULT_POINT in points else next(iter(points))


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The sentences that some metrics are computed from, without those of weight 0; arrays of shape (n_sentences,)."""

    labels: NDArray[np.int8]
    logits: NDArray[np.float64]
    weights: NDArray[np.float64]
    decisions: Mapping[str, NDArray[np.bool_]]  # for each operating point, which sentences are labelled spoilers
    groups: NDArray[np.intp]  # number of each sentence's work, from 0
    n_groups: int
    reviews: NDArray[np.intp]  # number of each sentence's review; -1 outside of reviews
    rows: NDArray[np.intp]  # of the corpus

    @classmethod
    def of(cls, scored: ScoredCorpus, standing: Standing, mask: NDArray[np.bool_] | None = None) -> "Sample":
        """The sentences that count in a standing, or those of them that a mask over the corpus selects."""
        corpus = scored.corpus
        chosen = scored.counted(standing) & (corpus.weights[scored.rows] > 0)
        if mask is not None:
            chosen &= mask[scored.rows]
        rows, logits = scored.rows[chosen], scored.logits[standing][chosen]
        probabilities = expit(logits)
        decisions = {name: probabilities >= at[chosen] for name, at in scored.thresholds[standing].items()}
        groups, n_groups = factorize(corpus.groups[rows])
        reviews = np.repeat(np.where(corpus.lengths > 1, np.arange(len(corpus.lengths)), -1), corpus.lengths)
        return cls(corpus.labels[rows], logits, corpus.weights[rows], decisions, groups, n_groups, reviews[rows], rows)

    def __len__(self) -> int:
        return len(self.labels)


def score(model: SpoilerClassifier, corpus: Corpus) -> ScoredCorpus:
    """The model's logits of a corpus; an empty corpus, an unfitted model and hard labels for logits are refused."""
    if not len(corpus):
        raise CorpusError(f"{corpus.name or 'the corpus'}: no sentences to evaluate on; it needs at least one")
    check_is_fitted(model)
    predictions = predict(model, corpus.documents)
    refuse_hard_labels(predictions.alone)
    points = model.operating_points_
    otherwise = resolve_thresholds(points, None, model.threshold)
    thresholds = {}
    for standing in Standing:
        named = {name: point.threshold for name, point in points.get(standing, {}).items()}
        named = named or {MODEL_THRESHOLD: otherwise[standing]}
        thresholds[standing] = {name: np.full(len(corpus), at) for name, at in named.items()}
    logits = {Standing.ALONE: predictions.alone, Standing.IN_REVIEW: predictions.logit}
    return ScoredCorpus(corpus, np.arange(len(corpus)), logits, thresholds, points)


def resolve_arguments(
    models: Sequence[SpoilerClassifier | str | Path | None],
    corpus: Corpus | pd.DataFrame | str | os.PathLike[str],
) -> tuple[list[SpoilerClassifier], Corpus]:
    """The models and the corpus that the arguments of `evaluate` or `compare` stand for; ``TypeError`` if swapped."""
    if isinstance(corpus, SpoilerClassifier) or any(isinstance(model, Corpus | pd.DataFrame) for model in models):
        given = ", ".join(type(argument).__name__ for argument in (*models, corpus))
        raise TypeError(f"The model comes first and the corpus last; got {given}.")
    return [resolve_model(model) for model in models], load_corpus(corpus)
