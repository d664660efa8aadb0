"""Facts of texts that come in: https://www.twilio.com/docs/messaging/guides/webhook-request and .../messaging/twiml"""

import pytest
from starlette.responses import Response

from tests.network.town import AIKO, BEN, LINE, NOBODY, OTHER_LINE, refusal

PARAMS = {"MessageSid", "SmsSid", "SmsMessageSid", "AccountSid", "From", "To", "Body", "NumMedia", "NumSegments"} | {
    "SmsStatus",
    "ApiVersion",
    *(party + part for party in ("From", "To") for part in ("City", "State", "Zip", "Country")),
}
BOTH = {"sms": True, "mms": True}


@pytest.fixture(autouse=True)
def line_that_texts(town):
    town.has_line(capabilities=BOTH, sms_url=town.at("/sms"), sms_fallback_url=town.at("/fallback"))
    town.answers("/sms", "")


def texts(person, body="Hello", to=LINE, **more):
    return person.town.post(person.path + "/send", {"to": to, "body": body, **more})["messages"][-1]


def got(person):
    """What this person was sent, after a while."""
    person.town.forward(30)
    return [text["body"] for text in person.seen["messages"] if text["direction"] == "in"]


def errors(town, path="/sms"):
    return [entry["error"] and entry["error"]["code"] for entry in town.log(path)]


def test_the_application_is_told_who_says_what_with_blanks_for_what_is_unknown(town):
    text = texts(town.aiko, "こんにちは")
    (asked,) = town.asked("/sms")
    assert (set(asked.params), asked.method) == (PARAMS, "POST")
    assert (asked["From"], asked["To"], asked["Body"]) == (AIKO, LINE, "こんにちは")
    assert (asked["NumMedia"], asked["NumSegments"], asked["SmsStatus"]) == ("0", "1", "received")
    assert (asked["FromCountry"], asked["FromCity"], asked["ToZip"]) == ("JP", "", "")
    assert {asked["MessageSid"], asked["SmsSid"], asked["SmsMessageSid"]} == {text["sid"]}
    assert (text["direction"], text["status"], text["body"]) == ("out", "sent", "こんにちは")
    message = town.twilio.messages(text["sid"]).fetch()
    assert (message.direction, message.status) == ("inbound", "received")
    assert town.log("/sms")[0]["call_sid"] == text["sid"]


def test_pictures_come_as_addresses_with_their_kind(town):
    texts(town.aiko, "Look", media=[town.at("/cat.png"), town.at("/tune")])
    (asked,) = town.asked("/sms")
    assert (asked["NumMedia"], asked["MessageSid"][:2]) == ("2", "MM")
    assert (asked["MediaContentType0"], asked["MediaContentType1"]) == ("image/png", "application/octet-stream")
    auth = (town.world.account_sid, town.world.auth_token)
    assert town.http.get(asked["MediaUrl0"], auth=auth).headers["location"] == town.at("/cat.png")
    assert len(town.twilio.messages(asked["MessageSid"]).media.list()) == 2


def test_a_long_text_tells_its_segments(town):
    texts(town.aiko, "あ" * 71)
    assert town.asked("/sms")[0]["NumSegments"] == "2"


def test_no_verb_is_no_reply(town):
    texts(town.aiko)
    assert got(town.aiko) == []


def test_replies_go_back_in_their_order_and_tell_of_their_delivery(town):
    town.answers("/sms", '<Message statusCallback="/status">One</Message><Message><Body>Two\nlines</Body></Message>')
    texts(town.aiko)
    assert got(town.aiko) == ["One", "Two\nlines"]
    reply = town.twilio.messages.list(to=AIKO)[0]
    assert (reply.direction, reply.from_, reply.status) == ("outbound-reply", LINE, "delivered")
    assert [asked["MessageStatus"] for asked in town.asked("/status")] == ["sent", "delivered"]


