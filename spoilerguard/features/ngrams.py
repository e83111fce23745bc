"""Tokens → hashed n-grams: runs of neighbouring words, and runs of characters inside words.

Words are one block of columns and characters another: each has buckets of its own, and each is divided by the square
root of its number of n-grams. The high bits of a hash, which depend on every character, choose the bucket.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from spoilerguard.features.normalization import BLANK
from spoilerguard.features.tokens import HASH_BASE, TokenBatch, powers

__all__ = [
    "NGrams",
    "character_ngrams",
    "ngram_matrix",
    "score_characters",
    "segment_sums",
    "stack",
    "word_ngrams",
]


@dataclass(frozen=True, slots=True, eq=False)
class NGrams:
    """All n-grams of one order in a batch, by ascending start.

    Attributes
    ----------
    start, end : ndarray of int64, shape (n_ngrams,)
        The n-gram is ``codes[start:end]`` of the `TokenBatch`.
    bucket : ndarray of int64, shape (n_ngrams,)
        Its column of the vector.
    edges : ndarray of int64, shape (n_sentences + 1,)
        Sentence ``k`` has the n-grams ``edges[k] : edges[k + 1]``.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    bucket: NDArray[np.int64]
    edges: NDArray[np.int64]

    @property
    def sentence(self) -> NDArray[np.int64]:
        """The sentence of each n-gram."""
        return np.repeat(np.arange(len(self.edges) - 1), np.diff(self.edges))


def word_ngrams(tokens: TokenBatch, longest: int, n_buckets: int) -> list[NGrams]:
    """Tokens, then pairs of neighbours, … up to `longest`, none across two sentences, in the first `n_buckets` columns.

    The hash of a longer run follows from that of the run without its first token: ``h(a b) = h(a) + p (" " + h(b))``,
    where ``p`` is the power of the base at the place of the blank.
    """
    first, last = tokens.blanks[:-1] + 1, tokens.blanks[1:]
    length, sentence = last - first, tokens.sentence
    step = powers(HASH_BASE, int(length.max(initial=0)) + 2)
    hashes, found = tokens.hashes, []
    for order in range(1, longest + 1):
        n_runs = max(len(first) - order + 1, 0)
        if order > 1:
            hashes = tokens.hashes[:n_runs] + step[length[:n_runs] + 1] * (hashes[1 : n_runs + 1] + np.uint32(BLANK))
        kept = np.flatnonzero(sentence[:n_runs] == sentence[order - 1 :])
        start, end = first[kept], last[kept + order - 1]
        found.append(_in_buckets(tokens, start, end, hashes[kept], n_buckets))
    return found


def character_ngrams(tokens: TokenBatch, orders: tuple[int, int], n_buckets: int) -> list[NGrams]:
    """N-grams of characters inside words, the blank on either side included, in the next `n_buckets` columns."""
    found = []
    for order, hashes, inside in _character_hashes(tokens, orders):
        start = np.flatnonzero(inside)
        part = _in_buckets(tokens, start, start + order, hashes[start], n_buckets)
        part.bucket[:] += n_buckets
        found.append(part)
    return found


def score_characters(
    tokens: TokenBatch, orders: tuple[int, int], weights: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum of the weights of the n-grams of `character_ngrams`, and their number, both of shape (n_sentences,).

    Nearly every character starts an n-gram of each order, so all are looked up where they stand, and those that leave
    their word count nothing: half the time of picking them out first.
    """
    discarded = _discarded_bits(len(weights))
    sums, counts = (np.zeros(max(len(tokens.codes) - 1, 0)) for _ in range(2))
    bucket = np.empty(len(sums), dtype=np.intp)
    for _, hashes, inside in _character_hashes(tokens, orders):
        np.right_shift(hashes, discarded, out=bucket[: len(hashes)], casting="unsafe")
        found = weights.take(bucket[: len(hashes)], mode="clip")  # no bucket lies outside: spares the check
        found *= inside
        sums[: len(hashes)] += found
        counts[: len(hashes)] += inside
    return segment_sums(sums, tokens.bounds), segment_sums(counts, tokens.bounds)


def segment_sums(values: NDArray[np.floating[Any]], edges: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sum of each ``values[edges[k]:edges[k + 1]]`` along the first axis, empty ones included.

    No sum depends on its neighbours. In double precision, the order of summing, which differs between versions of
    numpy, shows in the 15th digit only.
    """
    sums = np.zeros((len(edges) - 1, *values.shape[1:]))
    filled = edges[:-1] < edges[1:]
    if filled.any():
        sums[filled] = np.add.reduceat(values, edges[:-1][filled], axis=0, dtype=np.float64)
    return sums


def ngram_matrix(blocks: Iterable[list[NGrams]], n_sentences: int, n_columns: int) -> sparse.csr_matrix:
    """Each block's n-grams in their buckets, divided by the square root of their number in the sentence."""
    rows, columns, values = [], [], []
    for block in blocks:
        count = np.sum([np.diff(part.edges) for part in block], axis=0)
        for part in block:
            rows.append(part.sentence)
            columns.append(part.bucket)
            values.append((1 / np.sqrt(count[part.sentence])).astype(np.float32))
    index = (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_matrix((np.concatenate(values), index), shape=(n_sentences, n_columns))


def stack(parts: Iterable[tuple[sparse.csr_matrix, NDArray[np.float32]]], n_columns: int) -> sparse.csr_matrix:
    """Matrices one below the other, each times the weights of its columns; never in memory twice, as by ``vstack``."""
    values, columns, sizes = [np.zeros(0, np.float32)], [np.zeros(0, np.int32)], [np.zeros(1, np.int64)]
    for part, weights in parts:
        values.append(part.data * weights[part.indices])
        columns.append(part.indices)
        sizes.append(np.diff(part.indptr))
    edges = np.cumsum(np.concatenate(sizes))
    data = np.concatenate(values)
    values.clear()
    return sparse.csr_matrix((data, np.concatenate(columns), edges), shape=(len(edges) - 1, n_columns))


def _character_hashes(
    tokens: TokenBatch, orders: tuple[int, int]
) -> Iterator[tuple[int, NDArray[np.uint32], NDArray[np.bool_]]]:
    """For each order, the hash of what starts at each code point, and whether it lies inside a word.

    Each order follows from the one below it by Horner's rule. An n-gram lies inside a word where no blank stands
    between its first and its last character.
    """
    shortest, longest = orders
    codes, no_blank = tokens.codes, tokens.codes != BLANK
    hashes, inside = codes * HASH_BASE, np.ones(len(codes), dtype=bool)
    for order in range(2, longest + 1):
        hashes = hashes[:-1] + codes[order - 1 :]
        hashes *= HASH_BASE
        inside = inside[: len(hashes)]
        if order > 2:
            inside = inside & no_blank[order - 2 : order - 2 + len(hashes)]
        if order >= shortest:
            yield order, hashes, inside


def _in_buckets(
    tokens: TokenBatch,
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    hashes: NDArray[np.uint32],
    n_buckets: int,
) -> NGrams:
    bucket = (hashes >> _discarded_bits(n_buckets)).astype(np.int64)
    return NGrams(start, end, bucket, np.searchsorted(start, tokens.bounds))


def _discarded_bits(n_buckets: int) -> np.uint32:
    """Low bits of a hash that do not choose among so many buckets, a power of two."""
    return np.uint32(33 - int(n_buckets).bit_length())
