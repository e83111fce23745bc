"""Context: every feature is what its name says, and no review feels another one."""

from math import log1p
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spoilerguard.context import FEATURES, ReviewContext, context_features, review_logits
from spoilerguard.model import SpoilerClassifier
from spoilerguard.persistence import load

SENTENCES = ["Fine.", "Spoilers ahead!", "He dies.", "Don’t read on", "The plot points work.", "It gives it away", ""]
Review = list[tuple[float, str]]
REVIEWS = st.lists(st.lists(st.tuples(st.floats(-20, 20), st.sampled_from(SENTENCES)), max_size=14), max_size=6)
WARNINGS = {"Spoilers ahead!", "Don’t read on", "The plot points work.", "It gives it away"}


def columns(reviews: list[Review]) -> tuple[NDArray[np.float64], list[str], NDArray[np.int64]]:
    logits = np.array([logit for review in reviews for logit, _ in review], dtype=np.float64)
    lengths = np.array([len(review) for review in reviews], dtype=np.int64)
    return logits, [sentence for review in reviews for _, sentence in review], lengths


def mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def plain_features(review: Review) -> list[list[float]]:
    """The table of `FEATURES` as one would write it for one review, without numpy."""
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
        rows.append([row[name] for name in FEATURES])
    return rows


def stage(direction: tuple[float, ...] = ()) -> ReviewContext:
    return ReviewContext(tuple(np.random.default_rng(0).normal(size=len(FEATURES)).tolist()), -0.5, direction)


DIRECTION = (0.5, -2.0, 1.5)


def vectors_of(reviews: list[Review]) -> NDArray[np.float64]:
    return np.random.default_rng(1).normal(size=(sum(map(len, reviews)), len(DIRECTION)))


@settings(deadline=None, max_examples=100)
@given(reviews=REVIEWS)
def test_features_are_what_their_names_say(reviews: list[Review]) -> None:
    expected = [row for review in reviews for row in plain_features(review)]
    found = context_features(*columns(reviews))
    assert found.shape == (len(expected), len(FEATURES))
    np.testing.assert_allclose(found, np.reshape(expected, found.shape), rtol=1e-9, atol=1e-9)


@settings(deadline=None, max_examples=100)
@given(reviews=REVIEWS)
def test_a_review_has_the_same_logits_in_any_batch_to_the_last_bit(reviews: list[Review]) -> None:
    together = stage().logits(*columns(reviews))
    apart = [stage().logits(*columns([review])) for review in reviews]
    np.testing.assert_array_equal(together, np.concatenate([np.zeros(0), *apart]))


@settings(deadline=None, max_examples=50)
@given(reviews=REVIEWS, slope=st.floats(0.1, 5), offset=st.floats(-5, 5))
def test_rescaled_it_gives_rescaled_logits(reviews: list[Review], slope: float, offset: float) -> None:
    found = stage().rescale(slope, offset).logits(*columns(reviews))
    np.testing.assert_allclose(found, slope * stage().logits(*columns(reviews)) + offset, rtol=1e-9, atol=1e-7)


@settings(deadline=None, max_examples=50)
@given(reviews=REVIEWS, slope=st.floats(0.1, 5), offset=st.floats(-5, 5))
def test_under_rescaled_logits_it_gives_the_same_logits(reviews: list[Review], slope: float, offset: float) -> None:
    logits, sentences, lengths = columns(reviews)
    found = stage().under(slope, offset).logits(slope * logits + offset, sentences, lengths)
    np.testing.assert_allclose(found, stage().logits(logits, sentences, lengths), rtol=1e-6, atol=1e-5)


@settings(deadline=None, max_examples=50)
@given(reviews=REVIEWS)
def test_a_direction_adds_its_product_with_the_vectors(reviews: list[Review]) -> None:
    vectors = vectors_of(reviews)
    found = stage(DIRECTION).logits(*columns(reviews), vectors)
    expected = stage().logits(*columns(reviews)) + vectors @ DIRECTION
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@settings(deadline=None, max_examples=50)
@given(reviews=REVIEWS)
def test_with_a_direction_too_a_review_has_the_same_logits_in_any_batch_to_the_last_bit(reviews: list[Review]) -> None:
    vectors = vectors_of(reviews)
    together = stage(DIRECTION).logits(*columns(reviews), vectors)
    parts = np.split(vectors, np.cumsum([len(review) for review in reviews]))[: len(reviews)]
    apart = [stage(DIRECTION).logits(*columns([r]), part) for r, part in zip(reviews, parts, strict=True)]
    np.testing.assert_array_equal(together, np.concatenate([np.zeros(0), *apart]))


def test_without_a_direction_vectors_change_nothing() -> None:
    reviews: list[Review] = [[(1.0, "Fine."), (-2.0, "He dies.")]]
    found = stage().logits(*columns(reviews), vectors_of(reviews))
    np.testing.assert_array_equal(found, stage().logits(*columns(reviews)))


