"""Text that is markup already: read as a reader sees it, hidden in its own way, and kept byte for byte elsewhere."""

import random
import re
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from renderers import cmark_gfm, commonmark, discord_markdown, markdown_it, snudown, visible_text

from spoilerguard import SpoilerClassifier, classify, classify_reviews, explain, redact
from spoilerguard.documents import Documents
from spoilerguard.marks import find_marks
from spoilerguard.markup import MARKUPS, PlainText, visible_pieces
from spoilerguard.rendering import STYLES, redact_verdicts
from spoilerguard.verdicts import Label, Verdict


def verdicts_on(review: str, markup: str, *spoilers: str) -> list[Verdict]:
    """Verdicts on all sentences; those that contain one of `spoilers`, as a reader sees them, are spoilers."""
    documents = Documents.from_reviews([review], markup)
    rows = zip(documents.texts, documents.starts.tolist(), documents.sentences, documents.marked.tolist(), strict=True)
    return [
        Verdict(
            text,
            start,
            start + len(text),
            Label.SPOILER if any(spoiler in seen for spoiler in spoilers) else Label.SAFE,
            0.5,
            certain=True,
            marked=marked,
        )
        for text, start, seen, marked in rows
    ]


@pytest.mark.parametrize(
    ("markup", "review", "sentences"),
    [
        (
            "html",
            "<p>Lovely &amp; slow.</p><p>In the end <b>Anna</b> dies.</p>",
            ["Lovely & slow.", "In the end Anna dies."],
        ),
        (
            "html",
            "I loved it<br>In the end Anna dies<BR/>Nice music",
            ["I loved it", "In the end Anna dies", "Nice music"],
        ),
        ("html", "<ul><li>An<i>na</i> dies<li>Fine</ul>", ["Anna dies", "Fine"]),
        ("html", "<script>x < y;</script><style>p{}</style>Fine<!-- Anna dies -->", ["Fine"]),
        ("html", "It&#39;s &eacute;t&eacute;.&nbsp;Go &unknown; 1 < 2", ["It's été.", "Go &unknown; 1 < 2"]),
        ("html", "One line\nof text.", ["One line of text."]),
        ("html", "<![x]>Fine</p", ["Fine</p"]),
        ("html", "Fine <!-- Anna <b>dies</b>", ["Fine <!-- Anna <b>dies</b>"]),
        ("markdown", "# Fine\n> *He* **dies** \\* &amp; x. [More](http://x)", ["Fine", "He dies * & x. More"]),
        ("markdown", "He\ndies ***now***. A `code`!\n\n- one\n- two", ["He dies now.", "A code!", "one", "two"]),
        ("markdown", "<b>Anna</b> ![dies](x) ~~not~~ <https://a.b>", ["Anna  not https://a.b"]),
        ("markdown", "<div>\nAnna <b>dies</b>\n</div>\n\nFine", ["Anna dies", "Fine"]),
        ("markdown", "| Anna | dies |\n|---|---|\n| a | b |", ["Anna", "dies", "a", "b"]),
        ("reddit", "<b>Anna</b> >!dies!< [x](http://y)", ["<b>Anna</b> dies x"]),
        ("discord", "Fine <:pog:1> <@123>.\n> **Anna** __dies__", ["Fine  .", "Anna dies"]),
        ("discord", "a &amp; <b> 1) x\ny", ["a &amp; <b> 1) x", "y"]),
    ],
)
def test_a_text_is_read_as_a_reader_sees_it(markup: str, review: str, sentences: list[str]) -> None:
    documents = Documents.from_reviews([review], markup)
    assert documents.sentences == sentences
    for text, start in zip(documents.texts, documents.starts.tolist(), strict=True):
        assert review[start : start + len(text)] == text


@pytest.mark.parametrize(
    ("markup", "written", "seen"),
    [
        (
            "html",
            "<p>Lovely &amp; slow.</p>\n<p>In the end <b>Anna</b> dies.</p>",
            "Lovely & slow.\n\nIn the end Anna dies.",
        ),
        ("markdown", "Lovely **and** slow. In the end [Anna](x) dies.", "Lovely and slow. In the end Anna dies."),
        ("discord", "Lovely *and* slow. In the end ||Anna|| dies.", "Lovely and slow. In the end Anna dies."),
        ("reddit", "Lovely ~~and~~ slow. In the end >!Anna!< dies.", "Lovely and slow. In the end Anna dies."),
    ],
)
def test_verdicts_and_reasons_are_those_of_what_is_seen(
    default_model: SpoilerClassifier, markup: str, written: str, seen: str
) -> None:
    verdicts = classify(written, model=default_model, markup=markup)
    plain = classify(seen, model=default_model)
    np.testing.assert_allclose([one.probability for one in verdicts], [one.probability for one in plain], rtol=1e-12)
    assert all(written[one.start : one.end] == one.text for one in verdicts)
    assert list(next(classify_reviews([written], model=default_model, markup=markup))) == list(verdicts)
    for verdict, why, of_plain in zip(
        verdicts, explain(written, model=default_model, markup=markup), explain(seen, model=default_model), strict=True
    ):
        assert why.text == verdict.text
        assert all(why.text[part.start : part.end] == part.text for part in why.contributions)
        assert [part.weight for part in why.contributions] == [part.weight for part in of_plain.contributions]
    assert classify([written], model=default_model, markup=markup)[0].text == written


