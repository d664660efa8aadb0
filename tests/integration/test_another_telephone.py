"""Somebody in a session gets another telephone: their line stays, and so does who they are."""

import itertools
import xml.etree.ElementTree as ElementTree
from urllib.parse import urlencode

import pytest

import proxy
from local.aws import Context
from tests.conftest import BASE
from tests.integration import deeds
from tests.integration.books import check, open_books, scan
from tests.integration.calls import Desk
from tests.integration.conftest import AIKO, BEN, EVE, LINES, OutgoingLeg, event_of, give_numbers, open_session, parse
from tests.integration.test_masked_texts import passed_on
from tests.integration.test_races import between
from tests.integration.texts import form, send

NEW, NEWER = "+819044440004", "+819055550005"
ENDED, UNKNOWN = "終了", "おつなぎできません"


def asks(session, number, method="POST", **fields):
    """The status and the answer, when this person is to be changed."""
    [sid] = [one.sid for one in session.participants.list() if one.identifier == number]
    kind = {"Authorization": Desk().header, "Content-Type": "application/x-www-form-urlencoded"}
    event = event_of(method, f"{BASE}/v1{session._uri}/Participants/{sid}", urlencode(fields, doseq=True), kind)
    answer = proxy.handler(event, Context("test"))
    return answer["statusCode"], parse(answer)


def moves(session, former=AIKO, number=NEW):
    status, person = asks(session, former, Identifier=number)
    assert status == 200, person
    return person


def refused(session, number=AIKO, **fields):
    status, said = asks(session, number, **fields)
    return status, said["code"]


def rings(twilio, line, caller):
    """Whom a call of this person rings, and what they see."""
    dial = twilio.calls(line, caller).find("Dial")
    return None if dial is None else (dial.find("Number").text, dial.get("callerId"))


def said(twilio, line, caller):
    return "".join(ElementTree.tostring(twilio.calls(line, caller), encoding="unicode"))


# ---- it is done ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ttl", [0, 600])
def test_the_new_telephone_is_put_through_and_reached_and_the_line_stays(service, twilio, clock, cloud, ttl):
    session, lines = open_session(service, ttl=ttl)
    before = {one.identifier: one.sid for one in session.participants.list()}
    clock.shift(10)
    person = moves(session)
    assert (person["sid"], person["identifier"], person["proxy_identifier"]) == (before[AIKO], NEW, lines[AIKO])
    assert person["date_updated"] > person["date_created"]
    assert rings(twilio, lines[AIKO], NEW) == (BEN, lines[BEN])
    assert rings(twilio, lines[BEN], BEN) == (NEW, lines[AIKO])
    assert [one.identifier for one in session.participants.list()] == [NEW, BEN]
    assert len(check(cloud).live) == 2


def test_the_old_telephone_hears_that_the_session_has_ended_and_reaches_nobody(service, twilio, clock, cloud):
    session, lines = open_session(service)
    assert rings(twilio, lines[AIKO], AIKO) == (BEN, lines[BEN])
    moves(session)
    assert rings(twilio, lines[AIKO], AIKO) is None
    assert said(twilio, lines[AIKO], AIKO) != said(twilio, lines[AIKO], EVE)  # who has never been in a session


def test_the_old_telephone_meets_no_stranger_over_that_line_while_it_rests(service, clock):
    session, lines = open_session(service)
    moves(session)
    others = [open_session(service, AIKO, EVE)[1][AIKO] for _ in range(2)]
    assert lines[AIKO] not in others


def test_who_waits_alone_may_move_and_meets_whoever_joins(service, twilio, cloud):
    session, lines = open_session(service, AIKO)
    moves(session)
    ben = session.participants.create(identifier=BEN)
    assert rings(twilio, ben.proxy_identifier, BEN) == (NEW, lines[AIKO])
    check(cloud)


def test_twice_is_once_and_there_and_back_is_as_before(service, twilio, cloud):
    session, lines = open_session(service)
    first = moves(session)
    assert moves(session, NEW) == first
    moves(session, NEW, AIKO)
    assert rings(twilio, lines[BEN], BEN) == (AIKO, lines[AIKO])
    assert rings(twilio, lines[AIKO], AIKO) == (BEN, lines[BEN])
    assert rings(twilio, lines[AIKO], NEW) is None
    check(cloud)


def test_the_session_goes_on_with_the_new_number(service, twilio, clock, cloud):
    session, lines = open_session(service, ttl=600)
    moves(session)
    session.update(ttl=900)
    check(cloud)
    session.update(status="closed")
    assert check(cloud).live == []
    session.update(status="in-progress")
    assert rings(twilio, lines[BEN], BEN) == (NEW, lines[AIKO])
    assert rings(twilio, lines[AIKO], AIKO) is None
    assert len(check(cloud).live) == 2
    clock.shift(901)
    deeds.clean_up(session.fetch().sid)
    assert check(cloud).live == []


