"""Facts of Usage Records, through Twilio's own library: https://www.twilio.com/docs/usage/api/usage-record"""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from local.network.billing.categories import CATEGORIES
from local.network.billing.monthly import Leases, Shelf
from tests.network.test_bills import LATER, ROUND, talks
from tests.network.town import AIKO, BEN, LINE, meeting, refusal

SPEC = Path(__file__).parents[3] / "shared" / "specs" / "twilio_api_v2010.json"
DAY = 86400
FEES = {
    "conference_participant_minute": "5",
    "recording_minute": "2",
    "machine_detection": "4",
    "neural_voice_100_characters": "100",
    "failed_message": "6",
}


@pytest.fixture(autouse=True)
def round_prices(town):
    town.costs(countries={"JP": ROUND}, fees=FEES)


@pytest.fixture
def records(town):
    return town.twilio.usage.records


def used(records, *categories, **wishes):
    """Count, usage and price of these categories."""
    found = {one.category: (one.count, one.usage, one.price) for one in records.list(**wishes)}
    return [found[name] for name in categories]


def today(town):
    return date.fromisoformat(town.get("/clock")["now"][:10])


def until_midnight(town):
    """Moves the clock to the next midnight of GMT."""
    now = datetime.fromisoformat(town.get("/clock")["now"])
    town.forward((datetime.combine(now.date() + timedelta(1), datetime.min.time(), UTC) - now).total_seconds())


# ---- what is counted ---------------------------------------------------------------------------------------------


def test_calls_are_counted_each_way_with_their_minutes_and_their_price(town, records):
    talks(town, 61)
    talks(town, 10)
    town.forward(LATER)
    both, inbound, outbound = used(records, "calls", "calls-inbound", "calls-outbound")
    assert (inbound, outbound) == (("2", "3", Decimal(3)), ("2", "3", Decimal(60)))
    assert both == ("4", "6", Decimal(63))
    assert used(records, "calls-inbound-local", "calls-inbound-tollfree") == [inbound, ("0", "0", Decimal(0))]


def test_usage_comes_when_prices_come(town, records):
    talks(town, 61)
    town.forward(LATER - 1)
    assert used(records, "calls") == [("0", "0", Decimal(0))]
    town.forward(1)
    assert used(records, "calls") == [("2", "4", Decimal(42))]


def test_what_nobody_answered_is_not_counted(town, records):
    town.ben.behaves("busy")
    town.answers("/voice", f"<Dial>{BEN}</Dial>")
    town.aiko.dials()
    town.forward(LATER)
    assert used(records, "calls-outbound", "calls-inbound") == [("0", "0", Decimal(0)), ("1", "1", Decimal(1))]


def test_a_call_without_a_price_is_counted_and_costs_nothing(town, records):
    talks(town, 61, "+33123456789")
    town.forward(LATER)
    assert used(records, "calls-outbound") == [("1", "2", Decimal(0))]


def test_each_participant_of_a_conference_is_rounded_up_on_top_of_the_legs(town, records):
    town.aiko.joins()
    town.forward(61)
    town.ben.joins()
    town.forward(10)
    town.aiko.hangs_up()
    town.ben.hangs_up()
    town.forward(LATER)
    assert used(records, "calls-globalconference", "calls") == [("2", "3", Decimal(15)), ("2", "3", Decimal(3))]


def test_who_leaves_a_conference_and_comes_back_is_a_participant_twice(town, records):
    town.aiko.joins(dial='hangupOnStar="true"', after=meeting())
    town.forward(10)
    town.aiko.presses("*")
    town.forward(10)
    town.aiko.hangs_up()
    town.forward(LATER)
    assert used(records, "calls-globalconference") == [("2", "2", Decimal(10))]


def test_a_recording_and_a_detection_are_counted_and_no_part_of_the_call(town, records):
    town.ben.behaves("at once")
    twiml = '<Response><Record maxLength="70" timeout="100" trim="do-not-trim"/></Response>'
    made = town.twilio.calls.create(to=BEN, from_=LINE, twiml=twiml, machine_detection="Enable")
    town.forward(120 + LATER)
    assert used(records, "answering-machine-detection") == [("1", "1", Decimal(4))]
    assert used(records, "calls-recordings", "recordings") == [("1", "2", Decimal(4))] * 2
    assert made.fetch().price == "-40.00000"


