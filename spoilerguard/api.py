"""Text in, verdicts out: what most users call, and all that they need to know."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import isnan
from numbers import Real
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from scipy.special import expit
from tqdm.auto import tqdm

from spoilerguard.context import review_logits
from spoilerguard.errors import OperatingPointError
from spoilerguard.features import as_sentences
from spoilerguard.model import SpoilerClassifier
from spoilerguard.sentences import Sentence, split
from spoilerguard.shipped import default_model, load
from spoilerguard.verdicts import Label, Verdict

__all__ = ["classify", "classify_reviews"]

_REVIEWS_AT_ONCE = 64  # enough to make one call's overhead vanish, few enough to stream


def classify(
    text: str | Iterable[str],
    *,
    model: SpoilerClassifier | str | Path | None = None,
    threshold: float | str | None = None,
) -> list[Verdict]:
    """Label the sentences of a review, or sentences on their own.

    Parameters
    ----------
    text : str or iterable of str
        One string is a whole review: it is cut into sentences, and each is judged by what stands around it. An iterable
        of strings holds sentences that have nothing to do with each other: each is judged alone.
    model : SpoilerClassifier, str or Path, optional
        A model, or the folder of a saved one. None means the default model.
    threshold : float or str, optional
        Probability in [0, 1] from which a sentence is called a spoiler, or the name of one of the model's operating
        points. None means the model's own, "balanced" where it has one.

    Returns
    -------
    list of Verdict
        One for each sentence, in order; empty for an empty or blank review.

    Raises
    ------
    TypeError
        Where `text` is neither a string nor an iterable of strings; the message names the first wrong element.
    ValueError
        Where `threshold` is no probability.
    OperatingPointError
        Where the model has no operating point of that name.
    ModelFormatError
        Where `model` is a folder that cannot be read.

    Examples
    --------
    >>> [verdict.label.value for verdict in classify("Lovely photography. In the end Anna dies and Paul is the killer.")]
    ['safe', 'spoiler']
    >>> classify(["In the end Anna dies and Paul is the killer."])[0].label == "spoiler"
    True
    """
    judge = _model(model)
    if isinstance(text, str):
        return _judge_reviews(judge, [text], threshold)[0]
    sentences = [Sentence(sentence, 0, len(sentence)) for sentence in as_sentences(text)]
    return _verdicts(judge, sentences, np.ones(len(sentences), dtype=np.int64), threshold)


def classify_reviews(
    reviews: Iterable[str],
    *,
    n_jobs: int = 1,
    progress: bool = False,
    model: SpoilerClassifier | str | Path | None = None,
    threshold: float | str | None = None,
) -> Iterator[list[Verdict]]:
    """Label the sentences of many reviews, as a stream.

    Parameters
    ----------
    reviews : iterable of str
        Whole reviews; a generator is read only as far as verdicts are asked for.
    n_jobs : int, default 1
        Processes, in the sense of joblib: -1 means all cores, and a ``joblib.parallel_config`` around the call may send
        the work to a cluster.
    progress : bool, default False
        Whether to show a progress bar.
    model, threshold
        As in `classify`.

    Yields
    ------
    list of Verdict
        What `classify` returns for each review, in the order of the input.

    Raises
    ------
    TypeError
        Where `reviews` is one string, or a review is no string; the message names its position.

    Examples
    --------
    >>> [len(verdicts) for verdicts in classify_reviews(["One. Two.", "", "Three."])]
    [2, 0, 1]
    """
    if isinstance(reviews, str | bytes) or not isinstance(reviews, Iterable):
        raise TypeError(f"classify_reviews expects an iterable of reviews, got {type(reviews).__name__}.")
    if n_jobs == 1:
        judge = _model(model)
        parts = (_judge_reviews(judge, part, threshold) for part in _parts(reviews))
    else:
        work = (delayed(_judge_part)(model, part, threshold) for part in _parts(reviews))
        parts = Parallel(n_jobs=n_jobs, return_as="generator")(work)
    verdicts = (verdicts for part in parts for verdicts in part)
    return iter(tqdm(verdicts, desc="reviews", unit=" reviews")) if progress else verdicts


def _parts(reviews: Iterable[str]) -> Iterator[list[str]]:
    """Runs of reviews, each known to be a string."""
    stream = enumerate(reviews)
    while part := list(islice(stream, _REVIEWS_AT_ONCE)):
        for position, review in part:
            if not isinstance(review, str):
                raise TypeError(f"Review {position} is of type {type(review).__name__}, not a string: pass its text.")
        yield [review for _, review in part]


def _judge_part(
    model: SpoilerClassifier | str | Path | None, reviews: list[str], threshold: float | str | None
) -> list[list[Verdict]]:
    """What another process runs; it reads the default model itself, so that nobody sends it along."""
    return _judge_reviews(_model(model), reviews, threshold)


def _judge_reviews(
    model: SpoilerClassifier, reviews: Sequence[str], threshold: float | str | None
) -> list[list[Verdict]]:
    found = [split(review) for review in reviews]
    lengths = np.array([len(sentences) for sentences in found], dtype=np.int64)
    verdicts = iter(_verdicts(model, [sentence for sentences in found for sentence in sentences], lengths, threshold))
    return [list(islice(verdicts, length)) for length in lengths]


def _verdicts(
    model: SpoilerClassifier, sentences: Sequence[Sentence], lengths: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    threshold: float | str | None,
) -> list[Verdict]:
    """Judge sentences that stand in reviews of these lengths; one that stands alone has a threshold of its own."""
    texts = [sentence.text for sentence in sentences]
    probability = expit(review_logits(model, texts, lengths))
    in_review = np.repeat(lengths, lengths) > 1
    enough = np.where(in_review, _threshold(model, threshold, "review"), _threshold(model, threshold, "alone"))
    columns = zip(sentences, probability.tolist(), (probability >= enough).tolist(), model.certain(texts).tolist(), strict=True)
    return [
        Verdict(sentence.text, sentence.start, sentence.end, Label.SPOILER if found else Label.SAFE, p, certain)
        for sentence, p, found, certain in columns
    ]


def _threshold(model: SpoilerClassifier, threshold: float | str | None, place: str) -> float:
    """The probability that is enough for a sentence "alone" or in a "review"."""
    points = model.operating_points_
    if threshold is None:
        return points[f"balanced/{place}"].threshold if f"balanced/{place}" in points else float(model.threshold)
    if isinstance(threshold, str):
        return _named_threshold(model, threshold, place)
    if isinstance(threshold, bool) or not isinstance(threshold, Real):
        raise TypeError(f"threshold must be a number in [0, 1] or a name, got {type(threshold).__name__}.")
    if isnan(threshold) or not 0 <= threshold <= 1:
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


def _model(model: SpoilerClassifier | str | Path | None) -> SpoilerClassifier:
    if model is None:
        return default_model()
    if isinstance(model, str | Path):
        return load(model)
    if isinstance(model, SpoilerClassifier):
        return model
    raise TypeError(f"model must be a SpoilerClassifier, a folder or None, got {type(model).__name__}.")
