"""What is deleted through Proxy's API: somebody in a session, a call of before, a service with all that is in it."""

import itertools
import time

import pytest

import timer
from tests.integration import deeds, test_lines_api
from tests.integration.books import check, open_books, scan
from tests.integration.calls import Desk as OurApi
from tests.integration.conftest import AIKO, BEN, EVE, OutgoingLeg, give_numbers, open_session
from tests.integration.test_cleanup import Hurry
from tests.integration.test_lines_api import BOTH, OLD_CALLS, VOICE, settings
from tests.integration.test_pools import break_twilio
from tests.integration.test_proxy_api import refused
from tests.integration.wire import Died, dying
from toritsugi.adapters import schedules
from toritsugi.lines.lines import find_line
from toritsugi.masking import services
from toritsugi.masking.pool import MOVING_SECONDS, get_pool_number, remove_from_pool

at_twilio = test_lines_api.at_twilio


def person_of(session, number):
    [person] = [one for one in session.participants.list() if one.identifier == number]
    return session.participants(person.sid)


def reaches(twilio, lines, number):
    """Whom this person's call rings."""
    found = twilio.calls(lines[number], number).find("Dial/Number")
    return None if found is None else found.text


# ---- somebody in a session -------------------------------------------------------------------------------------------


def test_who_is_taken_out_stays_listed_and_their_line_leads_nowhere(service, twilio, clock, cloud):
    session, lines = open_session(service)
    clock.shift(10)
    assert person_of(session, AIKO).delete()
    gone = person_of(session, AIKO).fetch()
    assert (gone.date_deleted - gone.date_created).total_seconds() == 10
    assert (reaches(twilio, lines, AIKO), reaches(twilio, lines, BEN)) == (None, None)
    assert len(check(cloud).live) == 1
    assert refused(person_of(session, AIKO).delete) == (404, 20404)


def test_another_takes_the_place_and_whoever_was_left_reaches_them(service, twilio, cloud):
    session, lines = open_session(service)
    person_of(session, AIKO).delete()
    joined = session.participants.create(identifier=EVE)
    assert reaches(twilio, lines, BEN) == EVE
    assert reaches(twilio, {EVE: joined.proxy_identifier}, EVE) == BEN
    assert [one.identifier for one in session.participants.list()] == [AIKO, BEN, EVE]
    assert refused(lambda: session.participants.create(identifier=AIKO)) == (400, 80612)
    check(cloud)


@pytest.mark.parametrize("ttl", [0, 600])
def test_a_session_goes_on_without_whoever_has_left_it(service, twilio, clock, cloud, ttl):
    session, lines = open_session(service, ttl=ttl)
    person_of(session, AIKO).delete()
    session.participants.create(identifier=EVE)
    OutgoingLeg(twilio, BEN, lines[BEN]).reports("initiated", "completed")
    assert session.update(ttl=900).ttl == 900
    check(cloud)
    assert session.update(status="closed").status == "closed"
    assert session.update(status="in-progress").status == "in-progress"
    assert len(check(cloud).live) == 2
    clock.shift(901)
    assert session.fetch().closed_reason == "ttl"


def test_the_line_of_who_has_left_is_free_for_them_in_another_session(service, cloud):
    session, lines = open_session(service)
    person_of(session, AIKO).delete()
    chosen = [{"Identifier": AIKO, "ProxyIdentifier": lines[AIKO]}, {"Identifier": EVE}]
    service.sessions.create(participants=chosen)
    session.update(status="closed")
    assert len(check(cloud).live) == 2


def test_of_a_call_that_began_before_the_interaction_is_kept_all_the_same(service, twilio, clock, cloud):
    session, lines = open_session(service, ttl=600)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    person_of(session, BEN).delete()
    clock.shift(5)
    leg.reports("initiated", "completed")
    assert [one.outbound_resource_status for one in session.interactions.list()] == ["completed"]
    check(cloud)


def test_somebody_can_be_taken_out_of_a_session_that_is_over_and_is_not_back_when_it_opens(service, clock, cloud):
    session, _ = open_session(service, ttl=600)
    clock.shift(601)
    person_of(session, AIKO).delete()
    session.update(status="in-progress")
    [live] = check(cloud).live
    assert live["number"] == BEN


def test_a_session_that_people_came_to_and_left_can_be_deleted_with_all_of_them(service, cloud):
    session, _ = open_session(service)
    for number in range(60):
        joined = person_of(session, BEN if not number else f"+8190{number - 1:08}")
        joined.delete()
        session.participants.create(identifier=f"+8190{number:08}")
    session.delete()
    assert scan(cloud, "SessionsTable") == []
    assert open_books(cloud).live == []


# ---- a call of before ------------------------------------------------------------------------------------------------


def test_an_interaction_that_is_deleted_does_not_come_back_by_a_late_callback(service, twilio, clock):
    session, lines = open_session(service)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    leg.reports("initiated")
    [interaction] = session.interactions.list()
    assert session.interactions(interaction.sid).delete()
    leg.reports("completed", "initiated")
    assert session.interactions.list() == []
    assert refused(session.interactions(interaction.sid).fetch) == (404, 20404)
    assert refused(session.interactions(interaction.sid).delete) == (404, 20404)


