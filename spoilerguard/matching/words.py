"""Words in the forms that they may stand in, and phrases found in sentences."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from spoilerguard.errors import StoryError
from spoilerguard.features import TokenBatch
from spoilerguard.features.tokens import token_batches

__all__ = ["GUESSING", "LONGEST_WORD", "Phrases", "base_forms", "fold_case", "rule_words", "stem", "words_of"]

LONGEST_WORD = 64  # letters that count: what is longer is no word, and must not fill the caches below
_FEWEST_LETTERS = 3  # of what is left without an ending
_KEPT = 1 << 16
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")

# Tokens that make a sentence a guess, or a question. A guess has the words of a plot as often as who tells of it.
GUESSING = frozenset(
    """
    ? assume assumed believe bet convinced could expect expected expecting figured guess guessing hope hoped hoping if
    imagine maybe might perhaps predict predicted prediction probably reckon should suppose sure surely suspect
    suspected swear theories theory think thinking thought wonder wondering would
    """.split()
)


@lru_cache(_KEPT)
def base_forms(word: str) -> frozenset[str]:
    """What a normalized word may be a form of: itself, and itself without a plural, possessive or verb ending.

    Two words are forms of one another where they share a base form. "James" is then no form of "jam", as it would be
    for a stemmer that gives each word one stem.

    Examples
    --------
    >>> sorted(base_forms("vaders")), sorted(base_forms("stabbed"))
    (['vader', 'vaders'], ['stab', 'stabb', 'stabbe', 'stabbed'])
    >>> bool(base_forms("dies") & base_forms("dying")), bool(base_forms("ned") & base_forms("need"))
    (True, False)
    """
    found = {word}
    if word.endswith(("ies", "ied")):
        found.add(word[:-3] + "y")
    if word.endswith("ying"):
        found.add(word[:-4] + "ie")
    if word.endswith("s") and not word.endswith("ss"):
        found.add(word[:-1])
    if word.endswith(("ses", "xes", "zes", "ches", "shes", "oes")):
        found.add(word[:-2])
    for ending in ("ed", "ing"):
        if word.endswith(ending):
            rest = word.removesuffix(ending)
            found |= {rest, rest + "e"}
            if rest[-1:] == rest[-2:-1]:
                found.add(rest[:-1])
    return frozenset(form for form in found if len(form) >= _FEWEST_LETTERS or form == word)


@lru_cache(_KEPT)
def stem(word: str) -> str:
    """One form for all: rougher than `base_forms`, and quick to look up.

    Examples
    --------
    >>> stem("loves") == stem("loved") == stem("loving")
    True
    """
    shortest = min(base_forms(word), key=lambda form: (len(form), form))
    return shortest.removesuffix("e") if len(shortest) > _FEWEST_LETTERS else shortest


def words_of(tokens: TokenBatch) -> list[list[str]]:
    """The words of each sentence, normalized, without punctuation marks."""
    spelled, is_word, edges = tokens.spelled(), tokens.is_word.tolist(), tokens.edges.tolist()
    return [
        [spelled[place][:LONGEST_WORD] for place in range(first, last) if is_word[place]]
        for first, last in pairwise(edges)
    ]


def rule_words(sentences: Sequence[str], normalization: int) -> list[list[str]]:
    """`words_of` sentences for rules: with `fold_case`."""
    return [
        words for tokens in token_batches([*map(fold_case, sentences)], normalization) for words in words_of(tokens)
    ]


def fold_case(text: str) -> str:
    """A text in which letters that have several as their capital or small form are spelled out, for rules.

    A model's normalization keeps each character at its place, so "ß" cannot become "ss" there.

    Examples
    --------
    >>> fold_case("Straße, İzmir, oﬃce")
    'Strasse, izmir, office'
    """
    return text if text.isascii() else _NOT_ASCII.sub(lambda found: _folded(found[0]), text)


@lru_cache(_KEPT)
def _folded(char: str) -> str:
    """A letter without case and accents; anything else as it is."""
    if not char.isalpha():
        return char
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char.upper()).casefold())
    return "".join(letter for letter in letters if letter.isalpha() or letter == " ") or char


class Phrases:
    """Phrases to look for in sentences, whatever the case, the accents and the endings of their words.

    Parameters
    ----------
    phrases : iterable of str
    normalization : int
        As the words of the sentences are normalized, which are those of `rule_words`.

    Raises
    ------
    StoryError
        Where a phrase has no word.

    Examples
    --------
    >>> phrases = Phrases(["the butler", "Keyser"], 1)
    >>> [phrases.found_in(words) for words in (["keysers", "face"], ["the", "butlers"], ["the", "old", "butler"])]
    [True, True, False]
    """

    def __init__(self, phrases: Iterable[str], normalization: int) -> None:
        self._by_first: dict[str, list[list[frozenset[str]]]] = {}
        listed = list(phrases)
        for phrase, words in zip(listed, rule_words(listed, normalization), strict=True):
            if not words:
                raise StoryError(
                    f"protect and allow of a Story need a word in each phrase, and {phrase!r:.60} has none: markup and "
                    "single signs are not read; write the word as it stands in reviews"
                )
            forms = [base_forms(word) for word in words]
            for form in forms[0]:
                self._by_first.setdefault(form, []).append(forms)

    def found_in(self, words: Sequence[str]) -> bool:
        """Whether any of the phrases stands among the words of a sentence."""
        return bool(self._by_first) and any(self._begins_at(words, place) for place in range(len(words)))

    def _begins_at(self, words: Sequence[str], place: int) -> bool:
        return any(
            len(words) - place >= len(forms)
            and all(one & base_forms(word) for one, word in zip(forms, words[place:], strict=False))
            for forms in self._candidates(words[place])
        )

    def _candidates(self, word: str) -> Iterator[list[frozenset[str]]]:
        for form in base_forms(word):
            yield from self._by_first.get(form, ())
