"""All checks over one corpus. To add one, write a function that yields findings and give it a row in `CHECKS`."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spoilerguard.bundled import AnyModel, resolve_model
from spoilerguard.checks.audit import OutOfFold, audit_labels, out_of_fold
from spoilerguard.checks.duplicates import check_conflicts, check_duplicates
from spoilerguard.checks.language import check_language
from spoilerguard.checks.order import check_order
from spoilerguard.checks.own_columns import check_annotators, check_dates, check_dates_against
from spoilerguard.checks.report import CheckReport, Finding
from spoilerguard.checks.splits import check_against, check_learnt, check_split
from spoilerguard.checks.spurious_cues import check_spurious_cues
from spoilerguard.checks.structure import check_balance, check_reviews, check_weights, check_works
from spoilerguard.checks.texts import check_columns, check_texts
from spoilerguard.checks.unlabelled import check_unlabelled
from spoilerguard.corpus import Corpus
from spoilerguard.datasets.loading import AnyTable, load_corpus
from spoilerguard.errors import CorpusError

__all__ = ["CHECKS", "check_corpus"]

CHECKS: dict[str, Callable[[Corpus], Iterator[Finding]]] = {
    "balance": check_balance,
    "columns": check_columns,
    "works": check_works,
    "reviews": check_reviews,
    "order": check_order,
    "unlabelled": check_unlabelled,
    "weights": check_weights,
    "duplicates": check_duplicates,
    "conflicting labels": check_conflicts,
    "spurious cues": check_spurious_cues,
    "texts": check_texts,
    "language": check_language,
    "split": check_split,
    "annotators": check_annotators,
    "dates": check_dates,
}


def check_corpus(
    corpus: AnyTable,
    *,
    against: AnyTable | None = None,
    audit: bool | NDArray[Any] | OutOfFold = False,
    model: AnyModel = None,
) -> CheckReport:
    """Look for everything in a labelled table that would harm a model or make its metrics too good.

    Parameters
    ----------
    corpus : Corpus, DataFrame or path
        What to check: whatever `load_corpus` reads. A table that cannot be read raises.
    against : Corpus, DataFrame or path, optional
        The other side of a split: works, reviews and sentences must not be in both.
    audit : bool, array or callable, default False
        Look for likely label errors (extra `audit`): True fits a plain model, grouped by work; or give the
        out-of-fold probabilities, or what computes them from the corpus.
    model : SpoilerClassifier, folder or name, optional
        A model that is to be judged on this corpus, or taught by it: sentences that it has learnt are reported.

    Returns
    -------
    CheckReport
        ``report.ok`` is False where something must be mended.

    Raises
    ------
    CorpusError
        If a table cannot be read or is empty, or `audit` is no array of probabilities.
    TypeError
        If an argument is no table, or `audit` neither True, an array nor a callable.
    MissingExtraError
        If `audit` is asked for and cleanlab is not installed.

    Examples
    --------
    >>> rows = {"sentence": ["The wife did it.", "A fine cast."], "spoiler": [1, 1], "work": ["u", "v"]}
    >>> check_corpus(pd.DataFrame(rows)).names[:2]
    ('one-class', 'too-few-works')
    """
    if not (callable(audit) or isinstance(audit, (bool, list, tuple, np.ndarray, pd.Series))):
        raise TypeError(f"audit takes True, an array of probabilities or a callable, not {type(audit).__name__}")
    table, other = load_corpus(corpus), None if against is None else load_corpus(against)
    for side in (table, other):
        if side is not None and not len(side):
            raise CorpusError(f"{side.name or 'the corpus'}: empty table; there is nothing to check")
    findings = [finding for check in CHECKS.values() for finding in check(table)]
    if other is not None:
        findings += [*check_against(table, other), *check_dates_against(table, other)]
    if model is not None:
        findings += check_learnt(table, resolve_model(model))
    if audit is not False and not any(finding.name == "one-class" for finding in findings):
        predict = out_of_fold if audit is True else audit
        findings += audit_labels(table, predict(table) if callable(predict) else np.asarray(predict))
    return CheckReport(tuple(findings), table.name, len(table))
