"""Labelled tables that do not fit into memory → pieces of whole reviews, as often as they are asked for."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spoilerguard.corpus import Corpus
from spoilerguard.corpus.review_order import in_review_order
from spoilerguard.corpus.schema import Origin, parse_columns, select_columns
from spoilerguard.datasets.files import table_files
from spoilerguard.datasets.loading import AnyTable, read_pieces, read_table
from spoilerguard.datasets.whole_reviews import is_whole_reviews, refuse_incomplete, to_sentences
from spoilerguard.errors import CorpusError

__all__ = ["CorpusStream", "DistinctCount", "Piece", "Tables", "hash_name"]

Tables = AnyTable | Sequence[AnyTable] | Callable[[], Iterable[AnyTable]]
ROWS_AT_ONCE = 4096
_MAX_REVIEW = 1 << 16  # sentences of one review; a column of reviews that are longer is another column
_MAX_NAMES = 1 << 16


class Piece(NamedTuple):
    """Some whole reviews, and the group of each sentence: its work, else its review, else its row of the stream."""

    corpus: Corpus
    groups: NDArray[Any]


@dataclass(frozen=True)
class CorpusStream:
    """Labelled tables, read anew and checked whenever it is iterated.

    The rows of a review must follow one another, though they may run over the end of a piece or a file.

    Attributes
    ----------
    open : callable
        The tables from the first one on: files, or tables in memory.
    columns : mapping or None
        As in `spoilerguard.load_corpus`.
    name : str
        For messages and model cards.

    Examples
    --------
    >>> tables = [pd.DataFrame({"sentence": ["Fine."], "spoiler": [0], "review_id": [name]}) for name in "aab"]
    >>> [piece.corpus.sentences for piece in CorpusStream.of(tables)]
    [['Fine.', 'Fine.'], ['Fine.']]
    """

    open: Callable[[], Iterable[AnyTable]]
    columns: Mapping[str, str] | None = None
    name: str = "the stream"

    @classmethod
    def of(cls, tables: Tables, columns: Mapping[str, str] | None = None) -> "CorpusStream":
        """A stream of whatever `spoilerguard.train_stream` takes; files are looked at, so that faults show at once."""
        if callable(tables):
            return cls(tables, columns)
        if isinstance(tables, Iterator):
            raise TypeError(
                f"a {type(tables).__name__} can be read once only, and training reads its data twice: pass a list, or "
                "a function that returns a new iterator each time"
            )
        given: Sequence[Any]
        if isinstance(tables, (str, os.PathLike, pd.DataFrame, Corpus)) or hasattr(tables, "to_pandas"):
            given = [tables]
        elif isinstance(tables, Sequence):
            given = tables
        else:
            raise TypeError(f"expected paths, tables or a function that returns them, got {type(tables).__name__}")
        opened: list[AnyTable] = []
        for table in given:
            opened += table_files([table]) if isinstance(table, (str, os.PathLike)) else [table]
        stream = cls(lambda: opened, columns, _name(given))
        for table in opened:
            stream.look_at(table)
        return stream

    def look_at(self, table: AnyTable) -> None:
        """Raise what can be known of a table from its first row: no such file, no such column."""
        for frame, origin in _raw(table, 1):
            self._sentences(frame, origin, 0)
            return

    def __iter__(self) -> Iterator[Piece]:
        """Pieces of some thousand sentences, in the order of the rows."""
        kept, lines, n_done = pd.DataFrame(), np.zeros(0, dtype=np.int64), 0
        seen, origin = DistinctCount(), Origin(self.name)
        for part, origin in self._parsed():
            frame = pd.concat([kept, part], ignore_index=True) if len(kept) else part
            lines = np.concatenate([lines, _lines(origin, len(part))])
            cut = _last_review(frame["review_id"])
            if len(frame) - cut > _MAX_REVIEW:
                raise CorpusError(
                    f"{origin}: review {frame['review_id'].iloc[-1]!r} has more than {_MAX_REVIEW} sentences; is "
                    "'review_id' the right column?"
                )
            if cut:
                yield _piece(frame.iloc[:cut], Origin(origin.name, lines[:cut], origin.unit), n_done, seen)
            kept, lines, n_done = frame.iloc[cut:], lines[cut:], n_done + cut
        if len(kept):
            kept = kept.reset_index(drop=True)
            yield _piece(kept, Origin(origin.name, lines, origin.unit), n_done, seen)
        elif not n_done:
            raise CorpusError(f"{self.name}: empty; it needs at least one row")

    def _parsed(self) -> Iterator[tuple[pd.DataFrame, Origin]]:
        """Checked columns of some rows each."""
        n_rows = 0
        for table in self.open():
            files: Sequence[AnyTable] = table_files([table]) if isinstance(table, (str, os.PathLike)) else [table]
            for frame, origin in chain.from_iterable(_raw(file, ROWS_AT_ONCE) for file in files):
                if len(frame):
                    yield self._sentences(frame, origin, n_rows)
                    n_rows += len(frame)

    def _sentences(self, frame: pd.DataFrame, origin: Origin, first: int) -> tuple[pd.DataFrame, Origin]:
        columns = self.columns
        if is_whole_reviews(list(frame.columns), columns):
            frame, origin = to_sentences(frame, origin, columns, first)
            columns = None
        else:
            refuse_incomplete(list(frame.columns), origin, columns)
        selected = select_columns(frame, columns, origin)
        return (parse_columns(selected, origin) if len(selected) else selected), origin


class DistinctCount:
    """How many different names, in bounded memory: exact for the first 65,536, then by a sample of their hashes.

    Adaptive sampling (Flajolet 1990): where too many are known, only those whose hash ends in one more zero are kept.

    Examples
    --------
    >>> names = DistinctCount()
    >>> [names.add(hash_name("a")), names.add(hash_name("b")), names.add(hash_name("a")), len(names)]
    [True, True, False, 2]
    """

    def __init__(self) -> None:
        self._known: set[int] = set()
        self._zeros = 0

    def __len__(self) -> int:
        return len(self._known) << self._zeros

    def add(self, name: int) -> bool:
        """Add the hash of a name; False where it is known already."""
        if name & ((1 << self._zeros) - 1):
            return True
        if name in self._known:
            return False
        self._known.add(name)
        while len(self._known) > _MAX_NAMES:
            self._zeros += 1
            self._known = {one for one in self._known if not one & ((1 << self._zeros) - 1)}
        return True


def hash_name(name: str, seed: int = 0) -> int:
    """64 bits that depend on every character of a name, and on the seed."""
    salt = int(seed).to_bytes(8, "little")  # numpy's whole numbers have no such method
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8, salt=salt).digest(), "little")


def _piece(frame: pd.DataFrame, origin: Origin, first: int, seen: DistinctCount) -> Piece:
    """Rows of whole reviews as a corpus; an error where a review came before."""
    reviews = frame["review_id"]
    codes = pd.factorize(reviews)[0]  # -1 for a sentence without review
    starts = np.flatnonzero((codes >= 0) & (np.diff(codes, prepend=-1) != 0))
    for row in starts.tolist():
        if not seen.add(hash_name(reviews.iloc[row])):
            raise CorpusError(
                f"{origin.at(row, 'review_id')}: review {reviews.iloc[row]!r} came before: the rows of a review must "
                "follow one another; sort the table by review_id, or give each review an id of its own"
            )
    corpus = Corpus(in_review_order(frame, origin)[0], origin.name)
    rows = pd.Series([f"row-{row}" for row in range(first, first + len(frame))], dtype=object)
    ordered = corpus.frame
    groups = ordered["work"].astype(object).fillna(ordered["review_id"].astype(object)).fillna(rows)
    return Piece(corpus, np.asarray(groups, dtype=object))


def _raw(table: AnyTable, n_rows: int) -> Iterator[tuple[pd.DataFrame, Origin]]:
    """The raw cells of a file or a table in memory, some rows at a time."""
    if isinstance(table, (str, os.PathLike)):
        yield from read_pieces(table, n_rows)
        return
    frame, origin = (table.frame, Origin(table.name)) if isinstance(table, Corpus) else read_table(table)
    for first in range(0, len(frame), n_rows):
        part = frame.iloc[first : first + n_rows]
        lines = np.arange(first, first + len(part), dtype=np.int64)
        yield part, Origin(origin.name, lines, "row")
    if not len(frame):
        yield frame, origin


def _name(given: Sequence[Any]) -> str:
    names = [os.path.basename(os.fsdecode(one)) for one in given if isinstance(one, (str, os.PathLike))]  # noqa: PTH119
    return names[0] if len(names) == len(given) == 1 else f"{len(given)} tables" if len(given) > 1 else "a table"


def _lines(origin: Origin, n_rows: int) -> NDArray[np.int64]:
    return np.arange(n_rows, dtype=np.int64) if origin.lines is None else origin.lines


def _last_review(reviews: "pd.Series[Any]") -> int:
    """Where the last review begins, which may go on; the number of rows where the last one has no review."""
    codes = pd.factorize(reviews)[0]
    others = np.flatnonzero((codes != codes[-1]) | (codes < 0))
    return int(others[-1]) + 1 if len(others) else 0
