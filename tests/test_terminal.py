"""Verdicts on a terminal: marks, colours, wrapping, and nothing in a review that a terminal would obey."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoilerguard import Label, Verdict
from spoilerguard.cli.output import FORMATS, StreamStyle, verdict_lines, write_text
from spoilerguard.cli.reasons import write_reasons
from spoilerguard.rendering import visible
from spoilerguard.verdicts import Contribution, Explanation


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def verdict(text: str, probability: float = 0.5, *, spoiler: bool = False, certain: bool = True) -> Verdict:
    label = Label.SPOILER if spoiler else Label.SAFE
    return Verdict(text, 0, len(text), label, probability, certain)


def lines_of(one: Verdict, look: StreamStyle) -> list[str]:
    """The lines of one verdict, without the summary behind them."""
    lines = list(verdict_lines([one], look))
    return lines[: lines.index("")]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


def test_a_terminal_gets_colours_and_its_width_and_a_file_neither(terminal: Terminal) -> None:
    assert StreamStyle.of(terminal) == StreamStyle(colour=True, width=40)
    assert StreamStyle.of(io.StringIO()) == StreamStyle(colour=False, width=None)


@pytest.mark.parametrize(
    ("name", "value", "colour"), [("NO_COLOR", "1", False), ("NO_COLOR", "", True), ("TERM", "dumb", False)]
)
def test_colours_can_be_declined(
    name: str, value: str, colour: bool, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert StreamStyle.of(terminal).colour == colour


@pytest.mark.parametrize(
    ("spoiler", "certain", "line"),
    [
        (True, True, "\x1b[1;31m●   50 %  He dies.\x1b[0m"),
        (True, False, "\x1b[2;31m●?  50 %  He dies.\x1b[0m"),
        (False, True, "    50 %  He dies."),
        (False, False, "\x1b[2m ?  50 %  He dies.\x1b[0m"),
    ],
)
def test_spoilers_are_bold_and_guesses_dim(spoiler: bool, certain: bool, line: str) -> None:
    assert lines_of(verdict("He dies.", spoiler=spoiler, certain=certain), StreamStyle(colour=True)) == [line]


@pytest.mark.parametrize(
    ("probability", "percent"),
    [
        (0.0, "  <1 %"),
        (0.0099, "  <1 %"),
        (0.01, "   1 %"),
        (0.5, "  50 %"),
        (0.99, "  99 %"),
        (0.9901, " >99 %"),
        (1, " >99 %"),
    ],
)
def test_no_probability_is_shown_as_a_flat_0_or_100(probability: float, percent: str) -> None:
    assert lines_of(verdict("A.", probability), StreamStyle()) == [f"  {percent}  A."]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three four five six seven", 30, ["    50 %  one two three four", "          five six seven"]),
        ("a well-known, well-worn plot", 30, ["    50 %  a well-known,", "          well-worn plot"]),
        ("日本" * 10, 40, ["    50 %  " + "日本" * 7 + "日", "          本" + "日本" * 2]),  # two columns each
        ("e\u0301" * 30, 40, ["    50 %  " + "e\u0301" * 30]),  # the accent takes none
        ("👩\u200d👩\u200d👧" * 15, 40, ["    50 %  " + "👩\u200d👩\u200d👧" * 15]),  # two for each family
        ("word " * 5, 1, ["    50 %  word word word word", "          word"]),  # narrower than the margin
        ("", 40, ["    50 %  "]),
    ],
)
def test_long_sentences_are_wrapped_under_their_beginning_by_columns(text: str, width: int, lines: list[str]) -> None:
    assert lines_of(verdict(text), StreamStyle(width=width)) == lines


def assert_all_is_there(text: str, width: int) -> None:
    lines = lines_of(verdict(text), StreamStyle(width=width))
    assert lines == [visible(line) for line in lines]
    kept = "".join(line[10:] for line in lines)
    assert kept.replace(" ", "") == "".join(visible(text).split())


@given(st.text(st.characters(exclude_categories=())), st.integers(1, 200))
def test_whatever_the_text_it_is_harmless_and_nothing_of_it_is_lost(text: str, width: int) -> None:
    assert_all_is_there(text, width)


@pytest.mark.parametrize("unit", ["x", "日", "e\u0301", "🇩🇪", "\u200d"])
def test_a_word_of_thousands_of_characters_is_shown(unit: str) -> None:
    # Left whole, a word of 8,000 flags takes `wcwidth.wrap` minutes, and this test would not end.
    assert_all_is_there(unit * (8000 // len(unit)), 80)


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_lets_a_review_command_the_terminal(name: str, terminal: Terminal) -> None:
    FORMATS[name]([verdict("\x1b]0;title\x07 \x9b31m \x7f \u202e \u2028")], terminal)
    assert not set("\x07\x9b\x7f\u202e\u2028") & set(terminal.getvalue())
    assert "\x1b]" not in terminal.getvalue()


def test_no_reason_lets_a_review_command_the_terminal(terminal: Terminal) -> None:
    text = "\x1b[2J dies \u202e"
    why = Explanation(text, 3.0, 0.95, 0.0, (Contribution(text, 0, len(text), 3.0),), 0.0, matched="\x9b31m")
    write_reasons([verdict(text, spoiler=True)], [why], terminal)
    assert not set("\x9b\u202e") & set(terminal.getvalue())
    assert "\x1b[2J" not in terminal.getvalue()


def test_json_lines_mean_the_same_with_their_control_characters_escaped() -> None:
    text = "\x1b[31m \x7f \x85 \u2028 \u202e \r a\\u001b"
    stream = io.StringIO()
    FORMATS["jsonl"]([verdict(text)], stream)
    assert len(stream.getvalue().splitlines()) == 1
    assert json.loads(stream.getvalue())["text"] == text


def test_csv_in_a_file_keeps_the_text_as_it_is() -> None:
    stream = io.StringIO()
    FORMATS["csv"]([verdict("a\x1bb")], stream)
    assert "a\x1bb" in stream.getvalue()


def test_a_redacted_text_is_unchanged_in_a_file_and_harmless_on_a_terminal(terminal: Terminal) -> None:
    file = io.StringIO()
    for stream in (file, terminal):
        write_text("\x1b[31mA.\r\nB.", stream)
    assert file.getvalue() == "\x1b[31mA.\r\nB."
    assert terminal.getvalue() == "\\u001b[31mA.\r\nB.\n"
