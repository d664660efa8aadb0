"""`toritsugi rates`: the rate cards of an exchange, pulled from Twilio's Pricing API as the account pays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from command.amounts import write_amount
from command.exchange import standing
from command.price import exchanged
from command.refusals import Refused
from command.screen import AsJson, busy, each, plain, say, show, table
from command.stages import Region, StageName

if TYPE_CHECKING:
    from toritsugi.money.card_changes import RateChange
    from toritsugi.money.currencies import ExchangeRate
    from toritsugi.money.rates import Rate, RateCard
    from toritsugi.tariffs.pulled_cards import PulledCard
    from toritsugi.tariffs.twilio_prices import CountryPrices

app = typer.Typer(no_args_is_help=True, help="What calls, texts and numbers cost: rate cards, dated.")

ALWAYS = "JP"
GOES_ON = timedelta(days=1)  # so long after it began a pull is gone on with

IN_YEN = "For the limit of yen a day: what one of your currency is in yen, 150@2026-11-28. Left out: as before."
Countries = Annotated[
    list[str] | None,
    typer.Argument(metavar="[COUNTRY]...", help="JP US ...; left out: JP, and those of your numbers."),
]
CardName = Annotated[str, typer.Argument(help="Left out: the newest.", show_default=False)]


@app.command()
def pull(
    countries: Countries = None,
    again: Annotated[bool, typer.Option("--again", help="From the beginning, also if a pull has stopped.")] = False,
    exchange: Annotated[str, typer.Option(help=IN_YEN, show_default=False)] = "",
    stage: StageName = "",
    region: Region = "",
    as_json: AsJson = False,
) -> None:
    """Ask Twilio what your account pays, and keep it as a card with today's date. Old cards stay.

    The limit of yen a day counts by it, too.
    """
    place = standing(stage, region)
    place.enter()
    from toritsugi.tariffs import pulled_cards

    twilio, now = place.twilio(), datetime.now(UTC)
    with busy("Asking Twilio which numbers you have ..."):
        wanted = read_countries(countries) or countries_of(twilio)
    unfinished = None if again else pulled_cards.find_unfinished()
    if unfinished and now.timestamp() - unfinished.pulled_at > GOES_ON.total_seconds():
        unfinished = None
    pulling = Pull(twilio, now, unfinished)
    pulling.add_all([one for one in wanted if one not in pulling.known])
    before = pulled_cards.find_newest_card()
    card = pulling.card()
    in_yen = exchanged(card, exchange)
    pulled_cards.keep_card(card, pulling.known, now.timestamp())
    counts_by(card, in_yen)
    for one in pulling.unread:
        say(f"[yellow]not read[/]  {plain(one)}")
    changes = changes_since(before, card)
    counts = {"card": card.name, "currency": card.currency, "countries": pulling.known, "rates": len(card.rates)}
    said = f"[green]kept[/]  {card.name}: {len(card.rates)} rates of {', '.join(pulling.known)}, in {card.currency}"
    show(counts | {"changes": listed(changes), "unread": pulling.unread}, as_json, said, *told(before, changes))


@app.command("list")
def list_cards(stage: StageName = "", region: Region = "", as_json: AsJson = False) -> None:
    """Show the cards that were pulled, and those that came with the exchange."""
    exchange = standing(stage, region)
    exchange.enter()
    from toritsugi.money.rates import SHIPPED_CARDS, shipped_card
    from toritsugi.tariffs import pulled_cards

    pulled = [row.card for row in pulled_cards.list_cards()]
    cards = [(card, "pulled") for card in pulled] + [(shipped_card(name), "shipped") for name in SHIPPED_CARDS]
    found = [
        {
            "name": card.name,
            "as_of": card.as_of.isoformat(),
            "currency": card.currency,
            "rates": len(card.rates),
            "is": how,
        }
        for card, how in cards
    ]
    warn_of_age(pulled[0] if pulled else shipped_card())
    rows = [[str(value) for value in one.values()] for one in found]
    show(found, as_json, table(["card", "as of", "currency", "rates", ""], rows))


@app.command("show")
def show_card(name: CardName = "", stage: StageName = "", region: Region = "", as_json: AsJson = False) -> None:
    """Show a card: each rate, where it is from, and of which day."""
    card = get_card(name, stage, region)
    from toritsugi.money.rates import rate_card_to_json

    warn_of_age(card)
    rows = [row_of(rate, card.currency) for rate in card.rates]
    head = f"[bold]{plain(card.title or card.name)}[/], as of {card.as_of}, in {card.currency}"
    show(rate_card_to_json(card), as_json, head, table(["", "to", "of yours", "rate", "a", "as of", ""], rows))


@app.command()
def compare(
    old: Annotated[str, typer.Argument(help="Left out: the one before the newest.", show_default=False)] = "",
    new: CardName = "",
    stage: StageName = "",
    region: Region = "",
    as_json: AsJson = False,
) -> None:
    """Show what became dearer or cheaper from one card to the next."""
    newer = get_card(new, stage, region)
    from toritsugi.money.card_changes import compare_cards
    from toritsugi.tariffs import pulled_cards

    older = pulled_cards.get_card(old) if old else card_before(newer, pulled_cards.list_cards())
    changes = compare_cards(older, newer)
    result = {"old": older.name, "new": newer.name, "changes": listed(changes)}
    show(result, as_json, *told(older, changes))


# ---- pulling ---------------------------------------------------------------------------------------------------------


class Pull:
    """What was pulled so far, by which it goes on where it has stopped: after each country it is kept."""

    def __init__(self, twilio: Client, now: datetime, unfinished: PulledCard | None) -> None:
        from toritsugi.tariffs.twilio_prices import TOLD

        self.twilio, self.now = twilio, now
        self.known = [str(one) for one in unfinished.countries] if unfinished else []
        kept = unfinished.card if unfinished else None
        self.rates = [one for one in kept.rates if one.what in TOLD and one.country in self.known] if kept else []
        self.currency = kept.currency if kept else ""
        self.unread: list[str] = []
        if self.known:
            say(f"[green]going on[/]  {', '.join(self.known)} were pulled before it stopped")

    def add_all(self, countries: list[str]) -> None:
        """These countries more; where one fails, what was pulled before it is there when the same is typed again."""
        try:
            for country in each(countries, "Asking Twilio what it costs"):
                self.add(country)
        except Exception:
            if self.known:
                say(f"[yellow]stopped[/]  behind {', '.join(self.known)}: the same command goes on from there")
            raise

    def add(self, country: str) -> None:
        """One country more. Raises Refused where Twilio sells nothing, or in another currency."""
        from toritsugi.tariffs import pulled_cards
        from toritsugi.tariffs.twilio_prices import RateReader

        told = fetch_prices(self.twilio, country)
        if not told.currency:
            raise Refused(f"Twilio names no prices of {country}: a country is two letters, as JP.")
        if self.currency and told.currency != self.currency:
            raise Refused(f"Twilio names {country} in {told.currency}, others in {self.currency}: no card has both.")
        reader = RateReader(told, self.now.date())
        self.rates += reader.rates()
        self.unread += reader.unread
        self.currency = told.currency
        self.known.append(country)
        pulled_cards.keep_unfinished(self.card(), self.known, self.now.timestamp())

    def card(self) -> RateCard:
        """The card of what was pulled so far, and of what Twilio's API lacks."""
        from toritsugi.money.rates import shipped_card
        from toritsugi.tariffs.twilio_prices import card_of_countries

        return card_of_countries(self.rates, self.known, self.currency, self.now.date(), shipped_card())


