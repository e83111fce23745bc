"""What each part of the default model is worth: rows of the table in its card, each trained and measured anew.

    python models/ablation.py all          # or the name of one row; a few minutes each
    python models/ablation.py "n-grams alone"

Metrics are taken on what no step has learnt from: gold dev, the dev works of the other kinds, posts on test works, the
dev part of TV Tropes, a fifth of the Goodreads works.
Rows are written into ``models/ablation.json``, from where `build_model.py` takes them. Two folds give the out-of-fold
logits here, for speed, and five in the model itself.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from build_model import BUCKETS, NATURAL, WEIGHTS, C, encoder, training_corpus
from documents import KINDS, Document, dev_documents
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

import spoilerguard
from spoilerguard import Corpus, SpoilerClassifier
from spoilerguard.documents import Documents
from spoilerguard.encoders import Encoder
from spoilerguard.features import SentenceVectorizer
from spoilerguard.predicting import predict
from spoilerguard.predictions import Predictions

FILE = Path(__file__).parent / "ablation.json"


def main() -> None:
    """Build and measure the rows that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row", choices=["all", *ROWS])
    wanted = parser.parse_args().row
    known = {row["what"]: row for row in json.loads(FILE.read_text("utf-8"))} if FILE.exists() else {}
    for name in ROWS if wanted == "all" else [wanted]:
        known[name] = {"what": name, **metrics(ROWS[name]())}
        print(known[name], flush=True)
        in_order = [known[name] for name in ROWS if name in known]
        FILE.write_text(json.dumps(in_order, indent=1) + "\n", encoding="utf-8")


def trained(corpus: Corpus, dense: Encoder | None, strength: float = C["default"]) -> SpoilerClassifier:
    """As `build_model` does it, on fewer folds."""
    estimator = SpoilerClassifier(C=strength, vectorizer=SentenceVectorizer(encoder=dense, n_buckets=BUCKETS))
    return spoilerguard.train(corpus, estimator=estimator, calibration_sources=NATURAL, n_splits=2, n_jobs=2)


def without_vectors_in_review() -> SpoilerClassifier:
    """The context stage reads the logits around a sentence, its place and warnings, and no vector."""
    return trained(training_corpus(), WithoutReviews(encoder("default")))


def without_further_labels() -> SpoilerClassifier:
    """Only gold, TV Tropes, Goodreads' tags and our own corpus."""
    corpus = training_corpus()
    added = corpus.frame["source"].isin(["imdb/added", "goodreads/guideline"])
    return trained(corpus.take(~added.to_numpy(dtype=bool)), encoder("default"))


def tags_down_weighted() -> SpoilerClassifier:
    """Readers' and editors' tags count little, as they did before."""
    corpus = training_corpus()
    light = corpus.frame["weight"].where(~corpus.frame["source"].isin(list(WEIGHTS)), 0.1)
    return trained(replace(corpus, frame=corpus.frame.assign(weight=light)), encoder("default"))


class WithoutReviews:
    """An encoder that says nothing of reviews."""

    n_review_dimensions = 0

    def __init__(self, encoder: Encoder | None) -> None:
        self._encoder = encoder

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._encoder, name)

    def encode_reviews(self, batches: object, lengths: object, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """No columns."""
        del batches, lengths
        return np.zeros((len(vectors), 0))


ROWS: dict[str, Callable[[], SpoilerClassifier]] = {
    "the model": lambda: trained(training_corpus(), encoder("default")),
    "n-grams alone": lambda: trained(training_corpus(), None, 0.05),
    "no vectors in the context stage": without_vectors_in_review,
    "no further labels for the head": without_further_labels,
    "tags weigh 0.1": tags_down_weighted,
    "the accurate tier": lambda: spoilerguard.load(FILE.parent / "accurate"),
}


def metrics(model: SpoilerClassifier) -> dict[str, float]:
    """ROC AUC and average precision by the guideline in three kinds of text, ROC AUC on tags."""
    documents = list(dev_documents())
    reviews = [one for one in documents if "spoiler" in one.targets and len(one.sentences) > 1]
    found = {}
    labels, said = _judged(model, [one for one in reviews if not one.source and not one.name.startswith("own-")])
    for standing, logits in (("alone", said.alone), ("review", said.logit)):
        found[f"{standing} AUC"] = roc_auc_score(labels, logits)
        found[f"{standing} AP"] = average_precision_score(labels, logits)
    labels, said = _judged(model, [one for one in documents if one.source.startswith(KINDS)])
    found["other kinds, review AP"] = average_precision_score(labels, said.logit)
    labels, said = _judged(model, [one for one in documents if one.source == "comments/test"])
    found["posts AUC"] = roc_auc_score(labels, said.logit)
    for head, title in (("goodreads", "Goodreads AUC"), ("tvtropes", "TV Tropes AUC")):
        tagged = [one for one in documents if head in one.targets]
        wanted = np.concatenate([one.targets[head] for one in tagged])
        found[title] = roc_auc_score(wanted, model.decision_function(_texts(tagged)))
    return {title: round(float(value), 4) for title, value in found.items()}


def _judged(model: SpoilerClassifier, documents: Sequence[Document]) -> tuple[NDArray[np.int64], Predictions]:
    """Labels by the guideline, and what the model says."""
    labels = np.concatenate([one.targets["spoiler"] for one in documents])
    lengths = np.array([len(one.sentences) for one in documents])
    return labels, predict(model, Documents.from_sentences(_texts(documents), lengths))


def _texts(documents: Sequence[Document]) -> list[str]:
    return [text for document in documents for text in document.sentences]


if __name__ == "__main__":
    main()
