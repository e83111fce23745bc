"""What surrounds a sentence → what that adds to its logit: a second, small logistic regression.

Spoilers clump, stand late, and follow their author's warning. So the logits of a whole review, read once more together
with each sentence's place, say more than a sentence alone (0.11 AUC on Goodreads: Wan et al. 2019, table 1); and the
encoder's vector of a sentence in its review knows who "he" is. The stage is linear in both, so that its share of every
verdict can be shown.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from spoilerguard.features import as_sentences
from spoilerguard.model import SpoilerClassifier

__all__ = ["FEATURES", "LONGEST", "ReviewContext", "context_features", "in_parts", "review_logits", "with_context"]

# What is told about each sentence, in this order; a model file stores one weight for each name.
FEATURES = (
    "own logit",
    "logit before",
    "logit two before",
    "logit after",
    "logit two after",
    "mean of the five before",
    "mean of the five after",
    "highest before",
    "mean of the review",
    "highest of the review",
    "place",
    "last sentence",
    "log length of the review",
    "log length of the sentence",
    "warned before",
    "warning itself",
)

LONGEST = 4096  # sentences of a review that are judged together: a book's worth, and a bound on memory
_N_LOGITS = 10  # the first of them move with the logits that they are made of
_WARNING = re.compile(
    r"spoil|give(?:s|n)? (?:\w+ )?away|don['’]?t read|stop reading|plot (?:details|points)", re.IGNORECASE
)
_NEAR = 5
_VECTOR_SIZE = 0.1  # beside a named feature: there are many dimensions, and each says little
_SAME = 1e-9  # what rounding leaves of the spread of equal numbers


@dataclass(frozen=True, slots=True)
class ReviewContext:
    """The second stage: weights over `FEATURES` and the encoder's vector, whose sum is the logit in the review.

    Attributes
    ----------
    weights : tuple of float
        One for each of `FEATURES`.
    intercept : float
        Logit where every feature is zero.
    direction : tuple of float
        One weight for each dimension of the encoder's vector of a sentence in its review; may be empty.
    """

    weights: tuple[float, ...]
    intercept: float
    direction: tuple[float, ...] = ()

    @classmethod
    def fit(
        cls,
        logits: NDArray[np.float64],
        sentences: Sequence[str],
        lengths: NDArray[np.int64],
        labels: NDArray[np.int8],
        sample_weight: NDArray[np.float64] | None = None,
        vectors: NDArray[np.float64] | None = None,
    ) -> Self:
        """Learn the weights from out-of-fold logits of whole reviews.

        Parameters
        ----------
        logits : ndarray of float64, shape (n_sentences,)
            Of each sentence alone, from a model that has not seen its work.
        sentences : sequence of str
            Reviews one after another, each in order.
        lengths : ndarray of int64, shape (n_reviews,)
            Number of sentences of each review; they add up to `n_sentences`.
        labels : ndarray of 0 and 1, shape (n_sentences,)
            1 for a spoiler.
        sample_weight : ndarray of float64, optional
            How much each sentence counts.
        vectors : ndarray of float64, shape (n_sentences, n_review_dimensions), optional
            What the vectoriser's `encode_reviews` gives.

        Returns
        -------
        ReviewContext
        """
        named = context_features(logits, sentences, lengths)
        X = named if vectors is None else np.hstack([named, vectors])
        spread = X.std(axis=0)
        # What is the same everywhere, as the length of reviews of one length, teaches nothing.
        unit = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > _SAME)
        unit[len(FEATURES) :] *= _VECTOR_SIZE
        head = LogisticRegression(C=1.0, solver="newton-cholesky").fit(X * unit, labels, sample_weight)
        weights = (head.coef_[0] * unit).tolist()
        return cls(tuple(weights[: len(FEATURES)]), float(head.intercept_[0]), tuple(weights[len(FEATURES) :]))

    def logits(
        self,
        logits: NDArray[np.float64],
        sentences: Sequence[str],
        lengths: NDArray[np.int64],
        vectors: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Logits in the review, from logits alone; arguments as in `fit`.

        Returns
        -------
        ndarray of float64, shape (n_sentences,)
        """
        # Row by row: a matrix product may round a review differently in another batch.
        shares = context_features(logits, sentences, lengths) * np.array(self.weights, dtype=np.float64)
        found = shares.sum(axis=1) + self.intercept
        if self.direction and vectors is not None:
            found += (vectors * np.array(self.direction, dtype=np.float64)).sum(axis=1)
        return np.asarray(found)

    def rescale(self, slope: float, offset: float) -> "ReviewContext":
        """The stage whose logits are ``slope * z + offset``, as calibration asks."""
        weights, direction = (tuple(slope * weight for weight in one) for one in (self.weights, self.direction))
        return ReviewContext(weights, slope * self.intercept + offset, direction)

    def under(self, slope: float, offset: float) -> "ReviewContext":
        """The stage that gives the same logits where those alone have become ``slope * z + offset``."""
        weights = np.array(self.weights, dtype=np.float64)
        weights[:_N_LOGITS] /= slope
        intercept = self.intercept - offset * float(weights[:_N_LOGITS].sum())
        return ReviewContext(tuple(weights.tolist()), intercept, self.direction)


