"""The encoder: a table of word vectors, pooled as its docstring says, the same in every batch."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spoilerguard.encoder import SentenceEncoder
from spoilerguard.features import SentenceVectorizer
from spoilerguard.features.folding import fold
from spoilerguard.features.ngrams import word_ngrams

N_WORDS, N_DIMENSIONS = 12, 5
WORDS = ["he", "dies", "ghost", "father", "music"]


def arrays() -> dict[str, NDArray[Any]]:
    random = np.random.default_rng(0)
    return {
        "hashes": np.sort(random.choice(2**32, N_WORDS, replace=False)).astype(np.uint32),
        "importance": random.uniform(0.1, 1, N_WORDS).astype(np.float32),
        "vectors": random.integers(-127, 128, (N_WORDS, N_DIMENSIONS)).astype(np.int8),
        "scale": np.array([0.02]),
    }


def encoder() -> SentenceEncoder:
    return SentenceEncoder.from_arrays(arrays())


def edges_of(lengths: list[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def plain_vector(found: SentenceEncoder, rows: list[int]) -> list[float]:
    known = [row for row in rows if row < N_WORDS]
    total = sum(float(found.importance[row]) for row in known) + 0.3
    return [
        sum(float(found.importance[row]) * float(found.vectors[row, axis]) * found.scale for row in known) / total
        for axis in range(N_DIMENSIONS)
    ]


def test_every_word_of_the_table_is_found_and_no_other() -> None:
    found = encoder()
    assert found.find(found.hashes).tolist() == list(range(N_WORDS))
    others = np.setdiff1d(np.array([0, 1, 2**31, 2**32 - 1, *(found.hashes.astype(np.int64) + 1)]), found.hashes)
    assert set(found.find(others.astype(np.uint32)).tolist()) == {N_WORDS}
    assert found.find(np.zeros(0, dtype=np.uint32)).shape == (0,)


@settings(deadline=None, max_examples=50)
@given(sentences=st.lists(st.lists(st.integers(0, N_WORDS), max_size=6), max_size=6))
def test_a_sentence_is_the_mean_of_its_known_words_by_importance_in_any_batch(sentences: list[list[int]]) -> None:
    found = encoder()
    rows = np.array([row for sentence in sentences for row in sentence], dtype=np.int64)
    edges = edges_of([len(sentence) for sentence in sentences])
    vectors = found.encode(rows, edges)
    assert vectors.shape == (len(sentences), N_DIMENSIONS)
    for vector, sentence in zip(vectors, sentences, strict=True):
        np.testing.assert_allclose(vector, plain_vector(found, sentence), rtol=1e-4, atol=1e-5)
        alone = found.encode(np.array(sentence, dtype=np.int64), edges_of([len(sentence)]))
        np.testing.assert_array_equal(alone[0], vector)


def test_a_head_folds_into_one_number_for_each_word() -> None:
    found = encoder()
    coef = np.random.default_rng(1).normal(size=N_DIMENSIONS)
    rows, edges = np.array([0, 3, 3, N_WORDS, 7]), edges_of([3, 0, 2])
    by_word = found.word_scores(coef)
    assert by_word[-1] == 0
    sums = [by_word[rows[first:last]].sum() for first, last in pairwise(edges)]
    folded = np.array(sums) / found.weight_of(found.word_importance()[rows], edges)
    np.testing.assert_allclose(folded, found.encode(rows, edges) @ coef, rtol=1e-4, atol=1e-5)


def test_unknown_words_change_nothing() -> None:
    found = encoder()
    one = found.encode(np.array([N_WORDS, 2, N_WORDS]), edges_of([3]))
    np.testing.assert_array_equal(one, found.encode(np.array([2]), edges_of([1])))
    assert not found.encode(np.array([N_WORDS]), edges_of([1])).any()


def test_it_finds_the_words_that_the_vectoriser_folds() -> None:
    hashes = np.sort(next(word_ngrams(fold(WORDS), 1)).hashes)
    vectors = np.arange(1, len(WORDS) + 1, dtype=np.int8)[:, None]
    known = SentenceEncoder(hashes, np.ones(len(WORDS), dtype=np.float32), vectors, 1.0)
    vectorizer = SentenceVectorizer(encoder=known).fit(WORDS)
    meaning = vectorizer.transform(["HE", "“Dies”!", "qwerty", ""]).toarray()[:, -1]
    assert (meaning != 0).tolist() == [True, True, False, False]


def test_arrays_make_the_encoder_that_they_came_from() -> None:
    found = encoder()
    again = SentenceEncoder.from_arrays(found.arrays())
    for name, array in found.arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], array)
        assert again.arrays()[name].dtype == array.dtype


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"hashes": None}, "array 'hashes' of uint32"),
        ({"hashes": np.zeros(N_WORDS, dtype=np.uint32)}, "must ascend"),
        ({"hashes": np.arange(N_WORDS)}, "array 'hashes' of uint32"),
        ({"importance": np.ones(N_WORDS - 1, dtype=np.float32)}, "differ in length"),
        ({"vectors": np.zeros(N_WORDS, dtype=np.int8)}, "with 2 axes"),
        ({"vectors": np.zeros((N_WORDS, 2))}, "array 'vectors' of int8"),
        ({"scale": np.ones(2)}, "differ in length"),
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
def test_arrays_that_make_no_encoder_are_refused(changed: dict[str, Any], message: str) -> None:
    wrong = {name: array for name, array in {**arrays(), **changed}.items() if array is not None}
    with pytest.raises(ValueError, match=message):
        SentenceEncoder.from_arrays(wrong)
