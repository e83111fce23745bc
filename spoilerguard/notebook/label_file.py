"""Reviews to be labelled, and the file of their labels: JSON lines that `spoilerguard.load_corpus` reads."""

import json
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from spoilerguard.corpus.schema import as_name, is_missing
from spoilerguard.datasets.loading import AnyTable, ForeignTable, load_corpus, read_table
from spoilerguard.datasets.whole_reviews import is_whole_reviews, to_sentences
from spoilerguard.documents import Documents
from spoilerguard.errors import CorpusError
from spoilerguard.features import check_texts
from spoilerguard.tables.texts import check_columns
from spoilerguard.tables.texts import check_texts as check_column

__all__ = ["LabelFile", "LabelledReview", "read_labels", "read_reviews"]

_WRITTEN = ("text", "spans", "labels", "annotator")  # by us: what a table says there is not taken over


@dataclass(slots=True)
class LabelledReview:
    """A review whose sentences get labels.

    Attributes
    ----------
    text : str
    spans : list of [start, end]
        Its sentences, in characters.
    labels : list of int or None
        For each sentence 0 (safe), 1 (minor) or 2 (major spoiler); None where nobody has said.
    columns : dict
        What else its row holds.
    done : bool
        Whether it is labelled to its end. Then no label is None.
    """

    text: str
    spans: list[list[int]]
    labels: list[int | None]
    columns: dict[str, Any]
    done: bool = False

    @property
    def sentences(self) -> list[str]:
        """The sentences as they stand in the text."""
        return [self.text[start:end] for start, end in self.spans]

    def row(self, labels: list[int | None]) -> dict[str, Any]:
        """The review as a row of a table, with these labels."""
        return {"text": self.text, "spans": self.spans, "labels": labels, **self.columns}

    def to_line(self) -> str:
        """The review as an object of JSON, ASCII only: any text comes back as it was."""
        return (
            json.dumps(
                self.row(self.labels), default=lambda value: value.tolist() if hasattr(value, "tolist") else str(value)
            )
            + "\n"
        )


class LabelFile:
    """A file that always holds the reviews that are done, and whatever else it held when it was opened.

    Raises
    ------
    CorpusError
        Where the file cannot be read, or holds the labels of another annotator.
    ValueError
        Where its name does not end in .jsonl, or there is no such folder.
    """

    def __init__(self, path: str | os.PathLike[str], annotator: str | None) -> None:
        self.path: Path = Path(path)
        self.annotator: str | None = as_name(annotator)
        if self.path.suffix.lower() != ".jsonl" or not self.path.parent.is_dir():
            raise ValueError(f"{self.path}: labels are written to a .jsonl file in a folder that is there.")
        self._content = self._read()
        self._others = read_labels(self.path) if self._content.strip() else []
        for other in (as_name(review.columns.get("annotator")) for review in self._others):
            if other != self.annotator:
                raise CorpusError(
                    f"{self.path}: holds labels of annotator {other!r}, not {self.annotator!r}; "
                    "name another file: each annotator needs one"
                )

    def resume(self, reviews: Iterable[LabelledReview]) -> list[LabelledReview]:
        """The same reviews, with the labels (and the spans) of those whose text is in the file."""
        found = defaultdict(list)
        for other in self._others:
            found[other.text].append(other)
        resumed = []
        for review in reviews:
            columns = review.columns | ({} if self.annotator is None else {"annotator": self.annotator})
            if found[review.text]:
                old = found[review.text].pop(0)
                review = LabelledReview(old.text, old.spans, old.labels, old.columns | columns, done=True)  # noqa: PLW2901
            else:
                review.columns = columns
            resumed.append(review)
        self._others = [other for others in found.values() for other in others]
        return resumed

    def save(self, reviews: Iterable[LabelledReview]) -> None:
        """Replace the file in one step, if there is anything new.

        Raises
        ------
        CorpusError
            Where another program has changed it since: its labels would be lost.
        OSError
            Where it cannot be written.
        """
        content = "".join(review.to_line() for review in (*self._others, *reviews) if review.done).encode()
        if content == self._content:
            return
        if self._read() != self._content:
            raise CorpusError(f"{self.path}: was changed elsewhere, nothing is saved; make the Labeler anew to go on")
        part = self.path.with_name(f".{self.path.name}.part")
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)
        self._content = content

    def _read(self) -> bytes:
        return self.path.read_bytes() if self.path.exists() else b""


def read_reviews(reviews: pd.DataFrame | ForeignTable | Iterable[str | None], text: str) -> list[LabelledReview]:
    """What a user wants to label, cut into sentences; missing and blank texts are left out.

    Raises
    ------
    CorpusError
        Where a table lacks the column, a text is no text, or nothing is left.
    TypeError
        Where it is one text, or nothing like texts.

    Examples
    --------
    >>> [review] = read_reviews(["Fine cast. He dies.", None, " "], "text")
    >>> review.sentences, review.labels
    (['Fine cast.', 'He dies.'], [None, None])
    """
    records: list[dict[Any, Any]]
    if hasattr(type(reviews), "columns"):  # a table, of pandas or another library
        table, _ = read_table(reviews)  # type: ignore[arg-type]
        check_columns(list(table.columns), text, [], [])
        records = table.astype(object).to_dict("records")
    else:
        records = [{text: value} for value in check_texts(reviews, "review")]
    texts = check_column([record[text] for record in records], text, "the reviews")
    found = []
    for record, known in zip(records, texts, strict=True):
        documents = Documents.from_reviews([known or ""])
        starts = documents.starts.tolist()
        spans = [[start, start + len(one)] for start, one in zip(starts, documents.texts, strict=True)]
        if known and spans:
            found.append(LabelledReview(known, spans, [None] * len(spans), _columns(record, text, *_WRITTEN)))
    if not found:
        raise CorpusError("the reviews: none holds a sentence, so there is nothing to label")
    # What `load_corpus` would refuse in the other columns is refused before the work, not after it.
    load_corpus(pd.DataFrame([one.row([0] * len(one.spans)) for one in found], dtype=object))
    return found


def read_labels(table: AnyTable) -> list[LabelledReview]:
    """A labelled table of whole reviews.

    Raises
    ------
    CorpusError
        Where `spoilerguard.load_corpus` would refuse it, or it does not hold whole reviews.
    """
    frame, origin = read_table(table)  # type: ignore[arg-type]
    if not is_whole_reviews(list(frame.columns)):
        raise CorpusError(f"{origin}: no table of whole reviews; its columns must be text, spans and labels")
    sentences, _ = to_sentences(frame, origin)  # checks every cell
    known = sentences.reindex(columns=["spoiler", "major"]).astype(float).fillna(0)
    grades = iter(known.sum(axis=1).astype(int).tolist())
    found = []
    for record in frame.astype(object).to_dict("records"):
        cell = record["spans"]
        spans = [[int(start), int(end)] for start, end in (json.loads(cell) if isinstance(cell, str) else cell)]
        columns = _columns(record, "text", "spans", "labels")
        found.append(LabelledReview(record["text"], spans, [next(grades) for _ in spans], columns, done=True))
    return found


def _columns(record: dict[Any, Any], *without: str) -> dict[str, Any]:
    """The other cells of a row, None where one is missing."""
    return {str(name): None if is_missing(cell) else cell for name, cell in record.items() if name not in without}
