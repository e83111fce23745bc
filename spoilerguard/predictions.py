"""A model and documents → a logit for every sentence, alone and where it stands; and those → verdicts."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spoilerguard.calibration import expit
from spoilerguard.documents import Documents, Standing
from spoilerguard.linear_model import LinearModel
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
    """

    documents: Documents
    alone: NDArray[np.float64]
    logit: NDArray[np.float64]
    certain: NDArray[np.bool_]

    def __repr__(self) -> str:
        return f"Predictions({self.documents!r})"

    @property
    def probability(self) -> NDArray[np.float64]:
        """Calibrated probability, in [0, 1], that each sentence is a spoiler, where it stands."""
        return expit(self.logit)

    def is_spoiler(self, thresholds: Mapping[Standing, float]) -> NDArray[np.bool_]:
        """Whether the probability of each sentence reaches the threshold of its standing."""
        in_review = self.documents.in_review
        return self.probability >= np.where(in_review, thresholds[Standing.IN_REVIEW], thresholds[Standing.ALONE])

    def to_verdicts(self, thresholds: Mapping[Standing, float]) -> list[Verdict]:
        """One verdict for each sentence, in order."""
        documents = self.documents
        columns = (documents.starts, self.is_spoiler(thresholds), self.probability, self.certain, documents.marked)
        rows = zip(documents.texts, *(column.tolist() for column in columns), strict=True)
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
    columns = zip(*parts, strict=True) if parts else ((np.zeros(0),), (np.zeros(0),), (np.zeros(0, dtype=np.bool_),))
    return Predictions(documents, *(np.concatenate(column) for column in columns))


def _predict_batch(
    model: LinearModel, documents: Documents
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Logits alone, logits where the sentences stand, and certainty, from one reading of the text."""
    vectorizer = model.vectorizer_
    batches = list(vectorizer.tokenize(documents.sentences))
    if not batches:
        return np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.bool_)
    vectors = [vectorizer.encode_tokens(tokens) for tokens in batches]
    pairs = zip(batches, vectors, strict=True)
    alone = np.concatenate([model.score_tokens(tokens, vector) for tokens, vector in pairs])
    certain = np.concatenate([model.certain_tokens(tokens) for tokens in batches])
    context, in_review = model.context_, documents.in_review
    if context is None or not in_review.any():
        return alone, alone, certain
    in_place = None
    if context.vector_coef:
        in_place = vectorizer.encode_reviews(batches, documents.lengths, np.concatenate(vectors))
    return alone, np.where(in_review, context.logits(alone, documents, in_place), alone), certain
