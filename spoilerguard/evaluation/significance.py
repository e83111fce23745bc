"""Could a difference between two models be chance? A permutation test that swaps the models' scores work by work.

If two models are equally good, it is chance which of them gave a work its scores. So the scores of the two are swapped
on random works, again and again, and the p-value is the share of swaps after which the models differ at least as much
as they do (Fisher 1935; for paired rankings Venkatraman and Begg 1996). The test needs no normal distribution and no
number of works: it is exact for ten works too, where a bootstrap interval is too narrow.

Two models may be equally good and yet have scores of another spread. Swapping mixes the two spreads, and the mixture
hides true differences. So ROC AUC and average precision are divided by their standard error after each swap (Chung and
Romano 2013). Without it, a linear SVM whose interval excludes zero had a p-value of 0.43 against logistic regression.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from spoilerguard.bootstrap import Measure
from spoilerguard.evaluation.metrics import COMPARED, sentence_measure
from spoilerguard.evaluation.scored_corpus import Sample
from spoilerguard.ranking import influence

__all__ = ["LEVEL", "holm", "swap_test"]

LEVEL = 0.05  # how often a test may find a difference between equal models

_N_SWAPS = 1000  # the scores as they are count as the first
_FEW_WORKS = 11  # up to here there are no more than 1,024 different swaps, and all of them are tried
_BLOCK_CELLS = 1 << 16  # swaps times rows in one block; a dozen arrays of half a MB stay in the processor's cache
_ROUNDING = 1e-9


def swap_test(a: Sample, b: Sample, seed: int) -> dict[str, float]:
    """The p-value of the difference in each compared metric, two-sided and uncorrected; NaN where it is undefined.

    Both samples hold the same sentences. Of one work no p-value is below 1; of six works none is below 1/32.
    """
    n = a.n_groups
    second_review = np.where(a.reviews < 0, -1, a.reviews + a.reviews.max(initial=0) + 1)
    both = Sample(
        labels=np.tile(a.labels, 2),
        logits=np.r_[a.logits, b.logits],
        weights=np.tile(a.weights, 2),
        decisions={},
        groups=np.r_[a.groups, a.groups + n],  # group g is work g as a scored it, group g + n the same work by b
        n_groups=2 * n,
        reviews=np.r_[a.reviews, second_review],
        rows=np.tile(a.rows, 2),
        are_probabilities=a.are_probabilities and b.are_probabilities,
    )
    measure, standard_errors = sentence_measure(both), _standard_errors(both, n)
    blocks = []
    for swapped in _swaps(n, len(both), seed):
        before, after = measure(np.hstack([1 - swapped, swapped])), measure(np.hstack([swapped, 1 - swapped]))
        errors = standard_errors(swapped)
        distances = {name: np.abs(after[name] - before[name]) for name in COMPARED if name in before}
        blocks.append({name: d / np.maximum(errors.get(name, 1.0), _ROUNDING) for name, d in distances.items()})
    found = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    return {
        name: float(np.mean(d >= d[0] - _ROUNDING * max(d[0], 1))) if np.isfinite(d[0]) else float("nan")
        for name, d in found.items()
    }


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """The p-values, corrected for their number (Holm 1979): one of them is below a level by chance as often as that.

    Examples
    --------
    >>> holm({"roc_auc": 0.04, "average_precision": 0.02})
    {'roc_auc': 0.04, 'average_precision': 0.04}
    >>> holm({"roc_auc": 0.04, "average_precision": 0.03})
    {'roc_auc': 0.06, 'average_precision': 0.06}
    """
    found = {name: p for name, p in p_values.items() if np.isfinite(p)}
    corrected, least = dict(p_values), 0.0
    for tried, name in enumerate(sorted(found, key=found.__getitem__)):
        least = max(least, min(1.0, (len(found) - tried) * found[name]))
        corrected[name] = least
    return corrected


def _swaps(n_groups: int, n_rows: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Blocks of rows with a 1 for each work that is swapped; the first row swaps none."""
    if n_groups <= _FEW_WORKS:  # the last work stays: swapping all others says the same as swapping it alone
        drawn = np.arange(2 ** max(n_groups - 1, 0))[:, None] >> np.arange(n_groups) & 1
    else:
        drawn = np.random.default_rng(seed).integers(2, size=(_N_SWAPS, n_groups), dtype=np.int8)
        drawn[0] = 0
    size = max(1, _BLOCK_CELLS // max(n_rows, 1))  # there are no more works than rows
    for done in range(0, len(drawn), size):
        yield drawn[done : done + size].astype(np.float64)


def _standard_errors(both: Sample, n_groups: int) -> Measure:
    """From rows of swaps to the standard error, over works, of the difference in each ranking metric."""
    # Equal scores stand in the order of the sentences, whichever model gave them: swapping must not change it.
    order = np.lexsort((both.rows, -both.logits))
    labels, weights = both.labels[order], both.weights[order]
    second, work = np.divmod(both.groups[order], max(n_groups, 1))
    of_work = sparse.csr_matrix((np.ones(len(order)), (work, np.arange(len(order)))), shape=(n_groups, len(order)))

    def measure(swapped: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        is_b = swapped[:, work] != second
        in_a, in_b = influence(labels, weights * ~is_b), influence(labels, weights * is_b)
        return {name: np.sqrt(((of_work @ (in_b[name] - in_a[name]).T) ** 2).sum(axis=0)) for name in in_a}

    return measure
