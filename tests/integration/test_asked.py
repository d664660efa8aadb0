"""The owner's system is asked about calls and texts: when, in which words, and what of its answers counts."""

import itertools
import json
import socket
import xml.etree.ElementTree as ElementTree

import pytest

from tests.conftest import AUTH_TOKEN, BASE, OWN_SECRET
from tests.integration.conftest import (
    AIKO,
    BEN,
    EVE,
    LINES,
    OutgoingLeg,
    give_numbers,
    incoming,
    lines_of,
    open_session,
    set_setting,
)
from tests.integration.test_cleanup import due, schedules
from tests.integration.test_proxy_api import raw
from tests.integration.texts import DOCUMENT, form, kept, know, send, writes
from tests.integration.wire import Wire
from tests.stories.owners import Owner
from toritsugi.foundation import config
from toritsugi.lines.lines import Line, find_line
from toritsugi.masking import pool
from toritsugi.masking.sessions import Session

KEY = ("SK" + "a" * 32, "secret")
ON_THE_WEB = "https://8.8.8.8/asked"
OF_AN_INTERACTION = {"interaction" + name for name in ("Sid", "SessionSid", "ServiceSid", "AccountSid", "Type", "Data")}
OF_AN_INTERACTION |= {"interactionDateCreated", "interactionDateUpdated"}
INBOUND = {"inbound" + name for name in ("ParticipantSid", "ResourceSid", "ResourceStatus", "ResourceType")}
INBOUND |= {"inboundResourceUrl"}
SAYS = "<Response><Say>Welcome to the shop.</Say></Response>"
_calls = itertools.count(1)


@pytest.fixture
def near(cloud, clock):
    """The exchange is on one machine with whom it asks."""
    set_setting(cloud, "all-base-urls", BASE)
    set_setting(cloud, "public-base-url", "http://127.0.0.1:1")


@pytest.fixture
def shop(near):
    """The owner's system, which takes whatever it is asked and says nothing."""
    owner = Owner()
    yield owner
    owner.close()
    assert owner.forged == []


@pytest.fixture
def wire(cloud):
    config.settings()
    with Wire() as wire:
        yield wire


def asks(service, **settings):
    """The service has these settings, as a client sets them."""
    pairs = "&".join(f"{name}={value}" for name, value in settings.items())
    status, said = raw("POST", f"/v1/Services/{service.fetch().sid}", pairs, KEY)
    assert status == 200, said


def xml(text: str, kind: str = "text/xml"):
    return lambda _: (kind, text.encode())


def calls(twilio, line: str, caller: str = AIKO, sid: str | None = None, **more: str) -> ElementTree.Element:
    import voice

    sid = sid or f"CA{next(_calls):032x}"
    answer = twilio.send(voice.handler, "/voice", incoming(caller, line, sid) | more)
    assert answer["statusCode"] == 200
    return ElementTree.fromstring(answer["body"])


def heard(twiml: ElementTree.Element) -> str:
    return "".join(twiml.itertext())


def dialed(twiml: ElementTree.Element) -> str | None:
    return twiml.findtext("Dial/Number")


# ---- which are taken, and what they cost -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["InterceptCallbackUrl", "OutOfSessionCallbackUrl"])
def test_addresses_are_kept_shown_and_taken_away_and_those_that_cannot_be_asked_are_refused(service, name):
    path = f"/v1/Services/{service.fetch().sid}"
    shown = name.replace("Url", "_url").replace("Callback", "_callback").replace("OutOf", "out_of_")
    shown = shown.replace("Session", "session").replace("Intercept", "intercept")
    assert raw("POST", path, f"{name}={ON_THE_WEB}", KEY)[1][shown] == ON_THE_WEB
    assert raw("POST", path, f"{name}=", KEY)[1][shown] is None
    for url in ("https://10.0.0.1/asked", "https://[fd00::1]/", "http://8.8.8.8/", BASE):
        status, refusal = raw("POST", path, f"{name}={url}", KEY)
        assert (status, refusal["code"], refusal["message"].split()[0]) == (400, 80701, f"'{name}'")


