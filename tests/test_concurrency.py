"""One model, many users at once: threads and processes get the answers that one alone gets."""

import multiprocessing
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

import spoilerguard
from spoilerguard import SpoilerClassifier

ROOT = Path(__file__).parents[1]
THREADS = 32
REVIEWS = [
    "Lovely photography. In the end Anna dies and Paul is the killer.",
    "",
    "The ghost was his father. 死了。 👩\u200d🚀\ud800 Mr. Ito waits…\nSpoiler ahead: the nurse did it!",
    *(f"Chapter {number} is slow. The twin drowns on page {number}. Fine maps, though." for number in range(12)),
]


@pytest.fixture(scope="module")
def model() -> SpoilerClassifier:
    return spoilerguard.load()


def judged(model: SpoilerClassifier | None, reviews: list[str] = REVIEWS) -> list[Any]:
    """All answers, as plain values that compare to the last bit."""
    answers: list[Any] = [list(spoilerguard.classify(review, model=model)) for review in reviews]
    answers += [spoilerguard.explain(review, model=model) for review in reviews[:3]]
    answers += [spoilerguard.redact(review, style="html", model=model) for review in reviews]
    return [*answers, spoilerguard.classify(reviews, model=model)]


def test_32_threads_with_one_model_get_the_answers_of_one(model: SpoilerClassifier) -> None:
    alone = judged(model)
    start = Barrier(THREADS)

    def work(turn: int) -> list[Any]:
        start.wait()
        reviews = REVIEWS[turn % 3 :] + REVIEWS[: turn % 3]
        list(spoilerguard.classify_reviews(reviews, model=model))  # other work in between
        return judged(model)

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(answers == alone for answers in pool.map(work, range(THREADS)))


def test_one_stream_shared_by_threads_is_judged_as_by_one(model: SpoilerClassifier) -> None:
    alone = judged(model)
    with ThreadPoolExecutor(8) as pool:
        streams = [pool.submit(lambda: list(spoilerguard.classify_reviews(REVIEWS, model=model))) for _ in range(8)]
        assert all(stream.result() == alone[: len(REVIEWS)] for stream in streams)


FIRST_USE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import spoilerguard

start = Barrier(32)

def work(_):
    start.wait()
    return spoilerguard.classify("Fine music. He dies at the end.")

with ThreadPoolExecutor(32) as pool:
    first, *others = pool.map(work, range(32))
assert all(answer == first for answer in others)
print(sum(name.endswith("weights.npz") for name in opened), sum(name.endswith("model.json") for name in opened))
"""


def test_the_first_use_from_32_threads_reads_the_default_model_once() -> None:
    result = subprocess.run(
        [sys.executable, "-c", FIRST_USE], capture_output=True, text=True, timeout=120, check=False, cwd=ROOT
    )
    assert (result.stdout.split(), result.stderr) == (["1", "1"], "")


def in_processes(method: str, work: Callable[..., Any], *calls: Any) -> list[Any]:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system cannot start processes by {method}")
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        return list(pool.map(work, *calls))


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # Python 3.12 warns of every such fork
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_other_processes_with_the_default_model_get_the_answers_of_this_one(method: str) -> None:
    alone = judged(None)
    assert in_processes(method, judged, [None, None]) == [alone, alone]


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_model_sent_to_other_processes_answers_as_before(method: str, model: SpoilerClassifier) -> None:
    assert in_processes(method, judged, [model]) == [judged(model)]


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_process_forked_while_threads_judge_gets_its_answers(model: SpoilerClassifier) -> None:
    alone = judged(None)
    with ThreadPoolExecutor(4) as pool:
        busy = [pool.submit(judged, None) for _ in range(8)]
        assert in_processes("fork", judged, [None, None]) == [alone, alone]
        assert all(answers.result() == alone for answers in busy)


@pytest.mark.parametrize("n_jobs", [2, -1])
def test_reviews_judged_by_several_processes_come_in_order_and_the_same(n_jobs: int) -> None:
    reviews = REVIEWS * 10  # more than one process takes at once
    assert list(spoilerguard.classify_reviews(reviews, n_jobs=n_jobs)) == list(spoilerguard.classify_reviews(reviews))
