"""Texts → arrays of results: one entry a sentence, and no object for any of them. It knows no kind of table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.bundled import NAMES, AnyModel, resolve_model
from spoilerguard.calibration.operating_points import Threshold
from spoilerguard.corpus.schema import as_name
from spoilerguard.decisions import DecisionRule
from spoilerguard.documents import Documents
from spoilerguard.linear_model import LinearModel
from spoilerguard.markup import check_markup
from spoilerguard.predicting import check_stories, predict
from spoilerguard.processes import n_processes, run_jobs
from spoilerguard.rendering import redact_verdicts
from spoilerguard.story import Story, as_story
from spoilerguard.tables.language import foreign_texts
from spoilerguard.tables.progress import progress_bar
from spoilerguard.verdicts import Label, Verdict

__all__ = ["Batch", "Job", "Scores", "batches", "score", "score_batches"]

_TEXTS_AT_ONCE = 64  # as in `classify_reviews` …
_CHARACTERS_AT_ONCE = 1 << 19  # … and fewer where they are long


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be done with each text: the options of `classify_table`."""

    by: str = "sentence"
    model: AnyModel = None
    threshold: Threshold = None
    level: str = "any"
    markup: str | None = None
    style: str | None = None
    story: object = None
    stories: Mapping[str, Story] | None = None

    def checked(self) -> Self:
        """The same with a model that can go to another process: one that has a name goes by it, any other is read here.

        Raises
        ------
        TypeError, ValueError, OperatingPointError, ModelFormatError, StoryError
            Where an option is wrong.
        """
        if self.by not in ("sentence", "review"):
            raise ValueError(f"by must be 'sentence' or 'review', got {self.by!r}.")
        check_markup(self.markup)
        job = self._with_stories()
        if self.style is not None:
            if self.by != "review":
                raise ValueError("style hides the spoilers of whole reviews: it needs by='review'.")
            redact_verdicts("", [], self.style, markup=self.markup)
        job = job if self.has_named_model else replace(job, model=resolve_model(self.model))
        if (job.threshold, job.level) != (None, "any"):
            job.rule()
        known = [job.story] if isinstance(job.story, Story) else list((job.stories or {}).values())
        if known:
            check_stories(job.read_model(), known)
        return job

    def _with_stories(self) -> Self:
        """The same, its stories checked: each a `Story` under the name of its work."""
        if self.stories is None:
            if isinstance(self.story, str):
                raise ValueError("story names the column of works: pass their stories, too, or one Story for all rows.")
            return replace(self, story=as_story(self.story))
        if self.story is None or not isinstance(self.stories, Mapping):
            raise TypeError("stories must be a mapping of works to stories, and story the name of the column of works.")
        found = {as_name(work): as_story(story) for work, story in self.stories.items()}
        return replace(self, stories={work: story for work, story in found.items() if work and story})

    @property
    def columns_of_works(self) -> list[Any]:
        """The column that names the work of each row, where there is one."""
        return [] if self.stories is None else [self.story]

    @property
    def has_stories(self) -> bool:
        """Whether anything is known of any work."""
        return self.story is not None

    def stories_of(self, frame: Any) -> list[Story | None]:  # noqa: ANN401 - a table with a column of works
        """The story of each row of a table of pandas or narwhals; None where its work has none."""
        if self.stories is None:
            return [self.story] * len(frame) if isinstance(self.story, Story) else []
        return [self.stories.get(as_name(work) or "") for work in frame[self.story].to_list()]

    @property
    def has_named_model(self) -> bool:
        """Whether each process can read the model by itself."""
        return self.model is None or (isinstance(self.model, str) and self.model in NAMES)

    def read_model(self) -> LinearModel:
        """The model; one that has a name is read once in a process."""
        return _read_named(self.model or "default") if self.has_named_model else resolve_model(self.model)

    def rule(self) -> DecisionRule:
        """Which probabilities are enough."""
        return DecisionRule.of(self.read_model(), self.threshold, self.level)


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What a model says about texts.

    Attributes
    ----------
    lengths : ndarray of int64, shape (n_texts,)
        Number of sentences of each text; zero for an empty one and a missing one.
    starts, ends : ndarray of int64, shape (n_sentences,)
        Places of the sentences in their texts.
    spoiler, certain, marked : ndarray of bool, shape (n_sentences,)
    decided : ndarray of int8, shape (n_sentences,)
        As in `Predictions`.
    probability, major : ndarray of float64, shape (n_sentences,)
        The second is NaN where the model cannot tell.
    review_probability : ndarray of float64, shape (n_texts,)
    review_spoils, foreign : ndarray of bool, shape (n_texts,)
        The second: whether a text does not seem to be English.
    redacted : list of str or None
        The texts with their spoilers hidden, where a style was asked for; None for a missing one.
    """

    lengths: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    spoiler: NDArray[np.bool_]
    probability: NDArray[np.float64]
    certain: NDArray[np.bool_]
    marked: NDArray[np.bool_]
    decided: NDArray[np.int8]
    major: NDArray[np.float64]
    review_probability: NDArray[np.float64]
    review_spoils: NDArray[np.bool_]
    foreign: NDArray[np.bool_]
    redacted: list[str | None] = field(default_factory=list)

    @classmethod
    def concat(cls, parts: Sequence[Self]) -> Self:
        """The scores of all texts of several parts, in order."""
        arrays: dict[str, Any] = {
            name: np.concatenate([np.zeros(0, kind), *(getattr(part, name) for part in parts)])
            for name, kind in _TYPES.items()
        }
        return cls(**arrays, redacted=[text for part in parts for text in part.redacted])


_TYPES: dict[str, Any] = {
    **dict.fromkeys(("lengths", "starts", "ends"), np.int64),
    **dict.fromkeys(("probability", "major", "review_probability"), np.float64),
    **dict.fromkeys(("spoiler", "certain", "marked", "review_spoils", "foreign"), np.bool_),
    "decided": np.int8,
}


class Batch(NamedTuple):
    """Texts that are classified together, and what is known of the work of each; no story where nothing is known."""

    texts: list[str | None]
    stories: list[Story | None]


def score(
    texts: Sequence[str | None],
    job: Job,
    n_jobs: int | None = 1,
    *,
    stories: Sequence[Story | None] = (),
    progress: bool = False,
) -> Scores:
    """Classify texts. Where there are none, no model is read.

    Examples
    --------
    >>> scores = score(["Nice hat. The butler is the killer.", None, ""], Job())
    >>> scores.lengths.tolist(), scores.starts.tolist(), scores.spoiler.tolist()
    ([2, 0, 0], [0, 10], [False, True])
    """
    parts = []
    with progress_bar(len(texts), progress) as bar:
        for part in score_batches(batches(texts, stories), job, n_jobs) if texts else ():
            parts.append(part)
            bar.update(len(part.lengths))
    return Scores.concat(parts)


def score_batches(stream: Iterable[Batch], job: Job, n_jobs: int | None) -> Iterator[Scores]:
    """Classify batches of texts as they are asked for, in order, in one process or in several."""
    job = replace(job, stories=None)  # a batch has its own: another process need not get all
    if n_processes(n_jobs) == 1:
        job = replace(job, model=job.read_model())
        return (_score_batch(batch, job) for batch in stream)
    from joblib import delayed

    return run_jobs((delayed(_score_batch)(batch, job) for batch in stream), n_processes(n_jobs))


@cache
def _read_named(name: Any) -> LinearModel:  # noqa: ANN401 - one of `NAMES`
    return resolve_model(name)


def batches(texts: Sequence[str | None], stories: Sequence[Story | None] = ()) -> Iterator[Batch]:
    """Some texts at a time, fewer where they are long; `stories` has one entry a text, or none."""
    first = characters = 0
    for place, text in enumerate(texts, start=1):
        characters += len(text or "")
        if place - first == _TEXTS_AT_ONCE or characters > _CHARACTERS_AT_ONCE or place == len(texts):
            yield Batch(list(texts[first:place]), list(stories[first:place]))
            first, characters = place, 0


def _score_batch(batch: Batch, job: Job) -> Scores:
    documents = Documents.from_reviews([text or "" for text in batch.texts], job.markup, batch.stories)
    predictions, rule = predict(job.read_model(), documents), job.rule()
    major = predictions.major
    scores = Scores(
        documents.lengths,
        documents.starts,
        documents.starts + np.array([len(text) for text in documents.texts], dtype=np.int64),
        predictions.is_spoiler(rule),
        predictions.probability,
        predictions.certain,
        documents.marked,
        predictions.decided,
        np.full(len(documents), np.nan) if major is None else major,
        predictions.review_probability(rule),
        predictions.review_is_spoiler(rule),
        foreign_texts(batch.texts, documents, predictions.certain),
    )
    return scores if job.style is None else replace(scores, redacted=list(_redacted(batch.texts, scores, job)))


def _redacted(texts: list[str | None], scores: Scores, job: Job) -> Iterator[str | None]:
    """Each text in the style of the job. Only the spoilers become verdicts."""
    ends = np.cumsum(scores.lengths)
    for text, first, end in zip(texts, ends - scores.lengths, ends, strict=True):
        places = first + np.flatnonzero(scores.spoiler[first:end])
        spans = zip(scores.starts[places].tolist(), scores.ends[places].tolist(), strict=True)
        yield text and redact_verdicts(
            text,
            [Verdict(text[start:stop], start, stop, Label.SPOILER, 1.0, certain=True) for start, stop in spans],
            str(job.style),
            markup=job.markup,
        )
