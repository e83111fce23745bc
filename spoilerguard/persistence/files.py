"""One file of a model's folder: read within bounds and without waiting, replaced in one step."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spoilerguard.persistence.manifest import Fault

__all__ = ["Missing", "is_folder", "opened", "read_file", "replace_file"]


class Missing(Fault):
    """The file is not there at all."""


def read_file(folder: Path, name: str, max_bytes: int) -> bytes:
    """The content of a file; a `Fault` where it cannot be read."""
    with opened(folder, name, max_bytes) as (data, _):
        return data


@contextmanager
def opened(folder: Path, name: str, max_bytes: int) -> Iterator[tuple[bytes, os.stat_result]]:
    """The content and the identity of a regular file, or of one that a link leads to; it stays open meanwhile."""
    try:
        with open(folder / name, "rb", opener=_open_without_waiting) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise Fault(name, "is no regular file.")
            if found.st_size > max_bytes:
                raise Fault(name, f"has {found.st_size} bytes, and {max_bytes} are the most it may have.")
            yield file.read(found.st_size), found
    except FileNotFoundError:
        raise Missing(name, "is missing.") from None
    except OSError as error:
        raise Fault(name, f"cannot be read ({error.strerror}).") from None


def _open_without_waiting(path: str, flags: int) -> int:
    """Open a file; a named pipe would wait for a writer for ever without O_NONBLOCK."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def replace_file(folder: Path, name: str, data: bytes, final: str | None = None) -> None:
    """Put a file in its place so that its final name never stands for a part of it, and that a power cut keeps it."""
    part = folder / f".saving-{name}"
    part.unlink(missing_ok=True)
    with part.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / (final or name))
    if sys.platform != "win32":  # where folders can be opened, make the new name outlast a power cut, too
        place = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)


def is_folder(folder: Path) -> bool:
    """Whether it is a folder, whatever the system says of its name."""
    try:
        return folder.is_dir()
    except (OSError, ValueError):  # no right to look, a name too long, a NUL in it
        return False
