"""One model and one corpus → a report; also from probabilities that something else gave."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from spoilerguard.bootstrap import Estimate, Measure, estimate
from spoilerguard.corpus import Corpus
from spoilerguard.corpus.schema import COLUMNS
from spoilerguard.datasets.loading import AnyTable, read_table
from spoilerguard.datasets.whole_reviews import is_whole_reviews
from spoilerguard.documents import Standing
from spoilerguard.evaluation.classifiers import TextClassifier, probabilities_to_logits
from spoilerguard.evaluation.curves import curves_of
from spoilerguard.evaluation.metrics import MetricValue, review_measure, sentence_measure
from spoilerguard.evaluation.report import PointCheck, Report
from spoilerguard.evaluation.scored_corpus import Sample, ScoredCorpus, resolve_arguments, score, scored_alone
from spoilerguard.evaluation.slices import ALL, MAJOR, learnt_slices, own_slices, slices
from spoilerguard.model import SpoilerClassifier

__all__ = ["evaluate", "evaluate_probabilities", "report_of"]

_MAX_MISTAKES = 1000  # kept for reading; nobody reads more
_NO_WORKS = "No row has a work: each review, or sentence without one, counts as a work of its own."
_EDGE = 1e-9  # keeps the logit of a threshold of 0 or 1 finite


def evaluate(
    model: SpoilerClassifier | TextClassifier | str | Path | None,
    corpus: AnyTable,
    *,
    slice_by: str | Sequence[str] = (),
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> Report:
    """Measure a model on sentences that it has not learnt from.

    Every metric is given for sentences alone and, over the reviews of two sentences or more, in their review; each with
    its 95 % bootstrap interval over works (Field and Welsh 2007). Rows count by their weight.

    Parameters
    ----------
    model : SpoilerClassifier, other classifier, str or Path
        A fitted model, its folder, ``"default"`` or ``"accurate"``. Or any fitted scikit-learn classifier that takes a
        list of sentences and was fitted on labels such as 0/1 or "safe"/"spoiler", for instance a pipeline that begins
        with a ``TfidfVectorizer``. It is asked for ``predict_proba``; where there is none, its ``decision_function``
        ranks, and calibration is left out. Its threshold is 0.5, and it scores each sentence by itself in either
        standing; the report says so.
    corpus : Corpus, DataFrame or path
        Labelled sentences of works that the model has not seen; see `spoilerguard.load_corpus`.
    slice_by : str or sequence of str, optional
        Columns of your own, such as annotator or genre, of whose values the twelve most frequent are measured alone.
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
        Where the corpus is empty, cannot be read, or lacks a column of `slice_by`.
    TypeError
        Where model and corpus are swapped, or the classifier cannot score sentences.
    ValueError
        Where the classes of a classifier do not say which is the spoiler, or it gives hard labels.
    sklearn.exceptions.NotFittedError

    Warns
    -----
    UserWarning
        Where the model remembers more of these sentences from its training than chance explains. `Report.overlap` says
        how many, and the slices "learnt: yes" and "learnt: no" what difference it makes.

    Examples
    --------
    >>> sentences = ["He dies at the end.", "The killer is the nurse.", "Great music.", "The acting is fine."]
    >>> model = SpoilerClassifier(C=10).fit(sentences, [1, 1, 0, 0])
    >>> table = pd.DataFrame(
    ...     {"sentence": ["She dies.", "Fine music.", "The nurse dies.", "Great."], "spoiler": [1, 0, 1, 0]}
    ... )
    >>> report = evaluate(model, table)
    >>> report.metric("roc_auc").value, report.metric("base_rate").value
    (1.0, 0.5)
    """
    [fitted], labelled = resolve_arguments([model], corpus)
    own = own_slices(labelled, slice_by)
    scored = score(fitted, labelled)
    scored.warn_of_overlap("the model's")
    return report_of(scored, n_bootstrap=n_bootstrap, seed=seed, own=own)


def evaluate_probabilities(
    corpus: AnyTable,
    probabilities: ArrayLike,
    *,
    slice_by: str | Sequence[str] = (),
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> Report:
    """Measure probabilities that anything at all has given, such as a language model or a person.

    Parameters
    ----------
    corpus : Corpus, DataFrame or path
        Labelled sentences; see `spoilerguard.load_corpus`.
    probabilities : array-like of float, shape (n_sentences,)
        How probable it is, from 0 to 1, that each sentence is a spoiler: in the order of the rows of `corpus`. For a
        table of whole reviews: in the order of their sentences.
    slice_by, n_bootstrap, seed
        As in `evaluate`.

    Returns
    -------
    Report
        With the same probabilities in either standing, and the threshold 0.5, named "default".

    Raises
    ------
    CorpusError
        Where the corpus cannot be read.
    TypeError
        Where the arguments are swapped.
    ValueError
        Where the probabilities are not one for each sentence, not in [0, 1], or hard labels: those have no ranking.

    Examples
    --------
    >>> table = pd.DataFrame({"sentence": ["She dies.", "Fine music.", "Great."], "spoiler": [1, 0, 0]})
    >>> evaluate_probabilities(table, [0.9, 0.2, 0.4]).metric("roc_auc").value
    1.0
    """
    _, labelled = resolve_arguments([], corpus)
    logits = probabilities_to_logits(probabilities, len(labelled), "probabilities")
    note = "The given probabilities stand for both standings." if labelled.in_review.any() else ""
    scored = scored_alone(labelled, logits[_given_order(corpus, labelled)], note)
    return report_of(scored, n_bootstrap=n_bootstrap, seed=seed, own=own_slices(labelled, slice_by))


def _given_order(corpus: AnyTable, labelled: Corpus) -> NDArray[np.int64]:
    """For each row of the loaded corpus, the row of the argument: loading puts the sentences of a review together."""
    if isinstance(corpus, Corpus):
        return np.arange(len(labelled))
    frame, _ = read_table(corpus)
    if is_whole_reviews(list(frame.columns)):
        return np.arange(len(labelled))
    known = frame[[name for name in COLUMNS if name in frame.columns]]  # the others are warned about once
    return Corpus.from_frame(known.assign(weight=np.arange(len(frame)))).weights.astype(np.int64)


def report_of(
    scored: ScoredCorpus, *, n_bootstrap: int, seed: int, own: Mapping[str, NDArray[np.bool_]] | None = None
) -> Report:
    """The report on sentences that are scored already, such as those of a cross-validation; `own` slices are added."""
    corpus = scored.corpus
    parts = slices(corpus) | learnt_slices(corpus, scored.memory, scored.overlap) | dict(own or {})
    metrics = [one for standing in scored.standings for one in _metrics(scored, standing, parts, n_bootstrap, seed)]
    return Report(
        name=corpus.name,
        digest=corpus.digest,
        n_sentences=len(corpus),
        n_reviews=int((corpus.lengths > 1).sum()),
        n_works=len(set(corpus.groups)),
        n_bootstrap=n_bootstrap,
        seed=seed,
        metrics=tuple(metrics),
        operating_points=tuple(_point_checks(scored, metrics)),
        curves={standing: curves_of(scored, standing, n_bootstrap, seed) for standing in scored.standings},
        mistakes=_mistakes(scored),
        note=" ".join(filter(None, (scored.note, "" if corpus.frame["work"].notna().any() else _NO_WORKS))),
        overlap=scored.overlap,
    )


def _metrics(
    scored: ScoredCorpus, standing: Standing, parts: Mapping[str, NDArray[np.bool_]], n_bootstrap: int, seed: int
) -> Iterator[MetricValue]:
    """Metrics of one standing: sentences by slices, then reviews."""

    def values(measure: Measure, sample: Sample, part: str, n: int) -> Iterator[MetricValue]:
        found = estimate(measure, sample.n_groups, n_rows=len(sample), n_bootstrap=n_bootstrap, seed=seed)
        for metric, one in found.items():
            yield MetricValue(standing, part, metric, one.value, one.low, one.high, n)

    for name, mask in parts.items():
        sample = Sample.of(scored, standing, mask)
        if len(sample) or name == ALL:
            yield from values(sentence_measure(sample), sample, name, len(sample))
    major = Sample.of_major(scored, standing) if standing == scored.standings[-1] else None
    if major is not None:
        yield from values(sentence_measure(major), major, MAJOR, len(major))
    inside = Sample.of(scored, standing, scored.corpus.in_review)
    if len(inside):
        measure, n_reviews = review_measure(inside, scored.main_point(standing))
        yield from values(measure, inside, ALL, n_reviews)


def _point_checks(scored: ScoredCorpus, metrics: list[MetricValue]) -> Iterator[PointCheck]:
    """Each operating point as achieved, beside what the model promises."""
    found = {(one.standing, one.metric): Estimate(one.value, one.low, one.high) for one in metrics if one.slice == ALL}
    for standing in scored.standings:
        for name, thresholds in scored.thresholds[standing].items():
            used = np.unique(thresholds[scored.counted(standing)])
            yield PointCheck(
                name=name,
                standing=standing,
                threshold=float(used[0]) if len(used) == 1 else float("nan"),
                precision=found[standing, f"precision@{name}"],
                recall=found[standing, f"recall@{name}"],
                promised=scored.promised.get(standing, {}).get(name),
            )


def _mistakes(scored: ScoredCorpus) -> pd.DataFrame:
    """The rows that `classify` would label wrongly, worst first."""
    corpus, rows = scored.corpus, scored.rows
    in_review = scored.counted(Standing.IN_REVIEW)
    logits = np.where(in_review, scored.logits[Standing.IN_REVIEW], scored.logits[Standing.ALONE])
    at = {standing: scored.thresholds[standing][scored.main_point(standing)] for standing in Standing}
    threshold = np.where(in_review, at[Standing.IN_REVIEW], at[Standing.ALONE])
    probability = np.asarray(expit(logits))
    flagged = probability >= threshold
    distance = np.abs(logits - logit(np.clip(threshold, _EDGE, 1 - _EDGE)))
    wrong = np.flatnonzero((flagged != (corpus.labels[rows] == 1)) & (corpus.weights[rows] > 0))
    worst = wrong[np.lexsort((rows[wrong], -distance[wrong]))][:_MAX_MISTAKES]
    about = corpus.frame[["sentence", "review_id", "position", "work", "source"]].iloc[rows[worst]]
    found = {
        "error": np.where(flagged[worst], "false alarm", "missed spoiler"),
        "probability": probability[worst],
        "threshold": threshold[worst],
        "standing": np.where(in_review[worst], Standing.IN_REVIEW.value, Standing.ALONE.value),
    }
    return about.assign(**found)
