"""The page of the telephone network in a real browser: what is needed to open it, and the words for what stands on it.

The network runs by itself at pace 1, with a small application of the test: the page knows no exchange.
"""

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.conftest import ROOT, free_port

CHROMIUM = Path("/usr/bin/chromium")

PATIENCE_MS = 90_000  # for what appears at once on a machine that has nothing else to do
expect.set_options(timeout=PATIENCE_MS)

needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed (apt install chromium)")


def twiml(verbs: str) -> Response:
    return Response(f"<Response>{verbs}</Response>", media_type="text/xml")


@contextlib.contextmanager
def served(answers: dict[str, Callable[[Request], Awaitable[Response]]]) -> Iterator[str]:
    """An application with these answers; its address."""
    port = free_port()
    app = Starlette(routes=[Route(path, answer, methods=["GET", "POST"]) for path, answer in answers.items()])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


class Network:
    """A network in its own process, and the few things that a test does to it behind the page's back."""

    def __init__(self, keeps: int = 0) -> None:
        self.address = f"http://127.0.0.1:{free_port()}"
        settings = ["--pace", "1", "--port", self.address.rsplit(":", 1)[1], "--keeps", str(keeps)]
        command = [sys.executable, "-m", "local.network", *settings]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "infra")}
        nowhere = subprocess.DEVNULL
        self.process = subprocess.Popen(command, env=environment, stdout=nowhere, stderr=nowhere)
        self.http = httpx.Client(base_url=self.address, trust_env=False, verify=False, timeout=300)
        while not self.is_ready():
            assert self.process.poll() is None, "the network does not start"
            time.sleep(0.05)

    def is_ready(self) -> bool:
        try:
            return self.http.get("/ready").is_success
        except httpx.TransportError:
            return False

    def call(self, method: str, path: str, body: object = None) -> Any:
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    def rest(self, path: str, **wishes: str) -> Any:
        """What the application wishes, through Twilio's REST API."""
        account = self.call("GET", "/account")
        address = f"/2010-04-01/Accounts/{account['account_sid']}/{path}.json"
        answer = self.http.post(address, data=wishes, auth=(account["account_sid"], account["auth_token"]))
        assert answer.is_success, f"{path} {wishes}: {answer.text}"
        return answer.json()

    def stop(self) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(10)


@contextlib.contextmanager
def chromium(home: Path) -> Iterator[Browser]:
    """The browser; what Chromium leaves behind (caches, crash reports, its sound server's folder) lies in `home`."""
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        places = dict.fromkeys(("HOME", "TMPDIR", "XDG_RUNTIME_DIR"), str(home))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags, env={**os.environ, **places})
        yield browser
        browser.close()


@contextlib.contextmanager
def opened(
    browser: Browser, network: Network, people: dict[str, dict[str, Any]], narrow: bool = False
) -> Iterator[Page]:
    """The page as somebody sees it who has just started the network. Nothing may go wrong in it unseen.

    `people` are the telephones on it: by number, the settings that each has beyond an ordinary one.
    """
    network.call("DELETE", "/world")
    for number, settings in people.items():
        ordinary: dict[str, Any] = {"suggests": [], "answers": "by hand", "withheld": False}
        network.call("PUT", f"/phones/{quote(number)}", ordinary | settings)
    context = browser.new_context(
        viewport={"width": 390, "height": 844} if narrow else {"width": 1440, "height": 900},
        locale="en-US",
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    troubles: list[str] = []

    def foreign(url: str) -> None:
        if not url.startswith((network.address, "data:")):
            troubles.append(f"the page asks for {url}")

    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda line: troubles.append(line.text) if line.type in ("error", "warning") else None)
    page.on("request", lambda request: foreign(request.url))
    page.goto(network.address)
    expect(telephone(page, next(iter(people.values()))["name"])).to_be_visible()
    yield page
    context.close()
    assert not troubles, troubles


# ---- what stands on it ----------------------------------------------------------------------------------------------


def telephone(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=re.compile(f"^{name},"))


def has_state(page: Page, name: str, state: str) -> None:
    expect(page.get_by_role("group", name=re.compile(f"^{name}, [-0-9]+, {state}$"))).to_be_visible()


def hears(page: Page, name: str, words: str) -> None:
    expect(page.get_by_role("log", name=f"What {name} hears")).to_contain_text(words)


def copied_story(page: Page) -> str:
    """What "Copy as story" has put on the clipboard; it is Python."""
    page.get_by_role("button", name="Copy as story").click()
    expect(page.get_by_role("status")).to_have_text("The story is on the clipboard.")
    story: str = page.evaluate("navigator.clipboard.readText()")
    compile(story, "story", "exec")
    return story
