"""Vectors and labels → the weights of a linear head: fitted anew, corrected, or learnt from a stream.

The head is a plain logistic regression: a row of weights and an intercept.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import SGDClassifier
from threadpoolctl import threadpool_limits

__all__ = ["Columns", "Head", "fit_correction", "fit_head", "offset_columns", "start_stream"]

# A column this large needs so small a weight that the L2 penalty leaves it all but free.
_UNPENALIZED = 10.0
_TOLERANCE = 1e-4  # of the largest slope at the start
_MAX_STEPS = 1000


class Head(NamedTuple):
    """Weights of the columns, and the intercept."""

    coef: NDArray[np.floating[Any]]
    intercept: float


class Columns(NamedTuple):
    """The vectors of sentences, each part in the form that takes least memory.

    Attributes
    ----------
    ngrams : sparse matrix of float32, shape (n_sentences, n_sparse)
    dense : ndarray of float32, shape (n_sentences, n_dense)
        The encoder's vectors.
    """

    ngrams: sparse.csr_matrix
    dense: NDArray[np.float32]

    def with_sparse(self, more: sparse.csr_matrix) -> "Columns":
        """With more columns behind those of n-grams."""
        return self._replace(ngrams=sparse.hstack([self.ngrams, more], format="csr"))


def fit_head(
    columns: Columns,
    target: NDArray[np.int64],
    weights: ArrayLike | None,
    *,
    C: float,
    sources: ArrayLike | None = None,
) -> Head:
    """Logistic regression with an L2 penalty; with `sources`, each but the most frequent has an offset, then forgotten.

    L-BFGS on the columns as they are: liblinear, which has the same optimum, would copy them into 16 bytes a number.
    A column that holds nothing keeps a weight of 0. Where most are such, the solver sees the others only, and a model
    of few labels is trained in a fifth of the time.
    """
    n_ngrams = columns.ngrams.shape[1]
    used = np.unique(columns.ngrams.indices)
    if 2 * len(used) < n_ngrams:
        few = fit_head(columns._replace(ngrams=columns.ngrams[:, used]), target, weights, C=C, sources=sources)
        coef = np.zeros(n_ngrams + columns.dense.shape[1])
        coef[used], coef[n_ngrams:] = few.coef[: len(used)], few.coef[len(used) :]
        return Head(coef, few.intercept)
    if sources is not None:
        columns = columns.with_sparse(_offsets(sources))
    weight = np.ones(len(target)) if weights is None else np.asarray(weights, dtype=np.float64)
    with threadpool_limits(1, "blas"):  # so that a sum does not depend on the number of threads
        found = _minimize(columns, target.astype(np.float64), C * weight)
    n_sparse = columns.ngrams.shape[1]
    return Head(np.concatenate([found[:n_ngrams], found[n_sparse:-1]]), float(found[-1]))


def _minimize(columns: Columns, target: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of the sparse columns, of the dense ones, and the intercept."""
    ngrams, dense = columns
    transposed, n_sparse = ngrams.T, ngrams.shape[1]

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        single = w.astype(np.float32)
        logits = (ngrams @ single[:n_sparse]).astype(np.float64) + dense @ single[n_sparse:-1] + w[-1]
        residual = weight * (expit(logits) - target)
        errors = residual.astype(np.float32)
        gradient = w + np.concatenate([transposed @ errors, errors @ dense, [residual.sum()]])
        return float(0.5 * w @ w + weight @ (np.logaddexp(0, logits) - target * logits)), gradient

    start = np.zeros(n_sparse + dense.shape[1] + 1)
    enough = _TOLERANCE * float(np.abs(loss(start)[1]).max())
    options = {"maxiter": _MAX_STEPS, "maxfun": 2 * _MAX_STEPS, "gtol": enough, "ftol": 0.0}
    found: NDArray[np.float64] = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    return found


def fit_correction(
    columns: Columns,
    known: NDArray[np.float64],
    target: NDArray[np.int64],
    weights: ArrayLike | None,
    *,
    C: float,
) -> tuple[float, Head]:
    """By how much the `known` logits count, and the head that corrects them.

    Logistic regression with the known logit as one more column, all but free of penalty: so only a correction costs,
    and nothing else moves (the PRED way of Daumé 2007, "Frustratingly Easy Domain Adaptation").
    """
    with_known = columns._replace(dense=np.hstack([columns.dense, (_UNPENALIZED * known[:, None]).astype(np.float32)]))
    head = fit_head(with_known, target, weights, C=C)
    return _UNPENALIZED * float(head.coef[-1]), Head(head.coef[:-1], head.intercept)


def start_stream(start: Head | None, *, step: float, seed: int, penalty: float = 1e-5, average: bool = False) -> Any:  # noqa: ANN401 - an SGDClassifier; scikit-learn ships no types
    """A head that learns by stochastic gradient descent, from the weights that there are.

    With `average`, its weights are the mean over all steps: after one pass they are as good as after many (Polyak and
    Juditsky 1992).
    """
    head = SGDClassifier(
        loss="log_loss", alpha=penalty, learning_rate="constant", eta0=step, random_state=seed, average=average
    )
    if start is not None:
        head.coef_, head.intercept_ = start.coef[None].copy(), np.array([start.intercept], dtype=np.float32)
        head.classes_ = np.array([0, 1])
    return head


def offset_columns(sources: ArrayLike, names: Sequence[str], value: float = 1.0) -> sparse.csr_matrix:
    """One column for each name, which holds `value` where a sentence comes from there.

    Examples
    --------
    >>> offset_columns(["films", "books", "films"], ["books"]).toarray().tolist()
    [[0.0], [1.0], [0.0]]
    """
    places = {name: place for place, name in enumerate(names)}
    column = np.array([places.get(source, -1) for source in np.asarray(sources).tolist()], dtype=np.int64)
    rows = np.flatnonzero(column >= 0)
    values = np.full(len(rows), value, dtype=np.float32)
    return sparse.csr_matrix((values, (rows, column[rows])), shape=(len(column), len(names)))


def _offsets(sources: ArrayLike) -> sparse.csr_matrix:
    """A column for each source but the most frequent, whose offset is the intercept."""
    given = np.asarray(sources).astype(str)
    names, counts = np.unique(given, return_counts=True)
    others = np.delete(names, np.argmax(counts)).tolist()
    return offset_columns(given, others, _UNPENALIZED)
