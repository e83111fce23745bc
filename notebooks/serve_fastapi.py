"""Spoilers over HTTP: a small FastAPI service, to copy and to change.

Start it with ``python serve_fastapi.py`` once ``fastapi`` and ``uvicorn`` are installed, and see
http://127.0.0.1:8000/docs for what it takes. It knows no passwords and no encryption: put it behind a proxy that does.

- One model is read at the start. Bounded threads classify, so that ``/health`` answers whatever there is to do.
- Texts, reviews, bodies and waiting requests are limited: 422, 413 and 503 say which limit it was.
- At SIGTERM, ``/health`` answers 503 for some seconds, so that a proxy sends new requests elsewhere. Then no connection
  is accepted any more, every request that runs gets its answer, and the process ends with status 0.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
import warnings
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import accumulate
from typing import Annotated, Any, Literal, TypeVar

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import spoilerguard
from spoilerguard.rendering import Verdicts, redact_verdicts

MAX_BYTES = 200_000  # of a request's body
MAX_REVIEWS = 100  # of a request
MAX_CHARACTERS = 20_000  # of a review
MAX_REQUESTS = 500  # that run or wait; each keeps its texts in memory
THREADS = min(4, os.cpu_count() or 1)

Text = Annotated[str, Field(max_length=MAX_CHARACTERS)]
Name = Annotated[str, Field(max_length=40)]
Result = TypeVar("Result")


class Reviews(BaseModel):
    """What both routes take; the arguments are those of `spoilerguard.classify`, which checks them."""

    model_config = ConfigDict(extra="forbid")

    reviews: list[Text] = Field(max_length=MAX_REVIEWS)
    threshold: Name | float | None = Field(None, examples=["cautious", "balanced", "lenient", 0.5])
    level: Name = Field("any", examples=["any", "major"])
    markup: Name | None = Field(None, examples=["html", "markdown", "discord", "reddit"])
    premise: Text | None = Field(None, description="what every reader may know of the work")

    def classify(self, model: spoilerguard.SpoilerClassifier) -> list[Verdicts]:
        options: dict[str, Any] = self.model_dump(include={"threshold", "level", "markup"})
        return list(spoilerguard.classify_reviews(self.reviews, model=model, story=self.premise, **options))


class ToClassify(Reviews):
    units: Literal["characters", "utf-16"] = Field("characters", description="of start and end; utf-16 for JavaScript")


class ToRedact(Reviews):
    style: Name = Field("block", examples=list(spoilerguard.rendering.STYLES))


class Sentence(BaseModel):
    text: str
    start: int
    end: int
    label: Literal["safe", "spoiler"]
    probability: float
    certain: bool
    marked: bool
    major: float | None
    rule: str | None


class Classified(BaseModel):
    label: Literal["safe", "spoiler"]
    probability: float
    language: str | None = Field(description='"und" where the review does not seem to be English')
    sentences: list[Sentence]


class Service:
    """The model, the threads that classify with it, and how much there is to do."""

    model: spoilerguard.SpoilerClassifier
    pool: ThreadPoolExecutor

    def __init__(self, model: str = "default", n_threads: int = THREADS) -> None:
        self.folder, self.n_threads = model, n_threads
        self.n_requests = 0
        self.ready = False

    @contextlib.asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        # Each would stay in memory, once for every text that it quotes. An answer says itself what is not English.
        warnings.filterwarnings("ignore", category=UserWarning)
        self.model = spoilerguard.load(self.folder)
        with ThreadPoolExecutor(self.n_threads, thread_name_prefix="classify") as self.pool:
            self.ready = True
            yield
            self.ready = False

    async def run(self, work: Callable[[spoilerguard.SpoilerClassifier], Result]) -> Result:
        """Do the work in one of the threads; what the library refuses is a fault of the request."""
        if self.n_requests >= MAX_REQUESTS:
            raise HTTPException(503, "Too many requests are waiting. Try again later.", {"Retry-After": "1"})
        self.n_requests += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.pool, work, self.model)
        except (ValueError, spoilerguard.SpoilerguardError) as fault:
            raise HTTPException(422, str(fault)) from fault
        finally:
            self.n_requests -= 1


class BodyLimit:
    """Refuses a body before it takes more memory than it may."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        n_bytes = 0

        async def limited() -> Message:
            nonlocal n_bytes
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > MAX_BYTES:
                raise HTTPException(413, f"A request has at most {MAX_BYTES:,} bytes. Send the reviews in several.")
            return message

        await self.app(scope, limited, send)


def classify(request: ToClassify, model: spoilerguard.SpoilerClassifier) -> list[Classified]:
    return [describe(verdicts, request.units) for verdicts in request.classify(model)]


def describe(verdicts: Verdicts, units: str) -> Classified:
    sizes = (1 + (units == "utf-16" and char > "\uffff") for char in verdicts.review)
    places = list(accumulate(sizes, initial=0))
    sentences = [
        Sentence(**verdict.to_dict() | {"start": places[verdict.start], "end": places[verdict.end]})
        for verdict in verdicts
    ]
    return Classified(
        label=verdicts.label.value, probability=verdicts.probability, language=verdicts.language, sentences=sentences
    )


def redact(request: ToRedact, model: spoilerguard.SpoilerClassifier) -> list[str]:
    return [
        redact_verdicts(verdicts.review, verdicts, request.style, markup=request.markup)
        for verdicts in request.classify(model)
    ]


async def refuse(_: Request, error: Exception) -> JSONResponse:
    """Say what is wrong and where, without what was sent: that may be long, or nothing that JSON can hold."""
    assert isinstance(error, RequestValidationError)
    faults = [{"where": ascii(fault["loc"]), "what": fault["msg"]} for fault in error.errors()]
    return JSONResponse({"detail": faults}, 422)


def make_app(service: Service) -> FastAPI:
    app = FastAPI(title="spoilerguard", version=spoilerguard.__version__, lifespan=service.lifespan)
    app.add_middleware(BodyLimit)
    app.add_exception_handler(RequestValidationError, refuse)

    # async, all of them: FastAPI would give any other function a thread of its own, up to forty
    @app.post("/classify")
    async def post_classify(body: ToClassify) -> list[Classified]:
        return await service.run(partial(classify, body))

    @app.post("/redact")
    async def post_redact(body: ToRedact) -> list[str]:
        return await service.run(partial(redact, body))

    @app.get("/health")
    async def get_health() -> JSONResponse:
        state = {"ready": service.ready, "requests": service.n_requests}
        return JSONResponse(state, 200 if service.ready else 503)

    return app


class Server(uvicorn.Server):
    """Is not ready for some seconds before it stops: uvicorn itself stops listening at once."""

    def __init__(self, service: Service, host: str, port: int, drain: float) -> None:
        super().__init__(uvicorn.Config(make_app(service), host=host, port=port))
        self.service, self.drain = service, drain

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.service.ready = False
        await asyncio.sleep(self.drain)
        await super().shutdown(sockets)


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve spoilerguard over HTTP.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--model", default="default", help="a folder, or the name of a model")
    parser.add_argument("--threads", type=int, default=THREADS, help="how many requests are worked on at once")
    parser.add_argument("--drain", type=float, default=3, help="seconds from SIGTERM until it stops listening")
    options = parser.parse_args()
    # uvicorn raises the signal again when all is done; by default that would end the process with another status
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.suppress(KeyboardInterrupt):
        Server(Service(options.model, options.threads), options.host, options.port, options.drain).run()


if __name__ == "__main__":
    main()
