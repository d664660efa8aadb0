"""What a request for an estimate may say, and what is priced then. Only the REST API reads this: it is heavy."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from toritsugi.foundation.errors import RequestRefused, wrong_field
from toritsugi.foundation.request_types import Strict
from toritsugi.lines.numbers import read_typed
from toritsugi.money.currencies import ExchangeRate
from toritsugi.money.discounts import discounted_card, read_discounts
from toritsugi.money.estimates import PriceTerms, Spread
from toritsugi.money.pricing import PricedNumber
from toritsugi.money.rates import DECIMAL, UNITS, RateCard, What
from toritsugi.money.scenarios import (
    BROWSER,
    KINDS_OF_TELEPHONES,
    MAX_PARTIES,
    Conference,
    MaskedCall,
    ReceptionCall,
    Scenario,
    Telephone,
    TextMessage,
    VCall,
    WholeMonth,
    telephone_of,
)

MAX_PRICED_SECONDS, MAX_COUNT = 86_400, 1_000_000
KindOfCall = Literal["masked-call", "v-call", "conference", "reception", "text"]
KindOfEstimate = Literal["masked-call", "v-call", "conference", "reception", "text", "month"]
KINDS_OF_PARTIES = (*KINDS_OF_TELEPHONES, BROWSER)


def read_party(text: str) -> str:
    """A kind of telephone as it is, a number in E.164, or its beginning. Raises ValueError."""
    try:
        return text if text in KINDS_OF_PARTIES or text.startswith("+") else read_typed(text)
    except RequestRefused as refusal:
        raise ValueError(f"{refusal.message}. Kinds are {', '.join(KINDS_OF_PARTIES)}") from None


def check_date(text: str) -> str:
    """A date as it is. Raises ValueError."""
    return date.fromisoformat(text).isoformat()


PricedParty = Annotated[
    str,
    Field(
        max_length=64,
        examples=["mobile", "+819011110001", "+8190"],
        description=f"A number, the beginning of one in E.164, or a kind: {', '.join(KINDS_OF_PARTIES)}",
    ),
    AfterValidator(read_party),
]
DecimalText = Annotated[str, Field(pattern=f"^{DECIMAL.pattern}$", examples=["0.0746"])]
RateDay = Annotated[
    str,
    Field(pattern="^20[0-9]{2}-[0-9]{2}-[0-9]{2}$", examples=["2026-11-28"], json_schema_extra={"format": "date"}),
    AfterValidator(check_date),
]
CallSeconds = Annotated[int, Field(ge=0, le=MAX_PRICED_SECONDS)]
SentenceText = Annotated[str, Field(min_length=1, max_length=4_000)]
NumberType = Literal["local", "national", "mobile", "toll-free"]


def priced_line(text: str, name: str) -> Telephone:
    """A number of the owner's. Raises RequestRefused for a browser, which has none."""
    if text == BROWSER:
        raise wrong_field(name, "a browser has no number")
    return telephone_of(text, name)


# Which fields say something of which kind.
CALL_FIELDS = {"parties", "line", "seconds", "answered", "record", "kept_months", "say"}
FIELDS_OF_KIND: Mapping[str, set[str]] = {
    "masked-call": CALL_FIELDS,
    "v-call": CALL_FIELDS | {"detect", "extension_seconds"},
    "conference": CALL_FIELDS | {"detect", "extension_seconds"},
    "reception": CALL_FIELDS | {"voicemail_seconds", "transfer_to", "transfer_seconds"},
    "text": {"parties", "body", "segments", "comes_in", "number_type", "carrier"},
    "month": {"parts", "numbers"},
}
GETS_TEXTS = ("mobile", "number")
PARTIES_OF_KIND = {"masked-call": 2, "reception": 1, "text": 1}  # of the others what is priced says how many
MAKERS: Mapping[str, Callable[..., Scenario]] = {
    "masked-call": MaskedCall,
    "v-call": VCall,
    "conference": Conference,
    "reception": ReceptionCall,
    "text": TextMessage,
}
# How what is priced calls it, and reads it.
READ: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "line": ("line", lambda said: priced_line(said, "line")),
    "transfer_to": ("transfer_to", lambda said: telephone_of(said, "transfer_to")),
    "kept_months": ("kept_months", Decimal),
    "say": ("sentences", lambda said: tuple(map(len, said))),
    "detect": ("detect_machines", bool),
    "extension_seconds": ("extensions", tuple),
}


