"""Routes: where a person's calls to a line go, and the words with which they are put through.

The key of a route is the pair (person, line), so the database itself keeps any pair from leading to two places. A
route stays after its session: it tells a late caller what has ended, and keeps the pair from strangers until
`free_from`. Where a service lets people have several sessions over one line, the pair has up to nine places, each with
a digit of a telephone: then a place is what leads to one session alone.
"""

import re
from dataclasses import dataclass
from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection
from twilio.twiml.voice_response import Dial, VoiceResponse

from toritsugi import words
from toritsugi.callers.caller import Caller, caller_key
from toritsugi.foundation import config, voices
from toritsugi.foundation.durations import DEFAULT_RING_SECONDS, MAX_CALL_SECONDS, MIN_RING_SECONDS
from toritsugi.foundation.errors import (
    CallInCircle,
    CallRefused,
    CallsNotAllowed,
    LineUnknown,
    NoSession,
    PartnerMissing,
    RequestRefused,
    SessionEnded,
)
from toritsugi.foundation.retention import kept_until
from toritsugi.limits.switch import Switch, check_switch, switch_key
from toritsugi.lines.directory import DirectoryKey, Entry, look_up_entries
from toritsugi.lines.lines import Line, line_key
from toritsugi.lines.numbers import is_e164, is_shown

SETTLED_SECONDS = 300  # after so long, whoever was given a line is in its index, however much that lags
MAX_SCANNED_PAGES = 100  # of 1 MB each
DIGITS = range(1, 10)  # of a telephone, which lead to several sessions over one line

NOTICE_PATH = re.compile(r"/voice/notices/([\w-]{2,20})(?:/(recorded|unconfirmed|unconfirmed-recorded))?", re.ASCII)


class LiveOn(GlobalSecondaryIndex["Route"]):  # type: ignore[no-untyped-call]
    """The keys of a line's routes that have not ended. It may lag: read the routes themselves before believing it."""

    class Meta:
        index_name = "live-on"
        projection = IncludeProjection(["kind"])  # by which PynamoDB filters; without it, it finds nothing

    live_on = UnicodeAttribute(hash_key=True)
    number = UnicodeAttribute(range_key=True)


class Route(Entry, discriminator="route"):
    """Where `number`'s calls to a line go: to `partner`, who sees `shows`.

    `ttl` is there while the expiry slides. `expires_at` absent: never expires. `ended_at` absent: open. `free_from`
    absent: never free. `forget_at`: when DynamoDB may sweep it away, after it has ended. `turn` counts the lines that
    the person was given, so that what is older is known even within a second.

    The settings of the session travel here from `quarantine` on, so that a call needs no second read: `through` a dial,
    which is perhaps `recorded`, or a conference, in which a star `extends` the call. `unconfirmed_callers` absent: they
    are refused. `tells_answer`: Twilio is to tell when the other answers, too, for the service wants to know. In the
    last seconds before the expiry, which are its `grace`, nothing slides. `ended_sentence` is what callers hear after.
    `terms`: how this person's calls go, where that is not as usual. `team`: either side has several numbers, see teams.
    """

    session_sid = UnicodeAttribute()
    participant_sid = UnicodeAttribute()
    partner = UnicodeAttribute(null=True)
    partner_sid = UnicodeAttribute(null=True)
    shows = UnicodeAttribute(null=True)
    mode = UnicodeAttribute()
    ttl = NumberAttribute(null=True)
    expires_at = NumberAttribute(null=True)
    ended_at = NumberAttribute(null=True)
    free_from = NumberAttribute(null=True)
    forget_at = NumberAttribute(null=True)
    live_on = UnicodeAttribute(null=True)
    turn = NumberAttribute(null=True)
    quarantine = NumberAttribute(default=0)
    calls_outlive_expiry = BooleanAttribute(default=False)
    through = UnicodeAttribute(default="dial")
    extends = BooleanAttribute(default=False)
    recorded = BooleanAttribute(null=True)
    unconfirmed_callers = UnicodeAttribute(null=True)
    tells_answer = BooleanAttribute(null=True)
    grace = NumberAttribute(null=True)
    ended_sentence = JSONAttribute(null=True)
    terms = JSONAttribute(null=True)
    team = UnicodeAttribute(null=True)

    live = LiveOn()

    def connects(self, now: float) -> bool:
        """Whether a call may be put through at this moment, to whomever it may be."""
        return self.ended_at is None and (self.expires_at is None or self.expires_at > now)

    @property
    def partners(self) -> list[str]:
        """All the numbers of whoever this route leads to, the first of a team first."""
        return [str(self.partner), *(self.team or "").split()[1:]]

    @property
    def line(self) -> str:
        """The line over which it leads."""
        return str(self.entry).split("#")[1]

    @property
    def digit(self) -> int:
        """The digit that leads there, where the person has several sessions over the line."""
        return int([*str(self.entry).split("#"), "1"][2])

    @property
    def released_at(self) -> float:
        """When it has ended, or will by itself."""
        return float(self.expires_at or 0 if self.ended_at is None else self.ended_at)

    def rests(self, now: float) -> bool:
        """Whether it has ended, or will, and is kept from other sessions at this moment."""
        return self.free_from is None or self.free_from > now

    def until(self, now: float) -> float | None:
        """When the session ends, counting the slide that a call made now causes; None: never."""
        return now + self.ttl + (self.grace or 0) if self.slides(now) else self.expires_at

    def slides(self, now: float) -> bool:
        """Whether a call made now moves the expiry."""
        return bool(self.ttl) and not self.is_in_grace(now)

    def is_in_grace(self, now: float) -> bool:
        """Whether the time of its session is over, and it connects for a little while longer."""
        return bool(self.grace) and self.expires_at is not None and now >= self.expires_at - self.grace


