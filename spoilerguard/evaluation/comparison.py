"""Is one model better than another? Both score the same sentences, and the difference is what is resampled.

Difficult works are difficult for both models, so a paired interval (Efron and Tibshirani 1993) is far narrower than two
intervals side by side. Where it contains zero, the verdict is "cannot tell".
"""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spoilerguard.bootstrap import Estimate, estimate
from spoilerguard.corpus import Corpus
from spoilerguard.documents import Standing
from spoilerguard.evaluation.metrics import COMPARED, DECISIVE, METRICS, sentence_measure, title_of
from spoilerguard.evaluation.scored_corpus import Sample, ScoredCorpus, resolve_arguments, score
from spoilerguard.evaluation.tables import Result, Table, as_json, format_interval
from spoilerguard.model import SpoilerClassifier

__all__ = ["Comparison", "Difference", "Outcome", "compare", "comparison_of"]

Outcome = Literal["better", "worse", "cannot tell"]

_SENTENCES: dict[Outcome, str] = {
    "better": "b is better than a",
    "worse": "b is worse than a",
    "cannot tell": "cannot tell which is better",
}


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
        ``b − a`` with its paired 95 % bootstrap interval over works.
    """

    standing: Standing
    metric: str
    a: Estimate
    b: Estimate
    change: Estimate

    @property
    def verdict(self) -> Outcome:
        """Of b against a; "cannot tell" where the interval contains zero."""
        sign = -1 if METRICS[self.metric].lower_is_better else 1
        low, high = sorted((sign * self.change.low, sign * self.change.high))
        return "better" if low > 0 else "worse" if high < 0 else "cannot tell"


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
    """

    name: str
    digest: str
    n_sentences: int
    n_works: int
    n_bootstrap: int
    seed: int
    differences: tuple[Difference, ...]

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
        """Of b against a: better or worse where ROC AUC or average precision says so and the other does not object."""
        said = {self.difference(metric).verdict for metric in DECISIVE} - {"cannot tell"}
        return said.pop() if len(said) == 1 else "cannot tell"

    def to_frame(self) -> pd.DataFrame:
        """One row for each metric: ``standing, metric, a, b, change, low, high, verdict``."""
        rows = [
            (d.standing.value, d.metric, d.a.value, d.b.value, d.change.value, *d.change.interval, d.verdict)
            for d in self.differences
        ]
        return pd.DataFrame(rows, columns=["standing", "metric", "a", "b", "change", "low", "high", "verdict"])

    def to_json(self) -> str:
        """Everything, as a JSON object."""
        content = asdict(self) | {"verdict": self.verdict, "standing": self.standing}
        content["differences"] = [asdict(one) | {"verdict": one.verdict} for one in self.differences]
        return as_json(content)

    def _headline(self) -> str:
        named = f"{self.name}: " if self.name else ""
        size = f"{self.n_sentences:,} sentences, {self.n_works:,} works"
        return f"{named}{_SENTENCES[self.verdict]} ({self.standing}; {size})"

    def _tables(self) -> list[Table]:
        rows = [
            (title_of(one.metric), one.standing, *map(format_interval, (one.a, one.b, one.change)), one.verdict)
            for one in self.differences
        ]
        return [Table("b against a", ("", "standing", "a", "b", "b − a", "verdict"), rows)]


def compare(
    a: SpoilerClassifier | str | Path | None,
    b: SpoilerClassifier | str | Path | None,
    corpus: Corpus | pd.DataFrame | str | os.PathLike[str],
    *,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> Comparison:
    """Whether model `b` (the candidate) is better than model `a` (the one in use).

    Parameters
    ----------
    a, b : SpoilerClassifier, str or Path
        Fitted models, their folders, ``"default"`` or ``"accurate"``; neither may have learnt from the corpus.
    corpus : Corpus, DataFrame or path
        Labelled sentences; see `spoilerguard.load_corpus`.
    n_bootstrap : int, default 1000
        Number of resamples of works, the same for both models.
    seed : int, default 0
        Equal seeds give equal comparisons.

    Returns
    -------
    Comparison
        Its verdict rests on ROC AUC and average precision, in the review where the corpus has reviews.

    Raises
    ------
    CorpusError
        Where the corpus is empty or cannot be read.
    TypeError
        Where a model and the corpus are swapped.
    sklearn.exceptions.NotFittedError

    Examples
    --------
    >>> sentences = ["He dies at the end.", "The killer is the nurse.", "Great music.", "The acting is fine."]
    >>> model = SpoilerClassifier(C=10).fit(sentences, [1, 1, 0, 0])
    >>> compare(model, model, pd.DataFrame({"sentence": sentences, "spoiler": [1, 1, 0, 0]})).verdict
    'cannot tell'
    """
    (left, right), labelled = resolve_arguments([a, b], corpus)
    return comparison_of(score(left, labelled), score(right, labelled), n_bootstrap=n_bootstrap, seed=seed)


def comparison_of(a: ScoredCorpus, b: ScoredCorpus, *, n_bootstrap: int, seed: int) -> Comparison:
    """Compare the logits that two models gave the same rows of one corpus."""
    corpus = a.corpus
    differences = [one for standing in a.standings for one in _differences(a, b, standing, n_bootstrap, seed)]
    works = len(set(corpus.groups))
    return Comparison(corpus.name, corpus.digest, len(corpus), works, n_bootstrap, seed, tuple(differences))


def _differences(
    a: ScoredCorpus, b: ScoredCorpus, standing: Standing, n_bootstrap: int, seed: int
) -> Iterator[Difference]:
    sample = Sample.of(a, standing)
    measure_a, measure_b = sentence_measure(sample), sentence_measure(Sample.of(b, standing))

    def change(counts: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        before, after = measure_a(counts), measure_b(counts)
        return {metric: after[metric] - before[metric] for metric in COMPARED if metric in before}

    of_a, of_b, changed = (
        estimate(measure, sample.n_groups, n_rows=len(sample), n_bootstrap=n_bootstrap, seed=seed, bounds=(lowest, 1.0))
        for measure, lowest in ((measure_a, 0.0), (measure_b, 0.0), (change, -1.0))
    )
    for metric, one in changed.items():
        yield Difference(standing, metric, of_a[metric], of_b[metric], one)
