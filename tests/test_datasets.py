"""Reading labelled tables: every format, the UCSD stream, and the fault behind each refusal."""

import csv
import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spoilerguard.corpus import Corpus
from spoilerguard.datasets import data_home, iter_goodreads, load_corpus, make_corpus
from spoilerguard.errors import CorpusError

ROWS = {
    "sentence": ['He says "no", then dies.', "NA", "Two\nlines.", "Überall schön \U0001f600"],
    "spoiler": [1, 0, 0, 1],
    "review_id": ["007", "007", None, None],
    "position": [0, 1, None, None],
    "work": ["Ü & I", "Ü & I", "None such", None],
}


def frame() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in ROWS.items()})


def write(path: Path) -> Path:
    """The same table in the format of the ending."""
    plain = path.with_suffix("") if path.suffix == ".gz" else path
    table = frame()
    if plain.suffix in (".csv", ".tsv"):
        data = table.to_csv(index=False, sep="\t" if plain.suffix == ".tsv" else ",").encode()
    elif plain.suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="writing parquet needs pyarrow")
        table.assign(position=table.position.astype("Int64"), spoiler=table.spoiler.astype(int)).to_parquet(plain)
        data = plain.read_bytes()
    else:
        data = "".join(json.dumps(row) + "\n" for row in table.to_dict("records")).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".json", ".parquet"])
def test_every_format_gives_the_same_corpus(tmp_path: Path, ending: str, packed: str) -> None:
    corpus = load_corpus(write(tmp_path / f"table{ending}{packed}"))
    assert corpus.digest == Corpus.from_frame(frame()).digest
    assert corpus.name == f"table{ending}{packed}"


def test_a_frame_and_a_corpus_are_taken_as_they_are() -> None:
    corpus = load_corpus(frame())
    assert load_corpus(corpus) is corpus


def test_something_that_is_no_table_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="path, a DataFrame or a Corpus"):
        load_corpus([1, 2])  # type: ignore[arg-type]


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "windows.csv"
    file.write_bytes(b"\xef\xbb\xbfsentence,spoiler\r\nHe dies.,yes\r\n")
    assert load_corpus(file).sentences == ["He dies."]


def delimited(delimiter: str = ",", line_end: str = "\n") -> str:
    """The table without its cell of two lines, every sentence quoted."""
    rows = [
        delimiter.join([*(f'"{cell}"' if "spoiler" in cell or "," in cell else cell for cell in row)])
        for row in (
            ["sentence", "spoiler", "work"],
            ["He says so; he dies, I think | or not.", "1", "Ü & I"],
            ["A long\u0085line\u2028of three, maybe.", "0", ""],
        )
    ]
    return line_end.join([*rows, ""])


