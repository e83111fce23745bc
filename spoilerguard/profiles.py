"""What the texts that a model was trained on look like, in numbers: so that `spoilerguard.drift` can compare others.

Everything is a sum over texts, so sums of works can be drawn again and again to learn how far samples stray by chance.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from spoilerguard.documents import Documents

__all__ = ["DEVIATIONS", "N_BINS", "Edges", "Kind", "Profile", "Summary", "TextSums"]

Floats = NDArray[np.float64]

N_BINS = 20  # of lengths and of logits, each with a twentieth of the corpus
_DIGITS = 6  # that a profile keeps: further ones differ between processors
DEVIATIONS = ("vocabulary", "language", "length", "probability", "vectors")


class Edges(NamedTuple):
    """Where the bins of lengths in words and of logits begin, but for the first of each."""

    length: Floats
    logit: Floats

    @classmethod
    def of(cls, n_words: Floats, logits: Floats) -> Self:
        """Edges between bins of equal mass."""
        shares = np.arange(1, N_BINS) / N_BINS
        return cls(*(np.quantile(found, shares).round(_DIGITS) for found in (n_words, logits)))


class Summary(NamedTuple):
    """What some texts look like; each field may have axes of many samples in front."""

    known: Floats  # share of the words
    foreign: Floats  # share of the sentences
    n_words: Floats  # a text
    probability: Floats  # of a spoiler, mean over sentences
    length: Floats  # share of the texts in each bin, (…, N_BINS)
    logit: Floats  # share of the sentences in each bin, (…, N_BINS)
    vector: Floats  # mean over sentences, (…, n_dimensions)

    def deviations(self, reference: "Summary", scale: Floats) -> dict[str, Floats]:
        """How far these texts are from the reference, by `DEVIATIONS`; no vectors where the model has no encoder."""
        found = {
            "vocabulary": reference.known - self.known,
            "language": self.foreign - reference.foreign,
            "length": _kolmogorov(self.length, reference.length),
            "probability": _kolmogorov(self.logit, reference.logit),
        }
        if len(scale):
            found["vectors"] = np.sqrt((((self.vector - reference.vector) / scale) ** 2).mean(axis=-1))
        return found

    def rounded(self) -> "Summary":
        """The same in as many digits as a model file keeps."""
        numbers: dict[str, Any] = {name: np.round(value, _DIGITS) for name, value in self._asdict().items()}
        return Summary(**numbers | {"vector": self.vector.astype(np.float32).astype(np.float64)})


def _kolmogorov(one: Floats, other: Floats) -> Floats:
    """The largest distance between two cumulative distributions."""
    distance: Floats = np.abs(np.cumsum(one - other, axis=-1)).max(axis=-1)
    return distance


class TextSums(NamedTuple):
    """What texts add up to: one row a text, or a group of texts."""

    n_texts: Floats
    n_sentences: Floats
    n_words: Floats
    n_known: Floats
    n_foreign: Floats
    probability: Floats
    length: Floats
    logit: Floats
    vector: Floats

    @classmethod
    def of(
        cls,
        documents: Documents,
        words: NDArray[np.int64],
        foreign: NDArray[np.bool_],
        logits: Floats,
        vectors: NDArray[np.floating[Any]],
        edges: Edges | None = None,
    ) -> tuple[Self, Edges]:
        """One row a document that has a sentence, and the edges of the bins, which are made where they are not known.

        `words` holds numbers of words and of known words, shape (2, n_sentences); the others are of each sentence, too.
        """
        starts = (np.cumsum(documents.lengths) - documents.lengths)[documents.lengths > 0]

        def total(column: NDArray[np.generic]) -> Floats:
            return np.add.reduceat(column.astype(np.float64), starts, axis=0)

        n_words = total(words[0])
        edges = edges or Edges.of(n_words, logits)
        return cls(
            np.ones(len(starts)),
            total(np.ones(len(logits))),
            n_words,
            total(words[1]),
            total(foreign),
            total(expit(logits)),
            _one_hot(np.searchsorted(edges.length, n_words, side="right")),
            total(_one_hot(np.searchsorted(edges.logit, logits, side="right"))),
            total(vectors),
        ), edges

    def weigh(self, counts: Floats) -> Self:
        """The sums of samples that hold each row so often; `counts` has the shape (n_samples, n_rows) or (n_rows,)."""
        return type(self)(*(counts @ column for column in self))

    def grouped(self, groups: NDArray[np.intp]) -> Self:
        """The sums of the rows of each group; `groups` numbers them from 0 up."""
        order = np.argsort(groups, kind="stable")
        starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
        return type(self)(*(np.add.reduceat(column[order], starts, axis=0) for column in self))

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Self:
        """Some of the rows."""
        return type(self)(*(column[rows] for column in self))

    def summary(self) -> Summary:
        """Shares and means."""
        n_words = np.maximum(self.n_words, 1)
        return Summary(
            np.where(self.n_words > 0, self.n_known / n_words, 1.0),
            self.n_foreign / self.n_sentences,
            self.n_words / self.n_texts,
            self.probability / self.n_sentences,
            self.length / self.n_texts[..., None],
            self.logit / self.n_sentences[..., None],
            self.vector / self.n_sentences[..., None],
        )


def _one_hot(bins: NDArray[np.intp]) -> Floats:
    return np.eye(N_BINS)[bins]


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One kind of texts that a model was trained on.

    Attributes
    ----------
    name : str
        The source, or "" for the whole corpus.
    n_texts, n_works : int
    summary : Summary
    sizes : ndarray of int64
        Numbers of texts in a sample, ascending, …
    thresholds : mapping of str to ndarray of float64
        … and for each of `DEVIATIONS` what a sample of so many texts of works held out hardly ever reaches.
    """

    name: str
    n_texts: int
    n_works: int
    summary: Summary
    sizes: NDArray[np.int64]
    thresholds: Mapping[str, Floats]

    def widened(self, deviation: str, by: float) -> "Kind":
        """The same with higher thresholds of one deviation."""
        higher = (self.thresholds[deviation] + by).round(_DIGITS)
        return replace(self, thresholds={**self.thresholds, deviation: higher})

    def threshold(self, deviation: str, n_texts: int) -> float:
        """From where on a sample of `n_texts` texts strays too far; beyond the largest size, as at that size."""
        return float(np.interp(np.log(n_texts), np.log(self.sizes), self.thresholds[deviation]))


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """What the texts that a model was trained on look like.

    Attributes
    ----------
    edges : Edges
        Of the bins.
    scale : ndarray of float64, shape (n_dimensions,)
        Standard deviation of each dimension of the encoder's vectors over the sentences of the corpus.
    kinds : tuple of Kind
        The whole corpus, then its larger sources where there are several.
    """

    edges: Edges
    scale: Floats
    kinds: tuple[Kind, ...]
