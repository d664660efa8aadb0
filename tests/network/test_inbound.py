"""Facts of a call that comes in: what is sent when, what answers it, what ends it, what it costs."""

import re

import pytest

from tests.network.town import AIKO, BEN, ENDED, LINE, NOBODY, SORRY, STANDARD

RFC_2822 = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000")


def test_the_first_request_carries_exactly_the_standard_parameters(town):
    town.answers("/voice", "<Say>Hello</Say>")
    sid = town.aiko.dials()
    (asked,) = town.asked("/voice")
    assert asked.params == {
        "AccountSid": town.world.account_sid,
        "ApiVersion": "2010-04-01",
        "CallSid": sid,
        "CallStatus": "ringing",
        "Direction": "inbound",
        **{"From": AIKO, "FromCity": "", "FromState": "", "FromZip": "", "FromCountry": "JP"},
        **{"Caller": AIKO, "CallerCity": "", "CallerState": "", "CallerZip": "", "CallerCountry": "JP"},
        **{"To": LINE, "ToCity": "", "ToState": "", "ToZip": "", "ToCountry": "JP"},
        **{"Called": LINE, "CalledCity": "", "CalledState": "", "CalledZip": "", "CalledCountry": "JP"},
    }


def test_of_a_number_that_a_caller_claims_the_first_request_alone_says_what_is_known(town):
    town.answers("/voice", "<Redirect>/later</Redirect>")
    town.answers("/later", "<Say>Hello</Say>")
    town.aiko.dials(shows=BEN, stir_verstat="TN-Validation-Failed-C")
    (first,), (later,) = town.asked("/voice"), town.asked("/later")
    assert (first["From"], first["StirVerstat"]) == (BEN, "TN-Validation-Failed-C")
    assert (later["From"], "StirVerstat" in later.params) == (BEN, False)


@pytest.mark.parametrize(
    ("claimed", "why"),
    [
        ({"shows": "110"}, "E.164"),
        ({"shows": 5}, "E.164"),
        ({"stir_verstat": "failed"}, "TN-Validation-Passed-A"),
        ({"stir_verstat": ["NULL"]}, "TN-Validation-Passed-A"),
    ],
)
def test_a_claim_that_nobody_can_make_is_refused(town, claimed, why):
    answer = town.http.post(f"{town.aiko.path}/dial", json={"to": LINE, **claimed})
    assert (answer.status_code, why in answer.json()["error"]) == (400, True)


def test_sids_are_two_letters_and_thirty_two_hexadecimal_digits(town):
    town.answers("/voice", "<Say>Hello</Say>")
    assert re.fullmatch(r"CA[0-9a-f]{32}", town.aiko.dials())
    assert re.fullmatch(r"AC[0-9a-f]{32}", town.asked("/voice")[0]["AccountSid"])
    assert re.fullmatch(r"PN[0-9a-f]{32}", town.twilio.incoming_phone_numbers.list()[0].sid)


def test_a_withheld_number_is_called_anonymous_and_comes_from_no_country(town):
    town.answers("/voice", f"<Dial>{BEN}</Dial>")
    town.aiko.behaves(withheld=True).dials()
    (asked,) = town.asked("/voice")
    assert (asked["From"], asked["Caller"]) == ("anonymous", "anonymous")
    assert (asked["FromCountry"], asked["CallerCountry"], town.ben.seen["shows"]) == ("", "", "anonymous")


def test_the_status_is_ringing_before_the_answer_and_in_progress_in_every_later_request(town):
    town.answers("/voice", "<Say>Hello</Say><Redirect>/next</Redirect>")
    town.answers("/next", "<Redirect>/last</Redirect>")
    town.aiko.dials()
    town.forward(1)
    statuses = [town.asked(path)[0]["CallStatus"] for path in ("/voice", "/next", "/last")]
    assert statuses == ["ringing", "in-progress", "in-progress"]


def test_a_redirect_before_any_other_verb_does_not_answer_the_call(town):
    town.answers("/voice", "<Redirect>/next</Redirect>")
    town.answers("/next", "<Say>Hello</Say>")
    town.aiko.dials()
    assert town.asked("/next")[0]["CallStatus"] == "ringing"


def test_the_end_of_the_document_hangs_up(town):
    town.answers("/voice", "<Say>Hello</Say>")
    sid = town.aiko.dials()
    town.forward(0.9)
    assert town.aiko.state == "talking"
    town.forward(0.1)
    assert (town.aiko.state, town.call(sid)["status"]) == ("idle", "completed")


def test_by_default_the_number_tells_only_of_the_end_with_seconds_and_minutes(town):
    town.has_line(status_callback=town.at("/status"))
    town.answers("/voice", '<Pause/><Say>Hello</Say><Pause length="90"/>')
    sid = town.aiko.dials()
    town.forward(60)
    assert town.asked("/status") == []
    town.forward(32)
    (told,) = town.asked("/status")
    assert set(told.params) == STANDARD | ENDED
    assert (told["CallSid"], told["CallStatus"], told["Direction"]) == (sid, "completed", "inbound")
    assert (told["CallDuration"], told["Duration"], told["SequenceNumber"]) == ("91", "2", "0")
    assert told["CallbackSource"] == "call-progress-events"
    assert RFC_2822.fullmatch(told["Timestamp"])


