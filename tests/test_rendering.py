"""Redaction hides all of a spoiler and nothing else, and can be undone; what is shown is text and never markup."""

import copy
import html
import json
import pickle
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from renderers import (
    cmark_gfm,
    commonmark,
    discord_markdown,
    links,
    markdown_it,
    markdown_it_container,
    snudown,
    visible_text,
)

from spoilerguard.cli.parser import build_parser
from spoilerguard.marks import find_marks, merge_spans
from spoilerguard.markup import PlainText, plain_text
from spoilerguard.rendering import STYLES, Style, Verdicts, redact_verdicts, to_html, visible
from spoilerguard.sentences import split
from spoilerguard.verdicts import Contribution, Explanation, Label, Verdict

PIECES = [
    *("He dies.", " ", "\n", "\r\n", "\n\n", "|", "||", ">!", "!<", "<spoiler>", "</details>", "&lt;", "\\", "*", "`"),
    *("1. ", "- ", "    ", "\t", "# ", "===", "[a](b)", "www.", "http://x_y", ":smile:", "\0", "\ud800", "\x1b[31m"),
    "é",
]
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=80) | st.lists(st.sampled_from(PIECES)).map("".join)


@st.composite
def classified(draw: st.DrawFn) -> tuple[str, list[Verdict]]:
    """A review, and verdicts on its sentences as they may come."""
    review = draw(ANY_TEXT)
    return review, [
        Verdict(s.text, s.start, s.end, draw(st.sampled_from(Label)), draw(st.floats(0, 1)), draw(st.booleans()))
        for s in split(review)
    ]


@st.composite
def cut_anywhere(draw: st.DrawFn) -> tuple[str, list[Verdict]]:
    """A review, and verdicts on any pieces of it: across lines, and with blanks at their ends."""
    review = draw(ANY_TEXT)
    places = sorted(draw(st.sets(st.integers(0, len(review)), max_size=6)))
    return review, [
        Verdict(review[start:end], start, end, draw(st.sampled_from(Label)), 0.5, certain=True)
        for start, end in pairwise(places)
    ]


REVIEWS = classified() | cut_anywhere()


def verdicts_on(review: str, *spoilers: str, probability: float = 0.9) -> list[Verdict]:
    """Verdicts on all sentences; those that contain one of `spoilers` are spoilers."""
    return [
        Verdict(*sentence, Label.SPOILER, probability, certain=True)
        if any(spoiler in sentence.text for spoiler in spoilers)
        else Verdict(*sentence, Label.SAFE, 0.1, certain=True)
        for sentence in split(review)
    ]


