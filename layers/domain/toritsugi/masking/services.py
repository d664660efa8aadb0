"""Services: a marketplace, a clinic, a delivery: each with its pool of numbers, its sessions and its rules."""

import json
import re
import time
import uuid
from collections.abc import Sequence
from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    DiscriminatorAttribute,
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
    VersionAttribute,
)

from toritsugi import words
from toritsugi.foundation import config
from toritsugi.foundation.durations import DEFAULT_WARNING_SECONDS
from toritsugi.foundation.errors import RequestRefused, not_found
from toritsugi.foundation.forms import MAX_UNIQUE_NAME, Form, check_name, date, invalid_parameter
from toritsugi.foundation.retention import DAY_SECONDS
from toritsugi.foundation.sids import check_sid, is_sid, looks_like_sid
from toritsugi.foundation.tables import Table
from toritsugi.foundation.transactions import MAX_TRIES, refusals, write_transaction
from toritsugi.lines.identity import REFUSE, UNCONFIRMED_CALLERS
from toritsugi.lines.lines import ASKS_ABOUT_STRANGERS, ASKS_BEFORE
from toritsugi.masking.terms import TERM_FIELDS, read_terms, show_terms

MAX_TTL = 2_147_483_646
MAX_DAYS_AROUND_END = 30  # of a warning before it, and of a grace period after it
MAX_SENTENCE = 300
TELEPHONE_NUMBER = re.compile(r"(?:\d[\s().・-]*){7}")

GEO_MATCH_LEVELS = ("area-code", "overlay", "radius", "country", "extended-area-code")
SERVICE_FIELDS = (
    *("UniqueName", "DefaultTtl", "CallbackUrl", "InterceptCallbackUrl", "OutOfSessionCallbackUrl"),
    *("GeoMatchLevel", "NumberSelectionBehavior", "ChatInstanceSid"),
    *("CallsOutliveExpiry", "CloseEndsCalls", "Quarantine", "Through", "WarnBeforeEnd"),
    *("WarnBeforeExpiry", "GracePeriod", "EndedSentence"),
    *("ExtensionMinutes", "ExtensionTimes", "Record", "UnconfirmedCallers", "CallbacksSignedBy", "InterceptFails"),
    *("PinEntry", "SeveralSessions"),
    *TERM_FIELDS,
)
NUMBER_SELECTION_BEHAVIORS = ("prefer-sticky", "avoid-sticky")
OWN_SECRET, AUTH_TOKEN = CALLBACK_KEYS = ("own-secret", "auth-token")
ASKED_ADDRESSES = ("InterceptCallbackUrl", "OutOfSessionCallbackUrl")
SAID_BY_LINES = (*ASKED_ADDRESSES, "PinEntry")  # a call reads its line, and not the service
FAILS_OPEN, _ = INTERCEPT_FAILS = ("open", "closed")
REFUSED, CHOSEN = SEVERAL_SESSIONS = ("refuse", "choose")


class ServiceEntry(Table):
    """Whatever lies in a service's partition: the service, the numbers of its pool, the names of its sessions."""

    class Meta:
        table_name = config.SERVICES_TABLE

    service_sid = UnicodeAttribute(hash_key=True)
    entry = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()


