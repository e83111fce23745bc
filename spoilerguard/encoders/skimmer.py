"""A glance at a sentence: roughly the vector that the whole encoder would give, at a fraction of its cost.

Most sentences are so plainly safe that this is enough to see it; the encoder reads only the others. A skimmer learns
from the encoder whose vectors it guesses (``models/teach_skimmer.py``).
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders.arrays import Arrays, take_array
from spoilerguard.encoders.fork_lock import computing
from spoilerguard.encoders.gated_convolution import Floats
from spoilerguard.encoders.vocabulary import Vocabulary
from spoilerguard.encoders.word_network import Doubles, WordNetwork, to_single
from spoilerguard.features.tokens import TokenBatch

__all__ = ["Skimmer"]

_PREFIX = "skimmer_"


@dataclass(frozen=True, slots=True, eq=False)
class Skimmer:
    """A small network, whose vectors are lifted to the dimensions of the encoder's.

    Attributes
    ----------
    vocabulary : Vocabulary
        The encoder's.
    words : WordNetwork
    lift : ndarray of float32, shape (words.n_dimensions, n_dimensions)
        From the small vector to the one that it stands for.
    """

    vocabulary: Vocabulary
    words: WordNetwork
    lift: Floats

    def __repr__(self) -> str:
        return f"Skimmer({self.words!r})"

    def encode(self, tokens: TokenBatch) -> Doubles:
        """Roughly what the encoder gives, shape (n_sentences, n_dimensions)."""
        small = self.words.encode(self.vocabulary.find(tokens.hashes), tokens.edges)
        with computing:
            return to_single(small @ self.lift.astype(np.float64))

    def word_scores(self, tokens: TokenBatch, coef: NDArray[np.floating[Any]]) -> Doubles:
        """What each token adds to ``encode(tokens) @ coef``, shape (n_tokens,)."""
        with computing:
            small = self.lift.astype(np.float64) @ np.asarray(coef, dtype=np.float64)
        return self.words.word_scores(self.vocabulary.find(tokens.hashes), tokens.edges, small)

    def arrays(self) -> Arrays:
        """The skimmer as named arrays, for the file of its encoder."""
        return {_PREFIX + name: array for name, array in (self.words.arrays() | {"lift": self.lift}).items()}

    @classmethod
    def take(cls, arrays: Arrays, vocabulary: Vocabulary, n_dimensions: int) -> Self | None:
        """Take the skimmer out of an encoder's arrays, where they hold one."""
        if not any(name.startswith(_PREFIX) for name in arrays):
            return None
        words = WordNetwork.take(arrays, len(vocabulary), _PREFIX)
        return cls(
            vocabulary, words, take_array(arrays, f"{_PREFIX}lift", np.float32, words.n_dimensions, n_dimensions)
        )