def test_a_deleted_interaction_goes_for_good_with_its_session(service, twilio, clock, cloud):
    session, lines = open_session(service)
    OutgoingLeg(twilio, AIKO, lines[AIKO]).reports("initiated", "completed")
    [interaction] = session.interactions.list()
    session.interactions(interaction.sid).delete()
    session.delete()
    assert scan(cloud, "SessionsTable") == []


def said_to(twilio, lines, number):
    """What this person's call is answered with."""
    return [verb.tag for verb in twilio.calls(lines[number], number)]


# ---- a service -------------------------------------------------------------------------------------------------------


class Desk:
    """A service with two numbers, and the timers that take away what is in it once it is deleted."""

    def __init__(self, client, cloud, at_twilio, clock):
        self.client, self.cloud, self.at_twilio, self.clock = client, cloud, at_twilio, clock
        self.sid = client.proxy.v1.services.create(unique_name="order-desk").sid
        for number in (VOICE, BOTH):
            self.service.phone_numbers.create(phone_number=number)

    @property
    def service(self):
        return self.client.proxy.v1.services(self.sid)

    @property
    def is_left(self):
        """Whether there is anything that belongs to the service."""
        rows = scan(self.cloud, "ServicesTable") + scan(self.cloud, "SessionsTable")
        lines = [row for row in scan(self.cloud, "DirectoryTable") if row.get("kind") == "line"]
        return bool([row for row in rows if row["kind"] != "service-name"] or lines)

    def timers(self):
        return self.cloud.queues.named["Timers"].messages

    def works(self, milliseconds=60_000):
        """The next timer comes, when it is due."""
        message = self.timers().pop(0)
        self.clock.shift(max(0, message.visible_at - time.time()) + 1)
        timer.handler({"Records": [{"messageId": "1", "body": message.body}]}, Hurry(milliseconds))

    def finishes(self, milliseconds=60_000):
        """How many timers it takes until none is under way."""
        taken = 0
        while self.timers():
            self.works(milliseconds)
            taken += 1
        return taken


@pytest.fixture
def desk(client, cloud, at_twilio, clock):
    return Desk(client, cloud, at_twilio, clock)


def test_a_service_that_is_deleted_is_not_found_and_its_name_is_free_at_once(desk, client):
    assert desk.service.delete()
    for request in (desk.service.fetch, desk.service.phone_numbers.list, desk.service.sessions.list):
        assert refused(request) == (404, 20404)
    assert refused(lambda: desk.service.sessions.create()) == (404, 20404)
    assert refused(lambda: desk.service.update(default_ttl=1)) == (404, 20404)
    assert client.proxy.v1.services.list() == []
    assert client.proxy.v1.services.create(unique_name="order-desk").sid != desk.sid


@pytest.mark.parametrize("through", ["dial", "conference"])
def test_from_the_answer_on_nobody_is_put_through_whenever_the_timer_comes(desk, twilio, wire, through):
    services.change_service(services.get_service(desk.sid), deeds.form(Through=through))
    _, lines = open_session(desk.service, unique_name="parcel", mode="voice-only")
    assert said_to(twilio, lines, AIKO) == ["Dial"]
    desk.service.delete()
    with wire.counting() as operations:
        assert said_to(twilio, lines, AIKO) == ["Say", "Hangup"]
    assert operations == ["BatchGetItem"]


def test_nor_written_to_nor_called_by_the_other_api(desk, twilio):
    session, _ = open_session(desk.service, mode="voice-only")
    [aiko, _] = session.participants.list()
    desk.service.delete()
    texts = session.participants(aiko.sid).message_interactions
    assert refused(lambda: texts.create(body="hello")) == (404, 20404)
    assert OurApi().asks("POST", "/api/calls", {"session_sid": session.fetch().sid})[0] == 404


def test_a_number_that_has_a_reception_too_is_answered_by_it_at_once(desk, twilio):
    api = OurApi()
    assert api.asks("PUT", "/api/receptions/desk", {"steps": {"hello": {"say": "Good morning"}}})[0] == 201
    assert [api.asks("PUT", f"/api/lines/{number}", {"reception": "desk"})[0] for number in (VOICE, BOTH)] == [200] * 2
    _, lines = open_session(desk.service, mode="voice-only")
    desk.service.delete()
    assert twilio.calls(lines[AIKO], AIKO).find("Say").text == "Good morning"
    desk.finishes()
    other = desk.client.proxy.v1.services(desk.client.proxy.v1.services.create(unique_name="other").sid)
    for number in (VOICE, BOTH):
        other.phone_numbers.create(phone_number=number)
    _, lines = open_session(other, mode="voice-only")
    assert reaches(twilio, lines, AIKO) == BEN


