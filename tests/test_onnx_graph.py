"""Graphs that a stranger may have written: none but our own reaches onnxruntime, and no weights give NaN."""

import contextlib
import copy
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import spoilerguard
from spoilerguard import SpoilerClassifier
from spoilerguard.encoders import TransformerEncoder, onnx_model
from spoilerguard.encoders.onnx_graph import _weights, check_graph, structure_of
from spoilerguard.errors import ModelFormatError
from spoilerguard.features import tokenize
from spoilerguard.persistence import folder

onnx = pytest.importorskip("onnx")

FLOAT, INT32, INT64, TEXT, BOOL = 1, 6, 7, 8, 9
EXTERNAL = 1
Model = Any  # onnx.ModelProto: the package has no types
Forgery = Callable[[Model], object]
node, tensor, declared = onnx.helper.make_node, onnx.helper.make_tensor, onnx.helper.make_tensor_value_info


@pytest.fixture(scope="module")
def encoder(accurate_model: SpoilerClassifier) -> TransformerEncoder:
    found = accurate_model.vectorizer_.encoder
    assert isinstance(found, TransformerEncoder)
    return found


@pytest.fixture(scope="module")
def parsed(encoder: TransformerEncoder) -> Model:
    return onnx.load_from_string(encoder.graph)


# Forgeries: each takes our graph and changes one thing.


def of_weight(name: str, change: Callable[[Any], object]) -> Forgery:
    """The weight of this name changed."""
    return lambda model: change(next(one for one in model.graph.initializer if one.name == name))


def of_node(operator: str, change: Callable[[Any], object]) -> Forgery:
    """The first node of this operator changed."""
    return lambda model: change(next(one for one in model.graph.node if one.op_type == operator))


def behind(*nodes: Any, domain: str = "") -> Forgery:
    """Nodes that make "more" of "before", the vectors, to which it is added."""

    def change(model: Model) -> None:
        model.graph.node[-1].output[0] = "before"
        model.graph.node.extend([*nodes, node("Add", ["before", "more"], ["last_hidden_state"])])
        if domain:
            model.opset_import.add(domain=domain, version=1)

    return change


def whole(name: str, *values: int, dims: tuple[int, ...] | None = None) -> Any:
    """A constant of whole numbers."""
    return node("Constant", [], [name], value=tensor("", INT64, (len(values),) if dims is None else dims, values))


def make_external(found: Any, location: str, **more: str) -> None:
    """The numbers of a tensor replaced by a place in a file."""
    found.ClearField("raw_data")
    found.ClearField("float_data")
    found.data_location = EXTERNAL
    for key, value in {"location": location, **more}.items():
        found.external_data.add(key=key, value=value)


def external(location: str, **more: str) -> Forgery:
    return of_weight("norm.bias", lambda one: make_external(one, location, **more))


def external_constant() -> Any:
    found = node("Constant", [], ["inner"], value=tensor("", FLOAT, (1,), [0.0]))
    make_external(found.attribute[0].t, "/etc/passwd")
    return found


def graph_of(*nodes: Any) -> Any:
    """A graph inside the graph."""
    return onnx.helper.make_graph(list(nodes), "inner", [], [declared("inner", FLOAT, None)])


def if_else(inner: Any) -> tuple[Any, ...]:
    branches = {"then_branch": graph_of(inner), "else_branch": graph_of(inner)}
    return node("Not", ["attention_mask"], ["c"]), node("If", ["c"], ["more"], **branches)


def function(domain: str, name: str, inner: Any) -> Forgery:
    made = onnx.helper.make_function(domain, name, ["x"], ["inner"], [inner], [onnx.helper.make_opsetid("", 17)])
    return lambda model: model.functions.append(made)


def both(first: Forgery, second: Forgery) -> Forgery:
    return lambda model: (first(model), second(model))


def sparse() -> Any:
    values, places = tensor("sparse", FLOAT, (1,), [1.0]), tensor("", INT64, (1,), [0])
    return onnx.helper.make_sparse_tensor(values, places, [1 << 33])


def floats(*numbers: float) -> Callable[[Any], None]:
    """The first numbers of a weight replaced."""

    def change(found: Any) -> None:
        found.raw_data = np.array(numbers, dtype="<f4").tobytes() + found.raw_data[4 * len(numbers) :]

    return change


def endless_loop() -> Any:
    step = [declared("i", INT64, []), declared("go", BOOL, [])]
    body = onnx.helper.make_graph([node("Identity", ["go"], ["on"])], "body", step, [declared("on", BOOL, [])])
    return node("Loop", ["n", ""], ["more"], body=body)


