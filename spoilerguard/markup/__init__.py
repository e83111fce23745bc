"""Read a text through its markup: what a reader sees of it, and where each character stands in the original."""

from spoilerguard.markup.plain_text import Piece, PlainText, Step
from spoilerguard.markup.reading import MARKUPS, check_markup, plain_text, removals, visible_pieces, without_marks

__all__ = [
    "MARKUPS",
    "Piece",
    "PlainText",
    "Step",
    "check_markup",
    "plain_text",
    "removals",
    "visible_pieces",
    "without_marks",
]
