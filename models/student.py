"""The student in torch: what `spoilerguard.encoders.convolutional` computes in numpy, so that it can be taught.

Words → vectors → gated convolutions over neighbouring words (Dauphin et al. 2017, "Language Modeling with Gated
Convolutional Networks") → a sum weighted by attention: the vector of a sentence. Sentences of a review → gated
convolutions over neighbouring sentences: its vector in the review. Everything lies flat, sentence behind sentence.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Plan", "Review", "Student"]

SHRINKAGE = 0.3  # as in spoilerguard.encoders
MAX_ATTENTION = 8.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of a student."""

    width: int = 128
    dilations: tuple[int, ...] = (1, 2)
    poolings: int = 2
    review_width: int = 96
    review_dilations: tuple[int, ...] = (1, 2)


@dataclass(frozen=True, slots=True)
class Review:
    """A batch: words and the sentence of each, counted from 0; the review of each sentence, its place and the size."""

    words: Tensor
    sentence: Tensor
    n_sentences: int
    review: Tensor
    n_reviews: int
    place: Tensor  # of each sentence in its review, from 0
    size: Tensor  # of its review


class Gated(nn.Module):
    """``x + tanh(W x') * sigmoid(V x')``, where ``x'`` holds the neighbours, zero beyond the edges."""

    def __init__(self, width: int, reach: int, dilation: int, more: int = 0) -> None:
        super().__init__()
        self.reach, self.dilation = reach, dilation
        self.linear = nn.Linear((2 * reach + 1) * width + more, 2 * width)

    def forward(self, x: Tensor, owner: Tensor, more: Tensor | None = None) -> Tensor:
        """Values of all places, `owner` saying which of them are neighbours."""
        shifts = range(-self.reach * self.dilation, self.reach * self.dilation + 1, self.dilation)
        columns = [x if by == 0 else shifted(x, owner, by) for by in shifts]
        value, gate = self.linear(torch.cat(columns if more is None else [*columns, more], dim=1)).chunk(2, dim=1)
        return x + torch.tanh(value) * torch.sigmoid(gate)


def shifted(x: Tensor, owner: Tensor, by: int) -> Tensor:
    """Row ``k`` is row ``k + by`` of `x`, zero where that is another owner's."""
    n = len(x)
    if abs(by) >= n:
        return torch.zeros_like(x)
    if by < 0:
        same = (owner[-by:] == owner[:by])[:, None]
        return torch.cat([x.new_zeros(-by, x.shape[1]), x[:by] * same])
    same = (owner[:-by] == owner[by:])[:, None]
    return torch.cat([x[by:] * same, x.new_zeros(by, x.shape[1])])


class Student(nn.Module):
    """Vectors of sentences alone and in their review."""

    def __init__(self, n_words: int, plan: Plan, n_heads: int, n_hints: int) -> None:
        super().__init__()
        width, inner = plan.width, plan.review_width
        self.plan = plan
        self.words = nn.Embedding(n_words + 1, width)  # the last row stands for unknown words
        self.convolutions = nn.ModuleList(Gated(width, 1, dilation) for dilation in plan.dilations)
        self.attention = nn.Linear(width, plan.poolings)
        self.into_review = nn.Linear(plan.poolings * width + 4, inner)
        self.review = nn.ModuleList(
            Gated(inner, 2, dilation, more=inner if number == 0 else 0)
            for number, dilation in enumerate(plan.review_dilations)
        )
        self.head_alone = nn.Linear(plan.poolings * width, n_heads)
        self.head_review = nn.Linear(inner + plan.poolings * width, n_heads)
        self.hints = nn.Linear(plan.poolings * width, n_hints)

    def sentences(self, batch: Review, dropout: float = 0.0) -> Tensor:
        """Vectors of sentences, shape (n_sentences, poolings * width)."""
        words = batch.words
        if self.training and dropout:
            lost = torch.rand(words.shape, device=words.device) < dropout
            words = torch.where(lost, self.words.num_embeddings - 1, words)
        x = self.words(words)
        for convolution in self.convolutions:
            x = convolution(x, batch.sentence)
        weight = torch.exp(self.attention(x).clamp(-MAX_ATTENTION, MAX_ATTENTION))
        values = torch.cat([x * weight[:, k : k + 1] for k in range(weight.shape[1])] + [weight], dim=1)
        sums = torch.zeros(batch.n_sentences, values.shape[1], device=x.device).index_add_(
            0, batch.sentence, values.float()
        )
        total = sums[:, -weight.shape[1] :] + SHRINKAGE
        return sums[:, : -weight.shape[1]] / total.repeat_interleave(x.shape[1], dim=1)

    def in_review(self, found: Tensor, batch: Review) -> Tensor:
        """Vectors of sentences in their review, shape (n_sentences, review_width)."""
        place, size = batch.place.float(), batch.size.float()
        places = [place / (size - 1).clamp(min=1), (place == size - 1).float(), torch.log1p(size), torch.log1p(place)]
        x = torch.tanh(self.into_review(torch.cat([found, torch.stack(places, 1)], dim=1)))
        sums = torch.zeros(batch.n_reviews, x.shape[1], device=x.device).index_add_(0, batch.review, x.float())
        mean = sums / torch.bincount(batch.review, minlength=batch.n_reviews).clamp(min=1)[:, None]
        for number, convolution in enumerate(self.review):
            x = convolution(x, batch.review, mean[batch.review] if number == 0 else None)
        return x

    def forward(self, batch: Review, dropout: float) -> tuple[Tensor, Tensor, Tensor]:
        """Logits alone, logits in the review, hints."""
        found = self.sentences(batch, dropout)
        kept = functional.dropout(found, 0.1, self.training)
        inner = functional.dropout(self.in_review(kept, batch), 0.1, self.training)
        return self.head_alone(kept), self.head_review(torch.cat([inner, kept], dim=1)), self.hints(kept)
