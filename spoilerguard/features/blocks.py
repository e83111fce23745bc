"""N-grams → columns: each n-gram falls into a bucket of its block by its hash.

Words are one block and characters another: each has buckets of its own and counts as one length.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spoilerguard.features.folding import Stream
from spoilerguard.features.ngrams import NGrams, character_hashes, character_ngrams, word_ngrams

__all__ = ["Hashed", "character_sums", "characters_block", "segment_sums", "words_block"]


@dataclass(frozen=True, slots=True)
class Hashed:
    """N-grams of one order with their columns; sentence ``k`` owns ``edges[k]:edges[k + 1]`` of them."""

    grams: NGrams
    bucket: NDArray[np.int64]
    edges: NDArray[np.int64]

    @property
    def sentence(self) -> NDArray[np.int64]:
        """The sentence in which each n-gram stands."""
        return np.repeat(np.arange(len(self.edges) - 1), np.diff(self.edges))


def words_block(stream: Stream, longest: int, n_buckets: int) -> list[Hashed]:
    """Words, then pairs of neighbours, … up to `longest`, in the first `n_buckets` columns."""
    return [_hashed(stream, grams, n_buckets) for grams in word_ngrams(stream, longest)]


def characters_block(stream: Stream, orders: tuple[int, int], n_buckets: int) -> list[Hashed]:
    """N-grams of characters inside words, in the next `n_buckets` columns."""
    parts = [_hashed(stream, grams, n_buckets) for grams in character_ngrams(stream, *orders)]
    for part in parts:
        part.bucket[:] += n_buckets
    return parts


def character_sums(
    stream: Stream, orders: tuple[int, int], weights: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What the n-grams of `characters_block` weigh in each sentence, and how many they are.

    Nearly every character starts an n-gram of each order, so all are looked up where they stand, and those that leave
    their word count nothing: half the time of picking them out first.
    """
    shortest, longest = orders
    discarded = _discarded(len(weights))
    sums, counts = (np.zeros(max(len(stream.codes) - 1, 0)) for _ in range(2))
    bucket = np.empty(len(sums), dtype=np.intp)
    for order, (hashes, inside) in enumerate(character_hashes(stream, longest), start=2):
        if order >= shortest:
            np.right_shift(hashes, discarded, out=bucket[: len(hashes)], casting="unsafe")
            found = weights.take(bucket[: len(hashes)], mode="clip")  # no bucket lies outside: spares the check
            found *= inside
            sums[: len(hashes)] += found
            counts[: len(hashes)] += inside
    return segment_sums(sums, stream.bounds), segment_sums(counts, stream.bounds)


def segment_sums(values: NDArray[np.floating[Any]], edges: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sum of each ``values[edges[k]:edges[k + 1]]``, empty ones included; no sum depends on its neighbours.

    In double precision, in which the order of summing, another one in another numpy, shows in the 15th digit only.
    """
    sums = np.zeros(len(edges) - 1)
    filled = edges[:-1] < edges[1:]
    if filled.any():
        sums[filled] = np.add.reduceat(values, edges[:-1][filled], dtype=np.float64)
    return sums


def _hashed(stream: Stream, grams: NGrams, n_buckets: int) -> Hashed:
    """The high bits of a hash are the best mixed ones: they choose the bucket."""
    bucket = (grams.hashes >> _discarded(n_buckets)).astype(np.int64)
    return Hashed(grams, bucket, np.searchsorted(grams.start, stream.bounds))


def _discarded(n_buckets: int) -> np.uint32:
    """Low bits of a hash that do not choose among so many buckets, a power of two."""
    return np.uint32(33 - int(n_buckets).bit_length())
