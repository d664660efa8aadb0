"""Text messages: sent, looked at and measured. What comes in by itself, sms.py keeps."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from toritsugi.adapters import twilio_api
from toritsugi.foundation import addresses, api_keys, config, pages
from toritsugi.foundation.errors import RequestRefused, not_found
from toritsugi.foundation.problems import answers
from toritsugi.messages import outbound, records, views
from toritsugi.messages.outbound import MessageWanted, PreviewWanted
from toritsugi.messages.records import Message
from toritsugi.messages.views import MessagePage, MessageShown, SizeShown

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

NOT_OWNED = 80606  # as carrier says it, and Proxy; of a message Twilio says 21606

Id = Annotated[
    str, Path(pattern="^(KM|SM|MM)[0-9a-f]{32}$", description="The message's id, or Twilio's SID of an inbound one")
]
Direction = Literal["inbound", "outbound-api", "outbound-reply"]


@router.post(
    "/api/messages",
    tags=["messages"],
    summary="Send a text message",
    status_code=201,
    responses=answers("The message, which is on its way", 201, 400, 409, 413, 415, 502),
)
def send_message(
    asked: Annotated[MessageWanted, Body()],
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key", max_length=255, description="The same key sends the same message, and only once"
        ),
    ] = None,
) -> MessageShown:
    wanted = outbound.draw_up(asked, f"{client_key()} {idempotency_key}" if idempotency_key else None)
    found = records.find(wanted.message_id) if idempotency_key else None
    if not found:
        outbound.check(asked)
        outbound.check_able(asked.from_, find_abilities(asked.from_), bool(asked.media))
        if outbound.keep(wanted):
            send(wanted)
        found = find(wanted.message_id)
    return views.show(require_same(found, wanted))


@router.post(
    "/api/messages/preview",
    tags=["messages"],
    summary="In how many segments a text would be sent, and why; nothing is sent",
    responses=answers("The size", 200, 400, 413, 415),
)
def preview(asked: Annotated[PreviewWanted, Body()]) -> SizeShown:
    return views.show_size(asked.body, outbound.LONGEST_BODY)


@router.get(
    "/api/messages",
    tags=["messages"],
    summary="All messages, the newest first",
    responses=answers("A page of messages", 200),
)
def list_messages(
    number: Annotated[str | None, Query(pattern=r"^\+[1-9][0-9]{6,14}$", description="With this person only")] = None,
    direction: Annotated[Direction | None, Query(description="Only those that went this way")] = None,
    month: Annotated[str | None, Query(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", description="Back from this month")] = None,
    page_size: Annotated[int | None, Query(alias="PageSize", ge=1, le=100)] = None,
    page: Annotated[int | None, Query(alias="Page", ge=0)] = None,
    page_token: Annotated[str | None, Query(alias="PageToken", max_length=200)] = None,
) -> MessagePage:
    del page_size, page, page_token  # pages.render reads them
    latest = month or f"{datetime.now(UTC):%Y-%m}"
    url = config.settings().public_base_url + router.current_event.path
    query = router.current_event.query_string_parameters

    def read(after: str | None, most: int) -> tuple[list[Message], str | None]:
        return records.list_messages(after, most, latest, number, direction)

    found = pages.render("messages", url, query, read, views.show)
    return {"messages": found["messages"], "meta": found["meta"]}


@router.get(
    "/api/messages/<message_id>",
    tags=["messages"],
    summary="One message, and how far it has come",
    responses=answers("The message", 200, 404),
)
def fetch_message(message_id: Id) -> MessageShown:
    return views.show(find(message_id))


# ---- what the operations ask -----------------------------------------------------------------------------------------


def send(message: Message) -> None:
    """Has Twilio send a message that is kept, and keeps what Twilio says. Raises RequestRefused, as carrier does.

    Whoever dies in here leaves a message of which nobody knows whether it was sent; a callback may still tell.
    """
    media = [one["url"] for one in message.media or []]
    try:
        sid, status = twilio_api.send_message(
            str(message.person), message.line, message.body, media, addresses.public_url(message.path)
        )
    except RequestRefused as refusal:
        if refusal.status < 500:  # else Twilio has not said that it does not send it
            records.refuse(message.message_id, refusal)
        raise
    records.progress(message.message_id, sid, status)


def find(message_id: str) -> Message:
    found = records.find(message_id)
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


_able: dict[str, dict[str, bool]] = {}  # what lines can do, as Twilio has said


def find_abilities(line: str) -> dict[str, bool]:
    """What a line of the account can do: voice, sms, mms. Raises RequestRefused 21606."""
    if line not in _able:
        try:
            _able[line] = twilio_api.find_owned(line, None)["capabilities"]
        except RequestRefused as refusal:
            if refusal.code == NOT_OWNED:
                raise RequestRefused(21606, f"{line} is no number of yours, so nothing can be sent from it") from None
            raise
    return _able[line]


def client_key() -> str:
    """The SID of the key of this request: a client's Idempotency-Keys are its own."""
    return api_keys.name_of(router.current_event.headers.get("authorization", ""))
