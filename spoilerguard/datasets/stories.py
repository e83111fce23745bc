"""Stories of many works: a table with the columns work, premise, plot and so on → what `classify_table` takes."""

import json
import os
from pathlib import Path
from typing import Any

from spoilerguard.corpus.schema import as_name
from spoilerguard.datasets.loading import read_table
from spoilerguard.errors import CorpusError
from spoilerguard.story import Story

__all__ = ["load_stories", "save_stories"]


def load_stories(path: str | os.PathLike[str]) -> dict[str, Story]:
    """Read the stories of many works.

    Parameters
    ----------
    path : path
        A table (.csv, .tsv, .jsonl or .parquet, each also .gz) with a column ``work`` and any of ``premise``, ``plot``,
        ``names``, ``protect``, ``allow``; the last three hold lists, so only .jsonl and .parquet have them. Other
        columns are left out.

    Returns
    -------
    dict of str to Story
        By work.

    Raises
    ------
    CorpusError
        Where the table cannot be read, has no such column, or a work is missing or there twice, or a cell is wrong.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "stories.jsonl"
    ...     save_stories({"Dune": Story(premise="A family takes over a desert planet.")}, file)
    ...     load_stories(file)
    {'Dune': Story(premise='A family takes over a desert planet.')}
    """
    frame, _ = read_table(Path(path))
    if "work" not in frame.columns:
        raise CorpusError(f"{path}: no column 'work'; it has {', '.join(map(str, frame.columns[:20])) or 'none'}")
    found: dict[str, Story] = {}
    records: list[Any] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    for row, record in enumerate(records):
        work = as_name(record["work"])
        if work is None or work in found:
            fault = "has no work" if work is None else f"repeats the work {work!r:.60}"
            raise CorpusError(f"{path}, row {row}: {fault}; give each work one row")
        try:
            found[work] = Story.from_dict(record)
        except (TypeError, ValueError) as error:
            raise CorpusError(f"{path}, row {row}: {error}") from error
    return found


def save_stories(stories: dict[str, Story], path: str | os.PathLike[str]) -> None:
    """Write stories as JSON lines, one work each, in the order of their names.

    Parameters
    ----------
    stories : dict of str to Story
    path : path
    """
    lines = [json.dumps({"work": work, **story.to_dict()}) + "\n" for work, story in sorted(stories.items())]
    Path(path).write_text("".join(lines), encoding="utf-8")
