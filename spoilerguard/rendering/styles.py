"""How each place hides text: `STYLES` holds one entry for each."""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["BREAKS", "STYLES", "Style"]


def _reference(char: str) -> str:
    """A character as a reference of HTML and Markdown; NUL and lone surrogates, which no page can hold, as U+FFFD."""
    if char == "\0" or "\ud800" <= char <= "\udfff":
        return "\ufffd"
    return html.escape(char, quote=False) if char in "<>&" else f"&#{ord(char)};"


_APART = "\u200b"  # a blank of no width: keeps a sign from what would make it a mention


def _apart(char: str) -> str:
    return char + _APART


def _reference_apart(char: str) -> str:
    """GitHub looks for mentions in the page that Markdown has made, where a reference is a character again."""
    return _reference(char) + (_APART if char in "@#hH" else "")


def _backslash(char: str) -> str:
    """Discord notifies a mention behind a backslash, too."""
    return _apart(char) if char == "@" else f"\\{char}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How one place hides text.

    Attributes
    ----------
    opening, closing : str
        What stands around hidden text.
    mask : str
        What replaces hidden text. Empty where the text stays and `opening` and `closing` hide it.
    each : bool
        Whether `mask` replaces each hidden character, and not the whole stretch.
    special : re.Pattern or None
        Single characters that the place would read as markup, and that are therefore escaped.
    at_line_start : re.Pattern or None
        The same, for the first visible character of a line.
    escape : callable
        Such a character → what the place shows as that character.
    barrier : re.Pattern or None
        What `opening` and `closing` cannot reach across, or what a mask leaves as it is.
    before, after : str
        What stands around the whole review.
    own_lines : bool
        Whether `opening` and `closing` begin and end with a line.
    isolate : tuple of str, optional
        What keeps the direction of a text from what follows it. Without it, characters that change the direction are
        replaced by U+FFFD, and separators of lines and paragraphs by line feeds.
    """

    opening: str = ""
    closing: str = ""
    mask: str = ""
    each: bool = False
    special: re.Pattern[str] | None = None
    at_line_start: re.Pattern[str] | None = None
    escape: Callable[[str], str] = _reference
    barrier: re.Pattern[str] | None = None
    before: str = ""
    after: str = ""
    own_lines: bool = False
    isolate: tuple[str, str] | None = None


BREAKS = r"\n\r\v\f\x1c-\x1e\u2028\u2029"  # where `spoilerguard.sentences` begins a line
_LINE_BREAK = rf"(?:\r\n|(?!\r\n)[{BREAKS}])"
_PARAGRAPH_BREAK = re.compile(rf"{_LINE_BREAK}\s*?{_LINE_BREAK}")

# CommonMark 0.31 and GitHub's extensions. At the start of a line: headings, rules, lists, underlines of headings and
# tables, and blanks, which make code of what follows. A reference would show inside a link that is made of a bare
# address, so addresses are kept from becoming links. References, unlike backslashes, also work behind a tag of HTML.
_MARKDOWN = r"[\\`*_~^|$\[\]<>&@]|:(?=//|[\w+-]+:)|(?<=[oO]):(?=\S)|(?<=[wW]{3})\.|(?<=\w)\.(?=[^\W\d_]{2})"
_MARKDOWN_LINE = re.compile(r"[#+=:-]|\d(?=\d*[.)])|[ \t](?=[ \t]*[^ \t\n\r])")
_GITHUB = re.compile(rf"{_MARKDOWN}|#(?=\w)|(?<=\b[gG])[hH](?=-\d)")
_LEMMY = re.compile(rf"{_MARKDOWN}|!(?=\w)|(?<![^\s(])/(?=[uc]/)")
# Reddit: u/name and r/name, also behind a slash
_REDDIT = re.compile(rf"{_MARKDOWN}|(?<=\b[urUR])/(?=\w)|/(?=[urUR]/\w)")
# Headings, lists and small print; colons and dots of emoji, emoticons and addresses.
_DISCORD = re.compile(r"[\\`*_~|\[\]<>:@]|(?<=[wW]{3})\.|(?<!\S)(?:#|-(?=[\s#]))|(?<=\d)\.(?=\s)")

# <details> and not a coloured <span>: a key opens it, a screen reader says what it is and reads no further, and it
# hides without a style sheet. It flows with the text around it, and ten pieces on a page need no style sheet ten times.
_DETAILS = (
    '<details style="display:inline-flex;max-width:100%;unicode-bidi:isolate">'
    '<summary style="flex:none;display:block;cursor:pointer;padding:0 .4em;border:1px solid;border-radius:.4em;'
    'font-size:.9em;align-self:flex-start">Spoiler</summary>'
)
_TEXT = '<div class="spoilerguard-redacted" dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere">'
_MASK = "[spoiler]"

STYLES: Mapping[str, Style] = {
    "block": Style(mask="█", each=True, barrier=re.compile(f"[{BREAKS}]+")),
    "plain": Style(mask=_MASK),
    "html": Style(
        opening=_DETAILS,
        closing="</details>",
        special=re.compile(r"[<>&\r\0\ud800-\udfff]"),
        before=_TEXT,
        after="</div>",
        isolate=("<bdi>", "</bdi>"),
    ),
    "markdown": Style(
        opening="<details><summary>Spoiler</summary>",
        closing="</details>",
        special=_GITHUB,
        at_line_start=_MARKDOWN_LINE,
        escape=_reference_apart,
        barrier=_PARAGRAPH_BREAK,
    ),
    "commonmark": Style(
        mask=rf"\{_MASK}",  # what follows might make a link of it
        special=_GITHUB,
        at_line_start=_MARKDOWN_LINE,
        escape=_reference_apart,
    ),
    # A bar at the end would be taken for the first one of the closing pair.
    "discord": Style(
        opening="||",
        closing="||",
        special=_DISCORD,
        at_line_start=re.compile(r"[#-](?=[\s#-])"),
        escape=_backslash,
        barrier=re.compile(r"(?<![|\s])[|\s]+\Z"),
    ),
    # Old and new Reddit agree on one line, without blanks next to the marks.
    "reddit": Style(
        opening=">!",
        closing="!<",
        special=_REDDIT,
        at_line_start=_MARKDOWN_LINE,
        barrier=re.compile(_LINE_BREAK),
    ),
    "lemmy": Style(
        opening="::: spoiler Spoiler\n",
        closing="\n:::",
        special=_LEMMY,
        at_line_start=_MARKDOWN_LINE,
        own_lines=True,
    ),
    "anilist": Style(
        opening="~!", closing="!~", special=_GITHUB, at_line_start=_MARKDOWN_LINE, escape=_reference_apart
    ),
    # A subset of HTML, in which [book:…] makes a link.
    "goodreads": Style(opening="<spoiler>", closing="</spoiler>", special=re.compile(r"[<>&\[]")),
    # It has no escapes: what looks like a tag is taken apart.
    "bbcode": Style(
        opening="[spoiler]",
        closing="[/spoiler]",
        special=re.compile(r"\[(?=[/*A-Za-z])"),
        escape=_apart,
    ),
    "mastodon": Style(mask=_MASK, special=re.compile(r"[@#](?=\w)"), escape=_apart),
}
