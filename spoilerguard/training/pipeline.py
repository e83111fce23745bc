"""Labelled corpus → model: head, calibration, context and operating points, each set on works that were held out.

Every number that the model promises comes from out-of-fold logits: a sentence is scored by a model that has not seen
its work, then a line makes those logits calibrated, the context stage learns from them, and the operating points are
chosen on what comes out.
"""

from collections.abc import Collection

import numpy as np
from sklearn.metrics import roc_auc_score

from spoilerguard.bundled import AnyModel, default_encoder, resolve_model
from spoilerguard.datasets.loading import AnyTable, load_corpus
from spoilerguard.features import SentenceVectorizer
from spoilerguard.memory import SentenceMemory
from spoilerguard.model import SpoilerClassifier
from spoilerguard.processes import n_processes
from spoilerguard.training.arguments import check_numbers, unfitted
from spoilerguard.training.base_memory import calibration_rows_new_to
from spoilerguard.training.card import model_card
from spoilerguard.training.finishing import calibrate, calibration_rows, refuse_hopeless
from spoilerguard.training.folds import fit, group_folds, out_of_fold_logits
from spoilerguard.training.gating import ScoredVectors
from spoilerguard.user_warnings import warn_of_reviews

__all__ = ["train"]

_STRENGTHS = (0.001, 0.003, 0.01)  # values of C; the encoder's vectors are long, so small ones suit


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
        stays, and is calibrated anew where `corpus` has reviews enough. Its stages for major spoilers and for whole
        reviews, and thresholds, are taken over where the labels are too few for new ones. Of works that it has learnt
        itself its logits are too sure, so calibration and thresholds rest on the other works, or a warning and the card
        say that there are too few.
    estimator : SpoilerClassifier, optional
        Instead of `base`. Unfitted, for other hyper-parameters. None means the defaults on the encoder of the default
        model, with the strength of penalty that does best on held-out works.
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
        With `context_` (where learnt), `operating_points_`, `card_` and, from ten works on, `profile_`.

    Raises
    ------
    CorpusError
        Where the corpus cannot be read.
    TrainingError
        Where it cannot teach a model: one class only, or fewer works with spoilers than folds.
    TypeError, ValueError
        Where `base` and `estimator` are both given, or an argument is of another kind or out of its range.
    ModelFormatError, sklearn.exceptions.NotFittedError
        Where `base` is a path to no model, or not fitted. What is wrong with an argument is said before the work.

    Warns
    -----
    UserWarning
        Where sentences look like whole reviews, `n_jobs` has no effect, or `base` has learnt these sentences before.

    Examples
    --------
    >>> from spoilerguard.datasets import make_corpus
    >>> model = train(make_corpus(works=30, seed=1), n_splits=3)
    >>> sorted(model.operating_points_["in review"])[:2]
    ['balanced', 'cautious']
    """
    templates, n_jobs = _templates(base, estimator, seed), n_processes(n_jobs)
    check_numbers(n_splits, seed)
    corpus = load_corpus(corpus)
    refuse_hopeless(corpus, n_splits)
    warn_of_reviews(corpus.sentences)
    drawn = calibration_rows(corpus, calibration_sources)
    rows, learnt = (drawn, "") if base is None else calibration_rows_new_to(templates[0].memory_, corpus, drawn)
    folds = group_folds(corpus, n_splits, seed)
    vectorizer = _vectorizer(templates[0])
    alone, in_review = vectorizer.encode_documents(corpus.documents)
    looks = [alone, vectorizer.skim(corpus.sentences).astype(np.float32)] if vectorizer.can_skim else [alone]
    tried = [out_of_fold_logits(one, corpus, looks, folds, n_jobs=n_jobs, progress=progress) for one in templates]
    best = int(np.argmax([roc_auc_score(corpus.labels, read, sample_weight=corpus.weights) for read, *_ in tried]))
    logits, *skimmed = tried[best]
    glance = ScoredVectors(skimmed[0], looks[1]) if skimmed else None
    model = fit(templates[best], corpus, alone)
    scored, card = calibrate(
        model, corpus, logits, (alone, in_review), rows, folds, seed=seed, drawn=drawn, glance=glance
    )
    if base is not None:
        _keep_unmeasured(model, templates[0])
    card = model_card(corpus, scored, model.operating_points_, seed) | card
    card |= {"Learnt before": learnt} if learnt else {}
    return model.attach(card=card, memory=(model.memory_ or SentenceMemory()).add(corpus.sentences))


def _templates(base: AnyModel, estimator: SpoilerClassifier | None, seed: int) -> list[SpoilerClassifier]:
    """What to try; by default several strengths of penalty: noisy labels want a strong one, clean ones a weak one."""
    own = None if estimator is None else unfitted(estimator)
    if base is not None:
        if own is not None:
            raise TypeError(
                "base= keeps the parameters of the model that it names, so estimator= would have no effect: give one "
                "of them."
            )
        return [SpoilerClassifier.from_linear_model(resolve_model(base))]
    if own is not None:
        return [own]
    vectorizer = SentenceVectorizer(encoder=default_encoder())
    return [SpoilerClassifier(vectorizer=vectorizer, C=strength, random_state=seed) for strength in _STRENGTHS]


def _keep_unmeasured(model: SpoilerClassifier, base: SpoilerClassifier) -> None:
    """Take over from the base the thresholds and the stages for which the new labels were too few."""
    model.attach(
        operating_points={**base.operating_points_, **model.operating_points_},
        review_stages={**base.review_stages_, **model.review_stages_},
        severity=base.severity_ if model.severity_ is None or not model.severity_.operating_points else None,
    )


def _vectorizer(template: SpoilerClassifier) -> SentenceVectorizer:
    """The template's vectorizer, fitted or not; for encoding it makes no difference."""
    return getattr(template, "vectorizer_", None) or template.vectorizer or SentenceVectorizer()
