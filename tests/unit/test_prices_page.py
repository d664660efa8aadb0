"""The page of prices as it is handed out: to anybody, small, to be kept, and strict with whatever is no part of it."""

import base64
import gzip
import json
import re

import pytest

import prices
from tests.conftest import ROOT
from toritsugi.money.rates import DEFAULT_CARD, SHIPPED_CARDS, rate_card_of, shipped_card

FILES = f"/prices/{prices.PAGE_VERSION}"
NETWORK = ROOT / "infra/local/network/page"


def asked(path, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return prices.handler({"rawPath": path, "headers": named}, None)


def text_of(answer):
    body = base64.b64decode(answer["body"])
    zipped = answer["headers"].get("content-encoding") == "gzip"
    return (gzip.decompress(body) if zipped else body).decode()


def test_the_page_comes_without_a_key_and_zipped_where_that_is_understood():
    zipped, plain = asked("/prices", accept_encoding="gzip, br"), asked("/prices")
    assert (zipped["statusCode"], plain["statusCode"]) == (200, 200)
    assert "content-encoding" not in plain["headers"]
    assert text_of(zipped) == text_of(plain)
    assert "text/html" in plain["headers"]["content-type"]


def test_whatever_the_page_asks_for_is_there_and_may_be_kept_for_ever():
    named = set(re.findall(rf'"({FILES}/[^"]+)"', text_of(asked("/prices"))))
    for module in (name for name in prices.FILES if name.endswith(".js") and "vendor" not in name):
        used = re.findall(r'from "\./([^"]+)"', prices.FILES[module].decode())
        assert {f"{FILES}/{name}" for name in used} <= named, f"{module} uses more than is told beforehand"
    for path in named:
        answer = asked(path, accept_encoding="gzip")
        assert (answer["statusCode"], answer["headers"]["cache-control"]) == (200, prices.FOR_EVER)


def test_while_a_new_version_is_deployed_the_files_of_the_other_are_there_and_not_kept():
    answer = asked("/prices/of-another-version/app.js")
    assert (answer["statusCode"], answer["headers"]["cache-control"]) == (200, "no-store")


def test_what_a_browser_has_already_does_not_come_again():
    first = asked("/prices")
    again = asked("/prices", if_none_match=first["headers"]["etag"])
    assert (again["statusCode"], "body" in again) == (304, False)


@pytest.mark.parametrize("path", ["/prices/", FILES, f"{FILES}/", f"{FILES}/../__init__.py", f"{FILES}/index.html"])
def test_nothing_but_the_files_of_the_page_is_handed_out(path):
    assert asked(path)["statusCode"] == 404


@pytest.mark.parametrize("path", ["/prices", f"{FILES}/app.js", "/prices/nothing"])
def test_a_browser_runs_the_page_s_own_files_and_asks_nobody(path):
    headers = asked(path)["headers"]
    policy = dict(part.split(maxsplit=1) for part in headers["content-security-policy"].split("; "))
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
    assert policy["frame-ancestors"] == "'none'"
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


def test_the_cards_in_the_page_are_those_of_the_exchange():
    said = re.search(r'<script type="application/json" id="cards">(.*?)</script>', text_of(asked("/prices")), re.DOTALL)
    cards = json.loads(said[1])
    assert cards["default"] == DEFAULT_CARD
    assert [rate_card_of(card) for card in cards["cards"]] == [shipped_card(name) for name in SHIPPED_CARDS]


def test_all_of_it_together_is_small():
    answers = [
        asked(path, accept_encoding="gzip") for path in ("/prices", *(f"{FILES}/{name}" for name in prices.FILES))
    ]
    assert sum(len(base64.b64decode(answer["body"])) for answer in answers) < 75_000


def test_it_looks_like_the_page_of_the_telephones():
    """What both name alike is alike; and the library that both draw with is the same file."""
    ours, theirs = (
        dict(re.findall(r"^  (--[\w-]+): (.*);", (page / "style.css").read_text(encoding="utf-8"), re.MULTILINE))
        for page in (prices.PAGE_FOLDER, NETWORK)
    )
    shared = ours.keys() & theirs.keys()
    assert len(shared) > 15
    assert {name: ours[name] for name in shared} == {name: theirs[name] for name in shared}
    for name in ("htm-preact.js", "htm.LICENSE", "preact.LICENSE"):
        assert (prices.PAGE_FOLDER / "vendor" / name).read_bytes() == (NETWORK / "vendor" / name).read_bytes()
