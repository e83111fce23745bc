"""Every text that encoders learn from, as documents: sentences in order, what is known of them, and a fold by work.

Gold dev reviews and their works are left out altogether, so are the dev part of TV Tropes and a fifth of the Goodreads
works: metrics on them stay honest, whatever is learnt from the rest, with or without labels.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from spoilerguard import sentences
from spoilerguard.datasets import data_home

__all__ = [
    "HEADS",
    "KINDS",
    "N_FOLDS",
    "Document",
    "comments",
    "dev_documents",
    "drawn_reviews",
    "fold_of",
    "is_held_out",
    "labelled",
    "natural_reviews",
    "other_kinds",
    "unlabelled",
]

# What a teacher is asked about a sentence: a spoiler by the guideline, a major one, tagged on TV Tropes, on Goodreads.
HEADS = ("spoiler", "major", "tvtropes", "goodreads")
N_FOLDS = 5
KINDS = ("anime", "books", "critics", "forum", "games", "series")  # of `datasets/labels/other_kinds.jsonl`
_OWN = Path(__file__).parent.parent / "datasets"
_UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Document:
    """A review, or a sentence on its own; ``targets[head]`` holds 0 or 1 for each sentence where it is known."""

    name: str
    work: str
    sentences: list[str]
    targets: dict[str, list[int]] = field(default_factory=dict)
    source: str = ""  # of what was labelled for this project, beside the gold data and `datasets/reviews`

    def known(self) -> list[list[int]]:
        """For each sentence the target of each of `HEADS`, -1 where it is not known."""
        unknown = [_UNKNOWN] * len(self.sentences)
        return [list(row) for row in zip(*(self.targets.get(head, unknown) for head in HEADS), strict=True)]


def fold_of(work: str) -> int:
    """The fold of a work, the same in every corpus and every run."""
    return int.from_bytes(hashlib.blake2b(work.encode(), digest_size=4).digest(), "big") // N_FOLDS % N_FOLDS


def is_held_out(work: str) -> bool:
    """Whether a work of Goodreads is kept for measuring; one in five."""
    return int.from_bytes(hashlib.blake2b(work.encode(), digest_size=4).digest(), "big") % 5 == 0


def labelled() -> Iterator[Document]:
    """All labelled documents but those kept for measuring."""
    yield from _gold("train")
    yield from _relabelled_reviews()
    yield from _own("train")
    yield from _tvtropes("train")
    yield from _goodreads(held_out=False)
    yield from comments("train")
    yield from comments("dev")
    yield from other_kinds("train")


def drawn_reviews() -> Iterator[Document]:
    """Labelled film reviews that were drawn for their spoilers, on works of which no review was drawn at random."""
    gold = list(_lines(data_home() / "gold" / "train.jsonl"))
    natural_works = {review["work"] for review in gold if review["stratum"] == "random"}
    drawn = {review["review_id"] for review in gold if review["stratum"] not in ("random", "books")}
    for document in (*_gold("train"), *_relabelled_reviews()):
        if document.work not in natural_works and (document.source or document.name in drawn):
            yield document


def natural_reviews() -> Iterator[Document]:
    """Labelled film reviews as they occur."""
    gold = _lines(data_home() / "gold" / "train.jsonl")
    natural = {review["review_id"] for review in gold if review["stratum"] == "random"}
    yield from (document for document in _gold("train") if document.name in natural)


def dev_documents() -> Iterator[Document]:
    """What metrics are taken on: gold dev, our own dev, the rest of TV Tropes and of Goodreads, held-out works."""
    yield from _gold("dev")
    yield from _own("dev")
    yield from _tvtropes("dev")
    yield from _goodreads(held_out=True)
    yield from comments("test")
    yield from other_kinds("dev")


def comments(split: str) -> Iterator[Document]:
    """Short posts of our own."""
    for post in _lines(_OWN / "comments" / "comments.jsonl"):
        if post["split"] == split:
            yield _by_guideline(**_fields(post), name=post["review_id"], work=post["work"], source=f"comments/{split}")


def other_kinds(split: str) -> Iterator[Document]:
    """Real texts on books, series, games and so on; half of them drawn at random, half where two models disagreed."""
    found = {post["id"]: post for post in _lines(_OWN / "labels" / "other_kinds.jsonl") if post["split"] == split}
    for kind in sorted({post["domain"] for post in found.values()}):
        pool = pd.read_parquet(data_home() / "pool" / f"{kind}.parquet").set_index("id")
        for name, post in found.items():
            if post["domain"] == kind:
                text, work = pool.text[name], pool.work[name]
                work = f"{kind} {work if isinstance(work, str) and work.strip() else name}"
                fields = {"text": text, "spans": post["spans"], "labels": post["labels"]}
                yield _by_guideline(**fields, name=name, work=work, source=f"{kind}/{post['how']}")


def unlabelled(n_reviews: int | None = None) -> Iterator[Document]:
    """The IMDb pool without what is labelled, and without the works of gold dev; all of it, or so many at random."""
    dev = list(_lines(data_home() / "gold" / "dev.jsonl"))
    labelled_ids = {review["review_id"] for review in dev + list(_lines(data_home() / "gold" / "train.jsonl"))}
    labelled_ids |= set(_labels("imdb_reviews"))
    pool = pd.read_parquet(data_home() / "imdb_reviews.parquet")
    pool = pool[~pool.review_id.isin(labelled_ids) & ~pool.work.isin({review["work"] for review in dev})]
    for review in (pool if n_reviews is None else pool.sample(n_reviews, random_state=0)).itertuples():
        yield Document(review.review_id, review.work, [found.text for found in sentences.split(review.text)])


def _gold(split: str) -> Iterator[Document]:
    for review in _lines(data_home() / "gold" / f"{split}.jsonl"):
        yield _by_guideline(**_fields(review), name=review["review_id"], work=review["work"])


def _own(split: str) -> Iterator[Document]:
    for review in _lines(_OWN / "reviews" / f"{split}.jsonl"):
        yield _by_guideline(**_fields(review), name=review["review_id"], work=review["work"])


def _relabelled_reviews() -> Iterator[Document]:
    labels = _labels("imdb_reviews")
    pool = pd.read_parquet(data_home() / "imdb_reviews.parquet").set_index("review_id")
    for name, found in labels.items():
        fields = {"text": pool.text[name], "spans": found["spans"], "labels": found["labels"]}
        yield _by_guideline(**fields, name=name, work=pool.work[name], source="imdb/added")


def _fields(review: dict[str, Any]) -> dict[str, Any]:
    return {name: review[name] for name in ("text", "spans", "labels")}


def _by_guideline(
    text: str, spans: list[tuple[int, int]], labels: list[int], *, name: str, work: str, source: str = ""
) -> Document:
    targets = {"spoiler": [int(label > 0) for label in labels], "major": [int(label > 1) for label in labels]}
    return Document(name, work, [text[start:end] for start, end in spans], targets, source)


def _tvtropes(split: str) -> Iterator[Document]:
    table = pd.read_csv(data_home() / "tvtropes.csv")
    for row in table[table["split"] == split].itertuples():
        yield Document(f"tvtropes-{row.Index}", f"tv {row.work}", [row.sentence], {"tvtropes": [int(row.spoiler)]})


def _goodreads(*, held_out: bool) -> Iterator[Document]:
    by_guideline = _labels("goodreads_sentences")
    table = pd.read_csv(data_home() / "goodreads_sentences.csv")
    for row in table[table["work"].astype(str).map(is_held_out) == held_out].itertuples():
        targets = {"goodreads": [int(row.spoiler)]}
        found = by_guideline.get(str(row.Index))
        if found is not None:
            targets |= {"spoiler": [int(found["labels"][0] > 0)], "major": [int(found["labels"][0] > 1)]}
        yield Document(f"goodreads-{row.Index}", f"book {row.work}", [row.sentence], targets)


def _labels(corpus: str) -> dict[str, dict]:  # type: ignore[type-arg]
    """Labels that the project has added to a corpus whose texts it may not hold."""
    file = _OWN / "labels" / f"{corpus}.jsonl"
    return {str(found["id"]): found for found in _lines(file)} if file.exists() else {}


def _lines(file: Path) -> Iterator[dict]:  # type: ignore[type-arg]
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)
