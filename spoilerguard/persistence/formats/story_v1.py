"""The story stage in format 1: its weights, for each standing and each set of parts that a story may hold."""

from typing import Any

from spoilerguard.documents import Standing
from spoilerguard.linear_model import LinearModel
from spoilerguard.matching import StoryStage, StoryWeights
from spoilerguard.persistence.layout import Layout, check, number

__all__ = ["describe_story", "read_story"]

_PREMISE = ("own logit", "weight of the words", "names", "words of the premise", "like the premise")
_PLOT = (
    *_PREMISE[:3],
    "words of the plot alone",
    "words of one sentence of the plot",
    "like the plot",
    "place in the plot",
    "like the plot, late",
)
_FEATURES = {"premise": _PREMISE, "plot": _PLOT, "premise and plot": (*_PREMISE, *_PLOT[3:])}
_WEIGHT = number(-1e30, 1e30)  # no weight of a model that works comes near
_PARTS: Layout = {
    known: {"weights": dict.fromkeys(names, _WEIGHT), "intercept": _WEIGHT} for known, names in _FEATURES.items()
}


def describe_story(model: LinearModel) -> dict[str, Any]:
    """The field of a model that has the stage."""
    if model.story_ is None:
        return {}
    stages = model.story_.weights.items()
    return {
        "story": {str(standing): {name: one._asdict() for name, one in parts.items()} for standing, parts in stages}
    }


def read_story(fields: Any) -> StoryStage:  # noqa: ANN401 - any JSON
    """The stage; weights in the order of the format, whatever order they are stored in, so that sums are the same."""
    check(fields, {"alone": _PARTS, "in review": _PARTS}, "story")
    weights = {
        Standing(standing): {
            known: StoryWeights({name: parts[known]["weights"][name] for name in names}, parts[known]["intercept"])
            for known, names in _FEATURES.items()
        }
        for standing, parts in fields.items()
    }
    return StoryStage(weights)
