"""The machine: plays a history by its seed or by its choices, and says what was wrong with it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

import time_machine

from tests.histories import deeds
from tests.histories.actors import Actor, Died
from tests.histories.choices import Choices, Chosen
from tests.histories.deeds import DEEDS, THEMES, Town, makes_sense
from tests.histories.tables import Rows
from tests.histories.world import World, template
from tests.integration.conftest import NOON

WAITS = (0, 0, 0, 1, 3, 10, 30, 61, "to an end", "to an end")
MOST_DEEDS = 9
SENSIBLE = 0.8  # of all that is done, what makes sense to who does it
# Of a history, from its beginning: the same whether all its deeds are played or only those that matter.
TROUBLE_SECONDS = (0, 400, 900)  # for which things go wrong at least, even when nobody does anything any more
REST_SECONDS = (12 * 3600, 24 * 3600)  # by which everything has come to rest
MOST_EVENTS = 3000  # of one history, lest one that never ends holds up all others


@dataclass
class History:
    """A history that was played: the choices that make it, and what was wrong with it."""

    seed: int | None
    theme: str
    chosen: Chosen = field(repr=False)
    faults: list[str]
    count: Counter[str] = field(default_factory=Counter, repr=False)
    told: list[str] = field(default_factory=list, repr=False)


class Machine:
    """Plays histories, one after another, in one world after another."""

    def __init__(self, clock: time_machine.Coordinates) -> None:
        self.clock = clock

    def play(self, seed: int | None, theme: str, chosen: Chosen | None = None, tell: bool = False) -> History:
        """The history of a seed, or one that was chosen; `tell` has it written down."""
        choices = Choices(f"{theme} {seed}", chosen)
        told: list[str] | None = [] if tell else None
        world = World(choices, self.clock, told)
        with world.open(furniture(self.clock)):
            world.oracle.furnish()
            for number in deeds.LINES:
                world.carrier.own(number)
            world.carrier.own(deeds.TEXT_LINE, sms=True)
            Play(world, theme).whole()
        bridges = world.oracle.rules[1]
        count = world.wire.count + Counter({"histories": 1, f"theme {theme}": 1})
        history = History(seed, theme, choices.made, world.oracle.faults, count, told or [])
        history.count["most looks"], history.count["most moments"] = bridges.most_looks, bridges.most_moments
        return history


class Play:
    """One history while it is played."""

    def __init__(self, world: World, theme: str) -> None:
        self.world, self.stage, self.choices = world, world.stage, world.choices
        self.first, self.kinds = THEMES[theme][0], THEMES[theme]
        self.done = self.events = 0
        self.stage.next_deed = self.next_deed
        self.tempers()

    def tempers(self) -> None:
        """How restless a history is: some are calm, some have no faults, few have everything."""
        chance = self.choices.random.choice
        self.count = chance(range(3, MOST_DEEDS + 1))
        few = chance((2, 3, 4, len(self.kinds)))
        self.kinds = self.choices.random.sample(self.kinds, few)
        self.stage.switching, self.stage.holding = chance((0.0, 0.2, 0.5, 0.8)), chance((0.1, 0.5, 0.9))
        self.world.wire.trouble = chance((0.0, 0.0, 0.02, 0.06, 0.15))
        self.world.mess = chance((0.0, 0.0, 0.1, 0.3))
        if self.choices.repeated is not None:
            self.count = MOST_DEEDS
        if self.choices.repeated is not None:
            self.world.wire.trouble = self.world.mess = 0

    def whole(self) -> None:
        while self.done < self.count and not self.is_wrong:
            self.wait()
            self.stage.play(self.next_deed())
        self.rest()
        self.clear()

    @property
    def is_wrong(self) -> bool:
        return bool(self.world.oracle.faults)

    def next_deed(self) -> Actor | None:
        """What somebody does next, if there is anything left to do."""
        if self.done >= self.count:
            return None
        self.done += 1
        name = f"d{self.done}"
        kind = DEEDS[self.deed_of(name)]
        self.world.wire.count[f"deed {kind.__name__}"] += 1
        return kind(self.world, name)

    def deed_of(self, name: str) -> int:
        if self.choices.repeated is None:
            town, chance = Town(self.world, name), self.choices.random
            sensible = [kind for kind in self.kinds if makes_sense(kind, town)]
            kinds = sensible if sensible and chance.random() < SENSIBLE else self.kinds
            place = DEEDS.index(chance.choice(kinds) if self.done > 1 else self.first)
            self.choices.made[name] = place
            return place
        place = self.choices.repeated.get(name, 0)
        if place:
            self.choices.made[name] = place
        return place

    def wait(self) -> None:
        """Time passes, with all that happens in it."""
        wait = self.choices.draw(f"d{self.done + 1} wait", WAITS)
        now = time.time()
        if isinstance(wait, str):
            town = Town(self.world, f"d{self.done + 1}")
            ends = [row.get("expires_at", 0) for row in town.books.kind("SessionsTable", "session")]
            ends += [row.get("deadline", 0) for row in town.books.kind("BridgesTable", "bridge")]
            ahead = sorted({end for end in ends if end > now})
            until = (town.draw("end waited for", *ahead) if ahead else now) + town.draw("by", 0, -1, 1, -5)
            wait = max(0, until - now)
        self.pass_by(now + wait)

    def pass_by(self, until: float) -> None:
        while self.stage.coming and self.stage.coming[0][0] <= until and not self.is_wrong:
            self.events += 1
            if self.events > MOST_EVENTS:
                self.world.oracle.faults.append("it never comes to rest")
                return
            if actor := self.stage.next_event(until):
                self.stage.play(actor)
        if time.time() < until and not self.is_wrong:
            self.world.move(until)

    def rest(self) -> None:
        """Trouble may go on for a while; then all goes well, until nothing is under way, and all must be in order."""
        began = NOON.timestamp()
        self.pass_by(began + self.choices.draw("trouble lasts", TROUBLE_SECONDS))
        self.choices.calm = True
        for seconds in REST_SECONDS:
            self.pass_by(began + seconds)
            if not self.is_wrong:
                self.stage.play(self.world.clean_up("the sweep", {"sweep": {}}))
        if not self.is_wrong:
            self.world.oracle.at_rest()

    def clear(self) -> None:
        """Whoever has not ended, ends here."""
        for actor in [*self.stage.waiting, *self.stage.sleepers]:
            actor.dead = True
            actor.then = lambda _: None
            actor.body.throw(Died)


@contextmanager
def machine() -> Iterator[Machine]:
    """A machine, in whose block the clock is its own, and the log is silent."""
    from toritsugi.foundation.logs import log

    level = log.log_level
    log.setLevel("CRITICAL")
    try:
        with time_machine.travel(NOON, tick=False) as clock:
            yield Machine(clock)
    finally:
        log.setLevel(level)


@cache
def furniture(clock: time_machine.Coordinates) -> dict[str, Rows]:
    """What is there before a history begins: a key, two services with a line each and one in common, a reception."""
    from tests.histories.world import KEY
    from tests.integration.conftest import give_numbers
    from tests.integration.texts import DOCUMENT, give_line
    from toritsugi.foundation import api_keys
    from toritsugi.foundation.forms import Form
    from toritsugi.masking import services

    world = World(Choices(), clock)
    with world.open():
        api_keys.create_key(*KEY)
        desk = services.new_service(Form(f"UniqueName={deeds.DESK}&Quarantine=60"))
        shop = services.new_service(
            Form(f"UniqueName={deeds.SHOP}&Through=conference&WarnBeforeEnd=20&ExtensionMinutes=1&DefaultTtl=120")
        )
        give_numbers(desk.service_sid, list(deeds.LINES[:1]))
        give_numbers(shop.service_sid, list(deeds.LINES[1:2]))
        give_line(deeds.TEXT_LINE, DOCUMENT)
    assert template()
    return {name: table.rows for name, table in world.aws.tables.named.items()}
