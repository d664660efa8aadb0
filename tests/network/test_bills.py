"""Facts of what calls, texts and recordings say that they cost, and of when they say it.

https://www.twilio.com/docs/voice/api/call-resource https://help.twilio.com/articles/223132307
"""

from types import SimpleNamespace

import pytest

from local.network.billing.bill import Bill, quality
from tests.network.town import AIKO, BEN, LINE, meeting

LANDLINE, PARIS = "+81312345678", "+33123456789"
LATER = 180  # seconds until a price is known, unless said otherwise
ROUND = {
    "outbound_prefix_prices": [
        {"destination_prefixes": ["81"], "current_price": "8"},
        {"destination_prefixes": ["8170", "8180", "8190"], "current_price": "20"},
    ],
    "inbound_call_prices": [{"number_type": "national", "current_price": "1"}],
    "outbound_sms_prices": [{"prices": [{"number_type": "national", "current_price": "3"}]}],
    "inbound_sms_prices": [{"number_type": "national", "current_price": "0.5"}],
    "phone_number_prices": [],
}


@pytest.fixture(autouse=True)
def round_prices(town):
    town.costs(countries={"JP": ROUND})


def talks(town, seconds, to=BEN):
    """Aiko calls the line and is put through to somebody for so many seconds. The SID of the call."""
    town.answers("/voice", f"<Dial>{to}</Dial>")
    town.get(f"/phones/{to}")
    sid = town.aiko.dials()
    town.post(f"/phones/{to}/answer")
    town.forward(seconds)
    town.aiko.hangs_up()
    return sid


def price(town, sid):
    return town.twilio.calls(sid).fetch().price


def prices(town):
    """What each call costs, by whom it went to."""
    return {call.to: call.price for call in town.twilio.calls.list()}


# ---- calls -------------------------------------------------------------------------------------------------------


def test_a_call_has_no_price_until_a_while_after_its_end_and_then_a_negative_one(town):
    sid = talks(town, 30)
    assert (price(town, sid), town.call(sid)["price"]) == (None, None)
    town.forward(LATER - 1)
    assert price(town, sid) is None
    town.forward(1)
    assert (price(town, sid), town.call(sid)["price"]) == ("-1.00000", "-1.00000")
    assert town.twilio.calls(sid).fetch().price_unit == "USD"


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 1), (0.4, 1), (60, 1), (61, 2), (120, 2), (120.5, 3), (600, 10)])
def test_each_leg_is_rounded_up_to_whole_minutes_by_itself(town, seconds, minutes):
    talks(town, seconds)
    town.forward(LATER)
    assert prices(town) == {LINE: f"-{minutes}.00000", BEN: f"-{20 * minutes}.00000"}


def test_a_landline_costs_what_its_prefix_costs(town):
    talks(town, 61, LANDLINE)
    town.forward(LATER)
    assert prices(town)[LANDLINE] == "-16.00000"


def test_a_call_that_rest_makes_is_outbound(town):
    town.ben.behaves("at once")
    made = town.twilio.calls.create(to=BEN, from_=LINE, twiml='<Response><Pause length="90"/></Response>')
    town.forward(100 + LATER)
    assert price(town, made.sid) == "-40.00000"


@pytest.mark.parametrize("answers", ["busy", "never", "by hand"])
def test_what_nobody_answers_costs_nothing_and_never_has_a_price(town, answers):
    town.ben.behaves(answers)
    town.answers("/voice", f'<Dial timeout="5">{BEN}</Dial>')
    town.aiko.dials()
    town.forward(30 + LATER)
    assert prices(town) == {LINE: "-1.00000", BEN: None}


def test_a_call_between_two_telephones_is_none_of_the_accounts(town):
    town.answers("/voice", "")
    sid = town.aiko.dials(BEN)
    town.ben.answers()
    town.forward(100)
    town.aiko.hangs_up()
    town.forward(LATER)
    assert town.call(sid)["price"] is None


def test_a_country_that_is_not_in_the_list_has_no_price_ever(town):
    talks(town, 10, PARIS)
    town.forward(LATER)
    assert prices(town) == {LINE: "-1.00000", PARIS: None}


def test_the_price_is_that_of_the_moment_in_which_the_call_ended(town):
    sid = talks(town, 30)
    town.costs(countries={"JP": ROUND | {"inbound_call_prices": [{"number_type": "national", "current_price": "9"}]}})
    town.forward(LATER)
    assert price(town, sid) == "-1.00000"


def test_an_account_in_yen_without_delay_says_at_once_what_a_call_costs_in_yen(town):
    town.costs(price_unit="JPY", exchange_rate="150", delay=0, countries={"JP": ROUND})
    call = town.twilio.calls(talks(town, 30)).fetch()
    assert (call.price, call.price_unit) == ("-1.00000", "JPY")


def test_two_currencies_never_meet_on_one_bill(town):
    talks(town, 30)
    wishes = {"price_unit": "JPY", "exchange_rate": "150"}
    assert town.http.put("/prices", json=wishes).status_code == 409
    town.ask("DELETE", "/world")
    assert town.costs(**wishes)["price_unit"] == "JPY"


