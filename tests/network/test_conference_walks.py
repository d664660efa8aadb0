"""Whatever people and REST do in conferences, in whatever order: what holds after every step, and what adds up.

Who was in a room and when can be told from its events alone; hypothesis tries to make them lie.
"""

import math
import os
from collections import defaultdict
from datetime import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from starlette.responses import Response

from tests.network.town import AIKO, BEN, CARLA, DORA, LINE, WATCHED, meeting

EVENINGS = int(os.environ.get("EVENINGS", "30"))
PEOPLE = [AIKO, BEN, CARLA, DORA]
DIAL = 'hangupOnStar="true" action="/after"'
DOCUMENTS = [
    meeting("One", DIAL, **WATCHED),
    meeting("One", DIAL, beep="true", waitUrl="/wait", **WATCHED),
    meeting("One", muted="true", startConferenceOnEnter="false", waitUrl="", **WATCHED) + "<Say>Goodbye</Say>",
    meeting("One", 'timeLimit="40"', endConferenceOnExit="true", **WATCHED),
    meeting("Two", DIAL, participantLabel="host", maxParticipants="2", **WATCHED) + "<Say>Taken</Say>",
    meeting("Two", waitUrl="/gone", **WATCHED) + "<Say>No music</Say>",
]
PARTICIPANT = ["Hold=true", "Hold=false", "Muted=true", "Muted=false", "EndConferenceOnExit=true", "Announce", "Kick"]
STEPS = some.one_of(
    some.tuples(some.just("dial"), some.sampled_from(PEOPLE), some.just(LINE)),
    some.tuples(some.just("hangup"), some.sampled_from(PEOPLE), some.just("")),
    some.tuples(some.just("press"), some.sampled_from(PEOPLE), some.sampled_from(["*", "1"])),
    some.tuples(some.just("speak"), some.sampled_from(PEOPLE), some.just("Is anybody there?")),
    some.tuples(some.just("clock"), some.sampled_from([0.5, 2, 30]), some.just("")),
    some.tuples(some.just("participant"), some.integers(0, 3), some.sampled_from(PARTICIPANT)),
    some.tuples(some.just("conference"), some.integers(0, 1), some.sampled_from(["Announce", "Announce", "End"])),
    some.tuples(some.just("call"), some.integers(0, 5), some.sampled_from(["redirect", "complete"])),
)


def act(town, step, whom, what, turn):
    """One step. Much of it is impossible just then; that is said, and nothing breaks."""
    if step == "clock":
        return town.forward(whom)
    form = {"End": {"Status": "completed"}, "Announce": {"AnnounceUrl": town.at(f"/announcement/{turn}")}}.get(what, {})
    if step == "call":
        calls = town.get("/calls")["calls"]
        if not calls:
            return None
        path = f"/Calls/{calls[whom % len(calls)]['sid']}"
        form = {"Status": "completed"} if what == "complete" else {"Url": town.at("/after")}
    elif step in ("conference", "participant"):
        rooms = [one for one in town.conferences() if one["status"] != "completed"]
        if not rooms:
            return None
        room = rooms[whom % len(rooms)]
        path = f"/Conferences/{room['sid']}"
        if step == "participant":
            present = [one for one in room["participants"] if one["status"] == "connected"]
            path += f"/Participants/{present[whom % len(present)]['call_sid']}"
            form = form or dict([what.split("=")]) if "=" in what else form
    else:
        body = {"dial": {"to": what}, "press": {"digits": what}, "speak": {"text": what}}.get(step, {})
        answer = town.http.post(f"/phones/{whom}/{step}", json=body)
        assert answer.is_success or answer.status_code == 409
        return None
    town.answers(f"/announcement/{turn}", f"<Say>Announcement {turn}</Say>")
    answer = town.rest("DELETE" if what == "Kick" else "POST", f"{path}.json", data=form)
    assert answer.is_success or answer.status_code == 400
    town.forward(0)
    return None


