"""Features: what must leave no trace, what must, and that every column is what a plain reading says it is."""

from collections import Counter
from math import log, sqrt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import N_POOLINGS, WIDTH, make_network
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils.estimator_checks import check_estimator

from spoilerguard.documents import Documents
from spoilerguard.features import LinearScorer, SentenceVectorizer, as_sentences, tokenize
from spoilerguard.features.attribution import occurrences
from spoilerguard.features.ngrams import character_ngrams, word_ngrams
from spoilerguard.features.normalization import BLANK, NORMALIZATIONS

SENTENCES = [
    "He dies at the end.",
    "The ghost was his father!",
    "Lovely music; a fine cast.",
    "It isn't for children, or is it?",
]
PIECES = [
    "The killer",
    " dies",
    "é",
    "e\u0301",
    "<b>",
    "&rsquo;",
    "!!!",
    "!",
    "👩\u200d🚀",
    "\ud800",
    "\0",
    " ",
    "end",
    "ß",
]
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60) | st.lists(st.sampled_from(PIECES)).map("".join)
BASE = 0x9E3779B1
N_DIMENSIONS = N_POOLINGS * WIDTH


@pytest.fixture(scope="module", params=["n-grams", "encoder"])
def vectorizer(request: pytest.FixtureRequest) -> SentenceVectorizer:
    dense = make_network(SENTENCES) if request.param == "encoder" else None
    return SentenceVectorizer(n_buckets=2**10, encoder=dense).fit(SENTENCES)


def words(text: str) -> str:
    """How the text reads after normalization."""
    return " ".join(tokenize([text]).spelled())


def scores_of(
    vectorizer: SentenceVectorizer, texts: list[str], coef: NDArray[Any], vectors: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """The scores of a linear head, as a model computes them."""
    scorer, scores, done = LinearScorer(vectorizer, coef), [np.zeros(0)], 0
    for tokens in vectorizer.tokenize(texts):
        known = vectorizer.encode_tokens(tokens) if vectors is None else vectors[done : done + len(tokens)]
        scores.append(scorer.score(tokens, known))
        done += len(tokens)
    return np.concatenate(scores)


def vector(vectorizer: SentenceVectorizer, text: str) -> NDArray[np.float32]:
    row: NDArray[np.float32] = vectorizer.transform([text]).toarray()[0]
    return row


# what leaves no trace ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("He DIES", "he dies"),
        ("ΟΔΟΣ", "οδος"),
        ("Café naïve", "cafe naive"),
        ("Cafe\u0301", "Café"),
        ("“He” dies", '"He" dies'),
        ("«He» dies", '"He" dies'),
        ("don’t", "don't"),
        ("don't", "dont"),
        ("don&#39;t don&#039;t don&#8217;t don&rsquo;t don&apos;t don&#x27;t don&#X2019;t", "don't " * 7),
        ("caf&eacute; &eacute;tat d&eacute;j&agrave;", "café état déjà"),
        ("he &quot;dies&quot;&hellip;", 'he "dies"…'),
        ("&amp; he &nbsp;&lt;3 dies", "& he \xa0<3 dies"),
        ("  he \t\n dies  ", "he dies"),
        ("he\xa0dies", "he dies"),
        ("he dies .", "he dies."),
        ("he dies !", "he dies!"),
        ("he , she", "he,she"),
        ("he dies!!!!", "he dies!"),
        ("he dies...", "he dies."),
        ("he dies…", "he dies."),
        ("he dies\x85", "he dies."),
        ("he – she — it", "he - she - it"),
        ("死了。", "死了."),
        ("<b>he</b> <span class='x'>dies</span><br/>", "he dies"),
        ("[spoiler]he dies[/spoiler]", "he dies"),
        ("||he dies||", "he dies"),
        (">!he dies!<", "he dies"),
        ("**he** _dies_", "he dies"),
        ("he dies\u200b", "he dies"),
        ("he d\xadies", "he dies"),
        ("he\0dies", "he dies"),
        ("he \ud800 dies", "he dies"),
        ("\u202ehe dies\u202c", "he dies"),
        ("ｈｅ dies", "he dies"),
        ("he \ufffd\ufffd dies", "he dies"),
        ("", " \n"),
    ],
    ids=ascii,
)
def test_spelling_accidents_leave_no_trace(vectorizer: SentenceVectorizer, one: str, other: str) -> None:
    assert words(one) == words(other)
    np.testing.assert_array_equal(vector(vectorizer, one), vector(vectorizer, other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("he dies", "he lies"),
        ("he dies", "dies he"),
        ("he dies.", "he dies!"),
        ("he dies", "hedies"),
        ("wow!<br>he", "wow!<br>she"),
        ("a <3 b", "a c"),
        ("5 < 6 and 7 > 6", "5 6"),
        ("😢", "😀"),
        ("한국", "하늘"),
        ("R&D; he", "R D she"),
    ],
)
def test_what_says_something_else_has_another_vector(vectorizer: SentenceVectorizer, one: str, other: str) -> None:
    assert (vector(vectorizer, one) != vector(vectorizer, other)).any()


