"""Encoders in numpy: the table and the network, each as a plain reading of its docstring has it, in any batch."""

from itertools import pairwise
from math import exp, tanh
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spoilerguard.encoders import ConvolutionalEncoder, PooledEncoder, Vocabulary, Words, convolutional
from spoilerguard.encoders.gates import Gate
from spoilerguard.features import SentenceVectorizer
from spoilerguard.features.folding import fold
from spoilerguard.features.ngrams import word_ngrams
from spoilerguard.features.reading import Reading

Arrays = dict[str, NDArray[Any]]
WORDS = ["he", "dies", "ghost", "father", "music", "never", "the", "end"]
N_WORDS, N_DIMENSIONS = len(WORDS), 5  # of the table
WIDTH, N_POOLINGS, REVIEW_WIDTH = 5, 2, 3  # of the network
SENTENCES = st.lists(st.sampled_from([*WORDS, "qwer", "zxcv", "!"]), max_size=7).map(" ".join)
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
BATCHES = st.lists(SENTENCES, max_size=6)
exactly, closely = np.testing.assert_array_equal, np.testing.assert_allclose


def hashes_of(words: list[str]) -> NDArray[np.uint32]:
    return next(word_ngrams(fold(words), 1)).hashes


def words_of(sentences: list[str]) -> Words:
    return Reading.of(sentences, 1, 2**4).words


def rows_of(vocabulary: Vocabulary, sentences: list[str]) -> list[list[int]]:
    """The row of each word in the table, found by looking through it."""
    rows = [vocabulary.hashes.tolist().index(h) if h in vocabulary.hashes else N_WORDS for h in hashes_of(sentences)]
    return [rows[first:last] for first, last in pairwise(words_of(sentences).edges)]


# words -------------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=50)
@given(batches=st.lists(st.lists(ANY_TEXT, max_size=4), max_size=4))
def test_batches_joined_equal_all_read_at_once(batches: list[list[str]]) -> None:
    joined = Words.joined([words_of(batch) for batch in batches])
    at_once = words_of([text for batch in batches for text in batch])
    for name in ("hashes", "edges", "codes"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(at_once, name), strict=True)


def test_words_are_spelled_as_they_were_folded() -> None:
    read = words_of(["He DIES, at last!", "", "?!", "The end"])
    assert read.spelled() == ["he", "dies", ",", "at", "last", "!", "?", "!", "the", "end"]
    assert read.sentence.tolist() == [0] * 6 + [2] * 2 + [3] * 2
    assert words_of(["", ""]).spelled() == Words.joined([]).spelled() == []


@settings(deadline=None, max_examples=50)
@given(texts=st.lists(ANY_TEXT, max_size=4))
def test_each_spelled_word_has_the_hash_that_stands_in_its_place(texts: list[str]) -> None:
    read = words_of(texts)
    spelled = read.spelled()
    assert len(spelled) == len(read.hashes)
    for word, of_word in zip(spelled, read.hashes, strict=True):
        codes = np.array([ord(" "), *map(ord, word), ord(" ")], dtype=np.uint32)
        assert "".join(map(chr, codes)) == f" {word} "
        assert " " not in word
        assert of_word in hashes_of([word])


def test_every_word_of_a_vocabulary_is_found_and_no_other() -> None:
    hashes = np.unique(np.random.default_rng(0).choice(2**32, 50, replace=False)).astype(np.uint32)
    known = Vocabulary(hashes)
    assert known.find(hashes).tolist() == list(range(len(hashes)))
    others = np.setdiff1d(np.array([0, 1, 2**31, 2**32 - 1, *(hashes.astype(np.int64) + 1)]), hashes)
    assert set(known.find(others.astype(np.uint32)).tolist()) == {len(hashes)}
    assert known.find(np.zeros(0, dtype=np.uint32)).shape == (0,)


# the table ---------------------------------------------------------------------------------------------------------


