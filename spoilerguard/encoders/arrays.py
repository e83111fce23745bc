"""The arrays of an encoder, taken from a model file one by one, each of the type and shape that it must have."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders.gated_convolution import GatedConvolution, unpack_layers

__all__ = ["Arrays", "take_array", "take_layers"]

Arrays = dict[str, NDArray[Any]]


def take_array(arrays: Arrays, name: str, dtype: type[np.generic], *shape: int | None) -> NDArray[Any]:
    """Take an array of this type and shape, None standing for any length; a ``ValueError`` where there is none."""
    found = arrays.pop(name, None)
    if found is None or found.dtype != dtype or found.ndim != len(shape):
        raise ValueError(f"The encoder needs an array {name!r} of {np.dtype(dtype)} with {len(shape)} axes.")
    if any(wanted not in {None, size} for wanted, size in zip(shape, found.shape, strict=True)):
        raise ValueError(f"The encoder's array {name!r} has the shape {found.shape}; {shape} was expected.")
    return found


def take_layers(
    arrays: Arrays, kind: str, step: float, width: int, first: int, others: int
) -> tuple[GatedConvolution, ...]:
    """Take layers of this width; `first` and `others` are the rows of weights of the first one and of each other."""
    mine = {"layers": take_array(arrays, f"{kind}_layers", np.int8, None, 2 * width)}
    mine |= {name: take_array(arrays, f"{kind}_{name}", np.float32, None, 2 * width) for name in ("scales", "biases")}
    mine["dilations"] = take_array(arrays, f"{kind}_dilations", np.uint8, None)
    return unpack_layers(mine, first, others, step)
