"""Problems: why a REST request was not carried out, as RFC 9457 writes it."""

from http import HTTPStatus
from typing import Any, NotRequired

from aws_lambda_powertools.event_handler import Response
from typing_extensions import TypedDict  # typing's own says too little to pydantic before Python 3.12

from toritsugi.foundation.rest import challenge, write_json


class Mistaken(TypedDict):
    """One thing that is wrong with a request, and its place in it: a pointer into JSON, or a line and what it has."""

    pointer: NotRequired[str]
    line: NotRequired[int | None]
    step: NotRequired[str | None]
    column: NotRequired[str | None]
    detail: str


class Problem(TypedDict):
    """Why a request was not carried out. Twilio's error pages explain the code, if there is one.

    `scope` is the one that the key lacks.
    """

    type: str
    title: str
    status: int
    detail: str
    code: NotRequired[int]
    scope: NotRequired[str]
    errors: NotRequired[list[Mistaken]]


def answers(done: str, status: int, *refusals: int) -> dict[int, Any]:
    """What an operation answers, for the document: that it is done, or a problem."""
    whenever = (401, 403, 422, 500)  # a key or a request is wrong, or we are
    problem = {"application/problem+json": {"model": Problem}}
    problems = {code: {"description": HTTPStatus(code).phrase, "content": problem} for code in (*whenever, *refusals)}
    return {status: {"description": done}, **dict(sorted(problems.items()))}


def problem(status: int, detail: str, **more: Any) -> Response[str]:
    """A problem as RFC 9457 writes it."""
    said = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return Response(status, "application/problem+json", write_json(said), headers=challenge(status))
