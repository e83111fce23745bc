"""Words → dense vectors that were learnt elsewhere, from far more text than is labelled.

Each encoder gives a sentence a vector of its own and, if it can, one for its place in a review; a linear head on top is
all that learns here. Three kinds: `PooledEncoder`, a table of words; `ConvolutionalEncoder`, the default, in numpy;
`TransformerEncoder`, for those who pay time for quality (extra ``accurate``).
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders.convolutional import ConvolutionalEncoder
from spoilerguard.encoders.pooled import PooledEncoder
from spoilerguard.encoders.transformer import TransformerEncoder
from spoilerguard.encoders.words import Vocabulary, Words

__all__ = ["ConvolutionalEncoder", "Encoder", "PooledEncoder", "TransformerEncoder", "Vocabulary", "Words"]


class Encoder(Protocol):
    """What a vectoriser asks of an encoder."""

    @property
    def n_dimensions(self) -> int:
        """Length of a sentence's vector."""

    @property
    def n_review_dimensions(self) -> int:
        """Length of a sentence's vector in its review; 0 if the encoder knows nothing of reviews."""

    def knows(self, words: Words) -> NDArray[np.bool_]:
        """Whether each word means something to the encoder."""

    def encode(self, words: Words) -> NDArray[np.float64]:
        """Vectors of sentences, each on its own, shape (n_sentences, n_dimensions)."""

    def word_scores(self, words: Words, coef: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """What each word adds to ``encode(words) @ coef``, shape (n_words,)."""

    def encode_reviews(
        self, words: Words, lengths: NDArray[np.int64], vectors: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Vectors of sentences in their review, shape (n_sentences, n_review_dimensions).

        `words` holds reviews of `lengths` sentences one after another, `vectors` what `encode` gave for them.
        """

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The encoder as named arrays, for a model file."""
