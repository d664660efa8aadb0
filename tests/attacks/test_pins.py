"""Eve tries PINs: all night, from everywhere, hiding her number or showing others; and listens for a difference."""

import xml.etree.ElementTree as ElementTree
from itertools import count

import pytest

import voice
from tests.integration.conftest import AIKO, BEN, EVE, LINES, incoming
from tests.integration.test_proxy_codes import Program
from toritsugi.masking import pins

WITHHELD, PIN = "+266696687", "80317246"
TRIES = 400


@pytest.fixture
def program(client):
    program = Program()
    program.makes(program.service, PinEntry="true")
    return program


@pytest.fixture
def session(program):
    people = [{"Identifier": one, "ProxyIdentifier": LINES[0]} for one in (AIKO, BEN)]
    return program.opens(people[0] | {"Pin": PIN}, people[1])


SIDS = (f"CA{number:032x}" for number in count(1))


def tries(twilio, pin, caller, turn=1):
    """What Eve hears."""
    form = incoming(caller, LINES[0], next(SIDS)) | {"Digits": pin}
    return twilio.send(voice.handler, f"/voice/pins/{turn}/ja-JP", form)["body"]


def is_led(answer):
    return ElementTree.fromstring(answer).find("Dial") is not None


@pytest.mark.parametrize("caller", [lambda at: WITHHELD, lambda at: EVE, lambda at: f"+8190{at:08}"])
def test_of_hundreds_of_pins_thirty_an_hour_are_tried_at_most(session, twilio, clock, caller):
    for at in range(TRIES):
        assert not is_led(tries(twilio, f"{at:08}", caller(at)))
    assert not is_led(tries(twilio, PIN, caller(0)))
    clock.shift(3_600)
    assert is_led(tries(twilio, PIN, caller(0)))


def test_she_hears_no_difference_between_wrong_ended_hers_too_often_and_anothers(program, session, twilio):
    ended = program.opens({"Identifier": "+819044440004", "ProxyIdentifier": LINES[0], "Pin": "5094173"})
    program.makes(ended, Status="closed")
    heard = {tries(twilio, pin, WITHHELD) for pin in ("71193048", "5094173", "*", "1" * 10)}
    for _ in range(20):
        heard.add(tries(twilio, "71193048", WITHHELD))
    heard.add(tries(twilio, PIN, WITHHELD))
    assert len(heard) == 1


def test_who_floods_a_line_keeps_nobody_from_calling_from_their_own_telephone(session, twilio):
    for at in range(100):
        tries(twilio, f"{at:08}", WITHHELD)
    assert twilio.calls(LINES[0], AIKO).findtext("Dial/Number") == BEN


def test_those_who_hide_use_up_their_own_tries_and_not_those_of_a_shown_number(session, twilio):
    for at in range(100):
        tries(twilio, f"{at:08}", WITHHELD)
    assert is_led(tries(twilio, PIN, "+819055550005"))


def test_a_right_pin_gives_back_one_try_and_not_those_before_it(program, session, twilio):
    for _ in range(9):
        tries(twilio, "71193048", EVE)
    assert not is_led(tries(twilio, PIN, EVE))


def test_a_fourth_turn_there_is_none_of(session, twilio):
    assert "<Gather" not in tries(twilio, "71193048", EVE, turn=3)
    assert "<Gather" not in tries(twilio, "71193048", EVE, turn=4)


def test_whoever_reads_the_whole_table_does_not_find_the_pin_without_the_secret(cloud, session):
    rows = cloud.dynamodb.scan(TableName=cloud.template.environment["DIRECTORY_TABLE"])["Items"]
    kept = [row["entry"]["S"] for row in rows if row["kind"]["S"] == "pin"]
    assert len(kept) == 2
    assert pins.pin_key(LINES[0], PIN, "another secret")[1] not in kept
    assert PIN not in str(rows)
