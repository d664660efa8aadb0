"""Putting a caller through to somebody of the owner's, in turn or together; and taking a message, if nobody is there.

Whoever is called sees the line, and hears who is calling: in Japan a forwarded caller's number is not shown.
https://www.twilio.com/docs/voice/twiml/dial and https://www.twilio.com/docs/voice/twiml/record
"""

from twilio.twiml.voice_response import Dial, VoiceResponse

from toritsugi.foundation.addresses import public_url
from toritsugi.foundation.call_status import FINAL, is_too_many
from toritsugi.foundation.durations import ACCEPT_SECONDS, MAX_CALL_SECONDS
from toritsugi.foundation.errors import CallRefused, LimitReached
from toritsugi.foundation.sealing import seal, unseal
from toritsugi.receptions.answering.prompts import onward
from toritsugi.receptions.answering.visits import Permitted, StepDocument, Visit
from toritsugi.recordings.reports import RecordingOrigin

DECISION_SECONDS = 4  # in which a caller may refuse to be recorded


# ---- the caller's side -----------------------------------------------------------------------------------------------


def transfer(visit: Visit, step: StepDocument) -> str | None:
    """Dials; before that, a caller who is to be recorded is told so, and may refuse."""
    record = step.get("record")
    if not record:
        return dial_step(visit, step)
    visit.speak(record["notice"])  # outside of any gather, for no key may cut it short
    if "refuse" not in record:
        return dial_step(visit, step)
    asked = visit.response.gather(
        num_digits=1,
        timeout=DECISION_SECONDS,
        finish_on_key="",
        action=visit.address("noticed"),
        action_on_empty_result=True,
    )
    visit.say("refuse recording", asked, key=record["refuse"])
    return None


def decide_recording(visit: Visit, step: StepDocument) -> str | None:
    """The caller has heard that the call is recorded, and has refused or not."""
    refused = visit.fields.get("Digits") == step.get("record", {}).get("refuse")
    return dial_step(visit, step, refused=refused)


def dial_step(visit: Visit, step: StepDocument, turn: int = 0, refused: bool = False) -> str | None:
    """Calls whom the step names: all `together`, or the `turn`th of them, or whoever comes next and may be called.

    If nobody may, the name of the step that follows.
    """
    everybody = step["transfer"]
    try:
        for place in [0] if step["together"] else range(turn, len(everybody)):
            permitted = visit.permit(everybody if step["together"] else [everybody[place]])
            if permitted.numbers:
                dial_numbers(visit, step, permitted, place, refused)
                return None
    except CallRefused as refusal:
        visit.say(refusal.sentence)
    return str(step["otherwise"])


def dial_numbers(visit: Visit, step: StepDocument, permitted: Permitted, turn: int, refused: bool) -> None:
    """Calls these numbers, all at once."""
    recorded = "record" in step and not refused
    action = "dialed" if recorded or "record" not in step else "refused"
    wanted = {}
    if recorded:
        wanted["record"] = "record-from-answer-dual"
        wanted["recording_status_callback"] = report_to(visit, "conversation")
        wanted["recording_status_callback_event"] = "completed absent"
    call = Dial(
        caller_id=visit.line,
        timeout=step["seconds"],
        time_limit=MAX_CALL_SECONDS,
        action=visit.address(action, turn, began=visit.at, rate=permitted.rate),
        **wanted,
    )
    told = visit.address("told" if recorded else "whispered", turn, seal_parties(visit))
    hears = recorded or step["accept"] or "whisper" in step or visit.place.unconfirmed
    for number in permitted.numbers:
        call.number(number, url=told if hears else None)
    visit.response.append(call)


