"""The widget with which reviews are labelled. All state is here; its page shows it, and sends back what was pressed."""

import os
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from spoilerguard.bundled import AnyModel, resolve_model
from spoilerguard.datasets.loading import ForeignTable
from spoilerguard.decisions import DecisionRule
from spoilerguard.documents import Documents
from spoilerguard.errors import MissingExtraError, SpoilerguardError
from spoilerguard.notebook.label_file import LabelFile, LabelledReview, read_reviews
from spoilerguard.predicting import predict
from spoilerguard.rendering import visible
from spoilerguard.rendering.highlighting import percent

__all__ = ["Labeler"]


class _Before(NamedTuple):
    """What a change has replaced."""

    review: int
    sentence: int
    labels: list[int | None]
    done: bool


class Labeler:
    """Label the sentences of reviews, one review at a time, in a notebook (extra `notebook`).

    Put it at the end of a cell. Click, or press: up and down, or j and k, to move; 0, 1, 2 for safe, minor and major
    spoiler; n when the review is done (what has no label is safe then), s to skip it, p for the one before; u to undo;
    m for the model's opinion, which is hidden until then, so that it leads nobody. Reviews that are done are saved at
    once. The methods do the same without a browser.

    Parameters
    ----------
    reviews : DataFrame, Series or iterable of str
        Whole reviews; a table may be of pandas, polars or pyarrow, such as `spoilerguard.suggest` returns. Missing and
        blank ones are left out.
    path : path, default "labels.jsonl"
        Where the labels go: ``text``, ``spans``, ``labels`` and all other columns of `reviews`, as
        `spoilerguard.load_corpus` reads them. Where the file is there, the work goes on; other reviews in it are kept.
    annotator : str, optional
        Who labels; it becomes a column. Each annotator needs a file: see `spoilerguard.notebook.agreement`.
    text : str, default "text"
        The column of texts, where `reviews` is a table.
    model : SpoilerClassifier, str or Path, optional
        Whose opinion can be asked for, as in `spoilerguard.classify`. None means "default".

    Attributes
    ----------
    reviews : list of LabelledReview
        Each with its ``text``, ``sentences``, ``labels``, and whether it is ``done``.
    review, sentence : int
        Which review is shown, and which of its sentences gets the next label.
    widget : anywidget.AnyWidget
        To place it among other widgets.

    Raises
    ------
    CorpusError
        Where a table lacks the column or a sentence to label, or the file cannot be gone on with.
    MissingExtraError
        Where anywidget is not installed.
    TypeError, ValueError, ModelFormatError
        Where an argument is none of these.

    Examples
    --------
    >>> import tempfile
    >>> path = tempfile.mkdtemp() + "/labels.jsonl"
    >>> labeler = Labeler(["Lovely music. In the end Anna dies.", "Fine cast."], path)
    >>> labeler.move(1)
    >>> labeler.label(2)
    >>> labeler.next()
    >>> labeler
    Labeler(1 of 2 reviews labelled, in labels.jsonl)
    >>> from spoilerguard import load_corpus
    >>> load_corpus(path).labels.tolist()
    [0, 1]
    """

    def __init__(
        self,
        reviews: pd.DataFrame | ForeignTable | Iterable[str | None],
        path: str | os.PathLike[str] = "labels.jsonl",
        *,
        annotator: str | None = None,
        text: str = "text",
        model: AnyModel = None,
    ) -> None:
        self.widget: Any = _widget_class()()
        self._model = resolve_model(model)
        self._file = LabelFile(path, annotator)
        self.reviews: list[LabelledReview] = self._file.resume(read_reviews(reviews, text))
        self.review: int = next((place for place, review in enumerate(self.reviews) if not review.done), 0)
        self.sentence: int = 0
        self._history: list[_Before] = []
        self._opinion: list[dict[str, Any]] | None = None
        self._message = ""
        self.widget.on_msg(self._receive)
        self._show()

    def __repr__(self) -> str:
        return f"Labeler({self._n_done} of {len(self.reviews)} reviews labelled, in {self._file.path.name})"

    def _repr_mimebundle_(self, **options: Any) -> Any:  # noqa: ANN401 - those of IPython
        found = self.widget._repr_mimebundle_(**options)
        (found[0] if isinstance(found, tuple) else found)["text/plain"] = repr(self)
        return found

    def label(self, grade: int, sentence: int | None = None) -> None:
        """Call a sentence safe (0), a minor (1) or a major spoiler (2): the current one, or the one of that number."""
        review = self.reviews[self.review]
        labels, place = review.labels, self.sentence if sentence is None else sentence
        if grade not in (0, 1, 2) or not 0 <= place < len(labels):
            raise ValueError(
                f"label 0, 1 or 2 for a sentence from 0 to {len(labels) - 1}, not {grade!r} for {place!r}."
            )
        self.sentence = place
        if labels[place] != grade:
            self._remember()
            labels[place] = int(grade)
        if review.done:
            self._file.save(self.reviews)
        self._show()

    def move(self, by: int) -> None:
        """Go some sentences down, or up where `by` is negative."""
        self.select(self.sentence + by)

    def select(self, sentence: int) -> None:
        """Go to the sentence of that number; the first and the last are the ends."""
        self.sentence = min(max(sentence, 0), len(self.reviews[self.review].labels) - 1)
        self._show()

    def next(self) -> None:
        """The review is done: sentences without a label are safe. Go to the next one."""
        review = self.reviews[self.review]
        if not review.done:
            self._remember()
            review.labels[:] = [label or 0 for label in review.labels]
            review.done = True
        self._file.save(self.reviews)
        self._go(self.review + 1)

    def skip(self) -> None:
        """Go to the next review; this one stays as it is."""
        self._go(self.review + 1)

    def previous(self) -> None:
        """Go back to the review before; this one stays as it is."""
        self._go(self.review - 1)

    def undo(self) -> None:
        """Take back the last label, or the last "done", and go where it was given."""
        if self._history:
            before = self._history.pop()
            self._go(before.review)
            self.sentence = before.sentence
            review = self.reviews[self.review]
            review.labels[:], review.done = before.labels, before.done
            self._file.save(self.reviews)
        self._show()

    def ask(self) -> None:
        """Show what the model says of this review, or hide it again."""
        self._opinion = None if self._opinion else self._ask()
        self._show()

    @property
    def _n_done(self) -> int:
        return sum(review.done for review in self.reviews)

    def _remember(self) -> None:
        review = self.reviews[self.review]
        self._history.append(_Before(self.review, self.sentence, list(review.labels), review.done))

    def _go(self, place: int) -> None:
        """Show another review, if there is one."""
        if 0 <= place < len(self.reviews) and place != self.review:
            self.review, self.sentence, self._opinion = place, 0, None
        self._show()

    def _ask(self) -> list[dict[str, Any]]:
        sentences = self.reviews[self.review].sentences
        found = predict(self._model, Documents.from_sentences(sentences, np.array([len(sentences)])))
        verdicts = found.to_verdicts(DecisionRule.of(self._model))
        major = ("" if one.major is None else f", major {percent(one.major)}" for one in verdicts)
        pairs = zip(verdicts, major, strict=True)
        return [{"spoiler": one.is_spoiler, "text": f"spoiler {percent(one.probability)}{more}"} for one, more in pairs]

    def _show(self) -> None:
        review = self.reviews[self.review]
        gaps = [
            review.text[before[1] : after[0]] for before, after in zip(review.spans, review.spans[1:], strict=False)
        ]
        self.widget.view = {
            "review": self.review,
            "n_reviews": len(self.reviews),
            "n_done": self._n_done,
            "done": review.done,
            "work": visible(str(review.columns.get("work") or "")),
            "sentence": self.sentence,
            "sentences": [visible(sentence) for sentence in review.sentences],
            "opens_paragraph": [False, *("\n" in gap or "<" in gap for gap in gaps)],
            "labels": list(review.labels),
            "opinion": self._opinion,
            "can_undo": bool(self._history),
            "message": self._message,
        }

    def _receive(self, _widget: object, pressed: dict[str, Any], _buffers: object) -> None:
        """Do what was pressed, unless it was pressed on a review that is no longer shown."""
        if pressed["review"] != self.review:
            return
        self._message = ""
        options = {name: value for name, value in pressed.items() if name in {"grade", "sentence", "by"}}
        try:
            _ACTIONS[pressed["action"]](self, **options)
        except (OSError, SpoilerguardError) as error:  # the cell that would show it has ended
            self._message = str(error)
            self._show()


_ACTIONS: dict[str, Callable[..., None]]
_ACTIONS = {name: getattr(Labeler, name) for name in "label move select next skip previous undo ask".split()}


@cache
def _widget_class() -> Any:  # noqa: ANN401
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise MissingExtraError('labelling needs anywidget: pip install "spoilerguard[notebook]"') from error

    page = files("spoilerguard.notebook")

    class LabelerWidget(anywidget.AnyWidget):
        """What a page shows of a `Labeler`."""

        _esm = page.joinpath("labeler.js").read_text("utf-8")
        _css = page.joinpath("labeler.css").read_text("utf-8")
        view = traitlets.Dict().tag(sync=True)

    return LabelerWidget
