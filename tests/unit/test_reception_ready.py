"""The receptions that are ready: who does everything that can be done comes to every step, in both languages."""

import xml.etree.ElementTree as ElementTree
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import BASE
from toritsugi import words
from toritsugi.callers.caller import Caller
from toritsugi.foundation.errors import OwnerSilent
from toritsugi.receptions import ready
from toritsugi.receptions.answering import steps, texts, visits
from toritsugi.receptions.answering.visits import Permitted, Visit, VisitPlace
from toritsugi.receptions.authoring import checks

CALL = "CA" + "1" * 32

pytestmark = pytest.mark.usefixtures("secrets")
CALLER, LINE = "+819011110001", "+815010000009"
TOKYO = ZoneInfo("Asia/Tokyo")
OPEN = datetime(2026, 11, 24, 10, tzinfo=TOKYO)  # a Tuesday
HOLIDAY, NIGHT, LUNCH = OPEN.replace(day=23), OPEN.replace(hour=22), OPEN.replace(hour=13)


class Walk:
    """Somebody who calls again and again, and does everything once: what is heard, and at which steps they were."""

    def __init__(self, name, language="ja-JP", at=OPEN, *, answers=True):
        self.document, self.at, self.answers = checks.compile(ready.text(name)), at, answers
        self.caller = Caller(CALLER, "caller", name="Yamada", language=language)
        self.places, self.said, self.locales, self.ends = set(), [], set(), 0
        self.seen = set()
        self.go(visits.first_place(name, 1, self.document, self.caller), {})

    def ask(self, url, facts, key):
        if not self.answers:
            raise OwnerSilent("on purpose")
        return {}

    def go(self, place, fields):
        """Goes to a place, having done this, and from there wherever it leads."""
        if (place, tuple(fields.items())) in self.seen:
            return
        self.seen.add((place, tuple(fields.items())))
        told = {"From": CALLER, "To": LINE, "CallSid": CALL, "CallStatus": "in-progress"} | fields
        visit = Visit(place, self.document, told, self.ask, self.at.timestamp(), lambda _: self.caller, Permitted)
        entered, enter = self.places, visit.enter
        visit.enter = lambda name: (entered.add(name), enter(name))[1]
        twiml = ElementTree.fromstring(str(steps.answer_call(visit)))
        for said in twiml.iter("Say"):
            self.said.append(said.text)
            self.locales.add(said.get("language"))
            assert said.get("voice") == words.find(said.get("language")).voice
            assert "{" not in said.text
        ways = list(self.ways(twiml))
        self.ends += not ways
        for address, done in ways:
            self.go(VisitPlace.read(address.removeprefix(BASE).partition("#")[0]), done)

    def ways(self, twiml):
        """Everything that can be done now: each address, and what Twilio tells it."""
        for gather in twiml.iter("Gather"):
            digits = gather.get("numDigits")
            for keyed in (*("0123456789*#" if digits == "1" else ()), "123456789012"[: int(digits)], ""):
                yield gather.get("action"), {"Digits": keyed}
        for dial in twiml.iter("Dial"):
            for status in ("completed", "busy", "no-answer", "failed"):
                yield dial.get("action"), {"DialCallStatus": status}
            for number in dial.iter("Number"):
                if number.get("url"):
                    yield number.get("url"), {"ParentCallSid": CALL}
        for record in twiml.iter("Record"):
            yield record.get("action"), {"RecordingDuration": "7"}
        for redirect in twiml.iter("Redirect"):
            yield redirect.text, {}


@pytest.mark.parametrize("language", words.locales())
@pytest.mark.parametrize("name", ready.NAMES)
def test_every_step_can_be_come_to_and_every_call_ends(name, language):
    walks = [Walk(name, language, at, answers=answers) for at in (OPEN, NIGHT) for answers in (True, False)]
    assert set().union(*(walk.places for walk in walks)) == set(walks[0].document["steps"])
    assert all(walk.ends for walk in walks)


@pytest.mark.parametrize("name", ready.NAMES)
def test_who_prefers_english_hears_nothing_else(name):
    assert Walk(name, "en-US", NIGHT).locales == {"en-US"}


@pytest.mark.parametrize("name", ready.NAMES)
def test_nine_leads_to_english(name):
    assert Walk(name, "ja-JP", NIGHT).locales == {"ja-JP", "en-US"}


@pytest.mark.parametrize("name", ready.NAMES)
def test_nothing_about_it_is_strange(name):
    assert checks.check_document(ready.text(name)).warnings == []
    assert ready.title(name) == ready.title(name).strip() != ""


def test_the_desk_greets_by_name_and_a_stranger_without():
    assert "お電話ありがとうございます。Yamada様、いつもお世話になっております。" in Walk("desk").said
    assert "Thank you for calling. It is good to hear from you again, Yamada." in Walk("desk", "en-US").said


@pytest.mark.parametrize(("at", "opens"), [(OPEN, True), (LUNCH, False), (NIGHT, False), (HOLIDAY, False)])
def test_the_clinic_knows_when_it_is_open(at, opens):
    places = Walk("clinic", at=at).places
    assert ("desk" in places, "urgent" in places) == (opens, not opens)


def test_the_parcel_is_read_back_and_who_cannot_be_served_comes_to_a_person():
    assert any("1 2 3 4 5 6 7 8 9 0 1 2" in said for said in Walk("redelivery").said)
    assert "booked" in Walk("redelivery").places
    down = Walk("redelivery", answers=False)
    assert "booked" not in down.places
    assert "person" in down.places


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("desk", "営業時間を教えてください", "平日9時から18時まで"),
        ("desk", "What are your hours?", "from 9 to 6"),
        ("desk", "ありがとう", "担当者が確認し"),
        ("redelivery", "再配達お願いします", "24時間承ります"),
        ("redelivery", "Where is my parcel", "at any time"),
    ],
)
def test_texts_are_answered_in_the_language_in_which_they_are_written(name, text, words):
    document = checks.compile(ready.text(name))
    locale = texts.choose_language(document, text, None)
    assert words in texts.answer_text(document, text, locale, lambda *_: "")
