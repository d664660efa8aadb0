"""Somebody leaves a message: it is kept once, told of, and can be listened to, whatever happens on its way."""

import io
import wave

import httpx
import pytest

LINE = "+815010000009"
WORDS = "明日の三時に、もう一度お電話します。"

DESK = """
language: ja-JP
start: message
steps:
  message: {voicemail: "発信音の後に伝言をどうぞ。", seconds: 60, silence: 5, next: goodbye, otherwise: nothing}
  nothing: {say: "ご用件が聞こえませんでした。"}
  goodbye: {say: "ありがとうございました。"}
"""


@pytest.fixture
def mailbox(desk, box):
    """A line that takes messages, and what is in it."""
    desk.answers_at(LINE, DESK)
    return Mailbox(desk, box)


class Mailbox:
    def __init__(self, desk, box) -> None:
        self.desk, self.box = desk, box

    @property
    def messages(self) -> list[dict]:
        return self.desk.asks("GET", "/api/recordings?kind=voicemail")["recordings"]

    @property
    def news(self) -> list[dict]:
        told = [event.detail for event in self.box.stack.cloud.events]
        return [event["data"] for event in told if event["type"] == "recording.ready"]

    @property
    def left_at_twilio(self) -> list[dict]:
        return [one for one in self.box.call("GET", "/recordings")["recordings"] if not one["deleted_at"]]

    def listen(self, sid: str) -> wave.Wave_read:
        link = self.desk.asks("GET", f"/api/recordings/{sid}/audio")["url"]
        answer = httpx.get(link, trust_env=False, verify=False, timeout=300)
        assert answer.status_code == 200, answer.text
        return wave.open(io.BytesIO(answer.content))

    def has_one_message(self, caller: str | None) -> dict:
        """One that was kept, told of and can be heard; and nothing of it is left at Twilio."""
        (message,) = self.messages
        assert (message["status"], message["caller"], message["line"]) == ("stored", caller, LINE)
        (news,) = self.news
        assert (news["sid"], news["line"]) == (message["sid"], LINE)
        assert not caller or caller not in str(self.box.stack.cloud.events)
        heard = self.listen(message["sid"])
        assert abs(heard.getnframes() / heard.getframerate() - message["seconds"]) < 1
        assert not self.left_at_twilio
        return message

    def is_empty(self) -> None:
        assert not self.messages
        assert not self.news
        assert not self.left_at_twilio


def leaves_a_message(person, clock, end: str = "#") -> None:
    """Dials, waits for the beep, speaks for a while, and presses a key or hangs up."""
    person.dials(LINE)
    person.hears("発信音の後に")
    clock.forward(seconds=4)
    person.says(WORDS)
    clock.forward(seconds=3)
    if end == "hangs up":
        person.hangs_up()
    else:
        person.presses(end)


def misbehaves(box, **faults) -> None:
    box.call("PUT", "/faults", faults)


# ---- what people do --------------------------------------------------------------------------------------------------


def test_a_message_is_left_told_of_listened_to_and_deleted(mailbox, desk, clock, aiko):
    leaves_a_message(aiko, clock)
    aiko.hears("ありがとうございました。")
    clock.forward(seconds=10)
    message = mailbox.has_one_message(aiko.number)
    assert message["reception"] == "desk"
    path = f"/api/recordings/{message['sid']}"
    assert desk.asks("PATCH", path, {"heard": True})["heard_at"]
    assert desk.request("DELETE", path).status_code == 204
    assert not mailbox.messages


def test_who_hangs_up_after_speaking_has_left_a_message(mailbox, clock, aiko):
    leaves_a_message(aiko, clock, end="hangs up")
    clock.forward(seconds=10)
    mailbox.has_one_message(aiko.number)


def test_of_silence_nothing_is_kept_and_the_caller_is_told(mailbox, clock, aiko):
    aiko.dials(LINE)
    clock.forward(seconds=60)
    aiko.hears("ご用件が聞こえませんでした。")
    aiko.is_idle()
    mailbox.is_empty()


