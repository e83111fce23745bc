"""What a reader sees of a text at the places that the styles are made for, by the real renderers where they exist.

Each entry of `RENDERERS` takes many texts at once and gives what is visible of each before anything is opened. A
renderer that is not installed skips the test. Those from npm are found where node finds them: in node_modules of the
working directory, or in a folder named by NODE_PATH.
"""

import importlib.util
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

import pytest

Render = Callable[[Sequence[str]], list[str]]

_HIDING = re.compile(r"spoiler(?!guard)")
_VOID = {"br", "hr", "img", "input", "wbr"}


class _Visible(HTMLParser):
    """The text of a page without what is behind <details>, <spoiler> or a class for spoilers; its links by the way."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, bool]] = []
        self.text = ""
        self.links: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        hides = tag in {"details", "spoiler"} or any(
            name == "class" and _HIDING.search(value or "") for name, value in attrs
        )
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in _VOID:
            self.open.append((tag, hides))

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self.open) - 1, -1, -1):
            if self.open[place][0] == tag:
                del self.open[place:]
                return

    def parse_marked_section(self, i: int, report: int = 1) -> int:
        """As browsers do; the parser itself raises at what it does not know."""
        return self.parse_bogus_comment(i, bool(report))

    def handle_data(self, data: str) -> None:
        if not any(hides for _, hides in self.open):
            self.text += data


def visible_text(page: str) -> str:
    """What a browser shows of a page while everything is closed."""
    return _Visible(page).text


def links(page: str) -> list[str]:
    """Where the links of a page lead."""
    return _Visible(page).links


def _by_node(script: str, texts: Sequence[str], package: str) -> list[str]:
    node = shutil.which("node")
    if node is None:
        pytest.skip(f"needs node and npm install {package}")
    program = (
        f"const r = require({package!r}); const t = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        f"process.stdout.write(JSON.stringify(t.map(text => {script})))"
    )
    done = subprocess.run(
        [node, "-e", program], input=json.dumps(list(texts)), capture_output=True, text=True, check=False
    )
    if done.returncode:
        if "Cannot find module" in done.stderr:
            pytest.skip(f"needs npm install {package}")
        raise AssertionError(done.stderr)
    pages: list[str] = json.loads(done.stdout)
    return pages


def snudown(texts: Sequence[str]) -> list[str]:
    """Reddit's own renderer."""
    return _by_node("r.markdown(text)", texts, "snudown-js")


def discord_markdown(texts: Sequence[str]) -> list[str]:
    """Discord's Markdown, rebuilt from its application's own rules."""
    return _by_node("r.toHTML(text)", texts, "discord-markdown")


def cmark_gfm(texts: Sequence[str]) -> list[str]:
    """GitHub's renderer, which lets HTML through."""
    cmarkgfm = pytest.importorskip("cmarkgfm", reason="needs cmarkgfm")
    options = pytest.importorskip("cmarkgfm.cmark").Options.CMARK_OPT_UNSAFE
    pages = [cmarkgfm.github_flavored_markdown_to_html(text, options) for text in texts]
    return [str(page) for page in pages]


def commonmark(texts: Sequence[str]) -> list[str]:
    """The reference implementation in Python."""
    module = pytest.importorskip("commonmark", reason="needs commonmark")
    return [str(module.commonmark(text)) for text in texts]


def markdown_it(texts: Sequence[str], *, html: bool = True) -> list[str]:
    """GitHub's Markdown by markdown-it, with links made of bare addresses where it can."""
    module = pytest.importorskip("markdown_it", reason="needs markdown-it-py")
    linkify = importlib.util.find_spec("linkify_it") is not None
    parser = module.MarkdownIt("gfm-like", {"html": html, "linkify": linkify})
    return [str(parser.render(text)) for text in texts]


def markdown_it_container(texts: Sequence[str]) -> list[str]:
    """Lemmy's way: markdown-it without HTML, and its plugin for containers."""
    module = pytest.importorskip("markdown_it", reason="needs markdown-it-py")
    plugin = pytest.importorskip("mdit_py_plugins.container", reason="needs mdit-py-plugins")

    def draw(self: Any, tokens: Any, at: int, options: Any, env: Any) -> str:
        return "<details><summary>title</summary>" if tokens[at].nesting == 1 else "</details>"

    parser = module.MarkdownIt("gfm-like", {"html": False, "linkify": False})
    parser.use(plugin.container_plugin, name="spoiler", render=draw)
    return [str(parser.render(text)) for text in texts]


def _between(opening: str, closing: str) -> Render:
    """For places whose renderer is not to be had: by the documentation, from the first mark to the next closing."""
    pattern = re.compile(f"{re.escape(opening)}.*?{re.escape(closing)}", re.DOTALL)
    return lambda texts: [pattern.sub("", text) for text in texts]


def _shown(render: Render) -> Render:
    return lambda texts: [visible_text(page) for page in render(texts)]


def _as_it_is(texts: Sequence[str]) -> list[str]:
    return list(texts)


RENDERERS: Mapping[tuple[str, str], Render] = {
    ("block", "text"): _as_it_is,
    ("plain", "text"): _as_it_is,
    ("mastodon", "text"): _as_it_is,
    ("html", "parser"): _shown(_as_it_is),
    ("markdown", "cmark-gfm"): _shown(cmark_gfm),
    ("markdown", "commonmark"): _shown(commonmark),
    ("markdown", "markdown-it"): _shown(markdown_it),
    ("commonmark", "markdown-it without HTML"): _shown(lambda texts: markdown_it(texts, html=False)),
    ("discord", "discord-markdown"): _shown(discord_markdown),
    ("reddit", "snudown"): _shown(snudown),
    ("lemmy", "markdown-it's container"): _shown(markdown_it_container),
    ("anilist", "documentation"): _between("~!", "!~"),
    ("goodreads", "documentation"): _between("<spoiler>", "</spoiler>"),
    ("bbcode", "documentation"): _between("[spoiler]", "[/spoiler]"),
}
