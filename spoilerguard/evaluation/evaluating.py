"""One model and one corpus → a report."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from spoilerguard.bootstrap import Estimate, Measure, estimate
from spoilerguard.corpus import Corpus
from spoilerguard.evaluation.curves import curves_of
from spoilerguard.evaluation.judging import Judged, judge
from spoilerguard.evaluation.measures import Sample, review_measure, sentence_measure
from spoilerguard.evaluation.report import Figure, PointCheck, Report
from spoilerguard.evaluation.slices import ALL, slices
from spoilerguard.model import SpoilerClassifier

__all__ = ["evaluate", "report_of"]

_MISTAKES = 1000  # kept for reading; nobody reads more
_EDGE = 1e-9


def evaluate(model: SpoilerClassifier, corpus: Corpus, *, n_bootstrap: int = 1000, seed: int = 0) -> Report:
    """Judge a model on sentences that it has not learnt from.

    Every figure comes for sentences alone and, over the reviews of two sentences or more, in their review; each with
    its 95 % bootstrap interval over works (Field and Welsh 2007). Rows count by their weight.

    Parameters
    ----------
    model : SpoilerClassifier
        Fitted.
    corpus : Corpus
        Labelled sentences of works that the model has not seen.
    n_bootstrap : int, default 1000
        Number of resamples.
    seed : int, default 0
        Equal seeds give equal reports.

    Returns
    -------
    Report

    Raises
    ------
    CorpusError
        Where the corpus is empty.

    Examples
    --------
    >>> sentences = ["He dies at the end.", "The killer is the nurse.", "Great music.", "The acting is fine."]
    >>> model = SpoilerClassifier(C=10).fit(sentences, [1, 1, 0, 0])
    >>> table = pd.DataFrame(
    ...     {"sentence": ["She dies.", "Fine music.", "The nurse dies.", "Great."], "spoiler": [1, 0, 1, 0]}
    ... )
    >>> report = evaluate(model, Corpus.from_frame(table))
    >>> report.figure("roc_auc").value, report.figure("base_rate").value
    (1.0, 0.5)
    """
    return report_of(corpus, judge(model, corpus), n_bootstrap=n_bootstrap, seed=seed)


def report_of(corpus: Corpus, judgements: Sequence[Judged], *, n_bootstrap: int, seed: int) -> Report:
    """The report on sentences that are judged already, as by the folds of a cross-validation."""
    figures = [one for judged in judgements for one in _figures(corpus, judged, n_bootstrap, seed)]
    return Report(
        name=corpus.name,
        digest=corpus.digest,
        n_sentences=len(corpus),
        n_reviews=int((corpus.lengths > 1).sum()),
        n_works=len(set(corpus.groups)),
        n_bootstrap=n_bootstrap,
        seed=seed,
        figures=tuple(figures),
        operating_points=tuple(point for judged in judgements for point in _checks(judged, figures)),
        curves={judged.mode: curves_of(corpus, judged, n_bootstrap, seed) for judged in judgements},
        mistakes=_mistakes(corpus, judgements),
    )


def _figures(corpus: Corpus, judged: Judged, n_bootstrap: int, seed: int) -> Iterator[Figure]:
    """Of one mode: sentences by slices, then reviews."""
    for name, mask in slices(corpus).items():
        sample = Sample.of(corpus, judged, mask)
        if len(sample) or name == ALL:
            found = _estimates(sentence_measure(sample), sample, n_bootstrap, seed)
            yield from _named(found, judged.mode, name, len(sample))
    whole = Sample.of(corpus, judged)
    if (whole.reviews >= 0).any():
        inside = Sample.of(corpus, judged, corpus.in_review)
        measure, n_reviews = review_measure(inside, judged.main_point)
        yield from _named(_estimates(measure, inside, n_bootstrap, seed), judged.mode, ALL, n_reviews)


def _estimates(measure: Measure, sample: Sample, n_bootstrap: int, seed: int) -> dict[str, Estimate]:
    return estimate(measure, sample.n_groups, n_rows=len(sample), n_bootstrap=n_bootstrap, seed=seed)


def _named(found: dict[str, Estimate], mode: str, part: str, n: int) -> Iterator[Figure]:
    for metric, one in found.items():
        yield Figure(mode, part, metric, one.value, one.low, one.high, n)


def _checks(judged: Judged, figures: list[Figure]) -> Iterator[PointCheck]:
    """Each operating point as achieved, beside what is stored of it."""
    found = {one.metric: one for one in figures if (one.mode, one.slice) == (judged.mode, ALL)}
    for name, thresholds in judged.thresholds.items():
        precision, recall = (found[f"{metric}@{name}"] for metric in ("precision", "recall"))
        same = len(thresholds) and (thresholds == thresholds[0]).all()
        yield PointCheck(
            name=name,
            mode=judged.mode,
            threshold=float(thresholds[0]) if same else float("nan"),
            precision=Estimate(precision.value, precision.low, precision.high),
            recall=Estimate(recall.value, recall.low, recall.high),
            stored=judged.stored.get(name),
        )


def _mistakes(corpus: Corpus, judgements: Sequence[Judged]) -> pd.DataFrame:
    """The rows judged wrong as `classify` would judge them, worst first."""
    logits, threshold = np.zeros(len(corpus)), np.zeros(len(corpus))
    mode = np.empty(len(corpus), dtype=object)
    for judged in judgements:  # in review comes last, and overrides alone
        logits[judged.rows], mode[judged.rows] = judged.logits, judged.mode
        threshold[judged.rows] = judged.thresholds[judged.main_point]
    probability = np.asarray(expit(logits))
    flagged = probability >= threshold
    distance = np.abs(logits - logit(np.clip(threshold, _EDGE, 1 - _EDGE)))
    wrong = np.flatnonzero((flagged != (corpus.labels == 1)) & (corpus.weights > 0))
    rows = wrong[np.argsort(-distance[wrong], kind="stable")][:_MISTAKES]
    about = corpus.frame[["sentence", "review_id", "position", "work", "source"]].iloc[rows]
    judged_as = pd.DataFrame(
        {
            "error": np.where(flagged[rows], "false alarm", "missed spoiler"),
            "probability": probability[rows],
            "threshold": threshold[rows],
            "mode": mode[rows],
        },
        index=about.index,
    )
    return pd.concat([about, judged_as], axis=1)
