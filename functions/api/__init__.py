"""The exchange's own REST API: one Lambda function, and a file for each noun. JSON in and out, unless a noun says else.

Its document is at /api/openapi.json, and to be browsed at /api/docs; errors are problem details (RFC 9457).
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.models import HTTPBase

from api import (
    callers,
    calls,
    costs,
    document,
    erasures,
    estimates,
    events,
    limits,
    lines,
    messages,
    receptions,
    recordings,
    subscriptions,
)
from api.queries import check_headers, check_query, refusal_of_each
from toritsugi import __version__
from toritsugi.foundation import config, forms, rest
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.problems import PAGE, problem, write_page
from toritsugi.foundation.types import Json

DOCUMENT: dict[str, Any] = {
    "title": "Toritsugi",
    "version": __version__,
    "description": "A telephone exchange: what its lines say, its calls, text messages and recordings.",
    "security_schemes": {
        "key": HTTPBase(scheme="basic", description="A key of the exchange (`toritsugi keys`): its SID, and its secret")
    },
    "security": [{"key": []}],
}
app = rest.Resolver(enable_validation=True, serializer=rest.write_json)
for resource in (
    calls,
    receptions,
    lines,
    messages,
    callers,
    recordings,
    limits,
    estimates,
    costs,
    erasures,
    subscriptions,
    events,
):
    app.include_router(resource.router)

KEYS = ("sid", "id", "number", "name")  # by the first of which a thing is called in its path
JSON = "application/json"
MAX_BODY_BYTES = 65_536
# What is sent as something else than an object in JSON: which request, of which types, and the most bytes of it.
SHEETS = (
    *("text/csv", "application/csv", "application/vnd.ms-excel", "application/octet-stream"),
    *("text/tab-separated-values", "text/vcard", "text/x-vcard", "text/directory"),
)
DOCUMENTS = (JSON, "application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")
OTHERS = [
    (re.compile("POST /api/callers/import"), SHEETS, 4_000_000),  # of the 6 MB that Lambda takes, in base64
    (re.compile("PUT /api/receptions/[^/]+|POST /api/receptions/check"), DOCUMENTS, MAX_BODY_BYTES),
]
SCOPE_OF_NOUN = {"ready-receptions": "receptions", "events": "subscriptions"}
# For any key: they are in the repository, but large.
DOCUMENT_PATHS = ("/api/docs", "/api/openapi.json", "/api/proxy/docs", "/api/proxy/openapi.json", PAGE)


def name_place(app: APIGatewayHttpResolver, next_middleware: Callable[..., Any]) -> Response[Any]:
    """An answer whose headers say where what was made is to be found, and the ETag with which it may be changed."""
    answer: Response[Any] = next_middleware(app)
    said = answer.body if isinstance(answer.body, dict) else {}
    if "etag" in said:
        answer.headers["ETag"] = said["etag"]
    if answer.status_code == 201:
        asked = app.current_event
        among = asked.path if asked.http_method == "POST" else asked.path.rpartition("/")[0]
        key = next(str(said[name]) for name in KEYS if name in said)
        answer.headers["Location"] = f"{config.settings().public_base_url}{among}/{quote(key, safe='')}"
    return answer


app.use([name_place])


@app.get("/api/openapi.json", include_in_schema=False)
def describe_api() -> Response[str]:
    return Response(200, "application/json", document.write_document(app, DOCUMENT, config.settings().public_base_url))


@app.get("/api/docs", include_in_schema=False, compress=True)
def show_api() -> Response[str]:
    return document.show_document(document.write_document(app, DOCUMENT, "/"))  # it asks where it came from


@app.get("/api/proxy/openapi.json", include_in_schema=False)
def describe_proxy() -> Response[str]:
    return Response(200, "application/json", describe_proxy_at(config.settings().public_base_url))


@app.get("/api/proxy/docs", include_in_schema=False, compress=True)
def show_proxy() -> Response[str]:
    return document.show_document(describe_proxy_at("/"))


def describe_proxy_at(address: str) -> str:
    """The document of `/v1`, which only its readers pay for."""
    from api.proxy_document import write_proxy_document

    return rest.write_json(write_proxy_document(__version__, address))


@app.get(PAGE, include_in_schema=False)
def explain_problems() -> Response[str]:
    return Response(200, "text/html; charset=utf-8", write_page())


def check_request(event: Json) -> None:
    """The key is asked for before anything else, also for what does not exist; the document is for any key."""
    route = rest.find_route(app, event)
    if not (route and event["rawPath"] == PAGE):  # to which also those are led who have no key
        rest.authorize(event, noun_of(event["rawPath"]) if route else None)
    if not route:
        raise rest.not_served(app, event)
    check_query(event["rawQueryString"], [str(one.alias) for one in route.dependant.query_params])
    check_headers(route.method, event["headers"].keys(), [str(one.alias) for one in route.dependant.header_params])
    said = check_body(event)
    if said and not route.dependant.body_params:
        raise refusal_of_each(dict.fromkeys(said, "there is no such field: nothing is sent with this request"))


def noun_of(path: str) -> str | None:
    """Which noun of a scope a path is about: as in /api/calls. None: any key may read it."""
    noun = path.split("/")[2] if path.count("/") > 1 else ""
    return None if path in DOCUMENT_PATHS else SCOPE_OF_NOUN.get(noun, noun)


for one in (*app._static_routes, *app._dynamic_routes):
    if noun := noun_of(one.path):  # so that the document says what each operation needs, and a client how to call it
        needed = rest.scope_for(one.method, noun)
        one.operation_id, one.security = one.func.__name__, [{"key": [needed]}]
        one.description = f"{one.description or ''} Needs a key with the scope `{needed}`.".lstrip()


def check_body(event: Json) -> Json:
    """The object in JSON that was sent, if one was. Raises RequestRefused unless it is of a type that is read here."""
    asked = f"{event['requestContext']['http']['method']} {event['rawPath']}"
    kinds = ((types, most) for request, types, most in OTHERS if request.fullmatch(asked))
    types, most = next(kinds, ((JSON,), MAX_BODY_BYTES))
    try:
        body = forms.read_body(event)
        if len(body) > most:
            raise RequestRefused(20001, f"The request is larger than {most} bytes", 413)
        if body and forms.media_type(event["headers"].get("content-type", types[0])) not in types:
            raise RequestRefused(20001, f"The request is not {' or '.join(types)}", 415)
        said = json.loads(body.decode(), object_pairs_hook=keys_once) if body and types == (JSON,) else {}
    except (ValueError, RecursionError):
        raise RequestRefused(20001, "The request is no JSON in UTF-8", 400) from None
    if not isinstance(said, dict):
        raise RequestRefused(20001, "The request is no object in JSON, like {...}", 400)
    return said


def keys_once(pairs: list[tuple[str, Any]]) -> Json:
    """An object in JSON. Raises RequestRefused 20001 for a key that it has twice: only one of them would be done."""
    said = dict(pairs)
    if len(said) < len(pairs):
        twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise RequestRefused(20001, f"{twice[:64]}: it is given more than once in one object", 400)
    return said


def write_problem(error: RequestRefused) -> Response[str]:
    """A refusal as RFC 9457 writes it."""
    return problem(error.status, error.message, error.code, **error.more)


def invalid_request(error: RequestValidationError) -> Response[str]:
    """Everything that is wrong with a request, each with its place in it.

    What stands in its path and can be the name of nothing is not there (404), but where it would be made.
    """
    wrong = [
        {
            "pointer": "/" + "/".join(str(part) for part in one["loc"][1:]),
            "detail": one["msg"].removeprefix("Value error, "),
        }
        for one in error.errors()
    ]
    said = "; ".join(f"{one['pointer']}: {one['detail']}" for one in wrong)
    if app.current_event.http_method != "PUT" and any(one["loc"][0] == "path" for one in error.errors()):
        return problem(404, f"There is no such thing. {said}", 20404, errors=wrong)
    return problem(422, said, 20001, errors=wrong)


app.exception_handler(RequestValidationError)(invalid_request)
API_FAILURE = RequestRefused(20500, "Something went wrong here. Please try again", 500)
handler = rest.serve(app, write_problem, check_request, API_FAILURE)
