"""The transformer encoder: means over word pieces, shared among words; what onnxruntime may do, and what it costs."""

import copy
import dataclasses
import functools
import json
import multiprocessing
import os
import pickle
import re
import shutil
import subprocess
import sys
import textwrap
import types
import warnings
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import skimmer_arrays
from numpy.typing import NDArray

from spoilerguard import SpoilerClassifier, classify
from spoilerguard.context import ReviewContext
from spoilerguard.datasets import load_challenge
from spoilerguard.documents import Documents
from spoilerguard.encoders import TransformerEncoder, Vocabulary, onnx_graph, onnx_model, transformer
from spoilerguard.encoders.onnx_graph import structure_of
from spoilerguard.encoders.onnx_model import OnnxModel
from spoilerguard.encoders.skimmer import Skimmer
from spoilerguard.encoders.word_pieces import review_windows, sentence_windows
from spoilerguard.errors import MissingExtraError, ModelFormatError
from spoilerguard.features import SentenceVectorizer, tokenize
from spoilerguard.predicting import predict

onnx = pytest.importorskip("onnx")
if not (find_spec("onnxruntime") and find_spec("tokenizers")):  # spoilerguard itself imports them, with telemetry off
    pytest.skip('needs pip install "spoilerguard[accurate]"', allow_module_level=True)

ROOT = Path(__file__).parents[1]
WIDTH = 4
VOCABULARY = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "he", "die", "##s", "ghost", "##ly", "was", ".", "the", "end")
TEXTS = ["he was the ghost .", "he dies", "", "the end .", "ghostlys qwerty dies", "he"]


