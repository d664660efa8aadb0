"""What somebody wants to know the price of: each kind says which calls and texts it is, and how it could cost less."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from toritsugi.foundation.errors import wrong_field
from toritsugi.foundation.segments import measure_text
from toritsugi.money.pricing import (
    MINUTE,
    Priced,
    PricedCall,
    PricedNumber,
    PricedRecording,
    PricedSpeech,
    PricedStorage,
    PricedText,
    whole_minutes,
)
from toritsugi.money.rates import What

# Who is called, where nobody has said a number: one of this kind in Japan.
KINDS_OF_TELEPHONES = {"mobile": "+8190", "landline": "+813", "050": "+8150", "toll-free": "+81120"}
BROWSER = "browser"

E164_OR_BEGINNING = re.compile(r"\+[1-9][0-9]{0,14}")
DEFAULT_SECONDS = 180
SMALL_REST = 10  # seconds of a minute that has hardly begun
MAX_FOREIGN = 5  # characters without which a text might well be written
MAX_PARTIES = 10  # of a conference


@dataclass(frozen=True)
class Telephone:
    """A telephone by its number, or by its kind, of which the number is a beginning. A browser has none."""

    kind: str
    number: str

    @property
    def is_browser(self) -> bool:
        """Whether it is our own page, or an app, by Twilio's Voice SDK."""
        return self.kind == BROWSER

    def leg(self, seconds: int | None, whose: str, **more: Any) -> PricedCall:
        """The leg of a call that goes to it."""
        what = What.BROWSER_CALL if self.is_browser else What.OUTGOING_CALL
        return PricedCall(what=what, seconds=seconds, to=self.number, whose=whose, **more)

    def leg_to(self, line: "Telephone", seconds: int | None, whose: str) -> PricedCall:
        """The leg of a call that comes from it, to a line of ours."""
        what = What.BROWSER_CALL if self.is_browser else What.INCOMING_CALL
        return PricedCall(what=what, seconds=seconds, to="" if self.is_browser else line.number, whose=whose)


def telephone_of(text: str, name: str = "parties") -> Telephone:
    """A number in E.164, or one of the kinds. Raises RequestRefused."""
    if text == BROWSER:
        return Telephone(BROWSER, "")
    if text in KINDS_OF_TELEPHONES:
        return Telephone(text, KINDS_OF_TELEPHONES[text])
    if E164_OR_BEGINNING.fullmatch(text):
        return Telephone("number", text)
    kinds = ", ".join([*KINDS_OF_TELEPHONES, BROWSER])
    raise wrong_field(name, f"a number in E.164, as +81312345678, or one of {kinds}")


MOBILE, LINE_050, BY_BROWSER = telephone_of("mobile"), telephone_of("050"), telephone_of(BROWSER)


@dataclass(frozen=True)
class Cheaper:
    """How the same could be had for less: the name of the way, what it says of it, and what would be priced then."""

    name: str
    text: str
    scenario: "Scenario"


@dataclass(frozen=True, kw_only=True)
class CallScenario:
    """What all calls have in common. `sentences` are spoken by Twilio: of each the number of its characters.

    Recordings are copied to the exchange and deleted at Twilio, unless they are kept there for `kept_months`.
    """

    kind = "call"
    line: Telephone = LINE_050
    seconds: int = DEFAULT_SECONDS
    answered: bool = True
    record: bool = False
    kept_months: Decimal = Decimal(0)
    sentences: tuple[int, ...] = ()

    @property
    def all_seconds(self) -> int:
        """How long it takes, with all that it goes on."""
        return self.seconds

    @property
    def least_seconds(self) -> int:
        """How short it can be."""
        return 0

    @property
    def telephones(self) -> tuple[Telephone, ...]:
        """Those on which its price depends: who is called, and our line."""
        raise NotImplementedError

    def things(self) -> Iterator[Priced]:
        """What is paid for: nothing, if nobody answers."""
        if self.answered:
            yield from self.legs()
            yield from self.recorded(self.all_seconds if self.record else None)
            for characters in self.sentences:
                yield PricedSpeech(characters=characters, whose="spoken")

    def legs(self) -> Iterator[Priced]:
        """The calls that it consists of."""
        raise NotImplementedError

    def recorded(self, seconds: int | None) -> Iterator[Priced]:
        """A recording of so many seconds; none of None."""
        if seconds is not None:
            yield PricedRecording(seconds=seconds, whose="recording")
            if self.kept_months:
                yield PricedStorage(minute_months=whole_minutes(seconds) * self.kept_months, whose="recording")

    def cheaper(self) -> Iterator[Cheaper]:
        """Ways that may cost less."""
        over = self.all_seconds % MINUTE
        if 0 < over <= min(SMALL_REST, self.seconds - 1) and self.all_seconds > MINUTE:
            shorter = replace(self, seconds=self.seconds - over)
            yield Cheaper("before-the-minute", f"end {over} s earlier, before the next minute begins", shorter)
        if self.record:
            yield Cheaper("no-recording", "do not record", replace(self, record=False))


