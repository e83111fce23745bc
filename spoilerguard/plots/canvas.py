"""Where to draw: matplotlib, if it is there, and what all charts share."""

from typing import TYPE_CHECKING, Any

from spoilerguard.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["GREY", "MODES", "SAFE", "SPOILER", "axes", "finish"]

# The palette is that of Okabe and Ito: see the package's first lines.
SAFE, SPOILER, GREY = "#0072B2", "#D55E00", "#666666"
MODES: dict[str, dict[str, Any]] = {
    "alone": {"color": SAFE, "linestyle": "--"},
    "in review": {"color": SPOILER, "linestyle": "-"},
}


def axes(ax: "Axes | None") -> "Axes":
    """The axes given, or new ones.

    Raises
    ------
    MissingExtraError
        Where matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt  # an extra, and slow to import
    except ImportError as error:
        raise MissingExtraError('Plots need matplotlib: pip install "spoilerguard[plots]"') from error
    return plt.subplots(layout="constrained")[1] if ax is None else ax


def finish(ax: "Axes", x: str, y: str, title: str) -> "Axes":
    """Name the axes, and leave out what carries nothing."""
    ax.set(xlabel=x, ylabel=y)
    ax.set_title(title, loc="left")
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.25)
    ax.set_axisbelow(True)
    return ax
