"""What a site knows of a work beforehand: its premise, its plot, and words that are always or never spoilers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from spoilerguard.errors import StoryError

__all__ = ["AnyStory", "Story", "as_story"]


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of a work, for `spoilerguard.classify` and all that classifies. Each part is optional.

    Parameters
    ----------
    premise : str
        What every reader may know: a blurb, or a recap of the episodes that a reader has seen. A sentence that says no
        more than this is less likely a spoiler. A premise or plot of fewer than four words ("TBA") counts as none.
    plot : str
        The whole story, in the order in which it is told. A sentence that tells of it what the premise does not is more
        likely a spoiler, the more so the later it stands there.
    names : iterable of str
        Names of people and places; beside a premise or a plot, they count more than other words.
    protect : iterable of str
        Words and phrases that are always spoilers: a sentence that holds one is labelled so, in whatever case, with a
        possessive, plural or verb ending, too.
    allow : iterable of str
        Words and phrases that are never spoilers: a sentence that holds one is safe, whatever else it tells, unless it
        holds a protected one.

    Raises
    ------
    TypeError
        Where a part is no text, or no iterable of texts.
    StoryError
        Where one of `names`, `protect` or `allow` holds no letter and no digit.

    Examples
    --------
    >>> story = Story(premise="Anna inherits a house by the sea.", protect=["the butler"])
    >>> story.protect, story.names
    (('the butler',), ())
    >>> Story.from_dict(story.to_dict()) == story
    True
    """

    premise: str = ""
    plot: str = ""
    names: tuple[str, ...] = ()
    protect: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()

    def __init__(
        self,
        premise: str = "",
        plot: str = "",
        names: Iterable[str] = (),
        protect: Iterable[str] = (),
        allow: Iterable[str] = (),
    ) -> None:
        for name, text in (("premise", premise), ("plot", plot)):
            if not isinstance(text, str):
                raise TypeError(f"{name} of a Story must be text, got {type(text).__name__}.")
            object.__setattr__(self, name, text)
        for name, phrases in (("names", names), ("protect", protect), ("allow", allow)):
            object.__setattr__(self, name, _phrases(name, phrases))

    def __repr__(self) -> str:
        parts = [f"{name}={_shown(getattr(self, name))}" for name in _NAMES if getattr(self, name)]
        return f"Story({', '.join(parts)})"

    def to_dict(self) -> dict[str, Any]:
        """The parts that are not empty, ready for JSON.

        Examples
        --------
        >>> Story("A house by the sea.", names=["Anna"]).to_dict()
        {'premise': 'A house by the sea.', 'names': ['Anna']}
        """
        found = {name: getattr(self, name) for name in _NAMES}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items() if value}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """The story of a record that holds its parts among other fields; one that is missing or None is empty."""
        return cls(**{name: record[name] for name in _NAMES if record.get(name) is not None})


AnyStory = Story | str | None  # what `as_story` takes
_NAMES = tuple(field.name for field in fields(Story))


def as_story(story: object) -> Story | None:
    """What an argument ``story=`` means: a `Story` as it is, a text as its premise, None as none.

    Examples
    --------
    >>> as_story("A house by the sea.")
    Story(premise='A house by the sea.')
    """
    if story is None or isinstance(story, Story):
        return story
    if isinstance(story, str):
        return Story(premise=story)
    raise TypeError(f"story must be a Story, the text of a premise or None, got {type(story).__name__}.")


def _phrases(name: str, phrases: object) -> tuple[str, ...]:
    """The phrases of a list, checked. One text would be taken for a list of letters."""
    if isinstance(phrases, str | bytes | Mapping) or not isinstance(phrases, Iterable):
        raise TypeError(f"{name} of a Story must be a list of texts, got {type(phrases).__name__}.")
    found = tuple(phrases)
    for phrase in found:
        if not isinstance(phrase, str):
            raise TypeError(f"{name} of a Story must be texts, and {phrase!r:.60} is {type(phrase).__name__}.")
        if not any(map(str.isalnum, phrase)):
            raise StoryError(f"{name} of a Story must have a letter or a digit each; {phrase!r:.60} has none.")
    return found


def _shown(value: str | tuple[str, ...]) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