def test_markup_is_taken_out_and_the_words_beside_it_stay() -> None:
    assert words("Wow!<br>He dies &mdash; &bogus; so [sic] it &#1114112; goes") == "wow ! he dies - so it goes"


@given(text=st.text(st.characters(max_codepoint=0x52F, exclude_characters="ıſŉǰΐΰև"), max_size=40))
def test_case_leaves_no_trace_where_it_changes_letters_one_by_one(text: str) -> None:
    kept = "".join(char for char in text if len(char.upper()) == len(char.lower()) == 1)
    assert words(kept.upper()) == words(kept.lower()) == words(kept)


@given(texts=st.lists(ANY_TEXT, max_size=4))
def test_each_token_has_the_hash_of_its_spelling(texts: list[str]) -> None:
    tokens = tokenize(texts)
    assert [hashed(word) for word in tokens.spelled()] == tokens.hashes.tolist()
    assert tokens.edges[0] == 0
    assert tokens.edges[-1] == len(tokens.hashes)


def test_tokens_know_their_sentence_and_whether_they_are_words() -> None:
    tokens = tokenize(["He DIES, at last!", "", "?!", "The end"])
    assert tokens.spelled() == ["he", "dies", ",", "at", "last", "!", "?", "!", "the", "end"]
    assert tokens.sentence.tolist() == [0] * 6 + [2] * 2 + [3] * 2
    assert tokens.is_word.tolist() == [True, True, False, True, True, False, False, False, True, True]
    assert tokenize(["", ""]).spelled() == tokenize([]).spelled() == []


# batches and sums --------------------------------------------------------------------------------------------------


@given(texts=st.lists(ANY_TEXT, max_size=8))
def test_a_vector_and_a_score_do_not_depend_on_the_batch_to_the_last_bit(
    vectorizer: SentenceVectorizer, texts: list[str]
) -> None:
    coef = np.random.default_rng(0).normal(size=vectorizer.n_columns)
    together, scores = vectorizer.transform(texts), scores_of(vectorizer, texts, coef)
    assert together.shape == (len(texts), vectorizer.n_columns)
    for row, text in enumerate(texts):
        np.testing.assert_array_equal(together[[row]].toarray()[0], vector(vectorizer, text))
        assert scores[row] == scores_of(vectorizer, [text], coef)[0]
    np.testing.assert_allclose(scores, together @ coef, rtol=1e-4, atol=1e-4)


@given(texts=st.lists(ANY_TEXT, max_size=5))
def test_every_occurrence_lies_in_its_sentence_and_they_add_up_to_the_vector(texts: list[str]) -> None:
    vectorizer = SentenceVectorizer(n_buckets=2**10).fit(SENTENCES)
    total = np.zeros((len(texts), vectorizer.n_columns))
    for block in occurrences(vectorizer, texts):
        for sentence, start, end in zip(block.sentence, block.start, block.end, strict=True):
            assert 0 <= start < end <= len(texts[sentence])
        np.add.at(total, (block.sentence, block.bucket), block.value)
    np.testing.assert_allclose(total, vectorizer.transform(texts).toarray(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("He dies.", ["He", "dies", "."]),
        ("  HE\t dies ", ["HE", "dies"]),
        ("<b>He</b> isn&#39;t", ["He", "isn&#39;t"]),
        ("caf&eacute;", ["caf&eacute;"]),
    ],
)
def test_a_word_is_found_where_it_stands(text: str, spans: list[str]) -> None:
    vectorizer = SentenceVectorizer(word_ngrams=1).fit(SENTENCES)
    block = next(iter(occurrences(vectorizer, [text])))
    assert [text[start:end] for start, end in zip(block.start, block.end, strict=True)] == spans


