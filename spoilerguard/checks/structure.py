"""How the table is built: its classes, works, reviews and weights. Enough to learn from, and to judge by?"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..corpus import Corpus
from .report import Finding, found
from .sameness import worded

__all__ = ["check_balance", "check_reviews", "check_weights", "check_works"]

RARE, COMMON = 0.01, 0.60  # share of spoilers: reviews hold 3 to 10 %, balanced collections 50 to 53 %
FEW = 25  # rows of the rarer class; with fewer, an AUC's standard error exceeds 0.05
FOLDS = 5  # groups needed for grouped cross-validation
DOMINANT = 0.30  # share of rows in one work
WHOLESALE = 0.5  # share of spoilers in works or reviews that are spoilers throughout
_ENOUGH = 20  # rows below which shares say little
_BLOCK = 5  # sentences of a work or review from which on one label for all of them is remarkable


def check_balance(corpus: Corpus) -> Iterator[Finding]:
    """Whether both classes are there, and in a proportion that reviews have."""
    share, fewer = float(corpus.labels.mean()), int(min(corpus.labels.sum(), (1 - corpus.labels).sum()))
    if not fewer:
        only = "spoilers" if share else "safe sentences"
        yield Finding("one-class", "error", f"There are only {only}: nothing can be learned. Add the other class.")
        return
    if fewer < FEW:
        message = f"The rarer class has {fewer} rows; below {FEW} no figure means much. Label more."
        yield Finding("tiny-class", "warning", message)
    if share < RARE:
        yield Finding("few-spoilers", "warning", f"{share:.2%} are spoilers; usual are 3 to 10 %. Are labels missing?")
    if share > COMMON:
        message = f"{share:.0%} are spoilers; usual are 3 to 53 %. Are the labels swapped, or safe sentences left out?"
        yield Finding("many-spoilers", "warning", message)


def check_works(corpus: Corpus) -> Iterator[Finding]:
    """Whether rows are grouped by work, so that a split can keep works apart."""
    works = corpus.frame["work"]
    groups = len(set(corpus.groups))
    if groups < FOLDS:
        message = f"{groups} groups (works, else reviews) are too few for {FOLDS} folds; add texts about other works."
        yield Finding("too-few-works", "error", message)
    severe = "all" if works.isna().all() else "some"
    message = f"The work is not known for {severe} rows; names then leak across splits. Fill in the column “work”."
    yield from found("works-missing", "warning", message, works.isna().to_numpy())
    if works.notna().any() and len(corpus) >= _ENOUGH:
        yield from _odd_works(corpus, works)


def _odd_works(corpus: Corpus, works: "pd.Series[Any]") -> Iterator[Finding]:
    sizes = works.groupby(works).transform("size").fillna(0).to_numpy(dtype=np.int64)
    message = f"One work holds more than {DOMINANT:.0%} of the rows; figures will be about that work. Thin it out."
    yield from found("dominant-work", "warning", message, sizes > DOMINANT * len(corpus))
    known = works.dropna()
    units = len(known) if corpus.frame["review_id"].isna().all() else len(corpus.lengths)
    if units >= _ENOUGH and known.nunique() > 0.9 * units and len(corpus.lengths) == len(corpus):
        message = "Nearly every row has a work of its own: is the column “work” really the title? It groups nothing."
        yield Finding("work-differs-on-every-row", "warning", message)
    spelled = pd.Series([worded(title) or title for title in known], index=known.index, dtype=object)
    variants = (known.groupby(spelled).transform("nunique") > 1).reindex(works.index, fill_value=False)
    message = "Works that differ only in capitals, blanks or punctuation; spell each one way, or it will leak."
    yield from found("work-spelled-in-two-ways", "warning", message, variants.to_numpy(dtype=bool))
    whole = _wholesale(corpus, pd.factorize(works)[0])
    message = "Most spoilers lie in works that are spoilers throughout: the label follows the work, not the sentence."
    yield from found("label-follows-work", "warning", message, whole)


def _wholesale(corpus: Corpus, keys: NDArray[Any]) -> NDArray[np.bool_]:
    """Spoilers in blocks (works, reviews) that are spoilers throughout; none unless most spoilers lie so."""
    labels = pd.Series(corpus.labels).groupby(keys)
    solid = (labels.transform("min") == 1) & (labels.transform("size") >= _BLOCK) & (keys >= 0)
    spoilers = int(corpus.labels.sum())
    mostly = spoilers < len(corpus) and solid.sum() > WHOLESALE * max(spoilers, 1)
    return np.asarray(solid & mostly, dtype=np.bool_)


def check_reviews(corpus: Corpus) -> Iterator[Finding]:
    """Whether reviews are whole and labelled sentence by sentence."""
    reviews, positions = corpus.frame["review_id"], corpus.frame["position"]
    if reviews.isna().all():
        message = "No row has a review_id: sentences are judged alone, and neighbours (worth up to 0.11 AUC) go unused."
        yield Finding("no-reviews", "note", message)
        return
    message = "A review_id without position: the order of the rows is taken for the order in the review."
    yield from found("positions-missing", "note", message, (reviews.notna() & positions.isna()).to_numpy(dtype=bool))
    starts = np.repeat(np.cumsum(corpus.lengths) - corpus.lengths, corpus.lengths)
    places = positions.fillna(0).to_numpy(dtype=np.int64)
    offset = places[starts]
    gaps = (
        positions.notna().to_numpy()
        & reviews.notna().to_numpy()
        & (np.diff(places - np.arange(len(places)), prepend=0) != 0)
    )
    gaps &= np.arange(len(places)) != starts
    message = "Positions jump: sentences of the review are missing before these, and context will mislead."
    yield from found("position-gaps", "warning", message, gaps)
    if (offset[reviews.notna().to_numpy()] > 0).all():
        yield Finding(
            "positions-not-from-zero", "note", f"No review begins at position 0 (the least is {offset.min()})."
        )
    whole = _wholesale(corpus, np.where(corpus.in_review, pd.factorize(reviews)[0], -1))
    message = "Most spoilers lie in reviews that are spoilers throughout: were reviews labelled, not sentences?"
    yield from found("label-follows-review", "warning", message, whole)


def check_weights(corpus: Corpus) -> Iterator[Finding]:
    """Whether a few rows count for everything, or many for nothing."""
    weights = corpus.weights
    if not weights.any():
        yield Finding(
            "all-weights-zero", "error", "Every weight is 0: no row counts. Mend or drop the column “weight”."
        )
        return
    yield from found("zero-weights", "note", "Rows that count for nothing; drop them if you mean it.", weights == 0)
    usual = float(np.median(weights[weights > 0]))
    message = f"Rows that count a hundred times the median ({usual:g}) or more; they decide alone."
    yield from found("extreme-weights", "warning", message, weights >= 100 * usual)
