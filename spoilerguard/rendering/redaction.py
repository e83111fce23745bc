"""Hide the spoilers of a review, in the markup of the place where it will be read.

Hidden are the sentences that the model calls spoilers, and whatever the author had hidden. The author's marks, of which
every place knows only its own, give way to those of the style. Spoilers with only blanks between them are hidden as one
stretch, as far as the markup reaches, so that a reader cannot count them. Hidden text stands inside the markup only: no
tooltip, no attribute. The rest of the review keeps its meaning: what the place would read as markup is escaped.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from spoilerguard.errors import did_you_mean
from spoilerguard.marks import Span, find_marks, merge_spans
from spoilerguard.markup import plain_text
from spoilerguard.rendering.in_markup import Edit, check_style, edits_in_markup, stretches
from spoilerguard.rendering.styles import BREAKS, STYLES, Style
from spoilerguard.verdicts import Verdict

__all__ = ["redact_verdicts"]

# What renderers drop or do not show: at the start of a line, the first character behind it counts as the first.
_INVISIBLE = (
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
)
_INVISIBLES = re.compile(rf"[{_INVISIBLE}]*")
_LINE_START = re.compile(rf"(?:\A|(?<=[{BREAKS}])){_INVISIBLES.pattern}")
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")  # they change the direction of what follows
_SEPARATOR = re.compile(r"[\u2028\u2029]")  # of lines and paragraphs, which every program takes for something else
_LINES = re.compile(rf"[^{BREAKS}]+")


def redact_verdicts(
    review: str,
    verdicts: Sequence[Verdict],
    style: str = "block",
    *,
    mask: str | None = None,
    markup: str | None = None,
) -> str:
    r"""Hide the sentences of `review` that `verdicts` label as spoilers, and what its author had hidden.

    Parameters
    ----------
    review : str
        The text that was classified.
    verdicts : sequence of Verdict
        What `spoilerguard.classify` says about it, or a part of that.
    style : str, default "block"
        A key of `STYLES`. Some take the text away, and hide it wherever they are read:

        - ``block``: █ for each character; line breaks and the rest of the text stay as they are.
        - ``plain``: ``[spoiler]`` for each stretch; the rest stays as it is.
        - ``commonmark``: the same, and the rest is escaped: for Markdown where HTML is switched off, which is the
          default of markdown-it and of cmark. Proven with markdown-it.
        - ``mastodon``: the same, and no name or tag becomes a link. Mastodon itself can hide whole posts only.

        The others keep the text, behind the spoiler markup of a place, and hide nothing elsewhere:

        - ``html``: ``<details>``, proven in Chromium. Hides nothing in mail programs that do not know the element.
        - ``markdown``: ``<details>`` in Markdown that lets HTML through, such as GitHub's; proven with markdown-it,
          cmark-gfm and commonmark. Hides nothing where HTML is switched off: there, take ``commonmark``.
        - ``discord``: ``||…||``, proven with discord-markdown. Hides nothing in notifications on some telephones.
        - ``reddit``: ``>!…!<``, proven with snudown, the renderer of old Reddit. Hides nothing in titles.
        - ``lemmy``: ``::: spoiler``, proven with markdown-it's container. Hides nothing in titles and in summaries.
        - ``anilist``: ``~!…!~``, by AniList's documentation only.
        - ``goodreads``: ``<spoiler>``, by Goodreads' documentation only. Hides nothing in a browser.
        - ``bbcode``: ``[spoiler]``, by the documentation of MyAnimeList and Steam only. Hides nothing in a forum that
          lacks the tag.
    mask : str, optional
        Instead of █ or ``[spoiler]``, for the styles that take text away. In ``block`` a single character replaces each
        character, and anything longer the whole stretch.
    markup : {"html", "markdown", "discord", "reddit"}, optional
        What the review is written in, and `verdicts` were made with. Every byte stays as it is but those of hidden
        parts and of the author's marks. The style must be that of the same place, or one that takes the text away.
        Where marks of the place might fail, as in code, or beside stars, bars or backticks without a pair, characters
        are masked by █. None means plain text, of which nothing is markup but the author's marks.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        Where there is no such style or markup, or they do not go together; where a spoiler does not belong to `review`,
        or the style has no mask.

    Examples
    --------
    >>> from spoilerguard import Label
    >>> verdicts = [
    ...     Verdict("Nice *hat*.", 0, 11, Label.SAFE, 0.1, certain=True),
    ...     Verdict("He dies.", 12, 20, Label.SPOILER, 0.9, certain=True),
    ... ]
    >>> redact_verdicts("Nice *hat*. He dies.", verdicts)
    'Nice *hat*. ████████'
    >>> print(redact_verdicts("Nice *hat*. He dies.", verdicts, "discord"))
    Nice \*hat\*. ||He dies.||
    >>> redact_verdicts("Nice hat. >!Its owner dies.!<", [], "bbcode")
    'Nice hat. [spoiler]Its owner dies.[/spoiler]'
    """
    chosen = _with_mask(style, mask)
    marks = find_marks(review)
    spans = merge_spans([*marks.hidden, *_spoiler_spans(review, verdicts)])
    if markup is not None:
        check_style(style, markup)
        return _edited(review, edits_in_markup(review, marks, spans, chosen, markup))
    if chosen.each:  # character by character: the marks, which are hidden too, may stay in their places
        text = review
        spans = merge_spans([*spans, *((cut.start, cut.end) for cut in marks.cuts)])
    else:
        plain = plain_text(review, marks, titles=True)
        text, spans = plain.text, [plain.find(*span) for span in spans]
    text = _SEPARATOR.sub("\n", text if chosen.isolate else _TURNING.sub("\ufffd", text))
    hidden = [piece for first, last in stretches(text, spans) for piece in _pieces(text, first, last, chosen)]
    return chosen.before + _edited(text, _edits(text, hidden, chosen)) + chosen.after


def _with_mask(style: str, mask: str | None = None) -> Style:
    """The style of that name, with a mask of one's own."""
    if style not in STYLES:
        raise ValueError(
            f"There is no style {style!r}; choose one of {', '.join(STYLES)}.{did_you_mean(style, STYLES)}"
        )
    chosen = STYLES[style]
    if mask is None:
        return chosen
    if not isinstance(mask, str):
        raise TypeError(f"mask must be text or None, got {type(mask).__name__}.")
    if not chosen.mask:
        masking = ", ".join(name for name, each in STYLES.items() if each.mask)
        raise ValueError(f"The style {style!r} keeps the text and has no mask; choose one of {masking}.")
    if not mask:
        raise ValueError(
            "The mask is empty: a reader could not see that something is hidden. Give a character or more."
        )
    return replace(chosen, mask=mask, each=chosen.each and len(mask) == 1)


