"""Somebody calls the number of a company: it greets them, offers, asks, puts through, and takes a message."""

import time
from datetime import datetime

import pytest

from tests.stories.owners import Owner

LINE, OFFICE, SHOP = "+815010000009", "+81312345678", "+81312345679"

DESK = f"""
language: ja-JP
start: welcome
steps:
  welcome: {{greet: "お電話ありがとうございます、{{name}}様。", unknown: "お電話ありがとうございます。", next: menu}}
  menu:
    menu: "再配達は1を、担当者は2を、伝言は3を押してください。"
    keys: {{1: redelivery, 2: person, 3: message}}
    retries: 2
    otherwise: message
  redelivery: {{say: "再配達を承ります。", next: goodbye}}
  person: {{transfer: "{OFFICE}", seconds: 20, whisper: "{{name}}様からお電話です。", otherwise: message}}
  message: {{voicemail: "発信音の後に伝言をどうぞ。", seconds: 120, next: goodbye}}
  goodbye: {{say: "ありがとうございました。"}}
"""


@pytest.fixture
def office(box):
    """A telephone at the company."""
    from tests.stories.people import Person

    return Person(box, "Office", OFFICE)


@pytest.fixture
def owner():
    owner = Owner()
    yield owner
    owner.close()
    assert not owner.forged, owner.forged


# ---- who calls -------------------------------------------------------------------------------------------------------


def test_a_caller_who_is_known_is_greeted_by_name_and_another_is_not(desk, clock, aiko, ben):
    desk.answers_at(LINE, DESK)
    desk.knows(aiko, name="山田愛子", reading="やまだあいこ")
    aiko.dials(LINE)
    aiko.hears("お電話ありがとうございます、やまだあいこ様。")
    ben.dials(LINE)
    ben.hears("お電話ありがとうございます。")
    clock.forward(seconds=10)
    ben.hears("再配達は1を")


def test_a_caller_who_hides_their_number_is_answered_all_the_same(desk, aiko):
    desk.answers_at(LINE, DESK)
    aiko.will("by hand", withheld=True)
    aiko.dials(LINE)
    aiko.hears("お電話ありがとうございます。")


def test_a_blocked_caller_hears_a_polite_end(desk, clock, eve):
    desk.answers_at(LINE, DESK)
    desk.knows(eve, blocked=True)
    eve.dials(LINE)
    eve.hears("お電話はお受けできません")
    clock.forward(seconds=20)
    eve.is_idle()


def test_who_has_a_session_is_put_through_and_when_it_is_over_the_reception_answers(desk, clock, aiko, ben):
    desk.opens("+815010000001", LINE)
    desk.writes("desk", DESK)
    for line in ("+815010000001", LINE):
        desk.asks("PUT", f"/api/lines/%2B{line[1:]}", {"reception": "desk"})
    session = desk.brings_together(aiko, ben)
    line = session.line_of(aiko)
    aiko.dials(line)
    ben.rings(showing=session.line_of(ben))
    ben.rejects()
    session.sdk.update(status="closed")
    aiko.dials(line)
    aiko.hears("お電話ありがとうございます。")


# ---- the menu --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "heard"), [("1", "再配達を承ります"), ("3", "発信音の後に")])
def test_a_key_leads_on(desk, clock, aiko, key, heard):
    desk.answers_at(LINE, DESK)
    aiko.dials(LINE)
    clock.forward(seconds=3)
    aiko.presses(key)
    aiko.hears(heard)


def test_a_wrong_key_is_told_and_the_menu_comes_again_as_often_as_it_may(desk, clock, aiko):
    desk.answers_at(LINE, DESK)
    aiko.dials(LINE)
    clock.forward(seconds=3)
    for _ in range(2):
        aiko.presses("9")
        aiko.hears("もう一度お願いいたします")
        clock.forward(seconds=3)
    aiko.presses("9")
    aiko.hears("発信音の後に")


def test_silence_has_the_menu_come_again_and_then_leads_on(desk, clock, aiko):
    desk.answers_at(LINE, DESK)
    aiko.dials(LINE)
    clock.forward(seconds=40)
    offered = [item for item in aiko.telephone["heard"] if "再配達は1を" in item["text"]]
    assert len(offered) == 3
    aiko.hears("発信音の後に")


