"""A review stands in one piece and in order: no place in it taken twice, all places known or none, one work."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .errors import CorpusError
from .schema import Origin

__all__ = ["in_review_order", "numbered"]


def numbered(column: "pd.Series[Any]") -> NDArray[np.int64]:
    """A number for each distinct value in order of appearance, -1 where it is missing.

    Examples
    --------
    >>> numbered(pd.Series(["b", None, "a", "b"])).tolist()
    [0, -1, 1, 0]
    """
    return pd.factorize(column)[0].astype(np.int64)


def in_review_order(frame: pd.DataFrame, origin: Origin) -> pd.DataFrame:
    """Rows sorted so that each review is one run of rows, in position order, at the place of its first row.

    Parameters
    ----------
    frame : pandas.DataFrame
        A parsed table.
    origin : Origin
        Where its rows come from, for messages.

    Raises
    ------
    CorpusError
        If a review has positions on some rows only, one position twice, or two works.

    Examples
    --------
    >>> from spoilerguard.schema import parse
    >>> rows = {"sentence": ["B.", "x", "A."], "spoiler": [0, 0, 0], "review_id": ["r", None, "r"]}
    >>> rows |= {"position": [1, None, 0]}
    >>> in_review_order(parse(pd.DataFrame(rows), Origin()), Origin()).sentence.tolist()
    ['A.', 'B.', 'x']
    """
    codes = numbered(frame["review_id"])
    rows = np.arange(len(frame))
    known = frame["position"].notna().to_numpy(dtype=bool)
    places = frame["position"].fillna(0).to_numpy(dtype=np.int64)
    _refuse_patchy_positions(codes, known, frame, origin)
    opening = pd.Series(rows).groupby(codes).transform("first").to_numpy()
    first = np.where(codes >= 0, opening, rows)
    order = np.lexsort((rows, np.where(known, places, rows), first))
    _refuse_taken_places(order, codes, places, known, frame, origin)
    filled = frame.assign(work=_one_work_each(codes, frame, origin))
    return filled.iloc[order].reset_index(drop=True)


def _refuse_patchy_positions(
    codes: NDArray[np.int64], known: NDArray[np.bool_], frame: pd.DataFrame, origin: Origin
) -> None:
    """Either all sentences of a review have a position or none: between the two there is no order."""
    some = np.zeros(codes.max(initial=-1) + 1, dtype=bool)
    some[codes[known & (codes >= 0)]] = True
    patchy = np.flatnonzero((codes >= 0) & ~known)
    patchy = patchy[some[codes[patchy]]]
    if len(patchy):
        review = frame["review_id"].iloc[patchy[0]]
        raise CorpusError(
            f"{origin.at(int(patchy[0]), 'position')}: missing position, though other sentences of review "
            f"{review!r} have one; number all of them or none"
        )


def _refuse_taken_places(
    order: NDArray[np.intp],
    codes: NDArray[np.int64],
    places: NDArray[np.int64],
    known: NDArray[np.bool_],
    frame: pd.DataFrame,
    origin: Origin,
) -> None:
    before, after = order[:-1], order[1:]
    taken = (codes[before] == codes[after]) & (codes[after] >= 0) & known[after] & (places[before] == places[after])
    if taken.any():
        row, other = int(after[taken][0]), int(before[taken][0])
        raise CorpusError(
            f"{origin.at(row, 'position')}: duplicated position {places[row]} in review "
            f"{frame['review_id'].iloc[row]!r}, first at {origin.at(other)}; number its sentences 0, 1, 2, …"
        )


def _one_work_each(codes: NDArray[np.int64], frame: pd.DataFrame, origin: Origin) -> "pd.Series[Any]":
    """The works, filled in where a review names its work on some rows only."""
    works = numbered(frame["work"])
    named = np.flatnonzero((codes >= 0) & (works >= 0))
    work_of = np.full(codes.max(initial=-1) + 1, -1)
    work_of[codes[named[::-1]]] = works[named[::-1]]  # the last write wins: the review's first row
    crossing = named[works[named] != work_of[codes[named]]]
    if len(crossing):
        row = int(crossing[0])
        raise CorpusError(
            f"{origin.at(row, 'work')}: one review under two works: {frame['review_id'].iloc[row]!r} stood under "
            f"another work than {frame['work'].iloc[row]!r} before; give each review one work and its own review_id"
        )
    titles = frame["work"].dropna().unique()
    gaps = np.flatnonzero((works < 0) & (codes >= 0))
    gaps = gaps[work_of[codes[gaps]] >= 0]
    column = frame["work"].copy()
    if len(gaps):
        column.iloc[gaps] = titles[work_of[codes[gaps]]]
    return column
