"""Tables from file to file: every format, in pieces, interrupted and resumed."""

import csv
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spoilerguard
from spoilerguard import CorpusError, MissingExtraError, SpoilerClassifier, SpoilerguardError
from spoilerguard.spreadsheets import without_formula
from spoilerguard.tables import parquet_files, runs, sources, text_files

pa = pytest.importorskip("pyarrow", reason='Parquet needs pip install "spoilerguard[tables]"')
pytest.importorskip("pyarrow.parquet")

pytestmark = pytest.mark.filterwarnings("ignore:.* does not seem to be English")  # nor is what is generated

TEXTS = [
    'Great "music", really. The killer is the nurse.\nShe dies, too.',
    "",
    "Fine acting.",
    "- It drags.\rHe dies! =1+1 is shown.",
    None,
    "The café\u2028 closes. ||She is the killer.||",
]
IDS = ["007", "NA", "a,b", "-5", "=x", "é"]
READ = ["csv", "tsv", "jsonl", "parquet", "csv.gz", "tsv.gz", "jsonl.gz", "parquet.gz"]
WRITTEN = ["csv", "tsv", "jsonl", "parquet", "csv.gz", "tsv.gz", "jsonl.gz"]


def classify_table(table: Any, **options: Any) -> Any:
    return spoilerguard.classify_table(table, progress=False, **options)


def test_the_first_row_in_another_language_is_warned_of_once_whatever_the_table(tmp_path: Path) -> None:
    french = "C'est un film que j'ai beaucoup aimé. À la fin, Anna meurt et le tueur est son propre père."
    texts = ["A fine film, and well acted by everybody.", None, french, french]
    for table in (pd.DataFrame({"text": texts}), write(tmp_path / "t.jsonl", texts, [1, 2, 3, 4])):
        with pytest.warns(UserWarning, match=r"row 2: does not seem to be English") as warned:
            spoilerguard.classify_table(table, progress=False)
        assert len(warned) == 1
        assert warned[0].filename == __file__


def rows_of(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    cells = table.astype(object).where(table.notna(), None)
    return list(cells.itertuples(index=False, name=None))


def write(path: Path, texts: list[str | None] = TEXTS, ids: list[Any] = IDS) -> Path:
    """The texts and ids as a file; a csv file has no missing text but an empty one."""
    name = path.name.removesuffix(".gz")
    if name.endswith("parquet"):
        pa.parquet.write_table(pa.table({"id": ids, "text": texts}), path, row_group_size=4)
        if path.name.endswith(".gz"):
            path.write_bytes(gzip.compress(path.read_bytes()))
        return path
    opened: Any = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8", newline="") as stream:
        if name.endswith("jsonl"):
            for one, text in zip(ids, texts, strict=True):
                stream.write(json.dumps({"id": one, "text": text}) + "\n")
        else:
            writer = csv.writer(stream, delimiter="," if name.endswith("csv") else "\t", quoting=csv.QUOTE_ALL)
            writer.writerows([("id", "text"), *zip(ids, texts, strict=True)])
    return path


def read(path: Path) -> list[dict[str, Any]]:
    """The records of a file, read by another library than ours; without the apostrophes before formulas."""
    name = path.name.removesuffix(".gz")
    if name.endswith("parquet"):
        records: list[dict[str, Any]] = pa.parquet.read_table(path).to_pylist()
        return records
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_bytes().decode()
    if name.endswith("jsonl"):
        return [json.loads(line) for line in text.split("\n")[:-1]]
    truth = {"true": True, "false": False, "": None}
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter="," if name.endswith("csv") else "\t")
    return [
        {
            name: truth[cell] if name in {"certain", "marked"} else cell.removeprefix("'") or None
            for name, cell in row.items()
        }
        for row in rows
    ]


