"""What users call: text in, verdicts out, from the model that comes with the package."""

import copy
import itertools
import json
import pickle
import random
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, assert_type

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

import spoilerguard
from spoilerguard import (
    Label,
    ModelFormatError,
    OperatingPointError,
    SpoilerClassifier,
    Verdict,
    bundled,
    classify,
    classify_reviews,
    explain,
    persistence,
    redact,
)
from spoilerguard.datasets import data_home, load_reviews, make_corpus, sample
from spoilerguard.documents import Standing
from spoilerguard.linear_model import LinearModel
from spoilerguard.rendering import Verdicts
from spoilerguard.user_warnings import warn_of_reviews

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "datasets" / "examples"
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=120) | st.lists(
    st.sampled_from(
        ["In the end Anna dies. ", "Lovely music! ", "Mr. ", "\r\n", "\x85", "<b>", "||", "\ud800", "\0", "死。"]
    )
).map("".join)
EVIDENT = ("never drowned", "written by Ruth", "discovers the truth", "kills Tomas", "Ruth is arrested")
REVIEW = "The music is lovely. In the end Anna dies and Paul is the killer. Well worth a ticket."


def spoilers(verdicts: list[Verdict]) -> list[str]:
    return [verdict.text for verdict in verdicts if verdict.label == "spoiler"]


def example(name: str) -> str:
    return (EXAMPLES / name).read_text(encoding="utf-8")


# the main job ------------------------------------------------------------------------------------------------------


def test_the_evident_spoilers_of_the_sample_review_are_found() -> None:
    verdicts = classify(example("with_spoilers.txt"))
    found = spoilers(verdicts)
    assert sum(any(part in sentence for sentence in found) for part in EVIDENT) * 2 >= len(EVIDENT)
    assert len(found) <= len(EVIDENT) + 2
    assert len(verdicts) == 15


def test_the_sample_review_without_spoilers_is_left_alone() -> None:
    assert len(spoilers(classify(example("without_spoilers.txt")))) <= 1


def test_one_string_is_a_review_and_a_list_holds_sentences_on_their_own(default_model: SpoilerClassifier) -> None:
    sentences = ["The music is lovely.", "In the end Anna dies and Paul is the killer.", "Well worth a ticket."]
    together, apart = classify(REVIEW), classify(sentences)
    assert [verdict.text for verdict in together] == [verdict.text for verdict in apart] == sentences
    assert [(verdict.start, verdict.end) for verdict in apart] == [(0, len(sentence)) for sentence in sentences]
    assert [verdict.probability for verdict in apart] == default_model.predict_proba(sentences)[:, 1].tolist()
    assert [verdict.probability for verdict in together] != [verdict.probability for verdict in apart]
    assert classify([REVIEW])[0].text == REVIEW
    assert len(classify([REVIEW])) == 1
    assert classify(sentences[1])[0].probability == classify([sentences[1]])[0].probability


@pytest.mark.parametrize("text", ["", "   ", "\n\n\r\n\t", "\u2028", []])
def test_nothing_to_classify_gives_no_verdict(text: Any) -> None:
    assert classify(text) == []


def test_an_empty_sentence_of_a_list_keeps_its_place() -> None:
    verdicts = classify(["", "He dies in the end.", " \n"])
    assert [verdict.text for verdict in verdicts] == ["", "He dies in the end.", " \n"]
    assert [verdict.certain for verdict in verdicts] == [False, True, False]


def test_sentences_come_in_any_sequence_or_stream() -> None:
    sentences = ["Lovely music.", "He dies in the end."]
    expected = classify(sentences)
    for same in (tuple(sentences), np.array(sentences), pd.Series(sentences), iter(sentences), (s for s in sentences)):
        assert classify(same) == expected


@pytest.mark.parametrize(
    ("sentence", "certain"),
    [
        ("In the end the brother of the nurse dies.", True),
        ("I loved the music and the photography.", True),
        ("Four stars.", False),
        ("He dies", False),
        ("Wow!!! !!! !!!", False),
        ("... ? ! ; ,", False),
        ("Der Mörder ist der Gärtner und er stirbt am Ende.", False),
        ("Le film est très beau et la musique aussi, mais la fin est triste.", False),
        ("La película es buena pero el protagonista muere al final.", False),
        ("Он убийца и умирает в конце фильма.", False),
        ("他是凶手。", False),
        ("qwer asdf zxcv uiop hjkl", False),
        ("Ha ha ha ha ha ha ha!", False),
        ("yes " * 30, False),
        ("LUL " * 50, False),
        ("no no no, yes yes yes", False),
        ("He dies, he dies, he really dies!", True),
    ],
)
def test_a_fragment_or_another_language_is_no_certain_verdict(sentence: str, certain: bool) -> None:
    assert classify([sentence])[0].certain is certain


@given(review=ANY_TEXT)
def test_verdicts_slice_back_in_order_with_probabilities(review: str) -> None:
    done = 0
    for verdict in classify(review):
        assert done <= verdict.start < verdict.end
        assert review[verdict.start : verdict.end] == verdict.text
        assert 0 <= verdict.probability <= 1
        assert isinstance(verdict.label, Label)
        assert type(verdict.probability) is float
        assert type(verdict.certain) is bool
        done = verdict.end


