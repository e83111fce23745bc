"""Two models, or two recipes, and one corpus → a comparison."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spoilerguard.bootstrap import estimate
from spoilerguard.datasets.loading import AnyTable, load_corpus
from spoilerguard.documents import Standing
from spoilerguard.evaluation.classifiers import TextClassifier
from spoilerguard.evaluation.comparison import UNNAMED, Comparison, Difference, names_of
from spoilerguard.evaluation.metrics import COMPARED, DECISIVE, sentence_measure
from spoilerguard.evaluation.recipes import LEAST_REPLICATES, Recipe, fit_recipe, pooled_estimate, resampled
from spoilerguard.evaluation.scored_corpus import Sample, ScoredCorpus, resolve_arguments, score
from spoilerguard.evaluation.significance import holm, swap_test
from spoilerguard.model import SpoilerClassifier
from spoilerguard.user_warnings import warn_user

__all__ = ["compare", "comparison_of"]


def compare(
    a: SpoilerClassifier | TextClassifier | Recipe | str | Path | None,
    b: SpoilerClassifier | TextClassifier | Recipe | str | Path | None,
    corpus: AnyTable,
    *,
    replicates: int = 0,
    train_on: AnyTable | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> Comparison:
    """Whether model `b` (the candidate) is better than model `a` (the one in use).

    Parameters
    ----------
    a, b : SpoilerClassifier, other classifier, str or Path
        Fitted models, their folders, ``"default"`` or ``"accurate"``, or any scikit-learn classifier on text as in
        `spoilerguard.evaluate`; neither may have learnt from the corpus.
    corpus : Corpus, DataFrame or path
        Labelled sentences; see `spoilerguard.load_corpus`.
    replicates : int, default 0
        Compare recipes and not models: `a` and `b` are then unfitted estimators, or functions from a corpus to a fitted
        model such as ``lambda corpus: train(corpus)``. Both are trained so often, each time on works of `train_on`
        drawn with replacement. From 5 on; 10 or more tell small differences.
    train_on : Corpus, DataFrame or path, optional
        What recipes are trained on; none of its works is in `corpus`.
    n_bootstrap : int, default 1000
        Number of resamples of works for the intervals, the same for both models.
    seed : int, default 0
        Draws the resamples and the swaps. Equal seeds give equal comparisons.

    Returns
    -------
    Comparison
        Its verdict rests on ROC AUC and average precision, in the review where the corpus has reviews.

    Raises
    ------
    CorpusError
        Where the corpus is empty or cannot be read.
    TypeError
        Where a model and the corpus are swapped, or a classifier cannot score sentences.
    ValueError
        Where the classes of a classifier do not say which is the spoiler, or it gives hard labels.
    sklearn.exceptions.NotFittedError

    Warns
    -----
    UserWarning
        Where a model remembers these sentences from its training, or a work of `train_on` is in the corpus.

    Notes
    -----
    The test swaps the scores of the two models work by work (Fisher 1935; Venkatraman and Begg 1996), 1,000 times, or
    in every way where there are eleven works or fewer. ROC AUC and average precision are corrected together (Holm
    1979). A classifier without context scores each sentence by itself, in the review too: that is then part of what is
    compared, and the comparison says so.

    The verdict is about these two fitted models on works like these. Two models of one recipe, trained on other samples
    of the same kind, differ as well, and one of them may truly be better. Whether a *recipe* is better shows only when
    both are trained several times, on other samples: `replicates`. Its p-values are those of a t-test whose variance is
    that between the resamples (Efron and Tibshirani 1993), plus that between the works of `corpus`.

    Examples
    --------
    >>> import pandas as pd
    >>> sentences = ["He dies at the end.", "The killer is the nurse.", "Great music.", "The acting is fine."]
    >>> model = SpoilerClassifier(C=10).fit(sentences, [1, 1, 0, 0])
    >>> compare(model, model, pd.DataFrame({"sentence": sentences, "spoiler": [1, 1, 0, 0]})).verdict
    'cannot tell'
    """
    if replicates or train_on is not None:
        return compare_recipes(a, b, corpus, train_on, replicates, n_bootstrap=n_bootstrap, seed=seed)
    (left, right), labelled = resolve_arguments([a, b], corpus)
    scored, names = (score(left, labelled), score(right, labelled)), names_of(a, b)
    for name, one in zip(names, scored, strict=True):
        one.warn_of_overlap(f"{name}’s")
    return comparison_of(*scored, n_bootstrap=n_bootstrap, seed=seed, names=names)


def compare_recipes(
    a: object, b: object, corpus: AnyTable, train_on: AnyTable | None, replicates: int, *, n_bootstrap: int, seed: int
) -> Comparison:
    """What is found when both recipes are trained again and again; see `compare`."""
    if train_on is None or replicates < LEAST_REPLICATES:
        raise ValueError(f"To compare recipes, pass train_on= and replicates= of {LEAST_REPLICATES} or more.")
    (_, labelled), learnt = resolve_arguments([], corpus), load_corpus(train_on)
    shared = set(learnt.frame["work"].dropna()) & set(labelled.frame["work"].dropna())
    if shared:
        warn_user(f"{len(shared):,} works, such as {min(shared)!r}, are in train_on and in the corpus: take others.")
    samples = resampled(learnt, replicates, seed)
    found = [
        comparison_of(*(score(fit_recipe(one, sample), labelled) for one in (a, b)), n_bootstrap=n_bootstrap, seed=seed)
        for sample in samples
    ]
    differences = [_pooled(parts) for parts in zip(*(one.differences for one in found), strict=True)]
    p_values = _corrected({(one.standing, one.metric): one.p_value for one in differences})
    notes = (f"Recipes, each trained {replicates} times on works drawn from what they may learn.", *found[0].notes)
    return replace(
        found[0],
        differences=tuple(replace(one, p_value=p_values[one.standing, one.metric]) for one in differences),
        notes=notes,
        replicates=replicates,
    )


def _pooled(parts: Sequence[Difference]) -> Difference:
    """The mean of one difference over replicates, with the spread of samples and that of works; not yet corrected."""
    (a, _), (b, _), (change, p_value) = (
        pooled_estimate([getattr(one, name) for one in parts], lowest)
        for name, lowest in (("a", 0.0), ("b", 0.0), ("change", -1.0))
    )
    return Difference(parts[0].standing, parts[0].metric, a, b, change, p_value)


def comparison_of(
    a: ScoredCorpus, b: ScoredCorpus, *, n_bootstrap: int, seed: int, names: tuple[str, str] = UNNAMED
) -> Comparison:
    """Compare the logits that two models gave the same rows of one corpus."""
    named = list(zip(names, (a, b), strict=True))
    corpus = a.corpus
    differences = [one for standing in a.standings for one in _differences(a, b, standing, n_bootstrap, seed)]
    works = len(set(corpus.groups))
    notes = [f"{name}: {scored.note}" for name, scored in named if scored.note]
    overlaps = [(name, scored.overlap) for name, scored in named]
    notes += [found.describe(f"{name}’s") for name, found in overlaps if found is not None and found.is_beyond_chance]
    size = len(corpus), works, n_bootstrap, seed
    return Comparison(corpus.name, corpus.digest, *size, tuple(differences), tuple(notes), models=names)


def _differences(
    a: ScoredCorpus, b: ScoredCorpus, standing: Standing, n_bootstrap: int, seed: int
) -> Iterator[Difference]:
    sample, sample_b = Sample.of(a, standing), Sample.of(b, standing)
    measure_a, measure_b = sentence_measure(sample), sentence_measure(sample_b)

    def change(counts: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        before, after = measure_a(counts), measure_b(counts)
        return {metric: after[metric] - before[metric] for metric in COMPARED if metric in before}

    of_a, of_b, changed = (
        estimate(measure, sample.n_groups, n_rows=len(sample), n_bootstrap=n_bootstrap, seed=seed, bounds=(lowest, 1.0))
        for measure, lowest in ((measure_a, 0.0), (measure_b, 0.0), (change, -1.0))
    )
    found = {(standing, metric): p for metric, p in swap_test(sample, sample_b, seed).items()}
    p_values = _corrected(found)
    for metric, one in changed.items():
        yield Difference(standing, metric, of_a[metric], of_b[metric], one, p_values[standing, metric])


def _corrected(p_values: Mapping[tuple[Standing, str], float]) -> dict[tuple[Standing, str], float]:
    """The p-values, corrected for the number of metrics of one role in one standing."""
    families: dict[tuple[Standing, bool], dict[str, float]] = {}
    for (standing, metric), p_value in p_values.items():
        families.setdefault((standing, metric in DECISIVE), {})[metric] = p_value
    return {(standing, metric): p for (standing, _), family in families.items() for metric, p in holm(family).items()}
