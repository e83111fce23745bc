"""What a story changes in whole real reviews of films: their own story, or that of another film.

    python models/measure_stories.py default

Labelled film reviews are joined with real plots by what they say: the title, and at least three names of the plot; a
film and a plot belong together where most of its reviews say so. Few of these plots come with a premise. No model has
learnt from them, but from nearly all of the reviews: compare the ways with each other, and take no quality from them.
"""

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

import numpy as np
import pandas as pd
from documents import Document, dev_documents, labelled
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

import spoilerguard
from spoilerguard import Story
from spoilerguard.bootstrap import Estimate, estimate, factorize
from spoilerguard.datasets import data_home
from spoilerguard.decisions import DecisionRule
from spoilerguard.documents import Documents
from spoilerguard.matching import RareWords, of_length_one
from spoilerguard.predicting import predict

N_NAMES = 3  # that a review and a plot share
MAX_WORDS = 8  # of a title
SHARED = 0.15  # of a sentence's rare words: from here on it tells what a sentence of the plot tells
EARLY, LATE = 1 / 3, 1 / 2  # of the plot
WORD, NAME = re.compile(r"[A-Za-z0-9']+"), re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{2,}")


class Joined(NamedTuple):
    """Reviews and the row of the plot of each."""

    reviews: list[Document]
    plots: list[int]


def main() -> None:
    """Join, predict in four ways, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a folder, or a name")
    model = spoilerguard.load(parser.parse_args().model)
    synopses = pd.read_parquet(data_home() / "pool" / "synopses.parquet")
    synopses = synopses.fillna({"premise": "", "plot": ""})
    whole = synopses["plot"].str.len().ge(800) & ~synopses["kind"].str.contains("withheld")
    synopses = synopses[whole].reset_index(drop=True)
    found = joined(synopses)
    premises, plots = synopses["premise"].tolist(), synopses["plot"].tolist()
    films = sorted(set(found.plots))
    other = dict(zip(films, np.roll(films, 1).tolist(), strict=True))  # the plot of another film
    ways: dict[str, list[Story | None]] = {
        "no story": [None for _ in found.plots],
        "premise": [Story(premise=premises[row]) for row in found.plots],
        "premise and plot": [Story(premise=premises[row], plot=plots[row]) for row in found.plots],
        "those of another film": [Story(premise=premises[other[row]], plot=plots[other[row]]) for row in found.plots],
    }
    lengths = np.array([len(review.sentences) for review in found.reviews])
    labels = np.concatenate([review.targets["spoiler"] for review in found.reviews]) > 0
    groups, n_films = factorize(np.repeat(found.plots, lengths))
    sentences = [sentence for review in found.reviews for sentence in review.sentences]
    place = places(model, sentences, lengths, ways["premise and plot"])
    print(f"{len(found.reviews)} reviews of {n_films} films, {len(labels)} sentences, {labels.sum()} spoilers")
    print(f"{(place < EARLY).sum()} tell of the first third of a plot, {(place >= LATE).sum()} of the second half")
    rule, logits, errors = DecisionRule.of(model), {}, {}
    for way, stories in ways.items():
        predictions = predict(model, Documents.from_sentences(sentences, lengths, stories=stories))
        flags = predictions.is_spoiler(rule)
        logits[way] = predictions.logit
        errors[way] = (~labels & flags & (place < EARLY)) | (labels & ~flags & (place >= LATE))
    for way in ways:
        changes = against(logits[way], logits["no story"], errors[way], errors["no story"], labels, groups)
        shown = ", ".join(f"{name} {one.value:+.3f} [{one.low:+.3f}, {one.high:+.3f}]" for name, one in changes.items())
        precision = average_precision_score(labels, logits[way])
        print(f"{way}: average precision {precision:.3f}, {errors[way].sum()} early-against-late errors; {shown}")


def joined(synopses: pd.DataFrame) -> Joined:
    """The labelled reviews that name the title of a plot and enough of its names."""
    keys = [" ".join(WORD.findall(re.sub(r"\(.*?\)", "", title))).lower() for title in synopses["title"]]
    often = Counter(keys)
    row_of = {key: row for row, key in enumerate(keys) if often[key] == 1 and len(key) > 3}
    names = [set(NAME.findall(plot)) for plot in synopses["plot"]]
    found = []
    for review in film_reviews():
        text = " ".join(review.sentences)
        said, rows = set(WORD.findall(text)), {row_of[run] for run in capital_runs(text) if run in row_of}
        n_shared, row = max(((len(names[row] & said), row) for row in rows), default=(0, -1))
        if n_shared >= N_NAMES:
            found.append((review, row))
    pairs = pd.DataFrame([(review.work, row) for review, row in found], columns=["work", "row"])
    for one, of in (("row", "work"), ("work", "row")):  # most reviews of a film agree on the plot, and the other way
        usual = pairs.groupby(of)[one].agg(lambda values: values.mode()[0])
        pairs = pairs[pairs[one] == pairs[of].map(usual)]
    return Joined([found[place][0] for place in pairs.index], pairs["row"].tolist())


def film_reviews() -> Iterator[Document]:
    """Labelled reviews of the IMDb pool."""
    for document in chain(labelled(), dev_documents()):
        if document.work.startswith("tt") and len(document.sentences) > 1:
            yield document


def capital_runs(text: str) -> Iterator[str]:
    """Runs of words that begin and end with a capital or a figure, in lower case."""
    words = WORD.findall(text)
    for start, word in enumerate(words):
        for end in range(start, min(start + MAX_WORDS, len(words))):
            if not word[0].islower() and not words[end][0].islower():
                yield " ".join(words[start : end + 1]).lower()


def places(
    model: spoilerguard.SpoilerClassifier, sentences: list[str], lengths: NDArray[np.int64], stories: list[Story | None]
) -> NDArray[np.float64]:
    """Where in the plot each sentence's best match stands, from 0 to 1; NaN where it shares too little with it."""
    vectorizer = model.vectorizer_
    words, vectors = (
        RareWords.of(vectorizer, vectorizer.tokenize(sentences)),
        of_length_one(vectorizer.encode(sentences)),
    )
    found, ends = np.full(len(sentences), np.nan), np.cumsum(lengths)
    for first, last, story in zip(ends - lengths, ends, stories, strict=True):
        assert story is not None
        rows, prepared = np.arange(first, last), model.prepare_story(story)
        matches = prepared.match(words.take(rows), vectors[rows])
        told = matches.in_sentence >= SHARED
        found[rows[told]] = matches.best[told] / max(len(prepared.plot) - 1, 1)
    return found


def against(
    scores: NDArray[np.float64],
    old_scores: NDArray[np.float64],
    errors: NDArray[np.bool_],
    old_errors: NDArray[np.bool_],
    labels: NDArray[np.bool_],
    groups: NDArray[np.intp],
) -> dict[str, Estimate]:
    """Paired differences from no story, with intervals over films: average precision, and errors in each ten films."""
    n_films = int(groups.max()) + 1
    changed = np.bincount(groups, errors.astype(float) - old_errors, n_films)

    def measure(counts: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        gains = [
            average_precision_score(labels, scores, sample_weight=weight)
            - average_precision_score(labels, old_scores, sample_weight=weight)
            for weight in counts[:, groups]
        ]
        return {"average precision": np.array(gains), "errors in ten films": 10 * counts @ changed / counts.sum(axis=1)}

    return estimate(measure, n_films, n_rows=len(labels), bounds=(-np.inf, np.inf))


if __name__ == "__main__":
    main()
