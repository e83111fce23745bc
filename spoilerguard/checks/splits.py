"""What both sides of a split hold: works, reviews, sentences and quotations; and whether spoilers are as common.

A model that is tested on what it has seen looks better than it is: a random split of TV Tropes is worth 0.03 to 0.04
AUC too much, because names come back.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spoilerguard.checks.duplicates import LONG, MANY, NEAR_REVIEW, is_long, lower_words, near_pairs, review_texts
from spoilerguard.checks.report import Finding, Severity, report_rows
from spoilerguard.checks.titles import main_titles, same_titles
from spoilerguard.corpus import Corpus
from spoilerguard.linear_model import LinearModel

__all__ = ["check_against", "check_learnt", "check_split"]

_WHOLE = 9  # words of a sentence that is quoted without quotation marks; shorter ones are formulas too often
# The share of a sentence that a shorter quotation holds; one that holds less is a title, or a phrase such as “so bad
# it's good”.
_MOST = 0.8
_COMMON = 50  # three words that stand in more rows than this are a phrase
_QUOTED = re.compile(
    r"[\"“„«»]\s*([^\"“”„«»]+?)\s*[\"”“«»]|(?<!\w)['‘‚]\s*((?:[^'‘’]|(?<=\w)['’](?=\w))+?)\s*['’](?!\w)"
)

_SIGMAS = 4.0  # difference of the shares of spoilers, in standard errors
_ODDS = 2.0  # and their odds ratio; 1.5 lies between parts of our own reviews, one of which was made richer


class _Sides(NamedTuple):
    """Rows that lie on several sides, of which the first `size` are checked."""

    frame: pd.DataFrame
    lengths: NDArray[np.int64]
    sides: NDArray[np.intp]
    names: list[str]
    size: int
    place: str

    def crosses(self, keys: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which of the checked rows have a key (from 0 up) that occurs on several sides."""
        n_sides = pd.Series(self.sides).groupby(keys).transform("nunique").to_numpy()
        return np.asarray((n_sides > 1) & (keys >= 0), dtype=np.bool_)[: self.size]


def check_split(corpus: Corpus) -> Iterator[Finding]:
    """What has more than one value in the column ``split``, where there is one."""
    if "split" in corpus.frame.columns:
        sides, names = pd.factorize(corpus.frame["split"].fillna(""))
        place = "on both sides of the split"
        yield from _leaks(_Sides(corpus.frame, corpus.lengths, sides, list(names), len(corpus), place))


def check_against(corpus: Corpus, other: Corpus) -> Iterator[Finding]:
    """What both corpora hold; rows are those of the first."""
    frame = pd.concat([corpus.frame, other.frame], ignore_index=True)
    lengths = np.concatenate([corpus.lengths, other.lengths])
    sides = np.repeat(np.arange(2), [len(corpus), len(other)])
    name = other.name or "the other"
    place = f"both in this corpus and in {name}"
    yield from _leaks(_Sides(frame, lengths, sides, [corpus.name or "this corpus", name], len(corpus), place))


def check_learnt(corpus: Corpus, model: LinearModel) -> Iterator[Finding]:
    """Sentences that a model has learnt from, where there are more than chance explains."""
    overlap = None if model.memory_ is None else model.memory_.overlap(corpus.sentences)
    if model.memory_ is not None and overlap is not None and overlap.is_beyond_chance:
        message = f"{overlap.describe()} Judge it on other works; taught by them again, it becomes too sure of itself."
        yield from report_rows("learnt-by-the-model", "error", message, model.memory_.holds(corpus.sentences))


def _leaks(rows: _Sides) -> Iterator[Finding]:
    """What occurs on several sides."""
    move = "move all its rows to one side (Corpus.split does, where it is spelled one way)"
    works = rows.crosses(same_titles(rows.frame["work"].to_list()))
    message = f"The same work occurs {rows.place}, maybe under another spelling of its title; {move}."
    yield from report_rows("work-on-both-sides", "error", message, works)
    similar = rows.crosses(main_titles(rows.frame["work"].to_list())) & ~works
    message = f"Works that share their main title occur {rows.place}: the same work, or sequels with the same names?"
    yield from report_rows("similar-work-on-both-sides", "warning", message, similar)
    reviews = rows.crosses(pd.factorize(rows.frame["review_id"])[0])
    message = f"The same review occurs {rows.place}; {move}."
    yield from report_rows("review-on-both-sides", "error", message, reviews)
    yield from _repeated_texts(rows)
    yield from _spoiler_shares(rows)