def test_what_becomes_of_a_failed_intercept_is_a_setting_that_is_open_unless_said(service):
    path = f"/v1/Services/{service.fetch().sid}"
    assert raw("GET", path, "", KEY)[1]["intercept_fails"] == "open"
    assert raw("POST", path, "InterceptFails=closed", KEY)[1]["intercept_fails"] == "closed"
    status, refusal = raw("POST", path, "InterceptFails=ajar", KEY)
    assert (status, refusal["code"], refusal["message"].split()[0]) == (400, 80701, "'InterceptFails'")


def test_a_service_that_asks_nobody_pays_nothing_and_its_lines_say_nothing(service, twilio, wire):
    _, lines = open_session(service)
    asks(service, InterceptCallbackUrl=ON_THE_WEB, OutOfSessionCallbackUrl=ON_THE_WEB)
    assert find_line(lines[AIKO]).asks == {"before", "about-strangers"}
    asks(service, InterceptCallbackUrl="", OutOfSessionCallbackUrl="")
    assert [find_line(line).asks for line in LINES] == [None] * 3
    with wire.counting() as trips:
        assert dialed(calls(twilio, lines[AIKO])) == BEN
        assert "登録" in heard(calls(twilio, lines[AIKO], EVE))
    assert trips == ["BatchGetItem"] * 2


def test_a_number_that_comes_later_asks_as_the_others_and_one_that_leaves_does_not(service):
    asks(service, InterceptCallbackUrl=ON_THE_WEB)
    give_numbers(service.fetch().sid, ["+815010000004"])
    assert find_line("+815010000004").asks == {"before"}
    number = next(n for n in pool.list_all_numbers(service.fetch().sid) if n.phone_number == "+815010000004")
    line = find_line(number.phone_number)
    line.update([Line.reception.set("desk"), Line.document.set(DOCUMENT)])
    pool.remove_from_pool(number)
    assert find_line(number.phone_number).asks is None


def test_lines_say_what_the_latest_edition_says_whoever_writes_last(service, cloud):
    sid = service.fetch().sid
    former, numbers = pool.read_pool(sid)
    asks(service, InterceptCallbackUrl=ON_THE_WEB)
    assert not pool.write_into_lines(numbers, [Line.asks.remove()], former)
    assert [find_line(line).asks for line in LINES] == [{"before"}] * 3


def test_a_pool_of_more_numbers_than_a_transaction_takes_is_told_whole(service, wire):
    sid = service.fetch().sid
    many = [f"+8150200{place:05}" for place in range(105)]
    give_numbers(sid, many, reserved=True)
    with wire.counting() as trips:
        asks(service, OutOfSessionCallbackUrl=ON_THE_WEB)
    assert [find_line(line).asks for line in (many[0], many[98], many[99], many[-1], LINES[0])] == [
        {"about-strangers"}
    ] * 5
    assert trips.count("TransactWriteItems") == 1 + 2


# ---- before a call or text goes on -----------------------------------------------------------------------------------


def test_it_is_asked_in_the_words_of_a_callback_without_the_other_side(service, twilio, shop):
    session, lines = open_session(service)
    asks(service, InterceptCallbackUrl=f"{shop.address}/may?it=go")
    assert dialed(calls(twilio, lines[AIKO], sid="CA" + "7" * 32)) == BEN
    [said] = shop.asked
    assert set(said) == OF_AN_INTERACTION | INBOUND
    assert (said["interactionSid"], said["interactionSessionSid"]) == ("KI" + "7" * 32, session.fetch().sid)
    assert (said["interactionType"], said["inboundResourceType"]) == ("Voice", "call")
    assert (said["inboundResourceSid"], said["inboundResourceStatus"]) == ("CA" + "7" * 32, "in-progress")
    assert [number[1:] in str(said) for number in (AIKO, BEN)] == [False, False]
    assert session.interactions.list() == []


