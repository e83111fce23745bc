"""The same sentence, review or work more than once: within a corpus, and on both sides of a split.

Near duplicates are found without comparing all pairs. Two sets of word triples that share at least `NEAR` of their
triples have one of the rarest few of each set in common (prefix filtering: Chaudhuri, Ganti and Kaushik 2006). Only
sentences that share a rare triple are compared, so the time grows about linearly with the table.

A model that is tested on what it has seen looks better than it is: a random split of TV Tropes is worth 0.03 to 0.04
AUC too much, because names come back.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spoilerguard.checks.report import Finding, report_rows
from spoilerguard.corpus import Corpus

__all__ = [
    "MANY",
    "check_against",
    "check_conflicts",
    "check_duplicates",
    "check_split",
    "is_long",
    "lower_words",
    "near_pairs",
]

NEAR = 0.7  # share of common word triples; one word changed in a sentence of 20 leaves about 0.7
LONG = 5  # words; shorter sentences ("I loved it.") repeat in any collection of reviews and leak nothing
MANY = 0.01  # share of rows or reviews from which on a fault must be mended; below, a model does not notice it

_COMMON = 50  # a triple in more sentences than this is a phrase, no sign of a copy
_WORDS = re.compile(r"\w+")


def lower_words(sentence: str) -> str:
    """The words alone, in lower case: what two copies of a sentence have in common.

    Examples
    --------
    >>> lower_words("So,  HE dies !")
    'so he dies'
    """
    return " ".join(_WORDS.findall(sentence.lower()))


def is_long(words: str) -> bool:
    """Whether words from `lower_words` are `LONG` or more."""
    return words.count(" ") >= LONG - 1


def check_duplicates(corpus: Corpus) -> Iterator[Finding]:
    """Sentences and reviews that the table holds more than once."""
    words = [lower_words(sentence) for sentence in corpus.sentences]
    exact = pd.Series(corpus.sentences, dtype=object).duplicated().to_numpy()
    some_long = any(is_long(words[row]) for row in np.flatnonzero(exact))
    kind = "some are long" if some_long else "all short"
    message = f"Sentences that occur earlier in the table, letter for letter ({kind}), count twice. Drop all but one."
    yield from report_rows("exact-duplicates", "warning" if some_long else "note", message, exact)
    near = sorted({later for _, later in near_pairs(words)} - set(np.flatnonzero(exact).tolist()))
    message = "Sentences that nearly repeat an earlier one; keep one of each."
    yield from report_rows("near-duplicates", "warning", message, near)
    starts = np.cumsum(corpus.lengths) - corpus.lengths
    seen: set[tuple[str, ...]] = set()
    repeated: list[int] = []
    for start, length in zip(starts.tolist(), corpus.lengths.tolist(), strict=True):
        review = tuple(words[start : start + length])
        if length > 1 and review in seen:
            repeated.append(start)
        seen.add(review)
    message = "Whole reviews that occur earlier in the table under another id (first rows given); drop them."
    many = len(repeated) >= MANY * len(starts)
    yield from report_rows("duplicate-reviews", "error" if many else "warning", message, repeated)


def check_conflicts(corpus: Corpus) -> Iterator[Finding]:
    """The same words with both labels: short ones may depend on their review ("He does."), long ones may not."""
    words = np.array([lower_words(sentence) for sentence in corpus.sentences], dtype=object)
    labels = pd.Series(corpus.labels).groupby(pd.factorize(words)[0])
    counted = np.array([is_long(text) for text in words], dtype=bool) | ~corpus.in_review
    both = (labels.transform("min") != labels.transform("max")).to_numpy() & counted
    message = "The same words labelled both safe and spoiler; decide for one label or drop them."
    yield from report_rows("conflicting-labels", "error" if both.mean() >= MANY else "warning", message, both)


def check_split(corpus: Corpus) -> Iterator[Finding]:
    """Works, reviews and sentences that have more than one value in the column ``split``, where there is one."""
    if "split" in corpus.frame.columns:
        sides = corpus.frame["split"].fillna("").to_numpy(dtype=object)
        yield from _leaks(corpus.frame, sides, len(corpus), "on both sides of the split")


def check_against(corpus: Corpus, other: Corpus) -> Iterator[Finding]:
    """Works, reviews and sentences that both corpora hold; rows are those of the first."""
    frame = pd.concat([corpus.frame, other.frame], ignore_index=True)
    sides = np.repeat([0, 1], [len(corpus), len(other)])
    yield from _leaks(frame, sides, len(corpus), f"both in this corpus and in {other.name or 'the other'}")


def _leaks(frame: pd.DataFrame, sides: NDArray[Any], size: int, place: str) -> Iterator[Finding]:
    """What occurs on several sides, as far as it concerns the first `size` rows."""

    def crosses(values: Any) -> NDArray[np.bool_]:  # noqa: ANN401 - any column
        keys = pd.factorize(values)[0]
        n_sides = pd.Series(pd.factorize(sides)[0]).groupby(keys).transform("nunique").to_numpy()
        return np.asarray((n_sides > 1) & (keys >= 0), dtype=np.bool_)

    for column, name in (("work", "work"), ("review_id", "review")):
        message = f"The same {name} occurs {place}; move all its rows to one side (Corpus.split does)."
        yield from report_rows(f"{name}-on-both-sides", "error", message, crosses(frame[column])[:size])
    words = [lower_words(sentence) for sentence in frame["sentence"]]
    same = crosses(np.array([text if is_long(text) else None for text in words], dtype=object))[:size]
    message = f"The same sentence (of {LONG} words or more) occurs {place}; drop it on one side."
    yield from report_rows("sentence-on-both-sides", "error" if same.mean() >= MANY else "warning", message, same)
    near = {row for pair in near_pairs(words) if sides[pair[0]] != sides[pair[1]] for row in pair}
    message = f"Nearly the same sentence occurs {place}; drop it on one side."
    rows = [row for row in near if row < size and not same[row]]
    yield from report_rows("near-sentence-on-both-sides", "warning", message, rows)


def near_pairs(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of rows, the later second, of texts from `lower_words` that are equal or nearly so.

    Examples
    --------
    >>> list(near_pairs(["so in the end he kills his own father", "and in the end he kills his own father", "no"]))
    [(0, 1)]
    """
    ids: dict[tuple[str, ...], int] = {}
    triples: list[frozenset[int]] = []
    for text in texts:
        words = text.split() if is_long(text) else []
        triples.append(frozenset(ids.setdefault(t, len(ids)) for t in zip(words, words[1:], words[2:], strict=False)))
    frequency = Counter(triple for own in triples for triple in own)
    rows_by_triple: defaultdict[int, list[int]] = defaultdict(list)
    for row, own in enumerate(triples):
        rarest = sorted(own, key=lambda triple: (frequency[triple], triple))
        n_compared = len(own) - math.ceil(NEAR * len(own)) + 1
        prefix = [triple for triple in rarest[:n_compared] if 1 < frequency[triple] <= _COMMON]
        for other in sorted({earlier for triple in prefix for earlier in rows_by_triple[triple]}):
            n_common = len(triples[other] & own)
            if n_common >= NEAR * (len(triples[other]) + len(own) - n_common):
                yield other, row
        for triple in prefix:
            rows_by_triple[triple].append(row)
