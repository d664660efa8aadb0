"""Twilio's Pricing API, whose host is pricing.twilio.com: what calls, texts and numbers cost this account.

https://www.twilio.com/docs/voice/pricing https://www.twilio.com/docs/messaging/api/pricing
https://www.twilio.com/docs/phone-numbers/pricing
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.network.billing.prices import CALLS_IN, CALLS_OUT, NUMBERS, TEXTS_IN, TEXTS_OUT, Row
from local.network.numbers import country, parsed
from local.network.refusals import Refused, not_built
from local.network.rest import endpoints
from local.network.rest.endpoints import missing, only, page_with_meta
from local.network.twiml.grammar import words
from local.network.world import World

PRICES = ("base_price", "current_price")
BY_TYPE = ("number_type", *PRICES)
# What each version of each product shows of a country.
SHOWN = {
    "/v2/Voice": (CALLS_OUT, CALLS_IN),
    "/v1/Voice": (CALLS_OUT, CALLS_IN),
    "/v1/PhoneNumbers": (NUMBERS,),
    "/v1/Messaging": (TEXTS_OUT, TEXTS_IN),
}


def some(row: Row, *names: str) -> dict[str, Any]:
    """Of a row what Twilio shows: no source."""
    return {name: row.get(name) for name in names}


def priced(row: Row, name: str, version: str) -> dict[str, Any]:
    """A row of this list, which calls prefixes of destinations otherwise in the first version."""
    if name == TEXTS_OUT:
        prices = [some(one, *BY_TYPE) for one in row["prices"]]
        return some(row, "carrier", "mcc", "mnc") | {"prices": prices}
    if name != CALLS_OUT:
        return some(row, *BY_TYPE)
    if version == "v1":
        return some(row, "friendly_name", *PRICES) | {"prefixes": row["destination_prefixes"]}
    return some(row, "friendly_name", "destination_prefixes", "origination_prefixes", *PRICES)


def named(code: str) -> str:
    """The country as Twilio would name it, as far as the names of this network go."""
    return NAMES.get(code, code)


NAMES = {"CA": "Canada", "JP": "Japan", "US": "United States"}


def about(world: World, request: Request, code: str) -> dict[str, Any]:
    product = request.url.path.partition("/Countries")[0]
    return {"country": named(code), "iso_country": code, "url": f"{world.address}{product}/Countries/{code}"}


async def list_countries(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    only(form, words("PageSize Page PageToken"))
    found = [about(world, request, code) for code in world.bill.prices.countries]
    return page_with_meta(world, request, form, "countries", found)


async def fetch_country(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    """What calls to and from this country, texts or numbers cost."""
    only(form, frozenset())
    code, prices = request.path_params["code"].upper(), world.bill.prices
    if code not in prices.countries:
        raise missing(request)
    product = request.url.path.partition("/Countries")[0]
    version = product.split("/")[1]
    lists = {name: [priced(row, name, version) for row in prices.countries[code][name]] for name in SHOWN[product]}
    return JSONResponse(about(world, request, code) | {"price_unit": prices.price_unit} | lists)


async def fetch_number(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    """What a call to this number costs, from everywhere or from one number; and a call that it gets, if it is ours."""
    version, to = request.url.path.split("/")[1], request.path_params["number"]
    from_ = only(form, words("OriginationNumber") if version == "v2" else frozenset()).get("OriginationNumber", "")
    for name, number in (("The number", to), ("OriginationNumber", from_ or to)):
        if parsed(number) is None:
            raise Refused(400, f"{name} is {number!r}, which is no telephone number in E.164 form.", 20001)
    prices = world.bill.prices
    rows = prices.rows_out(to, from_)
    if not rows:
        raise missing(request)
    own = prices.row_in(to) if to in world.numbers else None
    shown = {
        "country": named(country(to)),
        "iso_country": country(to),
        "inbound_call_price": some(own or {}, *BY_TYPE),
        "price_unit": prices.price_unit,
        "url": f"{world.address}{request.url.path}",
    }
    if version == "v1":
        return JSONResponse(shown | {"number": to, "outbound_call_price": some(rows[0], *PRICES)})
    out = [some(row, "origination_prefixes", *PRICES) for row in rows]
    ends = {"destination_number": to, "origination_number": from_ or None}
    return JSONResponse(shown | ends | {"outbound_call_prices": out})


async def trunking(_: World, __: Request, ___: dict[str, list[str]]) -> Response:
    raise Refused(501, not_built("The price of a trunk"))


def routes() -> list[Route]:
    return endpoints.routes(
        [
            *(("GET", f"{product}/Countries", list_countries) for product in SHOWN),
            *(("GET", f"{product}/Countries/{{code}}", fetch_country) for product in SHOWN),
            *(("GET", f"/{version}/Voice/Numbers/{{number}}", fetch_number) for version in ("v1", "v2")),
            ("GET", "/v2/Trunking/{rest:path}", trunking),
        ],
        prefix="",
    )
