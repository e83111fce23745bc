"""Cut a review into sentences without losing or altering a character.

A sentence is a slice of the review: boundaries inside a line come from sentencex, every line break
is a boundary as well, and only the blanks around a sentence are left out.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import sentencex

__all__ = ["Sentence", "split"]

# U+0085 is no line break here: in scraped text it is the ellipsis of Windows-1252.
_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\u2028\u2029]+")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# sentencex panics where a blank that is not ASCII stands between a single letter and a mark; scraped pages hold such.
_LONE_LETTER = re.compile(r"\b\w\s+[^\w\s]")
_ODD_BLANK = re.compile(r"[^\S\x00-\x7f]")
# sentencex knows three full stops and not the character for them.
_ELLIPSIS = re.compile(r"…(?=\s+[\"“‘'(]?[A-ZÀ-ÖØ-ÞΑ-ΩЀ-Я])")

# What closes a sentence and is cut off by sentencex: </spoiler>, [/b], ||, !<, **, a late quote.
_CLOSING = re.compile(
    r"""(?:</[A-Za-z][^<>]{0,30}>|\[/[A-Za-z]{1,8}\]|(?:\|\||[*_]{1,3}|[<)\]"”’»])(?=\s|$|[<\[|*_)\]"”’»])){1,8}"""
)
# What opens one and is taken for a sentence: a number in a list, or >!
_OPENING = re.compile(r"[-*•–—#>(\[]{0,3}\s?(?:\d{1,3}|[A-Za-z]|[IVXivx]{2,5})[.)]|>!")

# sentencex looks back over unclosed quotes, which costs the square of the line's length in the worst
# case; windows keep the whole linear. A sentence longer than a window is cut, which no reader will miss.
_WINDOW = 8192


class Sentence(NamedTuple):
    """A slice of a review: ``review[start:end] == text``."""

    text: str
    start: int
    end: int


def split(review: str, *, language: str = "en") -> list[Sentence]:
    r"""Cut `review` into its sentences.

    Parameters
    ----------
    review : str
        Any text: prose, chat lines, bullet lists, scraped pages.
    language : str, default "en"
        ISO 639 code, for the abbreviations that sentencex knows.

    Returns
    -------
    list of Sentence
        In order, without overlap; ``review[s.start:s.end] == s.text`` for each, and what lies
        between two sentences is blank.

    Examples
    --------
    >>> [s.text for s in split("Mr. Ito waits.  She never\r\n\r\n- comes back")]
    ['Mr. Ito waits.', 'She never', '- comes back']
    """
    # sentencex speaks UTF-8; the replacements leave every character at its place.
    readable = _SURROGATE.sub("?", review.replace("\x85", "…"))
    spans = (span for line in _LINE.finditer(readable) for span in _in_line(line[0], line.start(), language))
    return [Sentence(review[start:end], start, end) for start, end in spans if not review[start:end].isspace()]


def _in_line(line: str, offset: int, language: str) -> Iterator[tuple[int, int]]:
    """Spans of the sentences of one line, blanks around them left out."""
    line = _ELLIPSIS.sub(".", line)
    if any(_ODD_BLANK.search(found[0]) for found in _LONE_LETTER.finditer(line)):
        line = _ODD_BLANK.sub(" ", line)
    start = 0
    for end in _cuts(line, language):
        piece = line[start:end]
        body = piece.strip()
        if body:
            first = offset + start + len(piece) - len(piece.lstrip())
            yield first, first + len(body)
        start = end


def _cuts(line: str, language: str) -> Iterator[int]:
    """Where sentences end, marks that close or open one kept with it."""
    start = 0
    for found in _boundaries(line, language):
        closing = None if line[found - 1].isspace() else _CLOSING.match(line, found)
        end = closing.end() if closing else found
        if end == len(line) or (end > start and not _OPENING.fullmatch(line[start:end].strip())):
            yield end
            start = end


def _boundaries(line: str, language: str) -> Iterator[int]:
    """What sentencex finds, window by window: the last, unfinished piece opens the next window."""
    start = 0
    while start < len(line):
        found = sentencex.get_sentence_boundaries(language, line[start : start + _WINDOW])
        if start + _WINDOW < len(line) and len(found) > 1:
            found.pop()
        for piece in found:
            yield start + piece["end_index"]
        start += found[-1]["end_index"]
