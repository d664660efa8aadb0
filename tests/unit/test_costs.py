"""What Twilio has sold, and what is asked of it: by changes of rows, without a table."""

from decimal import Decimal

import pytest

from toritsugi.costs.days import DayOfCosts, DaySums, add_days, write_sums
from toritsugi.costs.inquiries import inquiry_of
from toritsugi.costs.pages import write_report_page
from toritsugi.costs.sold import Sold
from toritsugi.masking.interactions import Interaction
from toritsugi.messages.records import MESSAGE_RANKS, Message
from toritsugi.money.bills import CategoryUse, Comparison
from toritsugi.money.rates import shipped_card

LINE, AIKO = "+815010000001", "+819011110001"
CALL = {"sid": "CA1", "incoming": True, "from_": AIKO, "to": LINE, "status": "completed", "began_at": 0.0, "size": 61}


def sold(**facts):
    return Sold(**CALL | facts)


def billed(**facts):
    return sold(**facts).billed(shipped_card())


def interaction(status):
    return Interaction("KC1", "interaction#KI1", sid="KI1", status=status, rank=0)


def message(direction, status="accepted"):
    return Message("KM1", direction=direction, status=status, rank=MESSAGE_RANKS.get(status, -1))


# ---- what is asked ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "now", "asked"),
    [
        (None, interaction("in-progress"), False),
        (interaction("in-progress"), interaction("completed"), True),
        (interaction("in-progress"), interaction("busy"), True),
        (interaction("completed"), interaction("completed"), False),
        (None, message("inbound", "received"), True),
        (message("inbound"), message("inbound"), False),
        (message("outbound-api"), message("outbound-api", "queued"), False),
        (message("outbound-api", "sending"), message("outbound-api", "delivered"), True),
        (message("outbound-api", "sent"), message("outbound-api", "delivered"), False),
        (message("outbound-api"), None, False),
    ],
)
def test_whatever_has_come_to_its_end_is_asked_about_once(before, now, asked):
    assert bool(inquiry_of(before, now)) is asked


# ---- what it is ------------------------------------------------------------------------------------------------------


def test_a_leg_that_comes_in_is_paid_by_the_minute_of_our_line():
    one = billed(amount=Decimal("0.02"))
    assert (one.what, one.quantity, one.estimate, one.amount) == ("incoming-call", 2, Decimal("0.02"), Decimal("0.02"))


def test_a_browser_is_nobodys_number():
    one = sold(from_="client:aiko")
    assert (one.what, one.person, one.billed(shipped_card()).estimate) == ("browser-call", None, Decimal("0.008"))


@pytest.mark.parametrize("status", ["busy", "no-answer", "canceled", "failed"])
def test_what_nobody_has_answered_is_free_and_nothing_more_will_be_said(status):
    assert (sold(status=status).is_free, sold(status=status).is_settled) == (True, True)


def test_an_answered_call_without_a_price_is_waited_for():
    assert (sold().is_settled, sold().is_free) == (False, False)


def test_a_failed_text_for_which_there_is_a_price_is_not_free():
    assert not sold(sid="SM1", status="failed", amount=Decimal("0.001")).is_free


def test_what_pictures_cost_is_on_no_card():
    one = billed(sid="MM1", incoming=False, from_=LINE, to=AIKO, size=1, has_files=True, amount=Decimal(1))
    assert (one.estimate, one.amount) == (None, 1)


def test_what_was_paid_in_other_money_has_no_estimate_beside_it():
    assert billed(amount=Decimal(3), currency="JPY").estimate is None
    assert billed(amount=Decimal(3), currency="USD").estimate == Decimal("0.02")


# ---- days ------------------------------------------------------------------------------------------------------------

SUMS = DaySums(
    currency="USD",
    used={"calls-outbound": CategoryUse(2, Decimal(4), Decimal("0.740")), "totalprice": CategoryUse(price=Decimal(1))},
    known={"outgoing-call": Comparison(count=2, quantity=Decimal(4), estimate=Decimal("0.74"), amount=Decimal("0.74"))},
    by_line={LINE: Comparison(count=2, without_amount=1)},
    expected={"speech": None, "conference": Decimal("0.1")},
)


def test_the_sums_of_a_day_are_read_as_they_were_written():
    assert DayOfCosts("day#2026-11-28", sums=write_sums(SUMS)).read == SUMS


def test_days_add_up_and_what_one_does_not_know_the_sum_does_not_either():
    both = add_days([SUMS, SUMS])
    assert (both.total, both.used["calls-outbound"].count, both.by_line[LINE].without_amount) == (2, 4, 2)
    assert both.expected == {"speech": None, "conference": Decimal("0.2")}
    assert add_days([]).total == 0


def test_what_stands_on_the_page_is_no_markup():
    line = {"name": "<b>&", "quantity": "1", "estimate": None, "told": None, "amount": "1", "gap": "0"}
    report = {"month": "2026-11", "currency": "USD", "total": "1", "gap": "0", "lines": [line]}
    page = write_report_page(report | {"over_lines": [], "in_services": [], "days": []})
    assert "<td>&lt;b&gt;&amp;</td>" in page
    assert "<td>–</td>" in page
