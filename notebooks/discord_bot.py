"""A Discord bot that hides what gives the story away, to copy and to change.

Start it with ``DISCORD_TOKEN=… python discord_bot.py`` once ``discord.py`` is installed. In Discord's developer portal
the bot needs the intent "Message Content"; in a channel, the permissions to read, to send and to attach files. With
"Manage Messages" a post that shows a spoiler is deleted and posted again with the spoiler behind bars, else it is
answered by that.

The class knows nothing of the network and does not import discord.py: it can be tried with any stand-in for a message.
"""

import asyncio
import os
import re
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import spoilerguard
from spoilerguard import Label, SpoilerClassifier, Verdict
from spoilerguard.rendering import redact_verdicts

if TYPE_CHECKING:
    import discord

# Bars hide here, unless they are escaped or stand in code; the marks of other places hide nothing.
BARS = re.compile(r"\\.|(`+)(?!`).+?(?<!`)\1(?!`)|(?P<bars>\|\|.+?\|\|)", re.DOTALL)
MAX_POST = 2_000  # characters of a bot's post; those who pay Discord may write 4,000


class SpoilerHider:
    """Hides the spoilers of messages.

    `no_mentions` is ``discord.AllowedMentions.none()``: nobody is notified a second time. `gone` is
    ``discord.NotFound``, which is raised where a message has been deleted.
    """

    def __init__(
        self,
        no_mentions: "discord.AllowedMentions",
        gone: type[Exception],
        *,
        model: SpoilerClassifier | None = None,
        threshold: str | float | None = None,
        n_threads: int = 2,
    ) -> None:
        self.no_mentions, self.gone = no_mentions, gone
        self.model, self.threshold = model or spoilerguard.load(), threshold
        self.pool = ThreadPoolExecutor(n_threads, thread_name_prefix="classify")

    async def on_message(self, message: "discord.Message") -> None:
        """Hide the spoilers of a message of a person in a server."""
        if message.author.bot or message.guild is None or not message.content.strip():
            return
        heading = f"{message.author.mention}:\n"
        loop = asyncio.get_running_loop()  # which must not wait for the model
        posts = await loop.run_in_executor(self.pool, self.hide, message.content, MAX_POST - len(heading))
        if not posts:
            return
        posts[0] = heading + posts[0]
        if message.channel.permissions_for(message.guild.me).manage_messages:
            await self._replace(message, posts)
        else:
            for post in posts:
                await message.reply(post, allowed_mentions=self.no_mentions)

    async def on_message_edit(self, before: "discord.Message", after: "discord.Message") -> None:
        """The same, where its text has changed: Discord also calls it an edit when it adds a preview."""
        if before.content != after.content:
            await self.on_message(after)

    def hide(self, content: str, size: int = MAX_POST) -> list[str]:
        """A text with its spoilers hidden, in posts of at most so many characters; nothing where it shows none.

        A sentence in which its author has hidden something by bars is left to the author. A text that does not seem to
        be English is left alone.
        """
        verdicts = spoilerguard.classify(content, model=self.model, threshold=self.threshold, markup="discord")
        left = [found.span() for found in BARS.finditer(content) if found["bars"]]
        shown = [one for one in verdicts if not any(one.start < end and start < one.end for start, end in left)]
        if verdicts.language is not None or not any(one.is_spoiler for one in shown):
            return []
        post = redact_verdicts(content, shown, "discord", markup="discord")
        return [post] if len(post) <= size else in_parts(content, verdicts, size)

    async def _replace(self, message: "discord.Message", posts: Sequence[str]) -> None:
        """Post first and delete then: what somebody has written must not be lost."""
        files = [await one.to_file(spoiler=one.is_spoiler()) for one in message.attachments]
        sent = [await message.channel.send(posts[0], files=files, allowed_mentions=self.no_mentions)]
        sent += [await message.channel.send(post, allowed_mentions=self.no_mentions) for post in posts[1:]]
        try:
            await message.delete()
        except self.gone:  # its author was quicker, and what was taken back must not stand here
            for post in sent:
                await post.delete()


def in_parts(content: str, verdicts: Sequence[Verdict], size: int) -> list[str]:
    """A long text hidden, halved between two sentences until each part fits.

    A part is redacted by itself, so that no mark is torn. A sentence that its author has marked is hidden whole: the
    marks around it may stand in another part. A sentence longer than a post is masked, since masks can be cut anywhere.
    """
    hidden = [replace(one, label=Label.SPOILER) if one.marked else one for one in verdicts]
    post = redact_verdicts(content, hidden, "discord", markup="discord")
    if len(post) <= size:
        return [post]
    if len(verdicts) < 2:
        masked = redact_verdicts(content, hidden, "block", markup="discord")
        return [masked[start : start + size] for start in range(0, len(masked), size)]
    middle = len(verdicts) // 2
    cut = verdicts[middle].start
    later = [replace(verdict, start=verdict.start - cut, end=verdict.end - cut) for verdict in verdicts[middle:]]
    return [*in_parts(content[:cut], verdicts[:middle], size), *in_parts(content[cut:], later, size)]


def main() -> None:
    import discord

    warnings.filterwarnings("ignore", category=UserWarning)  # each would stay in memory, with the text that it quotes
    intents = discord.Intents.default()
    intents.message_content = True
    client = discord.Client(intents=intents)
    hider = SpoilerHider(discord.AllowedMentions.none(), discord.NotFound)
    client.event(hider.on_message)
    client.event(hider.on_message_edit)
    client.run(os.environ["DISCORD_TOKEN"])


if __name__ == "__main__":
    main()
