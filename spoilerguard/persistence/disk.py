"""The files on disk: read within limits, replaced so that a reader finds all of the old model or all of the new one.

When does a save count? A folder that exists cannot be swapped for another in one portable step: rename refuses a target
that holds files, moving the old one aside leaves a moment with no model at all, and Linux's RENAME_EXCHANGE is Linux's.
One *file*, though, is replaced atomically everywhere. So the new ``model.json`` is the commit: what goes with it is
first written beside the old files, under names that hold its hash (``weights-<hash>.npz``), then ``model.json`` is
replaced, and only then do the others move to their plain names. A reader looks for the hashed name before the plain
one, so it finds what belongs to the ``model.json`` it has read, at whatever moment the writer was killed; the next save
tidies up. Readers write nothing and wait for nobody; a second writer waits for the first where the system has flock.
"""

import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from spoilerguard.errors import ModelFormatError
from spoilerguard.persistence.document import parse
from spoilerguard.persistence.formats import KIND
from spoilerguard.persistence.layout import LIMITS, MODEL_JSON, README, WEIGHTS, Fault, Missing, Stamp

__all__ = ["companion", "model_json", "replace"]

_COMPANIONS = (WEIGHTS, README)
_OURS = re.compile(r"(weights|README)-[0-9a-f]{16}\.(npz|md)|\.saving-(model\.json|weights\.npz|README\.md)")


def replace(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put `files` where a model was, or where nothing was."""
    with _alone_in(folder):
        _refuse_foreign(folder)
        _tidy(folder)
        try:
            _commit(folder, files)
        finally:
            _tidy(folder)


def model_json(folder: Path) -> bytes:
    """The bytes of ``model.json``."""
    return _content(folder, MODEL_JSON, LIMITS[MODEL_JSON])


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process saves here; the system lifts the lock of one that dies. Windows has no such lock."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    place = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network disks cannot lock: there, writers must not meet
            fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)


def _refuse_foreign(folder: Path) -> None:
    """Stop before a folder that holds something else than a model: its files are not ours to replace."""
    if all(_OURS.fullmatch(entry.name) for entry in folder.iterdir()):
        return
    try:
        kind, why = parse(model_json(folder)).get("kind"), f"{MODEL_JSON} belongs to something else."
    except Fault as fault:
        kind, why = None, str(fault)
    if kind != KIND:
        raise ModelFormatError(f"{folder} holds files but no model: {why} Pass another path, or empty it.")


def _commit(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the companions beside the old ones, then replace ``model.json``: at that moment the save counts."""
    for name in _COMPANIONS:
        _write(folder, name, _staged(name, Stamp.of(files[name]).sha256), files[name])
    _to_disk(folder)
    _write(folder, MODEL_JSON, MODEL_JSON, files[MODEL_JSON])
    _to_disk(folder)


def _write(folder: Path, name: str, final: str, data: bytes) -> None:
    """Write a file so that its final name never stands for a part of it."""
    part = folder / f".saving-{name}"
    part.unlink(missing_ok=True)
    with part.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / final)


def _to_disk(folder: Path) -> None:
    """Make renames outlast a power cut, where folders can be opened for that."""
    if sys.platform != "win32":
        place = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)


def _tidy(folder: Path) -> None:
    """Give staged files that ``model.json`` counts on their plain names; remove what a save that was cut short left."""
    if (folder / MODEL_JSON).exists():
        entries = parse(model_json(folder)).get("files")
        for name in _COMPANIONS:
            entry = entries.get(name) if isinstance(entries, dict) else None
            staged = folder / _staged(name, str(entry.get("sha256")) if isinstance(entry, dict) else "")
            if _OURS.fullmatch(staged.name) and staged.exists():
                staged.replace(folder / name)
    for left in [entry for entry in folder.iterdir() if _OURS.fullmatch(entry.name)]:
        left.unlink()


def _staged(name: str, sha256: str) -> str:
    """The name under which a file waits for its ``model.json``."""
    stem, _, suffix = name.rpartition(".")
    return f"{stem}-{sha256[:16]}.{suffix}"


def companion(folder: Path, name: str, stamp: Stamp) -> bytes:
    """The file that belongs to a ``model.json``: staged where a save was cut short, else in its place."""
    if stamp.n_bytes > LIMITS[name]:
        raise Fault(MODEL_JSON, f"is wrong: {name} may have {LIMITS[name]} bytes, not {stamp.n_bytes}.")
    try:
        data = _content(folder, _staged(name, stamp.sha256), stamp.n_bytes)
    except Missing:
        data = _content(folder, name, stamp.n_bytes)
    if Stamp.of(data) != stamp:
        raise Fault(name, f"does not match its hash in {MODEL_JSON}: it was altered or cut.")
    return data


def _content(folder: Path, name: str, limit: int) -> bytes:
    """The bytes of a regular file of the folder itself, if there are at most `limit`."""
    try:
        if (folder / name).is_symlink():
            raise Fault(name, "is a link, and a model's files must lie in its folder.")
        with open(folder / name, "rb", opener=_open_warily) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise Fault(name, "is no regular file.")
            if found.st_size > limit:
                raise Fault(name, f"has {found.st_size} bytes, and {limit} are the most it may have.")
            return file.read(found.st_size)
    except FileNotFoundError:
        raise Missing(name, "is missing.") from None
    except OSError as fault:
        raise Fault(name, f"cannot be read ({fault.strerror}).") from None


def _open_warily(path: str, flags: int) -> int:
    """Without O_NONBLOCK, opening a named pipe waits for ever; without O_NOFOLLOW, a link may slip in late."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
