"""The encoder in numpy: what a plain reading of its docstring gives, in any batch."""

from itertools import pairwise
from math import exp, tanh
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import N_POOLINGS, REVIEW_WIDTH, WIDTH, make_network, network_arrays, skimmer_arrays
from numpy.typing import NDArray

from spoilerguard.encoders import ENCODERS, ConvolutionalEncoder, Vocabulary, word_network
from spoilerguard.encoders.gated_convolution import GatedConvolution
from spoilerguard.encoders.skimmer import Skimmer
from spoilerguard.encoders.word_network import WordNetwork
from spoilerguard.features import tokenize

WORDS = ["he", "dies", "ghost", "father", "music", "never", "the", "end"]
N_WORDS = len(WORDS)
SENTENCES = st.lists(st.sampled_from([*WORDS, "qwer", "zxcv", "!"]), max_size=7).map(" ".join)
BATCHES = st.lists(SENTENCES, max_size=6)
exactly, closely = np.testing.assert_array_equal, np.testing.assert_allclose


def rows_of(vocabulary: Vocabulary, sentences: list[str]) -> list[list[int]]:
    """The row of each word in the table, found by looking through it."""
    tokens = tokenize(sentences)
    rows = [vocabulary.hashes.tolist().index(h) if h in vocabulary.hashes else N_WORDS for h in tokens.hashes]
    return [rows[first:last] for first, last in pairwise(tokens.edges)]


def test_every_word_of_a_vocabulary_is_found_and_no_other() -> None:
    hashes = np.unique(np.random.default_rng(0).choice(2**32, 50, replace=False)).astype(np.uint32)
    known = Vocabulary(hashes)
    assert known.find(hashes).tolist() == list(range(len(hashes)))
    others = np.setdiff1d(np.array([0, 1, 2**31, 2**32 - 1, *(hashes.astype(np.int64) + 1)]), hashes)
    assert set(known.find(others.astype(np.uint32)).tolist()) == {len(hashes)}
    assert known.find(np.zeros(0, dtype=np.uint32)).shape == (0,)


def network(**changed: Any) -> ConvolutionalEncoder:
    return make_network(WORDS, **changed)


Rows = list[list[float]]


def rounded(gate: GatedConvolution, value: float) -> int:
    return min(max(round(value / gate.step), -127), 127)


def at_column(gate: GatedConvolution, total: int, column: int) -> float:
    """Where a column is looked up: to the 1,024th part, between -8 and 8, in single precision."""
    at = np.float32(total) * (gate.scale[column] * np.float32(gate.step * 1024))
    at += gate.bias[column] * np.float32(1024) + np.float32(8 * 1024 + 0.5)
    return min(max(int(at), 0), 16 * 1024) / 1024 - 8


