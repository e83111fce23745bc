"""Which word pieces a transformer reads at once: lone sentences, or whole reviews in windows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LONGEST", "WINDOW", "Pieces", "alone", "batches", "windows"]

Integers = NDArray[np.int64]
LONGEST = 128  # pieces of a sentence that are read
WINDOW = 384  # pieces read at once
_MARGIN = 64  # those around the judged ones, where a review is longer than a window
_AT_ONCE = 1 << 13  # pieces of a batch, padding counted in


@dataclass(frozen=True, slots=True)
class Pieces:
    """Sentences as word pieces; sentence ``k`` owns ``numbers[edges[k]:edges[k + 1]]``."""

    numbers: Integers
    word: Integers  # of each piece
    sentence: Integers  # of each piece
    edges: Integers

    @property
    def sizes(self) -> Integers:
        """Number of pieces of each sentence."""
        return np.diff(self.edges)


def alone(read: Pieces) -> Integers:
    """Each sentence on its own, as rows (first, judged, until, last) of pieces: what is read, and what of it judged."""
    first, last = read.edges[:-1], read.edges[1:]
    return np.column_stack([first, first, last, last])


def windows(read: Pieces, lengths: Integers) -> Integers:
    """Whole reviews, long ones in windows; each sentence judged once, reviews of one sentence left out."""
    edges = np.concatenate([[0], np.cumsum(lengths)])
    rows = [
        read.edges[list(row)]
        for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
        if last - first > 1
        for row in _windows_of(read.edges, first, last)
    ]
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


def _windows_of(edges: Integers, first: int, last: int) -> Iterator[tuple[int, int, int, int]]:
    """Windows of one review as rows of sentences."""
    longest, judged = WINDOW - 2, first
    while judged < last:
        begin = judged
        while begin > first and edges[judged] - edges[begin - 1] <= _MARGIN:
            begin -= 1
        end = int(np.searchsorted(edges, edges[begin] + longest, side="right")) - 1
        if end >= last:
            yield begin, judged, last, last
            return
        until = end
        while until - 1 > judged and edges[end] - edges[until - 1] <= _MARGIN:
            until -= 1
        yield begin, judged, until, end
        judged = until


def batches(spans: Integers) -> Iterator[Integers]:
    """Spans in which something is judged, as columns, the longest first."""
    spans = spans[spans[:, 1] < spans[:, 2]]
    spans = spans[np.argsort(spans[:, 0] - spans[:, 3], kind="stable")]
    start = 0
    while start < len(spans):
        longest = int(spans[start, 3] - spans[start, 0]) + 2
        stop = start + max(1, _AT_ONCE // longest)
        yield spans[start:stop].T
        start = stop
