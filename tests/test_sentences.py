"""Sentences: a review is cut where a reader would cut it, and nothing of it is lost or altered."""

import random
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spoilerguard.sentences import Sentence, split

PIECES = [
    *[". ", ".", "!", "?", "…", "...", "\x85", "\n", "\r\n", "\u2028", "\x1c", " ", "\t", "\xa0", "\ud800", "\0"],
    *["He dies", "Mr", "J.K.", "1", '"', "“", "”", "(", ")", "[/b]", "</i>", "||", ">!", "!<", "**", "死", "。", "😢"],
]
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200) | st.lists(
    st.sampled_from(PIECES), max_size=30
).map("".join)
BLANKS = "".join(char for char in map(chr, range(0x3001)) if char.isspace() and char != "\x85")  # that is an ellipsis

GOLDEN = [
    # nothing there
    ("", []),
    ("  \t \n\r\n \u2028 \xa0", []),
    # one sentence, or a piece of one
    ("He dies", ["He dies"]),
    ("  He dies.  ", ["He dies."]),
    ("?", ["?"]),
    ("...", ["..."]),
    # lost blanks
    ("It was great.He dies in the end.", ["It was great.", "He dies in the end."]),
    ("Great film!He dies!What a scene?Yes.", ["Great film!", "He dies!", "What a scene?", "Yes."]),
    ("He died.She lived.They married.", ["He died.", "She lived.", "They married."]),
    ('the end."He died"', ["the end.", '"He died"']),
    ("“He dies.”She lives.", ["“He dies.”", "She lives."]),
    ("GREAT MOVIE.MUST SEE.", ["GREAT MOVIE.", "MUST SEE."]),
    ("He dies .She lives .", ["He dies .", "She lives ."]),
    # line breaks of every kind
    ("THE END\n\n\n   \n#1 MOVIE", ["THE END", "#1 MOVIE"]),
    ("one\r\ntwo\r\n\r\nthree\rfour", ["one", "two", "three", "four"]),
    ("a\u2028b\u2029c\vd\fe\x1cf", ["a", "b", "c", "d", "e", "f"]),
    ("the line goes\non here", ["the line goes", "on here"]),
    # headlines and tags
    ("#headline\nText here. #SpoilerAlert He dies.", ["#headline", "Text here.", "#SpoilerAlert He dies."]),
    ("## The plot\nHe dies.", ["## The plot", "He dies."]),
    # marks inside a sentence
    ("I give it 7.5/10. Really.", ["I give it 7.5/10.", "Really."]),
    ("J.K. Rowling wrote it. Fine.", ["J.K. Rowling wrote it.", "Fine."]),
    ("Mr. Ito waits. Then dies.", ["Mr. Ito waits.", "Then dies."]),
    ("Watch it, e.g. on a plane. Yes.", ["Watch it, e.g. on a plane.", "Yes."]),
    ("See https://example.com/a.b?c=d. Then go.", ["See https://example.com/a.b?c=d.", "Then go."]),
    ("S.H.I.E.L.D. falls. A.I. wins.", ["S.H.I.E.L.D. falls.", "A.I. wins."]),
    ("great movie.the end is sad", ["great movie.the end is sad"]),  # as like a web address
    # runs of marks
    ("What?! He dies!!! Yes.", ["What?!", "He dies!!!", "Yes."]),
    ("Wait... what? He dies... Then nothing.", ["Wait... what?", "He dies...", "Then nothing."]),
    ("Wait… what? He dies… Then nothing.", ["Wait… what?", "He dies…", "Then nothing."]),
    ("Wait\x85 what? He dies\x85 Then nothing.", ["Wait\x85 what?", "He dies\x85", "Then nothing."]),
    ("Hmm.. ok.. he dies.. yes", ["Hmm.. ok.. he dies.. yes"]),
    # quoted speech
    ('"He dies." she said. "Really?" he asked.', ['"He dies." she said.', '"Really?" he asked.']),
    ("“He dies,” she said. “No!” he cried.", ["“He dies,” she said.", "“No!” he cried."]),
    ("“He dies.” “She lives.”", ["“He dies.”", "“She lives.”"]),
    ('He said "and more. She lives. Ok.', ['He said "and more.', "She lives.", "Ok."]),
    # brackets
    ("(He dies. She lives.) Ok.", ["(He dies. She lives.) Ok."]),
    ("He dies (and more. She lives. Ok.", ["He dies (and more.", "She lives.", "Ok."]),
    ("He dies!)", ["He dies!)"]),
    ("He dies.[1] She lives.", ["He dies.[1]", "She lives."]),
    # lists
    ("* one\n* two\n- three\n• four", ["* one", "* two", "- three", "• four"]),
    ("1. He dies\n2) She lives", ["1. He dies", "2) She lives"]),
    ("1. First he dies. 2. Then she dies.", ["1. First he dies.", "2. Then she dies."]),
    ("- 1. He dies\nII. She lives", ["- 1. He dies", "II. She lives"]),
    # markup stays with what it marks
    ("<spoiler>He dies.</spoiler> Fine.", ["<spoiler>He dies.</spoiler>", "Fine."]),
    ("[b][i]He dies.[/i][/b] Fine.", ["[b][i]He dies.[/i][/b]", "Fine."]),
    ("||He dies.|| Ok.", ["||He dies.||", "Ok."]),
    (">!He dies.!< Ok.", [">!He dies.!<", "Ok."]),
    ("*He dies.* Ok. **She lives.** Yes.", ["*He dies.*", "Ok. **She lives.**", "Yes."]),
    ("He dies.</p><p>She lives.</p>", ["He dies.</p>", "<p>She lives.</p>"]),
    ("<b>He</b> dies.<br>She lives.", ["<b>He</b> dies.", "<br>She lives."]),
    # chat
    ("user1: he dies\nuser2: no way!!", ["user1: he dies", "user2: no way!!"]),
    ("— Is he dead? — Yes. — Ok.", ["— Is he dead?", "— Yes.", "— Ok."]),
    # emoji, other scripts
    ("He dies.😢She lives.", ["He dies.", "😢She lives."]),
    ("He dies! 👩\u200d🚀 Ok.", ["He dies!", "👩\u200d🚀 Ok."]),
    ("他死了。她活着！真的吗？", ["他死了。", "她活着！", "真的吗？"]),
    ("مات في النهاية. هل تصدق؟ نعم.", ["مات في النهاية.", "هل تصدق؟", "نعم."]),
    ("नायक मर जाता है। वह रोती है।", ["नायक मर जाता है।", "वह रोती है।"]),
    ("Он умер. She lives. 他死了。", ["Он умер.", "She lives.", "他死了。"]),
    ("¿Muere? ¡Sí! Vale.", ["¿Muere?", "¡Sí!", "Vale."]),
    # nothing is altered
    ("A\tB\tC  D", ["A\tB\tC  D"]),
    ("He\xa0dies.\xa0She lives.", ["He\xa0dies.", "She lives."]),
    ("a\ud800. B\udfff.", ["a\ud800.", "B\udfff."]),
    ("a\0b. C.", ["a\0b.", "C."]),
    ("Cafe\u0301. \u202eEnd\u202c.", ["Cafe\u0301.", "\u202eEnd\u202c."]),
]


