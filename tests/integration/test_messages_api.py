"""Text messages through our own REST API: sent once, refused before they cost anything, listed, measured."""

import json
import re
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import NETWORK_PORT
from tests.integration.answers import answers, lost
from tests.integration.calls import Desk
from tests.integration.conftest import AIKO, BEN, LINES, NOON
from tests.integration.test_calls_api import failing
from tests.integration.test_races import between
from tests.integration.texts import LINE, form, give_line, reports, send
from tests.integration.wire import Died, conflicting, dying
from toritsugi.callers.caller import OptOut, opt_out_key
from toritsugi.foundation import api_keys
from toritsugi.limits import charges, switch
from toritsugi.messages import records

WANTED = {"to": AIKO, "from": LINE, "body": "Your parcel arrives at 5."}
LANDLINE = "+81312345678"
OF_PICTURES = "+12025550188"


class Account:
    """Twilio's REST API for messages, as far as one account needs it: what was sent, and what is refused."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.refusal: tuple[int, int, str] | None = None
        self.able = {LINE: {"sms": True, "mms": False}, LINES[0]: {"sms": False, "mms": False}}

    def find(self, number: str) -> tuple[int, dict[str, Any]]:
        able = self.able.get(number)
        found = {"sid": "PN" + "1" * 32, "phone_number": number, "capabilities": {"voice": True, **(able or {})}}
        return 200, {"incoming_phone_numbers": [found] if able else [], "page": 0, "page_size": 1}

    def take(self, message: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if self.refusal:
            status, code, said = self.refusal
            return status, {"code": code, "message": said, "status": status}
        self.sent.append(message)
        return 201, {"sid": f"SM{len(self.sent):032}", "status": "queued"}


class Counter(BaseHTTPRequestHandler):
    """Where the account is asked for, by HTTP."""

    account: Account

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        if asked.path.endswith("/Messages.json"):
            return self.answer(200, {"messages": [], "page": 0})  # nothing is listed of what was not answered
        return self.answer(*self.account.find(parse_qs(asked.query)["PhoneNumber"][0]))

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.answer(*self.account.take({name: values[0] for name, values in form.items()}))

    def answer(self, status: int, said: dict[str, Any]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: nobody reads it."""


@pytest.fixture(scope="module")
def counter():
    with ThreadingHTTPServer(("127.0.0.1", NETWORK_PORT), Counter) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield
        server.shutdown()
        thread.join()


@pytest.fixture
def account_at_twilio(counter) -> Account:
    """An account with a line that texts, and one in Japan that does not."""
    Counter.account = Account()
    return Counter.account


@pytest.fixture
def desk(account_at_twilio, client, clock) -> Desk:
    return Desk()


def sends(desk, **wanted):
    return desk.asks("POST", "/api/messages", WANTED | wanted)


# ---- sent ------------------------------------------------------------------------------------------------------------


def test_a_message_is_sent_and_shown(desk, account_at_twilio):
    status, seen = sends(desk)
    assert status == 201
    assert (seen["from"], seen["to"], seen["body"], seen["status"]) == (LINE, AIKO, WANTED["body"], "queued")
    assert (seen["direction"], seen["segments"], seen["encoding"], seen["error"]) == ("outbound-api", 1, "GSM-7", None)
    assert seen["created_at"] == NOON.strftime("%Y-%m-%dT%H:%M:%SZ")
    (sent,) = account_at_twilio.sent
    assert (sent["To"], sent["From"], sent["Body"]) == (AIKO, LINE, WANTED["body"])
    assert re.fullmatch(r"https://exchange.example.com/status/messages/KM[0-9a-f]{32}#.*", sent["StatusCallback"])
    assert desk.asks("GET", f"/api/messages/{seen['sid']}") == (200, seen)


def test_its_delivery_is_told_by_callbacks_that_may_come_before_twilios_own_answer(desk, twilio, account_at_twilio):
    seen = sends(desk)[1]
    for status in ("delivered", "sent"):
        assert reports(twilio, seen["sid"], status, seen["twilio_sid"]) == 204
    assert desk.asks("GET", f"/api/messages/{seen['sid']}")[1]["status"] == "delivered"


@pytest.mark.parametrize(
    ("code", "said"), [(30003, "cannot be reached"), (30005, "Nobody"), (30006, "landline"), (30007, "filtered")]
)
def test_why_it_did_not_arrive_is_said_in_a_sentence(desk, twilio, code, said):
    seen = sends(desk)[1]
    reports(twilio, seen["sid"], "undelivered", seen["twilio_sid"], ErrorCode=str(code))
    error = desk.asks("GET", f"/api/messages/{seen['sid']}")[1]["error"]
    assert error["code"] == code
    assert said in error["message"]


