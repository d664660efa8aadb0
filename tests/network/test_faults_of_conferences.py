"""Facts of what goes wrong on purpose with conferences, with late answers to REST, and with first legs that drop."""

from tests.network.town import ALL_EVENTS, BEN, CARLA, LINE, OTHER_LINE, WATCHED, refusal

LONG = '<Response><Pause length="3600"/></Response>'


def meeting_of_two(town):
    town.answers("/left", "<Say>Three minutes left</Say>")
    town.aiko.joins(**WATCHED)
    town.ben.joins()
    return town.twilio.conferences(town.conference["sid"])


def watched(town, to=BEN, **wishes):
    """A call made by REST, of which /status is told everything."""
    told = {"status_callback": town.at("/status"), "status_callback_event": ALL_EVENTS.split()}
    return town.twilio.calls.create(to=to, **({"from_": LINE, "twiml": LONG} | told | wishes))


# ---- announcements that fail ----------------------------------------------------------------------------------------


def test_an_announcement_that_fails_is_heard_by_nobody_and_told_of(town):
    room = meeting_of_two(town)
    town.goes_wrong(announcement_fails={"match": "/left", "times": 1})
    room.update(announce_url=town.at("/left"))
    town.forward(5)
    assert (town.aiko.words, town.ben.words, town.asked("/left")) == ([], [], [])
    failed = town.asked("/conference")[-1]
    assert (failed["StatusCallbackEvent"], failed["AnnounceUrl"]) == ("announcement-fail", town.at("/left"))
    assert failed["ReasonAnnouncementFailed"]
    assert [one["status"] for one in town.conference["announcements"]] == ["failed"]


def test_the_next_announcement_is_heard_again(town):
    room = meeting_of_two(town)
    town.goes_wrong(announcement_fails={"match": "/left", "times": 1})
    for _ in range(2):
        room.update(announce_url=town.at("/left"))
        town.forward(5)
    assert (town.aiko.words, town.ben.words) == (["Three minutes left"], ["Three minutes left"])
    assert town.events()[-2:] == ["announcement-fail", "announcement-end"]


def test_only_the_announcement_that_it_matches_fails(town):
    room = meeting_of_two(town)
    town.goes_wrong(announcement_fails={"match": "/other"})
    room.update(announce_url=town.at("/left"))
    town.forward(5)
    assert town.aiko.words == ["Three minutes left"]


# ---- callbacks before the answer ------------------------------------------------------------------------------------


def test_callbacks_come_before_the_answer_that_tells_of_the_call(town):
    town.ben.behaves("at once")
    town.goes_wrong(rest_answers_late={"match": "Calls.json", "times": 1})
    call = watched(town)
    assert town.statuses() == ["initiated", "ringing", "in-progress"]
    assert {asked["CallSid"] for asked in town.asked("/status")} == {call.sid}
    second = watched(town, CARLA)
    assert {asked["CallSid"] for asked in town.asked("/status")} == {call.sid}
    assert second.status == "queued"


def test_callbacks_of_the_conference_come_before_the_answer_to_what_was_done_to_it(town):
    room = meeting_of_two(town)
    town.goes_wrong(rest_answers_late={"match": "Conferences"})
    room.update(status="completed")
    assert town.events()[-1] == "conference-end"


def test_what_answers_late_has_not_let_time_pass(town):
    town.goes_wrong(rest_answers_late={"match": "Calls"})
    before = town.get("/clock")["now"]
    watched(town, twiml="<Response><Say>Hello</Say></Response>")
    assert town.get("/clock")["now"] == before


def test_a_request_that_is_refused_is_not_held_back(town):
    town.goes_wrong(rest_answers_late={"match": "Calls", "seconds": 3600})
    assert refusal(town.twilio.calls("CA" + "0" * 32).fetch) == (404, 20404)


# ---- the first leg drops --------------------------------------------------------------------------------------------


def test_the_caller_hangs_up_when_the_second_leg_begins_to_ring(town):
    town.goes_wrong(first_leg_drops={"match": "0002$", "times": 1})
    town.answers("/voice", f'<Dial action="/after">{BEN}</Dial>')
    town.aiko.dials()
    assert (town.aiko.state, town.ben.state) == ("idle", "idle")
    assert town.asked("/after")[0]["DialCallStatus"] == "canceled"
    town.aiko.dials()
    assert (town.aiko.state, town.ben.state) == ("talking", "ringing")


def test_the_caller_hangs_up_after_some_seconds_unless_it_was_answered_before(town):
    town.goes_wrong(first_leg_drops={"match": BEN[1:], "seconds": 10})
    town.answers("/voice", f"<Dial>{BEN}</Dial>")
    town.aiko.dials()
    town.forward(9)
    assert town.ben.state == "ringing"
    town.forward(1)
    assert (town.aiko.state, town.ben.state) == ("idle", "idle")
    town.aiko.dials()
    town.ben.answers()
    town.forward(60)
    assert town.aiko.talks_with == [BEN]


def test_of_two_calls_made_by_rest_the_answered_one_drops_while_the_other_rings(town):
    town.goes_wrong(first_leg_drops={"match": CARLA[1:], "seconds": 2})
    first, second = watched(town, BEN), watched(town, CARLA)
    town.forward(0)
    town.ben.answers()
    town.forward(2)
    assert (town.ben.state, town.carla.state) == ("talking", "ringing")
    town.forward(1)
    assert (town.ben.state, town.carla.state) == ("idle", "ringing")
    assert (first.fetch().status, second.fetch().status) == ("completed", "ringing")


def test_of_several_that_wait_the_oldest_drops_and_none_of_another_line(town):
    town.has_line(OTHER_LINE)
    for person in (town.aiko, town.ben, town.dora):
        person.behaves("at once")
    watched(town, town.dora.number, from_=OTHER_LINE)
    watched(town, town.aiko.number)
    watched(town, BEN)
    town.forward(3)
    town.goes_wrong(first_leg_drops={"match": CARLA[1:]})
    watched(town, CARLA)
    town.forward(1)
    assert [person.state for person in (town.dora, town.aiko, town.ben, town.carla)] == [
        "talking",
        "idle",
        "talking",
        "ringing",
    ]


def test_somebody_who_waits_in_a_conference_drops_while_another_is_called_into_it(town):
    participants = town.twilio.conferences("Room").participants
    participants.create(to=BEN, from_=LINE)
    town.forward(0)
    town.ben.answers()
    town.goes_wrong(first_leg_drops={"match": CARLA[1:]})
    participants.create(to=CARLA, from_=LINE)
    town.forward(1)
    assert (town.ben.state, town.carla.state) == ("idle", "ringing")


def test_where_nobody_waits_nobody_drops_and_the_fault_is_not_used_up(town):
    town.goes_wrong(first_leg_drops={"match": "", "times": 1})
    watched(town, BEN)
    town.forward(0)
    assert town.ben.state == "ringing"
    town.ben.answers()
    watched(town, CARLA)
    town.forward(1)
    assert (town.ben.state, town.carla.state) == ("idle", "ringing")
