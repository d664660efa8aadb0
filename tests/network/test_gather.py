"""Facts of <Gather>: https://www.twilio.com/docs/voice/twiml/gather"""

import pytest

from tests.network.town import STANDARD


def asking(town, prompt="<Say>Press a key</Say>", after="<Say>Nothing came</Say>", **attributes):
    """Aiko calls and is asked for keys, which go to /keys unless another action is given."""
    attributes = {"action": "/keys"} | attributes
    written = "".join(f' {name}="{value}"' for name, value in attributes.items() if value is not None)
    town.answers("/voice", f"<Gather{written}>{prompt}</Gather>{after}")
    town.answers("/keys", "<Say>Thank you</Say>")
    return town.aiko.dials()


def keys(town, path="/keys"):
    return [asked["Digits"] for asked in town.asked(path)]


def test_the_action_gets_the_standard_parameters_the_digits_and_how_they_ended(town):
    sid = asking(town)
    town.aiko.presses("1")
    town.forward(4)
    town.aiko.presses("2#")
    (asked,) = town.asked("/keys")
    assert set(asked.params) == STANDARD | {"Digits", "FinishedOnKey", "msg"}
    assert (asked["Digits"], asked["FinishedOnKey"], asked["msg"]) == ("12", "#", "Gather End")
    assert (asked["CallSid"], asked["CallStatus"], asked.method) == (sid, "in-progress", "POST")


def test_without_a_finish_key_that_field_is_blank_and_not_absent(town):
    asking(town, numDigits=2)
    town.aiko.presses("12")
    assert town.asked("/keys")[0]["FinishedOnKey"] == ""


def test_it_waits_five_seconds_after_the_end_of_the_prompt(town):
    asking(town, "<Say>A prompt that lasts for three seconds, no more</Say>")
    lasts = len("A prompt that lasts for three seconds, no more") / 15
    town.forward(lasts + 4.9)
    assert town.aiko.words[-1].startswith("A prompt")
    town.forward(0.2)
    assert town.aiko.words[-1] == "Nothing came"


def test_without_input_the_next_verb_follows_and_nobody_is_asked(town):
    asking(town)
    town.forward(6)
    assert (town.aiko.words, town.asked("/keys")) == (["Press a key", "Nothing came"], [])


def test_without_input_and_without_another_verb_the_call_ends(town):
    asking(town, after="")
    town.forward(6)
    assert (town.aiko.state, town.asked("/keys")) == ("idle", [])


def test_the_finish_key_alone_is_no_input(town):
    asking(town)
    town.aiko.presses("#")
    assert (town.aiko.words, town.asked("/keys")) == (["Press a key", "Nothing came"], [])


@pytest.mark.parametrize("pressed", ["", "#"])
def test_an_empty_result_is_asked_for_by_name(town, pressed):
    asking(town, actionOnEmptyResult="true")
    if pressed:
        town.aiko.presses(pressed)
    town.forward(6)
    (asked,) = town.asked("/keys")
    assert (asked["Digits"], asked["FinishedOnKey"]) == ("", pressed)


def test_the_first_digit_stops_the_prompt(town):
    asking(town, "<Say>One</Say><Play>/long.wav</Play><Say>Two</Say>")
    town.forward(0.5)
    town.aiko.presses("1")
    assert (town.aiko.heard[0]["cut"], town.aiko.words) == (True, ["One"])
    town.aiko.presses("#")
    assert town.aiko.words == ["One", "Thank you"]


def test_after_the_first_digit_the_time_out_counts_from_the_last_one(town):
    asking(town, timeout=4)
    town.aiko.presses("1")
    town.forward(3.5)
    town.aiko.presses("2")
    town.forward(3.9)
    assert keys(town) == []
    town.forward(0.1)
    assert keys(town) == ["12"]


def test_num_digits_ends_it_at_once_and_by_default_there_is_no_limit(town):
    asking(town, numDigits=4)
    town.aiko.presses("123")
    assert keys(town) == []
    town.aiko.presses("4")
    assert keys(town) == ["1234"]
    town.aiko.hangs_up()
    asking(town)
    town.aiko.presses("1" * 40 + "#")
    assert keys(town)[-1] == "1" * 40


def test_another_finish_key_makes_the_hash_an_ordinary_one(town):
    asking(town, finishOnKey="*")
    town.aiko.presses("1#2*")
    (asked,) = town.asked("/keys")
    assert (asked["Digits"], asked["FinishedOnKey"]) == ("1#2", "*")


def test_no_finish_key_at_all_keeps_every_key(town):
    asking(town, finishOnKey="")
    town.aiko.presses("1#*")
    town.forward(5)
    assert keys(town) == ["1#*"]


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_the_default_action_is_the_current_address_as_it_was_asked_for(town, method):
    town.has_line(voice_url=town.at("/voice?menu=3"), voice_method=method)
    asking(town, action=None, numDigits=1)
    town.aiko.presses("5")
    _, second = town.asked("/voice")
    assert (second["Digits"], second.method) == ("5", "POST")
    assert second.url == town.at("/voice?menu=3")


def test_the_action_may_be_a_get(town):
    asking(town, method="GET", numDigits=1)
    town.aiko.presses("5")
    assert [(asked.method, asked["Digits"]) for asked in town.asked("/keys")] == [("GET", "5")]


def test_the_verbs_after_a_gather_with_input_are_unreachable(town):
    asking(town, numDigits=1)
    town.aiko.presses("5")
    town.forward(20)
    assert town.aiko.words == ["Press a key", "Thank you"]


def test_a_caller_who_hangs_up_while_asked_sends_nothing(town):
    asking(town)
    town.aiko.presses("1")
    town.aiko.hangs_up()
    town.forward(20)
    assert town.asked("/keys") == []


def test_a_pause_in_the_prompt_is_waited_for_and_stopped_by_a_key_too(town):
    asking(town, '<Say>Hm</Say><Pause length="30"/><Say>Still there?</Say>', numDigits=1)
    town.forward(20)
    assert town.aiko.words == ["Hm"]
    town.aiko.presses("1")
    assert keys(town) == ["1"]


def test_a_prompt_may_be_looped(town):
    asking(town, '<Say loop="3">Press</Say>')
    town.forward(2.5)
    assert town.aiko.words == ["Press"] * 3


def test_a_gather_without_a_prompt_waits_from_its_beginning(town):
    asking(town, "", timeout=3)
    town.forward(2.9)
    assert town.aiko.state == "talking"
    town.forward(0.2)
    assert town.aiko.words == ["Nothing came"]


def test_keys_that_a_telephone_presses_by_itself_come_at_their_time(town):
    town.aiko.behaves(presses="wW1ww2w3")
    asking(town, numDigits=1)
    town.answers("/keys", '<Gather numDigits="2" action="/more"/>')
    town.forward(1.4)
    assert keys(town) == []
    town.forward(0.1)
    assert keys(town) == ["1"]
    town.forward(1.4)
    assert keys(town, "/more") == []
    town.forward(0.1)
    assert keys(town, "/more") == ["23"]


def test_keys_that_nobody_asked_for_are_lost(town):
    town.answers("/voice", f"<Say>{'a' * 60}</Say><Gather numDigits='1' timeout='3' action='/keys'/>")
    town.aiko.dials()
    town.aiko.presses("1")
    town.forward(5)
    assert (town.aiko.state, town.asked("/keys")) == ("talking", [])
    town.forward(3)
    assert (town.aiko.state, town.asked("/keys")) == ("idle", [])
