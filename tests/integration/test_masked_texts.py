"""Texts between the two of a session, through the door: passed on exactly once, from a line, or told why not."""

import itertools
import json
import threading
import time
import xml.etree.ElementTree as ElementTree

import pytest

from tests.conftest import BASE
from tests.integration.books import check, scan
from tests.integration.conftest import AIKO, BEN, EVE, LINES, Twilio, give_numbers, open_session
from tests.integration.test_races import between
from tests.integration.test_sms import all_kept, has_left
from tests.integration.texts import form, give_line, kept, know, reports, send
from tests.integration.wire import Died, conflicting, dying
from toritsugi.limits import switch, usage
from toritsugi.messages import records

BODY = "玄関の前にいます"
PICTURE = "https://api.twilio.com/2010-04-01/Accounts/AC{0}/Messages/MM{0}/Media/ME{0}".format("1" * 32)


@pytest.fixture
def service(client, clock):
    """A service whose numbers have voice and texts."""
    service = client.proxy.v1.services.create(unique_name="delivery")
    give_numbers(service.sid, LINES, sms=True)
    return client.proxy.v1.services(service.sid)


@pytest.fixture
def opened(service):
    return open_session(service)


def passed_on(answer):
    """What Twilio is to send: to whom, from which line, what, and which files; None, if nothing."""
    assert answer["statusCode"] == 200, answer
    [*messages] = ElementTree.fromstring(answer["body"])
    if not messages:
        return None
    [message] = messages
    body = message.text or "".join(one.text for one in message.findall("Body"))
    return message.get("to"), message.get("from"), body, [one.text for one in message.findall("Media")]


def writes(twilio, lines, body=BODY, number=AIKO, **more):
    return passed_on(send(twilio, form(body, number, lines[number], **more)))


def told(twilio, lines, body=BODY, number=AIKO, **more):
    """What the sender is told, to whom and from where Twilio knows by itself."""
    to, shows, said, _ = writes(twilio, lines, body, number, **more)
    assert (to, shows) == (None, None)
    return said


# ---- passed on -------------------------------------------------------------------------------------------------------


def test_what_one_writes_the_other_gets_from_the_line_that_they_know(opened, twilio):
    _, lines = opened
    assert writes(twilio, lines) == (BEN, lines[BEN], BODY, [])
    assert writes(twilio, lines, "Coming", BEN) == (AIKO, lines[AIKO], "Coming", [])


def test_it_is_an_interaction_that_says_how_far_the_text_has_come(opened, twilio):
    session, lines = opened
    fields = form(BODY, AIKO, lines[AIKO])
    send(twilio, fields)
    people = {person.identifier: person.sid for person in session.participants.list()}
    [shown] = session.interactions.list()
    assert (shown.type, json.loads(shown.data)) == ("message", {"body": BODY})
    assert (shown.inbound_participant_sid, shown.outbound_participant_sid) == (people[AIKO], people[BEN])
    assert (shown.inbound_resource_sid, shown.inbound_resource_status) == (fields["MessageSid"], "delivered")
    assert (shown.outbound_resource_sid, shown.outbound_resource_status) == (None, "accepted")
    for status in ("delivered", "sent", "delivered"):
        reports(twilio, records.reply_id(fields["MessageSid"]), status)
    shown = session.interactions(shown.sid).fetch()
    assert (shown.outbound_resource_sid, shown.outbound_resource_status) == ("SM" + "f" * 32, "delivered")
    assert session.participants(people[BEN]).message_interactions.list() == []


def test_a_text_begins_a_session_and_slides_its_expiry(service, twilio, clock, cloud):
    session, lines = open_session(service, ttl=600)
    for number in (AIKO, BEN):
        clock.shift(500)
        assert writes(twilio, lines, number=number)
    shown = session.fetch()
    assert (shown.status, shown.date_last_interaction) == ("in-progress", shown.date_updated)
    [stored] = check(cloud).sessions.values()
    assert stored["expires_at"] == stored["date_created"] + 1600


