"""What a reader of a model should know, as far as its training knows it: data, figures, versions, limits."""

import platform
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spoilerguard import __version__
from spoilerguard.corpus import Corpus
from spoilerguard.evaluation.evaluating import report_of
from spoilerguard.evaluation.judging import ALONE, IN_REVIEW, Judged

__all__ = ["model_card"]


def model_card(
    corpus: Corpus,
    natural: NDArray[np.bool_],
    alone: NDArray[np.float64],
    in_review: NDArray[np.float64] | None,
    seed: int,
) -> dict[str, Any]:
    """The card of a model that was trained on `corpus` and gave these out-of-fold logits on its `natural` rows."""
    sources = corpus.frame.groupby(corpus.frame["source"].fillna("not told"))["spoiler"]
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
        "Out-of-fold figures, by work": _figures(corpus, natural, alone, in_review, seed),
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


def _figures(
    corpus: Corpus,
    natural: NDArray[np.bool_],
    alone: NDArray[np.float64],
    in_review: NDArray[np.float64] | None,
    seed: int,
) -> list[dict[str, Any]]:
    judged = [_judged(ALONE, natural, alone)]
    if in_review is not None:
        judged.append(_judged(IN_REVIEW, natural & corpus.in_review, in_review))
    report = report_of(corpus, judged, n_bootstrap=200, seed=seed)
    wanted = ("roc_auc", "average_precision", "calibration_error", "base_rate")
    figures = [report.figure(metric, mode) for mode in report.modes for metric in wanted]
    return [
        {"mode": one.mode, "figure": one.metric, "value": one.value, "low": one.low, "high": one.high}
        for one in figures
    ]


def _judged(mode: str, rows: NDArray[np.bool_], logits: NDArray[np.float64]) -> Judged:
    return Judged(mode, np.flatnonzero(rows), logits[rows], {"even": np.full(int(rows.sum()), 0.5)}, {})