@dataclass(frozen=True, kw_only=True)
class MaskedCall(CallScenario):
    """Somebody calls a line of ours, which calls the other."""

    kind = "masked-call"
    caller: Telephone = MOBILE
    callee: Telephone = MOBILE

    @property
    def telephones(self) -> tuple[Telephone, ...]:
        return (self.callee, self.line)

    def legs(self) -> Iterator[Priced]:
        yield self.caller.leg_to(self.line, self.seconds, "the caller's leg")
        yield self.callee.leg(self.seconds, "the leg to the other", shows=self.line.number)

    def cheaper(self) -> Iterator[Cheaper]:
        if not self.callee.is_browser:
            yield Cheaper("callee-by-browser", "call the other by the browser", replace(self, callee=BY_BROWSER))
        if self.line.kind == "toll-free":
            yield Cheaper("line-050", "have a 050 number called, not a toll-free one", replace(self, line=LINE_050))
        yield from super().cheaper()


@dataclass(frozen=True, kw_only=True)
class VCall(CallScenario):
    """The exchange calls two people, and connects them. `extensions` are the seconds of each time it goes on."""

    kind = "v-call"
    parties: tuple[Telephone, ...] = (MOBILE, MOBILE)
    detect_machines: bool = False
    extensions: tuple[int, ...] = ()
    by_conference = False
    most_parties = 2

    def __post_init__(self) -> None:
        if not 2 <= len(self.parties) <= self.most_parties:
            raise wrong_field("parties", f"two, and {self.most_parties} at most")

    @property
    def all_seconds(self) -> int:
        return self.seconds + sum(self.extensions)

    @property
    def telephones(self) -> tuple[Telephone, ...]:
        return self.parties

    def legs(self) -> Iterator[Priced]:
        for place, party in enumerate(self.parties, 1):
            yield party.leg(
                self.all_seconds,
                f"the leg to party {place}",
                shows=self.line.number,
                conference_seconds=self.all_seconds if self.by_conference else None,
                detects_machines=self.detect_machines and not party.is_browser,
            )

    def cheaper(self) -> Iterator[Cheaper]:
        for place, party in enumerate(self.parties):
            if not party.is_browser:
                parties = (*self.parties[:place], BY_BROWSER, *self.parties[place + 1 :])
                text = f"call party {place + 1} by the browser"
                yield Cheaper(f"party-{place + 1}-by-browser", text, replace(self, parties=parties))
        if len(self.parties) == 2 and not self.extensions:
            yield Cheaper(
                "party-1-calls", "have party 1 call a line of yours, as in a masked call", self.as_masked_call()
            )
        if self.detect_machines:
            yield Cheaper("no-detection", "do not look for answering machines", replace(self, detect_machines=False))
        yield from super().cheaper()

    def as_masked_call(self) -> MaskedCall:
        """The same call, if the first of them calls a line of ours."""
        shared = {
            one: getattr(self, one) for one in ("line", "seconds", "answered", "record", "kept_months", "sentences")
        }
        return MaskedCall(caller=self.parties[0], callee=self.parties[1], **shared)


@dataclass(frozen=True, kw_only=True)
class Conference(VCall):
    """The exchange calls two to ten people into a conference, whose minutes are paid for each of them besides."""

    kind = "conference"
    by_conference = True
    most_parties = MAX_PARTIES

    def cheaper(self) -> Iterator[Cheaper]:
        if len(self.parties) == 2 and not self.extensions:
            names = ("line", "seconds", "answered", "record", "kept_months", "sentences", "parties", "detect_machines")
            plain = VCall(**{name: getattr(self, name) for name in names})
            yield Cheaper("no-conference", "connect the two without a conference", plain)
        yield from super().cheaper()


