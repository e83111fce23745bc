"""Build ``models/default`` or ``models/accurate`` from the labelled corpora. Re-runnable: same data, same bytes.

    python models/build_model.py default
    python models/build_model.py accurate

The encoder is read from ``models/.work`` if its recipe has just made it, else from the model that there is. It has
heard the labels of posts, of our own reviews and of hard texts of other kinds (`tune_encoder.py`), and of the rest only
what teachers of other works' labels say (`build_teacher.py`): folds are honest on that rest, where all is calibrated.
One head serves all kinds of text. What readers and editors tag is looser than the guideline, but it is all that there
is of book reviews and of comments: the weights are those at which every kind does well (README.md beside this).
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from documents import KINDS, Document, labelled
from packing import packed

import spoilerguard
from spoilerguard import Corpus, SpoilerClassifier
from spoilerguard.datasets import data_home, load_reviews
from spoilerguard.encoders import ConvolutionalEncoder, Encoder, TransformerEncoder
from spoilerguard.evaluation import Report
from spoilerguard.features import SentenceVectorizer

HERE = Path(__file__).parent
WEIGHTS = {"tvtropes": 1.0, "goodreads": 3.0}
# The weight of the second makes a quarter of the spoilers on which thresholds are set stand in posts: whoever types a
# single sentence seldom cuts it out of a review. With more of them, the thresholds promise too much for reviews.
POSTS = {"comments/train": 0.7, "comments/dev": 0.3}
# Drawn as they occur, and no encoder has seen their labels.
NATURAL = ["imdb/random", "comments/dev", *(f"{kind}/random" for kind in KINDS)]
C = {"default": 0.0005, "accurate": 0.0003}
BUCKETS = 2**16  # n-grams add next to nothing to the encoder (ablation.json), and each bucket costs bytes

MADE_BY_A_LANGUAGE_MODEL = "labels made by a language model that read whole reviews under a guideline"
CORPORA = [
    {
        "corpus": "gold reviews (IMDb review pool, Goodreads)",
        "labels": MADE_BY_A_LANGUAGE_MODEL + "; two independent labellings of other reviews agree at kappa .91",
        "terms": "texts: ACL IMDB (Maas et al. 2011), research use, and public Goodreads reviews, not redistributed",
        "weight": 1.0,
    },
    {
        "corpus": "4,338 further reviews of the IMDb pool, datasets/labels/imdb_reviews.jsonl",
        "labels": MADE_BY_A_LANGUAGE_MODEL + "; two independent labellings of 156 of them agree at kappa .90",
        "terms": "texts: ACL IMDB (Maas et al. 2011), research use, not redistributed; labels: CC BY 4.0",
        "weight": 1.0,
    },
    {
        "corpus": "datasets/reviews, train split",
        "labels": "texts and labels made by a language model for this project",
        "terms": "CC BY 4.0",
        "weight": 1.0,
    },
    {
        "corpus": "datasets/comments: short posts, train split (the encoder has learnt it too) and dev split",
        "labels": "texts and labels made by a language model for this project; two labellings agree at kappa .98",
        "terms": "CC BY 4.0",
        "weight": POSTS["comments/train"],
    },
    {
        "corpus": "3,846 texts on books, series, anime, games, films, datasets/labels/other_kinds.jsonl, train split",
        "labels": MADE_BY_A_LANGUAGE_MODEL + "; two independent labellings agree at kappa .87 (323) and .93 (184)",
        "terms": "texts: public repositories, mostly without licence, research use, not redistributed; labels: CC BY",
        "weight": 1.0,
    },
    {
        "corpus": "TV Tropes comments (Boyd-Graber, Glasgow, Zajac 2013), train part",
        "labels": "spoiler mark-up of the wiki's editors",
        "terms": "CC BY-NC-SA, research use, not redistributed",
        "weight": WEIGHTS["tvtropes"],
    },
    {
        "corpus": "Goodreads sentences (Wan et al. 2019), four fifths of the works",
        "labels": "reviewers' own tags, incomplete, whole blocks tagged",
        "terms": "academic use, not redistributed",
        "weight": WEIGHTS["goodreads"],
    },
    {
        "corpus": "1,435 of those Goodreads sentences again, datasets/labels/goodreads_sentences.jsonl",
        "labels": "made by a language model that read each sentence alone under the guideline",
        "terms": "texts: academic use, not redistributed; labels: CC BY 4.0",
        "weight": 1.0,
    },
]


_SOFT = (
    "soft labels only: opinions of five MPNet teachers (all-mpnet-base-v2, Apache 2.0), each fine-tuned on the corpora "
    "above, posts and other kinds left out, without the works that it then labelled, on 1.2 million sentences: those "
    "corpora and the IMDb review pool (Maas et al. 2011), gold dev and its works left out"
)
_TUNED = (
    "; then the labels of datasets/comments (train), of datasets/reviews (train) and of texts of other kinds that were "
    "chosen for being hard (datasets/labels/other_kinds.jsonl){}, its vectors of other texts held as they were"
)
_SOFT_TOO = ", and what the accurate model says of 42,251 texts of all kinds (datasets/labels/soft_labels.npz)"
ENCODERS = {
    "default": "five gated convolutions over 40,000 words, two over the sentences of a review; "
    f"taught {_SOFT}{_TUNED.format(_SOFT_TOO)}. A skimmer, one such convolution of half the "
    "width, guesses its vectors",
    "accurate": "all-MiniLM-L6-v2 (Apache 2.0), 8 bits a weight; "
    f"taught {_SOFT}{_TUNED.format('')}, and the labels of 367 film reviews drawn for their spoilers. A "
    "skimmer, one gated convolution over the default model's words, guesses its vectors of sentences alone",
}


def training_corpus() -> Corpus:
    """All labelled data but what metrics are taken on, each with its weight."""
    gold = spoilerguard.load_corpus(data_home() / "gold" / "train.jsonl")
    return Corpus.concat([gold, load_reviews("train"), further(labelled())])


def further(documents: Iterable[Document]) -> Corpus:
    """Reviews and sentences that the project has labelled anew, and those with tags of readers and editors."""
    rows = []
    for document in documents:
        for source in WEIGHTS.keys() & document.targets:
            rows += _rows(document, source, source, WEIGHTS[source])
            if "spoiler" in document.targets:
                rows += _rows(document, "spoiler", f"{source}/guideline", 1.0)
        if document.source:
            rows += _rows(document, "spoiler", document.source, POSTS.get(document.source, 1.0))
    columns = ["sentence", "spoiler", "review_id", "position", "work", "source", "weight", "major"]
    return Corpus.from_frame(pd.DataFrame(rows, columns=columns))


def _rows(document: Document, head: str, source: str, weight: float) -> list[tuple[object, ...]]:
    """The sentences with one kind of label; one on its own belongs to no review."""
    name = document.name if len(document.sentences) > 1 else None
    majors = document.targets["major"] if head == "spoiler" else [None] * len(document.sentences)
    labelled_sentences = zip(document.sentences, document.targets[head], majors, strict=True)
    return [
        (text, label, name, None if name is None else place, document.work, source, weight, major)
        for place, (text, label, major) in enumerate(labelled_sentences)
    ]


def encoder(tier: str) -> Encoder | None:
    """Fresh from its recipe, if it has just been made; else that of the model that there is.

    A fresh graph gets the skimmer of that model, which guesses the vectors of before, until `teach_skimmer.py` has run.
    """
    taught = HERE / ".work" / f"{tier}.npz"
    if taught.exists():
        with np.load(taught) as arrays:
            kind = ConvolutionalEncoder if tier == "default" else TransformerEncoder
            return kind.from_arrays(dict(arrays))
    made = HERE / ".work" / {"default": "encoder.npz", "accurate": "accurate.onnx"}[tier]
    if tier == "default" and made.exists():
        return packed(made, HERE / ".work" / "words.json")
    standing = spoilerguard.load(HERE / tier).vectorizer_.encoder
    if not made.exists():
        return standing
    from export_accurate import vocabulary  # needs packages that the default model can be built without

    return TransformerEncoder(made.read_bytes(), vocabulary(), getattr(standing, "skimmer", None))


def main() -> None:
    """Train, evaluate on the dev reviews, save."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("tier", choices=["default", "accurate"])
    arguments.add_argument("--output", type=Path, help="instead of the folder of that name beside this file")
    arguments.add_argument("--n-jobs", type=int, default=2)
    options = arguments.parse_args()
    corpus = training_corpus()
    estimator = SpoilerClassifier(
        C=C[options.tier], vectorizer=SentenceVectorizer(encoder=encoder(options.tier), n_buckets=BUCKETS)
    )
    model = spoilerguard.train(
        corpus, estimator=estimator, calibration_sources=NATURAL, n_jobs=options.n_jobs, progress=True
    )
    dev = spoilerguard.load_corpus(data_home() / "gold" / "dev.jsonl")
    report = spoilerguard.evaluate(model, dev)
    print(report)
    model.card_ = described(report, options.tier) | model.card_
    spoilerguard.save(model, options.output or HERE / options.tier)


def described(report: Report, tier: str) -> dict[str, Any]:
    """What the card says that `train` cannot know."""
    wanted = ("roc_auc", "average_precision", "calibration_error", "base_rate")
    found = [report.metric(name, standing) for standing in report.standings for name in wanted]
    card: dict[str, Any] = {
        "Intended use": "Finding sentences that give the story away in English reviews of films, books, series, games, "
        "and in posts of a sentence or two.",
        "Corpora": CORPORA,
        "Encoder": ENCODERS[tier],
        "On the gold dev reviews (works never trained on; interval over works)": [
            {"standing": one.standing.value, "metric": one.metric}
            | {name: round(getattr(one, name), 4) for name in ("value", "low", "high")}
            for one in found
        ],
    }
    ablation = HERE / "ablation.json"
    if tier == "default" and ablation.exists():
        card["Ablation (rows of python models/ablation.py; two folds)"] = json.loads(ablation.read_text("utf-8"))
    return card


if __name__ == "__main__":
    main()
