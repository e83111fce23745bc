"""`Verdicts`: the verdicts on one review, as a list that can show itself."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Self, SupportsIndex, overload

from spoilerguard.rendering.control_characters import visible
from spoilerguard.rendering.highlighting import percent, to_html
from spoilerguard.verdicts import Explanation, Verdict

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Verdicts"]

# So that a review without a sentence has them, too. An "O" stands for text.
_DTYPES = {field.name: "O" for field in fields(Verdict)} | {
    **dict.fromkeys(("start", "end"), "int64"),
    **dict.fromkeys(("certain", "marked"), "bool"),
    "probability": "float64",
}


class Verdicts(list[Verdict]):
    """The verdicts on the sentences of one review, in order.

    It is a list like any other, and equal to any list of the same verdicts. But it knows its review, and shows it:
    highlighted in a notebook, as plain text when printed. A slice knows the same review, and marks in it the spoilers
    of the slice.

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
    >>> from spoilerguard import Label
    >>> safe = Verdict("Lovely music.", 0, 13, Label.SAFE, 0.02, certain=True)
    >>> spoiler = Verdict("He dies.", 14, 22, Label.SPOILER, 0.93, certain=True)
    >>> verdicts = Verdicts([safe, spoiler], review)
    >>> print(verdicts)
    Lovely music. [spoiler 93%: He dies.]
    >>> [verdict.text for verdict in verdicts if verdict.is_spoiler]
    ['He dies.']
    >>> verdicts[1:].to_frame()
           text  start  end    label  probability  certain  marked
    0  He dies.     14   22  spoiler         0.93     True   False
    """

    __slots__ = ("review",)

    def __init__(self, verdicts: Iterable[Verdict] = (), review: str = "") -> None:
        super().__init__(verdicts)
        self.review = review

    @overload
    def __getitem__(self, place: SupportsIndex, /) -> Verdict: ...

    @overload
    def __getitem__(self, place: slice, /) -> Self: ...

    def __getitem__(self, place: SupportsIndex | slice, /) -> Verdict | Self:
        if isinstance(place, slice):
            return type(self)(super().__getitem__(place), self.review)
        return super().__getitem__(place)

    def copy(self) -> Self:
        """The same verdicts on the same review in a list of their own."""
        return self[:]

    def to_dicts(self) -> list[dict[str, Any]]:
        """Each verdict as a dict of plain values: see `spoilerguard.Verdict.to_dict`."""
        return [verdict.to_dict() for verdict in self]

    def to_frame(self) -> "pd.DataFrame":
        """The verdicts as a table: one row each, one column for each of their fields."""
        import pandas as pd

        return pd.DataFrame(self.to_dicts(), columns=list(_DTYPES)).astype(_DTYPES)

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
            if verdict.is_spoiler:
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
