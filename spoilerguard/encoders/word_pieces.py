"""Word pieces, and which of them a transformer reads at once: lone sentences, or whole reviews in windows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MAX_PIECES", "WINDOW", "WordPieces", "batched", "review_windows", "sentence_windows"]

Integers = NDArray[np.int64]
MAX_PIECES = 128  # of a sentence that are read
WINDOW = 384  # pieces read at once
_MARGIN = 64  # pieces around those that are encoded, where a review is longer than a window
_PIECES_AT_ONCE = 1 << 9  # of a batch, padding counted in: keeps what layers compute inside the cache of one core


@dataclass(frozen=True, slots=True, eq=False)
class WordPieces:
    """Sentences as word pieces; sentence ``k`` has the pieces ``edges[k] : edges[k + 1]``.

    Attributes
    ----------
    input_ids : ndarray of int64, shape (n_pieces,)
        Number of each piece in the vocabulary.
    token, sentence : ndarray of int64, shape (n_pieces,)
        Which token, and which sentence, each piece belongs to.
    edges : ndarray of int64, shape (n_sentences + 1,)
    """

    input_ids: Integers
    token: Integers
    sentence: Integers
    edges: Integers

    @property
    def sizes(self) -> Integers:
        """Number of pieces of each sentence."""
        return np.diff(self.edges)


# A window is four places among the pieces: (read from, encoded from, encoded up to, read up to). What lies between the
# first two and the last two is context: it is read, and another window gives its vectors.


def sentence_windows(pieces: WordPieces) -> Integers:
    """Each sentence in a window of its own, shape (n_sentences, 4)."""
    first, last = pieces.edges[:-1], pieces.edges[1:]
    return np.column_stack([first, first, last, last])


def review_windows(edges: Integers, lengths: Integers) -> Integers:
    """Whole reviews, long ones in several windows, shape (n_windows, 4); documents of one sentence are left out.

    `edges` are the places of the sentences among the pieces. The windows are places among the sentences:
    ``edges[review_windows(edges, lengths)]`` are those among the pieces.
    """
    ends = np.cumsum(lengths)
    rows = [
        window
        for first, last in zip((ends - lengths).tolist(), ends.tolist(), strict=True)
        if last - first > 1
        for window in _windows_of(edges, first, last)
    ]
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


def _windows_of(edges: Integers, first: int, last: int) -> Iterator[tuple[int, int, int, int]]:
    """The windows of the review that has the sentences ``first : last``, as places among the sentences."""
    longest, encoded = WINDOW - 2, first
    while encoded < last:
        begin = encoded
        while begin > first and edges[encoded] - edges[begin - 1] <= _MARGIN:
            begin -= 1
        end = int(np.searchsorted(edges, edges[begin] + longest, side="right")) - 1
        if end >= last:
            yield begin, encoded, last, last
            return
        until = end
        while until - 1 > encoded and edges[end] - edges[until - 1] <= _MARGIN:
            until -= 1
        yield begin, encoded, until, end
        encoded = until


def batched(windows: Integers) -> Iterator[Integers]:
    """Windows in which something is encoded, in batches of shape (4, n_windows), the longest first."""
    windows = windows[windows[:, 1] < windows[:, 2]]
    windows = windows[np.argsort(windows[:, 0] - windows[:, 3], kind="stable")]
    start = 0
    while start < len(windows):
        longest = int(windows[start, 3] - windows[start, 0]) + 2
        stop = start + max(1, _PIECES_AT_ONCE // longest)
        yield windows[start:stop].T
        start = stop
