"""What must hold of text messages: each is kept once, answered once at most, and never to somebody who wants none."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from tests.histories.actors import Actor, Outcome
from tests.histories.oracle import Books, Change

if TYPE_CHECKING:
    from tests.histories.world import World

STOPS, STARTS = ("STOP", "停止"), ("START", "再開", "YES")


class Rules:
    def __init__(self, world: World, books: Books) -> None:
        self.world, self.books = world, books
        self.answers: dict[str, str] = {}  # what Twilio was answered to a text, by its SID
        self.posted: Counter[str] = Counter()
        self.stops: dict[str, tuple[str, float]] = {}  # of a text: who wanted no more, and when that was first told
        self.heard: set[str] = set()  # the texts that were taken
        self.starts: dict[Actor, tuple[str, float]] = {}  # who wanted messages again, until when that was handled

    def written(self, changes: list[Change], actor: Actor | None) -> Iterator[str]:
        before = {change.key: change.before for change in changes if change.kind == "opt-out"}
        for change in changes:
            if change.table != "MessagesTable":
                continue
            if change.after is None:  # a text is forgotten with its session, and is a new one when it comes again
                self.answers.pop((change.before or {}).get("sid", ""), None)
                continue
            row, person = change.after, change.after.get("person")
            if change.before is not None:
                yield from self.changed(change)
            elif row["direction"] != "inbound":
                key = (person, "opt-out")
                known = self.books.of("DirectoryTable").get(key) if key not in before else before[key]
                lifted = key in before and key not in self.books.of("DirectoryTable")
                if known and not lifted:
                    yield f"{person} wants no messages, and gets {row['direction']} {row['message_id']}"
        if any(change.kind == "texted" or change.table == "MessagesTable" for change in changes):
            yield from self.counted()

    def changed(self, change: Change) -> Iterator[str]:
        before, after = change.before or {}, change.after or {}
        if after["rank"] < before["rank"]:
            yield f"message {after['message_id']} goes back from {before['status']} to {after['status']}"
        for name in ("body", "person", "line", "direction", "date_created"):
            if before.get(name) != after.get(name):
                yield f"message {after['message_id']} has another {name} than it had"

    def counted(self) -> Iterator[str]:
        """The brake has counted every answer; what one of a session writes to the other is none."""
        replies = Counter(
            (row["person"], f"texted#{row['line']}")
            for row in self.books.of("MessagesTable").values()
            if row["direction"] == "outbound-reply" and "session_sid" not in row
        )
        kept = {(row["number"], row["entry"]): row["answered"] for row in self.books.kind("DirectoryTable", "texted")}
        for key, count in replies.items():
            if kept.get(key) != count:
                yield f"{key} got {count} answers, and {kept.get(key)} were counted"

    def asked(self, path: str, form: dict[str, str]) -> Iterator[str]:
        if path == "/Messages.json":
            message = form["StatusCallback"].partition("#")[0]
            self.posted[message] += 1
            if self.posted[message] > 1:
                yield f"{message} is sent twice"

    def began(self, actor: Actor) -> Iterator[str]:
        if actor.what.startswith("webhook /sms"):
            fields = parse_qs(actor.sent)
            if fields["Body"][0] in STOPS:
                self.stops.setdefault(fields["MessageSid"][0], (fields["From"][0], time.time()))
        for who in self.wants(actor):
            self.starts[actor] = (who, float("inf"))
        return iter(())

    def wants(self, actor: Actor) -> Iterator[str]:
        """Whoever wants messages again, by a text or by the word of the owner."""
        if actor.what.startswith("webhook /sms"):
            fields = parse_qs(actor.sent)
            if fields["Body"][0] in STARTS:
                yield fields["From"][0]
        if actor.what.startswith("PUT /api/callers/") and '"opted_out": false' in actor.sent:
            yield "+" + actor.what.split("%2B")[1].split()[0]

    def ended(self, actor: Actor, outcome: Outcome) -> Iterator[str]:
        if actor in self.starts:
            self.starts[actor] = (self.starts[actor][0], time.time())
        if not actor.what.startswith("webhook /sms") or not outcome.is_fine or outcome.answer["statusCode"] != 200:
            return
        sid = parse_qs(actor.sent)["MessageSid"][0]
        answer = outcome.answer["body"]
        if self.answers.setdefault(sid, answer) != answer:
            yield f"the text {sid} is answered {answer}, and was {self.answers[sid]}"
        self.heard.add(sid)

    def at_rest(self) -> Iterator[str]:
        for sid in self.heard & self.stops.keys():
            who, since = self.stops[sid]
            again = any(one == who and until >= since for one, until in self.starts.values())
            if not again and (who, "opt-out") not in self.books.of("DirectoryTable"):
                yield f"{who} wanted no more messages, and nobody has kept that"
        for row in self.books.of("MessagesTable").values():
            if row["direction"] == "outbound-reply" and row["in_reply_to"] not in {
                one["message_id"] for one in self.books.of("MessagesTable").values()
            }:
                yield f"{row['message_id']} answers nothing"
