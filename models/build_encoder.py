"""Teach the student, whose arrays are the encoder of ``models/default``, what the teachers and MiniLM say.

    python models/build_encoder.py --data models/.work/gpu --soft models/.work/soft --minilm models/.work/accurate \
        --output models/.work/encoder.npz

Targets are the teachers' soft labels, alone and in the review, and, as a hint (Romero et al. 2015, "FitNets"), the main
directions of the distilled MiniLM's sentence vectors. Word vectors start from that MiniLM's view of each word alone.
No label is seen, so what is trained on these vectors may be evaluated by cross-validation.
"""

import argparse
import ast
import time
from pathlib import Path

import numpy as np
import torch
from checkpoints import built
from distillation import (
    HEADS,
    SentenceClassifier,
    autocast,
    describe_metrics,
    device_of_choice,
    log,
    optimizer_step,
    options_of,
    read_soft_labels,
    soft_cross_entropy,
)
from numpy.typing import NDArray
from sequences import DEV, LABELLED, UNLABELLED, PreparedTexts, batches, lone
from student import Plan, Review, Student
from torch import Tensor
from transformer import MINILM

HEAD_WEIGHTS = (1.0, 0.5, 0.5, 0.5)
N_HINTS = 128


def main() -> None:
    """Teach, measure on dev, save."""
    options = options_of(
        __doc__,
        soft=Path,
        minilm=Path,
        plan=[str],
        words=40_000,
        hint=0.3,
        seconds=120.0,
        epochs=6,
        rate=2e-3,
        batch=1024,
    )  # sizes such as width=96; the most frequent words; weight of the hint; sentences in a step
    device = device_of_choice()
    torch.manual_seed(options.seed)
    texts = PreparedTexts.read(options.data / "pieces.xz")
    arrays = PreparedTexts.arrays(options.data / "words.xz")
    arrays["vocabulary_edges"] = arrays["vocabulary_edges"][: options.words + 1]
    n_words = len(arrays["vocabulary_edges"]) - 1
    plan = Plan(**{name: ast.literal_eval(value) for name, value in (one.split("=") for one in options.plan)})
    words = Words(arrays, texts, device)
    log(f"{plan}, {n_words} words")
    minilm = read_minilm(options.minilm).to(device).eval()
    student = Student(n_words, plan, len(HEADS), N_HINTS).to(device)
    with torch.no_grad():
        student.words.weight[:-1] = first_vectors(minilm, arrays, plan.width, device)
        student.words.weight[-1] = 0
    hints = sentence_hints(minilm, texts, device, options) if options.hint else None
    log("hints are there")
    teach(student, words, read_soft_labels(options.soft, device), hints, options)
    report(student, words)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.cpu().numpy().astype(np.float16) for name, tensor in student.state_dict().items()}
    plans = {f"plan.{name}": np.array(getattr(plan, name), np.uint8) for name in ("dilations", "review_dilations")}
    np.savez_compressed(options.output, **state, **plans)
    log(f"{options.output}: {options.output.stat().st_size >> 10} KiB")


class Words:
    """All words where the computing is done, and batches of whole documents of them."""

    def __init__(self, arrays: dict[str, NDArray[np.generic]], texts: PreparedTexts, device: torch.device) -> None:
        n_words = len(arrays["vocabulary_edges"]) - 1
        flat = np.minimum(arrays["words"].astype(np.int32), n_words)
        self.edges = np.concatenate([[0], np.cumsum(arrays["n_words"], dtype=np.int64)])
        self.flat = torch.from_numpy(flat).to(device)
        self.texts, self.device = texts, device

    def batch(self, documents: NDArray[np.int64]) -> tuple[Review, Tensor]:
        """Documents, and the numbers of their sentences."""
        first, size = self.texts.first[documents], np.diff(self.texts.first)[documents]
        names = ranges(first, size)
        length = self.edges[names + 1] - self.edges[names]
        place = ranges(np.zeros_like(size), size)
        review = np.repeat(np.arange(len(documents)), size)
        columns = np.stack([names, length, self.edges[names], review, place, size[review]])
        sentences, lengths, starts, review_of, places, sizes = torch.from_numpy(columns).to(self.device)
        n = int(length.sum())
        sentence = torch.repeat_interleave(torch.arange(len(names), device=self.device), lengths, output_size=n)
        before = lengths.cumsum(0) - lengths
        words = self.flat[torch.arange(n, device=self.device) - before[sentence] + starts[sentence]].long()
        return Review(words, sentence, len(names), review_of, len(documents), places, sizes), sentences


