"""What a client is shown, to the last word: each noun once, as a whole."""

import json

import pytest

from tests.conftest import ACCOUNT_SID, BASE
from tests.integration.calls import Desk
from tests.integration.conftest import AIKO, BEN, LINES, OutgoingLeg, open_session
from tests.integration.test_proxy_api import ask

NOON = "2026-11-21T03:00:00Z"


def shown(path):
    answer = ask("GET", path)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text)


@pytest.fixture
def session(clock, service, twilio):
    """A session of two, who have talked: its path, and the leg."""
    session, lines = open_session(service, ttl=600, unique_name="parcel")
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    leg.reports("initiated", "completed")
    clock.shift(60)
    return session.fetch(), leg, f"/v1/Services/{session.fetch().service_sid}"


USUAL_TERMS = {
    "greeting": None,
    "whisper": None,
    "accept_by_key": False,
    "say_unanswered": False,
    "voicemail": False,
    "ring_seconds": 30,
    "max_call_seconds": 14_400,
    "max_calls": 0,
    "close_after_call": False,
    "one_way": False,
}


def test_a_service(clock, service):
    sid = service.fetch().sid
    url = f"{BASE}/v1/Services/{sid}"
    assert shown(f"/v1/Services/{sid}") == {
        "sid": sid,
        "unique_name": "order-desk",
        "account_sid": ACCOUNT_SID,
        "chat_instance_sid": None,
        "callback_url": None,
        "default_ttl": 0,
        "number_selection_behavior": "prefer-sticky",
        "geo_match_level": "country",
        "intercept_callback_url": None,
        "out_of_session_callback_url": None,
        "date_created": NOON,
        "date_updated": NOON,
        "url": url,
        "links": {"sessions": f"{url}/Sessions", "phone_numbers": f"{url}/PhoneNumbers"},
        "calls_outlive_expiry": False,
        "close_ends_calls": False,
        "quarantine": 86400,
        "warn_before_expiry": 0,
        "grace_period": 0,
        "ended_sentence": None,
        "through": "dial",
        "warn_before_end": 180,
        "extension_minutes": 0,
        "extension_times": 1,
        "record": False,
        "unconfirmed_callers": "refuse",
        "callbacks_signed_by": "own-secret",
        "pin_entry": False,
        "intercept_fails": "open",
        "several_sessions": "refuse",
        **USUAL_TERMS,
    }


def test_a_number_of_a_service(session):
    found, _, path = session
    number = "PN" + LINES[0][1:].zfill(32)
    assert shown(f"{path}/PhoneNumbers/{number}") == {
        "sid": number,
        "account_sid": ACCOUNT_SID,
        "service_sid": found.service_sid,
        "date_created": NOON,
        "date_updated": NOON,
        "phone_number": LINES[0],
        "friendly_name": LINES[0],
        "iso_country": "JP",
        "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
        "url": f"{BASE}{path}/PhoneNumbers/{number}",
        "is_reserved": False,
        "in_use": 1,
    }


def test_a_session(session):
    found, _, path = session
    url = f"{BASE}{path}/Sessions/{found.sid}"
    assert shown(f"{path}/Sessions/{found.sid}") == {
        "service_sid": found.service_sid,
        "status": "in-progress",
        "unique_name": "parcel",
        "date_started": NOON,
        "date_ended": None,
        "date_last_interaction": NOON,
        "date_expiry": None,
        "ttl": 600,
        "mode": "voice-only",
        "closed_reason": None,
        "sid": found.sid,
        "date_updated": NOON,
        "date_created": NOON,
        "account_sid": ACCOUNT_SID,
        "url": url,
        "links": {"interactions": f"{url}/Interactions", "participants": f"{url}/Participants"},
        "label": None,
        "calls_made": 0,
        **USUAL_TERMS,
    }


def test_a_participant(session):
    found, _, path = session
    seen = shown(f"{path}/Sessions/{found.sid}/Participants")["participants"]
    by_number = {one["identifier"]: one for one in seen}
    sid, line = by_number[BEN]["sid"], by_number[BEN]["proxy_identifier"]
    url = f"{BASE}{path}/Sessions/{found.sid}/Participants/{sid}"
    assert line in LINES
    assert by_number[BEN] == {
        "sid": sid,
        "session_sid": found.sid,
        "service_sid": found.service_sid,
        "account_sid": ACCOUNT_SID,
        "friendly_name": "Ben",
        "identifier": BEN,
        "more_identifiers": [],
        "rings": "together",
        "proxy_identifier": line,
        "proxy_identifier_sid": "PN" + line[1:].zfill(32),
        "digit": 1,
        "date_deleted": None,
        "date_created": NOON,
        "date_updated": NOON,
        "url": url,
        "links": {"message_interactions": f"{url}/MessageInteractions"},
    }


