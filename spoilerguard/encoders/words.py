"""What encoders read: the folded words of a batch of sentences; and how they know a word, by its hash."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Vocabulary", "Words"]

_LOW_BITS = np.uint32(16)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a batch; sentence ``k`` owns ``hashes[edges[k]:edges[k + 1]]``.

    Attributes
    ----------
    hashes : ndarray of uint32, shape (n_words,)
        Of the folded words, in order.
    edges : ndarray of int64, shape (n_sentences + 1,)
        Where the words of each sentence begin.
    codes : ndarray of uint32
        The folded words as code points, a blank before each and one at the end.
    """

    hashes: NDArray[np.uint32]
    edges: NDArray[np.int64]
    codes: NDArray[np.uint32]

    @property
    def n_sentences(self) -> int:
        """Number of sentences."""
        return len(self.edges) - 1

    @property
    def sentence(self) -> NDArray[np.int64]:
        """The sentence of each word."""
        return np.repeat(np.arange(self.n_sentences), np.diff(self.edges))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Several batches as one."""
        hashes = [np.zeros(0, dtype=np.uint32), *(part.hashes for part in parts)]
        codes = [part.codes[:-1] for part in parts if len(part.hashes)]
        first = np.cumsum([0, *(len(part.hashes) for part in parts)])
        edges = [part.edges[:-1] + start for part, start in zip(parts, first[:-1], strict=True)]
        blank = np.array([ord(" ")], dtype=np.uint32)
        return cls(np.concatenate(hashes), np.concatenate([*edges, first[-1:]]), np.concatenate([*codes, blank]))

    def spelled(self) -> list[str]:
        """The words as strings."""
        text = self.codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
        return text.split(" ")[1:-1] if len(self.hashes) else []


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Known words, by ascending hashes.

    Examples
    --------
    >>> known = Vocabulary(np.array([3, 70_000, 90_000], dtype=np.uint32))
    >>> known.find(np.array([70_000, 4], dtype=np.uint32)).tolist()
    [1, 3]
    """

    hashes: NDArray[np.uint32]
    _first: NDArray[np.int64] = field(init=False, repr=False)  # row of the first hash that begins with these 16 bits

    def __post_init__(self) -> None:
        """Index the hashes by their high bits."""
        of_prefix = np.bincount(self.hashes >> _LOW_BITS, minlength=2**16)
        object.__setattr__(self, "_first", np.cumsum(of_prefix) - of_prefix)

    def __len__(self) -> int:
        return len(self.hashes)

    def find(self, hashes: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Row of each word; ``len(self)`` where it is not known."""
        # Hashes are spread evenly, so the first that begins alike is mostly the one: quicker than halving the table.
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
