"""Verdicts in the formats of ``classify``: for eyes, for programs, for spreadsheets."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from typing import TextIO

from spoilerguard.cli.terminal import Look, lines, visible
from spoilerguard.verdicts import Verdict

__all__ = ["FORMATS", "write_text", "write_verdicts"]

_COLUMNS = tuple(field.name for field in fields(Verdict))

# Legal in JSON as they are, but an order to some terminals, and a line's end to some readers.
_BETTER_ESCAPED = re.compile(r"[\x7f-\x9f\u2028\u2029]")


def write_verdicts(verdicts: Sequence[Verdict], style: str, stream: TextIO) -> None:
    """Write verdicts to a stream in one of `FORMATS`.

    Examples
    --------
    >>> import sys
    >>> from spoilerguard.verdicts import Label
    >>> write_verdicts([Verdict("“Fine.”", 0, 7, Label.SAFE, 0.25, certain=False)], "jsonl", sys.stdout)
    {"text": "“Fine.”", "start": 0, "end": 7, "label": "safe", "probability": 0.25, "certain": false}
    """
    stream.writelines(line + "\n" for line in FORMATS[style](verdicts, stream))


def write_text(text: str, stream: TextIO) -> None:
    """Write a text unchanged; for a terminal, with its control characters shown and a line end behind it."""
    if stream.isatty():
        text = visible(text) + ("" if text.endswith("\n") else "\n")
    stream.write(text)


def _text(verdicts: Sequence[Verdict], stream: TextIO) -> Iterator[str]:
    return lines(verdicts, Look.of(stream))


def _jsonl(verdicts: Sequence[Verdict], _: TextIO) -> Iterator[str]:
    for verdict in verdicts:
        line = json.dumps({column: getattr(verdict, column) for column in _COLUMNS}, ensure_ascii=False)
        yield _BETTER_ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def _csv(verdicts: Sequence[Verdict], stream: TextIO) -> Iterator[str]:
    show = visible if stream.isatty() else str
    yield ",".join(_COLUMNS)
    for verdict in verdicts:
        yield show(_csv_row([_csv_cell(getattr(verdict, column)) for column in _COLUMNS]))


def _csv_row(cells: Sequence[object]) -> str:
    row = io.StringIO()
    csv.writer(row, lineterminator="").writerow(cells)
    return row.getvalue()


def _csv_cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


FORMATS: dict[str, Callable[[Sequence[Verdict], TextIO], Iterator[str]]] = {
    "text": _text,
    "jsonl": _jsonl,
    "csv": _csv,
}
