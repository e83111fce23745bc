"""What surrounds a sentence → what that adds to its logit: a second, small logistic regression.

Spoilers clump, stand late, and follow their author's warning. So the logits of a whole review, read once more together
with each sentence's place, say more than a sentence alone (0.11 AUC on Goodreads: Wan et al. 2019, table 1); and the
encoder's vector of a sentence in its review knows who "he" is. The stage is linear in both, so that its share of every
logit can be shown.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.documents import Documents

__all__ = ["CONTEXT_FEATURES", "ContextFeature", "ReviewContext", "context_features"]

Floats = NDArray[np.float64]
_WARNING = re.compile(
    r"spoil|give(?:s|n)? (?:\w+ )?away|don['’]?t read|stop reading|plot (?:details|points)", re.IGNORECASE
)
_OWN, _OWN_AGAIN, _VECTOR = "own logit", "own logit, weighed anew", "vector in the review"
_NEAR = 5  # sentences on either side
_VECTOR_SIZE = 0.1  # beside a named feature: there are many dimensions, and each says little
_ROUNDING = 1e-9  # what rounding leaves of the spread of equal numbers


@dataclass(frozen=True, slots=True, eq=False)
class ReviewLogits:
    """The logits of sentences alone, with what the features ask about each sentence's place.

    Attributes
    ----------
    logits : ndarray of float64, shape (n_sentences,)
    documents : Documents
    lengths : ndarray of int64, shape (n_documents,)
        Without the empty ones.
    size, position : ndarray of int64, shape (n_sentences,)
        Number of sentences of the document, and the place in it from 0.
    mean : ndarray of float64, shape (n_sentences,)
        Mean logit of the document; it stands in for a neighbour that is missing.
    warning : ndarray of float64, shape (n_sentences,)
        1 where the sentence warns of spoilers.
    """

    logits: Floats
    documents: Documents
    lengths: NDArray[np.int64]
    size: NDArray[np.int64]
    position: NDArray[np.int64]
    mean: Floats
    warning: Floats

    @classmethod
    def of(cls, logits: Floats, documents: Documents) -> Self:
        """Look at the logits of these documents' sentences, of which there is at least one."""
        lengths = documents.lengths[documents.lengths > 0]
        size = np.repeat(lengths, lengths)
        starts = np.cumsum(lengths) - lengths
        mean = np.repeat(np.add.reduceat(logits, starts), lengths) / size
        warning = np.array([_warns(sentence) for sentence in documents.sentences], dtype=float)
        return cls(logits, documents, lengths, size, np.arange(len(logits)) - np.repeat(starts, lengths), mean, warning)

    def neighbour(self, by: int) -> Floats:
        """The logit of the sentence `by` places away; NaN where the document does not reach that far."""
        inside = (self.position + by >= 0) & (self.position + by < self.size)
        return np.where(inside, np.roll(self.logits, -by), np.nan)

    def neighbour_or_mean(self, by: int) -> Floats:
        """The logit of the sentence `by` places away, or the mean of the document."""
        found = self.neighbour(by)
        return np.where(np.isnan(found), self.mean, found)

    def mean_of_neighbours(self, direction: int) -> Floats:
        """Mean of the five sentences before (-1) or after (1), or the mean of the document where there is none.

        Summed one by one, so that no other document can change a bit of it.
        """
        total, count = np.zeros(len(self.logits)), np.zeros(len(self.logits))
        for by in range(1, _NEAR + 1):
            logit = self.neighbour(direction * by)
            there = ~np.isnan(logit)
            total += np.where(there, logit, 0.0)
            count += there
        return np.asarray(np.where(count > 0, total / np.maximum(count, 1), self.mean), dtype=np.float64)

    def highest_before(self) -> Floats:
        """The highest logit of the document so far, the sentence itself left out."""
        highest = self.mean.copy()
        ends = np.cumsum(self.lengths)
        for first, last in zip((ends - self.lengths).tolist(), ends.tolist(), strict=True):
            highest[first + 1 : last] = np.maximum.accumulate(self.logits[first : last - 1])
        return highest

    def highest(self) -> Floats:
        """The highest logit of the document."""
        return np.repeat(np.maximum.reduceat(self.logits, np.cumsum(self.lengths) - self.lengths), self.lengths)

    def warned_before(self) -> Floats:
        """1 where an earlier sentence of the document warns of spoilers."""
        sums = np.concatenate([[0.0], np.cumsum(self.warning)])
        before = sums[: len(self.logits)] - sums[np.arange(len(self.logits)) - self.position]
        return np.asarray(before > 0, dtype=np.float64)


