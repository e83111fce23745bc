"""A story made ready for a model: the vectors and words of its sentences; and what sentences of reviews find there."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.features import Vectorizer
from spoilerguard.matching.rare_words import RareWords
from spoilerguard.matching.words import Phrases
from spoilerguard.sentences import split
from spoilerguard.story import Story

__all__ = ["MAX_STORY_SENTENCES", "Matches", "PreparedStories", "PreparedStory", "of_length_one"]

Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]
MAX_STORY_SENTENCES = 1024  # of a premise, and of a plot, that are read: forty pages
_MAX_CHARACTERS = 1 << 20  # of each, too: a hostile text must not cost minutes
_MAX_KEPT = 200 << 20  # bytes of prepared stories
_FEWEST_WORDS = 4  # of a premise or a plot; "TBA" and "No description available." tell nothing of a work
_WORDS_AT_ONCE = 4096  # looked up in all sentences of a plot
_NAME = 2.0  # by how much more the names of a story count
_SMOOTHING = 1.5  # of shares: one common word that is found is no match


class Matches(NamedTuple):
    """What sentences of reviews have in common with a story: arrays of shape (n_sentences,).

    Attributes
    ----------
    words : ndarray of float64
        Weight of the rare words of each sentence.
    in_premise, in_plot_alone, in_sentence, in_sentence_alone, names : ndarray of float64
        Shares of that weight, in [0, 1): of words that stand in the premise; in the plot and not in the premise; in the
        one sentence of the plot that has most; the same without the words of the premise; that are names.
    late : ndarray of float64
        As `in_plot_alone`, each word counted by the place where the plot first has it, from 0 to 1.
    guessing : ndarray of int64
        How many of its tokens are `GUESSING`.
    like_premise, like_plot : ndarray of float64
        Highest cosine between its vector and that of a sentence there; -1 where there is none.
    best : ndarray of int64
        The sentence of the plot that is most like it, from 0; -1 where there is none.
    place : ndarray of float64
        The place of that sentence, from 0 (the first) to 1.
    """

    words: Numbers
    in_premise: Numbers
    in_plot_alone: Numbers
    in_sentence: Numbers
    in_sentence_alone: Numbers
    late: Numbers
    guessing: NDArray[np.int64]
    names: Numbers
    like_premise: Numbers
    like_plot: Numbers
    best: NDArray[np.int64]
    place: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class PreparedStory:
    """A story as a model reads it.

    Attributes
    ----------
    known : str
        What it holds: "premise", "plot", "premise and plot", or "" where it has neither.
    plot : list of str
        The sentences of the plot.
    vectors : ndarray of float32, shape (n_sentences, n_dimensions)
        Of the sentences of the premise, then those of the plot, each of length 1.
    n_premise : int
        How many are of the premise.
    stems : ndarray of uint32, shape (n_stems,)
        Hashes of the stems of its words, ascending.
    is_name, in_premise : ndarray of bool, shape (n_stems + 1,)
        The last entry, here and below, is of words that the story lacks.
    in_plot : ndarray of bool, shape (n_stems + 1, n_plot)
        Which sentences of the plot hold each stem.
    first : ndarray of float64, shape (n_stems + 1,)
        The place of the first of them, from 0 to 1, where there is one.
    protect, allow : Phrases
    """

    known: str
    plot: list[str]
    vectors: Floats
    n_premise: int
    stems: NDArray[np.uint32]
    is_name: NDArray[np.bool_]
    in_premise: NDArray[np.bool_]
    in_plot: NDArray[np.bool_]
    first: Numbers
    protect: Phrases
    allow: Phrases

    @classmethod
    def of(cls, story: Story, vectorizer: Vectorizer) -> Self:
        """Read a story with the vectorizer of a model."""
        premise, plot = (_sentences(text) for text in (story.premise, story.plot))
        batches = list(vectorizer.tokenize([*premise, *plot]))
        vectors = [np.zeros((0, vectorizer.n_dimensions)), *map(vectorizer.encode_tokens, batches)]
        words = RareWords.of(vectorizer, batches)
        names = RareWords.of(vectorizer, vectorizer.tokenize(list(story.names))).stem
        stems, number = np.unique(np.concatenate([words.stem, names]), return_inverse=True)
        holds = np.zeros((len(stems) + 1, len(premise) + len(plot) + 1), dtype=np.bool_)
        holds[number, np.concatenate([words.sentence, np.full(len(names), len(premise) + len(plot))])] = True
        return cls(
            known=" and ".join(name for name, part in (("premise", premise), ("plot", plot)) if part),
            plot=plot,
            vectors=of_length_one(np.concatenate(vectors)),
            n_premise=len(premise),
            stems=stems,
            is_name=holds[:, -1],
            in_premise=np.asarray(holds[:, : len(premise)].any(axis=1)),
            in_plot=holds[:, len(premise) : -1],
            first=holds[:, len(premise) :].argmax(axis=1) / max(len(plot) - 1, 1),
            protect=Phrases(story.protect, vectorizer.normalization),
            allow=Phrases(story.allow, vectorizer.normalization),
        )

    def match(self, words: RareWords, vectors: Floats) -> Matches:
        """Compare sentences with the story: their rare words, and their vectors, of length 1."""
        n = len(vectors)
        found = np.searchsorted(self.stems, words.stem)
        found[np.append(self.stems, np.uint32(0))[found] != words.stem] = len(self.stems)
        found[found == len(self.stems)] = -1  # the last row, of words that the story lacks
        in_premise, is_name = self.in_premise[found], self.is_name[found]
        weight = words.weight * np.where(is_name, _NAME, 1.0)
        total = np.asarray(np.bincount(words.sentence, weight, n), dtype=np.float64)
        size = total + _SMOOTHING

        def share(of_words: NDArray[Any]) -> Numbers:
            return np.asarray(np.bincount(words.sentence, weight * of_words, n) / size)

        # One product a sentence: the shapes, and so the rounding, do not depend on what else stands in the batch.
        likeness = np.array([self.vectors @ vector for vector in vectors]).reshape(n, len(self.vectors))
        in_sentence = self._shared_weight(words.sentence, found, weight, n) / size[:, None]
        rest = ~in_premise
        in_sentence_alone = self._shared_weight(words.sentence[rest], found[rest], weight[rest], n) / size[:, None]
        in_plot_alone = np.asarray(self.in_plot.any(axis=1))[found] & rest
        like_plot = likeness[:, self.n_premise :]
        best = np.argmax(like_plot + in_sentence, axis=1) if self.plot else np.full(n, -1)
        return Matches(
            words=total,
            in_premise=share(in_premise),
            in_plot_alone=share(in_plot_alone),
            in_sentence=in_sentence.max(axis=1, initial=0.0),
            in_sentence_alone=in_sentence_alone.max(axis=1, initial=0.0),
            late=share(in_plot_alone * self.first[found]),
            guessing=words.guessing,
            names=share(is_name),
            like_premise=likeness[:, : self.n_premise].max(axis=1, initial=-1.0).astype(np.float64),
            like_plot=like_plot.max(axis=1, initial=-1.0).astype(np.float64),
            best=best,
            place=np.maximum(best, 0) / max(len(self.plot) - 1, 1),
        )

    def _shared_weight(self, sentence: NDArray[np.int64], found: NDArray[np.int64], weight: Numbers, n: int) -> Numbers:
        """Weight of what each sentence shares with each of the plot, shape (n, n_plot); `found` are rows of `in_plot`.

        Some words at a time: a long review against a long plot would take gigabytes.
        """
        shared = np.zeros(n * len(self.plot))
        for first in range(0, len(found), _WORDS_AT_ONCE):
            word, place = np.nonzero(self.in_plot[found[first : first + _WORDS_AT_ONCE]])
            np.add.at(shared, sentence[first + word] * len(self.plot) + place, weight[first + word])
        return shared.reshape(n, len(self.plot))


class PreparedStories:
    """Stories that a model has prepared, kept for the next review of the same work.

    Threads that race prepare a story twice, and get equal ones: no lock that a forked process could inherit.
    """

    def __init__(self, vectorizer: Vectorizer) -> None:
        self._vectorizer = vectorizer
        self._kept: dict[Story, PreparedStory] = {}
        self._n_bytes = 0

    def get(self, story: Story) -> PreparedStory:
        """The prepared story; when too many are kept, all others are forgotten."""
        found = self._kept.get(story)
        if found is None:
            found = PreparedStory.of(story, self._vectorizer)
            # Its text and two arrays take nearly all; what is left counts, too, where a story is empty.
            size = 4 * len(story.premise + story.plot) + found.vectors.nbytes + found.in_plot.nbytes + 4096
            if self._n_bytes + size > _MAX_KEPT:
                self._kept, self._n_bytes = {}, 0
            self._kept[story] = found
            self._n_bytes += size
        return found


def _sentences(text: str) -> list[str]:
    """The sentences of a premise or a plot; none where it is too short to tell anything."""
    if len(text.split(maxsplit=_FEWEST_WORDS)) < _FEWEST_WORDS:
        return []
    return [sentence.text for sentence in split(text[:_MAX_CHARACTERS])][:MAX_STORY_SENTENCES]


def of_length_one(vectors: NDArray[np.float64]) -> Floats:
    """The vectors, each divided by its length."""
    length = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    return np.asarray(vectors / np.maximum(length, 1e-9), dtype=np.float32)
