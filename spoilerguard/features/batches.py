"""What a user passes as sentences → runs of sentences that are folded together."""

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

__all__ = ["as_sentences", "in_batches", "several"]

_BATCH = 1 << 16  # characters folded at once: keeps the arrays of a batch inside the processor's cache
_LONGEST = 10_000  # characters of a sentence that are read; what follows has no bearing on its vector


def several(X: object, each: str) -> Iterable[object]:
    """`X`, if it is an iterable of many texts; a ``TypeError`` where it is one text, a table or a mapping."""
    if isinstance(X, str | bytes | Mapping) or not isinstance(X, Iterable) or getattr(X, "ndim", 1) != 1:
        found = type(X).__name__
        raise TypeError(
            f"Expected an iterable of strings, one per {each}, got {found}: wrap it in a list, or pass one column."
        )
    return X


def as_sentences(X: object) -> list[str]:
    """The list of `X`, or a ``TypeError`` that says which element is no string."""
    sentences = list(several(X, "sentence"))
    for position, sentence in enumerate(sentences):
        if not isinstance(sentence, str):
            raise TypeError(
                f"Element {position} is {sentence!r:.60} of type {type(sentence).__name__}, not a string: "
                "pass text, and drop or fill missing values first."
            )
    return cast("list[str]", sentences)


def in_batches(sentences: list[str]) -> Iterator[list[str]]:
    """Runs of sentences of about `_BATCH` characters, each sentence cut to what is read of it."""
    batch: list[str] = []
    size = 0
    for sentence in sentences:
        batch.append(sentence[:_LONGEST])
        size += len(batch[-1]) + 1
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
