"""The page of the telephone network, in a real browser: two telephones, the ladder, the webhooks, the clock.

The network runs by itself at pace 1, with a small application that connects whoever calls: the page knows no exchange.
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, quote

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
AIKO, BEN = "+819011110001", "+819022220002"
LINE, MENU, WRONG = "+815012345678", "+815012345679", "+815012345670"

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed (apt install chromium)")


# ---- the application ------------------------------------------------------------------------------------------------


async def connect(request: Request) -> Response:
    """Whoever calls is put through to Ben, and Ben sees the line."""
    params = dict(parse_qsl((await request.body()).decode()))
    return twiml(f'<Dial callerId="{params["To"]}" timeout="25"><Number>{BEN}</Number></Dial>')


async def menu(_: Request) -> Response:
    return twiml('<Gather numDigits="1" action="/chosen" timeout="60"><Say>Press one.</Say></Gather>')


async def chosen(request: Request) -> Response:
    params = dict(parse_qsl((await request.body()).decode()))
    return twiml(f"<Say>You have pressed {params['Digits']}.</Say>")


async def wrong(_: Request) -> Response:
    return twiml("<Shout>Hello</Shout>")


def twiml(verbs: str) -> Response:
    return Response(f"<Response>{verbs}</Response>", media_type="text/xml")


ROUTES = {"/connect": connect, "/menu": menu, "/chosen": chosen, "/wrong": wrong}


@pytest.fixture(scope="module")
def application() -> Iterator[str]:
    port = free_port()
    app = Starlette(routes=[Route(path, answer, methods=["POST"]) for path, answer in ROUTES.items()])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


# ---- the network and the browser ------------------------------------------------------------------------------------


class Network:
    """A network in its own process, and the few things that a test does to it behind the page's back."""

    def __init__(self) -> None:
        self.address = f"http://127.0.0.1:{free_port()}"
        command = [sys.executable, "-m", "local.network", "--pace", "1", "--port", self.address.rsplit(":", 1)[1]]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "infra")}
        nowhere = subprocess.DEVNULL
        self.process = subprocess.Popen(command, env=environment, stdout=nowhere, stderr=nowhere)
        self.http = httpx.Client(base_url=self.address, trust_env=False, timeout=20)
        deadline = time.monotonic() + 20
        while not self.is_ready():
            assert time.monotonic() < deadline, "the network does not start"
            time.sleep(0.05)

    def is_ready(self) -> bool:
        try:
            return self.http.get("/ready").is_success
        except httpx.TransportError:
            return False

    def call(self, method: str, path: str, body: object = None) -> None:
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.text}"

    def stop(self) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="module")
def network(application: str) -> Iterator[Network]:
    network = Network()
    for number, path in ((LINE, "/connect"), (MENU, "/menu"), (WRONG, "/wrong")):
        wishes = {"phone_number": number, "voice_url": application + path, "capabilities": {"voice": True}}
        network.call("POST", "/numbers", wishes)
    yield network
    network.stop()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        # Chromium leaves caches, crash reports and its sound server's folder behind
        home = dict.fromkeys(("HOME", "TMPDIR", "XDG_RUNTIME_DIR"), str(tmp_path_factory.mktemp("home")))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags, env={**os.environ, **home})
        yield browser
        browser.close()


@pytest.fixture
def narrow() -> bool:
    return False


@pytest.fixture
def page(browser: Browser, network: Network, narrow: bool) -> Iterator[Page]:
    """The page as somebody sees it who has just started the network. Nothing may go wrong in it unseen."""
    network.call("DELETE", "/world")
    for number, name, suggests in ((AIKO, "Aiko", [{"number": LINE, "reaches": "Ben"}]), (BEN, "Ben", [])):
        settings = {"name": name, "suggests": suggests, "answers": "by hand", "withheld": False}
        network.call("PUT", f"/phones/{quote(number)}", settings)
    context = browser.new_context(
        viewport={"width": 390, "height": 844} if narrow else {"width": 1440, "height": 900},
        locale="en-US",
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = context.new_page()
    page.set_default_timeout(6000)
    troubles: list[str] = []

    def foreign(url: str) -> None:
        if not url.startswith((network.address, "data:")):
            troubles.append(f"the page asks for {url}")

    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda line: troubles.append(line.text) if line.type in ("error", "warning") else None)
    page.on("request", lambda request: foreign(request.url))
    page.goto(network.address)
    expect(telephone(page, "Aiko")).to_be_visible()
    yield page
    context.close()
    assert not troubles, troubles


def telephone(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=re.compile(f"^{name},"))


