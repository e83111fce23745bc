"""A small network for tests: random weights over the words of some sentences."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders import ConvolutionalEncoder
from spoilerguard.features import tokenize

Arrays = dict[str, NDArray[Any]]
WIDTH, N_POOLINGS, REVIEW_WIDTH = 5, 2, 3


def network_arrays(sentences: list[str]) -> Arrays:
    """The arrays of an encoder that knows the words of these sentences."""
    random = np.random.default_rng(1)
    hashes = np.unique(tokenize(sentences).hashes)
    return {
        "hashes": hashes,
        **_words(random, len(hashes), WIDTH, N_POOLINGS),
        "entry": random.normal(0, 0.4, (N_POOLINGS * WIDTH + 4, REVIEW_WIDTH)),
        "entry_bias": random.normal(0, 0.4, REVIEW_WIDTH),
        **_layers(random, "review", 6 + 5, REVIEW_WIDTH),
    }


def skimmer_arrays(sentences: list[str], n_dimensions: int = N_POOLINGS * WIDTH) -> Arrays:
    """The arrays of a skimmer of three dimensions that goes with that encoder, or with one of so many dimensions."""
    random = np.random.default_rng(2)
    words = _words(random, len(np.unique(tokenize(sentences).hashes)), 3, 1)
    lift = random.normal(0, 0.4, (3, n_dimensions)).astype(np.float32)
    return {f"skimmer_{name}": array for name, array in (words | {"lift": lift}).items()}


def perfect_skimmer_arrays(sentences: list[str]) -> Arrays:
    """The arrays of a skimmer that gives what the encoder gives."""
    others = ("hashes", "entry", "review")
    words = {name: array for name, array in network_arrays(sentences).items() if not name.startswith(others)}
    lift = np.eye(N_POOLINGS * WIDTH, dtype=np.float32)
    return {f"skimmer_{name}": array for name, array in (words | {"lift": lift}).items()}


def _words(random: np.random.Generator, n_words: int, width: int, n_poolings: int) -> Arrays:
    return {
        "vectors": random.integers(-127, 128, (n_words + 1, width)).astype(np.int8),
        "scale": random.uniform(0.005, 0.02, width).astype(np.float32),
        **_layers(random, "word", 3 + 3, width),
        "attention": random.normal(0, 0.4, (width, n_poolings)),
        "attention_bias": random.normal(0, 0.4, n_poolings),
    }


def _layers(random: np.random.Generator, kind: str, n_rows: int, width: int) -> Arrays:
    return {
        f"{kind}_layers": random.integers(-127, 128, (n_rows * width, 2 * width)).astype(np.int8),
        f"{kind}_scales": random.uniform(0.002, 0.006, (2, 2 * width)).astype(np.float32),
        f"{kind}_biases": random.normal(0, 0.4, (2, 2 * width)).astype(np.float32),
        f"{kind}_dilations": np.array([1, 2], dtype=np.uint8),
    }


def make_network(sentences: list[str], **changed: Any) -> ConvolutionalEncoder:
    """The encoder that these arrays describe, some of them changed."""
    arrays = network_arrays(sentences) | changed
    return ConvolutionalEncoder.from_arrays({name: array for name, array in arrays.items() if array is not None})
