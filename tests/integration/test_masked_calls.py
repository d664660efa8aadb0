"""A masked call at the webhook: who is put through, what they see, how long it lasts, and what others hear."""

import re
import xml.etree.ElementTree as ElementTree
from datetime import timedelta

import pytest

import voice
from tests.conftest import BASE
from tests.integration.conftest import AIKO, BEN, EVE, LINES, Door, OutgoingLeg, give_numbers, incoming, open_session
from tests.integration.texts import know
from tests.integration.wire import broken, refusing
from toritsugi import words
from toritsugi.callers.caller import Caller, caller_key

TOKYO_LINE, BOSTON_LINE, BOSTONIAN = LINES[0], "+16175550100", "+16175550199"


def hears(twilio, line, caller):
    """The sentence that a caller hears who is not put through, in which language."""
    twiml = twilio.calls(line, caller)
    assert [verb.tag for verb in twiml] == ["Say", "Hangup"]
    return twiml.find("Say").text, twiml.find("Say").get("language")


def dial_of(twilio, line, caller):
    dial = twilio.calls(line, caller).find("Dial")
    assert dial is not None
    return dial


# ---- who is put through ----------------------------------------------------------------------------------------------


def test_whoever_dials_their_number_is_put_through_and_the_other_sees_the_number_to_dial_back(service, twilio):
    _, lines = open_session(service)
    for caller, callee in [(AIKO, BEN), (BEN, AIKO)]:
        dial = dial_of(twilio, lines[caller], caller)
        assert dial.find("Number").text == callee
        assert dial.get("callerId") == lines[callee]
        assert dial_of(twilio, dial.get("callerId"), callee).find("Number").text == caller


def test_the_caller_hears_the_ring_until_the_other_answers(service, twilio):
    _, lines = open_session(service)
    assert dial_of(twilio, lines[AIKO], AIKO).get("answerOnBridge") == "true"


def test_nothing_in_the_answer_shows_the_caller_to_the_callee(service, twilio):
    _, lines = open_session(service)
    twiml = twilio.calls(lines[AIKO], AIKO)
    assert AIKO[3:] not in ElementTree.tostring(twiml, encoding="unicode")
    assert [verb.tag for verb in twiml] == ["Dial"]


def test_a_call_costs_one_round_trip_and_writes_nothing(service, twilio, wire):
    _, lines = open_session(service, ttl=600)
    with wire.counting() as operations:
        dial_of(twilio, lines[AIKO], AIKO)
    assert operations == ["BatchGetItem"]


@pytest.mark.parametrize("mode", ["voice-only", "voice-and-message"])
def test_a_call_goes_through_in_every_mode_that_has_voice(client, twilio, mode):
    service = client.proxy.v1.services.create(unique_name="clinic")
    give_numbers(service.sid, LINES, sms=True)
    _, lines = open_session(client.proxy.v1.services(service.sid), mode=mode)
    assert dial_of(twilio, lines[AIKO], AIKO).findtext("Number") == BEN


# ---- who is not, and what they hear ----------------------------------------------------------------------------------


def test_a_blocked_caller_is_not_put_through_and_hears_a_polite_end(service, twilio, wire):
    _, lines = open_session(service)
    Caller(*caller_key(AIKO), blocked=True, date_created=0, date_updated=0).save()
    with wire.counting() as operations:
        sentence, _ = hears(twilio, lines[AIKO], AIKO)
    assert "お電話はお受けできません" in sentence
    assert operations == ["BatchGetItem"]
    assert dial_of(twilio, lines[BEN], BEN) is not None


@pytest.mark.parametrize(
    "caller",
    [
        "anonymous",
        "Anonymous",
        "+266696687",
        "Restricted",
        "RESTRICTED",
        "+7378742833",
        "+2562533",
        "+8656696",
        "+86282452253",
        "unknown",
        "unavailable",
        "private",
        "blocked",
        "withheld",
        "",
        " ",
        "sip:anonymous@anonymous.invalid",
    ],
)
def test_a_caller_who_hides_is_told_how_to_show_their_number(service, twilio, wire, caller):
    open_session(service)
    with wire.counting() as operations:
        sentence, _ = hears(twilio, TOKYO_LINE, caller)
    assert "186" in sentence
    assert operations == ["BatchGetItem"]  # of the line alone: a reception answers those who hide as well


