"""Visits to a reception without Twilio, database or web: what a step says, and where it leads."""

import xml.etree.ElementTree as ElementTree
from functools import partial

import pytest

from toritsugi.foundation.addresses import public_url
from toritsugi.foundation.errors import OwnerSilent
from toritsugi.foundation.sealing import seal
from toritsugi.receptions.answering import steps
from toritsugi.receptions.answering.visits import Permitted, Visit, VisitPlace
from toritsugi.receptions.authoring import checks

pytestmark = pytest.mark.usefixtures("secrets")

NOON = 1_795_057_200  # 2026-11-19T12:00 in Tokyo, a Thursday
AIKO, LINE = "+819011110001", "+815010000001"


class Owner:
    """The owner's system, which says one thing, and remembers what it was asked."""

    def __init__(self, said=None):
        self.said, self.asked = said, []

    def ask(self, url, facts, key):
        self.asked.append((url, dict(facts), key))
        if self.said is None:
            raise OwnerSilent
        return self.said


def visit(text, place, owner=None, caller=AIKO, looked_up=None, **fields):
    """The TwiML of a reception that is written so, at a place like menu/chosen/0."""
    document = checks.compile(text)
    step, deed, turn, sealed = [*place.split("/"), "", "", ""][:4]
    here = VisitPlace(
        "desk", 1, document["language"], step, deed, int(turn or 0), seal(sealed, "CA1") if sealed else ""
    )
    fields = {"CallSid": "CA1", "From": caller, "To": LINE, "CallStatus": "in-progress"} | fields
    find = (looked_up if looked_up is not None else []).append
    twiml = steps.answer_call(
        Visit(here, document, fields, (owner or Owner()).ask, NOON, find, partial(Permitted, rate=12), "token")
    )
    return ElementTree.fromstring(str(twiml))


def words(twiml):
    return [said.text for said in twiml.iter("Say")]


ASK = """
steps:
  parcel: {ask: "https://example.com/parcel", otherwise: silent, next: done}
  silent: {say: "しばらくお待ちください。"}
  done: {say: "以上です。"}
"""


def test_the_owner_is_asked_once_for_one_request_of_twilios_and_again_for_another_step():
    owner = Owner({})
    visit(ASK, "parcel", owner)
    [(url, facts, key)] = owner.asked
    assert (url, key) == ("https://example.com/parcel", "token-parcel")
    assert facts == {
        "call_sid": "CA1",
        "reception": "desk",
        "version": 1,
        "step": "parcel",
        "from": AIKO,
        "to": LINE,
        "language": "ja-JP",
        "digits": None,
        "unconfirmed": False,
    }


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ({"say": "本日です。"}, ["本日です。", "以上です。"]),
        ({"say": "本日です。", "step": "silent"}, ["本日です。", "しばらくお待ちください。"]),
        ({"say": "  "}, ["以上です。"]),
        ({"say": 5}, ["以上です。"]),
        ({"step": None}, ["以上です。"]),
        ({"step": ["silent"]}, ["しばらくお待ちください。"]),
        ({"step": "nowhere", "say": "x"}, ["しばらくお待ちください。"]),
        (None, ["しばらくお待ちください。"]),
    ],
)
def test_what_the_owner_says_is_said_and_where_it_leads_the_call_goes(said, heard):
    assert words(visit(ASK, "parcel", Owner(said))) == heard


def test_a_mistake_of_ours_while_the_owner_is_asked_is_not_taken_for_the_owners_silence():
    class Broken(Owner):
        def ask(self, url, facts, key):
            raise RuntimeError("a mistake of ours")

    with pytest.raises(RuntimeError, match="of ours"):
        visit(ASK, "parcel", Broken())


def test_an_owner_who_leads_in_a_circle_is_not_followed_for_long():
    owner = Owner({"step": "parcel"})
    assert words(visit(ASK, "parcel", owner)) == ["しばらくお待ちください。"]
    assert len(owner.asked) == 2


def test_the_owner_speaks_a_thousand_characters_at_most():
    assert len(words(visit(ASK, "parcel", Owner({"say": "あ" * 5000})))[0]) == 1000


def test_whatever_the_owner_says_is_words_and_no_markup():
    twiml = visit(ASK, "parcel", Owner({"say": "</Say><Hangup/>{name}"}))
    assert words(twiml)[0] == "</Say><Hangup/>{name}"


DIGITS = """
steps:
  parcel: {gather: "伝票番号を。", digits: 4-6, confirm: true, retries: 1, otherwise: bye, next: done}
  done: {say: "{digits}を承りました。"}
  bye: {say: "失礼いたします。"}
"""


@pytest.mark.parametrize(
    ("place", "pressed", "heard"),
    [
        ("parcel/confirmed/0/1234", "1", "1 2 3 4を承りました。"),
        ("parcel/confirmed/0/1234", "2", "伝票番号を。"),
        ("parcel/confirmed/1/1234", "2", "失礼いたします。"),
        ("parcel/confirmed/0/1234", "", "1 2 3 4、でよろしければ1を、入力し直すには2を押してください。"),
        ("parcel/confirmed/1/1234", "", "失礼いたします。"),
        ("parcel/confirmed/0", "1", "伝票番号を。"),
    ],
)
def test_digits_that_were_read_back_are_confirmed_or_keyed_in_again(place, pressed, heard):
    assert words(visit(DIGITS, place, Digits=pressed)) == [heard]


