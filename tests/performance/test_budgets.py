"""The budgets: what a masked call and a conference may take, in operations and ratios, never in seconds.

`make bench` prints them.
"""

import re

import pytest

from tests.conftest import ROOT
from tests.performance import conference, imports, reception
from tests.performance.calls import AIKO, incoming, new_sid
from tests.performance.cold import ORDINARY, OURS, starter
from tests.performance.cost import per_million, total
from tests.performance.exchange import LINES, in_a_minute
from tests.performance.meter import Meter
from toritsugi.limits.limits import COUNTED_ONE_IN

TTLS = pytest.mark.parametrize("ttl", [0, 3600], ids=["without ttl", "with ttl"])
MOST_TRIES = 4


def trips(telephones) -> list[int]:
    return [webhook.meter.round_trips for webhook in telephones.sent]


@TTLS
def test_a_masked_call_is_put_through_with_one_read_and_no_write(exchange, telephones, ttl):
    line = exchange.masked(ttl)
    voice, *_ = telephones.calls(AIKO, line)
    assert (voice.meter.operations, voice.meter.write_units) == (["BatchGetItem"], 0)


def test_a_stranger_is_refused_with_one_read_and_no_write(exchange, telephones):
    exchange.masked()
    telephones.send("voice", "/voice", incoming(new_sid(), "+819033330003", LINES[0]))
    assert (telephones.sent[0].meter.operations, telephones.sent[0].meter.write_units) == (["BatchGetItem"], 0)


def test_a_reception_greets_with_one_read_and_a_key_in_its_menu_needs_none(exchange, telephones):
    reception.open_reception()
    greeting, menu = reception.call(telephones)
    assert (greeting.meter.operations, greeting.meter.write_units) == (["BatchGetItem"], 0)
    assert menu.meter.operations == []


def test_a_forged_request_never_reaches_the_database(exchange, telephones):
    line = exchange.masked()
    answer = telephones.send("voice", "/voice", incoming(new_sid(), AIKO, line), token="not Twilio's")
    assert (answer["statusCode"], trips(telephones)) == (403, [0])


@TTLS
def test_a_status_callback_is_one_round_trip_be_it_a_legs_first_or_last(exchange, telephones, ttl):
    line = exchange.masked(ttl)
    with in_a_minute():
        telephones.calls(AIKO, line)
    assert [(webhook.name, webhook.meter.round_trips) for webhook in telephones.sent] == [
        ("voice", 1),
        ("initiated", 1),
        ("completed", 1),
    ]


@TTLS
@pytest.mark.parametrize("event", ["initiated", "completed"])
def test_a_status_callback_that_comes_twice_is_one_round_trip_again(exchange, telephones, ttl, event):
    line = exchange.masked(ttl)
    with in_a_minute():
        telephones.calls(AIKO, line)
        telephones.deliver(event)
    assert trips(telephones)[-1] == 1


def test_a_session_of_two_is_opened_in_three_round_trips_however_many_there_are(exchange):
    taken = []
    with in_a_minute():  # a key is remembered for a minute, and filling tables takes as long on a busy machine
        for sessions, people in (
            (100, ("+819044440001", "+819044440002")),
            (9_900, ("+819044440003", "+819044440004")),
        ):
            exchange.fill(sessions)
            with Meter() as meter:
                exchange.open_session(*people)
            taken.append(meter.operations)
    assert taken == [["Query", "BatchGetItem", "TransactWriteItems"]] * 2


@pytest.mark.parametrize(("ttl", "most"), [(0, 8), (3600, 12)], ids=["without ttl", "with ttl"])
def test_a_million_masked_calls_cost_little_at_aws(exchange, telephones, ttl, most):
    line = exchange.masked(ttl)
    with in_a_minute():
        bills = [per_million(telephones.calls(AIKO, line, counted=counted)) for counted in (True, False)]
    counted, uncounted = (sum(bill.values()) for bill in bills)
    bill = (counted + (COUNTED_ONE_IN - 1) * uncounted) / COUNTED_ONE_IN
    assert bill <= most, f"dollars per million calls: {bill}, of which one in {COUNTED_ONE_IN} costs {counted}"


