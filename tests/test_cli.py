"""The command line: what is printed, where, and with which exit status."""

import argparse
import csv
import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import spoilerguard
from spoilerguard import Label, SpoilerClassifier, Verdict, save
from spoilerguard.cli import main
from spoilerguard.cli.parser import build_parser
from spoilerguard.datasets.files import ENDINGS
from spoilerguard.documents import Standing
from spoilerguard.errors import CorpusError, ModelFormatError, OperatingPointError
from spoilerguard.verdicts import Explanation

EXAMPLES = Path(__file__).parents[1] / "datasets" / "examples"
VERDICTS = [
    Verdict('She said "no", and left.', 0, 24, Label.SAFE, 0.031, certain=True),
    Verdict("The nurse did it.", 25, 42, Label.SPOILER, 0.875, certain=True),
    Verdict("Wow.", 43, 47, Label.SAFE, 0.2, certain=False),
]


class Calls(list[dict[str, Any]]):
    """The calls of the library; `answer` puts a stand-in in the place of a public name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self._monkeypatch = monkeypatch

    def answer(self, name: str, result: object) -> None:
        def stand_in(*args: object, **options: object) -> object:
            self.append({"name": name, "args": args, **options})
            if isinstance(result, Exception):
                raise result
            return result

        self._monkeypatch.setitem(spoilerguard.__dict__, name, stand_in)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Calls:
    return Calls(monkeypatch)


@pytest.fixture
def review(tmp_path: Path) -> str:
    file = tmp_path / "review.txt"
    file.write_text('She said "no", and left. The nurse did it. Wow.', encoding="utf-8")
    return str(file)


def refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on standard error with which the command refuses."""
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("spoilerguard: ")
    assert err.count("\n") == 1
    return err


# classify ----------------------------------------------------------------------------------------------------------


def test_text_has_a_line_for_each_sentence_with_percent_and_mark(
    library: Calls, review: str, capsys: pytest.CaptureFixture[str]
) -> None:
    library.answer("classify", VERDICTS)
    assert main(["classify", review]) == 0
    assert capsys.readouterr().out.splitlines() == [
        '     3 %  She said "no", and left.',
        "●   88 %  The nurse did it.",
        " ?  20 %  Wow.",
        "",
        "● 1 of 3 sentences marked as spoilers",
        "? 1 with too few known words: a guess",
    ]


