"""Teach MPNet what a spoiler is, and let it judge every document: soft labels for whatever is distilled from it.

    python build_teacher.py --data .work/gpu --weights .work/mpnet.npz --output .work/soft

1. Read on: masked words of the pool (Devlin et al. 2019; Gururangan et al. 2020, "Don't Stop Pretraining").
2. For each of five folds of works: learn from the labelled documents of the others, as whole windows, as runs of a few
   sentences and as lone sentences; one head for each kind of label, so that readers' loose tags teach the encoder
   without moving the guideline's head.
3. Each teacher judges the documents of the fold that it has not seen, those whose work nobody has seen, and dev, both
   in their review and alone.

No soft label comes from a teacher that has seen the work: what is distilled from them may be judged by
cross-validation. Half an hour of a large GPU is plenty; on two cores it takes days.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from checkpoints import load
from numpy.typing import NDArray
from sequences import Batch, Documents, Sequences, batches, lone, pieces_of_reviews, windows
from torch import Tensor, nn
from torch.nn import functional
from transformer import MPNET, Transformer

HEADS = ("spoiler", "major", "tvtropes", "goodreads")
HEAD_WEIGHTS = (1.0, 0.3, 0.5, 0.3)
LABELLED, DEV, UNLABELLED = range(3)
N_FOLDS = 5
START = time.time()


class Judge(nn.Module):
    """An encoder with a linear head for each kind of label, on the mean of a sentence's pieces."""

    def __init__(self, encoder: Transformer) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.Linear(encoder.shape.width, len(HEADS))
        with torch.no_grad():
            self.heads.bias[:] = torch.tensor([-2.5, -3.5, 0.0, -3.0])

    def forward(self, batch: Batch) -> Tensor:
        """Logits of the judged sentences, shape (n_sentences, n_heads)."""
        return self.heads(functional.dropout(self.vectors(batch), 0.1, self.training))

    def vectors(self, batch: Batch) -> Tensor:
        """Vectors of the judged sentences."""
        return batch.means(self.encoder(batch.pieces, batch.present))


def main() -> None:
    """All steps, each within its time."""
    options = settings()
    torch.backends.cuda.matmul.allow_tf32 = True
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    of = Documents.read(options.data / "pieces.xz")
    say(f"{of.n_sentences} sentences, {len(of.first) - 1} documents on {device}")
    encoder = load("mpnet", *options.weights).to(device)
    torch.manual_seed(options.seed)
    if options.reading > 0:
        read_on(encoder, of, device, options)
    state = {name: array.clone() for name, array in encoder.state_dict().items()}
    judged = Judgements(of.n_sentences)
    for fold in range(options.folds):
        torch.manual_seed(options.seed + fold)
        encoder.load_state_dict(state)
        model = Judge(encoder).to(device)
        learn(model, of, fold, device, options)
        judge(model, of, fold, device, options, judged)
        judged.report(of, fold)
        judged.save(options.output)
        del model
    say("done")


def settings() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, nargs="+", required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--reading", type=float, default=70, help="seconds for the masked words")
    parser.add_argument("--until", type=float, default=480, help="seconds after which the pool is left unjudged")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=5e-5)
    parser.add_argument("--batch", type=int, default=8192, help="pieces in a step")
    parser.add_argument("--share", type=float, default=1.0, help="of all documents, for a trial")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def say(text: str) -> None:
    """A line of the log."""
    print(f"[{time.time() - START:6.1f}] {text}", flush=True)


def groups(model: nn.Module, rate: float, head_rate: float, decay: float = 0.9) -> list[dict[str, object]]:
    """Lower layers learn more slowly; vectors of norms and biases are not shrunk."""
    n_layers = model.encoder.shape.layers  # type: ignore[union-attr]
    found = []
    for name, parameter in model.named_parameters():
        if name.startswith("encoder.layers."):
            own = rate * decay ** (n_layers - 1 - int(name.split(".")[2]))
        elif name.startswith("encoder."):
            own = rate * decay**n_layers
        else:
            own = head_rate
        found.append({"params": [parameter], "lr": own, "weight_decay": 0.01 if parameter.ndim > 1 else 0.0})
    by_rate: dict[tuple[object, object], dict[str, object]] = {}
    for group in found:
        key = group["lr"], group["weight_decay"]
        if key in by_rate:
            by_rate[key]["params"] += group["params"]  # type: ignore[operator]
        else:
            by_rate[key] = group
    return list(by_rate.values())


