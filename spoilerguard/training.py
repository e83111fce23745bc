"""Labelled corpus → model: n-grams, context, calibration and thresholds, each set on works that were held out.

Every number that the model will promise comes from out-of-fold logits: a sentence is judged by a model that has not
seen its work, then a line makes those logits probabilities, the context stage learns from them, and the operating
points are chosen on what comes out.
"""

from collections.abc import Collection
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from spoilerguard import evaluation
from spoilerguard.calibration import OperatingPoint, max_f1_point, operating_point, platt
from spoilerguard.context import ReviewContext
from spoilerguard.corpus import Corpus
from spoilerguard.datasets import load_corpus
from spoilerguard.errors import OperatingPointError, TrainingError
from spoilerguard.features import SentenceVectorizer
from spoilerguard.folds import Folds, held_out_logits, taught, works_apart
from spoilerguard.model import SpoilerClassifier
from spoilerguard.model_card import model_card
from spoilerguard.shipped import default_encoder

__all__ = ["cross_validate", "train"]

_CAUTIOUS_RECALL, _LENIENT_PRECISION, _F1_KEPT = 0.8, 0.6, 0.8
_STRENGTHS = (0.001, 0.003, 0.01)  # values of C; the encoder's vectors are long, so small ones suit
_MIN_SPOILING_REVIEWS = 10  # fewer cannot teach sixteen context weights anything