class Reader(HTMLParser):
    """Collects the text of a page: all of it, what is behind <details> or <spoiler>, and the tags and attributes."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text, self.hidden, self.attributes = "", "", ""
        self.tags: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += " ".join(f"{name}={value}" for name, value in attrs)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open or "summary" in self.open:
            return
        self.text += data
        if "details" in self.open:
            self.hidden += data


def from_references(text: str) -> str:
    r"""Undo references as every browser does; `html.unescape` drops some control characters."""
    return re.sub(r"&(?:#(\d+)|[a-z]+);", lambda m: chr(int(m[1])) if m[1] else html.unescape(m[0]), text)


def from_markdown(text: str) -> str:
    """Undo references, and what keeps "@" and "#" apart from a name."""
    return from_references(re.sub("(&#(?:64|35|72|104);)\u200b", r"\1", text))


# For each style that keeps the text: its output → the review.
UNDO: dict[str, Callable[[str], str]] = {
    "html": lambda page: Reader(page).text,
    "markdown": lambda text: from_markdown(re.sub(r"<details><summary>Spoiler</summary>|</details>", "", text)),
    "discord": lambda text: re.sub("(@)\u200b|\\\\([^0-9A-Za-z\\s])|\\|\\|", lambda m: m[1] or m[2] or "", text),
    "reddit": lambda text: from_references(re.sub(r">!|!<", "", text)),
    "lemmy": lambda text: from_references(re.sub(r"::: spoiler Spoiler\n|\n:::(?=\n)", "", text)),
    "anilist": lambda text: from_markdown(re.sub(r"~!|!~", "", text)),
    "goodreads": lambda text: from_references(re.sub(r"</?spoiler>", "", text)),
    "bbcode": lambda text: re.sub(r"\[/?spoiler\]", "", text).replace("[\u200b", "["),
}
NOT_IN_HTML = re.compile("[\0\ud800-\udfff]")
MARKUPS = [name for name, style in STYLES.items() if not style.mask]


def seen(text: str, style: str) -> str:
    """A text as a place shows it: what no page can hold, or what a page would obey, is replaced."""
    if style == "html":
        return re.sub(r"[\u2028\u2029]", "\n", NOT_IN_HTML.sub("\ufffd", text))
    return re.sub(r"[\u2028\u2029]", "\n", re.sub(r"[\u202a-\u202e\u2066-\u2069]", "\ufffd", text))


def without_marks(review: str, style: str) -> PlainText:
    plain = plain_text(review, find_marks(review), titles=True)
    return PlainText(seen(plain.text, style), plain.starts, plain.ends)


def squeezed(text: str, style: str) -> str:
    """Without blanks, which some places want elsewhere; Discord's bars may change places with them."""
    return "".join(text.translate(str.maketrans("", "", "|" if style == "discord" else "")).split())


@pytest.mark.parametrize("style", MARKUPS)
@given(case=REVIEWS)
def test_without_the_markup_it_is_the_review_again(style: str, case: tuple[str, list[Verdict]]) -> None:
    review, verdicts = case
    shown, expected = UNDO[style](redact_verdicts(review, verdicts, style)), without_marks(review, style).text
    assert (squeezed(shown, style) == squeezed(expected, style)) if STYLES[style].own_lines else (shown == expected)


@given(case=REVIEWS)
def test_blocks_have_the_same_length_and_the_same_lines(case: tuple[str, list[Verdict]]) -> None:
    review, verdicts = case
    hidden = redact_verdicts(review, verdicts, "block")
    assert len(hidden) == len(review)
    assert [char for char in hidden if char in "\n\r"] == [char for char in seen(review, "block") if char in "\n\r"]
    for verdict in verdicts:
        if verdict.label is Label.SPOILER:
            assert set(hidden[verdict.start : verdict.end]) <= {"█", *"\n\r\v\f\x1c\x1d\x1e\u2028\u2029"}


def behind_marks(redacted: str, style: str) -> list[str]:
    """The pieces that a reader does not see at first."""
    if style == "discord":  # it reads from left to right, and a backslash takes the next mark with it
        tokens = re.findall(r"\\[^0-9A-Za-z\s]|\|\||[\s\S]", redacted)
        return "".join("\uffff" if token == "||" else token for token in tokens).split("\uffff")[1::2]
    opening, closing = map(re.escape, (STYLES[style].opening, STYLES[style].closing))
    return re.findall(f"{opening}(.*?){closing}", redacted, re.DOTALL)


@pytest.mark.parametrize("style", MARKUPS)
@given(case=REVIEWS)
def test_what_is_hidden_is_what_was_labelled_a_spoiler_or_marked(style: str, case: tuple[str, list[Verdict]]) -> None:
    review, verdicts = case
    redacted = redact_verdicts(review, verdicts, style)
    hidden = "".join(UNDO[style](piece) for piece in behind_marks(redacted, style))
    spans = [(verdict.start, verdict.end) for verdict in verdicts if verdict.label is Label.SPOILER]
    plain = without_marks(review, style)
    covered = plain.covered(merge_spans([*spans, *find_marks(review).hidden]))
    spoilers = "".join(char for char, is_hidden in zip(plain.text, covered, strict=True) if is_hidden)
    assert squeezed(hidden, style) == squeezed(spoilers, style)


