"""Announcements: words or audio into a running conference, at the right second, once.

An announcement before the end is due once per deadline, so again after an extension; one after the start once. It is
claimed before it is spoken, in one transaction with the deadline that it is due for: whoever dies in between has lost
it, and nobody ever hears it twice, or too late. https://www.twilio.com/docs/voice/api/conference-resource

Twilio may not say whether it has an announcement heard. It shows when it asks for the words, which is noted: if it does
not, it is asked once more, and should it then ask for them twice, it gets them once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from twilio.twiml.voice_response import VoiceResponse

from toritsugi import words
from toritsugi.bridges.records import Announcement, Bridge, Spoken, spoken_key
from toritsugi.foundation import voices
from toritsugi.foundation.transactions import refusals, set_or_remove, update_if, write_transaction

if TYPE_CHECKING:  # voice.py speaks them, and needs no state
    from toritsugi.bridges.state import State

LATE_ANNOUNCEMENT_SECONDS = 5
DOUBT_SECONDS = 2  # within which Twilio asks for the words, if it has an announcement heard

# The last number is the version; an address without one was made by an exchange that was older.
ANNOUNCEMENT_PATH = re.compile(r"/voice/bridges/(KB[0-9a-f]{32})/announcements/(\d{1,4})(?:/(\d{1,4}))?", re.ASCII)


def path_of(announcement: Announcement, version: int) -> str:
    """Where Twilio finds its TwiML, for this version of the deadline."""
    return f"/voice/bridges/{announcement.bridge_sid}/announcements/{int(announcement.id)}/{version}"


def due_at(announcement: Announcement, bridge: Bridge, started_at: int | None) -> float | None:
    """When it is due for the deadline that counts now; None: not at all, or not as far as is known yet."""
    if announcement.at is not None:
        return announcement.at
    if started_at is None:
        return None
    if announcement.after_start is not None:
        return started_at + announcement.after_start
    if bridge.deadline is None or announcement.before_end is None:
        return None
    due = bridge.deadline - announcement.before_end
    return due if due >= started_at else None  # a warning of three minutes in a call of two is none


def version_of(announcement: Announcement, bridge: Bridge) -> int:
    """The version of the deadline for which it is spoken; 0 where no deadline matters."""
    return int(bridge.version) if announcement.before_end is not None else 0


def unspoken(state: State) -> Iterator[tuple[Announcement, float]]:
    """What nobody has claimed yet, and when it is due."""
    for announcement in state.announcements:
        due = due_at(announcement, state.bridge, state.started_at)
        done = (int(announcement.id), version_of(announcement, state.bridge)) in state.spoken
        if due is not None and not done and (state.bridge.deadline is None or due < state.bridge.deadline):
            yield announcement, due


def listener(announcement: Announcement, state: State) -> str | None:
    """The CallSid of whom it is for; None: for all."""
    if announcement.to is None:
        return None
    leg = next((leg for party, leg in state.living() if party.place == announcement.to), None)
    return leg.call_sid if leg else ""


def is_heard(announcement: Announcement, state: State) -> bool:
    """Whether somebody is there to hear it: the room runs, and whom it is for is in it."""
    sid = listener(announcement, state)
    return state.room is not None and state.room.runs and bool(state.members if sid is None else sid in state.members)


def claim_announcement(
    announcement: Announcement, bridge: Bridge, due: float, now: float, dropped: str | None = None
) -> bool:
    """Whether it is ours to speak, or to drop, for the deadline that still counts."""
    version = version_of(announcement, bridge)
    spoken = Spoken(
        *spoken_key(bridge.bridge_sid, int(announcement.id), version),
        id=announcement.id,
        version=version,
        due=due,
        at=now,
        dropped=dropped,
    )
    with refusals() as places, write_transaction() as transaction:
        goes_on = Bridge.ended_at.does_not_exist() & (Bridge.version == bridge.version)
        transaction.condition_check(Bridge, bridge.bridge_sid, "bridge", condition=goes_on)
        transaction.save(spoken, condition=Spoken.entry.does_not_exist())
    return not places


def in_doubt(state: State) -> Iterator[tuple[Announcement, Spoken]]:
    """What was claimed for the deadline that still counts, and perhaps is not heard."""
    known = {announcement.id: announcement for announcement in state.announcements}
    for spoken in state.spoken.values():
        announcement, unheard = known.get(spoken.id), spoken.doubted_at is not None and spoken.heard_by is None
        if announcement and unheard and spoken.version == version_of(announcement, state.bridge):
            yield announcement, spoken


def note_doubt(announcement: Announcement, bridge: Bridge, now: float) -> None:
    """Notes that Twilio has not said whether it has an announcement heard."""
    update_if(spoken_of(announcement, bridge), [Spoken.doubted_at.set(now)], Spoken.entry.exists())


def move_doubt(announcement: Announcement, bridge: Bridge, seen: float, to: float | None) -> bool:
    """Whether an announcement still is in the doubt that was `seen`, and not heard; then that is of a new moment.

    Or of none: then it is in doubt no more.
    """
    unheard = Spoken.heard_by.does_not_exist() & (Spoken.doubted_at == seen)
    return update_if(spoken_of(announcement, bridge), [set_or_remove(Spoken.doubted_at, to)], unheard)


def spoken_of(announcement: Announcement, bridge: Bridge) -> Spoken:
    """The entry of an announcement that was claimed for the deadline as it was read, with its key alone."""
    return Spoken(*spoken_key(bridge.bridge_sid, int(announcement.id), version_of(announcement, bridge)))


def note_heard(bridge_sid: str, announcement: int, version: int, token: str) -> bool:
    """Whether the request with this token is to be answered with the words: the first one, which may come again."""
    spoken = Spoken(*spoken_key(bridge_sid, announcement, version))
    is_first = Spoken.heard_by.does_not_exist() | (Spoken.heard_by == token)
    return update_if(spoken, [Spoken.heard_by.set(token)], Spoken.entry.exists() & is_first)


def warning(before_end: int, language: str, minutes: int) -> str:
    """What is said before the end: 3 minutes left, with the offer of so many minutes more, if any."""
    said = [words.sentence("time left", language, left=words.say_duration(before_end, language))]
    if minutes:
        said.append(words.sentence("extension offer", language, more=words.say_duration(minutes * 60, language)))
    return words.join_sentences(said, language)


def speak_announcement(announcement: Announcement) -> VoiceResponse:
    """The TwiML that Twilio plays into the conference."""
    response = VoiceResponse()
    if announcement.audio:
        response.play(announcement.audio)
    else:
        voices.say_in(response, announcement.words, announcement.language, announcement.voice)
    return response
