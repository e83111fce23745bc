"""Text in, verdicts out: what most users call."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from joblib import Parallel, delayed

from spoilerguard.bundled import resolve_model
from spoilerguard.calibration.operating_points import resolve_thresholds
from spoilerguard.documents import Documents
from spoilerguard.explanations import explain_documents
from spoilerguard.features import as_sentences, check_texts
from spoilerguard.model import SpoilerClassifier
from spoilerguard.predictions import predict
from spoilerguard.rendering import Verdicts, redact_verdicts
from spoilerguard.verdicts import Explanation, Verdict

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
        A model, the folder of a saved one, or the name "default" or "accurate". None means "default".
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
        return _classify_batch([text], model, threshold)[0]
    return _classify_documents(Documents.from_sentences(as_sentences(text)), model, threshold)


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
    check_texts(reviews, "review")
    batches = _batches(reviews)
    if n_jobs == 1:
        shared = resolve_model(model)
        done = (_classify_batch(batch, shared, threshold) for batch in batches)
    else:
        # Another process reads the default model itself, so that nobody sends it along.
        jobs = (delayed(_classify_batch)(batch, model, threshold) for batch in batches)
        done = Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
    verdicts = (verdicts for batch in done for verdicts in batch)
    if not progress:
        return verdicts
    from tqdm.auto import tqdm  # warns in notebooks that lack widgets, so only those who ask for it see that

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
        return explain_documents(resolve_model(model), Documents.from_reviews([text]))
    return explain_documents(resolve_model(model), Documents.from_sentences(as_sentences(text)))


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


def _batches(reviews: Iterable[str]) -> Iterator[list[str]]:
    """Some reviews at a time, each known to be a string."""
    stream = enumerate(reviews)
    while batch := list(islice(stream, _REVIEWS_AT_ONCE)):
        for position, review in batch:
            if not isinstance(review, str):
                raise TypeError(f"Review {position} is of type {type(review).__name__}, not a string: pass its text.")
        yield [review for _, review in batch]


def _classify_batch(
    reviews: list[str], model: SpoilerClassifier | str | Path | None, threshold: float | str | None
) -> list[Verdicts]:
    """The verdicts on each review."""
    documents = Documents.from_reviews(reviews)
    verdicts = iter(_classify_documents(documents, model, threshold))
    lengths = documents.lengths.tolist()
    return [Verdicts(islice(verdicts, length), review) for review, length in zip(reviews, lengths, strict=True)]


def _classify_documents(
    documents: Documents, model: SpoilerClassifier | str | Path | None, threshold: float | str | None
) -> list[Verdict]:
    """One verdict for each sentence."""
    model = resolve_model(model)
    thresholds = resolve_thresholds(model.operating_points_, threshold, model.threshold)
    return predict(model, documents).to_verdicts(thresholds)
