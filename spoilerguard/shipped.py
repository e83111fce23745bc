"""The model that comes with the package: found, read once, and kept.

An installed package holds it beside its code; an editable install or a checkout holds it in ``models/default``.
"""

import os
from functools import cache
from pathlib import Path
from threading import Lock

from spoilerguard.encoders import Encoder
from spoilerguard.errors import ModelFormatError
from spoilerguard.model import SpoilerClassifier
from spoilerguard.persistence import load as load_folder

__all__ = ["default_encoder", "default_model", "load"]

_PACKAGE = Path(__file__).parent
_PLACES = (_PACKAGE / "default_model", _PACKAGE.parent / "models" / "default")
_reading = Lock()


def load(path: str | Path | None = None) -> SpoilerClassifier:
    """Read a model.

    Parameters
    ----------
    path : str or Path, optional
        A folder that `spoilerguard.save` wrote. None means the default model.

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
    model = load_folder(_default_folder() if path is None else path)
    model.coef_ = model.coef_.copy()
    model.coef_.flags.writeable = False  # so that what is made from it may be kept; learning on sets a new array
    return model


def default_model() -> SpoilerClassifier:
    """The default model, shared by all callers: read at the first call, once even among threads."""
    return _read_default() if _read_default.cache_info().currsize else _read_once()


def default_encoder() -> Encoder | None:
    """The encoder that the default model was built on, for training on other labels."""
    encoder: Encoder | None = default_model().vectorizer_.encoder
    return encoder


def _read_once() -> SpoilerClassifier:
    with _reading:
        return _read_default()


@cache
def _read_default() -> SpoilerClassifier:
    return load()


def _default_folder() -> Path:
    for place in _PLACES:
        if (place / "model.json").is_file():
            return place
    raise ModelFormatError(f"The default model is missing from {_PLACES[0]}: install spoilerguard again.")


def _unlock() -> None:
    """A process forked while another thread was reading would wait for ever for a thread that it does not have."""
    global _reading  # noqa: PLW0603 - a lock held by nobody can only be replaced
    _reading = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock)
