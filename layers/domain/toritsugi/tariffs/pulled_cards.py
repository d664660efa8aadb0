"""Rate cards that were pulled: one for each day, in one partition of the directory, which the REST API reads anyway.

The newest counts, and old ones stay. One that is not whole yet lies beside them, so that a pull can go on.
"""

import base64
import json
import zlib
from collections.abc import Iterable, Iterator

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute

from toritsugi.foundation.errors import wrong_field
from toritsugi.lines.directory import DirectoryKey, Entry, look_up_entries
from toritsugi.money.rates import SHIPPED_CARDS, RateCard, rate_card_to_json, read_rate_card, shipped_card

PARTITION, WHOLE_CARD, UNFINISHED = "rates", "card#", "pull"


class PulledCard(Entry, discriminator="rate-card"):
    """A card as JSON, compressed: of some countries it is a hundred thousand characters. `countries` are in it."""

    document = UnicodeAttribute()  # in base64
    countries = ListAttribute(of=UnicodeAttribute)
    pulled_at = NumberAttribute()

    @property
    def card(self) -> RateCard:
        """What it says."""
        return read_rate_card(zlib.decompress(base64.b64decode(self.document)).decode())


def find_newest_card() -> RateCard | None:
    """The card that was pulled last, in one round trip; None where nobody has pulled any."""
    return next((one.card for one in newest_first(most=1)), None)


def list_cards() -> Iterator[PulledCard]:
    """All that were pulled, the newest first."""
    return newest_first()


def newest_first(most: int | None = None) -> Iterator[PulledCard]:
    rows = PulledCard.query(
        PARTITION,
        PulledCard.entry.startswith(WHOLE_CARD),
        scan_index_forward=False,
        limit=most,
        consistent_read=True,
    )
    return (one for one in rows if isinstance(one, PulledCard))


def get_card(name: str | None) -> RateCard:
    """The card of this name, pulled or shipped; None: the newest that was pulled, else the usual one.

    Raises RequestRefused.
    """
    if name is None:
        return find_newest_card() or shipped_card()
    if name in SHIPPED_CARDS:
        return shipped_card(name)
    pulled = {one.card.name: one.card for one in list_cards()}
    if name not in pulled:
        raise wrong_field("card", f"there is none of this name, but {', '.join([*pulled, *SHIPPED_CARDS])}")
    return pulled[name]


# ---- they are pulled -------------------------------------------------------------------------------------------------


def keep_card(card: RateCard, countries: Iterable[str], now: float) -> None:
    """Keeps a card that is whole, in place of one of the same day."""
    write_card(f"{WHOLE_CARD}{card.as_of.isoformat()}", card, countries, now)
    forget_unfinished()


def keep_unfinished(card: RateCard, countries: Iterable[str], now: float) -> None:
    """Keeps what was pulled so far."""
    write_card(UNFINISHED, card, countries, now)


def write_card(entry: str, card: RateCard, countries: Iterable[str], now: float) -> None:
    text = json.dumps(rate_card_to_json(card), ensure_ascii=False)
    document = base64.b64encode(zlib.compress(text.encode())).decode()
    kept = PulledCard(
        PARTITION,
        entry,
        document=document,
        countries=list(countries),
        pulled_at=int(now),
    )
    kept.save()


def find_unfinished() -> PulledCard | None:
    """What a pull has left that was not finished."""
    key: DirectoryKey = (PARTITION, UNFINISHED)
    found = look_up_entries([key]).get(key)
    return found if isinstance(found, PulledCard) else None


def forget_unfinished() -> None:
    if found := find_unfinished():
        found.delete()
