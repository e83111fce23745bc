"""Classifiers that are not ours, beside ours: which class is the spoiler, what is scored, and what is refused."""

from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from spoilerguard.corpus import Corpus
from spoilerguard.datasets import make_corpus
from spoilerguard.evaluation import compare, evaluate
from spoilerguard.model import SpoilerClassifier

LEARNT = make_corpus(works=12, seed=2)
X, Y = LEARNT.sentences, LEARNT.labels


def on_words(classifier: Any) -> Any:
    return make_pipeline(TfidfVectorizer(), classifier)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return make_corpus(works=10, seed=1)


@pytest.fixture(scope="module")
def baseline() -> Any:
    return on_words(LogisticRegression()).fit(X, Y)


def test_a_pipeline_is_measured_by_its_probabilities_alone_and_in_review(corpus: Corpus, baseline: Any) -> None:
    report = evaluate(baseline, corpus, n_bootstrap=5)
    probability = baseline.predict_proba(corpus.sentences)[:, 1]
    assert report.metric("roc_auc", "alone").value == pytest.approx(roc_auc_score(corpus.labels, probability))
    assert report.metric("brier_score", "alone").value == pytest.approx(brier_score_loss(corpus.labels, probability))
    inside = corpus.in_review
    in_review = report.metric("roc_auc", "in review").value
    assert in_review == pytest.approx(roc_auc_score(corpus.labels[inside], probability[inside]))
    assert "The model has no context" in report.note
    assert {(point.name, point.threshold) for point in report.operating_points} == {("default", 0.5)}


@pytest.mark.parametrize(
    "classifier",
    [
        on_words(LinearSVC()),
        CalibratedClassifierCV(SpoilerClassifier(), cv=2),
        GridSearchCV(SpoilerClassifier(), {"C": [0.02]}, cv=2),
        Pipeline([("model", SpoilerClassifier())]),
        VotingClassifier([("ours", SpoilerClassifier()), ("words", on_words(LogisticRegression()))], voting="soft"),
    ],
    ids=["decision function only", "calibrated ours", "grid search", "ours last", "voting"],
)
def test_any_scikit_learn_classifier_on_text_can_be_compared_with_ours(corpus: Corpus, classifier: Any) -> None:
    comparison = compare("default", classifier.fit(X, Y), corpus, n_bootstrap=5)
    assert comparison.difference("roc_auc").b.value > 0.6
    assert comparison.notes[0].startswith("the second: The model has no context")


@pytest.mark.parametrize(
    ("safe", "spoiler"),
    [
        (0, 1),
        (False, True),
        ("safe", "spoiler"),
        ("no_spoiler", "has_spoiler"),
        ("unspoiled", "Spoiled"),
        ("no", "yes"),
    ],
)
@pytest.mark.parametrize("kind", [LogisticRegression, LinearSVC])
def test_the_spoiler_class_is_found_by_its_name_wherever_it_sorts(
    corpus: Corpus, baseline: Any, kind: Any, safe: Any, spoiler: Any
) -> None:
    model = on_words(kind()).fit(X, [spoiler if label else safe for label in Y])
    found = evaluate(model, corpus, n_bootstrap=5).metric("roc_auc").value
    assert found == pytest.approx(evaluate(baseline, corpus, n_bootstrap=5).metric("roc_auc").value, abs=0.1)
    assert found > 0.6


def test_probabilities_of_minor_and_major_spoilers_are_added_up(corpus: Corpus) -> None:
    kinds = np.where(Y == 1, np.where(np.arange(len(Y)) % 2, "minor spoiler", "major spoiler"), "safe")
    model = on_words(LogisticRegression()).fit(X, kinds)
    spoils = model.predict_proba(corpus.sentences)[:, :2].sum(axis=1)
    found = evaluate(model, corpus, n_bootstrap=5).metric("roc_auc", "alone").value
    assert found == pytest.approx(roc_auc_score(corpus.labels, spoils))