def test_a_word_chooses_as_a_key_does(desk, clock, aiko):
    desk.answers_at(
        LINE,
        """
        steps:
          menu: {menu: "ご用件をどうぞ。", spoken: {予約: book, 取り消し: cancel}, otherwise: bye}
          book: {say: "ご予約ですね。"}
          cancel: {say: "取り消しですね。"}
          bye: {say: "失礼いたします。"}
        """,
    )
    aiko.dials(LINE)
    clock.forward(seconds=3)
    aiko.says("あの、予約をお願いします")
    clock.forward(seconds=5)
    aiko.hears("ご予約ですね。")


def test_a_running_call_stays_on_the_version_it_began_with(desk, clock, aiko, ben):
    desk.answers_at(LINE, DESK)
    aiko.dials(LINE)
    clock.forward(seconds=3)
    desk.writes("desk", DESK.replace("再配達を承ります。", "再配達は終了しました。"))
    aiko.presses("1")
    aiko.hears("再配達を承ります。")
    ben.dials(LINE)
    clock.forward(seconds=3)
    ben.presses("1")
    ben.hears("再配達は終了しました。")


def test_a_reception_speaks_the_language_of_who_calls(desk, aiko, ben):
    desk.answers_at(
        LINE,
        """
        steps:
          welcome:
            greet: {ja: "{name}様、こんにちは。", en: "Hello {name}."}
            unknown: {ja: "こんにちは。", en: "Hello."}
        """,
    )
    desk.knows(ben, name="Ben Smith", language="en-US")
    ben.dials(LINE)
    ben.hears("Hello Ben Smith.")
    aiko.dials(LINE)
    aiko.hears("こんにちは。")


# ---- hanging up ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", ["", "1", "2", "3"])
def test_whoever_hangs_up_in_the_middle_leaves_nothing_behind(desk, clock, aiko, office, keys):
    office.will("never")
    desk.answers_at(LINE, DESK)
    aiko.dials(LINE)
    clock.forward(seconds=3)
    if keys:
        aiko.presses(keys)
    if keys == "2":
        office.was_called(showing=LINE)
    clock.forward(seconds=1)
    aiko.hangs_up()
    clock.forward(minutes=2)
    aiko.is_idle()
    office.is_idle()


@pytest.mark.parametrize("digits", ["", "12", "123456789012"])
def test_whoever_hangs_up_while_keying_in_has_asked_nobody(desk, clock, aiko, owner, digits):
    desk.answers_at(LINE, redelivery(owner))
    aiko.dials(LINE)
    aiko.presses("1")
    if digits:
        aiko.presses(digits)
    clock.forward(seconds=1)
    aiko.hangs_up()
    clock.forward(minutes=1)
    aiko.is_idle()
    assert not owner.asked


# ---- transfers -------------------------------------------------------------------------------------------------------


def test_whoever_is_called_hears_who_is_calling_and_then_they_talk(desk, clock, aiko, office):
    desk.answers_at(LINE, DESK)
    desk.knows(aiko, name="山田愛子")
    aiko.dials(LINE)
    clock.forward(seconds=3)
    aiko.presses("2")
    office.rings(showing=LINE)
    office.answers()
    office.hears("山田愛子様からお電話です。")
    clock.forward(seconds=5)
    aiko.talks_with(office)
    office.hangs_up()
    clock.forward(seconds=2)
    aiko.is_idle()


@pytest.mark.parametrize("answers", ["busy", "never"])
def test_when_nobody_takes_the_call_it_goes_on_to_a_message(desk, clock, aiko, office, answers):
    office.will(answers)
    desk.answers_at(LINE, DESK)
    aiko.dials(LINE)
    clock.forward(seconds=3)
    aiko.presses("2")
    office.was_called(showing=LINE)
    clock.forward(seconds=30)
    aiko.hears("発信音の後に")