class Service(ServiceEntry, discriminator="service"):
    """A service.

    From `calls_outlive_expiry` on the settings are ours: Proxy does not have them, and its SDKs do not mind them.
    `warn_before_expiry` is how many seconds before a session expires the event of that is told; 0: never. For its
    `grace_period` a session goes on beyond its end, and does not slide; `ended_sentence` is what whoever calls after
    that hears, by language.
    `through` is how two people are put through: dial or conference; only into a conference can be spoken.
    Where calls are recorded (`record`), both sides are told so before they are put through. `unconfirmed_callers` is
    what becomes of those of whom Twilio says that the number they show is not proven to be theirs.
    `callbacks_signed_by` is the key with which a receiver checks its callbacks. `intercept_fails` is what becomes of a
    call or text about which the owner's system says nothing of use: the way is open, or closed. With `pin_entry`
    participants have a PIN, and whoever calls from a telephone of nobody's is asked for it. `several_sessions` is what
    becomes of a session for whose people no line is left: it is refused, or shares one with another, and callers
    choose. `terms`: how calls of its sessions go, where that is not as usual. Each change is another `edition`: to save
    one that was read fails if somebody else has saved in between.
    """

    unique_name = UnicodeAttribute()
    default_ttl = NumberAttribute(default=0)
    callback_url = UnicodeAttribute(null=True)
    intercept_callback_url = UnicodeAttribute(null=True)
    out_of_session_callback_url = UnicodeAttribute(null=True)
    geo_match_level = UnicodeAttribute(default="country")
    number_selection_behavior = UnicodeAttribute(default="prefer-sticky")
    chat_instance_sid = UnicodeAttribute(null=True)
    date_created = NumberAttribute()
    date_updated = NumberAttribute()
    calls_outlive_expiry = BooleanAttribute(default=False)
    close_ends_calls = BooleanAttribute(default=False)
    quarantine = NumberAttribute(default=DAY_SECONDS)
    warn_before_expiry = NumberAttribute(default=0)
    grace_period = NumberAttribute(default=0)
    ended_sentence = JSONAttribute(null=True)
    through = UnicodeAttribute(default="dial")
    warn_before_end = NumberAttribute(default=DEFAULT_WARNING_SECONDS)
    extension_minutes = NumberAttribute(default=0)
    extension_times = NumberAttribute(default=1)
    record = BooleanAttribute(default=False)
    unconfirmed_callers = UnicodeAttribute(default=REFUSE)
    callbacks_signed_by = UnicodeAttribute(default=OWN_SECRET)
    pin_entry = BooleanAttribute(default=False)
    intercept_fails = UnicodeAttribute(default=FAILS_OPEN)
    terms = JSONAttribute(null=True)
    several_sessions = UnicodeAttribute(default=REFUSED)
    deleted_at = NumberAttribute(null=True)  # since when it is there for nobody, and goes with all that is in it
    edition = VersionAttribute()

    @property
    def asks(self) -> set[str] | None:
        """When the owner's system is asked, as the service's lines say, too; None: never."""
        addresses = {ASKS_BEFORE: self.intercept_callback_url, ASKS_ABOUT_STRANGERS: self.out_of_session_callback_url}
        return {when for when, url in addresses.items() if url} or None


class ServiceName(ServiceEntry, discriminator="service-name"):
    """A name that is taken, in the account's own partition: it enforces uniqueness, and lists the services."""

    named = UnicodeAttribute()


def service_name_entry(unique_name: str) -> str:
    return f"service-name#{unique_name}"


def new_service(form: Form, sid: str | None = None) -> Service:
    """A new service with its name claimed, and perhaps with this SID. Raises RequestRefused 80602 for a taken name."""
    unique_name = form.unique_name()
    if not unique_name:
        raise RequestRefused(80701, "'UniqueName' is invalid: a service needs a name")
    now = int(time.time())
    sid = sid or "KS" + uuid.uuid4().hex
    service = Service(sid, "service", unique_name=unique_name, date_created=now, date_updated=now)
    set_from_form(service, form)
    name = ServiceName(config.TWILIO_ACCOUNT_SID, service_name_entry(unique_name), named=sid)
    with refusals() as places, write_transaction() as transaction:
        transaction.save(name, condition=ServiceName.entry.does_not_exist())
        transaction.save(service)
    if places:
        raise name_taken(unique_name)
    return service


def change_service(service: Service, form: Form) -> Service:
    """The service as changed, whatever others change at the same time.

    Raises RequestRefused 80602 when its new name is taken.
    """
    for _ in range(MAX_TRIES):
        former = service.unique_name
        set_from_form(service, form)
        service.unique_name = form.unique_name() or former
        service.date_updated = int(time.time())
        with refusals() as places, write_transaction() as transaction:
            if service.unique_name != former:
                sid, account = service.service_sid, config.TWILIO_ACCOUNT_SID
                transaction.delete(ServiceName(account, service_name_entry(former)))
                name = ServiceName(account, service_name_entry(service.unique_name), named=sid)
                transaction.save(name, condition=ServiceName.entry.does_not_exist())
            transaction.save(service, condition=Service.entry.exists())
        if not places:
            return service
        last = 0 if service.unique_name == former else 2
        if last not in places:
            raise name_taken(service.unique_name)
        service = get_service(service.service_sid)
    raise service_is_busy()


