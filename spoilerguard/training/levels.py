"""What a model says beyond the probability of a sentence: how much a spoiler tells, and whether a review holds one.

Both are learnt from out-of-fold probabilities, and their thresholds are chosen out of fold, too.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from spoilerguard.calibration import OperatingPoint, platt, select_points, select_review_points
from spoilerguard.calibration.operating_points import OperatingPoints
from spoilerguard.corpus import Corpus
from spoilerguard.decisions import Level
from spoilerguard.documents import Standing
from spoilerguard.errors import TrainingError
from spoilerguard.features.vectorizer import AnyVectors
from spoilerguard.review_stage import ReviewStage
from spoilerguard.severity import Severity, VectorHead
from spoilerguard.training.folds import Folds, teach_every_fold

__all__ = ["fit_review_stages", "fit_severity"]

_FEWEST = 50  # of each kind that can teach a stage, and choose its thresholds

Floats = NDArray[np.float64]
Rows = NDArray[np.bool_]


def fit_severity(
    corpus: Corpus,
    probability: Mapping[Standing, Floats],
    points: OperatingPoints,
    vectors: Mapping[Standing, AnyVectors],
    rows: Rows,
    folds: Folds,
) -> tuple[Severity | None, Floats]:
    """What tells major spoilers from minor ones, where the corpus says it of enough of them.

    Parameters
    ----------
    corpus : Corpus
    probability : mapping of Standing to ndarray of float64, shape (n_sentences,)
        Out of fold, that each sentence is a spoiler.
    points : mapping of Standing to mapping of str to OperatingPoint
        The thresholds for that: a major spoiler reaches them, too.
    vectors : mapping of Standing to ndarray of float, shape (n_sentences, n_dimensions)
        The encoder's.
    rows : ndarray of bool, shape (n_sentences,)
        On which shares are calibrated and thresholds chosen.
    folds : list of pairs of ndarray
        Rows to learn from and rows to predict.

    Returns
    -------
    severity : Severity or None
    major : ndarray of float64, shape (n_sentences,)
        Out-of-fold probability, where each sentence stands, that it is a major spoiler; zero without a stage.
    """
    known, major = corpus.majors >= 0, np.zeros(len(corpus))
    heads, chosen = {}, {}
    for standing in probability:
        here = known & (corpus.in_review | (standing is Standing.ALONE))
        spoilers = here & (corpus.labels == 1)
        if not vectors[standing].shape[1] or _fewest(corpus.majors[spoilers & rows]) < _FEWEST:
            continue
        if not teach_every_fold(folds, corpus.majors, spoilers & (corpus.weights > 0)):
            continue
        with suppress(TrainingError):  # the vectors do not tell: nothing is claimed
            heads[standing], share = _fit_head(corpus, vectors[standing], spoilers, rows, folds)
            found = probability[standing] * share
            major = np.where(corpus.in_review | (standing is Standing.ALONE), found, major)
            judged = here & rows
            answers = (corpus.majors[judged], corpus.groups[judged], corpus.weights[judged])
            wider = probability[standing][judged]
            chosen[standing] = _narrower(select_points, found[judged], wider, points[standing], *answers)
    return (Severity(heads, chosen) if Standing.ALONE in heads else None), major


def _fit_head(
    corpus: Corpus, vectors: AnyVectors, spoilers: Rows, rows: Rows, folds: Folds
) -> tuple[VectorHead, Floats]:
    """A calibrated head, and its out-of-fold shares."""

    def head(learnt: Rows) -> VectorHead:
        return VectorHead.fit(vectors[learnt], corpus.majors[learnt] == 1, corpus.weights[learnt])

    logits = np.zeros(len(corpus))
    for learnt, left_out in folds:
        logits[left_out] = head(np.isin(np.arange(len(corpus)), learnt) & spoilers).logits(vectors[left_out])
    judged = spoilers & rows
    slope, offset = platt(logits[judged], corpus.majors[judged], corpus.weights[judged])
    return head(spoilers).rescale(slope, offset), np.asarray(expit(slope * logits + offset))


def fit_review_stages(
    corpus: Corpus, probability: Mapping[Level, Floats], rows: Rows, folds: Folds
) -> dict[str, ReviewStage]:
    """For each level what turns the probabilities of sentences into that of their review; none without reviews enough.

    Parameters
    ----------
    corpus, rows, folds
        As in `fit_severity`. A review counts where its rows do.
    probability : mapping of Level to ndarray of float64, shape (n_sentences,)
        Out of fold, where each sentence stands.

    Returns
    -------
    dict of Level to ReviewStage
    """
    first = np.cumsum(corpus.lengths) - corpus.lengths
    stages: dict[str, ReviewStage] = {}
    of_any = np.ones(len(first))
    for level, found in probability.items():
        labels = corpus.labels if level is Level.ANY else corpus.majors
        spoils = np.maximum.reduceat(labels, first)
        counted = rows[first] & (np.minimum.reduceat(labels, first) >= 0)
        if _fewest(spoils[counted & (corpus.lengths > 1)]) < _FEWEST:
            continue
        if not teach_every_fold(folds, *(np.repeat(each, corpus.lengths) for each in (spoils, counted))):
            continue

        def stage(part: Rows, found: Floats = found, spoils: NDArray[np.int8] = spoils) -> ReviewStage:
            inside = np.repeat(part, corpus.lengths)
            return ReviewStage.fit(found[inside], corpus.lengths[part], spoils[part] == 1, corpus.weights[first][part])

        out_of_fold = np.zeros(len(first))
        for learnt, left_out in folds:
            tested = np.isin(first, left_out)
            fitted = stage(counted & np.isin(first, learnt))
            out_of_fold[tested] = fitted.probability(found[np.repeat(tested, corpus.lengths)], corpus.lengths[tested])
        out_of_fold = np.minimum(out_of_fold, of_any)
        answers = (spoils[counted], corpus.groups[first][counted], corpus.weights[first][counted])
        if level is Level.ANY:
            of_any, points = out_of_fold, select_review_points(out_of_fold[counted], *answers)
        else:
            wider = stages[Level.ANY].operating_points if Level.ANY in stages else {}
            points = _narrower(select_review_points, out_of_fold[counted], of_any[counted], wider, *answers)
        stages[level] = stage(counted).with_points(points)
    return stages


def _narrower(
    select: Callable[..., dict[str, OperatingPoint]],
    probability: Floats,
    wider: Floats,
    points: Mapping[str, OperatingPoint],
    *answers: NDArray[Any],
) -> dict[str, OperatingPoint]:
    """Operating points for what is a part of something wider, and counts only where that reaches its own threshold."""
    found: dict[str, OperatingPoint] = {}
    for name, point in points.items():
        chosen = select(np.where(wider >= point.threshold, probability, 0.0), *answers)
        if name in chosen:
            found[name] = chosen[name]
    return found


def _fewest(labels: NDArray[np.int8]) -> int:
    return int(np.bincount(labels, minlength=2).min())
