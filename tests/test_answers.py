"""The shipped models answer as they did when these answers were stored, whatever moves in the code.

Where a change of answers is meant, such as sentences cut at other places, ``python -m tests.test_answers`` stores those
of the default model anew.
"""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spoilerguard import SpoilerClassifier, classify, classify_reviews, load
from spoilerguard.datasets import load_challenge

ROOT = Path(__file__).parents[1]
ANSWERS: dict[str, Any] = json.loads((ROOT / "tests" / "data" / "answers.json").read_text("utf-8"))


def probabilities(model: SpoilerClassifier, answers: dict[str, Any]) -> tuple[list[list[float]], list[float]]:
    """Of the sentences of the first reviews, and of the first challenge sentences, as many as `answers` holds."""
    lines = (ROOT / "datasets" / "reviews" / "test.jsonl").read_text("utf-8").splitlines()
    reviews = [json.loads(line)["text"] for line in lines[: len(answers["reviews"])]]
    sentences = [case.sentence for case in load_challenge()][: len(answers["sentences"])]
    found = classify_reviews(reviews, model=model)
    return (
        [[verdict.probability for verdict in verdicts] for verdicts in found],
        [verdict.probability for verdict in classify(sentences, model=model)],
    )


def largest_difference(model: SpoilerClassifier, answers: dict[str, Any]) -> float:
    reviews, sentences = probabilities(model, answers)
    stored = [*np.concatenate(answers["reviews"]), *answers["sentences"]]
    return float(np.abs(np.array([*np.concatenate(reviews), *sentences]) - stored).max())


def test_the_default_model_answers_as_stored(default_model: SpoilerClassifier) -> None:
    assert largest_difference(default_model, ANSWERS["default"]) <= 1e-9


def test_the_accurate_model_answers_as_stored(accurate_model: SpoilerClassifier) -> None:
    stored_with = ANSWERS["accurate"]["onnxruntime"]
    if version("onnxruntime") != stored_with:
        pytest.skip(f"another onnxruntime rounds otherwise: the answers were stored with {stored_with}")
    assert largest_difference(accurate_model, ANSWERS["accurate"]) <= 1e-9


if __name__ == "__main__":
    reviews, sentences = probabilities(load(), ANSWERS["default"])
    ANSWERS["default"] = {"reviews": reviews, "sentences": sentences}
    (ROOT / "tests" / "data" / "answers.json").write_text(json.dumps(ANSWERS, indent=0) + "\n", encoding="utf-8")
