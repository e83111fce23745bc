"""What to label next: uncertain texts that differ, few of a work, and a share at random that can measure."""

import re
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoilerguard import CorpusError, OperatingPointError, SpoilerClassifier, suggest
from spoilerguard.active_learning import closeness, select
from spoilerguard.datasets import load_reviews, sample
from spoilerguard.documents import Documents, Standing
from spoilerguard.predictions import Predictions

SAFE = "Lovely music and a very good cast."
UNSURE = "He leaves her, or so it seems to us."
SPOILER = "In the end the nurse is the killer and Anna dies."


def of_sentences(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"text": [SAFE, UNSURE, SPOILER], **columns}, index=["a", "b", "c"])


# uncertain ---------------------------------------------------------------------------------------------------------


def test_the_text_at_which_the_model_stands_nearest_to_its_threshold_comes_first() -> None:
    found = suggest(of_sentences(), 3, by="sentence", random_share=0)
    assert found["text"].iloc[0] == UNSURE
    assert found["score"].is_monotonic_decreasing
    assert found["score"].between(0, 1).all()
    assert set(found["why"]) == {"uncertain"}


def test_near_what_is_for_the_user_to_say() -> None:
    assert suggest(of_sentences(), 1, by="sentence", random_share=0, threshold=0.999)["text"].tolist() == [SPOILER]
    assert suggest(of_sentences(), 1, by="sentence", random_share=0, threshold=0.0)["text"].tolist() == [SAFE]


def test_it_is_the_model_that_is_to_learn_that_is_asked(tiny_model: SpoilerClassifier) -> None:
    pool = ["The killer is the nurse of the story.", "A song of the north wind and sun.", "Great music, fine acting."]
    by_default = suggest(pool, 3, by="sentence", random_share=0)["score"]
    by_tiny = suggest(pool, 3, tiny_model, by="sentence", random_share=0)["score"]
    assert by_tiny.sort_index().tolist() != by_default.sort_index().tolist()


def test_a_review_counts_by_the_mean_of_its_sentences_where_they_stand() -> None:
    documents = Documents.from_sentences(["One.", "Two.", "Three."], np.array([2, 1]))
    logits = np.array([0.0, 2.0, 3.0])
    no_story = {"story": np.zeros(3), "matched": np.full(3, -1), "decided": np.zeros(3, dtype=np.int8)}
    yes = np.ones(3, dtype=bool)
    predictions = Predictions(documents, logits, logits, yes, None, **no_story, read=yes)
    bounds = {Standing.IN_REVIEW: 0.5, Standing.ALONE: 1 / (1 + np.exp(-3.0))}
    np.testing.assert_allclose(closeness(predictions, bounds), [(1 + np.exp(-2)) / 2, 1.0])


def test_what_says_too_little_or_is_not_english_teaches_nothing() -> None:
    pool = ["He dies.", "Die Musik ist schön, aber er stirbt am Ende doch.", UNSURE]
    found = suggest(pool, 3, by="sentence", random_share=0).sort_values("position")
    assert found["score"].iloc[:2].tolist() == [0.0, 0.0]


# fewer than asked for ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pool", "k", "options", "said"),
    [
        ([SAFE, UNSURE], 3, {}, r"Only 2 of 3: the pool holds 2 texts\."),
        ([], 1, {}, r"Only 0 of 1: the pool holds 0 texts\."),
        ([SAFE, None, " "], 2, {}, r"Only 1 of 2: the pool holds 3 texts: 2 are blank or missing\."),
        ([SAFE, SAFE.upper()], 2, {}, r"1 nearly repeats another one\."),
        ({"text": [SAFE, UNSURE, SPOILER], "work": ["Dune"] * 3}, 3, {"per_work": 2}, r"1 is beyond 2 of its work\."),
    ],
)
def test_fewer_than_asked_for_are_warned_of_with_the_reason(
    pool: Any, k: int, options: dict[str, Any], said: str
) -> None:
    given = pd.DataFrame(pool) if isinstance(pool, dict) else pool
    with pytest.warns(UserWarning, match=said) as caught:
        suggest(given, k, by="sentence", random_share=0, **options)
    assert [one.filename for one in caught] == [__file__]