class WantedPrice(Strict):
    """One call, or one text. What is left out is as usual, which the answer says."""

    parties: Annotated[
        list[PricedParty] | None,
        Field(
            min_length=1,
            max_length=MAX_PARTIES,
            description="A masked call: who calls, and who is called. A V-call or conference: who is called. "
            "A reception: who calls. A text: who gets it",
        ),
    ] = None
    line: Annotated[PricedParty | None, Field(description="Your own number; left out: one that begins with 050")] = None
    seconds: Annotated[CallSeconds | None, Field(description="How long the call takes; left out: 180")] = None
    answered: Annotated[bool | None, Field(description="Whether anybody answers")] = None
    record: Annotated[bool | None, Field(description="Whether the call is recorded")] = None
    kept_months: Annotated[
        DecimalText | None, Field(description="How long Twilio keeps the recording; the exchange's own copy is free")
    ] = None
    say: Annotated[list[SentenceText] | None, Field(max_length=100, description="Sentences that Twilio speaks")] = None
    detect: Annotated[bool | None, Field(description="Whether answering machines are looked for")] = None
    extension_seconds: Annotated[
        list[CallSeconds] | None, Field(max_length=100, description="A conference, or V-call: what each extension adds")
    ] = None
    voicemail_seconds: Annotated[CallSeconds | None, Field(description="A reception: how long a message is left")] = (
        None
    )
    transfer_to: Annotated[PricedParty | None, Field(description="A reception: who is called, if anybody")] = None
    transfer_seconds: Annotated[CallSeconds | None, Field(description="A reception: how long they talk")] = None
    body: Annotated[str | None, Field(max_length=1_600, description="A text: its words, which are measured")] = None
    segments: Annotated[int | None, Field(ge=1, le=100, description="A text: in how many parts it goes")] = None
    comes_in: Annotated[bool | None, Field(description="A text: whether it is written to you")] = None
    number_type: Annotated[NumberType | None, Field(description="A text: of which type your number is")] = None
    carrier: Annotated[str | None, Field(max_length=64, description="A text: whose network it goes to")] = None

    def scenario_of(self, kind: str) -> Scenario:
        """What is priced. Raises RequestRefused for what says nothing of this kind."""
        said = {name: value for name in WantedPrice.model_fields if (value := getattr(self, name)) is not None}
        if strange := said.keys() - FIELDS_OF_KIND[kind]:
            raise wrong_field(min(strange), f"it says nothing of a {kind}")
        if kind == "text" and "body" in said and "segments" in said:
            raise wrong_field("segments", "the body is measured: give one of them")
        if "kept_months" in said and not (said.get("record") or "voicemail_seconds" in said):
            raise wrong_field("kept_months", "nothing is recorded")
        parties = [telephone_of(one) for one in said.pop("parties", ())]
        values = dict(read_as_priced(name, value) for name, value in said.items())
        return MAKERS[kind](**values, **people_of(kind, parties))


def read_as_priced(name: str, said: Any) -> tuple[str, Any]:
    """A field as what is priced calls it, and as it reads it. Raises RequestRefused."""
    other, read = READ.get(name, (name, None))
    return other, read(said) if read else said


def people_of(kind: str, parties: list[Any]) -> dict[str, Any]:
    """Who is in it, as what is priced calls them; none where nobody was named. Raises RequestRefused."""
    if not parties:
        return {}
    wanted = PARTIES_OF_KIND.get(kind)
    if wanted and len(parties) != wanted:
        raise wrong_field("parties", f"of a {kind} there are {wanted}")
    if kind == "text" and parties[0].kind not in GETS_TEXTS:
        raise wrong_field("parties", f"no text goes to {parties[0].kind}")
    if kind == "masked-call":
        return {"caller": parties[0], "callee": parties[1]}
    if wanted:
        return {"caller" if kind == "reception" else "to": parties[0]}
    return {"parties": tuple(parties)}


class PartOfMonth(WantedPrice):
    """So many calls or texts of one kind."""

    kind: KindOfCall
    count: Annotated[int, Field(ge=1, le=MAX_COUNT, description="How many of them")] = 1


class RentedNumber(Strict):
    """Numbers that are rented."""

    number: Annotated[PricedParty, Field(description="Yours, or a kind")] = "050"
    number_type: NumberType | None = None
    count: Annotated[int, Field(ge=1, le=MAX_COUNT)] = 1


class Durations(Strict):
    """How long calls take: one in ten ends before p10 seconds, half of them before p50, nine before p90."""

    p10: CallSeconds
    p50: CallSeconds
    p90: CallSeconds


