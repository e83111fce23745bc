"""Scores from classifiers that are not ours: any scikit-learn classifier on text, and plain probabilities.

Such a classifier reads one sentence at a time. It is asked for probabilities, and which of its classes mean "spoiler"
is looked up in the table of label words, never guessed.
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from spoilerguard.labels import LABEL_EXAMPLES, parse_label
from spoilerguard.ranking import refuse_hard_labels

__all__ = ["TextClassifier", "is_text_classifier", "probabilities_to_logits", "spoiler_logits"]

_METHODS = ("predict_proba", "decision_function")
_LOWEST, _HIGHEST = np.finfo(np.float64).tiny, 1 - np.finfo(np.float64).epsneg  # their logits are finite


class TextClassifier(Protocol):
    """A fitted classifier that takes a list of sentences: a pipeline, a grid search, a calibrated classifier, …

    It has ``classes_`` and ``predict_proba``, or ``decision_function`` where there are no probabilities.
    """

    def predict(self, X: Any, /) -> Any:  # noqa: ANN401 - scikit-learn ships no types
        """The class of each sentence."""


def is_text_classifier(model: object) -> bool:
    """Whether it is an estimator, fitted or not, or anything else that predicts."""
    return not isinstance(model, type) and any(hasattr(model, name) for name in ("fit", "predict", *_METHODS))


def spoiler_logits(model: Any, sentences: list[str]) -> tuple[NDArray[np.float64], str]:  # noqa: ANN401 - as above
    """The logit of each sentence, and what a report has to say about it.

    Probabilities of all classes that mean "spoiler" are added up. Without ``predict_proba``, the decision function of
    two classes is taken as a logit: its sign decides as it does in ``predict``, and it is not calibrated.

    Raises
    ------
    TypeError
        Where the classifier cannot score sentences, or gives labels only.
    ValueError
        Where its classes are not known as safe and spoiler, or what it gives are no probabilities.
    sklearn.exceptions.NotFittedError
    """
    kind = type(model).__name__
    if hasattr(model, "fit") and not hasattr(model, "classes_"):
        check_is_fitted(model)
    spoiler = _spoiler_classes(model, kind)
    method = next((name for name in _METHODS if hasattr(model, name)), None)
    if method is None:
        raise TypeError(
            f"{kind} gives labels only, and a ranking needs more: it has neither predict_proba nor decision_function."
        )
    scores = _call(getattr(model, method), sentences, kind)
    if method == "predict_proba":
        if scores.shape != (len(sentences), len(spoiler)):
            expected = (len(sentences), len(spoiler))
            raise ValueError(f"{kind}.predict_proba gave an array of shape {scores.shape}, not {expected}.")
        total = np.clip(scores[:, spoiler].sum(axis=1), None, 1.0) if spoiler.sum() > 1 else scores[:, spoiler][:, 0]
        return probabilities_to_logits(total, len(sentences), f"{kind}.predict_proba"), ""
    if scores.shape != (len(sentences),) or len(spoiler) != 2:
        raise ValueError(f"{kind} has no predict_proba, and its decision function is not one number a sentence.")
    refuse_hard_labels(scores)
    if not np.isfinite(scores).all():
        raise ValueError(f"{kind}.decision_function gave a number that is not finite.")
    note = f"{kind} gives no probabilities, so it is judged by its ranking, and by its labels, but not by calibration."
    return np.asarray(scores if spoiler[1] else -scores, dtype=np.float64), note


def probabilities_to_logits(probabilities: ArrayLike, n_sentences: int, name: str) -> NDArray[np.float64]:
    """The logits of checked probabilities, one for each sentence; 0 and 1 become very large but finite logits.

    Raises
    ------
    ValueError
        Where they are not `n_sentences` numbers from 0 to 1, or all of them are hard labels.

    Examples
    --------
    >>> probabilities_to_logits([0.5, 0.0, 0.9], 3, "probabilities").round(2).tolist()
    [0.0, -708.4, 2.2]
    """
    values = np.asarray(probabilities)
    if values.shape != (n_sentences,):
        raise ValueError(
            f"{name}: one for each of the {n_sentences:,} sentences is needed, shape ({n_sentences},); got shape "
            f"{values.shape}. Of what a classifier's predict_proba gives, take the column of the spoiler."
        )
    try:
        values = values if values.dtype.kind in "biuf" else np.array([float(v) for v in values.tolist()])
    except (TypeError, ValueError):
        raise ValueError(
            f"{name}: not numbers; give the probability from 0 to 1 that a sentence is a spoiler."
        ) from None
    wrong = np.flatnonzero(~((values >= 0) & (values <= 1)))  # NaN too
    if len(wrong):
        raise ValueError(
            f"{name}: {values[wrong[0]]} for sentence {wrong[0]} (from 0) is not in [0, 1]. scipy.special.expit turns "
            "logits into probabilities; leave a sentence without probability out of the corpus."
        )
    refuse_hard_labels(values)
    return np.asarray(logit(np.clip(values.astype(np.float64), _LOWEST, _HIGHEST)))


def _spoiler_classes(model: Any, kind: str) -> NDArray[np.bool_]:  # noqa: ANN401 - any classifier
    """Which of the model's classes mean "spoiler", shape (n_classes,)."""
    classes = getattr(model, "classes_", None)
    if classes is None:
        raise TypeError(f"{kind} is not a fitted classifier: it has no classes_, so nothing says what a spoiler is.")
    names = np.asarray(classes, dtype=object).ravel().tolist()
    meanings = [parse_label(name) for name in names]
    if None in meanings or set(meanings) != {0, 1}:
        raise ValueError(
            f"{kind} has the classes {', '.join(map(repr, names))}: which is the spoiler? Fit it on labels of both "
            f"kinds that say so: {LABEL_EXAMPLES}."
        )
    return np.array([meaning == 1 for meaning in meanings])


def _call(method: Callable[[list[str]], Any], sentences: list[str], kind: str) -> NDArray[Any]:
    try:
        return np.asarray(method(sentences))
    except NotFittedError:
        raise
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__).rstrip(".:")
        raise TypeError(
            f"{kind} cannot score a list of sentences: {reason:.200}. Put what turns text into "
            "columns in front of it: make_pipeline(TfidfVectorizer(), …)."
        ) from error
