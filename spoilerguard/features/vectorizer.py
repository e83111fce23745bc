"""Sentences → sparse vectors of hashed n-grams, or straight to their scores.

Every word n-gram and every character n-gram inside a word falls into a bucket by its hash; a bucket counts by how rare
it is among sentences. A sentence's two blocks are each divided by the square root of their number of n-grams, a length
that needs no look at the weights: so a score is one gather and one sum, and the matrix is never built for it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from spoilerguard.features.folding import Stream, fold
from spoilerguard.features.ngrams import NGrams, character_ngrams, word_ngrams

__all__ = ["Occurrences", "SentenceVectorizer", "as_sentences"]

_BATCH = 1 << 18  # characters folded at once: keeps the arrays of a batch inside the processor's cache
_LONGEST = 10_000  # characters of a sentence that are read; what follows has no bearing on its vector


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Every n-gram of a batch of sentences that falls into one block of buckets.

    Attributes
    ----------
    sentence, start, end : ndarray of int64
        Which sentence of the batch, and which characters of it: ``sentences[sentence][start:end]``.
    bucket : ndarray of int64
        Column of the vector.
    value : ndarray of float64
        What the occurrence adds to that column.
    """

    sentence: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    bucket: NDArray[np.int64]
    value: NDArray[np.float64]


class SentenceVectorizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turn sentences into sparse vectors of hashed word and character n-grams, weighted by rarity.

    Case, accents, curly quotes, blanks and stray markup do not change a vector, and a sentence's vector does not depend
    on the batch that it comes in. Hashing n-grams follows Weinberger et al. (2009), "Feature Hashing for Large Scale
    Multitask Learning"; weighting by inverse document frequency follows Spärck Jones (1972).

    Parameters
    ----------
    word_ngrams : int, default 2
        Longest run of neighbouring words (a punctuation mark counts as a word).
    char_ngrams : tuple of (int, int), default (2, 5)
        Shortest and longest character n-gram inside a word, the blank on either side of it included.
    n_buckets : int, default 2**18
        Columns for words, and as many again for characters; a power of two.

    Attributes
    ----------
    idf_ : ndarray of float32, shape (2 * n_buckets,)
        ``log((1 + n) / (1 + df))`` for `n` sentences, of which `df` hold the bucket.
    n_sentences_ : int
        Sentences seen by `fit`.

    Examples
    --------
    >>> vectorizer = SentenceVectorizer().fit(["The ghost was his father.", "Lovely music."])
    >>> X = vectorizer.transform(["the GHOST  was his father ."])
    >>> (X != vectorizer.transform(["The ghost was his father."])).nnz
    0
    """

    def __init__(self, *, word_ngrams: int = 2, char_ngrams: tuple[int, int] = (2, 5), n_buckets: int = 2**18) -> None:
        self.word_ngrams = word_ngrams
        self.char_ngrams = char_ngrams
        self.n_buckets = n_buckets

    def fit(self, X: Sequence[str], y: object = None) -> Self:
        """Learn how rare each bucket is.

        Parameters
        ----------
        X : sequence of str
            Sentences.
        y : ignored

        Returns
        -------
        SentenceVectorizer

        Raises
        ------
        TypeError
            Where `X` is one string, or holds something that is no string.
        ValueError
            Where `X` is empty or a parameter is out of its range.
        """
        sentences = as_sentences(X)
        self._check_parameters()
        if not sentences:
            raise ValueError("SentenceVectorizer cannot be fitted on no sentences: pass at least one.")
        frequency = np.bincount(self._counts(sentences).indices, minlength=2 * self.n_buckets)
        self.n_sentences_ = len(sentences)
        self.idf_ = np.log((1 + self.n_sentences_) / (1 + frequency)).astype(np.float32)
        return self

    def transform(self, X: Sequence[str]) -> sparse.csr_matrix:
        """Vectors of sentences.

        Parameters
        ----------
        X : sequence of str
            Sentences.

        Returns
        -------
        scipy.sparse.csr_matrix of float32, shape (n_sentences, 2 * n_buckets)
        """
        check_is_fitted(self)
        counts = self._counts(as_sentences(X))
        counts.data *= self.idf_[counts.indices]
        return counts

    def score_sentences(self, X: Sequence[str], coef: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """``transform(X) @ coef``, several times faster, since no matrix is built.

        Parameters
        ----------
        X : sequence of str
            Sentences.
        coef : ndarray of float, shape (2 * n_buckets,)
            Weight of each column.

        Returns
        -------
        ndarray of float64, shape (n_sentences,)
        """
        check_is_fitted(self)
        sentences = as_sentences(X)
        weights = np.asarray(coef, dtype=np.float32) * self.idf_
        scores = [self._score_batch(fold(batch), weights) for batch in _batches(sentences)]
        return np.concatenate([np.zeros(0), *scores])

    def familiarity(self, X: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """How much of each sentence is known from fitting.

        Returns
        -------
        words : ndarray of int64, shape (n_sentences,)
            Number of words.
        known : ndarray of float64, shape (n_sentences,)
            Share of them, in [0, 1], that stood in the sentences given to `fit`.
        """
        check_is_fitted(self)
        sentences = as_sentences(X)
        seen = self.idf_ < np.float32(np.log(1 + self.n_sentences_))
        parts = [self._familiarity_of_batch(fold(batch), seen) for batch in _batches(sentences)]
        words = np.concatenate([np.zeros(0, dtype=np.int64), *(part[0] for part in parts)])
        known = np.concatenate([np.zeros(0), *(part[1] for part in parts)])
        return words, known / np.maximum(words, 1)

    def occurrences(self, X: Sequence[str]) -> Iterator[Occurrences]:
        """Every n-gram of every sentence with its place, so that a score can be traced back to the characters.

        The values of all occurrences of a column add up to that column of ``transform(X)``.

        Yields
        ------
        Occurrences
            Once for words and once for characters.
        """
        check_is_fitted(self)
        stream = fold(as_sentences(X))
        for block in self._blocks(stream):
            yield self._placed(stream, block)

    def _placed(self, stream: Stream, block: list["_Hashed"]) -> Occurrences:
        start = np.concatenate([part.grams.start for part in block])
        end = np.concatenate([part.grams.end for part in block])
        bucket = np.concatenate([part.bucket for part in block])
        sentence = np.searchsorted(stream.bounds, start, side="right") - 1
        length = np.sqrt(np.bincount(sentence, minlength=len(stream.bounds) - 1))
        shift = stream.offsets[sentence] + 1
        # A blank that was set around a punctuation mark has the mark's own place, hence the maximum.
        first, last = stream.source[start] - shift, stream.source[end - 1] + 1 - shift
        return Occurrences(sentence, np.maximum(first, 0), last, bucket, self.idf_[bucket] / length[sentence])

    def _counts(self, sentences: list[str]) -> sparse.csr_matrix:
        """The vectors before rarity is weighed in."""
        blocks = [self._counts_of_batch(fold(batch)) for batch in _batches(sentences)]
        return sparse.vstack(blocks, format="csr") if blocks else sparse.csr_matrix((0, 2 * self.n_buckets), dtype=np.float32)

    def _counts_of_batch(self, stream: Stream) -> sparse.csr_matrix:
        n_sentences = len(stream.bounds) - 1
        rows, columns, values = [], [], []
        for block in self._blocks(stream):
            edges = [part.edges for part in block]
            count = np.sum([np.diff(edge) for edge in edges], axis=0)
            for part in block:
                row = np.repeat(np.arange(n_sentences), np.diff(part.edges))
                rows.append(row)
                columns.append(part.bucket)
                values.append((1 / np.sqrt(count[row])).astype(np.float32))
        index = (np.concatenate(rows), np.concatenate(columns))
        return sparse.csr_matrix((np.concatenate(values), index), shape=(n_sentences, 2 * self.n_buckets))

    def _score_batch(self, stream: Stream, weights: NDArray[np.float32]) -> NDArray[np.float64]:
        score = np.zeros(len(stream.bounds) - 1)
        for block in self._blocks(stream):
            total, count = np.zeros(len(score)), np.zeros(len(score))
            for part in block:
                total += _segment_sums(weights[part.bucket], part.edges)
                count += np.diff(part.edges)
            score += total / np.sqrt(np.maximum(count, 1))
        return score

    def _familiarity_of_batch(self, stream: Stream, seen: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[Any]]:
        words = self._hashed(stream, next(word_ngrams(stream, 1)), block=0)
        return np.diff(words.edges), _segment_sums(seen[words.bucket].astype(np.float32), words.edges)

    def _blocks(self, stream: Stream) -> Iterator[list["_Hashed"]]:
        """Words, then characters: each block has buckets of its own and counts as one length."""
        yield [self._hashed(stream, grams, block=0) for grams in word_ngrams(stream, self.word_ngrams)]
        yield [self._hashed(stream, grams, block=1) for grams in character_ngrams(stream, *self.char_ngrams)]

    def _hashed(self, stream: Stream, grams: NGrams, *, block: int) -> "_Hashed":
        discarded = np.uint32(33 - int(self.n_buckets).bit_length())
        bucket = (grams.hashes >> discarded).astype(np.int64)
        if block:
            bucket += block * self.n_buckets
        return _Hashed(grams, bucket, np.searchsorted(grams.start, stream.bounds))

    def _check_parameters(self) -> None:
        shortest, longest = self.char_ngrams
        if self.word_ngrams < 1 or not 2 <= shortest <= longest:
            raise ValueError(f"word_ngrams must be at least 1 and char_ngrams at least (2, 2), ascending; got {self}.")
        if not 2**4 <= self.n_buckets <= 2**24 or self.n_buckets & (self.n_buckets - 1):
            raise ValueError(f"n_buckets must be a power of two from 2**4 to 2**24; got {self.n_buckets}.")


@dataclass(frozen=True, slots=True)
class _Hashed:
    """N-grams of one order with their columns; sentence ``k`` owns ``edges[k]:edges[k + 1]`` of them."""

    grams: NGrams
    bucket: NDArray[np.int64]
    edges: NDArray[np.int64]


def as_sentences(X: object) -> list[str]:
    """The list of `X`, or a ``TypeError`` that says which element is no string."""
    if isinstance(X, str | bytes) or not isinstance(X, Iterable):
        raise TypeError(f"Expected an iterable of strings, one per sentence, got {type(X).__name__}: wrap it in a list.")
    sentences = list(X)
    for position, sentence in enumerate(sentences):
        if not isinstance(sentence, str):
            raise TypeError(
                f"Element {position} is {sentence!r:.60} of type {type(sentence).__name__}, not a string: "
                "pass text, and drop or fill missing values first."
            )
    return sentences


def _batches(sentences: list[str]) -> Iterator[list[str]]:
    """Runs of sentences of about `_BATCH` characters, each sentence cut to what is read of it."""
    batch: list[str] = []
    size = 0
    for sentence in sentences:
        batch.append(sentence[:_LONGEST])
        size += len(batch[-1]) + 1
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _segment_sums(values: NDArray[np.float32], edges: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sum of each ``values[edges[k]:edges[k + 1]]``, empty ones included; no sum depends on its neighbours."""
    sums = np.zeros(len(edges) - 1)
    filled = edges[:-1] < edges[1:]
    if filled.any():
        sums[filled] = np.add.reduceat(values, edges[:-1][filled])
    return sums
