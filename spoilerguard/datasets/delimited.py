"""Tables of delimited text: the delimiter is that of the file's ending, unless the header shows another one.

The csv module has one limit on the length of a cell for the whole process, 131,072 characters. Reviews may be longer,
and no library should change a limit of everybody's, so this module reads with a copy of its own.
"""

import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from spoilerguard.corpus.schema import Origin
from spoilerguard.datasets.cells import CellTable
from spoilerguard.datasets.text_lines import LONGEST, read_lines
from spoilerguard.errors import CorpusError

__all__ = ["delimited_rows", "read_delimited"]

_DELIMITERS = (",", "\t", ";", "|")

_NAMED = re.compile(r"\"?sep=(.)\"?\s*", re.IGNORECASE)  # the first line of what Excel writes for itself
_QUOTED = re.compile(r'"[^"]*"')


def read_delimited(path: Path, n_rows: int | None, delimiter: str) -> Iterator[tuple[pd.DataFrame, Origin]]:
    """Rows of cells under a header; a quoted cell may run over several lines, and a row starts on the first of them.

    Parameters
    ----------
    path : Path
        Text, ``.gz`` or not.
    n_rows : int or None
        Rows of each table that is yielded; None means one table.
    delimiter : str
        What stands between two cells, as far as the name of the file shows.

    Yields
    ------
    DataFrame and Origin
        All cells as text.

    Raises
    ------
    CorpusError
        Where a row has more or fewer cells than the header, a quoted cell does not end, or there is no header.
    """
    rows = delimited_rows(path, delimiter)
    table = CellTable(path, next(rows)[1])
    for line, cells in rows:
        table.add(line, cells)
        if len(table) == n_rows:
            yield table.take()
    if n_rows is None or len(table):
        yield table.take()


def delimited_rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The header, then each row, with the lines that they start on; one row in memory at a time.

    Raises
    ------
    CorpusError
        As `read_delimited` does.
    """
    found, lines, start = _delimiter(read_lines(path), delimiter)
    csv = _csv()
    reader = csv.reader(lines, delimiter=found, strict=True)
    names: list[str] = []
    skipped = start - 1
    try:
        for row in reader:
            if names and row and len(row) != len(names):
                other = next((mark for mark in _DELIMITERS if mark != found and mark in "".join(names)), "")
                remedy = f"are its cells separated by {other!r}? Else " if other else ""
                raise CorpusError(
                    f"{path}, line {start}: ragged row: {len(row)} cells under {len(names)} columns; "
                    f"{remedy}put quotes around sentences that hold the delimiter"
                )
            if row:
                yield start, row if names else [name.strip() for name in row]
                names = names or row
            start = reader.line_num + skipped + 1
    except csv.Error as error:
        remedy = "close its quotes, and double each quote inside a quoted cell"
        raise CorpusError(f"{path}, line {start}: broken quoting or cell: {error}; {remedy}") from error
    if not names:
        raise CorpusError(f"{path}: empty table; the first line must name the columns")


def _delimiter(numbered: Iterator[tuple[int, str]], usual: str) -> tuple[str, Iterator[str], int]:
    """The delimiter of a file, its lines from the header on, and the number of the first of them.

    Another delimiter than the usual one is taken where the header has one column by the usual one and several by
    exactly one other. A header of names cannot mean both.
    """
    lines = (line for _, line in numbered)
    header = next(lines, "")
    named = _NAMED.fullmatch(header)
    if named:
        return named[1], lines, 2
    bare = _QUOTED.sub("", header)
    others = [delimiter for delimiter in _DELIMITERS if delimiter != usual and delimiter in bare]
    found = others[0] if usual not in bare and len(others) == 1 else usual
    return found, chain([header], lines), 1


@cache
def _csv() -> Any:  # noqa: ANN401 - a module
    """A copy of the csv module's reader, with a limit of its own on the length of a cell."""
    spec = importlib.util.find_spec("_csv")
    if spec is None or spec.loader is None:
        raise ImportError("this Python lacks the module _csv")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.field_size_limit(LONGEST)
    return module
