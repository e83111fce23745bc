"""In a real browser: nothing in a review runs, a key opens what is hidden, and it can be read in light and in dark.

Chromium is driven by its chromedriver over plain HTTP (https://www.w3.org/TR/webdriver2/).
"""

import base64
import json
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spoilerguard.monitoring import Deviation, DriftReport
from spoilerguard.notebook import Labeler
from spoilerguard.rendering import redact_verdicts, to_html
from spoilerguard.sentences import split
from spoilerguard.verdicts import Contribution, Explanation, Label, Verdict

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHROMEDRIVER = shutil.which("chromedriver")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None or CHROMEDRIVER is None,
        reason="no browser: apt-get install chromium chromium-driver",
    ),
]

TAB, ENTER, SPACE, ARROW_UP = "\ue004", "\ue007", " ", "\ue013"
ATTACK = (
    '<script>window.ran = "script"</script><img src=x onerror="window.ran=1"> <svg onload="window.ran=2"></svg>'
    "</details></mark></div></span> &lt;b&gt; &amp; <style>*{display:none}</style> \" onclick='window.ran=3'"
    "<iframe srcdoc='<script>parent.ran=4</script>'></iframe> \x1b[31mred\x1b[0m javascript:alert(1)"
)


class Browser:
    """One tab, by the commands of WebDriver."""

    def __init__(self, address: str) -> None:
        self.address = address
        arguments = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --window-size=800,600"
        options = {"binary": CHROMIUM, "args": arguments.split()}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "unhandledPromptBehavior": "ignore"}
        session = self._send("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.address += f"/session/{session['sessionId']}"

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, path: Path) -> None:
        self._send("POST", "/url", {"url": path.as_uri()})

    def run(self, script: str) -> Any:
        return self._send("POST", "/execute/sync", {"script": f"return {script}", "args": []})

    def press(self, *keys: str) -> None:
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._send("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def click(self, selector: str) -> None:
        found = self._send("POST", "/element", {"using": "css selector", "value": selector})
        self._send("POST", f"/element/{next(iter(found.values()))}/click", {})

    def colours(self, scheme: str) -> None:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._devtools("Emulation.setEmulatedMedia", {"features": features})

    def read_aloud(self) -> str:
        """What a screen reader gets, one line for each node that is not ignored."""
        nodes = self._devtools("Accessibility.getFullAXTree", {})["nodes"]
        heard = (node for node in nodes if not node["ignored"])
        return "\n".join(f"{node['role']['value']}: {node.get('name', {}).get('value', '')}" for node in heard)

    def screenshot(self) -> bytes:
        return base64.b64decode(self._send("GET", "/screenshot"))

    def close(self) -> None:
        self._send("DELETE", "")

    def _devtools(self, command: str, parameters: dict[str, Any]) -> Any:
        return self._send("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    driver = subprocess.Popen([str(CHROMEDRIVER), f"--port={port}"], stdout=subprocess.DEVNULL)
    try:
        _wait_for(port)
        tab = Browser(f"http://127.0.0.1:{port}")
        yield tab
        tab.close()
    finally:
        driver.terminate()
        driver.wait(30)


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("chromedriver does not answer")


class Show:
    """Opens pieces of HTML as pages of their own."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.browser, self.path = browser, folder / "page.html"

    def __call__(self, piece: str) -> None:
        self.path.write_text(
            f"<!doctype html><meta charset=utf-8><title>page</title><body>{piece}", "utf-8", newline=""
        )
        self.browser.open(self.path)


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Show:
    return Show(browser, tmp_path)


def verdicts_on(review: str, *spoilers: str) -> list[Verdict]:
    return [
        Verdict(*sentence, Label.SPOILER, 0.9, certain=True)
        if any(spoiler in sentence.text for spoiler in spoilers)
        else Verdict(*sentence, Label.SAFE, 0.1, certain=True)
        for sentence in split(review)
    ]


def explained(verdicts: list[Verdict]) -> list[Explanation]:
    def parts(text: str) -> Iterator[Contribution]:
        for place, word in enumerate(re.finditer(r"\S+", text)):
            yield Contribution(word[0], *word.span(), (-1) ** place * 0.3)

    return [Explanation(one.text, 1.0, 0.73, -0.4, tuple(parts(one.text)), 0.2) for one in verdicts]


REVIEW = "Lovely music. In the end he dies.\n\nShe lives! Great cast."
SEEN = "document.body.innerText"


def test_hidden_text_is_opened_and_closed_by_the_keyboard(browser: Browser, show: Show) -> None:
    show(redact_verdicts(REVIEW, verdicts_on(REVIEW, "dies", "lives"), "html"))
    assert "dies" not in browser.run(SEEN)
    browser.press(TAB, ENTER)
    assert "In the end he dies.\n\nShe lives!" in browser.run(SEEN)
    browser.press(SPACE)
    assert "dies" not in browser.run(SEEN)


def test_hidden_text_is_opened_by_a_click(browser: Browser, show: Show) -> None:
    show(redact_verdicts(REVIEW, verdicts_on(REVIEW, "dies"), "html"))
    browser.click("summary")
    assert "dies" in browser.run(SEEN)


def test_while_closed_the_picture_is_the_same_whatever_is_hidden(browser: Browser, show: Show) -> None:
    pictures = set()
    for hidden in ("He dies.", "He dies, and then, at long last, she does.\n\nHe dies. " * 5):
        review = f"Lovely music. {hidden.strip()} Great cast."
        show(redact_verdicts(review, verdicts_on(review, "dies"), "html"))
        pictures.add(browser.screenshot())
    assert len(pictures) == 1


def test_a_screen_reader_announces_a_spoiler_and_reads_it_only_when_opened(browser: Browser, show: Show) -> None:
    show(redact_verdicts(REVIEW, verdicts_on(REVIEW, "dies"), "html"))
    closed = browser.read_aloud()
    assert "DisclosureTriangle: Spoiler" in closed
    assert "Lovely music." in closed
    assert "dies" not in closed
    browser.press(TAB, ENTER)
    assert "dies" in browser.read_aloud()


def test_hidden_text_flows_with_the_rest_closed_and_open(browser: Browser, show: Show) -> None:
    review = "Lovely music. He dies. Great cast."
    show(redact_verdicts(review, verdicts_on(review, "dies"), "html"))
    height = "document.querySelector('.spoilerguard-redacted').getBoundingClientRect().height"
    assert browser.run(height) < 30, "it takes more than one line"
    browser.press(TAB, ENTER)
    assert browser.run(height) < 30, "it takes more than one line"


@pytest.mark.parametrize("spoiler", ["window", "nothing"])
def test_nothing_in_a_review_runs(browser: Browser, show: Show, spoiler: str) -> None:
    verdicts = verdicts_on(ATTACK, spoiler)
    for piece in (redact_verdicts(ATTACK, verdicts, "html"), to_html(ATTACK, verdicts, explained(verdicts))):
        show(piece)
        browser.run("document.querySelectorAll('details').forEach(each => { each.open = true })")
        time.sleep(0.2)
        assert browser.run("window.ran") is None
        assert browser.run("document.querySelectorAll('script, img, svg, iframe, [onclick]').length") == 0
        assert "<script>window.ran" in browser.run(SEEN)


@pytest.mark.parametrize("style", ["markdown", "goodreads"])
def test_nothing_in_a_review_runs_where_html_is_let_through(browser: Browser, show: Show, style: str) -> None:
    show(redact_verdicts(ATTACK, verdicts_on(ATTACK, "window"), style))
    assert browser.run("window.ran") is None
    assert browser.run("document.querySelectorAll('script, img, svg, iframe, style').length") == 0


def test_the_browser_gives_the_review_back(browser: Browser, show: Show) -> None:
    every = "".join(chr(code) for code in [*range(1, 0x300), 0x2028, 0xFDD0, 0xFEFF, 0xFFFF, 0x1F600])
    review = f"{every}\r\n\r\n &amp; &#65; He dies. \r{every}"
    show(redact_verdicts(review, verdicts_on(review, "dies"), "html"))
    browser.run("document.querySelectorAll('style, summary').forEach(each => each.remove())")
    # A line separator is shown as what it is, a line break: some renderers would end a mark at it.
    assert browser.run("document.querySelector('.spoilerguard-redacted').textContent") == review.replace("\u2028", "\n")


CONTRAST = """(() => {
const canvas = document.createElement('canvas'); canvas.width = canvas.height = 1;
const pen = canvas.getContext('2d', { willReadFrequently: true });
const painted = colours => { colours.forEach(colour => { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1) });
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0) };
const page = getComputedStyle(document.querySelector('.spoilerguard, .spoilerguard-report, .spoilerguard-labeler'));
const text = 'mark, .weights > span, .spoilerguard-report :is(p, caption, th, td), '
  + '.spoilerguard-labeler :is(button:enabled, .text, .opinion)';
return [...document.querySelectorAll(text)].map(element => {
  const { color, backgroundColor } = getComputedStyle(element);
  const [low, high] = [painted([page.backgroundColor, backgroundColor]), painted([color])].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05) }) })()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_highlighted_review_has_contrast_in_light_and_dark(browser: Browser, show: Show, scheme: str) -> None:
    verdicts = [
        Verdict(*sentence, Label.SPOILER, probability, certain=True)
        for sentence, probability in zip(split(REVIEW), (0.3, 0.6, 0.9, 1.0), strict=True)
    ]
    browser.colours(scheme)
    show(to_html(REVIEW, verdicts, explained(verdicts)))
    browser.run("document.querySelectorAll('details').forEach(each => { each.open = true })")
    page = browser.run("getComputedStyle(document.querySelector('.spoilerguard')).backgroundColor")
    assert (page == "rgb(255, 255, 255)") == (scheme == "light")
    contrasts = browser.run(CONTRAST)
    assert len(contrasts) > len(verdicts)
    assert min(contrasts) >= 4.5, "WCAG 2.2, AA"
    assert browser.screenshot().startswith(b"\x89PNG")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_is_a_readable_table_on_a_bare_page(browser: Browser, show: Show, scheme: str) -> None:
    browser.colours(scheme)
    show(DriftReport(40, "films", (Deviation("language", 0.2, 0.01, 0.0, 0.2),))._repr_html_())
    assert min(browser.run(CONTRAST)) >= 4.5, "WCAG 2.2, AA"
    style = browser.run("Object.fromEntries(Object.entries(getComputedStyle(document.querySelector('td'))))")
    assert style["borderBottomStyle"] == "solid"
    assert style["textAlign"] == "left"
    assert "serif" not in style["fontFamily"].replace("sans-serif", "")
    page = browser.run("getComputedStyle(document.querySelector('.spoilerguard-report')).backgroundColor")
    assert (page == "rgb(255, 255, 255)") == (scheme == "light")


