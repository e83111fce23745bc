"""The columns of a labelled table: what each may hold, and an error that says where a value does not fit.

Reading stops at the first fault and names the file, the row and the column. What is only suspicious is left to
`spoilerguard.checks`.
"""

import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spoilerguard.errors import CorpusError, closest, did_you_mean, plain_name
from spoilerguard.labels import LABEL_EXAMPLES, parse_label

__all__ = [
    "COLUMNS",
    "OPTIONAL",
    "TEXT",
    "Origin",
    "as_name",
    "is_missing",
    "own_names",
    "parse_columns",
    "require_once",
    "select_columns",
]

COLUMNS = ("sentence", "spoiler", "review_id", "position", "work", "source", "weight")
_NEEDED = {  # and what others call them
    "sentence": ("text", "sentences", "body", "content", "comment", "review", "review_text", "utterance"),
    "spoiler": ("label", "labels", "class", "target", "y", "tag", "is_spoiler", "has_spoiler", "annotation"),
}
OPTIONAL = ("major", "split")  # kept, as last columns, where the table has them

# Python storage on purpose: Arrow refuses lone surrogates, which scraped JSON does contain.
TEXT = pd.StringDtype("python")

# What a number must be. From 2**53 on, floats no longer hold every whole number.
_NUMBERS: dict[str, tuple[Callable[[float], bool], str]] = {
    "position": (lambda n: n.is_integer() and 0 <= n < 2.0**53, "a whole number from 0 up that a table can count to"),
    "weight": (lambda n: 0 <= n < math.inf, "a finite number from 0 up"),
}
_SHOWN = 20  # names of columns in a message


@dataclass(frozen=True)
class Origin:
    """Where the rows of a table come from, for error messages.

    Attributes
    ----------
    name : str
        The file, or another name that the user will recognise.
    lines : ndarray of int64, shape (n_rows,), optional
        The line of the text file on which each row starts, from 1; None for tables without lines.
    unit : str
        What `lines` counts: "line" of a file, or "row" of a table of whole reviews.

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

    def __str__(self) -> str:
        return self.name or "the table"

    def at(self, row: int, column: str = "") -> str:
        """The place of a row, and of a column in it, in words."""
        place = f"row {row}" if self.lines is None else f"{self.unit} {self.lines[row]}"
        return f"{self}, {place}" + (f", column {column!r}" if column else "")


def select_columns(frame: pd.DataFrame, columns: Mapping[str, str] | None, origin: Origin) -> pd.DataFrame:
    """The columns that a corpus knows, under its names, then the user's own; `columns` maps ours to theirs."""
    known = (*COLUMNS, *OPTIONAL)
    theirs = dict(columns or {})
    for ours in theirs:
        if ours not in known:
            hint = f"the left side is one of {', '.join(known)}.{did_you_mean(ours, known)}"
            raise CorpusError(f"unknown column name {ours!r} in columns=: {hint}")
    for ours in (*_NEEDED, *theirs):
        if theirs.get(ours, ours) not in frame.columns:
            raise CorpusError(f"{origin}: {_missing_column(ours, theirs, list(frame.columns))}")
    present = {ours: theirs.get(ours, ours) for ours in known if theirs.get(ours, ours) in frame.columns}
    require_once(frame, present.values(), origin)
    unread: list[Any] = [name for name in frame.columns if name not in present.values()]
    for ours in known:
        close = _alike(ours, unread) if ours not in present else ""
        if close:
            remedy = f"did you mean {ours!r}? Then load_corpus(…, columns={{{ours!r}: {close!r}}}) reads it."
            warnings.warn(f"{origin}: column {close!r} is not read: {remedy}", stacklevel=2)
    own = {name: name for name in unread if isinstance(name, str) and name not in known and unread.count(name) == 1}
    return pd.DataFrame({ours: frame[name].reset_index(drop=True) for ours, name in (present | own).items()})


def _missing_column(ours: str, theirs: Mapping[str, str], names: list[Any]) -> str:
    """The message about a column that a table lacks."""
    name = theirs.get(ours, ours)
    plain = {plain_name(other): other for other in names}
    close = closest(name, names) or next((plain[word] for word in _NEEDED.get(ours, ()) if word in plain), "")
    if close:
        remedy = f"did you mean {close!r}? Then load_corpus(…, columns={{{ours!r}: {close!r}}}) reads it"
    elif ours in theirs:
        remedy = f"columns= maps {ours!r} to it"
    else:
        remedy = f"or name yours: load_corpus(…, columns={{{ours!r}: '…'}})"
    shown = [f"{column!r:.60}" for column in names[:_SHOWN]]
    has = ", ".join(shown + ["…"] * (len(names) > _SHOWN)) or "none"
    delimiter = next((mark for mark in ";\t|," if any(mark in str(column) for column in names)), "")
    hint = f"; are its cells separated by {delimiter!r}?" if delimiter else ""
    return f"missing column {name!r} ({remedy}); the table has {has}{hint}"


