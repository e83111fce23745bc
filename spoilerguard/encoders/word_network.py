"""Words → the vector of their sentence: gated convolutions, summed up under several attentions.

Pooling is the last step: a linear head's score of a sentence is therefore a sum over its words, and reasons add up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders.arrays import Arrays, take_array, take_layers
from spoilerguard.encoders.fork_lock import computing
from spoilerguard.encoders.gated_convolution import Floats, GatedConvolution, pack_layers
from spoilerguard.features.ngrams import segment_sums

__all__ = ["WORD_STEP", "Doubles", "WordNetwork", "to_single"]

Doubles = NDArray[np.float64]
WORD_STEP = 1 / 16  # see `GatedConvolution.step`: values of words reach 8
_SHRINKAGE = 0.3  # keeps the vector of a sentence of one or two slight words short
_MAX_ATTENTION = 8.0  # its logarithm is held between -8 and 8
_MAX_POOLINGS = 64
_TOKENS_AT_ONCE = 1 << 10  # keeps the arrays inside the cache of one core


@dataclass(frozen=True, slots=True, eq=False)
class WordNetwork:
    """A table of word vectors, layers over the words of a sentence, and attentions that sum them up.

    Attributes
    ----------
    vectors : ndarray of int8, shape (n_words + 1, width)
        Word vectors, in units of `scale`; the last row stands for unknown words.
    scale : ndarray of float32, shape (width,)
        Size of one step in each dimension.
    layers : tuple of GatedConvolution
        Layers over the words of a sentence.
    attention, attention_bias : ndarray of float64, shapes (width, n_poolings) and (n_poolings,)
        How much each word counts in each pooling.
    """

    vectors: NDArray[np.int8]
    scale: Floats
    layers: tuple[GatedConvolution, ...]
    attention: Doubles
    attention_bias: Doubles

    def __repr__(self) -> str:
        return f"WordNetwork({len(self.vectors) - 1:,} words, {self.n_dimensions} dimensions)"

    @property
    def n_dimensions(self) -> int:
        """Length of a sentence's vector."""
        return int(self.attention.size)

    def encode(self, rows: NDArray[np.int64], edges: NDArray[np.int64]) -> Doubles:
        """Vectors of sentences, shape (n_sentences, n_dimensions); no more exact than single precision.

        `rows` are those of the words in the table; sentence ``k`` has the words ``edges[k] : edges[k + 1]``.
        """
        pooled = [np.zeros((0, self.n_dimensions))]
        with computing:
            for x, attention, inner in self._runs(rows, edges):
                narrow, total = attention.astype(np.float32), segment_sums(attention, inner) + _SHRINKAGE
                columns = [segment_sums(x * narrow[:, [k]], inner) / total[:, [k]] for k in range(narrow.shape[1])]
                pooled.append(to_single(np.concatenate(columns, axis=1)))
        return np.concatenate(pooled)

    def word_scores(
        self, rows: NDArray[np.int64], edges: NDArray[np.int64], coef: NDArray[np.floating[Any]]
    ) -> Doubles:
        """What each word adds to ``encode(rows, edges) @ coef``, shape (n_words,)."""
        by_pooling = np.asarray(coef, dtype=np.float64).reshape(self.attention.shape[1], -1)
        scores = [np.zeros(0)]
        with computing:
            for x, attention, inner in self._runs(rows, edges):
                total = segment_sums(attention, inner) + _SHRINKAGE
                share = attention / np.repeat(total, np.diff(inner), axis=0)
                scores.append((share * (x @ by_pooling.T)).sum(axis=1))
        return np.concatenate(scores)

    def _runs(
        self, rows: NDArray[np.int64], edges: NDArray[np.int64]
    ) -> Iterator[tuple[Floats, Doubles, NDArray[np.int64]]]:
        """For some sentences at once: words' vectors where they stand, their weight in each pooling, and the edges."""
        n_sentences, first = len(edges) - 1, 0
        while first < n_sentences:
            last = max(first + 1, int(np.searchsorted(edges, edges[first] + _TOKENS_AT_ONCE, side="right")) - 1)
            inner = edges[first : last + 1] - edges[first]
            x = self.vectors[rows[edges[first] : edges[last]]] * self.scale
            owner = np.repeat(np.arange(last - first), np.diff(inner))
            for layer in self.layers:
                x = layer(x, owner)
            logarithm = x.astype(np.float64) @ self.attention + self.attention_bias
            yield x, np.exp(np.clip(logarithm, -_MAX_ATTENTION, _MAX_ATTENTION)), inner
            first = last

    def arrays(self) -> Arrays:
        """The network as named arrays, for a model file."""
        found = {name: getattr(self, name) for name in ("vectors", "scale", "attention", "attention_bias")}
        return found | {f"word_{name}": array for name, array in pack_layers(self.layers).items()}

    @classmethod
    def take(cls, arrays: Arrays, n_words: int, prefix: str = "") -> Self:
        """Take the network of so many words out of an encoder's arrays; a ``ValueError`` where they hold none."""
        vectors = take_array(arrays, f"{prefix}vectors", np.int8, n_words + 1, None)
        width = vectors.shape[1]
        attention = take_array(arrays, f"{prefix}attention", np.float64, width, None)
        n_poolings = attention.shape[1]
        if not width or not 0 < n_poolings <= _MAX_POOLINGS:
            raise ValueError(
                f"The encoder's word vectors must have dimensions, and from 1 to {_MAX_POOLINGS} poolings."
            )
        return cls(
            vectors=vectors,
            scale=take_array(arrays, f"{prefix}scale", np.float32, width),
            layers=take_layers(arrays, f"{prefix}word", WORD_STEP, width, 3 * width, 3 * width),
            attention=attention,
            attention_bias=take_array(arrays, f"{prefix}attention_bias", np.float64, n_poolings),
        )


def to_single(vectors: Doubles) -> Doubles:
    """Rounded to single precision: where linear algebra added in another order, double precision may differ."""
    return vectors.astype(np.float32).astype(np.float64)
