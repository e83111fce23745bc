"""Neutralise quotes and brackets without a partner, so that sentencex cuts as if they were not there.

sentencex cuts nothing between a mark and the next one that might close it, however far away that is: one lone quote
turns most of a review into one sentence.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator

__all__ = ["without_lone_marks"]

_DOUBLE = re.compile(r"\"|''")
_STRAIGHT = re.compile('"')
# Patterns that begin with one character are searched ten times as fast as others.
_SINGLES = [(mark, re.compile(rf"{mark}(?<!\w.)(?=\w)")) for mark in "'‘`"]
_SINGLE_END = re.compile(r"['’`](?<=\S.)(?!\w)")
_ELIDED = re.compile(r"(?:em|til|twas|tis|cause|round|bout|cuz|cos|n|nuff|\d\ds?)\b", re.IGNORECASE)
_INNER_END = re.compile(r"[.!?]\s+[A-Z]")
_PAIRS = tuple(zip("“«‹「《„»", "”»›」》“«", strict=True))
_CLOSES_TOO = {"“": "„", "»": "«", "«": "»"}  # each by what it closes where that stands before
_NUMBER = re.compile(r"\s*\((?=\w{1,4}\)\s)")  # sentencex cuts nothing behind "(4)"
_EYES = (":", ";", "=", ":-", ";-", "=-", ":'")
_STARS = re.compile(r"[★☆](?:\s?[★☆])+")  # sentencex takes each for a bullet
_REACH = 400  # characters between the marks of a pair; what is longer is cut
_SINGLE_REACH = 250
_NEUTRAL = "^"


def without_lone_marks(text: str) -> str:
    """A copy of `text`, of the same length, in which quotes and opening brackets without a partner are neutral."""
    lone: list[int] = []
    if '"' in text or "''" in text:
        lone += _lone_doubles(text)
    if "'" in text or "‘" in text or "`" in text:
        lone += _lone_singles(text)
    if "(" in text or "[" in text or "{" in text or "<" in text:
        lone += _lone_brackets(text)
    if not text.isascii():
        lone += _lone_openers(text)
        lone += (place for rating in _STARS.finditer(text) for place in range(*rating.span()) if text[place] in "★☆")
    if not lone:
        return text
    chars = list(text)
    for place in lone:
        chars[place] = _NEUTRAL
    return "".join(chars)


def _lone_doubles(text: str) -> Iterator[int]:
    opened: re.Match[str] | None = None
    for mark in (_DOUBLE if "''" in text else _STRAIGHT).finditer(text):
        before, after = text[mark.start() - 1 : mark.start()], text[mark.end() : mark.end() + 1]
        inner_left = not before or before.isspace() or before in "([{—–-/“‘'"
        inner_right = not after or after.isspace() or after in ".,;:!?)]}…—–-/”’'"
        opens = opened is None if inner_left == inner_right else inner_left
        if opened and (opens or mark[0] != opened[0] or mark.start() - opened.start() > _REACH):
            yield from range(*opened.span())
            if not opens:
                yield from range(*mark.span())
        elif not opens and not opened:
            yield from range(*mark.span())
        opened = mark if opens else None
    if opened:
        yield from range(*opened.span())


def _lone_singles(text: str) -> Iterator[int]:
    openers = [mark.start() for char, single in _SINGLES if char in text for mark in single.finditer(text)]
    if not openers:
        return  # apostrophes only
    closers = [mark.start() for mark in _SINGLE_END.finditer(text)]
    ends = [mark.start() for mark in _INNER_END.finditer(text)]
    for place in openers:
        closing = _next(closers, place, place + _SINGLE_REACH)
        across = closing >= 0 and _next(ends, place, closing) >= 0 and text[closing - 1] not in ".,!?…"
        if closing < 0 or across or _ELIDED.match(text, place + 1):
            yield place


def _next(places: list[int], after: int, before: int) -> int:
    """The first of the sorted `places` between the two, or -1."""
    found = bisect_right(places, after)
    return places[found] if found < len(places) and places[found] < before else -1


def _lone_openers(text: str) -> Iterator[int]:
    for opener, closer in _PAIRS:
        place = text.find(opener)
        if opener in _CLOSES_TOO and 0 <= text.find(_CLOSES_TOO[opener]) < place:
            continue
        while place >= 0:
            following = text.find(opener, place + 1)
            # What opens again before it closes has not closed.
            last = following if 0 <= following < place + _REACH else place + _REACH
            if text.find(closer, place + 1, last) < 0:
                yield place
            place = following


def _lone_brackets(text: str) -> Iterator[int]:
    for place in _places(text, "<"):
        following = text[place + 1 : place + 2]
        if not (following.isalpha() or following in ("/", "!")):
            yield place  # less than, a heart
    if number := _NUMBER.match(text):
        yield number.end() - 1
    for opener, closer in (("(", ")"), ("[", "]"), ("{", "}")):
        opened: list[int] = []
        for place in sorted([*_places(text, opener), *_places(text, closer)]) if opener in text else ():
            if text[place] == opener:
                if text[max(0, place - 2) : place].endswith(_EYES):
                    yield place  # a sad face
                else:
                    opened.append(place)
            elif opened:
                first = opened.pop()
                if place - first > _REACH:
                    yield first
        yield from opened


def _places(text: str, char: str) -> Iterator[int]:
    place = text.find(char)
    while place >= 0:
        yield place
        place = text.find(char, place + 1)
