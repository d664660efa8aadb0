"""AWS's share: one line, from what was metered, beside which everything else is large."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

from tests.conftest import ROOT
from toritsugi.money.aws_share import AWS_PRICES, aws_price_of
from toritsugi.money.currencies import ExchangeRate
from toritsugi.money.estimates import PriceTerms, estimate
from toritsugi.money.rates import What, shipped_card
from toritsugi.money.scenarios import Conference, MaskedCall, TextMessage, WholeMonth

TWILIO = PriceTerms(card=shipped_card(), today=date(2026, 11, 28), aws=True)
KDDI = replace(TWILIO, card=shipped_card("kddi-2021"))
YEN = ExchangeRate("USD", "JPY", Decimal(150), date(2026, 11, 27))


def aws_lines(scenario, terms=TWILIO):
    return [line for line in estimate(scenario, terms).lines if line.what is What.AWS]


def assumed(scenario, terms=TWILIO):
    return {one.name: one.text for one in estimate(scenario, terms).assumptions if one.name.startswith("aws")}


def test_the_table_is_small_and_says_what_the_page_says():
    assert AWS_PRICES.stat().st_size < 5000
    page = (ROOT / "docs/deploying.md").read_text()
    said = r"(\S+) to (\S+) dollars\sfor a million calls, .*, (\S+) for a million conferences"
    low, high, conference = map(Decimal, re.search(said, page).groups())
    assert low <= aws_price_of("masked-call") * 1_000_000 <= high
    assert aws_price_of("conference") * 1_000_000 == conference


def test_a_call_costs_as_good_as_nothing_at_aws_and_that_is_its_last_line():
    found = estimate(MaskedCall(seconds=300), TWILIO)
    assert found.lines[-1].what is What.AWS
    assert found.lines[-1].amount == aws_price_of("masked-call")
    assert Decimal("0.000005") < aws_price_of("masked-call") < Decimal("0.00002")
    assert Decimal("0.0001") < aws_price_of("conference") < Decimal("0.0003")
    assert found.lines[-1].amount < found.total.amount / 10_000


def test_of_a_month_it_is_one_line_of_all_that_was_metered():
    month = WholeMonth(parts=((MaskedCall(), 1000), (Conference(), 10), (TextMessage(), 5)))
    [line] = aws_lines(month)
    assert (
        line.amount == line.quantity * line.rate == 1000 * aws_price_of("masked-call") + 10 * aws_price_of("conference")
    )
    assert assumed(month)["aws-metered"].startswith("AWS's share is that of masked-call, conference: ")
    [line] = aws_lines(WholeMonth(parts=((MaskedCall(), 1000),)))
    assert (line.quantity, line.rate) == (1000, aws_price_of("masked-call"))


def test_dollars_are_in_no_total_in_yen_without_a_rate_of_exchange():
    assert aws_lines(MaskedCall(), KDDI) == []
    assert "aws-left-out" in assumed(MaskedCall(), KDDI)
    [line] = aws_lines(MaskedCall(), replace(KDDI, exchange=YEN))
    assert (line.currency, line.amount) == ("JPY", 150 * aws_price_of("masked-call"))
    in_yen, in_both = (estimate(MaskedCall(), terms).lines for terms in (KDDI, replace(KDDI, exchange=YEN)))
    assert in_both == (*in_yen, line)


def test_what_was_not_metered_has_no_line_and_says_so():
    assert aws_lines(TextMessage()) == []
    assert set(assumed(TextMessage())) == {"aws-unmetered"}
