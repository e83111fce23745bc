"""The classifier keeps scikit-learn's contract, which its official checks cannot test where strings go in."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import N_POOLINGS, WIDTH, make_network
from scipy.special import expit
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, get_scorer, make_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

from spoilerguard import (
    Label,
    OperatingPointError,
    SpoilerClassifier,
    classify,
    compare,
    evaluate,
    explain,
    load,
    save,
    train,
)
from spoilerguard.challenge import run_challenge
from spoilerguard.checks import check_corpus
from spoilerguard.context import ReviewContext
from spoilerguard.datasets import load_challenge, make_corpus
from spoilerguard.documents import Standing
from spoilerguard.features import SentenceVectorizer
from spoilerguard.predicting import predict

CORPUS = make_corpus(works=12, reviews=2, sentences=6)
X, Y = CORPUS.sentences, CORPUS.labels
OTHERS = make_corpus(works=6, seed=1)


def small(**options: Any) -> SpoilerClassifier:
    return SpoilerClassifier(**{"vectorizer": SentenceVectorizer(n_buckets=2**12), "C": 1.0, **options})


@pytest.fixture(scope="module")
def fitted() -> SpoilerClassifier:
    return small().fit(X, Y)


def same(one: SpoilerClassifier, other: SpoilerClassifier) -> bool:
    return np.array_equal(one.coef_, other.coef_) and one.intercept_ == other.intercept_


def quality(model: SpoilerClassifier) -> float:
    return float(roc_auc_score(OTHERS.labels, model.decision_function(OTHERS.sentences)))


# parameters --------------------------------------------------------------------------------------------------------


def test_init_stores_what_it_is_given_and_looks_at_nothing() -> None:
    given: dict[str, Any] = {
        "vectorizer": object(),
        "C": "soft",
        "threshold": [1],
        "random_state": {},
        "class_weight": 0,
    }
    model = SpoilerClassifier(**given)
    assert all(getattr(model, name) is value for name, value in given.items())
    assert set(vars(model)) == set(given)


def test_parameters_go_round_and_nested_ones_can_be_set() -> None:
    model = small(threshold=0.3)
    assert clone(model).get_params()["threshold"] == 0.3
    assert model.set_params(C=7, vectorizer__word_ngrams=1).get_params()["vectorizer__word_ngrams"] == 1
    assert SpoilerClassifier(**model.get_params(deep=False)).get_params(deep=False) == model.get_params(deep=False)


def test_a_clone_is_unfitted_and_its_original_stays_as_it_is(fitted: SpoilerClassifier) -> None:
    copy = clone(fitted)
    assert not hasattr(copy, "coef_")
    assert copy.vectorizer is not fitted.vectorizer
    assert not hasattr(fitted.vectorizer, "idf_")


def test_it_says_of_itself_that_it_is_a_classifier() -> None:
    assert is_classifier(SpoilerClassifier())


@pytest.mark.filterwarnings("ignore:Can't test estimator")  # scikit-learn checks only one thing where strings go in
def test_the_official_checks_that_apply_are_passed() -> None:
    check_estimator(SpoilerClassifier())


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"C": 0.0}, "C must be above 0"),
        ({"C": float("nan")}, "C must be above 0"),
        ({"threshold": 1.5}, r"threshold must lie in \[0, 1\]"),
        ({"threshold": float("nan")}, r"threshold must lie in \[0, 1\]"),
        ({"vectorizer": SentenceVectorizer(n_buckets=7)}, "n_buckets"),
    ],
)
def test_a_parameter_out_of_its_range_is_refused_when_fitting(parameters: dict[str, Any], message: str) -> None:
    for learn in (small(**parameters).fit, small(**parameters).partial_fit):
        with pytest.raises(ValueError, match=message):
            learn(X, Y)


# fitting -----------------------------------------------------------------------------------------------------------


def test_fit_returns_itself_and_the_same_model_each_time(fitted: SpoilerClassifier) -> None:
    model = small()
    assert model.fit(X, Y) is model
    assert same(model, fitted)
    assert same(model.fit(X, Y), fitted)


def test_a_smaller_refit_leaves_nothing_of_the_earlier_one() -> None:
    marked: Any = small().fit(X, Y).partial_fit(X, Y)
    marked.attach(context=ReviewContext({}, 1.0), operating_points={Standing.ALONE: {}}, card={"made": "once"})
    again, fresh = marked.fit(X[:40], Y[:40]), small().fit(X[:40], Y[:40])
    assert same(again, fresh)
    assert vars(again).keys() == vars(fresh).keys()
    assert (again.context_, again.operating_points_, again.card_) == (None, {}, {})
    assert again.vectorizer_.n_sentences_ == 40
    assert same(again.partial_fit(X, Y), fresh.partial_fit(X, Y))


def test_what_is_passed_stays_unchanged(fitted: SpoilerClassifier) -> None:
    sentences, labels, weights = list(X), Y.copy(), np.ones(len(Y))
    for array in (labels, weights):
        array.flags.writeable = False
    small().fit(sentences, labels, weights).partial_fit(sentences, labels, sample_weight=weights)
    pickle.loads(pickle.dumps(fitted)).adapt(sentences, labels, weights)
    assert sentences == X


def test_a_failed_fit_leaves_the_model_as_it_was() -> None:
    model = small().fit(X, Y)
    before = model.decision_function(X)
    for wrong in ([1] * len(X), Y[1:]):
        with pytest.raises(ValueError, match=r"classes|labels"):
            model.fit(X, wrong)
    assert model.classes_.tolist() == [0, 1]
    np.testing.assert_array_equal(model.decision_function(X), before)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (Y.tolist(), [0, 1]),
        (Y.astype(bool), [False, True]),
        (Y.astype(float), [0.0, 1.0]),
        (pd.Series(Y, index=range(5, 5 + len(Y))), [0, 1]),
        (np.where(Y == 1, "spoiler", "safe"), ["safe", "spoiler"]),
        (np.where(Y == 1, "spoiler", "safe").astype(object), ["safe", "spoiler"]),
        ([Label.SPOILER if label else Label.SAFE for label in Y], ["safe", "spoiler"]),
    ],
    ids=["int", "bool", "float", "Series", "str", "object", "Label"],
)
def test_labels_come_in_many_kinds_and_go_out_as_they_came(
    fitted: SpoilerClassifier, labels: Any, classes: list[Any]
) -> None:
    model = small().fit(X, labels)
    assert same(model, fitted)
    assert model.classes_.tolist() == classes
    assert set(model.predict(X).tolist()) == set(classes)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1] * len(X), r"needs two classes.*holds \[1\]"),
        ([0, 1, 2] * (len(X) // 3), "needs two classes"),
        (Y[1:], "143 labels: they must match"),
        ([0.0, float("nan")] * (len(X) // 2), "Label 1 of y is missing .NaN or None., and so are 71 more: drop these"),
        (["safe", "spoiler", None] * (len(X) // 3), "Label 2 of y is missing"),
        (pd.Series([True, False, pd.NA] * (len(X) // 3), dtype="boolean"), "Label 2 of y is missing"),
        (
            ["ham", "spam"] * (len(X) // 2),
            r"which of \['ham', 'spam'\] is the spoiler: write labels as 0/1.*y == 'spam'",
        ),
        ([-1, 1] * (len(X) // 2), r"which of \[-1, 1\] is the spoiler"),
        ([1, 2] * (len(X) // 2), r"which of \[1, 2\] is the spoiler"),
        (["yes", "true"] * (len(X) // 2), r"which of \['true', 'yes'\] is the spoiler"),
        (
            ["safe", "Spoiler", "spoiler"] * (len(X) // 3),
            r"holds \['Spoiler', 'safe', 'spoiler'\].*each in one way only",
        ),
        (np.array([0, "spoiler"] * (len(X) // 2), dtype=object), "several kinds: write all as 0/1"),
        (list(range(len(X))), r"holds \[0, 1, 2, 3, 4, ...\]"),
        (np.eye(len(X)), "1d array"),
        ([], "0 labels"),
    ],
    ids=lambda value: None if isinstance(value, str) else ascii(value)[:20],
)
def test_labels_that_teach_nothing_are_refused(labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small().fit(X, labels)


# classes -----------------------------------------------------------------------------------------------------------

PAIRS = [
    *(("safe", "Spoiler"), ("no_spoiler", "has_spoiler"), ("unspoiled", "spoiled"), ("false", "TRUE"), ("0", "1")),
    *(("safe", "SPOILER"), ("Not a spoiler", "Contains spoilers"), ("without spoilers", "with spoilers"), ("N", "Y")),
    *(("non-spoiler", "a spoiler"), ("clean", "spoiler"), ("no", "YES"), ("unspoilt", "spoilt"), ("0.0", "1.0")),
    *((0, 1), (False, True), (0.0, 1.0), ("safe", "spoiler"), ("nospoiler", "isspoiler"), ("False", "True")),
]


@pytest.mark.parametrize(("safe", "spoiler"), PAIRS)
def test_which_class_is_the_spoiler_is_read_from_its_name_and_not_from_the_alphabet(
    fitted: SpoilerClassifier, safe: Any, spoiler: Any
) -> None:
    model = small().fit(X, [spoiler if label else safe for label in Y])
    assert same(model, fitted)
    assert model.classes_.tolist() == sorted([safe, spoiler])
    assert model.classes_[model.spoiler_index_] == spoiler
    np.testing.assert_array_equal(
        model.predict_proba(X)[:, model.spoiler_index_], fitted.predict_proba(X)[:, fitted.spoiler_index_]
    )
    assert (model.predict(X) == spoiler).tolist() == (fitted.predict(X) == 1).tolist()
    assert classify(X[:9], model=model) == classify(X[:9], model=fitted)
    assert explain(X[:9], model=model) == explain(X[:9], model=fitted)
    model.set_params(threshold=0.9)
    assert (model.predict(X) == spoiler).tolist() == (fitted.predict_proba(X)[:, 1] >= 0.9).tolist()


@pytest.mark.parametrize(("safe", "spoiler"), PAIRS[:5])
def test_classes_of_any_order_are_learnt_on_stored_and_evaluated(
    safe: Any, spoiler: Any, fitted: SpoilerClassifier, tmp_path: Any
) -> None:
    labels = [spoiler if label else safe for label in Y]
    model = small().fit(X, labels)
    save(model, tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.classes_.tolist() == model.classes_.tolist()
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    with pytest.warns(UserWarning, match="in the model's training"):
        assert evaluate(again, CORPUS, n_bootstrap=5).metric("roc_auc").value > 0.9
    learnt, known = again.partial_fit(X, labels), pickle.loads(pickle.dumps(fitted)).partial_fit(X, Y)
    assert same(learnt, known)
    assert same(learnt.adapt(X, Y), known.adapt(X, Y))
    streamed = small().partial_fit(X[:40], labels[:40], classes=[spoiler, safe]).partial_fit(X[40:], labels[40:])
    assert same(streamed, small().partial_fit(X[:40], Y[:40], classes=[0, 1]).partial_fit(X[40:], Y[40:]))


@pytest.mark.parametrize(("safe", "spoiler"), [("safe", "Spoiler"), ("0", "1")])  # sorted first, and second
def test_scikit_learn_gets_columns_signs_and_scores_of_the_classes_that_it_sorts(safe: Any, spoiler: Any) -> None:
    labels = np.array([spoiler if label else safe for label in Y])
    model = small().fit(X, labels)
    second = labels == np.unique(labels)[1]
    for scores in (model.decision_function(X), model.predict_proba(X)[:, 1], model.predict_log_proba(X)[:, 1]):
        assert roc_auc_score(second, scores) > 0.9
    held_out = cross_val_predict(small(), X, labels, groups=CORPUS.groups, cv=GroupKFold(3), method="predict_proba")
    assert roc_auc_score(second, held_out[:, 1]) > 0.7
    for scoring in ("roc_auc", "neg_log_loss", make_scorer(f1_score, pos_label=spoiler)):
        right = cross_val_score(small(), X, labels, groups=CORPUS.groups, cv=GroupKFold(3), scoring=scoring)
        usual = make_scorer(f1_score) if callable(scoring) else scoring
        expected = cross_val_score(small(), X, Y, groups=CORPUS.groups, cv=GroupKFold(3), scoring=usual)
        np.testing.assert_allclose(right, expected)
    calibrated = CalibratedClassifierCV(small(), cv=2).fit(X, labels)
    column = calibrated.classes_.tolist().index(spoiler)
    assert roc_auc_score(OTHERS.labels, calibrated.predict_proba(OTHERS.sentences)[:, column]) > 0.75


def test_no_sentences_are_refused_by_fit_and_answered_by_predict(fitted: SpoilerClassifier) -> None:
    with pytest.raises(ValueError, match="needs two classes"):
        small().fit([], [])
    assert fitted.predict([]).shape == fitted.decision_function([]).shape == fitted.certain([]).shape == (0,)
    assert fitted.predict_proba([]).shape == fitted.predict_log_proba([]).shape == (0, 2)


METHODS: list[Callable[[SpoilerClassifier, Any], Any]] = [
    lambda model, X: model.decision_function(X),
    lambda model, X: model.predict(X),
    lambda model, X: model.predict_proba(X),
    lambda model, X: model.predict_log_proba(X),
    lambda model, X: model.certain(X),
    lambda model, X: model.adapt(X, [1]),
]


@pytest.mark.parametrize("method", METHODS)
def test_what_was_never_fitted_says_so(method: Callable[[SpoilerClassifier, Any], Any]) -> None:
    with pytest.raises(NotFittedError, match="SpoilerClassifier"):
        method(small(), ["He dies."])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("He dies.", "got str: pass a list of strings"),
        (None, "got NoneType: pass a list of strings"),
        (np.array("He dies."), "got ndarray: pass a list of strings"),
        (pd.DataFrame({"a": ["He dies."], "b": ["Fine."]}), "got DataFrame: pass one of its columns"),
        (np.array([["He dies.", "Fine."]]), "got ndarray: pass one of its columns"),
        (np.array([[["He dies."]]]), "got ndarray"),
        (pd.DataFrame({"sentence": ["He dies.", None]}), "Element 1 is None|Element 1 is nan"),
        (np.array([[1.0]]), "not a string"),
        ([None], "not a string"),
        ([b"He dies."], "not a string"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_list_of_sentences_is_refused(fitted: SpoilerClassifier, wrong: Any, message: str) -> None:
    for method in METHODS:
        with pytest.raises(TypeError, match=message):
            method(fitted, wrong)
    for learn in (small().fit, small().partial_fit):
        with pytest.raises(TypeError, match=message):
            learn(wrong, [1])


@pytest.mark.parametrize(
    "column",
    [
        lambda texts: pd.DataFrame({"sentence": texts}),
        lambda texts: pd.DataFrame({"sentence": pd.Series(texts, dtype="string")}),
        lambda texts: np.array(texts)[:, None],
        lambda texts: np.array(texts, dtype=object).reshape(-1, 1),
    ],
    ids=["DataFrame", "string dtype", "2-d array", "2-d array of objects"],
)
def test_a_table_of_one_column_is_as_good_as_its_column(fitted: SpoilerClassifier, column: Any) -> None:
    assert same(small().fit(column(X), Y), fitted)
    assert same(small().partial_fit(column(X), Y).adapt(column(X), Y), small().partial_fit(X, Y).adapt(X, Y))
    for method in METHODS[:-1]:
        np.testing.assert_array_equal(method(fitted, column(X)), method(fitted, X))


def test_a_column_transformer_passes_texts_on(fitted: SpoilerClassifier) -> None:
    table = pd.DataFrame({"length": [len(sentence) for sentence in X], "sentence": X})
    chosen = ColumnTransformer([("text", "passthrough", ["sentence"])])
    pipeline = Pipeline([("columns", chosen), ("model", small())]).fit(table, Y)
    np.testing.assert_array_equal(pipeline.predict_proba(table), fitted.predict_proba(X))


def test_a_model_knows_that_it_reads_one_column(fitted: SpoilerClassifier) -> None:
    assert fitted.n_features_in_ == 1
    assert not hasattr(SpoilerClassifier(), "n_features_in_")
    assert not hasattr(fitted, "feature_names_in_")


def test_a_learning_that_was_cut_short_leaves_an_unfitted_model(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small()
    monkeypatch.setattr("spoilerguard.model.start_stream", None)
    with pytest.raises(TypeError, match="NoneType"):
        model.partial_fit(X, Y)
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_a_model_shows_itself_on_one_short_line_whatever_it_holds(default_model: SpoilerClassifier) -> None:
    assert repr(SpoilerClassifier()) == "SpoilerClassifier()"
    vectorizer = "vectorizer=SentenceVectorizer(n_buckets=4096)"
    assert repr(small(threshold=0.3)) == f"SpoilerClassifier(C=1.0, threshold=0.3, {vectorizer})"
    assert repr(small(C=np.ones(99), vectorizer=object())) == "SpoilerClassifier(C=<ndarray>, vectorizer=<object>)"
    for model in (default_model, clone(default_model)):
        assert len(repr(model)) < 200
        assert "array(" not in repr(model)


def test_what_people_look_at_shows_itself_on_one_short_line(default_model: SpoilerClassifier) -> None:
    vectorizer, documents = default_model.vectorizer_, CORPUS.documents
    results: list[Any] = [
        *(default_model, vectorizer, vectorizer.encoder, vectorizer.encoder.vocabulary, default_model.context_),  # type: ignore[union-attr]
        *(CORPUS, documents, predict(default_model, documents), check_corpus(CORPUS), run_challenge(default_model)),
        *(evaluate(default_model, CORPUS, n_bootstrap=5), load_challenge()),
        compare(default_model, default_model, CORPUS, n_bootstrap=5),
    ]
    for result in results:
        assert repr(result).startswith(f"{type(result).__name__}(")
        assert len(repr(result)) <= 160, repr(result)
        assert "\n" not in repr(result)


# weights -----------------------------------------------------------------------------------------------------------


def test_a_weight_of_two_is_a_sentence_twice_over_the_same_vectors() -> None:
    # How rare an n-gram is, is counted in sentences; with that held fixed the heads agree.
    vectorizer = SentenceVectorizer(n_buckets=2**12).fit(X)
    weights = np.where(np.arange(len(X)) % 3 == 0, 2.0, 1.0)
    rows = np.repeat(np.arange(len(X)), weights.astype(int))
    weighted, repeated = small().fit(X, Y, weights), small().fit([X[row] for row in rows], Y[rows])
    vectors = vectorizer.transform(OTHERS.sentences)
    one, other = (vectors @ model.coef_ + model.intercept_ for model in (weighted, repeated))
    np.testing.assert_allclose(one, other, atol=0.1)


@pytest.mark.parametrize(
    ("class_weight", "safe", "spoiler"),
    [
        ({0: 1, 1: 5}, 1.0, 5.0),
        ({"spoiler": 5}, 1.0, 5.0),
        ({Label.SAFE: 0.5, Label.SPOILER: 2.0}, 0.5, 2.0),
        ({True: 3, False: np.float32(1)}, 1.0, 3.0),
        ("balanced", len(Y) / (2 * (Y == 0).sum()), len(Y) / (2 * Y.sum())),
    ],
    ids=repr,
)
def test_classes_count_as_much_as_their_weight(class_weight: Any, safe: float, spoiler: float, tmp_path: Any) -> None:
    each = np.where(Y == 1, spoiler, safe)
    model = small(class_weight=class_weight).fit(X, Y)
    assert same(model, small().fit(X, Y, each))
    assert same(small(class_weight=class_weight).fit(X, Y, np.full(len(Y), 2.0)), small().fit(X, Y, 2 * each))
    head = LogisticRegression(C=1.0, solver="liblinear", class_weight={0: safe, 1: spoiler}, random_state=0)
    coef = head.fit(model.vectorizer_.transform(X), Y).coef_[0]
    np.testing.assert_allclose(model.coef_, coef, atol=1e-2)
    assert same(model.adapt(X, Y), small().fit(X, Y, each).adapt(X, Y, each))
    save(clone(model).fit(X, Y), tmp_path / "model")
    assert same(clone(load(tmp_path / "model")).fit(X, Y), small().fit(X, Y, each))
    assert clone(model).get_params()["class_weight"] == class_weight


def test_a_stream_takes_weights_of_classes_that_do_not_hang_on_the_rest_of_it() -> None:
    each = np.where(Y == 1, 5.0, 1.0)
    assert same(small(class_weight={1: 5}).partial_fit(X, Y), small().partial_fit(X, Y, sample_weight=each))
    with pytest.raises(ValueError, match="needs all labels at once: give partial_fit a dict"):
        small(class_weight="balanced").partial_fit(X, Y)


@pytest.mark.parametrize("wrong", ["much", {"ham": 1}, {1: -1}, {1: float("nan")}, {1: "2"}, [1, 2], 3], ids=repr)
def test_weights_of_classes_that_are_none_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="class_weight must"):
        small(class_weight=wrong).fit(X, Y)


def test_a_sentence_without_weight_does_not_move_the_head() -> None:
    weights = np.where(np.arange(len(X)) < 100, 1.0, 0.0)
    turned = np.where(weights > 0, Y, 1 - Y)
    one, other = small().fit(X, Y, weights), small().fit(X, turned, weights)
    np.testing.assert_allclose(one.coef_, other.coef_, atol=1e-2)


@pytest.mark.parametrize("weights", [[1.0], [[1.0] * len(X)], [float("nan")] * len(X), ["much"] * len(X)])
def test_weights_that_are_none_are_refused(weights: Any) -> None:
    with pytest.raises(ValueError, match=r"weight|NaN|convert|array"):
        small().fit(X, Y, weights)


# answers -----------------------------------------------------------------------------------------------------------


@given(sentences=st.lists(st.text(max_size=30), max_size=5))
def test_probabilities_are_those_of_the_logits_and_rows_add_up_to_one(
    fitted: SpoilerClassifier, sentences: list[str]
) -> None:
    probabilities, logits = fitted.predict_proba(sentences), fitted.decision_function(sentences)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    np.testing.assert_array_equal(probabilities[:, 1], expit(logits))
    for row, sentence in enumerate(sentences):
        assert fitted.decision_function([sentence])[0] == logits[row]


def test_logarithms_of_probabilities_are_those_of_the_probabilities_and_stay_finite(fitted: SpoilerClassifier) -> None:
    model = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(model.predict_proba(X)))
    model.intercept_ = -1000.0
    assert (model.predict_log_proba(X)[:, 1] < -900).all()
    assert np.isfinite(model.predict_log_proba(X)).all()


def test_a_sentence_is_a_spoiler_from_the_threshold_on(fitted: SpoilerClassifier) -> None:
    model = pickle.loads(pickle.dumps(fitted))
    spoiler = model.predict_proba(X)[:, 1]
    for threshold in (0.0, 0.2, float(spoiler[0]), 0.9, 1.0):
        model.set_params(threshold=threshold)
        np.testing.assert_array_equal(model.predict(X), (spoiler >= threshold).astype(int))


@pytest.mark.parametrize("threshold", [None, 0.0, 0.95, "cautious", "high_precision"], ids=str)
def test_predict_and_classify_take_the_same_threshold(threshold: Any, trained_model: SpoilerClassifier) -> None:
    model = pickle.loads(pickle.dumps(trained_model)).set_params(threshold=threshold)
    sentences = make_corpus(works=10, seed=3).sentences
    verdicts = classify(sentences, model=model)
    assert model.predict(sentences).tolist() == [str(verdict.label) for verdict in verdicts]
    asked = "balanced" if threshold is None else threshold
    assert verdicts == classify(sentences, model=trained_model, threshold=asked)
    assert clone(model).get_params()["threshold"] == threshold


def test_a_threshold_that_a_model_does_not_have_is_refused_by_predict(trained_model: SpoilerClassifier) -> None:
    model = pickle.loads(pickle.dumps(trained_model))
    for wrong, error in (("cautios", OperatingPointError), (1.5, ValueError), ([0.5], TypeError)):
        with pytest.raises(error):
            model.set_params(threshold=wrong).predict(["He dies."])


def test_it_learns_and_the_seed_changes_nothing_that_matters(fitted: SpoilerClassifier) -> None:
    assert quality(fitted) > 0.75
    assert quality(small(random_state=7).fit(X, Y)) == pytest.approx(quality(fitted), abs=0.01)


def network() -> SentenceVectorizer:
    return SentenceVectorizer(n_buckets=2**10, encoder=make_network(X))


def test_an_encoder_is_used_and_cloned_with_the_rest() -> None:
    model = clone(small(vectorizer=network())).fit(X, Y)
    assert model.coef_.shape == (2 * 2**10 + N_POOLINGS * WIDTH,)
    assert model.coef_[2 * 2**10 :].any()
    assert same(pickle.loads(pickle.dumps(model)), model)


def test_vectors_that_are_known_change_no_fit_no_adapting_and_no_logit() -> None:
    vectors = network().encode(X)
    known, plain = small(vectorizer=network()).fit(X, Y, vectors=vectors), small(vectorizer=network()).fit(X, Y)
    assert plain.coef_[2 * 2**10 :].any()
    assert same(known, plain)
    np.testing.assert_array_equal(known.decision_function(X, vectors), plain.decision_function(X))
    turned = 1 - np.asarray(Y)
    assert same(known.adapt(X, turned, vectors=vectors), plain.adapt(X, turned))


def test_vectors_that_are_given_are_believed() -> None:
    vectors = network().encode(X)
    model = small(vectorizer=network()).fit(X, Y, vectors=-vectors)
    plain = small(vectorizer=network()).fit(X, Y)
    # the penalty has no preference for a sign, and the solver stops near the same place
    np.testing.assert_allclose(model.coef_[2 * 2**10 :], -plain.coef_[2 * 2**10 :], atol=1e-2)
    moved = (2 * vectors * plain.coef_[2 * 2**10 :].astype(np.float64)).sum(axis=1)
    found = plain.decision_function(X, -vectors)
    np.testing.assert_allclose(found, plain.decision_function(X) - moved, rtol=0, atol=1e-9)


def test_flags_teach_the_same_as_labels_and_name_the_classes(fitted: SpoilerClassifier) -> None:
    model = small().fit_flags(X, Y)
    assert same(model, fitted)
    assert model.classes_.tolist() == ["safe", "spoiler"]


def test_weights_cannot_be_changed_in_place_so_that_what_is_made_of_them_holds(fitted: SpoilerClassifier) -> None:
    with pytest.raises(ValueError, match="read-only"):
        fitted.coef_[0] = 1


def test_weights_set_anew_are_used(fitted: SpoilerClassifier) -> None:
    model = pickle.loads(pickle.dumps(fitted))
    model.decision_function(X)
    model.coef_ = np.zeros_like(model.coef_)
    np.testing.assert_array_equal(model.decision_function(X), np.full(len(X), model.intercept_))


def test_certain_asks_for_four_words_most_of_them_known(fitted: SpoilerClassifier) -> None:
    model = small(vectorizer=SentenceVectorizer()).fit(X, Y)
    sentences = [
        X[0],
        " ".join(X[0].split()[:3]),
        "Der Mörder ist der Gärtner.",
        "! ? , . ; :",
        "",
        "killed killed !!! ...",
    ]
    assert model.certain(sentences).tolist() == [True, False, False, False, False, False]


def test_calibration_absorbed_gives_rescaled_logits(fitted: SpoilerClassifier) -> None:
    model = pickle.loads(pickle.dumps(fitted))
    assert model.absorb_calibration(1.5, -2.0) is model
    np.testing.assert_allclose(model.decision_function(X), 1.5 * fitted.decision_function(X) - 2, rtol=1e-2, atol=1e-2)


# company -----------------------------------------------------------------------------------------------------------


def test_it_works_in_pipelines_searches_and_folds_by_work() -> None:
    pipeline = Pipeline([("lower", FunctionTransformer(lambda X: [x.lower() for x in X])), ("model", small())])
    search = GridSearchCV(pipeline, {"model__C": [0.1, 1.0]}, cv=GroupKFold(3), scoring="roc_auc", error_score="raise")
    search.fit(X, Y, groups=CORPUS.groups)
    assert search.best_score_ > 0.7
    held_out = cross_val_predict(small(), X, Y, groups=CORPUS.groups, cv=GroupKFold(3), method="predict_proba")
    assert held_out.shape == (len(X), 2)
    assert cross_val_score(small(), X, Y, cv=2, scoring="average_precision", error_score="raise").shape == (2,)


def test_it_can_be_calibrated() -> None:
    calibrated = CalibratedClassifierCV(small(), cv=2).fit(X, Y)
    assert roc_auc_score(OTHERS.labels, calibrated.predict_proba(OTHERS.sentences)[:, 1]) > 0.75


def test_weights_are_routed_through_searches_and_pipelines() -> None:
    weights = np.where(np.arange(len(X)) % 3 == 0, 5.0, 0.5)
    with config_context(enable_metadata_routing=True):
        routed = small().set_fit_request(sample_weight=True, sources=False, vectors=False)
        scorer = get_scorer("roc_auc").set_score_request(sample_weight=False)
        search = GridSearchCV(routed, {"C": [1.0]}, cv=2, scoring=scorer, error_score="raise")
        found = search.fit(X, Y, sample_weight=weights).best_estimator_
        piped = Pipeline([("model", routed)]).fit(X, Y, sample_weight=weights)["model"]
        deaf = Pipeline([("model", small().set_fit_request(sample_weight=False))])
        with pytest.raises(TypeError, match="sample_weight"):
            deaf.fit(X, Y, sample_weight=weights)
    expected = small().fit(X, Y, weights)
    assert same(found, expected)
    assert same(piped, expected)


def test_a_pickle_brings_back_the_same_model(fitted: SpoilerClassifier) -> None:
    again = pickle.loads(pickle.dumps(fitted))
    assert same(again, fitted)
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))


# learning on -------------------------------------------------------------------------------------------------------


def stream(model: SpoilerClassifier, corpus: Any = CORPUS, size: int = 36) -> SpoilerClassifier:
    for first in range(0, len(corpus), size):
        part = slice(first, first + size)
        model.partial_fit(corpus.sentences[part], corpus.labels[part], classes=[0, 1])
    return model


def test_one_pass_in_parts_learns_and_is_repeatable() -> None:
    many = make_corpus(works=60, seed=2)
    model = stream(small(), many)
    assert quality(model) > 0.75
    assert same(model, stream(small(), many))


def test_a_part_with_one_class_is_welcome_once_the_classes_are_known() -> None:
    model = small()
    with pytest.raises(ValueError, match="two classes"):
        model.partial_fit(["Great music."], ["safe"])
    model.partial_fit(["Great music."], ["safe"], classes=["safe", "spoiler"])
    before = model.decision_function(["Qwer asdf dies."])[0]
    for _ in range(20):
        model.partial_fit(["Qwer asdf dies."], ["spoiler"])
    assert model.decision_function(["Qwer asdf dies."])[0] > before
    assert model.classes_.tolist() == ["safe", "spoiler"]
    with pytest.raises(ValueError, match=r"labels other than \['safe', 'spoiler'\], such as 0: write them alike"):
        model.partial_fit(["Great music."], [0])


@pytest.mark.parametrize(
    ("label", "classes"),
    [
        (1, [0, 1]),
        (True, [False, True]),
        (0, np.array([1, 0])),
        ("Spoiler", ("safe", "Spoiler")),
        ("no", ["no", "yes"]),
    ],
)
def test_the_first_part_may_hold_one_class_where_both_are_named(label: Any, classes: Any) -> None:
    model = small().partial_fit(X[:5], [label] * 5, classes=classes)
    assert model.classes_.tolist() == sorted(classes)
    assert set(model.partial_fit(X[5:], [classes[y] for y in Y[5:]]).predict(X)) <= set(classes)


def test_one_class_alone_names_the_remedy() -> None:
    with pytest.raises(ValueError, match="classes= names both"):
        small().partial_fit(X[:5], [1] * 5)


# promises ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["partial_fit", "adapt"])
def test_learning_on_takes_back_what_was_measured_and_says_so_once(
    method: str, trained_model: SpoilerClassifier, tmp_path: Any
) -> None:
    model = pickle.loads(pickle.dumps(trained_model))
    labels = [1, 0] if method == "adapt" else ["spoiler", "safe"]
    learn = getattr(model, method)
    message = f"{method} has learnt .* threshold is now 0.5.*train.corpus, base=model"
    with pytest.warns(UserWarning, match=message) as caught:
        learn(["The zeppelin explodes.", "Fine music."], labels)
    assert [warning.filename for warning in caught] == [__file__]
    learn(["The zeppelin explodes.", "Fine music."], labels)  # a second warning would be an error
    assert model.operating_points_ == {}
    assert next(iter(model.card_)) == "Changed after training"
    assert list(model.card_)[1:] == list(trained_model.card_)
    assert model.context_ is not None
    with pytest.raises(OperatingPointError, match="it has none"):
        classify("He dies.", model=model, threshold="cautious")
    save(model, tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.card_ == model.card_
    again.partial_fit(["Fine music."], ["safe"])  # no warning here either


def test_a_name_that_stands_for_no_threshold_any_more_is_said(trained_model: SpoilerClassifier) -> None:
    model = copy.deepcopy(trained_model).set_params(threshold="cautious")
    with pytest.warns(UserWarning, match="threshold is 'cautious', which names none any more: set another"):
        model.adapt(["The zeppelin explodes."], [1])
    with pytest.raises(OperatingPointError, match="no operating point 'cautious'"):
        model.predict(["He dies."])


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["copy", "pickle"]
)
def test_the_weights_of_a_copy_are_read_only_too(copied: Any, fitted: SpoilerClassifier) -> None:
    with pytest.raises(ValueError, match="read-only"):
        copied(fitted).coef_[0] = 1


def test_training_on_a_base_measures_anew_and_does_not_warn(trained_model: SpoilerClassifier) -> None:
    model = train(make_corpus(works=12, seed=5), base=trained_model, n_splits=2)
    assert set(model.operating_points_) == set(trained_model.operating_points_)
    assert "Changed after training" not in model.card_
    assert trained_model.operating_points_


def test_a_model_without_measurements_learns_on_in_silence(fitted: SpoilerClassifier) -> None:
    model = pickle.loads(pickle.dumps(fitted)).partial_fit(X[:2], Y[:2]).adapt(X, Y)
    assert model.card_ == {}


def test_a_loaded_model_learns_on(fitted: SpoilerClassifier, tmp_path: Any) -> None:
    save(fitted, tmp_path / "model")
    model = load(tmp_path / "model")
    new = ["The zeppelin explodes over Zanzibar."]
    before, old = model.decision_function(new)[0], quality(model)
    for _ in range(10):
        model.partial_fit(new, [1])
    assert model.decision_function(new)[0] > before
    assert quality(model) > old - 0.05


def test_partial_fit_after_fit_goes_on_from_its_weights(fitted: SpoilerClassifier) -> None:
    model = pickle.loads(pickle.dumps(fitted)).partial_fit(X[:1], Y[:1])
    np.testing.assert_allclose(model.decision_function(X), fitted.decision_function(X), atol=0.5)


def test_adapting_keeps_the_old_ranking_and_learns_the_new(fitted: SpoilerClassifier) -> None:
    new = [
        f"The zeppelin {verb} over {place}."
        for verb in ("explodes", "hovers")
        for place in "Rome Bonn Oslo Bern".split()
    ]
    labels = [True] * 4 + [False] * 4
    model = pickle.loads(pickle.dumps(fitted))
    assert model.adapt(X + new * 5, np.concatenate([Y.astype(bool), labels * 5])) is model
    assert quality(model) > quality(fitted) - 0.05
    assert roc_auc_score(labels, model.decision_function(new)) == 1
    assert roc_auc_score(labels, fitted.decision_function(new)) < 1


@pytest.mark.parametrize("weights", [[1, np.nan], [1, np.inf], [1]], ids=str)
def test_adapting_refuses_weights_that_are_none_and_changes_nothing(fitted: SpoilerClassifier, weights: Any) -> None:
    model = copy.deepcopy(fitted)
    with pytest.raises(ValueError, match=r"(?i)sample[_ ]weight"):
        model.adapt(["Great music.", "He dies."], [0, 1], weights)
    assert np.array_equal(model.coef_, fitted.coef_)


@pytest.mark.parametrize(
    ("labels", "message"),
    [(["safe", "spoiler"], "True or 1"), ([0, 2], "True or 1"), ([0], "numbers of samples|inconsistent")],
)
def test_adapting_takes_truth_values_only(fitted: SpoilerClassifier, labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pickle.loads(pickle.dumps(fitted)).adapt(["Great music.", "He dies."], labels)


# sources -----------------------------------------------------------------------------------------------------------


def test_no_word_stands_for_its_source() -> None:
    frame = CORPUS.frame
    rich = make_corpus(works=12, spoilers=0.9, seed=4).frame
    sentences = [*frame["sentence"], *("Wikipedia: " + rich["sentence"])]
    labels, sources = [*Y, *rich["spoiler"]], ["review"] * len(frame) + ["wiki"] * len(rich)
    blind = small().fit(sentences, labels).decision_function(["Wikipedia"])[0]
    aware = small().fit(sentences, labels, sources=sources)
    assert aware.decision_function(["Wikipedia"])[0] - aware.intercept_ < blind - aware.intercept_
    assert aware.coef_.shape == (2 * 2**12,)
    assert quality(aware) > 0.75


def test_one_source_is_as_none(fitted: SpoilerClassifier) -> None:
    np.testing.assert_allclose(small().fit(X, Y, sources=["review"] * len(X)).coef_, fitted.coef_, atol=1e-3)


def test_many_sources_cost_no_more_than_sentences() -> None:
    sentences = [f"{sentence} {number}" for number in range(40) for sentence in X]
    small().fit(sentences, np.tile(Y, 40), sources=[f"page {row % 3000}" for row in range(len(sentences))])
