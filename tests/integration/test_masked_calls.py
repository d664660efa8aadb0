"""A masked call at the webhooks: who is dialed, what they see, what is kept of it."""

from tests.integration.conftest import AIKO, BEN, EVE, people


def open_session(service, **options):
    session = service.sessions.create(participants=people(AIKO, BEN), **options)
    lines = {p.identifier: p.proxy_identifier for p in service.sessions(session.sid).participants.list()}
    return session, lines


def test_whoever_dials_their_number_is_put_through_and_the_other_sees_the_number_to_dial_back(service, twilio):
    _, lines = open_session(service)
    dial = twilio.calls(lines[AIKO], AIKO).find("Dial")
    assert dial.find("Number").text == BEN
    assert dial.get("callerId") == lines[BEN]
    assert dial.get("answerOnBridge") == "true"
    assert AIKO[1:] not in dial.find("Number").get("statusCallback")


def test_a_stranger_hears_that_this_line_is_not_for_them(service, twilio):
    _, lines = open_session(service)
    twiml = twilio.calls(lines[AIKO], EVE)
    assert twiml.find("Dial") is None
    assert "おつなぎできません" in twiml.find("Say").text
