"""What a reader of a model should know, as far as its training knows it: data, metrics, versions, limits."""

import platform
from collections import Counter
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from spoilerguard.calibration.operating_points import OperatingPoints
from spoilerguard.corpus import Corpus
from spoilerguard.evaluation.metrics import headline_metrics
from spoilerguard.training.finishing import Scored
from spoilerguard.training.survey import Survey
from spoilerguard.version import __version__

__all__ = ["model_card", "stream_card"]

_N_BOOTSTRAP = 200
_MAX_SOURCES = 256


def model_card(corpus: Corpus, scored: Scored, points: OperatingPoints, seed: int) -> dict[str, Any]:
    """The card of a model that was trained on `corpus`.

    `scored` holds, for each standing, which rows its metrics rest on, and the out-of-fold logits of all rows.
    """
    sources = corpus.frame.groupby(_main_sources(corpus))["spoiler"]
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
        "Out-of-fold metrics, by work": _metrics(corpus, scored, seed),
        **_by_source(corpus, scored, points),
        **_made_with(seed),
    }


def stream_card(survey: Survey, held_out: Corpus, scored: Scored, points: OperatingPoints) -> dict[str, Any]:
    """The card of a model that has learnt from a stream; `scored` is about the works held out."""
    n_learnt, n_spoilers = int(survey.learnt.sum()), int(survey.learnt[1])
    return {
        "Trained on": {
            "corpus": held_out.name,
            "sentences": n_learnt + len(held_out),
            "spoilers": n_spoilers + int(held_out.labels.sum()),
            "reviews": len(survey.reviews),
            "works": len(survey.works),
            "sentences that the head has learnt": n_learnt,
            "sentences held out, for calibration, context and operating points": len(held_out),
            "works held out": len(set(held_out.groups)),
            "held-out sha256": held_out.digest,
            "how": "one pass of averaged stochastic gradient descent over a stream",
        },
        "Sources": [
            {"source": name, "sentences": sentences, "spoilers": spoilers}
            for name, (sentences, spoilers) in sorted(survey.sources.items())
        ],
        "Metrics on the works held out": _metrics(held_out, scored, survey.seed),
        **_by_source(held_out, scored, points),
        **_made_with(survey.seed),
    }


def _main_sources(corpus: Corpus) -> NDArray[np.str_]:
    """The source of each sentence; beyond the largest 256, all others are one: a card has bounds, and readers too."""
    sources = corpus.frame["source"].fillna("unknown").to_numpy(dtype=str)
    _, codes, counts = np.unique(sources, return_inverse=True, return_counts=True)
    small = np.argsort(-counts, kind="stable")[_MAX_SOURCES:]
    return np.where(np.isin(codes, small), "all others", sources)


def _metrics(corpus: Corpus, scored: Scored, seed: int) -> list[dict[str, Any]]:
    return [
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


def _by_source(corpus: Corpus, scored: Scored, points: OperatingPoints) -> dict[str, Any]:
    """What each threshold achieves on each source of the rows that it was chosen on, where there are several."""
    spoiler, sources = corpus.labels == 1, _main_sources(corpus)
    found: list[dict[str, Any]] = []
    for standing, (rows, logits) in scored.items():
        counts = Counter(sources[rows & spoiler].tolist())
        for source, n_spoilers in sorted(counts.items()) if len(counts) > 1 else ():
            here, row = (
                rows & (sources == source),
                {"standing": standing.value, "source": source, "spoilers": n_spoilers},
            )
            for name, point in points.get(standing, {}).items():
                flagged = here & (expit(logits) >= point.threshold)
                hits = int((flagged & spoiler).sum())
                row[f"{name}, precision"] = hits / int(flagged.sum()) if flagged.any() else None
                row[f"{name}, recall"] = hits / n_spoilers
            found.append(row)
    return {"Operating points by source, on works left out": found} if found else {}


def _made_with(seed: int) -> dict[str, Any]:
    return {
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