def test_several_are_called_in_turn(desk, clock, aiko, ben, office):
    text = f"""
        steps:
          person: {{transfer: ["{OFFICE}", "{ben.number}"], seconds: 10, next: bye, otherwise: bye}}
          bye: {{say: "失礼いたします。"}}
        """
    desk.answers_at(LINE, text)
    office.will("never")
    aiko.dials(LINE)
    office.was_called(showing=LINE)
    clock.forward(seconds=20)
    ben.rings(showing=LINE)
    ben.answers()
    aiko.talks_with(ben)
    ben.hangs_up()
    clock.forward(seconds=1)
    aiko.hears("失礼いたします。")


def test_several_are_called_together_and_whoever_takes_it_with_a_1_is_put_through(desk, clock, aiko, ben, office):
    text = f"""
        steps:
          person: {{transfer: ["{OFFICE}", "{ben.number}"], together: true, accept: true, otherwise: bye}}
          bye: {{say: "失礼いたします。"}}
        """
    desk.answers_at(LINE, text)
    aiko.dials(LINE)
    office.rings(showing=LINE)
    ben.rings(showing=LINE)
    ben.answers()
    ben.hears("1を押してください")
    ben.presses("1")
    clock.forward(seconds=2)
    aiko.talks_with(ben)
    office.is_idle()


def test_who_does_not_press_a_1_is_not_put_through(desk, clock, aiko, office):
    text = f"""
        steps:
          person: {{transfer: "{OFFICE}", accept: true, otherwise: bye}}
          bye: {{say: "担当者は席を外しております。"}}
        """
    desk.answers_at(LINE, text)
    aiko.dials(LINE)
    office.rings(showing=LINE)
    office.answers()
    clock.forward(seconds=30)
    aiko.hears("席を外しております")
    office.is_idle()


# ---- conversations that are recorded ---------------------------------------------------------------------------------

RECORDED = f"""
steps:
  person: {{transfer: "{OFFICE}", record: {{notice: "この通話は録音されます。", refuse: 9}}, otherwise: bye}}
  bye: {{say: "失礼いたします。"}}
"""


def test_a_conversation_is_recorded_only_when_both_have_been_told(desk, clock, box, aiko, office):
    desk.answers_at(LINE, RECORDED)
    aiko.dials(LINE)
    aiko.hears("この通話は録音されます。")
    clock.forward(seconds=15)
    office.rings(showing=LINE)
    office.answers()
    office.hears("この通話は録音されます。")
    clock.forward(seconds=5)
    aiko.talks_with(office)
    aiko.says("もしもし")
    clock.forward(seconds=5)
    aiko.hangs_up()
    clock.forward(seconds=30)
    kept = desk.asks("GET", "/api/recordings")["recordings"]
    assert [(one["kind"], one["status"]) for one in kept] == [("conversation", "stored")]


def test_who_refuses_is_put_through_and_not_recorded(desk, clock, aiko, office):
    desk.answers_at(LINE, RECORDED)
    aiko.dials(LINE)
    clock.forward(seconds=5)
    aiko.presses("9")
    office.rings(showing=LINE)
    office.answers()
    office.hears_nothing()
    aiko.talks_with(office)
    clock.forward(seconds=5)
    office.hangs_up()
    clock.forward(seconds=30)
    assert desk.asks("GET", "/api/recordings")["recordings"] == []


# ---- business hours --------------------------------------------------------------------------------------------------

HOURS = """
steps:
  hours:
    hours: {mon-fri: "9:00-12:00, 13:00-18:00", sat: "22:00-2:00"}
    holidays: JP
    special: {2026-11-25: "20:00-21:00"}
    open: welcome
    closed: after
  welcome: {say: "営業中です。"}
  after: {say: "営業時間外です。"}
"""


def test_business_hours_go_past_midnight_and_know_holidays(desk, clock, aiko):
    desk.answers_at(LINE, HOURS)

    def hears(said: str, date: str, at: str) -> None:
        moment = datetime.fromisoformat(f"2026-11-{date}T{at}+09:00").timestamp()
        clock.forward(seconds=moment - time.time())
        aiko.dials(LINE)
        aiko.hears(said)
        aiko.hangs_up()

    hears("営業中です", "19", "09:00")
    hears("営業時間外です", "19", "18:00")
    hears("営業中です", "22", "01:59")
    hears("営業時間外です", "23", "10:00")  # a public holiday, on a Monday


