"""One sentence → one logit: hashed n-grams and a linear head that scikit-learn fits.

The whole model is two arrays and a few numbers, so that it can be read, explained and stored without running code. What
neighbours add is not known here: see `spoilerguard.context`, whose fitted stage a model only carries.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d

from spoilerguard.features import SentenceVectorizer, as_sentences
from spoilerguard.verdicts import Label

if TYPE_CHECKING:  # the model carries what these modules make, and never calls upwards
    from spoilerguard.calibration import OperatingPoint
    from spoilerguard.context import ReviewContext

__all__ = ["SpoilerClassifier"]

_ENOUGH_WORDS = 4
_ENOUGH_KNOWN = 0.82  # English reviews fall below it once in a hundred sentences, other languages mostly
# An encoder's vectors are long: they want a stronger penalty and smaller steps than n-grams alone (the second values).
# 2,000 TV Tropes sentences on a model of film reviews: .751 to .779 there, .954 to .948 at home; C = .001 costs .014.
_CORRECTION_C = (0.0003, 0.01)
_STEP = (0.0005, 0.02)
_FREE = 10.0  # a column this large needs a weight this small, which the penalty does not feel


class SpoilerClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Tell spoilers from safe sentences, each judged on its own.

    Logistic regression over `SentenceVectorizer`'s n-grams: dull, quick, and with as much signal as n-grams hold.

    Parameters
    ----------
    vectorizer : SentenceVectorizer, optional
        How sentences become vectors; cloned before it is fitted. None means ``SentenceVectorizer()``.
    C : float, default 0.02
        Inverse strength of the L2 penalty.
    threshold : float, default 0.5
        Probability, in [0, 1], from which `predict` says spoiler.
    random_state : int, default 0
        Seed; equal seeds give equal weights.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels given to `fit`, sorted; the second one is the spoiler.
    vectorizer_ : SentenceVectorizer
        The fitted vectoriser.
    coef_ : ndarray of float32, shape (n_columns,)
        Weight of each column of the vectors, as exact as half precision.
    intercept_ : float
        Logit of a sentence without a word.
    context_ : ReviewContext or None
        What neighbours add, where `spoilerguard.train` has learnt it.
    operating_points_ : dict of str to OperatingPoint
        Named thresholds, likewise.
    card_ : dict
        What a reader of the model should know, likewise: data, terms, measurements, limits.

    Examples
    --------
    >>> sentences = ["He dies at the end.", "The killer is the nurse.", "Great music.", "The acting is fine."]
    >>> model = SpoilerClassifier(C=10).fit(sentences, ["spoiler", "spoiler", "safe", "safe"])
    >>> model.predict(["the killer dies", "fine music"]).tolist()
    ['spoiler', 'safe']
    """

    _stream_head: SGDClassifier | None = None  # of `partial_fit`, as long as nothing else has set the weights

    def __init__(
        self,
        *,
        vectorizer: SentenceVectorizer | None = None,
        C: float = 0.02,
        threshold: float = 0.5,
        random_state: int = 0,
    ) -> None:
        self.vectorizer = vectorizer
        self.C = C
        self.threshold = threshold
        self.random_state = random_state

    def fit(
        self,
        X: Sequence[str],
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        sources: ArrayLike | None = None,
        vectors: NDArray[np.float64] | None = None,
    ) -> Self:
        """Learn from labelled sentences.

        Parameters
        ----------
        X : sequence of str
            Sentences.
        y : array-like of shape (n_sentences,)
            Labels of two kinds: 0/1, False/True or "safe"/"spoiler"; the one that sorts last is the spoiler.
        sample_weight : array-like of shape (n_sentences,), optional
            How much each sentence counts.
        sources : array-like of shape (n_sentences,), optional
            Where each sentence comes from. Half the comments of a wiki may be spoilers, and a thirtieth of all
            sentences of reviews: each source but the most frequent has an offset of its own while fitting, so that no
            word stands for its source.
        vectors : ndarray of float64, shape (n_sentences, encoder.n_dimensions), optional
            What the vectoriser's `encode` gave for `X`, where that is known: encoding is most of the work.

        Returns
        -------
        SpoilerClassifier

        Raises
        ------
        TypeError
            Where `X` is one string, or holds something that is no string.
        ValueError
            Where `y` does not hold two classes, or lengths differ.
        """
        self._check_parameters()
        sentences, target, weights = self._checked(X, y, sample_weight)
        self._start_afresh()
        self.vectorizer_ = self._new_vectorizer().fit(sentences)
        head = LogisticRegression(C=self.C, solver="liblinear", random_state=self.random_state)
        columns = self.vectorizer_.transform(sentences, vectors)
        head.fit(columns if sources is None else _with_offsets(columns, sources), target, weights)
        self._set_weights(head.coef_[0, : columns.shape[1]], float(head.intercept_[0]))
        return self

    def partial_fit(
        self,
        X: Sequence[str],
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Learn from one part of a stream, by stochastic gradient descent.

        How rare an n-gram is, is taken from the first part; `classes` is needed there where a label is missing from it.
        Parameters as in `fit`.
        """
        if not hasattr(self, "vectorizer_"):
            self._check_parameters()
            sentences, target, weights = self._checked(X, y, sample_weight, classes)
            self._start_afresh()
            self.vectorizer_ = self._new_vectorizer().fit(sentences)
        else:
            sentences, target, weights = self._checked(X, y, sample_weight, self.classes_)
        if self._stream_head is None:
            self._stream_head = self._new_stream_head()
        self._stream_head.partial_fit(self.vectorizer_.transform(sentences), target, [0, 1], weights)
        self._set_weights(self._stream_head.coef_[0], float(self._stream_head.intercept_[0]))
        return self

    def adapt(
        self,
        X: Sequence[str],
        spoiler: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        vectors: NDArray[np.float64] | None = None,
    ) -> Self:
        """Learn from further labels and keep what is known: the old logit stands, and the weights are corrected.

        Logistic regression with the old logit as one more column, all but free of penalty: so only a correction costs,
        and nothing else moves (the PRED way of Daumé 2007, "Frustratingly Easy Domain Adaptation").

        Parameters
        ----------
        X : sequence of str
            Sentences.
        spoiler : array-like of bool, shape (n_sentences,)
            Whether each is a spoiler.
        sample_weight : array-like of shape (n_sentences,), optional
            How much each sentence counts.
        vectors : ndarray of float64, shape (n_sentences, encoder.n_dimensions), optional
            As in `fit`.

        Returns
        -------
        SpoilerClassifier
        """
        check_is_fitted(self)
        X = as_sentences(X)
        target = column_or_1d(spoiler)
        if not np.isin(target, (0, 1)).all():
            raise ValueError("adapt expects True or 1 for a spoiler and False or 0 for a safe sentence.")
        vectors = self.vectorizer_.encode(X) if vectors is None else vectors
        known = self.decision_function(X, vectors)
        columns = self.vectorizer_.transform(X, vectors)
        with_known = sparse.hstack([columns, sparse.csr_matrix(_FREE * known[:, None])], format="csr")
        head = LogisticRegression(C=self._suited(_CORRECTION_C), solver="liblinear", random_state=self.random_state)
        head.fit(with_known, target.astype(bool), sample_weight)
        correction, share = head.coef_[0, :-1], _FREE * head.coef_[0, -1]
        self._set_weights(share * self.coef_ + correction, share * self.intercept_ + float(head.intercept_[0]))
        self._stream_head = None
        return self

    def decision_function(self, X: Sequence[str], vectors: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Logit of the probability that each sentence is a spoiler.

        Parameters
        ----------
        X : sequence of str
            Sentences.
        vectors : ndarray of float64, shape (n_sentences, encoder.n_dimensions), optional
            As in `fit`.

        Returns
        -------
        ndarray of float64, shape (n_sentences,)
        """
        check_is_fitted(self)
        return self.vectorizer_.score_sentences(X, self.coef_, vectors) + self.intercept_

    def predict_proba(self, X: Sequence[str]) -> NDArray[np.float64]:
        """Probability of each class, in the order of `classes_`.

        Returns
        -------
        ndarray of float64, shape (n_sentences, 2)
        """
        spoiler = expit(self.decision_function(X))
        return np.column_stack([1 - spoiler, spoiler])

    def predict(self, X: Sequence[str]) -> NDArray[Any]:
        """Label of each sentence: the spoiler class where its probability reaches `threshold`.

        Returns
        -------
        ndarray of shape (n_sentences,)
        """
        spoiler = self.predict_proba(X)[:, 1] >= self.threshold
        labels: NDArray[Any] = self.classes_[spoiler.astype(int)]
        return labels

    def certain(self, X: Sequence[str]) -> NDArray[np.bool_]:
        """Whether each sentence carries enough to judge: four words, four in five of them known.

        Returns
        -------
        ndarray of bool, shape (n_sentences,)
        """
        check_is_fitted(self)
        return self._enough(*self.vectorizer_.familiarity(X))

    def judge(self, X: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
        """What `decision_function`, `certain` and the vectoriser's `encode` return, from one reading."""
        check_is_fitted(self)
        scores, words, known, vectors = self.vectorizer_.score_and_familiarity(X, self.coef_)
        return scores + self.intercept_, self._enough(words, known), vectors

    def rescale(self, slope: float, offset: float) -> Self:
        """Turn every logit ``z`` into ``slope * z + offset``, as calibration asks.

        Returns
        -------
        SpoilerClassifier
        """
        check_is_fitted(self)
        self._set_weights(self.coef_ * np.float32(slope), self.intercept_ * slope + offset)
        self._stream_head = None  # its own weights no longer say what this model says
        return self

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn ships no types
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = True, False
        tags.classifier_tags.multi_class = False
        return tags

    @staticmethod
    def _enough(words: NDArray[np.int64], known: NDArray[np.float64]) -> NDArray[np.bool_]:
        return (words >= _ENOUGH_WORDS) & (known >= _ENOUGH_KNOWN)

    def _check_parameters(self) -> None:
        if not self.C > 0:
            raise ValueError(f"C must be above 0; got {self.C}.")
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold must lie in [0, 1]; got {self.threshold}.")

    def _checked(
        self, X: Sequence[str], y: ArrayLike, sample_weight: ArrayLike | None, classes: ArrayLike | None = None
    ) -> tuple[list[str], NDArray[np.int64], NDArray[np.float64]]:
        """Sentences, 0/1 targets and weights; sets `classes_`."""
        sentences = as_sentences(X)
        labels = column_or_1d(y, warn=True)
        if len(labels) != len(sentences):
            raise ValueError(f"X has {len(sentences)} sentences and y has {len(labels)} labels: they must match.")
        found = np.unique(labels) if classes is None else np.unique(np.asarray(classes))
        if len(found) != 2:
            raise ValueError(f"SpoilerClassifier needs two classes, safe and spoiler; y holds {found.tolist()}.")
        if found[0] == Label.SPOILER:
            raise ValueError(f"{found[1]!r} would be taken for the spoiler, for it sorts last: call it 'safe'.")
        if not np.isin(labels, found).all():
            raise ValueError(f"y holds labels other than {found.tolist()}.")
        self.classes_ = found
        weights = _check_sample_weight(sample_weight, labels.reshape(-1, 1), dtype=np.float64)
        return sentences, (labels == found[1]).astype(np.int64), weights

    def _new_vectorizer(self) -> SentenceVectorizer:
        return SentenceVectorizer() if self.vectorizer is None else clone(self.vectorizer)

    def _new_stream_head(self) -> SGDClassifier:
        """Start from the weights that there are, so that a loaded model learns on."""
        head = SGDClassifier(
            loss="log_loss",
            alpha=1e-5,
            learning_rate="constant",
            eta0=self._suited(_STEP),
            random_state=self.random_state,
        )
        if hasattr(self, "coef_"):
            head.coef_, head.intercept_ = self.coef_[None].copy(), np.array([self.intercept_], dtype=np.float32)
            head.classes_ = np.array([0, 1])
        return head

    def _suited(self, pair: tuple[float, float]) -> float:
        """What suits an encoder's vectors, or n-grams alone."""
        return pair[self.vectorizer_.encoder is None]

    def _start_afresh(self) -> None:
        """Forget what an earlier fit, or `train`, has left."""
        self._stream_head = None
        self.context_: ReviewContext | None = None
        self.operating_points_: Mapping[str, OperatingPoint] = {}
        self.card_: dict[str, Any] = {}

    def _set_weights(self, coef: NDArray[np.floating[Any]], intercept: float) -> None:
        # Half precision costs nothing in quality, and what was measured is then exactly what is stored.
        self.coef_ = np.asarray(coef).astype(np.float16).astype(np.float32)
        self.intercept_ = float(intercept)


def _with_offsets(vectors: sparse.csr_matrix, sources: ArrayLike) -> sparse.csr_matrix:
    """One more column for each source but the most frequent, whose offset is the intercept."""
    names, source, counts = np.unique(np.asarray(sources).astype(str), return_inverse=True, return_counts=True)
    common = np.argmax(counts)
    rows = np.flatnonzero(source != common)
    columns = source[rows] - (source[rows] > common)
    offset = np.full(len(rows), _FREE, dtype=np.float32)
    offsets = sparse.csr_matrix((offset, (rows, columns)), shape=(len(source), len(names) - 1))
    return sparse.hstack([vectors, offsets], format="csr")
