"""Does a review hold a spoiler at all? One probability for the whole of it, from those of its sentences.

The highest probability of a sentence says too little of a long review, where each sentence is another chance, and a
product over all of them says too much, since neighbours err together. A small logistic regression over both is
calibrated on whole reviews.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.calibration import expit
from spoilerguard.calibration.operating_points import OperatingPoint

__all__ = ["REVIEW_FEATURES", "ReviewStage", "highest_of", "of_documents"]

Floats = NDArray[np.float64]
_EDGE = 1e-12  # keeps logits finite


def highest_of(values: Floats, lengths: NDArray[np.int64]) -> Floats:
    """The highest value of each document, shape (n_documents,); minus infinity for one without a sentence."""
    highest = np.full(len(lengths), -np.inf)
    np.maximum.at(highest, np.repeat(np.arange(len(lengths)), lengths), values)
    return highest


def of_documents(flags: NDArray[np.bool_], lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether any sentence of each document is flagged, shape (n_documents,)."""
    return np.bincount(np.repeat(np.arange(len(lengths)), lengths), flags, minlength=len(lengths)) > 0


def _any_logit(probability: Floats, lengths: NDArray[np.int64]) -> Floats:
    """Logit of at least one spoiler, if each sentence were one independently of the others."""
    safe = np.log1p(-np.minimum(probability, 1 - _EDGE))
    none = np.bincount(np.repeat(np.arange(len(lengths)), lengths), safe, minlength=len(lengths))
    return _logit(-np.expm1(none))


def _highest_logit(probability: Floats, lengths: NDArray[np.int64]) -> Floats:
    return _logit(highest_of(probability, lengths))


def _logit(probability: Floats) -> Floats:
    inside = np.clip(probability, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside) - np.log1p(-inside))


# A model stores one weight for each name. Each takes the probabilities of the sentences and the documents' lengths.
REVIEW_FEATURES: Mapping[str, Callable[[Floats, NDArray[np.int64]], Floats]] = {
    "logit of any": _any_logit,
    "highest logit": _highest_logit,
    "log length": lambda _, lengths: np.log1p(lengths),
}


@dataclass(frozen=True, slots=True)
class ReviewStage:
    """Weights over `REVIEW_FEATURES`, whose sum is the logit that a review holds a spoiler.

    Attributes
    ----------
    weights : mapping of str to float
        One for each feature, by its name.
    intercept : float
    operating_points : mapping of str to OperatingPoint
        Thresholds for the probability of a review.
    """

    weights: Mapping[str, float]
    intercept: float
    operating_points: Mapping[str, OperatingPoint] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        probability: Floats,
        lengths: NDArray[np.int64],
        spoils: NDArray[np.bool_],
        sample_weight: Floats,
    ) -> Self:
        """Learn the weights.

        Parameters
        ----------
        probability : ndarray of float64, shape (n_sentences,)
            Of each sentence, from a model that has not seen its work.
        lengths : ndarray of int64, shape (n_reviews,)
            Number of sentences of each review, at least one.
        spoils : ndarray of bool, shape (n_reviews,)
            Whether each review holds a spoiler.
        sample_weight : ndarray of float64, shape (n_reviews,)

        Returns
        -------
        ReviewStage

        Examples
        --------
        >>> probability = np.array([0.9, 0.1, 0.1, 0.2, 0.8, 0.3])
        >>> stage = ReviewStage.fit(probability, np.array([2, 2, 2]), np.array([True, False, True]), np.ones(3))
        >>> (stage.probability(probability, np.array([2, 2, 2])) > 0.5).tolist()
        [True, False, True]
        """
        from sklearn.linear_model import LogisticRegression

        names = list(REVIEW_FEATURES)
        head = LogisticRegression(solver="newton-cholesky").fit(
            _columns(names, probability, lengths), spoils, sample_weight
        )
        return cls(dict(zip(names, head.coef_[0].tolist(), strict=True)), float(head.intercept_[0]))

    def with_points(self, points: Mapping[str, OperatingPoint]) -> Self:
        """The same with these thresholds."""
        return replace(self, operating_points=points)

    def probability(self, probability: Floats, lengths: NDArray[np.int64]) -> Floats:
        """Of each document that it holds a spoiler, shape (n_documents,); 0 where it has no sentence."""
        coef = np.array(list(self.weights.values()))
        logits = (_columns(list(self.weights), probability, lengths) * coef).sum(axis=1) + self.intercept
        return np.where(lengths > 0, expit(logits), 0.0)


def _columns(names: list[str], probability: Floats, lengths: NDArray[np.int64]) -> Floats:
    return np.column_stack([REVIEW_FEATURES[name](probability, lengths) for name in names])
