"""What the classifier says about a sentence, and why: frozen values, light enough to make millions of."""

from dataclasses import asdict, astuple, dataclass, fields
from enum import StrEnum
from typing import Any

__all__ = ["ContextPart", "Contribution", "Explanation", "Label", "Verdict"]


_SHOWN = 6  # parts of a logit that an explanation names when it is printed


class Label(StrEnum):
    """The two answers. Members are strings: ``Label.SPOILER == "spoiler"``.

    Like any string that is not empty, both are true: ask ``verdict.is_spoiler``, not ``if verdict.label``.
    """

    SAFE = "safe"
    SPOILER = "spoiler"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The label of one sentence.

    Attributes
    ----------
    text : str
        The sentence exactly as it stands in the review, with the marks and the markup inside it.
    start, end : int
        Its place in the review, in characters: ``review[start:end] == text``.
    label : Label
        ``"spoiler"`` where `probability` reaches the threshold and, if only major spoilers were asked for, `major` that
        for major ones; else ``"safe"``. A `rule` decides whatever they are.
    probability : float
        Calibrated probability, in [0, 1], that the sentence is a spoiler.
    certain : bool
        False where the sentence carries too little: a few words, or mostly words that the model has never
        seen. Such a verdict is a guess.
    marked : bool, default False
        Whether the author of the review had hidden the sentence, or a part of it, by spoiler marks. `label` and
        `probability` are those of its words; `spoilerguard.redact` hides what is marked whatever they are.
    major : float, optional
        Calibrated probability that the sentence is a major spoiler, one that gives away an ending, a death, a culprit
        or an identity; never above `probability`. None where the model cannot tell.
    rule : str or None, default None
        "protect" or "allow" where such a word of a `spoilerguard.Story` has decided: `probability` is then 1 or 0, and
        `label` says the same at either level.

    Examples
    --------
    >>> verdict = Verdict("He dies.", 0, 8, Label.SPOILER, 0.9, certain=True)
    >>> verdict.is_spoiler, verdict.label == "spoiler"
    (True, True)
    """

    text: str
    start: int
    end: int
    label: Label
    probability: float
    certain: bool
    marked: bool = False
    major: float | None = None
    rule: str | None = None

    @property
    def is_spoiler(self) -> bool:
        """Whether `label` is ``"spoiler"``."""
        return self.label == Label.SPOILER

    def to_dict(self) -> dict[str, Any]:
        """The fields by name as plain values, ready for JSON or for a row of a table.

        Examples
        --------
        >>> Verdict("He dies.", 0, 8, Label.SPOILER, 0.9, certain=True).to_dict()
        {'text': 'He dies.', 'start': 0, 'end': 8, 'label': 'spoiler', 'probability': 0.9, 'certain': True, ...}
        """
        return {field.name: getattr(self, field.name) for field in fields(self)} | {"label": str(self.label)}


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one word, phrase or punctuation mark adds to the logit of its sentence.

    Attributes
    ----------
    text : str
        The characters exactly as they stand in the sentence.
    start, end : int
        Their place in the sentence: ``sentence[start:end] == text``.
    weight : float
        Above zero it speaks for a spoiler, below zero against.
    """

    text: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class ContextPart:
    """What one named feature of the surrounding review adds to the logit.

    Attributes
    ----------
    name : str
        Such as "logit before" or "place"; "own logit, weighed anew" for what the review makes of the sentence's own
        logit, "vector in the review" for the encoder's vector, and "intercept" for what every review adds.
    weight : float
        Above zero it speaks for a spoiler, below zero against.
    """

    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where the logit of one sentence comes from: the weights, `intercept`, `context` and `story` add up to `logit`.

    Attributes
    ----------
    text : str
        The sentence.
    logit : float
        What is explained.
    probability : float
        ``1 / (1 + exp(-logit))``, in [0, 1], unless a rule has decided.
    intercept : float
        The logit of a sentence without a word.
    contributions : tuple of Contribution
        In the order of the sentence, without overlap.
    context : float
        What the rest of the review adds; zero for a sentence on its own.
    context_parts : tuple of ContextPart
        Where that comes from, the largest first; together they are `context`. Empty for a sentence on its own.
    story : float, default 0
        What a `spoilerguard.Story` adds; zero without one.
    matched : str or None, default None
        The sentence of its plot that is most like this one.
    rule : str or None, default None
        As in `Verdict`. The logit is then what the model says, and `probability` what the rule says.

    Examples
    --------
    >>> dies, place = Contribution("dies", 3, 7, 3.0), ContextPart("place", 0.5)
    >>> why = Explanation("He dies.", 1.5, 0.82, -2.0, (dies,), 0.5, (place,))
    >>> why
    Explanation('He dies.', logit +1.50 = intercept -2.00 + 'dies' +3.00 + place +0.50)
    >>> why.to_dict()["context_parts"]
    [{'name': 'place', 'weight': 0.5}]
    """

    text: str
    logit: float
    probability: float
    intercept: float
    contributions: tuple[Contribution, ...]
    context: float
    context_parts: tuple[ContextPart, ...] = ()
    story: float = 0.0
    matched: str | None = None
    rule: str | None = None

    def __repr__(self) -> str:
        parts = [*((f"{one.text!r}", one.weight) for one in self.contributions), *map(astuple, self.context_parts)]
        parts += [("story", self.story)] if self.story else []
        largest = sorted(parts, key=lambda part: -abs(part[1]))[:_SHOWN]
        shown = " + ".join(f"{name} {weight:+.2f}" for name, weight in [("intercept", self.intercept), *largest])
        more = f" + {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
        return f"Explanation({self.text!r:.80}, logit {self.logit:+.2f} = {shown}{more})"

    def to_dict(self) -> dict[str, Any]:
        """The fields by name as plain values, ready for JSON."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
