"""Reports: what each figure means, on scores that are chosen so that the answer is known."""

import json
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.metrics import brier_score_loss, precision_score, recall_score, roc_auc_score

from spoilerguard.calibration import OperatingPoint
from spoilerguard.context import ReviewContext
from spoilerguard.corpus import Corpus
from spoilerguard.errors import CorpusError
from spoilerguard.evaluation import Report, evaluate
from spoilerguard.evaluation.evaluating import report_of
from spoilerguard.evaluation.judging import ALONE, IN_REVIEW, Judged, judge
from spoilerguard.model import SpoilerClassifier

TAUGHT = {
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
    corpus: Corpus, logits: np.ndarray, *, n_bootstrap: int = 50, seed: int = 0, **thresholds: float
) -> Report:
    """The report on these logits, the same in either mode."""
    judged = []
    for mode, rows in ((ALONE, np.arange(len(corpus))), (IN_REVIEW, np.flatnonzero(corpus.in_review))):
        chosen = {name: np.full(len(rows), at) for name, at in (thresholds or {"balanced": 0.5}).items()}
        if len(rows):
            judged.append(Judged(mode, rows, logits[rows], chosen, {}))
    return report_of(corpus, judged, n_bootstrap=n_bootstrap, seed=seed)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return corpus_of()


@pytest.fixture(scope="module")
def logits(corpus: Corpus) -> np.ndarray:
    return np.random.default_rng(1).normal(-1.5, 1, len(corpus)) + 1.5 * corpus.labels


@pytest.fixture(scope="module")
def report(corpus: Corpus, logits: np.ndarray) -> Report:
    return report_on(corpus, logits, balanced=0.3, lenient=0.6)


@pytest.fixture(scope="module")
def model() -> SpoilerClassifier:
    return SpoilerClassifier(C=10).fit(list(TAUGHT), list(TAUGHT.values()))


@pytest.fixture
def taught() -> Corpus:
    table = pd.DataFrame({"sentence": list(TAUGHT), "spoiler": list(TAUGHT.values()), "work": list("aabbccdd")})
    return Corpus.from_frame(table.assign(review_id=table.work, position=[0, 1] * 4))


def test_figures_are_those_of_scikit_learn(corpus: Corpus, logits: np.ndarray, report: Report) -> None:
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
        assert report.figure(metric).value == pytest.approx(expected), metric


def test_auc_within_reviews_is_the_mean_over_reviews_with_both_classes(
    corpus: Corpus, logits: np.ndarray, report: Report
) -> None:
    frame = pd.DataFrame({"review": corpus.frame.review_id, "label": corpus.labels, "logit": logits})
    both = [part for _, part in frame.groupby("review") if part.label.nunique() == 2]
    expected = np.mean([roc_auc_score(part.label, part.logit) for part in both])
    assert report.figure("auc_within_reviews").value == pytest.approx(expected)


def test_ranking_reviews_right_is_worth_nothing_within_them(corpus: Corpus) -> None:
    review = pd.Series(corpus.labels).groupby(corpus.frame.review_id).transform("mean")
    report = report_on(corpus, np.asarray(review))
    assert report.figure("roc_auc").value > 0.6
    assert report.figure("auc_within_reviews").value == 0.5


def test_a_review_holds_a_spoiler_if_any_sentence_does(corpus: Corpus, logits: np.ndarray, report: Report) -> None:
    frame = pd.DataFrame({"label": corpus.labels, "logit": logits}).groupby(corpus.frame.review_id).max()
    flagged = frame.logit >= logit(0.3)
    assert report.figure("review_roc_auc").value == pytest.approx(roc_auc_score(frame.label, frame.logit))
    assert report.figure("review_base_rate").value == pytest.approx(frame.label.mean())
    assert report.figure("review_precision@balanced").value == pytest.approx(precision_score(frame.label, flagged))
    assert report.figure("review_recall@balanced").value == pytest.approx(recall_score(frame.label, flagged))
    assert report.figure("review_roc_auc").n == 100


def test_every_figure_lies_in_its_interval_and_between_zero_and_one(report: Report) -> None:
    for one in report.figures:
        assert np.isnan(one.value) or 0 <= one.low <= one.value <= one.high <= 1 + 1e-9, one


def test_weights_count_as_rows_standing_that_often() -> None:
    times = np.random.default_rng(2).integers(0, 4, 120)
    weighted = corpus_of(120, review_id=None, position=None, weight=times)
    rows = np.repeat(np.arange(120), times)
    repeated = Corpus.from_frame(weighted.frame.iloc[rows].assign(weight=1.0))
    logits = np.random.default_rng(3).normal(size=120) + weighted.labels
    one, other = report_on(weighted, logits), report_on(repeated, logits[rows])
    for left, right in zip(one.figures, other.figures, strict=True):
        assert (left.slice, left.metric) == (right.slice, right.metric)
        np.testing.assert_allclose(left.value, right.value, err_msg=left.metric)


