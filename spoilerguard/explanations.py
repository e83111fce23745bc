"""Why a sentence got its logit: a signed weight for every word, and what the context adds; together they are the logit.

Nothing is estimated: features and head are linear, so each n-gram's weight is shared among the words that it lies in,
and nothing is lost on the way.
"""

import unicodedata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spoilerguard.documents import Documents
from spoilerguard.features.attribution import WordWeights, word_weights
from spoilerguard.linear_model import LinearModel
from spoilerguard.predicting import predict
from spoilerguard.predictions import Predictions
from spoilerguard.verdicts import ContextPart, Contribution, Explanation

__all__ = ["explain_documents"]

_ROUNDING = 1e-9


def explain_documents(model: LinearModel, documents: Documents) -> list[Explanation]:
    """Trace the logit of each sentence back to its words.

    Parameters
    ----------
    model : SpoilerClassifier
        Fitted.
    documents : Documents

    Returns
    -------
    list of Explanation
        One for each sentence, in order.

    Examples
    --------
    >>> from spoilerguard.model import SpoilerClassifier
    >>> sentences = ["He dies at the end.", "The killer is the nurse.", "Great music.", "The acting is fine."]
    >>> model = SpoilerClassifier(C=10).fit(sentences, [1, 1, 0, 0])
    >>> [why] = explain_documents(model, Documents.from_sentences(["The killer dies."]))
    >>> [part.text for part in why.contributions if part.weight > 0.2]
    ['killer', 'dies']
    >>> bool(np.isclose(sum(part.weight for part in why.contributions) + why.intercept, why.logit))
    True
    """
    predictions = predict(model, documents)
    contributions: list[list[Contribution]] = [[] for _ in documents.sentences]
    from_words = predictions.alone - model.intercept_
    for words in word_weights(model.vectorizer_, documents.sentences, model.coef_, predictions.read):
        for sentence, first, last, weight in _phrases(words, from_words):
            start, end = documents.place(sentence, first, _with_marks(documents.sentences[sentence], last))
            text = documents.texts[sentence][start:end]
            contributions[sentence].append(Contribution(text, start, end, weight))
    # Where no word stands, the vector of a full stop gave the logit: all of it is intercept.
    intercept = np.where([bool(parts) for parts in contributions], model.intercept_, predictions.alone)
    context = predictions.logit - predictions.story - predictions.alone
    columns = (predictions.logit, predictions.probability, intercept, context, predictions.story)
    others = (contributions, _context_parts(model, predictions), _matched(model, predictions), predictions.rules)
    rows = zip(documents.texts, *others, *(column.tolist() for column in columns), strict=True)
    return [
        Explanation(text, logit, probability, start, tuple(parts), around, named, story, matched, rule)
        for text, parts, named, matched, rule, logit, probability, start, around, story in rows
    ]


def _context_parts(model: LinearModel, predictions: Predictions) -> list[tuple[ContextPart, ...]]:
    """What each feature of the context adds to each sentence, the largest first; none for a sentence on its own."""
    documents = predictions.documents
    if model.context_ is None or not len(documents):
        return [()] * len(documents)
    names, parts = model.context_.parts(predictions.alone, documents, predictions.logit - predictions.story)
    order = np.argsort(-np.abs(parts), axis=1, kind="stable").tolist()
    return [
        tuple(ContextPart(names[column], row[column]) for column in ranked if abs(row[column]) > _ROUNDING)
        if in_review
        else ()
        for row, ranked, in_review in zip(parts.tolist(), order, documents.in_review.tolist(), strict=True)
    ]


def _matched(model: LinearModel, predictions: Predictions) -> list[str | None]:
    """For each sentence, the sentence of the plot that is most like it."""
    documents = predictions.documents
    if not documents.stories:
        return [None] * len(documents)
    document = np.repeat(np.arange(len(documents.lengths)), documents.lengths).tolist()
    pairs = [
        (documents.stories[place], best) for place, best in zip(document, predictions.matched.tolist(), strict=True)
    ]
    return [None if story is None or best < 0 else model.prepare_story(story).plot[best] for story, best in pairs]


def _phrases(words: WordWeights, scores: NDArray[np.float64]) -> "list[tuple[int, int, int, float]]":
    """Sentence, place and weight of each contribution; neighbours that say more as a pair than alone are one."""
    if not len(words.weight):
        return []
    weight, shared = words.weight, words.shared[:-1]
    pair = np.abs(shared) > np.maximum(np.abs(weight[:-1]), np.abs(weight[1:]))
    agree = (np.sign(weight[:-1]) == np.sign(shared)) & (np.sign(weight[1:]) == np.sign(shared))
    first = np.flatnonzero(np.append(True, ~(pair & agree)))
    last = np.append(first[1:], len(weight)) - 1
    total = np.add.reduceat(_exact_weights(words, scores), first)
    columns: tuple[NDArray[Any], ...] = (words.sentence[first], words.start[first], words.end[last], total)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _exact_weights(words: WordWeights, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights that add up to the score as it was reported: single precision leaves about 1e-6, shared by size."""
    begin = words.sentence[0]  # sums over the sentences of the batch alone keep the whole linear
    sentence = words.sentence - begin
    total = np.bincount(sentence, words.weight)
    missing = scores[begin : begin + len(total)] - total
    size = np.abs(words.weight)
    sizes = np.bincount(sentence, size)
    missing = np.divide(missing, sizes, out=np.zeros_like(missing), where=sizes > 0)
    exact: NDArray[np.float64] = words.weight + missing[sentence] * size
    return exact


def _with_marks(text: str, end: int) -> int:
    """The end of a word, with the accents that normalization has taken from its last letter."""
    while end < len(text) and (unicodedata.category(text[end])[0] == "M" or text[end] == "\u200d"):
        end += 1
    return end
