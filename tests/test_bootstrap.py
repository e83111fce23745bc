"""The bootstrap over works: what its intervals hold, and what they do not pretend."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoilerguard.bootstrap import Estimate, Measure, estimate, factorize


def mean_of(values: np.ndarray, groups: np.ndarray) -> Measure:
    n = groups.max() + 1
    total, size = np.bincount(groups, values, minlength=n), np.bincount(groups, minlength=n)

    def measure(counts: np.ndarray) -> dict[str, np.ndarray]:
        return {"mean": counts @ total / (counts @ size)}

    return measure


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30), st.integers(0, 99))
def test_the_interval_holds_the_estimate(values: list[float], seed: int) -> None:
    groups = np.arange(len(values))
    found = estimate(mean_of(np.array(values), groups), len(values), n_rows=len(values), n_bootstrap=40, seed=seed)[
        "mean"
    ]
    assert found.low <= found.value <= found.high
    assert found.value == pytest.approx(np.mean(values))


def test_the_interval_holds_even_a_metric_that_resampling_only_moves_up() -> None:
    found = estimate(lambda counts: {"spread": counts.std(axis=1)}, 5, n_rows=5)["spread"]
    assert found.value == found.low == 0 < found.high


def test_intervals_of_95_percent_hold_the_truth_about_that_often() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for seed in range(200):
        works = rng.normal(0.5, 0.1, 40)
        sentences = np.repeat(works, 5) + rng.normal(0, 0.1, 200)
        groups = np.repeat(np.arange(40), 5)
        found = estimate(mean_of(sentences, groups), 40, n_rows=200, n_bootstrap=200, seed=seed)["mean"]
        held += found.low <= 0.5 <= found.high
    assert 0.88 <= held / 200 <= 0.99


def test_sentences_of_few_works_leave_more_doubt_than_as_many_of_their_own() -> None:
    works = np.random.default_rng(0).random(20)
    values = np.repeat(works, 50)
    by_work = estimate(mean_of(values, np.repeat(np.arange(20), 50)), 20, n_rows=1000)["mean"]
    by_row = estimate(mean_of(values, np.arange(1000)), 1000, n_rows=1000)["mean"]
    assert by_work.high - by_work.low > 4 * (by_row.high - by_row.low)


def test_of_one_work_nothing_is_known_but_the_range_of_the_metric() -> None:
    measure = mean_of(np.array([0.2, 0.4]), np.array([0, 0]))
    assert estimate(measure, 1, n_rows=2)["mean"].interval == (0.0, 1.0)
    assert estimate(measure, 1, n_rows=2, bounds=(-1.0, 1.0))["mean"].interval == (-1.0, 1.0)


def test_an_undefined_metric_has_an_undefined_interval() -> None:
    found = estimate(lambda counts: {"none": np.full(len(counts), np.nan)}, 3, n_rows=3)["none"]
    assert np.isnan([found.value, *found.interval]).all()


def test_resamples_in_which_a_metric_is_undefined_are_left_out() -> None:
    def measure(counts: np.ndarray) -> dict[str, np.ndarray]:
        return {"first": np.where(counts[:, 0] > 0, 0.25, np.nan)}

    assert estimate(measure, 4, n_rows=4)["first"] == Estimate(0.25, 0.25, 0.25)


def test_equal_seeds_give_equal_intervals_and_other_seeds_others() -> None:
    values, groups = np.random.default_rng(0).random(30), np.arange(30)
    first, again, other = (estimate(mean_of(values, groups), 30, n_rows=30, seed=seed)["mean"] for seed in (1, 1, 2))
    assert first == again != other


def test_every_resample_draws_as_many_works_as_there_are() -> None:
    seen = []

    def measure(counts: np.ndarray) -> dict[str, np.ndarray]:
        seen.append(counts)
        return {"n": counts.sum(axis=1)}

    estimate(measure, 7, n_rows=400_000, n_bootstrap=10)
    counts = np.concatenate(seen[1:])
    assert counts.shape == (10, 7)
    assert len(seen) > 2, "a large corpus is taken block by block"
    assert (counts.sum(axis=1) == 7).all()


def test_factorize_follows_the_order_of_first_appearance() -> None:
    codes, n = factorize(np.array(["b", "a", "b", "c"], dtype=object))
    assert (codes.tolist(), n) == ([0, 1, 0, 2], 3)
    assert factorize([])[1] == 0
