"""What the checks found, as values: for people, as JSON, as a table."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

__all__ = ["CheckReport", "Finding", "Severity", "report_rows"]

Severity = Literal["error", "warning", "note"]

_SHOWN = 5
_ORDER = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about a corpus.

    Attributes
    ----------
    name : str
        What was found, such as ``"exact-duplicates"``; stable, to be used in programs.
    severity : "error", "warning" or "note"
        Must be mended; should be looked at; good to know.
    message : str
        What was found, why it matters and what to do.
    rows : tuple of int
        The first few rows concerned, counted from 0 in the corpus's own order.
    count : int
        How many rows are concerned; 0 where it is the whole table.

    Examples
    --------
    >>> print(Finding("few-spoilers", "warning", "0.4 % of the sentences are spoilers.", (3,), 1))
    warning  few-spoilers: 0.4 % of the sentences are spoilers. (1 row: 3)
    """

    name: str
    severity: Severity
    message: str
    rows: tuple[int, ...] = ()
    count: int = 0

    def __str__(self) -> str:
        more = ", …" if self.count > len(self.rows) else ""
        plural = "row" if self.count == 1 else "rows"
        where = f" ({self.count:,} {plural}: {', '.join(map(str, self.rows))}{more})" if self.rows else ""
        return f"{self.severity:7s}  {self.name}: {self.message}{where}"


@dataclass(frozen=True)
class CheckReport:
    """All findings about one corpus, the gravest first.

    Attributes
    ----------
    findings : tuple of Finding
        What was found.
    name : str
        The corpus's name.
    size : int
        Its number of sentences.

    Examples
    --------
    >>> report = CheckReport((Finding("one-class", "error", "Every label is 0."),), "mine.csv", 40)
    >>> report.ok, report.names
    (False, ('one-class',))
    >>> print(report)
    mine.csv: 40 sentences, 1 error, 0 warnings, 0 notes
    error    one-class: Every label is 0.
    """

    findings: tuple[Finding, ...]
    name: str = ""
    size: int = 0

    def __post_init__(self) -> None:
        ranked = sorted(self.findings, key=lambda finding: _ORDER[finding.severity])
        object.__setattr__(self, "findings", tuple(ranked))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    @property
    def ok(self) -> bool:
        """Whether nothing must be mended: no finding is an error."""
        return not any(finding.severity == "error" for finding in self.findings)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the findings, in order."""
        return tuple(finding.name for finding in self.findings)

    def to_json(self) -> str:
        """The report as a JSON object: ``name``, ``size``, ``ok``, ``findings``."""
        content = {"name": self.name, "size": self.size, "ok": self.ok}
        return json.dumps(content | {"findings": [asdict(finding) for finding in self.findings]}, indent=2)

    def to_frame(self) -> pd.DataFrame:
        """One row a finding."""
        columns = ["name", "severity", "count", "message", "rows"]
        return pd.DataFrame([asdict(finding) for finding in self.findings], columns=columns)

    def __repr__(self) -> str:
        return f"CheckReport({self._headline()})"

    def __str__(self) -> str:
        return "\n".join([self._headline(), *map(str, self.findings)])

    def _headline(self) -> str:
        counts = {kind: sum(finding.severity == kind for finding in self.findings) for kind in _ORDER}
        counted = ", ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counts.items())
        return f"{self.name or 'corpus'}: {self.size:,} sentences, {counted}"


def report_rows(name: str, severity: Severity, message: str, rows: Any) -> Iterator[Finding]:  # noqa: ANN401
    """One finding about these rows, a mask or row numbers; none where there are no rows."""
    asked = np.asarray(rows)
    concerned = np.flatnonzero(asked) if asked.dtype == bool else np.sort(asked.astype(np.int64))
    if len(concerned):
        yield Finding(name, severity, message, tuple(int(row) for row in concerned[:_SHOWN]), len(concerned))