def test_who_hangs_up_at_the_beep_has_left_nothing(mailbox, clock, aiko):
    aiko.dials(LINE)
    clock.forward(seconds=5)
    aiko.hangs_up()
    clock.forward(minutes=10)
    mailbox.is_empty()


def test_a_caller_who_hides_leaves_a_message_too(mailbox, clock, aiko):
    aiko.will("by hand", withheld=True)
    leaves_a_message(aiko, clock)
    clock.forward(seconds=10)
    mailbox.has_one_message(None)


def test_a_message_without_an_end_is_ended(mailbox, clock, aiko):
    aiko.dials(LINE)
    for _ in range(30):
        clock.forward(seconds=4)
        if aiko.telephone["state"] != "idle":
            aiko.says(WORDS)
    clock.forward(seconds=10)
    assert 55 <= mailbox.has_one_message(aiko.number)["seconds"] <= 60


def test_two_callers_at_once_leave_two_messages(mailbox, clock, aiko, ben):
    for person in (aiko, ben):
        person.dials(LINE)
    clock.forward(seconds=4)
    for person in (aiko, ben):
        person.says(WORDS)
    clock.forward(seconds=3)
    for person in (aiko, ben):
        person.hangs_up()
    clock.forward(seconds=10)
    assert {message["caller"] for message in mailbox.messages} == {aiko.number, ben.number}
    assert len(mailbox.news) == 2


# ---- what happens on the way -----------------------------------------------------------------------------------------


def test_told_twice_it_is_one_message(mailbox, box, clock, aiko):
    misbehaves(box, duplicate={"match": "/recording/"})
    leaves_a_message(aiko, clock)
    clock.forward(minutes=10)
    mailbox.has_one_message(aiko.number)


def test_told_before_the_call_goes_on_it_is_one_message(mailbox, box, clock, aiko):
    misbehaves(box, delay={"match": "/recorded", "seconds": 4})
    leaves_a_message(aiko, clock)
    clock.forward(seconds=3)
    mailbox.has_one_message(aiko.number)
    clock.forward(seconds=3)
    aiko.hears("ありがとうございました。")


def test_told_of_a_minute_late_it_is_one_message(mailbox, box, clock, aiko):
    misbehaves(box, delay={"match": "/recording/", "seconds": 60})
    leaves_a_message(aiko, clock)
    clock.forward(seconds=30)
    assert not mailbox.messages
    clock.forward(seconds=60)
    mailbox.has_one_message(aiko.number)


@pytest.mark.parametrize(("times", "seconds"), [(1, 10), (4, 30), (7, 400), (9, 1200)])
def test_a_file_that_is_not_ready_is_waited_for(mailbox, box, clock, aiko, times, seconds):
    misbehaves(box, recording_not_ready={"times": times})
    leaves_a_message(aiko, clock)
    clock.forward(seconds=5)
    assert [message["status"] for message in mailbox.messages] == ["stored" if times == 1 else "copying"]
    clock.forward(seconds=seconds)
    mailbox.has_one_message(aiko.number)


PLACES = [
    {"before": "sqs.SendMessage Recordings"},
    {"after": "sqs.SendMessage Recordings"},
    {"before": "dynamodb.UpdateItem RecordingsTable"},
    {"after": "dynamodb.UpdateItem RecordingsTable"},
    {"before": "twilio GET /Recordings"},
    {"after": "twilio GET /Recordings"},
    {"before": "s3.PutObject"},
    {"after": "s3.PutObject"},
    {"before": "twilio DELETE /Recordings"},
    {"after": "twilio DELETE /Recordings"},
]


@pytest.mark.thorough
@pytest.mark.parametrize("place", PLACES, ids=lambda place: " ".join(*place.items()))
def test_wherever_the_process_ends_it_is_one_message(mailbox, box, clock, aiko, place):
    box.stack.cloud.crash("recording", **place)
    leaves_a_message(aiko, clock)
    clock.forward(minutes=12)
    mailbox.has_one_message(aiko.number)
