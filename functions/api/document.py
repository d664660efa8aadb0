"""The API's document as a page to be browsed: Swagger UI, of one piece. Nothing runs in it but what was put there."""

import base64
import hashlib
import re
from pathlib import Path

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi import swagger_ui

PARTS = Path(swagger_ui.__file__).parent


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
