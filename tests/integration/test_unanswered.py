"""Twilio does not answer: what was not sent is asked for again, what may be done is looked for, nothing is doubled."""

import io
import json
import time
import uuid
import xml.etree.ElementTree as ElementTree

import pytest

from local.aws import Context
from tests.conftest import NETWORK_PORT
from tests.integration.conftest import AIKO, BEN, LINES
from tests.integration.switchboard import Switchboard, attended
from tests.peer import Peer, served
from toritsugi.adapters import twilio_api, twilio_recordings
from toritsugi.adapters.twilio_http import RedirectedHttpClient
from toritsugi.bridges import agenda, announcements
from toritsugi.foundation.errors import RequestRefused, Unanswered

LEG, ROOM, RECORDING = "CA" + "1" * 32, "CF" + "1" * 32, "RE" + "1" * 32
HERE = "https://exchange.example.com/x"
TEXT = "Your parcel arrives at 5."

MAKING = {
    "a call": lambda: twilio_api.make_call(AIKO, LINES[0], HERE, HERE, 30, 60, False),
    "a text": lambda: twilio_api.make_text(AIKO, LINES[0], TEXT, [], HERE),
    "an announcement": lambda: twilio_api.play_into_conference(ROOM, None, HERE),
    "an announcement to one": lambda: twilio_api.play_into_conference(ROOM, LEG, HERE),
}
CHANGING = {
    "the end of a call": lambda: twilio_api.hang_up_call(LEG),
    "the limit of a call": lambda: twilio_api.limit_call(LEG, 60),
    "last words": lambda: twilio_api.redirect_and_end(LEG, "<Response/>"),
    "the end of a conference": lambda: twilio_api.end_conference(ROOM),
    "silence": lambda: twilio_api.change_conference_participant(ROOM, LEG, muted=True),
    "whether a call waits": lambda: twilio_api.is_waiting(LEG),
    "the calls of somebody": lambda: twilio_api.was_called(AIKO, LINES[0], 0),
}
CHANGING_OR_FETCHING = CHANGING | {"a file": lambda: twilio_recordings.fetch_audio(RECORDING, io.BytesIO())}
ALL = MAKING | CHANGING_OR_FETCHING


@pytest.fixture(autouse=True)
def hurry(cloud, monkeypatch):
    """Nobody waits between two tries."""
    monkeypatch.setattr(time, "sleep", lambda _: None)


@pytest.fixture
def twilios():
    with attended(Switchboard()) as switchboard:
        yield switchboard


@pytest.fixture
def peer():
    """A Twilio that forgets connections, and answers everything alike."""
    with served(Peer(b'{"calls": []}'), NETWORK_PORT) as peer:
        yield peer


# ---- one request -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ask", ALL.values(), ids=ALL)
def test_after_a_night_everything_is_asked_for_over_a_new_connection(peer, clock, ask):
    ask()
    clock.shift(8 * 3600)
    ask()
    assert (len(peer.asked), peer.resets) == (2, 0)


@pytest.mark.parametrize("ask", MAKING.values(), ids=MAKING)
def test_what_may_be_made_is_not_asked_for_again(peer, clock, ask):
    ask()
    peer.keeps = 0
    with pytest.raises(Unanswered) as silence:
        ask()
    assert silence.value.may_be_done
    assert (silence.value.code, silence.value.status) == (80613, 502)
    assert (len(peer.asked), peer.resets) == (1, 1)


@pytest.mark.parametrize("ask", CHANGING_OR_FETCHING.values(), ids=CHANGING_OR_FETCHING)
def test_what_may_be_done_twice_is_asked_for_again(peer, clock, ask):
    ask()
    peer.keeps = 0
    ask()
    assert (len(peer.asked), peer.resets) == (2, 1)


@pytest.mark.parametrize("ask", (MAKING | CHANGING).values(), ids=MAKING | CHANGING)
def test_where_nobody_is_nothing_was_sent(ask):
    with pytest.raises(Unanswered) as silence:
        ask()
    assert not silence.value.may_be_done
    assert silence.value.message == "Twilio cannot be reached (ConnectionError)"


def test_somebody_comes_while_twilio_is_asked_again(monkeypatch):
    begun = attended(Switchboard())
    monkeypatch.setattr(time, "sleep", lambda _: begun.__enter__())
    try:
        assert MAKING["a call"]() == f"CA{1:032}"
    finally:
        begun.__exit__(None, None, None)