def table_arrays() -> Arrays:
    random = np.random.default_rng(0)
    return {
        "hashes": np.sort(hashes_of(WORDS)),
        "importance": random.uniform(0.1, 1, N_WORDS).astype(np.float32),
        "vectors": random.integers(-127, 128, (N_WORDS, N_DIMENSIONS)).astype(np.int8),
        "scale": np.array([0.02]),
    }


def table() -> PooledEncoder:
    return PooledEncoder.from_arrays(table_arrays())


def plain_mean(found: PooledEncoder, rows: list[int]) -> list[float]:
    known = [row for row in rows if row < N_WORDS]
    total = sum(float(found.importance[row]) for row in known) + 0.3
    return [
        sum(float(found.importance[row]) * float(found.vectors[row, axis]) * found.scale for row in known) / total
        for axis in range(N_DIMENSIONS)
    ]


@settings(deadline=None, max_examples=50)
@given(sentences=BATCHES)
def test_a_table_gives_a_sentence_the_mean_of_its_known_words_by_importance_in_any_batch(sentences: list[str]) -> None:
    found = table()
    vectors = found.encode(words_of(sentences))
    assert vectors.shape == (len(sentences), N_DIMENSIONS)
    for vector, sentence, rows in zip(vectors, sentences, rows_of(found.vocabulary, sentences), strict=True):
        closely(vector, plain_mean(found, rows), rtol=1e-4, atol=1e-5)
        exactly(found.encode(words_of([sentence]))[0], vector)


def test_words_that_a_table_lacks_change_nothing() -> None:
    found = table()
    exactly(found.encode(words_of(["qwer dies zxcv"])), found.encode(words_of(["dies"])))
    assert found.encode(words_of(["dies"])).any()
    assert not found.encode(words_of(["qwer"])).any()
    assert found.knows(words_of(["qwer dies"])).tolist() == [False, True]


def test_a_table_knows_nothing_of_reviews() -> None:
    found, words = table(), words_of(["He dies.", "The end."])
    assert found.n_review_dimensions == 0
    assert found.encode_reviews(words, np.array([2]), found.encode(words)).shape == (2, 0)


def test_a_table_finds_the_words_that_the_vectoriser_folds() -> None:
    vectors = np.arange(1, N_WORDS + 1, dtype=np.int8)[:, None]
    known = PooledEncoder(Vocabulary(np.sort(hashes_of(WORDS))), np.ones(N_WORDS, dtype=np.float32), vectors, 1.0)
    vectorizer = SentenceVectorizer(encoder=known).fit(WORDS)
    meaning = vectorizer.transform(["HE", "“Dies”!", "qwerty", ""]).toarray()[:, -1]
    assert (meaning != 0).tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"hashes": None}, "array 'hashes' of uint32"),
        ({"hashes": np.zeros(N_WORDS, dtype=np.uint32)}, "must ascend"),
        ({"hashes": np.arange(N_WORDS)}, "array 'hashes' of uint32"),
        ({"importance": np.ones(N_WORDS - 1, dtype=np.float32)}, "differ in length"),
        ({"importance": np.zeros(N_WORDS, dtype=np.float32)}, "above 0"),
        ({"vectors": np.zeros(N_WORDS, dtype=np.int8)}, "with 2 axes"),
        ({"vectors": np.zeros((N_WORDS, 2))}, "array 'vectors' of int8"),
        ({"scale": np.ones(2)}, "differ in length"),
        ({"scale": np.zeros(1)}, "above 0"),
        ({"more": np.zeros(1)}, "nothing else"),
        (
            {
                "hashes": np.zeros(0, dtype=np.uint32),
                "importance": np.zeros(0, dtype=np.float32),
                "vectors": np.zeros((0, 2), dtype=np.int8),
            },
            "or are empty",
        ),
    ],
    ids=str,
)
def test_arrays_that_make_no_table_are_refused(changed: dict[str, Any], message: str) -> None:
    wrong = {name: array for name, array in {**table_arrays(), **changed}.items() if array is not None}
    with pytest.raises(ValueError, match=message):
        PooledEncoder.from_arrays(wrong)


# the network -------------------------------------------------------------------------------------------------------


