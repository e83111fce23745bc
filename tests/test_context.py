"""Context: every feature is what its name says, and no review feels another one."""

import copy
from math import log1p

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import REVIEW_WIDTH, make_network
from numpy.typing import NDArray

from spoilerguard import context as context_module
from spoilerguard.context import CONTEXT_FEATURES, ContextFeature, ReviewContext, context_features
from spoilerguard.documents import Documents
from spoilerguard.features import SentenceVectorizer
from spoilerguard.model import SpoilerClassifier
from spoilerguard.predicting import predict

SENTENCES = ["Fine.", "Spoilers ahead!", "He dies.", "Don’t read on", "The plot points work.", "It gives it away", ""]
Review = list[tuple[float, str]]
REVIEWS = st.lists(st.lists(st.tuples(st.floats(-20, 20), st.sampled_from(SENTENCES)), max_size=14), max_size=6)
WARNINGS = {"Spoilers ahead!", "Don’t read on", "The plot points work.", "It gives it away"}


def columns(reviews: list[Review]) -> tuple[NDArray[np.float64], Documents]:
    logits = np.array([logit for review in reviews for logit, _ in review], dtype=np.float64)
    lengths = np.array([len(review) for review in reviews], dtype=np.int64)
    return logits, Documents.from_sentences([sentence for review in reviews for _, sentence in review], lengths)


def five_each(n_reviews: int) -> Documents:
    return Documents.from_sentences(["A sentence."] * (5 * n_reviews), np.full(n_reviews, 5))


def mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def plain_features(review: Review) -> list[list[float]]:
    """The table of `CONTEXT_FEATURES` as one would write it for one review, without numpy."""
    logits = [logit for logit, _ in review]
    level = mean(logits, 0)
    rows = []
    for place, (logit, sentence) in enumerate(review):
        before, after = logits[:place], logits[place + 1 :]
        row = {
            "own logit": logit,
            "logit before": before[-1] if before else level,
            "logit two before": before[-2] if len(before) > 1 else level,
            "logit after": after[0] if after else level,
            "logit two after": after[1] if len(after) > 1 else level,
            "mean of the five before": mean(before[-5:], level),
            "mean of the five after": mean(after[:5], level),
            "highest before": max(before, default=level),
            "mean of the review": level,
            "highest of the review": max(logits),
            "place": place / max(len(review) - 1, 1),
            "last sentence": float(place == len(review) - 1),
            "log length of the review": log1p(len(review)),
            "log length of the sentence": log1p(len(sentence)),
            "warned before": float(any(other in WARNINGS for _, other in review[:place])),
            "warning itself": float(sentence in WARNINGS),
        }
        rows.append([row[name] for name in CONTEXT_FEATURES])
    return rows


def stage(vector_coef: tuple[float, ...] = ()) -> ReviewContext:
    weights = np.random.default_rng(0).normal(size=len(CONTEXT_FEATURES)).tolist()
    return ReviewContext(dict(zip(CONTEXT_FEATURES, weights, strict=True)), -0.5, vector_coef)


VECTOR_COEF = (0.5, -2.0, 1.5)


def vectors_of(reviews: list[Review]) -> NDArray[np.float64]:
    return np.random.default_rng(1).normal(size=(sum(map(len, reviews)), len(VECTOR_COEF)))


@given(reviews=REVIEWS)
def test_features_are_what_their_names_say(reviews: list[Review]) -> None:
    expected = [row for review in reviews for row in plain_features(review)]
    found = context_features(*columns(reviews), list(CONTEXT_FEATURES))
    assert found.shape == (len(expected), len(CONTEXT_FEATURES))
    np.testing.assert_allclose(found, np.reshape(expected, found.shape), rtol=1e-9, atol=1e-9)


