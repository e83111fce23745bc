"""Does what comes in now look like what a model was trained on?

Five deviations are compared with thresholds that were calibrated in training, on samples of works held out. A model
knows each larger source of its corpus as a kind of its own, and texts are compared with the kind they are most like.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from spoilerguard.bundled import AnyModel, resolve_model
from spoilerguard.checks.language import foreign_rows
from spoilerguard.documents import Documents
from spoilerguard.errors import SpoilerguardError
from spoilerguard.evaluation.tables import Result, Table, as_json
from spoilerguard.features import as_sentences
from spoilerguard.linear_model import LinearModel
from spoilerguard.predictions import predict
from spoilerguard.profiles import Kind, Profile, Summary, TextSums

__all__ = ["Deviation", "DriftReport", "drift"]

_LEAST = 10  # texts; fewer differ too much by chance
_TINY = 1e-9

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


def drift(model: AnyModel, texts: Iterable[str], *, by: Literal["review", "sentence"] = "review") -> DriftReport:
    """Compare texts with those that a model was trained on.

    Watch a model in service with it, or ask before you use one on texts of another kind. It needs no labels, so it
    cannot say whether the model errs: an alarm says that nobody has measured it on such texts.

    Parameters
    ----------
    model : SpoilerClassifier, str or Path
        Trained by `spoilerguard.train`, which stores a profile of its corpus: numbers only, no text. None means
        "default".
    texts : iterable of str, not a table
        At least 10, of one kind and drawn as they come in: a mixture of kinds looks unlike each of them, and texts
        about a few works look unlike those about many. From 25 on, most changes of the kind of work are found.
    by : {"review", "sentence"}, default "review"
        Whether each text is a whole review or one sentence on its own.

    Returns
    -------
    DriftReport

    Raises
    ------
    SpoilerguardError
        Where the model has no profile: trained otherwise, by an earlier version, or on fewer than 10 works.
    TypeError, ValueError
        Where `texts` holds no strings, or too few.

    Notes
    -----
    Each deviation has its threshold from samples of works that were held out in training, at several sizes, so that all
    together give a false alarm in 5 of 100 samples at most. It no longer falls beyond 80 texts: smaller deviations are
    no reason to act. A model of reviews of films raised an alarm for 2 of 100 samples of 10 reviews of other films, and
    for 1 of 100 samples of 25 and more; it did for every sample of 10 reviews of games, and of 25 reviews of books or
    posts on series (``tests/test_monitoring.py``).

    Examples
    --------
    >>> from spoilerguard.datasets import make_corpus
    >>> from spoilerguard.training import train
    >>> model = train(make_corpus(works=30, seed=1), n_splits=3)
    >>> drift(model, ["Die Musik ist schön, und der Film ist nicht zu lang."] * 20).alarms
    ('vocabulary', 'language', 'length', 'probability', 'vectors')
    """
    fitted = resolve_model(model)
    profile = _profile(fitted)
    if by not in ("review", "sentence"):
        raise ValueError(f"by must be 'review' or 'sentence', got {by!r}.")
    found = as_sentences(texts)
    documents = Documents.from_reviews(found) if by == "review" else Documents.from_sentences(found)
    n_texts = int((documents.lengths > 0).sum())
    if n_texts < _LEAST:
        raise ValueError(f"drift needs {_LEAST} texts or more, got {n_texts}: fewer differ too much by chance.")
    return _compare(_sums(fitted, documents, profile), profile)


def _profile(model: LinearModel) -> Profile:
    if model.profile_ is None:
        raise SpoilerguardError(
            "The model has no profile of the texts that it was trained on: train it anew, with spoilerguard.train, "
            "on texts about 10 works or more."
        )
    return model.profile_


def _sums(model: LinearModel, documents: Documents, profile: Profile) -> TextSums:
    """What the texts add up to; in batches, since vectors of many sentences fill the memory."""
    parts = []
    for part in documents.batches():
        tokens = list(model.vectorizer_.tokenize(part.sentences))
        words = np.concatenate([model.word_counts(batch) for batch in tokens], axis=1)
        vectors = np.concatenate([model.vectorizer_.encode_tokens(batch) for batch in tokens])
        logits, foreign = predict(model, part).logit, foreign_rows(part.sentences)
        parts.append(TextSums.of(part, words, foreign, logits, vectors, profile.edges)[0])
    return TextSums(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _compare(sums: TextSums, profile: Profile) -> DriftReport:
    """The report on the kind that the texts are most like."""
    n_texts = len(sums.n_texts)
    summary = sums.weigh(np.ones(n_texts)).summary()
    reports = [
        DriftReport(n_texts, kind.name, tuple(_deviations(summary, kind, profile, n_texts))) for kind in profile.kinds
    ]
    return min(reports, key=lambda report: max(one.value / max(one.threshold, _TINY) for one in report.deviations))


def _deviations(summary: Summary, kind: Kind, profile: Profile, n_texts: int) -> Iterable[Deviation]:
    shown = {"vocabulary": "known", "language": "foreign", "length": "n_words", "probability": "probability"}
    for name, value in summary.deviations(kind.summary, profile.scale).items():
        trained, now = 0.0, float(value)
        if name in shown:
            trained, now = (float(getattr(one, shown[name])) for one in (kind.summary, summary))
        yield Deviation(name, float(value), kind.threshold(name, n_texts), trained, now)
