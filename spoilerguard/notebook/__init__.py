"""Label reviews by hand in a notebook, and compare the labels of two people."""

from spoilerguard.notebook.agreement import Agreement, agreement
from spoilerguard.notebook.labeler import Labeler

__all__ = ["Agreement", "Labeler", "agreement"]