def review_logits(
    model: SpoilerClassifier, sentences: Sequence[str], lengths: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Logits of the sentences of whole reviews, context used where there is some and `model` has learnt it.

    Parameters
    ----------
    model : SpoilerClassifier
    sentences : sequence of str
        Reviews one after another, each in order.
    lengths : ndarray of int64, shape (n_reviews,)
        Number of sentences of each review; they add up to `n_sentences`.

    Returns
    -------
    ndarray of float64, shape (n_sentences,)
    """
    sentences = as_sentences(sentences)
    alone, _, vectors = model.judge(sentences)
    return with_context(model, alone, sentences, lengths, vectors)


def with_context(
    model: SpoilerClassifier,
    alone: NDArray[np.float64],
    sentences: Sequence[str],
    lengths: NDArray[np.int64],
    vectors: NDArray[np.float64],
) -> NDArray[np.float64]:
    """`review_logits`, for those who know what `SpoilerClassifier.judge` says of the sentences alone."""
    lengths = in_parts(lengths)
    has_neighbours = np.repeat(lengths, lengths) > 1
    if model.context_ is None or not has_neighbours.any():
        return alone
    in_review = model.vectorizer_.encode_reviews(sentences, lengths, vectors) if model.context_.direction else None
    return np.where(has_neighbours, model.context_.logits(alone, sentences, lengths, in_review), alone)


def in_parts(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Lengths of reviews, those of more than `LONGEST` sentences in equal parts: what is further away has no bearing.

    Examples
    --------
    >>> in_parts(np.array([3, 10_000])).tolist()
    [3, 3334, 3333, 3333]
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    n_parts = np.maximum(-(-lengths // LONGEST), 1)
    number = np.arange(n_parts.sum()) - np.repeat(np.cumsum(n_parts) - n_parts, n_parts)
    size, left_over = np.repeat(lengths // n_parts, n_parts), np.repeat(lengths % n_parts, n_parts)
    return np.asarray(size + (number < left_over), dtype=np.int64)


def context_features(
    logits: NDArray[np.float64], sentences: Sequence[str], lengths: NDArray[np.int64]
) -> NDArray[np.float64]:
    """One row of `FEATURES` for each sentence.

    Where a neighbour is missing, the mean of the review stands in for it.

    Returns
    -------
    ndarray of float64, shape (n_sentences, len(FEATURES))
    """
    lengths = np.asarray(lengths)[np.asarray(lengths) > 0]
    start = np.repeat(np.cumsum(lengths) - lengths, lengths)
    size = np.repeat(lengths, lengths)
    place = np.arange(len(logits)) - start
    mean = _within(np.add, logits, lengths) / size
    warning = np.array([_warns(sentence) for sentence in sentences], dtype=float)
    neighbours = {by: _shifted(logits, by, place, size) for by in (*range(-_NEAR, 0), *range(1, _NEAR + 1))}
    columns = (
        logits,
        *(np.where(np.isnan(neighbours[by]), mean, neighbours[by]) for by in (-1, -2, 1, 2)),
        _mean_of([neighbours[by] for by in range(-1, -_NEAR - 1, -1)], mean),
        _mean_of([neighbours[by] for by in range(1, _NEAR + 1)], mean),
        _highest_before(logits, lengths, mean),
        mean,
        _within(np.maximum, logits, lengths),
        place / np.maximum(size - 1, 1),
        (place == size - 1).astype(float),
        np.log1p(size),
        np.log1p([len(sentence) for sentence in sentences]),
        (_running(warning, start) > 0).astype(float),
        warning,
    )
    return np.column_stack(columns) if len(logits) else np.zeros((0, len(FEATURES)))


def _warns(sentence: str) -> bool:
    """Whether a sentence holds a warning; four quick looks spare most sentences the slow one."""
    lower = sentence.casefold()
    hinted = "spoil" in lower or "away" in lower or " read" in lower or "plot " in lower
    return hinted and _WARNING.search(sentence) is not None


def _within(total: np.ufunc, values: NDArray[np.float64], lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """`total` over each review, repeated for its sentences."""
    if not len(values):
        return values
    return np.asarray(np.repeat(total.reduceat(values, np.cumsum(lengths) - lengths), lengths), dtype=np.float64)


def _shifted(
    values: NDArray[np.float64], by: int, place: NDArray[np.int64], size: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The value of the neighbour `by` sentences away; NaN where the review does not reach that far."""
    inside = (place + by >= 0) & (place + by < size)
    return np.where(inside, np.roll(values, -by), np.nan)


def _mean_of(columns: list[NDArray[np.float64]], otherwise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of the neighbours that there are, summed one by one: so no other review can change a bit of it."""
    total, count = np.zeros(len(otherwise)), np.zeros(len(otherwise))
    for column in columns:
        there = ~np.isnan(column)
        total += np.where(there, column, 0.0)
        count += there
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), otherwise), dtype=np.float64)


def _highest_before(
    values: NDArray[np.float64], lengths: NDArray[np.int64], otherwise: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The highest value of the review so far, the sentence itself left out."""
    highest = otherwise.copy()
    for first, last in _bounds(lengths):
        highest[first + 1 : last] = np.maximum.accumulate(values[first : last - 1])
    return highest


def _running(values: NDArray[np.float64], start: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sum over the review so far, the sentence itself left out."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(sums[: len(values)] - sums[start])


def _bounds(lengths: NDArray[np.int64]) -> list[tuple[int, int]]:
    ends = np.cumsum(lengths)
    return list(zip((ends - lengths).tolist(), ends.tolist(), strict=True))
