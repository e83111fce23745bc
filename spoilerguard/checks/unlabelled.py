"""Works without a single spoiler label, in which the default model finds spoilers as it does elsewhere."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from spoilerguard.bundled import default_model
from spoilerguard.checks.report import Finding, report_rows
from spoilerguard.corpus import Corpus

__all__ = ["check_unlabelled"]

_LEAST_ROWS = 3  # of a work, else of a review: fewer rows are safe too often
_LEAST_SHARE = 0.15  # of the rows lie in works that are all safe; with fewer, nothing is missing or it is not much
# Of the sentences that the default model takes for spoilers, 2 to 14 % lie in works that are all safe, where all works
# were labelled (our reviews, IMDb, TV Tropes). With the labels of half of the works removed, 44 to 56 % do. Readers'
# tags on Goodreads (40 %) miss half of the spoilers, and are reported.
_MOST, _LEAST_FOUND = 0.25, 10
_PROBABILITY = 0.5  # of a sentence alone, from which on the model takes it for a spoiler
_SAMPLE = 4000  # sentences: a second or two


def check_unlabelled(corpus: Corpus) -> Iterator[Finding]:
    """Whether works are all safe because nobody labelled them."""
    groups = pd.factorize(corpus.groups)[0]
    labels = pd.Series(corpus.labels).groupby(groups)
    safe = ((labels.transform("max") == 0) & (labels.transform("size") >= _LEAST_ROWS)).to_numpy()
    if corpus.labels.any() and safe.mean() >= _LEAST_SHARE:
        # Whole works, so that the sample holds as many of both kinds as the table; the order is no matter of names.
        shuffled = np.random.default_rng(0).permutation(groups.max() + 1)[groups]
        rows = np.sort(np.argsort(shuffled, kind="stable")[:_SAMPLE])
        logits = default_model().decision_function([corpus.sentences[row] for row in rows])
        found = rows[logits >= np.log(_PROBABILITY / (1 - _PROBABILITY))]
        missed = found[safe[found]]
        if len(missed) >= _LEAST_FOUND and len(missed) >= _MOST * len(found):
            n_works = len(set(groups[safe].tolist()))
            message = (
                f"{n_works:,} works or reviews have no spoiler label, yet the default model finds spoilers there too "
                f"({len(missed)} of the {len(found)} that it finds in {len(rows):,} rows): were they ever labelled? "
                "Label them or drop them."
            )
            yield from report_rows("works-unlabelled", "warning", message, missed)