# thresholds --------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.* hold several sentences")  # a pair of generated reviews is just that
@given(review=ANY_TEXT, low=st.floats(0, 1), high=st.floats(0, 1))
def test_raising_the_threshold_never_adds_a_spoiler(review: str, low: float, high: float) -> None:
    low, high = sorted((low, high))
    for text in (review, [review, REVIEW]):
        some, fewer = (classify(text, threshold=threshold) for threshold in (low, high))
        assert all(one.label == "spoiler" for one, other in zip(some, fewer, strict=True) if other.label == "spoiler")
        assert [one.probability for one in some] == [one.probability for one in fewer]


def test_a_sentence_is_a_spoiler_from_its_threshold_on() -> None:
    for verdict in classify(REVIEW, threshold=0):
        assert verdict.label == "spoiler"
        assert verdict in classify(REVIEW, threshold=verdict.probability)
        above = float(np.nextafter(verdict.probability, 1))
        assert verdict.text not in spoilers(classify(REVIEW, threshold=above))


@pytest.mark.parametrize("threshold", [0, 1, 0.5, np.float32(0.5), np.float64(0.5), np.int64(1)])
def test_a_threshold_is_any_number_from_0_to_1(threshold: Any) -> None:
    assert len(classify(REVIEW, threshold=threshold)) == 3


@pytest.mark.parametrize("nothing", ["", "  ", "***", "→", "<br>", "==="])
def test_what_holds_no_word_gives_nothing_away(nothing: str) -> None:
    assert classify([nothing])[0].label == "safe"
    [why] = explain([nothing])
    assert why.intercept + sum(part.weight for part in why.contributions) == pytest.approx(why.logit)


def test_a_rule_between_spoilers_is_not_blacked_out() -> None:
    review = "Anna dies at the end.\n***\nPaul is the killer.\n===\nShe is his mother and he is dead."
    assert "***" in redact(review)
    assert "===" in redact(review)


def test_a_threshold_may_be_one_of_the_names_that_the_model_has(default_model: SpoilerClassifier) -> None:
    text = " ".join(load_reviews("dev").sentences[:300])
    counts = [len(spoilers(classify(text, threshold=name))) for name in ("cautious", "balanced", "lenient")]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]
    assert classify(text, threshold="balanced") == classify(text)
    for standing, given_text in ((Standing.IN_REVIEW, text), (Standing.ALONE, [text])):
        by_number = classify(given_text, threshold=default_model.operating_points_[standing]["balanced"].threshold)
        assert by_number == classify(given_text, threshold="balanced")


def test_a_name_may_be_said_as_scikit_learn_says_it(default_model: SpoilerClassifier) -> None:
    text = " ".join(load_reviews("dev").sentences[:60])
    for alias, name in (("high_recall", "cautious"), ("high_precision", "lenient")):
        assert classify(text, threshold=alias) == classify(text, threshold=name)


