"""Every kind of fault that a table has been seen with, put into a clean one: each is reported by its name."""

import functools
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spoilerguard.checks import check_corpus
from spoilerguard.checks.language import check_language
from spoilerguard.checks.order import check_order
from spoilerguard.checks.splits import check_against, check_split
from spoilerguard.checks.structure import check_works
from spoilerguard.checks.unlabelled import check_unlabelled
from spoilerguard.corpus import Corpus
from spoilerguard.datasets import load_corpus, load_reviews, make_corpus
from spoilerguard.errors import CorpusError

made = functools.cache(make_corpus)  # nearly every test here begins with the same table


def clean_table(**how: Any) -> Any:
    return made(**how).frame.astype(object)


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


def replaced(old: str, new: str, count: int = -1) -> Callable[[str], str]:
    return lambda sentence: sentence.replace(old, new, count)


def ending_in(mark: str) -> Callable[[str], str]:
    return lambda sentence: sentence[:-1] + mark


def with_typo(sentence: str) -> str:
    """The sentence with another letter in one of its words."""
    return sentence[:30] + "x" + sentence[31:]


def split_in_two(crossing: str) -> Edit:
    """A split in which something crosses the sides, or whose sides are not alike."""

    def edit(table: Any) -> Any:
        half = table.work.isin(table.work.unique()[:6])
        table = table.assign(split=np.where(half, "train", "test"))
        last, first = table.index[-1], table.at[0, "sentence"].removesuffix(".")
        if crossing == "work":
            table.loc[last - 5 :, "split"] = "train"
        elif crossing == "review":
            table.at[last, "split"] = "train"
        elif crossing == "review text":
            table.loc[last - 5 :, "sentence"] = [with_typo(sentence) for sentence in table.sentence[:6]]
        elif crossing == "spoilers":
            table["spoiler"] = np.where(half, table.spoiler, table.index % 2)
        else:
            changes = {"near": f"{first} late.", "typo": with_typo(first), "quotation": f"I read: {first}, and so on."}
            table.at[last, "sentence"] = changes.get(crossing, first + ".")
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
    "missing column 'sentence' (or name yours": written("prose,spoiler\nHe dies.,1\n"),
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
    "after line 1: broken UTF-16": written((HEAD + "A.,1,,,\n").encode("utf-16")[:-1]),
    "is UTF-32; save the file as UTF-8": written((HEAD + "A.,1,,,\n").encode("utf-32")),
    "is an Excel workbook or a zip archive": written(b"PK\x03\x04\x14", "really.csv"),
    "is parquet, not text; end its name in .parquet": written(b"PAR1\x15\x04", "really.csv"),
    "is packed with bzip2": written(b"BZh91AY&SY", "packed.csv"),
    "is packed with xz": written(b"\xfd7zXZ\x00\x00", "packed.jsonl"),
    "is packed with zstd": written(b"\x28\xb5\x2f\xfd\x24", "packed.tsv"),
    "is a pointer of Git LFS, not the table; run git lfs pull": written(
        b"version https://git-lfs.github.com/spec/v1\n"
    ),
    "is a web page, not a table": written("<!DOCTYPE html>\n<html>", "page.jsonl"),
    "ragged row: 1 cells under 2 columns; are its cells separated by ';'?": written("sentence;spoiler;a,b\nA.;1;2\n"),
    "is an SQLite database": written(b"SQLite format 3\x00", "base.csv"),
    "missing column 'sentence' (did you mean 'Sentences'? Then load_corpus(…, columns=": written(
        "Sentences,spoiler\nA.,1\n"
    ),
    "did you mean 'spolier'? Then load_corpus(…, columns={'spoiler': 'spolier'})": written("sentence,spolier\nA.,1\n"),
    "did you mean 'text'? Then load_corpus(…, columns={'sentence': 'text'})": written("text,spoiler\nA.,1\n"),
    "did you mean 'is_spoiler'?": written("sentence,is_spoiler\nA.,1\n"),
    "did you mean 'Label'? Then load_corpus(…, columns={'spoiler': 'Label'})": edited(
        lambda t: t.rename(columns={"spoiler": "Label"})
    ),
    "did you mean 'label'? Then": written("sentence,label\nA.,1\n"),
    "are its cells separated by ';'?": written("sentence;spoiler,old\nA.;1,2\n"),
    "missing column 'labels' of a table of whole reviews (text, spans, labels). Did you mean 'label'?": written(
        '{"text": "Dull.", "spans": [[0, 5]], "label": [0]}', "gold.jsonl"
    ),
    "missing column 'spans' of a table of whole reviews": written("text,labels\nDull.,[0]\n"),
    "weight '0,5' is not a number; write a decimal point": edited(cell(0, "weight", "0,5")),
    "unknown label 'ham'; write 0/1": edited(cell(1, "spoiler", "ham")),
    "line 2: broken JSON": written('{"sentence": "A.", "spoiler": 1}\n{"sentence": "B.",\n', "half.jsonl"),
    "not a JSON object but one array": written('[{"sentence": "A.", "spoiler": 1}]', "array.json"),
    "unknown file ending '.xlsx'": written(b"PK", "table.xlsx"),
    "each also with .gz. Did you mean '.csv'?": written(HEAD, "table.cvs"),
    "each also with .gz. Did you mean '.jsonl'?": written("{}", "table.jsonlines"),
    "no such file": lambda folder: folder / "nowhere.csv",
    "is a folder": lambda folder: folder,
    "named .gz but not gzip": written(HEAD, "plain.csv.gz"),
    "broken gzip": written(gzip.compress((HEAD + "A.,1,,,\n" * 50).encode())[:-12], "cut.csv.gz"),
    "broken Parquet": broken_parquet,
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
    with pytest.raises(CorpusError, match=r"unknown column name 'sentense' in columns=: .*Did you mean 'sentence'"):
        load_corpus(clean_table(), columns={"sentense": "text"})
    with pytest.raises(CorpusError, match="unknown column name 'titles' in columns=: the left side is one of sentence"):
        load_corpus(clean_table(), columns={"titles": "text"})


