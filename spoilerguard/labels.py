"""Which of the two labels a value means: one table for tables of sentences and for the classifier.

A value that is not in the table has no meaning here. It is refused rather than guessed: by the alphabet, "safe" and
"spoiler" sort rightly, "has_spoiler" and "no_spoiler" do not.
"""

import re
from typing import Any

import numpy as np

__all__ = ["LABEL_EXAMPLES", "LABEL_WORDS", "parse_label"]

_SAFE = (
    "false f no n safe clean unspoiled unspoilt unspoilery notspoiled notspoilt notspoiling spoilerfree nonspoiling "
    "nospoiler nospoilers nonspoiler nonspoilers nonspoilery notspoiler notaspoiler notspoilers isnotspoiler "
    "hasnospoiler hasnospoilers containsnospoiler containsnospoilers withoutspoiler withoutspoilers freeofspoilers"
)
_SPOILER = (
    "true t yes y spoiler spoilers spoiled spoilt spoiling spoilery aspoiler isspoiler hasspoiler hasspoilers "
    "containsspoiler containsspoilers withspoiler withspoilers minorspoiler majorspoiler"
)

LABEL_WORDS: dict[str, int] = dict.fromkeys(_SAFE.split(), 0) | dict.fromkeys(_SPOILER.split(), 1)
"""Words in lower case, without blanks, hyphens and underscores: 0 is safe, 1 is a spoiler."""

LABEL_EXAMPLES = "0/1, true/false, yes/no or safe/spoiler"
"""What a message tells the user to write."""

_SEPARATORS = re.compile(r"[\s_\-\u2010-\u2014]+")


def parse_label(value: Any) -> int | None:  # noqa: ANN401 - any value that stands in a column of labels
    """The label that a value means.

    Parameters
    ----------
    value : object
        A number, a bool, or a word of `LABEL_WORDS` in any case, with or without blanks, hyphens and underscores.

    Returns
    -------
    int or None
        0 for safe, 1 for a spoiler, None for anything else.

    Examples
    --------
    >>> [parse_label(value) for value in (True, "Safe", 1.0, "YES ", "No_Spoiler", "non-spoiler", "0.0")]
    [1, 0, 1, 1, 0, 0, 0]
    >>> [parse_label(value) for value in ("perhaps", 2, "ham", "-1", None, float("nan"))]
    [None, None, None, None, None, None]
    """
    if isinstance(value, str):
        word = _SEPARATORS.sub("", value.casefold())
        if word in LABEL_WORDS:
            return LABEL_WORDS[word]
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, (bool, np.bool_, int, float, np.integer, np.floating)):
        return int(value) if value in (0, 1) else None
    return None