INNER = node("Constant", [], ["inner"], value_float=1.0)
DOUBLED = [node("Concat", [f"d{i}", f"d{i}"], [f"d{i + 1}"], axis=0) for i in range(40)]
FORGERIES: dict[str, Forgery] = {
    # files
    "a file": external("/etc/passwd"),
    "a file in the working directory": external("secret.bin", offset="0", length="1536"),
    "a file above": external("../../../../etc/hostname"),
    "an address in memory": external("*/_ORT_MEM_ADDR_/*", offset="4096", length="1536"),
    "a file with a checksum": external("secret.bin", checksum="0"),
    "a file named beside the numbers": of_weight("norm.bias", lambda one: one.external_data.add(key="location")),
    "the mark of a file beside the numbers": of_weight(
        "norm.bias", lambda one: setattr(one, "data_location", EXTERNAL)
    ),
    "a file in a constant": of_node("Constant", lambda one: make_external(one.attribute[0].t, "/etc/passwd")),
    "a file in a branch": behind(*if_else(external_constant())),
    "a file in a function": both(
        function("ours", "f", external_constant()), behind(node("f", ["x"], ["more"], domain="ours"), domain="ours")
    ),
    # what is no plain arithmetic
    "a function in place of an operator": function("", "Erf", node("RandomNormalLike", ["x"], ["inner"])),
    "an operator of Microsoft": behind(
        node("Gelu", ["before"], ["more"], domain="com.microsoft"), domain="com.microsoft"
    ),
    "an operator of a custom domain": behind(node("Run", ["before"], ["more"], domain="strange"), domain="strange"),
    "a domain that is not used": (lambda model: model.opset_import.add(domain="com.microsoft", version=1)),
    "another opset": (lambda model: setattr(model.opset_import[0], "version", 18)),
    "another version of the format": (lambda model: setattr(model, "ir_version", 9)),
    "a branch": behind(*if_else(INNER)),
    "an endless loop": behind(whole("n", (1 << 63) - 1, dims=()), endless_loop()),
    "a scan": behind(node("Scan", ["before"], ["more"], body=graph_of(INNER), num_scan_inputs=1)),
    "random numbers": behind(node("RandomNormalLike", ["before"], ["more"])),
    "random bits": behind(node("Softmax", ["before"], ["p"]), node("Bernoulli", ["p"], ["more"])),
    "training": (lambda model: model.training_info.add().algorithm.CopyFrom(graph_of(INNER))),
    # memory and time
    "gigabytes of zeros": behind(whole("n", 1 << 33), node("ConstantOfShape", ["n"], ["more"])),
    "an array expanded": behind(whole("n", 1 << 15, 1, 1, 1), node("Expand", ["before", "n"], ["more"])),
    "an array tiled": behind(whole("n", 1 << 15, 1, 1), node("Tile", ["before", "n"], ["more"])),
    "an array padded": behind(whole("n", 0, 0, 0, 1 << 30, 0, 0), node("Pad", ["before", "n"], ["more"])),
    "a long range": behind(
        *(whole(name, value, dims=()) for name, value in (("a", 0), ("b", 1 << 40), ("c", 1))),
        node("Range", ["a", "b", "c"], ["r"]),
        node("Cast", ["r"], ["more"], to=FLOAT),
    ),
    "an array doubled forty times": behind(
        node("Identity", ["before"], ["d0"]), *DOUBLED, node("Identity", ["d40"], ["more"])
    ),
    "an outer product": behind(
        whole("n", -1, 1), node("Reshape", ["before", "n"], ["tall"]), node("Mul", ["tall", "before"], ["more"])
    ),
    "another constant": of_node(
        "Constant", lambda one: setattr(one.attribute[0].t, "raw_data", b"\xff" * 5 + bytes(3))
    ),
    "a sparse weight": (lambda model: model.graph.sparse_initializer.append(sparse())),
    "a sparse constant": behind(node("Constant", [], ["more"], sparse_value=sparse())),
    "text": (lambda model: model.graph.initializer.append(tensor("text", TEXT, (1,), [b"x"]))),
    # what stands around the arithmetic
    "metadata": (lambda model: model.metadata_props.add(key="a", value="b")),
    "a note on a node": of_node("Softmax", lambda one: setattr(one, "doc_string", "x" * 1000)),
    "a note on quantization": (lambda model: model.graph.quantization_annotation.add(tensor_name="norm.bias")),
    "another name": (lambda model: setattr(model.graph, "name", "another")),
    "a third input": (lambda model: model.graph.input.append(declared("third", FLOAT, [1]))),
    "a weight as an input": (lambda model: model.graph.input.append(declared("norm.bias", FLOAT, [384]))),
    "a second output": (lambda model: model.graph.output.append(declared("norm.bias", FLOAT, [384]))),
    "another output": (lambda model: setattr(model.graph.output[0], "name", "before")),
    "one row for many texts": behind(node("ReduceMax", ["before"], ["more"], axes=[0], keepdims=1)),
    "another width": (lambda model: model.graph.output[0].type.tensor_type.shape.dim[2].Clear()),
    # weights
    "another type": of_weight("norm.bias", lambda one: setattr(one, "data_type", INT32)),
    "another shape": of_weight("norm.bias", lambda one: one.dims.append(1)),
    "a negative shape": of_weight("norm.bias", lambda one: one.dims.__setitem__(0, -384)),
    "a shape of a terabyte": of_weight("norm.bias", lambda one: one.dims.__setitem__(0, 1 << 38)),
    "a shape that overflows": of_weight("norm.bias", lambda one: one.dims.extend([1 << 62, 4])),
    "too few bytes": of_weight("norm.bias", lambda one: setattr(one, "raw_data", one.raw_data[:-4])),
    "too many bytes": of_weight("norm.bias", lambda one: setattr(one, "raw_data", one.raw_data + bytes(4))),
    "numbers in two fields": of_weight("norm.bias", lambda one: one.float_data.extend([0.0] * 384)),
    "a weight in parts": of_weight("norm.bias", lambda one: setattr(one.segment, "begin", 0)),
    "a missing weight": (lambda model: model.graph.initializer.pop()),
    "a weight twice": (lambda model: model.graph.initializer.append(model.graph.initializer[0])),
    "no number": of_weight("norm.bias", floats(np.nan)),
    "an infinite number": of_weight("word.weight.scale", floats(1.0, -np.inf)),
    "numbers that overflow": of_weight("norm.weight", floats(*[3e38] * 384)),
    # other arithmetic
    "a missing node": (lambda model: model.graph.node.pop()),
    "nodes in another order": (lambda model: model.graph.node.reverse()),
    "a circle": (lambda model: model.graph.node[0].input.__setitem__(0, "last_hidden_state")),
    "another attribute": of_node("Softmax", lambda one: setattr(one.attribute[0], "i", 0)),
    "another operator": of_node("Max", lambda one: setattr(one, "op_type", "Min")),
}
BYTES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda graph: b"",
    "text": lambda graph: b"no graph at all",
    "the format of onnxruntime": lambda graph: b"\x20\0\0\0ORTM" + bytes(100),
    "a graph that is cut off": lambda graph: graph[:-100],
    "a byte more": lambda graph: graph + b"\0",
    "a field that nobody knows": lambda graph: graph + b"\xfa\x7f\x01x",
    "a second graph, to be merged": lambda graph: graph + onnx.ModelProto(graph=graph_of(INNER)).SerializeToString(),
    "the graph twice": lambda graph: graph + graph,
    "a length beyond the end": lambda graph: b"\x3a\xff\xff\xff\xff\x7f",
    "a number without end": lambda graph: b"\xff" * 1000,
    "a group of old": lambda graph: b"\x3b\x3c",
    "ten million fields": lambda graph: b"\x08\x08" * 10_000_000,
    "ten million empty graphs": lambda graph: b"\x3a\0" * 10_000_000,
}


