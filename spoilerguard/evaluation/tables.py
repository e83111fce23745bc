"""Figures → tables for a terminal and for a notebook, from the same cells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from itertools import zip_longest
from typing import TYPE_CHECKING, Protocol

from spoilerguard.evaluation.slices import ALL
from spoilerguard.ranking import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spoilerguard.evaluation.report import Report

__all__ = ["TITLES", "Table", "as_html", "as_text", "operating_point_table", "overview_table", "slice_table", "told"]

TITLES = {
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "auc_within_reviews": "ROC AUC within reviews",
    "brier_score": "Brier score",
    "calibration_error": "calibration error",
    **{f"recall_at_precision_{at}": f"recall at precision {at}" for at in PRECISIONS},
    "accuracy": "accuracy at 0.5",
    "majority_accuracy": "… of one answer for all",
    "base_rate": "share of spoilers",
    "review_roc_auc": "reviews: ROC AUC",
    "review_average_precision": "reviews: average precision",
    "review_base_rate": "reviews: share with a spoiler",
}
_SLICED = ("base_rate", "roc_auc", "average_precision")


class Interval(Protocol):
    """A value between two bounds."""

    @property
    def value(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Table:
    """Cells under a header; the first column names the row."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def told(figure: Interval | None) -> str:
    """A figure in three decimals, its interval behind it; "–" where it is undefined.

    Examples
    --------
    >>> from spoilerguard.bootstrap import Estimate
    >>> told(Estimate(0.9123, 0.8761, 0.9412)), told(None)
    ('0.912 [0.876, 0.941]', '–')
    """
    if figure is None or math.isnan(figure.value):
        return "–"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def overview_table(report: Report) -> Table:
    """Every metric over all sentences, one column for each mode."""
    found = {(one.metric, one.mode): one for one in report.figures if one.slice == ALL}
    metrics = [metric for metric in dict.fromkeys(metric for metric, _ in found) if "@" not in metric]
    metrics += [metric for metric, _ in found if metric.startswith("review_") and "@" in metric]
    rows = [
        (_title(metric), *(told(found.get((metric, mode))) for mode in report.modes))
        for metric in dict.fromkeys(metrics)
    ]
    return Table("All sentences", ("", *report.modes), sorted(rows, key=lambda row: row[0].startswith("reviews:")))


def operating_point_table(report: Report) -> Table:
    """Each operating point: what was achieved, and whether it falls short of what the model promises."""
    header = ("", "mode", "threshold", "precision", "recall", "promised precision, recall", "kept")
    rows = []
    for point in report.operating_points:
        stored = point.stored
        promised = f"{stored.precision:.3f}, {stored.recall:.3f}" if stored else "–"
        threshold = "–" if math.isnan(point.threshold) else f"{point.threshold:.3f}"
        kept = "–" if stored is None else "no: " + ", ".join(point.broken) if point.broken else "yes"
        rows.append((point.name, point.mode, threshold, told(point.precision), told(point.recall), promised, kept))
    return Table("Operating points", header, rows)


def slice_table(report: Report) -> Table:
    """The ranking figures of each slice, in the richest mode that it has."""
    found = {(one.slice, one.metric, one.mode): one for one in report.figures}
    rows = []
    for name in report.slices:
        mode = next(mode for mode in reversed(report.modes) if (name, "base_rate", mode) in found)
        figures = [found.get((name, metric, mode)) for metric in _SLICED]
        n = f"{figures[0].n:,}" if figures[0] else "–"
        rows.append((name, mode, n, *map(told, figures)))
    return Table("Slices", ("", "mode", "sentences", *(_title(metric) for metric in _SLICED)), rows)


def as_text(headline: str, tables: list[Table]) -> str:
    """The tables for a terminal."""
    return "\n\n".join([headline, *("\n".join(_lines(table)) for table in tables if table.rows)])


def as_html(headline: str, tables: list[Table]) -> str:
    """The tables for a notebook; names of sources and corpora are escaped."""
    parts = [f"<p>{escape(headline)}</p>", *(_html(table) for table in tables if table.rows)]
    return f'<div class="spoilerguard-report">{"".join(parts)}</div>'


def _title(metric: str) -> str:
    if metric in TITLES:
        return TITLES[metric]
    name, _, point = metric.partition("@")
    return f"{name.replace('review_', 'reviews: ')} at {point!r}"


def _lines(table: Table) -> list[str]:
    columns = list(zip_longest(table.header, *table.rows, fillvalue=""))
    widths = [max(map(len, column)) for column in columns]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (table.header, *table.rows)
    ]
    return [table.title, *(f"  {line}" for line in lines)]


def _html(table: Table) -> str:
    head = "".join(f'<th style="text-align:left">{escape(cell)}</th>' for cell in table.header)
    rows = ""
    for name, *cells in table.rows:
        body = "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in cells)
        rows += f'<tr><th scope="row" style="text-align:left;font-weight:normal">{escape(name)}</th>{body}</tr>'
    caption = f'<caption style="text-align:left;font-weight:bold">{escape(table.title)}</caption>'
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
