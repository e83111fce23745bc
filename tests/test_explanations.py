"""Explanations: every word's share of a logit, which add up to it exactly and can be found in the text."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import REVIEW_WIDTH, make_network, skimmer_arrays

from spoilerguard import explain
from spoilerguard.context import CONTEXT_FEATURES, ReviewContext
from spoilerguard.datasets import load_challenge
from spoilerguard.documents import Documents
from spoilerguard.explanations import explain_documents
from spoilerguard.features import Encoder, SentenceVectorizer
from spoilerguard.features.attribution import occurrences
from spoilerguard.model import SpoilerClassifier
from spoilerguard.predicting import predict
from spoilerguard.verdicts import Contribution, Explanation

SPOILERS = [
    "He dies at the end.",
    "In the end the butler is the killer.",
    "The nurse turns out to be his sister!",
    "Anna dies and Paul is revealed as the murderer.",
]
SAFE = [
    "Lovely music and a fine cast.",
    "The acting is great, the photography lovely.",
    "I saw it with my sister on a rainy night.",
    "Well worth the price of a ticket!",
]
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60) | st.lists(
    st.sampled_from(
        ["The killer", " dies", "é", "e\u0301", "<b>", "&rsquo;", "!!!", "👩\u200d🚀", "\ud800", "\0", " ", "end"]
    )
).map("".join)


def context(n_dimensions: int = 0) -> ReviewContext:
    random = np.random.default_rng(1)
    weights = random.normal(size=len(CONTEXT_FEATURES)).tolist()
    vector_coef = tuple(random.normal(size=n_dimensions).tolist())
    return ReviewContext(dict(zip(CONTEXT_FEATURES, weights, strict=True)), -0.25, vector_coef)


def fitted(encoder: Encoder | None = None, word_ngrams: int = 2) -> SpoilerClassifier:
    vectorizer = SentenceVectorizer(encoder=encoder, word_ngrams=word_ngrams)
    return SpoilerClassifier(vectorizer=vectorizer, C=10).fit(SPOILERS + SAFE, [1] * len(SPOILERS) + [0] * len(SAFE))


@pytest.fixture(scope="module")
def model() -> SpoilerClassifier:
    return fitted(make_network(SPOILERS + SAFE)).attach(context=context())


@pytest.fixture(scope="module", params=["n-grams", "encoder", "context", "triples", "context and vectors", "gate"])
def any_model(request: pytest.FixtureRequest) -> SpoilerClassifier:
    encoder = make_network(SPOILERS + SAFE, **skimmer_arrays(SPOILERS + SAFE)) if request.param != "n-grams" else None
    found = fitted(encoder, 3 if request.param == "triples" else 2)
    stages = dict.fromkeys(["context and vectors", "gate"], context(REVIEW_WIDTH)) | {"context": context()}
    return found.attach(context=stages.get(request.param), gate=0.0 if request.param == "gate" else None)


def explain_sentences(
    model: SpoilerClassifier, sentences: list[str], lengths: list[int] | None = None
) -> list[Explanation]:
    documents = Documents.from_sentences(sentences, None if lengths is None else np.array(lengths))
    return explain_documents(model, documents)


def total(explanation: Explanation) -> float:
    return sum(part.weight for part in explanation.contributions) + explanation.intercept + explanation.context


@given(texts=st.lists(ANY_TEXT, max_size=8), data=st.data())
def test_weights_intercept_and_context_add_up_to_the_logit_of_the_verdict(
    any_model: SpoilerClassifier, texts: list[str], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(texts)))
    documents = Documents.from_sentences(texts, np.array([cut, len(texts) - cut]))
    explanations = explain_documents(any_model, documents)
    np.testing.assert_array_equal([each.logit for each in explanations], predict(any_model, documents).logit)
    for explanation in explanations:
        assert total(explanation) == pytest.approx(explanation.logit, abs=1e-9)
        assert 0 <= explanation.probability <= 1


@given(text=ANY_TEXT)
def test_spans_slice_back_in_order_and_without_overlap(model: SpoilerClassifier, text: str) -> None:
    [explanation] = explain_sentences(model, [text])
    done = 0
    for part in explanation.contributions:
        assert done <= part.start < part.end
        assert text[part.start : part.end] == part.text
        done = part.end


@given(texts=st.lists(ANY_TEXT, min_size=1, max_size=5))
def test_a_sentence_on_its_own_has_the_same_reasons_in_any_batch(model: SpoilerClassifier, texts: list[str]) -> None:
    together = explain_sentences(model, texts)
    for text, explanation in zip(texts, together, strict=True):
        [alone] = explain_sentences(model, [text])
        assert alone.logit == pytest.approx(explanation.logit, abs=1e-9)
        assert [(part.start, part.end) for part in alone.contributions] == [
            (part.start, part.end) for part in explanation.contributions
        ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The killer dies.", ["The", "killer", "dies", "."]),
        ("the   KILLER\tdies", ["the", "KILLER", "dies"]),
        ("Cafe\u0301 e\u0301ta", ["Cafe\u0301", "e\u0301ta"]),
        ("<i>He</i> dies&hellip;", ["He", "dies", "&"]),
        ("He didn't; he did\u2019nt", ["He", "didn't", ";", "he", "did\u2019nt"]),
        ("It isn&#39;t!!!", ["It", "isn&#39;t", "!"]),
        ("👩\u200d🚀 dies", ["👩\u200d🚀", "dies"]),
        ("\ud83d he \0 dies", ["he", "dies"]),
        ("", []),
        (" \n\t", []),
    ],
)
def test_words_are_shown_as_they_stand(text: str, words: list[str]) -> None:
    [explanation] = explain_sentences(fitted(word_ngrams=1), [text])
    assert [part.text for part in explanation.contributions] == words


def test_a_pair_that_says_more_than_its_words_is_a_phrase() -> None:
    texts = ["red herring", "blue whale", "herring blue", "whale red", "red whale", "herring red"]
    model = SpoilerClassifier(C=100).fit(texts, [1, 1, 0, 0, 0, 0])
    weights = model.coef_.copy()
    for block, share in zip(occurrences(model.vectorizer_, ["red herring"]), ("pair", "none"), strict=True):
        weights[block.bucket] = [
            8.0 if share == "pair" and length > len("herring") else 0.01 for length in block.end - block.start
        ]
    model.coef_ = weights
    [explanation] = explain_sentences(model, ["red herring"])
    assert [part.text for part in explanation.contributions] == ["red herring"]
    assert total(explanation) == pytest.approx(explanation.logit, abs=1e-9)


def test_the_encoder_has_its_share() -> None:
    model = fitted(make_network(SPOILERS + SAFE))
    with_dense = explain_sentences(model, ["The killer dies."])[0]
    model.coef_ = np.where(np.arange(len(model.coef_)) < 2 * 2**18, model.coef_, 0)
    without = explain_sentences(model, ["The killer dies."])[0]
    assert [part.text for part in with_dense.contributions] == [part.text for part in without.contributions]
    assert [part.weight for part in with_dense.contributions] != [part.weight for part in without.contributions]


def test_in_a_review_words_count_as_alone_and_the_rest_is_context(model: SpoilerClassifier) -> None:
    [alone] = explain_sentences(model, SPOILERS[:1])
    first = explain_sentences(model, SPOILERS, [len(SPOILERS)])[0]
    assert alone.context == 0
    assert first.context == pytest.approx(first.logit - alone.logit)
    assert first.contributions == alone.contributions


@given(st.lists(st.sampled_from(["He dies.", "Great acting!", "Spoilers ahead.", "", "The nurse did it"]), max_size=9))
def test_the_named_parts_of_the_context_add_up_to_it_the_largest_first(sentences: list[str]) -> None:
    vectorizer = SentenceVectorizer(n_buckets=2**8, encoder=make_network(["He dies.", "Great acting!"]))
    model = SpoilerClassifier(vectorizer=vectorizer).fit(["He dies.", "Great acting!"], [1, 0])
    weights = {name: 0.3 / (1 + place) for place, name in enumerate(CONTEXT_FEATURES)}
    for vector_coef in ((), tuple(np.linspace(-1, 1, REVIEW_WIDTH))):
        model.attach(context=ReviewContext(weights, -0.75, vector_coef))
        for why in explain_documents(model, Documents.from_sentences(sentences, np.array([len(sentences)]))):
            sizes = [abs(part.weight) for part in why.context_parts]
            assert sum(part.weight for part in why.context_parts) == pytest.approx(why.context, abs=1e-6)
            assert sizes == sorted(sizes, reverse=True)
            names = {part.name for part in why.context_parts}
            assert names <= {*CONTEXT_FEATURES, "own logit, weighed anew", "vector in the review", "intercept"}
            assert vector_coef or "vector in the review" not in names


def test_an_explanation_shows_its_largest_parts_and_becomes_plain_values(default_model: SpoilerClassifier) -> None:
    why = explain("What a lovely film. In the end the butler is the killer.", model=default_model)[1]
    assert repr(why).startswith("Explanation('In the end the butler is the killer.', logit +2.")
    assert why.context_parts[0].name in repr(why)
    assert len(repr(why)) < 400
    plain = json.loads(json.dumps(why.to_dict()))
    assert plain["context_parts"][0] == {"name": why.context_parts[0].name, "weight": why.context_parts[0].weight}
    assert plain["contributions"][0]["text"] == "In"


def test_a_review_of_one_sentence_has_no_context(model: SpoilerClassifier) -> None:
    assert explain_sentences(model, SAFE[:1], [1]) == explain_sentences(model, SAFE[:1])


def test_what_is_not_read_of_a_very_long_sentence_has_no_weight(model: SpoilerClassifier) -> None:
    text = "dies " * 5000
    [explanation] = explain_sentences(model, [text])
    assert explanation.text == text
    assert 0 < explanation.contributions[-1].end <= 10_000
    assert total(explanation) == pytest.approx(explanation.logit, abs=1e-9)


def test_no_sentences_no_reasons(model: SpoilerClassifier) -> None:
    assert explain_sentences(model, []) == []


def test_one_string_is_a_review_and_a_list_holds_sentences_on_their_own(model: SpoilerClassifier) -> None:
    assert [why.context != 0 for why in explain(" ".join(SPOILERS), model=model)] == [True] * len(SPOILERS)
    assert explain(SPOILERS, model=model) == explain_sentences(model, SPOILERS)


def without_top_words(explanation: Explanation, count: int) -> str:
    """The sentence without the `count` words that speak most for a spoiler."""
    top = sorted(explanation.contributions, key=lambda part: -part.weight)[:count]
    text = explanation.text
    for part in sorted((part for part in top if part.weight > 0), key=lambda part: -part.start):
        text = text[: part.start] + text[part.end :]
    return text


@pytest.mark.parametrize("sentence", SPOILERS)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_without_its_top_words_a_sentence_falls_in_probability(
    model: SpoilerClassifier, sentence: str, count: int
) -> None:
    [before] = explain_sentences(model, [sentence])
    [after] = explain_sentences(model, [without_top_words(before, count)])
    assert after.probability < before.probability


def test_without_its_top_words_nine_of_ten_sentences_that_the_default_model_calls_spoilers_fall(
    default_model: SpoilerClassifier,
) -> None:
    found = explain_sentences(default_model, [case.sentence for case in load_challenge() if case.spoiler])
    sure = [why for why in found if why.probability >= 0.5]
    rest = explain_sentences(default_model, [without_top_words(why, 2) for why in sure])
    assert len(sure) > 150
    assert np.mean([after.probability < before.probability for before, after in zip(sure, rest, strict=True)]) > 0.9


def test_explanations_are_frozen_values() -> None:
    part = Contribution("dies", 3, 7, 1.5)
    assert part == Contribution("dies", 3, 7, 1.5)
    with pytest.raises(AttributeError):
        part.weight = 2.0  # type: ignore[misc]
