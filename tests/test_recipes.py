"""Recipes: trained again and again on other works, so that luck in the sample is not taken for quality."""

from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from spoilerguard import Corpus, SpoilerClassifier, compare
from spoilerguard.bootstrap import Estimate
from spoilerguard.datasets import make_corpus
from spoilerguard.evaluation.recipes import fit_recipe, pooled_estimate, resampled
from spoilerguard.features import SentenceVectorizer

LEARN, TEST = make_corpus(works=25, reviews=2, sentences=6, seed=1), make_corpus(works=25, reviews=2, seed=2)
WORDS = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10.0))


def upside_down(corpus: Corpus) -> Any:
    """Learns the opposite."""
    return make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(corpus.sentences, 1 - corpus.labels)


@pytest.mark.slow
def test_a_better_recipe_is_called_better_and_a_recipe_no_better_than_itself() -> None:
    how: dict[str, Any] = {"replicates": 5, "train_on": LEARN, "n_bootstrap": 20}
    found = compare(upside_down, WORDS, TEST, **how)
    assert (found.verdict, found.replicates) == ("better", 5)
    assert found.difference("roc_auc").change.low > 0
    assert "each trained 5 times" in str(found)
    assert "these two fitted models" not in str(found)
    assert compare(WORDS, WORDS, TEST, **how).verdict == "cannot tell"
    assert compare(WORDS, upside_down, TEST, **how).verdict == "worse"


def test_no_interval_over_recipes_leaves_the_range_of_its_metric() -> None:
    found = compare(WORDS, upside_down, TEST, replicates=5, train_on=LEARN, n_bootstrap=20)
    for one in found.differences:
        assert all(0 <= bound <= 1 for bound in (*one.a.interval, *one.b.interval))
        assert all(-1 <= bound <= 1 for bound in one.change.interval)
    parts = [Estimate(value, value, value) for value in (0.7, 0.9, 1.0, 1.0, 1.0)]
    assert pooled_estimate(parts)[0].high == 1.0


def test_a_work_that_recipes_learn_and_are_measured_on_is_warned_of() -> None:
    both = Corpus.concat([LEARN, TEST])
    with pytest.warns(UserWarning, match=r"25 works, such as '.*', are in train_on and in the corpus: take others"):
        compare(WORDS, WORDS, TEST, replicates=5, train_on=both, n_bootstrap=5)


def test_a_verdict_on_fitted_models_says_that_it_is_of_these_two() -> None:
    models = upside_down(LEARN), fit_recipe(WORDS, LEARN)
    assert "of these two fitted models" in str(compare(*models, TEST, n_bootstrap=20))
    assert "of these two fitted models" not in str(compare(models[0], models[0], TEST, n_bootstrap=20))


def test_works_are_drawn_whole_and_count_as_often_as_they_were_drawn() -> None:
    samples = list(resampled(LEARN, 3, seed=0))
    for sample in samples:
        assert sample.weights.sum() == pytest.approx(len(LEARN), rel=0.2)
        for work in set(sample.groups):
            assert (sample.groups == work).sum() == (LEARN.groups == work).sum()
    assert len({sample.digest for sample in samples}) == 3
    assert [sample.digest for sample in resampled(LEARN, 3, seed=0)] == [sample.digest for sample in samples]


def test_an_estimator_sees_a_sentence_as_often_as_it_was_drawn_and_stays_unfitted() -> None:
    estimator = SpoilerClassifier(vectorizer=SentenceVectorizer(n_buckets=2**10))
    twice = Corpus(LEARN.frame.assign(weight=2.0))
    fitted: Any = fit_recipe(estimator, twice)
    assert fitted.vectorizer_.n_sentences_ == 2 * len(LEARN)
    assert not hasattr(estimator, "coef_")


def test_of_a_hundred_pairs_of_equal_recipes_six_at_most_differ() -> None:
    rng = np.random.default_rng(0)
    for n in (5, 10, 30):
        p_values = []
        for truth in rng.normal(0, 0.02, 600):  # the difference that these data show of recipes that are equal
            values = truth + rng.normal(0, 0.02, n)
            p_values.append(pooled_estimate([Estimate(value, value, value) for value in values])[1])
        assert np.mean(np.array(p_values) <= 0.05) <= 0.065


@pytest.mark.parametrize(
    ("recipe", "options", "error", "message"),
    [
        ("default", {"replicates": 5, "train_on": LEARN}, TypeError, "an unfitted estimator or a function.*got str"),
        (WORDS, {"replicates": 5}, ValueError, "pass train_on= and replicates= of 5 or more"),
        (WORDS, {"train_on": LEARN}, ValueError, "pass train_on= and replicates= of 5 or more"),
        (WORDS, {"replicates": 2, "train_on": LEARN}, ValueError, "of 5 or more"),
    ],
)
def test_what_is_no_recipe_is_refused(
    recipe: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        compare(recipe, WORDS, TEST, **options)