def has_state(page: Page, name: str, state: str) -> None:
    expect(page.get_by_role("group", name=re.compile(f"^{name}, [-0-9]+, {state}$"))).to_be_visible()


def hears(page: Page, name: str, words: str) -> None:
    expect(page.get_by_role("log", name=f"What {name} hears")).to_contain_text(words)


def go_to(field: Locator) -> None:
    """By the Tab key."""
    for _ in range(40):
        if field.evaluate("field => field === document.activeElement"):
            return
        field.page.keyboard.press("Tab")
    raise AssertionError("the field cannot be reached by the Tab key")


def connected(page: Page) -> None:
    """Aiko has called Ben, and he has answered."""
    telephone(page, "Aiko").get_by_role("button", name="to reach Ben").click()
    telephone(page, "Ben").get_by_role("button", name="Answer").click()
    has_state(page, "Ben", "Talking")


# ---- telephones -----------------------------------------------------------------------------------------------------


def test_who_sees_the_page_for_the_first_time_is_told_what_to_dial(page):
    page.get_by_label("What happens").get_by_role("button", name="Dial 050-1234-5678 to reach Ben").click()
    has_state(page, "Ben", "Ringing")
    expect(telephone(page, "Ben").locator(".lcd")).to_contain_text("050-1234-5678")


def test_two_people_talk_by_mouse(page):
    aiko, ben = telephone(page, "Aiko"), telephone(page, "Ben")
    for digit in "05012345678":
        aiko.locator(f".key[data-key='{digit}']").click()
    aiko.get_by_role("button", name="Dial", exact=True).click()
    has_state(page, "Ben", "Ringing")
    ben.get_by_role("button", name="Answer").click()
    has_state(page, "Aiko", "Talking")
    words = (
        "Hello Aiko, this is Ben, and what I want to tell you takes me about ten seconds, so that nobody can miss how "
    )
    words += "one word after the other appears."
    ben.get_by_label("Ben: what to say").fill(words)
    ben.get_by_role("button", name="Say it").click()
    hears(page, "Aiko", words)
    expect(aiko.locator(".word.said").first).to_have_text("Hello")
    expect(aiko.locator(".word").last).not_to_have_class(re.compile("said"))
    aiko.get_by_role("button", name="Hang up").click()
    has_state(page, "Aiko", "Ready")
    has_state(page, "Ben", "Ready")


def test_two_people_talk_by_keyboard_alone(page):
    keys = page.keyboard
    aiko, ben = page.get_by_label("Aiko: number to dial"), page.get_by_label("Ben: number to dial")
    go_to(aiko)
    keys.type("05012345678")
    keys.press("Enter")
    has_state(page, "Ben", "Ringing")
    go_to(ben)
    keys.press("Enter")
    has_state(page, "Ben", "Talking")
    keys.type("good morning")  # letters are no digits: they are said
    keys.press("Enter")
    hears(page, "Aiko", "good morning")
    keys.press("Escape")
    has_state(page, "Aiko", "Ready")
    has_state(page, "Ben", "Ready")


def test_keys_pressed_during_a_call_reach_the_application(page):
    field = page.get_by_label("Aiko: number to dial")
    field.fill("050-1234-5679")
    field.press("Enter")
    hears(page, "Aiko", "Press one.")
    page.keyboard.press("1")
    hears(page, "Aiko", "You have pressed 1.")
    expect(page.locator(".arrow.digits")).to_contain_text("presses 1")


def test_a_telephone_can_be_busy_or_answer_by_itself(page):
    ben = telephone(page, "Ben")
    ben.get_by_text("By itself").first.click()
    ben.get_by_role("combobox").select_option("at once")
    telephone(page, "Aiko").get_by_role("button", name="to reach Ben").click()
    has_state(page, "Ben", "Talking")


def test_a_wrong_number_is_refused_where_it_was_dialed(page):
    field = page.get_by_label("Aiko: number to dial")
    field.fill("12")
    field.press("Enter")
    expect(telephone(page, "Aiko").get_by_role("alert")).to_have_text("This is not a telephone number.")


def test_a_telephone_is_added_and_can_be_called(page):
    page.get_by_role("button", name="Add a telephone").click()
    page.get_by_label("Name").last.fill("Chie")
    page.get_by_label("Number").last.fill("090-3333-0003")
    page.get_by_role("button", name="Add", exact=True).click()
    has_state(page, "Chie", "Ready")
    field = page.get_by_label("Aiko: number to dial")
    field.fill("09033330003")
    field.press("Enter")
    has_state(page, "Chie", "Ringing")


# ---- ladder, webhooks, clock ----------------------------------------------------------------------------------------