REVIEW = "Lovely music. He dies. She lives. Great cast."


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("block", "Lovely music. ███████████████████ Great cast."),
        ("markdown", "Lovely music. <details><summary>Spoiler</summary>He dies. She lives.</details> Great cast."),
        ("discord", "Lovely music. ||He dies. She lives.|| Great cast."),
        ("reddit", "Lovely music. >!He dies. She lives.!< Great cast."),
        ("goodreads", "Lovely music. <spoiler>He dies. She lives.</spoiler> Great cast."),
    ],
)
def test_adjacent_spoilers_join(style: str, expected: str) -> None:
    assert redact_verdicts(REVIEW, verdicts_on(REVIEW, "dies", "lives"), style) == expected


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("block", "████████\n\n██████████"),
        ("goodreads", "<spoiler>He dies.\n\nShe lives.</spoiler>"),
        ("discord", "||He dies.\n\nShe lives.||"),
        ("reddit", ">!He dies.!<\n\n>!She lives.!<"),
        (
            "markdown",
            "\n\n".join(f"<details><summary>Spoiler</summary>{who}.</details>" for who in ("He dies", "She lives")),
        ),
    ],
)
def test_they_join_across_paragraphs_only_where_the_markup_can(style: str, expected: str) -> None:
    review = "He dies.\n\nShe lives."
    assert redact_verdicts(review, verdicts_on(review, "dies", "lives"), style) == expected


def test_html_hides_paragraphs_in_one_piece_and_says_nothing_about_them() -> None:
    review = "Fine. He dies.\n\nShe lives."
    page = Reader(redact_verdicts(review, verdicts_on(review, "dies", "lives"), "html"))
    assert page.hidden == "He dies.\n\nShe lives."
    assert page.tags == {"div", "details", "summary"}
    assert "dies" not in page.attributes


@given(case=REVIEWS)
def test_html_holds_no_tag_but_its_own(case: tuple[str, list[Verdict]]) -> None:
    review, verdicts = case
    assert Reader(redact_verdicts(review, verdicts, "html")).tags <= {"div", "details", "summary", "bdi"}
    shown = Reader(to_html(review, verdicts))
    assert shown.tags <= {"style", "div", "mark"}
    assert re.fullmatch(r"(class=spoilerguard|class=text dir=auto|class=spoiler( uncertain)? style=--p:[01].\d\d "
                        r"title=spoiler: \d+%(, a guess)?)*", shown.attributes)  # fmt: skip


@pytest.mark.parametrize(
    ("review", "style", "expected"),
    [
        ("a || b", "discord", r"a \|\| b"),
        ("*hat* _x_ `c` ~~s~~", "discord", r"\*hat\* \_x\_ \`c\` \~\~s\~\~"),
        ("http://a_b :smile: <@1>", "discord", "http\\://a\\_b \\:smile\\: \\<@\u200b1\\>"),
        ("# top\n- item\n1. one\n-# small", "discord", "\\# top\n\\- item\n1\\. one\n\\-# small"),
        ("well-made, 1.5 of 10", "discord", "well-made, 1.5 of 10"),
        ("a !< b", "reddit", "a !&lt; b"),
        ("> quote\n# top\n1) one\n+ more", "reddit", "&gt; quote\n&#35; top\n&#49;) one\n&#43; more"),
        ("    He dies.", "markdown", "&#32;   He dies."),
        ("\u00a0    He dies.", "markdown", "\u00a0    He dies."),
        ("AT&amp;T <b>x</b> a*b*c", "markdown", "AT&amp;amp;T &lt;b&gt;x&lt;/b&gt; a&#42;b&#42;c"),
        ("well-made, 1.5 of 10; it's # 1!", "markdown", "well-made, 1.5 of 10; it's # 1!"),
        ("https://a_b www.x_y", "markdown", "https&#58;//a&#95;b www&#46;x&#95;y"),
        ("a </spoiler> [book:1]", "goodreads", "a &lt;/spoiler&gt; &#91;book:1]"),
    ],
)
def test_what_the_target_would_read_as_markup_is_escaped(review: str, style: str, expected: str) -> None:
    assert redact_verdicts(review, [], style) == expected


