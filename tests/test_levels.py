"""Major spoilers, and whole reviews: probabilities that belong together, thresholds of their own."""

import copy
import dataclasses
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spoilerguard
from spoilerguard import (
    Corpus,
    CorpusError,
    ModelFormatError,
    OperatingPointError,
    Report,
    SpoilerClassifier,
    Story,
    Verdict,
    classify,
    evaluate,
)
from spoilerguard.bundled import default_encoder
from spoilerguard.cli import main
from spoilerguard.datasets import make_corpus
from spoilerguard.decisions import DecisionRule, Level
from spoilerguard.documents import Documents, Standing
from spoilerguard.features import SentenceVectorizer
from spoilerguard.persistence.manifest import checksum
from spoilerguard.predicting import predict
from spoilerguard.rendering import Verdicts
from spoilerguard.review_stage import ReviewStage

PLAIN = make_corpus(works=80, seed=3).frame
MAJOR = PLAIN.spoiler.eq(1) & PLAIN.sentence.str.contains("killed|poisoned|shot|buried")
CORPUS = Corpus.from_frame(PLAIN.assign(major=MAJOR.astype(int)))
UNSEEN_PLAIN = make_corpus(works=40, seed=4).frame
UNSEEN = Corpus.from_frame(
    UNSEEN_PLAIN.assign(
        major=(UNSEEN_PLAIN.spoiler.eq(1) & UNSEEN_PLAIN.sentence.str.contains("killed|poisoned|shot|buried")).astype(
            int
        )
    )
)
PLAIN_NEW = make_corpus(works=12, seed=9).frame
POINTS = ("cautious", "balanced", "lenient")


@pytest.fixture(scope="module")
def model() -> SpoilerClassifier:
    vectorizer = SentenceVectorizer(encoder=default_encoder(), n_buckets=2**12)
    return spoilerguard.train(CORPUS, estimator=SpoilerClassifier(C=0.003, vectorizer=vectorizer), n_splits=3)


@pytest.fixture(scope="module")
def report(model: SpoilerClassifier) -> Report:
    return evaluate(model, UNSEEN, n_bootstrap=5)


def texts(corpus: Corpus) -> list[str]:
    return corpus.frame.groupby("review_id", sort=False)["sentence"].agg(" ".join).tolist()


# major -------------------------------------------------------------------------------------------------------------


def test_the_probability_of_a_major_spoiler_is_never_above_that_of_any(model: SpoilerClassifier) -> None:
    found = predict(model, UNSEEN.documents)
    assert found.major is not None
    assert ((found.major >= 0) & (found.major <= found.probability)).all()


def test_major_spoilers_of_unseen_works_are_ranked_above_the_others(report: Report) -> None:
    assert report.metric("roc_auc", slice="major spoilers").value > 0.75
    assert report.metric("base_rate", slice="major spoilers").value == pytest.approx(UNSEEN.majors.mean())
    assert report.metric("recall@cautious", slice="major spoilers").value > 0.5


@pytest.mark.parametrize("threshold", [None, *POINTS, 0.0, 0.1, 0.3, 1.0])
def test_what_is_marked_as_major_is_marked_as_a_spoiler_too(
    model: SpoilerClassifier, threshold: float | str | None
) -> None:
    for text in texts(UNSEEN)[:12]:
        every = classify(text, model=model, threshold=threshold)
        major = classify(text, model=model, threshold=threshold, level="major")
        assert all(wide.is_spoiler or not narrow.is_spoiler for wide, narrow in zip(every, major, strict=True))
        assert [one.probability for one in every] == [one.probability for one in major]
        assert major.probability <= every.probability
        assert every.label == "spoiler" or major.label == "safe"


@given(st.text())
def test_the_default_model_keeps_that_for_every_text(text: str) -> None:
    every, major = (spoilerguard.classify_reviews([text], level=level) for level in ("any", "major"))
    for wide, narrow in zip(next(every), next(major), strict=True):
        assert narrow.major is not None
        assert 0 <= narrow.major <= narrow.probability
        assert wide.is_spoiler or not narrow.is_spoiler


def test_sentences_alone_have_a_level_too(model: SpoilerClassifier) -> None:
    wide, narrow = (classify(UNSEEN.sentences[:200], model=model, level=level) for level in ("any", "major"))
    assert 0 < sum(one.is_spoiler for one in narrow) < sum(one.is_spoiler for one in wide)