@pytest.mark.parametrize(
    ("threshold", "error", "message"),
    [
        (float("nan"), ValueError, r"must lie in \[0, 1\], got nan"),
        (-0.1, ValueError, "got -0.1"),
        (1.1, ValueError, "got 1.1"),
        (10**400, ValueError, "must lie in"),
        (float("inf"), ValueError, "got inf"),
        (True, TypeError, r"number in .* or a name, got bool"),
        (np.True_, TypeError, "got bool"),
        ([0.5], TypeError, "got list"),
        (1j, TypeError, "got complex"),
        ("bold", OperatingPointError, r"no operating point 'bold'; it has balanced, cautious, lenient\.$"),
        ("ballanced", OperatingPointError, r"it has balanced, .*\. Did you mean 'balanced'\?"),
        ("Cautious", OperatingPointError, r"Did you mean 'cautious'\?"),
        ("high-recall", OperatingPointError, r"Did you mean 'high_recall'\?"),
        ("", OperatingPointError, "it has balanced, cautious, lenient"),
        ("balanced/alone", OperatingPointError, "it has balanced"),
        ("0.5", OperatingPointError, "it has balanced"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("text", [REVIEW, [REVIEW], "", []], ids=["review", "list", "empty", "no sentences"])
def test_what_is_no_threshold_is_refused_even_where_there_is_nothing_to_classify(
    text: Any, threshold: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        classify(text, threshold=threshold)


def test_a_model_without_operating_points_has_its_own_threshold_and_no_names() -> None:
    plain = SpoilerClassifier(C=10, threshold=0.0).fit(["He dies.", "Great music."], [1, 0])
    assert spoilers(classify("Fine. Lovely.", model=plain)) == ["Fine.", "Lovely."]
    with pytest.raises(OperatingPointError, match=r"it has none: train it with spoilerguard\.train"):
        classify("Fine.", model=plain, threshold="balanced")


# models ------------------------------------------------------------------------------------------------------------


def test_a_model_is_an_object_or_a_folder(default_model: SpoilerClassifier, tmp_path: Path) -> None:
    spoilerguard.save(default_model, tmp_path / "model")
    expected = classify(REVIEW)
    for same in ("default", default_model, tmp_path / "model", str(tmp_path / "model")):
        assert classify(REVIEW, model=same) == expected
        assert next(classify_reviews([REVIEW], model=same)) == expected


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    wrong: Any = 7
    for call in (classify, explain, redact):
        with pytest.raises(TypeError, match="model must be a SpoilerClassifier, a folder, a name or None, got int"):
            call(REVIEW, model=wrong)
    with pytest.raises(ModelFormatError, match="nowhere"):
        classify(REVIEW, model=tmp_path / "nowhere")


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_model_that_was_never_fitted_says_so(n_jobs: int) -> None:
    unfitted = SpoilerClassifier()
    for call in (classify, explain, redact):
        with pytest.raises(NotFittedError, match="SpoilerClassifier instance is not fitted"):
            call(REVIEW, model=unfitted)
    with pytest.raises(NotFittedError, match="is not fitted"):
        classify_reviews([REVIEW], model=unfitted, n_jobs=n_jobs)


def test_a_model_is_found_by_name_whatever_lies_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_model: SpoilerClassifier
) -> None:
    expected = classify(REVIEW)
    spoilerguard.save(tiny_model, tmp_path / "default")
    monkeypatch.chdir(tmp_path)
    assert classify(REVIEW, model="default") == classify(REVIEW) == expected
    assert spoilerguard.load().vectorizer_.encoder is not None
    for folder in ("./default", Path("default")):
        assert classify(REVIEW, model=folder) == classify(REVIEW, model=tiny_model)


def test_the_accurate_model_is_found_by_name(accurate_model: SpoilerClassifier) -> None:
    assert classify(REVIEW, model="accurate") == classify(REVIEW, model=accurate_model)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("acurate", "accurate"), ("Accurate", "accurate"), ("defualt", "default"), ("DEFAULT", "default")],
)
def test_a_misspelt_name_of_a_model_gets_the_right_one(name: str, meant: str) -> None:
    for call in (spoilerguard.load, lambda name: classify(REVIEW, model=name)):
        with pytest.raises(
            ModelFormatError, match=rf"{name}' is no folder and no name of a model\. Did you mean '{meant}'"
        ):
            call(name)


def test_a_name_like_none_that_there_is_gets_those_that_there_are() -> None:
    for call in (spoilerguard.load, lambda name: classify(REVIEW, model=name)):
        with pytest.raises(ModelFormatError, match=r"'nomodel' is no folder.* wrote, or 'default' or 'accurate'"):
            call("nomodel")


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        (lambda: redact("He dies.", style="redit"), "reddit"),
        (lambda: redact("He dies.", style="Discord"), "discord"),
        (lambda: redact("He dies.", style="block-"), "block"),
        (lambda: classify("He dies.", markup="htlm"), "html"),
        (lambda: explain("He dies.", markup="Markdown"), "markdown"),
        (lambda: classify("He dies.", threshold="leniant"), "lenient"),
        (lambda: spoilerguard.train(make_corpus(works=8), base="defaut"), "default"),
        (lambda: spoilerguard.evaluate("acurate", make_corpus(works=4)), "accurate"),
        (lambda: spoilerguard.load_corpus(pd.DataFrame({"Sentnce": ["He dies."], "spoiler": [1]})), "Sentnce"),
        (lambda: sample("with_spoiler.txt"), "with_spoilers.txt"),
    ],
)
def test_a_name_that_is_misspelt_gets_the_right_one(call: Any, meant: str) -> None:
    with pytest.raises(ValueError, match=f"[Dd]id you mean '{meant}'"):
        call()


def test_a_name_that_is_like_no_other_gets_the_list_alone() -> None:
    with pytest.raises(ValueError, match=r"There is no style 'zebra'; choose one of block, .*\w\.$"):
        redact("He dies.", style="zebra")


@pytest.mark.parametrize(
    ("name", "frozen", "remedy"),
    [
        ("accurate", False, "no part of the wheel: clone the repository, or pass the folder"),
        ("accurate", True, "no part of the wheel: clone the repository, or pass the folder"),
        ("default", False, "install spoilerguard again, as files and not as a zip archive"),
        ("default", True, "PyInstaller: --collect-all spoilerguard"),
    ],
)
def test_a_model_that_is_not_installed_names_the_remedy(
    name: str, frozen: bool, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "_PACKAGE", tmp_path / "archive.zip" / "spoilerguard")
    monkeypatch.setattr(sys, "frozen", frozen, raising=False)
    with pytest.raises(ModelFormatError, match=f"The {name} model is missing from .*{remedy}"):
        spoilerguard.load(name)


def test_the_default_model_is_not_changed_by_use(default_model: SpoilerClassifier) -> None:
    before = classify(REVIEW)
    loaded = spoilerguard.load()
    loaded.absorb_calibration(0.5, 1.0)
    assert classify(REVIEW, model=loaded) != before
    assert classify(REVIEW) == before


