"""Model × corpus → logits and decisions: each sentence by itself, and those of whole reviews in their review.

All that evaluation needs of a model is asked for here; whoever has logits from elsewhere, such as the folds of a
cross-validation, makes a `Judged` of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from spoilerguard.calibration import OperatingPoint
from spoilerguard.context import with_context
from spoilerguard.corpus import Corpus
from spoilerguard.errors import CorpusError
from spoilerguard.model import SpoilerClassifier
from spoilerguard.ranking import refuse_hard_labels

__all__ = ["ALONE", "IN_REVIEW", "Judged", "judge"]

ALONE, IN_REVIEW = "alone", "in review"
_SUFFIXES = {ALONE: "alone", IN_REVIEW: "review"}  # of the names under which a model stores its operating points


@dataclass(frozen=True, slots=True)
class Judged:
    """Sentences of a corpus as judged in one mode.

    Attributes
    ----------
    mode : str
        ``"alone"`` or ``"in review"``.
    rows : ndarray of int
        Which rows of the corpus: all of them alone, those of reviews of two sentences or more in review.
    logits : ndarray of float64
        One for each of `rows`.
    thresholds : mapping of str to ndarray of float64
        For each operating point the probability from which each of `rows` is called a spoiler.
    stored : mapping of str to OperatingPoint
        What the model promises of these operating points.
    """

    mode: str
    rows: NDArray[np.intp]
    logits: NDArray[np.float64]
    thresholds: Mapping[str, NDArray[np.float64]]
    stored: Mapping[str, OperatingPoint]

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """The logits as probabilities."""
        return np.asarray(expit(self.logits))

    @property
    def main_point(self) -> str:
        """The operating point that stands for the model: "balanced", or else the first."""
        return "balanced" if "balanced" in self.thresholds else next(iter(self.thresholds))


def judge(model: SpoilerClassifier, corpus: Corpus) -> tuple[Judged, ...]:
    """The model's logits of a corpus, alone and, where there are reviews, in review.

    Raises
    ------
    CorpusError
        Where the corpus is empty.
    ValueError
        Where the model gives hard labels for logits.
    """
    if not len(corpus):
        raise CorpusError(f"{corpus.name or 'the corpus'}: no sentences to evaluate on; it needs at least one")
    vectors = model.vectorizer_.encode(corpus.sentences)
    alone = model.decision_function(corpus.sentences, vectors)
    refuse_hard_labels(alone)
    judged = [_judged(model, ALONE, np.arange(len(corpus)), alone)]
    rows = np.flatnonzero(corpus.in_review)
    if len(rows):
        together = with_context(model, alone, corpus.sentences, corpus.lengths, vectors)
        judged.append(_judged(model, IN_REVIEW, rows, together[rows]))
    return tuple(judged)


def _judged(model: SpoilerClassifier, mode: str, rows: NDArray[np.intp], logits: NDArray[np.float64]) -> Judged:
    stored = _points_of(model.operating_points_, mode)
    chosen = {name: point.threshold for name, point in stored.items()} or {"default": model.threshold}
    return Judged(mode, rows, logits, {name: np.full(len(rows), at) for name, at in chosen.items()}, stored)


def _points_of(points: Mapping[str, OperatingPoint], mode: str) -> dict[str, OperatingPoint]:
    """The points for one mode under their bare names: "balanced/alone" is "balanced"; without suffix, for both."""
    split = {stored: stored.partition("/") for stored in points}
    return {name: points[stored] for stored, (name, _, of) in split.items() if of in ("", _SUFFIXES[mode])}
