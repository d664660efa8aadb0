"""Somebody in a session has several telephones: they ring together or in turn, and are one participant."""

import itertools
import json
import random
import time
from functools import partial

import pytest

from tests.integration import deeds
from tests.integration.books import check, scan
from tests.integration.conftest import AIKO, BEN, EVE, LINES, OutgoingLeg, give_numbers
from tests.integration.tapes import CALL, Messages, files, report, told
from tests.integration.test_another_telephone import asks, refused, rings
from tests.integration.test_erasure import erases, knowing, tapes
from tests.integration.test_masked_texts import passed_on
from tests.integration.test_proxy_api import refused as refused_by_the_sdk
from tests.integration.test_races import between
from tests.integration.test_recorded_sessions import CONVERSATION, records
from tests.integration.texts import form, send
from toritsugi.limits import switch, usage

tapes = tapes  # a fixture

KEN, MAI, RIO = TEAM = ("+819041110001", "+819041110002", "+819041110003")
NEW = "+819041110009"


@pytest.fixture(autouse=True)
def limits(cloud):
    """So few calls at once that each is counted."""
    switch.set_limits({"calls_at_once": 19})
    switch.forget_limits()


def team(*more, first=KEN, **facts):
    return {"Identifier": first, "MoreIdentifiers": list(more or (MAI, RIO)), **facts}


def opens(service, dispatch=None, **options):
    """A session of Aiko, who waits for a driver, and the dispatch team; and the line that each dials."""
    made = service.sessions.create(participants=[{"Identifier": AIKO}, dispatch or team()], **options)
    session = service.sessions(made.sid)
    aiko, ken = session.participants.list()
    return session, {AIKO: aiko.proxy_identifier} | dict.fromkeys((KEN, MAI, RIO), ken.proxy_identifier)


class TeamLeg(OutgoingLeg):
    """The leg to one of them."""

    def __init__(self, twilio, call_sid, dial, place):
        number = dial.findall("Number")[place]
        self.twilio, self.call_sid, self.began = twilio, call_sid, time.time()
        self.address, self.to, self.shows = number.get("statusCallback"), number.text, dial.get("callerId")
        self.sid = f"CA{place:032x}"


def calls(twilio, lines, caller=AIKO):
    """The legs of a call to everybody on the other side."""
    call_sid = "CA" + "1" * 32
    dial = twilio.calls(lines[caller], caller, call_sid).find("Dial")
    return [TeamLeg(twilio, call_sid, dial, place) for place in range(len(dial.findall("Number")))]


# ---- who is rung -----------------------------------------------------------------------------------------------------


def test_the_others_call_rings_all_at_once_and_each_sees_the_line_they_know(service, twilio, cloud):
    _, lines = opens(service)
    dial = twilio.calls(lines[AIKO], AIKO).find("Dial")
    assert [number.text for number in dial.findall("Number")] == list(TEAM)
    assert (dial.get("callerId"), dial.get("sequential")) == (lines[KEN], None)
    assert len({number.get("statusCallback") for number in dial.findall("Number")}) == 3
    assert len(check(cloud).live) == 4


def test_in_turn_each_rings_alone_and_no_call_lasts_beyond_its_session(service, twilio, clock):
    _, lines = opens(service, team(Rings="in-turn"), ttl=120)
    dial = twilio.calls(lines[AIKO], AIKO).find("Dial")
    assert (dial.get("sequential"), [number.text for number in dial.findall("Number")]) == ("true", list(TEAM))
    assert 2 * int(dial.get("timeout")) + int(dial.get("timeLimit")) <= 120


@pytest.mark.parametrize("member", TEAM)
def test_whoever_of_the_team_calls_reaches_the_other_who_sees_the_one_line(service, twilio, member):
    _, lines = opens(service)
    assert rings(twilio, lines[member], member) == (AIKO, lines[AIKO])
    [leg] = calls(twilio, lines, member)
    leg.reports("initiated", "completed")
    assert rings(twilio, lines[AIKO], AIKO)[1] == lines[member]


def test_the_team_is_listed_as_one_participant(service):
    session, _ = opens(service, team(Rings="in-turn"))
    found = asks(session, KEN, "GET")[1]
    assert (found["identifier"], found["more_identifiers"], found["rings"]) == (KEN, [MAI, RIO], "in-turn")
    alone = asks(session, AIKO, "GET")[1]
    assert (alone["more_identifiers"], alone["rings"]) == ([], "together")


