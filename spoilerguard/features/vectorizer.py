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
from spoilerguard.features.blocks import Hashed, character_sums, characters_block, segment_sums
from spoilerguard.features.reading import Reading
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
        counts = [self._counts(read).indices for read in self._read(sentences)]
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
        batches = [self._transform_batch(read) for read in self._read(as_sentences(X))]
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
        weights, by_word = self._weights(coef)
        scores = [self._score_batch(read, weights, by_word) for read in self._read(as_sentences(X))]
        return np.concatenate([np.zeros(0), *scores])

    def score_and_familiarity(
        self, X: Sequence[str], coef: NDArray[np.floating[Any]]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
        """What `score_sentences` and `familiarity` return, from one reading."""
        check_is_fitted(self)
        weights, by_word = self._weights(coef)
        parts = [
            (self._score_batch(read, weights, by_word), *self._familiarity_of_batch(read))
            for read in self._read(as_sentences(X))
        ]
        scores, words, known = _joined(parts, 3)
        return scores, words.astype(np.int64), known / np.maximum(words, 1)

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
        words, known = _joined(parts, 2)
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
        weights, by_word = self._weights(coef)
        first = 0
        for read in self._read(as_sentences(X)):
            found = weigh_words(read.stream, self._blocks(read), weights)
            if self.encoder is not None and by_word is not None and read.rows is not None:
                divisor = self._divisor(self.encoder, read.rows, read.edges)
                found.weight[:] += by_word[read.rows] / divisor[found.sentence]
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
        return Reading.of(batch, self.word_ngrams, self.n_buckets, self.encoder)

    def _transform_batch(self, read: Reading) -> sparse.csr_matrix:
        ngrams = self._counts(read)
        ngrams.data *= self.idf_[ngrams.indices]
        if self.encoder is None or read.rows is None:
            return ngrams
        dense = self.encoder.encode(read.rows, read.edges)
        return sparse.hstack([ngrams, sparse.csr_matrix(dense)], format="csr")

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

    def _score_batch(
        self, read: Reading, weights: NDArray[np.float32], by_word: NDArray[np.float64] | None
    ) -> NDArray[np.float64]:
        of_words = np.sum([segment_sums(weights[part.bucket], part.edges) for part in read.words], axis=0)
        n_words = np.sum([np.diff(part.edges) for part in read.words], axis=0)
        of_characters, n_characters = character_sums(read.stream, self.char_ngrams, weights[self.n_buckets :])
        score = of_words / np.sqrt(np.maximum(n_words, 1)) + of_characters / np.sqrt(np.maximum(n_characters, 1))
        if self.encoder is not None and by_word is not None and read.rows is not None:
            divisor = self._divisor(self.encoder, read.rows, read.edges)
            score += segment_sums(by_word[read.rows], read.edges) / divisor
        return np.asarray(score)

    def _familiarity_of_batch(self, read: Reading) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        spoken = read.spoken
        if self.encoder is None or read.rows is None:
            known = (self.idf_[read.words[0].bucket] < np.float32(np.log(1 + self.n_sentences_))) & spoken
        else:
            known = (read.rows < len(self.encoder.hashes)) & spoken
        return segment_sums(spoken.astype(np.float64), read.edges), segment_sums(known.astype(np.float64), read.edges)

    def _weights(self, coef: NDArray[np.floating[Any]]) -> tuple[NDArray[np.float32], NDArray[np.float64] | None]:
        """A head's weights as the weight of each bucket, rarity weighed in, and of each word of the encoder.

        They are kept where nobody can change `coef`, as with the default model: else they would be half of the time
        that a single review takes.
        """
        if coef.flags.writeable or not coef.flags.owndata:
            return self._weighed(coef)
        made_from = (coef, self.idf_, self.encoder)
        kept: tuple[tuple[object, ...], Any] | None = getattr(self, "_kept_weights", None)
        if kept is None or any(one is not other for one, other in zip(kept[0], made_from, strict=True)):
            kept = self._kept_weights = (made_from, self._weighed(coef))
        weights: tuple[NDArray[np.float32], NDArray[np.float64] | None] = kept[1]
        return weights

    def _weighed(self, coef: NDArray[np.floating[Any]]) -> tuple[NDArray[np.float32], NDArray[np.float64] | None]:
        weights = np.asarray(coef[: len(self.idf_)], dtype=np.float32) * self.idf_
        return weights, self.encoder.word_scores(coef[len(self.idf_) :]) if self.encoder else None

    @staticmethod
    def _divisor(encoder: SentenceEncoder, rows: NDArray[np.int64], edges: NDArray[np.int64]) -> NDArray[np.float64]:
        """What the encoder's sum over each sentence is divided by."""
        return encoder.weight_of(encoder.word_importance()[rows], edges)

    def _blocks(self, read: Reading) -> Iterator[list[Hashed]]:
        yield read.words
        yield characters_block(read.stream, self.char_ngrams, self.n_buckets)

    def _check_parameters(self) -> None:
        shortest, longest = self.char_ngrams
        if self.word_ngrams < 1 or not 2 <= shortest <= longest:
            raise ValueError(f"word_ngrams must be at least 1 and char_ngrams at least (2, 2), ascending; got {self}.")
        if not 2**4 <= self.n_buckets <= 2**24 or self.n_buckets & (self.n_buckets - 1):
            raise ValueError(f"n_buckets must be a power of two from 2**4 to 2**24; got {self.n_buckets}.")


def _joined(parts: Sequence[tuple[NDArray[Any], ...]], n_columns: int) -> list[NDArray[Any]]:
    """Each column of the batches in one array, also where there is no batch."""
    return [np.concatenate([np.zeros(0), *(part[column] for part in parts)]) for column in range(n_columns)]
