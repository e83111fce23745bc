"""Teach the encoder of ``models/default`` what labels say of short posts, and the accurate model of other kinds.

    python models/tune_encoder.py --model MODEL --output models/.work/default.npz

MODEL is a folder whose encoder `build_encoder.py` has made, or one that has had this lesson before.

Teachers have labelled film reviews, and hardly ever a post of one line or a review of a game. Here the network learns
from labels directly (posts and reviews of our own, and those texts on books, series, games and so on that were chosen
for being hard) and from what the accurate model says of further texts of all kinds (`soft_labels.py`). On film reviews
and on sentences that readers and editors have tagged it is held to the vectors that it gave before (Li and Hoiem 2016,
"Learning without Forgetting").

It has then seen the labels of some documents, so nothing may be calibrated or measured on them: `build_model.py` takes
the other half of the other kinds, and posts on works that stand in no training split.
"""

import argparse
import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from distillation import autocast, log, optimizer_step
from documents import Document, comments, labelled, other_kinds, unlabelled
from lessons import Lessons, Words, with_surnames
from numpy.typing import NDArray
from packing import repacked
from sklearn.metrics import average_precision_score, roc_auc_score
from soft_labels import SoftLabels, soft_documents
from student import Plan, Review, Student
from torch import Tensor
from torch.nn import functional

import spoilerguard
from spoilerguard.encoders import ConvolutionalEncoder
from spoilerguard.encoders.gated_convolution import GatedConvolution
from spoilerguard.encoders.word_network import WordNetwork

HERE = Path(__file__).parent
N_HEADS = 2  # a spoiler, and a major one, which counts half
HEAD_WEIGHTS = torch.tensor([1.0, 0.5])
N_HELD = {"films": 8000, "tagged": 8000}  # documents
PER_STEP = {"soft": 40, "lessons": 40, "held films": 20, "held tagged": 64}  # documents
MAX_SENTENCES = 24  # of a film review that is held
DROPOUT = 0.15
CPU = torch.device("cpu")
TAGS = {"tvtropes", "goodreads"}


def main() -> None:
    """Teach, measure, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="whose encoder is taught")
    parser.add_argument("--output", type=Path, default=HERE / ".work" / "default.npz")
    parser.add_argument("--epochs", type=int, default=3, help="passes over the soft labels")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--hold", type=float, default=2.0, help="weight of the old vectors")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    encoder = encoder_of(options.model)
    written = list(comments("train"))
    posts = [*written, *with_surnames(written, np.random.default_rng(options.seed))]
    reviews = [document for document in labelled() if document.name.startswith("own-")]
    hard = [document for document in other_kinds("train") if not document.source.endswith("/random")]
    lessons = Words.read(encoder, posts + reviews + hard)
    documents, soft_labels = zip(*soft_documents(), strict=True)
    soft = Words.read(encoder, list(documents), targets_of(np.concatenate(soft_labels)))
    log(f"{len(posts)} posts, {len(reviews)} reviews, {len(hard)} texts of other kinds; {len(soft)} with soft labels")
    student = student_of(encoder)
    held = [
        Held(student, Words.read(encoder, film_reviews()), PER_STEP["held films"]),
        Held(student, Words.read(encoder, tagged_sentences()), PER_STEP["held tagged"]),
    ]
    dev = {name: Words.read(encoder, list(part)) for name, part in development().items()}
    teach(student, Lessons(lessons, len(posts)), soft, held, dev, options)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = repacked(student, encoder).arrays()
    np.savez_compressed(options.output, **arrays)
    log(f"{options.output}: {options.output.stat().st_size >> 10} KiB")


def encoder_of(model: Path) -> ConvolutionalEncoder:
    """The convolutional encoder of a model."""
    found = spoilerguard.load(model).vectorizer_.encoder
    if not isinstance(found, ConvolutionalEncoder):
        raise SystemExit(f"{model} has no convolutional encoder")
    return found


def development() -> dict[str, Iterable[Document]]:
    """What is measured on the way; not on gold dev, which these heads know nothing of."""
    return {"posts": comments("dev"), "other kinds": other_kinds("dev")}


def film_reviews() -> list[Document]:
    """Reviews whose vectors must stay as they are."""
    found = unlabelled(N_HELD["films"])
    return [dataclasses.replace(one, sentences=one.sentences[:MAX_SENTENCES]) for one in found if one.sentences]


def tagged_sentences() -> list[Document]:
    """Sentences whose vectors must stay as they are; their tags are not read."""
    tagged = [document for document in labelled() if TAGS & document.targets.keys()]
    rows = np.random.default_rng(0).permutation(len(tagged))[: N_HELD["tagged"]]
    return [tagged[row] for row in rows]


def targets_of(soft_labels: SoftLabels) -> NDArray[np.float32]:
    """Probabilities of a spoiler and of a major one, alone and in the review."""
    alone, inside, major = (1 / (1 + np.exp(-soft_labels))).T
    return np.array([[alone, alone * major], [inside, inside * major]]).transpose(2, 0, 1)


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
    state = {"into_review.weight": single(encoder.entry.T), "into_review.bias": single(encoder.entry_bias)}
    state |= word_weights(encoder.words) | layer_weights("review", encoder.reviews)
    student.load_state_dict(state, strict=False)  # the heads are new
    return student


def word_weights(words: WordNetwork) -> dict[str, Tensor]:
    """The network over words, as the student's state."""
    arrays = (words.vectors * words.scale, words.attention.T, words.attention_bias)
    names = ("words.weight", "attention.weight", "attention.bias")
    state = {name: single(array) for name, array in zip(names, arrays, strict=True)}
    return state | layer_weights("convolutions", words.layers)


