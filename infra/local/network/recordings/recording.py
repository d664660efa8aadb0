"""A recording: what was said at one telephone or two from one moment to another, and the file that it becomes.

https://www.twilio.com/docs/voice/api/recording and https://www.twilio.com/docs/voice/twiml/record
"""

from __future__ import annotations

import asyncio
from operator import itemgetter
from typing import Any, Protocol

import httpx

from local.network.billing.bill import Charge
from local.network.callbacks import Outbox, StatusCallback
from local.network.dates import iso, rfc2822
from local.network.memories import Memory
from local.network.phones.phone import Phone
from local.network.phones.utterances import Utterance, Utterances
from local.network.recordings import sound
from local.network.webhooks import Account

PROCESSING = 2.0  # seconds from the end of a recording until there is a file
TOO_SHORT = 16101  # https://www.twilio.com/docs/api/errors/16101


class RecordingAccount(Account, Protocol):
    """What a recording needs of the account that it belongs to."""

    address: str
    recordings: Memory[Recording]

    def sid(self, prefix: str) -> str: ...

    def note_end(self, sid: str, among: Memory[Any]) -> None: ...


class RecordedCall(Protocol):
    """What a recording needs of the call that it is made of."""

    sid: str
    direction: str
    from_: str
    to: str
    phone: Phone | None
    utterances: Utterances
    cookies: httpx.Cookies

    @property
    def world(self) -> RecordingAccount: ...

    def note(self, event: str, detail: str = "") -> None: ...

    def trouble(self, code: int, message: str, entry: dict[str, Any] | None = None) -> None: ...


class Recording:
    """One recording, which begins now, of what is said in a call and, if there is one, in the other.

    `trims` cuts off the silence at its beginning and its end. `channels` is 2 if each call has a channel of its own.
    """

    def __init__(
        self,
        call: RecordedCall,
        source: str,
        trims: bool,
        callback: StatusCallback,
        other: RecordedCall | None = None,
        channels: int = 1,
    ) -> None:
        self.call, self.world, self.cookies = call, call.world, call.cookies
        self.calls, self.channels = [call, other] if other else [call], channels
        self.sid, self.source, self.trims, self.callback = call.world.sid("RE"), source, trims, callback
        self.status, self.error = "in-progress", 0
        self.created_at = self.updated_at = self.started_at = self.world.clock.now()
        self.seconds: float | None = None
        self.completed_at: float | None = None
        self.charge: Charge | None = None  # when there is a file
        self.deleted_at: float | None = None
        self.voices: list[list[Utterance]] = []
        self.file: bytes | None = None
        self.outbox = Outbox(self)
        self.world.recordings[self.sid] = self
        self.progress("in-progress")

    # ---- its life --------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """It ends now. There is a file a little later, unless nothing is left of it."""
        now = self.world.clock.now()
        self.voices = [call.utterances.between(self.started_at, now) for call in self.calls]
        end = now
        if self.trims:
            words = [one for voice in self.voices for one in voice]
            self.started_at = min((one.at for one in words), default=now)
            end = max((one.ends_at for one in words), default=now)
        self.seconds = end - self.started_at
        if not self.seconds:
            self.error = TOO_SHORT
            self.progress("absent")
            return
        self.progress("processing")
        self.world.send(self.process())

    async def process(self) -> None:
        await self.world.clock.sleep(PROCESSING, f"the file of {self.sid}")
        if self.status == "processing":
            self.completed_at = self.world.clock.now()
            self.charge = self.world.bill.recording(self.started_at, self.seconds or 0)
            self.progress("completed")

    def delete(self) -> None:
        """Twilio knows nothing of it any more. People may still listen to it through the control API."""
        if self.charge:
            self.world.bill.recording_deleted(self.seconds or 0)
        self.deleted_at, self.status = self.world.clock.now(), "deleted"
        self.world.note_end(self.sid, self.world.recordings)
        self.call.note("recording", "deleted")

    def progress(self, status: str) -> None:
        """Takes this status, and reports it to the status callback."""
        self.status, self.updated_at = status, self.world.clock.now()
        if self.callback.url and status in self.callback.events:
            self.outbox.put(self.callback, self.params(), is_last=self.is_over)
        if self.is_over:
            self.outbox.release()
            self.world.note_end(self.sid, self.world.recordings)
        self.call.note("recording", status)

    async def audio(self) -> bytes:
        """The file, made when it is first asked for."""
        if self.file is None:
            about = self.voices, self.started_at, self.seconds or 0, self.channels
            self.file = await asyncio.to_thread(sound.wav, *about)
        return self.file

    # ---- what is known of it ---------------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        return self.status in ("completed", "absent")

    @property
    def duration(self) -> int:
        """Whole seconds."""
        return int((self.seconds or 0) + 0.5)

    @property
    def uri(self) -> str:
        return f"/2010-04-01/Accounts/{self.world.account_sid}/Recordings/{self.sid}"

    @property
    def url(self) -> str:
        """Where the file is; .wav may be appended."""
        return self.world.address + self.uri

    def params(self) -> dict[str, str]:
        """What a status callback says: https://www.twilio.com/docs/voice/twiml/record#attributes-recording-status-callback"""
        params = {
            "AccountSid": self.world.account_sid,
            "CallSid": self.call.sid,
            "RecordingSid": self.sid,
            "RecordingUrl": self.url,
            "RecordingStatus": self.status,
            "RecordingChannels": str(self.channels),
            "RecordingSource": self.source,
            "RecordingStartTime": rfc2822(self.started_at) or "",
            "ErrorCode": str(self.error),
        }
        return params | ({} if self.seconds is None else {"RecordingDuration": str(self.duration)})

    def about(self) -> dict[str, str]:
        """What the action of a verb is told of it."""
        return {"RecordingUrl": self.url, "RecordingSid": self.sid, "RecordingDuration": str(self.duration)}

    def trouble(self, code: int, message: str, entry: dict[str, Any] | None = None) -> None:
        self.call.trouble(code, message, entry)

    def as_seen(self) -> dict[str, Any]:
        """The recording as the control API shows it."""
        words = [
            {
                "second": round(one.at - self.started_at, 3),
                "text": one.text,
                "from": call.phone.number if call.phone else None,
            }
            for call, voice in zip(self.calls, self.voices, strict=False)
            for one in voice
        ]
        return {
            "sid": self.sid,
            "call_sid": self.call.sid,
            "number": self.call.phone.number if self.call.phone else None,
            "with": [call.phone.number for call in self.calls[1:] if call.phone],
            "line": self.call.to if self.call.direction == "inbound" else self.call.from_,
            "status": self.status,
            "source": self.source,
            "at": iso(self.started_at),
            "completed_at": None if self.completed_at is None else iso(self.completed_at),
            "deleted_at": None if self.deleted_at is None else iso(self.deleted_at),
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "words": sorted(words, key=itemgetter("second")),
        }
