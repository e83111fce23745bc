"""How well do scores rank spoilers above safe sentences? Every ranking figure, from one sort.

The sort is done once, and only at spoilers does a ranking figure move: safe sentences between two of them are one
heap, whose weight in a resample is a product of a sparse matrix and the counts of works. So a thousand resamples cost
little more than one. Ties count half, as in Mann and Whitney (1947).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

__all__ = ["PRECISIONS", "Ranking", "auc_by_block", "cumulated", "refuse_hard_labels", "roc_auc"]

PRECISIONS = (0.5, 0.7, 0.9)  # at which recall is told
_ROUNDING = 1e-9


def roc_auc(labels: ArrayLike, scores: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
    """Probability that a spoiler gets a higher score than a safe sentence (Hanley and McNeil 1982).

    Parameters
    ----------
    labels : array-like of 0 and 1, shape (n,)
        1 for a spoiler.
    scores : array-like of float, shape (n,)
        Logits or probabilities, not decisions.
    sample_weight : array-like of float, shape (n,), optional
        How much each sentence counts.

    Returns
    -------
    float
        In [0, 1]; NaN where there is one class only.

    Raises
    ------
    ValueError
        Where `scores` are decisions (0/1, true/false, −1/1): the area under the curve of a hard classifier is its
        balanced accuracy, and calling it AUC has misled readers of at least three papers. Also where lengths differ
        or a score is not finite.

    Examples
    --------
    >>> roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    >>> roc_auc([0, 0, 1, 1], [0, 1, 1, 1])
    Traceback (most recent call last):
        ...
    ValueError: These scores are hard labels, so their ROC AUC is balanced accuracy: pass logits or probabilities.
    """
    target, values = _checked(labels, scores)
    weights = np.ones(len(target)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    return float(auc_by_block(target, values, weights, np.zeros(len(target), dtype=np.intp), 1)[0])


def auc_by_block(
    labels: NDArray[np.int8],
    scores: NDArray[np.float64],
    weights: NDArray[np.float64],
    blocks: NDArray[np.intp],
    n_blocks: int,
) -> NDArray[np.float64]:
    """ROC AUC inside each block, such as a review; NaN for a block that lacks a class.

    Returns
    -------
    ndarray of float64, shape (n_blocks,)
    """
    order = np.lexsort((scores, blocks))
    blocks, scores = blocks[order], scores[order]
    hit, miss = (weights * (labels == 1))[order], (weights * (labels != 1))[order]
    opens = np.r_[True, (blocks[1:] != blocks[:-1]) | (scores[1:] != scores[:-1])][: len(order)]
    tie = np.cumsum(opens) - 1
    tied = np.bincount(tie, miss, minlength=1)[tie] if len(order) else miss
    n_hit, n_miss = (np.bincount(blocks, column, minlength=n_blocks) for column in (hit, miss))
    before_block = (np.cumsum(n_miss) - n_miss)[blocks]
    below = (np.cumsum(miss) - miss)[np.flatnonzero(opens)[tie]] - before_block
    won = np.bincount(blocks, hit * (below + tied / 2), minlength=n_blocks)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(won / (n_hit * n_miss))


class Ranking:
    """ROC AUC, average precision and recall at fixed precision, for any number of resamples at once.

    Parameters
    ----------
    labels : ndarray of 0 and 1, shape (n,)
    scores : ndarray of float64, shape (n,)
    weights : ndarray of float64, shape (n,)
    groups : ndarray of int, shape (n,)
        Number of each sentence's work.

    Examples
    --------
    >>> ranking = Ranking(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]), np.ones(4), np.arange(4))
    >>> {name: round(float(value[0]), 3) for name, value in ranking(np.ones((1, 4))).items()}  # doctest: +ELLIPSIS
    {'roc_auc': 0.75, 'average_precision': 0.833, 'recall_at_precision_0.5': 1.0, ...}
    """

    def __init__(
        self,
        labels: NDArray[np.int8],
        scores: NDArray[np.float64],
        weights: NDArray[np.float64],
        groups: NDArray[np.intp],
    ) -> None:
        distinct, tie = np.unique(-scores, return_inverse=True)
        spoiler = labels == 1
        holds_spoiler = np.bincount(tie[spoiler], minlength=len(distinct)) > 0
        self._steps = int(holds_spoiler.sum())
        step: NDArray[np.intp] = (np.cumsum(holds_spoiler) - holds_spoiler)[tie]
        kind = np.where(spoiler, 2, np.where(holds_spoiler[tie], 1, 0))
        # Rows of three kinds: safe sentences between two steps, safe ones tied with a step's spoilers, the spoilers.
        cell = (kind * (self._steps + 1) + step, groups)
        shape = (3 * (self._steps + 1), int(groups.max(initial=0)) + 1)
        self._weight = sparse.csr_matrix((weights, cell), shape=shape)

    def __call__(self, counts: NDArray[np.float64]) -> Mapping[str, NDArray[np.float64]]:
        """Figures by name, one value for each row of `counts`."""
        parts = self._weight @ np.ascontiguousarray(counts.T[: self._weight.shape[1]])
        between, tied, hit = parts.reshape(3, self._steps + 1, len(counts))
        hits = np.cumsum(hit, axis=0)
        missed = np.cumsum(between + tied, axis=0)
        spoilers, safe = hits[-1], missed[-1]
        flagged = hits + missed
        with np.errstate(invalid="ignore", divide="ignore"):
            figures = {
                "roc_auc": (hit * (safe - missed + tied / 2)).sum(axis=0) / (spoilers * safe),
                "average_precision": (hit * hits / np.maximum(flagged, _ROUNDING)).sum(axis=0) / spoilers,
            }
            for precision in PRECISIONS:
                reached = np.where(hits + _ROUNDING >= precision * flagged, hits, 0.0).max(axis=0)
                figures[f"recall_at_precision_{precision}"] = reached / spoilers
        return figures


def cumulated(
    labels: NDArray[np.int8], scores: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The distinct scores from high to low, and what lies at or above each: weight in all, weight of spoilers.

    Examples
    --------
    >>> cumulated(np.array([1, 0, 1]), np.array([0.2, 0.2, 0.9]), np.ones(3))
    (array([0.9, 0.2]), array([1., 3.]), array([1., 2.]))
    """
    order = np.argsort(-scores, kind="stable")
    ends = _last_of_ties(scores[order])
    flagged = np.cumsum(weights[order])[ends]
    hits = np.cumsum((weights * (labels == 1))[order])[ends]
    return scores[order][ends], flagged, hits


