"""Words → vector of a sentence: a table of word vectors, averaged by how much each word matters.

The encoder of models of format 1: quick, and deaf to the order of words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders.forking import computing
from spoilerguard.encoders.words import Vocabulary, Words

__all__ = ["PooledEncoder"]

_ARRAYS = {"hashes": (np.uint32, 1), "importance": (np.float32, 1), "vectors": (np.int8, 2), "scale": (np.float64, 1)}
_SHRINKAGE = 0.3  # keeps the vector of a sentence of one or two slight words short


@dataclass(frozen=True, slots=True, eq=False)
class PooledEncoder:
    """A table of word vectors.

    A sentence's vector is ``sum(importance * vector) / (sum(importance) + 0.3)`` over its known words; frequent words
    matter less (Arora, Liang, Ma 2017, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings").

    Attributes
    ----------
    vocabulary : Vocabulary
        The words that are known.
    importance : ndarray of float32, shape (n_words,)
        Positive weight of each word.
    vectors : ndarray of int8, shape (n_words, n_dimensions)
        Word vectors, in units of `scale`.
    scale : float
        Size of one step of `vectors`.
    """

    vocabulary: Vocabulary
    importance: NDArray[np.float32]
    vectors: NDArray[np.int8]
    scale: float

    @property
    def n_dimensions(self) -> int:
        """Length of a sentence's vector."""
        return int(self.vectors.shape[1])

    @property
    def n_review_dimensions(self) -> int:
        """None: this encoder knows nothing of reviews."""
        return 0

    def knows(self, words: Words) -> NDArray[np.bool_]:
        """Whether each word is in the table."""
        return self.vocabulary.find(words.hashes) < len(self.vocabulary)

    def encode(self, words: Words) -> NDArray[np.float64]:
        """Vectors of sentences.

        Returns
        -------
        ndarray of float64, shape (n_sentences, n_dimensions)
        """
        share, row = self._shares(words)
        vectors = self.vectors[row] * (share * self.scale)[:, None]
        pooled = np.zeros((words.n_sentences, self.n_dimensions))
        filled = words.edges[:-1] < words.edges[1:]
        if filled.any():
            pooled[filled] = np.add.reduceat(vectors, words.edges[:-1][filled], axis=0)
        return pooled

    def word_scores(self, words: Words, coef: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """What each word adds to ``encode(words) @ coef``.

        Returns
        -------
        ndarray of float64, shape (n_words,)
        """
        share, row = self._shares(words)
        with computing:
            by_word = np.asarray(self.vectors @ np.asarray(coef, dtype=np.float64), dtype=np.float64)
        return share * by_word[row] * self.scale

    def encode_reviews(
        self, words: Words, lengths: NDArray[np.int64], vectors: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """No columns: see `n_review_dimensions`."""
        del lengths, vectors
        return np.zeros((words.n_sentences, 0))

    def _shares(self, words: Words) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """By how much each word's vector counts in its sentence, and its row; an unknown word counts nothing."""
        row = self.vocabulary.find(words.hashes)
        importance = np.append(self.importance, np.float32(0)).astype(np.float64)[row]
        total = np.bincount(words.sentence, importance, words.n_sentences) + _SHRINKAGE
        return importance / total[words.sentence], np.minimum(row, len(self.vocabulary) - 1)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The encoder as named arrays, for a model file."""
        return {
            "hashes": self.vocabulary.hashes,
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
            Where an array is missing, is one too many, or has a wrong shape or type; where hashes do not ascend, or
            importance or scale is not above 0.
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
        if len(arrays) > len(_ARRAYS) or (importance <= 0).any() or arrays["scale"][0] <= 0:
            raise ValueError("The encoder's importance and scale must be above 0, and nothing else be stored.")
        return cls(Vocabulary(hashes), importance, vectors, float(arrays["scale"][0]))
