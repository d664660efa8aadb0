"""The pool of a service: its numbers, how they come and go, and which of them people can be given."""

import itertools
import time
from collections.abc import Collection, Iterable
from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from toritsugi.foundation import config
from toritsugi.foundation.errors import RequestRefused, not_found
from toritsugi.foundation.forms import date
from toritsugi.foundation.logs import log
from toritsugi.foundation.pages import place_at
from toritsugi.foundation.sids import check_sid
from toritsugi.foundation.transactions import MAX_TRIES, refusals, set_or_remove, update_if, write_transaction
from toritsugi.lines.lines import Line, find_line, line_key
from toritsugi.lines.numbers import country_of
from toritsugi.masking.routes import MAX_SCANNED_PAGES, SETTLED_SECONDS, Route, live_routes
from toritsugi.masking.services import Service, ServiceEntry, service_is_busy

MOVING_SECONDS = 60  # longer than proxy.py may run, so whoever began to move a number before is gone


LATELY_SECONDS = 60


MAX_POOL_NUMBERS = {
    False: 500,
    True: 5000,
}  # of a pool, unreserved and reserved: https://www.twilio.com/docs/proxy/proxy-limits

MAX_WRITTEN_AT_ONCE = 100  # as many as a transaction takes

NEARLY_FULL = 0.85  # of that, from where on the log warns: https://www.twilio.com/docs/api/errors/80624


class PoolNumber(ServiceEntry, discriminator="number"):
    """The same number in its service's pool: what allocation needs to know.

    While somebody brings it in or takes it out, `moved_at` says since when: its calls may not come to us, so nobody is
    given it; 0 where it was left on the way. `given_at` is when somebody was given it last, give or take a minute.
    `has_choices`: somebody was given several sessions over it, as its line says as well.
    """

    sid = UnicodeAttribute()
    phone_number = UnicodeAttribute()
    friendly_name = UnicodeAttribute()
    country = UnicodeAttribute()
    voice = BooleanAttribute()
    sms = BooleanAttribute()
    mms = BooleanAttribute()
    reserved = BooleanAttribute(default=False)
    date_created = NumberAttribute()
    date_updated = NumberAttribute()
    moved_at = NumberAttribute(null=True)
    given_at = NumberAttribute(null=True)
    has_choices = BooleanAttribute(null=True)


def pool_entry(number_sid: str) -> str:
    """Where a service keeps a number of its pool."""
    return f"number#{number_sid}"


def place_of_number(number: "PoolNumber") -> str:
    """Where a number is among those of its pool, which are listed in their own order."""
    return place_at(number.phone_number, number.sid)


def read_pool(service_sid: str) -> tuple[Service, list["PoolNumber"]]:
    """A service and its numbers in one query, however many sessions it has. Raises RequestRefused 20404."""
    # "number#..." and "service" sort before "session-name#...", of which there may be a million
    entries = list(ServiceEntry.query(service_sid, ServiceEntry.entry <= "service", consistent_read=True))
    services = [entry for entry in entries if isinstance(entry, Service)]
    if not services or services[0].deleted_at is not None:
        raise not_found(f"/Services/{service_sid}")
    return services[0], [entry for entry in entries if isinstance(entry, PoolNumber)]


def list_all_numbers(service_sid: str) -> list["PoolNumber"]:
    """The numbers of a pool, also of a service that is there for nobody any more."""
    return list(PoolNumber.query(service_sid, PoolNumber.entry.startswith("number#"), consistent_read=True))


def read_usable(service_sid: str) -> tuple[Service, list["PoolNumber"]]:
    """A service and those of its numbers that people can be given. Raises RequestRefused 20404."""
    service, pool = read_pool(service_sid)
    return service, [number for number in pool if number.moved_at is None]


