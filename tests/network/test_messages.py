"""Facts of the Message resource: https://www.twilio.com/docs/messaging/api/message-resource"""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.responses import Response

from local.network.messages import segments
from tests.network.town import AIKO, LINE, OTHER_LINE, refusal

SPEC = Path(__file__).parents[3] / "shared" / "specs" / "twilio_api_v2010.json"
LANDLINE, OTHER_LANDLINE = "+81312345678", "+81312345679"
TOLD = {"MessageSid", "SmsSid", "AccountSid", "From", "To", "MessageStatus", "SmsStatus", "ApiVersion"}


@pytest.fixture(autouse=True)
def line_that_texts(town):
    town.has_line(capabilities={"voice": True, "sms": True, "mms": True}, sms_url=town.at("/sms"))


def sends(town, body="Hello", to=AIKO, **wishes):
    return town.twilio.messages.create(to=to, from_=LINE, body=body, **wishes)


def refused(town, **wishes):
    """How Twilio refuses to send Hello to Aiko, with these wishes."""
    return refusal(town.twilio.messages.create, **({"to": AIKO, "from_": LINE, "body": "Hello"} | wishes))


def told(town, path="/status"):
    return [asked["MessageStatus"] for asked in town.asked(path)]


def test_a_text_is_queued_sent_and_delivered(town):
    made = sends(town)
    assert (made.status, made.direction, made.date_sent, made.sid[:2]) == ("queued", "outbound-api", None, "SM")
    assert town.aiko.seen["messages"] == []
    town.forward(1)
    assert made.fetch().status == "sent"
    town.forward(1)
    assert made.fetch().status == "delivered"
    (text,) = town.aiko.seen["messages"]
    assert (text["sid"], text["direction"], text["from"], text["to"]) == (made.sid, "in", LINE, AIKO)
    assert (text["body"], text["media"], text["status"]) == ("Hello", [], "received")


def test_the_status_callback_tells_of_sent_and_delivered_and_never_of_the_beginning(town):
    made = sends(town, status_callback=town.at("/status"))
    town.forward(5)
    assert told(town) == ["sent", "delivered"]
    sent, delivered = town.asked("/status")
    assert set(sent.params) == TOLD
    assert set(delivered.params) == TOLD | {"RawDlrDoneDate"}
    assert re.fullmatch(r"\d{10}", delivered["RawDlrDoneDate"])
    assert (sent["MessageSid"], sent["SmsStatus"], sent["From"], sent["To"]) == (made.sid, "sent", LINE, AIKO)


def test_a_handset_that_no_carrier_reaches_leaves_it_undelivered(town):
    town.aiko.behaves(receives="never")
    made = sends(town, status_callback=town.at("/status"))
    town.forward(60)
    assert told(town) == ["sent", "undelivered"]
    assert town.asked("/status")[-1]["ErrorCode"] == "30003"
    assert (made.fetch().error_code, town.aiko.seen["messages"]) == (30003, [])
    assert made.fetch().error_message


def test_a_number_sends_one_segment_a_second_and_each_number_for_itself(town):
    town.has_line(OTHER_LINE, capabilities={"sms": True})
    sends(town, "a" * 161)
    second = sends(town)
    other = town.twilio.messages.create(to=AIKO, from_=OTHER_LINE, body="Hello")
    town.forward(2)
    assert (second.fetch().status, other.fetch().status) == ("sending", "delivered")
    town.forward(2)
    assert second.fetch().status == "delivered"


def test_what_waits_for_longer_than_its_validity_period_fails(town):
    sends(town, "a" * 1600)
    late = sends(town, validity_period=5, status_callback=town.at("/status"))
    town.forward(4.9)
    assert late.fetch().status == "queued"
    town.forward(0.2)
    assert (late.fetch().status, late.fetch().error_code, told(town)) == ("failed", 30036, ["failed"])


