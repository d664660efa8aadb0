"""What lies in a bridge's partition: the bridge, its people, its announcements, what was spoken, what was told."""

from collections.abc import Sequence

from pynamodb.attributes import (
    BooleanAttribute,
    DiscriminatorAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from toritsugi.foundation import config, transactions
from toritsugi.foundation.retention import is_past
from toritsugi.foundation.tables import Table

BridgeKey = tuple[str, str]


class CallsUnder(GlobalSecondaryIndex["BridgeEntry"]):  # type: ignore[no-untyped-call]
    """The calls of a person, and those of a session, in the order of time: a number, or a SID, leads to both.

    A person's entry is that of a party, so it may be there twice. The index may lag, by a second or so.
    """

    class Meta:
        index_name = "under"
        projection = IncludeProjection(["kind"])

    listed_under = UnicodeAttribute(hash_key=True)
    listed_as = UnicodeAttribute(range_key=True)


class BridgeEntry(Table):
    """Whatever lies in a bridge's partition. The SID, KB..., is the opaque name of its room, too."""

    class Meta:
        table_name = config.BRIDGES_TABLE

    bridge_sid = UnicodeAttribute(hash_key=True)
    entry = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()
    listed_under = UnicodeAttribute(null=True)
    listed_as = UnicodeAttribute(null=True)

    under = CallsUnder()


class BridgesByMonth(GlobalSecondaryIndex["Bridge"]):  # type: ignore[no-untyped-call]
    """The keys of a month's bridges. It may lag: read the bridges themselves before believing it."""

    class Meta:
        index_name = "made-in"
        projection = IncludeProjection(["kind"])

    month = UnicodeAttribute(hash_key=True)
    listed_as = UnicodeAttribute(range_key=True)


class Bridge(BridgeEntry, discriminator="bridge"):
    """A bridge.

    `deadline` is there from the first conference-start on, and each change of it is a new `version`. It is `full_time`,
    when its minutes and extensions are used up, unless the masked session that it is of ends before.

    `window` is how many seconds before the deadline the star begins to count: with the first warning. `extended_from`
    is the deadline before the extensions that the session has not followed yet, `prolonged` the version that it
    follows, `enrolled` that it knows this bridge. `armed` is the version whose timers are set, `next_look` the moment
    for which one more is under way, `closed` the conference that we have ended. `ended_at` is written before anybody is
    hung up, so that nothing goes on meanwhile. What it uses of the limits was `reserved_at`, with so many yen.
    """

    through = UnicodeAttribute()  # dial or conference
    line = UnicodeAttribute()
    minutes = NumberAttribute()
    ring_seconds = NumberAttribute()
    if_unanswered = UnicodeAttribute()  # end, retry or wait
    accept = BooleanAttribute(default=False)
    detect = BooleanAttribute(default=False)
    waiting = UnicodeAttribute(null=True)  # the address of what is heard while nobody else is there
    extension_minutes = NumberAttribute(default=0)
    extension_times = NumberAttribute(default=0)
    extension_by = ListAttribute(of=NumberAttribute, null=True)  # places; absent: anyone
    window = NumberAttribute(default=0)
    service_sid = UnicodeAttribute(null=True)
    session_sid = UnicodeAttribute(null=True)

    deadline = NumberAttribute(null=True)
    full_time = NumberAttribute(null=True)
    version = NumberAttribute(default=0)
    extensions = NumberAttribute(default=0)
    extended_at = NumberAttribute(null=True)
    extended_from = NumberAttribute(null=True)
    armed = NumberAttribute(default=0)
    next_look = NumberAttribute(null=True)
    next_look_by = UnicodeAttribute(null=True)  # the message that sends the timer
    prolonged = NumberAttribute(default=0)
    closed = UnicodeAttribute(null=True)
    enrolled = BooleanAttribute(null=True)
    reserved_at = NumberAttribute(null=True)
    reserved_yen = NumberAttribute(default=0)
    ended_at = NumberAttribute(null=True)
    end_reason = UnicodeAttribute(null=True)
    forget_at = NumberAttribute(null=True)

    asked = UnicodeAttribute(default="")  # the hash of the request, by which a repeated one is known
    month = UnicodeAttribute()
    listed_as = UnicodeAttribute()
    date_created = NumberAttribute()

    made_in = BridgesByMonth()

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None

    @property
    def status(self) -> str:
        """Ringing, until two people are put through to each other; then in-progress, and completed."""
        return "completed" if self.is_over else "in-progress" if self.version else "ringing"

    @property
    def is_kept(self) -> bool:
        """Whether it has not ended so long ago that nobody is shown it any more."""
        return not is_past(self.forget_at, self.ended_at, config.CALL_RETENTION)


class PartiesByNumber(GlobalSecondaryIndex["Party"]):  # type: ignore[no-untyped-call]
    """In which bridges a person is or was: for whoever is to be erased. It may lag, by a second or so."""

    class Meta:
        index_name = "of-person"
        projection = IncludeProjection(["kind"])

    number = UnicodeAttribute(hash_key=True)
    bridge_sid = UnicodeAttribute(range_key=True)


class Party(BridgeEntry, discriminator="party"):
    """One of its people, the `place`th. `attempts` counts how often they were called; `call_sid` is of the last time.

    `limited` is the version of the deadline that Twilio's own time limit of this leg follows; `released` the attempt
    whose leg we have hung up, at `released_at`. `doubted_at` is when it was last unknown whether Twilio makes the last
    call, `doubts` how often that was so. `with_unconfirmed`: the caller's number could not be confirmed, as they hear
    with the whisper.
    """

    place = NumberAttribute()
    number = UnicodeAttribute()
    shows = UnicodeAttribute()
    name = UnicodeAttribute(null=True)
    whisper = UnicodeAttribute(null=True)
    with_unconfirmed = BooleanAttribute(null=True)
    language = UnicodeAttribute()
    voice = UnicodeAttribute(null=True)
    report_to = UnicodeAttribute(null=True)  # the path of a masked session's leg, where there is a session
    attempts = NumberAttribute(default=0)
    attempted_at = NumberAttribute(null=True)
    call_sid = UnicodeAttribute(null=True)
    refused = UnicodeAttribute(null=True)  # why Twilio did not make the last call
    refused_code = NumberAttribute(null=True)  # and with which code
    doubted_at = NumberAttribute(null=True)
    doubts = NumberAttribute(default=0)
    limited = NumberAttribute(default=0)
    released = NumberAttribute(default=0)
    released_at = NumberAttribute(null=True)
    removed_at = NumberAttribute(null=True)
    date_created = NumberAttribute()

    by_number = PartiesByNumber()


class Announcement(BridgeEntry, discriminator="announcement"):
    """Words or audio for the room, or for the person in the place `to`.

    It is due `before_end` or `after_start`, in seconds, or at the moment `at`.
    """

    id = NumberAttribute()
    before_end = NumberAttribute(null=True)
    after_start = NumberAttribute(null=True)
    at = NumberAttribute(null=True)
    words = UnicodeAttribute(null=True)
    audio = UnicodeAttribute(null=True)
    language = UnicodeAttribute()
    voice = UnicodeAttribute(null=True)
    to = NumberAttribute(null=True)


class Spoken(BridgeEntry, discriminator="spoken"):
    """An announcement was claimed for one deadline: nobody else speaks it. `dropped` says why it was not spoken.

    `heard_by` is the request of Twilio's that was answered with its words: no other is. `doubted_at` is when it was
    last unknown whether Twilio makes one.
    """

    id = NumberAttribute()
    version = NumberAttribute()
    due = NumberAttribute()
    at = NumberAttribute()
    dropped = UnicodeAttribute(null=True)
    doubted_at = NumberAttribute(null=True)
    heard_by = UnicodeAttribute(null=True)


class BridgeEvent(BridgeEntry, discriminator="event"):
    """A callback: of a leg (`call_sid`, `place`, `attempt`), or of the room (`conference_sid`, perhaps `call_sid`)."""

    name = UnicodeAttribute()
    at = NumberAttribute()
    sequence = NumberAttribute()
    call_sid = UnicodeAttribute(null=True)
    conference_sid = UnicodeAttribute(null=True)
    place = NumberAttribute(null=True)
    attempt = NumberAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    seconds = NumberAttribute(null=True)
    minutes = NumberAttribute(null=True)
    answered_by = UnicodeAttribute(null=True)
    error_code = NumberAttribute(null=True)


def bridge_key(bridge_sid: str) -> BridgeKey:
    return bridge_sid, "bridge"


def party_key(bridge_sid: str, place: int) -> BridgeKey:
    return bridge_sid, f"party#{place:03}"


def announcement_key(bridge_sid: str, announcement: int) -> BridgeKey:
    return bridge_sid, f"announcement#{announcement:04}"


def spoken_key(bridge_sid: str, announcement: int, version: int) -> BridgeKey:
    return bridge_sid, f"spoken#{announcement:04}#{version:04}"


def look_up_bridge_entries(*keys: BridgeKey) -> dict[BridgeKey, BridgeEntry]:
    """The entries there are under these keys, consistently, in one round trip."""
    return {(found.bridge_sid, found.entry): found for found in BridgeEntry.batch_get(list(keys), consistent_read=True)}


def update_unread_if(entry: Bridge | Party, actions: Sequence[Action], condition: Condition) -> bool:
    """As that of transactions; but the entry in hand stays as it was read, for all steps of one look go by it."""
    return transactions.update_if(type(entry)(entry.bridge_sid, entry.entry), actions, condition)
