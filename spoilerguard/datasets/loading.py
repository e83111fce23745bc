"""Every way in which a labelled table comes, read into one `Corpus`.

Text files are read cell by cell and never guessed at: an id ``007`` stays ``007`` and the sentence "NA"
stays a sentence; the schema decides what a cell means, and every fault can name its line.
"""

import csv
import gzip
import io
import os
import zlib
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..corpus import Corpus
from ..errors import CorpusError, MissingExtraError
from ..schema import Origin
from .lines import numbered_lines, open_binary
from .ucsd import load_object, read_goodreads
from .whole_reviews import is_whole_reviews, to_sentences

__all__ = ["ENDINGS", "load_corpus"]

ENDINGS = (".csv", ".tsv", ".jsonl", ".json", ".parquet")


def load_corpus(
    path: str | os.PathLike[str] | pd.DataFrame | Corpus, *, columns: Mapping[str, str] | None = None
) -> Corpus:
    """Read a labelled table.

    Parameters
    ----------
    path : path, DataFrame or Corpus
        A file that ends in .csv, .tsv, .jsonl (or .json: one object a line) or .parquet, each also .gz;
        a table in memory; or a corpus, which is returned as it is. A table has one sentence a row
        (``sentence``, ``spoiler``, and where known ``review_id``, ``position``, ``work``, ``source``,
        ``weight``, ``split``), or one whole review a row (``text``, ``spans``, ``labels``), or is the
        UCSD Goodreads file.
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
        return _corpus(path, Origin(), columns, "")
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"load_corpus takes a path, a DataFrame or a Corpus, not {type(path).__name__}")
    file = Path(path)
    frame, origin = _read(file)
    return _corpus(frame, origin, columns, file.name)


def _corpus(frame: pd.DataFrame, origin: Origin, columns: Mapping[str, str] | None, name: str) -> Corpus:
    if is_whole_reviews(list(frame.columns), columns):
        frame, origin = to_sentences(frame, origin, columns)
        columns = None
    return Corpus.from_origin(frame, origin, columns=columns, name=name)


def _read(path: Path) -> tuple[pd.DataFrame, Origin]:
    """A file as a table of raw cells, by its ending."""
    if not path.exists():
        raise CorpusError(f"{path}: no such file; check the path")
    if path.is_dir():
        raise CorpusError(f"{path}: is a folder, not a table; name a file in it")
    ending = (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()
    if ending in (".csv", ".tsv"):
        return _read_delimited(path, "," if ending == ".csv" else "\t")
    if ending in (".jsonl", ".json"):
        return _read_json_lines(path)
    if ending == ".parquet":
        return _read_parquet(path), Origin(str(path))
    raise CorpusError(f"{path}: unknown file ending {ending!r}; known are {', '.join(ENDINGS)}, each also with .gz")


def _read_delimited(path: Path, delimiter: str) -> tuple[pd.DataFrame, Origin]:
    rows = _records(path, delimiter)
    _, header = next(rows, (1, []))
    if not header:
        raise CorpusError(f"{path}: empty table; the first line must name the columns")
    cells: list[list[str]] = []
    lines: list[int] = []
    for line, row in rows:
        if len(row) != len(header):
            raise CorpusError(
                f"{path}, line {line}: ragged row: {len(row)} cells under {len(header)} columns; "
                "put quotes around sentences that hold the delimiter"
            )
        cells.append(row)
        lines.append(line)
    names = [name.strip() for name in header]
    return pd.DataFrame(cells, columns=names, dtype=object), Origin(str(path), np.asarray(lines, dtype=np.int64))


def _records(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line on which each starts; a quoted cell may run over several lines."""
    reader = csv.reader((line for _, line in numbered_lines(path)), delimiter=delimiter, strict=True)
    start = 1
    try:
        for row in reader:
            if row:
                yield start, row
            start = reader.line_num + 1
    except csv.Error as error:
        remedy = "close its quotes, and double each quote inside a quoted cell"
        raise CorpusError(f"{path}, line {start}: broken quoting or cell: {error}; {remedy}") from error


def _read_json_lines(path: Path) -> tuple[pd.DataFrame, Origin]:
    """Objects as rows; a key that a row lacks is a missing cell. The first row tells the UCSD file."""
    records: list[dict[str, Any]] = []
    lines: list[int] = []
    numbered = ((number, line) for number, line in numbered_lines(path) if line.strip())
    first = next(numbered, None)
    if first is None:
        raise CorpusError(f"{path}: empty table; it needs at least one object, one a line")
    for number, line in chain([first], numbered):
        record = load_object(line, f"{path}, line {number}")
        if not records and "review_sentences" in record:
            return read_goodreads(path)
        records.append(record)
        lines.append(number)
    return _frame(records), Origin(str(path), np.asarray(lines, dtype=np.int64))


def _frame(records: list[dict[str, Any]]) -> pd.DataFrame:
    names = dict.fromkeys(name for record in records for name in record)
    return pd.DataFrame({name: pd.Series([row.get(name) for row in records], dtype=object) for name in names})


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        with open_binary(path) as stream:
            return pd.read_parquet(io.BytesIO(stream.read()))
    except ImportError as error:
        raise MissingExtraError("reading parquet needs pyarrow: pip install pyarrow") from error
    except gzip.BadGzipFile as error:
        raise CorpusError(f"{path}: named .gz but not gzip ({error}); rename it or pack it again") from error
    except (EOFError, zlib.error, OSError, ValueError) as error:  # pyarrow's errors are ValueErrors or OSErrors
        raise CorpusError(f"{path}: broken parquet: {error}; write it again") from error
