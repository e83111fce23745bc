"""Models that many tests share: made once, never changed."""

import gc
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

import spoilerguard
from spoilerguard import SpoilerClassifier, train
from spoilerguard.datasets import make_corpus

# No property says in how long a time it holds. Few examples find nearly all faults at once, .ci/run tries many. Both
# try the same ones each time, so that a change is blamed for what it breaks and nothing else; "search" draws new ones.
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=25)
settings.register_profile("slow", deadline=None, derandomize=True, max_examples=300)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile("quick")

ACCURATE = Path(__file__).parents[1] / "models" / "accurate"


@pytest.fixture(autouse=True)
def no_collection_while_time_is_taken(request: pytest.FixtureRequest) -> Iterator[None]:
    """As `timeit` has it: the objects of other tests would be collected meanwhile, and longer runs pay more for it."""
    is_timed = request.node.get_closest_marker("benchmark") is not None
    if is_timed:
        gc.collect()
        gc.disable()
    yield
    if is_timed:
        gc.enable()


@pytest.fixture(scope="session")
def default_model() -> SpoilerClassifier:
    """The model that comes with the package."""
    return spoilerguard.load()


@pytest.fixture(scope="session")
def accurate_model() -> SpoilerClassifier:
    """The model of the accurate tier."""
    if find_spec("onnxruntime") is None or find_spec("tokenizers") is None:
        pytest.skip('the accurate tier needs pip install "spoilerguard[accurate]"')
    return spoilerguard.load(ACCURATE)


@pytest.fixture(scope="session")
def trained_model() -> SpoilerClassifier:
    """What `train` makes of invented reviews: with context, operating points and card."""
    return train(make_corpus(works=30, seed=1), n_splits=3)


@pytest.fixture(scope="session")
def tiny_model() -> SpoilerClassifier:
    """What four sentences teach: n-grams alone, no context, no operating points."""
    sentences = ["He dies at the end.", "The killer is the nurse.", "Great music.", "The acting is fine."]
    return SpoilerClassifier(C=10).fit(sentences, ["spoiler", "spoiler", "safe", "safe"])
