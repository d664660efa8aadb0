"""EventBridge Scheduler on this machine: moto keeps the schedules and never fires one, so that is done here, on the
clock, and as imprecisely as AWS does it.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from local.aws.faults import ScheduleFaults
from local.aws.functions import Functions
from local.aws.messages import Refused
from local.aws.queues import Queues
from local.aws.template import REGION, Template
from local.clock import Clock, Due

ALIAS = "live"  # by which functions are called
PRECISION = 60  # seconds after its time, within which a schedule fires
GONE = 3  # seconds after that, for which its name is still taken (unverified: some are)
RETRIES = (60, 120)  # seconds until Lambda repeats what nobody waits for
RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
UNITS = {"minute": 60, "hour": 3600, "day": 86_400}

Key = tuple[str, str]  # group and name


class Schedules:
    """The schedules of a template, and those that are created."""

    def __init__(self, template: Template, functions: Functions, queues: Queues, faults: ScheduleFaults) -> None:
        self.functions, self.queues, self.faults = functions, queues, faults
        self.own = template.events("ScheduleV2")
        self.clock: Clock | None = None
        self.waiting: dict[Key, list[Due]] = {}

    def start(self, clock: Clock, delete: Callable[[Key], None]) -> None:
        """From now on schedules fire, the template's own too. Call it in the loop in which the clock runs.

        `delete` takes a schedule that has fired off moto's list.
        """
        self.clock, self.loop, self.delete = clock, asyncio.get_running_loop(), delete
        for function, schedule in self.own:
            if schedule.get("State") != "DISABLED":
                self.repeat(function, schedule)

    # ---- what was asked for ----------------------------------------------------------------------------------------

    def check(self, operation: str, request: dict[str, Any]) -> None:
        """Raises ValueError for what is not built and for a target that the template does not have, and Refused.

        AWS takes no time that has passed: https://github.com/DefangLabs/pulumi-defang/pull/425
        """
        if operation == "UpdateSchedule":
            raise ValueError("the local stack does not know UpdateSchedule")
        if operation != "CreateSchedule":
            return
        if not re.fullmatch(r"at\(.+\)", request["ScheduleExpression"]):
            raise ValueError(f"the local stack does not know {request['ScheduleExpression']}")
        if request["FlexibleTimeWindow"]["Mode"] != "OFF":
            raise ValueError("the local stack knows no flexible time windows")
        if due_of(request) <= time.time():
            said = f"Invalid Schedule Expression {request['ScheduleExpression']}. It is not in the future."
            raise Refused("ValidationException", said)
        self.target(request)

    def happened(self, operation: str, request: dict[str, Any]) -> None:
        """A schedule was created or deleted. May be called in any thread."""
        if self.clock and operation == "CreateSchedule":
            self.loop.call_soon_threadsafe(self.arm, dict(request))
        if self.clock and operation == "DeleteSchedule":
            self.loop.call_soon_threadsafe(self.disarm, key_of(request))

    def target(self, request: dict[str, Any]) -> Callable[[], Any]:
        """What firing does."""
        arn, said = request["Target"]["Arn"], request["Target"].get("Input", "{}")
        if queue := self.queues.by_arn.get(arn):
            return lambda: self.queues.send(queue, said)
        if function := self.functions.named.get(arn.removesuffix(f":{ALIAS}").rpartition(":")[2]):
            return lambda: self.hand_over(function, json.loads(said))
        raise ValueError(f"the template has neither a function nor a queue {arn}, which a schedule is to wake")

    def arm(self, request: dict[str, Any]) -> None:
        """Enqueues a one-time schedule: it fires within a minute after its time, if it is still there."""
        assert self.clock  # noqa: S101
        key, clock = key_of(request), self.clock
        due, what = max(due_of(request), clock.now()) + clock.random.random() * PRECISION, "/".join(key)
        if request.get("State") == "DISABLED" or self.faults.take("never", what):
            return
        if late := self.faults.take("late", what):
            due += late.seconds
        moments = [due]
        if self.faults.take("twice", what):
            moments.append(due + clock.random.random() * PRECISION)
        self.waiting[key] = [clock.at(moment, lambda: self.fire(request), f"schedule {key[1]}") for moment in moments]

    def disarm(self, key: Key) -> None:
        for due in self.waiting.pop(key, []):
            due.cancel()

    # ---- what fires ------------------------------------------------------------------------------------------------

    async def fire(self, request: dict[str, Any]) -> None:
        assert self.clock  # noqa: S101
        is_first = self.waiting.pop(key_of(request), None)
        if asyncio.iscoroutine(doing := self.target(request)()):
            await doing
        if is_first and request.get("ActionAfterCompletion") == "DELETE":
            await self.clock.sleep(GONE, f"schedule {request['Name']} is gone")
            await asyncio.to_thread(self.delete, key_of(request))

    def repeat(self, function: dict[str, Any], schedule: dict[str, Any]) -> None:
        match = RATE.fullmatch(schedule["ScheduleExpression"])
        if not match:
            raise ValueError(f"the local stack does not know {schedule['ScheduleExpression']}")

        async def again() -> None:
            self.repeat(function, schedule)
            await self.hand_over(function, json.loads(schedule["Input"]))

        assert self.clock  # noqa: S101
        self.clock.after(int(match[1]) * UNITS[match[2]], again, schedule["Description"])

    async def hand_over(self, function: dict[str, Any], event: dict[str, Any]) -> None:
        """Invokes a function as Lambda does where nobody waits: repeated, and then a message to whoever is told.

        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
        """
        assert self.clock  # noqa: S101
        config = function.get("EventInvokeConfig", {})
        waits = RETRIES[: config.get("MaximumRetryAttempts", len(RETRIES))]
        for wait in (*waits, None):
            try:
                await self.functions.invoke(function, event, on_the_clock=True)
                return
            except Exception as failure:  # the functions have written it down
                why = failure
            if wait is not None:
                await self.clock.sleep(wait, f"{function['FunctionName']} is tried again")
        if told := config.get("DestinationConfig", {}).get("OnFailure"):
            self.queues.send(self.queues.by_arn[told["Destination"]], json.dumps(report(function, event, why, waits)))


def due_of(request: dict[str, Any]) -> float:
    """The time of a one-time schedule, in seconds since 1970."""
    zone = ZoneInfo(request.get("ScheduleExpressionTimezone") or "UTC")
    return datetime.fromisoformat(request["ScheduleExpression"][3:-1]).replace(tzinfo=zone).timestamp()


def key_of(request: dict[str, Any]) -> Key:
    return request.get("GroupName", "default"), request["Name"]


def report(function: dict[str, Any], event: dict[str, Any], why: Exception, waits: tuple[int, ...]) -> dict[str, Any]:
    """What Lambda tells the destination of failures."""
    arn = f"arn:aws:lambda:{REGION}:function:{function['FunctionName']}:$LATEST"
    context = {"functionArn": arn, "condition": "RetriesExhausted", "approximateInvokeCount": len(waits) + 1}
    said = {"errorMessage": str(why), "errorType": type(why).__name__}
    return {"version": "1.0", "requestContext": context, "requestPayload": event, "responsePayload": said}
