"""What a web service costs: the recipe with 50 clients beside one loop of `classify` in one process."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import pytest
from services import Service, long_reviews, serving

import spoilerguard

pytestmark = pytest.mark.benchmark

CLIENTS, REQUESTS, REPEATS = 50, 150, 3


def processor_seconds(service: Service) -> float:
    """What its process has taken so far."""
    stat = Path(f"/proc/{service.process.pid}/stat")
    if not stat.is_file():
        pytest.skip("this system does not tell the processor time of a process")
    user, system = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("n_threads", [1, 2])
def test_50_clients_beside_one_loop(n_threads: int) -> None:
    reviews = long_reviews(REQUESTS, parts=1)

    def looped() -> tuple[float, float]:
        wall, processor = perf_counter(), process_time()
        for review in reviews:
            spoilerguard.classify(review)
        return perf_counter() - wall, process_time() - processor

    with serving("--threads", str(n_threads)) as service, ThreadPoolExecutor(CLIENTS) as clients:

        def served() -> tuple[float, float]:
            wall, processor = perf_counter(), processor_seconds(service)
            list(clients.map(service.classify, reviews))
            return perf_counter() - wall, processor_seconds(service) - processor

        served()  # connects
        ratios = [
            (one[0] / other[0], other[1] / one[1]) for one, other in ((looped(), served()) for _ in range(REPEATS))
        ]
    faster, dearer = (median(each) for each in zip(*ratios, strict=True))
    print(  # noqa: T201 - pytest -m benchmark -s
        f"\n{len(reviews)} requests, {CLIENTS} clients, {n_threads} threads / one loop: {faster:.2f} times as fast, "
        f"{dearer:.2f} times the processor time without the clients'"
    )
