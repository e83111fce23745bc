"""What could be wrong with a labelled table, and is not forbidden by its format.

`load_corpus` stops at what cannot be read; `check_corpus` reports what can be read and should not be
believed.
"""

from .audit import OutOfFold, out_of_fold
from .checking import check_corpus
from .report import CheckReport, Finding

__all__ = ["CheckReport", "Finding", "OutOfFold", "check_corpus", "out_of_fold"]
