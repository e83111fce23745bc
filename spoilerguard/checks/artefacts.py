"""Cues that give the label away without meaning: how well does each alone, and nothing else, predict it?

A cue's strength is its ROC AUC, folded so that 0.5 is none whatever its direction. Taking spoiler markup
out of a wiki left double blanks behind, worth 0.68 alone: a model learns them first and fails on the
first clean text.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from ..corpus import Corpus
from .report import Finding

__all__ = ["CUES", "check_artefacts", "strength"]

# Measured on 90,000 sentences of four honest or nearly honest tables: cues without meaning reach 0.53 at most (TV
# Tropes' double blanks 0.68), so 0.55 parts the two. Length (0.69 on reviews labelled by hand: a spoiler needs a
# clause), capitals (0.60: names) and source (0.71: book reviews give away less) do go with spoilers; only beyond
# 0.75 do they say that the labels were made by them. Both limits were set after looking at these tables (dev among
# them), so that these pass is no evidence for the limits.
BARE, NATURAL = 0.55, 0.75
_SIGMAS = 4.0  # how far beyond chance, in standard errors: about one false alarm in 16,000 cues
_MANY = 50  # different sources; with more, each source's own rate fits its rows by chance


def _share(pattern: str, flags: int = 0) -> Callable[[Corpus], NDArray[np.float64]]:
    """A cue that is present or not."""
    regex = re.compile(pattern, flags)
    return lambda corpus: np.array([regex.search(text) is not None for text in corpus.sentences], dtype=np.float64)


def _length(corpus: Corpus) -> NDArray[np.float64]:
    return np.array([len(text) for text in corpus.sentences], dtype=np.float64)


def _capitals(corpus: Corpus) -> NDArray[np.float64]:
    return np.array([sum(map(str.isupper, text)) / len(text) for text in corpus.sentences])


def _source(corpus: Corpus) -> NDArray[np.float64]:
    """The share of spoilers in each row's source."""
    sources = corpus.frame["source"].fillna("")
    if sources.nunique() > _MANY:
        return np.zeros(len(corpus))
    return _plain(pd.Series(corpus.labels, dtype=float).groupby(sources.to_numpy(dtype=object)).transform("mean"))


def _plain(column: "pd.Series[Any]") -> NDArray[np.float64]:
    return np.asarray(column, dtype=np.float64)


# name → how to see it, how strong it may be, what it looks like and what to do about it
CUES: dict[str, tuple[Callable[[Corpus], NDArray[np.float64]], float, str]] = {
    "double-blanks": (_share(r"\S\s{2,}\S"), BARE, "double blanks; write one"),
    "blank-before-punctuation": (_share(r"\s[,.;:!?)\]]"), BARE, "a blank before punctuation; take it out"),
    "markup": (_share(r"</?\w[^>]*>|\[/?\w+[^\]]*\]|\|\||>!|!<|&\w+;"), BARE, "markup; strip it"),
    "edge-blanks": (_share(r"^\s|\s$"), BARE, "blanks at either end; strip them"),
    "leading-punctuation": (_share(r"^\s*[^\w\s]"), BARE, "punctuation at the start; cut sentences the same way"),
    "no-final-punctuation": (
        _share(r"[^\s.!?…\"'”’)*\]]\s*$"),
        BARE,
        "a missing full stop; cut sentences the same way",
    ),
    "ellipsis": (_share(r"\.\.\.|…"), BARE, "dots that stand for something left out"),
    "non-ascii": (_share(r"[^\x00-\x7f]"), BARE, "characters beyond ASCII: one class came another way; normalise them"),
    "lower-case": (_share(r"\A[^A-Z]*\Z"), BARE, "no capital at all: one class was put in lower case"),
    "all-capitals": (_share(r"\A[^a-z]*[A-Z]{4}[^a-z]*\Z"), BARE, "ALL CAPITALS"),
    "word-spoiler": (
        _share("spoiler", re.IGNORECASE),
        BARE,
        "the word “spoiler”: a warning gives nothing away; see the labels",
    ),
    "length": (_length, NATURAL, "length: were the classes cut in different ways?"),
    "capitals": (_capitals, NATURAL, "the share of capitals"),
    "source": (_source, NATURAL, "the source: a model may learn whose text it is; balance the sources"),
    "review-id": (
        lambda c: _plain(c.frame["review_id"].notna()),
        BARE,
        "having a review_id: the classes come from two tables",
    ),
    "work-known": (lambda c: _plain(c.frame["work"].notna()), BARE, "having a work: the classes come from two tables"),
    "weight": (lambda c: c.weights, NATURAL, "the weight"),
    "row-order": (lambda c: np.arange(len(c), dtype=float), 0.90, "the row number: the table is sorted by label"),
}


def strength(cue: NDArray[np.float64], labels: NDArray[np.int8]) -> float:
    """How well the cue alone tells the labels apart: the AUC, folded to lie in [0.5, 1]; 0.5 with one class.

    Examples
    --------
    >>> strength(np.array([3.0, 2.0, 0.0, 1.0]), np.array([0, 0, 1, 1], dtype=np.int8))
    1.0
    """
    if not 0 < labels.sum() < len(labels):
        return 0.5
    auc = float(roc_auc_score(labels, cue))
    return max(auc, 1 - auc)


def check_artefacts(corpus: Corpus) -> Iterator[Finding]:
    """Each cue that predicts the label better than it may, and better than chance explains."""
    spoilers = int(corpus.labels.sum())
    safe = len(corpus) - spoilers
    chance = _SIGMAS * np.sqrt((len(corpus) + 1) / (12 * max(spoilers, 1) * max(safe, 1)))
    for name, (see, limit, meaning) in CUES.items():
        cue = see(corpus)
        auc = strength(cue, corpus.labels)
        if auc < limit or auc - 0.5 < chance:
            continue
        rows = tuple(int(row) for row in np.flatnonzero(cue)[:5]) if set(np.unique(cue)) <= {0.0, 1.0} else ()
        message = f"The label can be told with an AUC of {auc:.2f} (limit {limit:.2f}) from {meaning}."
        yield Finding(f"artefact-{name}", "warning", message, rows, int(np.count_nonzero(cue)) if rows else 0)
