"""Recipes: ways to train a model, fitted again and again on other works, so that luck in the sample shows."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from scipy.stats import t as student_t
from sklearn.base import clone

from spoilerguard.bootstrap import Estimate, factorize
from spoilerguard.corpus import Corpus
from spoilerguard.evaluation.classifiers import TextClassifier
from spoilerguard.model import SpoilerClassifier

__all__ = ["LEAST_REPLICATES", "Recipe", "fit_recipe", "pooled_estimate", "resampled"]

Recipe: TypeAlias = Callable[[Corpus], SpoilerClassifier | TextClassifier]

LEAST_REPLICATES = 5  # a spread of fewer is hardly known
_NORMAL_95 = 1.96


def resampled(corpus: Corpus, replicates: int, seed: int) -> Iterator[Corpus]:
    """The corpus with its works drawn with replacement: a work that is drawn twice has twice the weight."""
    works, n_works = factorize(corpus.groups)
    random = np.random.default_rng(seed)
    for _ in range(replicates):
        drawn = np.bincount(random.integers(n_works, size=n_works), minlength=n_works)[works]
        frame = corpus.frame.assign(weight=corpus.weights * drawn)
        yield Corpus(frame, corpus.name).take(drawn > 0)


def fit_recipe(recipe: Any, corpus: Corpus) -> SpoilerClassifier | TextClassifier:  # noqa: ANN401 - any estimator
    """A model that the recipe makes of a corpus; an estimator sees a sentence as often as its weight says.

    Raises
    ------
    TypeError
        Where it is neither an estimator nor a function.
    """
    if hasattr(recipe, "fit") and not isinstance(recipe, type):
        times = np.maximum(np.rint(corpus.weights), 1).astype(np.int64)
        sentences = np.repeat(np.array(corpus.sentences, dtype=object), times).tolist()
        fitted: SpoilerClassifier | TextClassifier = clone(recipe).fit(sentences, np.repeat(corpus.labels, times))
        return fitted
    if not callable(recipe):
        raise TypeError(
            f"With replicates=, a recipe is an unfitted estimator or a function from a corpus to a fitted model; got "
            f"{type(recipe).__name__}."
        )
    made: SpoilerClassifier | TextClassifier = recipe(corpus)
    return made


def pooled_estimate(parts: Sequence[Estimate], lowest: float = -1.0) -> tuple[Estimate, float]:
    """The mean over replicates with a 95 % interval, and the p-value of its being zero.

    Each replicate is a bootstrap sample of what was learnt, so their spread is the standard error of any one of them,
    and is not divided by their number; what the works of the test add is in each one's own interval. No interval leaves
    [`lowest`, 1].

    Examples
    --------
    >>> parts = [Estimate(value, value - 0.02, value + 0.02) for value in (0.09, 0.11, 0.1, 0.1, 0.1)]
    >>> mean, p_value = pooled_estimate(parts)
    >>> round(mean.value, 3), mean.low > 0, p_value < 0.01
    (0.1, True, True)
    """
    values = np.array([part.value for part in parts])
    of_works = np.mean([((part.high - part.low) / (2 * _NORMAL_95)) ** 2 for part in parts])
    of_samples = values.var(ddof=1) * (1 + 1 / len(values))  # the mean of a few differs from that of many
    error, mean = float(np.sqrt(of_samples + of_works)), float(values.mean())
    if not error > 0:  # NaN too
        return Estimate(mean, mean, mean), float("nan") if np.isnan(mean) else float(mean == 0)
    far = error * float(student_t.ppf(0.975, len(values) - 1))
    interval = max(mean - far, lowest), min(mean + far, 1.0)
    return Estimate(mean, *interval), float(2 * student_t.sf(abs(mean) / error, len(values) - 1))
