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
    "did_you_mean",
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


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """The end of a message about a name that is not known: a blank and a question, or nothing where no name is like it.

    Examples
    --------
    >>> did_you_mean("High-Recall", ["cautious", "high_recall"])
    " Did you mean 'high_recall'?"
    >>> did_you_mean("zebra", ["cautious", "high_recall"])
    ''
    """
    likely = get_close_matches(str(name).lower(), list(known), n=1)
    return f" Did you mean {likely[0]!r}?" if likely else ""
