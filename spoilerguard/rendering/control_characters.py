"""Show the characters that a terminal or a page would obey.

HTML, plain text and the terminal all use this one function, so that no character is harmless in one place only.
"""

import re

__all__ = ["visible"]

_CONTROL = re.compile(
    r"[\0-\x08\v\f\x0e-\x1f\x7f-\x9f"  # C0 without tab and line feed, DEL, C1
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they change the direction of the text that follows
    r"\u2028\u2029"  # separators of lines and paragraphs
    r"\ud800-\udfff]"  # lone surrogates, which no encoding can write
    r"|\r(?!\n)"  # without a line feed it lets the rest overwrite the line
)


def visible(text: str) -> str:
    r"""Replace control characters by escapes that can be read.

    Tabs, line feeds and Windows line ends stay. The escapes are those of JSON: a JSON document keeps its meaning.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> print(visible("\x1b[31mred\u202e"))
    \u001b[31mred\u202e
    """
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