def ranges(first: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """``first[k], …, first[k] + size[k] - 1`` for each k, one behind the other."""
    return np.arange(size.sum()) + np.repeat(first - (np.cumsum(size) - size), size)


def read_minilm(folder: Path) -> SentenceClassifier:
    """MiniLM as `build_accurate.py` has saved it."""
    with np.load(folder / "minilm.npz") as arrays:
        state = {name: torch.from_numpy(arrays[name].astype(np.float32)) for name in arrays}
    encoder = {name.removeprefix("encoder."): array for name, array in state.items() if name.startswith("encoder.")}
    minilm = SentenceClassifier(built(MINILM, encoder))
    minilm.load_state_dict(state)
    return minilm


def first_vectors(
    minilm: SentenceClassifier, arrays: dict[str, NDArray[np.generic]], width: int, device: torch.device
) -> Tensor:
    """Main directions of what MiniLM makes of each word alone."""
    edges = arrays["vocabulary_edges"].astype(np.int64)
    n = len(edges) - 1
    one_each = np.arange(n)
    rows = np.column_stack([one_each, one_each, one_each + 1, one_each + 1])
    texts = PreparedTexts(arrays["vocabulary_pieces"], edges, np.arange(n + 1), *(np.zeros(n, np.uint8),) * 4, rows)
    found = torch.zeros(n, minilm.encoder.shape.width, device=device)
    with torch.inference_mode(), autocast(device):
        for batch in batches(texts, lone(np.arange(n)), MINILM, 65536, device, None):
            found[batch.sentences] = minilm.vectors(batch)
    return principal(found, width) * 0.5


def sentence_hints(
    minilm: SentenceClassifier, texts: PreparedTexts, device: torch.device, options: argparse.Namespace
) -> Tensor:
    """Main directions of MiniLM's vectors of lone sentences."""
    n = texts.n_sentences if options.share == 1 else 4000
    found = torch.zeros(texts.n_sentences, minilm.encoder.shape.width, device=device, dtype=torch.bfloat16)
    with torch.inference_mode(), autocast(device):
        for batch in batches(texts, lone(np.arange(n)), MINILM, 131072, device, None):
            found[batch.sentences] = minilm.vectors(batch).bfloat16()
    sample = found[torch.randperm(n, device=device)[:50000]].float()
    centre = sample.mean(0)
    _, directions = torch.linalg.eigh((sample - centre).T @ (sample - centre))
    axes = directions.flip(1)[:, :N_HINTS]
    scale = ((sample - centre) @ axes).square().sum(1).mean().sqrt()
    hints = torch.empty(texts.n_sentences, N_HINTS, device=device, dtype=torch.bfloat16)
    for first in range(0, texts.n_sentences, 100_000):
        part = slice(first, first + 100_000)
        hints[part] = (((found[part].float() - centre) @ axes) / scale * N_HINTS**0.5).bfloat16()
    return hints


def principal(vectors: Tensor, width: int) -> Tensor:
    """Along the directions of largest variance, each number about 1 in size."""
    centred = vectors - vectors.mean(0)
    _, directions = torch.linalg.eigh(centred.T @ centred)
    found = centred @ directions.flip(1)[:, :width]
    return found / found.square().mean().sqrt()


def teach(
    student: Student, words: Words, soft: dict[str, Tensor], hints: Tensor | None, options: argparse.Namespace
) -> None:
    """Whole documents, against what the teachers say."""
    texts, device = words.texts, words.device
    rng = np.random.default_rng(options.seed)
    pool, labelled = np.flatnonzero(texts.part == UNLABELLED), np.flatnonzero(texts.part == LABELLED)
    if options.share < 1:
        pool, labelled = pool[: int(len(pool) * options.share)], labelled[:200]
    weights = torch.tensor(HEAD_WEIGHTS, device=device)
    table = [student.words.weight]
    rest = [p for name, p in student.named_parameters() if name != "words.weight"]
    optimizer = torch.optim.AdamW(
        [{"params": table, "weight_decay": 0.0}, {"params": rest, "weight_decay": 0.01}],
        options.rate,
        fused=device.type == "cuda",
    )
    began, step = time.time(), 0
    size = np.diff(texts.first)
    total_steps = options.epochs * int(size[np.concatenate([pool, labelled, labelled])].sum()) // options.batch
    for epoch in range(options.epochs):
        order = rng.permutation(np.concatenate([pool, labelled, labelled]))
        cuts = np.searchsorted(np.cumsum(size[order]), np.arange(options.batch, size[order].sum(), options.batch))
        shown = torch.zeros(3, device=device)
        student.train()
        for documents in np.split(order, cuts):
            if not size[documents].sum():
                continue
            used = max((time.time() - began) / options.seconds, step / total_steps)
            if used >= 1:
                break
            for group in optimizer.param_groups:
                group["lr"] = options.rate * min(1.0, (step + 1) / 200, 1.2 * (1 - used))
            batch, names = words.batch(documents)
            with autocast(device):
                alone, review, hinted = student(batch, 0.1)
            pairs = (("alone", alone), ("review", review))
            losses = [soft_cross_entropy(found.float(), soft[mode][names].float(), weights) for mode, found in pairs]
            if hints is not None:
                losses.append((hinted.float() - hints[names].float()).square().mean())
            loss = losses[0] + losses[1] + (options.hint * losses[2] if hints is not None else 0)
            optimizer_step(optimizer, loss, student)
            step += 1
            shown[: len(losses)] += torch.stack([one.detach() for one in losses])
        log(f"epoch {epoch}, step {step}: " + ", ".join(f"{x:.4f}" for x in (shown / max(1, len(cuts))).tolist()))
        report(student, words)


def report(student: Student, words: Words) -> None:
    """Metrics on dev, by the heads of the lesson."""
    student.eval()
    rows, logits = [], {"alone": [], "review": []}
    for documents in np.array_split(np.flatnonzero(words.texts.part == DEV), 20):
        batch, found = words.batch(documents)
        with torch.inference_mode(), autocast(words.device):
            alone, review, _ = student(batch, 0.0)
        rows.append(found)
        logits["alone"].append(alone.float())
        logits["review"].append(review.float())
    targets = words.texts.targets[torch.cat(rows).cpu().numpy()]
    for mode, parts in logits.items():
        log(f"  dev, {mode}: {describe_metrics(targets, torch.cat(parts).cpu().numpy())}")


if __name__ == "__main__":
    main()
