"""What a service sets about the end of its sessions: a warning, a grace period, what late callers hear."""

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from tests.integration.books import check
from tests.integration.conftest import AIKO, BEN, NOON, OutgoingLeg, open_session
from tests.integration.test_cleanup import due, schedules, wake
from tests.integration.test_proxy_api import AUTH, raw

pytestmark = pytest.mark.usefixtures("clock")

HOUR, BEGAN = 3600, NOON.timestamp()


def sets(service, **settings):
    """The status with which settings are answered, and what is said then."""
    return raw("POST", f"/v1/Services/{service.fetch().sid}", urlencode(settings), AUTH)


def end_of(cloud):
    """When the one session ends, and its routes with it."""
    books = check(cloud)
    [session] = books.sessions.values()
    assert {route.get("expires_at") for route in books.routes.values()} == {session.get("expires_at")}
    return session.get("expires_at")


def at(seconds):
    """The moment so many seconds after the beginning."""
    return NOON + timedelta(seconds=seconds)


# ---- the warning -----------------------------------------------------------------------------------------------------


def test_the_schedule_of_a_session_fires_before_its_end_and_then_at_it(service, cloud, clock):
    sets(service, WarnBeforeExpiry=600)
    session, _ = open_session(service, ttl=HOUR)
    [(name, first)] = schedules(cloud).items()
    assert due(first) == BEGAN + HOUR - 600
    clock.shift(HOUR - 600)
    wake(first)
    [second] = [schedule for other, schedule in schedules(cloud).items() if other != name]
    assert due(second) == BEGAN + HOUR
    assert session.fetch().status == "open"
    wake(first)  # twice is once
    assert len(schedules(cloud)) == 2


@pytest.mark.parametrize(("ttl", "warned_after"), [(600, 300), (1200, 600), (1300, 700)])
def test_of_a_short_ttl_the_half_is_waited_at_least(service, cloud, ttl, warned_after):
    sets(service, WarnBeforeExpiry=600)
    open_session(service, ttl=ttl)
    assert [due(schedule) for schedule in schedules(cloud).values()] == [BEGAN + warned_after]


def test_a_session_that_ends_sooner_than_it_is_to_be_warned_of_is_warned_of_at_once(service, cloud):
    sets(service, WarnBeforeExpiry=600)
    open_session(service, date_expiry=at(300))
    assert [due(schedule) for schedule in schedules(cloud).values()] == [BEGAN + 10]


# ---- the grace period ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", ["initiated", "completed"])
def test_a_call_before_the_grace_period_moves_the_end_with_it(service, twilio, cloud, clock, told):
    sets(service, GracePeriod=600)
    _, lines = open_session(service, ttl=HOUR)
    assert end_of(cloud) == BEGAN + HOUR + 600
    clock.shift(HOUR - 1)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    leg.reports(told)
    assert end_of(cloud) == leg.began + HOUR + 600


@pytest.mark.parametrize("told", ["initiated", "completed"])
def test_a_call_in_the_grace_period_moves_nothing_and_is_kept(service, twilio, cloud, clock, told):
    sets(service, GracePeriod=600)
    session, lines = open_session(service, ttl=HOUR)
    clock.shift(HOUR)
    OutgoingLeg(twilio, AIKO, lines[AIKO]).reports(told)
    assert end_of(cloud) == BEGAN + HOUR + 600
    assert [one.outbound_resource_status for one in session.interactions.list()] == [told]


def test_with_a_grace_period_a_call_lasts_to_its_end_and_costs_one_read(service, twilio, wire, clock):
    sets(service, GracePeriod=600, EndedSentence='{"en": "Over."}')
    date = at(HOUR)
    session, lines = open_session(service, date_expiry=date)
    clock.shift(HOUR + 100)
    with wire.counting() as operations:
        twiml = twilio.calls(lines[AIKO], AIKO)
    assert operations == ["BatchGetItem"]
    assert [verb.tag for verb in twiml] == ["Say", "Dial"]
    assert twiml.find("Dial").get("timeLimit") == "500"
    assert session.fetch().date_expiry == date
    clock.shift(500)
    assert [verb.tag for verb in twilio.calls(lines[AIKO], AIKO)] == ["Say", "Hangup"]
    assert session.fetch().status == "closed"


def test_a_pair_rests_from_the_end_of_the_grace_period_on(service, cloud):
    sets(service, GracePeriod=600, Quarantine=50)
    open_session(service, ttl=HOUR)
    assert {route["free_from"] for route in check(cloud).routes.values()} == {BEGAN + HOUR + 650}


def test_a_session_is_opened_again_with_its_grace_period_and_not_by_a_date_that_has_passed(service, cloud, clock):
    sets(service, GracePeriod=600)
    session, _ = open_session(service, date_expiry=at(100))
    session.update(status="closed")
    clock.shift(200)
    with pytest.raises(Exception, match="DateExpiry"):
        session.update(status="in-progress")
    session.update(status="in-progress", date_expiry=at(300))
    assert end_of(cloud) == BEGAN + 900


# ---- what late callers hear ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("It is over.", "JSON"),
        ('"It is over."', "JSON"),
        ("[" * 3000, "JSON"),
        ("{}", "JSON"),
        ('{"tlh": "Qapla"}', "ja or en"),
        ('{"en": 7}', "JSON"),
        ('{"en": " "}', "JSON"),
        ('{"en": "Call 090-1111-0001."}', "telephone number"),
        ('{"ja": "０９０１１１１０００１へ"}', "telephone number"),
        (json.dumps({"en": "a" * 301}), "300 characters"),
        ('{"en": "half \\ud800"}', "nobody sees"),
    ],
)
def test_words_for_late_callers_that_could_not_be_said_are_refused_by_name(service, said, why):
    status, body = sets(service, EndedSentence=said)
    assert (status, body["code"]) == (400, 80701)
    assert "EndedSentence" in body["message"]
    assert why in body["message"]


def test_words_for_late_callers_are_shown_and_taken_away(service, twilio):
    over = {"ja": "配達は <完了> しました。"}
    assert sets(service, EndedSentence=json.dumps(over))[1]["ended_sentence"] == over
    session, lines = open_session(service)
    session.update(status="closed")
    assert twilio.calls(lines[BEN], BEN).findtext("Say") == over["ja"]
    assert sets(service, EndedSentence="")[1]["ended_sentence"] is None
    session, lines = open_session(service)
    session.update(status="closed")
    assert "ご利用期間は終了しました" in twilio.calls(lines[BEN], BEN).findtext("Say")
