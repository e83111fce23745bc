"""Text in, verdicts out: what most users call, and all that they need to know."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from spoilerguard.features import as_sentences, several
from spoilerguard.judging import judge
from spoilerguard.model import SpoilerClassifier
from spoilerguard.reasons import Explanation, explain_sentences
from spoilerguard.rendering import Verdicts, redact_verdicts
from spoilerguard.sentences import Sentence, split
from spoilerguard.shipped import default_model, load
from spoilerguard.verdicts import Verdict

__all__ = ["classify", "classify_reviews", "explain", "redact"]

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
        One for each sentence, in order; empty for an empty or blank review. For a review it is a `Verdicts`, which
        shows the review with its spoilers highlighted in a notebook.

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
    >>> verdicts = classify("Lovely photography. In the end Anna dies and Paul is the killer.")
    >>> [verdict.label.value for verdict in verdicts]
    ['safe', 'spoiler']
    >>> classify(["In the end Anna dies and Paul is the killer."])[0].label == "spoiler"
    True
    """
    if isinstance(text, str):
        return _judge_reviews(_model(model), [text], threshold)[0]
    sentences = [Sentence(sentence, 0, len(sentence)) for sentence in as_sentences(text)]
    return judge(_model(model), sentences, np.ones(len(sentences), dtype=np.int64), threshold)


def classify_reviews(
    reviews: Iterable[str],
    *,
    n_jobs: int = 1,
    progress: bool = False,
    model: SpoilerClassifier | str | Path | None = None,
    threshold: float | str | None = None,
) -> Iterator[Verdicts]:
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
    Verdicts
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
    several(reviews, "review")
    if n_jobs == 1:
        shared = _model(model)
        parts = (_judge_reviews(shared, part, threshold) for part in _parts(reviews))
    else:
        work = (delayed(_judge_part)(model, part, threshold) for part in _parts(reviews))
        parts = Parallel(n_jobs=n_jobs, return_as="generator")(work)
    verdicts = (verdicts for part in parts for verdicts in part)
    if not progress:
        return verdicts
    from tqdm.auto import tqdm  # warns in notebooks that lack widgets, so only those who ask for it hear that

    return iter(tqdm(verdicts, desc="reviews", unit=" reviews"))


def explain(text: str | Iterable[str], *, model: SpoilerClassifier | str | Path | None = None) -> list[Explanation]:
    """Say which words made the verdicts, and what the rest of the review added.

    Parameters
    ----------
    text : str or iterable of str
        A review, or sentences on their own, as for `classify`.
    model : SpoilerClassifier, str or Path, optional
        As in `classify`.

    Returns
    -------
    list of Explanation
        One for each sentence, in order; its contributions, its intercept and its context add up to its logit.

    Raises
    ------
    TypeError, ModelFormatError
        As `classify` does.

    Examples
    --------
    >>> [why] = explain("In the end Anna dies.")
    >>> max(why.contributions, key=lambda part: part.weight).text
    'dies'
    """
    if isinstance(text, str):
        sentences = [sentence.text for sentence in split(text)]
        return explain_sentences(_model(model), sentences, np.array([len(sentences)]))
    return explain_sentences(_model(model), as_sentences(text))


def redact(
    review: str,
    *,
    style: str = "block",
    model: SpoilerClassifier | str | Path | None = None,
    threshold: float | str | None = None,
) -> str:
    """Hide the spoilers of a review.

    Parameters
    ----------
    review : str
        A whole review.
    style : {"block", "html", "markdown", "discord", "reddit", "goodreads"}, default "block"
        How to hide; see `spoilerguard.rendering.redact_verdicts`.
    model, threshold
        As in `classify`.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        Where `review` is no string.
    ValueError
        Where there is no such style; or as `classify` does.

    Examples
    --------
    >>> redact("Lovely photography. In the end Anna dies and Paul is the killer.", style="reddit")
    'Lovely photography. >!In the end Anna dies and Paul is the killer.!<'
    """
    if not isinstance(review, str):
        raise TypeError(f"redact expects one review as a string, got {type(review).__name__}.")
    return redact_verdicts(review, classify(review, model=model, threshold=threshold), style)


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
) -> list[Verdicts]:
    """What another process runs; it reads the default model itself, so that nobody sends it along."""
    return _judge_reviews(_model(model), reviews, threshold)


def _judge_reviews(model: SpoilerClassifier, reviews: Sequence[str], threshold: float | str | None) -> list[Verdicts]:
    found = [split(review) for review in reviews]
    lengths = np.array([len(sentences) for sentences in found], dtype=np.int64)
    verdicts = iter(judge(model, [sentence for sentences in found for sentence in sentences], lengths, threshold))
    return [Verdicts(islice(verdicts, length), review) for review, length in zip(reviews, lengths, strict=True)]


def _model(model: SpoilerClassifier | str | Path | None) -> SpoilerClassifier:
    if model is None:
        return default_model()
    if isinstance(model, str | Path):
        return load(model)
    if isinstance(model, SpoilerClassifier):
        return model
    raise TypeError(f"model must be a SpoilerClassifier, a folder or None, got {type(model).__name__}.")
