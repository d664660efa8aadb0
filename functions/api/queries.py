"""What operations of every noun ask for: whose request it is, what is listed, and pages of what there is."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Set
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler.openapi.params import Header, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import AfterValidator, BeforeValidator, Field

from toritsugi.foundation import api_keys, config, listings, pages
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.forms import read_pairs
from toritsugi.foundation.request_types import PageMeta
from toritsugi.lines.schemas import Number

MOST = f"{pages.DEFAULT_PAGE_SIZE} if left out; {pages.MAX_PAGE_SIZE} at most, however many are asked for"
WholeNumber = Annotated[int, BeforeValidator(pages.whole_number)]
PageSize = Annotated[WholeNumber | None, Query(ge=1, description=MOST)]
PageToken = Annotated[
    str | None, Query(min_length=1, max_length=3000, description="Where a page begins: `next_page_url` has it")
]
Month = Annotated[str | None, Query(pattern=f"^{listings.MONTH}$", description="Back from this month")]
BY_UTC = "a day, by UTC, or a moment"
DayOrMoment = Annotated[str, Field(max_length=40, examples=["2026-11-21"]), AfterValidator(listings.check_moment)]
Since = Annotated[DayOrMoment | None, Query(alias="from", description=f"What was made from then on: {BY_UTC}")]
Until = Annotated[
    DayOrMoment | None, Query(alias="to", description=f"What was made until then: {BY_UTC}, which counts whole")
]
Order = Annotated[Literal["asc", "desc"], Query(description="`desc`: the newest first; `asc`: the oldest first")]
Person = Annotated[Number | None, Query(description="With this person only")]
OurLine = Annotated[Number | None, Query(description="Over this line of yours only")]
OfSession = Annotated[str | None, Query(pattern="^KC[0-9a-f]{32}$", description="Of this masked session only: its SID")]
IdempotencyKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", max_length=255, description="The same key makes the same, and only once"),
]
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=500, description="Only over what has this ETag")]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", max_length=500, description="`*`: only if it is new")]
# What these headers ask for, where an operation does not have them.
CONDITIONS = dict.fromkeys(("If-Match", "If-None-Match"), "this cannot be changed on a condition: leave it out")
ONCE = {"Idempotency-Key": "to send this twice is to do it twice: leave it out"}
# How parameters were called once, and are still by Twilio, and what to say instead.
SAID_OTHERWISE = {
    "PageSize": "here it is page_size",
    "PageToken": "here it is page_token",
    "Page": "pages have no numbers here: follow next_page_url, which has a page_token",
}


def check_query(query: str, known: Collection[str]) -> None:
    """Raises RequestRefused 20001 for a parameter that an operation does not have, and for one that comes twice."""
    times = Counter(name for name, _ in read_pairs(query))
    wrong = {name: unknown_parameter(name, known) for name in times if name not in known}
    wrong |= {name: "it is given more than once" for name, count in times.items() if name in known and count > 1}
    if wrong:
        raise refusal_of_each(wrong)


def check_headers(method: str, headers: Set[str], known: Collection[str]) -> None:
    """Raises RequestRefused 20001 for a header that asks for what an operation does not do, and would do without.

    Of reading none is refused: browsers ask so by themselves. What is sent again by its nature needs no key.
    """
    asked = {} if method == "GET" else CONDITIONS if method != "POST" else CONDITIONS | ONCE
    of_no_use = headers - {name.lower() for name in known}
    if wrong := {name: detail for name, detail in asked.items() if name.lower() in of_no_use}:
        raise refusal_of_each(wrong)


def refusal_of_each(wrong: Mapping[str, str]) -> RequestRefused:
    """The refusal (20001) of a request, by the name of each thing that is wrong with it."""
    errors = [{"pointer": f"/{name}", "detail": detail} for name, detail in wrong.items()]
    said = "; ".join(f"{one['pointer']}: {one['detail']}" for one in errors)
    return RequestRefused(20001, said, 422, errors=errors)


def unknown_parameter(name: str, known: Collection[str]) -> str:
    """What to say of a parameter that an operation does not have."""
    if name in SAID_OTHERWISE and "page_token" in known:
        return SAID_OTHERWISE[name]
    return f"there is no such parameter; there are {', '.join(known)}" if known else "there are no parameters here"


def page(router: APIGatewayHttpRouter, key: str, read: pages.Reader, show: Callable[[Any], Any]) -> Any:
    """The page of what `read` gives that the request asks for, with links to itself, the first and the next one."""
    query = dict(router.current_event.query_string_parameters)
    token = query.pop("page_token", None)
    size = min(pages.MAX_PAGE_SIZE, int(query.pop("page_size", pages.DEFAULT_PAGE_SIZE)))
    of = router.current_event.path
    found, following = read(pages.open_token(token, of, "page_token"), size)
    first = f"{config.settings().public_base_url}{of}?{urlencode(query | {'page_size': size})}"
    meta: PageMeta = {
        "page_size": size,
        "url": f"{first}&{urlencode({'page_token': token})}" if token else first,
        "first_page_url": first,
        "next_page_url": f"{first}&{urlencode({'page_token': pages.seal_token(following, of)})}" if following else None,
    }
    return {key: [show(item) for item in found], "meta": meta}


def stretch_of(since: str | None, until: str | None, month: str | None, order: str) -> listings.Stretch:
    """From when to when a list is asked for, and in which order. Raises RequestRefused."""
    return listings.read_stretch(since, until, month, order == "desc", time.time())


def client_of(router: APIGatewayHttpRouter) -> str:
    """The SID of the key of this request: a client's Idempotency-Keys are its own."""
    return api_keys.key_sid_of(router.current_event.headers.get("authorization", ""))
