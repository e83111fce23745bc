"""Tokens → vector of a sentence, sentences → vectors in their review: a small convolutional network in plain numpy.

Word vectors pass gated convolutions, so that "never dies" differs from "dies", and are summed up under several
attentions. Pooling is the last step: a linear head's score of a sentence is therefore a sum over its words, and reasons
add up. All was taught by transformers (``models/build_encoder.py``); here nothing is learnt.

Layers compute in whole numbers (`gated_convolution`), the little that is left in double precision, rounded to single at
the end: so a vector does not depend on the batch, the processor or the version of the linear algebra.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders.fork_lock import computing
from spoilerguard.encoders.gated_convolution import Floats, GatedConvolution, pack_layers, unpack_layers
from spoilerguard.encoders.vocabulary import Vocabulary
from spoilerguard.features.ngrams import segment_sums
from spoilerguard.features.tokens import TokenBatch

__all__ = ["SENTENCE_STEP", "WORD_STEP", "ConvolutionalEncoder"]

Doubles = NDArray[np.float64]
_SHRINKAGE = 0.3  # keeps the vector of a sentence of one or two slight words short
_MAX_ATTENTION = 8.0  # its logarithm is held between -8 and 8
_MAX_POOLINGS = 64
_N_PLACES = 4  # columns that tell the place of a sentence in its review
WORD_STEP, SENTENCE_STEP = 1 / 16, 1 / 32  # see `GatedConvolution.step`: words reach 8, and sentences hardly 4
_TOKENS_AT_ONCE = 1 << 10  # keeps the arrays inside the cache of one core


@dataclass(frozen=True, slots=True, eq=False)
class ConvolutionalEncoder:
    """A table of word vectors and the network behind it.

    Attributes
    ----------
    vocabulary : Vocabulary
        The words that are known.
    vectors : ndarray of int8, shape (n_words + 1, width)
        Word vectors, in units of `scale`; the last row stands for unknown words.
    scale : ndarray of float32, shape (width,)
        Size of one step in each dimension.
    words : tuple of GatedConvolution
        Layers over the words of a sentence.
    attention, attention_bias : ndarray of float64, shapes (width, n_poolings) and (n_poolings,)
        How much each word counts in each pooling.
    entry, entry_bias : ndarray of float64, shapes (n_poolings * width + 4, review_width) and (review_width,)
        From a sentence's vector and place into the review's network.
    reviews : tuple of GatedConvolution
        Layers over the sentences of a review; the first also reads the mean of the review.
    """

    vocabulary: Vocabulary
    vectors: NDArray[np.int8]
    scale: Floats
    words: tuple[GatedConvolution, ...]
    attention: Doubles
    attention_bias: Doubles
    entry: Doubles
    entry_bias: Doubles
    reviews: tuple[GatedConvolution, ...]

    def __repr__(self) -> str:
        return f"ConvolutionalEncoder({len(self.vocabulary):,} words, {self.n_dimensions} dimensions)"

    @property
    def n_dimensions(self) -> int:
        """Length of a sentence's vector."""
        return int(self.attention.size)

    @property
    def n_review_dimensions(self) -> int:
        """Length of a sentence's vector in its review."""
        return len(self.entry_bias)

    def in_vocabulary(self, tokens: TokenBatch) -> NDArray[np.bool_]:
        """Whether each token is in the vocabulary, shape (n_tokens,)."""
        return self.vocabulary.find(tokens.hashes) < len(self.vocabulary)

    def encode(self, tokens: TokenBatch) -> Doubles:
        """Vectors of sentences, shape (n_sentences, n_dimensions)."""
        pooled = [np.zeros((0, self.n_dimensions))]
        with computing:
            for first, last in _runs(tokens.edges):
                x, attention, edges = self._word_vectors(tokens, first, last)
                narrow, total = attention.astype(np.float32), segment_sums(attention, edges) + _SHRINKAGE
                columns = [segment_sums(x * narrow[:, [k]], edges) / total[:, [k]] for k in range(narrow.shape[1])]
                pooled.append(np.concatenate(columns, axis=1).astype(np.float32).astype(np.float64))
        return np.concatenate(pooled)

    def word_scores(self, tokens: TokenBatch, coef: NDArray[np.floating[Any]]) -> Doubles:
        """What each token adds to ``encode(tokens) @ coef``, shape (n_tokens,)."""
        by_pooling = np.asarray(coef, dtype=np.float64).reshape(self.attention.shape[1], -1)
        scores = [np.zeros(0)]
        with computing:
            for first, last in _runs(tokens.edges):
                x, attention, edges = self._word_vectors(tokens, first, last)
                total = segment_sums(attention, edges) + _SHRINKAGE
                share = attention / np.repeat(total, np.diff(edges), axis=0)
                scores.append((share * (x @ by_pooling.T)).sum(axis=1))
        return np.concatenate(scores)

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

    def _word_vectors(self, tokens: TokenBatch, first: int, last: int) -> tuple[Floats, Doubles, NDArray[np.int64]]:
        """For some sentences: vectors of the words where they stand, their weights in each pooling, and the edges."""
        edges = tokens.edges[first : last + 1] - tokens.edges[first]
        rows = self.vocabulary.find(tokens.hashes[tokens.edges[first] : tokens.edges[last]])
        owner = np.repeat(np.arange(last - first), np.diff(edges))
        x = self.vectors[rows] * self.scale
        for layer in self.words:
            x = layer(x, owner)
        logarithm = x.astype(np.float64) @ self.attention + self.attention_bias
        return x, np.exp(np.clip(logarithm, -_MAX_ATTENTION, _MAX_ATTENTION)), edges

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The encoder as named arrays, for a model file."""
        found: dict[str, NDArray[Any]] = {"hashes": self.vocabulary.hashes, "vectors": self.vectors}
        found |= {name: getattr(self, name) for name in ("scale", "attention", "attention_bias", "entry", "entry_bias")}
        for kind, layers in (("word", self.words), ("review", self.reviews)):
            found |= {f"{kind}_{name}": array for name, array in pack_layers(layers).items()}
        return found

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The encoder that `arrays` describe.

        Raises
        ------
        ValueError
            Where an array is missing, is one too many, or has a wrong shape or type.
        """
        left = dict(arrays)
        hashes = _take(left, "hashes", np.uint32, None)
        vectors = _take(left, "vectors", np.int8, len(hashes) + 1, None)
        width = vectors.shape[1]
        if not len(hashes) or not width or (hashes[1:] <= hashes[:-1]).any():
            raise ValueError("The encoder's hashes must ascend, and there must be some.")
        attention = _take(left, "attention", np.float64, width, None)
        entry = _take(left, "entry", np.float64, attention.size + _N_PLACES, None)
        review_width = entry.shape[1]
        if not review_width or not 0 < attention.shape[1] <= _MAX_POOLINGS:
            raise ValueError(f"The encoder's vectors must have dimensions, and from 1 to {_MAX_POOLINGS} poolings.")
        encoder = cls(
            vocabulary=Vocabulary(hashes),
            vectors=vectors,
            scale=_take(left, "scale", np.float32, width),
            words=_take_layers(left, "word", WORD_STEP, width, 3 * width, 3 * width),
            attention=attention,
            attention_bias=_take(left, "attention_bias", np.float64, attention.shape[1]),
            entry=entry,
            entry_bias=_take(left, "entry_bias", np.float64, review_width),
            reviews=_take_layers(left, "review", SENTENCE_STEP, review_width, 6 * review_width, 5 * review_width),
        )
        if left:
            raise ValueError(f"The encoder has no use for {', '.join(sorted(left))}.")
        return encoder


