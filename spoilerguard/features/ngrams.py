"""Stream of words → hashes of its n-grams, all of them at once.

A prefix sum of a polynomial modulo 2^32 gives the hash of any run of words by one subtraction; characters inside words
need no prefix sum, since each order follows from the one below it by Horner's rule. The multiplication comes last in
both, so that the high bits depend on every character: they choose the bucket.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spoilerguard.features.folding import BLANK, Stream

__all__ = ["NGrams", "character_ngrams", "word_ngrams"]

# Odd, so that its powers have inverses modulo 2^32; 2^32 over the golden ratio (Knuth 1998, TAOCP 6.4).
_BASE = np.uint32(0x9E3779B1)
_INVERSE = np.uint32(pow(int(_BASE), -1, 2**32))


@dataclass(frozen=True, slots=True)
class NGrams:
    """All n-grams of one order, by ascending start: ``codes[start:end]`` of the stream, and the hash of each."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    hashes: NDArray[np.uint32]


def word_ngrams(stream: Stream, longest: int) -> Iterator[NGrams]:
    """Yield the words (order 1), then the pairs of neighbours, … up to `longest`, none across two sentences."""
    blanks = np.flatnonzero(stream.codes == BLANK)
    first, last = blanks[:-1] + 1, blanks[1:]
    sentence = np.searchsorted(stream.bounds, first, side="right")
    prefix = np.zeros(len(stream.codes) + 1, dtype=np.uint32)
    np.cumsum(stream.codes * _powers(_BASE, len(stream.codes)), dtype=np.uint32, out=prefix[1:])
    inverses = _powers(_INVERSE, len(stream.codes))
    for order in range(1, longest + 1):
        start, end = first[: len(first) - order + 1], last[order - 1 :]
        if order > 1:
            together = sentence[: len(start)] == sentence[order - 1 :]
            start, end = start[together], end[together]
        yield NGrams(start, end, (prefix[end] - prefix[start]) * inverses[start - 1])


def character_ngrams(stream: Stream, shortest: int, longest: int) -> Iterator[NGrams]:
    """Yield the n-grams of order `shortest` … `longest` inside words, the blank on either side of a word included."""
    blanks = np.flatnonzero(stream.codes == BLANK)
    # How far an n-gram that starts here may reach: up to the next blank, and with it.
    reach = np.repeat(blanks[1:] + 1, np.diff(blanks)) - np.arange(blanks[-1])
    shifted = stream.codes * _BASE
    for order in range(2, longest + 1):
        shifted = (shifted[:-1] + stream.codes[order - 1 :]) * _BASE
        if order >= shortest:
            start = np.flatnonzero(reach[: len(shifted)] >= order)
            yield NGrams(start, start + order, shifted[start])


def _powers(base: np.uint32, count: int) -> NDArray[np.uint32]:
    powers = np.full(count, base, dtype=np.uint32)
    powers[:1] = 1
    return np.multiply.accumulate(powers, dtype=np.uint32)