def test_403_stops_a_call_which_is_seen_in_the_session_and_nobody_else_pays(service, twilio, shop, logged):
    session, lines = open_session(service, ttl=600)
    expiry = Session.get(session.fetch().sid, "session").expires_at
    asks(service, InterceptCallbackUrl=shop.address)
    shop.says = lambda _: 403
    for _ in range(2):  # Twilio asks again
        twiml = calls(twilio, lines[AIKO], sid="CA" + "7" * 32)
        assert (dialed(twiml), [one.tag for one in twiml]) == (None, ["Say", "Hangup"])
        assert "この電話はおつなぎできません" in heard(twiml)
    [seen] = session.interactions.list()
    assert (seen.sid, seen.type, seen.outbound_resource_status) == ("KI" + "7" * 32, "voice", "canceled")
    assert (seen.inbound_resource_sid, seen.outbound_resource_sid) == ("CA" + "7" * 32, None)
    assert seen.outbound_resource_url is None
    assert (session.fetch().status, Session.get(session.fetch().sid, "session").expires_at) == ("open", expiry)
    assert '"code":80909' in logged().replace(" ", "")


def test_a_call_that_is_let_on_when_twilio_asks_again_is_told_of_like_any_other(service, twilio, shop):
    session, lines = open_session(service)
    asks(service, InterceptCallbackUrl=shop.address)
    answers = iter([403, 200])
    shop.says = lambda _: next(answers)
    assert dialed(calls(twilio, lines[AIKO], sid="CA" + "1" * 32)) is None
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    leg.address = leg.address.replace("http://127.0.0.1:1", BASE)
    leg.reports("initiated", "completed")
    [seen] = session.interactions.list()
    assert (seen.outbound_resource_status, seen.data) == ("completed", '{"duration": "60"}')
    assert seen.outbound_resource_sid


@pytest.mark.parametrize("setting", ["open", "closed"])
@pytest.mark.parametrize("status", [204, 302, 404, 500, None])
def test_whatever_else_it_says_leaves_the_way_as_the_service_wants_it(service, twilio, shop, setting, status, logged):
    _, lines = open_session(service)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = shop.address if status else f"http://127.0.0.1:{nobody.getsockname()[1]}"
        asks(service, InterceptCallbackUrl=address, InterceptFails=setting)
        shop.says = lambda _: status
        goes_on = dialed(calls(twilio, lines[AIKO])) == BEN
    assert goes_on is (setting == "open" or status == 204)
    assert ("80908" in logged()) is (status != 204)


def test_by_the_auth_token_where_the_service_says_so(service, twilio, near):
    unchanged = Owner(AUTH_TOKEN)
    _, lines = open_session(service)
    asks(service, InterceptCallbackUrl=unchanged.address, CallbacksSignedBy="auth-token")
    calls(twilio, lines[AIKO])
    unchanged.close()
    assert (len(unchanged.asked), unchanged.forged, unchanged.secret != OWN_SECRET) == (1, [], True)


@pytest.fixture
def texting(client, clock):
    """A service whose numbers have texts, with Aiko and Ben in a session."""
    made = client.proxy.v1.services.create(unique_name="letters")
    give_numbers(made.sid, LINES, sms=True, mms=True)
    return client.proxy.v1.services(made.sid)


def test_403_stops_a_text_whose_writer_is_told_and_the_owner_sees_it(texting, twilio, shop):
    session, lines = open_session(texting)
    asks(texting, InterceptCallbackUrl=shop.address)
    shop.says = lambda _: 403
    fields = form("call me at home", AIKO, lines[AIKO])
    for _ in range(2):
        told = ElementTree.fromstring(send(twilio, fields)["body"])
        assert "your message was not passed on" in heard(told)
        assert [one.get("to") for one in told] == [None]
    assert json.loads(shop.asked[0]["interactionData"]) == {"body": "call me at home"}
    assert set(shop.asked[0]) == OF_AN_INTERACTION | INBOUND
    [seen] = session.interactions.list()
    assert (seen.type, seen.data) == ("message", '{"body": "call me at home"}')
    assert (seen.inbound_resource_sid, seen.outbound_resource_sid) == (fields["MessageSid"], None)
    assert (seen.outbound_resource_status, session.fetch().status) == ("canceled", "open")
    assert session.interactions(seen.sid).delete()
    assert (session.interactions.list(), kept(fields["MessageSid"])) == ([], None)


