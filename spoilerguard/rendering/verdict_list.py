"""The verdicts on one review: a list that can show itself."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from spoilerguard.rendering.escaping import visible
from spoilerguard.rendering.highlighting import percent, to_html
from spoilerguard.verdicts import Label, Verdict

if TYPE_CHECKING:
    from spoilerguard.reasons import Explanation

__all__ = ["Verdicts"]


class Verdicts(list[Verdict]):
    """The verdicts on the sentences of one review, in order.

    A list like any other, equal to any list of the same verdicts; but it knows its review, and shows it: highlighted in
    a notebook, as plain text when printed.

    Parameters
    ----------
    verdicts : iterable of Verdict
    review : str
        The text that was judged.

    Attributes
    ----------
    review : str
        The text that was judged.

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

    def to_html(self, explanations: "Sequence[Explanation] | None" = None) -> str:
        """The review with its spoilers highlighted: see `spoilerguard.rendering.to_html`.

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
        return "".join(self._pieces())

    def _pieces(self) -> Iterable[str]:
        done = 0
        for verdict in sorted(self, key=lambda verdict: verdict.start):
            if verdict.label is Label.SPOILER:
                yield visible(self.review[done : verdict.start])
                doubt = "" if verdict.certain else "?"
                yield f"[spoiler{doubt} {percent(verdict.probability)}: {visible(verdict.text)}]"
                done = verdict.end
        yield visible(self.review[done:])

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ANN401, FBT001 - IPython's protocol
        """What a terminal of IPython shows."""
        printer.text("Verdicts(...)" if cycle else str(self))
