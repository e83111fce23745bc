"""Tables in memory: one row a sentence or a review, whatever kind of table, column and index it is."""

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spoilerguard
from spoilerguard import (
    CorpusError,
    MissingExtraError,
    OperatingPointError,
    SpoilerClassifier,
    classify_reviews,
    redact,
)
from spoilerguard.tables import scoring
from spoilerguard.tables.scoring import Job, Scores, score

pytestmark = pytest.mark.filterwarnings("ignore:.* does not seem to be English")  # nor is what is generated

REVIEWS = [
    "Great music. The killer is the nurse, and he dies. Fine acting!",
    "",
    None,
    "Fine acting.",
    " \n ",
    "He dies. ||She is the killer.|| Great.",
]
BY_SENTENCE = ["sentence", "start", "end", "label", "probability", "certain", "marked"]
BY_REVIEW = ["label", "probability", "n_spoilers", "n_sentences"]


def classify_table(table: Any, **options: Any) -> Any:
    return spoilerguard.classify_table(table, progress=False, **options)


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"text": REVIEWS, "id": range(10, 16), **columns})


def expected_rows(model: SpoilerClassifier) -> list[tuple[Any, ...]]:
    """Row, then the fields of each verdict; one row of None for a text without a sentence."""
    rows: list[tuple[Any, ...]] = []
    for row, verdicts in enumerate(classify_reviews([text or "" for text in REVIEWS], model=model)):
        rows += [
            (row, one.text, one.start, one.end, one.label, one.probability, one.certain, one.marked) for one in verdicts
        ] or [(row, *[None] * 7)]
    return rows


def rows_of(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    cells = table.astype(object).where(table.notna(), None)
    return list(cells.itertuples(index=False, name=None))


def test_a_table_has_the_rows_of_classify_reviews_and_one_for_each_text_without_a_sentence(
    tiny_model: SpoilerClassifier,
) -> None:
    found = classify_table(frame(), model=tiny_model)
    assert list(found.columns) == BY_SENTENCE
    assert rows_of(found.reset_index()) == expected_rows(tiny_model)


def test_the_default_model_gives_the_same_probabilities_in_a_table(default_model: SpoilerClassifier) -> None:
    assert rows_of(classify_table(frame()).reset_index()) == expected_rows(default_model)


def test_by_review_a_spoiler_is_a_review_that_holds_one_and_its_probability_the_highest(
    tiny_model: SpoilerClassifier,
) -> None:
    found = classify_table(frame(), by="review", model=tiny_model)
    assert list(found.columns) == BY_REVIEW
    assert found.index.equals(frame().index)
    verdicts = list(classify_reviews([text or "" for text in REVIEWS], model=tiny_model))
    spoilers = [sum(one.label == "spoiler" for one in review) for review in verdicts]
    assert found["n_spoilers"].tolist() == [spoilers[0], 0, pd.NA, spoilers[3], 0, spoilers[5]]
    assert found["n_sentences"].tolist() == [3, 0, pd.NA, 1, 0, 3]
    assert found["label"].tolist() == ["spoiler", pd.NA, pd.NA, "safe", pd.NA, "spoiler"]
    highest = [max((one.probability for one in review), default=np.nan) for review in verdicts]
    np.testing.assert_array_equal(found["probability"], highest)


@pytest.mark.parametrize("style", ["block", "reddit"])
def test_a_style_adds_the_redacted_texts(style: str, tiny_model: SpoilerClassifier) -> None:
    found = classify_table(frame(), by="review", style=style, model=tiny_model)
    wanted = [pd.NA if text is None else redact(text, style=style, model=tiny_model) for text in REVIEWS]
    assert list(found.columns) == [*BY_REVIEW, "redacted"]
    assert found["redacted"].tolist() == wanted


def test_markup_is_read_through_and_offsets_lead_into_the_original(tiny_model: SpoilerClassifier) -> None:
    text = "<p>Great &amp; slow.</p><p>The <b>killer</b> dies.</p>"
    found = classify_table(pd.DataFrame({"text": [text]}), markup="html", model=tiny_model)
    assert [text[start:end] for start, end in zip(found["start"], found["end"], strict=True)] == list(found["sentence"])
    assert found["start"].tolist() == [one.start for one in next(classify_reviews([text], markup="html"))]


def test_kept_columns_come_first_in_the_order_of_keep_with_their_types(tiny_model: SpoilerClassifier) -> None:
    table = frame(day=pd.date_range("2026-01-01", periods=6, tz="UTC"), kind=pd.Categorical(list("ababab")))
    found = classify_table(table, keep=["kind", "id", "day", "text"], model=tiny_model)
    assert list(found.columns) == ["kind", "id", "day", "text", *BY_SENTENCE]
    assert found["id"].tolist() == [10, 10, 10, 11, 12, 13, 14, 15, 15, 15]
    assert found[["kind", "id", "day"]].dtypes.equals(table[["kind", "id", "day"]].dtypes)


@pytest.mark.parametrize(
    "index",
    [
        pd.Index(list("aabbcc"), name="label"),
        pd.MultiIndex.from_product([["x", "y"], [1, 2, 3]], names=["a", None]),
        pd.date_range("2026-01-01", periods=6),
        pd.Index([3.5, np.nan, 1, 1, 0, -2]),
        pd.RangeIndex(60, 0, -10),
    ],
    ids=["repeated", "several levels", "dates", "missing", "backwards"],
)
def test_each_row_bears_the_index_of_the_review_that_it_comes_from(index: Any, tiny_model: SpoilerClassifier) -> None:
    table = frame().set_index(index)
    assert classify_table(table, by="review", model=tiny_model).index.equals(table.index)
    found = classify_table(table, keep="id", model=tiny_model)
    assert found.index.equals(table.index.take(found["id"].to_numpy() - 10))
    assert found.index.names == table.index.names


COLUMN_KINDS: dict[str, Callable[[list[str | None]], Any]] = {
    "objects": lambda texts: pd.Series(texts, dtype=object),
    "objects with NaN": lambda texts: pd.Series([np.nan if text is None else text for text in texts], dtype=object),
    "string": lambda texts: pd.Series(texts, dtype="string"),
    "Python's strings": lambda texts: pd.Series(texts, dtype=pd.StringDtype("python")),
    "Arrow's strings": lambda texts: pd.Series(texts, dtype="string[pyarrow]"),
    "categories": lambda texts: pd.Series(texts, dtype="category"),
}


@pytest.mark.parametrize("kind", COLUMN_KINDS)
def test_texts_may_stand_in_any_kind_of_column(kind: str, tiny_model: SpoilerClassifier) -> None:
    found = classify_table(pd.DataFrame({"text": COLUMN_KINDS[kind](list(REVIEWS))}), model=tiny_model)
    pd.testing.assert_frame_equal(found, classify_table(frame(), model=tiny_model))


@pytest.mark.parametrize(
    "texts", [[], [None, None], [np.nan], ["", None]], ids=["no row", "all missing", "NaN alone", "nothing to read"]
)
@pytest.mark.parametrize("by", ["sentence", "review"])
def test_columns_have_the_same_types_whatever_is_missing(
    texts: list[Any], by: str, tiny_model: SpoilerClassifier
) -> None:
    found = classify_table(pd.DataFrame({"text": texts}), by=by, model=tiny_model)
    assert len(found) == len(texts)
    assert found.dtypes.equals(classify_table(frame(), by=by, model=tiny_model).dtypes)


def test_a_table_without_a_row_needs_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "resolve_model", lambda model: pytest.fail("the model was read"))
    assert list(classify_table(pd.DataFrame({"text": []})).columns) == BY_SENTENCE