# different ---------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Only . of")
def test_copies_and_near_copies_are_chosen_once() -> None:
    review = load_reviews("dev").frame.groupby("review_id", sort=False)["sentence"].agg(" ".join).iloc[0]
    near = review.replace("the", "teh", 1)
    assert near != review
    pool = [review, review.upper(), near, UNSURE, UNSURE.lower()]
    for share in (0, 1):
        found = suggest(pool, 5, random_share=share)
        assert len(found) == 2
        assert len({position // 3 for position in found["position"]}) == 2


def test_at_most_a_few_of_a_work_are_chosen_and_those_without_a_work_have_no_limit() -> None:
    texts = [f"number {number}" for number in range(10)]
    works = ["Dune"] * 6 + [None] * 4
    scores = np.linspace(1, 0.1, 10)
    chosen, _ = select(texts, scores, 8, works=works, n_random=0, per_work=2)
    assert Counter(works[row] for row, _ in chosen) == {"Dune": 2, None: 4}
    assert [row for row, _ in chosen] == [0, 1, 6, 7, 8, 9]


def test_without_a_limit_of_ones_own_a_pool_of_few_works_is_still_enough() -> None:
    texts = [f"number {number}" for number in range(40)]
    works = [f"work {number % 2}" for number in range(40)]
    assert len(select(texts, np.ones(40), 20, works=works, n_random=0).rows) == 20


# at random ---------------------------------------------------------------------------------------------------------


@given(
    texts=st.lists(st.sampled_from([*"abcdefgh", "", " "]), max_size=30),
    k=st.integers(1, 12),
    share=st.sampled_from([0.0, 0.2, 0.5, 1.0]),
    seed=st.integers(0, 5),
    data=st.data(),
)
def test_rows_are_chosen_once_are_never_blank_and_the_share_at_random_is_kept(
    texts: list[str], k: int, share: float, seed: int, data: st.DataObject
) -> None:
    works = [data.draw(st.sampled_from(["u", "v", None])) for _ in texts]
    scores = np.array([data.draw(st.floats(0, 1)) for _ in texts])
    n_random = round(k * share)
    chosen, shortage = select(texts, scores, k, works=works, n_random=n_random, per_work=2, seed=seed)
    rows = [row for row, _ in chosen]
    assert len(set(rows)) == len(rows) <= k
    assert bool(shortage) == (len(rows) < k and bool(texts) and len(rows) < len(texts))
    if shortage:
        assert sum(map(int, re.findall(r"(\d+) (?:is|are|nearly)", shortage))) == len(texts) - len(rows)
    assert len({texts[row] for row in rows}) == len(rows)
    assert all(texts[row].strip() for row in rows)
    n_different = len({text for text in texts if text.strip()})
    assert sum(why == "random" for _, why in chosen) == min(n_random, n_different)
    uncertain = [row for row, why in chosen if why == "uncertain"]
    assert all(scores[one] >= scores[other] for one, other in pairwise(uncertain))


def test_those_at_random_do_not_depend_on_the_model() -> None:
    texts = [f"text {number}" for number in range(200)]
    works = [None] * 200
    one, other = (
        {row for row, why in select(texts, scores, 50, works=works, n_random=25, seed=3).rows if why == "random"}
        for scores in (np.linspace(0, 1, 200), np.linspace(1, 0, 200))
    )
    assert one == other


def test_those_at_random_are_drawn_evenly() -> None:
    texts, works = [f"text {number}" for number in range(20)], [None] * 20
    drawn = Counter(
        row
        for seed in range(400)
        for row, _ in select(texts, np.linspace(0, 1, 20), 5, works=works, n_random=5, seed=seed).rows
    )
    assert all(60 <= drawn[row] <= 140 for row in range(20))  # 100 on average


@pytest.mark.slow
def test_equal_seeds_give_equal_choices_whatever_the_number_of_processes() -> None:
    pool = pd.read_json(sample("dev.jsonl"), lines=True).head(80)
    one = suggest(pool, 10, seed=1)
    pd.testing.assert_frame_equal(suggest(pool, 10, seed=1, n_jobs=2), one)
    other = suggest(pool, 10, seed=2)
    assert set(other.index[other["why"] == "random"]) != set(one.index[one["why"] == "random"])


# tables ------------------------------------------------------------------------------------------------------------


def test_a_table_keeps_its_index_and_gives_its_works() -> None:
    found = suggest(of_sentences(work=["Dune", None, "Emma"]), 3, by="sentence", random_share=0)
    assert found.columns.tolist() == ["position", "text", "score", "why", "work"]
    assert found.index[0] == "b"
    assert found.loc["b", "position"] == 1
    assert found["work"].isna().loc["b"]
    assert found["work"].loc["a"] == "Dune"


@pytest.mark.filterwarnings("ignore:Only . of")
def test_the_columns_may_have_other_names() -> None:
    pool = of_sentences(film=["Dune"] * 3).rename(columns={"text": "body"})
    found = suggest(pool, 3, by="sentence", text="body", work="film", per_work=1, random_share=0)
    assert found["work"].tolist() == ["Dune"]


@pytest.mark.parametrize(
    "pool",
    [[SAFE, UNSURE, SPOILER], (text for text in (SAFE, UNSURE, SPOILER)), pd.Series([SAFE, UNSURE, SPOILER])],
    ids=["list", "generator", "series"],
)
def test_a_list_a_generator_and_a_series_are_pools_too(pool: Any) -> None:
    found = suggest(pool, 1, by="sentence", random_share=0)
    assert (found.index.tolist(), found["text"].tolist()) == ([1], [UNSURE])
    assert found["work"].isna().all()


@pytest.mark.filterwarnings("ignore:Only . of")
@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_a_table_of_another_library_is_a_pool_too(library: str) -> None:
    module = pytest.importorskip(library)
    kinds = [module.table] if library == "pyarrow" else [module.DataFrame, module.LazyFrame]
    for kind in kinds:
        table = kind({"body": [SAFE, UNSURE, None], "work": ["Dune", None, "Emma"]})
        found = suggest(table, 3, by="sentence", text="body", random_share=0)
        assert found["position"].tolist() == found.index.tolist() == [1, 0]
        assert found["text"].tolist() == [UNSURE, SAFE]
        assert found["work"].isna().tolist() == [True, False]


@pytest.mark.filterwarnings("ignore:Only . of")
def test_a_pool_without_a_text_gives_an_empty_table() -> None:
    for pool in ([], [None, " "]):
        found = suggest(pool, 5)
        assert found.empty
        assert found.columns.tolist() == ["position", "text", "score", "why", "work"]


def test_markup_is_read_as_a_reader_sees_it() -> None:
    plain, marked = suggest([UNSURE], 1), suggest([f"<p>{UNSURE}</p>"], 1, markup="html")
    assert marked["score"].tolist() == plain["score"].tolist()


# refused -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pool", "options", "error", "message"),
    [
        ([SAFE], {"k": 0}, ValueError, "k must be"),
        ([SAFE], {"k": 2.5}, ValueError, "k must be"),
        ([SAFE], {"k": True}, ValueError, "k must be"),
        ([SAFE], {"random_share": 1.5}, ValueError, "random_share"),
        ([SAFE], {"per_work": 0}, ValueError, "per_work"),
        ([SAFE], {"by": "word"}, ValueError, "by must be"),
        ([SAFE], {"threshold": 2.0}, ValueError, "threshold"),
        ([SAFE], {"threshold": "certain"}, OperatingPointError, "operating point"),
        ([SAFE], {"markup": "latex"}, ValueError, "markup"),
        (SAFE, {}, TypeError, "iterable of strings"),
        ([SAFE, 3], {}, CorpusError, "row 1"),
        (pd.DataFrame({"body": [SAFE]}), {}, CorpusError, "no column 'text'"),
        (pd.DataFrame({"text": [SAFE]}), {"work": "film"}, CorpusError, "no column 'film'"),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, dict) else "",
)
def test_what_makes_no_sense_is_refused(
    pool: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        suggest(pool, **{"k": 1, **options})
