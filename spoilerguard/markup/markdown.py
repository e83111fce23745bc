"""Markdown, as Reddit and Discord write it too → the pieces that a reader sees, by markdown-it.

markdown-it says on which lines a block stands, and nothing of places inside a line. So each of its inline rules is
wrapped in a function that notes where the rule began and ended.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

from spoilerguard.markup.html import html_pieces, tag_step
from spoilerguard.markup.plain_text import Piece, Step

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

__all__ = ["DIALECTS", "markdown_pieces"]

_Rule = Callable[["StateInline", bool], bool]

# What a place does not know of CommonMark with tables and crossed-out text.
DIALECTS: dict[str, Sequence[str]] = {
    "markdown": (),
    "reddit": ("html_block", "html_inline", "image"),
    "discord": "html_block html_inline table code reference entity lheading hr image".split(),
}
_TAG = re.compile(r"<(/?)([A-Za-z][\w-]*)")
_MENTION = re.compile(r"<(?:a?:\w+:\d+|[@#][!&]?\d+|t:-?\d+(?::\w)?|/[^<>\n]+:\d+|id:\w+)>")  # Discord's own
_SPOILER_START = re.compile(r"(?:(?<=^)|(?<=^ )|(?<=^  )|(?<=^   ))>(?=!)", re.MULTILINE)
_LINE_END = re.compile(r"\r\n?|\n")
_WORD = re.compile(r"\w")
_LINE = re.compile(r"[^\n]*\S[^\n]*")
_SPAN = "span"


def markdown_pieces(text: str, dialect: str) -> list[Piece]:
    r"""The pieces of a text in a dialect of Markdown, blocks divided by an empty line.

    Examples
    --------
    >>> "".join(piece.text for piece in markdown_pieces("# Fine\n> *He* dies. [More](http://x)", "markdown"))
    'Fine\n\nHe dies. More'
    """
    if dialect == "reddit":  # no quote begins there; the character that takes its place is invisible and as long
        text = _SPOILER_START.sub("\u2060", text)
    line_starts = [0, *(found.end() for found in _LINE_END.finditer(text)), len(text)]
    pieces: list[Piece] = []
    cell, row = False, (0, 0)
    for token in _parser(dialect).parse(text):
        if token.map is not None and token.type in {"inline", "html_block", "fence", "code_block"}:
            done = pieces[-1].end if pieces else 0
            first = max(done, line_starts[token.map[0]])  # the cells of a table share a line
            found = list(_block_pieces(text, token, first, line_starts[token.map[1]], cell=cell, dialect=dialect))
            if found and pieces:
                pieces.append(Piece(done, found[0].start, "\n\n", Step.DIVIDES))
            pieces += found
        if token.type == "tr_open" and token.map is not None:
            row = line_starts[token.map[0]], line_starts[token.map[1]]
        elif token.type == "tr_close":  # cells beyond the header's: what knows no tables shows them, too
            done = max(row[0], pieces[-1].end if pieces else 0)
            if _WORD.search(text, done, row[1]):
                pieces.append(Piece(done, row[1], text[done : row[1]], Step.CODE))
        cell = token.type in {"th_open", "td_open"}
    return pieces


def _block_pieces(text: str, block: "Token", first: int, last: int, *, cell: bool, dialect: str) -> Iterator[Piece]:
    """The pieces of one block, which stands somewhere in ``text[first:last]``."""
    if block.type == "html_block":
        nested = block.content.split() != text[first:last].split()  # the signs of a quote or a list stand in it
        for start, end, shown, step in html_pieces(text[first:last]):
            yield Piece(start + first, end + first, shown, Step.CODE if nested and shown.strip() else step)
        return
    where = _places(text.replace("\0", "\ufffd"), block.content, first, last, cell=cell)
    if block.type == "fence" and dialect != "markdown" and not _is_closed(text[first:last], block.markup):
        where = None
    if where is None:  # written in another way than markdown-it hands it on: taken as it stands
        if first < last:
            yield Piece(first, last, text[first:last], Step.CODE)
    elif block.type == "inline":
        yield from _whole_marks(
            text,
            sorted(_inline_pieces(block, where, "\n" if dialect == "discord" else " "), key=lambda piece: piece.start),
        )
    else:
        for line in _LINE.finditer(block.content):
            start, end = where[line.start()], where[line.end() - 1] + 1
            yield Piece(start, end, text[start:end], Step.CODE)


def _is_closed(block: str, fence: str) -> bool:
    """Whether Discord and Reddit take a block for code too: they know one kind of fence, and none without an end."""
    return fence.startswith("`") and block.strip().endswith(fence) and block.count(fence) > 1


def _places(text: str, content: str, first: int, last: int, *, cell: bool) -> list[int] | None:
    """Where each character of a block's content stands. Its lines have lost what stands before and behind them."""
    where: list[int] = []
    for line in content.removesuffix("\n").split("\n"):
        body = line.strip()
        while True:
            end = min(last, next((found.start() for found in _LINE_END.finditer(text, first, last)), last))
            place = text.find(body, first, end) if cell else text.rfind(body, first, end)
            if place >= 0 or end >= last:
                break
            first = end + 1  # the fence, which is no part of the content
        if place < 0:
            return None
        blanks = len(line) - len(line.lstrip())
        where += [max(first, place - blanks + number) for number in range(blanks)]
        where += range(place, place + len(line) - blanks)
        where.append(end)
        first = end if cell else min(last, end + (2 if text[end : end + 2] == "\r\n" else 1))
    return where


