"""Documents → what a transformer reads at once: whole reviews in windows, runs of sentences, lone sentences.

Sentences of a document lie one behind the other, so a sequence is a slice of one long array of word pieces, and a batch
is one gather on the device that computes.
"""

import io
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformer import Shape

__all__ = ["Batch", "Documents", "Sequences", "batches", "lone", "on_device", "pieces_of_reviews", "windows"]

Rows = NDArray[np.int64]
_WINDOW, _MARGIN = 384, 64  # word pieces read at once, and those around the judged ones where a review is longer


@dataclass(frozen=True, slots=True)
class Documents:
    """What `prepare.py` has written; document ``d`` owns the sentences ``first[d]:first[d + 1]``."""

    pieces: NDArray[np.uint16]
    edges: Rows  # sentence s owns pieces[edges[s]:edges[s + 1]]
    first: Rows
    fold: NDArray[np.uint8]
    part: NDArray[np.uint8]  # 0 labelled, 1 dev, 2 unlabelled
    seen_work: NDArray[np.bool_]
    targets: NDArray[np.int8]  # of the sentences of parts 0 and 1

    @classmethod
    def read(cls, file: Path) -> "Documents":
        """Read the compressed file."""
        with np.load(io.BytesIO(lzma.open(file).read())) as found:
            edges = np.concatenate([[0], np.cumsum(found["n_pieces"], dtype=np.int64)])
            first = np.concatenate([[0], np.cumsum(found["n_sentences"], dtype=np.int64)])
            rest = {name: found[name] for name in ("fold", "part", "seen_work", "targets")}
            return cls(found["pieces"], edges, first, **rest)

    @property
    def n_sentences(self) -> int:
        """Number of sentences of all documents."""
        return len(self.edges) - 1

    def sentences_of(self, documents: Rows) -> Rows:
        """Sentences of these documents."""
        return np.concatenate([np.arange(0), *(np.arange(self.first[d], self.first[d + 1]) for d in documents)])


@dataclass(frozen=True, slots=True)
class Sequences:
    """Sequence ``k`` reads the sentences ``begin[k]:end[k]`` and judges ``judged[k]:until[k]`` of them."""

    begin: Rows
    judged: Rows
    until: Rows
    end: Rows

    def __len__(self) -> int:
        return len(self.begin)

    def take(self, rows: Rows) -> "Sequences":
        """Some of them."""
        return Sequences(self.begin[rows], self.judged[rows], self.until[rows], self.end[rows])

    @classmethod
    def joined(cls, *parts: "Sequences") -> "Sequences":
        """All sequences of the parts."""
        columns = ("begin", "judged", "until", "end")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))


def lone(sentences: Rows) -> Sequences:
    """Each sentence on its own."""
    return Sequences(sentences, sentences, sentences + 1, sentences + 1)


def windows(of: Documents, documents: Rows, longest: int = _WINDOW) -> Sequences:
    """Whole documents; one that is too long in several windows, each sentence judged once, with a margin around."""
    size = of.edges[of.first[documents + 1]] - of.edges[of.first[documents]]
    short = documents[size <= longest - 2]
    whole = Sequences(of.first[short], of.first[short], of.first[short + 1], of.first[short + 1])
    rows = [row for d in documents[size > longest - 2] for row in _windows(of.edges, *of.first[d : d + 2], longest - 2)]
    cut = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return Sequences.joined(whole, Sequences(*cut))


def _windows(edges: Rows, first: int, last: int, longest: int) -> Iterator[tuple[int, int, int, int]]:
    judged = int(first)
    while judged < last:
        begin = judged
        while begin > first and edges[judged] - edges[begin - 1] <= _MARGIN:
            begin -= 1
        end = max(int(np.searchsorted(edges, edges[begin] + longest, side="right")) - 1, judged + 1)
        if end >= last:
            yield begin, judged, int(last), int(last)
            return
        until = end
        while until - 1 > judged and edges[end] - edges[until - 1] <= _MARGIN:
            until -= 1
        yield begin, judged, until, end
        judged = until


