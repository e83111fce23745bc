"""The test behind a verdict: equal models are rarely called different, and better ones still are."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spoilerguard.corpus import Corpus
from spoilerguard.datasets import data_home, load_corpus
from spoilerguard.documents import Standing
from spoilerguard.evaluation import Comparison, compare
from spoilerguard.evaluation.comparing import comparison_of
from spoilerguard.evaluation.scored_corpus import Sample, ScoredCorpus, score, scored_alone
from spoilerguard.evaluation.significance import holm, swap_test
from spoilerguard.model import SpoilerClassifier

REVIEWS = Path(__file__).parents[1] / "datasets" / "reviews"
N_PAIRS = 200
MOST_FOUND = (
    17  # of 200 at a level of 5 %: more than that comes by chance once in a hundred times, as 11 of 100, 6 of 40
)

Pair = tuple[ScoredCorpus, ScoredCorpus]


def invented(rng: np.random.Generator, n_works: int, *, gain: float = 0.0, scale: float = 1.0) -> Pair:
    """Two models, each with errors of its own by sentence and by work; b is better by `gain`, on another `scale`."""
    sizes = rng.geometric(0.05, n_works) + 4
    work = np.repeat(np.arange(n_works), sizes)
    labels = (rng.random(len(work)) < rng.beta(1, 5, n_works)[work]).astype(int)
    labels[:2] = 0, 1
    frame = pd.DataFrame({"sentence": "So.", "spoiler": labels, "work": [f"w{number}" for number in work]})
    corpus = Corpus.from_frame(frame)

    def logits(gain: float) -> np.ndarray:
        by_work, of_spoilers = rng.normal(0, 0.7, (2, n_works))
        separation = 1.5 + gain + of_spoilers[work]
        return np.asarray(separation * labels - 2 + by_work[work] + rng.normal(size=len(work)))

    return scored_alone(corpus, logits(0), ""), scored_alone(corpus, scale * logits(gain), "")


def swapped(rng: np.random.Generator, a: ScoredCorpus, b: ScoredCorpus, works: int | None = None) -> Pair:
    """Two models that are equal by construction: for each work (of some), chance says who of them gives which score."""
    groups = a.corpus.groups.astype(str)
    names = np.unique(groups)
    rows = np.arange(len(groups))
    while works is not None:
        rows = np.flatnonzero(np.isin(groups, rng.choice(names, works, replace=False)))
        if a.corpus.labels[rows].any():
            break
    turned = np.isin(groups[rows], names[rng.random(len(names)) < 0.5])
    corpus = a.corpus.take(rows)

    def mixed(first: ScoredCorpus, second: ScoredCorpus) -> ScoredCorpus:
        logits = {at: np.where(turned, second.logits[at][rows], first.logits[at][rows]) for at in Standing}
        thresholds = {at: {"default": np.full(len(rows), 0.5)} for at in Standing}
        return ScoredCorpus(corpus, np.arange(len(rows)), logits, thresholds)

    return mixed(a, b), mixed(b, a)


def verdicts(pair: Callable[[np.random.Generator], Pair], n_pairs: int) -> list[Comparison]:
    rng = np.random.default_rng(0)
    return [comparison_of(*pair(rng), n_bootstrap=2, seed=seed) for seed in range(n_pairs)]


def found(comparisons: list[Comparison]) -> int:
    return sum(one.verdict != "cannot tell" for one in comparisons)


def test_equal_models_are_rarely_called_different() -> None:
    assert found(verdicts(lambda rng: invented(rng, 8), 40)) <= 6


@pytest.mark.parametrize("scale", [1.0, 5.0])
def test_a_model_that_is_clearly_better_is_called_better_whatever_its_scale(scale: float) -> None:
    comparisons = verdicts(lambda rng: invented(rng, 30, gain=2, scale=scale), 4)
    assert [one.verdict for one in comparisons] == ["better"] * 4


@pytest.mark.parametrize("n_works", [1, 2, 6])
def test_of_six_works_or_fewer_nothing_is_told(n_works: int) -> None:
    assert found(verdicts(lambda rng: invented(rng, n_works, gain=5), 5)) == 0


def test_the_p_value_is_the_same_whichever_model_comes_first_and_in_whichever_order_equal_scores_stand() -> None:
    a, b = invented(np.random.default_rng(3), 9, gain=0.5)
    coarse = [scored_alone(a.corpus, one.logits[Standing.ALONE].round(), "") for one in (a, b)]
    one, other = (Sample.of(scored, Standing.ALONE) for scored in coarse)
    assert swap_test(one, other, 0) == pytest.approx(swap_test(other, one, 0))


def test_few_works_are_swapped_in_every_way_so_that_the_seed_says_nothing() -> None:
    one, other = (Sample.of(scored, Standing.ALONE) for scored in invented(np.random.default_rng(4), 8, gain=1))
    p_values = swap_test(one, other, 0)
    assert p_values == swap_test(one, other, 1)
    assert all((p * 2**7) == pytest.approx(round(p * 2**7)) for p in p_values.values())


def test_without_sentences_or_with_one_class_nothing_is_tested() -> None:
    frame = pd.DataFrame({"sentence": ["So."] * 8, "spoiler": [0] * 8, "work": list("abcdefgh")})
    for weight in (0.0, 1.0):
        scored = scored_alone(Corpus.from_frame(frame.assign(weight=weight)), np.arange(8.0), "")
        sample = Sample.of(scored, Standing.ALONE)
        assert np.isnan(swap_test(sample, sample, 0)["roc_auc"])


def test_holm_keeps_the_order_and_leaves_out_what_is_undefined() -> None:
    corrected = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": float("nan"), "e": 0.9})
    assert [corrected[name] for name in "acbe"] == pytest.approx([0.04, 0.09, 0.09, 0.9])
    assert np.isnan(corrected["d"])
    assert all(low <= high for low, high in pairwise(corrected[name] for name in "acbe"))


@pytest.mark.slow
def test_known_improvements_are_still_found(default_model: SpoilerClassifier) -> None:
    learnt = load_corpus(REVIEWS / "train.jsonl")
    ngrams = SpoilerClassifier().fit(learnt.sentences, learnt.labels)
    comparison = compare(ngrams, default_model, REVIEWS / "test.jsonl", n_bootstrap=2)
    assert comparison.verdict == "better"
    assert comparison.difference("average_precision").p_value < 0.01


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_works", "n_pairs", "most", "scale"),
    [
        (10, N_PAIRS, MOST_FOUND, 1.0),
        (10, N_PAIRS, MOST_FOUND, 5.0),
        (40, 100, 11, 1.0),
        (40, 100, 11, 5.0),
        (250, 40, 6, 1.0),
    ],
)
def test_invented_equal_models_are_called_different_in_five_of_a_hundred_cases_at_most(
    n_works: int, n_pairs: int, most: int, scale: float
) -> None:
    assert found(verdicts(lambda rng: invented(rng, n_works, scale=scale), n_pairs)) <= most


@pytest.fixture(scope="module")
def on_gold(default_model: SpoilerClassifier) -> Pair:
    if not (data_home() / "gold").is_dir():
        pytest.skip("needs the labelled data: set SPOILERGUARD_DATA to its folder")
    learnt, dev = load_corpus(REVIEWS / "train.jsonl"), load_corpus(data_home() / "gold" / "dev.jsonl")
    return score(SpoilerClassifier().fit(learnt.sentences, learnt.labels), dev), score(default_model, dev)


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize(("works", "n_pairs", "most"), [(10, N_PAIRS, MOST_FOUND), (20, 100, 11), (None, 40, 6)])
def test_models_whose_scores_on_real_works_are_swapped_at_random_are_called_different_as_rarely(
    on_gold: Pair, works: int | None, n_pairs: int, most: int
) -> None:
    assert found(verdicts(lambda rng: swapped(rng, *on_gold, works), n_pairs)) <= most