def test_the_number_is_told_when_the_caller_hangs_up_in_the_middle(town):
    town.has_line(status_callback=town.at("/status"))
    town.answers("/voice", '<Say>Hello</Say><Pause length="100"/>')
    town.aiko.dials()
    town.forward(3)
    town.aiko.hangs_up()
    assert town.statuses() == ["completed"]
    assert town.asked("/status")[0]["CallDuration"] == "3"


def test_a_caller_who_hangs_up_before_the_answer_was_never_answered(town):
    town.has_line(status_callback=town.at("/status"))
    town.answers("/voice", '<Pause length="100"/>')
    sid = town.aiko.dials()
    town.forward(5)
    town.aiko.hangs_up()
    assert town.call(sid)["status"] == "no-answer"
    assert (town.call(sid)["seconds"], town.call(sid)["billed_minutes"]) == (0, 0)
    assert [(told["CallStatus"], told["CallDuration"]) for told in town.asked("/status")] == [("no-answer", "0")]


def test_a_number_may_ask_by_get_and_then_all_parameters_stand_in_the_query(town):
    town.has_line(voice_url=town.at("/voice?shop=7"), voice_method="GET")
    town.aiko.dials()
    (asked,) = town.asked("/voice")
    assert (asked.method, asked["shop"], set(asked.params)) == ("GET", "7", STANDARD | {"shop"})


def test_the_query_of_a_post_stays_in_its_address(town):
    town.has_line(voice_url=town.at("/voice?shop=7&lang=%E6%97%A5"))
    town.aiko.dials()
    (asked,) = town.asked("/voice")
    assert asked.url == town.at("/voice?shop=7&lang=%E6%97%A5")
    assert "shop" not in asked.params


def test_a_number_that_nobody_has_says_so_and_nobody_is_asked(town):
    sid = town.aiko.dials(NOBODY)
    assert town.aiko.state == "dialing"
    assert [(item["text"], item["second"]) for item in town.aiko.heard] == [
        ("この番号は、現在使われていません。", None)
    ]
    town.forward(5)
    assert (town.aiko.state, town.call(sid)["billed_minutes"], town.log()) == ("idle", 0, [])


def test_two_telephones_are_simply_connected_without_a_webhook(town):
    town.aiko.dials(BEN)
    assert (town.aiko.state, town.ben.state, town.ben.seen["shows"]) == ("dialing", "ringing", AIKO)
    town.ben.answers()
    town.aiko.says("Good morning")
    assert (town.ben.words, town.log()) == (["Good morning"], [])
    assert (town.aiko.talks_with, town.ben.talks_with) == ([BEN], [AIKO])
    town.aiko.hangs_up()
    assert (town.ben.state, town.twilio.calls.list()) == ("idle", [])
    assert [call["billed_minutes"] for call in town.get("/calls")["calls"]] == [0, 0]


def test_a_number_of_ones_own_country_may_be_dialed_without_its_prefix(town):
    town.aiko.dials("0" + LINE.removeprefix("+81"))
    assert [(asked["To"], asked["From"]) for asked in town.asked("/voice")] == [(LINE, AIKO)]
    town.aiko.hangs_up()
    town.aiko.dials("050-3123-0001")
    assert town.asked("/voice")[1]["To"] == LINE


def test_a_number_without_an_address_for_calls_does_not_hang(town):
    town.has_line(voice_url="")
    sid = town.aiko.dials()
    assert town.aiko.words == [SORRY]
    town.forward(30)
    assert town.aiko.state == "idle"
    assert any(event["event"] == "error" and "11100" in event["detail"] for event in town.call(sid)["timeline"])


@pytest.mark.parametrize(("seconds", "minutes"), [(1, 1), (59, 1), (60, 1), (61, 2), (120, 2), (121, 3)])
def test_every_leg_is_rounded_up_to_the_whole_minute(town, seconds, minutes):
    town.answers("/voice", f'<Say>Hello</Say><Pause length="{seconds - 1}"/>')
    sid = town.aiko.dials()
    town.forward(seconds)
    assert (town.call(sid)["seconds"], town.call(sid)["billed_minutes"]) == (seconds, minutes)


@pytest.mark.parametrize(
    ("attributes", "status"), [("", "no-answer"), (' reason="rejected"', "no-answer"), (' reason="busy"', "busy")]
)
def test_a_rejected_call_costs_nothing_and_the_number_is_told(town, attributes, status):
    town.has_line(status_callback=town.at("/status"))
    town.answers("/voice", f"<Reject{attributes}/>")
    sid = town.aiko.dials()
    assert (town.aiko.state, town.call(sid)["billed_minutes"], town.call(sid)["seconds"]) == ("idle", 0, 0)
    assert (town.statuses(), town.call(sid)["status"]) == ([status], status)


def test_a_hangup_as_the_first_verb_still_answers_and_is_billed(town):
    town.answers("/voice", "<Hangup/>")
    sid = town.aiko.dials()
    assert (town.call(sid)["status"], town.call(sid)["billed_minutes"]) == ("completed", 1)


def test_a_document_that_starts_with_a_pause_keeps_ringing_unanswered(town):
    town.answers("/voice", '<Pause length="7"/><Say>Hello</Say>')
    sid = town.aiko.dials()
    town.forward(6.9)
    assert (town.aiko.state, town.aiko.sounds) == ("dialing", ["ring "])
    town.forward(1.1)
    assert (town.call(sid)["seconds"], town.aiko.heard[-1]["second"]) == (1, 0)
