"""What the page makes of what somebody has set: months, stairs, break-even points, links and sheets. Run by Node."""

import csv
import io
import random
from decimal import Decimal

import pytest

from tests.unit.money.golden import card_of, scenario_of
from tests.unit.money.node import REAL_CARDS, Node, needs_node
from toritsugi.money.pricing import price, sum_up

pytestmark = needs_node

KDDI, TWILIO = "kddi-2021", "twilio-jp-2026-11"

# A function of JavaScript with all modules of the page at hand; what it answers may have decimals in it.
WITH_ALL = """async (told) => {
  const { written } = await import(`${at}/decimal.js`);
  const { readCard } = await import(`${at}/pricing.js`);
  const { simulate, usual, monthScenario, BOUNDS } = await import(`${at}/simulation.js`);
  const { readLink, writeLink } = await import(`${at}/link.js`);
  const { writeSheet } = await import(`${at}/sheet.js`);
  const cards = Object.fromEntries(told.cards.map((card) => [card.name, readCard(card)]));
  const plain = (value) =>
    JSON.parse(JSON.stringify(value, (_, one) => (typeof one?.units === "bigint" ? written(one) : one)));
  const set = (changes) => ({ ...usual(changes.card ?? "twilio-jp-2026-11"), ...changes });
  const shown = (changes) => simulate(set(changes), cards[set(changes).card]);
  PROGRAM
}"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    node = Node(tmp_path_factory.mktemp("node"))

    def asked(program, told=None):
        return node.ask(WITH_ALL.replace("PROGRAM", program), {"cards": list(REAL_CARDS.values()), "of": told})

    yield asked
    node.stop()


def drawn_settings(dice):
    """What somebody might set."""
    return {
        "card": dice.choice([KDDI, TWILIO]),
        **{name: dice.randint(0, most) for name, most in (("numbers", 30), ("tollFree", 3), ("texts", 500))},
        **{name: dice.randint(0, 100) for name in ("mobiles", "recorded")},
        "calls": dice.randint(0, 3000),
        "seconds": dice.randint(1, 2000),
        "caller": dice.choice(["mobile", "landline", "browser"]),
        "line": dice.choice(["050", "toll-free"]),
        "tax": dice.random() < 0.5,
    }


def test_a_month_costs_on_the_page_what_it_costs_in_the_exchange(page):
    dice = random.Random(18)
    settings = [drawn_settings(dice) for _ in range(40)]
    program = """return plain(told.of.map((one) => shown(one).months.map(({ way, amount, unknown }) =>
      ({ scenario: monthScenario(way, set(one)), amount, unknown: unknown.length }))))"""
    for wished, months in zip(settings, page(program, settings), strict=True):
        for month in months:
            card = card_of(wished["card"])
            lines = price(scenario_of(month["scenario"]).things(), card, tax=wished["tax"])
            total = sum_up(lines, card.currency)
            assert (Decimal(month["amount"]), month["unknown"]) == (total.amount, len(total.unknown)), wished


def test_a_month_is_the_sum_of_what_it_is_for_and_that_of_its_lines(page):
    months = page("return plain(shown({ recorded: 20, tollFree: 1 }).months)")
    assert [month["way"] for month in months] == ["masked-call", "v-call", "conference"]
    for month in months:
        causes = sum(Decimal(one["amount"]) for one in month["causes"])
        lines = sum(Decimal(line["amount"]) for line in month["lines"] if line["amount"])
        assert Decimal(month["amount"]) == causes == lines


def test_a_minute_that_has_begun_is_a_step_of_the_stairs(page):
    program = "const { amountAt } = shown({ card: 'kddi-2021', to: 'mobile' }).stairs;"
    said = page(f"{program} return plain([0, 60, 61, 120, 121, 300].map((one) => amountAt(0, one)))")
    assert said == ["17.2", "17.2", "34.4", "34.4", "51.6", "86"]
    both = page("return plain(shown({ card: 'kddi-2021' }).stairs.amountAt(1, 61))")
    assert both == "64.8"


def test_from_the_break_even_point_on_masked_calls_are_cheaper_and_not_one_call_before(page):
    growth = """const { crossing, amountAt } = shown({ card: "kddi-2021", numbers: 5, seconds: 61 }).growth;
      return plain([crossing, ...[0, 1].flatMap((way) => [crossing - 1, crossing].map((n) => amountAt(way, n)))])"""
    crossing, before, at, other_before, other_at = map(Decimal, page(growth))
    assert at < other_at
    assert before >= other_before
    assert crossing > 1


def test_what_nobody_knows_is_said_of_a_break_even_point_and_not_reckoned_as_nothing(page):
    points = page("return plain(shown({ card: 'kddi-2021' }).breakEvens)")
    missing = {one["name"]: [line["what"] for line in one["missing"]] for one in points}
    assert set(missing["conference"]) == {"conference"}
    assert set(missing["browser"]) == {"browser-call"}
    assert missing["masked"] == []


def test_a_rate_of_ones_own_counts_and_is_marked(page):
    program = (
        "return plain(shown({ own: { 'outgoing-call.8170': '0.15' }, mobiles: 100, calls: 10, texts: 0 }).months[0])"
    )
    month = page(program)
    marked = {line["name"]: (line["rate"], line["certainty"]) for line in month["lines"] if line["is_overridden"]}
    assert marked == {"Japan, mobile": ("0.15", "own")}


def test_dollars_are_yen_by_the_rate_that_is_given_and_by_no_other(page):
    program = "return plain([{}, { currency: 'JPY' }, { currency: 'JPY', rate: '150.5' }].map(shown))"
    dollars, asked, yen = page(program)
    assert [(one["currency"], one["needsRate"]) for one in (dollars, asked, yen)] == [
        ("USD", False),
        ("USD", True),
        ("JPY", False),
    ]
    amounts = [Decimal(one["months"][2]["amount"]) for one in (dollars, asked, yen)]
    assert amounts == [amounts[0], amounts[0], amounts[0] * Decimal("150.5")]


def test_a_link_carries_all_that_is_set(page):
    wished = {"card": KDDI, "numbers": 7, "calls": 0, "tax": False, "currency": "USD", "rate": "0.0067"}
    wished |= {"asOf": "2026-11-28", "caller": "browser", "own": {"number.81.national": "99.5"}}
    program = "return [set(told.of), readLink('#' + writeLink(set(told.of)), cards, 'twilio-jp-2026-11')]"
    first = page("return set({ card: 'kddi-2021' })")
    assert page(program, wished) == [first | wished] * 2


@pytest.mark.parametrize(
    "fragment",
    [
        "card=__proto__&calls=-1&seconds=1e9&mobiles=half&caller=satellite&tax=maybe",
        "own.outgoing-call.8170=-1&own.nothing=5&rate=0&asOf=tomorrow&currency=XXX",
        "calls=%3Cscript%3E&rate=<b>&=&&&%E0%A4%A",
    ],
)
def test_what_can_be_nothing_in_a_link_is_as_usual(page, fragment):
    read, first = page("return [readLink('#' + told.of, cards, 'twilio-jp-2026-11'), set({})]", fragment)
    assert read == first


def test_too_much_in_a_link_is_the_most_that_can_be(page):
    assert page("return readLink('#calls=999999999', cards, 'kddi-2021').calls") == 1_000_000


def test_a_sheet_has_every_line_of_the_three_and_its_sums_come_out(page):
    sheet, months = page("const { months } = shown({}); return plain([writeSheet(months), months])")
    rows = list(csv.DictReader(io.StringIO(sheet.removeprefix("\ufeff"))))
    for month in months:
        own = [Decimal(row["amount"]) for row in rows if row["way"] == month["way"]]
        assert (len(own), sum(own)) == (len(month["lines"]), Decimal(month["amount"]))


def test_a_slider_that_moves_makes_few_comparisons(page):
    """At 60 pictures a second there are 16 ms; a comparison of a rate takes less than 2 microseconds."""
    program = """let looked = 0;
      const card = cards["twilio-jp-2026-11"];
      const rates = card.rates.map((rate) =>
        new Proxy(rate, { get: (of, name) => (looked += name === "what", of[name]) }));
      simulate(set({ recorded: 10, tollFree: 1 }), { ...card, rates });
      return looked"""
    assert 0 < page(program) < 3_000
