"""What is stored of a session: itself and its participants. Times are seconds since 1970."""

import time
from collections.abc import Iterable
from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    DiscriminatorAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.expressions.condition import Condition
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from toritsugi.foundation import config
from toritsugi.foundation.errors import RequestRefused, not_found
from toritsugi.foundation.forms import MAX_UNIQUE_NAME, date
from toritsugi.foundation.pages import place_at
from toritsugi.foundation.retention import is_past
from toritsugi.foundation.sealing import seal, unseal
from toritsugi.foundation.sids import check_sid, is_sid, looks_like_sid
from toritsugi.foundation.tables import Table
from toritsugi.lines.directory import DirectoryKey
from toritsugi.masking.routes import route_key
from toritsugi.masking.services import ServiceEntry
from toritsugi.masking.teams import TOGETHER
from toritsugi.masking.terms import show_terms

DELETED_REASON = "deleted"  # the reason of a session that is there for nobody any more, until what it did is forgotten
MODES = ("message-only", "voice-only", "voice-and-message")


class SessionEntry(Table):
    """Whatever lies in a session's partition."""

    class Meta:
        table_name = config.SESSIONS_TABLE

    session_sid = UnicodeAttribute(hash_key=True)
    entry = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()


class OfService(GlobalSecondaryIndex["Session"]):  # type: ignore[no-untyped-call]
    """The keys of a service's sessions in the order of their creation; it may lag."""

    class Meta:
        index_name = "of-service"
        projection = IncludeProjection(["kind"])  # by which PynamoDB filters; without it, it finds nothing

    service_sid = UnicodeAttribute(hash_key=True)
    listed_as = UnicodeAttribute(range_key=True)


class Session(SessionEntry, discriminator="session"):
    """Two people, or one or none yet, who reach each other through lines.

    `expires_at` is what counts: the date of expiry if there is one, else `ttl` seconds after the last interaction, the
    last opening, or the creation; and then a `grace` of some seconds, if it has one. `participants` counts all who have
    ever joined, `removed` those who were taken out since, `renumbered` how often somebody got another telephone number:
    none ever falls, so who sees all three as they were sees the same people. `label` is what it is about, in words that
    people may hear; `terms`, how its calls go where that is not as usual.
    """

    service_sid = UnicodeAttribute()
    listed_as = UnicodeAttribute()
    unique_name = UnicodeAttribute(null=True)
    label = UnicodeAttribute(null=True)
    status = UnicodeAttribute(default="open")
    mode = UnicodeAttribute()
    ttl = NumberAttribute(default=0)
    date_expiry = NumberAttribute(null=True)
    expires_at = NumberAttribute(null=True)
    participants = NumberAttribute(default=0)
    removed = NumberAttribute(null=True)
    renumbered = NumberAttribute(null=True)
    closed_reason = UnicodeAttribute(null=True)
    date_created = NumberAttribute()
    date_updated = NumberAttribute()
    date_started = NumberAttribute(null=True)
    date_ended = NumberAttribute(null=True)
    date_reopened = NumberAttribute(null=True)
    date_last_interaction = NumberAttribute(null=True)
    quarantine = NumberAttribute(default=0)
    calls_outlive_expiry = BooleanAttribute(default=False)
    through = UnicodeAttribute(default="dial")
    extends = BooleanAttribute(default=False)
    recorded = BooleanAttribute(null=True)
    unconfirmed_callers = UnicodeAttribute(null=True)
    tells_answer = BooleanAttribute(null=True)
    grace = NumberAttribute(null=True)
    ended_sentence = JSONAttribute(null=True)
    warn_before_expiry = NumberAttribute(null=True)
    warned_for = NumberAttribute(null=True)  # the expiry of which was warned
    bridges = UnicodeSetAttribute(null=True)  # those that run, which whoever changes the session wakes
    terms = JSONAttribute(null=True)
    calls_made = UnicodeSetAttribute(null=True)  # in which two have talked, where the terms count them
    calls = UnicodeSetAttribute(null=True)  # the latest interactions by dialing, of which some may run

    of_service = OfService()

    def is_closed(self, now: float) -> bool:
        """Whether it is over at this moment. Past its expiry a session is closed, whatever is stored."""
        return self.status == "closed" or (self.expires_at is not None and self.expires_at <= now)

    @property
    def is_deleted(self) -> bool:
        """Whether it is there for nobody any more: it was deleted, or has ended so long ago that it is not kept."""
        return self.closed_reason == DELETED_REASON or self.is_past_retention

    @property
    def is_past_retention(self) -> bool:
        ended = self.date_ended if self.status == "closed" else self.expires_at
        return (ended or 0) <= time.time() and is_past(None, ended, config.SESSION_RETENTION)

    @property
    def last_sign(self) -> int:
        """When it last showed a sign of life, from which the ttl counts."""
        return int(max(self.date_created, self.date_reopened or 0, self.date_last_interaction or 0))

    @property
    def slides(self) -> bool:
        """Whether every interaction moves the expiry."""
        return bool(self.ttl) and self.date_expiry is None

    @property
    def lapses_at(self) -> float | None:
        """When its ttl has passed, or its date has come; the grace begins, if it has one."""
        return None if self.expires_at is None else float(self.expires_at - (self.grace or 0))

    def slid_to(self, moment: float) -> int | None:
        """The expiry that a call or text at this moment causes; None, where it moves nothing, as in the grace."""
        if not self.slides or self.lapses_at is None or moment >= self.lapses_at:
            return None
        return int(max(self.expires_at or 0, int(moment) + self.ttl + (self.grace or 0)))

    @property
    def warns_at(self) -> float | None:
        """When the owner's systems are to be warned of its expiry; None where they were, or need not be.

        Of one that slides, half its ttl before at the earliest: so a look at each expiry that was is early enough.
        """
        if not self.warn_before_expiry or self.lapses_at is None or self.warned_for == self.expires_at:
            return None
        ahead = min(self.warn_before_expiry, self.ttl / 2) if self.slides else self.warn_before_expiry
        return float(self.lapses_at - ahead)

    @property
    def due_at(self) -> float | None:
        """When there is something to be done about its expiry: it is to be warned of, or to be written down."""
        return self.expires_at if self.warns_at is None else self.warns_at

    @property
    def expiry_reason(self) -> str:
        """The `closed_reason` that the session has once it has expired."""
        return "ttl" if self.slides else "date-expiry"


