"""A person is erased by a command, after it has asked; and it says what remains."""

import pytest

PERSON = "+819012345001"


@pytest.fixture
def known(desk):
    desk.asks("PUT", f"/api/callers/{PERSON}", {"name": "Aiko"})


def test_a_person_is_erased_and_what_remains_is_named(exchange, desk, known):
    asked = exchange.types("erase", PERSON)
    assert (asked.code, "add --yes" in asked.err) == (1, True)
    assert desk.request("GET", f"/api/callers/{PERSON}").status_code == 200
    said = exchange.types("erase", "090-1234-5001", "--yes")
    assert (said.code, "At Twilio" in said.out, "35 days" in said.out) == (0, True, True)
    assert desk.request("GET", f"/api/callers/{PERSON}").status_code == 404


def test_twice_is_once(exchange, known):
    receipt = exchange.succeeds("erase", PERSON, "--yes")
    assert (receipt["complete"], receipt["erased"]["callers"]) == (True, 1)
    assert set(exchange.succeeds("erase", PERSON, "--yes")["erased"].values()) == {0}


def test_what_is_no_number_is_told(exchange):
    said = exchange.types("erase", "Aiko", "--yes")
    assert (said.code, "cannot be a telephone number" in said.err) == (1, True)