def hashed(gram: str) -> int:
    return sum(ord(char) * pow(BASE, place + 1, 2**32) for place, char in enumerate(gram)) % 2**32


def hashed_backwards(gram: str) -> int:
    return hashed(gram[::-1])


def plain_vector(text: str, vectorizer: SentenceVectorizer) -> NDArray[np.float64]:
    """What one would write without numpy: lists of n-grams, counted."""
    tokens = words(text).split(" ") if words(text) else []
    pairs = [" ".join(tokens[i : i + n]) for n in (1, 2) for i in range(len(tokens) - n + 1)]
    padded = [f" {token} " for token in tokens]
    runs = [word[i : i + n] for word in padded for n in range(2, 6) for i in range(len(word) - n + 1)]
    bits = vectorizer.n_buckets.bit_length() - 1
    row = np.zeros(2 * vectorizer.n_buckets)
    for first, grams in ((0, [hashed(gram) for gram in pairs]), (vectorizer.n_buckets, map(hashed_backwards, runs))):
        counts = Counter(grams)
        for number, count in counts.items():
            row[first + (number >> (32 - bits))] += count / sqrt(counts.total())
    return row * vectorizer.idf_


@given(text=ANY_TEXT)
def test_a_vector_is_what_a_plain_reading_of_its_n_grams_gives(text: str) -> None:
    vectorizer = SentenceVectorizer(n_buckets=2**12).fit(SENTENCES)
    np.testing.assert_allclose(vector(vectorizer, text), plain_vector(text, vectorizer), rtol=1e-5)


@given(texts=st.lists(ANY_TEXT, max_size=5), longest=st.integers(1, 4))
def test_n_grams_are_those_of_a_plain_reading_and_cross_no_sentence(texts: list[str], longest: int) -> None:
    batch = tokenize(texts)
    codes = "".join(map(chr, batch.codes))
    found = word_ngrams(batch, longest, 2**10)
    spelled = [codes[s:e] for grams in found for s, e in zip(grams.start, grams.end, strict=True)]
    tokens = [tokenize([text]).spelled() for text in texts]
    expected = [" ".join(t[i : i + n]) for n in range(1, longest + 1) for t in tokens for i in range(len(t) - n + 1)]
    assert spelled == expected
    buckets = [bucket for grams in found for bucket in grams.bucket]
    assert buckets == [hashed(gram) >> (32 - 10) for gram in expected]
    for grams in character_ngrams(batch, (2, longest + 1), 2**10):
        for start, end in zip(grams.start, grams.end, strict=True):
            assert chr(BLANK) not in codes[start + 1 : end - 1]


def test_rarity_is_the_logarithm_of_the_share_of_sentences() -> None:
    vectorizer = SentenceVectorizer(n_buckets=2**18).fit(["he dies", "he lives", "he he"])
    number = hashed("he") >> (32 - 18)
    assert vectorizer.n_sentences_ == 3
    assert vectorizer.idf_[number] == pytest.approx(log(4 / 4))
    assert vectorizer.idf_[hashed("dies") >> (32 - 18)] == pytest.approx(log(4 / 2))
    assert vectorizer.idf_.max() == pytest.approx(log(4))


@pytest.mark.parametrize(
    "text", ["", "\0", "\ud800", "\u0301", "<b></b>", "'", "\u202e", "...", "x" * 1_000_000, "! " * 500_000]
)
def test_any_text_has_a_vector_of_finite_numbers(vectorizer: SentenceVectorizer, text: str) -> None:
    row = vectorizer.transform([text])
    assert row.shape == (1, vectorizer.n_columns)
    assert np.isfinite(row.data).all()
    assert np.isfinite(scores_of(vectorizer, [text], np.ones(vectorizer.n_columns))).all()


def known_words(vectorizer: SentenceVectorizer, texts: list[str]) -> list[list[int]]:
    [tokens] = vectorizer.tokenize(texts)
    counts: list[list[int]] = (
        LinearScorer(vectorizer, np.zeros(vectorizer.n_columns)).word_and_known_counts(tokens).tolist()
    )
    return counts


def test_a_word_is_known_where_it_was_fitted_and_punctuation_is_no_word() -> None:
    vectorizer = SentenceVectorizer().fit(SENTENCES)
    texts = ["The ghost dies!", "Qwer zxcv, asdf!", "He frobs.", "...", ""]
    assert known_words(vectorizer, texts) == [[3, 3, 2, 0, 0], [3, 0, 1, 0, 0]]


