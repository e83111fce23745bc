"""`load_corpus`: reads a labelled table of any known form into one `Corpus`.

Text files are read cell by cell, and no type is guessed: an id ``007`` stays ``007`` and the sentence "NA" stays a
sentence. `spoilerguard.corpus.schema` decides what a cell means.
"""

import gzip
import importlib
import io
import os
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from spoilerguard.corpus import Corpus
from spoilerguard.corpus.schema import Origin, did_you_mean
from spoilerguard.datasets.delimited import read_delimited
from spoilerguard.datasets.text_lines import open_binary, read_json_lines
from spoilerguard.datasets.ucsd import read_goodreads
from spoilerguard.datasets.whole_reviews import is_whole_reviews, refuse_incomplete, to_sentences
from spoilerguard.errors import CorpusError, MissingExtraError

__all__ = ["AnyTable", "load_corpus", "read_table"]


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
    path = Path(os.fsdecode(table))
    try:
        exists, is_folder = path.exists(), path.is_dir()
    except (OSError, ValueError):  # too long for a name, or with a NUL
        exists, is_folder = False, False
    if not exists:
        shown = str(path) if len(str(path)) <= _SHOWN else f"{str(path)[:_SHOWN]}…"
        raise CorpusError(f"{shown}: no such file; check the path{_remedy(str(table))}")
    if is_folder:
        raise CorpusError(f"{path}: is a folder, not a table; name a file in it")
    ending = (path.with_suffix("") if path.suffix.lower() == ".gz" else path).suffix.lower()
    if ending not in _READERS:
        question = did_you_mean(ending, _READERS)
        hint = f"{question} " if question else ""
        raise CorpusError(
            f"{path}: unknown file ending {ending!r}; {hint}known are {', '.join(_READERS)}, each also with .gz"
        )
    return _READERS[ending](path)


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


def _read_json_lines(path: Path) -> tuple[pd.DataFrame, Origin]:
    """Objects as rows; a key that a row lacks is a missing cell. The first row shows whether it is the UCSD file."""
    records: list[dict[str, Any]] = []
    lines: list[int] = []
    for line, record in read_json_lines(path):
        if not records and "review_sentences" in record:
            return read_goodreads(path)
        records.append(record)
        lines.append(line)
    if not records:
        raise CorpusError(f"{path}: empty table; it needs at least one object, one a line")
    names = dict.fromkeys(name for record in records for name in record)
    # As objects: pandas would otherwise put text into Arrow, which refuses lone surrogates.
    frame = pd.DataFrame({name: pd.Series([row.get(name) for row in records], dtype=object) for name in names})
    return frame, Origin(str(path), np.asarray(lines, dtype=np.int64))


def _read_parquet(path: Path) -> tuple[pd.DataFrame, Origin]:
    try:
        with open_binary(path) as stream:
            return pd.read_parquet(io.BytesIO(stream.read())), Origin(str(path))
    except ImportError as error:
        raise MissingExtraError("reading parquet needs pyarrow: pip install pyarrow") from error
    except gzip.BadGzipFile as error:
        raise CorpusError(f"{path}: named .gz but not gzip ({error}); rename it or pack it again") from error
    except (EOFError, zlib.error, OSError, ValueError) as error:  # pyarrow's errors are ValueErrors or OSErrors
        raise CorpusError(f"{path}: broken parquet: {error}; write it again") from error


_SHOWN = 200  # characters of a path that is none

_READERS: dict[str, Callable[[Path], tuple[pd.DataFrame, Origin]]] = {
    ".csv": partial(read_delimited, delimiter=","),
    ".tsv": partial(read_delimited, delimiter="\t"),
    ".tab": partial(read_delimited, delimiter="\t"),
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".json": _read_json_lines,
    ".parquet": _read_parquet,
}