def test_few_works_leave_wider_intervals_than_many(logits: np.ndarray) -> None:
    def width(report: Report) -> float:
        figure = report.figure("recall@balanced")
        return figure.high - figure.low

    # Each work has a mood of its own, so that its sentences say the same again and again.
    few, many = corpus_of(works=5), corpus_of(works=100)
    mood = np.repeat(np.random.default_rng(5).normal(0, 2, 5)[np.arange(100) % 5], 6)
    assert width(report_on(few, logits + mood, n_bootstrap=300)) > 1.5 * width(
        report_on(many, logits + mood, n_bootstrap=300)
    )


def test_of_one_work_no_interval_is_claimed(logits: np.ndarray) -> None:
    figure = report_on(corpus_of(works=1), logits).figure("roc_auc")
    assert (figure.low, figure.high) == (0.0, 1.0)


def test_slices_part_the_corpus_by_source_length_and_place(report: Report) -> None:
    for way in ("source", "length", "place"):
        parts = [report.figure("base_rate", slice=name).n for name in report.slices if name.startswith(way)]
        assert len(parts) > 1
        assert sum(parts) == report.n_sentences
    assert report.figure("base_rate", slice="place: first third").n == 200


def test_sentences_alone_and_in_a_review_are_told_apart_where_both_stand_in_the_corpus() -> None:
    ids = [f"r{row // 6}" if row < 60 else None for row in range(120)]
    mixed = corpus_of(120, review_id=ids, position=None)
    report = report_on(mixed, np.random.default_rng(0).normal(size=120))
    assert report.figure("base_rate", mode=ALONE).n == 120
    assert report.figure("base_rate", mode=IN_REVIEW).n == 60
    assert report.figure("base_rate", mode=ALONE, slice="standing: alone").n == 60
    assert report.figure("review_base_rate", mode=ALONE).n == 10


def test_a_corpus_without_reviews_is_judged_alone_only() -> None:
    report = report_on(corpus_of(60, review_id=None, position=None), np.random.default_rng(0).normal(size=60))
    assert report.modes == ("alone",)
    assert not {one.metric for one in report.figures} & {"auc_within_reviews", "review_roc_auc"}
    assert report.curves["alone"].missed is None


def test_one_class_leaves_ranking_undefined_without_a_warning() -> None:
    report = report_on(corpus_of(60, spoiler=0), np.random.default_rng(0).normal(size=60))
    assert np.isnan(report.figure("roc_auc").value)
    assert report.figure("base_rate").value == 0
    assert "–" in str(report)
    assert json.loads(report.to_json())["figures"][0]["value"] is None


def test_accuracy_never_stands_without_what_one_answer_for_all_would_get(report: Report) -> None:
    lines = str(report).splitlines()
    after = next(number for number, line in enumerate(lines) if line.lstrip().startswith("accuracy")) + 1
    assert lines[after].lstrip().startswith("… of one answer for all")
    metrics = report.to_frame().groupby(["mode", "slice"]).metric.agg(set)
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


def test_texts_stay_out_of_json_and_repr(taught: Corpus, model: SpoilerClassifier) -> None:
    wrong = SpoilerClassifier(C=10).fit(list(TAUGHT), [1 - label for label in TAUGHT.values()])
    report = evaluate(wrong, taught, n_bootstrap=10)
    assert set(report.worst_errors().sentence) == set(TAUGHT)
    for form in (report.to_json(), repr(report), str(report), report._repr_html_()):
        assert not [sentence for sentence in TAUGHT if sentence in form]


def test_a_changed_copy_of_the_worst_errors_changes_no_report(report: Report) -> None:
    copy = report.worst_errors(3)
    copy["sentence"] = "gone"
    assert "gone" not in set(report.worst_errors(3).sentence)


def test_the_frame_is_tidy(report: Report) -> None:
    frame = report.to_frame()
    assert list(frame.columns) == ["mode", "slice", "metric", "value", "low", "high", "n"]
    assert not frame.duplicated(["mode", "slice", "metric"]).any()


def test_equal_seeds_give_equal_reports_and_other_seeds_other_intervals(
    corpus: Corpus, logits: np.ndarray, report: Report
) -> None:
    again, other = (report_on(corpus, logits, balanced=0.3, lenient=0.6, seed=seed) for seed in (0, 1))
    assert again.to_json() == report.to_json()
    assert other.to_json() != report.to_json()
    assert [one.value for one in other.figures] == [one.value for one in report.figures]


def test_a_figure_that_is_not_there_is_asked_for_by_a_message_that_lists_what_is(report: Report) -> None:
    with pytest.raises(KeyError, match="average_precision"):
        report.figure("auc")
    with pytest.raises(KeyError, match="source: imdb"):
        report.figure("roc_auc", slice="source: nowhere")