def test_pictures_are_fetched_and_have_an_address_at_twilio(town):
    town.answers("/cat.png", Response(b"cat", media_type="image/png"))
    made = sends(town, media_url=[town.at("/cat.png")])
    assert (made.sid[:2], made.num_media) == ("MM", "1")
    town.forward(5)
    (media,) = made.media.list()
    assert (media.content_type, media.parent_sid) == ("image/png", made.sid)
    assert made.media(media.sid).fetch().sid == media.sid
    assert town.aiko.seen["messages"][0]["media"] == [town.at("/cat.png")]
    path = f"/Messages/{made.sid}/Media/{media.sid}"
    answer = town.rest("GET", path)
    assert (answer.status_code, answer.headers["location"]) == (307, town.at("/cat.png"))
    assert town.rest("GET", path, auth=None).status_code == 401
    town.sets(protects_files=False)
    assert town.rest("GET", path, auth=None).status_code == 307
    assert made.media(media.sid).delete()
    assert town.rest("GET", path, auth=None).status_code == 404


def test_a_picture_that_cannot_be_had_fails_the_message(town):
    town.answers("/cat.png", Response(status_code=404))
    made = sends(town, media_url=[town.at("/cat.png")], status_callback=town.at("/status"))
    town.forward(5)
    assert (made.fetch().status, told(town), town.aiko.seen["messages"]) == ("failed", ["failed"], [])
    assert town.asked("/status")[0]["ErrorCode"] == "11200"


def test_messages_are_listed_the_latest_first_and_by_who_and_when(town):
    first, second = sends(town), sends(town, to=town.ben.number)
    town.forward(5)
    assert [one.sid for one in town.twilio.messages.list()] == [second.sid, first.sid]
    assert [one.sid for one in town.twilio.messages.list(to=AIKO)] == [first.sid]
    assert town.twilio.messages.list(from_=OTHER_LINE) == []
    assert len(town.twilio.messages.list(date_sent_after=first.fetch().date_sent)) == 2
    assert town.twilio.messages.list(date_sent_before=first.fetch().date_sent - timedelta(hours=1)) == []


def test_a_message_that_is_over_can_be_emptied_and_deleted(town):
    made = sends(town)
    for attempt in (made.delete, lambda: made.update(body="")):
        assert refusal(attempt) == (400, 20409)
    town.forward(5)
    assert made.update(body="").body == ""
    assert refusal(made.update, body="Something else")[0] == 400
    assert made.delete()
    assert refusal(made.fetch) == (404, 20404)


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"to": ""}, 21604),
        ({"from_": ""}, 21603),
        ({"body": ""}, 21602),
        ({"to": "+81"}, 21211),
        ({"to": "090-1234-0001"}, 21211),
        ({"to": LINE}, 21266),
        ({"from_": "+819099990000"}, 21606),
        ({"body": "a" * 1601}, 21617),
        ({"to": LANDLINE}, 21614),
        ({"media_url": ["cat.png"]}, 21620),
        ({"media_url": ["https://example.com/cat.png"] * 11}, 21623),
        ({"status_callback": "https://a_b.example.com/"}, 21609),
        ({"validity_period": 36001}, 20001),
        ({"from_": "Toritsugi"}, 501),
        ({"messaging_service_sid": "MG" + "0" * 32}, 501),
        ({"send_at": "2026-12-01T00:00:00Z", "schedule_type": "fixed"}, 501),
        ({"to": OTHER_LINE}, 501),
    ],
)
def test_what_twilio_refuses_is_refused_with_its_code_and_nothing_is_sent(town, wishes, code):
    town.has_line(OTHER_LINE)
    assert refused(town, **wishes)[1] == code
    assert town.twilio.messages.list() == []


def test_a_number_sends_what_its_capabilities_say(town):
    town.has_line(capabilities={"sms": False})
    assert refused(town) == (400, 21606)
    town.has_line(capabilities={"sms": True, "mms": False})
    assert refused(town, media_url=["https://example.com/cat.png"]) == (400, 21621)
    assert sends(town).status == "queued"


def test_the_account_may_be_forbidden_to_send_texts_to_a_country(town):
    assert town.sets(texts_forbidden_to=["JP"])["texts_forbidden_to"] == ["JP"]
    assert refused(town) == (400, 21408)
    assert sends(town, to="+14155550123").status == "queued"
    for wrong in ({"texts_forbidden_to": ["Japan"]}, {"texts_forbidden_to": "JP"}, {"protects_files": 1}, {"x": 1}, []):
        assert town.http.put("/account", json=wrong).status_code == 400


