"""A model and documents → `Predictions`: every sentence is read alone, then where it stands, then beside its story."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spoilerguard.documents import Documents, Standing
from spoilerguard.errors import StoryError
from spoilerguard.features import Reading, TokenBatch
from spoilerguard.linear_model import LinearModel
from spoilerguard.matching import Phrases, PreparedStory, RareWords, of_length_one, rule_words, words_of
from spoilerguard.predictions import Predictions
from spoilerguard.sentences import split
from spoilerguard.story import Story

__all__ = ["check_stories", "predict"]

_UNTAUGHT = (
    "This model has not learnt to read a premise or a plot: it knows only protect and allow of a Story. "
    "The models that come with the package have learnt it."
)


def predict(model: LinearModel, documents: Documents) -> Predictions:
    """Classify the sentences of documents.

    Parameters
    ----------
    model : SpoilerClassifier
        Fitted.
    documents : Documents

    Returns
    -------
    Predictions

    Examples
    --------
    >>> from spoilerguard.model import SpoilerClassifier
    >>> sentences = ["He dies at the end.", "The killer is the nurse.", "Great music.", "The acting is fine."]
    >>> model = SpoilerClassifier(C=10).fit(sentences, [1, 1, 0, 0])
    >>> predictions = predict(model, Documents.from_reviews(["Great acting. The killer dies."]))
    >>> (predictions.probability > 0.5).tolist()
    [False, True]
    """
    parts = [_nothing(0), *(_predict_batch(model, batch) for batch in documents.batches())]
    found = _Arrays(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    known = found._asdict() | ({"major_share": None} if model.severity_ is None else {})
    return Predictions(documents, **known)


def check_stories(model: LinearModel, stories: Iterable[Story]) -> None:
    """Raise the `StoryError` that `predict` would raise at any of the stories, before a sentence is classified."""
    for story in stories:
        if model.story_ is None and any(split(text) for text in (story.premise, story.plot)):
            raise StoryError(_UNTAUGHT)
        for phrases in (story.protect, story.allow):
            Phrases(phrases, model.vectorizer_.normalization)


class _Arrays(NamedTuple):
    """The arrays of `Predictions`, of a batch."""

    alone: NDArray[np.float64]
    logit: NDArray[np.float64]
    certain: NDArray[np.bool_]
    major_share: NDArray[np.float64]
    story: NDArray[np.float64]
    matched: NDArray[np.int64]
    decided: NDArray[np.int8]
    read: NDArray[np.bool_]


def _nothing(n: int) -> _Arrays:
    """The values for `n` sentences before any of them is read."""
    zeros, no = np.zeros(n), np.zeros(n, np.bool_)
    return _Arrays(zeros, zeros, no, zeros, zeros, np.full(n, -1), np.zeros(n, np.int8), no)


def _predict_batch(model: LinearModel, documents: Documents) -> _Arrays:
    """All arrays from one reading of the text."""
    batches = list(model.vectorizer_.tokenize(documents.sentences))
    if not batches:
        return _nothing(0)
    alone, vectors, read = _read(model, documents, batches)
    logit, in_place = _in_place(model, documents, batches, alone, vectors)
    if model.gate_ is not None:
        more = np.flatnonzero(~read & (logit >= model.gate_))
        if len(more):
            vectors[more] = model.vectorizer_.encode([documents.sentences[row] for row in more.tolist()])
            if not model.vectorizer_.reads_reviews_anew:
                logit, in_place = _in_place(model, documents, batches, alone, vectors)
    certain = np.concatenate([model.certain_tokens(tokens) for tokens in batches])
    found = _nothing(len(documents))._replace(alone=alone, read=read, logit=logit, certain=certain)
    if model.severity_ is not None:
        found = found._replace(major_share=model.severity_.share(vectors, in_place, documents.in_review))
    return _with_stories(model, documents, batches, vectors, found) if documents.stories else found


def _read(model: LinearModel, documents: Documents, batches: list[TokenBatch]) -> Reading:
    """The sentences alone; those that are to be compared with a plot are all read."""
    told = [story is not None and bool(model.prepare_story(story).known) for story in documents.stories]
    in_any_case = np.repeat(told or [False] * len(documents.lengths), documents.lengths)
    ends = np.cumsum([len(tokens) for tokens in batches]).tolist()
    parts = [
        model.read(tokens, documents.sentences[end - len(tokens) : end], in_any_case[end - len(tokens) : end])
        for tokens, end in zip(batches, ends, strict=True)
    ]
    return Reading(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _in_place(
    model: LinearModel,
    documents: Documents,
    batches: list[TokenBatch],
    alone: NDArray[np.float64],
    vectors: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Logits where the sentences stand, and the encoder's vectors there, where anything asks for them."""
    context, severity, in_review, in_place = model.context_, model.severity_, documents.in_review, None
    reads_vectors = bool(context and context.vector_coef) or bool(severity and Standing.IN_REVIEW in severity.heads)
    if reads_vectors and in_review.any():
        in_place = model.vectorizer_.encode_reviews(batches, documents.lengths, vectors)
    if context is None or not in_review.any():
        return alone, in_place
    return np.where(in_review, context.logits(alone, documents, in_place), alone), in_place


def _with_stories(
    model: LinearModel,
    documents: Documents,
    batches: list[TokenBatch],
    vectors: NDArray[np.float64],
    found: _Arrays,
) -> _Arrays:
    """The same, changed where stories are known; the documents of one story are compared with it at once."""
    logit, matched, decided = found.logit.copy(), found.matched, found.decided
    words = RareWords.of(model.vectorizer_, batches)
    spelled: list[list[str]] | None = None
    numbers = {story: place for place, story in enumerate(dict.fromkeys(documents.stories)) if story is not None}
    of_sentence = np.repeat([-1 if story is None else numbers[story] for story in documents.stories], documents.lengths)
    for story, place in numbers.items():
        rows = np.flatnonzero(of_sentence == place)
        prepared = model.prepare_story(story)
        if prepared.known and len(rows):
            if model.story_ is None:
                raise StoryError(_UNTAUGHT)
            matches = prepared.match(words.take(rows), of_length_one(vectors[rows]))
            logit[rows] = model.story_.logits(prepared.known, found.logit[rows], documents.in_review[rows], matches)
            matched[rows] = matches.best
        if story.protect or story.allow:
            if spelled is None:
                spelled = [sentence for tokens in batches for sentence in words_of(tokens)]
                foreign = [row for row, text in enumerate(documents.sentences) if not text.isascii()]
                folded = rule_words([documents.sentences[row] for row in foreign], model.vectorizer_.normalization)
                for row, sentence in zip(foreign, folded, strict=True):
                    spelled[row] = sentence
            decided[rows] = [_decide(prepared, spelled[row]) for row in rows.tolist()]
    return found._replace(logit=logit, story=logit - found.logit, matched=matched, decided=decided)


def _decide(story: PreparedStory, words: list[str]) -> int:
    """What the story's rules say of a sentence. What must not be told comes before what may."""
    return 1 if story.protect.found_in(words) else -1 if story.allow.found_in(words) else 0