def test_a_session_whose_people_moved_often_goes_with_all_their_numbers(service, cloud):
    session, _ = open_session(service)
    former = AIKO
    for number in range(30):
        former = moves(session, former, f"+8190000000{number:02}")["identifier"]
    session.delete()
    assert scan(cloud, "SessionsTable") == []


# ---- it is refused ---------------------------------------------------------------------------------------------------


def test_what_is_wrong_is_refused_as_for_whoever_joins(service, cloud):
    session, _ = open_session(service)
    assert refused(session) == (400, 80701)
    assert refused(session, Identifier="hello") == (400, 80404)
    assert refused(session, Identifier="0570-000-111") == (400, 80404)  # that the caller pays for
    assert refused(session, Identifier=LINES[2]) == (400, 80402)
    assert refused(session, Identifier=BEN) == (400, 80103)
    assert refused(session, Identifier=NEW, FriendlyName="Aiko") == (400, 20001)
    assert len(check(cloud).live) == 2


def test_a_number_that_has_the_line_in_another_session_is_refused(service, twilio, cloud):
    session, lines = open_session(service)
    service.sessions.create(participants=[{"Identifier": NEW, "ProxyIdentifier": lines[AIKO]}, {"Identifier": EVE}])
    assert refused(session, Identifier=NEW) == (400, 80604)
    assert rings(twilio, lines[AIKO], AIKO) == (BEN, lines[BEN])
    assert len(check(cloud).live) == 4


def test_who_was_taken_out_has_no_place_to_move_to_nor_from(service, cloud):
    session, _ = open_session(service)
    [aiko] = [one.sid for one in session.participants.list() if one.identifier == AIKO]
    session.participants(aiko).delete()
    assert refused(session, Identifier=NEW) == (404, 20404)
    assert refused(session, BEN, Identifier=AIKO) == (400, 80612)
    check(cloud)


@pytest.mark.parametrize("ends", ["closed", "expired"])
def test_a_session_that_is_over_is_not_changed(service, clock, cloud, ends):
    session, _ = open_session(service, ttl=600)
    if ends == "closed":
        session.update(status="closed")
    clock.shift(601)
    assert refused(session, Identifier=NEW) == (400, 80607)
    assert check(cloud).live == []


# ---- while something else goes on ------------------------------------------------------------------------------------


@pytest.mark.parametrize("ttl", [0, 600])
@pytest.mark.parametrize("who", [AIKO, BEN])
def test_of_a_call_that_runs_all_is_kept_and_the_session_slides_for_the_new_number(
    service, twilio, clock, cloud, ttl, who
):
    session, lines = open_session(service, ttl=ttl)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    moves(session, who)
    clock.shift(5)
    leg.reports("initiated")
    moves(session, NEW, NEWER)
    leg.reports("completed")
    [interaction] = session.interactions.list()
    assert interaction.outbound_resource_status == "completed"
    check(cloud)


def test_of_two_who_move_somebody_at_once_one_is_last_and_nothing_is_half_done(service, cloud, wire, clock):
    for step in itertools.count(2):
        session, _ = open_session(service)
        sid = session.fetch().sid
        service_sid = service.fetch().sid
        other = between(step, lambda sid=sid, service_sid=service_sid: deeds.renumber(service_sid, sid, NEWER))
        with wire.has(other):
            deeds.renumber(service_sid, sid, NEW)
        books = check(cloud)
        assert {route["number"] for route in books.live} <= {NEW, NEWER, BEN}
        session.delete()
        if not other.reached:
            break
    assert step > 3


@pytest.mark.parametrize("moving", [AIKO, BEN])
@pytest.mark.parametrize("ttl", [0, 600])
def test_a_text_that_is_on_its_way_goes_to_the_old_or_the_new_telephone_once(client, twilio, wire, cloud, ttl, moving):
    service = client.proxy.v1.services.create(unique_name="delivery")
    give_numbers(service.sid, ["+815010000011", "+815010000012"], sms=True)
    service = client.proxy.v1.services(service.sid)
    for step in itertools.count(2):
        session, lines = open_session(service, ttl=ttl)
        inside = between(step, lambda session=session: moves(session, moving))
        with wire.has(inside):
            to, *_ = passed_on(send(twilio, form("hello", AIKO, lines[AIKO]))) or (None,)
        reached = len(session.interactions.list())
        assert (to, reached) in ([(None, 0), (BEN, 1)] if moving == AIKO else [(BEN, 1), (NEW, 1)])
        check(cloud)
        session.delete()
        if not inside.reached:
            break
    assert step > 3


def test_whoever_dies_while_somebody_moves_leaves_it_done_or_undone(service, cloud, wire):
    from tests.integration.wire import Died, dying

    for after, step in itertools.product((False, True), range(1, 9)):
        session, _ = open_session(service)
        sid, service_sid = session.fetch().sid, service.fetch().sid
        try:
            with wire.has(dying(step, after=after)):
                deeds.renumber(service_sid, sid)
        except Died:
            assert len(check(cloud).live) == 2
            deeds.renumber(service_sid, sid)
        assert {route["number"] for route in check(cloud).live} == {"+819033330009", BEN}
        session.delete()
    assert open_books(cloud).live == []
