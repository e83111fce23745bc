"""The UCSD Goodreads spoiler file as its owners publish it: 1.4 million reviews, read one at a time.

Each line is one review: ``{"review_id": …, "book_id": …, "user_id": …, "has_spoiler": …,
"review_sentences": [[0, "…"], [1, "…"]]}``.
"""

import json
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import CorpusError
from ..schema import Origin, label_of
from .lines import numbered_lines

__all__ = ["GoodreadsReview", "iter_goodreads", "parse_review", "read_goodreads"]


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
        1 where the reader put spoiler tags around it.
    line : int
        Where it stands in the file, from 1.
    """

    review_id: str | None
    work: str | None
    user_id: str | None
    has_spoiler: bool
    sentences: tuple[str, ...]
    labels: tuple[int, ...]
    line: int


def iter_goodreads(path: str | Path) -> Iterator[GoodreadsReview]:
    """Walk through the file, holding one review at a time; a stream for `partial_fit`.

    Parameters
    ----------
    path : path
        JSON lines, ``.gz`` or not.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "one.json")
    >>> _ = file.write_text('{"review_id": "r", "book_id": 7, "review_sentences": [[0, "Fun."], [1, "He dies."]]}')
    >>> next(iter_goodreads(file)).labels
    (0, 1)
    """
    path = Path(path)
    for number, line in numbered_lines(path):
        if line.strip():
            yield parse_review(load_object(line, f"{path}, line {number}"), path, number)


def load_object(line: str, place: str) -> dict[str, Any]:
    """One line of JSON as a mapping, or a `CorpusError` that says where it breaks."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:  # broken, a number of thousands of digits, or nested without end
        raise CorpusError(f"{place}: broken JSON: {error}; each line must hold one object") from error
    if not isinstance(record, dict):
        kind = "one array" if isinstance(record, list) else type(record).__name__
        raise CorpusError(f"{place}: not a JSON object but {kind}; write one object a line (JSON lines)")
    return record


def parse_review(record: dict[str, Any], path: Path, number: int) -> GoodreadsReview:
    """One line of the file as a value."""
    place = f"{path}, line {number}, column 'review_sentences'"
    pairs = record.get("review_sentences")
    if not isinstance(pairs, list):
        raise CorpusError(f"{place}: missing column 'review_sentences', or it is no list of [label, sentence] pairs")
    sentences, labels = [], []
    for pair in pairs:
        label, sentence = _checked(pair, place)
        # The reader's own line breaks left sentences without a character: no fault, nothing to learn either.
        if sentence.strip():
            sentences.append(sentence)
            labels.append(label)
    flag = label_of(record.get("has_spoiler", any(labels)))
    review_id, work, user_id = (_id(record.get(name)) for name in ("review_id", "book_id", "user_id"))
    return GoodreadsReview(review_id, work, user_id, bool(flag), tuple(sentences), tuple(labels), number)


def _checked(pair: Any, place: str) -> tuple[int, str]:  # noqa: ANN401 - whatever stood there
    if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[1], str):
        raise CorpusError(f"{place}: {pair!r} is not a [label, sentence] pair")
    label = label_of(pair[0])
    if label is None:
        raise CorpusError(f"{place}: unknown label {pair[0]!r}; write 0 or 1")
    return label, pair[1]


def _id(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def read_goodreads(path: Path, *, max_reviews: int | None = None) -> tuple[pd.DataFrame, Origin]:
    """The file, or its first reviews, as columns filled review by review: only sentences and ids stay as objects."""
    sentences: list[str] = []
    reviews: list[str | None] = []
    works: list[str | None] = []
    labels, positions, lines = array("b"), array("i"), array("q")
    for review in islice(iter_goodreads(path), max_reviews):
        size = len(review.sentences)
        sentences += review.sentences
        labels.extend(review.labels)
        positions.extend(range(size))
        reviews += [review.review_id or f"line {review.line}"] * size
        works += [review.work] * size
        lines.extend([review.line] * size)
    columns: dict[str, Any] = {"sentence": sentences, "spoiler": np.asarray(labels), "review_id": reviews}
    columns |= {"position": np.asarray(positions), "work": works, "source": ["goodreads"] * len(works)}
    # As objects: pandas would otherwise put text into Arrow, which refuses lone surrogates.
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})
    return frame, Origin(str(path), np.asarray(lines, dtype=np.int64))
