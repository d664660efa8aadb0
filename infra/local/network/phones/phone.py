"""A telephone: what its owner does with it, and what can be heard in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from local.clock import Clock, Signal
from local.network.addresses import is_absolute
from local.network.dates import iso
from local.network.messages import segments
from local.network.messages.message import MAX_BODY, MAX_MEDIA
from local.network.numbers import is_landline
from local.network.phones.utterances import Utterances
from local.network.refusals import Refused
from local.network.twiml.digits import PAUSES, split_at_pauses
from local.network.twiml.speech import of_words

WITHHELD = "anonymous"  # the From of a call whose caller hides the number: https://www.twilio.com/docs/voice/twiml#request-parameters
KEYS = set("0123456789*#ABCD")
BEHAVIOURS = ("by hand", "at once", "busy", "never", "machine")
RECEIVES = ("at once", "never", "landline")


class PhoneAccount(Protocol):
    """What a telephone needs of the network that it belongs to."""

    clock: Clock
    keeps: int | None

    def changed(self) -> None: ...

    def text(self, phone: Phone, to: str, body: str, media: list[str]) -> None: ...


class Hearer(Protocol):
    """Whoever hears what is said at a telephone."""

    def hear(self, kind: str, text: str, from_: str | None = None) -> object: ...


class PhoneCall(Hearer, Protocol):
    """What a telephone needs of the call that it rings for, or talks in."""

    sid: str
    direction: str
    from_: str
    to: str
    phone: Phone | None
    answered: Signal
    utterances: Utterances

    @property
    def talking_with(self) -> list[str]: ...

    def answer(self) -> None: ...

    def end(self, status: str, by: str) -> None: ...

    def press(self, digits: str) -> None: ...

    def speak(self, text: str) -> None: ...

    def later(self, seconds: float, action: Callable[[], object], label: str) -> None: ...

    def note(self, event: str, detail: str = "") -> None: ...


class Phone:
    """One telephone, with the behaviour that it has by itself."""

    def __init__(self, world: PhoneAccount, number: str) -> None:
        self.world, self.number = world, number
        self.name: str | None = None
        self.suggests: list[dict[str, str]] = []
        self.withheld = False
        self.behaviour: dict[str, Any] = {"answers": "by hand", "after": 0, "presses": "", "greeting": ""}
        self.call: PhoneCall | None = None
        self.heard: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.receives = "landline" if is_landline(number) else "at once"
        self.saying: tuple[str, float] | None = None  # the machine's greeting, and when it ends

    def behave(self, settings: Any) -> None:
        """Takes over these settings. Naming how it answers begins a behaviour afresh; all else stays as it was."""
        if not isinstance(settings, dict):
            raise Refused(400, "The body is an object with the settings of a telephone.")
        for name, value in settings.items():
            if name not in RULES:
                raise Refused(400, f"A telephone has no setting {name!r}; it has {', '.join(RULES)}.")
            is_right, rule = RULES[name]
            if not is_right(value):
                raise Refused(400, f"{name} is {rule}.")
        if "answers" in settings:
            self.behaviour = {"answers": settings["answers"], "after": 0, "presses": "", "greeting": ""}
        for name, value in settings.items():
            if name in self.behaviour:
                self.behaviour[name] = value
            else:
                setattr(self, name, value)
        self.world.changed()

    # ---- what the network does with it -----------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        return self.call is not None or (self.behaviour["answers"] == "busy" and not self.behaviour["after"])

    def take(self, call: PhoneCall) -> None:
        """The telephone is busy with this call from now on, and has heard nothing yet."""
        self.call, call.phone = call, self
        self.heard = []

    def ring(self, call: PhoneCall) -> None:
        """It rings, and does what it does by itself."""
        self.take(call)
        answers, after = self.behaviour["answers"], self.behaviour["after"] or 0
        if answers in ("at once", "machine"):
            call.later(after, call.answer, f"{self.label} answers")
        elif answers == "busy":
            call.later(after, lambda: call.end("busy", self.number), f"{self.label} rejects")

    def begin_talking(self, call: PhoneCall) -> None:
        """Its call is answered. A machine begins to speak, and the keys of `presses` are pressed."""
        self.press_in_time(call, self.behaviour["presses"] or "")
        greeting = self.behaviour["greeting"]
        if self.behaviour["answers"] == "machine" and greeting and call.direction != "inbound":
            self.saying = (greeting, self.world.clock.now() + of_words(greeting))
            call.note("greeting", greeting)
            call.utterances.add(greeting)

    def go_on_talking_to(self, listener: Hearer) -> None:
        """Somebody was put through while the machine speaks, and hears it."""
        if self.saying and self.saying[1] > self.world.clock.now():
            listener.hear("speech", self.saying[0], self.number)

    def put_down(self) -> None:
        self.call, self.saying = None, None

    # ---- what its owner does ---------------------------------------------------------------------------------------

    def answer(self) -> None:
        self.busy_with("ringing").answer()

    def reject(self) -> None:
        self.busy_with("ringing").end("busy", self.number)

    def hangup(self) -> None:
        call = self.busy_with("dialing", "ringing", "talking")
        call.end("busy" if self.state == "ringing" else "no-answer", self.number)

    def press(self, digits: Any) -> None:
        if not isinstance(digits, str) or not digits or set(digits) - KEYS - set(PAUSES):
            raise Refused(400, "digits are keys out of 0123456789*#ABCD, with w and W for pauses of 0.5 and 1 s.")
        self.press_in_time(self.busy_with("talking"), digits)

    def press_in_time(self, call: PhoneCall, digits: str) -> None:
        wait = 0.0
        for keys in split_at_pauses(digits):
            if keys in PAUSES:
                wait += PAUSES[keys]
            elif wait:
                call.later(wait, partial(call.press, keys), f"{self.label} presses {keys}")
            else:
                call.press(keys)

    def speak(self, text: Any) -> None:
        if not isinstance(text, str) or not text.strip():
            raise Refused(400, "text is what the person says.")
        self.busy_with("talking").speak(text)

    def send(self, to: Any, body: Any, media: Any) -> None:
        """Sends a text, perhaps with files, of which it gives the addresses."""
        body, media = "" if body is None else body, [] if media is None else media
        if not isinstance(to, str) or not to.strip():
            raise Refused(400, '"to" is the number to send to.')
        if not isinstance(body, str) or len(body) > MAX_BODY:
            raise Refused(400, f"body is a text of at most {MAX_BODY} characters.")
        if not isinstance(media, list) or not all(isinstance(url, str) and is_absolute(url) for url in media):
            raise Refused(400, "media is a list of absolute http or https URLs.")
        if not body and not media:
            raise Refused(400, "body is what the text says, or media are the files that it brings.")
        if len(media) > MAX_MEDIA:
            raise Refused(400, f"A text brings at most {MAX_MEDIA} files.")
        if self.receives == "landline":
            raise Refused(409, f"{self.label} is a landline, which has no texts.")
        self.world.text(self, to.strip(), body, media)

    def keep(self, sid: str, direction: str, from_: str, to: str, body: str, media: list[str], status: str) -> None:
        """It shows a text from now on: one that came in or that went out."""
        about = {"sid": sid, "direction": direction, "from": from_, "to": to, "body": body, "media": media}
        at = iso(self.world.clock.now())
        self.messages.append(about | {"at": at, "status": status, "segments": segments.count(body)})
        if self.world.keeps is not None:
            del self.messages[: -self.world.keeps]
        self.world.changed()

    def busy_with(self, *states: str) -> PhoneCall:
        """The call of this telephone; 409 unless it is in one of these states."""
        if self.state not in states or self.call is None:
            raise Refused(409, f"{self.label} is {self.state}; this needs a telephone that is {' or '.join(states)}.")
        return self.call

    # ---- what one sees of it ---------------------------------------------------------------------------------------

    @property
    def label(self) -> str:
        return self.name or self.number

    @property
    def state(self) -> str:
        if self.call is None:
            return "idle"
        if self.call.answered.fired:
            return "talking"
        return "dialing" if self.call.direction == "inbound" else "ringing"

    @property
    def shows(self) -> str | None:
        if self.call is None:
            return None
        return self.call.to if self.call.direction == "inbound" else self.call.from_

    def as_seen(self) -> dict[str, Any]:
        """The telephone as the control API shows it."""
        return {
            "number": self.number,
            "name": self.name,
            "state": self.state,
            "call_sid": self.call.sid if self.call else None,
            "shows": self.shows,
            "talking_with": self.call.talking_with if self.call else [],
            "heard": self.heard,
            "messages": self.messages,
            **self.behaviour,
            "withheld": self.withheld,
            "receives": self.receives,
            "suggests": self.suggests,
        }


def is_suggestion(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) <= {"number", "reaches"}
        and all(isinstance(part, str) for part in value.values())
    )


def is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


RULES: dict[str, Any] = {
    "answers": (lambda value: value in BEHAVIOURS, "one of " + ", ".join(BEHAVIOURS)),
    "after": (
        lambda value: value is None or (type(value) in (int, float) and 0 <= value <= 86400),
        "a number of seconds",
    ),
    "withheld": (lambda value: isinstance(value, bool), "true or false"),
    "presses": (
        lambda value: value is None or (isinstance(value, str) and not set(value) - KEYS - set(PAUSES)),
        "keys out of 0123456789*#ABCD, with w and W for pauses of 0.5 and 1 s",
    ),
    "greeting": (is_text, "what a machine says"),
    "receives": (lambda value: value in RECEIVES, "one of " + ", ".join(RECEIVES)),
    "name": (is_text, "text"),
    "suggests": (
        lambda value: isinstance(value, list) and all(is_suggestion(one) for one in value),
        'a list of {"number", "reaches"}',
    ),
}
