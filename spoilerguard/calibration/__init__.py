"""Probability means probability, and a named threshold keeps its promise.

`platt` fits the line through the logits, `selection` chooses thresholds on works that were held out, and
`operating_points` says which threshold holds for a request.
"""

from spoilerguard.calibration.operating_points import (
    ALIASES,
    DEFAULT_POINT,
    OperatingPoint,
    OperatingPoints,
    resolve_thresholds,
)
from spoilerguard.calibration.platt import balance, calibration_error, equal_mass_bins, expit, platt
from spoilerguard.calibration.selection import max_f1_point, operating_point, select_points, select_review_points

__all__ = [
    "ALIASES",
    "DEFAULT_POINT",
    "OperatingPoint",
    "OperatingPoints",
    "balance",
    "calibration_error",
    "equal_mass_bins",
    "expit",
    "max_f1_point",
    "operating_point",
    "platt",
    "resolve_thresholds",
    "select_points",
    "select_review_points",
]
