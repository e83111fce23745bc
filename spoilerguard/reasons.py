"""Why a sentence got its logit: a signed weight for every word, and what the context adds; together they are the logit.

Nothing is estimated: features and head are linear, so each n-gram's weight is shared among the words that it lies in,
and nothing is lost on the way.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from spoilerguard.context import with_context
from spoilerguard.features import WordWeights, as_sentences
from spoilerguard.model import SpoilerClassifier

__all__ = ["Contribution", "Explanation", "explain_sentences"]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one word, phrase or punctuation mark adds to the logit of its sentence.

    Attributes
    ----------
    text : str
        The characters exactly as they stand in the sentence.
    start, end : int
        Their place in the sentence: ``sentence[start:end] == text``.
    weight : float
        Above zero it speaks for a spoiler, below zero against.
    """

    text: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where the logit of one sentence comes from: the weights, `intercept` and `context` add up to `logit`.

    Attributes
    ----------
    text : str
        The sentence.
    logit : float
        What is explained.
    probability : float
        ``1 / (1 + exp(-logit))``, in [0, 1].
    intercept : float
        What any sentence starts from.
    contributions : tuple of Contribution
        In the order of the sentence, without overlap.
    context : float
        What the review adds to what the sentence says alone; zero for a sentence on its own.
    """

    text: str
    logit: float
    probability: float
    intercept: float
    contributions: tuple[Contribution, ...]
    context: float


def explain_sentences(
    model: SpoilerClassifier, sentences: Sequence[str], lengths: NDArray[np.int64] | None = None
) -> list[Explanation]:
    """Trace the logit of each sentence back to its words.

    Parameters
    ----------
    model : SpoilerClassifier
        A fitted model.
    sentences : sequence of str
        Sentences on their own, or reviews one after another, each in order.
    lengths : ndarray of int64, optional
        Number of sentences of each review, context being used as in `spoilerguard.context.review_logits`; None means
        that each sentence stands on its own.

    Returns
    -------
    list of Explanation
        One for each sentence, in order.

    Examples
    --------
    >>> sentences = ["He dies at the end.", "The killer is the nurse.", "Great music.", "The acting is fine."]
    >>> model = SpoilerClassifier(C=10).fit(sentences, [1, 1, 0, 0])
    >>> [why] = explain_sentences(model, ["The killer dies."])
    >>> [part.text for part in why.contributions if part.weight > 0.2]
    ['killer', 'dies']
    >>> bool(np.isclose(sum(part.weight for part in why.contributions) + why.intercept, why.logit))
    True
    """
    texts = as_sentences(sentences)
    lengths = np.ones(len(texts), dtype=np.int64) if lengths is None else np.asarray(lengths)
    own, _, vectors = model.judge(texts)
    logits = with_context(model, own, texts, lengths, vectors)
    words = model.vectorizer_.contributions(texts, model.coef_)
    contributions = _gathered(texts, words, own - model.intercept_)
    # Where no word stands, the whole of its logit is what any sentence without a word starts from.
    start = np.where([bool(parts) for parts in contributions], model.intercept_, own)
    columns = (logits, expit(logits), start, logits - own)
    return [
        Explanation(text, logit, probability, intercept, parts, context)
        for text, logit, probability, intercept, context, parts in zip(
            texts, *(column.tolist() for column in columns), contributions, strict=True
        )
    ]


def _gathered(
    texts: list[str], batches: Iterator[WordWeights], scores: NDArray[np.float64]
) -> list[tuple[Contribution, ...]]:
    """The contributions of each sentence; their sum is its score."""
    gathered: list[list[Contribution]] = [[] for _ in texts]
    for words in batches:
        if not len(words.weight):
            continue
        first = _first_words(words)
        last = np.append(first[1:], len(words.weight)) - 1
        weight = np.add.reduceat(_exact(words, scores), first)
        columns = (words.sentence[first], words.start[first], words.end[last], weight)
        for sentence, start, end, value in zip(*(column.tolist() for column in columns), strict=True):
            gathered[sentence].append(_contribution(texts[sentence], start, end, value))
    return [tuple(parts) for parts in gathered]


def _exact(words: WordWeights, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights that add up to the score as it was reported: single precision leaves about 1e-6, shared by size."""
    begin = words.sentence[0]  # sums over the sentences of the batch alone keep the whole linear
    sentence = words.sentence - begin
    total = np.bincount(sentence, words.weight)
    missing = scores[begin : begin + len(total)] - total
    size = np.abs(words.weight)
    missing /= np.maximum(np.bincount(sentence, size), np.finfo(np.float64).tiny)  # where no word stands
    exact: NDArray[np.float64] = words.weight + missing[sentence] * size
    return exact


def _first_words(words: WordWeights) -> NDArray[Any]:
    """Where a contribution begins: neighbours that say more as a pair than either of them says at all stay together."""
    weight, shared = words.weight, words.shared[:-1]
    pair = np.abs(shared) > np.maximum(np.abs(weight[:-1]), np.abs(weight[1:]))
    agree = (np.sign(weight[:-1]) == np.sign(shared)) & (np.sign(weight[1:]) == np.sign(shared))
    return np.flatnonzero(np.append(True, ~(pair & agree)))


def _contribution(text: str, start: int, end: int, weight: float) -> Contribution:
    """The span, with the accents that folding has taken from its last letter."""
    while end < len(text) and (unicodedata.category(text[end])[0] == "M" or text[end] == "\u200d"):
        end += 1
    return Contribution(text[start:end], start, end, weight)
