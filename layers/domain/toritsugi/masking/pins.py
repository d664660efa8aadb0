"""PINs: how a caller whom no number shows, or who calls from another telephone, reaches their own session.

A line keeps a PIN as a keyed hash under its own number, claimed and freed with the pair of its person and the line. So
at one line a PIN is one person's, and a stranger who calls with it late, in its quarantine, reaches nobody.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from twilio.twiml.voice_response import VoiceResponse

from toritsugi.foundation import config, voices
from toritsugi.foundation.addresses import public_url
from toritsugi.foundation.errors import NoSession, PinWrong, RequestRefused
from toritsugi.foundation.forms import invalid_parameter
from toritsugi.foundation.sealing import derive_key, seal
from toritsugi.limits import usage
from toritsugi.limits.usage import Cap, Tell
from toritsugi.lines.directory import DirectoryKey, Entry, look_up_entries
from toritsugi.lines.numbers import is_shown, read_caller
from toritsugi.masking.routes import KnownOfCall
from toritsugi.masking.sessions import Participant, Session, participant_entry

PIN_PURPOSE = b"toritsugi: PINs"
DRAWN_DIGITS = 8
MAX_PIN_DIGITS = 10  # of those that people bring themselves
GIVEN = re.compile(f"[0-9]{{6,{MAX_PIN_DIGITS}}}", re.ASCII)
ROUND = "01234567890"

TURN_PATH = re.compile(r"/voice/pins/([1-3])/([\w-]{2,20})", re.ASCII)
MAX_TURNS = 3  # in a call
ENTRY_SECONDS = 10

# Wrong PINs in an hour. Who tries day and night hits one of a hundred PINs of eight digits in about four years.
MAX_WRONG_OF_CALLER = 9
MAX_WRONG_OF_WITHHELD = 15  # at a line, of all who show no number
MAX_WRONG_AT_LINE = 30


class Pin(Entry, discriminator="pin"):
    """A participant's PIN at a line. It leads nowhere by itself: their route does, as long as it connects.

    `opened_at` is when its session was opened last. `free_from` absent: it is in use. `forget_at`: when DynamoDB may
    sweep it away.
    """

    session_sid = UnicodeAttribute()
    participant_sid = UnicodeAttribute()
    opened_at = NumberAttribute()
    free_from = NumberAttribute(null=True)
    forget_at = NumberAttribute(null=True)


# ---- which PIN somebody has ------------------------------------------------------------------------------------------


def is_weak(pin: str) -> bool:
    """Whether it is among the first that somebody tries: 111111, 121212, 123123, 123456, 987654."""
    again, runs = pin in (pin + pin)[1:-1], (ROUND, ROUND[::-1])
    return again or any(pin in run for run in runs) or len(set(pin)) < 3


def draw_pin(others: Iterable[str | None] = ()) -> str:
    """A PIN that nobody can guess, and that is none of the others."""
    while True:
        pin = f"{secrets.randbelow(10**DRAWN_DIGITS):0{DRAWN_DIGITS}}"
        if not is_weak(pin) and pin not in others:
            return pin


def choose_pins(brought: list[str | None], wanted: bool) -> list[str | None]:
    """The PIN of each of some people: what they bring, or one that is drawn; none, where none is `wanted`.

    Raises RequestRefused 80701 for one that would never be asked for, and for one that two would have.
    """
    own = [pin for pin in brought if pin]
    if own and not wanted:
        why = "nobody is asked for it: the Service has no PinEntry, or the Session is for texts alone"
        raise invalid_parameter("Pin", why)
    if len(set(own)) < len(own):
        raise invalid_parameter("Pin", "two participants of a Session cannot have the same")
    chosen: list[str | None] = []
    for pin in brought:
        chosen.append((pin or draw_pin({*own, *chosen})) if wanted else None)
    return chosen


def give_pin(person: Participant, pin: str) -> None:
    """The participant has this PIN at their line; nothing is stored yet."""
    _, person.pin_entry = pin_key(person.proxy_identifier, pin, config.settings().own_secret)
    person.sealed_pin = seal(pin, person.sid)


def pin_key(line: str, pin: str, secret: str) -> DirectoryKey:
    """Where the directory keeps a PIN of a line: not even whoever reads it all finds out which it is."""
    tag = hmac.digest(derive_key(secret, PIN_PURPOSE), f"{line} {pin}".encode(), hashlib.sha256)
    return line, f"pin#{base64.urlsafe_b64encode(tag).decode()[:22]}"


# ---- it is claimed, and freed ----------------------------------------------------------------------------------------


def pin_of(session: Session, person: Participant, opened_at: float | None = None) -> Pin:
    """What their line keeps of a participant's PIN, in this session."""
    opened_at = opened_at or opening_of(session)
    return Pin(*pin_key_of(person), session_sid=person.session_sid, participant_sid=person.sid, opened_at=opened_at)


def pin_at(person: Participant) -> Pin:
    """Where this person's PIN lies; nothing of what is in it."""
    return Pin(*pin_key_of(person))


def pin_key_of(person: Participant) -> DirectoryKey:
    return person.proxy_identifier, str(person.pin_entry)


def opening_of(session: Session) -> float:
    """When the session was opened last."""
    return float(session.date_reopened or session.date_created)


def is_untaken(now: int) -> Condition:
    """The PIN was never used at its line, or its quarantine is over."""
    return Pin.entry.does_not_exist() | (Pin.free_from <= now)


