"""Likely label errors: shown with their context, decided on by a person, corrected in the table."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spoilerguard import Corpus, CorpusError, load_corpus
from spoilerguard.checks import LabelErrors, find_label_errors
from spoilerguard.datasets import make_corpus

pytest.importorskip("cleanlab")
WRONG = (11, 57, 203)


def turned() -> Corpus:
    """A clean table with three wrong labels."""
    frame = make_corpus(noise=0, works=20).frame
    frame.loc[list(WRONG), "spoiler"] = 1 - frame.loc[list(WRONG), "spoiler"]
    return Corpus.from_frame(frame.assign(annotator="Ann"), name="mine")


@pytest.fixture(scope="module")
def found() -> LabelErrors:
    return find_label_errors(turned())


def test_each_wrong_label_is_shown_with_its_context_and_both_opinions_the_worst_first(found: LabelErrors) -> None:
    corpus, suspects = found.corpus, found.suspects
    assert set(suspects["row"]) == set(WRONG)
    of_label = np.where(suspects["label"] == "spoiler", suspects["probability"], 1 - suspects["probability"])
    assert of_label.tolist() == sorted(of_label)
    assert (of_label < 0.25).all()
    for one in suspects.to_dict("records"):
        assert one["sentence"] == corpus.frame["sentence"][one["row"]]
        assert {one["label"], one["suggested"]} == {"safe", "spoiler"}
        assert (one["label"] == "spoiler") == bool(corpus.labels[one["row"]])
        same_review = corpus.frame["review_id"] == one["review_id"]
        for neighbour, row in ((one["before"], one["row"] - 1), (one["after"], one["row"] + 1)):
            assert neighbour == (corpus.frame["sentence"][row] if same_review.get(row, False) else "")
    assert set(suspects["annotator"]) == {"Ann"}
    assert repr(found).startswith("LabelErrors(3 of 480 labels are improbable; the worst is that of row ")
    assert "before" in found._repr_html_()


def test_accepted_rows_are_turned_round_and_the_rest_stays(found: LabelErrors) -> None:
    corrected = found.correct([WRONG[0]])
    changed = np.flatnonzero(corrected.labels != found.corpus.labels)
    assert changed.tolist() == [WRONG[0]]
    assert found.correct([]).digest == found.corpus.digest
    assert np.array_equal(found.correct(WRONG).labels, make_corpus(noise=0, works=20).labels)


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl"])
def test_decisions_in_a_file_correct_a_file(ending: str, found: LabelErrors, tmp_path: Path) -> None:
    decided, output = tmp_path / f"decided.{ending}", tmp_path / f"mine.{ending}"
    found.save(decided)
    table = found.suspects.assign(accept=["yes", " NO ", ""])
    LabelErrors(found.corpus, table).save(decided)
    corrected = found.correct(decided, output=output)
    assert np.flatnonzero(corrected.labels != found.corpus.labels).tolist() == [table["row"][0]]
    again = load_corpus(output)
    assert again.digest == corrected.digest
    assert again.own_columns == ("annotator",)
    assert sorted(path.name for path in tmp_path.iterdir()) == [decided.name, output.name]
    assert found.correct(table).digest == corrected.digest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.assign(accept="perhaps"), "'perhaps' is no decision; write yes, no or nothing"),
        (lambda table: table.drop(columns="row"), "needs the columns 'row', a number, and 'accept'"),
        (lambda table: table.assign(row="first"), "needs the columns 'row'"),
        (lambda table: table.assign(row=0), "holds another sentence than row 0"),
        (lambda table: table.assign(row=10**6), "holds another sentence than row 1000000"),
    ],
)
def test_decisions_that_do_not_fit_are_refused(change: Any, message: str, found: LabelErrors) -> None:
    with pytest.raises(CorpusError, match=message):
        found.correct(change(found.suspects))


def test_what_is_no_suspect_is_not_corrected_and_a_strange_ending_not_written(
    found: LabelErrors, tmp_path: Path
) -> None:
    with pytest.raises(CorpusError, match="row 0 is no suspect"):
        found.correct([0])
    with pytest.raises(ValueError, match=r"\.csv, \.tsv or \.jsonl, not '\.xlsx'"):
        found.save(tmp_path / "suspects.xlsx")


def test_clean_labels_give_an_empty_list_and_one_label_an_error() -> None:
    corpus = make_corpus(noise=0, works=20)
    nothing = find_label_errors(corpus, np.where(corpus.labels == 1, 0.9, 0.1))
    assert len(nothing) == 0
    assert repr(nothing) == "LabelErrors(0 of 480 labels are improbable)"
    assert nothing.correct([]).digest == corpus.digest
    with pytest.raises(CorpusError, match="one label only"):
        find_label_errors(pd.DataFrame({"sentence": ["He dies.", "She too."], "spoiler": [1, 1]}), [0.5, 0.5])
    with pytest.raises(CorpusError, match="one probability"):
        find_label_errors(corpus, lambda _: np.zeros(3))
