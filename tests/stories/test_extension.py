"""More time: a star after the warning, or the desk, moves the end with all that hangs on it, and once at a time."""

import xml.etree.ElementTree as ElementTree

import pytest

from tests.stories.rooms import meet

EXTENDED = "通話を10分延長しました"
FULL = "これ以上は延長できません"
TWICE = {"minutes": 10, "times": 2}


def deadline(bridge):
    return bridge.seen["ends_at"][11:19]


def warned(person):
    return [item for item in person.telephone["heard"] if "米印を押してください" in item["text"]]


@pytest.fixture
def bridge(desk, aiko, ben, clock):
    """A call of half an hour that may be extended, three minutes before its end."""
    bridge = meet(desk, aiko, ben, minutes=30, extension=TWICE)
    clock.forward(minutes=27, seconds=10)
    return bridge


def test_who_may_extend_is_told_so_and_a_star_does_it(bridge, aiko, ben, clock):
    before = deadline(bridge)
    assert len(warned(aiko)) == len(warned(ben)) == 1
    aiko.hears("あと3分です")
    aiko.presses("*")
    aiko.hears(EXTENDED)
    clock.forward(seconds=5)
    aiko.talks_with(ben)
    assert deadline(bridge) != before
    clock.forward(minutes=2, seconds=50)
    aiko.talks_with(ben)
    clock.forward(minutes=7)
    assert len(warned(ben)) == 2  # three minutes before the new end
    clock.forward(minutes=3)
    aiko.is_idle()
    ben.is_idle()
    assert bridge.seen["extensions"] == 1


def test_when_both_press_in_the_same_second_it_is_one_extension(bridge, aiko, ben, clock):
    aiko.presses("*")
    ben.presses("*")
    aiko.hears(EXTENDED)
    ben.hears(EXTENDED)
    clock.forward(seconds=10)
    aiko.talks_with(ben)
    assert bridge.seen["extensions"] == 1
    bridge.end()


def test_a_star_before_the_warning_only_leads_back(desk, aiko, ben, clock):
    bridge = meet(desk, aiko, ben, minutes=30, extension=TWICE)
    clock.forward(minutes=5)
    aiko.presses("*")
    aiko.hears("通話に戻ります")
    clock.forward(seconds=5)
    aiko.talks_with(ben)
    assert bridge.seen["extensions"] == 0
    bridge.end()


def test_when_all_extensions_are_used_up_one_is_told_so(bridge, aiko, ben, clock):
    aiko.presses("*")
    clock.forward(minutes=10)
    ben.presses("*")
    clock.forward(minutes=10)
    aiko.presses("*")
    aiko.hears(FULL)
    clock.forward(seconds=8)
    aiko.talks_with(ben)
    clock.forward(minutes=3)
    aiko.is_idle()
    assert bridge.seen["extensions"] == 2


def test_only_whom_the_owner_allows_can_extend(desk, aiko, ben, clock):
    bridge = meet(desk, aiko, ben, minutes=10, extension={"minutes": 10, "by": [2]})
    clock.forward(minutes=8)
    aiko.presses("*")
    clock.forward(seconds=5)
    assert bridge.seen["extensions"] == 0
    ben.presses("*")
    ben.hears(EXTENDED)
    clock.forward(seconds=5)
    bridge.end()


def test_without_an_extension_a_star_is_only_a_tone(desk, aiko, ben, clock):
    bridge = meet(desk, aiko, ben, minutes=10)
    clock.forward(minutes=9)
    aiko.presses("*")
    aiko.talks_with(ben)
    assert desk.request("POST", f"{bridge.path}/extend").status_code == 409
    bridge.end()


def test_the_desk_extends_and_twilios_own_limit_moves_along(desk, aiko, ben, clock, box):
    bridge = meet(desk, aiko, ben, minutes=10, extension={"minutes": 10})
    bridge.extend()
    assert desk.request("POST", f"{bridge.path}/extend").json()["detail"].startswith("The call was extended 1 times")
    clock.forward(minutes=15)
    aiko.talks_with(ben)
    clock.forward(minutes=5, seconds=2)
    aiko.is_idle()
    assert {int(call["seconds"]) for call in box.calls()} == {1200, 1201}


def test_nobody_is_released_while_the_other_is_at_the_star(bridge, aiko, ben, clock):
    aiko.presses("*")
    clock.forward(seconds=1)
    assert "退出" not in str(ben.telephone["heard"])
    clock.forward(seconds=20)
    aiko.talks_with(ben)
    bridge.end()


def test_the_name_of_a_room_is_opaque_and_both_sides_have_the_same_attributes(bridge, box, aiko, ben):
    answers = [hook["answer"] for hook in box.webhooks() if hook["url"].endswith("/answered")]
    rooms = {ElementTree.tostring(ElementTree.fromstring(answer).find(".//Conference")) for answer in answers}
    assert len(answers) == 2
    (room,) = map(ElementTree.fromstring, rooms)
    assert (room.text, room.get("beep")) == (bridge.sid, "false")
    assert not any(person.number[1:] in answer for person in (aiko, ben) for answer in answers)
    bridge.end()
