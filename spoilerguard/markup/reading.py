"""A text and the name of its markup → its plain text.

`MARKUPS` holds one entry for each markup: a function that gives the visible pieces of a text. The marks of authors are
taken out here, for all of them alike and where there is no markup too.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from spoilerguard.errors import did_you_mean
from spoilerguard.marks import Cut, Marks, find_marks
from spoilerguard.markup.html import html_pieces
from spoilerguard.markup.markdown import DIALECTS, markdown_pieces
from spoilerguard.markup.plain_text import Piece, PlainText

__all__ = ["MARKUPS", "check_markup", "plain_text", "removals", "visible_pieces", "without_marks"]

MARKUPS: Mapping[str, Callable[[str], Iterable[Piece]]] = {
    "html": html_pieces,
    **{dialect: partial(markdown_pieces, dialect=dialect) for dialect in DIALECTS},
}

_STOPS = ".!?…"


def check_markup(markup: str | None) -> None:
    """Refuse a markup that nobody knows.

    Raises
    ------
    ValueError
        With the name that was probably meant, and those that there are.
    """
    if markup is not None and markup not in MARKUPS:
        raise ValueError(
            f"There is no markup {markup!r}; choose one of {', '.join(MARKUPS)}, or None for plain text."
            f"{did_you_mean(markup, MARKUPS)}"
        )


def plain_text(text: str, marks: Marks, markup: str | None = None, *, titles: bool = False) -> PlainText:
    """What a reader sees of a text when nothing is hidden.

    Parameters
    ----------
    text : str
    marks : Marks
        Those of `text`.
    markup : str, optional
        A key of `MARKUPS`; None where `text` is what a reader sees, but for `marks`.
    titles : bool, default False
        Whether a mark leaves its title behind, and a blank.

    Returns
    -------
    PlainText

    Examples
    --------
    >>> from spoilerguard.marks import find_marks
    >>> review = "It was ||Paul||. [spoiler=End]He dies.[/spoiler]"
    >>> plain_text(review, find_marks(review)).text
    'It was Paul. He dies.'
    """
    return PlainText.from_pieces(visible_pieces(text, marks, markup, titles=titles))


def without_marks(text: str) -> str:
    """A text without the marks of authors: `plain_text`, where nobody asks for places.

    Examples
    --------
    >>> without_marks("It was ||Paul||.")
    'It was Paul.'
    """
    marks = find_marks(text)
    return plain_text(text, marks).text if marks.cuts else text


def visible_pieces(text: str, marks: Marks, markup: str | None, *, titles: bool = False) -> Iterator[Piece]:
    """The pieces of `plain_text`, and the tags between them."""
    check_markup(markup)
    pieces: Iterable[Piece] = [Piece(0, len(text), text)] if markup is None else MARKUPS[markup](text)
    return _without_marks(pieces, list(removals(text, marks.cuts, titles=titles)))


def removals(text: str, cuts: list[Cut], *, titles: bool) -> Iterator[Piece]:
    """What is left of each mark: nothing, its title, or a blank where words or sentences would else meet."""
    for start, end, title_start, title_end in cuts:
        if titles and text[title_start:title_end].strip():
            yield Piece(start, title_start, "")
            yield Piece(title_end, end, " ") if title_end < end else Piece(end, end, "")
        else:
            glued = text[end : end + 1].isalnum() and (text[max(0, start - 1)] in _STOPS or text[start] == "]")
            yield Piece(start, end, " " if glued else "")


def _without_marks(pieces: Iterable[Piece], removals: list[Piece]) -> Iterator[Piece]:
    """The pieces with what is left of the marks in their place. A line break that markup stands for stays."""
    waiting = deque(removals)
    for piece in pieces:
        place, whole = piece.start, piece.end - piece.start != len(piece.text)
        while waiting and waiting[0].start < piece.end:
            cut = waiting[0]
            if place < cut.start and not whole:
                yield Piece(place, cut.start, piece.text[place - piece.start : cut.start - piece.start], piece.step)
            if cut.text and cut.start >= place:
                yield cut
            place = max(place, cut.end)
            if cut.end > piece.end:
                break
            waiting.popleft()
        if whole and (place <= piece.start or piece.text.isspace()):
            yield piece._replace(start=min(max(place, piece.start), piece.end))
        elif not whole and place < piece.end:
            yield Piece(place, piece.end, piece.text[place - piece.start :], piece.step)