def test_a_line_that_one_of_them_has_elsewhere_is_given_to_none_of_them(service, cloud):
    service.sessions.create(participants=[{"Identifier": RIO, "ProxyIdentifier": LINES[0]}, {"Identifier": EVE}])
    _, lines = opens(service)
    assert lines[KEN] != LINES[0]
    wanted = [{"Identifier": AIKO}, team(first=BEN, ProxyIdentifier=LINES[0])]
    assert refused_by_the_sdk(lambda: service.sessions.create(participants=wanted)) == (400, 80604)
    assert len(check(cloud).live) == 6


def test_two_teams_of_ten_meet(service, twilio, cloud):
    first, second = ([f"+81904{side}{number:06}" for number in range(10)] for side in (1, 2))
    wanted = [team(*numbers[1:], first=numbers[0]) for numbers in (first, second)]
    made = service.sessions.create(participants=wanted, unique_name="order-17")
    one, _ = service.sessions(made.sid).participants.list()
    dial = twilio.calls(one.proxy_identifier, first[9]).find("Dial")
    assert [number.text for number in dial.findall("Number")] == second
    assert len(check(cloud).live) == 20


def test_a_team_joins_whoever_waits(service, twilio, cloud):
    session = deeds.create(service.fetch().sid, AIKO).session_sid
    joined = deeds.add(service.fetch().sid, session, KEN, MoreIdentifiers=[MAI, RIO], Rings="in-turn")
    aiko, _ = service.sessions(session).participants.list()
    dial = twilio.calls(aiko.proxy_identifier, AIKO).find("Dial")
    assert [number.text for number in dial.findall("Number")] == list(TEAM)
    assert joined.numbers == list(TEAM)
    check(cloud)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"MoreIdentifiers": [f"+81904222{number:04}" for number in range(10)]}, 80701),
        ({"MoreIdentifiers": [KEN]}, 80701),
        ({"MoreIdentifiers": ["hello"]}, 80404),
        ({"MoreIdentifiers": "all"}, 80404),
        ({"MoreIdentifiers": {"a": "b"}}, 80701),
        ({"MoreIdentifiers": [AIKO]}, 80103),
        ({"MoreIdentifiers": [LINES[0]]}, 80402),
        ({"MoreIdentifiers": [], "Rings": "in-turn"}, 80701),
        ({"Rings": "loudly"}, 80701),
    ],
)
def test_what_is_no_team_is_refused(service, cloud, facts, code):
    wanted = [{"Identifier": AIKO}, team() | facts]
    assert refused_by_the_sdk(lambda: service.sessions.create(participants=wanted)) == (400, code)
    assert check(cloud).sessions == {}


def test_a_conference_rings_one_so_a_team_is_refused_by_name(client, cloud):
    made = client.request(
        "POST", f"{client.proxy.base_url}/v1/Services", data={"UniqueName": "r", "Through": "conference"}
    )
    service = client.proxy.v1.services(json.loads(made.text)["sid"])
    give_numbers(service.fetch().sid, LINES)
    assert refused_by_the_sdk(lambda: opens(service)) == (400, 80701)
    session = service.sessions.create(participants=[{"Identifier": AIKO}])
    session = service.sessions(session.sid)
    assert refused(session, MoreIdentifiers=MAI) == (400, 80701)


# ---- one interaction -------------------------------------------------------------------------------------------------

TOLD = {  # by how it rings: what is told of each leg, and how the call as a whole has gone
    "one answers": ("together", [["initiated", "completed"], ["initiated", "canceled"], ["canceled"]], "completed"),
    "the caller gives up": ("together", [["initiated", "canceled"], ["initiated", "busy"], ["canceled"]], "canceled"),
    "nobody answers": ("together", [["initiated", "no-answer"], ["initiated", "busy"], ["failed"]], "no-answer"),
    "the second answers": ("in-turn", [["initiated", "no-answer"], ["initiated", "completed"], []], "completed"),
    "the caller gives up at the second": (
        "in-turn",
        [["initiated", "busy"], ["initiated", "canceled"], []],
        "canceled",
    ),
    "the last is busy": ("in-turn", [["initiated", "failed"], ["busy"], ["initiated", "busy"]], "busy"),
    "it still rings": ("together", [["initiated", "busy"], ["initiated"], ["initiated", "failed"]], "initiated"),
    "the next is to ring": ("in-turn", [["initiated", "no-answer"], [], []], "initiated"),
}