# ---- digits, and the owner's system ----------------------------------------------------------------------------------


def redelivery(owner: Owner, **more: str) -> str:
    return f"""
steps:
  parcel:
    gather: "12桁の伝票番号を押してください。"
    digits: 12
    confirm: true
    ask: "{owner.address}/redelivery"
    otherwise: person
    next: goodbye
  person: {{say: "担当者におつなぎします。"}}
  late: {{say: "本日の受付は終了しました。"}}
  goodbye: {{say: "ありがとうございました。"}}
  fallback: {{jump: late}}
  start_here: {{menu: "押してください。", keys: {{1: parcel, 2: fallback}}, otherwise: parcel}}
start: start_here
"""


def keys_in_a_parcel(clock, aiko, number="123456789012"):
    aiko.dials(LINE)
    aiko.presses("1")
    aiko.presses(number)
    clock.forward(seconds=1)


def test_the_owners_system_hears_the_digits_and_says_what_the_caller_hears(desk, clock, aiko, owner):
    owner.says = lambda facts: {"say": "明日の午前中にお届けします。"}
    desk.answers_at(LINE, redelivery(owner))
    keys_in_a_parcel(clock, aiko)
    aiko.hears("1 2 3 4 5 6 7 8 9 0 1 2")
    aiko.presses("1")
    aiko.hears("明日の午前中にお届けします。")
    clock.forward(seconds=5)
    aiko.hears("ありがとうございました。")
    [asked] = owner.asked
    assert (asked["digits"], asked["from"], asked["to"]) == ("123456789012", aiko.number, LINE)


def test_the_owners_system_may_send_the_caller_to_another_step(desk, clock, aiko, owner):
    owner.says = lambda facts: {"step": "late"}
    desk.answers_at(LINE, redelivery(owner))
    keys_in_a_parcel(clock, aiko)
    aiko.presses("1")
    aiko.hears("本日の受付は終了しました。")


def test_digits_that_were_not_meant_are_keyed_in_again(desk, clock, aiko, owner):
    desk.answers_at(LINE, redelivery(owner))
    keys_in_a_parcel(clock, aiko, "111111111111")
    aiko.presses("2")
    aiko.presses("222222222222")
    clock.forward(seconds=1)
    aiko.presses("1")
    aiko.hears("ありがとうございました。")
    assert [asked["digits"] for asked in owner.asked] == ["222222222222"]


def slow(_):
    time.sleep(2.3)  # the one wait in all the stories: two seconds are what a caller is kept waiting
    return {}


@pytest.mark.parametrize(
    "says",
    [lambda _: 500, lambda _: b"<html>", lambda _: [], lambda _: {"step": "nowhere"}, lambda _: b"x" * 20_000, slow],
    ids=["down", "no JSON", "no object", "a step that is none", "too large", "slow"],
)
def test_when_the_owners_system_is_of_no_use_the_caller_is_led_on(desk, clock, aiko, owner, says):
    owner.says = says
    desk.answers_at(LINE, redelivery(owner))
    keys_in_a_parcel(clock, aiko)
    aiko.presses("1")
    aiko.hears("担当者におつなぎします。")


def test_when_nobody_is_there_where_the_owners_system_should_be_the_caller_is_led_on(desk, clock, aiko, owner):
    desk.answers_at(LINE, redelivery(owner))
    owner.close()
    keys_in_a_parcel(clock, aiko)
    aiko.presses("1")
    aiko.hears("担当者におつなぎします。")


def test_digits_are_in_no_url(desk, clock, box, aiko, owner):
    desk.answers_at(LINE, redelivery(owner))
    keys_in_a_parcel(clock, aiko)
    aiko.presses("1")
    assert not [
        hook["url"] for hook in box.webhooks() if "123456789012" in hook["url"] or aiko.number[1:] in hook["url"]
    ]
