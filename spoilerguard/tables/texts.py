"""The column of reviews of a table, and the columns that are kept: found by name, and checked."""

from collections.abc import Iterable, Sequence
from typing import Any

from spoilerguard.corpus.schema import is_missing
from spoilerguard.errors import CorpusError, did_you_mean

__all__ = ["check_columns", "check_texts", "kept_columns"]

_SHOWN = 20  # names of columns in a message


def kept_columns(keep: str | Iterable[str] | None) -> list[str]:
    """The argument ``keep=`` as a list of names."""
    if keep is None:
        return []
    if isinstance(keep, str):
        return [keep]
    if not isinstance(keep, Iterable):
        raise TypeError(f"keep must be the name of a column or several names, got {type(keep).__name__}.")
    return list(dict.fromkeys(keep))


def check_columns(
    columns: Sequence[str], text: str, keep: Sequence[str], new: Iterable[str], place: str = "the table"
) -> None:
    """Refuse a table that lacks a column or has it twice, and one of `keep` that bears the name of a result.

    `keep` has the column of works, too, where there is one.
    """
    for name in (text, *keep):
        count = list(columns).count(name)
        if count == 0:
            shown = ", ".join(map(str, columns[:_SHOWN])) or "none"
            raise CorpusError(f"{place}: no column {name!r}; it has {shown}.{did_you_mean(name, columns)}")
        if count > 1:
            raise CorpusError(f"{place}: duplicated column {name!r}; rename or drop one of them")
    clash = [name for name in keep if name in set(new)]
    if clash:
        raise CorpusError(f"{place}: the column {clash[0]!r} has the name of a result; rename it first")


def check_texts(values: Sequence[Any], column: object, place: str = "the table", first: int = 0) -> list[str | None]:
    """The texts, None where one is missing; an error at the first value that is something else."""
    texts: list[str | None] = []
    for row, value in enumerate(values):
        if isinstance(value, str):
            texts.append(value)
        elif is_missing(value):
            texts.append(None)
        else:
            raise CorpusError(
                f"{place}, row {first + row}: column {column!r} holds {type(value).__name__}, not text; "
                "name the column of reviews, or make it text"
            )
    return texts