class PeopleByNumber(GlobalSecondaryIndex["PersonEntry"]):  # type: ignore[no-untyped-call]
    """In which sessions a person is or was: for whoever is to be erased. It may lag, by a second or so."""

    class Meta:
        index_name = "of-person"
        projection = IncludeProjection(["kind"])

    identifier = UnicodeAttribute(hash_key=True)
    session_sid = UnicodeAttribute(range_key=True)


class PersonEntry(SessionEntry):
    """Whatever names the number of somebody in a session."""

    identifier = UnicodeAttribute()

    by_number = PeopleByNumber()


class Participant(PersonEntry, discriminator="participant"):
    """One of the two, the `place`th to come. `proxy_identifier` is the line that they call and are called from.

    Who has a PIN has it sealed, so that it can be shown; `pin_entry` is where the directory keeps it at their line. A
    team has `more_identifiers`, whose telephones ring, together with the first or in turn after it.
    `side` is whose part they took who came after another had left; see side_of.
    Where they have several sessions over the line, `digit` is the one that they press for this one; absent: 1.
    """

    sid = UnicodeAttribute()
    place = NumberAttribute(default=0)
    friendly_name = UnicodeAttribute(null=True)
    more_identifiers = ListAttribute[Any](null=True)
    rings = UnicodeAttribute(null=True)
    proxy_identifier = UnicodeAttribute()
    proxy_identifier_sid = UnicodeAttribute()
    date_created = NumberAttribute()
    date_updated = NumberAttribute()
    date_deleted = NumberAttribute(null=True)
    pin_entry = UnicodeAttribute(null=True)
    sealed_pin = UnicodeAttribute(null=True)
    side = NumberAttribute(null=True)
    digit = NumberAttribute(null=True)

    @property
    def numbers(self) -> list[str]:
        """All their telephone numbers, the first of a team first."""
        return [str(self.identifier), *map(str, self.more_identifiers or ())]

    @property
    def pairs(self) -> list[DirectoryKey]:
        """Where the directory keeps where their calls go in this session, from each of their telephones."""
        return [route_key(number, self.proxy_identifier, self.digit) for number in self.numbers]


