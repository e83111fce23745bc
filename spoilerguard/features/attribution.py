"""A sentence's score → the characters that it comes from."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spoilerguard.features.encoder import Encoder
from spoilerguard.features.estimators import check_fitted
from spoilerguard.features.ngrams import NGrams
from spoilerguard.features.tokens import TokenBatch, as_sentences
from spoilerguard.features.vectorizer import Vectorizer

__all__ = ["Occurrences", "WordWeights", "occurrences", "word_weights"]


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Every n-gram of a batch of sentences that falls into one block of buckets; all arrays have one entry for each.

    Attributes
    ----------
    sentence, start, end : ndarray of int64
        Which sentence, and which characters of it: ``sentences[sentence][start:end]``.
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


@dataclass(frozen=True, slots=True)
class WordWeights:
    """Every token of a batch of sentences, in order, with its share of its sentence's score.

    Attributes
    ----------
    sentence, start, end : ndarray of int64
        Which sentence, and which characters of it: ``sentences[sentence][start:end]``.
    weight : ndarray of float64
        Share of the score; those of a sentence add up to its score.
    shared : ndarray of float64
        What the token and the next one weigh as a pair: half of it is in the weight of each.
    """

    sentence: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    weight: NDArray[np.float64]
    shared: NDArray[np.float64]


def occurrences(vectorizer: Vectorizer, sentences: Sequence[str]) -> Iterator[Occurrences]:
    """Every n-gram of every sentence with its place, so that a score can be traced back to the characters.

    The values of all occurrences of a column add up to that column of ``vectorizer.transform(sentences)``.

    Yields
    ------
    Occurrences
        For each batch of sentences, once for words and once for characters; sentences are counted from the first one.
    """
    check_fitted(vectorizer, "idf_")
    first = 0
    for tokens in vectorizer.tokenize(as_sentences(sentences)):
        for block in vectorizer.ngrams(tokens):
            start, end, bucket = (
                np.concatenate([getattr(part, of) for part in block]) for of in ("start", "end", "bucket")
            )
            sentence, begin, stop = tokens.locate(start, end)
            length = np.sqrt(np.bincount(sentence, minlength=len(tokens)))
            yield Occurrences(sentence + first, begin, stop, bucket, vectorizer.idf_[bucket] / length[sentence])
        first += len(tokens)


def word_weights(
    vectorizer: Vectorizer,
    sentences: Sequence[str],
    coef: NDArray[np.floating[Any]],
    read: NDArray[np.bool_] | None = None,
) -> Iterator[WordWeights]:
    """What each token adds to the score of its sentence: a linear head's score, traced back and unrounded.

    Parameters
    ----------
    vectorizer : SentenceVectorizer
        Fitted.
    sentences : sequence of str
    coef : ndarray of float, shape (n_columns,)
        Weight of each column.
    read : ndarray of bool, shape (n_sentences,), optional
        Which sentences the encoder has read; the others were skimmed. None means all.

    Yields
    ------
    WordWeights
        Once for each batch; its sentences are counted from the first one of `sentences`.
    """
    check_fitted(vectorizer, "idf_")
    weights = np.asarray(coef[: len(vectorizer.idf_)], dtype=np.float32) * vectorizer.idf_
    first = 0
    for tokens in vectorizer.tokenize(as_sentences(sentences)):
        weight, shared = _shared_among_tokens(tokens, vectorizer.ngrams(tokens), weights)
        if vectorizer.encoder is not None:
            in_full = None if read is None else read[first : first + len(tokens)][tokens.sentence]
            weight += _vector_weights(vectorizer.encoder, tokens, coef[len(vectorizer.idf_) :], in_full)
        sentence, start, end = tokens.locate(tokens.blanks[:-1] + 1, tokens.blanks[1:])
        yield WordWeights(sentence + first, start, end, weight, shared)
        first += len(tokens)


def _vector_weights(
    encoder: Encoder, tokens: TokenBatch, coef: NDArray[np.floating[Any]], read: NDArray[np.bool_] | None
) -> NDArray[np.float64]:
    """What each token adds by its sentence's vector, be it read or skimmed."""
    weight = encoder.word_scores(tokens, coef)
    if read is None or encoder.skimmer is None:
        return weight
    return np.where(read, weight, encoder.skimmer.word_scores(tokens, coef))


def _shared_among_tokens(
    tokens: TokenBatch, blocks: Iterable[list[NGrams]], weights: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The weight of every n-gram, shared evenly among the tokens that it lies in; and the weights of the pairs."""
    weight, shared = np.zeros(len(tokens.hashes)), np.zeros(len(tokens.hashes))
    for block in blocks:
        length = np.sqrt(np.sum([np.diff(part.edges) for part in block], axis=0))
        for part in block:
            value = weights[part.bucket] / length[part.sentence]
            first = np.searchsorted(tokens.blanks, part.start, side="right") - 1
            last = np.searchsorted(tokens.blanks, part.end - 1) - 1
            n_tokens = int((last - first).max(initial=0)) + 1  # the same for all n-grams of one order
            for step in range(n_tokens):
                weight += np.bincount(first + step, value / n_tokens, minlength=len(weight))
            if n_tokens == 2:
                shared[first] = value
    return weight, shared
