"""Which words does the model go by? Hashed n-grams have no names, so they are read back from sentences.

Every n-gram of the given sentences is traced to its characters. All n-grams that read alike, as a word or as a run of
characters, are one entry, and what an encoder adds for a word belongs to that word's entry. Two n-grams in the same
bucket share its weight; that is rare.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spoilerguard.features import read_sentences
from spoilerguard.features.attribution import occurrences, word_weights
from spoilerguard.model import SpoilerClassifier
from spoilerguard.plots.charts import SAFE, SPOILER, finish, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["NGram", "feature_weights", "heaviest_ngrams"]

_NONE = np.zeros(0, dtype=np.int64)
_Parts = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class NGram:
    """A piece of text and what it adds to the logit.

    Attributes
    ----------
    text : str
        In lower case; "…" stands where the word goes on.
    contribution : float
        What it adds to the logit of a sentence that holds it: the mean over these sentences.
    sentences : int
        How many of the sentences hold it.
    """

    text: str
    contribution: float
    sentences: int


def heaviest_ngrams(
    model: SpoilerClassifier, sentences: Iterable[str], n: int = 20, *, min_sentences: int = 2
) -> tuple[NGram, ...]:
    """The n-grams that weigh most, from "spoiler" to "safe": half of them for either.

    Parameters
    ----------
    model : SpoilerClassifier
        Fitted.
    sentences : iterable of str
        Where to look for n-grams: some hundreds of sentences like those that the model will classify.
    n : int, default 20
        How many at most.
    min_sentences : int, default 2
        Leave out n-grams that fewer sentences hold.

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
    found = [ngram for ngram in _ngrams(model, read_sentences(sentences)) if ngram.sentences >= min_sentences]
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
    ax = new_axes() if ax is None else ax
    ngrams = heaviest_ngrams(model, sentences, n, min_sentences=min_sentences)
    values = [ngram.contribution for ngram in ngrams]
    rows = np.arange(len(ngrams))
    ax.barh(rows, values, color=[SPOILER if value > 0 else SAFE for value in values], height=0.7)
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set_yticks(rows, [f"“{ngram.text}”" for ngram in ngrams], fontsize="small", parse_math=False)
    ax.invert_yaxis()
    return finish(ax, "mean contribution to the logit (safe ← 0 → spoiler)", "n-gram", "What the model goes by")


def _ngrams(model: SpoilerClassifier, sentences: list[str]) -> Iterator[NGram]:
    """Every n-gram by its normalized text, in order of first appearance."""
    numbers: dict[str, int] = {}
    codes, holders, amounts = [_NONE], [_NONE], [np.zeros(0)]
    for sentence, start, end, amount in _parts(model, sentences):
        places = zip(sentence.tolist(), start.tolist(), end.tolist(), strict=True)
        texts = (_readable(sentences[row], first, last) for row, first, last in places)
        codes.append(np.array([numbers.setdefault(text, len(numbers)) for text in texts], dtype=np.int64))
        holders.append(sentence)
        amounts.append(amount)
    code, holder = np.concatenate(codes), np.concatenate(holders)
    n_holders = np.bincount(np.unique(code * len(sentences) + holder) // max(len(sentences), 1), minlength=len(numbers))
    total = np.bincount(code, np.concatenate(amounts), minlength=len(numbers))
    for text, number in numbers.items():
        if text:
            yield NGram(text, float(total[number] / n_holders[number]), int(n_holders[number]))


def _parts(model: SpoilerClassifier, sentences: list[str]) -> Iterator[_Parts]:
    """Sentence, first and last character of every n-gram, and what it adds; then the encoder's share of every word."""
    vectorizer = model.vectorizer_
    for grams in occurrences(vectorizer, sentences):
        yield grams.sentence, grams.start, grams.end, grams.value * model.coef_[grams.bucket]
    if vectorizer.encoder is not None:
        encoder_only = model.coef_.copy()
        encoder_only[: len(vectorizer.idf_)] = 0
        for words in word_weights(vectorizer, sentences, encoder_only):
            yield words.sentence, words.start, words.end, words.weight


def _readable(sentence: str, start: int, end: int) -> str:
    """The characters in lower case and blanks normalised, "…" where they begin or end inside a word."""
    body = " ".join(sentence[start:end].lower().split())
    opens = "…" if sentence[max(start - 1, 0) : start].isalnum() and sentence[start : start + 1].isalnum() else ""
    closes = "…" if sentence[end : end + 1].isalnum() and sentence[end - 1 : end].isalnum() else ""
    return f"{opens}{body}{closes}" if body else ""
