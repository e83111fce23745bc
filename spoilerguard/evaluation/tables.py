"""How results of an evaluation are shown: tables for a terminal and for a notebook from the same cells, and JSON."""

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from spoilerguard.bootstrap import Estimate
from spoilerguard.evaluation.metrics import MetricValue

__all__ = ["Result", "Table", "as_json", "format_interval"]

# Of the page's own colours, as in `rendering.highlighting`; a viewer that takes it away leaves plain tables.
_STYLE_SHEET = """<style>
.spoilerguard-report{color-scheme:light dark;background:Canvas;color:CanvasText;padding:.6em .8em;line-height:1.5;\
font-family:system-ui,sans-serif;font-size:14px;overflow-x:auto}
[data-jp-theme-light="true"] .spoilerguard-report,.vscode-light .spoilerguard-report{color-scheme:light}
[data-jp-theme-light="false"] .spoilerguard-report,.vscode-dark .spoilerguard-report{color-scheme:dark}
.spoilerguard-report p{margin:0 0 .6em;max-width:60em}
.spoilerguard-report p:first-of-type{font-weight:bold}
.spoilerguard-report table{border-collapse:collapse;margin:1em 0;font-variant-numeric:tabular-nums}
.spoilerguard-report caption{font-weight:bold;padding-bottom:.3em}
.spoilerguard-report caption,.spoilerguard-report th,.spoilerguard-report td{text-align:left;white-space:nowrap}
.spoilerguard-report th,.spoilerguard-report td{padding:.25em .9em .25em 0;border-bottom:1px solid #8884}
.spoilerguard-report thead th{border-bottom:2px solid #8888}
.spoilerguard-report tbody th{font-weight:normal}
</style>"""
_DIGITS = 6  # of a number in JSON; further digits differ between processors


@dataclass(frozen=True, slots=True)
class Table:
    """Cells under a header; the first column names the row."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


class Result(ABC):
    """A headline, notes and tables, as text and as HTML in a notebook; tables without rows are left out."""

    __slots__ = ()

    @abstractmethod
    def _headline(self) -> str: ...

    @abstractmethod
    def _tables(self) -> list[Table]: ...

    def _notes(self) -> Sequence[str]:
        """Sentences below the headline."""
        return ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._headline()})"

    def __str__(self) -> str:
        parts = ["\n".join([self._headline(), *self._notes()])]
        for table in self._tables():
            if table.rows:
                widths = [max(map(len, column)) for column in zip(table.header, *table.rows, strict=True)]
                rows = (zip(row, widths, strict=True) for row in (table.header, *table.rows))
                lines = ["  ".join(["", *(cell.ljust(width) for cell, width in row)]).rstrip() for row in rows]
                parts.append("\n".join([table.title, *lines]))
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        parts = [_STYLE_SHEET, *(f"<p>{escape(text)}</p>" for text in (self._headline(), *self._notes()))]
        for table in self._tables():
            if table.rows:
                head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.header)
                rows = ""
                for name, *cells in table.rows:
                    body = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
                    rows += f'<tr><th scope="row">{escape(name)}</th>{body}</tr>'
                caption = f"<caption>{escape(table.title)}</caption>"
                parts.append(f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")
        return f'<div class="spoilerguard-report">{"".join(parts)}</div>'


def format_interval(found: Estimate | MetricValue | None) -> str:
    """A value with its interval, in three decimals; "–" where it is undefined.

    Examples
    --------
    >>> format_interval(Estimate(0.9123, 0.8761, 0.9412)), format_interval(None)
    ('0.912 [0.876, 0.941]', '–')
    """
    if found is None or math.isnan(found.value):
        return "–"
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def as_json(content: object) -> str:
    """JSON with rounded numbers, and null for NaN.

    Examples
    --------
    >>> as_json({"auc": 0.123456789, "undefined": float("nan")}).split()
    ['{', '"auc":', '0.123457,', '"undefined":', 'null', '}']
    """

    def rounded(content: Any) -> Any:  # noqa: ANN401 - JSON is any of these
        if isinstance(content, dict):
            return {key: rounded(value) for key, value in content.items()}
        if isinstance(content, list | tuple):
            return [rounded(value) for value in content]
        if isinstance(content, float):
            return round(content, _DIGITS) if math.isfinite(content) else None
        return content

    return json.dumps(rounded(content), indent=2, allow_nan=False, ensure_ascii=False)
