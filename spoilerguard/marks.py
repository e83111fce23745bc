"""Find what authors have hidden themselves: the spoiler marks of chats, forums and review sites.

A tool that hides spoilers must never show what somebody has hidden already. Where marks can be understood in two ways,
more is hidden rather than less:

- A mark that is never closed hides as far as its place could: a tag, a fence or a scraped "(view spoiler)[" to the end
  of the text, other marks to the end of their paragraph.
- A title ("[spoiler=the end]", a summary) is hidden too: what stands there is often half of the spoiler.

The model reads the text without its marks and titles, so that marks cannot change a label.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cut", "Marks", "PlainText", "find_marks", "merge_spans"]

Span = tuple[int, int]


class Cut(NamedTuple):
    """Characters that belong to a mark and not to what its author says.

    ``text[start:end]`` is the mark, ``text[title_start:title_end]`` a title inside it, empty where it has none.
    """

    start: int
    end: int
    title_start: int
    title_end: int


class Marks(NamedTuple):
    """The marks of a text: what is hidden, marks included, and the marks alone. Both in order and without overlap."""

    hidden: list[Span]
    cuts: list[Cut]


@dataclass(frozen=True, slots=True, eq=False)
class PlainText:
    """What a reader sees of a text, and where each character of it comes from.

    Attributes
    ----------
    text : str
    starts, ends : ndarray of int64, shape (n_characters,)
        Character ``i`` of `text` stands for ``original[starts[i] : ends[i]]``. Both ascend.

    Examples
    --------
    >>> plain = PlainText.without_marks("It was ||Paul||. Fine.", find_marks("It was ||Paul||. Fine."))
    >>> plain.text, plain.original(7, 11)
    ('It was Paul. Fine.', (9, 13))
    """

    text: str
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def without_marks(cls, text: str, marks: Marks, *, titles: bool = False) -> "PlainText":
        """The text without its marks; with `titles`, a mark leaves its title and a blank behind.

        A blank also takes the place of a mark that stood between a full stop and a letter.
        """
        starts, ends, pieces = [], [], []
        kept = 0
        for start, end, blank in (*_removals(text, marks.cuts, titles=titles), (len(text), len(text), False)):
            pieces.append(text[kept:start])
            starts.append(np.arange(kept, start))
            ends.append(starts[-1] + 1)
            if blank:
                pieces.append(" ")
                starts.append(np.array([start]))
                ends.append(np.array([end]))
            kept = end
        return cls("".join(pieces), np.concatenate(starts), np.concatenate(ends))

    def original(self, start: int, end: int) -> Span:
        """Where ``text[start:end]``, which is not empty, stands in the original."""
        return int(self.starts[start]), int(self.ends[end - 1])

    def find(self, start: int, end: int) -> Span:
        """The part of `text` that comes from ``original[start:end]``."""
        first = int(np.searchsorted(self.ends, start, side="right"))
        return first, max(first, int(np.searchsorted(self.starts, end)))

    def slice(self, start: int, end: int) -> "PlainText":
        """A piece of it, as the plain text of the piece of the original that it comes from."""
        shift = self.starts[start]
        return PlainText(self.text[start:end], self.starts[start:end] - shift, self.ends[start:end] - shift)


class _Kind(NamedTuple):
    """One kind of mark, by a pattern that matches what opens it and what closes it.

    Its groups: ``close`` where the match closes; ``name``, which both must share; ``title``; and ``skip`` where the
    match only looks alike. With the group ``hides``, an opening that lacks it hides nothing, but has a closing too.
    """

    pattern: re.Pattern[str]
    to_end: bool = False  # where it is not closed it hides all that follows, not its paragraph only
    must_close: bool = False  # where it is not closed it is no mark


_TAG = r"</?[a-z][a-z0-9]*(?:\s[^<>]{0,300}=[^<>]{0,300})?\s?/?>"
_HIDING_TAG = r"spoilers?\b|details\b|tg-spoiler\b"
# class="spoiler", id="spoiler-1", data-mx-spoiler; but not class="spoiler-free" or "no-spoilers"
_HIDING_ATTRIBUTE = (
    r"[^<>]{0,300}?\s(?:data-[a-z-]{0,20}spoilers?(?![\w-])"
    r"|(?:class|id|role|data-[a-z-]{1,30})\s?=[^<>]{0,200}?(?<!non)(?<!no)(?<!no[-_])(?<!not[-_])(?<!non[-_])"
    r"spoiler(?!s?[-_ ]?(?:free|less|warning|alert|form|toggle|button|link)))"
)
_KINDS = tuple(
    _Kind(re.compile(pattern, re.IGNORECASE | re.MULTILINE), *options)
    for pattern, *options in (
        # Reddit, Stack Exchange, which has no closing; also as their interfaces deliver it, and as editors escape it.
        rf"(?P<skip>{_TAG})|(?P<close>\\?!(?:<(?!/?[a-z][^<>]{{0,300}}>)|&lt;))|\\?(?:>|&gt;)!".split("\n"),
        ["(?P<close>!~)|~!"],  # AniList
        [
            r"\[(?P<close>/)?(?P<name>spoil|spoiler|hide|hidden|details|collapse)s?(?::[0-9a-f]{5,12})?"
            r"(?:\s?=\s?(?P<title>[^\[\]\n]{0,300})|\s[a-z]+=[^\[\]\n]{0,300})?\](?!\([/#])"
        ],
        [r"(?P<close>\(hide spoilers?\)\s?\])|\(view spoilers?\)\s?\[", True],  # Goodreads
        [r"(?P<close>\]\])|\[\[(?P<hides>spoilers?:)?"],  # TV Tropes
        [r"(?P<close>\}\})|\{\{(?P<hides>spoilers?\s?\|)?"],  # MediaWiki
        # Lemmy, Docusaurus, Pandoc
        [
            r"^[ \t>]{0,20}:{3,}[ \t]*(?:(?P<close>(?=\r?$))|\{?\.?(?P<hides>spoilers?\b\}?)?[ \t]*"
            r"(?P<title>[^\r\n]*))",
            True,
        ],
        # Zulip
        [r"^[ \t>]{0,20}`{3,}[ \t]*(?:(?P<close>(?=\r?$))|(?P<hides>spoilers?\b)?[ \t]*(?P<title>[^\r\n]*))", True],
        # HTML: Goodreads, Telegram, Matrix, wikis, and every page with a class for it; also escaped
        [
            rf"(?:<|&lt;)(?P<close>/)?(?P<name>[a-z][a-z0-9-]{{0,20}})(?<!br)(?<!hr)(?<!img)(?<!input)\b"
            rf"(?P<hides>(?<=<spoiler|&spoiler)|(?={_HIDING_ATTRIBUTE}))?[^<>&]{{0,500}}(?:>|&gt;)",
            True,
        ],
    )
)
