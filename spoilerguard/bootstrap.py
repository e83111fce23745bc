"""How sure is a figure? Draw the works anew a thousand times and look how far it moves.

Sentences of one work share names, plot and author, so they are no independent draws: the bootstrap (Efron 1979)
resamples whole works, as Field and Welsh (2007) ask of clustered data. A resample is a row of counts, one for each
work, never a copy of the sentences; a measure is a function from counts to figures, for all rows at once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Estimate", "Measure", "estimate", "numbered_groups"]

# From counts, shape (n_resamples, n_groups), to one value of each figure for each resample.
Measure = Callable[[NDArray[np.float64]], Mapping[str, NDArray[np.float64]]]

_QUANTILES = (0.025, 0.975)
_CELLS = 1 << 20  # of a block of resamples times sentences: 8 MB an array, so that passes over it stay in the cache


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % bootstrap interval; all three are NaN where the figure is undefined.

    Attributes
    ----------
    value : float
        On the data as they are.
    low, high : float
        Percentile interval over resampled works, widened to hold `value` where a biased figure would fall out.
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
    """Every figure of a measure, with its interval over groups.

    Parameters
    ----------
    measure : callable
        Takes counts, shape (n_resamples, n_groups), and returns the figures by name, each of shape (n_resamples,).
    n_groups : int
        Number of works.
    n_rows : int
        Number of sentences, which sets how many resamples are taken at once.
    n_bootstrap : int, default 1000
        Number of resamples.
    seed : int, default 0
        Equal seeds give equal resamples.
    bounds : tuple of float, default (0, 1)
        All that can be said about a figure from fewer than two works: its range.

    Returns
    -------
    dict of str to Estimate

    Examples
    --------
    >>> heads = np.array([1.0, 0.0, 1.0, 1.0])
    >>> estimate(lambda counts: {"share": counts @ heads / counts.sum(axis=1)}, 4, n_rows=4)
    {'share': Estimate(value=0.75, low=0.25, high=1.0)}
    """
    values = {name: float(figure[0]) for name, figure in measure(np.ones((1, n_groups))).items()}
    drawn = [measure(counts) for counts in _resamples(n_groups, n_rows, n_bootstrap, seed)]
    return {
        name: _with_interval(value, np.concatenate([np.zeros(0), *(block[name] for block in drawn)]), bounds)
        for name, value in values.items()
    }


def numbered_groups(groups: ArrayLike) -> tuple[NDArray[np.intp], int]:
    """Each row's group as a number from 0 up, in order of first appearance, and how many there are.

    Examples
    --------
    >>> numbered_groups(["Dune", "Emma", "Dune"])
    (array([0, 1, 0]), 2)
    """
    codes: dict[Any, int] = {}
    numbers = [codes.setdefault(group, len(codes)) for group in np.asarray(groups).tolist()]
    return np.array(numbers, dtype=np.intp), len(codes)


def _resamples(n_groups: int, n_rows: int, n_bootstrap: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Blocks of counts: how often each group is drawn when `n_groups` are drawn with replacement."""
    if n_groups < 2:
        return
    rng = np.random.default_rng(seed)
    size = max(1, _CELLS // max(n_rows, n_groups))
    for done in range(0, n_bootstrap, size):
        n = min(size, n_bootstrap - done)
        drawn = rng.integers(n_groups, size=(n, n_groups)) + n_groups * np.arange(n)[:, None]
        yield np.bincount(drawn.ravel(), minlength=n * n_groups).reshape(n, n_groups).astype(np.float64)


def _with_interval(value: float, drawn: NDArray[np.float64], bounds: tuple[float, float]) -> Estimate:
    drawn = drawn[np.isfinite(drawn)]
    if np.isnan(value):
        return Estimate(value, np.nan, np.nan)
    if not len(drawn):
        return Estimate(value, *bounds)
    low, high = np.quantile(drawn, _QUANTILES).tolist()
    return Estimate(value, min(low, value), max(high, value))
