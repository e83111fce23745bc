"""What is named on the command line → the texts in it: files, folders, standard input, a column of a table."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from spoilerguard.errors import SpoilerguardError, did_you_mean
from spoilerguard.story import Story

__all__ = ["Input", "read_inputs", "read_story"]

# As `datasets.files.ENDINGS`, whose package imports pandas: a first verdict does without.
_TABLES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json", ".parquet")
_STDIN = "-"


class Input(NamedTuple):
    """One review, and where it stands.

    Attributes
    ----------
    text : str
    source : str
        The file, or "-" for standard input.
    row : int or None
        The row of a table, from 0.
    """

    text: str
    source: str
    row: int | None = None

    @property
    def heading(self) -> str:
        """A line that names the review."""
        return f"== {self.source} ==" if self.row is None else f"== {self.source}, row {self.row} =="


def read_inputs(names: Sequence[str], column: str | None, encoding: str) -> Iterator[Input]:
    """The reviews of files and folders, in the order of their names; "-", or no name at all, is standard input.

    A folder stands for the ``.txt`` files in and below it. A table needs the name of its column of reviews; rows
    without a text are left out, and their number is written to standard error.

    Raises
    ------
    SpoilerguardError
        Where a text is not in `encoding`, a table has no such column, or a folder holds no text.
    OSError
        Where a file cannot be read.
    """
    if not names and sys.stdin is not None and sys.stdin.isatty():
        raise SpoilerguardError("name a file, or send a review through a pipe (see spoilerguard --help)")
    for name in names or [_STDIN]:
        if name != _STDIN and os.path.isdir(name):  # noqa: PTH112 - Path would lose a final slash in messages
            files = sorted(path for path in Path(name).rglob("*.txt") if path.is_file())
            if not files:
                raise SpoilerguardError(f"{name}: holds no .txt file; name the files in it")
            yield from (_read_text(str(file), encoding) for file in files)
        elif _is_table(name):
            if encoding != "utf-8":
                raise SpoilerguardError(f"{name}: --encoding is for texts; a table is read as UTF-8: save it so")
            yield from _read_table(name, column)
        elif column is not None:
            raise SpoilerguardError(f"{name}: --column is for tables ({', '.join(_TABLES)}), and this is none")
        else:
            yield _read_text(name, encoding)


def read_story(
    premise: str | None, plot: str | None, protect: Sequence[str] | None, allow: Sequence[str] | None, encoding: str
) -> Story | None:
    """What the command line says about the work: two files, and words; None where it says nothing."""
    texts = {
        part: _read_text(name, encoding).text
        for part, name in (("premise", premise), ("plot", plot))
        if name is not None
    }
    if not (texts or protect or allow):
        return None
    try:
        return Story(**texts, protect=protect or (), allow=allow or ())
    except ValueError as error:
        raise SpoilerguardError(str(error)) from error


def _is_table(name: str) -> bool:
    return name.lower().removesuffix(".gz").endswith(_TABLES)


def _read_text(name: str, encoding: str) -> Input:
    """A file as one review. Line ends stay as they are, a byte order mark is dropped."""
    if name != _STDIN:
        content, source = Path(name).read_bytes(), name
    elif sys.stdin is None:
        raise SpoilerguardError("standard input is closed; name a file, or send the review through a pipe")
    else:
        content, source = sys.stdin.buffer.read(), "standard input"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) and encoding == "utf-8":
        raise SpoilerguardError(f"{source}: not UTF-8 but UTF-16, by its first two bytes; say --encoding utf-16")
    try:
        return Input(content.decode(encoding).removeprefix("\ufeff"), name)
    except LookupError as error:
        raise SpoilerguardError(f"there is no encoding {encoding!r}; such are utf-8, utf-16 and cp1252") from error
    except UnicodeDecodeError as error:
        fault = f"byte 0x{content[error.start]:02x} at offset {error.start}"
        wanted = "UTF-8" if encoding == "utf-8" else encoding
        raise SpoilerguardError(f"{source}: not {wanted}: {fault}; name its --encoding, or save it as UTF-8") from error


def _read_table(name: str, column: str | None) -> Iterator[Input]:
    from spoilerguard.corpus.schema import is_missing
    from spoilerguard.datasets.loading import read_table

    frame, _ = read_table(Path(name))
    columns = [str(one) for one in frame.columns]
    if column is None:
        raise SpoilerguardError(f"{name}: is a table; name its column of reviews: --column {' | '.join(columns[:20])}")
    if columns.count(column) != 1:
        hint = f"it has {', '.join(columns[:20])}.{did_you_mean(column, columns)}"
        raise SpoilerguardError(f"{name}: has {columns.count(column) or 'no'} column {column!r}; {hint}")
    texts = frame.iloc[:, columns.index(column)]
    empty = 0
    for row, text in enumerate(texts):
        if isinstance(text, str) and text.strip():
            yield Input(text, name, row)
        elif isinstance(text, str) or is_missing(text):
            empty += 1
        else:
            raise SpoilerguardError(f"{name}, row {row}: column {column!r} holds {type(text).__name__}, not text")
    if empty:
        print(f"spoilerguard: {name}: {empty} rows without a text were left out", file=sys.stderr)
