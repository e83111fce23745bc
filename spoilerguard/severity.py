"""How much a spoiler tells: the probability that it is a major one, from the encoder's vector of its sentence.

A major spoiler gives away an ending, a death, a culprit, an identity. The stage says how probable that is where the
sentence is a spoiler at all; times the probability of that, it is the probability of a major spoiler, which is
therefore never the higher of the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.calibration import expit
from spoilerguard.calibration.operating_points import OperatingPoint
from spoilerguard.documents import Standing
from spoilerguard.features.vectorizer import AnyVectors

__all__ = ["Severity", "VectorHead"]

Floats = NDArray[np.float64]


class VectorHead(NamedTuple):
    """A logistic regression on the encoder's vectors.

    Attributes
    ----------
    vector_coef : tuple of float
        One weight for each dimension.
    intercept : float
    """

    vector_coef: tuple[float, ...]
    intercept: float

    @classmethod
    def fit(cls, vectors: AnyVectors, target: NDArray[np.bool_], weights: Floats) -> Self:
        """Learn from vectors, shape (n, n_dimensions), whether each has the target."""
        from sklearn.linear_model import LogisticRegression

        spread = vectors.std(axis=0, dtype=np.float64)
        unit = np.divide(_VECTOR_SIZE, spread, out=np.zeros_like(spread), where=spread > 0)
        head = LogisticRegression(solver="newton-cholesky").fit(vectors * unit, target, weights)
        return cls(tuple((head.coef_[0] * unit).tolist()), float(head.intercept_[0]))

    def logits(self, vectors: AnyVectors) -> Floats:
        """Logits of vectors, shape (n,). Row by row: a matrix product may round a row differently in another batch."""
        return np.asarray((vectors * np.array(self.vector_coef)).sum(axis=1) + self.intercept)

    def rescale(self, slope: float, offset: float) -> "VectorHead":
        """The head whose logits are ``slope * z + offset``, as calibration asks."""
        return VectorHead(tuple(slope * one for one in self.vector_coef), slope * self.intercept + offset)


_VECTOR_SIZE = 0.1  # there are many dimensions, and each says little


@dataclass(frozen=True, slots=True)
class Severity:
    """What a model knows of major spoilers.

    Attributes
    ----------
    heads : mapping of Standing to VectorHead
        Of the logit that a spoiler is a major one: alone from the vector of the sentence, in review from its vector
        there. A model that has learnt from sentences alone has no second one.
    operating_points : mapping of Standing to mapping of str to OperatingPoint
        Thresholds for the probability of a major spoiler.
    """

    heads: Mapping[Standing, VectorHead]
    operating_points: Mapping[Standing, Mapping[str, OperatingPoint]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Severity({', '.join(self.heads)})"

    def share(self, alone: Floats, in_place: Floats | None, in_review: NDArray[np.bool_]) -> Floats:
        """Probability, for each sentence, that it is a major spoiler if it is one at all, shape (n_sentences,).

        Parameters
        ----------
        alone : ndarray of float64, shape (n_sentences, n_dimensions)
            The encoder's vectors.
        in_place : ndarray of float64, shape (n_sentences, n_review_dimensions), or None
            Its vectors of the sentences in their reviews, where they were computed.
        in_review : ndarray of bool, shape (n_sentences,)
            Which sentences stand in a review.
        """
        logits = self.heads[Standing.ALONE].logits(alone)
        if Standing.IN_REVIEW in self.heads and in_place is not None:
            logits = np.where(in_review, self.heads[Standing.IN_REVIEW].logits(in_place), logits)
        return np.asarray(expit(logits))
