"""Everything that spoilerguard raises on purpose, apart from ``TypeError`` for a wrong argument type.

::

    SpoilerguardError
    ├── ModelFormatError      a model folder cannot be trusted or read   (also ValueError)
    ├── CorpusError           a labelled table has a fault               (also ValueError)
    ├── TrainingError         this corpus cannot teach a model           (also ValueError)
    ├── StoryError            a story has a fault, or a model cannot read it (also ValueError)
    ├── OperatingPointError   no such threshold, or it is out of reach   (also ValueError)
    └── MissingExtraError     an optional package is not installed       (also ImportError)

Each message says what is wrong, where, and what to do about it.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

__all__ = [
    "CorpusError",
    "MissingExtraError",
    "ModelFormatError",
    "OperatingPointError",
    "SpoilerguardError",
    "StoryError",
    "TrainingError",
    "closest",
    "did_you_mean",
    "plain_name",
]


class SpoilerguardError(Exception):
    """The root of the tree: catch it to catch them all."""


class ModelFormatError(SpoilerguardError, ValueError):
    """A model folder is missing, damaged, altered, or newer than this version."""


class CorpusError(SpoilerguardError, ValueError):
    """A labelled table has a fault; the message names the file, the row and the column."""


class TrainingError(SpoilerguardError, ValueError):
    """The corpus cannot teach a model: one class only, too few works, nothing left to learn."""


class StoryError(SpoilerguardError, ValueError):
    """A phrase of a `Story` has no word, or the model has not learnt to read a premise or a plot."""


class OperatingPointError(SpoilerguardError, ValueError):
    """A named operating point does not exist, or the wanted precision or recall is out of reach."""


class MissingExtraError(SpoilerguardError, ImportError):
    """An optional package is needed for this; the message holds the command that installs it."""


def did_you_mean(name: object, known: Iterable[Any]) -> str:
    """The end of a message about a name that is not known: a blank and a question, or nothing where no name is like it.

    Examples
    --------
    >>> did_you_mean("High-Recall", ["cautious", "high_recall"])
    " Did you mean 'high_recall'?"
    >>> did_you_mean("zebra", ["cautious", "high_recall"])
    ''
    """
    likely = closest(name, known)
    return f" Did you mean {likely!r}?" if likely else ""


def closest(name: object, known: Iterable[Any], cutoff: float = 0.6) -> Any:  # noqa: ANN401 - any name of a column
    """The name most like another one, whatever its capitals, blanks and hyphens; an empty string if none is."""
    plain = {plain_name(other): other for other in known}
    found = get_close_matches(plain_name(name), plain, 1, cutoff)
    return plain[found[0]] if found else ""


def plain_name(name: object) -> str:
    """A name in small letters, with underscores for blanks and hyphens."""
    return re.sub(r"[\s_-]+", "_", str(name).strip().lower())
