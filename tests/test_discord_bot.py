"""The recipe `notebooks/discord_bot.py`: what it does with stand-ins for messages, without discord.py."""

import asyncio
import re
import threading
from dataclasses import dataclass, field
from typing import Any

import pytest
from discord_bot import MAX_POST, SpoilerHider, in_parts
from hypothesis import given, settings
from hypothesis import strategies as st

import spoilerguard

NOBODY: Any = "no mentions"  # stands for discord.AllowedMentions.none()
SPOILER = "In the end Anna dies and Paul is the killer."
HIDDEN = f"||{SPOILER}||"
HEADING = "<@7>:\n"


class Gone(Exception):  # noqa: N818 - named as its model
    """Stands for discord.NotFound."""


@dataclass
class Author:
    bot: bool = False
    mention: str = "<@7>"


@dataclass
class Permissions:
    manage_messages: bool


@dataclass
class Attachment:
    spoiler: bool

    def is_spoiler(self) -> bool:
        return self.spoiler

    async def to_file(self, *, spoiler: bool) -> str:
        return f"file, hidden: {spoiler}"


@dataclass
class Message:
    """A message, and what is done to it and in its channel."""

    content: str
    author: Author = field(default_factory=Author)
    in_server: bool = True
    may_delete: bool = True
    is_gone: bool = False
    attachments: list[Attachment] = field(default_factory=list)
    done: list[tuple[Any, ...]] = field(default_factory=list)

    @property
    def guild(self) -> Any:
        return self if self.in_server else None

    me = "the bot"

    @property
    def channel(self) -> Any:
        return self

    def permissions_for(self, member: str) -> Permissions:
        assert member == self.me
        return Permissions(self.may_delete)

    async def send(self, text: str, *, allowed_mentions: Any, files: Any = ()) -> "Message":
        assert allowed_mentions is NOBODY
        self.done.append(("send", text, *files))
        return Message(text, done=self.done)

    async def reply(self, text: str, *, allowed_mentions: Any) -> None:
        assert allowed_mentions is NOBODY
        self.done.append(("reply", text))

    async def delete(self) -> None:
        if self.is_gone:
            raise Gone
        self.done.append(("delete", self.content))


@pytest.fixture(scope="module")
def hider() -> SpoilerHider:
    return SpoilerHider(NOBODY, Gone)


def handle(hider: SpoilerHider, message: Message) -> list[tuple[Any, ...]]:
    stand_in: Any = message
    asyncio.run(hider.on_message(stand_in))
    return message.done


def test_a_message_with_a_spoiler_is_posted_again_with_the_spoiler_hidden_and_then_deleted(hider: SpoilerHider) -> None:
    content = f"Fine music! {SPOILER}"
    assert handle(hider, Message(content)) == [("send", f"{HEADING}Fine music! {HIDDEN}"), ("delete", content)]


def test_without_the_permission_to_delete_it_is_answered_by_the_hidden_version(hider: SpoilerHider) -> None:
    assert handle(hider, Message(SPOILER, may_delete=False)) == [("reply", HEADING + HIDDEN)]


@pytest.mark.parametrize(
    "content",
    [rf"\|| {SPOILER} ||", f"`||` {SPOILER} `||`", f"```\n||\n``` {SPOILER} ```\n||\n```"],
    ids=["escaped", "in code", "in blocks of code"],
)
def test_bars_that_hide_nothing_are_no_excuse(hider: SpoilerHider, content: str) -> None:
    assert handle(hider, Message(content))


@pytest.mark.parametrize(
    "message",
    [
        Message("What a lovely film, and what music!"),
        Message(""),
        Message(" \n"),
        Message(HIDDEN),
        Message(f"What a lovely film! {HIDDEN} See it."),
        Message("The killer is ||Paul||, and in the end ||Anna|| dies."),
        Message(SPOILER, author=Author(bot=True)),
        Message(SPOILER, in_server=False),
        Message("Al final muere Anna y resulta que Paul es el asesino de su propia hermana pequeña."),
    ],
    ids=lambda message: f"{message.content[:30]!r}, bot {message.author.bot}, server {message.in_server}",
)
def test_what_shows_no_spoiler_comes_from_a_bot_or_is_private_is_left_alone(
    hider: SpoilerHider, message: Message
) -> None:
    assert handle(hider, message) == []


