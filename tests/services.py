"""The recipe of a web service, run as a process of its own on a free port of this machine."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from spoilerguard.datasets import load_reviews

RECIPE = Path(__file__).parents[1] / "notebooks" / "serve_fastapi.py"
SECONDS = 120  # within which anything must happen, on the slowest machine


class Service:
    """A process, and requests to it."""

    def __init__(self, port: int, *options: str) -> None:
        self.httpx = pytest.importorskip("httpx", reason="needs httpx")
        self.port = port
        self.client = self.httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=SECONDS)  # for any threads
        self.process = subprocess.Popen([sys.executable, str(RECIPE), "--port", str(port), *options])

    def health(self) -> tuple[int, dict[str, Any]]:
        answer = self.client.get("/health")
        return answer.status_code, answer.json()

    def classify(self, *reviews: str) -> list[list[dict[str, Any]]]:
        """The sentences of each review, as the service gives them."""
        answer = self.client.post("/classify", json={"reviews": reviews})
        assert answer.status_code == 200, answer.text
        return [review["sentences"] for review in answer.json()]

    def wait_until(self, condition: Callable[[], bool]) -> None:
        for _ in range(20 * SECONDS):
            try:
                if condition():
                    return
            except self.httpx.ConnectError:
                assert self.process.poll() is None, "the service has ended"
            time.sleep(0.05)
        raise TimeoutError


@contextmanager
def serving(*options: str, port: int = 0) -> Iterator[Service]:
    """A service that is ready; its process does not outlive the test."""
    for package in ("fastapi", "uvicorn", "httpx"):
        pytest.importorskip(package, reason=f"needs {package}")
    service = Service(port or _free_port(), *options)
    try:
        service.wait_until(lambda: service.health()[0] == 200)
        yield service
    finally:
        service.client.close()
        service.process.kill()
        service.process.wait(SECONDS)


def long_reviews(number: int, parts: int) -> list[str]:
    """Different texts, each made of some of our own reviews."""
    frame = load_reviews("train").frame
    texts = frame.groupby("review_id", sort=False)["sentence"].agg(" ".join).to_list()
    return ["\n\n".join(texts[(first + part) % len(texts)] for part in range(parts)) for first in range(number)]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