def plain_layer(gate: GatedConvolution, rows: Rows, n_neighbours: int, more: list[float] | None = None) -> Rows:
    width = len(gate.bias) // 2
    nothing = [0.0] * width
    found = []
    for place, row in enumerate(rows):
        beside = [place + (number - n_neighbours // 2) * gate.dilation for number in range(n_neighbours)]
        read = [value for there in beside for value in (rows[there] if 0 <= there < len(rows) else nothing)]
        steps = [rounded(gate, value) for value in read + (more or [])]
        totals = [sum(v * int(gate.weight[k, column]) for k, v in enumerate(steps)) for column in range(2 * width)]
        places = [at_column(gate, total, column) for column, total in enumerate(totals)]
        added = [
            np.float32(tanh(a)) * np.float32(1 / (1 + exp(-b))) for a, b in zip(places, places[width:], strict=False)
        ]
        found.append([float(np.float32(value) + more) for value, more in zip(row, added, strict=True)])
    return found


def plain_sentence(network: WordNetwork, rows: list[int]) -> list[float]:
    width, n_poolings = network.attention.shape
    words = [[float(np.float32(network.vectors[row, k]) * network.scale[k]) for k in range(width)] for row in rows]
    for gate in network.layers:
        words = plain_layer(gate, words, 3)
    vector = []
    for k in range(n_poolings):
        drawn = [
            sum(word[axis] * float(network.attention[axis, k]) for axis in range(width))
            + float(network.attention_bias[k])
            for word in words
        ]
        weights = [exp(min(max(one, -8), 8)) for one in drawn]
        vector += [
            sum(weight * word[axis] for weight, word in zip(weights, words, strict=True)) / (sum(weights) + 0.3)
            for axis in range(width)
        ]
    return vector


def plain_review(found: ConvolutionalEncoder, vectors: Rows) -> Rows:
    rows = []
    for place, vector in enumerate(vectors):
        places = [place / max(len(vectors) - 1, 1), float(place == len(vectors) - 1)]
        read = [*vector, *places, float(np.log1p(len(vectors))), float(np.log1p(place))]
        sums = [sum(x * float(w) for x, w in zip(read, column, strict=True)) for column in found.entry.T]
        rows.append([float(np.float32(tanh(s + float(bias)))) for s, bias in zip(sums, found.entry_bias, strict=True)])
    mean = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    for number, gate in enumerate(found.reviews):
        rows = plain_layer(gate, rows, 5, mean if number == 0 else None)
    return rows


@given(sentences=BATCHES)
def test_a_network_gives_a_sentence_what_a_plain_reading_gives(sentences: list[str]) -> None:
    found = network()
    vectors = found.encode(tokenize(sentences))
    assert vectors.shape == (len(sentences), found.n_dimensions) == (len(sentences), N_POOLINGS * WIDTH)
    plain = [plain_sentence(found.words, rows) for rows in rows_of(found.vocabulary, sentences)]
    closely(vectors, np.reshape(plain, vectors.shape), rtol=1e-4, atol=1e-4)


def test_a_network_holds_attention_between_its_bounds() -> None:
    found = network(attention=np.full((WIDTH, N_POOLINGS), 30.0))
    sentence = "he never dies the music"
    [rows] = rows_of(found.vocabulary, [sentence])
    closely(found.encode(tokenize([sentence]))[0], plain_sentence(found.words, rows), rtol=1e-4, atol=1e-4)


def skimmer() -> Skimmer:
    found = network(**skimmer_arrays(WORDS)).skimmer
    assert found is not None
    return found


def test_networks_show_themselves_on_one_line() -> None:
    assert repr(skimmer()) == f"Skimmer(WordNetwork({len(WORDS)} words, 3 dimensions))"


@given(sentences=BATCHES)
def test_a_skimmer_lifts_what_a_plain_reading_of_its_words_gives(sentences: list[str]) -> None:
    found = skimmer()
    vectors = found.encode(tokenize(sentences))
    assert vectors.shape == (len(sentences), network().n_dimensions)
    plain = [plain_sentence(found.words, rows) @ found.lift for rows in rows_of(found.vocabulary, sentences)]
    closely(vectors, np.reshape(plain, vectors.shape), rtol=1e-4, atol=1e-4)


@given(reviews=st.lists(BATCHES, max_size=4))
def test_a_network_gives_a_sentence_in_its_review_what_a_plain_reading_gives(reviews: list[list[str]]) -> None:
    found, words = network(), tokenize([sentence for review in reviews for sentence in review])
    lengths, vectors = np.array([len(review) for review in reviews], dtype=np.int64), found.encode(words)
    in_review = found.encode_reviews([words], lengths, vectors)
    assert in_review.shape == (len(words), found.n_review_dimensions) == (len(words), REVIEW_WIDTH)
    ends = np.cumsum(lengths)
    parts = [vectors[end - n : end].tolist() for end, n in zip(ends, lengths, strict=True) if n]
    plain = [row for part in parts for row in plain_review(found, part)]
    closely(in_review, np.reshape(plain, in_review.shape), rtol=1e-4, atol=1e-4)


@given(sentences=BATCHES)
def test_a_network_gives_a_sentence_the_same_vector_in_any_batch(sentences: list[str]) -> None:
    for found in (network(), skimmer()):
        for vector, sentence in zip(found.encode(tokenize(sentences)), sentences, strict=True):
            exactly(found.encode(tokenize([sentence]))[0], vector)


@given(reviews=st.lists(BATCHES, max_size=4))
def test_a_network_gives_a_review_the_same_vectors_in_any_batch(reviews: list[list[str]]) -> None:
    found = network()

    def vectors_of(some: list[list[str]]) -> NDArray[np.float64]:
        words = tokenize([sentence for review in some for sentence in review])
        return found.encode_reviews([words], np.array([len(review) for review in some]), found.encode(words))

    apart = [vectors_of([review]) for review in reviews]
    exactly(vectors_of(reviews), np.concatenate([np.zeros((0, REVIEW_WIDTH)), *apart]))


@given(sentences=BATCHES, at_once=st.integers(1, 8))
def test_how_many_words_a_network_reads_at_once_changes_nothing(sentences: list[str], at_once: int) -> None:
    found, words = network(), tokenize(sentences)
    coef = np.linspace(-1, 1, found.n_dimensions)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_network, "_TOKENS_AT_ONCE", at_once)
        vectors, scores = found.encode(words), found.word_scores(words, coef)
    exactly(vectors, found.encode(words))
    closely(scores, found.word_scores(words, coef), rtol=1e-5, atol=1e-5)


def test_a_network_hears_the_order_of_words_and_of_sentences() -> None:
    found, words = network(), tokenize(["he never dies", "dies never he"])
    vectors = found.encode(words)
    assert np.abs(vectors[0] - vectors[1]).max() > 0.01
    one, other = (found.encode_reviews([words], np.array([2]), order) for order in (vectors, vectors[::-1]))
    assert np.abs(one - other[::-1]).max() > 0.01


def test_words_that_a_network_lacks_share_the_last_row() -> None:
    found, words = network(), tokenize(["he qwer dies", "he zxcv dies"])
    vectors = found.encode(words)
    closely(vectors[0], vectors[1], rtol=1e-5, atol=1e-5)
    assert found.in_vocabulary(words).tolist() == [True, False, True] * 2
    changed = network_arrays(WORDS)["vectors"]
    changed[-1] = -changed[-1]
    assert np.abs(network(vectors=changed).encode(words) - vectors).max() > 0.01


def test_a_network_gives_a_sentence_without_words_zeros_and_no_sentences_no_rows() -> None:
    found = network()
    assert not found.encode(tokenize(["", "  "])).any()
    nothing = tokenize([])
    assert found.encode(nothing).shape == (0, found.n_dimensions)
    assert found.word_scores(nothing, np.ones(found.n_dimensions)).shape == (0,)
    for lengths in (np.zeros(0, dtype=np.int64), np.array([0, 0])):
        assert found.encode_reviews([nothing], lengths, found.encode(nothing)).shape == (0, REVIEW_WIDTH)


def test_a_network_of_the_largest_weights_gives_finite_vectors_without_a_warning() -> None:
    arrays = network_arrays(WORDS) | skimmer_arrays(WORDS)
    most = {k: np.copysign(a.dtype.type(1e9), a) for k, a in arrays.items() if a.dtype.kind == "f"}
    found = network(**(arrays | most))  # a model file may hold no larger ones
    assert found.skimmer is not None
    words = tokenize(["he never dies", "the end"])
    vectors = found.encode(words)
    assert np.isfinite([vectors, found.skimmer.encode(words)]).all()
    assert np.isfinite(found.encode_reviews([words], np.array([2]), vectors)).all()


ARRAYS = network_arrays(WORDS)
WRONG: list[tuple[str, NDArray[Any] | None, str]] = [
    *((name, None, f"needs an array '{name}'") for name in ARRAYS),
    *((name, array.astype(np.int64), f"needs an array '{name}'") for name, array in ARRAYS.items()),
    *((name, array[None], f"needs an array '{name}'") for name, array in ARRAYS.items()),
    ("more", np.zeros(1), "no use for more"),
    ("hashes", ARRAYS["hashes"][::-1], "must ascend"),
    ("hashes", ARRAYS["hashes"][1:], "'vectors' has the shape"),
    ("vectors", ARRAYS["vectors"][:-1], "'vectors' has the shape"),
    ("vectors", ARRAYS["vectors"][:, :0], "'attention' has the shape"),
    ("scale", ARRAYS["scale"][1:], "'scale' has the shape"),
    ("attention", ARRAYS["attention"][1:], "'attention' has the shape"),
    ("attention", ARRAYS["attention"][:, :1], "'attention_bias' has the shape"),
    ("attention_bias", ARRAYS["attention_bias"][1:], "'attention_bias' has the shape"),
    ("entry", ARRAYS["entry"][1:], "'entry' has the shape"),
    ("entry", ARRAYS["entry"][:, :0], "must have dimensions"),
    ("entry_bias", ARRAYS["entry_bias"][1:], "'entry_bias' has the shape"),
    *(
        change
        for kind in ("word", "review")
        for change in (
            (f"{kind}_layers", ARRAYS[f"{kind}_layers"][1:], "2 layers do not fit"),
            (f"{kind}_layers", ARRAYS[f"{kind}_layers"][:, 1:], f"'{kind}_layers' has the shape"),
            (f"{kind}_scales", ARRAYS[f"{kind}_scales"][1:], "2 layers do not fit"),
            (f"{kind}_scales", ARRAYS[f"{kind}_scales"][:, 1:], f"'{kind}_scales' has the shape"),
            (f"{kind}_biases", ARRAYS[f"{kind}_biases"][1:], "2 layers do not fit"),
            (f"{kind}_biases", ARRAYS[f"{kind}_biases"][:, 1:], f"'{kind}_biases' has the shape"),
            (f"{kind}_dilations", ARRAYS[f"{kind}_dilations"][1:], "1 layers do not fit"),
            (f"{kind}_dilations", ARRAYS[f"{kind}_dilations"][:0], "0 layers do not fit"),
            (f"{kind}_dilations", np.array([1, 0], dtype=np.uint8), "above 0"),
        )
    ),
]


@pytest.mark.parametrize(("name", "array", "message"), WRONG)
def test_arrays_that_make_no_network_are_refused(name: str, array: NDArray[Any] | None, message: str) -> None:
    wrong = {key: value for key, value in {**ARRAYS, name: array}.items() if value is not None}
    with pytest.raises(ValueError, match=message):
        ConvolutionalEncoder.from_arrays(wrong)


SKIMMER = skimmer_arrays(WORDS)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        *((name, None, f"needs an array '{name}'") for name in SKIMMER),
        ("skimmer_more", np.zeros(1), "no use for skimmer_more"),
        ("skimmer_vectors", SKIMMER["skimmer_vectors"][:-1], "'skimmer_vectors' has the shape"),
        ("skimmer_lift", SKIMMER["skimmer_lift"][1:], "'skimmer_lift' has the shape"),
        ("skimmer_lift", SKIMMER["skimmer_lift"][:, 1:], "'skimmer_lift' has the shape"),
    ],
)
def test_arrays_that_make_no_skimmer_are_refused(name: str, array: NDArray[Any] | None, message: str) -> None:
    wrong = {key: value for key, value in {**ARRAYS, **SKIMMER, name: array}.items() if value is not None}
    with pytest.raises(ValueError, match=message):
        ConvolutionalEncoder.from_arrays(wrong)


@given(sentences=BATCHES)
def test_the_scores_of_words_add_up_to_those_of_their_sentences(sentences: list[str]) -> None:
    tokens, coef = tokenize(sentences), np.random.default_rng(2).normal(size=N_POOLINGS * WIDTH)
    for found in (network(), skimmer()):
        by_word = found.word_scores(tokens, coef)
        assert by_word.shape == tokens.hashes.shape
        sums = [by_word[first:last].sum() for first, last in pairwise(tokens.edges)]
        closely(sums, found.encode(tokens) @ coef, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("arrays", [ARRAYS, ARRAYS | skimmer_arrays(WORDS)], ids=["plain", "with a skimmer"])
def test_arrays_make_the_encoder_that_they_came_from(arrays: dict[str, NDArray[Any]]) -> None:
    again = ConvolutionalEncoder.from_arrays(arrays).arrays()
    assert again.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(again[name], array, strict=True)


def test_every_kind_in_the_table_can_be_made_of_arrays() -> None:
    assert all(callable(kind.from_arrays) for kind in ENCODERS.values())
