"""What must hold of sessions, of the pairs of person and line, of pools and of what was told of calls."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from tests.histories.actors import Actor, Outcome
from tests.histories.oracle import Books, Change, Row, is_over

if TYPE_CHECKING:
    from tests.histories.world import World

FINAL = ("completed", "busy", "no-answer", "failed", "canceled")


class Rules:
    def __init__(self, world: World, books: Books) -> None:
        self.world, self.books = world, books
        self.told: dict[tuple[str, str], str] = {}  # session and interaction -> the end that was told of it

    @property
    def sessions(self) -> dict[str, Row]:
        return {row["session_sid"]: row for row in self.books.kind("SessionsTable", "session")}

    # ---- after every write -----------------------------------------------------------------------------------------

    def written(self, changes: list[Change], actor: Actor | None) -> Iterator[str]:
        if {change.table for change in changes} & {"SessionsTable", "DirectoryTable", "ServicesTable"}:
            for change in changes:
                if change.kind == "session" and change.before and change.after:
                    yield from self.session_changed(change.before, change.after, actor)
                session = self.sessions.get(change.key[0], {"closed_reason": "deleted"})
                if change.kind == "participant" and not change.after and session.get("closed_reason") != "deleted":
                    yield f"{change.key} is gone, and its session is not"
                if change.kind == "interaction" and change.before and change.after:
                    yield from self.interaction_changed(change.before, change.after)
                if change.kind == "session" and change.after:
                    yield from self.expiry(change.after)
            yield from self.of_sessions()
            yield from self.of_routes()
            yield from self.of_pools()

    def session_changed(self, before: Row, after: Row, actor: Actor | None) -> Iterator[str]:
        now, sid = time.time(), after["session_sid"]
        reopened = before.get("date_reopened") != after.get("date_reopened")
        asked = actor is not None and "'in-progress'" in actor.what
        since = actor.began if actor else now  # before a request comes to the table its second may have passed
        if is_over(before, since) and not is_over(after, now) and not asked:
            yield f"session {sid} was over, and goes on, and nobody has opened it again"
        if not is_over(before, now) and reopened:
            yield f"session {sid} is opened again, and was open"
        closed = before["status"] != "closed" and after["status"] == "closed"
        if closed and after.get("closed_reason") not in ("api", "deleted") and not is_over(before, now):
            yield f"session {sid} is closed as if it had expired, before its time"
        if actor and actor.what.startswith("webhook"):
            for name in ("ttl", "date_expiry"):
                if before.get(name) != after.get(name):
                    yield f"session {sid}: a callback has changed its {name}"
            if after.get("expires_at", 1e12) < before.get("expires_at", 1e12) and "date_expiry" not in before:
                yield f"session {sid}: a callback has shortened it"
        ended = [(row.get("date_ended"), row.get("closed_reason")) for row in (before, after)]
        if before["status"] == after["status"] == "closed" and ended[0] != ended[1] and ended[1][1] != "deleted":
            yield f"session {sid} had ended, {ended[0]}, and ends again, {ended[1]}"
        if before["participants"] > after["participants"] or before.get("removed", 0) > after.get("removed", 0):
            yield f"session {sid} has fewer people than before"

    def expiry(self, session: Row) -> Iterator[str]:
        """It ends as its client has said, or as long as a call that was extended."""
        now, sid = time.time(), session["session_sid"]
        if session["status"] == "closed":
            return
        until, date, ttl = session.get("expires_at"), session.get("date_expiry"), session.get("ttl", 0)
        extended = [
            bridge.get("deadline")
            for bridge in self.books.kind("BridgesTable", "bridge")
            if bridge.get("session_sid") == sid and bridge.get("extensions")
        ]
        if until in extended:
            return
        if date is not None and until != date:
            yield f"session {sid} is to end at {date}, and would at {until}"
        if date is None and ttl and (until is None or until > now + ttl):
            yield f"session {sid} is to end {ttl} s after its last call, and would in {(until or 0) - now} s"
        if date is None and not ttl and until is not None:
            yield f"session {sid} is to end never, and would at {until}"

    def interaction_changed(self, before: Row, after: Row) -> Iterator[str]:
        if before["status"] in FINAL and after["status"] != before["status"]:
            yield f"{after['entry']} had ended as {before['status']}, and is {after['status']}"
        if after["rank"] < before["rank"]:
            yield f"{after['entry']} goes back from {before['status']} to {after['status']}"

    def of_sessions(self) -> Iterator[str]:
        """Every open session has its people, and each of them a way to the other over a line of its pool."""
        now, routes = time.time(), self.books.of("DirectoryTable")
        everybody = self.books.kind("SessionsTable", "participant")
        for sid, session in self.sessions.items():
            if is_over(session, now):
                continue
            came = [person for person in everybody if person["session_sid"] == sid]
            people = [person for person in came if "date_deleted" not in person]
            counted = (session["participants"], session.get("removed", 0))
            if counted != (len(came), len(came) - len(people)):
                yield f"session {sid} counts {counted} who came and left, of {len(came)} there are {len(people)} left"
            ways = [routes.get((one["identifier"], entry_of(one)), {}) for one in people]
            for person, way in zip(people, ways, strict=True):
                yield from self.way(session, person, way, now)
            if len(people) == 2:
                for way, other in zip(ways, reversed(people), strict=True):
                    if (way.get("partner"), way.get("shows")) != (other["identifier"], other["proxy_identifier"]):
                        yield f"{way.get('number')} of session {sid} does not reach the other, but {way.get('partner')}"
            if len(people) == 1 and "partner" in ways[0]:
                yield f"{ways[0]['number']} is alone in session {sid}, and reaches {ways[0]['partner']}"

    def way(self, session: Row, person: Row, way: Row, now: float) -> Iterator[str]:
        who, line = person["identifier"], person["proxy_identifier"]
        if way.get("session_sid") != session["session_sid"] or way.get("participant_sid") != person["sid"]:
            yield f"{who} over {line} leads to {way.get('session_sid')}, and not to {session['session_sid']}"
            return
        if is_over(way, now):
            yield f"{who} over {line} has ended, and its session has not"
        if way.get("expires_at") != session.get("expires_at"):
            yield f"{who} over {line} ends at {way.get('expires_at')}, its session at {session.get('expires_at')}"
        slides = session.get("ttl") if "date_expiry" not in session else None
        if (way.get("ttl") or None) != (slides or None):
            yield f"{who} over {line} slides by {way.get('ttl')}, its session by {slides}"
        if way.get("partner") in (who, line) or (who, "line") in self.books.of("DirectoryTable"):
            yield f"{who} over {line} reaches {way.get('partner')}, in circles"
        known = self.books.of("DirectoryTable").get((line, "line"))
        if known is None or known.get("service_sid") != session["service_sid"]:
            yield f"{who} has the line {line} in an open session, and it is not in its pool"

    def of_routes(self) -> Iterator[str]:
        now = time.time()
        for way in self.books.kind("DirectoryTable", "route"):
            if is_over(way, now):
                continue
            session = self.sessions.get(way["session_sid"])
            if session is None or is_over(session, now):
                yield f"{way['number']} over {way['entry']} connects, and its session does not"

    def of_pools(self) -> Iterator[str]:
        """A number is in one pool at most, and the directory says in which."""
        pools: dict[str, list[str]] = {}
        for number in self.books.kind("ServicesTable", "number"):
            pools.setdefault(number["phone_number"], []).append(number["service_sid"])
        lines = {line["number"]: line.get("service_sid") for line in self.books.kind("DirectoryTable", "line")}
        for number, services in pools.items():
            if len(services) > 1 or lines.get(number) != services[0]:
                yield f"{number} is in the pools of {services}, and its line says {lines.get(number)}"
        for number, service in lines.items():
            if service and number not in pools:
                yield f"{number} works for {service}, and is in no pool"

    # ---- what was told ---------------------------------------------------------------------------------------------

    def ended(self, actor: Actor, outcome: Outcome) -> Iterator[str]:
        """Of a callback that was taken, the end is kept."""
        if actor.what.startswith("webhook /status/KC") and outcome.is_fine and outcome.answer["statusCode"] == 204:
            fields = {name: said[0] for name, said in parse_qs(actor.sent).items()}
            if fields.get("CallStatus") in FINAL:
                session = actor.what.split("/")[2]
                self.told[session, "interaction#KI" + fields["ParentCallSid"][2:]] = fields["CallStatus"]
        return iter(())

    def at_rest(self) -> Iterator[str]:
        sessions, now = self.sessions, time.time()
        for row in self.books.of("SessionsTable").values():
            if row["session_sid"] not in sessions:
                yield f"{row['entry']} belongs to no session"
        for (session, interaction), status in self.told.items():
            row = self.books.of("SessionsTable").get((session, interaction), {})
            if (
                session in sessions
                and sessions[session].get("closed_reason") != "deleted"
                and row.get("status") != status
            ):
                yield f"{interaction} has ended as {status}, and what is kept says {row.get('status')}"
        names = {name["named"]: name for name in self.books.kind("ServicesTable", "session-name")}
        for sid, name in names.items():
            if sessions.get(sid, {}).get("unique_name") != name["entry"].partition("#")[2]:
                yield f"{name['entry']} names no session"
        for sid, session in sessions.items():
            if session.get("unique_name") and sid not in names:
                yield f"the name of session {sid} is not taken"
            if session.get("closed_reason") == "deleted":
                yield f"session {sid} was deleted, and is still there"
            if session["status"] != "closed" and is_over(session, now):
                yield f"session {sid} has expired, and nobody has written that down"
        for way in self.books.kind("DirectoryTable", "route"):
            if "live_on" in way and is_over(way, now):
                yield f"{way['number']} over {way['entry']} is listed as live, and has ended"


def entry_of(person: Row) -> str:
    """Where the directory keeps where this person's calls go in their session."""
    digit = f"#{person['digit']:g}" if person.get("digit") else ""
    return f"route#{person['proxy_identifier']}{digit}"
