"""What an author has hidden is found, hidden everywhere, said in the verdicts, and read by its words only."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from renderers import RENDERERS

from spoilerguard import SpoilerClassifier, classify, explain
from spoilerguard.documents import Documents
from spoilerguard.marks import find_marks, merge_spans
from spoilerguard.markup import plain_text
from spoilerguard.rendering import redact_verdicts
from spoilerguard.sentences import split

# Every form, around what it hides.
FORMS = {
    "discord": "||{}||",
    "telegram, with blanks": "|| {} ||",
    "reddit": ">!{}!<",
    "reddit, with blanks": ">! {} !<",
    "reddit, by its interface": "&gt;!{}!&lt;",
    "reddit, by its editor": r"\>!{}!<",
    "goodreads": "<spoiler>{}</spoiler>",
    "capitals": "<SPOILER>{}</Spoiler>",
    "escaped": "&lt;spoiler&gt;{}&lt;/spoiler&gt;",
    "with attributes": '<spoiler title="the end">{}</spoiler >',
    "goodreads, scraped": "(view spoiler)[{} (hide spoiler)]",
    "goodreads, scraped with a blank": "(View Spoiler) [{}(Hide Spoiler)]",
    "bbcode": "[spoiler]{}[/spoiler]",
    "bbcode, capitals": "[SPOILER]{}[/Spoiler]",
    "bbcode, plural": "[spoilers]{}[/spoilers]",
    "bbcode, title": "[spoiler=the end]{}[/spoiler]",
    "bbcode, quoted title": '[spoiler="the end"]{}[/spoiler]',
    "bbcode, named": '[spoiler name="the end"]{}[/spoiler]',
    "xenforo, inline": "[ispoiler]{}[/ispoiler]",
    "forums, box": "[spoilerbox]{}[/spoilerbox]",
    "misskey": "$[blur {}]",
    "phpbb": "[spoiler:3a4b5c6d]{}[/spoiler:3a4b5c6d]",
    "forums": "[hide]{}[/hide]",
    "discourse": '[details="the end"]{}[/details]',
    "anilist": "~!{}!~",
    "github": "<details><summary>the end</summary>{}</details>",
    "github, open": "<details open>\n<summary><b>the end</b></summary>\n\n{}\n\n</details>",
    "details alone": "<details>{}</details>",
    "lemmy": "\n::: spoiler the end\n{}\n:::\n",
    "lemmy, more colons": "\n:::: spoiler the end\n{}\n::::\n",
    "docusaurus": "\n:::spoiler\n{}\n:::\n",
    "zulip": "\n```spoiler the end\n{}\n```\n",
    "reddit, long ago": '[the end](/s "{}")',
    "reddit, long ago, hash": '[the end](#s "{}")',
    "reddit, long ago, spoiler": "[](/spoiler '{}')",
    "reddit, long ago, covered": "[{}](/s)",
    "reddit, long ago, covered, hash": "[{}](#spoiler)",
    "matrix": "<span data-mx-spoiler>{}</span>",
    "matrix, reason": '<span data-mx-spoiler="the end">{}</span>',
    "telegram": "<tg-spoiler>{}</tg-spoiler>",
    "telegram, span": '<span class="tg-spoiler">{}</span>',
    "class": '<span class="spoiler">{}</span>',
    "class among others": "<p id='x' class='text md-spoiler-text'>{}</p>",
    "class, nested": '<div class="spoilerText"><div>{}</div> and <div>more</div></div>',
    "tv tropes": "[[spoiler:{}]]",
    "mediawiki": "{{{{spoiler|{}}}}}",
}
SENTENCE = "Rosebud is the sled."


def bare(form: str) -> str:
    """What is left of a form around the sentence when its marks are gone."""
    before, _, behind = form.partition("{}")
    seen = "the end " if form.startswith("[the end]") else ""  # the text of an old link stands for all to see
    lines = "\n" if before.startswith("\n") or "\n" in behind else ""
    inside = "<div>{}</div> and <div>more</div>" if "more" in form else "{}"
    return f"{lines}{seen}{inside.format(SENTENCE)}{lines}"


def hidden_texts(text: str) -> list[str]:
    return [text[start:end] for start, end in find_marks(text).hidden]


@pytest.mark.parametrize("inside", [SENTENCE, "Rosebud", "He dies. She lives!\nNobody\nknows."])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_is_found_and_nothing_else(form: str, inside: str) -> None:
    text = f"Great film. {form.format(inside)} See it."
    covered = np.zeros(len(text), dtype=bool)
    for start, end in find_marks(text).hidden:
        covered[start:end] = True
    first = text.index(inside)
    assert covered[first : first + len(inside)].all()
    assert not covered[: len("Great film.")].any()
    assert not covered[-len("See it.") :].any()


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_probabilities_are_those_of_the_text_without_marks(default_model: SpoilerClassifier, form: str) -> None:
    marked = classify(f"Great film. {form.format(SENTENCE)} See it.", model=default_model)
    plain = classify(f"Great film. {bare(form)} See it.", model=default_model)
    assert [verdict.probability for verdict in marked] == [verdict.probability for verdict in plain]
    assert [verdict.certain for verdict in marked] == [verdict.certain for verdict in plain]
    assert [verdict.marked for verdict in marked] == ["film" not in v.text and v.text != "See it." for v in marked]
    assert not any(verdict.marked for verdict in plain)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        # nested
        ("[spoiler]a [spoiler]b[/spoiler] c[/spoiler] d", ["[spoiler]a [spoiler]b[/spoiler] c[/spoiler]"]),
        ("||a >!b!< c|| d", ["||a >!b!< c||"]),
        (
            "<spoiler>a <b>b</b> [spoiler]c[/spoiler]</spoiler> d",
            ["<spoiler>a <b>b</b> [spoiler]c[/spoiler]</spoiler>"],
        ),
        ("<details>a<details>b</details>c</details> d", ["<details>a<details>b</details>c</details>"]),
        ("[[spoiler:a [[b]] c]] d", ["[[spoiler:a [[b]] c]]"]),
        ("::: spoiler x\na\n::: warning\nb\n:::\nc\n:::\nd", ["::: spoiler x\na\n::: warning\nb\n:::\nc\n:::"]),
        # crossed
        ("<spoiler>a [spoiler]b</spoiler> c[/spoiler] d", ["<spoiler>a [spoiler]b</spoiler> c[/spoiler]"]),
        # never closed: the paragraph, or all that follows
        ("a ||b\nc\n\nd", ["||b\nc"]),
        (">!b. c\n\nd", [">!b. c"]),
        (">! b\n>! c\n\nd", [">! b\n>! c"]),
        ("a ~!b\r\n\r\nd", ["~!b"]),
        ("a ~!~~b~~!~ c", ["~!~~b~~!~"]),
        ("a ~!~b!~ c ~!d~!~ e", ["~!~b!~", "~!d~!~"]),
        ("[spoiler]b\n \nd", ["[spoiler]b"]),
        ("[spoiler]a [spoiler]b[/spoiler] c\n\nd", ["[spoiler]a [spoiler]b[/spoiler] c"]),
        ("[spoiler]b[spoiler] c\n\nd", ["[spoiler]b[spoiler] c"]),
        ("a <spoiler>b\n\nc", ["<spoiler>b\n\nc"]),
        ("a (view spoiler)[b\n\nc", ["(view spoiler)[b\n\nc"]),
        ("a\n::: spoiler\nb\n\nc", ["::: spoiler\nb\n\nc"]),
        ('a [x](/s "b c', ['](/s "b c']),
        ('a [x](/s "b\n\nc") d', ['](/s "b\n\nc")']),
        ("a [b\n\nc](/s) d", ["[b\n\nc](/s)"]),
        # side by side, divided, odd
        ("||a||||b|| c", ["||a||||b||"]),
        ("||||a|||| b", ["||||a||||"]),
        ("|||a||| b", ["|||a|||"]),
        ("||a||b||c||", ["||a||", "||c||"]),
        ("a || b x||c||y d || e", ["|| b x||c||y d ||"]),
        ("a || b ||c|| d || e", ["|| b ||c|| d ||"]),
        ("A || B. Then ||c|| d", ["|| B. Then ||c||"]),
        ("x [](/s \"y\")[](/s 'z') a", ['](/s "y")', "](/s 'z')"]),
        # escaped
        (r"\||a\|| b", []),
        (r"a \\||b|| c", ["||b||"]),
        (r"a \|||b|| c", ["||b||"]),
        ("||a\n\nb || c || d", ["||a\n\nb || c ||"]),
        ("||a\n\nb ||\n\nc ||", ["||a\n\nb ||\n\nc ||"]),
        # no marks
        ("A || B", []),
        ("$[blur a [b] c] d", ["$[blur a [b] c]"]),
        ("Wow!~ I <3 it >! ", [">! "]),
        ("He dies!<br>She <b>lives</b>!", []),
        ("Hi <@9>! See <#12>! <:smile:1>! <a:x:2>! <t:3:R>! <https://a.b>! He dies", []),
        ("Hi <@9> >!he dies!< <@9>!", [">!he dies!<"]),
        ("<b>!a</b> <i>!b</i>", []),
        ("3 > 2! And 2 < 3!", []),
        ("[spoiler alert] spoilers ahead: [spoilers ahead] a", []),
        ('<div class="spoiler-free">a</div> <p class="no-spoilers">b</p>', []),
        ('<a href="/spoilers">a</a> <p title="spoiler">', []),
        ("He dies [/spoiler] a !< b </spoiler>", []),
        ("[link](/section) and [link](#start)", []),
        ("No spoilers here; a spoiler, spoiled.", []),
    ],
)
def test_marks_that_are_nested_crossed_unclosed_or_none(text: str, hidden: list[str]) -> None:
    assert hidden_texts(text) == hidden


@pytest.mark.parametrize(("style", "renderer"), RENDERERS, ids=[" by ".join(key) for key in RENDERERS])
def test_every_style_hides_what_was_marked_though_no_verdict_says_so(style: str, renderer: str) -> None:
    reviews = [f"Great film. {form.format(SENTENCE)} See it." for form in FORMS.values()]
    shown = RENDERERS[style, renderer]([redact_verdicts(review, [], style) for review in reviews])
    for text in shown:
        assert "Rosebud" not in text
        assert "sled" not in text
        assert "Great film" in text
        assert "See it" in text


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("block", "Great film. ████████████████████████ See it."),
        ("plain", "Great film. [spoiler] See it."),
        ("discord", "Great film. ||Rosebud is the sled.|| See it."),
        ("reddit", "Great film. >!Rosebud is the sled.!< See it."),
        ("goodreads", "Great film. <spoiler>Rosebud is the sled.</spoiler> See it."),
        ("bbcode", "Great film. [spoiler]Rosebud is the sled.[/spoiler] See it."),
        ("anilist", "Great film. ~!Rosebud is the sled.!~ See it."),
        ("lemmy", "Great film.\n\n::: spoiler Spoiler\nRosebud is the sled.\n:::\n\nSee it."),
    ],
)
def test_the_marks_of_the_style_take_the_place_of_those_of_the_author(style: str, expected: str) -> None:
    for mark in ("||{}||", ">!{}!<", "~!{}!~"):
        assert redact_verdicts(f"Great film. {mark.format(SENTENCE)} See it.", [], style) == expected


def test_a_title_is_hidden_with_what_it_announces() -> None:
    review = "Fine. [spoiler=Anna]She dies.[/spoiler] Go."
    assert redact_verdicts(review, [], "discord") == "Fine. ||Anna She dies.|| Go."
    assert [verdict.text for verdict in classify(review)] == ["Fine.", "She dies.", "Go."]


def test_offsets_lead_into_the_text_as_it_was_written(default_model: SpoilerClassifier) -> None:
    review = "Fine.||He d>!ies!<.||Good. <spoiler>She</spoiler> lives."
    verdicts = classify(review, model=default_model)
    assert [verdict.text for verdict in verdicts] == ["Fine.", "He d>!ies!<.", "Good.", "She</spoiler> lives."]
    assert all(review[verdict.start : verdict.end] == verdict.text for verdict in verdicts)
    assert [verdict.marked for verdict in verdicts] == [False, True, False, True]
    for verdict, why in zip(verdicts, explain(review, model=default_model), strict=True):
        assert why.text == verdict.text
        assert all(why.text[part.start : part.end] == part.text for part in why.contributions)
        assert "spoiler" not in [part.text for part in why.contributions]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_no_mark_leaks_into_the_features_of_raw_lists(default_model: SpoilerClassifier, form: str) -> None:
    marked, plain = [form.format(SENTENCE), "Fine cast."], [bare(form), "Fine cast."]
    for method in ("decision_function", "predict_proba", "predict_log_proba", "predict", "certain"):
        np.testing.assert_array_equal(getattr(default_model, method)(marked), getattr(default_model, method)(plain))
    vectorizer = default_model.vectorizer_
    assert (vectorizer.transform(marked) != vectorizer.transform(plain)).nnz == 0


def test_a_model_learns_the_same_from_marked_and_from_bare_sentences() -> None:
    bare = ["He dies at the end.", "The killer is the nurse.", "Great music.", "The acting is fine."]
    marked = ["||He dies|| at the end.", "[spoiler]The killer is the nurse.[/spoiler]", "Great music.", bare[3]]
    of_bare, of_marked = (SpoilerClassifier(C=10).fit(texts, [1, 1, 0, 0]) for texts in (bare, marked))
    np.testing.assert_array_equal(of_bare.coef_, of_marked.coef_)
    for texts, model in ((bare, of_bare), (marked, of_marked)):
        model.partial_fit(texts, [1, 1, 0, 0]).adapt(texts, [1, 1, 0, 0])
    np.testing.assert_array_equal(of_bare.coef_, of_marked.coef_)


def test_loose_sentences_and_corpora_are_read_without_marks_too() -> None:
    documents = Documents.from_sentences(["||He dies.||", "Fine."], np.array([2]))
    assert documents.sentences == ["He dies.", "Fine."]
    assert documents.texts == ["||He dies.||", "Fine."]
    assert documents.marked.tolist() == [True, False]


@given(
    text=st.text() | st.lists(st.sampled_from([*" \n|><!~[]", "a", "||", ">!", "[spoiler]", "</spoiler>"])).map("".join)
)
def test_any_text_has_marks_in_order_and_the_rest_is_kept(text: str) -> None:
    marks = find_marks(text)
    assert merge_spans(marks.hidden) == marks.hidden
    assert all(first.end <= second.start for first, second in zip(marks.cuts, marks.cuts[1:], strict=False))
    plain = plain_text(text, marks)
    assert all(text[place] == char or char == " " for char, place in zip(plain.text, plain.starts, strict=True))
    for text_, start, end in split(plain.text):
        first, last = plain.original(start, end)
        assert plain.find(first, last) == (start, end)
        assert text[first] == text_[0]


# any review --------------------------------------------------------------------------------------------------------

# What stands around marks and inside of them: starts of lines, markup and unpaired marks of every place.
AROUND = [
    "plain words. ",
    "Plain! ",
    *" \t\n#-*_`~|&<>@:.",
    "\n\n",
    "\r\n",
    "\ufeff",
    "\u200b",
    "\u2028",
    "\u202e",
    "    ",
]
AROUND += [
    "1. ",
    "> ",
    "**",
    "\\",
    "<b>",
    "</i>",
    "<!--",
    "u/bob",
    "www.x.y",
    "http://x.y/z_",
    "[a](b)",
    ">! ",
    "!< ",
    "[/spoiler]",
]
INSIDE = [
    "secret",
    " secret.",
    "secret ",
    " ",
    "\n",
    "\n\n",
    "\t",
    "*",
    "**",
    "_",
    "~",
    "#",
    "1.",
    "- ",
    "&amp;",
    "@bob",
    "\u202e",
]


@st.composite
def marked_reviews(draw: st.DrawFn) -> str:
    """A review in which "secret" stands between marks only, some of them without an end."""
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        parts += draw(st.lists(st.sampled_from(AROUND), max_size=4))
        form = draw(st.sampled_from([*FORMS.values()]))
        inside = "".join(draw(st.lists(st.sampled_from(INSIDE), min_size=1, max_size=4)))
        parts.append(f"\n {form.format(inside)} ")
    unclosed = draw(st.sampled_from(["", "||", ">!", "~!", "[spoiler]", "<spoiler>", "(view spoiler)["]))
    return "".join([*parts, f"\n\n{unclosed}secret" if unclosed else ""])


@pytest.mark.parametrize(("style", "renderer"), RENDERERS, ids=[" by ".join(key) for key in RENDERERS])
@settings(max_examples=6, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(reviews=st.lists(marked_reviews(), min_size=15, max_size=20))
def test_no_hidden_word_is_seen_by_the_reader(style: str, renderer: str, reviews: list[str]) -> None:
    shown = RENDERERS[style, renderer]([redact_verdicts(review, [], style) for review in reviews])
    assert [review for review, text in zip(reviews, shown, strict=True) if "secret" in text] == []
