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

import numpy as np
import pandas as pd

from spoilerguard.corpus.schema import Origin
from spoilerguard.datasets.text_lines import LONGEST, read_lines
from spoilerguard.errors import CorpusError

__all__ = ["DELIMITERS", "read_delimited"]

DELIMITERS = (",", "\t", ";", "|")

_NAMED = re.compile(r"\"?sep=(.)\"?\s*", re.IGNORECASE)  # the first line of what Excel writes for itself
_QUOTED = re.compile(r'"[^"]*"')


def read_delimited(path: Path, delimiter: str) -> tuple[pd.DataFrame, Origin]:
    """Rows of cells under a header; a quoted cell may run over several lines, and a row starts on the first of them.

    Parameters
    ----------
    path : Path
        Text, ``.gz`` or not.
    delimiter : str
        What stands between two cells, as far as the name of the file shows.

    Returns
    -------
    DataFrame and Origin
        All cells as text.

    Raises
    ------
    CorpusError
        Where a row has more or fewer cells than the header, a quoted cell does not end, or there is no header.
    """
    found, lines, start = _delimiter(read_lines(path), delimiter)
    csv = _csv()
    reader = csv.reader(lines, delimiter=found, strict=True)
    rows: list[list[str]] = []
    begins: list[int] = []
    skipped = start - 1
    try:
        for row in reader:
            if rows and row and len(row) != len(rows[0]):
                other = next((mark for mark in DELIMITERS if mark != found and mark in "".join(rows[0])), "")
                remedy = f"are its cells separated by {other!r}? Else " if other else ""
                raise CorpusError(
                    f"{path}, line {start}: ragged row: {len(row)} cells under {len(rows[0])} columns; "
                    f"{remedy}put quotes around sentences that hold the delimiter"
                )
            if row:
                rows.append(row)
                begins.append(start)
            start = reader.line_num + skipped + 1
    except csv.Error as error:
        remedy = "close its quotes, and double each quote inside a quoted cell"
        raise CorpusError(f"{path}, line {start}: broken quoting or cell: {error}; {remedy}") from error
    if not rows:
        raise CorpusError(f"{path}: empty table; the first line must name the columns")
    names = [name.strip() for name in rows[0]]
    frame = pd.DataFrame(rows[1:], columns=names, dtype=object)
    return frame, Origin(str(path), np.asarray(begins[1:], dtype=np.int64))


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
    others = [delimiter for delimiter in DELIMITERS if delimiter != usual and delimiter in bare]
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