def graph(
    mask: str = "BOOL",
    output: str = "last_hidden_state",
    rows: int = len(VOCABULARY),
    broken: Mapping[int, float] = types.MappingProxyType({}),
) -> bytes:
    """Each piece's vector plus the mean of those that are present: the least that is contextual."""
    random = np.random.default_rng(0)
    make, kinds = onnx.helper, onnx.TensorProto
    table = random.normal(size=(rows, WIDTH)).astype(np.float32)
    for row, number in broken.items():
        table[row] = number
    nodes = [
        make.make_node("Gather", ["table", "input_ids"], ["x"]),
        make.make_node("Cast", ["attention_mask"], ["mask"], to=kinds.FLOAT),
        make.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        make.make_node("Mul", ["x", "column"], ["masked"]),
        make.make_node("ReduceSum", ["masked", "middle"], ["sum"], keepdims=1),
        make.make_node("ReduceSum", ["column", "middle"], ["count"], keepdims=1),
        make.make_node("Div", ["sum", "count"], ["mean"]),
        make.make_node("Add", ["x", "mean"], [output]),
    ]
    constants = {"table": table, "last": np.array([2]), "middle": np.array([1])}
    made = make.make_graph(
        nodes,
        "tiny",
        [
            make.make_tensor_value_info("input_ids", kinds.INT64, ["n", "length"]),
            make.make_tensor_value_info("attention_mask", getattr(kinds, mask), ["n", "length"]),
        ],
        [make.make_tensor_value_info(output, kinds.FLOAT, ["n", "length", WIDTH])],
        [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = make.make_model(made, opset_imports=[make.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


@pytest.fixture(scope="module")
def encoder() -> TransformerEncoder:
    return TransformerEncoder(graph(), VOCABULARY)


FirstImport = Callable[[], types.ModuleType]


@pytest.fixture
def first_import(monkeypatch: pytest.MonkeyPatch) -> FirstImport:
    """`import_onnxruntime` as it is before its first call."""
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    return functools.cache(onnx_model.import_onnxruntime.__wrapped__)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small graph of these tests counts as one of ours."""
    structures = frozenset({structure_of(graph()), structure_of(graph(rows=5))})
    monkeypatch.setattr(onnx_graph, "KNOWN_STRUCTURES", structures)


def by_hand(encoder: TransformerEncoder, numbers: list[int]) -> NDArray[np.float64]:
    """The mean of some pieces that are read alone."""
    table = onnx.numpy_helper.to_array(onnx.load_from_string(encoder.graph).graph.initializer[0]).astype(np.float64)
    return np.asarray(table[numbers].mean(axis=0) + table[[2, *numbers, 3]].mean(axis=0))


@pytest.mark.parametrize("mask", ["BOOL", "INT64"])
def test_a_sentence_is_the_mean_of_its_pieces_without_the_marks_of_its_ends(mask: str) -> None:
    encoder = TransformerEncoder(graph(mask), VOCABULARY)
    found = encoder.encode(tokenize(TEXTS))
    np.testing.assert_allclose(found[1], by_hand(encoder, [4, 5, 6]), atol=1e-6)
    np.testing.assert_allclose(found[4], by_hand(encoder, [7, 8, 6, 1, 5, 6]), atol=1e-6)


def test_a_sentence_has_one_vector_in_every_batch(encoder: TransformerEncoder) -> None:
    together = encoder.encode(tokenize(TEXTS * 900))
    alone = np.concatenate([encoder.encode(tokenize([text])) for text in TEXTS])
    np.testing.assert_allclose(together, np.tile(alone, (900, 1)), atol=1e-5)


def test_a_sentence_without_words_has_the_zero_vector(encoder: TransformerEncoder) -> None:
    assert not encoder.encode(tokenize(["", "he", ""]))[[0, 2]].any()
    reviews = [tokenize(["", ""]), tokenize(["he"])]
    assert not encoder.encode_reviews(reviews, np.array([2, 1]), np.ones((3, WIDTH)))[:2].any()


@pytest.mark.parametrize("nothing", [[], [""]])
def test_no_words_have_no_scores(encoder: TransformerEncoder, nothing: list[str]) -> None:
    batch, none = tokenize(nothing), np.zeros(0, dtype=np.int64)
    assert encoder.encode(batch).shape == (len(nothing), WIDTH)
    assert encoder.encode_reviews([], none, np.zeros((0, WIDTH))).shape == (0, WIDTH)
    assert encoder.word_scores(batch, np.ones(WIDTH)).shape == (0,)
    assert encoder.in_vocabulary(batch).shape == (0,)
    assert encoder.n_dimensions == encoder.n_review_dimensions == WIDTH


def test_the_score_of_a_sentence_is_the_sum_over_its_words(encoder: TransformerEncoder) -> None:
    batch = tokenize([*TEXTS, "dies " * 100])
    coef = np.random.default_rng(1).normal(size=WIDTH)
    scores = encoder.word_scores(batch, coef)
    sums = np.bincount(batch.sentence, scores, len(batch))
    np.testing.assert_allclose(sums, encoder.encode(batch) @ coef, atol=1e-6)
    assert not scores[-36:].any()  # two pieces each, and 128 are read
    assert scores[-37]


def test_words_of_one_piece_or_two_are_in_the_vocabulary(encoder: TransformerEncoder) -> None:
    found = encoder.in_vocabulary(tokenize(["he dies ghostlys qwerty he"]))
    assert found.tolist() == [True, True, False, False, True]


@pytest.mark.parametrize("size", [1, 3, 60, 400])
def test_every_sentence_is_encoded_once_whatever_is_read_around_it(encoder: TransformerEncoder, size: int) -> None:
    random = np.random.default_rng(size)
    texts = [" ".join(random.choice(["he", "dies", "ghostly", "."], random.integers(0, 30))) for _ in range(size)]
    pieces = encoder.word_pieces([tokenize(texts)])
    edges = pieces.edges
    encoded = np.zeros(len(pieces.input_ids), dtype=np.int64)
    windows = edges[review_windows(edges, np.array([size]))] if size > 1 else sentence_windows(pieces)
    for first, start, stop, last in windows:
        assert first <= start <= stop <= last <= first + 382
        encoded[start:stop] += 1
    assert (encoded == 1).all()


def test_a_short_review_is_read_as_a_whole(encoder: TransformerEncoder) -> None:
    found = encoder.encode_reviews([tokenize(["he", "dies ."])], np.array([2]), np.zeros((2, WIDTH)))
    alone = encoder.encode(tokenize(["he dies ."]))
    np.testing.assert_allclose((found[0] + 3 * found[1]) / 4, alone[0], atol=1e-6)


def test_reviews_do_not_see_each_other(encoder: TransformerEncoder) -> None:
    batch, lengths = tokenize([*TEXTS, *["he was the ghost ."] * 200, *TEXTS]), np.array([0, 6, 200, 6])
    vectors = encoder.encode(batch)
    found = encoder.encode_reviews([batch], lengths, vectors)
    alone = encoder.encode_reviews([tokenize(TEXTS)], np.array([6]), vectors[:6])
    np.testing.assert_allclose(found[:6], alone, atol=1e-5)
    np.testing.assert_allclose(found[-6:], alone, atol=1e-5)


def test_the_only_sentence_of_a_review_keeps_its_vector(encoder: TransformerEncoder) -> None:
    batch = tokenize(TEXTS)
    vectors = encoder.encode(batch)
    np.testing.assert_array_equal(encoder.encode_reviews([batch], np.ones(6, dtype=np.int64), vectors), vectors)


@pytest.mark.parametrize(
    "again", [lambda found: pickle.loads(pickle.dumps(found)), copy.deepcopy], ids=["pickle", "copy"]
)
def test_a_copy_reads_as_the_original_does(encoder: TransformerEncoder, again: Any) -> None:
    before = encoder.encode(tokenize(TEXTS))
    np.testing.assert_array_equal(again(encoder).encode(tokenize(TEXTS)), before)


def test_a_session_runs_in_the_thread_that_asks_for_it(encoder: TransformerEncoder) -> None:
    options = encoder._opened().session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)


def reads_the_same(encoder: TransformerEncoder, before: NDArray[np.float64]) -> None:
    assert (encoder.encode(tokenize(TEXTS)) == before).all()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_reads_on(encoder: TransformerEncoder) -> None:
    before = encoder.encode(tokenize(TEXTS))
    child = multiprocessing.get_context("fork").Process(target=reads_the_same, args=(encoder, before))
    child.start()
    child.join(30)
    try:
        assert child.exitcode == 0
    finally:
        child.kill()


SKIMMER = skimmer_arrays(TEXTS, WIDTH) | {"skimmer_hashes": np.unique(tokenize(TEXTS).hashes)}


@pytest.fixture(scope="module")
def skimming(encoder: TransformerEncoder) -> TransformerEncoder:
    """The same with a skimmer that guesses at random."""
    arrays = dict(SKIMMER)
    vocabulary = Vocabulary.take(arrays, "skimmer_hashes")
    return dataclasses.replace(encoder, skimmer=Skimmer.take(arrays, vocabulary, WIDTH))


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("fixture", ["encoder", "skimming"])
def test_arrays_make_the_encoder_that_they_came_from(fixture: str, request: pytest.FixtureRequest) -> None:
    encoder = request.getfixturevalue(fixture)
    again = TransformerEncoder.from_arrays(encoder.arrays())
    assert again.vocabulary == VOCABULARY
    vectorizers = [SentenceVectorizer(encoder=one) for one in (again, encoder, pickle.loads(pickle.dumps(encoder)))]
    for look in ("encode", "skim"):
        found, *others = (getattr(vectorizer, look)(TEXTS) for vectorizer in vectorizers)
        for other in others:
            np.testing.assert_array_equal(found, other)


@pytest.fixture
def pieces_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of word pieces in each run of a graph."""
    runs: list[int] = []
    run = OnnxModel.run

    def counting(self: OnnxModel, input_ids: NDArray[np.int64], attention_mask: NDArray[np.bool_]) -> Any:
        runs.append(int(attention_mask.sum()))
        return run(self, input_ids, attention_mask)

    monkeypatch.setattr(OnnxModel, "run", counting)
    return runs


def test_behind_a_gate_reviews_are_read_once_and_sentences_only_where_a_glance_says_so(
    skimming: TransformerEncoder, pieces_read: list[int]
) -> None:
    vectorizer = SentenceVectorizer(n_buckets=2**8, encoder=skimming)
    model = SpoilerClassifier(vectorizer=vectorizer).fit(TEXTS, [0, 1, 0, 1, 1, 0])
    model.attach(context=ReviewContext({"own logit": 1.0}, 0.0, (1.0,) * WIDTH))
    documents = Documents.from_sentences(TEXTS, np.array([3, 3]))
    found = {}
    for gate in (None, -np.inf, np.inf):
        model.gate_ = gate
        pieces_read.clear()
        found[gate] = predict(model, documents), sum(pieces_read)
    np.testing.assert_array_equal(found[None][0].logit, found[-np.inf][0].logit)
    assert found[None][1] == found[-np.inf][1] > 1.5 * found[np.inf][1] > 0
    in_review = vectorizer.encode_documents(documents)[1].astype(np.float64)
    np.testing.assert_allclose(found[np.inf][0].logit, found[np.inf][0].alone + in_review.sum(axis=1), atol=1e-5)


def test_other_vectors_of_sentences_change_no_vector_in_a_review(skimming: TransformerEncoder) -> None:
    vectorizer, documents = SentenceVectorizer(encoder=skimming), Documents.from_sentences(TEXTS, np.array([5, 1]))
    rough, in_review = vectorizer.skim(TEXTS).astype(np.float32), vectorizer.encode_documents(documents)[1]
    again = vectorizer.encode_again(documents, rough, in_review)
    np.testing.assert_array_equal(again, np.concatenate([in_review[:5], rough[5:]]))


def as_array(text: str | bytes) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode() if isinstance(text, str) else text, dtype=np.uint8)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("arrays", "made", "message"),
    [
        ({}, graph(), "an array 'graph' of uint8"),
        ({"vocabulary": as_array("he").astype(np.int64)}, graph(), "of uint8"),
        ({"vocabulary": np.array([255], dtype=np.uint8)}, graph(), "utf-8"),
        ({"vocabulary": as_array("he\nwas")}, graph(), "must differ, with"),
        ({"vocabulary": as_array("\n".join([*VOCABULARY, "he"]))}, graph(), "must differ"),
        (None, b"", "not one that this version of spoilerguard wrote"),
        (None, b"no graph", "no ONNX model"),
        (None, graph(mask="FLOAT"), "not one that this version of spoilerguard wrote"),
        (None, graph(rows=5), "does not read its 13 word pieces"),
        (None, graph(broken={12: 3e38}), "no finite vector"),
        (SKIMMER | {"skimmer_hashes": np.zeros(0, np.uint32)}, graph(), "there must be some"),
        (SKIMMER | {"skimmer_lift": np.zeros((3, WIDTH + 1), np.float32)}, graph(), "'skimmer_lift' has the shape"),
        ({"skimmer_lift": SKIMMER["skimmer_lift"]}, graph(), "no use for skimmer_lift"),
    ],
)
def test_arrays_that_make_no_encoder_are_refused(arrays: dict[str, Any] | None, made: bytes, message: str) -> None:
    found = {"vocabulary": as_array("\n".join(VOCABULARY))} | (arrays or {})
    with pytest.raises(ValueError, match=message):
        TransformerEncoder.from_arrays({} if arrays == {} else found | {"graph": as_array(made)})


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (b"", "cannot be used"),
        (graph(output="logits"), "must make 'last_hidden_state'"),
        (graph(mask="FLOAT"), "must make 'last_hidden_state'"),
    ],
)
def test_a_graph_that_is_no_encoder_is_refused_where_it_is_opened(made: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TransformerEncoder(made, VOCABULARY).encode(tokenize(TEXTS))


@pytest.mark.parametrize("number", [np.nan, np.inf, 3e38])
def test_what_is_not_finite_never_becomes_a_vector(number: float) -> None:
    encoder = TransformerEncoder(graph(broken={7: number}), VOCABULARY)
    assert np.isfinite(encoder.encode(tokenize(["he dies"]))).all()
    with pytest.raises(ModelFormatError, match="no finite vector of each word piece"):
        encoder.encode(tokenize(["he dies", "the ghost"]))


def test_a_graph_that_gives_one_row_for_many_texts_is_an_error(
    encoder: TransformerEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_row = types.SimpleNamespace(run=lambda names, inputs: [np.ones((1, inputs["input_ids"].shape[1], WIDTH))])
    opened = dataclasses.replace(encoder._opened(), session=one_row)
    monkeypatch.setitem(transformer._OPEN, encoder, opened)
    assert encoder.encode(tokenize(["he"])).all()
    with pytest.raises(ModelFormatError, match="no finite vector of each word piece"):
        encoder.encode(tokenize(["he", "dies"]))


@pytest.mark.parametrize("package", ["onnxruntime", "tokenizers"])
def test_a_missing_extra_is_named(package: str, first_import: FirstImport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_model, "import_onnxruntime", first_import)
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "1")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf'{package}: pip install "spoilerguard\[accurate\]"'):
        TransformerEncoder(graph(), VOCABULARY).encode(tokenize(TEXTS))


