"""Probability means probability: a line through the logits, and thresholds chosen for what they promise.

Platt (1999) fits slope and offset by logistic regression; both fold into a linear model's own weights, so a calibrated
model is no bigger and its reasons still add up.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

__all__ = ["OperatingPoint", "platt"]


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
    """
    line = LogisticRegression(C=np.inf, max_iter=1000).fit(logits.reshape(-1, 1), labels, sample_weight)
    return float(line.coef_[0, 0]), float(line.intercept_[0])
