"""An announcement into a running conference: to everybody in the room, or to one participant.

https://www.twilio.com/docs/voice/api/conference-resource#update-a-conference-resource
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.network.conferences import Conference
    from local.network.participants import Participant


class Announcement:
    """One announcement; `to` is None when it is for the whole room."""

    def __init__(self, conference: Conference, url: str, method: str, to: Participant | None) -> None:
        self.conference, self.url, self.method, self.to = conference, url, method, to
        self.status = "speaking"  # "ended", "failed", "cut"