def test_indented_spoilers_are_no_code_in_which_markup_would_show() -> None:
    for blanks in ("    ", "\t", "   \t", "    \u00a0", "    \v"):
        review = f"Fine.\n\n{blanks}He dies."
        redacted = redact_verdicts(review, verdicts_on(review, "dies"), "markdown")
        line = redacted.splitlines(keepends=True)[2]
        assert re.match(r"&#(32|9);", line)


def test_discord_leaves_a_bar_at_the_end_outside() -> None:
    review = "He dies ||"
    assert redact_verdicts(review, verdicts_on(review, "dies"), "discord") == r"||He dies|| \|\|"


def as_commonmark(markdown: str) -> str:
    """HTML, as GitHub would make it."""
    markdown_it = pytest.importorskip("markdown_it", reason="needs markdown-it-py")
    return str(markdown_it.MarkdownIt("gfm-like", {"linkify": False}).render(markdown))


def test_commonmark_sees_no_markup_but_details() -> None:
    review = (
        "    He dies. *x* <b>y</b>\n===\n1. _a_\n\n> `q`\n\n***\n"
        'He dies | z\n:-\n\n[l]: http://x "He dies"\n\n[l] ![i](l)'
    )
    rendered = as_commonmark(redact_verdicts(review, verdicts_on(review, "dies"), "markdown"))
    assert set(re.findall(r"<(\w+)", rendered)) <= {"p", "details", "summary"}
    hidden = re.findall(r"<details><summary>Spoiler</summary>(.*?)</details>", rendered, re.DOTALL)
    assert sum(piece.count("He dies") for piece in hidden) == rendered.count("He dies") == 3


@given(case=REVIEWS)
def test_commonmark_shows_the_review_but_for_blanks(case: tuple[str, list[Verdict]]) -> None:
    review, verdicts = case
    redacted = redact_verdicts(review, verdicts, "markdown")
    rendered = as_commonmark(redacted)
    assert set(re.findall(r"<(\w+)", rendered)) <= {"p", "br", "details", "summary"}
    assert rendered.count("<details>") == redacted.count("<details>")
    text = from_references(re.sub(r"<summary>Spoiler</summary>|<[^>]*>", "", rendered))
    expected = without_marks(review, "markdown").text.replace("\0", "\ufffd")
    assert "".join(text.replace("\u200b", "").split()) == "".join(expected.replace("\u200b", "").split())


def test_an_unknown_style_is_refused_with_the_styles_there_are() -> None:
    with pytest.raises(ValueError, match="'fandom'; choose one of block, plain, html, markdown, "):
        redact_verdicts("", [], "fandom")


def test_an_entry_of_the_table_is_all_that_a_style_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STYLES, "fandom", Style(opening="{{spoiler|", closing="}}"))
    hidden = redact_verdicts(REVIEW, verdicts_on(REVIEW, "dies"), "fandom")
    assert hidden == "Lovely music. {{spoiler|He dies.}} She lives. Great cast."
    assert build_parser().parse_args(["redact", "review.txt", "--style", "fandom"]).style == "fandom"


@pytest.mark.parametrize("style", STYLES)
def test_verdicts_of_another_review_are_refused(style: str) -> None:
    with pytest.raises(ValueError, match="does not belong to this review"):
        redact_verdicts("Another text.", verdicts_on(REVIEW, "dies"), style)


