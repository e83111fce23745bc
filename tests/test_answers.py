"""The shipped models answer as they did when these answers were stored, whatever moves in the code."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spoilerguard import SpoilerClassifier, classify, load
from spoilerguard.datasets import load_challenge
from spoilerguard.documents import Documents
from spoilerguard.encoders import gated_convolution, whole_products
from spoilerguard.predicting import predict

ROOT = Path(__file__).parents[1]
ANSWERS: dict[str, Any] = json.loads((ROOT / "tests" / "data" / "answers.json").read_text("utf-8"))


def answer(model: SpoilerClassifier, n_reviews: int, n_sentences: int) -> tuple[list[list[float]], list[float]]:
    """Probabilities in the first reviews, and of the first challenge sentences alone."""
    lines = (ROOT / "datasets" / "reviews" / "test.jsonl").read_text("utf-8").splitlines()
    reviews = [json.loads(line)["text"] for line in lines[:n_reviews]]
    # Stored with the answers, since where a review is cut is another question than what the model says of a sentence.
    cuts = ANSWERS["cuts"][:n_reviews]
    sentences = [review[start:end] for review, found in zip(reviews, cuts, strict=True) for start, end in found]
    lengths = np.array([len(found) for found in cuts])
    in_reviews = predict(model, Documents.from_sentences(sentences, lengths)).probability
    alone = [case.sentence for case in load_challenge()][:n_sentences]
    parts = np.split(in_reviews, np.cumsum(lengths)[:-1])
    return [part.tolist() for part in parts], [verdict.probability for verdict in classify(alone, model=model)]


def largest_difference(model: SpoilerClassifier, answers: dict[str, Any]) -> float:
    reviews, sentences = answer(model, len(answers["reviews"]), len(answers["sentences"]))
    found, stored = [*np.concatenate(reviews), *sentences], [*np.concatenate(answers["reviews"]), *answers["sentences"]]
    return float(np.abs(np.array(found) - stored).max())


@pytest.mark.parametrize("extra", ["with the extra fast", "without"])
def test_the_default_model_answers_as_stored(
    default_model: SpoilerClassifier, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if extra == "without":
        monkeypatch.setattr(gated_convolution, "quickest_product", lambda n_rows: whole_products.NUMPY)
    else:
        monkeypatch.setattr(whole_products, "_ENOUGH", 0)
        if whole_products.quickest_product(1) is whole_products.NUMPY:
            pytest.skip('needs pip install "spoilerguard[fast]"')
    assert largest_difference(default_model, ANSWERS["default"]) <= 1e-9, (
        "if that is meant: python tests/test_answers.py"
    )


def test_the_accurate_model_answers_as_stored(accurate_model: SpoilerClassifier) -> None:
    stored_with = ANSWERS["accurate"]["onnxruntime"]
    if version("onnxruntime") != stored_with:
        pytest.skip(f"another onnxruntime rounds otherwise: the answers were stored with {stored_with}")
    assert largest_difference(accurate_model, ANSWERS["accurate"]) <= 1e-9


if __name__ == "__main__":
    for name, stored in (("default", {}), ("accurate", {"onnxruntime": version("onnxruntime")})):
        sizes = (len(ANSWERS[name][kind]) for kind in ("reviews", "sentences"))
        ANSWERS[name] = stored | dict(zip(("reviews", "sentences"), answer(load(name), *sizes), strict=True))
    text = json.dumps(ANSWERS).replace('": {', '": {\n').replace("]], ", "]],\n")
    (ROOT / "tests" / "data" / "answers.json").write_text(text + "\n", encoding="utf-8")
