"""Model folders that are damaged, altered or forged: refused with a message, or harmless."""

import hashlib
import json
import os
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors import numpy as safetensors

from spoilerguard.context import CONTEXT_FEATURES
from spoilerguard.documents import Documents
from spoilerguard.errors import ModelFormatError
from spoilerguard.features import SentenceVectorizer
from spoilerguard.model import SpoilerClassifier
from spoilerguard.persistence import load, save
from spoilerguard.persistence.manifest import checksum
from spoilerguard.predicting import predict

STORED = Path(__file__).parent / "data" / "format_1"
MODEL_JSON, WEIGHTS, README = FILES = ("model.json", "weights.safetensors", "README.md")
STORED_WEIGHTS = (STORED / WEIGHTS).read_bytes()
ARRAYS = safetensors.load(STORED_WEIGHTS)

Arrays = dict[str, NDArray[Any] | None]  # None stands for an array that is taken away
Document = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the stored model."""
    (tmp_path / "stored").mkdir()
    for name in FILES:
        shutil.copy(STORED / name, tmp_path / "stored" / name)
    return tmp_path / "stored"


def refused(folder: Path) -> str:
    """The message with which `load` refuses the folder."""
    with pytest.raises(ModelFormatError) as caught:
        load(folder)
    return str(caught.value)


def forge(folder: Path, edit: Callable[[Document], object]) -> None:
    """Change ``model.json``, as somebody does who knows how the checksum is computed."""
    document = json.loads((folder / MODEL_JSON).read_bytes())
    edit(document)
    (folder / MODEL_JSON).write_text(json.dumps(document | {"checksum": checksum(document)}))


def forge_weights(folder: Path, data: bytes) -> None:
    """Change the weights, and what ``model.json`` says about them."""
    (folder / WEIGHTS).write_bytes(data)
    stamp = {"n_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    forge(folder, lambda document: document.update(weights=stamp))


def forge_arrays(folder: Path, changed: Arrays) -> None:
    """Change arrays, and the list of them; None removes one."""
    arrays = {name: array for name, array in (ARRAYS | changed).items() if array is not None}
    kinds = {name: f"{array.dtype.kind.upper()}{8 * array.dtype.itemsize}" for name, array in arrays.items()}
    described = {name: {"dtype": kinds[name], "shape": list(array.shape)} for name, array in arrays.items()}
    forge(folder, lambda document: document.update(arrays=described))
    forge_weights(folder, safetensors.save(arrays))


# Damage


def altered(data: bytes, kind: str, place: int, bit: int) -> bytes:
    place %= len(data)
    match kind:
        case "flip":
            return data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :]
        case "cut":
            return data[:place]
        case "drop":
            return data[:place] + data[place + 1 :]
        case _:
            return data[:place] + bytes([bit]) + data[place:]


ALTERED = {
    "kind": st.sampled_from(["flip", "cut", "drop", "insert"]),
    "place": st.integers(0, 1 << 16),
    "bit": st.integers(0, 7),
}
ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def content(data: bytes) -> object:
    """What ``model.json`` says, whatever its spelling and its card."""
    return {**json.loads(data.decode("utf-8-sig")), "card": None}


@pytest.mark.parametrize("name", [MODEL_JSON, WEIGHTS])
@given(**ALTERED)
@example(kind="cut", place=0, bit=0)
@example(kind="cut", place=-1, bit=0)
@example(kind="flip", place=0, bit=5)
@ONE_FOLDER
def test_any_altered_byte_is_refused_with_the_name_of_a_file_unless_the_content_stays(
    name: str, kind: str, place: int, bit: int, folder: Path
) -> None:
    for other in FILES:
        shutil.copy(STORED / other, folder / other)
    (folder / name).write_bytes(altered((STORED / name).read_bytes(), kind, place, bit))
    try:
        load(folder)
    except ModelFormatError as error:
        assert str(folder) in str(error)  # noqa: PT017 - it may also load
        assert name in str(error)  # noqa: PT017
    else:
        assert name == MODEL_JSON  # a blank or a word of the card
        assert content((folder / name).read_bytes()) == content((STORED / name).read_bytes())


@pytest.mark.parametrize("name", [MODEL_JSON, WEIGHTS])
def test_a_missing_file_is_named_with_the_remedy(name: str, folder: Path) -> None:
    (folder / name).unlink()
    assert refused(folder) == f"{folder / name} is missing. Copy the folder again, or save the model anew."


def test_files_of_another_model_do_not_fit(folder: Path, tmp_path: Path, tiny_model: SpoilerClassifier) -> None:
    save(tiny_model, tmp_path / "other")
    shutil.copy(tmp_path / "other" / WEIGHTS, folder / WEIGHTS)
    assert f"{folder / WEIGHTS} has" in refused(folder)
    shutil.copy(folder / MODEL_JSON, folder / WEIGHTS)
    assert str(folder / WEIGHTS) in refused(folder)


@pytest.mark.parametrize("path", ["nowhere", "a\0b", "x" * 5000, __file__])
def test_what_is_no_folder_is_refused(path: str) -> None:
    with pytest.raises(ModelFormatError, match="is no folder"):
        load(path)


@pytest.mark.parametrize("name", [MODEL_JSON, WEIGHTS])
def test_a_named_pipe_a_device_or_a_folder_in_the_place_of_a_file_is_refused_at_once(name: str, folder: Path) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    assert "is no regular file" in refused(folder)
    (folder / name).unlink()
    (folder / name).symlink_to("/dev/zero")
    assert "is no regular file" in refused(folder)
    (folder / name).unlink()
    (folder / name).mkdir()
    assert "cannot be read" in refused(folder)
    (folder / name).rmdir()
    (folder / name).symlink_to(name)
    assert "cannot be read" in refused(folder)


@pytest.mark.parametrize("name", [MODEL_JSON, WEIGHTS])
def test_a_file_of_many_gigabytes_is_refused_unread(name: str, folder: Path) -> None:
    os.truncate(folder / name, 1 << 40)
    assert "are the most it may have" in refused(folder)


# Forged documents


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'"model"',
        b"null",
        "{}".encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"{" * 100_000,
        b"[" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b'{"kind": "spoilerguard model", "kind": "spoilerguard model", "format": 1}',
        b'{"kind": "spoilerguard model", "format": NaN}',
        b'{"kind": "spoilerguard model", "format": ' + b"9" * 5000 + b"}",
        b'{"kind": "spoilerguard model", "format": 1}',
        b'{"kind": "spoilerguard model", "format": 1, "checksum": ""}',
        b'{"kind": "spoilerguard model", "format": 1, "checksum": {}}',
        b'{"kind": "spoilerguard model", "format": 1, "card": "\\ud800"}',
        b'{"kind": "spoilerguard model", "format": true}',
        b'{"kind": "spoilerguard model", "format": 1.0}',
        b'{"kind": "spoilerguard model", "format": 0}',
        b'{"kind": "spoilerguard model", "format": []}',
        b'{"kind": {}, "format": 1}',
        b'{"format": "layers-model", "modelTopology": {}}',
    ],
    ids=lambda data: data[:60].decode("latin-1"),
)
def test_what_is_no_description_of_a_model_is_refused(data: bytes, folder: Path) -> None:
    (folder / MODEL_JSON).write_bytes(data)
    assert str(folder / MODEL_JSON) in refused(folder)


def test_a_newer_format_says_to_upgrade_even_where_the_checksum_has_moved(folder: Path) -> None:
    (folder / MODEL_JSON).write_bytes(b'{"kind": "spoilerguard model", "format": 2, "seal": "elsewhere"}')
    message = refused(folder)
    assert "has format 2" in message
    assert "pip install --upgrade spoilerguard" in message


DELETE = object()
EDITS: list[tuple[str, Any]] = [
    ("more", 1),
    ("versions", DELETE),
    ("versions", []),
    ("versions.numpy", 2),
    ("classifier.C", 0),
    ("classifier.C", "1"),
    ("classifier.C", True),
    ("classifier.C", None),
    ("classifier.C", 10**400),
    ("classifier.threshold", 1.5),
    ("classifier.threshold", -0.1),
    ("classifier.threshold", None),
    ("classifier.threshold", [0.5]),
    ("classifier.threshold", "no such point"),
    ("classifier.random_state", 1.5),
    ("classifier.random_state", -1),
    ("classifier.random_state", DELETE),
    ("classifier.verbose", 1),
    ("classifier.vectorizer", "os.system"),
    ("classifier.vectorizer", {"__reduce__": "os.system"}),
    ("classifier", "SpoilerClassifier"),
    ("vectorizer.n_buckets", 100),
    ("vectorizer.n_buckets", 64),
    ("vectorizer.n_buckets", 2**24),
    ("vectorizer.n_buckets", 2**40),
    ("vectorizer.n_buckets", 8),
    ("vectorizer.n_buckets", -128),
    ("vectorizer.n_buckets", 128.0),
    ("vectorizer.n_buckets", "128"),
    ("vectorizer.n_buckets", [128]),
    ("vectorizer.word_ngrams", 0),
    ("vectorizer.word_ngrams", 9),
    ("vectorizer.word_ngrams", 64),
    ("vectorizer.word_ngrams", 10**9),
    ("vectorizer.word_ngrams", True),
    ("vectorizer.char_ngrams", [2]),
    ("vectorizer.char_ngrams", [2, 4, 6]),
    ("vectorizer.char_ngrams", [4, 2]),
    ("vectorizer.char_ngrams", [1, 4]),
    ("vectorizer.char_ngrams", [2, 17]),
    ("vectorizer.char_ngrams", [2, 10**9]),
    ("vectorizer.char_ngrams", [2.5, 4]),
    ("vectorizer.char_ngrams", [True, 4]),
    ("vectorizer.char_ngrams", "24"),
    ("vectorizer.char_ngrams", {"0": 2, "1": 4}),
    ("vectorizer.normalization", 0),
    ("vectorizer.normalization", 99),
    ("vectorizer.normalization", 1.0),
    ("vectorizer.normalization", "1"),
    ("vectorizer.normalization", DELETE),
    ("vectorizer.encoder", "recurrent"),
    ("vectorizer.encoder", "Convolutional"),
    ("vectorizer.encoder", "__class__"),
    ("vectorizer.encoder", "transformer"),
    ("vectorizer.encoder", ""),
    ("vectorizer.encoder", None),
    ("vectorizer.encoder", True),
    ("vectorizer.encoder", 1),
    ("vectorizer.encoder", ["convolutional"]),
    ("vectorizer.encoder", {}),
    ("vectorizer.n_sentences", 0),
    ("vectorizer.n_sentences", 2),
    ("vectorizer.n_sentences", 10**30),
    ("classes.values", ["spoiler", "safe"]),
    ("classes.values", ["safe", "safe"]),
    ("classes.values", ["safe"]),
    ("classes.values", ["a", "b", "c"]),
    ("classes.values", []),
    ("classes.values", [0, 1]),
    ("classes.values", [["a"], ["b"]]),
    ("classes.values", [None, None]),
    ("classes.values", ["a\0", "b"]),
    ("classes.values", "ab"),
    ("classes", {"dtype": "int8", "values": [0, 300]}),
    ("classes", {"dtype": "int8", "values": [0, 10**30]}),
    ("classes", {"dtype": "int8", "values": [0.0, 1e20]}),
    ("classes", {"dtype": "bool", "values": ["", "yes"]}),
    ("classes", {"dtype": "int8", "values": [False, True]}),
    ("classes", {"dtype": "int64", "values": ["0", "1"]}),
    ("classes", {"dtype": "uint8", "values": [-1, 1]}),
    ("classes.dtype", "<U999999999"),
    ("classes.dtype", "datetime64[ns]"),
    ("intercept", None),
    ("intercept", 1e31),
    ("intercept", 1e300),
    ("intercept", "0"),
    ("context", []),
    ("context", DELETE),
    ("context", None),
    ("context.weights", {}),
    ("context.weights.own logit", DELETE),
    ("context.weights.own logit", "1"),
    ("context.weights.phase of the moon", 1.0),
    ("context.intercept", False),
    ("operating_points", []),
    ("operating_points", {}),
    ("operating_points.at night", {}),
    ("operating_points.alone", None),
    ("operating_points.alone.cautious", 0.5),
    ("operating_points.alone.cautious.threshold", 2),
    ("operating_points.alone.cautious.precision", DELETE),
    ("operating_points.alone.cautious.f1", 0.5),
    ("operating_points.alone.cautious.recall_interval", [0.9, 0.1]),
    ("operating_points.alone.cautious.recall_interval", 0.9),
    ("gate", None),
    ("gate", "0"),
    ("gate", True),
    ("gate", []),
    ("gate", 1e31),
    ("gate", -1e31),
    ("card", []),
    ("card", "none"),
    ("card.name", "\ud800"),
    ("card.big", 10**310),
    ("arrays", []),
    ("arrays", {}),
    ("arrays.coef", DELETE),
    ("arrays.coef", ["F16", [264]]),
    ("arrays.coef.dtype", "BF16"),
    ("arrays.coef.dtype", "F32"),
    ("arrays.coef.dtype", "I16"),
    ("arrays.coef.dtype", "|O"),
    ("arrays.coef.dtype", ["F16"]),
    ("arrays.coef.dtype", None),
    ("arrays.coef.shape", [2**62]),
    ("arrays.coef.shape", [2**28, 2**28]),
    ("arrays.coef.shape", [10**30]),
    ("arrays.coef.shape", [-1]),
    ("arrays.coef.shape", [263]),
    ("arrays.coef.shape", [132, 2]),
    ("arrays.coef.shape", [0]),
    ("arrays.coef.shape", []),
    ("arrays.coef.shape", [264, 1, 1]),
    ("arrays.coef.shape", [264.0]),
    ("arrays.coef.shape", [True]),
    ("arrays.coef.shape", [[264]]),
    ("arrays.coef.shape", {"0": 264}),
    ("arrays.coef.strides", [2]),
    ("arrays.more", {"dtype": "F16", "shape": [1]}),
    ("weights", {}),
    ("weights", "trust me"),
    ("weights.n_bytes", -1),
    ("weights.n_bytes", 10**18),
    ("weights.n_bytes", 3286.0),
    ("weights.n_bytes", 3285),
    ("weights.sha256", "../../../../tmp/x"),
    ("weights.sha256", "0" * 64),
    ("weights.sha256", "a" * 64 + "\n"),
    ("weights.sha256", None),
    ("weights.path", "../secret"),
]


def put(document: Document, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for key in parents:
        document = document[key]
    if value is DELETE:
        del document[last]
    else:
        document[last] = value


@pytest.mark.parametrize(
    ("path", "value"), EDITS, ids=[f"{path}={'gone' if v is DELETE else v!r:.30}" for path, v in EDITS]
)
def test_a_hostile_edit_with_the_right_checksum_is_refused(path: str, value: Any, folder: Path) -> None:
    forge(folder, lambda document: put(document, path, value))
    assert str(folder) in refused(folder)


def test_the_forger_of_these_tests_is_believed_where_the_edit_is_harmless(folder: Path) -> None:
    forge(folder, lambda document: put(document, "classifier.threshold", 0.25))
    forge_arrays(folder, {"coef": np.zeros(264, dtype=np.float16)})
    assert load(folder).threshold == 0.25


@pytest.mark.parametrize("text", ["1e999", "-1e999", "NaN", "Infinity", "1e31"])
def test_numbers_without_an_end_are_refused(text: str, folder: Path) -> None:
    forge(folder, lambda document: put(document, "intercept", 0.125))
    data = (folder / MODEL_JSON).read_text()
    (folder / MODEL_JSON).write_text(data.replace('"intercept": 0.125', f'"intercept": {text}'))
    refused(folder)


@pytest.mark.parametrize("depth", [20, 900])
def test_a_card_that_nests_without_end_is_refused(depth: int, folder: Path) -> None:
    nested: Any = "deep"
    for _ in range(depth):
        nested = [nested]
    forge(folder, lambda document: put(document, "card.nested", nested))
    assert "nests deeper" in refused(folder)


# Forged arrays


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"coef": np.array([np.nan, *[0.0] * 263]).astype(np.float16)}, "NaN, infinity"),
        ({"coef": np.full(264, -np.inf, dtype=np.float16)}, "NaN, infinity"),
        ({"coef": np.zeros(256, dtype=np.float16)}, "coef, 264 numbers"),
        ({"coef": np.zeros((264, 1), dtype=np.float16)}, "coef, 264 numbers"),
        ({"coef": np.zeros(264, dtype=np.float32)}, "as float16"),
        ({"coef": None}, "must hold coef"),
        ({"document_frequency": np.full(256, 9, dtype=np.uint8)}, "at most 8"),
        ({"document_frequency": np.zeros(256, dtype=np.int8)}, "as uint8 or"),
        ({"document_frequency": np.zeros(128, dtype=np.uint8)}, "256 numbers"),
        ({"document_frequency": None}, "must hold idf"),
        ({"document_frequency": None, "idf": np.full(256, 2e9, dtype=np.float32)}, "beyond 1e+09"),
        ({"document_frequency": None, "idf": np.full(256, np.nan, dtype=np.float32)}, "NaN, infinity"),
        ({"document_frequency": None, "idf": np.zeros(256)}, "as float32"),
        ({"idf": np.zeros(256, dtype=np.float32)}, "no use for idf"),
        ({"more": np.zeros(1, dtype=np.float32)}, "no use for more"),
        ({"../../etc/passwd": np.zeros(1, dtype=np.float32)}, "no use for ../../etc/passwd"),
        ({"context.vector_coef": np.ones(2)}, "3 numbers"),
        ({"context.vector_coef": np.ones(4)}, "3 numbers"),
        ({"context.vector_coef": np.ones((3, 1))}, "3 numbers"),
        ({"context.vector_coef": np.ones(3, dtype=np.float32)}, "as float64"),
        ({"context.vector_coef": np.array([1.0, np.nan, 1.0])}, "NaN, infinity"),
        ({"context.other": np.ones(3)}, "no use for context.other"),
        ({"encoder.more": np.ones(3)}, "no use for more"),
        ({"memory.1": np.zeros(9, dtype=np.uint8)}, "memory.0, memory.1"),
        ({"memory.0": np.zeros((3, 3), dtype=np.uint8)}, "numbers as uint8"),
        ({"memory.0": np.zeros(9, dtype=np.int8)}, "numbers as uint8"),
        ({"memory.0": np.zeros(2**22 + 1, dtype=np.uint8)}, "at most 4194304 numbers"),
        ({f"memory.{n}": np.zeros(9, dtype=np.uint8) for n in range(8)}, "no use for memory.7"),
        ({"encoder.hashes": np.zeros(10, dtype=np.uint32)}, "ascend"),
        ({"encoder.review_dilations": np.zeros(2, dtype=np.uint8)}, "above 0"),
        ({"encoder.attention": np.zeros((4, 3))}, "'attention_bias' has the shape"),
        ({f"x{n}": np.zeros(1, dtype=np.int8) for n in range(1000)}, "is no safetensors file"),
        *(({name: None}, f"'{name.removeprefix('encoder.')}'") for name in ARRAYS if name.startswith("encoder.")),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_arrays_that_do_not_fit_the_model_are_refused(changed: Arrays, says: str, folder: Path) -> None:
    forge_arrays(folder, changed)
    assert says in refused(folder)


def test_a_context_vector_without_an_encoder_is_refused(folder: Path) -> None:
    without = dict.fromkeys(name for name in ARRAYS if name.startswith("encoder."))
    forge_arrays(folder, {**without, "coef": np.zeros(256, dtype=np.float16)})
    forge(folder, lambda document: put(document, "vectorizer.encoder", None))
    assert "context.vector_coef, 0 numbers" in refused(folder)


# Forged files of arrays


def file_of(header: object, body: bytes) -> bytes:
    """A safetensors file whose header says what it likes."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