def set_from_form(service: Service, form: Form) -> None:
    """Sets what the form says of a service; what it does not mention stays. Raises RequestRefused 80701."""
    said = {
        "default_ttl": form.integer("DefaultTtl", 0, MAX_TTL),
        "callback_url": form.url("CallbackUrl"),
        "intercept_callback_url": form.url("InterceptCallbackUrl"),
        "out_of_session_callback_url": form.url("OutOfSessionCallbackUrl"),
        "geo_match_level": form.choice("GeoMatchLevel", GEO_MATCH_LEVELS),
        "number_selection_behavior": form.choice("NumberSelectionBehavior", NUMBER_SELECTION_BEHAVIORS),
        "chat_instance_sid": read_chat_instance(form),
        "calls_outlive_expiry": form.boolean("CallsOutliveExpiry"),
        "close_ends_calls": form.boolean("CloseEndsCalls"),
        "quarantine": form.integer("Quarantine", 0, 365 * DAY_SECONDS),
        "warn_before_expiry": form.integer("WarnBeforeExpiry", 0, MAX_DAYS_AROUND_END * DAY_SECONDS),
        "grace_period": form.integer("GracePeriod", 0, MAX_DAYS_AROUND_END * DAY_SECONDS),
        "ended_sentence": read_ended_sentence(form),
        "through": form.choice("Through", ("dial", "conference")),
        "warn_before_end": form.integer("WarnBeforeEnd", 0, 3600),
        "extension_minutes": form.integer("ExtensionMinutes", 0, 240),
        "extension_times": form.integer("ExtensionTimes", 1, 100),
        "record": form.boolean("Record"),
        "unconfirmed_callers": form.choice("UnconfirmedCallers", UNCONFIRMED_CALLERS),
        "callbacks_signed_by": form.choice("CallbacksSignedBy", CALLBACK_KEYS),
        "pin_entry": form.boolean("PinEntry"),
        "intercept_fails": form.choice("InterceptFails", INTERCEPT_FAILS),
        "several_sessions": form.choice("SeveralSessions", SEVERAL_SESSIONS),
    }
    for name, value in said.items():
        if value is not None:
            setattr(service, name, value if value != "" else None)
    if service.record and service.through != "dial":
        raise RequestRefused(80701, "'Record' is invalid: only calls that go Through a dial are recorded")
    service.terms = read_terms(form, service.terms, service.through)


def read_chat_instance(form: Form) -> str | None:
    """The ChatInstanceSid, which is kept and shown; blank, where it is taken away."""
    sid = form.text("ChatInstanceSid")
    if sid and not re.fullmatch("IS[0-9a-fA-F]{32}", sid):
        raise invalid_parameter("ChatInstanceSid", "it must be a SID that begins with IS")
    return sid


def read_ended_sentence(form: Form) -> dict[str, str] | str | None:
    """What late callers hear, by language; blank, where it is taken away. Raises RequestRefused 80701."""
    text, name = form.text("EndedSentence"), "EndedSentence"
    if not text:
        return text
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    by_language = isinstance(said, dict) and said and said.keys() <= {*words.codes()}
    if not by_language or not all(isinstance(one, str) and one.strip() for one in said.values()):
        known = " or ".join(words.codes())
        raise invalid_parameter(name, f'it must be JSON: a sentence by language ({known}), as {{"en": "It is over."}}')
    for sentence in said.values():
        check_name(name, sentence, MAX_SENTENCE)
        if TELEPHONE_NUMBER.search(sentence):
            raise invalid_parameter(name, "a telephone number stands in it, and late callers are told none")
    return dict(said)


def get_service(sid_or_name: str) -> Service:
    """The service of this SID or unique name, unless it is being deleted. Raises RequestRefused 20404, 80408."""
    try:
        if len(sid_or_name) > MAX_UNIQUE_NAME:
            raise ServiceName.DoesNotExist
        if looks_like_sid(sid_or_name):
            check_sid(sid_or_name, "KS", 80408)
        if not is_sid(sid_or_name, "KS"):
            name = ServiceName.get(config.TWILIO_ACCOUNT_SID, service_name_entry(sid_or_name), consistent_read=True)
            sid_or_name = name.named
        service = Service.get(sid_or_name, "service", consistent_read=True)
        if service.deleted_at is None:
            return service
    except (ServiceName.DoesNotExist, Service.DoesNotExist):
        pass
    raise not_found(f"/Services/{sid_or_name}")


def sid_of(sid_or_name: str) -> str:
    """The SID of a service that is named by it, or by its unique name. Raises RequestRefused 20404.

    A name costs a round trip, and a SID none: whether there is such a service is asked where it matters.
    """
    return sid_or_name if is_sid(sid_or_name, "KS") else get_service(sid_or_name).service_sid