def test_speech_is_counted_by_provider_and_begun_hundreds_and_the_basic_voices_are_free(town, records):
    polly, google = 'voice="Polly.Takumi-Neural"', 'voice="Google.ja-JP-Neural2-B"'
    town.answers(
        "/voice",
        f'<Say {polly} language="ja-JP" loop="2">おはよう</Say><Say {polly} language="ja-JP">{"あ" * 100}</Say>'
        f'<Say {google} language="ja-JP">{"あ" * 101}</Say><Say>Hello</Say>',
    )
    town.aiko.dials()
    town.forward(60 + LATER)
    assert used(records, "amazon-polly", "tts-google") == [("2", "2", Decimal(200)), ("1", "2", Decimal(200))]


def test_texts_are_counted_by_segments_and_failures_have_a_fee(town, records):
    town.has_line(capabilities={"voice": True, "sms": True, "mms": True})
    for wishes in ({"body": "あ" * 71}, {"media_url": ["http://127.0.0.1:1/picture.jpg"]}):
        town.twilio.messages.create(to=AIKO, from_=LINE, **wishes)
    town.post(f"/phones/{AIKO}/send", {"to": LINE, "body": "Hello"})
    town.forward(60 + LATER)
    assert used(records, "sms", "sms-outbound", "sms-inbound") == [
        ("3", "3", Decimal("6.5")),
        ("2", "2", Decimal(6)),
        ("1", "1", Decimal("0.5")),
    ]
    assert used(records, "mms", "failed-message-processing-fee") == [("0", "0", Decimal(0)), ("1", "1", Decimal(6))]


def test_the_total_is_the_sum_of_everything(town, records):
    town.aiko.joins()
    town.forward(61)
    town.aiko.hangs_up()
    talks(town, 10)
    town.forward(LATER)
    (total,) = records.list(category="totalprice")
    assert (total.count, total.price, total.usage, total.usage_unit) == (None, Decimal(2 + 10 + 21), "33", "usd")


def test_a_world_that_is_deleted_has_used_nothing(town, records):
    talks(town, 10)
    town.forward(LATER)
    town.ask("DELETE", "/world")
    assert used(records, "calls", "totalprice") == [("0", "0", Decimal(0)), (None, "0", Decimal(0))]


# ---- what is paid by the month -----------------------------------------------------------------------------------


def test_a_number_that_was_bought_on_the_31st_is_paid_on_the_last_of_a_shorter_month():
    bought, now = datetime(2027, 1, 31, 9, tzinfo=UTC).timestamp(), datetime(2027, 4, 30, 8, tzinfo=UTC).timestamp()
    leases = Leases()
    leases.begin(LINE, bought)
    assert [str(on) for on, _ in leases.fees(bought, now)] == ["2027-01-31", "2027-02-28", "2027-03-31"]


def test_what_is_kept_beyond_10000_minutes_is_paid_on_the_last_of_a_month_by_its_average():
    shelf = Shelf()
    shelf.put(date(2027, 3, 1), 10_000)
    shelf.put(date(2027, 4, 16), 3_000, 10)
    shelf.put(date(2027, 5, 1), -5_000, -11)
    costs = list(shelf.costs(date(2027, 6, 1), Decimal("0.01")))
    assert costs == [(date(2027, 4, 30), Decimal(15))]  # 1,500 minutes on the average of April
    assert (shelf.stored(date(2027, 4, 30)), shelf.stored(date(2027, 5, 1))) == ((11, 13_000), (0, 8_000))


def test_recordings_are_kept_until_they_are_deleted(town, records):
    town.answers("/voice", '<Record maxLength="70" timeout="100" trim="do-not-trim"/>')
    town.aiko.dials()
    town.forward(100)
    assert used(records, "recordingstorage") == [("1", "2", Decimal(0))]
    town.twilio.recordings.list()[-1].delete()  # the document begins again, and records another
    assert used(records, "recordingstorage") == [("0", "0", Decimal(0))]