@pytest.mark.parametrize(("review", "sentences"), GOLDEN, ids=[ascii(review)[:40] for review, _ in GOLDEN])
def test_a_review_is_cut_where_a_reader_would_cut_it(review: str, sentences: list[str]) -> None:
    assert [sentence.text for sentence in split(review)] == sentences


@pytest.mark.parametrize("sentence", sorted({piece for _, pieces in GOLDEN for piece in pieces}), ids=ascii)
def test_a_sentence_is_not_cut_again(sentence: str) -> None:
    assert [piece.text for piece in split(sentence)] == [sentence]


@settings(deadline=None, max_examples=300)
@given(review=ANY_TEXT)
def test_sentences_are_slices_in_order_and_only_blanks_lie_between_them(review: str) -> None:
    done = 0
    for text, start, end in split(review):
        assert review[start:end] == text == text.strip(BLANKS)
        assert text.strip()
        assert start >= done
        assert not review[done:start].strip()
        assert not re.search(r"[\n\r\u2028\u2029]", text)
        done = end
    assert not review[done:].strip()


@settings(deadline=None, max_examples=100)
@given(first=ANY_TEXT, second=ANY_TEXT)
@example(first=".…", second="A")
def test_a_line_is_cut_the_same_whatever_lines_stand_around_it(first: str, second: str) -> None:
    shift = len(first) + 1
    behind = [Sentence(text, start + shift, end + shift) for text, start, end in split(second)]
    assert split(f"{first}\n{second}") == split(first) + behind


def test_a_language_brings_its_abbreviations() -> None:
    review = "Das ist z.B. Dr. Schmidt. Er stirbt."
    assert [sentence.text for sentence in split(review, language="de")][-1] == "Er stirbt."


def test_a_sentence_without_end_is_cut_rather_than_waited_for() -> None:
    review = "word " * 10_000
    pieces = split(review)
    assert max(len(piece.text) for piece in pieces) <= 8192
    assert "".join(piece.text for piece in pieces).replace(" ", "") == review.replace(" ", "")


@pytest.mark.slow
def test_200_000_lines_are_cut() -> None:
    assert len(split("He dies.\n" * 200_000)) == 200_000


@pytest.mark.parametrize(
    "text",
    [
        "Part I\u00a0. The end",
        "Vitamin C\u2009. Ok",
        "Rocky I\u3000.",
        "V\u2003 \u2003.\tVb",
        "b.U.S\t\u3000.U.SV",
        "X" + "\u00a0" * 99 + ".",
    ],
    ids=ascii,
)
def test_a_single_letter_an_odd_blank_and_a_full_stop_bring_nothing_down(text: str) -> None:
    for sentence in split(text):
        assert text[sentence.start : sentence.end] == sentence.text


@pytest.mark.slow
def test_no_mixture_of_capitals_blanks_and_marks_brings_the_splitter_down() -> None:
    dice = random.Random(0)
    pieces = [
        *"AIVXZab019.!?,;:()[]\"'“”‘’…-–",
        *" \xa0\u2009\u3000\u200b\u2003\t\u202f\u1680",
        "Mr",
        "Part",
        "e.g",
        "U.S",
    ]
    for _ in range(300_000):
        split("".join(dice.choices(pieces, k=dice.randrange(1, 14))))