SIZE = int.from_bytes(STORED_WEIGHTS[:8], "little")
HEADER: dict[str, Any] = json.loads(STORED_WEIGHTS[8 : 8 + SIZE])
BODY = STORED_WEIGHTS[8 + SIZE :]


def with_coef(**changed: object) -> dict[str, Any]:
    return {name: entry | changed if name == "coef" else entry for name, entry in HEADER.items()}


COEF_BEGIN, COEF_END = HEADER["coef"]["data_offsets"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        STORED_WEIGHTS[:7],
        STORED_WEIGHTS[:8],
        STORED_WEIGHTS[:100],
        STORED_WEIGHTS[:-1],
        STORED_WEIGHTS + b"\0",
        b"\x80\x04cos\nsystem\n(S'true'\ntR.",
        b"\x93NUMPY" + STORED_WEIGHTS,
        (0).to_bytes(8, "little") + STORED_WEIGHTS[8:],
        (2**63).to_bytes(8, "little") + STORED_WEIGHTS[8:],
        (2**64 - 1).to_bytes(8, "little") + STORED_WEIGHTS[8:],
        len(STORED_WEIGHTS).to_bytes(8, "little") + STORED_WEIGHTS[8:],
        file_of(b"[]", BODY),
        file_of(b"{}", BODY),
        file_of(b"{" * 10_000, BODY),
        file_of(b'{"a":' * 2_000 + b"1" + b"}" * 2_000, BODY),
        file_of(json.dumps(HEADER).encode() + b" " * (1 << 15), BODY),
        file_of(json.dumps(HEADER).encode()[:-1] + b', "coef": {"dtype": "F16"}}', BODY),
        file_of(b"\xef\xbb\xbf" + json.dumps(HEADER).encode(), BODY),
        file_of(HEADER | {"__metadata__": {"format": "np"}}, BODY),
        file_of({name: entry for name, entry in HEADER.items() if name != "coef"}, BODY),
        file_of(HEADER | {"more": {"dtype": "U8", "shape": [0], "data_offsets": [len(BODY), len(BODY)]}}, BODY),
        file_of(dict(reversed(HEADER.items())), BODY),
        file_of(with_coef(data_offsets=[0, COEF_END - COEF_BEGIN]), BODY),
        file_of(with_coef(data_offsets=[COEF_BEGIN, COEF_END + 2]), BODY),
        file_of(with_coef(data_offsets=[COEF_END, COEF_BEGIN]), BODY),
        file_of(with_coef(data_offsets=[-COEF_BEGIN, -COEF_END]), BODY),
        file_of(with_coef(data_offsets=[float(COEF_BEGIN), float(COEF_END)]), BODY),
        file_of(with_coef(data_offsets="all"), BODY),
        file_of(with_coef(dtype="BF16"), BODY),
        file_of(with_coef(dtype="I16"), BODY),
        file_of(with_coef(shape=[132, 2]), BODY),
        file_of(with_coef(shape=[2**62]), BODY),
        file_of(with_coef(shape=[264.0]), BODY),
        file_of(HEADER | {"coef": None}, BODY),
    ],
    ids=range(35),
)
def test_a_file_of_arrays_of_another_make_is_refused_under_the_right_hash(data: bytes, folder: Path) -> None:
    forge_weights(folder, data)
    assert str(folder / WEIGHTS) in refused(folder)


