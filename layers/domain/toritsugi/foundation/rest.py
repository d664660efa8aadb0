"""A REST API's handler: whose key it is, what there is not, what is refused, and what fails, answered in one place."""

import json
import re
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.api_gateway import Route
from aws_lambda_powertools.shared.json_encoder import Encoder

from toritsugi.foundation import api_keys
from toritsugi.foundation.errors import Contended, ExchangeStopped, LimitReached, RequestRefused
from toritsugi.foundation.forms import date
from toritsugi.foundation.logs import follow, log, traced
from toritsugi.foundation.types import Json

Respond = Callable[[RequestRefused], Response[str]]

SECRETS = re.compile(r"[0-9a-f]{32}|(?:%2B|\+)?[0-9]{5,}", re.IGNORECASE)  # in a path, and not for the log


HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")  # which JSON can escape and UTF-8 cannot hold


FOR_BROWSERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # a picture of a reception has its style in it
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def write_json(value: Any) -> str:
    """A value as JSON, in which 山田 stands as it is written."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), cls=Encoder)
    return HALF_A_CHARACTER.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def serve(
    app: APIGatewayHttpResolver, respond: Respond, ask: Callable[[Json], None], failure: RequestRefused, nowhere: int
) -> Callable[[Json, Any], Json]:
    """The Lambda handler of an API. `respond` is how it writes a refusal, `ask` may refuse a request before all else.

    What fails is answered with `failure`, and what there is not with the code `nowhere`.
    """

    def refused(error: RequestRefused) -> Response[str]:
        log.info("request refused", code=error.code)
        return respond(error)

    def told(error: Exception) -> Response[str]:
        return refused(refusal_of(error))

    def failed(_: Exception) -> Response[str]:
        log.exception("request failed", route=asked(SECRETS))
        return respond(failure)

    def missing(_: Exception) -> Response[str]:
        return refused(RequestRefused(nowhere, f"{asked()} is nothing that this exchange does, or does not yet", 404))

    def asked(hidden: re.Pattern[str] | None = None) -> str:
        event = app.current_event
        return f"{event.http_method} {hidden.sub('*', event.path) if hidden else event.path}"

    app.exception_handler(RequestRefused)(refused)
    app.exception_handler([Contended, ExchangeStopped, LimitReached])(told)
    app.exception_handler(Exception)(failed)
    app.not_found(missing)

    def handler(event: Json, context: Any) -> Json:
        follow(event["rawPath"])
        if event["requestContext"]["http"]["method"] == "HEAD":
            return handler(as_get(event), context) | {"body": ""}
        try:
            ask(event)
        except RequestRefused as error:
            return lambda_answer(refused(error))
        except Exception:
            log.exception("a key could not be read")
            return lambda_answer(respond(failure))
        return app.resolve(event, context)

    return traced(lambda event, context: for_browsers(handler(event, context)))


def find_route(app: APIGatewayHttpResolver, event: Json) -> Route | None:
    """The route that answers such a request, as the resolver finds it."""
    method, path = event["requestContext"]["http"]["method"], event["rawPath"]
    routes = (*app._static_routes, *app._dynamic_routes)
    return next((route for route in routes if route.method == method and route.rule.match(path)), None)


def refusal_of(error: Exception) -> RequestRefused:
    """What a client is told of an error that says nothing to clients."""
    if isinstance(error, LimitReached):
        said = f"As much was called, or written, as is allowed: {error.limit}"
        return RequestRefused(20429, said, 429, limit=error.limit, until=date(error.until))
    if isinstance(error, ExchangeStopped):
        return RequestRefused(20503, "The exchange is stopped: it neither calls nor writes", 503)
    return RequestRefused(20409, "Others are changing the same at this moment. Please try again", 409)


def for_browsers(answer: Json) -> Json:
    """The answer, which a browser takes for what it is, shows in no frame, and lets do nothing; unless it says more."""
    return answer | {"headers": FOR_BROWSERS | answer.get("headers", {})}


def as_get(event: Json) -> Json:
    """The request that a HEAD asks about: its answer is the same, less the body."""
    context = event["requestContext"]
    return event | {"requestContext": context | {"http": context["http"] | {"method": "GET"}}}


def authorize(event: Json, noun: str | None) -> None:
    """Raises RequestRefused 20003 unless the request has a key that may do this to the noun; None: any key."""
    method = event["requestContext"]["http"]["method"]
    scope = noun and scope_for(method, noun)
    api_keys.get_authorized_key(event["headers"].get("authorization", ""), scope)


def scope_for(method: str, noun: str) -> str:
    """The scope that a request of this method needs: as in calls:read."""
    return f"{noun}:{'read' if method == 'GET' else 'write'}"


def lambda_answer(answer: Response[str]) -> Json:
    """The answer in the form in which a function returns it to API Gateway."""
    headers = {"content-type": answer.content_type, **answer.headers}
    return {"statusCode": answer.status_code, "headers": headers, "body": answer.body}


def challenge(status: int) -> dict[str, str]:
    """The header with which a client without a key is asked for one."""
    return {"WWW-Authenticate": 'Basic realm="Toritsugi"'} if status == 401 else {}
