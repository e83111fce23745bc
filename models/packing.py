"""The student's weights in torch → `spoilerguard.encoders.ConvolutionalEncoder`: 8 bits a word vector, 16 the rest."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders import ConvolutionalEncoder, Vocabulary
from spoilerguard.encoders.gates import Gate
from spoilerguard.features.blocks import words_block
from spoilerguard.features.folding import fold

__all__ = ["packed"]

CLIPPED = 0.0002  # share of each dimension's numbers that are cut off, so that the others keep finer steps


def packed(student: Path, words: Path) -> ConvolutionalEncoder:
    """The encoder that `student` and its vocabulary, `words`, describe."""
    with np.load(student) as arrays:
        state = {name: array.astype(np.float32) for name, array in arrays.items()}
    hashes, rows = _hashes(list(json.loads(words.read_text("utf-8")))[: len(state["words.weight"]) - 1])
    vectors = state["words.weight"][np.append(rows, -1)]
    scale = _half(np.quantile(np.abs(vectors), 1 - CLIPPED, axis=0) / 127)
    return ConvolutionalEncoder(
        vocabulary=Vocabulary(hashes),
        vectors=np.clip(np.rint(vectors / scale), -127, 127).astype(np.int8),
        scale=scale,
        words=_gates(state, "convolutions", "plan.dilations"),
        attention=_half(state["attention.weight"].T),
        attention_bias=_half(state["attention.bias"]),
        entry=_half(state["into_review.weight"].T),
        entry_bias=_half(state["into_review.bias"]),
        reviews=_gates(state, "review", "plan.review_dilations"),
    )


def _hashes(words: list[str]) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """Ascending hashes of the words, and the row of each; of two words with one hash the more frequent one."""
    (hashed,) = words_block(fold(words), 1, 2**4)
    if len(hashed.grams.hashes) != len(words):
        raise ValueError("each entry of the vocabulary must be one folded word")
    return np.unique(hashed.grams.hashes, return_index=True)


def _gates(state: dict[str, NDArray[np.float32]], name: str, dilations: str) -> tuple[Gate, ...]:
    return tuple(
        Gate(_half(state[f"{name}.{k}.linear.weight"].T), _half(state[f"{name}.{k}.linear.bias"]), int(dilation))
        for k, dilation in enumerate(state[dilations])
    )


def _half(values: NDArray[Any]) -> NDArray[np.float32]:
    """Rounded as it will be stored."""
    return np.ascontiguousarray(values).astype(np.float16).astype(np.float32)
