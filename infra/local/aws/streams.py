"""DynamoDB's streams on this machine: what a table's items were and are comes to a function, in order, soon after.

A table is one shard here, so its records stay in order for every key; one that fails holds up those behind it.
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from local.aws.functions import Functions
from local.aws.template import ACCOUNT, REGION, Template
from local.clock import ROUNDING, Clock

DELAY = 0.25  # seconds from a write until the function hears of it
RETRY = 1.0  # seconds until a batch that failed comes again
MOST_IN_A_BATCH = 100
MOST_UNTOLD = 10_000  # records of a table that are kept where no time passes, so nobody hears of them


@dataclass
class Feed:
    """A function that hears of a table's changes."""

    table: str
    arn: str
    function: dict[str, Any]
    size: int
    patterns: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    working: bool = False

    def wants(self, record: dict[str, Any]) -> bool:
        """Whether the function hears of it: of what no pattern fits, it does not."""
        return not self.patterns or any(fits(pattern, record) for pattern in self.patterns)


class Streams:
    """The streams of a template that feed functions."""

    def __init__(self, template: Template, functions: Functions) -> None:
        self.functions = functions
        self.clock: Clock | None = None
        arns = {
            template.attribute(name, "StreamArn"): template.name(name)
            for name, table in template.of_type("AWS::DynamoDB::Table").items()
            if "StreamSpecification" in table
        }
        self.feeds = []
        for function, source in template.events("DynamoDB"):
            if source["Stream"] not in arns:
                raise ValueError(f"the template has no table with the stream {source['Stream']}")
            size = int(source.get("BatchSize", MOST_IN_A_BATCH))
            filters = source.get("FilterCriteria", {}).get("Filters", [])
            patterns = [json.loads(one["Pattern"]) for one in filters]
            self.feeds.append(Feed(arns[source["Stream"]], source["Stream"], function, size, patterns))

    def start(self, clock: Clock) -> None:
        """From now on functions hear of changes. Call it in the loop in which the clock runs."""
        self.clock, self.loop = clock, asyncio.get_running_loop()

    def look(self) -> None:
        """Something may have been written. May be called in any thread, if it holds the lock of the APIs."""
        if not self.clock:
            for name in {feed.table for feed in self.feeds if len(records_of(feed.table)) > MOST_UNTOLD}:
                taken_from(name)
            return
        new = {name: taken_from(name) for name in {feed.table for feed in self.feeds}}
        for feed in self.feeds:
            if records := [record for record in new[feed.table] if feed.wants(record)]:
                due = self.clock.now() + DELAY
                feed.waiting += [(due, described(record, feed.arn)) for record in records]
                self.loop.call_soon_threadsafe(self.clock.at, due, lambda feed=feed: self.work(feed), feed.table)

    async def work(self, feed: Feed) -> None:
        """Hands over what is due, batch by batch, each until the function has managed it."""
        assert self.clock  # noqa: S101
        if feed.working:
            return
        feed.working = True
        while due := [record for at, record in feed.waiting if at <= self.clock.now() + ROUNDING][: feed.size]:
            try:
                await self.functions.invoke(feed.function, {"Records": due}, on_the_clock=True)
            except Exception:  # the functions have written it down
                await self.clock.sleep(RETRY, f"the stream of {feed.table} is tried again")
            else:
                del feed.waiting[: len(due)]
        feed.working = False


def fits(pattern: Any, said: Any) -> bool:
    """Whether what is said fits a pattern: each of its names is there, with one of its values. Nothing else is built.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax
    """
    if isinstance(pattern, dict):
        return isinstance(said, dict) and all(fits(inner, said.get(name)) for name, inner in pattern.items())
    return said in pattern


def taken_from(name: str) -> list[dict[str, Any]]:
    """The table's records that nobody has seen. moto would keep them for good, and numbers them by how many it has."""
    found = records_of(name)
    records = [record.to_json() for record in found]
    found.clear()
    shard_of(name).starting_sequence_number += len(records)
    return records


def records_of(name: str) -> list[Any]:
    """moto's own list of a table's records."""
    return shard_of(name).items


def shard_of(name: str) -> Any:
    shard = dynamodb_backends[ACCOUNT][REGION].tables[name].stream_shard
    assert shard  # noqa: S101  only a table with a stream feeds a function
    return shard


def described(record: dict[str, Any], arn: str) -> dict[str, Any]:
    """moto's record as Lambda shows it to a function."""
    at = record["dynamodb"]["ApproximateCreationDateTime"].timestamp()
    return record | {
        "awsRegion": REGION,
        "eventSourceARN": arn,
        "dynamodb": record["dynamodb"] | {"ApproximateCreationDateTime": at},
    }