def as_text(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Numbers as text, as a csv file has them."""
    return [
        {name: str(cell) if type(cell) in (int, float) else cell or None for name, cell in record.items()}
        for record in records
    ]


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of two rows, so that a small table has several."""
    for module in (sources, text_files, parquet_files):
        monkeypatch.setattr(module, "ROWS_AT_ONCE", 2)


@pytest.fixture
def expected(tiny_model: SpoilerClassifier) -> list[dict[str, Any]]:
    """The records of a table in memory, the index as column ``row``."""
    frame = pd.DataFrame({"id": IDS, "text": TEXTS})
    found = classify_table(frame, keep="id", model=tiny_model).rename_axis("row").reset_index()
    return [dict(zip(found.columns, row, strict=True)) for row in rows_of(found)]


# formats -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", READ)
def test_a_file_gives_the_rows_of_a_table_in_memory(
    ending: str, tmp_path: Path, small_pieces: None, tiny_model: SpoilerClassifier, expected: list[dict[str, Any]]
) -> None:
    found = classify_table(write(tmp_path / f"in.{ending}"), keep="id", model=tiny_model)
    assert rows_of(found) == [tuple(record.values()) for record in expected]


@pytest.mark.parametrize("ending", WRITTEN)
def test_each_format_is_written_so_that_others_read_the_same(
    ending: str, tmp_path: Path, small_pieces: None, tiny_model: SpoilerClassifier, expected: list[dict[str, Any]]
) -> None:
    source, output = write(tmp_path / "in.jsonl"), tmp_path / f"out.{ending}"
    assert classify_table(source, keep="id", output=output, model=tiny_model) == output
    assert as_text(read(output)) == as_text(expected)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", output.name]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("library", ["pandas", "pyarrow"])
def test_a_table_in_memory_can_be_written_too(
    library: str,
    ending: str,
    tmp_path: Path,
    small_pieces: None,
    tiny_model: SpoilerClassifier,
    expected: list[dict[str, Any]],
) -> None:
    columns = {"id": IDS, "text": TEXTS}
    table = pd.DataFrame(columns, index=list("uvwxyz")) if library == "pandas" else pa.table(columns)
    output = classify_table(table, keep="id", output=tmp_path / f"out.{ending}", model=tiny_model)
    assert as_text(read(output)) == as_text(expected)


def test_by_review_a_file_has_one_row_for_each_and_the_redacted_text(
    tmp_path: Path, small_pieces: None, tiny_model: SpoilerClassifier
) -> None:
    output = tmp_path / "out.parquet"
    options: dict[str, Any] = {"by": "review", "style": "discord", "model": tiny_model}
    classify_table(write(tmp_path / "in.parquet"), output=output, **options)
    frame = classify_table(pd.DataFrame({"text": TEXTS}), **options).rename_axis("row").reset_index()
    assert [tuple(record.values()) for record in read(output)] == rows_of(frame)


def test_parquet_keeps_the_types_of_what_is_kept(tmp_path: Path, tiny_model: SpoilerClassifier) -> None:
    table = pa.table(
        {
            "text": ["Fine.", None],
            "large": [2**60 + 1, None],
            "day": pa.array([1, None], pa.timestamp("us", "UTC")),
            "kind": pa.array(["a", None]).dictionary_encode(),
            "spans": pa.array([[[1, 2]], None]),
        }
    )
    pa.parquet.write_table(table, tmp_path / "in.parquet")
    keep = ["large", "day", "kind", "spans"]
    output = classify_table(tmp_path / "in.parquet", keep=keep, output=tmp_path / "out.parquet", model=tiny_model)
    assert pa.parquet.read_table(output).select(keep).equals(table.select(keep))


@pytest.mark.parametrize("kind", ["categories", "large text", "text"])
def test_tables_of_polars_are_written_and_read_whatever_holds_their_texts(
    kind: str, tmp_path: Path, tiny_model: SpoilerClassifier
) -> None:
    pl = pytest.importorskip("polars")
    table = pl.DataFrame({"text": TEXTS, "kind": list("abcabc")}).with_columns(pl.col("kind").cast(pl.Categorical))
    if kind == "categories":
        table = table.with_columns(pl.col("text").cast(pl.Categorical))
    table.write_parquet(tmp_path / "in.parquet", use_pyarrow=kind == "large text")
    options: dict[str, Any] = {"keep": "kind", "by": "review", "model": tiny_model}
    expected = classify_table(table, **options).with_columns(pl.col("kind").cast(pl.String))
    for source in (table, tmp_path / "in.parquet"):
        output = classify_table(source, output=tmp_path / "out.parquet", **options)
        assert pl.read_parquet(output).with_columns(pl.col("kind").cast(pl.String)).equals(expected)


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([1, None, 3], [1, None, 3]),
        ([1, 2.5, None], [1.0, 2.5, None]),
        ([True, False, None], [True, False, None]),
        ([None, None, None], [None, None, None]),
        ([1, "a", None], ["1", "a", None]),
        ([1, 2**70, None], ["1", str(2**70), None]),
        ([[1], {"a": 2}, "x"], ["[1]", '{"a": 2}', "x"]),
    ],
)
def test_values_of_json_get_one_type_in_parquet(
    values: list[Any], kept: list[Any], tmp_path: Path, small_pieces: None, tiny_model: SpoilerClassifier
) -> None:
    source = write(tmp_path / "in.jsonl", ["Fine."] * 3, values)
    output = classify_table(source, keep="id", by="review", output=tmp_path / "out.parquet", model=tiny_model)
    assert [record["id"] for record in read(output)] == kept


