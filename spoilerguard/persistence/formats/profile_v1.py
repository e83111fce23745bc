"""The profile of a model in format 1: optional, so that a model without one loads as before."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spoilerguard.persistence.arrays import WEIGHTS, Arrays
from spoilerguard.persistence.layout import Layout, Rule, check, number, whole
from spoilerguard.persistence.manifest import Fault
from spoilerguard.profiles import Edges, Kind, Profile, Summary

__all__ = ["describe_profile", "profile_arrays", "read_profile"]

_MEAN, _SCALE = "profile.mean", "profile.scale"
_N_BINS = 20
_MAX_KINDS, _MAX_SIZES, _MAX_NAME = 32, 16, 1000
_DEVIATIONS = ("vocabulary", "language", "length", "probability")
_VECTORS = "vectors"  # one more, where the model has an encoder
_LEAST_SCALE = 1e-6
_SHARE, _COUNT, _FINITE = number(0, 1), whole(1, 2**48), number(-1e9, 1e9)


def _numbers(rule: Rule, least: int, most: int) -> Rule:
    """A list of numbers, each as the rule says."""
    size = f"{least}" if least == most else f"{least} to {most}"
    return Rule(
        f"a list of {size} numbers, each {rule.description}",
        lambda found: type(found) is list and least <= len(found) <= most and all(map(rule.accepts, found)),
    )


def _is_ascending(found: list[float]) -> bool:
    return all(one <= other for one, other in pairwise(found))


_EDGES = _numbers(_FINITE, _N_BINS - 1, _N_BINS - 1)
_SIZES = _numbers(_COUNT, 1, _MAX_SIZES)
_SHARES = _numbers(_SHARE, _N_BINS, _N_BINS)
_KIND: Mapping[str, Layout] = {
    "name": Rule("a short text", lambda name: type(name) is str and len(name) <= _MAX_NAME),
    "n_texts": _COUNT,
    "n_works": _COUNT,
    "known": _SHARE,
    "foreign": _SHARE,
    "n_words": number(0, 1e9),
    "probability": _SHARE,
    "length": _SHARES,
    "logit": _SHARES,
    "sizes": Rule(
        f"ascending, {_SIZES.description}",
        lambda found: _SIZES.accepts(found) and _is_ascending(found) and len(set(found)) == len(found),
    ),
}
_LAYOUT: Mapping[str, Layout] = {
    "length_edges": Rule(_EDGES.description, lambda found: _EDGES.accepts(found) and _is_ascending(found)),
    "logit_edges": Rule(_EDGES.description, lambda found: _EDGES.accepts(found) and _is_ascending(found)),
    "kinds": Rule(
        f"a list of 1 to {_MAX_KINDS} kinds", lambda kinds: type(kinds) is list and 1 <= len(kinds) <= _MAX_KINDS
    ),
}


def describe_profile(profile: Profile) -> dict[str, Any]:
    """What ``model.json`` holds of a profile."""
    return {
        "length_edges": profile.edges.length,
        "logit_edges": profile.edges.logit,
        "kinds": [
            {"name": kind.name, "n_texts": kind.n_texts, "n_works": kind.n_works, "sizes": kind.sizes}
            | {name: value for name, value in kind.summary._asdict().items() if name != "vector"}
            | {"thresholds": dict(kind.thresholds)}
            for kind in profile.kinds
        ],
    }


def profile_arrays(profile: Profile) -> Arrays:
    """The arrays of a profile, where the model has an encoder."""
    if not len(profile.scale):
        return {}
    means = np.array([kind.summary.vector for kind in profile.kinds])
    return {_MEAN: means.astype(np.float32), _SCALE: profile.scale.astype(np.float32)}


def read_profile(fields: Any, arrays: Arrays, n_dimensions: int) -> Profile:  # noqa: ANN401 - any JSON
    """The profile that a document describes; its arrays are taken out of `arrays`."""
    check(fields, _LAYOUT, "profile")
    names = (*_DEVIATIONS, _VECTORS) if n_dimensions else _DEVIATIONS
    for place, kind in enumerate(fields["kinds"]):
        n_sizes = len(kind["sizes"]) if isinstance(kind, dict) and isinstance(kind.get("sizes"), list) else 1
        thresholds = dict.fromkeys(names, _numbers(number(0, 1e30), n_sizes, n_sizes))
        check(kind, {**_KIND, "thresholds": thresholds}, f"profile['kinds'][{place}]")
    means, scale = _vectors(arrays, len(fields["kinds"]), n_dimensions)
    return Profile(
        Edges(np.array(fields["length_edges"], dtype=np.float64), np.array(fields["logit_edges"], dtype=np.float64)),
        scale,
        tuple(_kind(kind, mean) for kind, mean in zip(fields["kinds"], means, strict=True)),
    )


def _vectors(arrays: Arrays, n_kinds: int, n_dimensions: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean vectors of the kinds, and the scale; empty without an encoder."""
    if not n_dimensions:
        return np.zeros((n_kinds, 0)), np.zeros(0)
    mean, scale = arrays.pop(_MEAN, None), arrays.pop(_SCALE, None)
    for name, found, shape in ((_MEAN, mean, (n_kinds, n_dimensions)), (_SCALE, scale, (n_dimensions,))):
        if found is None or found.dtype.name != "float32" or found.shape != shape:
            raise Fault(WEIGHTS, f"is wrong: it must hold {name} of the shape {shape} as float32.")
    assert mean is not None  # noqa: S101 - for the type checker
    assert scale is not None  # noqa: S101
    if not scale.min() >= _LEAST_SCALE:
        raise Fault(WEIGHTS, f"is wrong: {_SCALE} must be {_LEAST_SCALE:g} or more.")
    return mean.astype(np.float64), scale.astype(np.float64)


def _kind(fields: Mapping[str, Any], mean: NDArray[np.float64]) -> Kind:
    values = {name: np.array(fields[name], dtype=np.float64) for name in Summary._fields if name != "vector"}
    return Kind(
        fields["name"],
        fields["n_texts"],
        fields["n_works"],
        Summary(**values, vector=mean),
        np.array(fields["sizes"], dtype=np.int64),
        {name: np.array(found, dtype=np.float64) for name, found in fields["thresholds"].items()},
    )