def test_whom_one_waits_for_in_vain_may_do_it_all_the_same(peer):
    peer.silent = True
    client = RedirectedHttpClient()
    client.timeout = (2, 0.2)
    with pytest.raises(Unanswered) as silence:
        client.request("GET", f"https://api.twilio.com/2010-04-01/Accounts/{LEG}.json")
    assert silence.value.may_be_done
    assert len(peer.asked) == 1


# ---- a call ----------------------------------------------------------------------------------------------------------


def looks(call):
    """What timer.py does about a call."""
    import timer

    body = json.dumps({"bridge": call.sid, "due": time.time(), "spare": False})
    record = {"messageId": str(uuid.uuid4()), "body": body}
    timer.handler({"Records": [record]}, Context("timer"))


def called(twilios):
    """Who was called, in order."""
    return [asked.form["To"] for asked in twilios.posts("/Calls")]


def lists(twilios):
    return [asked for asked in twilios.asked if (asked.method, asked.path) == ("GET", "/Calls")]


def test_a_call_that_was_not_made_is_made_when_that_is_known(twilios, desk, clock):
    twilios.breaks = ["before"]
    call = desk.calls()
    looks(call)
    assert called(twilios) == [BEN]
    clock.shift(agenda.DOUBTED_CALL_SECONDS - 1)
    looks(call)
    assert (called(twilios), lists(twilios)) == ([BEN], [])
    clock.shift(1)
    looks(call)
    assert called(twilios) == [BEN, AIKO]
    first = call.seen["participants"][0]
    assert [leg["status"] for leg in first["legs"]] == ["queued"]
    assert first["error"] is None


def test_a_call_that_was_made_is_not_made_again(twilios, desk, clock):
    twilios.breaks = ["after"]
    call = desk.calls()
    looks(call)
    for _ in range(3):
        clock.shift(agenda.DOUBTED_CALL_SECONDS)
        looks(call)
    assert called(twilios) == [AIKO, BEN]
    assert len(lists(twilios)) == 1


def test_a_call_of_which_a_callback_has_told_is_not_looked_for(twilios, desk, twilio, clock):
    twilios.breaks = ["after"]
    call = desk.calls()
    looks(call)
    call.tells(twilio, 1, "ringing")
    clock.shift(agenda.DOUBTED_CALL_SECONDS)
    looks(call)
    assert lists(twilios) == []
    assert call.seen["participants"][0]["legs"][0]["sid"] == call.leg(1)


def test_an_older_call_between_the_same_two_is_not_taken_for_it(twilios, desk, clock):
    MAKING["a call"]()
    clock.shift(60)
    twilios.breaks = ["before"]
    call = desk.calls()
    looks(call)
    clock.shift(agenda.DOUBTED_CALL_SECONDS)
    looks(call)
    assert called(twilios) == [AIKO, BEN, AIKO]


def test_a_call_that_stays_in_doubt_counts_as_refused(twilios, desk, clock):
    call = desk.calls()
    twilios.breaks = ["before", None, None, "before", None, "before", None]
    looks(call)
    for _ in range(3):
        clock.shift(agenda.DOUBTED_CALL_SECONDS)
        looks(call)
    assert called(twilios) == [BEN]
    assert call.seen["participants"][0]["error"] == "Twilio does not answer"


def test_while_calls_cannot_be_looked_for_none_is_made_and_the_message_comes_again(twilios, desk, clock):
    call = desk.calls()
    twilios.breaks = ["before"]
    looks(call)
    clock.shift(agenda.DOUBTED_CALL_SECONDS)
    twilios.refusals = [(503, 20503)]
    with pytest.raises(RequestRefused, match="Unable to fetch page"):
        looks(call)
    assert called(twilios) == [BEN]
    clock.shift(agenda.DOUBTED_CALL_SECONDS)
    looks(call)
    assert called(twilios) == [BEN, AIKO]


@pytest.mark.parametrize("status", [500, 503])
def test_a_failure_of_twilios_own_says_nothing_either(twilios, desk, clock, status):
    call = desk.calls()
    twilios.refusals = [(status, 0)]
    looks(call)
    clock.shift(agenda.DOUBTED_CALL_SECONDS)
    looks(call)
    assert called(twilios) == [AIKO, BEN, AIKO]