def test_a_process_that_reads_for_weeks_keeps_a_bounded_number_of_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transformer, "_MAX_WORDS_KEPT", 100)
    encoder = TransformerEncoder(graph(), VOCABULARY)
    expected = encoder.encode(tokenize(["he dies"]))
    for start in range(0, 1000, 70):
        batch = tokenize([" ".join(f"{word}x he dies" for word in range(start, start + 70))])
        encoder.encode(batch)
        assert 0 < len(encoder._ids) <= 100
    np.testing.assert_array_equal(encoder.encode(tokenize(["he dies"])), expected)


def test_long_words_are_read_and_not_kept(encoder: TransformerEncoder) -> None:
    found = encoder.encode(tokenize(["he " + "ghost" * 8000, "he " + "ghost" * 6]))
    assert found.any(axis=1).all()
    assert "ghost" * 6 in encoder._ids
    assert max(map(len, encoder._ids)) <= 32


def test_the_words_that_are_kept_take_fifty_megabytes_at_most(accurate_model: SpoilerClassifier) -> None:
    encoder = copy.deepcopy(accurate_model.vectorizer_.encoder)
    assert isinstance(encoder, TransformerEncoder)
    random = np.random.default_rng(0)
    words = ["".join(random.choice(list("qzxjkv"), 32)) for _ in range(50)]  # a piece for nearly each letter
    encoder.in_vocabulary(tokenize(words))
    kept = [sys.getsizeof(word) + sys.getsizeof(ids) for word, ids in encoder._ids.items()]
    assert len(kept) == 50
    assert (max(kept) + 100) * transformer._MAX_WORDS_KEPT <= 50e6  # and 100 for the dictionary itself


