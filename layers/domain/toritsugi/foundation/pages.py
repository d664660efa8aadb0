"""Pages of a long list, in the shape that Twilio's SDKs follow."""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from toritsugi.foundation.errors import RequestRefused

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 50, 100
WHOLE = re.compile(r"[0-9]{1,9}")

Reader = Callable[[str | None, int], tuple[list[Any], str | None]]


BACK = "<"  # begins a token of a page that ends there


def render(
    key: str,
    url: str,
    query: Mapping[str, str],
    read: Reader,
    show: Callable[[Any], Any],
    read_back: Reader | None = None,
) -> dict[str, Any]:
    """One page under `key`, with links to itself, the first and the next one.

    `read` is given where to begin and how many to read, and gives what it found and where to go on. A page before is
    linked where it can be read: `read_back` is given where to end, and gives what it found and where the page before
    ends. Raises RequestRefused.
    """
    size = min(MAX_PAGE_SIZE, read_number_parameter(query, "PageSize", DEFAULT_PAGE_SIZE, least=1))
    page = read_number_parameter(query, "Page", 0, least=0)
    token = query.get("PageToken") or None
    place = open_token(token)
    if read_back and place and place.startswith(BACK):
        following: str | None = place[len(BACK) :]
        found, previous = read_back(place[len(BACK) :], size)
    else:
        found, following = read(place, size)
        previous = place if read_back else None
    rest = {name: value for name, value in query.items() if name not in ("PageSize", "Page", "PageToken")}
    meta = {
        "key": key,
        "page": page,
        "page_size": size,
        "first_page_url": f"{url}?{urlencode(rest | {'PageSize': size, 'Page': 0})}",
        "previous_page_url": None,
        "url": f"{url}?{urlencode(rest | {'PageSize': size, 'Page': page} | ({'PageToken': token} if token else {}))}",
        "next_page_url": None,
    }
    if following is not None:
        meta["next_page_url"] = (
            f"{url}?{urlencode(rest | {'PageSize': size, 'Page': page + 1, 'PageToken': seal_token(following)})}"
        )
    if previous is not None:
        before = {"PageSize": size, "Page": max(0, page - 1), "PageToken": seal_token(BACK + previous)}
        meta["previous_page_url"] = f"{url}?{urlencode(rest | before)}"
    return {key: [show(item) for item in found], "meta": meta}


def check_parameters(query: Mapping[str, str], *others: str) -> None:
    """Raises RequestRefused 20001 where a list is asked for by anything but pages and these."""
    if unknown := sorted(set(query) - {"PageSize", "Page", "PageToken", *others}):
        raise RequestRefused(20001, f"{unknown[0][:64]} is no parameter of this list")


def slices(items: list[Any]) -> Reader:
    """A reader of a list that is there as a whole."""

    def read(after: str | None, most: int) -> tuple[list[Any], str | None]:
        if after and not WHOLE.fullmatch(after):
            raise wrong_parameter("PageToken")
        at = int(after or 0)
        return items[at : at + most], str(at + most) if at + most < len(items) else None

    return read


def slices_back(items: list[Any]) -> Reader:
    """A reader of the same list, to what stands there."""

    def read(before: str | None, most: int) -> tuple[list[Any], str | None]:
        if not WHOLE.fullmatch(before or ""):
            raise wrong_parameter("PageToken")
        end = int(before or 0)
        return items[max(0, end - most) : end], str(end - most) if end > most else None

    return read


def read_number_parameter(query: Mapping[str, str], name: str, usual: int, least: int) -> int:
    """A whole number of the query; the `usual` one, if it is left out. Raises RequestRefused 20001."""
    text = query.get(name) or str(usual)
    if not WHOLE.fullmatch(text) or int(text) < least:
        raise wrong_parameter(name)
    return int(text)


def seal_token(after: str) -> str:
    """The page token that says where the next page begins, safe in a URL."""
    return "PT" + base64.urlsafe_b64encode(after.encode()).decode().rstrip("=")


def open_token(token: str | None) -> str | None:
    """Where the page of this token begins; None for the first page. Raises RequestRefused 20001."""
    if token is None:
        return None
    try:
        return base64.urlsafe_b64decode(token[2:] + "=" * (-len(token[2:]) % 4)).decode()
    except ValueError:
        raise wrong_parameter("PageToken") from None


def wrong_parameter(name: str) -> RequestRefused:
    """The refusal (20001) of a parameter of the query."""
    return RequestRefused(20001, f"The parameter {name} is wrong", 400)


# ---- lists by month --------------------------------------------------------------------------------------------------

MONTHS_BACK = 24
MONTH = r"20\d\d-(?:0[1-9]|1[0-2])"
PLACE = re.compile(rf"({MONTH})\|([^#]{{1,40}}#[^#]{{1,60}})")

Listed = tuple[str, str]  # the month, and as what it is listed in it


def backwards(
    month: str, after: str | None, most: int, query: Callable[[str, str | None, int], list[str]]
) -> tuple[list[Listed], str | None]:
    """A page of what is listed by months, the newest first, back from this month, and where the next page begins.

    `query` is given a month, what to begin after if not with its newest, and how many to read. Raises RequestRefused.
    """
    start = None
    if after:
        if not (place := PLACE.fullmatch(after)):
            raise wrong_parameter("PageToken")
        month, start = place.groups()
    found: list[Listed] = []
    for _ in range(MONTHS_BACK):
        found += [(month, listed_as) for listed_as in query(month, start, most + 1 - len(found))]
        if len(found) > most:
            break
        month, start = month_before(month), None
    return found[:most], "|".join(found[most - 1]) if len(found) > most else None


def month_before(month: str) -> str:
    """The month before, both written like 2026-01."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year}-{number - 1:02}" if number > 1 else f"{year - 1}-12"
