"""Announcements into a running conference: heard once, at the right second, by whom they are for."""

from datetime import UTC, datetime

from tests.stories.rooms import LINE, meet

THREE = {"before_end": 180, "say": "three minutes left", "language": "en-US"}


def heard(person, words):
    """At which second of its call this person heard these words."""
    return [item["second"] for item in person.telephone["heard"] if words in item["text"]]


def test_both_hear_three_minutes_before_the_end_that_there_are_three_left(desk, aiko, ben, clock):
    bridge = meet(desk, aiko, ben, minutes=30, announcements=[THREE])
    clock.forward(minutes=26, seconds=59)
    assert heard(aiko, "three minutes left") == []
    clock.forward(seconds=2)
    (to_aiko,), (to_ben,) = heard(aiko, "three minutes left"), heard(ben, "three minutes left")
    assert (to_aiko, to_ben) == (27 * 60 + 1, 27 * 60)  # Aiko was called a second before
    aiko.talks_with(ben)
    clock.forward(minutes=3)
    ben.is_idle()
    assert len(bridge.spoken()) == 1


def test_an_announcement_may_come_after_the_start_and_several_may_come(desk, aiko, ben, clock):
    said = [
        {"after_start": 0, "say": "this call is recorded nowhere"},
        {"after_start": 60, "say": "one minute has passed"},
        {"before_end": 60, "say": "one minute is left"},
    ]
    meet(desk, aiko, ben, minutes=5, language="en-US", announcements=said)
    clock.forward(minutes=5, seconds=2)
    assert heard(ben, "recorded nowhere") == [0]
    assert heard(ben, "has passed") == [60]
    assert heard(ben, "is left") == [240]


def test_an_announcement_for_one_is_heard_by_nobody_else(desk, aiko, ben, clock):
    meet(desk, aiko, ben, minutes=5, announcements=[{"after_start": 30, "say": "only for ben", "to": 2}])
    clock.forward(minutes=1)
    assert (heard(aiko, "only for ben"), len(heard(ben, "only for ben"))) == ([], 1)
    aiko.hangs_up()
    ben.hangs_up()


def test_a_file_can_be_played(desk, aiko, ben, clock, box):
    tone = f"{box.exchange}/voice/ringing/en"
    meet(desk, aiko, ben, minutes=5, announcements=[{"after_start": 30, "play": tone}])
    clock.forward(minutes=1)
    assert [item["kind"] for item in ben.telephone["heard"] if tone in item["text"]] == ["play"]
    aiko.hangs_up()
    ben.hangs_up()


def test_the_desk_speaks_into_a_running_conference_while_they_talk(desk, aiko, ben):
    bridge = meet(desk, aiko, ben)
    bridge.announce(say="お車が到着しました。", language="ja-JP")
    for person in (aiko, ben):
        person.hears("お車が到着しました。")
    bridge.announce(say="only for aiko", language="en-US", to=1)
    aiko.talks_with(ben)
    aiko.hangs_up()
    ben.hangs_up()


def test_nothing_is_spoken_into_a_room_before_the_second_has_come(desk, aiko, ben, clock):
    desk.owns(LINE)
    bridge = desk.calls(aiko, ben, line=LINE)
    clock.forward(seconds=1)
    for person in (aiko, ben):
        person.rings(showing=LINE)
    refused = desk.request("POST", f"{bridge.path}/announce", {"say": "hello"})
    assert (refused.status_code, refused.json()["title"]) == (409, "Conflict")
    bridge.end()
    ben.is_idle()


def test_an_announcement_due_while_nobody_is_there_waits_for_five_seconds_and_no_longer(desk, aiko, ben, clock):
    bridge = meet(
        desk, aiko, ben, minutes=30, extension={"minutes": 5, "times": 3},
        announcements=[{"before_end": 180, "say": "three left", "language": "en-US"},
                       {"after_start": 1682, "say": "soon", "language": "en-US"}],
    )  # fmt: skip
    clock.forward(minutes=28)
    aiko.presses("*")
    ben.presses("*")  # both leave for a moment, and Twilio ends the conference
    clock.forward(seconds=15)
    aiko.talks_with(ben)
    assert len({room["sid"] for room in rooms(desk, bridge)}) == 2
    assert len(heard(ben, "soon")) + len(dropped(bridge)) == 1
    bridge.end()


def rooms(desk, bridge):
    return [
        room for room in desk.scene.call("GET", "/conferences")["conferences"] if room["friendly_name"] == bridge.sid
    ]


def dropped(bridge):
    return [one for announcement in bridge.seen["announcements"] for one in announcement["dropped"]]


def test_three_hours_pass_and_every_word_comes_at_its_second(desk, aiko, ben, clock):
    every = [{"after_start": 600 * n, "say": f"part {n} of the call", "language": "en-US"} for n in range(1, 18)]
    bridge = meet(desk, aiko, ben, minutes=180, announcements=[*every, THREE])
    start = datetime.fromisoformat(bridge.seen["started_at"]).timestamp()
    clock.forward(hours=3, seconds=2)
    assert [heard(ben, f"part {n} of")[0] for n in range(1, 18)] == [600 * n for n in range(1, 18)]
    assert heard(ben, "three minutes left") == [177 * 60]
    ended = datetime.fromisoformat(bridge.seen["ended_at"]).timestamp()
    assert ended - start == 3 * 3600
    assert datetime.fromtimestamp(start, UTC) < datetime.fromtimestamp(ended, UTC)
