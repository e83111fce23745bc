"""What `spoilerguard.api` is given, checked: one text or many, or a stream of reviews."""

import os
from collections.abc import Iterable, Iterator
from itertools import islice

from spoilerguard.features import as_sentences
from spoilerguard.user_warnings import warn_of_paths, warn_of_reviews

__all__ = ["check_text", "review_batches"]

_REVIEWS_AT_ONCE = 64  # enough to make one call's overhead vanish, few enough to stream


def check_text(text: str | Iterable[str]) -> str | list[str]:
    """One review, or a list of sentences; a warning where the user probably means something else."""
    if isinstance(text, str):
        warn_of_paths([text])
        return text
    if isinstance(text, os.PathLike):
        raise TypeError(f"Expected text, got a path: pass Path({os.fspath(text)!r}).read_text(encoding='utf-8').")
    sentences = as_sentences(text)
    warn_of_paths(sentences)
    warn_of_reviews(sentences)
    return sentences


def review_batches(reviews: Iterable[object]) -> Iterator[list[str]]:
    """Some reviews at a time, read as they are asked for; a ``TypeError`` at the first that is no string."""
    stream = enumerate(reviews)
    first = True
    while pairs := list(islice(stream, _REVIEWS_AT_ONCE)):
        batch: list[str] = []
        for position, review in pairs:
            if not isinstance(review, str):
                yield batch
                raise TypeError(
                    f"Review {position} is of type {type(review).__name__}, not a string: pass text, and drop or fill "
                    "missing values first."
                )
            batch.append(review)
        if first:
            warn_of_paths(batch)
            first = False
        yield batch
