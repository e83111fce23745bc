"""Published checkpoints → one file of arrays under the names of `transformer.py`, in 8 bits a weight.

    python models/checkpoints.py minilm|mpnet SAFETENSORS OUTPUT.npz

Every 64 neighbouring weights share a scale: what is lost is little beside what fine-tuning moves, and the file travels.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformer import MINILM, MPNET, Shape, Transformer

__all__ = ["load", "pack", "unpack"]

_RUN = 64  # neighbouring weights that share a scale
_SHAPES = {"minilm": MINILM, "mpnet": MPNET}
_NAMES = {
    "minilm": {
        "q": "attention.self.query",
        "k": "attention.self.key",
        "v": "attention.self.value",
        "out": "attention.output.dense",
        "norm1": "attention.output.LayerNorm",
    },
    "mpnet": {
        "q": "attention.attn.q",
        "k": "attention.attn.k",
        "v": "attention.attn.v",
        "out": "attention.attn.o",
        "norm1": "attention.LayerNorm",
    },
}
_REST = {"up": "intermediate.dense", "down": "output.dense", "norm2": "output.LayerNorm"}


def converted(kind: str, file: Path) -> dict[str, NDArray[np.float32]]:
    """The arrays of a published checkpoint, renamed."""
    from safetensors.numpy import load_file

    old = load_file(file)
    old = {name.removeprefix("mpnet.").removeprefix("bert."): array.astype(np.float32) for name, array in old.items()}
    place = old["embeddings.position_embeddings.weight"]
    if "embeddings.token_type_embeddings.weight" in old:  # every token is of the first type
        place = place + old["embeddings.token_type_embeddings.weight"][0]
    new = {"word.weight": old["embeddings.word_embeddings.weight"], "place.weight": place}
    for part in ("weight", "bias"):
        new[f"norm.{part}"] = old[f"embeddings.LayerNorm.{part}"]
        for layer in range(_SHAPES[kind].layers):
            there = f"encoder.layer.{layer}."
            names = _NAMES[kind] | _REST
            new[f"layers.{layer}.qkv.{part}"] = np.concatenate([old[f"{there}{names[one]}.{part}"] for one in "qkv"])
            for name in ("out", "norm1", "up", "down", "norm2"):
                new[f"layers.{layer}.{name}.{part}"] = old[f"{there}{names[name]}.{part}"]
    if kind == "mpnet":
        new["relative.weight"] = old["encoder.relative_attention_bias.weight"]
    return new


def pack(arrays: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.generic]]:
    """Matrices in 8 bits with a scale for each run; the rest as it is."""
    packed: dict[str, NDArray[np.generic]] = {}
    for name, array in arrays.items():
        if array.ndim == 2 and array.size > 50_000:
            runs = array.reshape(-1, _RUN)
            scale = np.maximum(np.abs(runs).max(axis=1, keepdims=True) / 127, 1e-7).astype(np.float16)
            packed[name] = np.rint(runs / scale.astype(np.float32)).clip(-127, 127).astype(np.int8).reshape(array.shape)
            packed[name + ":scale"] = scale
        else:
            packed[name] = array.astype(np.float32)
    return packed


def unpack(packed: dict[str, NDArray[np.generic]]) -> dict[str, torch.Tensor]:
    """What `pack` has packed, as a state of `Transformer`."""
    state = {}
    for name, array in packed.items():
        if not name.endswith(":scale"):
            values, scale = np.asarray(array, dtype=np.float32), packed.get(name + ":scale")
            if scale is not None:
                values = (values.reshape(-1, _RUN) * scale.astype(np.float32)).reshape(values.shape)
            state[name] = torch.from_numpy(values)
    return state


def load(kind: str, *files: Path) -> Transformer:
    """A transformer with the weights of the files."""
    packed: dict[str, NDArray[np.generic]] = {}
    for file in files:
        with np.load(file) as arrays:
            packed |= dict(arrays)
    return built(_SHAPES[kind], unpack(packed))


def built(shape: Shape, state: dict[str, torch.Tensor]) -> Transformer:
    """A transformer in this state."""
    model = Transformer(shape, len(state["word.weight"]), len(state["place.weight"]))
    model.load_state_dict(state)
    return model


def main() -> None:
    """Convert, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=sorted(_SHAPES))
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--parts", type=int, default=1, help="files to spread it over")
    options = parser.parse_args()
    packed = pack(converted(options.kind, options.checkpoint))
    names = list(packed)
    total, done, part = sum(array.nbytes for array in packed.values()), 0, 0
    spread: list[dict[str, NDArray[np.generic]]] = [{} for _ in range(options.parts)]
    for name in names:
        spread[min(part, options.parts - 1)][name] = packed[name]
        done += packed[name].nbytes
        part = done * options.parts // total
    for number, arrays in enumerate(spread):
        file = options.output if options.parts == 1 else options.output.with_suffix(f".{number}.npz")
        np.savez(file, **arrays)
        print(file.name, file.stat().st_size >> 20, "MiB")


if __name__ == "__main__":
    main()