@pytest.mark.parametrize(
    "caller", ["81901111", "+0311112222", "+81-90-1111", "0901111", "12345", "sip:aiko@example.com", "ＡＩＫＯ"]
)
def test_a_caller_whose_number_is_none_is_told_so(service, twilio, caller):
    open_session(service)
    assert "確認できない" in hears(twilio, TOKYO_LINE, caller)[0]


def test_a_stranger_hears_that_this_line_is_not_for_them(service, twilio):
    _, lines = open_session(service)
    assert "おつなぎできません" in hears(twilio, lines[AIKO], EVE)[0]


def test_a_participant_who_dials_another_line_of_the_pool_is_a_stranger_there(service, twilio):
    _, lines = open_session(service)
    other = next(line for line in LINES if line != lines[AIKO])
    assert "ご登録の電話" in hears(twilio, other, AIKO)[0]


@pytest.mark.parametrize("line", ["+815099999999", "", "anonymous", "sip:desk@example.com"])
def test_a_number_that_is_not_ours_is_not_in_service(service, twilio, line):
    open_session(service)
    assert hears(twilio, line, AIKO)[1] in ("ja-JP", "en-US")
    assert "not in service" in hears(twilio, line, AIKO)[0] or "使われておりません" in hears(twilio, line, AIKO)[0]


def test_who_is_alone_in_a_session_hears_that_nobody_is_there_yet(service, twilio):
    _, lines = open_session(service, AIKO)
    assert "まだ登録されていません" in hears(twilio, lines[AIKO], AIKO)[0]


def test_a_session_for_messages_takes_no_calls(client, twilio):
    service = client.proxy.v1.services.create(unique_name="clinic")
    give_numbers(service.sid, LINES, sms=True)
    _, lines = open_session(client.proxy.v1.services(service.sid), mode="message-only")
    assert "メッセージ" in hears(twilio, lines[AIKO], AIKO)[0]


def test_a_session_connects_until_the_second_before_it_ends_and_not_in_the_second_itself(service, twilio, clock):
    session, lines = open_session(service)
    session.update(date_expiry=session.fetch().date_created + timedelta(seconds=600))
    clock.shift(599)
    dial_of(twilio, lines[AIKO], AIKO)
    clock.shift(1)
    assert "終了しました" in hears(twilio, lines[AIKO], AIKO)[0]
    assert "終了しました" in hears(twilio, lines[BEN], BEN)[0]


def test_a_session_that_nobody_uses_ends_when_its_ttl_is_over(service, twilio, clock):
    _, lines = open_session(service, ttl=600)
    clock.shift(599.9)
    dial_of(twilio, lines[AIKO], AIKO)
    clock.shift(0.1)
    assert "終了しました" in hears(twilio, lines[AIKO], AIKO)[0]


@pytest.mark.parametrize("end", [lambda session: session.update(status="closed"), lambda session: session.delete()])
def test_a_session_that_was_closed_or_deleted_has_ended_for_both(service, twilio, end):
    session, lines = open_session(service)
    end(session)
    for caller in (AIKO, BEN):
        assert "終了しました" in hears(twilio, lines[caller], caller)[0]


# ---- in which language, and whatever happens -------------------------------------------------------------------------


@pytest.fixture
def airline(client):
    """A service with a line in Tokyo and one in Boston, on which nobody may call anybody."""
    service = client.proxy.v1.services.create(unique_name="airline")
    give_numbers(service.sid, [TOKYO_LINE, BOSTON_LINE])


@pytest.mark.parametrize("line", [TOKYO_LINE, BOSTON_LINE])
def test_whoever_calls_from_japan_hears_japanese_and_whoever_calls_from_america_english(airline, twilio, line):
    sentence, language = hears(twilio, line, AIKO)
    assert language == "ja-JP"
    assert re.search("[ぁ-ん]", sentence)
    sentence, language = hears(twilio, line, BOSTONIAN)
    assert language == "en-US"
    assert sentence.isascii()


