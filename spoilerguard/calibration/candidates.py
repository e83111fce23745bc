"""Every threshold that some labelled probabilities allow, and what each of them would achieve."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spoilerguard.bootstrap import Measure, estimate, factorize
from spoilerguard.calibration.operating_points import OperatingPoint
from spoilerguard.calibration.platt import check_probabilities
from spoilerguard.errors import OperatingPointError
from spoilerguard.ranking import cumulated

__all__ = ["Candidates"]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What every possible threshold flags: one entry for each distinct probability, from high to low.

    Attributes
    ----------
    probabilities, labels, weights, groups : ndarray, shape (n,)
        Of the sentences.
    distinct, flagged, hits : ndarray of float64, shape (n_thresholds,)
        The threshold, the weight of all sentences that reach it, and that of the spoilers among them.
    """

    probabilities: NDArray[np.float64]
    labels: NDArray[np.int8]
    weights: NDArray[np.float64]
    groups: ArrayLike
    distinct: NDArray[np.float64]
    flagged: NDArray[np.float64]
    hits: NDArray[np.float64]

    @classmethod
    def checked(
        cls, probabilities: ArrayLike, labels: ArrayLike, groups: ArrayLike, sample_weight: ArrayLike | None
    ) -> "Candidates":
        """From what a user passes; sentences of weight 0 do not count.

        Raises
        ------
        ValueError
            Where lengths differ, or probabilities, labels or weights are none.
        OperatingPointError
            Where there is no spoiler.
        """
        p, y, w = check_probabilities(probabilities, labels, sample_weight)
        if len(np.asarray(groups)) != len(p):
            raise ValueError(f"groups has {len(np.asarray(groups))} entries for {len(p)} probabilities.")
        if not w[y == 1].sum():
            raise OperatingPointError("No spoiler among the labels: safe sentences alone cannot choose a threshold.")
        counted = w > 0
        p, y, w = p[counted], y[counted], w[counted]
        return cls(p, y, w, np.asarray(groups)[counted], *cumulated(y, p, w))

    @property
    def precision(self) -> NDArray[np.float64]:
        """Of what each threshold flags."""
        return np.asarray(self.hits / self.flagged)

    @property
    def recall(self) -> NDArray[np.float64]:
        """Of each threshold."""
        return np.asarray(self.hits / self.hits[-1])

    def point(self, chosen: int, n_bootstrap: int, seed: int) -> OperatingPoint:
        """The threshold that flags the first `chosen` + 1 distinct probabilities, and what it achieves."""
        lowest = float(self.distinct[chosen])
        below = float(self.distinct[chosen + 1]) if chosen + 1 < len(self.distinct) else 0.0
        threshold = (lowest + below) / 2
        threshold = lowest if threshold <= below else threshold
        codes, n_groups = factorize(self.groups)
        measure = _precision_recall(self.labels == 1, self.probabilities >= threshold, self.weights, codes)
        found = estimate(measure, n_groups, n_rows=n_groups, n_bootstrap=n_bootstrap, seed=seed)
        precision, recall = found["precision"], found["recall"]
        return OperatingPoint(threshold, precision.value, recall.value, precision.interval, recall.interval)


def _precision_recall(
    spoiler: NDArray[np.bool_], flagged: NDArray[np.bool_], weights: NDArray[np.float64], codes: NDArray[np.intp]
) -> Measure:
    """Precision and recall of one decision, from sums over works."""
    n_groups = int(codes.max()) + 1
    sums = [np.bincount(codes, weights * rows, minlength=n_groups) for rows in (spoiler & flagged, flagged, spoiler)]

    def measure(counts: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        hits, alarms, spoilers = (counts @ column for column in sums)
        with np.errstate(invalid="ignore", divide="ignore"):
            return {"precision": hits / alarms, "recall": hits / spoilers}

    return measure
