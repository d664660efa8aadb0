"""Would this session be assignable, and with which number? It is asked, and nothing is made."""

import pytest

from tests.integration import test_lines_api
from tests.integration.books import check, scan
from tests.integration.conftest import AIKO, BEN, EVE, LINES
from tests.integration.test_once import asks, people
from tests.integration.test_proxy_codes import Program

at_twilio = test_lines_api.at_twilio


@pytest.fixture
def program(client, at_twilio, clock):
    return Program()


def numbers_of(answer):
    """Which number each would be given, or was."""
    return {one["identifier"]: one["proxy_identifier"] for one in answer["participants"]}


def test_it_says_which_numbers_people_would_be_given_and_then_they_are(program, cloud):
    path, wanted = f"{program.service}/Sessions", {"Participants": people(AIKO, BEN), "UniqueName": "order-17"}
    before = scan(cloud, "DirectoryTable"), scan(cloud, "SessionsTable"), scan(cloud, "ServicesTable")
    status, said, _ = asks(path, key=None, DryRun="true", **wanted)
    assert (status, said["assignable"], said["mode"]) == (200, True, "voice-only")
    assert (scan(cloud, "DirectoryTable"), scan(cloud, "SessionsTable"), scan(cloud, "ServicesTable")) == before
    made = asks(path, key=None, DryRun="false", **wanted)[1]["url"].removeprefix("https://exchange.example.com")
    assert numbers_of(program.asks("GET", f"{made}/Participants")[1]) == numbers_of(said)


def test_somebody_who_would_join_is_told_the_number(program, cloud):
    session = program.opens(AIKO)
    status, said, _ = asks(f"{session}/Participants", key=None, Identifier=BEN, DryRun="true")
    assert (status, list(numbers_of(said))) == (200, [BEN])
    assert len(check(cloud).live) == 1
    assert program.joins(session, BEN)[1]["proxy_identifier"] == numbers_of(said)[BEN]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Participants": people(AIKO)}, 80208),
        ({"Participants": people("+12065550142")}, 80203),
        ({"Mode": "message-only", "Participants": people(BEN)}, 80202),
        ({"UniqueName": "first"}, 80603),
        ({"Ttl": "soon"}, 80701),
        ({"Participants": people(AIKO, BEN, EVE)}, 80609),
    ],
    ids=lambda said: str(said) if isinstance(said, int) else "",
)
def test_what_would_be_refused_is_refused_with_the_same_code(program, cloud, fields, code):
    for line in LINES:
        program.opens(AIKO, **({"UniqueName": "first"} if line == LINES[0] else {}))
    path, before = f"{program.service}/Sessions", scan(cloud, "SessionsTable")
    assert asks(path, key=None, DryRun="true", **fields)[1]["code"] == code
    assert scan(cloud, "SessionsTable") == before
    assert asks(path, key=None, **fields)[1]["code"] == code


def test_a_team_has_one_number_on_all_its_telephones(program):
    wanted = {"Identifier": AIKO, "MoreIdentifiers": [BEN, EVE], "DryRun": "true"}
    [person] = asks(f"{program.opens()}/Participants", key=None, **wanted)[1]["participants"]
    assert (person["more_identifiers"], person["proxy_identifier"] in LINES) == ([BEN, EVE], True)


def test_a_dry_run_with_a_key_leaves_the_key_for_what_is_meant(program):
    path = f"{program.service}/Sessions"
    assert asks(path, DryRun="true")[0] == 200
    assert asks(path)[0] == 201
