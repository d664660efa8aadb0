"""What was used: counted where a call or a text is begun, by conditions of the database, so nobody passes a limit.

A row for each day and each scope: a caller, a line, the whole exchange. A call that runs is counted in the hour in
which it began, so one of which nobody told that it has ended is forgotten with that hour.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from toritsugi.foundation import config
from toritsugi.foundation.errors import LimitReached
from toritsugi.foundation.forms import date
from toritsugi.foundation.tables import connection
from toritsugi.foundation.transactions import WriteOutcome, carry_out
from toritsugi.limits.limits import Limits
from toritsugi.lines.lines import find_line

EXCHANGE = "exchange"  # the scope of all lines together
USE_KEPT_SECONDS = 8 * 86_400
PAUSE_SECONDS = 30  # after which it is tried again whether fewer calls run

Tell = Callable[[str, dict[str, Any]], None]  # what has happened, and the facts


@dataclass(frozen=True)
class Use:
    """What is used: `running` calls, and `calls` and `texts` that begin, and about how many `yen`, over a `line`.

    Some of the calls may begin over `others`: so many over each of those lines. A `caller` who shows no number has no
    limit of their own. It is `counted_for` so many like it.
    """

    line: str
    caller: str | None = None
    running: int = 0
    calls: int = 0
    texts: int = 0
    yen: int = 0
    others: Mapping[str, int] = field(default_factory=dict)
    counted_for: int = 1

    def scopes(self) -> list[str]:
        """Whose limits it counts toward, the narrowest first."""
        lines = [self.line, *self.others, EXCHANGE]
        return [self.caller, *lines] if self.caller and self.running else lines

    def counters(self, scope: str, now: float) -> dict[str, int]:
        """What is added in a scope at this moment, by counter."""
        hour, elsewhere = hour_of(now), sum(self.others.values())
        calls = self.others.get(scope) or self.calls - (0 if scope == EXCHANGE else elsewhere)
        begun = {f"calls-{hour}": calls, "calls": calls}
        all_else = {f"texts-{hour}": self.texts, "texts": self.texts, "yen": self.yen}
        running = {f"running-{hour}": self.running}
        if scope == self.caller:
            amounts = running
        elif scope in self.others:
            amounts = begun
        else:
            amounts = running | begun | all_else
        return {counter: amount * self.counted_for for counter, amount in amounts.items() if amount}


@dataclass(frozen=True)
class Cap:
    """A limit of this `name`: the most at which a `counter` may stand, and until when it is of no use to try again."""

    name: str
    counter: str
    most: int
    until: float


# ---- it is counted ---------------------------------------------------------------------------------------------------


def reserve(use: Use, limits: Limits, now: float, tell: Tell) -> None:
    """Counts what is about to begin: one write for each of its scopes.

    Raises LimitReached where it may not begin; then it is counted nowhere, and `tell` hears of it once in an hour.
    """
    counted: list[str] = []
    try:
        for scope in use.scopes():
            counters = use.counters(scope, now)
            caps = [cap for cap in caps_of(scope, use, limits, now) if cap.counter in counters]
            outcome = add(scope, counters, caps, now)
            if not outcome.held:
                raise reached(scope, next(cap for cap in caps if is_full(cap, counters, outcome)), now, tell)
            counted.append(scope)
        look_for_unusual(outcome, limits, now, tell)
    except BaseException:
        take_back(use, counted, now)
        raise


@contextmanager
def reserved(use: Use, limits: Limits, now: float, tell: Tell) -> Iterator[None]:
    """Counts what is begun inside, and takes it back if that fails. Raises LimitReached before anything is."""
    reserve(use, limits, now, tell)
    try:
        yield
    except BaseException:
        release(use, now)
        raise


def release(use: Use, began: float) -> None:
    """Counts what has ended, or was not begun after all: what was reserved when it `began` is taken back."""
    take_back(use, use.scopes(), began)


def take_back(use: Use, scopes: list[str], began: float) -> None:
    """Takes back in these scopes what was counted when it `began`."""
    for scope in scopes:
        add(scope, {counter: -amount for counter, amount in use.counters(scope, began).items()}, [], began)


def is_full(cap: Cap, counters: Mapping[str, int], outcome: WriteOutcome) -> bool:
    """Whether it is this limit that does not let the counters rise."""
    return count(outcome.row, cap.counter) + counters[cap.counter] > cap.most


def reached(scope: str, cap: Cap, now: float, tell: Tell) -> LimitReached:
    """The error of a scope that is full; `tell` hears of it once in an hour, of a line with its SID."""
    if first_time(scope, f"told-{cap.name}-{hour_of(now)}", now):
        line = find_line(scope) if cap.name.endswith("_per_line") else None
        which = {"line_sid": line.number_sid} if line else {}
        tell("limit.reached", {"limit": cap.name, "most": cap.most, "until": date(cap.until)} | which)
    return LimitReached(cap.name, cap.until)


def session_reached(session_sid: str, most: int, now: float, tell: Tell) -> LimitReached:
    """The error of a session that has as many calls at once as one caller may have."""
    return reached(session_sid, Cap("calls_at_once_per_caller", "", most, now + PAUSE_SECONDS), now, tell)


def look_for_unusual(outcome: WriteOutcome, limits: Limits, now: float, tell: Tell) -> None:
    """Has somebody told, once in an hour, of more calls and texts than are usual."""
    hour, usual = hour_of(now), limits.unusual_an_hour
    begun = count(outcome.row, f"calls-{hour}") + count(outcome.row, f"texts-{hour}")
    if usual and begun > usual and first_time(EXCHANGE, f"told-unusual-{hour}", now):
        tell("calls.unusual", {"begun": begun, "usual": usual})


def caps_of(scope: str, use: Use, limits: Limits, now: float) -> list[Cap]:
    """The limits of a scope, without those that are none."""
    hour, hour_ends, day_ends = hour_of(now), now - now % 3_600 + 3_600, now - now % 86_400 + 86_400
    if scope == use.caller:
        named = [("calls_at_once_per_caller", f"running-{hour}", now + PAUSE_SECONDS)]
    else:
        whose = "" if scope == EXCHANGE else "_per_line"
        named = [
            (f"calls_at_once{whose}", f"running-{hour}", now + PAUSE_SECONDS),
            (f"calls_an_hour{whose}", f"calls-{hour}", hour_ends),
            (f"calls_a_day{whose}", "calls", day_ends),
            (f"texts_an_hour{whose}", f"texts-{hour}", hour_ends),
            (f"texts_a_day{whose}", "texts", day_ends),
        ]
        named += [("yen_a_day", "yen", day_ends)] if scope == EXCHANGE else []
    caps = [Cap(name, counter, getattr(limits, name), until) for name, counter, until in named]
    return [cap for cap in caps if cap.most]


# ---- the rows --------------------------------------------------------------------------------------------------------


def add(scope: str, counters: Mapping[str, int], caps: list[Cap], now: float) -> WriteOutcome:
    """Adds to the counters of a scope, in one write, unless one would pass its cap."""
    if not counters:
        return WriteOutcome(True, {})
    if any(counters[cap.counter] > cap.most for cap in caps):
        return WriteOutcome(False, {})  # it is more than all of it
    names = {counter: f"#{place}" for place, counter in enumerate(counters)}
    values = {f":{place}": {"N": str(amount)} for place, amount in enumerate(counters.values())}
    values |= {f":most{place}": {"N": str(cap.most - counters[cap.counter])} for place, cap in enumerate(caps)}
    room = [
        f"(attribute_not_exists({names[cap.counter]}) OR {names[cap.counter]} <= :most{place})"
        for place, cap in enumerate(caps)
    ]
    more = {"ConditionExpression": " AND ".join(room)} if room else {}
    actions = "ADD " + ", ".join(f"{name} :{name[1:]}" for name in names.values())
    return update(scope, now, actions, {name: counter for counter, name in names.items()}, values, **more)


def first_time(scope: str, mark: str, now: float) -> bool:
    """Whether a scope had no such mark today; it has one now."""
    actions, values = "ADD #mark :now", {":now": {"N": str(int(now))}}
    unmarked = "attribute_not_exists(#mark)"
    return update(scope, now, actions, {"#mark": mark}, values, ConditionExpression=unmarked).held


def update(
    scope: str, now: float, actions: str, names: Mapping[str, str], values: Mapping[str, Any], **more: str
) -> WriteOutcome:
    """Changes the row of a scope and day, which goes by itself some days later."""
    keep = "SET expires_at = :expires " if actions.startswith("ADD") else ""
    expires = {":expires": {"N": str(int(now) + USE_KEPT_SECONDS)}}
    request = {
        "TableName": config.USAGE_TABLE,
        "Key": row_key(scope, now),
        "UpdateExpression": keep + actions,
        "ExpressionAttributeNames": dict(names),
        "ExpressionAttributeValues": {**values, **(expires if keep else {})},
        "ReturnValues": "ALL_NEW",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **more,
    }
    return carry_out("update_item", request)


def forget_use(scope: str, now: float) -> int:
    """How many days of what a scope has used were forgotten, of all that are kept."""
    days = [row_key(scope, now - seconds) for seconds in range(0, USE_KEPT_SECONDS + 86_400, 86_400)]
    asked = {"TableName": config.USAGE_TABLE, "ReturnValues": "ALL_OLD"}
    return sum(bool(carry_out("delete_item", {**asked, "Key": day}).row) for day in days)


def read_usage(now: float, scope: str = EXCHANGE) -> dict[str, int]:
    """What a scope has used: how many calls of this hour run, and all else in this hour and today."""
    request = {"TableName": config.USAGE_TABLE, "Key": row_key(scope, now), "ConsistentRead": True}
    row, hour = connection().client.get_item(**request).get("Item", {}), hour_of(now)
    counters = {
        "calls_at_once": f"running-{hour}",
        "calls_an_hour": f"calls-{hour}",
        "calls_a_day": "calls",
        "texts_an_hour": f"texts-{hour}",
        "texts_a_day": "texts",
        "yen_a_day": "yen",
    }
    return {name: max(0, count(row, counter)) for name, counter in counters.items()}


def row_key(scope: str, now: float) -> dict[str, Any]:
    return {"scope": {"S": scope}, "day": {"S": f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d}"}}


def hour_of(now: float) -> str:
    return f"{datetime.fromtimestamp(now, UTC):%H}"


def count(row: Mapping[str, Any], counter: str) -> int:
    """What a counter of a row, as DynamoDB writes it, stands at."""
    return int(row.get(counter, {"N": "0"})["N"])
