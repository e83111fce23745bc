"""Show a review as a piece of HTML: spoilers are marked, the more likely the stronger, and reasons can be opened.

No script, no address, no picture: the piece may stand in a notebook, a mail or a page with a strict policy. Everything
that comes from the review is a text node. Some viewers take the style sheet away; `<mark>` then still marks.
"""

import html
from collections.abc import Iterator, Sequence

from spoilerguard.rendering.control_characters import visible
from spoilerguard.verdicts import Contribution, Explanation, Verdict

__all__ = ["percent", "probability_at", "to_html"]

# Orange against blue, which every kind of colour vision tells apart (Okabe & Ito 2008). They are half transparent, so
# that the text keeps the contrast of its page. A line below a spoiler, and the sign of a weight, say the same without
# colour. A notebook's own theme goes before that of the system.
_STYLE_SHEET = """<style>
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

_SMALLEST_WEIGHT = 0.005  # less would show as 0.00
_FULL_WEIGHT = 1.0  # from here the colour grows no stronger: such a weight makes even odds 2.7 to 1


def to_html(
    review: str,
    verdicts: Sequence[Verdict],
    explanations: Sequence[Explanation] | None = None,
    *,
    style_sheet: bool = True,
    level: str = "any",
) -> str:
    """Highlight the spoilers of a review, the strength by the probability.

    Parameters
    ----------
    review : str
        The text that was classified.
    verdicts : sequence of Verdict
        What `spoilerguard.classify` says about it.
    explanations : sequence of Explanation, optional
        What `spoilerguard.explain` says about it, one for each verdict. A reader sees them after a click.
    style_sheet : bool, default True
        Whether the piece brings its style sheet. On a page of many pieces, one of them is enough.
    level : {"any", "major"}, default "any"
        Of which spoilers probabilities are shown.

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
    >>> from spoilerguard import Label
    >>> verdict = Verdict("<b>He dies.", 0, 11, Label.SPOILER, 0.9, certain=True)
    >>> "&lt;b&gt;He dies." in to_html("<b>He dies.", [verdict])
    True
    """
    text = "".join(_highlight(review, verdicts, level))
    reasons = "" if explanations is None else "".join(_reasons(verdicts, explanations))
    sheet = _STYLE_SHEET if style_sheet else ""
    return f'<div class="spoilerguard">{sheet}<div class="text" dir="auto">{text}</div>{reasons}</div>'


def percent(probability: float) -> str:
    """A probability as a percentage; never 0% or 100%, since no verdict is that sure."""
    return f"{min(max(probability, 0.01), 0.99):.0%}"


def probability_at(level: str, verdict: Verdict) -> float:
    """The probability that was asked for: that of a major spoiler at the level "major", where it is known."""
    return verdict.major if level == "major" and verdict.major is not None else verdict.probability


def _highlight(review: str, verdicts: Sequence[Verdict], level: str) -> Iterator[str]:
    """The text of the review, spoilers in marks."""
    done, name = 0, "major spoiler" if level == "major" else "spoiler"
    for verdict in sorted(verdicts, key=lambda verdict: verdict.start):
        if verdict.start < done or review[verdict.start : verdict.end] != verdict.text:
            raise ValueError(f"The verdict on {verdict.text!r:.60} does not belong to this review.")
        yield _text_node(review[done : verdict.start])
        if verdict.is_spoiler:
            kind, note = ("spoiler", "") if verdict.certain else ("spoiler uncertain", ", a guess")
            probability = probability_at(level, verdict)
            yield f'<mark class="{kind}" style="--p:{probability:.2f}"'
            yield f' title="{name}: {percent(probability)}{note}">{_text_node(verdict.text)}</mark>'
        else:
            yield _text_node(verdict.text)
        done = verdict.end
    yield _text_node(review[done:])


def _reasons(verdicts: Sequence[Verdict], explanations: Sequence[Explanation]) -> Iterator[str]:
    """One entry for each sentence, all of them behind one that opens the list."""
    if [verdict.text for verdict in verdicts] != [explanation.text for explanation in explanations]:
        raise ValueError("The explanations are not those of these sentences: pass one for each verdict, in order.")
    yield "<details><summary>Reasons</summary>"
    for verdict, explanation in zip(verdicts, explanations, strict=True):
        words = sum(part.weight for part in explanation.contributions)
        yield f"<details><summary>{verdict.label} {percent(verdict.probability)}: <bdi>{_text_node(verdict.text)}</bdi>"
        yield f'</summary><div class="weights">{"".join(map(_weighted_word, explanation.contributions))}<br><small>'
        story = f"story {explanation.story:+.2f}, " if explanation.story else ""
        yield f"words {words:+.2f}, rest of the review {explanation.context:+.2f}, {story}intercept "
        yield f"{explanation.intercept:+.2f}: together {explanation.logit:+.2f}, log odds of a spoiler"
        yield "</small></div></details>"
    yield "</details>"


def _weighted_word(part: Contribution) -> str:
    word = f"<bdi>{_text_node(part.text)}</bdi>"
    if abs(part.weight) < _SMALLEST_WEIGHT:
        return f"<span>{word}</span>"
    side = "for" if part.weight > 0 else "against"
    strength = min(abs(part.weight) / _FULL_WEIGHT, 1.0)
    return f'<span class="{side}" style="--w:{strength:.2f}">{word} <small>{part.weight:+.2f}</small></span>'


def _text_node(text: str) -> str:
    return html.escape(visible(text).replace("\r\n", "\n"), quote=False)
