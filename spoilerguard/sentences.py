"""Cut a review into sentences without losing or altering a character.

A sentence is a slice of the review. `line_breaks` finds the stretches between line breaks that end a sentence,
`lone_marks` neutralises unbalanced quotes, sentencex cuts each stretch, and `sentence_marks` corrects what sentencex
does not know. All of them read a copy in which every character keeps its place.
"""

import logging
import re
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

import sentencex

from spoilerguard.line_breaks import stretches
from spoilerguard.lone_marks import without_lone_marks
from spoilerguard.sentence_marks import clause_ends, continues, has_signs

__all__ = ["Sentence", "split"]

# sentencex speaks UTF-8, fails at a blank that is not ASCII behind a single capital, and knows three full stops but
# not the character for them. U+0085 is no line break: in scraped text it is the ellipsis of Windows-1252.
_UNREADABLE = re.compile(r"[\x85\xa0\u1680\u2000-\u200a\u202f\u205f\u3000…\ud800-\udfff]")
# Behind it, or at the beginning of the next line: what stands further away has no say.
_SPACES = r"[^\S\n\r\v\f\x1c-\x1e\u2028\u2029]*"
_CAPITAL_NEXT = re.compile(rf"(?=\s){_SPACES}(?:\r\n|[\n\r\f])?{_SPACES}[\"“‘'(]?[A-ZÀ-ÖØ-ÞΑ-ΩЀ-Я]")

# A tag of these breaks lines. What stands in it besides attributes with values would be lost: such a "tag" is text. The
# value of an attribute may hold ">". No part may hold "<", so that each search ends at the next one.
_BLOCKS = (
    "address|article|aside|blockquote|br|caption|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form|"
    "h[1-6]|header|hr|legend|li|main|nav|ol|option|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul"
)
_ATTRIBUTE = r"""(?:[^\s"'<>/=]++\s*+=\s*+(?:"[^"<]*+"|'[^'<]*+'|[^\s<>]*+)|(?:noshade|nowrap|open|reversed)\b)"""
_TAG = re.compile(rf"</?(?:{_BLOCKS})(?:[\s/](?:[\s/]*+{_ATTRIBUTE})*+[\s/]*+)?>", re.IGNORECASE)
_ESCAPED_TAG = re.compile(r"&lt;/?(?:br|div|hr|li|p)\s?/?&gt;", re.IGNORECASE)

# What closes a sentence and is cut off by sentencex: </spoiler>, [/b], ||, !<, **, a late quote.
_CLOSING = re.compile(
    r"""(?:\ufe0f|</[A-Za-z][^<>]{0,30}>|\[/[A-Za-z]{1,8}\]|(?:\|\||[*_]{1,3}|[<)\]"”’»]|'')(?=\s|$|[<\[|*_)\]"”’»])){1,8}"""
)
# What opens one and is taken for a sentence: a number in a list, or >!
_OPENING_LENGTH = 20  # and blanks
_OPENING = re.compile(r"[-*•–—#>(\[]{0,3}\s?(?:\d{1,3}|[A-Za-z]|[IVXivx]{2,5})[.)]|>!")

# In so many characters without a mark, whoever writes has forgotten the full stops, and a spoiler drowns. The parts are
# cut where a conjunction and a subject begin a clause, and are no shorter than _CLAUSE_LENGTH.
_RUN_ON_LENGTH, _CLAUSE_LENGTH = 200, 40
_UNMARKED = re.compile(r"[^,;:.!?…()\[\]\"“”–—]++")
_CLAUSE = re.compile(
    r"(?<=\S)\s++(?=(?:and|but|so|then|because|cause|also|plus|anyway)\s(?:(?:then|also|in the end|now|so)\s)?"
    r"(?:(?:i|i'm|he|he's|she|she's|it|it's|they|we|you|there)\s"
    r"|(?:this|that|the|my|his|her|their|our|an?)\s(?:\S{1,20}\s){0,3}"
    r"(?:is|was|are|were|has|have|had|will|would|can|could|did|does|dies|turns|gets|goes|comes|makes|\w{2,20}ed)\s))",
    re.IGNORECASE,
)

# sentencex looks back over quotes, which costs the square of a line's length in the worst case; windows keep the whole
# linear. A sentence longer than a window is cut at a blank, which no reader will miss. Where quotes and brackets stand
# closer than in any prose, the windows are smaller.
_WINDOW = 8192
_WINDOWS = ((_WINDOW, 24), (1024, 8), (256, 0))  # and how many characters there are at least to a mark
_SHORT = 512  # no window needed
_COSTLY = "\"'`([“‘«»„"

