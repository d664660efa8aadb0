"""Receptions: what a line says and does, written in YAML or JSON, checked, kept in versions, and drawn."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import AfterValidator, Field

from api.queries import IfMatch, IfNoneMatch, PageSize, PageToken, WholeNumber, page
from toritsugi import words
from toritsugi.adapters import owner_webhook
from toritsugi.foundation import config, forms
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.preconditions import read_precondition
from toritsugi.foundation.problems import answers, text_of
from toritsugi.lines import lines
from toritsugi.receptions import publishing, ready, records, views
from toritsugi.receptions.authoring import checks, picture
from toritsugi.receptions.authoring.checks import Checked, World
from toritsugi.receptions.authoring.reading import JSON, YAML
from toritsugi.receptions.views import (
    CheckView,
    ReadyReceptions,
    ReceptionPage,
    ReceptionSaved,
    VersionPage,
    WholeReceptionView,
)

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


NameInPath = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9_-]{1,40}$", description="The reception's name: a to z, digits, - and _")
]
VersionNumber = Annotated[
    WholeNumber | None, Query(alias="version", ge=1, le=999_999, description="Left out: the one that counts")
]

SVG = "image/svg+xml"
PictureLanguage = Annotated[str, AfterValidator(words.read_locale), Field(json_schema_extra={"enum": words.locales()})]

WRITTEN = "The body is the document, in YAML (application/yaml) or JSON (application/json)."
EXAMPLE = "steps:\n  hello:\n    say: Good morning\n"
IN_YAML = {YAML: {"schema": {"type": "string"}, "example": EXAMPLE}}
IN_JSON = {JSON: {"schema": {"type": "object", "properties": views.FIELDS_OF_DOCUMENT, "additionalProperties": False}}}
RECEPTION_BODY = {"requestBody": {"required": True, "content": IN_YAML | IN_JSON}}


@router.put(
    "/api/receptions/<name>",
    tags=["receptions"],
    summary="Write down a reception, which counts at its lines at once",
    description=WRITTEN,
    openapi_extensions=RECEPTION_BODY,
    responses=answers("The reception, in a new version unless it said this already", 200, 400, 404, 409, 412, 413, 415)
    | answers("The reception, which was not there before", 201),
)
def put_reception(
    name: NameInPath, if_match: IfMatch = None, if_none_match: IfNoneMatch = None
) -> tuple[ReceptionSaved, int]:
    text, content_type = read_text(), read_type()
    expected = read_precondition(if_match, if_none_match)
    checked = check_text(text, content_type)
    reception, created = publishing.save_reception(name, text, content_type, checked.document, expected)
    saved: ReceptionSaved = {**views.show_reception(reception), "warnings": checked.warnings}
    return saved, 201 if created else 200


@router.post(
    "/api/receptions/check",
    tags=["receptions"],
    summary="Check a reception, and keep nothing of it",
    description=WRITTEN,
    openapi_extensions=RECEPTION_BODY,
    responses=answers("What it would say", 200, 400, 413, 415),
)
def check_reception() -> CheckView:
    checked = check_text(read_text(), read_type())
    return {"document": checked.document, "warnings": checked.warnings}


@router.get(
    "/api/receptions",
    tags=["receptions"],
    summary="All receptions, by name",
    responses=answers("A page of receptions", 200),
)
def list_receptions(
    page_size: PageSize = None,
    page_token: PageToken = None,
) -> ReceptionPage:
    del page_size, page_token  # page reads them
    return page(router, "receptions", records.list_receptions, views.show_reception)


@router.get(
    "/api/receptions/<name>",
    tags=["receptions"],
    summary="A reception: what it says",
    description="With `Accept: application/yaml` its text comes, as it was written.",
    responses=answers("The reception", 200, 404, content={JSON: {"model": WholeReceptionView}} | text_of(YAML)),
)
def fetch_reception(name: NameInPath, number: VersionNumber = None) -> WholeReceptionView | str:
    reception = publishing.get_reception(name)
    version = publishing.get_version(name, number or int(reception.version))
    if "yaml" in router.current_event.headers.get("accept", ""):
        return plain_answer(version.source, YAML, ETag=str(reception.tag))  # and all JSON is YAML
    return views.show_whole_reception(reception, version)


@router.get(
    "/api/receptions/<name>/versions",
    tags=["receptions"],
    summary="The versions of a reception, the newest first",
    responses=answers("A page of versions", 200, 404),
)
def list_versions(
    name: NameInPath,
    page_size: PageSize = None,
    page_token: PageToken = None,
) -> VersionPage:
    del page_size, page_token  # page reads them
    publishing.get_reception(name)
    return page(router, "versions", lambda after, most: records.list_versions(name, after, most), views.show_version)


@router.get(
    "/api/receptions/<name>/picture",
    tags=["receptions"],
    summary="The steps of a reception as a picture, in SVG",
    responses=answers("The picture", 200, 404, content=text_of(SVG)),
)
def draw_reception(
    name: NameInPath,
    number: VersionNumber = None,
    language: Annotated[
        PictureLanguage | None, Query(description="Of the words in it. Left out: the reception's own")
    ] = None,
) -> Response[str]:
    publishing.get_reception(name)
    return plain_answer(picture.draw(publishing.get_version(name, number).document, name, language), SVG)


@router.delete(
    "/api/receptions/<name>",
    tags=["receptions"],
    summary="Delete a reception that no line has",
    status_code=204,
    responses=answers("It is not there any more", 204, 404, 409, 412),
)
def drop_reception(name: NameInPath, if_match: IfMatch = None) -> Response[str]:
    publishing.delete_reception(name, read_precondition(if_match))
    return Response(204, body="")


# ---- those that are ready --------------------------------------------------------------------------------------------


@router.get(
    "/api/ready-receptions",
    tags=["receptions"],
    summary="The receptions that are ready to be used, and changed",
    responses=answers("All of them", 200),
)
def list_ready_receptions() -> ReadyReceptions:
    url = config.settings().public_base_url + router.current_event.path
    return {
        "ready_receptions": [{"name": name, "title": ready.title(name), "url": f"{url}/{name}"} for name in ready.NAMES]
    }


@router.get(
    "/api/ready-receptions/<name>",
    tags=["receptions"],
    summary="The text of a reception that is ready",
    responses=answers("The text, in YAML", 200, 404, content=text_of(YAML)),
)
def fetch_ready_reception(name: NameInPath) -> Response[str]:
    if name not in ready.NAMES:
        raise RequestRefused(20404, f"There is no ready reception {name}; there are {', '.join(ready.NAMES)}", 404)
    return plain_answer(ready.text(name), YAML)


# ---- what the operations ask -----------------------------------------------------------------------------------------


def read_text() -> str:
    """What was sent, as text. Raises RequestRefused 20001."""
    try:
        return forms.read_body(router.current_event.raw_event).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RequestRefused(20001, "The document is no text in UTF-8", 400) from None


def read_type() -> str:
    return JSON if forms.media_type(router.current_event.headers.get("content-type", JSON)) == JSON else YAML


def check_text(text: str, content_type: str) -> Checked:
    """The document, checked with a look at the world outside. Raises NoReception."""
    near = config.settings().public_base_url.startswith("http:")
    return checks.check_document(text, content_type, World(owner_webhook.listen, lines.find_lines, near))


def plain_answer(text: str, content_type: str, **headers: str) -> Any:
    """An answer that is no JSON of ours."""
    kind = content_type if content_type == SVG else f"{content_type}; charset=utf-8"
    return Response(200, kind, text, headers=headers)
