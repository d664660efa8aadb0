"""What a client asks for when it wants people in a session: read from the form, and checked."""

import json
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.forms import Form, check_name, invalid_parameter
from toritsugi.foundation.sids import check_sid
from toritsugi.lines import destinations
from toritsugi.lines.numbers import is_e164, read_typed
from toritsugi.masking.pins import GIVEN, MAX_PIN_DIGITS, is_weak
from toritsugi.masking.teams import WAYS_TO_RING
from toritsugi.masking.terms import TERM_FIELDS

MAX_PARTICIPANTS = 2
MAX_NUMBERS = 10  # of a participant: Twilio rings no more at once
MAX_LABEL = 60  # characters: it is spoken

# Clients of before send one of the last two: that two sessions never have the same pair is our only way.
# https://www.twilio.com/docs/api/errors/80623
STRICTNESS = ("FailOnParticipantConflict", "ReturnErrorOnDuplicateRequest")
SESSION_CHANGES = ("DateExpiry", "Ttl", "Status", "Label", *TERM_FIELDS, *STRICTNESS)
SESSION_FIELDS = ("UniqueName", "Mode", "Participants", "DryRun", *SESSION_CHANGES)
TELEPHONES = ("Identifier", "MoreIdentifiers", "Rings")
PARTICIPANT_FACTS = (*TELEPHONES, "FriendlyName", "ProxyIdentifier", "ProxyIdentifierSid", "Pin")
PARTICIPANT_FIELDS = (*PARTICIPANT_FACTS, "DryRun", *STRICTNESS)


class KeysAsWritten(list[tuple[str, Any]]):
    """An object in JSON with each key as often as it was written."""


@dataclass(frozen=True)
class ParticipantRequest:
    """A participant as a client asks for one. A team has `more_identifiers`; how it `rings`, None: as usual."""

    identifier: str
    friendly_name: str | None = None
    proxy_identifier: str | None = None
    proxy_identifier_sid: str | None = None
    pin: str | None = None
    more_identifiers: tuple[str, ...] = ()
    rings: str | None = None

    @property
    def numbers(self) -> list[str]:
        """All their telephone numbers, the first of a team first."""
        return [number for number in (self.identifier, *self.more_identifiers) if number]

    def without(self, known: list[str]) -> "ParticipantRequest":
        """The same with those numbers alone that are not known; perhaps with none."""
        first, *more = [number for number in self.numbers if number not in known] or [""]
        return replace(self, identifier=first, more_identifiers=tuple(more))

    @property
    def is_explicit(self) -> bool:
        """Whether the client has named the line."""
        return bool(self.proxy_identifier or self.proxy_identifier_sid)


def read_participants(form: Form) -> list[ParticipantRequest]:
    """The participants of a session to be created: a repeated field, each a JSON object. Raises RequestRefused."""
    people = []
    for text in form.getlist("Participants"):
        try:
            pairs = json.loads(text, object_pairs_hook=KeysAsWritten)
            json.dumps(pairs, ensure_ascii=False).encode()  # JSON can write half characters, which no table can hold
        except (ValueError, RecursionError):
            raise invalid_parameter("Participants", "each must be a JSON object") from None
        if not isinstance(pairs, KeysAsWritten) or not all(map(is_said, pairs)):
            raise invalid_parameter("Participants", "each must be a JSON object of texts, and of lists of them")
        people.append(read_participant(as_form(pairs)))
    if len(people) > MAX_PARTICIPANTS:
        raise too_many()
    if len({number for person in people for number in person.numbers}) < sum(len(one.numbers) for one in people):
        raise RequestRefused(80103, "Participant has already been added to Session")
    return people


def is_said(pair: tuple[str, Any]) -> bool:
    """Whether a value in such an object is a text, or of MoreIdentifiers a list of texts."""
    key, value = pair
    several = isinstance(value, list) and not isinstance(value, KeysAsWritten) and spelling(key) == "moreidentifiers"
    return all(isinstance(one, str) for one in value) if several else isinstance(value, str | None)


def as_form(pairs: KeysAsWritten) -> Form:
    """What such an object says, as the form of a participant to be added says it. Raises RequestRefused 20001."""
    names = {spelling(name): name for name in PARTICIPANT_FACTS}
    said: dict[str, Any] = {}
    for key, value in pairs:
        name = names.get(spelling(key))
        if name is None:
            known = ", ".join(PARTICIPANT_FACTS)
            raise RequestRefused(20001, f"Participants: {key[:64]}: there is no such field here, only {known}")
        if name in said:
            raise RequestRefused(20001, f"Participants: {key[:64]}: {name} is said twice")
        said[name] = value
    return Form(urlencode({name: value for name, value in said.items() if value}, doseq=True))


