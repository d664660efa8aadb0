"""PINs at the webhook and in the REST API: whose they are, who is asked, what is counted, and who learns nothing."""

import json
import re
import xml.etree.ElementTree as ElementTree
from urllib.parse import urlsplit

import pytest

import voice
from tests.conftest import BASE, OWN_SECRET
from tests.integration.conftest import AIKO, BEN, EVE, LINES, OutgoingLeg, give_numbers, incoming, set_setting
from tests.integration.test_proxy_codes import Program
from toritsugi.callers.caller import Caller, caller_key
from toritsugi.foundation import config
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.sealing import unseal
from toritsugi.lines.directory import Entry
from toritsugi.lines.lines import Line, find_line
from toritsugi.masking import lifecycle, pins, pool

WITHHELD, MOTHER, CLARA, DAVE = "+266696687", "+819055550005", "+819044440004", "+819066660006"
PIN, OTHER, WRONG = "80317246", "5094173", "91119182"
NOT_FOUND, ENTER = "この暗証番号ではおつなぎできません。", "暗証番号を入力し、最後にシャープを押してください。"


@pytest.fixture
def program(client):
    """A program whose service has PINs, and one line, so that everybody is at it."""
    program = Program()
    for line in LINES[1:]:
        pool.remove_from_pool(number_of(program, line))
    program.makes(program.service, PinEntry="true")
    return program


@pytest.fixture
def session(program):
    """Aiko, who has brought a PIN, and Ben, for whom one was drawn."""
    return program.opens({"Identifier": AIKO, "Pin": PIN}, BEN)


def number_of(program, line):
    return pool.get_pool_number(program.sid, f"PN{line[1:].zfill(32)}")


def people_of(program, session):
    """The participants of a session, by their numbers."""
    return {one["identifier"]: one for one in program.asks("GET", f"{session}/Participants")[1]["participants"]}


def pins_at(line=LINES[0]):
    return [one for one in Entry.query(line, consistent_read=True) if isinstance(one, pins.Pin)]


def enters(twilio, pin, caller=WITHHELD, line=LINES[0], turn=1, **fields):
    """What a caller hears who has keyed in a PIN."""
    form = incoming(caller, line, "CA" + "1" * 32) | {"Digits": pin} | fields
    answer = twilio.send(voice.handler, f"/voice/pins/{turn}/ja-JP", form)
    assert answer["statusCode"] == 200, answer
    return ElementTree.fromstring(answer["body"])


def called_by(twiml):
    """Who rings, by what is answered to the caller."""
    return twiml.findtext("Dial/Number")


def said(twiml):
    return [one.text for one in twiml.iter("Say")]


# ---- who is asked ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("caller", [WITHHELD, "anonymous", "", "266", MOTHER])
def test_who_is_in_no_session_at_the_line_is_asked_for_a_pin(session, twilio, wire, caller):
    with wire.counting() as operations:
        gather = twilio.calls(LINES[0], caller).find("Gather")
    assert [one.text for one in gather] == ["この電話からおかけになるには、暗証番号が必要です。", ENTER]
    assert (gather.get("numDigits"), gather.get("finishOnKey"), gather.get("actionOnEmptyResult")) == (
        "10",
        "#",
        "true",
    )
    assert gather.get("action").startswith(f"{BASE}/voice/pins/1/ja-JP#")
    assert operations == ["BatchGetItem"]


def test_who_is_in_a_session_there_is_put_through_as_ever_and_for_one_read(session, twilio, wire):
    with wire.counting() as operations:
        assert called_by(twilio.calls(LINES[0], AIKO)) == BEN
    assert operations == ["BatchGetItem"]


def test_who_was_in_a_session_there_hears_that_it_has_ended(program, session, twilio):
    program.makes(session, Status="closed")
    assert twilio.calls(LINES[0], AIKO).find("Gather") is None
    assert "終了" in said(twilio.calls(LINES[0], AIKO))[0]