def test_a_reply_may_go_to_somebody_else_from_another_number_with_a_picture(town):
    town.has_line(OTHER_LINE, capabilities=BOTH)
    town.answers("/cat.png", Response(b"cat", media_type="image/png"))
    reply = f'<Message to="{BEN}" from="{OTHER_LINE}"><Body>Look</Body><Media>/cat.png</Media></Message>'
    town.answers("/sms", reply)
    texts(town.aiko)
    assert (got(town.aiko), got(town.ben)) == ([], ["Look"])
    (text,) = town.ben.seen["messages"]
    assert (text["from"], text["media"]) == (OTHER_LINE, [town.at("/cat.png")])


def test_the_action_of_a_message_continues_and_what_follows_is_not_reached(town):
    town.answers("/sms", '<Message action="/next" method="GET">One</Message><Message>Never</Message>')
    town.answers("/next", "<Message>Two</Message>")
    texts(town.aiko)
    (asked,) = town.asked("/next")
    assert (asked.method, asked["MessageStatus"], asked["From"]) == ("GET", "queued", AIKO)
    assert got(town.aiko) == ["One", "Two"]


def test_a_redirect_leads_to_another_document(town):
    town.answers("/sms", '<Redirect method="GET">/other</Redirect><Message>Never</Message>')
    town.answers("/other", "<Message>From there</Message>")
    texts(town.aiko)
    assert (town.asked("/other")[0].method, got(town.aiko)) == ("GET", ["From there"])


def test_plain_text_is_a_reply_and_nothing_is_none(town):
    town.answers("/sms", Response("Hello yourself", media_type="text/plain"), Response("", media_type="text/plain"))
    texts(town.aiko)
    texts(town.aiko)
    assert (got(town.aiko), errors(town)) == (["Hello yourself"], [None, None])


def test_the_fallback_stands_in_and_hears_why(town):
    town.answers("/sms", Response(status_code=500))
    town.answers("/fallback", "<Message>Sorry</Message>")
    texts(town.aiko)
    (asked,) = town.asked("/fallback")
    assert (asked["ErrorCode"], asked["ErrorUrl"], asked["Body"]) == ("11200", town.at("/sms"), "Hello")
    assert got(town.aiko) == ["Sorry"]


def test_without_a_fallback_it_stands_in_the_log_and_nobody_replies(town):
    town.has_line(capabilities=BOTH, sms_url=town.at("/sms"))
    town.answers("/sms", Response(status_code=500))
    texts(town.aiko)
    assert (errors(town), got(town.aiko), len(town.asked("/sms"))) == ([11200], [], 1)


def test_a_fallback_that_fails_too_is_the_end(town):
    town.answers("/sms", Response(status_code=500))
    town.answers("/fallback", Response(status_code=500))
    texts(town.aiko)
    assert (len(town.asked("/fallback")), got(town.aiko)) == (1, [])


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("<Say>Hello</Say>", 14110),
        ("<Message>One<Body>Two</Body></Message>", 14103),
        ("<Message><Body>One</Body><Body>Two</Body></Message>", 14103),
        ("<Message><Say>Hello</Say></Message>", 12200),
        ('<Message colour="red">Hello</Message>', 12200),
        ('<Message method="PUT">Hello</Message>', 14104),
        ("<Message/>", 21602),
        (f'<Message to="{LINE}">Hello</Message>', 21266),
        ('<Message to="nobody">Hello</Message>', 21211),
        (f'<Message from="{NOBODY}">Hello</Message>', 21606),
        (f"<Message>{'a' * 1601}</Message>", 21617),
        ("<Message><Media>ftp://example.com/cat.png</Media></Message>", 21620),
    ],
)
def test_a_reply_that_is_wrong_stands_in_the_log_with_twilios_code(town, document, code):
    town.answers("/sms", document)
    texts(town.aiko)
    assert (errors(town), got(town.aiko)) == ([code], [])


def test_a_message_is_no_verb_of_a_call(town):
    town.answers("/voice", "<Message>Hello</Message>")
    town.aiko.dials()
    assert errors(town, "/voice") == [12200]


def test_documents_that_lead_in_a_circle_come_to_an_end(town):
    town.has_line(capabilities=BOTH, sms_url=town.at("/sms"))
    town.answers("/sms", "<Redirect>/sms</Redirect>")
    texts(town.aiko)
    assert len(town.asked("/sms")) < 200


