"""What a reader of a model should know, as far as its training knows it: data, metrics, versions, limits."""

import platform
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from spoilerguard.calibration.operating_points import OperatingPoints
from spoilerguard.corpus import Corpus
from spoilerguard.documents import Standing
from spoilerguard.evaluation.metrics import headline_metrics
from spoilerguard.version import __version__

__all__ = ["model_card"]

_N_BOOTSTRAP = 200


def model_card(
    corpus: Corpus,
    scored: Mapping[Standing, tuple[NDArray[np.bool_], NDArray[np.float64]]],
    points: OperatingPoints,
    seed: int,
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
    card: dict[str, Any] = {
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
        "Operating points by source, out of fold": [
            row for standing, pair in scored.items() for row in _points_by_source(corpus, *pair, points, standing)
        ],
        "Made with": {
            "spoilerguard": __version__,
            "python": platform.python_version(),
            **{package: version(package) for package in ("numpy", "scikit-learn")},
            "seed": seed,
        },
        "Known limits": [
            "A classifier misses spoilers: show a warning, and let readers report what slipped through.",
            "English only, and best on the kinds of text named under Sources.",
        ],
    }
    return {name: value for name, value in card.items() if value}


def _points_by_source(
    corpus: Corpus,
    rows: NDArray[np.bool_],
    logits: NDArray[np.float64],
    points: OperatingPoints,
    standing: Standing,
) -> Iterator[dict[str, Any]]:
    """What each threshold achieves on each source of the rows that it was chosen on, where there are several."""
    probability, spoiler = expit(logits), corpus.labels == 1
    sources = corpus.frame["source"].fillna("unknown").to_numpy(dtype=str)
    counts = Counter(sources[rows & spoiler])
    if len(counts) < 2:
        return
    for source, n_spoilers in sorted(counts.items()):
        here = rows & (sources == source)
        row: dict[str, Any] = {"standing": standing.value, "source": source, "spoilers": n_spoilers}
        for name, point in points.get(standing, {}).items():
            flagged = here & (probability >= point.threshold)
            hits = int((flagged & spoiler).sum())
            row |= {
                f"{name}, precision": hits / flagged.sum() if flagged.any() else None,
                f"{name}, recall": hits / n_spoilers,
            }
        yield row
