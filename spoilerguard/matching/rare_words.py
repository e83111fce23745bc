"""The words of sentences that are not common, by stem and weight; and how many of their tokens are those of a guess."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from spoilerguard.features import TokenBatch, Vectorizer
from spoilerguard.features.ngrams import word_ngrams
from spoilerguard.matching.words import GUESSING, LONGEST_WORD, stem

__all__ = ["RareWords"]

_COMMON = 2.5  # idf of a word that stands in every twelfth sentence; a word counts by what it has above that


class RareWords(NamedTuple):
    """The words of some sentences that are not common.

    Attributes
    ----------
    sentence : ndarray of int64, shape (n_words,)
        In which sentence each stands; ascending.
    stem : ndarray of uint32, shape (n_words,)
        A hash of its stem.
    weight : ndarray of float64, shape (n_words,)
        How much it counts.
    guessing : ndarray of int64, shape (n_sentences,)
        How many tokens of each sentence, rare or not, are `GUESSING`.
    """

    sentence: NDArray[np.int64]
    stem: NDArray[np.uint32]
    weight: NDArray[np.float64]
    guessing: NDArray[np.int64]

    @classmethod
    def of(cls, vectorizer: Vectorizer, batches: Iterable[TokenBatch]) -> Self:
        """The words of the sentences of all batches, numbered from one batch to the next."""
        parts, done = [], 0
        for tokens in batches:
            [words] = word_ngrams(tokens, 1, vectorizer.n_buckets)
            weight = vectorizer.idf_[words.bucket].astype(np.float64) - _COMMON
            rare = np.flatnonzero(tokens.is_word & (weight > 0))
            spelled = tokens.spelled()
            stems = np.array([_stem_hash(spelled[place][:LONGEST_WORD]) for place in rare.tolist()], dtype=np.uint32)
            guess = np.array([token in GUESSING for token in spelled], dtype=np.bool_)
            guessing = np.bincount(tokens.sentence[guess], minlength=len(tokens))
            parts.append(cls(tokens.sentence[rare] + done, stems, weight[rare], guessing))
            done += len(tokens)
        empty = cls(np.zeros(0, np.int64), np.zeros(0, np.uint32), np.zeros(0), np.zeros(0, np.int64))
        return cls(*(np.concatenate(columns) for columns in zip(empty, *parts, strict=True)))

    def take(self, sentences: NDArray[np.int64]) -> "RareWords":
        """Those of some sentences, which ascend; these are numbered anew from 0."""
        first = np.searchsorted(self.sentence, sentences)
        count = np.searchsorted(self.sentence, sentences, side="right") - first
        rows = np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())
        number = np.repeat(np.arange(len(sentences)), count)
        return RareWords(number, self.stem[rows], self.weight[rows], self.guessing[sentences])


@lru_cache(1 << 16)
def _stem_hash(word: str) -> int:
    return crc32(stem(word).encode("utf-8", "surrogatepass"))
