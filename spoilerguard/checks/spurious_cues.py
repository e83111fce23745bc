"""Spurious cues: properties without meaning that give the label away, each measured alone.

The measure is the ROC AUC of the cue, mirrored to lie in [0.5, 1]: 0.5 says nothing about the label. Taking spoiler
markup out of a wiki left double blanks behind, worth 0.68 alone. A model learns them first and fails on clean text.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from spoilerguard.checks.report import Finding, report_rows
from spoilerguard.corpus import Corpus

__all__ = ["CUES", "Cue", "check_spurious_cues", "cue_auc"]

# Measured on 90,000 sentences of four honest or nearly honest tables: cues without meaning reach 0.53 at most (TV
# Tropes' double blanks 0.68), so 0.55 separates the two. Length (0.69 on reviews labelled by hand: a spoiler needs a
# clause), capitals (0.60: names) and source (0.71: book reviews give away less) do go with spoilers; only beyond
# 0.75 do they say that the labels were made by them. Both limits were set after looking at these tables (dev among
# them), so that these pass is no evidence for the limits.
MEANINGLESS, NATURAL = 0.55, 0.75
# One punctuation mark: the comma reaches 0.59 (a spoiler needs a clause), every other mark 0.56 at most.
PUNCTUATION = 0.65
# How far beyond chance, in standard errors: about one false alarm in 16,000 cues; half as far beyond a limit.
_SIGMAS = 4.0
_MANY_SOURCES = 50  # with more, each source's own rate fits its rows by chance


class Cue(NamedTuple):
    """One property of the rows that must not predict the label."""

    values: Callable[[Corpus], NDArray[np.float64]]  # one number for each row
    limit: float  # the highest AUC that is not suspicious
    words: str  # the cue in words
    remedy: str  # what to do about it, or what may have caused it


def _matches(pattern: str) -> Callable[[Corpus], NDArray[np.float64]]:
    regex = re.compile(pattern)
    return lambda corpus: np.array(
        [regex.search(text) is not None for text in corpus.frame["sentence"]], dtype=np.float64
    )


def _each(measure: Callable[[str], float]) -> Callable[[Corpus], NDArray[np.float64]]:
    return lambda corpus: np.array([measure(text) for text in corpus.frame["sentence"]], dtype=np.float64)


def _is_known(column: str) -> Callable[[Corpus], NDArray[np.float64]]:
    return lambda corpus: np.asarray(corpus.frame[column].notna(), dtype=np.float64)


def _spoiler_rate_of_source(corpus: Corpus) -> NDArray[np.float64]:
    sources: pd.Series[Any] = corpus.frame["source"].fillna("")
    if sources.nunique() > _MANY_SOURCES:
        return np.zeros(len(corpus))
    rates = pd.Series(corpus.labels, dtype=float).groupby(sources.to_numpy(dtype=object)).transform("mean")
    return rates.to_numpy(dtype=np.float64)


CUES: dict[str, Cue] = {
    "double-blanks": Cue(_matches(r"\S\s{2,}\S"), MEANINGLESS, "double blanks", "Write one."),
    "blank-before-punctuation": Cue(
        _matches(r"\s[,.;:!?)\]]"), MEANINGLESS, "a blank before punctuation", "Take it out."),
    "markup": Cue(_matches(r"</?\w[^>]*>|\[/?\w+[^\]]*\]|\|\||>!|!<|&\w+;"), MEANINGLESS, "markup", "Strip it."),
    "edge-blanks": Cue(_matches(r"^\s|\s$"), MEANINGLESS, "blanks at either end", "Strip them."),
    "leading-punctuation": Cue(
        _matches(r"^\s*[^\w\s]"), MEANINGLESS, "punctuation at the start", "Cut all sentences the same way."),
    "no-final-punctuation": Cue(
        _matches(r"[^\s.!?…\"'”’)*\]]\s*$"), MEANINGLESS, "a missing full stop", "Cut all sentences the same way."),
    "ellipsis": Cue(_matches(r"\.\.\.|…"), MEANINGLESS, "an ellipsis", "Was one class shortened?"),
    "non-ascii": Cue(
        _matches(r"[^\x00-\x7f]"), MEANINGLESS, "characters beyond ASCII",
        "One class came another way; normalise them."),
    "lower-case": Cue(
        _matches(r"\A[^A-Z]*\Z"), MEANINGLESS, "the lack of capitals", "One class was put in lower case."),
    "all-capitals": Cue(
        _matches(r"\A[^a-z]*[A-Z]{4}[^a-z]*\Z"), MEANINGLESS, "ALL CAPITALS", "One class was put in capitals."),
    "word-spoiler": Cue(
        _matches("(?i)spoiler"), MEANINGLESS, "the word “spoiler”", "A warning gives nothing away; check the labels."),
    "length": Cue(_each(len), NATURAL, "the length", "Were the classes cut in different ways?"),
    "capitals": Cue(
        _each(lambda text: sum(map(str.isupper, text)) / len(text)), NATURAL, "the share of capitals",
        "Do the classes come from two tables?"),
    "source": Cue(
        _spoiler_rate_of_source, NATURAL, "the source", "A model may learn whose text it is; balance the sources."),
    "review-id": Cue(_is_known("review_id"), MEANINGLESS, "having a review_id", "The classes come from two tables."),
    "work-known": Cue(_is_known("work"), MEANINGLESS, "having a work", "The classes come from two tables."),
    "weight": Cue(lambda corpus: corpus.weights, NATURAL, "the weight", "Weights must not depend on the label."),
    "row-order": Cue(
        lambda corpus: np.arange(len(corpus), dtype=float), 0.90, "the row number", "The table is sorted by label."),
}  # fmt: skip


def cue_auc(values: NDArray[np.float64], labels: NDArray[np.int8]) -> float:
    """How well a cue alone separates the labels: max(AUC, 1 - AUC), in [0.5, 1]; 0.5 with one class.

    Examples
    --------
    >>> cue_auc(np.array([3.0, 2.0, 0.0, 1.0]), np.array([0, 0, 1, 1], dtype=np.int8))
    1.0
    """
    if len(np.unique(labels)) < 2:
        return 0.5
    auc = float(roc_auc_score(labels, values))
    return max(auc, 1 - auc)


def check_spurious_cues(corpus: Corpus) -> Iterator[Finding]:
    """Each cue that predicts the label better than it may, and better than chance explains."""
    n_spoilers = int(corpus.labels.sum())
    n_safe = len(corpus) - n_spoilers
    chance = _SIGMAS * float(np.sqrt((len(corpus) + 1) / (12 * max(n_spoilers, 1) * max(n_safe, 1))))
    for name, cue in CUES.items():
        values = cue.values(corpus)
        auc = cue_auc(values, corpus.labels)
        if auc < max(cue.limit + chance / 2, 0.5 + chance):
            continue
        present = values > 0 if set(np.unique(values)) <= {0.0, 1.0} else None  # rows only where it is yes or no
        yield from _cue(name, cue.words, auc, cue.limit, cue.remedy, present)
    if n_spoilers and n_safe:
        yield from _check_punctuation(corpus, max(PUNCTUATION, 0.5 + chance))


def _check_punctuation(corpus: Corpus, limit: float) -> Iterator[Finding]:
    """The punctuation mark that predicts the label best, in a sentence or at its end, where it does so too well."""
    spoiler = corpus.labels == 1
    sentences = corpus.frame["sentence"].to_list()
    ends = [sentence.rstrip()[-1:] for sentence in sentences]
    # A mark in fewer rows cannot differ by 2 * limit - 1 between the classes.
    least = (2 * limit - 1) * min(spoiler.sum(), (~spoiler).sum())
    counts = Counter(mark for sentence in sentences for mark in set(sentence))
    marks = [mark for mark, n in counts.items() if n >= least and not mark.isalnum() and not mark.isspace()]
    best, best_words, best_rows = limit, "", np.zeros(len(corpus), dtype=np.bool_)
    for mark in sorted(marks):
        for words, texts in ((f"“{mark}” at the end", ends), (f"“{mark}” in the sentence", sentences)):
            rows = np.array([mark in text for text in texts], dtype=np.bool_)
            auc = 0.5 + abs(float(rows[spoiler].mean() - rows[~spoiler].mean())) / 2  # of a cue that is yes or no
            if auc > best:
                best, best_words, best_rows = auc, words, rows
    if best_words:
        remedy = "Punctuate both classes the same way."
        yield from _cue("punctuation", best_words, best, PUNCTUATION, remedy, best_rows)


def _cue(
    name: str, words: str, auc: float, limit: float, remedy: str, rows: NDArray[np.bool_] | None
) -> Iterator[Finding]:
    """The finding about one cue; `rows` have it."""
    strength = f"with an AUC of {auc:.2f} (limit {limit:.2f})"
    message = f"The label can be predicted from {words} alone, {strength}. {remedy}"
    if rows is None or not rows.any():
        yield Finding(f"cue-{name}", "warning", message)
    else:
        yield from report_rows(f"cue-{name}", "warning", message, rows)
