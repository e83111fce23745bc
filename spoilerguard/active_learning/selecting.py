"""From scores to a choice: the highest, no near copies, few texts of a work, and a share at random."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spoilerguard.checks.duplicates import NEAR_REVIEW, lower_words, near_pairs

__all__ = ["Selection", "select"]

_FEWEST = 3  # reviews of a work that are never too many


class Selection(NamedTuple):
    """What `select` found.

    Attributes
    ----------
    rows : list of (int, str)
        Rows of the pool, and why each is chosen: "uncertain" or "random".
    shortage : str
        Where they are fewer than were asked for, how many texts were passed over, and why; else empty.
    """

    rows: list[tuple[int, str]]
    shortage: str = ""


def select(
    texts: Sequence[str],
    scores: NDArray[np.float64],
    k: int,
    *,
    works: Sequence[str | None],
    n_random: int,
    per_work: int | None = None,
    near: float = NEAR_REVIEW,
    seed: int = 0,
) -> Selection:
    """Rows of the pool and why each is chosen: those with the highest scores, then `n_random` drawn evenly.

    Those at random are drawn first, so that no score has a say in them. Blank texts are left out.

    Examples
    --------
    >>> found = select(["So.", "so", "No.", ""], np.array([0.9, 0.8, 0.1, 1.0]), 3, works=[None] * 4, n_random=0)
    >>> found.rows
    [(0, 'uncertain'), (2, 'uncertain')]
    >>> found.shortage
    '1 is blank or missing, 1 nearly repeats another one'
    """
    rows = np.flatnonzero([bool(text.strip()) for text in texts])
    n_works = len({work for work in works if work is not None})
    limit = max(_FEWEST, -(-2 * k // max(n_works, 1))) if per_work is None else per_work
    words = {row: lower_words(texts[row]) for row in rows.tolist()}
    pick = partial(_pick, words=words, works=works, near=near)
    at_random = pick(np.random.default_rng(seed).permutation(rows).tolist(), [], n_random, limit=k)
    rest = np.setdiff1d(rows, at_random)
    ranked = rest[np.argsort(-scores[rest], kind="stable")].tolist()
    uncertain = pick(ranked, at_random, k - n_random, limit=limit)
    chosen = [(row, "uncertain") for row in uncertain] + [(row, "random") for row in at_random]
    if len(chosen) == k:
        return Selection(chosen)
    taken = uncertain + at_random
    left = np.setdiff1d(rows, taken).tolist()
    n_copies = sum(place >= len(taken) for place in _copies([words[row] for row in taken + left], near))
    return Selection(chosen, _shortage(len(texts) - len(rows), n_copies, len(left) - n_copies, limit))


def _shortage(n_blank: int, n_copies: int, n_over: int, limit: int) -> str:
    """Why texts were passed over."""
    reasons = (
        (n_blank, "is blank or missing", "are blank or missing"),
        (n_copies, "nearly repeats another one", "nearly repeat another one"),
        (n_over, f"is beyond {limit} of its work", f"are beyond {limit} of their work"),
    )
    return ", ".join(f"{count:,} {one if count == 1 else several}" for count, one, several in reasons if count)


def _pick(
    ranked: list[int],
    taken: list[int],
    n: int,
    *,
    words: dict[int, str],
    works: Sequence[str | None],
    near: float,
    limit: int,
) -> list[int]:
    """The first `n` rows that are no near copies of those taken or of each other, at most `limit` of a work."""
    n_seen = 2 * n
    while True:
        rows = taken + ranked[:n_seen]
        copies = _copies([words[row] for row in rows], near)
        n_of_work, found = Counter(works[row] for row in taken), []
        for place, row in enumerate(rows[len(taken) :], len(taken)):
            work = works[row]
            if place not in copies and (work is None or n_of_work[work] < limit):
                n_of_work[work] += 1
                found.append(row)
        if len(found) >= n or n_seen >= len(ranked):
            return found[:n]
        n_seen *= 2


def _copies(words: list[str], near: float) -> set[int]:
    """The places of texts that repeat an earlier one, word for word or nearly so."""
    first: dict[str, int] = {}
    exact = {place for place, text in enumerate(words) if first.setdefault(text, place) < place}
    return exact | {later for _, later in near_pairs(words, share=near)}