@pytest.mark.parametrize("ttl", [0, 600])
@pytest.mark.parametrize(("rings", "told", "whole"), TOLD.values(), ids=TOLD)
def test_in_whatever_order_and_how_often_it_is_told_the_call_is_one_and_counted_once(
    service, twilio, clock, cloud, rings, told, whole, ttl
):
    words = [(place, status) for place, statuses in enumerate(told) for status in statuses]
    begun, ended = sum(map(bool, told)), sum(len(one) > 0 and one[-1] != "initiated" for one in told)
    for seed in range(4):
        session, lines = opens(service, team(Rings=rings), ttl=ttl)
        before = usage.read_usage(time.time())
        legs = calls(twilio, lines)
        heard = words * 2 if seed else words
        random.Random(seed).shuffle(heard) if seed else None
        for place, status in heard:
            legs[place].reports(status)
        [interaction] = session.interactions.list()
        assert interaction.outbound_resource_status == whole
        if whole == "completed":
            [answered] = [place for place, statuses in enumerate(told) if "completed" in statuses]
            assert interaction.outbound_resource_sid == legs[answered].sid
            assert '"60"' in interaction.data
        now = usage.read_usage(time.time())
        assert now["calls_a_day"] - before["calls_a_day"] == begun
        assert now["calls_at_once"] - before["calls_at_once"] == begun - ended
        check(cloud)
        session.delete()


def test_callbacks_that_come_at_once_lose_none_of_each_other(service, twilio, clock, wire, cloud):
    for step in itertools.count(1):
        session, lines = opens(service)
        first, second, third = calls(twilio, lines)
        third.reports("initiated", "canceled")
        second.reports("initiated")
        inside = between(step, partial(second.reports, "canceled"))
        with wire.has(inside):
            first.reports("completed")
        [interaction] = session.interactions.list()
        assert interaction.outbound_resource_status == "completed"
        session.delete()
        if not inside.reached:
            break
    assert step > 2


def test_each_telephone_that_rings_is_a_leg_for_the_limits(service, twilio, clock, cloud):
    switch.set_limits({"calls_at_once_per_line": 2})
    switch.forget_limits()
    session, lines = opens(service)
    first, second, third = calls(twilio, lines)
    for leg in (first, second, third):
        leg.reports("initiated")
    assert usage.read_usage(time.time(), lines[KEN])["calls_at_once"] == 2
    for leg in (first, second, third):
        leg.reports("canceled")
    assert usage.read_usage(time.time(), lines[KEN])["calls_at_once"] == 0
    assert len(session.interactions.list()) == 1


# ---- texts -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def writing(client, clock):
    made = client.proxy.v1.services.create(unique_name="delivery")
    give_numbers(made.sid, LINES, sms=True)
    return client.proxy.v1.services(made.sid)


@pytest.mark.parametrize("ttl", [0, 600])
def test_texts_go_to_the_first_of_the_team_and_from_any_of_it(writing, twilio, clock, cloud, ttl):
    session, lines = opens(writing, ttl=ttl)
    clock.shift(5)
    assert passed_on(send(twilio, form("here", AIKO, lines[AIKO])))[:2] == (KEN, lines[KEN])
    for member in TEAM:
        clock.shift(5)
        assert passed_on(send(twilio, form("soon", member, lines[member])))[:2] == (AIKO, lines[AIKO])
        check(cloud)
    assert len(session.interactions.list()) == 4


# ---- the session goes on ---------------------------------------------------------------------------------------------


def test_all_telephones_of_a_team_live_and_end_with_their_session(service, twilio, clock, cloud):
    session, lines = opens(service, ttl=600)
    session.update(ttl=900)
    assert len(check(cloud).live) == 4
    session.update(status="closed")
    assert check(cloud).live == []
    session.update(status="in-progress")
    assert len(check(cloud).live) == 4
    clock.shift(901)
    deeds.clean_up(session.fetch().sid)
    assert check(cloud).live == []
    assert [rings(twilio, lines[one], one) for one in TEAM] == [None] * 3
    session.delete()
    assert scan(cloud, "SessionsTable") == []


def test_a_team_that_is_taken_out_frees_all_its_pairs_and_another_comes(service, twilio, cloud):
    session, lines = opens(service)
    [ken] = [one.sid for one in session.participants.list() if one.identifier == KEN]
    session.participants(ken).delete()
    assert rings(twilio, lines[AIKO], AIKO) is None
    assert len(check(cloud).live) == 1
    assert refused_by_the_sdk(lambda: session.participants.create(identifier=MAI)) == (400, 80612)
    session.participants.create(identifier=BEN)
    assert [leg.to for leg in calls(twilio, lines)] == [BEN]
    check(cloud)


def changes(session, number=KEN, **fields):
    status, said = asks(session, number, **fields)
    assert status == 200, said
    return said


