"""What a model says of the sentences of documents: a logit for each, alone, in its place, by its story; → verdicts."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spoilerguard.calibration import expit
from spoilerguard.decisions import DecisionRule, Level
from spoilerguard.documents import Documents, Standing
from spoilerguard.review_stage import highest_of, of_documents
from spoilerguard.verdicts import Label, Verdict

__all__ = ["Predictions"]

_RULES = {1: "protect", -1: "allow", 0: None}


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a model says of the sentences of some documents: arrays of shape (n_sentences,).

    Attributes
    ----------
    documents : Documents
    alone : ndarray of float64
        Logit of each sentence by itself.
    logit : ndarray of float64
        Logit of each sentence where it stands: in its review, or alone where it has no neighbours; its story counted.
    certain : ndarray of bool
        Whether each sentence carries enough to be classified.
    major_share : ndarray of float64 or None
        Probability that each sentence is a major spoiler if it is one at all; None where the model cannot tell.
    story : ndarray of float64
        What the story has added to each logit; 0 without one.
    matched : ndarray of int64
        The sentence of the plot that is most like each; -1 without one.
    decided : ndarray of int8
        1 where a protected word of the story decides, -1 where an allowed one does, else 0.
    read : ndarray of bool
        Whether the encoder has read each sentence for its logit alone; where it has not, a glance was enough.
    probability : ndarray of float64
        Calibrated probability, in [0, 1], that each sentence is a spoiler, where it stands; 0 or 1 by a rule.
    """

    documents: Documents
    alone: NDArray[np.float64]
    logit: NDArray[np.float64]
    certain: NDArray[np.bool_]
    major_share: NDArray[np.float64] | None
    story: NDArray[np.float64]
    matched: NDArray[np.int64]
    decided: NDArray[np.int8]
    read: NDArray[np.bool_]
    probability: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        probability = np.where(self.decided == 0, expit(self.logit), self.decided > 0)
        object.__setattr__(self, "probability", probability)  # asked for again and again

    def __repr__(self) -> str:
        return f"Predictions({self.documents!r})"

    @property
    def major(self) -> NDArray[np.float64] | None:
        """Calibrated probability that each sentence is a major spoiler; never above `probability`."""
        return None if self.major_share is None else self.probability * self.major_share

    @property
    def rules(self) -> list[str | None]:
        """For each sentence, the name of the rule of its story that decides."""
        return [_RULES[decided] for decided in self.decided.tolist()]

    def of_level(self, level: Level) -> NDArray[np.float64]:
        """The probability that decides at a level: `probability`, or `major`."""
        found = self.probability if level is Level.ANY else self.major
        assert found is not None, "a rule for major spoilers belongs to a model that knows them"  # noqa: S101
        return found

    def is_spoiler(self, rule: DecisionRule) -> NDArray[np.bool_]:
        """Whether the probability of each sentence is enough where it stands."""
        in_review, enough = self.documents.in_review, rule.thresholds
        flags = self.of_level(rule.level) >= np.where(in_review, enough[Standing.IN_REVIEW], enough[Standing.ALONE])
        flags = flags if rule.wider is None else flags & self.is_spoiler(rule.wider)
        return np.where(self.decided == 0, flags, self.decided > 0)

    def review_probability(self, rule: DecisionRule) -> NDArray[np.float64]:
        """Probability that each document holds a spoiler, shape (n_documents,); 0 where it has no sentence."""
        of_sentences, lengths, stage = self.of_level(rule.level), self.documents.lengths, rule.review_stage
        found = highest_of(of_sentences, lengths) if stage is None else stage.probability(of_sentences, lengths)
        found = found if rule.wider is None else np.minimum(found, self.review_probability(rule.wider))
        return np.where(self._is_protected, 1.0, np.maximum(found, 0.0))

    def review_is_spoiler(self, rule: DecisionRule) -> NDArray[np.bool_]:
        """Whether each document is called one that holds a spoiler, shape (n_documents,)."""
        lengths, enough = self.documents.lengths, rule.review_threshold
        if enough is None:
            flags = of_documents(self.is_spoiler(rule), lengths)
        else:
            flags = (self.review_probability(rule) >= enough) & of_documents(self.decided >= 0, lengths)
        flags = flags if rule.wider is None else flags & self.review_is_spoiler(rule.wider)
        return flags | self._is_protected

    @property
    def _is_protected(self) -> NDArray[np.bool_]:
        """Whether each document holds a sentence that its story protects."""
        return of_documents(self.decided > 0, self.documents.lengths)

    def to_verdicts(self, rule: DecisionRule) -> list[Verdict]:
        """One verdict for each sentence, in order."""
        documents, major = self.documents, self.major
        columns = (documents.starts, self.is_spoiler(rule), self.probability, self.certain, documents.marked)
        majors = [None] * len(documents) if major is None else major.tolist()
        rows = zip(documents.texts, *(column.tolist() for column in columns), majors, self.rules, strict=True)
        return [
            Verdict(text, start, start + len(text), Label.SPOILER if spoiler else Label.SAFE, *values)
            for text, start, spoiler, *values in rows
        ]
