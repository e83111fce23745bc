"""The UCSD Goodreads spoiler file as its owners publish it: 1.4 million reviews, read one at a time.

Each line is one review: ``{"review_id": …, "book_id": …, "user_id": …, "has_spoiler": …, "review_sentences":
[[0, "…"], [1, "…"]]}``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd

from spoilerguard.corpus.schema import Origin
from spoilerguard.datasets.cells import CellTable
from spoilerguard.datasets.text_lines import read_json_lines
from spoilerguard.errors import CorpusError
from spoilerguard.labels import parse_label

__all__ = ["GoodreadsReview", "iter_goodreads", "read_goodreads"]


@dataclass(frozen=True, slots=True)
class GoodreadsReview:
    """One review of the UCSD file.

    Attributes
    ----------
    review_id, work, user_id : str or None
        Ids of the review, the book and the reader.
    has_spoiler : bool
        Whether any sentence is tagged.
    sentences : tuple of str
        Its sentences, those without a character left out.
    labels : tuple of int
        1 where the reader put spoiler tags around the sentence, else 0.
    line : int
        Its line in the file, from 1.
    """

    review_id: str | None
    work: str | None
    user_id: str | None
    has_spoiler: bool
    sentences: tuple[str, ...]
    labels: tuple[int, ...]
    line: int


def iter_goodreads(path: str | Path) -> Iterator[GoodreadsReview]:
    """Read the file with one review in memory at a time; a stream for `partial_fit`.

    Parameters
    ----------
    path : path
        JSON lines, ``.gz`` or not.

    Yields
    ------
    GoodreadsReview

    Raises
    ------
    CorpusError
        Where a line is no such review, naming it.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "one.json")
    >>> _ = file.write_text('{"review_id": "r", "book_id": 7, "review_sentences": [[0, "Fun."], [1, "He dies."]]}')
    >>> next(iter_goodreads(file)).labels
    (0, 1)
    """
    path = Path(path)
    for line, record in read_json_lines(path):
        place = f"{path}, line {line}, column 'review_sentences'"
        pairs = record.get("review_sentences")
        if not isinstance(pairs, list):
            raise CorpusError(f"{place}: missing column 'review_sentences', or no list of [label, sentence] pairs")
        sentences, labels = [], []
        for pair in pairs:
            if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[1], str):
                raise CorpusError(f"{place}: {pair!r} is not a [label, sentence] pair")
            label = parse_label(pair[0])
            if label is None:
                raise CorpusError(f"{place}: unknown label {pair[0]!r}; write 0 or 1")
            if pair[1].strip():  # the reader's own line breaks left sentences without a character
                sentences.append(pair[1])
                labels.append(label)
        ids = (record.get(name) for name in ("review_id", "book_id", "user_id"))
        review_id, work, user_id = (None if value in (None, "") else str(value) for value in ids)
        tagged = bool(parse_label(record.get("has_spoiler", any(labels))))
        yield GoodreadsReview(review_id, work, user_id, tagged, tuple(sentences), tuple(labels), line)


def read_goodreads(
    path: Path, n_rows: int | None = None, *, max_reviews: int | None = None
) -> Iterator[tuple[pd.DataFrame, Origin]]:
    """The file, or its first reviews, as tables of sentences: of about `n_rows` rows in whole reviews, or one table."""
    table = CellTable(path, ["sentence", "spoiler", "review_id", "position", "work", "source"])
    for review in islice(iter_goodreads(path), max_reviews):
        name = review.review_id or f"line {review.line}"
        for position, pair in enumerate(zip(review.sentences, review.labels, strict=True)):
            table.add(review.line, (*pair, name, position, review.work, "goodreads"))
        if n_rows is not None and len(table) >= n_rows:
            yield table.take()
    if n_rows is None or len(table):
        yield table.take()
