"""Metrics of scored sentences, each computed for any number of resamples at once.

A ranking metric comes from `spoilerguard.ranking`. Every other metric is a ratio of sums over sentences. The sums are
taken once for each work, so a thousand resamples cost one matrix product with the counts of works.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from spoilerguard.bootstrap import Estimate, Measure, estimate, factorize
from spoilerguard.calibration.platt import equal_mass_bins
from spoilerguard.documents import Standing
from spoilerguard.evaluation.scored_corpus import Sample
from spoilerguard.ranking import PRECISIONS, Ranking, auc_by_block

__all__ = [
    "COMPARED",
    "DECISIVE",
    "METRICS",
    "Metric",
    "MetricValue",
    "headline_metrics",
    "review_measure",
    "sentence_measure",
    "sums",
    "title_of",
]

_BINS = 10
_HEADLINE = ("roc_auc", "average_precision", "calibration_error", "base_rate")
_OF_PROBABILITIES = ("brier_score", "calibration_error")  # undefined for scores that only rank
_Values = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Metric:
    """What reports and comparisons know about a metric."""

    title: str  # its name in tables
    role: Literal["decides", "compared", "reported"] = "reported"  # a comparison rests on it, shows it or leaves it out
    lower_is_better: bool = False


# In the order of tables. Not listed are precision and recall at an operating point, named "precision@balanced".
METRICS = {
    "roc_auc": Metric("ROC AUC", "decides"),
    "average_precision": Metric("average precision", "decides"),
    **{f"recall_at_precision_{minimum}": Metric(f"recall at precision {minimum}") for minimum in PRECISIONS},
    "auc_within_reviews": Metric("ROC AUC within reviews", "compared"),
    "brier_score": Metric("Brier score", "compared", lower_is_better=True),
    "calibration_error": Metric("calibration error", "compared", lower_is_better=True),
    "base_rate": Metric("share of spoilers"),
    "accuracy": Metric("accuracy at 0.5"),
    "majority_accuracy": Metric("… of one answer for all"),
    "review_roc_auc": Metric("reviews: ROC AUC"),
    "review_average_precision": Metric("reviews: average precision"),
    "review_calibration_error": Metric("reviews: calibration error", lower_is_better=True),
    "review_base_rate": Metric("reviews: share with a spoiler"),
}
DECISIVE = tuple(name for name, metric in METRICS.items() if metric.role == "decides")
COMPARED = tuple(name for name, metric in METRICS.items() if metric.role != "reported")


def title_of(name: str) -> str:
    """The title of a metric, also of one at an operating point.

    Examples
    --------
    >>> title_of("brier_score"), title_of("review_recall@balanced")
    ('Brier score', "reviews: recall at 'balanced'")
    """
    if name in METRICS:
        return METRICS[name].title
    metric, _, point = name.partition("@")
    return f"{metric.replace('review_', 'reviews: ')} at {point!r}"


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One metric of some sentences (or reviews) in one standing.

    Attributes
    ----------
    standing : Standing
        ``"alone"`` or ``"in review"``.
    slice : str
        Which sentences: ``"all"``, ``"source: imdb"``, …
    metric : str
        Such as ``"roc_auc"`` or ``"precision@balanced"``.
    value, low, high : float
        The value and its 95 % bootstrap interval over works; NaN where it is undefined.
    n : int
        Number of sentences, or of reviews, that it is computed from.
    """

    standing: Standing
    slice: str
    metric: str
    value: float
    low: float
    high: float
    n: int


def headline_metrics(
    labels: NDArray[np.int8],
    logits: NDArray[np.float64],
    weights: NDArray[np.float64],
    groups: NDArray[Any],
    *,
    n_bootstrap: int,
    seed: int,
) -> dict[str, Estimate]:
    """ROC AUC, average precision, calibration error and base rate of some sentences, for the card of a model.

    All arrays have one entry for each sentence; a group is a work. The values and, for the same seed, the intervals are
    those of `spoilerguard.evaluate`.
    """
    rows = np.flatnonzero(weights > 0)
    codes, n_groups = factorize(groups[rows])
    no_review = np.full(len(rows), -1)
    sample = Sample(labels[rows], logits[rows], weights[rows], {}, codes, n_groups, no_review, rows)
    found = estimate(sentence_measure(sample), n_groups, n_rows=len(sample), n_bootstrap=n_bootstrap, seed=seed)
    return {name: found[name] for name in _HEADLINE}


def sums(columns: Mapping[str, ArrayLike], groups: NDArray[np.intp], n_groups: int) -> Measure:
    """The measure that gives the sum of each column over the works of a resample."""
    per_group = np.empty((n_groups, len(columns)))
    for number, column in enumerate(columns.values()):
        per_group[:, number] = np.bincount(groups, np.asarray(column, dtype=np.float64), minlength=n_groups)

    def measure(counts: NDArray[np.float64]) -> _Values:
        return dict(zip(columns, (counts @ per_group).T, strict=True))

    return measure


