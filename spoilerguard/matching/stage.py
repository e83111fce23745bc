"""What a story adds to the logit of a sentence: a third, small logistic regression, behind the context stage.

It weighs the logit where the sentence stands and what the sentence has in common with the premise and the plot. It is
linear, so that its share of every logit can be shown. What a story lacks cannot be compared with: there is a set of
weights for stories with a premise, with a plot, and with both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.documents import Standing
from spoilerguard.matching.prepared import Matches

__all__ = ["STORY_FEATURES", "StoryFeature", "StoryStage", "StoryWeights", "story_features"]

Floats = NDArray[np.float64]
_PREMISE, _PLOT, _BOTH = "premise", "plot", "premise and plot"
_ROUNDING = 1e-9
_GUESS = 2  # words of a guess that count: a third says no more
_CLOSE = 0.6  # cosine from which likeness counts more: below, sentences share a subject and no event


class StoryFeature(NamedTuple):
    """One column that the story stage reads.

    Attributes
    ----------
    compute : callable
        From the logits where sentences stand, and their `Matches`, to one number a sentence.
    needs : frozenset of str
        What a story must hold for it: "premise", "plot".
    """

    compute: Callable[[Floats, Matches], Floats]
    needs: frozenset[str] = frozenset()


_OF_PREMISE, _OF_PLOT = frozenset([_PREMISE]), frozenset([_PLOT])

# A model stores one weight for each name, and computes the features that it has weights for.
STORY_FEATURES: Mapping[str, StoryFeature] = {
    "own logit": StoryFeature(lambda logits, _: logits),
    "weight of the words": StoryFeature(lambda _, match: match.words),
    "names": StoryFeature(lambda _, match: match.names),
    "guess": StoryFeature(lambda _, match: np.minimum(match.guessing, _GUESS)),
    "words of the premise": StoryFeature(lambda _, match: match.in_premise, _OF_PREMISE),
    "like the premise": StoryFeature(lambda _, match: match.like_premise, _OF_PREMISE),
    "close to the premise": StoryFeature(lambda _, match: np.maximum(match.like_premise - _CLOSE, 0), _OF_PREMISE),
    "words of the plot alone": StoryFeature(lambda _, match: match.in_plot_alone, _OF_PLOT),
    "words of one sentence of the plot": StoryFeature(lambda _, match: match.in_sentence, _OF_PLOT),
    "words of one sentence of the plot alone": StoryFeature(lambda _, match: match.in_sentence_alone, _OF_PLOT),
    "words of the plot alone, late": StoryFeature(lambda _, match: match.late, _OF_PLOT),
    "like the plot": StoryFeature(lambda _, match: match.like_plot, _OF_PLOT),
    "place in the plot": StoryFeature(lambda _, match: match.place, _OF_PLOT),
    "like the plot, late": StoryFeature(lambda _, match: match.place * (match.like_plot + match.in_sentence), _OF_PLOT),
}


class StoryWeights(NamedTuple):
    """Weights over `STORY_FEATURES`, and the intercept."""

    weights: Mapping[str, float]
    intercept: float

    @classmethod
    def fit(
        cls,
        known: str,
        logits: Floats,
        matches: Matches,
        labels: NDArray[np.int8],
        sample_weight: Floats | None = None,
    ) -> Self:
        """Learn the weights.

        Parameters
        ----------
        known : str
            What the stories hold: "premise", "plot" or "premise and plot".
        logits : ndarray of float64, shape (n_sentences,)
            Of each sentence where it stands, from a model that has not seen its work.
        matches : Matches
            What the sentences have in common with their stories.
        labels : ndarray of 0 and 1, shape (n_sentences,)
        sample_weight : ndarray of float64, shape (n_sentences,), optional

        Returns
        -------
        StoryWeights
        """
        from sklearn.linear_model import LogisticRegression

        names = [name for name, feature in STORY_FEATURES.items() if feature.needs <= set(known.split(" and "))]
        columns = story_features(logits, matches, names)
        spread = columns.std(axis=0)
        unit = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > _ROUNDING)
        head = LogisticRegression(C=0.3, solver="newton-cholesky").fit(columns * unit, labels, sample_weight)
        return cls(dict(zip(names, (head.coef_[0] * unit).tolist(), strict=True)), float(head.intercept_[0]))

    def logits(self, logits: Floats, matches: Matches) -> Floats:
        """The logits of sentences that had `logits` where they stand."""
        columns = story_features(logits, matches, list(self.weights))
        # Row by row: a matrix product may round a sentence differently in another batch.
        return np.asarray((columns * np.array(list(self.weights.values()))).sum(axis=1) + self.intercept)

    def rescale(self, slope: float, offset: float) -> "StoryWeights":
        """The weights whose logits are ``slope * z + offset``, as calibration asks."""
        weights = {name: slope * weight for name, weight in self.weights.items()}
        return StoryWeights(weights, slope * self.intercept + offset)


@dataclass(frozen=True, slots=True)
class StoryStage:
    """The third stage: its weights for each standing of a sentence, and for what a story may hold.

    Attributes
    ----------
    weights : mapping of Standing to mapping of str to StoryWeights
        For each standing those for "premise", "plot" and "premise and plot".
    """

    weights: Mapping[Standing, Mapping[str, StoryWeights]]

    def __repr__(self) -> str:
        return f"StoryStage({len(STORY_FEATURES)} features)"

    def logits(self, known: str, logits: Floats, in_review: NDArray[np.bool_], matches: Matches) -> Floats:
        """The logits of sentences that had `logits` where they stand; `known` is what their story holds."""
        places = [(Standing.IN_REVIEW, in_review), (Standing.ALONE, ~in_review)]
        found = logits.copy()
        for standing, rows in places:
            part = Matches(*(column[rows] for column in matches))
            found[rows] = self.weights[standing][known].logits(logits[rows], part)
        return found


def story_features(logits: Floats, matches: Matches, names: Sequence[str]) -> Floats:
    """The named features of each sentence, shape (n_sentences, n_features)."""
    return np.column_stack([STORY_FEATURES[name].compute(logits, matches) for name in names])
