"""`Verdicts`: the verdicts on one review, as a list that can show itself."""

from collections.abc import Iterable, Sequence
from typing import Any

from spoilerguard.rendering.control_characters import visible
from spoilerguard.rendering.highlighting import percent, to_html
from spoilerguard.verdicts import Explanation, Label, Verdict

__all__ = ["Verdicts"]


class Verdicts(list[Verdict]):
    """The verdicts on the sentences of one review, in order.

    It is a list like any other, and equal to any list of the same verdicts. But it knows its review, and shows it:
    highlighted in a notebook, as plain text when printed.

    Parameters
    ----------
    verdicts : iterable of Verdict
    review : str
        The text that was classified.

    Attributes
    ----------
    review : str
        The text that was classified.

    Examples
    --------
    >>> review = "Lovely music. He dies."
    >>> safe = Verdict("Lovely music.", 0, 13, Label.SAFE, 0.02, certain=True)
    >>> spoiler = Verdict("He dies.", 14, 22, Label.SPOILER, 0.93, certain=True)
    >>> print(Verdicts([safe, spoiler], review))
    Lovely music. [spoiler 93%: He dies.]
    """

    __slots__ = ("review",)

    def __init__(self, verdicts: Iterable[Verdict] = (), review: str = "") -> None:
        super().__init__(verdicts)
        self.review = review

    def to_html(self, explanations: Sequence[Explanation] | None = None) -> str:
        """Highlight the spoilers of the review: see `spoilerguard.rendering.to_html`.

        Parameters
        ----------
        explanations : sequence of Explanation, optional
            What `spoilerguard.explain` says about the review.

        Returns
        -------
        str
        """
        return to_html(self.review, self, explanations)

    def __str__(self) -> str:
        pieces, done = [], 0
        for verdict in sorted(self, key=lambda verdict: verdict.start):
            if verdict.label == Label.SPOILER:
                note = "" if verdict.certain else "?"
                pieces.append(visible(self.review[done : verdict.start]))
                pieces.append(f"[spoiler{note} {percent(verdict.probability)}: {visible(verdict.text)}]")
                done = verdict.end
        return "".join((*pieces, visible(self.review[done:])))

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ANN401, FBT001 - IPython's protocol
        """What a terminal of IPython shows."""
        printer.text("Verdicts(...)" if cycle else str(self))