HTML = STYLES["html"].opening
MARKDOWN = "<span></span><details><summary>Spoiler</summary>"


@pytest.mark.parametrize(
    ("markup", "style", "review", "expected"),
    [
        (
            "html",
            "html",
            "<p>Lovely &amp; slow.</p><p>In the end <b>Anna</b> dies.</p>",
            f"<p>Lovely &amp; slow.</p><p>{HTML}In the end <b>Anna</b> dies.</details></p>",
        ),
        (
            "html",
            "html",
            "<p class=a>Ok. <b>She dies. He</b> lives.</p><!-- x -->",
            f"<p class=a>Ok. <b>{HTML}She dies.</details> He</b> lives.</p><!-- x -->",
        ),
        ("html", "html", "<ul><li>x <i>dies<li>y</ul>", f"<ul><li>{HTML}x</details> <i>{HTML}dies</details><li>y</ul>"),
        ("html", "html", "It dies<br>dies &lt;&nbsp;1", f"{HTML}It dies<br>dies &lt;&nbsp;1</details>"),
        ("html", "block", "<p>A &amp; <b title='x'>dies</b></p>\n", "<p>█ █ <b title='x'>████</b></p>\n"),
        (
            "discord",
            "discord",
            "Fine <:pog:1> <@1> **bold** http://a_b. In the **end** Anna dies.\n> q",
            "Fine <:pog:1> <@1> **bold** http://a_b. ||In the **end** Anna dies.||\n> q",
        ),
        (
            "discord",
            "discord",
            "Or **it dies. Nice** one",
            "||Or|| **||it dies.|| Nice** one",
        ),
        ("discord", "discord", "A || b\nIt `dies` now", "A || b\n██ `████` ███"),
        (
            "html",
            "html",
            "<p>Fine.<select><option>He dies</select> He dies",
            f"<p>Fine.<select><option>██ ████</select> {HTML}He dies</details>",
        ),
        ("html", "plain", "<p>Fine. <b>He</b> dies.</p>", "<p>Fine. [spoiler]</p>"),
        ("markdown", "commonmark", "*Fine*. He **dies**.", "*Fine*. \\[spoiler]"),
        ("discord", "block", "# Fine\n||It|| **dies** now", "# Fine\n||██|| **████** ███"),
        (
            "markdown",
            "markdown",
            "# Hi\n\n> In the [end](http://x) Anna dies. *Nice*.\n\n    code\n",
            f"# Hi\n\n> {MARKDOWN}In the [end](http://x) Anna dies.</details> *Nice*.\n\n    code\n",
        ),
        ("markdown", "markdown", "    she dies\n\nok", "    ███ ████\n\nok"),
        (
            "reddit",
            "reddit",
            "u/bob *said* hello there. She **dies**\nnow. ^(ok)",
            "u/bob *said* hello there. >!She **dies**!<\n>!now.!< ^(ok)",
        ),
        ("reddit", "reddit", "It dies !< now.", "██ ████ ██ ████"),
        ("reddit", "block", "> It [dies](http://dies).", "> ██ [████](http://dies)█"),
    ],
)
def test_all_but_the_hidden_parts_stays_byte_for_byte(markup: str, style: str, review: str, expected: str) -> None:
    assert redact_verdicts(review, verdicts_on(review, markup, "dies"), style, markup=markup) == expected


