"""Whatever people do, in whatever order: what holds after every step, and what the application was told in the end.

Hypothesis makes up the evenings. Everybody dials, answers, presses keys and hangs up at random, REST redirects and ends
calls, applications fail, time jumps; and it all has to add up.
"""

import os
from collections import defaultdict
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from starlette.responses import Response

from tests.network.town import AIKO, ALL_EVENTS, BEN, CARLA, DORA, LINE

EVENINGS = int(os.environ.get("EVENINGS", "30"))
PEOPLE = [AIKO, BEN, CARLA, DORA]
FINAL = {"completed", "busy", "no-answer", "failed", "canceled"}
TOLD = f'statusCallback="/status" statusCallbackEvent="{ALL_EVENTS}"'
DOCUMENTS = [
    f'<Dial action="/after" timeout="9"><Number {TOLD}>{BEN}</Number></Dial>',
    f'<Dial answerOnBridge="true"><Number {TOLD} url="/whisper">{CARLA}</Number></Dial><Say>Nobody</Say>',
    f'<Dial hangupOnStar="true" action="/after"><Number {TOLD}>{BEN}</Number><Number {TOLD}>{DORA}</Number></Dial>',
    f'<Dial sequential="true" timeLimit="7"><Number {TOLD}>{CARLA}</Number><Number {TOLD}>{AIKO}</Number></Dial>',
    '<Gather numDigits="1" timeout="3" action="/after"><Say>Press a key</Say></Gather><Redirect>/after</Redirect>',
    '<Reject reason="busy"/>',
    '<Pause length="4"/><Say loop="3">Hello</Say>',
]
STEPS = some.one_of(
    some.tuples(some.just("dial"), some.sampled_from(PEOPLE), some.sampled_from([LINE, *PEOPLE])),
    some.tuples(some.sampled_from(["answer", "reject", "hangup"]), some.sampled_from(PEOPLE), some.just("")),
    some.tuples(some.just("press"), some.sampled_from(PEOPLE), some.sampled_from(["1", "*", "#", "w2"])),
    some.tuples(some.just("speak"), some.sampled_from(PEOPLE), some.just("Hello?")),
    some.tuples(some.just("clock"), some.sampled_from([0.5, 2, 7, 30, 90]), some.just("")),
    some.tuples(some.just("create"), some.sampled_from(PEOPLE), some.just("")),
    some.tuples(some.sampled_from(["redirect", "complete", "cancel"]), some.integers(0, 5), some.just("")),
)


def act(town, step, whom, what):
    """One step. People and REST may ask for what is impossible just then; they are told so, and nothing breaks."""
    if step == "clock":
        return town.forward(whom)
    if step == "create":
        form = {"To": whom, "From": LINE, "Url": town.at("/voice"), "StatusCallback": town.at("/status")}
        answer = town.rest("POST", "/Calls.json", data=form | {"StatusCallbackEvent": ALL_EVENTS.split()})
    elif step in ("redirect", "complete", "cancel"):
        all_calls = town.twilio.calls.list()
        if not all_calls:
            return None
        sid = all_calls[whom % len(all_calls)].sid
        form = {"redirect": {"Url": town.at("/after")}, "complete": {"Status": "completed"}}
        answer = town.rest("POST", f"/Calls/{sid}.json", data=form.get(step, {"Status": "canceled"}))
    else:
        body = {"dial": {"to": what}, "press": {"digits": what}, "speak": {"text": what}}.get(step, {})
        answer = town.http.post(f"/phones/{whom}/{step}", json=body)
    assert answer.is_success or 400 <= answer.status_code < 500
    return None


def look_around(town):
    """What holds at any moment."""
    phones = {phone["number"]: phone for phone in town.get("/phones")["phones"]}
    for number, phone in phones.items():
        assert (phone["state"] == "idle") == (phone["call_sid"] is None)
        assert phone["state"] == "talking" or not phone["talking_with"]
        for other in phone["talking_with"]:
            assert number in phones[other]["talking_with"]
        if phone["call_sid"]:
            assert town.call(phone["call_sid"])["status"] not in FINAL