SENTENCES = ["He says so; he dies, I think | or not.", "A long\u0085line\u2028of three, maybe."]
OTHER_FORMS: dict[str, tuple[str, bytes]] = {
    **{f"{name} in {ending}": (f"a{ending}", delimited(delimiter).encode())
       for name, delimiter in (("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("bar", "|"))
       for ending in (".csv", ".tsv", ".tab", ".CSV")},
    "sep= in the first line": ("a.csv", b"sep=;\r\n" + delimited(";", "\r\n").encode()),
    "sep= quoted and in capitals": ("a.csv", b'"SEP=|"\n' + delimited("|").encode()),
    "another delimiter in a quoted name": ("a.csv", delimited(";").replace("work", '"work, title"').encode()),
    "line ends of old Macs": ("a.csv", delimited(line_end="\r").encode()),
    "line ends of Windows": ("a.tsv", delimited("\t", "\r\n").encode()),
    "no line end behind the last row": ("a.csv", delimited().rstrip("\n").encode()),
    "blank lines": ("a.csv", b"\n\n" + delimited(line_end="\n\n").encode()),
    "a delimiter at the end of each row": ("a.csv", delimited().replace("\n", ",\n").encode()),
    "ending in capitals, packed": ("A.CSV.GZ", gzip.compress(delimited().encode())),
    "packed, named as if not": ("a.csv", gzip.compress(delimited().encode())),
    "UTF-16": ("a.csv", delimited().encode("utf-16")),
    "UTF-16, packed, with tabs": ("a.csv.gz", gzip.compress(delimited("\t").encode("utf-16"))),
    **{f"UTF-16 {order} without byte order mark{with_}": ("a.csv", table.encode(f"utf-16-{order}"))
       for order in ("le", "be")
       for with_, table in (("", delimited()), (", with tabs", delimited("\t", "\r\n")),
                            (", Cyrillic names", delimited().replace("work", "\u0444\u0438\u043b\u044c\u043c")))},
}  # fmt: skip


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_a_table_is_read_whatever_separates_its_cells_and_ends_its_lines(form: str, tmp_path: Path) -> None:
    name, data = OTHER_FORMS[form]
    (tmp_path / name).write_bytes(data)
    corpus = load_corpus(tmp_path / name)
    assert (corpus.sentences, corpus.labels.tolist()) == (SENTENCES, [1, 0])


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".csv.gz", ".jsonl"])
def test_a_cell_may_be_as_long_as_a_book_and_the_limit_of_others_stays(ending: str, tmp_path: Path) -> None:
    book, limit = "He said “so, so” and went. " * 20_000, csv.field_size_limit()
    table = pd.DataFrame({"sentence": [book, "Fine."], "spoiler": [1, 0]})
    path = tmp_path / f"long{ending}"
    if ending == ".jsonl":
        table.to_json(path, orient="records", lines=True)
    else:
        table.to_csv(path, index=False, sep="\t" if ending == ".tsv" else ",")
    assert load_corpus(path).sentences == [book, "Fine."]
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize("kind", ["polars", "polars lazy", "pyarrow", "pandas with Arrow columns"])
def test_a_table_of_another_library_gives_the_same_corpus(kind: str) -> None:
    module = pytest.importorskip(kind.split(maxsplit=1)[0] if kind.startswith("po") else "pyarrow")
    columns = ROWS | {"position": [0.0, 1.0, None, None]}
    makers: dict[str, Any] = {
        "polars": lambda: module.DataFrame(columns),
        "polars lazy": lambda: module.DataFrame(columns).lazy(),
        "pyarrow": lambda: module.table(columns),
        "pandas with Arrow columns": lambda: pd.DataFrame(columns).convert_dtypes(dtype_backend="pyarrow"),
    }
    assert load_corpus(makers[kind]()).digest == Corpus.from_frame(frame()).digest


def test_columns_can_be_renamed_while_reading(tmp_path: Path) -> None:
    file = tmp_path / "theirs.csv"
    file.write_text("tekst,oordeel\nHe dies.,spoiler\n", encoding="utf-8")
    assert load_corpus(file, columns={"sentence": "tekst", "spoiler": "oordeel"}).labels.tolist() == [1]


def test_json_lines_may_lack_keys_and_hold_lone_surrogates(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"sentence": "half \\ud83d", "spoiler": true}\n\n{"sentence": "b", "spoiler": 0, "work": "w"}\n')
    corpus = load_corpus(file)
    assert (corpus.sentences[0], corpus.groups.tolist()) == ("half \ud83d", ["row-0", "w"])


GOLD = {
    "review_id": "g1", "work": "tt1", "source": "imdb", "stratum": "random", "round": 1,
    "text": "Slow start. The maid did it!  Then he dies.", "spans": [[0, 11], [12, 28], [30, 43]], "labels": [0, 2, 1],
}  # fmt: skip


def test_whole_reviews_become_sentences_by_their_spans(tmp_path: Path) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text(json.dumps(GOLD) + "\n" + json.dumps({**GOLD, "review_id": "g2", "stratum": None}) + "\n")
    corpus = load_corpus(file)
    assert corpus.sentences[:3] == ["Slow start.", "The maid did it!", "Then he dies."]
    assert corpus.labels.tolist() == [0, 1, 1] * 2
    assert corpus.lengths.tolist() == [3, 3]
    assert corpus.frame.source.tolist()[2:4] == ["imdb/random", "imdb"]
    assert corpus.frame.position.tolist() == [0, 1, 2] * 2


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_whole_reviews_may_also_come_as_parquet_or_csv(tmp_path: Path, ending: str) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow", reason="writing parquet needs pyarrow")
    file = tmp_path / f"gold.{ending}"
    table = pd.DataFrame([GOLD])
    table.to_parquet(file) if ending == "parquet" else table.to_csv(file, index=False)
    assert load_corpus(file).labels.tolist() == [0, 1, 1]


