"""Every public name, called as a user would: what a type checker takes the result for is what it is."""

# pyright: strict

from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_type

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import spoilerguard
from spoilerguard import (
    Comparison,
    Corpus,
    CorpusError,
    DriftReport,
    Label,
    MissingExtraError,
    ModelFormatError,
    OperatingPointError,
    Report,
    SpoilerClassifier,
    SpoilerguardError,
    Story,
    StoryError,
    TrainingError,
    Verdict,
)
from spoilerguard.challenge import ChallengeReport, run_challenge
from spoilerguard.checks import CheckReport, check_corpus
from spoilerguard.datasets import load_reviews, make_corpus, sample
from spoilerguard.features import SentenceVectorizer
from spoilerguard.rendering import Verdicts
from spoilerguard.training import CrossValidation
from spoilerguard.verdicts import Explanation

REVIEW = "The music is lovely. In the end the nurse is the killer."
SENTENCES = ["He dies at the end.", "The killer is the nurse.", "Great music.", "The acting is fine."]


def small() -> SpoilerClassifier:
    return SpoilerClassifier(C=10, vectorizer=SentenceVectorizer(n_buckets=2**10)).fit(SENTENCES, [1, 1, 0, 0])


def test_classifying_gives_verdicts() -> None:
    verdicts = spoilerguard.classify(REVIEW, threshold="cautious", level="major", markup=None, story="A nurse.")
    assert_type(verdicts, Verdicts)
    assert_type(verdicts[0], Verdict)
    assert_type(verdicts[1:], Verdicts)
    assert_type(verdicts.label, Label)
    assert_type(verdicts.probability, float)
    assert_type(verdicts.review, str)
    assert_type(verdicts.language, str | None)
    assert_type(verdicts.to_frame(), pd.DataFrame)
    assert_type(verdicts.to_dicts(), list[dict[str, Any]])
    [first, *_] = verdicts
    assert_type((first.text, first.start, first.end, first.label), tuple[str, int, int, Label])
    assert_type((first.probability, first.major, first.rule), tuple[float, float | None, str | None])
    assert_type((first.certain, first.marked, first.is_spoiler), tuple[bool, bool, bool])
    assert_type(spoilerguard.classify(SENTENCES), list[Verdict])
    assert_type(spoilerguard.classify_reviews([REVIEW], n_jobs=1), Iterator[Verdicts])
    assert_type(spoilerguard.redact(REVIEW, style="reddit", story=Story(protect=["nurse"])), str)
    assert isinstance(verdicts, Verdicts)


def test_explaining_gives_explanations() -> None:
    [first, *_] = assert_type(spoilerguard.explain(REVIEW), list[Explanation])
    assert_type([(part.text, part.weight) for part in first.contributions], list[tuple[str, float]])
    assert_type((first.logit, first.context, first.matched), tuple[float, float, str | None])
    assert isinstance(first, Explanation)


def test_a_table_gives_a_table_and_a_file_a_path(tmp_path: Path) -> None:
    table = pd.DataFrame({"text": [REVIEW]})
    found = spoilerguard.classify_table(table, by="review", progress=False)
    assert_type(found, pd.DataFrame)
    written = spoilerguard.classify_table(table, output=tmp_path / "out.csv", progress=False)
    assert_type(written, Path)
    assert (type(found), type(written)) == (pd.DataFrame, type(tmp_path))


def test_a_model_is_a_classifier_and_keeps_its_type(tmp_path: Path) -> None:
    model = assert_type(small(), SpoilerClassifier)
    assert_type(model.set_params(threshold=0.5), SpoilerClassifier)
    assert_type(model.get_params(), dict[str, Any])
    assert_type(model.predict(SENTENCES), NDArray[Any])
    assert_type(model.predict_proba(SENTENCES), NDArray[np.float64])
    assert_type(model.decision_function(SENTENCES), NDArray[np.float64])
    assert_type(model.score(SENTENCES, [1, 1, 0, 0]), float)
    assert_type(model.partial_fit(SENTENCES, [1, 1, 0, 0]), SpoilerClassifier)
    spoilerguard.save(model, tmp_path / "model")
    read = assert_type(spoilerguard.load(tmp_path / "model"), SpoilerClassifier)
    assert_type(SentenceVectorizer().fit(SENTENCES), SentenceVectorizer)
    assert isinstance(read, SpoilerClassifier)


def test_training_and_measuring_give_models_and_reports() -> None:
    corpus = assert_type(make_corpus(works=12, reviews=3, sentences=4), Corpus)
    assert_type(load_reviews("dev"), Corpus)
    assert_type(spoilerguard.load_corpus(sample("dev.jsonl")), Corpus)
    assert_type((corpus.frame, corpus.labels), tuple[pd.DataFrame, NDArray[np.int8]])
    model = assert_type(spoilerguard.train(corpus, estimator=small(), n_splits=3), SpoilerClassifier)
    other = make_corpus(works=12, reviews=3, sentences=4, seed=7)
    report = assert_type(spoilerguard.evaluate(model, other, n_bootstrap=5), Report)
    assert_type(report.metric("roc_auc").value, float)
    assert_type((report.to_frame(), report.to_json()), tuple[pd.DataFrame, str])
    probabilities = model.predict_proba(other.sentences)[:, 1]
    assert_type(spoilerguard.evaluate_probabilities(other, probabilities, n_bootstrap=5), Report)
    comparison = assert_type(spoilerguard.compare(model, model, other, n_bootstrap=5), Comparison)
    assert_type(comparison.models, tuple[str, str])
    validated = spoilerguard.cross_validate(corpus, fit=lambda part: small(), n_splits=3, n_bootstrap=5)
    assert_type(validated, CrossValidation)
    assert_type(check_corpus(corpus), CheckReport)
    assert_type(spoilerguard.train_stream(sample("dev.jsonl"), estimator=small(), n_splits=3), SpoilerClassifier)
    assert comparison.verdict == "cannot tell"


def test_watching_gives_tables_and_reports() -> None:
    pool = [f"{REVIEW} Number {number}." for number in range(12)]
    assert_type(spoilerguard.suggest(pool, 1), pd.DataFrame)
    found: DriftReport | None = None
    try:
        found = assert_type(spoilerguard.drift("default", pool), DriftReport)
    except SpoilerguardError:  # a model without a profile
        assert found is None


def test_errors_are_of_one_family_and_of_the_built_in_ones() -> None:
    families: list[type[ValueError]] = [CorpusError, ModelFormatError, OperatingPointError, StoryError, TrainingError]
    missing: type[ImportError] = MissingExtraError
    assert all(issubclass(one, SpoilerguardError) for one in (*families, missing))
    assert_type(spoilerguard.__version__, str)


def test_every_public_name_is_called_here() -> None:
    code = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in spoilerguard.__all__ if name not in code] == []


def test_the_challenge_gives_a_report() -> None:
    assert_type(run_challenge(small()), ChallengeReport)