def test_every_message_is_an_arrow_between_its_parties(page):
    connected(page)
    arrows = page.get_by_label("Messages in the order of time").locator(".arrow")
    wanted = ["calls", "POST /connect", "<Dial>", "answers", "rings, shows 050-1234-5678", "answers", "talking"]
    expect(arrows).to_have_text(wanted)
    expect(page.get_by_role("button", name="050-1234-5678 to Ben: rings, shows 050-1234-5678")).to_be_visible()


def test_an_arrow_and_its_webhook_mark_each_other(page):
    connected(page)
    arrow, row = page.locator(".arrow.response"), page.locator(".hook")
    arrow.hover()
    expect(row).to_have_class(re.compile("marked"))
    page.locator("h1").hover()
    expect(row).not_to_have_class(re.compile("marked"))
    row.locator(".hook-row").hover()
    expect(arrow).to_have_class(re.compile("marked"))
    arrow.click()
    indented = re.compile(r"<Response>\s+<Dial callerId=.+>\s+<Number>.+</Number>\s+</Dial>")
    expect(row.locator(".twiml")).to_contain_text(indented)
    expect(row.get_by_role("row", name="From", exact=False).first).to_contain_text(AIKO)


def test_an_error_is_explained_and_found_by_the_filter(page):
    connected(page)
    telephone(page, "Aiko").get_by_role("button", name="Hang up").click()
    field = page.get_by_label("Aiko: number to dial")
    field.fill("05012345670")
    field.press("Enter")
    expect(page.locator(".hook")).to_have_count(2)
    page.keyboard.press("/")
    page.keyboard.type("wrong")
    expect(page.locator(".hook")).to_have_count(1)
    page.get_by_label("Filter").fill("")
    page.get_by_label("errors only").check()
    page.locator(".hook-row").click()
    expect(page.locator(".hook-error")).to_contain_text("Error 12200")
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.get_by_role("status")).to_have_text("Copied")
    assert "X-Twilio-Signature" in page.evaluate("navigator.clipboard.readText()")


def test_the_clock_goes_forward_to_what_is_due(page):
    telephone(page, "Aiko").get_by_role("button", name="to reach Ben").click()
    has_state(page, "Ben", "Ringing")
    page.get_by_role("button", name="Ben stops ringing").click()
    has_state(page, "Ben", "Ready")
    expect(page.locator(".arrow.refuse")).to_have_text("no answer")


def test_what_was_done_by_hand_becomes_a_story(page):
    connected(page)
    telephone(page, "Ben").get_by_label("Ben: what to say").fill("Hello")
    page.keyboard.press("Enter")
    hears(page, "Aiko", "Hello")
    page.get_by_role("button", name="+1 min").click()
    telephone(page, "Aiko").get_by_role("button", name="Hang up").click()
    has_state(page, "Ben", "Ready")
    page.get_by_role("button", name="Copy as story").click()
    expect(page.get_by_role("status")).to_have_text("The story is on the clipboard.")
    story = page.evaluate("navigator.clipboard.readText()")
    compile(story, "story", "exec")
    deeds = [line.strip() for line in story.splitlines() if re.match(r"    (aiko|ben|clock)\.", line)]
    waits = [
        deed for deed in deeds if re.match(r"clock\.forward\(seconds=\d\)", deed)
    ]  # as long as this machine needed
    deeds = [deed for deed in deeds if deed not in waits]
    assert deeds == [
        "aiko.dials(line)",
        "ben.rings(showing=line)",
        "ben.answers()",
        'ben.says("Hello")',
        'aiko.hears("Hello")',
        next(deed for deed in deeds if deed.startswith("clock.forward(seconds=6")),
        "aiko.hangs_up()",
    ]


# ---- for everybody --------------------------------------------------------------------------------------------------


def test_the_language_is_switched_and_remembered(page):
    page.get_by_role("button", name="ja", exact=True).click()
    expect(page.get_by_role("heading", name="できごと")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    page.reload()
    expect(page.get_by_role("heading", name="できごと")).to_be_visible()
    page.get_by_role("button", name="en", exact=True).click()
    expect(page.get_by_role("heading", name="What happens")).to_be_visible()


@pytest.mark.parametrize("narrow", [True])
def test_a_narrow_screen_has_tabs_with_the_telephones_first(page):
    expect(page.get_by_role("heading", name="What happens")).to_be_hidden()
    connected(page)
    page.get_by_role("tab", name="What happens").click()
    expect(telephone(page, "Aiko")).to_be_hidden()
    page.locator(".arrow.response").click()
    expect(page.get_by_role("tab", name="Webhooks")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".twiml")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