class OtherNumber(PersonEntry, discriminator="other-number"):
    """A number that somebody in the session had before, or one `of_team`: whoever is to be erased is found by it."""

    of_team = BooleanAttribute(null=True)


class SessionName(ServiceEntry, discriminator="session-name"):
    """A unique name that is taken, in the service's partition, and the session that has it."""

    named = UnicodeAttribute()


def participant_entry(participant_sid: str) -> str:
    return f"participant#{participant_sid}"


def other_number_entry(place: object) -> str:
    """Where another number of somebody stays. No number is readable in the key: keys are seen by many."""
    return f"participant-number#{place}"


def side_of(person: Participant) -> int:
    """1 for who came first, or in their stead; 2 for the other."""
    return int(person.side or min(person.place, 1) + 1)


def pairs_of(people: Iterable[Participant]) -> list[DirectoryKey]:
    """Where the directory keeps where the calls of all these people go."""
    return [pair for person in people for pair in person.pairs]


def other_numbers(person: Participant) -> list[OtherNumber]:
    """What is kept of the further numbers of a team, once for each."""
    return [
        OtherNumber(person.session_sid, other_number_entry(seal(number, person.sid)), identifier=number, of_team=True)
        for number in person.numbers[1:]
    ]


def find_other_numbers(session_sid: str, number: str) -> list[OtherNumber]:
    """What is kept of a number that was not the first of anybody in the session, or is no more."""
    entries = OtherNumber.query(session_sid, OtherNumber.entry.startswith(other_number_entry("")), consistent_read=True)
    return [entry for entry in entries if entry.identifier == number]


def place_of_participant(person: Participant) -> str:
    """Where a participant is among those of the session, who are listed as they came."""
    return place_at(f"{int(person.place):010}", person.sid)


def session_name_entry(unique_name: str) -> str:
    return f"session-name#{unique_name}"


def session_is_open(now: int) -> Condition:
    """The session is there, and neither closed nor past its expiry."""
    alive = Session.expires_at.does_not_exist() | (Session.expires_at > now)
    return is_unclosed() & alive


def is_as_read(session: Session) -> Condition:
    """Since the session was read, its people are the same; nothing has changed of how its calls go and when it ends."""
    same = has_same_people(session)
    for attribute, seen in (
        (Session.ttl, session.ttl),
        (Session.date_expiry, session.date_expiry),
        (Session.expires_at, session.expires_at),
        (Session.date_reopened, session.date_reopened),
        (Session.date_last_interaction, session.date_last_interaction),
        (Session.label, session.label),
        (Session.terms, session.terms),
        (Session.calls_made, session.calls_made),
    ):
        same &= attribute.does_not_exist() if seen is None else attribute == seen
    return same


def has_same_people(session: Session) -> Condition:
    """Since the session was read, nobody has joined it, was taken out of it, or got another number."""
    same = Session.participants == session.participants
    for attribute, seen in ((Session.removed, session.removed), (Session.renumbered, session.renumbered)):
        same &= attribute.does_not_exist() if seen is None else attribute == seen
    return same


def is_undeleted() -> Condition:
    """The session is there, and was not deleted."""
    return Session.entry.exists() & (Session.closed_reason != DELETED_REASON)


def is_unclosed() -> Condition:
    """The session is there, and was not closed yet; to DynamoDB, what is absent differs from everything."""
    return Session.entry.exists() & (Session.status != "closed")


def get_session(service_sid: str, sid_or_name: str) -> Session:
    """The session of this SID or unique name, if it is this service's.

    Raises RequestRefused 20404 for a SID, 80308 for a name that none has, 80409 for what looks like a SID and is none.
    """
    if looks_like_sid(sid_or_name):
        check_sid(sid_or_name, "KC", 80409)
    else:
        sid_or_name = find_sid_of_name(service_sid, sid_or_name)
    try:
        session = Session.get(sid_or_name, "session", consistent_read=True)
    except Session.DoesNotExist:
        raise not_found(f"/Services/{service_sid}/Sessions/{sid_or_name}") from None
    if session.service_sid != service_sid or session.is_deleted:
        raise not_found(f"/Services/{service_sid}/Sessions/{sid_or_name}")
    return session


