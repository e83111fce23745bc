"""Find what authors have hidden themselves: the spoiler marks of chats, forums and review sites.

A tool that hides spoilers must never show what somebody has hidden already. Where marks can be understood in two ways,
more is hidden rather than less:

- A mark that is never closed hides as far as it could reach where it comes from: a tag of HTML, a fence or a scraped
  "(view spoiler)[" to the end of the text, every other mark to the end of its paragraph.
- A title ("[spoiler=the end]", a summary) is hidden too: it often says half of the spoiler.

The model reads the text without its marks and titles, so that marks cannot change a label.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

__all__ = ["Cut", "Marks", "Span", "find_marks", "merge_spans"]

Span = tuple[int, int]


class Cut(NamedTuple):
    """Characters that belong to a mark and not to what its author says.

    ``text[start:end]`` is the mark, ``text[title_start:title_end]`` the title inside it, empty where it has none.
    """

    start: int
    end: int
    title_start: int
    title_end: int


class Marks(NamedTuple):
    """The marks of a text: what is hidden, marks included, and the marks alone. Both in order and without overlap."""

    hidden: list[Span]
    cuts: list[Cut]


class _Kind(NamedTuple):
    """One kind of mark, by a pattern that matches what opens it and what closes it.

    Groups of the pattern: ``close``, where the match closes; ``either``, where it closes if one is open; ``name``,
    which both sides share; ``title``; ``skip``, where the match only looks alike. Where there is a group ``hides``, an
    opening without it hides nothing.
    """

    pattern: re.Pattern[str]
    to_end: bool  # where it is not closed, it hides all that follows, not its paragraph only


def _kind(pattern: str, *, to_end: bool = False) -> _Kind:
    return _Kind(re.compile(pattern, re.IGNORECASE | re.MULTILINE), to_end)


_TAG = r"</?[a-z][a-z0-9]{0,10}(?:\s[^<>]{0,300}=[^<>]{0,300})?\s?/?>"
_DISCORD = r"<(?:[@#:]|a:|t:|https?:)[^<>\s]{1,300}>"  # mentions, emoji, times and links: "<@1>!" opens nothing
_ATTRIBUTE = (  # class="spoiler", id="spoiler-1", data-mx-spoiler; but not class="spoiler-free" or "no-spoilers"
    r"[^<>]{0,300}?\s(?:data-[a-z-]{0,20}spoiler(?![\w-])|(?:class|id)\s?=[^<>]{0,200}?"
    r"(?<!no)(?<!non)(?<!not)(?<!no[-_])(?<!non[-_])(?<!not[-_])spoiler(?!guard|s?[-_]?(?:free|less|warn|alert|form|toggle)))"
)
_KINDS = (
    # Reddit; Stack Exchange, where a line has no closing; as its interface delivers it; and as editors escape it
    _kind(rf"(?P<skip>{_TAG}|{_DISCORD})|(?P<close>\\?!(?:<(?!/?[a-z][^<>]{{0,300}}>)|&lt;))|\\?(?:>|&gt;)!"),
    # AniList
    _kind(r"(?P<close>!~)|(?P<either>~!~(?!~))|~!"),
    # Forums
    _kind(
        r"\[(?P<close>/)?(?:i|inline)?(?P<name>spoil)(?:er)?s?(?:box)?(?::[0-9a-f]{5,12})?"
        r"(?:\s?=(?P<title>[^\[\]\n]{0,300})|\s[a-z]{1,20}=[^\[\]\n]{0,300})?\](?!\([/#])"
    ),
    _kind(r"\[(?P<close>/)?(?P<name>hide|hidden|details|collapse)(?:=(?P<title>[^\[\]\n]{0,300}))?\]"),
    # Goodreads as a page shows it, TV Tropes, MediaWiki
    _kind(r"(?P<close>\(hide spoilers?\)\s?\])|\(view spoilers?\)\s?\[", to_end=True),
    _kind(r"(?P<close>\]\])|\[\[(?P<hides>spoilers?:)?"),
    _kind(r"(?P<close>\}\})|\{\{(?P<hides>spoilers?\s?\|)?"),
    # Misskey
    _kind(r"(?P<close>\])|(?P<hides>\$\[blur\s)|\["),
    # Lemmy, Docusaurus, Pandoc; Zulip
    _kind(
        r"^[ \t>]{0,20}:{3,}[ \t]*(?:(?P<close>(?=\r?$))|\{?\.?(?P<hides>spoilers?\b\}?)?(?P<title>[^\r\n]*))",
        to_end=True,
    ),
    _kind(
        r"^[ \t>]{0,20}`{3,}[ \t]*(?:(?P<close>(?=\r?$))|(?P<hides>spoilers?\b)?(?P<title>[^\r\n]*))",
        to_end=True,
    ),
    # HTML, also escaped: Goodreads, GitHub, Telegram, Matrix, and every page that has a class for it
    _kind(
        rf"(?:<|&lt;)(?:(?P<close>/)|(?P<hides>(?=(?:spoilers?|details|tg-spoiler)\b|[a-z]{_ATTRIBUTE})))?"
        r"(?!br\b|hr\b|img\b|input\b)(?P<name>[a-z][a-z0-9-]{0,20})\b[^<>&]{0,500}(?:>|&gt;)"
        r"(?:\s*<summary\b[^<>]{0,300}>(?P<title>(?:(?!</summary)[\s\S]){0,300})</summary\s*>)?",
        to_end=True,
    ),
)
_BARS = re.compile(r"\\[\s\S]|\|{2,}")  # Discord, Telegram; a backslash takes what follows with it
_OLD_REDDIT = re.compile(  # [what everybody sees](/s "what is hidden"), [what is hidden](/spoiler)
    r"(?P<left>\[)[^\[\]]{0,300}(?P<middle>\]\(/?[/#](?:s|sp|spoilers?)\s+(?P<quote>[\"']))"
    r"(?:[\s\S]{0,5000}?(?P<right>(?P=quote)\s*\))|[\s\S]*?(?=\n\s*\n|\Z))"
    r"|(?P<open>\[)[^\[\]]{1,1000}(?P<close>\]\(/?[/#](?:s|sp|spoilers?)\))",
    re.IGNORECASE,
)
_PARAGRAPH_END = re.compile(r"\r?\n[^\S\n]*\n|\r[^\S\r\n]*\r|\u2029|\Z")
# One of these is in every text that holds a mark: some quick looks for the many that hold none.
_HINTS = (
    "||",
    "~!",
    ">!",
    "gt;!",
    "spoil",
    "[hid",
    "[details",
    "[collapse",
    "<details",
    "lt;details",
    "](/s",
    "](#s",
    "$[blur",
)


def find_marks(text: str) -> Marks:
    """Find the marks in a text, whatever place they come from.

    Parameters
    ----------
    text : str

    Returns
    -------
    Marks

    Examples
    --------
    >>> review = "Nice. [spoiler=End]He dies.[/spoiler] Go. >!So does she."
    >>> [review[start:end] for start, end in find_marks(review).hidden]
    ['[spoiler=End]He dies.[/spoiler]', '>!So does she.']
    """
    lowered = text.lower()
    if not any(hint in lowered for hint in _HINTS):
        return Marks([], [])
    ends = [found.start() for found in _PARAGRAPH_END.finditer(text)]
    hidden: list[Span] = []
    cuts: list[Cut] = []
    for found in (*(_paired(text, kind, ends) for kind in _KINDS), _bars(text, ends), _old_reddit(text)):
        for span, of_span in found:
            hidden.append(span)
            cuts += of_span
    return Marks(merge_spans(hidden), list(_without_overlap(cuts)))


def merge_spans(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those that overlap or touch as one.

    Examples
    --------
    >>> merge_spans([(5, 9), (0, 2), (1, 3)])
    [(0, 3), (5, 9)]
    """
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged


