"""Cross-validation: no model is evaluated on a work that it has seen, and the leak of a random split shows."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from spoilerguard.calibration import OperatingPoint
from spoilerguard.corpus import Corpus
from spoilerguard.datasets import make_corpus
from spoilerguard.documents import Standing
from spoilerguard.errors import TrainingError
from spoilerguard.features import SentenceVectorizer
from spoilerguard.model import SpoilerClassifier
from spoilerguard.training import CrossValidation, cross_validate


def leaking_corpus() -> Corpus:
    """Whole works are spoiled or not, and each has a name that tells which: pure memory, nothing to learn."""
    rows = [
        (f"{name * 5} scene{sentence}.", int(number % 2), f"work {number}", f"{number}-{sentence // 2}")
        for number, name in enumerate("bdfgklqz")
        for sentence in range(8)
    ]
    return Corpus.from_frame(pd.DataFrame(rows, columns=["sentence", "spoiler", "work", "review_id"]), name="leaky")


def fit(part: Corpus) -> SpoilerClassifier:
    return SpoilerClassifier(vectorizer=SentenceVectorizer(n_buckets=2**10), C=10).fit(part.sentences, part.labels)


@pytest.fixture(scope="module")
def result() -> CrossValidation:
    return cross_validate(leaking_corpus(), fit=fit, n_splits=4, n_bootstrap=20)


def test_a_random_split_overstates_and_the_leak_is_seen(result: CrossValidation) -> None:
    assert result.at_random is not None
    assert result.at_random.metric("roc_auc").value > 0.9
    assert result.by_work.metric("roc_auc").value < 0.6
    assert result.leak() > 0.3
    assert "What a random split would claim" in str(result)


def test_no_work_is_scored_by_a_model_that_has_seen_it() -> None:
    corpus, seen = leaking_corpus(), []

    def watched(part: Corpus) -> SpoilerClassifier:
        seen.append(set(part.groups))
        return fit(part)

    cross_validate(corpus, fit=watched, n_splits=4, n_bootstrap=5)
    left_out = [set(corpus.groups) - works for works in seen[:4]]
    assert set.union(*left_out) == set(corpus.groups)
    assert sum(map(len, left_out)) == 8, "each work is left out once"


def test_every_sentence_is_scored_exactly_once(result: CrossValidation) -> None:
    for report in (result.by_work, result.at_random):
        assert report is not None
        assert report.metric("base_rate", "alone").n == 64
        assert report.metric("base_rate", "in review").n == 64


def test_reviews_stay_whole_in_the_random_split_too() -> None:
    corpus, sizes = leaking_corpus(), []

    def watched(part: Corpus) -> SpoilerClassifier:
        sizes.extend(part.lengths.tolist())
        return fit(part)

    cross_validate(corpus, fit=watched, n_splits=4, n_bootstrap=5)
    assert set(sizes) == {2}


def test_without_works_a_random_split_is_no_different_and_left_out() -> None:
    frame = leaking_corpus().frame.drop(columns=["work", "review_id", "position"])
    result = cross_validate(Corpus.from_frame(frame), fit=fit, n_splits=3, n_bootstrap=5)
    assert result.at_random is None
    assert np.isnan(result.leak())
    assert json.loads(result.to_json())["at_random"] is None
    assert set(result.to_frame().split) == {"by work"}
    assert "random" not in str(result)


def test_equal_seeds_give_equal_results(result: CrossValidation) -> None:
    again = cross_validate(leaking_corpus(), fit=fit, n_splits=4, n_bootstrap=20)
    assert again.to_json() == result.to_json()


def test_the_frame_holds_both_splits(result: CrossValidation) -> None:
    frame = result.to_frame()
    assert set(frame.split) == {"by work", "at random"}
    assert list(frame.columns)[:4] == ["split", "standing", "slice", "metric"]


def test_the_html_shows_the_leak(result: CrossValidation) -> None:
    assert f"{result.leak():+.3f}" in result._repr_html_()


def test_the_repr_is_one_line(result: CrossValidation) -> None:
    assert repr(result) == "CrossValidation(leaky: 4-fold cross-validation by work, 8 works)"


def test_points_of_single_models_are_kept_where_all_models_have_them() -> None:
    thresholds = iter(range(1, 99))

    def with_points(part: Corpus) -> SpoilerClassifier:
        point = OperatingPoint(next(thresholds) / 100, 0.5, 0.5, (0.0, 1.0), (0.0, 1.0))
        points = dict.fromkeys(Standing, {"balanced": point} | ({"mine": point} if point.threshold == 0.01 else {}))
        return fit(part).attach(operating_points=points)

    by_work = cross_validate(leaking_corpus(), fit=with_points, n_splits=4, n_bootstrap=5).by_work
    assert [point.name for point in by_work.operating_points] == ["balanced", "balanced"]
    assert all(np.isnan(point.threshold) and point.promised is None for point in by_work.operating_points)


def test_train_is_what_fits_and_gets_the_options() -> None:
    table = make_corpus(works=12, seed=1).frame
    estimator = SpoilerClassifier(vectorizer=SentenceVectorizer(n_buckets=2**10), C=10)
    found = cross_validate(table, n_splits=2, n_bootstrap=5, estimator=estimator).by_work
    assert {point.name for point in found.operating_points} >= {"balanced", "cautious"}


def test_options_of_train_beside_a_fit_of_ones_own_are_refused() -> None:
    with pytest.raises(TypeError, match="n_jobs: options of train have no effect"):
        cross_validate(leaking_corpus(), fit=fit, n_jobs=2)


@pytest.mark.parametrize(
    ("classifier", "note"), [(LogisticRegression(), "no context"), (LinearSVC(), "by calibration")]
)
def test_any_classifier_on_text_may_be_fitted_and_what_has_to_be_known_of_its_scores_is_said(
    classifier: Any, note: str
) -> None:
    table = make_corpus(works=8, seed=1)
    pipeline = make_pipeline(TfidfVectorizer(), classifier)
    found = cross_validate(
        table, fit=lambda part: clone(pipeline).fit(part.sentences, part.labels), n_splits=2, n_bootstrap=5
    )
    assert found.by_work.metric("roc_auc").value > 0.6
    for form in (str(found), found._repr_html_(), found.to_json(), str(found.by_work)):
        assert form.count("The model has no context") == (2 if form == found.to_json() else 1)
        assert note in form
    assert np.isnan(found.by_work.metric("brier_score").value) == isinstance(classifier, LinearSVC)


def test_the_note_of_one_fold_is_that_of_all() -> None:
    kinds = iter([LinearSVC(), *[LogisticRegression() for _ in range(3)]])

    def fit_another(part: Corpus) -> Any:
        return make_pipeline(TfidfVectorizer(), next(kinds)).fit(part.sentences, part.labels)

    found = cross_validate(make_corpus(works=8, seed=1), fit=fit_another, n_splits=2, n_bootstrap=5)
    assert "gives no probabilities" in found.by_work.note
    assert np.isnan(found.by_work.metric("calibration_error").value)
    assert found.at_random is not None
    assert "gives no probabilities" not in found.at_random.note


@pytest.mark.parametrize("n_splits", [0, 1, 9])
def test_fewer_works_than_folds_are_refused(n_splits: int) -> None:
    with pytest.raises(TrainingError, match=f"{n_splits} folds of 8 works"):
        cross_validate(leaking_corpus(), fit=fit, n_splits=n_splits)