def test_one_call_in_fifty_is_counted_at_two_writes_more_when_it_begins_and_when_it_ends(exchange, telephones):
    line = exchange.masked()
    with in_a_minute():
        voice, initiated, completed = telephones.calls(AIKO, line, counted=True)
    assert voice.meter.operations == ["BatchGetItem"]
    assert initiated.meter.operations == ["TransactWriteItems", "UpdateItem", "UpdateItem"]
    assert completed.meter.operations == ["UpdateItem", "UpdateItem", "UpdateItem"]


def test_a_hundred_callers_are_imported_with_one_read_and_four_writes(exchange):
    exchange.open_session(AIKO, "+819022220002")  # the key is known from now on
    with Meter() as meter:
        imports.send(imports.sheet(0, 300))
    assert sorted(meter.operations) == ["BatchGetItem"] * 3 + ["BatchWriteItem"] * 12
    assert meter.write_units == 600  # of each the entry, and its place on a shelf


def thousand_rows(work):
    """What a thousand rows take, when what is done once has been done."""
    imports.take(10, lambda: work(imports.sheet(0, 10)))
    return imports.take(1000, lambda: work(imports.sheet(0, 1000)))


def test_an_import_takes_less_of_the_processor_than_one_row_after_the_other(exchange):
    ours, ordinary = (thousand_rows(work) for work in (imports.send, imports.put_row_after_row))
    assert 0 < ours.round_trips < ordinary.round_trips
    assert ours.cpu < ordinary.cpu, f"{ours} beside {ordinary}"


@pytest.fixture(scope="module")
def taken():
    """What one conference takes, by function."""
    return conference.measure()


def test_a_callback_of_a_conference_is_one_write_and_no_read(taken):
    assert set(taken["status"].meter.operations) == {"PutItem"}
    assert taken["status"].meter.round_trips == taken["status"].invocations


def test_a_look_at_a_conference_is_one_read_and_writes_only_what_it_does(taken):
    operations = taken["timer"].meter.operations
    assert operations.count("Query") < 2 * taken["timer"].invocations
    assert operations.count("TransactWriteItems") == 2  # the announcements


def test_every_message_to_the_timer_is_counted(taken):
    assert sum(share.messages for share in taken.values()) == taken["timer"].invocations


def test_the_pages_say_what_a_conference_takes(taken):
    shares = taken.values()
    counts = [
        sum(share.invocations for share in shares),
        sum(share.meter.round_trips for share in shares),
        sum(share.messages for share in shares),
        sum(share.schedules for share in shares),
    ]
    row = "some (.*) invocations, (.*) requests to DynamoDB, (.*) messages, (.*) schedules"
    assert counts == pytest.approx(numbers_of("docs/conferences.md", row), rel=0.05)
    dollars = sum(total(share.dollars() for share in shares).values())
    said = numbers_of("docs/deploying.md", r"(\S+) for a million conferences")
    assert [dollars] == pytest.approx(said, rel=0.05)


def numbers_of(page, pattern):
    """The numbers that a page has at these places."""
    return [float(number) for number in re.search(pattern, (ROOT / page).read_text()).groups()]


def test_a_million_conferences_cost_little_at_aws(taken):
    bill = total(share.dollars() for share in taken.values())
    assert sum(bill.values()) <= 200, f"dollars per million conferences: {bill}"


@pytest.mark.thorough
def test_a_cold_start_takes_at_most_half_of_what_an_ordinary_implementation_takes():
    """On a machine that runs the other tests at the same time: what they add differs from try to try."""
    with starter() as fresh:
        for _ in range(MOST_TRIES):
            ours, ordinary = fresh.compare((OURS, None), (ORDINARY, None), times=10)
            if ours.seconds / ordinary.seconds <= 0.5:
                break
    assert ours.modules < ordinary.modules
    assert ours.seconds / ordinary.seconds <= 0.5, f"{ours} beside {ordinary}"
