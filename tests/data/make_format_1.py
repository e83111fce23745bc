"""Make the stored model of format 1: ``python tests/data/make_format_1.py FOLDER``.

``tests/data/format_1`` was made by this and is kept for ever: a later version must read those very bytes and give the
probabilities in ``expected.json``. Do not make it anew; when the format is bumped, add a ``format_2`` beside it.
"""

import json
import sys
from pathlib import Path

import numpy as np

from spoilerguard.context import FEATURES, ReviewContext, review_logits
from spoilerguard.encoders import PooledEncoder, Vocabulary
from spoilerguard.features import SentenceVectorizer
from spoilerguard.features.folding import fold
from spoilerguard.features.ngrams import word_ngrams
from spoilerguard.model import SpoilerClassifier
from spoilerguard.operating_points import OperatingPoint
from spoilerguard.persistence import save

SPOILERS = [
    "In the last chapter the lighthouse keeper drowns and Mira inherits the boat.",
    "It turns out that the baker was the forger all along.",
    "He dies in the fire, and the twins never learn why.",
    "The letter was written by her dead brother, as we find out at the end.",
]
SAFE = [
    "The photography of the harbour is lovely.",
    "I read it in two evenings and would do so again.",
    "The actors speak too softly, and the music is loud.",
    "A fine choice for a rainy day with tea.",
]
REVIEW = [
    "A lovely book about the sea.",
    "Spoiler ahead!",
    "The keeper dies at the end.",
    "I liked the tea — “really”.",
]
WORDS = ["dies", "end", "drowns", "lovely", "music", "tea"]


def encoder() -> PooledEncoder:
    """Two dimensions, plot and praise, for six words."""
    hashes = next(word_ngrams(fold([" ".join(WORDS)]), 1)).hashes
    vectors = np.array([[90, 3], [70, -4], [99, 0], [-5, 88], [0, 60], [-9, 75]], dtype=np.int8)
    order = np.argsort(hashes)
    importance = np.linspace(0.5, 1.0, len(WORDS), dtype=np.float32)
    return PooledEncoder(Vocabulary(hashes[order]), importance[order], vectors[order], 0.0125)


def model() -> SpoilerClassifier:
    """A model that uses everything that format 1 can hold."""
    vectorizer = SentenceVectorizer(word_ngrams=2, char_ngrams=(2, 4), n_buckets=2**7, encoder=encoder())
    made = SpoilerClassifier(vectorizer=vectorizer, C=2.0, threshold=0.45, random_state=7)
    made.fit(SPOILERS + SAFE, ["spoiler"] * len(SPOILERS) + ["safe"] * len(SAFE))
    made.context_ = ReviewContext(tuple(0.25 / (1 + place) for place in range(len(FEATURES))), -0.75)
    made.operating_points_ = {
        "balanced/alone": OperatingPoint(0.5, 0.75, 0.5, (0.625, 0.875), (0.25, 0.75)),
        "cautious": OperatingPoint(0.25, 0.5, 1.0, (0.375, 0.625), (1.0, 1.0)),
    }
    made.card_ = {
        "name": "Eight sentences about a lighthouse",
        "intended use": "To be read by tests.",
        "data": [{"source": "written for this test", "sentences": 8, "terms": "MIT"}],
        "metrics": {"alone": {"auc": 0.5, "auc interval": [0.25, 0.75]}, "in the review": {"auc": 0.625}},
        "known limits": ["Knows six words.", "Knows no film | no book."],
    }
    return made


def expected(of: SpoilerClassifier) -> dict[str, list[object]]:
    """What any version must say with it."""
    in_review = review_logits(of, REVIEW, np.array([len(REVIEW)]))
    return {
        "sentences": [*REVIEW],
        "probabilities": of.predict_proba(REVIEW)[:, 1].tolist(),
        "in review": in_review.tolist(),
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    save(model(), folder)
    (folder / "expected.json").write_text(json.dumps(expected(model()), indent=1) + "\n", encoding="utf-8")
