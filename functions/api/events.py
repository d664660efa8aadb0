"""Events: their types, and the JSON Schema of each."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Path
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from toritsugi.foundation.errors import not_found
from toritsugi.foundation.events import SCHEMAS_PATH, VERSION
from toritsugi.foundation.problems import answers
from toritsugi.subscriptions import views
from toritsugi.subscriptions.catalog import MEANING_OF_EVENT
from toritsugi.subscriptions.views import SchemaList

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.get(
    SCHEMAS_PATH,
    tags=["events"],
    summary="Every type of event, and where its schema is",
    responses=answers("The types", 200),
)
def show_events() -> SchemaList:
    return views.list_schemas()


@router.get(
    f"{SCHEMAS_PATH}/<name>",
    tags=["events"],
    summary="The JSON Schema of an event",
    responses=answers("The schema", 200, 404),
)
def fetch_schema(name: Annotated[str, Path(max_length=60, description="As in call.ended.v1")]) -> dict[str, Any]:
    type = name.removesuffix(f".v{VERSION}")
    if type == name or type not in MEANING_OF_EVENT:
        raise not_found(f"{SCHEMAS_PATH}/{name}")
    return views.show_schema(type)
