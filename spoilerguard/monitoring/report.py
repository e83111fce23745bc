"""What `drift` found, with what to do about it."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from spoilerguard.evaluation.tables import Result, Table, as_json

__all__ = ["Deviation", "DriftReport"]

# For each deviation: what is measured, how it is written, and what to do about it.
_TITLES = {
    "vocabulary": "words that the model knows",
    "language": "sentences not in English",
    "length": "words a text",
    "probability": "probability of a spoiler",
    "vectors": "distance of the mean vector",
}
_ADVICE = {
    "vocabulary": "Fewer words are known to the model: these texts use names or terms of another kind of work. Label "
    "some of them (spoilerguard.suggest chooses) and train on them, too.",
    "language": "More sentences are not English, and the model's answers to them mean nothing: leave those texts out.",
    "length": "The texts are longer or shorter than those of the training: check that whole reviews come in, each as "
    "one text, and measure the model on some of them before you rely on its thresholds.",
    "probability": "The model gives other probabilities: spoilers are more or less frequent here, or it errs. Label "
    "texts at random (spoilerguard.suggest with random_share=1), evaluate on them, and train anew if it errs.",
    "vectors": "The texts speak of other things than those of the training. Label some of them "
    "(spoilerguard.suggest chooses), measure the model on them, and train on them, too.",
}


@dataclass(frozen=True, slots=True)
class Deviation:
    """One way in which texts may differ from those of the training.

    Attributes
    ----------
    name : str
        "vocabulary", "language", "length", "probability" or "vectors".
    value : float
        How far the texts are: the loss of known words, the gain of foreign sentences, the largest distance between the
        cumulative distributions (of words a text, of logits), the distance of the mean vectors in standard deviations.
    threshold : float
        What samples of so many texts from works held out hardly ever reach.
    trained, now : float
        Of the training and of the texts: share of known words, share of foreign sentences, mean number of words, mean
        probability; the distance of the mean vectors.

    Examples
    --------
    >>> Deviation("language", 0.2, 0.01, 0.0, 0.2).alarm
    True
    """

    name: str
    value: float
    threshold: float
    trained: float
    now: float

    @property
    def alarm(self) -> bool:
        """Whether the threshold is passed."""
        return self.value > self.threshold

    @property
    def advice(self) -> str:
        """What to do; empty where the threshold is not passed."""
        return _ADVICE[self.name] if self.alarm else ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        fields = {name: getattr(self, name) for name in ("name", "value", "threshold", "trained", "now")}
        return fields | {"alarm": self.alarm, "advice": self.advice}


@dataclass(frozen=True, slots=True, repr=False)
class DriftReport(Result):
    """What `drift` found; it shows itself as a table in a notebook.

    Attributes
    ----------
    n_texts : int
    kind : str
        The source of the training that the texts are most like; empty for the whole corpus.
    deviations : tuple of Deviation

    Examples
    --------
    >>> report = DriftReport(40, "", (Deviation("language", 0.2, 0.01, 0.0, 0.2),))
    >>> report.alarm, report.alarms
    (True, ('language',))
    """

    n_texts: int
    kind: str
    deviations: tuple[Deviation, ...]

    @property
    def alarm(self) -> bool:
        """Whether the texts look unlike those of the training."""
        return any(one.alarm for one in self.deviations)

    @property
    def alarms(self) -> tuple[str, ...]:
        """Names of the deviations that pass their threshold."""
        return tuple(one.name for one in self.deviations if one.alarm)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        deviations = [one.to_dict() for one in self.deviations]
        return {"n_texts": self.n_texts, "kind": self.kind, "alarm": self.alarm, "deviations": deviations}

    def to_json(self) -> str:
        """The report as a JSON object, numbers rounded to six digits."""
        return as_json(self.to_dict())

    def to_frame(self) -> pd.DataFrame:
        """One row a deviation."""
        return pd.DataFrame([one.to_dict() for one in self.deviations])

    def _headline(self) -> str:
        found = "unlike" if self.alarm else "like"
        kind = f", most like source {self.kind!r}" if self.kind else ""
        return f"{self.n_texts:,} texts: they look {found} those of the training{kind}"

    def _notes(self) -> list[str]:
        return [one.advice for one in self.deviations if one.alarm]

    def _tables(self) -> list[Table]:
        header = ("", "in training", "now", "deviation", "alarm above", "")
        rows = [
            (
                _TITLES[one.name],
                _written(one.name, one.trained),
                _written(one.name, one.now),
                f"{one.value:.3f}",
                f"{one.threshold:.3f}",
                "alarm" if one.alarm else "",
            )
            for one in self.deviations
        ]
        return [Table("Deviations", header, rows)]


def _written(name: str, value: float) -> str:
    if name in {"vocabulary", "language"}:
        return f"{100 * value:.1f} %"
    return f"{value:.0f}" if name == "length" else f"{value:.3f}"
