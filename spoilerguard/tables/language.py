"""Which texts of a table do not seem to be English, and a warning of the first of them."""

from collections.abc import Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from spoilerguard.documents import Documents
from spoilerguard.rendering.verdict_list import is_foreign
from spoilerguard.user_warnings import warn_user

__all__ = ["foreign_texts", "warn_of_foreign"]


def foreign_texts(texts: list[str | None], documents: Documents, certain: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether each text does not seem to be English; `certain` is of the sentences of `documents`."""
    sentences = zip(documents.texts, certain.tolist(), strict=True)
    return np.fromiter(_each(texts, documents.lengths.tolist(), sentences), np.bool_, len(texts))


def _each(texts: list[str | None], lengths: list[int], sentences: Iterator[tuple[str, bool]]) -> Iterator[bool]:
    for text, length in zip(texts, lengths, strict=True):
        yield is_foreign(text or "", list(islice(sentences, length)))


def warn_of_foreign(foreign: NDArray[np.bool_], place: str = "the table", first: int = 0) -> bool:
    """Warn of the first text that does not seem to be English, if there is one; rows count from `first`."""
    if not foreign.any():
        return False
    warn_user(
        f"{place}, row {first + int(foreign.argmax())}: does not seem to be English, which is all that the model "
        "reads: its labels mean nothing. This is said once, of the first such row."
    )
    return True