@pytest.mark.thorough
def test_of_a_large_pool_no_number_puts_anybody_through_and_who_has_left_it_is_left_alone(client, twilio, wire):
    made = client.proxy.v1.services.create(unique_name="large")
    numbers = [f"+8150200{number:05}" for number in range(110)]
    give_numbers(made.sid, numbers)
    gone = [get_pool_number(made.sid, "PN" + number[1:].zfill(32)) for number in numbers[5:8]]
    left = [1]

    def in_between(operation, request, carry):
        if operation == "TransactWriteItems" and len(request["TransactItems"]) > 90 and left and left.pop():
            for number in gone:
                remove_from_pool(number)
        return carry()

    with wire.has(in_between), wire.counting() as operations:
        client.proxy.v1.services(made.sid).delete()
    assert all(find_line(number).service_deleted_at for number in numbers if number not in numbers[5:8])
    assert [find_line(number) for number in numbers[5:8]] == [None] * 3
    assert operations.count("TransactWriteItems") <= 1 + 2 + 1 + len(gone)


def test_with_it_go_its_sessions_and_its_numbers_to_where_they_came_from(desk, twilio):
    _, lines = open_session(desk.service, unique_name="parcel", mode="voice-only")
    OutgoingLeg(twilio, AIKO, lines[AIKO]).reports("initiated", "completed")
    desk.service.delete()
    desk.works()
    assert reaches(twilio, lines, AIKO) is None
    assert settings(desk.at_twilio, VOICE)["voice_url"] == OLD_CALLS["voice_url"]
    assert scan(desk.cloud, "SessionsTable") == []
    assert desk.finishes() == 1
    assert not desk.is_left


def test_its_numbers_can_be_in_another_service_a_moment_later(desk, client):
    desk.service.delete()
    desk.works()
    other = client.proxy.v1.services(client.proxy.v1.services.create(unique_name="other").sid)
    assert other.phone_numbers.create(phone_number=VOICE).phone_number == VOICE
    desk.finishes()
    assert [one.phone_number for one in other.phone_numbers.list()] == [VOICE]


def test_a_large_one_takes_several_turns_and_loses_nothing_on_the_way(desk):
    for _ in range(5):
        desk.service.sessions.create(unique_name=None)
    desk.service.delete()
    assert desk.finishes(milliseconds=10) == 5 + 2 + 2
    assert not desk.is_left


def test_a_session_that_was_made_while_it_went_goes_with_it_a_little_later(desk, wire):
    def unseen(operation, request, carry):
        nothing = {"Items": [], "Count": 0, "ScannedCount": 0}
        return nothing if request.get("IndexName") == "of-service" else carry()

    desk.service.sessions.create()
    desk.service.delete()
    with wire.has(unseen):
        desk.works()
    assert len(scan(desk.cloud, "SessionsTable")) == 1
    desk.finishes()
    assert not desk.is_left


@pytest.mark.parametrize("after", [False, True])
def test_who_takes_it_away_may_die_at_any_call_and_the_next_goes_on(desk, client, wire, after):
    for call in itertools.count(1):
        again = Desk(client, desk.cloud, desk.at_twilio, desk.clock) if call > 1 else desk
        open_session(again.service, unique_name="parcel", mode="voice-only")
        again.service.delete()
        [message] = again.timers()
        try:
            with wire.has(dying(call, after=after)):
                again.works()
            died = False
        except Died:
            died = True
            again.timers().insert(0, message)  # a message that was not done comes again
            again.clock.shift(MOVING_SECONDS + 1)
        again.finishes()
        assert not again.is_left
        assert settings(again.at_twilio, VOICE)["voice_url"] == OLD_CALLS["voice_url"]
        if not died:
            return


@pytest.mark.thorough
def test_a_number_that_twilio_does_not_move_is_tried_again_in_a_minute(desk):
    desk.service.delete()
    break_twilio(True)
    for _ in range(3):
        desk.works()
    break_twilio(False)
    assert desk.is_left
    desk.finishes()
    assert not desk.is_left
    assert settings(desk.at_twilio, VOICE)["voice_url"] == OLD_CALLS["voice_url"]


def test_a_number_that_the_account_has_sold_leaves_its_pool(desk):
    [number] = [one for one in desk.service.phone_numbers.list() if one.phone_number == VOICE]
    desk.at_twilio.incoming_phone_numbers(number.sid).delete()
    assert desk.service.phone_numbers(number.sid).delete()
    assert [one.phone_number for one in desk.service.phone_numbers.list()] == [BOTH]


def test_deleting_it_twice_is_once_and_wakes_who_takes_it_away(desk):
    desk.service.delete()
    desk.timers().clear()
    assert desk.service.delete()
    desk.finishes()
    assert not desk.is_left
    assert refused(desk.service.delete) == (404, 20404)


def test_a_timer_for_a_service_that_is_there_does_nothing_to_it(desk):
    schedules.send_service_to_remove(desk.sid)
    desk.finishes()
    assert desk.service.fetch().unique_name == "order-desk"
    assert len(desk.service.phone_numbers.list()) == 2
