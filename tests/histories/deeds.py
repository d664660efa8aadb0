"""What clients, callers and people who write do in a history, each a function of the world and of the deed's name."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.conftest import ACCOUNT_SID, BASE
from tests.histories.actors import Actor, Outcome
from tests.histories.carrier import WAV, sid_of
from tests.histories.oracle import Row, is_over
from tests.histories.telephones import moment
from tests.histories.world import World
from toritsugi.foundation import sealing

AIKO, BEN, EVE = PEOPLE = ("+819011110001", "+819022220002", "+819033330003")
LINES = ("+815010000001", "+815010000002", "+815010000003")  # the last is in no pool
DESK, SHOP = "desk", "shop"  # services: one dials, the other puts people into a conference
TEXT_LINE, TEXTERS = "+12025550101", ("+12025550111", "+12025550112")
MESSAGES = "/api/messages"
RECORDINGS_OF = {1: 12, 2: 30, 3: 1}  # which, and of how many seconds

Deed = Callable[[World, str], Actor | None]
Fits = Callable[[Row], bool]


def is_open(session: Row) -> bool:
    return not is_over(session, time.time())


def is_past(session: Row) -> bool:
    return is_over(session, time.time())


def has_room(session: Row) -> bool:
    return is_open(session) and session["participants"] < len(PEOPLE) - 1


def ask(world: World, name: str, method: str, path: str, sent: Any = None) -> Actor:
    """A client asks for something; for what is to be deleted again, until there is an answer."""

    def ended(outcome: Outcome) -> None:
        if method == "DELETE" and not (outcome.is_fine and outcome.answer["statusCode"] < 500):
            world.stage.at(time.time() + 5, partial(ask, world, f"{name} again", method, path, sent))

    return world.request(name, method, path, sent, ended)


class Town:
    """What deeds are about, as it stands now."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name, self.books = world, name, world.oracle.books

    def draw(self, what: str, *options: Any) -> Any:
        return self.world.chance(f"{self.name} {what}", options)

    def service(self) -> str:
        return self.find_service(self.draw("service", DESK, DESK, SHOP))

    def find_service(self, name: str) -> str:
        services = self.books.kind("ServicesTable", "service")
        return str(next(row["service_sid"] for row in services if row["unique_name"] == name))

    def open_session(self, service: str, people: tuple[str, ...], form: dict[str, Any]) -> Actor:
        people_wanted = [json.dumps({"Identifier": who}) for who in people]
        return self.ask("POST", f"/v1/Services/{service}/Sessions", form | {"Participants": people_wanted})

    def session(self, fits: Fits = bool) -> Any:
        """A session: mostly the newest with which that makes sense."""
        return self.newest("session", self.books.kind("SessionsTable", "session"), fits)

    def bridge(self) -> str | None:
        bridge = self.newest("bridge", self.books.kind("BridgesTable", "bridge"), lambda row: "ended_at" not in row)
        return bridge and f"/api/calls/{bridge['bridge_sid']}"

    def newest(self, what: str, rows: list[Row], fits: Fits) -> Any:
        rows.sort(key=lambda row: (not fits(row), -row["date_created"], row.get("session_sid") or row["bridge_sid"]))
        return self.world.chance(f"{self.name} {what}", tuple(rows[:3]), 0.2) if rows else None

    def ways(self) -> list[Row]:
        """Whom somebody reaches over which line, or did, those who do first."""
        ways, now = self.books.kind("DirectoryTable", "route"), time.time()
        ways.sort(key=lambda way: (is_over(way, now), "partner" not in way, way["number"], way["entry"]))
        return ways

    def ask(self, method: str, path: str, sent: Any = None) -> Actor:
        return ask(self.world, self.name, method, path, sent)

    def ask_of_session(self, fits: Fits, method: str, more: str = "", **form: Any) -> Actor | None:
        session = self.session(fits)
        path = session and f"/v1/Services/{session['service_sid']}/Sessions/{session['session_sid']}{more}"
        return self.ask(method, path, form) if path else None

    def expiry(self) -> dict[str, Any]:
        """How long a session is to last."""
        ttls: list[dict[str, Any]] = [{"Ttl": 60}, {"Ttl": 600}, {"Ttl": 0}]
        said = self.draw("expiry", *ttls, {"Ttl": 600}, "a date", "its own expiry", "soon")
        if isinstance(said, dict):
            return said
        known = [row["expires_at"] for row in self.books.kind("SessionsTable", "session") if "expires_at" in row]
        date = {"a date": time.time() + 100, "soon": time.time() + 20}.get(said, max(known, default=time.time() + 50))
        return {"DateExpiry": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(date))}


# ---- sessions --------------------------------------------------------------------------------------------------------


