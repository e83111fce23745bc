"""Labelled corpus → its `Profile`: what its texts look like, and how far a sample of works that were held out strays.

Works are dealt into folds. From each fold, samples of several sizes are drawn, work by work with replacement, and
compared with the texts of the other folds. A threshold is what such samples hardly ever reach.
"""

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from spoilerguard.bootstrap import factorize
from spoilerguard.checks.language import foreign_rows
from spoilerguard.corpus import Corpus
from spoilerguard.documents import Documents
from spoilerguard.features import TokenBatch
from spoilerguard.features.vectorizer import AnyVectors
from spoilerguard.model import SpoilerClassifier
from spoilerguard.profiles import DEVIATIONS, Kind, Profile, TextSums

__all__ = ["make_profile"]

Floats = NDArray[np.float64]

_N_FOLDS, _N_DRAWS = 5, 200  # draws of each fold and size
_FALSE_ALARMS = 0.05  # of all deviations together, of samples of the kinds that the model knows
_MIN_WORKS = {"corpus": 10, "source": 50}  # so that each fold holds several
_MAX_SOURCES = 31
# Texts in a sample; sizes double. A deviation that is usual in 80 texts matters to nobody in larger samples either.
_SMALLEST, _LARGEST = 10, 80
# Nor does a word or a sentence in a hundred.
_TINY = 1e-5  # the least standard deviation of a dimension
_LEAST = {"vocabulary": 0.01, "language": 0.01}


def make_profile(
    model: SpoilerClassifier,
    corpus: Corpus,
    logits: Floats,
    alone: AnyVectors,
    vectors: tuple[AnyVectors, AnyVectors],
    seed: int,
) -> Profile | None:
    """The profile of a corpus, or None where it has too few works to tell how much they differ.

    `logits` are out-of-fold, where the sentences stand; `alone` holds the encoder's vector of each sentence, and
    `vectors` those that its logits rest on, alone and in its review.
    """
    works = factorize(corpus.groups)[0]
    if len(set(works.tolist())) < _MIN_WORKS["corpus"]:
        return None
    documents = corpus.documents
    tokens = list(model.vectorizer_.tokenize(documents.sentences))
    words = np.concatenate([model.word_counts(batch) for batch in tokens], axis=1)
    sums, edges = TextSums.of(documents, words, foreign_rows(documents.sentences), logits, alone)
    learnt = _learnt_logits(model, tokens, documents, vectors)
    scale = np.maximum(alone.std(axis=0, dtype=np.float64), _TINY).astype(np.float32).astype(np.float64)
    first = np.cumsum(corpus.lengths) - corpus.lengths
    of_source = corpus.frame["source"].fillna("").to_numpy(dtype=str)[first]
    kinds = []
    for name, texts in _parts(of_source, works[first]):
        kind = _kind(name, sums.take(texts), factorize(works[first][texts])[0], scale, seed)
        rows = np.repeat(texts, corpus.lengths)
        # New texts get logits between those out-of-fold and those of what was learnt: that much is no drift.
        slack = ks_2samp(logits[rows], learnt[rows], method="asymp").statistic
        kinds.append(kind.widened("probability", float(slack)))
    return Profile(edges, scale, tuple(kinds))


def _learnt_logits(
    model: SpoilerClassifier, tokens: list[TokenBatch], documents: Documents, vectors: tuple[AnyVectors, AnyVectors]
) -> Floats:
    """Logits of the model on what it has learnt, where the sentences stand."""
    alone, in_review = vectors
    ends = np.cumsum([len(batch) for batch in tokens])
    parts = np.split(alone, ends[:-1])
    logits = np.concatenate([model.score_tokens(*pair) for pair in zip(tokens, parts, strict=True)])
    if model.context_ is None:
        return logits
    return np.where(documents.in_review, model.context_.logits(logits, documents, in_review), logits)


def _parts(sources: NDArray[np.str_], works: NDArray[np.intp]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Names of kinds and the texts that belong to them: the whole corpus, then its sources, the largest first."""
    yield "", np.ones(len(sources), dtype=bool)
    named = Counter(sources[sources != ""].tolist()).most_common(_MAX_SOURCES)
    for name, count in named if len(set(sources.tolist())) > 1 else ():
        rows = sources == name
        if len(set(works[rows].tolist())) >= _MIN_WORKS["source"] and count >= _N_FOLDS * _SMALLEST:
            yield name, rows


def _kind(name: str, sums: TextSums, works: NDArray[np.intp], scale: Floats, seed: int) -> Kind:
    by_work = sums.grouped(works)
    n_texts, n_works = len(works), len(by_work.n_texts)
    largest = max(_SMALLEST, min(_LARGEST, n_texts // _N_FOLDS))
    sizes = _SMALLEST * 2 ** np.arange(int(np.log2(largest / _SMALLEST)) + 1)
    fold = np.random.default_rng(seed).permutation(n_works) % _N_FOLDS
    strayed: dict[str, list[list[Floats]]] = {name: [[] for _ in sizes] for name in DEVIATIONS}
    for number in range(_N_FOLDS):
        reference = by_work.take(fold != number).weigh(np.ones((fold != number).sum())).summary()
        held_out = by_work.take(fold == number)
        for place, size in enumerate(sizes.tolist()):
            sample = held_out.weigh(_draw(held_out.n_texts, size, seed=seed + place)).summary()
            for deviation, values in sample.deviations(reference, scale).items():
                strayed[deviation][place].append(values)
    thresholds = {
        deviation: np.array([_threshold(np.concatenate(part), _LEAST.get(deviation, 0.0)) for part in parts])
        for deviation, parts in strayed.items()
        if parts[0]
    }
    summary = by_work.weigh(np.ones(n_works)).summary().rounded()
    return Kind(name, n_texts, n_works, summary, sizes.astype(np.int64), thresholds)


def _threshold(strayed: Floats, least: float) -> float:
    """What one sample in a hundred passes, so that five deviations together give the false alarms that are allowed."""
    found = float(np.quantile(strayed, 1 - _FALSE_ALARMS / len(DEVIATIONS)))
    return round(max(found, least), 6)


def _draw(n_texts: Floats, size: int, seed: int) -> Floats:
    """How often each work stands in each sample; samples have about `size` texts, shape (_N_DRAWS, n_works)."""
    n_works = len(n_texts)
    n_drawn = max(1, round(size / float(n_texts.mean())))
    shares = np.full(n_works, 1 / n_works)
    return np.random.default_rng(seed).multinomial(n_drawn, shares, size=_N_DRAWS).astype(np.float64)