# ---- faults that can be read: the name of the finding ----


def last_row_says(change: Callable[[str], str]) -> Edit:
    """The first sentence once more, changed, at the end."""
    return lambda table: again(0, sentence=change(table.sentence[0]))(table)


def relabelled(*rows: int) -> Edit:
    """Rows once more, with the other label."""
    return lambda table: again(*rows, spoiler=[1 - table.spoiler[row] for row in rows])(table)


def review_again(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table, table[:6].assign(review_id="another id", work="Another film")], ignore_index=True)


def review_with_typos(table: pd.DataFrame) -> pd.DataFrame:
    """A review once more, with a typo in each sentence, about another work."""
    copy = table[:6].assign(review_id="another id", work="Another film")
    return pd.concat([table, copy.assign(sentence=copy["sentence"].map(with_typo))], ignore_index=True)


def review_cut_short(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table, table[:4].assign(review_id="another id", work="Another film")], ignore_index=True)


def shuffled(key: str, *, rows_too: bool = False) -> Edit:
    """Positions in any order within each review; the rows stay as they are, or follow them."""

    def edit(table: Any) -> Any:
        rng = np.random.default_rng(0)
        table = table.assign(position=table.groupby(key)["position"].transform(rng.permutation))
        return table.sort_values([key, "position"]) if rows_too else table

    return edit