@pytest.mark.parametrize("caller", ["", "anonymous", "+266696687", "+33123456789"])
def test_where_a_callers_number_tells_no_language_that_of_the_line_is_spoken(airline, twilio, caller):
    assert hears(twilio, TOKYO_LINE, caller)[1] == "ja-JP"
    assert hears(twilio, BOSTON_LINE, caller)[1] == "en-US"


@pytest.mark.parametrize("line", [TOKYO_LINE, BOSTON_LINE])
def test_a_caller_who_is_known_hears_their_own_language_wherever_they_call_from(airline, twilio, line):
    know(AIKO, language="en-US")
    know(BOSTONIAN, language="ja")
    assert hears(twilio, line, AIKO) == (words.sentence("no session", "en"), "en-US")
    assert hears(twilio, line, BOSTONIAN) == (words.sentence("no session", "ja"), "ja-JP")


def test_who_is_blocked_hears_that_in_their_own_language(airline, twilio):
    know(AIKO, language="en-US", blocked=True)
    assert hears(twilio, TOKYO_LINE, AIKO) == (words.sentence("caller blocked", "en"), "en-US")


def test_before_the_directory_was_read_only_the_numbers_tell_the_language(airline, twilio, wire):
    know(AIKO, language="en-US")
    with wire.has(broken):
        assert hears(twilio, BOSTON_LINE, AIKO) == (words.sentence("cannot be connected", "ja"), "ja-JP")


def test_a_call_that_we_make_is_spoken_to_in_the_language_of_whom_we_call(twilio):
    """Twilio's From is then our line, and To is whoever listens."""
    fields = {"From": BOSTON_LINE, "To": AIKO, "Direction": "outbound-api", "CallSid": "CA" + "1" * 32}
    answer = twilio.send(voice.handler, "/voice/bridges/KB" + "0" * 32 + "/1/1/answered", fields)
    assert ElementTree.fromstring(answer["body"]).find("Say").get("language") == "ja-JP"


@pytest.mark.parametrize(
    "trouble",
    [
        broken,
        refusing("ProvisionedThroughputExceededException"),
        refusing("InternalServerError"),
        refusing("AccessDeniedException"),
    ],
)
def test_when_dynamodb_fails_a_caller_hears_an_apology_and_no_error(service, twilio, wire, trouble):
    _, lines = open_session(service)
    with wire.has(trouble):
        assert "申し訳ございません" in hears(twilio, lines[AIKO], AIKO)[0]


def test_a_call_without_a_single_field_hears_an_answer_too(service, twilio):
    answer = twilio.send(voice.handler, "/voice", {})
    assert answer["statusCode"] == 200
    assert ElementTree.fromstring(answer["body"]).find("Say") is not None


def test_a_repeated_request_gets_the_same_answer_again(service, twilio, clock):
    _, lines = open_session(service, ttl=600)
    answers = [twilio.send(voice.handler, "/voice", incoming(AIKO, lines[AIKO], "CA" + "1" * 32)) for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0]["headers"]["content-type"].startswith("text/xml")


# ---- how long it may ring and last -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "ring", "limit"),
    [(3600, 30, 3600), (31, 30, 31), (30, 30, 30), (29, 29, 29), (6, 6, 6), (4, 5, 4), (1, 5, 1)],
)
def test_a_call_rings_and_lasts_no_longer_than_its_session(service, twilio, clock, left, ring, limit):
    session, lines = open_session(service)
    session.update(date_expiry=session.fetch().date_created + timedelta(seconds=3600))
    clock.shift(3600 - left)
    dial = dial_of(twilio, lines[AIKO], AIKO)
    assert (int(dial.get("timeout")), int(dial.get("timeLimit"))) == (ring, limit)


def test_what_is_left_of_a_second_is_not_given_away(service, twilio, clock):
    session, lines = open_session(service)
    session.update(date_expiry=session.fetch().date_created + timedelta(seconds=60))
    clock.shift(30.5)
    assert dial_of(twilio, lines[AIKO], AIKO).get("timeLimit") == "29"


