"""A sentence's score → the characters that it comes from."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spoilerguard.features.blocks import Hashed
from spoilerguard.features.folding import Stream

__all__ = ["Occurrences", "WordWeights", "locate", "weigh_words"]


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


@dataclass(frozen=True, slots=True)
class WordWeights:
    """Every word and punctuation mark of a batch of sentences, in order, with its share of its sentence's score.

    Attributes
    ----------
    sentence, start, end : ndarray of int64
        Which sentence of the batch, and which characters of it: ``sentences[sentence][start:end]``.
    weight : ndarray of float64
        Share of the score; those of a sentence add up to its score.
    shared : ndarray of float64
        What the word and the next one weigh as a pair: half of it is in the weight of each.
    """

    sentence: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    weight: NDArray[np.float64]
    shared: NDArray[np.float64]


def locate(
    stream: Stream, start: NDArray[np.int64], end: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Sentence, first and last character (in that sentence) of each piece ``codes[start:end]`` of the stream."""
    sentence = np.searchsorted(stream.bounds, start, side="right") - 1
    shift = stream.offsets[sentence] + 1
    first, last = stream.source[start] - shift, stream.source[end - 1] + 1 - shift
    length = np.diff(stream.offsets)[sentence] - 1
    return sentence, np.maximum(first, 0), np.minimum(last, length)  # the blanks around a sentence lie outside it


def weigh_words(stream: Stream, blocks: Iterable[list[Hashed]], weights: NDArray[np.float32]) -> WordWeights:
    """Share the weight of every n-gram evenly among the words that it lies in; `weights` has one for each column."""
    blanks = stream.blanks
    weight, shared = np.zeros(len(blanks) - 1), np.zeros(len(blanks) - 1)
    for block in blocks:
        length = np.sqrt(np.sum([np.diff(part.edges) for part in block], axis=0))
        for part in block:
            value = weights[part.bucket] / length[part.sentence]
            first = np.searchsorted(blanks, part.grams.start, side="right") - 1
            last = np.searchsorted(blanks, part.grams.end - 1) - 1
            n_words = int((last - first).max(initial=0)) + 1  # the same for all n-grams of one order
            for step in range(n_words):
                weight += np.bincount(first + step, value / n_words, minlength=len(weight))
            if n_words == 2:
                shared[first] = value
    return WordWeights(*locate(stream, blanks[:-1] + 1, blanks[1:]), weight, shared)
