"""Is one model better than another? Both judge the same sentences, and the difference is what is resampled.

Works that are hard are hard for both models, so a paired interval (Efron and Tibshirani 1993) is far narrower than two
intervals side by side; where it holds zero, the honest verdict is "cannot tell".
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spoilerguard.bootstrap import Estimate, Measure, estimate
from spoilerguard.corpus import Corpus
from spoilerguard.evaluation.judging import Judged, judge
from spoilerguard.evaluation.measures import Figures, Sample, sentence_measure
from spoilerguard.evaluation.report import as_json
from spoilerguard.evaluation.tables import TITLES, Table, as_html, as_text, told
from spoilerguard.model import SpoilerClassifier

__all__ = ["Comparison", "Difference", "Outcome", "compare"]

Outcome = Literal["better", "worse", "cannot tell"]

_DECIDING = ("roc_auc", "average_precision")
_LOWER_IS_BETTER = ("brier_score", "calibration_error")
_COMPARED = (*_DECIDING, "auc_within_reviews", *_LOWER_IS_BETTER)


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric of two models, and what can be said of the difference.

    Attributes
    ----------
    mode, metric : str
    a, b : Estimate
        Of either model.
    change : Estimate
        ``b − a`` with its paired 95 % bootstrap interval over works.
    verdict : "better", "worse" or "cannot tell"
        Of b against a; "cannot tell" where the interval holds zero.
    """

    mode: str
    metric: str
    a: Estimate
    b: Estimate
    change: Estimate

    @property
    def verdict(self) -> Outcome:  # noqa: D102 - see Attributes
        sign = -1 if self.metric in _LOWER_IS_BETTER else 1
        low, high = sorted((sign * self.change.low, sign * self.change.high))
        return "better" if low > 0 else "worse" if high < 0 else "cannot tell"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What `spoilerguard.compare` found: whether b is better than a.

    Attributes
    ----------
    name, digest : str
        The corpus.
    n_sentences, n_works, n_bootstrap, seed : int
        Its size, and how the intervals were drawn.
    differences : tuple of Difference
        For each mode and metric.
    """

    name: str
    digest: str
    n_sentences: int
    n_works: int
    n_bootstrap: int
    seed: int
    differences: tuple[Difference, ...]

    @property
    def mode(self) -> str:
        """The mode that decides: in review where there are reviews."""
        return self.differences[-1].mode

    def difference(self, metric: str, mode: str | None = None) -> Difference:
        """One metric, by default in the mode that decides."""
        found = {one.metric: one for one in self.differences if one.mode == (mode or self.mode)}
        if metric not in found:
            raise KeyError(f"no difference for {metric!r} in mode {mode or self.mode!r}; there is {', '.join(found)}")
        return found[metric]

    @property
    def verdict(self) -> Outcome:
        """Of b against a: better or worse where ROC AUC or average precision says so and the other does not object."""
        said = {self.difference(metric).verdict for metric in _DECIDING} - {"cannot tell"}
        return said.pop() if len(said) == 1 else "cannot tell"

    def to_frame(self) -> pd.DataFrame:
        """One row a metric: ``mode, metric, a, b, change, low, high, verdict``."""
        rows = [
            (d.mode, d.metric, d.a.value, d.b.value, d.change.value, d.change.low, d.change.high, d.verdict)
            for d in self.differences
        ]
        return pd.DataFrame(rows, columns=["mode", "metric", "a", "b", "change", "low", "high", "verdict"])

    def to_json(self) -> str:
        """Everything, as a JSON object."""
        content = asdict(self) | {"verdict": self.verdict, "mode": self.mode}
        content["differences"] = [asdict(one) | {"verdict": one.verdict} for one in self.differences]
        return as_json(content)

    def __str__(self) -> str:
        return as_text(self._headline(), [self._table()])

    def _repr_html_(self) -> str:
        return as_html(self._headline(), [self._table()])

    def _headline(self) -> str:
        named = f"{self.name}: " if self.name else ""
        said = {
            "better": "b is better than a",
            "worse": "b is worse than a",
            "cannot tell": "cannot tell which is better",
        }
        return f"{named}{said[self.verdict]} ({self.mode}; {self.n_sentences:,} sentences, {self.n_works:,} works)"

    def _table(self) -> Table:
        rows = [
            (TITLES[one.metric], one.mode, told(one.a), told(one.b), told(one.change), one.verdict)
            for one in self.differences
        ]
        return Table("b against a", ("", "mode", "a", "b", "b − a", "verdict"), rows)


def compare(
    a: SpoilerClassifier, b: SpoilerClassifier, corpus: Corpus, *, n_bootstrap: int = 1000, seed: int = 0
) -> Comparison:
    """Whether model `b` (the candidate) is better than model `a` (the one that stands).

    Parameters
    ----------
    a, b : SpoilerClassifier
        Fitted; neither may have learnt from the corpus.
    corpus : Corpus
        Both judge the same sentences of it.
    n_bootstrap : int, default 1000
        Number of resamples of works, the same for both models.
    seed : int, default 0

    Returns
    -------
    Comparison
        Its verdict rests on ROC AUC and average precision, in the review where the corpus has reviews.

    Examples
    --------
    >>> sentences = ["He dies at the end.", "The killer is the nurse.", "Great music.", "The acting is fine."]
    >>> model = SpoilerClassifier(C=10).fit(sentences, [1, 1, 0, 0])
    >>> corpus = Corpus.from_frame(pd.DataFrame({"sentence": sentences, "spoiler": [1, 1, 0, 0]}))
    >>> compare(model, model, corpus).verdict
    'cannot tell'
    """
    pairs = zip(judge(a, corpus), judge(b, corpus), strict=True)
    differences = [one for left, right in pairs for one in _differences(corpus, left, right, n_bootstrap, seed)]
    works = len(set(corpus.groups))
    return Comparison(corpus.name, corpus.digest, len(corpus), works, n_bootstrap, seed, tuple(differences))


def _differences(corpus: Corpus, a: Judged, b: Judged, n_bootstrap: int, seed: int) -> Iterator[Difference]:
    left, right = Sample.of(corpus, a), Sample.of(corpus, b)
    measures = sentence_measure(left), sentence_measure(right)
    of_a, of_b, change = (
        estimate(measure, left.n_groups, n_rows=len(left), n_bootstrap=n_bootstrap, seed=seed, bounds=(lowest, 1.0))
        for measure, lowest in ((measures[0], 0.0), (measures[1], 0.0), (_change(*measures), -1.0))
    )
    for metric in _COMPARED:
        if metric in change:
            yield Difference(a.mode, metric, of_a[metric], of_b[metric], change[metric])


def _change(a: Measure, b: Measure) -> Measure:
    """The measure b − a, on the same resamples."""

    def measure(counts: NDArray[np.float64]) -> Figures:
        before, after = a(counts), b(counts)
        return {metric: after[metric] - before[metric] for metric in _COMPARED if metric in before}

    return measure
