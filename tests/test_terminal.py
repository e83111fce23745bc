"""Text for eyes: marks, colours, wrapping, and nothing in a review that a terminal would obey."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoilerguard import Label, Verdict
from spoilerguard.cli.terminal import Look, lines, visible
from spoilerguard.cli.writing import write_text, write_verdicts


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def verdict(text: str, probability: float = 0.5, *, spoiler: bool = False, certain: bool = True) -> Verdict:
    label = Label.SPOILER if spoiler else Label.SAFE
    return Verdict(text, 0, len(text), label, probability, certain)


def shown(*verdicts: Verdict, look: Look) -> list[str]:
    return list(lines(verdicts, look))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


def test_a_terminal_gets_colours_and_its_width(terminal: Terminal) -> None:
    assert Look.of(terminal) == Look(colour=True, width=40)


def test_a_file_gets_neither() -> None:
    assert Look.of(io.StringIO()) == Look(colour=False, width=None)


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_declined(name: str, value: str, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    assert not Look.of(terminal).colour


def test_an_empty_no_color_does_not_count(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    assert Look.of(terminal).colour


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
    assert shown(verdict("He dies.", spoiler=spoiler, certain=certain), look=Look(colour=True))[0] == line


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
    assert shown(verdict("A.", probability), look=Look())[0] == f"  {percent}  A."


def test_long_sentences_are_wrapped_under_their_beginning() -> None:
    wrapped = shown(verdict("one two three four five six seven"), look=Look(width=30))[:-2]
    assert wrapped == ["    50 %  one two three four", "          five six seven"]


def test_wide_characters_take_two_columns_and_combining_ones_none() -> None:
    first, second, *_ = shown(verdict("日本" * 10), look=Look(width=40))
    assert (first, second) == ("    50 %  " + "日本" * 7 + "日", " " * 10 + "本日本日本")
    assert len(shown(verdict("e\u0301" * 30), look=Look(width=40))) == 3


def test_a_terminal_narrower_than_the_margin_still_gets_lines() -> None:
    assert shown(verdict("word " * 9), look=Look(width=1))[0] == "    50 %  word word word word"


@given(st.text(), st.integers(1, 200))
def test_whatever_the_text_each_line_is_printable_and_nothing_of_it_is_lost(text: str, width: int) -> None:
    *wrapped, _, _ = shown(verdict(text), look=Look(width=width))
    assert not any(character < " " or "\x7f" <= character <= "\x9f" for line in wrapped for character in line)
    kept = "".join(line[10:] for line in wrapped)
    assert kept.replace(" ", "") == "".join(visible(text).split())


def test_tabs_line_feeds_and_windows_line_ends_are_layout_and_stay() -> None:
    assert visible("a\tb\r\nc\n") == "a\tb\r\nc\n"


def test_a_carriage_return_alone_would_overwrite_the_line_and_is_shown() -> None:
    assert visible("safe\rspoiler") == "safe␍spoiler"


@pytest.mark.parametrize("written", ["text", "jsonl", "csv"])
def test_no_format_lets_a_review_command_the_terminal(written: str, terminal: Terminal) -> None:
    write_verdicts([verdict("\x1b]0;title\x07 \x9b31m \x7f")], written, terminal)
    assert not set("\x07\x9b\x7f") & set(terminal.getvalue())
    assert "\x1b]" not in terminal.getvalue()


def test_csv_in_a_file_keeps_the_text_as_it_is() -> None:
    stream = io.StringIO()
    write_verdicts([verdict("a\x1bb")], "csv", stream)
    assert "a\x1bb" in stream.getvalue()


def test_a_redacted_text_is_unchanged_in_a_file_and_harmless_on_a_terminal(terminal: Terminal) -> None:
    file = io.StringIO()
    for stream in (file, terminal):
        write_text("\x1b[31mA.\r\nB.", stream)
    assert file.getvalue() == "\x1b[31mA.\r\nB."
    assert terminal.getvalue() == "␛[31mA.\r\nB.\n"
