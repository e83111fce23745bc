"""Teach the encoder of ``models/accurate`` what labels say of short posts and of other kinds of works.

    python models/tune_accurate.py --model MODEL --output models/.work/accurate

MODEL is a folder whose encoder `build_accurate.py` has made, or one that has had this lesson before.

The counterpart of `tune_encoder.py`: the same works are left out, and fewer of the reviews are read. All layers learn,
in four passes over the posts: after one pass over the upper half alone, which is what it once got, it found fewer of
them than the small network.
"""

import argparse
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import torch
from build_teacher import known_cross_entropy, mixture
from distillation import (
    SentenceClassifier,
    autocast,
    describe_metrics,
    log,
    optimizer_step,
    parameter_groups,
    standings_of,
)
from documents import KINDS, Document, comments, drawn_reviews, labelled, natural_reviews, other_kinds, unlabelled
from numpy.typing import NDArray
from onnx import numpy_helper
from sequences import LABELLED, Batch, PreparedTexts, Sequences, batches
from torch import Tensor
from transformer import MINILM, Transformer
from tune_encoder import TAGS

import spoilerguard
from spoilerguard.datasets import data_home
from spoilerguard.encoders import TransformerEncoder
from spoilerguard.encoders.word_pieces import review_windows
from spoilerguard.features import tokenize
from spoilerguard.sentences import split

HERE = Path(__file__).parent
HEAD_WEIGHTS = (1.0, 0.5, 0.5, 0.5)
Lessons = Iterator[tuple[Tensor, Batch]]
CPU = torch.device("cpu")
MAX_SENTENCES, MAX_HELD = 48, 16  # of a document
N_HELD = {"imdb": 5000, "other": 600, "tagged": 4000}  # film reviews, texts of each other kind, tagged sentences


