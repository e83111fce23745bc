"""One model, many users at once: threads and processes get the answers that one alone gets."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from threadpoolctl import ThreadpoolController

import spoilerguard
from spoilerguard.bundled import default_model
from spoilerguard.encoders.fork_lock import computing
from spoilerguard.linear_model import LinearModel

ROOT = Path(__file__).parents[1]
THREADS = 32
REVIEWS = [
    "Lovely photography. In the end Anna dies and Paul is the killer.",
    "",
    "The ghost was his father. 死了。 👩\u200d🚀\ud800 Mr. Ito waits…\nSpoiler ahead: the nurse did it!",
    "Chapter 3 is slow. The twin drowns on page 9. Fine maps, though.",
]
SENTENCES = ["In the end Anna dies and Paul is the killer.", "", "死了。", "Nobody waits for Mr. Ito\ud800"]


@pytest.fixture
def model() -> LinearModel:
    return default_model()  # the one that all callers share


def answers_of(model: LinearModel | None, reviews: list[str] = REVIEWS) -> list[Any]:
    """All answers, as plain values that compare to the last bit."""
    return [
        *(list(verdicts) for verdicts in spoilerguard.classify_reviews(reviews, model=model)),
        spoilerguard.classify(SENTENCES, model=model),
        spoilerguard.explain(reviews[2], model=model),
        spoilerguard.redact(reviews[0], style="html", model=model),
    ]


def test_32_threads_with_one_model_get_the_answers_of_one(model: LinearModel) -> None:
    alone = answers_of(model)
    start = Barrier(THREADS)

    def work(turn: int) -> list[Any]:
        start.wait()
        spoilerguard.classify(REVIEWS[turn % len(REVIEWS)] * turn, model=model)  # so that batches differ
        return answers_of(model)

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(answers == alone for answers in pool.map(work, range(THREADS)))


def threads_of_linear_algebra() -> list[int]:
    return [pool["num_threads"] for pool in ThreadpoolController().select(user_api="blas").info()]


def test_an_encoder_computes_on_one_core_and_leaves_the_threads_as_they_were() -> None:
    with ThreadpoolController().limit(limits=2, user_api="blas"):
        before = threads_of_linear_algebra()
        with computing:
            with computing:
                pass
            assert set(threads_of_linear_algebra()) == {1}
        assert threads_of_linear_algebra() == before


FIRST_USE = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from spoilerguard import classify, bundled

read, start, read_folder = [], Barrier(32), bundled.read_folder

def counted(folder):
    read.append(folder)
    return read_folder(folder)

def work(_):
    start.wait()
    return classify("Fine music. He dies at the end.")

bundled.read_folder = counted
with ThreadPoolExecutor(32) as pool:
    first, *others = pool.map(work, range(32))
assert all(answer == first for answer in others)
print(len(read))
"""


def test_the_first_use_from_32_threads_reads_the_default_model_once() -> None:
    result = subprocess.run(
        [sys.executable, "-c", FIRST_USE], capture_output=True, text=True, timeout=120, check=False, cwd=ROOT
    )
    assert (result.stdout, result.stderr) == ("1\n", "")


FORKED_WHILE_READING = """
import os, signal
from spoilerguard import classify, bundled

with bundled._reading:  # as a thread of the parent would hold it
    child = os.fork()
    if not child:
        signal.alarm(60)
        os._exit(0 if classify("He dies at the end.") else 1)
print(os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_process_forked_while_the_default_model_was_being_read_does_not_wait_for_ever() -> None:
    result = subprocess.run(
        # Python 3.12 warns of every fork among threads
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKED_WHILE_READING],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
    )
    assert (result.stdout, result.stderr) == ("0\n", "")


def in_processes(method: str, work: Callable[..., Any], *calls: Any) -> list[Any]:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system cannot start processes by {method}")
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        return list(pool.map(work, *calls))


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # Python 3.12 warns of every such fork
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes_with_the_default_model_get_the_answers_of_this_one(method: str) -> None:
    alone = answers_of(None)
    assert in_processes(method, answers_of, [None, None]) == [alone, alone]


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_model_sent_to_other_processes_answers_as_before(method: str, model: LinearModel) -> None:
    assert in_processes(method, answers_of, [model]) == [answers_of(model)]


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_process_forked_while_threads_classify_gets_its_answers(model: LinearModel) -> None:
    alone = answers_of(None)
    with ThreadPoolExecutor(4) as pool:
        busy = [pool.submit(answers_of, None) for _ in range(6)]
        assert in_processes("fork", answers_of, [None, None]) == [alone, alone]
        assert all(answers.result() == alone for answers in busy)


@pytest.mark.parametrize("n_jobs", [2, -1])
def test_reviews_classified_by_several_processes_come_in_order_and_the_same(n_jobs: int) -> None:
    reviews = REVIEWS * 40  # more than one process takes at once
    assert list(spoilerguard.classify_reviews(reviews, n_jobs=n_jobs)) == list(spoilerguard.classify_reviews(reviews))
