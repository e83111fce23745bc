"""The models that come with the package: found, read once, and kept.

An installed package holds them beside its code; an editable install or a checkout holds them in the folder ``models``.
"""

import os
import sys
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from spoilerguard.errors import ModelFormatError, did_you_mean
from spoilerguard.features import Encoder
from spoilerguard.features.estimators import check_fitted
from spoilerguard.linear_model import LinearModel
from spoilerguard.persistence import read_folder

if TYPE_CHECKING:
    from spoilerguard.model import SpoilerClassifier

__all__ = ["NAMES", "AnyModel", "default_encoder", "default_model", "load", "resolve_model"]

NAMES = ("default", "accurate")
AnyModel = LinearModel | str | Path | None  # what `resolve_model` takes
_PACKAGE = Path(__file__).parent
_FROZEN = "build the program with the files of the package (PyInstaller: --collect-all spoilerguard)"
_REMEDIES = {
    "default": "install spoilerguard again, as files and not as a zip archive",
    "accurate": "it is no part of the wheel: clone the repository, or pass the folder of a copy of models/accurate",
}
_reading = Lock()


def load(path: str | Path | None = None) -> "SpoilerClassifier":
    """Read a model.

    Parameters
    ----------
    path : str or Path, optional
        A folder that `spoilerguard.save` wrote, or the name of a model that comes with the package: "default" or
        "accurate". None means "default". A folder that bears such a name itself is ``"./default"`` or a Path.

    Returns
    -------
    SpoilerClassifier

    Raises
    ------
    ModelFormatError
        Where the folder is missing, damaged, altered or newer than this version.

    Examples
    --------
    >>> load().classes_.tolist()
    ['safe', 'spoiler']
    """
    from spoilerguard.model import SpoilerClassifier

    return SpoilerClassifier.from_linear_model(_read(path))


def _read(path: str | Path | None = None) -> LinearModel:
    """`load`, but only to classify with: scikit-learn is not imported."""
    name = "default" if path is None else path
    if name not in NAMES:
        _refuse_unknown(name)
        return read_folder(name)
    places = (_PACKAGE / f"{name}_model", _PACKAGE.parent / "models" / name)
    for place in places:
        if (place / "model.json").is_file():
            return read_folder(place)
    remedy = _FROZEN if name == "default" and getattr(sys, "frozen", False) else _REMEDIES[str(name)]
    raise ModelFormatError(f"The {name} model is missing from {places[0]}: {remedy}.")


def _refuse_unknown(name: str | Path) -> None:
    """Stop, with the names that there are, where a string is none of them and nothing of that name is on the disk."""
    if isinstance(name, str) and not os.path.lexists(name):
        hint = did_you_mean(name, NAMES) or f" Pass a folder that save() wrote, or {' or '.join(map(repr, NAMES))}."
        raise ModelFormatError(f"{name!r} is no folder and no name of a model.{hint}")


def default_model() -> LinearModel:
    """The default model, shared by all callers: read at the first call, once even among threads."""
    if _read_default.cache_info().currsize:
        return _read_default()
    with _reading:
        return _read_default()


def default_encoder() -> Encoder | None:
    """The encoder that the default model was built on, for training on other labels."""
    return default_model().vectorizer_.encoder


def resolve_model(model: AnyModel) -> LinearModel:
    """What a ``model=`` argument means: a fitted model as it is, a folder or a name read, None the default model."""
    if model is None or (isinstance(model, str) and model == "default"):
        return default_model()
    if isinstance(model, str | Path):
        return _read(model)
    if isinstance(model, LinearModel):
        check_fitted(model, "coef_")
        return model
    raise TypeError(f"model must be a SpoilerClassifier, a folder, a name or None, got {type(model).__name__}.")


@cache
def _read_default() -> LinearModel:
    return _read()


def _unlock() -> None:
    """A process forked while another thread was reading would wait for ever for a thread that it does not have."""
    global _reading  # noqa: PLW0603 - a lock held by nobody can only be replaced
    _reading = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock)
