"""A batch of sentences, read once: what scores, vectors, familiarity and reasons all begin with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoder import SentenceEncoder
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
    words : list of Hashed
        Words, then pairs of neighbours, ….
    rows : ndarray of int64, or None
        Where the encoder, if there is one, has each word in its table.
    """

    stream: Stream
    words: list[Hashed]
    rows: NDArray[np.int64] | None

    @classmethod
    def of(cls, batch: Sequence[str], longest: int, n_buckets: int, encoder: SentenceEncoder | None) -> Self:
        """Read a batch, with runs of words up to `longest`."""
        stream = fold(batch)
        words = words_block(stream, longest, n_buckets)
        return cls(stream, words, None if encoder is None else encoder.find(words[0].grams.hashes))

    def __len__(self) -> int:
        return len(self.stream.bounds) - 1

    @property
    def edges(self) -> NDArray[np.int64]:
        """Sentence ``k`` owns the words ``edges[k]:edges[k + 1]``."""
        return self.words[0].edges

    @property
    def spoken(self) -> NDArray[np.bool_]:
        """Whether each word is more than a punctuation mark."""
        return ~is_mark(self.stream.codes[self.words[0].grams.start])
