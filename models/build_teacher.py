"""Teach MPNet what a spoiler is, and let it label every document: soft labels for whatever is distilled from it.

    python build_teacher.py --data .work/gpu --weights .work/mpnet.npz --output .work/soft

1. Read on: masked words of the pool (Devlin et al. 2019; Gururangan et al. 2020, "Don't Stop Pretraining").
2. For each of five folds of works: learn from the labelled documents of the others, as whole windows, as runs of a few
   sentences and as lone sentences; one head for each kind of label, so that readers' loose tags teach the encoder
   without moving the guideline's head.
3. Each teacher labels the documents of the fold that it has not seen, those whose work nobody has seen, and dev, both
   in their review and alone.

No soft label comes from a teacher that has seen the work: what is distilled from them may be evaluated by
cross-validation. Half an hour of a large GPU is plenty; on two cores it takes days.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from checkpoints import load
from distillation import (
    HEADS,
    SentenceClassifier,
    autocast,
    describe_metrics,
    device_of_choice,
    log,
    optimizer_step,
    options_of,
    parameter_groups,
    predict,
    seconds_since_start,
    standings_of,
)
from numpy.typing import NDArray
from sequences import DEV, LABELLED, UNLABELLED, PreparedTexts, Sequences, batches, lone, short_runs, windows
from torch import Tensor, nn
from torch.nn import functional
from transformer import MPNET, Transformer

HEAD_WEIGHTS = (1.0, 0.3, 0.5, 0.3)
N_FOLDS = 5
MASKED, RATE_OF_MASKED = 0.15, 1e-4


def main() -> None:
    """All steps, each within its time."""
    options = options_of(
        __doc__, weights=[Path], reading=70.0, until=480.0, folds=5, epochs=3, rate=5e-5, batch=8192
    )  # seconds of masked words; seconds after which the pool is left unlabelled; word pieces in a step
    device = device_of_choice()
    texts = PreparedTexts.read(options.data / "pieces.xz")
    log(f"{texts.n_sentences} sentences, {len(texts.first) - 1} documents on {device}")
    encoder = load("mpnet", *options.weights).to(device)
    torch.manual_seed(options.seed)
    if options.reading > 0:
        guess_masked_words(encoder, texts, device, options)
    state = {name: array.clone() for name, array in encoder.state_dict().items()}
    soft = SoftLabels(texts.n_sentences)
    for fold in range(options.folds):
        torch.manual_seed(options.seed + fold)
        encoder.load_state_dict(state)
        model = SentenceClassifier(encoder).to(device)
        fine_tune(model, texts, fold, device, options)
        label_documents(model, texts, fold, device, options, soft)
        soft.report(texts, fold)
        soft.save(options.output)
        del model
    log("done")


def guess_masked_words(
    encoder: Transformer, texts: PreparedTexts, device: torch.device, options: argparse.Namespace
) -> None:
    """Guess masked words of the unlabelled documents, for as long as there is time."""
    shape, rng = encoder.shape, np.random.default_rng(options.seed)
    documents = rng.permutation(np.flatnonzero(texts.part == UNLABELLED))
    documents = documents[: int(len(documents) * options.share)]
    head = nn.Sequential(nn.Linear(shape.width, shape.width), nn.GELU(), nn.LayerNorm(shape.width)).to(device)
    nn.init.eye_(head[0].weight)
    bias = nn.Parameter(torch.zeros(len(encoder.word.weight), device=device))
    encoder.train()
    parameters = [*encoder.parameters(), *head.parameters(), bias]
    optimizer = torch.optim.AdamW(parameters, RATE_OF_MASKED, fused=device.type == "cuda")
    began, step = time.time(), 0
    for batch in batches(texts, windows(texts, documents), shape, 4 * options.batch, device, rng):
        used = (time.time() - began) / options.reading
        if used >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = RATE_OF_MASKED * min(1.0, (step + 1) / 30, 4 * (1 - used))
        may_be_masked = batch.attention_mask & (batch.input_ids > 200)
        chosen = (torch.rand(batch.input_ids.shape, device=device) < MASKED) & may_be_masked
        dice = torch.rand(batch.input_ids.shape, device=device)
        hidden = torch.where(chosen & (dice < 0.8), shape.mask, batch.input_ids)
        hidden = torch.where(chosen & (dice > 0.9), torch.randint_like(hidden, 1000, 30000), hidden)
        with autocast(device):
            found = head(encoder(hidden, batch.attention_mask)[chosen])
            logits = functional.linear(found, encoder.word.weight, bias)
        loss = functional.cross_entropy(logits.float(), batch.input_ids[chosen])
        optimizer_step(optimizer, loss, encoder)
        step += 1
        if step in (20, 100) or step % 200 == 0:
            log(f"masked words: step {step}, loss {float(loss.detach()):.3f}, {time.time() - began:.0f} s")
    log(f"masked words: {step} steps")


def fine_tune(
    model: SentenceClassifier, texts: PreparedTexts, fold: int, device: torch.device, options: argparse.Namespace
) -> None:
    """Learn from the labelled documents of all folds but one; the rate rises over a tenth of the steps, then falls."""
    rng = np.random.default_rng(options.seed + fold)
    documents = np.flatnonzero((texts.part == LABELLED) & (texts.fold != fold))
    documents = rng.permutation(documents)[: max(8, int(len(documents) * options.share))]
    targets = torch.from_numpy(texts.targets).to(device)
    weights = torch.tensor(HEAD_WEIGHTS, device=device)
    mixtures = [mixture(texts, documents, rng) for _ in range(options.epochs)]
    epochs = [list(batches(texts, one, MPNET, options.batch, device, rng)) for one in mixtures]
    optimizer = torch.optim.AdamW(parameter_groups(model, options.rate, 1e-3), fused=device.type == "cuda")
    n_steps = sum(map(len, epochs))
    warm = max(1, n_steps // 10)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, max(0.0, (n_steps - step) / max(1, n_steps - warm)))
    )
    model.train()
    for number, epoch in enumerate(epochs):
        total = torch.zeros((), device=device)
        for batch in epoch:
            with autocast(device):
                logits = model(batch)
            loss = known_cross_entropy(logits.float(), targets[batch.sentences], weights)
            optimizer_step(optimizer, loss, model)
            schedule.step()
            total += loss.detach()
        log(f"fold {fold}: epoch {number}, {len(epoch)} steps, loss {float(total) / len(epoch):.4f}")


def known_cross_entropy(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy over the labels that are known."""
    known = (targets >= 0) * weights
    entropy = functional.binary_cross_entropy_with_logits(logits, targets.clamp(min=0).float(), reduction="none")
    return (entropy * known).sum() / known.sum().clamp(min=1)


def mixture(texts: PreparedTexts, documents: NDArray[np.int64], rng: np.random.Generator) -> Sequences:
    """Half of the documents whole, a quarter in runs, a quarter sentence by sentence."""
    dice = rng.random(len(documents))
    return Sequences.joined(
        windows(texts, documents[dice < 0.5]),
        short_runs(texts, documents[(dice >= 0.5) & (dice < 0.75)], rng),
        lone(texts.sentences_of(documents[dice >= 0.75])),
    )


class SoftLabels:
    """Sums of the teachers' logits of all sentences in both standings, and how many teachers each has."""

    def __init__(self, n_sentences: int) -> None:
        self.total = {mode: np.zeros((n_sentences, len(HEADS)), dtype=np.float32) for mode in ("review", "alone")}
        self.count = {mode: np.zeros(n_sentences, dtype=np.int64) for mode in ("review", "alone")}

    def add(self, mode: str, sentences: NDArray[np.int64], logits: NDArray[np.float32]) -> None:
        """Add what one teacher says."""
        self.total[mode][sentences] += logits
        self.count[mode][sentences] += 1

    def mean(self, mode: str) -> NDArray[np.float32]:
        """Mean logits; NaN where there is no teacher."""
        with np.errstate(all="ignore"):
            return self.total[mode] / np.where(self.count[mode], self.count[mode], np.nan)[:, None].astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write both in half precision."""
        folder.mkdir(parents=True, exist_ok=True)
        for mode in self.total:
            np.save(folder / f"soft_{mode}.npy", self.mean(mode).astype(np.float16))

    def report(self, texts: PreparedTexts, fold: int) -> None:
        """How well the teachers so far do."""
        known_rows = len(texts.targets)
        part, folds = (np.repeat(one, np.diff(texts.first))[:known_rows] for one in (texts.part, texts.fold))
        for name, rows in (("held out", (part == LABELLED) & (folds == fold)), ("dev, all so far", part == DEV)):
            for mode in self.total:
                metrics = describe_metrics(texts.targets[rows], self.mean(mode)[:known_rows][rows])
                log(f"fold {fold}, {name}, {mode}: {metrics}")


def label_documents(
    model: SentenceClassifier,
    texts: PreparedTexts,
    fold: int,
    device: torch.device,
    options: argparse.Namespace,
    soft: SoftLabels,
) -> None:
    """Let a teacher label the documents that it may: dev, its own fold, and further ones while there is time."""
    model.eval()
    rng = np.random.default_rng(options.seed)
    own = (texts.fold == fold) & (texts.part != DEV)
    known = np.flatnonzero((texts.part == DEV) | (own & (texts.part == LABELLED)))
    second = (texts.fold == (fold + 1) % N_FOLDS) & ~texts.seen_work & (texts.part == UNLABELLED)
    pool = rng.permutation(np.flatnonzero(own & (texts.part == UNLABELLED)))
    more = rng.permutation(np.flatnonzero(second))
    for documents, optional in ((known, False), (pool, False), (more, True)):
        chosen = documents if not optional and options.share == 1 else documents[: int(len(documents) * options.share)]
        for part in np.array_split(chosen, max(1, len(chosen) // 3000)):
            if optional and seconds_since_start() > options.until:
                break
            for mode, sequences in standings_of(texts, part):
                soft.add(mode, *predict(model, texts, sequences, device, 16 * options.batch))
    log(f"fold {fold}: labelled")


if __name__ == "__main__":
    main()