def test_a_text_that_may_go_on_is_asked_about_once_and_goes_on_once(texting, twilio, shop):
    _, lines = open_session(texting)
    asks(texting, InterceptCallbackUrl=shop.address)
    twiml = ElementTree.fromstring(send(twilio, form("on my way", AIKO, lines[AIKO]))["body"])
    assert [(one.get("to"), heard(one)) for one in twiml] == [(BEN, "on my way")]
    assert len(shop.asked) == 1


# ---- about those whom no session knows -------------------------------------------------------------------------------


def test_without_a_session_it_is_told_all_that_twilio_tells_and_its_twiml_is_executed(service, twilio, shop):
    asks(service, OutOfSessionCallbackUrl=shop.address)
    for kind in ("text/xml", "application/xml", "Application/XML; charset=utf-8"):
        shop.says = xml(SAYS.replace("Welcome", "ようこそ"), kind)
        twiml = calls(twilio, LINES[0], EVE, "CA" + "7" * 32, StirVerstat="TN-Validation-Passed-A")
        assert heard(twiml) == "ようこそ to the shop."
    expected = incoming(EVE, LINES[0], "CA" + "7" * 32) | {"StirVerstat": "TN-Validation-Passed-A"}
    assert shop.asked == [expected] * 3


def test_of_a_session_that_has_ended_it_is_told_who_was_in_it(service, twilio, shop, clock):
    session, lines = open_session(service, unique_name="order-17", ttl=600)
    asks(service, OutOfSessionCallbackUrl=shop.address)
    clock.shift(601)
    calls(twilio, lines[AIKO])
    [said] = shop.asked
    people = {one.identifier: one for one in session.participants.list()}
    assert (said["sessionSid"], said["sessionUniqueName"], said["ttl"]) == (session.fetch().sid, "order-17", "600")
    assert (said["sessionStatus"], said["sessionClosedReason"], said["sessionDateStarted"]) == ("closed", "ttl", "")
    for side, number in (("inbound", AIKO), ("outbound", BEN)):
        person = people[number]
        assert said[f"{side}ParticipantSid"] == person.sid
        assert said[f"{side}ParticipantIdentifier"] == number
        assert said[f"{side}ParticipantFriendlyName"] == person.friendly_name
        assert said[f"{side}ParticipantProxyIdentifier"] == person.proxy_identifier
        assert said[f"{side}ParticipantProxyIdentifierSid"] == person.proxy_identifier_sid
        assert said[f"{side}ParticipantSessionSid"] == said["sessionSid"]
        for name in ("AccountSid", "ServiceSid", "DateCreated", "DateUpdated"):
            assert said[f"{side}Participant{name}"]
    for name in ("AccountSid", "ServiceSid", "Mode", "DateCreated", "DateUpdated", "DateEnded"):
        assert said[f"session{name}"]
    assert said["sessionDateLastInteraction"] == ""