@pytest.mark.parametrize(
    ("markup", "review", "expected"),
    [
        ("discord", "Fine. ||Rosebud|| is. >!*x*!< <spoiler>z</spoiler>", "Fine. ||Rosebud|| is. ||*x* z||"),
        ("reddit", "Fine. >!Rosebud!< is. ||*x*||\n\n>! y", "Fine. >!Rosebud!< is. >!*x*!<\n\n>!y!<"),
        ("html", "<p>||<b>Rosebud</b> is|| x</p>", f"<p>{HTML}<b>Rosebud</b> is</details> x</p>"),
        ("html", '<p>A <span class="spoiler">b</span> c</p>', f"<p>A {HTML}b</details> c</p>"),
        ("html", "<!-- ||a|| --> <img alt='||b||'> ok", "<!-- ||a|| --> <img alt='||b||'> ok"),
        ("markdown", "A ||b|| `c`", "A <details><summary>Spoiler</summary>b</details> `c`"),
        ("markdown", '[a](/s "b") c', '[a](/s "b") c'),
    ],
)
def test_what_the_author_had_hidden_is_hidden_in_the_markups_own_way(markup: str, review: str, expected: str) -> None:
    assert redact_verdicts(review, [], markup, markup=markup) == expected


def test_a_style_of_another_place_is_refused_with_those_that_there_are(default_model: SpoilerClassifier) -> None:
    with pytest.raises(
        ValueError, match="A text in html cannot be hidden in the style 'discord'; choose one of block, plain, html"
    ):
        redact("<p>x</p>", style="discord", markup="html", model=default_model)
    for call in (classify, explain, redact, lambda text, **options: classify_reviews([text], **options)):
        with pytest.raises(
            ValueError, match="no markup 'latex'; choose one of html, markdown, reddit, discord, or None"
        ):
            call("x", markup="latex", model=default_model)


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        ({"markup": "markdwon"}, "Did you mean 'markdown'?"),
        ({"markup": "HTML"}, "Did you mean 'html'?"),
        ({"style": "redit"}, "Did you mean 'reddit'?"),
    ],
)
def test_a_misspelt_name_gets_a_suggestion(
    default_model: SpoilerClassifier, options: dict[str, str], meant: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(meant)):
        redact("x", model=default_model, **options)


ATOMS = [
    *("*", "**", "_", "~~", "`", "[", "](u)", "<b>", "</b>", "<div>", "</p>", "<p>", "&amp;", "\\", "\n", "\n\n", "> "),
    *("- ", "1. ", "    ", "\t", "# ", "|", "||", ">!", "!<", "\r\n", "```\n", "===\n", "<:p:1>", "<@1>", "[spoiler]"),
    *(
        "plain. ",
        "words ",
        "The secret is out. ",
        "secret ",
        "![",
        "<br>",
        "<!--",
        "-->",
        "</details>",
        "<details>",
        "\0",
    ),
    *(
        "^(",
        "http://a.b/c_d",
        "\n| a | secret |\n|-|-|\n| b | c |\n",
        "||secret||",
        ">!secret!<",
        "&lt;",
        "\n\n>!",
        "<select>",
    ),
    *("[spoiler]secret[/spoiler] ", "<https://x.y>", "u/bob ", "@bob"),
]


def as_shown(text: str) -> str:
    """With one kind of blank, and with the sign that renderers show for a NUL."""
    return re.sub(r"\s", " ", text).replace("\0", "\ufffd")


@pytest.mark.parametrize("markup", MARKUPS)
@given(text=st.lists(st.sampled_from(ATOMS), max_size=15).map("".join) | st.text(max_size=30))
@example(text="\ufffd")
def test_pieces_stand_in_order_and_show_what_is_written(markup: str, text: str) -> None:
    pieces = [piece for piece in visible_pieces(text, find_marks(text), markup) if piece.start < piece.end]
    assert all(before.end <= after.start for before, after in pairwise(pieces))
    for start, end, seen, _ in pieces:
        if len(seen) == end - start and seen.strip():
            assert as_shown(text[start:end]) == as_shown(seen)
    plain = PlainText.from_pieces(pieces)
    assert len(plain.starts) == len(plain.ends) == len(plain.text)


def between_details(texts: list[str]) -> list[str]:
    return texts


SHOWN: dict[str, list[Callable[[list[str]], list[str]]]] = {
    "html": [between_details],
    "markdown": [cmark_gfm, commonmark, markdown_it],
    "discord": [discord_markdown],
    "reddit": [snudown],
}


@pytest.mark.parametrize("markup", SHOWN)
@pytest.mark.parametrize("n", [200, pytest.param(2_000, marks=pytest.mark.slow)])
def test_no_hidden_word_is_seen_by_the_reader(markup: str, n: int) -> None:
    dice = random.Random(0)
    reviews = ["".join(dice.choices(ATOMS, k=dice.randint(2, 14))) for _ in range(n)]
    written = [redact_verdicts(one, verdicts_on(one, markup, "secret"), markup, markup=markup) for one in reviews]
    for render in SHOWN[markup]:
        originals = render(reviews)
        for review, redacted, page, original in zip(reviews, written, render(written), originals, strict=True):
            if "secret" in visible_text(original):
                assert "secret" not in visible_text(page), (review, redacted)