# ---- on which day ------------------------------------------------------------------------------------------------


def test_a_call_belongs_to_the_day_of_gmt_on_which_it_began(town, records):
    until_midnight(town)
    town.forward(DAY - 30)
    began = today(town)
    talks(town, 61)
    town.forward(LATER)
    assert today(town) == began + timedelta(1)
    assert used(records.yesterday, "calls") == [("2", "4", Decimal(42))]
    assert used(records.today, "calls") == [("0", "0", Decimal(0))]
    assert used(records, "calls", start_date=began, end_date=began) == [("2", "4", Decimal(42))]


def test_days_are_listed_one_by_one_the_latest_first(town, records):
    first = today(town)
    for _ in range(2):
        talks(town, 10)
        town.forward(DAY)
    found = records.daily.list(category="calls", start_date=first)
    assert [(one.start_date, one.end_date, one.count) for one in found] == [
        (first + timedelta(2), first + timedelta(2), "0"),
        (first + timedelta(1), first + timedelta(1), "2"),
        (first, first, "2"),
    ]


def test_months_and_years_are_clipped_to_the_days_that_are_asked_for(town, records):
    now = today(town)
    found = records.monthly.list(category="calls", start_date=now, end_date=now)
    assert [(one.start_date, one.end_date) for one in found] == [(now, now)]
    (year,) = records.yearly.list(category="calls", start_date=now)
    assert (year.start_date, year.end_date) == (now, now)


def test_this_month_begins_on_its_first_and_the_last_one_ends_before_it(town, records):
    now = today(town)
    (this,), (last,) = records.this_month.list(category="calls"), records.last_month.list(category="calls")
    assert (this.start_date, this.end_date) == (now.replace(day=1), now)
    assert (last.start_date.day, last.end_date) == (1, now.replace(day=1) - timedelta(1))


def test_days_can_be_counted_from_now(town, records):
    talks(town, 10)
    town.forward(2 * DAY)
    (since,) = town.rest("GET", "/Usage/Records.json?Category=calls&StartDate=-2days").json()["usage_records"]
    (after,) = town.rest("GET", "/Usage/Records.json?Category=calls&StartDate=-1days").json()["usage_records"]
    assert (since["count"], after["count"]) == ("2", "0")


# ---- how it is asked ---------------------------------------------------------------------------------------------


def test_without_a_category_there_is_a_record_of_each(records):
    assert [one.category for one in records.list()] == sorted(CATEGORIES)
    assert [one.category for one in records.today.list(page_size=10)] == sorted(CATEGORIES)


@pytest.mark.parametrize(
    "query",
    [
        "Category=tea",
        "StartDate=tomorrow",
        "StartDate=2027-02-30",
        "StartDate=2027-02-02&EndDate=2027-02-01",
        "Tea=green",
    ],
)
def test_a_question_that_makes_no_sense_is_refused(town, query):
    answer = town.rest("GET", f"/Usage/Records.json?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)


def test_a_period_that_does_not_exist_is_not_found_and_one_that_is_fixed_takes_no_days(town):
    assert town.rest("GET", "/Usage/Records/Weekly.json").status_code == 404
    assert town.rest("GET", "/Usage/Records/Today.json?StartDate=2027-01-01").status_code == 400


def test_triggers_are_refused_by_name(town):
    assert town.rest("GET", "/Usage/Triggers.json").status_code == 501
    about = {"callback_url": town.at("/triggered"), "trigger_value": "10", "usage_category": "calls"}
    assert refusal(town.twilio.usage.triggers.create, **about)[0] == 501


@pytest.mark.skipif(not SPEC.exists(), reason="Twilio's description of its API is not here")
@pytest.mark.parametrize("period", ["", "/Daily", "/Monthly", "/Today", "/AllTime"])
def test_records_have_exactly_the_fields_of_twilios_specification(town, period):
    schemas = json.loads(SPEC.read_text())["components"]["schemas"]
    wanted = schemas["api.v2010.account.usage.usage_record"]["properties"]
    for record in town.rest("GET", f"/Usage/Records{period}.json").json()["usage_records"]:
        assert record.keys() == wanted.keys()
        assert isinstance(record["usage"], str)
