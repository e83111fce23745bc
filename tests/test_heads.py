"""Heads: what is fitted does not depend on how many columns there are beside those that hold something."""

import numpy as np
import pytest
from scipy import sparse

from spoilerguard.heads import Columns, fit_head


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
