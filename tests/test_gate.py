"""The gate: only sentences whose logit, guessed by a glance, reaches it are read; all answers agree on which."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import REVIEW_WIDTH, make_network, perfect_skimmer_arrays, skimmer_arrays
from numpy.typing import NDArray

from spoilerguard import SpoilerClassifier, Story, classify, evaluate, load, save, train
from spoilerguard.context import CONTEXT_FEATURES, ReviewContext
from spoilerguard.datasets import make_corpus
from spoilerguard.documents import Documents
from spoilerguard.encoders import ConvolutionalEncoder
from spoilerguard.features import SentenceVectorizer, TokenBatch
from spoilerguard.predicting import predict
from spoilerguard.predictions import Predictions

CORPUS = make_corpus(works=40, reviews=3, sentences=8)
SENTENCES = [*CORPUS.sentences[:12], "", "Qwertz!", "He dies."]
REVIEWS = st.lists(st.lists(st.sampled_from(SENTENCES), max_size=5), min_size=1, max_size=4)
GATES = [-np.inf, -1.0, 0.0, 0.5, np.inf]
exactly = np.testing.assert_array_equal


def gated(gate: float | None, **arrays: Any) -> SpoilerClassifier:
    """A model whose skimmer guesses at random."""
    words = CORPUS.sentences[:12]
    encoder = make_network(words, **(skimmer_arrays(words) | arrays))
    vectorizer = SentenceVectorizer(n_buckets=2**8, encoder=encoder)
    model = SpoilerClassifier(vectorizer=vectorizer, C=1.0).fit(CORPUS.sentences[:100], CORPUS.labels[:100])
    weights = dict(zip(CONTEXT_FEATURES, np.linspace(1, -1, len(CONTEXT_FEATURES)).tolist(), strict=True))
    return model.attach(context=ReviewContext(weights, 15.0, tuple(np.linspace(-2, 2, REVIEW_WIDTH))), gate=gate)


MODELS = {gate: gated(gate) for gate in (None, *GATES)}


def read(model: SpoilerClassifier, reviews: list[list[str]]) -> Predictions:
    sentences = [sentence for review in reviews for sentence in review]
    return predict(model, Documents.from_sentences(sentences, np.array([len(review) for review in reviews])))


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of sentences of each call of an encoder."""
    calls: list[int] = []
    encode = ConvolutionalEncoder.encode

    def counting(self: ConvolutionalEncoder, tokens: TokenBatch) -> NDArray[np.float64]:
        calls.append(len(tokens))
        return encode(self, tokens)

    monkeypatch.setattr(ConvolutionalEncoder, "encode", counting)
    return calls


# answers -----------------------------------------------------------------------------------------------------------


@given(reviews=REVIEWS)
def test_a_gate_that_all_pass_changes_no_bit(reviews: list[list[str]]) -> None:
    found, plain = (read(MODELS[gate], reviews) for gate in (-np.inf, None))
    for name in ("alone", "logit", "probability", "certain", "read"):
        exactly(getattr(found, name), getattr(plain, name))
    exactly(MODELS[-np.inf].decision_function(SENTENCES), MODELS[None].decision_function(SENTENCES))


def test_behind_a_gate_that_none_passes_nothing_is_read(encoded: list[int]) -> None:
    found = read(MODELS[np.inf], [SENTENCES, SENTENCES[:1]])
    assert not found.read.any()
    assert sum(encoded) == 0
    assert np.isfinite(found.logit).all()


def test_what_reaches_the_gate_at_a_glance_is_read_and_some_more_for_their_review(encoded: list[int]) -> None:
    glance = read(MODELS[np.inf], [SENTENCES]).alone
    found = read(MODELS[0.5], [SENTENCES])
    exactly(found.read, glance >= 0.5)
    assert 0 < found.read.sum() < sum(encoded) < len(SENTENCES)
    exactly(found.alone[found.read], MODELS[None].decision_function(SENTENCES)[found.read])


@given(reviews=REVIEWS, gate=st.sampled_from(GATES))
def test_a_sentence_is_read_or_skimmed_the_same_in_any_batch(reviews: list[list[str]], gate: float) -> None:
    together, apart = read(MODELS[gate], reviews), [read(MODELS[gate], [review]) for review in reviews]
    for name in ("alone", "logit", "read"):
        exactly(getattr(together, name), np.concatenate([getattr(part, name) for part in apart]))


@given(reviews=REVIEWS, gate=st.sampled_from(GATES))
def test_all_ways_to_score_a_sentence_alone_agree(reviews: list[list[str]], gate: float) -> None:
    model, sentences = MODELS[gate], [sentence for review in reviews for sentence in review]
    exactly(read(model, reviews).alone, model.decision_function(sentences))
    probabilities = [verdict.probability for verdict in classify(sentences, model=model)]
    np.testing.assert_allclose(probabilities, model.predict_proba(sentences)[:, 1], rtol=1e-12)


