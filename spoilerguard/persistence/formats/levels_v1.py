"""What format 1 holds of major spoilers and of whole reviews; both may be missing."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from spoilerguard.calibration.operating_points import OperatingPoint, OperatingPoints
from spoilerguard.documents import Standing
from spoilerguard.model import SpoilerClassifier
from spoilerguard.persistence.arrays import WEIGHTS, Arrays
from spoilerguard.persistence.layout import Layout, ascending, check, number
from spoilerguard.persistence.manifest import Fault
from spoilerguard.review_stage import ReviewStage
from spoilerguard.severity import Severity, VectorHead

__all__ = [
    "POINTS",
    "describe_levels",
    "describe_points",
    "level_arrays",
    "read_points",
    "read_severity",
    "read_stages",
]

_COEF = "severity.vector_coef."  # before a standing
_STANDINGS = ("alone", "in review")
_REVIEW_FEATURES = ("logit of any", "highest logit", "log length")
_SHARE, _WEIGHT = number(0, 1), number(-1e30, 1e30)
_NAMED: Layout = {
    ...: {
        "threshold": _SHARE,
        "precision": _SHARE,
        "recall": _SHARE,
        "precision_interval": ascending(_SHARE),
        "recall_interval": ascending(_SHARE),
    }
}
POINTS: Layout = dict.fromkeys(_STANDINGS, _NAMED)
_STAGE: Layout = {"weights": dict.fromkeys(_REVIEW_FEATURES, _WEIGHT), "intercept": _WEIGHT, "operating_points": _NAMED}


def describe_levels(model: SpoilerClassifier) -> dict[str, Any]:
    """What ``model.json`` holds of them."""
    found: dict[str, Any] = {}
    if model.severity_ is not None:
        found["severity"] = {
            "intercepts": {standing.value: head.intercept for standing, head in model.severity_.heads.items()},
            "operating_points": describe_points(model.severity_.operating_points),
        }
    if model.review_stages_:
        found["review_stages"] = {str(level): asdict(stage) for level, stage in model.review_stages_.items()}
    return found


def level_arrays(model: SpoilerClassifier) -> Arrays:
    """The arrays of the heads that tell major spoilers."""
    heads = {} if model.severity_ is None else model.severity_.heads
    return {_COEF + standing: np.array(head.vector_coef, dtype=np.float64) for standing, head in heads.items()}


def describe_points(points: OperatingPoints) -> dict[str, dict[str, Any]]:
    """The operating points of each standing."""
    return {
        standing.value: {name: asdict(point) for name, point in points.get(standing, {}).items()}
        for standing in Standing
    }


def read_severity(fields: Any, arrays: Arrays, sizes: Mapping[str, int]) -> Severity:  # noqa: ANN401 - any JSON
    """The stage that a document describes, with vectors of these `sizes`; its arrays are taken out of `arrays`."""
    intercepts = fields.get("intercepts") if isinstance(fields, dict) else None
    standings = _STANDINGS if isinstance(intercepts, dict) and "in review" in intercepts else ("alone",)
    check(fields, {"intercepts": dict.fromkeys(standings, _WEIGHT), "operating_points": POINTS}, "severity")
    heads = {}
    for standing, intercept in fields["intercepts"].items():
        coef = arrays.pop(_COEF + standing, None)
        if coef is None or coef.dtype.name != "float64" or coef.shape != (sizes[standing],):
            raise Fault(WEIGHTS, f"is wrong: it must hold {_COEF + standing}, {sizes[standing]} numbers as float64.")
        heads[Standing(standing)] = VectorHead(tuple(coef.tolist()), intercept)
    return Severity(heads, read_points(fields["operating_points"]))


def read_stages(fields: Any) -> dict[str, ReviewStage]:  # noqa: ANN401 - any JSON
    """The stages of whole reviews that a document describes."""
    levels = [level for level in ("any", "major") if isinstance(fields, dict) and level in fields]
    check(fields, dict.fromkeys(levels, _STAGE), "review_stages")
    return {
        level: ReviewStage(
            {name: stage["weights"][name] for name in _REVIEW_FEATURES},
            stage["intercept"],
            _named_points(stage["operating_points"]),
        )
        for level, stage in fields.items()
    }


def read_points(fields: Mapping[str, Any]) -> dict[Standing, dict[str, OperatingPoint]]:
    """Operating points by standing, from fields that are laid out as `POINTS` says."""
    return {Standing(standing): _named_points(points) for standing, points in fields.items() if points}


def _named_points(fields: Mapping[str, Any]) -> dict[str, OperatingPoint]:
    found = {}
    for name, point in fields.items():
        values: dict[str, Any] = {key: tuple(one) if isinstance(one, list) else one for key, one in point.items()}
        found[name] = OperatingPoint(**values)
    return found
