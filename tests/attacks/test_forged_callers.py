"""Eve's telephone shows Aiko's number. Where Twilio can tell, she reaches nobody, or Ben is told before they talk."""

import pytest

from local.network.numbers import VERSTATS
from tests.stories.conftest import Time
from tests.stories.people import Desk, Person

LINES = ["+815010000011", "+815010000012"]
LINE, OFFICE = "+815010000009", "+81312345678"
REFUSED, TOLD = (
    "表示されている番号からのお電話であることを確認できない",
    "発信者の電話番号は、本人のものと確認できていません",
)
FAILED = [verstat for verstat in VERSTATS if "Failed" in verstat]

DESK = f"""
language: ja-JP
start: welcome
steps:
  welcome: {{greet: "お電話ありがとうございます、{{name}}様。", unknown: "お電話ありがとうございます。", next: menu}}
  menu:
    menu: "担当者は2を押してください。"
    keys: {{2: person}}
    otherwise: goodbye
  person: {{transfer: "{OFFICE}", seconds: 20, otherwise: goodbye}}
  goodbye: {{say: "ありがとうございました。"}}
"""


@pytest.fixture
def desk(box):
    return Desk(box)


@pytest.fixture
def clock(box):
    return Time(box)


@pytest.fixture
def aiko(box):
    return Person(box, "Aiko", "+819011110001")


@pytest.fixture
def ben(box):
    return Person(box, "Ben", "+819022220002")


@pytest.fixture
def eve(box):
    return Person(box, "Eve", "+819033330003")


@pytest.fixture
def office(box):
    return Person(box, "Office", OFFICE)


def forges(eve: Person, victim: Person, line: str, verstat: str = "TN-Validation-Failed-C") -> None:
    eve.dials(line, shows=victim.number, stir_verstat=verstat)


def said_to(person: Person) -> list[str]:
    return [item["text"] for item in person.telephone["heard"] if item["kind"] in ("say", "speech")]


# ---- a masked call ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verstat", FAILED)
def test_who_shows_a_number_that_is_not_theirs_is_told_so_and_rings_nobody(desk, aiko, ben, eve, verstat):
    desk.opens(*LINES)
    session = desk.brings_together(aiko, ben)
    forges(eve, aiko, session.line_of(aiko), verstat)
    eve.hears(REFUSED)
    ben.is_idle()
    assert session.interactions == []


@pytest.mark.parametrize("verstat", ["TN-Validation-Passed-A", "TN-Validation-Passed-C", "No-TN-Validation", None])
def test_of_whom_twilio_says_nothing_bad_is_put_through(desk, aiko, ben, verstat):
    desk.opens(*LINES)
    session = desk.brings_together(aiko, ben)
    aiko.dials(session.line_of(aiko), **({"stir_verstat": verstat} if verstat else {}))
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    aiko.talks_with(ben)
    ben.hears_nothing()


@pytest.mark.parametrize("record", ["false", "true"])
def test_where_the_owner_wants_it_announced_the_callee_hears_it_first(desk, clock, aiko, ben, eve, record):
    desk.opens(*LINES, UnconfirmedCallers="announce", Record=record)
    session = desk.brings_together(aiko, ben)
    forges(eve, aiko, session.line_of(aiko))
    clock.forward(seconds=5)
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    ben.hears(TOLD)
    assert eve.telephone["talking_with"] == []
    clock.forward(seconds=10)
    eve.talks_with(ben)
    assert [TOLD in text for text in said_to(ben)] == [True] + [False] * (record == "true")
    assert not any(TOLD in text for text in said_to(eve)), "the forger learns nothing"


def test_through_a_conference_too(desk, clock, aiko, ben, eve):
    desk.opens(*LINES, Through="conference", UnconfirmedCallers="announce")
    session = desk.brings_together(aiko, ben)
    forges(eve, aiko, session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    ben.hears(TOLD)
    clock.forward(seconds=10)
    eve.talks_with(ben)


def test_through_a_conference_the_forger_is_refused_by_default(desk, aiko, ben, eve):
    desk.opens(*LINES, Through="conference")
    session = desk.brings_together(aiko, ben)
    forges(eve, aiko, session.line_of(aiko))
    eve.hears(REFUSED)
    ben.is_idle()


def test_the_owner_may_take_them_like_all_others(desk, aiko, ben, eve):
    desk.opens(*LINES, UnconfirmedCallers="take")
    session = desk.brings_together(aiko, ben)
    forges(eve, aiko, session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    ben.hears_nothing()
    eve.talks_with(ben)


# ---- a reception -----------------------------------------------------------------------------------------------------


def test_a_reception_does_not_answer_a_forger(desk, aiko, eve):
    desk.answers_at(LINE, DESK)
    desk.knows(aiko, name="山田愛子")
    forges(eve, aiko, LINE)
    eve.hears(REFUSED)
    assert not any("山田" in text for text in said_to(eve))


def test_a_reception_that_announces_tells_who_is_called_and_greets_nobody_by_name(desk, clock, aiko, eve, office):
    desk.answers_at(LINE, DESK)
    desk.knows(aiko, name="山田愛子")
    line = desk.asks("PUT", f"/api/lines/{LINE}", {"reception": "desk", "unconfirmed_callers": "announce"})
    assert line["unconfirmed_callers"] == "announce"
    forges(eve, aiko, LINE)
    clock.forward(seconds=3)
    eve.presses("2")
    office.rings(showing=LINE)
    office.answers()
    office.hears(TOLD)
    assert not any("山田" in text for text in said_to(eve))
    clock.forward(seconds=10)
    eve.talks_with(office)


def test_a_reception_that_takes_them_greets_them_like_all_others(desk, aiko, eve):
    desk.answers_at(LINE, DESK)
    desk.knows(aiko, name="山田愛子")
    desk.asks("PUT", f"/api/lines/{LINE}", {"reception": "desk", "unconfirmed_callers": "take"})
    forges(eve, aiko, LINE)
    assert any("山田愛子様" in text for text in said_to(eve))


def test_what_was_said_of_a_line_holds_until_it_is_said_otherwise(desk, aiko):
    desk.answers_at(LINE, DESK)
    path = f"/api/lines/{LINE}"
    assert desk.asks("GET", path)["unconfirmed_callers"] == "refuse"
    desk.asks("PUT", path, {"reception": "desk", "unconfirmed_callers": "take"})
    assert desk.asks("PUT", path, {"reception": "desk"})["unconfirmed_callers"] == "take"
    assert desk.asks("PUT", path, {"reception": None})["unconfirmed_callers"] is None
    assert desk.asks("PUT", path, {"reception": "desk"})["unconfirmed_callers"] == "refuse"


def test_a_line_without_a_reception_has_no_such_setting_and_says_so(desk):
    desk.answers_at(LINE, DESK)
    answer = desk.request("PUT", f"/api/lines/{LINE}", {"reception": None, "unconfirmed_callers": "take"})
    assert (answer.status_code, "unconfirmed_callers" in answer.text) == (400, True)
    assert (
        desk.request("PUT", f"/api/lines/{LINE}", {"reception": "desk", "unconfirmed_callers": "x"}).status_code == 422
    )
