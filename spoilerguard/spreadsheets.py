"""Text that a spreadsheet would run as a formula, made harmless."""

import re

__all__ = ["without_formula"]

_FORMULA = re.compile(r"[ \ufeff\xa0]*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[\d.,]+(?:[eE][+-]?\d+)?")


def without_formula(cell: object) -> object:
    """A cell of a csv file, behind an apostrophe where a spreadsheet would take it for a formula.

    Examples
    --------
    >>> without_formula("=1+1"), without_formula("- dull"), without_formula("-5"), without_formula(7)
    ("'=1+1", "'- dull", '-5', 7)
    """
    is_formula = isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if is_formula else cell
