"""Reports drawn with matplotlib (extra ``plots``): each function takes ``ax=`` and returns the axes.

What is drawn was computed by `spoilerguard.evaluate`; nothing is estimated here. The colours are those of Okabe and Ito
(2008), which colour-blind readers can tell apart, and no difference is shown by colour alone.
"""

from spoilerguard.plots.charts import error_by_place, precision_recall, reliability, score_distribution
from spoilerguard.plots.weights import NGram, feature_weights, heaviest_ngrams

__all__ = [
    "NGram",
    "error_by_place",
    "feature_weights",
    "heaviest_ngrams",
    "precision_recall",
    "reliability",
    "score_distribution",
]
