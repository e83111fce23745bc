"""The command line on tables: ``classify`` and ``redact`` from file to file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from spoilerguard import classify_table
from spoilerguard.cli import main
from spoilerguard.tables import sources

REVIEWS = ["Fine cast. In the end Anna dies.", "", None, "Dull. The nurse is the killer and she goes to prison."]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of reviews, in a folder of its own."""
    path = tmp_path / "in" / "reviews.jsonl"
    path.parent.mkdir()
    lines = [json.dumps({"id": 7 + row, "film": "x", "body": text}) for row, text in enumerate(REVIEWS)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return err


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet", "csv.gz"])
@pytest.mark.parametrize("by", ["sentence", "review"])
def test_a_table_becomes_the_table_that_the_library_makes(
    by: str, ending: str, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, expected = tmp_path / f"out.{ending}", tmp_path / f"expected.{ending}"
    options = ["--column", "body", "--by", by, "--keep", "id", "--keep", "film", "--output", str(output)]
    assert main(["classify", str(table), *options]) == 0
    assert capsys.readouterr() == ("", "")
    classify_table(table, text="body", by=by, keep=["id", "film"], output=expected, progress=False)
    assert output.stat().st_size == expected.stat().st_size
    if ending in {"csv", "tsv", "jsonl"}:
        assert output.read_bytes() == expected.read_bytes()


def test_without_by_a_row_is_a_sentence(table: Path, tmp_path: Path) -> None:
    assert main(["classify", str(table), "--column", "body", "--output", str(tmp_path / "out.csv")]) == 0
    assert pd.read_csv(tmp_path / "out.csv")["row"].tolist() == [0, 0, 1, 2, 3, 3]


def test_several_tables_and_folders_become_one(table: Path, tmp_path: Path) -> None:
    argv = ["classify", str(table), str(table.parent), "--column", "body", "--by", "review"]
    assert main([*argv, "--output", str(tmp_path / "out.csv")]) == 0
    found = pd.read_csv(tmp_path / "out.csv")
    assert found["source"].tolist() == [str(table)] * 8
    assert found["row"].tolist() == [0, 1, 2, 3] * 2


def test_redact_adds_the_redacted_reviews(table: Path, tmp_path: Path) -> None:
    argv = ["redact", str(table), "--column", "body", "--style", "reddit", "--keep", "id"]
    assert main([*argv, "--output", str(tmp_path / "out.jsonl"), "--n-jobs", "2"]) == 0
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [record["redacted"] for record in found][:3] == ["Fine cast. >!In the end Anna dies.!<", "", None]
    assert [record["id"] for record in found] == [7, 8, 9, 10]


def test_threshold_and_model_count(table: Path, tmp_path: Path) -> None:
    argv = ["classify", str(table), "--column", "body", "--by", "review", "--threshold", "1"]
    assert main([*argv, "--model", "default", "--output", str(tmp_path / "out.csv")]) == 0
    assert pd.read_csv(tmp_path / "out.csv")["n_spoilers"].sum() == 0


def test_resume_goes_on_where_a_run_was_interrupted(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.csv"
    argv = ["classify", str(table), "--column", "body", "--output", str(output)]
    pieces = sources.pieces

    def stop_at_the_third(*arguments: Any) -> Iterator[Any]:
        for piece in pieces(*arguments):
            if piece.first == 2:
                raise KeyboardInterrupt
            yield piece

    with monkeypatch.context() as patch:
        patch.setattr("spoilerguard.tables.text_files.ROWS_AT_ONCE", 1)
        patch.setattr("spoilerguard.tables.runs.pieces", stop_at_the_third)
        assert main(argv) == 130
    assert "interrupted; it holds what is finished, and --resume goes on" in capsys.readouterr().err
    assert pd.read_csv(output)["row"].tolist() == [0, 0, 1]
    assert "2 finished rows of an interrupted run" in refused(argv, capsys)
    assert main([*argv, "--resume"]) == 0
    assert pd.read_csv(output)["row"].tolist() == [0, 0, 1, 2, 3, 3]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--by", "review"], "--by is for tables: name the --column of reviews, and an --output that ends in .csv"),
        (["--column", "body", "--keep", "id"], "--keep is for tables"),
        (["--column", "body", "--resume", "--output", "out.txt"], "--resume is for tables"),
        (["--column", "body", "--by", "review", "--output", "out.csv", "--format", "jsonl"], "without --format"),
        (["--column", "bdy", "--output", "out.csv"], "Did you mean 'body'?"),
        (["--column", "body", "--keep", "idd", "--output", "out.csv"], "Did you mean 'id'?"),
        (["--column", "id", "--output", "out.csv"], "line 1, row 0: column 'id' holds int, not text"),
        (["--column", "body", "--output", "in/reviews.jsonl"], "is the table that is read"),
        (["--column", "body", "--output", "none/out.csv"], "No such file or directory"),
    ],
)
def test_a_mistake_is_one_line(
    argv: list[str],
    message: str,
    table: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in refused(["classify", str(table), *argv], capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_table_from_standard_input_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = ["--column", "body", "--output", str(tmp_path / "out.csv")]
    for files in ([], ["-"]):
        assert "a table is read from a file or a folder" in refused(["classify", *files, *output], capsys)
    assert list(tmp_path.iterdir()) == []


def test_with_a_format_verdicts_are_written_as_ever(table: Path, tmp_path: Path) -> None:
    argv = ["classify", str(table), "--column", "body", "--format", "csv", "--output", str(tmp_path / "out.csv")]
    assert main(argv) == 0
    header = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == "source,row,text,start,end,label,probability,certain,marked,major,rule"
