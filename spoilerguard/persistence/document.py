"""``model.json``: strict JSON under a checksum, whose fields are taken out one by one, each checked, none left over.

What a hostile file can do to a parser or to the code behind it (deep nesting, NaN, one key twice, a list where a number
belongs) ends here, in a `Fault`.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self, TypeAlias

import numpy as np

from spoilerguard.persistence.layout import MODEL_JSON, Fault

__all__ = ["SHA256", "Fields", "Json", "check_seal", "parse", "plain", "plain_object", "sealed"]

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

SHA256 = re.compile("[0-9a-f]{64}")
_LARGEST = 1e30  # no weight of a model that works comes near
_INFINITE = 1e300  # whole numbers have an end here, too: Python refuses to spell the longest
_DEEPEST = 16  # levels of nesting in a card


def sealed(document: Mapping[str, Json]) -> bytes:
    """The bytes of `document` with, as their last field, a checksum over all the others."""
    data = json.dumps({**document, "checksum": ""}, ensure_ascii=False, allow_nan=False, indent=1).encode() + b"\n"
    before, _, after = data.rpartition(b'""')
    return before + b'"' + hashlib.sha256(data).hexdigest().encode() + b'"' + after


def parse(data: bytes) -> dict[str, Json]:
    """The JSON object that `data` spells; its checksum is left to `check_seal`, since a newer format may move it."""
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_without_twins, parse_constant=_no_constant)
    except (ValueError, RecursionError) as fault:  # wrong UTF-8 and wrong JSON are both ValueErrors
        raise Fault(MODEL_JSON, f"is no readable JSON ({fault!s:.80}).") from None
    if not isinstance(found, dict):
        raise Fault(MODEL_JSON, "does not hold a JSON object.")
    return found


def check_seal(data: bytes, stated: object) -> None:
    """Hold `data` against the checksum `stated` in it."""
    if isinstance(stated, str) and SHA256.fullmatch(stated):
        before, _, after = data.rpartition(stated.encode())
        if hashlib.sha256(before + after).hexdigest() == stated:
            return
    raise Fault(MODEL_JSON, "does not match its own checksum: it was altered or cut.")


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def plain(value: object, place: str, depth: int = 0) -> Json:
    """`value` as JSON keeps it (tuples as lists, numpy's numbers as Python's), or a `Fault` that says where it cannot.

    Examples
    --------
    >>> plain({"auc": np.float64(0.5), "interval": (0.4, 0.6)}, "card")
    {'auc': 0.5, 'interval': [0.4, 0.6]}
    """
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if depth > _DEEPEST:
        raise Fault(MODEL_JSON, f"cannot hold {place}: it nests deeper than {_DEEPEST} levels.")
    if isinstance(value, Mapping):
        return {_text(key, place): plain(inner, f"{place}[{key!r:.40}]", depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner, f"{place}[{number}]", depth + 1) for number, inner in enumerate(value)]
    if isinstance(value, str):
        return _text(value, place)
    if value is None or (isinstance(value, bool | int | float) and abs(value) < _INFINITE):
        return value
    raise Fault(MODEL_JSON, f"cannot hold {place}: {_shown(value)} has no place in JSON.")


def plain_object(value: object, place: str) -> dict[str, Json]:
    """`plain`, for what must be a dict."""
    if not isinstance(kept := plain(value, place), dict):
        raise Fault(MODEL_JSON, f"cannot hold {place}: {_shown(value)} stands where an object belongs.")
    return kept


def _text(value: object, place: str) -> str:
    """A string that UTF-8 can write, so free of lone surrogates."""
    if not isinstance(value, str):
        raise Fault(MODEL_JSON, f"cannot hold {place}: {_shown(value)} stands where text belongs.")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise Fault(MODEL_JSON, f"cannot hold {place}: its text has a lone surrogate.")
    return str(value)


def _shown(value: object) -> str:
    """A value for a message: short, and safe for whatever a hostile file nests or counts."""
    if isinstance(value, int) and abs(value) >= _INFINITE:
        return "a number without end"
    return f"{value!r:.60}" if isinstance(value, str | int | float) or value is None else f"a {type(value).__name__}"


class Fields:
    """One JSON object, as a context: fields are taken once each, and one that nobody took is a fault.

    Examples
    --------
    >>> with Fields({"intercept": -1.5, "n": 3}, "head") as head:
    ...     head.number("intercept"), head.integer("n", 1, 9)
    (-1.5, 3)
    """

    def __init__(self, value: object, place: str = "") -> None:
        self._place = place
        if not isinstance(value, dict):
            raise self._fault("", f"must be an object, not {_shown(value)}")
        self._left: dict[str, Json] = dict(value)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        if kind is None and self._left:
            raise self._fault(next(iter(self._left)), "is not known to this format")

    def take(self, name: str) -> Json:
        """The field as it is; a card, for instance, is free."""
        if name not in self._left:
            raise self._fault(name, "is missing")
        return self._left.pop(name)

    def names(self) -> list[str]:
        """Names of the fields not yet taken, in the order of the file."""
        return list(self._left)

    def fields(self, name: str) -> "Fields":
        """A field that is an object."""
        return Fields(self.take(name), self._named(name))

    def items(self, name: str, at_most: int) -> list[Json]:
        """A field that is a list."""
        value = self.take(name)
        if not isinstance(value, list) or len(value) > at_most:
            raise self._fault(name, f"must be a list of at most {at_most}, not {_shown(value)}")
        return value

    def number(self, name: str, low: float = -_LARGEST, high: float = _LARGEST) -> float:
        """A number from `low` to `high`; a whole one stays whole."""
        return self._number(self.take(name), name, low, high)

    def interval(self, name: str, low: float, high: float) -> tuple[float, float]:
        """Two ascending numbers from `low` to `high`."""
        ends = self.items(name, 2)
        if len(ends) != 2:
            raise self._fault(name, "must hold two numbers")
        first = self._number(ends[0], name, low, high)
        return first, self._number(ends[1], name, first, high)

    def integer(self, name: str, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        value = self.take(name)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self._fault(name, f"must be a whole number from {low} to {high}, not {_shown(value)}")
        return value

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.take(name)
        if not isinstance(value, bool):
            raise self._fault(name, f"must be true or false, not {_shown(value)}")
        return value

    def text(self, name: str, among: Iterable[str] = ()) -> str:
        """A string, one of `among` where that is given."""
        value, allowed = self.take(name), list(among)
        if not isinstance(value, str) or (allowed and value not in allowed):
            raise self._fault(name, f"must be {' or '.join(allowed) or 'text'}, not {_shown(value)}")
        return value

    def _number(self, value: Json, name: str, low: float, high: float) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self._fault(name, f"must be a number from {low:g} to {high:g}, not {_shown(value)}")
        return value

    def _named(self, name: object) -> str:
        return f"{self._place}[{name!r:.60}]" if self._place else f"{name!s:.60}"

    def _fault(self, name: str, what: str) -> Fault:
        place = self._named(name) if name != "" else self._place
        return Fault(MODEL_JSON, f"is wrong: {place} {what}.")
