"""Every type of event. What it says is its noun's; here they stand together."""

from typing import Any

from toritsugi.bridges.news import EVENTS_OF_CALLS, CallNews
from toritsugi.costs.news import EVENTS_OF_COSTS, UnusualDayNews
from toritsugi.limits.news import EVENTS_OF_LIMITS, EVENTS_OF_UNUSUAL_CALLS, LimitNews, UnusualNews
from toritsugi.lines.news import EVENTS_OF_LINES, LineNews
from toritsugi.masking.news import (
    EVENTS_OF_EXPIRY,
    EVENTS_OF_INTERACTIONS,
    EVENTS_OF_POOLS,
    EVENTS_OF_SESSIONS,
    ExhaustedNews,
    ExpiryNews,
    InteractionNews,
    SessionNews,
)
from toritsugi.messages.news import EVENTS_OF_MESSAGES, MessageNews
from toritsugi.recordings.news import EVENTS_OF_RECORDINGS, RecordingNews
from toritsugi.subscriptions.news import EVENTS_OF_SUBSCRIPTIONS, SubscriptionNews

CATALOG: list[tuple[dict[str, str], type[Any]]] = [
    (EVENTS_OF_SESSIONS, SessionNews),
    (EVENTS_OF_EXPIRY, ExpiryNews),
    (EVENTS_OF_INTERACTIONS, InteractionNews),
    (EVENTS_OF_POOLS, ExhaustedNews),
    (EVENTS_OF_CALLS, CallNews),
    (EVENTS_OF_MESSAGES, MessageNews),
    (EVENTS_OF_RECORDINGS, RecordingNews),
    (EVENTS_OF_LINES, LineNews),
    (EVENTS_OF_LIMITS, LimitNews),
    (EVENTS_OF_UNUSUAL_CALLS, UnusualNews),
    (EVENTS_OF_COSTS, UnusualDayNews),
    (EVENTS_OF_SUBSCRIPTIONS, SubscriptionNews),
]
MEANING_OF_EVENT = {type: meaning for meanings, _ in CATALOG for type, meaning in meanings.items()}
FACTS_OF_EVENT = {type: facts for meanings, facts in CATALOG for type in meanings}

# What a subscription may name: a type, all of a noun, or all.
SELECTORS = ("*", *dict.fromkeys(f"{type.partition('.')[0]}.*" for type in MEANING_OF_EVENT), *MEANING_OF_EVENT)