def test_a_blocked_caller_is_not_asked_and_neither_is_a_line_of_ours(session, twilio):
    Caller(*caller_key(MOTHER), blocked=True, date_created=0, date_updated=0).save()
    assert "お電話はお受けできません" in said(twilio.calls(LINES[0], MOTHER))[0]
    assert twilio.calls(LINES[0], LINES[0]).find("Gather") is None


def test_nobody_is_asked_where_the_service_wants_none_and_from_one_moment_on_nowhere(program, session, twilio):
    program.makes(program.service, PinEntry="false")
    assert twilio.calls(LINES[0], WITHHELD).find("Gather") is None
    program.makes(program.service, PinEntry="true")
    assert twilio.calls(LINES[0], WITHHELD).find("Gather") is not None
    assert program.asks("DELETE", program.service)[0] == 204
    assert twilio.calls(LINES[0], WITHHELD).find("Gather") is None


def test_a_number_that_comes_later_asks_too_and_none_that_has_left(program, twilio):
    give_numbers(program.sid, LINES[1:2])
    assert twilio.calls(LINES[1], WITHHELD).find("Gather") is not None
    pool.remove_from_pool(number_of(program, LINES[1]))
    assert find_line(LINES[1]) is None


def test_a_number_does_not_come_unasking_in_the_moment_in_which_pins_are_switched_on(client, wire):
    program, turned = Program(), []

    def turn(operation, _request, carry):
        if operation == "TransactWriteItems" and not turned:
            turned.append(operation)
            program.makes(program.service, PinEntry="true")
        return carry()

    with wire.has(turn), pytest.raises(RequestRefused) as refused:
        give_numbers(program.sid, ["+815010000009"])
    assert (refused.value.code, find_line("+815010000009")) == (20409, None)
    give_numbers(program.sid, ["+815010000009"])
    assert find_line("+815010000009").takes_pins


def test_a_line_that_has_left_the_pool_and_has_a_reception_takes_none(program):
    find_line(LINES[0]).update(actions=[Line.reception.set("desk")])
    pool.remove_from_pool(number_of(program, LINES[0]))
    assert (find_line(LINES[0]).reception, find_line(LINES[0]).takes_pins) == ("desk", None)


def test_a_recorded_call_by_pin_is_the_participants_recording(program, twilio):
    program.makes(program.service, Record="true")
    program.opens({"Identifier": AIKO, "Pin": PIN}, BEN)
    path = urlsplit(enters(twilio, PIN, MOTHER).find("Dial").get("recordingStatusCallback")).path
    assert unseal(path.rpartition("/")[2], "CA" + "1" * 32) == AIKO + LINES[0]


# ---- who has entered one ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("caller", [WITHHELD, "anonymous", MOTHER])
def test_who_enters_their_pin_goes_on_as_from_their_own_telephone(clock, program, session, twilio, caller):
    dial = enters(twilio, PIN, caller).find("Dial")
    assert ElementTree.tostring(dial) == ElementTree.tostring(twilio.calls(LINES[0], AIKO).find("Dial"))
    bens = people_of(program, session)[BEN]["pin"]
    assert called_by(enters(twilio, bens, caller)) == AIKO


def test_a_call_by_pin_slides_the_session_and_is_an_interaction_of_whose_pin_it_is(program, twilio, clock):
    session = program.opens({"Identifier": AIKO, "Pin": PIN}, BEN, Ttl="600")
    clock.shift(500)
    leg = LegByPin(twilio, PIN, LINES[0])
    leg.reports("initiated")
    clock.shift(500)
    assert called_by(twilio.calls(LINES[0], AIKO)) == BEN
    leg.reports("completed")
    [interaction] = program.asks("GET", f"{session}/Interactions")[1]["interactions"]
    assert interaction["inbound_participant_sid"] == people_of(program, session)[AIKO]["sid"]