def network_arrays() -> Arrays:
    random = np.random.default_rng(1)

    def layers(kind: str, n_rows: int, width: int) -> Arrays:
        return {
            f"{kind}_layers": random.integers(-127, 128, (n_rows * width, 2 * width)).astype(np.int8),
            f"{kind}_scales": random.uniform(0.002, 0.006, (2, 2 * width)).astype(np.float32),
            f"{kind}_biases": random.normal(0, 0.4, (2, 2 * width)).astype(np.float32),
            f"{kind}_dilations": np.array([1, 2], dtype=np.uint8),
        }

    return {
        "hashes": np.sort(hashes_of(WORDS)),
        "vectors": random.integers(-127, 128, (N_WORDS + 1, WIDTH)).astype(np.int8),
        "scale": random.uniform(0.005, 0.02, WIDTH).astype(np.float32),
        **layers("word", 3 + 3, WIDTH),
        "attention": random.normal(0, 0.4, (WIDTH, N_POOLINGS)),
        "attention_bias": random.normal(0, 0.4, N_POOLINGS),
        "entry": random.normal(0, 0.4, (N_POOLINGS * WIDTH + 4, REVIEW_WIDTH)),
        "entry_bias": random.normal(0, 0.4, REVIEW_WIDTH),
        **layers("review", 6 + 5, REVIEW_WIDTH),
    }


def network(**changed: Any) -> ConvolutionalEncoder:
    return ConvolutionalEncoder.from_arrays(network_arrays() | changed)


Rows = list[list[float]]


def in_steps(gate: Gate, value: float) -> int:
    return min(max(round(value / gate.step), -127), 127)


def bent(gate: Gate, total: int, column: int) -> float:
    """Where a column stands before it is bent: to the 1,024th part, between -8 and 8, in single precision."""
    at = np.float32(total) * (gate.scale[column] * np.float32(gate.step * 1024))
    at += gate.bias[column] * np.float32(1024) + np.float32(8 * 1024 + 0.5)
    return min(max(int(at), 0), 16 * 1024) / 1024 - 8


