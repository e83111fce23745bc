"""Sentences → a batch of tokens: words and punctuation marks, as normalized code points and as hashes.

Normalizing and cutting into tokens happens here once for each sentence; scores, vectors and reasons all begin with the
`TokenBatch`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from os import PathLike
from typing import cast

import numpy as np
from numpy.typing import NDArray

from spoilerguard.features.normalization import BLANK, DROPPED, NORMALIZATIONS, PUNCTUATION
from spoilerguard.markup import without_marks

__all__ = [
    "HASH_BASE",
    "TokenBatch",
    "as_sentences",
    "check_texts",
    "powers",
    "read_sentences",
    "token_batches",
    "tokenize",
]

MAX_CHARACTERS = 10_000  # of a sentence that are read; what follows has no bearing on its vector
_BATCH_CHARACTERS = 1 << 16  # read at once: keeps the arrays of a batch inside the processor's cache
_IS_PUNCTUATION = np.isin(np.arange(128), [ord(mark) for mark in set(PUNCTUATION.values())])

# Odd, so that its powers have inverses modulo 2^32; 2^32 over the golden ratio (Knuth 1998, TAOCP 6.4).
HASH_BASE = np.uint32(0x9E3779B1)
_HASH_INVERSE = np.uint32(pow(int(HASH_BASE), -1, 2**32))
_USUAL_LENGTH = 1 << 17  # a batch seldom has more code points


@dataclass(frozen=True, slots=True, eq=False)
class TokenBatch:
    """The tokens of a batch of sentences; a token is a word or a punctuation mark.

    Token ``k`` is ``codes[blanks[k] + 1 : blanks[k + 1]]``. Sentence ``k`` has the code points
    ``codes[bounds[k] : bounds[k + 1]]`` and the tokens ``edges[k] : edges[k + 1]``. ``source[i]`` is the place of
    ``codes[i]`` in the joined batch, where sentence ``k`` begins at ``offsets[k] + 1``; so every n-gram can be shown
    where it stands.

    Attributes
    ----------
    codes : ndarray of uint32, shape (n_codes,)
        Normalized code points, one blank before every token and one at the end.
    source : ndarray of int64, shape (n_codes,)
        Where each code point comes from.
    blanks : ndarray of int64, shape (n_tokens + 1,)
        Places of the blanks in `codes`.
    bounds, edges, offsets : ndarray of int64, shape (n_sentences + 1,)
        First code point, first token and first character of each sentence.
    hashes : ndarray of uint32, shape (n_tokens,)
        A polynomial of the token's code points, modulo 2^32.
    """

    codes: NDArray[np.uint32]
    source: NDArray[np.int64]
    blanks: NDArray[np.int64]
    bounds: NDArray[np.int64]
    edges: NDArray[np.int64]
    offsets: NDArray[np.int64]
    hashes: NDArray[np.uint32]

    def __len__(self) -> int:
        """Number of sentences."""
        return len(self.edges) - 1

    @property
    def sentence(self) -> NDArray[np.int64]:
        """The sentence of each token, shape (n_tokens,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.edges))

    @property
    def is_word(self) -> NDArray[np.bool_]:
        """Whether each token is a word and no punctuation mark, shape (n_tokens,)."""
        return ~is_punctuation(self.codes[self.blanks[:-1] + 1])

    def spelled(self) -> list[str]:
        """The tokens as strings."""
        text = self.codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
        return text.split(" ")[1:-1] if len(self.hashes) else []

    def locate(
        self, start: NDArray[np.int64], end: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Sentence, first and last character (in that sentence) of each run of code points ``codes[start:end]``."""
        sentence = np.searchsorted(self.bounds, start, side="right") - 1
        shift = self.offsets[sentence] + 1
        first, last = self.source[start] - shift, self.source[end - 1] + 1 - shift
        length = np.diff(self.offsets)[sentence] - 1
        return sentence, np.maximum(first, 0), np.minimum(last, length)  # the blanks around a sentence lie outside it


def tokenize(sentences: Sequence[str], normalization: int = 1) -> TokenBatch:
    """Normalize sentences and cut them into tokens.

    Parameters
    ----------
    sentences : sequence of str
        Some at once; `token_batches` deals out any number of them.
    normalization : int, default 1
        One of `NORMALIZATIONS`.

    Returns
    -------
    TokenBatch

    Examples
    --------
    >>> tokenize(["Hé  DIES!!", "So."]).spelled()
    ['he', 'dies', '!', 'so', '.']
    """
    normalize = NORMALIZATIONS[normalization]
    joined = " " + " ".join([normalize.without_markup(sentence) for sentence in sentences]) + " "
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    offsets = np.zeros(len(sentences) + 1, dtype=np.int64)
    np.cumsum([len(sentence) + 1 for sentence in sentences], out=offsets[1:])
    normalized = normalize(codes)
    kept = np.flatnonzero(normalized != DROPPED)
    codes, source, blanks = _separated(normalized[kept], kept)
    bounds = np.searchsorted(source, offsets)
    return TokenBatch(
        codes=codes,
        source=source,
        blanks=blanks,
        bounds=bounds,
        edges=np.searchsorted(blanks[:-1] + 1, bounds),
        offsets=offsets,
        hashes=_token_hashes(codes, blanks),
    )


def token_batches(sentences: Sequence[str], normalization: int = 1) -> Iterator[TokenBatch]:
    """Token batches of about 65,000 characters, each sentence cut to the characters that are read of it."""
    batch: list[str] = []
    size = 0
    for sentence in sentences:
        batch.append(sentence[:MAX_CHARACTERS])
        size += len(batch[-1]) + 1
        if size >= _BATCH_CHARACTERS:
            yield tokenize(batch, normalization)
            batch, size = [], 0
    if batch:
        yield tokenize(batch, normalization)


def is_punctuation(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Whether each normalized code point is a punctuation mark."""
    return _IS_PUNCTUATION.take(codes, mode="clip")  # the last entry, no mark, stands for all that follow


def _separated(
    codes: NDArray[np.uint32], source: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.int64]]:
    """Set one blank before every word and every punctuation mark, however many there were; "!!!" counts as "!".

    Of a run of blanks the last counts, so the border between two sentences never swallows the blank before the first
    word; a mark that has none takes its own place for it.
    """
    mark = is_punctuation(codes)
    blank = codes == BLANK
    blank[1:] |= mark[1:] & (codes[1:] == codes[:-1])
    place = np.flatnonzero(~blank)
    mark = mark[place]
    begins = mark.copy()  # a token; a mark is a token of its own
    begins[:1] = True
    begins[1:] |= mark[:-1] | (place[1:] - place[:-1] > 1)
    first = np.flatnonzero(begins)
    to = np.cumsum(begins) + np.arange(len(place))
    blanks = np.append(to[first] - 1, len(place) + len(first))
    spaced = np.full(blanks[-1] + 1, BLANK, dtype=np.uint32)
    spaced[to] = codes[place]
    spaced_source = np.empty(len(spaced), dtype=np.int64)
    spaced_source[to] = source[place]
    spaced_source[blanks[:-1]] = source[place[first] - (1 - mark[first])]
    spaced_source[-1] = source[-1]
    return spaced, spaced_source, blanks