class LegByPin(OutgoingLeg):
    """The leg of a call whose caller has entered a PIN."""

    def __init__(self, twilio, pin, line):
        class Enters:
            reports = twilio.reports

            def calls(self, *_):
                return enters(twilio, pin, line=line)

        super().__init__(Enters(), WITHHELD, line)


def test_into_a_conference_a_pin_leads_too(program, twilio):
    program.makes(program.service, Through="conference")
    program.opens({"Identifier": AIKO, "Pin": PIN}, BEN)
    conference = enters(twilio, PIN, MOTHER).find("Dial/Conference")
    assert conference.text == twilio.calls(LINES[0], AIKO).find("Dial/Conference").text


def test_what_stops_the_participants_own_call_stops_this_one_in_their_language(program, twilio):
    program.opens({"Identifier": AIKO, "Pin": PIN})
    assert "まだ" in said(enters(twilio, PIN))[0], "nobody else has joined"
    program.joins(program.opens(CLARA), DAVE)
    Caller(*caller_key(AIKO), language="en-US", blocked=True, date_created=0, date_updated=0).save()
    assert said(enters(twilio, PIN)) == [
        "We are sorry, but we cannot take your call. Thank you for your understanding."
    ]


# ---- who has not -----------------------------------------------------------------------------------------------------


def test_a_wrong_pin_and_one_of_yesterday_are_answered_alike_and_after_three_it_is_over(program, session, twilio):
    answers = [ElementTree.tostring(enters(twilio, pin, turn=1)) for pin in (WRONG, "*12", "0" * 10)]
    program.makes(session, Status="closed")
    answers.append(ElementTree.tostring(enters(twilio, PIN, turn=1)))
    assert len(set(answers)) == 1
    again = enters(twilio, WRONG, turn=2)
    assert said(again) == [NOT_FOUND, ENTER]
    assert again.find("Gather").get("action").startswith(f"{BASE}/voice/pins/3/")
    last = enters(twilio, WRONG, turn=3)
    assert ([one.tag for one in last], said(last)) == (["Say", "Hangup"], [NOT_FOUND])


def test_who_enters_nothing_is_asked_again_and_then_told_why_they_were_asked(session, twilio, wire):
    with wire.counting() as operations:
        assert said(enters(twilio, "", turn=1)) == said(enters(twilio, "", turn=2)) == [ENTER]
        assert "番号が通知されていないため" in said(enters(twilio, "", turn=3))[0]
        assert "この番号におつなぎできません" in said(enters(twilio, "", MOTHER, turn=3))[0]
    assert operations == []


def test_a_pin_of_another_line_leads_nowhere(program, twilio):
    give_numbers(program.sid, LINES[1:2])
    program.opens({"Identifier": AIKO, "Pin": PIN, "ProxyIdentifier": LINES[0]}, BEN)
    assert said(enters(twilio, PIN, line=LINES[1])) == [NOT_FOUND, ENTER]


def test_who_has_left_the_session_has_no_pin_there_and_the_other_keeps_theirs(program, session, twilio):
    people = people_of(program, session)
    assert program.asks("DELETE", f"{session}/Participants/{people[AIKO]['sid']}")[0] == 204
    assert said(enters(twilio, PIN)) == [NOT_FOUND, ENTER]
    program.joins(session, CLARA)
    assert called_by(enters(twilio, people[BEN]["pin"])) == CLARA
    assert [one.participant_sid for one in pins_at() if one.free_from] == [people[AIKO]["sid"]]


def test_a_pin_of_before_does_not_lead_into_the_next_session_of_the_same_two(program, session, twilio):
    program.makes(session, Status="closed")
    bens = people_of(program, program.opens(AIKO, BEN))[BEN]["pin"]
    assert called_by(enters(twilio, bens)) == AIKO
    assert said(enters(twilio, PIN)) == [NOT_FOUND, ENTER]


