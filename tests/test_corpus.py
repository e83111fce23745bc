"""Corpus: the one shape of a labelled table, and what can be done with it."""

import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spoilerguard.corpus import Corpus
from spoilerguard.corpus.schema import COLUMNS, Origin
from spoilerguard.datasets.whole_reviews import to_sentences
from spoilerguard.errors import CorpusError


def table(**columns: Any) -> pd.DataFrame:
    size = len(next(iter(columns.values())))
    filled = {"sentence": [f"Sentence {row}." for row in range(size)], "spoiler": [row % 2 for row in range(size)]}
    return pd.DataFrame({**filled, **columns})


def reviewed() -> Corpus:
    """Two reviews, mixed up, and a sentence on its own between them."""
    return Corpus.from_frame(
        table(
            sentence=["b1", "alone", "a1", "b0", "a0"],
            review_id=["b", None, "a", "b", "a"],
            position=[1, None, 1, 0, 0],
            work=["W", None, None, "W", "V"],
        ),
        name="mixed",
    )


def test_columns_of_the_users_own_are_kept_as_text_wherever_their_rows_go() -> None:
    own = {"annotator": ["Ann", None], "year": [1999.0, 2001.0]}
    corpus = Corpus.from_frame(table(split=["train", "dev"], **own))
    assert corpus.own_columns == ("annotator", "year")
    assert corpus.frame["year"].tolist() == ["1999", "2001"]
    assert corpus.take([1]).frame["annotator"].isna().tolist() == [True]
    both = Corpus.concat([corpus, Corpus.from_frame(table(genre=["crime", "war"]))])
    assert both.own_columns == ("annotator", "year", "genre")
    assert both.frame["genre"].isna().tolist() == [True, True, False, False]
    assert corpus.digest == Corpus.from_frame(table(split=["train", "dev"])).digest


def test_columns_of_a_table_of_whole_reviews_are_kept_for_each_sentence() -> None:
    reviews = pd.DataFrame(
        {
            "text": ["Go. He dies."],
            "spans": [[[0, 3], [4, 12]]],
            "labels": [[0, 2]],
            "annotator": ["Ann"],
            "position": [7],
        }
    )
    corpus = Corpus.from_frame(to_sentences(reviews, Origin())[0])
    assert corpus.own_columns == ("annotator",)
    assert corpus.frame["annotator"].tolist() == ["Ann", "Ann"]
    assert corpus.frame["position"].tolist() == [0, 1]


def test_all_columns_are_present_in_the_documented_order_and_type() -> None:
    frame = Corpus.from_frame(table(sentence=["He dies.", "Fine."])).frame
    assert tuple(frame.columns) == COLUMNS
    assert [str(dtype) for dtype in frame.dtypes] == [
        "string",
        "int8",
        "string",
        "Int64",
        "string",
        "string",
        "float64",
    ]
    assert frame.index.tolist() == [0, 1]


def test_rows_of_a_review_stand_together_in_position_order_and_the_rest_keeps_its_order() -> None:
    assert reviewed().sentences == ["b0", "b1", "alone", "a0", "a1"]


def test_lengths_count_consecutive_reviews_and_cover_every_row() -> None:
    corpus = reviewed()
    assert corpus.lengths.tolist() == [2, 1, 2]
    assert corpus.lengths.sum() == len(corpus)
    assert corpus.lengths.dtype == np.int64


def test_its_documents_are_the_reviews_and_the_loose_sentences() -> None:
    documents = reviewed().documents
    assert documents.sentences == reviewed().sentences
    assert documents.lengths.tolist() == [2, 1, 2]
    assert documents.in_review.tolist() == [True, True, False, True, True]


def test_neighbouring_rows_without_review_are_reviews_of_length_one() -> None:
    assert Corpus.from_frame(table(work=["a", "a", "a"])).lengths.tolist() == [1, 1, 1]


def test_in_review_is_false_for_single_sentences_even_with_a_review_id() -> None:
    corpus = Corpus.from_frame(table(review_id=["r", "r", "s", None]))
    assert corpus.in_review.tolist() == [True, True, False, False]


def test_groups_are_the_work_else_the_review_else_the_row() -> None:
    corpus = Corpus.from_frame(table(work=["W", None, None], review_id=["r", "s", None]))
    assert corpus.groups.tolist() == ["W", "s", "row-2"]


def test_a_review_that_names_its_work_once_has_it_on_every_row() -> None:
    assert reviewed().frame.work.tolist()[3:] == ["V", "V"]


def test_an_id_column_with_gaps_keeps_whole_numbers_whole() -> None:
    corpus = Corpus.from_frame(table(review_id=[7.0, None], work=[np.int64(3), "007"]))
    assert corpus.frame.review_id.tolist()[0] == "7"
    assert corpus.frame.work.tolist() == ["3", "007"]


