"""Text → code points in which accidents of spelling no longer show.

Case, accents, curly quotes, the kind of blank and stray markup leave no trace: each of them has given labels away in
some public corpus (blanks alone reach AUC .684 on TV Tropes).

A normalization has a number, and a model names the one that it was trained with. A change here would silently change
every stored model, so it must be a new entry of `NORMALIZATIONS` that leaves the old ones as they are.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["BLANK", "DROPPED", "NORMALIZATIONS", "PUNCTUATION", "Normalization"]

BLANK = ord(" ")
DROPPED = 1  # stands for a character that is left out; no word holds this code point
_UNSEEN = 0

# Tags, BBCode, the spoiler marks of Reddit, and character references, which are read as their character.
_MARKUP = re.compile(
    r"</?[A-Za-z][^<>]{0,300}>|\[/?[A-Za-z]{1,8}\]|>!|!<(?![A-Za-z/])|&(?:[A-Za-z]{2,8}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});"
)
_MARKUP_STARTS = "<>[&"
_INVISIBLE = "\u200d"

_APOSTROPHES = "'’‘ʼ`´＇\x91\x92"
_EMOJI = ("So", "Sk")  # categories of Unicode
_LOST = "\ufffc\ufffd"  # what stands where a character could not be read
PUNCTUATION = {
    **{mark: mark for mark in ".,!?;:()-"},
    **dict.fromkeys('"“”„«»‟″\x93\x94', '"'),
    **dict.fromkeys("–—―−‐‑\x96\x97", "-"),
    **dict.fromkeys("…\x85。", "."),
    "，": ",",
    "、": ",",
    "！": "!",
    "？": "?",
}


@dataclass(frozen=True, slots=True)
class Normalization:
    """A way to normalize text, of which each step keeps every character at its place.

    Attributes
    ----------
    without_markup : callable
        A text → a text of the same length, blanks in place of markup.
    character : callable
        One character → its normalized code point; `BLANK` between words, `DROPPED` for what is left out.
    table : ndarray of uint32, shape (0x110000,)
        What `character` gave for each code point so far, 0 where it was not asked yet. Most texts need a hundred of a
        million entries. The pages of a zeroed array are allocated on demand, so the table costs what it holds; threads
        that race write equal values.
    """

    without_markup: Callable[[str], str]
    character: Callable[[str], int]
    table: NDArray[np.uint32]

    def __call__(self, codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """The normalized code point of each code point."""
        normalized = self.table[codes]
        unseen = normalized == _UNSEEN
        if unseen.any():
            for code in np.unique(codes[unseen]):
                self.table[code] = self.character(chr(code))
            normalized = self.table[codes]
        return normalized


def _without_markup_1(text: str) -> str:
    if not any(start in text for start in _MARKUP_STARTS):  # four looks cost less than one expression
        return text
    return _MARKUP.sub(_same_length, text)


def _same_length(markup: re.Match[str]) -> str:
    """Blanks for markup; for a character reference its character, behind what goes before it in its word."""
    found = markup[0]
    char = html.unescape(found) if found[0] == "&" else ""
    if len(char) != 1:
        return " " * len(found)
    invisible = _INVISIBLE * (len(found) - 1)
    inside_word = char.isalnum() and markup.start() > 0 and markup.string[markup.start() - 1].isalnum()
    return invisible + char if inside_word else char + invisible


def _character_1(char: str) -> int:
    """A letter or digit without case and accent, a punctuation mark, a blank, or nothing."""
    if char in _APOSTROPHES:
        return DROPPED
    if char in PUNCTUATION:
        return ord(PUNCTUATION[char])
    if char in _LOST:
        return BLANK
    if unicodedata.name(char, "").startswith("HANGUL SYLLABLE"):  # decomposed it would keep its first letter only
        return ord(char)
    base = unicodedata.normalize("NFKD", char)[0].casefold()[0]
    category = unicodedata.category(base)
    if category[0] in "LN" or category in _EMOJI:
        return ord(base)
    return DROPPED if category[0] == "M" or category == "Cf" else BLANK


NORMALIZATIONS: Mapping[int, Normalization] = {
    1: Normalization(_without_markup_1, _character_1, np.zeros(0x110000, dtype=np.uint32)),
}