@given(reviews=REVIEWS)
def test_a_review_has_the_same_logits_in_any_batch_to_the_last_bit(reviews: list[Review]) -> None:
    together = stage().logits(*columns(reviews))
    apart = [stage().logits(*columns([review])) for review in reviews]
    np.testing.assert_array_equal(together, np.concatenate([np.zeros(0), *apart]))


@given(reviews=REVIEWS, slope=st.floats(0.1, 5), offset=st.floats(-5, 5))
def test_rescaled_it_gives_rescaled_logits(reviews: list[Review], slope: float, offset: float) -> None:
    found = stage().rescale(slope, offset).logits(*columns(reviews))
    np.testing.assert_allclose(found, slope * stage().logits(*columns(reviews)) + offset, rtol=1e-9, atol=1e-7)


@given(reviews=REVIEWS, slope=st.floats(0.1, 5), offset=st.floats(-5, 5))
def test_calibration_absorbed_leaves_the_logits_in_review_as_they_were(
    reviews: list[Review], slope: float, offset: float
) -> None:
    logits, documents = columns(reviews)
    found = stage().absorb_calibration(slope, offset).logits(slope * logits + offset, documents)
    np.testing.assert_allclose(found, stage().logits(logits, documents), rtol=1e-6, atol=1e-5)


@given(reviews=REVIEWS)
def test_weights_of_the_vector_add_its_product(reviews: list[Review]) -> None:
    vectors = vectors_of(reviews)
    found = stage(VECTOR_COEF).logits(*columns(reviews), vectors)
    expected = stage().logits(*columns(reviews)) + vectors @ VECTOR_COEF
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@given(reviews=REVIEWS)
def test_with_vectors_too_a_review_has_the_same_logits_in_any_batch_to_the_last_bit(reviews: list[Review]) -> None:
    vectors = vectors_of(reviews)
    together = stage(VECTOR_COEF).logits(*columns(reviews), vectors)
    parts = np.split(vectors, np.cumsum([len(review) for review in reviews]))[: len(reviews)]
    apart = [stage(VECTOR_COEF).logits(*columns([r]), part) for r, part in zip(reviews, parts, strict=True)]
    np.testing.assert_array_equal(together, np.concatenate([np.zeros(0), *apart]))


def test_without_weights_for_them_vectors_change_nothing() -> None:
    reviews: list[Review] = [[(1.0, "Fine."), (-2.0, "He dies.")]]
    found = stage().logits(*columns(reviews), vectors_of(reviews))
    np.testing.assert_array_equal(found, stage().logits(*columns(reviews)))


@given(reviews=REVIEWS, slope=st.floats(0.1, 5), offset=st.floats(-5, 5))
def test_weights_of_the_vector_are_rescaled_and_absorb_no_calibration(
    reviews: list[Review], slope: float, offset: float
) -> None:
    (logits, documents), vectors = columns(reviews), vectors_of(reviews)
    before = stage(VECTOR_COEF).logits(logits, documents, vectors)
    rescaled = stage(VECTOR_COEF).rescale(slope, offset).logits(logits, documents, vectors)
    np.testing.assert_allclose(rescaled, slope * before + offset, rtol=1e-9, atol=1e-7)
    absorbed = stage(VECTOR_COEF).absorb_calibration(slope, offset)
    found = absorbed.logits(slope * logits + offset, documents, vectors)
    np.testing.assert_allclose(found, before, rtol=1e-6, atol=1e-5)
    assert absorbed.vector_coef == VECTOR_COEF


def test_it_learns_weights_of_the_vector_and_none_without() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 2000).astype(np.int8)
    logits, documents = random.normal(size=2000), five_each(400)
    vectors = np.column_stack([labels + random.normal(0, 0.5, 2000), random.normal(size=2000), np.ones(2000)])
    fitted = ReviewContext.fit(logits, documents, labels, vectors=vectors)
    useful, noise, constant = fitted.vector_coef
    assert useful > 10 * abs(noise)
    assert constant == 0
    assert np.mean((fitted.logits(logits, documents, vectors) > 0) == labels) > 0.75
    assert ReviewContext.fit(logits, documents, labels).vector_coef == ()


