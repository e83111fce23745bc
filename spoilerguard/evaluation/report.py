"""The result of an evaluation: every metric with its interval, to be read, stored, drawn or compared."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from spoilerguard.bootstrap import Estimate
from spoilerguard.calibration.operating_points import OperatingPoint
from spoilerguard.documents import Standing
from spoilerguard.evaluation.curves import Curves
from spoilerguard.evaluation.metrics import DECISIVE, METRICS, MetricValue, title_of
from spoilerguard.evaluation.slices import ALL
from spoilerguard.evaluation.tables import Result, Table, as_json, format_interval
from spoilerguard.memory import Overlap

__all__ = ["PointCheck", "Report"]


@dataclass(frozen=True, slots=True)
class PointCheck:
    """An operating point of the model: what the model promises, and what it achieved here.

    Attributes
    ----------
    name : str
    standing : Standing
    threshold : float
        NaN where several models were scored together, each with a threshold of its own.
    precision, recall : Estimate
        Achieved on this corpus.
    promised : OperatingPoint or None
        What the model states; None where it states nothing.
    """

    name: str
    standing: Standing
    threshold: float
    precision: Estimate
    recall: Estimate
    promised: OperatingPoint | None

    @property
    def broken(self) -> tuple[str, ...]:
        """Which of precision and recall fell below the interval that the model states; more than stated is no fault."""
        if self.promised is None:
            return ()
        short = {
            "precision": self.precision.value < self.promised.precision_interval[0],
            "recall": self.recall.value < self.promised.recall_interval[0],
        }
        return tuple(name for name, fell_short in short.items() if fell_short)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Report(Result):
    """What `spoilerguard.evaluate` found.

    Attributes
    ----------
    name, digest : str
        The corpus: its name and the hash of its content.
    n_sentences, n_reviews, n_works : int
        Its size. Reviews are those of two sentences or more; a sentence of unknown work counts as a work of its own.
    n_bootstrap, seed : int
        How the intervals were drawn.
    metrics : tuple of MetricValue
        Every metric, for each standing and slice.
    operating_points : tuple of PointCheck
        What each threshold of the model achieved, beside what the model promises.
    curves : dict of Standing to Curves
        What `spoilerguard.plots` draws.
    mistakes : pandas.DataFrame
        The most confident mistakes, worst first. Only this part holds texts, and it is never written to JSON.
    note : str
        What else has to be known about the scores, such as that the model has no context; mostly empty.
    overlap : Overlap or None
        How many of the sentences were in the model's training (`n_seen` of `n_asked`), as a `share` of the corpus and
        as a `share_of_training`; None where the model does not know what it has learnt from.
    """

    name: str
    digest: str
    n_sentences: int
    n_reviews: int
    n_works: int
    n_bootstrap: int
    seed: int
    metrics: tuple[MetricValue, ...]
    operating_points: tuple[PointCheck, ...]
    curves: dict[Standing, Curves]
    mistakes: pd.DataFrame
    note: str = ""
    overlap: Overlap | None = None

    @property
    def standings(self) -> tuple[Standing, ...]:
        """``("alone", "in review")``, or the first only where the corpus has no reviews."""
        return tuple(self.curves)

    @property
    def slices(self) -> tuple[str, ...]:
        """The names of the slices, "all" first."""
        return tuple(dict.fromkeys(one.slice for one in self.metrics))

    def metric(self, name: str, standing: Standing | str | None = None, slice: str = ALL) -> MetricValue:  # noqa: A002 - the column's name
        """One metric.

        Parameters
        ----------
        name : str
            Such as ``"roc_auc"``.
        standing : Standing or str, optional
            ``"alone"`` or ``"in review"``; by default in review where there are reviews.
        slice : str, default "all"
            Which sentences.

        Raises
        ------
        KeyError
            Where there is no such metric; the message lists those that there are.
        """
        wanted = standing or self.standings[-1]
        found = {one.metric: one for one in self.metrics if (one.standing, one.slice) == (wanted, slice)}
        if name not in found:
            others = f"other standings and slices: {', '.join(self.standings)}; {', '.join(self.slices)}"
            raise KeyError(f"no metric {name!r} {wanted!s} for slice {slice!r}; there is {', '.join(found) or others}")
        return found[name]

    def worst_errors(self, n: int = 20) -> pd.DataFrame:
        """The `n` most confident mistakes: those whose logits lie furthest on the wrong side of the threshold.

        Sentences of reviews are classified in their review, others alone, at the operating point "balanced" or, where
        the model has none, at its own threshold. The table holds texts: look at their terms before you share it.
        """
        return self.mistakes.head(n).copy()

    def to_frame(self) -> pd.DataFrame:
        """One row for each metric: ``standing, slice, metric, value, low, high, n``."""
        rows = [asdict(one) | {"standing": one.standing.value} for one in self.metrics]
        return pd.DataFrame(rows, columns=list(MetricValue.__dataclass_fields__))

    def to_json(self) -> str:
        """Everything but texts, as a JSON object; undefined values are null."""
        return as_json(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """What `to_json` writes, as plain values."""
        size = {"sentences": self.n_sentences, "reviews": self.n_reviews, "works": self.n_works}
        return {
            "corpus": {"name": self.name, "digest": self.digest, **size},
            "bootstrap": {"resamples": self.n_bootstrap, "seed": self.seed},
            "note": self.note,
            "overlap": asdict(self.overlap) | {"share": self.overlap.share} if self.overlap else None,
            "metrics": [asdict(one) for one in self.metrics],
            "operating_points": [asdict(point) | {"broken": point.broken} for point in self.operating_points],
            "curves": {standing.value: asdict(curves) for standing, curves in self.curves.items()},
        }

    def overview(self) -> Table:
        """Every metric over all sentences, one column for each standing."""
        found = {(one.metric, one.standing): one for one in self.metrics if one.slice == ALL}
        measured = dict.fromkeys(name for name, _ in found)
        names = [name for name in METRICS if name in measured]
        names += [name for name in measured if name.startswith("review_") and "@" in name]
        rows = [
            (title_of(name), *(format_interval(found.get((name, standing))) for standing in self.standings))
            for name in names
        ]
        return Table("All sentences", ("", *self.standings), rows)

    def _headline(self) -> str:
        share = self.metric("base_rate", Standing.ALONE).value
        reviews = f", {self.n_reviews:,} reviews" if self.n_reviews else ""
        named = f"{self.name}: " if self.name else ""
        return (
            f"{named}{self.n_sentences:,} sentences, {100 * share:.1f} % spoilers, {self.n_works:,} works{reviews}"
            "; 95 % intervals over works"
        )

    def _notes(self) -> list[str]:
        learnt = self.overlap.describe() if self.overlap and self.overlap.is_beyond_chance else ""
        return [note for note in (self.note, learnt) if note]

    def _tables(self) -> list[Table]:
        return [self.overview(), self._point_table(), self._slice_table()]

    def _point_table(self) -> Table:
        """Each operating point: what was achieved, and whether it falls short of what the model promises."""
        header = ("", "standing", "threshold", "precision", "recall", "promised precision, recall", "kept")
        rows = []
        for point in self.operating_points:
            promised, kept = "–", "–"
            if point.promised:
                promised = f"{point.promised.precision:.3f}, {point.promised.recall:.3f}"
                unknown = math.isnan(point.precision.value) or math.isnan(point.recall.value)
                kept = "no: " + ", ".join(point.broken) if point.broken else "–" if unknown else "yes"
            threshold = "–" if math.isnan(point.threshold) else f"{point.threshold:.3f}"
            achieved = format_interval(point.precision), format_interval(point.recall)
            rows.append((point.name, point.standing, threshold, *achieved, promised, kept))
        return Table("Operating points", header, rows)

    def _slice_table(self) -> Table:
        """The share of spoilers and the ranking metrics of each slice, in its review where it has one."""
        columns = ("base_rate", *DECISIVE)
        found = {(one.slice, one.standing, one.metric): one for one in self.metrics}
        rows = []
        for name in self.slices:
            standing = next(s for s in reversed(self.standings) if (name, s, "base_rate") in found)
            values = [found[name, standing, metric] for metric in columns]
            rows.append((name, standing, f"{values[0].n:,}", *map(format_interval, values)))
        return Table("Slices", ("", "standing", "sentences", *map(title_of, columns)), rows)
