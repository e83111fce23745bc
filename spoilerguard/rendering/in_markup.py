"""Hide parts of a text that is markup already, and keep every other byte of it.

A mark may not cross the border of an element. So a stretch is hidden in as many pieces as it takes for each of them to
hold whole elements only. Code shows marks as text; there, characters are masked.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from spoilerguard.marks import Marks, Span, merge_spans
from spoilerguard.markup import Piece, PlainText, Step, check_markup, plain_text, removals, visible_pieces
from spoilerguard.rendering.styles import STYLES, Style

__all__ = ["Edit", "check_style", "edits_in_markup", "stretches"]

Edit = tuple[int, int, str]  # what stands at [start:end] becomes this

_STYLES: Mapping[str, Sequence[str]] = {
    "html": ("block", "html"),
    "markdown": ("block", "markdown"),
    "discord": ("block", "discord"),
    "reddit": ("block", "reddit"),
}
_LINE_BEGINNING = re.compile(r"(?:^|[\n\r])[ \t>]*\Z")
_BLANKS = re.compile(r"[ \t]+")
_ONE_LINE = {"markdown", "reddit"}  # where a mark ends with its line, or a quote might end before the mark does
_ALWAYS = {"discord": "|`", "reddit": "`<", "markdown": ""}
_ALONE = re.compile(r"\|+|`|<(?=[A-Za-z/!?])|\*+|(?<![^\W_])_+|_+(?![^\W_])|~{2,}")


def stretches(text: str, spans: Sequence[Span]) -> list[Span]:
    """The spans, those with only blanks between them as one, and none without a character."""
    found: list[Span] = []
    for start, end in spans:
        if found and not text[found[-1][1] : start].strip():
            found[-1] = found[-1][0], max(found[-1][1], end)
        elif start < end:
            found.append((start, end))
    return found


def check_style(style: str, markup: str) -> None:
    """Refuse a style that hides nothing in this markup.

    Raises
    ------
    ValueError
        With the styles that there are for it.
    """
    check_markup(markup)
    if style not in _STYLES[markup]:
        possible = " or ".join(repr(name) for name in _STYLES[markup])
        raise ValueError(f"A text in {markup} cannot be hidden in the style {style!r}; choose {possible}.")


def edits_in_markup(review: str, marks: Marks, spans: Sequence[Span], style: Style, markup: str) -> list[Edit]:
    """What becomes of some places of the review, in order; see `redact_verdicts`."""
    marks = _read_by_people(review, marks, markup)
    pieces = list(visible_pieces(review, marks, markup, titles=True))
    plain = PlainText.from_pieces(pieces)
    found = stretches(plain.text, [plain.find(*span) for span in spans])
    hidden = merge_spans([*(plain.original(*span) for span in found), *marks.hidden])
    edits: list[Edit] = []
    if style.mask:
        for span in hidden:
            edits += _masked(list(_inside(pieces, span)), style)
        return sorted(edits)
    for span in hidden:
        for group in _groups(review, _inside(pieces, span), markup):
            if group[0].step is Step.CODE:
                edits += _masked(group, STYLES["block"])
                continue
            for start, end in _whole(group):
                edits.append((end, end, _unescaped(review, end, markup) + style.closing))
                edits.append((start, start, _unescaped(review, start, markup) + style.opening))
            if markup == "reddit":
                edits += _escaped_inside(group)
    if markup != "html" and hidden:
        edits += [(place, place + 1, f"\\{review[place]}") for place in _alone(pieces, markup)]
    for start, end, left, _ in removals(review, marks.cuts, titles=True):
        edits.append((start, _behind(review, start, end), _unescaped(review, start, markup) + left))
    return sorted(set(edits), key=lambda edit: (edit[0], edit[0] < edit[1], not edit[2].endswith(style.closing)))


def _behind(review: str, start: int, end: int) -> int:
    """The end of a mark, with the blanks behind one that begins a line: without it they might make code of the line."""
    before = _LINE_BEGINNING.search(review, max(0, start - 20), start)
    blanks = _BLANKS.match(review, end)
    return blanks.end() if before and blanks else end


def _unescaped(review: str, place: int, markup: str) -> str:
    """What keeps a backslash before a place from taking a mark with it."""
    first = place
    while first and review[first - 1] == "\\":
        first -= 1
    return "\\" if (place - first) % 2 and markup != "html" else ""


def _read_by_people(review: str, marks: Marks, markup: str) -> Marks:
    """The marks without those whose content stands in no visible place, such as an address or a comment."""
    plain = plain_text(review, marks, markup)
    hidden = [span for span in marks.hidden if plain.text[slice(*plain.find(*span))].strip()]
    edges = [edge for span in hidden for edge in span]
    return Marks(hidden, [cut for cut in marks.cuts if bisect_right(edges, cut.start) % 2 == 1])


def _inside(pieces: Sequence[Piece], span: Span) -> Iterator[Piece]:
    """The pieces, or their parts, that stand in a span."""
    first = bisect_right(pieces, span[0], key=lambda piece: piece.end)
    for piece in pieces[first:]:
        if piece.start >= span[1]:
            return
        if len(piece.text) == piece.end - piece.start:
            start, end = max(piece.start, span[0]), min(piece.end, span[1])
            yield Piece(start, end, piece.text[start - piece.start : end - piece.start], piece.step)
        else:
            yield piece


def _masked(pieces: Sequence[Piece], style: Style) -> Iterator[Edit]:
    """Every visible character masked, or the mask once and nothing behind it."""
    shown = [piece for piece in pieces if piece.text.strip()]
    for number, (start, end, text, _) in enumerate(shown):
        if style.each:
            yield start, end, "".join(char if char.isspace() else style.mask for char in text)
        else:
            yield start, end, "" if number else style.mask


def _groups(review: str, pieces: Iterable[Piece], markup: str) -> Iterator[list[Piece]]:
    """Runs of pieces that one mark might hold: nothing in them divides, and code stands by itself."""
    group: list[Piece] = []
    for piece in pieces:
        line_break = markup in _ONE_LINE and not piece.text.strip() and "\n" in review[piece.start : piece.end]
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


def _whole(group: Sequence[Piece]) -> Iterator[Span]:
    """The longest parts of a group in which everything that opens is closed, without the blanks around them."""
    opened: list[int] = []
    single = {len(group)}
    for place, piece in enumerate(group):
        if piece.step is Step.OPENS:
            opened.append(place)
        elif piece.step is Step.CLOSES:
            single.update(() if opened else (place,))
            opened[-1:] = []
    start = 0
    for place in sorted(single.union(opened)):
        part = list(group[start:place])
        start = place + 1
        while part and (part[0].text.isspace() or part[0].start == part[0].end):
            del part[0]
        while part and (part[-1].text.isspace() or part[-1].start == part[-1].end):
            del part[-1]
        if any(piece.text.strip() for piece in part):
            first, last = part[0].text, part[-1].text
            yield part[0].start + len(first) - len(first.lstrip()), part[-1].end - len(last) + len(last.rstrip())


def _alone(pieces: Sequence[Piece], markup: str) -> Iterator[int]:
    """Where characters stand that mark nothing so far, but might make pairs with our marks or around them.

    Not every place agrees with CommonMark on which stars and bars belong together.
    """
    exact = (piece for piece in pieces if piece.step is Step.NONE and len(piece.text) == piece.end - piece.start)
    found = [(piece.start, run) for piece in exact for run in _ALONE.finditer(piece.text)]
    counts = Counter(run[0][0] for _, run in found)
    for start, run in found:
        if run[0][0] in _ALWAYS[markup] or (run[0][0] in "*_~" and counts[run[0][0]] > 1):
            yield from range(start + run.start(), start + run.end())


def _escaped_inside(group: Sequence[Piece]) -> Iterator[Edit]:
    """What would end a mark of Reddit too early, escaped."""
    for piece in group:
        yield from ((piece.start + at, piece.start + at + 1, "\\<") for at, char in enumerate(piece.text) if char == "<")
