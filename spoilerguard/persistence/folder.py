"""`load` and `save`: a model from a folder and into one, every fault as a `ModelFormatError` that names the file.

A save counts at one moment: when the new ``model.json`` replaces the old one, which every file system does in one step.
The new weights wait beside the old ones under a name that holds their hash (``weights-<hash>.safetensors``) and move to
their plain name afterwards. `load` looks for that name first, so it finds the weights that belong to the ``model.json``
it has read, at whatever moment a writer was killed; the next save tidies up.

Whole folders are not exchanged: no call does so on every system, and a shell in the old folder would find it empty.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from spoilerguard.errors import ModelFormatError
from spoilerguard.linear_model import LinearModel
from spoilerguard.persistence.arrays import WEIGHTS
from spoilerguard.persistence.card import card_markdown
from spoilerguard.persistence.files import Missing, is_folder, opened, read_file, replace_file
from spoilerguard.persistence.formats import KIND, read, write
from spoilerguard.persistence.manifest import MAX_JSON_BYTES, MODEL_JSON, Fault, Stamp, parse

if TYPE_CHECKING:
    from spoilerguard.model import SpoilerClassifier

__all__ = ["is_harmless", "load", "read_folder", "save"]

_OF_WINDOWS = {"thumbs.db", "desktop.ini"}
_MAX_ATTEMPTS = 100  # each one needs a save that ended between the reading of two files
_OURS = re.compile(r"weights-[0-9a-f]{16}\.safetensors|\.saving-(model\.json|weights\.safetensors|README\.md)")


def load(path: str | os.PathLike[str]) -> "SpoilerClassifier":
    """Read a model that `save` has written; nothing in the folder is run.

    Parameters
    ----------
    path : str or path-like
        The folder.

    Returns
    -------
    SpoilerClassifier
        Fitted: it predicts as the saved one did, and `partial_fit` goes on.

    Raises
    ------
    ModelFormatError
        Where the folder is missing, damaged, altered, or newer than this version.
    MissingExtraError
        Where the model's encoder needs an optional package that is not installed.

    Examples
    --------
    >>> load("no/such/folder")
    Traceback (most recent call last):
    spoilerguard.errors.ModelFormatError: no/such/folder is no folder. Pass the folder that save() wrote.
    """
    from spoilerguard.model import SpoilerClassifier

    return SpoilerClassifier.from_linear_model(read_folder(path))


def read_folder(path: str | os.PathLike[str]) -> LinearModel:
    """`load`, but only to classify with: scikit-learn is not imported."""
    folder = Path(path)
    if not is_folder(folder):
        raise ModelFormatError(f"{folder} is no folder. Pass the folder that save() wrote.")
    try:
        return _load(folder)
    except Fault as fault:
        raise ModelFormatError(f"{folder / fault.file} {fault.what} {fault.remedy}") from None


def _load(folder: Path) -> LinearModel:
    """Read again where a fault is only that another process has saved between the reading of two files."""
    for _ in range(_MAX_ATTEMPTS):
        with opened(folder, MODEL_JSON, MAX_JSON_BYTES) as (data, file):
            try:
                return read(data, lambda stamp: _weights(folder, stamp))
            except Fault:
                # While it is open, no other file can have its number: it is the same one only if nobody has saved.
                with suppress(OSError):
                    if os.path.samestat(file, (folder / MODEL_JSON).stat()):
                        raise
    raise Fault(MODEL_JSON, "keeps changing.", "Load it when the other process is done.")


def _weights(folder: Path, stamp: Stamp) -> bytes:
    """The weights that belong to a ``model.json``: waiting where a save was cut short, else in their place."""
    try:
        data = read_file(folder, _waiting(stamp.sha256), stamp.n_bytes)
    except Missing:
        data = read_file(folder, WEIGHTS, stamp.n_bytes)
    if Stamp.of(data) != stamp:
        raise Fault(WEIGHTS, f"does not match its hash in {MODEL_JSON}: it was altered or cut.")
    return data


def _waiting(sha256: str) -> str:
    """The name under which weights of this hash wait for their ``model.json``."""
    return f"weights-{sha256[:16]}.safetensors"


def save(model: "SpoilerClassifier", path: str | os.PathLike[str]) -> None:
    """Write a fitted model as a folder, in one step: whoever reads finds the model before or the model after.

    Equal models give equal bytes. Files of other names in the folder stay as they are.

    Parameters
    ----------
    model : SpoilerClassifier
        Fitted.
    path : str or path-like
        The folder: new, empty but for hidden files, or holding a model, which is replaced.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        Where the model is not fitted.
    ModelFormatError
        Where the folder holds something else than a model, or the model something that cannot be stored.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from spoilerguard import SpoilerClassifier
    >>> model = SpoilerClassifier().fit(["He dies at the end.", "Great music."], [1, 0])
    >>> with TemporaryDirectory() as folder:
    ...     save(model, folder)
    ...     sorted(os.listdir(folder)), load(folder).predict(["He dies."]).tolist()
    (['README.md', 'model.json', 'weights.safetensors'], [1])
    """
    from spoilerguard.model import SpoilerClassifier

    if not isinstance(model, SpoilerClassifier):
        raise TypeError(f"save() takes a SpoilerClassifier and a path, not a {type(model).__name__}.")
    try:
        model_json, weights = write(model)
        read(model_json, lambda _: weights)  # what `save` accepts, `load` accepts
    except Fault as fault:
        raise ModelFormatError(f"This model cannot be saved: {fault}") from None
    folder = Path(path)
    if os.path.lexists(folder) and not is_folder(folder):
        raise ModelFormatError(f"{folder} is no folder. Pass another path, or remove it.")
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        _refuse_foreign(folder)
        try:
            replace_file(folder, WEIGHTS, weights, _waiting(Stamp.of(weights).sha256))
            replace_file(folder, MODEL_JSON, model_json)  # here the save counts
            replace_file(folder, "README.md", card_markdown(model).encode())
        finally:
            _tidy(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
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
    """Stop before a folder that holds something else than a model."""
    if all(is_harmless(entry.name) or _OURS.fullmatch(entry.name) for entry in folder.iterdir()):
        return
    try:
        kind = parse(read_file(folder, MODEL_JSON, MAX_JSON_BYTES)).get("kind")
        why = f"{MODEL_JSON} belongs to something else."
    except Fault as fault:
        kind, why = None, str(fault)
    if kind != KIND:
        raise ModelFormatError(f"{folder} holds files but no model: {why} Pass another path, or empty it.")


def _tidy(folder: Path) -> None:
    """Give weights that ``model.json`` counts on their plain name; remove what a save that was cut short has left."""
    try:
        stamp = parse(read_file(folder, MODEL_JSON, MAX_JSON_BYTES)).get("weights")
    except Missing:
        stamp = None
    except Fault:  # what cannot be read just now may still count on its weights
        return
    waiting = _waiting(str(stamp.get("sha256"))) if isinstance(stamp, dict) else ""
    for entry in [entry for entry in folder.iterdir() if _OURS.fullmatch(entry.name)]:
        if entry.name == waiting:
            entry.replace(folder / WEIGHTS)
        else:
            entry.unlink()


def is_harmless(name: str) -> bool:
    """Whether a file of this name says nothing about a folder: hidden ones, and those that Windows leaves."""
    return name.startswith(".") or name.lower() in _OF_WINDOWS
