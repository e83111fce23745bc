"""Calibration: the line through the logits, and how far promises lie from what happens."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.special import expit

from spoilerguard import calibration
from spoilerguard.calibration import calibration_error, equal_mass_bins, platt

Rows = list[tuple[float, int, int]]
rows = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1), st.integers(1, 3)), min_size=1, max_size=40)


@given(st.lists(st.floats(allow_nan=False)))
@example([-np.inf, -709.79, -709.78271289338397, -709.7827128933839, -0.0, 36.8, np.inf])
def test_probabilities_are_those_of_scipy(logits: list[float]) -> None:
    values = np.array(logits, dtype=np.float64)
    np.testing.assert_array_max_ulp(calibration.expit(values), expit(values), 1)


def test_platt_finds_the_line_that_the_labels_were_drawn_by() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, 20_000)
    labels = (rng.random(20_000) < expit(0.5 * logits - 1)).astype(np.int8)
    assert platt(logits, labels) == pytest.approx((0.5, -1), abs=0.05)


def test_platt_makes_overconfident_probabilities_mean_what_they_say() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(-2, 1.5, 20_000)
    labels = (rng.random(20_000) < expit(truth)).astype(np.int8)
    slope, offset = platt(3 * truth + 1, labels)
    assert calibration_error(expit(3 * truth + 1), labels) > 0.05
    assert calibration_error(expit(slope * (3 * truth + 1) + offset), labels) < 0.01


def test_probabilities_that_come_true_have_hardly_any_error() -> None:
    p = np.random.default_rng(0).random(50_000)
    labels = (np.random.default_rng(1).random(50_000) < p).astype(int)
    assert calibration_error(p, labels) < 0.01


@pytest.mark.parametrize(("p", "label", "error"), [(0.0, 1, 1.0), (1.0, 1, 0.0), (0.3, 0, 0.3)])
def test_the_error_of_one_answer_for_all_is_its_distance_from_the_share(p: float, label: int, error: float) -> None:
    assert calibration_error([p] * 20, [label] * 20) == pytest.approx(error)


@given(rows)
def test_the_error_lies_between_the_error_of_the_mean_and_one(cases: Rows) -> None:
    p, labels, weights = map(np.array, zip(*cases, strict=True))
    error = calibration_error(p, labels, weights)
    assert abs(np.average(p - labels, weights=weights)) - 1e-9 <= error <= 1 + 1e-9


@given(rows, st.randoms(use_true_random=False))
def test_the_error_does_not_hang_on_the_order(cases: Rows, chance: object) -> None:
    shuffled = list(cases)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    errors = [calibration_error(*map(np.array, zip(*order, strict=True))) for order in (cases, shuffled)]
    assert errors[0] == pytest.approx(errors[1])


@given(rows)
def test_a_weight_of_two_counts_as_the_sentence_standing_twice(cases: Rows) -> None:
    p, labels, times = map(np.array, zip(*cases, strict=True))
    repeated = calibration_error(np.repeat(p, times), np.repeat(labels, times))
    assert calibration_error(p, labels, times) == pytest.approx(repeated)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_bins_rise_with_the_probability_and_equals_share_one(p: list[float]) -> None:
    values = np.array(p)
    bins = equal_mass_bins(values, np.ones(len(p)))
    order = np.argsort(values)
    assert (np.diff(bins[order]) >= 0).all()
    assert set(bins.tolist()) <= set(range(10))
    assert all(len(set(bins[values == value].tolist())) == 1 for value in values)


def test_bins_of_distinct_probabilities_hold_equal_mass() -> None:
    bins = equal_mass_bins(np.random.default_rng(0).random(1000), np.ones(1000))
    assert np.bincount(bins).tolist() == [100] * 10


def test_no_sentence_has_no_error() -> None:
    assert np.isnan(calibration_error([], []))


@pytest.mark.parametrize(
    ("p", "labels", "weights", "message"),
    [
        ([2.5, -1.0], [1, 0], None, "logits"),
        ([0.5, float("nan")], [1, 0], None, "0, 1"),
        ([0.5, 0.2], [1, 3], None, "Labels"),
        ([0.5, 0.2], [1], None, "Lengths differ"),
        ([0.5, 0.2], [1, 0], [1.0, -1.0], "Weights"),
    ],
)
def test_what_is_no_probability_label_or_weight_is_refused(
    p: list[float], labels: list[int], weights: list[float] | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        calibration_error(p, labels, weights)