def test_the_callers_frame_is_left_as_it_was() -> None:
    frame = table(review_id=["b", "a", "b"], weight=[None, 2, 3])
    before = frame.copy(deep=True)
    Corpus.from_frame(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_weights_are_one_where_unknown() -> None:
    assert Corpus.from_frame(table(weight=[None, "2.5"])).weights.tolist() == [1.0, 2.5]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([0, 1], [0, 1]),
        (["0", "1"], [0, 1]),
        ([False, True], [0, 1]),
        (["False", "TRUE"], [0, 1]),
        (["no", "Yes"], [0, 1]),
        (["Safe", " SPOILER "], [0, 1]),
        ([0.0, 1.0], [0, 1]),
        (np.array([False, True]), [0, 1]),
        (pd.array([False, True], dtype="boolean"), [0, 1]),
        (pd.Categorical(["safe", "spoiler"]), [0, 1]),
    ],
    ids=str,
)
def test_labels_may_come_in_many_spellings(given: object, expected: list[int]) -> None:
    corpus = Corpus.from_frame(pd.DataFrame({"sentence": ["a", "b"], "spoiler": given}))
    assert corpus.labels.tolist() == expected
    assert corpus.labels.dtype == np.int8


def test_columns_maps_our_names_to_theirs() -> None:
    theirs = pd.DataFrame({"body": ["He dies."], "tag": ["yes"], "film": ["U"], "sentence": ["not this"]})
    corpus = Corpus.from_frame(theirs, columns={"sentence": "body", "spoiler": "tag", "work": "film"})
    assert (corpus.sentences, corpus.labels.tolist(), corpus.groups.tolist()) == (["He dies."], [1], ["U"])


def test_a_split_column_is_kept_as_the_last_one() -> None:
    assert Corpus.from_frame(table(split=["train", "dev"])).frame.columns[-1] == "split"


def test_take_keeps_corpus_order_for_masks_and_for_rows() -> None:
    corpus = reviewed()
    assert corpus.take([4, 0, 3]).sentences == ["b0", "a0", "a1"]
    assert corpus.take(corpus.labels == 1).sentences == [
        s for s, y in zip(corpus.sentences, corpus.labels, strict=True) if y
    ]
    assert corpus.take([]).lengths.tolist() == []


def test_take_refuses_a_mask_of_another_length() -> None:
    with pytest.raises(IndexError):
        reviewed().take([True, False])


def test_split_shares_no_group_loses_no_row_and_repeats_itself() -> None:
    corpus = Corpus.from_frame(table(work=[f"w{row // 3}" for row in range(300)]))
    train, test = corpus.split(test_size=0.25, seed=3)
    again = corpus.split(test_size=0.25, seed=3)[1]
    assert not set(train.groups) & set(test.groups)
    assert len(train) + len(test) == 300
    assert 60 <= len(test) <= 90
    assert test.digest == again.digest
    assert test.digest != corpus.split(test_size=0.25, seed=4)[1].digest


def test_most_groups_keep_their_side_when_works_are_added() -> None:
    works = [f"w{row}" for row in range(400)]
    before = set(Corpus.from_frame(table(work=works[:360])).split()[1].groups)
    after = set(Corpus.from_frame(table(work=works)).split()[1].groups)
    assert len(before - after) <= 12


def test_split_refuses_a_corpus_of_one_work() -> None:
    with pytest.raises(CorpusError, match="one group only"):
        Corpus.from_frame(table(work=["w", "w"])).split()


def test_split_refuses_a_share_outside_zero_to_one() -> None:
    with pytest.raises(ValueError, match="test_size"):
        reviewed().split(test_size=20)


def test_the_digest_hangs_on_content_alone() -> None:
    corpus = reviewed()
    assert corpus.digest == Corpus(corpus.frame.copy(), "another name").digest
    assert corpus.digest != Corpus(corpus.frame.assign(spoiler=1 - corpus.frame.spoiler)).digest
    assert Corpus.from_frame(pd.DataFrame({"sentence": ["é \ud800"], "spoiler": [1]}, dtype=object)).digest == (
        "860cd6eb684139c865c4ad894b7aa5edcb73d0bb2929dd1e70671d735b2b9f68"
    )


def test_the_digest_is_the_same_in_another_process() -> None:
    code = (
        "import pandas as pd; from spoilerguard.corpus import Corpus;"
        "print(Corpus.from_frame(pd.DataFrame({'sentence': ['A.'], 'spoiler': [1], 'work': ['w']})).digest)"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert other == Corpus.from_frame(pd.DataFrame({"sentence": ["A."], "spoiler": [1], "work": ["w"]})).digest


def test_concat_keeps_every_row_and_tells_clashing_review_ids_apart() -> None:
    one = Corpus.from_frame(table(review_id=["r", "r"]), name="one")
    two = Corpus.from_frame(table(review_id=["r", "s"], split=["train", "dev"]), name="two")
    both = Corpus.concat([one, two])
    assert both.frame.review_id.tolist() == ["r@one", "r@one", "r@two", "s"]
    assert both.lengths.tolist() == [2, 1, 1]
    assert both.name == "one + two"
    assert both.frame["split"].isna().tolist() == [True, True, False, False]


def test_concat_of_nothing_is_refused() -> None:
    with pytest.raises(CorpusError, match="at least one"):
        Corpus.concat([])


def test_repr_says_size_share_and_groups() -> None:
    assert repr(reviewed()) == "Corpus('mixed', 5 sentences, 40.0 % spoilers, 3 groups)"
