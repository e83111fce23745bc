"""Columns of the user's own: annotators who differ and tests that are older are found, and chance is not."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from spoilerguard import Corpus, CorpusError, SpoilerClassifier, evaluate, evaluate_probabilities
from spoilerguard.checks import check_corpus
from spoilerguard.checks.own_columns import annotator_test, check_annotators, check_dates
from spoilerguard.datasets import make_corpus


def labelled_by(n_annotators: int, *, shared: bool, odd: float = 1.0, seed: int = 0) -> tuple[Any, ...]:
    """Labels, works and annotators of 40 works; the first annotator has `odd` times the odds of the others."""
    rng = np.random.default_rng(seed)
    works = np.repeat(np.arange(40 * (1 if shared else n_annotators)), 40 if shared else 15)
    who = rng.integers(n_annotators, size=len(works)) if shared else works // 40
    odds = np.exp(rng.normal(-2, 0.8, works.max() + 1))[works] * np.where(who == 0, odd, 1.0)
    return (rng.random(len(works)) < odds / (1 + odds)).astype(np.int8), works, who


def lowest(found: tuple[Any, ...], n_annotators: int) -> float:
    """The corrected p-value of the annotator who differs most."""
    labels, works, who = found
    tests = [annotator_test(labels, works, who == one, who >= 0)[0] for one in range(n_annotators)]
    return n_annotators * min(tests)


@pytest.mark.parametrize("shared", [True, False], ids=["shared works", "works of their own"])
@pytest.mark.parametrize("n_annotators", [2, 20])
def test_of_a_hundred_tables_by_equal_annotators_five_at_most_are_reported(shared: bool, n_annotators: int) -> None:
    found = [lowest(labelled_by(n_annotators, shared=shared, seed=seed), n_annotators) for seed in range(100)]
    assert np.mean(np.array(found) <= 0.01) <= 0.05


@pytest.mark.parametrize("shared", [True, False], ids=["shared works", "works of their own"])
def test_one_annotator_of_ten_with_thrice_the_odds_is_nearly_always_found(shared: bool) -> None:
    found = [lowest(labelled_by(10, shared=shared, odd=3.0, seed=seed), 10) for seed in range(20)]
    assert np.mean(np.array(found) <= 0.01) >= 0.8


def table(**columns: Any) -> pd.DataFrame:
    return make_corpus(works=40, seed=2).frame.assign(**columns)


def test_the_annotator_who_differs_is_named_with_his_rows() -> None:
    rng = np.random.default_rng(0)
    frame = table()
    who = rng.choice(["Ann", "Ben", "Cem"], len(frame))
    frame["spoiler"] = np.where((who == "Ben") & (rng.random(len(frame)) < 0.5), 1, frame["spoiler"])
    [finding] = check_annotators(Corpus.from_frame(frame.assign(Annotator=who)))
    assert (finding.name, finding.count) == ("annotator-differs", (who == "Ben").sum())
    assert finding.message.startswith("Annotator Ben calls")
    assert not list(check_annotators(Corpus.from_frame(table(Annotator=who))))


@pytest.mark.parametrize("names", [["Ann"], [None], ["Ann", "Ben"], ["Ann", None]], ids=str)
@pytest.mark.parametrize("n_rows", [1, 24, 100])
def test_too_few_annotators_or_works_tell_nothing(names: list[str | None], n_rows: int) -> None:
    frame = table().head(n_rows)
    assert not list(check_annotators(Corpus.from_frame(frame.assign(annotator=np.resize(np.array(names), n_rows)))))


DATES = [
    ("year", "2001", "1999"),
    ("date", "2020-05-01", "2019-12-31"),
    ("created_at", "2020-05-01T10:00:00Z", "2019-12-31T00:00:00+02:00"),
    ("timestamp", "1609459200", "1409459200"),
    ("published", "1 May 2020", "March 3, 1999"),
]


@pytest.mark.parametrize(("name", "newer", "older"), DATES)
def test_a_test_side_that_is_older_is_reported_and_a_newer_one_is_not(name: str, newer: str, older: str) -> None:
    frame = table()
    side = np.where(frame["work"].isin(frame["work"].unique()[:10]), "test", "train")
    for of_test, of_train, found in ((older, newer, 1), (newer, older, 0), (older, older, 0)):
        dated = frame.assign(split=side, **{name: np.where(side == "test", of_test, of_train)})
        findings = list(check_dates(Corpus.from_frame(dated)))
        assert [finding.name for finding in findings] == ["test-older-than-train"] * found


def test_another_table_that_is_older_is_reported() -> None:
    train, test = table(year=2020), make_corpus(works=10, seed=8).frame.assign(year=2001)
    assert "test-older-than-train" in check_corpus(train, against=test).names
    assert "test-older-than-train" not in check_corpus(test, against=train).names


@pytest.mark.parametrize("value", ["soon", "", None, "n/a"])
def test_what_is_no_date_is_no_finding(value: Any) -> None:
    frame = table()
    side = np.where(frame["work"].isin(frame["work"].unique()[:10]), "test", "train")
    assert not list(check_dates(Corpus.from_frame(frame.assign(split=side, date=value))))


# slices ------------------------------------------------------------------------------------------------------------


def test_a_report_has_a_slice_for_each_value_of_a_column(tiny_model: SpoilerClassifier) -> None:
    frame = table()
    frame["genre"] = np.where(np.arange(len(frame)) < 500, "crime", "war")
    report = evaluate(tiny_model, frame, slice_by="genre", n_bootstrap=5)
    assert {"genre: crime", "genre: war"} <= set(report.slices)
    assert report.metric("base_rate", "alone", "genre: crime").n == 500
    again = evaluate_probabilities(frame, np.linspace(0, 0.9, len(frame)), slice_by=["genre", "work"], n_bootstrap=5)
    assert sum(name.startswith("work: ") for name in again.slices) == 13  # the twelve largest, and the rest
    assert not any(name.startswith("genre") for name in evaluate(tiny_model, frame, n_bootstrap=5).slices)


def test_an_unknown_column_of_a_report_is_named(tiny_model: SpoilerClassifier) -> None:
    with pytest.raises(CorpusError, match=r"no column 'gnere'; its own columns are genre.*Did you mean 'genre'"):
        evaluate(tiny_model, table(genre="war"), slice_by="gnere")


def test_an_unknown_column_is_named_before_the_work(tiny_model: SpoilerClassifier) -> None:
    with pytest.raises(CorpusError, match="no column 'gnere'"):
        evaluate(LogisticRegression(), table(), slice_by="gnere")  # which is not fitted: nothing was asked of it
    assert "genre: war" in evaluate(tiny_model, table(genre="war"), slice_by=("genre",), n_bootstrap=5).slices
