r"""Text → the same text in another notation: what a target would take for its own markup is written as a reference.

Every escape is an edit of one character at a known place, so that markup can be set between the characters of the
original text. Where to escape follows CommonMark 0.31, GitHub's extensions of it, and what Discord does.
"""

import html
import re
from collections.abc import Callable, Iterable, Iterator

__all__ = [
    "LINE_BREAKS",
    "Edit",
    "Escape",
    "as_discord",
    "as_goodreads",
    "as_html",
    "as_markdown",
    "spliced",
    "visible",
]

Edit = tuple[int, int, str]  # what stands at [start:end] becomes this
Escape = Callable[[str], Iterator[Edit]]

LINE_BREAKS = r"\n\r\v\f\x1c-\x1e\u2028\u2029"  # for a character class; where `spoilerguard.sentences` begins a line

# At the start of a line: headings, rules, lists, underlines of headings and tables, and blanks, which make code of what
# follows. References would show inside a link that is made of a bare address, so addresses are kept from being one.
_MARKDOWN = re.compile(
    rf"[\\`*_~^|$\[\]<>&]"
    rf"|:(?=//|[\w+-]+:)|(?<=[wW]{{3}})\."
    rf"|(?<![^{LINE_BREAKS}])(?:[#+=:-]|\d(?=\d*[.)])|[ \t](?=[ \t]*[^ \t\n\r]))"
)
# Headings, lists and small print; colons and dots of emoji, emoticons and addresses.
_DISCORD = re.compile(r"[\\`*_~|\[\]<>:@]|(?<=[wW]{3})\.|(?<!\S)(?:#|-(?=[\s#]))|(?<=\d)\.(?=\s)")
_GOODREADS = re.compile(r"[<>&\[]")  # [book:…] makes a link
_HTML = re.compile(r"[<>&\r\0\ud800-\udfff]")
_NOT_IN_HTML = re.compile(r"[\0\ud800-\udfff]")

# What moves the cursor, changes colours or turns the direction of what follows, in a terminal or on a page; and halves
# of characters, which cannot be written anywhere.
_INVISIBLE = re.compile(r"[\0-\x08\v\f\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]|\r(?!\n)")


def as_markdown(text: str) -> Iterator[Edit]:
    """Edits for Markdown, by references: unlike backslashes they also work where a line begins with a tag of HTML."""
    return _references(_MARKDOWN, text)


def as_goodreads(text: str) -> Iterator[Edit]:
    """Edits for the subset of HTML that Goodreads allows."""
    return _references(_GOODREADS, text)


def as_html(text: str) -> Iterator[Edit]:
    """Edits for a text node of HTML; what no page can hold, NUL and half a character, becomes U+FFFD."""
    for start, end, new in _references(_HTML, text):
        yield start, end, "\ufffd" if _NOT_IN_HTML.match(text, start) else new


def as_discord(text: str) -> Iterator[Edit]:
    """Edits for Discord, which knows no references: backslashes."""
    return ((match.start(), match.end(), f"\\{match[0]}") for match in _DISCORD.finditer(text))


def visible(text: str) -> str:
    r"""Control characters as escapes that can be read.

    Examples
    --------
    >>> print(visible("\x1b[31mred\u202e"))
    \x1b[31mred\u202e
    """
    return _INVISIBLE.sub(_as_escape, text)


def spliced(text: str, edits: Iterable[Edit]) -> Iterator[str]:
    """The pieces of `text` with `edits`, which come in order, made in it."""
    done = 0
    for start, end, new in edits:
        yield text[done:start]
        yield new
        done = end
    yield text[done:]


def _references(pattern: re.Pattern[str], text: str) -> Iterator[Edit]:
    for match in pattern.finditer(text):
        char = match[0]
        yield match.start(), match.end(), html.escape(char, quote=False) if char in "<>&" else f"&#{ord(char)};"


def _as_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"