def unlabelled(chosen: Callable[[int], bool]) -> Edit:
    """All safe in the works of these numbers, because nobody labelled them."""
    return column(
        "spoiler", lambda t: [0 if chosen(n) else y for n, y in zip(pd.factorize(t.work)[0], t.spoiler, strict=True)]
    )


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
    ("near-duplicates", last_row_says(with_typo)),
    ("near-duplicate-reviews", review_with_typos),
    ("near-duplicate-reviews", review_cut_short),
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
    (
        "work-spelled-in-two-ways",
        column("work", lambda t: [w.replace("Film", "Fïlm –") if n < 6 else w for n, w in enumerate(t.work)]),
    ),
    (
        "work-spelled-in-two-ways",
        column("work", lambda t: [f"{w} (2013)" if n < 6 else w for n, w in enumerate(t.work)]),
    ),
    ("works-unlabelled", unlabelled(lambda n: n % 2 == 0)),
    ("works-unlabelled", unlabelled(lambda n: n < 6)),
    ("label-follows-work", by_block("work")),
    ("label-follows-review", by_block("review_id")),
    ("no-reviews", lambda t: t.drop(columns=["review_id", "position"])),
    ("positions-missing", lambda t: t.drop(columns="position")),
    ("position-gaps", sliding),
    ("positions-shuffled", shuffled("review_id")),
    ("positions-not-from-zero", column("position", lambda t: t.position + 1)),
    ("all-weights-zero", column("weight", lambda t: 0)),
    ("zero-weights", cell(9, "weight", 0)),
    ("extreme-weights", cell(9, "weight", 5000)),
    # the two sides of a split
    ("work-on-both-sides", split_in_two("work")),
    ("review-on-both-sides", split_in_two("review")),
    ("sentence-on-both-sides", split_in_two("sentence")),
    ("near-sentence-on-both-sides", split_in_two("near")),
    ("near-sentence-on-both-sides", split_in_two("typo")),
    ("review-text-on-both-sides", split_in_two("review text")),
    ("quotation-on-both-sides", split_in_two("quotation")),
    ("spoiler-share-differs", split_in_two("spoilers")),
    # cues that give the label away
    ("cue-double-blanks", text(lambda s: s.replace(" ", "  ", 1), only=1)),
    ("cue-blank-before-punctuation", text(lambda s: s.replace(".", " ."), only=1)),
    ("cue-markup", text(lambda s: f"<i>{s}</i>", only=1)),
    ("cue-edge-blanks", text(lambda s: s + " ", only=1)),
    ("cue-leading-punctuation", text(lambda s: f"- {s}", only=1)),
    ("cue-no-final-punctuation", text(lambda s: s.rstrip("."), only=0)),
    *(("cue-punctuation", text(ending_in(mark), only=1)) for mark in '!?…;*"”)~'),
    *(("cue-punctuation", text(replaced(",", mark), only=0)) for mark in (" –", ":", "'s", ";", "/")),
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
    *(
        ("question-marks-for-characters", text(replaced(" ", f" {bad} ", 1), every=30))
        for bad in ("don?t", "it???s", "na?ve", "?quoted words?", "word ? word", "good?really", "caf?")
    ),
    ("mojibake", text(lambda s: s + " I donât know.", every=30)),
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


TITLES = [
    ("Her", "her"),
    ("Her", "Her (2013)"),
    ("Her", "HER [2013]"),
    ("Her", "Her, 2013"),
    ("Her (2013)", "“Her” (2013 film)"),
    ("The Matrix", "Matrix, The"),
    ("The Matrix", "the matrix (1999)"),
    ("The Matrix", "Matrix, The (1999)"),
    ("A Quiet Place", "Quiet Place, A"),
    ("Les Misérables", "Miserables, Les (2012)"),
    ("L’Avventura", "Avventura, L'"),
    ("Amélie", "Amelie"),
    ("Æon Flux", "Aeon Flux"),
    ("Brüno", "BRUNO"),
    ("Romeo & Juliet", "Romeo and Juliet"),
    ("Romeo &amp; Juliet", "Romeo + Juliet"),
    ("Spider-Man", "Spiderman"),
    ("Squid Game", "squid_game"),
    ("Ocean’s Eleven", "Oceans 11"),
    ("Kill Bill: Vol. 1", "Kill Bill – Volume One"),
    ("Rocky II", "Rocky 2"),
    ("The Godfather: Part II", "Godfather, The: Part Two"),
    ("Lord of the Rings: The Two Towers", "Lord of the Rings - The Two Towers"),
    ("Dr. Strangelove or: How I Learned", "Dr Strangelove, or How I Learned"),
    ("The Hunger Games", "The Hunger Games (The Hunger Games, #1)"),
    ("Blade Runner", "Blade Runner (The Final Cut)"),
    ("Warzone", "Warzone™"),
    ("WALL·E", "Wall-E"),
]
OTHER_TITLES = [
    ("Alien", "Aliens"),
    ("Her", "Hero"),
    ("Rocky", "Rocky II"),
    ("Crash (1996)", "Crash (2004)"),
    ("Aftermath (Aftermath, #1)", "Aftermath (Sirantha Jax, #5)"),
    ("Film 1-11", "Film 11-1"),
    ("tt0010", "tt010"),
    ("Blade Runner", "Blade Runner 2049"),
    ("???", "!!!"),
    ("The Room", "Room"),
    ("Alien", "Alien: Covenant"),
]
SIMILAR_TITLES = [
    ("Dune", "Dune: Part One"),
    ("Borat", "Borat – Cultural Learnings of America"),
    ("Birdman", "Birdman or (The Unexpected Virtue of Ignorance)"),
    ("Matrix", "The Matrix"),
    ("Her", "Her 2013"),
    ("Dune (1984)", "Dune (2021)"),
]


