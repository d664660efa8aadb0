"""A service says how its calls go: what each hears, how long it rings and lasts, how many there may be, who calls."""

import json

import pytest

LINES = ("+815010000021", "+815010000022", "+815010000023")
GREETING, WHISPER = "担当者におつなぎします。", "{name}様から、{label}についてのお電話です。"
UNANSWERED = "お相手の方が電話に出られませんでした。"


@pytest.fixture
def together(desk, aiko, ben):
    """Brings Aiko and Ben together, by a service with these settings."""

    def bring(**settings):
        desk.opens(*LINES, **settings)
        return desk.brings_together(aiko, ben)

    return bring


def ring(session, aiko, ben, clock, seconds=5):
    """Aiko calls Ben, whose telephone rings by now."""
    aiko.dials(session.line_of(aiko))
    clock.forward(seconds=seconds)
    ben.rings(showing=session.line_of(ben))


def talk(session, aiko, ben, clock, seconds=30):
    """Aiko calls Ben, and they talk for so long."""
    ring(session, aiko, ben, clock)
    ben.answers()
    clock.forward(seconds=seconds)
    aiko.talks_with(ben)
    aiko.hangs_up()
    clock.forward(seconds=5)


# ---- what is said ----------------------------------------------------------------------------------------------------


def test_the_caller_is_greeted_and_the_other_hears_who_calls_about_what(together, desk, aiko, ben, clock):
    session = together(Greeting=GREETING, Whisper=WHISPER)
    session.changes(desk, Label="ご注文17番")
    ring(session, aiko, ben, clock)
    aiko.hears(GREETING)
    ben.answers()
    clock.forward(seconds=10)
    ben.hears("Aiko様から、ご注文17番についてのお電話です。")
    aiko.talks_with(ben)
    assert not [item for item in aiko.telephone["heard"] if "お電話です" in item["text"]]
    assert not [item for item in ben.telephone["heard"] if "担当者" in item["text"]]


def test_of_whom_nothing_is_known_something_is_said_all_the_same(together, aiko, ben, clock):
    session = together(Whisper=WHISPER)
    ring(session, ben, aiko, clock)
    aiko.answers()
    clock.forward(seconds=10)
    aiko.hears("Ben様から、ご用件についてのお電話です。")


def test_both_hear_of_the_recording_also_where_more_is_said(together, aiko, ben, clock):
    session = together(Greeting=GREETING, Whisper=WHISPER, Record="true", AcceptByKey="true")
    ring(session, aiko, ben, clock, seconds=10)
    ben.answers()
    clock.forward(seconds=2)
    ben.presses("1")
    clock.forward(seconds=10)
    aiko.talks_with(ben)
    for person in (aiko, ben):
        person.hears("この通話は録音されます。")


# ---- who takes the call ----------------------------------------------------------------------------------------------


def test_who_presses_a_1_is_put_through_and_the_caller_hears_the_ring_until_then(together, aiko, ben, clock):
    session = together(AcceptByKey="true")
    ring(session, aiko, ben, clock)
    ben.answers()
    clock.forward(seconds=3)
    ben.hears("おつなぎするには、1を押してください。")
    assert aiko.telephone["talking_with"] == []
    ben.presses("1")
    clock.forward(seconds=2)
    aiko.talks_with(ben)
    ben.hangs_up()
    clock.forward(seconds=5)
    aiko.is_idle()
    assert not [item for item in aiko.telephone["heard"] if item["kind"] == "say"]


def test_a_mailbox_that_answers_is_never_put_through_and_the_caller_hears_so(together, aiko, ben, clock):
    session = together(AcceptByKey="true")
    ben.will("at once")  # as the mailbox of a carrier does
    aiko.dials(session.line_of(aiko))
    clock.forward(seconds=30)
    ben.was_called(showing=session.line_of(ben))
    aiko.hears(UNANSWERED)
    clock.forward(seconds=10)
    aiko.is_idle()


@pytest.mark.parametrize("conduct", ["never", "busy"])
def test_whoever_reaches_nobody_hears_so_where_that_was_wished(together, aiko, ben, clock, conduct):
    session = together(SayUnanswered="true")
    ben.will(conduct)
    aiko.dials(session.line_of(aiko))
    clock.forward(seconds=60)
    ben.was_called(showing=session.line_of(ben))
    aiko.hears(UNANSWERED)
    aiko.is_idle()


