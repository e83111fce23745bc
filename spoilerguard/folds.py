"""Every sentence judged by a model that has not seen its work: where all that a model promises comes from."""

import copy

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold

from spoilerguard.bootstrap import numbered_groups
from spoilerguard.corpus import Corpus
from spoilerguard.model import SpoilerClassifier
from spoilerguard.verdicts import Label

__all__ = ["Folds", "held_out_logits", "taught", "works_apart"]

Folds = list[tuple[NDArray[np.intp], NDArray[np.intp]]]


def works_apart(corpus: Corpus, n_splits: int, seed: int) -> Folds:
    """Rows to learn from and rows to judge, of each fold; no work stands among both."""
    works, _ = numbered_groups(corpus.groups)
    dealer = StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed)
    return list(dealer.split(works, corpus.labels, works))


def held_out_logits(
    template: SpoilerClassifier,
    corpus: Corpus,
    vectors: NDArray[np.float64],
    folds: Folds,
    *,
    n_jobs: int,
    progress: bool,
) -> NDArray[np.float64]:
    """Logit of each sentence alone, from the model that its fold has left it out of.

    `vectors` are what the template's encoder makes of the sentences: it learns nothing here, so they are the same in
    every fold.
    """
    jobs = (delayed(_judged)(template, corpus, vectors, *fold) for fold in folds)
    done = Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
    if progress:
        from tqdm.auto import tqdm  # warns in notebooks that lack widgets, so only those who ask for it hear that

        done = tqdm(done, "folds", len(folds))
    logits = np.zeros(len(corpus))
    for (_, judged), found in zip(folds, done, strict=True):
        logits[judged] = found
    return logits


def taught(template: SpoilerClassifier, corpus: Corpus, vectors: NDArray[np.float64]) -> SpoilerClassifier:
    """A model that has learnt this corpus: a new one, or, where `template` is fitted already, that one adapted."""
    if hasattr(template, "coef_"):
        return copy.deepcopy(template).adapt(corpus.sentences, corpus.labels, corpus.weights, vectors=vectors)
    labels = np.where(corpus.labels == 1, Label.SPOILER.value, Label.SAFE.value)
    sources = corpus.frame["source"].fillna("").to_numpy(dtype=str)
    model = clone(template)
    fitted: SpoilerClassifier = model.fit(corpus.sentences, labels, corpus.weights, sources=sources, vectors=vectors)
    return fitted


def _judged(
    template: SpoilerClassifier,
    corpus: Corpus,
    vectors: NDArray[np.float64],
    learnt: NDArray[np.intp],
    judged: NDArray[np.intp],
) -> NDArray[np.float64]:
    model = taught(template, corpus.take(learnt), vectors[learnt])
    return model.decision_function(corpus.take(judged).sentences, vectors[judged])
