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


def write_document(app: APIGatewayHttpResolver, about: Json, address: str) -> str:
    """The OpenAPI document of an API that is at this address, as generators of clients read it well."""
    written: Json = json.loads(app.get_openapi_json_schema(**about, servers=[Server(url=address)]))
    schemas = {
        name: {"title": name, **without_titles(schema)}
        for name, schema in written["components"]["schemas"].items()
        if name not in OF_POWERTOOLS
    }
    written["components"]["schemas"], written["paths"] = schemas, without_titles(written["paths"])
    return json.dumps(written, ensure_ascii=False, separators=(",", ":"))


def without_titles(part: Any) -> Any:
    """A part of the document without titles of schemas: generators make a class of each, and there are many a Name."""
    if isinstance(part, list):
        return [without_titles(one) for one in part]
    if not isinstance(part, dict):
        return part
    kept = (name for name, value in part.items() if not (name == "title" and isinstance(value, str)))
    return {name: part[name] if name in ("example", "examples") else without_titles(part[name]) for name in kept}


def show_document(document: str) -> Response[str]:
    """The page. A browser runs its scripts by their hashes: one that somebody has smuggled in has none."""
    names = ("swagger-ui-bundle.min.js", "swagger-ui.min.css")
    script, style = ((PARTS / name).read_text(encoding="utf-8") for name in names)
    page = swagger_ui.generate_swagger_html(document.replace("</", "<\\/"), script, style, "", None)
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
