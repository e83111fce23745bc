"""Labelled corpus → model: head, calibration, context and operating points, each set on works that were held out.

Every number that the model promises comes from out-of-fold logits: a sentence is scored by a model that has not seen
its work, then a line makes those logits calibrated, the context stage learns from them, and the operating points are
chosen on what comes out.
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from spoilerguard.bundled import AnyModel, default_encoder, resolve_model
from spoilerguard.calibration import OperatingPoint, platt, select_points
from spoilerguard.context import ReviewContext
from spoilerguard.corpus import Corpus
from spoilerguard.datasets.loading import AnyTable, load_corpus
from spoilerguard.decisions import Level
from spoilerguard.documents import Standing
from spoilerguard.errors import TrainingError
from spoilerguard.features import SentenceVectorizer
from spoilerguard.model import SpoilerClassifier
from spoilerguard.processes import n_processes
from spoilerguard.training.card import model_card
from spoilerguard.training.folds import Folds, fit, group_folds, out_of_fold_logits
from spoilerguard.training.levels import fit_review_stages, fit_severity
from spoilerguard.user_warnings import warn_of_reviews

__all__ = ["train"]

_STRENGTHS = (0.001, 0.003, 0.01)  # values of C; the encoder's vectors are long, so small ones suit
_MIN_SPOILING_REVIEWS = 10  # fewer cannot teach sixteen context weights anything


def train(
    corpus: AnyTable,
    *,
    base: AnyModel = None,
    estimator: SpoilerClassifier | None = None,
    calibration_sources: Collection[str] | None = None,
    n_splits: int = 5,
    n_jobs: int = 1,
    seed: int = 0,
    progress: bool = False,
) -> SpoilerClassifier:
    """Train a model on labelled sentences, or teach an existing one more.

    Parameters
    ----------
    corpus : Corpus, DataFrame or path
        Labelled sentences; see `spoilerguard.load_corpus`. Whole reviews teach the context stage, sentences on their
        own only the first.
    base : SpoilerClassifier, folder or name, optional
        A model to start from: its weights stay and are corrected where the new labels ask for it; its context stage
        stays, and is calibrated anew where `corpus` has reviews enough.
    estimator : SpoilerClassifier, optional
        Unfitted, for other hyper-parameters. None means the defaults on the encoder of the default model, with the
        strength of penalty that does best on held-out works.
    calibration_sources : collection of str, optional
        Sources in the corpus that were drawn as they occur, not for being rich in spoilers: probabilities and
        thresholds are set on them. None means all.
    n_splits : int, default 5
        Folds, by work, that give out-of-fold logits.
    n_jobs : int, default 1
        Processes for the folds, in the sense of joblib; the model does not depend on it. A frozen program uses one,
        with a warning, as in `spoilerguard.classify_reviews`.
    seed : int, default 0
        Draws the folds; equal seeds give equal models.
    progress : bool, default False
        Whether to show a progress bar.

    Returns
    -------
    SpoilerClassifier
        With `operating_points_` and `card_`, and, where the corpus teaches them, `context_`, `severity_` (it needs a
        column ``major``) and `review_stages_`.

    Raises
    ------
    CorpusError
        Where the corpus cannot be read.
    TrainingError
        Where it cannot teach a model: one class only, or fewer works with spoilers than folds.

    Warns
    -----
    UserWarning
        Where sentences look like whole reviews, or `n_jobs` has no effect.

    Examples
    --------
    >>> from spoilerguard.datasets import make_corpus
    >>> model = train(make_corpus(works=30, seed=1), n_splits=3)
    >>> sorted(model.operating_points_["in review"])[:2]
    ['balanced', 'cautious']
    """
    n_jobs = n_processes(n_jobs)
    corpus = load_corpus(corpus)
    _refuse_hopeless(corpus, n_splits)
    warn_of_reviews(corpus.sentences)
    rows = _calibration_rows(corpus, calibration_sources)
    folds = group_folds(corpus, n_splits, seed)
    init_model = None if base is None else resolve_model(base)
    templates = _templates(estimator, seed) if init_model is None else [init_model]
    alone, in_review = _vectorizer(templates[0]).encode_documents(corpus.documents)
    tried = [out_of_fold_logits(one, corpus, alone, folds, n_jobs=n_jobs, progress=progress) for one in templates]
    best = int(np.argmax([roc_auc_score(corpus.labels, logits, sample_weight=corpus.weights) for logits in tried]))
    logits, model = tried[best], fit(templates[best], corpus, alone)

    slope, offset = platt(logits[rows], corpus.labels[rows], corpus.weights[rows])
    model.absorb_calibration(slope, offset)
    logits = slope * logits + offset
    scored = {Standing.ALONE: (rows, logits)}
    if _teaches_context(corpus):
        context, logits_in_review = _fit_context(logits, corpus, in_review, rows, folds, model.context_)
        model.attach(context=context)
        scored[Standing.IN_REVIEW] = (rows & corpus.in_review, logits_in_review)
    points = {standing: _select_points(corpus, *pair) for standing, pair in scored.items()}
    known = {} if init_model is None else init_model.operating_points_
    if Standing.IN_REVIEW in known and Standing.IN_REVIEW not in points:
        points[Standing.IN_REVIEW] = dict(known[Standing.IN_REVIEW])
    model.attach(operating_points=points, card=model_card(corpus, scored, points, seed))
    probability = {standing: expit(found) for standing, (_, found) in scored.items()}
    vectors = {Standing.ALONE: alone, Standing.IN_REVIEW: in_review}
    severity, major = fit_severity(corpus, probability, points, vectors, rows, folds)
    in_place = np.where(corpus.in_review, list(probability.values())[-1], probability[Standing.ALONE])
    levels = {Level.ANY: in_place} | ({} if severity is None else {Level.MAJOR: major})
    return model.attach(severity=severity, review_stages=fit_review_stages(corpus, levels, rows, folds))


def _templates(estimator: SpoilerClassifier | None, seed: int) -> list[SpoilerClassifier]:
    """What to try; by default several strengths of penalty: noisy labels want a strong one, clean ones a weak one."""
    if estimator is not None:
        return [clone(estimator)]
    vectorizer = SentenceVectorizer(encoder=default_encoder())
    return [SpoilerClassifier(vectorizer=vectorizer, C=strength, random_state=seed) for strength in _STRENGTHS]


def _vectorizer(template: SpoilerClassifier) -> SentenceVectorizer:
    """The template's vectorizer, fitted or not; for encoding it makes no difference."""
    return getattr(template, "vectorizer_", None) or template.vectorizer or SentenceVectorizer()