def test_one_read_one_transaction_and_the_two_counters_of_line_and_exchange(opened, twilio, wire):
    _, lines = opened
    writes(twilio, lines)
    with wire.counting() as taken:
        writes(twilio, lines)
    assert taken == ["BatchGetItem", "UpdateItem", "UpdateItem", "TransactWriteItems"]


@pytest.mark.parametrize(
    "body",
    ["x" * 1600, "漢" * 1600, "👩‍👩‍👧‍👦 😀", "<b>&amp; 'quoted' \"twice\"", "two\nlines", "call me at 090-1111-0001"],
)
def test_whatever_is_written_arrives_as_it_was_written(opened, twilio, body):
    _, lines = opened
    assert writes(twilio, lines, body) == (BEN, lines[BEN], body, [])


def test_what_no_xml_can_hold_is_left_out(opened, twilio):
    _, lines = opened
    assert writes(twilio, lines, "a\x00b\x07c\x1b") == (BEN, lines[BEN], "abc", [])


@pytest.mark.parametrize("body", ["", "  \n", "\x07\x00", "\u200b"])
def test_what_says_nothing_goes_nowhere(opened, twilio, body):
    session, lines = opened
    fields = form(body, AIKO, lines[AIKO])
    assert passed_on(send(twilio, fields)) is None
    assert kept(fields["MessageSid"]).unanswered == "empty"
    assert session.interactions.list() == []


def test_yes_and_help_are_for_the_other(opened, twilio):
    _, lines = opened
    for body in ("YES", "START", "HELP", "INFO", "DEBUT", "please stop", "stop by tomorrow"):
        assert writes(twilio, lines, body) == (BEN, lines[BEN], body, [])


# ---- files -----------------------------------------------------------------------------------------------------------


def with_file(body=""):
    return {"body": body, "NumMedia": "1", "MediaUrl0": PICTURE, "MediaContentType0": "image/jpeg"}


def test_a_picture_goes_on_by_an_address_that_names_nobody(client, twilio, clock):
    made = client.proxy.v1.services.create(unique_name="pictures")
    give_numbers(made.sid, LINES, sms=True, mms=True)
    _, lines = open_session(client.proxy.v1.services(made.sid))
    fields = form(**with_file(), number=AIKO, line=lines[AIKO])
    to, _, body, [address] = passed_on(send(twilio, fields))
    assert (to, body) == (BEN, "")
    assert address == f"{BASE}/sms/files/{records.reply_id(fields['MessageSid'])}/0"


def test_where_the_others_line_sends_no_files_the_sender_is_told(opened, twilio):
    _, lines = opened
    assert "ファイルは送れません" in told(twilio, lines, **with_file(BODY))


# ---- not passed on ---------------------------------------------------------------------------------------------------


def test_a_stranger_is_told_that_the_line_leads_nowhere(opened, twilio):
    _, lines = opened
    assert "どなたにもつながりません" in told(twilio, {EVE: lines[AIKO]}, number=EVE)


def test_once_its_service_is_deleted_nothing_goes_on_though_the_session_is_still_there(service, opened, twilio):
    _, lines = opened
    service.delete()
    assert "終了しています" in told(twilio, lines)
    assert "終了しています" in told(twilio, lines, number=BEN)


@pytest.mark.parametrize("ends", ["closed", "expired"])
def test_after_a_session_the_sender_is_told_that_it_has_ended(service, twilio, clock, ends):
    session, lines = open_session(service, ttl=600)
    if ends == "closed":
        session.update(status="closed")
    clock.shift(700)
    assert "終了しています" in told(twilio, lines)
    assert session.interactions.list() == []


def test_who_is_alone_and_who_may_only_call_are_told_so(service, twilio):
    _, lines = open_session(service, AIKO)
    assert "まだ登録されていません" in told(twilio, lines)
    _, lines = open_session(service, BEN, EVE, mode="voice-only")
    assert "通話専用" in told(twilio, lines, number=BEN)


@pytest.mark.parametrize("number", ["22222", "AMAZON", "", "anonymous", "+266696687"])
def test_who_shows_no_telephone_number_reaches_nobody(opened, twilio, number):
    _, lines = opened
    fields = form(BODY, number, lines[AIKO])
    assert passed_on(send(twilio, fields)) is None
    assert kept(fields["MessageSid"]).unanswered == "no person"


