"""What must hold of bridges: nobody is called twice, hears a thing twice, is put through after the end or kept alone;
and whoever looks after a bridge does not look ever more often.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.histories.actors import Actor, acting
from tests.histories.oracle import Books, Change, Row, is_over
from tests.histories.telephones import Talk

if TYPE_CHECKING:
    from tests.histories.world import World

# Whoever tells of something, or asks for it, brings one look. What looks bring by themselves is in proportion to that.
MOST_LOOKS = 20  # at one bridge within a minute, and three more for each that somebody has brought
MOST_MOMENTS = 12  # for which messages about one bridge wait: the next look, and what is armed
LATE_SECONDS = 15  # an announcement that comes later than that is none: five, and what a process may take
TWILIOS_SECONDS = 36  # by which a dialed call may outlast its session: it counts from the answer

DOOR = re.compile(r".*/voice/bridges/(KB\w+)/(\d+)/(\d+)/answered.*")
BRIDGE, SESSION = re.compile(r".*(KB[0-9a-f]{32})"), re.compile(r".*/status/(KC[0-9a-f]{32})")


class Rules:
    def __init__(self, world: World, books: Books) -> None:
        self.world, self.books = world, books
        self.called: Counter[tuple[str, str, str]] = Counter()
        self.spoken: Counter[str] = Counter()  # how often the words at an address were heard
        self.looks: dict[str, list[float]] = defaultdict(list)
        self.waiting: dict[str, Counter[str]] = defaultdict(Counter)  # of a bridge -> what looks have sent
        self.news: Counter[str] = Counter()  # looks at a bridge that somebody has brought
        self.most_looks = self.most_moments = 0
        self.gone: dict[str, Row] = {}  # sessions that were deleted, as they were
        self.set_at: dict[str, float] = {}  # when the end of a session was set last, which may be past already
        self.ends: dict[str, set[int]] = defaultdict(set)  # of a session: every second at which it was ever to end

    def bridge(self, sid: str) -> Row:
        return self.books.of("BridgesTable").get((sid, "bridge"), {})

    # ---- the rows --------------------------------------------------------------------------------------------------

    def written(self, changes: list[Change], actor: Actor | None) -> Iterator[str]:
        for change in changes:
            if change.kind == "session" and change.after is None and change.before:
                self.gone[change.key[0]] = change.before
            if change.kind == "session" and change.after and "expires_at" in change.after:
                self.ends[change.key[0]].add(int(change.after["expires_at"]))
                if not change.before or change.before.get("expires_at") != change.after["expires_at"]:
                    self.set_at[change.key[0]] = time.time()
            if change.table == "BridgesTable" and change.before and change.after:
                if change.kind == "bridge":
                    yield from self.bridge_changed(change.before, change.after, actor)
                if change.kind == "party":
                    yield from self.party_changed(change.before, change.after)
                if change.kind == "spoken" and any(change.before[name] != change.after[name] for name in ("at", "due")):
                    yield f"{change.key} is claimed twice"

    def bridge_changed(self, before: Row, after: Row, actor: Actor | None) -> Iterator[str]:
        sid, now = after["bridge_sid"], time.time()
        if "ended_at" in before and (before["ended_at"], before["end_reason"]) != (
            after.get("ended_at"),
            after.get("end_reason"),
        ):
            yield f"bridge {sid} had ended for {before['end_reason']}, and ends again for {after.get('end_reason')}"
        if "ended_at" in before and before.get("deadline") != after.get("deadline"):
            yield f"bridge {sid} has ended, and gets another deadline"
        earlier = after.get("deadline", 0) < before.get("deadline", 0)
        if after["version"] < before["version"] or (earlier and after["deadline"] not in self.ends_of(before)):
            yield f"bridge {sid} has an earlier deadline than before, and its session has never ended then"
        if before.get("deadline") not in (None, after.get("deadline")) and after["version"] != before["version"] + 1:
            yield f"bridge {sid} has another deadline, and no other version"
        moves = after.get("deadline") != before.get("deadline")
        in_time = actor and actor.began < before.get("deadline", 0)  # a star before it, answered by a slow process
        if before.get("deadline", now + 1) <= now and moves and not in_time and not self.goes_on_longer(before):
            yield f"bridge {sid} is past its deadline, and gets another one"
        if after["extensions"] > max(after["extension_times"], before["extensions"]):
            yield f"bridge {sid} is extended {after['extensions']:g} times"
        if "ended_at" in after and "ended_at" not in before and after["end_reason"] == "time":
            ends = [before.get("deadline", 1e12), self.session_of(before).get("expires_at", 1e12)]
            if min(ends) > now:
                yield f"bridge {sid} ends for want of time, and has {min(ends) - now:g} s left"

    def party_changed(self, before: Row, after: Row) -> Iterator[str]:
        who = f"{after['bridge_sid']} {after['entry']}"
        taken_back = before["attempts"] - 1 if "doubted_at" in before else before["attempts"]
        if not taken_back <= after["attempts"] <= before["attempts"] + 1:
            yield f"{who} was called {before['attempts']:g} times, and now {after['attempts']:g}"
        if after["attempts"] > before["attempts"] and "removed_at" in before:
            yield f"{who} was removed, and is called"
        for name in ("limited", "released"):
            if after[name] < before[name]:
                yield f"{who}: {name} goes back"
        if "removed_at" in before and before["removed_at"] != after.get("removed_at"):
            yield f"{who} is removed twice"

    def session_of(self, bridge: Row) -> Row:
        return self.session(bridge["session_sid"]) if "session_sid" in bridge else {}

    def ends_of(self, bridge: Row) -> set[int]:
        """Every second at which the session of a bridge was ever to end."""
        return self.ends[bridge.get("session_sid", "")]

    def goes_on_longer(self, bridge: Row) -> bool:
        """Whether a deadline was the end of a session that a client has had last longer since, before it came."""
        session = self.session_of(bridge)
        return bridge["deadline"] in self.ends_of(bridge) and bool(session) and not is_over(session, time.time())

    def session(self, sid: str) -> Row:
        return self.books.of("SessionsTable").get((sid, "session")) or self.gone.get(sid, {})

    # ---- what Twilio is asked for ----------------------------------------------------------------------------------

    def asked(self, path: str, form: dict[str, str]) -> Iterator[str]:
        if match := DOOR.match(form.get("Url", "")):
            sid, place, _ = match.groups()
            self.called[match.groups()] += 1
            if self.called[match.groups()] > 1:
                yield f"{match.groups()} is called twice"
            legs = [leg for leg in self.world.telephones.legs.values() if f"/{sid}/{place}/" in leg.url]
            if any(not leg.is_over for leg in legs):
                yield f"participant {place} of {sid} is called, and their telephone rings already"
        if url := form.get("AnnounceUrl"):
            sid, (number, version) = BRIDGE.match(url)[1], url.partition("#")[0].split("/")[-2:]  # type: ignore[index]
            spoken = self.books.of("BridgesTable").get((sid, f"spoken#{int(number):04}#{int(version):04}"))
            if not spoken:
                yield f"announcement {number} of {sid} is spoken, and nobody has claimed it"
            elif not -1 <= time.time() - spoken["due"] <= LATE_SECONDS:
                yield f"announcement {number} of {sid} is spoken at another time than it was due"

    def announced(self, url: str, words: str | None) -> Iterator[str]:
        if words and "<Response />" not in words:
            self.spoken[url] += 1
            if self.spoken[url] > 1:
                yield f"{url} is heard {self.spoken[url]} times for one deadline"

    # ---- who talks -------------------------------------------------------------------------------------------------

    def session_of_talk(self, talk: Talk) -> Row:
        """The session in which two people talk, through whatever."""
        if match := SESSION.match(talk.through):
            return self.session(match[1])
        match = BRIDGE.match(talk.through)
        return self.session_of(self.bridge(match[1])) if match else {}

    @property
    def slack(self) -> float:
        """By how much things may be late, when things go wrong."""
        return 200 if self.world.is_troubled else 12 if self.world.stage.switching else 4

    def talk_began(self, talk: Talk) -> Iterator[str]:
        session, now = self.session_of_talk(talk), time.time()
        ended = session.get("date_ended") if session.get("status") == "closed" else session.get("expires_at")
        ended = max(ended or 0, self.set_at.get(session.get("session_sid", ""), 0))
        slack = self.slack + (TWILIOS_SECONDS if is_dialed(talk) else 0)
        if self.goes_on(talk, ended):
            return
        if session and is_over(session, now) and now > ended + slack:
            yield f"{sorted(talk.people)} are put through {now - ended:g} s after their session's end"

    def goes_on(self, talk: Talk, ended: float) -> bool:
        """Whether these two have talked there before that, so that a star has only led one of them back."""
        before = (one for one in self.world.telephones.talks if one is not talk and one.through == talk.through)
        return any(one.people == talk.people and one.began <= ended for one in before)

    def talk_ended(self, talk: Talk) -> Iterator[str]:
        """A call ends with its session, unless a client has closed that; one that Twilio dials, as was said then."""
        session, now = self.session_of_talk(talk), time.time()
        until = session.get("expires_at", now)
        expired = session.get("closed_reason") not in ("api", "deleted")
        if expired and not is_dialed(talk) and now > until + self.slack:
            yield f"{sorted(talk.people)} have talked for {now - until:g} s after their session's end"
        bridge = self.bridge(match[1]) if (match := BRIDGE.match(talk.through)) else {}
        if now > bridge.get("deadline", now) + self.slack:
            yield f"{sorted(talk.people)} have talked for {now - bridge['deadline']:g} s after the deadline"

    def left_alone(self, room: str, who: str, since: float) -> Iterator[str]:
        if not self.world.is_troubled:
            yield f"{who} is alone in {room} for {time.time() - since:g} s"

    # ---- who looks -------------------------------------------------------------------------------------------------

    def sent(self, queue: str, said: str) -> Iterator[str]:
        if queue != "Timers" or not (sid := json.loads(said).get("bridge")):
            return
        if not is_of_a_look(acting()):
            self.news[sid] += 1
            return
        self.waiting[sid][said] += 1
        moments = sum(number > 0 for number in self.waiting[sid].values())
        self.most_moments = max(self.most_moments, moments)
        if moments > MOST_MOMENTS:
            yield f"messages of {moments} moments wait for bridge {sid}"

    def received(self, queue: str, said: str, failed: bool) -> Iterator[str]:
        if queue == "Timers" and (sid := json.loads(said).get("bridge")) and self.waiting[sid][said]:
            self.waiting[sid][said] -= 1
        return iter(())

    def began(self, actor: Actor) -> Iterator[str]:
        if actor.what.startswith("message Timers") and (sid := json.loads(actor.sent).get("bridge")):
            if not self.waiting[sid][actor.sent]:  # somebody has told of something, or has asked for it
                return
            self.looks[sid].append(time.time())
            looks = sum(moment > time.time() - 60 for moment in self.looks[sid])
            self.most_looks = max(self.most_looks, looks)
            if looks > MOST_LOOKS + 3 * self.news[sid]:
                yield f"within a minute {looks} looks at bridge {sid}, after {self.news[sid]} that somebody brought"


def is_of_a_look(actor: Actor | None) -> bool:
    """Whether a message is sent by whoever looks after a bridge, or by Scheduler for them; not for somebody's news."""
    return actor is None or actor.what.startswith("message Timers")


def is_dialed(talk: Talk) -> bool:
    """Whether Twilio itself has dialed the second, so that nobody can be asked when they answer."""
    return bool(SESSION.match(talk.through) and not BRIDGE.match(talk.through))
