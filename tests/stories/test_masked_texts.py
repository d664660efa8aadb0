"""Two people write to each other through a pool number, and neither sees the other's."""

import json

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.stories.owners import Owner

LINES = ["+815010000009", "+815010000010", "+815010000011"]


@pytest.fixture
def session(desk, aiko, ben):
    """Aiko and Ben, over numbers that have texts and pictures; a third number is left."""
    desk.opens(*LINES, sms=True, mms=True)
    return desk.brings_together(aiko, ben)


@pytest.fixture
def shop():
    """A program of the owner's that is told whatever becomes of a text."""
    owner = Owner()
    yield owner
    owner.close()
    assert owner.forged == []


def said(session) -> list[tuple[str, str]]:
    """What was written in a session, and how far each text has come; in the order of the alphabet."""
    return sorted((json.loads(one.data)["body"], one.outbound_resource_status) for one in session.interactions)


def sid_of(session, person) -> str:
    return next(one.sid for one in session.sdk.participants.list() if one.identifier == person.number)


# ---- both ways -------------------------------------------------------------------------------------------------------


def test_aiko_writes_to_ben_and_he_answers_the_number_he_sees(session, aiko, ben, clock):
    aiko.texts(session.line_of(aiko), "玄関の前です 🚗")
    clock.forward(seconds=10)
    ben.receives("玄関の前です 🚗", showing=session.line_of(ben))
    ben.texts(session.line_of(ben), "今行きます")
    clock.forward(seconds=10)
    aiko.receives("今行きます", showing=session.line_of(aiko))
    assert said(session) == [("今行きます", "delivered"), ("玄関の前です 🚗", "delivered")]
    assert session.status == "in-progress"


def test_what_is_long_arrives_whole_and_what_says_nothing_does_not_arrive(session, aiko, ben, clock):
    for text in ("長" * 1600, " \n\t", "鳴\a\x00る"):
        aiko.texts(session.line_of(aiko), text)
        clock.forward(minutes=1)
    ben.has_read("長" * 1600, "鳴る")


def test_nobody_sees_the_number_of_the_other_nor_does_an_address_tell_it(session, aiko, ben, box, clock):
    aiko.texts(session.line_of(aiko), "写真です", f"{box.network}/calls")
    clock.forward(seconds=10)
    [letter] = [one for one in ben.telephone["messages"] if one["direction"] == "in"]
    assert (letter["body"], letter["from"]) == ("写真です", session.line_of(ben))
    [address] = letter["media"]
    assert address.startswith(f"{box.exchange}/sms/files/KM")
    assert aiko.number[1:] not in json.dumps(letter)
    urls = [hook["url"] for hook in box.webhooks()]
    assert {address, f"{box.network}/calls"} <= set(urls)
    assert not [url for url in urls if aiko.number[1:] in url or ben.number[1:] in url]


# ---- once ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [{"duplicate": {"match": "/sms$", "times": 1}}, {"connection_refused": {"match": "/sms$", "times": 2}}],
    ids=["asked twice", "not reached at first"],
)
def test_a_text_goes_on_once_whatever_happens_on_the_way(session, aiko, ben, box, clock, fault):
    box.call("PUT", "/faults", fault)
    aiko.texts(session.line_of(aiko), "着きました")
    clock.forward(seconds=20)
    ben.receives("着きました", showing=session.line_of(ben))
    assert len(session.interactions) == 1


def test_states_that_come_in_any_order_leave_the_furthest(session, aiko, ben, box, clock):
    box.call("PUT", "/faults", {"reorder": {"match": "/status/messages/"}})
    aiko.texts(session.line_of(aiko), "着きました")
    clock.forward(seconds=60)
    ben.has_read("着きました")
    assert said(session) == [("着きました", "delivered")]


# ---- no further ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["停止", "STOP"])
def test_who_wants_no_more_gets_no_more_over_any_number_and_the_other_is_told(
    session, desk, aiko, ben, eve, clock, word
):
    other = desk.brings_together(eve, ben)
    ben.texts(session.line_of(ben), word)
    clock.forward(seconds=10)
    [answer] = ben.letters
    for writer, theirs in ((aiko, session), (eve, other)):
        writer.texts(theirs.line_of(writer), "どこですか")
        clock.forward(seconds=10)
        [told] = writer.letters
        assert "お相手の方はメッセージを受け取っていません" in told
    ben.has_read(answer)
    assert other.line_of(ben) != session.line_of(ben)


def test_who_comes_back_is_written_to_again(session, aiko, ben, clock):
    for word in ("停止", "再開"):
        ben.texts(session.line_of(ben), word)
        clock.forward(seconds=10)
    aiko.texts(session.line_of(aiko), "どこですか")
    clock.forward(seconds=10)
    assert ben.letters[2:] == ["どこですか"]
    aiko.has_read()


def test_after_the_session_nothing_goes_on_and_the_sender_is_told(session, aiko, ben, clock):
    line = session.line_of(aiko)
    session.sdk.update(status="closed")
    aiko.texts(line, "忘れ物です")
    clock.forward(seconds=10)
    aiko.reads("終了しています")
    ben.has_read()


