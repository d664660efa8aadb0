"""How a service of Proxy comes here, so that no call is lost on the way.

The numbers come first, reserved, and calls to them go on to Proxy; then the sessions, which both have from then on; and
last each number is pointed here. Whenever that is broken off, calls are put through as before, by one of the two; and
whoever begins again goes on from what is there. At Proxy nothing is changed, so the way back is to point the numbers
there again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from twilio.base import values
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from command import lines
from command.exchange import Exchange
from command.lines import KINDS, Line, Lines
from command.masked import mask
from command.numbers import point_again
from command.proxy_service import Person, ProxyService, ProxySession, asking_proxy
from command.proxy_settings import differences, notes_on_settings, settings_to_copy
from command.refusals import Refused
from command.screen import each

NAME_TAKEN = 80603
DONE_MEANWHILE = (80103, 80608, 20404)  # they are in the session, it is closed, it is gone


@dataclass(frozen=True)
class Left:
    """A session that does not come, and why."""

    session: ProxySession
    why: str


@dataclass
class Work:
    """What is to be done with sessions, and which cannot come. `sids` are of the copies, by those at Proxy."""

    new: list[ProxySession] = field(default_factory=list)
    joining: list[tuple[ProxySession, Person]] = field(default_factory=list)
    closing: list[tuple[ProxySession, str]] = field(default_factory=list)
    left: dict[str, Left] = field(default_factory=dict)
    sids: dict[str, str] = field(default_factory=dict)


class Move:
    """A service on its way from Proxy. `named` are the numbers that are pointed here: all of its pool if none is named.

    With `leave_behind` a number is pointed here also where a session on it cannot come.
    """

    def __init__(
        self,
        exchange: Exchange,
        desk: Client,
        proxy: Client,
        service: str,
        named: list[str],
        leave_behind: bool = False,
    ) -> None:
        self.exchange, self.desk, self.leave_behind = exchange, desk, leave_behind
        with asking_proxy(service):
            self.source = ProxyService(proxy, service)
            self.settings = self.source.fetch()
            self.pool = self.source.numbers()
        self.name = str(self.settings.unique_name)
        self.unknown = sorted(set(named) - set(self.pool))
        self.wanted = set(named) or set(self.pool)
        self.everything = not named
        self.settled: dict[str, ProxySession] = {}  # those that have both their people, whom nobody can join
        self.copied = self.joined = self.closed = 0
        self.added: list[str] = []
        self.pointed: list[str] = []

    # ---- what is there, and what is to be done -----------------------------------------------------------------------

    def look(self) -> None:
        """Sees what is at Proxy and what is here. Nothing is changed."""
        self.found: Lines = lines.read(self.exchange, self.desk)
        self.owned = {line.number: line for line in self.found.owned}
        services = self.desk.proxy.v1.services.list()
        self.made = next((service for service in services if service.unique_name == self.name), None)
        self.here = ProxyService(self.desk, str(self.made.sid)) if self.made else None
        self.barred = {number: why for number in self.pool if (why := self.why_number_stays(number))}
        self.work = self.look_at_sessions()

    def look_at_sessions(self) -> Work:
        work = Work()
        copies = {copy.name: copy for copy in self.here.sessions()} if self.here else {}
        with asking_proxy(self.name):
            there = self.source.sessions()
        for session in each([one for one in there if one.is_open], "Reading sessions"):
            self.compare(self.with_people(session), copies.get(session.copied_as), work)
        for session in there:
            copy = copies.get(session.copied_as)
            if copy and is_over_since(session, copy):
                work.closing.append((session, copy.sid))
        return work

    def with_people(self, session: ProxySession) -> ProxySession:
        if session.sid in self.settled:
            return self.settled[session.sid]
        with asking_proxy(self.name):
            people = self.source.people(session.sid)
        whole = replace(session, people=people)
        if len(people) > 1:
            self.settled[session.sid] = whole
        return whole

    def compare(self, session: ProxySession, copy: ProxySession | None, work: Work) -> None:
        """Adds what is to be done with a session that is open at Proxy."""
        if not self.everything and not session.lines & self.wanted:
            return
        if copy:
            work.sids[session.sid] = copy.sid
        if why := self.why_session_stays(session):
            work.left[session.sid] = Left(session, why)
        elif copy is None:
            work.new.append(session)
        elif copy.is_open and self.here:
            there = self.here.people(copy.sid)
            work.joining += [(session, person) for person in missing(session.people, there)]

    def why_number_stays(self, number: str) -> str:
        """Why a number of the pool cannot come; blank if it can."""
        line = self.owned.get(number)
        if line is None:
            return f"it is not a number of the account {self.exchange.account_sid}: move it there first"
        if line.service not in ("", self.name):
            return f"it is in the pool of another service here, {line.service}"
        return ""

    def why_session_stays(self, session: ProxySession) -> str:
        """Why a session cannot come, as far as that is known before it is tried; blank if it can."""
        if strange := sorted(session.lines - set(self.pool)):
            return f"its line {strange[0]} is not in the pool"
        if barred := sorted(session.lines & set(self.barred)):
            return f"its line {barred[0]} cannot come: {self.barred[barred[0]]}"
        return next((why for person in session.people if (why := why_unreachable(person.identifier))), "")

    @property
    def needed(self) -> list[str]:
        """The numbers that have to be in the pool here: those that are pointed, and those of sessions on them."""
        coming = [*self.work.new, *(session for session, _ in self.work.joining)]
        of_sessions = {line for session in coming for line in session.lines}
        return sorted((self.wanted | of_sessions) & set(self.pool) - set(self.barred))

    @property
    def to_add(self) -> list[Line]:
        return [self.owned[number] for number in self.needed if not self.owned[number].service]

    @property
    def staying(self) -> dict[str, str]:
        """Why those of the wanted numbers that are not pointed here are not."""
        left = () if self.leave_behind else self.work.left.values()
        stuck = {line: f"the session {one.session.sid} on it stays" for one in left for line in one.session.lines}
        here = {*self.pointed, *(line.number for line in self.leading_here)}
        return {number: why for number, why in sorted((stuck | self.barred).items()) if number in self.wanted - here}

    @property
    def taken_in(self) -> list[Line]:
        """Those of the wanted numbers that are in the pool here."""
        ours = [line for number, line in sorted(self.owned.items()) if number in self.wanted & set(self.pool)]
        return [line for line in ours if line.service == self.name]

    @property
    def leading_here(self) -> list[Line]:
        """Those of them whose calls, and texts, come here."""
        return [line for line in self.taken_in if self.leads_here(line)]

    @property
    def returning(self) -> list[Line]:
        """Those of them whose calls or texts come here, and whose way back is known."""
        coming = [line for line in self.taken_in if any(self.found.leads_here(line, kind) for kind in KINDS)]
        return [line for line in coming if line.number not in self.kept_here]

    @property
    def kept_here(self) -> dict[str, str]:
        """Why those of them do not go back that do not: as when a number is taken out of its pool."""
        return {
            line.number: f"the reception {line.reception} answers there" for line in self.taken_in if line.reception
        }

    @property
    def to_point(self) -> list[Line]:
        """Those that do not lead here yet, or are reserved here alone."""
        held = self.here.numbers() if self.here else {}
        return [
            line
            for number, line in sorted(self.owned.items())
            if number in self.wanted & set(self.pool) - set(self.staying)
            and not (self.leads_here(line) and number in held and not self.is_held(number, held))
        ]

    def leads_here(self, line: Line) -> bool:
        return all(self.found.leads_here(line, kind) for kind in self.found.comes_here(line))

    def is_held(self, number: str, held: dict[str, Any]) -> bool:
        """Whether the number is still reserved here because it was on its way."""
        return bool(held[number].is_reserved and not self.pool[number].is_reserved)

    def count_made_here(self) -> int:
        """How many sessions are open here that are not copies."""
        if self.here is None:
            return 0
        with asking_proxy(self.name):
            there = {session.copied_as for session in self.source.sessions()}
        return sum(session.is_open and session.name not in there for session in self.here.sessions())

    @property
    def notes(self) -> list[str]:
        """What is different here, in words."""
        return notes_on_settings(self.settings) + (differences(self.settings, self.made) if self.made else [])

    # ---- done --------------------------------------------------------------------------------------------------------

    def go(self) -> None:
        """Brings everything that can come. What is here already is not made twice."""
        self.make_service()
        for line in each(self.to_add, "Taking numbers into the pool"):
            self.take_in(line)
        self.do_work()
        self.found = lines.read(self.exchange, self.desk)
        self.owned = {line.number: line for line in self.found.owned}
        for line in each(self.to_point, "Pointing numbers here"):
            self.point(line)
        self.work = self.look_at_sessions()  # whatever has happened at Proxy meanwhile
        self.do_work()

    def make_service(self) -> None:
        if self.here is None:
            url = f"{self.exchange.address}/v1/Services"  # the SDK knows no field that is ours
            said = self.desk.request("POST", url, data=settings_to_copy(self.settings))
            if not said.ok:
                raise Refused(f"The exchange does not take the service {self.name}: {said.text}")
            self.made = self.desk.proxy.v1.services(self.name).fetch()
            self.here = ProxyService(self.desk, str(self.made.sid))

    @property
    def target(self) -> ProxyService:
        """The service here, which is made by now."""
        assert self.here  # noqa: S101  for mypy
        return self.here

    def take_in(self, line: Line) -> None:
        """The number is in the pool, reserved, and its calls go where they went; or it is barred."""
        from toritsugi.adapters import twilio_api  # the desk is open, so the environment is there
        from toritsugi.foundation.errors import RequestRefused
        from toritsugi.masking import pool, routes
        from toritsugi.receptions import publishing

        try:
            routes.check_is_nobodys(line.number, time.time())
            publishing.check_uncalled(line.number)
            pool.add_to_pool(self.target.sid, twilio_api.get_owned_number(None, line.sid), reserved=True)
        except RequestRefused as refusal:
            self.barred[line.number] = f"{refusal.message} ({refusal.code})"
        else:
            self.added.append(line.number)

    def point(self, line: Line) -> None:
        """Calls to the number come here, and people can be given it as they could at Proxy."""
        point_again(line, self.found.comes_here(line))
        number = self.target.context.phone_numbers(line.sid)
        number.update(is_reserved=bool(self.pool[line.number].is_reserved))
        self.pointed.append(line.number)

    def go_back(self) -> None:
        """Calls go where they went before; whatever was copied stays here, reserved, for who moves once more."""
        from toritsugi.adapters import twilio_api  # the desk is open, so the environment is there
        from toritsugi.foundation.addresses import kinds_here
        from toritsugi.lines.lines import find_line

        for line in each(self.returning, "Pointing numbers back"):
            kept, owned = find_line(line.number), twilio_api.get_owned_number(None, line.sid)
            self.target.context.phone_numbers(line.sid).update(is_reserved=True)
            # what somebody has pointed elsewhere meanwhile stays there
            twilio_api.point(owned, twilio_api.only(kept.former if kept else {}, kinds_here(owned["webhooks"])))
            self.pointed.append(line.number)

    def do_work(self) -> None:
        sessions, work = self.target.context.sessions, self.work
        for session in each(work.new, "Copying sessions"):
            with leaving(work, session):
                work.sids[session.sid] = self.copy(session)
                self.copied += 1
        for session, person in work.joining:
            with leaving(work, session):
                sessions(work.sids[session.sid]).participants.create(
                    identifier=person.identifier,
                    proxy_identifier=person.line,
                    friendly_name=person.friendly_name or values.unset,
                )
                self.joined += 1
        for session, sid in work.closing:
            with leaving(work, session):
                sessions(sid).update(status="closed")
                self.closed += 1

    def copy(self, session: ProxySession) -> str:
        """The SID of the session's copy, which is there at once with all its people, or not at all."""
        sessions = self.target.context.sessions
        try:
            made = sessions.create(
                unique_name=session.copied_as,
                status=session.status,
                mode=session.mode,
                ttl=session.ttl,
                date_expiry=session.date_expiry or values.unset,
                participants=[person.parameter for person in session.people] or values.unset,
            )
        except TwilioRestException as error:
            if error.code != NAME_TAKEN:
                raise
            made = sessions(session.copied_as).fetch()  # it was made, and we were not told
        return str(made.sid)


