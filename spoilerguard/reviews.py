"""Many whole reviews in, verdicts out: as a stream, in one process or in several."""

from collections.abc import Iterable, Iterator
from itertools import islice

from spoilerguard.arguments import ReviewStream
from spoilerguard.bundled import AnyModel, resolve_model
from spoilerguard.calibration.operating_points import Threshold
from spoilerguard.decisions import DecisionRule
from spoilerguard.documents import Documents
from spoilerguard.features import check_texts
from spoilerguard.markup import check_markup
from spoilerguard.predicting import predict
from spoilerguard.processes import n_processes, run_jobs
from spoilerguard.rendering import Verdicts, warn_of_language
from spoilerguard.story import AnyStory, Story, as_story
from spoilerguard.verdicts import Label

__all__ = ["classify_batch", "classify_reviews"]


def classify_reviews(
    reviews: Iterable[str],
    *,
    n_jobs: int | None = None,
    progress: bool = False,
    model: AnyModel = None,
    threshold: Threshold = None,
    level: str = "any",
    markup: str | None = None,
    story: AnyStory = None,
) -> Iterator[Verdicts]:
    """Label the sentences of many reviews, as a stream.

    Parameters
    ----------
    reviews : iterable of str
        Whole reviews; a generator is read only as far as verdicts are asked for.
    n_jobs : int, optional
        Processes, in the sense of joblib: -1 means all cores. None means what a ``joblib.parallel_config`` around the
        call says, which may send the work to a cluster, and else 1. A frozen program (PyInstaller and its kind) uses
        one, with a warning: there, each new process would run the program again.
    progress : bool, default False
        Whether to show a progress bar.
    model, threshold, level, markup
        As in `classify`.
    story : Story or str, optional
        As in `classify`, for reviews of one work; for those of many, see `spoilerguard.classify_table`.

    Yields
    ------
    Verdicts
        What `classify` returns for each review, in the order of the input. A missing value, or anything else that is
        no string, counts as an empty review: its `Verdicts` are empty, the stream goes on.

    Raises
    ------
    TypeError
        Where `reviews` is one string, or no iterable.
    ValueError
        Where there is no such markup.

    Warns
    -----
    UserWarning
        At the first review that is no string, with its position in the whole stream, and at the end with their number;
        where one of the first reviews is the name of a file that is there; where `n_jobs` has no effect; at the first
        review that is not English, while `Verdicts.language` tells the others.

    Examples
    --------
    >>> [len(verdicts) for verdicts in classify_reviews(["One. Two.", "", "Three."])]
    [2, 0, 1]
    """
    check_texts(reviews, "review")
    check_markup(markup)
    known = as_story(story)
    stream = ReviewStream(reviews)
    done: Iterator[list[Verdicts]]
    n_jobs = n_processes(n_jobs)
    if n_jobs == 1:
        shared = resolve_model(model)
        done = (classify_batch(batch, shared, threshold, level, markup, known) for batch in stream)
    else:
        from joblib import delayed

        # Another process reads the default model itself, so that nobody sends it along.
        sent = None if model is None or model == "default" else resolve_model(model)
        jobs = (delayed(classify_batch)(batch, sent, threshold, level, markup, known) for batch in stream)
        done = run_jobs(jobs, n_jobs)
    verdicts = warn_of_language(stream.report(verdicts for batch in done for verdicts in batch))
    if not progress:
        return verdicts
    from tqdm.auto import tqdm  # warns in notebooks that lack widgets, so only those who ask for it see that

    return iter(tqdm(verdicts, desc="reviews", unit=" reviews"))


def classify_batch(
    reviews: list[str], model: AnyModel, threshold: Threshold, level: str, markup: str | None, story: Story | None
) -> list[Verdicts]:
    """The verdicts on each review."""
    model = resolve_model(model)
    rule = DecisionRule.of(model, threshold, level)
    predictions = predict(model, Documents.from_reviews(reviews, markup, [story] * len(reviews)))
    verdicts = iter(predictions.to_verdicts(rule))
    probabilities, flags = predictions.review_probability(rule), predictions.review_is_spoiler(rule)
    rows = zip(reviews, predictions.documents.lengths.tolist(), probabilities.tolist(), flags.tolist(), strict=True)
    return [
        Verdicts(islice(verdicts, length), review, probability, Label.SPOILER if spoils else Label.SAFE, level)
        for review, length, probability, spoils in rows
    ]
