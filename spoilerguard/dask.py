"""`classify_table` for a table of Dask: lazy, one partition at a time, by whatever cluster computes it."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from spoilerguard.bundled import AnyModel
from spoilerguard.calibration.operating_points import Threshold
from spoilerguard.story import Story
from spoilerguard.tables.frames import classify_frame
from spoilerguard.tables.scoring import Job
from spoilerguard.tables.texts import kept_columns

__all__ = ["classify_table"]


def classify_table(
    table: Any,  # noqa: ANN401 - Dask has no types
    *,
    text: str = "text",
    by: str = "sentence",
    keep: str | Iterable[str] | None = None,
    model: AnyModel = None,
    threshold: Threshold = None,
    level: str = "any",
    markup: str | None = None,
    style: str | None = None,
    story: object = None,
    stories: Mapping[Any, Story | str] | None = None,
) -> Any:  # noqa: ANN401
    """Label the sentences of a Dask table of reviews.

    Parameters
    ----------
    table : dask.dataframe.DataFrame
        One review a row.
    text, by, keep, model, threshold, level, markup, style, story, stories
        As in `spoilerguard.classify_table`. Each worker reads a model that has a name ("default", "accurate") once,
        from its own installation; any other is read here, and sent to each worker once. Where a client of a cluster is
        there, the result then belongs to that cluster.

    Returns
    -------
    dask.dataframe.DataFrame
        Lazy, with the partitions, the index and the divisions of `table`, and the columns of
        `spoilerguard.classify_table`.

    Raises
    ------
    CorpusError, TypeError, ValueError, OperatingPointError, ModelFormatError
        As `spoilerguard.classify_table` does; a text that is no text, where it is computed.

    Examples
    --------
    >>> import dask.dataframe as dd
    >>> reviews = pd.DataFrame({"text": ["Lovely music. In the end Anna dies.", None]}, index=["a", "b"])
    >>> found = classify_table(dd.from_pandas(reviews, npartitions=2), by="review")
    >>> found.compute(scheduler="synchronous")["label"].tolist()
    ['spoiler', <NA>]
    """
    if not isinstance(getattr(table, "_meta", None), pd.DataFrame):
        kind = type(table).__name__
        raise TypeError(f"expected a table of Dask, got {kind}: call spoilerguard.classify_table for one in memory.")
    options: dict[str, Any] = {"level": level, "markup": markup, "style": style, "story": story, "stories": stories}
    job = Job(by=by, model=model, threshold=threshold, **options).checked()
    kept = kept_columns(keep)
    meta = classify_frame(table._meta, text, kept, job)  # noqa: SLF001 - an empty table, so no model is read
    is_small = job.has_named_model and not job.has_stories
    return table.map_partitions(classify_frame, text, kept, job if is_small else _sent_once(job), meta=meta)


def _sent_once(job: Job) -> Any:  # noqa: ANN401
    """A job with its model and its stories as one node of the graph; where there is a cluster, its workers have it."""
    from dask import delayed

    try:
        from distributed import get_client

        return get_client().scatter(job, broadcast=True, hash=False)
    except (ImportError, ValueError):  # no cluster: threads or processes of this machine
        return delayed(job, traverse=False)
