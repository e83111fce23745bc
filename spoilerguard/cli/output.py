"""Verdicts as text for a terminal, as JSON lines or as CSV; and any text, written so that a terminal cannot obey it.

A terminal takes orders from control characters. There, those of a review are shown; a file gets them as they are.
"""

import csv
import io
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Protocol, Self, TextIO

from spoilerguard.cli.inputs import Input
from spoilerguard.rendering import Verdicts, visible
from spoilerguard.rendering.highlighting import probability_at
from spoilerguard.spreadsheets import without_formula
from spoilerguard.verdicts import Verdict

__all__ = ["FORMATS", "SPOILER", "StreamStyle", "percent", "verdict_lines", "wrap", "write_text"]

SPOILER, _MARKED, _UNCERTAIN = "●", "○", "?"
_MARGIN = len("●? >99 %  ")
_NARROWEST = 20  # columns for the text, however narrow the terminal
_LONGEST_WORD = 200  # characters; `wcwidth.wrap` needs the cube of the length of a word, at worst

# (spoiler, certain) → bold or dim, red or not. The marks say the same to those who see no red.
_COLOURS = {(True, True): "1;31", (True, False): "2;31", (False, True): "", (False, False): "2"}

_COLUMNS = tuple(field.name for field in fields(Verdict))
_row = attrgetter(*_COLUMNS)


@dataclass(frozen=True, slots=True)
class StreamStyle:
    """Colours and width of the stream that lines are written to.

    Attributes
    ----------
    colour : bool
        Whether it understands colours and wants them.
    width : int or None
        Its columns; None where lines may have any length, as in a file.
    """

    colour: bool = False
    width: int | None = None

    @classmethod
    def of(cls, stream: TextIO) -> Self:
        """The style for a stream: plain and unwrapped unless it is a terminal."""
        if not stream.isatty():
            return cls()
        # no-color.org: the variable counts where it is not empty
        colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return cls(colour, shutil.get_terminal_size().columns)

    def paint(self, text: str, code: str) -> str:
        """`text` in a colour, where there are colours; no code, no colour."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and code else text


def verdict_lines(verdicts: Sequence[Verdict], style: StreamStyle, level: str = "any") -> Iterator[str]:
    """One line for each sentence, more where it must be wrapped, and a summary.

    At the level "major", probabilities are those of a major spoiler.

    Examples
    --------
    >>> from spoilerguard import Label
    >>> verdict = Verdict("He dies in the last scene.", 0, 26, Label.SPOILER, 0.934, certain=True)
    >>> for line in verdict_lines([verdict], StreamStyle()):
    ...     print(line)
    ●   93 %  He dies in the last scene.
    <BLANKLINE>
    ● 1 of 1 sentence marked as a spoiler
    """
    for verdict in verdicts:
        mark = SPOILER if verdict.is_spoiler else _MARKED if verdict.marked else " "
        mark += " " if verdict.certain else _UNCERTAIN
        for line in wrap(f"{mark}{percent(probability_at(level, verdict)):>4} %  ", verdict.text, style.width):
            yield style.paint(line, _COLOURS[verdict.is_spoiler, verdict.certain])
    yield ""
    if not verdicts:
        yield "no sentence found"
        return
    spoilers = sum(verdict.is_spoiler for verdict in verdicts)
    kind = "major spoiler" if level == "major" else "spoiler"
    ending = f"s marked as {kind}s" if len(verdicts) > 1 else f" marked as a {kind}"
    yield style.paint(f"{SPOILER} {spoilers} of {len(verdicts)} sentence{ending}", "1")
    if level == "major":
        yield style.paint("% is the probability of a major spoiler", "2")
    if marked := sum(verdict.marked and not verdict.is_spoiler for verdict in verdicts):
        yield style.paint(f"{_MARKED} {marked} more hidden by the author", "1")
    if uncertain := sum(not verdict.certain for verdict in verdicts):
        yield style.paint(f"{_UNCERTAIN} {uncertain} with too few known words: a guess", "2")
    if isinstance(verdicts, Verdicts) and verdicts.language is not None:
        yield style.paint("not English, it seems: the labels mean nothing", "1")


def wrap(start: str, text: str, width: int | None, margin: int = _MARGIN) -> list[str]:
    """The text behind `start` in lines of at most `width` columns, broken at blanks wherever that is possible."""
    text = " ".join(visible(text).split())
    if width is None:
        return [start + text]
    import wcwidth  # takes longer than all of this command's help

    return wcwidth.wrap(
        re.sub(rf"(\S{{{_LONGEST_WORD}}})(?=\S)", r"\1 ", text),
        max(width, margin + _NARROWEST),
        initial_indent=start,
        subsequent_indent=" " * margin,
        break_on_hyphens=False,
    ) or [start]


def percent(probability: float) -> str:
    """Whole percents; never a flat 0 or 100, which no model can know."""
    return "<1" if probability < 0.01 else ">99" if probability > 0.99 else f"{100 * probability:.0f}"


def _write_text_lines(
    verdicts: Sequence[Verdict], stream: TextIO, origin: Input | None = None, *, first: bool = True, level: str = "any"
) -> None:
    if origin is not None:
        stream.write("" if first else "\n")
        stream.write(f"{visible(origin.heading)}\n")
    stream.writelines(f"{line}\n" for line in verdict_lines(verdicts, StreamStyle.of(stream), level))


def _write_jsonl(
    verdicts: Sequence[Verdict], stream: TextIO, origin: Input | None = None, *, first: bool = True, level: str = "any"
) -> None:
    """Control characters are escaped in a file, too: some readers take U+2028 for the end of a line."""
    del first, level
    place = {} if origin is None else {"source": origin.source, "row": origin.row}
    for verdict in verdicts:
        record = place | dict(zip(_COLUMNS, _row(verdict), strict=True))
        stream.write(visible(json.dumps(record, ensure_ascii=False)) + "\n")


def _write_csv(
    verdicts: Sequence[Verdict], stream: TextIO, origin: Input | None = None, *, first: bool = True, level: str = "any"
) -> None:
    """A cell that a spreadsheet would run as a formula begins with an apostrophe; JSON lines keep the true text."""
    del level
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    place = () if origin is None else (origin.source, "" if origin.row is None else origin.row)
    if first:
        writer.writerow(_COLUMNS if origin is None else ("source", "row", *_COLUMNS))
    for verdict in verdicts:
        cells = (str(cell).lower() if isinstance(cell, bool) else cell for cell in _row(verdict))
        writer.writerow(without_formula(cell) for cell in (*place, *cells))
    stream.write(visible(table.getvalue()) if stream.isatty() else table.getvalue())


class _Write(Protocol):
    """Writes the verdicts on a review; `origin` names it where there are several, `first` is said of the first one.

    `level` is the one of which spoilers were asked for; records hold the probabilities of both.
    """

    def __call__(
        self,
        verdicts: Sequence[Verdict],
        stream: TextIO,
        origin: Input | None = None,
        *,
        first: bool = True,
        level: str = "any",
    ) -> None: ...


FORMATS: Mapping[str, _Write] = {"text": _write_text_lines, "jsonl": _write_jsonl, "csv": _write_csv}


def write_text(text: str, stream: TextIO) -> None:
    """Write a text unchanged; for a terminal, with its control characters shown and a line end behind it."""
    if stream.isatty():
        text = visible(text) + ("" if text.endswith("\n") else "\n")
    stream.write(text)