def in_two_works(one: str, other: str) -> Any:
    """A split table, of which the first review is about one work and the last about the other."""
    table = split_in_two("nothing")(clean_table())
    table["sentence"] = clean_table()["sentence"]
    table.loc[:5, "work"], table.loc[table.index[-6:], "work"] = one, other
    return table


@pytest.mark.parametrize(("one", "other"), TITLES)
def test_one_work_under_two_titles_is_found_on_both_sides(one: str, other: str) -> None:
    corpus = Corpus.from_frame(in_two_works(one, other))
    train, test = (corpus.take(corpus.frame["split"] == side) for side in ("train", "test"))
    for report in (check_split(corpus), check_against(train, test)):
        [finding] = [finding for finding in report if finding.name == "work-on-both-sides"]
        assert finding.rows == (0, 1, 2, 3, 4)
        assert finding.severity == "error"


@pytest.mark.parametrize(("one", "other"), OTHER_TITLES)
def test_two_works_with_like_titles_are_two(one: str, other: str) -> None:
    corpus = Corpus.from_frame(in_two_works(one, other))
    names = {finding.name for finding in (*check_split(corpus), *check_works(corpus))}
    assert not {"work-on-both-sides", "work-spelled-in-two-ways"} & names


@pytest.mark.parametrize(("one", "other"), SIMILAR_TITLES)
def test_works_that_share_their_main_title_are_a_warning(one: str, other: str) -> None:
    report = check_corpus(in_two_works(one, other))
    assert report.names == ("similar-work-on-both-sides",)
    assert report.ok


# Some languages in Latin script; every other script is found by its letters.
FOREIGN = {
    "Swedish": "Han dör i slutet och hon får reda på allt.",
    "Swedish, short": "Det är en bra film.",
    "Danish": "Jeg synes ikke, at bogen var særlig spændende.",
    "Norwegian": "Jeg likte ikke boken, den var altfor lang.",
    "Icelandic": "Myndin var mjög góð en mér líkaði ekki endirinn.",
    "Finnish": "En pitänyt kirjasta, koska se oli liian pitkä.",
    "Romanised Hindi": "Aakhir mein pata chalta hai ki khooni uska bhai tha.",
    "Romanised Hindi, in English": "Kahani thodi slow hai lekin acting zabardast hai.",
    "Romanised Russian": "V kontse on umiraet, a ona vyhodit zamuzh za vracha.",
    "Romanised Japanese": "Saigo ni kare wa shinde shimaimasu.",
    "Romanised Tamil": "Padam romba nalla iruku aana climax enakku pidikala.",
    "German": "Am Ende stirbt der Held und sie heiratet den Arzt.",
    "Dutch": "Aan het einde gaat hij dood en zij trouwt met de dokter.",
    "French": "À la fin le héros meurt et elle épouse le médecin.",
    "Spanish": "Al final muere el héroe y ella se casa con el médico.",
    "Spanish, in capitals": "NO ME GUSTÓ NADA ESTE LIBRO, ES DEMASIADO LARGO.",
    "Italian": "Alla fine muore l'eroe e lei sposa il medico.",
    "Portuguese": "O filme foi muito bom mas não gostei do final.",
    "Polish": "Na końcu bohater umiera, a ona wychodzi za lekarza.",
    "Czech": "Na konci hrdina zemře a ona si vezme doktora.",
    "Hungarian": "A végén meghal a hős, és ő hozzámegy az orvoshoz.",
    "Turkish": "Sonunda kahraman ölüyor ve kız doktorla evleniyor.",
    "Indonesian": "Pada akhirnya dia mati dan istrinya menikah dengan dokter itu.",
    "Tagalog": "Sa huli namatay siya at nagpakasal ang asawa niya sa doktor.",
    "Vietnamese": "Cuối cùng anh ấy chết và cô ấy lấy bác sĩ.",
    "Swahili": "Filamu hii ilikuwa nzuri sana lakini sikupenda mwisho wake.",
    "Irish": "Bhí an scannán go han-mhaith ach níor thaitin an deireadh liom.",
    "Greek": "Στο τέλος ο ήρωας πεθαίνει.",
    "Chinese": "最后他死了，她嫁给了医生。",
    "Korean": "결국 주인공은 죽고 그녀는 의사와 결혼한다.",
}