def _paired(text: str, kind: _Kind, paragraph_ends: list[int]) -> Iterator[tuple[Span, list[Cut]]]:
    """What is hidden by marks of one kind; a closing belongs to the last opening that has none yet."""
    open_marks: dict[str, list[tuple[bool, Cut]]] = defaultdict(list)
    groups = ("name", "hides", "skip", "either")
    can_name, can_hide, can_skip, can_either = (name in kind.pattern.groupindex for name in groups)
    for found in kind.pattern.finditer(text):
        if can_skip and found["skip"]:
            continue
        name = found["name"].lower().rstrip("s") if can_name else ""
        closes = found["close"] is not None or (can_either and found["either"] and open_marks[name])
        if not closes:
            open_marks[name].append((not can_hide or found["hides"] is not None, _cut(found)))
        elif open_marks[name]:
            hides, opening = open_marks[name].pop()
            if hides:
                yield (opening.start, found.end()), [opening, _cut(found)]
    for hides, opening in (mark for marks in open_marks.values() for mark in marks):
        if hides:
            end = len(text) if kind.to_end else paragraph_ends[bisect_left(paragraph_ends, opening.end)]
            yield (opening.start, end), [opening]


def _cut(found: re.Match[str]) -> Cut:
    """A mark with its title, if it has one."""
    if "title" in found.re.groupindex and found["title"]:
        return Cut(*found.span(), *found.span("title"))
    return Cut(*found.span(), found.end(), found.end())


