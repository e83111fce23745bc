"""Results → files: each format writes a part by itself, and joins parts to one file without reading them as tables."""

import csv
import gzip
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

import pandas as pd

from spoilerguard.corpus.schema import is_missing
from spoilerguard.datasets.parquet import import_pyarrow
from spoilerguard.spreadsheets import without_formula

__all__ = ["Format", "Types", "find_format"]

Types = Mapping[str, Any]  # of the columns of the result: types of pyarrow, or words as in `type_of_cells`


class Format(NamedTuple):
    """How a kind of file is written. Both functions end with a whole file."""

    write_part: Callable[[pd.DataFrame, Path, Types], None]
    join: Callable[[Sequence[Path], Path, Types], None]


def find_format(path: Path) -> Format:
    """The format of a file by its ending.

    Raises
    ------
    ValueError
        With the endings that there are.
    """
    name = path.name.lower()
    for ending, found in _FORMATS.items():
        if name.endswith(ending):
            return found
    raise ValueError(f"output must end in {', '.join(_FORMATS)}, got {path.name!r}.")


def _cells(frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """The rows, None where a cell is missing."""
    columns = ([None if is_missing(value) else value for value in frame[name].astype(object)] for name in frame)
    return zip(*columns, strict=True)


def _open(path: Path) -> IO[str]:
    """A text file, packed where its name says so. What UTF-8 cannot hold becomes a question mark."""
    if path.name.lower().endswith(".gz"):
        return gzip.open(path, "wt", encoding="utf-8", errors="replace", newline="")
    return path.open("w", encoding="utf-8", errors="replace", newline="")


class _LineFeeds:
    """The csv module quotes a lone CR only where its own rows end in CR LF; what is written ends in LF."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, row: str) -> None:
        self._stream.write(row.removesuffix("\r\n") + "\n")


def _writer(stream: IO[str], delimiter: str) -> Any:  # noqa: ANN401 - the csv module's type has no name
    return csv.writer(_LineFeeds(stream), delimiter=delimiter, lineterminator="\r\n")


def _write_delimited(frame: pd.DataFrame, path: Path, types: Types, *, delimiter: str) -> None:
    """Rows without a header. Truth is written as in JSON; what a spreadsheet would run begins with an apostrophe."""
    del types
    with _open(path) as stream:
        _writer(stream, delimiter).writerows(
            [str(cell).lower() if isinstance(cell, bool) else without_formula(_flat(cell)) for cell in row]
            for row in _cells(frame)
        )


def _flat(cell: object) -> object:
    return json.dumps(cell, default=str) if isinstance(cell, (list, dict)) else cell


def _write_jsonl(frame: pd.DataFrame, path: Path, types: Types) -> None:
    names = list(types)
    with _open(path) as stream:
        for row in _cells(frame):
            stream.write(json.dumps(dict(zip(names, row, strict=True)), default=str) + "\n")


def _join_text(parts: Sequence[Path], output: Path, types: Types, *, delimiter: str = "") -> None:
    """Packed files may follow each other: together they are one."""
    with _open(output) as stream:
        if delimiter:
            _writer(stream, delimiter).writerow(map(without_formula, types))
    with output.open("ab") as joined:
        for part in parts:
            with part.open("rb") as stream_of_part:
                shutil.copyfileobj(stream_of_part, joined)


def _write_parquet(frame: pd.DataFrame, path: Path, types: Types) -> None:
    pa = import_pyarrow()
    schema = _schema(types)
    arrays = [_array(frame[name], kind, field.type) for (name, kind), field in zip(types.items(), schema, strict=True)]
    pa.parquet.write_table(pa.Table.from_arrays(arrays, schema=schema), path, compression="zstd")


def _join_parquet(parts: Sequence[Path], output: Path, types: Types) -> None:
    """Some types of Arrow come back from Parquet as others, so the schema is that of a part."""
    pa = import_pyarrow()
    schema = pa.parquet.read_schema(parts[0]) if parts else _schema(types)
    with pa.parquet.ParquetWriter(output, schema, compression="zstd") as writer:
        for part in parts:
            writer.write_table(pa.parquet.read_table(part, partitioning=None))


def _schema(types: Types) -> Any:  # noqa: ANN401
    pa = import_pyarrow()
    named = {"text": pa.string(), "json": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
    return pa.schema([(name, named[kind] if isinstance(kind, str) else kind) for name, kind in types.items()])


def _array(column: "pd.Series[Any]", kind: object, arrow_type: object) -> Any:  # noqa: ANN401
    pa = import_pyarrow()
    if kind == "json":
        column = column.map(_as_text)
    try:
        return pa.array(column, type=arrow_type, from_pandas=True)
    except UnicodeEncodeError:  # lone surrogates
        cells = (cell.encode("utf-8", "replace").decode() if isinstance(cell, str) else None for cell in column)
        return pa.array(cells, type=arrow_type)


def _as_text(cell: object) -> object:
    return cell if isinstance(cell, str) or is_missing(cell) else json.dumps(cell, default=str)


def _text_formats() -> Iterator[tuple[str, Format]]:
    for packed in ("", ".gz"):
        for ending, delimiter in ((".csv", ","), (".tsv", "\t")):
            yield (
                ending + packed,
                Format(partial(_write_delimited, delimiter=delimiter), partial(_join_text, delimiter=delimiter)),
            )
        yield f".jsonl{packed}", Format(_write_jsonl, _join_text)


_FORMATS = dict(_text_formats()) | {".parquet": Format(_write_parquet, _join_parquet)}