def _alike(name: str, names: Iterable[Any]) -> Any:  # noqa: ANN401
    """The name that is a misspelling of another one, such as "Review ID" or "wrok"; an empty string if none is."""
    swapped = [other for other in names if sorted(plain_name(other)) == sorted(name)]
    return swapped[0] if swapped else closest(name, names, 0.85)


def require_once(frame: pd.DataFrame, names: Iterable[str], origin: Origin) -> None:
    """Refuse a table that has two columns of one of these names: either could be meant."""
    for name in names:
        if list(frame.columns).count(name) > 1:
            raise CorpusError(f"{origin}: duplicated column {name!r}; rename or drop one of them")


def parse_columns(frame: pd.DataFrame, origin: Origin) -> pd.DataFrame:
    """Every column in its type and every column present, or a `CorpusError`; rows keep their order."""
    if frame.empty:
        raise CorpusError(f"{origin}: empty table; it needs at least one row below the header")
    absent = pd.Series([None] * len(frame), dtype=object)
    weights = _numbers("weight", frame.get("weight", absent), origin)
    parsed: dict[str, Any] = {
        "sentence": _sentences(frame["sentence"], origin),
        "spoiler": _labels(frame["spoiler"], origin),
        "review_id": _names(frame.get("review_id", absent)),
        "position": pd.Series(_numbers("position", frame.get("position", absent), origin)).astype("Int64"),
        "work": _names(frame.get("work", absent)),
        "source": _names(frame.get("source", absent)),
        "weight": np.where(np.isnan(weights), 1.0, weights),
    }
    if "major" in frame:
        parsed["major"] = _majors(frame["major"], parsed["spoiler"], origin)
    names = [name for name in ("split", *own_names(frame)) if name in frame]
    return pd.DataFrame(parsed | {name: _names(frame[name]) for name in names})


def own_names(frame: pd.DataFrame) -> list[str]:
    """The columns that are not ours."""
    return [name for name in frame.columns if name not in {*COLUMNS, *OPTIONAL}]


def is_missing(value: object) -> bool:
    """None, NaN or NA, and nothing else (a list is a wrong type, not a missing value)."""
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def as_name(value: object) -> str | None:
    """An id or a title as text; None where it is missing or blank.

    A whole number loses the .0 that a gap in its column gave it. Half a character (a lone surrogate) becomes a question
    mark: names go into model files and groupings, which cannot hold it.

    Examples
    --------
    >>> as_name(7.0), as_name(" Dune "), as_name(None)
    ('7', 'Dune', None)
    """
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    if is_missing(value):
        return None
    return str(whole).encode("utf-8", "replace").decode().strip() or None


def _is_blank(value: object) -> bool:
    return is_missing(value) or (isinstance(value, str) and not value.strip())


def _sentences(column: "pd.Series[Any]", origin: Origin) -> "pd.Series[Any]":
    values = column.to_list()
    for row, value in enumerate(values):
        if _is_blank(value):
            raise CorpusError(f"{origin.at(row, 'sentence')}: empty sentence; drop the row or fill it in")
        if not isinstance(value, str):
            kind = type(value).__name__
            raise CorpusError(f"{origin.at(row, 'sentence')}: not text but {kind}; name the right column in columns=")
    return pd.Series(values, dtype=TEXT)


def _labels(column: "pd.Series[Any]", origin: Origin, name: str = "spoiler") -> NDArray[np.int8]:
    labels = np.empty(len(column), dtype=np.int8)
    for row, value in enumerate(column.to_list()):
        label = parse_label(value)
        if label is None:
            fault = (
                "missing label; drop the row or label it 0 (safe) or 1 (spoiler)"
                if _is_blank(value)
                else f"unknown label {value!r}; write {LABEL_EXAMPLES}"
            )
            raise CorpusError(f"{origin.at(row, name)}: {fault}")
        labels[row] = label
    return labels


def _majors(column: "pd.Series[Any]", spoiler: NDArray[np.int8], origin: Origin) -> "pd.Series[Any]":
    """Whether each sentence is a major spoiler, missing where nobody has said; what is labelled safe is none."""
    known = np.array([not _is_blank(value) for value in column.to_list()], dtype=np.bool_)
    major = _labels(column.astype(object).where(known, 0), origin, "major")
    return pd.Series(pd.arrays.IntegerArray(major * spoiler, ~known))


def _names(column: "pd.Series[Any]") -> "pd.Series[Any]":
    return pd.Series([as_name(value) for value in column.to_list()], dtype=TEXT)


def _numbers(name: str, column: "pd.Series[Any]", origin: Origin) -> NDArray[np.float64]:
    """A column of numbers as floats, NaN where a value is missing."""
    fits, rule = _NUMBERS[name]
    numbers = np.full(len(column), np.nan)
    for row, value in enumerate(column.to_list()):
        if _is_blank(value):
            continue
        try:
            number = numbers[row] = float(value)
        except (TypeError, ValueError, OverflowError):
            remedy = "; write a decimal point" if "," in str(value) else ""
            raise CorpusError(f"{origin.at(row, name)}: {name} {value!r} is not a number{remedy}") from None
        if not (fits(number) or math.isnan(number)):
            raise CorpusError(f"{origin.at(row, name)}: {name} {number:g} is not {rule}")
    return numbers
