"""The same sentence more than once: to the letter, nearly, or with both labels.

Near duplicates are found without comparing all pairs. Two sets of word triples that overlap by a share
of `NEAR` must have a triple in common among the rarest few of each (prefix filtering), so that only
sentences with a rare triple in common are compared: the time grows about linearly with the table.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..corpus import Corpus
from .report import Finding, found

__all__ = ["LONG", "check_sameness", "near_pairs", "worded"]

NEAR = 0.7  # share of common word triples; one word changed in a sentence of 20 leaves about 0.7
LONG = 5  # words; shorter sentences ("I loved it.") repeat in any collection of reviews and leak nothing
MUCH = 0.01  # share of rows or reviews from which on it must be mended; below, a model does not feel it

_CROWD = 50  # a triple in more sentences than this is a phrase, no sign of a copy
_WORDS = re.compile(r"\w+")


def worded(sentence: str) -> str:
    """The words alone, in lower case: what two copies of a sentence have in common.

    Examples
    --------
    >>> worded("So,  HE dies !")
    'so he dies'
    """
    return " ".join(_WORDS.findall(sentence.lower()))


def check_sameness(corpus: Corpus) -> Iterator[Finding]:
    """Duplicated sentences and reviews, and labels that contradict each other."""
    sentences = corpus.sentences
    words = [worded(sentence) for sentence in sentences]
    long = np.array([text.count(" ") >= LONG - 1 for text in words], dtype=bool)
    exact = pd.Series(sentences, dtype=object).duplicated().to_numpy()
    kind = "some are long" if (exact & long).any() else "all short"
    yield from found(
        "exact-duplicates",
        "warning" if (exact & long).any() else "note",
        f"Sentences that stand in the table before, letter for letter ({kind}); they count twice. Drop all but one.",
        exact,
    )
    later = sorted({max(pair) for pair in near_pairs(words)} - set(np.flatnonzero(exact).tolist()))
    yield from found(
        "near-duplicates", "warning", "Sentences that nearly repeat an earlier one; keep one of each.", later
    )
    yield from _conflicts(words, long, corpus)
    yield from _repeated_reviews(words, corpus)


def _conflicts(words: list[str], long: NDArray[np.bool_], corpus: Corpus) -> Iterator[Finding]:
    """Short sentences may change their label with their review ("He does."), long ones may not."""
    counted = long | ~corpus.in_review
    labels = pd.Series(corpus.labels).groupby(pd.factorize(np.array(words, dtype=object))[0])
    both = (labels.transform("min") != labels.transform("max")).to_numpy() & counted
    message = "The same words labelled both safe and spoiler; decide for one label or drop them."
    yield from found("conflicting-labels", "error" if both.mean() >= MUCH else "warning", message, both)


def _repeated_reviews(words: list[str], corpus: Corpus) -> Iterator[Finding]:
    ends = np.cumsum(corpus.lengths)
    starts = ends - corpus.lengths
    seen: set[tuple[str, ...]] = set()
    rows: list[int] = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        review = tuple(words[start:end])
        if len(review) > 1 and review in seen:
            rows.append(start)
        seen.add(review)
    message = "Whole reviews that stand in the table before under another id (first rows given); drop them."
    many = len(rows) >= MUCH * len(ends)
    yield from found("duplicate-reviews", "error" if many else "warning", message, rows)


def near_pairs(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of rows, the later second, whose words are equal or nearly so.

    Parameters
    ----------
    words : sequence of str
        Sentences through `worded`.

    Examples
    --------
    >>> list(near_pairs(["so in the end he kills his own father", "and in the end he kills his own father", "no"]))
    [(0, 1)]
    """
    shingles = _shingles(words)
    spread = Counter(number for numbers in shingles for number in numbers)
    index: dict[int, list[int]] = {}
    for row, numbers in enumerate(shingles):
        rarest = sorted(numbers, key=lambda number: (spread[number], number))
        prefix = [number for number in rarest[: _prefix(len(rarest))] if 1 < spread[number] <= _CROWD]
        candidates = {other for number in prefix for other in index.get(number, ())}
        yield from ((other, row) for other in sorted(candidates) if _alike(shingles[other], numbers))
        for number in prefix:
            index.setdefault(number, []).append(row)


def _prefix(size: int) -> int:
    return size - int(np.ceil(NEAR * size)) + 1


def _alike(one: frozenset[int], other: frozenset[int]) -> bool:
    common = len(one & other)
    return common >= NEAR * (len(one) + len(other) - common)


def _shingles(words: Sequence[str]) -> list[frozenset[int]]:
    """The word triples of each sentence as numbers; sentences too short to tell apart have none."""
    numbers: dict[Any, int] = {}
    sets = []
    for text in words:
        tokens = text.split()
        triples = zip(tokens, tokens[1:], tokens[2:], strict=False) if len(tokens) >= LONG else ()
        sets.append(frozenset(numbers.setdefault(triple, len(numbers)) for triple in triples))
    return sets
