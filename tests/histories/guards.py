"""Guards: conditions of ours that keep a race from doing harm, each taken out of the source to see histories go wrong.

    python -m tests.histories.guards            all of them, each in a process of its own
    python -m tests.histories.guards NAME       one of them

A guard is missed when a history goes wrong without it that goes well with it; or a life beside the model, which all go
well in test_beside_a_model.py.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

ROOT = Path(__file__).parents[2]
DOMAIN = ROOT / "layers/domain"
MOST_HISTORIES, MOST_LIVES = 20_000, 200
BESIDE_A_MODEL = "beside a model"


@dataclass(frozen=True)
class Guard:
    """What stands in a module, and what stands there when it is taken out; `seed` is known to miss it soon."""

    name: str
    module: str
    stands: str
    without: str
    theme: str
    seed: int = 1


GUARDS = [
    Guard(
        "expire without what was seen",
        "toritsugi.masking.lifecycle",
        "if update_if(session, ending(seen, session.expiry_reason), is_unclosed() & is_as_read(session)):",
        "if update_if(session, ending(seen, session.expiry_reason), is_unclosed()):",
        "sessions",
        478,
    ),
    Guard(
        "re-open without a condition",
        "toritsugi.masking.lifecycle",
        "transaction.update(session, actions, condition=over)",
        "transaction.update(session, actions)",
        "sessions",
        1449,
    ),
    Guard(
        "a claim takes what is not free",
        "toritsugi.masking.claims",
        "return condition(int(time.time()), session.session_sid)",
        "return condition(int(time.time()) + 10**9, session.session_sid)",
        "sessions",
        103,
    ),
    Guard(
        "a claim of whoever joins without a condition",
        "toritsugi.masking.claims",
        "transaction.save(own, condition=takes(search, person, session))",
        "transaction.save(own)",
        "sessions",
        2207,
    ),
    Guard(
        "a slide by another ttl than the session's",
        "toritsugi.masking.interactions",
        "(Session.ttl == ttl) & Session.date_expiry.does_not_exist() & (Session.expires_at <= until)",
        "Session.date_expiry.does_not_exist() & (Session.expires_at <= until)",
        "sessions",
        206,
    ),
    Guard(
        "a slide of what is to end at a date",
        "toritsugi.masking.interactions",
        "(Session.ttl == ttl) & Session.date_expiry.does_not_exist() & (Session.expires_at <= until)",
        "(Session.ttl == ttl) & (Session.expires_at <= until)",
        "sessions",
        1162,
    ),
    Guard(
        "close without the number of people",
        "toritsugi.masking.lifecycle",
        "transaction.update(session, actions, condition=condition & has_same_people(session))",
        "transaction.update(session, actions, condition=condition)",
        "sessions",
        55,
    ),
    Guard(
        "join a session that is not as it was read",
        "toritsugi.masking.claims",
        "condition=session_is_open(now) & is_as_read(session))",
        "condition=session_is_open(now))",
        "sessions",
        105,
    ),
    Guard(
        "an announcement is claimed by everybody",
        "toritsugi.bridges.announcements",
        "transaction.save(spoken, condition=Spoken.entry.does_not_exist())",
        "transaction.save(spoken)",
        "calls",
        58,
    ),
    Guard(
        "a telephone is rung by everybody",
        "toritsugi.bridges.steps",
        "(Party.attempts == tried) & Party.removed_at.does_not_exist()",
        "Party.entry.exists()",
        "calls",
    ),
    Guard(
        "a recording is copied by everybody",
        "toritsugi.recordings.records",
        "update_if(recording, begin + facts_of_report(report), is_free & is_to_do)",
        "update_if(recording, begin + facts_of_report(report), is_to_do)",
        "recordings",
        80,
    ),
    Guard(
        "a deleted recording is copied again",
        "toritsugi.recordings.records",
        "update_if(recording, begin + facts_of_report(report), is_free & is_to_do)",
        "update_if(recording, begin + facts_of_report(report), is_free)",
        "recordings",
        388,
    ),
    Guard(
        "who wants no messages is answered",
        "toritsugi.messages.inbound",
        'if known.opt_out and context.wish != "start":',
        "if False:",
        "texts",
    ),
    Guard(
        "an answer that the brake has not counted",
        "toritsugi.messages.inbound",
        "transaction.save(counted, condition=reply_limit.nothing_answered_since(known.texted))",
        "transaction.save(counted)",
        "texts",
        10,
    ),
    Guard(
        "an interaction goes back",
        "toritsugi.masking.interactions",
        "condition=Interaction.entry.exists() & (Interaction.rank < interaction.rank)",
        "condition=Interaction.entry.exists()",
        "masked conferences",
    ),
    Guard(
        "a bridge ends whatever its deadline is by now",
        "toritsugi.bridges.commands",
        "Bridge.ended_at.does_not_exist() & (Bridge.version == bridge.version)",
        "Bridge.ended_at.does_not_exist()",
        "masked conferences",
    ),
    Guard(
        "A1: a pair is taken whoever has it",
        "toritsugi.masking.candidates",
        "elif not live:",
        "elif True:",
        BESIDE_A_MODEL,
    ),
    Guard(
        "A2: close leaves the routes",
        "toritsugi.masking.lifecycle",
        "return [\n        Route.ended_at.set(moment),\n",
        "return [\n",
        BESIDE_A_MODEL,
    ),
    Guard(
        "A3: a line of ours as participant",
        "toritsugi.masking.candidates",
        "if any(isinstance(memories.get(line_key(person)), Line) for person in people):",
        "if False:",
        BESIDE_A_MODEL,
    ),
    Guard(
        "A4: a quarantine that nobody looks at",
        "toritsugi.masking.candidates",
        "rests = any(route.rests(now) for route in routes)",
        "rests = False",
        BESIDE_A_MODEL,
    ),
    Guard(
        "A5: opened again whoever has the pair by now",
        "toritsugi.masking.lifecycle",
        "transaction.save(route, condition=is_over(now, session.session_sid))",
        "transaction.save(route)",
        BESIDE_A_MODEL,
    ),
    Guard(
        "A5: opened again over a line that has left",
        "toritsugi.masking.lifecycle",
        "transaction.update(number, given, condition=is_usable())",
        "transaction.update(number, given)",
        BESIDE_A_MODEL,
    ),
    Guard(
        "A7: a line that is in another pool already",
        "toritsugi.masking.pool",
        "line, condition=Line.service_sid.does_not_exist())",
        "line)",
        BESIDE_A_MODEL,
    ),
    Guard(
        "a line leaves its pool while people have it",
        "toritsugi.masking.removal",
        "if is_used(number, time.time()):",
        "if False:",
        BESIDE_A_MODEL,
    ),
    Guard(
        "S1: an expired session connects",
        "toritsugi.masking.routes",
        "if not leads_on(line, route, now):\n        raise SessionEnded",
        "if False:\n        raise SessionEnded",
        BESIDE_A_MODEL,
    ),
    Guard(
        "S2: a call lasts longer than its session",
        "toritsugi.masking.routes",
        '"time_limit": MAX_CALL_SECONDS if route.calls_outlive_expiry else left,',
        '"time_limit": MAX_CALL_SECONDS,',
        BESIDE_A_MODEL,
    ),
    Guard(
        "S3: a callback brings a closed session back",
        "toritsugi.masking.sessions",
        'return Session.entry.exists() & (Session.status != "closed")',
        "return Session.entry.exists()",
        BESIDE_A_MODEL,
    ),
    Guard(
        "I2: a late callback counts as the last",
        "toritsugi.masking.interactions",
        "condition=Interaction.entry.exists() & (Interaction.rank < interaction.rank),",
        "condition=Interaction.entry.exists(),",
        BESIDE_A_MODEL,
    ),
    Guard(
        "I3: the same text is passed on as another",
        "toritsugi.masking.relaying",
        "transaction.save(inbound.new_inbound(text), condition=Message.message_id.does_not_exist())",
        "transaction.save(inbound.new_inbound(text))",
        BESIDE_A_MODEL,
    ),
    Guard(
        "P1: whoever is called sees the caller",
        "toritsugi.masking.routes",
        "caller_id=route.shows,",
        "caller_id=route.number,",
        BESIDE_A_MODEL,
    ),
    Guard(
        "whoever has left is reached",
        "toritsugi.masking.removal",
        "transaction.update(route, [*alone, team_of(partner, None)], condition=held)",
        "pass",
        BESIDE_A_MODEL,
    ),
]


class Without(importlib.abc.MetaPathFinder):
    """Imports a module as it would be without a guard."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self.guard.module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec and spec.origin:
            spec.loader = Rewritten(self.guard, name, spec.origin)
        return spec


