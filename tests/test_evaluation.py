"""Reports: what each metric means, on scores that are chosen so that the answer is known."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.metrics import brier_score_loss, precision_score, recall_score, roc_auc_score

import spoilerguard
from spoilerguard.bundled import default_model as bundled_model
from spoilerguard.calibration import OperatingPoint
from spoilerguard.context import ReviewContext
from spoilerguard.corpus import Corpus
from spoilerguard.datasets import load_reviews
from spoilerguard.documents import Standing
from spoilerguard.errors import CorpusError
from spoilerguard.evaluation import Report, evaluate, evaluate_probabilities, scored_corpus
from spoilerguard.evaluation.evaluating import report_of
from spoilerguard.evaluation.metrics import headline_metrics
from spoilerguard.evaluation.scored_corpus import ScoredCorpus
from spoilerguard.evaluation.slices import SLICES
from spoilerguard.model import SpoilerClassifier
from spoilerguard.predicting import predict

ALONE, IN_REVIEW = Standing
LABELLED = {
    "He dies at the end.": 1,
    "The killer is the nurse.": 1,
    "She turns out to be his sister.": 1,
    "In the end they all drown.": 1,
    "Great music.": 0,
    "The acting is fine.": 0,
    "I saw it at a small cinema.": 0,
    "The camera work is lovely throughout.": 0,
}


def corpus_of(n: int = 600, *, works: int = 30, size: int = 6, seed: int = 0, **columns: Any) -> Corpus:
    """Reviews of `size` sentences, one spoiler in five."""
    rng = np.random.default_rng(seed)
    rows = np.arange(n)
    table = {
        "sentence": [" ".join(["word"] * int(length)) for length in rng.integers(1, 30, n)],
        "spoiler": (rng.random(n) < 0.2).astype(int),
        "review_id": [f"r{row // size}" for row in rows],
        "position": rows % size,
        "work": [f"w{row // size % works}" for row in rows],
        "source": np.where(rows // size % 3 == 0, "imdb", "goodreads"),
    }
    return Corpus.from_frame(pd.DataFrame(table | columns), name="made up")


def report_on(
    corpus: Corpus,
    logits: np.ndarray,
    *,
    n_bootstrap: int = 50,
    seed: int = 0,
    promised: dict[Standing, dict[str, OperatingPoint]] | None = None,
    **thresholds: float,
) -> Report:
    """The report on these logits, the same in either standing."""
    points = {name: np.full(len(corpus), at) for name, at in (thresholds or {"balanced": 0.5}).items()}
    logits_of, points_of = dict.fromkeys(Standing, logits), dict.fromkeys(Standing, points)
    scored = ScoredCorpus(corpus, np.arange(len(corpus)), logits_of, points_of, promised or {})
    return report_of(scored, n_bootstrap=n_bootstrap, seed=seed)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return corpus_of()


@pytest.fixture(scope="module")
def logits(corpus: Corpus) -> np.ndarray:
    return np.random.default_rng(1).normal(-1.5, 1, len(corpus)) + 1.5 * corpus.labels


@pytest.fixture(scope="module")
def report(corpus: Corpus, logits: np.ndarray) -> Report:
    return report_on(corpus, logits, balanced=0.3, lenient=0.6)


def fitted() -> SpoilerClassifier:
    return SpoilerClassifier(C=10).fit(list(LABELLED), list(LABELLED.values()))


@pytest.fixture(scope="module")
def model() -> SpoilerClassifier:
    return fitted()


@pytest.fixture
def labelled() -> Corpus:
    table = pd.DataFrame({"sentence": list(LABELLED), "spoiler": list(LABELLED.values()), "work": list("aabbccdd")})
    return Corpus.from_frame(table.assign(review_id=table.work, position=[0, 1] * 4))


def test_metrics_are_those_of_scikit_learn(corpus: Corpus, logits: np.ndarray, report: Report) -> None:
    p, labels = 1 / (1 + np.exp(-logits)), corpus.labels
    for metric, expected in {
        "roc_auc": roc_auc_score(labels, logits),
        "brier_score": brier_score_loss(labels, p),
        "base_rate": labels.mean(),
        "accuracy": ((p >= 0.5) == labels).mean(),
        "majority_accuracy": 1 - labels.mean(),
        "precision@balanced": precision_score(labels, p >= 0.3),
        "recall@lenient": recall_score(labels, p >= 0.6),
    }.items():
        assert report.metric(metric).value == pytest.approx(expected), metric


def test_auc_within_reviews_is_the_mean_over_reviews_with_both_classes(
    corpus: Corpus, logits: np.ndarray, report: Report
) -> None:
    frame = pd.DataFrame({"review": corpus.frame.review_id, "label": corpus.labels, "logit": logits})
    both = [part for _, part in frame.groupby("review") if part.label.nunique() == 2]
    expected = np.mean([roc_auc_score(part.label, part.logit) for part in both])
    assert report.metric("auc_within_reviews").value == pytest.approx(expected)


def test_ranking_reviews_right_is_worth_nothing_within_them(corpus: Corpus) -> None:
    review = pd.Series(corpus.labels).groupby(corpus.frame.review_id).transform("mean")
    report = report_on(corpus, np.asarray(review))
    assert report.metric("roc_auc").value > 0.6
    assert report.metric("auc_within_reviews").value == 0.5


def test_a_review_holds_a_spoiler_if_any_sentence_does(corpus: Corpus, logits: np.ndarray, report: Report) -> None:
    frame = pd.DataFrame({"label": corpus.labels, "logit": logits}).groupby(corpus.frame.review_id).max()
    flagged = frame.logit >= logit(0.3)
    assert report.metric("review_roc_auc").value == pytest.approx(roc_auc_score(frame.label, frame.logit))
    assert report.metric("review_base_rate").value == pytest.approx(frame.label.mean())
    assert report.metric("review_precision@balanced").value == pytest.approx(precision_score(frame.label, flagged))
    assert report.metric("review_recall@balanced").value == pytest.approx(recall_score(frame.label, flagged))
    assert report.metric("review_roc_auc").n == 100


def test_every_value_lies_in_its_interval_and_between_zero_and_one(report: Report) -> None:
    for one in report.metrics:
        assert np.isnan(one.value) or 0 <= one.low <= one.value <= one.high <= 1 + 1e-9, one


def test_the_metrics_of_a_card_are_those_of_the_report(corpus: Corpus, logits: np.ndarray, report: Report) -> None:
    found = headline_metrics(corpus.labels, logits, corpus.weights, corpus.groups, n_bootstrap=50, seed=0)
    assert set(found) == {"roc_auc", "average_precision", "calibration_error", "base_rate"}
    for name, one in found.items():
        same = report.metric(name)
        assert (one.value, *one.interval) == pytest.approx((same.value, same.low, same.high))


def test_weights_count_as_rows_standing_that_often() -> None:
    times = np.random.default_rng(2).integers(0, 4, 120)
    weighted = corpus_of(120, review_id=None, position=None, weight=times)
    rows = np.repeat(np.arange(120), times)
    repeated = Corpus.from_frame(weighted.frame.iloc[rows].assign(weight=1.0))
    logits = np.random.default_rng(3).normal(size=120) + weighted.labels
    one, other = report_on(weighted, logits), report_on(repeated, logits[rows])
    for left, right in zip(one.metrics, other.metrics, strict=True):
        assert (left.slice, left.metric) == (right.slice, right.metric)
        np.testing.assert_allclose(left.value, right.value, err_msg=left.metric)


def test_few_works_leave_wider_intervals_than_many(logits: np.ndarray) -> None:
    def width(report: Report) -> float:
        found = report.metric("recall@balanced")
        return found.high - found.low

    # The logits of each work have an offset of their own, so that its sentences say the same again and again.
    few, many = corpus_of(works=5), corpus_of(works=100)
    offset = np.repeat(np.random.default_rng(5).normal(0, 2, 5)[np.arange(100) % 5], 6)
    assert width(report_on(few, logits + offset, n_bootstrap=300)) > 1.5 * width(
        report_on(many, logits + offset, n_bootstrap=300)
    )


def test_of_one_work_no_interval_is_claimed(logits: np.ndarray) -> None:
    found = report_on(corpus_of(works=1), logits).metric("roc_auc")
    assert (found.low, found.high) == (0.0, 1.0)


def test_slices_part_the_corpus_by_source_length_and_place(report: Report) -> None:
    for way in SLICES.keys() - {"standing"}:
        parts = [report.metric("base_rate", slice=name).n for name in report.slices if name.startswith(f"{way}: ")]
        assert len(parts) > 1
        assert sum(parts) == report.n_sentences
    assert report.metric("base_rate", slice="place: first third").n == 200


def test_sentences_alone_and_in_a_review_are_told_apart_where_both_stand_in_the_corpus() -> None:
    ids = [f"r{row // 6}" if row < 60 else None for row in range(120)]
    mixed = corpus_of(120, review_id=ids, position=None)
    report = report_on(mixed, np.random.default_rng(0).normal(size=120))
    assert report.metric("base_rate", "alone").n == 120
    assert report.metric("base_rate", "in review").n == 60
    assert report.metric("base_rate", ALONE, "standing: alone").n == 60
    assert report.metric("review_base_rate", ALONE).n == 10


def test_a_corpus_without_reviews_is_measured_alone_only() -> None:
    report = report_on(corpus_of(60, review_id=None, position=None), np.random.default_rng(0).normal(size=60))
    assert report.standings == ("alone",)
    assert not {one.metric for one in report.metrics} & {"auc_within_reviews", "review_roc_auc"}
    assert report.curves[ALONE].missed is None


def test_one_class_leaves_ranking_undefined_without_a_warning() -> None:
    report = report_on(corpus_of(60, spoiler=0), np.random.default_rng(0).normal(size=60))
    assert np.isnan(report.metric("roc_auc").value)
    assert report.metric("base_rate").value == 0
    assert "–" in str(report)
    assert json.loads(report.to_json())["metrics"][0]["value"] is None


def test_accuracy_never_stands_without_what_one_answer_for_all_would_get(report: Report) -> None:
    lines = str(report).splitlines()
    after = next(number for number, line in enumerate(lines) if line.lstrip().startswith("accuracy")) + 1
    assert lines[after].lstrip().startswith("… of one answer for all")
    metrics = report.to_frame().groupby(["standing", "slice"]).metric.agg(set)
    assert all({"accuracy", "majority_accuracy", "base_rate"} <= found for found in metrics)


def test_worst_errors_are_mistakes_and_the_surest_come_first(
    corpus: Corpus, logits: np.ndarray, report: Report
) -> None:
    worst = report.worst_errors(15)
    assert len(worst) == 15
    distance = np.abs(logit(worst.probability) - logit(0.3))
    assert (np.diff(distance) <= 1e-9).all()
    for row, error in zip(worst.index.to_numpy(), worst.error, strict=True):
        missed = bool(corpus.labels[row] == 1 and logits[row] < logit(0.3))
        assert error == ("missed spoiler" if missed else "false alarm")
        assert missed or (corpus.labels[row] == 0 and logits[row] >= logit(0.3))


def test_texts_stay_out_of_json_and_repr(labelled: Corpus) -> None:
    wrong = SpoilerClassifier(C=10).fit(list(LABELLED), [1 - label for label in LABELLED.values()])
    report = evaluate(wrong, labelled, n_bootstrap=10)
    assert set(report.worst_errors().sentence) == set(LABELLED)
    for form in (report.to_json(), repr(report), str(report), report._repr_html_()):
        assert not [sentence for sentence in LABELLED if sentence in form]


def test_a_changed_copy_of_the_worst_errors_changes_no_report(report: Report) -> None:
    copy = report.worst_errors(3)
    copy["sentence"] = "gone"
    assert "gone" not in set(report.worst_errors(3).sentence)


def test_the_repr_is_one_line_that_names_corpus_and_size(report: Report) -> None:
    assert repr(report).startswith("Report(made up: 600 sentences, ")
    assert "\n" not in repr(report)


def test_the_frame_is_tidy(report: Report) -> None:
    frame = report.to_frame()
    assert list(frame.columns) == ["standing", "slice", "metric", "value", "low", "high", "n"]
    assert not frame.duplicated(["standing", "slice", "metric"]).any()
    assert {type(standing) for standing in frame.standing} == {str}, "and no members of an enum, which no file knows"


def test_equal_seeds_give_equal_reports_and_other_seeds_other_intervals(
    corpus: Corpus, logits: np.ndarray, report: Report
) -> None:
    again, other = (report_on(corpus, logits, balanced=0.3, lenient=0.6, seed=seed) for seed in (0, 1))
    assert again.to_json() == report.to_json()
    assert other.to_json() != report.to_json()
    assert [one.value for one in other.metrics] == [one.value for one in report.metrics]


def test_a_metric_that_is_not_there_is_asked_for_by_a_message_that_lists_what_is(report: Report) -> None:
    with pytest.raises(KeyError, match="average_precision"):
        report.metric("auc")
    with pytest.raises(KeyError, match="source: imdb"):
        report.metric("roc_auc", slice="source: nowhere")


def test_html_escapes_what_comes_from_the_corpus() -> None:
    source = ["<script>alert(1)</script>", "b"] * 30
    html = report_on(corpus_of(60, size=1, source=source), np.random.default_rng(0).normal(size=60))._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_the_models_points_are_measured_in_the_standing_that_they_were_made_for(labelled: Corpus) -> None:
    promise = OperatingPoint(0.5, 0.9, 0.9, (0.8, 1.0), (0.8, 0.95))
    points = {ALONE: {"balanced": promise, "mine": promise}, IN_REVIEW: {"cautious": promise, "mine": promise}}
    report = evaluate(fitted().attach(operating_points=points), labelled, n_bootstrap=10)
    found = {(point.name, point.standing): point for point in report.operating_points}
    assert set(found) == {("balanced", ALONE), ("mine", ALONE), ("cautious", IN_REVIEW), ("mine", IN_REVIEW)}
    point = found["balanced", ALONE]
    assert (point.precision.value, point.recall.value, point.promised) == (1.0, 1.0, promise)
    assert point.broken == (), "more recall than promised breaks no promise"


def test_a_promise_that_is_not_kept_is_named(corpus: Corpus) -> None:
    promise = OperatingPoint(0.5, 0.9, 0.1, (0.8, 1.0), (0.0, 1.0))
    report = report_on(corpus, np.zeros(len(corpus)), promised={ALONE: {"lenient": promise}}, lenient=0.5)
    assert report.operating_points[0].broken == ("precision",)
    assert "no: precision" in str(report)


def test_a_promise_that_nothing_tested_is_not_called_kept() -> None:
    promise = OperatingPoint(0.5, 0.9, 0.1, (0.8, 1.0), (0.0, 1.0))
    safe = corpus_of(60, spoiler=0)
    report = report_on(safe, np.full(60, -9.0), promised={ALONE: {"lenient": promise}}, lenient=0.5)
    [line] = [line for line in str(report).splitlines() if line.split()[:2] == ["lenient", "alone"]]
    assert line.split()[-1] == "–"


def test_rows_that_do_not_count_may_be_a_whole_standing(labelled: Corpus, model: SpoilerClassifier) -> None:
    loose = labelled.frame.assign(review_id=None, position=None)
    frame = pd.concat([labelled.frame.assign(weight=0.0), loose])
    model = copy.deepcopy(model)
    model.memory_ = None  # it has learnt these sentences
    report = evaluate(model, frame, n_bootstrap=5)
    assert report.metric("roc_auc", ALONE).value == 1
    assert np.isnan(report.metric("roc_auc", IN_REVIEW).value)
    assert spoilerguard.compare(model, model, frame, n_bootstrap=5).verdict == "cannot tell"


def test_a_model_without_points_is_measured_at_its_own_threshold(labelled: Corpus, model: SpoilerClassifier) -> None:
    point = evaluate(model, labelled, n_bootstrap=10).operating_points[0]
    assert (point.name, point.threshold, point.promised, point.broken) == ("default", 0.5, None, ())


def test_a_review_is_measured_at_the_threshold_that_classify_would_use(labelled: Corpus) -> None:
    lone = fitted().attach(operating_points={ALONE: {"balanced": OperatingPoint(0.2, 0.9, 0.9, (0, 1), (0, 1))}})
    alone, in_review = evaluate(lone, labelled, n_bootstrap=10).operating_points
    assert (alone.name, alone.threshold) == ("balanced", 0.2)
    assert (in_review.name, in_review.threshold, in_review.promised) == ("default", 0.2, None)


def test_a_threshold_that_was_set_is_measured_beside_the_points_and_decides_what_is_a_mistake(labelled: Corpus) -> None:
    points = {ALONE: {"balanced": OperatingPoint(0.2, 0.9, 0.9, (0, 1), (0, 1))}}
    report = evaluate(fitted().attach(operating_points=points).set_params(threshold=1.0), labelled, n_bootstrap=10)
    alone = {point.name: point.threshold for point in report.operating_points if point.standing == ALONE}
    assert alone == {"balanced": 0.2, "default": 1.0}
    assert set(report.mistakes["error"]) == {"missed spoiler"}


def test_in_review_uses_the_models_context_and_alone_does_not(labelled: Corpus) -> None:
    model = fitted().attach(context=ReviewContext(weights={"own logit": -1.0}, intercept=0.0))
    report = evaluate(model, labelled, n_bootstrap=10)
    assert report.metric("roc_auc", ALONE).value == 1
    assert report.metric("roc_auc", IN_REVIEW).value == 0


def test_the_model_may_be_fitted_on_labels_of_any_two_kinds(labelled: Corpus) -> None:
    words = ["spoiler" if label else "safe" for label in LABELLED.values()]
    model = SpoilerClassifier(C=10).fit(list(LABELLED), words)
    assert evaluate(model, labelled, n_bootstrap=10).metric("roc_auc").value == 1


def test_model_and_corpus_may_be_names_folders_and_tables(labelled: Corpus, tmp_path: Path) -> None:
    spoilerguard.save(fitted(), tmp_path / "model")
    labelled.frame.to_csv(tmp_path / "labels.csv", index=False)
    expected = [one.value for one in evaluate(fitted(), labelled, n_bootstrap=5).metrics]
    for corpus in (labelled.frame, tmp_path / "labels.csv", str(tmp_path / "labels.csv")):
        found = evaluate(tmp_path / "model", corpus, n_bootstrap=5).metrics
        np.testing.assert_allclose([one.value for one in found], expected)
    assert evaluate("default", labelled, n_bootstrap=5).metric("roc_auc").value > 0.5


def test_swapped_arguments_are_named(labelled: Corpus, model: SpoilerClassifier, tmp_path: Path) -> None:
    labelled.frame.to_csv(tmp_path / "labels.csv", index=False)
    spoilerguard.save(model, tmp_path / "model")
    cases: list[tuple[Any, Any, str]] = [
        (labelled, model, r"got Corpus, SpoilerClassifier"),
        (labelled.frame, "default", r"got DataFrame, 'default'"),
        (str(tmp_path / "labels.csv"), model, r"labels.csv', SpoilerClassifier"),
        (tmp_path / "labels.csv", tmp_path / "model", r"labels.csv'\), .*model'"),
        (model, DummyClassifier(), r"got SpoilerClassifier, DummyClassifier"),
    ]
    for *swapped, message in cases:
        with pytest.raises(TypeError, match=r"The model comes first and the corpus last; .*" + message):
            evaluate(*swapped)


@pytest.mark.parametrize("other", [SpoilerClassifier, ["default"], 3, len, object()])
def test_what_is_no_model_is_named_with_what_is(labelled: Corpus, other: Any) -> None:
    with pytest.raises(TypeError, match=r"A model is a SpoilerClassifier, .* a folder, a name or None; got "):
        evaluate(other, labelled)


@pytest.mark.parametrize("other", [None, ["He dies."], 3])
def test_what_is_no_corpus_is_named_with_what_is(model: SpoilerClassifier, other: Any) -> None:
    with pytest.raises(TypeError, match=r"expected a path, a DataFrame or a Corpus, got"):
        evaluate(model, other)


def test_a_report_says_that_a_model_has_no_context_where_there_are_reviews(
    labelled: Corpus, model: SpoilerClassifier
) -> None:
    report = evaluate(model, labelled, n_bootstrap=5)
    for form in (str(report), report._repr_html_(), report.to_json()):
        assert "The model has no context" in form
    with_context = fitted().attach(context=ReviewContext(weights={"own logit": 1.0}, intercept=0.0))
    assert evaluate(with_context, labelled, n_bootstrap=5).note == ""
    assert evaluate(model, labelled.frame.drop(columns=["review_id", "position"]), n_bootstrap=5).note == ""


def test_given_probabilities_are_measured_as_they_are(corpus: Corpus, logits: np.ndarray, report: Report) -> None:
    probabilities = 1 / (1 + np.exp(-logits))
    found = evaluate_probabilities(corpus, probabilities, n_bootstrap=50)
    for metric in ("roc_auc", "average_precision", "brier_score", "accuracy", "review_roc_auc"):
        one, other = found.metric(metric), report.metric(metric)
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))
    assert [(point.name, point.threshold) for point in found.operating_points] == [("default", 0.5)] * 2
    assert "both standings" in found.note


def test_probabilities_stand_in_the_order_of_the_table_even_where_its_reviews_are_scattered(tmp_path: Path) -> None:
    table = corpus_of(60).frame.sample(frac=1, random_state=0)
    probabilities = 0.2 + 0.6 * table.spoiler
    table.to_csv(tmp_path / "labels.csv", index=False)
    for corpus in (table, tmp_path / "labels.csv"):
        assert evaluate_probabilities(corpus, probabilities, n_bootstrap=5).metric("roc_auc").value == 1
    with pytest.warns(UserWarning, match="'wrok' is not read") as warned:
        evaluate_probabilities(table.rename(columns={"work": "wrok"}), probabilities, n_bootstrap=5)
    assert len(warned) == 1


def test_a_corpus_may_be_a_table_of_another_library(model: SpoilerClassifier) -> None:
    polars = pytest.importorskip("polars")
    table = corpus_of(20).frame
    other = polars.DataFrame({name: table[name].to_list() for name in ("sentence", "spoiler", "review_id", "work")})
    assert evaluate(model, other, n_bootstrap=5).n_sentences == 20
    assert evaluate_probabilities(other, 0.2 + 0.6 * table.spoiler, n_bootstrap=5).metric("roc_auc").value == 1


def test_probabilities_of_whole_reviews_stand_in_the_order_of_their_sentences() -> None:
    spans = [[[0, 3], [4, 12]], [[0, 5], [6, 11]]]
    table = pd.DataFrame({"text": ["Go. He dies.", "Fine. Good."], "spans": spans, "labels": [[0, 2], [0, 0]]})
    assert evaluate_probabilities(table, [0.1, 0.9, 0.2, 0.3], n_bootstrap=5).metric("roc_auc").value == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([0.5] * 7, r"one for each of the 8 sentences"),
        ([[0.4, 0.6]] * 8, r"shape \(8, 2\). Of what a classifier's predict_proba gives, take the column"),
        ([0.5] * 7 + [1.5], r"1.5 for sentence 7 \(from 0\) is not in \[0, 1\]"),
        ([-2.0] + [0.5] * 7, r"scipy.special.expit"),
        ([0.5, float("nan")] * 4, r"nan for sentence 1"),
        ([0.5, None] * 4, r"not numbers"),
        (["high"] * 8, r"not numbers"),
        ([0, 1] * 4, r"hard labels"),
        ([True, False] * 4, r"hard labels"),
        ([0.0, 1.0] * 4, r"hard labels"),
    ],
)
def test_what_are_no_probabilities_is_refused(labelled: Corpus, wrong: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate_probabilities(labelled, wrong)


def test_an_unfitted_model_is_refused_as_scikit_learn_does(labelled: Corpus) -> None:
    with pytest.raises(NotFittedError):
        evaluate(SpoilerClassifier(), labelled)


def test_a_model_that_gives_hard_labels_for_logits_is_refused(
    labelled: Corpus, model: SpoilerClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    decisions = np.array(list(LABELLED.values()), dtype=float)
    hard = replace(predict(model, labelled.documents), alone=decisions, logit=decisions, certain=decisions > 0)
    monkeypatch.setattr(scored_corpus, "predict", lambda *_: hard)
    with pytest.raises(ValueError, match="balanced accuracy"):
        evaluate(model, labelled)


def test_an_empty_corpus_is_refused(labelled: Corpus, model: SpoilerClassifier) -> None:
    with pytest.raises(CorpusError, match="no sentences"):
        evaluate(model, labelled.take([]))
    with pytest.raises(CorpusError, match="no sentences"):
        evaluate_probabilities(labelled.take([]), [])


def test_evaluating_leaves_corpus_and_model_as_they_were(labelled: Corpus, model: SpoilerClassifier) -> None:
    frame, coef = labelled.frame.copy(), model.coef_.copy()
    evaluate(model, labelled, n_bootstrap=10)
    pd.testing.assert_frame_equal(labelled.frame, frame)
    assert (model.coef_ == coef).all()


def test_curves_hold_shares_and_end_at_the_share_of_spoilers(report: Report) -> None:
    for standing, curves in report.curves.items():
        assert sum(curves.safe) == pytest.approx(1)
        assert sum(curves.spoiler) == pytest.approx(1)
        assert curves.recall[-1] == 1
        assert curves.precision[-1] == pytest.approx(report.metric("base_rate", standing).value)
        assert curves.missed is not None
        assert len(curves.missed.at) == 5


def test_the_default_model_is_judged_with_its_context_however_it_is_named(default_model: SpoilerClassifier) -> None:
    reviews = load_reviews("dev")
    reports = [evaluate(model, reviews, n_bootstrap=20) for model in (default_model, "default", None, bundled_model())]
    assert len({report.metric("roc_auc", "in review").value for report in reports}) == 1
    assert reports[0].metric("roc_auc", "in review").value > reports[0].metric("roc_auc", "alone").value


def test_a_report_on_sentences_without_works_says_what_counts_as_one(
    labelled: Corpus, model: SpoilerClassifier
) -> None:
    said = "No row has a work"
    assert said not in str(evaluate(model, labelled, n_bootstrap=5))
    without = labelled.frame.drop(columns="work")
    assert said in str(evaluate(model, without, n_bootstrap=5))
