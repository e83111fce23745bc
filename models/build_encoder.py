"""Teach the student, whose arrays are the encoder of ``models/default``, what the teachers and MiniLM say.

    python models/build_encoder.py --data models/.work/gpu --soft models/.work/soft --minilm models/.work/accurate

Targets are the teachers' soft labels, alone and in the review, and, as a hint (Romero et al. 2015, "FitNets"), the main
directions of the distilled MiniLM's sentence vectors. Word vectors start from that MiniLM's view of each word alone.
No label is seen, so what is trained on these vectors may be judged by cross-validation.
"""

import argparse
import io
import lzma
import time
from pathlib import Path

import numpy as np
import torch
from build_accurate import entropy
from build_teacher import HEADS, Judge, autocast, say
from checkpoints import built
from numpy.typing import NDArray
from sequences import Documents, batches, lone
from sklearn.metrics import average_precision_score, roc_auc_score
from student import Plan, Review, Student
from torch import Tensor
from transformer import MINILM

LABELLED, DEV, UNLABELLED = range(3)
WEIGHTS = (1.0, 0.5, 0.5, 0.5)
N_HINTS = 128


def main() -> None:
    """Teach, judge on dev, save."""
    options = settings()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.manual_seed(options.seed)
    of = Documents.read(options.data / "pieces.xz")
    with np.load(io.BytesIO(lzma.open(options.data / "words.xz").read())) as found:
        arrays = dict(found)
    soft = {
        mode: torch.from_numpy(np.load(options.soft / f"soft_{mode}.npy")).to(device) for mode in ("alone", "review")
    }
    arrays["vocabulary_edges"] = arrays["vocabulary_edges"][: options.words + 1]
    plan = Plan(**{name: eval(value) for name, value in (one.split("=") for one in options.plan)})  # noqa: S307 - own words
    words = Words(arrays, of, device)
    say(f"{plan}, {len(arrays['vocabulary_edges']) - 1} words")
    judge = distilled(options.minilm).to(device).eval()
    student = Student(len(arrays["vocabulary_edges"]) - 1, plan, len(HEADS), N_HINTS).to(device)
    with torch.no_grad():
        student.words.weight[:-1] = first_vectors(judge, arrays, plan.width, device)
        student.words.weight[-1] = 0
    hints = sentence_hints(judge, of, device, options) if options.hint else None
    say("hints are there")
    teach(student, words, soft, hints, options)
    report(student, words)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.cpu().numpy().astype(np.float16) for name, tensor in student.state_dict().items()}
    plans = {
        f"plan.{name}": np.array(getattr(plan, name), dtype=np.uint8) for name in ("dilations", "review_dilations")
    }
    np.savez_compressed(options.output, **state, **plans)
    say(f"{options.output}: {options.output.stat().st_size >> 10} KiB")


