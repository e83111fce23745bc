"""Sentence → dense vector: pre-trained word vectors, pooled by how much each word matters.

The vectors come from a sentence transformer, taught to a table of words by ``models/build_encoder.py``; here they are
only looked up, in numpy. Pooling is linear, so a linear head's weights fold into one number for each word, and reasons
still add up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["SentenceEncoder"]

_ARRAYS = {"hashes": (np.uint32, 1), "importance": (np.float32, 1), "vectors": (np.int8, 2), "scale": (np.float64, 1)}
_LOW_BITS = np.uint32(16)
_SHRINKAGE = 0.3  # keeps the vector of a sentence of one or two slight words short


@dataclass(frozen=True, slots=True, eq=False)
class SentenceEncoder:
    """A table of word vectors, known by the hashes of their words.

    A sentence's vector is ``sum(importance * vector) / (sum(importance) + 0.3)`` over its known words; frequent words
    matter less (Arora, Liang, Ma 2017, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings").

    Attributes
    ----------
    hashes : ndarray of uint32, shape (n_words,)
        Ascending hashes of the folded words.
    importance : ndarray of float32, shape (n_words,)
        Positive weight of each word.
    vectors : ndarray of int8, shape (n_words, n_dimensions)
        Word vectors, in units of `scale`.
    scale : float
        Size of one step of `vectors`.
    """

    hashes: NDArray[np.uint32]
    importance: NDArray[np.float32]
    vectors: NDArray[np.int8]
    scale: float
    _first: NDArray[np.int64] = field(init=False, repr=False)  # row of the first hash that begins with these 16 bits

    def __post_init__(self) -> None:
        """Index the hashes by their high bits."""
        of_prefix = np.bincount(self.hashes >> _LOW_BITS, minlength=2**16)
        object.__setattr__(self, "_first", np.cumsum(of_prefix) - of_prefix)

    @property
    def n_dimensions(self) -> int:
        """Length of a sentence's vector."""
        return int(self.vectors.shape[1])

    def find(self, hashes: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Row of each word in the table; ``n_words`` where it is not known."""
        # Hashes are spread evenly, so the first that begins alike is mostly the one: quicker than halving the table.
        last = len(self.hashes) - 1
        row: NDArray[np.int64] = np.minimum(self._first[hashes >> _LOW_BITS], last)
        behind = np.flatnonzero(self.hashes[row] < hashes)
        while len(behind):
            row[behind] += 1
            behind = behind[row[behind] <= last]
            behind = behind[self.hashes[row[behind]] < hashes[behind]]
        known = self.hashes[np.minimum(row, last)] == hashes
        row[~known] = len(self.hashes)
        return row

    def word_scores(self, coef: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """What each word of the table, and at the end an unknown one, adds under a linear head's weights.

        In double precision, so that one linear-algebra library sums like another.
        """
        scores = self.importance * (self.vectors @ np.asarray(coef, dtype=np.float64)) * self.scale
        return np.append(scores, 0.0)

    def word_importance(self) -> NDArray[np.float32]:
        """Importance of each word of the table, and at the end that of an unknown one: zero."""
        return np.append(self.importance, np.float32(0))

    def encode(self, rows: NDArray[np.int64], edges: NDArray[np.int64]) -> NDArray[np.float32]:
        """Vectors of sentences, sentence ``k`` being the words ``rows[edges[k]:edges[k + 1]]``.

        Returns
        -------
        ndarray of float32, shape (n_sentences, n_dimensions)
        """
        importance = self.word_importance()[rows]
        vectors = self.vectors[np.minimum(rows, len(self.hashes) - 1)] * (importance * np.float32(self.scale))[:, None]
        pooled = np.zeros((len(edges) - 1, self.n_dimensions), dtype=np.float32)
        filled = edges[:-1] < edges[1:]
        if filled.any():
            pooled[filled] = np.add.reduceat(vectors, edges[:-1][filled], axis=0)
        return pooled / self.weight_of(importance, edges).astype(np.float32)[:, None]

    @staticmethod
    def weight_of(importance: NDArray[np.float32], edges: NDArray[np.int64]) -> NDArray[np.float64]:
        """What the pooled sum of each sentence is divided by."""
        total = np.zeros(len(edges) - 1)
        filled = edges[:-1] < edges[1:]
        if filled.any():
            total[filled] = np.add.reduceat(importance, edges[:-1][filled], dtype=np.float64)
        return total + _SHRINKAGE

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The encoder as named arrays, for a model file."""
        return {
            "hashes": self.hashes,
            "importance": self.importance,
            "vectors": self.vectors,
            "scale": np.array([self.scale], dtype=np.float64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The encoder that `arrays` describe.

        Raises
        ------
        ValueError
            Where an array is missing or of the wrong shape or type, or hashes do not ascend.
        """
        for name, (dtype, n_axes) in _ARRAYS.items():
            found = arrays.get(name)
            if found is None or found.dtype != dtype or found.ndim != n_axes:
                raise ValueError(f"The encoder needs an array {name!r} of {np.dtype(dtype)} with {n_axes} axes.")
        hashes, importance, vectors = arrays["hashes"], arrays["importance"], arrays["vectors"]
        if not len(hashes) == len(importance) == len(vectors) > 0 or len(arrays["scale"]) != 1:
            raise ValueError("The encoder's arrays differ in length, or are empty.")
        if (hashes[1:] <= hashes[:-1]).any():
            raise ValueError("The encoder's hashes must ascend.")
        return cls(hashes, importance, vectors, float(arrays["scale"][0]))
