"""Confidence intervals by resampling whole works: every metric comes with a 95 % bootstrap interval.

Sentences of one work share names, plot and author, so they are not independent. The bootstrap (Efron 1979) therefore
draws whole works with replacement, as Field and Welsh (2007) ask of clustered data. A resample is a row of counts, one
for each work, and never a copy of the sentences. A `Measure` computes its metrics for many rows of counts at once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Estimate", "Measure", "estimate", "factorize"]

# From counts, shape (n_resamples, n_groups), to metrics by name, each of shape (n_resamples,).
Measure = Callable[[NDArray[np.float64]], Mapping[str, NDArray[np.float64]]]

_QUANTILES = (0.025, 0.975)
_BLOCK_CELLS = 1 << 20  # resamples times sentences in one block: an array of 8 MB stays in the processor's cache


@dataclass(frozen=True, slots=True)
class Estimate:
    """The value of a metric with its 95 % bootstrap interval; all three are NaN where the metric is undefined.

    Attributes
    ----------
    value : float
        On the data as they are.
    low, high : float
        Percentile interval over resampled works, widened where needed so that it contains `value`.
    """

    value: float
    low: float
    high: float

    @property
    def interval(self) -> tuple[float, float]:
        """Both bounds."""
        return self.low, self.high


def estimate(
    measure: Measure,
    n_groups: int,
    *,
    n_rows: int,
    n_bootstrap: int = 1000,
    seed: int = 0,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> dict[str, Estimate]:
    """Every metric of a measure with its interval over groups.

    Parameters
    ----------
    measure : callable
        From counts, shape (n_resamples, n_groups), to metrics by name, each of shape (n_resamples,).
    n_groups : int
        Number of works.
    n_rows : int
        Number of sentences; it decides how many resamples are computed at once.
    n_bootstrap : int, default 1000
        Number of resamples.
    seed : int, default 0
        Equal seeds give equal resamples.
    bounds : tuple of float, default (0, 1)
        The range of the metrics. It is the interval where there are fewer than two works to draw from.

    Returns
    -------
    dict of str to Estimate

    Examples
    --------
    >>> heads = np.array([1.0, 0.0, 1.0, 1.0])
    >>> estimate(lambda counts: {"share": counts @ heads / counts.sum(axis=1)}, 4, n_rows=4)
    {'share': Estimate(value=0.75, low=0.25, high=1.0)}
    """
    values = {name: float(value[0]) for name, value in measure(np.ones((1, n_groups))).items()}
    blocks = [measure(counts) for counts in _resamples(n_groups, n_rows, n_bootstrap, seed)]
    found = {}
    for name, value in values.items():
        drawn = np.concatenate([np.zeros(0), *(block[name] for block in blocks)])
        drawn = drawn[np.isfinite(drawn)]
        if np.isnan(value):
            found[name] = Estimate(value, np.nan, np.nan)
        elif not len(drawn):
            found[name] = Estimate(value, *bounds)
        else:
            low, high = np.quantile(drawn, _QUANTILES).tolist()
            found[name] = Estimate(value, min(low, value), max(high, value))
    return found


def factorize(groups: ArrayLike) -> tuple[NDArray[np.intp], int]:
    """The number of each row's group, from 0 up in order of first appearance, and how many groups there are.

    Examples
    --------
    >>> factorize(["Dune", "Emma", "Dune"])
    (array([0, 1, 0]), 2)
    """
    numbers: dict[Any, int] = {}
    codes = [numbers.setdefault(group, len(numbers)) for group in np.asarray(groups).tolist()]
    return np.array(codes, dtype=np.intp), len(numbers)


def _resamples(n_groups: int, n_rows: int, n_bootstrap: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Blocks of counts: how often each group is drawn when `n_groups` groups are drawn with replacement."""
    if n_groups < 2:
        return
    rng = np.random.default_rng(seed)
    size = max(1, _BLOCK_CELLS // max(n_rows, n_groups))
    for done in range(0, n_bootstrap, size):
        n = min(size, n_bootstrap - done)
        drawn = rng.integers(n_groups, size=(n, n_groups)) + n_groups * np.arange(n)[:, None]
        yield np.bincount(drawn.ravel(), minlength=n * n_groups).reshape(n, n_groups).astype(np.float64)
