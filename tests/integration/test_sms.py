"""Texts that come in, through the door: kept exactly once, answered the same however often Twilio asks."""

import itertools
import threading
import time
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import BASE
from tests.integration.conftest import AIKO, BEN, Twilio
from tests.integration.test_races import between
from tests.integration.texts import DOCUMENT, LINE, form, give_line, kept, know, read, reports, send, writes
from tests.integration.wire import broken, conflicting, refusing
from toritsugi.callers.caller import OptOut, opt_out_key
from toritsugi.limits import usage
from toritsugi.lines.directory import look_up_entries
from toritsugi.messages import records


@pytest.fixture(autouse=True)
def line(cloud, clock):
    give_line()


def has_left(number=AIKO):
    return opt_out_key(number) in look_up_entries([opt_out_key(number)])


def all_kept():
    return {one.message_id: one for one in records.Message.scan()}


# ---- answered, and kept ----------------------------------------------------------------------------------------------


def test_a_text_is_answered_and_both_are_kept(twilio):
    know(name="佐藤")
    fields = form("予約したい")
    answer = send(twilio, fields)
    assert read(answer) == "佐藤様、12時に承りました。"
    message, reply = kept(fields["MessageSid"]), kept(records.reply_id(fields["MessageSid"]))
    assert (message.direction, message.status, message.body, message.person, message.line) == (
        *("inbound", "received", "予約したい", AIKO, LINE),
    )
    assert (reply.direction, reply.status, reply.body, reply.in_reply_to) == (
        *("outbound-reply", "accepted", "佐藤様、12時に承りました。", message.message_id),
    )
    assert message.unanswered is None


def test_one_read_and_one_write_and_two_where_an_answer_is_counted(twilio, wire):
    send(twilio, form("予約"))
    for body, trips in (("予約", 2), ("停止", 4), ("もしもし", 2), ("再開", 4)):
        with wire.counting() as taken:
            send(twilio, form(body))
        assert len(taken) == trips, taken


def test_pictures_are_kept_as_addresses(twilio):
    media = {"NumMedia": "2", "MediaUrl0": "https://api.twilio.com/a", "MediaContentType0": "image/png"}
    fields = form("", **media, MediaUrl1="https://api.twilio.com/b")
    assert read(send(twilio, fields)) == "ありがとうございます。"
    assert kept(fields["MessageSid"]).media == [
        {"url": "https://api.twilio.com/a", "kind": "image/png"},
        {"url": "https://api.twilio.com/b", "kind": ""},
    ]


def test_the_longest_text_with_ten_pictures_is_kept(twilio):
    url = "https://api.twilio.com/2010-04-01/Accounts/AC{0}/Messages/MM{0}/Media/ME{0}".format("0" * 32)
    media = {f"MediaUrl{n}": url for n in range(10)} | {f"MediaContentType{n}": "image/jpeg" for n in range(10)}
    fields = form("漢" * 1600, **media)
    assert read(send(twilio, fields)) == "ありがとうございます。"
    assert len(kept(fields["MessageSid"]).body) == 1600
    assert len(kept(fields["MessageSid"]).media) == 10


def test_a_line_of_a_service_tells_a_stranger_that_it_leads_nowhere_and_knows_a_last_word(twilio):
    give_line("+12025550109", document=None)
    fields = form("もしもし", line="+12025550109")
    assert "つながりません" in read(send(twilio, fields))
    assert kept(fields["MessageSid"]).unanswered is None
    assert "停止しました" in read(send(twilio, form("停止", line="+12025550109")))
    assert has_left()


def test_what_comes_to_no_line_of_ours_is_kept_all_the_same(twilio):
    fields = form("Hello", line="+12025550108")
    assert read(send(twilio, fields)) is None
    assert kept(fields["MessageSid"])


@pytest.mark.parametrize("number", ["22222", "AMAZON", "", "+86", "anonymous"])
def test_who_is_no_telephone_is_kept_and_not_answered(twilio, number):
    fields = form("予約", number=number)
    assert read(send(twilio, fields)) is None
    assert kept(fields["MessageSid"]).person == (number or None)


@pytest.mark.parametrize("lacks", ["MessageSid", "To"])
def test_what_is_no_text_gets_no_answer_and_is_told_in_the_log(twilio, logged, lacks):
    assert read(send(twilio, form("予約") | {lacks: ""})) is None
    assert "message refused" in logged()
    assert not all_kept()


def test_the_answer_is_well_formed_whatever_is_in_it(twilio):
    assert writes(twilio, "book") == "Book <here> & now"


def test_no_number_stands_in_an_address_or_a_log(twilio, logged):
    answer = send(twilio, form("予約"))
    address = ElementTree.fromstring(answer["body"])[0].get("statusCallback")
    assert address.startswith(f"{BASE}/status/messages/KM")
    assert AIKO[1:] not in answer["body"]
    assert LINE[1:] not in answer["body"]
    send(twilio, form("x", line="no number " + AIKO))
    assert "message refused" in logged()
    assert AIKO[1:] not in logged()