def test_a_spreadsheet_runs_nothing_of_a_csv_file(tmp_path: Path, tiny_model: SpoilerClassifier) -> None:
    texts = ["=1+1 is the sum.", "-5", "- So dull.", "@home it is.", "Fine.\tReally."]
    for ending in ("csv", "jsonl"):
        classify_table(pd.DataFrame({"text": texts}), output=tmp_path / f"out.{ending}", model=tiny_model)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        cells = [row["sentence"] for row in csv.DictReader(stream)]
    assert cells == ["'=1+1 is the sum.", "-5", "'- So dull.", "'@home it is.", *cells[4:]]
    assert [record["sentence"] for record in read(tmp_path / "out.jsonl")][:2] == texts[:2]


@pytest.mark.parametrize(("ending", "shown"), [("csv", "?"), ("parquet", "?"), ("jsonl", "\ud83d")])
def test_half_a_character_is_a_question_mark_where_it_cannot_be_written(
    ending: str, shown: str, tmp_path: Path, tiny_model: SpoilerClassifier
) -> None:
    source = write(tmp_path / "in.jsonl", ["Fine \ud83d cast."], ["\ud83d"])
    output = classify_table(source, keep="id", output=tmp_path / f"out.{ending}", model=tiny_model)
    assert [(record["id"], record["sentence"]) for record in read(output)] == [(shown, f"Fine {shown} cast.")]


@pytest.mark.parametrize("ending", WRITTEN)
def test_a_table_without_a_row_gives_a_file_without_one(
    ending: str, tmp_path: Path, tiny_model: SpoilerClassifier
) -> None:
    output = classify_table(write(tmp_path / "in.csv", [], []), output=tmp_path / f"out.{ending}", model=tiny_model)
    assert read(output) == []


def test_a_file_without_a_row_is_no_fault(tmp_path: Path, tiny_model: SpoilerClassifier) -> None:
    write(tmp_path / "a.jsonl", [], [])
    write(tmp_path / "b.jsonl")
    found = classify_table(tmp_path, by="review", keep="id", model=tiny_model)
    assert found["source"].unique().tolist() == [str(tmp_path / "b.jsonl")]


def test_several_files_and_folders_become_one_table_that_names_the_file(
    tmp_path: Path, small_pieces: None, tiny_model: SpoilerClassifier
) -> None:
    folder = tmp_path / "in"
    (folder / "_temporary").mkdir(parents=True)
    names = ["a.csv", "b.jsonl.gz", "c.parquet"]
    for name in (*names, "_temporary/d.csv", ".e.csv"):
        write(folder / name)
    (folder / "notes.txt").write_text("no table", encoding="utf-8")
    found = classify_table([folder, folder / "a.csv"], by="review", keep="id", model=tiny_model)
    assert found["source"].tolist() == [str(folder / name) for name in (*names, "a.csv") for _ in TEXTS]
    assert found["row"].tolist() == list(range(6)) * 4
    assert found["id"].tolist() == IDS * 4


