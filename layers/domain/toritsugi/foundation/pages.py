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


def render(key: str, url: str, query: Mapping[str, str], read: Reader, show: Callable[[Any], Any]) -> dict[str, Any]:
    """One page under `key`, as Twilio writes it, with links to itself, the first and the next one.

    A page before is never linked, for nobody needs it. `read` is given where to begin and how many to read, and gives
    what it found and where to go on. Raises RequestRefused.
    """
    size = min(MAX_PAGE_SIZE, read_number_parameter(query, "PageSize", DEFAULT_PAGE_SIZE, least=1))
    page = read_number_parameter(query, "Page", 0, least=0)
    token = query.get("PageToken") or None
    found, following = read(open_token(token), size)
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
    return {key: [show(item) for item in found], "meta": meta}


def slices(items: list[Any]) -> Reader:
    """A reader of a list that is there as a whole."""

    def read(after: str | None, most: int) -> tuple[list[Any], str | None]:
        if after and not WHOLE.fullmatch(after):
            raise wrong_token()
        at = int(after or 0)
        return items[at : at + most], str(at + most) if at + most < len(items) else None

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
        raise wrong_token() from None


def wrong_token() -> RequestRefused:
    """The refusal (20001) of a page token, whatever the API calls it."""
    return RequestRefused(20001, "The page token is none of ours: follow next_page_url as it is", 400)


def wrong_parameter(name: str) -> RequestRefused:
    """The refusal (20001) of a parameter of the query."""
    return RequestRefused(20001, f"The parameter {name} is wrong", 400)