def test_of_major_spoilers_the_text_shows_their_probability(
    library: Calls, review: str, capsys: pytest.CaptureFixture[str]
) -> None:
    library.answer("classify", [replace(VERDICTS[1], major=0.42), replace(VERDICTS[0], major=0.01)])
    assert main(["classify", review, "--level", "major"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "●   42 %  The nurse did it.",
        '     1 %  She said "no", and left.',
        "",
        "● 1 of 2 sentences marked as major spoilers",
        "% is the probability of a major spoiler",
    ]


def test_what_an_author_had_hidden_has_a_sign_a_column_and_a_place_in_the_summary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "hidden.txt"
    file.write_text("Lovely photography. >!Great music throughout.!<", encoding="utf-8")
    assert main(["classify", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("○")
    assert "○ 1 more hidden by the author" in lines
    assert main(["classify", str(file), "--format", "jsonl"]) == 0
    assert [json.loads(line)["marked"] for line in capsys.readouterr().out.splitlines()] == [False, True]
    assert main(["classify", str(file), "--format", "csv"]) == 0
    assert [row["marked"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))] == ["false", "true"]


def test_jsonl_has_an_object_for_each_sentence(library: Calls, review: str, capsys: pytest.CaptureFixture[str]) -> None:
    library.answer("classify", VERDICTS)
    assert main(["classify", review, "--format", "jsonl"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert list(rows[1].items()) == [
        ("text", "The nurse did it."),
        ("start", 25),
        ("end", 42),
        ("label", "spoiler"),
        ("probability", 0.875),
        ("certain", True),
        ("marked", False),
        ("major", None),
        ("rule", None),
    ]
    assert [row["certain"] for row in rows] == [True, True, False]


def test_csv_has_a_header_and_quotes_what_needs_quotes(
    library: Calls, review: str, capsys: pytest.CaptureFixture[str]
) -> None:
    library.answer("classify", VERDICTS)
    assert main(["classify", review, "--format", "csv"]) == 0
    header, first, *_ = csv.reader(io.StringIO(capsys.readouterr().out))
    assert header == ["text", "start", "end", "label", "probability", "certain", "marked", "major", "rule"]
    assert first == ['She said "no", and left.', "0", "24", "safe", "0.031", "true", "false", "", ""]


@pytest.mark.parametrize("written", ["text", "jsonl", "csv"])
def test_a_text_without_a_sentence_is_no_error(
    written: str, library: Calls, review: str, capsys: pytest.CaptureFixture[str]
) -> None:
    library.answer("classify", [])
    assert main(["classify", review, "--format", written]) == 0
    assert len(capsys.readouterr().out.splitlines()) == {"text": 2, "jsonl": 0, "csv": 1}[written]


@pytest.mark.parametrize(("written", "given"), [("0.25", 0.25), ("1", 1.0), ("cautious", "cautious")])
def test_a_threshold_is_a_number_or_a_name(written: str, given: object, library: Calls, review: str) -> None:
    library.answer("classify", VERDICTS)
    assert main(["classify", review, "--threshold", written]) == 0
    assert library[0]["threshold"] == given


@pytest.mark.parametrize(("argv", "model"), [([], "default"), (["--model", "accurate"], "accurate")])
@pytest.mark.parametrize("command", ["classify", "redact"])
def test_a_model_is_a_folder_or_a_name_and_the_default_where_none_is_given(
    command: str, argv: list[str], model: str, library: Calls, review: str
) -> None:
    library.answer("classify", VERDICTS)
    library.answer("redact", "")
    assert main([command, review, *argv]) == 0
    assert library[0]["model"] == model


def test_the_whole_text_is_one_review_with_its_line_ends_and_without_its_byte_order_mark(
    library: Calls, tmp_path: Path
) -> None:
    library.answer("classify", VERDICTS)
    file = tmp_path / "windows.txt"
    file.write_bytes(b"\xef\xbb\xbfOne.\r\n\r\nTwo \xe2\x80\x94 caf\xc3\xa9.\r\n")
    assert main(["classify", str(file)]) == 0
    assert library[0]["args"] == ("One.\r\n\r\nTwo — café.\r\n",)


def test_a_dash_reads_standard_input(library: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    library.answer("classify", VERDICTS)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("Ünder.".encode())))
    assert main(["classify", "-"]) == 0
    assert library[0]["args"] == ("Ünder.",)


# redact ------------------------------------------------------------------------------------------------------------


def test_redact_prints_the_text_and_nothing_else(
    library: Calls, review: str, capsys: pytest.CaptureFixture[str]
) -> None:
    library.answer("redact", "Fine.\r\n||He dies.||")
    assert main(["redact", review, "--style", "discord", "--threshold", "0.3"]) == 0
    assert capsys.readouterr().out == "Fine.\r\n||He dies.||"
    assert (library[0]["style"], library[0]["threshold"]) == ("discord", 0.3)


@pytest.mark.parametrize("command", ["classify", "explain", "redact"])
def test_every_command_on_reviews_reads_them_through_their_markup(command: str, library: Calls, review: str) -> None:
    library.answer("classify", VERDICTS)
    library.answer("explain", [Explanation("", 0.0, 0.5, 0.0, (), 0.0)] * len(VERDICTS))
    library.answer("redact", "")
    assert main([command, review, "--markup", "html"]) == 0
    assert {call["markup"] for call in library} == {"html"}
    library.clear()
    assert main([command, review]) == 0
    assert {call["markup"] for call in library} == {None}


def test_a_page_is_redacted_as_a_page_and_a_mask_may_be_ones_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "page.txt"
    file.write_text("<p>Lovely &amp; slow.</p><p><spoiler>Rosebud</spoiler></p>", encoding="utf-8")
    assert main(["redact", str(file), "--markup", "html", "--style", "plain", "--mask", "(…)"]) == 0
    assert capsys.readouterr().out == "<p>Lovely &amp; slow.</p><p><spoiler>(…)</spoiler></p>"
    assert main(["redact", str(file), "--markup", "html", "--style", "html"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("<p>Lovely &amp; slow.</p><p><details")
    assert out.endswith("Rosebud</details></p>")


# train, evaluate, check-data ---------------------------------------------------------------------------------------


def test_train_passes_every_option_saves_and_prints_the_operating_points(
    library: Calls, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bold, safe = (SimpleNamespace(threshold=at, precision=0.61, recall=at + 0.1) for at in (0.4, 0.2))
    points = {Standing.ALONE: {"balanced": bold, "cautious": safe}, Standing.IN_REVIEW: {"balanced": safe}}
    library.answer("load_corpus", "the corpus")
    library.answer("train", SimpleNamespace(operating_points_=points, card_={"Learnt before": "Half of it."}))
    library.answer("save", None)
    output = str(tmp_path / "model")
    assert main(["train", "t.csv", "--output", output, "--base", "accurate", "--seed", "7", "--n-jobs", "-1"]) == 0
    called = {call["name"]: call for call in library}
    assert called["train"]["args"] == ("the corpus",)
    assert {name: called["train"][name] for name in ("base", "seed", "n_jobs")} == {
        "base": "accurate",
        "seed": 7,
        "n_jobs": -1,
    }
    assert called["save"]["args"][1] == output
    assert capsys.readouterr().out.splitlines() == [
        "trained on 'the corpus'",
        "Half of it.",
        " cautious, alone: from 0.20, 61% of the marked are spoilers, 30% of the spoilers are marked",
        " balanced, alone: from 0.40, 61% of the marked are spoilers, 50% of the spoilers are marked",
        " balanced, in review: from 0.20, 61% of the marked are spoilers, 30% of the spoilers are marked",
        f"saved to {output}",
    ]


def test_train_refuses_to_write_over_other_things_before_it_works(
    library: Calls, review: str, capsys: pytest.CaptureFixture[str]
) -> None:
    library.answer("train", None)
    assert "is a file" in refused(["train", "t.csv", "--output", review], capsys)
    assert "other things than a model" in refused(["train", "t.csv", "--output", str(Path(review).parent)], capsys)
    assert not library


def test_train_replaces_a_model_only_where_it_is_told_to(
    library: Calls, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(SpoilerClassifier().fit(["He dies.", "Fine music."], [1, 0]), tmp_path)
    library.answer("load_corpus", "the corpus")
    library.answer("train", SimpleNamespace(operating_points_={}, card_={}))
    library.answer("save", None)
    assert "holds a model" in refused(["train", "t.csv", "--output", str(tmp_path)], capsys)
    assert not library
    assert main(["train", "t.csv", "--output", str(tmp_path), "--overwrite"]) == 0
    assert library[-1]["name"] == "save"


def test_files_that_say_nothing_about_a_folder_do_not_keep_a_model_out(library: Calls, tmp_path: Path) -> None:
    for name in (".gitkeep", ".DS_Store", "Thumbs.db"):
        (tmp_path / name).touch()
    library.answer("load_corpus", "the corpus")
    library.answer("train", SimpleNamespace(operating_points_={}, card_={}))
    library.answer("save", None)
    assert main(["train", "t.csv", "--output", str(tmp_path)]) == 0


class StubReport(SimpleNamespace):
    """A report, as text and as JSON."""

    def __str__(self) -> str:
        return "AUC 0.9"

    def to_json(self) -> str:
        return '{"auc": 0.9}'


@pytest.mark.parametrize(("written", "printed"), [("text", "AUC 0.9\n"), ("json", '{"auc": 0.9}\n')])
def test_evaluate_prints_the_report(
    written: str, printed: str, library: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    library.answer("evaluate", StubReport())
    assert main(["evaluate", "t.csv", "--format", written]) == 0
    assert capsys.readouterr().out == printed
    assert library[-1]["args"] == ("default", "t.csv")


def test_evaluate_slices_by_columns_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "own.csv"
    path.write_text("sentence,spoiler,genre\nHe dies.,1,war\nFine music.,0,war\nShe did it.,1,crime\n", "utf-8")
    assert main(["evaluate", str(path), "--slice-by", "genre"]) == 0
    assert "genre: crime" in capsys.readouterr().out
    assert "Did you mean 'genre'?" in refused(["evaluate", str(path), "--slice-by", "gnere"], capsys)
    assert "not allowed with" in refused(["evaluate", str(path), "--slice-by", "genre", "--compare", "x"], capsys)


@pytest.mark.parametrize(("written", "printed"), [("text", "AUC 0.9\n"), ("json", '{"auc": 0.9}\n')])
def test_evaluate_compare_asks_whether_the_model_is_better_than_the_other(
    written: str, printed: str, library: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    library.answer("compare", StubReport())
    assert main(["evaluate", "t.csv", "--model", "new", "--compare", "old", "--format", written]) == 0
    assert library[-1]["args"] == ("old", "new", "t.csv")
    assert capsys.readouterr().out == printed


def table(path: Path, rows: list[tuple[str, int, str]]) -> str:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("sentence", "spoiler", "work"), *rows])
    return str(path)


def test_check_data_ends_with_1_where_something_must_be_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faulty = table(tmp_path / "faulty.csv", [("He dies.", 1, "a"), ("She did it.", 1, "b")])
    assert main(["check-data", faulty]) == 1
    assert "one-class" in capsys.readouterr().out


def test_check_data_ends_with_0_where_nothing_must_be_mended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("spoilerguard.checks.check_corpus", lambda corpus, **options: StubReport(ok=True))
    assert main(["check-data", "t.csv", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"auc": 0.9}


def test_check_data_against_finds_what_stands_on_both_sides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = table(tmp_path / "train.csv", [("He dies.", 1, "a"), ("Nice music here.", 0, "b")])
    other = table(tmp_path / "test.csv", [("She did it.", 1, "a"), ("A fine cast.", 0, "c")])
    assert main(["check-data", one, "--against", other, "--format", "json"]) == 1
    assert any(finding["name"] == "work-on-both-sides" for finding in json.loads(capsys.readouterr().out)["findings"])


def test_check_data_tells_what_a_model_has_learnt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sentences = [f"In the end number {n} dies of the poison." for n in range(20)]
    save(SpoilerClassifier().fit(sentences, [0, 1] * 10), tmp_path / "model")
    one = table(tmp_path / "one.csv", [(text, n % 2, f"w{n}") for n, text in enumerate(sentences)])
    main(["check-data", one, "--model", str(tmp_path / "model")])
    assert "learnt-by-the-model" in capsys.readouterr().out


# refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "required: COMMAND"),
        (["label"], "invalid choice: 'label'"),
        (["classify", "f", "--format", "xml"], "invalid choice: 'xml'"),
        (["classify", "f", "--thresh", "1"], "unrecognized arguments: --thresh"),
        (["classify", "f", "--threshold", "1.5"], "1.5 is not a probability"),
        (["classify", "f", "--threshold", "nan"], "nan is not a probability"),
        (["redact", "f", "--style", "pencil"], "invalid choice: 'pencil'"),
        (["classify", "f", "--markup", "latex"], "invalid choice: 'latex'"),
        (["redact", "f", "--markup", "html", "--style", "discord"], "choose one of block, plain, html"),
        (["redact", "f", "--style", "discord", "--mask", "x"], "keeps the text and has no mask"),
        (["redact", "f", "--mask", ""], "The mask is empty"),
        (["train", "t.csv"], "required: --output"),
        (["classify", str(EXAMPLES / "with_spoilers.txt"), "--model", "nomodel"], "or 'default' or 'accurate'"),
        (["train", "t.csv", "--output", "o", "--seed", "-1"], "not a whole number"),
        (["train", "t.csv", "--output", "o", "--n-jobs", "0"], "no number of processes"),
        (["classify", "no/such/file.txt"], "no/such/file.txt: No such file or directory"),
        (["classify", "f", "--column", "text"], "--column is for tables"),
        (["classify", str(EXAMPLES / "with_spoilers.txt"), "--encoding", "utf-9"], "there is no encoding 'utf-9'"),
        (["check-data", "no/such/table.csv"], "no such file"),
        (["check-data", str(EXAMPLES / "with_spoilers.txt")], "unknown file ending '.txt'"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said in refused(argv, capsys)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"Caf\xe9 society", "not UTF-8: byte 0xe9 at offset 3"),
        (b"\xef\xbb\xbfabc\xff", "not UTF-8: byte 0xff at offset 6"),
        ("Text".encode("utf-16"), "not UTF-8 but UTF-16"),
    ],
)
def test_a_text_in_another_encoding_is_refused_with_the_place(
    content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "latin.txt"
    file.write_bytes(content)
    err = refused(["classify", str(file)], capsys)
    assert said in err
    assert "latin.txt" in err


@pytest.mark.parametrize(
    "fault",
    [
        OperatingPointError("no operating point 'bold'; there are balanced, cautious, lenient"),
        ModelFormatError("m/weights.npz: altered; save it again"),
        PermissionError(13, "Permission denied", "m/model.json"),
        CorpusError("t.csv: empty table"),
    ],
)
def test_what_the_library_refuses_is_one_line_and_status_2(
    fault: Exception, library: Calls, review: str, capsys: pytest.CaptureFixture[str]
) -> None:
    library.answer("classify", fault)
    err = refused(["classify", review], capsys)
    assert str(fault) in err or err == "spoilerguard: m/model.json: Permission denied\n"


def test_a_message_shows_the_control_characters_of_a_file_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\\u001b[2Jx" in refused(["classify", "\x1b[2Jx"], capsys)


def test_an_interruption_is_130_and_says_nothing(
    library: Calls, review: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(spoilerguard.__dict__, "classify", interrupted)
    assert main(["classify", review]) == 130
    assert capsys.readouterr() == ("", "")


def test_an_error_of_ours_is_not_hidden(library: Calls, review: str) -> None:
    library.answer("classify", ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        main(["classify", review])


def test_help_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "check-data" in capsys.readouterr().out


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    (commands,) = (action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction))
    for command in commands.choices:
        assert main([command, "--help"]) == 0
        assert "exit status" in capsys.readouterr().out


# end to end, with the default model --------------------------------------------------------------------------------

ClassifyExample = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def classify_example(capsys: pytest.CaptureFixture[str]) -> ClassifyExample:
    def rows(name: str) -> list[dict[str, Any]]:
        assert main(["classify", str(EXAMPLES / name), "--format", "jsonl"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return rows


def test_the_spoilers_of_the_sample_review_are_found(classify_example: ClassifyExample) -> None:
    rows = classify_example("with_spoilers.txt")
    spoilers = [number for number, row in enumerate(rows) if row["label"] == "spoiler"]
    expected = {6, 7, 8, 9, 10}  # the second paragraph, after its warning
    assert len(expected & set(spoilers)) >= 4
    assert len(set(spoilers) - expected) <= 1


def test_the_sample_review_that_gives_nothing_away_is_left_alone(classify_example: ClassifyExample) -> None:
    assert [row["text"] for row in classify_example("without_spoilers.txt") if row["label"] == "spoiler"] == []


def test_offsets_lead_back_into_the_file(classify_example: ClassifyExample) -> None:
    review = (EXAMPLES / "with_spoilers.txt").read_text(encoding="utf-8")
    assert all(review[row["start"] : row["end"]] == row["text"] for row in classify_example("with_spoilers.txt"))


def test_redact_hides_what_classify_finds(
    classify_example: ClassifyExample, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [row["text"] for row in classify_example("with_spoilers.txt") if row["label"] == "spoiler"]
    assert main(["redact", str(EXAMPLES / "with_spoilers.txt")]) == 0
    hidden = capsys.readouterr().out
    assert "█" in hidden
    assert found
    assert not any(sentence in hidden for sentence in found)


def test_a_folder_that_is_no_model_is_refused(review: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused(["classify", review, "--model", str(tmp_path)], capsys)


def test_an_unknown_threshold_name_is_refused(review: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "bold" in refused(["classify", review, "--threshold", "bold"], capsys)


def started(*argv: str, **options: Any) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "spoilerguard", *argv]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def test_in_a_bare_locale_the_output_is_utf_8_all_the_same() -> None:
    review = str(EXAMPLES / "with_spoilers.txt")
    with started("redact", review, env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert "█" in out.decode("utf-8")


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="pipes break with a signal on POSIX only")
def test_a_reader_that_has_had_enough_ends_it_quietly(tmp_path: Path) -> None:
    file = tmp_path / "long.txt"
    file.write_text("The film is a fine one.\n" * 4000, encoding="utf-8")
    with started("classify", str(file)) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
    assert (process.returncode, err) == (141, b"")


# several reviews, folders, tables -----------------------------------------------------------------------------------

REVIEWS = ["Fine cast. In the end Anna dies.", "", "Dull. The nurse is the killer and she goes to prison."]


@pytest.fixture
def review_table(tmp_path: Path) -> Path:
    file = tmp_path / "reviews.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("id", "body"), *enumerate(REVIEWS)])
    return file


def records(argv: list[str], capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert main([*argv, "--format", "jsonl"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("name", [*(f"r{ending}" for ending in ENDINGS if ending != ".parquet"), "r.CSV", "r.csv.gz"])
def test_a_table_without_a_column_is_refused_and_the_option_named(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = b'{"id": 1, "body": "He dies."}\n' if "json" in name else b"id,body\n1,He dies.\n"
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert "--column" in refused(["classify", str(tmp_path / name)], capsys)


def test_a_misspelt_column_gets_a_suggestion(review_table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Did you mean 'body'?" in refused(["classify", str(review_table), "--column", "bdy"], capsys)


def test_each_row_of_a_table_is_a_review_and_rows_without_a_text_are_counted(
    review_table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["classify", str(review_table), "--column", "body", "--format", "jsonl"]) == 0
    out, err = capsys.readouterr()
    found = [json.loads(line) for line in out.splitlines()]
    expected = [(row, v) for row in (0, 2) for v in spoilerguard.classify(REVIEWS[row])]
    assert [(one["row"], one["text"], one["probability"]) for one in found] == [
        (row, v.text, v.probability) for row, v in expected
    ]
    assert "1 rows without a text" in err


def test_several_files_and_folders_name_the_source_of_each_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "more" / "deep").mkdir(parents=True)
    for place, text in (
        ("a.txt", "He dies."),
        ("more/b.txt", "Fine."),
        ("more/deep/c.txt", "So."),
        ("more/d.md", "No"),
    ):
        (tmp_path / place).write_text(text, encoding="utf-8")
    found = records(["classify", str(tmp_path / "a.txt"), str(tmp_path / "more")], capsys)
    assert [(Path(one["source"]).name, one["row"]) for one in found] == [
        ("a.txt", None),
        ("b.txt", None),
        ("c.txt", None),
    ]


def test_a_folder_without_texts_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "holds no .txt file" in refused(["classify", str(tmp_path)], capsys)


def test_a_pipe_needs_no_dash(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"In the end Anna dies."))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert [one["text"] for one in records(["classify"], capsys)] == ["In the end Anna dies."]


def test_output_goes_to_the_file_that_is_named(review: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", review, "--format", "csv", "--output", str(tmp_path / "out.csv")]) == 0
    assert capsys.readouterr().out == ""
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").startswith("text,start,end,label")


def test_another_encoding_is_refused_for_a_table(review_table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["classify", str(review_table), "--column", "body", "--encoding", "cp1252"]
    assert "a table is read as UTF-8: save it so" in refused(argv, capsys)


def test_another_encoding_is_read_where_it_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for encoding in ("utf-16", "cp1252"):
        (tmp_path / "a.txt").write_bytes("Café. He dies.".encode(encoding))
        found = records(["classify", str(tmp_path / "a.txt"), "--encoding", encoding], capsys)
        assert [one["text"] for one in found] == ["Café.", "He dies."]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", " =", "\ufeff="])
def test_a_sentence_that_looks_like_a_formula_is_not_run_by_a_spreadsheet(
    start: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"{start}SUM(A1:A9) is what he said before he died."
    (tmp_path / "r.jsonl").write_text(json.dumps({"t": text}) + "\n", encoding="utf-8")
    assert main(["classify", str(tmp_path / "r.jsonl"), "--column", "t", "--format", "csv"]) == 0
    cells = [cell for row in csv.reader(io.StringIO(capsys.readouterr().out)) for cell in row]
    assert not [cell for cell in cells if cell.strip().lstrip("\ufeff")[:1] in {"=", "+", "-", "@"}]
    [record] = records(["classify", str(tmp_path / "r.jsonl"), "--column", "t"], capsys)
    assert record["text"] in text  # JSON lines keep the true text


def test_explain_shows_the_verdict_and_its_heaviest_words_and_jsonl_all_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "r.txt").write_text("In the end the killer is the nurse.", encoding="utf-8")
    assert main(["explain", str(tmp_path / "r.txt")]) == 0
    sentence, verdict, reasons, against, _, legend = capsys.readouterr().out.splitlines()
    assert sentence == "In the end the killer is the nurse."
    assert re.fullmatch(r"● spoiler, \d\d %", verdict)
    assert re.match(r'  for      "killer" \+\d\.\d, ', reasons)
    assert re.match(r'  against  "[\w.]+" -\d\.\d', against)
    assert "doubles the odds" in legend
    [record] = records(["explain", str(tmp_path / "r.txt")], capsys)
    total = sum(part["weight"] for part in record["contributions"]) + record["intercept"] + record["context"]
    assert total == pytest.approx(record["logit"])


def test_a_long_review_is_written_in_parts_with_the_same_verdicts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spoilerguard.cli.commands._LARGE", 20_000)
    text = "The keeper walks. In the end Anna dies. " * 2000
    (tmp_path / "long.txt").write_text(text, encoding="utf-8")
    found = records(["classify", str(tmp_path / "long.txt")], capsys)
    assert [(one["start"], one["probability"]) for one in found] == [
        (v.start, v.probability) for v in spoilerguard.classify(text)
    ]


def test_a_closed_standard_output_is_one_line_and_status_2(review: str) -> None:
    command = f"exec {sys.executable} -m spoilerguard classify {review} >&-"
    done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "standard output is closed" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_shell_can_complete_the_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab", reason='needs pip install "spoilerguard[completion]"')
    assert main(["--print-completion", shell]) == 0
    assert "check-data" in capsys.readouterr().out


def test_without_its_extra_completion_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    for argv in (["--print-completion"], ["--print-completion", "bash"], ["--print-completion=zsh"]):
        assert 'pip install "spoilerguard[completion]"' in refused(argv, capsys)


def test_samples_are_written_into_a_folder_and_never_over_other_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "samples"
    assert main(["samples", str(folder)]) == 0
    written = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert {file.name for file in written} == {
        *("with_spoilers.txt", "without_spoilers.txt"),
        *("train.jsonl", "dev.jsonl", "test.jsonl"),
    }
    assert records(["classify", str(folder / "with_spoilers.txt")], capsys)
    assert len(spoilerguard.load_corpus(folder / "test.jsonl")) > 1000
    assert "is there already" in refused(["samples", str(folder)], capsys)
