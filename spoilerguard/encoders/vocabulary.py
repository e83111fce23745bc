"""The words that an encoder knows, found by their hashes."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders.arrays import Arrays, take_array

__all__ = ["Vocabulary"]

_LOW_BITS = np.uint32(16)


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Known words, by ascending hashes.

    Attributes
    ----------
    hashes : ndarray of uint32, shape (n_words,)

    Examples
    --------
    >>> known = Vocabulary(np.array([3, 70_000, 90_000], dtype=np.uint32))
    >>> known.find(np.array([70_000, 4], dtype=np.uint32)).tolist()
    [1, 3]
    """

    hashes: NDArray[np.uint32] = field(repr=False)
    _first: NDArray[np.int64] = field(init=False, repr=False)  # row of the first hash that begins with these 16 bits

    def __post_init__(self) -> None:
        """Index the hashes by their high bits."""
        of_prefix = np.bincount(self.hashes >> _LOW_BITS, minlength=2**16)
        object.__setattr__(self, "_first", np.cumsum(of_prefix) - of_prefix)

    def __len__(self) -> int:
        """Number of words."""
        return len(self.hashes)

    @classmethod
    def take(cls, arrays: Arrays, name: str = "hashes") -> Self:
        """Take the words out of an encoder's arrays; a ``ValueError`` where they hold none."""
        hashes = take_array(arrays, name, np.uint32, None)
        if not len(hashes) or (hashes[1:] <= hashes[:-1]).any():
            raise ValueError("The encoder's hashes must ascend, and there must be some.")
        return cls(hashes)

    def find(self, hashes: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Row of each word; ``len(self)`` where it is not known."""
        # Hashes are spread evenly, so the first that begins alike is mostly the one: quicker than a binary search.
        last = len(self.hashes) - 1
        row: NDArray[np.int64] = np.minimum(self._first[hashes >> _LOW_BITS], last)
        behind = np.flatnonzero(self.hashes[row] < hashes)
        while len(behind):
            row[behind] += 1
            behind = behind[row[behind] <= last]
            behind = behind[self.hashes[row[behind]] < hashes[behind]]
        known = self.hashes[np.minimum(row, last)] == hashes
        row[~known] = len(self.hashes)
        return row