def test_an_unknown_level_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match="level must be 'any' or 'major', got 'minor'"):
        classify("He dies.", level="minor")


@pytest.mark.parametrize("text", ["He dies.", ["He dies."]])
@pytest.mark.parametrize("options", [{"level": "minor"}, {"level": "major"}, {"threshold": "bold"}, {"threshold": 2}])
def test_a_rule_that_does_not_exist_is_refused_before_the_work(
    text: str | list[str], options: dict[str, Any], tiny_model: SpoilerClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("spoilerguard.api.predict")
    monkeypatch.delattr("spoilerguard.reviews.predict")
    with pytest.raises((ValueError, OperatingPointError)):
        classify(text, model=tiny_model, **options)


def test_a_model_that_has_not_learnt_major_spoilers_says_so(tiny_model: SpoilerClassifier) -> None:
    [verdict] = classify("He dies at the end.", model=tiny_model)
    assert verdict.major is None
    with pytest.raises(OperatingPointError, match="column 'major'"):
        classify("He dies at the end.", model=tiny_model, level="major")
    with pytest.raises(OperatingPointError, match="column 'major'"):
        spoilerguard.classify_table(pd.DataFrame({"text": ["He dies."]}), model=tiny_model, level="major")


def test_both_levels_are_stored(model: SpoilerClassifier, tmp_path: Path) -> None:
    spoilerguard.save(model, tmp_path / "model")
    again = spoilerguard.load(tmp_path / "model")
    assert again.severity_ == model.severity_
    assert again.review_stages_ == model.review_stages_
    [text, *_] = texts(UNSEEN)
    assert classify(text, model=again, level="major") == classify(text, model=model, level="major")


def test_further_labels_take_the_promises_back(model: SpoilerClassifier, tmp_path: Path) -> None:
    spoilerguard.save(model, tmp_path / "model")
    again = spoilerguard.load(tmp_path / "model")
    with pytest.warns(UserWarning, match="operating points were dropped"):
        again.partial_fit(["He dies.", "Fine."], ["spoiler", "safe"])
    assert again.review_stages_ == {}
    assert again.severity_ is not None
    assert again.severity_.operating_points == {}


def test_a_story_decides_at_both_levels_with_stages_for_reviews_and_without(model: SpoilerClassifier) -> None:
    """A protected word makes its review a spoiler, for sure; where all sentences are allowed, nothing does."""
    without = copy.deepcopy(model)
    without.review_stages_ = {}
    for one, level, threshold in itertools.product(
        (model, without), ("any", "major"), (None, 0.0, 0.3, "cautious", 1.0)
    ):
        options: dict[str, Any] = {"model": one, "level": level, "threshold": threshold}
        protected = classify("A fine day. Rosebud.", story=Story(protect=["rosebud"]), **options)
        assert (protected[1].is_spoiler, protected.label, protected.probability) == (True, "spoiler", 1.0)
        allowed = classify("A day. It was shot.", story=Story(allow=["day", "shot"]), **options)
        assert ([verdict.is_spoiler for verdict in allowed], allowed.label) == ([False, False], "safe")


@pytest.mark.parametrize("threshold", [None, *POINTS, 0.1])
def test_a_review_holds_a_major_spoiler_only_where_it_holds_one_at_all(
    model: SpoilerClassifier, threshold: float | str | None
) -> None:
    some = copy.deepcopy(model)
    some.review_stages_ = {Level.ANY: dataclasses.replace(model.review_stages_[Level.ANY], intercept=-9.0)}
    for text in texts(UNSEEN)[:12]:
        every, major = (classify(text, model=some, threshold=threshold, level=level) for level in ("any", "major"))
        assert every.label == "spoiler" or major.label == "safe"
        assert major.probability <= every.probability


FORGED: dict[str, Any] = {
    "no object": lambda document: document.update(severity=[1]),
    "a standing that is not known": lambda document: document["severity"]["intercepts"].update(elsewhere=0.0),
    "no head for sentences alone": lambda document: document["severity"]["intercepts"].pop("alone"),
    "an intercept that is none": lambda document: document["severity"]["intercepts"].update(alone="0"),
    "a head without its array": lambda document: document["arrays"].pop("severity.vector_coef.alone"),
    "a level that is not known": lambda document: document["review_stages"].update(minor={}),
    "a weight too many": lambda document: document["review_stages"]["any"]["weights"].update(other=1.0),
    "a weight too large": lambda document: document["review_stages"]["any"]["weights"].update({"log length": 1e31}),
    "a threshold of two": lambda document: document["review_stages"]["any"]["operating_points"]["balanced"].update(
        threshold=2
    ),
    "stages that are a text": lambda document: document.update(review_stages="any"),
}


@pytest.mark.parametrize("fault", FORGED)
def test_a_forged_level_is_refused(model: SpoilerClassifier, tmp_path: Path, fault: str) -> None:
    spoilerguard.save(model, tmp_path / "model")
    file = tmp_path / "model" / "model.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    FORGED[fault](document)
    file.write_text(json.dumps(document | {"checksum": checksum(document)}), encoding="utf-8")
    with pytest.raises(ModelFormatError, match=r"is wrong|weights"):
        spoilerguard.load(tmp_path / "model")


# the column --------------------------------------------------------------------------------------------------------


def test_labels_of_whole_reviews_that_reach_two_say_which_spoilers_are_major() -> None:
    for labels, majors in (([0, 2, 1], [0, 1, 0]), ([0, 1, 1], [-1, -1, -1])):
        table = {"text": ["Go. He dies. So."], "spans": [[[0, 3], [4, 12], [13, 16]]], "labels": [labels]}
        assert spoilerguard.load_corpus(pd.DataFrame(table)).majors.tolist() == majors


def test_rows_of_which_nobody_has_said_it_stay_unknown_in_a_larger_corpus() -> None:
    graded = Corpus.from_frame(pd.DataFrame({"sentence": ["A.", "B."], "spoiler": [1, 0], "major": [True, None]}))
    plain = Corpus.from_frame(pd.DataFrame({"sentence": ["C."], "spoiler": [1]}))
    assert Corpus.concat([graded, plain]).majors.tolist() == [1, -1, -1]


def test_what_is_labelled_safe_is_no_major_spoiler_whatever_an_older_column_says() -> None:
    table = pd.DataFrame({"sentence": ["He dies.", "Fine."], "spoiler": [1, 0], "major": ["yes", "yes"]})
    assert Corpus.from_frame(table).majors.tolist() == [1, 0]


def test_a_word_that_means_no_label_is_refused_by_its_row_and_column() -> None:
    table = pd.DataFrame({"sentence": ["He dies.", "Fine."], "spoiler": [1, 0], "major": ["perhaps", 0]})
    with pytest.raises(CorpusError, match="row 0, column 'major': unknown label 'perhaps'"):
        Corpus.from_frame(table)


# whole reviews -----------------------------------------------------------------------------------------------------


def test_the_probability_of_a_review_is_that_which_is_evaluated(model: SpoilerClassifier, report: Report) -> None:
    rule = DecisionRule.of(model)
    documents = Documents.from_reviews(texts(UNSEEN))
    expected = predict(model, documents).review_probability(rule)
    found = list(spoilerguard.classify_reviews(texts(UNSEEN), model=model))
    np.testing.assert_array_equal([one.probability for one in found], expected)
    assert report.metric("review_roc_auc").value > 0.8
    assert report.metric("review_calibration_error").value < 0.15


@pytest.mark.parametrize("threshold", [0.3, 0.9, "cautious"])
def test_a_threshold_that_was_set_changes_the_labels_of_reviews_and_not_their_ranking(
    model: SpoilerClassifier, report: Report, tmp_path: Path, threshold: float | str
) -> None:
    spoilerguard.save(model, tmp_path / "model")
    again = spoilerguard.load(tmp_path / "model").set_params(threshold=threshold)
    after = evaluate(again, UNSEEN, n_bootstrap=5)
    for metric in ("review_roc_auc", "review_average_precision", "review_calibration_error"):
        assert after.metric(metric).value == report.metric(metric).value
    # As the sentences of the corpus stand, which may be cut otherwise than their text would be.
    flagged = predict(again, UNSEEN.documents).review_is_spoiler(DecisionRule.of(again))
    holds = np.maximum.reduceat(UNSEEN.labels, np.cumsum(UNSEEN.lengths) - UNSEEN.lengths) == 1
    assert after.metric("review_recall@default").value == pytest.approx(flagged[holds].mean())


def test_the_label_of_a_review_has_a_threshold_of_its_own(model: SpoilerClassifier) -> None:
    stage = model.review_stages_[Level.ANY]
    for name in stage.operating_points:
        found = spoilerguard.classify_reviews(texts(UNSEEN), model=model, threshold=name)
        enough = stage.operating_points[name].threshold
        assert all((one.label == "spoiler") == (one.probability >= enough) for one in found)
    sure = list(spoilerguard.classify_reviews(texts(UNSEEN), model=model, threshold=0.9))
    assert {one.label == "spoiler" for one in sure if one.probability >= 0.9} == {True}


def test_an_empty_review_holds_nothing() -> None:
    empty = classify("  ")
    assert (empty.probability, empty.label, list(empty)) == (0.0, "safe", [])


def test_a_model_without_reviews_takes_the_highest_of_a_sentence(tiny_model: SpoilerClassifier) -> None:
    found = classify("Great music. He dies at the end.", model=tiny_model)
    assert found.probability == max(verdict.probability for verdict in found)
    assert found.label == "spoiler"


def test_parts_of_verdicts_keep_what_is_said_of_the_review() -> None:
    verdicts = classify("Lovely music. In the end Anna dies and Paul is the killer.")
    assert (verdicts[:1].probability, verdicts[:1].label) == (verdicts.probability, verdicts.label)
    safe = [Verdict("Fine.", 0, 5, spoilerguard.Label.SAFE, 0.25, certain=True)]
    assert (Verdicts(safe, "Fine.").probability, Verdicts(safe, "Fine.").label) == (0.25, "safe")


def test_more_sentences_like_it_never_make_a_review_less_probable_than_its_parts_said() -> None:
    weights = {"logit of any": 0.5, "highest logit": 0.5, "log length": 0.0}
    stage = ReviewStage(weights, 0.0)
    few, many = (stage.probability(np.full(n, 0.2), np.array([n])) for n in (2, 20))
    assert few[0] < many[0]


def test_a_table_of_reviews_holds_the_same(model: SpoilerClassifier) -> None:
    table = pd.DataFrame({"text": [*texts(UNSEEN)[:20], "", None]})
    rows = spoilerguard.classify_table(table, by="review", model=model)
    found = list(spoilerguard.classify_reviews(texts(UNSEEN)[:20], model=model))
    assert rows.label[:20].tolist() == [str(one.label) for one in found]
    assert rows.probability[:20].tolist() == [one.probability for one in found]
    assert rows.label[20:].isna().all()
    sentences = spoilerguard.classify_table(table, model=model, level="major")
    expected = [one.major for text in table.text[:20] for one in classify(text, model=model)]
    assert sentences.major.dropna().tolist() == expected


def test_the_command_line_marks_major_spoilers_only(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    review = tmp_path / "review.txt"
    review.write_text("The raid fails halfway. In the end Anna dies and Paul is the killer.", encoding="utf-8")
    assert main(["classify", str(review), "--level", "major", "--format", "jsonl"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["label"] for record in records][-1] == "spoiler"
    assert all(record["major"] <= record["probability"] for record in records)


def test_a_base_keeps_the_levels_for_which_new_labels_are_too_few(model: SpoilerClassifier) -> None:
    found = spoilerguard.train(PLAIN_NEW, base=model, n_splits=3)
    assert (found.severity_, found.review_stages_) == (model.severity_, model.review_stages_)
    assert found.operating_points_[Standing.ALONE] != model.operating_points_[Standing.ALONE]
    for threshold in POINTS[:2]:
        assert classify("He dies at the end.", model=found, level="major", threshold=threshold)


def test_major_spoilers_of_one_work_teach_no_level() -> None:
    merged = MAJOR & PLAIN.work.isin(PLAIN.work.unique()[:40])
    frame = PLAIN.assign(major=merged.astype(int), work=PLAIN.work.where(~PLAIN.work.isin(PLAIN.work[merged]), "One"))
    vectorizer = SentenceVectorizer(encoder=default_encoder(), n_buckets=2**12)
    found = spoilerguard.train(frame, estimator=SpoilerClassifier(C=0.003, vectorizer=vectorizer), n_splits=3)
    assert found.severity_ is None
    assert set(found.review_stages_) == {"any"}


def test_a_severity_without_reviews_still_speaks_of_sentences(model: SpoilerClassifier) -> None:
    assert model.severity_ is not None
    assert set(model.severity_.heads) == set(Standing)
    assert repr(model.severity_) == "Severity(alone, in review)"
