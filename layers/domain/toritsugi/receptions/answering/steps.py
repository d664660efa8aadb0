"""What a call hears of a reception: from the step it is at, through all that need no answer, to the next that waits."""

from collections.abc import Callable, Mapping
from typing import Any

from twilio.twiml.voice_response import VoiceResponse

from toritsugi.receptions.answering import hours, prompts, transfers
from toritsugi.receptions.answering.prompts import onward
from toritsugi.receptions.answering.visits import Visit

Step = Mapping[str, Any]
Move = Callable[[Visit, Any], str | None]  # the name of the next step; None: Twilio comes back, or it is over

MOST_AT_ONCE = 250  # steps in one answer: more than a reception has


def answer(visit: Visit) -> VoiceResponse:
    """The TwiML with which a call goes on: after what the caller has done, or from the beginning."""
    place = visit.place
    step = visit.document["steps"].get(place.step)
    if step is None or (place.deed and step["kind"] not in DEEDS.get(place.deed, {})):
        raise LookupError(f"no step does {place.deed} at {place.step}")
    name = DEEDS[place.deed][step["kind"]](visit, step) if place.deed else place.step
    for _ in range(MOST_AT_ONCE):
        if name is None:
            return visit.response
        step = visit.enter(name)
        name = STEPS[step["kind"]](visit, step)
    raise RuntimeError(f"the reception goes round in a circle at {name}")


def say(visit: Visit, step: Step) -> str | None:
    visit.speak(step["say"])
    return onward(visit, step)


def play(visit: Visit, step: Step) -> str | None:
    visit.response.play(step["play"])
    return onward(visit, step)


def greet(visit: Visit, step: Step) -> str | None:
    """Whoever is known is greeted by name."""
    visit.speak(step["greet"] if visit.name else step.get("unknown", step["greet"]))
    return onward(visit, step)


def look_at_clock(visit: Visit, step: Step) -> str:
    """Whether it is open now."""
    now = visit.now(step.get("timezone", visit.document["timezone"]))
    return str(step["open"] if hours.is_open(step, now) else step["closed"])


def hang_up(visit: Visit, _: Step) -> None:
    visit.hang_up()


def jump(_: Visit, step: Step) -> str:
    return str(step["jump"])


# What each kind of step does when a call comes to it.
STEPS: dict[str, Move] = {
    "say": say,
    "play": play,
    "greet": greet,
    "menu": prompts.offer,
    "gather": prompts.gather,
    "ask": prompts.consult,
    "hours": look_at_clock,
    "transfer": transfers.transfer,
    "voicemail": transfers.take_message,
    "hangup": hang_up,
    "jump": jump,
}

# What was done at a step of which kind, and what follows from it.
DEEDS: dict[str, dict[str, Move]] = {
    "chosen": {"menu": prompts.choose},
    "keyed": {"gather": prompts.read_digits},
    "confirmed": {"gather": prompts.confirm},
    "noticed": {"transfer": transfers.decide},
    "dialed": {"transfer": transfers.go_on},
    "refused": {"transfer": transfers.go_on},
    "whispered": {"transfer": transfers.whisper},
    "told": {"transfer": transfers.whisper},
    "agreed": {"transfer": transfers.agree},
    "agreed-told": {"transfer": transfers.agree},
    "recorded": {"voicemail": transfers.keep},
    "silent": {"voicemail": transfers.pass_over},
}
