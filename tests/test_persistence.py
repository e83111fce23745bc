"""Model folders: what is saved comes back the same, and saving touches nothing else."""

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors import numpy as safetensors
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from spoilerguard.calibration.operating_points import OperatingPoint
from spoilerguard.context import CONTEXT_FEATURES, ContextFeature
from spoilerguard.documents import Documents, Standing
from spoilerguard.encoders import ConvolutionalEncoder
from spoilerguard.errors import ModelFormatError
from spoilerguard.features import SentenceVectorizer
from spoilerguard.features.normalization import NORMALIZATIONS
from spoilerguard.model import SpoilerClassifier
from spoilerguard.persistence import card_markdown, load, save
from spoilerguard.persistence.manifest import checksum
from spoilerguard.predicting import predict

ROOT = Path(__file__).parents[1]
STORED = Path(__file__).parent / "data" / "format_1"
FILES = ("README.md", "model.json", "weights.safetensors")
SENTENCES = [
    "The keeper dies at the end.",
    "In the last chapter the twins drown.",
    "A lovely book about the sea.",
    "The music is loud and the tea is good.",
]
LABELS = [1, 1, 0, 0]


def fitted(*, n_buckets: int = 2**5, labels: Any = LABELS, **parameters: Any) -> SpoilerClassifier:
    vectorizer = SentenceVectorizer(n_buckets=n_buckets)
    return SpoilerClassifier(vectorizer=vectorizer, C=10.0, **parameters).fit(SENTENCES, labels)


def logits(model: SpoilerClassifier) -> list[NDArray[np.float64]]:
    found = predict(model, Documents.from_sentences(SENTENCES, np.array([1, 3])))
    return [found.alone, found.logit]


