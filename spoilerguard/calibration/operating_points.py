"""Named thresholds of a model, what each achieved, and the one rule that turns what a user asks for into a number."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

from spoilerguard.documents import Standing
from spoilerguard.errors import OperatingPointError, did_you_mean

__all__ = ["ALIASES", "DEFAULT_POINT", "OperatingPoint", "OperatingPoints", "Threshold", "resolve_thresholds"]

DEFAULT_POINT = "balanced"
_EVEN = 0.5  # spoiler and safe are equally probable: the rule where nothing was promised
ALIASES = {"high_recall": "cautious", "high_precision": "lenient"}
Threshold = float | str | None  # what `resolve_thresholds` takes from a user


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A threshold and what it achieved on works that the model had not seen.

    Attributes
    ----------
    threshold : float
        Probability, in [0, 1], from which a sentence is called a spoiler.
    precision, recall : float
        Achieved on held-out works.
    precision_interval, recall_interval : tuple of float
        Bounds of the 95 % bootstrap interval over works.
    """

    threshold: float
    precision: float
    recall: float
    precision_interval: tuple[float, float]
    recall_interval: tuple[float, float]

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall (van Rijsbergen 1979); 0 where both are 0."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


OperatingPoints = Mapping[Standing, Mapping[str, OperatingPoint]]


def resolve_thresholds(points: OperatingPoints, threshold: Threshold, own: Threshold = None) -> dict[Standing, float]:
    """The probability that is enough in each standing.

    The two standings are calibrated apart, so a name stands for a threshold in each. A model that was trained on
    sentences alone has no points in review: those for sentences stand in.

    Parameters
    ----------
    points : mapping of Standing to a mapping of str to OperatingPoint
        Of the model; may be empty.
    threshold : float, str or None
        A probability in [0, 1], or a name: an operating point of the model, or one of `ALIASES`. None means `own`.
    own : float, str or None, default None
        The model's parameter ``threshold``, likewise; None means "balanced" where the model has it, else 0.5.

    Returns
    -------
    dict of Standing to float

    Raises
    ------
    TypeError, ValueError
        Where `threshold` is no number and no name, or no probability.
    OperatingPointError
        Where the model has no operating point of that name.

    Examples
    --------
    >>> resolve_thresholds({}, None)[Standing.ALONE], resolve_thresholds({}, None, 0.9)[Standing.ALONE]
    (0.5, 0.9)
    >>> points = {Standing.ALONE: {"cautious": OperatingPoint(0.1, 0.4, 0.8, (0.3, 0.5), (0.7, 0.9))}}
    >>> resolve_thresholds(points, "high_recall")[Standing.IN_REVIEW]
    0.1
    """
    alone = points.get(Standing.ALONE, {})
    threshold = own if threshold is None else threshold
    if threshold is None:
        threshold = DEFAULT_POINT if DEFAULT_POINT in alone else _EVEN
    if isinstance(threshold, str):
        name = ALIASES.get(threshold, threshold)
        named = {standing: points.get(standing, {}).get(name) or alone.get(name) for standing in Standing}
        found = {standing: point.threshold for standing, point in named.items() if point is not None}
        if len(found) < len(Standing):
            known = ", ".join(sorted(alone)) or "none: train it with spoilerguard.train"
            hint = did_you_mean(threshold, [*alone, *(ALIASES if alone else ())])
            raise OperatingPointError(f"The model has no operating point {threshold!r}; it has {known}.{hint}")
        return found
    if isinstance(threshold, bool) or not isinstance(threshold, Real):
        raise TypeError(f"threshold must be a number in [0, 1] or a name, got {type(threshold).__name__}.")
    if not 0 <= threshold <= 1:  # NaN neither
        raise ValueError(f"threshold must lie in [0, 1], got {threshold}.")
    return dict.fromkeys(Standing, float(threshold))