@pytest.mark.parametrize("unit", ["|", "| ", " \n", ":", "1", "    ", "\r\n", "<", "\\"])
@pytest.mark.parametrize("style", MARKUPS)
@pytest.mark.parametrize("length", [20_000, pytest.param(200_000, marks=pytest.mark.slow)])
def test_long_hostile_text_is_hidden_too(style: str, unit: str, length: int) -> None:
    # A pattern that goes back over what it has read would need minutes or hours, and this test would not end.
    review = "x" + unit * (length // len(unit)) + "x"
    spoiler = Verdict(review, 0, len(review), Label.SPOILER, 0.9, certain=True)
    redacted = redact_verdicts(review, [spoiler], style)
    assert squeezed(UNDO[style](redacted), style) == squeezed(without_marks(review, style).text, style)
    assert STYLES[style].opening in redacted


HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> &lt;b&gt; </mark></div></details>"
    "<style>*{display:none}</style> \x1b[31m \"'"
)


def explained(verdicts: list[Verdict]) -> list[Explanation]:
    empty = Contribution("", 0, 0, -0.2)
    return [
        Explanation(one.text, 1.0, 0.73, 0.1, (Contribution(one.text, 0, len(one.text), 0.9), empty), 0.2)
        for one in verdicts
    ]


def test_hostile_text_is_shown_as_text() -> None:
    for label in Label:
        verdicts = [Verdict(HOSTILE, 0, len(HOSTILE), label, 0.7, certain=False)]
        page = Reader(to_html(HOSTILE, verdicts, explained(verdicts)))
        shown = HOSTILE.replace("\x1b", "\\u001b")
        assert page.text.startswith(shown)
        assert not page.tags & {"script", "img", "b"}
        assert "alert" not in page.attributes


@given(case=classified())
def test_the_page_can_be_written_and_shows_the_whole_review(case: tuple[str, list[Verdict]]) -> None:
    review, verdicts = case
    page = to_html(review, verdicts, explained(verdicts))
    page.encode()
    text = Reader(to_html(review, verdicts)).text
    if review.isprintable():
        assert text == review


def test_a_more_likely_spoiler_is_marked_more_strongly_and_a_guess_is_named_so() -> None:
    verdicts = verdicts_on(REVIEW, "dies", probability=0.97)
    assert '<mark class="spoiler" style="--p:0.97" title="spoiler: 97%">He dies.</mark>' in to_html(REVIEW, verdicts)
    guess = [Verdict("He dies.", 14, 22, Label.SPOILER, 0.6, certain=False)]
    assert '<mark class="spoiler uncertain" style="--p:0.60" title="spoiler: 60%, a guess">' in to_html(REVIEW, guess)


def test_reasons_of_other_sentences_are_refused() -> None:
    verdicts = verdicts_on(REVIEW, "dies")
    with pytest.raises(ValueError, match="not those of these sentences"):
        to_html(REVIEW, verdicts, explained(verdicts)[:-1])


def test_reasons_show_words_weights_and_their_sum() -> None:
    verdicts = verdicts_on("He dies.", "dies")
    parts = Contribution("dies", 3, 7, 1.25), Contribution(".", 7, 8, -0.15)
    text = Reader(to_html("He dies.", verdicts, [Explanation("He dies.", 0.8, 0.69, -0.5, parts, 0.2)])).text
    assert "dies +1.25" in text
    assert ". -0.15" in text
    assert "words +1.10, rest of the review +0.20, intercept -0.50: together +0.80" in text


def test_verdicts_are_a_list_that_knows_its_review() -> None:
    plain = verdicts_on(REVIEW, "dies")
    verdicts = Verdicts(plain, REVIEW)
    assert verdicts == plain
    assert plain == verdicts
    assert isinstance(verdicts, list)
    assert verdicts.review == REVIEW
    assert verdicts[1:] == plain[1:]


def pickled(protocol: int) -> Callable[[Verdicts], Verdicts]:
    return lambda verdicts: pickle.loads(pickle.dumps(verdicts, protocol))


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, *map(pickled, range(2, pickle.HIGHEST_PROTOCOL + 1))])
def test_verdicts_survive_copying_and_pickling(again: Callable[[Verdicts], Verdicts]) -> None:
    verdicts = Verdicts(verdicts_on(REVIEW, "dies"), REVIEW)
    same = again(verdicts)
    assert type(same) is Verdicts
    assert same == verdicts
    assert same.review == REVIEW
    assert str(same) == str(verdicts)


