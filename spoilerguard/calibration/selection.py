"""Which probability is enough? A threshold is chosen for what it promises, on works that the model has not seen.

A threshold lies half-way between two probabilities that were seen, so that no rounding moves a sentence across it.
"""

from collections import Counter
from contextlib import suppress
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spoilerguard.calibration.candidates import Candidates
from spoilerguard.calibration.operating_points import OperatingPoint
from spoilerguard.errors import OperatingPointError

__all__ = ["max_f1_point", "operating_point", "select_points", "select_review_points"]

_ROUNDING = 1e-9
_REVIEW_RECALL, _REVIEW_PRECISION = 0.9, 0.75  # of whole reviews, among which spoilers are not rare
_CAUTIOUS_RECALL, _LENIENT_PRECISION, _BALANCED_PRECISION, _F1_KEPT, _F1_TOLERANCE = 0.8, 0.6, 0.5, 0.8, 0.02
_RECALL_OF_A_SOURCE, _ENOUGH_SPOILERS = 0.75, 100  # fewer spoilers of one source say little of its recall


def operating_point(
    probabilities: ArrayLike,
    labels: ArrayLike,
    groups: ArrayLike,
    *,
    min_precision: float | None = None,
    min_recall: float | None = None,
    cost: float | None = None,
    sample_weight: ArrayLike | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> OperatingPoint:
    """The threshold that keeps one promise and is best at what is left open.

    Parameters
    ----------
    probabilities : array-like of float, shape (n,)
        Of works that the model has not seen.
    labels : array-like of 0 and 1, shape (n,)
    groups : array-like, shape (n,)
        The work of each sentence, for the intervals.
    min_precision : float in (0, 1], optional
        The highest recall whose precision is at least this.
    min_recall : float in (0, 1], optional
        The highest precision whose recall is at least this.
    cost : float above 0, optional
        What a missed spoiler costs, a false alarm being 1: the lowest total cost (Elkan 2001).
    sample_weight : array-like of float, shape (n,), optional
        How much each sentence counts.
    n_bootstrap : int, default 1000
        Number of resamples for the intervals; the threshold is the same in all of them.
    seed : int, default 0

    Returns
    -------
    OperatingPoint

    Raises
    ------
    ValueError
        Unless exactly one criterion is given, in its range, for lists of one length.
    OperatingPointError
        Where it cannot be reached; the message says what can.

    Examples
    --------
    >>> probabilities, labels, works = [0.9, 0.8, 0.6, 0.4, 0.1], [1, 1, 0, 1, 0], list("aabbc")
    >>> point = operating_point(probabilities, labels, works, min_precision=0.9)
    >>> round(point.threshold, 3), point.precision, round(point.recall, 3)
    (0.7, 1.0, 0.667)
    >>> operating_point(probabilities, labels, works, min_recall=0.9).precision
    0.75
    """
    _check_criterion(min_precision, min_recall, cost)
    scored = Candidates.checked(probabilities, labels, groups, sample_weight)
    if min_precision is not None:
        chosen = _highest(scored.recall, scored.precision, min_precision, "precision")
    elif min_recall is not None:
        chosen = _highest(scored.precision, scored.recall, min_recall, "recall")
    else:
        chosen = _cheapest(scored, float(cost or 0.0))
    return scored.point(chosen, n_bootstrap, seed)


def max_f1_point(
    probabilities: ArrayLike,
    labels: ArrayLike,
    groups: ArrayLike,
    *,
    tolerance: float = 0.0,
    sample_weight: ArrayLike | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> OperatingPoint:
    """The threshold with the highest F1, the harmonic mean of precision and recall (van Rijsbergen 1979).

    Parameters as in `operating_point`, and `tolerance`, in [0, 1): of all thresholds whose F1 is lower by no more than
    this share, the one that finds most.

    Returns
    -------
    OperatingPoint

    Examples
    --------
    >>> round(max_f1_point([0.9, 0.8, 0.6, 0.4, 0.1], [1, 1, 0, 1, 0], list("aabbc")).threshold, 3)
    0.25
    """
    scored = Candidates.checked(probabilities, labels, groups, sample_weight)
    f1 = 2 * scored.hits / (scored.flagged + scored.hits[-1])
    chosen = np.argmax(f1) if tolerance == 0 else np.flatnonzero(f1 >= (1 - tolerance) * f1.max())[-1]
    return scored.point(int(chosen), n_bootstrap, seed)


def select_points(
    probabilities: NDArray[np.float64],
    labels: NDArray[np.int8],
    groups: NDArray[Any],
    weights: NDArray[np.float64],
    sources: NDArray[Any] | None = None,
) -> dict[str, OperatingPoint]:
    """The operating points of a model: "cautious", "balanced" and, where it can be promised, "lenient".

    "cautious" finds four spoilers of five, and three of four in each source that has a hundred of them and in all
    others together: where most are of films, a threshold may fail on the rest. "balanced" has the highest F1, or
    rather, since F1 is flat around its top, the highest recall within 2 % of it. Where spoilers are rare, that
    threshold is wrong more often than right, and readers stop believing it, so "balanced" then takes the highest recall
    at which half of the marks are right, unless that costs more than a fifth of F1. "lenient" is right on three marks
    of five.

    Parameters
    ----------
    probabilities, labels, groups, weights : ndarray, shape (n,)
        As in `operating_point`.
    sources : ndarray, shape (n,), optional
        Where each sentence comes from.

    Returns
    -------
    dict of str to OperatingPoint
    """
    scored = (probabilities, labels, groups)
    cautious = operating_point(*scored, min_recall=_lowest_recall(*scored, weights, sources), sample_weight=weights)
    balanced = max_f1_point(*scored, tolerance=_F1_TOLERANCE, sample_weight=weights)
    points, threshold = {}, attrgetter("threshold")
    with suppress(OperatingPointError):
        half_right = operating_point(*scored, min_precision=_BALANCED_PRECISION, sample_weight=weights)
        if half_right.threshold > balanced.threshold and half_right.f1 >= _F1_KEPT * balanced.f1:
            balanced = half_right
    with suppress(OperatingPointError):
        lenient = operating_point(*scored, min_precision=_LENIENT_PRECISION, sample_weight=weights)
        points["lenient"] = max(balanced, lenient, key=threshold)
    return points | {"balanced": balanced, "cautious": min(balanced, cautious, key=threshold)}


def select_review_points(
    probabilities: NDArray[np.float64], labels: NDArray[np.int8], groups: NDArray[Any], weights: NDArray[np.float64]
) -> dict[str, OperatingPoint]:
    """The operating points for whole reviews, of which many hold a spoiler.

    "balanced" has the highest F1, "cautious" finds nine of ten reviews that hold a spoiler, and "lenient", where it can
    be promised, is right on three marks of four.

    Parameters
    ----------
    probabilities, labels, groups, weights : ndarray, shape (n_reviews,)
        As in `operating_point`.

    Returns
    -------
    dict of str to OperatingPoint
    """
    scored, threshold = (probabilities, labels, groups), attrgetter("threshold")
    balanced = max_f1_point(*scored, sample_weight=weights)
    cautious = operating_point(*scored, min_recall=_REVIEW_RECALL, sample_weight=weights)
    points = {"balanced": balanced, "cautious": min(balanced, cautious, key=threshold)}
    with suppress(OperatingPointError):
        lenient = operating_point(*scored, min_precision=_REVIEW_PRECISION, sample_weight=weights)
        points["lenient"] = max(balanced, lenient, key=threshold)
    return points


def _lowest_recall(
    probabilities: NDArray[np.float64],
    labels: NDArray[np.int8],
    groups: NDArray[Any],
    weights: NDArray[np.float64],
    sources: NDArray[Any] | None,
) -> float:
    """The recall that all sources together need so that each of them has enough; small ones count as one."""
    if sources is None:
        return _CAUTIOUS_RECALL
    spoilers = Candidates.checked(probabilities, labels, groups, weights)
    needed = _CAUTIOUS_RECALL
    spoilers_of = Counter(sources[labels == 1].tolist())
    strata = np.array([source if spoilers_of[source] >= _ENOUGH_SPOILERS else "" for source in sources.tolist()])
    for stratum in np.unique(strata):
        here = (strata == stratum) & (weights > 0)
        if labels[here].sum() >= _ENOUGH_SPOILERS:
            part = Candidates.checked(probabilities[here], labels[here], groups[here], weights[here])
            lowest = part.distinct[np.argmax(part.recall + _ROUNDING >= _RECALL_OF_A_SOURCE)]
            needed = max(needed, float(spoilers.recall[np.searchsorted(-spoilers.distinct, -lowest)]))
    return needed


def _check_criterion(min_precision: float | None, min_recall: float | None, cost: float | None) -> None:
    given = {"min_precision": min_precision, "min_recall": min_recall, "cost": cost}
    named = {name: value for name, value in given.items() if value is not None}
    if len(named) != 1:
        raise ValueError(f"Give exactly one of min_precision, min_recall and cost; got {', '.join(named) or 'none'}.")
    name, value = named.popitem()
    if not (0 < value < np.inf if name == "cost" else 0 < value <= 1):
        raise ValueError(f"{name} must be {'positive' if name == 'cost' else 'above 0 and at most 1'}; got {value}.")


def _highest(wanted: NDArray[np.float64], promised: NDArray[np.float64], minimum: float, name: str) -> int:
    """Where `wanted` is highest among the thresholds that keep the promise; of equals the one that promises most."""
    kept = promised + _ROUNDING >= minimum
    if not kept.any():
        raise OperatingPointError(
            f"No threshold reaches a {name} of {minimum:g} on these sentences: the highest is {promised.max():.3f}."
        )
    best = kept & (wanted == wanted[kept].max())
    return int(np.argmax(np.where(best, promised, -1.0)))


def _cheapest(scored: Candidates, cost: float) -> int:
    """Where false alarms and missed spoilers cost least, if that is less than to flag nothing at all."""
    alarms = scored.flagged - scored.hits
    gain = cost * scored.hits - alarms
    if gain.max() <= 0:
        with np.errstate(divide="ignore", invalid="ignore"):
            enough = float(np.nanmin(alarms / scored.hits))
        raise OperatingPointError(
            f"At a cost of {cost:g} false alarms for a missed spoiler it is cheapest to flag nothing; "
            f"a threshold pays from a cost above {enough:.3g}."
        )
    return int(np.argmax(gain))
