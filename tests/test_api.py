"""What users call: text in, verdicts out, from the model that comes with the package."""

import itertools
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from spoilerguard.datasets import load_reviews
from spoilerguard.documents import Standing

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
def test_nothing_to_judge_gives_no_verdict(text: Any) -> None:
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
    ],
)
def test_a_fragment_or_another_language_is_no_certain_verdict(sentence: str, certain: bool) -> None:
    assert classify([sentence])[0].certain is certain


@settings(deadline=None, max_examples=50)
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


@settings(deadline=None, max_examples=30)
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
        ("bold", OperatingPointError, "no operating point 'bold'; it has balanced, cautious, lenient"),
        ("", OperatingPointError, "it has balanced, cautious, lenient"),
        ("balanced/alone", OperatingPointError, "it has balanced"),
        ("0.5", OperatingPointError, "it has balanced"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("text", [REVIEW, [REVIEW], "", []], ids=["review", "list", "empty", "no sentences"])
def test_what_is_no_threshold_is_refused_even_where_there_is_nothing_to_judge(
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
        (None, "got NoneType: wrap it in a list"),
        (b"He dies.", "got bytes"),
        (bytearray(b"He dies."), "Element 0 is .* of type int"),
        (7, "got int"),
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


@pytest.mark.parametrize("text", [None, b"He dies.", 7, ["He dies."]])
def test_only_one_review_can_be_redacted(text: Any) -> None:
    with pytest.raises(TypeError, match="one review as a string, got"):
        redact(text)


@pytest.mark.parametrize(
    "reviews", ["He dies.", b"He dies.", None, 7, {"a": "He dies."}, pd.DataFrame({"a": ["He dies."]})]
)
def test_what_is_no_stream_of_reviews_is_refused_at_once(reviews: Any) -> None:
    with pytest.raises(TypeError, match="one per review, got"):
        classify_reviews(reviews)


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("wrong", [None, float("nan"), b"He dies.", ["He dies."]])
def test_a_review_that_is_no_string_is_refused_and_its_position_named(wrong: Any, n_jobs: int) -> None:
    with pytest.raises(TypeError, match=f"Review 70 is of type {type(wrong).__name__}, not a string"):
        list(classify_reviews([*["Fine."] * 70, wrong], n_jobs=n_jobs))


# many reviews ------------------------------------------------------------------------------------------------------


def many(count: int) -> list[str]:
    draw = random.Random(0)
    sentences = (example("with_spoilers.txt") + example("without_spoilers.txt")).replace("\n", " ").split(". ")
    return [". ".join(draw.sample(sentences, draw.randrange(12))) for _ in range(count)]


@settings(deadline=None, max_examples=20)
@given(reviews=st.lists(ANY_TEXT, max_size=6))
def test_reviews_in_a_stream_get_the_verdicts_that_each_gets_alone(reviews: list[str]) -> None:
    assert list(classify_reviews(reviews)) == [classify(review) for review in reviews]


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


# threads -----------------------------------------------------------------------------------------------------------


def test_32_threads_read_the_default_model_once_and_get_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = classify(REVIEW)
    reads = []

    def watched(path: Any) -> SpoilerClassifier:
        reads.append(path)
        time.sleep(0.05)
        return load_folder(path)

    load_folder = persistence.load
    monkeypatch.setattr(bundled, "load_folder", watched)
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
        "He dies. " * 60_000,
        "He dies in the end, " * 40_000,
        "\n" * 100_000,
        "x\n" * 50_000,
        "x" * 1_000_000,
        "مات في النهاية. " * 20_000,
        "\u202eHe dies. \u202c" * 20_000,
        "\0" * 100_000,
        "\ud800" * 100_000,
        "e" + "\u0301" * 100_000,
        "<" * 100_000,
        "&" * 100_000,
        "spoil " * 50_000,
        "give " * 100_000,
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
