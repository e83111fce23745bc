"""Format 1, the part that not every model has: what it remembers of its training, as a Bloom filter."""

import numpy as np

from spoilerguard.memory import SentenceMemory
from spoilerguard.persistence.arrays import WEIGHTS, Arrays
from spoilerguard.persistence.manifest import Fault

__all__ = ["MEMORY", "read_memory"]

MEMORY = "memory."  # before the numbers of the layers
_MAX_LAYERS, _MAX_LAYER_BYTES = 7, 4 << 20


def read_memory(arrays: Arrays) -> SentenceMemory | None:
    """What the model remembers of its training; None where it was made before models did, or was made to forget."""
    names = [f"{MEMORY}{place}" for place in range(_MAX_LAYERS) if f"{MEMORY}{place}" in arrays]
    layers = [arrays.pop(name) for name in names]
    if names != [f"{MEMORY}{place}" for place in range(len(names))] or not all(
        layer.dtype == np.uint8 and layer.ndim == 1 and layer.size <= _MAX_LAYER_BYTES for layer in layers
    ):
        raise Fault(WEIGHTS, f"is wrong: {MEMORY}0, {MEMORY}1, … must be at most {_MAX_LAYER_BYTES} numbers as uint8.")
    return SentenceMemory(tuple(layers)) if layers else None
