"""Whether positions are the order in which a review was written, or were shuffled."""

import re
from collections.abc import Iterator

import numpy as np

from spoilerguard.checks.report import Finding, report_rows
from spoilerguard.corpus import Corpus

__all__ = ["check_order"]

# What hardly ever opens a review, but every fifth sentence inside of one: it refers to what was said before.
_REFERS = re.compile(
    r"\W*(?:and|but|he|she|they|it|he['’]s|she['’]s|they['’]re|it['’]s|also|however|then|his|her|their|nor|plus|"
    r"besides|otherwise|even|overall|anyway|there|there['’]s|these|those)\b",
    re.IGNORECASE,
)
# First sentences open so a fifth as often as others do: 2 to 4 % against 21 %. In 60 reviews the ratio is 0.67 at most.
_LEAST_RATIO = 0.7
_LEAST_EXPECTED = 10.0  # such openings, were the order arbitrary: about 50 reviews
_LEAST_ROWS = 3  # of a review


def check_order(corpus: Corpus) -> Iterator[Finding]:
    """Reviews whose rows came in another order than their positions, and reviews that begin in the middle."""
    if corpus.reordered:
        message = (
            "The rows of these reviews stood together, but in another order than their positions (first rows given): "
            "were positions shuffled, or rows? The sentences around a sentence will mislead."
        )
        yield from report_rows("positions-shuffled", "warning", message, corpus.reordered)
        return
    starts, long = np.cumsum(corpus.lengths) - corpus.lengths, corpus.lengths >= _LEAST_ROWS
    refers = np.array([_REFERS.match(sentence) is not None for sentence in corpus.sentences], dtype=np.bool_)
    expected = float((np.add.reduceat(refers, starts) / corpus.lengths)[long].sum())
    starts = starts[long]
    if expected >= _LEAST_EXPECTED and refers[starts].sum() >= _LEAST_RATIO * expected:
        message = (
            f"{refers[starts].sum():,} of {len(starts):,} reviews begin with “But”, “She”, “However” or the like, as "
            "often as if the order were arbitrary: were positions or rows shuffled?"
        )
        yield from report_rows("positions-shuffled", "warning", message, starts[refers[starts]])