def after_dial(visit: Visit, step: StepDocument) -> str | None:
    """The conversation is over; or there was none, and the next number is called, if there is one."""
    if visit.fields.get("CallStatus") in FINAL:
        return None
    status, turn = visit.fields.get("DialCallStatus"), visit.place.turn + 1
    if status in ("completed", "answered") and visit.fields.get("DialBridged") != "false":
        return onward(visit, step)
    if is_too_many(visit.fields):  # nor could anybody else be called
        visit.say(LimitReached.sentence)
        return str(step["otherwise"])
    if step["together"] or turn >= len(step["transfer"]):
        return str(step["otherwise"])
    return dial_step(visit, step, turn, refused=visit.place.action == "refused")


# ---- the side of whoever is called -----------------------------------------------------------------------------------


def whisper_to_callee(visit: Visit, step: StepDocument) -> None:
    """Whoever is called hears that it is recorded, and who is calling; then they are put through, or press a 1."""
    know_caller(visit)
    if is_told(visit):
        visit.speak(step["record"]["notice"])  # outside of any gather, for no key may cut it short
    if not step["accept"]:
        return introduce(visit, step)
    asked = visit.response.gather(
        num_digits=1,
        timeout=ACCEPT_SECONDS,
        finish_on_key="",
        action=visit.address("agreed-told" if is_told(visit) else "agreed", 0, visit.place.sealed),
    )
    introduce(visit, step, asked)
    visit.say("accept the call", asked)
    visit.hang_up()
    return None


def introduce(visit: Visit, step: StepDocument, into: VoiceResponse | None = None) -> None:
    """Says to whoever is called the step's `whisper`, if it has one, and what may be wrong with the caller's number."""
    if visit.place.unconfirmed:
        visit.say("number unconfirmed", into)
    if "whisper" in step:
        visit.speak(step["whisper"], into)


def is_told(visit: Visit) -> bool:
    """Whether the conversation is recorded, which whoever is called has to know."""
    return visit.place.action in ("told", "agreed-told")


def agree(visit: Visit, step: StepDocument) -> None:
    """A 1 puts through; after any other key the question comes again."""
    if visit.fields.get("Digits") != "1":
        whisper_to_callee(visit, step)


def know_caller(visit: Visit) -> None:
    """Of this leg Twilio says only whom we have called: who calls stands in the path, for the caller's own leg."""
    visit.number, _ = split_parties(unseal(visit.place.sealed, visit.fields.get("ParentCallSid", "")))


# ---- a message -------------------------------------------------------------------------------------------------------


def take_message(visit: Visit, step: StepDocument) -> None:
    """Asks for a message and records it; a silence comes back as a silence."""
    visit.speak(step["voicemail"])
    visit.response.record(
        action=visit.address("recorded"),
        max_length=step["seconds"],
        timeout=step["silence"],
        finish_on_key="#",
        play_beep=True,
        recording_status_callback=report_to(visit, "voicemail"),
        recording_status_callback_event="completed absent",
    )
    visit.response.redirect(visit.address("silent"))


def after_voicemail(visit: Visit, step: StepDocument) -> str | None:
    """A message was left; recording.py has it from Twilio."""
    if visit.fields.get("Digits") == "hangup" or visit.fields.get("CallStatus") in FINAL:
        return None
    return onward(visit, step)


def after_silence(visit: Visit, step: StepDocument) -> str | None:
    """Nothing was said."""
    return str(step["otherwise"]) if "otherwise" in step else onward(visit, step)


# ---- who calls whom, for whoever hears of it later -------------------------------------------------------------------


def report_to(visit: Visit, kind: str) -> str:
    """Where Twilio tells of a recording."""
    return public_url(RecordingOrigin(kind, visit.place.reception, seal_parties(visit)).path)


def seal_parties(visit: Visit) -> str:
    """Caller and line, sealed for this call; see `split_parties`."""
    return seal(visit.number + visit.line, visit.call_sid)


def split_parties(parties: str) -> tuple[str, str]:
    """Caller and line; the caller is blank if withheld."""
    caller, _, line = parties.rpartition("+")
    return caller, f"+{line}" if line else ""