@dataclass(frozen=True, kw_only=True)
class ReceptionCall(CallScenario):
    """Somebody calls a reception, for `seconds` in all, and is transferred, leaves a message, or neither."""

    kind = "reception"
    caller: Telephone = MOBILE
    transfer_to: Telephone | None = None
    transfer_seconds: int | None = None
    voicemail_seconds: int | None = None

    def __post_init__(self) -> None:
        for name in ("transfer_seconds", "voicemail_seconds"):
            if (getattr(self, name) or 0) > self.seconds:
                raise wrong_field(name, f"the whole call takes {self.seconds} s")
        if (self.transfer_seconds is None) != (self.transfer_to is None):
            raise wrong_field("transfer_to", "give it and transfer_seconds, or neither")

    @property
    def least_seconds(self) -> int:
        return max(self.transfer_seconds or 0, self.voicemail_seconds or 0)

    @property
    def telephones(self) -> tuple[Telephone, ...]:
        return (self.line, self.transfer_to) if self.transfer_to else (self.line,)

    def legs(self) -> Iterator[Priced]:
        yield self.caller.leg_to(self.line, self.seconds, "the caller's leg")
        if self.transfer_to:
            yield self.transfer_to.leg(self.transfer_seconds, "the leg of the transfer", shows=self.line.number)
        yield from self.recorded(self.voicemail_seconds)

    def cheaper(self) -> Iterator[Cheaper]:
        if self.transfer_to and not self.transfer_to.is_browser:
            by_browser = replace(self, transfer_to=BY_BROWSER)
            yield Cheaper("transfer-to-browser", "transfer to the browser", by_browser)
        if self.line.kind == "toll-free":
            yield Cheaper("line-050", "have a 050 number called, not a toll-free one", replace(self, line=LINE_050))
        yield from super().cheaper()


@dataclass(frozen=True, kw_only=True)
class TextMessage:
    """A text to somebody, or of somebody to a line of ours. Its `body` is measured; without one, `segments` counts."""

    kind = "text"
    to: Telephone = MOBILE
    body: str = ""
    segments: int = 1
    comes_in: bool = False
    number_type: str = ""
    carrier: str = ""

    def __post_init__(self) -> None:
        if self.to.is_browser or self.to.kind in ("landline", "050", "toll-free"):
            raise wrong_field("to", f"no text goes to {self.to.kind}")

    @property
    def telephones(self) -> tuple[Telephone, ...]:
        """Those on which its price depends."""
        return (self.to,)

    def things(self) -> Iterator[Priced]:
        """What is paid for."""
        segments = measure_text(self.body).segments if self.body else self.segments
        yield PricedText(
            segments=segments,
            to=self.to.number,
            comes_in=self.comes_in,
            number_type=self.number_type,
            carrier=self.carrier,
            whose="text",
        )

    def cheaper(self) -> Iterator[Cheaper]:
        """Ways that may cost less."""
        size = measure_text(self.body)
        plain = "".join("?" if character in size.foreign else character for character in self.body)
        if 0 < len(size.foreign) <= MAX_FOREIGN and measure_text(plain).segments < size.segments:
            text = f"write it without {' '.join(size.foreign)}, for which all of it takes more room"
            yield Cheaper("no-foreign-characters", text, replace(self, body=plain))


@dataclass(frozen=True, kw_only=True)
class WholeMonth:
    """So many of each, and the numbers that are rented for them."""

    kind = "month"
    parts: tuple[tuple["Scenario", int], ...] = ()
    numbers: tuple[PricedNumber, ...] = ()

    @property
    def telephones(self) -> tuple[Telephone, ...]:
        """Those on which its price depends."""
        return tuple(telephone for scenario, _ in self.parts for telephone in scenario.telephones)

    def things(self) -> Iterator[Priced]:
        """What is paid for: each part as often as it is, all that is stored as one, and the numbers."""
        stored = Decimal(0)
        for scenario, count in self.parts:
            for one in scenario.things():
                if isinstance(one, PricedStorage):
                    stored += one.minute_months * one.count * count
                else:
                    yield replace(one, count=one.count * count, whose=f"{scenario.kind}: {one.whose}")
        if stored:
            yield PricedStorage(minute_months=stored, free_months=1, whose="recordings")
        yield from self.numbers

    def cheaper(self) -> Iterator[Cheaper]:
        """Ways that may cost less, each in one part of it."""
        for place, (scenario, count) in enumerate(self.parts):
            for way in scenario.cheaper():
                parts = (*self.parts[:place], (way.scenario, count), *self.parts[place + 1 :])
                yield Cheaper(f"{place}-{way.name}", f"{scenario.kind}: {way.text}", replace(self, parts=parts))


Scenario = CallScenario | TextMessage | WholeMonth
