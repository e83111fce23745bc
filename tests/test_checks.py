"""Checks: the report as a value, and the single checks where the table of injected faults does not reach."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spoilerguard.checks import CheckReport, Finding, check_corpus, out_of_fold
from spoilerguard.checks.duplicates import near_pairs
from spoilerguard.checks.language import foreign_rows
from spoilerguard.checks.spurious_cues import cue_auc
from spoilerguard.corpus import Corpus
from spoilerguard.datasets import data_home, load_corpus, make_corpus
from spoilerguard.errors import CorpusError, MissingExtraError

FINDINGS = (
    Finding("zero-weights", "note", "Nothing counts.", (1,), 1),
    Finding("one-class", "error", "Only one."),
    Finding("exact-duplicates", "warning", "Twice.", (0, 1, 2, 3, 4), 2000),
)


def test_the_gravest_findings_come_first() -> None:
    assert CheckReport(FINDINGS).names == ("one-class", "exact-duplicates", "zero-weights")


def test_a_report_is_ok_unless_something_must_be_mended() -> None:
    assert CheckReport(()).ok
    assert CheckReport(FINDINGS[::2]).ok
    assert not CheckReport(FINDINGS).ok


def test_the_report_reads_as_text_with_counts_and_first_rows() -> None:
    assert str(CheckReport(FINDINGS, "mine.csv", 2500)).splitlines() == [
        "mine.csv: 2,500 sentences, 1 error, 1 warning, 1 note",
        "error    one-class: Only one.",
        "warning  exact-duplicates: Twice. (2,000 rows: 0, 1, 2, 3, 4, …)",
        "note     zero-weights: Nothing counts. (1 row: 1)",
    ]


def test_json_and_frame_hold_the_same_findings() -> None:
    report = CheckReport(FINDINGS, "mine.csv", 2500)
    content = json.loads(report.to_json())
    assert (content["ok"], content["size"], len(content["findings"])) == (False, 2500, 3)
    assert report.to_frame().name.tolist() == [finding["name"] for finding in content["findings"]]
    assert list(CheckReport(()).to_frame().columns) == ["name", "severity", "count", "message", "rows"]


def test_a_report_never_quotes_a_sentence() -> None:
    corpus = make_corpus()
    table = pd.concat([corpus.frame, corpus.frame.assign(review_id=None, position=None, spoiler=0)])
    text = check_corpus(table, audit=True).to_json()
    assert not any(sentence[:30] in text for sentence in corpus.sentences)


def test_the_other_side_may_be_a_corpus_a_table_or_a_path(tmp_path: Path) -> None:
    other = make_corpus()
    other.frame.to_csv(tmp_path / "other.csv", index=False)
    reports = [check_corpus(make_corpus(), against=side) for side in (other, other.frame, tmp_path / "other.csv")]
    assert {report.names for report in reports} == {reports[0].names}
    assert "work-on-both-sides" in reports[0].names


def test_rows_are_numbers_that_take_understands() -> None:
    corpus = make_corpus()
    table = pd.concat([corpus.frame, corpus.frame[5:6].assign(review_id=None, position=None)])
    (finding,) = [f for f in check_corpus(table) if f.name == "exact-duplicates"]
    assert Corpus.from_frame(table).take(list(finding.rows)).sentences == [corpus.sentences[5]]


def test_short_sentences_may_repeat_and_change_their_label_between_reviews() -> None:
    table: Any = make_corpus().frame.astype(object)
    for row, label in ((0, 0), (7, 1), (14, 0)):
        table.loc[row, ["sentence", "spoiler"]] = ["He does.", label]
    report = check_corpus(table)
    assert report.names == ("exact-duplicates",)
    assert report.ok


def test_rare_conflicts_are_a_warning_and_many_an_error() -> None:
    corpus = make_corpus()
    alone = corpus.frame.assign(review_id=None, position=None, spoiler=1 - corpus.frame.spoiler)
    few, many = (check_corpus(pd.concat([corpus.frame, alone[:n]])) for n in (1, 40))
    assert ("conflicting-labels" in few.names, few.ok) == (True, True)
    assert ("conflicting-labels" in many.names, many.ok) == (True, False)


def test_near_duplicates_are_found_wherever_the_changed_word_stands() -> None:
    words = "the old captain never told anybody that his own sister had sunk the ship in the storm of that year".split()
    changed = [" ".join([*words[:place], "really", *words[place + 1 :]]) for place in range(0, len(words), 3)]
    pairs = set(near_pairs([" ".join(words), *changed]))
    assert {(0, row) for row in range(1, len(changed) + 1)} <= pairs


def test_near_duplicates_agree_with_comparing_all_pairs() -> None:
    rng = np.random.default_rng(0)
    base = [" ".join(rng.choice(list("abcdefgh"), 8)) for _ in range(60)]
    words = base + [text[:-1] + "z" for text in base[:20]]

    def triples(text: str) -> set[tuple[str, ...]]:
        tokens = text.split()
        return set(zip(tokens, tokens[1:], tokens[2:], strict=False))

    expected = {
        (a, b)
        for b in range(len(words))
        for a in range(b)
        if len(triples(words[a]) & triples(words[b])) >= 0.7 * len(triples(words[a]) | triples(words[b]))
    }
    assert set(near_pairs(words)) == expected


@pytest.mark.benchmark
def test_near_duplicates_of_twice_as_many_sentences_take_about_twice_as_long() -> None:
    sentences = [sentence.lower() for sentence in make_corpus(works=800, reviews=10, sentences=5).sentences]

    def seconds(some: list[str]) -> float:
        start = time.process_time()
        sum(1 for _ in near_pairs(some))
        return time.process_time() - start

    half, whole = (min(seconds(some) for _ in range(2)) for some in (sentences[:20_000], sentences))
    assert whole < 3 * half  # the square would be 4


def test_a_cue_is_as_strong_whichever_way_it_points() -> None:
    labels = np.array([0, 0, 1, 1, 1], dtype=np.int8)
    cue = np.array([0.0, 1.0, 1.0, 2.0, 3.0])
    assert cue_auc(cue, labels) == cue_auc(-cue, labels) == pytest.approx(11 / 12)
    assert cue_auc(cue, np.zeros(5, dtype=np.int8)) == 0.5


def test_chance_in_a_small_table_is_no_spurious_cue() -> None:
    names = [name for seed in range(20) for name in check_corpus(make_corpus(works=5, reviews=1, seed=seed)).names]
    assert not [name for name in names if name.startswith("cue-")]


@pytest.mark.parametrize(
    ("sentence", "foreign"),
    [
        ("Der Mann ist nicht der Vater, und sie weiß es.", True),
        ("Le père est dans une prison avec son fils.", True),
        ("最後に彼は自分の父親を殺してしまう。", True),
        ("I do not like him, and die he must.", False),
        ("He met her in Los Angeles with El Mariachi.", False),
        ("Fin.", False),
        ("Die Hard is a Christmas movie.", False),
        ("Tom Hanks, Meg Ryan, Bill Pullman, Ross Malinger, Rosie O'Donnell.", False),
        ("The final season of La Casa de Papel is a mess.", False),
        ("Kuch Kuch Hota Hai made me cry, and Kabhi Khushi Kabhie Gham too.", False),
        ("I recently played through Yume Miru Kusuri again.", False),
        ("Slow burn, zero payoff, gorgeous visuals though.", False),
        ("lol omg wtf just happened", False),
        ("https://pelicula.example/el-final-de-la-historia?para=todos", False),
        ("CPU: AMD FX-8350 Eight-Core 4.00GHz", False),
        ("Anna dies, Paul kills Marie, Jean escapes.", False),
    ],
)
def test_common_and_unknown_words_show_the_language(sentence: str, foreign: bool) -> None:
    assert foreign_rows([sentence]).tolist() == [foreign]


def test_audit_takes_true_an_array_or_a_callable() -> None:
    pytest.importorskip("cleanlab")
    corpus = make_corpus(noise=0.05)
    probabilities = out_of_fold(corpus)
    reports = [check_corpus(corpus, audit=how).to_json() for how in (True, probabilities, lambda _: probabilities)]
    assert reports[0] == reports[1] == reports[2]


@pytest.mark.parametrize(
    "wrong", [np.zeros(3), np.full(288, 2.0), np.full(288, np.nan)], ids=["short", "above 1", "NaN"]
)
def test_audit_refuses_what_are_no_probabilities(wrong: Any) -> None:
    pytest.importorskip("cleanlab")
    with pytest.raises(CorpusError, match="one probability in"):
        check_corpus(make_corpus(), audit=wrong)


def test_without_cleanlab_the_error_holds_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cleanlab.filter", None)
    with pytest.raises(MissingExtraError, match=r'pip install "spoilerguard\[audit\]"'):
        check_corpus(make_corpus(), audit=np.full(288, 0.5))


def test_out_of_fold_never_trains_on_the_works_it_predicts() -> None:
    table = pd.DataFrame({
        "sentence": [f"marker{n // 10} common words" for n in range(100)],
        "spoiler": [n // 10 % 2 for n in range(100)],
        "work": [f"w{n // 10}" for n in range(100)],
    })  # fmt: skip
    probabilities = out_of_fold(Corpus.from_frame(table))
    assert ((probabilities > 0.5) == table.spoiler).mean() <= 0.6  # with its own work it would be right every time


# What is true of them and no fault: "Ha." twice, a line of stars, sequels, and pairs that differ in a word on purpose.
OWN = {"exact-duplicates", "hardly-text", "foreign-language", "near-duplicates", "similar-work-on-both-sides"}
# What datasets/README.md says of the posts: a title in two spellings, two lines that bear both labels.
OWN_POSTS = OWN | {"work-spelled-in-two-ways", "conflicting-labels", "near-duplicate-reviews", "positions-shuffled"}
OWN_CORPORA = Path(__file__).parents[1] / "datasets"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("reviews/dev.jsonl", {"exact-duplicates", "hardly-text"}),
        ("reviews/test.jsonl", {"exact-duplicates", "hardly-text"}),
        pytest.param("reviews/train.jsonl", OWN, marks=pytest.mark.slow),
        pytest.param("comments/comments.jsonl", OWN_POSTS, marks=pytest.mark.slow),
    ],
)
def test_no_check_raises_a_false_alarm_on_our_own_corpora(name: str, expected: set[str]) -> None:
    report = check_corpus(OWN_CORPORA / name)
    assert set(report.names) <= expected
    assert report.ok
    foreign = [finding.message for finding in report if finding.name == "foreign-language" and "train" not in name]
    # 23 posts of a few words are names for the most part: "sukuna cut Gojo in half."
    assert all(message.startswith(("0.0%", "0.1%")) for message in foreign)


@pytest.mark.slow
@pytest.mark.data
def test_on_thousands_of_real_reviews_the_checks_find_what_is_there_and_nothing_else() -> None:
    path = data_home() / "gold" / "train.jsonl"
    if not path.exists():
        pytest.skip("the texts are not on this machine")
    report = check_corpus(path)
    damaged = {"control-characters", "question-marks-for-characters", "spoiler-markup", "very-long", "web-addresses"}
    repeated = {"duplicate-reviews", "near-duplicates", "exact-duplicates", "conflicting-labels"}
    assert set(report.names) <= damaged | repeated | {"hardly-text", "foreign-language"}
    assert report.ok


def test_posts_about_one_work_may_begin_alike_and_copies_of_them_are_found() -> None:
    table: Any = make_corpus().frame.astype(object)
    ends = ("Lovely stuff, mostly weather.", "He eats her in the last reel.")
    pair = [("The old keeper has one guest, one lamp and one long winter.", end) for end in ends]
    posts = pd.DataFrame(
        [
            {"sentence": sentence, "spoiler": 0, "review_id": f"post {n}", "position": at, "work": "Film 0-0"}
            for n, post in enumerate(pair)
            for at, sentence in enumerate(post)
        ]
    )
    assert "near-duplicate-reviews" not in check_corpus(pd.concat([table, posts])).names
    copy = posts[:2].assign(
        review_id="copy", sentence=["The old keeper has one gest, one lamp and one long winter.", ends[0]]
    )
    assert "near-duplicate-reviews" in check_corpus(pd.concat([table, posts, copy])).names


def test_an_empty_corpus_is_refused() -> None:
    with pytest.raises(CorpusError, match="nothing to check"):
        check_corpus(make_corpus().take([]))


@pytest.mark.data
def test_tv_tropes_gives_its_labels_away_by_its_blanks() -> None:
    path = data_home() / "tvtropes.csv"
    if not path.exists():
        pytest.skip("the texts are not on this machine")
    corpus = load_corpus(path)
    names = check_corpus(corpus.take(np.arange(0, len(corpus), 10))).names
    assert {"cue-double-blanks", "cue-blank-before-punctuation"} <= set(names)
