"""Which sentences go together? A figure over all of them hides where a model fails."""

import numpy as np
from numpy.typing import NDArray

from spoilerguard.corpus import Corpus

__all__ = ["ALL", "place_in_review", "slices"]

ALL = "all"
_LENGTHS = {"1–4 words": (0, 5), "5–9 words": (5, 10), "10–19 words": (10, 20), "20 words or more": (20, np.inf)}
_THIRDS = ("first third", "middle third", "last third")
_SOURCES = 12  # the largest ones are told apart; a table of hundreds would not be read


def slices(corpus: Corpus) -> dict[str, NDArray[np.bool_]]:
    """Masks over the corpus by name: everything, then by source, length, place in the review and standing.

    A way of slicing that leaves everything in one slice is left out.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"sentence": ["He dies.", "All the actors do fine work here."], "spoiler": [1, 0]})
    >>> {name: mask.tolist() for name, mask in slices(Corpus.from_frame(table)).items()}
    {'all': [True, True], 'length: 1–4 words': [True, False], 'length: 5–9 words': [False, True]}
    """
    ways = {"source": _by_source, "length": _by_length, "place": _by_place, "standing": _by_standing}
    found = {ALL: np.ones(len(corpus), dtype=np.bool_)}
    for way, divide in ways.items():
        parts = {name: mask for name, mask in divide(corpus).items() if mask.any()}
        if len(parts) > 1:
            found |= {f"{way}: {name}": mask for name, mask in parts.items()}
    return found


def place_in_review(corpus: Corpus) -> NDArray[np.float64]:
    """Where in its review each sentence stands, in (0, 1): the middle of its share; NaN for one on its own."""
    start = np.repeat(np.cumsum(corpus.lengths) - corpus.lengths, corpus.lengths)
    size = np.repeat(corpus.lengths, corpus.lengths)
    return np.where(corpus.in_review, (np.arange(len(corpus)) - start + 0.5) / size, np.nan)


def _by_source(corpus: Corpus) -> dict[str, NDArray[np.bool_]]:
    source = corpus.frame["source"]
    largest = sorted(source.value_counts().head(_SOURCES).index)
    masks = {str(name): np.asarray(source.fillna("") == name, dtype=np.bool_) for name in largest}
    rest = ~np.any([*masks.values(), np.zeros(len(corpus), dtype=np.bool_)], axis=0)
    return {**masks, "(other)": rest}


def _by_length(corpus: Corpus) -> dict[str, NDArray[np.bool_]]:
    words = np.array([len(sentence.split()) for sentence in corpus.sentences])
    return {name: (words >= low) & (words < high) for name, (low, high) in _LENGTHS.items()}


def _by_place(corpus: Corpus) -> dict[str, NDArray[np.bool_]]:
    third = np.floor(3 * place_in_review(corpus))
    return {name: third == number for number, name in enumerate(_THIRDS)}


def _by_standing(corpus: Corpus) -> dict[str, NDArray[np.bool_]]:
    return {"alone": ~corpus.in_review, "in a review": corpus.in_review}