def test_hours_may_be_those_of_another_place_than_the_rest():
    text = """
    steps:
      hours: {hours: {thu: "9:00-18:00"}, timezone: America/New_York, open: yes, closed: no}
      yes: {say: "open"}
      no: {say: "closed"}
    """
    assert words(visit(text, "hours")) == ["closed"]
    assert words(visit(text.replace("America/New_York", "Asia/Tokyo"), "hours")) == ["open"]


def test_a_file_is_played():
    text = 'steps: {tune: {play: "https://example.com/tune.mp3", next: bye}, bye: {hangup: true}}'
    assert [(one.tag, one.text) for one in visit(text, "tune")] == [
        ("Play", "https://example.com/tune.mp3"),
        ("Hangup", None),
    ]


GREET = 'steps: {hello: {greet: "{name}様", unknown: "{time}です。{number}"}}'


@pytest.mark.parametrize("hidden", ["anonymous", "Restricted", "", "sip:x@y", "+266696687"])
def test_nobody_is_looked_up_who_hides(hidden):
    looked_up = []
    assert words(visit(GREET, "hello", caller=hidden, looked_up=looked_up)) == ["12時です。番号非通知の方"]
    assert not looked_up


def test_who_shows_a_number_is_looked_up():
    looked_up = []
    visit(GREET, "hello", looked_up=looked_up)
    assert looked_up == [AIKO]


def test_times_and_dates_are_said_as_people_say_them():
    text = 'steps: {now: {say: {ja: "{date}{weekday}{time}", en: "{weekday}, {date}, {time}"}, language: LANGUAGE}}'
    assert words(visit(text.replace("LANGUAGE", "ja"), "now")) == ["11月19日木曜日12時"]
    assert words(visit(text.replace("LANGUAGE", "en"), "now")) == ["Thursday, November 19, 12:00 PM"]


def test_of_several_words_that_were_said_the_longest_counts():
    text = """
    steps:
      menu: {menu: "どうぞ。", spoken: {予約: book, 予約の変更: change}, otherwise: bye}
      book: {say: "ご予約"}
      change: {say: "ご変更"}
      bye: {say: "さようなら"}
    """
    assert words(visit(text, "menu/chosen/0", SpeechResult="あの、予約の変更を。")) == ["ご変更"]
    assert words(visit(text, "menu/chosen/0", SpeechResult="ＹＯＹＡＫＵ")) == [
        "もう一度お願いいたします。",
        "どうぞ。",
    ]


TRANSFER = """
steps:
  person: {transfer: "+81312345678", seconds: 20, otherwise: bye}
  bye: {say: "失礼いたします。"}
"""


def test_who_is_not_recorded_is_put_through_at_once_and_nobody_hears_of_a_recording():
    [dial] = visit(TRANSFER, "person")
    assert (dial.tag, dial.get("record"), dial.get("action")) == (
        "Dial",
        None,
        public_url(f"/voice/receptions/desk/1/ja-JP/person/dialed/0/at/{int(NOON)}x12"),
    )
    assert [(one.text, one.get("url")) for one in dial] == [("+81312345678", None)]


@pytest.mark.parametrize(
    ("status", "bridged", "heard"),
    [
        ("completed", "true", ["Hangup"]),
        ("answered", None, ["Hangup"]),
        ("completed", "false", ["Say", "Hangup"]),
        ("busy", None, ["Say", "Hangup"]),
    ],
)
def test_after_a_transfer_only_who_has_talked_to_nobody_is_led_on(status, bridged, heard):
    fields = {"DialCallStatus": status} | ({"DialBridged": bridged} if bridged else {})
    assert [one.tag for one in visit(TRANSFER, "person/dialed/0", **fields)] == heard


@pytest.mark.parametrize(("pressed", "said"), [("7", "それはありません。"), ("", None)])
def test_a_menu_has_words_of_its_own_for_a_wrong_key_and_none_for_silence(pressed, said):
    text = """
    steps:
      menu: {menu: "番号を。", keys: {1: bye}, wrong: "それはありません。", otherwise: bye}
      bye: {hangup: true}
    """
    assert words(visit(text, "menu/chosen/0", Digits=pressed)) == [*filter(None, [said]), "番号を。"]


@pytest.mark.parametrize("place", ["nowhere", "nowhere/chosen/0", "bye/chosen/0"])
def test_what_no_step_does_is_an_error_that_names_it(place):
    with pytest.raises(LookupError, match=place.split("/")[0]):
        visit(TRANSFER, place)


def by_hand(*kinds):
    """The TwiML of a document that no check has seen."""
    document = {"steps": {one["name"]: one for one in kinds}}
    here = VisitPlace("desk", 1, "ja-JP", kinds[0]["name"])
    return steps.answer_call(Visit(here, document, {}, Owner().ask, NOON, lambda _: None, Permitted, "token"))


def test_a_reception_that_goes_round_by_itself_ends_with_an_error():
    with pytest.raises(RuntimeError, match="round in a circle at b"):
        by_hand({"name": "b", "kind": "jump", "jump": "a"}, {"name": "a", "kind": "jump", "jump": "b"})


def test_words_that_are_not_in_the_callers_language_are_said_in_another():
    twiml = ElementTree.fromstring(str(by_hand({"name": "a", "kind": "say", "say": {"en-US": "Yes"}})))
    assert [(one.text, one.get("language")) for one in twiml.iter("Say")] == [("Yes", "en-US")]
