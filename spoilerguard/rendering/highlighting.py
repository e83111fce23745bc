"""A review and its verdicts → a piece of HTML: spoilers marked, the more likely the stronger, and reasons for who asks.

No script, no address, no picture: the piece may stand in a notebook, a mail or a page with a strict policy. Everything
that comes from the review is a text node. Without its style sheet, which some viewers take away, `<mark>` still marks.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from spoilerguard.rendering.escaping import as_html, spliced, visible
from spoilerguard.verdicts import Label, Verdict

if TYPE_CHECKING:
    from spoilerguard.reasons import Contribution, Explanation

__all__ = ["percent", "to_html"]

# Orange against blue, which every kind of colour vision tells apart (Okabe & Ito 2008), half transparent, so that the
# text keeps the contrast of its page; a line below a spoiler, and the sign of a weight, say the same without colour. A
# notebook's own theme goes before that of the system.
_STYLE = """<style>
.spoilerguard{color-scheme:light dark;background:Canvas;color:CanvasText;padding:.6em .8em;line-height:1.6;\
overflow-wrap:anywhere}
[data-jp-theme-light="true"] .spoilerguard,.vscode-light .spoilerguard{color-scheme:light}
[data-jp-theme-light="false"] .spoilerguard,.vscode-dark .spoilerguard{color-scheme:dark}
.spoilerguard .text{white-space:pre-wrap}
.spoilerguard mark{background:rgb(230 159 0/calc(.1 + .5*var(--p)));color:inherit;unicode-bidi:isolate;\
border-bottom:calc(1px + 2px*var(--p)) solid #d55e00;border-radius:2px}
.spoilerguard mark.uncertain{border-bottom-style:dashed}
.spoilerguard summary{cursor:pointer}
.spoilerguard details details{margin:.3em 0 .3em 1.2em}
.spoilerguard bdi{white-space:pre-wrap}
.spoilerguard .weights{margin:.2em 0 .4em 1.2em}
.spoilerguard .weights span{display:inline-block;margin:.1em .3em .1em 0;padding:0 .3em;border-radius:3px}
.spoilerguard .for{background:rgb(230 159 0/calc(.1 + .6*var(--w)))}
.spoilerguard .against{background:rgb(0 114 178/calc(.1 + .6*var(--w)))}
.spoilerguard small{font-size:.8em;font-variant-numeric:tabular-nums}
</style>"""

_SHOWN = 0.005  # less would show as 0.00
_FULL = 1.0  # a weight from which the colour grows no stronger: it makes even odds 2.7 to 1


def to_html(review: str, verdicts: Sequence[Verdict], explanations: "Sequence[Explanation] | None" = None) -> str:
    """The review with its spoilers highlighted, strength by probability.

    Parameters
    ----------
    review : str
        The text that was judged.
    verdicts : sequence of Verdict
        What `spoilerguard.classify` says about it.
    explanations : sequence of Explanation, optional
        What `spoilerguard.explain` says about it, one for each verdict; shown when a reader opens them.

    Returns
    -------
    str
        A piece of HTML, for a notebook or a page of your own.

    Raises
    ------
    ValueError
        Where a verdict does not belong to `review`, or explanations do not match the verdicts.

    Examples
    --------
    >>> verdict = Verdict("<b>He dies.", 0, 11, Label.SPOILER, 0.9, certain=True)
    >>> "&lt;b&gt;He dies." in to_html("<b>He dies.", [verdict])
    True
    """
    text = "".join(_highlighted(review, verdicts))
    reasons = "" if explanations is None else "".join(_reasons(verdicts, explanations))
    return f'<div class="spoilerguard">{_STYLE}<div class="text" dir="auto">{text}</div>{reasons}</div>'


def percent(probability: float) -> str:
    """A probability for people: never 0% or 100%, since no verdict is that sure."""
    return f"{min(max(probability, 0.01), 0.99):.0%}"


def _highlighted(review: str, verdicts: Sequence[Verdict]) -> Iterator[str]:
    """The text of the review, spoilers in marks."""
    done = 0
    for verdict in sorted(verdicts, key=lambda verdict: verdict.start):
        if verdict.start < done or review[verdict.start : verdict.end] != verdict.text:
            raise ValueError(f"The verdict on {verdict.text!r:.60} does not belong to this review.")
        yield _text(review[done : verdict.start])
        yield _marked(verdict) if verdict.label is Label.SPOILER else _text(verdict.text)
        done = verdict.end
    yield _text(review[done:])


def _marked(verdict: Verdict) -> str:
    doubt = "" if verdict.certain else " uncertain"
    told = f"{percent(verdict.probability)}{', a guess' if doubt else ''}"
    return (
        f'<mark class="spoiler{doubt}" style="--p:{verdict.probability:.2f}" title="spoiler: {told}">'
        f"{_text(verdict.text)}</mark>"
    )


def _reasons(verdicts: Sequence[Verdict], explanations: "Sequence[Explanation]") -> Iterator[str]:
    """One entry for each sentence, all of them behind one that opens the list."""
    if [verdict.text for verdict in verdicts] != [explanation.text for explanation in explanations]:
        raise ValueError("The explanations are not those of these sentences: pass one for each verdict, in order.")
    yield "<details><summary>Reasons</summary>"
    for verdict, explanation in zip(verdicts, explanations, strict=True):
        judged = f"{verdict.label} {percent(verdict.probability)}"
        yield f"<details><summary>{judged}: <bdi>{_text(verdict.text)}</bdi></summary>"
        yield f'<div class="weights">{"".join(map(_weighed, explanation.contributions))}<br><small>{_sum(explanation)}'
        yield "</small></div></details>"
    yield "</details>"


def _sum(explanation: "Explanation") -> str:
    words = sum(part.weight for part in explanation.contributions)
    return (
        f"words {words:+.2f}, rest of the review {explanation.context:+.2f}, start {explanation.intercept:+.2f}: "
        f"together {explanation.logit:+.2f}, log odds of a spoiler"
    )


def _weighed(part: "Contribution") -> str:
    word = f"<bdi>{_text(part.text)}</bdi>"
    if abs(part.weight) < _SHOWN:
        return f"<span>{word}</span>"
    side = "for" if part.weight > 0 else "against"
    strength = min(abs(part.weight) / _FULL, 1.0)
    return f'<span class="{side}" style="--w:{strength:.2f}">{word} <small>{part.weight:+.2f}</small></span>'


def _text(text: str) -> str:
    """A text node that shows each control character as an escape."""
    shown = visible(text).replace("\r\n", "\n")
    return "".join(spliced(shown, as_html(shown)))
