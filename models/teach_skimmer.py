"""Teach a skimmer to guess the vectors of a model's encoder.

    python models/teach_skimmer.py --model models/default --output models/.work/default.npz
    python models/teach_skimmer.py --model models/accurate --output models/.work/accurate.npz --reviews 10000

What is written is the encoder of MODEL with its skimmer, as its `from_arrays` reads it. The skimmer is a student of the
encoder (Hinton et al. 2015, "Distilling the Knowledge in a Neural Network"), on texts without labels: what counts is
where a vector leads, to the logit of its sentence and, if there is one, into the network of the review. It begins as a
copy of the skimmer that MODEL has, if any; that of a transformer, which takes long to read so many texts, as that
of the default model.
"""

import argparse
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from distillation import autocast, log, optimizer_step
from documents import KINDS, comments, labelled, other_kinds, unlabelled
from joblib import Parallel, delayed
from numpy.typing import NDArray
from packing import packed_words
from student import Plan, Review, Student
from torch import Tensor, nn
from torch.nn import functional
from tune_encoder import encoder_of, word_weights

import spoilerguard
from spoilerguard.datasets import data_home
from spoilerguard.encoders import ConvolutionalEncoder, TransformerEncoder, Vocabulary
from spoilerguard.encoders.skimmer import Skimmer
from spoilerguard.linear_model import LinearModel
from spoilerguard.sentences import split

HERE = Path(__file__).parent
PLAN = Plan(width=64, dilations=(1,), poolings=2)
PER_STEP = 2048  # sentences
MAX_CHARACTERS = 6000  # of a text; longer ones are rare
AT_ONCE = 500  # documents that a process reads
DEV = 40  # one sentence of so many is kept for measuring
RARE = 16  # a word that is met less often has the vector 0: hardly a guess changes, and a wheel packs zeros to nothing
LIFT_STEPS = 4096  # to 1: finer ones move no metric by more than .0001, and what is rounded packs to half the size
RATES = {"words": 6e-3, "network": 3e-3}
WEIGHTS = {"review": 1.0, "vector": 0.2, "logit": 10.0}  # of what the loss adds up


