"""Judged sentences → every figure, as functions of how often each work is drawn.

What is no ranking is a ratio of sums over works, so that a thousand resamples are one product of matrices.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from spoilerguard.bootstrap import Measure, numbered_groups
from spoilerguard.calibration import equal_mass_bins
from spoilerguard.corpus import Corpus
from spoilerguard.evaluation.judging import Judged
from spoilerguard.ranking import Ranking, auc_by_block

__all__ = ["Sample", "review_measure", "sentence_measure", "sums"]

_BINS = 10
Figures = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Sample:
    """Judged sentences side by side: what the figures of one mode and slice are made of.

    Attributes
    ----------
    labels, logits, weights : ndarray
        One entry for each sentence; rows without weight are left out.
    decisions : mapping of str to ndarray of bool
        For each operating point, which sentences are called spoilers.
    groups : ndarray of int
        Number of each sentence's work.
    n_groups : int
        How many works there are.
    reviews : ndarray of int
        Number of each sentence's review, -1 for a sentence on its own.
    """

    labels: NDArray[np.int8]
    logits: NDArray[np.float64]
    weights: NDArray[np.float64]
    decisions: Mapping[str, NDArray[np.bool_]]
    groups: NDArray[np.intp]
    n_groups: int
    reviews: NDArray[np.intp]

    @classmethod
    def of(cls, corpus: Corpus, judged: Judged, mask: NDArray[np.bool_] | None = None) -> "Sample":
        """The judged rows of a corpus, or those of them that a mask over the corpus names."""
        chosen = corpus.weights[judged.rows] > 0
        if mask is not None:
            chosen &= mask[judged.rows]
        rows = judged.rows[chosen]
        groups, n_groups = numbered_groups(corpus.groups[rows])
        reviews = np.repeat(np.where(corpus.lengths > 1, np.arange(len(corpus.lengths)), -1), corpus.lengths)
        probabilities = judged.probabilities
        decisions = {name: (probabilities >= at)[chosen] for name, at in judged.thresholds.items()}
        labels, weights = corpus.labels[rows], corpus.weights[rows]
        return cls(labels, judged.logits[chosen], weights, decisions, groups, n_groups, reviews[rows])

    def __len__(self) -> int:
        return len(self.labels)


def sums(columns: Mapping[str, ArrayLike], groups: NDArray[np.intp], n_groups: int) -> Measure:
    """The measure that gives the sum of each column over the works drawn."""
    names = list(columns)
    per_group = np.empty((n_groups, len(names)))
    for number, column in enumerate(columns.values()):
        per_group[:, number] = np.bincount(groups, np.asarray(column, dtype=np.float64), minlength=n_groups)

    def measure(counts: NDArray[np.float64]) -> Figures:
        return dict(zip(names, (counts @ per_group).T, strict=True))

    return measure


def sentence_measure(sample: Sample) -> Measure:
    """Every figure about sentences: ranking, calibration, accuracy beside the base rate, each operating point."""
    ranking = Ranking(sample.labels, sample.logits, sample.weights, sample.groups)
    add_up = sums(_sentence_columns(sample), sample.groups, sample.n_groups)
    within = _within_reviews(sample)

    def measure(counts: NDArray[np.float64]) -> Figures:
        with np.errstate(invalid="ignore", divide="ignore"):
            totals = dict(add_up(counts))
            base_rate = totals["spoilers"] / totals["mass"]
            excess = sum(np.abs(totals[f"excess {number}"]) for number in range(_BINS))
            return {
                **ranking(counts),
                **within(counts),
                "brier_score": totals["squared"] / totals["mass"],
                "calibration_error": excess / totals["mass"],
                "base_rate": base_rate,
                "accuracy": totals["correct"] / totals["mass"],
                "majority_accuracy": np.maximum(base_rate, 1 - base_rate),
                **_point_figures(totals, sample.decisions),
            }

    return measure


def review_measure(sample: Sample, point: str) -> tuple[Measure, int]:
    """Every figure about reviews, does it hold any spoiler, and the number of reviews.

    A review is ranked by its highest logit and called spoiling where any of its sentences is at `point`.
    Each review counts once, whatever its sentences weigh.
    """
    inside = sample.reviews >= 0
    reviews, n_reviews = numbered_groups(sample.reviews[inside])
    labels, flagged = np.zeros(n_reviews, dtype=np.int8), np.zeros(n_reviews, dtype=np.bool_)
    highest, groups = np.full(n_reviews, -np.inf), np.zeros(n_reviews, dtype=np.intp)
    np.maximum.at(labels, reviews, sample.labels[inside])
    np.maximum.at(highest, reviews, sample.logits[inside])
    np.logical_or.at(flagged, reviews, sample.decisions[point][inside])
    groups[reviews] = sample.groups[inside]
    one = np.ones(n_reviews)
    ranking = Ranking(labels, highest, one, groups)
    columns = {"mass": one, "spoilers": labels, f"flagged {point}": flagged, f"hits {point}": flagged & (labels == 1)}
    add_up = sums(columns, groups, sample.n_groups)

    def measure(counts: NDArray[np.float64]) -> Figures:
        with np.errstate(invalid="ignore", divide="ignore"):
            totals, ranked = dict(add_up(counts)), ranking(counts)
            figures = {name: ranked[name] for name in ("roc_auc", "average_precision")}
            figures |= _point_figures(totals, [point]) | {"base_rate": totals["spoilers"] / totals["mass"]}
        return {f"review_{name}": figure for name, figure in figures.items()}

    return measure, n_reviews


def _sentence_columns(sample: Sample) -> dict[str, NDArray[Any]]:
    w, y, p = sample.weights, sample.labels, np.asarray(expit(sample.logits))
    bins = equal_mass_bins(p, w, _BINS)
    columns = {
        "mass": w,
        "spoilers": w * y,
        "squared": w * (p - y) ** 2,
        "correct": w * ((p >= 0.5) == y),
        **{f"excess {number}": w * (p - y) * (bins == number) for number in range(_BINS)},
    }
    for name, decision in sample.decisions.items():
        columns |= {f"flagged {name}": w * decision, f"hits {name}": w * (decision & (y == 1))}
    return columns


def _point_figures(totals: Mapping[str, NDArray[np.float64]], points: Any) -> Figures:  # noqa: ANN401 - any iterable of str
    """Precision and recall at each operating point."""
    figures = {}
    for name in points:
        figures[f"precision@{name}"] = totals[f"hits {name}"] / totals[f"flagged {name}"]
        figures[f"recall@{name}"] = totals[f"hits {name}"] / totals["spoilers"]
    return figures


def _within_reviews(sample: Sample) -> Measure:
    """Mean AUC over the reviews that hold both classes: AUC(d.) of Wan et al. (2019); nothing without reviews."""
    inside = sample.reviews >= 0
    if not inside.any():
        return sums({}, sample.groups, sample.n_groups)
    reviews, n_reviews = numbered_groups(sample.reviews[inside])
    columns = (sample.labels[inside], sample.logits[inside], sample.weights[inside])
    auc = auc_by_block(*columns, reviews, n_reviews)
    groups = np.zeros(n_reviews, dtype=np.intp)
    groups[reviews] = sample.groups[inside]
    both = np.isfinite(auc)
    add_up = sums({"auc": auc[both], "reviews": np.ones(both.sum())}, groups[both], sample.n_groups)

    def measure(counts: NDArray[np.float64]) -> Figures:
        totals = add_up(counts)
        with np.errstate(invalid="ignore", divide="ignore"):
            return {"auc_within_reviews": totals["auc"] / totals["reviews"]}

    return measure
