"""Sessions whose calls do not go as usual, at the webhook: what it costs, what counts, and what is never said."""

import xml.etree.ElementTree as ElementTree

import pytest

import timer
import voice
from local.aws import Context
from tests.conftest import BASE
from tests.integration import deeds
from tests.integration.conftest import AIKO, BEN, EVE, LINES, incoming
from tests.integration.deeds import form
from toritsugi.masking import made_calls, services
from toritsugi.masking.sessions import find_with_people, read_session

TALKED = {"DialCallStatus": "completed", "DialBridged": "true", "CallStatus": "in-progress"}
NOBODY = {"DialCallStatus": "no-answer", "DialBridged": "false", "CallStatus": "in-progress"}
CALL, OTHER = "CA" + "1" * 32, "CA" + "2" * 32
EVERYTHING = {
    "Greeting": "Welcome to {label}.",
    "Whisper": "{name} calls about {label}.",
    "AcceptByKey": "true",
    "RingSeconds": 20,
    "MaxCallSeconds": 600,
    "MaxCalls": 2,
}


@pytest.fixture
def opens(service):
    """Opens a session of Aiko and Ben with such fields: its service, its SID, and the line that each dials."""

    def open_with(**fields):
        sid = service.fetch().sid
        session = deeds.create(sid, AIKO, BEN, **fields)
        lines = {one.identifier: one.proxy_identifier for one in find_with_people(session.session_sid)[1]}
        return sid, session.session_sid, lines

    return open_with


def asks(twilio, address, caller, line, call_sid=CALL, **fields):
    """The TwiML with which a call goes on, at an address that its last TwiML has named."""
    path = address.removeprefix(BASE).partition("#")[0]
    answer = twilio.send(voice.handler, path, incoming(caller, line, call_sid) | fields)
    assert answer["statusCode"] == 200
    return ElementTree.fromstring(answer["body"])


def said(twiml):
    return [one.text for one in twiml.iter("Say")]


def overtaken_by(deed):
    """Just before the first transaction somebody else is faster."""
    first = [deed]

    def overtake(operation, _request, carry):
        if operation == "TransactWriteItems" and first:
            first.pop()()
        return carry()

    return overtake


def deliver(cloud):
    """timer.py gets what lies in its queue."""
    for message in cloud.queues.named["Timers"].messages[:]:
        timer.handler({"Records": [{"messageId": "1", "body": message.body}]}, Context("timer"))


# ---- how it is put through -------------------------------------------------------------------------------------------


def test_a_call_with_every_term_costs_one_read_and_names_nobody_anywhere(opens, twilio, wire):
    _, _, lines = opens(Label="order 17", **EVERYTHING)
    with wire.counting() as operations:
        greeting, dial = twilio.calls(lines[AIKO], AIKO)
    assert operations == ["BatchGetItem"]
    assert (greeting.text, greeting.get("language")) == ("Welcome to order 17.", "en-US")
    assert (dial.get("timeout"), dial.get("timeLimit")) == ("20", "600")
    for url in (dial.get("action"), dial.find("Number").get("url")):
        assert not [one for one in (AIKO, BEN, *LINES) if one[3:] in url]


def test_a_plain_call_asks_for_nothing_more_than_before(opens, twilio):
    _, _, lines = opens(Label="order 17")
    (dial,) = twilio.calls(lines[AIKO], AIKO)
    assert dial.attrib.keys() == {"callerId", "answerOnBridge", "timeout", "timeLimit"}
    assert dial.find("Number").attrib.keys() == {"statusCallback", "statusCallbackEvent"}


@pytest.mark.parametrize(
    ("fields", "action"),
    [
        ({"Greeting": "Hello."}, None),
        ({"Whisper": "A call."}, None),
        ({"RingSeconds": 60}, None),
        ({"MaxCallSeconds": 60}, None),
        ({"OneWay": "true"}, None),
        ({"SayUnanswered": "true"}, "over"),
        ({"AcceptByKey": "true"}, "over"),
        ({"Voicemail": "true"}, "over"),
        ({"MaxCalls": 1}, "counted"),
        ({"CloseAfterCall": "true"}, "counted"),
    ],
)
def test_one_request_more_is_asked_for_only_where_something_follows_from_it(opens, twilio, fields, action):
    _, sid, lines = opens(**fields)
    asked = twilio.calls(lines[AIKO], AIKO).find("Dial").get("action")
    assert (asked and asked.partition(f"{BASE}/voice/sessions/{sid}/")[2].partition("/")[0]) == action


