"""Text files read as a stream of lines: UTF-8, bounded in length, and an error that names the line.

A packed file of a stranger may hold far more than it seems to: no line longer than 16 MiB is ever in memory.
"""

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from spoilerguard.errors import CorpusError

__all__ = ["open_binary", "read_json_lines", "read_lines"]

_LONGEST = 1 << 24  # bytes of a line, far more than any review has


def open_binary(path: Path) -> BinaryIO:
    """The bytes of a file, unpacked where its name ends in ``.gz``."""
    try:
        return cast("BinaryIO", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened: {error.strerror}; check the path") from error


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    r"""The lines of a text file with their line numbers from 1, line ends kept, one in memory at a time.

    Raises
    ------
    CorpusError
        If the file is no UTF-8, a line has more than 16 MiB, or its gzip packing is broken, naming the line.

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
            for number, raw in enumerate(iter(lambda: stream.readline(_LONGEST + 1), b""), 1):
                place = f"{path}, line {number}"
                if len(raw) > _LONGEST:
                    raise CorpusError(f"{place}: longer than {_LONGEST >> 20} MiB; a table has one row a line")
                if number == 1 and raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                    raise CorpusError(f"{place}: wrong encoding: UTF-16; save the file as UTF-8")
                yield number, raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        earlier = f"though the {number - 1} lines before it are" if number > 1 else "so the file is not UTF-8 either"
        raise CorpusError(
            f"{path}, line {number}: mixed encodings: byte 0x{error.object[error.start]:02x} is not UTF-8, {earlier}; "
            "save the whole file as UTF-8 (it is often Windows-1252 pasted in)"
        ) from error
    except gzip.BadGzipFile as error:
        raise CorpusError(f"{path}: named .gz but not gzip ({error}); rename it or pack it again") from error
    except (EOFError, zlib.error) as error:
        raise CorpusError(f"{path}: broken gzip after line {number} ({error}); download or pack it again") from error


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
