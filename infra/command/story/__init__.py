"""The story of a call, a text, a recording or a session: what tables, Twilio and logs know of it, in order of time.

It reads with our own code, so the exchange must be entered before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from command.exchange import Exchange
from command.refusals import Refused
from command.story import at_twilio, logs, rows
from command.story.moments import Findings, Moment, Untold
from toritsugi.foundation.sids import is_sid

READERS: dict[str, Callable[[Exchange, str, bool], Findings]] = {
    "CA": at_twilio.read_call,
    "MM": at_twilio.read_message,
    "SM": at_twilio.read_message,
    "KM": at_twilio.read_message,
    "RE": rows.read_recording,
    "KB": rows.read_bridge,
    "KC": rows.read_session,
}


@dataclass
class Story:
    """What has happened, the SIDs of what it happened to, and who could not be asked."""

    sids: set[str] = field(default_factory=set)
    moments: list[Moment] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)


def tell(exchange: Exchange, sid: str) -> Story:
    """Everything that is known under a SID, and under those that belong to it. Raises Refused where it is none."""
    if not is_sid(sid, *READERS):
        raise Refused(
            f"{sid!r} is no SID: name a call (CA...), a text (SM..., MM..., KM...), a recording (RE...), a call of the "
            "exchange (KB...) or a session (KC...)."
        )
    story, waiting = Story({sid}), [sid]
    read = {sid}
    while waiting:
        one = waiting.pop()
        for found in READERS[one[:2]](exchange, one, one == sid):
            if isinstance(found, Moment):
                story.moments.append(found)
            elif isinstance(found, Untold):
                story.untold.append(found.why)
            elif is_sid(found.sid, *READERS):
                story.sids.add(found.sid)
                if found.is_read and found.sid not in read:
                    read.add(found.sid)
                    waiting.append(found.sid)
    story.moments += logs.read_logs(exchange, story.sids, sid, [moment.at for moment in story.moments])
    story.moments.sort(key=lambda moment: (moment.at, moment.who, moment.what))
    return story
