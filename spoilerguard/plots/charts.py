"""Charts of a report: what thresholds trade, whether probabilities hold, how the classes differ, where errors are."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from spoilerguard.documents import Standing
from spoilerguard.errors import MissingExtraError
from spoilerguard.evaluation import Band, Curves, Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "SAFE",
    "SPOILER",
    "error_by_place",
    "finish",
    "new_axes",
    "precision_recall",
    "reliability",
    "score_distribution",
]

SAFE, SPOILER, _GREY = "#0072B2", "#D55E00", "#666666"
_STYLES: dict[Standing, dict[str, Any]] = {
    Standing.ALONE: {"color": SAFE, "linestyle": "--"},
    Standing.IN_REVIEW: {"color": SPOILER, "linestyle": "-"},
}
_MARKERS = "os^Dvp*X"
_SHARES = (0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1)
_PROBABILITIES = (0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999)
_LEGEND: dict[str, Any] = {"fontsize": "small", "frameon": False}


def precision_recall(report: Report, *, standing: Standing | str | None = None, ax: "Axes | None" = None) -> "Axes":
    """What each threshold trades: precision over recall, with the model's operating points.

    Parameters
    ----------
    report : Report
    standing : "alone" or "in review", optional
        By default both, where there are both.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = new_axes() if ax is None else ax
    drawn = _curves(report, standing)
    marks: dict[str, Any] = {"markersize": 8, "markeredgecolor": "white"}
    markers = dict(zip(dict.fromkeys(point.name for point in report.operating_points), _MARKERS, strict=False))
    for shown, curves in drawn.items():
        average = report.metric("average_precision", shown).value
        label = f"{shown}, average precision {average:.3f}"
        ax.plot(curves.recall, curves.precision, drawstyle="steps-post", label=label, **_STYLES[shown])
    points = [point for point in report.operating_points if point.standing in drawn and point.name in markers]
    for point in points:
        color = _STYLES[point.standing]["color"]
        ax.plot(point.recall.value, point.precision.value, markers[point.name], color=color, **marks)
    for name in dict.fromkeys(point.name for point in points):
        ax.plot([], [], markers[name], color=_GREY, label=f"point “{name}”", **marks)
    base_rate = report.metric("base_rate", [*drawn][-1]).value
    ax.axhline(base_rate, color=_GREY, linestyle=":", label=f"share of spoilers, {base_rate:.3f}")
    ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    ax.legend(**_LEGEND)
    return finish(
        ax, "recall (share of spoilers found)", "precision (share of flagged that are)", "Precision and recall"
    )


def reliability(report: Report, *, standing: Standing | str | None = None, ax: "Axes | None" = None) -> "Axes":
    """Whether probability means probability: the share of spoilers among sentences of about equal probability.

    Ten bins of equal mass, bars for 95 % intervals over works (DeGroot and Fienberg 1983). Both axes are scaled by the
    square root, since most sentences have small probabilities.

    Parameters and result as in `precision_recall`.
    """
    ax = new_axes() if ax is None else ax
    for (shown, curves), marker in zip(_curves(report, standing).items(), "so", strict=False):
        band = curves.reliability
        error = report.metric("calibration_error", shown).value
        label = f"{shown}, calibration error {error:.3f}"
        bars = np.abs(np.array([band.low, band.high]) - np.array(band.value))
        style = {"marker": marker, "markersize": 5, "capsize": 2, **_STYLES[shown]}
        ax.errorbar(band.at, band.value, bars, label=label, **style)
    ax.plot([0, 1], [0, 1], color=_GREY, linestyle=":", label="perfectly calibrated")
    ax.set_xscale("function", functions=(_root, np.square))
    ax.set_yscale("function", functions=(_root, np.square))
    ax.set(xticks=_SHARES, yticks=_SHARES)
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.legend(**_LEGEND)
    return finish(ax, "mean probability in the bin", "share of spoilers in the bin", "Reliability")