@settings(deadline=None, max_examples=50)
@given(reviews=REVIEWS, slope=st.floats(0.1, 5), offset=st.floats(-5, 5))
def test_rescaled_a_direction_is_rescaled_too_and_under_rescaled_logits_it_stays(
    reviews: list[Review], slope: float, offset: float
) -> None:
    (logits, sentences, lengths), vectors = columns(reviews), vectors_of(reviews)
    before = stage(DIRECTION).logits(logits, sentences, lengths, vectors)
    rescaled = stage(DIRECTION).rescale(slope, offset).logits(logits, sentences, lengths, vectors)
    np.testing.assert_allclose(rescaled, slope * before + offset, rtol=1e-9, atol=1e-7)
    under = stage(DIRECTION).under(slope, offset)
    found = under.logits(slope * logits + offset, sentences, lengths, vectors)
    np.testing.assert_allclose(found, before, rtol=1e-6, atol=1e-5)
    assert under.direction == DIRECTION


def test_it_learns_a_direction_from_vectors_and_none_without() -> None:
    random = np.random.default_rng(0)
    labels, lengths = random.integers(0, 2, 2000).astype(np.int8), np.full(400, 5)
    logits, sentences = random.normal(size=2000), ["A sentence."] * 2000
    vectors = np.column_stack([labels + random.normal(0, 0.5, 2000), random.normal(size=2000), np.ones(2000)])
    fitted = ReviewContext.fit(logits, sentences, lengths, labels, vectors=vectors)
    told, noise, constant = fitted.direction
    assert told > 10 * abs(noise)
    assert constant == 0
    assert np.mean((fitted.logits(logits, sentences, lengths, vectors) > 0) == labels) > 0.75
    assert ReviewContext.fit(logits, sentences, lengths, labels).direction == ()


@pytest.fixture(scope="module")
def model() -> SpoilerClassifier:
    sentences = ["He dies at the end.", "The killer is the nurse.", "Great music.", "The acting is fine."]
    return SpoilerClassifier(C=10).fit(sentences, [1, 1, 0, 0])


def test_only_a_sentence_with_neighbours_feels_its_context(model: SpoilerClassifier) -> None:
    sentences = ["The killer dies.", "Fine.", "He dies.", "The nurse dies.", "Lovely."]
    alone = model.decision_function(sentences)
    model.context_ = stage()
    found = review_logits(model, sentences, np.array([1, 0, 3, 1]))
    expected = stage().logits(alone[1:4], sentences[1:4], np.array([3]))
    np.testing.assert_array_equal(found, [alone[0], *expected, alone[4]])


def test_the_vectors_of_whole_reviews_reach_the_direction() -> None:
    model = load(Path(__file__).parent / "data" / "format_2")
    sentences, lengths = ["The killer dies.", "Fine.", "He dies.", "Lovely tea."], np.array([1, 3])
    alone, vectors = model.decision_function(sentences), model.vectorizer_.encode(sentences)
    in_review = model.vectorizer_.encode_reviews(sentences, lengths, vectors)
    assert model.context_ is not None
    assert np.abs(in_review[1:] @ model.context_.direction).max() > 0.01
    expected = model.context_.logits(alone[1:], sentences[1:], lengths[1:], in_review[1:])
    found = review_logits(model, sentences, lengths)
    np.testing.assert_allclose(found, [alone[0], *expected], rtol=0, atol=1e-9)


def test_without_a_context_stage_every_sentence_stands_alone(model: SpoilerClassifier) -> None:
    model.context_ = None
    sentences = ["The killer dies.", "Fine."]
    np.testing.assert_array_equal(review_logits(model, sentences, np.array([2])), model.decision_function(sentences))
    assert review_logits(model, [], np.array([0, 0])).shape == (0,)


def test_it_learns_that_spoilers_stand_together() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat(random.integers(0, 2, 400), 5).astype(np.int8)  # whole reviews are one or the other
    logits = labels + random.normal(0, 2, len(labels))
    lengths, sentences = np.full(400, 5), ["A sentence."] * 2000
    fitted = ReviewContext.fit(logits, sentences, lengths, labels)
    found = fitted.logits(logits, sentences, lengths)
    assert np.mean((found > 0) == labels) > np.mean((logits > 0.5) == labels) + 0.05
    weights = dict(zip(FEATURES, fitted.weights, strict=True))
    assert weights["mean of the review"] > 0
    assert max(abs(weights[name]) for name in ("warning itself", "warned before")) < 1e-3  # they say nothing here


def test_a_sentence_without_weight_teaches_nothing() -> None:
    random = np.random.default_rng(0)
    labels, lengths = random.integers(0, 2, 40).astype(np.int8), np.full(8, 5)
    logits, sentences = labels + random.normal(size=40), ["A sentence."] * 40
    heavy = np.repeat([1.0, 0.0], 20)
    turned = np.where(heavy > 0, labels, 1 - labels)
    one, other = (ReviewContext.fit(logits, sentences, lengths, y, heavy) for y in (labels, turned))
    np.testing.assert_allclose(one.weights, other.weights, atol=1e-3)