def test_with_an_encoder_a_word_is_known_where_its_vocabulary_holds_it() -> None:
    vectorizer = SentenceVectorizer(encoder=make_network(SENTENCES)).fit(["Qwer zxcv."])
    assert known_words(vectorizer, ["Qwer zxcv.", "He dies."]) == [[2, 2], [0, 2]]


def test_vectors_that_are_known_stand_in_for_encoding() -> None:
    vectorizer = SentenceVectorizer(n_buckets=2**10, encoder=make_network(SENTENCES)).fit(SENTENCES)
    vectors, coef = vectorizer.encode(SENTENCES), np.random.default_rng(0).normal(size=vectorizer.n_columns)
    assert vectors.shape == (len(SENTENCES), N_DIMENSIONS)
    assert (vectorizer.transform(SENTENCES, vectors) != vectorizer.transform(SENTENCES)).nnz == 0
    np.testing.assert_array_equal(
        vectorizer.transform(SENTENCES, -vectors)[:, -N_DIMENSIONS:].toarray(), -vectors.astype("f4")
    )
    scores = scores_of(vectorizer, SENTENCES, coef)
    np.testing.assert_array_equal(scores_of(vectorizer, SENTENCES, coef, vectors), scores)
    moved = scores_of(vectorizer, SENTENCES, coef, 2 * vectors) - scores
    np.testing.assert_allclose(moved, vectors @ coef[-N_DIMENSIONS:], rtol=0, atol=1e-9)


def test_without_an_encoder_vectors_have_no_columns() -> None:
    vectorizer = SentenceVectorizer()
    assert vectorizer.encode(SENTENCES).shape == (len(SENTENCES), 0)
    assert vectorizer.encode([]).shape == (0, 0)
    alone, in_review = vectorizer.encode_documents(Documents.from_sentences(SENTENCES, np.array([4])))
    assert alone.shape == in_review.shape == (4, 0)


# scikit-learn ------------------------------------------------------------------------------------------------------

LABELS = [1, 1, 0, 0]


def test_it_works_in_a_pipeline_a_union_and_a_grid_search() -> None:
    union = FeatureUnion([("ours", SentenceVectorizer(n_buckets=2**10)), ("theirs", CountVectorizer())])
    pipeline = Pipeline([("features", union), ("head", LogisticRegression())])
    grid = GridSearchCV(pipeline, {"features__ours__word_ngrams": [1, 2]}, cv=2, error_score="raise")
    assert grid.fit(SENTENCES * 3, LABELS * 3).predict(SENTENCES).tolist() == LABELS
    names = grid.best_estimator_.named_steps["features"].get_feature_names_out()
    assert len(names) == grid.best_estimator_.named_steps["head"].coef_.shape[1]
    assert names[0] == "ours__words_0"


def test_a_clone_has_its_parameters_and_nothing_learnt(vectorizer: SentenceVectorizer) -> None:
    copy = clone(vectorizer)
    assert copy.n_buckets == 2**10
    assert (copy.encoder is None) == (vectorizer.encoder is None)
    assert not hasattr(copy, "idf_")


def test_a_column_is_named_after_its_kind_and_number(vectorizer: SentenceVectorizer) -> None:
    names = vectorizer.get_feature_names_out()
    assert names.shape == (vectorizer.n_columns,)
    assert names[[0, 1023, 1024, 2047]].tolist() == ["words_0", "words_1023", "characters_0", "characters_1023"]
    if vectorizer.encoder is not None:
        assert names[2048:].tolist() == [f"meaning_{i}" for i in range(N_DIMENSIONS)]


def test_output_can_be_set_to_the_default_only_since_vectors_are_sparse(vectorizer: SentenceVectorizer) -> None:
    copy = clone(vectorizer).set_output(transform="default")
    assert copy.fit_transform(SENTENCES).shape == (4, copy.n_columns)
    with pytest.raises(ValueError, match="sparse"):
        clone(vectorizer).set_output(transform="pandas").fit_transform(SENTENCES)


def test_a_smaller_refit_leaves_nothing_of_the_earlier_one() -> None:
    again = SentenceVectorizer().fit(SENTENCES).fit(SENTENCES[:1])
    fresh = SentenceVectorizer().fit(SENTENCES[:1])
    np.testing.assert_array_equal(again.idf_, fresh.idf_)
    assert again.n_sentences_ == 1


