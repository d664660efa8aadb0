"""EventBridge's buses on this machine: what was put on one is kept, for whoever wants to see it.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from local.aws.template import Template

MOST_ENTRIES, MOST_BYTES = 10, 262_144


@dataclass(frozen=True)
class Happened:
    """One event on a bus."""

    source: str
    what: str
    detail: dict[str, Any]


class Buses:
    """The buses of a template; `events` is what was put on any of them, in its order: the latest `keeps`, or all."""

    def __init__(self, template: Template, keeps: int | None = None) -> None:
        self.names = {template.name(logical_id) for logical_id in template.of_type("AWS::Events::EventBus")}
        self.events: list[Happened] = []
        self.keeps = keeps

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """The answer of PutEvents, which takes each entry or says why not. Raises ValueError for what is not built."""
        if operation != "PutEvents" or not 1 <= len(request["Entries"]) <= MOST_ENTRIES:
            raise ValueError(f"the local stack does not know {operation} of EventBridge with {len(request)} entries")
        answers = [self.put(entry) for entry in request["Entries"]]
        return {"Entries": answers, "FailedEntryCount": sum("ErrorCode" in one for one in answers)}

    def put(self, entry: dict[str, Any]) -> dict[str, str]:
        detail = entry.get("Detail", "")
        if entry.get("EventBusName") not in self.names or len(detail.encode()) > MOST_BYTES:
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": "there is no such bus, or the detail is too long"}
        try:
            said = json.loads(detail)
        except ValueError:
            return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
        self.events.append(Happened(entry["Source"], entry["DetailType"], said))
        if self.keeps is not None:
            del self.events[: -self.keeps]
        return {"EventId": str(uuid.uuid4())}
