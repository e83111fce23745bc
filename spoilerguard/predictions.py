"""A model and documents → a logit for every sentence, alone and where it stands; and those → verdicts."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spoilerguard.calibration import expit
from spoilerguard.decisions import DecisionRule, Level
from spoilerguard.documents import Documents, Standing
from spoilerguard.linear_model import LinearModel
from spoilerguard.review_stage import highest_of, of_documents
from spoilerguard.verdicts import Label, Verdict

__all__ = ["Predictions", "predict"]


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a model says of the sentences of some documents: arrays of shape (n_sentences,).

    Attributes
    ----------
    documents : Documents
    alone : ndarray of float64
        Logit of each sentence by itself.
    logit : ndarray of float64
        Logit of each sentence where it stands: in its review, or alone where it has no neighbours.
    certain : ndarray of bool
        Whether each sentence carries enough to be classified.
    major_share : ndarray of float64 or None
        Probability that each sentence is a major spoiler if it is one at all; None where the model cannot tell.
    probability : ndarray of float64
        Calibrated probability, in [0, 1], that each sentence is a spoiler, where it stands.
    """

    documents: Documents
    alone: NDArray[np.float64]
    logit: NDArray[np.float64]
    certain: NDArray[np.bool_]
    major_share: NDArray[np.float64] | None = None
    probability: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "probability", expit(self.logit))  # asked for again and again

    def __repr__(self) -> str:
        return f"Predictions({self.documents!r})"

    @property
    def major(self) -> NDArray[np.float64] | None:
        """Calibrated probability that each sentence is a major spoiler; never above `probability`."""
        return None if self.major_share is None else self.probability * self.major_share

    def of_level(self, level: Level) -> NDArray[np.float64]:
        """The probability that decides at a level: `probability`, or `major`."""
        found = self.probability if level is Level.ANY else self.major
        assert found is not None, "a rule for major spoilers belongs to a model that knows them"  # noqa: S101
        return found

    def is_spoiler(self, rule: DecisionRule) -> NDArray[np.bool_]:
        """Whether the probability of each sentence is enough where it stands."""
        in_review, enough = self.documents.in_review, rule.thresholds
        flags = self.of_level(rule.level) >= np.where(in_review, enough[Standing.IN_REVIEW], enough[Standing.ALONE])
        return flags if rule.wider is None else flags & self.is_spoiler(rule.wider)

    def review_probability(self, rule: DecisionRule) -> NDArray[np.float64]:
        """Probability that each document holds a spoiler, shape (n_documents,); 0 where it has no sentence."""
        of_sentences, lengths = self.of_level(rule.level), self.documents.lengths
        if rule.review_stage is None:
            return np.maximum(highest_of(of_sentences, lengths), 0.0)
        found = rule.review_stage.probability(of_sentences, lengths)
        return found if rule.wider is None else np.minimum(found, self.review_probability(rule.wider))

    def review_is_spoiler(self, rule: DecisionRule) -> NDArray[np.bool_]:
        """Whether each document is called one that holds a spoiler, shape (n_documents,)."""
        if rule.review_threshold is None:
            return of_documents(self.is_spoiler(rule), self.documents.lengths)
        flags = (self.review_probability(rule) >= rule.review_threshold) & (self.documents.lengths > 0)
        return flags if rule.wider is None else flags & self.review_is_spoiler(rule.wider)

    def to_verdicts(self, rule: DecisionRule) -> list[Verdict]:
        """One verdict for each sentence, in order."""
        documents, major = self.documents, self.major
        columns = (documents.starts, self.is_spoiler(rule), self.probability, self.certain, documents.marked)
        majors = [None] * len(documents) if major is None else major.tolist()
        rows = zip(documents.texts, *(column.tolist() for column in columns), majors, strict=True)
        return [
            Verdict(text, start, start + len(text), Label.SPOILER if spoiler else Label.SAFE, *values)
            for text, start, spoiler, *values in rows
        ]


def predict(model: LinearModel, documents: Documents) -> Predictions:
    """Classify the sentences of documents.

    Parameters
    ----------
    model : SpoilerClassifier
        Fitted.
    documents : Documents

    Returns
    -------
    Predictions

    Examples
    --------
    >>> from spoilerguard.model import SpoilerClassifier
    >>> sentences = ["He dies at the end.", "The killer is the nurse.", "Great music.", "The acting is fine."]
    >>> model = SpoilerClassifier(C=10).fit(sentences, [1, 1, 0, 0])
    >>> predictions = predict(model, Documents.from_reviews(["Great acting. The killer dies."]))
    >>> (predictions.probability > 0.5).tolist()
    [False, True]
    """
    parts = [_predict_batch(model, batch) for batch in documents.batches()]
    columns = zip(*parts, strict=True) if parts else [np.zeros((1, 0))] * 4
    alone, logit, certain, major_share = (np.concatenate(list(column)) for column in columns)
    return Predictions(
        documents, alone, logit, certain.astype(np.bool_), None if model.severity_ is None else major_share
    )


def _predict_batch(model: LinearModel, documents: Documents) -> tuple[NDArray[Any], ...]:
    """Logits alone, logits where the sentences stand, certainty and shares of major spoilers, from one reading."""
    vectorizer = model.vectorizer_
    batches = list(vectorizer.tokenize(documents.sentences))
    if not batches:
        return (np.zeros(0),) * 4
    vectors = [vectorizer.encode_tokens(tokens) for tokens in batches]
    pairs = zip(batches, vectors, strict=True)
    alone = logit = np.concatenate([model.score_tokens(tokens, vector) for tokens, vector in pairs])
    certain = np.concatenate([model.certain_tokens(tokens) for tokens in batches])
    context, severity, in_review, in_place = model.context_, model.severity_, documents.in_review, None
    reads_vectors = bool(context and context.vector_coef) or bool(severity and Standing.IN_REVIEW in severity.heads)
    if reads_vectors and in_review.any():
        in_place = vectorizer.encode_reviews(batches, documents.lengths, np.concatenate(vectors))
    if context is not None and in_review.any():
        logit = np.where(in_review, context.logits(alone, documents, in_place), alone)
    share = np.zeros(0) if severity is None else severity.share(np.concatenate(vectors), in_place, in_review)
    return alone, logit, certain, share
