"""The same sentence or review more than once within a corpus; `spoilerguard.checks.splits` looks at two sides.

Near duplicates are found without comparing all pairs. Two sets of word triples that share at least a share of their
triples have one of the rarest few of each set in common (prefix filtering: Chaudhuri, Ganti and Kaushik 2006). Only
texts that share a rare triple are compared, so the time grows about linearly with the table.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spoilerguard.checks.report import Finding, report_rows
from spoilerguard.corpus import Corpus

__all__ = [
    "MANY",
    "NEAR_REVIEW",
    "check_conflicts",
    "check_duplicates",
    "is_long",
    "lower_words",
    "near_pairs",
    "review_texts",
]

# Share of common word triples: one word changed in a sentence of 20 leaves 0.7, one in a sentence of 12 leaves 0.54.
# From MISSPELT on, texts are near duplicates if their letters are nearly the same: a typo, and no other word. In 4,500
# reviews of different works, no two texts share 0.3.
NEAR, MISSPELT, NEAR_REVIEW = 0.7, 0.5, 0.4
_LEAST_COMMON = 25  # triples, where less than NEAR is shared: of two posts about one film, a sentence may be the same
_SAME_LETTERS = 0.95  # 2 * common letters / all letters: two typos in 100 letters leave 0.98, another word 0.9
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
    yield from _check_reviews(corpus, words)


def _check_reviews(corpus: Corpus, words: list[str]) -> Iterator[Finding]:
    """Whole reviews that the table holds more than once, letter for letter or nearly so."""
    starts, texts = review_texts(corpus.lengths, words)
    earlier: dict[str, int] = {}
    first = [earlier.setdefault(text, row) for row, text in enumerate(texts)]
    pairs = {(one, row) for row, one in enumerate(first) if one < row}
    near = {(one, row) for one, row in near_pairs(texts, share=NEAR_REVIEW) if texts[one] != texts[row]}
    works = corpus.frame["work"].to_numpy(dtype=object)[starts]
    for name, copies, what in (
        ("duplicate-reviews", pairs, "Whole reviews that occur earlier in the table under another id"),
        ("near-duplicate-reviews", near, "Whole reviews that nearly repeat an earlier one, such as with a typo"),
    ):
        elsewhere = sum(not (pd.isna(works[one]) or works[one] == works[row]) for one, row in copies)
        where = f"; {elsewhere} of them under another work, so that a split by work leaks" if elsewhere else ""
        rows = sorted({int(starts[row]) for _, row in copies})
        many = len(rows) >= MANY * max(len(corpus.lengths), 1)
        message = f"{what} (first rows given){where}. Drop them."
        yield from report_rows(name, "error" if many else "warning", message, rows)


def review_texts(lengths: NDArray[np.int64], words: Sequence[str]) -> tuple[NDArray[np.int64], list[str]]:
    """First row and words of each review of several sentences; `words` are those of each sentence."""
    starts = np.cumsum(lengths) - lengths
    starts, ends = starts[lengths > 1], (starts + lengths)[lengths > 1]
    return starts, [" ".join(words[start:end]) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def check_conflicts(corpus: Corpus) -> Iterator[Finding]:
    """The same words with both labels: short ones may depend on their review ("He does."), long ones may not."""
    words = np.array([lower_words(sentence) for sentence in corpus.sentences], dtype=object)
    labels = pd.Series(corpus.labels).groupby(pd.factorize(words)[0])
    counted = np.array([is_long(text) for text in words], dtype=bool) | ~corpus.in_review
    both = (labels.transform("min") != labels.transform("max")).to_numpy() & counted
    message = "The same words labelled both safe and spoiler; decide for one label or drop them."
    yield from report_rows("conflicting-labels", "error" if both.mean() >= MANY else "warning", message, both)


def near_pairs(texts: Sequence[str], *, share: float = NEAR) -> Iterator[tuple[int, int]]:
    """Pairs of rows, the later second, of texts from `lower_words` that are equal or nearly so.

    They have `share` of their word triples in common, or `MISSPELT` of them and nearly all letters.

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
    least = min(share, MISSPELT)
    for row, own in enumerate(triples):
        rarest = sorted(own, key=lambda triple: (frequency[triple], triple))
        n_compared = len(own) - math.ceil(least * len(own)) + 1
        prefix = [triple for triple in rarest[:n_compared] if 1 < frequency[triple] <= _COMMON]
        for other in sorted({earlier for triple in prefix for earlier in rows_by_triple[triple]}):
            n_common = len(triples[other] & own)
            common = n_common / (len(triples[other]) + len(own) - n_common)
            enough = common >= share and (common >= NEAR or n_common >= _LEAST_COMMON)
            if enough or (common >= least and _are_letters_alike(texts[other], texts[row])):
                yield other, row
        for triple in prefix:
            rows_by_triple[triple].append(row)


def _are_letters_alike(one: str, other: str) -> bool:
    """Whether nearly all letters of two texts are the same, in the same order."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.quick_ratio() >= _SAME_LETTERS and matcher.ratio() >= _SAME_LETTERS
