"""Parquet, and any table of Arrow, as sources: read some rows at a time, the columns that are needed only."""

import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spoilerguard.datasets.parquet import import_pyarrow, open_parquet
from spoilerguard.errors import CorpusError
from spoilerguard.tables.sources import CHARACTERS_AT_ONCE, ROWS_AT_ONCE, Source
from spoilerguard.tables.texts import check_columns, check_texts

__all__ = ["arrow_source", "parquet_source"]


def parquet_source(path: Path, text: str, keep: Sequence[str], new: Sequence[str]) -> Source:
    """A Parquet file as a source."""
    with open_parquet(path) as file:
        types = _check_schema(file.schema_arrow, text, keep, new, str(path))
        groups = [file.metadata.row_group(group) for group in range(file.num_row_groups)]
        n_rows = file.metadata.num_rows
    bytes_a_row = max(1, sum(group.total_byte_size for group in groups) / max(n_rows, 1))
    size = max(1, min(ROWS_AT_ONCE, int(CHARACTERS_AT_ONCE / bytes_a_row)))
    read = partial(_read, path, list(dict.fromkeys([*keep, text])), size)
    return Source(str(path), path.stat().st_size, n_rows, types, read)


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


def _read(path: Path, columns: Sequence[str], size: int, row: int) -> Iterator[pd.DataFrame]:
    """Row groups before the row are not read at all."""
    with open_parquet(path) as file:
        ends = np.cumsum([file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)])
        group = int(np.searchsorted(ends, row, side="right"))
        skip = row - (int(ends[group - 1]) if group else 0)
        for batch in file.iter_batches(size, row_groups=range(group, len(ends)), columns=columns):
            if skip < len(batch):
                yield _to_pandas(batch.slice(skip))
            skip = max(0, skip - len(batch))


def _to_pandas(table: Any) -> pd.DataFrame:  # noqa: ANN401
    """Arrow's own types, so that whole numbers, dates and nested values come through as they are."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame
