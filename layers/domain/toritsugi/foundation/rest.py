"""A REST API's handler: whose key it is, what there is not, what is refused, and what fails, answered in one place."""

import json
import re
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.api_gateway import Route
from aws_lambda_powertools.shared.json_encoder import Encoder

from toritsugi.foundation import api_keys
from toritsugi.foundation.errors import Contended, ExchangeStopped, LimitReached, RequestRefused, retry_after
from toritsugi.foundation.forms import HALF_A_CHARACTER, date, media_type
from toritsugi.foundation.logs import follow, log, traced
from toritsugi.foundation.types import Json

Respond = Callable[[RequestRefused], Response[str]]

SECRETS = re.compile(r"[0-9a-f]{32}|(?:%2B|\+)?[0-9]{5,}", re.IGNORECASE)  # in a path, and not for the log


NAME_IN_RULE = re.compile(r"(<\w+>)")

FOR_BROWSERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # a picture of a reception has its style in it
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


class Resolver(APIGatewayHttpResolver):
    """Powertools' resolver, in which whatever is between two slashes of a path may be a name.

    Its own lets no quotation mark through, no emoji and no combining character: a thing that is called so could be made
    and never be fetched. Names come decoded, for API Gateway decodes a path (not a query).
    https://docs.aws.amazon.com/powertools/python/latest/core/event_handler/api_gateway/#dynamic-routes
    """

    @staticmethod
    def _compile_regex(rule: str, base_regex: str = "{}") -> re.Pattern[str]:
        del base_regex  # of all that it lets through
        return re.compile(NAME_IN_RULE.sub(r"(?P\1[^/]+)", rule) + r"\Z")


def write_json(value: Any) -> str:
    """A value as JSON, in which 山田 stands as it is written."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), cls=Encoder)
    return HALF_A_CHARACTER.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def serve(
    app: APIGatewayHttpResolver, respond: Respond, ask: Callable[[Json], None], failure: RequestRefused
) -> Callable[[Json, Any], Json]:
    """The Lambda handler of an API. `respond` is how it writes a refusal, `ask` may refuse a request before all else.

    What fails is answered with `failure`. Every answer has the id that all lines of the log have, too.
    """

    def refused(error: RequestRefused) -> Response[str]:
        log.info("request refused", code=error.code)
        answer = respond(error)
        answer.headers |= challenge(error.status) | error.headers
        return answer

    def told(error: Exception) -> Response[str]:
        return refused(refusal_of(error))

    def failed(_: Exception) -> Response[str]:
        log.exception(
            "request failed", route=f"{app.current_event.http_method} {SECRETS.sub('*', app.current_event.path)}"
        )
        return respond(failure)

    app.exception_handler(RequestRefused)(refused)
    app.exception_handler([Contended, ExchangeStopped, LimitReached])(told)
    app.exception_handler(Exception)(failed)

    def handler(event: Json, context: Any) -> Json:
        follow(event["rawPath"])
        event = in_small_letters(event)
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

    return traced(lambda event, context: complete(handler(event, context), context.aws_request_id))


def in_small_letters(event: Json) -> Json:
    """The request with its media type as Powertools knows it, which knows it in small letters only."""
    kind, mark, parameters = event["headers"].get("content-type", "").partition(";")
    said = {"content-type": media_type(kind) + mark + parameters} if kind else {}
    return event | {"headers": event["headers"] | said}


def find_route(app: APIGatewayHttpResolver, event: Json) -> Route | None:
    """The route that answers such a request, as the resolver finds it."""
    method, path = event["requestContext"]["http"]["method"], event["rawPath"]
    return next((route for route in routes_of(app, path) if route.method == method), None)


def routes_of(app: APIGatewayHttpResolver, path: str) -> list[Route]:
    """The routes of a path, one for each method that it has, and in the order in which they are looked for."""
    return [route for route in (*app._static_routes, *app._dynamic_routes) if route.rule.match(path)]


def not_served(app: APIGatewayHttpResolver, event: Json) -> RequestRefused:
    """The refusal of a path that there is not, 20404, or not with this method, 20004, and which it has."""
    method, path = event["requestContext"]["http"]["method"], event["rawPath"]
    methods = {route.method for route in routes_of(app, path)}
    if not methods:
        return RequestRefused(20404, f"{method} {path} is nothing that this exchange does, or does not yet", 404)
    allowed = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
    return RequestRefused(20004, f"{path} has no {method}, but {allowed}", 405, headers={"Allow": allowed})


def refusal_of(error: Exception) -> RequestRefused:
    """What a client is told of an error that says nothing to clients."""
    if isinstance(error, LimitReached):
        said = f"As much was called, or written, as is allowed: {error.limit}"
        more = {"limit": error.limit, "retry_at": date(error.until)}
        return RequestRefused(20429, said, 429, headers=retry_after(error.until), **more)
    if isinstance(error, ExchangeStopped):
        return RequestRefused(20503, "The exchange is stopped: it neither calls nor writes", 503)
    return RequestRefused(20409, "Others are changing the same at this moment. Please try again", 409)


def complete(answer: Json, request_id: str) -> Json:
    """The answer with the id of its request. A browser takes it for what it is, and lets it do nothing."""
    return answer | {"headers": {**FOR_BROWSERS, "X-Request-Id": request_id, **answer.get("headers", {})}}


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
