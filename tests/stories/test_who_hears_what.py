"""Whoever cannot be put through hears why, in a language of their own, and nobody is rung by accident."""

import pytest

JAPANESE, AMERICAN = "+815010000011", "+12025550143"


@pytest.fixture
def opened(desk):
    desk.opens(JAPANESE)
    return desk


def test_a_withheld_number_is_never_put_through(opened, aiko, ben):
    session = opened.brings_together(aiko, ben)
    aiko.will("by hand", withheld=True)
    aiko.dials(session.line_of(aiko))
    aiko.hears("番号が通知されていない")
    ben.is_idle()


def test_a_number_that_serves_nobody_is_not_in_service(aiko, box):
    number, ours = "+815010000099", {"voice_url": f"{box.exchange}/voice"}
    box.call("POST", "/numbers", {"phone_number": number, "capabilities": {"voice": True}, **ours})
    aiko.dials(number)
    aiko.hears("現在使われておりません")


def test_someone_alone_in_a_session_hears_that_nobody_has_joined(opened, aiko, ben):
    session = opened.brings_together(aiko)
    aiko.dials(session.line_of(aiko))
    aiko.hears("まだ登録されていません")
    aiko.hangs_up()
    session.sdk.participants.create(identifier=ben.number)
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    aiko.hangs_up()


def test_a_session_for_messages_takes_no_calls(desk, aiko, ben):
    desk.opens(JAPANESE, sms=True)
    session = desk.brings_together(aiko, ben, mode="message-only")
    aiko.dials(session.line_of(aiko))
    aiko.hears("通話をご利用いただけません")
    ben.is_idle()


def test_whoever_calls_from_japan_hears_japanese_on_a_line_abroad_too(desk, aiko):
    desk.opens(AMERICAN)
    aiko.dials(AMERICAN)
    aiko.hears("おつなぎできません")


def test_whoever_hides_their_number_hears_the_language_of_the_line(desk, aiko):
    desk.opens(AMERICAN)
    aiko.will("by hand", withheld=True)
    aiko.dials(AMERICAN)
    aiko.hears("Your number is withheld")


def test_whoever_is_known_to_speak_english_hears_english_on_any_line(opened, aiko):
    opened.knows(aiko, language="en-US")
    aiko.dials(JAPANESE)
    aiko.hears("cannot be reached from your telephone")


def test_a_number_taken_out_of_the_pool_goes_where_it_went_before(desk, aiko, box):
    former = {"voice_url": "http://127.0.0.1:9/former", "sms_url": ""}
    box.call("POST", "/numbers", {"phone_number": JAPANESE, "capabilities": {"voice": True}, **former})
    desk.opens()
    number = desk.service.phone_numbers.create(phone_number=JAPANESE)
    aiko.dials(JAPANESE)
    aiko.hears("おつなぎできません")
    desk.service.phone_numbers(number.sid).delete()
    twilio = box.http.get(
        f"/2010-04-01/Accounts/{box.call('GET', '/account')['account_sid']}/IncomingPhoneNumbers/{number.sid}.json",
        auth=tuple(box.call("GET", "/account")[name] for name in ("account_sid", "auth_token")),
    )
    assert twilio.json()["voice_url"] == former["voice_url"]
