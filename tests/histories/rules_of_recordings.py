"""What must hold of recordings: one row and one file of each, copied by one at a time, lost nowhere in between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from tests.histories.actors import Actor, Outcome
from tests.histories.oracle import Books, Change

if TYPE_CHECKING:
    from tests.histories.world import World


class Rules:
    def __init__(self, world: World, books: Books) -> None:
        self.world, self.books = world, books
        self.worth: set[str] = set()  # recordings in which somebody has said something, as we were told
        self.dead: set[str] = set()  # those of which a message went to the dead letters

    def written(self, changes: list[Change], actor: Actor | None) -> Iterator[str]:
        for change in changes:
            if change.table != "RecordingsTable" or change.after is None:
                continue
            before, after, sid = change.before or {}, change.after, change.key[0]
            claimed = before.get("claimed_until", 0)
            if claimed > time.time() and after.get("claimed_until", claimed) != claimed:
                yield f"{sid} is copied by somebody, and somebody else begins to copy it"
            if before.get("status") == "deleted" and after["status"] != "deleted":
                yield f"{sid} was deleted, and is {after['status']}"
            if before.get("status") == "stored" and after["status"] not in ("stored", "deleted"):
                yield f"{sid} was stored, and is {after['status']}"
            if after["status"] == "stored" and before.get("status") != "stored" and sid not in self.files:
                yield f"{sid} is said to be stored, and there is no file"

    @property
    def files(self) -> set[str]:
        return {key.partition("/")[2].removesuffix(".wav") for key in self.world.aws.files}

    def asked(self, path: str, form: dict[str, str]) -> Iterator[str]:
        if path.startswith("DELETE /Recordings/"):
            sid = path.rpartition("/")[2].partition(".")[0]
            status = self.books.of("RecordingsTable").get((sid,), {}).get("status")
            if sid in self.worth and status not in ("stored", "deleted"):
                yield f"Twilio deletes {sid}, which is {status} here"

    def ended(self, actor: Actor, outcome: Outcome) -> Iterator[str]:
        if actor.what.startswith("webhook /recording") and outcome.is_fine and outcome.answer["statusCode"] == 204:
            fields = {name: said[0] for name, said in parse_qs(actor.sent).items()}
            if fields["RecordingStatus"] == "completed" and int(fields["RecordingDuration"]) >= 2:
                self.worth.add(fields["RecordingSid"])
        return iter(())

    def received(self, queue: str, said: str, failed: bool) -> Iterator[str]:
        if failed:
            self.dead |= {sid for sid in self.worth if sid in said}
        return iter(())

    def at_rest(self) -> Iterator[str]:
        rows = {key[0]: row for key, row in self.books.of("RecordingsTable").items()}
        for sid in self.worth - self.dead:
            status = rows.get(sid, {}).get("status")
            if status not in ("stored", "deleted"):
                yield f"{sid} is worth keeping, and is {status}"
            if status == "stored" and "settled_at" not in rows[sid]:
                yield f"{sid} is stored, and not settled"
        for sid in self.files:
            if rows.get(sid, {}).get("status") not in ("stored", "copying"):
                yield f"there is a file of {sid}, which is {rows.get(sid, {}).get('status')}"
        for sid, row in rows.items():
            if row["status"] == "stored" and sid not in self.files:
                yield f"{sid} is said to be stored, and there is no file"
