"""Out-of-fold logits by a glance and by reading → the gate: which sentences the encoder need not read."""

from bisect import bisect_left
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.metrics import average_precision_score

from spoilerguard.corpus import Corpus
from spoilerguard.documents import Standing
from spoilerguard.features.vectorizer import AnyVectors
from spoilerguard.model import SpoilerClassifier

__all__ = ["Gated", "ScoredVectors", "choose_gate"]

Floats = NDArray[np.float64]
Rows = NDArray[np.bool_]
_GATES = logit(np.geomspace(0.3, 0.001, 26)).tolist()  # from one to the next, odds fall by a fifth
_MAX_LOSS = 0.002  # of average precision, alone and in the review
_MAX_MISSED = 0.01  # of the spoilers that would be flagged: those that are not read
_MIN_SPARED = 0.4  # of all sentences; fewer would not pay for a glance at each
_MIN_SPOILERS = 100  # from fewer, nobody can tell so small a loss


class ScoredVectors(NamedTuple):
    """Vectors of sentences, from the encoder or its skimmer, and what the head makes of them.

    Attributes
    ----------
    logits : ndarray of float64, shape (n_sentences,)
        Of each sentence alone, from a head that has not seen its work.
    vectors : ndarray of float32, shape (n_sentences, n_dimensions)
    """

    logits: Floats
    vectors: AnyVectors


class Gated(NamedTuple):
    """What is known of sentences where a gate decides which of them are read.

    Attributes
    ----------
    gate : float or None
        None where all are read.
    alone, in_place : ndarray of float64, shape (n_sentences,)
        Out-of-fold logits of each sentence alone, and where it stands.
    read : ndarray of bool, shape (n_sentences,)
    vectors : pair of ndarray, shapes (n_sentences, n_dimensions) and (n_sentences, n_review_dimensions)
        Of each sentence alone, and in its review.
    """

    gate: float | None
    alone: Floats
    in_place: Floats
    read: Rows
    vectors: tuple[AnyVectors, AnyVectors]


def choose_gate(
    model: SpoilerClassifier,
    corpus: Corpus,
    rows: Rows,
    looks: tuple[ScoredVectors, Gated],
    in_place: Callable[[Floats, AnyVectors], Floats],
    flagged: Rows,
) -> tuple[Gated, dict[str, Any]]:
    """The highest gate that costs next to nothing, where one spares enough.

    Parameters
    ----------
    model : SpoilerClassifier
    corpus : Corpus
    rows : ndarray of bool, shape (n_sentences,)
        On which thresholds are set.
    looks : pair of ScoredVectors and Gated
        What a glance at each sentence gives, and what reading it does.
    in_place : callable
        Logits alone and vectors in the review → out-of-fold logits where the sentences stand.
    flagged : ndarray of bool, shape (n_sentences,)
        Which of the rows are spoilers that reach the lowest threshold.

    Returns
    -------
    found : Gated
    card : dict
        What the card says of it.
    """
    in_review, whole = rows & corpus.in_review, looks[1]

    def precision(logits: Floats, judged: Rows) -> float:
        labels, weights = corpus.labels[judged], corpus.weights[judged]
        return float(average_precision_score(labels, logits[judged], sample_weight=weights))

    def losses(found: Gated) -> dict[Standing, float]:
        lost = {Standing.ALONE: precision(whole.alone, rows) - precision(found.alone, rows)}
        if in_review.any():
            lost[Standing.IN_REVIEW] = precision(whole.in_place, in_review) - precision(found.in_place, in_review)
        return lost

    def costs_little(gate: float) -> bool:
        found = _gated(gate, model, corpus, looks, in_place)
        missed = int((flagged & ~found.read).sum())
        return max(losses(found).values()) <= _MAX_LOSS and missed <= _MAX_MISSED * flagged.sum()

    n_spoilers = corpus.labels[in_review if in_review.any() else rows].sum()
    place = len(_GATES) if n_spoilers < _MIN_SPOILERS else bisect_left(_GATES, x=True, key=costs_little)
    found = whole if place == len(_GATES) else _gated(_GATES[place], model, corpus, looks, in_place)
    share = float(found.read[rows].mean())
    if found.gate is None or share > 1 - _MIN_SPARED:
        return whole, {}
    return found, {
        "Read": {
            "sentences read, all others skimmed": share,
            "from a probability of": float(expit(found.gate)),
            "average precision lost by that": {where.value: lost for where, lost in losses(found).items()},
        }
    }


def _gated(
    gate: float,
    model: SpoilerClassifier,
    corpus: Corpus,
    looks: tuple[ScoredVectors, Gated],
    in_place: Callable[[Floats, AnyVectors], Floats],
) -> Gated:
    """As `spoilerguard.predicting.predict` reads: what is suspect alone, then what is suspect where it stands."""
    glance, whole = looks
    read, encode = glance.logits >= gate, model.vectorizer_.encode_again
    alone = np.where(read, whole.alone, glance.logits)
    vectors = np.where(read[:, None], whole.vectors[0], glance.vectors)
    more = ~read & (in_place(alone, encode(corpus.documents, vectors, whole.vectors[1])) >= gate)
    vectors[more] = whole.vectors[0][more]
    in_review = encode(corpus.documents, vectors, whole.vectors[1])
    return Gated(gate, alone, in_place(alone, in_review), read | more, (vectors, in_review))
