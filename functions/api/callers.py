"""Callers: the people whom the owner knows by their numbers. One at a time, in the order of the alphabet, or as CSV."""

from typing import Annotated, Any
from urllib.parse import unquote

import phonenumbers
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import AfterValidator

from toritsugi import config, numbers, pages
from toritsugi.callers import changes, shelves, shown
from toritsugi.callers.shown import CallerPage, CallerShown
from toritsugi.callers.wanted import CallerChange, CallerWanted, plain
from toritsugi.problems import answers

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

Json = dict[str, Any]


def known(country: str) -> str:
    if country not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"{country} is no country whose telephone numbers are known; write it like JP")
    return country


Number = Annotated[str, Path(description="E.164, its plus written as %2B; or as people write it in `country`")]
Country = Annotated[
    str,
    Query(max_length=2, description="Where a number is that has no country code. Left out: where the exchange is"),
    AfterValidator(known),
]


@router.get(
    "/api/callers",
    tags=["callers"],
    summary="All callers, in the order of the alphabet, or those who are looked for",
    responses=answers("A page of callers", 200, 400),
)
def list_callers(
    search: Annotated[
        str,
        Query(max_length=100, description="A part of a name, a reading, a company or a number, in any case and kana"),
        AfterValidator(plain),
    ] = "",
    page_size: Annotated[int | None, Query(alias="PageSize", ge=1, le=100)] = None,
    page: Annotated[int | None, Query(alias="Page", ge=0)] = None,
    page_token: Annotated[str | None, Query(alias="PageToken", max_length=3000)] = None,
) -> CallerPage:
    del page_size, page, page_token  # pages.render reads them
    url = config.settings().public_base_url + router.current_event.path
    query = router.current_event.query_string_parameters
    found = pages.render("callers", url, query, shelves.reader(search), lambda one: shown.show(*one))
    return {"callers": found["callers"], "meta": found["meta"]}


@router.get(
    "/api/callers/<number>",
    tags=["callers"],
    summary="Who calls from a number",
    responses=answers("The caller", 200, 400, 404),
)
def fetch_caller(number: Number, country: Country = config.COUNTRY) -> CallerShown:
    return shown.read(read(number, country))


@router.put(
    "/api/callers/<number>",
    tags=["callers"],
    summary="Write down who calls from a number, in place of what was known",
    responses=answers("The caller, who was known before", 200, 400, 409, 413, 415)
    | answers("The caller, who was not known before", 201),
)
def put_caller(
    number: Number, said: Annotated[CallerWanted, Body()], country: Country = config.COUNTRY
) -> tuple[CallerShown, int]:
    at = read(number, country)
    set_messages(at, said.opted_out)
    created = changes.keep(at, said.model_dump(exclude={"opted_out"}))
    return shown.read(at), 201 if created else 200


@router.patch(
    "/api/callers/<number>",
    tags=["callers"],
    summary="Change what is known of a caller",
    responses=answers("The caller", 200, 400, 404, 409, 413, 415),
)
def change_caller(
    number: Number, said: Annotated[CallerChange, Body()], country: Country = config.COUNTRY
) -> CallerShown:
    at = read(number, country)
    changes.change(at, said.model_dump(exclude={"opted_out"}, exclude_unset=True))
    set_messages(at, said.opted_out)
    return shown.read(at)


@router.delete(
    "/api/callers/<number>",
    tags=["callers"],
    summary="Forget a caller, except that no messages are wanted",
    status_code=204,
    responses=answers("Nobody is known at this number now", 204, 400, 404),
)
def forget_caller(number: Number, country: Country = config.COUNTRY) -> Response[str]:
    changes.forget(read(number, country))
    return Response(204, body="")


# ---- what the operations ask -----------------------------------------------------------------------------------------


def read(number: str, country: str) -> str:
    """The number of a path, in E.164. Raises RequestRefused 21211."""
    return numbers.read_number(unquote(number), country)


def set_messages(number: str, opted_out: bool | None) -> None:
    if opted_out is not None:
        (changes.opt_out if opted_out else changes.opt_in)(number)
