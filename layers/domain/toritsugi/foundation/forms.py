"""Form-encoded requests: read without losing a byte, and without trusting one."""

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from toritsugi.foundation.errors import RequestRefused, wrong_field
from toritsugi.foundation.sids import looks_like_sid
from toritsugi.foundation.visible import find_unseen

FORM_TYPE = "application/x-www-form-urlencoded"
MAX_UNIQUE_NAME = 191
LAST_MOMENT = 253_402_300_799  # the last second of 9999: no date can be written after it

HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")  # of UTF-16: JSON can escape it, and Python holds a stray byte so

URL = re.compile(r"https?://[^\s/?#]+[^\s]*")


def read_body(event: dict[str, Any]) -> bytes:
    """The body of an HTTP API event (payload 2.0) as it was sent: API Gateway encodes forms in base64."""
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()


def media_type(said: str) -> str:
    """What a Content-Type says, without its parameters, in small letters: it has no case (RFC 9110, 8.3.1)."""
    return said.partition(";")[0].strip().lower()


def read_pairs(text: str) -> list[tuple[str, str]]:
    """The names and values of a query, or of a form, blank ones too. Raises RequestRefused 20001 for what is no UTF-8.

    It would be read as replacement characters, and kept so. What is signed is read by Form, without a look.
    """
    pairs = parse_qsl(text, keep_blank_values=True, errors="surrogateescape")
    for name, value in pairs:
        if HALF_A_CHARACTER.search(name + value):
            said = HALF_A_CHARACTER.sub("?", name)[:64]
            raise wrong_field(said, "it is not in UTF-8, percent-encoded, as %E5%B1%B1 is 山")
    return pairs


class Form:
    """The fields of a form. Blank and repeated ones are kept: a signature covers them too.

    The typed readers return None for a field that is absent, and raise RequestRefused (80701) for one that is wrong.
    """

    def __init__(self, body: str) -> None:
        self.fields: dict[str, list[str]] = {}
        for name, value in parse_qsl(body, keep_blank_values=True):
            self.fields.setdefault(name, []).append(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def getlist(self, name: str) -> list[str]:
        """Every value of a field, in the order sent."""
        return self.fields.get(name, [])

    def text(self, name: str, most: int = 4000) -> str | None:
        """A text of at most so many characters."""
        values = self.getlist(name)
        if len(values) > 1:
            raise invalid_parameter(name, "it was sent more than once")
        if values and len(values[0]) > most:
            raise invalid_parameter(name, f"it is longer than {most} characters")
        return values[0] if values else None

    def name(self, name: str, most: int) -> str | None:
        """What somebody calls something: a text of which one sees every character."""
        return check_name(name, self.text(name, most), most)

    def unique_name(self) -> str | None:
        """The UniqueName, which stands in addresses where a SID may stand, and can be told from one.

        API Gateway decodes an address, and and cuts it off at what is a question mark then.
        https://github.com/middleapi/standard-server/pull/93
        """
        text = self.name("UniqueName", MAX_UNIQUE_NAME)
        if text and (set("/?") & set(text) or text in (".", "..")):
            why = "a name stands in addresses, so it has no slash and no question mark, and is no dot"
            raise invalid_parameter("UniqueName", why)
        if looks_like_sid(text or ""):
            raise invalid_parameter("UniqueName", "it has the shape of a SID")
        return text

    def check_known(self, *names: str) -> None:
        """Raises RequestRefused 20001 where the form says more than these: it would be taken, and not done."""
        if unknown := sorted(set(self.fields) - set(names)):
            said = ", ".join(name[:64] for name in unknown[:5])
            raise RequestRefused(20001, f"{said}: there is no such field here, only {', '.join(sorted(names))}")

    def integer(self, name: str, least: int, most: int) -> int | None:
        """A whole number from `least` to `most`, both included."""
        text = self.text(name)
        if text is None:
            return None
        if not re.fullmatch(r"-?\d{1,12}", text) or not least <= int(text) <= most:
            raise invalid_parameter(name, f"it must be a whole number from {least} to {most}")
        return int(text)

    def boolean(self, name: str) -> bool | None:
        """A truth value: true or false, in small letters or capitals."""
        text = self.text(name)
        if text is None:
            return None
        if text.lower() not in ("true", "false"):
            raise invalid_parameter(name, "it must be true or false")
        return text.lower() == "true"

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        """One of these texts."""
        text = self.text(name)
        if text is not None and text not in choices:
            raise invalid_parameter(name, f"it must be one of {', '.join(choices)}")
        return text

    def url(self, name: str) -> str | None:
        """An address, or an empty text, which takes it away."""
        text = self.text(name)
        if text and not URL.fullmatch(text):
            raise invalid_parameter(name, "it must be a URL that begins with http:// or https://")
        try:
            return web_address(text) if text else text
        except ValueError as wrong:
            raise invalid_parameter(name, str(wrong)) from None

    def moment(self, name: str) -> int | None:
        """A date in ISO 8601 as seconds since 1970; one without an offset is in UTC."""
        text = self.text(name)
        if text is None:
            return None
        try:
            date = datetime.fromisoformat(text)
            moment = int((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            raise invalid_parameter(name, "it must be a date in ISO 8601, like 2026-11-21T09:30:00Z") from None
        if moment > LAST_MOMENT:
            raise invalid_parameter(name, "by UTC it is after the year 9999")
        return moment


def web_address(url: str) -> str:
    """The URL, if the exchange can send a request there. Raises ValueError, which says why it never could."""
    try:
        split = urlsplit(url)
        there, port = split.hostname, split.port
    except ValueError:
        there, port = None, None
    if not there:
        raise ValueError("it names no host, or no port that can be: write it like https://example.com/path")
    if "@" in split.netloc:
        raise ValueError("it has a name or a password, which are not sent: what is sent is signed instead")
    if "#" in url:
        raise ValueError("it has a fragment (#), which no request carries: leave it out")
    if not (url.isascii() and url.isprintable()):
        raise ValueError("an address is ASCII: write what is not with % in the path, and with xn-- in the host")
    if port == 0:
        raise ValueError("nobody listens at port 0")
    return url


def check_name(name: str, text: str | None, most: int) -> str | None:
    """The text, if it can be a name. Raises RequestRefused 80701 where one does not see all of it, or it is long."""
    if len(text or "") > most:
        raise invalid_parameter(name, f"it is longer than {most} characters")
    if unseen := find_unseen(text or ""):
        raise invalid_parameter(name, f"it has a character that nobody sees ({unseen}): take it out")
    return text


def invalid_parameter(name: str, why: str) -> RequestRefused:
    """The refusal of a parameter, as Twilio words it."""
    return RequestRefused(80701, f"'{name}' is invalid: {why}")


def date(moment: float | None) -> str | None:
    """A moment as Twilio's SDKs read it: no fractions, Z for UTC. Anything else they silently leave a text."""
    return None if moment is None else datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