# refused -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "got None: a missing review has no verdicts, so leave it out"),
        (b"He dies.", "got bytes: pass a list of strings"),
        (bytearray(b"He dies."), "Element 0 is .* of type int"),
        (7, "got int: pass a list of strings"),
        (1.5, "got float"),
        (float("nan"), "got float"),
        ({"text": "He dies."}, "got dict"),
        (["He dies.", None], "Element 1 is None of type NoneType, not a string: pass text"),
        (["He dies.", float("nan")], "Element 1 is nan of type float"),
        (["He dies.", "Fine.", 3], "Element 2 is 3 of type int"),
        ([["He dies."]], r"Element 0 is \['He dies.'\] of type list"),
        ([b"He dies."], "Element 0 is b'He dies.' of type bytes"),
        (pd.Series(["He dies.", None]), "Element 1 is"),
        (pd.DataFrame({"sentence": ["He dies."]}), "got DataFrame"),
    ],
    ids=lambda value: str(type(value)),
)
def test_what_is_no_text_is_refused_and_its_position_named(text: Any, message: str) -> None:
    for call in (classify, explain):
        with pytest.raises(TypeError, match=message):
            call(text)


@pytest.mark.parametrize("call", [classify, explain])
def test_a_path_is_refused_and_the_way_to_read_it_named(call: Any) -> None:
    with pytest.raises(TypeError, match=r"got a path: pass Path\('reviews.a.txt'\)\.read_text"):
        call(Path("reviews/a.txt"))


@pytest.mark.parametrize("text", [None, b"He dies.", 7, ["He dies."]])
def test_only_one_review_can_be_redacted(text: Any) -> None:
    with pytest.raises(TypeError, match="one review as a string, got"):
        redact(text)


@pytest.mark.parametrize(
    "reviews", ["He dies.", b"He dies.", None, 7, {"a": "He dies."}, pd.DataFrame({"a": ["He dies."]}), Path("a.csv")]
)
def test_what_is_no_stream_of_reviews_is_refused_at_once(reviews: Any) -> None:
    with pytest.raises(TypeError, match="one per review, got"):
        classify_reviews(reviews)


WRONG = [None, float("nan"), pd.NA, pd.NaT, b"He dies.", ["He dies."], 7, object(), Path("a.txt")]


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("position", [0, 1, 63, 64, 130])
def test_a_missing_review_gets_no_verdict_and_does_not_end_the_stream(position: int, n_jobs: int) -> None:
    reviews: Any = (["Fine.", None][place == position] for place in range(200))
    message = f"Review {position} is None of type NoneType, not a string: .* without verdicts.* Drop or fill"
    with pytest.warns(UserWarning, match=message) as caught:
        found = list(classify_reviews(reviews, n_jobs=n_jobs))
    assert [len(verdicts) for verdicts in found] == [place != position for place in range(200)]
    assert [warning.filename for warning in caught] == [__file__]
    assert isinstance(found[position], Verdicts)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda value: type(value).__name__)
def test_whatever_is_no_review_is_said_at_once_and_counted_at_the_end(wrong: Any) -> None:
    with pytest.warns(UserWarning, match="not a string|no strings") as caught:
        found = list(classify_reviews([REVIEW, wrong, wrong, "He dies.", wrong]))
    assert [len(verdicts) for verdicts in found] == [3, 0, 0, 1, 0]
    first, last = (str(warning.message) for warning in caught)
    assert first.startswith("Review 1 is ")
    assert f"of type {type(wrong).__name__}, not a string" in first
    assert last.startswith("3 reviews were no strings, and got no verdicts. The first: Review 1 is ")


def test_the_missing_are_said_of_while_the_stream_runs() -> None:
    endless_reviews: Any = itertools.cycle(["Fine.", None])
    with pytest.warns(UserWarning, match="Review 1 is None"):
        assert len(list(itertools.islice(classify_reviews(endless_reviews), 3))) == 3


@pytest.mark.filterwarnings("ignore:.* not a string", "ignore:.* no strings")
@given(reviews=st.lists(ANY_TEXT | st.sampled_from(WRONG), max_size=6))
def test_an_odd_review_changes_no_verdict_on_the_others(reviews: list[Any]) -> None:
    expected = [classify(review) if isinstance(review, str) else [] for review in reviews]
    assert list(classify_reviews(reviews)) == expected


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_of_the_stream_itself_is_passed_on(n_jobs: int) -> None:
    def reviews() -> Iterator[str]:
        yield from ["Fine."] * 100
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(classify_reviews(reviews(), n_jobs=n_jobs))


# warned of ---------------------------------------------------------------------------------------------------------

REVIEWS = [REVIEW, "I loved it! Anna is the killer. Go and see it.", "So dull. He dies at the end"]


