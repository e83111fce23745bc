"""Build ``models/default`` from the labelled corpora. Re-runnable: same data, same bytes.

    python models/build_default.py [--output models/default] [--n-jobs 2]

Gold reviews come first, with our own; readers' tags and wiki comments count for less, for they are right less often
(a tagged Goodreads sentence is a spoiler in one case of four). The word vectors are read from
``models/.work/encoder.npz`` if `build_encoder.py` has made it, else from the default model that there is.
"""

import argparse
from pathlib import Path

import numpy as np

import spoilerguard
from spoilerguard import Corpus, SpoilerClassifier
from spoilerguard.datasets import data_home, load_reviews
from spoilerguard.encoder import SentenceEncoder
from spoilerguard.features import SentenceVectorizer
from spoilerguard.shipped import default_encoder

HERE = Path(__file__).parent
WEIGHTS = {"tvtropes": 0.2, "goodreads_sentences": 0.1}
C = 0.1

MADE_BY_A_LANGUAGE_MODEL = "labels made by a language model that read whole reviews under a guideline"
CORPORA = [
    {
        "corpus": "gold reviews (IMDb review pool, Goodreads)",
        "labels": MADE_BY_A_LANGUAGE_MODEL + "; two independent labellings of other reviews agree at kappa .91",
        "terms": "texts: ACL IMDB (Maas et al. 2011), research use, and public Goodreads reviews, not redistributed",
        "weight": 1.0,
    },
    {
        "corpus": "datasets/reviews, train split",
        "labels": "texts and labels made by a language model for this project",
        "terms": "CC BY 4.0",
        "weight": 1.0,
    },
    {
        "corpus": "TV Tropes comments (Boyd-Graber, Glasgow, Zajac 2013)",
        "labels": "spoiler mark-up of the wiki's editors",
        "terms": "CC BY-NC-SA, research use, not redistributed",
        "weight": WEIGHTS["tvtropes"],
    },
    {
        "corpus": "Goodreads sentences (Wan et al. 2019)",
        "labels": "reviewers' own tags, incomplete, whole blocks tagged",
        "terms": "academic use, not redistributed",
        "weight": WEIGHTS["goodreads_sentences"],
    },
]


def training_corpus() -> Corpus:
    """All labelled data but the dev sets, each with its weight."""
    gold = spoilerguard.load_corpus(data_home() / "gold" / "train.jsonl")
    parts = [gold, load_reviews("train")]
    for name, weight in WEIGHTS.items():
        frame = spoilerguard.load_corpus(data_home() / f"{name}.csv").frame
        parts.append(Corpus.from_frame(frame.assign(weight=weight, source=name)))
    return Corpus.concat(parts)


def encoder() -> SentenceEncoder | None:
    """Word vectors, fresh from their recipe if they have just been made."""
    fresh = HERE / ".work" / "encoder.npz"
    if fresh.exists():
        with np.load(fresh, allow_pickle=False) as arrays:
            return SentenceEncoder.from_arrays(dict(arrays))
    return default_encoder()


def main() -> None:
    """Train, judge on the dev reviews, save."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--output", type=Path, default=HERE / "default")
    arguments.add_argument("--n-jobs", type=int, default=2)
    options = arguments.parse_args()
    estimator = SpoilerClassifier(C=C, vectorizer=SentenceVectorizer(encoder=encoder()))
    model = spoilerguard.train(
        training_corpus(), estimator=estimator, natural_sources=["imdb/random"], n_jobs=options.n_jobs, progress=True
    )
    dev = spoilerguard.load_corpus(data_home() / "gold" / "dev.jsonl")
    report = spoilerguard.evaluate(model, dev)
    print(report)
    wanted = ("roc_auc", "average_precision", "calibration_error", "base_rate")
    figures = [report.figure(metric, mode) for mode in report.modes for metric in wanted]
    model.card_ = {
        "Intended use": "Finding sentences that give the story away in English reviews of films, books, series, games.",
        "Corpora": CORPORA,
        "On the gold dev reviews (works never trained on; interval over works)": [
            {
                "mode": one.mode,
                "figure": one.metric,
                "value": round(one.value, 4),
                "low": round(one.low, 4),
                "high": round(one.high, 4),
            }
            for one in figures
        ],
        **model.card_,
    }
    spoilerguard.save(model, options.output)


if __name__ == "__main__":
    main()
