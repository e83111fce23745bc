"""What a web service costs: the recipe with 50 clients beside one loop of `classify` in one process."""

from concurrent.futures import ThreadPoolExecutor
from statistics import median
from time import perf_counter

import pytest
from services import long_reviews, serving

import spoilerguard

pytestmark = pytest.mark.benchmark

CLIENTS, REQUESTS, REPEATS = 50, 150, 3


@pytest.mark.parametrize("n_threads", [1, 2])
def test_50_clients_beside_one_loop(n_threads: int) -> None:
    reviews = long_reviews(REQUESTS, parts=1)
    with serving("--threads", str(n_threads)) as service, ThreadPoolExecutor(CLIENTS) as clients:

        def served() -> float:
            start = perf_counter()
            list(clients.map(service.classify, reviews))
            return perf_counter() - start

        def looped() -> float:
            start = perf_counter()
            for review in reviews:
                spoilerguard.classify(review)
            return perf_counter() - start

        served()  # connects
        ratio = median(looped() / served() for _ in range(REPEATS))
    print(  # noqa: T201 - pytest -m benchmark -s
        f"\n{len(reviews)} requests, {CLIENTS} clients, {n_threads} threads / one loop, wall: {ratio:.2f} times as fast"
    )
