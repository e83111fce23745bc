"""`load_corpus`: reads a labelled table of any known form into one `Corpus`.

Text files are read cell by cell, and no type is guessed: an id ``007`` stays ``007`` and the sentence "NA" stays a
sentence. `spoilerguard.corpus.schema` decides what a cell means.
"""

import csv
import gzip
import io
import os
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spoilerguard.corpus import Corpus
from spoilerguard.corpus.schema import Origin
from spoilerguard.datasets.text_lines import open_binary, read_json_lines, read_lines
from spoilerguard.datasets.ucsd import read_goodreads
from spoilerguard.datasets.whole_reviews import is_whole_reviews, to_sentences
from spoilerguard.errors import CorpusError, MissingExtraError

__all__ = ["load_corpus", "read_table"]


def load_corpus(
    path: str | os.PathLike[str] | pd.DataFrame | Corpus, *, columns: Mapping[str, str] | None = None
) -> Corpus:
    """Read a labelled table.

    Parameters
    ----------
    path : path, DataFrame or Corpus
        A file that ends in .csv, .tsv, .jsonl (or .json: one object a line) or .parquet, each also .gz; a table in
        memory; or a corpus, which is returned as it is. A table has one sentence a row (``sentence``, ``spoiler``, and
        where known ``review_id``, ``position``, ``work``, ``source``, ``weight``, ``split``), or one whole review a row
        (``text``, ``spans``, ``labels``), or is the UCSD Goodreads file.
    columns : mapping, optional
        Our column names to yours: ``{"sentence": "body", "spoiler": "is_spoiler"}``.

    Returns
    -------
    Corpus

    Raises
    ------
    CorpusError
        At the first fault, naming file, row and column, cause and remedy.

    Examples
    --------
    >>> load_corpus(
    ...     pd.DataFrame({"body": ["She did it.", "Great cast."], "tag": ["spoiler", "safe"]}),
    ...     columns={"sentence": "body", "spoiler": "tag"},
    ... )
    Corpus(2 sentences, 50.0 % spoilers, 2 groups)
    """
    if isinstance(path, Corpus):
        return path
    if isinstance(path, pd.DataFrame):
        frame, origin, name = path, Origin(), ""
    elif isinstance(path, (str, os.PathLike)):
        frame, origin = read_table(Path(path))
        name = Path(path).name
    else:
        raise TypeError(f"load_corpus takes a path, a DataFrame or a Corpus, not {type(path).__name__}")
    if is_whole_reviews(list(frame.columns), columns):
        frame, origin = to_sentences(frame, origin, columns)
        columns = None
    return Corpus.from_frame(frame, columns=columns, name=name, origin=origin)


def read_table(path: Path) -> tuple[pd.DataFrame, Origin]:
    """A file as a table of raw cells, read by the reader of its ending."""
    if not path.exists():
        raise CorpusError(f"{path}: no such file; check the path")
    if path.is_dir():
        raise CorpusError(f"{path}: is a folder, not a table; name a file in it")
    ending = (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()
    if ending not in _READERS:
        raise CorpusError(
            f"{path}: unknown file ending {ending!r}; known are {', '.join(_READERS)}, each also with .gz"
        )
    return _READERS[ending](path)


def _read_delimited(path: Path, delimiter: str) -> tuple[pd.DataFrame, Origin]:
    """Rows of cells under a header; a quoted cell may run over several lines, and a row starts on the first of them."""
    reader = csv.reader((line for _, line in read_lines(path)), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    start = 1
    try:
        for row in reader:
            if rows and row and len(row) != len(rows[0]):
                raise CorpusError(
                    f"{path}, line {start}: ragged row: {len(row)} cells under {len(rows[0])} columns; "
                    "put quotes around sentences that hold the delimiter"
                )
            if row:
                rows.append(row)
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        remedy = "close its quotes, and double each quote inside a quoted cell"
        raise CorpusError(f"{path}, line {start}: broken quoting or cell: {error}; {remedy}") from error
    if not rows:
        raise CorpusError(f"{path}: empty table; the first line must name the columns")
    names = [name.strip() for name in rows[0]]
    return pd.DataFrame(rows[1:], columns=names, dtype=object), Origin(str(path), np.asarray(lines[1:], dtype=np.int64))


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


_READERS: dict[str, Callable[[Path], tuple[pd.DataFrame, Origin]]] = {
    ".csv": partial(_read_delimited, delimiter=","),
    ".tsv": partial(_read_delimited, delimiter="\t"),
    ".jsonl": _read_json_lines,
    ".json": _read_json_lines,
    ".parquet": _read_parquet,
}
