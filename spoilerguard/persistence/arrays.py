"""``weights.safetensors``: the arrays of a model, which must be exactly those that ``model.json`` lists.

The header is compared with that list before the library sees the file, so nothing is allocated beyond its bounds.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors import numpy as safetensors

from spoilerguard.persistence.layout import Layout, Rule, one_of, whole
from spoilerguard.persistence.manifest import MODEL_JSON, Fault, Json, parse

__all__ = ["ARRAYS", "MAX_BYTES", "WEIGHTS", "Arrays", "describe", "pack", "unpack"]

Arrays = dict[str, NDArray[Any]]

WEIGHTS = "weights.safetensors"
MAX_BYTES = 256 << 20
_MAX_AXES = 2
_MAX_HEADER_BYTES = 1 << 14  # a model of our own takes a tenth
_MAX_VALUE = 1e9  # beyond any weight that works, and three of them multiply to a finite float32
_ITEM_BYTES = {
    "I8": 1,
    "U8": 1,
    "I16": 2,
    "U16": 2,
    "I32": 4,
    "U32": 4,
    "I64": 8,
    "U64": 8,
    "F16": 2,
    "F32": 4,
    "F64": 8,
}

# How ``model.json`` lists arrays.
_SHAPE = Rule(
    f"a list of 1 to {_MAX_AXES} whole numbers from 1 to {MAX_BYTES}",
    lambda shape: type(shape) is list and 1 <= len(shape) <= _MAX_AXES and all(map(whole(1, MAX_BYTES).accepts, shape)),
)
ARRAYS: Layout = {...: {"dtype": one_of(*_ITEM_BYTES), "shape": _SHAPE}}


def describe(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Json]:
    """The list of `arrays` for ``model.json``."""
    kinds = {name: f"{array.dtype.kind.upper()}{8 * array.dtype.itemsize}" for name, array in arrays.items()}
    return {name: {"dtype": kinds[name], "shape": list(arrays[name].shape)} for name in sorted(arrays)}


def pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The bytes of the file; equal arrays give equal bytes."""
    # The library copies memory as it lies, whatever the strides.
    return safetensors.save({name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)})


def unpack(data: bytes, listed: Mapping[str, Any]) -> Arrays:
    """The arrays of the file, read-only, if they are exactly those `listed` and within bounds; else a `Fault`.

    `listed` is laid out as `ARRAYS` says.
    """
    _check_header(data, listed)
    try:
        arrays = safetensors.load(data)
    except SafetensorError as error:
        raise Fault(WEIGHTS, f"is no safetensors file ({error!s:.80}).") from None
    for name, array in arrays.items():
        array.flags.writeable = False
        with np.errstate(invalid="ignore"):
            low, high = float(array.min()), float(array.max())
        if array.dtype.kind == "f" and not -_MAX_VALUE <= low <= high <= _MAX_VALUE:
            raise Fault(WEIGHTS, f"is wrong: {name} holds NaN, infinity or a number beyond {_MAX_VALUE:g}.")
    return arrays


def _check_header(data: bytes, listed: Mapping[str, Any]) -> None:
    """Refuse a file whose header does not give each array its dtype, its shape and the next bytes, to the last one."""
    size = int.from_bytes(data[:8], "little")
    if not 0 < size <= min(_MAX_HEADER_BYTES, len(data) - 8):
        raise Fault(WEIGHTS, "is no safetensors file, or is cut short.")
    header, begin = parse(data[8 : 8 + size], WEIGHTS), 0
    for name, entry in header.items():
        spec = listed.get(name, {"dtype": "U8", "shape": []})
        end = begin + _ITEM_BYTES[spec["dtype"]] * math.prod(spec["shape"])  # exact, whatever the shape claims
        if name not in listed or entry != {**spec, "data_offsets": [begin, end]}:
            raise Fault(WEIGHTS, f"is wrong: {name!r:.60} is not stored as {MODEL_JSON} lists it.")
        begin = end
    if len(header) < len(listed) or begin != len(data) - 8 - size:
        raise Fault(WEIGHTS, f"does not hold exactly the arrays that {MODEL_JSON} lists.")
