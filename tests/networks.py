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

    def layers(kind: str, n_rows: int, width: int) -> Arrays:
        return {
            f"{kind}_layers": random.integers(-127, 128, (n_rows * width, 2 * width)).astype(np.int8),
            f"{kind}_scales": random.uniform(0.002, 0.006, (2, 2 * width)).astype(np.float32),
            f"{kind}_biases": random.normal(0, 0.4, (2, 2 * width)).astype(np.float32),
            f"{kind}_dilations": np.array([1, 2], dtype=np.uint8),
        }

    return {
        "hashes": hashes,
        "vectors": random.integers(-127, 128, (len(hashes) + 1, WIDTH)).astype(np.int8),
        "scale": random.uniform(0.005, 0.02, WIDTH).astype(np.float32),
        **layers("word", 3 + 3, WIDTH),
        "attention": random.normal(0, 0.4, (WIDTH, N_POOLINGS)),
        "attention_bias": random.normal(0, 0.4, N_POOLINGS),
        "entry": random.normal(0, 0.4, (N_POOLINGS * WIDTH + 4, REVIEW_WIDTH)),
        "entry_bias": random.normal(0, 0.4, REVIEW_WIDTH),
        **layers("review", 6 + 5, REVIEW_WIDTH),
    }


def make_network(sentences: list[str], **changed: Any) -> ConvolutionalEncoder:
    """The encoder that these arrays describe, some of them changed."""
    return ConvolutionalEncoder.from_arrays(network_arrays(sentences) | changed)
