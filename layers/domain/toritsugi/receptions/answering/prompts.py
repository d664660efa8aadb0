"""What asks a caller for something: a menu, digits, and the owner's system what these mean.

Silence comes back like a key, so each prompt is one request. https://www.twilio.com/docs/voice/twiml/gather
"""

import re
from collections.abc import Mapping
from typing import Any

from twilio.twiml.voice_response import Gather

from toritsugi.foundation import matching, voices
from toritsugi.foundation.errors import OwnerSilent
from toritsugi.foundation.logs import log
from toritsugi.foundation.sealing import seal, unseal
from toritsugi.receptions.answering.visits import StepDocument, Visit

MAX_WORDS_OF_OWNER = 1_000  # of what the owner's system has said
MAX_ASKED = 2  # times in one answer: Twilio waits for 4.5 s


# ---- a menu ----------------------------------------------------------------------------------------------------------


def offer(visit: Visit, step: StepDocument, turn: int = 0) -> None:
    """The menu; Twilio comes back with what was chosen."""
    wanted = (
        {"input": "dtmf speech", "hints": ",".join(step["spoken"]), "speech_timeout": "auto"} if step["spoken"] else {}
    )
    gather = open_gather(visit, step, "chosen", turn, num_digits=1, finish_on_key="", **wanted)
    visit.speak(step["menu"], gather)


def choose_step(visit: Visit, step: StepDocument) -> str | None:
    """A key was pressed, or a word said, or nothing."""
    pressed, said = visit.fields.get("Digits", ""), visit.fields.get("SpeechResult", "")
    chosen: str | None = step["keys"].get(pressed) or find_spoken(step["spoken"], said)
    return chosen or again(visit, step, offer, wrong=bool(pressed or said))


def find_spoken(spoken: Mapping[str, str], said: str) -> str | None:
    """The step of a word that was said, alone or among others, and not as a part of one; of several, the longest's."""
    heard = matching.fold_words(said)
    found = [word for word in spoken if matching.has(heard, matching.fold_words(word))]
    return spoken[max(found, key=lambda word: len(matching.fold_words(word)))] if found else None


# ---- digits ----------------------------------------------------------------------------------------------------------


def gather_digits(visit: Visit, step: StepDocument, turn: int = 0) -> None:
    """Asks for digits; Twilio comes back with what was keyed in."""
    most = step["digits"]["most"]
    visit.speak(step["gather"], open_gather(visit, step, "keyed", turn, num_digits=most, finish_on_key="#"))


def read_digits(visit: Visit, step: StepDocument) -> str | None:
    """Digits were keyed in: as many as wanted, or not."""
    keyed, wanted = visit.fields.get("Digits", ""), step["digits"]
    if not (re.fullmatch("[0-9]+", keyed) and wanted["least"] <= len(keyed) <= wanted["most"]):
        return again(visit, step, gather_digits, wrong=bool(keyed))
    visit.digits = keyed
    if not step["confirm"]:
        return accept(visit, step)
    return read_back(visit, step, visit.place.turn)


def read_back(visit: Visit, step: StepDocument, turn: int) -> str | None:
    """Reads the digits back; Twilio comes back with a 1, if they are right."""
    sealed = seal(visit.digits, visit.call_sid)
    action = visit.address("confirmed", turn, sealed)
    asked = visit.response.gather(
        num_digits=1, timeout=step["seconds"], finish_on_key="", action=action, action_on_empty_result=True
    )
    visit.say("digits read back", asked, digits=visit.tell("digits", visit.place.locale))
    return None


def confirm(visit: Visit, step: StepDocument) -> str | None:
    """The digits that were read back are right, or not; silence has them read back again."""
    visit.digits, pressed = unseal(visit.place.sealed, visit.call_sid), visit.fields.get("Digits", "")
    if pressed == "1" and visit.digits:
        return accept(visit, step)
    if pressed or not visit.digits:
        return again(visit, step, gather_digits, wrong=False)
    turn = visit.place.turn + 1
    return str(step["otherwise"]) if turn > step["retries"] else read_back(visit, step, turn)


def accept(visit: Visit, step: StepDocument) -> str | None:
    """Where a call goes whose digits are as wanted: to where the owner's system sends it, if that is asked."""
    return consult(visit, step) if "ask" in step else onward(visit, step)


# ---- the owner's system ----------------------------------------------------------------------------------------------


def consult(visit: Visit, step: StepDocument) -> str | None:
    """Asks the owner's system, says what it says, and goes where it sends the caller; `otherwise`, if it is silent."""
    visit.asked += 1
    try:
        if visit.asked > MAX_ASKED:
            raise OwnerSilent("it leads in a circle")
        said = visit.ask(step["ask"], facts_for_owner(visit), f"{visit.request or visit.call_sid}-{visit.place.step}")
    except OwnerSilent as silence:
        log.warning("the owner's system is silent", step=visit.place.step, reason=str(silence))
        return str(step["otherwise"])
    words, where = said.get("say"), said.get("step")
    if where is not None and not (isinstance(where, str) and where in visit.document["steps"]):
        log.warning("the owner's system names a step that is none", step=visit.place.step)
        return str(step["otherwise"])
    if isinstance(words, str) and words.strip():
        voices.say_in(visit.response, words[:MAX_WORDS_OF_OWNER], visit.place.locale)
    return where if where is not None else onward(visit, step)


def facts_for_owner(visit: Visit) -> dict[str, Any]:
    """What the owner's system is told of a call."""
    return {
        "call_sid": visit.call_sid,
        "reception": visit.place.reception,
        "version": visit.place.version,
        "step": visit.place.step,
        "from": visit.number or None,
        "unconfirmed": visit.place.unconfirmed,
        "to": visit.line,
        "language": visit.place.locale,
        "digits": visit.digits or None,
    }


# ---- what prompts have in common -------------------------------------------------------------------------------------


def open_gather(visit: Visit, step: StepDocument, action: str, turn: int, **wanted: Any) -> Gather:
    """Waits for keys, from the first word of this answer on: who knows the menu need not listen to the greeting."""
    said = visit.response.verbs[:]
    visit.response.verbs.clear()
    gather = visit.response.gather(
        timeout=step["seconds"],
        action=visit.address(action, turn),
        action_on_empty_result=True,
        language=visit.place.locale,
        **wanted,
    )
    gather.verbs.extend(said)
    return gather


def again(visit: Visit, step: StepDocument, prompt: Any, *, wrong: bool) -> str | None:
    """The same prompt once more, after words about what was wrong; `otherwise`, when it was asked often enough."""
    turn = visit.place.turn + 1
    if turn > step["retries"]:
        return str(step["otherwise"])
    if wrong and "wrong" in step:
        visit.speak(step["wrong"])
    elif wrong:
        visit.say("try again")
    prompt(visit, step, turn)
    return None


def onward(visit: Visit, step: StepDocument) -> str | None:
    """The next step; the end of the call, if there is none."""
    if "next" not in step:
        visit.hang_up()
        return None
    return str(step["next"])