def test_what_its_author_has_hidden_stays_as_it_was_beside_what_is_hidden_now(hider: SpoilerHider) -> None:
    content = f"The thief is ||Paul||, they say. Fine **music**, <@9>! {SPOILER}"
    [(_, post), _] = handle(hider, Message(content))
    assert post == f"{HEADING}The thief is ||Paul||, they say. Fine **music**, <@9>! {HIDDEN}"


def test_what_is_hidden_by_the_marks_of_another_place_is_hidden_by_those_of_discord(hider: SpoilerHider) -> None:
    assert handle(hider, Message(f">!{SPOILER}!<"))[0] == ("send", HEADING + HIDDEN)


def test_files_are_posted_again_hidden_where_they_were(hider: SpoilerHider) -> None:
    message = Message(SPOILER, attachments=[Attachment(spoiler=True), Attachment(spoiler=False)])
    assert handle(hider, message)[0] == ("send", HEADING + HIDDEN, "file, hidden: True", "file, hidden: False")


def test_what_its_author_deletes_meanwhile_does_not_stay(hider: SpoilerHider) -> None:
    assert [what for what, *_ in handle(hider, Message(SPOILER, is_gone=True))] == ["send", "delete"]


def test_an_edited_message_is_looked_at_again_where_its_text_has_changed(hider: SpoilerHider) -> None:
    before, after, again = Message("Fine."), Message(SPOILER), Message(SPOILER)
    edits: Any = [(before, after), (after, again)]
    for edit in edits:
        asyncio.run(hider.on_message_edit(*edit))
    assert (len(after.done), len(again.done)) == (2, 0)


def test_the_loop_of_events_does_not_wait_for_the_model(hider: SpoilerHider, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def hide(*_: object) -> list[str]:
        threads.append(threading.current_thread())
        return []

    monkeypatch.setattr(hider, "hide", hide)
    handle(hider, Message(SPOILER))
    assert threads[0] is not threading.main_thread()


@pytest.mark.parametrize(
    "content",
    [
        f"{SPOILER} " * 80,  # as long as a message can be
        f"{SPOILER}\nFine music, I think, and a lovely film. " * 20 + "x" * 300,  # too long by the marks alone
        "In the end he dies and " * 170,  # one sentence
        f"||{'Anna lives. ' * 150}|| {SPOILER * 5}",
    ],
    ids=lambda content: content[:30],
)
def test_what_is_too_long_for_a_post_comes_in_several_and_shows_nothing(hider: SpoilerHider, content: str) -> None:
    content = content[:4_000].strip()
    *sent, deleted = handle(hider, Message(content))
    posts = [post for _, post, *_ in sent]
    assert deleted == ("delete", content)
    assert len(posts) > 1
    assert all(post.strip() and len(post) <= MAX_POST for post in posts)
    assert not re.search("dies|lives|killer", " ".join(map(seen, posts)))


def seen(post: str) -> str:
    """What Discord shows before a click."""
    return re.sub(r"\|\|[\s\S]+?\|\|", "", post)


PIECES = ["In the end Ophelia dies.", "Laertes is the killer", "||Yorick is dead.||", "||Osric", "dies|| in the end."]
PIECES += ["Fine music!", "See **it**", "```", "`", "||", "\n\n", "> ", "<@9>", "*", "Gertrude drinks poison and dies."]
NAMES = {"Ophelia", "Laertes", "Yorick", "Osric", "Gertrude"}


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map(" ".join), st.integers(12, 90))
def test_no_part_is_too_long_and_none_shows_a_spoiler(content: str, size: int) -> None:
    verdicts = spoilerguard.classify(content, markup="discord")
    hidden, shown = (
        {name for name in NAMES for one in verdicts if (one.is_spoiler or one.marked) == side and name in one.text}
        for side in (True, False)
    )
    parts = in_parts(content, verdicts, size)
    assert all(len(part) <= size for part in parts)
    assert not [name for name in hidden - shown for part in parts if name in seen(part)]
