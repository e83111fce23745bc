"""The recipe `notebooks/serve_fastapi.py`: what it answers and refuses; as a process, how it bears many clients."""

import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from services import SECONDS, Service, long_reviews, serving

import spoilerguard

CLIENTS, N_LARGE = 50, 8
REVIEW = "😀 Lovely photography. In the end Anna dies and Paul is the killer."


@pytest.fixture(scope="module")
def recipe() -> Any:
    for package in ("fastapi", "uvicorn", "httpx"):
        pytest.importorskip(package, reason=f"needs {package}")
    import serve_fastapi

    return serve_fastapi


@pytest.fixture(scope="module")
def client(recipe: Any) -> Iterator[Any]:
    from fastapi.testclient import TestClient

    with TestClient(recipe.make_app(recipe.Service()), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"threshold": "cautious"},
        {"threshold": 0.02},
        {"level": "major"},
        {"markup": "discord"},
        {"premise": "Anna hunts a killer."},
    ],
    ids=str,
)
def test_an_answer_is_that_of_classify(client: Any, options: dict[str, Any]) -> None:
    answer = client.post("/classify", json={"reviews": [REVIEW, ""], **options})
    story = {"story": options["premise"]} if "premise" in options else {}
    arguments: Any = {name: value for name, value in options.items() if name != "premise"} | story
    expected = [spoilerguard.classify(review, **arguments) for review in (REVIEW, "")]
    assert [review["sentences"] for review in answer.json()] == [verdicts.to_dicts() for verdicts in expected]
    assert [(review["label"], review["probability"]) for review in answer.json()] == [
        (verdicts.label, verdicts.probability) for verdicts in expected
    ]


def test_places_in_utf_16_units_are_those_of_javascript(client: Any) -> None:
    [answer] = client.post("/classify", json={"reviews": [REVIEW], "units": "utf-16"}).json()
    units = REVIEW.encode("utf-16-le")
    places = [(sentence["text"], 2 * sentence["start"], 2 * sentence["end"]) for sentence in answer["sentences"]]
    assert len(places) == 2
    assert all(units[start:end].decode("utf-16-le") == text for text, start, end in places)


def test_a_redacted_review_is_that_of_redact(client: Any) -> None:
    answer = client.post("/redact", json={"reviews": [REVIEW, "Fine."], "style": "reddit"})
    assert answer.json() == [spoilerguard.redact(review, style="reddit") for review in (REVIEW, "Fine.")]


def test_a_review_in_another_language_is_said_to_be_one(client: Any) -> None:
    review = "Al final muere Anna y resulta que Paul es el asesino de su propia hermana pequeña."
    assert client.post("/classify", json={"reviews": [review]}).json()[0]["language"] == "und"


REFUSED: list[tuple[str, bytes, int, str]] = [
    ("/classify", b'{"reviews": ["%s"]}' % (b"x" * 20_001), 422, "at most 20000 characters"),
    ("/classify", b'{"reviews": [%s"x"]}' % (b'"x",' * 100), 422, "at most 100 items"),
    ("/classify", b'{"reviews": ["%s"]}' % (b"x" * 200_000), 413, "at most 200,000 bytes"),
    ("/classify", b"{}", 422, "Field required"),
    ("/classify", b"{", 422, "JSON decode error"),
    ("/classify", b"[" * 200_000, 400, "parsing the body"),
    ("/classify", b'{"reviews": ["x"], "treshold": 1}', 422, "treshold"),
    ("/classify", b'{"reviews": ["x"], "threshold": "cautios"}', 422, "Did you mean 'cautious'?"),
    ("/classify", b'{"reviews": ["x"], "threshold": 2}', 422, "threshold must lie in [0, 1]"),
    ("/classify", b'{"reviews": ["x"], "threshold": NaN}', 422, "threshold must lie in [0, 1]"),
    ("/classify", b'{"reviews": ["x"], "level": "minor"}', 422, "level must be"),
    ("/classify", b'{"reviews": ["\\ud800"]}', 422, "unicode"),
    ("/classify", b'{"reviews": ["x"], "\\ud800": 1}', 422, "unicode"),
    ("/redact", b'{"reviews": ["x"], "style": "redit"}', 422, "Did you mean 'reddit'?"),
    ("/redact", b'{"reviews": ["x"], "style": "reddit", "markup": "html"}', 422, "choose one of block"),
]