@pytest.mark.parametrize(
    "call",
    [
        classify,
        explain,
        lambda texts: spoilerguard.load().predict(texts),
        lambda texts: spoilerguard.load().predict_proba(texts),
        lambda texts: spoilerguard.load().predict_log_proba(texts),
        lambda texts: spoilerguard.load().decision_function(texts),
        lambda texts: SpoilerClassifier().fit(texts, np.arange(len(texts)) % 2),
        lambda texts: SpoilerClassifier().partial_fit(texts, np.arange(len(texts)) % 2),
        lambda texts: SpoilerClassifier().fit(["He dies.", "Fine."], [1, 0]).adapt(texts, np.arange(len(texts)) % 2),
        lambda texts: Pipeline([("model", spoilerguard.load())]).predict(texts),
    ],
    ids=["classify", "explain", "predict", "proba", "log_proba", "logit", "fit", "partial_fit", "adapt", "Pipeline"],
)
@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series])
def test_a_column_of_whole_reviews_is_warned_of_at_the_line_of_the_user(call: Any, kind: Any) -> None:
    with pytest.warns(UserWarning, match=r"3 of 3 items .* call spoilerguard\.classify_reviews") as caught:
        call(kind(REVIEWS))
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    ("texts", "warned"),
    [
        ([], False),
        ([REVIEW], False),
        ([REVIEW] * 2, True),
        ([REVIEW, "He dies."], False),
        ([REVIEW] * 2 + ["Fine music."] * 2, True),
        ([REVIEW] * 3 + ["Fine music."] * 5, False),
        ([REVIEW] * 6 + ["Fine music."] * 10, True),
        (["Fine music."] * 1000 + [REVIEW], False),
        (["Fine music."] * 700 + [REVIEW] * 300, True),
        ([f"Mr. {name} waits for Mrs. Lee." for name in "Ito Mann Roe Poe".split()], False),
        ([f"He dies. {number}" for number in range(20)], False),
        (["Wow! He dies (p. 9).", "No. She lives. 10/10"], False),
        (["“He dies!” she says.", "Wow!!! ...", "It took 3.5 hours, i.e. ages.", "Well… fine."], False),
        (["line one\n\nHe dies"] * 3, True),
        ([REVIEW * 2000] * 3, True),
        (["x" * 1_000_000] * 3, False),
        ([""] * 5, False),
    ],
)
def test_only_lists_in_which_several_items_hold_several_sentences_are_warned_of(texts: list[str], warned: bool) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_reviews(texts)
    assert [warning.category for warning in caught] == [UserWarning] * warned


