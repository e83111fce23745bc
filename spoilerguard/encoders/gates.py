"""One layer of the convolutional encoder: rows that look at their neighbours, computed in whole numbers.

Weights have 8 bits and what they are multiplied with is rounded to 8 bits too, so every product and every sum of them
is a whole number that single precision holds exactly. Linear algebra may then add in any order, in any batch, on any
processor: not one bit of a vector changes. The two bends are looked up in tables, for the same reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["EXACT", "Floats", "Gate", "stacked", "unstacked"]

Floats = NDArray[np.float32]
_HIGHEST = 127
EXACT = 2**24 // _HIGHEST**2  # rows of weights whose sum of products is exact in single precision
_MOST_LAYERS = 64
_RESOLUTION, _REACH = 1024, 8  # entries of a table for each unit, and units on either side


@dataclass(frozen=True, slots=True, eq=False)
class Gate:
    """``x + tanh(W x') * sigmoid(V x')``; ``x'`` is a row and its neighbours `dilation` apart, zero beyond the edges.

    Attributes
    ----------
    weight : ndarray of float32, shape (n_neighbours * width [+ width], 2 * width)
        Whole numbers up to 127: `W` beside `V`, a block of rows for each neighbour, the farthest before first.
    scale, bias : ndarray of float32, shape (2 * width,)
        What each column is multiplied by, and what is added to it.
    dilation : int
        From one neighbour to the next.
    step : float
        What values are rounded to; 127 steps on either side of zero are told apart.
    """

    weight: Floats
    scale: Floats
    bias: Floats
    dilation: int
    step: float

    def __call__(self, x: Floats, owner: NDArray[np.int64], more: Floats | None = None) -> Floats:
        """Rows of the next layer; only rows of the same `owner` are neighbours, and `more` stands beside them."""
        width = x.shape[1]
        reach = (len(self.weight) // width - (more is not None)) // 2
        steps = self._in_steps(x)
        columns = [_shifted(steps, owner, by * self.dilation) for by in range(-reach, reach + 1)]
        if more is not None:
            columns.append(self._in_steps(more))
        mixed = np.concatenate(columns, axis=1) @ self.weight
        mixed *= self.scale * np.float32(self.step * _RESOLUTION)
        mixed += self.bias * np.float32(_RESOLUTION) + np.float32(_RESOLUTION * _REACH + 0.5)
        np.clip(mixed, 0, 2 * _RESOLUTION * _REACH, out=mixed)  # else the largest would not fit a whole number
        place = mixed.astype(np.int32)
        tanh, sigmoid = _tables()
        return np.asarray(x + tanh.take(place[:, :width], mode="clip") * sigmoid.take(place[:, width:], mode="clip"))

    def _in_steps(self, x: Floats) -> Floats:
        steps: Floats = np.clip(np.rint(x * np.float32(1 / self.step)), -_HIGHEST, _HIGHEST)
        return steps


def _shifted(rows: Floats, owner: NDArray[np.int64], by: int) -> Floats:
    """Row ``k + by`` for row ``k`` where both have one owner, else zeros."""
    if by == 0:
        return rows
    found = np.zeros_like(rows)
    if abs(by) < len(rows):
        here, there = (slice(None, -by), slice(by, None)) if by > 0 else (slice(-by, None), slice(None, by))
        np.multiply(rows[there], (owner[here] == owner[there])[:, None], out=found[here])
    return found


@cache
def _tables() -> tuple[Floats, Floats]:
    """Both bends between -8 and 8; beyond, they hardly bend."""
    at = np.arange(-_RESOLUTION * _REACH, _RESOLUTION * _REACH + 1) / _RESOLUTION
    return np.tanh(at).astype(np.float32), (1 / (1 + np.exp(-at))).astype(np.float32)


def stacked(gates: Sequence[Gate]) -> dict[str, NDArray[Any]]:
    """Layers of one width as arrays: weights one below the other, a row of scales and one of biases for each."""
    return {
        "layers": np.concatenate([gate.weight for gate in gates]).astype(np.int8),
        "scales": np.stack([gate.scale for gate in gates]),
        "biases": np.stack([gate.bias for gate in gates]),
        "dilations": np.array([gate.dilation for gate in gates], dtype=np.uint8),
    }


def unstacked(arrays: Mapping[str, NDArray[Any]], first: int, others: int, step: float) -> tuple[Gate, ...]:
    """Layers again; the first has `first` rows of weights, each other one `others`.

    Raises
    ------
    ValueError
        Where the numbers do not fit together.
    """
    layers, scales, biases, dilations = (arrays[name] for name in ("layers", "scales", "biases", "dilations"))
    n, width = len(dilations), layers.shape[1]
    if not n or not scales.shape == biases.shape == (n, width) or len(layers) != first + (n - 1) * others:
        raise ValueError(f"The encoder's {n} layers do not fit their {len(layers)} rows of weights.")
    if not dilations.all() or max(first, others) > EXACT or n > _MOST_LAYERS or (layers == -_HIGHEST - 1).any():
        raise ValueError(
            f"The encoder's dilations must be above 0, its weights within {_HIGHEST}, "
            f"its layers at most {_MOST_LAYERS}, of at most {EXACT} rows each."
        )
    parts = np.split(layers.astype(np.float32), [first + number * others for number in range(n - 1)])
    rows = zip(parts, scales, biases, dilations.tolist(), strict=True)
    return tuple(Gate(weight, scale, bias, dilation, step) for weight, scale, bias, dilation in rows)
