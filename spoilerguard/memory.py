"""Which sentences a model has learnt from: a Bloom filter of hashes, so that nobody judges a model on them unawares.

The filter holds no text and gives none back, but whoever has a sentence can ask whether it was learnt (Bloom 1970). It
grows by further layers, each at least eight times as large as the one before, so that the false positives of all layers
together stay below 1 % (scalable Bloom filters: Almeida et al. 2007).
"""

import hashlib
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["MAX_BYTES", "MAX_LAYERS", "Overlap", "SentenceMemory"]

# What follows is part of the stored format: another value needs another name for the stored arrays.
_LEAST_WORDS = 5  # shorter sentences ("I loved it.") stand in any collection of reviews
_BITS, _N_HASHES = 14, 10  # a sentence; 0.12 % false positives in a full layer
MAX_BYTES, MAX_LAYERS = 4 << 20, 7  # of all layers: 2.4 million sentences; what comes then is not remembered

_GROWTH, _LEAST = 8, 64  # of layers, in sentences; so seven layers fill `MAX_BYTES`, however small the first
_WORDS = re.compile(r"\w+")
_SURE, _LEAST_SEEN, _LEAST_SHARE = 1e-6, 10, 0.02  # below these a model is not accused: a few hits may be chance


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many sentences of a corpus a model has learnt from; only sentences of five words or more are counted.

    Attributes
    ----------
    n_seen, n_asked : int
        Sentences of the corpus that were found in the model's training, of so many that were looked for.
    n_learnt : int
        Sentences that the model's training held, as far as the filter shows.
    false_positive_rate : float
        How often a sentence is found that was not there.
    """

    n_seen: int
    n_asked: int
    n_learnt: int
    false_positive_rate: float

    @property
    def share(self) -> float:
        """Share of the corpus that was in training, in [0, 1]."""
        return self.n_seen / max(self.n_asked, 1)

    @property
    def share_of_training(self) -> float:
        """Share of the training that the corpus is, in [0, 1]: 1 where a model is judged on all that it has learnt."""
        return min(self.n_seen / max(self.n_learnt, 1), 1.0)

    @property
    def is_beyond_chance(self) -> bool:
        """Whether so many are found that neither false positives nor a few common sentences explain it."""
        from scipy.stats import binom  # classifying does without it

        chance = binom.sf(self.n_seen - 1, self.n_asked, self.false_positive_rate)
        return bool(self.n_seen >= _LEAST_SEEN and self.share >= _LEAST_SHARE and chance < _SURE)

    def describe(self, whose: str = "the model's") -> str:
        """One sentence for people, such as "43 % of these sentences were in the model's training".

        Examples
        --------
        >>> Overlap(430, 1000, 43_000, 0.001).describe()
        "43 % of these sentences (430 of 1,000 of five words or more) were in the model's training."
        """
        counted = f"{self.n_seen:,} of {self.n_asked:,} of five words or more"
        return f"{100 * self.share:.0f} % of these sentences ({counted}) were in {whose} training."


@dataclass(frozen=True, slots=True, eq=False)
class SentenceMemory:
    """A Bloom filter of sentences, whatever their case, punctuation and blanks.

    Attributes
    ----------
    layers : tuple of ndarray of uint8
        Bits, eight a number; read-only.

    Examples
    --------
    >>> memory = SentenceMemory().add(["In the end he dies alone.", "Lovely."])
    >>> memory.holds(["in the end he dies  ALONE", "In the end she dies alone.", "Lovely."]).tolist()
    [True, False, False]
    """

    layers: tuple[NDArray[np.uint8], ...] = ()

    def __repr__(self) -> str:
        return f"SentenceMemory(about {self.n_sentences:,} sentences)"

    @property
    def n_sentences(self) -> int:
        """About how many different sentences it holds."""
        return sum(map(_n_stored, self.layers))

    @property
    def false_positive_rate(self) -> float:
        """How often a sentence is found that was never added."""
        return 1 - math.prod(1 - _filled(layer) ** _N_HASHES for layer in self.layers)

    def add(self, sentences: Sequence[str]) -> Self:
        """The memory with further sentences, as far as `MAX_BYTES` has room."""
        hashes = np.unique(_hashes(sentences)[0], axis=0)
        new = hashes[~self._found(hashes)]
        layers = list(self.layers)
        while len(new):
            room = 8 * layers[-1].size // _BITS - _n_stored(layers[-1]) if layers else 0
            if room <= 0:
                layer = self._next_layer(layers, len(new))
                if layer is None:
                    break
                layers.append(layer)
                continue
            part, new = new[:room], new[room:]
            layers[-1] = layers[-1].copy()
            places = _places(part, 8 * layers[-1].size)
            np.bitwise_or.at(layers[-1], places >> 3, (128 >> (places & 7)).astype(np.uint8))
            layers[-1].flags.writeable = False
        return type(self)(tuple(layers))

    def holds(self, sentences: Sequence[str]) -> NDArray[np.bool_]:
        """Which sentences were added, or seem so, shape (n_sentences,); False for one of fewer than five words."""
        hashes, rows = _hashes(sentences)
        found = np.zeros(len(sentences), dtype=np.bool_)
        found[rows] = self._found(hashes)
        return found

    @staticmethod
    def counts(sentences: Sequence[str]) -> NDArray[np.bool_]:
        """Which sentences are long enough to be remembered, shape (n_sentences,)."""
        return np.isin(np.arange(len(sentences)), _hashes(sentences)[1])

    def overlap(self, sentences: Sequence[str]) -> Overlap:
        """How many of these sentences were added."""
        hashes, _ = _hashes(sentences)
        return Overlap(int(self._found(hashes).sum()), len(hashes), self.n_sentences, self.false_positive_rate)

    def _found(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        found = np.zeros(len(hashes), dtype=np.bool_)
        for layer in self.layers:
            places = _places(hashes, 8 * layer.size)
            found |= (layer[places >> 3] >> (7 - (places & 7)).astype(np.uint8) & 1).all(axis=1)
        return found

    @staticmethod
    def _next_layer(layers: Sequence[NDArray[np.uint8]], n_new: int) -> NDArray[np.uint8] | None:
        """An empty layer, large enough for what is new and a good deal larger than the last; None without room."""
        used = sum(layer.size for layer in layers)
        wanted = -(-max(n_new, _LEAST) * _BITS // 8)
        size = min(max(wanted, _GROWTH * layers[-1].size if layers else 0), MAX_BYTES - used)
        return np.zeros(size, dtype=np.uint8) if size > 0 and len(layers) < MAX_LAYERS else None


def _hashes(sentences: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
    """Two hashes of each sentence that has words enough, shape (n, 2), and the rows of these sentences."""
    digests, rows = [], []
    for row, sentence in enumerate(sentences):
        words = _WORDS.findall(unicodedata.normalize("NFKC", sentence).casefold())
        if len(words) >= _LEAST_WORDS:
            text = " ".join(words).encode("utf-8", "surrogatepass")
            digests.append(hashlib.blake2b(text, digest_size=16).digest())
            rows.append(row)
    found = np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64).reshape(-1, 2)
    return found, np.array(rows, dtype=np.intp)


def _places(hashes: NDArray[np.uint64], n_bits: int) -> NDArray[np.int64]:
    """The bits of each sentence, shape (n, 10): two hashes make all of them (Kirsch and Mitzenmacher 2008)."""
    first, second = hashes[:, :1], hashes[:, 1:] | np.uint64(1)
    places = (first + np.arange(_N_HASHES, dtype=np.uint64) * second) % np.uint64(n_bits)
    return places.astype(np.int64)


def _filled(layer: NDArray[np.uint8]) -> float:
    """Share of the bits that are set."""
    return float(np.unpackbits(layer).mean())


def _n_stored(layer: NDArray[np.uint8]) -> int:
    """About how many sentences set these bits (Swamidass and Baldi 2007)."""
    empty = max(1 - _filled(layer), 1 / (8 * layer.size))
    return round(-8 * layer.size / _N_HASHES * math.log(empty))
