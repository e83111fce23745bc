"""Everything that spoilerguard raises on purpose, apart from ``TypeError`` for a wrong argument type.

::

    SpoilerguardError
    ├── ModelFormatError      a model folder cannot be trusted or read   (also ValueError)
    ├── CorpusError           a labelled table has a fault               (also ValueError)
    ├── TrainingError         this corpus cannot teach a model           (also ValueError)
    ├── OperatingPointError   no such threshold, or it is out of reach   (also ValueError)
    └── MissingExtraError     an optional package is not installed       (also ImportError)

Each message says what is wrong, where, and what to do about it.
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "CorpusError",
    "MissingExtraError",
    "ModelFormatError",
    "OperatingPointError",
    "SpoilerguardError",
    "TrainingError",
    "no_such",
]


class SpoilerguardError(Exception):
    """The root of the tree: catch it to catch them all."""


class ModelFormatError(SpoilerguardError, ValueError):
    """A model folder is missing, damaged, altered, or newer than this version."""


class CorpusError(SpoilerguardError, ValueError):
    """A labelled table has a fault; the message names the file, the row and the column."""


class TrainingError(SpoilerguardError, ValueError):
    """The corpus cannot teach a model: one class only, too few works, nothing left to learn."""


class OperatingPointError(SpoilerguardError, ValueError):
    """A named operating point does not exist, or the wanted precision or recall is out of reach."""


class MissingExtraError(SpoilerguardError, ImportError):
    """An optional package is needed for this; the message holds the command that installs it."""


def no_such(kind: str, name: object, names: Iterable[str], *, remedy: str = "") -> ValueError:
    """The error for a name that nobody knows: it says which was probably meant, and which there are.

    Examples
    --------
    >>> no_such("style", "redit", ["reddit", "discord"])
    ValueError("There is no style 'redit': did you mean 'reddit'? Choose one of reddit, discord.")
    """
    close = get_close_matches(str(name).lower(), names := list(names), 1)
    hint = f": did you mean {close[0]!r}? Choose" if close else "; choose"
    return ValueError(f"There is no {kind} {name!r}{hint} one of {', '.join(names)}{remedy}.")
