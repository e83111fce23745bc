"""Heads: what is fitted depends neither on columns that hold nothing nor on the number of threads."""

import numpy as np
import pytest
from scipy import sparse
from threadpoolctl import threadpool_limits

from spoilerguard.heads import Columns, Head, fit_head


@pytest.mark.parametrize("n_sources", [1, 2])
def test_columns_that_hold_nothing_get_a_weight_of_0_and_change_no_other(n_sources: int) -> None:
    rng = np.random.default_rng(0)
    target, sources = rng.integers(0, 2, 60), np.arange(60) % n_sources
    ngrams = sparse.random(60, 8, density=0.5, format="csr", dtype=np.float32, random_state=0)
    dense = rng.normal(size=(60, 2)).astype(np.float32)
    places = 3 * np.arange(8)
    wide = sparse.csr_matrix((ngrams.data, places[ngrams.indices], ngrams.indptr), shape=(60, 30))
    of_few, of_many = (
        fit_head(Columns(columns, dense), target, None, C=1.0, sources=sources) for columns in (ngrams, wide)
    )
    expected = np.zeros(30 + 2)
    expected[[*places, 30, 31]] = of_few.coef
    np.testing.assert_array_equal(of_many.coef, expected)
    assert of_many.intercept == of_few.intercept
    assert of_few.coef.all()


def test_no_bit_depends_on_the_number_of_threads() -> None:
    # As many columns as give BLAS a reason to start threads, which add up in another order.
    ngrams = sparse.random(100, 40_000, density=0.02, format="csr", dtype=np.float32, random_state=0)
    columns, target = Columns(ngrams, np.zeros((100, 0), dtype=np.float32)), np.arange(100) % 2
    heads: list[Head] = []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads, "blas"):
            heads.append(fit_head(columns, target, None, C=1.0))
    np.testing.assert_array_equal(heads[0].coef, heads[1].coef)
    assert heads[0].intercept == heads[1].intercept
