"""Text files as numbered lines, read as a stream: UTF-8 or a clear word on which line is not."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from ..errors import CorpusError

__all__ = ["numbered_lines", "open_binary"]

_LONGEST = 1 << 24  # bytes of a line: far beyond any review, and so the end of what a packed bomb can fill
_WIDE = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def open_binary(path: Path) -> BinaryIO:
    """The bytes of a file, unpacked where its name ends in ``.gz``."""
    try:
        return cast("BinaryIO", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened: {error.strerror}; check the path") from error


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    r"""The lines of a text file with their numbers from 1, line ends kept, one in memory at a time.

    Raises
    ------
    CorpusError
        If the file is no UTF-8, a line has more than 16 MiB, or its gzip packing is broken, naming the line.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "two.txt")
    >>> _ = file.write_bytes(b"one\ncaf\xe9\n")
    >>> list(numbered_lines(file))
    Traceback (most recent call last):
    spoilerguard.errors.CorpusError: ...two.txt, line 2: mixed encodings: byte 0xe9 is not UTF-8...
    """
    number = 0
    try:
        with open_binary(path) as stream:
            for number, raw in enumerate(iter(lambda: stream.readline(_LONGEST + 1), b""), 1):
                yield number, _decode(raw, number, path)
    except gzip.BadGzipFile as error:
        raise CorpusError(f"{path}: named .gz but not gzip ({error}); rename it or pack it again") from error
    except (EOFError, zlib.error) as error:
        raise CorpusError(f"{path}: broken gzip after line {number} ({error}); download or pack it again") from error
    except IsADirectoryError as error:
        raise CorpusError(f"{path}: is a folder, not a table") from error


def _decode(raw: bytes, number: int, path: Path) -> str:
    if len(raw) > _LONGEST:
        raise CorpusError(f"{path}, line {number}: longer than {_LONGEST >> 20} MiB; a table has one row a line")
    if number == 1 and raw[:2] in _WIDE:
        raise CorpusError(f"{path}, line 1: wrong encoding: {_WIDE[raw[:2]]}; save the file as UTF-8")
    try:
        return raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        earlier = f"though the {number - 1} lines before it are" if number > 1 else "nor, then, is the file"
        raise CorpusError(
            f"{path}, line {number}: mixed encodings: byte 0x{raw[error.start]:02x} is not UTF-8, {earlier}; "
            "save the whole file as UTF-8 (it is often Windows-1252 pasted in)"
        ) from error
