"""A corpus is a checked table of labelled sentences in one fixed shape; who holds one need not check again.

Rows of one review stand together and in order, so that everything about reviews is a run of rows.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from .errors import CorpusError
from .review_order import in_review_order, numbered
from .schema import COLUMNS, OPTIONAL, TEXT, Origin, parse, pick

__all__ = ["Corpus"]


@dataclass(frozen=True, eq=False, repr=False)
class Corpus:
    """Labelled sentences: make one with `load_corpus` or `Corpus.from_frame`, and treat its frame as read-only.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row a sentence; columns ``sentence, spoiler, review_id, position, work, source, weight``,
        and ``split`` where the table had it. Rows of one review are contiguous and in position order.
    name : str
        Where it came from, for messages and model cards.

    Examples
    --------
    >>> corpus = Corpus.from_frame(pd.DataFrame({"sentence": ["She dies.", "Lovely photography."], "spoiler": [1, 0]}))
    >>> corpus
    Corpus(2 sentences, 50.0 % spoilers, 2 groups)
    >>> corpus.labels
    array([1, 0], dtype=int8)
    """

    frame: pd.DataFrame
    name: str = ""

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        share = f"{100 * self.labels.mean():.1f} % spoilers, " if len(self) else ""
        named = f"{self.name!r}, " if self.name else ""
        return f"Corpus({named}{len(self):,} sentences, {share}{len(set(self.groups)):,} groups)"

    @property
    def sentences(self) -> list[str]:
        """The sentences, in row order."""
        return self.frame["sentence"].to_list()

    @property
    def labels(self) -> NDArray[np.int8]:
        """1 for a spoiler, 0 for a safe sentence."""
        return np.asarray(self.frame["spoiler"], dtype=np.int8)

    @property
    def weights(self) -> NDArray[np.float64]:
        """How much each row counts; 1.0 where the table does not say."""
        return np.asarray(self.frame["weight"], dtype=np.float64)

    @cached_property
    def groups(self) -> NDArray[Any]:
        """What must never stand on both sides of a split: the work, else the review, else the row alone."""
        alone = pd.Series([f"row-{row}" for row in range(len(self))], dtype=TEXT)
        known = self.frame["work"].fillna(self.frame["review_id"]).fillna(alone)
        return np.asarray(known, dtype=object)

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Sizes of the consecutive reviews; a row without ``review_id`` is a review of length 1."""
        if not len(self):
            return np.zeros(0, dtype=np.int64)
        codes = numbered(self.frame["review_id"])
        opens = np.r_[True, (codes[1:] != codes[:-1]) | (codes[1:] < 0)]
        return np.asarray(np.diff(np.r_[np.flatnonzero(opens), len(self)]), dtype=np.int64)

    @cached_property
    def in_review(self) -> NDArray[np.bool_]:
        """Whether each sentence stands in a review together with others."""
        return np.repeat(self.lengths > 1, self.lengths)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the content: the same on every machine, whatever the name or the versions."""
        digest = hashlib.sha256(json.dumps(list(self.frame.columns)).encode())
        plain = self.frame.astype(object).where(self.frame.notna(), None)
        for row in plain.itertuples(index=False, name=None):
            digest.update(json.dumps(row).encode() + b"\n")
        return digest.hexdigest()

    def take(self, rows: ArrayLike) -> "Corpus":
        """Some of the rows, in corpus order whatever the order asked for, so that reviews stay in one piece.

        Parameters
        ----------
        rows : array of bool or of int
            A mask as long as the corpus, or row numbers.

        Examples
        --------
        >>> corpus = Corpus.from_frame(pd.DataFrame({"sentence": ["A.", "B.", "C."], "spoiler": [1, 0, 0]}))
        >>> corpus.take([2, 0]).sentences == corpus.take([True, False, True]).sentences == ["A.", "C."]
        True
        """
        asked = np.asarray(rows)
        chosen = np.sort(np.arange(len(self))[asked if asked.size else asked.astype(np.int64)])
        return Corpus(self.frame.iloc[chosen].reset_index(drop=True), self.name)

    def split(self, test_size: float = 0.2, seed: int = 0) -> tuple["Corpus", "Corpus"]:
        """Two corpora that share no group, the second with about `test_size` of the rows.

        A group's side hangs on the hash of its name and the seed, so that most groups keep their side
        when rows are added later.

        Raises
        ------
        CorpusError
            If there is only one group.

        Examples
        --------
        >>> table = pd.DataFrame({"sentence": list("abcdef"), "spoiler": [0, 1] * 3, "work": list("uuvvww")})
        >>> train, test = Corpus.from_frame(table).split(test_size=0.33)
        >>> len(train), len(test), set(train.groups) & set(test.groups)
        (4, 2, set())
        """
        if not 0 < test_size < 1:
            raise ValueError(f"test_size must lie between 0 and 1, not {test_size!r}")
        names, inverse, counts = np.unique(self.groups.astype(str), return_inverse=True, return_counts=True)
        if len(names) < 2:
            raise CorpusError(
                f"{self.name or 'the corpus'}: one group only, nothing to split; it needs two works or more"
            )
        drawn = sorted(range(len(names)), key=lambda group: _draw(str(names[group]), seed))
        filled = np.cumsum(counts[drawn])[:-1]  # never all groups on one side
        nearest = int(np.argmin(np.abs(filled - test_size * len(self)))) + 1
        tested = np.isin(inverse, drawn[:nearest])
        return self.take(~tested), self.take(tested)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, columns: Mapping[str, str] | None = None, name: str = "") -> "Corpus":
        """Check a table of one sentence a row and put it into shape.

        Parameters
        ----------
        frame : pandas.DataFrame
            At least ``sentence`` and ``spoiler``; it is not changed.
        columns : mapping, optional
            Our column names to yours, such as ``{"sentence": "text", "work": "film"}``.
        name : str
            Where it came from.

        Raises
        ------
        CorpusError
            At the first fault, naming row and column.

        Examples
        --------
        >>> Corpus.from_frame(pd.DataFrame({"text": ["He wins."], "spoiler": ["yes"]}), columns={"sentence": "text"})
        Corpus(1 sentences, 100.0 % spoilers, 1 groups)
        """
        return cls.from_origin(frame, Origin(name), columns=columns, name=name)

    @classmethod
    def from_origin(
        cls, frame: pd.DataFrame, origin: Origin, *, columns: Mapping[str, str] | None = None, name: str = ""
    ) -> "Corpus":
        """Like `from_frame`, with faults named by the lines of the file that the rows came from."""
        return cls(in_review_order(parse(pick(frame, columns, origin), origin), origin), name)

    @staticmethod
    def concat(corpora: Iterable["Corpus"]) -> "Corpus":
        """One corpus after the other; a review id that two of them use gets a suffix, works are left as they are.

        Examples
        --------
        >>> one = Corpus.from_frame(pd.DataFrame({"sentence": ["A."], "spoiler": [0], "review_id": ["r1"]}), name="x")
        >>> Corpus.concat([one, one]).frame.review_id.tolist()
        ['r1@x', 'r1@x#1']
        """
        parts = list(corpora)
        if not parts:
            raise CorpusError("no corpora to put together: concat needs at least one")
        frame = pd.concat(
            [part.frame.assign(review_id=ids) for part, ids in zip(parts, _distinct_ids(parts), strict=True)]
        )
        ordered = [column for column in (*COLUMNS, *OPTIONAL) if column in frame.columns]
        texts = {column: TEXT for column in OPTIONAL if column in frame.columns}
        names = dict.fromkeys(part.name for part in parts if part.name)
        return Corpus(frame[ordered].astype(texts).reset_index(drop=True), " + ".join(names))


def _draw(group: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{group}".encode("utf-8", "surrogatepass")).digest()


def _distinct_ids(parts: list[Corpus]) -> "list[pd.Series[Any]]":
    """Each corpus's review ids, those that another corpus also uses marked with the corpus's name."""
    seen: dict[str, int] = {}
    for part in parts:
        for review in part.frame["review_id"].dropna().unique():
            seen[review] = seen.get(review, 0) + 1
    shared = {review for review, count in seen.items() if count > 1}
    marks: list[str] = []
    for part in parts:
        marks.append(part.name if part.name not in marks else f"{part.name}#{len(marks)}")
    ids = (part.frame["review_id"] for part in parts)
    return [column.mask(column.isin(shared), column + f"@{mark}") for column, mark in zip(ids, marks, strict=True)]