def test_what_is_left_counts_the_slide_that_this_very_call_causes(service, twilio, clock):
    _, lines = open_session(service, ttl=600)
    clock.shift(590)
    dial = dial_of(twilio, lines[AIKO], AIKO)
    assert (dial.get("timeout"), dial.get("timeLimit")) == ("30", "600")


def test_a_date_of_expiry_overrides_the_ttl(service, twilio, clock):
    session, lines = open_session(service, ttl=600)
    session.update(date_expiry=session.fetch().date_created + timedelta(seconds=100))
    clock.shift(90)
    assert dial_of(twilio, lines[AIKO], AIKO).get("timeLimit") == "10"


def test_a_call_lasts_four_hours_at_most(service, twilio):
    _, lines = open_session(service)
    assert dial_of(twilio, lines[AIKO], AIKO).get("timeLimit") == "14400"


def test_where_the_service_says_so_a_running_call_may_outlive_its_session(client, service, twilio, clock):
    post(f"/v1/Services/{service.fetch().sid}", CallsOutliveExpiry="true")
    _, lines = open_session(service, ttl=60)
    dial = dial_of(twilio, lines[AIKO], AIKO)
    assert (dial.get("timeout"), dial.get("timeLimit")) == ("30", "14400")


def post(path, **fields):
    """A request that the SDK has no words for."""
    answer = Door().request("POST", BASE + path, data=fields, headers={}, auth=("SK" + "a" * 32, "secret"))
    assert answer.status_code in (200, 201), answer.text
    return answer


# ---- where its callbacks go ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ttl", [0, 600])
def test_the_callbacks_address_holds_no_number_in_any_form(service, twilio, ttl):
    _, lines = open_session(service, ttl=ttl)
    address = dial_of(twilio, lines[AIKO], AIKO).find("Number").get("statusCallback")
    path = address.removeprefix(BASE).partition("#")[0]
    assert re.fullmatch(r"/status(/[A-Za-z0-9_-]+)+", path), "API Gateway decodes whatever else is in a path"
    for number in (AIKO, BEN, lines[AIKO], lines[BEN]):
        for digits in (number[1:], "0" + number[3:], number[3:], number[1:][::-1], f"{int(number[1:]):x}"):
            assert digits not in path


def test_the_callbacks_address_asks_for_retries_after_our_own_errors(service, twilio):
    _, lines = open_session(service)
    number = dial_of(twilio, lines[AIKO], AIKO).find("Number")
    overrides = dict(pair.split("=") for pair in number.get("statusCallback").partition("#")[2].split("&"))
    assert int(overrides["rc"]) >= 1
    assert "5xx" in overrides["rp"].split(",")
    assert int(overrides["tt"]) <= 15_000
    assert set(number.get("statusCallbackEvent").split()) >= {"initiated", "completed"}


def test_two_calls_hide_the_same_numbers_behind_different_words(service, twilio, clock):
    _, lines = open_session(service, ttl=600)
    addresses = {
        twilio.calls(lines[AIKO], AIKO, "CA" + digit * 32).find("Dial/Number").get("statusCallback") for digit in "123"
    }
    assert len(addresses) == 3


def test_whatever_decides_about_a_call_or_a_pair_is_read_consistently(service, twilio, wire):
    stale = []

    def watch(operation, request, carry):
        requests = [*request["RequestItems"].values()] if operation == "BatchGetItem" else [request]
        reads = [
            one for one in requests if operation in ("GetItem", "Query", "BatchGetItem") and "IndexName" not in one
        ]
        stale.extend((operation, one) for one in reads if not one.get("ConsistentRead"))
        return carry()

    with wire.has(watch):
        session, lines = open_session(service, ttl=600)
        OutgoingLeg(twilio, AIKO, lines[AIKO]).reports("initiated", "completed")
        session.update(status="closed")
        session.update(status="in-progress")
        service.phone_numbers.list()
        service.sessions.list()
        session.interactions.list()
    assert stale == []