def main() -> None:
    """Teach, measure, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="whose encoder is taught")
    parser.add_argument("--output", type=Path, default=HERE / ".work" / "accurate")
    parser.add_argument("--share", type=float, default=0.06, help="of the drawn film reviews")
    parser.add_argument("--held", type=float, default=0.1, help="share of the texts whose vectors must stay")
    parser.add_argument("--epochs", type=int, default=4, help="passes over the posts")
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--hold", type=float, default=2.0, help="weight of the old vectors")
    parser.add_argument("--batch", type=int, default=2048, help="word pieces in a step")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    encoder = spoilerguard.load(options.model).vectorizer_.encoder
    if not isinstance(encoder, TransformerEncoder):
        parser.error(f"{options.model} has no transformer")
    rng = np.random.default_rng(options.seed)
    lessons = list(comments("train"))
    n_posts = len(lessons)
    lessons += (one for one in labelled() if one.name.startswith("own-"))
    lessons += [one for one in other_kinds("train") if not one.source.endswith("/random")]
    lessons += sampled(list(drawn_reviews()), options.share, rng)
    held = sampled(held_documents(), options.held, rng)
    log(f"{len(lessons)} documents to learn, {len(held)} to hold")
    model = SentenceClassifier(float_weights(encoder))
    for module in (model.encoder.word, model.encoder.place, model.encoder.norm):
        module.requires_grad_(requires_grad=False)
    dev = {"posts": comments("dev"), "other kinds": other_kinds("dev")}
    dev |= {"films": iter(sampled(list(natural_reviews()), 0.1, rng))}
    parts = {name: prepared(encoder, list(part)) for name, part in dev.items()}
    teach(model, prepared(encoder, lessons), n_posts, prepared(encoder, held), parts, options)
    options.output.mkdir(parents=True, exist_ok=True)
    state: dict[str, Any] = {name: tensor.numpy().astype(np.float16) for name, tensor in model.state_dict().items()}
    np.savez(options.output / "minilm.npz", **state)


def held_documents() -> list[Document]:
    """Texts on which the vectors must stay as they are; their labels and tags are not read."""
    found = list(unlabelled(N_HELD["imdb"]))
    tagged = [document for document in labelled() if TAGS & document.targets.keys()]
    found += np.random.default_rng(0).choice(np.array(tagged, dtype=object), N_HELD["tagged"], replace=False).tolist()
    for kind in KINDS:
        pool = pd.read_parquet(data_home() / "pool" / f"{kind}.parquet")
        texts = pool.text[~pool.marks].sample(N_HELD["other"], random_state=0)
        found += [Document("", "", [sentence.text for sentence in split(text)]) for text in texts]
    cut = (dataclasses.replace(one, sentences=one.sentences[:MAX_HELD]) for one in found)
    return [document for document in cut if document.sentences]


def sampled(documents: list[Document], share: float, rng: np.random.Generator) -> list[Document]:
    """So many of them, in their order."""
    rows = np.sort(rng.permutation(len(documents))[: int(len(documents) * share)])
    return [documents[row] for row in rows]


def float_weights(encoder: TransformerEncoder) -> Transformer:
    """The weights that the whole numbers of the graph stand for."""
    graph = onnx.load_from_string(encoder.graph).graph
    arrays = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    state = {name: array for name, array in arrays.items() if not name.startswith(("onnx::", "quant."))}
    for table in ("word.weight", "place.weight"):
        state[table] = state.pop(f"{table}.int8") * state.pop(f"{table}.scale")
    products = [node.input[1].removesuffix(".int8") for node in graph.node if node.op_type == "MatMulInteger"]
    names = [f"layers.{layer}.{part}.weight" for layer in range(MINILM.layers) for part in ("qkv", "out", "up", "down")]
    for name, product in zip(names, products, strict=True):
        state[name] = (arrays[f"{product}.int8"] * arrays[f"{product}.scale"]).T
    transformer = Transformer(MINILM, len(state["word.weight"]), len(state["place.weight"]))
    transformer.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in state.items()})
    return transformer


def prepared(encoder: TransformerEncoder, documents: list[Document]) -> PreparedTexts:
    """Documents as word pieces, with what is known of each sentence."""
    documents = [dataclasses.replace(one, sentences=one.sentences[:MAX_SENTENCES]) for one in documents]
    documents = [one for one in documents if one.sentences]
    lengths = np.array([len(one.sentences) for one in documents])
    pieces = encoder.word_pieces([tokenize([text for one in documents for text in one.sentences])])
    first = np.concatenate([[0], np.cumsum(lengths)])
    alone = first[:-1][lengths == 1]
    seen = np.concatenate(
        [review_windows(pieces.edges, lengths), np.column_stack([alone, alone, alone + 1, alone + 1])]
    )
    windows = seen[np.argsort(seen[:, 1], kind="stable")]
    zero = np.zeros(len(documents), dtype=np.uint8)
    targets = np.array([row for one in documents for row in one.known()[: len(one.sentences)]], dtype=np.int8)
    ids = pieces.input_ids.astype(np.uint16)
    return PreparedTexts(ids, pieces.edges, first, zero, zero + LABELLED, zero.astype(bool), targets, windows)


def teach(
    model: SentenceClassifier, lessons: PreparedTexts, n_posts: int, held: PreparedTexts,
    dev: dict[str, PreparedTexts], options: argparse.Namespace,
) -> None:  # fmt: skip
    """Each step with lessons and with some texts whose vectors must stay; the rate rises, then falls."""
    rng = np.random.default_rng(options.seed)
    again = mixture(held, np.arange(len(held.first) - 1), rng)
    old = vectors_of(model, held, again, options.batch)
    spread = float(old.var(0).mean())
    log("the old vectors are there")
    steps = [
        batch
        for documents in epochs(n_posts, len(lessons.first) - 1, options.epochs, rng)
        for batch in batches(lessons, mixture(lessons, documents, rng), MINILM, options.batch, CPU, rng)
    ]
    groups = parameter_groups(model, options.rate, 1e-3)
    optimizer = torch.optim.AdamW([group | {"peak": group["lr"]} for group in groups])
    targets, weights = torch.from_numpy(lessons.targets), torch.tensor(HEAD_WEIGHTS)
    kept = endless(held, again, options.batch // 3, rng)
    shown = torch.zeros(2)
    for step, batch in enumerate(steps):
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * min((step + 1) / 60, 1 - step / len(steps))
        rows, there = next(kept)
        with autocast(CPU):
            model.train()
            logits = model(batch)
            model.eval()
            vectors = model.vectors(there)
        loss = known_cross_entropy(logits.float(), targets[batch.sentences], weights)
        drift = (vectors - old[rows]).square().mean() / spread
        optimizer_step(optimizer, loss + options.hold * drift, model)
        shown += torch.stack([loss.detach(), drift.detach()])
        if step % 100 == 99:
            log(f"step {step + 1} of {len(steps)}: loss {shown[0] / 100:.4f}, drift {shown[1] / 100:.4f}")
            shown.zero_()
    for name, texts in dev.items():
        report(model, name, texts, options.batch)


def epochs(n_posts: int, n: int, n_epochs: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Documents of each epoch: all posts, which stand first, and a third of the longer texts, another one each time."""
    longer = np.zeros(0, dtype=np.int64)
    for _ in range(n_epochs):
        share = (n - n_posts) // 3
        if len(longer) < share:
            longer = rng.permutation(np.arange(n_posts, n))
        yield np.concatenate([np.arange(n_posts), longer[:share]])
        longer = longer[share:]


def endless(texts: PreparedTexts, sequences: Sequences, budget: int, rng: np.random.Generator) -> Lessons:
    """Batches again and again, each with the rows of its sentences among the old vectors."""
    while True:
        for batch in batches(texts, sequences, MINILM, budget, CPU, rng):
            yield batch.sentences, batch


def vectors_of(model: SentenceClassifier, texts: PreparedTexts, sequences: Sequences, budget: int) -> Tensor:
    """Vectors of all sentences, each in the window in which it is read."""
    model.eval()
    found = torch.zeros(texts.n_sentences, MINILM.width)
    with torch.inference_mode(), autocast(CPU):
        for batch in batches(texts, sequences, MINILM, budget, CPU, None):
            found[batch.sentences] = model.vectors(batch)
    return found.clone()


def report(model: SentenceClassifier, name: str, texts: PreparedTexts, budget: int) -> None:
    """Metrics of the heads, in the review and alone."""
    model.eval()
    for mode, sequences in standings_of(texts, np.arange(len(texts.first) - 1)):
        with torch.inference_mode():
            logits = model.heads(vectors_of(model, texts, sequences, budget)).numpy()
        log(f"{name}, {mode}: {describe_metrics(texts.targets, logits)}")


if __name__ == "__main__":
    main()