def test_cookies_last_through_a_conversation_of_two_numbers(town):
    answer = Response("<Response/>", media_type="text/xml", headers={"Set-Cookie": "seen=yes; Path=/"})
    town.answers("/sms", answer, "")
    texts(town.aiko)
    texts(town.aiko)
    texts(town.ben)
    town.forward(4 * 3600 + 1)
    texts(town.aiko)
    assert [asked.headers.get("cookie") for asked in town.asked("/sms")] == [None, "seen=yes", None, None]


# ---- STOP and its like -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["STOP", "stop", " Unsubscribe ", "QUIT"])
def test_who_says_stop_is_told_so_and_gets_no_more_until_start(town, word):
    town.answers("/sms", "<Message>Hello again</Message>")
    texts(town.aiko, word)
    (answer,) = got(town.aiko)
    assert "START" in answer
    assert town.asked("/sms")[0]["Body"] == word
    assert errors(town) == [21610]
    assert refusal(town.twilio.messages.create, to=AIKO, from_=LINE, body="Hello") == (400, 21610)
    texts(town.aiko, "START")
    assert got(town.aiko)[-1] == "Hello again"


def test_stop_is_said_to_one_number_by_one_telephone(town):
    town.has_line(OTHER_LINE, capabilities=BOTH)
    texts(town.aiko, "STOP")
    for to, from_ in ((AIKO, OTHER_LINE), (BEN, LINE)):
        assert town.twilio.messages.create(to=to, from_=from_, body="Hello").status == "queued"


def test_stop_within_a_sentence_is_a_text_like_any_other(town):
    texts(town.aiko, "Stop calling me")
    assert got(town.aiko) == []
    assert town.twilio.messages.create(to=AIKO, from_=LINE, body="Sorry").status == "queued"


def test_help_is_answered_except_after_stop(town):
    texts(town.aiko, "help")
    (answer,) = got(town.aiko)
    assert "STOP" in answer
    texts(town.aiko, "STOP")
    texts(town.aiko, "HELP")
    texts(town.aiko, "STOP")
    assert len(got(town.aiko)) == 2


# ---- telephones ------------------------------------------------------------------------------------------------------


def test_two_telephones_text_each_other_without_twilio(town):
    sent = texts(town.aiko, "Hello", to="090" + BEN.removeprefix("+8190"))
    assert (sent["status"], sent["to"]) == ("sent", BEN)
    (text,) = town.ben.seen["messages"]
    assert (text["from"], text["status"], text["sid"]) == (AIKO, "received", sent["sid"])
    assert (town.log(), town.twilio.messages.list()) == ([], [])


def test_a_text_to_who_cannot_have_it_fails(town):
    assert texts(town.aiko, to=NOBODY)["status"] == "failed"
    town.has_line(OTHER_LINE, capabilities={"sms": False})
    assert texts(town.aiko, to=OTHER_LINE)["status"] == "failed"
    town.ben.behaves(receives="never")
    assert texts(town.aiko, to=BEN)["status"] == "failed"
    assert (town.log(), town.ben.seen["messages"]) == ([], [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": LINE},
        {"body": "Hello"},
        {"to": LINE, "body": ""},
        {"to": LINE, "body": 5},
        {"to": LINE, "body": "a" * 1601},
        {"to": LINE, "body": "Hello", "media": "https://example.com/cat.png"},
        {"to": LINE, "body": "Hello", "media": ["cat.png"]},
        {"to": LINE, "body": "Hello", "media": ["https://example.com/cat.png"] * 11},
        {"to": LINE, "body": "Hello", "colour": "red"},
    ],
)
def test_a_text_that_is_none_is_refused_with_the_reason(town, wrong):
    answer = town.http.post(town.aiko.path + "/send", json=wrong)
    assert (answer.status_code, len(answer.json()["error"]) > 10) == (400, True)


def test_a_landline_sends_no_texts(town):
    town.aiko.behaves(receives="landline")
    assert town.http.post(town.aiko.path + "/send", json={"to": LINE, "body": "Hello"}).status_code == 409