def route_key(number: str, line: str, digit: float | None = None) -> DirectoryKey:
    """Where the directory keeps where this person's calls to that line go, with that digit; none: with the first."""
    return number, f"route#{line}" if not digit or digit == 1 else f"route#{line}#{int(digit)}"


@dataclass(frozen=True)
class KnownOfCall:
    """What the directory knows when somebody calls: the line, the caller, and where this caller's calls to it go.

    With `is_from_line` the caller is a line of ours, or whoever has forwarded the call is. `switch` is the exchange's.
    """

    line: Line | None = None
    caller: Caller | None = None
    route: "Route | None" = None
    is_from_line: bool = False
    switch: Switch | None = None

    def connects(self, now: float) -> bool:
        """Whether a session of a service that is there puts this caller through here, to whomever it may be."""
        return self.route is not None and leads_on(self.line, self.route, now)

    @property
    def asks_for_pin(self) -> bool:
        """Whether this caller, of whom the line knows nothing, may have a PIN there."""
        line = self.line
        return self.route is None and line is not None and bool(line.takes_pins) and not line.service_deleted_at

    def asks_about_stranger(self, called: str, now: float) -> bool:
        """Whether the owner's system is asked what becomes of this caller, whom no session puts through here."""
        if self.line is None or not self.line.asks_about_strangers or self.connects(now):
            return False
        try:
            self.check(called, now)
        except CallRefused:
            return False
        return True

    def check(self, shows: str, now: float) -> None:
        """Raises CallRefused where no call that shows this line may be put through at this moment, whosever it is."""
        if self.is_from_line:
            raise CallInCircle
        check_switch(self.switch, shows, now)


def look_up_call(
    caller: str, called: str, forwarded: str = "", seed: str = "", digit: float | None = None
) -> KnownOfCall:
    """What is known of a call, in one round trip. Of a caller who hides nothing is.

    `forwarded` is who has forwarded it, if anybody has said so. The `seed` chooses a copy of the switch. The route is
    the one to which the `digit` leads.
    """
    if not is_e164(called):  # DynamoDB refuses an empty key
        return KnownOfCall()
    place = route_key(caller, called, digit)
    theirs = [caller_key(caller), place] if is_shown(caller) else []
    sources = {line_key(number) for number in (caller, forwarded) if is_shown(number)}
    found = look_up_entries({line_key(called), switch_key(seed), *theirs, *sources})
    line, person, route = (found.get(key) for key in (line_key(called), caller_key(caller), place))
    switch = found.get(switch_key(seed))
    return KnownOfCall(
        line if isinstance(line, Line) else None,
        person if isinstance(person, Caller) else None,
        route if isinstance(route, Route) else None,
        any(key in found for key in sources),
        switch if isinstance(switch, Switch) else None,
    )


def leads_on(line: Line | None, route: "Route", now: float) -> bool:
    """Whether a session connects there now, of a service that is not deleted."""
    return route.connects(now) and not (line and line.service_deleted_at)


def choose_route(line: Line | None, route: "Route | None", now: float) -> "Route":
    """The route that this call takes, or raises why it goes no further."""
    if line is None:
        raise LineUnknown
    if route is None:
        raise NoSession
    if not leads_on(line, route, now):
        raise SessionEnded(route.ended_sentence)
    if route.mode == "message-only":
        raise CallsNotAllowed
    if not route.partner:
        raise PartnerMissing
    return route


@dataclass(frozen=True)
class Recorder:
    """How a call is recorded: where Twilio tells of it, and in which language the caller is told."""

    report_to: str
    language: str


