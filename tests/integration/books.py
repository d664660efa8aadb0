"""The books of the exchange: everything that is stored, read past our own code, and whether it agrees with itself."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

Item = dict[str, Any]
read = TypeDeserializer().deserialize


def scan(cloud: Any, table: str) -> list[Item]:
    items, start = [], {}
    while True:
        answer = cloud.dynamodb.scan(TableName=table, ConsistentRead=True, **start)
        items += [{name: read(value) for name, value in item.items()} for item in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            return items
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


@dataclass
class Books:
    """What is stored, by kind. `faults` are the sentences about what should not be."""

    sessions: dict[str, Item] = field(default_factory=dict)
    participants: list[Item] = field(default_factory=list)
    interactions: list[Item] = field(default_factory=list)
    names: list[Item] = field(default_factory=list)
    routes: dict[tuple[str, str], Item] = field(default_factory=dict)
    lines: set[str] = field(default_factory=set)
    nameless: list[Item] = field(default_factory=list)
    now: float = 0

    @property
    def live(self) -> list[Item]:
        """The routes over which a call can go, or could if somebody were on the other side."""
        return [route for route in self.routes.values() if is_open(route, self.now)]

    @property
    def open_sessions(self) -> list[Item]:
        return [s for s in self.sessions.values() if s["status"] != "closed" and not is_past(s, self.now)]

    @property
    def faults(self) -> list[str]:
        return [*self.of_items(), *self.of_routes(), *self.of_sessions()]

    def of_items(self):
        for item in self.nameless:
            yield f"an item of no kind: {item}"
        for item in self.participants + self.interactions:
            if item["session_sid"] not in self.sessions:
                yield f"{item['entry']} belongs to no session"
        for name in self.names:
            if self.sessions.get(name["named"], {}).get("unique_name") != name["entry"].partition("#")[2]:
                yield f"{name['entry']} names no session"
        for sid, session in self.sessions.items():
            if session.get("unique_name") and not any(name["named"] == sid for name in self.names):
                yield f"the name of session {sid} is not taken"

    def of_routes(self):
        for route in self.live:
            number, line = route["number"], route["entry"].split("#")[1]
            session = self.sessions.get(route["session_sid"])
            if session is None or session not in self.open_sessions:
                yield f"{number} over {line} connects in a session that is not open"
                continue
            if not any(self.is_of(route, person) for person in self.participants):
                yield f"{number} over {line} connects without being a participant"
            if route.get("expires_at") != session.get("expires_at"):
                yield f"{number} over {line} ends {route.get('expires_at')}, its session {session.get('expires_at')}"
            if number in self.lines:
                yield f"{number} is a line of ours and a participant"
            for who in reached_by(route):
                back = self.way_of(who, route)
                if number not in reached_by(back) or back.get("shows") != line:
                    yield f"{number} over {line} reaches {who}, who cannot call back"

    def way_of(self, who: str, route: Item) -> Item:
        """Where their calls to what they see go in the session of this route; nowhere, if they have no such."""
        ways = [
            way
            for (number, entry), way in self.routes.items()
            if (number, entry.split("#")[1], way["session_sid"]) == (who, route.get("shows"), route["session_sid"])
        ]
        return ways[0] if ways else {}

    def of_sessions(self):
        for session in self.open_sessions:
            everybody = [person for person in self.participants if person["session_sid"] == session["session_sid"]]
            people = [person for person in everybody if "date_deleted" not in person]
            if (session["participants"], session.get("removed", 0)) != (len(everybody), len(everybody) - len(people)):
                yield f"session {session['session_sid']} counts {session['participants']}, and has {len(everybody)}"
            for person in people:
                if sum(self.is_of(route, person) for route in self.live) != len(numbers_of(person)):
                    yield f"participant {person['sid']} of an open session lacks a route"
                if len(people) == 2 and not all(r.get("partner") for r in self.live if self.is_of(r, person)):
                    yield f"participant {person['sid']} of two has nobody to call"

    @staticmethod
    def is_of(route: Item, person: Item) -> bool:
        digit = f"#{person['digit']:g}" if person.get("digit") else ""
        key = (f"route#{person['proxy_identifier']}{digit}", person["session_sid"], person["sid"])
        known = (route["entry"], route["session_sid"], route["participant_sid"])
        return known == key and route["number"] in numbers_of(person)


def numbers_of(person: Item) -> list[str]:
    return [person["identifier"], *person.get("more_identifiers", ())]


def reached_by(route: Item) -> list[str]:
    """Whom a route leads to."""
    return [route["partner"], *route.get("team", "").split()[1:]] if route.get("partner") else []


def is_past(item: Item, now: float) -> bool:
    return "expires_at" in item and item["expires_at"] <= now


def is_open(route: Item, now: float) -> bool:
    return "ended_at" not in route and not is_past(route, now)


def open_books(cloud: Any) -> Books:
    books = Books(now=time.time())
    for item in scan(cloud, "SessionsTable") + scan(cloud, "DirectoryTable") + scan(cloud, "ServicesTable"):
        match item.get("kind"):
            case "session":
                books.sessions[item["session_sid"]] = item
            case "participant":
                books.participants.append(item)
            case "interaction":
                books.interactions.append(item)
            case "session-name":
                books.names.append(item)
            case "route":
                books.routes[item["number"], item["entry"]] = item
            case "line":
                books.lines.add(item["number"])
            case None:
                books.nameless.append(item)
    return books


def check(cloud: Any) -> Books:
    """The books, which agree with themselves: every live pair is an open session's participant's, and the other way."""
    books = open_books(cloud)
    assert books.faults == []
    there = {session["session_sid"] for session in books.open_sessions}
    people = [one for one in books.participants if one["session_sid"] in there and "date_deleted" not in one]
    assert len(books.live) == sum(len(numbers_of(person)) for person in people)
    return books
