"""The API's document, for programs and as a page: Swagger UI. Nothing runs in it but what was put there."""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi import swagger_ui
from aws_lambda_powertools.event_handler.openapi.models import Server

from toritsugi.foundation.types import Json

# What Powertools puts into every document, and no operation of ours answers.
OF_POWERTOOLS = ("HTTPValidationError", "ValidationError", "ResponseValidationError")
PARTS = Path(swagger_ui.__file__).parent
# How Powertools names a bound of a number that is read by us, and how JSON Schema does.
BOUNDS = {"ge": "minimum", "le": "maximum"}
NULL = {"type": "null"}
# The page would send every field of a form that nobody has filled in as an empty one, which takes its value away.
LEAVES_BLANKS_OUT = """
  swaggerUIOptions.requestInterceptor = (request) => {
    if (/urlencoded/.test(request.headers["Content-Type"]) && typeof request.body === "string")
      request.body = request.body.split("&").filter((field) => !field.endsWith("=")).join("&")
    return request
  }
"""
HIDES_THEIR_BOXES = "<style>.swagger-ui .parameter__empty_value_toggle { display: none !important }</style>"
THEIR_LINK, LINK = 'currentUrl.pathname + "?format=json"', 'currentUrl.pathname.replace(/docs$/, "openapi.json")'
SHOWS = "  var ui = SwaggerUIBundle("


def write_document(app: APIGatewayHttpResolver, about: Json, address: str) -> str:
    """The OpenAPI document of an API that is at this address, as generators of clients read it well."""
    written: Json = json.loads(app.get_openapi_json_schema(**about, servers=[Server(url=address)]))
    schemas = {
        name: {"title": name, **write_plainly(schema)}
        for name, schema in written["components"]["schemas"].items()
        if name not in OF_POWERTOOLS
    }
    written["components"]["schemas"], written["paths"] = schemas, write_plainly(written["paths"])
    for operation in (one for methods in written["paths"].values() for one in methods.values()):
        for parameter in operation.get("parameters", ()):
            parameter["schema"] = without_null(parameter["schema"])
    return json.dumps(written, ensure_ascii=False, separators=(",", ":"))


def write_plainly(part: Any) -> Any:
    """A part of the document with the words of JSON Schema, and without titles of schemas.

    Generators make a class of each title, and there were many a Name.
    """
    if isinstance(part, list):
        return [write_plainly(one) for one in part]
    if not isinstance(part, dict):
        return part
    kept = (name for name, value in part.items() if not (name == "title" and isinstance(value, str)))
    return {
        BOUNDS.get(name, name): part[name] if name in ("example", "examples") else write_plainly(part[name])
        for name in kept
    }


def without_null(schema: Json) -> Json:
    """The schema of a parameter, which is left out, for nobody can write null into an address or a header."""
    said = [one for one in schema.get("anyOf", ()) if one != NULL]
    if len(said) != 1:
        return schema
    return {**said[0], **{name: told for name, told in schema.items() if name != "anyOf"}}


def show_document(document: str) -> Response[str]:
    """The page. A browser runs its scripts by their hashes: one that somebody has smuggled in has none."""
    names = ("swagger-ui-bundle.min.js", "swagger-ui.min.css")
    script, style = ((PARTS / name).read_text(encoding="utf-8") for name in names)
    page = swagger_ui.generate_swagger_html(document.replace("</", "<\\/"), script, style, "", None)
    page = page.replace(SHOWS, LEAVES_BLANKS_OUT + SHOWS, 1).replace("</head>", HIDES_THEIR_BOXES + "</head>", 1)
    page = page.replace(THEIR_LINK, LINK, 1)
    hashes = " ".join(f"'sha256-{hash_for_browser(one)}'" for one in re.findall(r"<script>(.*?)</script>", page, re.S))
    policy = {
        "default-src": "'none'",
        "script-src": hashes,
        "style-src": "'unsafe-inline'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    headers = {"Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items())}
    return Response(200, "text/html; charset=utf-8", page, headers=headers)


def hash_for_browser(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