def add_to_pool(service_sid: str, owned: dict[str, Any], reserved: bool, moved_at: int | None = None) -> PoolNumber:
    """Adds a number of ours to the pool of a service; returns it. A number is in one pool at most.

    With `moved_at` it is on its way, also where it was left there before, and is given to nobody until `bring_in`.
    `owned` is what Twilio knows of it. Raises RequestRefused 80101, 80104 (it is in a pool already), 80622 (the
    pool is full), 20409.
    """
    service, pool = read_pool(service_sid)
    left = next((number for number in pool if number.sid == owned["sid"] and number.moved_at is not None), None)
    if left and moved_at is not None:
        begin_move(left, moved_at)
        reserve(left, reserved)
        return left
    alike, most = check_room(pool, reserved), MAX_POOL_NUMBERS[reserved]
    now = int(time.time())
    number = PoolNumber(
        service_sid,
        pool_entry(owned["sid"]),
        sid=owned["sid"],
        phone_number=owned["phone_number"],
        friendly_name=owned["friendly_name"] or owned["phone_number"],
        country=country_of(owned["phone_number"]) or "",
        reserved=reserved,
        date_created=now,
        date_updated=now,
        moved_at=moved_at,
        **owned["capabilities"],
    )
    line: list[Action] = [
        Line.kind.set(Line),
        Line.service_sid.set(service_sid),
        Line.number_sid.set(number.sid),
        Line.former.set(Line.former | those_that_come(owned)),  # of a line with a reception they are known already
        Line.mms.set(bool(number.mms)),
        set_or_remove(Line.takes_pins, service.pin_entry or None),
    ]
    for _ in range(MAX_TRIES):
        with refusals() as places, write_transaction() as transaction:
            transaction.update(Line(*line_key(number.phone_number)), line, condition=Line.service_sid.does_not_exist())
            transaction.save(number)
            as_read = Service.pin_entry != (not service.pin_entry)
            transaction.condition_check(Service, service_sid, "service", condition=as_read)
        if not places:
            if alike + 1 >= NEARLY_FULL * most:
                log.warning("a pool is nearly full", code=80624, service_sid=service_sid, numbers=alike + 1, most=most)
            note_asked(service_sid, number)
            return number
        found = find_line(number.phone_number)
        if found and found.service_sid == service_sid:
            raise RequestRefused(80104, "The phone number has already been added to this Service")
        if found and found.service_sid:
            raise RequestRefused(80101, "The phone number has already been added to another Service")
    raise moving()


def check_room(pool: list[PoolNumber], reserved: bool) -> int:
    """How many numbers of this kind, reserved or not, are in a pool that has room for one more.

    Raises RequestRefused 80622 where it has none.
    """
    alike, most = sum(number.reserved == reserved for number in pool), MAX_POOL_NUMBERS[reserved]
    if alike >= most:
        raise RequestRefused(80622, f"The pool has {most} numbers of this kind, which is the most it can have")
    return alike


def those_that_come(owned: dict[str, Any]) -> dict[str, str]:
    """Those of a number's webhooks that are pointed at us: of its texts only where it can have any."""
    texts = owned["capabilities"]["sms"]
    return {name: value for name, value in owned["webhooks"].items() if texts or not name.startswith("sms_")}


def get_pool_number(service_sid: str, number_sid: str) -> PoolNumber:
    """The number of this SID, if it is in this service's pool. Raises RequestRefused 20404, 80407 for what is none."""
    check_sid(number_sid, "PN", 80407)
    try:
        return PoolNumber.get(service_sid, pool_entry(number_sid), consistent_read=True)
    except PoolNumber.DoesNotExist:
        raise not_found(f"/Services/{service_sid}/PhoneNumbers/{number_sid}") from None


def abilities(number: PoolNumber) -> dict[str, bool]:
    """What a number can do, as its service was told when it came into the pool."""
    return {"voice": number.voice, "sms": number.sms, "mms": number.mms}


def reserve(number: PoolNumber, reserved: bool) -> None:
    """Reserves a number, or frees it: a reserved one is given to nobody who does not ask for it.

    Whoever has it keeps it. Raises RequestRefused 20404, and 80622 where the pool has no room for one more such.
    """
    if number.reserved != reserved:
        check_room(list_all_numbers(number.service_sid), reserved)
    actions: list[Action] = [PoolNumber.reserved.set(reserved), PoolNumber.date_updated.set(int(time.time()))]
    if not update_if(number, actions, PoolNumber.entry.exists()):
        raise not_found(f"/Services/{number.service_sid}/PhoneNumbers/{number.sid}")