def fetch_prices(twilio: Client, country: str) -> CountryPrices:
    """What Twilio's Pricing API says of a country. Raises TwilioRestException."""
    import phonenumbers

    from toritsugi.tariffs.twilio_prices import CountryPrices

    pricing = twilio.pricing
    return CountryPrices(
        country,
        str(phonenumbers.country_code_for_region(country)),
        sold(pricing.v2.voice.countries(country).fetch),
        sold(pricing.v1.messaging.countries(country).fetch),
        sold(pricing.v1.phone_numbers.countries(country).fetch),
    )


def sold(fetch: Callable[[], Any]) -> dict[str, Any] | None:
    """What Twilio says of a product in a country; None where it does not sell it there."""
    try:
        return vars(fetch())
    except TwilioRestException as error:
        if error.status == 404:
            return None
        raise


def read_countries(named: Iterable[str] | None) -> list[str]:
    """The countries that were named, each once. Raises Refused."""
    import phonenumbers

    found = list(dict.fromkeys(one.upper() for one in named or ()))
    if strange := [one for one in found if one not in phonenumbers.SUPPORTED_REGIONS]:
        raise Refused(f"{', '.join(strange)} is no country: two letters, as JP.")
    return found


def countries_of(twilio: Client) -> list[str]:
    """Japan, and the countries of the account's numbers."""
    from toritsugi.lines.numbers import country_of

    numbers = [one.phone_number for one in twilio.incoming_phone_numbers.list()]
    return sorted({ALWAYS} | {country for one in numbers if (country := country_of(str(one)))})


