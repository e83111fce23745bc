"""Sentences → sparse vectors of hashed n-grams, or straight to their scores.

Every word n-gram and every character n-gram inside a word falls into a bucket by its hash; a bucket counts by how rare
it is among sentences. A sentence's two blocks are each divided by the square root of their number of n-grams, a length
that needs no look at the weights: so a score is one gather and one sum, and the matrix is never built for it. With an
encoder, its dense vector stands behind them; it costs most of the time, so every method takes vectors that are known.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from spoilerguard.encoders import Encoder, Words
from spoilerguard.features.batches import as_sentences, in_batches
from spoilerguard.features.blocks import Hashed, character_sums, characters_block, segment_sums
from spoilerguard.features.reading import Reading
from spoilerguard.features.tracing import Occurrences, WordWeights, locate, weigh_words

__all__ = ["SentenceVectorizer"]

Vectors = NDArray[np.float64]


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
    encoder : Encoder, optional
        What was learnt before; its vector makes the last ``encoder.n_dimensions`` columns.

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
        encoder: Encoder | None = None,
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
        counts = [self._counts(read).indices for read in self._read(sentences)]
        frequency = np.bincount(np.concatenate(counts), minlength=2 * self.n_buckets)
        self.n_sentences_ = len(sentences)
        self.idf_ = np.log((1 + self.n_sentences_) / (1 + frequency)).astype(np.float32)
        return self

    def transform(self, X: Sequence[str], vectors: Vectors | None = None) -> sparse.csr_matrix:
        """Vectors of sentences.

        Parameters
        ----------
        X : sequence of str
            Sentences.
        vectors : ndarray of float64, shape (n_sentences, encoder.n_dimensions), optional
            What `encode` gave for them, where that is known.

        Returns
        -------
        scipy.sparse.csr_matrix of float32, shape (n_sentences, n_columns)
        """
        check_is_fitted(self)
        sentences = as_sentences(X)
        batches = [self._ngrams(read) for read in self._read(sentences)]
        empty = sparse.csr_matrix((0, 2 * self.n_buckets), dtype=np.float32)
        ngrams = sparse.vstack([empty, *batches], format="csr")
        if self.encoder is None:
            return ngrams
        dense = self.encode(sentences) if vectors is None else self._checked(vectors, len(sentences))
        return sparse.hstack([ngrams, sparse.csr_matrix(dense.astype(np.float32))], format="csr")

    def encode(self, X: Sequence[str]) -> Vectors:
        """The encoder's vectors of sentences, each on its own; needs no fitting.

        Returns
        -------
        ndarray of float64, shape (n_sentences, encoder.n_dimensions); no columns without an encoder
        """
        parts = [self._encoded(read.words) for read in self._read(as_sentences(X))]
        return np.concatenate([self._encoded(Words.joined([])), *parts])

    def encode_reviews(self, X: Sequence[str], lengths: NDArray[np.int64], vectors: Vectors) -> Vectors:
        """The encoder's vectors of sentences where they stand in their reviews; needs no fitting.

        Parameters
        ----------
        X : sequence of str
            Reviews one after another, each in order.
        lengths : ndarray of int64, shape (n_reviews,)
            Number of sentences of each review; they add up to `n_sentences`.
        vectors : ndarray of float64, shape (n_sentences, encoder.n_dimensions)
            What `encode` gave for them.

        Returns
        -------
        ndarray of float64, shape (n_sentences, encoder.n_review_dimensions); no columns without an encoder
        """
        sentences = as_sentences(X)
        if self.encoder is None:
            return np.zeros((len(sentences), 0))
        words = Words.joined([read.words for read in self._read(sentences)])
        return self.encoder.encode_reviews(words, np.asarray(lengths), vectors)

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

    def score_sentences(
        self, X: Sequence[str], coef: NDArray[np.floating[Any]], vectors: Vectors | None = None
    ) -> NDArray[np.float64]:
        """``transform(X) @ coef``, several times faster, since no matrix is built.

        Parameters
        ----------
        X : sequence of str
            Sentences.
        coef : ndarray of float, shape (n_columns,)
            Weight of each column.
        vectors : ndarray of float64, shape (n_sentences, encoder.n_dimensions), optional
            What `encode` gave for them, where that is known.

        Returns
        -------
        ndarray of float64, shape (n_sentences,)
        """
        return self.score_and_familiarity(X, coef, vectors)[0]

    def score_and_familiarity(
        self, X: Sequence[str], coef: NDArray[np.floating[Any]], vectors: Vectors | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], Vectors]:
        """What `score_sentences`, `familiarity` and `encode` return, from one reading; parameters as there."""
        check_is_fitted(self)
        weights, of_dense = self._weights(coef), np.asarray(coef[2 * self.n_buckets :], dtype=np.float64)
        sentences = as_sentences(X)
        scores, counts, dense = [np.zeros(0)], [np.zeros((2, 0))], [self._encoded(Words.joined([]))]
        for read in self._read(sentences):
            scores.append(self._score_batch(read, weights))
            counts.append(self._familiarity_of_batch(read))
            if vectors is None:
                dense.append(self._encoded(read.words))
        found = np.concatenate(dense) if vectors is None else self._checked(vectors, len(sentences))
        words, known = np.concatenate(counts, axis=1)
        # Row by row: a matrix product may round a sentence differently in another batch.
        score = np.concatenate(scores) + (found * of_dense).sum(axis=1)
        return score, words.astype(np.int64), known / np.maximum(words, 1), found

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
        parts = [self._familiarity_of_batch(read) for read in self._read(as_sentences(X))]
        words, known = np.concatenate([np.zeros((2, 0)), *parts], axis=1)
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
        read = self._read_batch([sentence for batch in in_batches(as_sentences(X)) for sentence in batch])
        for block in self._blocks(read):
            start = np.concatenate([part.grams.start for part in block])
            end = np.concatenate([part.grams.end for part in block])
            bucket = np.concatenate([part.bucket for part in block])
            sentence, first, last = locate(read.stream, start, end)
            length = np.sqrt(np.bincount(sentence, minlength=len(read)))
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
        weights = self._weights(coef)
        first = 0
        for read in self._read(as_sentences(X)):
            found = weigh_words(read.stream, self._blocks(read), weights)
            if self.encoder is not None:
                found.weight[:] += self.encoder.word_scores(read.words, coef[2 * self.n_buckets :])
            found.sentence[:] += first
            yield found
            first += len(read)

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_kept_weights", None)  # quickly made again, and large
        return state

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn ships no types
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = True, False
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _read(self, sentences: list[str]) -> Iterator[Reading]:
        return (self._read_batch(batch) for batch in in_batches(sentences))

    def _read_batch(self, batch: list[str]) -> Reading:
        return Reading.of(batch, self.word_ngrams, self.n_buckets)

    def _encoded(self, words: Words) -> Vectors:
        """What the encoder says; a sentence without a word, which it has never seen, counts as a full stop."""
        if self.encoder is None:
            return np.zeros((words.n_sentences, 0))
        found = self.encoder.encode(words)
        empty = np.diff(words.edges) == 0
        if empty.any():
            found[empty] = self.encoder.encode(self._read_batch(["."]).words)
        return found

    def _checked(self, vectors: Vectors, n_sentences: int) -> Vectors:
        """Known vectors, if they can be those of so many sentences."""
        wanted = (n_sentences, self.encoder.n_dimensions if self.encoder else 0)
        if vectors.shape != wanted:
            raise ValueError(f"vectors has the shape {vectors.shape}; {wanted} was expected: pass what encode() gave.")
        return vectors

    def _ngrams(self, read: Reading) -> sparse.csr_matrix:
        found = self._counts(read)
        found.data *= self.idf_[found.indices]
        return found

    def _counts(self, read: Reading) -> sparse.csr_matrix:
        """The n-gram columns before rarity is weighed in."""
        rows, columns, values = [], [], []
        for block in self._blocks(read):
            count = np.sum([np.diff(part.edges) for part in block], axis=0)
            for part in block:
                rows.append(part.sentence)
                columns.append(part.bucket)
                values.append((1 / np.sqrt(count[part.sentence])).astype(np.float32))
        index = (np.concatenate(rows), np.concatenate(columns))
        return sparse.csr_matrix((np.concatenate(values), index), shape=(len(read), 2 * self.n_buckets))

    def _score_batch(self, read: Reading, weights: NDArray[np.float32]) -> NDArray[np.float64]:
        """Scores of the n-grams alone."""
        of_words = np.sum([segment_sums(weights[part.bucket], part.edges) for part in read.ngrams], axis=0)
        n_words = np.sum([np.diff(part.edges) for part in read.ngrams], axis=0)
        of_characters, n_characters = character_sums(read.stream, self.char_ngrams, weights[self.n_buckets :])
        score = of_words / np.sqrt(np.maximum(n_words, 1)) + of_characters / np.sqrt(np.maximum(n_characters, 1))
        return np.asarray(score)

    def _familiarity_of_batch(self, read: Reading) -> NDArray[np.float64]:
        """Number of words of each sentence, and of those that are known."""
        spoken = read.spoken
        if self.encoder is None:
            known = self.idf_[read.ngrams[0].bucket] < np.float32(np.log(1 + self.n_sentences_))
        else:
            known = self.encoder.knows(read.words)
        counted = [kind.astype(np.float64) for kind in (spoken, known & spoken)]
        return np.array([segment_sums(kind, read.ngrams[0].edges) for kind in counted])

    def _weights(self, coef: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """A head's weights as the weight of each bucket, rarity weighed in.

        They are kept where nobody can change `coef`, as with the default model: else they would be half of the time
        that a single review takes.
        """
        if coef.flags.writeable or not coef.flags.owndata:
            return self._weighed(coef)
        kept: tuple[object, object, NDArray[np.float32]] | None = getattr(self, "_kept_weights", None)
        if kept is None or kept[0] is not coef or kept[1] is not self.idf_:
            kept = self._kept_weights = (coef, self.idf_, self._weighed(coef))
        return kept[2]

    def _weighed(self, coef: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        return np.asarray(coef[: len(self.idf_)], dtype=np.float32) * self.idf_

    def _blocks(self, read: Reading) -> Iterator[list[Hashed]]:
        yield read.ngrams
        yield characters_block(read.stream, self.char_ngrams, self.n_buckets)

    def _check_parameters(self) -> None:
        shortest, longest = self.char_ngrams
        if self.word_ngrams < 1 or not 2 <= shortest <= longest:
            raise ValueError(f"word_ngrams must be at least 1 and char_ngrams at least (2, 2), ascending; got {self}.")
        if not 2**4 <= self.n_buckets <= 2**24 or self.n_buckets & (self.n_buckets - 1):
            raise ValueError(f"n_buckets must be a power of two from 2**4 to 2**24; got {self.n_buckets}.")