def plain_gate(gate: Gate, rows: Rows, n_neighbours: int, more: list[float] | None = None) -> Rows:
    width = len(gate.bias) // 2
    nothing = [0.0] * width
    found = []
    for place, row in enumerate(rows):
        beside = [place + (number - n_neighbours // 2) * gate.dilation for number in range(n_neighbours)]
        read = [value for there in beside for value in (rows[there] if 0 <= there < len(rows) else nothing)]
        steps = [in_steps(gate, value) for value in read + (more or [])]
        totals = [sum(v * int(gate.weight[k, column]) for k, v in enumerate(steps)) for column in range(2 * width)]
        places = [bent(gate, total, column) for column, total in enumerate(totals)]
        added = [
            np.float32(tanh(a)) * np.float32(1 / (1 + exp(-b))) for a, b in zip(places, places[width:], strict=False)
        ]
        found.append([float(np.float32(value) + more) for value, more in zip(row, added, strict=True)])
    return found


def plain_sentence(found: ConvolutionalEncoder, rows: list[int]) -> list[float]:
    words = [[float(np.float32(found.vectors[row, k]) * found.scale[k]) for k in range(WIDTH)] for row in rows]
    for gate in found.words:
        words = plain_gate(gate, words, 3)
    vector = []
    for k in range(N_POOLINGS):
        drawn = [
            sum(word[axis] * float(found.attention[axis, k]) for axis in range(WIDTH)) + float(found.attention_bias[k])
            for word in words
        ]
        weights = [exp(min(max(one, -8), 8)) for one in drawn]
        vector += [
            sum(weight * word[axis] for weight, word in zip(weights, words, strict=True)) / (sum(weights) + 0.3)
            for axis in range(WIDTH)
        ]
    return vector


def plain_review(found: ConvolutionalEncoder, vectors: Rows) -> Rows:
    rows = []
    for place, vector in enumerate(vectors):
        told = [place / max(len(vectors) - 1, 1), float(place == len(vectors) - 1)]
        read = [*vector, *told, float(np.log1p(len(vectors))), float(np.log1p(place))]
        sums = [sum(x * float(w) for x, w in zip(read, column, strict=True)) for column in found.entry.T]
        rows.append([float(np.float32(tanh(s + float(bias)))) for s, bias in zip(sums, found.entry_bias, strict=True)])
    mean = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    for number, gate in enumerate(found.reviews):
        rows = plain_gate(gate, rows, 5, mean if number == 0 else None)
    return rows


@settings(deadline=None, max_examples=50)
@given(sentences=BATCHES)
def test_a_network_gives_a_sentence_what_a_plain_reading_gives(sentences: list[str]) -> None:
    found = network()
    vectors = found.encode(words_of(sentences))
    assert vectors.shape == (len(sentences), found.n_dimensions) == (len(sentences), N_POOLINGS * WIDTH)
    plain = [plain_sentence(found, rows) for rows in rows_of(found.vocabulary, sentences)]
    closely(vectors, np.reshape(plain, vectors.shape), rtol=1e-4, atol=1e-4)


def test_a_network_holds_attention_between_its_bounds() -> None:
    found = network(attention=np.full((WIDTH, N_POOLINGS), 30.0))
    sentence = "he never dies the music"
    [rows] = rows_of(found.vocabulary, [sentence])
    closely(found.encode(words_of([sentence]))[0], plain_sentence(found, rows), rtol=1e-4, atol=1e-4)


@settings(deadline=None, max_examples=50)
@given(reviews=st.lists(BATCHES, max_size=4))
def test_a_network_gives_a_sentence_in_its_review_what_a_plain_reading_gives(reviews: list[list[str]]) -> None:
    found, words = network(), words_of([sentence for review in reviews for sentence in review])
    lengths, vectors = np.array([len(review) for review in reviews], dtype=np.int64), found.encode(words)
    in_review = found.encode_reviews(words, lengths, vectors)
    assert in_review.shape == (words.n_sentences, found.n_review_dimensions) == (words.n_sentences, REVIEW_WIDTH)
    ends = np.cumsum(lengths)
    parts = [vectors[end - n : end].tolist() for end, n in zip(ends, lengths, strict=True) if n]
    plain = [row for part in parts for row in plain_review(found, part)]
    closely(in_review, np.reshape(plain, in_review.shape), rtol=1e-4, atol=1e-4)


@settings(deadline=None, max_examples=50)
@given(sentences=BATCHES)
def test_a_network_gives_a_sentence_the_same_vector_in_any_batch(sentences: list[str]) -> None:
    found = network()
    for vector, sentence in zip(found.encode(words_of(sentences)), sentences, strict=True):
        exactly(found.encode(words_of([sentence]))[0], vector)


@settings(deadline=None, max_examples=50)
@given(reviews=st.lists(BATCHES, max_size=4))
def test_a_network_gives_a_review_the_same_vectors_in_any_batch(reviews: list[list[str]]) -> None:
    found = network()

    def vectors_of(some: list[list[str]]) -> NDArray[np.float64]:
        words = words_of([sentence for review in some for sentence in review])
        return found.encode_reviews(words, np.array([len(review) for review in some]), found.encode(words))

    apart = [vectors_of([review]) for review in reviews]
    exactly(vectors_of(reviews), np.concatenate([np.zeros((0, REVIEW_WIDTH)), *apart]))


@settings(deadline=None, max_examples=30)
@given(sentences=BATCHES, at_once=st.integers(1, 8))
def test_how_many_words_a_network_reads_at_once_changes_nothing(sentences: list[str], at_once: int) -> None:
    found, words = network(), words_of(sentences)
    coef = np.linspace(-1, 1, found.n_dimensions)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convolutional, "_WORDS_AT_ONCE", at_once)
        vectors, scores = found.encode(words), found.word_scores(words, coef)
    exactly(vectors, found.encode(words))
    closely(scores, found.word_scores(words, coef), rtol=1e-5, atol=1e-5)


def test_a_network_hears_the_order_of_words_and_of_sentences() -> None:
    found, words = network(), words_of(["he never dies", "dies never he"])
    vectors = found.encode(words)
    assert np.abs(vectors[0] - vectors[1]).max() > 0.01
    one, other = (found.encode_reviews(words, np.array([2]), order) for order in (vectors, vectors[::-1]))
    assert np.abs(one - other[::-1]).max() > 0.01


def test_words_that_a_network_lacks_share_the_last_row() -> None:
    found, words = network(), words_of(["he qwer dies", "he zxcv dies"])
    vectors = found.encode(words)
    closely(vectors[0], vectors[1], rtol=1e-5, atol=1e-5)
    assert found.knows(words).tolist() == [True, False, True] * 2
    changed = network_arrays()["vectors"]
    changed[-1] = -changed[-1]
    assert np.abs(network(vectors=changed).encode(words) - vectors).max() > 0.01


def test_a_network_gives_a_sentence_without_words_zeros_and_no_sentences_no_rows() -> None:
    found = network()
    assert not found.encode(words_of(["", "  "])).any()
    nothing = Words.joined([])
    assert found.encode(nothing).shape == (0, found.n_dimensions)
    assert found.word_scores(nothing, np.ones(found.n_dimensions)).shape == (0,)
    for lengths in (np.zeros(0, dtype=np.int64), np.array([0, 0])):
        assert found.encode_reviews(nothing, lengths, found.encode(nothing)).shape == (0, REVIEW_WIDTH)


def test_a_network_of_the_largest_weights_gives_finite_vectors_without_a_warning() -> None:
    most = {k: np.copysign(a.dtype.type(1e9), a) for k, a in network_arrays().items() if a.dtype.kind == "f"}
    found = network(**most)  # a model file may hold no larger ones
    words = words_of(["he never dies", "the end"])
    vectors = found.encode(words)
    assert np.isfinite(vectors).all()
    assert np.isfinite(found.encode_reviews(words, np.array([2]), vectors)).all()


ARRAYS = network_arrays()
WRONG: list[tuple[str, NDArray[Any] | None, str]] = [
    *((name, None, f"needs an array '{name}'") for name in ARRAYS),
    *((name, array.astype(np.int64), f"needs an array '{name}'") for name, array in ARRAYS.items()),
    *((name, array[None], f"needs an array '{name}'") for name, array in ARRAYS.items()),
    ("more", np.zeros(1), "no use for more"),
    ("hashes", ARRAYS["hashes"][::-1], "must ascend"),
    ("hashes", ARRAYS["hashes"][1:], "'vectors' has the shape"),
    ("vectors", ARRAYS["vectors"][:-1], "'vectors' has the shape"),
    ("vectors", ARRAYS["vectors"][:, :0], "must ascend, and there must be some"),
    ("scale", ARRAYS["scale"][1:], "'scale' has the shape"),
    ("attention", ARRAYS["attention"][1:], "'attention' has the shape"),
    ("attention", ARRAYS["attention"][:, :1], "'entry' has the shape"),
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


# both --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoder", [table(), network()], ids=["table", "network"])
@settings(deadline=None, max_examples=50)
@given(sentences=BATCHES)
def test_the_scores_of_words_add_up_to_those_of_their_sentences(
    encoder: PooledEncoder | ConvolutionalEncoder, sentences: list[str]
) -> None:
    words, coef = words_of(sentences), np.random.default_rng(2).normal(size=encoder.n_dimensions)
    by_word = encoder.word_scores(words, coef)
    assert by_word.shape == words.hashes.shape
    sums = [by_word[first:last].sum() for first, last in pairwise(words.edges)]
    closely(sums, encoder.encode(words) @ coef, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("given_arrays", [table_arrays(), network_arrays()], ids=["table", "network"])
def test_arrays_make_the_encoder_that_they_came_from(given_arrays: Arrays) -> None:
    kind = PooledEncoder if "importance" in given_arrays else ConvolutionalEncoder
    again = kind.from_arrays(kind.from_arrays(given_arrays).arrays()).arrays()
    assert again.keys() == given_arrays.keys()
    for name, array in given_arrays.items():
        np.testing.assert_array_equal(again[name], array, strict=True)