def test_an_answer_in_json_makes_a_session_that_connects_the_very_call(service, twilio, shop, cloud):
    asks(service, OutOfSessionCallbackUrl=shop.address)
    later = "2026-11-21T05:00:00Z"
    shop.says = lambda _: {
        "participantIdentifier": BEN,
        "participantProxyIdentifier": LINES[2],
        "uniqueName": "order-17",
        "mode": "voice-only",
        "ttl": 600,
        "dateExpiry": later,
    }
    twiml = calls(twilio, LINES[0])
    assert (dialed(twiml), twiml.find("Dial").get("callerId")) == (BEN, LINES[2])
    [session] = service.sessions.list()
    assert (session.unique_name, session.mode, session.ttl) == ("order-17", "voice-only", 600)
    assert session.date_expiry.strftime("%Y-%m-%dT%H:%M:%SZ") == later
    people = [(one.identifier, one.proxy_identifier) for one in service.sessions(session.sid).participants.list()]
    assert people == [(AIKO, LINES[0]), (BEN, LINES[2])]
    assert [one["Name"].split("-")[0] for one in cloud.scheduler.list_schedules()["Schedules"]] == [session.sid]


@pytest.mark.parametrize("rings", [{}, {"participantRings": "in-turn"}])
def test_an_answer_in_json_connects_the_very_call_with_a_team(service, twilio, shop, rings):
    asks(service, OutOfSessionCallbackUrl=shop.address)
    team = {"participantIdentifier": BEN, "participantMoreIdentifiers": [EVE]}
    shop.says = lambda _: team | rings
    dial = calls(twilio, LINES[0]).find("Dial")
    assert [number.text for number in dial.findall("Number")] == [BEN, EVE]
    assert dial.get("sequential") == ("true" if rings else None)


def test_a_session_for_a_stranger_is_warned_of_as_any_other(service, twilio, shop, cloud):
    asks(service, OutOfSessionCallbackUrl=shop.address, WarnBeforeExpiry=600)
    shop.says = lambda _: {"participantIdentifier": BEN, "mode": "voice-only", "ttl": 3600}
    calls(twilio, LINES[0])
    [session] = service.sessions.list()
    ends, [armed] = Session.get(session.sid, "session").expires_at, schedules(cloud).values()
    assert due(armed) == ends - 600


def test_a_stranger_for_whom_there_is_no_number_counts_in_the_forecast(service, twilio, shop, cloud):
    asks(service, OutOfSessionCallbackUrl=shop.address)
    shop.says = lambda _: {"participantIdentifier": BEN, "mode": "message-only"}
    calls(twilio, LINES[0])
    [told] = [event.detail["data"] for event in cloud.events if event.what == "number.exhausted"]
    assert (told["mode"], told["refused"]) == ("message-only", True)


@pytest.mark.parametrize("charset", ["utf-8", "Shift_JIS", "UTF-16"])
def test_json_may_be_in_any_charset_and_the_line_reserved(client, twilio, shop, charset):
    made = client.proxy.v1.services.create(unique_name="counter")
    give_numbers(made.sid, ["+815030000001"], reserved=True)
    service = client.proxy.v1.services(made.sid)
    give_numbers(made.sid, LINES)
    asks(service, OutOfSessionCallbackUrl=shop.address)
    body = json.dumps({"participantIdentifier": BEN, "uniqueName": "注文"}, ensure_ascii=False).encode(charset)
    shop.says = lambda _: (f"application/json; charset={charset}", body)
    assert dialed(calls(twilio, "+815030000001")) == BEN
    [session] = service.sessions.list()
    assert session.unique_name == "注文"


def test_a_call_and_a_text_that_twilio_tells_of_twice_make_one_session_each(texting, twilio, shop):
    asks(texting, OutOfSessionCallbackUrl=shop.address)
    shop.says = lambda _: {"participantIdentifier": BEN}
    assert [dialed(calls(twilio, LINES[0], sid="CA" + "7" * 32)) for _ in range(2)] == [BEN] * 2
    fields = form("is it open?", EVE, LINES[1])
    twins = [ElementTree.fromstring(send(twilio, fields)["body"]) for _ in range(2)]
    assert [[(one.get("to"), heard(one)) for one in twin] for twin in twins] == [[(BEN, "is it open?")]] * 2
    assert len(texting.sessions.list()) == 2
    assert len(shop.asked) == 2


