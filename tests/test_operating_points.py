"""Operating points: the promise is kept, nothing better was left lying, and the impossible is said."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from spoilerguard.calibration import OperatingPoint, max_f1_point, operating_point, select_points, select_review_points
from spoilerguard.errors import OperatingPointError

Case = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@st.composite
def scored(draw: st.DrawFn) -> Case:
    n = draw(st.integers(1, 30))
    probabilities = np.array(draw(st.lists(st.integers(0, 10), min_size=n + 1, max_size=n + 1))) / 10
    labels = np.array([1, *draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))])
    weights = np.array(draw(st.lists(st.integers(1, 3), min_size=n + 1, max_size=n + 1)), dtype=float)
    groups = np.array(draw(st.lists(st.sampled_from("abcd"), min_size=n + 1, max_size=n + 1)))
    return probabilities, labels, weights, groups


def chosen(case: Case, **criterion: Any) -> OperatingPoint:
    probabilities, labels, weights, groups = case
    return operating_point(probabilities, labels, groups, sample_weight=weights, n_bootstrap=20, **criterion)


def achieved(case: Case, threshold: float) -> tuple[float, float, float, float]:
    """Precision, recall, weight of false alarms and of missed spoilers."""
    probabilities, labels, weights, _ = case
    flagged, spoiler = probabilities >= threshold, labels == 1
    hits, alarms = weights[flagged & spoiler].sum(), weights[flagged & ~spoiler].sum()
    return hits / max(hits + alarms, 1e-9), hits / weights[spoiler].sum(), alarms, weights[spoiler & ~flagged].sum()


@given(scored(), st.sampled_from([0.1, 0.3, 0.5, 0.75, 1.0]))
def test_a_wanted_precision_is_reached_at_the_highest_recall_or_named_out_of_reach(case: Case, wanted: float) -> None:
    every = [achieved(case, threshold) for threshold in set(case[0].tolist())]
    reachable = [recall for precision, recall, *_ in every if precision >= wanted - 1e-9]
    if not reachable:
        with pytest.raises(OperatingPointError, match=f"highest is {max(one[0] for one in every):.3f}"):
            chosen(case, min_precision=wanted)
        return
    point = chosen(case, min_precision=wanted)
    assert point.precision >= wanted - 1e-9
    assert point.recall == pytest.approx(max(reachable))


@given(scored(), st.sampled_from([0.1, 0.3, 0.5, 0.75, 1.0]))
def test_a_wanted_recall_is_reached_at_the_highest_precision(case: Case, wanted: float) -> None:
    every = [achieved(case, threshold) for threshold in set(case[0].tolist())]
    best = max((precision, recall) for precision, recall, *_ in every if recall >= wanted - 1e-9)
    point = chosen(case, min_recall=wanted)
    assert (point.precision, point.recall) == pytest.approx(best)


@given(scored(), st.sampled_from([0.2, 1.0, 3.0, 50.0]))
def test_no_other_threshold_costs_less(case: Case, cost: float) -> None:
    every = [achieved(case, threshold) for threshold in {2.0, *case[0].tolist()}]
    least = min(alarms + cost * missed for _, _, alarms, missed in every)
    try:
        point = chosen(case, cost=cost)
    except OperatingPointError:
        assert least == pytest.approx(cost * case[2][case[1] == 1].sum()), "only to flag nothing is cheapest"
        return
    _, _, alarms, missed = achieved(case, point.threshold)
    assert alarms + cost * missed == pytest.approx(least)


@given(scored())
def test_no_other_threshold_has_a_higher_f1(case: Case) -> None:
    probabilities, labels, weights, groups = case
    scores = [f1_score(labels, probabilities >= at, sample_weight=weights) for at in set(probabilities.tolist())]
    point = max_f1_point(probabilities, labels, groups, sample_weight=weights, n_bootstrap=20)
    assert f1_score(labels, probabilities >= point.threshold, sample_weight=weights) == pytest.approx(max(scores))


@given(scored())
def test_what_is_stored_is_what_the_threshold_achieves_inside_its_intervals(case: Case) -> None:
    point = chosen(case, min_recall=0.5)
    assert achieved(case, point.threshold)[:2] == pytest.approx((point.precision, point.recall))
    assert 0 <= point.threshold <= 1
    for value, (low, high) in (
        (point.precision, point.precision_interval),
        (point.recall, point.recall_interval),
    ):
        assert 0 <= low <= value <= high <= 1


@given(scored())
def test_a_weight_of_two_counts_as_the_sentence_standing_twice(case: Case) -> None:
    probabilities, labels, weights, groups = case
    times = weights.astype(int)
    repeated = [np.repeat(column, times) for column in (probabilities, labels, groups)]
    assert chosen(case, min_recall=0.5) == operating_point(*repeated, min_recall=0.5, n_bootstrap=20)


def test_a_threshold_lies_between_two_probabilities_so_that_rounding_moves_nothing() -> None:
    point = operating_point([0.9, 0.6, 0.2], [1, 1, 0], list("abc"), min_precision=1.0)
    assert point.threshold == pytest.approx(0.4)


def test_neighbouring_floats_are_still_distinguished() -> None:
    high = np.nextafter(0.5, 1.0)
    assert operating_point([high, 0.5], [1, 0], list("ab"), min_precision=1.0).threshold == high


def test_a_sentence_without_weight_chooses_nothing() -> None:
    point = operating_point([0.9, 0.7, 0.2], [0, 1, 0], list("abc"), min_precision=1.0, sample_weight=[0, 1, 1])
    assert (point.precision, point.recall) == (1.0, 1.0)


def test_an_expensive_spoiler_lowers_the_threshold() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(500)
    labels = (rng.random(500) < p).astype(int)
    thresholds = [operating_point(p, labels, np.arange(500), cost=cost).threshold for cost in (0.5, 1, 4, 20)]
    assert thresholds == sorted(thresholds, reverse=True)
    assert thresholds[2] == pytest.approx(1 / 5, abs=0.08), "Elkan 2001: 1 / (1 + cost) for calibrated probabilities"


def test_the_cost_from_which_flagging_pays_is_named() -> None:
    with pytest.raises(OperatingPointError, match="cost above 2"):
        operating_point([0.9, 0.9, 0.9], [1, 0, 0], list("abc"), cost=0.5)


@pytest.mark.parametrize("criteria", [{}, {"min_precision": 0.5, "min_recall": 0.5}, {"cost": 1.0, "min_recall": 0.5}])
def test_exactly_one_criterion_is_asked_for(criteria: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        operating_point([0.5], [1], ["a"], **criteria)  # type: ignore[arg-type]


@pytest.mark.parametrize("criterion", [{"min_precision": 0}, {"min_recall": 1.2}, {"cost": 0}, {"cost": float("nan")}])
def test_a_criterion_out_of_its_range_is_refused(criterion: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(criterion))} must be"):
        operating_point([0.5], [1], ["a"], **criterion)  # type: ignore[arg-type]


def test_safe_sentences_alone_choose_no_threshold() -> None:
    with pytest.raises(OperatingPointError, match="No spoiler"):
        max_f1_point([0.5, 0.2], [0, 0], list("ab"))


def test_groups_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="groups has 1"):
        operating_point([0.5, 0.2], [1, 0], ["a"], cost=1)


def test_cautious_finds_three_of_four_in_each_large_source_and_in_the_small_ones_together() -> None:
    rng = np.random.default_rng(0)
    source = np.repeat(["films", "games", "comics", "books"], [8000, 2000, 600, 600])
    labels = (rng.random(len(source)) < 0.1).astype(np.int8)
    logits = rng.normal(3.0 * labels, 1.0) - 1.5 * (source != "films") * labels
    probabilities, groups, weights = 1 / (1 + np.exp(1.5 - logits)), np.arange(len(source)), np.ones(len(source))
    together = select_points(probabilities, labels, groups, weights)["cautious"]
    apart = select_points(probabilities, labels, groups, weights, source)["cautious"]
    for part in (source == "games", np.isin(source, ["comics", "books"])):
        spoilers = part & (labels == 1)
        assert (probabilities[spoilers] >= together.threshold).mean() < 0.75
        assert (probabilities[spoilers] >= apart.threshold).mean() >= 0.75
    assert apart.recall > together.recall


def test_the_names_stand_for_promises_of_their_own_where_they_are_about_whole_reviews() -> None:
    rng = np.random.default_rng(1)
    labels = (rng.random(2000) < 0.3).astype(np.int8)
    probabilities = 1 / (1 + np.exp(1.0 - rng.normal(2.5 * labels, 1.2)))
    points = select_review_points(probabilities, labels, np.arange(2000), np.ones(2000))
    assert points["cautious"].recall >= 0.9
    assert points["lenient"].precision >= 0.75
    assert points["cautious"].threshold <= points["balanced"].threshold <= points["lenient"].threshold
    best = max(f1_score(labels, probabilities >= threshold) for threshold in np.linspace(0.05, 0.95, 50))
    assert points["balanced"].f1 >= best
