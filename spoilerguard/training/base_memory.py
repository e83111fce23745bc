"""What a model to start from has learnt before: calibration must not rest on it."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spoilerguard.corpus import Corpus
from spoilerguard.memory import SentenceMemory
from spoilerguard.user_warnings import warn_user

__all__ = ["calibration_rows_new_to"]

_KNOWN_SHARE = 0.1  # of a work's sentences, from which on the work counts as learnt; false positives are below 0.01
_LEAST_SENTENCES, _LEAST_REVIEWS = 50, 10  # of each label, and reviews with a spoiler


def calibration_rows_new_to(
    memory: SentenceMemory | None, corpus: Corpus, rows: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], str]:
    """Those of `rows` whose works the base has not learnt, and what is to be said of the others; all, if too few.

    The base is surer of what it has learnt than of anything new: calibrated on 1,000 sentences of TV Tropes that it
    knew, the slope of a new model's logits was 0.6 to 0.7 on other works, where 1 is right; on new ones, 0.9 to 1.1.
    """
    overlap = None if memory is None else memory.overlap(corpus.sentences)
    if memory is None or overlap is None or not overlap.is_beyond_chance:
        return rows, ""
    held = np.where(memory.counts(corpus.sentences), memory.holds(corpus.sentences), np.nan)
    share = pd.Series(held).groupby(pd.factorize(corpus.groups)[0]).transform("mean").to_numpy()
    new = rows & ~(share > _KNOWN_SHARE)
    said = overlap.describe("the base model's")
    if _is_enough(corpus, new, rows):
        said += f" Probabilities and thresholds rest on the {new.sum():,} sentences of works that are new to it."
    else:
        said += (
            " Of works that are new to it there are too few, so probabilities are too sure of themselves, and "
            "thresholds promise too much: add labels of other works, or train without base=."
        )
        new = rows
    warn_user(said)
    return new, said


def _is_enough(corpus: Corpus, new: NDArray[np.bool_], rows: NDArray[np.bool_]) -> bool:
    """Whether the new rows can be calibrated on: sentences of both labels and, where `rows` have them, reviews."""

    def spoiling_reviews(among: NDArray[np.bool_]) -> int:
        return int(corpus.frame.loc[among & corpus.in_review & (corpus.labels == 1), "review_id"].nunique())

    counts = np.bincount(corpus.labels[new], minlength=2)
    return bool(counts.min() >= _LEAST_SENTENCES) and spoiling_reviews(new) >= min(
        _LEAST_REVIEWS, spoiling_reviews(rows)
    )
