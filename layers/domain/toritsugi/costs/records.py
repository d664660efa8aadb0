"""The rows of what calls and texts cost: one each, by Twilio's SID, written once its price is known.

Whose it was stands in it where the exchange keeps the call or text itself; the caller of a reception is not kept there,
and is not kept here. Of a person who is erased the row stays, without the number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from pynamodb.attributes import Attribute, NumberAttribute, UnicodeAttribute
from pynamodb.constants import NUMBER
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection

from toritsugi.costs.inquiries import CostOrigin
from toritsugi.costs.sold import Sold
from toritsugi.foundation import config
from toritsugi.foundation.listings import Listing, Stretch, month_of, read_listed
from toritsugi.foundation.retention import is_past, kept_until, shown_since
from toritsugi.foundation.tables import Table
from toritsugi.foundation.transactions import save_if, update_if
from toritsugi.money.bills import Billed
from toritsugi.money.rates import RateCard

CALL_LASTS_DAYS = 1  # four hours at Twilio at most, and a call is listed by its beginning


class DecimalAttribute(Attribute[Decimal]):
    """An amount, to the last digit: a float would not keep a tenth."""

    attr_type = NUMBER

    def serialize(self, value: Decimal) -> str:
        return f"{value:f}"

    def deserialize(self, value: str) -> Decimal:
        return Decimal(value)


class CostsByMonth(GlobalSecondaryIndex["Cost"]):  # type: ignore[no-untyped-call]
    """What was paid for in a month, with all that its sums need. It may lag, by a second or so."""

    class Meta:
        index_name = "made-in"
        projection = IncludeProjection(["what", "quantity", "estimate", "amount", "line", "service_sid"])

    month = UnicodeAttribute(hash_key=True)
    listed_as = UnicodeAttribute(range_key=True)
    what = UnicodeAttribute()
    quantity = DecimalAttribute()
    estimate = DecimalAttribute(null=True)
    amount = DecimalAttribute(null=True)
    line = UnicodeAttribute(null=True)
    service_sid = UnicodeAttribute(null=True)


class CostsUnder(GlobalSecondaryIndex["Cost"]):  # type: ignore[no-untyped-call]
    """What was paid for in a session, or in a call of the exchange's own that is of none."""

    class Meta:
        index_name = "under"
        projection = KeysOnlyProjection()

    listed_under = UnicodeAttribute(hash_key=True)
    listed_as = UnicodeAttribute(range_key=True)


class CostsWithPerson(GlobalSecondaryIndex["Cost"]):  # type: ignore[no-untyped-call]
    """What was paid for because of a person."""

    class Meta:
        index_name = "with-person"
        projection = KeysOnlyProjection()

    person = UnicodeAttribute(hash_key=True)
    listed_as = UnicodeAttribute(range_key=True)


class CostsOnLine(GlobalSecondaryIndex["Cost"]):  # type: ignore[no-untyped-call]
    """What was paid for over one of our lines."""

    class Meta:
        index_name = "on-line"
        projection = KeysOnlyProjection()

    line = UnicodeAttribute(hash_key=True)
    listed_as = UnicodeAttribute(range_key=True)


class Cost(Table):
    """What one leg of a call, or one text, did cost; without an `amount` Twilio has not said, and may never.

    `of` is the call or text of ours that it is of, where it is one: KB, KI, KM, or an SM that came in.
    """

    class Meta:
        table_name = config.COSTS_TABLE

    sid = UnicodeAttribute(hash_key=True)
    what = UnicodeAttribute()
    quantity = DecimalAttribute()
    estimate = DecimalAttribute(null=True)
    amount = DecimalAttribute(null=True)
    currency = UnicodeAttribute()
    card = UnicodeAttribute()
    of = UnicodeAttribute(null=True)
    session_sid = UnicodeAttribute(null=True)
    service_sid = UnicodeAttribute(null=True)
    person = UnicodeAttribute(null=True)
    line = UnicodeAttribute(null=True)
    month = UnicodeAttribute()
    listed_as = UnicodeAttribute()
    listed_under = UnicodeAttribute(null=True)
    began_at = NumberAttribute()
    forget_at = NumberAttribute(null=True)

    made_in = CostsByMonth()
    under = CostsUnder()
    with_person = CostsWithPerson()
    on_line = CostsOnLine()

    @property
    def billed(self) -> Billed:
        """It as a bill has it."""
        return Billed(what=self.what, quantity=self.quantity, estimate=self.estimate, amount=self.amount)

    @property
    def is_kept(self) -> bool:
        """Whether it is not past its time."""
        return not is_past(self.forget_at, self.began_at, retention_of(self.sid))


