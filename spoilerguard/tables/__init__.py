"""A table of reviews → a table of verdicts: in memory, or from file to file in bounded memory."""

from spoilerguard.tables.classifying import classify_table

__all__ = ["classify_table"]