@given(**ALTERED)
@ONE_FOLDER
def test_an_altered_file_of_arrays_under_the_right_hash_is_refused_or_gives_probabilities(
    kind: str, place: int, bit: int, folder: Path
) -> None:
    for name in FILES:
        shutil.copy(STORED / name, folder / name)
    forge_weights(folder, altered(STORED_WEIGHTS, kind, place, bit))
    assert_refused_or_harmless(folder)


def test_a_huge_shape_costs_no_memory(folder: Path) -> None:
    huge = {"dtype": "F64", "shape": [2**27, 2**27]}
    forge(folder, lambda document: put(document, "arrays.coef", huge))
    forge_weights(folder, file_of(HEADER | {"coef": huge | {"data_offsets": [0, 2**57]}}, BODY))
    tracemalloc.start()
    assert "is not stored as model.json lists it" in refused(folder)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20


# Forged models: right hashes, legal fields, extreme numbers

REVIEW = ["Spoiler ahead!", "The keeper dies at the end.", "", "Lovely music.", "He drowns, he drowns; the end. " * 40]


def assert_refused_or_harmless(folder: Path) -> bool:
    """Whether the model loads; if so, it gives finite numbers and probabilities from 0 to 1, without a warning."""
    try:
        model = load(folder)
    except ModelFormatError as error:
        assert str(folder) in str(error)  # noqa: PT017 - it may also load
        return False
    probabilities = model.predict_proba(REVIEW)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    for lengths in ([len(REVIEW)], [1, 3, 1]):
        found = predict(model, Documents.from_sentences(REVIEW, np.array(lengths)))
        assert np.isfinite([found.alone, found.logit]).all()
        assert ((found.probability >= 0) & (found.probability <= 1)).all()
    return True


