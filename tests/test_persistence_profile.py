"""The profile in a model folder: optional, comes back as it was, and a forged one is refused."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import make_network
from safetensors import numpy as safetensors

from spoilerguard import ModelFormatError, SpoilerClassifier, load, save, train
from spoilerguard.datasets import make_corpus
from spoilerguard.features import SentenceVectorizer
from spoilerguard.monitoring import drift
from spoilerguard.persistence.formats.profile_v1 import describe_profile
from spoilerguard.persistence.manifest import checksum
from spoilerguard.profiles import Profile

CORPUS = make_corpus(works=60, reviews=2, sentences=5, seed=1)


@pytest.fixture(scope="module")
def model() -> SpoilerClassifier:
    """With an encoder, and with two sources."""
    vectorizer = SentenceVectorizer(n_buckets=2**8, encoder=make_network(CORPUS.sentences))
    return train(CORPUS, estimator=SpoilerClassifier(vectorizer=vectorizer, C=1.0), n_splits=3)


@pytest.fixture
def folder(model: SpoilerClassifier, tmp_path: Path) -> Path:
    save(model, tmp_path / "model")
    return tmp_path / "model"


def profile(model: SpoilerClassifier) -> Profile:
    assert model.profile_ is not None
    return model.profile_


def document_in(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "model.json").read_bytes())
    return found


def forge(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    document = document_in(folder)
    edit(document)
    (folder / "model.json").write_text(json.dumps(document | {"checksum": checksum(document)}))


def forge_array(folder: Path, name: str, array: Any) -> None:
    """Another array, or none, under a right list and right hashes."""
    arrays = {**safetensors.load((folder / "weights.safetensors").read_bytes()), name: array}
    arrays = {key: value for key, value in arrays.items() if value is not None}
    data = safetensors.save(arrays)
    (folder / "weights.safetensors").write_bytes(data)
    stamp = {"n_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    kinds = {key: f"{value.dtype.kind.upper()}{8 * value.dtype.itemsize}" for key, value in arrays.items()}
    listed = {key: {"dtype": kinds[key], "shape": list(value.shape)} for key, value in arrays.items()}
    forge(folder, lambda document: document.update(weights=stamp, arrays=listed))


def test_it_comes_back_to_the_last_bit(model: SpoilerClassifier, folder: Path) -> None:
    one, other = profile(model), profile(load(folder))
    np.testing.assert_equal(describe_profile(other), describe_profile(one))
    np.testing.assert_array_equal(other.scale, one.scale)
    for left, right in zip(one.kinds, other.kinds, strict=True):
        np.testing.assert_array_equal(left.summary.vector, right.summary.vector)


def test_it_holds_numbers_and_names_of_sources_and_no_text(folder: Path) -> None:
    def texts(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [text for inner in value.values() for text in texts(inner)]
        if isinstance(value, list):
            return [text for inner in value for text in texts(inner)]
        return [value] if isinstance(value, str) else []

    assert set(texts(document_in(folder)["profile"])) <= {"", *CORPUS.frame["source"]}


def test_it_is_small(folder: Path) -> None:
    assert len(json.dumps(document_in(folder)["profile"])) < 10_000


def test_a_model_without_one_loads_and_answers_as_before(model: SpoilerClassifier, folder: Path) -> None:
    forge(folder, lambda document: document.pop("profile"))
    with pytest.raises(ModelFormatError, match=r"has no use for profile\.mean, profile\.scale"):
        load(folder)
    forge_array(folder, "profile.mean", None)
    forge_array(folder, "profile.scale", None)
    again = load(folder)
    assert again.profile_ is None
    assert again.predict_proba(CORPUS.sentences[:5]).tolist() == model.predict_proba(CORPUS.sentences[:5]).tolist()


def kind(**fields: Any) -> Callable[[dict[str, Any]], object]:
    return lambda document: document["profile"]["kinds"][0].update(fields)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda document: document.update(profile=None), "profile must be an object"),
        (lambda document: document.update(profile={}), "is missing"),
        (lambda document: document["profile"].update(more=1), "is not known"),
        (lambda document: document["profile"].update(kinds=[]), "1 to 32 kinds"),
        (lambda document: document["profile"].update(kinds=document["profile"]["kinds"] * 40), "1 to 32 kinds"),
        (lambda document: document["profile"].update(kinds=[7]), "must be an object"),
        (lambda document: document["profile"].update(length_edges=[0.0] * 18), "19 numbers"),
        (lambda document: document["profile"]["length_edges"].reverse(), "19 numbers"),
        (lambda document: document["profile"].update(logit_edges=[1e12] * 19), "19 numbers"),
        (kind(name="x" * 2000), "short text"),
        (kind(n_texts=0), "n_texts"),
        (kind(n_works=1.5), "n_works"),
        (kind(known=1.5), "known"),
        (kind(foreign="none"), "foreign"),
        (kind(length=[0.05] * 21), "length"),
        (kind(logit=[2.0] * 20), "logit"),
        (kind(sizes=[]), "sizes"),
        (kind(sizes=[20, 10]), "sizes"),
        (kind(sizes=[10, 10]), "sizes"),
        (kind(sizes=list(range(1, 40))), "sizes"),
        (kind(sizes="10"), "sizes"),
        (kind(thresholds={}), "is missing"),
        (kind(thresholds={"vocabulary": []}), "vocabulary"),
        (kind(more=1), "is not known"),
        (kind(probability=True), "probability"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_forged_one_is_refused(edit: Callable[[dict[str, Any]], object], says: str, folder: Path) -> None:
    forge(folder, edit)
    with pytest.raises(ModelFormatError) as caught:
        load(folder)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("profile.mean", lambda array: None),
        ("profile.scale", lambda array: None),
        ("profile.mean", lambda array: array[:, 1:]),
        ("profile.mean", lambda array: array[0]),
        ("profile.mean", lambda array: array.astype(np.float64)),
        ("profile.mean", lambda array: array * np.nan),
        ("profile.scale", lambda array: array[1:]),
        ("profile.scale", lambda array: array * 0),
        ("profile.scale", lambda array: -array),
    ],
)
def test_its_arrays_must_fit(name: str, change: Callable[[Any], Any], folder: Path) -> None:
    array = safetensors.load((folder / "weights.safetensors").read_bytes())[name]
    forge_array(folder, name, change(array))
    with pytest.raises(ModelFormatError, match="weights"):
        load(folder)


def test_extreme_numbers_within_the_bounds_give_a_report_of_finite_numbers(folder: Path) -> None:
    scale = safetensors.load((folder / "weights.safetensors").read_bytes())["profile.scale"]
    mean = safetensors.load((folder / "weights.safetensors").read_bytes())["profile.mean"]
    forge_array(folder, "profile.scale", np.full_like(scale, 1e-6))
    forge_array(folder, "profile.mean", np.full_like(mean, 1e9))
    forge(folder, kind(n_words=1e9, sizes=[1, 2**48], thresholds={name: [0.0, 1e30] for name in _NAMES}))
    report = drift(load(folder), ["A lovely film about the sea."] * 12)
    assert np.isfinite([one.value for one in report.deviations]).all()


_NAMES = ("vocabulary", "language", "length", "probability", "vectors")