def main() -> None:
    """Read, teach, measure, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="whose encoder is guessed")
    parser.add_argument("--output", type=Path, default=HERE / ".work" / "skimmed.npz")
    parser.add_argument("--reviews", type=int, default=20_000, help="of films; as many texts of other kinds")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    model = spoilerguard.load(options.model)
    encoder = model.vectorizer_.encoder
    assert isinstance(encoder, ConvolutionalEncoder | TransformerEncoder)
    first = encoder_of(HERE / "default") if isinstance(encoder, TransformerEncoder) else encoder
    lessons = Lessons.read(options.model, model, first.vocabulary, list(texts(options.reviews)))
    log(f"{len(lessons.logits)} sentences")
    student = Student(len(first.vocabulary), PLAN, n_heads=1, n_hints=1)
    nn.init.normal_(student.words.weight, std=0.3)
    if first.skimmer is not None:
        student.load_state_dict(word_weights(first.skimmer.words), strict=False)
    forget_rare_words(student, lessons)
    lift = teach(student, lessons, options)
    state = {name: tensor.detach().numpy().astype(np.float32) for name, tensor in student.state_dict().items()}
    words = packed_words(state | {"plan.dilations": np.array(PLAN.dilations, dtype=np.float32)})
    lifted = lift.weight.detach().numpy().T
    skimmer = Skimmer(first.vocabulary, words, (np.rint(lifted * LIFT_STEPS) / LIFT_STEPS).astype(np.float32))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = dataclasses.replace(encoder, skimmer=skimmer).arrays()
    np.savez_compressed(options.output, **arrays)
    log(f"{options.output}: {options.output.stat().st_size >> 10} KiB")


def texts(n_reviews: int) -> Iterator[list[str]]:
    """Sentences of texts on which nothing is measured; no label is read."""
    yield from (document.sentences for document in unlabelled(n_reviews))
    yield from (document.sentences for document in comments("train"))
    yield from (document.sentences for document in labelled() if document.name.startswith("own-"))
    measured = {document.name for part in ("dev", "test") for document in other_kinds(part)}
    for kind in KINDS:
        pool = pd.read_parquet(data_home() / "pool" / f"{kind}.parquet")
        pool = pool[~pool.id.isin(measured) & (pool.text.str.len() < MAX_CHARACTERS)]
        for text in pool.text.sample(min(len(pool), n_reviews // len(KINDS)), random_state=0):
            yield [found.text for found in split(text)]


@dataclasses.dataclass(frozen=True, slots=True)
class Lessons:
    """Sentences as rows of the vocabulary, and what the encoder and the head make of them.

    Sentence ``k`` has the words ``edges[k] : edges[k + 1]``; its logit is ``ngrams[k] + vectors[k] @ coef``. `entry`
    leads from vectors into the network of the review; it has no column where that reads the words anew.
    """

    rows: NDArray[np.int64]
    edges: NDArray[np.int64]
    vectors: Tensor
    ngrams: Tensor
    logits: Tensor
    coef: Tensor
    entry: Tensor

    @classmethod
    def read(cls, folder: Path, model: LinearModel, vocabulary: Vocabulary, documents: list[list[str]]) -> "Lessons":
        """Let the model in a folder encode and score; sentences without words teach nothing."""
        encoder, n_dimensions = model.vectorizer_.encoder, model.vectorizer_.n_dimensions
        coef, entry = model.coef_[-n_dimensions:], np.zeros((n_dimensions, 0))
        if isinstance(encoder, ConvolutionalEncoder):
            entry = encoder.entry[:n_dimensions]
        firsts = range(0, len(documents), AT_ONCE)
        asked = (delayed(look)(folder, documents[first : first + AT_ONCE]) for first in firsts)
        parts = Parallel(n_jobs=2)(asked)
        hashes, sizes, vector, logit = (np.concatenate(column) for column in zip(*parts, strict=True))
        columns = (logit - vector @ coef, logit, coef, entry)
        edges = np.concatenate([[0], np.cumsum(sizes)])
        tensors = (torch.from_numpy(np.array(column)).float() for column in columns)
        return cls(vocabulary.find(hashes), edges, torch.from_numpy(vector), *tensors)

    def batch(self, sentences: NDArray[np.int64]) -> Review:
        """Sentences that belong to no review."""
        sizes = np.diff(self.edges)[sentences]
        owner = np.repeat(np.arange(len(sentences)), sizes)
        place = np.arange(len(owner)) + np.repeat(self.edges[sentences] - (np.cumsum(sizes) - sizes), sizes)
        none = torch.zeros(0, dtype=torch.int64)
        return Review(torch.from_numpy(self.rows[place]), torch.from_numpy(owner), len(sentences), none, 0, none, none)


def look(folder: Path, documents: list[list[str]]) -> tuple[NDArray[Any], ...]:
    """Hashes of all words, and of each sentence that has some: how many, its vector and its logit."""
    model = spoilerguard.load(folder)
    parts = []
    for tokens in model.vectorizer_.tokenize([text for sentences in documents for text in sentences]):
        known = np.diff(tokens.edges) > 0
        found = model.vectorizer_.encode_tokens(tokens)
        logits = model.score_tokens(tokens, found)
        parts.append((tokens.hashes, np.diff(tokens.edges)[known], found[known].astype(np.float16), logits[known]))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def forget_rare_words(student: Student, lessons: Lessons) -> None:
    """Set the vectors of rare words to 0, and keep them there."""
    vectors = student.words.weight
    known = torch.from_numpy(np.bincount(lessons.rows, minlength=len(vectors)) >= RARE)[:, None]
    log(f"{int(known.sum())} of {len(vectors)} words have vectors")
    vectors.data *= known
    vectors.register_hook(lambda gradient: gradient * known)


def teach(student: Student, lessons: Lessons, options: argparse.Namespace) -> nn.Linear:
    """What lifts the vectors of the student, taught meanwhile, to somewhere close to those of the encoder."""
    lift = nn.Linear(PLAN.poolings * PLAN.width, lessons.vectors.shape[1], bias=False)
    nn.init.normal_(lift.weight, std=0.03)
    network = [*student.convolutions.parameters(), *student.attention.parameters(), *lift.parameters()]
    groups = {"words": [student.words.weight], "network": network}
    taught = nn.ModuleList([student, lift])
    optimizer = torch.optim.Adam([{"params": part, "rate": RATES[name]} for name, part in groups.items()])
    rng = np.random.default_rng(options.seed)
    order = rng.permutation(len(lessons.logits))
    dev, learnt = np.split(order, [len(order) // DEV])
    n_steps, step = options.epochs * (len(learnt) // PER_STEP), 0
    for epoch in range(options.epochs):
        order = rng.permutation(learnt)
        for first in range(0, len(order) - PER_STEP + 1, PER_STEP):
            for group in optimizer.param_groups:
                group["lr"] = group["rate"] * min(1.0, (step + 1) / 100) * (1 - step / n_steps)
            parts = losses(student, lift, lessons, order[first : first + PER_STEP])
            loss = sum((WEIGHTS[name] * part for name, part in parts.items()), torch.zeros(()))
            optimizer_step(optimizer, loss, taught)
            step += 1
        with torch.inference_mode():
            found = losses(student, lift, lessons, dev)
        log(f"epoch {epoch}, step {step}: {', '.join(f'{name} {float(part):.4f}' for name, part in found.items())}")
    return lift


def losses(student: Student, lift: nn.Linear, lessons: Lessons, chosen: NDArray[np.int64]) -> dict[str, Tensor]:
    """How far guesses lie from the encoder's vectors, in units of their spread; and of logits, the divergence."""
    with autocast(torch.device("cpu")):
        guess = lift(student.sentences(lessons.batch(chosen)))
    rows = torch.from_numpy(chosen)
    wanted, logits = lessons.vectors[rows].float(), lessons.logits[rows]
    error, entropy = guess.float() - wanted, functional.binary_cross_entropy_with_logits
    return {
        "review": in_units_of_spread(error @ lessons.entry, wanted @ lessons.entry),
        "vector": in_units_of_spread(error, wanted),
        "logit": entropy(lessons.ngrams[rows] + guess.float() @ lessons.coef, logits.sigmoid())
        - entropy(logits, logits.sigmoid()),
    }


def in_units_of_spread(error: Tensor, wanted: Tensor) -> Tensor:
    """The mean squared error, each column in units of its variance; 0 without columns."""
    return (error.square().mean(0) / wanted.var(0)).mean() if wanted.shape[1] else torch.zeros(())


if __name__ == "__main__":
    main()