def test_the_same_key_sends_one_message(desk, account_at_twilio):
    answers = [desk.asks("POST", "/api/messages", WANTED, Idempotency_Key="parcel-1") for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert len(account_at_twilio.sent) == 1


def test_the_same_key_gets_the_same_answer_even_of_somebody_who_wants_no_more_by_then(desk):
    first = desk.asks("POST", "/api/messages", WANTED, Idempotency_Key="parcel-1")
    OptOut(*opt_out_key(AIKO), at=1).save()
    assert desk.asks("POST", "/api/messages", WANTED, Idempotency_Key="parcel-1") == first


def test_the_same_key_for_another_message_is_refused(desk):
    desk.asks("POST", "/api/messages", WANTED, Idempotency_Key="parcel-1")
    status, said = desk.asks("POST", "/api/messages", WANTED | {"body": "No"}, Idempotency_Key="parcel-1")
    assert (status, said["detail"]) == (422, "This Idempotency-Key was used for another message")


def test_a_key_is_a_clients_own(desk, account_at_twilio):
    api_keys.create_key("SK" + "b" * 32, "other")
    for one in (desk, Desk("SK" + "b" * 32, "other")):
        one.asks("POST", "/api/messages", WANTED, Idempotency_Key="parcel-1")
    assert len(account_at_twilio.sent) == 2


def test_whoever_is_overtaken_sends_nothing(desk, wire, account_at_twilio):
    """The same request arrives twice, and both are about to write."""

    def overtaken(operation, _request, carry):
        if operation == "TransactWriteItems":
            wire.trouble = None
            desk.asks("POST", "/api/messages", WANTED, Idempotency_Key="parcel-1")
        return carry()

    with wire.has(overtaken):
        _, seen = desk.asks("POST", "/api/messages", WANTED, Idempotency_Key="parcel-1")
    assert seen["status"] == "queued"
    assert len(account_at_twilio.sent) == 1


def test_what_others_keep_from_being_written_down_is_refused_and_not_sent(desk, wire, account_at_twilio):
    with wire.has(conflicting(1000)):
        status, seen = desk.asks("POST", "/api/messages", WANTED)
    assert (status, seen["code"]) == (409, 20409)
    assert account_at_twilio.sent == []


def test_what_was_written_down_without_an_answer_is_sent(desk, account_at_twilio):
    with answers(lost):
        assert desk.asks("POST", "/api/messages", WANTED, Idempotency_Key="parcel-1")[0] == 201
    assert len(account_at_twilio.sent) == 1


# ---- when something fails --------------------------------------------------------------------------------------------


def dies(desk, wire, at):
    """Somebody sends, and dies at this call of AWS: 6 writes it down, 7 what Twilio has said."""
    with wire.has(dying(at, after=at == 6)), pytest.raises(Died):
        desk.asks("POST", "/api/messages", WANTED, Idempotency_Key="parcel-1")


@pytest.mark.parametrize(("at", "sent"), [(6, 0), (7, 1)])
def test_whoever_dies_leaves_what_is_known_and_nothing_is_sent_twice(desk, wire, account_at_twilio, at, sent):
    desk.asks("GET", "/api/messages")  # which reads the key, that is remembered
    dies(desk, wire, at)
    assert len(account_at_twilio.sent) == sent
    status, seen = desk.asks("POST", "/api/messages", WANTED, Idempotency_Key="parcel-1")
    assert (status, seen["status"], seen["twilio_sid"]) == (201, "accepted", None)
    assert len(account_at_twilio.sent) == sent


def test_a_callback_tells_what_somebody_who_died_could_not(desk, twilio, wire):
    desk.asks("GET", "/api/messages")
    dies(desk, wire, 7)
    (message,) = desk.asks("GET", "/api/messages")[1]["messages"]
    reports(twilio, message["sid"], "delivered")
    seen = desk.asks("GET", f"/api/messages/{message['sid']}")[1]
    assert (seen["status"], seen["twilio_sid"]) == ("delivered", "SM" + "f" * 32)


def test_what_could_not_be_written_down_is_not_sent(desk, wire, account_at_twilio):
    with wire.has(failing("TransactWriteItems")):
        assert sends(desk)[0] == 500
    assert not account_at_twilio.sent


def test_what_twilio_refuses_is_kept_with_its_reason_and_told_again(desk, account_at_twilio):
    account_at_twilio.refusal = (400, 21610, "Attempt to send to unsubscribed recipient")
    answers = [desk.asks("POST", "/api/messages", WANTED, Idempotency_Key="parcel-1") for _ in range(2)]
    assert [(status, said["code"]) for status, said in answers] == [(400, 21610)] * 2
    (message,) = desk.asks("GET", "/api/messages")[1]["messages"]
    assert (message["status"], message["error"]["code"]) == ("failed", 21610)
    assert "unsubscribed" in message["error"]["message"]


def test_when_twilio_is_down_nobody_claims_that_nothing_was_sent(desk, account_at_twilio):
    account_at_twilio.refusal = (503, 20503, "Service unavailable")
    assert sends(desk)[0] == 502
    (message,) = desk.asks("GET", "/api/messages")[1]["messages"]
    assert (message["status"], message["error"]) == ("accepted", None)


@pytest.mark.parametrize(("body", "files"), [("Look!", 1), ("", 1), ("Look!", 10)])
def test_pictures_are_sent_along_or_alone(desk, account_at_twilio, body, files):
    account_at_twilio.able[OF_PICTURES] = {"sms": True, "mms": True}  # a process remembers what a line can do
    media = [f"https://example.com/{number}.png" for number in range(files)]
    status, seen = sends(desk, body=body, media=media, **{"from": OF_PICTURES})
    assert (status, seen["body"], seen["status"]) == (201, body, "queued")
    [sent] = account_at_twilio.sent
    assert (sent["MediaUrl"], sent.get("Body", "")) == (media[0], body)


@pytest.mark.parametrize(
    "limit", ["texts_an_hour_per_line", "texts_a_day_per_line", "texts_an_hour", "texts_a_day", "yen_a_day"]
)
def test_every_limit_of_texts_refuses_what_is_beyond_by_its_name(desk, account_at_twilio, limit):
    switch.set_limits({limit: charges.yen_of_text(AIKO, 1) if limit == "yen_a_day" else 1})
    first, second = sends(desk), sends(desk)
    assert (first[0], second[0], second[1]["limit"]) == (201, 429, limit)
    assert len(account_at_twilio.sent) == 1


DAY_IS_FULL = (429, 63038, "Account exceeded the 50 daily messages limit")


def limits_told(cloud):
    told = [event.detail["data"] for event in cloud.events if event.what == "limit.reached"]
    return [(one["limit"], one["code"]) for one in told]


def test_more_than_twilio_lets_the_account_send_in_a_day_is_a_limit_and_told_once(
    desk, account_at_twilio, cloud, monkeypatch
):
    monkeypatch.setattr(time, "sleep", lambda _: None)  # Twilio is asked again, and goes on saying so
    account_at_twilio.refusal = DAY_IS_FULL
    for _ in range(2):
        status, said = sends(desk)
        assert (status, said["code"], said["limit"]) == (429, 63038, "twilio_texts_a_day")
        assert said["retry_at"] == (NOON + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert "daily messages limit" in said["detail"]
    assert limits_told(cloud) == [("twilio_texts_a_day", 63038)]


def test_a_text_that_fails_for_that_reason_only_later_is_told_as_well(desk, twilio, cloud):
    seen = sends(desk)[1]
    assert reports(twilio, seen["sid"], "failed", seen["twilio_sid"], ErrorCode="63038") == 204
    assert limits_told(cloud) == [("twilio_texts_a_day", 63038)]
    assert "24 hours" in desk.asks("GET", f"/api/messages/{seen['sid']}")[1]["error"]["message"]


def test_a_text_that_fails_for_another_reason_is_no_limit(desk, twilio, cloud):
    seen = sends(desk)[1]
    reports(twilio, seen["sid"], "undelivered", seen["twilio_sid"], ErrorCode="30003")
    assert limits_told(cloud) == []


# ---- refused before it costs anything --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "code", "said"),
    [
        ({"body": ""}, 21602, "empty"),
        ({"body": " \n"}, 21602, "empty"),
        ({"body": "a" * 1601}, 21617, "1601 characters"),
        ({"to": LANDLINE}, 21614, "landline"),
        ({"to": "+81110000"}, 21211, "telephone number"),
        ({"to": "+81990123456"}, 21408, "premium"),
        ({"to": "+870773111632"}, 21408, "satellite"),
        ({"from": LINES[0]}, 21606, "numbers in Japan usually have voice alone"),
        ({"from": "+12025550177"}, 21606, "no number of yours"),
        ({"to": LINE}, 21266, "line of yours"),
        ({"media": ["https://example.com/cat.png"]}, 21621, "no MMS"),
        ({"media": ["https://example.com/cat.png"] * 11}, 21623, "11 files"),
    ],
)
def test_it_is_said_why_a_message_makes_no_sense(desk, account_at_twilio, wanted, code, said):
    status, problem = sends(desk, **wanted)
    assert (status, problem["code"]) == (400, code)
    assert said in problem["detail"]
    assert not account_at_twilio.sent
    assert not desk.asks("GET", "/api/messages")[1]["messages"]


def test_to_whom_wants_none_nothing_is_sent(desk, twilio, account_at_twilio):
    give_line()
    send(twilio, form("STOP"))
    status, problem = sends(desk)
    assert (status, problem["code"]) == (400, 21610)
    send(twilio, form("START"))
    assert sends(desk)[0] == 201


def test_another_line_of_ours_is_not_written_to(desk):
    give_line("+12025550102")
    assert sends(desk, to="+12025550102")[1]["code"] == 21266


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ({"to": "090-1111-000"}, "/to"),
        ({"to": None}, "/to"),
        ({"body": 5}, "/body"),
        ({"body": "\ud800"}, "/body"),
        ({"media": "https://example.com/cat.png"}, "/media"),
        ({"media": ["ftp://example.com"]}, "/media/0"),
        ({"cc": BEN}, "/cc"),
    ],
)
def test_what_is_no_message_at_all_is_told_with_its_place(desk, wanted, pointer):
    status, problem = sends(desk, **wanted)
    assert status == 422
    assert pointer in [one["pointer"] for one in problem["errors"]]


