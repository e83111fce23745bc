"""Every kind of fault that a table has been seen with, put into a clean one: each is reported by its name."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spoilerguard.checks import check_corpus
from spoilerguard.datasets import load_corpus, make_corpus
from spoilerguard.errors import CorpusError


def clean_table(**how: Any) -> Any:
    return make_corpus(**how).frame.astype(object)


Edit = Callable[[Any], Any]


def cell(row: int, column: str, value: object) -> Edit:
    """Another value in one cell."""

    def edit(table: Any) -> Any:
        table.at[row, column] = value
        return table

    return edit


def text(change: Callable[[str], str], *, only: int | None = None, every: int = 1) -> Edit:
    """Other sentences: all, those with one label, or each n-th."""

    def edit(table: Any) -> Any:
        rows = [row for row in table.index[::every] if only is None or table.spoiler[row] == only]
        for row in rows:
            table.at[row, "sentence"] = change(table.at[row, "sentence"])
        return table

    return edit


def column(name: str, values: Callable[[Any], Any]) -> Edit:
    """Another column."""
    return lambda table: table.assign(**{name: values(table)})


def swapped(one: str, other: str) -> Edit:
    return lambda table: table.rename(columns={one: other, other: one})


def again(*rows: int, **changes: Any) -> Edit:
    """Rows once more at the end, as sentences on their own unless changed."""

    def edit(table: Any) -> Any:
        more = table.loc[list(rows)].assign(review_id=None, position=None, **changes)
        return pd.concat([table, more], ignore_index=True)

    return edit


def split_in_two(crossing: str) -> Edit:
    """A split that puts a work, a review, or a sentence on both sides."""

    def edit(table: Any) -> Any:
        half = table.work.isin(table.work.unique()[:6])
        table = table.assign(split=np.where(half, "train", "test"))
        last = table.index[-1]
        if crossing == "work":
            table.loc[last - 5 :, "split"] = "train"
        elif crossing == "review":
            table.at[last, "split"] = "train"
        else:
            change = "late" if crossing == "near" else ""
            table.at[last, "sentence"] = table.at[0, "sentence"].removesuffix(".") + f" {change}."
        return table

    return edit


# ---- faults that stop reading: the words of the message ----


def written(data: bytes | str, name: str = "broken.csv") -> Callable[[Path], Path]:
    """A file with these bytes."""

    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return write


def gold(**changes: object) -> Callable[[Path], Path]:
    """A whole review with a fault."""
    review = {"review_id": "r", "text": "Dull. He dies.", "spans": [[0, 5], [6, 14]], "labels": [0, 2], "work": "W"}
    return written(json.dumps({**review, **changes}), "gold.jsonl")


def edited(edit: Edit) -> Callable[[Path], pd.DataFrame]:
    return lambda _folder: edit(clean_table(works=2, reviews=1, sentences=3))


def broken_parquet(folder: Path) -> Path:
    pytest.importorskip("pyarrow", reason="reading parquet needs pyarrow")
    return written(b"PAR1 or so", "cut.parquet")(folder)


HEAD = "sentence,spoiler,review_id,position,work\n"
UCSD = '{"review_id": "r", "review_sentences": %s}'

UNREADABLE: dict[str, Callable[[Path], object]] = {
    "missing column 'spoiler'": edited(lambda table: table.drop(columns="spoiler")),
    "missing column 'sentence'": written("text,spoiler\nHe dies.,1\n"),
    "duplicated column 'spoiler'": written("sentence,spoiler,spoiler\nHe dies.,1,0\n"),
    "line 3, column 'spoiler': unknown label 'maybe'": written(HEAD + "A.,1,,,\nB.,maybe,,,\n"),
    "unknown label 2": edited(cell(1, "spoiler", 2)),
    "row 1, column 'spoiler': missing label": edited(cell(1, "spoiler", float("nan"))),
    "line 2, column 'spoiler': missing label": written(HEAD + "A.,,,,\n"),
    "row 2, column 'sentence': empty sentence": edited(cell(2, "sentence", " \t")),
    "row 0, column 'sentence': empty sentence": edited(cell(0, "sentence", None)),
    "column 'sentence': not text but int": edited(cell(0, "sentence", 12)),
    "column 'position': duplicated position 0": edited(cell(1, "position", 0)),
    "column 'position': missing position": edited(cell(1, "position", None)),
    "position -1 is not a whole number": edited(cell(0, "position", -1)),
    "position 1.5 is not a whole number": edited(cell(1, "position", 1.5)),
    "position 'first' is not a number": edited(cell(0, "position", "first")),
    "weight -2 is not a finite number": edited(cell(0, "weight", -2)),
    "weight inf is not a finite number": edited(cell(0, "weight", float("inf"))),
    "one review under two works": edited(cell(1, "work", "Another film")),
    "empty table": written(HEAD),
    "empty table; the first line": written(""),
    "empty table; it needs at least one object": written("\n", "none.jsonl"),
    "ragged row: 4 cells under 5 columns": written(HEAD + "Well, he dies.,1,\n"),
    "broken quoting": written(HEAD + '"He dies.,1,,,\n'),
    "line 3: mixed encodings: byte 0xe9": written(
        HEAD.encode() + "Café au lait.,0,,,\n".encode() + b"Caf\xe9 noir.,0,,,\n"
    ),
    "wrong encoding: UTF-16": written((HEAD + "A.,1,,,\n").encode("utf-16")),
    "line 2: broken JSON": written('{"sentence": "A.", "spoiler": 1}\n{"sentence": "B.",\n', "half.jsonl"),
    "not a JSON object but one array": written('[{"sentence": "A.", "spoiler": 1}]', "array.json"),
    "unknown file ending '.xlsx'": written(b"PK", "table.xlsx"),
    "no such file": lambda folder: folder / "nowhere.csv",
    "is a folder": lambda folder: folder,
    "named .gz but not gzip": written(HEAD, "plain.csv.gz"),
    "broken gzip": written(gzip.compress((HEAD + "A.,1,,,\n" * 50).encode())[:-12], "cut.csv.gz"),
    "broken parquet": broken_parquet,
    "span out of range: [6, 99]": gold(spans=[[0, 5], [6, 99]]),
    "overlapping spans: [4, 14]": gold(spans=[[0, 5], [4, 14]]),
    "is not a pair of whole numbers": gold(spans=[[0, 5], [6]]),
    "empty sentence: span [5, 6]": gold(spans=[[0, 5], [5, 6]]),
    "2 spans but 1 labels": gold(labels=[1]),
    "unknown label 3; write 0 (safe), 1 (minor)": gold(labels=[0, 3]),
    "labels must be a list": gold(labels=1),
    "empty review": gold(text=" "),
    "is not a [label, sentence] pair": written(UCSD % '["He dies."]', "ucsd.json"),
    "column 'review_sentences': unknown label 7": written(UCSD % '[[7, "He dies."]]', "ucsd.json"),
    "missing column 'review_sentences'": written(UCSD % "[]" + '\n{"review_id": "s"}', "ucsd.json"),
}


@pytest.mark.parametrize("message", UNREADABLE)
def test_a_table_that_cannot_be_read_is_refused_with_place_and_cause(message: str, tmp_path: Path) -> None:
    table = UNREADABLE[message](tmp_path)
    with pytest.raises(CorpusError) as refusal:
        load_corpus(table)  # type: ignore[arg-type]
    assert message in str(refusal.value)
    assert str(table if isinstance(table, Path) else "the table") in str(refusal.value)


def test_a_name_that_is_not_ours_in_columns_is_refused() -> None:
    with pytest.raises(CorpusError, match="unknown column name 'sentense' in columns="):
        load_corpus(clean_table(), columns={"sentense": "text"})


# ---- faults that can be read: the name of the finding ----


def last_row_says(change: Callable[[str], str]) -> Edit:
    """The first sentence once more, changed, at the end."""
    return lambda table: again(0, sentence=change(table.sentence[0]))(table)


def relabelled(*rows: int) -> Edit:
    """Rows once more, with the other label."""
    return lambda table: again(*rows, spoiler=[1 - table.spoiler[row] for row in rows])(table)


def review_again(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table, table[:6].assign(review_id="another id", work="Another film")], ignore_index=True)


def sliding(table: pd.DataFrame) -> pd.DataFrame:
    """Positions of one review that jump from 2 to 5."""
    return table.assign(position=[*table.position[:3], 5, 6, 7, *table.position[6:]])


def by_block(key: str) -> Edit:
    """The same label for the whole work or review."""
    return column("spoiler", lambda t: (pd.factorize(t[key])[0] % 4 == 0).astype(int))


SUSPICIOUS: list[tuple[str, Edit]] = [
    # duplicates
    ("exact-duplicates", again(3, 4, 50)),
    ("near-duplicates", last_row_says(str.upper)),
    ("near-duplicates", last_row_says(lambda s: s.replace(".", " indeed."))),
    ("conflicting-labels", relabelled(3, 4, 5, 8)),
    ("duplicate-reviews", review_again),
    # classes, works, reviews, weights
    ("one-class", column("spoiler", lambda t: 0)),
    ("one-class", column("spoiler", lambda t: 1)),
    ("tiny-class", column("spoiler", lambda t: [int(row % 20 == 0) for row in range(len(t))])),
    ("few-spoilers", column("spoiler", lambda t: [int(row in (7, 99)) for row in range(len(t))])),
    ("many-spoilers", column("spoiler", lambda t: 1 - t.spoiler)),
    ("too-few-works", column("work", lambda t: ["Film a"] * 144 + ["Film b"] * 144)),
    ("works-missing", lambda t: t.drop(columns="work")),
    ("works-missing", column("work", lambda t: [None] * 24 + t.work.to_list()[24:])),
    ("dominant-work", column("work", lambda t: ["Film 0-0"] * 144 + t.work.to_list()[144:])),
    (
        "work-differs-on-every-row",
        lambda t: t.drop(columns=["review_id", "position"]).assign(work=[f"w{n}" for n in t.index]),
    ),
    ("work-spelled-in-two-ways", column("work", lambda t: [w.upper() if n < 6 else w for n, w in enumerate(t.work)])),
    ("label-follows-work", by_block("work")),
    ("label-follows-review", by_block("review_id")),
    ("no-reviews", lambda t: t.drop(columns=["review_id", "position"])),
    ("positions-missing", lambda t: t.drop(columns="position")),
    ("position-gaps", sliding),
    ("positions-not-from-zero", column("position", lambda t: t.position + 1)),
    ("all-weights-zero", column("weight", lambda t: 0)),
    ("zero-weights", cell(9, "weight", 0)),
    ("extreme-weights", cell(9, "weight", 5000)),
    # the two sides of a split
    ("work-on-both-sides", split_in_two("work")),
    ("review-on-both-sides", split_in_two("review")),
    ("sentence-on-both-sides", split_in_two("sentence")),
    ("near-sentence-on-both-sides", split_in_two("near")),
    # cues that give the label away
    ("cue-double-blanks", text(lambda s: s.replace(" ", "  ", 1), only=1)),
    ("cue-blank-before-punctuation", text(lambda s: s.replace(".", " ."), only=1)),
    ("cue-markup", text(lambda s: f"<i>{s}</i>", only=1)),
    ("cue-edge-blanks", text(lambda s: s + " ", only=1)),
    ("cue-leading-punctuation", text(lambda s: f"- {s}", only=1)),
    ("cue-no-final-punctuation", text(lambda s: s.rstrip("."), only=0)),
    ("cue-ellipsis", text(lambda s: s.replace(".", "..."), only=1)),
    ("cue-non-ascii", text(lambda s: s.replace("a", "á"), only=1)),
    ("cue-lower-case", text(str.lower, only=1)),
    ("cue-all-capitals", text(str.upper, only=1)),
    ("cue-word-spoiler", text(lambda s: f"Spoiler: {s}", only=1)),
    ("cue-length", text(lambda s: s[:40], only=1)),
    ("cue-capitals", text(str.title, only=1)),
    ("cue-source", column("source", lambda t: [f"site {label}" for label in t.spoiler])),
    ("cue-review-id", column("review_id", lambda t: [f"r{n}" if y else None for n, y in enumerate(t.spoiler)])),
    ("cue-work-known", lambda t: t.assign(work=t.work.where(t.spoiler == 1), review_id=None, position=None)),
    ("cue-weight", column("weight", lambda t: 1 + t.spoiler)),
    ("cue-row-order", lambda t: t.assign(review_id=None, position=None).sort_values("spoiler", kind="stable")),
    # texts
    ("mojibake", text(lambda s: s.replace(" ", "â€™s ", 1), every=30)),
    ("replacement-characters", text(lambda s: s.replace("e", "\ufffd", 1), every=30)),
    ("control-characters", text(lambda s: s + "\x93", every=30)),
    ("lone-surrogates", text(lambda s: s + "\ud83d", every=30)),
    ("invisible-characters", text(lambda s: s.replace("e", "e\u200b", 1), every=30)),
    ("html-entities", text(lambda s: s.replace(" and ", " &amp; ") + " &#39;", every=30)),
    ("spoiler-markup", text(lambda s: f"[spoiler]{s}[/spoiler]", every=30)),
    ("html-markup", text(lambda s: f"{s}<br />", every=30)),
    ("literal-escapes", text(lambda s: s.replace(" ", "\\u2019 ", 1), every=30)),
    ("web-addresses", text(lambda s: f"{s} https://example.org", every=30)),
    ("line-breaks", text(lambda s: s.replace(" ", "\n", 1), every=30)),
    ("placeholders", cell(4, "sentence", "[deleted]")),
    ("placeholders", cell(4, "sentence", "NaN")),
    ("hardly-text", cell(4, "sentence", "* * *")),
    ("very-long", text(lambda s: s * 20, every=99)),
    ("foreign-language", text(lambda s: "Al final el padre era quien la había matado.", every=10)),
    ("foreign-language", cell(4, "sentence", "В конце концов он умирает.")),
    # columns
    ("sentences-look-like-labels", lambda t: t.assign(sentence=[("safe", "spoiler")[y] for y in t.spoiler])),
    ("sentences-look-like-ids", swapped("sentence", "review_id")),
    ("sentences-are-single-words", text(lambda s: s.split()[1])),
    ("sentence-and-work-swapped", lambda t: swapped("sentence", "work")(t.drop(columns=["review_id", "position"]))),
    ("reviews-as-sentences", text(lambda s: " ".join([s] * 8))),
]


def test_the_clean_table_has_no_finding_at_all() -> None:
    assert check_corpus(clean_table()).names == ()


@pytest.mark.parametrize(("name", "edit"), SUSPICIOUS, ids=[f"{name}-{n}" for n, (name, _) in enumerate(SUSPICIOUS)])
def test_an_injected_fault_is_reported_by_its_name(name: str, edit: Edit) -> None:
    assert name in check_corpus(edit(clean_table())).names


AGAINST: list[tuple[str, Edit]] = [
    ("work-on-both-sides", cell(0, "work", "Film 0-0")),
    ("review-on-both-sides", column("review_id", lambda t: t.review_id.str.replace("s9-w0-r0", "s0-w0-r0"))),
    ("sentence-on-both-sides", cell(5, "sentence", clean_table().sentence[5])),
    ("near-sentence-on-both-sides", cell(5, "sentence", clean_table().sentence[5].lower().replace(",", " –") + " Yes")),
]


@pytest.mark.parametrize(("name", "edit"), AGAINST, ids=[name for name, _ in AGAINST])
def test_a_leak_between_two_corpora_is_reported_by_its_name(name: str, edit: Edit) -> None:
    table = edit(clean_table(seed=9))
    if name == "work-on-both-sides":
        table.loc[:5, "work"] = "Film 0-0"
    report = check_corpus(table, against=make_corpus())
    assert name in report.names
    assert all(row < len(table) for finding in report for row in finding.rows)


def test_two_honest_corpora_leak_nothing() -> None:
    assert check_corpus(clean_table(seed=9), against=make_corpus()).names == ()


def test_likely_label_errors_are_reported_by_their_name_and_row() -> None:
    pytest.importorskip("cleanlab")
    table = clean_table(noise=0, works=20)
    rows = [11, 57, 203]
    for row in rows:
        table.at[row, "spoiler"] = 1 - table.spoiler[row]
    (finding,) = [f for f in check_corpus(table, audit=True) if f.name == "likely-label-errors"]
    assert set(finding.rows) == set(rows)