def put_through(
    route: Route,
    now: float,
    report_to: str,
    recorder: Recorder | None = None,
    notice: str | None = None,
    response: VoiceResponse | None = None,
    **otherwise: Any,
) -> VoiceResponse:
    """The TwiML that dials whom this route leads to. `notice` is where the TwiML is that they hear before, if any.

    The `response` has what the caller hears before, if anything. What is dialed `otherwise` than usual is named as in
    TwiML.

    Who is called sees a line of ours, never the caller. The caller goes on hearing the ring until the other answers,
    and is not billed before; unless the call is recorded, or greeted, for who is told something has been answered.
    https://www.twilio.com/docs/voice/twiml/dial
    """
    response, recorded = response or VoiceResponse(), {}
    if recorder:
        voices.say_sentence(response, "call recorded", recorder.language)
        events = {"recording_status_callback_event": "completed absent"}
        recorded = {"record": "record-from-answer-dual", "recording_status_callback": recorder.report_to, **events}
    left = seconds_left(route, now)
    usual = {
        "timeout": max(MIN_RING_SECONDS, min(DEFAULT_RING_SECONDS, left)),
        "time_limit": MAX_CALL_SECONDS if route.calls_outlive_expiry else left,
    }
    dial = Dial(caller_id=route.shows, answer_on_bridge=True, **(usual | recorded | otherwise))
    told = "initiated answered completed" if route.tells_answer else "initiated completed"
    dial.number(route.partner, status_callback=report_to, status_callback_event=told, url=notice)
    response.append(dial)
    return response


def words_in_grace(language: str) -> VoiceResponse:
    """What whoever calls in the grace period hears before they are put through."""
    response = VoiceResponse()
    voices.say_sentence(response, "session ends soon", language)
    return response


def find_notice_path(route: Route, unconfirmed: bool) -> str | None:
    """Where the TwiML is that tells whoever is called what they have to know of this call. Their entry was not read."""
    told = "-".join(["unconfirmed"] * unconfirmed + ["recorded"] * bool(route.recorded))
    return f"/voice/notices/{words.choose_language(None, route.partner, route.shows)}/{told}" if told else None


def notify(language: str, notice: str | None) -> VoiceResponse:
    """Says what whoever is called has to know before being put through."""
    response = VoiceResponse()
    if notice in ("unconfirmed", "unconfirmed-recorded"):
        voices.say_sentence(response, "number unconfirmed", language)
    if notice != "unconfirmed":  # without a name, of a call that began before notices had names
        voices.say_sentence(response, "call recorded", language)
    return response


def seconds_left(route: Route, now: float) -> int:
    """How long a call that begins now may last: in whole seconds, as Twilio counts, rounded down."""
    until = route.until(now)
    return MAX_CALL_SECONDS if until is None else max(1, min(MAX_CALL_SECONDS, int(until - now)))


# ---- the conditions on which the pair changes hands ------------------------------------------------------------------


def is_free(now: int, session_sid: str) -> Condition:
    """The pair was never used, or its quarantine is over, or it is this session's already (a retry)."""
    return Route.entry.does_not_exist() | (Route.free_from <= now) | (Route.session_sid == session_sid)


def is_over(now: int, session_sid: str) -> Condition:
    """As `is_free`, but in the second pass: a pair still in quarantine will do, for quarantine is a preference."""
    return is_free(now, session_sid) | (Route.ended_at <= now) | (Route.expires_at <= now)


def is_held(session_sid: str) -> Condition:
    """The pair is this session's, whatever its state."""
    return Route.session_sid == session_sid


def is_connecting(session_sid: str, now: int) -> Condition:
    """The pair is this session's, and connects at this moment."""
    alive = Route.expires_at.does_not_exist() | (Route.expires_at > now)
    return (Route.session_sid == session_sid) & Route.ended_at.does_not_exist() & alive


def forget_at(ended_at: float, quarantine: float) -> float | None:
    """When a pair need not be remembered that has ended: not before it is free for others. None: always."""
    until = kept_until(ended_at, config.SESSION_RETENTION)
    return None if until is None else max(until, ended_at + quarantine)


def free_from(expires_at: float | None, quarantine: float) -> float | None:
    """When a pair with this expiry is free for others; always written together with the expiry."""
    return None if expires_at is None else expires_at + quarantine


def list_routes(number: str) -> list[Route]:
    """All routes of a person, over whichever lines, in one round trip."""
    return list(Route.query(number, Route.entry.startswith("route#"), consistent_read=True))


def check_is_nobodys(number: str, now: float) -> None:
    """Raises RequestRefused 21211 where somebody with this number is in a session, who would call themselves."""
    if any(route.connects(now) for route in list_routes(number)):
        raise RequestRefused(21211, f"{number} is the number of somebody in a session, whose calls would go in circles")


def live_routes(line: str, now: float) -> list[Route]:
    """The routes over a line that connect at this moment: the index names them, the table knows them."""
    keys = [(route.number, route.entry) for route in Route.live.query(line)]
    found = [entry for at in range(0, len(keys), 100) for entry in look_up_entries(keys[at : at + 100]).values()]
    return [route for route in found if isinstance(route, Route) and route.connects(now)]