@given(texts=st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=40), max_size=6))
@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
def test_whatever_the_texts_are_a_file_holds_the_rows_of_memory(ending: str, texts: list[str | None]) -> None:
    expected = classify_table(pd.DataFrame({"text": pd.Series(texts, dtype=object)}), model=_small_model())
    with TemporaryDirectory() as folder:
        source = Path(folder, "in.parquet")
        pa.parquet.write_table(pa.table({"text": pa.array(texts, pa.string())}), source)
        output = classify_table(source, output=Path(folder, f"out.{ending}"), model=_small_model())
        found = classify_table(output, text="sentence", by="review", keep="start", model=_small_model())
        records = read(output)
    sentences = [None if cell is pd.NA else str(cell) for cell in expected["sentence"]]
    if ending in {"csv", "tsv"}:
        sentences = [cell and (str(without_formula(cell)).removeprefix("'") or None) for cell in sentences]
    assert [record["sentence"] for record in records] == sentences
    assert len(found) == len(expected)


@cache
def _small_model() -> SpoilerClassifier:
    return SpoilerClassifier(C=10).fit(["He dies.", "Great music."], [1, 0])


# faults ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"id,txt\n1,x\n", "no column 'text'; it has id, txt. Did you mean 'txt'"),
        ("a.csv", b"text,id,text\nx,1,y\n", "duplicated column 'text'"),
        ("a.csv", b"text,id\nx,1\ny\n", "line 3: ragged row"),
        ("a.csv", b"", "empty table"),
        ("a.jsonl", b'{"text": "x"}\n{"text": 5}\n', "line 2, row 1: column 'text' holds int, not text"),
        ("a.jsonl", b'{"text": "x"}\n{"text": \n', "line 2: broken JSON"),
        ("a.jsonl", b'{"body": "x"}\n', "no column 'text'; it has body"),
        ("a.csv.gz", b"text\nx\n", "not gzip"),
        ("a.parquet", b"PAR1 and no more", "broken Parquet"),
        ("a.parquet", b"text\nx\n", "broken Parquet"),
        ("a.parquet.gz", b"PAR1", "not gzip|broken Parquet"),
        ("a.xlsx", b"x", "unknown file ending; known are .csv"),
    ],
)
def test_a_faulty_file_is_named_before_anything_is_written(
    name: str, content: bytes, message: str, tmp_path: Path, tiny_model: SpoilerClassifier
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError, match=message) as caught:
        classify_table(tmp_path / name, output=tmp_path / "out.csv", model=tiny_model)
    assert str(tmp_path / name) in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_column_of_numbers_in_parquet_is_no_column_of_texts(tmp_path: Path) -> None:
    pa.parquet.write_table(pa.table({"text": [1]}), tmp_path / "in.parquet")
    with pytest.raises(CorpusError, match="column 'text' holds int64, not text"):
        classify_table(tmp_path / "in.parquet")


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such file"):
        classify_table(tmp_path / "in.csv")
    with pytest.raises(CorpusError, match="holds no table"):
        classify_table(tmp_path)


@pytest.mark.parametrize("name", ["out.xlsx", "out", "out.parquet.gz"])
def test_an_output_of_unknown_format_is_refused(name: str, tmp_path: Path, tiny_model: SpoilerClassifier) -> None:
    with pytest.raises(ValueError, match=r"output must end in \.csv, \.tsv"):
        classify_table(write(tmp_path / "in.csv"), output=tmp_path / name, model=tiny_model)


def test_the_table_that_is_read_is_never_the_output(tmp_path: Path, tiny_model: SpoilerClassifier) -> None:
    source = write(tmp_path / "in.csv")
    before = source.read_bytes()
    with pytest.raises(ValueError, match="is the table that is read"):
        classify_table(source, output=tmp_path / "." / "in.csv", model=tiny_model)
    assert source.read_bytes() == before


