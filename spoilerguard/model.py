"""The classifier that users fit: labelled sentences → a linear head, from scratch, from a stream, or by correction."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.linear_model import SGDClassifier

from spoilerguard.features import SentenceVectorizer
from spoilerguard.features.bases import BaseEstimator, ClassifierMixin
from spoilerguard.features.estimators import check_fitted, one_line
from spoilerguard.features.vectorizer import AnyVectors
from spoilerguard.fitting import LabelledSentences, check_flags, check_labels, check_parameters, weigh_classes
from spoilerguard.heads import Columns, Head, fit_correction, fit_head, start_stream
from spoilerguard.linear_model import LinearModel
from spoilerguard.user_warnings import warn_of_reviews
from spoilerguard.verdicts import Label

__all__ = ["SpoilerClassifier"]

# An encoder's vectors are long: they want a stronger penalty and smaller steps than n-grams alone (the second values).
# 2,000 TV Tropes sentences on a model of film reviews: .751 to .779 there, .954 to .948 at home; C = .001 costs .014.
_CORRECTION_C = (0.0003, 0.01)
_STEP = (0.0005, 0.02)


class SpoilerClassifier(LinearModel, ClassifierMixin, BaseEstimator):
    """Tell spoilers from safe sentences, each on its own: logistic regression over `SentenceVectorizer`'s vectors.

    Parameters
    ----------
    vectorizer : SentenceVectorizer, optional
        How sentences become vectors; cloned before it is fitted. None means ``SentenceVectorizer()``.
    C : float, default 0.02
        Inverse strength of the L2 penalty.
    threshold : float, str or None, default None
        Probability, in [0, 1], from which `predict` and `spoilerguard.classify` say spoiler, or the name of an
        operating point. None means "balanced" where the model has it, else 0.5.
    random_state : int, default 0
        Seed; equal seeds give equal weights.
    class_weight : dict of label to float, "balanced" or None, default None
        How much the sentences of each class count, as in scikit-learn; a class that the dict leaves out counts 1.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels given to `fit`, sorted as scikit-learn expects: in general the second is the spoiler.
    spoiler_index_ : int
        Which of `classes_`, and column of `predict_proba`, is the spoiler: 0 where its name sorts first ("Spoiler").
    vectorizer_ : SentenceVectorizer
        The fitted vectorizer.
    coef_ : ndarray of float32, shape (n_columns,)
        Weight of each column of the vectors, as exact as half precision; read-only.
    intercept_ : float
        Logit of a sentence without a word.
    context_ : ReviewContext or None
        What neighbours add, where `spoilerguard.train` has learnt it.
    story_ : StoryStage or None
        What a `spoilerguard.Story` adds, in models that come with the package.
    gate_ : float or None
        Sentences whose logit, roughly guessed, lies below it are not read closer, likewise; None means that all are.
    operating_points_ : dict of Standing to dict of str to OperatingPoint
        Named thresholds, likewise.
    card_ : dict
        What a reader of the model should know, likewise: data, terms, measurements, limits.
    memory_ : SentenceMemory or None
        Hashes of the sentences that it has learnt from: `spoilerguard.evaluate` says where a corpus is not new to it.
        Whoever has a sentence can test whether it was learnt: for private texts, set None before `spoilerguard.save`.
    profile_ : Profile or None
        What its texts look like, in numbers, likewise: for `spoilerguard.drift`.

    Examples
    --------
    >>> sentences = ["He dies at the end.", "The killer is the nurse.", "Great music.", "The acting is fine."]
    >>> model = SpoilerClassifier(C=10).fit(sentences, ["spoiler", "spoiler", "safe", "safe"])
    >>> model.predict(["the killer dies", "fine music"]).tolist()
    ['spoiler', 'safe']
    """

    vectorizer: SentenceVectorizer | None
    vectorizer_: SentenceVectorizer
    _stream_head: SGDClassifier | None = None  # of `partial_fit`, as long as nothing else has set the weights

    @classmethod
    def from_linear_model(cls, model: LinearModel) -> Self:
        """The classifier that scores as `model` does, shares its parts, and learns further; a classifier as it is."""
        if isinstance(model, cls):
            return model
        found, vectorizer = cls.__new__(cls), model.vectorizer
        found.__dict__.update(vars(model), vectorizer_=SentenceVectorizer.from_vectorizer(model.vectorizer_))
        found.vectorizer = None if vectorizer is None else SentenceVectorizer.from_vectorizer(vectorizer)
        return found

    def fit(
        self,
        X: Sequence[str],
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        sources: ArrayLike | None = None,
        vectors: AnyVectors | None = None,
    ) -> Self:
        """Learn from labelled sentences.

        Parameters
        ----------
        X : sequence of str
            Sentences.
        y : array-like of shape (n_sentences,)
            Labels of two kinds: 0/1, False/True, "safe"/"spoiler", "no_spoiler"/"has_spoiler" or any other pair that
            `spoilerguard.labels.parse_label` understands.
        sample_weight : array-like of shape (n_sentences,), optional
            How much each sentence counts.
        sources : array-like of shape (n_sentences,), optional
            Where each sentence comes from. Sources differ in their share of spoilers: each but the most frequent has an
            offset of its own while fitting, so that no word stands for its source.
        vectors : ndarray of float, shape (n_sentences, encoder.n_dimensions), optional
            What the vectorizer's `encode` gave for `X`, where that is known: encoding is most of the work.

        Returns
        -------
        SpoilerClassifier

        Raises
        ------
        TypeError
            Where `X` is one string, or holds something that is no string.
        ValueError
            Where `y` does not hold two classes of known meaning, lengths differ, or a parameter is out of its range.
        """
        labelled = check_labels(X, y, sample_weight)
        if vectors is None:
            warn_of_reviews(labelled.sentences)
        self._fit(labelled, sources, vectors)
        self._remember(labelled.sentences)
        return self

    def fit_flags(
        self,
        X: Sequence[str],
        spoiler: NDArray[np.int8],
        sample_weight: NDArray[np.float64] | None = None,
        *,
        sources: ArrayLike | None = None,
        vectors: AnyVectors | None = None,
    ) -> Self:
        """As `fit`, from 1 for a spoiler and 0 for safe; `classes_` are "safe" and "spoiler", and `memory_` is None."""
        labelled = check_labels(X, spoiler, sample_weight)
        return self._fit(labelled._replace(classes=np.array([label.value for label in Label])), sources, vectors)

    def partial_fit(
        self,
        X: Sequence[str],
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Learn from one part of a stream, by stochastic gradient descent.

        How rare an n-gram is, is taken from the first part; `classes` is needed there where a label is missing from it.
        Parameters as in `fit`. Operating points and what the card has measured no longer hold: both go, with a warning.
        """
        if self.class_weight == "balanced":
            raise ValueError("class_weight='balanced' needs all labels at once: give partial_fit a dict instead.")
        if hasattr(self, "vectorizer_"):
            labelled = check_labels(X, y, sample_weight, self.classes_)
        else:
            labelled = check_labels(X, y, sample_weight, classes)
            self._start_afresh(labelled)
        warn_of_reviews(labelled.sentences)
        stream = self._stream_head
        if stream is None:
            start = Head(self.coef_, self.intercept_) if hasattr(self, "coef_") else None
            stream = start_stream(start, step=self._suited(_STEP), seed=self.random_state)
        weights = weigh_classes(labelled.weights, labelled.target, self.class_weight)
        stream.partial_fit(self.vectorizer_.transform(labelled.sentences), labelled.target, [0, 1], weights)
        self._set_head(stream.coef_[0], float(stream.intercept_[0]))
        self._stream_head = stream
        self._remember(labelled.sentences)
        self._retract_measurements("partial_fit")
        return self

    def adapt(
        self,
        X: Sequence[str],
        spoiler: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        vectors: AnyVectors | None = None,
    ) -> Self:
        """Learn from further labels and keep what is known: the old logit stands, and the weights are corrected.

        Operating points, and what the card has measured, then no longer hold: as after `partial_fit`.

        Parameters
        ----------
        X : sequence of str
            Sentences.
        spoiler : array-like of bool, shape (n_sentences,)
            Whether each is a spoiler.
        sample_weight, vectors
            As in `fit`.
        """
        check_fitted(self, "coef_")
        X, target, given = check_flags(X, spoiler, sample_weight)
        if vectors is None:
            warn_of_reviews(X)
            vectors = self.vectorizer_.encode(X)
        known, columns = self._spoiler_logits(X, vectors), self._columns(X, vectors)
        weights = weigh_classes(given, target, self.class_weight)
        share, correction = fit_correction(columns, known, target, weights, C=self._suited(_CORRECTION_C))
        coef = share * self.coef_.astype(np.float64) + correction.coef
        self._set_head(coef, share * self.intercept_ + correction.intercept)
        self._remember(X)
        self._retract_measurements("adapt")
        return self

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:  # noqa: N803 - scikit-learn's name
        return one_line(self)[:N_CHAR_MAX]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coef_")

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn ships no types
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = True, False
        tags.classifier_tags.multi_class = False
        return tags

    def _fit(self, labelled: LabelledSentences, sources: ArrayLike | None, vectors: AnyVectors | None) -> Self:
        weights = weigh_classes(labelled.weights, labelled.target, self.class_weight)
        self._start_afresh(labelled)
        columns = self._columns(labelled.sentences, vectors)
        self._set_head(*fit_head(columns, labelled.target, weights, C=self.C, sources=sources))
        return self

    def _columns(self, sentences: list[str], vectors: AnyVectors | None) -> Columns:
        """The vectors of sentences, for a fit."""
        vectorizer = self.vectorizer_
        dense = vectorizer.encode(sentences) if vectors is None else vectorizer.check_vectors(vectors, len(sentences))
        return Columns(vectorizer.transform_ngrams(sentences), dense.astype(np.float32, copy=False))

    def _start_afresh(self, labelled: LabelledSentences) -> None:
        """Fit the vectorizer, and forget what was learnt before."""
        check_parameters(self.C, self.threshold)
        vectorizer = SentenceVectorizer() if self.vectorizer is None else clone(self.vectorizer)
        self._reset(vectorizer.fit(labelled.sentences), labelled.classes)

    def _set_head(self, coef: NDArray[np.floating[Any]], intercept: float) -> None:
        super()._set_head(coef, intercept)
        self._stream_head = None  # its own weights no longer say what this model says

    def _suited(self, pair: tuple[float, float]) -> float:  # to an encoder's vectors, or to n-grams alone
        return pair[self.vectorizer_.encoder is None]