def remove_from_pool(number: PoolNumber) -> None:
    """Takes a number out of its pool. It is no line of ours any more unless it has a reception.

    Raises RequestRefused 20409.
    """
    for _ in range(MAX_TRIES):
        if remove_as_seen(number, find_line(number.phone_number)):
            return
    raise moving()


def remove_as_seen(number: PoolNumber, line: Line | None) -> bool:
    """Whether the number has left its pool.

    False if a reception has come or gone since the line was seen, or somebody else moves the number by now.
    """
    if line and line.service_sid != number.service_sid:
        return True  # somebody else was faster, and it may work for others by now
    with refusals() as places, write_transaction() as transaction:
        if line and line.reception:
            gone: list[Action] = [Line.service_sid.remove(), Line.service_deleted_at.remove()]
            gone += [Line.asks.remove(), Line.takes_pins.remove(), Line.has_choices.remove()]
            transaction.update(line, gone, condition=is_of(number) & Line.reception.exists())
        else:
            alone = Line.entry.does_not_exist() | is_of(number) & Line.reception.does_not_exist()
            transaction.delete(Line(*line_key(number.phone_number)), condition=alone)
        transaction.delete(number, condition=is_as_moved(number))
    return not places


def cut_off(service_sid: str, now: float) -> None:
    """From now on no session of the service is reached over a number of its pool, also where it has a reception.

    It is written into the lines, for those a call reads anyway, and there are fewer of them than of sessions. Twice is
    once.
    """
    write_into_lines(list_all_numbers(service_sid), [Line.service_deleted_at.set(int(now))])


def note_asked(service_sid: str, only: PoolNumber | None = None) -> None:
    """Has the lines of a pool, or the `only` one that has come into it, say when the owner's system is asked.

    They say whether callers are asked for a PIN, too; all as the latest edition of the service says it: whoever has
    saved it writes into the lines that are in the pool by then, and whoever brings a number in reads the service after
    that. Raises RequestRefused 20404, 80503.
    """
    for _ in range(MAX_TRIES):
        service, numbers = read_pool(service_sid)
        if only and not service.asks:
            return
        said = [set_or_remove(Line.asks, service.asks), set_or_remove(Line.takes_pins, service.pin_entry or None)]
        if write_into_lines([only] if only else numbers, said, service):
            return
    raise service_is_busy()


def write_into_lines(numbers: list[PoolNumber], actions: list[Action], service: Service | None = None) -> bool:
    """Whether this was done to the lines of these numbers, but those that have left the pool.

    Where a `service` is given, it is not done to all if that is not as it was read.
    """
    most = MAX_WRITTEN_AT_ONCE - bool(service)
    while numbers:
        batch, numbers = numbers[:most], numbers[most:]
        with refusals() as refused, write_transaction() as transaction:
            if service:
                as_read = Service.edition == service.edition
                transaction.condition_check(Service, service.service_sid, service.entry, condition=as_read)
            for number in batch:
                transaction.update(Line(*line_key(number.phone_number)), actions, condition=is_of(number))
        if service and 0 in refused:
            return False
        if refused:
            places = {place - bool(service) for place in refused}
            numbers = [number for place, number in enumerate(batch) if place not in places] + numbers
    return True


def is_of(number: PoolNumber) -> Condition:
    """The line is that of this number in this pool."""
    return (Line.number_sid == number.sid) & (Line.service_sid == number.service_sid)


# ---- on its way in or out, and given to people -----------------------------------------------------------------------


def begin_move(number: PoolNumber, now: int) -> None:
    """Nobody is given the number from now on. Raises RequestRefused 20404, and 20409 while somebody else moves it."""
    if (number.moved_at or 0) >= now - MOVING_SECONDS:
        raise moving()
    if not update_if(number, [PoolNumber.moved_at.set(now)], PoolNumber.entry.exists() & is_as_moved(number)):
        get_pool_number(number.service_sid, number.sid)
        raise moving()