def test_of_two_requests_about_one_call_at_once_the_later_takes_the_session_of_the_first(service, twilio, shop):
    asks(service, OutOfSessionCallbackUrl=shop.address)
    inside = []

    def answer(_):
        if not inside:  # the second is answered while the first waits
            inside.append(1)
            inside.append(dialed(calls(twilio, LINES[0], sid="CA" + "7" * 32)))
        return {"participantIdentifier": BEN, "uniqueName": "order-17"}

    shop.says = answer
    assert dialed(calls(twilio, LINES[0], sid="CA" + "7" * 32)) == BEN
    assert (inside[1], len(service.sessions.list())) == (BEN, 1)


def test_a_request_that_comes_again_when_its_session_is_over_makes_no_other(service, twilio, shop, clock):
    asks(service, OutOfSessionCallbackUrl=shop.address)
    shop.says = lambda _: {"participantIdentifier": BEN, "ttl": 5}
    assert dialed(calls(twilio, LINES[0], sid="CA" + "7" * 32)) == BEN
    clock.shift(6)
    assert dialed(calls(twilio, LINES[0], sid="CA" + "7" * 32)) is None
    assert len(service.sessions.list()) == 1
    assert dialed(calls(twilio, LINES[0], sid="CA" + "8" * 32)) == BEN


UNUSABLE = {
    "500": (500, 80913),
    "302": (302, 80913),
    "JSON in a text of JSON": (("application/json", json.dumps('{"participantIdentifier": "x"}').encode()), 12100),
    "no JSON": (("application/json", b"{"), 12100),
    "a list": (("application/json", b"[]"), 12100),
    "an unknown charset": (("application/json; charset=klingon", b"{}"), 12100),
    "half of XML": (("text/xml", b"<Response><Say>"), 12100),
    "a DTD": (("text/xml", b'<!DOCTYPE a [<!ENTITY x "y">]><Response><Say>&x;</Say></Response>'), 12100),
    "no Response": (("text/xml", b"<Say>Hello</Say>"), 12100),
    "very deep": (("text/xml", b"<Response>" + b"<a>" * 9000 + b"</a>" * 9000 + b"</Response>"), 12100),
    "too large": (("text/xml", b"<Response>" + b" " * 65_536 + b"</Response>"), 80913),
    "a page": (("text/html", b"<p>Hello</p>"), 12300),
    "nobody": ({}, 80701),
    "no number": ({"participantIdentifier": "Ben"}, 80404),
    "a wrong kind": ({"participantIdentifier": BEN, "ttl": True}, 80701),
    "a wrong mode": ({"participantIdentifier": BEN, "mode": "video"}, 80701),
    "a number of no pool": ({"participantIdentifier": BEN, "participantProxyIdentifier": "+815099999999"}, 80605),
    "the caller": ({"participantIdentifier": AIKO}, 80103),
    "a team that is no list": ({"participantIdentifier": BEN, "participantMoreIdentifiers": EVE}, 80701),
    "a team of one": ({"participantIdentifier": BEN, "participantRings": "in-turn"}, 80701),
    "a number of no country": ({"participantIdentifier": "+99912345678"}, 80404),
}


@pytest.mark.parametrize("answer", list(UNUSABLE))
def test_of_a_useless_answer_the_caller_hears_a_sentence_and_the_log_has_its_code(
    service, twilio, shop, answer, logged
):
    said, code = UNUSABLE[answer]
    asks(service, OutOfSessionCallbackUrl=shop.address)
    shop.says = lambda _: said
    twiml = calls(twilio, LINES[0])
    assert "ご登録の電話からおかけください" in heard(twiml)
    assert f'"code":{code}' in logged().replace(" ", "")
    assert [number for number in (AIKO, BEN, "+99912345678") if number[1:] in logged()] == []
    assert service.sessions.list() == []