def test_whoever_was_answered_hears_nothing_more_when_the_other_hangs_up(together, aiko, ben, clock):
    session = together(SayUnanswered="true", Voicemail="true")
    ring(session, aiko, ben, clock)
    ben.answers()
    clock.forward(seconds=30)
    aiko.talks_with(ben)
    ben.hangs_up()
    clock.forward(seconds=10)
    aiko.is_idle()
    aiko.hears_nothing()


# ---- a message -------------------------------------------------------------------------------------------------------


def test_a_caller_whom_nobody_answers_leaves_a_message_and_the_owner_is_told(together, desk, aiko, ben, clock, box):
    session = together(Voicemail="true", AcceptByKey="true")
    ben.will("at once")
    aiko.dials(session.line_of(aiko))
    clock.forward(seconds=24)
    ben.was_called(showing=session.line_of(ben))
    aiko.hears("発信音の後に、メッセージをお話しください。メッセージは録音されます。")
    aiko.says("玄関の前に置いてください。")
    clock.forward(seconds=10)
    aiko.is_recorded("玄関の前に置いてください。")
    aiko.hears("メッセージをお預かりしました。")
    clock.forward(seconds=30)
    (kept,) = desk.asks("GET", "/api/recordings?kind=voicemail")["recordings"]
    (interaction,) = session.interactions
    assert (kept["status"], kept["caller"], kept["session_sid"]) == ("stored", aiko.number, interaction.session_sid)
    assert json.loads(interaction.data)["recording_sid"] == kept["sid"]
    told = [event for event in box.stack.cloud.events if "recording.ready" in str(event)]
    assert len(told) == 1
    assert "voicemail" in str(told[0])
    assert aiko.number not in str(told[0])


def test_a_caller_who_says_nothing_leaves_no_message(together, desk, aiko, ben, clock):
    session = together(Voicemail="true")
    ben.will("never")
    aiko.dials(session.line_of(aiko))
    clock.forward(minutes=2)
    ben.was_called(showing=session.line_of(ben))
    aiko.hears("この通話は終了しました。")
    aiko.is_idle()
    assert desk.asks("GET", "/api/recordings")["recordings"] == []


def test_when_the_session_ends_while_it_rings_the_caller_hears_that_and_leaves_no_message(
    together, desk, aiko, ben, clock
):
    session = together(Voicemail="true")
    ring(session, aiko, ben, clock)
    session.changes(desk, Status="closed")
    clock.forward(seconds=60)
    aiko.hears("この番号のご利用期間は終了しました。")
    aiko.is_idle()


def test_who_answers_after_the_session_has_ended_is_put_through_to_nobody(together, desk, aiko, ben, clock):
    session = together(Whisper=WHISPER)
    ring(session, aiko, ben, clock)
    session.changes(desk, Status="closed")
    ben.answers()
    clock.forward(seconds=10)
    ben.is_idle()
    ben.hears_nothing()


# ---- how long --------------------------------------------------------------------------------------------------------


def test_a_telephone_rings_as_long_as_the_service_says(together, aiko, ben, clock):
    session = together(RingSeconds="60")
    ring(session, aiko, ben, clock)
    clock.forward(seconds=50)
    ben.rings(showing=session.line_of(ben))
    clock.forward(seconds=15)
    ben.is_idle()


def test_a_call_lasts_no_longer_than_the_service_says(together, aiko, ben, clock):
    session = together(MaxCallSeconds="60")
    ring(session, aiko, ben, clock)
    ben.answers()
    clock.forward(seconds=55)
    aiko.talks_with(ben)
    clock.forward(seconds=10)
    aiko.is_idle()
    ben.is_idle()


# ---- how often, and who ----------------------------------------------------------------------------------------------


