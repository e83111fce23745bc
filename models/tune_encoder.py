"""Teach the encoder of ``models/default`` what labels say of short posts and of other kinds of works.

    python models/tune_encoder.py --model MODEL --output models/.work/tuned.npz

MODEL is a folder whose encoder `build_encoder.py` has made: for ``models/default`` as it stands, that of 3d58783.

Teachers have labelled film reviews, and hardly ever a post of one line. Here the network learns from labels directly:
posts and reviews of our own, and those texts on books, series, games and so on that were chosen for being hard. On all
other texts it is held to the vectors that it gave before (Li and Hoiem 2016, "Learning without Forgetting"), so that
reviews of films lose nothing.

It has then seen the labels of these documents, so nothing may be calibrated or measured on them: `build_model.py` takes
the other half of the other kinds, and posts on works that stand in no training split.
"""

import argparse
import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from distillation import log, optimizer_step
from documents import KINDS, Document, comments, labelled, other_kinds, unlabelled
from numpy.typing import NDArray
from packing import repacked
from sklearn.metrics import average_precision_score, roc_auc_score
from student import Plan, Review, Student
from torch import Tensor, nn
from torch.nn import functional

import spoilerguard
from spoilerguard.datasets import data_home
from spoilerguard.encoders import ConvolutionalEncoder
from spoilerguard.features import tokenize
from spoilerguard.sentences import split

HERE = Path(__file__).parent
N_HEADS = 2  # a spoiler, and a major one, which counts half
HEAD_WEIGHTS = torch.tensor([1.0, 0.5])
N_HELD = {"imdb": 5000, "other": 600, "tagged": 4000}  # film reviews, texts of each other kind, tagged sentences
PER_STEP, HELD_PER_STEP = 80, 32  # documents
MAX_WORDS, MAX_SENTENCES = 160, 16
TAGS = {"tvtropes", "goodreads"}