def test_a_decision_function_ranks_and_labels_and_has_no_calibration(corpus: Corpus) -> None:
    model = on_words(LinearSVC()).fit(X, Y)
    report = evaluate(model, corpus, n_bootstrap=5)
    assert "Pipeline gives no probabilities, so it is judged by its ranking" in report.note
    right = (model.predict(corpus.sentences) == corpus.labels).mean()
    assert report.metric("accuracy", "alone").value == pytest.approx(right)
    comparison = compare("default", model, corpus, n_bootstrap=5)
    for metric in ("brier_score", "calibration_error"):
        assert np.isnan(report.metric(metric).value)
        assert comparison.difference(metric).verdict == "cannot tell"
        assert not np.isnan(comparison.difference(metric).a.value)
        assert np.isnan(comparison.difference(metric).b.value)
        assert np.isnan(comparison.difference(metric).p_value)


def test_probabilities_of_zero_and_one_are_measured_too(corpus: Corpus) -> None:
    class Sure:
        classes_ = np.array([0, 1])

        def predict_proba(self, sentences: list[str]) -> np.ndarray:
            p = np.resize([0.0, 0.3, 1.0], len(sentences))
            return np.column_stack([1 - p, p])

    model: Any = Sure()
    brier = brier_score_loss(corpus.labels, model.predict_proba(corpus.sentences)[:, 1])
    assert evaluate(model, corpus, n_bootstrap=5).metric("brier_score", "alone").value == pytest.approx(brier)


@pytest.mark.parametrize(
    "unfitted",
    [
        on_words(LogisticRegression()),
        GridSearchCV(SpoilerClassifier(), {"C": [0.02]}),
        CalibratedClassifierCV(SpoilerClassifier()),
        SpoilerClassifier(),
    ],
    ids=lambda model: type(model).__name__,
)
def test_an_unfitted_classifier_is_refused_as_scikit_learn_does(corpus: Corpus, unfitted: Any) -> None:
    with pytest.raises(NotFittedError):
        evaluate(unfitted, corpus)
    with pytest.raises(NotFittedError):
        compare("default", unfitted, corpus)


@pytest.mark.parametrize(
    ("classifier", "labels", "error", "message"),
    [
        (on_words(LogisticRegression()), np.where(Y == 1, "ham", "spam"), ValueError, r"'ham', 'spam': which is the"),
        (on_words(LogisticRegression()), 2 * Y.astype(int) - 1, ValueError, r"classes -1, 1: which .* 0/1, true/false"),
        (DummyClassifier(), np.ones_like(Y), ValueError, r"classes 1: .* labels of both kinds"),
        (on_words(Ridge()), Y, TypeError, r"not a fitted classifier: it has no classes_"),
        (VotingClassifier([("a", on_words(LogisticRegression()))]), Y, TypeError, r"gives labels only"),
        (on_words(DecisionTreeClassifier()), Y, ValueError, r"hard labels"),
    ],
)
def test_what_cannot_be_ranked_is_refused_in_one_sentence(
    corpus: Corpus, classifier: Any, labels: np.ndarray, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        evaluate(classifier.fit(X, labels), corpus)


def test_a_classifier_on_numbers_is_told_to_take_text(corpus: Corpus) -> None:
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(TypeError, match=r"LogisticRegression cannot score a list of sentences: .*make_pipeline"):
        evaluate(model, corpus)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (np.full((3, 2), 0.5), r"array of shape \(3, 2\), not "),
        (np.full(4, 0.5), r"array of shape"),
    ],
)
def test_probabilities_of_another_shape_are_refused(corpus: Corpus, scores: np.ndarray, message: str) -> None:
    class Odd:
        classes_ = np.array(["safe", "spoiler"])

        def predict_proba(self, sentences: list[str]) -> np.ndarray:
            return scores

    odd: Any = Odd()
    with pytest.raises(ValueError, match=message):
        evaluate(odd, corpus)