def test_an_interaction(session):
    found, leg, path = session
    [seen] = shown(f"{path}/Sessions/{found.sid}/Interactions")["interactions"]
    people = {
        one["identifier"]: one["sid"] for one in shown(f"{path}/Sessions/{found.sid}/Participants")["participants"]
    }
    calls = seen["inbound_resource_url"].rpartition("/")[0]
    assert calls.endswith(f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls")
    assert seen == {
        "sid": "KI" + leg.call_sid[2:],
        "session_sid": found.sid,
        "service_sid": found.service_sid,
        "account_sid": ACCOUNT_SID,
        "data": '{"duration": "60"}',
        "type": "voice",
        "inbound_participant_sid": people[AIKO],
        "inbound_resource_sid": leg.call_sid,
        "inbound_resource_status": "completed",
        "inbound_resource_type": "Call",
        "inbound_resource_url": f"{calls}/{leg.call_sid}.json",
        "outbound_participant_sid": people[BEN],
        "outbound_resource_sid": leg.sid,
        "outbound_resource_status": "completed",
        "outbound_resource_type": "Call",
        "outbound_resource_url": f"{calls}/{leg.sid}.json",
        "date_created": NOON,
        "date_updated": "2026-11-21T03:01:05Z",
        "url": f"{BASE}{path}/Sessions/{found.sid}/Interactions/KI{leg.call_sid[2:]}",
    }


def test_a_call_of_a_session(clock, desk, service):
    session, lines = open_session(service)
    status, seen = desk.asks("POST", "/api/calls", {"session_sid": session.fetch().sid, "minutes": 5})
    people = [(AIKO, "Aiko"), (BEN, "Ben")]
    in_list = {
        "sid": seen["sid"],
        "status": "ringing",
        "through": "conference",
        "from": lines[AIKO],
        "session_sid": session.fetch().sid,
        "minutes": 5,
        "created_at": NOON,
        "ends_at": None,
        "extensions": 0,
        "ended_at": None,
        "end_reason": None,
    }
    assert status == 201
    assert seen == in_list | {
        "started_at": None,
        "billed_minutes": 0,
        "participants": [
            {
                "id": place,
                "number": number,
                "name": name,
                "shows": lines[number],
                "in_conference": False,
                "removed": False,
                "error": None,
                "legs": [],
            }
            for place, (number, name) in enumerate(people, 1)
        ],
        "announcements": [],
        "timeline": [],
    }
    assert desk.asks("GET", "/api/calls")[1]["calls"] == [in_list]


def test_a_call_with_an_announcement(clock, desk):
    said = {"before_end": 60, "say": "One minute left.", "language": "en-US", "to": 2}
    seen = desk.calls(announcements=[said]).seen
    assert seen["announcements"] == [
        {
            "id": 1,
            "before_end": 60,
            "after_start": None,
            "say": "One minute left.",
            "play": None,
            "language": "en-US",
            "to": 2,
            "due_at": None,
            "spoken_at": [],
            "dropped": [],
        }
    ]


# ---- who may not see it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/Services", "/v1/nothing", "/api/calls", "/api/nothing"])
def test_whoever_has_no_key_is_told_how_to_show_one(client, path):
    stranger = Desk(secret="wrong")
    if path.startswith("/api"):
        answer = stranger.send("GET", path, b"")
        status, headers = answer["statusCode"], answer["headers"]
    else:
        answer = ask("GET", path, auth=("SK" + "a" * 32, "wrong"))
        status, headers = answer.status_code, answer.headers
    assert status == 401
    assert {name.lower(): value for name, value in headers.items()}["www-authenticate"] == 'Basic realm="Toritsugi"'


def test_whoever_may_not_do_it_is_not_asked_for_another_key(client):
    from toritsugi.foundation import api_keys

    api_keys.create_key("SK" + "b" * 32, "secret", ("services:read",))
    answer = Desk("SK" + "b" * 32).send("GET", "/api/calls", b"")
    assert answer["statusCode"] == 403
    assert "www-authenticate" not in {name.lower() for name in answer["headers"]}
