"""Why each sentence has its probability: its strongest reasons for a reader, or all of them as JSON lines."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TextIO

from spoilerguard.cli.inputs import Input
from spoilerguard.cli.output import SPOILER, StreamStyle, percent, wrap
from spoilerguard.rendering import visible
from spoilerguard.verdicts import Explanation, Verdict

__all__ = ["reason_lines", "write_explanations", "write_reasons"]

_SHOWN = 5  # reasons of either side
_LEAST = 0.1  # a weight of less changes the odds by less than a tenth
_LEGEND = "+0.7 doubles the odds of a spoiler, -0.7 halves them"
_MARGIN = len("  against  ")


def reason_lines(verdict: Verdict, why: Explanation, style: StreamStyle) -> Iterator[str]:
    """A sentence, its verdict, and its strongest reasons for and against a spoiler.

    Examples
    --------
    >>> from spoilerguard import Label
    >>> from spoilerguard.verdicts import Contribution
    >>> verdict = Verdict("So he dies.", 0, 11, Label.SPOILER, 0.82, certain=True)
    >>> words = Contribution("So", 0, 2, -0.4), Contribution("he", 3, 5, 0.02), Contribution("dies", 6, 10, 3.0)
    >>> for line in reason_lines(verdict, Explanation("So he dies.", 1.6, 0.82, -1.5, words, 0.5), StreamStyle()):
    ...     print(line)
    So he dies.
    ● spoiler, 82 %
      for      "dies" +3.0, where it stands in the review +0.5
      against  "So" -0.4
    """
    yield from wrap("", verdict.text, style.width, 0)
    mark = f"{SPOILER} " if verdict.is_spoiler else ""
    certainty = "" if verdict.certain else ", a guess: too few known words"
    decided = f", decided by a word to {verdict.rule}" if verdict.rule else f", {percent(why.probability)} %{certainty}"
    yield style.paint(f"{mark}{verdict.label}{decided}", "1;31" if verdict.is_spoiler else "")
    weights = [(name, weight) for name, weight in _weights(why).items() if abs(weight) >= _LEAST]
    for side, sign in (("for", 1), ("against", -1)):
        found = sorted((one for one in weights if one[1] * sign > 0), key=lambda one: -abs(one[1]))[:_SHOWN]
        if found:
            listed = ", ".join(f"{name} {weight:+.1f}" for name, weight in found)
            yield from wrap(f"  {side:<{_MARGIN - 2}}", listed, style.width, _MARGIN)
    if why.matched:
        yield from wrap(f"  {'like':<{_MARGIN - 2}}", f'"{why.matched}"', style.width, _MARGIN)


def _weights(why: Explanation) -> dict[str, float]:
    """What each reason adds to the logit; occurrences of a word together, the intercept left out."""
    found: dict[str, float] = defaultdict(float)
    for part in why.contributions:
        found[f'"{part.text}"'] += part.weight
    return found | {"where it stands in the review": why.context, "the story": why.story}


def write_reasons(
    verdicts: Sequence[Verdict], explanations: Sequence[Explanation], stream: TextIO, origin: Input | None = None
) -> None:
    """Write `reason_lines` of each sentence of a review, and what the numbers mean."""
    style = StreamStyle.of(stream)
    if origin is not None:
        stream.write(f"{visible(origin.heading)}\n")
    for verdict, why in zip(verdicts, explanations, strict=True):
        stream.writelines(f"{line}\n" for line in (*reason_lines(verdict, why, style), ""))
    if explanations:
        stream.write(style.paint(_LEGEND, "2") + "\n")


def write_explanations(explanations: Sequence[Explanation], stream: TextIO, origin: Input | None = None) -> None:
    """Write one JSON object a sentence."""
    place = {} if origin is None else {"source": origin.source, "row": origin.row}
    records = (json.dumps(place | asdict(explanation), ensure_ascii=False) for explanation in explanations)
    stream.writelines(visible(record) + "\n" for record in records)