def list_services(after: str | None, most: int) -> tuple[list[Service], str | None]:
    """A page of the account's services in the order of their names, and where the next page begins."""
    start = {"service_sid": {"S": config.TWILIO_ACCOUNT_SID}, "entry": {"S": after}} if after else None
    names = ServiceName.query(
        config.TWILIO_ACCOUNT_SID,
        ServiceName.entry.startswith("service-name#"),
        limit=most + 1,
        last_evaluated_key=start,
        consistent_read=True,
    )
    found = list(names)
    return get_services(found[:most]), found[most - 1].entry if len(found) > most else None


def list_services_back(before: str | None, most: int) -> tuple[list[Service], str | None]:
    """A page of the same list up to there, and where the page before ends."""
    until = ServiceName.entry.between("service-name#", before)
    account = config.TWILIO_ACCOUNT_SID
    found = list(ServiceName.query(account, until, limit=most + 1, scan_index_forward=False, consistent_read=True))
    services = get_services(found[:most])
    return services[::-1], found[most].entry if len(found) > most else None


def get_services(names: Sequence[ServiceName]) -> list[Service]:
    """The services that have these names, in their order."""
    keys = [(name.named, "service") for name in names]
    services = {service.service_sid: service for service in Service.batch_get(keys, consistent_read=True)}
    return [services[name.named] for name in names if name.named in services]


def begin_removal(service_sid: str) -> None:
    """From now on the service is there for nobody, and its name is free; its sessions and numbers are there yet.

    Twice is once. Raises RequestRefused 20404, 80503.
    """
    for _ in range(MAX_TRIES):
        service = find_any_service(service_sid)
        if service is None:
            raise not_found(f"/Services/{service_sid}")
        if service.deleted_at is not None:
            return
        service.deleted_at = int(time.time())
        with refusals() as places, write_transaction() as transaction:
            transaction.delete(ServiceName(config.TWILIO_ACCOUNT_SID, service_name_entry(service.unique_name)))
            transaction.save(service, condition=Service.entry.exists())
        if not places:
            return
    raise service_is_busy()


def find_any_service(service_sid: str) -> Service | None:
    """The service of this SID, also one that is there for nobody any more."""
    try:
        return Service.get(service_sid, "service", consistent_read=True)
    except Service.DoesNotExist:
        return None


def forget_service(service: Service) -> None:
    """Deletes a service in which nothing is left."""
    service.delete()


def service_is_busy() -> RequestRefused:
    """The refusal (80503) after the last try."""
    return RequestRefused(80503, "The Service was being changed by other requests. Please try again")


def name_taken(unique_name: str) -> RequestRefused:
    return RequestRefused(80602, f"The UniqueName {unique_name!r} belongs to another Service")


def show_service(service: Service, base: str) -> dict[str, Any]:
    """The service as Proxy's REST API writes it, and our own settings after it."""
    url = f"{base}/v1/Services/{service.service_sid}"
    return {
        "sid": service.service_sid,
        "unique_name": service.unique_name,
        "account_sid": config.TWILIO_ACCOUNT_SID,
        "chat_instance_sid": service.chat_instance_sid,
        "callback_url": service.callback_url,
        "default_ttl": service.default_ttl,
        "number_selection_behavior": service.number_selection_behavior,
        "geo_match_level": service.geo_match_level,
        "intercept_callback_url": service.intercept_callback_url,
        "out_of_session_callback_url": service.out_of_session_callback_url,
        "date_created": date(service.date_created),
        "date_updated": date(service.date_updated),
        "url": url,
        "links": {"sessions": f"{url}/Sessions", "phone_numbers": f"{url}/PhoneNumbers"},
        "calls_outlive_expiry": service.calls_outlive_expiry,
        "close_ends_calls": service.close_ends_calls,
        "quarantine": service.quarantine,
        "warn_before_expiry": service.warn_before_expiry,
        "grace_period": service.grace_period,
        "ended_sentence": service.ended_sentence,
        "through": service.through,
        "warn_before_end": service.warn_before_end,
        "extension_minutes": service.extension_minutes,
        "extension_times": service.extension_times,
        "record": service.record,
        "unconfirmed_callers": service.unconfirmed_callers,
        "callbacks_signed_by": service.callbacks_signed_by,
        "pin_entry": service.pin_entry,
        "intercept_fails": service.intercept_fails,
        "several_sessions": service.several_sessions,
        **show_terms(service.terms),
    }
