"""Text files read as a stream of lines: UTF-8 or UTF-16, bounded in length, and an error that names the line.

A packed file of a stranger may hold far more than it seems to: no line longer than 16 MiB is ever in memory.
"""

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spoilerguard.errors import CorpusError

__all__ = ["LONGEST", "open_binary", "read_json_lines", "read_lines"]

LONGEST = 1 << 24  # characters of a line or cell, far more than any review has

_GZIP = b"\x1f\x8b"
_UTF_16 = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_NO_TEXT = {
    b"PK\x03\x04": "an Excel workbook or a zip archive, not text; save the table as CSV, or unpack it",
    b"PAR1": "parquet, not text; end its name in .parquet",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook, not text; save the table as CSV",
    b"BZh": "packed with bzip2; unpack it, or pack it with gzip",
    b"\xfd7zXZ": "packed with xz; unpack it, or pack it with gzip",
    b"\x28\xb5\x2f\xfd": "packed with zstd; unpack it, or pack it with gzip",
    b"version https://git-lfs": "a pointer of Git LFS, not the table; run git lfs pull",
    b"<!": "a web page, not a table; download the file itself",
    b"<html": "a web page, not a table; download the file itself",
    b"SQLite format 3": "an SQLite database, not text; export the table as CSV",
    b"\xff\xfe\x00\x00": "UTF-32; save the file as UTF-8",
    b"\x00\x00\xfe\xff": "UTF-32; save the file as UTF-8",
}


def open_binary(path: Path) -> io.BufferedReader:
    """The bytes of a file, unpacked where its name ends in ``.gz`` or its first bytes are those of gzip."""
    try:
        if path.suffix.lower() != ".gz":
            plain = path.open("rb")
            if not plain.peek(2).startswith(_GZIP):
                return plain
            plain.close()
        return io.BufferedReader(gzip.open(path, "rb"))
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened: {error.strerror or error}; check the path") from error


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    r"""The lines of a text file with their line numbers from 1, line ends kept, one in memory at a time.

    A line ends in LF, CR LF or CR. The encoding is UTF-8, or UTF-16 where a byte order mark or the zero bytes among the
    first letters say so.

    Raises
    ------
    CorpusError
        If the file is no such text, a line has more than 16 MiB, or its gzip packing is broken, naming the line.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "two.txt")
    >>> _ = file.write_bytes(b"one\ncaf\xe9\n")
    >>> list(read_lines(file))
    Traceback (most recent call last):
    spoilerguard.errors.CorpusError: ...two.txt, line 2: mixed encodings: byte 0xe9 is not UTF-8...
    """
    number = 0
    try:
        with open_binary(path) as stream:
            utf_16 = _utf_16(path, stream.peek(64)[:64])
            # Latin-1 turns each byte into one character and back: lines of any length are found before they are read.
            lines = io.TextIOWrapper(stream, encoding=utf_16 or "latin-1", newline="")
            for number, line in enumerate(iter(lambda: lines.readline(LONGEST + 1), ""), 1):
                if len(line) > LONGEST:
                    limit = f"longer than {LONGEST >> 20} MiB; a table has one row a line"
                    raise CorpusError(f"{path}, line {number}: {limit}")
                if utf_16:
                    yield number, line
                else:
                    yield number, line.encode("latin-1").decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(_not_unicode(path, number, error)) from error
    except gzip.BadGzipFile as error:
        raise CorpusError(f"{path}: named .gz but not gzip ({error}); rename it or pack it again") from error
    except (EOFError, zlib.error) as error:
        raise CorpusError(f"{path}: broken gzip after line {number} ({error}); download or pack it again") from error


def _utf_16(path: Path, head: bytes) -> str | None:
    """The kind of UTF-16 that the first bytes of a file are in, or None; refuses what is no text at all."""
    for mark, what in _NO_TEXT.items():
        if head.startswith(mark):
            raise CorpusError(f"{path}: is {what}")
    if head[:2] in _UTF_16:
        return _UTF_16[head[:2]]
    first, second = head[: len(head) // 2 * 2 : 2], head[1::2]
    if len(head) >= 8 and second.count(0) >= len(second) / 4 and all(first):
        return "utf-16-le"
    return "utf-16-be" if len(head) >= 8 and first.count(0) >= len(first) / 4 and all(second) else None


def _not_unicode(path: Path, number: int, error: UnicodeDecodeError) -> str:
    """What is wrong with the bytes of a line."""
    if error.encoding.startswith("utf-16"):
        return f"{path}, after line {number}: broken UTF-16: {error.reason}; save the file as UTF-8"
    earlier = f"though the {number - 1} lines before it are" if number > 1 else "so the file is not UTF-8 either"
    return (
        f"{path}, line {number}: mixed encodings: byte 0x{error.object[error.start]:02x} is not UTF-8, {earlier}; "
        "save the whole file as UTF-8 (it is often Windows-1252 pasted in)"
    )


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file with one JSON object a line, with their line numbers; blank lines are left out."""
    for number, line in read_lines(path):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:  # broken, a number of thousands of digits, or nested without end
            raise CorpusError(f"{place}: broken JSON: {error}; each line must hold one object") from error
        if not isinstance(record, dict):
            kind = "one array" if isinstance(record, list) else type(record).__name__
            raise CorpusError(f"{place}: not a JSON object but {kind}; write one object a line (JSON lines)")
        yield number, record
