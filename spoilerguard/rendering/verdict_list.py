"""`Verdicts`: the verdicts on one review, as a list that can show itself."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Self, SupportsIndex, overload

from spoilerguard.rendering.control_characters import visible
from spoilerguard.rendering.highlighting import percent, probability_at, to_html
from spoilerguard.user_warnings import warn_user
from spoilerguard.verdicts import Explanation, Label, Verdict

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Verdicts", "is_foreign", "warn_of_language"]

# So that a review without a sentence has them, too. An "O" stands for text.
_DTYPES = {field.name: "O" for field in fields(Verdict)} | {
    **dict.fromkeys(("start", "end"), "int64"),
    **dict.fromkeys(("certain", "marked"), "bool"),
    **dict.fromkeys(("probability", "major"), "float64"),
}

_FEWEST_WORDS = 8  # less is a name, a shout, a title
_ENGLISH = frozenset(
    "the a an of and to in is it that this for with was as but on are be i you he she they not have".split()
)
_MARKS = ".,;:!?¿¡…\"'“”„«»‘’()[]*_"
_ENGLISH_SHARE = 0.15  # of words; English reviews lie below it when they name nothing but names


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
    probability : float, optional
        Of the whole review; None means the highest of a sentence.
    label : Label, optional
        Of the whole review; None means "spoiler" where any sentence is one.
    level : {"any", "major"}, default "any"
        Which spoilers were asked for.

    Attributes
    ----------
    review : str
        The text that was classified.
    probability : float
        Calibrated probability, in [0, 1], that the review holds a spoiler at all, or a major one where only those were
        asked for.
    label : Label
        ``"spoiler"`` where that reaches the threshold for reviews, which is another one than that for sentences.
    level : str
        "major" where only major spoilers are marked: their probabilities are then the ones that are shown.

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
           text  start  end    label  probability  certain  marked  major  rule
    0  He dies.     14   22  spoiler         0.93     True   False    NaN  None
    >>> verdicts.label.value, verdicts.probability
    ('spoiler', 0.93)
    """

    __slots__ = ("label", "level", "probability", "review")

    def __init__(
        self,
        verdicts: Iterable[Verdict] = (),
        review: str = "",
        probability: float | None = None,
        label: Label | None = None,
        level: str = "any",
    ) -> None:
        super().__init__(verdicts)
        self.review: str = review
        self.level: str = level
        highest = max((verdict.probability for verdict in self), default=0.0)
        any_spoiler = Label.SPOILER if any(verdict.is_spoiler for verdict in self) else Label.SAFE
        self.probability: float = highest if probability is None else probability
        self.label: Label = any_spoiler if label is None else label

    @overload
    def __getitem__(self, place: SupportsIndex, /) -> Verdict: ...

    @overload
    def __getitem__(self, place: slice, /) -> Self: ...

    def __getitem__(self, place: SupportsIndex | slice, /) -> Verdict | Self:
        if isinstance(place, slice):
            return type(self)(super().__getitem__(place), self.review, self.probability, self.label, self.level)
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

        # As objects first: pandas would otherwise put text into Arrow, which refuses lone surrogates.
        return pd.DataFrame(self.to_dicts(), columns=list(_DTYPES), dtype=object).astype(_DTYPES)

    @property
    def language(self) -> str | None:
        """None for English; "und", the ISO code for undetermined, where the model knows hardly any sentence's words.

        What a model says of a text in another language means nothing. A text of a few words counts as English.

        Examples
        --------
        >>> from spoilerguard import Label
        >>> sentence = "Al final muere Anna y resulta que Paul es el asesino."
        >>> Verdicts([Verdict(sentence, 0, 53, Label.SAFE, 0.02, certain=False)], sentence).language
        'und'
        """
        return "und" if is_foreign(self.review, [(verdict.text, verdict.certain) for verdict in self]) else None

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
        return to_html(self.review, self, explanations, level=self.level)

    def __str__(self) -> str:
        pieces, done, name = [], 0, "major spoiler" if self.level == "major" else "spoiler"
        for verdict in sorted(self, key=lambda verdict: verdict.start):
            if verdict.is_spoiler:
                note = "" if verdict.certain else "?"
                pieces.append(visible(self.review[done : verdict.start]))
                found = percent(probability_at(self.level, verdict))
                pieces.append(f"[{name}{note} {found}: {visible(verdict.text)}]")
                done = verdict.end
        return "".join((*pieces, visible(self.review[done:])))

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ANN401, FBT001 - IPython's protocol
        """What a terminal of IPython shows."""
        printer.text("Verdicts(...)" if cycle else str(self))


def is_foreign(review: str, sentences: Sequence[tuple[str, bool]]) -> bool:
    """Whether a review does not seem to be English; of each sentence, its text and whether the model is certain."""
    sizes = [_n_words(text) for text, certain in sentences if not certain]
    unknown = sum(size for size in sizes if size > 3)  # whoever writes three words is uncertain in any language
    # Most reviews end here, and nobody counts their words.
    if unknown < _FEWEST_WORDS or unknown <= 4 * sum(_n_words(text) for text, certain in sentences if certain):
        return False
    words = review.lower().split()
    return sum(word in _ENGLISH for word in words) < _ENGLISH_SHARE * len(words)


def warn_of_language(stream: Iterable[Verdicts]) -> Iterator[Verdicts]:
    """The same verdicts; the first that belong to a review in another language are warned of."""
    warned = False
    for number, verdicts in enumerate(stream):
        if not warned and verdicts.language is not None:
            warned = True
            warn_user(
                f"Review {number} ({verdicts.review.strip()[:40]!r}...) does not seem to be English, which is all that "
                "the model reads: its labels mean nothing. Verdicts.language tells of the others; this is said once."
            )
        yield verdicts


def _n_words(text: str) -> int:
    """Different words, or ideographs; links, numbers and emoji are no words."""
    words = {word.strip(_MARKS) for word in text.lower().split()}
    return max(sum(map(str.isalpha, words)), sum(char >= "\u2e80" and char.isalpha() for char in text))
