"""What a reader of a model should know, as far as its training knows it: data, metrics, versions, limits."""

import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spoilerguard.corpus import Corpus
from spoilerguard.documents import Standing
from spoilerguard.evaluation.metrics import headline_metrics
from spoilerguard.version import __version__

__all__ = ["model_card"]

_N_BOOTSTRAP = 200


def model_card(
    corpus: Corpus, scored: Mapping[Standing, tuple[NDArray[np.bool_], NDArray[np.float64]]], seed: int
) -> dict[str, Any]:
    """The card of a model that was trained on `corpus`.

    `scored` holds, for each standing, which rows its metrics rest on, and the out-of-fold logits of all rows.
    """
    sources = corpus.frame.groupby(corpus.frame["source"].fillna("unknown"))["spoiler"]
    metrics = [
        {"standing": standing.value, "metric": name, "value": one.value, "low": one.low, "high": one.high}
        for standing, (rows, logits) in scored.items()
        for name, one in headline_metrics(
            corpus.labels[rows],
            logits[rows],
            corpus.weights[rows],
            corpus.groups[rows],
            n_bootstrap=_N_BOOTSTRAP,
            seed=seed,
        ).items()
    ]
    return {
        "Trained on": {
            "corpus": corpus.name or "a table in memory",
            "corpus sha256": corpus.digest,
            "sentences": len(corpus),
            "spoilers": int(corpus.labels.sum()),
            "reviews": int((corpus.lengths > 1).sum()),
            "works": len(set(corpus.groups)),
        },
        "Sources": [
            {"source": str(name), "sentences": int(part.size), "spoilers": int(part.sum())} for name, part in sources
        ],
        "Out-of-fold metrics, by work": metrics,
        "Made with": {
            "spoilerguard": __version__,
            "python": platform.python_version(),
            **{package: version(package) for package in ("numpy", "scikit-learn")},
            "seed": seed,
        },
        "Known limits": [
            "A classifier misses spoilers: show a warning, and let readers report what slipped through.",
            "English only, and best on the kinds of text named under Sources.",
            "It gives no text back, but whoever has it and a sentence can test whether that was in training (memory_).",
        ],
    }