def test_telephones_come_to_a_team_and_leave_it(service, twilio, cloud):
    session, lines = opens(service)
    changes(session, MoreIdentifiers=MAI)
    assert [leg.to for leg in calls(twilio, lines)] == [KEN, MAI]
    assert rings(twilio, lines[RIO], RIO) is None
    check(cloud)
    assert changes(session, Identifier=NEW)["more_identifiers"] == [MAI]
    assert [leg.to for leg in calls(twilio, lines)] == [NEW, MAI]
    check(cloud)
    changes(session, NEW, MoreIdentifiers="")
    assert (check(cloud), [leg.to for leg in calls(twilio, lines)])[1] == [NEW]
    changes(session, AIKO, MoreIdentifiers=BEN, Rings="in-turn")
    assert rings(twilio, lines[AIKO], BEN) == (NEW, lines[KEN])
    assert rings(twilio, lines[KEN], NEW) == (AIKO, lines[AIKO])
    assert len(check(cloud).live) == 3


@pytest.mark.parametrize("deed", [deeds.close, lambda *sids: deeds.update(*sids, Ttl=900), deeds.take_out])
def test_a_team_that_changes_while_something_else_happens_is_whole(service, cloud, wire, clock, deed):
    service_sid = service.fetch().sid
    for step in itertools.count(2):
        session, _ = opens(service, ttl=600)
        sid = session.fetch().sid
        inside = between(step, lambda session=session: asks(session, KEN, MoreIdentifiers=[MAI, NEW]))
        with wire.has(inside):
            deeds.outcome(lambda sid=sid: deed(service_sid, sid))
        check(cloud)
        session.delete()
        if not inside.reached:
            break
    assert step > 3


# ---- one of them is erased -------------------------------------------------------------------------------------------


def test_one_of_a_team_is_erased_and_the_session_stays(cloud, desk, service, twilio):
    session, lines = opens(service)
    leg, *_ = calls(twilio, lines)
    leg.reports("completed")
    assert erases(desk, RIO)[0] == 409
    session.update(status="closed")
    receipt = erases(desk, RIO)[1]
    assert (receipt["complete"], receipt["erased"]["sessions"], receipt["erased"]["routes"]) == (True, 0, 1)
    assert leg.call_sid in receipt["at_twilio"]["calls"]
    assert knowing(cloud, RIO) == {}
    assert asks(session, KEN, "GET")[1]["more_identifiers"] == [MAI]
    session.update(status="in-progress")
    assert [one.to for one in calls(twilio, lines)] == [KEN, MAI]


def test_with_the_first_of_a_team_the_session_is_erased(cloud, desk, service):
    session, _ = opens(service)
    session.update(status="closed")
    assert erases(desk, KEN)[1]["erased"]["sessions"] == 1
    assert scan(cloud, "SessionsTable") == []


def test_who_was_its_first_once_is_erased_with_the_session_for_texts_went_to_them(cloud, desk, service):
    session, _ = opens(service)
    changes(session, Identifier=MAI, MoreIdentifiers=RIO)
    changes(session, MAI, MoreIdentifiers=[RIO, KEN])
    session.update(status="closed")
    assert erases(desk, KEN)[1]["erased"]["sessions"] == 1
    assert scan(cloud, "SessionsTable") == []


def test_one_who_has_left_the_team_and_come_back_is_erased_alone(cloud, desk, service):
    session, _ = opens(service)
    changes(session, MoreIdentifiers=MAI)
    changes(session, MoreIdentifiers=[MAI, RIO])
    session.update(status="closed")
    assert erases(desk, RIO)[1]["erased"]["sessions"] == 0
    assert knowing(cloud, RIO) == {}


def test_what_one_of_a_team_may_be_heard_in_goes_with_them(cloud, desk, service, twilio, tapes):
    records(service, Record="true")
    session, lines = opens(service)
    calls(twilio, lines)[2].reports("initiated", "completed")
    address = twilio.calls(lines[AIKO], AIKO, CALL).find("Dial").get("recordingStatusCallback")
    kept = Messages(cloud)
    report(twilio, told(**CONVERSATION), address.removeprefix("https://exchange.example.com").partition("#")[0])
    assert kept.deliver() == [True]
    session.update(status="closed")
    erased = erases(desk, RIO)[1]["erased"]
    assert (erased["recordings"], erased["sessions"]) == (1, 0)
    assert (knowing(cloud, RIO), files(cloud), tapes.files) == ({}, {}, {})


def test_no_number_of_a_team_stands_in_a_key_of_its_session(cloud, service):
    session, _ = opens(service)
    changes(session, Identifier=NEW, MoreIdentifiers=[MAI, RIO])
    keys = [one["entry"] for one in scan(cloud, "SessionsTable")]
    assert not [key for key in keys for number in (*TEAM, NEW) if number[1:] in key]
    assert len([key for key in keys if key.startswith("participant-number#")]) == 3