@pytest.mark.parametrize("size", [2, 3, 4, 5, 10, 50, 1000])
def test_sentences_of_labelled_reviews_are_no_reviews(size: int) -> None:
    sentences = load_reviews("dev").sentences
    for first in range(0, len(sentences) - size, max(size, len(sentences) // 50)):
        warn_of_reviews(sentences[first : first + size])  # a warning is an error here


@pytest.mark.data
@pytest.mark.parametrize("name", ["tvtropes.csv", "goodreads_sentences.csv"])
def test_tables_of_sentences_are_no_reviews(name: str) -> None:
    if not (data_home() / name).is_file():
        pytest.skip("needs the labelled data: set SPOILERGUARD_DATA to its folder")
    sentences = pd.read_csv(data_home() / name)["sentence"].tolist()
    for size in (8, 100, len(sentences)):
        for first in range(0, len(sentences) - size + 1, 500):
            warn_of_reviews(sentences[first : first + size])


@pytest.mark.parametrize(
    ("module", "warned"),
    [
        *(
            ("__main__", True),
            ("app.models", True),
            ("spoilerguard_app", True),
            ("", True),
            ("pandas.core.apply", True),
        ),
        *(("spoilerguard.training.folds", False), ("spoilerguard.checks.audit", False), ("spoilerguard.cli", False)),
    ],
)
def test_a_call_from_inside_the_package_is_not_warned_of(
    module: str, warned: bool, tiny_model: SpoilerClassifier
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec("model.predict(reviews)", {"__name__": module, "model": tiny_model, "reviews": REVIEWS})
    assert [warning.filename for warning in caught] == ["<string>"] * warned


def test_training_warns_once_of_whole_reviews_and_evaluation_not_of_what_it_passes_on() -> None:
    works = [f"work {number}" for number in range(8) for _ in range(2)]
    table = pd.DataFrame({"sentence": REVIEWS[:2] * 8, "spoiler": [1, 0] * 8, "work": works})
    table["sentence"] += " So it is in " + table["work"] + "."
    with pytest.warns(UserWarning, match="16 of 16 items .* To learn from reviews, split them") as caught:
        model = spoilerguard.train(table, estimator=SpoilerClassifier(), n_splits=2)
    assert [warning.filename for warning in caught] == [__file__]
    model.memory_ = None  # it would warn, too, that it has learnt this table
    spoilerguard.evaluate(model, table, n_bootstrap=10)
    with pytest.warns(UserWarning, match="16 of 16 items") as caught:
        spoilerguard.train(table, base=model, n_splits=2)
    assert len(caught) == 1


def test_a_path_given_as_text_is_warned_of_where_there_is_such_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.txt", "my review.md", "README", "reviews.csv", "été.txt"):
        (tmp_path / name).write_text(REVIEW, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    given = [
        "a.txt",
        "./a.txt",
        "my review.md",
        "README",
        "reviews.csv",
        " a.txt\n",
        str(tmp_path / "a.txt"),
        "été.txt",
    ]
    calls: list[Any] = [
        *(classify, explain, redact),
        lambda text: classify([text]),
        lambda text: list(classify_reviews(["Fine.", text])),
    ]
    for text, call in [(text, call) for text in given for call in calls[:4]] + [("a.txt", call) for call in calls[4:]]:
        with pytest.warns(UserWarning, match=r"is the name of a file, .*read_text\(encoding='utf-8'\)") as caught:
            call(text)
        assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    "text",
    [
        *("b.txt", "dir", "dir/", ".", "..", "/", "~", "a.txt/b", "a.txt\nHe dies.", "a.txt He dies.", "8/10", "", " "),
        *(
            "\0",
            "a.txt\0",
            "\ud800.txt",
            "x" * 300 + ".txt",
            "x/" * 240,
            "x" * 100_000,
            "*.txt",
            "CON",
            "file:///a.txt",
        ),
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_what_names_no_file_is_text_without_a_word(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text(REVIEW, encoding="utf-8")
    (tmp_path / "dir").mkdir()
    monkeypatch.chdir(tmp_path)
    classify(text)
    classify([text])


def test_an_ordinary_review_is_looked_up_on_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Any] = []
    monkeypatch.setattr("spoilerguard.user_warnings.os.path.isfile", looks.append)
    for text in (
        REVIEW,
        "He dies in the end.",
        "Fine music, and she acts well",
        "\\\\server\\share\\a.txt",
        "//host/a.txt",
    ):
        classify(text)
    assert looks == []
    classify("a.txt")
    assert looks == ["a.txt"]


# verdicts as data --------------------------------------------------------------------------------------------------


FIELDS = ["text", "start", "end", "label", "probability", "certain", "marked", "major", "rule"]


def test_a_verdict_says_whether_it_is_a_spoiler() -> None:
    verdicts = classify(REVIEW)
    assert [verdict.is_spoiler for verdict in verdicts] == [False, True, False]
    assert [verdict.text for verdict in verdicts if verdict.is_spoiler] == spoilers(verdicts)


@pytest.mark.parametrize("review", [REVIEW, "", "Fine.", "||He dies in the end.||"])
def test_verdicts_become_plain_data_and_a_table(review: str) -> None:
    verdicts = classify(review)
    rows = verdicts.to_dicts()
    assert json.loads(json.dumps(rows)) == rows
    assert [type(row["label"]) for row in rows] == [str] * len(verdicts)
    assert [Verdict(**{**row, "label": Label(row["label"])}) for row in rows] == verdicts
    assert [verdict.to_dict() for verdict in verdicts] == rows
    frame = verdicts.to_frame()
    assert frame.columns.tolist() == FIELDS
    assert frame.to_dict("records") == rows
    kinds = frame.dtypes.astype(str).to_dict()
    assert {kinds[name] for name in ("certain", "marked")} == {"bool"}
    assert (kinds["start"], kinds["end"], kinds["probability"]) == ("int64", "int64", "float64")


def test_tables_of_many_reviews_fit_together() -> None:
    frames = [verdicts.to_frame() for verdicts in classify_reviews([REVIEW, "", "He dies."])]
    together = pd.concat(frames, keys=range(3), names=["review", "sentence"])
    assert together.index.get_level_values("review").tolist() == [0, 0, 0, 2]
    assert together["marked"].dtype == bool


@pytest.mark.parametrize(
    "part",
    [slice(None), slice(1, 2), slice(0, 0), slice(None, None, -1), slice(None, None, 2), slice(-1, None)],
    ids=str,
)
def test_a_slice_of_verdicts_is_verdicts_on_the_same_review(part: slice) -> None:
    verdicts = classify(REVIEW)
    some = verdicts[part]
    assert isinstance(some, Verdicts)
    assert some.review == REVIEW
    assert some == list(verdicts)[part]
    assert ("[spoiler" in str(some)) is any(verdict.is_spoiler for verdict in some)
    assert len(some.to_frame()) == len(some)


def test_verdicts_are_copied_and_pickled_with_their_review() -> None:
    verdicts = classify(REVIEW)
    assert type(verdicts[1]) is type(verdicts[np.int64(-1)]) is Verdict
    for again in (verdicts.copy(), copy.copy(verdicts), copy.deepcopy(verdicts), pickle.loads(pickle.dumps(verdicts))):
        assert isinstance(again, Verdicts)
        assert (again, again.review) == (verdicts, REVIEW)


# many reviews ------------------------------------------------------------------------------------------------------


def many(count: int) -> list[str]:
    draw = random.Random(0)
    sentences = (example("with_spoilers.txt") + example("without_spoilers.txt")).replace("\n", " ").split(". ")
    return [". ".join(draw.sample(sentences, draw.randrange(12))) for _ in range(count)]


@given(reviews=st.lists(ANY_TEXT, max_size=6))
def test_reviews_in_a_stream_get_the_verdicts_that_each_gets_alone(reviews: list[str]) -> None:
    assert list(classify_reviews(reviews)) == [classify(review) for review in reviews]


@pytest.mark.slow
def test_processes_change_nothing() -> None:
    reviews = many(200)
    expected = [classify(review) for review in reviews]
    assert list(classify_reviews(reviews)) == expected
    assert list(classify_reviews(iter(reviews), n_jobs=2)) == expected
    assert list(classify_reviews([], n_jobs=2)) == list(classify_reviews([])) == []


def endless(read: list[int]) -> Iterator[str]:
    for number in itertools.count():
        read.append(number)
        yield f"Review {number} is fine. He dies."


def test_a_stream_is_read_only_as_far_as_verdicts_are_asked_for() -> None:
    read: list[int] = []
    verdicts = classify_reviews(endless(read))
    assert len(read) == 0
    assert [len(found) for found in itertools.islice(verdicts, 100)] == [2] * 100
    assert len(read) <= 200


def test_progress_is_shown_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(list(classify_reviews(["Fine."] * 3, progress=True))) == 3
    assert "reviews: 3 reviews" in capsys.readouterr().err
    assert len(list(classify_reviews(["Fine."] * 3))) == 3
    assert capsys.readouterr().err == ""


FROZEN = """
import pathlib, subprocess, sys, warnings
import spoilerguard
from spoilerguard.datasets import make_corpus

def count_children():
    return sum(len(one.read_text().split()) for one in pathlib.Path("/proc/self/task").glob("*/children"))

sys.frozen = True
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    verdicts = list(spoilerguard.classify_reviews(["Fine. He dies."] * 200, n_jobs=2))
    corpus, estimator = make_corpus(works=8, seed=1), spoilerguard.SpoilerClassifier()
    spoilerguard.train(corpus, estimator=estimator, n_splits=2, n_jobs=2)
frozen = count_children()
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
print(len(verdicts), frozen, count_children(), *(one.message for one in caught))
child.communicate(b"")
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts processes in /proc")
def test_a_frozen_program_starts_no_process_and_says_so() -> None:
    script = [sys.executable, "-c", FROZEN]
    done = subprocess.run(script, capture_output=True, text=True, timeout=120, check=True, cwd=ROOT)
    assert done.stdout.startswith("200 0 1 n_jobs=2 has no effect in a frozen program")


@pytest.mark.parametrize("n_jobs", [2, -1])
def test_in_a_frozen_program_any_number_of_processes_means_this_one(
    n_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = list(classify_reviews(REVIEWS))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr("joblib.Parallel", None)
    with pytest.warns(UserWarning, match="has no effect in a frozen program") as caught:
        assert list(classify_reviews(REVIEWS, n_jobs=n_jobs)) == expected
    assert [warning.filename for warning in caught] == [__file__]
    assert list(classify_reviews(REVIEWS)) == expected


@pytest.mark.slow
def test_training_in_a_frozen_program_starts_no_process_either(monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = make_corpus(works=8, seed=1)
    options: dict[str, Any] = {"estimator": SpoilerClassifier(C=1.0), "n_splits": 2}
    expected = spoilerguard.train(corpus, **options)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    for n_jobs in (2, -1):
        with pytest.warns(UserWarning, match="has no effect in a frozen program") as caught:
            model = spoilerguard.train(corpus, **(options | {"n_jobs": n_jobs}))
        assert [warning.filename for warning in caught] == [__file__]
        assert np.array_equal(model.coef_, expected.coef_)
    with pytest.warns(UserWarning, match="n_jobs=2 has no effect in a frozen program") as caught:
        spoilerguard.cross_validate(corpus, n_splits=2, n_bootstrap=5, estimator=SpoilerClassifier(C=1.0), n_jobs=2)
    assert {warning.filename for warning in caught} == {__file__}


# threads -----------------------------------------------------------------------------------------------------------


def test_32_threads_read_the_default_model_once_and_get_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = classify(REVIEW)
    reads = []

    def watched(path: Any) -> LinearModel:
        reads.append(path)
        time.sleep(0.05)
        return read_folder(path)

    read_folder = persistence.read_folder
    monkeypatch.setattr(bundled, "read_folder", watched)
    bundled._read_default.cache_clear()
    together = threading.Barrier(32)

    def work(_: int) -> list[list[Verdict]]:
        together.wait(timeout=60)
        return [classify(REVIEW) for _ in range(2)]

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(work, range(32)))
    assert answers == [[expected] * 2] * 32
    assert len(reads) == 1


# hostile text ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "He dies. " * 3_000,
        "He dies in the end, " * 2_000,
        "\n" * 100_000,
        "x\n" * 3_000,
        "x" * 200_000,
        "مات في النهاية. " * 1_000,
        "\u202eHe dies. \u202c" * 1_000,
        "\0" * 100_000,
        "\ud800" * 100_000,
        "e" + "\u0301" * 100_000,
        "<" * 100_000,
        "&" * 100_000,
        "spoil " * 5_000,
        "give " * 10_000,
    ],
    ids=lambda text: ascii(text[:9]),
)
def test_any_amount_of_any_text_is_answered(text: str) -> None:
    for verdict in classify(text):
        assert text[verdict.start : verdict.end] == verdict.text
    [verdict] = classify([text])
    assert verdict.text == text


@pytest.mark.slow
def test_5_megabytes_are_answered() -> None:
    text = "The music is lovely and he dies at the end of it. " * 100_000
    assert len(classify(text)) == 100_000


# types -------------------------------------------------------------------------------------------------------------

TYPED = """
from typing import assert_type

from spoilerguard import Verdict, classify, classify_reviews, explain, load, redact
from spoilerguard.rendering import Verdicts

assert_type(classify("He dies."), Verdicts)
assert_type(classify("He dies.", model="default", threshold="cautious"), Verdicts)
assert_type(classify(["He dies."], model=load()), list[Verdict])
assert_type(classify(text for text in ["He dies."]), list[Verdict])
page: str = classify("He dies.").to_html()
pages: list[str] = [verdicts.to_html() for verdicts in classify_reviews(["He dies."], n_jobs=2)]
words: list[str] = [part.text for why in explain("He dies.") for part in why.contributions]
hidden: str = redact("He dies.", style="html", threshold=0.5)
assert_type(classify("Fine. He dies.")[1:], Verdicts)
assert_type(classify("Fine. He dies.")[1], Verdict)
columns: list[str] = classify("He dies.").to_frame().columns.tolist()
flags: list[bool] = [verdict.is_spoiler for verdict in classify(["He dies."])]

def either(text: str | list[str]) -> list[Verdict]:
    return classify(text)
"""


def test_one_review_gives_verdicts_that_show_themselves_and_type_checkers_know() -> None:
    exec(TYPED, {"__name__": "sample"})
    assert assert_type(classify(REVIEW), Verdicts).to_html()  # mypy reads the tests, too
    assert_type(classify([REVIEW]), list[Verdict])


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_type_checkers_accept_what_works_and_refuse_what_does_not(checker: str, tmp_path: Path) -> None:
    pytest.importorskip(checker, reason=f"checks types with {checker}")
    (tmp_path / "right.py").write_text(TYPED, encoding="utf-8")
    wrong = "from spoilerguard import classify\nclassify(['He dies.']).to_html()\nclassify(7)\n"
    (tmp_path / "wrong.py").write_text(wrong, encoding="utf-8")
    command = [sys.executable, "-m", checker, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, cwd=tmp_path)
    assert "right.py" not in done.stdout
    assert ["wrong.py:2:" in done.stdout, "wrong.py:3:" in done.stdout] == [True, True], done.stdout


# what is imported --------------------------------------------------------------------------------------------------

WATCH = """
import sys
importers = {}
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name in {"pandas", "matplotlib", "pooch", "cleanlab", "torch", "onnxruntime"}:
            frame = sys._getframe(1)
            while frame.f_globals.get("__name__", "").startswith("importlib"):
                frame = frame.f_back
            importers[name] = frame.f_globals.get("__name__")
            raise ImportError(name)
sys.meta_path.insert(0, Watch())
import spoilerguard
spoilerguard.classify("Lovely music. He dies in the end.")
spoilerguard.redact("He dies in the end."), spoilerguard.explain("He dies in the end.")
print({name: by for name, by in importers.items() if not by.startswith("sklearn")})
"""


def test_nobody_but_scikit_learn_asks_for_pandas_or_an_extra_while_classifying() -> None:
    # scikit-learn imports pandas by itself where it is installed, and does without where it is not
    result = subprocess.run(
        [sys.executable, "-c", WATCH], capture_output=True, text=True, timeout=120, check=True, cwd=ROOT
    )
    assert result.stdout == "{}\n"


FOREIGN = [
    "Ein schöner Film mit guter Musik. Am Ende stirbt Anna, und Paul ist der Mörder.",
    "Una película bonita con buena música. Al final muere Anna y Paul es el asesino.",
    "Un beau film avec une bonne musique. À la fin Anna meurt, et Paul est l'assassin.",
    "Il film è bello, ma alla fine Anna muore e Paolo è l'assassino di tutti.",
    "В конце Анна умирает, а Павел оказывается убийцей всех остальных.",
    "最后安娜死了。保罗是凶手。音乐很好听。",
]
NOT_FOREIGN = [
    "",
    "Ein Film.",
    "Très bien!",
    "LUL LUL LUL LUL LUL LUL LUL LUL LUL LUL",
    "Szczepan, Wojciech, Ágnes, Þórdís and Jürgen are in the cast of it, and Zsófia plays the queen.",
    "La Casa de Papel is fun. In the end Nairobi dies.",
    "He says “Am Ende stirbt sie”. That is German for what happens to her in the last scene of the film.",
    "😱 😱 😱 😱 😱 😱 😱 😱 😱",
    "https://a.b/c https://a.b/d https://a.b/e https://a.b/f https://a.b/g https://a.b/h https://a.b/i https://a.b/j",
]


@pytest.mark.parametrize("review", FOREIGN)
def test_a_review_in_another_language_is_warned_of(review: str) -> None:
    with pytest.warns(UserWarning, match=r"Review 0 .* does not seem to be English"):
        verdicts = classify(review)
    assert verdicts.language == "und"


@pytest.mark.parametrize("review", NOT_FOREIGN)
def test_names_shouts_and_quotations_make_no_review_foreign(review: str) -> None:
    assert classify(review).language is None


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_of_many_reviews_in_another_language_the_first_is_named(n_jobs: int) -> None:
    with pytest.warns(UserWarning, match="does not seem to be English") as warned:
        found = [verdicts.language for verdicts in classify_reviews(["It is fine.", *FOREIGN[:2]], n_jobs=n_jobs)]
    assert found == [None, "und", "und"]
    assert [str(one.message)[:8] for one in warned] == ["Review 1"]
    assert warned[0].filename == __file__