def add_up(town):
    """What holds when all is over."""
    told, paid = defaultdict(list), []
    for asked in town.asked("/status"):
        told[asked["CallSid"]].append(asked)
    for call in town.twilio.calls.list():
        paid += [-Decimal(call.price)] if call.price else []
        assert (call.price is not None) == (call.status == "completed")
        seen = town.call(call.sid)
        assert call.status in FINAL
        assert (seen["billed_minutes"] > 0) == (call.status == "completed")
        assert seen["billed_minutes"] * 60 >= seen["seconds"] > seen["billed_minutes"] * 60 - 60 or not seen["seconds"]
        if events := told[call.sid]:
            everything = call.direction != "inbound"
            numbers = [int(one["SequenceNumber"]) for one in events]
            assert numbers == list(range(len(events)))
            assert [one["CallStatus"] in FINAL for one in events] == [False] * (len(events) - 1) + [True]
            assert not everything or events[0]["CallStatus"] == "initiated"
            assert (events[-1]["CallStatus"], events[-1]["CallDuration"]) == (call.status, call.duration)
    assert {call.sid for call in town.twilio.calls.list() if call.direction == "inbound"} <= set(told)
    (used,) = town.twilio.usage.records.list(category="calls")
    assert (used.count, used.price) == (str(len(paid)), sum(paid))


@settings(
    max_examples=EVENINGS, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    steps=some.lists(STEPS, min_size=4, max_size=25),
    documents=some.lists(some.sampled_from(DOCUMENTS), min_size=1, max_size=4),
    fault=some.sampled_from([{}, {}, {"delay": {"match": "/voice|/after", "seconds": 3, "times": 3}}]),
)
def test_whatever_people_do_it_adds_up(town, steps, documents, fault):
    town.ask("DELETE", "/world")
    town.application.requests.clear()
    town.has_line(status_callback=town.at("/status"))
    town.goes_wrong(**fault)
    town.answers("/voice", *documents)
    town.answers("/after", "<Say>Thank you for calling</Say>", Response(status_code=500), '<Pause length="5"/>')
    town.answers("/whisper", '<Gather numDigits="1" timeout="4" action="/ok"/><Hangup/>')
    town.answers("/ok", "<Say>Connecting</Say>")
    for step in steps:
        act(town, *step)
        look_around(town)
    for number in PEOPLE:
        act(town, "hangup", number, "")
    town.forward(5 * 3600)
    look_around(town)
    assert {phone["state"] for phone in town.get("/phones")["phones"]} == {"idle"}
    add_up(town)
    assert town.world.clock.failures == []


NAMES = """To From Url Twiml Method StatusCallback StatusCallbackEvent Timeout TimeLimit SendDigits Status FallbackUrl
    PhoneNumber FriendlyName VoiceUrl VoiceMethod Page PageSize StartTime StartTime> Record To"""
VALUES = some.sampled_from(
    [LINE, AIKO, "POST", "http://[", "http://a.jp", "<Response/>", "<Response>", "completed", "5", "-1", "2026-01-01"]
) | some.text(max_size=8)  # fmt: skip


@settings(
    max_examples=120, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    path=some.sampled_from(["Calls", "IncomingPhoneNumbers", "Calls/CA1", "IncomingPhoneNumbers/PN1"]),
    method=some.sampled_from(["GET", "POST"]),
    form=some.dictionaries(some.sampled_from(NAMES.split()), VALUES, max_size=5),
)
def test_whatever_form_is_sent_rest_never_fails_inside(town, path, method, form):
    """501 is for what is not built yet; every other refusal is the caller's mistake, in Twilio's words."""
    town.lines["whatever"] = "was made"
    sent = {"params": form} if method == "GET" else {"data": form}
    answer = town.rest(method, f"/{path}.json", **sent)
    assert answer.status_code < 500 or (answer.status_code == 501 and "not build" in answer.json()["message"])
    assert answer.is_success or set(answer.json()) == {"code", "message", "more_info", "status"}
