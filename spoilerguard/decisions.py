"""From what a user asks for to a rule: which probability of a sentence, and of a review, is enough."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from spoilerguard.calibration.operating_points import ALIASES, DEFAULT_POINT, Threshold, resolve_thresholds
from spoilerguard.documents import Standing
from spoilerguard.errors import OperatingPointError
from spoilerguard.linear_model import LinearModel
from spoilerguard.review_stage import ReviewStage

__all__ = ["DecisionRule", "Level"]


class Level(StrEnum):
    """What is looked for: any spoiler, or only those that give away an ending, a death, a culprit, an identity."""

    ANY = "any"
    MAJOR = "major"


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """When a sentence, and when a review, is called a spoiler.

    Attributes
    ----------
    level : Level
        Of which probability the thresholds are.
    thresholds : mapping of Standing to float
        Enough for a sentence.
    review_stage : ReviewStage or None
        What gives a whole review its probability; None where the model has none: the highest of a sentence then stands
        for it.
    review_threshold : float or None
        Enough for a review; None where only its sentences decide.
    wider : DecisionRule or None
        A rule that must hold, too: a major spoiler is a spoiler.
    """

    level: Level
    thresholds: Mapping[Standing, float]
    review_stage: ReviewStage | None = None
    review_threshold: float | None = None
    wider: Self | None = None

    @classmethod
    def of(cls, model: LinearModel, threshold: Threshold = None, level: str = Level.ANY) -> Self:
        """The rule of a model.

        Parameters
        ----------
        model : SpoilerClassifier
            Fitted.
        threshold : float or str, optional
            As in `resolve_thresholds`: a probability stands for sentences and for reviews.
        level : {"any", "major"}, default "any"

        Returns
        -------
        DecisionRule

        Raises
        ------
        TypeError, ValueError
            Where `threshold` is no probability and no name, or there is no such level.
        OperatingPointError
            Where the model has no operating point of that name, or knows nothing of major spoilers.

        Examples
        --------
        >>> from spoilerguard.model import SpoilerClassifier
        >>> model = SpoilerClassifier(threshold=0.3).fit(["He dies.", "Great music."], [1, 0])
        >>> DecisionRule.of(model).thresholds[Standing.ALONE]
        0.3
        >>> DecisionRule.of(model, level="major")
        Traceback (most recent call last):
        spoilerguard.errors.OperatingPointError: This model cannot tell major spoilers from minor ones. Train it on...
        """
        if level not in list(Level):
            raise ValueError(f"level must be 'any' or 'major', got {level!r}.")
        level = Level(level)
        points, wider = model.operating_points_, None
        if level is Level.MAJOR:
            if model.severity_ is None:
                raise OperatingPointError(
                    "This model cannot tell major spoilers from minor ones. Train it on labels with a column 'major'."
                )
            points = {standing: dict(named) for standing, named in model.severity_.operating_points.items()}
            wider = cls.of(model, threshold)
        thresholds = resolve_thresholds(points, threshold, model.threshold)
        stage = model.review_stages_.get(level)
        enough = None
        if stage is not None:
            name = next(one for one in (threshold, model.threshold, DEFAULT_POINT) if one is not None)
            point = stage.operating_points.get(ALIASES.get(name, name)) if isinstance(name, str) else None
            enough = float(name) if not isinstance(name, str) else None if point is None else point.threshold
        return cls(level, thresholds, stage, enough, wider)