def _bars(text: str, paragraph_ends: list[int]) -> Iterator[tuple[Span, list[Cut]]]:
    """What is hidden between bars, which are alike on both sides.

    From left to right every second run closes, as Discord reads them. But a bar that only divides must not turn inside
    out what follows. So a run that looks like an opening, with a blank before it and none behind, opens as well. So
    does one of four bars or more, which may be a closing and an opening. Where the number of runs is odd, one of them
    is no mark, and everything between them is hidden. Those between two blanks may divide only, so that the others are
    paired without them, too; one that stands there alone hides nothing.
    """
    runs = [found for found in _BARS.finditer(text) if found[0][0] == "|"]
    around = [(text[run.start() - 1 : run.start()], text[run.end() : run.end() + 1]) for run in runs]
    touching = [run for run, (before, behind) in zip(runs, around, strict=True) if before.strip() or behind.strip()]
    if len(touching) < len(runs):  # those between two blanks may divide only
        for run, following in zip(touching[::2], touching[1::2], strict=False):
            yield (run.start(), following.end()), [_cut(run), _cut(following)]
    for place, (run, (before, behind)) in enumerate(zip(runs, around, strict=True)):
        opens = not before.strip() and bool(behind.strip())
        paragraph_end = paragraph_ends[bisect_left(paragraph_ends, run.end())]
        if place + 1 < len(runs):
            following = runs[place + 1]
            if opens or place % 2 == 0 or len(run[0]) > 3 or len(runs) % 2 == 1:
                yield (run.start(), following.end()), [_cut(run), _cut(following)]
        elif opens or (place % 2 == 0 and (behind.strip() or before in {"", "\n"})):
            yield (run.start(), paragraph_end), [_cut(run)]


def _old_reddit(text: str) -> Iterator[tuple[Span, list[Cut]]]:
    """What is hidden in links that lead nowhere."""
    for found in _OLD_REDDIT.finditer(text):
        hidden = (found.start("open") if found["open"] else found.start("middle")), found.end()
        groups = ("open", "close") if found["open"] else ("left", "middle", "right")
        yield hidden, [Cut(*found.span(group), *[found.end(group)] * 2) for group in groups if found[group]]


def _without_overlap(cuts: list[Cut]) -> Iterator[Cut]:
    """The cuts in order, each once; what two of them share belongs to the first."""
    done = 0
    for start, end, *title in sorted(cuts):
        if end > done:
            yield Cut(max(start, done), end, *(max(place, done) for place in title))
            done = end
