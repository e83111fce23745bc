"""The first pass over a stream: what it holds, how rare its n-grams are, and which works are held out."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spoilerguard.corpus import Corpus
from spoilerguard.features import SentenceVectorizer
from spoilerguard.memory import SentenceMemory
from spoilerguard.training.corpus_stream import DistinctCount, Piece, hash_name

__all__ = ["Survey"]

_HELD_OUT = 2**64 // 5  # a fifth of all works …
_MAX_HELD_OUT = 40_000  # … until they have more sentences
_MAX_SOURCES = 256

_Rows = tuple[pd.DataFrame, NDArray[np.uint64]]  # and the hash of the group of each


@dataclass
class Survey:
    """What the first pass has found; its memory does not grow with the stream.

    A work is held out where the hash of its name is low. Where the works held out have more than 40,000 sentences, the
    bound is halved, and the works above it are learnt from. So the choice depends on names and the seed, and on no
    order of rows.

    Attributes
    ----------
    vectorizer : SentenceVectorizer
        Whose n-grams are counted.
    seed : int
        Another seed holds other works out.
    learnt : ndarray of int64, shape (2,)
        Number of safe sentences and of spoilers to learn from.
    frequencies : ndarray of int64, shape (2 * n_buckets,)
        In how many sentences to learn from each bucket occurs.
    reviews, works : DistinctCount
        Of all rows.
    memory : SentenceMemory
        Hashes of all sentences.
    sources : dict of str to list of int
        For each of the first 256 sources, its sentences and its spoilers.
    """

    vectorizer: SentenceVectorizer
    seed: int
    learnt: NDArray[np.int64] = field(default_factory=lambda: np.zeros(2, dtype=np.int64))
    reviews: DistinctCount = field(default_factory=DistinctCount)
    works: DistinctCount = field(default_factory=DistinctCount)
    memory: SentenceMemory = field(default_factory=SentenceMemory)
    sources: dict[str, list[int]] = field(default_factory=dict)
    _bound: int = _HELD_OUT
    _held: list[_Rows] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Count from zero."""
        self.frequencies: NDArray[np.int64] = self.vectorizer.document_frequencies([])

    def add(self, piece: Piece) -> None:
        """Count a piece, and keep of it what is held out."""
        self.memory = self.memory.add(piece.corpus.sentences)
        hashes = self._hashes(piece)
        for name in np.unique(hashes).tolist():
            self.works.add(name)
        frame = piece.corpus.frame
        for name in frame["review_id"].dropna().unique().tolist():
            self.reviews.add(hash_name(name))
        for source, labels in frame.groupby(frame["source"].fillna("unknown"))["spoiler"]:
            if source in self.sources or len(self.sources) < _MAX_SOURCES:
                counts = self.sources.setdefault(str(source), [0, 0])
                counts[0], counts[1] = counts[0] + labels.size, counts[1] + int(labels.sum())
        self._empty = frame[:0]
        self._held += self._keep(frame, hashes)
        while sum(len(kept) for _, kept in self._held) > _MAX_HELD_OUT:
            self._bound //= 2
            self._held = [part for held in self._held for part in self._keep(*held)]

    def to_learn(self, piece: Piece) -> Corpus:
        """The rows of a piece that count and are not held out."""
        return piece.corpus.take((self._hashes(piece) >= np.uint64(self._bound)) & (piece.corpus.weights > 0))

    def held_out(self, name: str) -> Corpus:
        """The sentences of all works held out."""
        return Corpus(pd.concat([self._empty, *(frame for frame, _ in self._held)], ignore_index=True), name)

    def _hashes(self, piece: Piece) -> NDArray[np.uint64]:
        """One hash for each sentence, by its group."""
        codes, names = pd.factorize(piece.groups)
        return np.array([hash_name(name, self.seed) for name in names.tolist()], dtype=np.uint64)[codes]

    def _keep(self, frame: pd.DataFrame, hashes: NDArray[np.uint64]) -> list[_Rows]:
        """The rows that are held out, if any; the others are counted, but for those of weight 0."""
        kept = hashes < np.uint64(self._bound)
        if not kept.all():
            released = Corpus(frame[~kept & (frame["weight"] > 0)].reset_index(drop=True))
            self.learnt += np.bincount(released.labels, minlength=2)
            self.frequencies += self.vectorizer.document_frequencies(released.sentences)
        return [(frame[kept], hashes[kept])] if kept.any() else []