def test_a_message_goes_to_a_number_as_people_write_it_and_is_found_by_it(desk):
    assert sends(desk, to="090-1111-0001")[1]["to"] == AIKO
    status, found = desk.asks("GET", "/api/messages?number=090-1111-0001")
    assert (status, [one["to"] for one in found["messages"]]) == (200, [AIKO])


def test_a_key_needs_the_scope_of_messages(desk):
    api_keys.create_key("SK" + "c" * 32, "reads", scopes=("messages:read",))
    reader = Desk("SK" + "c" * 32, "reads")
    assert reader.asks("GET", "/api/messages")[0] == 200
    assert reader.asks("POST", "/api/messages", WANTED)[0] == 403


# ---- listed ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(desk, twilio, clock):
    """Three months in which Aiko and Ben wrote and were written to; the ids, the newest first."""
    give_line()
    made = []
    for day in (NOON.replace(month=9), NOON.replace(month=10, day=31), NOON):
        clock.move_to(day)
        for person in (AIKO, BEN):
            clock.shift(1)
            fields = form("予約", number=person)
            send(twilio, fields)
            made += [(fields["MessageSid"], person), (records.reply_id(fields["MessageSid"]), person)]
            clock.shift(1)
            made.append((sends(desk, to=person)[1]["sid"], person))
    return made[::-1]


