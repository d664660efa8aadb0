"""Masked calls that are recorded: only where the service says so, and never without telling both sides."""

from xml.etree import ElementTree

import pytest

from tests.conftest import BASE
from tests.integration.calls import Desk
from tests.integration.conftest import AIKO, BEN, LINES, OutgoingLeg, incoming, open_session
from tests.integration.deeds import form
from tests.integration.tapes import CALL, SID, Messages, Tapes, report, row, served, told
from tests.integration.texts import know
from toritsugi.masking import routes, services
from toritsugi.masking.routes import Route

CONVERSATION = {"RecordingChannels": "2", "RecordingSource": "DialVerb", "RecordingDuration": "60"}


def records(service, **settings: str) -> None:
    """The service is changed as its owner does it by HTTP, for the SDK does not know our settings."""
    services.change_service(services.get_service(service.fetch().sid), form(**settings))


@pytest.fixture
def line(service) -> str:
    """The line that Aiko dials to reach Ben, in a session whose calls are recorded."""
    records(service, Record="true")
    _, lines = open_session(service, AIKO, BEN)
    return lines[AIKO]


def test_nothing_is_recorded_unless_somebody_has_asked_for_it(service, twilio):
    _, lines = open_session(service, AIKO, BEN)
    (dial,) = twilio.calls(lines[AIKO], AIKO)
    assert dial.tag == "Dial"
    assert "record" not in dial.attrib
    assert "url" not in dial.find("Number").attrib


def test_both_sides_are_told_before_they_are_put_through(twilio, line):
    notice, dial = twilio.calls(line, AIKO)
    assert (notice.tag, notice.text) == ("Say", "この通話は録音されます。")
    assert dial.get("record") == "record-from-answer-dual"
    told_at = dial.find("Number").get("url").removeprefix(BASE).partition("#")[0]
    import voice

    leg = incoming(dial.get("callerId"), BEN, "CA" + "2" * 32)
    (say,) = ElementTree.fromstring(twilio.send(voice.handler, told_at, leg)["body"])
    assert (say.tag, say.text) == ("Say", "この通話は録音されます。")


def test_a_caller_who_is_known_is_told_in_their_own_language(twilio, line):
    know(AIKO, language="en-US")
    notice, _ = twilio.calls(line, AIKO)
    assert (notice.text, notice.get("language")) == ("This call is recorded.", "en-US")


def test_in_a_language_that_is_not_spoken_here_any_more_one_is_told_in_english(twilio):
    import voice

    answer = twilio.send(voice.handler, "/voice/notices/xx-XX", incoming(LINES[0], BEN, "CA" + "2" * 32))
    assert "This call is recorded." in answer["body"]


def test_somebody_abroad_is_told_in_english(twilio):
    import voice

    path = routes.find_notice_path(Route(partner="+14155550123", shows=LINES[0], recorded=True), False)
    answer = twilio.send(voice.handler, path, incoming(LINES[0], "+14155550123", "CA" + "2" * 32))
    assert "This call is recorded." in answer["body"]


def test_where_twilio_tells_of_it_stands_nobodys_number(twilio, line):
    address = twilio.calls(line, AIKO)[1].get("recordingStatusCallback")
    for number in (AIKO, BEN, line):
        assert number[1:] not in address
    assert address.startswith(f"{BASE}/recording/session/KC")


def test_the_interaction_and_the_recording_know_each_other(cloud, service, twilio, clock):
    records(service, Record="true")
    session, lines = open_session(service, AIKO, BEN)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO], CALL)
    leg.reports("initiated", "completed")
    address = twilio.calls(lines[AIKO], AIKO, CALL)[1].get("recordingStatusCallback")
    messages = Messages(cloud)
    with served(Tapes()):
        assert report(twilio, told(**CONVERSATION), address.removeprefix(BASE).partition("#")[0]) == 204
        assert messages.deliver() == [True]
    (interaction,) = session.interactions.list()
    assert interaction.data == f'{{"duration": "60", "recording_sid": "{SID}"}}'
    seen = Desk().asks("GET", f"/api/recordings/{SID}")[1]
    assert (seen["kind"], seen["session_sid"], seen["reception"]) == ("conversation", session.fetch().sid, None)
    assert (seen["caller"], seen["line"], seen["channels"]) == (AIKO, lines[AIKO], 2)


def test_a_session_that_was_deleted_meanwhile_loses_no_recording(cloud, service, twilio, clock):
    records(service, Record="true")
    session, lines = open_session(service, AIKO, BEN)
    address = twilio.calls(lines[AIKO], AIKO, CALL)[1].get("recordingStatusCallback")
    session.delete()
    messages = Messages(cloud)
    with served(Tapes()):
        report(twilio, told(**CONVERSATION), address.removeprefix(BASE).partition("#")[0])
        assert messages.deliver() == [True]
    assert row(cloud)["status"] == "stored"


def test_a_session_goes_on_as_it_began_when_its_service_changes(service, twilio, line):
    records(service, Record="false")
    assert len(list(twilio.calls(line, AIKO))) == 2
    _, others = open_session(service, AIKO, "+819044440004")
    assert len(list(twilio.calls(others[AIKO], AIKO))) == 1


def test_a_conference_is_not_recorded_and_that_is_told_when_it_is_asked_for(service):
    with pytest.raises(Exception, match="only calls that go Through a dial"):
        records(service, Record="true", Through="conference")
    records(service, Record="true")
    with pytest.raises(Exception, match="only calls that go Through a dial"):
        records(service, Through="conference")


def test_the_setting_is_shown_and_is_true_or_false(service, client):
    assert services.show_service(services.get_service(service.fetch().sid), BASE)["record"] is False
    with pytest.raises(Exception, match="Record"):
        records(service, Record="sometimes")
