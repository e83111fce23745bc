"""Stream of words → hashes of its n-grams, all of them at once.

A prefix sum of a polynomial modulo 2^32 gives the hash of any run of words by one subtraction; characters inside words
need no prefix sum, since each order follows from the one below it by Horner's rule. The multiplication comes last in
both, so that the high bits depend on every character: they choose the bucket.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from spoilerguard.features.folding import BLANK, Stream

__all__ = ["NGrams", "character_hashes", "character_ngrams", "word_ngrams"]

# Odd, so that its powers have inverses modulo 2^32; 2^32 over the golden ratio (Knuth 1998, TAOCP 6.4).
_BASE = np.uint32(0x9E3779B1)
_INVERSE = np.uint32(pow(int(_BASE), -1, 2**32))
_USUAL = 1 << 17  # a stream seldom is longer, see `batches`


@dataclass(frozen=True, slots=True)
class NGrams:
    """All n-grams of one order, by ascending start: ``codes[start:end]`` of the stream, and the hash of each."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    hashes: NDArray[np.uint32]


def word_ngrams(stream: Stream, longest: int) -> Iterator[NGrams]:
    """Yield the words (order 1), then the pairs of neighbours, … up to `longest`, none across two sentences."""
    first, last = stream.blanks[:-1] + 1, stream.blanks[1:]
    sentence = np.repeat(np.arange(len(stream.bounds) - 1), np.diff(np.searchsorted(first, stream.bounds)))
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
    for order, (hashes, inside) in enumerate(character_hashes(stream, longest), start=2):
        if order >= shortest:
            start = np.flatnonzero(inside)
            yield NGrams(start, start + order, hashes[start])


def character_hashes(stream: Stream, longest: int) -> Iterator[tuple[NDArray[np.uint32], NDArray[np.bool_]]]:
    """Yield, for the orders 2 … `longest`, the hash of what starts at each character, and whether it is inside a word.

    An n-gram is inside a word where no blank stands between its first and its last character.
    """
    hashes = stream.codes * _BASE
    no_blank = stream.codes != BLANK
    inside = np.ones(len(stream.codes), dtype=bool)
    for order in range(2, longest + 1):
        hashes = hashes[:-1] + stream.codes[order - 1 :]
        hashes *= _BASE
        inside = inside[: len(hashes)]
        if order > 2:
            inside = inside & no_blank[order - 2 : order - 2 + len(hashes)]
        yield hashes, inside


def _powers(base: np.uint32, count: int) -> NDArray[np.uint32]:
    """The first powers of `base`; those for a usual batch are kept."""
    return _usual_powers(base)[:count] if count <= _USUAL else _first_powers(base, count)


@cache
def _usual_powers(base: np.uint32) -> NDArray[np.uint32]:
    return _first_powers(base, _USUAL)


def _first_powers(base: np.uint32, count: int) -> NDArray[np.uint32]:
    powers = np.full(count, base, dtype=np.uint32)
    powers[:1] = 1
    return np.multiply.accumulate(powers, dtype=np.uint32)
