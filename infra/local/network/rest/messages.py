"""Text messages in Twilio's REST API: sent, found, emptied, deleted, with their media.

https://www.twilio.com/docs/messaging/api/message-resource and .../media-resource
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from local.network.billing.bill import shown
from local.network.callbacks import StatusCallback
from local.network.dates import rfc2822
from local.network.messages import segments
from local.network.messages.message import ERRORS, MAX_VALIDITY, Media, Message, compose
from local.network.refusals import Refused, not_built
from local.network.rest import endpoints
from local.network.rest.endpoints import is_in, missing, only, page, truth_of, url_of, whole
from local.network.twiml.grammar import words
from local.network.world import World

CREATE = words("To From Body MediaUrl StatusCallback ValidityPeriod SmartEncoded")
LATER = words(
    "ApplicationSid MaxPrice ProvideFeedback Attempt ForceDelivery ContentRetention AddressRetention PersistentAction "
    "TrafficType ShortenUrls ScheduleType SendAt SendAsMms ContentVariables RiskCheck FallbackFrom MessagingServiceSid "
    "ContentSid"
)


def resource(message: Message) -> dict[str, Any]:
    """The message as Twilio's REST API shows it."""
    return {
        "sid": message.sid,
        "date_created": rfc2822(message.created_at),
        "date_updated": rfc2822(message.updated_at),
        "date_sent": rfc2822(message.sent_at),
        "account_sid": message.world.account_sid,
        "to": message.to,
        "from": message.from_,
        "messaging_service_sid": None,
        "body": message.body,
        "status": message.status,
        "num_segments": str(message.segments),
        "num_media": str(len(message.media)),
        "direction": message.direction,
        "api_version": "2010-04-01",
        "price": shown(message.charge, message.world.clock.now()),
        "price_unit": message.world.bill.prices.price_unit,
        "error_code": message.error,
        "error_message": ERRORS.get(message.error, "The media cannot be had.") if message.error else None,
        "uri": f"{message.uri}.json",
        "subresource_uris": {"media": f"{message.uri}/Media.json"},
    }


async def create_message(world: World, _: Request, form: dict[str, list[str]]) -> Response:
    """A message in its sender's queue: https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource"""
    for name in LATER & set(form):
        raise Refused(501, not_built(f"{name}={form[name][-1]}"))
    wishes = only(form, CREATE)
    if not wishes.get("To"):
        raise Refused(400, "To is needed: the number to send to.", 21604)
    if not wishes.get("From"):
        raise Refused(400, "From is needed: a number of the account.", 21603)
    validity = whole(form, "ValidityPeriod", MAX_VALIDITY)
    if not 1 <= validity <= MAX_VALIDITY:
        raise Refused(400, f"ValidityPeriod is from 1 to {MAX_VALIDITY} seconds.", 20001)
    body, media = wishes.get("Body", ""), [url for url in form.get("MediaUrl", []) if url]
    if truth_of(wishes, "SmartEncoded"):
        body = segments.smart(body)
    callback = StatusCallback(url_of(wishes, "StatusCallback"))
    message = compose(world, "outbound-api", wishes["From"], wishes["To"], body, media)
    message.callback, message.validity = callback, validity
    answer = JSONResponse(resource(message), 201)
    world.send(message.travel())
    return answer


def message_of(world: World, request: Request) -> Message:
    message = world.messages.get(request.path_params["sid"])
    if message is None:
        raise missing(request)
    return message


async def fetch_message(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    return JSONResponse(resource(message_of(world, request)))


async def update_message(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    """Empties a message; there is nothing else to change: https://www.twilio.com/docs/messaging/api/message-resource#update-a-message-resource"""
    message, wishes = message_of(world, request), only(form, words("Body Status"))
    if wishes.get("Status"):
        raise Refused(501, not_built(f"Status={wishes['Status']}"))
    if wishes.get("Body", "no") != "":
        raise Refused(400, "Body is empty: a message can be emptied, not changed.", 20001)
    refuse_unfinished(message)
    message.body = ""
    return JSONResponse(resource(message))


async def delete_message(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    message = message_of(world, request)
    refuse_unfinished(message)
    del world.messages[message.sid]
    return Response(status_code=204)


def refuse_unfinished(message: Message) -> None:
    if not message.is_over:
        raise Refused(400, f"The message is {message.status}: it can be emptied or deleted when it is over.", 20409)


async def list_messages(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    """The account's messages, the latest first."""
    signs = ("", "<", ">")
    wishes = only(form, words("To From Page PageSize PageToken").union(f"DateSent{sign}" for sign in signs))
    found = list(reversed(world.messages.values()))
    for name, value in wishes.items():
        if name in ("To", "From"):
            found = [one for one in found if resource(one)[name.lower()] == value]
        elif name.startswith("DateSent"):
            found = [one for one in found if is_in(name[-1], one.sent_at, value)]
    return page(request, form, "messages", [resource(one) for one in found])


# ---- media ---------------------------------------------------------------------------------------------------------


def media_resource(message: Message, media: Media) -> dict[str, Any]:
    return {
        "sid": media.sid,
        "parent_sid": message.sid,
        "account_sid": message.world.account_sid,
        "content_type": media.content_type,
        "date_created": rfc2822(message.created_at),
        "date_updated": rfc2822(message.created_at),
        "uri": f"{message.uri}/Media/{media.sid}.json",
    }


def media_of(message: Message, request: Request) -> Media:
    media = next((one for one in message.media if one.sid == request.path_params["media"]), None)
    if media is None:
        raise missing(request)
    return media


async def list_media(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    message = message_of(world, request)
    only(form, words("Page PageSize PageToken"))
    return page(request, form, "media_list", [media_resource(message, one) for one in message.media])


async def fetch_media(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    message = message_of(world, request)
    return JSONResponse(media_resource(message, media_of(message, request)))


async def delete_media(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    message = message_of(world, request)
    message.media.remove(media_of(message, request))
    return Response(status_code=204)


async def content(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    """Where the file itself is: https://www.twilio.com/docs/messaging/api/media-resource#fetch-media"""
    return RedirectResponse(media_of(message_of(world, request), request).source, 307)


def routes() -> list[Route]:
    return [
        *endpoints.routes(
            [
                ("POST", "/Messages.json", create_message),
                ("GET", "/Messages.json", list_messages),
                ("GET", "/Messages/{sid}.json", fetch_message),
                ("POST", "/Messages/{sid}.json", update_message),
                ("DELETE", "/Messages/{sid}.json", delete_message),
                ("GET", "/Messages/{sid}/Media.json", list_media),
                ("GET", "/Messages/{sid}/Media/{media}.json", fetch_media),
                ("DELETE", "/Messages/{sid}/Media/{media}.json", delete_media),
            ]
        ),
        *endpoints.files([("GET", "/Messages/{sid}/Media/{media}", content)]),
    ]
