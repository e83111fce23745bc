"""Labelling in a notebook, without a browser: what each action does, what is saved, and how two annotators compare.

What the page shows is tested in `test_browser.py`.
"""

import json
import math
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spoilerguard
from spoilerguard import CorpusError, MissingExtraError, SpoilerClassifier, load_corpus, suggest
from spoilerguard.notebook import Labeler, agreement
from spoilerguard.notebook.labeler import _widget_class

REVIEWS = ["Lovely music. In the end Anna dies. Go.", "Fine cast. Paul leaves her.", "So it is."]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "labels.jsonl"


@pytest.fixture
def labeler(path: Path, tiny_model: SpoilerClassifier) -> Labeler:
    return Labeler(REVIEWS, path, model=tiny_model)


def stored(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def press(labeler: Labeler, action: str, **options: Any) -> None:
    """What the page sends."""
    labeler.widget._handle_custom_msg({"action": action, "review": labeler.widget.view["review"], **options}, [])


# labelling ---------------------------------------------------------------------------------------------------------


def test_sentences_are_cut_as_the_package_cuts_them(labeler: Labeler) -> None:
    assert labeler.widget.view["sentences"] == [verdict.text for verdict in spoilerguard.classify(REVIEWS[0])]


def test_what_has_no_label_is_safe_once_the_review_is_done(labeler: Labeler, path: Path) -> None:
    labeler.label(2, sentence=1)
    assert labeler.widget.view["labels"] == [None, 2, None]
    labeler.next()
    assert stored(path) == [{"text": REVIEWS[0], "spans": [[0, 13], [14, 35], [36, 39]], "labels": [0, 2, 0]}]
    assert labeler.widget.view["sentences"] == ["Fine cast.", "Paul leaves her."]


def test_nothing_is_saved_of_a_review_that_is_skipped_or_left_backwards(labeler: Labeler, path: Path) -> None:
    labeler.label(1)
    labeler.skip()
    labeler.label(1)
    labeler.previous()
    assert not path.exists()
    assert labeler.widget.view["labels"] == [1, None, None]


def test_moves_end_at_the_first_and_the_last(labeler: Labeler) -> None:
    labeler.move(-1)
    labeler.previous()
    assert (labeler.review, labeler.sentence) == (0, 0)
    for _ in REVIEWS * 2:
        labeler.next()
        labeler.move(5)
    assert (labeler.review, labeler.sentence) == (2, 0)
    assert repr(labeler) == "Labeler(3 of 3 reviews labelled, in labels.jsonl)"


def test_a_label_that_changes_in_a_review_that_is_done_is_saved_at_once(labeler: Labeler, path: Path) -> None:
    labeler.next()
    labeler.previous()
    labeler.label(1)
    assert stored(path)[0]["labels"] == [1, 0, 0]
    labeler.undo()
    assert stored(path)[0]["labels"] == [0, 0, 0]


def test_undo_goes_back_to_where_the_label_was_given(labeler: Labeler, path: Path) -> None:
    labeler.label(1, sentence=2)
    labeler.next()
    labeler.undo()
    assert (labeler.review, labeler.sentence, labeler.widget.view["labels"]) == (0, 2, [None, None, 1])
    assert stored(path) == []
    labeler.undo()
    assert labeler.widget.view["labels"] == [None, None, None]
    assert not labeler.widget.view["can_undo"]
    labeler.undo()


def test_two_clicks_on_a_sentence_choose_that_sentence(labeler: Labeler) -> None:
    for _ in range(2):
        labeler._receive(None, {"action": "select", "sentence": 1, "review": 0}, None)
    assert labeler.sentence == 1


@pytest.mark.parametrize("column", [{"major": [1, 0]}, {"review_id": ["x", "x"]}, {"weight": ["heavy", 1]}])
def test_columns_that_no_corpus_takes_are_refused_before_the_work(path: Path, column: dict[str, list[object]]) -> None:
    with pytest.raises(CorpusError):
        Labeler(pd.DataFrame({"text": ["Fine cast. He dies.", "Dull."]} | column), path)
    assert not path.exists()


@pytest.mark.parametrize(("grade", "sentence"), [(3, 0), (None, 0), (1, 3), (1, -1)])
def test_what_is_no_label_or_no_sentence_is_refused(labeler: Labeler, grade: Any, sentence: int) -> None:
    with pytest.raises(ValueError, match="label 0, 1 or 2 for a sentence from 0 to 2"):
        labeler.label(grade, sentence)


ACTIONS = st.one_of(
    st.tuples(st.just("label"), st.sampled_from([0, 1, 2])),
    st.tuples(st.sampled_from(["move", "select"]), st.integers(-3, 3)),
    st.sampled_from([("next",), ("skip",), ("previous",), ("ask",)]),
)


@given(actions=st.lists(ACTIONS, max_size=12))
@settings(deadline=None)
def test_each_undo_gives_the_labels_before_the_last_change_and_the_file_holds_what_is_done(
    tiny_model: SpoilerClassifier, actions: list[tuple[Any, ...]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        labeler = Labeler(REVIEWS, Path(folder, "labels.jsonl"), model=tiny_model)

        def state() -> list[tuple[list[int | None], bool]]:
            done = [review.to_line() for review in labeler.reviews if review.done]
            assert [json.loads(line) for line in done] == stored(Path(folder, "labels.jsonl"))
            return [(list(review.labels), review.done) for review in labeler.reviews]

        states = [state()]
        for name, *options in actions:
            getattr(labeler, name)(*options)
            states += [state()] if state() != states[-1] else []
        resumed = Labeler(REVIEWS, Path(folder, "labels.jsonl"), model=tiny_model)
        assert [review.done for review in resumed.reviews] == [done for _, done in states[-1]]
        while len(states) > 1:
            labeler.undo()
            states.pop()
            assert state() == states[-1]
        assert not labeler.widget.view["can_undo"]


# the model's opinion -----------------------------------------------------------------------------------------------


def test_the_models_opinion_is_hidden_until_asked_for_and_again_on_the_next_review(path: Path) -> None:
    labeler, opinions = Labeler(REVIEWS, path), []
    for action in (labeler.undo, labeler.ask, labeler.ask, labeler.ask, labeler.skip):
        action()
        opinions.append(labeler.widget.view["opinion"])
    assert [opinion is None for opinion in opinions] == [True, False, True, False, True]
    verdict = spoilerguard.classify(REVIEWS[0])[1]
    assert [one["spoiler"] for one in opinions[1]] == [False, True, False]
    assert opinions[1][1]["text"] == f"spoiler {verdict.probability:.0%}, major {verdict.major:.0%}"


def test_a_model_that_knows_no_major_spoilers_has_an_opinion_too(labeler: Labeler) -> None:
    labeler.ask()
    assert "major" not in labeler.widget.view["opinion"][1]["text"]


# what comes in -----------------------------------------------------------------------------------------------------

TABLE = {"body": [REVIEWS[0], None, REVIEWS[1]], "review_id": ["a", "b", "c"], "work": ["Marsh", None, "Mill"]}


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_table_keeps_its_columns_and_load_corpus_reads_them(path: Path, make: Callable[..., Any]) -> None:
    table = make(TABLE | {"year": [2001, 2002, None], "labels": [1, 2, 3]})
    labeler = Labeler(table, path, text="body", annotator="ada")
    labeler.label(2)
    for _ in labeler.reviews:
        labeler.next()
    corpus = load_corpus(path)
    assert corpus.frame["work"].tolist() == ["Marsh"] * 3 + ["Mill"] * 2
    assert corpus.frame["review_id"].tolist() == ["a"] * 3 + ["c"] * 2
    assert corpus.frame["major"].tolist() == [1, 0, 0, 0, 0]
    assert corpus.frame["annotator"].tolist() == ["ada"] * 5
    assert corpus.frame["year"].astype(float).iloc[0] == 2001
    assert set(stored(path)[0]) == {"text", "spans", "labels", "review_id", "work", "year", "annotator"}


def test_what_suggest_returns_can_be_labelled_and_says_afterwards_why_it_was_chosen(path: Path) -> None:
    pool = pd.DataFrame({"text": [*REVIEWS, None], "work": ["Marsh", "Mill", "Moor", "Moss"]})
    labeler = Labeler(suggest(pool, 2, random_share=0.5), path)
    labeler.next()
    labeler.next()
    assert set(load_corpus(path).frame["why"]) == {"uncertain", "random"}


@pytest.mark.parametrize("make", [pd.Series, np.array, iter])
def test_texts_may_be_a_series_an_array_or_an_iterator(path: Path, make: Callable[..., Any]) -> None:
    assert len(Labeler(make(REVIEWS), path).reviews) == 3


@pytest.mark.parametrize(
    ("reviews", "options", "error", "message"),
    [
        ("One review.", {}, TypeError, "pass a list of strings"),
        ([1], {}, CorpusError, "row 0: column 'text' holds int"),
        (pd.DataFrame({"txt": REVIEWS}), {}, CorpusError, "no column 'text'.*Did you mean 'txt'"),
        ([None, "", " "], {}, CorpusError, "none holds a sentence"),
        (REVIEWS, {"path": "labels.csv"}, ValueError, r"written to a \.jsonl file"),
        (REVIEWS, {"path": "no/such/folder/labels.jsonl"}, ValueError, "in a folder that is there"),
        (REVIEWS, {"model": "defualt"}, ValueError, "Did you mean 'default'"),
    ],
)
def test_what_cannot_be_labelled_is_refused_at_once(
    path: Path, reviews: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Labeler(reviews, **{"path": path, **options})


@given(text=st.text(st.characters(), min_size=1))
@settings(deadline=None)
def test_any_text_is_saved_and_resumed_as_it_was(tiny_model: SpoilerClassifier, text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        reviews, path = [f"{text} He dies."], Path(folder, "labels.jsonl")
        labeler = Labeler(reviews, path, model=tiny_model)
        labeler.label(1)
        labeler.next()
        assert load_corpus(path).frame["sentence"].tolist() == labeler.reviews[0].sentences
        assert Labeler(reviews, path, model=tiny_model).reviews == labeler.reviews


# the file ----------------------------------------------------------------------------------------------------------


def test_work_goes_on_where_it_ended_and_other_reviews_of_the_file_stay(labeler: Labeler, path: Path) -> None:
    labeler.label(2, sentence=1)
    labeler.next()
    labeler.next()
    resumed = Labeler(["A new one.", *REVIEWS[1:]], path)
    assert [review.done for review in resumed.reviews] == [False, True, False]
    assert resumed.review == 0
    resumed.next()
    assert [row["text"] for row in stored(path)] == [REVIEWS[0], "A new one.", REVIEWS[1]]
    assert stored(path)[0]["labels"] == [0, 2, 0]


def test_sentences_of_a_file_stay_as_they_were_cut(path: Path) -> None:
    row = {"text": REVIEWS[0], "spans": [[0, 35], [36, 39]], "labels": ["spoiler", False], "film": "Marsh"}
    path.write_text(json.dumps(row) + "\n")
    labeler = Labeler(REVIEWS, path)
    labeler.next()
    assert stored(path)[0] == row | {"labels": [1, 0]}


def test_the_file_is_replaced_in_one_step(labeler: Labeler, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labeler.next()
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    press(labeler, "next")
    assert path.read_bytes() == before
    assert "No space left" in labeler.widget.view["message"]
    monkeypatch.undo()
    press(labeler, "next")
    assert labeler.widget.view["message"] == ""
    assert [row["text"] for row in stored(path)] == REVIEWS[:2]
    assert [file.name for file in path.parent.iterdir()] == ["labels.jsonl"]


def test_labels_that_another_labeler_has_saved_since_are_not_overwritten(labeler: Labeler, path: Path) -> None:
    other = Labeler(REVIEWS, path)
    other.next()
    with pytest.raises(CorpusError, match=r"changed elsewhere.*make the Labeler anew"):
        labeler.next()
    assert len(stored(path)) == 1


def test_an_annotator_does_not_go_on_in_the_file_of_another(path: Path) -> None:
    Labeler(REVIEWS, path, annotator="ada").next()
    for annotator in ("ben", None):
        with pytest.raises(CorpusError, match="holds labels of annotator 'ada'"):
            Labeler(REVIEWS, path, annotator=annotator)
    assert Labeler(REVIEWS, path, annotator=" ada ").review == 1


def test_a_file_that_is_no_table_of_reviews_is_refused(path: Path) -> None:
    path.write_text('{"sentence": "He dies.", "spoiler": 1}\n')
    with pytest.raises(CorpusError, match="no table of whole reviews"):
        Labeler(REVIEWS, path)


# the page ----------------------------------------------------------------------------------------------------------


def test_what_is_pressed_on_a_review_that_is_no_longer_shown_does_nothing(labeler: Labeler) -> None:
    press(labeler, "next")
    labeler.widget._handle_custom_msg({"action": "next", "review": 0}, [])
    assert [review.done for review in labeler.reviews] == [True, False, False]
    press(labeler, "label", grade=2, sentence=1)
    assert labeler.reviews[1].labels == [None, 2]


def test_the_page_gets_no_control_character(path: Path) -> None:
    labeler = Labeler(pd.DataFrame({"text": ["He \u202edies\x1b[31m."], "work": ["\u202eM"]}), path)
    assert labeler.widget.view["sentences"] == ["He \\u202edies\\u001b[31m."]
    assert labeler.widget.view["work"] == "\\u202eM"


def test_a_notebook_shows_the_widget_and_words_where_there_is_none(labeler: Labeler) -> None:
    found = labeler._repr_mimebundle_()
    data = found[0] if isinstance(found, tuple) else found
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == labeler.widget.model_id
    assert data["text/plain"] == "Labeler(0 of 3 reviews labelled, in labels.jsonl)"


def test_without_anywidget_the_command_that_installs_it_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _widget_class.cache_clear()
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(MissingExtraError, match=r'pip install "spoilerguard\[notebook\]"'):
        Labeler(REVIEWS, path)


# two annotators ----------------------------------------------------------------------------------------------------


def labelled(*labels: list[int], texts: list[str] = REVIEWS[:2]) -> pd.DataFrame:
    spans = {REVIEWS[0]: [[0, 13], [14, 35], [36, 39]], REVIEWS[1]: [[0, 10], [11, 27]]}
    return pd.DataFrame({"text": texts, "spans": [spans[text] for text in texts], "labels": labels})


def test_two_files_are_compared_sentence_by_sentence_in_any_order(tmp_path: Path) -> None:
    for name, grade in (("ada", 2), ("ben", 1)):
        reviews = REVIEWS[:2] if name == "ada" else REVIEWS[1::-1]
        labeler = Labeler(reviews, tmp_path / f"{name}.jsonl", annotator=name)
        for review in reviews:
            labeler.label(grade, sentence=1)
            if review == REVIEWS[0] and name == "ben":
                labeler.label(2, sentence=2)
            labeler.next()
    found = agreement(tmp_path / "ada.jsonl", tmp_path / "ben.jsonl")
    # safe and spoiler: 4 of 5 agree, .48 by chance; (0.8 - 0.48) / 0.52
    assert found.kappa == pytest.approx(0.32 / 0.52)
    assert found.kappa_major == pytest.approx((0.4 - 0.56) / 0.44)
    assert found.kappa_grades == pytest.approx((0.4 - 0.32) / 0.68)
    assert found.disagreements.to_dict("list") == {
        "sentence": ["Go.", "In the end Anna dies.", "Paul leaves her."],
        "first": [0, 2, 2],
        "second": [2, 1, 1],
        "review": [0, 0, 1],
        "position": [2, 1, 1],
    }


def test_kappa_is_nan_where_there_is_one_label_only() -> None:
    found = agreement(labelled([0, 1, 0], [0, 0]), labelled([0, 1, 0], [0, 0]))
    assert (found.kappa, found.kappa_grades, len(found.disagreements)) == (1, 1, 0)
    assert math.isnan(found.kappa_major)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (labelled([0, 0, 0], texts=REVIEWS[:1]), "row 1, column 'text'.*Fine cast.*is not in the second table"),
        (labelled([0, 0, 0], [0, 0], [0, 0], texts=[*REVIEWS[:2], REVIEWS[1]]), "row 1, .*is not in the first"),
        (
            labelled([0, 0], [0, 0]).assign(spans=pd.Series([[[0, 13], [14, 39]], [[0, 10], [11, 27]]])),
            "row 0, column 'spans'",
        ),
        (pd.DataFrame({"sentence": ["Go."], "spoiler": [0]}), "no table of whole reviews"),
        (labelled([0, 0, 5], [0, 0]), "unknown label 5"),
    ],
)
def test_tables_that_do_not_hold_the_same_sentences_are_refused(second: pd.DataFrame, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        agreement(labelled([0, 1, 0], [0, 0]), second)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=5, max_size=5))
@settings(deadline=None)
def test_kappa_is_symmetric_and_at_most_1(pairs: list[tuple[int, int]]) -> None:
    ada, ben = zip(*pairs, strict=True)
    tables = [labelled(list(labels[:3]), list(labels[3:])) for labels in (ada, ben)]
    one, other = agreement(*tables), agreement(*tables[::-1])
    for name in ("kappa", "kappa_major", "kappa_grades"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), nan_ok=True)
        assert not getattr(one, name) > 1
