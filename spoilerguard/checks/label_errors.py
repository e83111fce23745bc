"""Likely label errors to be read, decided on one by one, and corrected in the table."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spoilerguard.checks.audit import OutOfFold, out_of_fold, suspicious_rows
from spoilerguard.corpus import Corpus
from spoilerguard.datasets.loading import AnyTable, load_corpus, read_table
from spoilerguard.errors import CorpusError
from spoilerguard.labels import parse_label
from spoilerguard.verdicts import Label

__all__ = ["LabelErrors", "find_label_errors"]

_NAMES = np.array([label.value for label in Label])
_ABOUT = ("review_id", "position", "work", "source")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LabelErrors:
    """The rows of a corpus whose labels a model of other works finds improbable.

    Attributes
    ----------
    corpus : Corpus
        What was looked at.
    suspects : pandas.DataFrame
        One row for each, the worst first: ``row`` in the corpus, what stands ``before`` the ``sentence`` and ``after``
        it in its review, its ``label``, what the model would say (``suggested``, with the ``probability`` of a
        spoiler), where it comes from, and ``accept``, an empty column for your decision. It holds texts: look at their
        terms before you share it.

    Examples
    --------
    >>> from spoilerguard.datasets import make_corpus
    >>> corpus = make_corpus(noise=0, works=20)
    >>> opinion = abs(corpus.labels - 0.1)
    >>> opinion[11] = 1 - opinion[11]
    >>> found = find_label_errors(corpus, opinion)
    >>> found
    LabelErrors(1 of 480 labels are improbable; the worst is that of row 11)
    >>> bool(found.correct([11]).labels[11] == corpus.labels[11])
    False
    """

    corpus: Corpus
    suspects: pd.DataFrame

    def __len__(self) -> int:
        return len(self.suspects)

    def __repr__(self) -> str:
        worst = f"; the worst is that of row {self.suspects['row'].iloc[0]}" if len(self) else ""
        return f"LabelErrors({len(self):,} of {len(self.corpus):,} labels are improbable{worst})"

    def _repr_html_(self) -> str:
        return str(self.suspects.drop(columns="accept").to_html(index=False, max_rows=60))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `suspects` as a table (.csv, .tsv or .jsonl) in which to fill ``accept`` with yes or no."""
        _write(self.suspects, Path(path))

    def correct(
        self,
        accepted: Iterable[int] | pd.DataFrame | str | os.PathLike[str],
        *,
        output: str | os.PathLike[str] | None = None,
    ) -> Corpus:
        """The corpus with those labels turned round that you accept as wrong.

        Parameters
        ----------
        accepted : iterable of int, DataFrame or path
            Row numbers; or `suspects`, or the table that `save` wrote, with ``accept`` filled: yes, no or nothing.
        output : path, optional
            Where to write the corrected table (.csv, .tsv or .jsonl): one sentence a row, your own columns kept. It may
            be the file that the corpus came from, where that has one sentence a row.

        Returns
        -------
        Corpus

        Raises
        ------
        CorpusError
            Where a row is no suspect, a decision cannot be read, or the table is one of other sentences.
        ValueError
            Where the ending of `output` is none of those.
        """
        rows = self._accepted_rows(accepted)
        unknown = sorted(set(rows) - set(self.suspects["row"].tolist()))
        if unknown:
            raise CorpusError(f"row {unknown[0]} is no suspect: accept rows of .suspects['row'] only")
        labels = self.corpus.labels.copy()
        labels[rows] = 1 - labels[rows]
        corrected = Corpus(self.corpus.frame.assign(spoiler=labels), self.corpus.name, self.corpus.reordered)
        if output is not None:
            _write(corrected.frame, Path(output))
        return corrected

    def _accepted_rows(self, accepted: Iterable[int] | pd.DataFrame | str | os.PathLike[str]) -> list[int]:
        if not isinstance(accepted, pd.DataFrame | str | os.PathLike):
            return [int(row) for row in accepted]
        table, origin = read_table(accepted)
        rows = []
        for place, record in enumerate(table.to_dict("records")):
            try:
                row, decision = int(record["row"]), record["accept"]
            except (KeyError, TypeError, ValueError):
                raise CorpusError(f"{origin.at(place)}: needs the columns 'row', a number, and 'accept'") from None
            if not 0 <= row < len(self.corpus) or record.get("sentence") != self.corpus.frame["sentence"][row]:
                raise CorpusError(f"{origin.at(place)}: holds another sentence than row {row} of this corpus")
            if pd.isna(decision) or not str(decision).strip():
                continue
            if parse_label(decision) is None:
                raise CorpusError(
                    f"{origin.at(place, 'accept')}: {decision!r} is no decision; write yes, no or nothing"
                )
            rows += [row] * (parse_label(decision) or 0)
        return rows


def find_label_errors(
    corpus: AnyTable, probabilities: NDArray[Any] | Iterable[float] | OutOfFold | None = None
) -> LabelErrors:
    """List labels that a model of other works finds improbable, with context and both opinions (extra `audit`).

    Parameters
    ----------
    corpus : Corpus, DataFrame or path
        Labelled sentences; see `spoilerguard.load_corpus`.
    probabilities : array-like, shape (n_sentences,), or callable, optional
        Out-of-fold probabilities of "spoiler", or what computes them from the corpus. None fits a plain model, grouped
        by work: `out_of_fold`.

    Returns
    -------
    LabelErrors

    Raises
    ------
    CorpusError
        Where the table cannot be read, has one label only, or the probabilities do not fit it.
    MissingExtraError
        Where cleanlab is not installed.
    """
    table = load_corpus(corpus)
    predict = out_of_fold if probabilities is None else probabilities
    spoiler = np.asarray(predict(table) if callable(predict) else list(predict), dtype=np.float64)
    if len(set(table.labels.tolist())) < 2:
        raise CorpusError(f"{table.name or 'the corpus'}: one label only; there is nothing to compare it with")
    rows = suspicious_rows(table, spoiler)
    sentences = table.frame["sentence"].astype(object)
    review = np.repeat(np.arange(len(table.lengths)), table.lengths)
    neighbours = {
        name: sentences.shift(by).where(pd.Series(review).shift(by) == review, "").iloc[rows]
        for name, by in (("before", 1), ("after", -1))
    }
    columns = {
        "row": rows,
        "before": neighbours["before"],
        "sentence": sentences.iloc[rows],
        "after": neighbours["after"],
        "label": _NAMES[table.labels[rows]],
        "suggested": _NAMES[1 - table.labels[rows]],
        "probability": spoiler[rows],
        **{name: table.frame[name].iloc[rows] for name in (*_ABOUT, *table.own_columns)},
        "accept": "",
    }
    return LabelErrors(table, pd.DataFrame(columns).reset_index(drop=True))


def _write(frame: pd.DataFrame, path: Path) -> None:
    ending = path.suffix.lower()
    if ending not in {".csv", ".tsv", ".jsonl"}:
        raise ValueError(f"{path}: the ending of a table to write is .csv, .tsv or .jsonl, not {ending!r}.")
    part = path.with_name(f".{path.name}.part")  # so that a table that is replaced is never half a table
    if ending == ".jsonl":
        frame.to_json(part, orient="records", lines=True, force_ascii=False)
    else:
        frame.to_csv(part, index=False, sep="," if ending == ".csv" else "\t")
    part.replace(path)
