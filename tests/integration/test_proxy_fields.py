"""Proxy's fields one by one: what each is where nobody says, which words it takes, and how much.

As Twilio's specification and pages have it: https://www.twilio.com/docs/proxy/api
"""

import json

import pytest

from tests.integration import test_lines_api
from tests.integration.conftest import AIKO, BEN, LINES
from tests.integration.test_lines_api import TEXTS
from tests.integration.test_proxy_codes import Program, fills

at_twilio = test_lines_api.at_twilio


@pytest.fixture
def program(client, at_twilio):
    return Program()


def refusal(answer):
    """The code with which something is refused, and the field that its message begins with."""
    status, said = answer
    assert status == 400, answer
    return said["code"], said["message"].partition("'")[2].partition("'")[0]


# ---- where nobody says -----------------------------------------------------------------------------------------------


def test_a_service_of_which_only_the_name_is_said_is_as_proxys(program):
    shown = program.makes("/v1/Services", UniqueName="plain")
    assert {name: shown[name] for name in ("default_ttl", "geo_match_level", "number_selection_behavior")} == {
        "default_ttl": 0,
        "geo_match_level": "country",
        "number_selection_behavior": "prefer-sticky",
    }
    empty = ("callback_url", "intercept_callback_url", "out_of_session_callback_url", "chat_instance_sid")
    assert [shown[name] for name in empty] == [None] * 4


def test_a_session_of_which_nothing_is_said_is_open_and_never_ends(program):
    shown = program.makes(f"{program.service}/Sessions")
    assert (shown["status"], shown["ttl"], shown["unique_name"]) == ("open", 0, None)
    dates = ("date_expiry", "date_started", "date_ended", "date_last_interaction", "closed_reason")
    assert [shown[name] for name in dates] == [None] * 5


def test_a_number_of_which_only_that_is_said_may_be_given_to_anybody_and_is_in_nobodys_use(program):
    shown = program.adds(PhoneNumber=TEXTS)[1]
    assert (shown["is_reserved"], shown["in_use"], shown["iso_country"]) == (False, 0, "JP")


def test_a_page_has_fifty_where_nobody_says_how_many(program):
    meta = program.asks("GET", f"{program.service}/Sessions")[1]["meta"]
    assert (meta["page"], meta["page_size"], meta["key"]) == (0, 50, "sessions")


# ---- words -----------------------------------------------------------------------------------------------------------

WORDS = {
    "GeoMatchLevel": ("area-code", "overlay", "radius", "country", "extended-area-code"),
    "NumberSelectionBehavior": ("avoid-sticky", "prefer-sticky"),
}


@pytest.mark.parametrize(("field", "word"), [(field, word) for field, words in WORDS.items() for word in words])
def test_a_service_takes_every_word_of_proxys(program, field, word):
    shown = program.makes(program.service, **{field: word})
    named = {"GeoMatchLevel": "geo_match_level", "NumberSelectionBehavior": "number_selection_behavior"}[field]
    assert shown[named] == word


@pytest.mark.parametrize("mode", ["message-only", "voice-only", "voice-and-message"])
def test_a_session_takes_every_mode(program, mode):
    assert program.makes(f"{program.service}/Sessions", Mode=mode)["mode"] == mode


@pytest.mark.parametrize("status", ["open", "in-progress", "closed"])
def test_a_session_begins_as_it_is_asked_for(program, status):
    assert program.makes(f"{program.service}/Sessions", Status=status)["status"] == status


@pytest.mark.parametrize("status", ["failed", "unknown"])
def test_nobody_can_ask_for_a_session_that_has_failed(program, status):
    assert refusal(program.asks("POST", f"{program.service}/Sessions", Status=status)) == (80701, "Status")


# ---- how much --------------------------------------------------------------------------------------------------------

LAST_TTL = 2_147_483_646


def address(length):
    return "https://8.8.8.8/".ljust(length, "x")


SERVICES, SESSIONS = "/v1/Services", "{service}/Sessions"
# By field, where it is said: the most that is taken, and what is too much.
MOST = {
    "a service's name": (SERVICES, "UniqueName", "x" * 191, "x" * 192),
    "a service's ttl": (SERVICES, "DefaultTtl", LAST_TTL, LAST_TTL + 1),
    "who is told": (SERVICES, "CallbackUrl", address(4000), address(4001)),
    "who is asked before": (SERVICES, "InterceptCallbackUrl", address(4000), address(4001)),
    "who is asked about strangers": (SERVICES, "OutOfSessionCallbackUrl", address(4000), address(4001)),
    "a session's name": (SESSIONS, "UniqueName", "山" * 191, "山" * 192),
    "a session's ttl": (SESSIONS, "Ttl", LAST_TTL, LAST_TTL + 1),
    "what somebody is called": ("{session}/Participants", "FriendlyName", "é" * 255, "é" * 256),
}


@pytest.mark.parametrize(("path", "field", "most", "more"), MOST.values(), ids=MOST)
def test_as_much_as_proxy_takes_is_taken_and_no_more(program, path, field, most, more):
    path = path.format(service=program.service, session=program.opens())
    rest = {"UniqueName": "another"} if path == SERVICES else {"Identifier": AIKO} if "Participants" in path else {}
    assert refusal(program.asks("POST", path, **rest | {field: more})) == (80701, field)
    assert program.makes(path, **rest | {field: most})


@pytest.mark.parametrize(
    ("field", "most", "code"),
    [("Identifier", 191, 80404), ("ProxyIdentifier", 255, 80304)],
)
def test_an_identifier_may_be_long_and_is_then_refused_for_what_it_is(program, field, most, code):
    session = program.opens()
    for length, refused in ((most, code), (most + 1, 80701)):
        fields = {"Identifier": AIKO} | {field: "messenger:".ljust(length, "1")}
        assert program.asks("POST", f"{session}/Participants", **fields)[1]["code"] == refused


@pytest.mark.parametrize(("asked", "size"), [("1", 1), ("100", 100), ("101", 100), ("1000", 100)])
def test_a_page_has_a_hundred_at_most(program, asked, size):
    assert program.asks("GET", f"{program.service}/Sessions?PageSize={asked}")[1]["meta"]["page_size"] == size


def test_a_number_comes_out_of_reserve_only_where_there_is_room_for_one_more(program, cloud):
    number = program.adds(PhoneNumber=TEXTS, IsReserved="true")[1]
    fills(cloud, program.sid, 500)
    path = f"{program.service}/PhoneNumbers/{number['sid']}"
    status, said = program.asks("POST", path, IsReserved="false")
    assert (status, said["code"]) == (400, 80622)
    assert program.asks("GET", path)[1]["is_reserved"] is True
    assert program.asks("POST", path, IsReserved="true")[0] == 200


# ---- one thing twice -------------------------------------------------------------------------------------------------


def test_a_number_that_is_named_by_itself_and_by_its_sid_is_one_or_none(program):
    sids = [f"PN{line[1:].zfill(32)}" for line in LINES]
    session = program.opens()
    status, said = program.joins(session, AIKO, ProxyIdentifier=LINES[0], ProxyIdentifierSid=sids[1])
    assert (status, said["code"], said["message"][:20]) == (400, 80701, "'ProxyIdentifierSid'")
    assert program.joins(session, AIKO, ProxyIdentifier=LINES[0], ProxyIdentifierSid=sids[0])[0] == 201
    wanted = {"Identifier": BEN, "ProxyIdentifier": LINES[0], "ProxyIdentifierSid": sids[2]}
    assert program.asks("POST", f"{program.service}/Sessions", Participants=[json.dumps(wanted)])[1]["code"] == 80701
