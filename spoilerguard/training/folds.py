"""Out-of-fold logits: every sentence scored by a model that has not seen its work. A model's promises rest on them."""

import copy
from collections.abc import Sequence

import numpy as np
from joblib import delayed
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold

from spoilerguard.bootstrap import factorize
from spoilerguard.corpus import Corpus
from spoilerguard.features.vectorizer import AnyVectors
from spoilerguard.model import SpoilerClassifier
from spoilerguard.processes import run_jobs

__all__ = ["Folds", "fit", "group_folds", "out_of_fold_logits", "teach_every_fold"]

Folds = list[tuple[NDArray[np.intp], NDArray[np.intp]]]


def group_folds(corpus: Corpus, n_splits: int, seed: int) -> Folds:
    """Rows to learn from and rows to predict, of each fold; no work stands among both."""
    works, _ = factorize(corpus.groups)
    folds = StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed)
    return list(folds.split(works, corpus.labels, works))


def teach_every_fold(folds: Folds, labels: NDArray[np.int8], rows: NDArray[np.bool_]) -> bool:
    """Whether every fold finds both labels among these rows to learn from; not so where one work has all of a kind."""
    return all(len(np.unique(labels[learnt][rows[learnt]])) == 2 for learnt, _ in folds)


def out_of_fold_logits(
    template: SpoilerClassifier,
    corpus: Corpus,
    vectors: Sequence[AnyVectors],
    folds: Folds,
    *,
    n_jobs: int,
    progress: bool,
) -> NDArray[np.float64]:
    """Logit of each sentence alone, from the model that its fold has left it out of, shape (n_vectors, n_sentences).

    `vectors` are what the template's encoder makes of the sentences: it learns nothing here, so they are the same in
    every fold. Models learn from the first; each of them is scored.
    """
    jobs = (delayed(_predict_fold)(template, corpus, vectors, *fold) for fold in folds)
    done = run_jobs(jobs, n_jobs)
    if progress:
        from tqdm.auto import tqdm  # warns in notebooks that lack widgets, so only those who ask for it see that

        done = tqdm(done, "folds", len(folds))
    logits = np.zeros((len(vectors), len(corpus)))
    for (_, rows), found in zip(folds, done, strict=True):
        logits[:, rows] = found
    return logits


def fit(
    template: SpoilerClassifier, corpus: Corpus, vectors: AnyVectors, rows: NDArray[np.intp] | None = None
) -> SpoilerClassifier:
    """A new model that has learnt these rows or, where `template` is fitted already, a copy of it adapted."""
    sentences, labels, weights = corpus.sentences, corpus.labels, corpus.weights
    sources = corpus.frame["source"].fillna("").to_numpy(dtype=object)
    if rows is not None:
        sentences = [sentences[row] for row in rows.tolist()]
        labels, weights, sources, vectors = labels[rows], weights[rows], sources[rows], vectors[rows]
    if hasattr(template, "coef_"):
        return copy.deepcopy(template).adapt(sentences, labels, weights, vectors=vectors)
    model: SpoilerClassifier = clone(template)
    return model.fit_flags(sentences, labels, weights, sources=sources, vectors=vectors)


def _predict_fold(
    template: SpoilerClassifier,
    corpus: Corpus,
    vectors: Sequence[AnyVectors],
    learnt: NDArray[np.intp],
    left_out: NDArray[np.intp],
) -> NDArray[np.float64]:
    model = fit(template, corpus, vectors[0], learnt)
    sentences = [corpus.sentences[row] for row in left_out.tolist()]
    logits = np.array([model.decision_function(sentences, known[left_out]) for known in vectors])
    return logits if model.spoiler_index_ == 1 else -logits
