"""How far two people agree on the labels of the same reviews."""

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from spoilerguard.datasets.loading import AnyTable
from spoilerguard.errors import CorpusError
from spoilerguard.notebook.label_file import LabelledReview, read_labels

__all__ = ["Agreement", "agreement"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Agreement:
    """Cohen's kappa of two annotators: 1 where they agree on all sentences, 0 where they agree as often as by chance.

    Attributes
    ----------
    kappa : float
        Of the two labels safe and spoiler. NaN where both annotators know one and the same label only.
    kappa_major : float
        Of major spoilers against everything else.
    kappa_grades : float
        Of the three labels safe, minor and major.
    n_sentences : int
    disagreements : pandas.DataFrame
        The sentences to talk about, those further apart first: ``sentence``, ``first`` and ``second`` (0, 1 or 2),
        ``review`` (its row in the first table) and ``position``.
    """

    kappa: float
    kappa_major: float
    kappa_grades: float
    n_sentences: int
    disagreements: pd.DataFrame

    def __repr__(self) -> str:
        kappas = f"{self.kappa:.2f}, major {self.kappa_major:.2f}, three grades {self.kappa_grades:.2f}"
        return f"Agreement(kappa {kappas}; {len(self.disagreements):,} of {self.n_sentences:,} sentences differ)"


def agreement(first: AnyTable, second: AnyTable) -> Agreement:
    """Compare the labels of two annotators, sentence by sentence.

    Parameters
    ----------
    first, second : path or DataFrame
        The same whole reviews (``text``, ``spans``, ``labels``), in any order, as `Labeler` writes them.

    Returns
    -------
    Agreement

    Raises
    ------
    CorpusError
        Where a table cannot be read, or a text or its spans are not the same in both.

    Examples
    --------
    >>> ada = pd.DataFrame(
    ...     {"text": ["Go. He dies. Fin."], "spans": [[[0, 3], [4, 12], [13, 17]]], "labels": [[0, 2, 0]]}
    ... )
    >>> ben = ada.assign(labels=[[0, 1, 0]])
    >>> agreement(ada, ben)
    Agreement(kappa 1.00, major 0.00, three grades 0.40; 1 of 3 sentences differ)
    """
    ours, theirs = read_labels(first), read_labels(second)
    pairs = _pairs(ours, theirs)
    rows = [
        (sentence, *grades, review, position)
        for review, (one, other) in enumerate(pairs)
        for position, (sentence, *grades) in enumerate(zip(one.sentences, one.labels, other.labels, strict=True))
    ]
    numbers = dict.fromkeys(["first", "second", "review", "position"], "int64")
    table = pd.DataFrame(rows, columns=["sentence", *numbers], dtype=object).astype(numbers)
    distance = (table["first"] - table["second"]).abs()
    differing = table.loc[distance[distance > 0].sort_values(ascending=False, kind="stable").index]
    grades = table[["first", "second"]].to_numpy(np.int64).T
    return Agreement(
        kappa=_kappa(*(grades > 0)),
        kappa_major=_kappa(*(grades == 2)),
        kappa_grades=_kappa(*grades),
        n_sentences=len(table),
        disagreements=differing.reset_index(drop=True),
    )


def _pairs(first: list[LabelledReview], second: list[LabelledReview]) -> list[tuple[LabelledReview, LabelledReview]]:
    """Each review of the first table with the one of the second that has its text and its spans."""
    found = defaultdict(list)
    for other in second:
        found[other.text].append(other)
    pairs = []
    for row, review in enumerate(first):
        if not found[review.text]:
            raise _differing("text", row, review, "is not in the second table")
        pairs.append((review, found[review.text].pop(0)))
        if pairs[-1][1].spans != review.spans:
            raise _differing("spans", row, review, "is cut into other sentences in the second table")
    left = [other for others in found.values() for other in others]
    if left:
        raise _differing("text", second.index(left[0]), left[0], "of the second table is not in the first")
    return pairs


def _differing(column: str, row: int, review: LabelledReview, what: str) -> CorpusError:
    remedy = "keep the reviews that both have labelled" if column == "text" else "label it anew with one version"
    return CorpusError(f"row {row}, column {column!r}: the review {review.text!r:.60} {what}; {remedy}")


def _kappa(first: NDArray[Any], second: NDArray[Any]) -> float:
    known = len(np.unique([first, second]))
    return float(cohen_kappa_score(first, second)) if known > 1 else math.nan