def test_a_notebooks_own_theme_goes_before_that_of_the_system(browser: Browser, show: Show) -> None:
    browser.colours("dark")
    show(f'<div data-jp-theme-light="true">{to_html(REVIEW, verdicts_on(REVIEW, "dies"))}</div>')
    page = browser.run("getComputedStyle(document.querySelector('.spoilerguard')).backgroundColor")
    assert page == "rgb(255, 255, 255)"


def test_reasons_are_opened_by_the_keyboard(browser: Browser, show: Show) -> None:
    verdicts = verdicts_on(REVIEW, "dies")
    show(to_html(REVIEW, verdicts, explained(verdicts)))
    assert "log odds" not in browser.run(SEEN)
    browser.press(TAB, ENTER, TAB, ENTER)
    assert "log odds" in browser.run(SEEN)


# What a notebook does with a widget, as far as its page asks for it (anywidget's front-end module).
HOST = """<script type="module">
const listeners = [];
window.sent = [];
window.model = {
  view: %s,
  get(name) { return this[name]; },
  set(name, value) {
    this[name] = value;
    listeners.filter((one) => one.event === `change:${name}`).forEach((one) => one.listener());
  },
  on(event, listener) { listeners.push({ event, listener }); },
  off(event, listener) { listeners.splice(listeners.findIndex((one) => one.listener === listener), 1); },
  send(message) { window.sent.push(message); },
};
const url = URL.createObjectURL(new Blob([%s], { type: "text/javascript" }));
const cleanup = (await import(url)).default.render({ model: window.model, el: document.querySelector("#cell") });
window.remove = () => { cleanup(); return listeners.length; };
</script><style>%s</style><div id="cell"></div>"""


