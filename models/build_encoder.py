"""Build ``models/.work/encoder.npz``, the word vectors that `build_default.py` puts under the default model.

    python models/build_encoder.py [--words 30000] [--sentences 131072] [--dimensions 64] [--epochs 5]

A sentence transformer knows from pre-training that "murderer" and "killer" are alike; labelled sentences are too few
to learn it from. So the frozen teacher (`teacher.py`) reads unlabelled sentences (`pool.py`), and a table of words
learns to give the same vectors (`student.py`): what remains of the transformer is one look-up for each word.

1. Count folded words in the pool, and keep the most frequent.
2. Draw sentences; the teacher gives every word and every sentence a vector.
3. Teach. The student starts from the words' own vectors (their principal components) and from importance
   ``a / (a + p)`` for a word of frequency ``p`` (SIF: Arora, Liang, Ma 2017); its targets are the first 256 principal
   components of the sentences' vectors.
4. Pack: vectors scaled so that a sentence's is typically 2 long (beside n-grams, whose blocks are about as long, one
   penalty then suits both) and rounded to 8 bits, importance rounded to half precision.

Each step leaves its result in ``models/.work``, in a folder named after its settings; a run that was cut off goes on
where it stopped.

What was tried, by AUC on TV Tropes (grouped 5-fold; n-grams and encoder under one linear head; no text of it was used):

    n-grams alone                                                           .7334
    + SIF pooling of the teacher's vectors of single words, 64/128/256 d    .746 / .748 / .749
    + pooling taught by the teacher's vectors of sentences, 64/96/128/192 d .750 / .750 / .751 / .750
    + the hidden layer behind the pooling, as further columns               .7507
    + the logit of a model trained on gold as one more column, on 128 d     .752

So the lesson is worth more than dimensions, 64 of them suffice, and nothing behind the pooling is kept. Only 131,072 of
the sentences were read by the teacher, for lack of time: more of them is the first thing to try.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pool import reviews, sample_sentences, word_counts
from student import Lessons, Student, teach
from teacher import Teacher

from spoilerguard.encoder import SentenceEncoder
from spoilerguard.features.blocks import words_block
from spoilerguard.features.folding import fold

WORK = Path(__file__).parent / ".work"
SEED = 0
FROM_REVIEWS = 200_000
SIF = 1e-3
N_TARGETS = 256
TYPICAL_LENGTH = 2.0
CLIPPED = 0.0005  # share of the table's numbers that are cut off, so that the others keep finer steps
AT_ONCE = 4096  # texts between two savings


def main() -> None:
    """Run what has not been run yet, and write the encoder."""
    options = settings()
    torch.set_num_threads(options.threads)
    work = WORK / f"encoder-{options.words}-words-{options.sentences}-sentences"
    work.mkdir(parents=True, exist_ok=True)
    counts, sentences = texts(work, options.words, options.sentences)
    words, hashes = in_table_order(list(counts))
    teacher = Teacher()
    word_vectors = encoded(work / "words", teacher, words)
    sentence_vectors = encoded(work / "sentences", teacher, sentences)

    sentence_vectors /= np.linalg.norm(sentence_vectors, axis=1, keepdims=True)
    lessons = Lessons(*known_words(hashes, sentences), principal_components(sentence_vectors, N_TARGETS))
    frequency = np.array([counts[word] for word in words]) / sum(counts.values())
    torch.manual_seed(SEED)
    student = Student(principal_components(word_vectors, options.dimensions), SIF / (SIF + frequency), N_TARGETS)
    teach(student, lessons, options.epochs, SEED)

    encoder = packed(hashes, student, lessons)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.output, **encoder.arrays())
    print(f"{options.output}: {len(encoder.hashes)} words, {encoder.n_dimensions} dimensions")


def settings() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, default=30_000)
    parser.add_argument("--sentences", type=int, default=131_072)
    parser.add_argument("--dimensions", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, default=WORK / "encoder.npz")
    return parser.parse_args()


def texts(work: Path, n_words: int, n_sentences: int) -> tuple[dict[str, int], list[str]]:
    """Words with their counts, the most frequent first, and sentences to learn from."""
    counts_file, sentences_file = work / "words.json", work / "sentences.json"
    if not (counts_file.exists() and sentences_file.exists()):
        pool = reviews()
        write(counts_file, json.dumps(word_counts(pool, n_words)))
        write(sentences_file, json.dumps(sample_sentences(pool, FROM_REVIEWS, SEED)[:n_sentences]))
    return json.loads(counts_file.read_text("utf-8")), json.loads(sentences_file.read_text("utf-8"))


def in_table_order(words: list[str]) -> tuple[list[str], NDArray[np.uint32]]:
    """Words by ascending hash, and the hashes; of two words with one hash the more frequent one."""
    (hashed,) = words_block(fold(words), 1, 2**4)
    hashes, first = np.unique(hashed.grams.hashes, return_index=True)
    return [words[row] for row in first], hashes


def known_words(hashes: NDArray[np.uint32], sentences: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of the table that make up each sentence, unknown words left out, and the edges of sentences in them."""
    rows, lengths = [], []
    for first in range(0, len(sentences), AT_ONCE):
        (hashed,) = words_block(fold(sentences[first : first + AT_ONCE]), 1, 2**4)
        row = np.minimum(np.searchsorted(hashes, hashed.grams.hashes), len(hashes) - 1)
        known = hashes[row] == hashed.grams.hashes
        rows.append(row[known])
        lengths.append(np.bincount(hashed.sentence[known], minlength=len(hashed.edges) - 1))
    return np.concatenate(rows), np.concatenate([[0], np.cumsum(np.concatenate(lengths))])


