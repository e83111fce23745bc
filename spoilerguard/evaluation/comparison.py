"""Is one model better than another? Both score the same sentences; a test decides, and an interval shows how much.

Difficult works are difficult for both models, so the difference is what is resampled: a paired bootstrap interval
(Efron and Tibshirani 1993) is far narrower than two intervals side by side. The interval is for reading. With few works
it is too narrow, and two metrics give two chances of a false find: read as a test, it called 10 to 27 of 100 pairs of
equal models different. So the verdict rests on the permutation test of `spoilerguard.evaluation.significance`, with
Holm's correction over the metrics that decide. Where it finds nothing, the verdict is "cannot tell".
"""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spoilerguard.bootstrap import Estimate, estimate
from spoilerguard.datasets.loading import AnyTable
from spoilerguard.documents import Standing
from spoilerguard.evaluation.classifiers import TextClassifier
from spoilerguard.evaluation.metrics import COMPARED, DECISIVE, METRICS, sentence_measure, title_of
from spoilerguard.evaluation.scored_corpus import Sample, ScoredCorpus, resolve_arguments, score
from spoilerguard.evaluation.significance import LEVEL, holm, swap_test
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
    """

    name: str
    digest: str
    n_sentences: int
    n_works: int
    n_bootstrap: int
    seed: int
    differences: tuple[Difference, ...]
    notes: tuple[str, ...] = ()

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
        named = f"{self.name}: " if self.name else ""
        size = f"{self.n_sentences:,} sentences, {self.n_works:,} works"
        return f"{named}{_SENTENCES[self.verdict]} ({self.standing}; {size})"

    def _notes(self) -> tuple[str, ...]:
        return self.notes

    def _tables(self) -> list[Table]:
        rows = []
        for one in self.differences:
            intervals = map(format_interval, (one.a, one.b, one.change))
            p_value = "–" if math.isnan(one.p_value) else f"{one.p_value:.3f}"
            rows.append((title_of(one.metric), one.standing, *intervals, p_value, one.verdict))
        return [Table("b against a", ("", "standing", "a", "b", "b − a", "p", "verdict"), rows)]


def compare(
    a: SpoilerClassifier | TextClassifier | str | Path | None,
    b: SpoilerClassifier | TextClassifier | str | Path | None,
    corpus: AnyTable,
    *,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> Comparison:
    """Whether model `b` (the candidate) is better than model `a` (the one in use).

    Parameters
    ----------
    a, b : SpoilerClassifier, other classifier, str or Path
        Fitted models, their folders, ``"default"`` or ``"accurate"``, or any scikit-learn classifier on text as in
        `spoilerguard.evaluate`; neither may have learnt from the corpus.
    corpus : Corpus, DataFrame or path
        Labelled sentences; see `spoilerguard.load_corpus`.
    n_bootstrap : int, default 1000
        Number of resamples of works for the intervals, the same for both models.
    seed : int, default 0
        Draws the resamples and the swaps. Equal seeds give equal comparisons.

    Returns
    -------
    Comparison
        Its verdict rests on ROC AUC and average precision, in the review where the corpus has reviews.

    Raises
    ------
    CorpusError
        Where the corpus is empty or cannot be read.
    TypeError
        Where a model and the corpus are swapped, or a classifier cannot score sentences.
    ValueError
        Where the classes of a classifier do not say which is the spoiler, or it gives hard labels.
    sklearn.exceptions.NotFittedError

    Notes
    -----
    The test swaps the scores of the two models work by work (Fisher 1935; Venkatraman and Begg 1996), 1,000 times, or
    in every way where there are eleven works or fewer. ROC AUC and average precision are corrected together (Holm
    1979). A classifier without context scores each sentence by itself, in the review too: that is then part of what is
    compared, and the comparison says so.

    The verdict is about these two fitted models on works like these. Two models of one recipe, trained on other samples
    of the same kind, differ as well, and one of them may truly be better. Whether a *recipe* is better shows only when
    both are trained several times, on other samples.

    Examples
    --------
    >>> sentences = ["He dies at the end.", "The killer is the nurse.", "Great music.", "The acting is fine."]
    >>> model = SpoilerClassifier(C=10).fit(sentences, [1, 1, 0, 0])
    >>> compare(model, model, pd.DataFrame({"sentence": sentences, "spoiler": [1, 1, 0, 0]})).verdict
    'cannot tell'
    """
    (left, right), labelled = resolve_arguments([a, b], corpus)
    scored = score(left, labelled), score(right, labelled)
    for name, one in zip(("a’s", "b’s"), scored, strict=True):
        one.warn_of_overlap(name)
    return comparison_of(*scored, n_bootstrap=n_bootstrap, seed=seed)


def comparison_of(a: ScoredCorpus, b: ScoredCorpus, *, n_bootstrap: int, seed: int) -> Comparison:
    """Compare the logits that two models gave the same rows of one corpus."""
    corpus = a.corpus
    differences = [one for standing in a.standings for one in _differences(a, b, standing, n_bootstrap, seed)]
    works = len(set(corpus.groups))
    notes = [f"{name}: {scored.note}" for name, scored in (("a", a), ("b", b)) if scored.note]
    overlaps = (("a’s", a.overlap), ("b’s", b.overlap))
    notes += [found.describe(whose) for whose, found in overlaps if found is not None and found.is_beyond_chance]
    return Comparison(
        corpus.name, corpus.digest, len(corpus), works, n_bootstrap, seed, tuple(differences), tuple(notes)
    )


def _differences(
    a: ScoredCorpus, b: ScoredCorpus, standing: Standing, n_bootstrap: int, seed: int
) -> Iterator[Difference]:
    sample, sample_b = Sample.of(a, standing), Sample.of(b, standing)
    measure_a, measure_b = sentence_measure(sample), sentence_measure(sample_b)

    def change(counts: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        before, after = measure_a(counts), measure_b(counts)
        return {metric: after[metric] - before[metric] for metric in COMPARED if metric in before}

    of_a, of_b, changed = (
        estimate(measure, sample.n_groups, n_rows=len(sample), n_bootstrap=n_bootstrap, seed=seed, bounds=(lowest, 1.0))
        for measure, lowest in ((measure_a, 0.0), (measure_b, 0.0), (change, -1.0))
    )
    found = swap_test(sample, sample_b, seed)
    of_role = [{name: p for name, p in found.items() if (name in DECISIVE) is decides} for decides in (True, False)]
    p_values = {name: p for family in of_role for name, p in holm(family).items()}
    for metric, one in changed.items():
        yield Difference(standing, metric, of_a[metric], of_b[metric], one, p_values[metric])
