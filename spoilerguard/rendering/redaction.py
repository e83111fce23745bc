"""Hide the spoilers of a review, in the markup of the place where it will be read.

`STYLES` holds one entry for each such place. Spoilers with only blanks between them are hidden as one stretch, as far
as the markup reaches, so that a reader cannot count them. Hidden text stands inside the markup only: no tooltip, no
attribute. The rest of the review keeps its meaning: what the place would read as markup is escaped.
"""

import heapq
import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from spoilerguard.verdicts import Label, Verdict

__all__ = ["STYLES", "Style", "redact_verdicts"]

_Edit = tuple[int, int, str]  # what stands at [start:end] becomes this


def _reference(char: str) -> str:
    """A character as a reference of HTML and Markdown; NUL and lone surrogates, which no page can hold, as U+FFFD."""
    if char == "\0" or "\ud800" <= char <= "\udfff":
        return "\ufffd"
    return html.escape(char, quote=False) if char in "<>&" else f"&#{ord(char)};"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How one place hides text.

    Attributes
    ----------
    opening, closing : str
        What stands around hidden text.
    mask : str
        A character that replaces each hidden one. Empty where the text stays and `opening` and `closing` hide it.
    special : re.Pattern or None
        Single characters that the place would read as markup, and that are therefore escaped.
    escape : callable
        Such a character → what the place shows as that character.
    barrier : re.Pattern or None
        What `opening` and `closing` cannot reach across, or what a mask leaves as it is.
    before, after : str
        What stands around the whole review.
    """

    opening: str = ""
    closing: str = ""
    mask: str = ""
    special: re.Pattern[str] | None = None
    escape: Callable[[str], str] = _reference
    barrier: re.Pattern[str] | None = None
    before: str = ""
    after: str = ""


_BREAKS = r"\n\r\v\f\x1c-\x1e\u2028\u2029"  # where `spoilerguard.sentences` begins a line
_LINE_BREAK = rf"(?:\r\n|(?!\r\n)[{_BREAKS}])"

# CommonMark 0.31 and GitHub's extensions. At the start of a line: headings, rules, lists, underlines of headings and
# tables, and blanks, which make code of what follows. A reference would show inside a link that is made of a bare
# address, so addresses are kept from becoming links. References, unlike backslashes, also work behind a tag of HTML.
_MARKDOWN = re.compile(
    rf"[\\`*_~^|$\[\]<>&]"
    rf"|:(?=//|[\w+-]+:)|(?<=[wW]{{3}})\."
    rf"|(?<![^{_BREAKS}])(?:[#+=:-]|\d(?=\d*[.)])|[ \t](?=[ \t]*[^ \t\n\r]))"
)
# Headings, lists and small print; colons and dots of emoji, emoticons and addresses.
_DISCORD = re.compile(r"[\\`*_~|\[\]<>:@]|(?<=[wW]{3})\.|(?<!\S)(?:#|-(?=[\s#]))|(?<=\d)\.(?=\s)")

# <details> and not a coloured <span>: a key opens it, a screen reader says what it is and reads no further, and it
# hides without a style sheet. With one, it flows with the text around it, closed or open.
_DETAILS = "<details><summary>Spoiler</summary>"
_STYLE_SHEET = (
    "<style>.spoilerguard-redacted{white-space:pre-wrap;overflow-wrap:anywhere}"
    ".spoilerguard-redacted details{display:inline;unicode-bidi:isolate}"
    ".spoilerguard-redacted details::details-content{display:none}"
    ".spoilerguard-redacted details[open]::details-content{display:inline}"
    ".spoilerguard-redacted summary{display:inline;cursor:pointer;padding:0 .4em;border:1px solid;border-radius:.4em;"
    "font-size:.9em}"
    ".spoilerguard-redacted details[open]>summary{margin-inline-end:.4em}</style>"
)

STYLES: Mapping[str, Style] = {
    "block": Style(mask="█", barrier=re.compile(f"[{_BREAKS}]+")),
    "html": Style(
        opening=_DETAILS,
        closing="</details>",
        special=re.compile(r"[<>&\r\0\ud800-\udfff]"),
        before=f'{_STYLE_SHEET}<div class="spoilerguard-redacted" dir="auto">',
        after="</div>",
    ),
    # GitHub and most others. CommonMark itself hides nothing, but lets HTML through.
    "markdown": Style(
        opening=_DETAILS,
        closing="</details>",
        special=_MARKDOWN,
        barrier=re.compile(rf"{_LINE_BREAK}\s*?{_LINE_BREAK}"),
    ),
    # Discord knows no references. A bar at the end would be taken for the first one of the closing pair.
    "discord": Style(
        opening="||",
        closing="||",
        special=_DISCORD,
        escape=lambda char: f"\\{char}",
        barrier=re.compile(r"(?<![|\s])[|\s]+\Z"),
    ),
    # Old and new Reddit agree on one line, without blanks next to the marks.
    "reddit": Style(opening=">!", closing="!<", special=_MARKDOWN, barrier=re.compile(_LINE_BREAK)),
    # A subset of HTML, in which [book:…] makes a link.
    "goodreads": Style(opening="<spoiler>", closing="</spoiler>", special=re.compile(r"[<>&\[]")),
}


def redact_verdicts(review: str, verdicts: Sequence[Verdict], style: str = "block") -> str:
    r"""Hide the sentences of `review` that `verdicts` label as spoilers.

    Parameters
    ----------
    review : str
        The text that was classified.
    verdicts : sequence of Verdict
        What `spoilerguard.classify` says about it, or a part of that.
    style : str, default "block"
        A key of `STYLES`. ``block`` puts █ for each character of a spoiler and keeps line breaks: the text is gone. The
        others keep the text behind the spoiler markup of the place that they are named after.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        Where there is no such style, or a spoiler does not belong to `review`.

    Examples
    --------
    >>> verdicts = [
    ...     Verdict("Nice *hat*.", 0, 11, Label.SAFE, 0.1, certain=True),
    ...     Verdict("He dies.", 12, 20, Label.SPOILER, 0.9, certain=True),
    ... ]
    >>> redact_verdicts("Nice *hat*. He dies.", verdicts)
    'Nice *hat*. ████████'
    >>> print(redact_verdicts("Nice *hat*. He dies.", verdicts, "discord"))
    Nice \*hat\*. ||He dies.||
    """
    if style not in STYLES:
        raise ValueError(f"There is no style {style!r}; choose one of {', '.join(STYLES)}.")
    chosen = STYLES[style]
    special = chosen.special.finditer(review) if chosen.special else ()
    escapes = ((found.start(), found.end(), chosen.escape(found[0])) for found in special)
    hiding = (edit for first, last in _stretches(review, verdicts) for edit in _hide(review, first, last, chosen))
    pieces, done = [chosen.before], 0
    for start, end, new in heapq.merge(hiding, escapes):
        pieces += (review[done:start], new)
        done = end
    return "".join((*pieces, review[done:], chosen.after))


def _stretches(review: str, verdicts: Sequence[Verdict]) -> list[tuple[int, int]]:
    """What to hide, in order: spoilers with only blanks between them are one stretch."""
    found: list[tuple[int, int]] = []
    spoilers = (verdict for verdict in verdicts if verdict.label == Label.SPOILER)
    for verdict in sorted(spoilers, key=lambda verdict: verdict.start):
        if review[verdict.start : verdict.end] != verdict.text:
            raise ValueError(f"The verdict on {verdict.text!r:.60} does not belong to this review.")
        if found and not review[found[-1][1] : verdict.start].strip():
            found[-1] = found[-1][0], max(found[-1][1], verdict.end)
        else:
            found.append((verdict.start, verdict.end))
    return found


def _hide(review: str, first: int, last: int, style: Style) -> Iterator[_Edit]:
    """The edits that hide one stretch: each piece between barriers is masked, or gets an opening and a closing."""
    text = review[first:last]
    barriers = [found.span() for found in style.barrier.finditer(text)] if style.barrier else []
    start = 0
    for end, after in (*barriers, (len(text), len(text))):
        piece = text[start:end]
        begin = first + start
        if style.mask:
            yield begin, first + end, style.mask * len(piece)
        elif body := piece.strip():
            begin += len(piece) - len(piece.lstrip())
            yield begin, begin, style.opening
            yield begin + len(body), begin + len(body), style.closing
        start = after