class ExchangeRequest(Strict):
    """What one unit of `base` is in `quote`, and as of which day: nobody looks it up for you."""

    base: Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["USD"])] = "USD"
    quote: Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["JPY"])] = "JPY"
    rate: Annotated[DecimalText, Field(examples=["150"])]
    as_of: RateDay

    def read(self, card: RateCard) -> ExchangeRate:
        """By what amounts of a card are changed. Raises RequestRefused where it would change nothing."""
        if self.base != card.currency:
            raise wrong_field("exchange/base", f"the card {card.name} is in {card.currency}")
        if not Decimal(self.rate):
            raise wrong_field("exchange/rate", "more than 0")
        return ExchangeRate(self.base, self.quote, Decimal(self.rate), date.fromisoformat(self.as_of))


class DiscountRequest(Strict):
    """What you pay instead of what the card says: so many percent less, or a rate of your own."""

    what: Annotated[str, Field(json_schema_extra={"enum": [one.value for one in UNITS]})]
    percent: DecimalText | None = None
    rate: DecimalText | None = None
    destination_prefix: Annotated[str | None, Field(pattern="^[0-9]{1,15}$", examples=["8190"])] = None
    number_type: NumberType | None = None


class EstimateRequest(WantedPrice):
    """What is to be priced, and by which rates."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "masked-call", "parties": ["mobile", "landline"], "seconds": 61},
                {
                    "kind": "month",
                    "parts": [{"kind": "conference", "seconds": 1800, "count": 200}, {"kind": "text", "count": 400}],
                    "numbers": [{"number": "050", "count": 3}],
                    "exchange": {"rate": "150", "as_of": "2026-11-28"},
                },
            ]
        }
    )

    kind: KindOfEstimate
    seconds: Annotated[
        CallSeconds | Durations | None, Field(description="How long the call takes, if that is known; left out: 180")
    ] = None  # type: ignore[assignment]
    history: Annotated[
        bool, Field(description="A conference: as long as your own of the last 30 days, in place of `seconds`")
    ] = False
    parts: Annotated[list[PartOfMonth] | None, Field(min_length=1, max_length=50, description="Of a month")] = None
    numbers: Annotated[list[RentedNumber] | None, Field(max_length=50, description="Of a month")] = None
    card: Annotated[
        str | None, Field(max_length=63, description="A rate card by its name. Left out: the newest that was pulled")
    ] = None
    tax: Annotated[bool, Field(description="Whether the card's tax is added")] = True
    exchange: Annotated[ExchangeRequest | None, Field(description="The currency in which it is answered")] = None
    discounts: Annotated[list[DiscountRequest], Field(max_length=100)] = []

    @model_validator(mode="after")
    def makes_sense(self) -> "EstimateRequest":
        """Raises ValueError for fields that contradict each other."""
        if self.history and (self.kind != "conference" or self.seconds is not None):
            raise ValueError("`history` is how long your conferences took: not of another kind, nor with `seconds`")
        if self.kind != "month" and (self.parts is not None or self.numbers is not None):
            raise ValueError("`parts` and `numbers` are those of a month")
        return self

    @property
    def spread(self) -> Spread | None:
        """How long it takes, if that is not known exactly. Raises RequestRefused."""
        return Spread(**self.seconds.model_dump()) if isinstance(self.seconds, Durations) else None

    @property
    def scenario(self) -> Scenario:
        """What is to be priced. Raises RequestRefused."""
        if self.kind == "month":
            return self.month
        known = self.model_copy(update={"seconds": self.spread.p50}) if self.spread else self
        return known.scenario_of(self.kind)

    @property
    def month(self) -> WholeMonth:
        said = {name for name in WantedPrice.model_fields if getattr(self, name) is not None}
        if said:
            raise wrong_field(min(said), "it says nothing of a month, but of one of its parts")
        if not self.parts and not self.numbers:
            raise wrong_field("parts", "say what there is in the month: parts, or numbers")
        return WholeMonth(
            parts=tuple((one.scenario_of(one.kind), one.count) for one in self.parts or ()),
            numbers=tuple(rented(one) for one in self.numbers or ()),
        )

    def terms(self, card: RateCard, today: date) -> PriceTerms:
        """By what it is priced. Raises RequestRefused."""
        exchange = self.exchange.read(card) if self.exchange else None
        own = read_discounts([one.model_dump(exclude_none=True) for one in self.discounts])
        return PriceTerms(card=discounted_card(card, own), today=today, tax=self.tax, exchange=exchange)


def rented(one: RentedNumber) -> PricedNumber:
    """Numbers as they are priced. Raises RequestRefused."""
    number = priced_line(one.number, "numbers").number
    return PricedNumber(to=number, number_type=one.number_type or "", count=one.count, whose=What.NUMBER)