# ---- an announcement -------------------------------------------------------------------------------------------------

SAID = {"say": "Time is up soon.", "language": "en-US", "before_end": 60}
SPEAKING = f"/Conferences/{ROOM}"


@pytest.fixture
def call(twilios, desk, twilio, clock):
    """A call whose announcement is due now."""
    made = desk.calls(announcements=[SAID])
    made.begins(twilio)
    looks(made)  # which sets Twilio's own limits
    clock.shift(29 * 60)
    return made


def asks_for_words(twilio, twilios, token):
    """What Twilio gets that asks for the words of the announcement which it was last asked to have heard."""
    import voice

    path = (
        twilios.posts(SPEAKING)[-1].form["AnnounceUrl"].removeprefix("https://exchange.example.com").partition("#")[0]
    )
    answer = twilio.send(voice.handler, path, {"CallSid": LEG}, token=token)
    return [said.text for said in ElementTree.fromstring(answer["body"])]


def test_an_announcement_for_whose_words_nobody_asks_is_spoken_again(twilios, call, clock):
    twilios.breaks = ["before"]
    looks(call)
    assert twilios.posts(SPEAKING) == []
    clock.shift(announcements.DOUBT_SECONDS)
    looks(call)
    assert len(twilios.posts(SPEAKING)) == 1


def test_an_announcement_for_whose_words_twilio_has_asked_is_not(twilios, call, clock, twilio):
    twilios.breaks = ["after"]
    looks(call)
    assert asks_for_words(twilio, twilios, "first") == ["Time is up soon."]
    for _ in range(3):
        clock.shift(announcements.DOUBT_SECONDS)
        looks(call)
    assert len(twilios.posts(SPEAKING)) == 1


def test_whoever_asks_for_the_words_a_second_time_gets_silence_unless_the_answer_was_lost(twilios, call, clock, twilio):
    twilios.breaks = ["after"]
    looks(call)
    clock.shift(announcements.DOUBT_SECONDS)
    looks(call)
    assert len(twilios.posts(SPEAKING)) == 2  # Twilio was slow to ask
    heard = [asks_for_words(twilio, twilios, token) for token in ("first", "second", "first")]
    assert heard == [["Time is up soon."], [], ["Time is up soon."]]


def test_an_announcement_that_stays_in_doubt_is_given_up_and_the_log_says_so(twilios, call, clock, logged):
    twilios.breaks = ["before"] * 9
    looks(call)
    for _ in range(4):
        clock.shift(announcements.DOUBT_SECONDS)
        looks(call)
    assert twilios.posts(SPEAKING) == []
    assert len(twilios.breaks) == 6  # due, two seconds later, and four
    assert logged().count("announcement not spoken") == 1


# ---- a text ----------------------------------------------------------------------------------------------------------


def send_text():
    return twilio_api.send_text(AIKO, LINES[0], TEXT, [], HERE)


def texts(twilios):
    return [asked.form["Body"] for asked in twilios.posts("/Messages")]


def test_a_text_that_was_not_sent_is_sent(twilios):
    twilios.breaks = ["before"]
    assert send_text()[1] == "queued"
    assert texts(twilios) == [TEXT]


def test_a_text_that_was_sent_is_found(twilios):
    twilios.breaks = ["after"]
    assert send_text() == (f"CA{1:032}", "queued")
    assert texts(twilios) == [TEXT]


def test_another_text_to_the_same_person_is_not_taken_for_it(twilios, clock):
    send_text()
    clock.shift(60)
    twilio_api.send_text(AIKO, LINES[0], "Something else.", [], HERE)
    twilios.breaks = ["before"]
    send_text()
    assert texts(twilios) == [TEXT, "Something else.", TEXT]


def test_a_text_that_stays_in_doubt_is_left_so(twilios):
    twilios.breaks = ["before", None, None, None, "before"]
    with pytest.raises(Unanswered) as silence:
        send_text()
    assert silence.value.may_be_done
    assert texts(twilios) == []


@pytest.mark.parametrize("refused", [(503, 20503), (429, 20429)])
def test_a_text_in_doubt_that_cannot_be_looked_for_stays_in_doubt(twilios, refused):
    twilios.breaks = ["before"]
    twilios.refusals = [refused] * 4
    with pytest.raises(Unanswered) as silence:
        send_text()
    assert silence.value.may_be_done
    assert texts(twilios) == []
