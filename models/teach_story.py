"""Teach a model to read stories: fit its third stage on posts and reviews of works whose story is known.

    python models/teach_story.py default

It reads the model that ``build_model.py`` has built, compares each post and review with the story of its work
(``datasets/stories``), once also with the story of another work of the kind, and writes the model with the stage. It
takes a minute, needs no text that may not be passed on, and gives the same bytes for the same model.

The encoder has learnt the posts of the train split, so its logits there are better than they will be on works never
seen. On sentences alone, noise takes that lead back (chosen on dev; reviews do without). Calibration rests on the dev
split alone, on works left out of the fit. It leaves the mean probability as it is without a story, with a plot that of
safe sentences: two in five sentences of these posts are spoilers, and the thresholds of a model are made for far fewer.
"""

import argparse
import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import GroupKFold

import spoilerguard
from spoilerguard import SpoilerClassifier, Story
from spoilerguard.calibration import platt, resolve_thresholds
from spoilerguard.datasets import load_stories
from spoilerguard.documents import Documents, Standing
from spoilerguard.matching import Matches, RareWords, StoryStage, StoryWeights, of_length_one
from spoilerguard.predicting import predict

HERE = Path(__file__).parent
OWN = HERE.parent / "datasets"
Vectors = NDArray[np.float32]
PARTS = ("premise", "plot", "premise and plot")
NOISE = {Standing.ALONE: 1.0, Standing.IN_REVIEW: 0.0}  # added to the logits of train
WRONG = 0.5  # weight of a sentence beside the story of another work
POSTS = 0.4  # weight of a dev post beside a dev review in calibration, as `build_model.POSTS`
N_FOLDS = 6
CARD = (
    "The stage that reads premise and plot was fitted on the posts and reviews of {:,} works with a story "
    "(datasets/stories: texts made by a language model for this project, CC BY 4.0), train and dev split."
)


class Texts(NamedTuple):
    """Sentences of works whose story is known: arrays of shape (n_sentences,), and the documents they come from."""

    documents: Documents
    labels: NDArray[np.int8]
    works: list[str]  # one a document
    kinds: list[str]
    is_dev: NDArray[np.bool_]
    is_post: NDArray[np.bool_]

    @property
    def groups(self) -> NDArray[np.str_]:
        """The work of each sentence."""
        return np.repeat(self.works, self.documents.lengths)


def records() -> Iterator[dict]:  # type: ignore[type-arg]
    """The posts and reviews of the train and dev splits."""
    for file in (OWN / "comments" / "comments.jsonl", OWN / "reviews" / "train.jsonl", OWN / "reviews" / "dev.jsonl"):
        for line in file.read_text("utf-8").splitlines():
            record = json.loads(line)
            if record["split"] != "test":
                yield record


def texts(stories: dict[str, Story]) -> Texts:
    """Those whose work has a story."""
    found = [record for record in records() if record["work"] in stories]
    lengths = np.array([len(record["spans"]) for record in found])
    sentences = [record["text"][start:end] for record in found for start, end in record["spans"]]
    return Texts(
        Documents.from_sentences(sentences, lengths),
        np.array([label > 0 for record in found for label in record["labels"]], dtype=np.int8),
        [record["work"] for record in found],
        [record["kind"] for record in found],
        np.repeat([record["split"] == "dev" for record in found], lengths),
        np.repeat(["role" in record for record in found], lengths),
    )


def wrong_works(found: Texts, stories: dict[str, Story]) -> list[str]:
    """For each document, another work of the kind."""
    kind_of = dict(zip(found.works, found.kinds, strict=True))
    by_kind: dict[str, list[str]] = {}
    for work in sorted(set(found.works) & stories.keys()):
        by_kind.setdefault(kind_of[work], []).append(work)
    rng = np.random.default_rng(0)
    shift = {kind: int(rng.integers(1, max(len(works), 2))) for kind, works in by_kind.items()}
    others = {
        work: works[(place + shift[kind]) % len(works)]
        for kind, works in by_kind.items()
        for place, work in enumerate(works)
    }
    return [others[work] for work in found.works]


def compare(
    model: SpoilerClassifier, found: Texts, read: tuple[RareWords, Vectors], works: list[str], stories: dict[str, Story]
) -> dict[str, Matches]:
    """What each sentence has in common with the story of the work named for its document, for each of `PARTS`."""
    words, vectors = read
    of_sentence = np.repeat(works, found.documents.lengths)
    matches: dict[str, Matches] = {}
    for known in PARTS:
        columns: list[NDArray[np.float64]] = [np.zeros(len(of_sentence)) for _ in Matches._fields]
        for work in sorted(set(works)):
            story, rows = stories[work], np.flatnonzero(of_sentence == work)
            told = {part: getattr(story, part) for part in known.split(" and ")}
            prepared = model.prepare_story(Story(**told, names=story.names))
            for column, values in zip(columns, prepared.match(words.take(rows), vectors[rows]), strict=True):
                column[rows] = values
        matches[known] = Matches(*columns)
    return matches


