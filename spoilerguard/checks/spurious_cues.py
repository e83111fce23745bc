"""Spurious cues: properties without meaning that give the label away, each measured alone.

The measure is the ROC AUC of the cue, mirrored to lie in [0.5, 1]: 0.5 says nothing about the label. Taking spoiler
markup out of a wiki left double blanks behind, worth 0.68 alone. A model learns them first and fails on clean text.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from spoilerguard.checks.report import Finding
from spoilerguard.corpus import Corpus

__all__ = ["CUES", "Cue", "check_spurious_cues", "cue_auc"]

# Measured on 90,000 sentences of four honest or nearly honest tables: cues without meaning reach 0.53 at most (TV
# Tropes' double blanks 0.68), so 0.55 separates the two. Length (0.69 on reviews labelled by hand: a spoiler needs a
# clause), capitals (0.60: names) and source (0.71: book reviews give away less) do go with spoilers; only beyond
# 0.75 do they say that the labels were made by them. Both limits were set after looking at these tables (dev among
# them), so that these pass is no evidence for the limits.
MEANINGLESS, NATURAL = 0.55, 0.75
_SIGMAS = 4.0  # how far beyond chance, in standard errors: about one false alarm in 16,000 cues
_MANY_SOURCES = 50  # with more, each source's own rate fits its rows by chance


class Cue(NamedTuple):
    """One property of the rows that must not predict the label."""

    values: Callable[[Corpus], NDArray[np.float64]]  # one number for each row
    limit: float  # the highest AUC that is not suspicious
    words: str  # the cue in words
    remedy: str  # what to do about it, or what may have caused it


def _matches(pattern: str) -> Callable[[Corpus], NDArray[np.float64]]:
    regex = re.compile(pattern)
    return lambda corpus: np.array([regex.search(text) is not None for text in corpus.sentences], dtype=np.float64)


def _each(measure: Callable[[str], float]) -> Callable[[Corpus], NDArray[np.float64]]:
    return lambda corpus: np.array([measure(text) for text in corpus.sentences], dtype=np.float64)


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
    if not 0 < labels.sum() < len(labels):
        return 0.5
    auc = float(roc_auc_score(labels, values))
    return max(auc, 1 - auc)


def check_spurious_cues(corpus: Corpus) -> Iterator[Finding]:
    """Each cue that predicts the label better than it may, and better than chance explains."""
    n_spoilers = int(corpus.labels.sum())
    n_safe = len(corpus) - n_spoilers
    chance = _SIGMAS * np.sqrt((len(corpus) + 1) / (12 * max(n_spoilers, 1) * max(n_safe, 1)))
    for name, cue in CUES.items():
        values = cue.values(corpus)
        auc = cue_auc(values, corpus.labels)
        if auc < cue.limit or auc - 0.5 < chance:
            continue
        present = np.flatnonzero(values) if set(np.unique(values)) <= {0.0, 1.0} else ()  # only where it is yes or no
        rows = tuple(int(row) for row in present[:5])
        strength = f"with an AUC of {auc:.2f} (limit {cue.limit:.2f})"
        message = f"The label can be predicted from {cue.words} alone, {strength}. {cue.remedy}"
        yield Finding(f"cue-{name}", "warning", message, rows, len(present))
