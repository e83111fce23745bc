"""Cross-validation: no model judges a work that it has seen, and the leak of a random split shows."""

import json

import numpy as np
import pandas as pd
import pytest

from spoilerguard.corpus import Corpus
from spoilerguard.errors import TrainingError
from spoilerguard.evaluation import CrossValidation, cross_validate
from spoilerguard.features import SentenceVectorizer
from spoilerguard.model import SpoilerClassifier


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
    return cross_validate(leaking_corpus(), train=fit, n_splits=4, n_bootstrap=20)


def test_a_random_split_flatters_and_the_leak_is_seen(result: CrossValidation) -> None:
    assert result.at_random is not None
    assert result.at_random.figure("roc_auc").value > 0.9
    assert result.by_work.figure("roc_auc").value < 0.6
    assert result.leak() > 0.3
    assert "What a random split would claim" in str(result)


def test_no_work_is_judged_by_a_model_that_has_seen_it() -> None:
    corpus, seen = leaking_corpus(), []

    def watched(part: Corpus) -> SpoilerClassifier:
        seen.append(set(part.groups))
        return fit(part)

    cross_validate(corpus, train=watched, n_splits=4, n_bootstrap=5)
    left_out = [set(corpus.groups) - works for works in seen[:4]]
    assert set.union(*left_out) == set(corpus.groups)
    assert sum(map(len, left_out)) == 8, "each work is left out once"


def test_every_sentence_is_judged_exactly_once(result: CrossValidation) -> None:
    for report in (result.by_work, result.at_random):
        assert report is not None
        assert report.figure("base_rate", mode="alone").n == 64
        assert report.figure("base_rate", mode="in review").n == 64


def test_reviews_stay_whole_in_the_random_split_too() -> None:
    corpus, sizes = leaking_corpus(), []

    def watched(part: Corpus) -> SpoilerClassifier:
        sizes.extend(part.lengths.tolist())
        return fit(part)

    cross_validate(corpus, train=watched, n_splits=4, n_bootstrap=5)
    assert set(sizes) == {2}


def test_without_works_a_random_split_is_no_different_and_left_out() -> None:
    frame = leaking_corpus().frame.drop(columns=["work", "review_id", "position"])
    result = cross_validate(Corpus.from_frame(frame), train=fit, n_splits=3, n_bootstrap=5)
    assert result.at_random is None
    assert np.isnan(result.leak())
    assert json.loads(result.to_json())["at_random"] is None
    assert set(result.to_frame().split) == {"by work"}
    assert "random" not in str(result)


def test_equal_seeds_give_equal_results(result: CrossValidation) -> None:
    again = cross_validate(leaking_corpus(), train=fit, n_splits=4, n_bootstrap=20)
    assert again.to_json() == result.to_json()


def test_the_frame_holds_both_splits(result: CrossValidation) -> None:
    frame = result.to_frame()
    assert set(frame.split) == {"by work", "at random"}
    assert list(frame.columns)[:4] == ["split", "mode", "slice", "metric"]


def test_the_html_shows_the_leak(result: CrossValidation) -> None:
    assert f"{result.leak():+.3f}" in result._repr_html_()


@pytest.mark.parametrize("n_splits", [0, 1, 9])
def test_fewer_works_than_folds_are_refused(n_splits: int) -> None:
    with pytest.raises(TrainingError, match=f"{n_splits} folds of 8 works"):
        cross_validate(leaking_corpus(), train=fit, n_splits=n_splits)
