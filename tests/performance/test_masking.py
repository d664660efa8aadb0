"""The budgets of masking beside calls, in operations and units: a session is opened, a text goes on, and both grow."""

import pytest

from tests.performance import bench, masking
from tests.performance.calls import AIKO, BEN
from tests.performance.findings import TTL
from tests.performance.test_budgets import numbers_of


def test_a_text_goes_on_with_one_read_one_transaction_and_what_counts_it(exchange, telephones):
    text, *told = masking.pass_on(exchange, telephones)
    assert text.meter.operations == ["BatchGetItem", "UpdateItem", "UpdateItem", "TransactWriteItems"]
    assert [webhook.meter.operations for webhook in told] == [["UpdateItem"], ["UpdateItem"]]


def test_a_million_sessions_or_texts_cost_little_at_aws_and_what_the_pages_say(exchange, telephones):
    opened = masking.open_one(exchange, telephones, AIKO, BEN, ttl=TTL)
    assert opened.schedules == 1
    sessions = masking.dollars_a_million([opened.dollars()])
    texts = masking.dollars_a_million([webhook.dollars() for webhook in masking.pass_on(exchange, telephones)])
    assert sessions <= bench.BUDGET_OF_SESSIONS
    assert texts <= bench.BUDGET_OF_TEXTS
    said = numbers_of("docs/deploying.md", r"(\S+) for a million sessions, (\S+) for a million texts")
    assert [sessions, texts] == pytest.approx(said, rel=0.05)


@pytest.mark.parametrize("sessions", [1_000, 20_000])
def test_a_claim_asks_for_the_same_however_many_sessions_a_service_has(exchange, sessions):
    meter = masking.allocate(exchange, sessions, laid=100)
    assert meter.operations == ["Query", "BatchGetItem", "TransactWriteItems"]
    assert (meter.read_units, meter.write_units) == (23, 17)


@pytest.mark.parametrize(("lines", "taken", "looks"), [(10, 9, 1), (60, 55, 2)])
def test_somebody_with_nearly_every_line_is_given_the_last_one_at_the_first_try(exchange, lines, taken, looks):
    load = masking.load(exchange, lines, taken)
    assert (load.tries, load.looks) == (1, looks)
    assert load.at_random > 9


def test_of_calls_no_partition_is_one_for_all_but_what_counts_one_in_fifty(exchange, telephones):
    heat = masking.take_heat(exchange, telephones)
    shared = [one for one in heat["calls"] if one.share == 1]
    assert {one.name.partition(",")[0] for one in shared} == {"UsageTable"}
    assert max(one.units for one in shared) <= 0.1
    assert min(one.most for one in heat["calls"]) > 1_000
