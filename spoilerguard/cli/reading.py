"""A file, or standard input, as one review; or one line on why it is none."""

import sys
from pathlib import Path

from spoilerguard.errors import SpoilerguardError

__all__ = ["UnreadableTextError", "read_review"]

_BYTE_ORDER_MARK = "\ufeff"
_WIDE = (b"\xff\xfe", b"\xfe\xff")


class UnreadableTextError(SpoilerguardError):
    """What was named on the command line is no UTF-8 text."""


def read_review(name: str) -> str:
    r"""The text of a file, or of standard input for ``-``; line ends stay as they are, a byte order mark goes.

    Raises
    ------
    UnreadableTextError
        Where the bytes are no UTF-8, naming the first that is not.
    OSError
        Where they cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "review.txt")
    >>> _ = file.write_bytes(b"\xef\xbb\xbfFine.\r\n")
    >>> read_review(str(file))
    'Fine.\r\n'
    """
    return _decode(*(_standard_input() if name == "-" else (Path(name).read_bytes(), name)))


def _standard_input() -> tuple[bytes, str]:
    if sys.stdin is None:
        raise UnreadableTextError("standard input is closed; name a file, or send the review through a pipe")
    return sys.stdin.buffer.read(), "standard input"


def _decode(content: bytes, source: str) -> str:
    if content.startswith(_WIDE):
        raise UnreadableTextError(f"{source}: not UTF-8 but UTF-16, by its first two bytes; save it as UTF-8")
    try:
        return content.decode("utf-8").removeprefix(_BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        byte = content[error.start]
        raise UnreadableTextError(
            f"{source}: not UTF-8: byte 0x{byte:02x} at offset {error.start}; save it as UTF-8"
        ) from error
