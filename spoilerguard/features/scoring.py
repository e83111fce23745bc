"""A linear head's scores of sentences, straight from their tokens: ``transform(X) @ coef`` without the matrix."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spoilerguard.features.ngrams import score_characters, segment_sums, word_ngrams
from spoilerguard.features.tokens import TokenBatch
from spoilerguard.features.vectorizer import AnyVectors, Vectorizer

__all__ = ["LinearScorer", "Reading"]

_MIN_WORDS = 4
_MIN_DIFFERENT = 3  # "Ha ha ha ha ha!" says nothing
_MIN_KNOWN = 0.82  # English reviews fall below it once in a hundred sentences, other languages mostly


class Reading(NamedTuple):
    """Sentences as a model has read them, each on its own; arrays of shape (n_sentences,), but for the vectors.

    Attributes
    ----------
    logits : ndarray of float64
        Of the probability that each sentence is a spoiler.
    vectors : ndarray of float64, shape (n_sentences, n_dimensions)
        The encoder's, or roughly those, where a sentence was only skimmed.
    read : ndarray of bool
        Whether each sentence was read, and not only skimmed.
    """

    logits: NDArray[np.float64]
    vectors: NDArray[np.float64]
    read: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class LinearScorer:
    """A fitted vectorizer and the weights of a linear head, made ready to score any number of batches.

    Weighing rarity into the weights takes half of the time of a single review, so a model keeps its scorer.

    Attributes
    ----------
    vectorizer : SentenceVectorizer
        Fitted.
    coef : ndarray of float, shape (n_columns,)
        Weight of each column of the vectors; not to be changed afterwards.

    Examples
    --------
    >>> from spoilerguard.features import SentenceVectorizer
    >>> vectorizer = SentenceVectorizer(n_buckets=16).fit(["He dies.", "Fine."])
    >>> scorer = LinearScorer(vectorizer, np.linspace(-1, 1, 32))
    >>> [tokens] = vectorizer.tokenize(["He is fine."])
    >>> matrix = vectorizer.transform(["He is fine."])
    >>> bool(np.allclose(scorer.score(tokens, np.zeros((1, 0))), matrix @ scorer.coef))
    True
    """

    vectorizer: Vectorizer
    coef: NDArray[np.floating[Any]]
    _ngram_weights: NDArray[np.float32] = field(init=False, repr=False)
    _vector_weights: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Weigh rarity into the weights."""
        idf = self.vectorizer.idf_
        object.__setattr__(self, "_ngram_weights", np.asarray(self.coef[: len(idf)], dtype=np.float32) * idf)
        object.__setattr__(self, "_vector_weights", np.asarray(self.coef[len(idf) :], dtype=np.float64))

    def score(self, tokens: TokenBatch, vectors: AnyVectors) -> NDArray[np.float64]:
        """Score of each sentence, shape (n_sentences,); `vectors` are what ``encode_tokens`` gave."""
        return self.score_ngrams(tokens) + self.score_vectors(vectors)

    def score_ngrams(self, tokens: TokenBatch) -> NDArray[np.float64]:
        """What its n-grams add to the score of each sentence, shape (n_sentences,)."""
        vectorizer, weights = self.vectorizer, self._ngram_weights
        words = word_ngrams(tokens, vectorizer.word_ngrams, vectorizer.n_buckets)
        of_words = np.sum([segment_sums(weights[part.bucket], part.edges) for part in words], axis=0)
        n_words = np.sum([np.diff(part.edges) for part in words], axis=0)
        characters = weights[vectorizer.n_buckets :]
        of_characters, n_characters = score_characters(tokens, vectorizer.char_ngrams, characters)
        of_words /= np.sqrt(np.maximum(n_words, 1))
        return np.asarray(of_words + of_characters / np.sqrt(np.maximum(n_characters, 1)))

    def score_vectors(self, vectors: AnyVectors) -> NDArray[np.float64]:
        """What its vector adds. Row by row: a matrix product may round a sentence differently in another batch."""
        return np.asarray((vectors * self._vector_weights).sum(axis=1))

    def read(
        self,
        tokens: TokenBatch,
        sentences: Sequence[str],
        intercept: float,
        gate: float | None,
        in_any_case: NDArray[np.bool_] | None = None,
    ) -> Reading:
        """Encode and score `sentences`, whose tokens are `tokens`; what stays below the gate is only skimmed."""
        ngrams = self.score_ngrams(tokens)
        if gate is None:
            vectors = self.vectorizer.encode_tokens(tokens)
            read = np.ones(len(tokens), dtype=np.bool_)
            return Reading(ngrams + self.score_vectors(vectors) + intercept, vectors, read)
        vectors = self.vectorizer.skim_tokens(tokens)
        logits = ngrams + self.score_vectors(vectors) + intercept
        read = logits >= gate
        if in_any_case is not None:
            read |= in_any_case
        vectors[read] = self.vectorizer.encode([sentences[row] for row in np.flatnonzero(read).tolist()])
        logits[read] = ngrams[read] + self.score_vectors(vectors[read]) + intercept
        return Reading(logits, vectors, read)

    def word_and_known_counts(self, tokens: TokenBatch) -> NDArray[np.int64]:
        """Number of words of each sentence, punctuation left out, and of those that are known, shape (2, n_sentences).

        A word is known where the encoder's vocabulary holds it or, without an encoder, where fitting filled its bucket.
        (A large corpus fills every bucket with its pairs of words, so buckets know a language only where it is small.)
        """
        vectorizer, is_word = self.vectorizer, tokens.is_word
        if vectorizer.encoder is None:
            [words] = word_ngrams(tokens, 1, vectorizer.n_buckets)
            known = vectorizer.idf_[words.bucket] < np.float32(np.log(1 + vectorizer.n_sentences_))
        else:
            known = vectorizer.encoder.in_vocabulary(tokens)
        counts = [segment_sums(kind.astype(np.float64), tokens.edges) for kind in (is_word, known & is_word)]
        return np.array(counts).astype(np.int64)

    def certain(self, tokens: TokenBatch) -> NDArray[np.bool_]:
        """Whether each sentence carries enough: words, different ones, and most of them known; (n_sentences,)."""
        words, known = self.word_and_known_counts(tokens)
        different = np.unique((tokens.sentence << 32 | tokens.hashes)[tokens.is_word]) >> 32
        enough = (words >= _MIN_WORDS) & (np.bincount(different, minlength=len(tokens)) >= _MIN_DIFFERENT)
        return np.asarray(enough & (known / np.maximum(words, 1) >= _MIN_KNOWN))
