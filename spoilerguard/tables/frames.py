"""Tables in memory: pandas by itself, since its rows have an index, and any other kind through narwhals."""

import importlib
from collections.abc import Sequence
from typing import Any

import pandas as pd

from spoilerguard.errors import MissingExtraError
from spoilerguard.tables.columns import Results, kinds, results
from spoilerguard.tables.language import warn_of_foreign
from spoilerguard.tables.scoring import Job, score
from spoilerguard.tables.texts import check_columns, check_texts

__all__ = ["ROW", "attach", "classify_foreign", "classify_frame", "frame_texts", "to_arrow"]

ROW = "row"  # of the table that was read, from 0: the index of tables that have none

_ELSEWHERE = {"dask": "spoilerguard.dask.classify_table", "pyspark": "spoilerguard.spark.classify_table"}


def frame_texts(frame: pd.DataFrame, text: str, place: str = "the table", first: int = 0) -> list[str | None]:
    """The texts of a pandas table, whatever kind of column holds them."""
    return check_texts(frame[text].astype(object).tolist(), text, place, first)


def attach(frame: pd.DataFrame, keep: Sequence[str], found: Results) -> pd.DataFrame:
    """Results beside the columns that are kept, under the index of the rows that they come from."""
    kept = frame[list(keep)].take(found.rows)
    new = pd.DataFrame({name: column.to_pandas() for name, column in found.columns.items()}, index=kept.index)
    return pd.concat([kept, new], axis=1) if keep else new


def classify_frame(
    frame: pd.DataFrame,
    text: str,
    keep: Sequence[str],
    job: Job,
    n_jobs: int | None = 1,
    *,
    progress: bool = False,
) -> pd.DataFrame:
    """A pandas table → one row a sentence or a review."""
    check_columns(list(frame.columns), text, [*keep, *job.columns_of_works], kinds(job))
    texts = frame_texts(frame, text)
    scores = score(texts, job, n_jobs, stories=job.stories_of(frame), progress=progress)
    warn_of_foreign(scores.foreign)
    return attach(frame, keep, results(texts, scores, job))


def classify_foreign(
    table: object, text: str, keep: Sequence[str], job: Job, n_jobs: int | None = 1, *, progress: bool = False
) -> Any:  # noqa: ANN401 - as it came
    """A table of another library → one of the same library. Its rows have no index: they get a column `ROW`."""
    nw, known = _from_foreign(table)
    frame = known.collect() if isinstance(known, nw.LazyFrame) else known
    check_columns(frame.columns, text, [*keep, *job.columns_of_works], [ROW, *kinds(job)])
    texts = check_texts(frame[text].to_list(), text)
    scores = score(texts, job, n_jobs, stories=job.stories_of(frame), progress=progress)
    warn_of_foreign(scores.foreign)
    found = results(texts, scores, job)
    types = {"text": nw.String, "int": nw.Int64, "float": nw.Float64, "bool": nw.Boolean}
    new = nw.from_dict(
        {ROW: found.rows.tolist()} | {name: column.to_list() for name, column in found.columns.items()},
        schema={ROW: nw.Int64} | {name: types[column.kind] for name, column in found.columns.items()},
        backend=frame.implementation,
    )
    parts = [new.select(ROW), *([frame.select(*keep)[found.rows.tolist()]] if keep else []), new.drop(ROW)]
    result = nw.concat(parts, how="horizontal").to_native()
    return result.lazy() if frame is not known and hasattr(result, "lazy") else result


def to_arrow(table: object) -> Any:  # noqa: ANN401
    """A table of another library as one of pyarrow."""
    nw, known = _from_foreign(table)
    return (known.collect() if isinstance(known, nw.LazyFrame) else known).to_arrow()


def _from_foreign(table: object) -> tuple[Any, Any]:
    """narwhals, and what it makes of a table of another library."""
    kind = f"{type(table).__module__}.{type(table).__name__}"
    if function := _ELSEWHERE.get(kind.partition(".")[0]):
        raise TypeError(f"expected a table in memory, got {kind}: call {function}.")
    try:
        nw = importlib.import_module("narwhals")
    except ImportError as error:
        raise MissingExtraError(
            f"a table of {kind} needs narwhals: pip install 'spoilerguard[tables]', or pass a pandas DataFrame"
        ) from error
    known = nw.from_native(table, pass_through=True)
    if not isinstance(known, (nw.DataFrame, nw.LazyFrame)):
        hint = ": make it a table, or use its accessor .spoilers" if isinstance(table, pd.Series) else ""
        raise TypeError(f"expected a path or a table of pandas, polars or pyarrow, got {kind}{hint}.")
    return nw, known
