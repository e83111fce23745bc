"""Find the sentences of a review that give the story away.

>>> import spoilerguard
>>> review = "The photography is lovely and so is the music. In the end the butler is the killer and Anna dies."
>>> for verdict in spoilerguard.classify(review):
...     print(verdict.label, "|", verdict.text)
safe | The photography is lovely and so is the music.
spoiler | In the end the butler is the killer and Anna dies.

Names are imported when they are first used, and the default model is read at the first verdict: the import itself
costs next to nothing.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from spoilerguard.version import __version__

if TYPE_CHECKING:
    from spoilerguard import challenge as challenge
    from spoilerguard import dask as dask
    from spoilerguard import datasets as datasets
    from spoilerguard import notebook as notebook
    from spoilerguard import spark as spark
    from spoilerguard.active_learning import suggest
    from spoilerguard.api import classify, explain, redact
    from spoilerguard.bundled import load
    from spoilerguard.corpus import Corpus
    from spoilerguard.datasets import load_corpus
    from spoilerguard.errors import (
        CorpusError,
        MissingExtraError,
        ModelFormatError,
        OperatingPointError,
        SpoilerguardError,
        StoryError,
        TrainingError,
    )
    from spoilerguard.evaluation import Comparison, Report, compare, evaluate, evaluate_probabilities
    from spoilerguard.model import SpoilerClassifier
    from spoilerguard.monitoring import DriftReport, drift
    from spoilerguard.persistence import save
    from spoilerguard.reviews import classify_reviews
    from spoilerguard.story import Story
    from spoilerguard.tables import classify_table
    from spoilerguard.training import cross_validate, train, train_stream
    from spoilerguard.verdicts import Label, Verdict

__all__ = [
    "Comparison",
    "Corpus",
    "CorpusError",
    "DriftReport",
    "Label",
    "MissingExtraError",
    "ModelFormatError",
    "OperatingPointError",
    "Report",
    "SpoilerClassifier",
    "SpoilerguardError",
    "Story",
    "StoryError",
    "TrainingError",
    "Verdict",
    "__version__",
    "classify",
    "classify_reviews",
    "classify_table",
    "compare",
    "cross_validate",
    "drift",
    "evaluate",
    "evaluate_probabilities",
    "explain",
    "load",
    "load_corpus",
    "redact",
    "save",
    "suggest",
    "train",
    "train_stream",
]

_NAMES_BY_MODULE = {
    "active_learning": ("suggest",),
    "api": ("classify", "explain", "redact"),
    "reviews": ("classify_reviews",),
    "corpus": ("Corpus",),
    "datasets": ("load_corpus",),
    "errors": (
        "CorpusError",
        "MissingExtraError",
        "ModelFormatError",
        "OperatingPointError",
        "SpoilerguardError",
        "StoryError",
        "TrainingError",
    ),
    "evaluation": ("Comparison", "Report", "compare", "evaluate", "evaluate_probabilities"),
    "model": ("SpoilerClassifier",),
    "monitoring": ("DriftReport", "drift"),
    "persistence": ("save",),
    "story": ("Story",),
    "bundled": ("load",),
    "tables": ("classify_table",),
    "training": ("cross_validate", "train", "train_stream"),
    "verdicts": ("Label", "Verdict"),
}
_MODULES = ("challenge", "dask", "datasets", "notebook", "spark")  # for ``spoilerguard.dask.classify_table``
_MODULE_OF = {name: module for module, names in _NAMES_BY_MODULE.items() for name in names}


if not TYPE_CHECKING:  # a type checker would believe in any name

    def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
        """Import a public name when it is first used (PEP 562)."""
        if name in _MODULES:
            return import_module(f"{__name__}.{name}")
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
        globals()[name] = value
        _register_accessor()
        return value


def __dir__() -> list[str]:
    return sorted({*__all__, *_MODULES})


def _register_accessor() -> None:
    """Give pandas its accessor ``.spoilers`` where it is in use: that costs next to nothing."""
    if hasattr(sys.modules.get("pandas"), "api"):
        import_module("spoilerguard.pandas")


_register_accessor()
