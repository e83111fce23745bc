"""What plots draw, computed beforehand: curves as plain numbers, so that a figure can be checked without looking."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from spoilerguard.bootstrap import estimate
from spoilerguard.calibration import equal_mass_bins
from spoilerguard.corpus import Corpus
from spoilerguard.evaluation.judging import Judged
from spoilerguard.evaluation.measures import Figures, Sample, sums
from spoilerguard.evaluation.slices import place_in_review
from spoilerguard.ranking import cumulated

__all__ = ["Band", "Curves", "curves_of"]

_BINS = 10
_FIFTHS = 5
_DRAWN = 400  # points of a precision–recall curve; more cannot be told apart
_Drawn = tuple[int, int]  # number of resamples and seed
_LOGIT_EDGES = np.linspace(-8.0, 8.0, 33)


@dataclass(frozen=True, slots=True)
class Band:
    """Values along an axis with their 95 % intervals; NaN where nothing lies.

    Attributes
    ----------
    at : tuple of float
        Place on the axis.
    value, low, high : tuple of float
        As in an `Estimate`.
    """

    at: tuple[float, ...]
    value: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Curves:
    """Everything that the plots show of one mode.

    Attributes
    ----------
    mode : str
    base_rate : float
        Share of spoilers.
    recall, precision : tuple of float
        The precision–recall curve, from high thresholds to low.
    points : dict of str to tuple of float
        Recall and precision at each operating point.
    reliability : Band
        Share of spoilers in ten bins of equal mass, at the bin's mean probability.
    edges : tuple of float
        Logits between the bins of the score distribution; the outer bins hold what lies beyond.
    safe, spoiler : tuple of float
        Share of each class in each bin.
    missed, false_alarms : Band or None
        In fifths of the review: share of spoilers not flagged, share of safe sentences flagged at `point`.
    point : str
        The operating point that these errors were counted at.
    """

    mode: str
    base_rate: float
    recall: tuple[float, ...]
    precision: tuple[float, ...]
    points: dict[str, tuple[float, float]]
    reliability: Band
    edges: tuple[float, ...]
    safe: tuple[float, ...]
    spoiler: tuple[float, ...]
    missed: Band | None
    false_alarms: Band | None
    point: str


def curves_of(corpus: Corpus, judged: Judged, n_bootstrap: int, seed: int) -> Curves:
    """The curves of one mode."""
    sample = Sample.of(corpus, judged)
    recall, precision = _precision_recall(sample)
    safe, spoiler = (_shares(sample, label) for label in (0, 1))
    place = place_in_review(corpus)[judged.rows][corpus.weights[judged.rows] > 0]
    point, drawn = judged.main_point, (n_bootstrap, seed)
    return Curves(
        mode=judged.mode,
        base_rate=_ratio((sample.weights * sample.labels).sum(), sample.weights.sum()),
        recall=recall,
        precision=precision,
        points={name: _recall_precision(sample, decision) for name, decision in sample.decisions.items()},
        reliability=_reliability(sample, drawn),
        edges=tuple(_LOGIT_EDGES.tolist()),
        safe=safe,
        spoiler=spoiler,
        missed=_by_place(sample, place, ~sample.decisions[point], 1, drawn),
        false_alarms=_by_place(sample, place, sample.decisions[point], 0, drawn),
        point=point,
    )


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _precision_recall(sample: Sample) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Recall and precision at every threshold, thinned out where many stand close together."""
    if not (sample.labels == 1).any():
        return (), ()
    _, flagged, hits = cumulated(sample.labels, sample.logits, sample.weights)
    kept = np.unique(np.geomspace(1, len(flagged), _DRAWN).round().astype(int)) - 1
    return tuple((hits / hits[-1])[kept].tolist()), tuple((hits / flagged)[kept].tolist())


def _recall_precision(sample: Sample, decision: NDArray[np.bool_]) -> tuple[float, float]:
    spoiler = sample.labels == 1
    hits = sample.weights[decision & spoiler].sum()
    return _ratio(hits, sample.weights[spoiler].sum()), _ratio(hits, sample.weights[decision].sum())


def _shares(sample: Sample, label: int) -> tuple[float, ...]:
    rows = sample.labels == label
    inside = np.clip(sample.logits[rows], _LOGIT_EDGES[0], _LOGIT_EDGES[-1])
    mass, _ = np.histogram(inside, _LOGIT_EDGES, weights=sample.weights[rows])
    return tuple((mass / max(mass.sum(), 1e-12)).tolist())


def _reliability(sample: Sample, drawn: _Drawn) -> Band:
    probabilities = np.asarray(expit(sample.logits))
    bins = equal_mass_bins(probabilities, sample.weights, _BINS)
    mass = np.bincount(bins, sample.weights, minlength=_BINS)
    with np.errstate(invalid="ignore"):
        promised = np.bincount(bins, sample.weights * probabilities, minlength=_BINS) / mass
    return _band(sample, bins, promised[mass > 0], np.flatnonzero(mass > 0), sample.labels == 1, drawn)


def _by_place(
    sample: Sample, place: NDArray[np.float64], wrong: NDArray[np.bool_], label: int, drawn: _Drawn
) -> Band | None:
    """Share of the sentences with this label that are wrong, by fifths of the review."""
    if np.isnan(place).all():
        return None
    fifth = np.where(np.isnan(place) | (sample.labels != label), -1, np.floor(np.nan_to_num(place) * _FIFTHS)).astype(
        int
    )
    middles = (np.arange(_FIFTHS) + 0.5) / _FIFTHS
    return _band(sample, fifth, middles, np.arange(_FIFTHS), wrong, drawn)


def _band(
    sample: Sample,
    bins: NDArray[np.intp],
    at: NDArray[np.float64],
    numbers: NDArray[np.intp],
    counted: NDArray[np.bool_],
    drawn: _Drawn,
) -> Band:
    """In each bin the share of weight that is counted, with its interval over works."""
    columns = {f"mass {number}": sample.weights * (bins == number) for number in numbers}
    columns |= {f"part {number}": sample.weights * ((bins == number) & counted) for number in numbers}
    add_up = sums(columns, sample.groups, sample.n_groups)

    def measure(counts: NDArray[np.float64]) -> Figures:
        totals = add_up(counts)
        with np.errstate(invalid="ignore", divide="ignore"):
            return {str(number): totals[f"part {number}"] / totals[f"mass {number}"] for number in numbers}

    n_groups = sample.n_groups
    found = list(estimate(measure, n_groups, n_rows=n_groups, n_bootstrap=drawn[0], seed=drawn[1]).values())
    value, low, high = (tuple(getattr(one, field) for one in found) for field in ("value", "low", "high"))
    return Band(tuple(at.tolist()), value, low, high)