def test_a_telephone_can_be_a_landline_and_a_landline_receive_texts(town):
    town.aiko.behaves(receives="landline")
    assert refused(town) == (400, 21614)
    assert town.ask("PUT", f"/phones/{OTHER_LANDLINE}", {"receives": "at once"})["receives"] == "at once"
    assert sends(town, to=OTHER_LANDLINE).status == "queued"


def test_what_goes_wrong_on_purpose_strikes_messages_too(town):
    town.goes_wrong(duplicate={"match": "/status"}, rest_500_after_applying={"match": "Messages", "times": 1})
    assert refused(town, status_callback=town.at("/status")) == (500, 20500)
    town.forward(5)
    assert told(town) == ["sent", "sent", "delivered", "delivered"]


def test_callbacks_are_lost_and_late_on_purpose(town):
    town.goes_wrong(lose={"match": "/status", "times": 1}, delay={"match": "/status", "times": 1, "seconds": 60})
    sends(town, status_callback=town.at("/status"))
    town.forward(30)
    assert told(town) == []
    town.forward(60)
    assert told(town) == ["delivered"]


def test_callbacks_are_swapped_on_purpose(town):
    town.goes_wrong(reorder={"match": "/status", "times": 1})
    sends(town, status_callback=town.at("/status"))
    town.forward(5)
    assert told(town) == ["delivered", "sent"]


def test_the_control_api_shows_every_message_of_the_account_and_how_far_it_has_come(town):
    town.ben.behaves(receives="never")
    sends(town, "あ" * 71)
    sends(town, to=town.ben.number)
    assert [one["status"] for one in town.get("/messages")["messages"]] == ["sending", "queued"]
    town.forward(40)
    first, second = town.get("/messages")["messages"]
    assert (first["from"], first["to"], first["segments"], first["status"]) == (LINE, AIKO, 2, "delivered")
    assert (second["direction"], second["status"], second["error"]) == ("outbound-api", "undelivered", 30003)
    assert town.aiko.seen["messages"][0]["segments"] == 2


def test_the_end_of_the_world_takes_what_is_on_its_way_and_what_was_received(town):
    sends(town)
    town.forward(5)
    sends(town)
    town.ask("DELETE", "/world")
    town.forward(5)
    assert (town.aiko.seen["messages"], town.twilio.messages.list()) == ([], [])
    assert town.get("/messages") == {"messages": []}


@pytest.mark.skipif(not SPEC.exists(), reason="Twilio's description of its API is not here")
def test_the_resources_have_exactly_twilios_fields(town):
    schemas = json.loads(SPEC.read_text())["components"]["schemas"]
    town.answers("/cat.png", Response(b"cat", media_type="image/png"))
    made = sends(town, media_url=[town.at("/cat.png")])
    town.forward(5)
    message = town.rest("GET", f"/Messages/{made.sid}.json").json()
    assert set(message) == set(schemas["api.v2010.account.message"]["properties"])
    (media,) = town.rest("GET", f"/Messages/{made.sid}/Media.json").json()["media_list"]
    assert set(media) == set(schemas["api.v2010.account.message.media"]["properties"])


@pytest.mark.parametrize(
    ("body", "alphabet", "count"),
    [
        ("", "GSM-7", 1),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        ("€" * 153, "GSM-7", 3),  # 76 in each: none is split
        ("a" * 69 + "’", "UCS-2", 1),
        ("あ" * 70, "UCS-2", 1),
        ("あ" * 71, "UCS-2", 2),
        ("あ" * 135, "UCS-2", 3),
        ("😀" * 35, "UCS-2", 1),
        ("😀" * 36, "UCS-2", 2),
        ("😀" * 67, "UCS-2", 3),  # 33 in each
    ],
)
def test_a_text_is_counted_in_segments_of_its_alphabet(body, alphabet, count):
    assert (segments.alphabet(body), segments.count(body)) == (alphabet, count)


def test_the_resource_tells_the_segments_and_smart_encoding_saves_some(town):
    body = "“" + "a" * 100 + "”"
    assert sends(town, body).num_segments == "2"
    smart = sends(town, body, smart_encoded=True)
    assert (smart.num_segments, smart.body) == ("1", '"' + "a" * 100 + '"')
