"""Lines: the account's numbers, and the receptions that answer there. The services' numbers are a matter of Proxy."""

import time
from typing import Annotated
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel, ConfigDict, Field

from api.queries import IfMatch, IfNoneMatch, PageSize, PageToken, page
from toritsugi.adapters import twilio_api
from toritsugi.foundation import addresses, config
from toritsugi.foundation.errors import RequestRefused, wrong_field
from toritsugi.foundation.preconditions import Precondition, read_precondition
from toritsugi.foundation.problems import answers
from toritsugi.foundation.transactions import MAX_TRIES
from toritsugi.foundation.types import Json
from toritsugi.lines import numbers
from toritsugi.lines.lines import Line, find_line, tag_of
from toritsugi.masking import pool, routes
from toritsugi.receptions import publishing, views
from toritsugi.receptions.views import LinePage, LineView, Unconfirmed

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


LinePath = Annotated[
    str, Path(description="E.164, its plus written as %2B; or as people write it where the exchange is")
]


class LineRequest(BaseModel):
    """What a line is to work for, besides its service if it has one."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"reception": "desk"}]})

    reception: Annotated[
        str | None,
        Field(pattern=r"^[A-Za-z0-9_-]{1,40}$", description="Which reception answers here; null: none"),
    ]
    unconfirmed_callers: Annotated[
        Unconfirmed | None,
        Field(
            description="What the reception does with callers of whom Twilio says that the number they show is not "
            "proven to be theirs: `refuse`, which is the default; `announce` it to whoever they are put through to; "
            "`take` them like all others. null: as it is"
        ),
    ] = None


@router.get(
    "/api/lines",
    tags=["lines"],
    summary="The numbers of the Twilio account, and what each works for",
    responses=answers("A page of lines", 200, 502),
)
def list_lines(
    page_size: PageSize = None,
    page_token: PageToken = None,
) -> LinePage:
    del page_size, page_token  # page reads them

    def read(after: str | None, most: int) -> tuple[list[LineView], str | None]:
        owned, following = twilio_api.list_owned_numbers(after, most)
        return views.show_lines(owned), following

    return page(router, "lines", read, lambda line: line)


@router.get(
    "/api/lines/<number>",
    tags=["lines"],
    summary="What a line works for",
    responses=answers("The line", 200, 400, 404, 502),
)
def fetch_line(number: LinePath) -> LineView:
    return views.show_lines([get_owned_line(number)])[0]


@router.put(
    "/api/lines/<number>",
    tags=["lines"],
    summary="Have a reception answer at a line, or none",
    responses=answers("The line", 200, 400, 404, 409, 412, 413, 415, 502),
)
def put_line(
    number: LinePath,
    wanted: Annotated[LineRequest, Body()],
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> LineView:
    if wanted.reception is None and wanted.unconfirmed_callers:
        raise wrong_field("unconfirmed_callers", "only where a reception answers they are a matter of the line")
    expected = read_precondition(if_match, if_none_match)
    if wanted.reception is None:
        give_line_back(read_line_number(number), expected)
    else:
        take_over(get_owned_line(number), wanted.reception, wanted.unconfirmed_callers, expected)
    return fetch_line(number)


@router.delete(
    "/api/lines/<number>",
    tags=["lines"],
    summary="Have no reception answer at a line; its service, if it has one, keeps it",
    status_code=204,
    responses=answers("No reception answers there now", 204, 400, 404, 409, 412, 502),
)
def release_line(number: LinePath, if_match: IfMatch = None) -> Response[str]:
    give_line_back(read_line_number(number), read_precondition(if_match))
    return Response(204, body="")


# ---- what the operations ask -----------------------------------------------------------------------------------------


def read_line_number(number: str) -> str:
    """The number of a path, in E.164. Raises RequestRefused 21211."""
    return numbers.read_number(unquote(number), config.COUNTRY)


def get_owned_line(number: str) -> Json:
    """A number of the account, as Twilio describes it. Raises RequestRefused 21211, 20404."""
    line = read_line_number(number)
    try:
        return twilio_api.get_owned_number(line, None)
    except RequestRefused as refusal:
        if refusal.code == twilio_api.NOT_OWNED:
            raise RequestRefused(20404, f"{line} is no number of the account's", 404) from None
        raise


def take_over(owned: Json, reception: str, unconfirmed_callers: str | None, expected: Precondition) -> None:
    """The reception answers whatever the number can: calls, texts, or both. Raises RequestRefused."""
    entrances = addresses.entrances(owned["capabilities"])
    if not entrances:
        raise RequestRefused(20001, f"{owned['phone_number']} takes neither calls nor texts")
    routes.check_is_nobodys(owned["phone_number"], time.time())
    publishing.give_line(owned["phone_number"], owned, reception, unconfirmed_callers, expected)
    twilio_api.point(owned, entrances)


def give_line_back(number: str, expected: Precondition) -> None:
    """The line has no reception any more: its webhooks go where they went before, except to its service.

    Those first, for nobody would know where they went once the line is forgotten. A number that the account has given
    up has none. Whoever was faster is seen: what is expected is asked of the very line that is written over. Raises
    RequestRefused.
    """
    turned: Json = {}
    for _ in range(MAX_TRIES):
        line = find_line(number)
        if wanted := wanted_here(line, turned):  # by somebody who was faster
            twilio_api.point(get_owned_line(number), wanted)
        if not turned and not (line and line.reception):
            get_owned_line(number)
        expected.check(tag_of(line))
        if not line or not line.reception:
            return
        try:
            owned = twilio_api.get_owned_number(number, None)
            turned = former_of_reception(line, owned)
            twilio_api.point(owned, turned)
        except RequestRefused as refusal:
            if refusal.code != twilio_api.NOT_OWNED:
                raise
        if publishing.take_line_as_seen(line):
            return
    raise pool.moving()


def wanted_here(line: Line | None, turned: Json) -> Json:
    """Where the calls and texts of a line go that were turned away, if it has a reception, or a service, by now."""
    if not line or not (line.reception or line.service_sid):
        return {}
    able = {kind: f"{kind}_url" in turned for kind in addresses.WEBHOOK_KINDS}
    return addresses.entrances(able)


def former_of_reception(line: Line, owned: Json) -> Json:
    """Where the calls and texts of a line went before, as far as they come to its reception now, and nowhere else."""
    here = [] if line.service_sid else addresses.kinds_here(owned["webhooks"])
    return twilio_api.only(line.former, here)