def find_sid_of_name(service_sid: str, unique_name: str) -> str:
    """The SID of the session that has this name. Raises RequestRefused 80308."""
    try:
        if len(unique_name) > MAX_UNIQUE_NAME:
            raise SessionName.DoesNotExist
        return str(SessionName.get(service_sid, session_name_entry(unique_name), consistent_read=True).named)
    except SessionName.DoesNotExist:
        raise RequestRefused(80308, f"No Session of this Service has the unique name {unique_name[:191]!r}") from None


def is_named(service_sid: str, unique_name: str) -> bool:
    """Whether a session of the service has this name."""
    try:
        find_sid_of_name(service_sid, unique_name)
    except RequestRefused:
        return False
    return True


def session_sid_of(service_sid: str, sid_or_name: str) -> str:
    """The SID of a session that is named by it, which costs nothing, or by its unique name. Raises RequestRefused."""
    return sid_or_name if is_sid(sid_or_name, "KC") else get_session(service_sid, sid_or_name).session_sid


def read_session(service_sid: str, session_sid: str) -> tuple[Session, list[Participant]]:
    """The session and its participants in one query, in the order in which they came. Raises RequestRefused 20404."""
    session, people = find_with_people(session_sid)
    if session is None or session.service_sid != service_sid or session.is_deleted:
        raise not_found(f"/Services/{service_sid}/Sessions/{session_sid}")
    return session, people


def get_with_people(session_sid: str) -> tuple[Session, list[Participant]]:
    """The same of any service's session, by its SID alone. Raises RequestRefused 20404."""
    session, people = find_with_people(session_sid)
    if session is None or session.is_deleted:
        raise RequestRefused(20404, "There is no such session", 404)
    return session, people


def present(people: list[Participant]) -> list[Participant]:
    """Those of a session's people who were not taken out of it."""
    return [person for person in people if person.date_deleted is None]


def get_participant(service_sid: str, session_sid: str, sid: str) -> Participant:
    """The participant of this SID, also one who was taken out. Raises RequestRefused 20404, 80405."""
    check_sid(sid, "KP", 80405)
    for person in read_session(service_sid, session_sid)[1]:
        if person.sid == sid:
            return person
    raise not_found(f"/Services/{service_sid}/Sessions/{session_sid}/Participants/{sid}")


def get_present(service_sid: str, session_sid: str, sid: str) -> tuple[Session, list[Participant]]:
    """The session, and first of its people who are there the one of this SID. Raises RequestRefused.

    20404: nobody there has it; 80405: it is none of a participant.
    """
    check_sid(sid, "KP", 80405)
    session, people = read_session(service_sid, session_sid)
    return session, present_from(session, people, sid)


def present_from(session: Session, people: list[Participant], sid: str) -> list[Participant]:
    """Those of a session's people who are there, first the one of this SID. Raises RequestRefused 20404."""
    found = sorted(present(people), key=lambda person: person.sid != sid)
    if not found or found[0].sid != sid:
        raise not_found(f"/Services/{session.service_sid}/Sessions/{session.session_sid}/Participants/{sid}")
    return found


def find_with_people(session_sid: str) -> tuple[Session | None, list[Participant]]:
    """The same of any session, also of one that is deleted but not gone yet; None, where there is none."""
    # "participant#..." and "session" sort after "interaction#...", of which there may be many
    entries = list(SessionEntry.query(session_sid, SessionEntry.entry >= "participant#", consistent_read=True))
    session = next((entry for entry in entries if isinstance(entry, Session)), None)
    people = [entry for entry in entries if isinstance(entry, Participant)]
    return session, sorted(people, key=lambda person: person.place)


def forget_people(session_sid: str) -> None:
    """Deletes all who are or were in a session, with all of their numbers."""
    for entry in PersonEntry.query(session_sid, PersonEntry.entry.startswith("participant"), consistent_read=True):
        entry.delete()


def list_sessions(service_sid: str, after: str | None, most: int) -> tuple[list[Session], str | None]:
    """A page of a service's sessions, the newest first, and where the next page begins."""
    found = read_places(service_sid, after, most + 1, newest_first=True)
    page = [session_sid_at(place) for place in found[:most]]
    return get_undeleted(page), found[most - 1] if len(found) > most else None