def counts_by(card: RateCard, in_yen: ExchangeRate | None) -> None:
    """Has the limit of yen a day count by this card; or says what it needs for that."""
    from toritsugi.limits.charges import find_charges, keep_charges, shipped_charges
    from toritsugi.tariffs.charging import YEN, charges_of, exchange_of

    before = find_charges() or shipped_charges()
    known = in_yen or exchange_of(before) or exchange_of(shipped_charges())
    if card.currency == YEN or (known and known.base == card.currency):
        keep_charges(charges_of(card, known))
    else:
        say(f"[yellow]yen a day still count by {before.card}:[/] say --exchange, what 1 {card.currency} is in yen")


# ---- cards -----------------------------------------------------------------------------------------------------------


def get_card(name: str, stage: str, region: str) -> RateCard:
    """A card of an exchange by its name, or its newest. Raises RequestRefused."""
    standing(stage, region).enter()
    from toritsugi.tariffs import pulled_cards  # only now, for it reads the environment

    return pulled_cards.get_card(name or None)


def card_before(newer: RateCard, pulled: Iterable[PulledCard]) -> RateCard:
    """The card that was pulled last before this one. Raises Refused if there is none."""
    older = (row.card for row in pulled)
    found = next((card for card in older if card.as_of < newer.as_of), None)
    if not found:
        raise Refused(f"No card was pulled before {newer.name}: name two, `toritsugi rates list` has them.")
    return found


def changes_since(before: RateCard | None, card: RateCard) -> tuple[RateChange, ...]:
    """What is not as in the card that was pulled before; nothing if there is none, or it is in another currency."""
    from toritsugi.money.card_changes import compare_cards

    return compare_cards(before, card) if before and before.currency == card.currency else ()


def listed(changes: Iterable[RateChange]) -> list[dict[str, Any]]:
    """Changes for other programs."""
    return [
        {
            "name": one.name,
            "before": None if one.before is None else f"{one.before:f}",
            "after": None if one.after is None else f"{one.after:f}",
            "since": one.since.isoformat(),
            "text": one.text,
        }
        for one in changes
    ]


def told(before: RateCard | None, changes: Iterable[RateChange]) -> list[str]:
    """Changes as people read them."""
    if not before:
        return []
    lines = [plain(one.text) for one in changes]
    return lines or [f"Nothing has changed since {before.name}."]


def warn_of_age(card: RateCard) -> None:
    from toritsugi.money.card_changes import days_too_old

    if days := days_too_old(card, today()):
        say(f"[yellow]{plain(card.name)} is {days} days old:[/] toritsugi rates pull gets a newer one")


def today() -> date:
    return datetime.fromtimestamp(time.time(), UTC).date()


def row_of(rate: Rate, currency: str) -> tuple[str, ...]:
    """A rate as people read it."""
    to = " ".join(rate.destination_prefixes[:4]) + (" ..." if len(rate.destination_prefixes) > 4 else "")
    is_part = rate.unit == "of the sum"
    amount = "not known" if rate.rate is None else f"{rate.rate:f}" if is_part else write_amount(rate.rate, currency)
    return (rate.name or rate.what, to, rate.number_type, amount, rate.unit, rate.as_of.isoformat(), rate.certainty)
