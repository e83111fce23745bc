"""What the classifier says about one sentence: a frozen value, light enough to make millions of."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Label", "Verdict"]


class Label(StrEnum):
    """The two answers. Members are strings: ``Label.SPOILER == "spoiler"``."""

    SAFE = "safe"
    SPOILER = "spoiler"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one sentence.

    Attributes
    ----------
    text : str
        The sentence exactly as it stands in the review.
    start, end : int
        Its place in the review, in characters: ``review[start:end] == text``.
    label : Label
        ``"spoiler"`` where `probability` reaches the threshold, else ``"safe"``.
    probability : float
        Calibrated probability, in [0, 1], that the sentence is a spoiler.
    certain : bool
        False where the sentence carries too little to judge: a few words, or mostly words
        that the model has never seen. Such a verdict is a guess.

    Examples
    --------
    >>> Verdict("He dies.", 0, 8, Label.SPOILER, 0.9, certain=True).label == "spoiler"
    True
    """

    text: str
    start: int
    end: int
    label: Label
    probability: float
    certain: bool
