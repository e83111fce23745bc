"""`PlainText`: what a reader sees of a text, with the way back to the original."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Self

from spoilerguard.marks import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Piece", "PlainText", "Step"]


class Step(Enum):
    """What a piece does to the markup around it, for those who want to put marks of their own into the text."""

    NONE = 0
    OPENS = 1  # an element inside a line, such as bold text …
    CLOSES = 2  # … and its end
    DIVIDES = 3  # a border of paragraphs, cells or lines that no mark should cross
    CODE = 4  # visible text in which marks would be shown as text


class Piece(NamedTuple):
    """A part of a text as a reader sees it.

    Either ``original[start:end]`` is `text`, character by character, or `text` stands for the whole of it, as "&" does
    for "&amp;", and nothing for a tag.
    """

    start: int
    end: int
    text: str
    step: Step = Step.NONE


@dataclass(frozen=True, slots=True, eq=False)
class PlainText:
    """What a reader sees of a text, and where each character of it comes from.

    Attributes
    ----------
    text : str
    starts, ends : ndarray of int64, shape (n_characters,)
        Character ``i`` of `text` stands for ``original[starts[i] : ends[i]]``. Both ascend.

    Examples
    --------
    >>> plain = PlainText.from_pieces([Piece(0, 6, "Jekyll"), Piece(6, 11, "&"), Piece(11, 15, "Hyde")])
    >>> plain.text, plain.original(6, 8)
    ('Jekyll&Hyde', (6, 12))
    """

    text: str
    starts: "NDArray[np.int64]"
    ends: "NDArray[np.int64]"

    @classmethod
    def from_pieces(cls, pieces: Iterable[Piece]) -> Self:
        """Pieces in the order of the original, without overlap."""
        import numpy as np  # the command's help does not wait for it

        texts: list[str] = []
        starts, ends = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for start, end, text, _ in pieces:
            texts.append(text)
            same = end - start == len(text)
            starts.append(np.arange(start, end) if same else np.full(len(text), start))
            ends.append(starts[-1] + 1 if same else np.full(len(text), end))
        return cls("".join(texts), np.concatenate(starts), np.concatenate(ends))

    def original(self, start: int, end: int) -> Span:
        """Where ``text[start:end]``, which must not be empty, stands in the original."""
        return int(self.starts[start]), int(self.ends[end - 1])

    def find(self, start: int, end: int) -> Span:
        """The part of `text` that comes from ``original[start:end]``."""
        first = int(self.ends.searchsorted(start, side="right"))
        return first, max(first, int(self.starts.searchsorted(end)))

    def covered(self, spans: Sequence[Span]) -> "NDArray[np.bool_]":
        """Whether each character comes from one of some spans of the original, which are in order and disjoint."""
        import numpy as np

        edges = np.array(spans, dtype=np.int64).reshape(-1)
        return np.asarray(np.searchsorted(edges, self.starts, side="right") % 2 == 1)

    def part(self, start: int, end: int) -> Self:
        """A part of it, as the plain text of the part of the original that it comes from."""
        shift = self.starts[start]
        return type(self)(self.text[start:end], self.starts[start:end] - shift, self.ends[start:end] - shift)
