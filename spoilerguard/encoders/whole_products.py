"""Products of matrices of small whole numbers: by numpy or, four times as fast, by onnxruntime (extra ``fast``).

Both give the same sums to the last bit, whichever is taken. A processor without instructions for 8 bits may saturate
where onnxruntime adds pairs of products, so `quickest_product` multiplies the largest numbers first, and takes numpy
where a sum is wrong. One small graph multiplies whatever it is given; it is spelled here, since the package ``onnx``
that would write it is large.
"""

import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["NUMPY", "WholeProduct", "onnxruntime_product", "quickest_product"]

_ENOUGH = 100_000  # rows, some thousand sentences: by then the import of onnxruntime would have paid
_so_far = 0
_UINT8, _INT8, _INT32 = 2, 3, 6  # data types of ONNX


class WholeProduct(NamedTuple):
    """A way to multiply whole numbers from -127 to 127.

    Attributes
    ----------
    multiply : callable
        From rows and weights to their exact product, whole numbers again.
    rows, weights : dtype
        What it takes them as.
    zero : int
        What stands for zero in the rows.
    """

    multiply: Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]
    rows: np.dtype[Any]
    weights: np.dtype[Any]
    zero: int


NUMPY = WholeProduct(np.matmul, np.dtype(np.float32), np.dtype(np.float32), 0)


def quickest_product(n_rows: int) -> WholeProduct:
    """The quickest way to an exact product, where so many rows more are to be multiplied."""
    global _so_far  # noqa: PLW0603 - the process's, like the import that it puts off
    if _so_far < _ENOUGH:
        _so_far += n_rows
        return NUMPY
    return _if_exact() or NUMPY


@cache
def _if_exact() -> WholeProduct | None:
    """Onnxruntime's product where it is installed and exact on this processor."""
    if find_spec("onnxruntime") is None:
        return None
    try:
        product = onnxruntime_product()
        return product if _is_exact(product) else None
    except Exception:  # noqa: BLE001 - whatever is wrong with an optional package, numpy is there
        return None


def _is_exact(product: WholeProduct) -> bool:
    """Whether sums are right where they are largest, and for numbers of every size and sign."""
    rng = np.random.default_rng(0)
    weight = rng.integers(-127, 128, (384, 96)).astype(np.float32)
    rows = rng.integers(-127, 128, (67, 384)).astype(np.float32)
    weight[:, :32] = 127 * np.sign(weight[:, :32])
    rows[:32] = 127 * np.sign(weight[:, :32].T)
    found = product.multiply((rows + product.zero).astype(product.rows), weight.astype(product.weights))
    return np.array_equal(found, rows.astype(np.int64) @ weight.astype(np.int64))


def onnxruntime_product() -> WholeProduct:
    """Products by onnxruntime, in the thread that asks for them."""
    from spoilerguard.encoders.onnx_model import import_onnxruntime

    onnxruntime: Any = sys.modules.get("onnxruntime") or import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # `n_jobs` decides, and a fork has nothing to lose
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(_graph(), options, providers=["CPUExecutionProvider"])
    zero = np.array(128, dtype=np.uint8)

    def multiply(rows: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
        found: NDArray[Any] = session.run(None, {"rows": rows, "weights": weights, "zero": zero})[0]
        return found

    return WholeProduct(multiply, np.dtype(np.uint8), np.dtype(np.int8), int(zero))


def _graph() -> bytes:
    """An ONNX model of one node: ``product = MatMulInteger(rows, weights, zero)``."""
    inputs = {"rows": _UINT8, "weights": _INT8, "zero": _UINT8}
    node = b"".join(_field(1, name.encode()) for name in inputs) + _field(2, b"product") + _field(4, b"MatMulInteger")
    graph = _field(1, node) + _field(2, b"product")
    graph += b"".join(_field(11, _value(*one)) for one in inputs.items()) + _field(12, _value("product", _INT32))
    return b"\x08\x08" + _field(8, _field(1, b"") + b"\x10\x0a") + _field(7, graph)  # version 8 of ONNX, opset 10


def _value(name: str, kind: int) -> bytes:
    """The declaration of a tensor of any shape."""
    return _field(1, name.encode()) + _field(2, _field(1, bytes([8, kind])))


def _field(number: int, content: bytes) -> bytes:
    """A field of a protocol buffer, of less than 128 bytes but for the graph."""
    length = len(content)
    return bytes([8 * number + 2, *([length] if length < 128 else [length & 127 | 128, length >> 7])]) + content
