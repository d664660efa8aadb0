"""The slow lane: a queue, and processes, for receivers that are slow, so that they take none from the others.

A receiver is a subscription, or a service with a CallbackUrl. Everything comes by the one queue. Whoever reads there a
message for a receiver that was slow lately does not wait for it, but passes the message on to the other queue. As long
as any message of a group is on its way there, the next one follows it, however quick the receiver has become: else it
would overtake.
"""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from toritsugi.foundation.retention import kept_until
from toritsugi.foundation.transactions import delete_if
from toritsugi.subscriptions.records import NotificationEntry

SLOW_ANSWER_SECONDS = 1.0  # one answer that takes so long makes a receiver slow
SLOW_LANE_SECONDS = 3600  # for which it is slow then
LANE_RETENTION = 30  # days; no message is on its way for longer than its queue keeps it, which is 14
PACE = "pace"


class Pace(NotificationEntry, discriminator="pace"):
    """Until when a receiver counts as slow."""

    slow_until = NumberAttribute()
    forget_at = NumberAttribute(null=True)


class PassedOn(NotificationEntry, discriminator="passed-on"):
    """The last message of a group that was passed on to the slow lane, and is on its way there."""

    last = UnicodeAttribute()
    forget_at = NumberAttribute(null=True)


def needs_slow_lane(receiver: str, group: str, now: float) -> bool:
    """Whether a message is to be passed on: its receiver is slow, or one of its group was, and is not done yet."""
    try:
        pace = Pace.get(receiver, PACE, consistent_read=True)
        return now < pace.slow_until or bool(PassedOn.get(receiver, entry_of(group), consistent_read=True))
    except (Pace.DoesNotExist, PassedOn.DoesNotExist):
        return False


def entry_of(group: str) -> str:
    return f"passed-on {group}"


def note_slow(receiver: str, now: float) -> None:
    """It has taken its time, or has not answered at all."""
    Pace(receiver, PACE, slow_until=now + SLOW_LANE_SECONDS, forget_at=kept_until(now, LANE_RETENTION)).save()


def note_passed_on(receiver: str, group: str, message: str, now: float) -> None:
    """A message is about to be passed on."""
    PassedOn(receiver, entry_of(group), last=message, forget_at=kept_until(now, LANE_RETENTION)).save()


def note_done(receiver: str, group: str, message: str) -> None:
    """A message in the slow lane is done; if it was the last of its group there, the next need not follow it."""
    delete_if(PassedOn(receiver, entry_of(group)), PassedOn.last == message)
