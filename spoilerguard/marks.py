"""What an author has hidden: the spoiler marks of chats, forums and review sites, found in the text.

A tool that hides spoilers must not show what somebody has hidden already. So marks of every known form are found, and
where one has no end, what stands behind it up to the end of its line counts as hidden: too much rather than too little.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Mark", "find_marks"]


class Mark(NamedTuple):
    """A hidden piece of a text: ``text[start:end]`` with its marks, ``text[inner_start:inner_end]`` without them."""

    start: int
    end: int
    inner_start: int
    inner_end: int


# Paired tags, which may be nested: the one that opens, and the one that closes.
_PAIRS = (
    (r"\[(?:spoilers?|hide|hidden)(?:\s*[=:][^\[\]\n]{0,200})?\]", r"\[/(?:spoilers?|hide|hidden)\]"),
    (r"<spoilers?(?:\s[^<>]{0,300})?>", r"</spoilers?\s*>"),
    (r"<details(?:\s[^<>]{0,300})?>(?:\s*<summary(?:\s[^<>]{0,300})?>[^<]{0,300}</summary\s*>)?", r"</details\s*>"),
    (
        r"<(?P<tag>span|div|p|s|tg-spoiler)(?=[\s-])(?:\s[^<>]{0,200})?\s(?:class|data-mx)=?[^<>]{0,100}spoiler[^<>]{0,200}>"
        r"|<tg-spoiler>|<span data-mx-spoiler[^<>]{0,200}>",
        r"</(?:span|div|p|s|tg-spoiler)\s*>",
    ),
    (r"\(view spoiler\)\s?\[", r"\(hide spoiler\)\s?\]"),
)
# Marks that are alike on both sides or end with their line; each hides group 1.
_RUNS = (
    re.compile(r"(?<![\\|])\|\|(?!\|)(.+?)(?<!\\)\|\|(?!\|)", re.DOTALL),  # Discord, Telegram
    re.compile(r"~!(.+?)!~", re.DOTALL),  # AniList
    re.compile(r"(?<!\\)>!(.+?)!<", re.DOTALL),  # Reddit
    re.compile(r"^[ ]{0,3}>![ ]?([^\n]+)$", re.MULTILINE),  # Stack Exchange: no mark at the end
    re.compile(r"^:{3,}[ ]*spoiler\b[^\n]*\n(.*?)(?:^:{3,}[ ]*$|\Z)", re.DOTALL | re.MULTILINE | re.IGNORECASE),  # Lemmy
    re.compile(r"\[[^\[\]\n]{1,200}\]\((?:/s|/spoiler|#s|#spoiler)[ ]+\"([^\"\n]+)\"\)"),  # Reddit, long ago
    re.compile(r"\[([^\[\]\n]{1,500})\]\((?:/s|/spoiler|#s|#spoiler)\)"),
)
_COMPILED_PAIRS = tuple(
    (re.compile(opening, re.IGNORECASE), re.compile(closing, re.IGNORECASE)) for opening, closing in _PAIRS
)
_HINTS = ("||", "!~", ">!", "spoiler", "hid", "details", "](/s", "](#s")
