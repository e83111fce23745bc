"""Report → charts: what a threshold trades, whether probabilities hold, how the classes part, where errors stand."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from spoilerguard.evaluation import Band, Curves, Report
from spoilerguard.plots.canvas import GREY, MODES, SAFE, SPOILER, axes, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["error_by_place", "precision_recall", "reliability", "score_distribution"]

_MARKERS = "os^Dvp*X"
_SHARES = (0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1)
_TICKS = (0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999)


def precision_recall(report: Report, *, mode: str | None = None, ax: "Axes | None" = None) -> "Axes":
    """What each threshold trades: precision over recall, with the model's operating points.

    Parameters
    ----------
    report : Report
    mode : "alone" or "in review", optional
        By default both, where there are both.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    for curves in _curves(report, mode):
        style = MODES[curves.mode]
        average = report.figure("average_precision", curves.mode).value
        label = f"{curves.mode}, average precision {average:.3f}"
        ax.plot(curves.recall, curves.precision, drawstyle="steps-post", label=label, **style)
        for (recall, precision), marker in zip(curves.points.values(), _MARKERS, strict=False):
            ax.plot(recall, precision, marker, color=style["color"], markersize=8, markeredgecolor="white")
    drawn = _curves(report, mode)[-1]
    for name, marker in zip(drawn.points, _MARKERS, strict=False):
        ax.plot([], [], marker, color=GREY, markersize=8, markeredgecolor="white", label=f"point “{name}”")
    ax.axhline(drawn.base_rate, color=GREY, linestyle=":", label=f"share of spoilers, {drawn.base_rate:.3f}")
    ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    ax.legend(fontsize="small", frameon=False)
    return finish(
        ax, "recall (share of spoilers found)", "precision (share of flagged that are)", "Precision and recall"
    )


def reliability(report: Report, *, mode: str | None = None, ax: "Axes | None" = None) -> "Axes":
    """Whether probability means probability: the share of spoilers among sentences that were given one probability.

    Ten bins of equal mass, bars for 95 % intervals over works (DeGroot and Fienberg 1983). Both axes are drawn by
    square roots, since most sentences are given small probabilities.

    Parameters
    ----------
    report : Report
    mode : "alone" or "in review", optional
        By default both, where there are both.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    for curves, marker in zip(_curves(report, mode), "so", strict=False):
        band = curves.reliability
        error = report.figure("calibration_error", curves.mode).value
        label = f"{curves.mode}, calibration error {error:.3f}"
        bars = np.abs(np.array([band.low, band.high]) - np.array(band.value))
        ax.errorbar(
            band.at, band.value, bars, marker=marker, markersize=5, capsize=2, label=label, **MODES[curves.mode]
        )
    ax.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="as promised")
    ax.set_xscale("function", functions=(_root, np.square))
    ax.set_yscale("function", functions=(_root, np.square))
    ax.set(xticks=_SHARES, yticks=_SHARES)
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.legend(fontsize="small", frameon=False)
    return finish(ax, "mean probability in the bin", "share of spoilers in the bin", "Reliability")


def score_distribution(report: Report, *, mode: str | None = None, ax: "Axes | None" = None) -> "Axes":
    """How far the classes stand apart: probabilities of spoilers and of safe sentences, on a logit axis.

    Parameters
    ----------
    report : Report
    mode : "alone" or "in review", optional
        By default in review where there are reviews.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    curves = _curves(report, mode)[-1]
    ax.stairs(curves.safe, curves.edges, fill=True, color=SAFE, alpha=0.35, label="safe sentences")
    ax.stairs(curves.spoiler, curves.edges, color=SPOILER, linewidth=2, label="spoilers")
    for point in report.operating_points:
        if (point.name, point.mode) == (curves.point, curves.mode) and 0 < point.threshold < 1:
            label = f"threshold “{point.name}”, {point.threshold:.2f}"
            ax.axvline(float(logit(point.threshold)), color=GREY, linestyle="--", label=label)
    filled = np.flatnonzero(np.array(curves.safe) + np.array(curves.spoiler))
    if len(filled):
        ax.set_xlim(curves.edges[filled[0]] - 0.5, curves.edges[filled[-1] + 1] + 0.5)
    low, high = expit(ax.get_xlim())
    ticks = [at for at in _TICKS if low <= at <= high]
    ax.set_xticks(logit(ticks), [f"{at:g}" for at in ticks])
    ax.set_ylim(0, 1.35 * max(0.01, *curves.safe, *curves.spoiler))  # room for the legend above the bars
    ax.legend(fontsize="small", frameon=False, loc="upper left")
    return finish(ax, "probability (logit scale)", "share of its class in the bin", f"Scores by label, {curves.mode}")


def error_by_place(report: Report, *, mode: str | None = None, ax: "Axes | None" = None) -> "Axes":
    """Where in the review the mistakes stand, by fifths, with 95 % intervals over works.

    Parameters
    ----------
    report : Report
        Of a corpus with reviews.
    mode : "alone" or "in review", optional
        By default in review.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        Where the corpus has no reviews.
    """
    curves = _curves(report, mode)[-1]
    if curves.missed is None or curves.false_alarms is None:
        raise ValueError("This corpus has no reviews, so a sentence has no place in one: give it review_id.")
    ax = axes(ax)
    _draw_band(ax, curves.missed, SPOILER, "-o", "missed, of all spoilers")
    _draw_band(ax, curves.false_alarms, SAFE, "--s", "false alarms, of all safe sentences")
    ax.set(xlim=(0, 1), ylim=(0, 1.2), yticks=np.linspace(0, 1, 6))  # room for the legend above
    ax.set_xticks(np.linspace(0, 1, 6), [f"{at:.0%}" for at in np.linspace(0, 1, 6)])
    ax.legend(fontsize="small", frameon=False, loc="upper left", ncols=2)
    title = f"Errors by place, {curves.mode}, at “{curves.point}”"
    return finish(ax, "place in the review (0 % = its beginning)", "share judged wrong", title)


def _curves(report: Report, mode: str | None) -> Sequence[Curves]:
    """The curves of one mode, or of all."""
    if mode is None:
        return list(report.curves.values())
    if mode not in report.curves:
        raise ValueError(f"mode {mode!r} is not in this report; it has {', '.join(map(repr, report.curves))}.")
    return [report.curves[mode]]


def _draw_band(ax: "Axes", band: Band, color: str, style: str, label: str) -> None:
    ax.fill_between(band.at, band.low, band.high, color=color, alpha=0.15, linewidth=0)
    ax.plot(band.at, band.value, style, color=color, label=label)


def _root(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(np.maximum(values, 0)))