def _repeated_texts(rows: _Sides) -> Iterator[Finding]:
    """Sentences, reviews and quotations that occur on several sides, equal or nearly so."""
    words = [lower_words(sentence) for sentence in rows.frame["sentence"]]
    same = rows.crosses(pd.factorize(np.array([text if is_long(text) else None for text in words], dtype=object))[0])

    def severity(share: float) -> Severity:
        return "error" if share >= MANY else "warning"

    message = f"The same sentence (of {LONG} words or more) occurs {rows.place}; drop it on one side."
    yield from report_rows("sentence-on-both-sides", severity(float(same.mean())), message, same)
    near = np.zeros(len(words), dtype=np.bool_)
    near[[row for pair in near_pairs(words) if rows.sides[pair[0]] != rows.sides[pair[1]] for row in pair]] = True
    near = near[: rows.size] & ~same
    message = f"Nearly the same sentence occurs {rows.place}; drop it on one side."
    yield from report_rows("near-sentence-on-both-sides", "warning", message, near)
    starts, texts = review_texts(rows.lengths, words)
    copies = {
        int(starts[row])
        for pair in near_pairs(texts, share=NEAR_REVIEW)
        if rows.sides[starts[pair[0]]] != rows.sides[starts[pair[1]]]
        for row in pair
    }
    n_reviews = max(int((starts < rows.size).sum()), 1)
    copied = sorted(row for row in copies if row < rows.size)
    message = f"The same review text, or nearly so, occurs {rows.place} (first rows given); drop it on one side."
    yield from report_rows("review-text-on-both-sides", severity(len(copied) / n_reviews), message, copied)
    quoted = [row for row in _quotations(rows, words) if row < rows.size and not same[row]]
    message = f"A sentence from one side is quoted on the other ({rows.place}); drop one of the two rows."
    yield from report_rows("quotation-on-both-sides", severity(len(quoted) / rows.size), message, quoted)


def _quotations(rows: _Sides, words: list[str]) -> set[int]:
    """Rows that quote a row of another side, and those that are quoted.

    What may be quoted is a sentence without its context, or most of one in quotation marks. It is looked for where
    its rarest three words are.
    """
    quotes = [(row, text) for row, text in enumerate(words) if text.count(" ") >= _WHOLE - 1]
    for row, sentence in enumerate(rows.frame["sentence"]):
        found = [lower_words(first or second) for first, second in _QUOTED.findall(sentence)]
        quotes += [(row, quote) for quote in found if is_long(quote)]
    frequency = Counter(triple for text in words for triple in _triples(text))
    by_triple: defaultdict[tuple[str, ...], list[tuple[int, str]]] = defaultdict(list)
    for row, quote in quotes:
        rarest = min(_triples(quote), key=lambda triple: (frequency[triple], triple))
        if 1 < frequency[rarest] <= _COMMON:
            by_triple[rarest].append((row, quote))
    pairs = {
        (row, other)
        for row, text in enumerate(words)
        for triple in _triples(text) & by_triple.keys()
        for other, quote in by_triple[triple]
        if rows.sides[row] != rows.sides[other] and f" {quote} " in f" {text} "
        if quote.count(" ") + 1 >= min(_WHOLE, _MOST * (text.count(" ") + 1))
    }
    return {row for pair in pairs for row in pair}


def _triples(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    return set(zip(words, words[1:], words[2:], strict=False))


def _spoiler_shares(rows: _Sides) -> Iterator[Finding]:
    """Whether spoilers are much more common on one side than on another, as far as its works can show."""
    works = rows.frame["work"].fillna(rows.frame["review_id"])
    keys = works.where(works.notna(), pd.Series(np.arange(len(works)).astype(str), index=works.index))
    shares: list[tuple[float, float, str]] = []
    for side, name in enumerate(rows.names):
        chosen = rows.sides == side
        labels = rows.frame["spoiler"].to_numpy(dtype=np.float64)[chosen]
        share = float(labels.mean())
        off = pd.Series(labels - share).groupby(keys.to_numpy(dtype=object)[chosen]).sum()
        spread = max(float((off**2).sum()) / len(labels) ** 2, share * (1 - share) / len(labels))
        shares.append((share, spread, name or "no side"))
    (low, low_spread, low_name), (high, high_spread, high_name) = min(shares), max(shares)
    odds = high * (1 - low) / max(low * (1 - high), 1e-12)
    if high - low > _SIGMAS * np.sqrt(low_spread + high_spread) and odds >= _ODDS:
        message = (
            f"{high:.1%} of the sentences are spoilers in {high_name}, {low:.1%} in {low_name}: "
            "thresholds and probabilities will not carry over. Draw both sides from the same reviews."
        )
        yield Finding("spoiler-share-differs", "warning", message)