def test_without_pyarrow_text_files_work_and_parquet_names_the_extra(
    tmp_path: Path, tiny_model: SpoilerClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, packed = write(tmp_path / "in.csv"), write(tmp_path / "in.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert read(classify_table(source, output=tmp_path / "out.jsonl", model=tiny_model))
    for table, output in ((packed, "out.csv"), (source, "out.parquet")):
        with pytest.raises(MissingExtraError, match=r"spoilerguard\[tables\]"):
            classify_table(table, output=tmp_path / output, model=tiny_model)


# interrupted and resumed -------------------------------------------------------------------------------------------


@contextmanager
def pieces_read(stop_at: int | None = None) -> Iterator[list[int]]:
    """The first rows of the pieces that a run reads; at the row `stop_at` it stops as if by control-C."""
    pieces, found = sources.pieces, list[int]()

    def watched(*arguments: Any) -> Iterator[Any]:
        for piece in pieces(*arguments):
            if piece.first == stop_at:
                raise KeyboardInterrupt
            found.append(piece.first)
            yield piece

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "pieces", watched)
        yield found


def interrupt(folder: Path, ending: str, model: SpoilerClassifier, at: int = 4) -> None:
    """A run that stops at a row."""
    write(folder / "in.parquet")
    with pieces_read(stop_at=at), pytest.raises(KeyboardInterrupt):
        run(folder, ending, model)


def run(folder: Path, ending: str, tiny: SpoilerClassifier, **options: Any) -> Path:
    options = {"keep": "id", "output": folder / f"out.{ending}", "model": tiny} | options
    return Path(classify_table(folder / "in.parquet", **options))


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("ending", WRITTEN)
def test_an_interrupted_run_leaves_what_is_finished_and_goes_on_there(
    ending: str, n_jobs: int, tmp_path: Path, small_pieces: None, tiny_model: SpoilerClassifier
) -> None:
    whole = read(
        classify_table(write(tmp_path / "in.parquet"), keep="id", output=tmp_path / "w.jsonl", model=tiny_model)
    )
    (tmp_path / "w.jsonl").unlink()
    interrupt(tmp_path, ending, tiny_model)
    finished = [record for record in whole if record["row"] < 4]
    assert as_text(read(tmp_path / f"out.{ending}")) == as_text(finished)
    with pieces_read() as first_rows:
        output = run(tmp_path, ending, tiny_model, resume=True, n_jobs=n_jobs)
    assert first_rows == [4]
    assert as_text(read(output)) == as_text(whole)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet", output.name]


def test_a_run_may_be_interrupted_again_and_again(
    tmp_path: Path, small_pieces: None, tiny_model: SpoilerClassifier
) -> None:
    interrupt(tmp_path, "jsonl", tiny_model, at=2)
    with pieces_read(stop_at=4), pytest.raises(KeyboardInterrupt):
        run(tmp_path, "jsonl", tiny_model, resume=True)
    resumed = read(run(tmp_path, "jsonl", tiny_model, resume=True))
    assert resumed == read(run(tmp_path, "jsonl", tiny_model))


def test_a_run_that_finished_nothing_leaves_an_earlier_output_as_it_was(
    tmp_path: Path, small_pieces: None, tiny_model: SpoilerClassifier
) -> None:
    (tmp_path / "out.csv").write_text("earlier", encoding="utf-8")
    interrupt(tmp_path, "csv", tiny_model, at=0)
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "earlier"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet", "out.csv"]


def test_without_resume_the_work_of_an_interrupted_run_is_not_thrown_away(
    tmp_path: Path, small_pieces: None, tiny_model: SpoilerClassifier
) -> None:
    interrupt(tmp_path, "csv", tiny_model)
    with pytest.raises(SpoilerguardError, match=r"4 finished rows of an interrupted run; go on with resume=True"):
        run(tmp_path, "csv", tiny_model)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"threshold": 0.9}, "thresholds"),
        ({"by": "review"}, "columns"),
        ({"keep": None}, "columns"),
        ({"text": "id", "keep": None}, "text"),
        ({"markup": "html"}, "markup"),
        ({"model": "default"}, "model"),
    ],
)
def test_a_run_about_something_else_does_not_go_on_there(
    options: dict[str, Any], named: str, tmp_path: Path, small_pieces: None, tiny_model: SpoilerClassifier
) -> None:
    interrupt(tmp_path, "csv", tiny_model)
    with pytest.raises(SpoilerguardError, match=rf"was about something else \(.*{named}"):
        run(tmp_path, "csv", tiny_model, **{"resume": True} | options)


