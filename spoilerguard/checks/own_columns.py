"""Columns of the user's own that speak about labels: who gave them, and when the texts were written."""

import re
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student_t

from spoilerguard.checks.report import Finding, report_rows
from spoilerguard.corpus import Corpus

__all__ = ["check_annotators", "check_dates", "check_dates_against"]

_ANNOTATOR = re.compile(r"(annotator|labell?er|rater|coder|worker)([ _-]?(id|name))?", re.IGNORECASE)
_DATE = re.compile(r"date|year|timestamp|(created|posted|published|written)([ _-]?(at|on|date))?", re.IGNORECASE)
_TRAIN, _TEST = {"train", "training"}, {"test", "testing", "dev", "valid", "validation", "val"}

# For all annotators together (Bonferroni). Where spoilers are few, up to 0.035 of tables without a difference pass it.
_LEVEL = 0.01
_LEAST_WORKS = 8  # of an annotator; fewer show nothing about anybody
_ODDS = 1.5  # a difference below it is found in a large table and harms no model
_LEAST_DATED, _LEAST_ROWS, _OLDER = 0.9, 20, 0.75


def check_annotators(corpus: Corpus) -> Iterator[Finding]:
    """Whether one annotator calls more, or fewer, sentences spoilers than the others do.

    Who differs most is reported and left out, and the rest are compared again: else all would differ from that one.
    """
    for column in filter(_ANNOTATOR.fullmatch, corpus.own_columns):
        who, names = pd.factorize(corpus.frame[column])
        works, left = pd.factorize(corpus.groups)[0], who >= 0
        while len(others := np.unique(who[left])) > 1:
            found = {one: annotator_test(corpus.labels, works, who == one, left) for one in others.tolist()}
            one = min(found, key=lambda annotator: found[annotator][0])
            corrected, odds = found[one][0] * len(names), found[one][1]
            mine = who == one
            if corrected > _LEVEL or 1 / _ODDS < odds < _ODDS:
                break
            share, of_others = corpus.labels[mine].mean(), corpus.labels[left & ~mine].mean()
            message = (
                f"{column} {names[one]} calls {share:.1%} of the sentences spoilers, the others {of_others:.1%} (odds "
                f"ratio {odds:.1f}; works that both labelled are compared one by one; p = {corrected:.1g}, for "
                f"{len(names)} annotators): do all follow one guideline?"
            )
            yield from report_rows("annotator-differs", "warning", message, mine)
            left = left & ~mine


def annotator_test(
    labels: NDArray[np.int8], works: NDArray[np.intp], mine: NDArray[np.bool_], known: NDArray[np.bool_]
) -> tuple[float, float]:
    """The p-value of one annotator's labels against those of the others, and the odds ratio; 1 where nothing is told.

    Works that both have labelled are compared one by one (Mantel and Haenszel 1959); where there are too few, works of
    the one with works of the others. Sentences of a work are alike, so works count, not sentences (Welch 1947).
    """
    n = int(works.max(initial=-1)) + 1
    b, d = (np.bincount(works[rows], minlength=n) for rows in (mine, known & ~mine))
    a, c = (np.bincount(works[rows], labels[rows], n) for rows in (mine, known & ~mine))
    shared = (b > 0) & (d > 0)
    if shared.sum() >= _LEAST_WORKS:
        a, b, c, d = (column[shared] for column in (a, b, c, d))
        surplus = (a * d - c * b) / (b + d)  # hits beyond those expected in the work
        odds = (0.5 + (a * (d - c) / (b + d)).sum()) / (0.5 + (c * (b - a) / (b + d)).sum())
        return _p_value(surplus.mean(), surplus.std(ddof=1) ** 2 / len(surplus), len(surplus)), float(odds)
    if min((b > 0).sum(), (d > 0).sum()) < _LEAST_WORKS:
        return 1.0, 1.0
    (p, p_variance), (q, q_variance) = _share(a, b), _share(c, d)
    odds = (0.5 + a.sum()) * (0.5 + (d - c).sum()) / ((0.5 + (b - a).sum()) * (0.5 + c.sum()))
    return _p_value(p - q, p_variance + q_variance, int(min((b > 0).sum(), (d > 0).sum()))), float(odds)


def _share(hits: NDArray[Any], sizes: NDArray[Any]) -> tuple[float, float]:
    """The share of hits over works, and its variance as the works show it."""
    n, total = (sizes > 0).sum(), sizes.sum()
    share = hits.sum() / total
    return float(share), float(((hits - share * sizes) ** 2).sum() / total**2 * n / (n - 1))


def _p_value(difference: float, variance: float, n_works: int) -> float:
    if variance <= 0:
        return 1.0
    return float(2 * student_t.sf(abs(difference) / np.sqrt(variance), n_works - 1))


def check_dates(corpus: Corpus) -> Iterator[Finding]:
    """Whether what is tested on is older than what is trained on, by the columns ``split`` and a date."""
    if "split" in corpus.frame:
        side = corpus.frame["split"].fillna("").str.casefold()
        train, test = (corpus.take(side.isin(names).to_numpy(dtype=bool)) for names in (_TRAIN, _TEST))
        yield from _older(train, test, np.flatnonzero(side.isin(_TEST)), "The test side")


def check_dates_against(corpus: Corpus, other: Corpus) -> Iterator[Finding]:
    """The same, where this corpus is to be trained on and the other to be tested on."""
    who = f"{other.name or 'The other table'}, if it is the test,"
    yield from _older(corpus, other, np.zeros(0, dtype=np.intp), who)


def _older(train: Corpus, test: Corpus, rows: NDArray[np.intp], who: str) -> Iterator[Finding]:
    for column in filter(_DATE.fullmatch, train.own_columns):
        if column in test.own_columns:
            before, after = _dates(train.frame[column]), _dates(test.frame[column])
            if min(len(before), len(after)) >= _LEAST_ROWS and (after < np.median(before)).mean() >= _OLDER:
                message = (
                    f"{who} holds mostly older texts than training does ({column}): a model in service reads newer "
                    "ones than it has learnt, so test on the newest."
                )
                yield Finding("test-older-than-train", "warning", message, tuple(rows[:5].tolist()), len(rows))


def _dates(column: "pd.Series[Any]") -> NDArray[np.float64]:
    """Years, seconds or dates as numbers that ascend; none where too few cells are dates."""
    known = column.dropna()
    numbers = pd.to_numeric(known, errors="coerce")
    if numbers.notna().mean() < _LEAST_DATED:
        with warnings.catch_warnings():  # of formats that pandas has to guess
            warnings.simplefilter("ignore")
            found = pd.to_datetime(known, errors="coerce", format="mixed", utc=True)
        numbers = (found - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    dated = numbers.dropna().to_numpy(dtype=np.float64)
    return dated if len(dated) >= _LEAST_DATED * max(len(column), 1) else np.zeros(0)
