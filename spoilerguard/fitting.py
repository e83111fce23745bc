"""Labelled vectors → the weights of a linear head: fitted anew, corrected, or learnt from a stream.

The head is a plain logistic regression of scikit-learn. It learns a row of weights and an intercept; nothing of
scikit-learn stays in the model.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.utils.validation import _check_sample_weight, column_or_1d

from spoilerguard.features import as_sentences
from spoilerguard.verdicts import Label

__all__ = ["Head", "LabelledSentences", "check_labels", "fit_correction", "fit_head", "start_stream"]

# A column this large needs so small a weight that the L2 penalty leaves it all but free.
_UNPENALIZED = 10.0


class LabelledSentences(NamedTuple):
    """Checked input of a fit: sentences, 0/1 targets, weights, and the two labels, the spoiler last."""

    sentences: list[str]
    target: NDArray[np.int64]
    weights: NDArray[np.float64]
    classes: NDArray[Any]


class Head(NamedTuple):
    """Weights of the columns, and the intercept."""

    coef: NDArray[np.floating[Any]]
    intercept: float


def check_labels(
    X: Sequence[str], y: ArrayLike, sample_weight: ArrayLike | None, classes: ArrayLike | None = None
) -> LabelledSentences:
    """What a user passes to `fit`, checked.

    Raises
    ------
    TypeError
        Where `X` is one string, or holds something that is no string.
    ValueError
        Where lengths differ, or `y` does not hold two classes of which the spoiler sorts last.
    """
    sentences = as_sentences(X)
    labels = column_or_1d(y, warn=True)
    if len(labels) != len(sentences):
        raise ValueError(f"X has {len(sentences)} sentences and y has {len(labels)} labels: they must match.")
    found = np.unique(labels) if classes is None else np.unique(np.asarray(classes))
    if len(found) != 2:
        raise ValueError(f"SpoilerClassifier needs two classes, safe and spoiler; y holds {found.tolist()}.")
    if found[0] == Label.SPOILER:
        raise ValueError(f"{found[1]!r} would be taken for the spoiler, for it sorts last: call it 'safe'.")
    if not np.isin(labels, found).all():
        raise ValueError(f"y holds labels other than {found.tolist()}.")
    weights = _check_sample_weight(sample_weight, labels.reshape(-1, 1), dtype=np.float64)
    return LabelledSentences(sentences, (labels == found[1]).astype(np.int64), weights, found)


def fit_head(
    columns: sparse.csr_matrix,
    target: NDArray[np.int64],
    weights: NDArray[np.float64] | None,
    *,
    C: float,
    seed: int,
    sources: ArrayLike | None = None,
) -> Head:
    """Logistic regression; with `sources`, each source but the most frequent has an offset that is then forgotten."""
    head = LogisticRegression(C=C, solver="liblinear", random_state=seed)
    head.fit(columns if sources is None else _with_offsets(columns, sources), target, weights)
    return Head(head.coef_[0, : columns.shape[1]], float(head.intercept_[0]))


def fit_correction(
    columns: sparse.csr_matrix,
    known: NDArray[np.float64],
    target: NDArray[np.int64],
    weights: NDArray[np.float64] | None,
    *,
    C: float,
    seed: int,
) -> tuple[float, Head]:
    """By how much the `known` logits count, and the head that corrects them.

    Logistic regression with the known logit as one more column, all but free of penalty: so only a correction costs,
    and nothing else moves (the PRED way of Daumé 2007, "Frustratingly Easy Domain Adaptation").
    """
    with_known = sparse.hstack([columns, sparse.csr_matrix(_UNPENALIZED * known[:, None])], format="csr")
    head = fit_head(with_known, target, weights, C=C, seed=seed)
    return _UNPENALIZED * float(head.coef[-1]), Head(head.coef[:-1], head.intercept)


def start_stream(start: Head | None, *, step: float, seed: int) -> SGDClassifier:
    """A head that learns by stochastic gradient descent, from the weights that there are."""
    head = SGDClassifier(loss="log_loss", alpha=1e-5, learning_rate="constant", eta0=step, random_state=seed)
    if start is not None:
        head.coef_, head.intercept_ = start.coef[None].copy(), np.array([start.intercept], dtype=np.float32)
        head.classes_ = np.array([0, 1])
    return head


def _with_offsets(columns: sparse.csr_matrix, sources: ArrayLike) -> sparse.csr_matrix:
    """One more column for each source but the most frequent, whose offset is the intercept."""
    names, source, counts = np.unique(np.asarray(sources).astype(str), return_inverse=True, return_counts=True)
    common = np.argmax(counts)
    rows = np.flatnonzero(source != common)
    own_column = source[rows] - (source[rows] > common)
    offset = np.full(len(rows), _UNPENALIZED, dtype=np.float32)
    offsets = sparse.csr_matrix((offset, (rows, own_column)), shape=(len(source), len(names) - 1))
    return sparse.hstack([columns, offsets], format="csr")