def test_who_gets_another_telephone_keeps_the_pin(program, session, twilio):
    aiko = people_of(program, session)[AIKO]
    program.makes(f"{session}/Participants/{aiko['sid']}", Identifier=MOTHER)
    assert called_by(enters(twilio, PIN)) == BEN
    assert called_by(enters(twilio, people_of(program, session)[BEN]["pin"])) == MOTHER


# ---- how often it is tried -------------------------------------------------------------------------------------------


def test_a_caller_has_nine_wrong_tries_in_an_hour_and_then_the_right_one_does_not_help(session, twilio, clock):
    for _ in range(9):
        enters(twilio, WRONG, MOTHER)
    assert said(enters(twilio, PIN, MOTHER)) == [NOT_FOUND, ENTER]
    assert called_by(enters(twilio, PIN, EVE)) == BEN
    clock.shift(3_600)
    assert called_by(enters(twilio, PIN, MOTHER)) == BEN


def test_right_ones_are_not_counted(session, twilio):
    for _ in range(40):
        assert called_by(enters(twilio, PIN)) == BEN


def test_those_who_show_no_number_are_one_at_a_line_and_the_line_is_told_of_once(cloud, session, twilio):
    for _ in range(20):
        enters(twilio, WRONG, "anonymous")
    assert said(enters(twilio, PIN, WITHHELD)) == [NOT_FOUND, ENTER]
    assert called_by(enters(twilio, PIN, MOTHER)) == BEN
    [reached] = [event.detail["data"] for event in cloud.events if event.what == "limit.reached"]
    assert (reached["limit"], reached["most"]) == ("wrong_pins_an_hour_withheld_per_line", 15)
    assert reached["line_sid"] == f"PN{LINES[0][1:].zfill(32)}"


def test_a_wrong_one_and_one_too_many_ask_the_same_of_the_database(session, twilio, wire, clock):
    def asked(pin, caller):
        with wire.counting() as operations:
            enters(twilio, pin, caller)
        return operations

    first = asked(WRONG, MOTHER)
    for _ in range(9):
        enters(twilio, WRONG, MOTHER)
    assert first == ["UpdateItem", "UpdateItem", "BatchGetItem", "BatchGetItem"]
    assert asked(WRONG, MOTHER) == ["UpdateItem", "BatchGetItem", "BatchGetItem"]


# ---- whose it is -----------------------------------------------------------------------------------------------------


def test_a_pin_is_shown_to_whoever_reads_the_participant_and_stands_nowhere_in_the_tables(program, session, cloud):
    people = people_of(program, session)
    assert people[AIKO]["pin"] == PIN
    assert re.fullmatch("[0-9]{8}", people[BEN]["pin"])
    rows = str([cloud.dynamodb.scan(TableName=table)["Items"] for table in cloud.schemas])
    assert not [one["pin"] for one in people.values() if one["pin"] in rows]


def test_where_the_service_has_none_nobody_has_one_and_whoever_brings_one_is_told(client):
    program = Program()
    session = program.opens(AIKO)
    assert "pin" not in people_of(program, session)[AIKO]
    refused = program.asks("POST", f"{session}/Participants", Identifier=BEN, Pin=PIN)
    assert (refused[1]["code"], "'Pin'" in refused[1]["message"]) == (80701, True)


def test_for_texts_alone_there_are_no_pins(client):
    program = Program()
    give_numbers(program.sid, ["+815010000009"], sms=True)
    program.makes(program.service, PinEntry="true")
    session = program.opens(AIKO, Mode="message-only")
    assert "pin" not in people_of(program, session)[AIKO]
    refused = program.asks("POST", f"{session}/Participants", Identifier=BEN, Pin=PIN)
    assert (refused[1]["code"], "texts alone" in refused[1]["message"]) == (80701, True)


BAD = ["12345", "12345678901", "8031724６", "pin123", "000000", "123456", "98765432", "121212", "803803", "1122221"]


