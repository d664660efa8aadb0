"""Sessions past their time: who wakes whom, what is written down once, what the log says and what it never shows."""

import contextlib
import json
from datetime import UTC, datetime

import pytest
from twilio.base.exceptions import TwilioRestException

import cleanup
import voice
from local.aws import Context
from tests.integration import deeds
from tests.integration.books import check, open_books
from tests.integration.conftest import AIKO, BEN, EVE, LINES, OutgoingLeg, incoming, open_session, people
from tests.integration.wire import broken, refusing


def schedules(cloud):
    """Every schedule there is, by name."""
    found = cloud.scheduler.list_schedules()["Schedules"]
    return {s["Name"]: cloud.scheduler.get_schedule(Name=s["Name"], GroupName=s["GroupName"]) for s in found}


def due(schedule):
    moment = schedule["ScheduleExpression"].removeprefix("at(").removesuffix(")")
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()


def wake(schedule, milliseconds=60_000):
    cleanup.handler(json.loads(schedule["Target"]["Input"]), Hurry(milliseconds))


class Hurry(Context):
    """A Lambda with so much time left."""

    def __init__(self, milliseconds):
        super().__init__("cleanup")
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self):
        return self.milliseconds


def test_every_session_that_ends_has_a_schedule_of_its_own_at_its_end(service, cloud, clock):
    session, _ = open_session(service, ttl=600)
    service.sessions.create()
    [(name, schedule)] = schedules(cloud).items()
    sid, end = session.fetch().sid, session.fetch().date_created.timestamp() + 600
    assert name == f"{sid}-expiry-{end:.0f}"
    assert len(name) <= 64
    assert due(schedule) == end
    assert json.loads(schedule["Target"]["Input"]) == {"session_sid": sid}
    assert schedule["Target"]["Arn"].endswith(":function:toritsugi-local-cleanup:live")
    assert schedule["Target"]["DeadLetterConfig"]["Arn"].endswith(":DeadLetters")
    assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] <= 1
    assert (schedule["ActionAfterCompletion"], schedule["FlexibleTimeWindow"]) == ("DELETE", {"Mode": "OFF"})


def test_a_slide_touches_no_schedule_and_the_one_that_fires_arms_the_next(service, twilio, cloud, clock):
    session, lines = open_session(service, ttl=600)
    [(name, schedule)] = schedules(cloud).items()
    clock.shift(500)
    OutgoingLeg(twilio, AIKO, lines[AIKO]).reports("initiated")
    assert list(schedules(cloud)) == [name]
    clock.shift(100)
    wake(schedule)
    assert session.fetch().status == "in-progress"
    [later] = schedules(cloud).keys() - {name}
    assert due(schedules(cloud)[later]) == due(schedule) + 500
    wake(schedule)  # twice is once
    assert len(schedules(cloud)) == 2


def test_a_new_date_of_expiry_has_a_schedule_too(service, cloud, clock):
    session, _ = open_session(service, ttl=600)
    session.update(ttl=900)
    assert len({due(schedule) for schedule in schedules(cloud).values()}) == 2


def test_what_has_expired_is_written_down_once_and_the_routes_stay_as_memory(service, cloud, clock):
    open_session(service, ttl=600)
    [schedule] = schedules(cloud).values()
    clock.shift(630)
    wake(schedule)
    first = check(cloud)
    [stored] = first.sessions.values()
    assert (stored["status"], stored["closed_reason"], stored["date_ended"]) == ("closed", "ttl", due(schedule))
    assert {route["ended_at"] for route in first.routes.values()} == {due(schedule)}
    assert len(first.routes) == 2
    assert not any("live_on" in route for route in first.routes.values())
    clock.shift(630)
    wake(schedule)
    assert open_books(cloud).sessions == first.sessions
    assert open_books(cloud).routes == first.routes


def test_a_session_that_was_closed_by_a_client_is_not_closed_again(service, cloud, clock):
    session, _ = open_session(service, ttl=600)
    [schedule] = schedules(cloud).values()
    session.update(status="closed")
    before = open_books(cloud).sessions
    clock.shift(600)
    wake(schedule)
    assert open_books(cloud).sessions == before


def test_a_session_that_was_deleted_is_no_surprise(service, cloud, clock):
    session, _ = open_session(service, ttl=600)
    [schedule] = schedules(cloud).values()
    session.delete()
    clock.shift(600)
    wake(schedule)
    assert check(cloud).sessions == {}


@pytest.mark.parametrize("trouble", [broken, refusing("ThrottlingException")])
def test_a_session_is_opened_although_its_schedule_cannot_be_made_and_the_sweep_closes_it(
    service, cloud, clock, wire, trouble
):
    def no_schedules(operation, request, carry):
        return trouble(operation, request, carry) if operation == "CreateSchedule" else carry()

    with wire.has(no_schedules):
        session, _ = open_session(service, ttl=600)
    assert schedules(cloud) == {}
    clock.shift(600)
    cleanup.handler({"sweep": {}}, Hurry(60_000))
    assert next(iter(check(cloud).sessions.values()))["status"] == "closed"
    assert session.fetch().closed_reason == "ttl"


