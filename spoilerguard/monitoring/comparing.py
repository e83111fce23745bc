"""Texts → how far they are from those of the training.

Five deviations are compared with thresholds that were calibrated in training, on samples of works held out. A model
knows each larger source of its corpus as a kind of its own, and texts are compared with the kind they are most like.
"""

from collections.abc import Iterable
from typing import Literal

import numpy as np

from spoilerguard.bundled import AnyModel, resolve_model
from spoilerguard.checks.language import foreign_rows
from spoilerguard.corpus.schema import is_missing
from spoilerguard.documents import Documents
from spoilerguard.errors import SpoilerguardError
from spoilerguard.features import as_sentences, check_texts
from spoilerguard.linear_model import LinearModel
from spoilerguard.monitoring.report import Deviation, DriftReport
from spoilerguard.predicting import predict
from spoilerguard.profiles import Kind, Profile, Summary, TextSums

__all__ = ["drift"]

_LEAST = 10  # texts; fewer differ too much by chance
_TINY = 1e-9


def drift(model: AnyModel, texts: Iterable[str | None], *, by: Literal["review", "sentence"] = "review") -> DriftReport:
    """Compare texts with those that a model was trained on.

    Watch a model in service with it, or ask before you use one on texts of another kind. It needs no labels, so it
    cannot say whether the model errs: an alarm says that nobody has measured it on such texts.

    Parameters
    ----------
    model : SpoilerClassifier, str or Path
        Trained by `spoilerguard.train`, which stores a profile of its corpus: numbers only, no text. None means
        "default".
    texts : iterable of str, not a table
        At least 10, missing ones left out, of one kind and drawn as they come in: a mixture of kinds looks unlike each
        of them, and texts about a few works look unlike those about many. From 25 on, most changes of the kind of work
        are found.
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
    found = as_sentences([one for one in check_texts(texts, "text") if not is_missing(one)])
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