class Rewritten(importlib.machinery.SourceFileLoader):
    def __init__(self, guard: Guard, name: str, path: str) -> None:
        super().__init__(name, path)
        self.guard = guard

    def get_code(self, fullname: str) -> CodeType:
        source = Path(self.path).read_text().replace(self.guard.stands, self.guard.without)
        return compile(source, self.path, "exec")


def is_there(guard: Guard) -> bool:
    """Whether the guard stands where it is said to, once."""
    path = DOMAIN.joinpath(*guard.module.split(".")).with_suffix(".py")
    return path.read_text().count(guard.stands) == 1


def find(guard: Guard, most: int) -> str | None:
    """What goes wrong without a guard, after how many histories; for a process that has imported nothing of ours."""
    sys.meta_path.insert(0, Without(guard))
    import tests.conftest  # noqa: F401
    from tests.histories.machine import machine

    if guard.theme == BESIDE_A_MODEL:
        return find_beside_a_model(guard, min(most, MOST_LIVES))
    from tests.histories.shrinking import kind_of

    known: set[str] = set()
    with machine() as player:
        for seed in range(guard.seed, guard.seed + most):
            faults = player.play(seed, guard.theme).faults
            if faults and kind_of(faults[0]) not in known:
                if is_well(guard.theme, seed):
                    return f"{guard.name}: {seed - guard.seed + 1} histories (seed {seed}): {faults[0]}"
                known.add(kind_of(faults[0]))
    return None


