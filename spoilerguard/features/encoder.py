"""What a vectorizer asks of an encoder: token batches → dense vectors that were learnt elsewhere."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.features.tokens import TokenBatch

__all__ = ["Encoder", "SentenceEncoder"]


class SentenceEncoder(Protocol):
    """Gives a sentence a vector that is a sum over its words."""

    def encode(self, tokens: TokenBatch) -> NDArray[np.float64]:
        """Vectors of sentences, each on its own, shape (n_sentences, n_dimensions)."""

    def word_scores(self, tokens: TokenBatch, coef: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """What each token adds to ``encode(tokens) @ coef``, shape (n_tokens,)."""


class Encoder(SentenceEncoder, Protocol):
    """Gives a sentence a vector of its own and, if it can, one for its place in a review.

    A linear head on top is all that learns. `spoilerguard.encoders.ENCODERS` lists the kinds.
    """

    @property
    def n_dimensions(self) -> int:
        """Length of a sentence's vector."""

    @property
    def n_review_dimensions(self) -> int:
        """Length of a sentence's vector in its review; 0 if the encoder knows nothing of reviews."""

    @property
    def skimmer(self) -> SentenceEncoder | None:
        """What gives roughly the same vectors at a fraction of the cost; None where nothing does."""

    @property
    def reads_reviews_anew(self) -> bool:
        """Whether `encode_reviews` reads the words again, so that other `vectors` of its sentences change nothing."""

    def in_vocabulary(self, tokens: TokenBatch) -> NDArray[np.bool_]:
        """Whether each token is known to the encoder, shape (n_tokens,)."""

    def encode_reviews(
        self, batches: Sequence[TokenBatch], lengths: NDArray[np.int64], vectors: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Vectors of sentences in their review, shape (n_sentences, n_review_dimensions).

        `batches` hold documents of `lengths` sentences one after another, `vectors` what `encode` gave for them. An
        encoder that does not read reviews anew asks for no batch; the only sentence of a document keeps its vector, if
        one does.
        """

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The encoder as named arrays, for a model file."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The encoder that `arrays` describe; a ``ValueError`` where they describe none."""
