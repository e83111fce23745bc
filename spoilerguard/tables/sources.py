"""Where the rows of a table come from: files, folders and tables in memory, read in pieces from any row on."""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from spoilerguard.tables.frames import frame_texts
from spoilerguard.tables.texts import check_columns

__all__ = ["CHARACTERS_AT_ONCE", "ROWS_AT_ONCE", "Piece", "Source", "frame_source", "pieces"]

ROWS_AT_ONCE = 2048  # some ten seconds of work: what is lost where a run is killed …
CHARACTERS_AT_ONCE = 1 << 22  # … and fewer rows where texts are long


@dataclass(frozen=True, slots=True)
class Source:
    """One table to read.

    Attributes
    ----------
    name : str
        The file, or "the table".
    size : int
        Bytes of the file, or a checksum of the texts: enough to see that an interrupted run was about another table.
    n_rows : int
    types : mapping
        For each column that is kept, the type that it has in Parquet: one of pyarrow, or a word of `type_of_cells`.
    read : callable
        Row → pandas tables of some rows each, from that row on, with the column of texts and those that are kept.
    """

    name: str
    size: int
    n_rows: int
    types: Mapping[str, Any]
    read: Callable[[int], Iterator[pd.DataFrame]]


class Piece(NamedTuple):
    """Some rows of a source, from the row `first` on."""

    source: str
    first: int
    frame: pd.DataFrame
    texts: list[str | None]


def pieces(sources: Sequence[Source], text: str, skip: int = 0) -> Iterator[Piece]:
    """The rows of all sources, one after the other, without the first `skip`."""
    for source in sources:
        row = min(skip, source.n_rows)
        skip -= row
        if row == source.n_rows:
            continue
        for frame in source.read(row):
            yield Piece(source.name, row, frame, frame_texts(frame, text, source.name, row))
            row += len(frame)


def frame_source(frame: pd.DataFrame, text: str, keep: Sequence[str], new: Sequence[str]) -> Source:
    """A pandas table as a source."""
    check_columns(list(frame.columns), text, keep, new)
    checksum = 0
    for value in frame_texts(frame, text):
        checksum = zlib.crc32((value or "").encode("utf-8", "surrogatepass") + b"\n", checksum)

    def read(row: int) -> Iterator[pd.DataFrame]:
        return (frame.iloc[start : start + ROWS_AT_ONCE] for start in range(row, len(frame), ROWS_AT_ONCE))

    return Source("the table", checksum, len(frame), {name: _type_in_parquet(frame[name]) for name in keep}, read)


def _type_in_parquet(column: "pd.Series[Any]") -> Any:  # noqa: ANN401
    """What pyarrow makes of a column; "json" where it holds values of several types, or there is no pyarrow."""
    try:
        import pyarrow as pa

        return pa.array(column, from_pandas=True).type
    except (ImportError, ValueError, TypeError):
        return "json"