def filled(name: str, value: float) -> Arrays:
    return {name: np.full_like(ARRAYS[name], value)}


def with_idf(value: float) -> Arrays:
    return {"document_frequency": None, "idf": np.full(256, value, dtype=np.float32)}


def alternating(name: str, value: float) -> Arrays:
    array = np.full_like(ARRAYS[name], value)
    array.reshape(-1)[1::2] = -value
    return {name: array}


def layers(kind: str, width: int, n_layers: int, first: int, others: int, dilation: int = 1) -> Arrays:
    n_rows = (first + (n_layers - 1) * others) * width
    return {
        f"encoder.{kind}_layers": np.full((n_rows, 2 * width), 127, dtype=np.int8),
        f"encoder.{kind}_scales": np.full((n_layers, 2 * width), 1e9, dtype=np.float32),
        f"encoder.{kind}_biases": np.full((n_layers, 2 * width), -1e9, dtype=np.float32),
        f"encoder.{kind}_dilations": np.full(n_layers, dilation, dtype=np.uint8),
    }


def network(width: int, n_poolings: int, review_width: int, value: float = 1e9) -> Arrays:
    """A whole encoder of these sizes, and the weights that go with it."""
    return {
        "coef": np.full(256 + width * n_poolings, 65504, dtype=np.float16),
        "encoder.vectors": np.full((11, width), 127, dtype=np.int8),
        "encoder.scale": np.full(width, value, dtype=np.float32),
        "encoder.attention": np.full((width, n_poolings), value),
        "encoder.attention_bias": np.full(n_poolings, -value),
        "encoder.entry": np.full((width * n_poolings + 4, review_width), value),
        "encoder.entry_bias": np.full(review_width, -value),
        "context.vector_coef": np.full(review_width, value),
        **layers("word", width, 2, 3, 3),
        **layers("review", review_width, 2, 6, 5),
    }