def list_sessions_back(service_sid: str, before: str | None, most: int) -> tuple[list[Session], str | None]:
    """A page of the same list up to there, and where the page before ends.

    What was made in the same microsecond is in the order of the index alone, so the page is read from that very place.
    """
    found = [str(before), *read_places(service_sid, before, most, newest_first=False)]
    page = [session_sid_at(place) for place in found[:most]]
    return get_undeleted(page)[::-1], found[most] if len(found) > most else None


def read_places(service_sid: str, beyond: str | None, most: int, newest_first: bool) -> list[str]:
    """The next places in the list of a service's sessions: when each was made, and its SID."""
    start = None
    if beyond:
        keys = {"service_sid": service_sid, "listed_as": beyond.partition("|")[0], "entry": "session"}
        start = {name: {"S": value} for name, value in (keys | {"session_sid": session_sid_at(beyond)}).items()}
    found = Session.of_service.query(
        service_sid, scan_index_forward=not newest_first, limit=most, last_evaluated_key=start
    )
    return [f"{key.listed_as}|{key.session_sid}" for key in found]


def session_sid_at(place: str) -> str:
    """The SID of the session that is listed there."""
    return place.partition("|")[2]


def get_undeleted(session_sids: list[str]) -> list[Session]:
    """Those of these sessions that are there, in the same order."""
    keys = [(sid, "session") for sid in session_sids]
    found = {session.session_sid: session for session in Session.batch_get(keys, consistent_read=True)}
    return [found[sid] for sid in session_sids if sid in found and not found[sid].is_deleted]


def show_session(session: Session, base: str, now: float) -> dict[str, Any]:
    """The session as Proxy's REST API writes it. An expired one is shown closed at its expiry, cleaned up or not."""
    expired = session.is_closed(now) and session.status != "closed"
    url = f"{base}/v1/Services/{session.service_sid}/Sessions/{session.session_sid}"
    return {
        "service_sid": session.service_sid,
        "status": "closed" if expired else session.status,
        "unique_name": session.unique_name,
        "date_started": date(session.date_started),
        "date_ended": date(session.expires_at if expired else session.date_ended),
        "date_last_interaction": date(session.date_last_interaction),
        "date_expiry": date(session.date_expiry),
        "ttl": session.ttl,
        "mode": session.mode,
        "closed_reason": session.expiry_reason if expired else session.closed_reason,
        "sid": session.session_sid,
        "date_updated": date(session.expires_at if expired else session.date_updated),
        "date_created": date(session.date_created),
        "account_sid": config.TWILIO_ACCOUNT_SID,
        "url": url,
        "links": {"interactions": f"{url}/Interactions", "participants": f"{url}/Participants"},
        "label": session.label,
        "calls_made": len(session.calls_made or ()),
        **show_terms(session.terms),
    }


def show_assignment(session: Session, people: Iterable[Participant]) -> dict[str, Any]:
    """What a dry run answers: the mode that the session has, and which number each would have in it."""
    names = ("identifier", "more_identifiers", "proxy_identifier", "proxy_identifier_sid", "digit")
    shown = [show_participant(person, session.service_sid, "") for person in people]
    return {
        "assignable": True,
        "service_sid": session.service_sid,
        "mode": session.mode,
        "participants": [{name: person[name] for name in names} for person in shown],
    }


def show_participant(person: Participant, service_sid: str, base: str) -> dict[str, Any]:
    """The participant as Proxy's REST API writes it; and their PIN, as far as a secret that is still known opens it."""
    pin = {"pin": unseal(person.sealed_pin, person.sid) or None} if person.sealed_pin else {}
    url = f"{base}/v1/Services/{service_sid}/Sessions/{person.session_sid}/Participants/{person.sid}"
    return {
        "sid": person.sid,
        "session_sid": person.session_sid,
        "service_sid": service_sid,
        "account_sid": config.TWILIO_ACCOUNT_SID,
        "friendly_name": person.friendly_name,
        "identifier": person.identifier,
        "more_identifiers": person.numbers[1:],
        "rings": person.rings or TOGETHER,
        "proxy_identifier": person.proxy_identifier,
        "proxy_identifier_sid": person.proxy_identifier_sid,
        "digit": int(person.digit or 1),
        "date_deleted": date(person.date_deleted),
        "date_created": date(person.date_created),
        "date_updated": date(person.date_updated),
        "url": url,
        "links": {"message_interactions": f"{url}/MessageInteractions"},
        **pin,
    }
