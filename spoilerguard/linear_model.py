"""A linear head on the vectors of a `SentenceVectorizer`: how a fitted model scores, is calibrated and is put together.

The whole head is an array and a number, so that it can be read, explained and stored without running code. What
neighbours add is learnt by `spoilerguard.context`; a model carries that stage, `spoilerguard.predicting` applies it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.calibration import expit
from spoilerguard.calibration.operating_points import OperatingPoint, OperatingPoints, Threshold, resolve_thresholds
from spoilerguard.context import ReviewContext
from spoilerguard.documents import Standing
from spoilerguard.features import LinearScorer, Reading, TokenBatch, Vectorizer, read_sentences
from spoilerguard.features.estimators import check_fitted
from spoilerguard.features.vectorizer import AnyVectors
from spoilerguard.labels import parse_label
from spoilerguard.matching import PreparedStories, PreparedStory, StoryStage
from spoilerguard.memory import SentenceMemory
from spoilerguard.profiles import Profile
from spoilerguard.review_stage import ReviewStage
from spoilerguard.severity import Severity
from spoilerguard.story import Story
from spoilerguard.user_warnings import warn_of_reviews, warn_user

__all__ = ["LinearModel"]

_CHANGED = "Changed after training"  # an entry of the card


class LinearModel:
    """What a fitted `SpoilerClassifier` holds, and what it does with it; parameters and attributes as there.

    It needs nothing of scikit-learn, so that a first verdict need not wait for that import.
    """

    threshold: Threshold
    vectorizer_: Vectorizer
    classes_: NDArray[Any]
    n_features_in_: int
    coef_: NDArray[np.float32]
    intercept_: float
    context_: ReviewContext | None
    story_: StoryStage | None
    gate_: float | None
    operating_points_: dict[Standing, dict[str, OperatingPoint]]
    severity_: Severity | None
    review_stages_: dict[str, ReviewStage]
    card_: dict[str, Any]
    memory_: SentenceMemory | None = None
    profile_: Profile | None
    _scorer: LinearScorer | None = None  # made from the weights when it is first needed
    _stories: PreparedStories | None = None

    def __init__(
        self,
        *,
        vectorizer: Vectorizer | None = None,
        C: float = 0.02,
        threshold: Threshold = None,
        random_state: int = 0,
        class_weight: Mapping[Any, float] | str | None = None,
    ) -> None:
        self.vectorizer = vectorizer
        self.C = C
        self.threshold = threshold
        self.random_state = random_state
        self.class_weight = class_weight

    @classmethod
    def from_parts(
        cls,
        *,
        params: Mapping[str, Any],
        vectorizer: Vectorizer,
        classes: NDArray[Any],
        coef: NDArray[np.float32],
        intercept: float,
        **attached: Any,  # noqa: ANN401 - as in `attach`
    ) -> Self:
        """A fitted model from its parts, as a reader of model files has them; `params` are those of ``get_params``."""
        model = cls(**params)
        model._reset(vectorizer, classes)
        model._set_head(coef, intercept)
        return model.attach(**attached)

    def attach(
        self,
        *,
        context: ReviewContext | None = None,
        story: StoryStage | None = None,
        gate: float | None = None,
        operating_points: OperatingPoints | None = None,
        severity: Severity | None = None,
        review_stages: Mapping[str, ReviewStage] | None = None,
        card: Mapping[str, Any] | None = None,
        memory: SentenceMemory | None = None,
        profile: Profile | None = None,
    ) -> Self:
        """Set what was learnt or measured outside of the head; None leaves a part as it is."""
        self.context_ = self.context_ if context is None else context
        self.story_ = self.story_ if story is None else story
        self.gate_ = self.gate_ if gate is None else gate
        if operating_points is not None:
            self.operating_points_ = {standing: dict(points) for standing, points in operating_points.items()}
        self.severity_ = self.severity_ if severity is None else severity
        self.review_stages_ = self.review_stages_ if review_stages is None else dict(review_stages)
        self.card_ = self.card_ if card is None else dict(card)
        self.memory_ = self.memory_ if memory is None else memory
        self.profile_ = self.profile_ if profile is None else profile
        return self

    def absorb_calibration(self, slope: float, offset: float) -> Self:
        """Turn every logit ``z`` of a sentence alone into ``slope * z + offset``; logits in review stay as they are."""
        check_fitted(self, "coef_")
        self._set_head(self.coef_ * np.float32(slope), self.intercept_ * slope + offset)
        self.gate_, self.profile_ = None, None  # logits are others now
        if self.context_ is not None:
            self.context_ = self.context_.absorb_calibration(slope, offset)
        return self

    @property
    def spoiler_index_(self) -> int:
        """Place of the spoiler in `classes_`, and its column of `predict_proba`: 1, or 0 where its name sorts first."""
        return 0 if parse_label(self.classes_[0]) == 1 else 1

    def decision_function(self, X: Sequence[str], vectors: AnyVectors | None = None) -> NDArray[np.float64]:
        """Logit of the probability of the second class, shape (n_sentences,): of the spoiler where it sorts last.

        Parameters
        ----------
        X : sequence of str
            Sentences.
        vectors : ndarray of float, shape (n_sentences, encoder.n_dimensions), optional
            As in `fit`.
        """
        logits = self._spoiler_logits(X, vectors)
        return logits if self.spoiler_index_ == 1 else -logits

    def predict_proba(self, X: Sequence[str]) -> NDArray[np.float64]:
        """Probability of each class, in the order of `classes_`, shape (n_sentences, 2)."""
        spoiler = expit(self._spoiler_logits(X))
        columns = np.column_stack([1 - spoiler, spoiler])
        return columns if self.spoiler_index_ == 1 else columns[:, ::-1]

    def predict_log_proba(self, X: Sequence[str]) -> NDArray[np.float64]:
        """Logarithm of each probability, finite however small it is, shape (n_sentences, 2)."""
        logits = self.decision_function(X)
        return -np.logaddexp(0, np.column_stack([logits, -logits]))

    def predict(self, X: Sequence[str]) -> NDArray[Any]:
        """Label of each sentence, the spoiler class where its probability reaches the threshold, shape (n_sentences,).

        The threshold is the one that `spoilerguard.classify` takes for a sentence alone: `threshold`, else "balanced",
        else 0.5.
        """
        logits = self._spoiler_logits(X)
        spoiler = expit(logits) >= resolve_thresholds(self.operating_points_, None, self.threshold)[Standing.ALONE]
        labels: NDArray[Any] = self.classes_[np.where(spoiler, self.spoiler_index_, 1 - self.spoiler_index_)]
        return labels

    def certain(self, X: Sequence[str]) -> NDArray[np.bool_]:
        """Whether each sentence carries enough: four words, three different, 82 % known; shape (n_sentences,)."""
        check_fitted(self, "coef_")
        parts = [self.certain_tokens(tokens) for tokens in self.vectorizer_.tokenize(read_sentences(X))]
        return np.concatenate([np.zeros(0, dtype=np.bool_), *parts])

    def score_tokens(self, tokens: TokenBatch, vectors: AnyVectors) -> NDArray[np.float64]:
        """Logit of the probability that each sentence is a spoiler; sentences are tokenized and encoded already."""
        return self._linear_scorer().score(tokens, vectors) + self.intercept_

    def read(
        self, tokens: TokenBatch, sentences: Sequence[str], in_any_case: NDArray[np.bool_] | None = None
    ) -> Reading:
        """Read sentences, each on its own; with a gate, skim them and read only those whose logit reaches it.

        Parameters
        ----------
        tokens : TokenBatch
            The sentences as `vectorizer_` tokenizes them.
        sentences : sequence of str
            The same.
        in_any_case : ndarray of bool, shape (n_sentences,), optional
            Which of them to read whatever their logits are.
        """
        return self._linear_scorer().read(tokens, sentences, self.intercept_, self.gate_, in_any_case)

    def word_counts(self, tokens: TokenBatch) -> NDArray[np.int64]:
        """Number of words of each sentence, and of those that the model knows, shape (2, n_sentences)."""
        return self._linear_scorer().word_and_known_counts(tokens)

    def certain_tokens(self, tokens: TokenBatch) -> NDArray[np.bool_]:
        """`certain`, for sentences that are tokenized already."""
        return self._linear_scorer().certain(tokens)

    def prepare_story(self, story: Story) -> PreparedStory:
        """The story as this model reads it: its vectors and its words. It is kept for the next review of the work."""
        if self._stories is None:
            self._stories = PreparedStories(self.vectorizer_)
        return self._stories.get(story)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_scorer": None, "_stories": None}  # quickly made again, and large

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Weights are read-only in a copy, too: a copy of an array forgets that."""
        vars(self).update(state)
        if "coef_" in state:
            self.coef_.flags.writeable = False

    def _spoiler_logits(self, X: Sequence[str], vectors: AnyVectors | None = None) -> NDArray[np.float64]:
        """Logit of the probability that each sentence is a spoiler, whatever the classes are called."""
        check_fitted(self, "coef_")
        sentences, logits, done = read_sentences(X), [np.zeros(0)], 0
        if vectors is None:
            warn_of_reviews(sentences)
        known = None if vectors is None else self.vectorizer_.check_vectors(vectors, len(sentences))
        for tokens in self.vectorizer_.tokenize(sentences):
            rows = slice(done, done + len(tokens))
            found = (
                self.read(tokens, sentences[rows]).logits if known is None else self.score_tokens(tokens, known[rows])
            )
            logits.append(found)
            done += len(tokens)
        return np.concatenate(logits)

    def _reset(self, vectorizer: Vectorizer, classes: NDArray[Any]) -> None:
        """Forget what an earlier fit, or `train`, has left."""
        self.vectorizer_ = vectorizer
        self.classes_ = classes
        self.n_features_in_ = 1  # one column of text
        self.operating_points_, self.review_stages_, self.card_ = {}, {}, {}
        self.context_, self.severity_, self.memory_, self.profile_ = None, None, None, None
        self.story_, self.gate_, self._stories = None, None, None

    def _remember(self, sentences: Sequence[str]) -> None:
        """Add sentences to those that the model has learnt from."""
        self.memory_ = (self.memory_ or SentenceMemory()).add(sentences)

    def _set_head(self, coef: NDArray[np.floating[Any]], intercept: float) -> None:
        """Set weights and intercept."""
        # Half precision costs nothing in quality, and what was measured is then exactly what is stored.
        self.coef_ = np.asarray(coef).astype(np.float16).astype(np.float32)
        self.coef_.flags.writeable = False  # so that the scorer, which is made from it, holds
        self.intercept_ = float(intercept)
        self._scorer = None

    def _retract_measurements(self, method: str) -> None:
        """Drop operating points and mark the card where `method` has changed the weights that were measured."""
        self.gate_, self.profile_ = None, None
        if not self.operating_points_ and (not self.card_ or _CHANGED in self.card_):
            return
        what = f"{method} has learnt from further labels, so measurements of this model no longer hold."
        self.operating_points_, self.review_stages_ = {}, {}
        if self.severity_ is not None:
            self.severity_ = replace(self.severity_, operating_points={})
        self.card_ = {_CHANGED: what, **self.card_}
        own = 0.5 if self.threshold is None else self.threshold
        now = f"{own!r}, which names none any more: set another" if isinstance(own, str) else f"now {own!r}"
        warn_user(
            f"{what} Its operating points were dropped (its threshold is {now}), its probabilities are no "
            "longer calibrated, and its card says so. To set them anew, train instead: "
            "spoilerguard.train(corpus, base=model)."
        )

    def _linear_scorer(self) -> LinearScorer:
        scorer = self._scorer
        if scorer is None or scorer.coef is not self.coef_:
            scorer = self._scorer = LinearScorer(self.vectorizer_, self.coef_)
        return scorer
