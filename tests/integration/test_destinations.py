"""Whom the exchange never calls: numbers that cost a fortune come into no session and no call."""

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.integration.calls import WANTED
from tests.integration.conftest import AIKO, BEN
from toritsugi.foundation import config

NAVI_DIAL, PREMIUM, SATELLITE, NEW_YORK = "+81570012345", "+19005551234", "+870773111632", "+12125551234"


@pytest.mark.parametrize("number", [NAVI_DIAL, PREMIUM, SATELLITE])
def test_nobody_joins_a_session_with_a_number_that_costs_a_fortune(service, number):
    session = service.sessions.create()
    for join in (
        lambda: service.sessions(session.sid).participants.create(identifier=number),
        lambda: service.sessions.create(participants=[{"Identifier": AIKO}, {"Identifier": number}]),
    ):
        with pytest.raises(TwilioRestException) as refused:
            join()
        assert (refused.value.code, refused.value.status) == (80404, 400)
    assert len(service.sessions.list()) == 1
    assert service.sessions(session.sid).participants.list() == []


@pytest.mark.parametrize("number", [NAVI_DIAL, PREMIUM, SATELLITE])
def test_no_call_is_made_to_a_number_that_costs_a_fortune(desk, number):
    status, said = desk.asks("POST", "/api/calls", WANTED | {"parties": [AIKO, number]})
    assert (status, said["code"]) == (400, 21215)
    call = desk.calls()
    status, said = call.asks("POST", "/participants", {"number": number})
    assert (status, said["code"]) == (400, 21215)
    assert [one["number"] for one in call.seen["participants"]] == [AIKO, BEN]


def test_only_countries_that_the_owner_names_are_called(desk, service, monkeypatch):
    assert desk.asks("POST", "/api/calls", WANTED | {"parties": [AIKO, NEW_YORK]})[0] == 201
    monkeypatch.setattr(config, "DESTINATIONS", "JP,GB")
    status, said = desk.asks("POST", "/api/calls", WANTED | {"parties": [AIKO, NEW_YORK]})
    assert (status, said["code"]) == (400, 21215)
    assert said["detail"] == f"{NEW_YORK} is not allowed: it is in US, and only GB, JP may be called"
    with pytest.raises(TwilioRestException, match="only GB, JP may be called"):
        service.sessions.create(participants=[{"Identifier": AIKO}, {"Identifier": NEW_YORK}])
    assert desk.asks("POST", "/api/calls", WANTED)[0] == 201
