"""Hide parts of a text that is markup already, and keep every other byte of it.

A stretch is hidden in as many pieces as it takes for each of them to hold whole elements only. Where marks would be
shown as text, as in code, or where a place may read a paragraph in another way than the parser here, characters are
masked: that hides everywhere.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from spoilerguard.marks import Marks, Span, merge_spans
from spoilerguard.markup import Piece, PlainText, Step, check_markup, plain_text, removals, visible_pieces
from spoilerguard.rendering import mark_places
from spoilerguard.rendering.styles import STYLES, Style

__all__ = ["Edit", "check_style", "edits_in_markup", "stretches"]

Edit = tuple[int, int, str]  # what stands at [start:end] becomes this

_STYLES: Mapping[str, Sequence[str]] = {
    "html": ("block", "plain", "html"),
    "markdown": ("block", "plain", "commonmark", "markdown"),
    "discord": ("block", "plain", "discord"),
    "reddit": ("block", "plain", "reddit"),
}
_INLINE = "<span></span>"  # behind it, <details> begins no block of HTML, in which Markdown would be shown as text


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
        possible = ", ".join(_STYLES[markup])
        raise ValueError(f"A text in {markup} cannot be hidden in the style {style!r}; choose one of {possible}.")


def edits_in_markup(review: str, marks: Marks, spans: Sequence[Span], style: Style, markup: str) -> list[Edit]:
    """What becomes of some places of the review, in order; see `redact_verdicts`."""
    raw = list(visible_pieces(review, Marks([], []), markup))
    marks = _read_by_people(review, marks, markup)
    marks = Marks(marks.hidden, [cut for cut in marks.cuts if mark_places.can_go(cut, raw)])
    pieces = list(visible_pieces(review, marks, markup, titles=True))
    plain = PlainText.from_pieces(pieces)
    found = stretches(plain.text, [plain.find(*span) for span in spans])
    hidden = merge_spans([*(plain.original(*span) for span in found), *marks.hidden])
    if not style.mask:
        pieces = mark_places.code_where_unsure(review, pieces, markup)
    groups = [
        group for span in hidden for group in mark_places.groups(review, mark_places.inside(pieces, span), markup)
    ]
    if style.each:
        return [edit for group in groups for edit in _masked(group, style.mask)]
    if style.mask:
        return [
            (start, end, style.mask) for group in groups for start, end in mark_places.whole_elements(review, group)
        ]
    edits, opened = _wrapped(review, plain, groups, style, markup)
    opened.sort()
    gone = [cut for cut in marks.cuts if markup == "html" or mark_places.keeps_blocks(review, cut, opened)]
    if any(mark_places.is_own(review, cut, markup) for cut in set(marks.cuts) - set(gone)):
        return [edit for group in groups for edit in _masked(group, STYLES["block"].mask)]
    for start, end, left, _ in removals(review, gone, titles=True):
        edits.append((start, mark_places.behind(review, start, end), left))
    # at one place: first what closes, then what opens, then what takes the place of something
    return sorted(set(edits), key=lambda edit: (edit[0], edit[0] < edit[1], edit[2] != style.closing))


def _wrapped(
    review: str, plain: PlainText, groups: Sequence[Sequence[Piece]], style: Style, markup: str
) -> tuple[list[Edit], list[int]]:
    """The marks of the style around what is hidden, and where they open; in code, masks."""
    edits: list[Edit] = []
    opened: list[int] = []
    for group in groups:
        if group[0].step is Step.CODE or (markup != "html" and mark_places.in_address(review, group[0].start)):
            edits += _masked(group, STYLES["block"].mask)
            continue
        for start, end in mark_places.whole_elements(review, group):
            inline = markup == "markdown" and mark_places.begins_line(review, plain, start)
            edits += [(start, start, (_INLINE if inline else "") + style.opening), (end, end, style.closing)]
            opened.append(start)
    return edits, opened


def _read_by_people(review: str, marks: Marks, markup: str) -> Marks:
    """The marks without those whose content stands in no visible place, such as an address or a comment."""
    plain = plain_text(review, marks, markup)
    hidden = [span for span in marks.hidden if plain.text[slice(*plain.find(*span))].strip()]
    edges = [edge for span in hidden for edge in span]
    return Marks(hidden, [cut for cut in marks.cuts if bisect_right(edges, cut.start) % 2 == 1])


def _masked(pieces: Sequence[Piece], mask: str) -> Iterator[Edit]:
    """Every visible character masked."""
    for start, end, text, _ in pieces:
        if text.strip():
            before = len(text) - len(text.lstrip()) if len(text) == end - start else 0
            yield start + before, end, "".join(char if char.isspace() else mask for char in text[before:])
