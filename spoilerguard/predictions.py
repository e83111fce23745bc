"""A model and documents → a logit for every sentence, alone, where it stands, and by its story; those → verdicts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spoilerguard.calibration import expit
from spoilerguard.decisions import DecisionRule, Level
from spoilerguard.documents import Documents, Standing
from spoilerguard.errors import StoryError
from spoilerguard.features import Reading, TokenBatch
from spoilerguard.linear_model import LinearModel
from spoilerguard.matching import Phrases, PreparedStory, RareWords, of_length_one, rule_words, words_of
from spoilerguard.review_stage import highest_of, of_documents
from spoilerguard.sentences import split
from spoilerguard.story import Story
from spoilerguard.verdicts import Label, Verdict

__all__ = ["Predictions", "check_stories", "predict"]

_RULES = {1: "protect", -1: "allow", 0: None}
_UNTAUGHT = (
    "This model has not learnt to read a premise or a plot: it knows only protect and allow of a Story. "
    "The models that come with the package have learnt it."
)


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a model says of the sentences of some documents: arrays of shape (n_sentences,).

    Attributes
    ----------
    documents : Documents
    alone : ndarray of float64
        Logit of each sentence by itself.
    logit : ndarray of float64
        Logit of each sentence where it stands: in its review, or alone where it has no neighbours; its story counted.
    certain : ndarray of bool
        Whether each sentence carries enough to be classified.
    major_share : ndarray of float64 or None
        Probability that each sentence is a major spoiler if it is one at all; None where the model cannot tell.
    story : ndarray of float64
        What the story has added to each logit; 0 without one.
    matched : ndarray of int64
        The sentence of the plot that is most like each; -1 without one.
    decided : ndarray of int8
        1 where a protected word of the story decides, -1 where an allowed one does, else 0.
    read : ndarray of bool
        Whether the encoder has read each sentence for its logit alone; where it has not, a glance was enough.
    probability : ndarray of float64
        Calibrated probability, in [0, 1], that each sentence is a spoiler, where it stands; 0 or 1 by a rule.
    """

    documents: Documents
    alone: NDArray[np.float64]
    logit: NDArray[np.float64]
    certain: NDArray[np.bool_]
    major_share: NDArray[np.float64] | None
    story: NDArray[np.float64]
    matched: NDArray[np.int64]
    decided: NDArray[np.int8]
    read: NDArray[np.bool_]
    probability: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        probability = np.where(self.decided == 0, expit(self.logit), self.decided > 0)
        object.__setattr__(self, "probability", probability)  # asked for again and again

    def __repr__(self) -> str:
        return f"Predictions({self.documents!r})"

    @property
    def major(self) -> NDArray[np.float64] | None:
        """Calibrated probability that each sentence is a major spoiler; never above `probability`."""
        return None if self.major_share is None else self.probability * self.major_share

    @property
    def rules(self) -> list[str | None]:
        """For each sentence, the name of the rule of its story that decides."""
        return [_RULES[decided] for decided in self.decided.tolist()]

    def of_level(self, level: Level) -> NDArray[np.float64]:
        """The probability that decides at a level: `probability`, or `major`."""
        found = self.probability if level is Level.ANY else self.major
        assert found is not None, "a rule for major spoilers belongs to a model that knows them"  # noqa: S101
        return found

    def is_spoiler(self, rule: DecisionRule) -> NDArray[np.bool_]:
        """Whether the probability of each sentence is enough where it stands."""
        in_review, enough = self.documents.in_review, rule.thresholds
        flags = self.of_level(rule.level) >= np.where(in_review, enough[Standing.IN_REVIEW], enough[Standing.ALONE])
        flags = flags if rule.wider is None else flags & self.is_spoiler(rule.wider)
        return np.where(self.decided == 0, flags, self.decided > 0)

    def review_probability(self, rule: DecisionRule) -> NDArray[np.float64]:
        """Probability that each document holds a spoiler, shape (n_documents,); 0 where it has no sentence."""
        of_sentences, lengths, stage = self.of_level(rule.level), self.documents.lengths, rule.review_stage
        found = highest_of(of_sentences, lengths) if stage is None else stage.probability(of_sentences, lengths)
        found = found if rule.wider is None else np.minimum(found, self.review_probability(rule.wider))
        return np.where(self._is_protected, 1.0, np.maximum(found, 0.0))

    def review_is_spoiler(self, rule: DecisionRule) -> NDArray[np.bool_]:
        """Whether each document is called one that holds a spoiler, shape (n_documents,)."""
        lengths, enough = self.documents.lengths, rule.review_threshold
        if enough is None:
            flags = of_documents(self.is_spoiler(rule), lengths)
        else:
            flags = (self.review_probability(rule) >= enough) & of_documents(self.decided >= 0, lengths)
        flags = flags if rule.wider is None else flags & self.review_is_spoiler(rule.wider)
        return flags | self._is_protected

    @property
    def _is_protected(self) -> NDArray[np.bool_]:
        """Whether each document holds a sentence that its story protects."""
        return of_documents(self.decided > 0, self.documents.lengths)

    def to_verdicts(self, rule: DecisionRule) -> list[Verdict]:
        """One verdict for each sentence, in order."""
        documents, major = self.documents, self.major
        columns = (documents.starts, self.is_spoiler(rule), self.probability, self.certain, documents.marked)
        majors = [None] * len(documents) if major is None else major.tolist()
        rows = zip(documents.texts, *(column.tolist() for column in columns), majors, self.rules, strict=True)
        return [
            Verdict(text, start, start + len(text), Label.SPOILER if spoiler else Label.SAFE, *values)
            for text, start, spoiler, *values in rows
        ]


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
    """What is said of `n` sentences of which nothing is known."""
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
