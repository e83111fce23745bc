"""Parquet, and any table of Arrow, as sources: read some rows at a time, the columns that are needed only."""

import shutil
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spoilerguard.datasets.text_lines import open_binary
from spoilerguard.errors import CorpusError, MissingExtraError
from spoilerguard.tables.sources import CHARACTERS_AT_ONCE, ROWS_AT_ONCE, Source
from spoilerguard.tables.texts import check_columns, check_texts

__all__ = ["arrow_source", "import_pyarrow", "parquet_source"]


def import_pyarrow() -> Any:  # noqa: ANN401 - a module
    """Pyarrow with its Parquet part, or an error with the remedy."""
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("Parquet needs pyarrow: pip install 'spoilerguard[tables]'") from error
    return pa


def parquet_source(path: Path, text: str, keep: Sequence[str], new: Sequence[str]) -> Source:
    """A Parquet file as a source. Of a packed one (``.gz``) an unpacked copy is read, which goes with the source."""
    pa = import_pyarrow()
    try:
        file = pa.parquet.ParquetFile(_unpacked(path) if path.suffix.lower() == ".gz" else path)
    except (EOFError, zlib.error, OSError, ValueError) as error:  # pyarrow's errors are ValueErrors or OSErrors
        raise CorpusError(f"{path}: broken Parquet: {error}; write it again") from error
    schema, metadata = file.schema_arrow, file.metadata
    types = _check_schema(schema, text, keep, new, str(path))
    columns = list(dict.fromkeys([*keep, text]))
    mean = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups)) / max(
        metadata.num_rows, 1
    )
    size = max(1, min(ROWS_AT_ONCE, int(CHARACTERS_AT_ONCE / max(mean, 1))))
    read = partial(_read, file, columns, size, str(path))
    return Source(str(path), path.stat().st_size, metadata.num_rows, types, read)


def arrow_source(table: Any, text: str, keep: Sequence[str], new: Sequence[str]) -> Source:  # noqa: ANN401
    """A table of pyarrow in memory as a source."""
    types = _check_schema(table.schema, text, keep, new, "the table")
    checksum = 0
    for value in check_texts(table.column(text).to_pylist(), text):
        checksum = zlib.crc32((value or "").encode() + b"\n", checksum)

    def read(row: int) -> Iterator[pd.DataFrame]:
        for start in range(row, len(table), ROWS_AT_ONCE):
            yield _to_pandas(table.slice(start, ROWS_AT_ONCE))

    return Source("the table", checksum, len(table), types, read)


def _check_schema(
    schema: Any,  # noqa: ANN401
    text: str,
    keep: Sequence[str],
    new: Sequence[str],
    place: str,
) -> dict[str, Any]:
    """The types of the columns that are kept."""
    pa = import_pyarrow()
    check_columns(schema.names, text, keep, new, place)
    kind = schema.field(text).type
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)
    if not is_text and str(kind) != "string_view":
        raise CorpusError(f"{place}: column {text!r} holds {kind}, not text; name the column of reviews")
    return {name: schema.field(name).type for name in keep}


def _unpacked(path: Path) -> Any:  # noqa: ANN401 - a file without a name
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the source
    with open_binary(path) as stream:
        shutil.copyfileobj(stream, copy)
    return copy


def _read(file: Any, columns: Sequence[str], size: int, place: str, row: int) -> Iterator[pd.DataFrame]:  # noqa: ANN401
    """Row groups before the row are not read at all."""
    ends = np.cumsum([file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)])
    group = int(np.searchsorted(ends, row, side="right"))
    skip = row - (int(ends[group - 1]) if group else 0)
    try:
        for batch in file.iter_batches(size, row_groups=range(group, len(ends)), columns=columns):
            if skip < len(batch):
                yield _to_pandas(batch.slice(skip))
            skip = max(0, skip - len(batch))
    except (OSError, ValueError) as error:
        raise CorpusError(f"{place}: broken Parquet: {error}; write it again") from error


def _to_pandas(table: Any) -> pd.DataFrame:  # noqa: ANN401
    """Arrow's own types, so that whole numbers, dates and nested values come through as they are."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame
