"""Teach MiniLM what the teachers say of every document: the encoder of ``models/accurate``.

    python models/build_accurate.py --data models/.work/gpu --soft models/.work/soft --weights models/.work/minilm.npz \
        --output models/.work/accurate

It sees no label, only soft ones, each from teachers that have not seen the work (`build_teacher.py`): so whatever is
trained on its vectors afterwards may be evaluated by cross-validation. Hinton, Vinyals, Dean 2015, "Distilling the
Knowledge in a Neural Network".
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from checkpoints import load
from distillation import (
    SentenceClassifier,
    autocast,
    describe_metrics,
    device_of_choice,
    log,
    optimizer_step,
    options_of,
    parameter_groups,
    predict,
    read_soft_labels,
    soft_cross_entropy,
    standings_of,
)
from sequences import DEV, LABELLED, Batch, PreparedTexts, batches, lone, windows
from torch import Tensor
from transformer import MINILM

HEAD_WEIGHTS = (1.0, 0.5, 0.5, 0.5)


def main() -> None:
    """Distil, measure on dev, save."""
    options = options_of(
        __doc__, soft=Path, weights=[Path], epochs=2, rate=3e-4, batch=16384, seconds=150.0
    )  # word pieces in a step; the rate falls to zero by then
    device = device_of_choice()
    torch.manual_seed(options.seed)
    texts = PreparedTexts.read(options.data / "pieces.xz")
    model = SentenceClassifier(load("minilm", *options.weights)).to(device)
    distil(model, texts, read_soft_labels(options.soft, device), device, options)
    report(model, texts, device)
    options.output.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.cpu().numpy().astype(np.float16) for name, tensor in model.state_dict().items()}
    np.savez(options.output / "minilm.npz", **state)


def distil(
    model: SentenceClassifier,
    texts: PreparedTexts,
    soft: dict[str, Tensor],
    device: torch.device,
    options: argparse.Namespace,
) -> None:
    """Learn until the time is up; the rate falls with it."""
    weights = torch.tensor(HEAD_WEIGHTS, device=device)
    optimizer = torch.optim.AdamW(parameter_groups(model, options.rate, 1e-3, 0.95), fused=device.type == "cuda")
    peaks = [group["lr"] for group in optimizer.param_groups]
    began, shown = time.time(), torch.zeros((), device=device)
    model.train()
    for step, (mode, batch) in enumerate(lessons(texts, device, options)):
        used = (time.time() - began) / options.seconds
        if used >= 1:
            log(f"out of time in step {step}")
            return
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * min(1.0, (step + 1) / 100, 1 - used)
        with autocast(device):
            logits = model(batch)
        loss = soft_cross_entropy(logits.float(), soft[mode][batch.sentences].float(), weights)
        optimizer_step(optimizer, loss, model)
        shown += loss.detach()
        if step % 500 == 499:
            log(f"step {step + 1}: loss {float(shown) / 500:.4f}")
            shown.zero_()


def lessons(texts: PreparedTexts, device: torch.device, options: argparse.Namespace) -> Iterator[tuple[str, Batch]]:
    """Documents in their whole and sentence by sentence, in turn; labelled ones, which people care about, twice."""
    rng = np.random.default_rng(options.seed)
    documents = rng.permutation(np.flatnonzero(texts.part != DEV))
    documents = documents[: int(len(documents) * options.share)]
    labelled = np.flatnonzero(texts.part == LABELLED) if options.share == 1 else documents[:0]
    chosen = np.concatenate([documents, labelled])
    for epoch in range(options.epochs):
        for part in np.array_split(rng.permutation(chosen), max(1, len(chosen) // 4000)):
            half = rng.random(len(part)) < 0.5  # alone in this pass, the others in the next
            whole, cut = (part, part[half]) if epoch == 0 else (part[half], part[~half])
            for mode, sequences in (("review", windows(texts, whole)), ("alone", lone(texts.sentences_of(cut)))):
                for batch in batches(texts, sequences, MINILM, options.batch, device, rng):
                    yield mode, batch


def report(model: SentenceClassifier, texts: PreparedTexts, device: torch.device) -> None:
    """Metrics on dev, by the distilled heads."""
    model.eval()
    for mode, sequences in standings_of(texts, np.flatnonzero(texts.part == DEV)):
        rows, logits = predict(model, texts, sequences, device, 65536)
        log(f"dev, {mode}: {describe_metrics(texts.targets[rows], logits)}")


if __name__ == "__main__":
    main()