def test_the_sweep_closes_what_is_overdue_and_nothing_else(service, cloud, clock):
    sid = service.fetch().sid
    overdue = {deeds.create(sid, Ttl=60).session_sid for _ in range(3)}
    for options in ({}, {"Ttl": 6000}):
        deeds.create(sid, **options)
    clock.shift(61)
    cleanup.handler({"sweep": {}}, Hurry(60_000))
    closed = {sid for sid, session in open_books(cloud).sessions.items() if session["status"] == "closed"}
    assert closed == overdue


def test_a_sweep_without_time_leaves_the_rest_to_another_which_begins_where_it_stopped(service, cloud, clock, wire):
    sid = service.fetch().sid
    for _ in range(5):
        deeds.create(sid, Ttl=60)
    clock.shift(61)
    for name in list(schedules(cloud)):
        cloud.scheduler.delete_schedule(Name=name, GroupName="toritsugi-local")

    def by_twos(operation, request, carry):
        if operation == "Scan":
            request["Limit"] = 2
        return carry()

    runs = 0
    event = {"sweep": {}}
    with wire.has(by_twos):
        while event:
            cleanup.handler(event, Hurry(1000))
            runs += 1
            found = schedules(cloud)
            for name in found:
                cloud.scheduler.delete_schedule(Name=name, GroupName="toritsugi-local")
            assert all(due(schedule) == clock_now() + 60 for schedule in found.values())
            event = next((json.loads(schedule["Target"]["Input"]) for schedule in found.values()), None)
            assert event is None or event["sweep"]["after"]
            clock.shift(60)
            assert runs < 10
    assert runs >= 3
    assert {session["status"] for session in open_books(cloud).sessions.values()} == {"closed"}


def clock_now():
    return int(datetime.now(UTC).timestamp())


# ---- what the log says, and what it never shows --------------------------------------------------------------------


@pytest.mark.parametrize(("late", "noticed"), [(120, False), (240, True)])
def test_a_session_that_is_closed_long_after_its_time_is_noticed(service, cloud, clock, logged, late, noticed):
    open_session(service, ttl=600)
    [schedule] = schedules(cloud).values()
    clock.shift(600 + late)
    wake(schedule)
    said = [json.loads(line) for line in logged().splitlines()]
    assert [(line["message"], line["seconds"]) for line in said] == [("closed late", late)] * noticed


def test_a_refused_request_is_noticed_by_its_code(service, logged):
    for _ in range(len(LINES) + 1):
        with contextlib.suppress(TwilioRestException):
            service.sessions.create(participants=people(AIKO))
    said = [json.loads(line) for line in logged().splitlines()]
    assert [line["code"] for line in said if line["message"] == "request refused"] == [80208]


def forms_of(number):
    digits = number[1:]
    return {number, digits, "0" + digits[2:], digits[2:], f"{digits[2:4]}-{digits[4:8]}-{digits[8:]}"}


def test_no_log_shows_a_number_whatever_happens(service, twilio, cloud, clock, wire, logged):
    _, lines = open_session(service, ttl=600)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    leg.reports("initiated", "completed")
    twilio.calls(lines[AIKO], EVE)
    twilio.calls(lines[AIKO], "anonymous")
    with wire.has(broken):
        twilio.calls(lines[AIKO], AIKO)
        twilio.reports(leg.address, leg.form("initiated"))
    for code in ("InternalServerError", "ValidationException"):
        with wire.has(naming(AIKO, BEN, code)):
            twilio.calls(lines[AIKO], AIKO)
            twilio.reports(leg.address, leg.form("initiated"))
            deeds_fail(service)
    twilio.reports(leg.address, leg.form("initiated") | {"CallStatus": f"calling {BEN}"})
    twilio.send(voice.handler, "/voice", incoming(AIKO, "", "CA" + "1" * 32))
    clock.shift(2000)
    cleanup.handler({"sweep": {}}, Hurry(60_000))
    written = logged()
    assert "NoSession" in written
    assert "call failed" in written
    assert "callback failed" in written
    assert "swept" in written
    for number in (AIKO, BEN, EVE, *lines.values()):
        for form in forms_of(number):
            assert form not in written, form


def naming(*numbers_and_code):
    """AWS answers with an error in whose words there are numbers."""
    from botocore.exceptions import ClientError

    *numbers, code = numbers_and_code

    def refuse(operation, _request, _carry):
        raise ClientError({"Error": {"Code": code, "Message": f"no such keys: {', '.join(numbers)}"}}, operation)

    return refuse


def deeds_fail(service):
    with pytest.raises(TwilioRestException):
        service.sessions.create(participants=[{"Identifier": AIKO}])
