"""Text in, verdicts out: what most users call."""

from collections.abc import Iterable
from typing import overload

from spoilerguard.arguments import check_text
from spoilerguard.bundled import AnyModel, resolve_model
from spoilerguard.calibration.operating_points import Threshold
from spoilerguard.decisions import DecisionRule
from spoilerguard.documents import Documents
from spoilerguard.explanations import explain_documents
from spoilerguard.predicting import predict
from spoilerguard.rendering import Verdicts, redact_verdicts, warn_of_language
from spoilerguard.reviews import classify_batch
from spoilerguard.story import AnyStory, as_story
from spoilerguard.verdicts import Explanation, Verdict

__all__ = ["classify", "explain", "redact"]


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
    StoryError
        Where `story` has a premise or a plot, and the model has not learnt to read them, or a phrase without a word.

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
    >>> from spoilerguard import Story
    >>> [verdict] = classify("Keyser's a fine name.", story=Story(protect=["Keyser"]))
    >>> verdict.is_spoiler, verdict.rule
    (True, 'protect')
    """
    found = check_text(text)
    if isinstance(found, str):
        [verdicts] = warn_of_language(classify_batch([found], model, threshold, level, markup, as_story(story)))
        return verdicts
    shared, stories = resolve_model(model), [as_story(story)] * len(found)
    rule = DecisionRule.of(shared, threshold, level)  # first: a wrong one is refused before the work
    return predict(shared, Documents.from_sentences(found, markup=markup, stories=stories)).to_verdicts(rule)


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
    >>> [why] = explain("In the end the killer is the nurse.")
    >>> max(why.contributions, key=lambda part: part.weight).text
    'killer'
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