def fit(
    known: str, logits: NDArray[np.float64], pair: tuple[Matches, Matches], found: Texts, rows: NDArray[np.intp]
) -> StoryWeights:
    """Weights from some sentences, each beside its own story and beside a wrong one."""
    twice = Matches(*(np.concatenate([column[rows], other[rows]]) for column, other in zip(*pair, strict=True)))
    weight = np.repeat([1.0, WRONG], len(rows))
    return StoryWeights.fit(known, np.tile(logits[rows], 2), twice, np.tile(found.labels[rows], 2), weight)


def take(matches: Matches, rows: NDArray[np.intp]) -> Matches:
    """The matches of some sentences."""
    return Matches(*(column[rows] for column in matches))


def teach(model: SpoilerClassifier, stories: dict[str, Story]) -> StoryStage:
    """The stage: fitted on all, calibrated on dev sentences whose works were left out."""
    found, whole = texts(stories), copy.copy(model)
    whole.gate_ = None  # where a plot is known, every sentence is read
    logits, in_review, groups = predict(whole, found.documents).logit, found.documents.in_review, found.groups
    vectorizer, sentences = model.vectorizer_, found.documents.sentences
    read = RareWords.of(vectorizer, vectorizer.tokenize(sentences)), of_length_one(vectorizer.encode(sentences))
    both = (found.works, wrong_works(found, stories))
    own, wrong = (compare(model, found, read, works, stories) for works in both)
    noise = np.random.default_rng(0).normal(0, 1, len(logits)) * ~found.is_dev
    thresholds = resolve_thresholds(model.operating_points_, None, model.threshold)
    weights: dict[Standing, dict[str, StoryWeights]] = {}
    for standing in Standing:
        rows = np.flatnonzero(in_review == (standing == Standing.IN_REVIEW))
        noisy = logits + NOISE[standing] * noise
        weights[standing] = {}
        for known in PARTS:
            pair, scored, misled = (own[known], wrong[known]), np.zeros(len(logits)), np.zeros(len(logits))
            for learnt, left in GroupKFold(N_FOLDS).split(rows, groups=groups[rows]):
                part, left_out = fit(known, noisy, pair, found, rows[learnt]), rows[left]
                scored[left_out] = part.logits(logits[left_out], take(own[known], left_out))
                misled[left_out] = part.logits(logits[left_out], take(wrong[known], left_out))
            dev = rows[found.is_dev[rows]]
            importance = np.where(found.is_post[dev], POSTS, 1.0)
            slope, _ = platt(scored[dev], found.labels[dev], importance)
            # A premise is given for fewer false alarms, a plot to find more at as many of them.
            kept = found.labels[dev] == 0 if "plot" in known else np.ones(len(dev), dtype=bool)
            offset = level(slope * scored[dev][kept], logits[dev][kept], importance[kept])
            weights[standing][known] = fit(known, noisy, pair, found, rows).rescale(slope, offset)
            calibrated = [logits, slope * scored + offset, slope * misled + offset]
            report(f"{standing}, {known}", found, dev, calibrated, logit(thresholds[standing]))
    return StoryStage(weights)


def level(scored: NDArray[np.float64], logits: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """What to add to logits so that their mean probability is that of the logits without a story."""
    wanted = np.average(expit(logits), weights=weight)
    return float(brentq(lambda offset: np.average(expit(scored + offset), weights=weight) - wanted, -20, 20))


def report(name: str, found: Texts, dev: NDArray[np.intp], ways: list[NDArray[np.float64]], threshold: float) -> None:
    """What the logits give on dev: without a story, with its own, with a wrong one; works left out of the fit."""
    for kind, is_kind in (("posts", found.is_post), ("reviews", ~found.is_post)):
        rows = dev[is_kind[dev]]
        labels = found.labels[rows]
        for way, logits in zip(("no story", "its story", "wrong story"), ways, strict=True):
            if len(set(labels.tolist())) == 2:
                scores, flags = logits[rows], logits[rows] >= threshold
                print(
                    f"{name}, {kind}, {way}: {len(rows)} sentences, AUC {roc_auc_score(labels, scores):.3f}, "
                    f"AP {average_precision_score(labels, scores):.3f}, found {flags[labels == 1].mean():.3f}, "
                    f"false alarms {flags[labels == 0].mean():.3f}"
                )


def main() -> None:
    """Read, teach, save."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("tier", choices=["default", "accurate"])
    arguments.add_argument("--input", type=Path, help="the model, instead of the folder of that name beside this file")
    arguments.add_argument("--output", type=Path, help="where to write it, instead of over the model")
    options = arguments.parse_args()
    folder = options.input or HERE / options.tier
    model = spoilerguard.load(folder)
    stories = load_stories(OWN / "stories" / "stories.jsonl")
    n_works = len({record["work"] for record in records()} & stories.keys())
    model.attach(story=teach(model, stories), card={**model.card_, "Stories": CARD.format(n_works)})
    spoilerguard.save(model, options.output or folder)


if __name__ == "__main__":
    main()
