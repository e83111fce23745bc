"""HTML → the pieces that a reader sees, by the standard library's parser, which knows where it stands."""

import html
import re
from html.parser import HTMLParser
from itertools import accumulate

from spoilerguard.markup.plain_text import Piece, Step

__all__ = ["html_pieces", "tag_step"]

_UNSEEN = frozenset({"script", "style", "template", "title"})
_LITERAL = frozenset("audio button canvas datalist iframe math noembed noframes noscript object select svg".split())
_LITERAL |= {"textarea", "video", "xmp"}  # in these, browsers ignore elements, or show them as text
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q s samp small spoiler span "
    "strike strong sub sup time tt u var tg-spoiler".split()
)
_BREAKS = frozenset({"br", "hr"})
_BLANKS = re.compile(r"\s")
_TAG_START = re.compile("<[A-Za-z/!?]")
_REFERENCE = re.compile(r"&#?\w+;?")


def html_pieces(text: str) -> list[Piece]:
    r"""The pieces of a page or a part of one. Elements that begin a line stand for an empty line.

    Examples
    --------
    >>> "".join(piece.text for piece in html_pieces("<p>Lovely &amp; <b>slow</b>.<br>Yes"))
    '\n\nLovely & slow.\n\nYes'
    """
    end = _closed(text)
    parser = _Parser(text)
    parser.feed(text[:end])
    parser.close()
    pieces = parser.pieces
    following = (*pieces[1:], Piece(end, end, ""))
    pairs = zip(pieces, following, strict=False)
    found = [piece._replace(end=after.start) if piece.end < 0 else piece for piece, after in pairs]
    # Browsers show nothing of a comment or tag without an end, other programs all of it. Tags would help with neither.
    return [*found, Piece(end, len(text), text[end:], Step.CODE)] if end < len(text) else found


def _closed(text: str) -> int:
    """Where a comment or a tag without an end begins; the length of the text where there is none."""
    end, limit = 0, len(text)
    while (start := text.find("<!--", end)) >= 0:
        end = text.find("-->", start + 4) + 3
        if end < 3:
            end, limit = 0, start
            break
    tag = _TAG_START.search(text, max(end, text.rfind(">", 0, limit) + 1), limit)
    return tag.start() if tag else limit


def tag_step(name: str, *, closes: bool) -> Step:
    """What a tag of that name does to the line it stands in."""
    if name in _VOID:
        return Step.NONE
    if name in _INLINE:
        return Step.CLOSES if closes else Step.OPENS
    return Step.DIVIDES


class _Parser(HTMLParser):
    """Collects pieces. Where the parser does not say how long one is, it ends where the next one begins."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.pieces: list[Piece] = []
        self._text = text
        self._line_starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
        self._unseen = self._literal = 0

    def _add(self, text: str = "", length: int | None = None, step: Step = Step.NONE) -> None:
        line, column = self.getpos()
        start = self._line_starts[line - 1] + column
        step = Step.CODE if text.strip() and self._literal else step
        self.pieces.append(Piece(start, -1 if length is None else start + length, "" if self._unseen else text, step))

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        step = tag_step(tag, closes=False)
        self._add("\n\n" if step is Step.DIVIDES or tag in _BREAKS else "", step=step)
        self._unseen += tag in _UNSEEN
        self._literal += tag in _LITERAL

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN and self._unseen > 0
        self._literal -= tag in _LITERAL and self._literal > 0
        step = tag_step(tag, closes=True)
        self._add("\n\n" if step is Step.DIVIDES else "", step=step)

    def handle_data(self, data: str) -> None:
        self._add(_BLANKS.sub(" ", data), len(data))

    def handle_entityref(self, _name: str) -> None:
        self._reference()

    def handle_charref(self, _name: str) -> None:
        self._reference()

    def _reference(self) -> None:
        line, column = self.getpos()
        written = _REFERENCE.match(self._text, self._line_starts[line - 1] + column)
        if written:
            self._add(html.unescape(written[0]), len(written[0]))

    def handle_comment(self, _data: str) -> None:
        self._add()

    def handle_decl(self, _decl: str) -> None:
        self._add()

    def handle_pi(self, _data: str) -> None:
        self._add()

    def unknown_decl(self, _data: str) -> None:
        self._add()

    def parse_marked_section(self, i: int, report: int = 1) -> int:
        """Take what begins like a section of SGML for a comment, as browsers do; the parser itself would raise."""
        return self.parse_bogus_comment(i, bool(report))