def listed(desk, query=""):
    found, path = [], f"/api/messages?page_size=2{query}"
    while path:
        status, page = desk.asks("GET", path)
        assert status == 200, page
        found += [one["sid"] for one in page["messages"]]
        path = (page["meta"]["next_page_url"] or "").partition(".com")[2]
    return found


def test_pages_lead_back_over_the_months_and_show_each_message_once(desk, busy):
    assert listed(desk) == [one for one, _ in busy]


def test_the_messages_of_one_person_are_a_conversation(desk, busy):
    assert listed(desk, f"&number=%2B{AIKO[1:]}") == [one for one, person in busy if person == AIKO]
    assert listed(desk, "&number=%2B12025550000") == []


@pytest.mark.parametrize("direction", ["inbound", "outbound-api", "outbound-reply"])
def test_they_are_listed_by_the_way_they_went(desk, busy, direction):
    ways = {"inbound": 0, "outbound-reply": 1, "outbound-api": 2}
    wanted = [one for place, (one, _) in enumerate(busy[::-1]) if place % 3 == ways[direction]][::-1]
    assert listed(desk, f"&direction={direction}") == wanted
    assert listed(desk, f"&direction={direction}&number=%2B{BEN[1:]}") == [one for one in wanted if (one, BEN) in busy]


def test_they_are_listed_back_from_a_month(desk, busy):
    assert listed(desk, "&month=2026-10") == [one for one, _ in busy[6:]]
    assert listed(desk, f"&month=2026-10&number=%2B{AIKO[1:]}") == [one for one, who in busy[6:] if who == AIKO]