# ---- asked again -----------------------------------------------------------------------------------------------------


def test_the_same_request_gets_the_same_answer_again_and_nothing_is_kept_twice(twilio, clock):
    fields = form("予約")
    first = send(twilio, fields)
    clock.shift(70)
    assert send(twilio, fields) == first
    clock.shift(7200)
    know(name="佐藤", blocked=True)
    assert send(twilio, fields) == first
    assert len(all_kept()) == 2


def test_what_was_not_answered_is_not_answered_later_either(twilio):
    fields = form("予約")
    know(blocked=True)
    assert read(send(twilio, fields)) is None
    know(blocked=False)
    assert read(send(twilio, fields)) is None


def test_requests_that_come_at_once_are_one(cloud, clock):
    fields, answers = form("予約"), []
    threads = [threading.Thread(target=lambda: answers.append(send(Twilio(), fields))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert all(answer == answers[0] for answer in answers)
    assert len(all_kept()) == 2


def test_whoever_is_overtaken_by_another_text_of_their_own_decides_anew(twilio, wire):
    """Two texts that deserve the same answer, in the same moment: one gets it."""
    other = form("予約")

    def overtaken(operation, _request, carry):
        if operation == "TransactWriteItems" and not kept(other["MessageSid"]):
            with wire.has(lambda _operation, _request, carry: carry()):
                assert read(send(twilio, other))
        return carry()

    fields = form("予約")
    with wire.has(overtaken):
        assert read(send(twilio, fields)) is None
    assert kept(fields["MessageSid"]).unanswered == "too often"
    assert usage.read_usage(time.time())["texts_a_day"] == 1


def test_a_conflict_is_tried_again(twilio, wire):
    with wire.has(conflicting(2)):
        assert writes(twilio, "予約")


@pytest.mark.parametrize("trouble", [broken, refusing("ThrottlingException"), conflicting(9)])
def test_what_cannot_be_kept_is_repeated_by_twilio_and_answered_then(twilio, wire, trouble):
    fields = form("予約")
    with wire.has(trouble):
        assert send(twilio, fields)["statusCode"] == 500
    assert not all_kept()
    assert read(send(twilio, fields))


def test_who_forges_a_text_is_not_answered(cloud, wire):
    with wire.counting() as trips:
        assert send(Twilio("0" * 32), form("予約"))["statusCode"] == 403
    assert not trips


# ---- no more, and again ----------------------------------------------------------------------------------------------


def test_whoever_wants_no_more_is_told_so_once_and_hears_nothing_until_they_come_back(twilio, clock):
    assert "停止しました" in writes(twilio, "停止")
    assert has_left()
    clock.shift(3600)
    assert [writes(twilio, body) for body in ("停止", "予約", "ヘルプ", "こんにちは")] == [None] * 4
    assert "再開しました" in writes(twilio, "再開")
    assert not has_left()
    assert writes(twilio, "予約")


def test_a_word_of_twilios_is_carried_out_and_not_confirmed_again(twilio):
    assert writes(twilio, "STOP") is None
    assert has_left()
    assert writes(twilio, "START") is None
    assert not has_left()
    assert writes(twilio, "予約")


def test_whoever_leaves_one_line_leaves_all_and_nobody_else_does(twilio, clock):
    give_line("+12025550102")
    writes(twilio, "停止")
    assert writes(twilio, "予約", line="+12025550102") is None
    assert writes(twilio, "予約", number=BEN)


def test_a_wish_that_is_repeated_is_fulfilled_once(twilio, clock):
    fields = form("停止")
    first = send(twilio, fields)
    OptOut(*opt_out_key(AIKO)).delete()  # by whoever works at the desk
    assert send(twilio, fields) == first
    assert not has_left()


def test_a_start_that_is_repeated_later_brings_nobody_back_who_has_left_since(twilio, clock):
    writes(twilio, "停止")
    fields = form("再開")
    first = send(twilio, fields)
    clock.shift(120)
    writes(twilio, "停止")
    assert send(twilio, fields) == first
    assert has_left()


def test_start_of_somebody_who_never_left_is_an_answer_and_no_failure(twilio):
    assert "再開しました" in writes(twilio, "再開")


@pytest.mark.thorough
@pytest.mark.parametrize("last_word", ["STOP", "停止"])
@pytest.mark.parametrize("body", ["予約", "ヘルプ", "停止", "再開", "もしもし"])
def test_nothing_is_answered_once_somebody_has_left_unless_they_come_back(twilio, wire, last_word, body):
    """Their last word is kept at every step of another text of theirs, which was read before."""
    for step in itertools.count(2):
        OptOut(*opt_out_key(AIKO)).delete()
        leaves = between(step, lambda: send(Twilio(), form(last_word)))
        with wire.has(leaves):
            answer = writes(twilio, body)
        if not leaves.reached:
            break
        if body == "再開":
            assert "再開しました" in answer
            assert not has_left()
        else:
            assert answer is None
            assert has_left()


@pytest.mark.parametrize("comes_back", ["START", "再開"])
def test_whoever_leaves_while_an_earlier_return_is_being_kept_has_left(twilio, wire, comes_back):
    for step in itertools.count(2):
        OptOut(*opt_out_key(AIKO), at=1).save()
        returns = between(step, lambda: send(Twilio(), form(comes_back)))
        with wire.has(returns):
            send(twilio, form("停止"))
        if not returns.reached:
            break
        assert has_left()


def test_a_text_that_was_answered_gets_that_answer_again_while_its_sender_leaves(twilio, wire, clock):
    fields = form("予約")
    first = send(twilio, fields)
    for step in itertools.count(2):
        OptOut(*opt_out_key(AIKO)).delete()
        clock.shift(120)
        leaves = between(step, lambda: send(Twilio(), form("STOP")))
        with wire.has(leaves):
            assert send(twilio, fields) == first
        if not leaves.reached:
            break


# ---- robots ----------------------------------------------------------------------------------------------------------


def test_lines_of_ours_do_not_write_to_each_other(twilio):
    give_line("+12025550102")
    assert writes(twilio, "予約", number="+12025550102") is None
    assert writes(twilio, "予約", number=LINE) is None


def test_somebody_who_answers_everything_is_answered_five_times_in_ten_minutes(twilio, clock):
    give_line(document=DOCUMENT | {"texts": [{"otherwise": "{time}"}]})
    answers = []
    for _ in range(9):
        clock.shift(60)
        answers.append(writes(twilio, "ok"))
    assert [bool(answer) for answer in answers] == [True] * 5 + [False] * 4
    clock.shift(600)
    assert writes(twilio, "ok")


# ---- how far an answer has come --------------------------------------------------------------------------------------


def test_the_delivery_of_an_answer_is_reported_like_any_other(twilio):
    fields = form("予約")
    send(twilio, fields)
    reply = records.reply_id(fields["MessageSid"])
    assert reports(twilio, reply, "undelivered", ErrorCode="30003") == 204
    assert (kept(reply).status, kept(reply).error_code, kept(reply).sid) == ("undelivered", 30003, "SM" + "f" * 32)


strangers = itertools.count(2_000_000)
STATUSES = ["queued", "sending", "sent", "delivered", "undelivered", "failed"]


@pytest.mark.thorough
@given(st.lists(st.sampled_from(STATUSES), min_size=1, max_size=6), st.randoms())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_kept_is_a_function_of_the_set_of_callbacks(twilio, told, random):
    codes = {"undelivered": "30005", "failed": "30007"}
    seen = []
    for _ in range(2):
        fields = form("x", number=f"+1202{next(strangers):07}")
        send(twilio, fields)
        reply = records.reply_id(fields["MessageSid"])
        order = random.sample(told + told, len(told) * 2)
        for status in order:
            assert reports(twilio, reply, status, ErrorCode=codes.get(status, "")) == 204
        seen.append((kept(reply).status, kept(reply).error_code))
    assert seen[0] == seen[1]
    assert seen[0][0] == max(told, key=list(records.MESSAGE_RANKS).index)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/status/messages/KM1", {"MessageSid": "SM1", "MessageStatus": "sent"}),
        ("/status/messages/KM" + "0" * 32, {"MessageSid": "SM1", "MessageStatus": "sent"}),
        ("/status/messages/KM" + "0" * 32, {"MessageSid": "SM1", "MessageStatus": "somewhere"}),
        ("/status/messages/KM" + "0" * 32, {}),
    ],
)
def test_a_callback_of_nothing_changes_nothing(twilio, path, fields):
    assert twilio.reports(BASE + path, fields) == 204
    assert not all_kept()


# ---- whatever comes --------------------------------------------------------------------------------------------------

ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "From": st.one_of(ANYTHING, st.sampled_from([AIKO, BEN, LINE, "22222", "+0", "+" + "9" * 15])),
        "To": st.one_of(ANYTHING, st.just(LINE)),
        "Body": st.one_of(
            ANYTHING, st.sampled_from(["STOP", "停止", "再開", "予約", "book", "<Message/>", "{name}", "]]>"])
        ),
        "NumMedia": ANYTHING,
        "MediaUrl0": ANYTHING,
        "MediaContentType0": ANYTHING,
        "OptOutType": st.one_of(ANYTHING, st.sampled_from(["STOP", "START", "HELP"])),
    },
)
TRIED = 150


@pytest.mark.thorough
@given(FIELDS, ANYTHING)
@settings(max_examples=TRIED, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_is_answered_in_well_formed_twiml_and_nothing_is_lost(twilio, fields, name):
    """150 forms of every kind, of callers with names of every kind; the count is TRIED."""
    know(name=name[:100])
    whole = form("予約") | fields
    answer = send(twilio, whole)
    read(answer)
    if whole["To"] == LINE:
        assert kept(whole["MessageSid"]).body == whole["Body"]