def test_half_a_character_does_not_bring_a_table_down(tiny_model: SpoilerClassifier) -> None:
    table = pd.DataFrame({"text": pd.Series(["The killer \ud83d dies."], dtype=object)})
    assert classify_table(table, model=tiny_model)["sentence"].tolist() == ["The killer \ud83d dies."]


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (frame(), {"text": "txt"}, "no column 'txt'; it has .*Did you mean 'text'"),
        (pd.DataFrame({"a": ["x"]}), {}, "no column 'text'; it has a"),
        (frame(), {"keep": ["id", "idd"]}, "no column 'idd'; it has .*Did you mean 'id'"),
        (pd.concat([frame(), frame()], axis=1), {}, "duplicated column 'text'"),
        (frame()[["text", "id", "id"]], {"keep": "id"}, "duplicated column 'id'"),
        (frame(label="x"), {"keep": "label"}, "the column 'label' has the name of a result"),
        (frame(), {"text": "id"}, "row 0: column 'id' holds int, not text"),
        (pd.DataFrame({"text": ["x", b"y"]}), {}, "row 1: column 'text' holds bytes, not text"),
        (pd.DataFrame({"text": ["x", None, ["y"]]}), {}, "row 2: column 'text' holds list, not text"),
    ],
)
def test_a_fault_of_the_table_is_named(table: pd.DataFrame, options: dict[str, Any], message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        classify_table(table, **options)


def test_other_columns_may_be_there_twice(tiny_model: SpoilerClassifier) -> None:
    table = pd.concat([frame(), pd.DataFrame(1, index=range(6), columns=["x", "x"])], axis=1)
    assert len(classify_table(table, keep="id", model=tiny_model)) == 10


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"by": "word"}, ValueError, "by must be 'sentence' or 'review', got 'word'"),
        ({"style": "block"}, ValueError, "it needs by='review'"),
        ({"style": "blok", "by": "review"}, ValueError, "no style 'blok'"),
        ({"style": "reddit", "markup": "html", "by": "review"}, ValueError, "cannot be hidden in the style 'reddit'"),
        ({"markup": "rst"}, ValueError, "no markup 'rst'"),
        ({"threshold": 2.0}, ValueError, r"threshold must lie in \[0, 1\]"),
        ({"threshold": "balancd"}, OperatingPointError, "Did you mean 'balanced'"),
        ({"keep": 3}, TypeError, "keep must be the name of a column"),
        ({"model": 3}, TypeError, "model must be a SpoilerClassifier"),
    ],
)
def test_a_wrong_argument_is_named_before_any_work(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        classify_table(frame(), **options)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (frame()["text"], "got pandas.*Series: make it a table, or use its accessor"),
        ({"text": ["x"]}, "got builtins.dict"),
        ([1, 2], "got builtins.list"),
        (None, "got builtins.NoneType"),
    ],
)
def test_what_is_no_table_is_refused(table: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        classify_table(table)


def test_no_verdict_is_made_for_a_row(tiny_model: SpoilerClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "Verdict", lambda *_, **__: pytest.fail("a verdict was made"))
    assert len(classify_table(frame(), model=tiny_model)) == 10


def test_two_processes_give_the_rows_of_one(tiny_model: SpoilerClassifier) -> None:
    table = pd.DataFrame({"text": REVIEWS * 30})
    one, two = (classify_table(table, model=tiny_model, n_jobs=n_jobs) for n_jobs in (1, 2))
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.parametrize(("terminal", "progress"), [(True, True), (True, False), (False, True)])
def test_a_bar_with_rate_and_end_is_shown_on_a_terminal_only(
    terminal: bool,
    progress: bool,
    tiny_model: SpoilerClassifier,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    spoilerguard.classify_table(frame(), model=tiny_model, progress=progress)
    shown = capsys.readouterr().err
    assert ("6/6" in shown and "reviews/s" in shown) == (terminal and progress)
    assert bool(shown) == (terminal and progress)


def test_in_a_frozen_program_processes_are_refused_with_a_warning(
    tiny_model: SpoilerClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.warns(UserWarning, match="n_jobs=2 has no effect in a frozen program") as caught:
        spoilerguard.classify_table(frame(), model=tiny_model, n_jobs=2, progress=False)
    assert [warning.filename for warning in caught] == [__file__]


@cache
def _small_model() -> SpoilerClassifier:
    return SpoilerClassifier(C=10).fit(["He dies.", "Great music."], [1, 0])


@given(texts=st.lists(st.none() | st.text(max_size=60), max_size=8))
def test_sentences_lie_in_their_texts_and_every_text_has_a_row(texts: list[str | None]) -> None:
    model = _small_model()
    table = pd.DataFrame({"text": pd.Series(texts, dtype=object)})
    found = classify_table(table, model=model)
    assert found.index.unique().tolist() == list(range(len(texts)))
    for row, sentence, start, end in found[["sentence", "start", "end"]].itertuples(name=None):
        assert sentence is pd.NA or (texts[row] or "")[start:end] == sentence
    by_review = classify_table(table, by="review", model=model)
    assert by_review["n_sentences"].sum() == found["sentence"].notna().sum()
    assert by_review["n_spoilers"].sum() == (found["label"] == "spoiler").sum()


def test_scores_of_parts_are_the_scores_of_the_whole(tiny_model: SpoilerClassifier) -> None:
    job = Job(model=tiny_model, by="review", style="block")
    whole, parts = score(REVIEWS, job), Scores.concat([score(REVIEWS[:2], job), score(REVIEWS[2:], job)])
    for name in Scores.__slots__:
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))


# other libraries ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["sentence", "review"])
@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_a_table_of_another_library_comes_back_as_it_came_with_a_column_of_rows(
    library: str, by: str, tiny_model: SpoilerClassifier
) -> None:
    module = pytest.importorskip(library)
    table = (module.DataFrame if library == "polars" else module.table)({"text": REVIEWS, "id": list(range(10, 16))})
    found = classify_table(table, by=by, keep="id", model=tiny_model)
    assert type(found) is type(table)
    expected = classify_table(frame(), by=by, keep="id", model=tiny_model).rename_axis("row").reset_index()
    got = found.to_dict(as_series=False) if library == "polars" else found.to_pydict()
    assert list(got) == list(expected.columns)
    assert list(zip(*got.values(), strict=True)) == rows_of(expected)


def test_a_lazy_table_of_polars_stays_lazy(tiny_model: SpoilerClassifier) -> None:
    pl = pytest.importorskip("polars")
    found = classify_table(pl.LazyFrame({"text": ["Great music. He dies."]}), model=tiny_model)
    assert isinstance(found, pl.LazyFrame)
    assert found.collect()["row"].to_list() == [0, 0]


def test_a_table_of_another_library_must_not_keep_a_column_row(tiny_model: SpoilerClassifier) -> None:
    pl = pytest.importorskip("polars")
    with pytest.raises(CorpusError, match="the column 'row' has the name of a result"):
        classify_table(pl.DataFrame({"text": ["x"], "row": [1]}), keep="row", model=tiny_model)


def test_without_narwhals_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    pa = pytest.importorskip("pyarrow")
    monkeypatch.setitem(sys.modules, "narwhals", None)
    with pytest.raises(MissingExtraError, match=r"spoilerguard\[tables\]"):
        classify_table(pa.table({"text": ["x"]}))
