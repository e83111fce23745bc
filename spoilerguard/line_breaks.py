"""Decide which line breaks of a text end a sentence and which merely wrap it.

A break ends a sentence unless the text shows that it does not. Two things show it:

- the width: in wrapped text a line ends because the next word would have gone beyond the margin, so nearly every break
  is *tight*, while a line that somebody ended on purpose mostly leaves room for the next word;
- the grammar: a line without a final mark, then a small letter, by a writer who uses marks and capitals.
"""

import heapq
import re
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from typing import NamedTuple

from spoilerguard.sentence_marks import is_abbreviation

__all__ = ["stretches"]

_WRAPPING = ("\n", "\r", "\f")  # editors and mail programs wrap with these; people set the others on purpose

_FINAL = re.compile(
    r"[.!?…։。！？؟।:/][\"”’'»)\]*_|^]{0,4}$|(?<!,)[\"”»]$|[:;=]['’-]?[)(DPp3O\]]$|[\u2600-\u27bf\U0001f300-\U0001faff]\ufe0f?$"
)
_STOP = re.compile(r"[^.][.!?][\"”’'»)]?(?:$|\s)")
# What begins a line of a list, of a table, of a chat or of a form, a quoted line, or speech after a dash.
_ITEM = re.compile(
    r"[-*+•◦▪▫‣⁃·●○■□►▶▸➤➔→⇒✓✔✗✘★☆♦◆❖~»–—🔹🔸]\ufe0f?\s|[-+*][A-Z]|[#>|•☐☑☒🔲🔳✅❌👉➡—【]|[\d#*]\ufe0f?\u20e3"
    r"|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{2,5})[.)\]](?:\s|$)|\[[ xX✓\d:.apm]{0,10}\]|\[/?(?:[a-z\d]{1,8}|\*)[\]=]"
    r"|<(?!(?:[abisu]|em|strong|span|spoiler)>)\w{1,20}>|[A-Z][\w.'’/&-]{0,20}(?: [\w.'’/&-]{1,15}){0,2} ?:(?:\s|$)"
    r"|[\w.-]{1,20}:\s|\d{1,2}:\d\d\b|https?://|[\W_]{3,}$|[^.!?,]{1,30}:$"
)
_BULLET = re.compile(r"(?:[-*+•◦▪·●○■□►➤✓✔–—]|\(?(?:\d{1,3}|[A-Za-z])[.)])\s")
# A line that stands alone: a heading, a rule, links, a number.
_ALONE = re.compile(
    r"#|[\W_]+$|[\[=*_]{1,3}[^\]]{1,60}[\]=*_]{1,3}:?$|(?:<?(?:https?://|www\.)\S+(?:\s+|$))+$|[\d\s.,/%$€£]+$"
)
# No sentence ends in one of these, and no line of a verse, a chat or a list either.
_UNFINISHED = frozenset("the a an of and but or my your our their its every whose".split())
# No sentence of a writer who uses full stops ends in one of these.
_LEANING = frozenset(
    "that who whom which when where why while because if by at for from in into of on to with than as has had was were "
    "be is are very i i've he she we they it's don't didn't doesn't".split()
)
_BRACKET = re.compile(r"\(\w[^()]*$")
# Some begin a clause of their own, whoever forgets the full stop before.
_SUBJECTS = frozenset(
    "i im i'm i've he he's she she's it it's they they're we we're you you're there there's theres this that that's "
    "these those what what's why how who omg lol wow yes no so well also anyway anyways btw ok okay edit".split()
)
_RELATIVES = frozenset("that who what how why".split())
_DETERMINERS = frozenset("the a an my his her our their your many some".split())
_SENTENCE_START = re.compile(r"[^.]\.[\"”’')\]]{0,2}\s+[\"“‘'(\[]{0,2}([^\W\d_])")
_ENOUGH = 200  # sentences, to tell how somebody writes

_NARROWEST, _WIDEST = 25, 200  # columns of a margin
_NARROW, _WIDE = 40, 110  # below, lines of a list or a poem are as like each other as wrapped ones; above, few are
_TRIES = 4  # longest lines that are tried as the margin: a line with a link may stick out


