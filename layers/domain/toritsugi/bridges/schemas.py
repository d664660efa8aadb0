"""What a request for a bridge may say, and the bridge that it asks for. Only the REST API reads this: it is heavy."""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from toritsugi import words
from toritsugi.bridges import commands
from toritsugi.bridges.records import Announcement, Bridge, BridgeEntry, Party, announcement_key, party_key
from toritsugi.foundation import voices
from toritsugi.foundation.durations import DEFAULT_RING_SECONDS, DEFAULT_WARNING_SECONDS, MIN_RING_SECONDS
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.request_types import Strict, Url, VisibleText
from toritsugi.foundation.visible import is_blank
from toritsugi.lines import destinations
from toritsugi.lines.schemas import Number

MAX_MINUTES = 24 * 60 - 30  # Twilio ends every leg after a day, which includes the ringing


def audible(text: str) -> str:
    """The words, if there are any. Raises ValueError."""
    if is_blank(text):
        raise ValueError("nothing is said: there are only blanks")
    return text


SpokenWords = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(audible)]
Audio = Annotated[Url, Field(description="An MP3 or WAV file")]
SpokenLanguage = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2}|-[0-9]{3})?$", examples=words.locales())]
Seconds = Annotated[int, Field(ge=0, le=86_400)]


class PartyRequest(Strict):
    """One of the people. What is left out is as for the whole call."""

    number: Number
    name: Annotated[VisibleText | None, Field(max_length=64)] = None
    shows: Annotated[Number | None, Field(description="The line that this person sees, and can call back")] = None
    whisper: Annotated[
        SpokenWords | None, Field(description="What only this person hears before being put through")
    ] = None
    language: SpokenLanguage | None = None
    voice: Annotated[VisibleText | None, Field(max_length=64)] = None


class AnnouncementWords(Strict):
    """Words, or audio."""

    say: SpokenWords | None = None
    play: Audio | None = None
    language: Annotated[SpokenLanguage | None, Field(description="Left out: that of the first participant")] = None
    voice: Annotated[VisibleText | None, Field(max_length=64, examples=["Polly.Takumi-Neural"])] = None
    to: Annotated[int | None, Field(ge=1, description="Only to this participant; left out: to all")] = None

    @model_validator(mode="after")
    def is_one(self) -> "AnnouncementWords":
        """Raises ValueError unless there are either words or audio, and a voice that speaks them."""
        if (self.say is None) == (self.play is None):
            raise ValueError("an announcement says something or plays something: give one of `say` and `play`")
        check_voice(self.language, self.voice)
        return self


class AnnouncementRequest(AnnouncementWords):
    """An announcement, due so many seconds before the end, or after the start."""

    before_end: Annotated[Seconds | None, Field(gt=0)] = None
    after_start: Seconds | None = None

    @model_validator(mode="after")
    def is_due_once(self) -> "AnnouncementRequest":
        """Raises ValueError unless it has exactly one time."""
        if (self.before_end is None) == (self.after_start is None):
            raise ValueError("an announcement has a time: give one of `before_end` and `after_start`, in seconds")
        return self


class ExtensionRequest(Strict):
    """How the call may be extended: by a star after the first warning, or through the API."""

    minutes: Annotated[int, Field(ge=1, le=MAX_MINUTES)]
    times: Annotated[int, Field(ge=1, le=100)] = 1
    by: Annotated[Literal["anyone"] | list[int], Field(description="Who may press star: anyone, or participants")] = (
        "anyone"
    )


class ParticipantChange(Strict):
    """What becomes of somebody who is in the conference."""

    muted: Annotated[bool | None, Field(description="Whether the others do not hear this person")] = None
    hold: Annotated[bool | None, Field(description="Whether this person hears music, and nobody of the others")] = None


