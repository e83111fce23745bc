"""The vectorizer that users fit: it learns how rare each n-gram is, and takes its place in a scikit-learn pipeline."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from spoilerguard.features.bases import BaseEstimator, TransformerMixin
from spoilerguard.features.estimators import check_fitted, one_line
from spoilerguard.features.matrices import ngram_matrix, stack
from spoilerguard.features.tokens import TokenBatch, read_sentences
from spoilerguard.features.vectorizer import AnyVectors, Vectorizer

__all__ = ["SentenceVectorizer"]


class SentenceVectorizer(Vectorizer, TransformerMixin, BaseEstimator):
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

    idf_: NDArray[np.float32]

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:  # noqa: N803 - scikit-learn's name
        return one_line(self)[:N_CHAR_MAX]

    @classmethod
    def from_vectorizer(cls, vectorizer: Vectorizer) -> Self:
        """The vectorizer that does as another, shares its parts, and can be fitted."""
        found = cls.__new__(cls)
        found.__dict__.update(vars(vectorizer))
        return found

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
        check_fitted(self, "idf_")
        parts = ((self._ngram_columns(tokens), self.idf_) for tokens in self.tokenize(read_sentences(X)))
        return stack(parts, 2 * self.n_buckets)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[Any]:  # noqa: ARG002 - pipelines pass it
        """Names of the columns: ``words_<bucket>``, ``characters_<bucket>``, ``meaning_<i>``, shape (n_columns,).

        A bucket has no better name, since hashes do not lead back to n-grams.
        """
        check_fitted(self, "idf_")
        kinds = {"words": self.n_buckets, "characters": self.n_buckets, "meaning": self.n_dimensions}
        return np.array([f"{kind}_{column}" for kind, count in kinds.items() for column in range(count)], dtype=object)

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn ships no types
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = True, False
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _ngram_columns(self, tokens: TokenBatch) -> sparse.csr_matrix:
        """The n-gram columns before rarity is weighed in."""
        return ngram_matrix(self.ngrams(tokens), len(tokens), 2 * self.n_buckets)