def test_printed_verdicts_mark_spoilers_in_plain_text() -> None:
    review = "Fine \x1b[31mred.\nHe dies."
    assert str(Verdicts(verdicts_on(review, "dies"), review)) == "Fine \\u001b[31mred.\n[spoiler 90%: He dies.]"


def test_where_major_spoilers_were_asked_for_their_probability_is_shown() -> None:
    verdicts = [replace(one, major=0.42) for one in verdicts_on(REVIEW, "dies")]
    shown = Verdicts(verdicts, REVIEW, level="major")
    assert "[major spoiler 42%: " in str(shown)
    assert 'title="major spoiler: 42%"' in shown._repr_html_()
    assert copy.copy(shown[:]).level == "major"


@given(case=classified())
def test_verdicts_show_any_text(case: tuple[str, list[Verdict]]) -> None:
    review, verdicts = case
    shown = Verdicts(verdicts, review)
    assert str(shown) == visible(str(shown))
    assert str(shown).isprintable() or not review.isprintable()
    assert shown._repr_html_() == to_html(review, verdicts)


def test_no_sentences_show_as_the_review_that_they_are() -> None:
    assert str(Verdicts([], "  ")) == "  "
    assert redact_verdicts("", [], "block") == ""
    assert Reader(to_html("", [])).text == ""


# control characters ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "char",
    [
        *(pytest.param(char, id=f"U+{ord(char):04X}") for char in "\0\x07\b\v\f\x1b\x1f\x7f\x80\x85\x9b\x9f"),
        *(pytest.param(char, id=f"U+{ord(char):04X}") for char in "\u2028\u2029\u200e\u200f\u061c"),
        *(pytest.param(char, id=f"U+{ord(char):04X}") for char in "\u202a\u202e\u2066\u2069\ud800\udfff\r"),
    ],
)
def test_a_character_that_a_terminal_or_a_page_would_obey_is_shown_everywhere(char: str) -> None:
    review = f"a{char}b"
    shown = f"a\\u{ord(char):04x}b"
    assert visible(review) == str(Verdicts([], review)) == Reader(to_html(review, [])).text == shown
    assert json.loads(f'"{shown}"') == review


@pytest.mark.parametrize("text", ["a\tb\r\nc\n", "é 日本 👩\u200d👧 e\u0301 \u00a0\ufeff", "\\u001b"])
def test_layout_and_characters_of_any_script_stay_as_they_are(text: str) -> None:
    assert visible(text) == text


# links, mentions, line starts, direction, pages of many pieces, masks -----------------------------------------------


MENTIONS = [
    "u/bob says hi.",
    "/u/bob and r/films, (/r/films) U/Bob u/bob-c r/a+b",
    "mail bob@example.com or mailto:bob@example.com",
    "@bob hi, @everyone <@123> <@!4> <#5> <@&6> @here!",
    "#1 is best, see #12 and GH-3 and org/repo#4",
    "see https://a.b/c www.a.b http://x.y ftp://a.b/c HTTP://X.Y Www.x.y",
    "a www.x.com (https://q.r) xmpp:a@b.c example.com/u/bob reddit.com/r/x",
    "<https://a.b> [x](http://y.z) ![i](http://u.v) irc://x/y",
]
LINKING: dict[str, list[Callable[[list[str]], list[str]]]] = {
    "reddit": [snudown],
    "markdown": [cmark_gfm, commonmark, markdown_it],
    "commonmark": [cmark_gfm, markdown_it],
    "lemmy": [markdown_it_container, markdown_it],
    "discord": [discord_markdown],
}


