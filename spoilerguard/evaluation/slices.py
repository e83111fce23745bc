"""Slices: parts of a corpus that are measured alone, since one number over everything hides where a model fails."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from spoilerguard.corpus import Corpus

__all__ = ["ALL", "MAJOR", "SLICES", "place_in_review", "slices"]

ALL = "all"
MAJOR = "major spoilers"  # another question: is a sentence one of them, among all that somebody has said it of?
_LENGTHS = {"1–4 words": (0, 5), "5–9 words": (5, 10), "10–19 words": (10, 20), "20 words or more": (20, np.inf)}
_THIRDS = ("first third", "middle third", "last third")
_MAX_SOURCES = 12  # the largest ones get a slice of their own; a table of hundreds would not be read

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


def place_in_review(corpus: Corpus) -> NDArray[np.float64]:
    """Relative position of each sentence in its review, in (0, 1); NaN for a sentence outside of reviews."""
    size = np.repeat(corpus.lengths, corpus.lengths)
    return np.where(corpus.in_review, (corpus.documents.positions + 0.5) / size, np.nan)


def _by_source(corpus: Corpus) -> _Masks:
    source = corpus.frame["source"]
    largest = sorted(source.value_counts().head(_MAX_SOURCES).index)
    masks = {str(name): np.asarray(source.fillna("") == name, dtype=np.bool_) for name in largest}
    rest = ~np.any([*masks.values(), np.zeros(len(corpus), dtype=np.bool_)], axis=0)
    return {**masks, "(other)": rest}


def _by_length(corpus: Corpus) -> _Masks:
    words = np.array([len(sentence.split()) for sentence in corpus.sentences])
    return {name: (words >= low) & (words < high) for name, (low, high) in _LENGTHS.items()}


def _by_place(corpus: Corpus) -> _Masks:
    third = np.floor(3 * place_in_review(corpus))
    return {name: third == number for number, name in enumerate(_THIRDS)}


SLICES: dict[str, Callable[[Corpus], _Masks]] = {
    "source": _by_source,
    "length": _by_length,
    "place": _by_place,
    "standing": lambda corpus: {"alone": ~corpus.in_review, "in review": corpus.in_review},
}
