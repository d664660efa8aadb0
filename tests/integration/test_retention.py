"""What has ended is kept for so many days, and then nobody is shown it, whether or not it has been swept away yet."""

import time

import pytest
from twilio.base.exceptions import TwilioException

import cleanup
from tests.integration.conftest import AIKO, BEN, OutgoingLeg, open_session
from tests.integration.test_cleanup import Hurry
from tests.integration.test_recorded_sessions import records
from tests.integration.texts import LINE, give_line, writes
from tests.integration.wire import Died
from toritsugi.bridges import forgetting
from toritsugi.foundation import config

DAY = 86_400
RETENTION = 90 * DAY


@pytest.fixture
def expiry(cloud):
    """DynamoDB's time to live, whenever it comes."""
    return lambda: cloud.expiry.delete_past(time.time())


def rows(cloud, table: str) -> list[dict]:
    return cloud.dynamodb.scan(TableName=table)["Items"]


def sweep() -> None:
    cleanup.handler({"sweep": {}}, Hurry(60_000))


def status_of(ask) -> int:
    try:
        ask()
    except TwilioException as refused:  # of a list it says so in words
        return 404 if "HTTP 404" in str(refused) else 0
    return 200


# ---- texts -----------------------------------------------------------------------------------------------------------


def test_a_text_is_shown_for_its_days_and_then_to_nobody(cloud, desk, twilio, clock, expiry):
    give_line()
    writes(twilio, "hello")
    (message,) = desk.asks("GET", "/api/messages?direction=inbound")[1]["messages"]
    path = f"/api/messages/{message['sid']}"
    clock.shift(RETENTION - 1)
    assert desk.asks("GET", path)[0] == 200
    clock.shift(1)
    assert rows(cloud, config.MESSAGES_TABLE), "nothing has swept it away yet"
    assert desk.asks("GET", path)[0] == 404
    for query in ("", f"?number=%2B{AIKO[1:]}"):
        assert desk.asks("GET", f"/api/messages{query}")[1]["messages"] == []
    expiry()
    assert rows(cloud, config.MESSAGES_TABLE) == []


def test_how_often_somebody_was_answered_is_forgotten_a_day_later(cloud, twilio, clock, expiry):
    give_line()
    writes(twilio, "hours")
    texted = [row for row in rows(cloud, config.DIRECTORY_TABLE) if row["entry"]["S"] == f"texted#{LINE}"]
    clock.shift(DAY - 1)
    expiry()
    assert [row for row in rows(cloud, config.DIRECTORY_TABLE) if row in texted] == texted != []
    clock.shift(1)
    expiry()
    assert [row for row in rows(cloud, config.DIRECTORY_TABLE) if row["number"]["S"] == AIKO] == []


@pytest.mark.parametrize(("days", "later", "shown"), [(0, 3000, 200), (7, 6, 200), (7, 7, 404)])
def test_how_long_is_the_owners_affair_and_a_shorter_time_holds_for_old_texts(
    desk, twilio, clock, monkeypatch, days, later, shown
):
    give_line()
    if not days:
        monkeypatch.setattr(config, "MESSAGE_RETENTION", days)
    writes(twilio, "hello")
    (message,) = desk.asks("GET", "/api/messages?direction=inbound")[1]["messages"]
    monkeypatch.setattr(config, "MESSAGE_RETENTION", days)
    clock.shift(later * DAY)
    assert desk.asks("GET", f"/api/messages/{message['sid']}")[0] == shown


# ---- sessions --------------------------------------------------------------------------------------------------------


@pytest.fixture
def session(service, twilio):
    """A session in which Aiko has called Ben."""
    session, lines = open_session(service, AIKO, BEN, unique_name="order-17")
    OutgoingLeg(twilio, AIKO, lines[AIKO]).reports("initiated", "completed")
    return session


def test_a_session_that_lives_is_never_forgotten(cloud, service, session, clock, expiry):
    clock.shift(1000 * DAY)
    sweep()
    expiry()
    assert session.fetch().status == "in-progress"
    assert len(session.interactions.list()) == 1
    assert len([row for row in rows(cloud, config.DIRECTORY_TABLE) if row["entry"]["S"].startswith("route#")]) == 2


def test_after_its_time_a_session_is_there_for_nobody(cloud, service, session, clock):
    session.update(status="closed")
    clock.shift(RETENTION - 1)
    assert session.fetch().status == "closed"
    clock.shift(1)
    assert rows(cloud, config.SESSIONS_TABLE)
    (person, *_), (interaction,) = ("KP" + "1" * 32,), ("KI" + "1" * 32,)
    asked = {
        "fetch": session.fetch,
        "by its name": lambda: service.sessions("order-17").fetch(),
        "its people": session.participants.list,
        "one of them": lambda: session.participants(person).fetch(),
        "what happened": session.interactions.list,
        "one of that": lambda: session.interactions(interaction).fetch(),
        "open again": lambda: session.update(status="in-progress"),
        "delete": session.delete,
    }
    assert {name: status_of(ask) for name, ask in asked.items()} == dict.fromkeys(asked, 404)
    assert service.sessions.list() == []


def test_the_sweep_forgets_it_with_everything_and_its_name_is_free(cloud, service, session, clock, expiry):
    session.update(status="closed")
    clock.shift(RETENTION)
    sweep()
    expiry()
    assert rows(cloud, config.SESSIONS_TABLE) == []
    assert [row for row in rows(cloud, config.DIRECTORY_TABLE) if row["entry"]["S"].startswith("route#")] == []
    assert service.sessions.create(unique_name="order-17").status == "open"


