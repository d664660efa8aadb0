"""The whole of a local network: one account, its numbers, everybody's telephones, the calls, the log, the faults."""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import secrets
import ssl
import sys
from collections.abc import Coroutine
from typing import Any

import httpx

from local.clock import Clock
from local.network.alerts import KEPT_ALERTS, Alert
from local.network.billing.bill import Bill
from local.network.callbacks import StatusCallback
from local.network.calls import dial, verbs
from local.network.calls.call import TOO_MANY_CALLS, Call
from local.network.conferences.conference import Conference
from local.network.conferences.participant import Participant, Terms
from local.network.faults import Faults
from local.network.memories import Memory
from local.network.messages import replies
from local.network.messages.message import Conversation, Message, hand_in
from local.network.numbers import VERSTATS, IncomingPhoneNumber, as_dialed, parsed
from local.network.phones.phone import WITHHELD, Phone
from local.network.recordings.recording import Recording
from local.network.refusals import Refused
from local.network.rules import WebhookRule
from local.network.settings import USUAL, read_settings
from local.network.twiml.reader import Document
from local.network.webhooks import Request

# With each request httpcore asks for a library that tells one kind of event loop from another. Where that is missing
# the disk would be searched for it each time, which is an eighth of all that a call costs; this says so at once.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # typeshed knows modules only


@functools.cache
def trusted() -> ssl.SSLContext:
    """Whose certificates are believed. Reading them takes a tenth of a second, so once is enough."""
    return httpx.create_ssl_context()


