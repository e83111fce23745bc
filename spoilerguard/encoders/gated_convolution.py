"""One layer of the convolutional encoder, computed in whole numbers.

Weights have 8 bits, and what they are multiplied with is rounded to 8 bits too. So every product and every sum of them
is a whole number that single precision holds exactly: linear algebra may then add in any order, in any batch, on any
processor, and not one bit of a vector changes. The values of tanh and of the logistic function are looked up in tables,
for the same reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders.whole_products import WholeProduct, quickest_product

__all__ = ["Floats", "GatedConvolution", "pack_layers", "unpack_layers"]

Floats = NDArray[np.float32]
_MAX_WEIGHT = 127
_MAX_ROWS = 2**24 // _MAX_WEIGHT**2  # of weights whose sum of products is exact in single precision
_MAX_LAYERS = 64
_RESOLUTION, _REACH = 1024, 8  # entries of a table for each unit, and units on either side of zero


@dataclass(frozen=True, slots=True, eq=False)
class GatedConvolution:
    """``x + tanh(W x') * sigmoid(V x')``; ``x'`` is a row and its neighbours `dilation` apart, zero beyond the edges.

    Gated convolutions: Dauphin et al. (2017), "Language Modeling with Gated Convolutional Networks".

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

    weight: Floats = field(repr=False)
    scale: Floats = field(repr=False)
    bias: Floats = field(repr=False)
    dilation: int
    step: float

    def __call__(self, x: Floats, owner: NDArray[np.int64], more: Floats | None = None) -> Floats:
        """Rows of the next layer; only rows of the same `owner` are neighbours, and `more` stands beside them."""
        product = quickest_product(len(x))
        width = x.shape[1]
        reach = (len(self.weight) // width - (more is not None)) // 2
        inputs = np.empty((len(x), len(self.weight)), product.rows)
        parts = np.split(inputs, len(self.weight) // width, axis=1)
        parts[reach][:] = self._rounded(x, product)
        for by in range(1, reach + 1):
            _shift(parts[reach], owner, by * self.dilation, product.zero, parts[reach - by], parts[reach + by])
        if more is not None:
            parts[-1][:] = self._rounded(more, product)
        y = self._gated(product.multiply(inputs, self.weight.astype(product.weights, copy=False)))
        y += x
        return y

    def _rounded(self, x: Floats, product: WholeProduct) -> NDArray[Any]:
        """Whole steps, as the product wants them."""
        steps = x * np.float32(1 / self.step)
        np.clip(np.rint(steps, out=steps), -_MAX_WEIGHT, _MAX_WEIGHT, out=steps)
        steps += np.float32(product.zero)
        return steps.astype(product.rows, copy=False)

    def _gated(self, sums: NDArray[Any]) -> Floats:
        """Tanh of the first half of the columns times sigmoid of the second."""
        mixed = sums.astype(np.float32, copy=False)
        mixed *= self.scale * np.float32(self.step * _RESOLUTION)
        mixed += self.bias * np.float32(_RESOLUTION) + np.float32(_RESOLUTION * _REACH + 0.5)
        np.clip(mixed, 0, 2 * _RESOLUTION * _REACH, out=mixed)  # else the largest would not fit a whole number
        place, width = mixed.astype(np.int32), mixed.shape[1] // 2
        tanh, sigmoid = _tables()
        gated = tanh.take(place[:, :width], mode="wrap")  # no place lies outside: the quickest mode
        gated *= sigmoid.take(place[:, width:], mode="wrap")
        return gated


def _shift(
    rows: NDArray[Any], owner: NDArray[np.int64], by: int, zero: int, before: NDArray[Any], after: NDArray[Any]
) -> None:
    """Fill row ``k`` of `before` and `after` with row ``k - by`` and ``k + by`` where the owner is the same."""
    before[:by], after[-by:] = zero, zero
    if by < len(rows):
        before[by:], after[:-by] = rows[:-by], rows[by:]
        borders = np.flatnonzero(owner[by:] != owner[:-by])
        before[borders + by], after[borders] = zero, zero


@cache
def _tables() -> tuple[Floats, Floats]:
    """Tanh and logistic function between -8 and 8; beyond, both are all but flat."""
    at = np.arange(-_RESOLUTION * _REACH, _RESOLUTION * _REACH + 1) / _RESOLUTION
    return np.tanh(at).astype(np.float32), (1 / (1 + np.exp(-at))).astype(np.float32)


def pack_layers(layers: Sequence[GatedConvolution]) -> dict[str, NDArray[Any]]:
    """Layers of one width as arrays: weights one below the other, a row of scales and one of biases for each."""
    return {
        "layers": np.concatenate([layer.weight for layer in layers]).astype(np.int8),
        "scales": np.stack([layer.scale for layer in layers]),
        "biases": np.stack([layer.bias for layer in layers]),
        "dilations": np.array([layer.dilation for layer in layers], dtype=np.uint8),
    }


def unpack_layers(
    arrays: Mapping[str, NDArray[Any]], first: int, others: int, step: float
) -> tuple[GatedConvolution, ...]:
    """The layers of `pack_layers`; the first has `first` rows of weights, each other one `others`.

    Raises
    ------
    ValueError
        Where the numbers do not fit together.
    """
    weights, scales, biases, dilations = (arrays[name] for name in ("layers", "scales", "biases", "dilations"))
    n, width = len(dilations), weights.shape[1]
    if not n or not scales.shape == biases.shape == (n, width) or len(weights) != first + (n - 1) * others:
        raise ValueError(f"The encoder's {n} layers do not fit their {len(weights)} rows of weights.")
    if not dilations.all() or max(first, others) > _MAX_ROWS or n > _MAX_LAYERS or (weights == -_MAX_WEIGHT - 1).any():
        raise ValueError(
            f"The encoder's dilations must be above 0, its weights within {_MAX_WEIGHT}, "
            f"its layers at most {_MAX_LAYERS}, of at most {_MAX_ROWS} rows each."
        )
    parts = np.split(weights.astype(np.float32), [first + number * others for number in range(n - 1)])
    rows = zip(parts, scales, biases, dilations.tolist(), strict=True)
    return tuple(GatedConvolution(weight, scale, bias, dilation, step) for weight, scale, bias, dilation in rows)
