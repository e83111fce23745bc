"""One layer of the convolutional encoder: rows that look at their neighbours, and how layers lie in a model file."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "Gate", "stacked", "unstacked"]

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Gate:
    """``x + tanh(W x') * sigmoid(V x')``; ``x'`` is a row and its neighbours `dilation` apart, zero beyond the edges.

    Attributes
    ----------
    weight : ndarray of float32, shape (n_neighbours * width [+ more], 2 * width)
        `W` beside `V`, one block of rows for each neighbour, the farthest before first.
    bias : ndarray of float32, shape (2 * width,)
    dilation : int
        Steps from one neighbour to the next.
    """

    weight: Floats
    bias: Floats
    dilation: int

    def __call__(self, x: Floats, owner: NDArray[np.int64], more: Floats | None = None) -> Floats:
        """Rows of the next layer; only rows of the same `owner` are neighbours, and `more` stands beside them."""
        width = x.shape[1]
        reach = (len(self.weight) // width - (more is not None)) // 2
        mixed = x @ self.weight[reach * width : (reach + 1) * width] + self.bias
        for number in range(2 * reach + 1):
            by = (number - reach) * self.dilation
            if 0 < abs(by) < len(x):
                _add_shifted(mixed, x @ self.weight[number * width : (number + 1) * width], owner, by)
        if more is not None:
            mixed += more @ self.weight[(2 * reach + 1) * width :]
        bent, gate = mixed[:, :width], mixed[:, width:]
        np.tanh(bent, out=bent)
        np.negative(gate, out=gate)
        np.exp(gate, out=gate)
        gate += 1
        return np.asarray(x + bent / gate)


def _add_shifted(to: Floats, rows: Floats, owner: NDArray[np.int64], by: int) -> None:
    """Add row ``k + by`` of `rows` to row ``k`` of `to`, where both have one owner."""
    here, there = (slice(None, -by), slice(by, None)) if by > 0 else (slice(-by, None), slice(None, by))
    to[here] += rows[there] * (owner[here] == owner[there])[:, None]


def stacked(gates: Sequence[Gate]) -> tuple[NDArray[np.float16], NDArray[np.float16], NDArray[np.uint8]]:
    """Weights one below the other, biases and dilations, of layers of one width."""
    weights = np.concatenate([gate.weight for gate in gates]).astype(np.float16)
    biases = np.stack([gate.bias for gate in gates]).astype(np.float16)
    return weights, biases, np.array([gate.dilation for gate in gates], dtype=np.uint8)


def unstacked(
    weights: NDArray[np.float16], biases: NDArray[np.float16], dilations: NDArray[np.uint8], first: int, others: int
) -> tuple[Gate, ...]:
    """Layers again; the first has `first` rows of weights, each other one `others`.

    Raises
    ------
    ValueError
        Where the numbers do not fit together.
    """
    n = len(dilations)
    if not n or biases.shape != (n, weights.shape[1]) or len(weights) != first + (n - 1) * others:
        raise ValueError(f"The encoder's {n} layers do not fit their {len(weights)} rows of weights.")
    if not dilations.all():
        raise ValueError("The encoder's dilations must be above 0.")
    parts = np.split(weights.astype(np.float32), [first + number * others for number in range(n - 1)])
    columns = zip(parts, biases.astype(np.float32), dilations.tolist(), strict=True)
    return tuple(Gate(weight, bias, dilation) for weight, bias, dilation in columns)
