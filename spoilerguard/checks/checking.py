"""All checks over one corpus, in a table that is easy to add to."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..corpus import Corpus
from ..datasets import load_corpus
from ..errors import CorpusError
from .artefacts import check_artefacts
from .audit import OutOfFold, audit_labels, out_of_fold
from .leaks import check_leaks
from .report import CheckReport, Finding
from .sameness import check_sameness
from .structure import check_balance, check_reviews, check_weights, check_works
from .texts import check_columns, check_language, check_texts

__all__ = ["CHECKS", "check_corpus"]

CHECKS: tuple[Callable[[Corpus], Iterator[Finding]], ...] = (
    check_balance,
    check_columns,
    check_works,
    check_reviews,
    check_weights,
    check_sameness,
    check_artefacts,
    check_texts,
    check_language,
)


def check_corpus(
    corpus: Corpus | pd.DataFrame | str | os.PathLike[str],
    *,
    against: Corpus | None = None,
    audit: bool | NDArray[Any] | OutOfFold = False,
) -> CheckReport:
    """Look for everything in a labelled table that would spoil a model or flatter its figures.

    Parameters
    ----------
    corpus : Corpus, DataFrame or path
        What to check; a table that cannot be read raises, as with `load_corpus`.
    against : Corpus, optional
        The other side of a split: works, reviews and sentences must not stand in both.
    audit : bool, array or callable, default False
        Look for likely label errors (extra `audit`): True fits a plain model, grouped by work; or give the
        out-of-fold probabilities, or what computes them from the corpus.

    Returns
    -------
    CheckReport
        ``report.ok`` is False where something must be mended.

    Examples
    --------
    >>> rows = {"sentence": ["The wife did it.", "A fine cast."], "spoiler": [1, 1], "work": ["u", "v"]}
    >>> check_corpus(pd.DataFrame(rows)).names[:2]
    ('one-class', 'too-few-works')
    """
    table = load_corpus(corpus)
    if not len(table):
        raise CorpusError(f"{table.name or 'the corpus'}: empty table; there is nothing to check")
    findings = [finding for check in CHECKS for finding in check(table)]
    findings += check_leaks(table, against)
    if audit is not False and not any(finding.name == "one-class" for finding in findings):
        findings += audit_labels(table, _probabilities(table, audit))
    return CheckReport(tuple(findings), table.name, len(table))


def _probabilities(corpus: Corpus, audit: bool | NDArray[Any] | OutOfFold) -> NDArray[Any]:  # noqa: FBT001
    if isinstance(audit, bool):
        return out_of_fold(corpus)
    return audit(corpus) if callable(audit) else np.asarray(audit)