def find_beside_a_model(guard: Guard, lives: int) -> str | None:
    """What is not as the model says, in so many lives."""
    from hypothesis import Phase

    from tests.histories.beside_a_model import live
    from tests.histories.machine import machine

    importlib.import_module(guard.module)  # what cannot even begin without the guard is no life that goes wrong
    try:
        with machine() as player:
            live(player.clock, lives, [Phase.generate])
    except Exception as fault:
        return f"{guard.name}: {type(fault).__name__} {str(fault)[:200]}"
    return None


def is_well(theme: str, seed: int) -> bool:
    """Whether that history goes well with all guards in their places, as another process sees it."""
    return run("tests.histories", "--theme", theme, "--seed", str(seed), "--count", "1").returncode == 0


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)


def main(arguments: list[str]) -> int:
    if arguments:
        guard = next(guard for guard in GUARDS if guard.name == arguments[0])
        found = find(guard, int(arguments[1]) if arguments[1:] else MOST_HISTORIES)
        print(found or f"{guard.name}: nothing has gone wrong")
        return not found
    unmissed = 0
    for guard in GUARDS:
        done = run("tests.histories.guards", guard.name)
        print(done.stdout.strip() or done.stderr.strip(), flush=True)
        unmissed += done.returncode != 0
    print(f"of {len(GUARDS)} guards {unmissed} were not missed")
    return unmissed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