def look_around(town):
    """What holds at any moment."""
    phones = {phone["number"]: phone for phone in town.get("/phones")["phones"]}
    alive = [one for one in town.conferences() if one["status"] != "completed"]
    assert len({one["friendly_name"] for one in alive}) == len(alive)
    together = defaultdict(set)
    for room in town.conferences():
        present = [one for one in room["participants"] if one["status"] == "connected"]
        assert bool(present) == (room["status"] != "completed")
        assert room["status"] != "init" or len(present) < 2 or not any(one["start_on_enter"] for one in present)
        for one in present:
            assert phones[one["number"]]["call_sid"] == one["call_sid"]
            assert one["number"] not in together
            if room["status"] == "in-progress" and not one["hold"]:
                others = [other for other in present if other is not one and not other["hold"]]
                together[one["number"]] = {other["number"] for other in others if not (one["muted"] and other["muted"])}
    for number, phone in phones.items():
        assert set(phone["talking_with"]) == together[number]


def add_up(town):
    """What holds when all is over: the events of a conference tell everything that is known of it."""
    for room in town.conferences():
        told = [one for one in town.asked("/conference") if one["ConferenceSid"] == room["sid"]]
        events = [one["StatusCallbackEvent"] for one in told]
        assert [int(one["SequenceNumber"]) for one in told] == list(range(1, len(told) + 1))
        assert (events[0], events[-1], events.count("conference-end")) == ("participant-join", "conference-end", 1)
        assert events.count("conference-start") == (room["started_at"] is not None)
        assert told[-1]["ReasonConferenceEnded"] == room["reason"]
        came = [one["CallSid"] for one in told if one["StatusCallbackEvent"] == "participant-join"]
        went = [one["CallSid"] for one in told if one["StatusCallbackEvent"] == "participant-leave"]
        assert came == [one["call_sid"] for one in room["participants"]]
        assert sorted(came) == sorted(went)
        assert events.count("participant-hold") >= events.count("participant-unhold")
        assert events.count("participant-speech-start") >= events.count("participant-speech-stop")
        assert room["billed_minutes"] == sum(minutes(one) for one in room["participants"])
        over = [one["status"] for one in room["announcements"]]
        assert set(over) <= {"ended", "cut"}
        assert over.count("ended") <= events.count("announcement-end")
    (used,) = town.twilio.usage.records.list(category="calls-globalconference")
    rooms = town.conferences()
    participants, billed = sum(len(one["participants"]) for one in rooms), sum(one["billed_minutes"] for one in rooms)
    assert (used.count, used.usage) == (str(participants), str(billed))
    for phone in town.get("/phones")["phones"]:
        whole = [item["text"] for item in phone["heard"] if item["text"].startswith("Ann") and not item["cut"]]
        assert len(whole) == len(set(whole))


def minutes(participant):
    """How many the participant is billed for, by the moments of coming and going."""
    came, went = (datetime.fromisoformat(participant[name]) for name in ("joined_at", "left_at"))
    return max(1, math.ceil(round((went - came).total_seconds(), 2) / 60))


@settings(
    max_examples=EVENINGS, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    steps=some.lists(STEPS, min_size=4, max_size=30),
    documents=some.lists(some.sampled_from(DOCUMENTS), min_size=1, max_size=4),
    fault=some.sampled_from([{}, {"delay": {"match": "/voice|/after|/announcement", "seconds": 3, "times": 3}}]),
)
def test_whatever_happens_in_conferences_it_adds_up(town, steps, documents, fault):
    town.ask("DELETE", "/world")
    town.application.requests.clear()
    town.goes_wrong(**fault)
    town.answers("/voice", *documents)
    town.answers("/wait", "<Say>Please wait</Say><Pause length='2'/><Redirect/>")
    town.answers("/gone", Response(status_code=500))
    town.answers("/after", documents[0], "<Say>Thank you</Say>", Response(status_code=500), "<Pause length='5'/>")
    for number in PEOPLE[:3]:
        act(town, "dial", number, LINE, 0)
    for turn, step in enumerate(steps):
        act(town, *step, turn)
        look_around(town)
    for number in PEOPLE:
        act(town, "hangup", number, "", 0)
    town.forward(5 * 3600)
    look_around(town)
    assert {phone["state"] for phone in town.get("/phones")["phones"]} <= {"idle"}
    add_up(town)
    assert town.world.clock.failures == []
