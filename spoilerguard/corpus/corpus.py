"""Labelled sentences as one checked table; whoever holds a `Corpus` need not check it again.

The rows of one review stand together and in order, so that a review is a run of rows.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from spoilerguard.corpus.joining import join
from spoilerguard.corpus.review_order import in_review_order
from spoilerguard.corpus.schema import COLUMNS, OPTIONAL, TEXT, Origin, own_names, parse_columns, select_columns
from spoilerguard.documents import Documents
from spoilerguard.errors import CorpusError

__all__ = ["Corpus"]


@dataclass(frozen=True, eq=False, repr=False)
class Corpus:
    """Labelled sentences: make one with `load_corpus` or `Corpus.from_frame`, and treat its frame as read-only.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row a sentence; columns ``sentence, spoiler, review_id, position, work, source, weight``, ``major`` and
        ``split`` where the table had them, and its `own_columns`. Rows of one review are contiguous and in position
        order.
    name : str
        Where it came from, for messages and model cards.
    reordered : tuple of int
        First rows of the reviews whose rows came in another order than their positions, though they stood together.

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
    reordered: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        share = f"{100 * self.labels.mean():.1f} % spoilers, " if len(self) else ""
        named = f"{self.name!r}, " if self.name else ""
        return f"Corpus({named}{len(self):,} sentences, {share}{len(set(self.groups)):,} groups)"

    @cached_property
    def documents(self) -> Documents:
        """The sentences in row order, and which of them form a review; a row without ``review_id`` is on its own."""
        return Documents.from_sentences(self.frame["sentence"].to_list(), self.lengths)

    @property
    def sentences(self) -> list[str]:
        """The sentences as a model reads them, without the spoiler marks of authors, in row order; see `frame`."""
        return self.documents.sentences

    @property
    def labels(self) -> NDArray[np.int8]:
        """1 for a spoiler, 0 for a safe sentence, shape (n_sentences,)."""
        return np.asarray(self.frame["spoiler"], dtype=np.int8)

    @property
    def majors(self) -> NDArray[np.int8]:
        """1 for a major spoiler, 0 for any other sentence, -1 where nobody has said; shape (n_sentences,)."""
        if "major" not in self.frame:
            return np.full(len(self), -1, dtype=np.int8)
        return np.asarray(self.frame["major"].fillna(-1), dtype=np.int8)

    @property
    def weights(self) -> NDArray[np.float64]:
        """How much each row counts, from 0 up, shape (n_sentences,); 1.0 where the table does not say."""
        return np.asarray(self.frame["weight"], dtype=np.float64)

    @property
    def own_columns(self) -> tuple[str, ...]:
        """What else the table had, such as annotator, date or genre; kept as text, for slices and checks."""
        return tuple(own_names(self.frame))

    @cached_property
    def groups(self) -> NDArray[Any]:
        """What must never be on both sides of a split: the work, else the review, else the row alone."""
        alone = pd.Series([f"row-{row}" for row in range(len(self))], dtype=TEXT)
        return np.asarray(self.frame["work"].fillna(self.frame["review_id"]).fillna(alone), dtype=object)

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Number of sentences of each review, in row order; a row without ``review_id`` is a review of length 1."""
        reviews = pd.factorize(self.frame["review_id"])[0]
        starts = np.flatnonzero((np.diff(reviews, prepend=-1) != 0) | (reviews < 0))
        return np.diff(starts, append=len(self)).astype(np.int64)

    @property
    def in_review(self) -> NDArray[np.bool_]:
        """Whether each sentence stands in a review together with others, shape (n_sentences,)."""
        return self.documents.in_review

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the content: the same on every machine, whatever the name, the versions and own columns."""
        known = self.frame[[name for name in (*COLUMNS, *OPTIONAL) if name in self.frame]]
        digest = hashlib.sha256(json.dumps(list(known.columns)).encode())
        plain = known.astype(object).where(known.notna(), None)
        for row in plain.itertuples(index=False, name=None):
            digest.update(json.dumps(row).encode() + b"\n")
        return digest.hexdigest()

    def take(self, rows: ArrayLike) -> Self:
        """Some of the rows, always in corpus order, so that reviews stay in one piece.

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
        return type(self)(self.frame.iloc[chosen].reset_index(drop=True), self.name)

    def split(self, test_size: float = 0.2, seed: int = 0) -> tuple[Self, Self]:
        """Two corpora that share no group, the second with about `test_size` of the rows.

        The side of a group depends on the hash of its name and the seed, so that most groups keep their side when
        rows are added later.

        Parameters
        ----------
        test_size : float, default 0.2
            Share of the rows, between 0 and 1.
        seed : int, default 0
            Another seed, another split.

        Returns
        -------
        tuple of Corpus

        Raises
        ------
        CorpusError
            If there is only one group.
        ValueError
            If `test_size` is no such share.

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
        hashes = [hashlib.sha256(f"{seed}:{name}".encode("utf-8", "surrogatepass")).digest() for name in names]
        shuffled = sorted(range(len(names)), key=hashes.__getitem__)
        sizes = np.cumsum(counts[shuffled])[:-1]  # without the last group: never all groups on one side
        nearest = int(np.argmin(np.abs(sizes - test_size * len(self)))) + 1
        tested = np.isin(inverse, shuffled[:nearest])
        return self.take(~tested), self.take(tested)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        columns: Mapping[str, str] | None = None,
        name: str = "",
        origin: Origin | None = None,
    ) -> Self:
        """Check a table of one sentence a row and bring it into the form of a corpus.

        Parameters
        ----------
        frame : pandas.DataFrame
            At least ``sentence`` and ``spoiler``; it is not changed.
        columns : mapping, optional
            Our column names to yours, such as ``{"sentence": "text", "work": "film"}``.
        name : str
            Where it came from.
        origin : Origin, optional
            The file and the lines that the rows came from, for error messages.

        Returns
        -------
        Corpus

        Raises
        ------
        CorpusError
            At the first fault, naming row and column.
        TypeError
            If `frame` is no DataFrame.

        Examples
        --------
        >>> Corpus.from_frame(pd.DataFrame({"text": ["He wins."], "spoiler": ["yes"]}), columns={"sentence": "text"})
        Corpus(1 sentences, 100.0 % spoilers, 1 groups)
        """
        if not isinstance(frame, pd.DataFrame):
            raise TypeError(f"from_frame takes a pandas DataFrame, not {type(frame).__name__}; load_corpus takes more")
        origin = origin or Origin(name)
        ordered, moved = in_review_order(parse_columns(select_columns(frame, columns, origin), origin), origin)
        return cls(ordered, name, moved)

    @classmethod
    def concat(cls, corpora: Iterable["Corpus"]) -> Self:
        """One corpus after the other; a review id that two of them use gets a suffix, works are left as they are.

        Examples
        --------
        >>> one = Corpus.from_frame(pd.DataFrame({"sentence": ["A."], "spoiler": [0], "review_id": ["r1"]}), name="x")
        >>> Corpus.concat([one, one]).frame.review_id.tolist()
        ['r1@x', 'r1@x#1']
        """
        parts: list[Any] = [corpora] if isinstance(corpora, Corpus) else list(corpora)
        wrong = next((part for part in parts if not isinstance(part, Corpus)), None)
        if wrong is not None:
            raise TypeError(f"concat takes corpora, not {type(wrong).__name__}; load_corpus makes one of a table")
        if not parts:
            raise CorpusError("no corpora to put together: concat needs at least one")
        return cls(*join([(part.frame, part.name) for part in parts]))