def spelling(key: str) -> str:
    """What FriendlyName, friendlyName and friendly_name have in common."""
    return key.replace("_", "").lower()


def read_participant(form: Form) -> ParticipantRequest:
    """A participant to be added. Raises RequestRefused."""
    return check_identifier(
        ParticipantRequest(
            form.text("Identifier", most=191) or "",
            form.text("FriendlyName", most=255),
            form.text("ProxyIdentifier", most=255),
            form.text("ProxyIdentifierSid", most=34),
            read_pin(form),
            read_more(form),
            form.choice("Rings", WAYS_TO_RING),
        )
    )


def read_more(form: Form) -> tuple[str, ...]:
    """The further numbers of a team, in E.164, in their order; blank ones are none. Raises RequestRefused."""
    more = tuple(read_telephone(text) for text in form.getlist("MoreIdentifiers") if text)
    if len(more) >= MAX_NUMBERS:
        raise invalid_parameter("MoreIdentifiers", f"a participant has {MAX_NUMBERS} numbers at most in all")
    return more


def check_identifier(wanted: ParticipantRequest) -> ParticipantRequest:
    """The same participant, both numbers in E.164.

    Raises RequestRefused 80404 for who cannot be called, and 80701 for wrong fields.
    """
    if not wanted.identifier:
        raise invalid_parameter("Identifier", "a participant needs one")
    identifier = read_telephone(wanted.identifier)
    if len({identifier, *wanted.more_identifiers}) <= len(wanted.more_identifiers):
        raise invalid_parameter("MoreIdentifiers", "a number is there twice")
    if wanted.rings and not wanted.more_identifiers:
        raise invalid_parameter("Rings", "there is one number alone: name others as MoreIdentifiers")
    check_name("FriendlyName", wanted.friendly_name, most=255)
    return replace(wanted, identifier=identifier, proxy_identifier=read_line(wanted.proxy_identifier))


def read_telephone(text: str) -> str:
    """A participant's number in E.164. Raises RequestRefused 80404 for one that cannot be called."""
    try:
        number = read_typed(text)
        destinations.check_destination(number)
    except RequestRefused as refusal:
        reason = f"The participant's Identifier must be a telephone number that can be reached: {refusal}"
        raise RequestRefused(80404, reason) from None
    return number


def read_pin(form: Form) -> str | None:
    """The Pin that a client brings; None, where one is to be drawn if the service has any. Raises RequestRefused."""
    pin = form.text("Pin", most=64)
    if pin and not GIVEN.fullmatch(pin):
        raise invalid_parameter("Pin", f"it must be 6 to {MAX_PIN_DIGITS} digits; leave it out, and one is drawn")
    if pin and is_weak(pin):
        raise invalid_parameter("Pin", "it is easily guessed: leave it out, and one is drawn")
    return pin or None


def read_line(text: str | None) -> str | None:
    """The line that was named, in E.164; what is no number stays as it is, for no service has it."""
    try:
        return read_typed(text) if text else None
    except RequestRefused:
        return text


def read_label(form: Form, before: str | None = None) -> str | None:
    """What the session is about, as the form says, or as `before` where it does not; blank takes it away."""
    label = form.name("Label", MAX_LABEL)
    return before if label is None else label.strip() or None


def check_strictness(form: Form) -> None:
    """Raises RequestRefused 80701 where a client wants it to be possible that two sessions have the same pair."""
    for name in STRICTNESS:
        if form.boolean(name) is False:
            raise invalid_parameter(name, "it is always true here: no pair of two numbers leads to two sessions")


def read_pool_number(form: Form) -> tuple[str | None, str | None]:
    """The number that is to come into a pool, in E.164, or its SID. Raises RequestRefused 80406, 80407, 80701."""
    phone_number, sid = form.text("PhoneNumber", most=64), form.text("Sid", most=64)
    if not phone_number and not sid:
        raise invalid_parameter("PhoneNumber", "name the number, by PhoneNumber or by Sid")
    if sid:
        check_sid(sid, "PN", 80407)
    number = read_line(phone_number or None)
    if number and not is_e164(number):
        raise RequestRefused(80406, f"{phone_number} is no phone number, as +815012345678 is")
    return number, sid or None


def too_many() -> RequestRefused:
    """The refusal (80609) of a third participant."""
    return RequestRefused(80609, "A Session may have at most 2 participants")