def rise_and_fall(optimizer: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LambdaLR:
    """Linear warm-up over a tenth of the steps, then down to zero."""
    warm = max(1, steps // 10)
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, max(0.0, (steps - step) / max(1, steps - warm)))
    )


def read_on(encoder: Transformer, of: Documents, device: torch.device, options: argparse.Namespace) -> None:
    """Guess masked words of the unlabelled and labelled documents, for as long as there is time."""
    shape, rng = encoder.shape, np.random.default_rng(options.seed)
    documents = rng.permutation(np.flatnonzero(of.part == UNLABELLED))
    documents = documents[: int(len(documents) * options.share)]
    head = nn.Sequential(nn.Linear(shape.width, shape.width), nn.GELU(), nn.LayerNorm(shape.width)).to(device)
    nn.init.eye_(head[0].weight)
    bias = nn.Parameter(torch.zeros(len(encoder.word.weight), device=device))
    encoder.train()
    optimizer = torch.optim.AdamW([*encoder.parameters(), *head.parameters(), bias], 1e-4, fused=device.type == "cuda")
    began, step = time.time(), 0
    for batch in batches(of, windows(of, documents), shape, 4 * options.batch, device, rng):
        used = (time.time() - began) / options.reading
        if used >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = 1e-4 * min(1.0, (step + 1) / 30, 4 * (1 - used))
        chosen = (torch.rand(batch.pieces.shape, device=device) < 0.15) & batch.present & (batch.pieces > 200)
        dice = torch.rand(batch.pieces.shape, device=device)
        hidden = torch.where(chosen & (dice < 0.8), shape.mask, batch.pieces)
        hidden = torch.where(chosen & (dice > 0.9), torch.randint_like(hidden, 1000, 30000), hidden)
        with autocast(device):
            found = head(encoder(hidden, batch.present)[chosen])
            logits = functional.linear(found, encoder.word.weight, bias)
        loss = functional.cross_entropy(logits.float(), batch.pieces[chosen])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(encoder.parameters(), 1.0)
        optimizer.step()
        step += 1
        if step in (20, 100) or step % 200 == 0:
            say(f"masked words: step {step}, loss {float(loss.detach()):.3f}, {time.time() - began:.0f} s")
    say(f"masked words: {step} steps")


def autocast(device: torch.device) -> torch.autocast:
    """Half of the bytes, where the device is built for it."""
    return torch.autocast(device.type, dtype=torch.bfloat16)


def learn(model: Judge, of: Documents, fold: int, device: torch.device, options: argparse.Namespace) -> None:
    """Fine-tune on the labelled documents of all folds but one."""
    rng = np.random.default_rng(options.seed + fold)
    documents = np.flatnonzero((of.part == LABELLED) & (of.fold != fold))
    documents = rng.permutation(documents)[: max(8, int(len(documents) * options.share))]
    targets = torch.from_numpy(of.targets).to(device)
    weights = torch.tensor(HEAD_WEIGHTS, device=device)
    mixtures = [mixture(of, documents, rng) for _ in range(options.epochs)]
    epochs = [list(batches(of, one, MPNET, options.batch, device, rng)) for one in mixtures]
    optimizer = torch.optim.AdamW(groups(model, options.rate, 1e-3), fused=device.type == "cuda")
    schedule = rise_and_fall(optimizer, sum(map(len, epochs)))
    model.train()
    for number, epoch in enumerate(epochs):
        total = torch.zeros((), device=device)
        for batch in epoch:
            with autocast(device):
                logits = model(batch)
            loss = loss_on(logits.float(), targets[batch.sentences], weights)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += loss.detach()
        say(f"fold {fold}: epoch {number}, {len(epoch)} steps, loss {float(total) / len(epoch):.4f}")