def train(
    corpus: Corpus | Any,  # noqa: ANN401 - whatever load_corpus reads
    *,
    base: SpoilerClassifier | None = None,
    estimator: SpoilerClassifier | None = None,
    natural_sources: Collection[str] | None = None,
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
    base : SpoilerClassifier, optional
        A model to start from: its weights stay and are corrected where the new labels ask for it; its context stage
        stays, and is calibrated anew where `corpus` has reviews enough.
    estimator : SpoilerClassifier, optional
        Unfitted, for other hyper-parameters. None means the defaults on the word vectors of the default model, with
        the strength of penalty that does best on held-out works.
    natural_sources : collection of str, optional
        Sources in the corpus that were drawn as they occur, not for being rich in spoilers: probabilities and
        thresholds are set on them. None means all.
    n_splits : int, default 5
        Folds, by work, that give out-of-fold logits.
    n_jobs : int, default 1
        Processes for the folds, in the sense of joblib; the model does not depend on it.
    seed : int, default 0
        Deals the folds; equal seeds give equal models.
    progress : bool, default False
        Whether to show a progress bar.

    Returns
    -------
    SpoilerClassifier
        With `context_` (where learnt), `operating_points_` and `card_`.

    Raises
    ------
    CorpusError
        Where the corpus cannot be read.
    TrainingError
        Where it cannot teach a model: one class only, or fewer works with spoilers than folds.

    Examples
    --------
    >>> from spoilerguard.datasets import make_corpus
    >>> model = train(make_corpus(works=30, seed=1), n_splits=3)
    >>> sorted(model.operating_points_)[:2]
    ['balanced/alone', 'balanced/review']
    """
    corpus = load_corpus(corpus)
    _refuse_hopeless(corpus, n_splits)
    natural = _natural_rows(corpus, natural_sources)
    folds = works_apart(corpus, n_splits, seed)
    templates = [base] if base is not None else _templates(estimator, seed)
    vectors, in_review = _encoded(templates[0], corpus)
    tried = [held_out_logits(one, corpus, vectors, folds, n_jobs=n_jobs, progress=progress) for one in templates]
    best = int(np.argmax([roc_auc_score(corpus.labels, logits, sample_weight=corpus.weights) for logits in tried]))
    logits, model = tried[best], taught(templates[best], corpus, vectors)

    slope, offset = platt(logits[natural], corpus.labels[natural], corpus.weights[natural])
    model.rescale(slope, offset)
    logits = slope * logits + offset
    points = _operating_points(logits, corpus, natural, "alone")
    known = None if base is None or base.context_ is None else base.context_.under(slope, offset)
    model.context_, together = known, None
    if _teaches_context(corpus):
        model.context_, together = _context(logits, corpus, in_review, natural, folds, known)
        points |= _operating_points(together, corpus, natural & corpus.in_review, "review")
    elif base is not None:
        points |= {name: point for name, point in base.operating_points_.items() if name.endswith("/review")}
    model.operating_points_ = points
    model.card_ = model_card(corpus, natural, logits, together, seed)
    return model


def cross_validate(
    corpus: Corpus | Any,  # noqa: ANN401 - whatever load_corpus reads
    *,
    n_splits: int = 5,
    seed: int = 0,
    n_bootstrap: int = 1000,
    **options: Any,  # noqa: ANN401 - handed to train
) -> "evaluation.CrossValidation":
    """How good `train` is on works that it has not seen, and how far a random split would flatter it.

    Parameters
    ----------
    corpus : Corpus, DataFrame or path
        Labelled sentences.
    n_splits : int, default 5
        Folds, by work.
    seed : int, default 0
        Deals the folds and draws the resamples.
    n_bootstrap : int, default 1000
        Resamples of works for the intervals.
    **options
        Handed to `train`.

    Returns
    -------
    CrossValidation
    """

    def fit(part: Corpus) -> SpoilerClassifier:
        return train(part, n_splits=n_splits, seed=seed, **options)

    return evaluation.cross_validate(
        load_corpus(corpus), train=fit, n_splits=n_splits, n_bootstrap=n_bootstrap, seed=seed
    )


def _templates(estimator: SpoilerClassifier | None, seed: int) -> list[SpoilerClassifier]:
    """What to try; unless told, several strengths of penalty: noisy labels want a strong one, clean ones little."""
    if estimator is not None:
        return [clone(estimator)]
    vectorizer = SentenceVectorizer(encoder=default_encoder())
    return [SpoilerClassifier(vectorizer=vectorizer, C=strength, random_state=seed) for strength in _STRENGTHS]


def _encoded(template: SpoilerClassifier, corpus: Corpus) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The encoder's vectors of all sentences, alone and in their reviews: once for all folds and strengths."""
    known = template.vectorizer_ if hasattr(template, "vectorizer_") else template.vectorizer
    vectorizer = SentenceVectorizer() if known is None else known
    alone = vectorizer.encode(corpus.sentences)
    return alone, vectorizer.encode_reviews(corpus.sentences, corpus.lengths, alone)


def _context(
    logits: NDArray[np.float64],
    corpus: Corpus,
    vectors: NDArray[np.float64],
    natural: NDArray[np.bool_],
    folds: Folds,
    known: ReviewContext | None,
) -> tuple[ReviewContext, NDArray[np.float64]]:
    """The calibrated context stage, learnt unless it is known, and its held-out logits (zero outside of reviews)."""
    held_out = np.zeros(len(corpus))
    for learnt, tested in folds:
        stage = known or _stage(logits, corpus, vectors, np.isin(np.arange(len(corpus)), learnt) & corpus.in_review)
        part = corpus.take(tested)
        held_out[tested] = stage.logits(logits[tested], part.sentences, part.lengths, vectors[tested])
    rows = natural & corpus.in_review
    slope, offset = platt(held_out[rows], corpus.labels[rows], corpus.weights[rows])
    held_out = np.where(corpus.in_review, slope * held_out + offset, 0.0)
    return (known or _stage(logits, corpus, vectors, corpus.in_review)).rescale(slope, offset), held_out


def _stage(
    logits: NDArray[np.float64], corpus: Corpus, vectors: NDArray[np.float64], rows: NDArray[np.bool_]
) -> ReviewContext:
    part = corpus.take(rows)
    return ReviewContext.fit(logits[rows], part.sentences, part.lengths, part.labels, part.weights, vectors[rows])


def _teaches_context(corpus: Corpus) -> bool:
    spoiling = corpus.frame.loc[corpus.in_review & (corpus.labels == 1), "review_id"]
    return bool(spoiling.nunique() >= _MIN_SPOILING_REVIEWS)


def _operating_points(
    logits: NDArray[np.float64], corpus: Corpus, rows: NDArray[np.bool_], place: str
) -> dict[str, OperatingPoint]:
    """Thresholds that rather hide too much, weigh both alike, or rather hide too little (if that can be promised).

    Where spoilers are rare, the highest F1 is wrong more often than right, and readers stop believing it: "balanced"
    then takes the highest recall at which half of the marks are right, unless that costs too much of F1.
    """
    scored = (expit(logits[rows]), corpus.labels[rows], corpus.groups[rows])
    weights = corpus.weights[rows]
    cautious = operating_point(*scored, min_recall=_CAUTIOUS_RECALL, sample_weight=weights)
    balanced = max_f1_point(*scored, sample_weight=weights)
    points = {}
    with suppress(OperatingPointError):
        half_right = operating_point(*scored, min_precision=0.5, sample_weight=weights)
        if half_right.threshold > balanced.threshold and half_right.f1 >= _F1_KEPT * balanced.f1:
            balanced = half_right
    with suppress(OperatingPointError):
        lenient = operating_point(*scored, min_precision=_LENIENT_PRECISION, sample_weight=weights)
        points["lenient"] = max(balanced, lenient, key=_threshold)
    points |= {"balanced": balanced, "cautious": min(balanced, cautious, key=_threshold)}
    return {f"{name}/{place}": point for name, point in points.items()}


def _threshold(point: OperatingPoint) -> float:
    return point.threshold


def _natural_rows(corpus: Corpus, natural_sources: Collection[str] | None) -> NDArray[np.bool_]:
    if natural_sources is None:
        return np.ones(len(corpus), dtype=bool)
    wanted = {natural_sources} if isinstance(natural_sources, str) else set(natural_sources)
    known = set(corpus.frame["source"].dropna())
    if wanted - known:
        raise TrainingError(f"No sentence has the source {sorted(wanted - known)}; the sources are {sorted(known)}.")
    rows = corpus.frame["source"].isin(list(wanted)).to_numpy(dtype=bool)
    if len(np.unique(corpus.labels[rows])) < 2:
        raise TrainingError(f"The natural sources {sorted(wanted)} lack spoilers or safe sentences.")
    return rows


def _refuse_hopeless(corpus: Corpus, n_splits: int) -> None:
    for label, name in ((1, "spoiler"), (0, "safe sentence")):
        works = len(set(corpus.groups[corpus.labels == label]))
        if works == 0:
            raise TrainingError(f"{corpus.name or 'The corpus'} holds no {name}: a model needs both kinds.")
        if works < n_splits:
            raise TrainingError(
                f"{corpus.name or 'The corpus'} has {name}s of {works} works only, fewer than the {n_splits} folds: "
                "label more works, or lower n_splits."
            )
    table = corpus.frame.groupby("sentence")["spoiler"]
    if (table.nunique() == 2).all():
        raise TrainingError(f"Every sentence of {corpus.name or 'the corpus'} bears both labels: nothing to learn.")
