"""How the table is built: its classes, works, reviews and weights. Is it enough to learn from and to measure with?"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spoilerguard.checks.report import Finding, report_rows
from spoilerguard.checks.titles import same_titles
from spoilerguard.corpus import Corpus

__all__ = ["check_balance", "check_reviews", "check_weights", "check_works"]

RARE, COMMON = 0.01, 0.60  # share of spoilers: reviews hold 3 to 10 %, balanced collections 50 to 53 %
FEW = 25  # rows of the rarer class; with fewer, an AUC's standard error exceeds 0.05
FOLDS = 5  # groups needed for grouped cross-validation
DOMINANT = 0.30  # share of rows in one work
MOST = 0.5  # share of the spoilers that lie in works or reviews of spoilers only
_ENOUGH = 20  # rows below which shares say little
_BLOCK = 5  # sentences of a work or review from which on one label for all of them is remarkable


def check_balance(corpus: Corpus) -> Iterator[Finding]:
    """Whether both classes are there, and in a proportion that reviews have."""
    n_spoilers = int(corpus.labels.sum())
    fewer, share = min(n_spoilers, len(corpus) - n_spoilers), n_spoilers / len(corpus)
    if not fewer:
        only = "spoilers" if share else "safe sentences"
        yield Finding("one-class", "error", f"There are only {only}: nothing can be learned. Add the other class.")
        return
    if fewer < FEW:
        message = f"The rarer class has {fewer} rows; with fewer than {FEW}, no metric is reliable. Label more."
        yield Finding("tiny-class", "warning", message)
    if share < RARE:
        yield Finding("few-spoilers", "warning", f"{share:.2%} are spoilers; usual are 3 to 10 %. Are labels missing?")
    if share > COMMON:
        message = f"{share:.0%} are spoilers; usual are 3 to 53 %. Are the labels swapped, or safe sentences left out?"
        yield Finding("many-spoilers", "warning", message)


def check_works(corpus: Corpus) -> Iterator[Finding]:
    """Whether rows name their work, so that a split can keep works apart."""
    works = corpus.frame["work"]
    n_groups = len(set(corpus.groups))
    if n_groups < FOLDS:
        message = f"{n_groups} groups (works, else reviews) are too few for {FOLDS} folds; add texts about other works."
        yield Finding("too-few-works", "error", message)
    extent = "all" if works.isna().all() else "some"
    message = f"The work is not known for {extent} rows; names then leak across splits. Fill in the column “work”."
    yield from report_rows("works-missing", "warning", message, works.isna().to_numpy())
    if works.isna().all() or len(corpus) < _ENOUGH:
        return
    sizes = works.groupby(works).transform("size").fillna(0).to_numpy(dtype=np.int64)
    message = (
        f"One work holds more than {DOMINANT:.0%} of the rows; metrics will be about that work. Drop some of them."
    )
    yield from report_rows("dominant-work", "warning", message, sizes > DOMINANT * len(corpus))
    known = works.dropna()
    n_units = len(known) if corpus.frame["review_id"].isna().all() else len(corpus.lengths)
    if n_units >= _ENOUGH and known.nunique() > 0.9 * n_units and len(corpus.lengths) == len(corpus):
        message = "Nearly every row has a work of its own: is the column “work” really the title? It groups nothing."
        yield Finding("work-differs-on-every-row", "warning", message)
    spellings = works.groupby(same_titles(works.to_list())).transform("nunique")
    message = "Works whose titles differ in spelling only (capitals, year, article, accents); spell each one way."
    yield from report_rows("work-spelled-in-two-ways", "warning", message, ((spellings > 1) & works.notna()).to_numpy())
    message = "Most spoilers lie in works of spoilers only: the label follows the work, not the sentence."
    yield from report_rows("label-follows-work", "warning", message, _in_spoiler_blocks(corpus, pd.factorize(works)[0]))


def check_reviews(corpus: Corpus) -> Iterator[Finding]:
    """Whether reviews are whole and labelled sentence by sentence."""
    reviews, positions = corpus.frame["review_id"], corpus.frame["position"]
    if reviews.isna().all():
        message = (
            "No row has a review_id: sentences are classified alone, and neighbours (worth up to 0.11 AUC) go unused."
        )
        yield Finding("no-reviews", "note", message)
        return
    in_order = reviews.notna().to_numpy() & positions.notna().to_numpy()
    message = "A review_id without position: the order of the rows is taken for the order in the review."
    yield from report_rows("positions-missing", "note", message, reviews.notna().to_numpy() & ~in_order)
    numbers, places = positions.fillna(0).to_numpy(dtype=np.int64), corpus.documents.positions
    jumps = (np.diff(numbers, prepend=0) != 1) & (places > 0)
    message = "Positions jump: sentences of the review are missing before these, and their context will mislead."
    yield from report_rows("position-gaps", "warning", message, jumps & in_order)
    least = int(numbers[reviews.notna().to_numpy() & (places == 0)].min())
    if least > 0:
        yield Finding("positions-not-from-zero", "note", f"No review begins at position 0 (the least is {least}).")
    message = "Most spoilers lie in reviews of spoilers only: were reviews labelled, not sentences?"
    blocks = _in_spoiler_blocks(corpus, np.where(corpus.in_review, pd.factorize(reviews)[0], -1))
    yield from report_rows("label-follows-review", "warning", message, blocks)


def _in_spoiler_blocks(corpus: Corpus, keys: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Spoilers in blocks (works, reviews) of nothing but spoilers; none unless most spoilers lie so."""
    labels = pd.Series(corpus.labels).groupby(keys)
    in_block = (labels.transform("min") == 1) & (labels.transform("size") >= _BLOCK) & (keys >= 0)
    n_spoilers = int(corpus.labels.sum())
    mostly = n_spoilers < len(corpus) and in_block.sum() > MOST * max(n_spoilers, 1)
    return np.asarray(in_block & mostly, dtype=np.bool_)


def check_weights(corpus: Corpus) -> Iterator[Finding]:
    """Whether a few rows count for everything, or many for nothing."""
    weights = corpus.weights
    if not weights.any():
        message = "Every weight is 0: no row counts. Mend or drop the column “weight”."
        yield Finding("all-weights-zero", "error", message)
        return
    message = "Rows that count for nothing; drop them if you mean it."
    yield from report_rows("zero-weights", "note", message, weights == 0)
    usual = float(np.median(weights[weights > 0]))
    message = f"Rows that count a hundred times the median ({usual:g}) or more; they decide alone."
    yield from report_rows("extreme-weights", "warning", message, weights >= 100 * usual)
