"""How calls of a session go where that is not as usual: what may be said of it, and what a call needs of that."""

import pytest

from tests.integration.deeds import form
from toritsugi.foundation.errors import CallsUsedUp, OneWaySession, RequestRefused
from toritsugi.masking.sessions import Participant, side_of
from toritsugi.masking.special_calls import SpecialPlace
from toritsugi.masking.terms import USUAL, check_terms, read_terms, show_terms, terms_of_calls

SID = "KC" + "1" * 32


def said(before=None, through="dial", **fields):
    return read_terms(form(**fields), before, through)


def needed(label=None, name=None, side=1, made=0, **fields):
    return terms_of_calls(said(**fields), label, name, side, made)


# ---- what is said ----------------------------------------------------------------------------------------------------


def test_what_is_as_usual_is_written_nowhere():
    usual = {"RingSeconds": 30, "AcceptByKey": "false", "MaxCalls": 0, "Greeting": " ", "MaxCallSeconds": 14_400}
    assert said() is said(**usual) is None
    assert needed(**usual) is None


def test_a_session_says_otherwise_what_its_service_says_and_the_rest_stays():
    service = said(Greeting="Hello.", AcceptByKey="true", RingSeconds=20)
    assert said(service, AcceptByKey="false", MaxCalls=3) == {"greeting": "Hello.", "ring_seconds": 20, "max_calls": 3}
    assert said(service, Greeting="", AcceptByKey="False", RingSeconds=30) is None
    assert show_terms(said(service, OneWay="true")) == {
        **USUAL,
        "greeting": "Hello.",
        "accept_by_key": True,
        "ring_seconds": 20,
        "one_way": True,
    }


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("Whisper", "{number} calls", "{number} is nothing that can be filled in; {name}, {label} are"),
        ("Whisper", "{", "{ is nothing"),
        ("Greeting", "{name}, please wait", "{name} is nothing that can be filled in; {label} is"),
        ("Greeting", "x" * 301, "longer than 300"),
        ("Greeting", "a\x07b", "U+0007"),
        ("RingSeconds", 4, "from 5 to 600"),
        ("MaxCallSeconds", 9, "from 10 to 14400"),
        ("MaxCalls", 101, "from 0 to 100"),
        ("AcceptByKey", "1", "true or false"),
    ],
)
def test_what_cannot_be_done_is_refused_by_its_name(field, value, says):
    with pytest.raises(RequestRefused, match=f"'{field}' is invalid") as refusal:
        said(**{field: value})
    assert refusal.value.code == 80701
    assert says in refusal.value.message


def test_a_message_is_left_only_where_calls_go_through_a_dial():
    with pytest.raises(RequestRefused, match="'Voicemail' is invalid"):
        said(through="conference", Voicemail="true")
    with pytest.raises(RequestRefused, match="'Voicemail' is invalid"):
        said({"voicemail": True}, through="conference")
    assert said({"voicemail": True}, through="conference", Voicemail="false") is None


# ---- what a call needs of it -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("{name} about {label}.", "Aiko about order 17."),
        ("｛name｝様、{ label }の件です。", "Aiko様、order 17の件です。"),
    ],
)
def test_words_travel_finished(text, heard):
    assert needed("order 17", "Aiko", Whisper=text) == {"whisper": heard}


def test_a_name_that_looks_like_a_placeholder_is_a_name():
    assert needed("order {name}", "{label}", Whisper="{name}: {label}") == {"whisper": "{label}: order {name}"}


def test_what_nobody_has_said_is_called_by_a_word_of_the_same_language():
    assert needed(Whisper="{name} calls about {label}.") == {"whisper": "the other person calls about your matter."}
    assert needed(Whisper="{name}から{label}の件で。") == {"whisper": "お相手の方からご用件の件で。"}


def test_who_may_not_call_or_not_any_more_needs_nothing_but_that():
    for terms, refusal in [
        (needed(side=2, OneWay="true", Greeting="Hello."), OneWaySession),
        (needed(made=2, MaxCalls=2, Greeting="Hello."), CallsUsedUp),
    ]:
        assert terms == {"refused": refusal.sentence}
        with pytest.raises(refusal):
            check_terms(terms)


def test_who_may_call_is_counted_where_that_was_asked_for():
    for terms in (needed(made=1, MaxCalls=2), needed(CloseAfterCall="true")):
        assert terms == {"counted": True}
        check_terms(terms)
    assert needed(side=1, OneWay="true") is None


@pytest.mark.parametrize(("place", "side", "whose"), [(0, None, 1), (1, None, 2), (2, 1, 1), (2, None, 2), (3, 2, 2)])
def test_who_came_first_and_who_comes_in_their_stead_are_on_one_side(place, side, whose):
    assert side_of(Participant(place=place, side=side)) == whose


# ---- where a call has come to ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    [
        SpecialPlace(SID, "over", "a-b_c"),
        SpecialPlace(SID, "counted", "a-b_c"),
        SpecialPlace(SID, "recorded", "a-b_c"),
        SpecialPlace(SID, "whispered", "a-b_c"),
        SpecialPlace(SID, "agreed", "a-b_c", unconfirmed=True),
    ],
)
def test_a_place_is_read_from_its_own_address(place):
    assert SpecialPlace.read(place.path) == place


@pytest.mark.parametrize("rest", ["", "over", f"{SID}/dial", f"{SID}/over", f"{SID}/agreed", f"{SID}/agreed/+8190"])
def test_any_other_address_is_none(rest):
    with pytest.raises(RequestRefused, match="no call has this path"):
        SpecialPlace.read(f"/voice/sessions/{rest}")
