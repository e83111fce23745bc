"""Teach MiniLM what the teachers say of every document: the encoder of ``models/accurate``.

    python models/build_accurate.py --data models/.work/gpu --soft models/.work/soft --weights models/.work/minilm.npz

It sees no label, only soft ones, each from teachers that have not seen the work (`build_teacher.py`): so whatever is
trained on its vectors afterwards may be judged by cross-validation. Hinton, Vinyals, Dean 2015, "Distilling the
Knowledge in a Neural Network".
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from build_teacher import HEADS, Judge, autocast, groups, say
from checkpoints import load
from sequences import Batch, Documents, batches, lone, windows
from sklearn.metrics import average_precision_score, roc_auc_score
from torch import nn
from torch.nn import functional
from transformer import MINILM

LABELLED, DEV, UNLABELLED = range(3)
WEIGHTS = (1.0, 0.5, 0.5, 0.5)
AT_ONCE = 15 << 20  # bytes of a file of weights


def main() -> None:
    """Distil, judge on dev, save."""
    options = settings()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.manual_seed(options.seed)
    of = Documents.read(options.data / "pieces.xz")
    soft = {mode: torch.from_numpy(np.load(options.soft / f"soft_{mode}.npy")) for mode in ("review", "alone")}
    soft = {mode: logits.to(device) for mode, logits in soft.items()}
    model = Judge(load("minilm", *options.weights)).to(device)
    distil(model, of, soft, device, options)
    judge(model, of, device)
    save(model, options.output)


def settings() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--soft", type=Path, required=True)
    parser.add_argument("--weights", type=Path, nargs="+", required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--batch", type=int, default=16384, help="pieces in a step")
    parser.add_argument("--seconds", type=float, default=150, help="the rate falls to zero by then")
    parser.add_argument("--share", type=float, default=1.0, help="of all documents, for a trial")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def distil(
    model: Judge, of: Documents, soft: dict[str, torch.Tensor], device: torch.device, options: argparse.Namespace
) -> None:
    """Learn until the time is up; the rate falls with it."""
    weights = torch.tensor(WEIGHTS, device=device)
    optimizer = torch.optim.AdamW(groups(model, options.rate, 1e-3, 0.95), fused=device.type == "cuda")
    peaks = [group["lr"] for group in optimizer.param_groups]
    began, shown = time.time(), torch.zeros((), device=device)
    model.train()
    for step, (mode, batch) in enumerate(lessons(of, device, options)):
        used = (time.time() - began) / options.seconds
        if used >= 1:
            say(f"out of time in step {step}")
            return
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * min(1.0, (step + 1) / 100, 1 - used)
        wanted = soft[mode][batch.sentences].float()
        with autocast(device):
            logits = model(batch)
        loss = entropy(logits.float(), wanted, weights)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        shown += loss.detach()
        if step % 500 == 499:
            say(f"step {step + 1}: loss {float(shown) / 500:.4f}")
            shown.zero_()


def lessons(of: Documents, device: torch.device, options: argparse.Namespace) -> Iterator[tuple[str, Batch]]:
    """Documents in their whole and sentence by sentence, in turn; labelled ones, which people care about, twice."""
    rng = np.random.default_rng(options.seed)
    documents = rng.permutation(np.flatnonzero(of.part != DEV))
    documents = documents[: int(len(documents) * options.share)]
    labelled = np.flatnonzero(of.part == LABELLED) if options.share == 1 else documents[:0]
    chosen = np.concatenate([documents, labelled])
    for epoch in range(options.epochs):
        for part in np.array_split(rng.permutation(chosen), max(1, len(chosen) // 4000)):
            half = rng.random(len(part)) < 0.5  # alone in this pass, the others in the next
            whole, cut = (part, part[half]) if epoch == 0 else (part[half], part[~half])
            sequences = {"review": windows(of, whole), "alone": lone(of.sentences_of(cut))}
            for mode, chosen_sequences in sequences.items():
                for batch in batches(of, chosen_sequences, MINILM, options.batch, device, rng):
                    yield mode, batch


def entropy(logits: torch.Tensor, wanted: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Cross-entropy against soft labels, where there are some."""
    known = (~wanted.isnan()) * weights
    found = functional.binary_cross_entropy_with_logits(logits, wanted.nan_to_num().sigmoid(), reduction="none")
    return (found * known).sum() / known.sum().clamp(min=1)


def judge(model: Judge, of: Documents, device: torch.device) -> None:
    """Figures on dev, by the distilled heads."""
    model.eval()
    documents = np.flatnonzero(of.part == DEV)
    for mode, sequences in (("review", windows(of, documents)), ("alone", lone(of.sentences_of(documents)))):
        names, logits = [], []
        with torch.inference_mode(), autocast(device):
            for batch in batches(of, sequences, MINILM, 65536, device, None):
                names.append(batch.sentences)
                logits.append(model(batch).float())
        rows, scores = torch.cat(names).cpu().numpy(), torch.cat(logits).cpu().numpy()
        shown = []
        for head in (0, 2, 3):
            known = of.targets[rows, head] >= 0
            y, s = of.targets[rows[known], head], scores[known]
            figures = roc_auc_score(y, s[:, head]), average_precision_score(y, s[:, head]), roc_auc_score(y, s[:, 0])
            shown.append("{} {:.4f}/{:.4f} (by spoiler head {:.4f})".format(HEADS[head], *figures))
        say(f"dev, {mode}: " + ", ".join(shown))


def save(model: Judge, folder: Path) -> None:
    """Half-precision weights, in files of 15 MiB at most."""
    folder.mkdir(parents=True, exist_ok=True)
    part: dict[str, np.ndarray] = {}  # type: ignore[type-arg]
    number = 0
    for name, tensor in model.state_dict().items():
        array = tensor.cpu().numpy().astype(np.float16)
        cut = np.array_split(array, 2) if array.nbytes > AT_ONCE else [array]
        for place, piece in enumerate(cut):
            if part and sum(one.nbytes for one in part.values()) + piece.nbytes > AT_ONCE:
                np.savez(folder / f"minilm.{number}.npz", **part)
                part, number = {}, number + 1
            part[f"{name}#{place}"] = piece
    np.savez(folder / f"minilm.{number}.npz", **part)
    say(f"saved in {number + 1} files")


if __name__ == "__main__":
    main()