def create(world: World, name: str) -> Actor:
    town = Town(world, name)
    pair = town.draw("people", (AIKO, BEN), (AIKO,), (AIKO, EVE), (AIKO, BEN), ())
    form = town.expiry() | town.draw("named", {}, {"UniqueName": "parcel"})
    return town.open_session(town.service(), pair, form)


def create_for_conferences(world: World, name: str) -> Actor:
    """A session whose calls go through a conference."""
    town = Town(world, name)
    return town.open_session(town.find_service(SHOP), (AIKO, BEN), town.expiry())


def join(world: World, name: str) -> Actor | None:
    town = Town(world, name)
    return town.ask_of_session(has_room, "POST", "/Participants", Identifier=town.draw("who", BEN, EVE, AIKO))


def change(world: World, name: str) -> Actor | None:
    town = Town(world, name)
    return town.ask_of_session(is_open, "POST", **town.expiry())


def close(world: World, name: str) -> Actor | None:
    return Town(world, name).ask_of_session(is_open, "POST", Status="closed")


def reopen(world: World, name: str) -> Actor | None:
    town = Town(world, name)
    return town.ask_of_session(
        is_past, "POST", Status="in-progress", **town.draw("reopened", {}, {"Ttl": 60}, {"Ttl": 600})
    )


def delete(world: World, name: str) -> Actor | None:
    return Town(world, name).ask_of_session(bool, "DELETE")


def clean_up(world: World, name: str) -> Actor | None:
    session = Town(world, name).session(is_past)
    return session and world.clean_up(name, {"session_sid": session["session_sid"]})


def sweep(world: World, name: str) -> Actor:
    return world.clean_up(name, {"sweep": {}})


def dial(world: World, name: str) -> None:
    """Somebody dials a line: the one that they know, or another."""
    town = Town(world, name)
    if ways := town.ways():
        way = world.chance(f"{name} way", tuple(ways), 0.5)
        world.telephones.call_in(name, way["number"], way["entry"].partition("#")[2], f"{BASE}/voice")


def add_number(world: World, name: str) -> Actor:
    town = Town(world, name)
    number = town.draw("number", *reversed(LINES))
    return town.ask("POST", f"/v1/Services/{town.service()}/PhoneNumbers", {"Sid": sid_of(number)})


def remove_number(world: World, name: str) -> Actor:
    town = Town(world, name)
    pool = sorted(town.books.kind("ServicesTable", "number"), key=lambda number: number["entry"])
    number = town.draw("number", *pool) if pool else {"sid": sid_of(LINES[0])}
    service = number.get("service_sid") or town.service()
    return town.ask("DELETE", f"/v1/Services/{service}/PhoneNumbers/{number['sid']}")


# ---- calls -----------------------------------------------------------------------------------------------------------


def call(world: World, name: str) -> Actor:
    """Two people are called, or three."""
    town = Town(world, name)
    through = town.draw("through", "conference", "conference", "dial")
    wanted: dict[str, Any] = {"through": through, "minutes": town.draw("minutes", 1, 2, 5)}
    wanted["if_unanswered"] = town.draw("unanswered", "end", "retry", *["wait"] * (through == "conference"))
    if through == "conference":
        wanted |= town.draw("extension", {}, {"extension": {"minutes": 1, "times": 2}})
        said = [{"before_end": 30, "say": "a"}, {"after_start": 10, "say": "b"}]
        wanted["announcements"] = town.draw("announcements", [], said[:1], said)
    session = town.session(is_open) if town.draw("of a session", True, True, True, False) else None
    if session:
        wanted["session_sid"] = session["session_sid"]
    else:
        wanted |= {"parties": list(town.draw("people", PEOPLE[:2], PEOPLE)), "from": LINES[0]}
    return town.ask("POST", "/api/calls", wanted)


def end(world: World, name: str) -> Actor | None:
    town = Town(world, name)
    path = town.bridge()
    return town.ask("DELETE", path) if path else None


def extend(world: World, name: str) -> Actor | None:
    town = Town(world, name)
    path = town.bridge()
    return town.ask("POST", f"{path}/extend") if path else None


def announce(world: World, name: str) -> Actor | None:
    town = Town(world, name)
    path = town.bridge()
    return town.ask("POST", f"{path}/announce", {"say": "now"}) if path else None


def invite(world: World, name: str) -> Actor | None:
    town = Town(world, name)
    path = town.bridge()
    return town.ask("POST", f"{path}/participants", {"number": EVE}) if path else None


def remove(world: World, name: str) -> Actor | None:
    town = Town(world, name)
    path = town.bridge()
    return town.ask("DELETE", f"{path}/participants/{town.draw('place', 2, 1)}") if path else None


# ---- texts and recordings --------------------------------------------------------------------------------------------


