"""The shipped models answer as they did when these answers were stored, whatever moves in the code."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spoilerguard import SpoilerClassifier, classify
from spoilerguard.datasets import load_challenge
from spoilerguard.documents import Documents
from spoilerguard.predictions import predict

ROOT = Path(__file__).parents[1]
ANSWERS: dict[str, Any] = json.loads((ROOT / "tests" / "data" / "answers.json").read_text("utf-8"))


def largest_difference(model: SpoilerClassifier, answers: dict[str, Any]) -> float:
    lines = (ROOT / "datasets" / "reviews" / "test.jsonl").read_text("utf-8").splitlines()
    reviews = [json.loads(line)["text"] for line in lines[: len(answers["reviews"])]]
    # Stored with the answers, since where a review is cut is another question than what the model says of a sentence.
    cuts = ANSWERS["cuts"][: len(reviews)]
    sentences = [review[start:end] for review, found in zip(reviews, cuts, strict=True) for start, end in found]
    in_reviews = Documents.from_sentences(sentences, np.array([len(found) for found in cuts]))
    alone = [case.sentence for case in load_challenge()][: len(answers["sentences"])]
    found = [
        *predict(model, in_reviews).probability,
        *(verdict.probability for verdict in classify(alone, model=model)),
    ]
    stored = [*np.concatenate(answers["reviews"]), *answers["sentences"]]
    return float(np.abs(np.array(found) - stored).max())


def test_the_default_model_answers_as_stored(default_model: SpoilerClassifier) -> None:
    assert largest_difference(default_model, ANSWERS["default"]) <= 1e-9


def test_the_accurate_model_answers_as_stored(accurate_model: SpoilerClassifier) -> None:
    stored_with = ANSWERS["accurate"]["onnxruntime"]
    if version("onnxruntime") != stored_with:
        pytest.skip(f"another onnxruntime rounds otherwise: the answers were stored with {stored_with}")
    assert largest_difference(accurate_model, ANSWERS["accurate"]) <= 1e-9