def _runs(edges: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Runs of sentences of about as many tokens as are read at once."""
    n_sentences = len(edges) - 1
    found, first = [], 0
    while first < n_sentences:
        last = max(first + 1, int(np.searchsorted(edges, edges[first] + _TOKENS_AT_ONCE, side="right")) - 1)
        found.append((first, last))
        first = last
    return found


def _take_layers(
    arrays: dict[str, NDArray[Any]], kind: str, step: float, width: int, first: int, others: int
) -> tuple[GatedConvolution, ...]:
    mine = {"layers": _take(arrays, f"{kind}_layers", np.int8, None, 2 * width)}
    mine |= {name: _take(arrays, f"{kind}_{name}", np.float32, None, 2 * width) for name in ("scales", "biases")}
    mine["dilations"] = _take(arrays, f"{kind}_dilations", np.uint8, None)
    return unpack_layers(mine, first, others, step)


def _take(arrays: dict[str, NDArray[Any]], name: str, dtype: type[np.generic], *shape: int | None) -> NDArray[Any]:
    """Take an array of this type and shape, None standing for any length."""
    found = arrays.pop(name, None)
    if found is None or found.dtype != dtype or found.ndim != len(shape):
        raise ValueError(f"The encoder needs an array {name!r} of {np.dtype(dtype)} with {len(shape)} axes.")
    if any(wanted not in {None, size} for wanted, size in zip(shape, found.shape, strict=True)):
        raise ValueError(f"The encoder's array {name!r} has the shape {found.shape}; {shape} was expected.")
    return found