def in_place(model: SpoilerClassifier, sentences: list[str], lengths: list[int]) -> NDArray[np.float64]:
    return predict(model, Documents.from_sentences(sentences, np.array(lengths))).logit


def test_only_a_sentence_with_neighbours_feels_its_context(tiny_model: SpoilerClassifier) -> None:
    sentences = ["The killer dies.", "Fine.", "He dies.", "The nurse dies.", "Lovely."]
    alone = tiny_model.decision_function(sentences)
    model = copy.deepcopy(tiny_model).attach(context=stage())
    expected = stage().logits(alone[1:4], Documents.from_sentences(sentences[1:4], np.array([3])))
    np.testing.assert_array_equal(in_place(model, sentences, [1, 0, 3, 1]), [alone[0], *expected, alone[4]])


def test_the_vectors_of_whole_reviews_reach_the_stage() -> None:
    sentences = ["The killer dies.", "Fine.", "He dies.", "Lovely tea."]
    vectorizer = SentenceVectorizer(n_buckets=2**10, encoder=make_network(sentences))
    context = stage((0.5, -2.0, 1.5))
    model = SpoilerClassifier(vectorizer=vectorizer, C=10).fit(sentences, [1, 0, 1, 0]).attach(context=context)
    documents = Documents.from_sentences(sentences, np.array([1, 3]))
    _, vectors = model.vectorizer_.encode_documents(documents)
    assert vectors.shape == (4, REVIEW_WIDTH)
    assert np.abs(vectors[1:] @ context.vector_coef).max() > 0.01
    alone = model.decision_function(sentences)
    expected = context.logits(alone[1:], Documents.from_sentences(sentences[1:], np.array([3])), vectors[1:])
    np.testing.assert_allclose(predict(model, documents).logit, [alone[0], *expected], rtol=0, atol=1e-9)


def test_without_a_context_stage_every_sentence_stands_alone(tiny_model: SpoilerClassifier) -> None:
    sentences = ["The killer dies.", "Fine."]
    np.testing.assert_array_equal(in_place(tiny_model, sentences, [2]), tiny_model.decision_function(sentences))
    assert in_place(tiny_model, [], [0, 0]).shape == (0,)


def test_a_feature_that_a_model_has_no_weight_for_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reviews: list[Review] = [[(1.0, "Fine."), (-2.0, "He dies."), (0.5, "")]]
    before, trained = stage().logits(*columns(reviews)), stage()
    more = ContextFeature(lambda review: review.position + 1)
    monkeypatch.setattr(context_module, "CONTEXT_FEATURES", {"new": more, **CONTEXT_FEATURES})
    np.testing.assert_array_equal(trained.logits(*columns(reviews)), before)


def test_it_learns_that_spoilers_stand_together() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat(random.integers(0, 2, 400), 5).astype(np.int8)  # whole reviews are one or the other
    logits = labels + random.normal(0, 2, len(labels))
    documents = five_each(400)
    fitted = ReviewContext.fit(logits, documents, labels)
    found = fitted.logits(logits, documents)
    assert np.mean((found > 0) == labels) > np.mean((logits > 0.5) == labels) + 0.05
    weights = fitted.weights
    assert weights["mean of the review"] > 0
    assert max(abs(weights[name]) for name in ("warning itself", "warned before")) < 1e-3  # they say nothing here


def test_a_sentence_without_weight_teaches_nothing() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 40).astype(np.int8)
    logits, documents = labels + random.normal(size=40), five_each(8)
    heavy = np.repeat([1.0, 0.0], 20)
    turned = np.where(heavy > 0, labels, 1 - labels)
    one, other = (ReviewContext.fit(logits, documents, y, heavy) for y in (labels, turned))
    np.testing.assert_allclose(list(one.weights.values()), list(other.weights.values()), atol=1e-3)
