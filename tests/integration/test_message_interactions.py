"""Message interactions: a client has the exchange write to somebody in a session, over the line that they know."""

import itertools
from functools import partial

import pytest

from tests.integration import test_messages_api
from tests.integration.books import check, scan
from tests.integration.conftest import AIKO, BEN, EVE, LINES, OutgoingLeg, give_numbers, open_session
from tests.integration.test_pools import code_of
from tests.integration.test_proxy_api import refused
from tests.integration.test_races import between
from tests.integration.texts import reports
from toritsugi.callers.caller import OptOut, opt_out_key

counter, account_at_twilio = test_messages_api.counter, test_messages_api.account_at_twilio

BODY = "Your driver is there 🚗"


@pytest.fixture
def service(client, account_at_twilio, clock):
    """A service with numbers that have voice and texts."""
    service = client.proxy.v1.services.create(unique_name="delivery")
    give_numbers(service.sid, LINES, sms=True)
    return client.proxy.v1.services(service.sid)


def texts_to(session, number):
    """The message interactions of this participant, and their SID."""
    [person] = [one for one in session.participants.list() if one.identifier == number]
    return session.participants(person.sid).message_interactions, person.sid


def test_a_client_writes_to_somebody_over_the_number_that_they_know(service, account_at_twilio):
    session, lines = open_session(service)
    texts, sid = texts_to(session, AIKO)
    made = texts.create(body=BODY)
    [sent] = account_at_twilio.sent
    assert (sent["To"], sent["From"], sent["Body"]) == (AIKO, lines[AIKO], BODY)
    assert (made.type, made.data) == ("message", f'{{"body": "{BODY}"}}')
    assert made.participant_sid == made.outbound_participant_sid == sid
    assert (made.outbound_resource_type, made.outbound_resource_status) == ("Message", "queued")
    assert made.outbound_resource_sid == "SM" + "1".zfill(32)
    assert {getattr(made, f"inbound_{name}") for name in ("participant_sid", "resource_sid", "resource_status")} == {
        None
    }


def test_it_is_shown_among_the_texts_to_that_person_and_among_all_that_has_happened(service, twilio, clock):
    session, lines = open_session(service)
    OutgoingLeg(twilio, AIKO, lines[AIKO]).reports("initiated", "completed")
    clock.shift(1)
    texts, _ = texts_to(session, BEN)
    made = texts.create(body=BODY)
    assert [one.sid for one in texts.list()] == [texts(made.sid).fetch().sid] == [made.sid]
    assert texts_to(session, AIKO)[0].list() == []
    found = session.interactions.list(page_size=1)
    assert [(one.type, one.sid == made.sid) for one in found] == [("message", True), ("voice", False)]
    assert session.interactions(made.sid).fetch().data == made.data
    assert refused(texts_to(session, AIKO)[0](made.sid).fetch) == (404, 20404)
    assert refused(texts(found[1].sid).fetch) == (404, 20404)


def test_how_it_goes_on_is_told_by_callbacks(service, twilio):
    session, _ = open_session(service)
    texts, _ = texts_to(session, AIKO)
    made = texts.create(body=BODY)
    for told, shown in (("sent", "sent"), ("delivered", "delivered"), ("read", "delivered")):
        assert reports(twilio, "KM" + made.sid[2:], told, made.outbound_resource_sid) == 204
        assert texts(made.sid).fetch().outbound_resource_status == shown


def test_a_text_begins_a_session_and_slides_its_expiry(service, clock, cloud):
    session, _ = open_session(service, ttl=600)
    clock.shift(500)
    texts_to(session, AIKO)[0].create(body=BODY)
    shown = session.fetch()
    assert (shown.status, shown.date_started) == ("in-progress", shown.date_last_interaction)
    clock.shift(599)
    assert session.fetch().status == "in-progress"
    [stored] = check(cloud).sessions.values()
    assert stored["expires_at"] == stored["date_created"] + 1100


def test_a_person_alone_in_a_session_can_be_written_to(service, account_at_twilio):
    session, _ = open_session(service, AIKO)
    texts_to(session, AIKO)[0].create(body=BODY)
    assert len(account_at_twilio.sent) == 1


