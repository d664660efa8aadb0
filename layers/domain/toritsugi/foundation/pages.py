"""Pages of a long list, in the shape that Twilio's SDKs follow."""

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from toritsugi.foundation.errors import RequestRefused, wrong_field
from toritsugi.foundation.forms import read_pairs
from toritsugi.foundation.sealing import TAG_BYTES, is_written_here, sign

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 50, 100
PARAMETERS = ("PageSize", "Page", "PageToken")
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
    """One page under `key`, as Twilio writes it, with links to itself, the first and the next one.

    `read` is given where to begin and how many to read, and gives what it found and where to go on. A page before is
    linked where it can be read: `read_back` is given where to end, and gives what it found and where the page before
    ends. Raises RequestRefused.
    """
    size = min(MAX_PAGE_SIZE, read_number_parameter(query, "PageSize", DEFAULT_PAGE_SIZE, least=1))
    page = read_number_parameter(query, "Page", 0, least=0)
    token = query.get("PageToken")
    place = open_token(token, of := urlsplit(url).path)
    if read_back and place and place.startswith(BACK):
        following: str | None = place[len(BACK) :]
        found, previous = read_back(place[len(BACK) :], size)
    else:
        found, following = read(place, size)
        previous = place if read_back else None
    rest = {name: value for name, value in query.items() if name not in PARAMETERS}
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
            f"{url}?{urlencode(rest | {'PageSize': size, 'Page': page + 1, 'PageToken': seal_token(following, of)})}"
        )
    if previous is not None:
        before = {"PageSize": size, "Page": max(0, page - 1), "PageToken": seal_token(BACK + previous, of)}
        meta["previous_page_url"] = f"{url}?{urlencode(rest | before)}"
    return {key: [show(item) for item in found], "meta": meta}


def check_parameters(query: str, is_list: bool) -> None:
    """Raises RequestRefused 20001 for a parameter that is not done: a list has pages, and nothing else has any."""
    names = [name for name, _ in read_pairs(query)]
    known = PARAMETERS if is_list else ()
    if unknown := sorted(set(names) - set(known)):
        there = f"only {', '.join(known)}" if known else "and no other"
        raise RequestRefused(20001, f"{unknown[0][:64]}: there is no such parameter here, {there}")
    if twice := [name for name in known if names.count(name) > 1]:
        raise RequestRefused(20001, f"{twice[0]}: it is given more than once")


def by_place(items: Iterable[Any], place_of: Callable[[Any], str], newest_first: bool = False) -> tuple[Reader, Reader]:
    """Readers of a list that is there as a whole, in the order of its places: one on, and one back.

    A page begins behind the last place that was seen, not behind so many: whatever goes or comes meanwhile, nothing
    else is left out, or seen twice. A place is what the list is in the order of, and the SID: see `place_at`.
    """
    there = sorted(items, key=place_of, reverse=newest_first)

    def is_behind(item: Any, place: str) -> bool:
        return place_of(item) < place if newest_first else place_of(item) > place

    def read(after: str | None, most: int) -> tuple[list[Any], str | None]:
        rest = [item for item in there if after is None or is_behind(item, after)]
        return rest[:most], place_of(rest[most - 1]) if len(rest) > most else None

    def read_back(before: str | None, most: int) -> tuple[list[Any], str | None]:
        until = [item for item in there if before is None or not is_behind(item, before)]
        return until[-most:], place_of(until[-most - 1]) if len(until) > most else None

    return read, read_back


def place_at(order: str, sid: str) -> str:
    """A place in a list: by the order, in which numbers are all as long, and of what is alike in it by the SID."""
    return f"{order}#{sid}"


def read_number_parameter(query: Mapping[str, str], name: str, usual: int, least: int) -> int:
    """A whole number of the query; the `usual` one, if it is left out. Raises RequestRefused 20001."""
    text = query.get(name) or str(usual)
    if not WHOLE.fullmatch(text) or int(text) < least:
        raise wrong_parameter(name)
    return int(text)


def whole_number(text: Any) -> Any:
    """The text, if it is a number in digits and nothing else. Raises ValueError."""
    if not WHOLE.fullmatch(str(text)):
        raise ValueError("it must be a whole number, in digits")
    return text


def seal_token(place: str, of: str) -> str:
    """The page token that says where the next page of this list begins, safe in a URL. A list is named by its path."""
    return seal_as(sign(place, of), place)


def seal_as(signature: bytes, place: str) -> str:
    return "PT" + base64.urlsafe_b64encode(signature + place.encode()).decode().rstrip("=")


def open_token(token: str | None, of: str, parameter: str = "PageToken") -> str | None:
    """Where the page of this token begins; None for the first page.

    Raises RequestRefused 20001, by the name of the parameter, for a token that this very list has not given.
    """
    if token is None:
        return None
    try:
        sealed = base64.urlsafe_b64decode(token[2:] + "=" * (-len(token[2:]) % 4))
        signature, place = sealed[:TAG_BYTES], sealed[TAG_BYTES:].decode()
    except ValueError:
        raise wrong_token(parameter) from None
    # Python's base64 drops what is no letter of it, and another list may have the same places
    if not is_written_here(place, of, signature) or seal_as(signature, place) != token:
        raise wrong_token(parameter)
    return place


def wrong_token(parameter: str) -> RequestRefused:
    """The refusal (20001) of a page token by the name that it has in this API."""
    return wrong_field(parameter, "it is none of this list's: follow next_page_url as it is")


def wrong_parameter(name: str) -> RequestRefused:
    """The refusal (20001) of a parameter of the query."""
    return RequestRefused(20001, f"The parameter {name} is wrong", 400)
