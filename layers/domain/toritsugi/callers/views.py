"""Callers as the REST API shows them."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # typing's own says too little to pydantic before Python 3.12

from toritsugi import words
from toritsugi.callers.caller import Caller, OptOut, caller_key, opt_out_key
from toritsugi.foundation.errors import not_found
from toritsugi.foundation.forms import date
from toritsugi.foundation.request_types import Moment, PageMeta, one_of
from toritsugi.lines.directory import look_up_entries


class CallerView(TypedDict):
    """Who calls from a number; `opted_out`: no messages are wanted there."""

    number: str
    name: str
    reading: str | None
    language: Annotated[str, Field(json_schema_extra={"enum": words.locales()})] | None
    company: str | None
    notes: str | None
    tags: list[str]
    blocked: bool
    opted_out: bool
    etag: str
    created_at: Moment
    updated_at: Moment


class CallerPage(TypedDict):
    """A page of callers, in the order of the alphabet; `next_page_url` in `meta` leads to the next one."""

    callers: list[CallerView]
    meta: PageMeta


class WrongRow(TypedDict):
    """What is wrong with a row: the line in which it begins, the column if it is one, and the reason."""

    line: int
    column: str | None
    detail: str


class Counts(TypedDict):
    """How many callers were new, changed, and known so already."""

    created: int
    changed: int
    unchanged: int


class CallerPreview(TypedDict):
    """What would be written of a row, and what would become of its caller by that: columns that there are, alone."""

    line: int
    number: str
    becomes: Annotated[str, one_of(Literal["created", "changed", "unchanged"])]
    name: NotRequired[str]
    reading: NotRequired[str | None]
    language: NotRequired[str | None]
    company: NotRequired[str | None]
    notes: NotRequired[str | None]
    tags: NotRequired[list[str]]
    blocked: NotRequired[bool]
    opted_out: NotRequired[bool | None]


class ImportDone(Counts):
    """What has become of a sheet: `bad` rows were left out, for which the first thousand `errors` are the reasons.

    `left_out` are columns that were not read, and `without_number` contacts of an address book, if there are any. A
    preview has `columns`, what each heading was read as, and `callers`, the first hundred that would be written.
    """

    bad: int
    errors: list[WrongRow]
    left_out: NotRequired[list[str]]
    without_number: NotRequired[int]
    columns: NotRequired[dict[str, str]]
    callers: NotRequired[list[CallerPreview]]


def get_caller_view(number: str) -> CallerView:
    """Who calls from a number, in one round trip. Raises RequestRefused 20404."""
    found = look_up_entries([caller_key(number), opt_out_key(number)])
    caller, out = found.get(caller_key(number)), found.get(opt_out_key(number))
    if not isinstance(caller, Caller):
        raise not_found(f"/api/callers/{number}")
    return show_caller(caller, out if isinstance(out, OptOut) else None)


def show_caller(caller: Caller, out: OptOut | None) -> CallerView:
    """A caller as the API shows one; `out` is there when they want no messages."""
    return {
        "number": caller.number,
        "name": caller.name,
        "reading": caller.reading,
        "language": caller.language,
        "company": caller.company,
        "notes": caller.notes,
        "tags": [str(tag) for tag in caller.tags or []],
        "blocked": caller.blocked,
        "opted_out": out is not None,
        "etag": caller.tag,
        "created_at": date(caller.date_created),
        "updated_at": date(caller.date_updated),
    }