def is_of_participant(person: Participant) -> Condition:
    """The PIN is this participant's, whatever the state of their session."""
    return Pin.participant_sid == person.sid


def is_as_opened(person: Participant, session: Session) -> Condition:
    """The same, and the session was not opened again since it was read."""
    return is_of_participant(person) & (Pin.opened_at == opening_of(session))


def resting(moment: float, session: Session) -> list[Action]:
    """What ends a PIN at this moment, in seconds since 1970: it is free for others after the quarantine."""
    until = moment + session.quarantine
    return [Pin.free_from.set(until), Pin.forget_at.set(until)]


def pin_taken() -> RequestRefused:
    """The refusal (80604) of a PIN that somebody else has at the same line."""
    return RequestRefused(
        80604, "The Pin is in use at the ProxyIdentifier by another Participant. Leave it out, and one is drawn"
    )


# ---- it is asked for, and entered ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PinTurn:
    """The `number`th time that a caller is asked for a PIN, in the language in which they were asked first."""

    number: int
    locale: str

    @property
    def path(self) -> str:
        return f"/voice/pins/{self.number}/{self.locale}"

    @classmethod
    def read(cls, path: str) -> "PinTurn":
        """The turn at this path. Raises RequestRefused."""
        match = TURN_PATH.fullmatch(path)
        if not match:
            raise RequestRefused(20404, "nobody is asked for a PIN at this path", 404)
        return cls(int(match[1]), match[2])


def request_pin(turn: PinTurn, *, is_wrong: bool = False) -> VoiceResponse:
    """Asks for a PIN, and says why; Twilio comes back with what was keyed in, or with nothing."""
    response = VoiceResponse()
    gather = response.gather(
        num_digits=MAX_PIN_DIGITS,
        finish_on_key="#",
        timeout=ENTRY_SECONDS,
        action=public_url(turn.path),
        action_on_empty_result=True,
    )
    if turn.number == 1:
        voices.say_sentence(gather, "pin needed", turn.locale)
    if is_wrong:
        voices.say_sentence(gather, "pin wrong", turn.locale)
    voices.say_sentence(gather, "enter pin", turn.locale)
    return response


def ask_once_more(turn: PinTurn, keyed: str, caller: str) -> VoiceResponse:
    """Asks again; what was keyed in did not lead to a call. Raises, at last, what then remains to be said."""
    if turn.number < MAX_TURNS:
        return request_pin(PinTurn(turn.number + 1, turn.locale), is_wrong=bool(keyed))
    if keyed:
        raise PinWrong
    read_caller(caller)
    raise NoSession


def find_owner(line: str, keyed: str) -> Participant | None:
    """The participant whose PIN this is at a line, also one whose session has ended.

    It may be kept under a secret that this process does not know yet. Where two have it, who were given it under two
    secrets, it is nobody's.
    """
    secrets_now = config.settings(doubtful=True).own_secrets
    found = list(look_up_entries(pin_key(line, keyed, secret) for secret in secrets_now).values())
    if len(found) != 1 or not isinstance(pin := found[0], Pin):
        return None
    try:
        return Participant.get(pin.session_sid, participant_entry(pin.participant_sid), consistent_read=True)
    except Participant.DoesNotExist:
        return None


def is_led(person: Participant | None, known: KnownOfCall, now: float) -> bool:
    """Whether a session puts this person through now: the one in which they have the PIN."""
    route = known.route
    return person is not None and route is not None and route.participant_sid == person.sid and known.connects(now)


# ---- how often it is tried -------------------------------------------------------------------------------------------


def count_try(line: str, caller: str, now: float, tell: Tell) -> bool:
    """Whether one more PIN may be tried at a line by a caller; it is counted before anybody looks whether it is right.

    `tell` hears once in an hour of a line where too many are tried.
    """
    for scope, counters, caps in counters_of(line, caller, now):
        outcome = usage.add(scope, counters, caps, now)
        if not outcome.held:
            if scope == line:
                usage.reached(line, next(cap for cap in caps if usage.is_full(cap, counters, outcome)), now, tell)
            return False
    return True


def take_back_try(line: str, caller: str, now: float) -> None:
    """The PIN was right, so the try counts for nothing: only wrong ones do."""
    for scope, counters, _ in counters_of(line, caller, now):
        usage.add(scope, {name: -count for name, count in counters.items()}, [], now)


def counters_of(line: str, caller: str, now: float) -> list[tuple[str, dict[str, int], list[Cap]]]:
    """Where a try is counted, and how far: those who show no number are one at a line."""
    hour, until = usage.hour_of(now), now - now % 3_600 + 3_600
    all_tries, theirs = f"pins-{hour}", f"withheld-pins-{hour}"
    at_line = Cap("wrong_pins_an_hour_per_line", all_tries, MAX_WRONG_AT_LINE, until)
    if is_shown(caller):
        own = Cap("wrong_pins_an_hour_per_caller", all_tries, MAX_WRONG_OF_CALLER, until)
        return [(caller, {all_tries: 1}, [own]), (line, {all_tries: 1}, [at_line])]
    withheld = Cap("wrong_pins_an_hour_withheld_per_line", theirs, MAX_WRONG_OF_WITHHELD, until)
    return [(line, {theirs: 1, all_tries: 1}, [withheld, at_line])]
