"""What the logs know: the lines that name a SID of the story, and then all that the same invocations have written.

The access log names no SID, and the lines that Lambda writes itself do not; both name the invocation.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from command.exchange import Exchange
from command.story.moments import Moment
from toritsugi.foundation.logs import SID_IN_TEXT

DAY_SECONDS = 86_400
SECONDS_BEFORE, SECONDS_AFTER = 60, 4 * 3600  # a recording is copied for more than three hours after its call
TERMS_AT_ONCE = 20  # for a pattern has 1,024 characters at most
SEARCHES_AT_ONCE = 8

ACCESS = "AccessLog"
INVOCATION = ("function_request_id", "invocation", "requestId")  # as we, API Gateway and Lambda call its id
UNTOLD = {"message", "level", "location", "timestamp", "time", "service", "exception", "stackTrace", "type"}


@dataclass(frozen=True)
class Line:
    """A line of a log, which `said` has as JSON; of one that is none, it is the message."""

    id: str
    log: str
    at: float
    text: str
    said: Mapping[str, Any]

    @property
    def sids(self) -> set[str]:
        return {found[0] for found in SID_IN_TEXT.finditer(self.text)}

    @property
    def invocation(self) -> str:
        """The id of the invocation that it is of, or blank."""
        return next((str(self.said[name]) for name in INVOCATION if self.said.get(name)), "")

    @property
    def moment(self) -> Moment:
        who, said = self.log.removesuffix("Log").lower(), self.said
        if self.log == ACCESS:
            who, what = "gateway", f"{said.get('route')} answered {said.get('status')}"
        else:
            what = str(said.get("message") or said.get("errorType") or said.get("type"))
        told = {name: one for name, one in said.items() if name not in UNTOLD and one not in (None, "", "-")}
        return Moment(self.at, who, what, told)


def read_logs(exchange: Exchange, sids: set[str], asked: str, known: list[float]) -> Iterator[Moment]:
    """Yields what was written about these SIDs; where nothing else knows of them, within the last day."""
    now = time.time()
    since, until = (min(known) - SECONDS_BEFORE, max(known) + SECONDS_AFTER) if known else (now - DAY_SECONDS, now)
    logs = exchange.of_type("AWS::Logs::LogGroup")
    of_functions = {name: group for name, group in logs.items() if name != ACCESS}
    found = [one for one in search(exchange, of_functions, sids, since, until) if is_of_story(one, sids, asked)]
    invocations = {one.invocation for one in found} - {""}
    found += [one for one in search(exchange, logs, invocations, since, until) if one.invocation in invocations]
    yield from (line.moment for line in {line.id: line for line in found}.values())


def is_of_story(line: Line, sids: set[str], asked: str) -> bool:
    """Whether a line is of this story; of a session that has several calls, only what is of none or of this one."""
    ours = line.sids & sids
    strangers = {sid for sid in line.sids - sids if not sid.startswith("KC")}
    return asked in ours or any(not sid.startswith("KC") for sid in ours) or bool(ours and not strangers)


def search(exchange: Exchange, logs: dict[str, str], terms: set[str], since: float, until: float) -> list[Line]:
    """The lines of these logs in which any of the terms stands."""
    sought = sorted(terms)
    pieces = [sought[start : start + TERMS_AT_ONCE] for start in range(0, len(sought), TERMS_AT_ONCE)]
    jobs = [(log, group, piece) for log, group in logs.items() for piece in pieces]

    def read(job: tuple[str, str, list[str]]) -> list[Line]:
        log, group, piece = job
        pattern = " ".join(f'?"{term}"' for term in piece)
        client, span = exchange.aws("logs"), {"startTime": int(since * 1000), "endTime": int(until * 1000)}
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):  # as doctor says
            pages = client.get_paginator("filter_log_events").paginate(
                logGroupName=group, filterPattern=pattern, **span
            )
            return [read_line(log, event) for page in pages for event in page["events"]]
        return []

    with ThreadPoolExecutor(SEARCHES_AT_ONCE) as pool:
        return [line for found in pool.map(read, jobs) for line in found]


def read_line(log: str, event: dict[str, Any]) -> Line:
    text = event["message"].strip()
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        said = {"message": text}
    inner = said.pop("record", None)  # of a line that Lambda has written itself
    said = inner | said if isinstance(inner, dict) else said
    return Line(event["eventId"], log, event["timestamp"] / 1000, text, said)
