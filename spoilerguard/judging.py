"""Model × sentences → verdicts: one threshold for a sentence on its own, another for one in its review."""

from collections.abc import Iterator, Mapping, Sequence
from numbers import Real

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from spoilerguard.context import LONGEST, in_parts, with_context
from spoilerguard.errors import OperatingPointError
from spoilerguard.model import SpoilerClassifier
from spoilerguard.sentences import Sentence
from spoilerguard.verdicts import Label, Verdict

__all__ = ["judge"]


def judge(
    model: SpoilerClassifier, sentences: Sequence[Sentence], lengths: NDArray[np.int64], threshold: float | str | None
) -> list[Verdict]:
    """Verdicts on sentences that stand in reviews of these lengths, one review after another."""
    lengths = in_parts(lengths)
    at = {place: _threshold(model, threshold, place) for place in ("review", "alone")}
    verdicts: list[Verdict] = []
    for first, last in _runs(lengths):
        begin = len(verdicts)
        part = sentences[begin : begin + int(lengths[first:last].sum())]
        verdicts += _verdicts(model, part, lengths[first:last], at)
    return verdicts


def _verdicts(
    model: SpoilerClassifier, sentences: Sequence[Sentence], lengths: NDArray[np.int64], at: Mapping[str, float]
) -> list[Verdict]:
    texts = [sentence.text for sentence in sentences]
    alone, certain, vectors = model.judge(texts)
    probability = expit(with_context(model, alone, texts, lengths, vectors))
    in_review = np.repeat(lengths, lengths) > 1
    columns = (probability, probability >= np.where(in_review, at["review"], at["alone"]), certain)
    return [
        Verdict(sentence.text, sentence.start, sentence.end, Label.SPOILER if found else Label.SAFE, chance, certain)
        for sentence, chance, found, certain in zip(sentences, *(column.tolist() for column in columns), strict=True)
    ]


def _runs(lengths: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Neighbouring reviews that are judged at once: vectors of more sentences would fill the memory."""
    ends, first = np.cumsum(lengths), 0
    while first < len(lengths):
        begin = ends[first] - lengths[first]
        last = max(first + 1, int(np.searchsorted(ends, begin + LONGEST, side="right")))
        yield first, last
        first = last


def _threshold(model: SpoilerClassifier, threshold: float | str | None, place: str) -> float:
    """The probability that is enough for a sentence "alone" or in a "review"."""
    if threshold is None:
        threshold = "balanced" if "balanced/alone" in model.operating_points_ else float(model.threshold)
    if isinstance(threshold, str):
        return _named_threshold(model, threshold, place)
    if isinstance(threshold, bool) or not isinstance(threshold, Real):
        raise TypeError(f"threshold must be a number in [0, 1] or a name, got {type(threshold).__name__}.")
    if not 0 <= threshold <= 1:  # NaN neither
        raise ValueError(f"threshold must lie in [0, 1], got {threshold}.")
    return float(threshold)


def _named_threshold(model: SpoilerClassifier, name: str, place: str) -> float:
    """A model that was trained on sentences alone has no points for reviews: those for sentences stand in."""
    points = model.operating_points_
    for key in (f"{name}/{place}", f"{name}/alone"):
        if key in points:
            return points[key].threshold
    names = sorted({key.partition("/")[0] for key in points})
    known = ", ".join(names) if names else "none: train it with spoilerguard.train"
    raise OperatingPointError(f"The model has no operating point {name!r}; it has {known}.")
