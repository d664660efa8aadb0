"""Messages on the page: those that are left on a line and can be listened to, and the texts of the telephones."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from starlette.requests import Request
from starlette.responses import Response

from local.network.recordings import sound
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
LINE, DESK = "+815012345678", "+815012345679"
WORDS = "Please move my appointment to three o'clock"

pytestmark = needs_chromium


# ---- the application ------------------------------------------------------------------------------------------------


async def voicemail(_: Request) -> Response:
    return twiml('<Play>/sounds/please.wav?signed=yes</Play><Record action="/kept" timeout="0" finishOnKey="#"/>')


async def please(_: Request) -> Response:
    return Response(sound.wav([[]], 0, 0.2), media_type="audio/wav")


async def kept(_: Request) -> Response:
    return twiml("<Say>Thank you.</Say>")


async def recorded(_: Request) -> Response:
    return twiml(f'<Dial record="record-from-answer"><Number>{BEN}</Number></Dial>')


async def answered(request: Request) -> Response:
    params = dict(parse_qsl((await request.body()).decode()))
    return twiml(f"<Message>You wrote: {params['Body']}</Message>")


# ---- the network and the browser ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    answers = {"/voicemail": voicemail, "/kept": kept, "/recorded": recorded, "/answered": answered}
    answers["/sounds/please.wav"] = please
    with served(answers) as application:
        network = Network()
        able = {"voice": True, "sms": True}
        for number, path in ((LINE, "/voicemail"), (DESK, "/recorded")):
            urls = {"voice_url": application + path, "sms_url": f"{application}/answered"}
            network.call("POST", "/numbers", {"phone_number": number, "capabilities": able} | urls)
        yield network
        network.stop()


@pytest.fixture
def narrow() -> bool:
    return False


@pytest.fixture
def page(browser: Browser, network: Network, narrow: bool) -> Iterator[Page]:
    aiko = {"name": "Aiko", "suggests": [{"number": LINE, "reaches": "the desk"}]}
    with opened(browser, network, {AIKO: aiko, BEN: {"name": "Ben"}}, narrow) as page:
        yield page


def forward(network: Network, seconds: float) -> None:
    network.call("POST", "/clock", {"advance": seconds})


def thread(page: Page, name: str) -> Locator:
    return page.get_by_role("log", name=f"{name}'s texts")


def leaves_a_message(page: Page, network: Network) -> None:
    telephone(page, "Aiko").get_by_role("button", name="to reach the desk").click()
    hears(page, "Aiko", "beep")
    telephone(page, "Aiko").get_by_label("Aiko: what to say").fill(WORDS)
    page.keyboard.press("Enter")
    hears(page, "Aiko", WORDS)
    forward(network, 5)
    telephone(page, "Aiko").get_by_role("button", name="Hang up").click()
    has_state(page, "Aiko", "Ready")
    forward(network, 3)


# ---- what is recorded -----------------------------------------------------------------------------------------------


def is_heard_up_to(page, second):
    """Waits until that is heard; wait_for_function would evaluate a text in the page, which the page forbids."""
    page.locator("audio").evaluate(
        """(audio, second) => new Promise((heard) => {
          const look = () => (audio.currentTime >= second ? heard() : setTimeout(look, 20));
          look();
        })""",
        second,
    )


def test_a_message_that_was_left_is_listened_to_and_found_from_its_call(page, network):
    leaves_a_message(page, network)
    address = telephone(page, "Aiko").get_by_role("link", name="/sounds/please.wav")
    expect(address).to_have_attribute("href", re.compile(r"/sounds/please\.wav\?signed=yes$"))
    expect(page.locator("[aria-live]").filter(has_text="1 recording")).to_be_attached()  # who cannot see it is told
    page.get_by_role("button", name="1 recording").click()
    one = page.get_by_role("region", name="Recordings").get_by_role("listitem").first
    expect(one).to_contain_text(re.compile("Aiko.*message.*050-1234-5678", re.DOTALL))
    expect(one).to_contain_text(WORDS)
    one.get_by_role("button", name="Listen").click()
    expect(one.get_by_role("button", name="Pause")).to_be_visible()
    audio = one.locator("audio")
    is_heard_up_to(page, 0.1)
    assert audio.evaluate("audio => Math.round(audio.duration)") == 3
    one.get_by_role("slider", name="Place in the recording").fill("2.5")
    is_heard_up_to(page, 2.5)
    expect(one.get_by_role("button", name="Listen")).to_be_visible()  # it is over, and begins anew
    page.get_by_role("region", name="Recordings").get_by_role("button", name="Webhooks").click()
    chips = page.locator(".arrow.tape")
    expect(chips).to_have_text(["records", "recorded, 0:03"])
    chips.last.focus()
    page.keyboard.press("Enter")
    expect(one.get_by_role("button", name="Listen")).to_be_focused()
    assert f'aiko.is_recorded("{WORDS}")' in copied_story(page)


def test_a_conversation_names_both_who_are_heard_in_it(page, network):
    field = page.get_by_label("Aiko: number to dial")
    field.fill("05012345679")
    field.press("Enter")
    telephone(page, "Ben").get_by_role("button", name="Answer").click()
    has_state(page, "Ben", "Talking")
    page.get_by_role("button", name="1 recording").click()
    one = page.get_by_role("region", name="Recordings").get_by_role("listitem").first
    expect(one).to_contain_text(re.compile("Aiko and Ben.*conversation.*is being recorded", re.DOTALL))
    network.call("DELETE", "/world")
    expect(page.get_by_role("region", name="Webhooks")).to_be_visible()


# ---- what is written ------------------------------------------------------------------------------------------------
@pytest.mark.glance
def test_two_write_to_each_other_and_to_a_line_by_keyboard_alone(page, network):
    keys = page.keyboard
    telephone(page, "Aiko").get_by_role("button", name="Texts").focus()
    keys.press("Enter")
    expect(page.get_by_label("Aiko: number to write to")).to_have_value("050-1234-5678")
    page.get_by_label("Aiko: text to send").focus()
    keys.type("Are you open?")
    expect(telephone(page, "Aiko").locator(".compose .count")).to_have_text("GSM-7 13 / 160 · 1 part")
    keys.press("Enter")
    expect(thread(page, "Aiko")).to_contain_text(
        re.compile(r"Are you open\?.*sent.*You wrote: Are you open\?", re.DOTALL)
    )
    forward(network, 3)
    expect(thread(page, "Aiko").locator(".letter-state")).to_have_text(["sent", "delivered"])
    arrows = page.locator(".arrow:not(.request, .response)")
    expect(arrows).to_have_text(["Are you open?", "You wrote: Are you open?"])
    page.get_by_label("Aiko: number to write to").fill("090-2222-0002")
    page.get_by_label("Aiko: text to send").fill("あ" * 71)
    expect(telephone(page, "Aiko").locator(".compose .count")).to_have_text("UCS-2 71 / 134 · 2 parts")
    keys.press("Enter")
    expect(thread(page, "Aiko")).to_contain_text("2 parts")
    telephone(page, "Ben").get_by_role("button", name="Texts, 1 new").click()
    expect(thread(page, "Ben")).to_contain_text("あ" * 71)
    story = copied_story(page)
    wanted = ['aiko.texts(line, "Are you open?")', 'aiko.reads("You wrote: Are you open?")', "aiko.texts(ben.number, "]
    assert [line for line in wanted if line not in story] == []


@pytest.mark.parametrize("narrow", [True])
def test_a_text_that_does_not_arrive_says_so_and_a_call_brings_the_keys_back(page, network):
    network.call("PUT", f"/phones/{AIKO}", {"receives": "never"})
    telephone(page, "Aiko").get_by_role("button", name="Texts").click()
    network.rest("Messages", To=AIKO, From=DESK, Body="Your parcel comes at two.")
    expect(thread(page, "Aiko").locator(".letter-state")).to_have_text("sent")
    forward(network, 40)
    expect(thread(page, "Aiko").locator(".letter-state")).to_have_text("not delivered 30003")
    page.get_by_role("button", name="ja", exact=True).click()
    page.get_by_role("tab", name="できごと").click()
    expect(page.locator(".arrow.text.wrong")).to_have_text("Your parcel comes at two.未達")
    page.get_by_role("tab", name="電話機").click()
    network.call("PUT", f"/phones/{AIKO}", {"receives": "at once"})
    telephone(page, "Aiko").get_by_role("button", name="SMS").click()
    expect(telephone(page, "Aiko").get_by_role("button", name="発信")).to_be_hidden()
    network.call("POST", f"/phones/{AIKO}/dial", {"to": LINE})
    expect(telephone(page, "Aiko").get_by_role("button", name="切る")).to_be_visible()
    page.get_by_role("tab", name="録音").click()
    expect(page.get_by_role("region", name="録音")).to_contain_text("録音中")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="en", exact=True).click()
