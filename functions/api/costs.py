"""What calls and texts did cost, beside what they were estimated at: by session, call, person, line, service."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.queries import Month, OfSession, Order, OurLine, PageSize, PageToken, Person, Since, Until, page, stretch_of
from toritsugi.bridges import commands
from toritsugi.costs import records, views
from toritsugi.costs.records import Cost, CostFilter
from toritsugi.costs.views import CostPage, CostWhat
from toritsugi.foundation.problems import answers

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

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