def test_a_whole_review_without_id_is_still_one_review() -> None:
    bare = {name: GOLD[name] for name in ("text", "spans", "labels")}
    assert load_corpus(pd.DataFrame([bare, bare])).lengths.tolist() == [3, 3]


def goodreads(path: Path, reviews: int, size: int = 5) -> Path:
    with gzip.open(path, "wt", encoding="utf-8") as out:
        for number in range(reviews):
            pairs = [
                [int(place == 2), f"Sentence {place} of review {number}, long enough to weigh."]
                for place in range(size)
            ]
            review = {"user_id": "u", "book_id": number % 7, "review_id": f"r{number}", "has_spoiler": True}
            out.write(json.dumps(review | {"rating": 4, "review_sentences": pairs}) + "\n")
    return path


def test_the_ucsd_file_is_read_as_it_is_published(tmp_path: Path) -> None:
    corpus = load_corpus(goodreads(tmp_path / "goodreads_reviews_spoiler.json.gz", 9))
    assert corpus.lengths.tolist() == [5] * 9
    assert corpus.labels.sum() == 9
    assert len(set(corpus.groups)) == 7
    assert set(corpus.frame.source) == {"goodreads"}


def test_the_ucsd_stream_tells_user_and_tag_and_skips_blank_sentences(tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_text(
        '{"user_id": "u", "book_id": "b", "review_id": "r", "has_spoiler": false,'
        ' "review_sentences": [[0, " "], [0, "Ok."]]}'
    )
    review = next(iter_goodreads(file))
    assert (review.user_id, review.has_spoiler, review.sentences, review.line) == ("u", False, ("Ok.",), 1)


def test_the_ucsd_stream_needs_the_memory_of_a_review_not_of_the_file(tmp_path: Path) -> None:
    file = goodreads(tmp_path / "many.json.gz", 5000)
    tracemalloc.start()
    reviews = sum(1 for _ in iter_goodreads(file))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reviews == 5000
    assert peak < 1_000_000  # the file unpacked holds 2.3 million characters


def test_the_ucsd_columns_hold_little_more_than_the_sentences(tmp_path: Path) -> None:
    file = goodreads(tmp_path / "many.json.gz", 3000)
    tracemalloc.start()
    corpus = load_corpus(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 700 * len(corpus)  # bytes; a sentence alone has about 95


def test_the_data_folder_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOILERGUARD_DATA", "/srv/texts")
    assert data_home() == Path("/srv/texts")
    monkeypatch.delenv("SPOILERGUARD_DATA")
    assert data_home() == Path(__file__).parents[2] / "shared" / "data"


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "rows", "spoilers"),
    [("gold/dev.jsonl", 3736, 195), ("tvtropes.csv", 14784, None), ("goodreads_sentences.csv", 15000, 541)],
)
def test_the_projects_own_tables_load_with_the_documented_counts(file: str, rows: int, spoilers: int | None) -> None:
    path = data_home() / file
    if not path.exists():
        pytest.skip("the texts are not on this machine")
    corpus = load_corpus(path)
    assert len(corpus) == rows
    assert spoilers is None or corpus.labels.sum() == spoilers


def test_the_line_named_is_that_of_the_row_even_after_cells_of_several_lines(tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    file.write_text('sentence,spoiler\n"one\ntwo\nthree",0\n\nfour,perhaps\n', encoding="utf-8")
    with pytest.raises(CorpusError, match=r"lines\.csv, line 6, column 'spoiler': unknown label 'perhaps'"):
        load_corpus(file)


def test_a_fault_in_a_frame_names_the_row() -> None:
    with pytest.raises(CorpusError, match="the table, row 1, column 'spoiler': missing label"):
        load_corpus(pd.DataFrame({"sentence": ["a", "b"], "spoiler": [1, np.nan]}))


def test_invented_reviews_hang_on_the_seed_alone() -> None:
    assert make_corpus(seed=1).digest == make_corpus(seed=1).digest
    assert not set(make_corpus(seed=1).groups) & set(make_corpus(seed=2).groups)
    assert make_corpus(works=2, reviews=3, sentences=4).lengths.tolist() == [4] * 6