class _Line(NamedTuple):
    """A line begins at `margin`; between `start` and `end` lies all of it but the blanks around."""

    margin: int
    start: int
    end: int


class _Break(NamedTuple):
    """A line break inside a paragraph, by what stands before and after it."""

    length: int  # of the line before
    words: int  # in the line before, up to four
    comma: bool  # a comma stands before
    final: bool  # a final mark or a colon stands before
    unfinished: bool  # a word stands before that ends no sentence
    leaning: bool  # a word stands before that hardly ends one
    name: bool  # a word with a capital stands before
    hanging: bool  # the line after is indented below an item of a list
    title: bool  # every word before begins with a capital
    small: bool  # a small letter stands after
    large: bool  # a capital stands after, neither "I" nor a word in capitals
    first: str  # the first word after
    alone: bool  # the line before stands alone, or was ended by two blanks, as in Markdown
    item: bool  # an item of a list or the like stands after

    def is_tight(self, margin: int) -> bool:
        """The first word after did not fit before."""
        return self.length <= 2 * margin and self.length + 1 + len(self.first) > margin


class _Paragraph(NamedTuple):
    """Lines with single breaks between them."""

    lines: list[_Line]
    breaks: list[_Break]
    last: int  # length of the last line


def stretches(text: str) -> Iterator[tuple[int, str]]:
    """Cut `text` where a line break certainly ends a sentence.

    Yields where a stretch begins, and its characters; a break that merely wraps is blank in it.
    """
    paragraphs = [
        _Paragraph(lines, [_break(text, *pair) for pair in pairwise(lines)], lines[-1].end - lines[-1].margin)
        for lines in _runs(text)
    ]
    several = [paragraph for paragraph in paragraphs if paragraph.breaks]
    margin = _margin(several)
    capitals = bool(several) and _begins_with_capitals(text)
    for paragraph in paragraphs:
        wraps = _wraps(text, paragraph, margin, capitals=capitals) if paragraph.breaks else []
        yield from _joined(text, paragraph.lines, wraps)


def _begins_with_capitals(text: str) -> bool:
    """Whether the writer begins sentences with capitals, as far as the text tells."""
    letters: list[str] = [match[1] for match in islice(_SENTENCE_START.finditer(text), _ENOUGH)]
    letters = letters or list(filter(str.isalpha, text[:200]))[:1]
    small = sum(letter.islower() for letter in letters)
    return len(letters) > 5 * small


def _runs(text: str) -> Iterator[list[_Line]]:
    """Runs of lines with single breaks between them; blank lines part them."""
    run: list[_Line] = []
    start = 0
    # This knows U+0085 too, but no copy holds one.
    for line in text.splitlines(keepends=True):
        body = line.strip()
        if body:
            inner = start + len(line) - len(line.lstrip())
            run.append(_Line(start, inner, inner + len(body)))
        if run and not (body and line.endswith(_WRAPPING)):
            yield run
            run = []
        start += len(line)
    if run:
        yield run


def _break(text: str, before: _Line, after: _Line) -> _Break:
    # Enough to see what either line is: the time stays linear for lines of any length.
    line = text[max(before.start, before.end - 200) : before.end]
    following = text[after.start : min(after.end, after.start + 60)]
    word = following.split(None, 1)[0]
    letter, last = (word.lstrip("(\"“‘'") or word)[0], line[-1]
    ending = line.rsplit(None, 1)[-1] if last.isalpha() else ""
    indented = after.start - after.margin > before.start - before.margin
    abbreviated = last == "." and is_abbreviation(line[-30:], following)
    return _Break(
        length=before.end - before.margin,
        words=len(line.split(None, 3)),
        comma=last == ",",
        final=not last.isalnum() and not abbreviated and _FINAL.search(line, max(0, len(line) - 6)) is not None,
        unfinished=abbreviated or ending in _UNFINISHED or (")" in following and _BRACKET.search(line) is not None),
        leaning=ending.lower().replace("’", "'") in _LEANING,
        name=ending[:1].isupper(),
        hanging=indented and _BULLET.match(text, before.start) is not None,
        title=line.istitle(),
        small=letter.islower(),
        large=letter.isupper() and not word.isupper(),
        first=word.lower().replace("’", "'"),
        alone=text.startswith("  ", before.end) or _ALONE.match(line) is not None,
        item=_ITEM.match(following) is not None,
    )