def write(world: World, name: str) -> None:
    """Somebody writes to the line of a reception."""
    town = Town(world, name)
    who = town.draw("who", *TEXTERS[:1] * 3, TEXTERS[1])
    body = town.draw("body", "hello", "book", "STOP", "停止", "START", "再開", "YES", "HELP")
    sid = "SM" + f"{int(name[1:]):032x}"
    fields = {"MessageSid": sid, "From": who, "To": TEXT_LINE, "Body": body, "AccountSid": ACCOUNT_SID, "NumMedia": "0"}
    for place, seconds in enumerate(world.fate(name)):
        called = name if not place else f"{name} twice"
        world.stage.at(time.time() + seconds, partial(world.webhook, called, f"{BASE}/sms", fields, 3, lambda _: None))


def send(world: World, name: str) -> Actor:
    town = Town(world, name)
    wanted = {"to": town.draw("who", *TEXTERS), "from": TEXT_LINE, "body": "news"}
    return town.ask("POST", MESSAGES, wanted)


def opt_out(world: World, name: str) -> Actor:
    town = Town(world, name)
    path = f"/api/callers/%2B{TEXTERS[0][1:]}"
    return town.ask("PUT", path, {"name": "Sam", "opted_out": town.draw("wish", True, False)})


def record(world: World, name: str) -> None:
    """Somebody has left a voicemail, or is told of it again."""
    from toritsugi.recordings.reports import RecordingOrigin

    number = Town(world, name).draw("recording", *RECORDINGS_OF)
    sid = "RE" + f"{number:032x}"
    if sid not in world.recorded:
        world.recorded.append(sid)
        world.carrier.tapes[sid] = WAV + sid.encode()
    call_sid = "CA" + sid[2:]
    path = RecordingOrigin("voicemail", "desk", sealing.seal(PEOPLE[0] + LINES[0], call_sid)).path
    status = Town(world, name).draw("status", "completed", "completed", "failed")
    fields = {"CallSid": call_sid, "RecordingSid": sid, "RecordingStatus": status}
    fields["RecordingDuration"] = str(RECORDINGS_OF[number])
    world.tell(name, BASE + path, fields | {"RecordingStartTime": moment(time.time() - 15), "AccountSid": ACCOUNT_SID})


def erase(world: World, name: str) -> Actor:
    town = Town(world, name)
    return town.ask("DELETE", f"/api/recordings/RE{town.draw('recording', *RECORDINGS_OF):032x}")


def hear(world: World, name: str) -> Actor:
    town = Town(world, name)
    heard = {"heard": town.draw("heard", True, False)}
    return town.ask("PATCH", f"/api/recordings/RE{town.draw('recording', *RECORDINGS_OF):032x}", heard)


def pause(_world: World, _name: str) -> None:
    """Nobody does anything; to this a deed is shortened."""


def makes_sense(deed: Deed, town: Town) -> bool:
    """Whether somebody would do that now, who knows how things stand."""
    fits = {join: has_room, change: is_open, close: is_open, reopen: is_past, clean_up: is_past, delete: bool}.get(deed)
    if fits:
        return any(map(fits, town.books.kind("SessionsTable", "session")))
    if deed is dial:
        return any(not is_over(way, time.time()) and "partner" in way for way in town.ways())
    if deed in (end, extend, announce, invite, remove):
        return any("ended_at" not in row for row in town.books.kind("BridgesTable", "bridge"))
    if deed in (erase, hear):
        return bool(town.books.of("RecordingsTable"))
    return (
        deed not in (create, create_for_conferences)
        or sum(map(is_open, town.books.kind("SessionsTable", "session"))) < 2
    )


# What a history is about: with what it begins, and how often something is done in it.
SESSIONS = [
    create,
    join,
    join,
    change,
    change,
    change,
    close,
    close,
    *[reopen] * 3,
    delete,
    clean_up,
    sweep,
    *[dial] * 3,
]
POOLS = [create, create, join, close, reopen, change, add_number, add_number, *[remove_number] * 3]
CALLS = [call, end, extend, announce, invite, remove, remove]
CALLS_OF_SESSIONS = [create, *[call] * 3, dial, dial, close, change, reopen, end, extend, remove]
MASKED_CONFERENCES = [create_for_conferences, *[dial] * 4, change, close, end, extend, extend, remove]
TEXTS = [*[write] * 8, send, send, opt_out]
RECORDINGS = [*[record] * 4, erase, erase, hear]
THEMES: dict[str, list[Deed]] = {
    "sessions": SESSIONS,
    "pools": POOLS,
    "calls": CALLS,
    "calls of sessions": CALLS_OF_SESSIONS,
    "masked conferences": MASKED_CONFERENCES,
    "texts": TEXTS,
    "recordings": RECORDINGS,
}
DEEDS: list[Deed] = [pause, *dict.fromkeys(deed for deeds in THEMES.values() for deed in deeds)]
