"""Text in, verdicts out: what most users call."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import overload

from spoilerguard.arguments import ReviewStream, check_text
from spoilerguard.bundled import AnyModel, resolve_model
from spoilerguard.calibration.operating_points import Threshold
from spoilerguard.decisions import DecisionRule
from spoilerguard.documents import Documents
from spoilerguard.explanations import explain_documents
from spoilerguard.features import check_texts
from spoilerguard.markup import check_markup
from spoilerguard.predictions import predict
from spoilerguard.processes import n_processes, run_jobs
from spoilerguard.rendering import Verdicts, redact_verdicts, warn_of_language
from spoilerguard.story import AnyStory, Story, as_story
from spoilerguard.verdicts import Explanation, Label, Verdict

__all__ = ["classify", "classify_reviews", "explain", "redact"]


@overload
def classify(
    text: str,
    *,
    model: AnyModel = None,
    threshold: Threshold = None,
    level: str = "any",
    markup: str | None = None,
    story: AnyStory = None,
) -> Verdicts: ...


@overload
def classify(
    text: Iterable[str],
    *,
    model: AnyModel = None,
    threshold: Threshold = None,
    level: str = "any",
    markup: str | None = None,
    story: AnyStory = None,
) -> list[Verdict]: ...


def classify(
    text: str | Iterable[str],
    *,
    model: AnyModel = None,
    threshold: Threshold = None,
    level: str = "any",
    markup: str | None = None,
    story: AnyStory = None,
) -> list[Verdict]:
    """Label the sentences of a review, or sentences on their own.

    Parameters
    ----------
    text : str or iterable of str
        One string is a whole review: it is cut into sentences, and each is classified with what stands around it. An
        iterable of strings holds sentences that have nothing to do with each other: each is classified alone. For many
        whole reviews there is `classify_reviews`.
    model : SpoilerClassifier, str or Path, optional
        A model, the folder of a saved one, or the name "default" or "accurate". None means "default".
    threshold : float or str, optional
        Probability in [0, 1] from which a sentence is called a spoiler, or the name of one of the model's operating
        points. None means the model's own: its parameter ``threshold``, else "balanced" where it has that, else 0.5.
    level : {"any", "major"}, default "any"
        Which spoilers are marked: "major" means only those that give away an ending, a death, a culprit or an identity;
        thresholds are then those of `Verdict.major`.
    markup : {"html", "markdown", "discord", "reddit"}, optional
        What `text` is written in. It is read as a reader sees it; offsets lead into `text` as it is. None means plain
        text. The spoiler marks of authors are known in either case, and make no difference to a label.
    story : Story or str, optional
        What is known of the work: its premise, its plot, words that are always or never spoilers. A string is the
        premise. Verdicts without a story are as if there were no such thing.

    Returns
    -------
    list of Verdict
        One for each sentence, in order; empty for an empty or blank review. For a review it is a `Verdicts`, which
        shows the review with its spoilers highlighted in a notebook, and becomes a table by ``to_frame()``.

    Raises
    ------
    TypeError
        Where `text` is neither a string nor an iterable of strings; the message names the first wrong element.
    ValueError
        Where `threshold` is no probability, or there is no such level or markup.
    OperatingPointError
        Where the model has no operating point of that name, or cannot tell major spoilers.
    ModelFormatError, sklearn.exceptions.NotFittedError
        Where `model` is a folder that cannot be read, or is not fitted.
    SpoilerguardError
        Where `story` has a premise or a plot, and the model has not learnt to read them.

    Warns
    -----
    UserWarning
        Where several of the sentences look like whole reviews, a text is the name of a file that is there, or a review
        is not English.

    Examples
    --------
    >>> verdicts = classify("Lovely photography. In the end Anna dies and Paul is the killer.")
    >>> [verdict.label.value for verdict in verdicts]
    ['safe', 'spoiler']
    >>> classify(["In the end Anna dies and Paul is the killer."])[0].label == "spoiler"
    True
    >>> [verdict] = classify("Keyser's a fine name.", story=Story(protect=["Keyser"]))
    >>> verdict.is_spoiler, verdict.rule
    (True, 'protect')
    """
    found = check_text(text)
    if isinstance(found, str):
        [verdicts] = warn_of_language(_classify_batch([found], model, threshold, level, markup, as_story(story)))
        return verdicts
    shared, stories = resolve_model(model), [as_story(story)] * len(found)
    rule = DecisionRule.of(shared, threshold, level)  # first: a wrong one is refused before the work
    return predict(shared, Documents.from_sentences(found, markup=markup, stories=stories)).to_verdicts(rule)


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
        done = (_classify_batch(batch, shared, threshold, level, markup, known) for batch in stream)
    else:
        from joblib import delayed

        # Another process reads the default model itself, so that nobody sends it along.
        sent = None if model is None or model == "default" else resolve_model(model)
        jobs = (delayed(_classify_batch)(batch, sent, threshold, level, markup, known) for batch in stream)
        done = run_jobs(jobs, n_jobs)
    verdicts = warn_of_language(stream.report(verdicts for batch in done for verdicts in batch))
    if not progress:
        return verdicts
    from tqdm.auto import tqdm  # warns in notebooks that lack widgets, so only those who ask for it see that

    return iter(tqdm(verdicts, desc="reviews", unit=" reviews"))


def explain(
    text: str | Iterable[str], *, model: AnyModel = None, markup: str | None = None, story: AnyStory = None
) -> list[Explanation]:
    """Say which words made the verdicts, and what the rest of the review and the story added.

    Parameters
    ----------
    text : str or iterable of str
        A review, or sentences on their own, as for `classify`.
    model, markup, story
        As in `classify`.

    Returns
    -------
    list of Explanation
        One for each sentence, in order; its contributions, its intercept, its context and its story add up to its
        logit.

    Examples
    --------
    >>> [why] = explain("In the end Anna dies.")
    >>> max(why.contributions, key=lambda part: part.weight).text
    'dies'
    """
    found = check_text(text)
    if isinstance(found, str):
        documents = Documents.from_reviews([found], markup, [as_story(story)])
    else:
        documents = Documents.from_sentences(found, markup=markup, stories=[as_story(story)] * len(found))
    return explain_documents(resolve_model(model), documents)


def redact(
    review: str,
    *,
    style: str = "block",
    mask: str | None = None,
    model: AnyModel = None,
    threshold: Threshold = None,
    level: str = "any",
    markup: str | None = None,
    story: AnyStory = None,
) -> str:
    """Hide the spoilers of a review, and whatever its author had hidden.

    Parameters
    ----------
    review : str
        A whole review.
    style : str, default "block"
        How to hide: "block", "plain", "commonmark" and "mastodon" take the text away; "html", "markdown", "discord",
        "reddit", "lemmy", "anilist", "goodreads" and "bbcode" keep it behind the markup of a place, and hide nothing
        elsewhere. `spoilerguard.rendering.redact_verdicts` says where each is proven.
    mask : str, optional
        What stands for hidden text, for the styles that take it away.
    model, threshold, level
        As in `classify`.
    markup : {"html", "markdown", "discord", "reddit"}, optional
        What `review` is written in; all but what is hidden then stays as it is. See `redact_verdicts`.
    story : Story or str, optional
        As in `classify`.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        Where `review` is no string.
    ValueError
        Where there is no such style or markup, or they do not go together; or as `classify` does.

    Examples
    --------
    >>> redact("Lovely photography. In the end Anna dies and Paul is the killer.", style="reddit")
    'Lovely photography. >!In the end Anna dies and Paul is the killer.!<'
    """
    if not isinstance(review, str):
        raise TypeError(f"redact expects one review as a string, got {type(review).__name__}.")
    verdicts = classify(review, model=model, threshold=threshold, level=level, markup=markup, story=story)
    return redact_verdicts(review, verdicts, style, mask=mask, markup=markup)


def _classify_batch(
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
        Verdicts(islice(verdicts, length), review, probability, Label.SPOILER if spoils else Label.SAFE)
        for review, length, probability, spoils in rows
    ]
