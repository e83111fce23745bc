"""csv, tsv and jsonl as sources. They are read to the end once before the work begins.

So a broken line at the end is found at the start, and the progress bar knows where it ends. It costs less than a
hundredth of the time of classifying.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from spoilerguard.datasets.delimited import delimited_rows
from spoilerguard.datasets.text_lines import read_json_lines
from spoilerguard.tables.sources import CHARACTERS_AT_ONCE, ROWS_AT_ONCE, Source
from spoilerguard.tables.texts import check_columns, check_texts

__all__ = ["text_source", "type_of_cells"]

Check = Callable[[Sequence[str]], None]  # of the columns; it raises an error
Records = Iterator[tuple[int, Mapping[str, Any]]]


def text_source(path: Path, text: str, keep: Sequence[str], new: Sequence[str]) -> Source:
    """A text file as a source, checked to its end."""

    def check(columns: Sequence[str]) -> None:
        check_columns(columns, text, keep, new, str(path))

    records = partial(_READERS[path.name.lower().removesuffix(".gz").rpartition(".")[2]], path, check)
    kinds: dict[str, set[type]] = {name: set() for name in keep}
    n_rows = 0
    for line, record in records():
        check_texts([record.get(text)], text, f"{path}, line {line}", n_rows)
        n_rows += 1
        for name, found in kinds.items():
            found.add(_type(record.get(str(name))))
    types = {name: type_of_cells(found) for name, found in kinds.items()}
    wanted = list(dict.fromkeys([*map(str, keep), text]))
    return Source(str(path), path.stat().st_size, n_rows, types, partial(_read, records, wanted, text))


def _type(cell: object) -> type:
    """The type of a cell; a whole number that Parquet cannot hold is of none."""
    return object if isinstance(cell, int) and not -(2**63) <= cell < 2**63 else type(cell)


def type_of_cells(found: set[type]) -> str:
    """What a column of JSON values becomes in Parquet: "text", "int", "float" or "bool", or "json" where they differ.

    Examples
    --------
    >>> type_of_cells({int, type(None)}), type_of_cells({int, float}), type_of_cells({int, str})
    ('int', 'float', 'json')
    """
    found = found - {type(None)}
    if found == {int, float}:
        return "float"
    if not found:
        return "text"
    first, *others = found
    return "json" if others else _TYPES.get(first, "json")


def _read(records: Callable[[], Records], wanted: Sequence[str], text: str, first: int) -> Iterator[pd.DataFrame]:
    """Pieces of some rows, from the row `first` on."""
    piece: list[Mapping[str, Any]] = []
    characters = 0
    for _, record in islice(records(), first, None):
        piece.append(record)
        characters += len(record.get(text) or "")
        if len(piece) == ROWS_AT_ONCE or characters > CHARACTERS_AT_ONCE:
            yield _frame(piece, wanted)
            piece, characters = [], 0
    if piece:
        yield _frame(piece, wanted)


def _frame(piece: Sequence[Mapping[str, Any]], wanted: Sequence[str]) -> pd.DataFrame:
    """Cells as they are: pandas would otherwise put text into Arrow, which refuses lone surrogates."""
    return pd.DataFrame({name: pd.Series([record.get(name) for record in piece], dtype=object) for name in wanted})


def _delimited(path: Path, check: Check, delimiter: str) -> Records:
    rows = delimited_rows(path, delimiter)
    _, header = next(rows)
    check(header)
    return ((line, dict(zip(header, cells, strict=True))) for line, cells in rows)


def _json_lines(path: Path, check: Check) -> Records:
    columns: dict[str, None] = {}
    for line, record in read_json_lines(path):
        columns.update(dict.fromkeys(record))
        yield line, record
    if columns:  # a file without a row may have any column
        check(list(columns))


_TYPES = {str: "text", int: "int", float: "float", bool: "bool"}
_READERS: dict[str, Callable[..., Records]] = {
    "csv": partial(_delimited, delimiter=","),
    "tsv": partial(_delimited, delimiter="\t"),
    "tab": partial(_delimited, delimiter="\t"),
    "jsonl": _json_lines,
    "ndjson": _json_lines,
    "json": _json_lines,
}
