"""Erasures: nothing is left of a person, but what the answer names. The number comes in the body, never in an address.

What is gone is found no more, so asking again goes on where the last answer, or a process that died, has stopped.
"""

import time
import uuid
from collections.abc import Callable
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict  # typing's own says too little to pydantic before Python 3.12

from toritsugi.adapters import storage, twilio_recordings
from toritsugi.bridges import forgetting
from toritsugi.callers import caller, changes
from toritsugi.costs import records as costs
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.forms import date
from toritsugi.foundation.logs import log
from toritsugi.foundation.problems import answers
from toritsugi.foundation.request_types import Moment
from toritsugi.limits import usage
from toritsugi.lines.directory import look_up_entries
from toritsugi.lines.lines import find_line
from toritsugi.lines.schemas import Number
from toritsugi.masking import erasure
from toritsugi.messages import records as messages
from toritsugi.messages import reply_limit
from toritsugi.recordings import records as recordings

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

SPARE_ERASURE_SECONDS = 10  # of those that Lambda gives, for what has begun
MESSAGES_AT_ONCE = 100


class ErasureRequest(BaseModel):
    """Who is to be erased."""

    model_config = ConfigDict(extra="forbid", strict=True)

    number: Number


class Erased(TypedDict):
    """How many of each are gone by this request. Of `costs` only the number: what was paid stays in the sums."""

    callers: int
    routes: int
    answers: int
    counters: int
    sessions: int
    calls: int
    messages: int
    recordings: int
    costs: int


class AtTwilio(TypedDict):
    """The SIDs under which Twilio still knows of what was erased here."""

    calls: list[str]
    messages: list[str]


class ErasureView(TypedDict):
    """What is gone, and what is left. Where it is not `complete`, ask again: there was more than fits into a request.

    It is a receipt, which may be kept, for it does not say whose it is: the log has a line with its `sid`, too.
    `opted_out`: that this number wants no messages is kept, for that is what the person has asked for.
    `files_elsewhere` are recordings in the bucket of an exchange before this one, which nobody here can delete.
    """

    sid: str
    complete: bool
    erased: Erased
    at_twilio: AtTwilio
    files_elsewhere: list[str]
    opted_out: bool
    erased_at: Moment


class Erasing:
    """A request that erases a person until its time is over, and counts."""

    def __init__(self, number: str, until: float) -> None:
        self.number, self.until, self.complete = number, until, True
        self.erased: Erased = {
            "callers": 0, "routes": 0, "answers": 0, "counters": 0,
            "sessions": 0, "calls": 0, "messages": 0, "recordings": 0, "costs": 0,
        }  # fmt: skip
        self.calls: set[str] = set()
        self.messages: set[str] = set()
        self.files_elsewhere: set[str] = set()

    def each(self, sids: list[str], erase: Callable[[str], None]) -> None:
        """Erases one after the other, as long as there is time."""
        for sid in sids:
            if time.monotonic() >= self.until:
                self.complete = False
                return
            erase(sid)

    def erase_recording(self, sid: str) -> None:
        """The file first: whoever dies in here leaves a row, which is found again."""
        if bucket := recordings.find_elsewhere(sid):
            self.files_elsewhere.add(f"s3://{bucket}/{storage.key_of(sid)}")
        storage.delete_file(sid)
        twilio_recordings.delete_copy(sid)
        recordings.forget_recording(sid, elsewhere=True)
        self.erased["recordings"] += 1

    def erase_session(self, sid: str) -> None:
        """What was recorded first, for only the session's interactions know of it. One of a team leaves the rest."""
        traces = erasure.find_traces(sid)
        self.each(sorted(filter(recordings.is_known, traces.recordings)), self.erase_recording)
        if not self.complete:
            return
        self.calls |= traces.calls
        if not erasure.leave_team(sid, self.number):
            self.messages |= traces.texts
            erasure.erase_session(sid)
            self.erased["sessions"] += 1

    def erase_call(self, sid: str) -> None:
        self.calls |= forgetting.forget_bridge(sid)
        self.erased["calls"] += 1

    def erase_messages(self) -> None:
        while self.complete:
            count, sids = messages.erase_some_messages(self.number, MESSAGES_AT_ONCE)
            self.erased["messages"] += count
            self.messages |= sids
            if count < MESSAGES_AT_ONCE:
                return
            self.complete = time.monotonic() < self.until

    def erase_entries(self) -> None:
        """What the directory knows, last: as long as it knows somebody, not all is done."""
        if self.complete:
            self.erased["costs"] += costs.forget_person_in_costs(self.number)
            self.erased["routes"] += erasure.forget_routes(self.number)
            self.erased["answers"] += reply_limit.forget_answers(self.number)
            self.erased["counters"] += usage.forget_use(self.number, time.time())
            self.erased["callers"] += changes.forget_caller_if_known(self.number)


@router.post(
    "/api/erasures",
    tags=["erasures"],
    summary="Erase a person: everything that is known under their number",
    description="Their entry, routes, sessions, calls, texts and recordings are gone for good. Ask again until it is "
    "`complete`; asking once more does no harm. Refused (409) while they are in a session or a call, which it names.",
    responses=answers("What is gone, and what is left", 200, 400, 409, 413, 415, 502),
)
def erase_person(wanted: Annotated[ErasureRequest, Body()]) -> ErasureView:
    number = wanted.number
    sessions, calls = erasure.find_sessions_of(number), forgetting.find_bridges_of(number)
    check_erasable(number, sessions, calls)
    seconds = router.lambda_context.get_remaining_time_in_millis() / 1000 - SPARE_ERASURE_SECONDS
    erasing = Erasing(number, time.monotonic() + seconds)
    erasing.each(sessions, erasing.erase_session)
    erasing.each(calls, erasing.erase_call)
    erasing.each(recordings.find_recordings_of(number), erasing.erase_recording)
    erasing.erase_messages()
    erasing.erase_entries()
    return show_erasure(erasing)


def check_erasable(number: str, sessions: list[str], calls: list[str]) -> None:
    """Raises RequestRefused 20001 for a line of ours, and 20409 for somebody who is in a session or a call."""
    if find_line(number):
        raise RequestRefused(20001, f"{number} is a line of yours, and nobody's own")
    live, running = erasure.find_live(sessions), forgetting.find_running(calls)
    if live or running:
        where = ", ".join([*live, *running][:10])
        raise RequestRefused(20409, f"This person is still in {where}. Close or end that first", 409)


def show_erasure(erasing: Erasing) -> ErasureView:
    out, sid = caller.opt_out_key(erasing.number), "KR" + uuid.uuid4().hex
    log.info("a person was erased", erasure_sid=sid, complete=erasing.complete, **erasing.erased)
    return {
        "sid": sid,
        "complete": erasing.complete,
        "erased": erasing.erased,
        "at_twilio": {"calls": sorted(erasing.calls), "messages": sorted(erasing.messages)},
        "files_elsewhere": sorted(erasing.files_elsewhere),
        "opted_out": out in look_up_entries([out]),
        "erased_at": date(time.time()),
    }