def test_a_price_has_as_many_decimals_as_it_needs(town):
    fine = ROUND | {"inbound_call_prices": [{"number_type": "national", "current_price": "0.0012345"}]}
    town.costs(countries={"JP": fine}, delay=0)
    assert price(town, talks(town, 61)) == "-0.0024690"


def test_what_costs_nothing_by_the_list_is_not_negative(town):
    free = ROUND | {"inbound_call_prices": [{"number_type": "national", "current_price": "0"}]}
    town.costs(countries={"JP": free}, delay=0)
    assert price(town, talks(town, 61)) == "0.00000"


def test_a_leg_to_a_browser_costs_the_same_everywhere(town):
    """No telephone of this network is a browser yet, so that the bill is asked itself."""
    leg = {"direction": "outbound-dial", "from_": LINE, "created_at": 0.0, "started_at": 0.0, "billed_minutes": 3}
    charge = Bill(town.world.clock).call(SimpleNamespace(to="client:ben", **leg))
    assert str(charge.amount) == "0.012"


# ---- texts -------------------------------------------------------------------------------------------------------


@pytest.fixture
def line_that_texts(town):
    town.has_line(capabilities={"voice": True, "sms": True, "mms": True})


def sends(town, body, **wishes):
    return town.twilio.messages.create(to=AIKO, from_=LINE, body=body, **wishes)


@pytest.mark.parametrize(
    ("body", "cost"),
    [("Hello", "-3.00000"), ("x" * 161, "-6.00000"), ("あ" * 70, "-3.00000"), ("あ" * 71, "-6.00000")],
)
@pytest.mark.usefixtures("line_that_texts")
def test_a_text_costs_its_segments_a_while_after_it_has_gone_out(town, body, cost):
    made = sends(town, body)
    town.forward(1)
    assert (made.fetch().status, made.fetch().price) == ("sent", None)
    town.forward(LATER)
    assert (made.fetch().price, made.fetch().price_unit) == (cost, "USD")


@pytest.mark.usefixtures("line_that_texts")
def test_a_text_that_comes_in_costs_its_segments_too(town):
    town.post(f"/phones/{AIKO}/send", {"to": LINE, "body": "あ" * 71})
    town.forward(LATER)
    (received,) = town.twilio.messages.list(to=LINE)
    assert received.price == "-1.00000"


@pytest.mark.usefixtures("line_that_texts")
def test_a_text_that_does_not_arrive_costs_the_same_and_one_that_never_left_has_no_price(town):
    town.aiko.behaves(receives="never")
    undelivered, expired = sends(town, "Hello"), sends(town, "Hello", validity_period=1)
    waiting = sends(town, "Hello", validity_period=1)
    town.forward(60 + LATER)
    assert (undelivered.fetch().status, undelivered.fetch().price) == ("undelivered", "-3.00000")
    assert (waiting.fetch().status, waiting.fetch().price) == ("failed", None)
    assert expired.fetch().price == "-3.00000"


@pytest.mark.usefixtures("line_that_texts")
def test_a_text_with_a_picture_costs_one_fee_however_long_it_is(town):
    town.costs(countries={"JP": ROUND}, fees={"mms_outbound": "7"})
    made = sends(town, "x" * 500, media_url=[town.at("/picture.jpg")])
    town.forward(10 + LATER)
    assert (made.fetch().num_segments, made.fetch().price) == ("4", "-7.00000")


# ---- recordings, and what calls do not say -----------------------------------------------------------------------


def test_a_recording_says_what_it_costs_and_its_call_does_not(town):
    town.costs(countries={"JP": ROUND}, fees={"recording_minute": "2"})
    town.answers("/voice", f'<Dial record="record-from-answer">{BEN}</Dial>')
    sid = town.aiko.dials()
    town.ben.answers()
    town.forward(61)
    town.aiko.hangs_up()
    town.forward(10 + LATER)
    (recording,) = town.twilio.recordings.list()
    assert (recording.price, recording.price_unit, price(town, sid)) == ("-4.00000", "USD", "-2.00000")


def test_a_conference_costs_its_legs_no_more_than_their_minutes(town):
    sid = town.aiko.joins()
    town.answers("/voice", meeting())
    town.forward(61)
    town.aiko.hangs_up()
    town.forward(LATER)
    assert price(town, sid) == "-2.00000"


@pytest.mark.parametrize(
    ("voice", "fee"),
    [
        ("Polly.Takumi", "standard"),
        ("Polly.Takumi-Neural", "neural"),
        ("Polly.Ruth-Generative", "generative"),
        ("Google.ja-JP-Standard-A", "standard"),
        ("Google.ja-JP-Wavenet-B", "neural"),
        ("Google.ja-JP-Neural2-B", "neural"),
        ("Google.ja-JP-Chirp3-HD-Aoede", "generative"),
    ],
)
def test_voices_have_three_fees(voice, fee):
    assert quality(voice) == f"{fee}_voice_100_characters"
