"""Probability means probability: a line through the logits, and thresholds chosen for what they promise.

Platt (1999) fits slope and offset by logistic regression; both fold into a linear model's own weights, so a calibrated
model is no bigger and its reasons still add up.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression

from spoilerguard.errors import TrainingError
from spoilerguard.operating_points import OperatingPoint, checked_probabilities, max_f1_point, operating_point

__all__ = ["OperatingPoint", "calibration_error", "equal_mass_bins", "max_f1_point", "operating_point", "platt"]

_ROUNDING = 1e-9


def platt(
    logits: NDArray[np.float64], labels: NDArray[np.int8], sample_weight: NDArray[np.float64] | None = None
) -> tuple[float, float]:
    """Slope and offset that turn out-of-fold logits into calibrated ones (Platt 1999).

    Parameters
    ----------
    logits : ndarray of float64, shape (n,)
    labels : ndarray of 0 and 1, shape (n,)
    sample_weight : ndarray of float64, shape (n,), optional

    Returns
    -------
    slope, offset : float

    Raises
    ------
    TrainingError
        Where the slope would not be positive: the logits carry nothing, and would be turned upside down.
    """
    line = LogisticRegression(C=np.inf, max_iter=1000).fit(logits.reshape(-1, 1), labels, sample_weight)
    if line.coef_[0, 0] <= 0:
        raise TrainingError(
            "On works held out, spoilers score no higher than safe sentences: these labels teach nothing."
        )
    return float(line.coef_[0, 0]), float(line.intercept_[0])


def calibration_error(
    probabilities: ArrayLike, labels: ArrayLike, sample_weight: ArrayLike | None = None, *, n_bins: int = 10
) -> float:
    """Mean distance between what is promised and what happens (expected calibration error, Naeini et al. 2015).

    The bins hold equal mass, not equal width: where one sentence in twenty is a spoiler, equal widths would judge
    nearly everything by one bin (Roelofs et al. 2022 find this the less biased estimate).

    Parameters
    ----------
    probabilities : array-like of float, shape (n,)
    labels : array-like of 0 and 1, shape (n,)
    sample_weight : array-like of float, shape (n,), optional
        How much each sentence counts.
    n_bins : int, default 10

    Returns
    -------
    float
        In [0, 1]: mean over bins of |mean probability − share of spoilers|, each bin counting by its mass; NaN where
        there is nothing to judge.

    Examples
    --------
    >>> round(calibration_error([0.1, 0.1, 0.7, 0.7], [0, 0, 1, 1], n_bins=2), 3)
    0.2
    """
    p, y, w = checked_probabilities(probabilities, labels, sample_weight)
    if not w.sum():
        return float("nan")
    excess = np.bincount(equal_mass_bins(p, w, n_bins), w * (p - y), minlength=n_bins)
    return float(np.abs(excess).sum() / w.sum())


def equal_mass_bins(
    probabilities: NDArray[np.float64], weights: NDArray[np.float64], n_bins: int = 10
) -> NDArray[np.intp]:
    """The bin of each sentence, from low to high; equal probabilities share the bin in which their middle falls.

    Examples
    --------
    >>> equal_mass_bins(np.array([0.1, 0.9, 0.2, 0.9]), np.ones(4), 2)
    array([0, 1, 0, 1])
    """
    _, tie = np.unique(probabilities, return_inverse=True)
    mass = np.bincount(tie, weights)
    middle = np.cumsum(mass) - mass / 2
    share = np.minimum(middle / max(mass.sum(), _ROUNDING), 1 - _ROUNDING)
    return np.asarray((share * n_bins).astype(np.intp)[tie])
