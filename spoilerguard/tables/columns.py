"""Scores → columns: one row a sentence or one row a review, with masks for what is missing."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spoilerguard.corpus.schema import TEXT
from spoilerguard.tables.scoring import Job, Scores

__all__ = ["Column", "Results", "kinds", "results"]

_KINDS = {
    "sentence": {
        "sentence": "text",
        "start": "int",
        "end": "int",
        "label": "text",
        "probability": "float",
        "certain": "bool",
        "marked": "bool",
    },
    "review": {"label": "text", "probability": "float", "n_spoilers": "int", "n_sentences": "int"},
}


def kinds(job: Job) -> dict[str, str]:
    """The columns that a job makes, in order, and what they hold: "text", "int", "float" or "bool"."""
    major = {"major": "float"} if (job.by, job.level) == ("sentence", "major") else {}
    rule = {"rule": "text"} if job.has_stories and job.by == "sentence" else {}
    return _KINDS[job.by] | major | rule | ({} if job.style is None else {"redacted": "text"})


class Column(NamedTuple):
    """The values of a column, and where they are missing."""

    kind: str
    values: Any
    missing: NDArray[np.bool_]

    def to_list(self) -> list[Any]:
        """Values of Python, None where they are missing."""
        values = self.values if isinstance(self.values, list) else self.values.tolist()
        return [None if missing else value for value, missing in zip(values, self.missing.tolist(), strict=True)]

    def to_pandas(self) -> Any:  # noqa: ANN401 - one of four kinds of array
        """An array of one type whatever is missing, so that parts of a table go together."""
        if self.kind == "text":  # as Python's strings: Arrow refuses lone surrogates, which scraped texts hold
            return pd.array(self.to_list(), dtype=TEXT)
        if self.kind == "int":
            return pd.arrays.IntegerArray(self.values, self.missing)
        if self.kind == "bool":
            return pd.arrays.BooleanArray(self.values, self.missing)
        return np.where(self.missing, np.nan, self.values)


class Results(NamedTuple):
    """New columns of a table, and for each of their rows the row of the table that it comes from."""

    rows: NDArray[np.int64]
    columns: Mapping[str, Column]


def results(texts: Sequence[str | None], scores: Scores, job: Job) -> Results:
    """The scores of texts as columns."""
    found = (_by_sentence if job.by == "sentence" else _by_review)(texts, scores)
    rows, columns = found
    if job.style is not None:
        columns["redacted"] = (scores.redacted, np.array([text is None for text in texts], dtype=np.bool_))
    return Results(rows, {name: Column(kind, *columns[name]) for name, kind in kinds(job).items()})


_Found = tuple[NDArray[np.int64], dict[str, tuple[Any, NDArray[np.bool_]]]]


def _by_sentence(texts: Sequence[str | None], scores: Scores) -> _Found:
    """A text without a sentence keeps one row, in which all is missing."""
    n_rows = np.maximum(scores.lengths, 1)
    rows = np.repeat(np.arange(len(texts)), n_rows)
    missing = np.repeat(scores.lengths == 0, n_rows)

    def spread(values: NDArray[Any]) -> NDArray[Any]:
        column = np.zeros(len(rows), dtype=values.dtype)
        column[~missing] = values
        return column

    starts, ends = spread(scores.starts), spread(scores.ends)
    places = zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True)
    values = {
        "sentence": [(texts[row] or "")[start:end] for row, start, end in places],
        "start": starts,
        "end": ends,
        "label": _labels(spread(scores.spoiler)),
        "probability": spread(scores.probability),
        "certain": spread(scores.certain),
        "marked": spread(scores.marked),
        "major": spread(scores.major),
    }
    rule = spread(scores.decided)
    found = {name: (column, missing) for name, column in values.items()}
    return rows, found | {"rule": (np.where(rule > 0, "protect", "allow").tolist(), missing | (rule == 0))}


def _by_review(texts: Sequence[str | None], scores: Scores) -> _Found:
    """The label and the probability of each review, and how many of its sentences are spoilers."""
    absent = np.array([text is None for text in texts], dtype=np.bool_)
    review = np.repeat(np.arange(len(texts)), scores.lengths)
    n_spoilers = np.bincount(review[scores.spoiler], minlength=len(texts)).astype(np.int64)
    empty = scores.lengths == 0
    return np.arange(len(texts)), {
        "label": (_labels(scores.review_spoils), empty),
        "probability": (scores.review_probability, empty),
        "n_spoilers": (n_spoilers, absent),
        "n_sentences": (scores.lengths, absent),
    }


def _labels(spoiler: NDArray[np.bool_]) -> list[str]:
    labels: list[str] = np.where(spoiler, "spoiler", "safe").tolist()
    return labels
