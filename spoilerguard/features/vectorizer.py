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

from spoilerguard.documents import Documents
from spoilerguard.features.encoder import Encoder, SentenceEncoder
from spoilerguard.features.memory import encode_once
from spoilerguard.features.ngrams import NGrams, character_ngrams, word_ngrams
from spoilerguard.features.normalization import NORMALIZATIONS
from spoilerguard.features.tokens import TokenBatch, read_sentences, token_batches, tokenize

__all__ = ["AnyVectors", "Vectorizer", "Vectors"]

Vectors = NDArray[np.float64]
AnyVectors = NDArray[np.floating[Any]]  # single precision holds those of the default encoder exactly
_MAX_WORDS, _MAX_CHARACTERS = 8, 16  # of an n-gram


class Vectorizer:
    """The half of `SentenceVectorizer` that classifies; parameters and attributes as there.

    It needs nothing of scikit-learn, whose import takes three times as long as all else that a first verdict waits for.
    """

    idf_: NDArray[np.float32]
    n_sentences_: int

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

    def unfitted(self) -> Self:
        """Another with the same parameters, which shares the encoder."""
        return type(self)(
            word_ngrams=self.word_ngrams,
            char_ngrams=self.char_ngrams,
            n_buckets=self.n_buckets,
            encoder=self.encoder,
            normalization=self.normalization,
            memory=self.memory,
        )

    def encode(self, X: Sequence[str]) -> Vectors:
        """The encoder's vectors of sentences, each on its own, shape (n_sentences, n_dimensions); needs no fitting."""
        parts = [self.encode_tokens(tokens) for tokens in self.tokenize(read_sentences(X))]
        return np.concatenate([np.zeros((0, self.n_dimensions)), *parts])

    def skim(self, X: Sequence[str]) -> Vectors:
        """Roughly what `encode` gives, where the encoder has a skimmer; else the same."""
        parts = [self.skim_tokens(tokens) for tokens in self.tokenize(read_sentences(X))]
        return np.concatenate([np.zeros((0, self.n_dimensions)), *parts])

    def encode_documents(self, documents: Documents) -> tuple[AnyVectors, AnyVectors]:
        """The encoder's vectors of the sentences of documents; needs no fitting.

        Parameters
        ----------
        documents : Documents

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
            rows = slice(done, done + len(part))
            tokens = list(self.tokenize(part.sentences))
            alone[rows] = found = np.concatenate([self.encode_tokens(batch) for batch in tokens])
            in_review[rows] = self.encode_reviews(tokens, part.lengths, found)
            done += len(part)
        return alone, in_review

    def encode_again(self, documents: Documents, alone: AnyVectors, in_review: AnyVectors) -> AnyVectors:
        """Vectors of sentences where they stand, when those alone have changed since they were `in_review`."""
        if self.reads_reviews_anew:
            return np.where(documents.in_review[:, None], in_review, alone)
        again, done = in_review.copy(), 0
        for part in documents.batches():
            rows = slice(done, done + len(part))
            again[rows] = self.encode_reviews([], part.lengths, alone[rows].astype(np.float64))
            done += len(part)
        return again

    def tokenize(self, sentences: Sequence[str]) -> Iterator[TokenBatch]:
        """Batches of the sentences' tokens, by the vectorizer's normalization."""
        return token_batches(sentences, self.normalization)

    def encode_tokens(self, tokens: TokenBatch) -> Vectors:
        """`encode`, for tokens; a sentence without a token, which no encoder has met, counts as a full stop."""
        if self.encoder is None:
            return np.zeros((len(tokens), 0))
        return self._with_full_stops(encode_once(self.encoder, tokens, self.memory), tokens, self.encoder)

    def skim_tokens(self, tokens: TokenBatch) -> Vectors:
        """`skim`, for tokens; what `memory` keeps is not asked."""
        skimmer = None if self.encoder is None else self.encoder.skimmer
        if skimmer is None:
            return self.encode_tokens(tokens)
        return self._with_full_stops(skimmer.encode(tokens), tokens, skimmer)

    def encode_reviews(self, batches: Sequence[TokenBatch], lengths: NDArray[np.int64], vectors: Vectors) -> Vectors:
        """Vectors of sentences in their documents of `lengths` sentences; `vectors` are what `encode_tokens` gave."""
        if self.encoder is None:
            return np.zeros((int(lengths.sum()), 0))
        return self.encoder.encode_reviews(batches, lengths, vectors)

    def _with_full_stops(self, vectors: Vectors, tokens: TokenBatch, encoder: SentenceEncoder) -> Vectors:
        """The vector of a full stop where a sentence has no token."""
        empty = np.diff(tokens.edges) == 0
        if empty.any():
            vectors[empty] = encoder.encode(tokenize(["."], self.normalization))
        return vectors

    def ngrams(self, tokens: TokenBatch) -> tuple[list[NGrams], list[NGrams]]:
        """The n-grams of a batch: those of words, and those of characters; each a list with one entry an order."""
        return (
            word_ngrams(tokens, self.word_ngrams, self.n_buckets),
            character_ngrams(tokens, self.char_ngrams, self.n_buckets),
        )

    @property
    def n_dimensions(self) -> int:
        """Columns of the encoder's vector of a sentence; 0 without an encoder."""
        return self.encoder.n_dimensions if self.encoder else 0

    @property
    def can_skim(self) -> bool:
        """Whether `skim` is quicker than `encode`."""
        return self.encoder is not None and self.encoder.skimmer is not None

    @property
    def reads_reviews_anew(self) -> bool:
        """Whether vectors in a review come from its words, and not from those of its sentences."""
        return self.encoder is not None and self.encoder.reads_reviews_anew

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
