"""Tokens → vector of a sentence, sentences → vectors in their review: a small convolutional network in plain numpy.

Word vectors pass gated convolutions, so that "never dies" differs from "dies", and are summed up under several
attentions (`word_network`). A second, small network may guess the vectors of sentences that are not worth reading
(`skimmer`). All was taught by transformers and by labels (``models/README.md``); here nothing is learnt.

Layers compute in whole numbers (`gated_convolution`), the little that is left in double precision, rounded to single at
the end: so a vector does not depend on the batch, the processor or the version of the linear algebra.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders.arrays import take_array, take_layers
from spoilerguard.encoders.fork_lock import computing
from spoilerguard.encoders.gated_convolution import GatedConvolution, pack_layers
from spoilerguard.encoders.skimmer import Skimmer
from spoilerguard.encoders.vocabulary import Vocabulary
from spoilerguard.encoders.word_network import Doubles, WordNetwork
from spoilerguard.features.ngrams import segment_sums
from spoilerguard.features.tokens import TokenBatch

__all__ = ["SENTENCE_STEP", "ConvolutionalEncoder"]

_N_PLACES = 4  # columns that tell the place of a sentence in its review
SENTENCE_STEP = 1 / 32  # see `GatedConvolution.step`: values of sentences hardly reach 4


@dataclass(frozen=True, slots=True, eq=False)
class ConvolutionalEncoder:
    """A network over the words of a sentence, and one over the sentences of a review.

    Attributes
    ----------
    vocabulary : Vocabulary
        The words that are known.
    words : WordNetwork
        From the words of a sentence to its vector.
    entry, entry_bias : ndarray of float64, shapes (words.n_dimensions + 4, review_width) and (review_width,)
        From a sentence's vector and place into the review's network.
    reviews : tuple of GatedConvolution
        Layers over the sentences of a review; the first also reads the mean of the review.
    skimmer : Skimmer or None
        What guesses the vectors of sentences, where it has been taught.
    """

    vocabulary: Vocabulary
    words: WordNetwork
    entry: Doubles
    entry_bias: Doubles
    reviews: tuple[GatedConvolution, ...]
    skimmer: Skimmer | None = None

    def __repr__(self) -> str:
        return f"ConvolutionalEncoder({len(self.vocabulary):,} words, {self.n_dimensions} dimensions)"

    @property
    def n_dimensions(self) -> int:
        """Length of a sentence's vector."""
        return self.words.n_dimensions

    @property
    def n_review_dimensions(self) -> int:
        """Length of a sentence's vector in its review."""
        return len(self.entry_bias)

    @property
    def reads_reviews_anew(self) -> bool:
        """No: vectors in a review follow from those of its sentences."""
        return False

    def in_vocabulary(self, tokens: TokenBatch) -> NDArray[np.bool_]:
        """Whether each token is in the vocabulary, shape (n_tokens,)."""
        return self.vocabulary.find(tokens.hashes) < len(self.vocabulary)

    def encode(self, tokens: TokenBatch) -> Doubles:
        """Vectors of sentences, shape (n_sentences, n_dimensions)."""
        return self.words.encode(self.vocabulary.find(tokens.hashes), tokens.edges)

    def word_scores(self, tokens: TokenBatch, coef: NDArray[np.floating[Any]]) -> Doubles:
        """What each token adds to ``encode(tokens) @ coef``, shape (n_tokens,)."""
        return self.words.word_scores(self.vocabulary.find(tokens.hashes), tokens.edges, coef)

    def encode_reviews(self, batches: Sequence[TokenBatch], lengths: NDArray[np.int64], vectors: Doubles) -> Doubles:
        """Vectors of sentences in their review.

        Parameters
        ----------
        batches : sequence of TokenBatch
            Documents one after another; not read again, since all that counts is in `vectors`.
        lengths : ndarray of int64, shape (n_documents,)
            Number of sentences of each document.
        vectors : ndarray of float64, shape (n_sentences, n_dimensions)
            What `encode` returned for the sentences.

        Returns
        -------
        ndarray of float64, shape (n_sentences, n_review_dimensions)
        """
        del batches
        lengths = lengths[lengths > 0]
        if not len(lengths):
            return np.zeros((0, self.n_review_dimensions))
        review, size = np.repeat(np.arange(len(lengths)), lengths), np.repeat(lengths, lengths)
        position = np.arange(len(size)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        place = [position / np.maximum(size - 1, 1), position == size - 1, np.log1p(size), np.log1p(position)]
        inputs = np.column_stack([vectors, *place])
        with computing:
            x = np.tanh(inputs @ self.entry + self.entry_bias).astype(np.float32)
            edges = np.concatenate([[0], np.cumsum(lengths)])
            mean = (segment_sums(x, edges) / lengths[:, None]).astype(np.float32)
            for number, layer in enumerate(self.reviews):
                x = layer(x, review, mean[review] if number == 0 else None)
        return x.astype(np.float64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The encoder as named arrays, for a model file."""
        found = self.words.arrays() | {
            "hashes": self.vocabulary.hashes,
            "entry": self.entry,
            "entry_bias": self.entry_bias,
        }
        found |= {f"review_{name}": array for name, array in pack_layers(self.reviews).items()}
        return found | ({} if self.skimmer is None else self.skimmer.arrays())

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The encoder that `arrays` describe.

        Raises
        ------
        ValueError
            Where an array is missing, is one too many, or has a wrong shape or type.
        """
        left = dict(arrays)
        vocabulary = Vocabulary.take(left)
        words = WordNetwork.take(left, len(vocabulary))
        entry = take_array(left, "entry", np.float64, words.n_dimensions + _N_PLACES, None)
        width = entry.shape[1]
        if not width:
            raise ValueError("The encoder's vectors in a review must have dimensions.")
        encoder = cls(
            vocabulary=vocabulary,
            words=words,
            entry=entry,
            entry_bias=take_array(left, "entry_bias", np.float64, width),
            reviews=take_layers(left, "review", SENTENCE_STEP, width, 6 * width, 5 * width),
            skimmer=Skimmer.take(left, vocabulary, words.n_dimensions),
        )
        if left:
            raise ValueError(f"The encoder has no use for {', '.join(sorted(left))}.")
        return encoder
