"""How many labels `suggest` saves against labelling in random order, simulated on real reviews that are all labelled.

Sentences are encoded once. Each seed draws a third of the works for measuring, labels 200 reviews of the others, and
adds 100 reviews at a time, seven times. The model is a logistic regression on the encoder's vectors, alone and in the
review.

    pytest -m slow -s tests/benchmarks/test_label_saving.py
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from spoilerguard.active_learning import closeness, select
from spoilerguard.bundled import default_encoder, default_model
from spoilerguard.corpus import Corpus
from spoilerguard.datasets import data_home, load_corpus
from spoilerguard.documents import Standing
from spoilerguard.features import SentenceVectorizer
from spoilerguard.predictions import Predictions

pytestmark = [
    pytest.mark.slow,
    pytest.mark.data,
    pytest.mark.skipif(
        not (data_home() / "gold").is_dir(), reason="needs the labelled data: set SPOILERGUARD_DATA to its folder"
    ),
]

N_SEEDS, N_START, N_ADDED, N_ROUNDS = 12, 200, 100, 7
RANDOM_SHARE = 0.2
SENTENCES = np.linspace(2600, 8500, 20)  # numbers of labelled sentences at which every strategy has a curve


@dataclass(frozen=True)
class Reviews:
    """Real reviews, encoded; `levels` are 0 safe, 1 minor, 2 major."""

    corpus: Corpus
    texts: list[str]
    works: list[str]
    levels: NDArray[np.int64]
    certain: NDArray[np.bool_]
    vectors: NDArray[np.float32]

    @property
    def owner(self) -> NDArray[np.int64]:
        return np.repeat(np.arange(len(self.texts)), self.corpus.lengths)


@cache
def reviews() -> Reviews:
    path = data_home() / "gold" / "train.jsonl"
    corpus = load_corpus(path)
    lines = path.read_text(encoding="utf-8").strip().split("\n")
    found = {review["review_id"]: review for review in map(json.loads, lines)}
    first = np.cumsum(corpus.lengths) - corpus.lengths
    ordered = [found[name] for name in corpus.frame["review_id"].iloc[first]]
    encoder = SentenceVectorizer(encoder=default_encoder())
    vectors = np.hstack(encoder.encode_documents(corpus.documents)).astype(np.float32)
    return Reviews(
        corpus,
        [review["text"] for review in ordered],
        [review["work"] for review in ordered],
        np.concatenate([review["labels"] for review in ordered]),
        default_model().certain(corpus.sentences),
        vectors,
    )


Choose = Callable[[NDArray[np.int64], NDArray[np.float64], int], list[int]]


def by_suggest(pool: NDArray[np.int64], scores: NDArray[np.float64], seed: int) -> list[int]:
    data = reviews()
    works = [data.works[row] for row in pool]
    n_random = round(RANDOM_SHARE * N_ADDED)
    texts = [data.texts[row] for row in pool]
    found = select(texts, scores[pool], N_ADDED, works=works, n_random=n_random, seed=seed).rows
    return [int(pool[row]) for row, _ in found]


def at_random(pool: NDArray[np.int64], scores: NDArray[np.float64], seed: int) -> list[int]:
    chosen: list[int] = np.random.default_rng(seed).choice(pool, N_ADDED, replace=False).tolist()
    return chosen


@cache
def learning_curve(choose: Choose, least: int, seed: int) -> NDArray[np.float64]:
    """Number of labelled sentences, and average precision on works left out, after each round.

    From the level `least` on, a sentence is a spoiler.
    """
    data, X, labels = reviews(), reviews().vectors, reviews().levels >= least
    random = np.random.default_rng(seed)
    works = sorted(set(data.works))
    measured = {works[place] for place in random.permutation(len(works))[: len(works) // 3]}
    left_out = np.array([work in measured for work in data.works])
    pool = np.flatnonzero(~left_out)
    labelled = random.choice(pool, N_START, replace=False).tolist()
    test = left_out[data.owner]
    curve = []
    for number in range(N_ROUNDS + 1):
        rows = np.isin(data.owner, labelled)
        model = LogisticRegression(C=0.003, max_iter=100, tol=1e-3)
        logits = model.fit(X[rows], labels[rows]).decision_function(X)
        curve.append((rows.sum(), average_precision_score(labels[test], logits[test])))
        if number < N_ROUNDS:
            bounds = dict.fromkeys(Standing, best_threshold(expit(logits[rows]), labels[rows]))
            n = len(logits)
            no_story = {"story": np.zeros(n), "matched": np.full(n, -1), "decided": np.zeros(n, dtype=np.int8)}
            read = np.ones(n, dtype=np.bool_)
            predictions = Predictions(data.corpus.documents, logits, logits, data.certain, None, **no_story, read=read)
            scores = closeness(predictions, bounds)
            labelled += choose(np.setdiff1d(pool, labelled), scores, 1000 * seed + number)
    return np.array(curve)


def best_threshold(probability: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """The probability of the highest F1."""
    order = np.argsort(-probability)
    found = np.cumsum(labels[order])
    return float(probability[order][np.argmax(found / (np.arange(1, len(order) + 1) + labels.sum()))])


def differences(choose: Choose, least: int) -> NDArray[np.float64]:
    """For each seed, the gain in average precision over random order, mean over equal numbers of sentences."""
    curves = [[learning_curve(one, least, seed) for seed in range(N_SEEDS)] for one in (at_random, choose)]
    for name, found in zip(("at random", choose.__name__), curves, strict=True):
        n_sentences, precision = np.mean(found, axis=0).T
        print(f"\n{name:24s}", n_sentences.astype(int), precision.round(3))  # noqa: T201
    baseline, gained = (np.array([np.interp(SENTENCES, *curve.T).mean() for curve in found]) for found in curves)
    return np.asarray(gained - baseline)


def interval(found: NDArray[np.float64]) -> tuple[float, float]:
    """95 % of the mean over seeds, which share one corpus."""
    half = 2.2 * found.std(ddof=1) / len(found) ** 0.5  # quantile of Student's t with 11 degrees of freedom
    print(f"gain {found.mean():+.4f} [{found.mean() - half:+.4f}, {found.mean() + half:+.4f}]")  # noqa: T201
    return found.mean() - half, found.mean() + half


def test_for_a_rule_of_ones_own_the_suggested_reviews_teach_more_than_random_ones() -> None:
    low, _ = interval(differences(by_suggest, least=2))
    assert low > 0


def test_for_the_rule_that_the_encoder_knows_they_teach_no_less() -> None:
    low, _ = interval(differences(by_suggest, least=1))
    assert low > -0.001
