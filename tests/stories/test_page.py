"""The page of the telephone network, in a real browser: two telephones, the ladder, the webhooks, the clock.

The application connects whoever calls; tests/stories/pages.py says what stands on the page.
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from starlette.requests import Request
from starlette.responses import Response

from tests.stories.pages import (
    Network,
    copied_story,
    has_state,
    hears,
    needs_chromium,
    opened,
    served,
    telephone,
    twiml,
)

AIKO, BEN = "+819011110001", "+819022220002"
LINE, MENU, WRONG = "+815012345678", "+815012345679", "+815012345670"

pytestmark = needs_chromium


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


# ---- the network and the browser ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with served({"/connect": connect, "/menu": menu, "/chosen": chosen, "/wrong": wrong}) as application:
        network = Network()
        for number, path in ((LINE, "/connect"), (MENU, "/menu"), (WRONG, "/wrong")):
            wishes = {"phone_number": number, "voice_url": application + path, "capabilities": {"voice": True}}
            network.call("POST", "/numbers", wishes)
        yield network
        network.stop()


@pytest.fixture
def narrow() -> bool:
    return False


@pytest.fixture
def page(browser: Browser, network: Network, narrow: bool) -> Iterator[Page]:
    aiko = {"name": "Aiko", "suggests": [{"number": LINE, "reaches": "Ben"}]}
    with opened(browser, network, {AIKO: aiko, BEN: {"name": "Ben"}}, narrow) as page:
        yield page


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


@pytest.mark.glance
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


def test_a_wrong_number_is_refused_and_a_telephone_is_added_and_can_be_called(page):
    field = page.get_by_label("Aiko: number to dial")
    field.fill("12")
    field.press("Enter")
    expect(telephone(page, "Aiko").get_by_role("alert")).to_have_text("This is not a telephone number.")
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


def test_every_message_is_an_arrow_and_it_and_its_webhook_mark_each_other(page):
    connected(page)
    arrows = page.get_by_label("Messages in the order of time").locator(".arrow")
    wanted = ["calls", "POST /connect", "<Dial>", "answers", "rings, shows 050-1234-5678", "answers", "talking"]
    expect(arrows).to_have_text(wanted)
    expect(page.get_by_role("button", name="050-1234-5678 to Ben: rings, shows 050-1234-5678")).to_be_visible()
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


def test_what_the_network_has_forgotten_is_gone_from_the_page(browser):
    network = Network(keeps=2)
    with served({"/connect": connect}) as application:
        wishes = {"phone_number": LINE, "voice_url": f"{application}/connect", "capabilities": {"voice": True}}
        network.call("POST", "/numbers", wishes)
        with opened(browser, network, {AIKO: {"name": "Aiko"}, BEN: {"name": "Ben"}}) as page:
            for _ in range(8):
                network.call("POST", f"/phones/{AIKO}/dial", {"to": LINE})
                expect(page.locator(".hook").first).to_be_visible()  # the page has seen it
                network.call("POST", f"/phones/{AIKO}/hangup")
            remembered = network.call("GET", "/webhooks")["webhooks"]
            assert len(remembered) < 4
            expect(page.locator(".hook")).to_have_count(len(remembered))
    network.stop()


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
    deeds = [line.strip() for line in copied_story(page).splitlines() if re.match(r"    (aiko|ben|clock)\.", line)]
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
