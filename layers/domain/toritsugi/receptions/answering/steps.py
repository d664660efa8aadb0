"""What a call hears of a reception: from the step it is at, through all that need no answer, to the next that waits."""

from collections.abc import Callable
from typing import Any

from twilio.twiml.voice_response import VoiceResponse

from toritsugi.receptions.answering import hours, prompts, transfers
from toritsugi.receptions.answering.prompts import onward
from toritsugi.receptions.answering.visits import StepDocument, Visit

Move = Callable[[Visit, Any], str | None]  # the name of the next step; None: Twilio comes back, or it is over

MAX_STEPS_AT_ONCE = 250  # steps in one answer: more than a reception has


def answer_call(visit: Visit) -> VoiceResponse:
    """The TwiML with which a call goes on: after what the caller has done, or from the beginning."""
    place = visit.place
    step = visit.document["steps"].get(place.step)
    if step is None or (place.action and step["kind"] not in ACTIONS.get(place.action, {})):
        raise LookupError(f"no step does {place.action} at {place.step}")
    name = ACTIONS[place.action][step["kind"]](visit, step) if place.action else place.step
    for _ in range(MAX_STEPS_AT_ONCE):
        if name is None:
            return visit.response
        step = visit.enter(name)
        name = STEPS[step["kind"]](visit, step)
    raise RuntimeError(f"the reception goes round in a circle at {name}")


def say_words(visit: Visit, step: StepDocument) -> str | None:
    visit.speak(step["say"])
    return onward(visit, step)


def play_audio(visit: Visit, step: StepDocument) -> str | None:
    visit.response.play(step["play"])
    return onward(visit, step)


def greet(visit: Visit, step: StepDocument) -> str | None:
    """Whoever is known is greeted by name."""
    visit.speak(step["greet"] if visit.name_in(visit.place.locale) else step.get("unknown", step["greet"]))
    return onward(visit, step)


def look_at_clock(visit: Visit, step: StepDocument) -> str:
    """Whether it is open now."""
    now = visit.now(step.get("timezone", visit.document["timezone"]))
    return str(step["open"] if hours.hours_are_open(step, now) else step["closed"])


def end_visit(visit: Visit, _: StepDocument) -> None:
    visit.hang_up()


def jump(_: Visit, step: StepDocument) -> str:
    return str(step["jump"])


# What each kind of step does when a call comes to it.
STEPS: dict[str, Move] = {
    "say": say_words,
    "play": play_audio,
    "greet": greet,
    "menu": prompts.offer,
    "gather": prompts.gather_digits,
    "ask": prompts.consult,
    "hours": look_at_clock,
    "transfer": transfers.transfer,
    "voicemail": transfers.take_message,
    "hangup": end_visit,
    "jump": jump,
}

# What was done at a step of which kind, and what follows from it.
ACTIONS: dict[str, dict[str, Move]] = {
    "chosen": {"menu": prompts.choose_step},
    "keyed": {"gather": prompts.read_digits},
    "confirmed": {"gather": prompts.confirm},
    "noticed": {"transfer": transfers.decide_recording},
    "dialed": {"transfer": transfers.after_dial},
    "refused": {"transfer": transfers.after_dial},
    "whispered": {"transfer": transfers.whisper_to_callee},
    "told": {"transfer": transfers.whisper_to_callee},
    "agreed": {"transfer": transfers.agree},
    "agreed-told": {"transfer": transfers.agree},
    "recorded": {"voicemail": transfers.after_voicemail},
    "silent": {"voicemail": transfers.after_silence},
}