def files_in(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def listed(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def document_in(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "model.json").read_bytes())
    return document


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the stored model."""
    (tmp_path / "stored").mkdir()
    for name in FILES:
        shutil.copy(STORED / name, tmp_path / "stored" / name)
    return tmp_path / "stored"


# What is saved comes back


def assert_answers_as_expected(model: SpoilerClassifier) -> None:
    expected = json.loads((STORED / "expected.json").read_text(encoding="utf-8"))
    sentences = expected["sentences"]
    found = predict(model, Documents.from_sentences(sentences, np.array([len(sentences)])))
    # another linear algebra may round what is pooled to its neighbour in single precision
    np.testing.assert_allclose(found.alone, expected["alone"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.logit, expected["in review"], rtol=0, atol=1e-6)


def test_the_stored_model_of_format_1_still_answers_as_it_did() -> None:
    assert_answers_as_expected(load(STORED))


def test_a_model_from_before_a_context_feature_was_added_answers_as_it_did_and_can_be_saved_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feature = ContextFeature(lambda review: np.ones(len(review.documents)))
    monkeypatch.setitem(CONTEXT_FEATURES, "phase of the moon", feature)
    assert_answers_as_expected(load(STORED))
    save(load(STORED), tmp_path)
    assert_answers_as_expected(load(tmp_path))


@pytest.mark.parametrize("name", ["default", "accurate"])
def test_a_model_that_comes_with_the_package_and_is_saved_again_gives_equal_bytes(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    save(request.getfixturevalue(f"{name}_model"), tmp_path)
    stored = ROOT / "models" / name
    assert (tmp_path / "weights.safetensors").read_bytes() == (stored / "weights.safetensors").read_bytes()
    of_this_machine = {"versions": None, "checksum": None}
    assert document_in(tmp_path) | of_this_machine == document_in(stored) | of_this_machine


def test_a_trained_model_comes_back_with_context_operating_points_and_card(
    trained_model: SpoilerClassifier, tmp_path: Path
) -> None:
    save(trained_model, tmp_path)
    again = load(tmp_path)
    np.testing.assert_array_equal(logits(again), logits(trained_model))
    assert again.context_ == trained_model.context_
    assert again.operating_points_ == trained_model.operating_points_
    assert card_markdown(again) == card_markdown(trained_model)


def test_the_stored_model_saved_again_answers_as_before_to_the_last_bit(tmp_path: Path) -> None:
    model = load(STORED)
    save(model, tmp_path)
    again = load(tmp_path)
    np.testing.assert_array_equal(logits(again), logits(model))
    assert again.context_ == model.context_


@pytest.mark.parametrize("threshold", [None, 0.5, 0.95, 1, "balanced", "high_recall"], ids=repr)
def test_a_threshold_comes_back_as_it_was_set(threshold: Any, trained_model: SpoilerClassifier, tmp_path: Path) -> None:
    save(copy.deepcopy(trained_model).set_params(threshold=threshold), tmp_path)
    assert load(tmp_path).threshold == threshold


def test_a_model_whose_threshold_has_the_name_of_no_operating_point_is_not_saved(
    tiny_model: SpoilerClassifier, tmp_path: Path
) -> None:
    with pytest.raises(ModelFormatError, match=r"classifier.threshold must fit.*no operating point 'cautious'"):
        save(copy.deepcopy(tiny_model).set_params(threshold="cautious"), tmp_path)


def test_every_parameter_and_attribute_comes_back() -> None:
    model = load(STORED)
    assert model.get_params(deep=False) | {"vectorizer": None} == {
        "vectorizer": None,
        "C": 2.0,
        "threshold": 0.45,
        "random_state": 7,
        "class_weight": None,
    }
    assert model.vectorizer_.get_params(deep=False) | {"encoder": None} == {
        "word_ngrams": 2,
        "char_ngrams": (2, 4),
        "n_buckets": 128,
        "encoder": None,
        "normalization": 1,
        "memory": None,
    }
    assert model.vectorizer_.n_sentences_ == 8
    assert model.classes_.tolist() == ["safe", "spoiler"]
    encoder = model.vectorizer_.encoder
    assert isinstance(encoder, ConvolutionalEncoder)
    assert [layer.dilation for layer in encoder.words.layers] == [1, 2]
    assert model.context_ is not None
    assert model.context_.weights["own logit"] == 0.25
    assert model.context_.vector_coef == (0.5, -0.375, 0.25)
    points = model.operating_points_
    assert {standing: list(named) for standing, named in points.items()} == {
        Standing.ALONE: ["balanced", "cautious"],
        Standing.IN_REVIEW: ["balanced"],
    }
    assert points[Standing.ALONE]["cautious"] == OperatingPoint(0.25, 0.5, 1.0, (0.375, 0.625), (1.0, 1.0))
    assert model.card_["data"] == [{"source": "written for this test", "sentences": 8, "terms": "MIT"}]


def test_a_loaded_model_equals_the_saved_one_to_the_last_bit(tmp_path: Path) -> None:
    model = fitted()
    save(model, tmp_path)
    loaded = load(tmp_path)
    for name, array in (("coef_", model.coef_), ("classes_", model.classes_)):
        np.testing.assert_array_equal(getattr(loaded, name), array, strict=True)
    np.testing.assert_array_equal(loaded.vectorizer_.idf_, model.vectorizer_.idf_, strict=True)
    np.testing.assert_array_equal(loaded.predict_proba(SENTENCES), model.predict_proba(SENTENCES))
    assert repr(loaded) == repr(model)


def test_the_arrays_of_a_loaded_model_cannot_be_changed() -> None:
    model = load(STORED)
    assert model.vectorizer_.encoder is not None
    arrays = {"coef": model.coef_, "idf": model.vectorizer_.idf_} | {**model.vectorizer_.encoder.arrays()}
    fresh = {"word_layers", "word_scales", "word_biases", "word_dilations"}  # put together for whoever asks
    fresh |= {name.replace("word", "review") for name in fresh}
    assert [name for name, array in arrays.items() if array.flags.writeable and name not in fresh] == []


def test_a_model_with_the_default_vectorizer_has_it_again(tiny_model: SpoilerClassifier, tmp_path: Path) -> None:
    save(tiny_model, tmp_path)
    assert load(tmp_path).get_params() == tiny_model.get_params()


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [
        ([1, 1, 0, 0], "int64"),
        ([True, True, False, False], "bool"),
        (["spoiler", "spoiler", "safe", "safe"], "str"),
        (np.array([1, 1, 0, 0], dtype=np.int8), "int8"),
        (np.array([1.0, 1.0, 0.0, 0.0]), "float64"),
        (np.array(["yes", "yes", "no", "no"], dtype=object), "object"),
    ],
    ids=["int", "bool", "str", "int8", "float", "object"],
)
def test_labels_keep_their_kind(labels: Any, dtype: str, tmp_path: Path) -> None:
    model = fitted(labels=labels)
    save(model, tmp_path)
    assert document_in(tmp_path)["classes"]["dtype"] == dtype
    np.testing.assert_array_equal(load(tmp_path).predict(SENTENCES), model.predict(SENTENCES), strict=True)


@pytest.mark.parametrize(("stored", "kind"), [(None, None), (STORED, "convolutional")], ids=["none", "network"])
def test_the_kind_of_encoder_is_named_in_the_document_and_on_the_card(
    stored: Path | None, kind: str | None, tmp_path: Path
) -> None:
    model = load(stored) if stored else fitted()
    save(model, tmp_path)
    assert document_in(tmp_path)["vectorizer"]["encoder"] == kind
    assert (f"encoder {kind}" in card_markdown(model)) == (kind is not None)


def test_idf_that_nobody_has_counted_comes_back_too(tmp_path: Path) -> None:
    model = fitted()
    model.vectorizer_.idf_ = model.vectorizer_.idf_ * np.float32(1.1)
    save(model, tmp_path)
    assert set(document_in(tmp_path)["arrays"]) == {"coef", "idf", "memory.0"}
    np.testing.assert_array_equal(load(tmp_path).vectorizer_.idf_, model.vectorizer_.idf_)


def test_an_array_that_does_not_lie_in_rows_comes_back_too(tmp_path: Path) -> None:
    model = fitted()
    model.vectorizer_.idf_ = np.stack([model.vectorizer_.idf_ * np.float32(1.1)] * 2, axis=1)[:, 0]
    save(model, tmp_path)
    np.testing.assert_array_equal(load(tmp_path).vectorizer_.idf_, model.vectorizer_.idf_)


@given(n_sentences=st.integers(1, 2_000_000), data=st.data())
def test_idf_is_stored_as_the_whole_numbers_it_came_from(n_sentences: int, data: st.DataObject) -> None:
    from spoilerguard.persistence.formats import _document_frequency

    model = copy.copy(FITTED)
    counts = data.draw(st.lists(st.integers(0, n_sentences), min_size=1, max_size=20))
    model.vectorizer_ = SentenceVectorizer()
    model.vectorizer_.n_sentences_ = n_sentences
    model.vectorizer_.idf_ = np.log((1 + n_sentences) / (1 + np.array(counts))).astype(np.float32)
    found = _document_frequency(model)["document_frequency"]
    assert found.tolist() == counts
    assert found.dtype == np.min_scalar_type(max(counts))


FITTED = fitted()


def test_a_loaded_model_learns_on(tmp_path: Path) -> None:
    save(FITTED, tmp_path)
    model = load(tmp_path)
    news = ["The butler was the forger.", "The harbour is pretty."]
    before = model.predict_proba(news)[0, 1]
    for _ in range(20):
        model.partial_fit(news, [1, 0])
    assert model.predict_proba(news)[0, 1] > before


def test_a_loaded_model_can_be_cloned_fitted_anew_and_saved_again(folder: Path) -> None:
    again = clone(load(folder)).fit(SENTENCES, LABELS)
    save(again, folder)
    np.testing.assert_array_equal(load(folder).predict_proba(SENTENCES), again.predict_proba(SENTENCES))


# Bytes, and what may change about them

LOAD_AND_SAVE = """
import sys
sys.modules["pandas"] = sys.modules["matplotlib"] = None  # importing them is an error from here on
from spoilerguard.persistence import load, save
save(load(sys.argv[1]), sys.argv[2])
"""


@pytest.mark.slow
def test_loading_and_saving_again_in_a_fresh_process_without_pandas_gives_equal_bytes(tmp_path: Path) -> None:
    card = {"name": "Übung", "numbers": (1, np.float32(0.1), np.int64(3)), "nothing": None}
    save(fitted().attach(card=card), tmp_path / "first")
    command = [sys.executable, "-W", "error", "-c", LOAD_AND_SAVE, str(tmp_path / "first"), str(tmp_path / "second")]
    subprocess.run(command, check=True, timeout=120, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert files_in(tmp_path / "first") == files_in(tmp_path / "second")


def test_the_weights_are_an_ordinary_safetensors_file_without_metadata() -> None:
    data = (STORED / "weights.safetensors").read_bytes()
    assert safetensors.load(data)["coef"].dtype == np.float16
    assert b"__metadata__" not in data


def line_ends(data: bytes) -> bytes:
    return data.replace(b"\n", b"\r\n")


def indented(data: bytes) -> bytes:
    return json.dumps(json.loads(data), indent=4, sort_keys=True).encode()


def on_one_line_in_ascii_with_a_mark(data: bytes) -> bytes:
    return b"\xef\xbb\xbf" + json.dumps(json.loads(data), separators=(",", ":")).encode()


def with_another_card(data: bytes) -> bytes:
    return json.dumps(json.loads(data) | {"card": {"name": "By hand", "note": "Übung"}}).encode()


@pytest.mark.parametrize("change", [line_ends, indented, on_one_line_in_ascii_with_a_mark, with_another_card])
def test_what_git_or_an_editor_does_to_the_text_of_a_model_leaves_it_valid(
    change: Callable[[bytes], bytes], folder: Path
) -> None:
    path = folder / "model.json"
    changed = change(path.read_bytes())
    assert changed != path.read_bytes()
    path.write_bytes(changed)
    assert_answers_as_expected(load(folder))


@pytest.mark.parametrize("change", ["edited", "removed", "replaced by a folder"])
def test_the_page_for_people_may_be_edited_or_removed(change: str, folder: Path) -> None:
    readme = folder / "README.md"
    if change == "edited":
        readme.write_text("# My model\n")
    else:
        readme.unlink()
    if change == "replaced by a folder":
        readme.mkdir()
    assert_answers_as_expected(load(folder))


def test_a_text_normalization_that_this_version_does_not_know_asks_for_an_upgrade(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = document_in(folder)
    document["vectorizer"]["normalization"] = 2
    (folder / "model.json").write_text(json.dumps(document | {"checksum": checksum(document)}))
    with pytest.raises(ModelFormatError, match=r"text normalization 2, .*pip install --upgrade spoilerguard"):
        load(folder)
    monkeypatch.setitem(NORMALIZATIONS, 2, NORMALIZATIONS[1])
    assert_answers_as_expected(load(folder))


# Links


@pytest.mark.parametrize("name", FILES)
def test_a_file_may_be_a_link_to_a_regular_file(name: str, folder: Path) -> None:
    (folder / name).unlink()
    (folder / name).symlink_to(STORED / name)
    assert_answers_as_expected(load(folder))


def test_the_folder_itself_may_be_a_link_to_load_from_and_to_save_into(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert load(tmp_path / "link").threshold == 0.45
    save(fitted(threshold=0.125), tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert load(folder).threshold == 0.125


def test_saving_over_links_replaces_the_links_and_not_what_they_point_to(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (folder / "weights.safetensors").unlink()
    (folder / "weights.safetensors").symlink_to(tmp_path / "precious")
    (folder / ".saving-weights.safetensors").symlink_to(tmp_path / "precious")
    save(fitted(threshold=0.125), folder)
    assert load(folder).threshold == 0.125
    assert (tmp_path / "precious").read_text() == "mine"


# Saving


def test_a_model_that_is_not_fitted_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        save(SpoilerClassifier(), tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_anything_else_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="takes a SpoilerClassifier and a path, not a str"):
        save("model", tmp_path)  # type: ignore[arg-type]


def weights_of_nothing(model: SpoilerClassifier) -> None:
    model.coef_ = np.full_like(model.coef_, np.nan)


def weights_without_end(model: SpoilerClassifier) -> None:
    model.coef_ = np.full_like(model.coef_, np.inf)


def weights_that_nobody_has_rounded(model: SpoilerClassifier) -> None:
    model.coef_ = model.coef_ + np.float32(1e-7)


def idf_without_end(model: SpoilerClassifier) -> None:
    model.vectorizer_.idf_ = np.full_like(model.vectorizer_.idf_, -np.inf)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (weights_of_nothing, "NaN"),
        (weights_without_end, "coef holds NaN, infinity"),
        (weights_that_nobody_has_rounded, "half precision"),
        (idf_without_end, "idf holds NaN, infinity"),
        (lambda model: model.set_params(threshold=2.0), "threshold"),
        (lambda model: model.set_params(random_state=np.random.RandomState(0)), "RandomState"),
        (lambda model: model.vectorizer_.set_params(encoder="mine"), "encoder of type str"),
        (lambda model: model.card_.update(when=os), "module"),
        (lambda model: model.card_.update(auc=float("nan")), "card['auc']"),
        (lambda model: model.card_.update({3: "number"}), "card"),
        (lambda model: model.card_.update(name="\udfff"), "surrogate"),
        (lambda model: model.card_.update(all=model.card_), "nests"),
        (lambda model: model.card_.update(big=10**5000), "card['big']"),
        (lambda model: model.card_.update(long="x" * (9 << 20)), "are the most it may have"),
        (lambda model: setattr(model, "card_", ["a list"]), "card"),
    ],
)
def test_what_could_not_be_loaded_is_not_saved(
    spoil: Callable[[SpoilerClassifier], object], says: str, folder: Path
) -> None:
    model = fitted()
    spoil(model)
    with pytest.raises(ModelFormatError, match="cannot be saved") as caught:
        save(model, folder)
    assert says in str(caught.value)
    assert files_in(folder) == files_in(STORED)


def test_a_folder_of_other_files_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ModelFormatError, match="holds files but no model"):
        save(FITTED, tmp_path)
    (tmp_path / "model.json").write_text('{"format": "layers-model"}')
    with pytest.raises(ModelFormatError, match="belongs to something else"):
        save(FITTED, tmp_path)
    assert listed(tmp_path) == ["model.json", "thesis.tex"]


def test_hidden_files_do_not_forbid_saving_and_stay_where_they_are(tmp_path: Path) -> None:
    hidden = [".DS_Store", ".gitattributes", ".gitignore", ".gitkeep", "Thumbs.db", "desktop.ini"]
    for name in hidden:
        (tmp_path / name).write_text("mine")
    (tmp_path / ".git").mkdir()
    save(FITTED, tmp_path)
    assert listed(tmp_path) == sorted([*FILES, *hidden, ".git"])


@pytest.mark.parametrize("target", ["file", "link to nowhere"])
def test_what_is_no_folder_is_never_overwritten(target: str, tmp_path: Path) -> None:
    if target == "file":
        (tmp_path / "model").write_text("mine")
    else:
        (tmp_path / "model").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ModelFormatError, match="is no folder"):
        save(FITTED, tmp_path / "model")


def test_saving_over_a_model_replaces_it_and_leaves_other_files_and_the_folder_itself_alone(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    (folder / "notes").mkdir()
    folder.chmod(0o750)
    before = folder.stat()
    save(fitted(threshold=0.125), folder)
    assert load(folder).threshold == 0.125
    assert listed(folder) == ["README.md", "model.json", "notes", "notes.txt", "weights.safetensors"]
    assert (folder.stat().st_ino, folder.stat().st_mode) == (before.st_ino, before.st_mode)


def test_a_model_is_saved_into_the_folder_that_one_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for threshold in (0.25, 0.75):
        save(fitted(threshold=threshold), ".")
        assert load(".").threshold == threshold
        assert listed(Path()) == sorted(FILES)


# The card


def test_the_card_renders_what_it_is_given_in_its_order() -> None:
    card = {
        "name": "Some model",
        "intended_use": "Reading.",
        "data": [{"source": "a|b", "rows": 12345}, {"source": "c", "terms": "MIT"}],
        "metrics": {"dev": {"alone": {"auc": 0.88123, "auc_interval": [0.8, 0.9]}}},
        "labels": {"by": "hand", "checked": True},
        "known_limits": ["one\nline", "two"],
    }
    expected = """# Some model

## Intended use

Reading.

## Data

|  | source | rows | terms |
| --- | --- | --- | --- |
| 1 | a\\|b | 12,345 |  |
| 2 | c |  | MIT |

## Metrics

### Dev

|  | auc | auc interval |
| --- | --- | --- |
| alone | 0.8812 | 0.8 to 0.9 |

## Labels

- by: hand
- checked: yes

## Known limits

- one line
- two

## Parameters
"""
    assert card_markdown(fitted().attach(card=card)).startswith(expected)


def test_a_card_that_cannot_be_written_says_so() -> None:
    with pytest.raises(ModelFormatError, match="auc"):
        card_markdown(fitted().attach(card={"auc": float("inf")}))
