"""Rows of cells → columns of a table, in little memory: text files are read by way of this."""

from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spoilerguard.corpus.schema import Origin

__all__ = ["CellTable"]


class CellTable:
    """Cells by column. An id or a title that a row shares with the row before it is one object.

    Parameters
    ----------
    path : Path
        The file, for error messages.
    names : iterable of str
        Of the columns, as far as they are known.

    Examples
    --------
    >>> table = CellTable(Path("x.jsonl"))
    >>> table.add_record(1, {"a": "one"})
    >>> table.add_record(2, {"a": "two", "b": 2})
    >>> table.take()[0].values.tolist(), len(table)
    ([['one', None], ['two', 2]], 0)
    """

    def __init__(self, path: Path, names: Iterable[str] = ()) -> None:
        self._path = path
        self._names = list(names)
        self._columns: list[list[Any]] = [[] for _ in self._names]
        self._place = {name: place for place, name in enumerate(self._names)}
        self._lines = array("q")

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, line: int, cells: Iterable[Any]) -> None:
        """Add the row that starts on this line; one cell for each column."""
        self._lines.append(line)
        for column, cell in zip(self._columns, cells, strict=True):
            column.append(column[-1] if column and type(cell) is str and column[-1] == cell else cell)

    def add_record(self, line: int, record: Mapping[str, Any]) -> None:
        """Add a row by the names of its columns; a name that it lacks is a missing cell."""
        for name in record:
            if name not in self._place:
                self._place[name] = len(self._names)
                self._names.append(name)
                self._columns.append([None] * len(self))
        self.add(line, map(record.get, self._names))

    def take(self) -> tuple[pd.DataFrame, Origin]:
        """The rows so far as a table, and where they stand; the columns stay, without a row."""
        # As objects: pandas would otherwise put text into Arrow, which refuses lone surrogates.
        frame = pd.DataFrame({place: pd.Series(cells, dtype=object) for place, cells in enumerate(self._columns)})
        frame.columns = pd.Index(self._names, dtype=object)
        origin = Origin(str(self._path), np.asarray(self._lines, dtype=np.int64))
        self._columns, self._lines = [[] for _ in self._names], array("q")
        return frame, origin
