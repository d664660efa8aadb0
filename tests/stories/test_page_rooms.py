"""A conference on the page: its lane in the ladder, and the room with who is in, what they hear, and for how long.

The application sends whoever calls into one room. What else it wishes (hold, mute, announcements, the end) goes through
Twilio's REST API.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

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

AIKO, BEN, CHIE = "+819011110001", "+819022220002", "+819033330003"
NAMES = {AIKO: "Aiko", BEN: "Ben", CHIE: "Chie"}
LINE = "+815012345678"
ROOM = "KB4f1c09d2a7e84b6f93d05c18be27a3c4"
WORDS = "Three minutes left. To extend by ten minutes, press star."

pytestmark = needs_chromium


# ---- the application ------------------------------------------------------------------------------------------------


async def enter(_: Request) -> Response:
    """Everybody is in the room for half an hour at most, and leaves it for good by the star."""
    events = "start end join leave mute hold announcement"
    callback = f'statusCallback="/told" statusCallbackEvent="{events}"'
    room = f'<Conference beep="false" waitUrl="/waiting" {callback}>{ROOM}</Conference>'
    return twiml(f'<Dial hangupOnStar="true" timeLimit="1800">{room}</Dial><Say>Thank you.</Say>')


async def waiting(_: Request) -> Response:
    return twiml("<Say>Please hold the line.</Say><Pause length='600'/>")


async def words(_: Request) -> Response:
    return twiml(f"<Say>{WORDS}</Say>")


async def broken(_: Request) -> Response:
    return Response("", 500)


async def told(_: Request) -> Response:
    return Response(status_code=204)


ANSWERS = {"/enter": enter, "/waiting": waiting, "/words": words, "/broken": broken, "/told": told}


class Room:
    """The conference, as the application steers it."""

    def __init__(self, network: Network, application: str) -> None:
        self.network, self.application = network, application

    @property
    def seen(self) -> dict[str, Any]:
        seen: dict[str, Any] = self.network.call("GET", "/conferences")["conferences"][-1]
        return seen

    def call_of(self, number: str) -> str:
        return next(one["call_sid"] for one in self.seen["participants"] if one["number"] == number)

    def changes(self, number: str, **wishes: str) -> None:
        self.network.rest(f"Conferences/{self.seen['sid']}/Participants/{self.call_of(number)}", **wishes)

    def announces(self, path: str) -> None:
        self.network.rest(f"Conferences/{self.seen['sid']}", AnnounceUrl=self.application + path)

    def ends(self) -> None:
        self.network.rest(f"Conferences/{self.seen['sid']}", Status="completed")


# ---- the network and the browser ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def application() -> Iterator[str]:
    with served(ANSWERS) as address:
        yield address


@pytest.fixture(scope="module")
def network(application: str) -> Iterator[Network]:
    network = Network()
    wishes = {"phone_number": LINE, "voice_url": f"{application}/enter", "capabilities": {"voice": True}}
    network.call("POST", "/numbers", wishes)
    yield network
    network.stop()


@pytest.fixture
def narrow() -> bool:
    return False


@pytest.fixture
def page(browser: Browser, network: Network, narrow: bool) -> Iterator[Page]:
    suggests = [{"number": LINE, "reaches": "the room"}]
    people = {number: {"name": name, "suggests": suggests} for number, name in NAMES.items()}
    with opened(browser, network, people, narrow) as page:
        yield page


@pytest.fixture
def room(network: Network, application: str) -> Room:
    return Room(network, application)


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Conference")


def person(page: Page, name: str) -> Locator:
    return panel(page).locator(".person").filter(has_text=name)


def announcement(page: Page, words: str) -> Locator:
    return panel(page).get_by_role("button").filter(has_text=words)


def enters(network: Network, *numbers: str) -> None:
    for number in numbers:
        network.call("POST", f"/phones/{quote(number)}/dial", {"to": LINE})


# ---- who is in, and what they hear ----------------------------------------------------------------------------------
@pytest.mark.glance
def test_who_comes_first_waits_for_the_others_in_a_room_with_a_short_name(page, network):
    expect(panel(page)).to_have_count(0)
    telephone(page, "Aiko").get_by_role("button", name="to reach the room").click()
    expect(panel(page).locator(".state")).to_contain_text("waiting")
    expect(person(page, "Aiko")).to_contain_text("hears waiting music")
    hears(page, "Aiko", "Please hold the line.")
    has_state(page, "Aiko", "Listening")
    enters(network, BEN)
    expect(panel(page).locator(".state")).to_contain_text(re.compile(r"in progress since \d\d:\d\d:\d\d"))
    expect(person(page, "Aiko")).to_contain_text("hears the room")
    expect(person(page, "Ben")).to_contain_text("hears the room")
    has_state(page, "Aiko", "Talking")
    name = panel(page).get_by_role("button", name="KB4f1c…a3c4")
    expect(name).to_have_attribute("title", re.compile(ROOM))
    name.click()
    assert page.evaluate("navigator.clipboard.readText()") == ROOM


def test_three_people_talk_with_each_other_until_one_is_a_coach_and_heard_by_one(page, network, room):
    enters(network, AIKO, BEN, CHIE)
    expect(telephone(page, "Aiko").locator(".lcd")).to_contain_text("with Ben and Chie")
    network.call("POST", f"/phones/{quote(CHIE)}/speak", {"text": "I am here too."})
    hears(page, "Aiko", "I am here too.")
    hears(page, "Ben", "I am here too.")
    room.changes(CHIE, Coaching="true", CallSidToCoach=room.call_of(BEN))
    expect(person(page, "Chie")).to_contain_text("coaches Ben")
    network.call("POST", f"/phones/{quote(CHIE)}/speak", {"text": "Ask for the price."})
    hears(page, "Ben", "Ask for the price.")
    expect(page.get_by_role("button", name="Chie to Ben: Ask for the price.")).to_be_visible()
    expect(page.get_by_role("log", name="What Aiko hears")).not_to_contain_text("price")


def test_hold_and_mute_are_said_in_words(page, network, room):
    enters(network, AIKO, BEN)
    room.changes(BEN, Hold="true")
    expect(person(page, "Ben")).to_contain_text(re.compile("hears hold music.*on hold"))
    expect(person(page, "Aiko")).to_contain_text("hears nothing")
    room.changes(BEN, Hold="false")
    room.changes(AIKO, Muted="true")
    expect(person(page, "Ben")).not_to_contain_text("on hold")
    expect(person(page, "Aiko")).to_contain_text("muted")
    network.call("POST", f"/phones/{quote(AIKO)}/speak", {"text": "Can you hear me?"})
    expect(page.locator(".arrow.speech.unheard")).to_have_text("Can you hear me?")
    ladder = page.get_by_label("Messages in the order of time")
    expect(ladder.locator(".arrow.change")).to_have_text(["Ben on hold", "Ben back from hold", "Aiko muted"])


def test_whoever_listens_to_the_page_is_told_who_comes_and_goes(page, network):
    enters(network, AIKO, BEN)
    told = panel(page).get_by_role("log")
    expect(told).to_have_text("Aiko joinsBen joinsConference: starts")
    network.call("POST", f"/phones/{quote(BEN)}/hangup", {})
    expect(told).to_contain_text("Ben leaves")
    expect(person(page, "Ben")).to_contain_text(re.compile(r"left \d\d:\d\d:\d\d"))


# ---- announcements, and time ----------------------------------------------------------------------------------------


def test_an_announcement_runs_while_they_talk_and_leads_to_its_request_by_keyboard(page, network, room):
    enters(network, AIKO, BEN)
    room.announces("/words")
    one = announcement(page, WORDS)
    expect(one).to_contain_text(re.compile("to all.*speaking"))
    expect(person(page, "Aiko")).to_contain_text("hears an announcement")
    hears(page, "Ben", WORDS)
    expect(page.locator(".arrow.announce")).to_have_text(WORDS)
    once_for_each = page.locator(".arrow.say").filter(has_text=WORDS)
    expect(once_for_each).to_have_count(0)
    expect(panel(page).locator(".band.speaking")).to_have_count(2)
    network.call("POST", "/clock", {"advance": 10})
    expect(one).to_contain_text("spoken")
    expect(person(page, "Aiko")).to_contain_text("hears the room")
    announcement(page, WORDS).focus()
    request = page.locator(".hook").filter(has_text="/words")
    expect(request).to_have_class(re.compile("marked"))
    expect(page.locator(".arrow.announce")).to_have_class(re.compile("marked"))
    page.keyboard.press("Enter")
    expect(request.locator(".twiml")).to_contain_text(WORDS)


def test_an_announcement_to_one_is_heard_by_one(page, network, room):
    enters(network, AIKO, BEN)
    room.changes(BEN, AnnounceUrl=room.application + "/words")
    expect(announcement(page, WORDS)).to_contain_text("to Ben")
    expect(person(page, "Ben")).to_contain_text("hears an announcement")
    expect(person(page, "Aiko")).to_contain_text("hears the room")
    expect(panel(page).locator(".band.speaking")).to_have_count(1)
    expect(page.get_by_role("button", name=f"Conference to Ben: {WORDS}")).to_be_visible()


def test_one_that_fails_and_one_that_is_broken_off_look_like_it(page, network, room):
    enters(network, AIKO, BEN)
    room.announces("/broken")
    expect(announcement(page, "/broken")).to_contain_text("failed")
    expect(page.locator(".arrow.announce.wrong")).to_have_text("announcement fails")
    room.announces("/words")
    expect(announcement(page, WORDS)).to_contain_text("speaking")
    room.ends()
    expect(announcement(page, WORDS)).to_contain_text("broken off")


def test_the_time_left_is_that_of_whose_time_ends_first(page, network):
    enters(network, AIKO)
    network.call("POST", "/clock", {"advance": 60})
    enters(network, BEN)
    left = panel(page).locator(".left")
    expect(page.get_by_role("button", name="the <Dial> of Aiko → 050-1234-5678 reaches its time limit")).to_be_visible()
    expect(left).to_contain_text(re.compile(r"28:\d\d left, until \d\d:\d\d:\d\d"))
    expect(left).to_have_attribute("title", re.compile("Aiko"))
    page.get_by_role("button", name="+1 min").click()
    expect(left).to_contain_text("27:")
    network.call("POST", f"/phones/{quote(AIKO)}/hangup", {})
    expect(left).to_have_attribute("title", re.compile("Ben"))
    expect(left).to_contain_text("28:")


def test_after_the_end_it_is_seen_how_long_it_was_and_why_it_ended(page, network, room):
    enters(network, AIKO, BEN)
    network.call("POST", "/clock", {"advance": 90})
    network.call("POST", f"/phones/{quote(BEN)}/hangup", {})
    network.call("POST", "/clock", {"advance": 30})
    room.ends()
    expect(panel(page).locator(".state")).to_have_text("ended by REST")
    expect(panel(page).locator(".left")).to_contain_text(re.compile(r"2:0\d long"))
    expect(person(page, "Aiko")).to_contain_text("was in to the end")
    expect(person(page, "Ben")).to_contain_text("left")


def test_a_room_that_comes_back_is_a_new_conference_in_the_same_lane(page, network, room):
    enters(network, AIKO, BEN)
    room.ends()
    enters(network, CHIE)
    expect(person(page, "Chie")).to_be_visible()
    expect(person(page, "Aiko")).to_have_count(0)
    expect(page.locator(".lane-head.room")).to_have_count(1)
    choice = page.get_by_label("Which conference")
    choice.select_option(index=1)
    expect(person(page, "Aiko")).to_contain_text("was in to the end")


# ---- the ladder -----------------------------------------------------------------------------------------------------


def test_a_conference_is_one_wide_lane_with_a_track_for_each(page, network):
    enters(network, AIKO)
    network.call("POST", "/clock", {"advance": 3})
    enters(network, BEN)
    expect(page.locator(".arrow.join")).to_have_text(["joins", "joins"])
    expect(page.locator(".arrow.mark")).to_have_text("starts")
    expect(page.locator(".bar.track.in")).to_have_count(2)
    expect(page.locator(".bar.track.wait")).to_have_count(1)
    widths = [head.bounding_box()["width"] for head in page.locator(".lane-head").all()]
    assert max(widths) == page.locator(".lane-head.room").bounding_box()["width"] > 1.4 * min(widths)


def test_who_met_in_a_room_is_one_choice_and_an_event_and_its_callback_mark_each_other(page, network):
    enters(network, AIKO, BEN)
    choice = page.get_by_role("combobox", name="Show")
    expect(choice.locator("option").filter(has_text="Conference Aiko, Ben")).to_have_count(1)
    choice.select_option(index=1)
    expect(page.locator(".arrow.join")).to_have_count(2)
    expect(page.locator(".hook").filter(has_text="conference-start")).to_have_count(1)
    start = page.locator(".arrow.mark")
    row = page.locator(".hook").filter(has_text="conference-start")
    start.hover()
    expect(row).to_have_class(re.compile("marked"))
    page.locator("h1").hover()
    row.locator(".hook-row").hover()
    expect(start).to_have_class(re.compile("marked"))
    expect(page.locator(".arrow.request.marked")).to_have_text("/told start")


# ---- for everybody --------------------------------------------------------------------------------------------------


def test_what_was_done_by_hand_in_a_conference_becomes_a_story(page, network, room):
    for name in ("Aiko", "Ben"):
        telephone(page, name).get_by_role("button", name="to reach the room").click()
        has_state(page, name, "Listening" if name == "Aiko" else "Talking")
        hears(page, "Aiko", "Please hold the line.")  # seen before Ben dials, however slow this machine is
    telephone(page, "Ben").get_by_label("Ben: what to say").fill("Good morning")
    page.keyboard.press("Enter")
    hears(page, "Aiko", "Good morning")
    telephone(page, "Aiko").locator(".key[data-key='*']").click()
    hears(page, "Aiko", "Thank you.")
    deeds = [line.strip() for line in copied_story(page).splitlines() if re.match(r"    (aiko|ben)\.", line)]
    assert deeds == [
        "aiko.dials(line)",
        'aiko.hears("Please hold the line.")',
        "ben.dials(line)",
        'ben.says("Good morning")',
        'aiko.hears("Good morning")',
        'aiko.presses("*")',
        'aiko.hears("Thank you.")',
    ]


def test_a_story_may_begin_with_telephones_that_the_application_calls(page, network, application):
    for number in (AIKO, BEN):
        network.rest("Calls", To=number, From=LINE, Url=f"{application}/enter")
    network.call("POST", "/clock", {"advance": 3})
    has_state(page, "Ben", "Ringing")
    for name in ("Aiko", "Ben"):
        telephone(page, name).get_by_role("button", name="Answer").click()
    has_state(page, "Ben", "Talking")
    story = copied_story(page)
    assert "aiko.rings(showing=line)\n    ben.rings(showing=line)\n    aiko.answers()" in story


def test_the_room_speaks_japanese(page, network, room):
    enters(network, AIKO, BEN)
    page.get_by_role("button", name="ja", exact=True).click()
    one = page.get_by_role("region", name="会議")
    room.changes(BEN, Hold="true")
    expect(one.locator(".person").filter(has_text="Ben")).to_contain_text(re.compile("保留音楽.*保留中"))
    room.ends()
    expect(one.locator(".state")).to_have_text("終了 REST から")


@pytest.mark.parametrize("narrow", [True])
def test_on_a_narrow_screen_the_room_is_a_tab_as_long_as_there_is_one(page, network, room):
    expect(page.get_by_role("tab")).to_have_count(3)
    enters(network, AIKO, BEN)
    expect(panel(page)).to_be_hidden()
    page.get_by_role("tab", name="Room").click()
    expect(person(page, "Ben")).to_contain_text("hears the room")
    room.announces("/words")
    announcement(page, WORDS).click()
    expect(page.get_by_role("tab", name="Webhooks")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".twiml")).to_contain_text(WORDS)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("tab", name="Room").click()
    network.call("DELETE", "/world")
    expect(page.get_by_role("tab")).to_have_count(3)
    expect(telephone(page, "Aiko")).to_be_visible()