def main() -> None:
    """Teach, measure, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="whose encoder is taught")
    parser.add_argument("--output", type=Path, default=HERE / ".work" / "tuned.npz")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--hold", type=float, default=2.0, help="weight of the old vectors")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    encoder = spoilerguard.load(options.model).vectorizer_.encoder
    if not isinstance(encoder, ConvolutionalEncoder):
        parser.error(f"{options.model} has no convolutional encoder")
    posts = list(comments("train"))
    reviews = [document for document in labelled() if document.name.startswith("own-")]
    hard = [document for document in other_kinds("train") if document.source.endswith("/disagreement")]
    lessons = Words.read(encoder, posts + reviews + hard)
    held = Words.read(encoder, held_documents())
    log(f"{len(posts)} posts, {len(reviews)} reviews, {len(hard)} texts of other kinds; {len(held)} to hold")
    student = student_of(encoder)
    dev = {name: Words.read(encoder, list(part)) for name, part in development().items()}
    teach(student, lessons, len(posts), held, dev, options)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = repacked(student, encoder).arrays()
    np.savez_compressed(options.output, **arrays)
    log(f"{options.output}: {options.output.stat().st_size >> 10} KiB")


def development() -> dict[str, Iterable[Document]]:
    """What is measured on the way; not on gold dev, which these heads know nothing of."""
    return {"posts": comments("dev"), "other kinds": other_kinds("dev")}


def held_documents() -> list[Document]:
    """Texts on which the vectors must stay as they are; their labels and tags are not read."""
    found = list(unlabelled(N_HELD["imdb"]))
    tagged = [document for document in labelled() if TAGS & document.targets.keys()]
    found += np.random.default_rng(0).choice(np.array(tagged, dtype=object), N_HELD["tagged"], replace=False).tolist()
    for kind in KINDS:
        pool = pd.read_parquet(data_home() / "pool" / f"{kind}.parquet")
        texts = pool.text[~pool.marks].sample(N_HELD["other"], random_state=0)
        found += [Document("", "", [sentence.text for sentence in split(text)]) for text in texts]
    cut = (dataclasses.replace(one, sentences=one.sentences[:MAX_SENTENCES]) for one in found)
    return [document for document in cut if document.sentences]


@dataclasses.dataclass(frozen=True, slots=True)
class Words:
    """Documents as rows of the encoder's vocabulary; document ``d`` has the sentences ``first[d] : first[d + 1]``."""

    rows: NDArray[np.int64]
    edges: NDArray[np.int64]
    first: NDArray[np.int64]
    targets: NDArray[np.float32]  # shape (n_sentences, N_HEADS)

    @classmethod
    def read(cls, encoder: ConvolutionalEncoder, documents: list[Document]) -> "Words":
        """Find the words."""
        tokens = tokenize([text for document in documents for text in document.sentences])
        sizes = [len(document.sentences) for document in documents]
        empty = [0] * max(sizes)
        targets = [
            [document.targets.get(head, empty)[place] for head in ("spoiler", "major")]
            for document in documents
            for place in range(len(document.sentences))
        ]
        return cls(
            encoder.vocabulary.find(tokens.hashes),
            tokens.edges,
            np.concatenate([[0], np.cumsum(sizes)]),
            np.array(targets, dtype=np.float32),
        )

    def __len__(self) -> int:
        return len(self.first) - 1

    def sentences_of(self, documents: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers of their sentences."""
        return np.concatenate([np.arange(self.first[d], self.first[d + 1]) for d in documents])

    def batch(self, documents: NDArray[np.int64], rng: np.random.Generator | None = None) -> tuple[Review, Tensor]:
        """Documents and their targets; with `rng` some neighbouring sentences are joined into one without a mark."""
        words, targets, places, sizes = [], [], [], []
        for d in documents:
            numbers = range(self.first[d], self.first[d + 1])
            found = [self.rows[self.edges[s] : self.edges[s + 1]][:MAX_WORDS] for s in numbers]
            wanted = list(self.targets[self.first[d] : self.first[d + 1]])
            if rng is not None and len(found) > 1 and rng.random() < 0.15:  # people forget full stops
                start = int(rng.integers(0, len(found) - 1))
                end = start + 2 + int(rng.integers(0, 3))
                found[start:end] = [np.concatenate(found[start:end])[:MAX_WORDS]]
                wanted[start:end] = [np.max(wanted[start:end], axis=0)]
            words += found
            targets += wanted
            places.append(np.arange(len(found)))
            sizes.append(len(found))
        sentence = np.repeat(np.arange(len(words)), [len(one) for one in words])
        owner, size = np.repeat(np.arange(len(sizes)), sizes), np.repeat(sizes, sizes)
        columns = [np.concatenate(words), sentence, owner, np.concatenate(places), size]
        rows, sentences, reviews, place, of = (torch.from_numpy(column.astype(np.int64)) for column in columns)
        return Review(rows, sentences, len(words), reviews, len(sizes), place, of), torch.from_numpy(np.array(targets))


def student_of(encoder: ConvolutionalEncoder) -> Student:
    """The encoder in torch, so that it can be taught further."""
    plan = Plan(
        width=len(encoder.words.scale),
        dilations=tuple(layer.dilation for layer in encoder.words.layers),
        poolings=len(encoder.words.attention_bias),
        review_width=len(encoder.entry_bias),
        review_dilations=tuple(layer.dilation for layer in encoder.reviews),
    )
    student = Student(len(encoder.vocabulary), plan, N_HEADS, n_hints=1)
    arrays = {
        "words.weight": encoder.words.vectors * encoder.words.scale,
        "attention.weight": encoder.words.attention.T,
        "attention.bias": encoder.words.attention_bias,
        "into_review.weight": encoder.entry.T,
        "into_review.bias": encoder.entry_bias,
    }
    for name, layers in (("convolutions", encoder.words.layers), ("review", encoder.reviews)):
        for number, layer in enumerate(layers):
            arrays[f"{name}.{number}.linear.weight"] = (layer.weight * layer.scale).T
            arrays[f"{name}.{number}.linear.bias"] = layer.bias
    state = {name: torch.from_numpy(np.array(array, dtype=np.float32)) for name, array in arrays.items()}
    student.load_state_dict(state, strict=False)  # the heads are new
    return student


def teach(
    student: Student, lessons: Words, n_posts: int, held: Words, dev: dict[str, Words], options: argparse.Namespace
) -> None:
    """All posts and a third of the longer texts in each epoch, with others whose vectors must stay."""
    rng = np.random.default_rng(options.seed)
    old = vectors_of(student, held)
    spread = [vectors.var(0).mean() for vectors in old]
    parameters = [parameter for name, parameter in student.named_parameters() if not name.startswith("hints")]
    optimizer = torch.optim.AdamW(parameters, options.rate, weight_decay=0.0)
    longer = np.arange(n_posts, len(lessons))
    n_steps = options.epochs * ((n_posts + len(longer) // 3) // PER_STEP)
    step = 0
    for epoch in range(options.epochs):
        order = rng.permutation(np.concatenate([np.arange(n_posts), rng.permutation(longer)[: len(longer) // 3]]))
        for first in range(0, len(order) - PER_STEP + 1, PER_STEP):
            for group in optimizer.param_groups:
                group["lr"] = options.rate * min(1.0, (step + 1) / 50) * (1 - step / n_steps)
            student.train()
            batch, wanted = lessons.batch(order[first : first + PER_STEP], rng)
            loss = label_loss(student, batch, wanted)
            chosen = rng.integers(0, len(held), HELD_PER_STEP)
            student.eval()
            now = both_vectors(student, held.batch(chosen)[0], 0.0)
            rows = held.sentences_of(chosen)
            pairs = zip(now, old, spread, strict=True)
            drift = [(found - before[rows]).square().mean() / size for found, before, size in pairs]
            optimizer_step(optimizer, loss + options.hold * (drift[0] + drift[1]), student)
            step += 1
        log(f"epoch {epoch}, step {step}: {'; '.join(measured(student, name, part) for name, part in dev.items())}")


def both_vectors(student: Student, batch: Review, dropout: float) -> tuple[Tensor, Tensor]:
    """Vectors of sentences alone and in their review."""
    found = student.sentences(batch, dropout)
    return found, student.in_review(found, batch)


def label_loss(student: Student, batch: Review, wanted: Tensor) -> Tensor:
    """Cross-entropy against the labels, alone and in the review."""
    alone, inside = (functional.dropout(one, 0.15) for one in both_vectors(student, batch, 0.2))
    logits = (student.head_alone(alone), student.head_review(torch.cat([inside, alone], dim=1)))
    entropy = nn.functional.binary_cross_entropy_with_logits
    return sum(((entropy(one, wanted, reduction="none") * HEAD_WEIGHTS).mean() for one in logits), torch.zeros(()))


def vectors_of(student: Student, words: Words) -> tuple[Tensor, Tensor]:
    """Vectors of all sentences, alone and in their review."""
    student.eval()
    parts = np.array_split(np.arange(len(words)), max(1, len(words) // 200))
    with torch.inference_mode():
        found = [both_vectors(student, words.batch(part)[0], 0.0) for part in parts]
    return torch.cat([one for one, _ in found]).clone(), torch.cat([one for _, one in found]).clone()


def measured(student: Student, name: str, words: Words) -> str:
    """ROC AUC and average precision of the heads of this lesson."""
    alone, inside = vectors_of(student, words)
    with torch.inference_mode():
        logits = {"alone": student.head_alone(alone), "review": student.head_review(torch.cat([inside, alone], dim=1))}
    wanted = words.targets[:, 0]
    shown = [
        f"{mode} {roc_auc_score(wanted, found[:, 0]):.4f}/{average_precision_score(wanted, found[:, 0]):.4f}"
        for mode, found in logits.items()
    ]
    return f"{name} {', '.join(shown)}"


if __name__ == "__main__":
    main()
