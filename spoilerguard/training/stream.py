"""More labelled sentences than memory → model: one pass counts, a second one learns, and a bounded sample calibrates.

The head is learnt by averaged stochastic gradient descent, several at once that differ in the size of their steps. The
works that are held out from it choose among them, teach the context stage, and set calibration and operating points.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from joblib import delayed
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import roc_auc_score

from spoilerguard.bundled import default_encoder
from spoilerguard.corpus import Corpus
from spoilerguard.errors import TrainingError
from spoilerguard.features import SentenceVectorizer
from spoilerguard.fitting import weigh_classes
from spoilerguard.heads import Head, offset_columns, start_stream
from spoilerguard.model import SpoilerClassifier
from spoilerguard.processes import n_processes, run_jobs
from spoilerguard.training.arguments import check_numbers, unfitted
from spoilerguard.training.card import stream_card
from spoilerguard.training.corpus_stream import CorpusStream, Tables
from spoilerguard.training.finishing import calibrate, calibration_rows, refuse_hopeless
from spoilerguard.training.folds import group_folds
from spoilerguard.training.survey import Survey
from spoilerguard.user_warnings import warn_of_reviews

__all__ = ["train_stream"]

_STEPS = (0.2, 0.7, 2.0)  # over the mean squared length of the vectors: the largest are just below where it diverges
_C = 0.01  # a penalty as weak as `train` takes where there is much data
_SHUFFLED = 1 << 16  # sentences; neighbours are of one review or one source
_AT_ONCE = 2048  # sentences that are encoded by one job


def train_stream(
    tables: Tables,
    *,
    columns: Mapping[str, str] | None = None,
    estimator: SpoilerClassifier | None = None,
    calibration_sources: Collection[str] | None = None,
    n_splits: int = 5,
    n_jobs: int | None = 1,
    seed: int = 0,
    progress: bool = False,
) -> SpoilerClassifier:
    """Train a model on more labelled sentences than fit into memory.

    The data is read twice, a piece at a time: first to count, then to learn. A fifth of the works, or those with about
    30,000 sentences where that is less, is held out from learning; calibration, context stage and operating points rest
    on it. For what fits into memory, `spoilerguard.train` learns from all works and costs no quality.

    Parameters
    ----------
    tables : path, several paths, DataFrame, several DataFrames, or callable
        Labelled tables as `spoilerguard.load_corpus` reads them; a folder stands for the tables in and below it. All
        together count as one long table. The rows of a review must follow one another, though they may run over the
        end of a table. An iterator can be read once only: pass a function that returns a new one.
    columns : mapping, optional
        Our column names to yours.
    estimator : SpoilerClassifier, optional
        Unfitted, for another vectorizer or other hyper-parameters. None means the defaults on the encoder of the
        default model.
    calibration_sources : collection of str, optional
        As in `spoilerguard.train`.
    n_splits : int, default 5
        Folds of the works held out, for the context stage.
    n_jobs : int, default 1
        Processes that encode, in the sense of joblib; the model does not depend on it.
    seed : int, default 0
        Chooses the works held out, and shuffles; equal seeds give equal models, whatever the size of the pieces.
    progress : bool, default False
        Whether to show a progress bar for each pass.

    Returns
    -------
    SpoilerClassifier
        With `context_` (where learnt), `operating_points_` and `card_`.

    Raises
    ------
    CorpusError
        Where a table cannot be read, or the rows of a review do not follow one another.
    TrainingError
        Where the data cannot teach a model: one class only, or too few works.
    TypeError, ValueError
        Where `tables` can be read once only, or an argument is of another kind or out of its range.

    Examples
    --------
    >>> from spoilerguard.datasets import make_corpus
    >>> corpus = make_corpus(works=60, seed=1)
    >>> model = train_stream(lambda: (corpus.frame[start : start + 50] for start in range(0, len(corpus), 50)))
    >>> model.card_["Trained on"]["works"]
    60
    """
    n_jobs = n_processes(n_jobs)
    check_numbers(n_splits, seed)
    template = _template(estimator, seed)
    stream = CorpusStream.of(tables, columns)
    survey = _survey(stream, template, seed, progress=progress)
    held_out = survey.held_out(stream.name)
    _refuse_too_little(survey, held_out, n_splits)
    rows = calibration_rows(held_out, calibration_sources)

    heads = _learn(stream, template, survey, n_jobs, progress=progress)
    alone, in_review = survey.vectorizer.encode_documents(held_out.documents)
    classes, params = np.array(["safe", "spoiler"]), template.get_params(deep=False)
    models = [
        SpoilerClassifier.from_parts(params=params, vectorizer=survey.vectorizer, classes=classes, **head._asdict())
        for head in heads
    ]
    tried = [model.decision_function(held_out.sentences, alone) for model in models]
    best = int(np.argmax([roc_auc_score(held_out.labels, one, sample_weight=held_out.weights) for one in tried]))
    folds = group_folds(held_out, n_splits, seed)
    scored, _ = calibrate(models[best], held_out, tried[best], (alone, in_review), rows, folds, seed=seed)
    return models[best].attach(
        card=stream_card(survey, held_out, scored, models[best].operating_points_), memory=survey.memory
    )


class _Batch(NamedTuple):
    """Some sentences to learn from."""

    sentences: list[str]
    target: NDArray[np.int8]
    weights: NDArray[np.float64]
    sources: NDArray[np.str_]


def _template(estimator: SpoilerClassifier | None, seed: int) -> SpoilerClassifier:
    if estimator is None:
        return SpoilerClassifier(vectorizer=SentenceVectorizer(encoder=default_encoder()), C=_C, random_state=seed)
    return unfitted(estimator)


def _survey(stream: CorpusStream, template: SpoilerClassifier, seed: int, *, progress: bool) -> Survey:
    """The first pass; it fits the vectorizer."""
    survey = Survey(clone(template.vectorizer or SentenceVectorizer()), seed)
    with _progress("counting", None, progress=progress) as bar:
        for piece in stream:
            if not bar.n:
                warn_of_reviews(piece.corpus.sentences)
            survey.add(piece)
            bar.update(len(piece.corpus))
    survey.vectorizer.fit_frequencies(survey.frequencies, int(survey.learnt.sum()))
    return survey


def _refuse_too_little(survey: Survey, held_out: Corpus, n_splits: int) -> None:
    """Stop where the data cannot teach a model, or the works held out cannot calibrate one."""
    totals = survey.learnt + np.bincount(held_out.labels, minlength=2)
    for total, kind in zip(totals.tolist(), ("safe sentence", "spoiler"), strict=True):
        if not total:
            raise TrainingError(f"{held_out.name} holds no {kind}: a model needs both kinds.")
    try:
        refuse_hopeless(held_out, n_splits)
    except TrainingError as error:
        raise TrainingError(
            f"{error} These are the works held out, {len(set(held_out.groups))} of {len(survey.works)}: where they "
            "are too few, spoilerguard.train makes more of them."
        ) from None
    if not survey.learnt.all():
        raise TrainingError(f"{held_out.name}: outside of the works held out, all labels are alike; label more works.")


def _learn(
    stream: CorpusStream, template: SpoilerClassifier, survey: Survey, n_jobs: int, *, progress: bool
) -> list[Head]:
    """The second pass: heads that differ in the size of their steps."""
    _, *others = sorted(survey.sources, key=lambda name: (-survey.sources[name][0], name))
    total, heads = int(survey.learnt.sum()), list[SGDClassifier]()
    class_weight = template.class_weight
    if class_weight == "balanced":
        class_weight = dict(enumerate((total / (2 * survey.learnt)).tolist()))
    jobs = (
        delayed(_encode)(survey.vectorizer, batch, others) for batch in _shuffled(stream, survey, template.random_state)
    )
    with _progress("learning", total, progress=progress) as bar:
        for vectors, batch in run_jobs(jobs, n_jobs):
            heads = heads or _start(vectors, template, total)
            weights = weigh_classes(batch.weights, batch.target.astype(np.int64), class_weight)
            for head in heads:
                head.partial_fit(vectors, batch.target, [0, 1], weights)
            bar.update(len(batch.target))
    n_columns = survey.vectorizer.n_columns  # without the sources, which are forgotten
    return [Head(head.coef_[0, :n_columns], float(head.intercept_[0])) for head in heads]


def _start(vectors: sparse.csr_matrix, template: SpoilerClassifier, total: int) -> list[SGDClassifier]:
    """Heads that have learnt nothing yet."""
    length = vectors.multiply(vectors).sum() / vectors.shape[0]
    penalty, seed = 1 / (template.C * total), template.random_state
    return [start_stream(None, step=step / length, seed=seed, penalty=penalty, average=True) for step in _STEPS]


def _encode(vectorizer: SentenceVectorizer, batch: _Batch, sources: list[str]) -> tuple[sparse.csr_matrix, _Batch]:
    """Vectors of a batch, with one more column for each source."""
    vectors = vectorizer.transform(batch.sentences)
    return sparse.hstack([vectors, offset_columns(batch.sources, sources)], format="csr"), batch


def _shuffled(stream: CorpusStream, survey: Survey, seed: int) -> Iterator[_Batch]:
    """The rows to learn from, shuffled among their 65,000 neighbours; no batch depends on the size of the pieces."""
    waiting: list[Corpus] = []
    rng = np.random.default_rng(seed)
    for piece in stream:
        part = survey.to_learn(piece)
        while sum(map(len, waiting)) + len(part) >= _SHUFFLED:
            first = _SHUFFLED - sum(map(len, waiting))
            yield from _batches([*waiting, part.take(np.arange(first))], rng)
            waiting, part = [], part.take(np.arange(first, len(part)))
        waiting.append(part)
    yield from _batches(waiting, rng)


def _batches(parts: list[Corpus], rng: np.random.Generator) -> Iterator[_Batch]:
    sentences = [sentence for part in parts for sentence in part.sentences]
    target = np.concatenate([part.labels for part in parts])
    weights = np.concatenate([part.weights for part in parts])
    sources = np.concatenate([part.frame["source"].fillna("unknown").to_numpy(dtype=str) for part in parts])
    order = rng.permutation(len(sentences))
    for first in range(0, len(order), _AT_ONCE):
        rows = order[first : first + _AT_ONCE]
        yield _Batch([sentences[row] for row in rows.tolist()], target[rows], weights[rows], sources[rows])


def _progress(what: str, total: int | None, *, progress: bool) -> Any:  # noqa: ANN401 - tqdm has no types
    from tqdm.auto import tqdm  # warns in notebooks that lack widgets, so only those who ask for it see that

    return tqdm(desc=what, total=total, unit=" sentences", disable=not progress)
