"""What the recipes that teach networks share: the classifier with its heads, the command line, steps and metrics."""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sequences import Batch, PreparedTexts, Sequences, batches, lone, windows
from sklearn.metrics import average_precision_score, roc_auc_score
from torch import Tensor, nn
from torch.nn import functional
from transformer import Transformer

__all__ = [
    "HEADS",
    "SentenceClassifier",
    "autocast",
    "describe_metrics",
    "device_of_choice",
    "log",
    "optimizer_step",
    "options_of",
    "parameter_groups",
    "predict",
    "read_soft_labels",
    "seconds_since_start",
    "soft_cross_entropy",
    "standings_of",
]

HEADS = ("spoiler", "major", "tvtropes", "goodreads")
_START = time.time()
_SCORED_HEADS = (0, 2, 3)


class SentenceClassifier(nn.Module):
    """An encoder with a linear head for each kind of label, on the mean of a sentence's word pieces."""

    def __init__(self, encoder: Transformer) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.Linear(encoder.shape.width, len(HEADS))
        with torch.no_grad():
            self.heads.bias[:] = torch.tensor([-2.5, -3.5, 0.0, -3.0])

    def forward(self, batch: Batch) -> Tensor:
        """Logits of the batch's sentences, shape (n_sentences, n_heads)."""
        return self.heads(functional.dropout(self.vectors(batch), 0.1, self.training))

    def vectors(self, batch: Batch) -> Tensor:
        """Vectors of the batch's sentences, shape (n_sentences, width)."""
        return batch.means(self.encoder(batch.input_ids, batch.attention_mask))


def options_of(description: str | None, **more: object) -> argparse.Namespace:
    """The command line: what every recipe takes, and `more` options by their defaults (a type: none)."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="what prepare.py has written")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--share", type=float, default=1.0, help="of all documents, for a trial")
    parser.add_argument("--seed", type=int, default=0)
    for name, default in more.items():
        if isinstance(default, type):
            parser.add_argument(f"--{name}", type=default, required=True)
        elif isinstance(default, list):
            parser.add_argument(f"--{name}", type=default[0], nargs="*", default=[])
        else:
            parser.add_argument(f"--{name}", type=type(default), default=default, help=f"default: {default}")
    return parser.parse_args()


def log(text: str) -> None:
    """A line with the seconds since the start."""
    print(f"[{time.time() - _START:6.1f}] {text}", flush=True)


def seconds_since_start() -> float:
    """Seconds since the recipe began."""
    return time.time() - _START


def device_of_choice() -> torch.device:
    """The GPU, where there is one."""
    torch.backends.cuda.matmul.allow_tf32 = True
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast(device: torch.device) -> torch.autocast:
    """Half of the bytes, where the device is built for it."""
    return torch.autocast(device.type, dtype=torch.bfloat16)


def parameter_groups(model: SentenceClassifier, rate: float, head_rate: float, decay: float = 0.9) -> list[dict]:  # type: ignore[type-arg]
    """Lower layers learn more slowly; vectors of norms and biases are not shrunk."""
    n_layers = model.encoder.shape.layers
    by_rate: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if name.startswith("encoder.layers."):
            own = rate * decay ** (n_layers - 1 - int(name.split(".")[2]))
        else:
            own = rate * decay**n_layers if name.startswith("encoder.") else head_rate
        by_rate.setdefault((own, 0.01 if parameter.ndim > 1 else 0.0), []).append(parameter)
    return [{"params": params, "lr": lr, "weight_decay": shrink} for (lr, shrink), params in by_rate.items()]


def optimizer_step(optimizer: torch.optim.Optimizer, loss: Tensor, model: nn.Module) -> None:
    """One step down the gradient, whose length is bounded."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


def soft_cross_entropy(logits: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy against soft labels (logits; NaN where there is none), by the weight of each head."""
    known = (~wanted.isnan()) * weights
    entropy = functional.binary_cross_entropy_with_logits(logits, wanted.nan_to_num().sigmoid(), reduction="none")
    return (entropy * known).sum() / known.sum().clamp(min=1)


def read_soft_labels(folder: Path, device: torch.device) -> dict[str, Tensor]:
    """What the teachers have written: for "alone" and "review", logits of shape (n_sentences, n_heads)."""
    return {mode: torch.from_numpy(np.load(folder / f"soft_{mode}.npy")).to(device) for mode in ("alone", "review")}


def standings_of(texts: PreparedTexts, documents: NDArray[np.int64]) -> Iterator[tuple[str, Sequences]]:
    """Documents as a whole, then sentence by sentence."""
    yield "review", windows(texts, documents)
    yield "alone", lone(texts.sentences_of(documents))


def predict(
    model: SentenceClassifier, texts: PreparedTexts, sequences: Sequences, device: torch.device, budget: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The sentences of the sequences, and their logits, shape (n_sentences, n_heads)."""
    sentences = [torch.zeros(0, dtype=torch.long, device=device)]
    logits = [torch.zeros((0, len(HEADS)), device=device)]
    with torch.inference_mode(), autocast(device):
        for batch in batches(texts, sequences, model.encoder.shape, budget, device, None):
            sentences.append(batch.sentences)
            logits.append(model(batch).float())
    return torch.cat(sentences).cpu().numpy(), torch.cat(logits).cpu().numpy()


def describe_metrics(targets: NDArray[np.int8], logits: NDArray[np.float32]) -> str:
    """ROC AUC and average precision of each head against its own labels, and the AUC of the first head against them."""
    parts = []
    for head in _SCORED_HEADS:
        known = (targets[:, head] >= 0) & ~np.isnan(logits[:, 0])
        y, scores = targets[known, head], logits[known]
        if len(set(y.tolist())) == 2:
            auc, precision = roc_auc_score(y, scores[:, head]), average_precision_score(y, scores[:, head])
            by_first = roc_auc_score(y, scores[:, 0])
            parts.append(f"{HEADS[head]} {auc:.4f}/{precision:.4f} (by spoiler head {by_first:.4f})")
    return ", ".join(parts)
