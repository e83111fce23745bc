"""A BERT-like encoder in torch, small enough to read: MiniLM (absolute places) and MPNet (relative ones) alike.

Devlin et al. 2019, "BERT"; Wang et al. 2020, "MiniLM"; Song et al. 2020, "MPNet". Weights come from the published
checkpoints, a file of arrays under the names below (`checkpoints.py` writes it).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["MINILM", "MPNET", "Shape", "Transformer"]


@dataclass(frozen=True, slots=True)
class Shape:
    """What tells one checkpoint from another."""

    width: int
    layers: int
    heads: int
    epsilon: float
    first_place: int  # row of the first token among the place vectors
    shift: int  # what is added to a row of BERT's vocabulary
    begin: int
    end: int
    mask: int
    relative: bool


MINILM = Shape(384, 6, 12, 1e-12, 0, 0, 101, 102, 103, relative=False)
MPNET = Shape(768, 12, 12, 1e-5, 2, 4, 0, 2, 30526, relative=True)
_BUCKETS, _FARTHEST = 32, 128


class Transformer(nn.Module):
    """Word pieces → one vector for each."""

    def __init__(self, shape: Shape, vocabulary: int, places: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.shape = shape
        self.word = nn.Embedding(vocabulary, shape.width)
        self.place = nn.Embedding(places, shape.width)
        self.norm = nn.LayerNorm(shape.width, shape.epsilon)
        self.layers = nn.ModuleList(_Layer(shape, dropout) for _ in range(shape.layers))
        self.relative = nn.Embedding(_BUCKETS, shape.heads) if shape.relative else None
        self.dropout = dropout

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Vectors of word pieces, shape (n_texts, length, width); `attention_mask` is False on padding."""
        places = torch.arange(input_ids.shape[1], device=input_ids.device) + self.shape.first_place
        found: Tensor = self.norm(self.word(input_ids) + self.place(places))
        found = functional.dropout(found, self.dropout, self.training)
        bias = self._bias(input_ids.shape[1], attention_mask, found)
        for layer in self.layers:
            found = layer(found, bias)
        return found

    def _bias(self, length: int, attention_mask: Tensor, like: Tensor) -> Tensor:
        dtype = (
            torch.get_autocast_dtype(like.device.type) if torch.is_autocast_enabled(like.device.type) else like.dtype
        )
        absent = torch.zeros(attention_mask.shape, dtype=dtype, device=like.device)
        absent = absent.masked_fill(~attention_mask, -1e4)[:, None, None]
        if self.relative is None:
            return absent.expand(-1, 1, length, -1)
        with torch.no_grad():
            near = self.relative.weight[_bucket(length).to(like.device)].permute(2, 0, 1)[None]
        return absent + near.to(dtype)


class _Layer(nn.Module):
    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = shape.heads, dropout
        self.qkv = nn.Linear(shape.width, 3 * shape.width)
        self.out = nn.Linear(shape.width, shape.width)
        self.norm1 = nn.LayerNorm(shape.width, shape.epsilon)
        self.up = nn.Linear(shape.width, 4 * shape.width)
        self.down = nn.Linear(4 * shape.width, shape.width)
        self.norm2 = nn.LayerNorm(shape.width, shape.epsilon)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        n_texts, length, width = x.shape
        split = self.qkv(x).view(n_texts, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = split.unbind(0)
        mixed = functional.scaled_dot_product_attention(query, key, value, bias)
        mixed = self.out(mixed.transpose(1, 2).reshape(n_texts, length, width))
        x = self.norm1(x + functional.dropout(mixed, self.dropout, self.training))
        transformed = self.down(functional.gelu(self.up(x)))
        found: Tensor = self.norm2(x + functional.dropout(transformed, self.dropout, self.training))
        return found


def _bucket(length: int) -> Tensor:
    """MPNet's bucket of the distance from each place to each other one (as T5's, both ways)."""
    place = torch.arange(length)
    ahead = place[:, None] - place[None, :]
    half, exact = _BUCKETS // 2, _BUCKETS // 4
    side = (ahead < 0).long() * half
    distance = ahead.abs()
    scaled = torch.log(distance.clamp(min=1).float() / exact) / np.log(_FARTHEST / exact) * (half - exact)
    far = (exact + scaled.long()).clamp(max=half - 1)
    return side + torch.where(distance < exact, distance, far)