def test_evaluate_measures_what_classify_gives() -> None:
    few = CORPUS.take(np.arange(100, 200))
    measured = [evaluate(MODELS[gate], few, n_bootstrap=10).metric("roc_auc", "alone").value for gate in (None, 0.5)]
    assert measured[0] != measured[1]
    probabilities = [verdict.probability for verdict in classify(few.sentences, model=MODELS[0.5])]
    from sklearn.metrics import roc_auc_score

    assert measured[1] == pytest.approx(roc_auc_score(few.labels, probabilities, sample_weight=few.weights))


def test_where_a_plot_is_known_all_is_read_and_rules_alone_change_no_logit() -> None:
    model = gated(np.inf)
    documents = Documents.from_sentences(SENTENCES, stories=[Story(protect=["dies"])] * len(SENTENCES))
    exactly(predict(model, documents).logit, model.decision_function(SENTENCES))
    told = load().attach(gate=20.0)
    documents = Documents.from_sentences(SENTENCES, stories=[Story(plot="In the end he dies."), None] * 7 + [None])
    assert predict(told, documents).read.tolist() == [True, False] * 7 + [False]


def test_what_a_memory_keeps_are_vectors_that_were_read(tmp_path: Path) -> None:
    vectorizer = MODELS[None].vectorizer_.unfitted().set_params(memory=tmp_path / "vectors")
    rough = vectorizer.skim(SENTENCES)
    assert not (tmp_path / "vectors").exists()
    exactly(vectorizer.encode(SENTENCES), MODELS[None].vectorizer_.encode(SENTENCES))
    exactly(vectorizer.skim(SENTENCES), rough)


def test_an_encoder_without_a_skimmer_skims_by_reading() -> None:
    encoder = make_network(CORPUS.sentences[:12])
    vectorizer = SentenceVectorizer(encoder=encoder)
    assert not vectorizer.can_skim
    exactly(vectorizer.skim(SENTENCES), vectorizer.encode(SENTENCES))
    assert SentenceVectorizer().skim(SENTENCES).shape == (len(SENTENCES), 0)


# the life of a gate ------------------------------------------------------------------------------------------------


def test_a_gate_is_saved_and_loaded(tmp_path: Path) -> None:
    model = gated(0.5)
    save(model, tmp_path)
    assert load(tmp_path).gate_ == 0.5
    exactly(read(load(tmp_path), [SENTENCES]).logit, read(model, [SENTENCES]).logit)


@pytest.mark.filterwarnings("ignore:.*learnt from further labels")
@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.fit(CORPUS.sentences, CORPUS.labels),
        lambda model: model.partial_fit(CORPUS.sentences, CORPUS.labels),
        lambda model: model.adapt(CORPUS.sentences, CORPUS.labels),
        lambda model: model.absorb_calibration(2.0, 1.0),
    ],
    ids=["fit", "partial_fit", "adapt", "absorb_calibration"],
)
def test_a_gate_goes_where_weights_change(change: Any) -> None:
    assert change(gated(0.5)).gate_ is None


# training ----------------------------------------------------------------------------------------------------------


def trained(corpus: Any = CORPUS, **arrays: Any) -> SpoilerClassifier:
    encoder = make_network(CORPUS.sentences, **(perfect_skimmer_arrays(CORPUS.sentences) | arrays))
    vectorizer = SentenceVectorizer(n_buckets=2**12, encoder=encoder)
    return train(corpus, estimator=SpoilerClassifier(vectorizer=vectorizer, C=1.0), n_splits=3)


def test_training_sets_the_highest_gate_that_costs_next_to_nothing_and_says_so() -> None:
    model = trained()
    assert model.gate_ is not None
    said = model.card_["Read"]
    assert 0.1 < said["sentences read, all others skimmed"] <= 0.6
    assert all(lost <= 0.002 for lost in said["average precision lost by that"].values())
    assert -7 < model.gate_ < 0


@pytest.mark.parametrize(
    ("corpus", "arrays"),
    [
        (CORPUS, {"skimmer_lift": -4 * np.eye(10, dtype=np.float32)}),
        (CORPUS.take(CORPUS.groups < np.unique(CORPUS.groups)[12]), {}),
        (CORPUS, dict.fromkeys(perfect_skimmer_arrays(CORPUS.sentences))),
    ],
    ids=["guesses mislead", "too few spoilers to tell", "no skimmer"],
)
def test_without_a_gate_that_pays_training_sets_none(corpus: Any, arrays: Any) -> None:
    model = trained(corpus, **arrays)
    assert model.gate_ is None
    assert "Read" not in model.card_