def pieces_of_reviews(of: Documents, documents: Rows, rng: np.random.Generator, mean: float = 3.0) -> Sequences:
    """Documents cut at random into runs of a few neighbouring sentences."""
    begin, end = [], []
    for d in documents:
        here, last = int(of.first[d]), int(of.first[d + 1])
        while here < last:
            there = min(
                last,
                here + int(rng.geometric(1 / mean)),
                max(here + 1, int(np.searchsorted(of.edges, of.edges[here] + _WINDOW - 2, side="right")) - 1),
            )
            begin.append(here)
            end.append(there)
            here = there
    starts, ends = np.array(begin, dtype=np.int64), np.array(end, dtype=np.int64)
    return Sequences(starts, starts, ends, ends)


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded pieces, which of them are there, and the judged sentences: ``pieces[row, start:stop]`` of each."""

    pieces: Tensor
    present: Tensor
    sentences: Tensor
    row: Tensor
    start: Tensor
    stop: Tensor

    def means(self, vectors: Tensor) -> Tensor:
        """Mean of the vectors of the pieces of each judged sentence, in single precision."""
        total = vectors.float().cumsum(1)
        sums = total[self.row, self.stop - 1] - total[self.row, self.start - 1]
        return sums / (self.stop - self.start).clamp(min=1)[:, None]


def batches(
    of: Documents,
    sequences: Sequences,
    shape: Shape,
    budget: int,
    device: torch.device,
    rng: np.random.Generator | None,
) -> Iterator[Batch]:
    """Batches of at most `budget` padded pieces, alike lengths together; in random order where `rng` is given."""
    flat = on_device(of, device)
    length = of.edges[sequences.end] - of.edges[sequences.begin]
    order = np.argsort(-length - (rng.uniform(0, 8, len(length)) if rng else 0), kind="stable")  # the longest first
    groups, start = [], 0
    while start < len(order):
        stop = start + max(1, budget // (int(length[order[start : start + 64]].max()) + 10))
        groups.append(order[start:stop])
        start = stop
    for group in rng.permutation(len(groups)) if rng else range(len(groups)):
        yield _batch(flat, of.edges, sequences.take(groups[group]), shape, device)


_ON_DEVICE: dict[tuple[int, str], Tensor] = {}


def on_device(of: Documents, device: torch.device) -> Tensor:
    """All pieces, where the computing is done; copied once."""
    key = (id(of), str(device))
    if key not in _ON_DEVICE:
        _ON_DEVICE[key] = torch.from_numpy(of.pieces.astype(np.int32)).to(device)
    return _ON_DEVICE[key]


def _batch(flat: Tensor, edges: Rows, chosen: Sequences, shape: Shape, device: torch.device) -> Batch:
    begin, length = edges[chosen.begin], edges[chosen.end] - edges[chosen.begin]
    longest = int(length.max())
    longest += -(longest + 2) % 8  # rows of whole blocks
    starts, lengths = torch.from_numpy(np.stack([begin, length])).to(device)[:, :, None]
    place = torch.arange(longest, device=device)
    index = (starts + place).clamp(max=len(flat) - 1)
    padded = torch.full((len(begin), longest + 2), shape.begin, dtype=torch.long, device=device)
    padded[:, 1:-1] = torch.where(place < lengths, flat[index] + shape.shift, shape.begin)
    padded.scatter_(1, lengths + 1, shape.end)
    present = torch.arange(longest + 2, device=device) < lengths + 2
    n_judged = chosen.until - chosen.judged
    row = np.repeat(np.arange(len(begin)), n_judged)
    names = np.arange(len(row)) + np.repeat(chosen.judged - (np.cumsum(n_judged) - n_judged), n_judged)
    places = np.stack([names, row, edges[names] - begin[row] + 1, edges[names + 1] - begin[row] + 1])
    return Batch(padded, present, *torch.from_numpy(places).to(device))