def _token_hashes(codes: NDArray[np.uint32], blanks: NDArray[np.int64]) -> NDArray[np.uint32]:
    """The hash of each token: ``sum(codes[i] * base ** (i + 1))`` over its code points, modulo 2^32.

    One prefix sum gives them all by a subtraction. Modulo 2^32 and not 2^64: half the memory traffic. The
    multiplication comes last, so that the high bits, which choose the bucket, depend on every character.
    """
    prefix = np.zeros(len(codes) + 1, dtype=np.uint32)
    np.cumsum(codes * powers(HASH_BASE, len(codes)), dtype=np.uint32, out=prefix[1:])
    start, end = blanks[:-1] + 1, blanks[1:]
    return np.asarray((prefix[end] - prefix[start]) * powers(_HASH_INVERSE, len(codes))[start - 1])


def powers(base: np.uint32, count: int) -> NDArray[np.uint32]:
    """The powers of `base` from the 0th on, modulo 2^32; those for a usual batch are kept."""
    return _usual_powers(base)[:count] if count <= _USUAL_LENGTH else _first_powers(base, count)


@cache
def _usual_powers(base: np.uint32) -> NDArray[np.uint32]:
    return _first_powers(base, _USUAL_LENGTH)


def _first_powers(base: np.uint32, count: int) -> NDArray[np.uint32]:
    factors = np.full(count, base, dtype=np.uint32)
    factors[:1] = 1
    return np.multiply.accumulate(factors, dtype=np.uint32)


def check_texts(X: object, each: str) -> Iterable[object]:
    """`X`, if it is an iterable of many texts; a ``TypeError`` where it is one text, a table or a mapping."""
    n_axes = len(getattr(X, "shape", (None,)))
    if isinstance(X, str | bytes | Mapping) or not isinstance(X, Iterable) or n_axes != 1:
        remedy = "pass one of its columns" if n_axes == 2 else "pass a list of strings"
        remedy = "read the file first" if isinstance(X, PathLike) else remedy
        raise TypeError(f"Expected an iterable of strings, one per {each}, got {type(X).__name__}: {remedy}.")
    return X


def as_sentences(X: object) -> list[str]:
    """The list of `X`, or a ``TypeError`` that says which element is no string.

    A table or an array of one column stands for that column: so a ``ColumnTransformer`` passes texts on.
    """
    if getattr(X, "shape", ())[1:] == (1,):
        X = np.asarray(X, dtype=object).ravel()
    sentences = list(check_texts(X, "sentence"))
    for position, sentence in enumerate(sentences):
        if not isinstance(sentence, str):
            raise TypeError(
                f"Element {position} is {sentence!r:.60} of type {type(sentence).__name__}, not a string: "
                "pass text, and drop or fill missing values first."
            )
    return cast("list[str]", sentences)


def read_sentences(X: object) -> list[str]:
    """`as_sentences`, without the spoiler marks of their authors, which no model should learn from.

    Examples
    --------
    >>> read_sentences(["||He|| dies.", "[spoiler]So does she.[/spoiler]"])
    ['He dies.', 'So does she.']
    """
    return [without_marks(sentence) for sentence in as_sentences(X)]
