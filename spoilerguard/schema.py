"""The columns of a labelled table: what each may hold, and the error that says where it does not.

A table is read as strictly as a compiler reads a program: the first fault stops it, with the file,
the row and the column. What is merely suspicious is left to `spoilerguard.checks`.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .errors import CorpusError

__all__ = [
    "COLUMNS",
    "LABEL_WORDS",
    "OPTIONAL",
    "TEXT",
    "Origin",
    "demand_once",
    "is_missing",
    "label_of",
    "parse",
    "pick",
]

COLUMNS = ("sentence", "spoiler", "review_id", "position", "work", "source", "weight")
OPTIONAL = ("split",)  # kept, as last column, where the table has it

_SHOWN = 20  # names of columns in a message
_LAST_POSITION = 2.0**53  # from here on floats leave whole numbers out

# Python storage on purpose: Arrow's refuses lone surrogates, which scraped JSON does contain.
TEXT = pd.StringDtype("python")

LABEL_WORDS = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1, "no": 0, "yes": 1, "safe": 0, "spoiler": 1}


@dataclass(frozen=True)
class Origin:
    """Where the rows of a table come from, for error messages.

    Attributes
    ----------
    name : str
        The file, or another name that the user will recognise.
    lines : array of int, optional
        For each row the 1-based line of the text file on which it starts; None for tables without lines.
    unit : str
        What `lines` counts: "line" of a file, or "row" of the table of whole reviews that was cut up.

    Examples
    --------
    >>> Origin("reviews.csv", np.array([2, 3, 5])).at(2, "spoiler")
    "reviews.csv, line 5, column 'spoiler'"
    >>> Origin().at(0)
    'the table, row 0'
    """

    name: str = ""
    lines: NDArray[np.int64] | None = None
    unit: str = "line"

    def at(self, row: int, column: str = "") -> str:
        """The place of a row, and of a column in it, in words."""
        place = f"row {row}" if self.lines is None else f"{self.unit} {self.lines[row]}"
        return f"{self.name or 'the table'}, {place}" + (f", column {column!r}" if column else "")


def pick(frame: pd.DataFrame, columns: Mapping[str, str] | None, origin: Origin) -> pd.DataFrame:
    """The columns that we know, under our names.

    Examples
    --------
    >>> list(pick(pd.DataFrame({"body": ["A."], "spoiler": [0], "likes": [3]}), {"sentence": "body"}, Origin()))
    ['sentence', 'spoiler']
    """
    known = (*COLUMNS, *OPTIONAL)
    theirs = dict(columns or {})
    for ours, name in theirs.items():
        if ours not in known:
            raise CorpusError(f"unknown column name {ours!r} in columns=: the left side is one of {', '.join(known)}")
        _demand(frame, name, origin, f"columns= maps {ours!r} to it")
    for ours in ("sentence", "spoiler"):
        _demand(frame, theirs.get(ours, ours), origin, f"or name yours: columns={{{ours!r}: '…'}}")
    present = {ours: theirs.get(ours, ours) for ours in known if theirs.get(ours, ours) in frame.columns}
    for name in present.values():
        demand_once(frame, name, origin)
    return pd.DataFrame({ours: frame[name].reset_index(drop=True) for ours, name in present.items()})


def _demand(frame: pd.DataFrame, name: str, origin: Origin, remedy: str) -> None:
    """Stop unless the table has this column exactly once."""
    if name not in frame.columns:
        named = [f"{column!r:.60}" for column in frame.columns[:_SHOWN]]
        has = ", ".join(named + ["…"] * (len(frame.columns) > _SHOWN)) or "none"
        raise CorpusError(f"{origin.name or 'the table'}: missing column {name!r} ({remedy}); the table has {has}")
    demand_once(frame, name, origin)


def demand_once(frame: pd.DataFrame, name: str, origin: Origin) -> None:
    """Stop where the table has two columns of this name: neither of them can be meant more than the other."""
    if list(frame.columns).count(name) > 1:
        raise CorpusError(f"{origin.name or 'the table'}: duplicated column {name!r}; rename or drop one of them")


def parse(frame: pd.DataFrame, origin: Origin) -> pd.DataFrame:
    """Every column in its type and every column present, or a `CorpusError`; rows keep their order.

    Examples
    --------
    >>> parse(pd.DataFrame({"sentence": ["He dies."], "spoiler": ["yes"]}), Origin()).spoiler.tolist()
    [1]
    """
    if frame.empty:
        raise CorpusError(f"{origin.name or 'the table'}: empty table; it needs at least one row below the header")
    absent = pd.Series([pd.NA] * len(frame), dtype=object)
    parsed = {
        "sentence": _sentences(frame["sentence"], origin),
        "spoiler": _labels(frame["spoiler"], origin),
        "review_id": _names(frame.get("review_id", absent)),
        "position": _positions(frame.get("position", absent), origin),
        "work": _names(frame.get("work", absent)),
        "source": _names(frame.get("source", absent)),
        "weight": _weights(frame.get("weight", absent), origin),
    }
    parsed |= {name: _names(frame[name]) for name in OPTIONAL if name in frame}
    return pd.DataFrame(parsed)


def label_of(value: object) -> int | None:
    """0 or 1 for anything that clearly says so, None for the rest.

    Examples
    --------
    >>> [label_of(v) for v in (True, "Safe", 1.0, "YES ", "perhaps", 2)]
    [1, 0, 1, 1, None, None]
    """
    if isinstance(value, (bool, np.bool_, int, float, np.integer, np.floating)):
        return int(value) if value in (0, 1) else None
    return LABEL_WORDS.get(value.strip().lower()) if isinstance(value, str) else None


def _first(mask: Iterable[Any]) -> int | None:
    """The number of the first row that the mask names."""
    rows = np.flatnonzero(np.asarray(mask, dtype=bool))
    return int(rows[0]) if len(rows) else None


def _sentences(column: "pd.Series[Any]", origin: Origin) -> "pd.Series[Any]":
    values = column.to_list()
    for row, value in enumerate(values):
        if isinstance(value, str):
            if value.strip():
                continue
        elif not is_missing(value):
            kind = type(value).__name__
            raise CorpusError(f"{origin.at(row, 'sentence')}: not text but {kind}; name the right column in columns=")
        raise CorpusError(f"{origin.at(row, 'sentence')}: empty sentence; drop the row or fill it in")
    return pd.Series(values, dtype=TEXT)


def is_missing(value: object) -> bool:
    """None, NaN or NA, and nothing else (a list is a wrong type, not a missing value)."""
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def _labels(column: "pd.Series[Any]", origin: Origin) -> "NDArray[np.int8]":
    labels = np.empty(len(column), dtype=np.int8)
    for row, value in enumerate(column.to_list()):
        label = label_of(value)
        if label is None:
            raise CorpusError(_label_fault(value, origin.at(row, "spoiler")))
        labels[row] = label
    return labels


def _label_fault(value: object, place: str) -> str:
    if is_missing(value) or (isinstance(value, str) and not value.strip()):
        return f"{place}: missing label; drop the row or label it 0 (safe) or 1 (spoiler)"
    return f"{place}: unknown label {value!r}; write 0/1, true/false, yes/no or safe/spoiler"


def _names(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Ids and titles as text; blank means unknown. Whole numbers lose the .0 that a gap in the column gave them."""
    values = [_name(value) for value in column.to_list()]
    return pd.Series(values, dtype=TEXT)


