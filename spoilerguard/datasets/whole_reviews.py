"""Tables of whole reviews, one a row, cut into sentences by the spans that came with the labels.

Nothing is split here: the spans are the annotator's, and a span that does not fit its text is a fault.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from spoilerguard.corpus.schema import COLUMNS, Origin, is_missing, require_once
from spoilerguard.errors import CorpusError, did_you_mean
from spoilerguard.labels import parse_label

__all__ = ["is_whole_reviews", "refuse_incomplete", "to_sentences"]

_NEEDED = ("text", "spans", "labels")
_CARRIED = ("review_id", "work", "source", "weight", "split")
_KNOWN = (*_NEEDED, *_CARRIED, "stratum")


def is_whole_reviews(names: Sequence[str], columns: Mapping[str, str] | None = None) -> bool:
    """Whether a table with these columns holds whole reviews.

    Examples
    --------
    >>> is_whole_reviews(["text", "spans", "labels", "work"]), is_whole_reviews(["sentence", "spoiler"])
    (True, False)
    """
    theirs = columns or {}
    return all(theirs.get(name, name) in names for name in _NEEDED)


def refuse_incomplete(names: Sequence[str], origin: Origin, columns: Mapping[str, str] | None = None) -> None:
    """Refuse a table that lacks one column of whole reviews and has no sentences either."""
    theirs = columns or {}
    lacking = [theirs.get(name, name) for name in _NEEDED if theirs.get(name, name) not in names]
    if len(lacking) == 1 and not {"sentence", "spoiler"} & set(theirs) and "sentence" not in names:
        raise CorpusError(
            f"{origin}: missing column {lacking[0]!r} of a table of whole reviews (text, spans, labels)."
            f"{did_you_mean(lacking[0], names)} A table of sentences has the columns 'sentence' and "
            "'spoiler', or columns= names them"
        )


def to_sentences(
    frame: pd.DataFrame, origin: Origin, columns: Mapping[str, str] | None = None, first: int = 0
) -> tuple[pd.DataFrame, Origin]:
    """One row a sentence, and where each came from.

    The table holds ``text``, ``spans`` ([[start, end], …] in characters) and ``labels`` (0 safe, 1 spoiler; where there
    is a 2, 1 is a minor and 2 a major spoiler); lists may be given as JSON text. ``review_id``, ``work``, ``source``,
    ``weight``, ``split`` and columns of the user's own are taken along, and a ``stratum`` goes into the source:
    ``imdb/random``. Spans that leave the text, overlap, are blank, or are not as many as the labels are a
    `CorpusError`. A review without an id is named by its row, counted from `first`.

    Examples
    --------
    >>> table = pd.DataFrame({"text": ["Go. He dies."], "spans": [[[0, 3], [4, 12]]], "labels": [[0, 2]]})
    >>> to_sentences(table, Origin())[0][["sentence", "spoiler", "position"]].values.tolist()
    [['Go.', 0, 0], ['He dies.', 1, 1]]
    """
    theirs = dict(columns or {})
    unknown = set(theirs) - set(_KNOWN)
    if unknown:
        name = min(unknown, key=str)
        hint = f"the left side is one of {', '.join(_KNOWN)}.{did_you_mean(name, _KNOWN)}"
        raise CorpusError(f"unknown column name {name!r} in columns= for a table of whole reviews: {hint}")
    ours = {theirs.get(name, name): name for name in _KNOWN}
    require_once(frame, ours, origin)
    own = [name for name in frame.columns if _is_own(name, frame) and name not in ours]
    table = frame[[*(name for name in frame.columns if name in ours), *own]].rename(columns=ours)
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    for row, record in enumerate(table.to_dict("records")):
        rows += _cut(record, row, origin, first, own)
        lines += [row if origin.lines is None else int(origin.lines[row])] * (len(rows) - len(lines))
    unit = "row" if origin.lines is None else origin.unit
    if not any(row["major"] for row in rows):  # 0 and 1 alone say nothing of how much a spoiler tells
        rows = [row | {"major": None} for row in rows]
    sentences = pd.DataFrame(rows, columns=["sentence", "spoiler", "position", "major", *_CARRIED, *own], dtype=object)
    return sentences.dropna(axis=1, how="all"), Origin(origin.name, np.asarray(lines, dtype=np.int64), unit)


def _is_own(name: object, frame: pd.DataFrame) -> bool:
    """Whether it names one column, of the user's own."""
    taken = name in COLUMNS or name in _KNOWN
    return isinstance(name, str) and not taken and list(frame.columns).count(name) == 1


def _cut(
    record: Mapping[Any, Any], row: int, origin: Origin, first: int, own: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """The sentences of one review as rows."""
    text, spans, labels = (
        record["text"],
        _as_list(record, "spans", row, origin),
        _as_list(record, "labels", row, origin),
    )
    if not isinstance(text, str) or not text.strip():
        raise CorpusError(f"{origin.at(row, 'text')}: empty review; drop the row")
    if len(spans) != len(labels):
        raise CorpusError(
            f"{origin.at(row, 'labels')}: {len(spans)} spans but {len(labels)} labels; give each span one"
        )
    carried = {name: record[name] for name in (*_CARRIED, *own) if name in record}
    source = [str(record[name]) for name in ("source", "stratum") if not is_missing(record.get(name))]
    carried["source"] = "/".join(source) or None
    if is_missing(carried.get("review_id")):
        carried["review_id"] = f"review-{first + row}"  # its sentences belong together, whatever they are called
    end = 0
    for position, (span, value) in enumerate(zip(spans, labels, strict=True)):
        start, end = _check_span(span, end, text, origin.at(row, "spans"))
        is_major = isinstance(value, (int, float, np.integer, np.floating)) and value == 2
        label = 1 if is_major else parse_label(value)
        if label is None:
            raise CorpusError(
                f"{origin.at(row, 'labels')}: unknown label {value!r}; write 0 (safe), 1 (minor) or 2 (major spoiler)"
            )
        yield {"sentence": text[start:end], "spoiler": label, "position": position, "major": int(is_major)} | carried


def _as_list(record: Mapping[Any, Any], name: str, row: int, origin: Origin) -> list[Any]:
    """A cell that holds a list: as such, as an array (parquet), or as JSON text (csv)."""
    cell = record[name]
    if isinstance(cell, str):
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError) as error:  # broken, a number of thousands of digits, or nested without end
            raise CorpusError(f"{origin.at(row, name)}: broken JSON: {error}") from error
    if isinstance(cell, (list, tuple, np.ndarray)):
        return list(cell)
    raise CorpusError(f"{origin.at(row, name)}: {name} must be a list, not {cell!r}")


def _check_span(span: Any, previous_end: int, text: str, place: str) -> tuple[int, int]:  # noqa: ANN401 - any JSON
    """The bounds of a span that fits: two whole numbers, in the text, after the span before, not blank."""
    try:
        start, end = (int(bound) for bound in span if bound == int(bound))
    except (TypeError, ValueError, OverflowError):  # the last is infinity
        raise CorpusError(f"{place}: span {span!r} is not a pair of whole numbers [start, end]") from None
    if not 0 <= start < end <= len(text):
        raise CorpusError(f"{place}: span out of range: [{start}, {end}] in a text of {len(text)} characters")
    if start < previous_end:
        raise CorpusError(
            f"{place}: overlapping spans: [{start}, {end}] begins before {previous_end}, where the one before ends"
        )
    if not text[start:end].strip():
        raise CorpusError(f"{place}: empty sentence: span [{start}, {end}] holds blanks only")
    return start, end