class ContextFeature(NamedTuple):
    """One column that the context stage reads.

    Attributes
    ----------
    compute : callable
        From `ReviewLogits` to one number a sentence.
    of_logits : bool
        Whether it is scaled and shifted as the logits are, as calibration needs to know.
    """

    compute: Callable[[ReviewLogits], NDArray[np.floating | np.integer | np.bool_]]
    of_logits: bool = False


# A model stores one weight for each name, and computes the features that it has weights for.
CONTEXT_FEATURES: Mapping[str, ContextFeature] = {
    "own logit": ContextFeature(lambda review: review.logits, of_logits=True),
    "logit before": ContextFeature(lambda review: review.neighbour_or_mean(-1), of_logits=True),
    "logit two before": ContextFeature(lambda review: review.neighbour_or_mean(-2), of_logits=True),
    "logit after": ContextFeature(lambda review: review.neighbour_or_mean(1), of_logits=True),
    "logit two after": ContextFeature(lambda review: review.neighbour_or_mean(2), of_logits=True),
    "mean of the five before": ContextFeature(lambda review: review.mean_of_neighbours(-1), of_logits=True),
    "mean of the five after": ContextFeature(lambda review: review.mean_of_neighbours(1), of_logits=True),
    "highest before": ContextFeature(ReviewLogits.highest_before, of_logits=True),
    "mean of the review": ContextFeature(lambda review: review.mean, of_logits=True),
    "highest of the review": ContextFeature(ReviewLogits.highest, of_logits=True),
    "place": ContextFeature(lambda review: review.position / np.maximum(review.size - 1, 1)),
    "last sentence": ContextFeature(lambda review: review.position == review.size - 1),
    "log length of the review": ContextFeature(lambda review: np.log1p(review.size)),
    "log length of the sentence": ContextFeature(
        lambda review: np.log1p([len(sentence) for sentence in review.documents.sentences])
    ),
    "warned before": ContextFeature(ReviewLogits.warned_before),
    "warning itself": ContextFeature(lambda review: review.warning),
}