def layer_weights(name: str, layers: Sequence[GatedConvolution]) -> dict[str, Tensor]:
    """Layers, as the student's state."""
    state = {}
    for number, layer in enumerate(layers):
        state[f"{name}.{number}.linear.weight"] = single((layer.weight * layer.scale).T)
        state[f"{name}.{number}.linear.bias"] = single(layer.bias)
    return state


def single(array: NDArray[np.floating[Any]]) -> Tensor:
    """A copy in single precision."""
    return torch.from_numpy(np.array(array, dtype=np.float32))


class Held:
    """Documents whose vectors must stay as they are."""

    def __init__(self, student: Student, words: Words, n: int) -> None:
        self.words, self.n = words, n  # so many in a step
        self.old = vectors_of(student, words)
        self.spread = [vectors.var(0).mean() for vectors in self.old]

    def drift(self, student: Student, rng: np.random.Generator) -> Tensor:
        """How far the vectors of some of them have gone, alone and in the review, in units of their variance."""
        chosen = rng.integers(0, len(self.words), self.n)
        rows = self.words.sentences_of(chosen)
        with autocast(CPU):
            now = both_vectors(student, self.words.batch(chosen)[0], 0.0)
        triples = zip(now, self.old, self.spread, strict=True)
        alone, inside = ((found.float() - old[rows]).square().mean() / spread for found, old, spread in triples)
        return alone + inside


def teach(
    student: Student,
    lessons: Lessons,
    soft: Words,
    held: list[Held],
    dev: dict[str, Words],
    options: argparse.Namespace,
) -> None:
    """All soft labels in each epoch; each step with lessons, and with documents whose vectors must stay."""
    rng = np.random.default_rng(options.seed)
    parameters = [parameter for name, parameter in student.named_parameters() if not name.startswith("hints")]
    optimizer = torch.optim.AdamW(parameters, options.rate, weight_decay=0.0)
    n_steps = options.epochs * (len(soft) // PER_STEP["soft"])
    step = 0
    for epoch in range(options.epochs):
        order = rng.permutation(len(soft))[: len(soft) // PER_STEP["soft"] * PER_STEP["soft"]]
        for documents in order.reshape(-1, PER_STEP["soft"]):
            for group in optimizer.param_groups:
                group["lr"] = options.rate * min(1.0, (step + 1) / 200) * (1 - step / n_steps)
            student.train()
            loss = entropy(student, *soft.batch(documents, rng))
            loss = loss + entropy(student, *lessons.draw(PER_STEP["lessons"], rng))
            student.eval()
            drift = torch.stack([one.drift(student, rng) for one in held]).mean()
            optimizer_step(optimizer, loss + options.hold * drift, student)
            step += 1
        log(f"epoch {epoch}, step {step}: {'; '.join(measured(student, name, part) for name, part in dev.items())}")


def both_vectors(student: Student, batch: Review, dropout: float) -> tuple[Tensor, Tensor]:
    """Vectors of sentences alone and in their review."""
    found = student.sentences(batch, dropout)
    return found, student.in_review(found, batch)


def entropy(student: Student, batch: Review, wanted: Tensor) -> Tensor:
    """Cross-entropy of the heads against labels or probabilities, alone and in the review."""
    with autocast(CPU):
        vectors = [functional.dropout(one, DROPOUT) for one in both_vectors(student, batch, DROPOUT)]
        logits = [student.head_alone(vectors[0]), student.head_review(torch.cat([vectors[1], vectors[0]], dim=1))]
    losses = functional.binary_cross_entropy_with_logits(torch.stack(logits, 1).float(), wanted, reduction="none")
    return 2 * (losses * HEAD_WEIGHTS).mean()


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
    wanted = words.targets[:, 0, 0]
    shown = [
        f"{mode} {roc_auc_score(wanted, found[:, 0]):.4f}/{average_precision_score(wanted, found[:, 0]):.4f}"
        for mode, found in logits.items()
    ]
    return f"{name} {', '.join(shown)}"


if __name__ == "__main__":
    main()
