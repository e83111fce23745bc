"""Products of whole numbers: exact by numpy and by onnxruntime, which is taken only where it is."""

import os
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import make_network
from numpy.typing import NDArray

from spoilerguard.encoders import gated_convolution, whole_products
from spoilerguard.encoders.whole_products import NUMPY, WholeProduct, onnxruntime_product
from spoilerguard.features import tokenize

ROOT = Path(__file__).parents[1]
PRODUCTS = [
    pytest.param(lambda: NUMPY, id="numpy"),
    pytest.param(
        onnxruntime_product,
        id="onnxruntime",
        marks=pytest.mark.skipif(find_spec("onnxruntime") is None, reason="needs the extra fast"),
    ),
]


@pytest.fixture
def untried(monkeypatch: pytest.MonkeyPatch) -> None:
    """As before the first product."""
    monkeypatch.setattr(whole_products, "_if_exact", cache(whole_products._if_exact.__wrapped__))
    monkeypatch.setattr(whole_products, "_ENOUGH", 0)


@pytest.mark.parametrize("product", PRODUCTS)
@given(st.tuples(*[st.integers(1, 40)] * 3), st.randoms(use_true_random=False), st.sampled_from([1, 127]))
def test_a_product_is_exact_for_every_size_and_sign(
    product: Any, shape: tuple[int, int, int], random: Any, smallest: int
) -> None:
    n, inner, columns = shape
    rng = np.random.default_rng(random.getrandbits(32))
    rows, weights = (rng.integers(smallest, 128, of) * rng.choice([-1, 1], of) for of in ((n, inner), (inner, columns)))
    way = product()
    found = way.multiply((rows + way.zero).astype(way.rows), weights.astype(way.weights))
    np.testing.assert_array_equal(found, rows @ weights)


@pytest.mark.parametrize("product", PRODUCTS)
def test_no_rows_have_an_empty_product(product: Any) -> None:
    way = product()
    assert way.multiply(np.zeros((0, 3), way.rows), np.zeros((3, 2), way.weights)).shape == (0, 2)


@pytest.mark.parametrize("product", PRODUCTS)
@given(st.lists(st.lists(st.sampled_from(["he", "dies", "never", "!"]), max_size=9).map(" ".join), max_size=9))
def test_an_encoder_gives_the_same_vectors_by_any_product(product: Any, sentences: list[str]) -> None:
    encoder, tokens = make_network(["he", "dies", "never"]), tokenize(sentences or [""])
    lengths = np.array([len(tokens)])

    def vectors(way: WholeProduct) -> list[NDArray[np.float64]]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(gated_convolution, "quickest_product", lambda n_rows: way)
            alone = encoder.encode(tokens)
            return [alone, encoder.encode_reviews([tokens], lengths, alone)]

    for found, expected in zip(vectors(product()), vectors(NUMPY), strict=True):
        np.testing.assert_array_equal(found, expected)


def saturating(rows: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    """As a processor adds that has 16 bits for two products."""
    products = rows[:, :, None].astype(np.int64) * weights[None].astype(np.int64)
    pairs = np.clip(products[:, ::2] + products[:, 1::2], -(2**15), 2**15 - 1)
    return np.asarray(pairs.sum(axis=1) - 128 * weights.astype(np.int64).sum(axis=0))


def broken() -> WholeProduct:
    raise RuntimeError("an optional package that does not work")


@pytest.mark.parametrize(
    "offered",
    [lambda: WholeProduct(saturating, np.dtype(np.uint8), np.dtype(np.int8), 128), broken],
    ids=["it saturates", "it does not work"],
)
def test_numpy_is_taken_where_the_other_product_cannot_be_trusted(
    offered: Any, untried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_products, "find_spec", lambda name: object())
    monkeypatch.setattr(whole_products, "onnxruntime_product", offered)
    assert whole_products.quickest_product(10_000) is NUMPY


def test_numpy_is_taken_where_the_extra_is_not_installed(untried: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_products, "find_spec", lambda name: None)
    monkeypatch.setattr(whole_products, "onnxruntime_product", lambda: pytest.fail("it was asked for"))
    assert whole_products.quickest_product(10_000) is NUMPY


def test_one_review_does_not_wait_for_onnxruntime() -> None:
    code = "import sys, spoilerguard; spoilerguard.classify('He dies.'); print('onnxruntime' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout == "False\n"


FORKED = """
import os, signal
from spoilerguard import classify
from spoilerguard.encoders import whole_products
whole_products._ENOUGH = 0
many = ["In the end Anna dies and Paul is the killer, and nobody in the whole town has seen it coming."] * 60
before = classify(many)
child = os.fork()
if not child:
    signal.alarm(60)
    os._exit(0 if classify(many) == before else 1)
print(os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_process_goes_on_with_the_product_of_its_parent() -> None:
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert (result.stdout, result.stderr) == ("0\n", "")


def test_the_graph_is_one_product_of_whole_numbers() -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load_from_string(whole_products._graph())
    [node] = model.graph.node
    assert (node.op_type, list(node.input), list(node.output)) == (
        "MatMulInteger",
        ["rows", "weights", "zero"],
        ["product"],
    )
