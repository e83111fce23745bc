"""Parquet files, opened and read by some rows at a time."""

import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spoilerguard.corpus.schema import Origin
from spoilerguard.datasets.text_lines import open_binary
from spoilerguard.errors import CorpusError, MissingExtraError

__all__ = ["import_pyarrow", "open_parquet", "read_parquet"]


def import_pyarrow() -> Any:  # noqa: ANN401 - a module
    """Pyarrow with its Parquet part, or an error with the remedy."""
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("Parquet needs pyarrow: pip install 'spoilerguard[tables]'") from error
    return pa


@contextmanager
def open_parquet(path: Path) -> Iterator[Any]:
    """A ``ParquetFile``; one that is packed (``.gz``) is unpacked into a temporary file."""
    pa = import_pyarrow()
    try:
        with tempfile.TemporaryFile() as copy:
            if path.suffix.lower() == ".gz":
                with open_binary(path) as stream:
                    shutil.copyfileobj(stream, copy)
            with pa.parquet.ParquetFile(copy if path.suffix.lower() == ".gz" else path) as file:
                yield file
    except CorpusError:
        raise
    except (EOFError, zlib.error, OSError, ValueError) as error:  # pyarrow's errors are ValueErrors or OSErrors
        raise CorpusError(f"{path}: broken Parquet: {error}; write it again") from error


def read_parquet(path: Path, n_rows: int | None) -> Iterator[tuple[pd.DataFrame, Origin]]:
    """Tables of at most `n_rows` rows, or the whole file where that is None."""
    with open_parquet(path) as file:
        if n_rows is None:
            yield file.read().to_pandas(ignore_metadata=True), Origin(str(path))
            return
        first = 0
        for batch in file.iter_batches(n_rows):
            lines = np.arange(first, first + len(batch), dtype=np.int64)
            yield batch.to_pandas(ignore_metadata=True), Origin(str(path), lines, "row")
            first += len(batch)