class World:
    """The account and everything around it. `rate` is how many calls a second leave the queue of those made by REST,
    `keeps` how many of each kind are remembered when they are over (None: all).
    """

    rules: list[WebhookRule]
    textless_countries: set[str]  # ISO codes of where the account may not send texts
    protects_files: bool  # whether recordings and media need the password
    calls_at_once: int | None  # the most calls, in and out together; None: as many as there are
    type: str
    customer_profiles: dict[str, str]

    slack = 1.0  # how many times as long applications are waited for, where the machine itself is slow

    def __init__(
        self,
        clock: Clock,
        address: str = "http://127.0.0.1:8001",
        account_sid: str | None = None,
        auth_token: str | None = None,
        rate: float = 1.0,
        keeps: int | None = None,
    ) -> None:
        if keeps is not None and keeps < 1:
            raise ValueError(f"Of what is over at least 1 is kept, not {keeps}.")
        self.clock, self.address, self.rate, self.keeps = clock, address, rate, keeps
        self.account_sid = account_sid or f"AC{secrets.token_hex(16)}"
        self.auth_token = auth_token or secrets.token_hex(16)
        self.secondary_token, self.created_at = "", clock.now()
        self.api_keys: dict[str, str] = {}  # SID and secret of each that REST has made
        self.forbidden_countries: set[str] = set()  # ISO codes of where the account may not call
        vars(self).update(read_settings(USUAL))
        self.alerts: list[Alert] = []
        self.transport = httpx.AsyncHTTPTransport(
            verify=trusted(), limits=httpx.Limits(max_keepalive_connections=0), trust_env=False
        )
        self.ready = self.closed = False
        self.numbers: dict[str, IncomingPhoneNumber] = {}
        self.phones: dict[str, Phone] = {}
        self.calls = Memory[Call]()
        self.conferences = Memory[Conference]()
        self.recordings = Memory[Recording]()
        self.messages = Memory[Message]()
        self.conversations: dict[tuple[str, str], Conversation] = {}
        self.turns: dict[str, float] = {}  # when a number can send its next text
        self.log: list[dict[str, Any]] = []
        self.faults = Faults()
        self.bill = Bill(clock)
        self.next_turn = 0.0  # when the queue lets the next call go
        self.version = self.sequence = 0
        self.watchers: set[asyncio.Event] = set()
        self.on_the_way: set[asyncio.Task[None]] = set()  # requests to the application, not answered yet

    async def close(self) -> None:
        """Ends everything without telling the application, which may be gone already."""
        self.closed = True
        self.end_all_calls()
        self.changed()
        await self.clock.settle(1)
        await self.transport.aclose()

    # ---- the account's secrets -------------------------------------------------------------------------------------

    @property
    def tokens(self) -> list[str]:
        """What opens the REST API: both auth tokens, of which only the first signs webhooks."""
        return [token for token in (self.auth_token, self.secondary_token) if token]

    def create_secondary_token(self) -> None:
        """A second token beside the first; Twilio has two at most."""
        if self.secondary_token:
            raise Refused(409, "There is a secondary auth token already: promote or delete it first.", 20409)
        self.secondary_token = secrets.token_hex(16)

    def promote_secondary_token(self) -> None:
        self.auth_token, self.secondary_token = self.secondary_token, ""
        self.changed()

    def change(self, wishes: Any) -> None:
        """What no REST request can change, as settings.py reads it. Raises Refused, and changes nothing then."""
        vars(self).update(read_settings(wishes))
        self.changed()

    def alert(self, code: int, message: str, sid: str, level: str = "error") -> None:
        """Twilio's debugger keeps this of a call, a conference or a text: https://www.twilio.com/docs/usage/monitor-alert"""
        self.alerts.append(Alert(self.sid("NO"), self.clock.now(), code, message, sid, level))
        del self.alerts[:-KEPT_ALERTS]

    # ---- who is there ----------------------------------------------------------------------------------------------

    def add_number(self, wishes: Any) -> IncomingPhoneNumber:
        """A new number of the account, from the keys of `POST /numbers`."""
        if not isinstance(wishes, dict) or not isinstance(wishes.get("phone_number"), str):
            raise Refused(400, 'The body is an object with "phone_number" in E.164 form.')
        settings = dict(wishes)
        number, capabilities = settings.pop("phone_number"), settings.pop("capabilities", {})
        if not isinstance(capabilities, dict) or not all(
            name in ("voice", "sms", "mms") and isinstance(can, bool) for name, can in capabilities.items()
        ):
            raise Refused(400, "capabilities is an object with voice, sms and mms, each true or false.")
        if number in self.numbers or number in self.phones:
            whose = "the account's already" if number in self.numbers else "somebody's telephone"
            raise Refused(409, f"{number} is {whose}.", 21422)
        new = IncomingPhoneNumber(self, number, capabilities)
        new.update({name: value for name, value in settings.items() if value is not None})
        self.numbers[number] = new
        self.bill.leases.begin(number, self.clock.now())
        self.changed()
        return new

    def give_back(self, number: str) -> None:
        """The account has this number no longer, and pays for no further month of it."""
        del self.numbers[number]
        self.bill.leases.end(number, self.clock.now())

    def phone(self, number: str) -> Phone:
        """The telephone with this number, made on first use."""
        if number in self.numbers:
            raise Refused(404, f"{number} is one of the account's numbers, not a telephone: dial it from a telephone.")
        if parsed(number) is None:
            raise Refused(404, f"{number!r} is no telephone number in E.164 form, such as +819011110001.")
        if number not in self.phones:
            self.phones[number] = Phone(self, number)
            self.changed()
        return self.phones[number]

    def call(self, sid: str) -> Call:
        """The call with this SID."""
        if sid not in self.calls:
            raise Refused(404, f"There is no call {sid}.")
        return self.calls[sid]

    def conference(self, sid: str) -> Conference:
        """The conference with this SID."""
        if sid not in self.conferences:
            raise Refused(404, f"There is no conference {sid}.")
        return self.conferences[sid]

    def join_conference(self, call: Call, name: str, terms: Terms) -> Participant:
        """The call joins the conference of that name, or a new one. Failure with Twilio's code if it cannot."""
        return (self.room(name) or Conference(self, name, terms)).join(call, terms)

    def room(self, name: str) -> Conference | None:
        """The conference of this name that has not ended; the account has one namespace."""
        return next((one for one in self.conferences.values() if one.friendly_name == name and not one.ended_at), None)

    # ---- texts -----------------------------------------------------------------------------------------------------

    def text(self, phone: Phone, to: str, body: str, media: list[str]) -> None:
        """Somebody sends a text to one of the account's numbers, to another telephone, or to nobody."""
        if message := hand_in(self, phone, as_dialed(to, phone.number), body, media):
            self.send(replies.receive(message))

    def conversation(self, line: str, other: str) -> Conversation:
        """What lasts between the texts of a number of the account and another one."""
        return self.conversations.setdefault((line, other), Conversation())

    # ---- calls -----------------------------------------------------------------------------------------------------

    def dial(self, phone: Phone, keys: Any, shows: Any = None, stir_verstat: Any = None) -> Call:
        """Somebody dials one of the account's numbers, another telephone, or a number that nobody has.

        They show their own number, or claim another; and the first request of the call says what is known of that.
        """
        if not isinstance(keys, str) or not keys.strip():
            raise Refused(400, '"to" is the number to dial.')
        if shows is not None and not (isinstance(shows, str) and parsed(shows)):
            raise Refused(400, '"shows" is the number in E.164 that the caller claims to have.')
        if stir_verstat is not None and stir_verstat not in VERSTATS:
            raise Refused(400, f'"stir_verstat" is one of {", ".join(VERSTATS)}.')
        if phone.call:
            raise Refused(409, f"{phone.label} is {phone.state}; hang up first.")
        to = as_dialed(keys.strip(), phone.number)
        number = self.numbers.get(to)
        callback = None
        if number:
            callback = StatusCallback(number.settings["status_callback"], number.settings["status_callback_method"])
        from_ = WITHHELD if phone.withheld else shows or phone.number
        call = Call(self, "inbound", from_, to, callback=callback, direct=number is None)
        phone.take(call)
        if number and self.is_full(call):
            call.start(verbs.turned_away(call))
        elif number and number.capabilities["voice"]:
            call.fallback = number.settings["voice_fallback_url"], number.settings["voice_fallback_method"]
            told = {"StirVerstat": stir_verstat} if stir_verstat else {}
            call.start(verbs.inbound(call, Request(number.voice_url, number.settings["voice_method"], told)))
        elif to in self.phones:
            call.start(dial.direct(call, verbs.whispered))
        else:
            call.start(verbs.out_of_service(call))
        return call

    def is_full(self, but: Call | None = None) -> bool:
        """Whether the account has as many calls as it may have, in and out together; perhaps `but` one.

        A call counts that waits in the queue, too (unverified).
        https://support.twilio.com/hc/en-us/articles/223180028
        """
        if self.calls_at_once is None:
            return False
        running = [call for call in self.calls.values() if call is not but and call.is_counted]
        return len(running) >= self.calls_at_once

    def check_room(self) -> None:
        """Raises Refused where the account has as many calls as it may have. With which status is unverified."""
        if self.is_full():
            code, message = TOO_MANY_CALLS
            self.alert(code, message, "")
            raise Refused(400, message, code)

    def call_out(self, call: Call, first: Request | Document, timeout: float, send_digits: str) -> None:
        """A call made by REST joins the queue, and then does this."""
        call.start(verbs.outbound(call, first, self.queue(call), timeout, send_digits))

    def queue(self, call: Call) -> float:
        """Seconds until it is this call's turn: https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource"""
        turn = max(self.next_turn, self.clock.now())
        self.next_turn = turn + 1 / self.rate
        wait = turn - self.clock.now()
        call.queue_time = round(wait * 1000)
        call.note("queued")
        return wait

    def first_leg(self, second: Call) -> Call | None:
        """Whoever waits for this leg: the one that dials it, or the oldest answered one that REST made too."""
        if second.parent or second.direction != "outbound-api":
            return second.parent
        legs = (one for one in self.calls.values() if one.direction == "outbound-api" and one.from_ == second.from_)
        return next((one for one in legs if one is not second and one.answered.fired and not one.over.fired), None)

    def drop_first_leg(self, second: Call) -> None:
        """The fault that makes whoever waits for this leg hang up while it rings."""
        first = self.first_leg(second)
        if first is None or not (drop := self.faults.take("first_leg_drops", second.to)):
            return

        def hang_up() -> None:
            if first.phone and not first.over.fired and not second.answered.fired:
                first.phone.hangup()

        second.later(drop.seconds, hang_up, f"{first.sid} drops while {second.to} rings")

    def end_all_calls(self) -> None:
        for call in list(self.calls.values()):
            call.end("canceled", "the end of the world")

    async def forget(self) -> None:
        """Hangs up everything and forgets what happened; keeps the numbers, the telephones and the time."""
        self.end_all_calls()
        await self.clock.settle()
        for delivery in self.on_the_way:
            delivery.cancel()
        self.calls.clear()
        self.conferences.clear()
        self.recordings.clear()
        self.messages.clear()
        self.conversations.clear()
        self.turns.clear()
        self.log.clear()
        self.alerts.clear()
        self.bill.begin()
        self.faults.replace({})
        self.next_turn = 0.0
        for phone in self.phones.values():
            phone.heard, phone.messages = [], []
        self.changed()

    def send(self, delivery: Coroutine[Any, Any, None]) -> None:
        """Lets a request go its way to the application, whatever becomes of the call that it is about."""
        task = self.clock.spawn(delivery)
        self.on_the_way.add(task)
        task.add_done_callback(self.on_the_way.discard)

    # ---- what happens, for whoever watches -------------------------------------------------------------------------

    def sid(self, prefix: str) -> str:
        return f"{prefix}{self.clock.random.getrandbits(128):032x}"

    def logged(self, **entry: Any) -> dict[str, Any]:
        """A new entry of the log of webhooks, to be completed when the answer is there."""
        self.sequence += 1
        self.log.append({"sequence": self.sequence, **entry})
        self.changed()
        return self.log[-1]

    def note_end(self, sid: str, among: Memory[Any]) -> None:
        """This call, conference, text or recording is over; perhaps older ones are forgotten, with their log."""
        if among.note_end(sid, self.keeps):
            known = self.calls.keys() | self.conferences.keys() | self.messages.keys()
            self.log = [entry for entry in self.log if entry["call_sid"] in known]
            self.changed()

    def changed(self) -> None:
        """Something is not as it was: whoever watches may look again."""
        self.version += 1
        for watcher in self.watchers:
            watcher.set()