def _margin(paragraphs: Iterable[_Paragraph]) -> int:
    """The column at which an editor wrapped these paragraphs; 0 where none did."""
    breaks = [found for paragraph in paragraphs for found in paragraph.breaks if not found.alone and not found.item]
    lengths = [found.length for found in breaks] + [paragraph.last for paragraph in paragraphs]
    for margin in heapq.nlargest(_TRIES, set(lengths)):
        beyond = sum(length > margin for length in lengths)
        if margin < _NARROWEST or 10 * beyond > len(lengths):
            break
        if margin <= _WIDEST and _is_margin(margin, breaks):
            return margin
    return 0


def _is_margin(margin: int, breaks: list[_Break]) -> bool:
    """Whether nearly all of `breaks` are tight, and enough of them to be no accident."""
    tight = [found for found in breaks if found.is_tight(margin)]
    # The longest line is tight by itself: it is the margin.
    telling = sum(found.length != margin or (found.small and not found.final) for found in tight)
    loose = [found for found in breaks if not found.is_tight(margin)]
    final = sum(found.final for found in loose)  # the last line of a paragraph may well be short
    inside = [found for found in tight if not found.final and (found.small or found.large)]
    large = sum(found.large for found in inside)  # each line of a poem begins with a capital
    return (
        telling >= (2 if _NARROW <= margin <= _WIDE else 4)
        and 6 * (len(loose) - final) <= telling
        and final <= telling
        and 2 * large <= len(inside)
    )


def _wraps(text: str, paragraph: _Paragraph, margin: int, *, capitals: bool) -> list[bool]:
    """For each break of `paragraph`: it merely wraps."""
    breaks = paragraph.breaks
    items = sum(found.item for found in breaks)
    few_items = items == 1 or 8 * items <= len(breaks)
    inside = [found for found in breaks if not (found.final or found.alone or found.item)]
    small, large = sum(found.small for found in inside), sum(found.large for found in inside)
    mostly_small = small >= 2 and small >= 3 * large and 2 * sum(found.words for found in breaks) >= 5 * len(breaks)
    longest = max(paragraph.last, *(found.length for found in breaks))
    stop = _STOP.search(text, paragraph.lines[0].start, paragraph.lines[-1].end) is not None
    marked = capitals and stop
    # The lines may be too few or too short to tell a margin by their widths alone.
    broken = any(found.unfinished for found in inside)
    regular = stop and (broken or mostly_small) and all(found.is_tight(longest) for found in inside)
    margin = longest if regular and marked else _margin([paragraph]) or margin
    broken |= regular

    def wraps(found: _Break) -> bool:
        if margin and found.is_tight(margin) and not found.alone:
            return not found.item or (few_items and not found.final)
        if found.item or found.alone or (found.final and not found.hanging):
            return False
        leaning = found.leaning and marked and (found.small or found.is_tight(longest))
        if found.unfinished or found.hanging or (found.small and broken) or leaning:
            return True
        subject = found.first in _SUBJECTS and not (marked and found.first in _RELATIVES)
        if not stop or found.title or (subject and not found.comma):
            return False
        starting = not found.small or found.first in _DETERMINERS
        if marked and not starting:
            return mostly_small or found.words >= 3
        # The next line may be a sentence of its own: only a full line before tells that it is not.
        if marked:
            likely = mostly_small or (found.length <= _WIDE and (found.small or (found.name and found.large)))
        else:
            likely = not starting and _NARROW <= found.length <= longest <= _WIDE
        return likely and found.words >= 3 and found.is_tight(longest)

    return [wraps(found) for found in breaks]


def _joined(text: str, lines: list[_Line], wraps: list[bool]) -> Iterator[tuple[int, str]]:
    start, parts = lines[0].start, [text[lines[0].start : lines[0].end]]
    for before, after, wrapped in zip(lines, lines[1:], wraps, strict=False):
        if wrapped:
            parts.append(" " * (after.start - before.end))
        else:
            yield start, "".join(parts)
            start, parts = after.start, []
        parts.append(text[after.start : after.end])
    yield start, "".join(parts)
