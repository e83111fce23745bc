"""How good is a model, how sure is that, and is another one better? Every figure comes with its interval over works."""

from spoilerguard.evaluation.comparing import Comparison, Difference, compare
from spoilerguard.evaluation.cross_validating import CrossValidation, cross_validate
from spoilerguard.evaluation.curves import Band, Curves
from spoilerguard.evaluation.evaluating import evaluate
from spoilerguard.evaluation.report import Figure, PointCheck, Report
from spoilerguard.ranking import roc_auc

__all__ = [
    "Band",
    "Comparison",
    "CrossValidation",
    "Curves",
    "Difference",
    "Figure",
    "PointCheck",
    "Report",
    "compare",
    "cross_validate",
    "evaluate",
    "roc_auc",
]