@cache
def _parser(dialect: str) -> "MarkdownIt":
    """A parser that notes places; its rules for joining neighbours, which would lose them, are off."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    parser.disable([*DIALECTS[dialect], "text_join", "fragments_join"])
    rules = parser.inline.ruler
    if dialect == "discord":
        rules.push("mention", _mention)
    rules.push("literal", _literal)
    for name, rule in zip(rules.get_active_rules(), rules.getRules(""), strict=True):
        rules.at(name, partial(_noted, rule))
    return parser


def _noted(rule: _Rule, state: "StateInline", silent: bool) -> bool:  # noqa: FBT001 - markdown-it's protocol
    """Do what the rule does, and note on each new token which part of the text it comes from."""
    start, count = state.pos, len(state.tokens)
    if not rule(state, silent):
        return False
    if not silent:
        if state.pending:
            state.pushPending()
        new = [token for token in state.tokens[count:] if _SPAN not in token.meta]
        if "".join(token.content for token in new) == state.src[start : state.pos]:
            for token in new:  # a run of marks, each of which may open or close something
                token.meta[_SPAN] = start, start + len(token.content)
                start += len(token.content)
        elif len(new) == 1:
            new[0].meta[_SPAN] = start, state.pos
        for token in new:  # a link: [label](address), <address>
            inside = (start, start + 1) if token.nesting > 0 else (state.pos - 1, state.pos)
            token.meta.setdefault(_SPAN, inside if token.nesting else (start + 1, state.pos - 1))
    return True


def _literal(state: "StateInline", silent: bool) -> bool:  # noqa: FBT001
    """A character that no rule wants stands for itself."""
    if not silent:
        state.pending += state.src[state.pos]
    state.pos += 1
    return True


def _mention(state: "StateInline", silent: bool) -> bool:  # noqa: FBT001
    """Discord's mentions, emoji and times, which show something else than what is written."""
    found = _MENTION.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        state.push("mention", "", 0)
    state.pos = found.end()
    return True


def _inline_pieces(block: "Token", where: list[int], line_break: str) -> Iterator[Piece]:
    """The pieces of a paragraph, a heading or a cell."""
    for token in block.children or ():
        start, end = token.meta[_SPAN]
        shown, written = token.content, block.content[start:end]
        step = {1: Step.OPENS, -1: Step.CLOSES}.get(token.nesting, Step.NONE)
        if token.type == "html_inline":
            tag = _TAG.match(written)
            shown, step = "", tag_step(tag[2].lower(), closes=bool(tag[1])) if tag else Step.NONE
        elif token.type == "code_inline":
            start += written.replace("\n", " ").index(shown, len(token.markup))
            end, step = start + len(shown), Step.CODE
        elif token.type in {"softbreak", "hardbreak"}:
            hard = token.type == "hardbreak" or block.content[:start].endswith("  ")
            shown = "\n\n" if hard else line_break
        elif token.type not in {"text", "text_special"} or (token.type == "text" and shown != written):
            shown = ""
        yield Piece(where[start], where[end - 1] + 1, shown, step)


def _whole_marks(text: str, pieces: list[Piece]) -> Iterator[Piece]:
    """The pieces, double marks as one: of ``**``, markdown-it takes one half for the mark and empties the other."""
    opening: Piece | None = None
    closing: Piece | None = None
    for piece in pieces:
        is_half = not piece.text and piece.step is Step.NONE and text[piece.start : piece.end] in {"*", "_"}
        if is_half and closing:
            yield closing._replace(end=piece.end)
            closing = None
            continue
        if closing:
            yield closing
        closing = piece if piece.step is Step.CLOSES else None
        if is_half:
            opening = piece
        elif not closing:
            yield piece._replace(start=opening.start) if opening else piece
            opening = None
    if closing:
        yield closing
