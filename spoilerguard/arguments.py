"""What `spoilerguard.api` and `spoilerguard.reviews` are given, checked: one text or many, or a stream of reviews."""

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from spoilerguard.features import as_sentences, check_texts
from spoilerguard.user_warnings import warn_of_paths, warn_of_reviews, warn_user

__all__ = ["ReviewStream", "check_text"]

_Result = TypeVar("_Result")

_REVIEWS_AT_ONCE = 64  # enough to make one call's overhead vanish, few enough to stream


def check_text(text: str | Iterable[str]) -> str | list[str]:
    """One review, or a list of sentences; a warning where the user probably means something else."""
    if isinstance(text, str):
        warn_of_paths([text])
        return text
    if isinstance(text, os.PathLike):
        raise TypeError(f"Expected text, got a path: pass Path({os.fspath(text)!r}).read_text(encoding='utf-8').")
    if text is None:
        raise TypeError(
            "Expected a review as a string, or sentences as a list of strings, got None: a missing review has no "
            "verdicts, so leave it out. classify_reviews and classify_table take missing ones."
        )
    sentences = as_sentences(check_texts(text, "sentence"))
    warn_of_paths(sentences)
    warn_of_reviews(sentences)
    return sentences


class ReviewStream:
    """Reviews in batches, read as they are asked for. One that is no string counts as empty, and is reported.

    A stream may hold a million reviews and have run for a day: a missing value must not end it.
    """

    def __init__(self, reviews: Iterable[object]) -> None:
        self._reviews = enumerate(reviews)
        self._n_missing = 0
        self._first = ""

    def __iter__(self) -> Iterator[list[str]]:
        checked = False
        while pairs := list(islice(self._reviews, _REVIEWS_AT_ONCE)):
            batch = [one if isinstance(one, str) else self._replace(place, one) for place, one in pairs]
            if not checked:
                warn_of_paths(batch)
                checked = True
            yield batch

    def report(self, results: Iterable[_Result]) -> Iterator[_Result]:
        """Pass on what was made of the reviews; warn at the first that was no string, and count them at the end.

        The warnings are given here, where results are asked for: reviews are read in threads when processes work.
        """
        said = False
        for result in results:
            if self._first and not said:
                said = True
                warn_user(
                    f"{self._first}, not a string: it counts as an empty review without verdicts, and so do others of "
                    "the kind, which are counted at the end. Drop or fill missing values to be rid of this."
                )
            yield result
        if self._n_missing > 1:
            warn_user(f"{self._n_missing:,} reviews were no strings, and got no verdicts. The first: {self._first}.")

    def _replace(self, position: int, review: object) -> str:
        """What stands for a review that is no string."""
        self._n_missing += 1
        self._first = self._first or f"Review {position} is {review!r:.60} of type {type(review).__name__}"
        return ""
