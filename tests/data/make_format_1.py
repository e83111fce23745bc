"""Make the stored model of format 1: ``python tests/data/make_format_1.py FOLDER``.

``tests/data/format_1`` was made by this and is kept for ever: a later version must read those very bytes and give the
answers in ``expected.json``. Do not make it anew; when a format 2 is added, add a ``format_2`` beside it.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spoilerguard.calibration.operating_points import OperatingPoint
from spoilerguard.context import CONTEXT_FEATURES, ReviewContext
from spoilerguard.documents import Documents, Standing
from spoilerguard.encoders import ConvolutionalEncoder
from spoilerguard.features import SentenceVectorizer
from spoilerguard.features.tokens import tokenize
from spoilerguard.model import SpoilerClassifier
from spoilerguard.persistence import save
from spoilerguard.predicting import predict

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
    "The keeper never dies at the end.",
    "I liked the tea — “really”.",
    "",
    "He drowns.",
]
WORDS = ["dies", "end", "drowns", "lovely", "music", "tea", "never", "he", "the", "."]
WIDTH, N_POOLINGS, REVIEW_WIDTH = 4, 2, 3


def encoder() -> ConvolutionalEncoder:
    """Ten words and two layers of random weights on either side."""
    random = np.random.default_rng(2)

    def layers(kind: str, n_rows: int, width: int) -> dict[str, NDArray[Any]]:
        return {
            f"{kind}_layers": random.integers(-127, 128, (n_rows * width, 2 * width)).astype(np.int8),
            f"{kind}_scales": random.uniform(0.002, 0.006, (2, 2 * width)).astype(np.float32),
            f"{kind}_biases": random.normal(0, 0.5, (2, 2 * width)).astype(np.float32),
            f"{kind}_dilations": np.array([1, 2], dtype=np.uint8),
        }

    return ConvolutionalEncoder.from_arrays(
        {
            "hashes": np.sort(tokenize([" ".join(WORDS)], 1).hashes),
            "vectors": random.integers(-127, 128, (len(WORDS) + 1, WIDTH)).astype(np.int8),
            "scale": random.uniform(0.01, 0.02, WIDTH).astype(np.float32),
            **layers("word", 3 + 3, WIDTH),
            "attention": random.normal(0, 0.5, (WIDTH, N_POOLINGS)),
            "attention_bias": random.normal(0, 0.5, N_POOLINGS),
            "entry": random.normal(0, 0.5, (N_POOLINGS * WIDTH + 4, REVIEW_WIDTH)),
            "entry_bias": random.normal(0, 0.5, REVIEW_WIDTH),
            **layers("review", 6 + 5, REVIEW_WIDTH),
        }
    )


def model() -> SpoilerClassifier:
    """A model that uses all that format 1 holds."""
    vectorizer = SentenceVectorizer(word_ngrams=2, char_ngrams=(2, 4), n_buckets=2**7, encoder=encoder())
    made = SpoilerClassifier(vectorizer=vectorizer, C=2.0, threshold=0.45, random_state=7)
    weights = {name: 0.25 / (1 + place) for place, name in enumerate(CONTEXT_FEATURES)}
    return made.fit(SPOILERS + SAFE, ["spoiler"] * len(SPOILERS) + ["safe"] * len(SAFE)).attach(
        context=ReviewContext(weights, -0.75, vector_coef=(0.5, -0.375, 0.25)),
        operating_points={
            Standing.ALONE: {
                "balanced": OperatingPoint(0.5, 0.75, 0.5, (0.625, 0.875), (0.25, 0.75)),
                "cautious": OperatingPoint(0.25, 0.5, 1.0, (0.375, 0.625), (1.0, 1.0)),
            },
            Standing.IN_REVIEW: {"balanced": OperatingPoint(0.4, 0.5, 0.5, (0.25, 0.75), (0.25, 0.75))},
        },
        card={
            "name": "Eight sentences about a lighthouse, read by a network",
            "intended use": "To be read by tests.",
            "data": [{"source": "written for this test", "sentences": 8, "terms": "MIT"}],
            "known limits": ["Knows ten words.", "Its network was never trained."],
        },
    )


def answers(of: SpoilerClassifier) -> dict[str, list[Any]]:
    """What any version must say with it."""
    found = predict(of, Documents.from_sentences(REVIEW, np.array([len(REVIEW)])))
    return {"sentences": [*REVIEW], "alone": found.alone.tolist(), "in review": found.logit.tolist()}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    save(model(), folder)
    (folder / "expected.json").write_text(json.dumps(answers(model()), indent=1) + "\n", encoding="utf-8")
