"""What operations of every noun ask for: whose request it is, months, numbers, and pages of what there is."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Header, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from toritsugi.foundation import api_keys, config, pages
from toritsugi.lines.schemas import Number

PageSize = Annotated[int | None, Query(alias="PageSize", ge=1, le=pages.MAX_PAGE_SIZE)]
PageNumber = Annotated[int | None, Query(alias="Page", ge=0)]
PageToken = Annotated[str | None, Query(alias="PageToken", max_length=3000)]
Month = Annotated[str | None, Query(pattern=f"^{pages.MONTH}$", description="Back from this month")]
NumberFilter = Annotated[Number | None, Query()]
IdempotencyKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", max_length=255, description="The same key makes the same, and only once"),
]


def page(router: APIGatewayHttpRouter, key: str, read: pages.Reader, show: Callable[[Any], Any]) -> Any:
    """The page of what `read` gives that the request asks for, with links to itself, the first and the next one."""
    url = config.settings().public_base_url + router.current_event.path
    found = pages.render(key, url, router.current_event.query_string_parameters, read, show)
    return {key: found[key], "meta": found["meta"]}


def this_month() -> str:
    """2026-11, by UTC."""
    return f"{datetime.now(UTC):%Y-%m}"


def client_of(router: APIGatewayHttpRouter) -> str:
    """The SID of the key of this request: a client's Idempotency-Keys are its own."""
    return api_keys.key_sid_of(router.current_event.headers.get("authorization", ""))