PROSE = (
    "The photography is lovely and so is the music. I liked the brother best, who never says what he thinks. In the "
    "end the butler is the killer and Anna dies, which I did not see coming. Watch it with somebody you like!"
)
SCRIPTS = {
    "Korean": "그는 마지막에 죽는다 이 영화 정말 좋았어요. 배우 연기도 훌륭하고 음악도 멋있었습니다!",
    "Korean letters": "ᄀᄂᄃ ᄅᄆᄇᄉ ᄀᄂᄃᄅᄆ ᄇᄉᄀ",
    "Chinese": "他在最后死了。音乐很好，我喜欢这部电影。",
    "Russian": "В конце он умирает, и музыка прекрасна. Мне понравилось!",
    "Arabic": "يموت في النهاية والموسيقى جميلة. أعجبني!",
    "Hindi": "अंत में वह मर जाता है। संगीत अच्छा है।",
    "emoji": "😱🤯 😱🤯😱 🤯",
    "marks": ".,;:?!()-.,;:",
    "letters": "a b c d e f g",
    "rare letters": "qzxjkvwqzxjkvw zxqjkzxqjk",
    "short sentences": "A! B! C! D!",
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_no_script_takes_ten_times_as_much_computing_as_prose(
    accurate_model: SpoilerClassifier, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def places_per_character(text: str) -> float:
        places = []

        def run(model: OnnxModel, input_ids: NDArray[np.int64], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
            places.append(input_ids.size)
            return np.zeros((*input_ids.shape, model.n_dimensions), dtype=np.float32)

        monkeypatch.setattr(OnnxModel, "run", run)
        classify("\n".join([text] * (10_000 // len(text))), model=accurate_model)
        return sum(places) / 10_000

    limit = 1.5 if script == "Korean" else 10
    assert places_per_character(SCRIPTS[script]) <= limit * places_per_character(PROSE)


def test_every_version_of_onnxruntime_stays_near_the_stored_answers(accurate_model: SpoilerClassifier) -> None:
    stored = json.loads((ROOT / "tests" / "data" / "answers.json").read_text("utf-8"))["accurate"]["sentences"]
    found = classify([case.sentence for case in load_challenge()][: len(stored)], model=accurate_model)
    assert np.abs(np.array([verdict.probability for verdict in found]) - stored).max() <= 0.034


def stand_in(version: str) -> types.ModuleType:
    module = types.ModuleType("onnxruntime")
    module.__dict__["__version__"] = version
    return module


@pytest.mark.parametrize("before", [None, "0"])
def test_telemetry_is_off_while_onnxruntime_is_imported_and_the_environment_as_before(
    before: str | None, first_import: FirstImport, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def imported(name: str) -> types.ModuleType:
        seen.append(os.environ["ORT_DISABLE_TELEMETRY"])
        return stand_in("1.32.0")

    monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)
    monkeypatch.setattr(onnx_model, "import_module", imported)
    if before is not None:
        monkeypatch.setenv("ORT_DISABLE_TELEMETRY", before)
    assert first_import() is first_import()
    assert seen == ["1"]
    assert os.environ.get("ORT_DISABLE_TELEMETRY") == before


@pytest.mark.parametrize(
    ("version", "switch", "warns"),
    [
        ("1.32.0", None, True),
        ("1.29.0", "0", True),
        ("2.0.0", "", True),
        ("1.32.0", "1", False),
        ("1.32.0", "True", False),
        ("1.28.0", None, False),
        ("1.18.1", None, False),
    ],
)
def test_telemetry_that_another_package_let_start_is_said_with_its_remedy(
    version: str, switch: str | None, warns: bool, first_import: FirstImport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", stand_in(version))
    if switch is not None:
        monkeypatch.setenv("ORT_DISABLE_TELEMETRY", switch)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        first_import()
        first_import()
    assert len(said) == warns
    assert all("ORT_DISABLE_TELEMETRY=1" in str(warning.message) for warning in said)


CLASSIFIES = """
    import os, sys, spoilerguard
    review = "The music is fine. In the end the nurse dies. I liked it."
    verdicts = spoilerguard.classify(review, model=sys.argv[1])
    spoilerguard.explain(review, model=sys.argv[1])
    assert len(verdicts) == 3
    if os.path.isdir("/proc/self/fd"):
        numbers = os.listdir("/proc/self/fd")
        links = [os.readlink(f"/proc/self/fd/{n}") for n in numbers if os.path.lexists(f"/proc/self/fd/{n}")]
        assert not [link for link in links if link.startswith("socket:")], links
"""
MISBEHAVES = """
    import socket
    open("left behind", "w").close()
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
"""
TRACED = "%network,open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,rename,renameat,renameat2,link,linkat,symlink,"
TRACED += "symlinkat,unlink,unlinkat,rmdir,truncate,chmod,fchmodat,utimensat"
WRITES = re.compile(r"(?!open)[a-z0-9]+\(|open.*O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)")


def run_alone(script: str, model: str, folder: Path) -> tuple[list[Path], list[str]]:
    """Run a script in a process whose home and working directory are an empty folder.

    Returns the files that it leaves there, and its system calls that write or use the network, where strace is here.
    """
    home, log = folder / "home", folder / "trace"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    for name in ("HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "TMPDIR"):
        environment[name] = str(home)
    strace = shutil.which("strace")
    if strace and subprocess.run([strace, "-o", os.devnull, "true"], check=False, capture_output=True).returncode:
        strace = None  # a container may forbid it
    prefix = [strace, "-f", "-qq", "-o", str(log), "-e", f"trace={TRACED}"] if strace else []
    command = [*prefix, sys.executable, "-B", "-c", textwrap.dedent(script), model]
    subprocess.run(command, cwd=home, env=environment, check=True, timeout=120)
    lines = log.read_text("utf-8", "replace").splitlines() if strace else []
    calls = [line.split(maxsplit=1)[1] for line in lines]
    return sorted(home.rglob("*")), [call for call in calls if WRITES.match(call) and "/dev/" not in call]


@pytest.mark.parametrize("model", ["default", "accurate"])
def test_classifying_writes_no_file_and_opens_no_socket(model: str, tmp_path: Path) -> None:
    assert run_alone(CLASSIFIES, str(ROOT / "models" / model), tmp_path) == ([], [])


def test_a_process_that_writes_or_opens_a_socket_would_be_seen(tmp_path: Path) -> None:
    files, calls = run_alone(MISBEHAVES, "", tmp_path)
    assert [file.name for file in files] == ["left behind"]
    if calls:
        assert "left behind" in calls[0]
        assert calls[1].startswith("socket(AF_INET")