@pytest.mark.parametrize("query", ["direction=up", "number=090", "month=2026-13", "page_size=0", "page_token=PTeA"])
def test_a_question_that_makes_no_sense_is_refused(desk, query):
    assert desk.asks("GET", f"/api/messages?{query}")[0] in (400, 422)


@pytest.mark.parametrize("token", ["PTMjAyNi0xMXwj", "PTMjAyNi0xMXxhI2I", "PTMjAyNi0xMXw5OTk5OTk5OTk5OTk5I3g"])
@pytest.mark.parametrize("number", ["", f"&number=%2B{AIKO[1:]}"])
def test_a_token_that_somebody_has_made_up_is_refused_or_leads_to_some_page(desk, busy, token, number):
    assert desk.asks("GET", f"/api/messages?page_token={token}{number}")[0] in (200, 400)


def test_nobody_finds_what_is_not_there(desk):
    assert desk.asks("GET", "/api/messages/KM" + "0" * 32)[0] == 404
    assert desk.asks("GET", "/api/messages/hello")[0] == 404


def test_what_came_in_is_shown_with_what_became_of_it(desk, twilio):
    give_line()
    fields = form("", MediaUrl0="https://api.twilio.com/x", MediaContentType0="image/png")
    send(twilio, fields)
    seen = desk.asks("GET", f"/api/messages/{fields['MessageSid']}")[1]
    assert (seen["from"], seen["to"], seen["status"], seen["unanswered"]) == (AIKO, LINE, "received", None)
    assert seen["media"] == [{"url": "https://api.twilio.com/x", "kind": "image/png"}]
    reply = desk.asks("GET", f"/api/messages/{records.reply_id(fields['MessageSid'])}")[1]
    assert (reply["from"], reply["to"], reply["in_reply_to"]) == (LINE, AIKO, fields["MessageSid"])


# ---- measured --------------------------------------------------------------------------------------------------------


def test_a_text_is_measured_before_it_costs_anything(desk, account_at_twilio):
    status, size = desk.asks("POST", "/api/messages/preview", {"body": "It’s 5 o'clock " * 5})
    assert (status, size["encoding"], size["segments"], size["foreign"]) == (200, "UCS-2", 2, ["’"])
    assert (size["characters"], size["places"], size["is_too_long"]) == (75, 75, False)
    assert desk.asks("POST", "/api/messages/preview", {"body": "a" * 1601})[1]["is_too_long"]
    assert not account_at_twilio.sent


@pytest.mark.parametrize("last_word", ["STOP", "停止"])
def test_nothing_is_sent_to_somebody_who_leaves_before_it_is_written_down(
    desk, twilio, account_at_twilio, wire, last_word
):
    give_line()
    desk.asks("GET", "/api/messages")  # which reads the key, that is remembered
    leaves = between(2, lambda: send(twilio, form(last_word)))
    with wire.has(leaves):
        status, problem = sends(desk)
    assert leaves.reached
    assert (status, problem["code"]) == (400, 21610)
    assert not account_at_twilio.sent
    assert [one["direction"] for one in desk.asks("GET", "/api/messages?direction=outbound-api")[1]["messages"]] == []


def test_a_message_meets_others_to_the_same_person_and_is_sent_once(desk, account_at_twilio, wire):
    with wire.has(conflicting(2)):
        assert sends(desk)[0] == 201
    assert len(account_at_twilio.sent) == 1


# ---- round trips, and whatever comes ---------------------------------------------------------------------------------


def test_how_often_sending_goes_to_the_database(desk, wire):
    desk.asks("GET", "/api/messages")  # which reads the key, that is remembered
    with wire.counting() as trips:
        sends(desk)
    assert len(trips) == 7  # who has opted out; the switch, the line's count, all lines'; kept; what Twilio said; shown


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=30), st.sampled_from([AIKO, LINE, LANDLINE])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
BODIES = st.one_of(
    ANYTHING,
    st.fixed_dictionaries({}, optional=dict.fromkeys(("to", "from", "body", "media", "x"), ANYTHING)),
    st.fixed_dictionaries(
        {
            "to": st.one_of(st.just(AIKO), st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)),
            "from": st.sampled_from([LINE, LINES[0]]),
            "body": st.text(max_size=200),
        },
    ),
)
TRIED = 200


@given(BODIES, st.sampled_from(["/api/messages", "/api/messages/preview"]))
@settings(max_examples=TRIED, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_asked_for_is_done_or_refused_with_a_reason(desk, body, path):
    """200 bodies of every kind; the count is TRIED."""
    status, said = desk.asks("POST", path, body)
    assert status in (200, 201, 400, 415, 422), said
    assert status < 300 or said["detail"]