EXTREME: dict[str, Arrays] = {
    **{f"{name}, {value}": filled(name, value) for name in ("coef",) for value in (65504, -65504, 6e-8)},
    "coef, alternating": alternating("coef", 65504),
    **{f"idf, {value}": with_idf(value) for value in (1e9, -1e9, 1e-45, 0)},
    "idf and coef": {**with_idf(1e9), **alternating("coef", 65504)},
    "no sentence holds anything": filled("document_frequency", 0),
    "every sentence holds all": filled("document_frequency", 8),
    **{f"vector_coef, {value}": filled("context.vector_coef", value) for value in (1e9, -1e9, 5e-324)},
    **{
        f"{name}, {value}": filled(f"encoder.{name}", value)
        for name in ("scale", "attention", "attention_bias", "entry", "entry_bias")
        for value in (1e9, -1e9, 0, 1e-40)
    },
    **{
        f"{kind}_{name}, {value}": filled(f"encoder.{kind}_{name}", value)
        for kind in ("word", "review")
        for name, values in {
            "layers": (127, -127, -128, 0),
            "scales": (1e9, -1e9, 0, 1e-40),
            "biases": (1e9, -1e9, 0),
            "dilations": (255, 128, 0),
        }.items()
        for value in values
    },
    **{f"vectors, {value}": filled("encoder.vectors", value) for value in (127, -128, 0)},
    "attention, alternating": alternating("encoder.attention", 1e9),
    "entry, alternating": alternating("encoder.entry", 1e9),
    "last hashes": {"encoder.hashes": np.arange(2**32 - 10, 2**32, dtype=np.uint32)},
    "hashes descend": {"encoder.hashes": np.arange(10, 0, -1).astype(np.uint32)},
    "no hashes": {"encoder.hashes": np.zeros(1, dtype=np.uint32), "encoder.vectors": np.zeros((2, 4), dtype=np.int8)},
    "everything as large as it may be": network(4, 2, 3),
    "everything as large as it may be, the other way round": network(4, 2, 3, -1e9),
    "one dimension": network(1, 1, 1),
    "64 poolings": network(4, 64, 3),
    "65 poolings": network(4, 65, 3),
    "wide": network(346, 1, 173),
    "too wide": network(347, 1, 3),
    "too wide in review": network(4, 2, 174),
    "too many dimensions": network(128, 64, 3),
    "64 layers": layers("word", 4, 64, 3, 3, 255),
    "64 layers in review": layers("review", 3, 64, 6, 5, 255),
    "65 layers": layers("word", 4, 65, 3, 3),
    "a layer too few": {"encoder.word_layers": ARRAYS["encoder.word_layers"][:12]},
    "vectors of half a layer": {"encoder.word_layers": ARRAYS["encoder.word_layers"][:, :4]},
}