def _name(value: object) -> str | None:
    if is_missing(value):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None


def _positions(column: "pd.Series[Any]", origin: Origin) -> "pd.Series[Any]":
    numbers = _numbers(column, "position", origin)
    faulty = _first(~np.isnan(numbers) & ((numbers < 0) | (numbers != np.floor(numbers)) | (numbers >= _LAST_POSITION)))
    if faulty is not None:
        raise CorpusError(
            f"{origin.at(faulty, 'position')}: position {numbers[faulty]:g} is not a whole number from 0 up "
            "that a table can count to"
        )
    return pd.Series(numbers).astype("Int64")


def _weights(column: "pd.Series[Any]", origin: Origin) -> NDArray[np.float64]:
    numbers = _numbers(column, "weight", origin)
    faulty = _first((numbers < 0) | np.isinf(numbers))
    if faulty is not None:
        raise CorpusError(f"{origin.at(faulty, 'weight')}: weight {numbers[faulty]:g} is not a finite number from 0 up")
    return np.where(np.isnan(numbers), 1.0, numbers)


def _numbers(column: "pd.Series[Any]", name: str, origin: Origin) -> NDArray[np.float64]:
    """A column as floats, NaN where a value is missing."""
    numbers = np.full(len(column), np.nan)
    for row, value in enumerate(column.to_list()):
        if is_missing(value) or (isinstance(value, str) and not value.strip()):
            continue
        try:
            numbers[row] = float(value)
        except (TypeError, ValueError, OverflowError):
            raise CorpusError(f"{origin.at(row, name)}: {name} {value!r} is not a number") from None
    return numbers