def score_distribution(report: Report, *, standing: Standing | str | None = None, ax: "Axes | None" = None) -> "Axes":
    """How well the classes are separated: probabilities of spoilers and of safe sentences, on a logit axis.

    Parameters and result as in `precision_recall`; by default in review where there are reviews.
    """
    ax = new_axes() if ax is None else ax
    shown, curves = [*_curves(report, standing).items()][-1]
    ax.stairs(curves.safe, curves.edges, fill=True, color=SAFE, alpha=0.35, label="safe sentences")
    ax.stairs(curves.spoiler, curves.edges, color=SPOILER, linewidth=2, label="spoilers")
    for point in report.operating_points:
        if (point.name, point.standing) == (curves.point, shown) and 0 < point.threshold < 1:
            label = f"threshold “{point.name}”, {point.threshold:.2f}"
            ax.axvline(float(logit(point.threshold)), color=_GREY, linestyle="--", label=label)
    filled = np.flatnonzero(np.array(curves.safe) + np.array(curves.spoiler))
    if len(filled):
        ax.set_xlim(curves.edges[filled[0]] - 0.5, curves.edges[filled[-1] + 1] + 0.5)
    low, high = expit(ax.get_xlim())
    ticks = [at for at in _PROBABILITIES if low <= at <= high]
    ax.set_xticks(logit(ticks), [f"{at:g}" for at in ticks])
    ax.set_ylim(0, 1.35 * max(0.01, *curves.safe, *curves.spoiler))  # room for the legend above the bars
    ax.legend(loc="upper left", **_LEGEND)
    title = f"Scores by label, {shown}"
    return finish(ax, "probability (logit scale)", "share of its class in the bin", title)


def error_by_place(report: Report, *, standing: Standing | str | None = None, ax: "Axes | None" = None) -> "Axes":
    """Where in the review the mistakes are, by fifths, with 95 % intervals over works.

    Parameters and result as in `precision_recall`; by default in review.

    Raises
    ------
    ValueError
        Where the corpus has no reviews.
    """
    shown, curves = [*_curves(report, standing).items()][-1]
    if curves.missed is None or curves.false_alarms is None:
        raise ValueError("This corpus has no reviews, so a sentence has no place in one: give it review_id.")
    ax = new_axes() if ax is None else ax
    _draw_band(ax, curves.missed, SPOILER, "-o", "missed, of all spoilers")
    _draw_band(ax, curves.false_alarms, SAFE, "--s", "false alarms, of all safe sentences")
    ax.set(xlim=(0, 1), ylim=(0, 1.2), yticks=np.linspace(0, 1, 6))  # room for the legend above
    ax.set_xticks(np.linspace(0, 1, 6), [f"{at:.0%}" for at in np.linspace(0, 1, 6)])
    ax.legend(loc="upper left", ncols=2, **_LEGEND)
    title = f"Errors by place, {shown}, at “{curves.point}”"
    return finish(ax, "place in the review (0 % = its beginning)", "share classified wrongly", title)


def new_axes() -> "Axes":
    """Axes of a new figure.

    Raises
    ------
    MissingExtraError
        Where matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt  # an extra, and slow to import
    except ImportError as error:
        raise MissingExtraError('Plots need matplotlib: pip install "spoilerguard[plots]"') from error
    return plt.subplots(layout="constrained")[1]


def finish(ax: "Axes", x: str, y: str, title: str) -> "Axes":
    """Name the axes, and remove the lines that carry no information."""
    ax.set(xlabel=x, ylabel=y)
    ax.set_title(title, loc="left")
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.25)
    ax.set_axisbelow(True)
    return ax


def _curves(report: Report, standing: Standing | str | None) -> dict[Standing, Curves]:
    """The curves of one standing, or of all."""
    if standing is None:
        return report.curves
    if standing not in report.curves:
        known = ", ".join(repr(one.value) for one in report.curves)
        raise ValueError(f"standing {str(standing)!r} is not in this report; it has {known}.")
    return {Standing(standing): report.curves[Standing(standing)]}


def _draw_band(ax: "Axes", band: Band, color: str, style: str, label: str) -> None:
    ax.fill_between(band.at, band.low, band.high, color=color, alpha=0.15, linewidth=0)
    ax.plot(band.at, band.value, style, color=color, label=label)


def _root(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(np.maximum(values, 0)))
