"""Puts the rows of each review together and in order, and refuses a review that has no clear order or two works."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spoilerguard.corpus.schema import Origin
from spoilerguard.errors import CorpusError

__all__ = ["in_review_order"]


def in_review_order(frame: pd.DataFrame, origin: Origin) -> tuple[pd.DataFrame, tuple[int, ...]]:
    """The rows of a parsed table, sorted so that each review is one run of rows in position order.

    A review stands at the place of its first row, and has its work on all of its rows. A `CorpusError` says if it has
    positions on some rows only, one position twice, or two works. The second result holds the first rows of the reviews
    whose rows were moved; see `Corpus.reordered`.
    """
    reviews = pd.factorize(frame["review_id"])[0]  # -1 for a sentence without review
    rows = np.arange(len(frame))
    known = frame["position"].notna()
    positions = frame["position"].fillna(0).to_numpy(dtype=np.int64)
    incomplete = np.flatnonzero((reviews >= 0) & ~known & known.groupby(reviews).transform("any"))
    if len(incomplete):
        row = int(incomplete[0])
        raise CorpusError(
            f"{origin.at(row, 'position')}: missing position, though other sentences of review "
            f"{frame['review_id'].iloc[row]!r} have one; give all of them a position or none"
        )
    first = np.where(reviews >= 0, pd.Series(rows).groupby(reviews).transform("first"), rows)
    order = np.lexsort((rows, np.where(known, positions, rows), first))
    before, after = order[:-1], order[1:]
    same_review = (reviews[before] == reviews[after]) & (reviews[after] >= 0)
    taken = np.flatnonzero(same_review & known.to_numpy()[after] & (positions[before] == positions[after]))
    if len(taken):
        row, other = int(after[taken[0]]), int(before[taken[0]])
        raise CorpusError(
            f"{origin.at(row, 'position')}: duplicated position {positions[row]} in review "
            f"{frame['review_id'].iloc[row]!r}, first at {origin.at(other)}; number its sentences 0, 1, 2, …"
        )
    ordered = frame.assign(work=_one_work_each(frame, reviews, origin)).iloc[order].reset_index(drop=True)
    return ordered, _reordered(order, reviews[order])


def _reordered(order: NDArray[np.intp], reviews: NDArray[np.intp]) -> tuple[int, ...]:
    """First rows of the reviews whose rows stood together in the table, but in an order that is not their positions'.

    Rows in reverse order are left out, and a table whose reviews mostly lie scattered: its rows say nothing.
    """
    starts = np.flatnonzero(np.diff(reviews, prepend=-2) != 0)  # rows without a review form blocks of their own
    lengths = np.diff(starts, append=len(order))
    several = (reviews[starts] >= 0) & (lengths > 1)
    spans = np.maximum.reduceat(order, starts) - np.minimum.reduceat(order, starts)
    together = several & (spans == lengths - 1)
    steps = np.diff(order, prepend=0)
    steps[starts] = 0
    straight = np.add.reduceat(np.abs(steps), starts) == lengths - 1  # all steps are 1, or all are -1
    moved = starts[together & ~straight]
    return tuple(moved.tolist()) if together.sum() >= several.sum() / 2 else ()


def _one_work_each(frame: pd.DataFrame, reviews: NDArray[np.intp], origin: Origin) -> "pd.Series[Any]":
    """The column of works, filled in where a review names its work on some rows only."""
    works, titles = pd.factorize(frame["work"])
    of_review = pd.Series(works).where(works >= 0).groupby(reviews).transform("first").fillna(-1).to_numpy(np.int64)
    crossing = np.flatnonzero((reviews >= 0) & (works >= 0) & (works != of_review))
    if len(crossing):
        row = int(crossing[0])
        raise CorpusError(
            f"{origin.at(row, 'work')}: one review under two works: {frame['review_id'].iloc[row]!r} stood under "
            f"another work than {frame['work'].iloc[row]!r} before; give each review one work and its own review_id"
        )
    column = frame["work"].copy()
    gaps = np.flatnonzero((reviews >= 0) & (works < 0) & (of_review >= 0))
    column.iloc[gaps] = titles[of_review[gaps]]
    return column
