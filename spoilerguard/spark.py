"""`classify_table` for a table of Spark: lazy, some rows at a time, by whatever cluster computes it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from spoilerguard.bundled import AnyModel
from spoilerguard.calibration.operating_points import Threshold
from spoilerguard.errors import CorpusError, MissingExtraError
from spoilerguard.story import Story
from spoilerguard.tables.columns import kinds
from spoilerguard.tables.frames import classify_frame
from spoilerguard.tables.scoring import Job
from spoilerguard.tables.texts import check_columns, kept_columns

__all__ = ["classify_table", "review_probability"]


def classify_table(
    table: Any,  # noqa: ANN401 - Spark's types are no dependency
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
    """Label the sentences of a Spark table of reviews.

    Parameters
    ----------
    table : pyspark.sql.DataFrame
        One review a row.
    text, by, keep, model, threshold, level, markup, style, story, stories
        As in `spoilerguard.classify_table`. Rows of Spark have no order and no index: to know which review a sentence
        comes from, keep the column of its id. Each worker reads a model that has a name ("default", "accurate") once,
        from its own installation; any other is read here, and broadcast once.

    Returns
    -------
    pyspark.sql.DataFrame
        Lazy: the columns of `keep`, then those of `spoilerguard.classify_table`.

    Raises
    ------
    CorpusError, TypeError, ValueError, OperatingPointError, ModelFormatError
        As `spoilerguard.classify_table` does.
    MissingExtraError
        Where Spark is not installed (extra ``spark``).

    Examples
    --------
    >>> table = session.read.parquet("reviews")  # doctest: +SKIP
    >>> classify_table(table, keep="id").write.parquet("verdicts")  # doctest: +SKIP
    """
    types = _spark_types()
    if not hasattr(table, "mapInPandas"):
        kind = type(table).__name__
        raise TypeError(f"expected a table of Spark, got {kind}: call spoilerguard.classify_table for one in memory.")
    options: dict[str, Any] = {"level": level, "markup": markup, "style": style, "story": story, "stories": stories}
    job = Job(by=by, model=model, threshold=threshold, **options).checked()
    kept = kept_columns(keep)
    check_columns(table.columns, text, [*kept, *job.columns_of_works], kinds(job))
    if table.schema[text].dataType.typeName() not in {"string", "char", "varchar", "void"}:
        raise CorpusError(
            f"the table: column {text!r} holds {table.schema[text].dataType.simpleString()}, not text; name the column "
            "of reviews"
        )
    named = {"text": types.StringType, "int": types.LongType, "float": types.DoubleType, "bool": types.BooleanType}
    schema = types.StructType(
        [table.schema[name] for name in kept]
        + [types.StructField(name, named[kind]()) for name, kind in kinds(job).items()]
    )
    read_job = _on_workers(table.sparkSession, job)

    def classify(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            yield classify_frame(frame.set_axis(columns, axis=1), text, kept, read_job())

    columns = list(dict.fromkeys([*kept, *job.columns_of_works, text]))
    selected = table.select(*(f"`{name}`" for name in columns))
    plain = selected.toDF(*(f"c{number}" for number in range(len(columns))))  # mapInPandas fails on a name with a dot
    return plain.mapInPandas(classify, schema)


def review_probability(
    session: Any = None,  # noqa: ANN401
    *,
    model: AnyModel = None,
    markup: str | None = None,
) -> Any:  # noqa: ANN401
    """A function of Spark's columns: the probability that a review holds a spoiler.

    Parameters
    ----------
    session : pyspark.sql.SparkSession, optional
        Where a model without a name is broadcast; None means the active one.
    model, markup
        As in `classify_table`.

    Returns
    -------
    callable
        A ``pandas_udf``. Missing and empty reviews have no probability.

    Raises
    ------
    TypeError, ValueError, ModelFormatError, MissingExtraError
        As `classify_table` does.

    Examples
    --------
    >>> table.orderBy(review_probability()("text").desc()).show()  # doctest: +SKIP
    """
    types = _spark_types()
    from pyspark.sql import SparkSession
    from pyspark.sql.functions import pandas_udf

    job = Job(by="review", model=model, markup=markup).checked()
    read_job = _on_workers(session or SparkSession.getActiveSession(), job)

    def probability(texts: pd.Series) -> pd.Series:  # Spark reads the hints
        return classify_frame(texts.to_frame("text"), "text", [], read_job())["probability"]

    return pandas_udf(probability, types.DoubleType())


def _spark_types() -> Any:  # noqa: ANN401 - a module
    try:
        from pyspark.sql import types
    except ImportError as error:
        raise MissingExtraError("this needs Spark: pip install 'spoilerguard[spark]'") from error
    return types


def _on_workers(session: Any, job: Job) -> Any:  # noqa: ANN401
    """A function that gives the job where it is called; what it carries is small."""
    if job.has_named_model and not job.has_stories:
        return lambda: job
    sent = session.sparkContext.broadcast(job)
    return lambda: sent.value