@contextmanager
def leaving(work: Work, session: ProxySession) -> Iterator[None]:
    """A session that the exchange refuses is left, and the others come. Raises what may be better a minute later."""
    try:
        yield
    except TwilioRestException as error:
        if error.status == 429 or error.status >= 500:
            raise
        if error.code not in DONE_MEANWHILE:
            work.left[session.sid] = Left(session, f"{mask(error.msg)} ({error.code})")


def is_over_since(session: ProxySession, copy: ProxySession) -> bool:
    """Whether a session was closed by its program at Proxy after it was copied.

    What ended there by its time may go on here, where calls are. And a program that works here by now may have made a
    session of the same name.
    """
    ended = session.status == "closed" and session.closed_reason == "api" and session.ended_at
    return bool(ended and copy.is_open and copy.created_at <= ended)


def missing(people: tuple[Person, ...], there: tuple[Person, ...]) -> list[Person]:
    """Those who are in a session and not in its copy, as far as that has room for them."""
    known = {person.identifier for person in there}
    return [person for person in people if person.identifier not in known][: 2 - len(there)]


def why_unreachable(identifier: str) -> str:
    """Why nobody with this identifier can be a participant here; blank where somebody can."""
    from toritsugi.foundation.errors import RequestRefused  # the desk is open, so the environment is there
    from toritsugi.masking import requests

    try:
        requests.check_identifier(requests.ParticipantRequest(identifier))
    except RequestRefused as refusal:
        return str(mask(f"{refusal.message} ({refusal.code})"))
    return ""