def sentence_measure(sample: Sample) -> Measure:
    """Every metric of sentences: ranking, calibration, accuracy, and precision and recall at each operating point."""
    w, y, p = sample.weights, sample.labels, np.asarray(expit(sample.logits))
    bins = equal_mass_bins(p, w, _BINS)
    columns: dict[str, NDArray[Any]] = {"mass": w, "spoilers": w * y, "squared": w * (p - y) ** 2}
    columns["correct"] = w * ((p >= 0.5) == y)
    columns |= {f"excess {number}": w * (p - y) * (bins == number) for number in range(_BINS)}
    for name, decision in sample.decisions.items():
        columns |= {f"flagged {name}": w * decision, f"hits {name}": w * (decision & (y == 1))}
    add_up = sums(columns, sample.groups, sample.n_groups)
    ranking = Ranking(y, sample.logits, w, sample.groups)
    within_reviews = _auc_within_reviews(sample)

    def measure(counts: NDArray[np.float64]) -> _Values:
        with np.errstate(invalid="ignore", divide="ignore"):
            totals = dict(add_up(counts))
            base_rate = totals["spoilers"] / totals["mass"]
            excess = sum(np.abs(totals[f"excess {number}"]) for number in range(_BINS))
            values = {
                **ranking(counts),
                **within_reviews(counts),
                "brier_score": totals["squared"] / totals["mass"],
                "calibration_error": excess / totals["mass"],
                "base_rate": base_rate,
                "accuracy": totals["correct"] / totals["mass"],
                "majority_accuracy": np.maximum(base_rate, 1 - base_rate),
            }
            for name in sample.decisions:
                values[f"precision@{name}"] = totals[f"hits {name}"] / totals[f"flagged {name}"]
                values[f"recall@{name}"] = totals[f"hits {name}"] / totals["spoilers"]
            if not sample.are_probabilities:
                values |= dict.fromkeys(_OF_PROBABILITIES, np.full(len(counts), np.nan))
            return values

    return measure


def review_measure(sample: Sample, point: str) -> tuple[Measure, int]:
    """Every metric of whole reviews (does a review hold a spoiler?), and the number of reviews.

    A review has the probability that the model gives it as a whole, and the label that `point` gives it. Where the
    model has none for reviews, the highest logit of a sentence ranks it, and it is labelled a spoiler where any
    sentence is. Each review counts once, whatever its sentences weigh.
    """
    inside = sample.reviews >= 0
    reviews, n_reviews = factorize(sample.reviews[inside])
    labels, flagged = np.zeros(n_reviews, dtype=np.int8), np.zeros(n_reviews, dtype=np.bool_)
    highest, groups = np.full(n_reviews, -np.inf), np.zeros(n_reviews, dtype=np.intp)
    np.maximum.at(labels, reviews, sample.labels[inside])
    np.maximum.at(highest, reviews, sample.logits[inside])
    np.logical_or.at(flagged, reviews, sample.decisions[point][inside])
    groups[reviews] = sample.groups[inside]
    if sample.of_reviews is not None:
        highest[reviews] = sample.of_reviews.logits[inside]
        if point in sample.of_reviews.decisions:
            flagged[reviews] = sample.of_reviews.decisions[point][inside]
    numbers, one = np.arange(n_reviews), np.ones(n_reviews)
    of_reviews = Sample(
        labels,
        highest,
        one,
        {point: flagged},
        groups,
        sample.n_groups,
        np.full(n_reviews, -1),
        numbers,
        sample.are_probabilities,
    )
    as_sentences = sentence_measure(of_reviews)
    names = (*DECISIVE, "calibration_error", f"precision@{point}", f"recall@{point}", "base_rate")

    def measure(counts: NDArray[np.float64]) -> _Values:
        values = as_sentences(counts)
        return {f"review_{name}": values[name] for name in names}

    return measure, n_reviews


def _auc_within_reviews(sample: Sample) -> Measure:
    """Mean AUC over the reviews that hold both classes: AUC(d.) of Wan et al. (2019); no metric without reviews."""
    inside = sample.reviews >= 0
    if not inside.any():
        return lambda _: {}
    reviews, n_reviews = factorize(sample.reviews[inside])
    columns = (sample.labels[inside], sample.logits[inside], sample.weights[inside])
    auc = auc_by_block(*columns, reviews, n_reviews)
    groups = np.zeros(n_reviews, dtype=np.intp)
    groups[reviews] = sample.groups[inside]
    both = np.isfinite(auc)
    add_up = sums({"auc": auc[both], "reviews": np.ones(both.sum())}, groups[both], sample.n_groups)

    def measure(counts: NDArray[np.float64]) -> _Values:
        totals = add_up(counts)
        with np.errstate(invalid="ignore", divide="ignore"):
            return {"auc_within_reviews": totals["auc"] / totals["reviews"]}

    return measure
