"""The page on which people try out what calls and texts cost: files for a browser, which does all the rest by itself.

It needs no key, for list prices are no secret. It reads no table, and knows nothing of the owner's account.
"""

import base64
import gzip
import hashlib
import html
import json
from functools import cache
from pathlib import Path
from typing import Any

from toritsugi.foundation.logs import traced
from toritsugi.foundation.types import Json
from toritsugi.money.rates import CARDS, DEFAULT_CARD, SHIPPED_CARDS

PAGE_FOLDER = Path(__file__).with_name("page")
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
HTML = "text/html; charset=utf-8"
FILES = {
    str(path.relative_to(PAGE_FOLDER)): path.read_bytes()
    for path in sorted(PAGE_FOLDER.rglob("*"))
    if path.suffix in TYPES
}

# A browser runs the page's own files, and lets it ask nobody.
FOR_A_BROWSER = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "vary": "accept-encoding",
}
FOR_MINUTES, FOR_EVER, NEVER = "public, max-age=300", "public, max-age=31536000, immutable", "no-store"


def shipped_cards_as_json() -> str:
    """The cards that are shipped, in one JSON, which may stand in a page."""
    cards = [json.loads((CARDS / f"{name}.json").read_text(encoding="utf-8")) for name in SHIPPED_CARDS]
    said = json.dumps({"default": DEFAULT_CARD, "cards": cards}, ensure_ascii=False, separators=(",", ":"))
    return said.replace("<", "\\u003c")


def write_prices_page() -> bytes:
    """The page itself. Its files stand under what they are, so that a browser may keep them for ever."""
    text = (PAGE_FOLDER / "index.html").read_text(encoding="utf-8")
    return (
        text.replace("{FILES}", html.escape(f"/prices/{PAGE_VERSION}"))
        .replace("{CARDS}", shipped_cards_as_json())
        .encode()
    )


PAGE_VERSION = hashlib.sha256(b"".join(FILES.values())).hexdigest()[:16]
CONTENTS = {"": write_prices_page(), **FILES}


@traced
def handler(event: dict[str, Any], _context: Any) -> Json:
    found = find_page_file(event["rawPath"])
    if found is None:
        return {"statusCode": 404, "headers": FOR_A_BROWSER | {"cache-control": NEVER}}
    name, keep = found
    headers = FOR_A_BROWSER | {
        "cache-control": keep,
        "etag": etag_of(name),
        "content-type": TYPES.get(Path(name).suffix, HTML),
    }
    asked = event.get("headers", {})
    if headers["etag"] in asked.get("if-none-match", ""):
        return {"statusCode": 304, "headers": headers}
    zipped = "gzip" in asked.get("accept-encoding", "")
    coding = {"content-encoding": "gzip"} if zipped else {}
    return {"statusCode": 200, "headers": headers | coding, "body": body_of(name, zipped), "isBase64Encoded": True}


def find_page_file(path: str) -> tuple[str, str] | None:
    """What is asked for, the page or one of its files, and how long a browser may keep it; None if there is none such.

    Of another version, as while a new one is deployed, it gets what there is, and keeps nothing.
    """
    if path == "/prices":
        return "", FOR_MINUTES
    version, _, name = path.removeprefix("/prices/").partition("/")
    return (name, FOR_EVER if version == PAGE_VERSION else NEVER) if name in FILES else None


@cache
def etag_of(name: str) -> str:
    return f'"{hashlib.sha256(CONTENTS[name]).hexdigest()[:16]}"'


@cache
def body_of(name: str, zipped: bool) -> str:
    return base64.b64encode(gzip.compress(CONTENTS[name], mtime=0) if zipped else CONTENTS[name]).decode()
