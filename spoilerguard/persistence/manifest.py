"""``model.json``: strict JSON under a checksum, and what can be wrong with it.

The checksum covers the content and not the bytes. So a model stays valid where git changes line ends, where an editor
indents the file anew, and where somebody edits the card by hand.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple, Self, TypeAlias

import numpy as np

__all__ = [
    "MAX_JSON_BYTES",
    "MODEL_JSON",
    "UPGRADE",
    "Fault",
    "Json",
    "Stamp",
    "checksum",
    "joined",
    "parse",
    "plain_object",
    "serialize",
    "shown",
]

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

MODEL_JSON = "model.json"
UPGRADE = "Upgrade spoilerguard: pip install --upgrade spoilerguard."
MAX_JSON_BYTES = 8 << 20  # the models that come with the package take 64 KB
_UNHASHED = ("checksum", "card")
_MAX_NUMBER = 1e300  # also for whole numbers: Python refuses to print the longest
_MAX_DEPTH = 16


class Fault(Exception):  # noqa: N818 - never leaves this package: users see ModelFormatError
    """A fault of one file; `load` and `save` turn it into the `ModelFormatError` that also names the folder."""

    def __init__(self, file: str, what: str, remedy: str = "Copy the folder again, or save the model anew.") -> None:
        super().__init__(f"{file} {what}")
        self.file = file
        self.what = what
        self.remedy = remedy


class Stamp(NamedTuple):
    """What ``model.json`` says about the file of weights."""

    n_bytes: int
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> Self:
        """The stamp of a file that holds `data`."""
        return cls(len(data), hashlib.sha256(data).hexdigest())


def parse(data: bytes, file: str = MODEL_JSON) -> dict[str, Json]:
    """The object that `data` spells in strict JSON; its values are not looked at."""
    try:
        found = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:  # wrong UTF-8 and wrong JSON are both ValueErrors
        raise Fault(file, f"is no readable JSON ({error!s:.80}).") from None
    if not isinstance(found, dict):
        raise Fault(file, "does not hold a JSON object.")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def checksum(document: Mapping[str, Json]) -> str:
    """SHA-256 of the content of `document` in one fixed spelling, without its card and the checksum itself."""
    content = {name: value for name, value in document.items() if name not in _UNHASHED}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def serialize(document: Mapping[str, Json]) -> bytes:
    """The bytes of `document`, its checksum added."""
    whole = {**document, "checksum": checksum(document)}
    data = json.dumps(whole, ensure_ascii=False, allow_nan=False, indent=1).encode() + b"\n"
    if len(data) > MAX_JSON_BYTES:
        raise Fault(MODEL_JSON, f"would have {len(data)} bytes, and {MAX_JSON_BYTES} are the most it may have.")
    return data


def plain_object(value: object, place: str = "", depth: int = 0) -> dict[str, Json]:
    """A dict as JSON keeps it (tuples as lists, numpy's numbers as Python's), or a `Fault` that says where it cannot.

    Examples
    --------
    >>> plain_object({"auc": np.float64(0.5), "interval": (0.4, 0.6)}, "card")
    {'auc': 0.5, 'interval': [0.4, 0.6]}
    """
    if not isinstance(value, Mapping):
        raise Fault(MODEL_JSON, f"cannot hold {place}: {shown(value)} stands where an object belongs.")
    return {_text(name, place): _plain(inner, joined(place, name), depth + 1) for name, inner in value.items()}


def _plain(value: object, place: str, depth: int) -> Json:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if depth > _MAX_DEPTH:
        raise Fault(MODEL_JSON, f"cannot hold {place}: it nests deeper than {_MAX_DEPTH} levels.")
    if isinstance(value, Mapping):
        return plain_object(value, place, depth)
    if isinstance(value, list | tuple):
        return [_plain(inner, f"{place}[{number}]", depth + 1) for number, inner in enumerate(value)]
    if isinstance(value, str):
        return _text(value, place)
    if value is None or (isinstance(value, bool | int | float) and abs(value) < _MAX_NUMBER):
        return value
    raise Fault(MODEL_JSON, f"cannot hold {place}: {shown(value)} has no place in JSON.")


def _text(value: object, place: str) -> str:
    """A string that UTF-8 can write, so free of lone surrogates."""
    if not isinstance(value, str):
        raise Fault(MODEL_JSON, f"cannot hold {place}: {shown(value)} stands where text belongs.")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise Fault(MODEL_JSON, f"cannot hold {place}: its text has a lone surrogate.")
    return str(value)


def joined(place: str, name: object) -> str:
    """The place of the field `name` inside another."""
    return f"{place}[{name!r:.60}]" if place else f"{name!s:.60}"


def shown(value: object) -> str:
    """A value for a message: short, and safe whatever a hostile file holds."""
    if isinstance(value, int) and abs(value) >= _MAX_NUMBER:
        return "a number without end"
    return f"{value!r:.60}" if isinstance(value, str | int | float) or value is None else f"a {type(value).__name__}"