def test_one_that_has_expired_counts_from_its_expiry_however_late_it_is_cleaned_up(cloud, service, clock, expiry):
    session, _ = open_session(service, AIKO, BEN, ttl=600)
    clock.shift(600 + RETENTION - 1)
    assert session.fetch().status == "closed"
    clock.shift(1)
    assert status_of(session.fetch) == 404
    sweep()  # writes down that it has ended
    sweep()
    expiry()
    assert rows(cloud, config.SESSIONS_TABLE) == []
    assert [row for row in rows(cloud, config.DIRECTORY_TABLE) if row["entry"]["S"].startswith("route#")] == []


def test_a_route_is_remembered_as_long_as_its_quarantine_lasts(cloud, service, clock, expiry):
    records(service, Quarantine=str(300 * DAY))
    session, _ = open_session(service, AIKO, BEN)
    session.update(status="closed")
    clock.shift(300 * DAY - 1)
    expiry()
    assert len([row for row in rows(cloud, config.DIRECTORY_TABLE) if row["entry"]["S"].startswith("route#")]) == 2
    clock.shift(1)
    expiry()
    assert [row for row in rows(cloud, config.DIRECTORY_TABLE) if row["entry"]["S"].startswith("route#")] == []


@pytest.mark.parametrize("how", ["closed", "expired", "deleted"])
def test_a_route_that_has_ended_knows_nobody_elses_number(cloud, service, clock, how):
    session, _ = open_session(service, AIKO, BEN, ttl=600)
    if how == "closed":
        session.update(status="closed")
    elif how == "deleted":
        session.delete()
    else:
        clock.shift(600)
        sweep()
    routes = [row for row in rows(cloud, config.DIRECTORY_TABLE) if row["entry"]["S"].startswith("route#")]
    assert [("partner" in row, "partner_sid" in row) for row in routes] == [(False, False)] * 2


def test_a_session_that_is_opened_again_is_remembered_and_connects(cloud, service, session, twilio, clock, expiry):
    session.update(status="closed")
    clock.shift(RETENTION - 1)
    session.update(status="in-progress")
    clock.shift(RETENTION)
    sweep()
    expiry()
    line = {p.identifier: p.proxy_identifier for p in session.participants.list()}[AIKO]
    (dial,) = twilio.calls(line, AIKO)
    assert dial.find("Number").text == BEN


def test_where_sessions_are_kept_for_ever_they_are(cloud, session, clock, expiry, monkeypatch):
    monkeypatch.setattr(config, "SESSION_RETENTION", 0)
    session.update(status="closed")
    clock.shift(3000 * DAY)
    sweep()
    expiry()
    assert session.fetch().status == "closed"
    assert len([row for row in rows(cloud, config.DIRECTORY_TABLE) if row["entry"]["S"].startswith("route#")]) == 2


# ---- calls -----------------------------------------------------------------------------------------------------------


def test_a_call_is_shown_for_its_days_after_its_end_and_then_forgotten(cloud, desk, clock):
    call = desk.calls(parties=[AIKO, BEN])
    clock.shift(2 * RETENTION)
    sweep()
    assert call.asks("GET", "")[0] == 200, "it has not ended"
    assert call.asks("DELETE", "")[0] == 204
    clock.shift(RETENTION - 1)
    sweep()
    assert call.asks("GET", "")[0] == 200
    clock.shift(1)
    assert call.asks("GET", "")[0] == 404
    assert desk.asks("GET", "/api/calls")[1]["calls"] == []
    assert call.asks("POST", "/extend")[0] == 404
    assert rows(cloud, config.BRIDGES_TABLE)
    sweep()
    assert rows(cloud, config.BRIDGES_TABLE) == []


def test_calls_of_all_months_are_forgotten_and_those_that_last_are_not(cloud, desk, clock):
    for _ in range(5):
        desk.calls(parties=[AIKO, BEN]).asks("DELETE", "")
        clock.shift(31 * DAY)
    lasting = desk.calls(parties=[AIKO, BEN])
    clock.shift(RETENTION)
    sweep()
    assert {row["bridge_sid"]["S"] for row in rows(cloud, config.BRIDGES_TABLE)} == {lasting.sid}


def test_where_calls_are_kept_for_ever_none_is_looked_for(cloud, desk, clock, monkeypatch):
    monkeypatch.setattr(config, "CALL_RETENTION", 0)
    call = desk.calls(parties=[AIKO, BEN])
    call.asks("DELETE", "")
    clock.shift(3000 * DAY)
    assert list(forgetting.find_past(time.time())) == []
    assert call.asks("GET", "")[0] == 200


def test_a_sweep_that_has_no_time_left_leaves_the_others_to_the_next(cloud, desk, clock):
    for _ in range(3):
        desk.calls(parties=[AIKO, BEN]).asks("DELETE", "")
    clock.shift(RETENTION)
    left = []
    for _ in range(3):
        cleanup.handler({"sweep": {}}, Hurry(29_000))
        left.append(len({row["bridge_sid"]["S"] for row in rows(cloud, config.BRIDGES_TABLE)}))
    assert left == [2, 1, 0]


def test_a_call_of_which_only_half_was_forgotten_is_forgotten_by_the_next(cloud, desk, clock, wire):
    desk.calls(parties=[AIKO, BEN]).asks("DELETE", "")
    clock.shift(RETENTION)

    def die(operation, _request, carry):
        if operation == "DeleteItem":
            raise Died
        return carry()

    with wire.has(die), pytest.raises(Died):
        sweep()
    assert len(rows(cloud, config.BRIDGES_TABLE)) == 1
    sweep()
    assert rows(cloud, config.BRIDGES_TABLE) == []