@pytest.mark.parametrize("language", FOREIGN)
def test_a_sentence_in_another_language_is_found(language: str) -> None:
    table = cell(4, "sentence", FOREIGN[language])(clean_table())
    [finding] = check_language(Corpus.from_frame(table))
    assert (finding.name, finding.rows) == ("foreign-language", (4,))


QUOTING = [
    "As somebody wrote: “{}” Quite so.",
    'The trailer says "{}" and it is right.',
    "I agree that '{}', though others do not.",
    "They say «{}».",
]


@pytest.mark.parametrize("frame", QUOTING)
@pytest.mark.parametrize("quote", ["In the end the captain's wife did it", "Anna dies in the lake"])
def test_a_quotation_is_found_by_its_marks_however_short(frame: str, quote: str) -> None:
    train, test = clean_table(), clean_table(seed=9)
    train.at[8, "sentence"], test.at[40, "sentence"] = quote + ".", frame.format(quote)
    corpora = Corpus.from_frame(train), Corpus.from_frame(test)
    for one, other, row in ((*corpora, 8), (*corpora[::-1], 40)):
        [finding] = [finding for finding in check_against(one, other) if "quotation" in finding.name]
        assert finding.rows == (row,)


@pytest.mark.parametrize("phrase", ["The Long Way to Silver Lake", "so dull it is funny"])
def test_a_title_or_a_phrase_in_quotation_marks_is_no_quotation(phrase: str) -> None:
    train, test = clean_table(), clean_table(seed=9)
    train.at[8, "sentence"] = f"I have seen {phrase} twice and would not call it that."
    test.at[40, "sentence"] = f"This is no “{phrase}”, to be sure."
    report = check_against(Corpus.from_frame(train), Corpus.from_frame(test))
    assert not [finding for finding in report if "quotation" in finding.name]


def test_labels_that_stop_halfway_are_found_in_real_reviews_by_what_the_default_model_finds_there() -> None:
    corpus = load_reviews("test")
    works = pd.factorize(corpus.frame["work"])[0]
    for unlabelled_works in (works % 2 == 0, works < works.max() / 2):
        table = corpus.frame.assign(spoiler=np.where(unlabelled_works, 0, corpus.labels))
        assert "works-unlabelled" in [finding.name for finding in check_unlabelled(Corpus.from_frame(table))]
    assert not list(check_unlabelled(corpus))


def test_reviews_in_any_order_are_found_by_how_they_begin() -> None:
    corpus = load_reviews("dev")
    table = shuffled("review_id", rows_too=True)(corpus.frame.drop(columns="split"))
    assert [finding.name for finding in check_order(Corpus.from_frame(table))] == ["positions-shuffled"]
    assert not list(check_order(corpus))


def test_rows_that_are_sorted_another_way_are_no_shuffled_positions() -> None:
    table = clean_table()
    for rows in (table.sample(frac=1, random_state=0), table[::-1], table.sort_values(["position", "review_id"])):
        assert check_corpus(rows).names == ()


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