def loss_on(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy over what is known."""
    known = (targets >= 0) * weights
    entropy = functional.binary_cross_entropy_with_logits(logits, targets.clamp(min=0).float(), reduction="none")
    return (entropy * known).sum() / known.sum().clamp(min=1)


def mixture(of: Documents, documents: NDArray[np.int64], rng: np.random.Generator) -> Sequences:
    """Half of the documents whole, a quarter in runs, a quarter sentence by sentence."""
    dice = rng.random(len(documents))
    return Sequences.joined(
        windows(of, documents[dice < 0.5]),
        pieces_of_reviews(of, documents[(dice >= 0.5) & (dice < 0.75)], rng),
        lone(of.sentences_of(documents[dice >= 0.75])),
    )


class Judgements:
    """Sums of logits of all sentences in both modes, and how many teachers have judged each."""

    def __init__(self, n_sentences: int) -> None:
        self.total = {mode: np.zeros((n_sentences, len(HEADS)), dtype=np.float32) for mode in ("review", "alone")}
        self.count = {mode: np.zeros(n_sentences, dtype=np.int64) for mode in ("review", "alone")}

    def add(self, mode: str, sentences: NDArray[np.int64], logits: NDArray[np.float32]) -> None:
        """Note what one teacher says."""
        self.total[mode][sentences] += logits
        self.count[mode][sentences] += 1

    def mean(self, mode: str) -> NDArray[np.float32]:
        """Mean logits; NaN where nobody has judged."""
        with np.errstate(all="ignore"):
            return self.total[mode] / np.where(self.count[mode], self.count[mode], np.nan)[:, None].astype(np.float32)

    def save(self, folder: Path) -> None:
        """All in half precision."""
        folder.mkdir(parents=True, exist_ok=True)
        for mode in self.total:
            np.save(folder / f"soft_{mode}.npy", self.mean(mode).astype(np.float16))

    def report(self, of: Documents, fold: int) -> None:
        """How well the teachers so far do."""
        from sklearn.metrics import average_precision_score, roc_auc_score

        known_rows = len(of.targets)
        part, folds = (np.repeat(one, np.diff(of.first)) for one in (of.part, of.fold))
        for name, rows in (
            ("held out", (part == LABELLED) & (folds == fold)),
            ("dev, all so far", part == DEV),
        ):
            for mode in self.total:
                figures = []
                for head in (0, 2, 3):
                    y, logits = of.targets[rows[:known_rows], head], self.mean(mode)[:known_rows][rows[:known_rows]]
                    known = (y >= 0) & ~np.isnan(logits[:, 0])
                    if len(set(y[known].tolist())) == 2:
                        mine = logits[known, head]
                        auc, precision = roc_auc_score(y[known], mine), average_precision_score(y[known], mine)
                        by_first = roc_auc_score(y[known], logits[known, 0])
                        figures.append(f"{HEADS[head]} {auc:.4f}/{precision:.4f} (by spoiler head {by_first:.4f})")
                say(f"fold {fold}, {name}, {mode}: " + ", ".join(figures))


def judge(
    model: Judge, of: Documents, fold: int, device: torch.device, options: argparse.Namespace, judged: Judgements
) -> None:
    """Ask a teacher about the documents that it may judge."""
    model.eval()
    rng = np.random.default_rng(options.seed)
    mine = (of.fold == fold) & (of.part != DEV)
    known = np.flatnonzero((of.part == DEV) | (mine & (of.part == LABELLED)))
    second = (of.fold == (fold + 1) % N_FOLDS) & ~of.seen_work & (of.part == UNLABELLED)
    pool = rng.permutation(np.flatnonzero(mine & (of.part == UNLABELLED)))
    more = rng.permutation(np.flatnonzero(second))
    for documents, optional in ((known, False), (pool, False), (more, True)):
        chosen = documents if not optional and options.share == 1 else documents[: int(len(documents) * options.share)]
        for part in np.array_split(chosen, max(1, len(chosen) // 3000)):
            if optional and time.time() - START > options.until:
                break
            for mode, sequences in (("review", windows(of, part)), ("alone", lone(of.sentences_of(part)))):
                names, logits = ask(model, of, sequences, device, 16 * options.batch)
                judged.add(mode, names, logits)
    say(f"fold {fold}: judged")


def ask(
    model: Judge, of: Documents, sequences: Sequences, device: torch.device, budget: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The judged sentences, and their logits."""
    names, logits = [], []
    with torch.inference_mode(), autocast(device):
        for batch in batches(of, sequences, MPNET, budget, device, None):
            names.append(batch.sentences)
            logits.append(model(batch).float())
    if not names:
        return np.zeros(0, dtype=np.int64), np.zeros((0, len(HEADS)), dtype=np.float32)
    return torch.cat(names).cpu().numpy(), torch.cat(logits).cpu().numpy()


if __name__ == "__main__":
    main()
