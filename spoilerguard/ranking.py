"""Ranking metrics: how well scores place spoilers above safe sentences.

The sentences are sorted once, not once for each resample. Sentences with equal scores form a tie group, and only tie
groups that hold a spoiler move a ranking metric. So the weights of all safe sentences between two such groups are
summed, and the sums of every resample come from one product of a sparse matrix and the counts of works. A tie between a
spoiler and a safe sentence counts one half (Mann and Whitney 1947).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["PRECISIONS", "Ranking", "auc_by_block", "cumulated", "influence", "refuse_hard_labels", "roc_auc"]

PRECISIONS = (0.5, 0.7, 0.9)  # at which recall is reported
_ROUNDING = 1e-9


def roc_auc(labels: ArrayLike, scores: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
    """Probability that a spoiler gets a higher score than a safe sentence (Hanley and McNeil 1982).

    Parameters
    ----------
    labels : array-like of 0 and 1, shape (n,)
        1 for a spoiler.
    scores : array-like of float, shape (n,)
        Logits or probabilities, not hard labels.
    sample_weight : array-like of float, shape (n,), optional
        How much each sentence counts.

    Returns
    -------
    float
        In [0, 1]; NaN where there is one class only.

    Raises
    ------
    ValueError
        Where `scores` are hard labels (0/1, true/false, −1/1): the area under the curve of a hard classifier is its
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
    target, values = np.asarray(labels), np.asarray(scores)
    if target.shape != values.shape or target.ndim != 1:
        raise ValueError(f"labels and scores must be lists of one length; got shapes {target.shape}, {values.shape}.")
    if not np.isin(target, (0, 1)).all():
        raise ValueError("labels must be 0 (safe) and 1 (spoiler).")
    refuse_hard_labels(values)
    if not np.isfinite(values).all():
        raise ValueError("scores must be finite numbers.")
    weights = np.ones(len(target)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    one_block = np.zeros(len(target), dtype=np.intp)
    return float(auc_by_block(target.astype(np.int8), values.astype(np.float64), weights, one_block, 1)[0])


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
    spoilers, safe = (weights * (labels == 1))[order], (weights * (labels != 1))[order]
    opens = np.r_[True, (blocks[1:] != blocks[:-1]) | (scores[1:] != scores[:-1])][: len(order)]
    tie_group = np.cumsum(opens) - 1
    tied = np.bincount(tie_group, safe, minlength=1)[tie_group] if len(order) else safe
    n_spoilers, n_safe = (np.bincount(blocks, column, minlength=n_blocks) for column in (spoilers, safe))
    before_block = (np.cumsum(n_safe) - n_safe)[blocks]
    below = (np.cumsum(safe) - safe)[np.flatnonzero(opens)[tie_group]] - before_block
    won = np.bincount(blocks, spoilers * (below + tied / 2), minlength=n_blocks)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(won / (n_spoilers * n_safe))


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
        distinct, tie_group = np.unique(-scores, return_inverse=True)
        spoiler = labels == 1
        holds_spoiler = np.bincount(tie_group[spoiler], minlength=len(distinct)) > 0
        self._n_tie_groups = int(holds_spoiler.sum())  # of those that hold a spoiler
        following: NDArray[np.intp] = (np.cumsum(holds_spoiler) - holds_spoiler)[tie_group]
        # Three rows for each tie group: safe sentences above it, safe sentences in it, spoilers in it.
        kind = np.where(spoiler, 2, np.where(holds_spoiler[tie_group], 1, 0))
        cell = (kind * (self._n_tie_groups + 1) + following, groups)
        shape = (3 * (self._n_tie_groups + 1), int(groups.max(initial=-1)) + 1)
        from scipy import sparse  # classifying does without it

        self._weight = sparse.csr_matrix((weights, cell), shape=shape)

    def __call__(self, counts: NDArray[np.float64]) -> Mapping[str, NDArray[np.float64]]:
        """Metrics by name, one value for each row of `counts`."""
        sums = self._weight @ np.ascontiguousarray(counts.T[: self._weight.shape[1]])
        safe_above, safe_tied, spoilers_tied = sums.reshape(3, self._n_tie_groups + 1, len(counts))
        hits = np.cumsum(spoilers_tied, axis=0)
        false_alarms = np.cumsum(safe_above + safe_tied, axis=0)
        spoilers, safe = hits[-1], false_alarms[-1]
        flagged = hits + false_alarms
        with np.errstate(invalid="ignore", divide="ignore"):
            won = spoilers_tied * (safe - false_alarms + safe_tied / 2)
            gained = spoilers_tied * hits / np.maximum(flagged, _ROUNDING)
            metrics = {
                "roc_auc": won.sum(axis=0) / (spoilers * safe),
                "average_precision": gained.sum(axis=0) / spoilers,
            }
            for minimum in PRECISIONS:
                reached = np.where(hits + _ROUNDING >= minimum * flagged, hits, 0.0).max(axis=0)
                metrics[f"recall_at_precision_{minimum}"] = reached / spoilers
        return metrics


def cumulated(
    labels: NDArray[np.int8], scores: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The distinct scores from high to low, and the sums of all weights and of spoilers' weights at or above each.

    Examples
    --------
    >>> cumulated(np.array([1, 0, 1]), np.array([0.2, 0.2, 0.9]), np.ones(3))
    (array([0.9, 0.2]), array([1., 3.]), array([1., 2.]))
    """
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    ends = np.flatnonzero(np.r_[ranked[1:] != ranked[:-1], True][: len(ranked)])  # the last row of each tie group
    flagged = np.cumsum(weights[order])[ends]
    hits = np.cumsum((weights * (labels == 1))[order])[ends]
    return ranked[ends], flagged, hits


def influence(labels: NDArray[np.int8], weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """By how much ROC AUC and average precision change with the weight of each sentence, for many weightings at once.

    The derivative of a metric, times the sentence's weight: the infinitesimal jackknife (Jaeckel 1972). Summed by work
    and squared, it gives the standard error over works. Sentences with equal scores count as ranked in the given order.

    Parameters
    ----------
    labels : ndarray of 0 and 1, shape (n,)
        Of sentences that are sorted by score, the highest first.
    weights : ndarray of float64, shape (n_weightings, n)

    Returns
    -------
    dict of str to ndarray of float64, shape (n_weightings, n)
        Zero in sum; NaN where a weighting leaves out a class.

    Examples
    --------
    >>> influence(np.array([1, 0, 1, 0]), np.ones((1, 4)))["roc_auc"]
    array([[ 0.125, -0.125, -0.125,  0.125]])
    """
    spoiler = labels == 1
    of_spoilers = weights * spoiler
    flagged, hits = np.cumsum(weights, axis=1), np.cumsum(of_spoilers, axis=1)
    false_alarms = flagged - hits
    n_spoilers, n_safe = hits[:, -1:], false_alarms[:, -1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = hits / np.maximum(flagged, _ROUNDING)
        safe_below, spoilers_above = 1 - false_alarms / n_safe, hits / n_spoilers
        auc = (of_spoilers * safe_below).sum(axis=1, keepdims=True) / n_spoilers
        average_precision = (of_spoilers * precision).sum(axis=1, keepdims=True) / n_spoilers
        each = of_spoilers / np.maximum(flagged, _ROUNDING)
        raised, lowered = (
            np.cumsum(part[:, ::-1], axis=1)[:, ::-1] for part in (each * (1 - precision), each * precision)
        )
        of_auc = np.where(spoiler, (safe_below - auc) / n_spoilers, (spoilers_above - auc) / n_safe)
        of_precision = np.where(spoiler, precision - average_precision + raised, -lowered) / n_spoilers
        return {"roc_auc": weights * of_auc, "average_precision": weights * of_precision}


def refuse_hard_labels(scores: NDArray[Any]) -> None:
    """Raise a ``ValueError`` where the scores are hard labels: no numbers, or 0 and 1 only, or −1 and 1 only."""
    if scores.dtype.kind not in "fiu" or set(np.unique(scores).tolist()) in ({0, 1}, {-1, 1}):
        raise ValueError(
            "These scores are hard labels, so their ROC AUC is balanced accuracy: pass logits or probabilities."
        )
