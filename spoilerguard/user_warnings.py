"""Warnings about calls that work and do not do what their author wants: each points at the user's own line.

The parts of this package call each other without a warning, whatever they pass on.
"""

import inspect
import os
import re
import warnings
from collections.abc import Sequence

from spoilerguard.sentences import split

__all__ = ["warn_of_paths", "warn_of_reviews", "warn_user"]

_ENTRANCES = {
    f"spoilerguard.{module}"
    for module in (
        *("active_learning.suggesting", "api", "arguments", "linear_model", "model", "pandas", "processes", "reviews"),
        *("rendering.verdict_list", "user_warnings"),
        *("evaluation.comparing", "evaluation.evaluating", "evaluation.scored_corpus"),
        *("tables.classifying", "tables.frames", "tables.language", "tables.runs", "tables.scoring"),
        *("training.base_memory", "training.pipeline", "training.stream"),
    )
}
_LIBRARIES = {"spoilerguard", "sklearn", "joblib", "tqdm"}

_SAMPLE = 32  # items that are looked at, and characters of each: 3 ms for reviews, 1 ms for sentences
_CHARACTERS = 1000

_MAX_PATH = 500
# One word, a separator, or a suffix. Not two slashes in front: to look there would open a connection under Windows.
_PATH = re.compile(r"(?![/\\]{2})(?:\S+|.*[/\\].*|.*\.[A-Za-z0-9]{1,8})")


def warn_user(message: str, *, always: bool = False) -> None:
    """Warn at the line of the user that led here; unless `always`, be silent where another part of this package did."""
    frame, stacklevel = inspect.currentframe(), 1
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        package = module.partition(".")[0]
        if package not in _LIBRARIES:
            warnings.warn(message, UserWarning, stacklevel=stacklevel)
            return
        if not always and package == "spoilerguard" and module not in _ENTRANCES:
            return
        frame, stacklevel = frame.f_back, stacklevel + 1


def warn_of_reviews(sentences: Sequence[str]) -> None:
    """Warn where sentences look like whole reviews: of a sample, a quarter or more holds several sentences.

    In tables of sentences (TV Tropes, Goodreads, our own reviews) at most 2 items in a hundred do, though these may
    stand together; in columns of reviews 70 to 100, in any of nine sources. Of few items, half must.
    """
    sample = sentences[:: -(-len(sentences) // _SAMPLE) or 1]
    if len(sample) < 2:
        return
    n_several = sum(_n_sentences(item[:_CHARACTERS]) > 1 for item in sample)
    if n_several >= max(2, min(len(sample) / 2, 4 + len(sample) / 8)):
        warn_user(
            f"{n_several} of {len(sample)} items looked at hold several sentences, but each item counts as one "
            "sentence here. To classify whole reviews, call spoilerguard.classify_reviews or, for a table, "
            "spoilerguard.classify_table(by='review'): both split them. To learn from reviews, split them with "
            "spoilerguard.sentences.split and label each sentence."
        )


def _n_sentences(text: str) -> int:
    """How many sentences of two words or more; "Wow!" and "(p. 9)" do not count."""
    words = ([word for word in part.text.split() if any(map(str.isalpha, word))] for part in split(text))
    return sum(len(found) > 1 for found in words)


def warn_of_paths(texts: Sequence[str]) -> None:
    """Warn where one of some texts is the name of a file that is there; at most one look at the disk for each text."""
    for text in texts[:_SAMPLE]:
        name = text.strip() if len(text) <= _MAX_PATH else ""
        if _PATH.fullmatch(name) and os.path.isfile(name):  # noqa: PTH113 - takes any text, where Path may raise
            warn_user(
                f"{name!r} is the name of a file, and the name was taken for the text. To read the file first, pass "
                f"Path({name!r}).read_text(encoding='utf-8'); for a table, pass its column to classify_reviews."
            )
            return
