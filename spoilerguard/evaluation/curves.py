"""What plots draw, computed beforehand: curves as plain numbers, so that charts can be checked without looking."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from spoilerguard.bootstrap import estimate
from spoilerguard.calibration.platt import equal_mass_bins
from spoilerguard.documents import Standing
from spoilerguard.evaluation.metrics import sums
from spoilerguard.evaluation.scored_corpus import Sample, ScoredCorpus
from spoilerguard.evaluation.slices import place_in_review
from spoilerguard.ranking import cumulated

__all__ = ["Band", "Curves", "curves_of"]

_BINS = 10
_FIFTHS = 5
_MAX_POINTS = 400  # of a precision–recall curve; more cannot be seen
_LOGIT_EDGES = np.linspace(-8.0, 8.0, 33)


@dataclass(frozen=True, slots=True)
class Band:
    """Values along an axis with their 95 % intervals; NaN where there are no sentences.

    Attributes
    ----------
    at : tuple of float
        Positions on the axis.
    value, low, high : tuple of float
        As in an `Estimate`.
    """

    at: tuple[float, ...]
    value: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Curves:
    """Everything that the plots show of one standing beside its metrics.

    Attributes
    ----------
    recall, precision : tuple of float
        The precision–recall curve, from high thresholds to low.
    reliability : Band
        Share of spoilers in ten bins of equal mass, at the bin's mean probability.
    edges : tuple of float
        Logits between the bins of the score distribution; the outer bins hold what lies beyond.
    safe, spoiler : tuple of float
        Share of each class in each bin.
    missed, false_alarms : Band or None
        In fifths of the review: share of spoilers not flagged, share of safe sentences flagged at `point`.
    point : str
        The operating point at which these errors were counted.
    """

    recall: tuple[float, ...]
    precision: tuple[float, ...]
    reliability: Band
    edges: tuple[float, ...]
    safe: tuple[float, ...]
    spoiler: tuple[float, ...]
    missed: Band | None
    false_alarms: Band | None
    point: str


def curves_of(scored: ScoredCorpus, standing: Standing, n_bootstrap: int, seed: int) -> Curves:
    """The curves of one standing; its bands get the resamples of `n_bootstrap` and `seed`."""
    sample, point = Sample.of(scored, standing), scored.main_point(standing)
    spoiler, weights = sample.labels == 1, sample.weights

    recall: tuple[float, ...] = ()
    precision: tuple[float, ...] = ()
    if spoiler.any():
        _, flagged, hits = cumulated(sample.labels, sample.logits, weights)
        kept = np.unique(np.geomspace(1, len(flagged), _MAX_POINTS).round().astype(int)) - 1
        recall, precision = tuple((hits / hits[-1])[kept].tolist()), tuple((hits / flagged)[kept].tolist())

    probabilities = np.asarray(expit(sample.logits))
    bins = equal_mass_bins(probabilities, weights, _BINS)
    mass = np.bincount(bins, weights, minlength=_BINS)
    total = np.bincount(bins, weights * probabilities, minlength=_BINS)
    means = {int(number): float(total[number] / mass[number]) for number in np.flatnonzero(mass > 0)}

    shares = []
    for of_class in (~spoiler, spoiler):
        inside = np.clip(sample.logits[of_class], _LOGIT_EDGES[0], _LOGIT_EDGES[-1])
        in_bin, _ = np.histogram(inside, _LOGIT_EDGES, weights=weights[of_class])
        shares.append(tuple((in_bin / max(in_bin.sum(), 1e-12)).tolist()))

    place = place_in_review(scored.corpus)[sample.rows]
    missed, false_alarms = _errors_by_place(sample, place, sample.decisions[point], n_bootstrap, seed)
    return Curves(
        recall=recall,
        precision=precision,
        reliability=_band(sample, bins, means, spoiler, n_bootstrap, seed),
        edges=tuple(_LOGIT_EDGES.tolist()),
        safe=shares[0],
        spoiler=shares[1],
        missed=missed,
        false_alarms=false_alarms,
        point=point,
    )


def _errors_by_place(
    sample: Sample, place: NDArray[np.float64], flagged: NDArray[np.bool_], n_bootstrap: int, seed: int
) -> tuple[Band, Band] | tuple[None, None]:
    """Missed spoilers and false alarms by fifths of the review; None without reviews."""
    if np.isnan(place).all():
        return None, None
    fifth = np.where(np.isnan(place), -1, np.floor(np.nan_to_num(place) * _FIFTHS)).astype(np.intp)
    middles = {number: (number + 0.5) / _FIFTHS for number in range(_FIFTHS)}
    spoilers, safe = (np.where(sample.labels == label, fifth, -1) for label in (1, 0))
    missed = _band(sample, spoilers, middles, ~flagged, n_bootstrap, seed)
    return missed, _band(sample, safe, middles, flagged, n_bootstrap, seed)


def _band(
    sample: Sample,
    bins: NDArray[np.intp],
    at: dict[int, float],
    counted: NDArray[np.bool_],
    n_bootstrap: int,
    seed: int,
) -> Band:
    """For each bin, and its position `at` the axis, the share of weight that is counted, with interval over works."""
    columns = {f"mass {number}": sample.weights * (bins == number) for number in at}
    columns |= {f"part {number}": sample.weights * ((bins == number) & counted) for number in at}
    add_up = sums(columns, sample.groups, sample.n_groups)

    def measure(counts: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        totals = add_up(counts)
        with np.errstate(invalid="ignore", divide="ignore"):
            return {str(number): totals[f"part {number}"] / totals[f"mass {number}"] for number in at}

    n_groups = sample.n_groups
    found = estimate(measure, n_groups, n_rows=n_groups, n_bootstrap=n_bootstrap, seed=seed).values()
    value, low, high = (tuple(getattr(one, field) for one in found) for field in ("value", "low", "high"))
    return Band(tuple(at.values()), value, low, high)
