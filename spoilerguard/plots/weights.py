"""Which words does the model go by? Hashed n-grams have no names, so they are read back from sentences.

Every n-gram of the sentences given is traced to its characters; what reads alike, as a word or as a run of characters,
is one entry, and what an encoder says of a word is part of it. Two n-grams that share a bucket share its weight: rare,
and no fault of the words.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spoilerguard.features import as_sentences
from spoilerguard.model import SpoilerClassifier
from spoilerguard.plots.canvas import SAFE, SPOILER, axes, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["NGram", "feature_weights", "heaviest_ngrams"]

_NONE = np.zeros(0, dtype=np.int64)
_Pieces = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]
_BATCH = 256  # sentences traced at once: each has hundreds of n-grams


@dataclass(frozen=True, slots=True)
class NGram:
    """A piece of text and what it adds to a verdict.

    Attributes
    ----------
    text : str
        In lower case; "…" stands where the word goes on.
    contribution : float
        What it adds to the logit of a sentence that holds it, on average over these sentences.
    sentences : int
        How many of the sentences hold it.
    """

    text: str
    contribution: float
    sentences: int


def heaviest_ngrams(
    model: SpoilerClassifier, sentences: Iterable[str], n: int = 20, *, min_sentences: int = 2
) -> tuple[NGram, ...]:
    """The n-grams that weigh most, half of them for "spoiler" and half for "safe", from the one end to the other.

    Parameters
    ----------
    model : SpoilerClassifier
        Fitted.
    sentences : iterable of str
        Where to look for n-grams: some hundreds of sentences like those to be judged.
    n : int, default 20
        How many at most.
    min_sentences : int, default 2
        Leave out what fewer sentences hold.

    Returns
    -------
    tuple of NGram

    Examples
    --------
    >>> sentences = ["He dies at the end.", "The nurse dies.", "Great music.", "The music is fine."]
    >>> model = SpoilerClassifier(C=10).fit(sentences, [1, 1, 0, 0])
    >>> found = heaviest_ngrams(model, sentences, n=2)
    >>> [ngram.text for ngram in found], found[0].contribution > 0 > found[1].contribution
    (['dies', 'music'], True)
    """
    found = [ngram for ngram in _ngrams(model, as_sentences(sentences)) if ngram.sentences >= min_sentences]
    ranked = sorted(found, key=lambda ngram: (-ngram.contribution, ngram.text))
    half = n // 2
    spoiler = [ngram for ngram in ranked[: n - half] if ngram.contribution > 0]
    return (*spoiler, *[ngram for ngram in ranked[len(ranked) - half :] if ngram.contribution < 0])


def feature_weights(
    model: SpoilerClassifier,
    sentences: Iterable[str],
    n: int = 20,
    *,
    min_sentences: int = 2,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the n-grams that weigh most; parameters as in `heaviest_ngrams`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    ngrams = heaviest_ngrams(model, sentences, n, min_sentences=min_sentences)
    values = [ngram.contribution for ngram in ngrams]
    rows = np.arange(len(ngrams))
    ax.barh(rows, values, color=[SPOILER if value > 0 else SAFE for value in values], height=0.7)
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set_yticks(rows, [f"“{ngram.text}”" for ngram in ngrams], fontsize="small", parse_math=False)
    ax.invert_yaxis()
    return finish(ax, "mean contribution to the logit (safe ← 0 → spoiler)", "n-gram", "What the model goes by")


def _ngrams(model: SpoilerClassifier, sentences: list[str]) -> Iterator[NGram]:
    """Every n-gram by its folded text, in order of first appearance."""
    numbers: dict[str, int] = {}
    codes, holders, parts = [_NONE], [_NONE], [np.zeros(0)]
    for first in range(0, len(sentences), _BATCH):
        batch = sentences[first : first + _BATCH]
        for sentence, start, end, amount in _pieces(model, batch):
            places = zip(sentence.tolist(), start.tolist(), end.tolist(), strict=True)
            texts = (_readable(batch[row], *place) for row, *place in places)
            codes.append(np.array([numbers.setdefault(text, len(numbers)) for text in texts], dtype=np.int64))
            holders.append(sentence + first)
            parts.append(amount)
    code, holder = np.concatenate(codes), np.concatenate(holders)
    held = np.bincount(np.unique(code * len(sentences) + holder) // max(len(sentences), 1), minlength=len(numbers))
    total = np.bincount(code, np.concatenate(parts), minlength=len(numbers))
    for text, number in numbers.items():
        if text:
            yield NGram(text, float(total[number] / held[number]), int(held[number]))


def _pieces(model: SpoilerClassifier, batch: list[str]) -> Iterator[_Pieces]:
    """Sentence, first and last character of every n-gram, and what it adds; then of every word the encoder's share."""
    vectorizer = model.vectorizer_
    for block in vectorizer.occurrences(batch):
        yield block.sentence, block.start, block.end, block.value * model.coef_[block.bucket]
    if vectorizer.encoder is not None:
        encoder_only = model.coef_.copy()
        encoder_only[: len(vectorizer.idf_)] = 0
        for words in vectorizer.contributions(batch, encoder_only):
            yield words.sentence, words.start, words.end, words.weight


def _readable(sentence: str, start: int, end: int) -> str:
    """The characters in lower case and blanks normalised, "…" where they begin or end inside a word."""
    body = " ".join(sentence[start:end].lower().split())
    opens = "…" if sentence[max(start - 1, 0) : start].isalnum() and sentence[start : start + 1].isalnum() else ""
    closes = "…" if sentence[end : end + 1].isalnum() and sentence[end - 1 : end].isalnum() else ""
    return f"{opens}{body}{closes}" if body else ""
