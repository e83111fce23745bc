"""A line that turns logits into calibrated ones, and how far probabilities are from what happens.

Platt (1999) fits slope and offset by logistic regression. A linear model absorbs both into its weights, so a calibrated
model is no bigger and its reasons still add up.
"""

import math
import sys

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spoilerguard.errors import TrainingError

__all__ = ["balance", "calibration_error", "check_probabilities", "equal_mass_bins", "expit", "platt"]

_ROUNDING = 1e-9
_LOWEST = -math.log(sys.float_info.max)  # below, ``exp(-z)`` is no number any more


def expit(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probabilities of logits, as `scipy.special.expit` gives them to the last bit.

    The import of that module takes a quarter of the time of a first verdict. ``numpy.exp`` rounds otherwise on other
    processors; this function takes a ten-thousandth of the time of the logits.

    Examples
    --------
    >>> expit(np.array([-1000.0, 0.0, 2.0])).round(3).tolist()
    [0.0, 0.5, 0.881]
    """
    return np.array([1 / (1 + math.exp(-z)) if z >= _LOWEST else 0.0 for z in logits.tolist()], dtype=np.float64)


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
    from sklearn.linear_model import LogisticRegression  # classifying does without it

    line = LogisticRegression(C=np.inf, max_iter=1000).fit(logits.reshape(-1, 1), labels, sample_weight)
    if line.coef_[0, 0] <= 0:
        raise TrainingError(
            "On works held out, spoilers score no higher than safe sentences: these labels teach nothing."
        )
    return float(line.coef_[0, 0]), float(line.intercept_[0])


def balance(logits: NDArray[np.float64], labels: NDArray[np.int8], sample_weight: NDArray[np.float64]) -> float:
    """The offset at which mean probability and share of spoilers are equal, for labels of both kinds.

    Examples
    --------
    >>> round(balance(np.zeros(4), np.array([0, 0, 0, 1]), np.ones(4)), 3)
    -1.099
    """
    from scipy.optimize import brentq  # classifying does without it

    share = np.average(labels, weights=sample_weight)
    far = float(np.abs(logits).max() + np.abs(np.log(share / (1 - share))) + 1)
    return float(brentq(lambda offset: np.average(expit(logits + offset), weights=sample_weight) - share, -far, far))


def calibration_error(
    probabilities: ArrayLike, labels: ArrayLike, sample_weight: ArrayLike | None = None, *, n_bins: int = 10
) -> float:
    """Mean distance between probability and share of spoilers (expected calibration error, Naeini et al. 2015).

    The bins hold equal mass, not equal width: where one sentence in twenty is a spoiler, equal widths would put
    nearly everything into one bin (Roelofs et al. 2022 find this the less biased estimate).

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
        there is no sentence.

    Examples
    --------
    >>> round(calibration_error([0.1, 0.1, 0.7, 0.7], [0, 0, 1, 1], n_bins=2), 3)
    0.2
    """
    p, y, w = check_probabilities(probabilities, labels, sample_weight)
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


def check_probabilities(
    probabilities: ArrayLike, labels: ArrayLike, sample_weight: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.int8], NDArray[np.float64]]:
    """Probabilities, labels and weights as arrays, or a ``ValueError`` that says what is wrong with them."""
    p = np.asarray(probabilities, dtype=np.float64)
    y = np.asarray(labels)
    w = np.ones(len(p)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    if not len(p) == len(y) == len(w):
        raise ValueError(f"Lengths differ: {len(p)} probabilities, {len(y)} labels, {len(w)} weights.")
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("Probabilities must lie in [0, 1]: pass logits through scipy.special.expit first.")
    if not np.isin(y, (0, 1)).all():
        raise ValueError("Labels must be 0 (safe) and 1 (spoiler).")
    if not (np.isfinite(w) & (w >= 0)).all():
        raise ValueError("Weights must be finite numbers from 0 up.")
    return p, y.astype(np.int8), w
