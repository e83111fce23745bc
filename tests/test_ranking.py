"""Ranking metrics: they agree with scikit-learn's, and with what a resample or a weight means."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from spoilerguard.ranking import PRECISIONS, Ranking, auc_by_block, cumulated, influence, roc_auc


@st.composite
def ranked(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Labels of both classes, scores with ties, whole weights from 1 up, groups."""
    n = draw(st.integers(2, 40))
    labels = np.array([0, 1, *draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))], dtype=np.int8)
    scores = np.array(draw(st.lists(st.integers(-4, 4), min_size=n + 2, max_size=n + 2))) / 3
    weights = np.array(draw(st.lists(st.integers(1, 3), min_size=n + 2, max_size=n + 2)), dtype=float)
    groups = np.array(draw(st.lists(st.integers(0, 3), min_size=n + 2, max_size=n + 2)))
    return labels, scores, weights, groups


def metrics_of(labels: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> dict[str, float]:
    measure = Ranking(labels, scores, weights, np.zeros(len(labels), dtype=np.intp))
    return {name: float(value[0]) for name, value in measure(np.ones((1, 1))).items()}


@given(ranked())
def test_auc_and_average_precision_are_those_of_scikit_learn(case: tuple[np.ndarray, ...]) -> None:
    labels, scores, weights, _ = case
    found = metrics_of(labels, scores, weights)
    assert found["roc_auc"] == pytest.approx(roc_auc_score(labels, scores, sample_weight=weights))
    assert found["average_precision"] == pytest.approx(average_precision_score(labels, scores, sample_weight=weights))


@given(ranked())
def test_recall_at_precision_is_the_best_point_of_scikit_learns_curve(case: tuple[np.ndarray, ...]) -> None:
    labels, scores, weights, _ = case
    precision, recall, _ = precision_recall_curve(labels, scores, sample_weight=weights)
    found = metrics_of(labels, scores, weights)
    for wanted in PRECISIONS:
        best = recall[precision >= wanted - 1e-12].max(initial=0.0)
        assert found[f"recall_at_precision_{wanted}"] == pytest.approx(best)


@given(ranked())
def test_auc_does_not_change_under_a_monotone_map_of_the_scores(case: tuple[np.ndarray, ...]) -> None:
    labels, scores, weights, _ = case
    for shape in (np.exp, np.arctan, lambda x: 7 * x - 3):
        assert roc_auc(labels, shape(scores) + 0.5, weights) == pytest.approx(roc_auc(labels, scores + 0.5, weights))


@given(ranked())
def test_turning_the_scores_round_turns_the_auc_round(case: tuple[np.ndarray, ...]) -> None:
    labels, scores, _, _ = case
    assert roc_auc(labels, 0.5 - scores) == pytest.approx(1 - roc_auc(labels, scores + 0.5))


@given(ranked())
def test_a_weight_of_two_counts_as_the_sentence_standing_twice(case: tuple[np.ndarray, ...]) -> None:
    labels, scores, weights, _ = case
    times = weights.astype(int)
    twice = metrics_of(np.repeat(labels, times), np.repeat(scores, times), np.ones(times.sum()))
    assert metrics_of(labels, scores, weights) == pytest.approx(twice)


@given(ranked(), st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_a_resample_counts_as_its_works_standing_that_often(case: tuple[np.ndarray, ...], drawn: list[int]) -> None:
    labels, scores, weights, groups = case
    measure = Ranking(labels, scores, weights, groups)
    times = np.array(drawn)[groups]
    rows = np.repeat(np.arange(len(labels)), times)
    if len(set(labels[rows].tolist())) < 2:
        return
    found = {name: float(value[1]) for name, value in measure(np.array([[1.0] * 4, drawn])).items()}
    assert found == pytest.approx(metrics_of(labels[rows], scores[rows], weights[rows]))


@given(ranked())
def test_auc_by_block_is_the_auc_of_each_block_by_itself(case: tuple[np.ndarray, ...]) -> None:
    labels, scores, weights, blocks = case
    found = auc_by_block(labels, scores, weights, blocks, 4)
    for block in range(4):
        rows = blocks == block
        if len(set(labels[rows].tolist())) == 2:
            assert found[block] == pytest.approx(roc_auc_score(labels[rows], scores[rows], sample_weight=weights[rows]))
        else:
            assert np.isnan(found[block])


@pytest.mark.parametrize(
    "decisions",
    [[0, 1, 1, 0], [0.0, 1.0, 1.0, 1.0], [False, True, True, True], [-1, 1, 1, -1], ["safe", "spoiler"] * 2],
)
def test_hard_labels_are_refused_as_balanced_accuracy(decisions: list[Any]) -> None:
    with pytest.raises(ValueError, match="balanced accuracy"):
        roc_auc([0, 1, 0, 1], decisions)


def test_a_model_that_says_the_same_of_all_has_an_auc_of_one_half() -> None:
    assert roc_auc([0, 1, 0, 1], [0.0, 0.0, 0.0, 0.0]) == 0.5


def test_the_auc_of_one_class_is_undefined_and_says_so_without_a_warning() -> None:
    assert np.isnan(roc_auc([1, 1], [0.2, 0.3]))
    assert np.isnan(roc_auc([], []))


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([0, 1], [0.1, 0.2, 0.3], "one length"),
        ([0, 2], [0.1, 0.2], "0 .safe. and 1"),
        ([0, 1], [0.1, float("nan")], "finite"),
    ],
)
def test_what_cannot_be_ranked_is_refused(labels: list[int], scores: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        roc_auc(labels, scores)


def test_cumulated_scores_fall_and_end_with_everything() -> None:
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(0, 2, 50).astype(np.int8), rng.integers(0, 9, 50) / 9
    distinct, flagged, hits = cumulated(labels, scores, np.ones(50))
    assert (np.diff(distinct) < 0).all()
    assert (flagged[-1], hits[-1]) == (50, labels.sum())


def test_the_work_for_a_resample_grows_with_the_spoilers_not_with_the_sentences() -> None:
    labels = (np.arange(4000) % 800 == 0).astype(np.int8)
    scores = np.random.default_rng(0).normal(size=4000)
    ranking = Ranking(labels, scores, np.ones(4000), np.arange(4000) % 7)
    assert ranking._weight.shape == (3 * (5 + 1), 7)


@given(ranked(), st.data())
def test_influence_is_how_a_metric_moves_when_a_sentence_weighs_more(case: tuple[np.ndarray, ...], data: Any) -> None:
    labels, _, weights, _ = case
    scores, step = -np.arange(len(labels), dtype=float), 1e-6
    chosen = data.draw(st.integers(0, len(labels) - 1))
    heavier = weights * (1 + step * (np.arange(len(labels)) == chosen))
    before, after = metrics_of(labels, scores, weights), metrics_of(labels, scores, heavier)
    for name, found in influence(labels, np.stack([weights, heavier])).items():
        assert found[0, chosen] == pytest.approx((after[name] - before[name]) / step, abs=1e-4)
        assert found[0].sum() == pytest.approx(0, abs=1e-9)


def test_the_influence_on_a_metric_of_one_class_is_undefined_without_a_warning() -> None:
    assert all(np.isnan(found).all() for found in influence(np.ones(3, dtype=np.int8), np.zeros((1, 3))).values())
