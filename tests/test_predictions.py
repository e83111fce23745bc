"""Predictions: one pass over documents gives what the model's own methods give, each sentence by its standing."""

import numpy as np
import pytest

from spoilerguard.decisions import DecisionRule, Level
from spoilerguard.documents import Documents, Standing
from spoilerguard.model import SpoilerClassifier
from spoilerguard.predicting import predict

SENTENCES = [
    "He dies, at last!",
    "",
    "...",
    "Qwertz zxcvb asdfg hjkl.",
    "The film's score is lovely",
    "<b>Ruth</b> knows.",
]
LENGTHS = np.array([2, 0, 3, 1])


@pytest.mark.parametrize("sentences", [[], [""], SENTENCES])
def test_one_pass_agrees_with_the_methods_of_the_model(default_model: SpoilerClassifier, sentences: list[str]) -> None:
    found = predict(default_model, Documents.from_sentences(sentences))
    np.testing.assert_array_equal(found.alone, default_model.decision_function(sentences))
    np.testing.assert_array_equal(found.certain, default_model.certain(sentences))
    np.testing.assert_array_equal(found.logit, found.alone)
    np.testing.assert_allclose(found.probability, default_model.predict_proba(sentences)[:, 1])


def test_context_changes_the_logit_of_sentences_with_neighbours_only(default_model: SpoilerClassifier) -> None:
    documents = Documents.from_sentences(SENTENCES, LENGTHS)
    found = predict(default_model, documents)
    assert documents.in_review.tolist() == [True] * 5 + [False]
    assert (found.alone != found.logit).tolist() == [True] * 5 + [False]
    np.testing.assert_array_equal(found.alone, default_model.decision_function(SENTENCES))


def test_a_threshold_counts_for_the_sentences_of_its_standing(default_model: SpoilerClassifier) -> None:
    found = predict(default_model, Documents.from_sentences(SENTENCES, LENGTHS))
    rule = DecisionRule(Level.ANY, {Standing.ALONE: 0.0, Standing.IN_REVIEW: 1.0})
    assert found.is_spoiler(rule).tolist() == [False] * 5 + [True]
    verdicts = found.to_verdicts(rule)
    assert [verdict.text for verdict in verdicts] == SENTENCES
    assert [verdict.label == "spoiler" for verdict in verdicts] == [False] * 5 + [True]
    assert [verdict.probability for verdict in verdicts] == found.probability.tolist()
    assert [verdict.certain for verdict in verdicts] == found.certain.tolist()


def test_known_vectors_must_fit_the_sentences(default_model: SpoilerClassifier) -> None:
    vectors = default_model.vectorizer_.encode(SENTENCES)
    with pytest.raises(ValueError, match="was expected: pass what encode"):
        default_model.decision_function(SENTENCES, vectors[:1])