@pytest.mark.parametrize("style", LINKING)
def test_no_name_and_no_address_becomes_a_link_or_notifies_anybody(style: str) -> None:
    written = [redact_verdicts(review, [], style) for review in MENTIONS]
    for render in LINKING[style]:
        for page in render(written):
            assert links(page) == []
            assert set(re.findall(r"<(\w+)", page)) <= {"p", "br"}
            if style in {"markdown", "commonmark"}:  # GitHub reads the page once more
                assert not re.search(r"@\w|#\d|(?i:gh)-\d", visible_text(page))
    if style == "discord":
        assert not re.search(r"@(?:everyone|here|[!&]?\d)", "".join(written))


INVISIBLE = ["\ufeff", "\u200b", "\u2060", "\u200e", "\xad", "\ufeff\u200b", "\u3164", "\u180e"]


@pytest.mark.parametrize("start", ["\t", "    ", " \t", "# ", "- ", "1. ", "> ", "+ ", "===\n", "```\n", "~~~\n"])
def test_invisible_characters_do_not_hide_the_start_of_a_line(start: str) -> None:
    reviews = [f"{before}{char}{start}She dies." for char in INVISIBLE for before in ("", "Fine.\n\n")]
    for style, renders in LINKING.items():
        written = [redact_verdicts(review, verdicts_on(review, "dies"), style) for review in reviews]
        for render in renders:
            if render is not markdown_it or style != "lemmy":
                for page in render(written):
                    assert "dies" not in visible_text(page)
                    assert not re.search("<(?:h1|ul|ol|pre|code|blockquote|hr)", page)


@pytest.mark.parametrize("char", ["\u202a", "\u202b", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068"])
def test_a_character_that_turns_what_follows_is_isolated_in_html_and_neutralised_elsewhere(char: str) -> None:
    review = f"Fine {char}cast. He dies. Go{char}od.\nNice."
    for style in STYLES:
        redacted = redact_verdicts(review, verdicts_on(review, "dies"), style)
        if style == "html":
            assert f"<bdi>Fine {char}cast. </bdi><details" in redacted
            assert f"</details><bdi> Go{char}od.</bdi>\nNice." in redacted
        else:
            assert char not in redacted
            assert f"&#{ord(char)};" not in redacted


def test_ten_pieces_on_a_page_bring_no_style_sheet() -> None:
    page = "".join(redact_verdicts(REVIEW, verdicts_on(REVIEW, "dies"), "html") for _ in range(10))
    assert "<style" not in page
    highlighted = [to_html(REVIEW, verdicts_on(REVIEW, "dies"), style_sheet=number == 0) for number in range(10)]
    assert "".join(highlighted).count("<style") == 1


@pytest.mark.parametrize(
    ("style", "mask", "expected"),
    [
        ("block", "*", "Lovely music. ******************* Great cast."),
        ("block", "(hidden)", "Lovely music. (hidden) Great cast."),
        ("plain", None, "Lovely music. [spoiler] Great cast."),
        ("plain", "…", "Lovely music. … Great cast."),
        ("mastodon", "(CW: end)", "Lovely music. (CW: end) Great cast."),
        ("commonmark", "[…]", "Lovely music. […] Great cast."),
    ],
)
def test_a_mask_of_ones_own(style: str, mask: str | None, expected: str) -> None:
    assert redact_verdicts(REVIEW, verdicts_on(REVIEW, "dies", "lives"), style, mask=mask) == expected


def test_a_mask_is_refused_where_there_is_nothing_to_mask() -> None:
    with pytest.raises(ValueError, match="'discord' keeps the text and has no mask; choose one of block, plain, "):
        redact_verdicts(REVIEW, [], "discord", mask="x")
    with pytest.raises(ValueError, match="mask is empty"):
        redact_verdicts(REVIEW, [], "plain", mask="")
    with pytest.raises(TypeError, match="mask must be text or None, got int"):
        redact_verdicts(REVIEW, [], "plain", mask=5)  # type: ignore[arg-type]


def test_mastodon_gets_no_mention_and_no_tag() -> None:
    assert redact_verdicts("@a@b.c says #hi", [], "mastodon") == "@\u200ba@\u200bb.c says #\u200bhi"
