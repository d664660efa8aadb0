"""Problems: why a REST request was not carried out, as RFC 9457 writes it."""

import re
from html import escape
from http import HTTPStatus
from typing import Annotated, Any, NotRequired

from aws_lambda_powertools.event_handler import Response
from pydantic import Field
from typing_extensions import TypedDict  # typing's own says too little to pydantic before Python 3.12

from toritsugi.foundation.request_types import DateTime
from toritsugi.foundation.rest import write_json
from toritsugi.foundation.types import Json

PAGE = "/api/problems"
# What each code means, and what to do. docs/api-conventions.md has the same table; the numbers are Twilio's, where
# Twilio has one for it. Whatever else comes is Twilio's own, of a call or text that Twilio has refused.
CODES = {
    20001: "The request is wrong: `detail` says what, and `errors` says where. Mend it; to repeat it is of no use.",
    20003: "401: there is no such key, or it comes without its secret. 403: the key lacks the scope in `scope`.",
    20004: "The path does not have this method. The header Allow says which it has.",
    20404: "There is no such thing, or no such path, or not any more.",
    20409: "It cannot be done as things stand, or others are changing the same. `detail` says which; then ask again.",
    20412: "It has changed since you read it: its ETag is not the one in If-Match. Read it, and decide again.",
    20429: "As much was called, or written, as `limit` allows. Ask again at `retry_at`; Retry-After has the seconds.",
    20500: "Something went wrong here. Ask again; the log has it under X-Request-Id.",
    20503: "The owner has stopped the exchange: it neither calls nor writes until it is started again.",
    21210: "The number in `from` cannot make calls.",
    21211: "This is no number that can be called, or not here: it would call itself, or is in the call already.",
    21215: "Calls to this number are not allowed: the exchange has not opened its country, or kind of number.",
    21266: "A text would go from a line to itself.",
    21408: "Texts to this number are not allowed: the exchange has not opened its country, or kind of number.",
    21602: "The message is empty.",
    21606: "Nothing can be sent from this number: it is not yours, or cannot text.",
    21610: "This person has asked for no more messages.",
    21614: "This number is a landline, which receives no texts.",
    21617: "The body is longer than a message can be.",
    21621: "This line sends no files.",
    21623: "There are more files than a message takes.",
    80301: "The Twilio account has no number with this SID.",
    80606: "The number is not one of the Twilio account's.",
    80607: "The session is closed.",
    80613: "Twilio refused, or did not say whether it does, what was asked of it for you.",
    80701: "A parameter is wrong: `detail` names it.",
}
LOCATION: Any = {"description": "Where it is to be found", "schema": {"type": "string", "format": "uri"}}
RETRY_AFTER: Any = {"description": "Seconds after which it is of use to ask again", "schema": {"type": "integer"}}
NOTHING: Json = {}  # the content of an answer that has none


class Mistaken(TypedDict):
    """One thing that is wrong with a request, and its place in it: a pointer into JSON, or a line and what it has."""

    pointer: NotRequired[str]
    line: NotRequired[int | None]
    step: NotRequired[str | None]
    column: NotRequired[str | None]
    detail: str


class Problem(TypedDict):
    """Why a request was not carried out. `type` leads to the page that explains the code.

    `scope` is the one that the key lacks, `limit` the one that was reached, and of use again at `retry_at`. Of a file
    that was refused, or not written whole, `bad` rows are counted, what has become of the others, and where to go on.
    """

    type: Annotated[str, Field(json_schema_extra={"format": "uri-reference"})]
    title: str
    status: int
    detail: str
    code: int
    scope: NotRequired[str]
    limit: NotRequired[str]
    retry_at: NotRequired[DateTime]
    errors: NotRequired[list[Mistaken]]
    bad: NotRequired[int]
    created: NotRequired[int]
    changed: NotRequired[int]
    unchanged: NotRequired[int]
    unwritten: NotRequired[int]
    next_line: NotRequired[int]


def text_of(*kinds: str) -> Json:
    """The content of an answer or a request that is a text of one of these types."""
    return {kind: {"schema": {"type": "string"}} for kind in kinds}


def answers(done: str, status: int, *refusals: int, content: Json | None = None) -> dict[int, Any]:
    """What an operation answers, for the document: that it is done, or a problem.

    The `content` is what the function returns, in JSON, unless it is given.
    """
    whenever = (400, 401, 403, 422, 429, 500)  # a request or a key is wrong, or too much, or we are wrong
    problem = {"application/problem+json": {"model": Problem}}
    problems = {code: {"description": HTTPStatus(code).phrase, "content": problem} for code in (*whenever, *refusals)}
    problems[429]["headers"] = {"Retry-After": RETRY_AFTER}
    made = {"headers": {"Location": LOCATION}} if status == 201 else {}
    said = NOTHING if status == 204 else content
    more = {} if said is None else {"content": said}
    return {status: {"description": done, **made, **more}, **dict(sorted(problems.items()))}


def problem(status: int, detail: str, code: int, **more: Any) -> Response[str]:
    """A problem as RFC 9457 writes it. Its `type` is relative, for it is also said where no setting can be read."""
    said = {"type": type_of(code), "title": HTTPStatus(status).phrase, "status": status, "detail": detail, "code": code}
    return Response(status, "application/problem+json", write_json(said | more))


def type_of(code: int) -> str:
    """The address that explains a code: ours, or Twilio's for what Twilio has refused."""
    return f"{PAGE}#{code}" if code in CODES else f"https://www.twilio.com/docs/api/errors/{code}"


def write_page() -> str:
    """The page that explains every code of ours, each under its number."""
    rows = "".join(f'<dt id="{code}">{code}</dt><dd>{marked_up(meaning)}</dd>' for code, meaning in CODES.items())
    told = "What a <code>code</code> in an answer means, and what to do."
    return f"{PAGE_HEAD}<h1>Problems</h1><p>{told}<dl>{rows}</dl></html>"


def marked_up(text: str) -> str:
    """Text for a page, in which what stands in backticks is code."""
    return re.sub("`(.*?)`", r"<code>\1</code>", escape(text))


PAGE_HEAD = """<!doctype html><html lang=en><meta charset=utf-8><title>Problems</title>
<meta name=viewport content="width=device-width, initial-scale=1">
<style>
  :root { color-scheme: light dark; --ink: #1d2328; --soft: #5b6670; --paper: #fbfaf7; --mark: #fde8d7 }
  @media (prefers-color-scheme: dark) { :root { --ink: #e9e6df; --soft: #a3a9ae; --paper: #16191c; --mark: #4a2f17 } }
  html { background: var(--paper); color: var(--ink); font: 1rem/1.65 system-ui, sans-serif }
  body { margin: 0 auto; padding: clamp(1.25rem, 5vw, 4rem); max-width: 46rem }
  h1 { margin: 0; font-size: 2rem; line-height: 1.2 }
  p { color: var(--soft); margin: .5rem 0 2rem }
  dt { font-weight: 600; font-variant-numeric: tabular-nums; padding: 0 .4rem; border-radius: .3rem }
  dd { margin: 0 0 1rem; padding: 0 .4rem; overflow-wrap: anywhere }
  dt:target { background: var(--mark) }
  code { font: .92em ui-monospace, Menlo, Consolas, monospace }
</style>"""