# Logged and not warned of: a user who turns warnings into errors would lose a batch by it.
_LOG = logging.getLogger(__name__)
_PLAIN_END = re.compile(r"(?<=[.!?…]\s)(?=\S)")
failures: int = 0  #: how many lines sentencex has failed on


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
        Any text: prose, hard-wrapped or not, chat lines, bullet lists, scraped pages.
    language : str, default "en"
        ISO 639 code, for the abbreviations that sentencex knows.

    Returns
    -------
    list of Sentence
        In order, without overlap; ``review[s.start:s.end] == s.text`` for each. What lies between two sentences is
        blank, or a tag that breaks lines, such as ``<br>``. A sentence may hold the line breaks that wrap it.

    Examples
    --------
    >>> [s.text for s in split("Mr. Ito waits.  She never\r\n\r\n- comes back")]
    ['Mr. Ito waits.', 'She never', '- comes back']
    >>> [s.text for s in split("Nobody saw that the\nnurse did it. Nice music.<br>Go!")]
    ['Nobody saw that the\nnurse did it.', 'Nice music.', 'Go!']
    """
    readable = _readable(review)
    signs = has_signs(readable)
    found = []
    for offset, stretch in stretches(readable):
        start = 0
        for end in _ends(stretch, language, signs=signs):
            body = stretch[start:end].strip()
            if body:
                first = offset + stretch.index(body[0], start, end)
                text = review[first : first + len(body)]
                if not text.isspace():  # U+0085 alone
                    found.append(Sentence(text, first, first + len(body)))
            start = end
    return found


def _readable(text: str) -> str:
    """A copy of equal length that the other steps can read; a tag that breaks lines is a blank line in it."""
    if not text.isascii():
        text = _UNREADABLE.sub(_in_ascii, text)
    if "<" in text:
        text = _TAG.sub(_blank_line, text)
    return _ESCAPED_TAG.sub(_blank_line, text) if "&lt;" in text else text


def _blank_line(tag: re.Match[str]) -> str:
    return "\n" * len(tag[0])


def _in_ascii(match: re.Match[str]) -> str:
    if match[0] in "…\x85":
        return "." if _CAPITAL_NEXT.match(match.string, match.end()) else "…"
    return " " if match[0].isspace() else "?"


def _ends(stretch: str, language: str, *, signs: bool) -> Iterator[int]:
    """Where sentences end, marks that close or open one kept with it."""
    signs = signs and has_signs(stretch)
    start = 0
    for found in _boundaries(without_lone_marks(stretch), language):
        closing = None if stretch[found - 1].isspace() else _CLOSING.match(stretch, found)
        end = closing.end() if closing else found
        if end <= start:
            continue
        if end < len(stretch):
            opening = end - start <= _OPENING_LENGTH and _OPENING.fullmatch(stretch[start:end].strip())
            if opening or continues(stretch, start, end):
                continue
        if signs and has_signs(piece := stretch[start:end]):
            yield from (start + cut for cut in clause_ends(piece))
        elif end - start > _RUN_ON_LENGTH:
            yield from _run_on_cuts(stretch, start, end)
        yield end
        start = end


def _run_on_cuts(stretch: str, start: int, end: int) -> Iterator[int]:
    """Where clauses begin in what is one sentence by its marks, and too long for one."""
    for unmarked in _UNMARKED.finditer(stretch, start, end):
        if len(unmarked[0]) > _RUN_ON_LENGTH:
            for clause in _CLAUSE.finditer(stretch, *unmarked.span()):
                if clause.start() - start >= _CLAUSE_LENGTH <= end - clause.end():
                    start = clause.end()
                    yield start


def _boundaries(stretch: str, language: str) -> Iterator[int]:
    """What sentencex finds, window by window: the last, unfinished piece opens the next window."""
    if len(stretch) <= _SHORT:
        yield from accumulate(map(len, _segment(stretch, language)))
        return
    start = 0
    while start < len(stretch):
        end = _window(stretch, start)
        pieces = _segment(stretch[start:end], language)
        if end < len(stretch) and len(pieces) > 1:
            pieces.pop()
        for piece in pieces:
            start += len(piece)
            yield start


def _window(stretch: str, start: int) -> int:
    """The end of the window that begins at `start`."""
    size = len(stretch) - start
    window = stretch[start : start + _WINDOW]
    marks = sum([window.count(mark) for mark in _COSTLY if mark in window])
    length = next(length for length, dense in _WINDOWS if marks * dense <= len(window))
    if size <= length:
        return len(stretch)
    blank = stretch.rfind(" ", start + length // 2, start + length)
    return start + length if blank < 0 else blank + 1


def _segment(text: str, language: str) -> list[str]:
    """The sentences that sentencex finds in `text`, which they make up; found plainly where it fails."""
    try:
        pieces: list[str] = sentencex.segment(language, text)
    # A panic of Rust is no Exception, and PyO3 does not export its class.
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        _count_failure(error)
        return _PLAIN_END.split(text)
    return pieces


def _count_failure(error: BaseException) -> None:
    """Say the first failure only: a million reviews may hold thousands of such lines."""
    global failures  # noqa: PLW0603
    failures += 1
    if failures == 1:
        _LOG.warning(
            "sentencex failed on a line, which is cut at its marks instead; further ones are not said: %s", error
        )
