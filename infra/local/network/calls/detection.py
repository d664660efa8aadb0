"""Answering-machine detection: who or what has answered a call, and how long Twilio listens before it knows.

https://www.twilio.com/docs/voice/answering-machine-detection

A telephone that answers as a machine with a greeting is detected as one. A machine that says nothing stays unknown.
Anybody else is a person who says hello. How long a hello lasts is not documented: that constant is ours (unverified).
Nobody here is a fax, no machine beeps, and no greeting is so short that its machine is taken for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from local.clock import Clock
from local.network import webhooks
from local.network.callbacks import StatusCallback
from local.network.phones.phone import Phone
from local.network.twiml.speech import of_words

HELLO = 0.8  # seconds that a person speaks after taking up the telephone


@dataclass(frozen=True)
class Verdict:
    """Who has answered, and after how many seconds of listening that was known."""

    answered_by: str
    seconds: float

    def params(self) -> dict[str, str]:
        """What the requests and status callbacks of the call carry from now on."""
        return {"AnsweredBy": self.answered_by, "MachineDetectionDuration": str(round(self.seconds * 1000))}


class DetectedCall(webhooks.Asker, Protocol):
    """What the detection needs of the call that is answered."""

    clock: Clock
    phone: Phone | None
    detected: Verdict | None

    def later(self, seconds: float, action: Callable[[], object], label: str) -> None: ...

    def note(self, event: str, detail: str = "") -> None: ...


@dataclass(frozen=True)
class Detection:
    """How it is detected who answers. Times are in seconds.

    With a `callback` that happens in the background and is told there. Without one the call waits for it.
    """

    mode: str
    timeout: float
    speech_threshold: float
    speech_end_threshold: float
    silence_timeout: float
    callback: StatusCallback | None

    @classmethod
    def wished(cls, values: Mapping[str, Any], callback: StatusCallback | None) -> Detection | None:
        """The detection that these attributes (grammar.DETECTION) ask for, if they ask for one."""
        if not values["machineDetection"]:
            return None
        return cls(
            values["machineDetection"],
            values["machineDetectionTimeout"],
            values["machineDetectionSpeechThreshold"] / 1000,
            values["machineDetectionSpeechEndThreshold"] / 1000,
            values["machineDetectionSilenceTimeout"] / 1000,
            callback,
        )

    async def begin(self, call: DetectedCall) -> None:
        """Returns when it is known who answered or, if that goes on in the background, at once."""
        verdict = self.verdict(call.phone) if call.phone else Verdict("unknown", self.timeout)
        label = f"who answered {call.sid} is known"
        if self.callback is None:
            await call.clock.sleep(verdict.seconds, label)
            self.tell(call, verdict)
            return
        if not self.callback.url:
            call.trouble(21262, "Who answers is detected in the background, and there is no URL to tell it to.")
        call.later(verdict.seconds, lambda: self.tell(call, verdict), label)

    def verdict(self, phone: Phone) -> Verdict:
        """Who is at this telephone, as far as that can be heard in time."""
        verdict = self.heard(phone)
        return verdict if verdict.seconds <= self.timeout else Verdict("unknown", self.timeout)

    def heard(self, phone: Phone) -> Verdict:
        if phone.behaviour["answers"] != "machine":
            return Verdict("human", HELLO + self.speech_end_threshold)
        if not (greeting := phone.behaviour["greeting"]):
            return Verdict("unknown", self.silence_timeout)
        end = of_words(greeting) + self.speech_end_threshold
        if self.mode == "DetectMessageEnd":
            return Verdict("machine_end_silence", end)
        return Verdict("machine_start", min(self.speech_threshold, end))

    def tell(self, call: DetectedCall, verdict: Verdict) -> None:
        call.detected = verdict
        call.note("detected", verdict.answered_by)
        call.world.bill.detection()
        if self.callback and self.callback.url:
            params = {"CallSid": call.sid, "AccountSid": call.world.account_sid} | verdict.params()
            call.world.send(webhooks.notify(call, self.callback.url, self.callback.method, params))