@pytest.mark.parametrize(("path", "body", "status", "message"), REFUSED, ids=[repr(row[1])[:50] for row in REFUSED])
def test_what_is_too_long_or_wrong_is_refused_with_the_reason(
    client: Any, path: str, body: bytes, status: int, message: str
) -> None:
    answer = client.post(path, content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, message in answer.text) == (status, True), answer.text
    assert len(answer.text) < 500  # nothing of what was sent


def test_a_body_that_does_not_tell_its_length_is_cut_off_at_the_limit(client: Any) -> None:
    taken = []

    def body() -> Iterator[bytes]:
        for number in range(100):
            taken.append(number)
            yield b"x" * 100_000

    answer = client.post("/classify", content=body(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


def test_more_requests_than_may_wait_are_sent_away(client: Any, recipe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "MAX_REQUESTS", 0)
    answer = client.post("/classify", json={"reviews": [REVIEW]})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    monkeypatch.undo()
    assert client.post("/classify", json={"reviews": [REVIEW]}).status_code == 200


def test_the_service_is_ready_while_it_runs_and_not_before_nor_after(recipe: Any) -> None:
    from fastapi.testclient import TestClient

    service = recipe.Service()
    app = recipe.make_app(service)
    assert TestClient(app).get("/health").status_code == 503
    with TestClient(app) as client:
        assert client.get("/health").json() == {"ready": True, "requests": 0}
    assert TestClient(app).get("/health").status_code == 503


# the running thing -------------------------------------------------------------------------------------------------


def expected(reviews: list[str]) -> list[list[dict[str, Any]]]:
    return [spoilerguard.classify(review).to_dicts() for review in reviews]


@pytest.mark.slow
def test_50_clients_at_once_get_the_answers_of_classify_from_two_threads() -> None:
    reviews = long_reviews(CLIENTS, parts=5)
    with serving("--threads", "2") as service, ThreadPoolExecutor(CLIENTS) as clients:
        before = n_threads(service)
        answers = [clients.submit(service.classify, review) for review in reviews]
        service.wait_until(lambda: service.health()[1]["requests"] > 10)  # it answers while it works
        assert n_threads(service) <= before + 2
        assert [answer.result(SECONDS) for answer in answers] == [[one] for one in expected(reviews)]


def n_threads(service: Service) -> int:
    """Threads of the process, where the system tells."""
    tasks = Path(f"/proc/{service.process.pid}/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else 0


needs_sigterm = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")


@pytest.mark.slow
@needs_sigterm
def test_every_running_request_gets_its_answer_after_sigterm_and_a_fresh_start_serves_again() -> None:
    large, others = long_reviews(12, parts=10), long_reviews(CLIENTS - N_LARGE, parts=2)
    # One thread, which the first requests keep busy: all others are there, and most wait, when the signal comes.
    with serving("--threads", "1", "--drain", "0") as service, ThreadPoolExecutor(CLIENTS) as clients:
        answers = [clients.submit(service.classify, *large) for _ in range(N_LARGE)]
        answers += [clients.submit(service.classify, review) for review in others]
        service.wait_until(lambda: sum(one.done() for one in answers) + service.health()[1]["requests"] == CLIENTS)
        assert not answers[-1].done()
        service.process.send_signal(signal.SIGTERM)
        got = [review for answer in answers for review in answer.result(SECONDS)]
        assert service.process.wait(SECONDS) == 0
    assert got == N_LARGE * expected(large) + expected(others)
    with serving(port=service.port) as again:
        assert again.classify(*others[:1]) == expected(others[:1])


@pytest.mark.slow
@needs_sigterm
def test_after_sigterm_it_says_that_it_is_not_ready_and_serves_who_comes_late() -> None:
    with serving("--drain", "2") as service:
        service.process.send_signal(signal.SIGTERM)
        service.wait_until(lambda: service.health()[0] == 503)
        assert service.classify(REVIEW) == expected([REVIEW])
        assert service.process.wait(SECONDS) == 0
        with pytest.raises(service.httpx.ConnectError):
            service.health()


@pytest.mark.slow
def test_a_model_that_is_not_there_ends_the_start_with_an_error(recipe: Any) -> None:
    service = Service(1, "--model", "no-such-folder")
    assert service.process.wait(SECONDS) != 0