class CallRequest(Strict):
    """A call to two or more people."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "parties": ["+819011110001", "+819022220002"],
                    "from": "+815010000001",
                    "through": "conference",
                    "minutes": 30,
                    "announcements": [{"before_end": 180, "say": "Three minutes left.", "language": "en-US"}],
                    "extension": {"minutes": 10, "times": 2, "by": "anyone"},
                }
            ]
        }
    )

    parties: Annotated[
        list[Number | PartyRequest] | None, Field(min_length=2, max_length=commands.MAX_PEOPLE_OF_CALL)
    ] = None
    from_: Annotated[Number | None, Field(alias="from", description="A number of yours, which everyone sees")] = None
    session_sid: Annotated[
        str | None,
        Field(pattern="^KC[0-9a-f]{32}$", description="In place of `parties` and `from`: the two of a masked session"),
    ] = None
    through: Literal["conference", "dial"] = "conference"
    minutes: Annotated[int, Field(ge=1, le=MAX_MINUTES, description="From when two people are in it")] = 60
    announcements: Annotated[list[AnnouncementRequest], Field(max_length=commands.MAX_ANNOUNCEMENTS)] = []
    extension: ExtensionRequest | None = None
    whisper: Annotated[SpokenWords | None, Field(description="What each hears before being put through")] = None
    accept: Annotated[bool, Field(description="Whether each must press 1 to be put through")] = False
    detect: Annotated[bool, Field(description="Whether answering machines are told from people, and hung up on")] = (
        False
    )
    ring_seconds: Annotated[int, Field(ge=MIN_RING_SECONDS, le=600)] = DEFAULT_RING_SECONDS
    if_unanswered: Annotated[
        Literal["end", "retry", "wait"],
        Field(description="What becomes of the call when somebody is not reached: it ends; that person is tried once "
              "more; the others go on waiting"),
    ] = "end"  # fmt: skip
    waiting: Annotated[
        Url | None,
        Field(description="What is heard while waiting for others: an audio file or TwiML. Left out: a ring tone"),
    ] = None  # fmt: skip
    language: SpokenLanguage | None = None
    voice: Annotated[VisibleText | None, Field(max_length=64)] = None

    @model_validator(mode="after")
    def makes_sense(self) -> "CallRequest":
        """Raises ValueError where fields that are right by themselves contradict each other."""
        if self.session_sid and (self.parties or self.from_):
            raise ValueError("a session says who is called, and from which lines: leave out `parties` and `from`")
        if not self.session_sid and (not self.parties or not self.from_):
            raise ValueError("a call needs `parties` and `from`, or a `session_sid`")
        check_voice(self.language, self.voice)
        if self.through == "dial":
            self.check_dial()
        if self.extension and self.minutes + self.extension.minutes * self.extension.times > MAX_MINUTES:
            raise ValueError(f"with all its extensions a call lasts at most {MAX_MINUTES} minutes")
        return self

    def check_dial(self) -> None:
        """Raises ValueError for what only a conference can do."""
        if self.announcements or self.extension or self.waiting:
            raise ValueError('announcements, extensions and waiting music need `"through": "conference"`')
        if self.if_unanswered == "wait":
            raise ValueError('to wait for others needs `"through": "conference"`')
        if self.detect:
            raise ValueError("Twilio tells too late of a dialed leg who answered: use `accept`, or a conference")


def check_voice(language: str | None, voice: str | None) -> None:
    """Raises ValueError where no voice of ours speaks the language, and none is named."""
    if language and not voices.is_spoken(language, voice):
        raise ValueError(f"{language} needs a `voice` that speaks it")


def new_requested_bridge(
    wanted: CallRequest, people: list[PartyRequest], bridge_sid: str, languages: Mapping[str, str], **more: Any
) -> tuple[Bridge, list[BridgeEntry]]:
    """The bridge that was wanted, for these people, with all that lies in its partition.

    `languages` are those that the directory knows of them, by number. Raises RequestRefused 400.
    """
    check_people(wanted, people)
    extension = wanted.extension
    bridge = commands.new_bridge(
        bridge_sid,
        through=wanted.through,
        line=wanted.from_ or people[0].shows,
        ring_seconds=wanted.ring_seconds,
        if_unanswered=wanted.if_unanswered,
        accept=wanted.accept,
        detect=wanted.detect,
        waiting=wanted.waiting,
        extension_minutes=extension.minutes if extension else 0,
        extension_times=extension.times if extension else 0,
        extension_by=extension.by if extension and isinstance(extension.by, list) else None,
        asked=fingerprint(wanted),
        **{"minutes": wanted.minutes} | more,
    )
    parties = [party(wanted, person, bridge_sid, place, languages) for place, person in enumerate(people, 1)]
    usual = wanted.language or parties[0].language
    voice = None if follows_directory(wanted, people[0], usual) else wanted.voice
    said: list[Announcement] = []
    for number, one in enumerate(wanted.announcements, 1):
        announcement = Announcement(*announcement_key(bridge_sid, number), id=number)
        announcement.before_end, announcement.after_start = one.before_end, one.after_start
        set_words(announcement, one, usual, voice)
        said.append(announcement)
    if extension and not any(one.before_end for one in said):  # else nobody would know that there is a star to press
        seconds = min(DEFAULT_WARNING_SECONDS, wanted.minutes * 30)
        said.append(commands.warn_before_end(bridge, len(said) + 1, seconds, usual))
    bridge.window = max((int(one.before_end) for one in said if one.before_end), default=0)
    return bridge, [*parties, *said]


def party(
    wanted: CallRequest, person: PartyRequest, bridge_sid: str, place: int, languages: Mapping[str, str]
) -> Party:
    """One of the people, with what the whole call has for what was left out."""
    shows, entry = person.shows or wanted.from_, languages.get(person.number)
    language = person.language or wanted.language or words.choose_language(entry, person.number, shows)
    has_calls_voice = person.language in (None, wanted.language) and not follows_directory(wanted, person, language)
    return Party(
        *party_key(bridge_sid, place),
        place=place,
        number=person.number,
        shows=shows,
        name=person.name,
        whisper=person.whisper or wanted.whisper,
        language=language,
        voice=person.voice or (wanted.voice if has_calls_voice else None),
        date_created=0,
    )


def follows_directory(wanted: CallRequest, person: PartyRequest, language: str) -> bool:
    """Whether only the directory has chosen this language: the voice of the call may not speak it."""
    if person.language or wanted.language:
        return False
    return language != words.choose_language(None, person.number, person.shows or wanted.from_)


def set_words(announcement: Announcement, said: AnnouncementWords, usual: str, voice: str | None) -> None:
    """Sets what an announcement holds besides its time; `usual` is the call's language, and `voice` its voice."""
    announcement.words, announcement.audio, announcement.to = said.say, said.play, said.to
    announcement.language = said.language or usual
    announcement.voice = said.voice or (voice if said.language in (None, usual) else None)


def check_people(wanted: CallRequest, people: list[PartyRequest]) -> None:
    """Raises RequestRefused for somebody who may not be called or is called twice, and for a place that nobody has."""
    numbers = [person.number for person in people]
    for number in numbers:
        destinations.check_destination(number)
    if len(set(numbers)) < len(numbers):
        raise RequestRefused(21211, "The same number is called twice", 400)
    places = range(1, len(people) + 1)
    chosen = wanted.extension.by if wanted.extension and isinstance(wanted.extension.by, list) else []
    if strangers := [one for one in (*chosen, *(a.to for a in wanted.announcements if a.to)) if one not in places]:
        raise RequestRefused(20001, f"There is no participant {strangers[0]}: they are 1 to {len(people)}", 400)


def fingerprint(wanted: CallRequest) -> str:
    """What tells this request from another one."""
    return hashlib.sha256(json.dumps(wanted.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
