"""The student's weights in torch → `spoilerguard.encoders.ConvolutionalEncoder`: 8 bits a weight."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders import ConvolutionalEncoder, Vocabulary
from spoilerguard.encoders.convolutional import SENTENCE_STEP
from spoilerguard.encoders.gated_convolution import GatedConvolution
from spoilerguard.encoders.word_network import WORD_STEP, WordNetwork
from spoilerguard.features import tokenize

if TYPE_CHECKING:
    from student import Student

__all__ = ["packed", "packed_words", "repacked"]

HIGHEST = 127
CLIPPED = 0.0002  # share of each dimension's numbers that are cut off, so that the others keep finer steps


def packed(student: Path, words: Path) -> ConvolutionalEncoder:
    """The encoder that `student` and its vocabulary, `words`, describe."""
    with np.load(student) as arrays:
        state = {name: array.astype(np.float32) for name, array in arrays.items()}
    hashes, rows = _hashes(list(json.loads(words.read_text("utf-8")))[: len(state["words.weight"]) - 1])
    return _encoder(Vocabulary(hashes), state | {"words.weight": state["words.weight"][np.append(rows, -1)]})


def repacked(student: "Student", encoder: ConvolutionalEncoder) -> ConvolutionalEncoder:
    """The encoder after a further lesson, on the same words; its skimmer, if any, guesses the vectors of before."""
    state = {name: tensor.detach().numpy().astype(np.float32) for name, tensor in student.state_dict().items()}
    plan = student.plan
    plans = {f"plan.{name}": np.array(getattr(plan, name)) for name in ("dilations", "review_dilations")}
    return replace(_encoder(encoder.vocabulary, state | plans), skimmer=encoder.skimmer)


def _encoder(vocabulary: Vocabulary, state: dict[str, NDArray[np.float32]]) -> ConvolutionalEncoder:
    return ConvolutionalEncoder(
        vocabulary=vocabulary,
        words=packed_words(state),
        entry=state["into_review.weight"].T.astype(np.float64),
        entry_bias=state["into_review.bias"].astype(np.float64),
        reviews=_layers(state, "review", "plan.review_dilations", SENTENCE_STEP),
    )


def packed_words(state: dict[str, NDArray[np.float32]]) -> WordNetwork:
    """The network over words, from the state of one in torch and its dilations."""
    vectors = state["words.weight"]
    scale = np.quantile(np.abs(vectors), 1 - CLIPPED, axis=0).astype(np.float32) / HIGHEST
    return WordNetwork(
        vectors=np.clip(np.rint(vectors / scale), -HIGHEST, HIGHEST).astype(np.int8),
        scale=scale,
        layers=_layers(state, "convolutions", "plan.dilations", WORD_STEP),
        attention=state["attention.weight"].T.astype(np.float64),
        attention_bias=state["attention.bias"].astype(np.float64),
    )


def _hashes(words: list[str]) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """Ascending hashes of the words, and the row of each; of two words with one hash the more frequent one."""
    hashes = tokenize(words).hashes
    if len(hashes) != len(words):
        raise ValueError("each entry of the vocabulary must be one normalized word")
    return np.unique(hashes, return_index=True)


def _layers(
    state: dict[str, NDArray[np.float32]], name: str, dilations: str, step: float
) -> tuple[GatedConvolution, ...]:
    layers = []
    for number, dilation in enumerate(state[dilations].astype(int).tolist()):
        weight, bias = (state[f"{name}.{number}.linear.{part}"] for part in ("weight", "bias"))
        scale = np.maximum(np.abs(weight).max(axis=1), np.float32(1e-9)) / np.float32(HIGHEST)
        layers.append(GatedConvolution(np.rint(weight / scale[:, None]).T.copy(), scale, bias, dilation, step))
    return tuple(layers)
