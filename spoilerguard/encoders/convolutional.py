"""Words → vector of a sentence, sentences → vectors in their review: a small convolutional network in plain numpy.

Word vectors pass gated convolutions (Dauphin et al. 2017, "Language Modeling with Gated Convolutional Networks"), so
that "never dies" differs from "dies", and are summed up under several attentions. Pooling is the last step: a linear
head's score of a sentence is therefore a sum over its words, and reasons still add up. All was taught by transformers
(``models/build_encoder.py``); here nothing is learnt.

Layers compute in whole numbers (`gates`), the little that is left in double precision, rounded to single at the end: so
a vector does not depend on the batch, the processor or the version of the linear algebra.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders.forking import computing
from spoilerguard.encoders.gates import Floats, Gate, stacked, unstacked
from spoilerguard.encoders.words import Vocabulary, Words

__all__ = ["SENTENCE_STEP", "WORD_STEP", "ConvolutionalEncoder"]

Doubles = NDArray[np.float64]
_SHRINKAGE = 0.3  # keeps the vector of a sentence of one or two slight words short
_STEEPEST = 8.0  # attention is held between exp(-8) and exp(8)
_MOST_POOLINGS = 64
_N_PLACES = 4  # what a review tells about a sentence's place
WORD_STEP, SENTENCE_STEP = 1 / 16, 1 / 32  # see `Gate.step`: words reach 8, and sentences hardly 4
_WORDS_AT_ONCE = 1 << 12  # keeps the arrays inside the processor's cache


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
    words : tuple of Gate
        Layers over the words of a sentence.
    attention, attention_bias : ndarray of float64, shapes (width, n_poolings) and (n_poolings,)
        How much each word counts in each pooling.
    entry, entry_bias : ndarray of float64, shapes (n_poolings * width + 4, review_width) and (review_width,)
        From a sentence's vector and place into the review's network.
    reviews : tuple of Gate
        Layers over the sentences of a review; the first also reads the mean of the review.
    """

    vocabulary: Vocabulary
    vectors: NDArray[np.int8]
    scale: Floats
    words: tuple[Gate, ...]
    attention: Doubles
    attention_bias: Doubles
    entry: Doubles
    entry_bias: Doubles
    reviews: tuple[Gate, ...]

    @property
    def n_dimensions(self) -> int:
        """Length of a sentence's vector."""
        return int(self.attention.size)

    @property
    def n_review_dimensions(self) -> int:
        """Length of a sentence's vector in its review."""
        return len(self.entry_bias)

    def knows(self, words: Words) -> NDArray[np.bool_]:
        """Whether each word is in the vocabulary."""
        return self.vocabulary.find(words.hashes) < len(self.vocabulary)

    def encode(self, words: Words) -> NDArray[np.float64]:
        """Vectors of sentences.

        Returns
        -------
        ndarray of float64, shape (n_sentences, n_dimensions)
        """
        with computing:
            parts = [self._pooled(*self._contextual(words, *part)) for part in _parts(words.edges)]
        return np.concatenate([np.zeros((0, self.n_dimensions)), *parts])

    def word_scores(self, words: Words, coef: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """What each word adds to ``encode(words) @ coef``.

        Returns
        -------
        ndarray of float64, shape (n_words,)
        """
        coef = np.asarray(coef, dtype=np.float64).reshape(self.attention.shape[1], -1)
        scores = [np.zeros(0)]
        for part in _parts(words.edges):
            with computing:
                found, weight, edges = self._contextual(words, *part)
                share = weight / np.repeat(_sums(weight, edges) + _SHRINKAGE, np.diff(edges), axis=0)
                scores.append((share * (found @ coef.T)).sum(axis=1))
        return np.concatenate(scores)

    def encode_reviews(
        self, words: Words, lengths: NDArray[np.int64], vectors: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Vectors of sentences in their review.

        Parameters
        ----------
        words : Words
            Reviews one after another; not read again, since all that counts is in `vectors`.
        lengths : ndarray of int64, shape (n_reviews,)
            Number of sentences of each review.
        vectors : ndarray of float64, shape (n_sentences, n_dimensions)
            What `encode` returned for the sentences.

        Returns
        -------
        ndarray of float64, shape (n_sentences, n_review_dimensions)
        """
        del words
        lengths = np.asarray(lengths)[np.asarray(lengths) > 0]
        if not len(lengths):
            return np.zeros((0, self.n_review_dimensions))
        review, size = np.repeat(np.arange(len(lengths)), lengths), np.repeat(lengths, lengths)
        place = np.arange(len(size)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        told = [place / np.maximum(size - 1, 1), place == size - 1, np.log1p(size), np.log1p(place)]
        read = np.column_stack([vectors, *told])
        with computing:
            x = np.tanh(read @ self.entry + self.entry_bias).astype(np.float32)
            mean = (_sums(x, np.concatenate([[0], np.cumsum(lengths)])) / lengths[:, None]).astype(np.float32)
            for number, gate in enumerate(self.reviews):
                x = gate(x, review, mean[review] if number == 0 else None)
        return x.astype(np.float64)

    def _contextual(self, words: Words, first: int, last: int) -> tuple[Floats, NDArray[np.float64], NDArray[np.int64]]:
        """Vectors of the words of some sentences where they stand, their weights in each pooling, and the edges."""
        edges = words.edges[first : last + 1] - words.edges[first]
        rows = self.vocabulary.find(words.hashes[words.edges[first] : words.edges[last]])
        owner = np.repeat(np.arange(last - first), np.diff(edges))
        x = self.vectors[rows] * self.scale
        for gate in self.words:
            x = gate(x, owner)
        steepness = np.clip(x.astype(np.float64) @ self.attention + self.attention_bias, -_STEEPEST, _STEEPEST)
        return x, np.exp(steepness), edges

    @staticmethod
    def _pooled(x: Floats, weight: Doubles, edges: NDArray[np.int64]) -> Doubles:
        narrow, total = weight.astype(np.float32), _sums(weight, edges) + _SHRINKAGE
        pooled = [_sums(x * narrow[:, [k]], edges) / total[:, [k]] for k in range(weight.shape[1])]
        return np.concatenate(pooled, axis=1).astype(np.float32).astype(np.float64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The encoder as named arrays, for a model file."""
        found: dict[str, NDArray[Any]] = {"hashes": self.vocabulary.hashes, "vectors": self.vectors}
        found |= {name: getattr(self, name) for name in ("scale", "attention", "attention_bias", "entry", "entry_bias")}
        for kind, gates in (("word", self.words), ("review", self.reviews)):
            found |= {f"{kind}_{name}": array for name, array in stacked(gates).items()}
        return found

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The encoder that `arrays` describe.

        Raises
        ------
        ValueError
            Where an array is missing, is one too many, or has a wrong shape or type.
        """
        found = dict(arrays)
        hashes = _taken(found, "hashes", np.uint32, None)
        vectors = _taken(found, "vectors", np.int8, len(hashes) + 1, None)
        width = vectors.shape[1]
        if not len(hashes) or not width or (hashes[1:] <= hashes[:-1]).any():
            raise ValueError("The encoder's hashes must ascend, and there must be some.")
        attention = _taken(found, "attention", np.float64, width, None)
        entry = _taken(found, "entry", np.float64, attention.size + _N_PLACES, None)
        inner = entry.shape[1]
        if not inner or not 0 < attention.shape[1] <= _MOST_POOLINGS:
            raise ValueError(f"The encoder's vectors must have dimensions, and from 1 to {_MOST_POOLINGS} poolings.")
        encoder = cls(
            vocabulary=Vocabulary(hashes),
            vectors=vectors,
            scale=_taken(found, "scale", np.float32, width),
            words=_gates(found, "word", WORD_STEP, width, 3 * width, 3 * width),
            attention=attention,
            attention_bias=_taken(found, "attention_bias", np.float64, attention.shape[1]),
            entry=entry,
            entry_bias=_taken(found, "entry_bias", np.float64, inner),
            reviews=_gates(found, "review", SENTENCE_STEP, inner, 6 * inner, 5 * inner),
        )
        if found:
            raise ValueError(f"The encoder has no use for {', '.join(sorted(found))}.")
        return encoder


def _parts(edges: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Runs of sentences of about as many words as are read at once."""
    n_sentences = len(edges) - 1
    found, first = [], 0
    while first < n_sentences:
        last = max(first + 1, int(np.searchsorted(edges, edges[first] + _WORDS_AT_ONCE, side="right")) - 1)
        found.append((first, last))
        first = last
    return found


def _sums(rows: NDArray[np.floating[Any]], edges: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sum of each ``rows[edges[k]:edges[k + 1]]`` in double precision, empty ones included."""
    sums = np.zeros((len(edges) - 1, rows.shape[1]))
    filled = edges[:-1] < edges[1:]
    if filled.any():
        sums[filled] = np.add.reduceat(rows, edges[:-1][filled], axis=0, dtype=np.float64)
    return sums


def _gates(
    arrays: dict[str, NDArray[Any]], kind: str, step: float, width: int, first: int, others: int
) -> tuple[Gate, ...]:
    mine = {"layers": _taken(arrays, f"{kind}_layers", np.int8, None, 2 * width)}
    mine |= {name: _taken(arrays, f"{kind}_{name}", np.float32, None, 2 * width) for name in ("scales", "biases")}
    mine["dilations"] = _taken(arrays, f"{kind}_dilations", np.uint8, None)
    return unstacked(mine, first, others, step)


def _taken(arrays: dict[str, NDArray[Any]], name: str, dtype: type[np.generic], *shape: int | None) -> NDArray[Any]:
    """Take an array of this type and shape, None standing for any length."""
    found = arrays.pop(name, None)
    if found is None or found.dtype != dtype or found.ndim != len(shape):
        raise ValueError(f"The encoder needs an array {name!r} of {np.dtype(dtype)} with {len(shape)} axes.")
    if any(wanted not in {None, size} for wanted, size in zip(shape, found.shape, strict=True)):
        raise ValueError(f"The encoder's array {name!r} has the shape {found.shape}; {shape} was expected.")
    return found
