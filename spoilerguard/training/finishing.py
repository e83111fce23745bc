"""Out-of-fold logits → calibration, context stage, operating points and card: what every way of training ends with."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from spoilerguard.calibration import OperatingPoint, balance, platt, select_points
from spoilerguard.calibration.operating_points import OperatingPoints
from spoilerguard.context import ReviewContext
from spoilerguard.corpus import Corpus
from spoilerguard.decisions import Level
from spoilerguard.documents import Standing
from spoilerguard.errors import TrainingError
from spoilerguard.features.vectorizer import AnyVectors
from spoilerguard.model import SpoilerClassifier
from spoilerguard.training.folds import Folds, teach_every_fold
from spoilerguard.training.gating import Gated, ScoredVectors, choose_gate
from spoilerguard.training.levels import fit_review_stages, fit_severity
from spoilerguard.training.profiling import make_profile

__all__ = ["Scored", "calibrate", "calibration_rows", "refuse_hopeless"]

Floats = NDArray[np.float64]
Rows = NDArray[np.bool_]
Scored = Mapping[Standing, tuple[Rows, Floats]]
Score = Callable[[Floats, AnyVectors], Floats]  # logits alone and vectors in the review → logits there
_MIN_SPOILING_REVIEWS = 10  # fewer cannot teach sixteen context weights anything


def calibrate(
    model: SpoilerClassifier,
    corpus: Corpus,
    logits: NDArray[np.float64],
    vectors: tuple[AnyVectors, AnyVectors],
    rows: NDArray[np.bool_],
    folds: Folds,
    *,
    seed: int,
    drawn: NDArray[np.bool_] | None = None,
    glance: ScoredVectors | None = None,
) -> tuple[Scored, dict[str, Any]]:
    """Calibrate a model whose head is fitted, and set its further stages and its operating points.

    Parameters
    ----------
    model : SpoilerClassifier
        It is changed. A context stage that it has stays, and is calibrated anew.
    corpus : Corpus
        Labelled sentences.
    logits : ndarray of float64, shape (n_sentences,)
        Of each sentence alone, from a head that has not seen its work.
    vectors : pair of ndarray, shapes (n_sentences, n_dimensions) and (n_sentences, n_review_dimensions)
        The encoder's, of each sentence alone and in its review.
    rows : ndarray of bool, shape (n_sentences,)
        On which probabilities and thresholds are set.
    folds : list of pairs of arrays
        By work, for the stages behind the head.
    seed : int
        Draws the samples of the profile.
    drawn : ndarray of bool, shape (n_sentences,), optional
        Where `rows` are but those that a base model has not learnt: all that could have been taken. The share of
        spoilers is set on them.
    glance : ScoredVectors, optional
        What the encoder's skimmer gives instead, where it has one: a gate is then looked for.

    Returns
    -------
    scored : mapping of Standing to (rows, logits)
        What metrics can be computed on.
    card : dict
        What the card says of the gate.
    """
    drawn = rows if drawn is None else drawn
    slope, offset = _line(logits, corpus, rows, drawn)
    model.absorb_calibration(slope, offset)
    alone, in_review = slope * logits + offset, corpus.in_review
    counted = {Standing.ALONE: rows}
    if _teaches_context(corpus, rows, folds, model.context_):
        context, score = _fit_context(alone, corpus, vectors[1], (rows, drawn), folds, model.context_)
        model.attach(context=context)
        counted[Standing.IN_REVIEW] = rows & in_review
    else:
        score = _as_known(model.context_, corpus)

    def in_place(alone: Floats, vectors: AnyVectors) -> Floats:
        return np.where(in_review, score(alone, vectors), alone)

    found = Gated(None, alone, in_place(alone, vectors[1]), np.ones(len(corpus), dtype=np.bool_), vectors)
    card: dict[str, Any] = {}
    if glance is not None:
        flagged = rows & (corpus.labels == 1) & _flagged(corpus, found, _points(corpus, counted, found))
        glance = ScoredVectors(slope * glance.logits + offset, glance.vectors)
        found, card = choose_gate(model, corpus, rows, (glance, found), in_place, flagged)
        model.attach(gate=found.gate)
    _set_levels(model, corpus, counted, found, vectors, folds)
    model.attach(profile=make_profile(model, corpus, found.in_place, vectors[0], found.vectors, seed))
    return _scored(counted, found), card


def _set_levels(
    model: SpoilerClassifier,
    corpus: Corpus,
    counted: Mapping[Standing, Rows],
    found: Gated,
    vectors: tuple[AnyVectors, AnyVectors],
    folds: Folds,
) -> None:
    """Operating points, major spoilers and whole reviews, from out-of-fold logits."""
    rows, points = counted[Standing.ALONE], _points(corpus, counted, found)
    probability = {standing: expit(logits) for standing, (_, logits) in _scored(counted, found).items()}
    severity, major = fit_severity(corpus, probability, points, dict(zip(Standing, vectors, strict=True)), rows, folds)
    levels = {Level.ANY: expit(found.in_place)} | ({} if severity is None else {Level.MAJOR: major})
    stages = fit_review_stages(corpus, levels, rows, folds)
    model.attach(operating_points=points, severity=severity, review_stages=stages)


def _scored(counted: Mapping[Standing, Rows], found: Gated) -> Scored:
    """For each standing, the rows that count and the logits."""
    logits = {Standing.ALONE: found.alone, Standing.IN_REVIEW: found.in_place}
    return {standing: (rows, logits[standing]) for standing, rows in counted.items()}


def _points(corpus: Corpus, counted: Mapping[Standing, Rows], found: Gated) -> OperatingPoints:
    return {standing: _select_points(corpus, *pair) for standing, pair in _scored(counted, found).items()}


def _flagged(corpus: Corpus, found: Gated, points: OperatingPoints) -> Rows:
    """Which sentences reach the lowest threshold where they stand."""
    lowest = {standing: min(point.threshold for point in named.values()) for standing, named in points.items()}
    in_review = lowest.get(Standing.IN_REVIEW, lowest[Standing.ALONE])
    return np.asarray(expit(found.in_place) >= np.where(corpus.in_review, in_review, lowest[Standing.ALONE]))


def _as_known(context: ReviewContext | None, corpus: Corpus) -> Score:
    """The stage that a model has, where the corpus cannot teach one; without one, the logits alone."""
    if context is None:
        return lambda alone, _: alone
    return lambda alone, vectors: context.logits(alone, corpus.documents, vectors)


def _fit_context(
    logits: Floats,
    corpus: Corpus,
    vectors: AnyVectors,
    rows: tuple[Rows, Rows],
    folds: Folds,
    known: ReviewContext | None,
) -> tuple[ReviewContext, Score]:
    """The calibrated context stage, fitted unless it is known, and what scores sentences out of fold."""

    def stage(learnt: Rows) -> ReviewContext:
        if known is not None:
            return known
        part = corpus.take(learnt)
        return ReviewContext.fit(logits[learnt], part.documents, part.labels, part.weights, vectors[learnt])

    stages = [stage(np.isin(np.arange(len(corpus)), learnt) & corpus.in_review) for learnt, _ in folds]
    parts = [corpus.take(left_out).documents for _, left_out in folds]

    def score(logits: Floats, vectors: AnyVectors) -> Floats:
        found = np.zeros(len(corpus))
        for fold_stage, documents, (_, left_out) in zip(stages, parts, folds, strict=True):
            found[left_out] = fold_stage.logits(logits[left_out], documents, vectors[left_out])
        return found

    slope, offset = _line(score(logits, vectors), corpus, *(part & corpus.in_review for part in rows))
    return stage(corpus.in_review).rescale(slope, offset), lambda *read: slope * score(*read) + offset


def _line(
    logits: NDArray[np.float64], corpus: Corpus, rows: NDArray[np.bool_], drawn: NDArray[np.bool_]
) -> tuple[float, float]:
    """Slope and offset of out-of-fold logits: the slope from works new to the base, the offset from all that was drawn.

    What the base has learnt makes logits too steep, and the share of spoilers differs from work to work: the more works
    it rests on, the better.
    """
    slope, offset = platt(logits[rows], corpus.labels[rows], corpus.weights[rows])
    if not np.array_equal(rows, drawn):
        offset = balance(slope * logits[drawn], corpus.labels[drawn], corpus.weights[drawn])
    return slope, offset


def _teaches_context(corpus: Corpus, rows: NDArray[np.bool_], folds: Folds, known: ReviewContext | None) -> bool:
    """Whether there are reviews enough to fit the stage, unless it is known, and any to calibrate it on."""
    spoiling = corpus.frame.loc[corpus.in_review & (corpus.labels == 1), "review_id"]
    if spoiling.nunique() < _MIN_SPOILING_REVIEWS or len(np.unique(corpus.labels[rows & corpus.in_review])) < 2:
        return False
    return known is not None or teach_every_fold(folds, corpus.labels, corpus.in_review & (corpus.weights > 0))


def _select_points(corpus: Corpus, rows: NDArray[np.bool_], logits: NDArray[np.float64]) -> dict[str, OperatingPoint]:
    sources = corpus.frame["source"].fillna("").to_numpy(dtype=str)[rows]
    return select_points(expit(logits[rows]), corpus.labels[rows], corpus.groups[rows], corpus.weights[rows], sources)


def calibration_rows(corpus: Corpus, sources: Collection[str] | None) -> NDArray[np.bool_]:
    """Which rows that count come from these sources; an error where there is none, or of one class only."""
    counted = corpus.weights > 0
    if sources is None:
        return counted
    wanted = {sources} if isinstance(sources, str) else set(sources)
    known = set(corpus.frame["source"].dropna())
    if wanted - known:
        raise TrainingError(f"No sentence has the source {sorted(wanted - known)}; the sources are {sorted(known)}.")
    rows = counted & corpus.frame["source"].isin(list(wanted)).to_numpy(dtype=bool)
    if len(np.unique(corpus.labels[rows])) < 2:
        raise TrainingError(f"The calibration sources {sorted(wanted)} lack spoilers or safe sentences.")
    return rows


def refuse_hopeless(corpus: Corpus, n_splits: int) -> None:
    """Stop where the corpus cannot teach a model, before the work begins."""
    name = corpus.name or "The corpus"
    for label, kind in ((1, "spoiler"), (0, "safe sentence")):
        works = len(set(corpus.groups[(corpus.labels == label) & (corpus.weights > 0)]))
        if works == 0:
            weighed = " of a weight above 0" if (corpus.labels == label).any() else ""
            raise TrainingError(f"{name} holds no {kind}{weighed}: a model needs both kinds.")
        if works < n_splits:
            raise TrainingError(
                f"{name} has {kind}s of {works} works only, fewer than the {n_splits} folds: "
                "label more works, or lower n_splits."
            )
    table = corpus.frame.groupby("sentence")["spoiler"]
    if (table.nunique() == 2).all():
        raise TrainingError(f"Every sentence of {name} bears both labels: nothing to learn.")
