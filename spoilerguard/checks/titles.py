"""Titles that mean the same work: "Her", "her (2013)"; "The Hunt", "Hunt, The"; "Rocky II", "Rocky 2"."""

import html
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["main_titles", "same_titles", "title_key"]

_ARTICLES = "the|a|an|le|la|les|l'|un|une|el|los|las|il|lo|gli|der|die|das|ein|eine|het|de|os|as"
_INVERTED = re.compile(rf"(?i)^(?P<title>[^:(\[]+?)\s*,\s*(?P<article>{_ARTICLES})(?!\w)\s*(?P<rest>$|[:(\[–—-].*$)")
_ARTICLE = re.compile(rf"(?i)^(?:(?:{_ARTICLES})\s+|l')(?=\S)")
_BRACKETS = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]")
_YEAR = re.compile(r"(?:18|19|20)\d\d")
_FINAL_YEAR = re.compile(r"\s*(?:,|\s[–—-])\s*((?:18|19|20)\d\d)\s*$")
_IN_A_SERIES = re.compile(r"(?i)#\s*\d|\b(?:book|vol|volume|part)\.?\s*\d")
_SUBTITLE = re.compile(r"(?:\s*[:;(\[|/]|\s[–—-]+|\s?[–—]|,?\s+or\s*[:,(])\s*\S.*$")
_BARE_YEAR = re.compile(r"(?<=\S)\s+(?:18|19|20)\d\d\s*$")

# What brackets behind a title hold that is no part of it: years, IMDb's numerals, kinds and editions.
_EDITIONS = frozenset(
    "i ii iii iv v film movie picture motion novel book comic graphic manga anime tv television series miniseries mini "
    "show game video videogame play musical documentary short feature original uncut director directors s cut extended "
    "theatrical final edition special collectors collector anniversary remastered restored unrated version the dvd "
    "bluray blu ray uhd 4k hd 3d imax vhs kindle paperback hardcover hardback audiobook ebook pc".split()
)
_PARTS = frozenset("part pt volume vol chapter ch episode ep".split())
_ROMAN = {word: str(n) for n, word in enumerate("i ii iii iv v vi vii viii ix x xi xii xiii xiv xv".split(), 1)}
_NUMBERS = _ROMAN | {
    word: str(n) for n, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)
}
_LETTERS = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"})


def title_key(title: str) -> tuple[str, str]:
    """What all spellings of a title have in common, and the year or the series that stands behind it, or "".

    Capitals, accents, punctuation, blanks, kinds and editions in brackets do not count, nor does where the article
    stands, nor how a number or "and" is written.

    Examples
    --------
    >>> title_key("Good Dinosaur, The (2015 film)"), title_key("the good dinosaur")
    (('thegooddinosaur', '2015'), ('thegooddinosaur', ''))
    >>> title_key("Amélie & Co. – Part II")[0] == title_key("Amelie and Co 2")[0]
    True
    """
    qualifiers: list[str] = []

    def drop_edition(found: re.Match[str]) -> str:
        words = re.findall(r"\w+", found[1].lower())
        in_a_series = _IN_A_SERIES.search(found[1])
        if not in_a_series and any(word not in _EDITIONS and not _YEAR.fullmatch(word) for word in words):
            return found[0]
        qualifiers.extend([_plain(found[1])] if in_a_series else _YEAR.findall(found[1])[:1])
        return ""

    text = _readable(title)
    named = _BRACKETS.sub(drop_edition, text)
    final = _FINAL_YEAR.search(named)
    if final:
        qualifiers.append(final[1])
        named = named[: final.start()]
    return _plain(_article_first(named)) or _plain(text) or text.casefold(), qualifiers[0] if qualifiers else ""


def same_titles(titles: Sequence[Any]) -> NDArray[np.intp]:
    """A number for each title, the same for spellings of one title, -1 for a missing one.

    Titles that name two different years or series are two works, unless a third spelling names none.

    Examples
    --------
    >>> same_titles(["Dune (1984)", "DUNE (2021)", None, "Her", "her (2013)"]).tolist()
    [0, 1, -1, 2, 2]
    """
    keys = [None if pd.isna(title) else title_key(title) for title in titles]
    unqualified = {key[0] for key in keys if key and not key[1]}
    return _factorize([key and (key[0] if key[0] in unqualified else " ".join(key)) for key in keys])


def main_titles(titles: Sequence[Any]) -> NDArray[np.intp]:
    """As `same_titles`, but without subtitle, article and year: one work, its sequels, or a coincidence.

    Examples
    --------
    >>> main_titles(["Dune: Part One", "The Dune", "Dune (1984)", "Alien"]).tolist()
    [0, 0, 0, 1]
    """
    keys: list[str | None] = []
    for title in titles:
        if pd.isna(title):
            keys.append(None)
        else:
            main = _BARE_YEAR.sub("", _SUBTITLE.sub("", _article_first(_readable(title))))
            keys.append(_plain(_ARTICLE.sub("", main)) or title_key(title)[0])
    return _factorize(keys)


def _factorize(keys: list[str | None]) -> NDArray[np.intp]:
    return pd.factorize(pd.Series(keys, dtype=object))[0]


def _readable(title: str) -> str:
    text = re.sub("[®™©℠]", "", html.unescape(title)).replace("’", "'")
    return unicodedata.normalize("NFKC", text).strip()


def _article_first(title: str) -> str:
    """The title with its article in front."""
    return _INVERTED.sub(r"\g<article> \g<title> \g<rest>", title.strip())


def _plain(text: str) -> str:
    """Words and numbers in one spelling, without what lies between; two numbers stay apart ("1-11" is not "11-1")."""
    spelled = re.sub(r"&|(?<=\s)\+(?=\s)", " and ", text).casefold().translate(_LETTERS)
    letters = "".join(char for char in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(char))
    words = [_NUMBERS.get(word, word) for word in re.findall(r"[^\W_]+", letters.replace("'", "").replace(".", " "))]
    kept = [
        word
        for word, following in zip(words, [*words, ""][1:], strict=True)
        if not (word in _PARTS and following.isdigit())
    ]
    return re.sub(r"(?<!\d) | (?!\d)", "", " ".join(kept))
