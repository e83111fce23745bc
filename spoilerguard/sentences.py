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
    readable = _SURROGATE.sub("?", review)  # sentencex speaks UTF-8; offsets stay the same
    spans = (span for line in _LINE.finditer(readable) for span in _in_line(line[0], line.start(), language))
    return [Sentence(review[start:end], start, end) for start, end in spans]


def _in_line(line: str, offset: int, language: str) -> Iterator[tuple[int, int]]:
    """Spans of the sentences of one line, blanks around them left out."""
    for start, end in _boundaries(line, language):
        piece = line[start:end]
        body = piece.strip()
        if body:
            first = offset + start + len(piece) - len(piece.lstrip())
            yield first, first + len(body)


def _boundaries(line: str, language: str) -> Iterator[tuple[int, int]]:
    """What sentencex finds, window by window: the last, unfinished piece opens the next window."""
    start = 0
    while start < len(line):
        found = sentencex.get_sentence_boundaries(language, line[start : start + _WINDOW])
        if start + _WINDOW < len(line) and len(found) > 1:
            found.pop()
        for piece in found:
            yield start + piece["start_index"], start + piece["end_index"]
        start += found[-1]["end_index"]
