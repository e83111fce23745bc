"""What is wrong with the sentences themselves: damaged, full of markup, or no sentences at all."""

import re
from collections.abc import Iterator

import numpy as np

from spoilerguard.checks.duplicates import MANY
from spoilerguard.checks.report import Finding, Severity, report_rows
from spoilerguard.corpus import Corpus
from spoilerguard.labels import parse_label

__all__ = ["check_columns", "check_texts"]

_MANY_CHARACTERS = 1000  # 4 of 89,898 sentences in our tables are longer; 99.9 % stay below 570
_MANY_WORDS = 60  # median words a row: our tables have 13 to 18 a sentence, 161 to 196 a review
_ENOUGH = 20

# name, severity, pattern, message: the faults that a regular expression can see in one sentence
_PATTERNS: tuple[tuple[str, Severity, str, str], ...] = (
    ("mojibake", "warning", r"â€|Ã[\x80-\xbf]|Â[\xa0-\xbf]|ï»¿|ï¿½|Ð[\x80-\xbf]|[A-Za-z]â(?:s|t|re|ve|ll|d|m)\b",
     "UTF-8 read as Windows-1252 (â€™ for ’); read the original again as UTF-8, or mend it with ftfy."),
    ("replacement-characters", "warning", "\ufffd", "Characters lost in decoding (\ufffd); read the original again."),
    ("question-marks-for-characters", "warning",
     (r"(?<![\w/=&?.])[^\W\d_]*[a-z]\?{1,3}[a-z]+(?![\w/=&.])"  # don?t, na?ve, good?really
      r"|(?<!\S)\?{1,3}[^\W\d_]{2}[^?]*\w[.,!]?\?{1,3}(?=[\s.,;:]|$)"  # ?quoted?
      r"|[^\W\d_] (?:\?|\?{3}) [a-z]|(?i:\b(?:caf|clich|fianc|prot.?g|beyonc|matin|risqu|communiqu)\?)"),
     "Question marks where characters were lost in decoding (don?t, na?ve); read the original again as UTF-8."),
    ("control-characters", "warning", r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]",
     "Control characters; they come from a wrong encoding or a broken export."),
    ("lone-surrogates", "warning", "[\ud800-\udfff]",
     "Half characters (lone surrogates); files with them cannot be written."),
    ("invisible-characters", "note", "[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad]",
     "Invisible characters inside the text; they split words unseen."),
    ("html-entities", "warning", r"&(?:amp|lt|gt|quot|nbsp|apos|#\d{2,6}|#x[0-9a-fA-F]{2,6});",
     "HTML entities (&amp;); unescape them."),
    ("spoiler-markup", "error", r"(?i)\[/?spoilers?\]|</?spoiler>|\(view spoiler\)|\(hide spoiler\)|>!|\|\|[^|]+\|\|",
     "Spoiler tags left in the text give the label away; take them out."),
    ("html-markup", "warning", r"(?i)</?(?:br|i|b|p|em|strong|a|div|span|u|ul|li|blockquote)\b[^>]*>",
     "HTML left in the text; strip it."),
    ("literal-escapes", "warning", r"\\[nrt](?![a-z]{3})|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}",
     r"Escapes left as text (\n, \u2019); the export was quoted twice."),
    ("web-addresses", "note", r"(?i)https?://|www\.\w",
     "Web addresses; they hold no meaning that a model should learn."),
    ("line-breaks", "note", r"\S\s*\n\s*\S", "Line breaks inside a sentence: were texts cut into sentences?"),
    ("placeholders", "warning",
     r"(?i)\A\s*(?:n/?a|none|null|nan|\[?(?:deleted|removed)\]?|todo|tbd|lorem ipsum.*|#\w+[!?])\s*\Z",
     "Placeholders instead of sentences; drop them."),
)  # fmt: skip

_ID = re.compile(r"\s*[\w:.#/-]*\d[\w:.#/-]*\s*")


def check_texts(corpus: Corpus) -> Iterator[Finding]:
    """Damage, markup and other things that no sentence should hold."""
    sentences = corpus.frame["sentence"].to_list()  # as they stand, marks included
    for name, severity, pattern, message in _PATTERNS:
        search = re.compile(pattern).search
        damaged = np.array([search(sentence) is not None for sentence in sentences], dtype=bool)
        # What must be mended may be left where it is too rare to teach a model anything.
        tolerable = severity == "error" and damaged.mean() < MANY
        yield from report_rows(name, "warning" if tolerable else severity, message, damaged)
    letters = np.array([sum(map(str.isalpha, sentence[:200])) for sentence in sentences])
    message = "Fewer than two letters; nothing can be classified. Drop them."
    yield from report_rows("hardly-text", "warning", message, letters < 2)
    lengths = np.array([len(sentence) for sentence in sentences])
    message = f"More than {_MANY_CHARACTERS:,} characters: several sentences in one row? Cut them."
    yield from report_rows("very-long", "warning", message, lengths > _MANY_CHARACTERS)


def check_columns(corpus: Corpus) -> Iterator[Finding]:
    """Whether the column of sentences holds sentences, and not what belongs in another column."""
    if len(corpus) < _ENOUGH:
        return
    sentences = corpus.frame["sentence"].to_list()  # as they stand, marks included
    n_words = np.array([len(sentence.split()) for sentence in sentences])
    if np.mean([parse_label(sentence) is not None for sentence in sentences]) > 0.5:
        message = "The column of sentences holds labels; swap the columns."
        yield Finding("sentences-look-like-labels", "error", message)
    elif np.mean([_ID.fullmatch(sentence) is not None for sentence in sentences]) > 0.5:
        message = "The column of sentences holds ids; name the right one in columns=."
        yield Finding("sentences-look-like-ids", "error", message)
    elif np.median(n_words) <= 1:
        message = "Most rows hold one word; name the right column in columns=."
        yield Finding("sentences-are-single-words", "error", message)
    if np.median(n_words) > _MANY_WORDS:
        message = "Rows hold whole reviews, not sentences; give text, spans and labels, or cut them (sentences.split)."
        yield Finding("reviews-as-sentences", "error", message)
    titles = corpus.frame["work"].dropna()  # shorter than the sentences about them, and fewer
    if len(titles) < _ENOUGH or titles.nunique() < len(set(sentences)):
        return
    if np.mean([len(title.split()) for title in titles]) > max(float(n_words.mean()), 4.0):
        message = "Works are longer and more varied than sentences; swap the columns."
        yield Finding("sentence-and-work-swapped", "error", message)
