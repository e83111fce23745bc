"""What format 1 holds of the story stage; it may be missing."""

from typing import Any

from spoilerguard.documents import Standing
from spoilerguard.matching import StoryStage, StoryWeights
from spoilerguard.persistence.layout import Layout, check, number

__all__ = ["describe_story", "read_story"]

_WEIGHT = number(-1e30, 1e30)
_FEATURES = {
    "premise": (
        *("own logit", "weight of the words", "names", "guess"),
        *("words of the premise", "like the premise", "close to the premise"),
    ),
    "plot": (
        *("own logit", "weight of the words", "names", "guess"),
        *("words of the plot alone", "words of one sentence of the plot", "words of one sentence of the plot alone"),
        *("words of the plot alone, late", "like the plot", "place in the plot", "like the plot, late"),
    ),
}
_FEATURES["premise and plot"] = tuple(dict.fromkeys([*_FEATURES["premise"], *_FEATURES["plot"]]))
_PARTS: Layout = {
    known: {
        "weights": dict.fromkeys(names, _WEIGHT),
        "intercept": _WEIGHT,
    }
    for known, names in _FEATURES.items()
}


def describe_story(stage: StoryStage) -> dict[str, Any]:
    """What ``model.json`` holds of it."""
    return {
        str(standing): {known: weights._asdict() for known, weights in parts.items()}
        for standing, parts in stage.weights.items()
    }


def read_story(fields: Any) -> StoryStage:  # noqa: ANN401 - any JSON
    """Weights in the order of the format, whatever order they are stored in: so sums are the same."""
    check(fields, {"alone": _PARTS, "in review": _PARTS}, "story")
    weights = {
        Standing(standing): {
            known: StoryWeights({name: parts[known]["weights"][name] for name in names}, parts[known]["intercept"])
            for known, names in _FEATURES.items()
        }
        for standing, parts in fields.items()
    }
    return StoryStage(weights)
