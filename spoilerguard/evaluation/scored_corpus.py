"""A corpus with the logits that a model gives it: all that evaluation knows about the model.

The logits may also come from several models, such as those of a cross-validation. Then thresholds differ by row.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.utils.validation import check_is_fitted

from spoilerguard.bootstrap import factorize
from spoilerguard.bundled import NAMES, resolve_model
from spoilerguard.calibration.operating_points import DEFAULT_POINT, OperatingPoints, resolve_thresholds
from spoilerguard.corpus import Corpus
from spoilerguard.datasets.loading import AnyTable, load_corpus
from spoilerguard.decisions import DecisionRule, Level
from spoilerguard.documents import Standing
from spoilerguard.errors import CorpusError
from spoilerguard.evaluation.classifiers import TextClassifier, is_text_classifier, spoiler_logits
from spoilerguard.linear_model import LinearModel
from spoilerguard.memory import Overlap, SentenceMemory
from spoilerguard.model import SpoilerClassifier
from spoilerguard.predicting import predict
from spoilerguard.predictions import Predictions
from spoilerguard.ranking import refuse_hard_labels
from spoilerguard.user_warnings import warn_user

__all__ = ["MODEL_THRESHOLD", "Answers", "Sample", "ScoredCorpus", "resolve_arguments", "score", "scored_alone"]

MODEL_THRESHOLD = "default"  # stands for the threshold of a model that has no operating points, or one that was set

_EDGE = 1e-12  # keeps the logit of a probability of 0 or 1 finite
_NO_CONTEXT = "The model has no context: in the review, too, each sentence is scored by itself."


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a model says of each row beyond the logits of sentences; arrays of shape (n_rows,)."""

    probability: NDArray[np.float64]
    decisions: Mapping[str, NDArray[np.bool_]]  # for each operating point

    @property
    def logits(self) -> NDArray[np.float64]:
        """Those of the probabilities, finite."""
        return np.asarray(logit(np.clip(self.probability, _EDGE, 1 - _EDGE)))

    @classmethod
    def concat(cls, parts: Sequence["Answers | None"]) -> "Answers | None":
        """One after the other; None where a part has none. Kept are the operating points that all parts have."""
        found = [part for part in parts if part is not None]
        if len(found) < len(parts):
            return None
        shared = [name for name in found[0].decisions if all(name in part.decisions for part in found)]
        decisions = {name: np.concatenate([part.decisions[name] for part in found]) for name in shared}
        return cls(np.concatenate([part.probability for part in found]), decisions)


