"""The choice: somebody calls a line over which they have several sessions, hears what each is about, and presses a key.

A session keeps its digit for a person as long as it lives. What was offered stands in the path to which the key comes,
each session with the beginning of its SID: one that has taken a digit meanwhile is reached by nobody who has not heard
of it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from twilio.twiml.voice_response import VoiceResponse

from toritsugi.foundation import voices
from toritsugi.foundation.addresses import public_url
from toritsugi.foundation.durations import ACCEPT_SECONDS
from toritsugi.foundation.errors import CallRefused, NothingChosen, RequestRefused, SessionEnded
from toritsugi.lines.directory import look_up_entries
from toritsugi.lines.lines import Line
from toritsugi.lines.numbers import is_shown
from toritsugi.masking.routes import DIGITS, Route, choose_route, route_key
from toritsugi.masking.services import TELEPHONE_NUMBER
from toritsugi.masking.sessions import Participant, Session, SessionEntry, participant_entry
from toritsugi.masking.terms import check_terms

MAX_TIMES_ASKED = 3
CHOICE_PATH = re.compile(r"/voice/choices/([1-3])/((?:[1-9][0-9a-f]{12}){1,9})(/unconfirmed)?", re.ASCII)
OFFERED = re.compile(r"([1-9])([0-9a-f]{12})", re.ASCII)


@dataclass(frozen=True)
class Choice:
    """What a caller is offered, by digit the beginning of each session's SID, for the `asked`th time.

    `unconfirmed`: the caller's number is not proven to be theirs, of which Twilio tells the first request alone.
    """

    offered: Mapping[str, str]
    unconfirmed: bool = False
    asked: int = 1

    @property
    def path(self) -> str:
        """Where the key comes to: never a number."""
        offered = "".join(digit + beginning for digit, beginning in self.offered.items())
        return f"/voice/choices/{self.asked}/{offered}{'/unconfirmed' * self.unconfirmed}"

    @classmethod
    def read(cls, path: str) -> "Choice":
        """The choice whose key came to this path. Raises RequestRefused."""
        match = CHOICE_PATH.fullmatch(path)
        if not match:
            raise RequestRefused(20404, "no choice has this path", 404)
        return cls(dict(OFFERED.findall(match[2])), bool(match[3]), int(match[1]))

    def find_chosen(self, digit: str, routes: Sequence[Route]) -> Route | None:
        """The route of the session that was offered with this digit; None, if none was.

        Raises SessionEnded where another session has the digit by now, or none.
        """
        if digit not in self.offered:
            return None
        for route in routes:
            if (str(route.digit), beginning_of(route)) == (digit, self.offered[digit]):
                return route
        raise SessionEnded

    def again(self, routes: Sequence[Route]) -> "Choice":
        """The next choice, between these. Raises NothingChosen after the last, SessionEnded where none is left."""
        if self.asked == MAX_TIMES_ASKED:
            raise NothingChosen
        if not routes:
            raise SessionEnded
        return new_choice(routes, self.unconfirmed, self.asked + 1)


def new_choice(routes: Sequence[Route], unconfirmed: bool, asked: int = 1) -> Choice:
    """The choice between the sessions of these routes."""
    return Choice({str(route.digit): beginning_of(route) for route in routes}, unconfirmed, asked)


def beginning_of(route: Route) -> str:
    """The beginning of a session's SID, by which it is known from any other that may take its digit."""
    return str(route.session_sid)[2:14]


# ---- between which ---------------------------------------------------------------------------------------------------


def find_routes(caller: str, line: str) -> list[Route]:
    """All routes of a caller over a line, in the order of their digits, in one round trip. Who hides has none."""
    keys = [route_key(caller, line, digit) for digit in DIGITS] if is_shown(caller) else []
    found = look_up_entries(keys) if keys else {}
    return [route for route in map(found.get, keys) if isinstance(route, Route)]


def list_callable(line: Line | None, routes: Sequence[Route], now: float) -> list[Route]:
    """Those of these routes over which a call goes through now."""
    return [route for route in routes if is_callable(line, route, now)]


def is_callable(line: Line | None, route: Route, now: float) -> bool:
    """Whether a call goes through over this route now."""
    try:
        check_terms(choose_route(line, route, now).terms or {})
    except CallRefused:
        return False
    return True


def choose_only(callable_routes: Sequence[Route], routes: Sequence[Route], now: float) -> Route | None:
    """The one over which a call goes through; or else that which tells best why none does: the latest, if any."""
    others = sorted(routes, key=lambda route: (route.connects(now), route.released_at), reverse=True)
    return next(iter([*callable_routes, *others]), None)


# ---- how it is asked -------------------------------------------------------------------------------------------------


def ask(choice: Choice, routes: Sequence[Route], language: str) -> VoiceResponse:
    """Says what each of these sessions is about, and which key leads to it. Silence asks again, as a wrong key does."""
    response = VoiceResponse()
    if choice.asked > 1:
        voices.say_sentence(response, "try again", language)
    gather = response.gather(
        num_digits=1,
        timeout=ACCEPT_SECONDS,
        finish_on_key="",
        action=public_url(choice.path),
        action_on_empty_result=True,
    )
    for route, about in zip(routes, name_sessions(routes), strict=True):
        if about:
            voices.say_sentence(gather, "choose by name", language, about=about, key=route.digit)
        else:
            voices.say_sentence(gather, "choose by place", language, key=route.digit)
    return response


def name_sessions(routes: Sequence[Route]) -> Iterator[str | None]:
    """What each of these sessions is about, as it is now: its label, or else the name of the other, in one round trip.

    A name in which there is a telephone number is not said to anybody.
    """
    keys = {(route.session_sid, "session") for route in routes}
    keys |= {(route.session_sid, participant_entry(str(route.partner_sid))) for route in routes}
    found = {(one.session_sid, one.entry): one for one in SessionEntry.batch_get(list(keys), consistent_read=True)}
    for route in routes:
        session = found.get((route.session_sid, "session"))
        other = found.get((route.session_sid, participant_entry(str(route.partner_sid))))
        label = session.label if isinstance(session, Session) else None
        name = other.friendly_name if isinstance(other, Participant) else None
        yield label or (name if name and not TELEPHONE_NUMBER.search(name) else None)