def _fit_context(
    logits: NDArray[np.float64],
    corpus: Corpus,
    vectors: NDArray[np.float64],
    rows: NDArray[np.bool_],
    folds: Folds,
    known: ReviewContext | None,
) -> tuple[ReviewContext, NDArray[np.float64]]:
    """The calibrated context stage, fitted unless it is known, and its out-of-fold logits (zero outside of reviews)."""

    def stage(learnt: NDArray[np.bool_]) -> ReviewContext:
        if known is not None:
            return known
        part = corpus.take(learnt)
        return ReviewContext.fit(logits[learnt], part.documents, part.labels, part.weights, vectors[learnt])

    out_of_fold = np.zeros(len(corpus))
    for learnt, left_out in folds:
        fold_stage = stage(np.isin(np.arange(len(corpus)), learnt) & corpus.in_review)
        documents = corpus.take(left_out).documents
        out_of_fold[left_out] = fold_stage.logits(logits[left_out], documents, vectors[left_out])
    rows = rows & corpus.in_review
    slope, offset = platt(out_of_fold[rows], corpus.labels[rows], corpus.weights[rows])
    out_of_fold = np.where(corpus.in_review, slope * out_of_fold + offset, 0.0)
    return stage(corpus.in_review).rescale(slope, offset), out_of_fold


def _teaches_context(corpus: Corpus) -> bool:
    spoiling = corpus.frame.loc[corpus.in_review & (corpus.labels == 1), "review_id"]
    return bool(spoiling.nunique() >= _MIN_SPOILING_REVIEWS)


def _select_points(corpus: Corpus, rows: NDArray[np.bool_], logits: NDArray[np.float64]) -> dict[str, OperatingPoint]:
    return select_points(expit(logits[rows]), corpus.labels[rows], corpus.groups[rows], corpus.weights[rows])


def _calibration_rows(corpus: Corpus, sources: Collection[str] | None) -> NDArray[np.bool_]:
    if sources is None:
        return np.ones(len(corpus), dtype=bool)
    wanted = {sources} if isinstance(sources, str) else set(sources)
    known = set(corpus.frame["source"].dropna())
    if wanted - known:
        raise TrainingError(f"No sentence has the source {sorted(wanted - known)}; the sources are {sorted(known)}.")
    rows = corpus.frame["source"].isin(list(wanted)).to_numpy(dtype=bool)
    if len(np.unique(corpus.labels[rows])) < 2:
        raise TrainingError(f"The calibration sources {sorted(wanted)} lack spoilers or safe sentences.")
    return rows


def _refuse_hopeless(corpus: Corpus, n_splits: int) -> None:
    """Stop where the corpus cannot teach a model, before the work begins."""
    name = corpus.name or "The corpus"
    for label, kind in ((1, "spoiler"), (0, "safe sentence")):
        works = len(set(corpus.groups[corpus.labels == label]))
        if works == 0:
            raise TrainingError(f"{name} holds no {kind}: a model needs both kinds.")
        if works < n_splits:
            raise TrainingError(
                f"{name} has {kind}s of {works} works only, fewer than the {n_splits} folds: "
                "label more works, or lower n_splits."
            )
    table = corpus.frame.groupby("sentence")["spoiler"]
    if (table.nunique() == 2).all():
        raise TrainingError(f"Every sentence of {name} bears both labels: nothing to learn.")
