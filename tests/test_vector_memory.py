"""Vectors kept in a file: an encoder need not run again for each fold and each candidate."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import make_network
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold

from spoilerguard import SpoilerClassifier, cross_validate, load, save
from spoilerguard.datasets import make_corpus
from spoilerguard.encoders import ConvolutionalEncoder
from spoilerguard.features import SentenceVectorizer
from spoilerguard.features.memory import remember_vectors

CORPUS = make_corpus(works=12, reviews=2, sentences=4)
ENCODER = make_network(CORPUS.sentences)


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of sentences of each call of an encoder."""
    calls: list[int] = []
    encode = ConvolutionalEncoder.encode

    def counting(self: Any, tokens: Any) -> NDArray[np.float64]:
        calls.append(len(tokens))
        return encode(self, tokens)

    monkeypatch.setattr(ConvolutionalEncoder, "encode", counting)
    return calls


def vectorizer(memory: Path | None = None) -> SentenceVectorizer:
    return SentenceVectorizer(n_buckets=2**10, encoder=ENCODER, memory=memory)


def test_a_grid_search_encodes_each_sentence_once(encoded: list[int], tmp_path: Path) -> None:
    classifier = SpoilerClassifier(vectorizer=vectorizer(tmp_path / "vectors"))
    search = GridSearchCV(classifier, {"C": [0.1, 1.0]}, scoring="roc_auc", cv=GroupKFold(3))
    search.fit(CORPUS.sentences, CORPUS.labels, groups=CORPUS.groups)
    assert sum(encoded) == len(CORPUS)


def test_cross_validation_encodes_each_sentence_once(encoded: list[int]) -> None:
    def fit(part: Any) -> SpoilerClassifier:
        return SpoilerClassifier(vectorizer=vectorizer(), C=1.0).fit(part.sentences, part.labels)

    cross_validate(CORPUS, fit=fit, n_splits=2, n_bootstrap=10)
    assert sum(encoded) == len(CORPUS)


def test_what_is_remembered_is_what_the_encoder_gives(encoded: list[int], tmp_path: Path) -> None:
    texts = [*CORPUS.sentences[:5], "", "Unheard words!", CORPUS.sentences[0]]
    expected = vectorizer().encode(texts)
    for _ in range(2):
        np.testing.assert_array_equal(vectorizer(tmp_path / "vectors").encode(texts), expected)
    other = SentenceVectorizer(encoder=make_network(CORPUS.sentences, attention_bias=np.array([3.0, -3.0])))
    plain = other.encode(texts)
    assert not np.array_equal(plain, expected)
    np.testing.assert_array_equal(other.set_params(memory=tmp_path / "vectors").encode(texts), plain)


def test_no_file_is_no_memory_and_nothing_is_kept_afterwards(encoded: list[int]) -> None:
    with remember_vectors():
        for _ in range(2):
            vectorizer().encode(CORPUS.sentences)
    vectorizer().encode(CORPUS.sentences)
    assert sum(encoded) == 2 * len(CORPUS)


def test_the_file_belongs_to_the_vectorizer_and_not_to_a_saved_model(tmp_path: Path) -> None:
    model = SpoilerClassifier(vectorizer=vectorizer(tmp_path / "vectors")).fit(CORPUS.sentences, CORPUS.labels)
    assert clone(model).vectorizer.memory == tmp_path / "vectors"
    save(model, tmp_path / "model")
    loaded = load(tmp_path / "model")
    assert loaded.vectorizer_.memory is None
    np.testing.assert_array_equal(loaded.decision_function(CORPUS.sentences), model.decision_function(CORPUS.sentences))
