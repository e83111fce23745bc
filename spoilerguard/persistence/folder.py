"""`load` and `save`: a model from a folder and into one, every fault as a `ModelFormatError` that names the file."""

import os
from collections.abc import Mapping
from pathlib import Path

from spoilerguard.errors import ModelFormatError
from spoilerguard.model import SpoilerClassifier
from spoilerguard.persistence.archive import pack
from spoilerguard.persistence.card import card_markdown
from spoilerguard.persistence.disk import companion, model_json, replace
from spoilerguard.persistence.document import sealed
from spoilerguard.persistence.formats import describe, read
from spoilerguard.persistence.layout import LIMITS, MODEL_JSON, README, WEIGHTS, Fault, Stamp

__all__ = ["load", "save"]

_ATTEMPTS = 100  # each one needs another finished save between two reads


def load(path: str | os.PathLike[str]) -> SpoilerClassifier:
    """Read a model that `save` has written; nothing in the folder is run.

    Parameters
    ----------
    path : str or path-like
        The folder.

    Returns
    -------
    SpoilerClassifier
        Fitted: it judges as the saved one did, and `partial_fit` goes on.

    Raises
    ------
    ModelFormatError
        Where the folder is missing, damaged, altered, or newer than this version.

    Examples
    --------
    >>> load("no/such/folder")
    Traceback (most recent call last):
    spoilerguard.errors.ModelFormatError: no/such/folder is no folder. Pass the folder that save() wrote.
    """
    folder = Path(path)
    if not _is_folder(folder):
        raise ModelFormatError(f"{folder} is no folder. Pass the folder that save() wrote.")
    try:
        return _load(folder)
    except Fault as fault:
        raise ModelFormatError(f"{folder / fault.file} {fault.what} {fault.remedy}") from None


def _load(folder: Path) -> SpoilerClassifier:
    """Read again where a fault is only that another process has saved between the reading of two files."""
    data = model_json(folder)
    for _ in range(_ATTEMPTS):
        try:
            return read(data, lambda name, stamp: companion(folder, name, stamp))
        except Fault:
            seen, data = data, model_json(folder)
            if data == seen:
                raise
    raise Fault(MODEL_JSON, "keeps changing.", "Load it when the other process is done.")


def save(model: SpoilerClassifier, path: str | os.PathLike[str]) -> None:
    """Write a fitted model as a folder, in one step: whoever reads finds the model before or the model after.

    Equal models give equal bytes. Files of other names in the folder stay as they are.

    Parameters
    ----------
    model : SpoilerClassifier
        Fitted.
    path : str or path-like
        The folder: new, empty, or holding a model, which is replaced.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        Where the model is not fitted.
    ModelFormatError
        Where the folder holds something else than a model, or the model something that cannot be stored.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> model = SpoilerClassifier().fit(["He dies at the end.", "Great music."], [1, 0])
    >>> with TemporaryDirectory() as folder:
    ...     save(model, folder)
    ...     sorted(os.listdir(folder)), load(folder).predict(["He dies."]).tolist()
    (['README.md', 'model.json', 'weights.npz'], [1])
    """
    if not isinstance(model, SpoilerClassifier):
        raise TypeError(f"save() takes a SpoilerClassifier and a path, not a {type(model).__name__}.")
    files = _files_of(model)
    folder = Path(path)
    if os.path.lexists(folder) and not _is_folder(folder):
        raise ModelFormatError(f"{folder} is no folder. Pass another path, or remove it.")
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder, files)


def _files_of(model: SpoilerClassifier) -> dict[str, bytes]:
    """The three files; read back before anything is written, so that what `save` accepts, `load` accepts."""
    try:
        document, arrays = describe(model)
        files = {WEIGHTS: pack(arrays), README: card_markdown(model).encode()}
        document["files"] = {name: Stamp.of(data)._asdict() for name, data in files.items()}
        files[MODEL_JSON] = sealed(document)
        _check_sizes(files)
        read(files[MODEL_JSON], lambda name, _: files[name])
    except Fault as fault:
        raise ModelFormatError(f"This model cannot be saved: {fault}") from None
    return files


def _check_sizes(files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        if len(data) > LIMITS[name]:
            raise Fault(name, f"would have {len(data)} bytes, and {LIMITS[name]} are the most it may have.")


def _is_folder(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except (OSError, ValueError):  # no right to look, a name too long, a NUL in it
        return False
