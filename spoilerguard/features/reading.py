"""A batch of sentences, read once: what scores, vectors, familiarity and reasons all begin with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders import Words
from spoilerguard.features.blocks import Hashed, words_block
from spoilerguard.features.folding import Stream, fold, is_mark

__all__ = ["Reading"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A folded batch with its words.

    Attributes
    ----------
    stream : Stream
        The folded batch.
    ngrams : list of Hashed
        Words, then pairs of neighbours, ….
    """

    stream: Stream
    ngrams: list[Hashed]

    @classmethod
    def of(cls, batch: Sequence[str], longest: int, n_buckets: int) -> Self:
        """Read a batch, with runs of words up to `longest`."""
        stream = fold(batch)
        return cls(stream, words_block(stream, longest, n_buckets))

    def __len__(self) -> int:
        return len(self.stream.bounds) - 1

    @property
    def words(self) -> Words:
        """The words, as encoders read them."""
        return Words(self.ngrams[0].grams.hashes, self.ngrams[0].edges, self.stream.codes)

    @property
    def spoken(self) -> NDArray[np.bool_]:
        """Whether each word is more than a punctuation mark."""
        return ~is_mark(self.stream.codes[self.ngrams[0].grams.start])
