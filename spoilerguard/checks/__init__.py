"""Finds what may be wrong with a labelled table although its format allows it.

`load_corpus` stops at what cannot be read; `check_corpus` reports what can be read but should not be trusted.
"""

from spoilerguard.checks.audit import OutOfFold, out_of_fold
from spoilerguard.checks.checking import check_corpus
from spoilerguard.checks.label_errors import LabelErrors, find_label_errors
from spoilerguard.checks.report import CheckReport, Finding

__all__ = [
    "CheckReport",
    "Finding",
    "LabelErrors",
    "OutOfFold",
    "check_corpus",
    "find_label_errors",
    "out_of_fold",
]
