"""Time is linear in the length of the text, whatever the text is: four times as much takes about four times as long.

Times are those of the processor, and each is compared with another of the same run.
"""

import time
from collections.abc import Callable

import numpy as np
import pytest

from spoilerguard import classify
from spoilerguard.features import LinearScorer, SentenceVectorizer
from spoilerguard.sentences import split

pytestmark = pytest.mark.benchmark

FAMILIES = ["He dies. ", "word ", "<a ", "<a", "&amp;", "&a", "&#1", "[a", "give ", "x", '"', "é\n", "(", "1. ", "!"]
FAMILIES += ["e\u0301", "\ud800", ">!", "“a. "]
_SLACK = 3  # caches
_SHORTEST = 0.02  # seconds; shorter times vary with what else the machine does


def score(text: str) -> None:
    vectorizer = SentenceVectorizer(n_buckets=2**10).fit(["He dies at the end."])
    scorer = LinearScorer(vectorizer, np.ones(vectorizer.n_columns))
    for tokens in vectorizer.tokenize([text[at : at + 9_000] for at in range(0, len(text), 9_000)]):
        scorer.score(tokens, np.zeros((len(tokens), 0)))


@pytest.mark.parametrize("work", [split, score, classify], ids=["split", "score", "classify"])
@pytest.mark.parametrize("family", FAMILIES, ids=ascii)
def test_four_times_the_text_takes_about_four_times_the_time(family: str, work: Callable[[str], object]) -> None:
    text = family * (30_000 // len(family))

    def seconds(review: str) -> float:
        started = time.process_time()
        work(review)
        return time.process_time() - started

    short, long = (min(seconds(text * times) for _ in range(2)) for times in (1, 4))
    assert long < 4 * _SLACK * max(short, _SHORTEST)