@pytest.mark.parametrize("changed", EXTREME.values(), ids=EXTREME)
def test_forged_arrays_are_refused_or_give_probabilities(changed: Arrays, folder: Path) -> None:
    forge_arrays(folder, changed)
    assert_refused_or_harmless(folder)


LARGEST = dict.fromkeys(CONTEXT_FEATURES, 1e30)
ALTERNATING = {name: (-1) ** place * 1e30 for place, name in enumerate(CONTEXT_FEATURES)}
EXTREME_EDITS: dict[str, dict[str, Any]] = {
    "a large intercept": {"intercept": 1e30},
    "a low intercept": {"intercept": -1e30},
    "large weights of context": {"intercept": 1e30, "context.weights": LARGEST, "context.intercept": 1e30},
    "alternating weights of context": {"intercept": -1e30, "context.weights": ALTERNATING, "context.intercept": -1e30},
    "no context": {"context.weights": dict.fromkeys(CONTEXT_FEATURES, 0), "context.intercept": 0},
    "long n-grams": {"vectorizer.word_ngrams": 8, "vectorizer.char_ngrams": [2, 16]},
    "only long n-grams": {"vectorizer.word_ngrams": 8, "vectorizer.char_ngrams": [16, 16]},
    "many sentences": {"vectorizer.n_sentences": 2**48},
    "a threshold of 0": {"classifier.threshold": 0, "operating_points.alone.balanced.threshold": 0},
    "a threshold of 1": {"classifier.threshold": 1, "operating_points.alone.balanced.threshold": 1},
    "parameters of fitting": {"classifier.C": 2.3e-308, "classifier.random_state": 2**32 - 1},
    "no operating points": {"operating_points": {"alone": {}, "in review": {}}},
    "points in review only": {"operating_points.alone": {}},
    "an empty name": {"operating_points.alone.": {**json.loads((STORED / MODEL_JSON).read_bytes())["classifier"]}},
}


@pytest.mark.parametrize("edits", EXTREME_EDITS.values(), ids=EXTREME_EDITS)
def test_forged_numbers_of_a_document_are_refused_or_give_probabilities(edits: dict[str, Any], folder: Path) -> None:
    def edit(document: Document) -> None:
        for path, value in edits.items():
            put(document, path, value)

    forge(folder, edit)
    assert_refused_or_harmless(folder)


def test_a_model_with_the_largest_table_of_buckets_loads_and_answers(folder: Path) -> None:
    n_buckets = 2**20  # 2^24 load as well, and take a gigabyte
    coef, frequency = np.full(2 * n_buckets + 8, 65504, dtype=np.float16), np.zeros(2 * n_buckets, dtype=np.uint8)
    forge_arrays(folder, {"coef": coef, "document_frequency": frequency})
    forge(folder, lambda document: put(document, "vectorizer.n_buckets", n_buckets))
    assert assert_refused_or_harmless(folder)
    assert isinstance(load(folder).vectorizer_, SentenceVectorizer)