def test_html_escapes_what_comes_from_the_corpus() -> None:
    source = ["<script>alert(1)</script>", "b"] * 30
    html = report_on(corpus_of(60, size=1, source=source), np.random.default_rng(0).normal(size=60))._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_the_models_points_are_judged_in_the_mode_that_they_were_made_for(
    taught: Corpus, model: SpoilerClassifier
) -> None:
    promise = OperatingPoint(0.5, 0.9, 0.9, (0.8, 1.0), (0.8, 0.95))
    named = SpoilerClassifier(C=10).fit(list(TAUGHT), list(TAUGHT.values()))
    named.operating_points_ = {"balanced/alone": promise, "cautious/review": promise, "mine": promise}
    points = {(point.name, point.mode): point for point in evaluate(named, taught, n_bootstrap=10).operating_points}
    assert set(points) == {("balanced", ALONE), ("mine", ALONE), ("cautious", IN_REVIEW), ("mine", IN_REVIEW)}
    point = points["balanced", ALONE]
    assert (point.precision.value, point.recall.value) == (1.0, 1.0)
    assert point.within == {"precision": True, "recall": False}
    assert point.broken == (), "more recall than promised breaks no promise"


def test_a_promise_that_is_not_kept_is_named(corpus: Corpus) -> None:
    rows = np.arange(len(corpus))
    promise = OperatingPoint(0.5, 0.9, 0.1, (0.8, 1.0), (0.0, 1.0))
    judged = Judged(ALONE, rows, np.zeros(len(corpus)), {"lenient": np.full(len(corpus), 0.5)}, {"lenient": promise})
    report = report_of(corpus, [judged], n_bootstrap=10, seed=0)
    assert report.operating_points[0].broken == ("precision",)
    assert "no: precision" in str(report)


def test_a_model_without_points_is_judged_at_its_own_threshold(taught: Corpus, model: SpoilerClassifier) -> None:
    point = evaluate(model, taught, n_bootstrap=10).operating_points[0]
    assert (point.name, point.threshold, point.stored, point.within) == ("default", model.threshold, None, {})


def test_in_review_uses_the_models_context_and_alone_does_not(taught: Corpus) -> None:
    model = SpoilerClassifier(C=10).fit(list(TAUGHT), list(TAUGHT.values()))
    model.context_ = ReviewContext(weights=(-1.0, *[0.0] * 15), intercept=0.0)
    report = evaluate(model, taught, n_bootstrap=10)
    assert report.figure("roc_auc", mode=ALONE).value == 1
    assert report.figure("roc_auc", mode=IN_REVIEW).value == 0


def test_labels_of_any_two_kinds_may_have_taught_the_model(taught: Corpus) -> None:
    words = ["spoiler" if label else "safe" for label in TAUGHT.values()]
    model = SpoilerClassifier(C=10).fit(list(TAUGHT), words)
    assert evaluate(model, taught, n_bootstrap=10).figure("roc_auc").value == 1


def test_a_model_that_gives_decisions_for_logits_is_refused(taught: Corpus, model: SpoilerClassifier) -> None:
    class Hard(SpoilerClassifier):
        def decision_function(self, X: Any, vectors: Any = None) -> Any:
            return model.predict(X).astype(float)

    with pytest.raises(ValueError, match="balanced accuracy"):
        judge(Hard().fit(list(TAUGHT), list(TAUGHT.values())), taught)


def test_an_empty_corpus_is_refused(taught: Corpus, model: SpoilerClassifier) -> None:
    with pytest.raises(CorpusError, match="no sentences"):
        evaluate(model, taught.take([]))


def test_evaluating_leaves_corpus_and_model_as_they_were(taught: Corpus, model: SpoilerClassifier) -> None:
    frame, coef = taught.frame.copy(), model.coef_.copy()
    evaluate(model, taught, n_bootstrap=10)
    pd.testing.assert_frame_equal(taught.frame, frame)
    assert (model.coef_ == coef).all()


def test_curves_hold_shares_and_meet_the_figures(report: Report) -> None:
    for mode, curves in report.curves.items():
        assert sum(curves.safe) == pytest.approx(1)
        assert sum(curves.spoiler) == pytest.approx(1)
        assert curves.recall[-1] == 1
        assert curves.precision[-1] == pytest.approx(curves.base_rate)
        for name, (recall, precision) in curves.points.items():
            assert recall == pytest.approx(report.figure(f"recall@{name}", mode).value)
            assert precision == pytest.approx(report.figure(f"precision@{name}", mode).value)
        assert curves.missed is not None
        assert len(curves.missed.at) == 5


def test_a_thousand_resamples_of_four_thousand_sentences_take_seconds() -> None:
    large = corpus_of(4000, works=250, size=10)
    logits = np.random.default_rng(0).normal(size=4000) + large.labels
    start = time.perf_counter()
    report_on(large, logits, n_bootstrap=1000)
    assert time.perf_counter() - start < 10