@dataclass(frozen=True, eq=False)
class ScoredCorpus:
    """Logits of sentences for each standing, and the probability that is enough at each operating point."""

    corpus: Corpus
    rows: NDArray[np.intp]  # of the corpus, shape (n_rows,), in the order of logits and thresholds
    logits: Mapping[Standing, NDArray[np.float64]]  # in review, only rows of reviews of two sentences or more count
    thresholds: Mapping[Standing, Mapping[str, NDArray[np.float64]]]  # one value for each row
    promised: OperatingPoints = field(default_factory=dict)  # what the model states about its operating points
    note: str = ""  # what a reader has to know about the scores
    are_probabilities: bool = True  # else the scores only rank, and calibration is undefined
    major: Answers | None = None  # whether each sentence is a major spoiler, where it stands
    reviews: Answers | None = None  # whether the review of each sentence holds a spoiler
    memory: SentenceMemory | None = None  # what the model has learnt from, where it knows

    @cached_property
    def overlap(self) -> Overlap | None:
        """How much of the corpus the model has learnt from; None where it does not know."""
        return None if self.memory is None else self.memory.overlap(self.corpus.sentences)

    def warn_of_overlap(self, whose: str) -> None:
        """Warn where the model has learnt from these sentences; `whose` training it was, in words."""
        if self.overlap is not None and self.overlap.is_beyond_chance:
            warn_user(
                f"{self.overlap.describe(whose)} Measured on what it has learnt, a model looks better than it is: take "
                "other works."
            )

    @property
    def standings(self) -> tuple[Standing, ...]:
        """Alone, and in review where there are reviews."""
        return tuple(standing for standing in Standing if self.counted(standing).any())

    def counted(self, standing: Standing) -> NDArray[np.bool_]:
        """Which rows count in this standing, shape (n_rows,)."""
        return np.asarray(self.corpus.in_review[self.rows] | (standing is Standing.ALONE))

    def main_point(self, standing: Standing) -> str:
        """The operating point at which mistakes are counted: the threshold that was set, "balanced", or the first."""
        points = self.thresholds[standing]
        return next((name for name in (MODEL_THRESHOLD, DEFAULT_POINT) if name in points), next(iter(points)))


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The sentences that some metrics are computed from, without those of weight 0; arrays of shape (n_sentences,)."""

    labels: NDArray[np.int8]
    logits: NDArray[np.float64]
    weights: NDArray[np.float64]
    decisions: Mapping[str, NDArray[np.bool_]]  # for each operating point, which sentences are labelled spoilers
    groups: NDArray[np.intp]  # number of each sentence's work, from 0
    n_groups: int
    reviews: NDArray[np.intp]  # number of each sentence's review; -1 outside of reviews
    rows: NDArray[np.intp]  # of the corpus
    are_probabilities: bool = True
    of_reviews: Answers | None = None  # by row, where the model judges reviews as such

    @classmethod
    def of(cls, scored: ScoredCorpus, standing: Standing, mask: NDArray[np.bool_] | None = None) -> "Sample":
        """The sentences that count in a standing, or those of them that a mask over the corpus selects."""
        corpus = scored.corpus
        chosen = scored.counted(standing) & (corpus.weights[scored.rows] > 0)
        if mask is not None:
            chosen &= mask[scored.rows]
        rows, logits = scored.rows[chosen], scored.logits[standing][chosen]
        probabilities = expit(logits)
        decisions = {name: probabilities >= at[chosen] for name, at in scored.thresholds[standing].items()}
        groups, n_groups = factorize(corpus.groups[rows])
        reviews = np.repeat(np.where(corpus.lengths > 1, np.arange(len(corpus.lengths)), -1), corpus.lengths)
        columns = (corpus.labels[rows], logits, corpus.weights[rows], decisions, groups, n_groups, reviews[rows], rows)
        of_reviews = scored.reviews if standing is Standing.IN_REVIEW else None
        return cls(*columns, scored.are_probabilities, None if of_reviews is None else _chosen(of_reviews, chosen))

    @classmethod
    def of_major(cls, scored: ScoredCorpus, standing: Standing) -> "Sample | None":
        """The sentences of which it is known whether they are major spoilers, labelled and scored as such."""
        if scored.major is None:
            return None
        majors = scored.corpus.majors
        sample = cls.of(replace(scored, reviews=None), standing, majors >= 0)
        if not len(sample):
            return None
        found = _chosen(scored.major, np.isin(scored.rows, sample.rows))
        return replace(sample, labels=majors[sample.rows], logits=found.logits, decisions=found.decisions)

    def __len__(self) -> int:
        return len(self.labels)


def _chosen(answers: Answers, rows: NDArray[np.bool_]) -> Answers:
    return Answers(answers.probability[rows], {name: flags[rows] for name, flags in answers.decisions.items()})


def score(model: SpoilerClassifier | TextClassifier, corpus: Corpus) -> ScoredCorpus:
    """The model's logits of a corpus; an unfitted model and hard labels for logits are refused.

    A classifier that is not ours has no context and no operating points: its logits are the same in either standing.
    """
    no_context = _NO_CONTEXT if corpus.in_review.any() else ""
    if not isinstance(model, SpoilerClassifier):
        logits, note = spoiler_logits(model, corpus.sentences)
        scored = scored_alone(corpus, logits, " ".join(filter(None, (no_context, note))))
        return replace(scored, are_probabilities=not note)
    check_is_fitted(model)
    predictions = predict(model, corpus.documents)
    refuse_hard_labels(predictions.alone)
    points = model.operating_points_
    own = resolve_thresholds(points, None, model.threshold)
    thresholds = {}
    for standing in Standing:
        named = {name: point.threshold for name, point in points.get(standing, {}).items()}
        if model.threshold is not None or not named:
            named[MODEL_THRESHOLD] = own[standing]
        thresholds[standing] = {name: np.full(len(corpus), at) for name, at in named.items()}
    by_standing = {Standing.ALONE: predictions.alone, Standing.IN_REVIEW: predictions.logit}
    note = no_context if model.context_ is None else ""
    scored = ScoredCorpus(corpus, np.arange(len(corpus)), by_standing, thresholds, points, note, memory=model.memory_)
    return replace(scored, major=_major(model, predictions), reviews=_reviews(model, predictions))


def _major(model: SpoilerClassifier, predictions: Predictions) -> Answers | None:
    if model.severity_ is None or predictions.major is None:
        return None
    names = model.severity_.operating_points.get(Standing.ALONE, {})
    rules = {name: DecisionRule.of(model, name, Level.MAJOR) for name in names}
    return Answers(predictions.major, {name: predictions.is_spoiler(rule) for name, rule in rules.items()})


def _reviews(model: SpoilerClassifier, predictions: Predictions) -> Answers | None:
    if Level.ANY not in model.review_stages_:
        return None
    lengths = predictions.documents.lengths
    own = DecisionRule.of(model)
    rules = {name: DecisionRule.of(model, name) for name in model.operating_points_.get(Standing.ALONE, {})}
    rules |= {} if model.threshold is None else {MODEL_THRESHOLD: own}
    decisions = {name: np.repeat(predictions.review_is_spoiler(rule), lengths) for name, rule in rules.items()}
    return Answers(np.repeat(predictions.review_probability(own), lengths), decisions)


def scored_alone(corpus: Corpus, logits: NDArray[np.float64], note: str) -> ScoredCorpus:
    """A corpus with one logit for each sentence, the same in either standing, and the threshold 0.5."""
    thresholds = {standing: {MODEL_THRESHOLD: np.full(len(corpus), 0.5)} for standing in Standing}
    return ScoredCorpus(corpus, np.arange(len(corpus)), dict.fromkeys(Standing, logits), thresholds, note=note)


def resolve_arguments(
    models: Sequence[Any],
    corpus: AnyTable,
) -> tuple[list[SpoilerClassifier | TextClassifier], Corpus]:
    """What the arguments of `evaluate` or `compare` stand for; swapped ones and an empty corpus are refused."""
    if _is_model(corpus) or any(isinstance(model, Corpus | pd.DataFrame) for model in models):
        shown = [repr(one) if isinstance(one, str | os.PathLike) else type(one).__name__ for one in (*models, corpus)]
        raise TypeError(f"The model comes first and the corpus last; got {', '.join(shown)}.")
    resolved: list[SpoilerClassifier | TextClassifier] = []
    for model in models:
        if model is None or isinstance(model, LinearModel | str | Path):
            resolved.append(SpoilerClassifier.from_linear_model(resolve_model(model)))
        elif is_text_classifier(model):
            resolved.append(model)
        else:
            given = f"the class {model.__name__}" if isinstance(model, type) else type(model).__name__
            raise TypeError(
                "A model is a SpoilerClassifier, another fitted scikit-learn classifier on text, a folder, a name or "
                f"None; got {given}."
            )
    labelled = load_corpus(corpus)
    if not len(labelled):
        raise CorpusError(f"{labelled.name or 'the corpus'}: no sentences to evaluate on; it needs at least one")
    return resolved, labelled


def _is_model(argument: object) -> bool:
    """Whether an argument is a model, or the name or the folder of one."""
    if isinstance(argument, str | os.PathLike):
        is_name = argument in NAMES and not os.path.exists(argument)  # noqa: PTH110 - a name may be no path at all
        return is_name or os.path.isfile(os.path.join(argument, "model.json"))  # noqa: PTH113, PTH118
    return not isinstance(argument, Corpus | pd.DataFrame) and is_text_classifier(argument)
