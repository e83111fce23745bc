"""Is one model better than another? Both score the same sentences; a test decides, and an interval shows how much.

Difficult works are difficult for both models, so the difference is what is resampled: a paired bootstrap interval
(Efron and Tibshirani 1993) is far narrower than two intervals side by side. The interval is for reading. With few works
it is too narrow, and two metrics give two chances of a false find: read as a test, it called 10 to 27 of 100 pairs of
equal models different. So the verdict rests on the permutation test of `spoilerguard.evaluation.significance`, with
Holm's correction over the metrics that decide. Where it finds nothing, the verdict is "cannot tell".
"""

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from spoilerguard.bootstrap import Estimate
from spoilerguard.documents import Standing
from spoilerguard.evaluation.metrics import DECISIVE, METRICS, title_of
from spoilerguard.evaluation.significance import LEVEL
from spoilerguard.evaluation.tables import Result, Table, as_json, format_interval

__all__ = ["UNNAMED", "Comparison", "Difference", "Outcome", "names_of"]

Outcome = Literal["better", "worse", "cannot tell"]

UNNAMED = ("the first", "the second")
_OF_THESE_TWO = (
    "This is said of these two fitted models. Two models of one recipe, trained on other samples, differ as well (24 "
    "of 100 such pairs): to compare recipes, pass them with replicates=."
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric of two models, and what can be said of the difference.

    Attributes
    ----------
    standing : Standing
    metric : str
    a, b : Estimate
        Of either model.
    change : Estimate
        ``b − a`` with its paired 95 % bootstrap interval over works, for reading: no verdict rests on it.
    p_value : float
        Of the permutation test over works, corrected by Holm (1979) together with the other metrics of the same role
        in the same standing: those that decide, and those that do not. NaN where the metric is undefined.
    """

    standing: Standing
    metric: str
    a: Estimate
    b: Estimate
    change: Estimate
    p_value: float

    @property
    def verdict(self) -> Outcome:
        """Of b against a; "cannot tell" unless the p-value is 0.05 or less."""
        if not self.p_value <= LEVEL:  # NaN neither
            return "cannot tell"
        return "better" if (self.change.value > 0) != METRICS[self.metric].lower_is_better else "worse"


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Result):
    """What `spoilerguard.compare` found: whether b is better than a.

    Attributes
    ----------
    name, digest : str
        The corpus.
    n_sentences, n_works, n_bootstrap, seed : int
        Its size, and how the intervals were drawn.
    differences : tuple of Difference
        For each standing and metric.
    notes : tuple of str
        What else has to be known about the scores of a or b, such as that one has no context.
    replicates : int
        How often both recipes were trained, each time on other works; 0 where fitted models were compared.
    models : tuple of (str, str)
        What a and b are called: the names or folders that were given, else "the first" and "the second".
    """

    name: str
    digest: str
    n_sentences: int
    n_works: int
    n_bootstrap: int
    seed: int
    differences: tuple[Difference, ...]
    notes: tuple[str, ...] = ()
    replicates: int = 0
    models: tuple[str, str] = UNNAMED

    @property
    def standing(self) -> Standing:
        """The standing that decides: in review where there are reviews."""
        return self.differences[-1].standing

    def difference(self, metric: str, standing: Standing | str | None = None) -> Difference:
        """One metric, by default in the standing that decides."""
        wanted = standing or self.standing
        found = {one.metric: one for one in self.differences if one.standing == wanted}
        if metric not in found:
            raise KeyError(f"no difference for {metric!r} {wanted!s}; there is {', '.join(found) or 'none'}")
        return found[metric]

    @property
    def verdict(self) -> Outcome:
        """Of b against a: better or worse where ROC AUC or average precision says so and the other does not object.

        Of 100 pairs of models that are equally good, no more than 5 are called better or worse. Of six works or fewer
        nothing can be told.
        """
        said = {self.difference(metric).verdict for metric in DECISIVE} - {"cannot tell"}
        return said.pop() if len(said) == 1 else "cannot tell"

    def to_frame(self) -> pd.DataFrame:
        """One row for each metric: ``standing, metric, a, b, change, low, high, p_value, verdict``."""
        rows = [
            (d.standing.value, d.metric, d.a.value, d.b.value, d.change.value, *d.change.interval, d.p_value, d.verdict)
            for d in self.differences
        ]
        return pd.DataFrame(rows, columns="standing metric a b change low high p_value verdict".split())

    def to_json(self) -> str:
        """Everything, as a JSON object."""
        content = asdict(self) | {"verdict": self.verdict, "standing": self.standing}
        content["differences"] = [asdict(one) | {"verdict": one.verdict} for one in self.differences]
        return as_json(content)

    def _headline(self) -> str:
        a, b = self.models
        said = f"{b} is {self.verdict} than {a}"
        if self.verdict == "cannot tell":
            said = f"cannot tell whether {b} is better than {a}"
        named = f"{self.name}: " if self.name else ""
        return f"{named}{said} ({self.standing}; {self.n_sentences:,} sentences, {self.n_works:,} works)"

    def _notes(self) -> tuple[str, ...]:
        fitted = self.verdict != "cannot tell" and not self.replicates
        return (*self.notes, _OF_THESE_TWO) if fitted else self.notes

    def _tables(self) -> list[Table]:
        rows = []
        for one in self.differences:
            intervals = map(format_interval, (one.a, one.b, one.change))
            p_value = "–" if math.isnan(one.p_value) else f"{one.p_value:.3f}"
            rows.append((title_of(one.metric), one.standing, *intervals, p_value, one.verdict))
        a, b = self.models
        return [Table(f"{b} against {a}", ("", "standing", a, b, "difference", "p", "verdict"), rows)]


def names_of(a: object, b: object) -> tuple[str, str]:
    """What two models are called: by the name or the folder that was given, if that tells them apart.

    Examples
    --------
    >>> names_of("default", Path("models/mine")), names_of("old/model", "new/model"), names_of("mine", object())
    (('default', 'mine'), ('old/model', 'new/model'), ('mine', 'the second'))
    """
    given = [str(one) if isinstance(one, str | Path) else "default" if one is None else "" for one in (a, b)]
    short = [Path(name).name or name for name in given]
    left, right = short if short[0] != short[1] else given
    return (left or UNNAMED[0], right or UNNAMED[1]) if left != right else UNNAMED
