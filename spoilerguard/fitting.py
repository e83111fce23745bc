"""What a user passes to a fit, checked: labels of two classes, weights, parameters."""

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, column_or_1d

from spoilerguard.calibration.operating_points import Threshold, resolve_thresholds
from spoilerguard.features import read_sentences
from spoilerguard.labels import LABEL_EXAMPLES, parse_label

__all__ = [
    "LabelledSentences",
    "check_flags",
    "check_labels",
    "check_parameters",
    "weigh_classes",
]

_MISSING = {"None", "nan", "<NA>", "NaT"}  # as text, so that pandas need not be imported to know its own


class LabelledSentences(NamedTuple):
    """Checked input of a fit: sentences, 1 for each spoiler and 0 for the rest, weights, and the two labels, sorted."""

    sentences: list[str]
    target: NDArray[np.int64]
    weights: NDArray[np.float64]
    classes: NDArray[Any]


def check_parameters(C: float, threshold: Threshold) -> None:
    """Stop before a fit whose parameters are out of their range."""
    if not C > 0:
        raise ValueError(f"C must be above 0; got {C}.")
    if not isinstance(threshold, str):  # a name waits for the operating points
        resolve_thresholds({}, threshold)


def check_labels(
    X: Sequence[str], y: ArrayLike, sample_weight: ArrayLike | None, classes: ArrayLike | None = None
) -> LabelledSentences:
    """What a user passes to `fit`, checked.

    Raises
    ------
    TypeError
        Where `X` is one string, or holds something that is no string.
    ValueError
        Where lengths differ, a label is missing, or `y` does not hold two labels of which `parse_label` knows one as
        safe and one as a spoiler.
    """
    sentences = read_sentences(X)
    labels = column_or_1d(y, warn=True)
    if len(labels) != len(sentences):
        raise ValueError(f"X has {len(sentences)} sentences and y has {len(labels)} labels: they must match.")
    if labels.dtype.kind in "fO":
        missing = [place for place, label in enumerate(labels.tolist()) if str(label) in _MISSING]
        if missing:
            raise ValueError(
                f"Label {missing[0]} of y is missing (NaN or None), and so are {len(missing) - 1} more: drop these "
                "sentences, or label each 0 (safe) or 1 (spoiler)."
            )
    found, spoiler = _two_classes(labels if classes is None else column_or_1d(classes))
    unknown = labels[~np.isin(labels, found)]
    if len(unknown):
        raise ValueError(
            f"y holds labels other than {found.tolist()}, such as {unknown[:1].tolist()[0]!r}: write them alike."
        )
    weights = _check_sample_weight(sample_weight, labels.reshape(-1, 1), dtype=np.float64)
    return LabelledSentences(sentences, (labels == found[spoiler]).astype(np.int64), weights, found)


def _two_classes(labels: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """The two labels, sorted as scikit-learn wants them, and which of them is the spoiler."""
    try:
        found = np.unique(labels)
    except TypeError:  # numbers and words, say, have no order
        raise ValueError(f"y mixes labels of several kinds: write all as {LABEL_EXAMPLES}.") from None
    if len(found) != 2:
        raise ValueError(
            f"SpoilerClassifier needs two classes, safe and spoiler; y holds {_shown(found)}. Label both kinds, and "
            "write each in one way only; partial_fit may see one of them alone where classes= names both."
        )
    meanings = [parse_label(label) for label in found]
    if sorted(map(str, meanings)) != ["0", "1"]:
        raise ValueError(
            f"SpoilerClassifier cannot tell which of {_shown(found)} is the spoiler: write labels as {LABEL_EXAMPLES}, "
            f"or pass y == {found.tolist()[1]!r} where that is the spoiler."
        )
    return found, meanings.index(1)


def _shown(labels: NDArray[Any]) -> str:
    """Some labels, for a message."""
    return f"{labels[:5].tolist()}"[:-1] + (", ...]" if len(labels) > 5 else "]")


def check_flags(
    X: Sequence[str], spoiler: ArrayLike, sample_weight: ArrayLike | None
) -> tuple[list[str], NDArray[np.int64], NDArray[np.float64]]:
    """What a user passes to `adapt`, checked: sentences, 1 for each spoiler and 0 for the rest, weights."""
    sentences, target = read_sentences(X), column_or_1d(spoiler)
    if not np.isin(target, (0, 1)).all():
        raise ValueError("adapt expects True or 1 for a spoiler and False or 0 for a safe sentence.")
    check_consistent_length(sentences, target)
    weights = _check_sample_weight(sample_weight, target.reshape(-1, 1), dtype=np.float64)
    return sentences, target.astype(np.int64), weights


def weigh_classes(
    weights: ArrayLike | None, target: NDArray[Any], class_weight: Mapping[Any, float] | str | None
) -> ArrayLike | None:
    """The weights of sentences times those of their classes, as scikit-learn computes them; names as in `parse_label`.

    Examples
    --------
    >>> target = np.array([0, 0, 0, 1])
    >>> weigh_classes(None, target, {"spoiler": 5}).tolist()
    [1.0, 1.0, 1.0, 5.0]
    >>> weigh_classes([1, 1, 1, 3], target, "balanced").round(2).tolist()
    [0.67, 0.67, 0.67, 6.0]
    """
    if class_weight is None:
        return weights
    of_class = np.ones(2)
    if isinstance(class_weight, Mapping):
        for name, weight in class_weight.items():
            label = parse_label(name)
            if label is None or not (isinstance(weight, Real) and 0 <= weight < math.inf):
                raise ValueError(
                    f"class_weight must map labels ({LABEL_EXAMPLES}) to numbers from 0; got {class_weight}."
                )
            of_class[label] = weight
    elif class_weight == "balanced":
        of_class = len(target) / (2 * np.maximum(np.bincount(target, minlength=2), 1))
    else:
        raise ValueError(f"class_weight must be a dict, 'balanced' or None; got {class_weight!r}.")
    each: NDArray[np.float64] = of_class[target]
    return each if weights is None else each * np.asarray(weights, dtype=np.float64)
