"""Callers: the people whom the owner knows by their numbers. One at a time, in the order of the alphabet, or as CSV."""

import base64
import re
import time
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlencode

import phonenumbers
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import AfterValidator, Field

from api.queries import IfMatch, IfNoneMatch, PageSize, PageToken, page
from toritsugi import words
from toritsugi.callers import cards, changes, columns, encodings, imports, index, sheets, views
from toritsugi.callers.exports import EXPORTS
from toritsugi.callers.filters import CallerFilter
from toritsugi.callers.schemas import MAX_TAG, CallerChange, CallerRequest
from toritsugi.callers.views import CallerPage, CallerView, ImportDone
from toritsugi.foundation import config, forms, pages
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.preconditions import read_precondition
from toritsugi.foundation.problems import answers, text_of
from toritsugi.foundation.visible import plain_text
from toritsugi.lines import numbers

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


CHARSET = re.compile(r"charset=\"?([\w-]+)", re.IGNORECASE)
MAX_ERRORS = 1000  # are shown; the count is of all
MAX_ROWS = 5000  # of one answer of an export
SPARE_IMPORT_SECONDS = (
    8  # of those that Lambda gives: the last request to DynamoDB may take six, and the last pause two
)


def known(country: str) -> str:
    if country not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"{country} is no country whose telephone numbers are known; write it like JP")
    return country


SearchQuery = Annotated[
    str,
    Query(max_length=100, description="A part of a name, a reading, a company or a number, in any case and kana"),
    AfterValidator(plain_text),
]
LanguageQuery = Annotated[str, AfterValidator(words.read_locale), Field(json_schema_extra={"enum": words.codes()})]
AnyTag = Annotated[str, Field(min_length=1, max_length=MAX_TAG)]
NumberPath = Annotated[str, Path(description="E.164, its plus written as %2B; or as people write it in `country`")]
CountryQuery = Annotated[
    str,
    Query(max_length=2, description="Where a number is that has no country code. Left out: where the exchange is"),
    AfterValidator(known),
]


EncodingQuery = Annotated[
    str,
    Query(max_length=50, description="What the file is in, if not UTF-8 or Shift_JIS: windows-1252, gbk ..."),
]
ColumnsQuery = Annotated[
    str,
    Query(
        alias="columns",
        max_length=4000,
        description=f"{', '.join(EXPORTS)}, or what each heading is: Phone 1 - Value:number,Full Name:name",
    ),
]


BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
SHEET_BODY = {"requestBody": {"required": True, "content": text_of("text/csv", "text/vcard") | BYTES}}


@router.get(
    "/api/callers",
    tags=["callers"],
    summary="All callers, in the order of the alphabet, or those who are looked for",
    responses=answers("A page of callers, which may be short where few are as asked for", 200, 400),
)
def list_callers(
    search: SearchQuery = "",
    tag: Annotated[AnyTag | None, Query(description="Only those with this tag, written as it is")] = None,
    blocked: Annotated[bool | None, Query(description="Only those who are blocked, or are not")] = None,
    opted_out: Annotated[bool | None, Query(description="Only those who want no messages, or may want some")] = None,
    language: Annotated[LanguageQuery | None, Query(description="Only those who are spoken to in it")] = None,
    order: Annotated[Literal["asc", "desc"], Query(description="Of the alphabet, or back")] = "asc",
    page_size: PageSize = None,
    page_token: PageToken = None,
) -> CallerPage:
    del page_size, page_token  # page reads them
    asked = CallerFilter(tag, blocked, opted_out, language)

    def read(after: str | None, most: int) -> index.Page:
        return index.read_page(after, most, search, asked, order == "desc")

    return page(router, "callers", read, lambda one: views.show_caller(*one))


@router.post(
    "/api/callers/import",
    tags=["callers"],
    summary="Write down many callers",
    description="The body is vCard, or CSV whose first line names the columns (text/csv in UTF-8, "
    "else application/octet-stream). What it has no column for is left as it was.",
    openapi_extensions=SHEET_BODY,
    responses=answers("What has become of every row", 200, 409, 413, 415, 503),
)
def import_callers(
    country: CountryQuery = config.COUNTRY,
    bad_rows: Annotated[
        Literal["refuse", "skip"],
        Query(description="What becomes of a file with bad rows: nothing is written, or the good rows are"),
    ] = "refuse",
    from_line: Annotated[int, Query(ge=1, description="Where to go on with a file that was not written whole")] = 1,
    encoding: EncodingQuery = "",
    column_names: ColumnsQuery = "",
    other_columns: Annotated[
        Literal["refuse", "skip"], Query(description="What becomes of columns that are not known")
    ] = "refuse",
    dry_run: Annotated[bool, Query(description="Whether nothing is written, only shown")] = False,
) -> ImportDone:
    sheet = read_file(country, encoding, columns.read_mapping(column_names, other_columns == "skip"))
    wrong = [one for one in sheet.wrong if one["line"] >= from_line]
    bad, errors = len({one["line"] for one in wrong}), wrong[:MAX_ERRORS]
    if wrong and bad_rows == "refuse" and not dry_run:
        raise RequestRefused(20001, f"Nothing was written, for bad rows: {bad}", 422, errors=errors, bad=bad)
    until = time.monotonic() + router.lambda_context.get_remaining_time_in_millis() / 1000 - SPARE_IMPORT_SECONDS
    rows = [row for row in sheet.rows if row.line >= from_line]
    outcome = imports.Import(until, dry_run).write(rows)
    if outcome.unwritten:
        line = min(outcome.unwritten)
        said = f"Not everything was written: send the file again with from_line={line}"
        more: dict[str, Any] = {**outcome.counts, "bad": bad, "unwritten": len(outcome.unwritten), "next_line": line}
        raise RequestRefused(20001, said, 503, errors=errors, **more)
    counts = outcome.counts
    done = ImportDone(
        created=counts["created"],
        changed=counts["changed"],
        unchanged=counts["unchanged"],
        bad=bad,
        errors=errors,
    )
    if sheet.left_out:
        done["left_out"] = sheet.left_out
    if sheet.without_number:
        done["without_number"] = sheet.without_number
    if dry_run:
        done |= {"columns": sheet.columns, "callers": imports.show_preview(rows, outcome.kinds)}
    return done


