"""Facts of <Gather> with spoken words: https://www.twilio.com/docs/voice/twiml/gather"""

import pytest

from tests.network.town import STANDARD

LETTERS = "Thirty letters are two seconds"  # 30 of them


def asking(town, prompt="", after="<Say>Nothing came</Say>", **attributes):
    """Aiko calls and is asked for words, which go to /words."""
    attributes = {"input": "speech", "action": "/words"} | attributes
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    town.answers("/voice", f"<Gather{written}>{prompt}</Gather>{after}")
    town.answers("/words", "<Say>Thank you</Say>")
    return town.aiko.dials()


def test_what_is_said_goes_to_the_action_with_how_sure_twilio_is(town):
    sid = asking(town)
    town.aiko.says("I want to talk to sales")
    town.forward(10)
    (asked,) = town.asked("/words")
    assert set(asked.params) == STANDARD | {"SpeechResult", "Confidence", "msg"}
    assert (asked["SpeechResult"], asked["CallSid"]) == ("I want to talk to sales", sid)
    assert 0 < float(asked["Confidence"]) <= 1
    assert town.aiko.words == ["Thank you"]


def test_it_waits_for_silence_as_long_as_for_the_first_word(town):
    asking(town, timeout="3")
    town.aiko.says(LETTERS)
    town.forward(4)
    town.aiko.says("And more")
    town.forward(3.9)
    assert town.asked("/words") == []
    town.forward(0.2)
    assert town.asked("/words")[0]["SpeechResult"] == f"{LETTERS} And more"


def test_how_long_a_silence_ends_it_can_be_said(town):
    asking(town, timeout="10", speechTimeout="2")
    town.aiko.says(LETTERS)
    town.forward(3.9)
    assert town.asked("/words") == []
    town.forward(0.2)
    assert len(town.asked("/words")) == 1


def test_auto_ends_it_soon_after_the_last_word(town):
    asking(town, timeout="10", speechTimeout="auto")
    town.aiko.says(LETTERS)
    town.forward(3.1)
    assert len(town.asked("/words")) == 1


def test_the_first_word_stops_the_prompt(town):
    asking(town, "<Say>A prompt that lasts for three seconds, no more</Say><Say>Two</Say>", speechTimeout="1")
    town.forward(1)
    town.aiko.says("Sales")
    assert (town.aiko.heard[0]["cut"], len(town.aiko.heard)) == (True, 1)
    town.forward(3)
    assert town.asked("/words")[0]["SpeechResult"] == "Sales"


def test_without_a_word_the_next_verb_follows_and_nobody_is_asked(town):
    asking(town, timeout="2")
    town.forward(2)
    assert (town.aiko.words, town.asked("/words")) == (["Nothing came"], [])


def test_an_empty_result_is_asked_for_by_name(town):
    asking(town, actionOnEmptyResult="true")
    town.forward(6)
    assert town.asked("/words")[0]["SpeechResult"] == ""


def test_keys_are_nothing_to_who_listens_for_words_alone(town):
    asking(town, "<Say>A prompt that lasts for three seconds, no more</Say>")
    town.aiko.presses("1#")
    assert not town.aiko.heard[0]["cut"]
    town.forward(9)
    assert (town.aiko.words[-1], town.asked("/words")) == ("Nothing came", [])


def test_words_are_nothing_to_who_listens_for_keys_alone(town):
    asking(town, "<Say>A prompt that lasts for three seconds, no more</Say>", input="dtmf")
    town.aiko.says("One")
    assert not town.aiko.heard[0]["cut"]
    town.forward(9)
    assert (town.aiko.words[-1], town.asked("/words")) == ("Nothing came", [])


@pytest.mark.parametrize("takes", ["dtmf speech", "speech dtmf"])
def test_of_keys_and_words_counts_what_comes_first(town, takes):
    asking(town, input=takes, numDigits="1")
    town.aiko.presses("2")
    (asked,) = town.asked("/words")
    assert (asked["Digits"], "SpeechResult" in asked.params) == ("2", False)
    town.aiko.hangs_up()
    asking(town, input=takes, numDigits="1", speechTimeout="1")
    town.aiko.says("Two")
    town.aiko.presses("3")
    town.forward(3)
    asked = town.asked("/words")[-1]
    assert (asked["SpeechResult"], "Digits" in asked.params) == ("Two", False)


def test_words_between_keys_are_ignored(town):
    asking(town, input="dtmf speech")
    town.aiko.presses("1")
    town.aiko.says("Two")
    town.aiko.presses("3#")
    assert town.asked("/words")[0]["Digits"] == "13"


def test_japanese_is_understood_by_who_listens_for_it(town):
    asking(town, language="ja-JP", speechTimeout="auto")
    town.aiko.says("再配達をお願いします")
    town.forward(5)
    assert town.asked("/words")[0]["SpeechResult"] == "再配達をお願いします"


def test_japanese_is_not_understood_in_the_language_that_stands_there_by_default(town):
    asking(town)
    town.forward(1)
    town.aiko.says("再配達をお願いします")
    town.forward(3.9)
    assert town.aiko.words == []
    town.forward(0.2)
    assert (town.asked("/words"), town.aiko.words) == ([], ["Nothing came"])


def test_twilio_is_surer_of_what_was_hinted_at(town):
    asking(town, hints="sales, support", speechTimeout="1", after="")
    town.aiko.says("support")
    town.forward(3)
    asking(town, hints="sales, support", speechTimeout="1", after="")
    town.aiko.says("something else")
    town.forward(3)
    sure, unsure = (float(asked["Confidence"]) for asked in town.asked("/words"))
    assert sure > unsure


def test_what_was_said_before_is_not_what_is_said_now(town):
    town.answers("/then", '<Gather input="speech" action="/words" speechTimeout="1"/>')
    town.answers("/words", "<Hangup/>")
    town.answers("/voice", "<Say>Welcome</Say><Pause length='5'/><Redirect>/then</Redirect>")
    town.aiko.dials()
    town.aiko.says("Hello?")
    town.forward(7)
    town.aiko.says("Sales")
    town.forward(3)
    assert town.asked("/words")[0]["SpeechResult"] == "Sales"


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"input": "video"}, 12200),
        ({"speechTimeout": "soon"}, 13327),
        ({"speechTimeout": "0"}, 13327),
        ({"speechModel": "the best"}, 12200),
        ({"partialResultCallback": "/partial"}, 12200),
        ({"bargeIn": "false"}, 12200),
    ],
)
def test_what_cannot_be_is_refused_with_twilios_code(town, attributes, code):
    asking(town, **attributes)
    assert town.log("/voice")[0]["error"]["code"] == code
