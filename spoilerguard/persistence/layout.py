"""What ``model.json`` must hold, declared as data: a format names its fields and their bounds, and `check` compares.

A field that is missing and not `optional` is a fault, and so is one that is not known, for it may change the model.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from spoilerguard.persistence.manifest import MODEL_JSON, Fault, Json, joined, shown

__all__ = ["ANYTHING", "TEXT", "Layout", "Rule", "ascending", "check", "number", "one_of", "optional", "whole"]


class Rule(NamedTuple):
    """What one value of a document must be."""

    description: str
    accepts: Callable[[Any], bool]
    may_miss: bool = False


Layout: TypeAlias = "Rule | Mapping[Any, Layout]"

ANYTHING = Rule("anything", lambda _: True)
TEXT = Rule("text", lambda value: isinstance(value, str))


def number(low: float, high: float) -> Rule:
    """A number from `low` to `high`."""
    return Rule(
        f"a number from {low:g} to {high:g}", lambda value: type(value) in (int, float) and low <= value <= high
    )


def whole(low: int, high: int) -> Rule:
    """A whole number from `low` to `high`."""
    return Rule(f"a whole number from {low} to {high}", lambda value: type(value) is int and low <= value <= high)


def one_of(*values: str | int | None) -> Rule:
    """One of `values`."""
    kinds = {type(value) for value in values}
    return Rule(" or ".join(map(json.dumps, values)), lambda value: type(value) in kinds and value in values)


def ascending(rule: Rule) -> Rule:
    """A list of two values that `rule` accepts, the first not above the second."""
    return Rule(
        f"two ascending values, each {rule.description}",
        lambda value: (
            type(value) is list and len(value) == 2 and all(map(rule.accepts, value)) and value[0] <= value[1]
        ),
    )


def optional(rule: Rule) -> Rule:
    """The same for a field that may be missing, as in models that were stored before there was such a field."""
    return rule._replace(may_miss=True)


def check(value: Json, layout: Layout, place: str = "") -> None:
    """Raise a `Fault` where a value is not laid out as `layout` says.

    A mapping stands for an object with exactly these fields, of which `optional` ones may be missing; its key ``...``
    stands for fields of any name.

    Examples
    --------
    >>> check({"n": 3, "limits": {"low": 0.5}}, {"n": whole(1, 9), "limits": {...: number(0, 1)}})
    >>> check({"n": 12}, {"n": whole(1, 9)})
    Traceback (most recent call last):
    spoilerguard.persistence.manifest.Fault: model.json is wrong: n must be a whole number from 1 to 9, not 12.
    """
    if isinstance(layout, Rule):
        if not layout.accepts(value):
            raise Fault(MODEL_JSON, f"is wrong: {place} must be {layout.description}, not {shown(value)}.")
        return
    if not isinstance(value, dict):
        raise Fault(MODEL_JSON, f"is wrong: {place} must be an object, not {shown(value)}.")
    wanted = dict.fromkeys(value, layout[...]) if ... in layout else layout
    for name in {**wanted, **value}:
        if name not in value and getattr(wanted[name], "may_miss", False):
            continue
        field = joined(place, name)
        if name not in value or name not in wanted:
            raise Fault(MODEL_JSON, f"is wrong: {field} is {'missing' if name in wanted else 'not known'}.")
        check(value[name], wanted[name], field)
