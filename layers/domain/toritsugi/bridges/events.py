"""What Twilio tells of a bridge: of each leg how far it is, of the room who comes and goes. Each callback is an item.

Callbacks come twice, late, and in any order; the key of an item is what the callback says of itself, so what is stored
is the set of them, however they came. https://www.twilio.com/docs/voice/api/conference-resource#conference-status-callbacks
"""

import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from toritsugi.bridges.records import BridgeEvent
from toritsugi.foundation.call_status import FINAL, RANKS
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.types import Fields

BRIDGE_LEG_PATH = re.compile(
    r"/status/bridges/(KB[0-9a-f]{32})/(\d{1,3})/(\d{1,3})(/status/KC\w+/KP\w+/KP\w+/[\w/-]+)?", re.A
)
ROOM_PATH = re.compile(r"/status/bridges/(KB[0-9a-f]{32})/room", re.ASCII)

# After these, something may have to be done at Twilio.
TELLING = {*FINAL, "in-progress", "conference-start", "conference-end", "participant-join", "participant-leave"}

# Of AnsweredBy: https://www.twilio.com/docs/voice/answering-machine-detection
MACHINES = ("machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax")


@dataclass(frozen=True)
class BridgeEventSource:
    """Whose callback it is: the `attempt`th leg to the person in this `place`; or the room's, whose place is 0.

    `interaction` is the path under which a masked session keeps the same leg.
    """

    bridge_sid: str
    place: int = 0
    attempt: int = 0
    interaction: str = ""

    @property
    def path(self) -> str:
        """Where its callbacks go: opaque ids, never a number."""
        of = f"{self.place}/{self.attempt}{self.interaction}" if self.place else "room"
        return f"/status/bridges/{self.bridge_sid}/{of}"

    @classmethod
    def read(cls, path: str) -> "BridgeEventSource":
        """Whose callback came to this path. Raises RequestRefused."""
        if match := ROOM_PATH.fullmatch(path):
            return cls(match[1])
        if match := BRIDGE_LEG_PATH.fullmatch(path):
            return cls(match[1], int(match[2]), int(match[3]), match[4] or "")
        raise RequestRefused(20404, "no bridge has this path", 404)


def record_bridge_event(source: BridgeEventSource, fields: Fields) -> BridgeEvent:
    """The callback, kept. Raises RequestRefused when it makes no sense."""
    event = read_leg(source, fields) if source.place else read_room(source, fields)
    event.save()
    return event


def read_leg(source: BridgeEventSource, fields: Fields) -> BridgeEvent:
    """What a callback says of a leg; not stored yet. Raises RequestRefused 20001 when it makes no sense."""
    status, call_sid = fields.get("CallStatus", ""), fields.get("CallSid")
    if status not in RANKS or not call_sid:
        raise RequestRefused(20001, "the callback lacks CallSid or a known CallStatus")
    event = read_event(source, fields, call_sid, status)
    event.place, event.attempt, event.call_sid = source.place, source.attempt, call_sid
    event.seconds, event.minutes = (
        read_whole_number(fields.get("CallDuration")),
        read_whole_number(fields.get("Duration")),
    )
    event.answered_by = fields.get("AnsweredBy") or None
    event.error_code = read_whole_number(fields.get("ErrorCode"))
    return event


def read_room(source: BridgeEventSource, fields: Fields) -> BridgeEvent:
    """What a callback says of the conference; not stored yet. Raises RequestRefused 20001 when it makes no sense."""
    name, conference_sid = fields.get("StatusCallbackEvent", ""), fields.get("ConferenceSid")
    if not name or not conference_sid:
        raise RequestRefused(20001, "the callback lacks ConferenceSid or StatusCallbackEvent")
    event = read_event(source, fields, conference_sid, name)
    event.conference_sid, event.call_sid = conference_sid, fields.get("CallSid") or None
    reasons = ("ReasonConferenceEnded", "ReasonParticipantLeft", "ReasonAnnouncementFailed")
    event.reason = next((fields[reason] for reason in reasons if fields.get(reason)), None)
    return event


def read_event(source: BridgeEventSource, fields: Fields, sid: str, name: str) -> BridgeEvent:
    """What all callbacks say: which event of which bridge it is, and when it happened, in seconds since 1970."""
    sequence = read_whole_number(fields.get("SequenceNumber")) or 0
    try:
        at = int(parsedate_to_datetime(fields.get("Timestamp", "")).timestamp())
    except ValueError:  # better at about that time than not at all
        at = int(time.time())
    return BridgeEvent(source.bridge_sid, f"event#{sid}#{sequence:06}#{name}", name=name, at=at, sequence=sequence)


def read_whole_number(text: str | None) -> int | None:
    """The number that is written in digits alone; None for any other text."""
    return int(text) if text and text.isdecimal() else None
