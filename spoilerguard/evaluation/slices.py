"""Slices: parts of a corpus that are measured alone, since one number over everything hides where a model fails."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from spoilerguard.corpus import Corpus
from spoilerguard.corpus.schema import TEXT
from spoilerguard.errors import CorpusError, did_you_mean
from spoilerguard.memory import Overlap, SentenceMemory

__all__ = ["ALL", "MAJOR", "SLICES", "learnt_slices", "own_slices", "place_in_review", "slices"]

ALL = "all"
MAJOR = "major spoilers"  # another question: is a sentence one of them, among all that somebody has said it of?
_LENGTHS = {"1–4 words": (0, 5), "5–9 words": (5, 10), "10–19 words": (10, 20), "20 words or more": (20, np.inf)}
_THIRDS = ("first third", "middle third", "last third")
_MAX_VALUES = 12  # the largest ones get a slice of their own; a table of hundreds would not be read

_Masks = dict[str, NDArray[np.bool_]]


def slices(corpus: Corpus) -> _Masks:
    """Masks over the corpus by name: everything, then the parts of each way of slicing in `SLICES`.

    A way of slicing that leaves everything in one part is left out.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"sentence": ["He dies.", "All the actors do fine work here."], "spoiler": [1, 0]})
    >>> {name: mask.tolist() for name, mask in slices(Corpus.from_frame(table)).items()}
    {'all': [True, True], 'length: 1–4 words': [True, False], 'length: 5–9 words': [False, True]}
    """
    found = {ALL: np.ones(len(corpus), dtype=np.bool_)}
    for way, divide in SLICES.items():
        parts = {name: mask for name, mask in divide(corpus).items() if mask.any()}
        if len(parts) > 1:
            found |= {f"{way}: {name}": mask for name, mask in parts.items()}
    return found


def own_slices(corpus: Corpus, columns: str | Sequence[str]) -> _Masks:
    """Masks over the corpus by the values of one or several columns of the user's own, such as "annotator: Ann".

    Raises
    ------
    CorpusError
        Where the corpus has no such column.
    """
    found: _Masks = {}
    for name in [columns] if isinstance(columns, str) else columns:
        if name not in corpus.frame.columns:
            hint = did_you_mean(name, corpus.own_columns)
            known = ", ".join(corpus.own_columns) or "none"
            raise CorpusError(f"slice_by: the corpus has no column {name!r}; its own columns are {known}.{hint}")
        found |= {f"{name}: {value}": mask for value, mask in _by_value(corpus, name).items() if mask.any()}
    return found


def learnt_slices(corpus: Corpus, memory: SentenceMemory | None, overlap: Overlap | None) -> _Masks:
    """What the model has learnt from and what is new to it, where it remembers so much that both are worth a look.

    Short sentences, which a memory does not hold, are in neither.
    """
    if memory is None or overlap is None or not overlap.is_beyond_chance:
        return {}
    learnt, counted = memory.holds(corpus.sentences), memory.counts(corpus.sentences)
    masks = {"learnt: yes": learnt, "learnt: no": counted & ~learnt}
    return masks if all(mask.any() for mask in masks.values()) else {}


def place_in_review(corpus: Corpus) -> NDArray[np.float64]:
    """Relative position of each sentence in its review, in (0, 1); NaN for a sentence outside of reviews."""
    size = np.repeat(corpus.lengths, corpus.lengths)
    return np.where(corpus.in_review, (corpus.documents.positions + 0.5) / size, np.nan)


def _by_value(corpus: Corpus, column: str) -> _Masks:
    values = corpus.frame[column].astype(TEXT)
    largest = sorted(values.value_counts().head(_MAX_VALUES).index)
    masks = {str(name): np.asarray(values.fillna("") == name, dtype=np.bool_) for name in largest}
    rest = ~np.any([*masks.values(), np.zeros(len(corpus), dtype=np.bool_)], axis=0)
    return {**masks, "(other)": rest}


def _by_length(corpus: Corpus) -> _Masks:
    words = np.array([len(sentence.split()) for sentence in corpus.sentences])
    return {name: (words >= low) & (words < high) for name, (low, high) in _LENGTHS.items()}


def _by_place(corpus: Corpus) -> _Masks:
    third = np.floor(3 * place_in_review(corpus))
    return {name: third == number for number, name in enumerate(_THIRDS)}


SLICES: dict[str, Callable[[Corpus], _Masks]] = {
    "source": lambda corpus: _by_value(corpus, "source"),
    "length": _by_length,
    "place": _by_place,
    "standing": lambda corpus: {"alone": ~corpus.in_review, "in review": corpus.in_review},
}
