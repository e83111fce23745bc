"""A batch is read once, and everything that is made of the reading agrees with what is made step by step."""

import copy
import pickle

import numpy as np
import pytest

from spoilerguard.context import review_logits, with_context
from spoilerguard.features import SentenceVectorizer
from spoilerguard.features.folding import BLANK
from spoilerguard.features.reading import Reading
from spoilerguard.model import SpoilerClassifier
from spoilerguard.shipped import default_model

SENTENCES = [
    "He dies, at last!",
    "",
    "...",
    "Qwertz zxcvb asdfg hjkl.",
    "The film's score is lovely",
    "<b>Ruth</b> knows.",
]


@pytest.fixture(scope="module")
def model() -> SpoilerClassifier:
    return default_model()


@pytest.mark.parametrize("batch", [[], [""], ["..."], SENTENCES])
def test_words_stand_between_the_blanks_of_the_stream(batch: list[str]) -> None:
    read = Reading.of(batch, 2, 2**4)
    np.testing.assert_array_equal(read.stream.blanks, np.flatnonzero(read.stream.codes == BLANK))
    assert len(read) == len(batch)
    assert read.words.edges[-1] == len(read.spoken) == len(read.stream.blanks) - 1


def test_a_word_is_spoken_unless_it_is_a_punctuation_mark() -> None:
    assert Reading.of(["He dies, at last!!"], 1, 2**4).spoken.tolist() == [True, True, False, True, True, False]


@pytest.mark.parametrize("sentences", [[], SENTENCES])
def test_one_reading_scores_as_two_do(model: SpoilerClassifier, sentences: list[str]) -> None:
    logits, certain, vectors = model.judge(sentences)
    np.testing.assert_array_equal(logits, model.decision_function(sentences))
    np.testing.assert_array_equal(certain, model.certain(sentences))
    np.testing.assert_array_equal(vectors, model.vectorizer_.encode(sentences))


def test_context_can_be_added_to_logits_that_are_there(model: SpoilerClassifier) -> None:
    lengths = np.array([2, 0, 3, 1])
    logits, _, vectors = model.judge(SENTENCES)
    found = with_context(model, logits, SENTENCES, lengths, vectors)
    np.testing.assert_array_equal(found, review_logits(model, SENTENCES, lengths))


def test_a_score_is_the_product_of_vector_and_weights(model: SpoilerClassifier) -> None:
    expected = model.vectorizer_.transform(SENTENCES) @ model.coef_.astype(np.float64)
    np.testing.assert_allclose(model.vectorizer_.score_sentences(SENTENCES, model.coef_), expected, atol=1e-5)


def test_the_weights_of_the_model_that_all_share_cannot_be_changed(model: SpoilerClassifier) -> None:
    with pytest.raises(ValueError, match="read-only"):
        model.coef_[0] = 1


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_that_is_changed_scores_by_its_own_weights(model: SpoilerClassifier, copied: object) -> None:
    before = model.decision_function(SENTENCES)
    other = copied(model)  # type: ignore[operator]
    np.testing.assert_array_equal(other.decision_function(SENTENCES), before)
    other.coef_[:] *= 2
    expected = 2 * (before - model.intercept_) + model.intercept_
    np.testing.assert_allclose(other.decision_function(SENTENCES), expected, atol=1e-5)
    np.testing.assert_array_equal(model.decision_function(SENTENCES), before)


def test_what_is_kept_of_frozen_weights_ends_with_a_new_fit() -> None:
    vectorizer = SentenceVectorizer(n_buckets=2**6).fit(SENTENCES)
    coef = np.ones(vectorizer.n_columns, dtype=np.float32)
    coef.flags.writeable = False
    assert vectorizer.score_sentences(SENTENCES, coef) == pytest.approx(
        vectorizer.score_sentences(SENTENCES, coef.copy())
    )
    vectorizer.fit(SENTENCES[:2])
    assert vectorizer.score_sentences(SENTENCES, coef) == pytest.approx(
        vectorizer.score_sentences(SENTENCES, coef.copy())
    )
    assert "_kept_weights" not in vectorizer.__getstate__()


def test_known_vectors_must_fit_the_sentences(model: SpoilerClassifier) -> None:
    vectors = model.vectorizer_.encode(SENTENCES)
    with pytest.raises(ValueError, match="was expected: pass what encode"):
        model.decision_function(SENTENCES, vectors[:1])
