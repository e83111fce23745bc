"""What `tune_encoder.py` teaches from: documents as rows of an encoder's vocabulary, with labels or probabilities."""

import dataclasses
import re
from collections.abc import Iterable, Iterator

import numpy as np
import torch
from documents import Document
from numpy.typing import NDArray
from student import Review
from torch import Tensor

from spoilerguard.encoders import ConvolutionalEncoder
from spoilerguard.features import tokenize

__all__ = ["Lessons", "Words", "with_surnames"]

MAX_WORDS = 160  # of a sentence
N_SURNAMES = 4  # that are tried behind each first name
_FIRST_NAMES = (
    "adam agnes albert alex alice amy andrew anna arthur ben beth bobby carl carol charles charlie chris clara claire "
    "connor daniel david diana edward elena eleanor ella ellie emily emma eric ethan eva evelyn frank fred george "
    "hannah harry helen henry isabel jack jacob james jane jason jenny jessica jim joe joel john jonas jonathan joseph "
    "judith julia karen kate kevin laura leo lena lily lisa lucas lucy luke margaret maria marie martin mary matt "
    "max michael mike mina nathan ned nell nick nina nora oliver oscar paul peter philip rachel rebecca richard "
    "robert ruth ryan sam samuel sarah simon sophie stephen steve susan teddy theo thomas tim tom tony victor walter"
)
# Many of them are words of their own: a network that knows no capitals must learn that they name somebody here, too.
_SURNAMES = (
    "Archer Baker Banks Bell Best Bishop Black Bridges Brown Butler Carter Castle Chambers Church Cook Crane Cross Day "
    "Drake Fields Finch Fisher Fox Frost Gates Graves Gray Green Hall Hart Hawk Hill Hood House Hunter Hope King "
    "Law Little Long Lord Love Marsh Mason May Miller Moody Noble Page Park Porter Potter Powers Price Quick Reed "
    "Rich Rivers Rose Rush Savage Sharp Shaw Shields Short Silver Small Snow Solo Sparrow Stark Steel Stone Strange "
    "Strong Summers Swan Swift Thorne Vale Wall Walker Ward Waters Weaver West White Wild Winter Wise Wolf Wood Young "
    "Alvarez Dubois Haddad Ivanov Jensen Kowalski Lindqvist Moretti Nakamura O'Brien Okafor Petrov Rossi Sato Schmidt"
).split()
_NAMED = re.compile(rf"\b(?:{'|'.join(_FIRST_NAMES.split())})\b(?!['’-]|\s+(?-i:[A-Z]))", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class Words:
    """Documents as rows of the encoder's vocabulary; document ``d`` has the sentences ``first[d] : first[d + 1]``."""

    rows: NDArray[np.int64]
    edges: NDArray[np.int64]
    first: NDArray[np.int64]
    targets: NDArray[np.float32]  # alone and in the review, shape (n_sentences, 2, N_HEADS)

    @classmethod
    def read(
        cls, encoder: ConvolutionalEncoder, documents: list[Document], targets: NDArray[np.float32] | None = None
    ) -> "Words":
        """Find the words; targets are the documents' labels, if no others are given."""
        tokens = tokenize([text for document in documents for text in document.sentences])
        sizes = [len(document.sentences) for document in documents]
        if targets is None:
            labels = [
                [document.targets.get(head, [0] * size)[place] for head in ("spoiler", "major")]
                for document, size in zip(documents, sizes, strict=True)
                for place in range(size)
            ]
            targets = np.repeat(np.array(labels, dtype=np.float32)[:, None], 2, axis=1)
        first = np.concatenate([[0], np.cumsum(sizes)])
        return cls(encoder.vocabulary.find(tokens.hashes), tokens.edges, first, targets)

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


def with_surnames(documents: Iterable[Document], rng: np.random.Generator) -> Iterator[Document]:
    """Those documents that name somebody by a first name only, with surnames behind it: four of each."""
    for document in documents:
        if not any(map(_NAMED.search, document.sentences)):
            continue
        for surname in rng.choice(_SURNAMES, N_SURNAMES, replace=False).tolist():
            named = [_NAMED.sub(rf"\g<0> {surname}", sentence, count=1) for sentence in document.sentences]
            yield dataclasses.replace(document, sentences=named)


class Lessons:
    """Labelled documents in an endless row: all posts and half of the longer texts in each round."""

    def __init__(self, words: Words, n_posts: int) -> None:
        self.words, self.n_posts = words, n_posts
        self.left = np.zeros(0, dtype=np.int64)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Review, Tensor]:
        """The next `n` documents and their targets."""
        if len(self.left) < n:
            longer = rng.permutation(np.arange(self.n_posts, len(self.words)))
            self.left = rng.permutation(np.concatenate([np.arange(self.n_posts), longer[: len(longer) // 2]]))
        now, self.left = self.left[:n], self.left[n:]
        return self.words.batch(now, rng)
