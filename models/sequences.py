"""Prepared texts → what a transformer reads at once: whole reviews in windows, runs of sentences, lone sentences.

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

__all__ = [
    "DEV",
    "LABELLED",
    "UNLABELLED",
    "Batch",
    "PreparedTexts",
    "Sequences",
    "batches",
    "lone",
    "on_device",
    "short_runs",
    "windows",
]

Rows = NDArray[np.int64]
LABELLED, DEV, UNLABELLED = range(3)  # parts of the documents
_MAX_PIECES = 382  # that are read at once, beside the mark at either end


@dataclass(frozen=True, slots=True)
class PreparedTexts:
    """What `prepare.py` has written; document ``d`` has the sentences ``first[d] : first[d + 1]``."""

    pieces: NDArray[np.uint16]
    edges: Rows  # sentence s has pieces[edges[s] : edges[s + 1]]
    first: Rows
    fold: NDArray[np.uint8]
    part: NDArray[np.uint8]  # LABELLED, DEV or UNLABELLED
    seen_work: NDArray[np.bool_]
    targets: NDArray[np.int8]  # of the sentences of the parts LABELLED and DEV
    windows: Rows  # (begin, encoded, until, end) of each window, by ascending document

    @classmethod
    def read(cls, file: Path) -> "PreparedTexts":
        """Read the compressed file."""
        found = cls.arrays(file)
        edges = np.concatenate([[0], np.cumsum(found["n_pieces"], dtype=np.int64)])
        first = np.concatenate([[0], np.cumsum(found["n_sentences"], dtype=np.int64)])
        rest = {name: found[name] for name in ("fold", "part", "seen_work", "targets", "windows")}
        return cls(found["pieces"], edges, first, **rest)

    @staticmethod
    def arrays(file: Path) -> dict[str, NDArray[np.generic]]:
        """The arrays of a compressed file."""
        with np.load(io.BytesIO(lzma.open(file).read())) as found:
            return dict(found)

    @property
    def n_sentences(self) -> int:
        """Number of sentences of all documents."""
        return len(self.edges) - 1

    def sentences_of(self, documents: Rows) -> Rows:
        """Sentences of these documents."""
        return np.concatenate([np.arange(0), *(np.arange(self.first[d], self.first[d + 1]) for d in documents)])


@dataclass(frozen=True, slots=True)
class Sequences:
    """Sequence ``k`` reads the sentences ``begin[k] : end[k]`` and encodes ``encoded[k] : until[k]`` of them."""

    begin: Rows
    encoded: Rows
    until: Rows
    end: Rows

    def __len__(self) -> int:
        return len(self.begin)

    def take(self, rows: Rows) -> "Sequences":
        """Some of them."""
        return Sequences(self.begin[rows], self.encoded[rows], self.until[rows], self.end[rows])

    @classmethod
    def joined(cls, *parts: "Sequences") -> "Sequences":
        """All sequences of the parts."""
        columns = ("begin", "encoded", "until", "end")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))


def lone(sentences: Rows) -> Sequences:
    """Each sentence on its own."""
    return Sequences(sentences, sentences, sentences + 1, sentences + 1)


def windows(texts: PreparedTexts, documents: Rows) -> Sequences:
    """Whole documents; one that is too long in several windows, as ``spoilerguard.encoders.word_pieces`` cuts it."""
    document = np.searchsorted(texts.first, texts.windows[:, 1], side="right") - 1
    return Sequences(*texts.windows[np.isin(document, documents)].T)


def short_runs(texts: PreparedTexts, documents: Rows, rng: np.random.Generator, mean: float = 3.0) -> Sequences:
    """Documents cut at random into runs of a few neighbouring sentences."""
    begin, end = [], []
    for d in documents:
        here, last = int(texts.first[d]), int(texts.first[d + 1])
        while here < last:
            there = min(
                last,
                here + int(rng.geometric(1 / mean)),
                max(here + 1, int(np.searchsorted(texts.edges, texts.edges[here] + _MAX_PIECES, side="right")) - 1),
            )
            begin.append(here)
            end.append(there)
            here = there
    starts, ends = np.array(begin, dtype=np.int64), np.array(end, dtype=np.int64)
    return Sequences(starts, starts, ends, ends)


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded word pieces, which of them are there, and the sentences: each is ``input_ids[row, start:stop]``."""

    input_ids: Tensor
    attention_mask: Tensor
    sentences: Tensor
    row: Tensor
    start: Tensor
    stop: Tensor

    def means(self, vectors: Tensor) -> Tensor:
        """Mean of the vectors of the pieces of each sentence, in single precision."""
        total = vectors.float().cumsum(1)
        sums = total[self.row, self.stop - 1] - total[self.row, self.start - 1]
        return sums / (self.stop - self.start).clamp(min=1)[:, None]


def batches(
    texts: PreparedTexts,
    sequences: Sequences,
    shape: Shape,
    budget: int,
    device: torch.device,
    rng: np.random.Generator | None,
) -> Iterator[Batch]:
    """Batches of at most `budget` padded pieces, alike lengths together; in random order where `rng` is given."""
    flat = on_device(texts, device)
    length = texts.edges[sequences.end] - texts.edges[sequences.begin]
    order = np.argsort(-length - (rng.uniform(0, 8, len(length)) if rng else 0), kind="stable")  # the longest first
    groups, start = [], 0
    while start < len(order):
        stop = start + max(1, budget // (int(length[order[start : start + 64]].max()) + 10))
        groups.append(order[start:stop])
        start = stop
    for group in rng.permutation(len(groups)) if rng else range(len(groups)):
        yield _batch(flat, texts.edges, sequences.take(groups[group]), shape, device)


_ON_DEVICE: dict[tuple[int, str], Tensor] = {}


def on_device(texts: PreparedTexts, device: torch.device) -> Tensor:
    """All pieces, where the computing is done; copied once."""
    key = (id(texts), str(device))
    if key not in _ON_DEVICE:
        _ON_DEVICE[key] = torch.from_numpy(texts.pieces.astype(np.int32)).to(device)
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
    attention_mask = torch.arange(longest + 2, device=device) < lengths + 2
    n_encoded = chosen.until - chosen.encoded
    row = np.repeat(np.arange(len(begin)), n_encoded)
    names = np.arange(len(row)) + np.repeat(chosen.encoded - (np.cumsum(n_encoded) - n_encoded), n_encoded)
    places = np.stack([names, row, edges[names] - begin[row] + 1, edges[names + 1] - begin[row] + 1])
    return Batch(padded, attention_mask, *torch.from_numpy(places).to(device))