@pytest.mark.parametrize("pin", BAD)
def test_a_pin_is_six_digits_to_ten_that_nobody_guesses(program, pin):
    person = json.dumps({"Identifier": AIKO, "Pin": pin}, ensure_ascii=False)
    status, said = program.asks("POST", f"{program.service}/Sessions", Participants=person)
    assert (status, said["code"], "'Pin' is invalid" in said["message"]) == (400, 80701, True)


def test_two_at_one_line_never_have_the_same_pin(program, session, monkeypatch):
    two = [json.dumps({"Identifier": one, "Pin": OTHER}) for one in (CLARA, DAVE)]
    assert program.asks("POST", f"{program.service}/Sessions", Participants=two)[1]["code"] == 80701
    one = json.dumps({"Identifier": CLARA, "Pin": PIN})
    status, said = program.asks("POST", f"{program.service}/Sessions", Participants=one)
    assert (status, said["code"], "Pin" in said["message"]) == (400, 80604, True)
    empty = program.opens()
    assert program.asks("POST", f"{empty}/Participants", Identifier=CLARA, Pin=PIN)[1]["code"] == 80604
    drawn = iter([int(PIN), int(PIN), 40981736])
    monkeypatch.setattr("secrets.randbelow", lambda _: next(drawn))
    assert program.joins(empty, CLARA)[1]["pin"] == "40981736"
    assert {one.session_sid for one in pins_at()} == {session[-34:], empty[-34:]}


def test_a_pin_rests_with_its_line_after_the_session_and_then_is_free(program, session, clock):
    program.makes(session, Status="closed")
    wanted = json.dumps({"Identifier": CLARA, "Pin": PIN})
    assert program.asks("POST", f"{program.service}/Sessions", Participants=wanted)[1]["code"] == 80604
    clock.shift(86_400)
    assert people_of(program, program.opens({"Identifier": CLARA, "Pin": PIN}))[CLARA]["pin"] == PIN
    assert program.asks("POST", session, Status="in-progress")[1]["code"] == 80604


def test_of_a_session_that_is_opened_again_the_pins_count_again(program, session, twilio):
    program.makes(session, Status="closed")
    assert all(one.free_from for one in pins_at())
    program.makes(session, Status="in-progress")
    assert not any(one.free_from for one in pins_at())
    assert called_by(enters(twilio, PIN)) == BEN


def test_of_one_that_has_expired_they_rest_when_it_is_cleaned_up(program, twilio, clock):
    session = program.opens({"Identifier": AIKO, "Pin": PIN}, BEN, Ttl="600")
    clock.shift(601)
    assert said(enters(twilio, PIN)) == [NOT_FOUND, ENTER]
    lifecycle.expire_session(session[-34:], float(config.time.time()))
    assert [one.free_from - one.forget_at for one in pins_at()] == [0, 0]


def test_one_that_begins_closed_claims_its_pins_when_it_is_opened(program, twilio):
    session = program.opens({"Identifier": AIKO, "Pin": PIN}, BEN, Status="closed")
    assert pins_at() == []
    program.makes(session, Status="in-progress")
    assert called_by(enters(twilio, PIN)) == BEN


def test_pins_go_on_counting_while_the_secret_is_changed_and_not_for_two_at_once(cloud, program, session, twilio):
    set_setting(cloud, "own-secrets", f"next-{OWN_SECRET},{OWN_SECRET}")
    assert called_by(enters(twilio, PIN)) == BEN
    assert people_of(program, session)[AIKO]["pin"] == PIN
    program.opens({"Identifier": CLARA, "Pin": PIN}, DAVE)
    assert said(enters(twilio, PIN)) == [NOT_FOUND, ENTER]


def test_no_log_has_a_pin(session, twilio, logged):
    enters(twilio, PIN)
    enters(twilio, WRONG)
    assert [pin for pin in (PIN, WRONG) if pin in logged()] == []
