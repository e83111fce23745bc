"""The transformer encoder: means over word pieces, the same in every batch, shared among words."""

import copy
import itertools
import multiprocessing
import os
import pickle
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spoilerguard.encoders.transformer import TransformerEncoder
from spoilerguard.encoders.windows import alone, windows
from spoilerguard.encoders.words import Words
from spoilerguard.errors import MissingExtraError

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("tokenizers")

WIDTH = 4
PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "he", "die", "##s", "ghost", "##ly", "was", ".", "the", "end")
TEXTS = ["he was the ghost .", "he dies", "", "the end .", "ghostlys qwerty dies", "he"]


def graph(mask: str = "BOOL", output: str = "vectors", pieces: int = len(PIECES)) -> bytes:
    """Each piece's vector plus the mean of those that are present: the least that is contextual."""
    random = np.random.default_rng(0)
    make, kinds = onnx.helper, onnx.TensorProto
    table = random.normal(size=(pieces, WIDTH)).astype(np.float32)
    nodes = [
        make.make_node("Gather", ["table", "pieces"], ["x"]),
        make.make_node("Cast", ["present"], ["mask"], to=kinds.FLOAT),
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
            make.make_tensor_value_info("pieces", kinds.INT64, ["n", "length"]),
            make.make_tensor_value_info("present", getattr(kinds, mask), ["n", "length"]),
        ],
        [make.make_tensor_value_info(output, kinds.FLOAT, ["n", "length", WIDTH])],
        [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = make.make_model(made, opset_imports=[make.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def words_of(texts: list[str]) -> Words:
    words = [text.split() for text in texts]
    edges = np.concatenate([[0], np.cumsum([len(found) for found in words])]).astype(np.int64)
    codes = np.frombuffer(" ".join(["", *itertools.chain(*words), ""]).encode("utf-32-le"), dtype=np.uint32)
    return Words(np.zeros(edges[-1], dtype=np.uint32), edges, codes)


@pytest.fixture(scope="module")
def encoder() -> TransformerEncoder:
    return TransformerEncoder(graph(), PIECES)


def by_hand(encoder: TransformerEncoder, numbers: list[int]) -> NDArray[np.float64]:
    """The mean of some pieces that are read alone."""
    table = onnx.numpy_helper.to_array(onnx.load_from_string(encoder.graph).graph.initializer[0]).astype(np.float64)
    return np.asarray(table[numbers].mean(axis=0) + table[[2, *numbers, 3]].mean(axis=0))


@pytest.mark.parametrize("mask", ["BOOL", "INT64"])
def test_a_sentence_is_the_mean_of_its_pieces_without_the_marks_of_its_ends(mask: str) -> None:
    encoder = TransformerEncoder(graph(mask), PIECES)
    found = encoder.encode(words_of(TEXTS))
    np.testing.assert_allclose(found[1], by_hand(encoder, [4, 5, 6]), atol=1e-6)
    np.testing.assert_allclose(found[4], by_hand(encoder, [7, 8, 6, 1, 5, 6]), atol=1e-6)


def test_a_sentence_has_one_vector_in_every_batch(encoder: TransformerEncoder) -> None:
    together = encoder.encode(words_of(TEXTS * 900))
    alone = np.concatenate([encoder.encode(words_of([text])) for text in TEXTS])
    np.testing.assert_allclose(together, np.tile(alone, (900, 1)), atol=1e-5)


def test_a_sentence_without_words_has_the_zero_vector(encoder: TransformerEncoder) -> None:
    assert not encoder.encode(words_of(["", "he", ""]))[[0, 2]].any()
    assert not encoder.encode_reviews(words_of(["", "", "he"]), np.array([2, 1]), np.ones((3, WIDTH)))[:2].any()


def test_no_sentences_have_no_vectors(encoder: TransformerEncoder) -> None:
    nothing = words_of([])
    assert encoder.encode(nothing).shape == (0, WIDTH)
    assert encoder.encode_reviews(nothing, np.zeros(0, dtype=np.int64), np.zeros((0, WIDTH))).shape == (0, WIDTH)
    assert encoder.word_scores(nothing, np.ones(WIDTH)).shape == (0,)
    assert encoder.knows(nothing).shape == (0,)
    assert encoder.n_dimensions == encoder.n_review_dimensions == WIDTH


def test_the_score_of_a_sentence_is_the_sum_over_its_words(encoder: TransformerEncoder) -> None:
    words = words_of([*TEXTS, "dies " * 100])
    coef = np.random.default_rng(1).normal(size=WIDTH)
    scores = encoder.word_scores(words, coef)
    sums = np.bincount(words.sentence, scores, words.n_sentences)
    np.testing.assert_allclose(sums, encoder.encode(words) @ coef, atol=1e-6)
    assert not scores[-36:].any()  # two pieces each, and 128 are read
    assert scores[-37]


def test_words_of_one_piece_or_two_are_known(encoder: TransformerEncoder) -> None:
    assert encoder.knows(words_of(["he dies ghostlys qwerty he"])).tolist() == [True, True, False, False, True]


@pytest.mark.parametrize("size", [1, 3, 60, 400])
def test_every_sentence_of_a_review_is_judged_once(encoder: TransformerEncoder, size: int) -> None:
    random = np.random.default_rng(size)
    texts = [" ".join(random.choice(["he", "dies", "ghostly", "."], random.integers(0, 30))) for _ in range(size)]
    read = encoder._read(words_of(texts))
    judged = np.zeros(len(read.numbers), dtype=np.int64)
    spans = windows(read, np.array([size])) if size > 1 else alone(read)
    for first, start, stop, last in spans:
        assert first <= start <= stop <= last <= first + 382
        judged[start:stop] += 1
    assert (judged == 1).all()


def test_a_short_review_is_read_as_a_whole(encoder: TransformerEncoder) -> None:
    found = encoder.encode_reviews(words_of(["he", "dies ."]), np.array([2]), np.zeros((2, WIDTH)))
    alone = encoder.encode(words_of(["he dies ."]))
    np.testing.assert_allclose((found[0] + 3 * found[1]) / 4, alone[0], atol=1e-6)


def test_reviews_do_not_see_each_other(encoder: TransformerEncoder) -> None:
    words, lengths = words_of([*TEXTS, *["he was the ghost ."] * 200, *TEXTS]), np.array([0, 6, 200, 6])
    vectors = encoder.encode(words)
    found = encoder.encode_reviews(words, lengths, vectors)
    alone = encoder.encode_reviews(words_of(TEXTS), np.array([6]), vectors[:6])
    np.testing.assert_allclose(found[:6], alone, atol=1e-5)
    np.testing.assert_allclose(found[-6:], alone, atol=1e-5)


def test_the_only_sentence_of_a_review_keeps_its_vector(encoder: TransformerEncoder) -> None:
    words = words_of(TEXTS)
    vectors = encoder.encode(words)
    np.testing.assert_array_equal(encoder.encode_reviews(words, np.ones(6, dtype=np.int64), vectors), vectors)


@pytest.mark.parametrize(
    "again", [lambda found: pickle.loads(pickle.dumps(found)), copy.deepcopy], ids=["pickle", "copy"]
)
def test_a_copy_reads_as_the_original_does(encoder: TransformerEncoder, again: Any) -> None:
    before = encoder.encode(words_of(TEXTS))
    np.testing.assert_array_equal(again(encoder).encode(words_of(TEXTS)), before)


def reads_the_same(encoder: TransformerEncoder, before: NDArray[np.float64]) -> None:
    assert (encoder.encode(words_of(TEXTS)) == before).all()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_reads_on(encoder: TransformerEncoder) -> None:
    before = encoder.encode(words_of(TEXTS))
    child = multiprocessing.get_context("fork").Process(target=reads_the_same, args=(encoder, before))
    child.start()
    child.join(30)
    try:
        assert child.exitcode == 0
    finally:
        child.kill()


def test_arrays_make_the_encoder_that_they_came_from(encoder: TransformerEncoder) -> None:
    again = TransformerEncoder.from_arrays(encoder.arrays())
    assert again.pieces == PIECES
    np.testing.assert_array_equal(again.encode(words_of(TEXTS)), encoder.encode(words_of(TEXTS)))


def as_array(text: str | bytes) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode() if isinstance(text, str) else text, dtype=np.uint8)


@pytest.mark.parametrize(
    ("arrays", "made", "message"),
    [
        ({}, graph(), "two arrays, 'graph' and 'pieces'"),
        ({"pieces": as_array("he").astype(np.int64)}, graph(), "of uint8"),
        ({"pieces": np.array([255], dtype=np.uint8)}, graph(), "utf-8"),
        ({"pieces": as_array("he\nwas")}, graph(), "must differ, with"),
        ({"pieces": as_array("\n".join([*PIECES, "he"]))}, graph(), "must differ"),
        (None, b"", "cannot be used"),
        (None, b"no graph", "cannot be used"),
        (None, graph(output="logits"), "must make 'vectors'"),
        (None, graph(mask="FLOAT"), "must make 'vectors'"),
        (None, graph(pieces=5), "does not read its 13 pieces"),
    ],
)
def test_arrays_that_make_no_encoder_are_refused(arrays: dict[str, Any] | None, made: bytes, message: str) -> None:
    found = {"pieces": as_array("\n".join(PIECES))} if arrays is None else arrays
    with pytest.raises(ValueError, match=message):
        TransformerEncoder.from_arrays(found | ({"graph": as_array(made)} if found else {}))


@pytest.mark.parametrize("package", ["onnxruntime", "tokenizers"])
def test_a_missing_extra_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf'{package}: pip install "spoilerguard\[accurate\]"'):
        TransformerEncoder(graph(), PIECES).encode(words_of(TEXTS))
