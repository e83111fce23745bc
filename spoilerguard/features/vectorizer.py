"""Sentences → sparse vectors of hashed n-grams, or straight to their scores.

Every word n-gram and every character n-gram inside a word falls into a bucket by its hash; a bucket counts by how rare
it is among sentences. A sentence's two blocks are each divided by the square root of their number of n-grams, a length
that needs no look at the weights: so a score is one gather and one sum, and the matrix is never built for it. With an
encoder, its dense vector stands behind them.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from spoilerguard.encoder import SentenceEncoder
from spoilerguard.features.batches import as_sentences, in_batches
from spoilerguard.features.blocks import Hashed, characters_block, segment_sums, words_block
from spoilerguard.features.folding import Stream, fold, is_mark
from spoilerguard.features.tracing import Occurrences, WordWeights, locate, weigh_words

__all__ = ["SentenceVectorizer"]


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
    encoder : SentenceEncoder, optional
        Pre-trained word vectors; their pooled vector makes the last ``encoder.n_dimensions`` columns.

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

    def __init__(
        self,
        *,
        word_ngrams: int = 2,
        char_ngrams: tuple[int, int] = (2, 5),
        n_buckets: int = 2**18,
        encoder: SentenceEncoder | None = None,
    ) -> None:
        self.word_ngrams = word_ngrams
        self.char_ngrams = char_ngrams
        self.n_buckets = n_buckets
        self.encoder = encoder

    def fit(self, X: Sequence[str], y: object = None) -> Self:  # noqa: ARG002 - pipelines pass it
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
        counts = [self._counts(fold(batch)).indices for batch in in_batches(sentences)]
        frequency = np.bincount(np.concatenate(counts), minlength=2 * self.n_buckets)
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
        scipy.sparse.csr_matrix of float32, shape (n_sentences, n_columns)
        """
        check_is_fitted(self)
        batches = [self._transform_batch(fold(batch)) for batch in in_batches(as_sentences(X))]
        empty = sparse.csr_matrix((0, self.n_columns), dtype=np.float32)
        return sparse.vstack([empty, *batches], format="csr")

    def get_feature_names_out(self, input_features: object = None) -> NDArray[Any]:  # noqa: ARG002 - pipelines pass it
        """Names of the columns: ``words_<bucket>``, ``characters_<bucket>`` and, with an encoder, ``meaning_<i>``.

        A bucket has no better name, since hashes do not lead back to n-grams; `occurrences` says what fell into it.

        Returns
        -------
        ndarray of str, shape (n_columns,)
        """
        check_is_fitted(self)
        kinds = {"words": self.n_buckets, "characters": self.n_buckets}
        kinds["meaning"] = self.encoder.n_dimensions if self.encoder else 0
        return np.array([f"{kind}_{column}" for kind, count in kinds.items() for column in range(count)], dtype=object)

    @property
    def n_columns(self) -> int:
        """Length of a vector: words, characters, and the encoder's dimensions."""
        return 2 * self.n_buckets + (self.encoder.n_dimensions if self.encoder else 0)

    def score_sentences(self, X: Sequence[str], coef: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """``transform(X) @ coef``, several times faster, since no matrix is built.

        Parameters
        ----------
        X : sequence of str
            Sentences.
        coef : ndarray of float, shape (n_columns,)
            Weight of each column.

        Returns
        -------
        ndarray of float64, shape (n_sentences,)
        """
        check_is_fitted(self)
        sentences = as_sentences(X)
        weights, by_word = self._weights(coef)
        scores = [self._score_batch(fold(batch), weights, by_word) for batch in in_batches(sentences)]
        return np.concatenate([np.zeros(0), *scores])

    def familiarity(self, X: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """How much of each sentence is known: to the encoder, or, without one, from fitting.

        Returns
        -------
        words : ndarray of int64, shape (n_sentences,)
            Number of words, punctuation left out.
        known : ndarray of float64, shape (n_sentences,)
            Share of them, in [0, 1], that the encoder's table holds, or whose bucket was filled in `fit`. (A large
            corpus fills every bucket with its pairs of words, so buckets know a language only where it is small.)
        """
        check_is_fitted(self)
        sentences = as_sentences(X)
        seen = self.idf_ < np.float32(np.log(1 + self.n_sentences_))
        parts = [self._familiarity_of_batch(fold(batch), seen) for batch in in_batches(sentences)]
        words, known = (np.concatenate([np.zeros(0), *column]) for column in zip(([], []), *parts, strict=True))
        return words.astype(np.int64), known / np.maximum(words, 1)

    def occurrences(self, X: Sequence[str]) -> Iterator[Occurrences]:
        """Every n-gram of every sentence with its place, so that a score can be traced back to the characters.

        The values of all occurrences of a column add up to that column of ``transform(X)``.

        Yields
        ------
        Occurrences
            Once for words and once for characters.
        """
        check_is_fitted(self)
        stream = fold([sentence for batch in in_batches(as_sentences(X)) for sentence in batch])
        for block in self._blocks(stream):
            start = np.concatenate([part.grams.start for part in block])
            end = np.concatenate([part.grams.end for part in block])
            bucket = np.concatenate([part.bucket for part in block])
            sentence, first, last = locate(stream, start, end)
            length = np.sqrt(np.bincount(sentence, minlength=len(stream.bounds) - 1))
            yield Occurrences(sentence, first, last, bucket, self.idf_[bucket] / length[sentence])

    def contributions(self, X: Sequence[str], coef: NDArray[np.floating[Any]]) -> Iterator[WordWeights]:
        """What each word adds to the score of its sentence: `score_sentences`, traced back and unrounded.

        Parameters
        ----------
        X : sequence of str
            Sentences.
        coef : ndarray of float, shape (n_columns,)
            Weight of each column.

        Yields
        ------
        WordWeights
            Once for each batch; its sentences are counted from the first one of `X`.
        """
        check_is_fitted(self)
        weights, by_word = self._weights(coef)
        first = 0
        for batch in in_batches(as_sentences(X)):
            stream = fold(batch)
            found = weigh_words(stream, self._blocks(stream), weights)
            if self.encoder is not None and by_word is not None:
                rows, divisor = self._pooled(self.encoder, self._words(stream))
                found.weight[:] += by_word[rows] / divisor[found.sentence]
            found.sentence[:] += first
            yield found
            first += len(batch)

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn ships no types
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = True, False
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _transform_batch(self, stream: Stream) -> sparse.csr_matrix:
        ngrams = self._counts(stream)
        ngrams.data *= self.idf_[ngrams.indices]
        if self.encoder is None:
            return ngrams
        words = self._words(stream)
        dense = self.encoder.encode(self.encoder.find(words.grams.hashes), words.edges)
        return sparse.hstack([ngrams, sparse.csr_matrix(dense)], format="csr")

    def _counts(self, stream: Stream) -> sparse.csr_matrix:
        """The n-gram columns before rarity is weighed in."""
        n_sentences = len(stream.bounds) - 1
        rows, columns, values = [], [], []
        for block in self._blocks(stream):
            count = np.sum([np.diff(part.edges) for part in block], axis=0)
            for part in block:
                rows.append(part.sentence)
                columns.append(part.bucket)
                values.append((1 / np.sqrt(count[part.sentence])).astype(np.float32))
        index = (np.concatenate(rows), np.concatenate(columns))
        return sparse.csr_matrix((np.concatenate(values), index), shape=(n_sentences, 2 * self.n_buckets))

    def _score_batch(
        self, stream: Stream, weights: NDArray[np.float32], by_word: NDArray[np.float32] | None
    ) -> NDArray[np.float64]:
        score = np.zeros(len(stream.bounds) - 1)
        for block in self._blocks(stream):
            total, count = np.zeros(len(score)), np.zeros(len(score))
            for part in block:
                total += segment_sums(weights[part.bucket], part.edges)
                count += np.diff(part.edges)
            score += total / np.sqrt(np.maximum(count, 1))
        if self.encoder is not None and by_word is not None:
            words = self._words(stream)
            rows, divisor = self._pooled(self.encoder, words)
            score += segment_sums(by_word[rows], words.edges) / divisor
        return score

    def _weights(self, coef: NDArray[np.floating[Any]]) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """A head's weights as the weight of each bucket, rarity weighed in, and of each word of the encoder."""
        weights = np.asarray(coef[: len(self.idf_)], dtype=np.float32) * self.idf_
        return weights, self.encoder.word_scores(coef[len(self.idf_) :]) if self.encoder else None

    def _words(self, stream: Stream) -> Hashed:
        return words_block(stream, 1, self.n_buckets)[0]

    @staticmethod
    def _pooled(encoder: SentenceEncoder, words: Hashed) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The encoder's row of each word, and what the sum over each sentence is divided by."""
        rows = encoder.find(words.grams.hashes)
        return rows, encoder.weight_of(encoder.word_importance()[rows], words.edges)

    def _familiarity_of_batch(
        self, stream: Stream, seen: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        words = self._words(stream)
        spoken = ~is_mark(stream.codes[words.grams.start])
        if self.encoder is None:
            known = seen[words.bucket] & spoken
        else:
            known = (self.encoder.find(words.grams.hashes) < len(self.encoder.hashes)) & spoken
        edges = words.edges
        return segment_sums(spoken.astype(np.float64), edges), segment_sums(known.astype(np.float64), edges)

    def _blocks(self, stream: Stream) -> Iterator[list[Hashed]]:
        """One block after the other, since together they would outgrow the processor's cache."""
        yield words_block(stream, self.word_ngrams, self.n_buckets)
        yield characters_block(stream, self.char_ngrams, self.n_buckets)

    def _check_parameters(self) -> None:
        shortest, longest = self.char_ngrams
        if self.word_ngrams < 1 or not 2 <= shortest <= longest:  # noqa: PLR2004
            raise ValueError(f"word_ngrams must be at least 1 and char_ngrams at least (2, 2), ascending; got {self}.")
        if not 2**4 <= self.n_buckets <= 2**24 or self.n_buckets & (self.n_buckets - 1):
            raise ValueError(f"n_buckets must be a power of two from 2**4 to 2**24; got {self.n_buckets}.")