def refuse_hard_labels(scores: NDArray[Any]) -> None:
    """Raise a ``ValueError`` where the scores are decisions: no numbers, or 0 and 1 only, or −1 and 1 only."""
    if scores.dtype.kind not in "fiu" or set(np.unique(scores).tolist()) in ({0, 1}, {-1, 1}):
        raise ValueError(
            "These scores are hard labels, so their ROC AUC is balanced accuracy: pass logits or probabilities."
        )


def _last_of_ties(ranked: NDArray[np.float64]) -> NDArray[np.intp]:
    """Where runs of equal scores end: a threshold cannot part what is equal."""
    return np.flatnonzero(np.r_[ranked[1:] != ranked[:-1], True][: len(ranked)])


def _checked(labels: ArrayLike, scores: ArrayLike) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    target, given = np.asarray(labels), np.asarray(scores)
    if target.shape != given.shape or target.ndim != 1:
        raise ValueError(f"labels and scores must be lists of one length; got shapes {target.shape}, {given.shape}.")
    if not np.isin(target, (0, 1)).all():
        raise ValueError("labels must be 0 (safe) and 1 (spoiler).")
    refuse_hard_labels(given)
    if not np.isfinite(given).all():
        raise ValueError("scores must be finite numbers.")
    return target.astype(np.int8), given.astype(np.float64)
