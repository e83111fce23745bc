"""Sentences → sparse vectors of hashed n-grams, an encoder's dense vector behind them.

Every word n-gram and every character n-gram inside a word falls into a bucket by its hash; a bucket counts by how rare
it is among sentences. The norm by which a block is divided depends on its number of n-grams only, so a score is one
look-up and one sum, and no matrix is built for it (`spoilerguard.features.scoring`). The encoder costs most of the
time, so every method takes vectors that are known.
"""

from collections.abc import Iterator, Sequence
from os import PathLike
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from spoilerguard.documents import Documents
from spoilerguard.features.encoder import Encoder
from spoilerguard.features.estimators import one_line
from spoilerguard.features.memory import encode_once
from spoilerguard.features.ngrams import NGrams, character_ngrams, ngram_matrix, stack, word_ngrams
from spoilerguard.features.normalization import NORMALIZATIONS
from spoilerguard.features.tokens import TokenBatch, read_sentences, token_batches, tokenize

__all__ = ["AnyVectors", "SentenceVectorizer", "Vectors"]

Vectors = NDArray[np.float64]
AnyVectors = NDArray[np.floating[Any]]  # single precision holds those of the default encoder exactly
_MAX_WORDS, _MAX_CHARACTERS = 8, 16  # of an n-gram


class SentenceVectorizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turn sentences into sparse vectors of hashed word and character n-grams, weighted by rarity.

    Case, accents, curly quotes, blanks and stray markup do not change a vector, and a sentence's vector does not depend
    on the batch that it comes in. Hashing n-grams follows Weinberger et al. (2009), "Feature Hashing for Large Scale
    Multitask Learning"; weighting by inverse document frequency follows Spärck Jones (1972).

    Parameters
    ----------
    word_ngrams : int, default 2
        Longest run of neighbouring words (a punctuation mark counts as a word), from 1 to 8.
    char_ngrams : tuple of (int, int), default (2, 5)
        Shortest and longest character n-gram inside a word, the blank on either side of it included; from 2 to 16.
    n_buckets : int, default 2**18
        Columns for words, and as many again for characters; a power of two from 2**4 to 2**24.
    encoder : Encoder, optional
        What was learnt before; its vector makes the last ``encoder.n_dimensions`` columns.
    normalization : int, default 1
        Number of the text normalization, from `spoilerguard.features.normalization.NORMALIZATIONS`.
    memory : path, optional
        A file that keeps what the encoder has given for a sentence, in single precision, so that it need not be asked
        again: in a grid search it runs once, not once for each fold and candidate. Processes may share the file. It
        grows by 2 kB a sentence, for the default encoder, and belongs to no saved model.

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
        normalization: int = 1,
        memory: str | PathLike[str] | None = None,
    ) -> None:
        self.word_ngrams = word_ngrams
        self.char_ngrams = char_ngrams
        self.n_buckets = n_buckets
        self.encoder = encoder
        self.normalization = normalization
        self.memory = memory

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:  # noqa: N803 - scikit-learn's name
        return one_line(self)[:N_CHAR_MAX]

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
        sentences = read_sentences(X)
        self._check_parameters()
        if not sentences:
            raise ValueError("SentenceVectorizer cannot be fitted on no sentences: pass at least one.")
        return self.fit_frequencies(self.document_frequencies(sentences), len(sentences))

    def document_frequencies(self, X: Sequence[str]) -> NDArray[np.int64]:
        """In how many of the sentences each bucket occurs, shape (2 * n_buckets,); those of parts add up."""
        self._check_parameters()
        frequencies = np.zeros(2 * self.n_buckets, dtype=np.int64)
        for tokens in self.tokenize(read_sentences(X)):
            frequencies += np.bincount(self._ngram_columns(tokens).indices, minlength=len(frequencies))
        return frequencies

    def fit_frequencies(self, frequencies: NDArray[np.int64], n_sentences: int) -> Self:
        """`fit`, from the `document_frequencies` of so many sentences."""
        self.n_sentences_ = n_sentences
        self.idf_ = np.log((1 + n_sentences) / (1 + frequencies)).astype(np.float32)
        return self

    def transform(self, X: Sequence[str], vectors: AnyVectors | None = None) -> sparse.csr_matrix:
        """Vectors of sentences.

        Parameters
        ----------
        X : sequence of str
            Sentences.
        vectors : ndarray of float, shape (n_sentences, encoder.n_dimensions), optional
            What `encode` gave for them, where that is known.

        Returns
        -------
        scipy.sparse.csr_matrix of float32, shape (n_sentences, n_columns)
        """
        sentences = read_sentences(X)
        ngrams = self.transform_ngrams(sentences)
        if self.encoder is None:
            return ngrams
        dense = self.encode(sentences) if vectors is None else self.check_vectors(vectors, len(sentences))
        return sparse.hstack([ngrams, sparse.csr_matrix(dense, dtype=np.float32)], format="csr")

    def transform_ngrams(self, X: Sequence[str]) -> sparse.csr_matrix:
        """Those columns of `transform` that are of n-grams, shape (n_sentences, 2 * n_buckets)."""
        check_is_fitted(self)
        parts = ((self._ngram_columns(tokens), self.idf_) for tokens in self.tokenize(read_sentences(X)))
        return stack(parts, 2 * self.n_buckets)

    def encode(self, X: Sequence[str]) -> Vectors:
        """The encoder's vectors of sentences, each on its own, shape (n_sentences, n_dimensions); needs no fitting."""
        parts = [self.encode_tokens(tokens) for tokens in self.tokenize(read_sentences(X))]
        return np.concatenate([np.zeros((0, self.n_dimensions)), *parts])

    def encode_documents(self, documents: Documents) -> tuple[AnyVectors, AnyVectors]:
        """The encoder's vectors of the sentences of documents; needs no fitting.

        Returns
        -------
        alone : ndarray of float32, shape (n_sentences, encoder.n_dimensions)
            Of each sentence on its own, as `encode` gives them.
        in_review : ndarray of float32, shape (n_sentences, encoder.n_review_dimensions)
            Of each sentence where it stands.
        """
        alone = np.zeros((len(documents), self.n_dimensions), dtype=np.float32)
        in_review = np.zeros((len(documents), self.n_review_dimensions), dtype=np.float32)
        done = 0
        for part in documents.batches():
            tokens = list(self.tokenize(part.sentences))
            vectors = np.concatenate([self.encode_tokens(batch) for batch in tokens])
            rows = slice(done, done + len(part))
            alone[rows], in_review[rows] = vectors, self.encode_reviews(tokens, part.lengths, vectors)
            done += len(part)
        return alone, in_review

    def tokenize(self, sentences: Sequence[str]) -> Iterator[TokenBatch]:
        """Batches of the sentences' tokens, by the vectorizer's normalization."""
        return token_batches(sentences, self.normalization)

    def encode_tokens(self, tokens: TokenBatch) -> Vectors:
        """`encode`, for tokens; a sentence without a token, which no encoder has met, counts as a full stop."""
        if self.encoder is None:
            return np.zeros((len(tokens), 0))
        vectors = encode_once(self.encoder, tokens, self.memory)
        empty = np.diff(tokens.edges) == 0
        if empty.any():
            vectors[empty] = self.encoder.encode(tokenize(["."], self.normalization))
        return vectors

    def encode_reviews(self, batches: Sequence[TokenBatch], lengths: NDArray[np.int64], vectors: Vectors) -> Vectors:
        """Vectors of sentences in their documents of `lengths` sentences; `vectors` are what `encode_tokens` gave."""
        if self.encoder is None:
            return np.zeros((int(lengths.sum()), 0))
        return self.encoder.encode_reviews(batches, lengths, vectors)

    def ngrams(self, tokens: TokenBatch) -> tuple[list[NGrams], list[NGrams]]:
        """The n-grams of a batch: those of words, and those of characters; each a list with one entry an order."""
        return (
            word_ngrams(tokens, self.word_ngrams, self.n_buckets),
            character_ngrams(tokens, self.char_ngrams, self.n_buckets),
        )

    def get_feature_names_out(self, input_features: object = None) -> NDArray[Any]:  # noqa: ARG002 - pipelines pass it
        """Names of the columns: ``words_<bucket>``, ``characters_<bucket>``, ``meaning_<i>``, shape (n_columns,).

        A bucket has no better name, since hashes do not lead back to n-grams.
        """
        check_is_fitted(self)
        kinds = {"words": self.n_buckets, "characters": self.n_buckets, "meaning": self.n_dimensions}
        return np.array([f"{kind}_{column}" for kind, count in kinds.items() for column in range(count)], dtype=object)

    @property
    def n_dimensions(self) -> int:
        """Columns of the encoder's vector of a sentence; 0 without an encoder."""
        return self.encoder.n_dimensions if self.encoder else 0

    @property
    def n_review_dimensions(self) -> int:
        """Columns of the encoder's vector of a sentence in its review; 0 without an encoder."""
        return self.encoder.n_review_dimensions if self.encoder else 0

    @property
    def n_columns(self) -> int:
        """Length of a vector: words, characters, and the encoder's dimensions."""
        return 2 * self.n_buckets + self.n_dimensions

    def check_vectors(self, vectors: AnyVectors, n_sentences: int) -> AnyVectors:
        """Known vectors, or a ``ValueError`` where they cannot be those of so many sentences."""
        wanted = (n_sentences, self.n_dimensions)
        if vectors.shape != wanted:
            raise ValueError(f"vectors has the shape {vectors.shape}; {wanted} was expected: pass what encode() gave.")
        return vectors

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn ships no types
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = True, False
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _ngram_columns(self, tokens: TokenBatch) -> sparse.csr_matrix:
        """The n-gram columns before rarity is weighed in."""
        return ngram_matrix(self.ngrams(tokens), len(tokens), 2 * self.n_buckets)

    def _check_parameters(self) -> None:
        shortest, longest = self.char_ngrams
        if not 1 <= self.word_ngrams <= _MAX_WORDS or not 2 <= shortest <= longest <= _MAX_CHARACTERS:
            raise ValueError(
                f"word_ngrams must lie in [1, {_MAX_WORDS}], char_ngrams ascend within [2, {_MAX_CHARACTERS}]; "
                f"got {self.word_ngrams} and {self.char_ngrams}."
            )
        if not 2**4 <= self.n_buckets <= 2**24 or self.n_buckets & (self.n_buckets - 1):
            raise ValueError(f"n_buckets must be a power of two from 2**4 to 2**24; got {self.n_buckets}.")
        if self.normalization not in NORMALIZATIONS:
            raise ValueError(f"normalization must be one of {list(NORMALIZATIONS)}; got {self.normalization}.")
