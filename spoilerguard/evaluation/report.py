"""A report is a value: every figure with its interval, to be read, stored, drawn or compared."""

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from spoilerguard.bootstrap import Estimate
from spoilerguard.calibration import OperatingPoint
from spoilerguard.evaluation.curves import Curves
from spoilerguard.evaluation.slices import ALL
from spoilerguard.evaluation.tables import Table, as_html, as_text, operating_point_table, overview_table, slice_table

__all__ = ["Figure", "PointCheck", "Report", "as_json"]

_DIGITS = 6  # of a stored figure: what follows differs from processor to processor


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure about some sentences (or reviews) in one mode.

    Attributes
    ----------
    mode : str
        ``"alone"`` or ``"in review"``.
    slice : str
        Which sentences: ``"all"``, ``"source: imdb"``, …
    metric : str
        Such as ``"roc_auc"`` or ``"precision@balanced"``.
    value, low, high : float
        The figure and its 95 % bootstrap interval over works; NaN where it is undefined.
    n : int
        How many sentences, or reviews, it rests on.
    """

    mode: str
    slice: str
    metric: str
    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class PointCheck:
    """An operating point of the model: what it promises, and what it achieved here.

    Attributes
    ----------
    name, mode : str
    threshold : float
        NaN where several models, each with its own threshold, were judged together.
    precision, recall : Estimate
        Achieved on this corpus.
    stored : OperatingPoint or None
        What the model promises; None where it stores no such point.
    """

    name: str
    mode: str
    threshold: float
    precision: Estimate
    recall: Estimate
    stored: OperatingPoint | None

    @property
    def within(self) -> dict[str, bool]:
        """Whether precision, and whether recall, lies within the interval that the model states; empty if none."""
        if self.stored is None:
            return {}
        (low, high), (lowest, highest) = self.stored.precision_interval, self.stored.recall_interval
        return {"precision": low <= self.precision.value <= high, "recall": lowest <= self.recall.value <= highest}

    @property
    def broken(self) -> tuple[str, ...]:
        """Which of precision and recall fell below the interval that the model states; to exceed it is no fault."""
        if self.stored is None:
            return ()
        short = {
            "precision": self.precision.value < self.stored.precision_interval[0],
            "recall": self.recall.value < self.stored.recall_interval[0],
        }
        return tuple(name for name, fell_short in short.items() if fell_short)


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What `spoilerguard.evaluate` found.

    Attributes
    ----------
    name, digest : str
        The corpus: its name and the hash of its content.
    n_sentences, n_reviews, n_works : int
        Its size; reviews are those of two sentences or more, and a sentence of no known work is a work of its own.
    n_bootstrap, seed : int
        How the intervals were drawn.
    figures : tuple of Figure
        Everything, for each mode and slice.
    operating_points : tuple of PointCheck
        What each threshold of the model achieved, beside what it promises.
    curves : dict of str to Curves
        For each mode what `spoilerguard.plots` draws.
    mistakes : pandas.DataFrame
        The most confident mistakes, worst first; the only part that holds texts, and never written to JSON.
    """

    name: str
    digest: str
    n_sentences: int
    n_reviews: int
    n_works: int
    n_bootstrap: int
    seed: int
    figures: tuple[Figure, ...]
    operating_points: tuple[PointCheck, ...]
    curves: dict[str, Curves]
    mistakes: pd.DataFrame = field(repr=False)

    @property
    def modes(self) -> tuple[str, ...]:
        """``("alone", "in review")``, or the first only where the corpus has no reviews."""
        return tuple(self.curves)

    def figure(self, metric: str, mode: str | None = None, slice: str = ALL) -> Figure:  # noqa: A002 - the column's name
        """One figure.

        Parameters
        ----------
        metric : str
            Such as ``"roc_auc"``.
        mode : str, optional
            By default in review where there are reviews.
        slice : str, default "all"
            Which sentences.

        Raises
        ------
        KeyError
            Where there is no such figure; the message lists what there is.
        """
        wanted = mode or self.modes[-1]
        found = {one.metric: one for one in self.figures if (one.mode, one.slice) == (wanted, slice)}
        if metric not in found:
            known = ", ".join(found) or f"other modes and slices: {self.modes}, {tuple(self.slices)}"
            raise KeyError(f"no figure {metric!r} for mode {wanted!r} and slice {slice!r}; there is {known}")
        return found[metric]

    @property
    def slices(self) -> tuple[str, ...]:
        """The names of the slices, "all" first."""
        return tuple(dict.fromkeys(one.slice for one in self.figures))

    def worst_errors(self, n: int = 20) -> pd.DataFrame:
        """The `n` most confident mistakes: how far, in logits, the sentence lies on the wrong side of its threshold.

        Sentences of reviews are judged in their review, others alone, at the operating point "balanced" or, where
        the model has none, at its own threshold. The table holds texts: look at their terms before sharing it.
        """
        return self.mistakes.head(n).copy()

    def to_frame(self) -> pd.DataFrame:
        """One row a figure: ``mode, slice, metric, value, low, high, n``."""
        return pd.DataFrame([asdict(figure) for figure in self.figures], columns=list(Figure.__dataclass_fields__))

    def to_json(self) -> str:
        """Everything but texts, as a JSON object; undefined figures are null."""
        return as_json(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """What `to_json` writes, as plain values."""
        size = {"sentences": self.n_sentences, "reviews": self.n_reviews, "works": self.n_works}
        return {
            "corpus": {"name": self.name, "digest": self.digest, **size},
            "bootstrap": {"resamples": self.n_bootstrap, "seed": self.seed},
            "figures": [asdict(figure) for figure in self.figures],
            "operating_points": [asdict(point) | {"within": point.within} for point in self.operating_points],
            "curves": {mode: asdict(curves) for mode, curves in self.curves.items()},
        }

    def __str__(self) -> str:
        return as_text(self._headline(), self._tables())

    def _repr_html_(self) -> str:
        return as_html(self._headline(), self._tables())

    def _headline(self) -> str:
        base_rate = self.figure("base_rate", self.modes[0]).value
        reviews = f", {self.n_reviews:,} reviews" if self.n_reviews else ""
        named = f"{self.name}: " if self.name else ""
        return (
            f"{named}{self.n_sentences:,} sentences, {100 * base_rate:.1f} % spoilers, {self.n_works:,} works{reviews}"
            "; 95 % intervals over works"
        )

    def _tables(self) -> list[Table]:
        return [overview_table(self), operating_point_table(self), slice_table(self)]


def as_json(content: object) -> str:
    """JSON that any reader accepts: rounded numbers, null for NaN.

    Examples
    --------
    >>> print(as_json({"auc": 0.123456789, "undefined": float("nan")}))
    {
      "auc": 0.123457,
      "undefined": null
    }
    """
    return json.dumps(_plain(content), indent=2, allow_nan=False, ensure_ascii=False)


def _plain(content: Any) -> Any:  # noqa: ANN401 - JSON is any of these
    if isinstance(content, dict):
        return {key: _plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    if isinstance(content, float):
        return round(content, _DIGITS) if math.isfinite(content) else None
    return content