def encoded(folder: Path, teacher: Teacher, texts: list[str]) -> NDArray[np.float32]:
    """The teacher's vectors, saved part by part."""
    folder.mkdir(exist_ok=True)
    parts = []
    for first in range(0, len(texts), AT_ONCE):
        file = folder / f"{first:07}.npy"
        if not file.exists():
            unfinished = file.with_suffix(".part.npy")
            np.save(unfinished, teacher.encode(texts[first : first + AT_ONCE]).astype(np.float16))
            unfinished.replace(file)
            print(f"{file.parent.name}: {min(first + AT_ONCE, len(texts))} of {len(texts)}", flush=True)
        parts.append(np.load(file, allow_pickle=False).astype(np.float32))
    return np.concatenate(parts)


def principal_components(vectors: NDArray[np.float32], n_components: int) -> NDArray[np.float32]:
    """Vectors along the directions of largest variance, their mean square length 1."""
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)  # by ascending variance
    found = centred @ directions[:, ::-1][:, :n_components]
    return (found / root_mean_square_length(found)).astype(np.float32)


def root_mean_square_length(vectors: NDArray[np.float32]) -> float:
    """Typical length of vectors."""
    return float(np.sqrt((vectors.astype(np.float64) ** 2).sum(axis=1).mean()))


def packed(hashes: NDArray[np.uint32], student: Student, lessons: Lessons) -> SentenceEncoder:
    """The student's table as the package reads it."""
    with torch.no_grad():
        pooled = student.pool(*lessons.take(np.arange(len(lessons.targets)))[:2]).numpy()
        vectors, importance = student.vectors.numpy(), student.log_importance.exp().numpy()
    vectors = vectors * (TYPICAL_LENGTH / root_mean_square_length(pooled))
    step = float(np.quantile(np.abs(vectors), 1 - CLIPPED)) / 127
    in_steps = np.clip(np.round(vectors / step), -127, 127).astype(np.int8)
    return SentenceEncoder(hashes, importance.astype(np.float16).astype(np.float32), in_steps, step)


def write(file: Path, text: str) -> None:
    """Write a file that is either whole or not there."""
    unfinished = file.with_suffix(".part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(file)


if __name__ == "__main__":
    main()