def test_in_a_session_for_calls_alone_the_sender_is_told_to_call(desk, aiko, ben, clock):
    desk.opens(*LINES, sms=True)
    session = desk.brings_together(aiko, ben, mode="voice-only")
    aiko.texts(session.line_of(aiko), "着きました")
    clock.forward(seconds=10)
    aiko.reads("この番号は通話専用です")
    ben.has_read()
    assert session.interactions == []


# ---- a program writes ------------------------------------------------------------------------------------------------


def test_a_program_writes_to_one_of_them_by_the_official_sdk_and_sees_how_far_it_came(session, aiko, ben, clock):
    texts = session.sdk.participants(sid_of(session, ben)).message_interactions
    sent = texts.create(body="ご予約を承りました")
    clock.forward(seconds=10)
    ben.receives("ご予約を承りました", showing=session.line_of(ben))
    aiko.has_read()
    seen = texts(sent.sid).fetch()
    assert (seen.outbound_resource_status, seen.inbound_resource_sid) == ("delivered", None)
    assert [one.sid for one in texts.list()] == [sent.sid]
    assert said(session) == [("ご予約を承りました", "delivered")]


def test_a_program_writes_to_nobody_who_wants_no_more(session, aiko, ben, clock):
    ben.texts(session.line_of(ben), "停止")
    clock.forward(seconds=10)
    with pytest.raises(TwilioRestException) as refused:
        session.sdk.participants(sid_of(session, ben)).message_interactions.create(body="ご予約を承りました")
    assert refused.value.code == 21610
    assert len(ben.letters) == 1


# ---- what a program is told ------------------------------------------------------------------------------------------


def test_a_program_is_told_each_state_of_a_text_in_twilios_words(session, desk, aiko, ben, clock, shop):
    desk.sets(CallbackUrl=f"{shop.address}/told")
    aiko.texts(session.line_of(aiko), "着きました")
    clock.forward(seconds=20)
    ben.has_read("着きました")
    [shown] = session.interactions
    states = [one["outboundResourceStatus"] for one in shop.asked]
    assert (states[0], states[-1], len(set(states))) == ("accepted", "delivered", len(states))
    last = shop.asked[-1]
    assert (last["interactionSid"], last["interactionSessionSid"]) == (shown.sid, shown.session_sid)
    assert (last["interactionType"], json.loads(last["interactionData"])) == ("Message", {"body": "着きました"})
    assert (last["inboundResourceSid"], last["inboundResourceType"]) == (shown.inbound_resource_sid, "message")
    assert (last["outboundResourceSid"], last["outboundResourceType"]) == (shown.outbound_resource_sid, "message")
    assert last["inboundResourceStatus"] == "delivered"
    assert [person.number[3:] in str(shop.asked) for person in (aiko, ben)] == [False, False]


def test_a_program_is_told_of_its_own_text_with_nothing_that_came_in(session, desk, ben, clock, shop):
    desk.sets(CallbackUrl=shop.address)
    session.sdk.participants(sid_of(session, ben)).message_interactions.create(body="ご予約を承りました")
    clock.forward(seconds=20)
    ben.has_read("ご予約を承りました")
    last = shop.asked[-1]
    assert (last["outboundResourceStatus"], last["outboundParticipantSid"]) == ("delivered", sid_of(session, ben))
    came_in = {text for name, text in last.items() if name.startswith("inbound")}
    assert came_in == {""}


def test_a_text_is_told_as_an_interaction_from_its_beginning_to_its_arrival(session, desk, aiko, ben, clock, shop):
    desk.asks("POST", "/api/subscriptions", {"url": shop.address, "events": ["interaction.*"]})
    aiko.texts(session.line_of(aiko), "着きました")
    clock.forward(seconds=20)
    [shown] = session.interactions
    assert {event["subject"] for event in shop.asked} == {shown.sid}
    types = [event["type"] for event in shop.asked]
    assert (types[0], types[-1]) == ("interaction.started", "interaction.completed")
    assert set(types[1:-1]) <= {"interaction.updated"}
    last = shop.asked[-1]["data"]
    assert (last["type"], last["status"], last["session_sid"]) == ("message", "delivered", shown.session_sid)
    assert last["inbound_participant_sid"] == sid_of(session, aiko)
    assert last["outbound_participant_sid"] == sid_of(session, ben)
    assert [word in str(shop.asked) for word in (aiko.number[3:], ben.number[3:], "着き")] == [False, False, False]


def test_a_text_of_a_program_is_told_as_an_interaction_from_nobody(session, desk, ben, clock, shop):
    desk.asks("POST", "/api/subscriptions", {"url": shop.address, "events": ["interaction.*"]})
    session.sdk.participants(sid_of(session, ben)).message_interactions.create(body="ご予約を承りました")
    clock.forward(seconds=20)
    assert shop.asked[0]["type"] == "interaction.started"
    assert shop.asked[-1]["type"] == "interaction.completed"
    assert shop.asked[-1]["data"]["inbound_participant_sid"] is None
