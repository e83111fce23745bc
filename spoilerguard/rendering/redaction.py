"""A review and its verdicts → the review with its spoilers hidden, in the markup of the place where it will be read.

What is hidden is one stretch of text as far as the markup reaches, so that its sentences cannot be counted, and nothing
of it stands anywhere but inside the markup: no tooltip, no attribute. The rest of the text says exactly what it said.
"""

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from spoilerguard.rendering.escaping import (
    LINE_BREAKS,
    Edit,
    Escape,
    as_discord,
    as_goodreads,
    as_html,
    as_markdown,
    spliced,
)
from spoilerguard.verdicts import Label, Verdict

__all__ = ["STYLES", "redact_verdicts"]


@dataclass(frozen=True, slots=True)
class _Markup:
    """How one kind of markup hides text.

    Attributes
    ----------
    opening, closing : str
        What stands around hidden text.
    escape : callable
        What must change in the text, so that it is read as text and not as markup.
    barrier : str
        Pattern of what the markup cannot reach across; blanks around it stay outside.
    before, after : str
        What stands around the whole review.
    """

    opening: str
    closing: str
    escape: Escape
    barrier: str | None = None
    before: str = ""
    after: str = ""


_LINE = rf"(?:\r\n|(?!\r\n)[{LINE_BREAKS}])"
_PARAGRAPH = rf"{_LINE}\s*?{_LINE}"

# <details> and not a coloured <span>: a key opens it, a screen reader says what it is and reads no further, and it
# hides without a style sheet. With one, it flows with the text around it, closed or open.
_HTML_STYLE = (
    "<style>.spoilerguard-redacted{white-space:pre-wrap;overflow-wrap:anywhere}"
    ".spoilerguard-redacted details{display:inline;unicode-bidi:isolate}"
    ".spoilerguard-redacted details::details-content{display:none}"
    ".spoilerguard-redacted details[open]::details-content{display:inline}"
    ".spoilerguard-redacted summary{display:inline;cursor:pointer;padding:0 .4em;border:1px solid;border-radius:.4em;"
    "font-size:.9em}"
    ".spoilerguard-redacted details[open]>summary{margin-inline-end:.4em}</style>"
)
_DETAILS = ("<details><summary>Spoiler</summary>", "</details>")

_MARKUPS = {
    "html": _Markup(
        *_DETAILS, as_html, before=f'{_HTML_STYLE}<div class="spoilerguard-redacted" dir="auto">', after="</div>"
    ),
    # GitHub and most others; CommonMark itself hides nothing, but lets HTML through.
    "markdown": _Markup(*_DETAILS, as_markdown, _PARAGRAPH),
    # A bar at the end would be taken for the first one of the closing pair, so it stays outside.
    "discord": _Markup("||", "||", as_discord, r"(?<![|\s])[|\s]+\Z"),
    # Old and new Reddit agree on one line, without blanks next to the marks.
    "reddit": _Markup(">!", "!<", as_markdown, _LINE),
    "goodreads": _Markup("<spoiler>", "</spoiler>", as_goodreads),
}

STYLES = ("block", *_MARKUPS)

_HIDEABLE = re.compile(f"[^{LINE_BREAKS}]+")


def redact_verdicts(review: str, verdicts: Sequence[Verdict], style: str = "block") -> str:
    r"""Hide the sentences of `review` that `verdicts` call spoilers.

    Parameters
    ----------
    review : str
        The text that was judged.
    verdicts : sequence of Verdict
        What `spoilerguard.classify` says about it, or a part of that.
    style : {"block", "html", "markdown", "discord", "reddit", "goodreads"}, default "block"
        ``block`` puts █ for every character of a spoiler and keeps line breaks; the text is gone. The others keep the
        text behind the spoiler markup of their place, and escape what that place would read as markup of its own.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        Where `style` is none of these, or a verdict does not belong to `review`.

    Examples
    --------
    >>> verdicts = [
    ...     Verdict("Nice *hat*.", 0, 11, Label.SAFE, 0.1, certain=True),
    ...     Verdict("He dies.", 12, 20, Label.SPOILER, 0.9, certain=True),
    ... ]
    >>> redact_verdicts("Nice *hat*. He dies.", verdicts)
    'Nice *hat*. ████████'
    >>> print(redact_verdicts("Nice *hat*. He dies.", verdicts, "discord"))
    Nice \*hat\*. ||He dies.||
    """
    if style not in STYLES:
        raise ValueError(f"There is no style {style!r}; choose one of {', '.join(STYLES)}.")
    hidden = list(_hidden(review, verdicts))
    if style == "block":
        return "".join(spliced(review, ((*span, _HIDEABLE.sub(_blocks, review[slice(*span)])) for span in hidden)))
    markup = _MARKUPS[style]
    edits = heapq.merge(_tags(review, hidden, markup), markup.escape(review))
    return "".join((markup.before, *spliced(review, edits), markup.after))


def _hidden(review: str, verdicts: Iterable[Verdict]) -> Iterator[tuple[int, int]]:
    """Stretches to hide, in order; spoilers with nothing but blanks between them are one."""
    first = last = -1
    for verdict in sorted((v for v in verdicts if v.label is Label.SPOILER), key=lambda verdict: verdict.start):
        if review[verdict.start : verdict.end] != verdict.text:
            raise ValueError(f"The verdict on {verdict.text!r:.60} does not belong to this review.")
        if first >= 0 and not review[last : verdict.start].strip():
            last = max(last, verdict.end)
            continue
        if first >= 0:
            yield first, last
        first, last = verdict.start, verdict.end
    if first >= 0:
        yield first, last


def _tags(review: str, hidden: Iterable[tuple[int, int]], markup: _Markup) -> Iterator[Edit]:
    for start, end in hidden:
        for first, last in _within_reach(review[start:end], markup.barrier):
            yield start + first, start + first, markup.opening
            yield start + last, start + last, markup.closing


def _within_reach(text: str, barrier: str | None) -> Iterator[tuple[int, int]]:
    """The pieces of `text` between barriers, blanks around them left out."""
    start = 0
    barriers = [match.span() for match in re.finditer(barrier, text)] if barrier else []
    for before, after in (*barriers, (len(text), len(text))):
        piece = text[start:before]
        if body := piece.strip():
            first = start + len(piece) - len(piece.lstrip())
            yield first, first + len(body)
        start = after


def _blocks(hidden: re.Match[str]) -> str:
    return "█" * len(hidden[0])