@router.get(
    "/api/callers/export",
    tags=["callers"],
    summary="All callers as CSV, or those who are looked for",
    description="A sign (= + - @) at the beginning of a cell is guarded by an apostrophe, which an import takes off. "
    "If there are too many for one answer, the header Link leads to the next ones.",
    responses=answers("A sheet", 200, 400, content=text_of("text/csv")),
)
def export_callers(
    search: SearchQuery = "",
    encoding: Literal["utf-8", "shift_jis"] = "utf-8",
    headings: Annotated[LanguageQuery, Query(description="The language of the first line")] = "en",
    page_size: Annotated[int, Query(ge=1, description=f"Rows of an answer; {MAX_ROWS} at most")] = MAX_ROWS,
    page_token: PageToken = None,
) -> Response[str]:
    of = router.current_event.path
    after = pages.open_token(page_token, of, "page_token")
    people, following = index.read_page(after, min(page_size, MAX_ROWS), search)
    sheet = sheets.encode(sheets.write_sheet((views.show_caller(*one) for one in people), headings), encoding)
    headers = {"Content-Disposition": 'attachment; filename="callers.csv"'}
    if following:
        query = router.current_event.query_string_parameters | {"page_token": pages.seal_token(following, of)}
        headers["Link"] = f'<{config.settings().public_base_url}{of}?{urlencode(query)}>; rel="next"'
    answer = Response(200, f"text/csv; charset={encoding}", base64.b64encode(sheet).decode(), headers=headers)
    answer.base64_encoded = True
    return answer


@router.get(
    "/api/callers/<number>",
    tags=["callers"],
    summary="Who calls from a number",
    responses=answers("The caller", 200, 400, 404),
)
def fetch_caller(number: NumberPath, country: CountryQuery = config.COUNTRY) -> CallerView:
    return views.get_caller_view(read_path_number(number, country))


@router.put(
    "/api/callers/<number>",
    tags=["callers"],
    summary="Write down who calls from a number, in place of what was known",
    responses=answers("The caller, who was known before", 200, 400, 404, 409, 412, 413, 415)
    | answers("The caller, who was not known before", 201),
)
def put_caller(
    number: NumberPath,
    said: Annotated[CallerRequest, Body()],
    country: CountryQuery = config.COUNTRY,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> tuple[CallerView, int]:
    at = read_path_number(number, country)
    expected = read_precondition(if_match, if_none_match)
    created = changes.keep_caller(at, said.model_dump(exclude={"opted_out"}), expected)
    set_messages(at, said.opted_out)
    return views.get_caller_view(at), 201 if created else 200


@router.patch(
    "/api/callers/<number>",
    tags=["callers"],
    summary="Change what is known of a caller",
    responses=answers("The caller", 200, 400, 404, 409, 412, 413, 415),
)
def patch_caller(
    number: NumberPath,
    said: Annotated[CallerChange, Body()],
    country: CountryQuery = config.COUNTRY,
    if_match: IfMatch = None,
) -> CallerView:
    at = read_path_number(number, country)
    wanted = said.model_dump(exclude={"opted_out"}, exclude_unset=True)
    changes.change_caller(at, wanted, read_precondition(if_match))
    set_messages(at, said.opted_out)
    return views.get_caller_view(at)


@router.delete(
    "/api/callers/<number>",
    tags=["callers"],
    summary="Forget a caller, except that no messages are wanted",
    status_code=204,
    responses=answers("Nobody is known at this number now", 204, 400, 404, 409, 412),
)
def delete_caller(
    number: NumberPath, country: CountryQuery = config.COUNTRY, if_match: IfMatch = None
) -> Response[str]:
    changes.forget_caller(read_path_number(number, country), read_precondition(if_match))
    return Response(204, body="")


# ---- what the operations ask -----------------------------------------------------------------------------------------


def read_file(country: str, encoding: str, mapping: columns.Mapping) -> sheets.Sheet:
    """What the body says, be it a sheet or vCards. Raises RequestRefused 20001."""
    event = router.current_event
    charset = CHARSET.search(event.headers.get("content-type", ""))
    text = encodings.decode(forms.read_body(event.raw_event), encoding or (charset[1] if charset else ""))
    return cards.read_cards(text, country) if cards.is_cards(text) else sheets.read_sheet(text, country, mapping)


def read_path_number(number: str, country: str) -> str:
    """The number of a path, in E.164. Raises RequestRefused 21211."""
    return numbers.read_number(unquote(number), country)


def set_messages(number: str, opted_out: bool | None) -> None:
    if opted_out is not None:
        (changes.opt_out if opted_out else changes.opt_in)(number)
