"""Receptions, their versions, and lines, as the REST API shows them."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict  # typing's own says too little to pydantic before Python 3.12

from toritsugi.foundation.forms import date
from toritsugi.foundation.request_types import Moment, PageMeta, Uri, one_of
from toritsugi.foundation.types import Json
from toritsugi.lines.directory import look_up_entries
from toritsugi.lines.identity import REFUSE
from toritsugi.lines.lines import Line, line_key, tag_of
from toritsugi.receptions.authoring.reading import Mistake
from toritsugi.receptions.records import DocumentDict, Reception, Version

Unconfirmed = Literal["refuse", "announce", "take"]
# What a reception says, as checks.py reads and completes it; docs/receptions.md has the language of its steps.
FIELDS_OF_DOCUMENT: Json = {name: {"type": "string"} for name in ("language", "timezone", "start")} | {
    "steps": {"type": "object", "additionalProperties": {"type": "object"}},
    "texts": {"type": "array", "items": {"type": "object"}},
}
ShownDocument = Annotated[DocumentDict, Field(json_schema_extra={"properties": FIELDS_OF_DOCUMENT})]


class ReceptionView(TypedDict):
    """A reception as it stands in a list: the version that counts, and the lines at which it answers."""

    name: str
    version: int
    lines: list[str]
    created_at: Moment
    updated_at: Moment
    etag: str


class ReceptionSaved(ReceptionView):
    """A reception that was written down, and what is strange about it all the same."""

    warnings: list[Mistake]


class WholeReceptionView(ReceptionView):
    """A reception with what it says: as checked, and with everything that was left out."""

    document: ShownDocument


class ReceptionPage(TypedDict):
    """A page of receptions, by name; `next_page_url` in `meta` leads to the next one."""

    receptions: list[ReceptionView]
    meta: PageMeta


class VersionView(TypedDict):
    """A version of a reception, and the type in which its owner has written it."""

    version: int
    content_type: str
    created_at: Moment


class VersionPage(TypedDict):
    """A page of versions, the newest first; `next_page_url` in `meta` leads to the next one."""

    versions: list[VersionView]
    meta: PageMeta


class CheckView(TypedDict):
    """What a reception would say, and what is strange about it."""

    document: ShownDocument
    warnings: list[Mistake]


class LineView(TypedDict):
    """A number of the account, what it can do, and what it works for: a reception, a service, or both, or nothing.

    `unconfirmed_callers` is what its reception does with them; those of a service are the service's.
    """

    number: str
    friendly_name: str | None
    voice: bool
    sms: bool
    mms: bool
    reception: str | None
    version: int | None
    unconfirmed_callers: Annotated[str, one_of(Unconfirmed)] | None
    service_sid: str | None
    etag: str


class LinePage(TypedDict):
    """A page of the account's numbers; `next_page_url` in `meta` leads to the next one."""

    lines: list[LineView]
    meta: PageMeta


class ReadyReception(TypedDict):
    """A reception that is ready to be used: its name, what it is for, and where its text is."""

    name: str
    title: str
    url: Uri


class ReadyReceptions(TypedDict):
    """Every reception that is ready to be used."""

    ready_receptions: list[ReadyReception]


def show_reception(reception: Reception) -> ReceptionView:
    """The reception as it stands in a list."""
    return {
        "name": reception.name,
        "version": int(reception.version),
        "lines": sorted(reception.lines or ()),
        "created_at": date(reception.date_created),
        "updated_at": date(reception.date_updated),
        "etag": reception.tag or "",
    }


def show_whole_reception(reception: Reception, version: Version) -> WholeReceptionView:
    """The reception with what a version of it says."""
    return {**show_reception(reception), "version": int(version.version), "document": version.document}


def show_version(version: Version) -> VersionView:
    return {
        "version": int(version.version),
        "content_type": version.content_type,
        "created_at": date(version.date_created),
    }


def show_lines(owned: Iterable[dict[str, Any]]) -> list[LineView]:
    """Numbers of the account, as Twilio describes them, with what they work for."""
    numbers = list(owned)
    known = look_up_entries([line_key(one["phone_number"]) for one in numbers]) if numbers else {}
    return [show_line(one, known.get(line_key(one["phone_number"]))) for one in numbers]


def show_line(owned: dict[str, Any], line: object) -> LineView:
    """A number of the account, as Twilio describes it, with what its `line` in the directory says, if it has one."""
    known, able = line if isinstance(line, Line) else None, owned["capabilities"]
    return {
        "number": owned["phone_number"],
        "friendly_name": owned["friendly_name"],
        "voice": able["voice"],
        "sms": able["sms"],
        "mms": able["mms"],
        "reception": known.reception if known else None,
        "version": int(known.version) if known and known.version else None,
        "unconfirmed_callers": (known.unconfirmed_callers or REFUSE) if known and known.reception else None,
        "service_sid": known.service_sid if known else None,
        "etag": tag_of(known),
    }
