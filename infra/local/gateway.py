"""API Gateway on this machine: an HTTP request becomes the event that Lambda would get (payload 2.0), its answer a
response.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import re
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.aws import ACCOUNT, Cloud, Crashed, buckets

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
OF_THE_FRONT = {  # a page without scripts, whose style stands in it
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
TEXT = ("text/", "application/json", "application/javascript", "application/xml")


class Anything(PathConvertor):
    """A path of whatever characters: starlette's own has no line breaks in it."""

    regex = r"[\s\S]*"


register_url_convertor("anything", Anything())


def build(cloud: Cloud, front: str = "") -> Starlette:
    """The web application behind which the functions of the template answer, and S3 to whoever has a link.

    `front` is the page at `/`, which is of this machine alone: API Gateway has none there.
    """
    routes = find_routes(cloud)

    async def answer(request: Request) -> Response:
        path = unquote(request.scope["raw_path"].decode("latin-1"))
        for key, pattern, function in routes:
            method = key.split()[0]
            if method in ("ANY", request.method) and (match := pattern.fullmatch(path)):
                event = make_event(request, await request.body(), key, path, match.groupdict())
                try:
                    return make_response(await cloud.invoke(function, event))
                except Exception as failure:
                    asked_for = {"because": str(failure)} if isinstance(failure, Crashed) else {}
                    return JSONResponse({"message": "Internal Server Error", **asked_for}, 500)
        return JSONResponse({"message": "Not Found"}, 404)

    async def hand_out(request: Request) -> Response:
        place = request.path_params["bucket"], request.path_params["key"]
        try:
            file, headers = cloud.buckets.follow(*place, request.url.query)
        except buckets.Refused as no:
            return Response(f"<Error><Code>{no.code}</Code></Error>", no.status, media_type="application/xml")
        return Response(file.content, media_type=file.content_type, headers=headers)

    async def welcome(_: Request) -> Response:
        return Response(front, media_type="text/html", headers=OF_THE_FRONT)

    own = [Route("/", welcome)] if front else []
    links = Route(f"{buckets.LINKS}/{{bucket}}/{{key:path}}", hand_out)
    return Starlette(routes=[*own, links, Route("/{path:anything}", answer, methods=METHODS)])


def find_routes(cloud: Cloud) -> list[tuple[str, re.Pattern[str], dict[str, Any]]]:
    """The template's HTTP routes: key, pattern of the path, function; the most special first."""
    routes = []
    for function in cloud.template.functions:
        for event in function.get("Events", {}).values():
            if event["Type"] == "HttpApi":
                said = event["Properties"]
                pattern = re.sub(r"\\\{(\w+)\\\+\\\}", r"(?P<\1>.+)", re.escape(said["Path"]))
                pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", pattern)
                routes.append((f"{said['Method'].upper()} {said['Path']}", re.compile(pattern, re.DOTALL), function))
    return sorted(routes, key=lambda route: ("+}" in route[0], "{" in route[0], route[0].startswith("ANY")))


def make_event(request: Request, body: bytes, key: str, path: str, parameters: dict[str, str]) -> dict[str, Any]:
    """The event of a request: header names in lower case, repeated values joined by commas, forms in base64."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    query: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        query[name] = f"{query[name]},{value}" if name in query else value
    is_text = headers.get("content-type", "text/plain").startswith(TEXT)
    now = time.time()
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": key,
        "rawPath": path,
        "rawQueryString": request.scope["query_string"].decode("latin-1"),
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": headers.get("host", ""),
            "domainPrefix": "local",
            "http": {
                "method": request.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.client.host if request.client else "",
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": f"local-{now:.6f}",
            "routeKey": key,
            "stage": "$default",
            "time": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": bool(body) and not is_text,
    }
    if query:
        event["queryStringParameters"] = query
    if parameters:
        event["pathParameters"] = parameters
    if body:
        event["body"] = body.decode(errors="replace") if is_text else base64.b64encode(body).decode()
    return event


def make_response(answer: dict[str, Any]) -> Response:
    body = answer.get("body") or ""
    content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    response = Response(content, answer["statusCode"])
    for name, value in answer.get("headers", {}).items():
        response.headers[name] = str(value)
    for cookie in answer.get("cookies", []):
        response.headers.append("set-cookie", cookie)
    return response