def test_after_as_many_calls_as_were_agreed_on_no_other_goes_through_until_more_are(together, desk, aiko, ben, clock):
    session = together(MaxCalls="2")
    talk(session, aiko, ben, clock)
    talk(session, ben, aiko, clock)
    for person in (aiko, ben):
        person.dials(session.line_of(person))
        person.hears("通話の回数に達しました。")
        clock.forward(seconds=10)
    assert session.status == "in-progress"
    assert session.changes(desk, MaxCalls="3")["calls_made"] == 2
    talk(session, aiko, ben, clock)
    aiko.dials(session.line_of(aiko))
    aiko.hears("通話の回数に達しました。")


def test_a_call_that_nobody_has_taken_does_not_count(together, desk, aiko, ben, clock):
    session = together(MaxCalls="1", AcceptByKey="true")
    for _ in range(2):
        ring(session, aiko, ben, clock)
        ben.answers()
        clock.forward(seconds=30)
        aiko.hears(UNANSWERED)
        clock.forward(seconds=10)
    ring(session, aiko, ben, clock)
    ben.rejects()
    clock.forward(seconds=10)
    assert session.changes(desk, Label="")["calls_made"] == 0


def test_after_the_first_call_in_which_two_have_talked_the_session_is_closed(together, aiko, ben, clock):
    session = together(CloseAfterCall="true")
    ring(session, aiko, ben, clock)
    ben.rejects()
    clock.forward(seconds=10)
    assert session.status == "in-progress"
    talk(session, aiko, ben, clock)
    assert (session.status, session.sdk.fetch().closed_reason) == ("closed", "call-made")
    ben.dials(session.line_of(ben))
    ben.hears("この番号のご利用期間は終了しました。")


def test_where_only_one_may_call_the_other_is_told_so(together, aiko, ben, clock):
    session = together(OneWay="true")
    ben.dials(session.line_of(ben))
    ben.hears("この番号は発信専用のため、お電話をお受けできません。")
    clock.forward(seconds=10)
    talk(session, aiko, ben, clock)


def test_who_comes_in_somebodys_stead_may_call_as_they_could(together, aiko, ben, eve, clock):
    session = together(OneWay="true")
    [first, _] = session.sdk.participants.list()
    session.sdk.participants(first.sid).delete()
    session.sdk.participants.create(identifier=eve.number, friendly_name="Eve")
    ben.dials(session.line_of(ben))
    ben.hears("この番号は発信専用のため")
    clock.forward(seconds=10)
    talk(session, eve, ben, clock)


# ---- the same through a conference -----------------------------------------------------------------------------------


def test_a_conference_is_put_through_in_the_same_way(together, desk, aiko, ben, clock):
    session = together(Through="conference", Greeting=GREETING, Whisper=WHISPER, AcceptByKey="true", MaxCalls="1")
    session.changes(desk, Label="ご注文17番")
    ring(session, aiko, ben, clock)
    aiko.hears(GREETING)
    ben.answers()
    clock.forward(seconds=3)
    ben.hears("Aiko様から、ご注文17番についてのお電話です。")
    clock.forward(seconds=30)
    aiko.hears(UNANSWERED)
    clock.forward(seconds=10)
    ring(session, aiko, ben, clock)
    ben.answers()
    clock.forward(seconds=3)
    ben.presses("1")
    clock.forward(seconds=30)
    aiko.talks_with(ben)
    ben.hangs_up()
    clock.forward(seconds=60)
    aiko.dials(session.line_of(aiko))
    aiko.hears("通話の回数に達しました。")


def test_a_conference_rings_and_lasts_as_long_as_the_service_says(together, aiko, ben, clock):
    session = together(Through="conference", RingSeconds="60", MaxCallSeconds="90", WarnBeforeEnd="0")
    ring(session, aiko, ben, clock)
    clock.forward(seconds=45)
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    clock.forward(seconds=20)
    aiko.talks_with(ben)
    clock.forward(seconds=30)
    ben.is_idle()
    aiko.is_idle()


def test_a_session_is_closed_after_its_first_conference(together, aiko, ben, clock):
    session = together(Through="conference", CloseAfterCall="true", OneWay="true")
    ben.dials(session.line_of(ben))
    ben.hears("この番号は発信専用のため")
    clock.forward(seconds=10)
    talk(session, aiko, ben, clock)
    clock.forward(seconds=30)
    assert (session.status, session.sdk.fetch().closed_reason) == ("closed", "call-made")
