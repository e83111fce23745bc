"""The student: a table of words, pooled exactly as `spoilerguard.encoder` pools it, that learns a teacher's vectors.

Behind the pooling stand a small hidden layer and a linear skip. They only serve the lesson: they may bend the pooled
vector towards the teacher's, so that it need not be alike itself, only hold what the teacher knows. They are thrown
away afterwards, since a head on top of them scored no better (see `build_encoder`).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Lessons", "Student", "teach"]

_HIDDEN = 256
_SHRINKAGE = 0.3  # as in spoilerguard.encoder
_WORD_DROPOUT = 0.1
_BATCH = 1024
_HELD_OUT = 4000  # sentences on which the loss is shown
_RATES = {"words": 4e-3, "importance": 8e-3, "layers": 4e-3}


@dataclass(frozen=True, slots=True)
class Lessons:
    """Sentences as rows of the table, ``words[edges[k]:edges[k + 1]]``, and the vector that each should have."""

    words: NDArray[np.int64]
    edges: NDArray[np.int64]
    targets: NDArray[np.float32]

    def take(self, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
        """Words of these sentences, the offset of each sentence in them, and the targets."""
        lengths = np.diff(self.edges)[rows]
        offsets = np.cumsum(lengths) - lengths
        place = np.arange(lengths.sum()) + np.repeat(self.edges[rows] - offsets, lengths)
        return torch.from_numpy(self.words[place]), torch.from_numpy(offsets), torch.from_numpy(self.targets[rows])


class Student(nn.Module):
    """Word vectors and the logarithm of each word's importance; both start from what is known already."""

    def __init__(self, vectors: NDArray[np.float32], importance: NDArray[np.floating[Any]], n_targets: int) -> None:
        super().__init__()
        self.vectors = nn.Parameter(torch.from_numpy(vectors))
        self.log_importance = nn.Parameter(torch.from_numpy(importance).float().log())
        self.hidden = nn.Linear(vectors.shape[1], _HIDDEN)
        self.out = nn.Linear(_HIDDEN, n_targets)
        self.skip = nn.Linear(vectors.shape[1], n_targets, bias=False)

    def pool(self, words: Tensor, offsets: Tensor, kept: Tensor | None = None) -> Tensor:
        """Pooled vectors; `kept` is 0 for a word that is dropped."""
        importance = self.log_importance.exp()[:, None]
        table = torch.cat([self.vectors * importance, importance], dim=1)
        sums = functional.embedding_bag(words, table, offsets, mode="sum", per_sample_weights=kept)
        return sums[:, :-1] / (sums[:, -1:] + _SHRINKAGE)

    def forward(self, words: Tensor, offsets: Tensor, kept: Tensor | None = None) -> Tensor:
        """What the student believes the teacher's vectors to be."""
        pooled = self.pool(words, offsets, kept)
        bent: Tensor = self.out(torch.tanh(self.hidden(pooled))) + self.skip(pooled)
        return bent


def teach(student: Student, lessons: Lessons, epochs: int, seed: int) -> None:
    """Train on all sentences of at least two known words but the last ones, on which the loss is shown."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    usable = np.flatnonzero(np.diff(lessons.edges) > 1)
    n_held_out = min(_HELD_OUT, len(usable) // 10)
    learnt, held_out = usable[:-n_held_out], usable[-n_held_out:]
    size = min(_BATCH, len(learnt))
    n_steps = len(learnt) // size
    layers = [*student.hidden.parameters(), *student.out.parameters(), *student.skip.parameters()]
    groups = {"words": [student.vectors], "importance": [student.log_importance], "layers": layers}
    optimizer = torch.optim.Adam([{"params": groups[name], "lr": rate} for name, rate in _RATES.items()])
    rise_and_fall = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, list(_RATES.values()), total_steps=epochs * n_steps, pct_start=0.1
    )
    for epoch in range(epochs):
        order = rng.permutation(learnt)
        for step in range(n_steps):
            words, offsets, targets = lessons.take(order[step * size : (step + 1) * size])
            kept = (torch.rand(len(words)) > _WORD_DROPOUT).float()
            loss = _loss(student(words, offsets, kept), targets)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            rise_and_fall.step()
        print(
            f"epoch {epoch + 1}: loss on held-out sentences {_held_out_loss(student, lessons, held_out):.4f}",
            flush=True,
        )


def _loss(found: Tensor, wanted: Tensor) -> Tensor:
    """Squared distance; 1 is what a student without a clue would have, since the targets' mean square length is 1."""
    return ((found - wanted) ** 2).sum(dim=1).mean()


def _held_out_loss(student: Student, lessons: Lessons, rows: NDArray[np.int64]) -> float:
    with torch.no_grad():
        words, offsets, targets = lessons.take(rows)
        return float(_loss(student(words, offsets), targets))