def test_a_number_that_sends_files_sends_them(client, account_at_twilio, clock):
    made = client.proxy.v1.services.create(unique_name="pictures")
    give_numbers(made.sid, LINES, sms=True, mms=True)
    session, _ = open_session(client.proxy.v1.services(made.sid))
    texts_to(session, AIKO)[0].create(media_url=["https://example.com/door.jpg"])
    assert account_at_twilio.sent[0]["MediaUrl"] == "https://example.com/door.jpg"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, 80701),
        ({"body": "  "}, 80701),
        ({"body": "x" * 1601}, 21617),
        ({"media_url": ["ftp://example.com/a"]}, 80701),
        ({"media_url": ["https://example.com/a.jpg"]}, 21621),
    ],
)
def test_what_cannot_be_sent_is_refused_and_leaves_nothing(service, account_at_twilio, cloud, fields, code):
    session, _ = open_session(service)
    assert refused(lambda: texts_to(session, AIKO)[0].create(**fields)) == (400, code)
    assert (account_at_twilio.sent, session.interactions.list(), scan(cloud, "MessagesTable")) == ([], [], [])
    assert session.fetch().status == "open"


def test_who_wants_no_messages_gets_none(service, account_at_twilio):
    session, _ = open_session(service)
    OptOut(*opt_out_key(AIKO), at=1).save()
    assert refused(lambda: texts_to(session, AIKO)[0].create(body=BODY)) == (400, 21610)
    assert account_at_twilio.sent == []


def test_in_a_session_that_is_over_nothing_is_written(service, account_at_twilio):
    session, _ = open_session(service)
    texts, _ = texts_to(session, AIKO)
    session.update(status="closed")
    assert refused(lambda: texts.create(body=BODY)) == (400, 80607)
    assert account_at_twilio.sent == []


def test_who_was_taken_out_is_not_written_to(service, account_at_twilio):
    session, _ = open_session(service)
    texts, sid = texts_to(session, AIKO)
    session.participants(sid).delete()
    assert refused(lambda: texts.create(body=BODY)) == (404, 20404)
    assert texts.list() == []


def test_what_twilio_refuses_is_told_and_shown_as_failed(service, account_at_twilio):
    session, _ = open_session(service)
    texts, _ = texts_to(session, AIKO)
    account_at_twilio.refusal = (400, 21610, "Attempt to send to unsubscribed recipient")
    assert refused(lambda: texts.create(body=BODY)) == (400, 21610)
    assert [one.outbound_resource_status for one in texts.list()] == ["failed"]


@pytest.mark.parametrize(("meanwhile", "codes"), [({"ttl": 900}, {0}), ({"status": "closed"}, {0, 80607})])
def test_whatever_happens_to_the_session_meanwhile_it_is_sent_once_or_refused(
    service, account_at_twilio, wire, cloud, meanwhile, codes
):
    for number in itertools.count(1):
        session, _ = open_session(service, ttl=600)
        texts, _ = texts_to(session, AIKO)
        account_at_twilio.sent.clear()
        inside = between(number, partial(session.update, **meanwhile))
        with wire.has(inside):
            code = code_of(partial(texts.create, body=BODY))
        assert code in codes
        assert len(account_at_twilio.sent) == (not code)
        check(cloud)
        session.delete()
        if not inside.reached:
            break


def test_what_is_deleted_is_gone_with_what_was_written(service, cloud, twilio):
    session, _ = open_session(service)
    texts, _ = texts_to(session, AIKO)
    made = texts.create(body=BODY)
    assert session.interactions(made.sid).delete()
    assert (
        refused(session.interactions(made.sid).fetch) == refused(session.interactions(made.sid).delete) == (404, 20404)
    )
    assert (texts.list(), session.interactions.list(), scan(cloud, "MessagesTable")) == ([], [], [])
    assert reports(twilio, "KM" + made.sid[2:], "delivered", made.outbound_resource_sid) == 204
    assert scan(cloud, "MessagesTable") == []


def test_with_a_session_go_the_texts_that_were_written_in_it(service, cloud):
    session, _ = open_session(service)
    for number in (AIKO, BEN):
        texts_to(session, number)[0].create(body=BODY)
    assert len(scan(cloud, "MessagesTable")) == 2
    session.delete()
    assert (scan(cloud, "MessagesTable"), scan(cloud, "SessionsTable")) == ([], [])
    assert open_session(service, AIKO, EVE)
