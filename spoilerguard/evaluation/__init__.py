"""How good is a model, and is another one better? Every metric comes with its interval over works."""

from spoilerguard.evaluation.comparing import compare
from spoilerguard.evaluation.comparison import Comparison, Difference
from spoilerguard.evaluation.curves import Band, Curves
from spoilerguard.evaluation.evaluating import evaluate, evaluate_probabilities
from spoilerguard.evaluation.metrics import MetricValue
from spoilerguard.evaluation.report import PointCheck, Report
from spoilerguard.ranking import roc_auc

__all__ = [
    "Band",
    "Comparison",
    "Curves",
    "Difference",
    "MetricValue",
    "PointCheck",
    "Report",
    "compare",
    "evaluate",
    "evaluate_probabilities",
    "roc_auc",
]
