"""What to label next."""

from spoilerguard.active_learning.selecting import Selection, select
from spoilerguard.active_learning.suggesting import closeness, suggest

__all__ = ["Selection", "closeness", "select", "suggest"]
