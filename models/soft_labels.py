"""What the accurate model says of texts of all kinds that nobody has labelled: no text, 8 bits a logit.

    python models/soft_labels.py                  # twenty-five minutes on two cores

It writes ``datasets/labels/soft_labels.npz``, so that `tune_encoder.py` and later networks need no teacher. Where it is
stopped it goes on: parts lie in ``.work/soft``. No text is taken whose labels, or whose work's labels, thresholds or
metrics rest on: the teacher's head has learnt them.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from documents import KINDS, Document, labelled, other_kinds, unlabelled
from joblib import Parallel, delayed
from numpy.typing import NDArray

import spoilerguard
from spoilerguard import sentences
from spoilerguard.datasets import data_home
from spoilerguard.documents import Documents
from spoilerguard.predicting import predict

__all__ = ["SoftLabels", "soft_documents"]

HERE = Path(__file__).parent
FILE = HERE.parent / "datasets" / "labels" / "soft_labels.npz"
FILMS = "films"
N_OF_KIND = 7_000
MAX_SENTENCES = 40  # of a text
SHORT = 20  # characters
AT_ONCE = 400  # texts in a part
STEP = 1 / 16  # of a logit, so that 8 bits reach to 8 on either side
_MANY = 150  # texts on one "work": a subreddit or a shop, and no work
# Logits, shape (n_sentences, 3): of a spoiler, the sentence alone; of one in its review; of a major one, if it is one.
SoftLabels = NDArray[np.float32]


def main() -> None:
    """Ask the accurate model."""
    documents = list(_texts())
    folder = HERE / ".work" / "soft"
    folder.mkdir(parents=True, exist_ok=True)
    firsts = range(0, len(documents), AT_ONCE)
    asked = (delayed(_ask)(documents[first : first + AT_ONCE], folder / f"{first}.npy") for first in firsts)
    found = np.concatenate(Parallel(n_jobs=2, verbose=5)(asked))
    np.savez_compressed(
        FILE,
        kind=np.array([document.source for document in documents]),
        id=np.array([document.name for document in documents]),
        n_sentences=np.array([len(document.sentences) for document in documents], dtype=np.uint8),
        logits=found,
    )


def soft_documents() -> Iterator[tuple[Document, SoftLabels]]:
    """Each text with the teacher's logits; one that is cut otherwise today is left out."""
    with np.load(FILE) as arrays:
        kinds_of, names, sizes, logits = (arrays[name] for name in ("kind", "id", "n_sentences", "logits"))
    texts = {kind: _pool(kind).text for kind in np.unique(kinds_of).tolist()}
    parts = np.split(logits * np.float32(STEP), np.cumsum(sizes)[:-1])
    for kind, name, size, part in zip(kinds_of.tolist(), names.tolist(), sizes.tolist(), parts, strict=True):
        found = _cut(texts[kind][name])
        if len(found) == size:
            yield Document(name, "", found), part


def _ask(documents: list[Document], part: Path) -> NDArray[np.int8]:
    """Logits in steps, shape (n_sentences, 3), from the part that is there if one is."""
    if not part.exists():
        lengths = np.array([len(document.sentences) for document in documents])
        texts = [sentence for document in documents for sentence in document.sentences]
        teacher = spoilerguard.load(HERE / "accurate")
        teacher.gate_ = None  # every sentence is read
        found = predict(teacher, Documents.from_sentences(texts, lengths))
        assert found.major_share is not None
        logits = np.column_stack([found.alone, found.logit, np.log(found.major_share / (1 - found.major_share))])
        np.save(part, np.clip(np.rint(logits / STEP), -127, 127).astype(np.int8))
    saved: NDArray[np.int8] = np.load(part)
    return saved


def _texts() -> Iterator[Document]:
    """Texts of each kind, as sentences; then film reviews."""
    labelled = {split: list(other_kinds(split)) for split in ("train", "dev", "test")}
    every = {document.name for part in labelled.values() for document in part}
    kept = {document.name for part in ("dev", "test") for document in labelled[part]}
    kept |= {document.name for document in labelled["train"] if document.source.endswith("/random")}
    for kind in KINDS:
        pool = _pool(kind)
        sizes = pool.work.value_counts()
        works = set(pool.work[pool.index.isin(kept)].dropna()) - set(sizes.index[sizes > _MANY])
        pool = pool[~pool.index.isin(every) & ~pool.work.isin(works) & ~pool.marks & (pool.text.str.len() > SHORT)]
        for name, text in pool.text.sample(min(len(pool), N_OF_KIND), random_state=0).items():
            if found := _cut(text):
                yield Document(str(name), "", found, source=kind)
    yield from _film_reviews()


def _film_reviews() -> Iterator[Document]:
    """Reviews of films on which no labelled review is."""
    works = {document.work for document in labelled()}
    pool = _pool(FILMS)
    pool = pool[pool.index.isin([one.name for one in unlabelled() if one.work not in works])]
    for name, text in pool.text.sample(N_OF_KIND, random_state=0).items():
        yield Document(str(name), "", _cut(text), source=FILMS)


def _cut(text: str) -> list[str]:
    return [sentence.text for sentence in sentences.split(text)][:MAX_SENTENCES]


def _pool(kind: str) -> pd.DataFrame:
    if kind == FILMS:
        return pd.read_parquet(data_home() / "imdb_reviews.parquet").set_index("review_id")
    pool = pd.read_parquet(data_home() / "pool" / f"{kind}.parquet")
    return pool.set_index(pool.id.astype(str))


if __name__ == "__main__":
    main()