def forged(name: str, parsed: Model, graph: bytes) -> bytes:
    if name in BYTES:
        return BYTES[name](graph)
    model = copy.deepcopy(parsed)
    FORGERIES[name](model)
    return bytes(model.SerializeToString())


def with_graph(encoder: TransformerEncoder, graph: bytes) -> dict[str, NDArray[np.uint8]]:
    return encoder.arrays() | {"graph": np.frombuffer(graph, dtype=np.uint8)}


@pytest.mark.parametrize("name", [*FORGERIES, *BYTES])
def test_a_forged_graph_is_refused_before_onnxruntime_sees_it(
    name: str, parsed: Model, encoder: TransformerEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = forged(name, parsed, encoder.graph)
    assert graph != encoder.graph
    if name != "numbers that overflow":  # no number of it is wrong by itself; the vectors show it
        monkeypatch.setattr(onnx_model, "import_onnxruntime", lambda: pytest.fail("onnxruntime has seen it"))
    with pytest.raises(ValueError, match="The encoder's graph"):
        TransformerEncoder.from_arrays(with_graph(encoder, graph))


@pytest.mark.parametrize("name", ["a file in the working directory", "gigabytes of zeros", "no number", "text"])
def test_a_model_folder_with_a_forged_graph_and_right_hashes_is_refused(
    name: str,
    accurate_model: SpoilerClassifier,
    parsed: Model,
    encoder: TransformerEncoder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forger = copy.copy(accurate_model)
    forger.vectorizer_ = copy.copy(accurate_model.vectorizer_)
    forger.vectorizer_.encoder = TransformerEncoder(forged(name, parsed, encoder.graph), encoder.vocabulary)
    with monkeypatch.context() as without_check:
        without_check.setattr(folder, "read", lambda *parts: None)
        spoilerguard.save(forger, tmp_path / "model")
    with pytest.raises(ModelFormatError, match="The encoder's graph"):
        spoilerguard.load(tmp_path / "model")


def test_our_graph_passes_with_any_finite_weights(encoder: TransformerEncoder, parsed: Model) -> None:
    check_graph(encoder.graph)
    model = copy.deepcopy(parsed)
    for one in model.graph.initializer:
        one.raw_data = bytes(len(one.raw_data))
    zeros = model.SerializeToString()
    check_graph(zeros)
    assert structure_of(zeros) == structure_of(encoder.graph)


def test_what_is_left_out_of_the_structure_is_the_numbers_of_weights_and_no_more(
    encoder: TransformerEncoder, parsed: Model
) -> None:
    found = [(is_float, encoder.graph[start:end]) for is_float, start, end in _weights(encoder.graph)]
    assert found == [(one.data_type == FLOAT, one.raw_data) for one in parsed.graph.initializer]


def damaged(graph: bytes, random: np.random.Generator) -> bytes:
    """Some bytes changed, taken out, put in or copied; half of the time near a weight's head, or among the nodes."""
    places = [start for _, start, _ in _weights(graph)]
    made = bytearray(graph)
    for _ in range(random.integers(1, 4)):
        place = int(random.choice(places) - random.integers(1, 40)) if random.random() < 0.5 else None
        place = int(random.integers(len(made) if random.random() < 0.5 else 60_000)) if place is None else place
        length = int(random.integers(1, 9))
        match random.integers(5):
            case 0:
                made[place] ^= 1 << int(random.integers(8))
            case 1:
                made[place : place + length] = random.bytes(length)
            case 2:
                del made[place : place + length]
            case 3:
                made[place:place] = random.choice(
                    [random.bytes(length), b"\x70\x01", b"\x6a\x03\x0a\x01x", b"\x2a\x00"]
                )
            case _:
                made[place:place] = made[place : place + 50 * length]
    return bytes(made)


@pytest.mark.slow
def test_no_damage_passes_but_in_the_numbers_of_weights(encoder: TransformerEncoder) -> None:
    random, graph = np.random.default_rng(0), encoder.graph
    ours, is_weight = np.frombuffer(graph, dtype=np.uint8), np.zeros(len(graph), dtype=np.bool_)
    for _, start, end in _weights(graph):
        is_weight[start:end] = True
    for _ in range(1000):
        made = damaged(graph, random)
        found = np.frombuffer(made, dtype=np.uint8)
        only_weights = len(found) == len(ours) and bool(is_weight[found != ours].all())
        finite = only_weights and all(
            np.isfinite(np.frombuffer(made[start:end], dtype="<f4")).all()
            for is_float, start, end in _weights(graph)
            if is_float
        )
        with contextlib.nullcontext() if finite else pytest.raises(ValueError, match="The encoder's graph"):
            check_graph(made)


EXTREMES = np.array([0, -0.0, 1e-45, -1e-38, 1e-12, 1, -1, 1e18, -1e18, 1e30, 3.4e38, -3.4e38], dtype="<f4")


def with_other_weights(graph: bytes, random: np.random.Generator) -> bytes:
    """Some weights, or all, replaced by numbers that are finite and otherwise anything."""
    made, share = bytearray(graph), random.choice([0.02, 0.2, 1])
    for is_float, start, end in _weights(graph):
        if random.random() < share:
            n = (end - start) // 4
            made[start:end] = random.choice(EXTREMES, n).tobytes() if is_float else random.bytes(end - start)
    return bytes(made)


def reads_or_refuses(encoder: TransformerEncoder, first: int, last: int) -> None:
    """Runs in a process of its own, which would die or grow where onnxruntime does."""
    resource = pytest.importorskip("resource", reason="bounds on a process's memory need a Unix")
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    batch = tokenize(["In the end the butler dies.", "Lovely music, and a story that is new.", "qzx"])
    for seed in range(first, last):
        arrays = encoder.arrays()
        graph = with_other_weights(encoder.graph, np.random.default_rng(seed))
        arrays["graph"] = np.frombuffer(graph, dtype=np.uint8)
        with contextlib.suppress(ModelFormatError):  # "no finite vector of each word piece"
            again = TransformerEncoder.from_arrays(arrays)
            vectors = again.encode(batch)
            assert np.isfinite(vectors).all()
            assert np.isfinite(again.encode_reviews([batch], np.array([3]), vectors)).all()


@pytest.mark.slow
@pytest.mark.parametrize("first", [0, 20, 40, 60, 80])
def test_no_weights_end_the_process_or_give_vectors_that_are_not_finite(
    encoder: TransformerEncoder, first: int
) -> None:
    child = multiprocessing.get_context("spawn").Process(target=reads_or_refuses, args=(encoder, first, first + 20))
    child.start()
    child.join(300)
    try:
        assert child.exitcode == 0
    finally:
        child.kill()
