"""Verdicts as lines for eyes: a mark, the probability, the sentence, wrapped to the terminal.

What a review says is shown and never obeyed: a terminal takes orders from control characters, and turns text around at
the word of others.
"""

import os
import re
import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self, TextIO

from spoilerguard.verdicts import Label, Verdict

__all__ = ["Look", "lines", "visible"]

_SPOILER, _UNSURE = "●", "?"
_MARGIN = len("●? >99 %  ")
_NARROWEST = 20  # characters for the text, however narrow the terminal
_CERTAINTY_SHOWN = 0.01, 0.99

# (spoiler, certain) → bold or dim, red or not; the marks say the same to those who see no red.
_COLOURS = {(True, True): "1;31", (True, False): "2;31", (False, True): "", (False, False): "2"}

# C0, DEL and C1, but for line feeds and tabs; a carriage return only where no line feed follows it; and the
# characters that change the direction of what follows.
_COMMANDS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\r(?!\n)")
_WIDTHS = {"W": 2, "F": 2}
_PICTURES, _DELETE = 0x2400, 0x7F


@dataclass(frozen=True, slots=True)
class Look:
    """What the place that the lines go to can do.

    Attributes
    ----------
    colour : bool
        Whether it understands colours and wants them.
    width : int or None
        Its columns; None where lines may be as long as they like, as in a file.
    """

    colour: bool = False
    width: int | None = None

    @classmethod
    def of(cls, stream: TextIO) -> Self:
        """The look for a stream: plain and unwrapped unless it is a terminal."""
        if not stream.isatty():
            return cls()
        # no-color.org: the variable counts where it is not empty
        colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return cls(colour, shutil.get_terminal_size().columns)

    def paint(self, text: str, code: str) -> str:
        """`text` in a colour, where there are colours; no code, no colour."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and code else text


def visible(text: str) -> str:
    r"""`text` with every character shown that would give the terminal an order.

    Examples
    --------
    >>> visible("\x1b[31mred\x07 \x9b0m\u202eevil")
    '␛[31mred␇ \\x9b0m\\u202eevil'
    """
    return _COMMANDS.sub(_picture, text)


def _picture(command: re.Match[str]) -> str:
    code = ord(command[0])
    if code < ord(" "):
        return chr(_PICTURES + code)
    if code == _DELETE:
        return "␡"
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"


def lines(verdicts: Sequence[Verdict], look: Look) -> Iterator[str]:
    """One line for each sentence, more where it must be wrapped, and a last one that sums up.

    Examples
    --------
    >>> for line in lines([Verdict("He dies in the last scene.", 0, 26, Label.SPOILER, 0.934, certain=True)], Look()):
    ...     print(line)
    ●   93 %  He dies in the last scene.
    <BLANKLINE>
    ● 1 of 1 sentence marked as a spoiler
    """
    for verdict in verdicts:
        yield from _sentence(verdict, look)
    yield from ("", *_summary(verdicts, look))


def _sentence(verdict: Verdict, look: Look) -> Iterator[str]:
    spoiler = verdict.label == Label.SPOILER
    mark = (_SPOILER if spoiler else " ") + (" " if verdict.certain else _UNSURE)
    text = " ".join(visible(verdict.text).split())
    start = f"{mark}{_percent(verdict.probability)}  "
    for piece in _wrapped(text, None if look.width is None else max(look.width - _MARGIN, _NARROWEST)):
        yield look.paint(start + piece, _COLOURS[spoiler, verdict.certain])
        start = " " * _MARGIN


def _percent(probability: float) -> str:
    """Whole percents; never a flat 0 or 100, which no model can know."""
    low, high = _CERTAINTY_SHOWN
    shown = "<1" if probability < low else ">99" if probability > high else f"{100 * probability:.0f}"
    return f"{shown:>4} %"


def _summary(verdicts: Sequence[Verdict], look: Look) -> Iterator[str]:
    if not verdicts:
        yield "no sentence to judge"
        return
    spoilers = sum(verdict.label == Label.SPOILER for verdict in verdicts)
    unsure = sum(not verdict.certain for verdict in verdicts)
    ending = "s marked as spoilers" if len(verdicts) > 1 else " marked as a spoiler"
    yield look.paint(f"{_SPOILER} {spoilers} of {len(verdicts)} sentence{ending}", "1")
    if unsure:
        yield look.paint(f"{_UNSURE} {unsure} with too little to judge by: a guess", "2")


def _wrapped(text: str, width: int | None) -> list[str]:
    """The text in lines of at most `width` columns, broken at blanks, and inside a word only where it must be."""
    if width is None:
        return [text]
    rows: list[str] = []
    row: list[str] = []
    used = 0
    for word in text.split(" "):
        for piece in _pieces(word, width):
            columns = _columns(piece)
            if row and used + 1 + columns > width:
                rows.append(" ".join(row))
                row, used = [], 0
            used += columns + (1 if row else 0)
            row.append(piece)
    return [*rows, " ".join(row)]


def _pieces(word: str, width: int) -> Iterator[str]:
    """A word, cut where it is wider than a line."""
    start = used = 0
    for place, character in enumerate(word):
        columns = _columns(character)
        if used + columns > width:
            yield word[start:place]
            start, used = place, 0
        used += columns
    yield word[start:]


def _columns(text: str) -> int:
    """Columns that a terminal gives to a text: two for wide characters, none for marks that combine."""
    if text.isascii():
        return len(text)
    return sum(
        _WIDTHS.get(unicodedata.east_asian_width(character), 1) for character in text if not _adds_none(character)
    )


def _adds_none(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me", "Cf")
