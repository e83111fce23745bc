"""Which reviews to label next: those on which the model stands near its threshold, and a share at random.

Uncertainty sampling (Lewis and Gale 1994). Variants that also spread the choice over the encoder's vectors (k-means++)
saved no more labels in simulations, so what keeps the choice varied is simple: no near copies, few reviews of a work.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from joblib import delayed
from numpy.typing import NDArray
from scipy.special import logit

from spoilerguard.active_learning.selecting import select
from spoilerguard.bundled import AnyModel, resolve_model
from spoilerguard.calibration.operating_points import Threshold, resolve_thresholds
from spoilerguard.checks.duplicates import NEAR, NEAR_REVIEW
from spoilerguard.corpus.schema import TEXT, is_missing
from spoilerguard.datasets.loading import ForeignTable, read_table
from spoilerguard.documents import Documents, Standing
from spoilerguard.features import check_texts
from spoilerguard.markup import check_markup
from spoilerguard.predicting import predict
from spoilerguard.predictions import Predictions
from spoilerguard.processes import n_processes, run_jobs
from spoilerguard.tables.scoring import batches
from spoilerguard.tables.texts import check_columns
from spoilerguard.tables.texts import check_texts as check_column
from spoilerguard.user_warnings import warn_user

__all__ = ["closeness", "suggest"]

_NEAR = {"review": NEAR_REVIEW, "sentence": NEAR}  # share of common word triples from which two texts are copies
_EDGE = 1e-6  # keeps the logit of a threshold of 0 or 1 finite


def suggest(
    pool: pd.DataFrame | ForeignTable | Iterable[str | None],
    k: int,
    model: AnyModel = None,
    *,
    by: str = "review",
    text: str = "text",
    work: str | None = None,
    per_work: int | None = None,
    random_share: float = 0.2,
    threshold: Threshold = None,
    markup: str | None = None,
    n_jobs: int | None = 1,
    seed: int = 0,
) -> pd.DataFrame:
    """Choose the texts whose labels would teach a model most.

    Most of them are chosen for being uncertain: the model stands near its threshold on many of their sentences. The
    others are drawn at random, so that the labels can also measure: `evaluate` on them alone is an honest estimate for
    the pool. No text is nearly a copy of another one, and no work is chosen too often.

    Parameters
    ----------
    pool : DataFrame, Series or iterable of str
        Texts without labels; a table may be of pandas, polars or pyarrow. Missing and blank ones are never chosen.
    k : int
        How many to choose. They are fewer, with a warning, where the pool does not hold so many different texts.
    model : SpoilerClassifier, str or Path, optional
        The model that is to learn, as in `spoilerguard.classify`. None means "default".
    by : {"review", "sentence"}, default "review"
        Whether each text is a whole review or one sentence on its own.
    text : str, default "text"
        The column of texts, where `pool` is a table.
    work : str, optional
        The column of works, where `pool` is a table. None means "work", if there is such a column.
    per_work : int, optional
        How many texts of one work at most; those at random do not heed it, and a missing work has no limit. None means
        twice an even share, but never fewer than 3.
    random_share : float, default 0.2
        Share of `k` that is drawn at random.
    threshold, markup
        As in `spoilerguard.classify`.
    n_jobs : int, optional
        Processes, as in `spoilerguard.classify_reviews`.
    seed : int, default 0
        Draws those at random.

    Returns
    -------
    DataFrame
        One row a text, the most uncertain first, then those at random. Index: that of `pool`, if it is of pandas.
        Columns: ``position``, the row in the pool from 0; ``text``; ``score``, in [0, 1], which is 1 where the model
        stands at its threshold on every sentence; ``why``, "uncertain" or "random"; ``work``, missing where it is not
        known.

    Raises
    ------
    CorpusError
        Where a table lacks the column, or a text is no text.
    TypeError, ValueError
        Where an argument is out of its range, or none that `classify` takes.

    Warns
    -----
    UserWarning
        Where fewer than `k` are chosen, with the reason.

    Notes
    -----
    How many labels this saves was simulated on 4,557 real reviews (``tests/benchmarks/test_label_saving.py``): 200 at
    random, then 100 more seven times, by this function or at random, with twelve seeds; measured on other works. Where
    the rule was "major spoilers only", 400 reviews taught as much as 900 at random, and average precision was higher by
    0.007 [0.003, 0.012] at equal numbers of labelled sentences. By our own guideline, which the encoder of the default
    model knows already, 400 taught as much as 800, and the gain was 0.003 [0.002, 0.005]: there, few labels are needed
    anyway. Spreading the choice over the encoder's vectors by k-means++ gave no more: -0.002 [-0.005, 0.002].

    Examples
    --------
    >>> pool = ["Lovely music.", "In the end Anna dies.", "He leaves her, or so it seems.", None, "Fine cast."]
    >>> suggest(pool, 2, by="sentence", random_share=0)[["position", "text", "why"]]
       position                            text        why
    2         2  He leaves her, or so it seems.  uncertain
    1         1           In the end Anna dies.  uncertain
    """
    _check_options(k, by, per_work, random_share)
    check_markup(markup)
    candidates = _read_pool(pool, text, work)
    scores = _score(candidates.texts, model, by=by, threshold=threshold, markup=markup, n_jobs=n_jobs)
    n_random = round(k * random_share)
    chosen, shortage = select(
        candidates.texts,
        scores,
        k,
        works=candidates.works,
        n_random=n_random,
        per_work=per_work,
        near=_NEAR[by],
        seed=seed,
    )
    if len(chosen) < k:
        reason = f": {shortage}" if shortage else ""
        warn_user(f"Only {len(chosen):,} of {k:,}: the pool holds {len(candidates.texts):,} texts{reason}.")
    rows = np.array([row for row, _ in chosen], dtype=np.int64)
    columns = {
        "position": rows,
        "text": pd.array([candidates.texts[row] for row in rows], dtype=TEXT),
        "score": scores[rows],
        "why": pd.array([why for _, why in chosen], dtype=TEXT),
        "work": pd.array([candidates.works[row] for row in rows], dtype=TEXT),
    }
    return pd.DataFrame(columns, index=candidates.labels[rows])


def closeness(predictions: Predictions, thresholds: dict[Standing, float]) -> NDArray[np.float64]:
    """How close each document stands to the threshold, in [0, 1]: the mean over its sentences, shape (n_documents,).

    The mean, since it prefers no long review: it asks what a label teaches, and each sentence costs one. A sentence
    that says too little to be classified counts 0, and so does a document without one.

    Examples
    --------
    >>> from spoilerguard.documents import Documents
    >>> documents = Documents.from_sentences(["One.", "Two.", "Three."], np.array([2, 1]))
    >>> logit, certain = np.array([0.0, 0.0, -9.0]), np.array([True, False, True])
    >>> no_story = {"story": np.zeros(3), "matched": np.full(3, -1), "decided": np.zeros(3, np.int8)}
    >>> predictions = Predictions(documents, logit, logit, certain, None, **no_story, read=certain)
    >>> closeness(predictions, dict.fromkeys(Standing, 0.5)).round(2).tolist()
    [0.5, 0.0]
    """
    documents = predictions.documents
    probability = np.where(documents.in_review, thresholds[Standing.IN_REVIEW], thresholds[Standing.ALONE])
    bound = logit(np.clip(probability, _EDGE, 1 - _EDGE))
    near = np.where(predictions.certain, np.exp(-np.abs(predictions.logit - bound)), 0.0)
    owner = np.repeat(np.arange(len(documents.lengths)), documents.lengths)
    sums = np.bincount(owner, near, minlength=len(documents.lengths))
    return np.asarray(sums / np.maximum(documents.lengths, 1))


class _Pool(NamedTuple):
    """Texts, blank where one is missing; their works; and the index of the table that they come from."""

    texts: list[str]
    works: list[str | None]
    labels: "pd.Index[Any]"


def _read_pool(pool: Any, text: str, work: str | None) -> _Pool:  # noqa: ANN401
    """What a user passes as a pool, checked."""
    if hasattr(type(pool), "columns"):  # a table, of pandas or another library
        pool, _ = read_table(pool)
        found = "work" if work is None and "work" in pool.columns else work
        check_columns(list(pool.columns), text, [] if found is None else [found], [])
        values, index = pool[text].astype(object).tolist(), pool.index
        named = [None] * len(pool) if found is None else pool[found].astype(object).tolist()
    else:
        check_texts(pool, "text")
        values = list(pool)
        index = pool.index if isinstance(pool, pd.Series) else pd.RangeIndex(len(values))
        named = [None] * len(values)
    works = [None if is_missing(name) or not str(name).strip() else str(name).strip() for name in named]
    return _Pool([found or "" for found in check_column(values, text, "the pool")], works, index)


def _check_options(k: object, by: str, per_work: int | None, random_share: float) -> None:
    if by not in _NEAR:
        raise ValueError(f"by must be 'review' or 'sentence', got {by!r}.")
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise ValueError(f"k must be a whole number from 1 up, got {k!r}.")
    if per_work is not None and per_work < 1:
        raise ValueError(f"per_work must be 1 or more, got {per_work!r}.")
    if not 0 <= random_share <= 1:
        raise ValueError(f"random_share must lie in [0, 1], got {random_share!r}.")


def _score(
    texts: list[str], model: AnyModel, *, by: str, threshold: Threshold, markup: str | None, n_jobs: int | None
) -> NDArray[np.float64]:
    """`closeness` of each text, from one process or several."""
    score = partial(_score_batch, by=by, threshold=threshold, markup=markup)
    n_jobs = n_processes(n_jobs)
    fitted = resolve_model(model)
    if n_jobs == 1:
        parts = [score(batch.texts, fitted) for batch in batches(texts)]
    else:
        # Another process reads the default model itself, so that nobody sends it along.
        sent = None if model is None or model == "default" else fitted
        parts = list(run_jobs((delayed(score)(batch.texts, sent) for batch in batches(texts)), n_jobs))
    return np.concatenate([np.zeros(0), *parts])


def _score_batch(
    texts: Sequence[str | None], model: AnyModel, *, by: str, threshold: Threshold, markup: str | None
) -> NDArray[np.float64]:
    model = resolve_model(model)
    read = Documents.from_reviews if by == "review" else Documents.from_sentences
    predictions = predict(model, read([text or "" for text in texts], markup=markup))
    return closeness(predictions, resolve_thresholds(model.operating_points_, threshold, model.threshold))