def test_a_reception_at_the_same_line_answers_where_the_owners_system_does_not(service, twilio, shop):
    asks(service, OutOfSessionCallbackUrl=shop.address)
    find_line(LINES[0]).update([Line.reception.set("desk"), Line.version.set(1), Line.document.set(DOCUMENT)])
    shop.says = xml(SAYS)
    assert heard(calls(twilio, LINES[0], EVE)) == "Welcome to the shop."
    shop.says = lambda _: 500
    assert [one.tag for one in calls(twilio, LINES[0], EVE)] == ["Hangup"]


def test_a_pin_is_asked_for_where_the_owners_system_says_nothing_of_use(service, twilio, shop):
    asks(service, OutOfSessionCallbackUrl=shop.address, PinEntry="true")
    shop.says = xml(SAYS)
    assert heard(calls(twilio, LINES[0], EVE)) == "Welcome to the shop."
    shop.says = lambda _: 500
    assert "暗証番号を入力" in heard(calls(twilio, LINES[0], EVE))


def test_who_is_blocked_hides_or_is_forged_is_in_no_session_for_it(service, twilio, shop):
    asks(service, OutOfSessionCallbackUrl=shop.address)
    shop.says = lambda _: {"participantIdentifier": BEN}
    know(EVE, blocked=True)
    assert dialed(calls(twilio, LINES[0], EVE)) is None
    calls(twilio, LINES[0], AIKO, StirVerstat="TN-Validation-Failed-C")
    assert shop.asked == []
    assert "番号が通知されていない" in heard(calls(twilio, LINES[0], "anonymous"))
    assert (len(shop.asked), service.sessions.list()) == (1, [])


def test_a_service_that_is_deleted_asks_nobody(service, twilio, shop, wire):
    asks(service, OutOfSessionCallbackUrl=shop.address, InterceptCallbackUrl=shop.address)
    _, lines = open_session(service)
    service.delete()
    with wire.counting() as trips:
        assert [dialed(calls(twilio, lines[AIKO], caller)) for caller in (AIKO, EVE)] == [None, None]
    assert (shop.asked, trips) == ([], ["BatchGetItem"] * 2)


def test_a_text_without_a_session_is_answered_by_twiml_and_kept(texting, twilio, shop):
    asks(texting, OutOfSessionCallbackUrl=shop.address)
    shop.says = xml("<Response><Message>We are closed.</Message></Response>")
    fields = form("is it open?", EVE, LINES[1])
    assert heard(ElementTree.fromstring(send(twilio, fields)["body"])) == "We are closed."
    assert shop.asked == [fields]
    assert (kept(fields["MessageSid"]).body, kept(fields["MessageSid"]).unanswered) == (
        "is it open?",
        "answered by your system",
    )


def test_who_wants_no_texts_is_none_of_its_business(texting, twilio, shop):
    asks(texting, OutOfSessionCallbackUrl=shop.address)
    shop.says = xml("<Response><Message>We are closed.</Message></Response>")
    assert "停止しました" in (writes(twilio, "停止", number=EVE, line=LINES[1]) or "")
    assert writes(twilio, "is it open?", number=EVE, line=LINES[1]) is None
    assert shop.asked == []


def test_a_text_about_which_it_says_nothing_of_use_is_told_why_it_went_no_further(texting, twilio, shop):
    asks(texting, OutOfSessionCallbackUrl=shop.address)
    shop.says = lambda _: 500
    assert "this number leads to nobody" in writes(twilio, "is it open?", number=EVE, line=LINES[1])
    assert len(shop.asked) == 1


def test_in_a_session_it_makes_the_call_is_asked_about_before_it_goes_on(service, twilio, shop):
    asks(service, OutOfSessionCallbackUrl=f"{shop.address}/new", InterceptCallbackUrl=f"{shop.address}/may")
    shop.says = lambda said: 403 if "interactionSid" in said else {"participantIdentifier": BEN}
    assert dialed(calls(twilio, LINES[0])) is None
    assert lines_of(service, service.sessions.list()[0].sid)[AIKO] == LINES[0]
    assert ["interactionSid" in said for said in shop.asked] == [False, True]