@pytest.mark.parametrize(("ttl", "timeout", "limit"), [(600, "60", "100"), (30, "30", "30"), (2, "5", "2")])
def test_nothing_rings_or_lasts_beyond_the_session(opens, twilio, clock, ttl, timeout, limit):
    _, _, lines = opens(RingSeconds=60, MaxCallSeconds=100, Ttl=ttl)
    dial = twilio.calls(lines[AIKO], AIKO).find("Dial")
    assert (dial.get("timeout"), dial.get("timeLimit")) == (timeout, limit)


def test_who_is_called_hears_it_for_one_read_and_only_in_the_session_that_it_was_for(opens, twilio, clock, wire):
    service, sid, lines = opens(**EVERYTHING | {"MaxCalls": 0})
    dial = twilio.calls(lines[AIKO], AIKO).find("Dial")
    address, leg = dial.find("Number").get("url"), {"ParentCallSid": CALL}
    with wire.counting() as operations:
        asked = asks(twilio, address, lines[BEN], BEN, OTHER, **leg)
    assert operations == ["BatchGetItem"]
    assert said(asked) == ["the other person calls about your matter.", "おつなぎするには、1を押してください。"]
    agreed = asked.find("Gather").get("action")
    assert said(asks(twilio, agreed, lines[BEN], BEN, OTHER, Digits="2", **leg)) == said(asked)
    assert len(asks(twilio, agreed, lines[BEN], BEN, OTHER, Digits="1", **leg)) == 0
    for stranger in ({"ParentCallSid": OTHER}, {"To": EVE, **leg}):
        assert [one.tag for one in asks(twilio, agreed, lines[BEN], BEN, OTHER, Digits="1", **stranger)] == ["Hangup"]
    deeds.close(service, sid)
    deeds.create(service, AIKO, BEN, lines=(lines[AIKO], lines[BEN]))
    assert [one.tag for one in asks(twilio, agreed, lines[BEN], BEN, OTHER, Digits="1", **leg)] == ["Hangup"]


def test_who_called_from_another_telephone_leaves_a_message_as_from_their_own(opens, twilio):
    """As with a PIN: who they are stands sealed in the address, and not in what Twilio says."""
    _, sid, lines = opens(Voicemail="true")
    over = twilio.calls(lines[AIKO], AIKO).find("Dial").get("action")
    record = asks(twilio, over, EVE, lines[AIKO], **NOBODY).find("Record")
    told = record.get("recordingStatusCallback").partition("#")[0]
    assert told == f"{BASE}/recording/session-voicemail/{sid}/" + over.partition("#")[0].rpartition("/")[2]


# ---- changes ---------------------------------------------------------------------------------------------------------


def test_a_service_that_says_otherwise_means_sessions_to_come(service, opens, twilio):
    _, _, lines = opens()
    services.change_service(services.get_service(service.fetch().sid), form(Greeting="Hello."))
    assert said(twilio.calls(lines[AIKO], AIKO)) == []
    _, _, lines = opens()
    assert said(twilio.calls(lines[AIKO], AIKO)) == ["Hello."]


def test_a_session_that_says_otherwise_means_its_next_call_also_after_it_was_opened_again(opens, twilio):
    service, sid, lines = opens(Greeting="About {label}.")
    deeds.update(service, sid, Label="order 17")
    assert said(twilio.calls(lines[BEN], BEN)) == ["About order 17."]
    deeds.close(service, sid)
    deeds.reopen(service, sid, Label="order 18")
    assert said(twilio.calls(lines[BEN], BEN)) == ["About order 18."]
    deeds.update(service, sid, Greeting="")
    assert said(twilio.calls(lines[BEN], BEN)) == []


def test_an_ended_session_leaves_no_words_behind(opens, cloud):
    service, sid, _ = opens(Greeting="About {label}.", Label="order 17")
    deeds.close(service, sid)
    rows = cloud.dynamodb.scan(TableName=cloud.template.environment["DIRECTORY_TABLE"])["Items"]
    assert "order 17" not in str(rows)


