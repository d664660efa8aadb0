"""`toritsugi price`: what a call or a text will cost, line by line. Nobody is called, and Twilio is not asked."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from command.amounts import read_exchange, read_length, write_amount
from command.exchange import standing
from command.refusals import Refused
from command.screen import AsJson, plain, show, table
from command.stages import Region, StageName

if TYPE_CHECKING:
    from toritsugi.money.currencies import ExchangeRate
    from toritsugi.money.estimates import Estimate
    from toritsugi.money.pricing import PriceLine
    from toritsugi.money.rates import RateCard
    from toritsugi.money.scenarios import Scenario

WHO = "Numbers in E.164, or mobile, landline, 050, toll-free, browser; and how long: 10m, 90s, 1h30m."
FORMS = "toritsugi price mobile 10m, toritsugi price mobile landline 90s, toritsugi price mobile --text Hello"
DEFAULT_LENGTH = "3m"


def price(  # noqa: PLR0913  each is a word that is typed
    who: Annotated[list[str], typer.Argument(metavar="WHO... [LENGTH]", help=WHO, show_default=False)],
    caller: Annotated[str, typer.Option("--from", help="Of one who is called: who calls.")] = "mobile",
    line: Annotated[str, typer.Option(help="The number of yours in between.")] = "050",
    text: Annotated[str, typer.Option(help="A text to them, instead of a call.", show_default=False)] = "",
    conference: Annotated[bool, typer.Option("--conference", help="Two meet in a conference, as more do.")] = False,
    record: Annotated[bool, typer.Option("--record", help="The call is recorded.")] = False,
    card: Annotated[str, typer.Option(help="A rate card by its name: toritsugi rates list has them.")] = "",
    no_tax: Annotated[bool, typer.Option("--no-tax", help="Without the card's tax.")] = False,
    exchange: Annotated[str, typer.Option(help="Dollars in yen, with a date: 150@2026-11-28.")] = "",
    stage: StageName = "",
    region: Region = "",
    as_json: AsJson = False,
) -> None:
    """Say what a call or text will cost: to one a masked call, to two a V-call, to more a conference.

    With --stage by the newest card that was pulled for that exchange, else by the one that came with it.
    """
    from toritsugi.money.estimates import PriceTerms, estimate

    people, seconds = read_people(who, bool(text))
    scenario = scenario_of(people, seconds, text, caller, line, conference, record)
    by = find_card(card, stage, region)
    terms = PriceTerms(card=by, today=date.today(), tax=not no_tax, exchange=exchanged(by, exchange))
    show_price(estimate(scenario, terms), as_json)


def read_people(who: list[str], writes: bool) -> tuple[list[str], int]:
    """Who is called or written to, and for how many seconds. Raises Refused."""
    seconds = read_length(who[-1]) if who else None
    people = who if seconds is None else who[:-1]
    if not people or any(read_length(one) is not None for one in people):
        raise Refused(f"Say who, and then how long: {FORMS}.")
    if writes and (seconds is not None or len(people) > 1):
        raise Refused("A text goes to one, and takes no time: toritsugi price mobile --text Hello.")
    return people, seconds if seconds is not None else read_length(DEFAULT_LENGTH) or 0


def scenario_of(
    people: list[str], seconds: int, text: str, caller: str, line: str, conference: bool, record: bool
) -> Scenario:
    """What is to be priced. Raises RequestRefused."""
    from toritsugi.money.scenarios import BROWSER, Conference, MaskedCall, TextMessage, VCall, telephone_of

    telephones = tuple(telephone_of(one, "WHO") for one in people)
    if text:
        return TextMessage(to=telephones[0], body=text)
    if len(telephones) == 1 and conference:
        raise Refused("A conference has two people, and ten at most: name them all.")
    if line == BROWSER:
        raise Refused("A browser has no number: --line is a number of yours, or 050, toll-free, landline.")
    over: dict[str, Any] = {"line": telephone_of(line, "--line"), "seconds": seconds, "record": record}
    if len(telephones) == 1:
        return MaskedCall(caller=telephone_of(caller, "--from"), callee=telephones[0], **over)
    kind = Conference if conference or len(telephones) > 2 else VCall
    return kind(parties=telephones, **over)


def find_card(name: str, stage: str, region: str) -> RateCard:
    """The card of this name, or the usual one; that of an exchange where one is named. Raises RequestRefused."""
    from toritsugi.money.rates import DEFAULT_CARD, shipped_card

    if not (stage or region):
        return shipped_card(name or DEFAULT_CARD)
    standing(stage, region).enter()
    from toritsugi.tariffs import pulled_cards  # only now, for it reads the environment

    return pulled_cards.get_card(name or None)


def exchanged(card: RateCard, exchange: str) -> ExchangeRate | None:
    """By what the card's dollars become yen. Raises Refused where it has none."""
    from toritsugi.money.currencies import ExchangeRate

    if not exchange:
        return None
    rate, as_of = read_exchange(exchange)
    if card.currency == "JPY":
        raise Refused(f"The card {card.name} is in yen: nothing is to be exchanged.")
    return ExchangeRate(card.currency, "JPY", rate, as_of)


# ---- as people read it -----------------------------------------------------------------------------------------------


def show_price(found: Estimate, as_json: bool) -> None:
    """An estimate: its lines, the total, what would be cheaper, and what was assumed."""
    from toritsugi.tariffs.views import show_estimate

    currency = found.total.currency
    rows = [row_of(line) for line in found.lines]
    total = write_amount(found.total.amount, currency)
    without = "" if found.total.is_complete else f" [yellow]and {len(found.total.unknown)} that nobody knows[/]"
    ways = [f"{way.text}: saves {write_amount(way.saving, currency)}" for way in found.alternatives]
    show(
        show_estimate(found),
        as_json,
        table(["", "", "how much", "rate", "amount"], rows),
        f"\n[bold]{total}[/]{without}",
        "".join(f"\n[green]cheaper[/]  {plain(one)}" for one in ways),
        "\n" + "\n".join(f"[dim]{plain(one.text)}[/]" for one in found.assumptions),
    )


def row_of(line: PriceLine) -> tuple[str, ...]:
    """A line as people read it: a tax is a part of an amount, and all else so much of something."""
    amount = "not known" if line.amount is None else write_amount(line.amount, line.currency)
    if line.rate is None:
        return (line.whose, line.name, f"{line.quantity.normalize():f} {line.unit}", "", amount)
    if line.is_of_money:
        return (line.whose, line.name, write_amount(line.quantity, line.currency), f"{percent(line.rate)} %", amount)
    rate = write_amount(line.rate, line.currency)
    return (line.whose, line.name, f"{line.quantity.normalize():f} {line.unit}", rate, amount)


def percent(part: Decimal) -> str:
    return f"{(part * 100).normalize():f}"