def settings() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--soft", type=Path, required=True)
    parser.add_argument("--minilm", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--plan", nargs="*", default=[], help="sizes, such as width=96")
    parser.add_argument("--words", type=int, default=40_000, help="the most frequent ones")
    parser.add_argument("--hint", type=float, default=0.3)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--batch", type=int, default=1024, help="sentences in a step")
    parser.add_argument("--share", type=float, default=1.0, help="of all documents, for a trial")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


class Words:
    """All words where the computing is done, and batches of whole documents of them."""

    def __init__(self, arrays: dict[str, NDArray[np.generic]], of: Documents, device: torch.device) -> None:
        n_words = len(arrays["vocabulary_edges"]) - 1
        flat = np.minimum(arrays["words"].astype(np.int32), n_words)
        self.edges = np.concatenate([[0], np.cumsum(arrays["n_words"], dtype=np.int64)])
        self.flat = torch.from_numpy(flat).to(device)
        self.of, self.device = of, device

    def batch(self, documents: NDArray[np.int64]) -> tuple[Review, Tensor]:
        """Documents, and the numbers of their sentences."""
        first, size = self.of.first[documents], np.diff(self.of.first)[documents]
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


def distilled(folder: Path) -> Judge:
    """MiniLM as `build_accurate.py` has saved it."""
    parts: dict[str, list[NDArray[np.float32]]] = {}
    for file in sorted(folder.glob("minilm.*.npz")):
        with np.load(file) as arrays:
            for name in arrays:
                parts.setdefault(name.partition("#")[0], []).append(arrays[name].astype(np.float32))
    state = {name: torch.from_numpy(np.concatenate(cut)) for name, cut in parts.items()}
    encoder = {name.removeprefix("encoder."): array for name, array in state.items() if name.startswith("encoder.")}
    judge = Judge(built(MINILM, encoder))
    judge.load_state_dict(state)
    return judge


def first_vectors(judge: Judge, arrays: dict[str, NDArray[np.generic]], width: int, device: torch.device) -> Tensor:
    """Main directions of what MiniLM makes of each word alone."""
    edges = arrays["vocabulary_edges"].astype(np.int64)
    n = len(edges) - 1
    of = Documents(arrays["vocabulary_pieces"], edges, np.arange(n + 1), *(np.zeros(n, np.uint8),) * 4)
    found = torch.zeros(n, judge.encoder.shape.width, device=device)
    with torch.inference_mode(), autocast(device):
        for batch in batches(of, lone(np.arange(n)), MINILM, 65536, device, None):
            found[batch.sentences] = judge.vectors(batch)
    return principal(found, width) * 0.5


def sentence_hints(judge: Judge, of: Documents, device: torch.device, options: argparse.Namespace) -> Tensor:
    """Main directions of MiniLM's vectors of lone sentences."""
    n = of.n_sentences if options.share == 1 else 4000
    found = torch.zeros(of.n_sentences, judge.encoder.shape.width, device=device, dtype=torch.bfloat16)
    with torch.inference_mode(), autocast(device):
        for batch in batches(of, lone(np.arange(n)), MINILM, 131072, device, None):
            found[batch.sentences] = judge.vectors(batch).bfloat16()
    sample = found[torch.randperm(n, device=device)[:50000]].float()
    centre = sample.mean(0)
    _, directions = torch.linalg.eigh((sample - centre).T @ (sample - centre))
    axes = directions.flip(1)[:, :N_HINTS]
    scale = ((sample - centre) @ axes).square().sum(1).mean().sqrt()
    hints = torch.empty(of.n_sentences, N_HINTS, device=device, dtype=torch.bfloat16)
    for first in range(0, of.n_sentences, 100_000):
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
    of, device = words.of, words.device
    rng = np.random.default_rng(options.seed)
    pool, labelled = np.flatnonzero(of.part == UNLABELLED), np.flatnonzero(of.part == LABELLED)
    if options.share < 1:
        pool, labelled = pool[: int(len(pool) * options.share)], labelled[:200]
    weights = torch.tensor(WEIGHTS, device=device)
    table = [student.words.weight]
    rest = [p for name, p in student.named_parameters() if name != "words.weight"]
    optimizer = torch.optim.AdamW(
        [{"params": table, "weight_decay": 0.0}, {"params": rest, "weight_decay": 0.01}],
        options.rate,
        fused=device.type == "cuda",
    )
    began, step = time.time(), 0
    size = np.diff(of.first)
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
            losses = [entropy(found.float(), soft[mode][names].float(), weights) for mode, found in pairs]
            if hints is not None:
                losses.append((hinted.float() - hints[names].float()).square().mean())
            loss = losses[0] + losses[1] + (options.hint * losses[2] if hints is not None else 0)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
            optimizer.step()
            step += 1
            shown[: len(losses)] += torch.stack([one.detach() for one in losses])
        say(f"epoch {epoch}, step {step}: " + ", ".join(f"{x:.4f}" for x in (shown / max(1, len(cuts))).tolist()))
        report(student, words)


def report(student: Student, words: Words) -> None:
    """Figures on dev, by the heads of the lesson."""
    of, device = words.of, words.device
    student.eval()
    names, scores = [], {"alone": [], "review": []}
    for documents in np.array_split(np.flatnonzero(of.part == DEV), 20):
        batch, found = words.batch(documents)
        with torch.inference_mode(), autocast(device):
            alone, review, _ = student(batch, 0.0)
        names.append(found)
        scores["alone"].append(alone.float())
        scores["review"].append(review.float())
    rows = torch.cat(names).cpu().numpy()
    for mode, parts in scores.items():
        found = torch.cat(parts).cpu().numpy()
        shown = []
        for head in (0, 2, 3):
            known = of.targets[rows, head] >= 0
            y, s = of.targets[rows[known], head], found[known]
            figures = roc_auc_score(y, s[:, head]), average_precision_score(y, s[:, head])
            shown.append("{} {:.4f}/{:.4f}".format(HEADS[head], *figures))
        say(f"  dev, {mode}: " + ", ".join(shown))


if __name__ == "__main__":
    main()
