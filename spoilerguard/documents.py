"""What travels through the package: sentences, and the documents that they stand in.

A document is a whole review, or one sentence on its own. Everything that is said about sentences is an array with one
entry a sentence, in the order of `Documents.sentences`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.marks import find_marks
from spoilerguard.markup import PlainText, plain_text
from spoilerguard.sentences import split
from spoilerguard.story import Story

__all__ = ["MAX_SENTENCES", "Documents", "Standing"]

MAX_SENTENCES = 4096  # of a review that are read together: a book's worth, and a bound on memory


class Standing(StrEnum):
    """How a sentence is classified. Each standing has a calibration and thresholds of its own."""

    ALONE = "alone"
    IN_REVIEW = "in review"


@dataclass(frozen=True, slots=True, eq=False)
class Documents:
    """Sentences, one document after the other.

    Attributes
    ----------
    sentences : list of str
        The sentences of all documents, as the model reads them: without the authors' spoiler marks, without markup.
    lengths : ndarray of int64, shape (n_documents,)
        Number of sentences of each document; they add up to ``len(sentences)``.
    starts : ndarray of int64, shape (n_sentences,)
        Place of each sentence in its document: ``document[start : start + len(text)] == text``.
    texts : list of str
        The sentences as they stand in their documents, marks and markup included.
    marked : ndarray of bool, shape (n_sentences,)
        Whether the author has hidden each sentence, or a part of it.
    plain : mapping of int to PlainText
        For each sentence that differs from its text, where its characters stand in that text.
    stories : tuple of Story or None
        What is known of the work of each document, one entry a document; or empty, where nothing is known of any.

    Examples
    --------
    >>> documents = Documents.from_reviews(["Fine cast. He dies.", "||Dull|| score."])
    >>> documents.sentences, documents.lengths.tolist(), documents.starts.tolist()
    (['Fine cast.', 'He dies.', 'Dull score.'], [2, 1], [0, 11, 2])
    >>> documents.texts[2], documents.marked.tolist(), documents.in_review.tolist()
    ('Dull|| score.', [False, False, True], [True, True, False])
    """

    sentences: list[str]
    lengths: NDArray[np.int64]
    starts: NDArray[np.int64]
    texts: list[str]
    marked: NDArray[np.bool_]
    plain: Mapping[int, PlainText]
    stories: Sequence[Story | None] = ()

    @classmethod
    def from_reviews(
        cls, reviews: Sequence[str], markup: str | None = None, stories: Sequence[Story | None] = ()
    ) -> Self:
        """Whole reviews, read through their markup and split into sentences."""
        found = [list(_in_review(review, markup)) for review in reviews]
        sentences = [sentence for review in found for sentence in review]
        return cls._from_found(sentences, [len(review) for review in found], stories)

    @classmethod
    def from_sentences(
        cls,
        sentences: list[str],
        lengths: NDArray[np.int64] | None = None,
        markup: str | None = None,
        stories: Sequence[Story | None] = (),
    ) -> Self:
        """Sentences that are split already: each on its own, or documents of `lengths` sentences."""
        found = [_whole(sentence, markup) for sentence in sentences]
        return cls._from_found(found, [1] * len(found) if lengths is None else lengths, stories)

    @classmethod
    def _from_found(
        cls, found: "list[_Found]", lengths: "NDArray[np.int64] | list[int]", stories: Sequence[Story | None]
    ) -> Self:
        return cls(
            [sentence.plain.text if sentence.plain else sentence.text for sentence in found],
            np.array(lengths, dtype=np.int64),
            np.array([sentence.start for sentence in found], dtype=np.int64),
            [sentence.text for sentence in found],
            np.array([sentence.marked for sentence in found], dtype=np.bool_),
            {place: sentence.plain for place, sentence in enumerate(found) if sentence.plain},
            stories if any(story is not None for story in stories) else (),
        )

    def __repr__(self) -> str:
        return f"Documents({len(self):,} sentences, {len(self.lengths):,} documents)"

    def __len__(self) -> int:
        """Number of sentences."""
        return len(self.sentences)

    @property
    def in_review(self) -> NDArray[np.bool_]:
        """Whether each sentence stands in a document of two sentences or more, shape (n_sentences,)."""
        return np.repeat(self.lengths > 1, self.lengths)

    @property
    def positions(self) -> NDArray[np.int64]:
        """Place of each sentence among those of its document, from 0, shape (n_sentences,)."""
        return np.arange(len(self)) - np.repeat(np.cumsum(self.lengths) - self.lengths, self.lengths)

    def place(self, sentence: int, start: int, end: int) -> tuple[int, int]:
        """Where ``sentences[sentence][start:end]``, which must not be empty, stands in ``texts[sentence]``."""
        return self.plain[sentence].original(start, end) if sentence in self.plain else (start, end)

    def batches(self) -> Iterator["Documents"]:
        """Documents of at most `MAX_SENTENCES` sentences, in batches of about as many.

        A longer document comes in equal parts: what is further away has no bearing. Vectors of more sentences at once
        would fill the memory.

        Examples
        --------
        >>> long = Documents.from_sentences(["So."] * 10_000, np.array([10_000]))
        >>> [batch.lengths.tolist() for batch in long.batches()]
        [[3334], [3333], [3333]]
        """
        document, lengths = _in_parts(self.lengths)
        ends = np.cumsum(lengths)
        first = 0
        while first < len(lengths):
            begin = int(ends[first] - lengths[first])
            last = max(first + 1, int(np.searchsorted(ends, begin + MAX_SENTENCES, side="right")))
            end = int(ends[last - 1])
            yield Documents(
                self.sentences[begin:end],
                lengths[first:last],
                self.starts[begin:end],
                self.texts[begin:end],
                self.marked[begin:end],
                {place - begin: self.plain[place] for place in range(begin, end) if place in self.plain},
                [self.stories[place] for place in document[first:last].tolist()] if self.stories else (),
            )
            first = last


class _Found(NamedTuple):
    """A sentence as it stands in its document; `plain` is what a reader sees of it, where that differs."""

    text: str
    start: int
    marked: bool = False
    plain: PlainText | None = None


def _in_review(review: str, markup: str | None) -> Iterator[_Found]:
    """The sentences of a review. They are cut where they would be cut without marks and markup."""
    marks = find_marks(review)
    if markup is None and not marks.cuts:
        yield from (_Found(text, start) for text, start, _ in split(review))
        return
    plain = plain_text(review, marks, markup)
    hidden = plain.covered(marks.hidden)
    for text, start, end in split(plain.text):
        first, last = plain.original(start, end)
        differs = review[first:last] != text
        yield _Found(
            review[first:last], first, bool(hidden[start:end].any()), plain.part(start, end) if differs else None
        )


def _whole(sentence: str, markup: str | None) -> _Found:
    """A sentence that is split already."""
    marks = find_marks(sentence)
    if markup is None and not marks.cuts:
        return _Found(sentence, 0)
    plain = plain_text(sentence, marks, markup)
    return _Found(sentence, 0, bool(plain.covered(marks.hidden).any()), plain)


def _in_parts(lengths: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """The document and the length of each part; those above `MAX_SENTENCES` are several, equal but for one sentence."""
    n_parts = np.maximum(-(-lengths // MAX_SENTENCES), 1)
    number = np.arange(n_parts.sum()) - np.repeat(np.cumsum(n_parts) - n_parts, n_parts)
    size, left_over = np.repeat(lengths // n_parts, n_parts), np.repeat(lengths % n_parts, n_parts)
    document = np.repeat(np.arange(len(lengths)), n_parts)
    return document, np.asarray(size + (number < left_over), dtype=np.int64)