def test_voicemail_is_refused_where_calls_go_through_a_conference_and_the_other_way_round(client):
    client.proxy.v1.services.create(unique_name="clinic")
    clinic = services.get_service("clinic")
    for first, second, name in [
        ({"Through": "conference"}, {"Voicemail": "true"}, "Voicemail"),
        ({"Through": "dial", "Voicemail": "true"}, {"Through": "conference"}, "Voicemail"),
    ]:
        clinic = services.change_service(clinic, form(**first))
        with pytest.raises(services.RequestRefused, match=f"'{name}' is invalid"):
            services.change_service(clinic, form(**second))
        clinic = services.get_service("clinic")


# ---- what counts -----------------------------------------------------------------------------------------------------


def made(service, sid):
    return len(read_session(service, sid)[0].calls_made or ())


def test_a_call_counts_once_however_often_twilio_tells_of_it_and_in_whatever_order(opens, twilio, cloud):
    service, sid, lines = opens(MaxCalls=2)
    over = twilio.calls(lines[AIKO], AIKO).find("Dial").get("action")
    asks(twilio, over, AIKO, lines[AIKO], **TALKED)
    asks(twilio, over, BEN, lines[BEN], OTHER, **NOBODY)
    asks(twilio, over, AIKO, lines[AIKO], **TALKED)
    asks(twilio, over, AIKO, lines[AIKO], **NOBODY)
    for _ in range(2):  # each message comes twice as well
        deliver(cloud)
    assert made(service, sid) == 1
    assert twilio.calls(lines[AIKO], AIKO).find("Dial") is not None
    made_calls.count_call(sid, OTHER)
    assert "通話の回数" in said(twilio.calls(lines[AIKO], AIKO))[0]


def test_a_caller_who_has_hung_up_first_is_counted_and_hears_nothing(opens, twilio, cloud):
    service, sid, lines = opens(MaxCalls=1)
    over = twilio.calls(lines[AIKO], AIKO).find("Dial").get("action")
    asks(twilio, over, AIKO, lines[AIKO], **TALKED | {"CallStatus": "completed"})
    deliver(cloud)
    assert made(service, sid) == 1
    assert len(asks(twilio, over, AIKO, lines[AIKO], OTHER, **NOBODY | {"CallStatus": "completed"})) == 0


def test_a_call_that_is_told_late_counts_in_a_session_that_has_ended_and_opens_nothing(opens, clock):
    service, sid, _ = opens(MaxCalls=1, Ttl=60)
    clock.shift(61)
    made_calls.count_call(sid, CALL)
    session, _ = read_session(service, sid)
    assert session.is_closed(session.expires_at)
    deeds.reopen(service, sid, Ttl=600)
    assert made(service, sid) == 1


def test_a_session_that_closes_after_a_call_does_so_once_and_not_again_when_it_was_opened_anew(opens):
    service, sid, _ = opens(CloseAfterCall="true")
    made_calls.count_call(sid, CALL)
    assert (read_session(service, sid)[0].status, read_session(service, sid)[0].closed_reason) == (
        "closed",
        "call-made",
    )
    deeds.reopen(service, sid)
    made_calls.count_call(sid, CALL)
    assert read_session(service, sid)[0].status == "in-progress"
    made_calls.count_call(sid, OTHER)
    assert read_session(service, sid)[0].status == "closed"


def test_a_change_in_the_same_moment_loses_no_call_and_no_word(opens, twilio, wire):
    service, sid, lines = opens(MaxCalls=1)
    with wire.has(overtaken_by(lambda: made_calls.count_call(sid, CALL))):
        deeds.update(service, sid, Label="order 17")
    session, _ = read_session(service, sid)
    assert (session.label, made(service, sid)) == ("order 17", 1)
    assert "通話の回数" in said(twilio.calls(lines[AIKO], AIKO))[0]


def test_nothing_is_counted_where_nobody_has_asked_for_it(opens):
    service, sid, _ = opens(Greeting="Hello.")
    assert made_calls.count_call(sid, CALL) is None
    assert made(service, sid) == 0