def test_a_line_of_our_own_reaches_nobody(opened, twilio):
    _, lines = opened
    give_line("+12025550102")
    for number in ("+12025550102", lines[AIKO]):
        assert passed_on(send(twilio, form(BODY, number, lines[AIKO]))) is None


def test_who_is_blocked_reaches_nobody_and_may_opt_out(opened, twilio):
    _, lines = opened
    know(blocked=True)
    assert writes(twilio, lines) is None
    assert writes(twilio, lines, "停止") is None
    assert has_left()


def test_a_stopped_exchange_passes_nothing_on(opened, twilio):
    session, lines = opened
    switch.stop_exchange("too much", time.time())
    fields = form(BODY, AIKO, lines[AIKO])
    assert passed_on(send(twilio, fields)) is None
    assert kept(fields["MessageSid"]).unanswered == "stopped"
    assert session.interactions.list() == []


def test_no_more_texts_go_on_than_a_line_may_send_in_an_hour(opened, twilio, clock):
    _, lines = opened
    switch.set_limits({"texts_an_hour_per_line": 2})
    assert [bool(writes(twilio, lines)) for _ in range(3)] == [True, True, False]
    clock.shift(3600)
    assert writes(twilio, lines)


def test_where_a_reception_answers_texts_it_does_so_for_all_but_the_two(opened, twilio):
    from toritsugi.lines.lines import Line, find_line

    _, lines = opened
    document = {"language": "ja-JP", "timezone": "Asia/Tokyo", "steps": {}, "texts": [{"otherwise": "受付です。"}]}
    line = find_line(lines[AIKO])
    line.update([Line.reception.set("desk"), Line.version.set(1), Line.document.set(document)])
    assert writes(twilio, lines) == (BEN, lines[BEN], BODY, [])
    assert told(twilio, {EVE: lines[AIKO]}, number=EVE) == "受付です。"


# ---- no more, and again ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word", ["STOP", "stop", "Revoke", "OPTOUT", "UNSUBSCRIBE", "END", "CANCEL", "QUIT", "STOPALL", "ARRET", "停止"]
)
def test_a_word_that_ends_texts_is_not_passed_on_and_counts_for_every_line(opened, service, twilio, word):
    _, lines = opened
    answer = writes(twilio, lines, word)
    assert answer is None or answer[0] is None
    assert has_left()
    _, others = open_session(service, AIKO, EVE)
    assert others[AIKO] != lines[AIKO]
    assert "受け取っていません" in told(twilio, others, number=EVE)
    assert "受け取っていません" in told(twilio, lines, number=BEN)


def test_unstop_is_for_the_exchange_alone_whoever_says_it(opened, twilio):
    """As with Proxy, which passes START on and UNSTOP not: https://www.twilio.com/docs/proxy/opt-out-keywords"""
    session, lines = opened
    assert writes(twilio, lines, "Unstop") is None
    assert session.interactions.list() == []


def test_who_wants_no_texts_may_write_and_comes_back_with_start(opened, twilio):
    _, lines = opened
    writes(twilio, lines, "STOP")
    assert writes(twilio, lines) == (BEN, lines[BEN], BODY, [])
    writes(twilio, lines, "START")
    assert not has_left()
    assert writes(twilio, lines, number=BEN) == (AIKO, lines[AIKO], BODY, [])


@pytest.mark.thorough
def test_nothing_is_passed_on_to_somebody_who_has_left_at_whatever_step(opened, twilio, wire):
    _, lines = opened
    for step in itertools.count(2):
        writes(twilio, lines, "START", BEN)
        leaves = between(step, lambda: send(Twilio(), form("STOP", BEN, lines[BEN])))
        with wire.has(leaves):
            answer = writes(twilio, lines)
        if not leaves.reached:
            break
        assert answer is None or answer[0] is None
        assert has_left(BEN)


# ---- once ------------------------------------------------------------------------------------------------------------


