"""Comparisons: the better model is called better, and "cannot tell" is an answer."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spoilerguard.bootstrap import Estimate
from spoilerguard.corpus import Corpus
from spoilerguard.documents import Standing
from spoilerguard.evaluation import Comparison, Difference, compare
from spoilerguard.model import SpoilerClassifier
from spoilerguard.persistence import save

ENDINGS = ["dies", "is the killer", "was dead all along", "marries the villain", "betrays them"]
PRAISE = ["is well played", "has fine music", "looks great", "runs two hours", "was shot in Rome"]


def review_corpus(n_works: int = 20, *, reviews: bool = True) -> Corpus:
    """Every work has each ending and each praise, said of a name of its own."""
    rows = [
        (f"{name} {what}.", int(what in ENDINGS), f"work {number}")
        for number in range(n_works)
        for name, what in zip(["Ann", "Bo", "Cy", "Di", "Ed"] * 2, ENDINGS + PRAISE, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["sentence", "spoiler", "work"])
    return Corpus.from_frame(frame.assign(review_id=frame.work) if reviews else frame, name="small")


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return review_corpus()


@pytest.fixture(scope="module")
def good() -> SpoilerClassifier:
    return SpoilerClassifier(C=10).fit([*ENDINGS, *PRAISE], [1] * 5 + [0] * 5)


@pytest.fixture(scope="module")
def poor() -> SpoilerClassifier:
    """Has learnt the wrong thing of two of five."""
    return SpoilerClassifier(C=10).fit([*ENDINGS, *PRAISE], [1, 1, 1, 0, 0, 1, 1, 0, 0, 0])


def test_b_is_called_better_where_b_is_better_than_a(
    corpus: Corpus, good: SpoilerClassifier, poor: SpoilerClassifier
) -> None:
    comparison = compare(poor, good, corpus, n_bootstrap=100)
    assert comparison.verdict == "better"
    assert comparison.difference("roc_auc").change.low > 0
    assert comparison.difference("brier_score").verdict == "better", "though its value is lower"


def test_the_other_way_round_it_is_worse_by_as_much(
    corpus: Corpus, good: SpoilerClassifier, poor: SpoilerClassifier
) -> None:
    there, back = compare(poor, good, corpus, n_bootstrap=100), compare(good, poor, corpus, n_bootstrap=100)
    assert back.verdict == "worse"
    for one, other in zip(there.differences, back.differences, strict=True):
        assert one.change.value == pytest.approx(-other.change.value)
        assert one.change.interval == pytest.approx((-other.change.high, -other.change.low))


def test_equal_models_cannot_be_told_apart(corpus: Corpus, good: SpoilerClassifier) -> None:
    comparison = compare(good, good, corpus, n_bootstrap=100)
    assert comparison.verdict == "cannot tell"
    assert {one.verdict for one in comparison.differences} == {"cannot tell"}
    assert {one.change.interval for one in comparison.differences} == {(0.0, 0.0)}


def test_models_are_called_by_the_names_that_were_given(
    corpus: Corpus, good: SpoilerClassifier, poor: SpoilerClassifier, tmp_path: Path
) -> None:
    for name, model in (("poor", poor), ("good", good)):
        save(model, tmp_path / name)
    comparison = compare(tmp_path / "poor", str(tmp_path / "good"), corpus, n_bootstrap=20)
    assert comparison.models == ("poor", "good")
    for form in (str(comparison), comparison._repr_html_(), repr(comparison)):
        assert "good is better than poor" in form
    assert "poor good difference".split() in [line.split()[1:4] for line in str(comparison).splitlines()]
    mixed = compare(None, good, corpus, n_bootstrap=20)
    assert mixed.models == ("default", "the second")
    assert "against default" in str(mixed)


def test_one_work_can_decide_nothing(good: SpoilerClassifier, poor: SpoilerClassifier) -> None:
    comparison = compare(poor, good, review_corpus(1), n_bootstrap=100)
    assert comparison.verdict == "cannot tell"
    assert comparison.difference("roc_auc").change.interval == (-1.0, 1.0)


def test_the_review_decides_where_there_are_reviews(corpus: Corpus, good: SpoilerClassifier) -> None:
    assert compare(good, good, corpus, n_bootstrap=10).standing == "in review"
    assert compare(good, good, review_corpus(3, reviews=False), n_bootstrap=10).standing == "alone"


@pytest.mark.parametrize(
    ("auc", "precision", "verdict"),
    [
        ((0.1, 0.01), (0.1, 0.01), "better"),
        ((0.1, 0.05), (-0.1, 0.06), "better"),
        ((-0.1, 0.01), (0.1, 0.2), "worse"),
        ((0.1, 0.01), (-0.1, 0.01), "cannot tell"),
        ((0.1, 0.06), (0.1, 0.06), "cannot tell"),
        ((0.1, float("nan")), (0.1, float("nan")), "cannot tell"),
    ],
)
def test_the_verdict_needs_one_metric_for_and_none_against(
    auc: tuple[float, float], precision: tuple[float, float], verdict: str
) -> None:
    def moved(metric: str, change: float, p_value: float) -> Difference:
        some = Estimate(0.5, 0.4, 0.6)
        return Difference(Standing.ALONE, metric, some, some, Estimate(change, -1, 1), p_value)

    differences = (moved("roc_auc", *auc), moved("average_precision", *precision))
    assert Comparison("", "", 10, 5, 100, 0, differences).verdict == verdict


def test_the_number_of_resamples_does_not_change_the_verdict(
    corpus: Corpus, good: SpoilerClassifier, poor: SpoilerClassifier
) -> None:
    few, many = (compare(poor, good, corpus, n_bootstrap=n) for n in (5, 100))
    assert [one.p_value for one in few.differences] == [one.p_value for one in many.differences]


def test_a_comparison_says_that_a_model_has_no_context(corpus: Corpus, good: SpoilerClassifier) -> None:
    comparison = compare("default", good, corpus, n_bootstrap=5)
    assert [note[:11] for note in comparison.notes] == ["the second:"]
    for form in (str(comparison), comparison._repr_html_(), comparison.to_json()):
        assert "The model has no context" in form
    assert compare(good, good, review_corpus(3, reviews=False), n_bootstrap=5).notes == ()


def test_one_class_gives_no_verdict_rather_than_an_error(good: SpoilerClassifier, poor: SpoilerClassifier) -> None:
    safe = review_corpus(4).take(np.tile([False] * 5 + [True] * 5, 4))
    assert compare(good, poor, safe, n_bootstrap=10).verdict == "cannot tell"


def test_every_form_says_the_verdict(corpus: Corpus, good: SpoilerClassifier, poor: SpoilerClassifier) -> None:
    comparison = compare(poor, good, corpus, n_bootstrap=50)
    assert "the second is better than the first" in str(comparison)
    assert "the second is better than the first" in comparison._repr_html_()
    assert repr(comparison).startswith("Comparison(small: the second is better than the first")
    assert "\n" not in repr(comparison)
    assert json.loads(comparison.to_json())["verdict"] == "better"
    frame = comparison.to_frame()
    assert set(frame.verdict) <= {"better", "worse", "cannot tell"}
    assert (frame.b - frame.a).to_numpy() == pytest.approx(frame.change.to_numpy())


def test_equal_seeds_give_equal_comparisons(corpus: Corpus, good: SpoilerClassifier, poor: SpoilerClassifier) -> None:
    assert compare(poor, good, corpus, n_bootstrap=50) == compare(poor, good, corpus, n_bootstrap=50)


def test_an_unknown_metric_is_named_with_those_there_are(corpus: Corpus, good: SpoilerClassifier) -> None:
    with pytest.raises(KeyError, match="roc_auc"):
        compare(good, good, corpus, n_bootstrap=10).difference("f1")


def test_swapped_arguments_are_named(corpus: Corpus, good: SpoilerClassifier) -> None:
    swapped: Any = (corpus, good, good)
    with pytest.raises(TypeError, match=r"corpus last; got Corpus, SpoilerClassifier, SpoilerClassifier"):
        compare(*swapped)
    in_the_middle: Any = (good, corpus, good)
    with pytest.raises(TypeError, match=r"corpus last; got SpoilerClassifier, Corpus, SpoilerClassifier"):
        compare(*in_the_middle)


def test_the_corpus_may_be_a_table(corpus: Corpus, good: SpoilerClassifier, poor: SpoilerClassifier) -> None:
    assert compare(poor, good, corpus.frame, n_bootstrap=20).verdict == "better"