def test_a_run_does_not_go_on_with_another_file(
    tmp_path: Path, small_pieces: None, tiny_model: SpoilerClassifier
) -> None:
    interrupt(tmp_path, "csv", tiny_model)
    write(tmp_path / "in.parquet", [*TEXTS[:-1], "Another end."])
    with pytest.raises(SpoilerguardError, match=r"was about something else \(sources\)"):
        run(tmp_path, "csv", tiny_model, resume=True)


def test_resuming_what_was_never_interrupted_starts_at_the_first_row(
    tmp_path: Path, small_pieces: None, tiny_model: SpoilerClassifier
) -> None:
    write(tmp_path / "in.parquet")
    for _ in range(2):
        with pieces_read() as first_rows:
            run(tmp_path, "csv", tiny_model, resume=True)
        assert first_rows == [0, 2, 4]


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path, tiny_model: SpoilerClassifier) -> None:
    write(tmp_path / "in.parquet")
    (tmp_path / "out.csv.parts").mkdir()
    (tmp_path / "out.csv.parts" / "mine.txt").write_text("kept", encoding="utf-8")
    with pytest.raises(FileExistsError):
        run(tmp_path, "csv", tiny_model, resume=True)
    assert (tmp_path / "out.csv.parts" / "mine.txt").exists()


def test_a_run_that_was_killed_before_its_first_part_starts_again(
    tmp_path: Path, tiny_model: SpoilerClassifier
) -> None:
    write(tmp_path / "in.parquet")
    (tmp_path / "out.csv.parts").mkdir()
    (tmp_path / "out.csv.parts" / "unfinished.json").write_text("{", encoding="utf-8")
    assert len(read(run(tmp_path, "csv", tiny_model))) == 12


@pytest.mark.slow
def test_a_killed_run_loses_its_last_part_only(tmp_path: Path) -> None:
    texts = [f"Number {number} was fine. In the end she dies." for number in range(300)]
    write(tmp_path / "in.parquet", list(texts), list(range(300)))
    code = (
        "from spoilerguard.tables import parquet_files; parquet_files.ROWS_AT_ONCE = 20; import spoilerguard; "
        "spoilerguard.classify_table('in.parquet', output='out.parquet', resume=True)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(spoilerguard.__file__).parents[1])}
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment)
    parts, deadline = tmp_path / "out.parquet.parts", time.monotonic() + 60
    while len(list(parts.glob("0*"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    n_finished = 20 * len(list(parts.glob("0*")))
    assert 60 <= n_finished < 300
    with pieces_read() as first_rows:
        output = classify_table(tmp_path / "in.parquet", output=tmp_path / "out.parquet", resume=True)
    assert first_rows[0] == n_finished
    assert read(output) == read(classify_table(tmp_path / "in.parquet", output=tmp_path / "again.parquet"))


def test_a_run_holds_one_piece_at_a_time(
    tmp_path: Path, small_pieces: None, tiny_model: SpoilerClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "in.parquet", ["Fine. She dies."] * 40, list(range(40)))
    written: list[int] = []
    with pieces_read() as first_rows, monkeypatch.context() as patch:
        patch.setattr(runs.Run, "frames", lambda self, skip=0, frames=runs.Run.frames: _noted(frames(self, skip)))

        def _noted(frames: Iterator[Any]) -> Iterator[Any]:
            for found in frames:
                written.append(len(first_rows))
                yield found

        run(tmp_path, "csv", tiny_model)
    assert written == list(range(1, 21))