def test_the_same_text_gets_the_same_answer_and_is_one_interaction(opened, twilio, clock):
    session, lines = opened
    fields = form(BODY, AIKO, lines[AIKO])
    first = send(twilio, fields)
    clock.shift(5)
    assert send(twilio, fields) == first
    assert usage.read_usage(time.time())["texts_a_day"] == 1
    session.update(status="closed")
    assert send(twilio, fields) == first
    assert len(all_kept()) == 2
    assert len(session.interactions.list()) == 1


def test_requests_that_come_at_once_are_one(opened, cloud, clock):
    session, lines = opened
    fields, answers = form(BODY, AIKO, lines[AIKO]), []
    threads = [threading.Thread(target=lambda: answers.append(send(Twilio(), fields))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [passed_on(answer) for answer in answers] == [(BEN, lines[BEN], BODY, [])] * 4
    assert len(session.interactions.list()) == 1


@pytest.mark.parametrize("after", [False, True])
def test_whoever_dies_at_any_step_is_asked_again_and_passes_it_on_once(service, twilio, wire, cloud, after):
    for step in itertools.count(1):
        session, lines = open_session(service, ttl=600)
        fields = form(BODY, AIKO, lines[AIKO])
        try:
            with wire.has(dying(step, after=after)):
                send(twilio, fields)
        except Died:
            assert passed_on(send(twilio, fields)) == (BEN, lines[BEN], BODY, [])
        else:
            break
        assert len(session.interactions.list()) == 1
        check(cloud)
        session.delete()
    assert step == 5


def test_a_conflict_is_tried_again(opened, twilio, wire):
    _, lines = opened
    with wire.has(conflicting(2)):
        assert writes(twilio, lines) == (BEN, lines[BEN], BODY, [])


@pytest.mark.parametrize(
    "change", [{"ttl": 60}, {"ttl": 0}, {"ttl": 6000}, {"date_expiry": "2026-11-21T03:05:00Z"}, {"status": "closed"}]
)
@pytest.mark.parametrize("ttl", [0, 600])
def test_whatever_a_client_sets_meanwhile_stands_and_a_closed_session_passes_nothing(
    service, twilio, wire, clock, cloud, ttl, change
):
    for step in itertools.count(2):
        session, lines = open_session(service, ttl=ttl)
        inside = between(step, lambda session=session: session.update(**change))
        with wire.has(inside):
            answer = writes(twilio, lines)
        if not inside.reached:
            break
        went_on = answer is not None and answer[0] == BEN
        assert went_on == bool(session.interactions.list())
        assert went_on or "status" in change
        check(cloud)
        session.delete()


def test_who_is_taken_out_meanwhile_gets_nothing(service, twilio, wire):
    session, lines = open_session(service, ttl=600)
    [ben] = [person.sid for person in session.participants.list() if person.identifier == BEN]
    inside = between(2, lambda: session.participants(ben).delete())
    with wire.has(inside):
        assert "まだ登録されていません" in told(twilio, lines)
    assert inside.reached


def test_what_is_deleted_is_gone_with_both_texts_and_is_not_sent_again(opened, twilio, cloud):
    session, lines = opened
    fields = form(BODY, AIKO, lines[AIKO])
    send(twilio, fields)
    [shown] = session.interactions.list()
    session.interactions(shown.sid).delete()
    assert (session.interactions.list(), scan(cloud, "MessagesTable")) == ([], [])
    assert passed_on(send(twilio, fields)) is None
    session.delete()
    assert scan(cloud, "SessionsTable") == []


# ---- nobody's number -------------------------------------------------------------------------------------------------


def test_neither_the_senders_number_nor_what_they_wrote_stands_in_an_address_or_a_log(opened, twilio, logged):
    _, lines = opened
    answer = send(twilio, form(BODY, AIKO, lines[AIKO]))
    [message] = ElementTree.fromstring(answer["body"])
    assert message.get("statusCallback").startswith(f"{BASE}/status/messages/KM")
    assert AIKO[1:] not in answer["body"]
    assert not [secret for secret in (AIKO[1:], BEN[1:], BODY) if secret in logged()]
