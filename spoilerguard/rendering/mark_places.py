"""Where in a text that is markup already marks can be put, and which marks can be taken out.

A mark may not cross the border of an element, and should not stand where another parser might pair what it is made of.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from spoilerguard.marks import Cut, Span
from spoilerguard.markup import Piece, PlainText, Step

__all__ = [
    "begins_line",
    "behind",
    "can_go",
    "code_where_unsure",
    "groups",
    "in_address",
    "inside",
    "is_own",
    "keeps_blocks",
    "whole_elements",
]

_LINE_BEGINNING = re.compile(r"(?:^|[\n\r])[ \t>]*\Z")
_LINE_REST = re.compile(r"[ \t]*(?:\Z|\r?\n(?![ >]*(?:    |\t)))")  # none, and no indented line below
_LETTERLESS = re.compile(r"[\W\d_]*\Z")
_LINE_END = re.compile(r"[\n\r]")
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n|\r[ \t]*\r")
_NAME = re.compile(r"</?([A-Za-z][\w-]*)|[\s\S]")
_BLANKS = re.compile(r"[ \t]+")
_ADDRESS = re.compile(r"(?::/|[wW]{3}\.)\S*\Z")
_LONGEST_ADDRESS = 2000
_INDENTED = re.compile(r"^[ >]*(?:    |\t)", re.MULTILINE)
# Characters that pair, where they have found no pair or are escaped. Some of them might pair with our own marks.
_UNPAIRED = re.compile(r"[|`\\]|!<|>!|\](?=\()|<(?=[A-Za-z/!?@])|\*+|(?<![^\W_])_+|_+(?![^\W_])|~{2,}")
_PAIR_WITH_OURS = {"markdown": "`<\\", "discord": "|`<\\", "reddit": "`!><\\]"}
_PAIR_WITH_EACH_OTHER = "*_~"


def inside(pieces: Sequence[Piece], span: Span) -> Iterator[Piece]:
    """The pieces, or their parts, that stand in a span, with what opens directly before it and closes behind it."""
    first = bisect_right(pieces, span[0], key=lambda piece: piece.end)
    while (
        0 < first < len(pieces)
        and (pieces[first].start >= span[0] or pieces[first].step is Step.OPENS)
        and pieces[first - 1].step is Step.OPENS
    ):
        first -= 1
    for piece in map(pieces.__getitem__, range(first, len(pieces))):
        if piece.start >= span[1] and piece.step is not Step.CLOSES:
            return
        if len(piece.text) == piece.end - piece.start:
            start, end = max(piece.start, span[0]), min(piece.end, span[1])
            yield Piece(start, end, piece.text[start - piece.start : end - piece.start], piece.step)
        else:
            yield piece
        if piece.end > span[1] and piece.step is not Step.CLOSES:
            return


def code_where_unsure(review: str, pieces: list[Piece], markup: str) -> list[Piece]:
    """The pieces; those where characters stand that another parser may pair in another way count as code.

    Old Reddit knows fewer blocks, so a block ends with a blank line here; Discord pairs across the whole text. In HTML
    nothing pairs.
    """
    if markup == "html":
        return pieces
    blocks: list[list[Piece]] = [[]]
    for piece in pieces:
        if markup == "reddit" and _BLANK_LINE.search(review, piece.start, piece.end):
            blocks.append([])
        blocks[-1].append(piece)
    alone = [Counter("".join(_UNPAIRED.findall(_literal(block)))) for block in blocks]
    all_unsure = any(char in found for found in alone for char in _PAIR_WITH_OURS[markup])
    unsure = [
        all_unsure or _may_pair(review, block, found) or (markup == "reddit" and _is_indented(review, block))
        for block, found in zip(blocks, alone, strict=True)
    ]
    return [
        piece._replace(step=Step.CODE) if is_unsure and piece.text.strip() else piece
        for block, is_unsure in zip(blocks, unsure, strict=True)
        for piece in block
    ]


def _literal(block: Sequence[Piece]) -> str:
    """The text of a block that is no markup."""
    return "".join(piece.text if piece.step is Step.NONE else "\n" for piece in block)


def _may_pair(review: str, block: Sequence[Piece], alone: Mapping[str, int]) -> bool:
    """Whether characters that have found no pair might find one in the block."""
    paired = Counter(review[piece.start] for piece in block if piece.step in {Step.OPENS, Step.CLOSES})
    return any(alone.get(char, 0) and alone[char] + paired[char] > 1 for char in _PAIR_WITH_EACH_OTHER)


def _is_indented(review: str, block: Sequence[Piece]) -> bool:
    """Whether a line of a block stands behind four blanks: old Reddit may take it for code."""
    if not block:
        return False
    return _INDENTED.search(review[_line(review, block[0].end) : block[-1].end]) is not None


def _line(review: str, place: int) -> int:
    """Where the line begins in which a place is."""
    return max(review.rfind("\n", 0, place), review.rfind("\r", 0, place)) + 1


def groups(review: str, pieces: Iterable[Piece], markup: str) -> Iterator[list[Piece]]:
    """Runs of pieces that one mark might hold: nothing in them divides, and code stands by itself.

    Outside HTML no mark goes beyond its line: the next one may begin a quote, or end it.
    """
    group: list[Piece] = []
    for piece in pieces:
        line_break = markup != "html" and not piece.text.strip() and _LINE_END.search(review, piece.start, piece.end)
        if piece.step in {Step.DIVIDES, Step.CODE} or line_break:
            if group:
                yield group
            group = []
            if piece.step is Step.CODE:
                yield [piece]
        else:
            group.append(piece)
    if group:
        yield group


def whole_elements(review: str, group: Sequence[Piece]) -> Iterator[Span]:
    """The longest parts of a group in which everything that opens is closed, without the blanks around them."""
    opened: list[tuple[str, int]] = []
    single = {len(group)}
    for place, piece in enumerate(group):
        if piece.step is Step.OPENS:
            opened.append((_name(review, piece), place))
        elif piece.step is Step.CLOSES and opened and opened[-1][0] == _name(review, piece):
            opened.pop()
        elif piece.step is Step.CLOSES:
            single.update([place, *(other for _, other in opened)])
            opened = []
    start = 0
    for place in sorted(single.union(other for _, other in opened)):
        part = list(group[start:place])
        start = place + 1
        while part and (part[0].text.isspace() or part[0].start == part[0].end):
            del part[0]
        while part and (part[-1].text.isspace() or part[-1].start == part[-1].end):
            del part[-1]
        if any(piece.text.strip() for piece in part):
            first, last = part[0].text, part[-1].text
            yield part[0].start + len(first) - len(first.lstrip()), part[-1].end - len(last) + len(last.rstrip())


def _name(review: str, piece: Piece) -> str:
    """What opens and closes an element alike: the name of a tag, or the sign of Markdown."""
    found = _NAME.match(review, piece.start)
    sign = (found[1] or found[0]).lower() if found else ""
    return {"]": "[", ")": "[", ">": "<"}.get(sign, sign)


def can_go(cut: Cut, raw: Sequence[Piece]) -> bool:
    """Whether a mark can be taken out: it must not hold one end of a tag, whose other end would then show.

    Parameters
    ----------
    cut : Cut
    raw : sequence of Piece
        The pieces of the review with the marks as text.

    Returns
    -------
    bool
    """
    first = bisect_right(raw, cut.start, key=lambda piece: piece.end)
    for piece in map(raw.__getitem__, range(first, len(raw))):
        if piece.start >= cut.end:
            break
        is_inside = cut.start <= piece.start and piece.end <= cut.end and piece.end - piece.start > 1
        if len(piece.text) != piece.end - piece.start and not is_inside:
            return False
    return True


def in_address(review: str, place: int) -> bool:
    """Whether an address reaches to a place, of which some renderers would take what follows for a part."""
    return _ADDRESS.search(review, max(0, place - _LONGEST_ADDRESS), place) is not None


def is_own(review: str, cut: Cut, markup: str) -> bool:
    """Whether a mark that stays might pair with ours."""
    return not set(_PAIR_WITH_OURS.get(markup, "")).isdisjoint(review[cut.start : cut.end])


def begins_line(review: str, plain: PlainText, place: int) -> bool:
    """Whether a reader sees no letter in the line before a place."""
    return _LETTERLESS.match(plain.text, *plain.find(_line(review, place), place)) is not None


def keeps_blocks(review: str, cut: Cut, opened: Sequence[int]) -> bool:
    """Whether lines stay what they are without a mark: what stands behind it might begin a heading, a list or code.

    `opened` are the places, in order, where marks of ours begin.
    """
    line = _line(review, cut.start)
    following = bisect_left(opened, line)  # a mark of ours in the line
    return (
        (following < len(opened) and opened[following] <= behind(review, cut.start, cut.end))
        or not _LETTERLESS.match(review, line, cut.start)
        or _LINE_REST.match(review, cut.end) is not None
    )


def behind(review: str, start: int, end: int) -> int:
    """The end of a mark, with the blanks behind one that begins a line: without it they might make code of the line."""
    before = _LINE_BEGINNING.search(review, max(0, start - 20), start)
    blanks = _BLANKS.match(review, end)
    return blanks.end() if before and blanks else end
