"""What travels through the package: sentences, and the documents that they stand in.

A document is a whole review, or one sentence on its own. Everything that is said about sentences is an array with one
entry a sentence, in the order of `Documents.sentences`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.sentences import split

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
        The sentences of all documents.
    lengths : ndarray of int64, shape (n_documents,)
        Number of sentences of each document; they add up to ``len(sentences)``.
    starts : ndarray of int64, shape (n_sentences,)
        Place of each sentence in its document: ``text[start : start + len(sentence)] == sentence``.

    Examples
    --------
    >>> documents = Documents.from_reviews(["Fine cast. He dies.", "Dull."])
    >>> documents.sentences, documents.lengths.tolist(), documents.starts.tolist()
    (['Fine cast.', 'He dies.', 'Dull.'], [2, 1], [0, 11, 0])
    >>> documents.in_review.tolist()
    [True, True, False]
    """

    sentences: list[str]
    lengths: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def from_reviews(cls, reviews: Sequence[str]) -> Self:
        """Whole reviews, split into sentences."""
        found = [split(review) for review in reviews]
        sentences = [sentence for review in found for sentence in review]
        return cls(
            [sentence.text for sentence in sentences],
            np.array([len(review) for review in found], dtype=np.int64),
            np.array([sentence.start for sentence in sentences], dtype=np.int64),
        )

    @classmethod
    def from_sentences(cls, sentences: list[str], lengths: NDArray[np.int64] | None = None) -> Self:
        """Sentences that are split already: each on its own, or documents of `lengths` sentences."""
        alone = np.ones(len(sentences), dtype=np.int64)
        return cls(sentences, alone if lengths is None else lengths, np.zeros_like(alone))

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
        lengths = _in_parts(self.lengths)
        ends = np.cumsum(lengths)
        first = 0
        while first < len(lengths):
            begin = int(ends[first] - lengths[first])
            last = max(first + 1, int(np.searchsorted(ends, begin + MAX_SENTENCES, side="right")))
            end = int(ends[last - 1])
            yield Documents(self.sentences[begin:end], lengths[first:last], self.starts[begin:end])
            first = last


def _in_parts(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The lengths, those above `MAX_SENTENCES` as several that are equal but for one sentence."""
    n_parts = np.maximum(-(-lengths // MAX_SENTENCES), 1)
    number = np.arange(n_parts.sum()) - np.repeat(np.cumsum(n_parts) - n_parts, n_parts)
    size, left_over = np.repeat(lengths // n_parts, n_parts), np.repeat(lengths % n_parts, n_parts)
    return np.asarray(size + (number < left_over), dtype=np.int64)