class Page:
    """A `Labeler` and the page that shows it; what a kernel does between the two."""

    def __init__(self, labeler: Labeler, show: Show) -> None:
        self.widget, self.browser = labeler.widget, show.browser
        view, module = (json.dumps(content).replace("</", "<\\/") for content in (self.widget.view, self.widget._esm))
        show(HOST % (view, module, self.widget._css))
        while not self.browser.run("document.querySelector('li')"):
            time.sleep(0.05)

    def press(self, *keys: str) -> list[dict[str, Any]]:
        self.browser.press(*keys)
        return self._answer()

    def click(self, selector: str) -> list[dict[str, Any]]:
        self.browser.click(selector)
        return self._answer()

    def _answer(self) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = self.browser.run("window.sent.splice(0)")
        for message in sent:
            self.widget._handle_custom_msg(message, [])
        self.browser.run(f"window.model.set('view', {json.dumps(self.widget.view)})")
        return sent


def test_reviews_are_labelled_by_clicks_and_keys_and_nothing_in_them_runs(
    browser: Browser, show: Show, tmp_path: Path
) -> None:
    labeler = Labeler([f"{REVIEW}\n\n{ATTACK}", REVIEW], tmp_path / "labels.jsonl")
    page = Page(labeler, show)
    labels = labeler.reviews[0].labels
    assert page.click("li:nth-child(2) button:nth-child(3)") == [
        {"action": "label", "grade": 2, "sentence": 1, "review": 0}
    ]
    assert labels[:4] == [None, 2, None, None]
    page.press("j", "1", ARROW_UP, ARROW_UP, "0")
    assert labels[:4] == [0, 2, 1, None]
    page.press("u")
    assert labels[:4] == [None, 2, 1, None]
    page.click("li:nth-child(4) .text")
    assert browser.run("document.querySelector('li[aria-current] .text').textContent") == "Great cast."
    assert browser.run("document.querySelectorAll('.opinion').length") == 0
    page.press("m")
    opinions = [opinion["text"] for opinion in labeler.widget.view["opinion"]]
    assert browser.run("[...document.querySelectorAll('.opinion')].map(each => each.textContent)") == opinions

    seen = "[...document.querySelectorAll('.text')].map(each => each.textContent)"
    assert browser.run(seen) == labeler.widget.view["sentences"]
    assert browser.run("window.ran") is None
    assert browser.run("document.querySelectorAll('#cell :is(script, img, svg, iframe, style, details)').length") == 0
    for scheme in ("light", "dark"):
        browser.colours(scheme)
        contrasts = browser.run(CONTRAST)
        assert len(contrasts) > 4 * 4
        assert min(contrasts) >= 4.5, "WCAG 2.2, AA"

    page.press("n", "2", "n")
    assert labels[:4] == [0, 2, 1, 0]
    assert "Review 2 of 2" in browser.run("document.querySelector('[role=status]').textContent")
    page.press("2")
    assert page.press("n", "c") == [{"action": "next", "review": 1}]
    assert labeler.reviews[1].labels == [2, 0, 0, 0]
    assert "all labelled" in browser.run(SEEN)
    page.press("p", "p")
    assert browser.run("window.remove()") == 0
