"""The unlabelled texts that encoders learn words and sentences from. No dev review is among them, nor TV Tropes.

Dev reviews are left out so that figures on them stay honest; TV Tropes is left out so that a cross-validation there
judges a text that no part of a model has read.
"""

import json
from collections import Counter

import numpy as np
import pandas as pd

from spoilerguard import sentences
from spoilerguard.datasets import data_home
from spoilerguard.features.folding import fold

__all__ = ["reviews", "sample_sentences", "word_counts"]

_AT_ONCE = 1000  # reviews folded together
_SHORTEST, _LONGEST = 15, 400  # characters of a sentence that is worth the teacher's time
_LONGEST_WORD = 24  # longer ones are links and laughter


def reviews() -> list[str]:
    """The unlabelled IMDb reviews, in the order of their file, without the gold dev reviews."""
    with (data_home() / "gold" / "dev.jsonl").open(encoding="utf-8") as lines:
        held_out = {json.loads(line)["review_id"] for line in lines}
    pool = pd.read_parquet(data_home() / "imdb_reviews.parquet")
    return pool.loc[~pool["review_id"].isin(held_out), "text"].tolist()


def word_counts(texts: list[str], n_words: int) -> dict[str, int]:
    """The most frequent folded words and punctuation marks with their counts, the most frequent first."""
    counts: Counter[str] = Counter()
    for first in range(0, len(texts), _AT_ONCE):
        codes = fold(texts[first : first + _AT_ONCE]).codes
        counts.update(codes.astype("<u4").tobytes().decode("utf-32-le").split(" "))
    del counts[""]
    kept = [(word, count) for word, count in counts.most_common() if len(word) <= _LONGEST_WORD]
    return dict(kept[:n_words])


def sample_sentences(texts: list[str], n_from_reviews: int, seed: int) -> list[str]:
    """Sentences of reviews and all those of the Goodreads corpus (their texts alone), shuffled; none twice."""
    found = (sentence.text for text in texts for sentence in sentences.split(text))
    candidates = [text for text in dict.fromkeys(found) if _SHORTEST <= len(text) <= _LONGEST]
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(len(candidates))[:n_from_reviews]
    goodreads = pd.read_csv(data_home() / "goodreads_sentences.csv", usecols=["sentence"])["sentence"].tolist()
    sample = [candidates[row] for row in drawn]
    sample += [text for text in dict.fromkeys(goodreads) if _SHORTEST <= len(text) <= _LONGEST]
    return [sample[row] for row in rng.permutation(len(sample))]
