"""`classify_table`: what users call with a table, in memory or in a file."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, overload

import pandas as pd

from spoilerguard.bundled import AnyModel
from spoilerguard.calibration.operating_points import Threshold
from spoilerguard.datasets.files import ENDINGS, table_files
from spoilerguard.errors import CorpusError
from spoilerguard.story import Story
from spoilerguard.tables.columns import kinds
from spoilerguard.tables.frames import ROW, classify_foreign, classify_frame, to_arrow
from spoilerguard.tables.parquet_files import arrow_source, parquet_source
from spoilerguard.tables.runs import SOURCE, Run
from spoilerguard.tables.scoring import Job
from spoilerguard.tables.sources import Source, frame_source
from spoilerguard.tables.text_files import text_source
from spoilerguard.tables.texts import kept_columns

__all__ = ["classify_table"]

Table = TypeVar("Table")
AnyPath = str | os.PathLike[str]
Keep = str | Iterable[str] | None


@overload
def classify_table(
    table: AnyPath | Sequence[AnyPath],
    *,
    text: str = "text",
    by: str = "sentence",
    keep: Keep = None,
    output: None = None,
    resume: bool = False,
    n_jobs: int | None = None,
    progress: bool = True,
    model: AnyModel = None,
    threshold: Threshold = None,
    level: str = "any",
    markup: str | None = None,
    style: str | None = None,
    story: object = None,
    stories: Mapping[Any, Story | str] | None = None,
) -> pd.DataFrame: ...


@overload
def classify_table(
    table: object,
    *,
    text: str = "text",
    by: str = "sentence",
    keep: Keep = None,
    output: AnyPath,
    resume: bool = False,
    n_jobs: int | None = None,
    progress: bool = True,
    model: AnyModel = None,
    threshold: Threshold = None,
    level: str = "any",
    markup: str | None = None,
    style: str | None = None,
    story: object = None,
    stories: Mapping[Any, Story | str] | None = None,
) -> Path: ...


@overload
def classify_table(
    table: Table,
    *,
    text: str = "text",
    by: str = "sentence",
    keep: Keep = None,
    output: None = None,
    resume: bool = False,
    n_jobs: int | None = None,
    progress: bool = True,
    model: AnyModel = None,
    threshold: Threshold = None,
    level: str = "any",
    markup: str | None = None,
    style: str | None = None,
    story: object = None,
    stories: Mapping[Any, Story | str] | None = None,
) -> Table: ...


def classify_table(
    table: Any,
    *,
    text: str = "text",
    by: str = "sentence",
    keep: Keep = None,
    output: AnyPath | None = None,
    resume: bool = False,
    n_jobs: int | None = None,
    progress: bool = True,
    model: AnyModel = None,
    threshold: Threshold = None,
    level: str = "any",
    markup: str | None = None,
    style: str | None = None,
    story: object = None,
    stories: Mapping[Any, Story | str] | None = None,
) -> Any:
    """Label the sentences of a table of reviews.

    Parameters
    ----------
    table : DataFrame or path
        One review a row: a table of pandas, polars or pyarrow; or a file that ends in .csv, .tsv, .jsonl (one object a
        line) or .parquet, each also .gz; or several files, or a folder of them.
    text : str, default "text"
        The column of reviews.
    by : {"sentence", "review"}, default "sentence"
        What a row of the result is about.
    keep : str or sequence of str, optional
        Columns of `table` that the result has, too.
    output : path, optional
        Where to write the result: .csv, .tsv or .jsonl, each also .gz, or .parquet. It is read and written in pieces,
        so memory does not grow with the table.
    resume : bool, default False
        Whether to go on with a run that was interrupted. What it had finished is in `output`, and, until a run has come
        to its end, in a folder beside it whose name ends in ``.parts``. Without such a folder a run starts at the first
        row.
    n_jobs : int, optional
        Processes, as in `spoilerguard.classify_reviews`.
    progress : bool, default True
        Whether to show a progress bar, on a terminal or in a notebook.
    model, threshold, level, markup
        As in `spoilerguard.classify`.
    style : str, optional
        With ``by="review"``, a style of `spoilerguard.redact`: the result then has a column ``redacted``, the reviews
        with their spoilers hidden.
    story : Story or str, optional
        What is known of the work that all reviews are about; or the name of the column that says which work each review
        is about.
    stories : mapping of work to Story or str, optional
        With the name of a column: what is known of each work; a string is its premise. A row whose work has no story is
        classified without one. Works are compared as text: 7, 7.0 and " 7 " are one.

    Returns
    -------
    DataFrame, or Path
        A table of the same library, pandas for a file; with `output`, its path. A table of pandas keeps its index. Any
        other, and each file that is written, has a column ``row``, counted from 0, and before it ``source``, the name
        of the file, where there are several. Then come the columns of `keep`. Then, by sentence, ``sentence``,
        ``start``, ``end``, ``label``, ``probability``, ``certain`` and ``marked``, as in a `Verdict`, and, with
        ``level="major"``, ``major``, and, with a story, ``rule``; by review, ``label`` and ``probability`` of the
        whole, as in `spoilerguard.rendering.Verdicts`, ``n_spoilers`` and ``n_sentences``. A missing or empty text
        keeps its row, and has no label.

    Raises
    ------
    CorpusError
        Where a column is missing or there twice, a kept one, or that of works, has the name of a result, a text is no
        text, or a file cannot be read.
    SpoilerguardError
        Where an interrupted run is in the way, or was about something else.
    TypeError, ValueError, OperatingPointError, ModelFormatError
        Where an argument is none that `classify` takes.
    StoryError
        Where a story has a premise or a plot and the model has not learnt to read them, or a phrase has no word.
    MissingExtraError
        Where pyarrow or narwhals is needed and not installed (extra ``tables``).

    Notes
    -----
    In a csv file, a text that a spreadsheet would run as a formula begins with an apostrophe; jsonl and Parquet hold
    the text as it is. A lone surrogate, which is half a character, becomes a question mark in csv and Parquet.

    Examples
    --------
    >>> reviews = pd.DataFrame({"text": ["Lovely music. In the end Anna dies.", None]}, index=["a", "b"])
    >>> classify_table(reviews)[["sentence", "label"]]
                 sentence    label
    a       Lovely music.     safe
    a  In the end Anna dies.  spoiler
    b                <NA>     <NA>
    >>> classify_table(reviews, by="review", style="reddit")["redacted"].tolist()
    ['Lovely music. >!In the end Anna dies.!<', <NA>]
    """
    options: dict[str, Any] = {"level": level, "markup": markup, "style": style, "story": story, "stories": stories}
    job = Job(by=by, model=model, threshold=threshold, **options).checked()
    kept = kept_columns(keep)
    paths = _paths(table)
    if paths is None and output is None:
        classify_one = classify_frame if isinstance(table, pd.DataFrame) else classify_foreign
        return classify_one(table, text, kept, job, n_jobs, progress=progress)
    sources = _sources(table, paths, text, [*kept, *job.columns_of_works], [SOURCE, ROW, *kinds(job)])
    run = Run(sources=sources, text=text, keep=kept, job=job, n_jobs=n_jobs, progress=progress)
    return run.to_frame() if output is None else run.write(Path(output), resume=resume)


def _paths(table: Any) -> list[AnyPath] | None:  # noqa: ANN401
    """The paths that `table` stands for, if it does."""
    if isinstance(table, str | os.PathLike):
        return [table]
    is_list = isinstance(table, list | tuple) and table and all(isinstance(path, str | os.PathLike) for path in table)
    return list(table) if is_list else None


def _sources(
    table: object, paths: list[AnyPath] | None, text: str, keep: Sequence[str], new: Sequence[str]
) -> list[Source]:
    if paths is None:
        if isinstance(table, pd.DataFrame):
            return [frame_source(table, text, keep, new)]
        return [arrow_source(to_arrow(table), text, keep, new)]
    sources = []
    for path in table_files(paths):
        name = path.name.lower().removesuffix(".gz")
        if not path.exists():
            raise CorpusError(f"{path}: no such file; check the path")
        if not name.endswith(ENDINGS):
            raise CorpusError(f"{path}: unknown file ending; known are {', '.join(ENDINGS)}, each also with .gz")
        sources.append((parquet_source if name.endswith(".parquet") else text_source)(path, text, keep, new))
    return sources