def retention_of(sid: str) -> int:
    """For how many days a row is kept: as long as the exchange keeps the call or text itself; a number's for ever."""
    if sid.startswith("PN"):
        return 0
    return config.CALL_RETENTION if sid.startswith("CA") else config.MESSAGE_RETENTION


def new_cost(sold: Sold, card: RateCard, origin: CostOrigin | None) -> Cost:
    """The row of something that Twilio has sold; no person is in it if nothing says of which call of ours it is."""
    billed = sold.billed(card)
    return Cost(
        sold.sid,
        what=billed.what,
        quantity=billed.quantity,
        estimate=billed.estimate,
        amount=billed.amount,
        currency=sold.currency or card.currency,
        card=card.name,
        of=origin and origin.of,
        session_sid=origin and origin.session_sid,
        service_sid=origin and origin.service_sid,
        person=origin and sold.person,
        line=sold.line if sold.line.startswith("+") else None,
        month=month_of(sold.began_at),
        listed_as=f"{int(sold.began_at):010}#{sold.sid}",
        listed_under=origin and (origin.session_sid or origin.of),
        began_at=int(sold.began_at),
        forget_at=kept_until(sold.began_at, retention_of(sold.sid)),
    )


def keep_cost(cost: Cost) -> bool:
    """Whether a row is written now: if there is none that says whose it is and what it costs."""
    unknown = Cost.sid.does_not_exist() | Cost.amount.does_not_exist() | Cost.of.does_not_exist()
    return save_if(cost, unknown)


def keep_unlinked_costs(costs: Iterable[Cost]) -> int:
    """Keeps those of which nothing is known, and completes those whose price was not; how many are new."""
    wanted = {one.sid: one for one in costs}
    known = find_costs(list(wanted))
    new = [cost for sid, cost in wanted.items() if sid not in known]
    for cost in new:
        save_if(cost, Cost.sid.does_not_exist())
    for sid, there in known.items():
        if there.amount is None and wanted[sid].amount is not None:
            complete_cost(there, wanted[sid])
    return len(new)


def complete_cost(there: Cost, told: Cost) -> None:
    """Writes down what was told late."""
    actions = [Cost.amount.set(told.amount), Cost.currency.set(told.currency)]
    update_if(there, actions, Cost.amount.does_not_exist() & Cost.sid.exists())


def find_costs(sids: list[str]) -> dict[str, Cost]:
    """Those of these rows that there are, by their SIDs."""
    found = Cost.batch_get(sids, consistent_read=True) if sids else ()
    return {one.sid: one for one in found}


def forget_person_in_costs(number: str) -> int:
    """How many rows have lost this number, and stay."""
    rows = [row.sid for row in Cost.with_person.query(number)]
    return sum(update_if(Cost(sid), [Cost.person.remove()], Cost.person == number) for sid in rows)


# ---- many of them ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CostFilter:
    """What is asked of costs; None: anything. A `call` of the exchange's own, or a session, is listed `under` a SID."""

    number: str | None = None
    session: str | None = None
    call: str | None = None
    under: str | None = None
    line: str | None = None
    service: str | None = None
    what: str | None = None

    def lets(self, cost: Cost) -> bool:
        """Whether a cost is as asked."""
        asked = (
            (self.number, cost.person),
            (self.session, cost.session_sid),
            (self.call, cost.of),
            (self.line, cost.line),
            (self.service, cost.service_sid),
            (self.what, cost.what),
        )
        return cost.is_kept and all(wanted in (None, there) for wanted, there in asked)

    @property
    def listing(self) -> Listing:
        """Where the costs are looked for: in the shortest list that has all of them."""
        if self.under:
            return Listing(Cost.under, CostsUnder.listed_as, self.under)
        if self.number:
            return Listing(Cost.with_person, CostsWithPerson.listed_as, self.number)
        if self.line:
            return Listing(Cost.on_line, CostsOnLine.listed_as, self.line)
        return Listing(Cost.made_in, CostsByMonth.listed_as)


def page_of_costs(after: str | None, most: int, stretch: Stretch, asked: CostFilter) -> tuple[list[Cost], str | None]:
    """A page of the costs that are as asked, and where the next page begins. Raises RequestRefused."""
    days = max(config.CALL_RETENTION, config.MESSAGE_RETENTION)
    shown = stretch.not_before(shown_since(days, CALL_LASTS_DAYS)) if days else stretch
    return read_listed(asked.listing, shown, after, most, find_costs, asked.lets)