@dataclass(frozen=True, slots=True)
class ReviewContext:
    """The second stage: weights over `CONTEXT_FEATURES` and the encoder's vector, whose sum is the logit in the review.

    Attributes
    ----------
    weights : mapping of str to float
        One for each feature, by its name.
    intercept : float
        Logit where every feature is zero.
    vector_coef : tuple of float
        One weight for each dimension of the encoder's vector of a sentence in its review; may be empty.
    """

    weights: Mapping[str, float]
    intercept: float
    vector_coef: tuple[float, ...] = ()

    def __repr__(self) -> str:
        return f"ReviewContext({len(self.weights)} features, {len(self.vector_coef)} dimensions of the encoder)"

    @classmethod
    def fit(
        cls,
        alone: Floats,
        documents: Documents,
        labels: NDArray[np.int8],
        sample_weight: Floats | None = None,
        vectors: NDArray[np.floating[Any]] | None = None,
    ) -> Self:
        """Learn the weights from out-of-fold logits of whole reviews.

        Parameters
        ----------
        alone : ndarray of float64, shape (n_sentences,)
            Logit of each sentence alone, from a model that has not seen its work.
        documents : Documents
            Whole reviews.
        labels : ndarray of 0 and 1, shape (n_sentences,)
            1 for a spoiler.
        sample_weight : ndarray of float64, shape (n_sentences,), optional
            How much each sentence counts.
        vectors : ndarray of float, shape (n_sentences, n_review_dimensions), optional
            The encoder's vectors of the sentences in their reviews.
        """
        from sklearn.linear_model import LogisticRegression

        names = list(CONTEXT_FEATURES)
        named = context_features(alone, documents, names)
        X = named if vectors is None else np.hstack([named, vectors])
        spread = X.std(axis=0)
        # What is the same everywhere, as the length of reviews of one length, teaches nothing.
        unit = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > _ROUNDING)
        unit[len(names) :] *= _VECTOR_SIZE
        head = LogisticRegression(C=1.0, solver="newton-cholesky").fit(X * unit, labels, sample_weight)
        coef = (head.coef_[0] * unit).tolist()
        weights = dict(zip(names, coef[: len(names)], strict=True))
        return cls(weights, float(head.intercept_[0]), tuple(coef[len(names) :]))

    def logits(self, alone: Floats, documents: Documents, vectors: NDArray[np.floating[Any]] | None = None) -> Floats:
        """Logits in the review, shape (n_sentences,), from those alone; arguments as in `fit`."""
        # Row by row: a matrix product may round a review differently in another batch.
        coef = np.array(list(self.weights.values()), dtype=np.float64)
        logits = (context_features(alone, documents, list(self.weights)) * coef).sum(axis=1) + float(self.intercept)
        if self.vector_coef and vectors is not None:
            logits += (vectors * np.array(self.vector_coef, dtype=np.float64)).sum(axis=1)
        return np.asarray(logits)

    def parts(self, alone: Floats, documents: Documents, logits: Floats) -> tuple[list[str], Floats]:
        """Names, and what each adds to the logits alone until they are `logits`, shape (n_sentences, n_names)."""
        weights = np.array([weight - (name == _OWN) for name, weight in self.weights.items()], dtype=np.float64)
        named = context_features(alone, documents, list(self.weights)) * weights
        parts = np.column_stack([named, np.full(len(alone), float(self.intercept))])
        names = [_OWN_AGAIN if name == _OWN else name for name in self.weights]
        return [*names, "intercept", _VECTOR], np.column_stack([parts, logits - alone - parts.sum(axis=1)])

    def rescale(self, slope: float, offset: float) -> "ReviewContext":
        """The stage whose logits are ``slope * z + offset``, as calibration asks."""
        weights = {name: slope * weight for name, weight in self.weights.items()}
        vector_coef = tuple(slope * weight for weight in self.vector_coef)
        return ReviewContext(weights, slope * self.intercept + offset, vector_coef)

    def absorb_calibration(self, slope: float, offset: float) -> "ReviewContext":
        """The stage that gives the same logits where those alone have become ``slope * z + offset``."""
        scales = {name: slope if CONTEXT_FEATURES[name].of_logits else 1.0 for name in self.weights}
        weights = {name: weight / scales[name] for name, weight in self.weights.items()}
        moved = sum(weights[name] for name in weights if CONTEXT_FEATURES[name].of_logits)
        return ReviewContext(weights, self.intercept - offset * moved, self.vector_coef)


def context_features(alone: Floats, documents: Documents, names: list[str]) -> Floats:
    """The named features of each sentence, shape (n_sentences, n_features)."""
    if not len(documents):
        return np.zeros((0, len(names)))
    review = ReviewLogits.of(alone, documents)
    return np.column_stack([CONTEXT_FEATURES[name].compute(review) for name in names])


def _warns(sentence: str) -> bool:  # four quick looks spare most sentences the slow one
    lower = sentence.casefold()
    hinted = "spoil" in lower or "away" in lower or " read" in lower or "plot " in lower
    return hinted and _WARNING.search(sentence) is not None
