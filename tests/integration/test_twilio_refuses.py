"""Twilio says no: what comes of that is Twilio's own sentence, and everything else goes on."""

import json
import time
import uuid

import pytest

from local.aws import Context
from tests.integration.calls import WANTED
from tests.integration.conftest import AIKO, BEN, LINES
from tests.integration.switchboard import Switchboard, attended
from toritsugi.adapters import twilio_api
from toritsugi.bridges import commands
from toritsugi.foundation.errors import RequestRefused, Unanswered

LEG, ROOM, NUMBER = "CA" + "1" * 32, "CF" + "1" * 32, "PN" + "1" * 32
HERE = "https://exchange.example.com/x"


@pytest.fixture
def twilios(cloud, monkeypatch):
    """Twilio, which is asked for something; nobody waits between two tries."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with attended(Switchboard()) as switchboard:
        yield switchboard


@pytest.fixture
def twilios_gone(cloud, monkeypatch):
    """Nobody is where Twilio should be."""
    monkeypatch.setattr(time, "sleep", lambda _: None)


def looks(call):
    """What timer.py does about a call."""
    import timer

    body = json.dumps({"bridge": call.sid, "due": time.time(), "spare": False})
    record = {"messageId": str(uuid.uuid4()), "body": body}
    timer.handler({"Records": [record]}, Context("timer"))


# ---- one request -----------------------------------------------------------------------------------------------------

REQUESTS = {
    "a number by its SID": lambda: twilio_api.get_owned_number(None, NUMBER),
    "a number": lambda: twilio_api.get_owned_number(LINES[0], None),
    "all numbers": lambda: twilio_api.list_owned_numbers(None, 50),
    "the end of a call": lambda: twilio_api.hang_up_call(LEG),
    "the limit of a call": lambda: twilio_api.limit_call(LEG, 60),
    "whether a call waits": lambda: twilio_api.is_waiting(LEG),
    "news of a call": lambda: twilio_api.watch_call(LEG, HERE),
    "last words": lambda: twilio_api.redirect_and_end(LEG, "<Response/>"),
    "an announcement to all": lambda: twilio_api.play_into_conference(ROOM, None, HERE),
    "an announcement to one": lambda: twilio_api.play_into_conference(ROOM, LEG, HERE),
    "the end of a conference": lambda: twilio_api.end_conference(ROOM),
    "silence": lambda: twilio_api.change_conference_participant(ROOM, LEG, muted=True),
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_what_twilio_does_not_do_is_told_with_its_own_words(twilios, request_):
    twilios.refusals = [(503, 20503)]
    with pytest.raises(RequestRefused) as refused:
        request_()
    assert (refused.value.code, refused.value.status) == (80613, 502)
    assert refused.value.message.startswith("Twilio rejected a request that was made on your behalf: ")
    assert "not today" in refused.value.message or "Unable to fetch page" in refused.value.message


ENDING = ["the end of a call", "last words", "the limit of a call", "news of a call", "the end of a conference"]


@pytest.mark.parametrize(("status", "code"), [(400, 21220), (404, 20404), (400, 16099)])
@pytest.mark.parametrize("name", ENDING)
def test_what_has_ended_by_itself_need_not_be_ended(twilios, name, status, code):
    twilios.refusals = [(status, code)]
    REQUESTS[name]()
    assert len(twilios.asked) == 1


@pytest.mark.parametrize(("status", "code"), [(403, 20003), (400, 20001), (400, 21205)])
@pytest.mark.parametrize("name", ENDING)
def test_what_twilio_refuses_for_another_reason_has_not_ended(twilios, name, status, code):
    twilios.refusals = [(status, code)]
    with pytest.raises(RequestRefused):
        REQUESTS[name]()


def test_a_number_of_which_twilio_knows_no_sid_is_not_the_accounts(twilios):
    twilios.refusals = [(404, 20404)]
    with pytest.raises(RequestRefused) as refused:
        twilio_api.get_owned_number(None, NUMBER)
    assert (refused.value.code, refused.value.status) == (80301, 400)
    assert NUMBER in refused.value.message


@pytest.mark.parametrize(("busy", "works"), [(1, True), (3, True), (4, False)])
def test_who_has_too_much_to_do_is_asked_again_three_times(twilios, busy, works):
    twilios.refusals = [(429, 20429)] * busy
    if works:
        twilio_api.hang_up_call(LEG)
    else:
        with pytest.raises(RequestRefused, match="20429"):
            twilio_api.hang_up_call(LEG)
    assert len(twilios.asked) == min(busy + 1, 4)


# ---- calls -----------------------------------------------------------------------------------------------------------


def test_of_two_that_are_called_one_is_refused_and_why_is_shown(twilios, desk, clock):
    call = desk.calls()
    twilios.refusals = [(400, 21215)]
    looks(call)
    first, second = call.seen["participants"]
    assert (first["legs"][0]["status"], first["error"]) == (
        "failed",
        "21215 Twilio does not call: Unable to create record: not today",
    )
    assert (second["legs"][0]["sid"], second["error"]) == (f"CA{2:032}", None)
    assert [asked.form["To"] for asked in twilios.asked if asked.path == "/Calls"] == [AIKO, BEN]


@pytest.mark.parametrize(("refused", "limit"), [((400, 10004), "calls"), ((429, 20429), "requests")])
def test_of_a_limit_of_twilios_somebody_is_told_once_in_an_hour(twilios, desk, clock, cloud, refused, limit):
    for _ in range(2):
        call = desk.calls()
        twilios.refusals = [refused] * 8  # both legs, and three tries more of each where Twilio has too much to do
        looks(call)
        assert [one["error"][:5] for one in call.seen["participants"]] == [str(refused[1])] * 2
    told = [event.detail["data"] for event in cloud.events if event.what == "limit.reached"]
    assert [(one["limit"], one["code"]) for one in told] == [(f"twilio_{limit}_at_once", refused[1])]


def test_a_refusal_without_a_code_has_ours(twilios, desk, clock):
    call = desk.calls()
    twilios.refusals = [(403, 0), (403, 0)]
    looks(call)
    assert [one["error"][:5] for one in call.seen["participants"]] == ["80613", "80613"]


def test_a_call_is_asked_for_as_it_was_wanted(twilios, desk, clock):
    call = desk.calls(ring_seconds=25, detect=True)
    looks(call)
    form = twilios.asked[0].form
    assert (form["To"], form["From"], form["Timeout"], form["MachineDetection"]) == (AIKO, LINES[0], "25", "Enable")
    assert form["StatusCallbackEvent"] == "completed"  # the last of four
    assert form["Url"].split("#")[0].endswith(f"/voice/bridges/{call.sid}/1/1/answered")
    assert form["StatusCallback"].split("#")[0].endswith(f"/status/bridges/{call.sid}/1/1")


def test_twilios_own_limit_is_never_less_than_the_minute_that_it_takes(twilios):
    twilio_api.make_call(AIKO, LINES[0], HERE, HERE, 30, 7, False)
    for seconds in (1, 59, 61):
        twilio_api.limit_call(LEG, seconds)
    assert [asked.form["TimeLimit"] for asked in twilios.asked] == ["60", "60", "60", "61"]


def test_what_cannot_be_spoken_is_lost_and_not_tried_again(twilios, desk, twilio, clock, logged):
    said = {"say": "Time is up soon.", "language": "en-US", "before_end": 60}
    call = desk.calls(announcements=[said])
    call.begins(twilio)
    clock.shift(29 * 60)
    twilios.refusals = [(400, 20400)]
    looks(call)
    looks(call)
    spoken = [asked for asked in twilios.asked if "AnnounceUrl" in asked.form]
    assert len(spoken) == 1
    assert "announcement not spoken" in logged()


def test_where_nobody_is_at_twilios_address_it_is_spoken_as_soon_as_somebody_is(twilios_gone, desk, twilio, clock):
    call = desk.calls(announcements=[{"say": "Time is up soon.", "language": "en-US", "before_end": 60}])
    call.begins(twilio)
    clock.shift(29 * 60)
    with pytest.raises(Unanswered, match="cannot be reached"):  # when the limits of the legs are set
        looks(call)
    clock.shift(2)
    with attended(Switchboard()) as back:
        looks(call)
        looks(call)
    assert len([asked for asked in back.asked if "AnnounceUrl" in asked.form]) == 1


def test_one_step_fails_and_the_others_are_taken_and_the_message_comes_again(twilios, desk, twilio, clock, logged):
    """The call ends: the conference cannot be ended, and the legs are hung up all the same."""
    call = desk.calls()
    call.begins(twilio)
    commands.finish(call.sid, "api", time.time())
    twilios.refusals = [(503, 20503)]
    with pytest.raises(RequestRefused, match="not today"):
        looks(call)
    assert twilios.paths()[0] == f"/Conferences/{ROOM}"
    assert "a step of a call failed" in logged()
    before = len(twilios.asked)
    looks(call)
    assert f"/Conferences/{ROOM}" in twilios.paths()[before:]


def test_a_message_about_a_call_that_is_not_there_yet_does_nothing(twilios, client):
    class Nobody:
        sid = "KB" + "7" * 32

    looks(Nobody())
    assert twilios.asked == []


# ---- before anybody is called ----------------------------------------------------------------------------------------

STRANGER = "+815099999999"


def test_a_line_of_which_twilio_says_nothing_calls_nobody(twilios, desk):
    twilios.refusals = [(503, 20503)]
    status, seen = desk.asks("POST", "/api/calls", WANTED | {"from": STRANGER})
    assert (status, seen["code"]) == (502, 80613)
    assert desk.asks("GET", "/api/calls")[1]["calls"] == []
