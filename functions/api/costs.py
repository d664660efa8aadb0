"""What calls and texts did cost, beside what they were estimated at: by session, call, person, line, service."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.queries import Month, OfSession, Order, OurLine, PageSize, PageToken, Person, Since, Until, page, stretch_of
from toritsugi.bridges import commands
from toritsugi.costs import pages, records, reports, views
from toritsugi.costs.records import Cost, CostFilter
from toritsugi.costs.views import CostPage, CostWhat, MonthReportView
from toritsugi.foundation import listings
from toritsugi.foundation.problems import answers, text_of

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

OneMonth = Annotated[str, Path(pattern=f"^{listings.MONTH}$", description="The month, by UTC: 2026-11")]
OfCall = Annotated[
    str | None, Query(pattern="^KB[0-9a-f]{32}$", description="Of this call of the exchange's own only: its SID")
]
OfOneService = Annotated[
    str | None, Query(pattern="^KS[0-9a-f]{32}$", description="Of this service's sessions only: its SID")
]


@router.get(
    "/api/costs",
    tags=["costs"],
    summary="What each call and text did cost, the newest first",
    description="There are some where the exchange was deployed with `FollowCosts`.",
    responses=answers("A page of costs, which may be short where few are as asked for", 200, 404, 503),
)
def list_costs(  # noqa: PLR0913  each is a parameter of the request
    number: Person = None,
    session: OfSession = None,
    call: OfCall = None,
    line: OurLine = None,
    service: OfOneService = None,
    what: Annotated[CostWhat | None, Query(description="Only what was paid for this")] = None,
    since: Since = None,
    until: Until = None,
    month: Month = None,
    order: Order = "desc",
    page_size: PageSize = None,
    page_token: PageToken = None,
) -> CostPage:
    del page_size, page_token  # page reads them
    stretch = stretch_of(since, until, month, order)
    under = find_place(call) if call else session
    asked = CostFilter(number, session, call, under, line, service, what)

    def read(after: str | None, most: int) -> tuple[list[Cost], str | None]:
        return records.page_of_costs(after, most, stretch, asked)

    return page(router, "costs", read, views.show_cost)


def find_place(call_sid: str) -> str:
    """Under what the costs of a call of the exchange's own are listed. Raises RequestRefused 20404."""
    return commands.get_bridge(call_sid).session_sid or call_sid


@router.get(
    "/api/costs/<month>",
    tags=["costs"],
    summary="What a month did cost, line by line, and what no line explains",
    responses=answers("The report, of those days that were summed up", 200, 404, 409),
)
def fetch_report(month: OneMonth) -> MonthReportView:
    return views.show_report(reports.report_of_month(month))


@router.get(
    "/api/costs/<month>/sheet",
    tags=["costs"],
    summary="The report of a month as CSV",
    responses=answers("A sheet", 200, 404, 409, content=text_of("text/csv")),
)
def fetch_report_sheet(month: OneMonth) -> Response[str]:
    headers = {"Content-Disposition": f'attachment; filename="costs-{month}.csv"'}
    sheet = pages.write_report_sheet(views.show_report(reports.report_of_month(month)))
    return Response(200, "text/csv; charset=utf-8", sheet, headers=headers)


@router.get(
    "/api/costs/<month>/page",
    tags=["costs"],
    summary="The report of a month as a page, for people",
    responses=answers("The page", 200, 404, 409, content=text_of("text/html")),
)
def fetch_report_page(month: OneMonth) -> Response[str]:
    page_of_month = pages.write_report_page(views.show_report(reports.report_of_month(month)))
    return Response(200, "text/html; charset=utf-8", page_of_month, headers=dict(pages.FOR_A_PAGE))