def _spoiler_spans(review: str, verdicts: Sequence[Verdict]) -> Iterator[Span]:
    """The places of the sentences that are labelled as spoilers."""
    for verdict in verdicts:
        if verdict.is_spoiler:
            if review[verdict.start : verdict.end] != verdict.text:
                raise ValueError(f"The verdict on {verdict.text!r:.60} does not belong to this review.")
            yield verdict.start, verdict.end


def _pieces(text: str, first: int, last: int, style: Style) -> Iterator[Span]:
    """The parts of a stretch that lie between barriers, without the blanks around them unless each is masked."""
    barriers = style.barrier.finditer(text, first, last) if style.barrier else ()
    start = first
    for end, after in (*(found.span() for found in barriers), (last, last)):
        piece = text[start:end]
        if style.each:
            yield start, end
        elif body := piece.strip():
            begin = start + len(piece) - len(piece.lstrip())
            yield begin, begin + len(body)
        start = after


def _edited(text: str, edits: Iterable[Edit]) -> str:
    """The text with its edits made. They come in order; one inside what is replaced already is left out."""
    pieces: list[str] = []
    done = 0
    for start, end, new in edits:
        if start >= done or end > done:
            pieces += (text[done:start], new)
            done = end
    return "".join((*pieces, text[done:]))


def _edits(text: str, hidden: Sequence[Span], style: Style) -> list[Edit]:
    """What makes the text what the place should get: pieces hidden, the rest escaped."""
    line_starts = [found.end() for found in _LINE_START.finditer(text)]
    opened: list[Edit] = []
    closed: list[Edit] = []
    for start, end in hidden:
        if style.mask:
            opened.append((start, end, style.mask * (end - start if style.each else 1)))
        elif style.own_lines:  # line breaks take the place of the blanks around it
            before, behind = _with_blanks(text, start, end)
            opened.append((before, start, ("\n\n" if before else "") + style.opening))
            closed.append((end, behind, style.closing + "\n\n"))
            line_starts += [found.end() for place in (start, behind) if (found := _INVISIBLES.match(text, place))]
        else:
            opened.append((start, start, style.opening))
            closed.append((end, end, style.closing))
    isolated = list(_isolated(text, hidden, *style.isolate)) if style.isolate else []
    # At one place: first what closes, then what opens, then what replaces the character behind it.
    edits = [*closed, *isolated, *opened, *_escapes(text, line_starts, style)]
    return sorted(edits, key=lambda edit: (edit[0], edit[0] < edit[1]))


def _with_blanks(text: str, start: int, end: int) -> Span:
    """The span, with the blanks before and behind it."""
    while start and text[start - 1].isspace():
        start -= 1
    while end < len(text) and text[end].isspace():
        end += 1
    return start, end


def _escapes(text: str, line_starts: Sequence[int], style: Style) -> Iterator[Edit]:
    """Each character that the place would read as markup, escaped once."""
    places = {found.start() for found in style.special.finditer(text)} if style.special else set()
    if style.at_line_start:
        places.update(start for start in line_starts if style.at_line_start.match(text, start))
    return ((place, place + 1, style.escape(text[place])) for place in sorted(places))


def _isolated(text: str, hidden: Sequence[Span], opening: str, closing: str) -> Iterator[Edit]:
    """What stands around each visible part of a line that holds a character that turns what follows."""
    shown = zip((0, *(end for _, end in hidden)), (*(start for start, _ in hidden), len(text)), strict=True)
    for start, end in shown:
        for line in _LINES.finditer(text, start, end):
            if _TURNING.search(line[0]):
                yield line.start(), line.start(), opening
                yield line.end(), line.end(), closing