@pytest.mark.filterwarnings("ignore:Can't test estimator")  # scikit-learn checks only one thing where strings go in
def test_the_official_checks_that_apply_are_passed() -> None:
    check_estimator(SentenceVectorizer())


@pytest.mark.parametrize(
    "sentences", [SENTENCES, tuple(SENTENCES), np.array(SENTENCES), pd.Series(SENTENCES), (s for s in SENTENCES)]
)
def test_sentences_come_in_any_sequence_or_stream(sentences: Any) -> None:
    assert as_sentences(sentences) == SENTENCES


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        ("He dies.", "got str: pass a list of strings"),
        (b"He dies.", "got bytes"),
        (None, "got NoneType"),
        (7, "got int"),
        ({"sentence": "He dies."}, "got dict"),
        (pd.DataFrame({"sentence": SENTENCES, "work": SENTENCES}), "got DataFrame: pass one of its columns"),
        (np.array([SENTENCES]), "got ndarray"),
        (np.array("He dies."), "got ndarray"),
        (["He dies.", None], "Element 1 is None of type NoneType"),
        (["He dies.", float("nan")], "Element 1 is nan of type float"),
        ([3], "Element 0 is 3 of type int"),
        ([["He dies."]], r"Element 0 is \['He dies.'\] of type list"),
        ([b"He dies."], "of type bytes"),
    ],
    ids=lambda value: str(type(value)),
)
def test_what_is_no_list_of_sentences_is_refused_and_the_place_named(sentences: Any, message: str) -> None:
    vectorizer = SentenceVectorizer().fit(SENTENCES)
    for method in (vectorizer.fit, vectorizer.transform, lambda X: list(occurrences(vectorizer, X))):
        with pytest.raises(TypeError, match=message):
            method(sentences)


def test_no_sentences_teach_nothing_but_can_be_transformed() -> None:
    with pytest.raises(ValueError, match="no sentences"):
        SentenceVectorizer().fit([])
    assert SentenceVectorizer().fit(SENTENCES).transform([]).shape == (0, 2**19)


@pytest.mark.parametrize(
    "parameters",
    [
        {"word_ngrams": 0},
        {"char_ngrams": (1, 3)},
        {"char_ngrams": (4, 3)},
        {"word_ngrams": 9},
        {"char_ngrams": (2, 17)},
        {"normalization": 2},
        {"n_buckets": 1000},
        {"n_buckets": 8},
        {"n_buckets": 2**25},
        {"n_buckets": -16},
    ],
    ids=str,
)
def test_a_parameter_out_of_its_range_is_refused_when_fitting(parameters: dict[str, Any]) -> None:
    unfitted = SentenceVectorizer(**parameters)
    with pytest.raises(ValueError, match=next(iter(parameters))):
        unfitted.fit(SENTENCES)


# every allowed parameter on every text -----------------------------------------------------------------------------


@given(
    texts=st.lists(ANY_TEXT, max_size=4),
    word_order=st.integers(1, 8),
    character_orders=st.tuples(st.integers(2, 16), st.integers(2, 16)).map(sorted).map(tuple),
)
def test_any_allowed_orders_of_n_grams_read_any_text(
    texts: list[str], word_order: int, character_orders: tuple[int, int]
) -> None:
    vectorizer = SentenceVectorizer(word_ngrams=word_order, char_ngrams=character_orders, n_buckets=2**6)
    vectorizer.fit(SENTENCES)
    coef = np.random.default_rng(0).normal(size=vectorizer.n_columns)
    scores = scores_of(vectorizer, texts, coef)
    np.testing.assert_allclose(scores, vectorizer.transform(texts) @ coef, rtol=1e-4, atol=1e-4)


# normalization -----------------------------------------------------------------------------------------------------

FROZEN = {
    1: (
        "The KILLER isn’t “Émile”… <b>wow</b>!! 3&nbsp;x [b]ok[/b] d&eacute; 👩\u200d🚀 한국 死。 ﬁn ｆｕｌｌ – done",
        'the killer isnt " emile " . wow ! 3 x ok de 👩🚀 한국 死 . fn full - done',
    ),
}


@pytest.mark.parametrize("number", NORMALIZATIONS)
def test_a_normalization_never_changes_once_a_model_names_it(number: int) -> None:
    text, normalized = FROZEN[number]
    assert " ".join(tokenize([text], number).spelled()) == normalized