def bring_in(number: PoolNumber) -> None:
    """People can be given the number, unless somebody else moves it by now."""
    update_if(number, [PoolNumber.moved_at.remove()], is_as_moved(number))


def leave_out(number: PoolNumber) -> None:
    """Nobody knows where the number's calls go, so nobody is given it, until it is added or removed once more."""
    update_if(number, [PoolNumber.moved_at.set(0)], is_as_moved(number))


def is_as_moved(number: PoolNumber) -> Condition:
    """Nobody else has moved the number, or moves it."""
    seen = number.moved_at
    return PoolNumber.moved_at.does_not_exist() if seen is None else PoolNumber.moved_at == seen


def is_usable() -> Condition:
    """The number is in its pool, and people can be given it."""
    return PoolNumber.entry.exists() & PoolNumber.moved_at.does_not_exist()


def hold(transaction: TransactWrite, numbers: Iterable[PoolNumber], now: int, shared: Collection[str] = ()) -> int:
    """Has a transaction fail if one of these numbers is not in its pool as it was read.

    Returns how many condition checks that takes. A number that was not given to anybody lately is written down as
    given, by an update. Over those that are `shared` somebody is given one more session than they have already.
    """
    checks = 0
    for number in {number.sid: number for number in numbers}.values():
        as_read, marks = is_usable() & (PoolNumber.reserved != (not number.reserved)), list[Action]()
        if number.phone_number in shared and number.has_choices:
            as_read &= PoolNumber.has_choices.exists()
        elif number.phone_number in shared:
            marks = [have_calls_look(transaction, number)]
        if not marks and (number.given_at or 0) > now - LATELY_SECONDS:
            checks += 1
            transaction.condition_check(PoolNumber, number.service_sid, number.entry, condition=as_read)
        else:
            transaction.update(number, [PoolNumber.given_at.set(now), *marks], condition=as_read)
    return checks


def have_calls_look(transaction: TransactWrite, number: PoolNumber) -> Action:
    """Has a transaction write into the number's line that a call looks there for all sessions of its caller.

    Returns what the same transaction has to do to the number itself.
    """
    line = Line(*line_key(number.phone_number))
    transaction.update(line, [Line.has_choices.set(True)], condition=is_of(number))
    return PoolNumber.has_choices.set(True)


def moving() -> RequestRefused:
    """The refusal (20409) of a change which others were faster with, several times over."""
    return RequestRefused(20409, "Others are changing this number at the same time. Please try again", 409)


def show_pool_number(number: PoolNumber, in_use: int, base: str) -> dict[str, Any]:
    """The number as Proxy's REST API writes it. `in_use` is how many sessions reach somebody through it."""
    return {
        "sid": number.sid,
        "account_sid": config.TWILIO_ACCOUNT_SID,
        "service_sid": number.service_sid,
        "date_created": date(number.date_created),
        "date_updated": date(number.date_updated),
        "phone_number": number.phone_number,
        "friendly_name": number.friendly_name,
        "iso_country": number.country,
        "capabilities": {"voice": number.voice, "sms": number.sms, "mms": number.mms, "fax": False},
        "url": f"{base}/v1/Services/{number.service_sid}/PhoneNumbers/{number.sid}",
        "is_reserved": number.reserved,
        "in_use": in_use,
    }


def is_in_use(number: PoolNumber, now: float) -> bool:
    """Whether somebody is reached over a number that nobody is given any more, or may be.

    To whom it was given lately, the index may not show yet. The table does, but it is long: where it is too long to be
    looked through, who knows.
    """
    if live_routes(number.phone_number, now):
        return True
    if (number.given_at or 0) < now - SETTLED_SECONDS:
        return False
    pages = Route.scan(Route.live_on == number.phone_number, consistent_read=True).page_iter
    for page in itertools.islice(pages, MAX_SCANNED_PAGES):
        if any(Route.from_raw_data(item).connects(now) for item in page["Items"]):
            return True
    return pages.last_evaluated_key is not None
