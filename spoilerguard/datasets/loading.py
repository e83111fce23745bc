"""`load_corpus`: reads a labelled table of any known form into one `Corpus`.

Text files are read cell by cell, and no type is guessed: an id ``007`` stays ``007`` and the sentence "NA" stays a
sentence. `spoilerguard.corpus.schema` decides what a cell means.
"""

import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from spoilerguard.corpus import Corpus
from spoilerguard.corpus.schema import Origin
from spoilerguard.datasets.cells import CellTable
from spoilerguard.datasets.delimited import read_delimited
from spoilerguard.datasets.parquet import read_parquet
from spoilerguard.datasets.text_lines import read_json_lines
from spoilerguard.datasets.ucsd import read_goodreads
from spoilerguard.datasets.whole_reviews import is_whole_reviews, refuse_incomplete, to_sentences
from spoilerguard.errors import CorpusError, MissingExtraError, did_you_mean

__all__ = ["AnyTable", "ForeignTable", "load_corpus", "read_pieces", "read_table"]


class ForeignTable(Protocol):
    """A table of another library, such as polars or pyarrow."""

    def to_pandas(self) -> pd.DataFrame:
        """The same table for pandas."""


AnyTable = str | os.PathLike[str] | pd.DataFrame | Corpus | ForeignTable


def load_corpus(path: AnyTable, *, columns: Mapping[str, str] | None = None) -> Corpus:
    """Read a labelled table.

    Parameters
    ----------
    path : path, DataFrame or Corpus
        A file that ends in .csv, .tsv, .jsonl (or .json: one object a line) or .parquet, each also .gz; a table in
        memory, of pandas, polars, pyarrow or another library; or a corpus, which is returned as it is. A table has one
        sentence a row (``sentence``, ``spoiler``, and where known ``review_id``, ``position``, ``work``, ``source``,
        ``weight``, ``split``), or one whole review a row (``text``, ``spans``, ``labels``), or is the UCSD Goodreads
        file. Columns of your own, such as annotator or date, are kept as text.
    columns : mapping, optional
        Our column names to yours: ``{"sentence": "body", "spoiler": "is_spoiler"}``.

    Returns
    -------
    Corpus

    Raises
    ------
    CorpusError
        At the first fault, naming file, row and column, cause and remedy.
    TypeError
        If the argument is no table.

    Examples
    --------
    >>> load_corpus(
    ...     pd.DataFrame({"body": ["She did it.", "Great cast."], "tag": ["spoiler", "safe"]}),
    ...     columns={"sentence": "body", "spoiler": "tag"},
    ... )
    Corpus(2 sentences, 50.0 % spoilers, 2 groups)
    """
    if columns is not None and not isinstance(columns, Mapping):
        raise TypeError(f"columns must map our names to yours, {{'sentence': 'body'}}, not {type(columns).__name__}")
    if isinstance(path, Corpus):
        if columns:
            raise TypeError("columns= renames the columns of a table, and a Corpus is read already")
        return path
    frame, origin = read_table(path)
    name = Path(path).name if isinstance(path, (str, os.PathLike)) else ""
    if is_whole_reviews(list(frame.columns), columns):
        frame, origin = to_sentences(frame, origin, columns)
        columns = None
    else:
        refuse_incomplete(list(frame.columns), origin, columns)
    return Corpus.from_frame(frame, columns=columns, name=name, origin=origin)


def read_table(table: str | os.PathLike[str] | pd.DataFrame | ForeignTable) -> tuple[pd.DataFrame, Origin]:
    """A file or a table in memory as a table of raw cells; files are read by the reader of their ending."""
    if isinstance(table, pd.DataFrame):
        return table, Origin()
    if not isinstance(table, (str, os.PathLike)):
        return _to_pandas(table), Origin()
    [found] = read_pieces(table, None)
    return found


def read_pieces(path: str | os.PathLike[str], n_rows: int | None) -> Iterator[tuple[pd.DataFrame, Origin]]:
    """The raw cells of a file in tables of about `n_rows` rows, one in memory at a time; None means one table."""
    file = Path(os.fsdecode(path))
    try:
        exists, is_folder = file.exists(), file.is_dir()
    except (OSError, ValueError):  # too long for a name, or with a NUL
        exists, is_folder = False, False
    if not exists:
        shown = str(file) if len(str(file)) <= _SHOWN else f"{str(file)[:_SHOWN]}…"
        raise CorpusError(f"{shown}: no such file; check the path{_remedy(str(path))}")
    if is_folder:
        raise CorpusError(f"{file}: is a folder, not a table; name a file in it")
    ending = (file.with_suffix("") if file.suffix.lower() == ".gz" else file).suffix.lower()
    if ending not in _READERS:
        known = f"known are {', '.join(_READERS)}, each also with .gz"
        raise CorpusError(f"{file}: unknown file ending {ending!r}; {known}.{did_you_mean(ending, _READERS)}")
    return _READERS[ending](file, n_rows)


def _remedy(name: str) -> str:
    """What may have been meant by the name of a file that is not there."""
    if name.startswith("~"):
        return "; “~” is not expanded: pass Path(…).expanduser()"
    if "://" in name:
        return "; addresses are not opened: download the file first"
    return "; pass a table in memory as a DataFrame, not as text" if "\n" in name else ""


def _to_pandas(table: Any) -> pd.DataFrame:  # noqa: ANN401
    """A table of another library, its cells as plain objects; by narwhals where it is installed, else by itself."""
    try:
        narwhals = importlib.import_module("narwhals")
    except ImportError:
        narwhals = None
    if narwhals is not None:
        known = narwhals.from_native(table, pass_through=True)
        known = known.collect() if isinstance(known, narwhals.LazyFrame) else known
        if isinstance(known, narwhals.DataFrame):
            cells = known.to_dict(as_series=False)
            return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in cells.items()})
    kind = type(table).__name__
    try:
        frame = table.to_pandas()
    except ImportError as error:
        raise MissingExtraError(f"reading a {kind} of {type(table).__module__} needs pyarrow: {error}") from error
    except AttributeError:
        frame = None
    if not isinstance(frame, pd.DataFrame):
        hint = ": make it a table with pd.DataFrame" if isinstance(table, (dict, list, tuple, pd.Series)) else ""
        raise TypeError(f"expected a path, a DataFrame or a Corpus, got {kind}{hint}")
    return frame


def _read_json_lines(path: Path, n_rows: int | None) -> Iterator[tuple[pd.DataFrame, Origin]]:
    """Objects as rows; a key that a row lacks is a missing cell. The first row shows whether it is the UCSD file."""
    table = CellTable(path)
    records = read_json_lines(path)
    first = next(records, None)
    if first is None and n_rows is None:
        raise CorpusError(f"{path}: empty table; it needs at least one object, one a line")
    if first is not None and "review_sentences" in first[1]:
        yield from read_goodreads(path, n_rows)
        return
    for line, record in chain([first] if first else [], records):
        table.add_record(line, record)
        if len(table) == n_rows:
            yield table.take()
    if n_rows is None or len(table):
        yield table.take()


_SHOWN = 200  # characters of a path that is none

_READERS: dict[str, Callable[[Path, int | None], Iterator[tuple[pd.DataFrame, Origin]]]] = {
    ".csv": partial(read_delimited, delimiter=","),
    ".tsv": partial(read_delimited, delimiter="\t"),
    ".tab": partial(read_delimited, delimiter="\t"),
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".json": _read_json_lines,
    ".parquet": read_parquet,
}
