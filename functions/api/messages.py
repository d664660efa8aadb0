"""Text messages: sent, looked at and measured. What comes in by itself, sms.py keeps."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.dry_runs import TRIED, DryRun, made, price_of_text
from api.queries import (
    IdempotencyKey,
    Month,
    Order,
    OurLine,
    PageSize,
    PageToken,
    Person,
    Since,
    Until,
    client_of,
    page,
    stretch_of,
)
from toritsugi.adapters import event_bus, twilio_api
from toritsugi.foundation.errors import RequestRefused, not_found
from toritsugi.foundation.problems import answers
from toritsugi.limits import switch
from toritsugi.messages import outbound, records, schemas, views
from toritsugi.messages.records import Message, MessageFilter
from toritsugi.messages.schemas import MessageRequest, PreviewRequest
from toritsugi.messages.views import Direction, MessagePage, MessageStatus, MessageView, SizeView
from toritsugi.tariffs.views import EstimateView

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

MessageSid = Annotated[
    str, Path(pattern="^(KM|SM|MM)[0-9a-f]{32}$", description="The message's SID, which is Twilio's where it came in")
]


@router.post(
    "/api/messages",
    tags=["messages"],
    summary="Send a text message",
    status_code=201,
    responses=TRIED
    | answers(
        "The message, which is on its way",
        *(201, 400, 409, 413, 415, 429, 502, 503),
        content=made(MessageView),
    ),
)
def send_message(
    asked: Annotated[MessageRequest, Body()],
    idempotency_key: IdempotencyKey = None,
    dry_run: DryRun = False,
) -> tuple[MessageView | EstimateView, int]:
    wanted = schemas.new_requested_message(asked, f"{client_of(router)} {idempotency_key}" if idempotency_key else None)
    found = records.find_message(wanted.message_id) if idempotency_key else None
    if not found or dry_run:
        outbound.check_message(wanted)
        outbound.check_able(asked.from_, get_text_abilities(asked.from_), bool(asked.media))
    if dry_run:
        switch.check_stop(switch.find_switch())
        return price_of_text(asked.to, asked.body, bool(asked.media)), 200
    if not found:
        outbound.send_new(wanted, twilio_api.send_text, event_bus.tell)
        found = get_message(wanted.message_id)
    return views.show_message(require_same(found, wanted)), 201


@router.post(
    "/api/messages/preview",
    tags=["messages"],
    summary="In how many segments a text would be sent, and why; nothing is sent",
    responses=answers("The size", 200, 400, 413, 415),
)
def preview_message(asked: Annotated[PreviewRequest, Body()]) -> SizeView:
    return views.show_size(asked.body, outbound.MAX_BODY)


@router.get(
    "/api/messages",
    tags=["messages"],
    summary="All messages, the newest first",
    responses=answers("A page of messages, which may be short where few are as asked for", 200, 503),
)
def list_messages(  # noqa: PLR0913  each is a parameter of the request
    number: Person = None,
    line: OurLine = None,
    direction: Annotated[Direction | None, Query(description="Only those that went this way")] = None,
    status: Annotated[MessageStatus | None, Query(description="Only those that have come so far")] = None,
    since: Since = None,
    until: Until = None,
    month: Month = None,
    order: Order = "desc",
    page_size: PageSize = None,
    page_token: PageToken = None,
) -> MessagePage:
    del page_size, page_token  # page reads them
    stretch = stretch_of(since, until, month, order)
    asked = MessageFilter(number, line, direction, status)

    def read(after: str | None, most: int) -> tuple[list[Message], str | None]:
        return records.list_messages(after, most, stretch, asked)

    return page(router, "messages", read, views.show_message)


@router.get(
    "/api/messages/<sid>",
    tags=["messages"],
    summary="One message, and how far it has come",
    responses=answers("The message", 200, 404),
)
def fetch_message(sid: MessageSid) -> MessageView:
    return views.show_message(get_message(sid))


# ---- what the operations ask -----------------------------------------------------------------------------------------


def get_message(message_id: str) -> Message:
    found = records.find_message(message_id)
    if not found:
        raise not_found(f"/api/messages/{message_id}")
    return found


def require_same(found: Message, wanted: Message) -> Message:
    """The message that was asked for under the same key; raises RequestRefused where that was another, or refused."""
    if found.asked != wanted.asked:
        raise RequestRefused(20409, "This Idempotency-Key was used for another message", 422)
    if found.refused:
        raise RequestRefused(int(found.error_code or 0), found.refused)
    return found


def get_text_abilities(line: str) -> dict[str, bool]:
    """What a line of the account can do: voice, sms, mms. Raises RequestRefused 21606."""
    try:
        return twilio_api.get_abilities(line)
    except RequestRefused as refusal:
        if refusal.code == twilio_api.NOT_OWNED:  # of a message Twilio says it so
            raise RequestRefused(21606, f"{line} is no number of yours, so nothing can be sent from it") from None
        raise
