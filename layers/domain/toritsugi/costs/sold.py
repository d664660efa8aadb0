"""A call or a text as it stands on Twilio's bill, and what it would have been estimated at."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from toritsugi.money.bills import Billed
from toritsugi.money.pricing import Priced, PricedCall, PricedText, price, sum_up, type_of_line, whole_minutes
from toritsugi.money.rates import RateCard, What

BROWSER_PREFIX = "client:"
FREE_STATUSES = ("busy", "no-answer", "canceled", "failed")  # of calls that nobody has answered, texts that never left


@dataclass(frozen=True, kw_only=True)
class Sold:
    """A call, or a text that was sent or came in. Its `size` is seconds, or segments.

    `amount` is what it costs, for a call that of the connection alone; None: Twilio has not said. Of what costs nothing
    it never does.
    """

    sid: str
    incoming: bool
    from_: str
    to: str
    status: str
    began_at: float
    size: int
    has_files: bool = False
    amount: Decimal | None = None
    currency: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will be said of its price."""
        return self.amount is not None or self.is_free

    @property
    def is_free(self) -> bool:
        """Whether nothing was paid for it."""
        return self.amount is None and self.status in FREE_STATUSES

    @property
    def is_text(self) -> bool:
        return not self.sid.startswith("CA")

    @property
    def by_browser(self) -> bool:
        return self.from_.startswith(BROWSER_PREFIX) or self.to.startswith(BROWSER_PREFIX)

    @property
    def line(self) -> str:
        """Our own number."""
        return self.to if self.incoming else self.from_

    @property
    def person(self) -> str | None:
        """The number of the other; None of a browser, and of whoever shows none."""
        number = self.from_ if self.incoming else self.to
        return number if number.startswith("+") else None

    @property
    def what(self) -> What:
        """What is paid for."""
        if self.is_text:
            return What.INCOMING_TEXT if self.incoming else What.OUTGOING_TEXT
        if self.by_browser:
            return What.BROWSER_CALL
        return What.INCOMING_CALL if self.incoming else What.OUTGOING_CALL

    def things(self) -> Iterator[Priced]:
        """It, as it is priced. What files cost is on no card."""
        if not self.is_text:
            yield PricedCall(what=self.what, seconds=self.size, to=self.to, shows=self.from_)
        elif not self.has_files:
            yield PricedText(
                segments=max(1, self.size),
                to=self.to,
                comes_in=self.incoming,
                number_type=type_of_line(self.line),
            )

    def billed(self, card: RateCard) -> Billed:
        """What it costs, beside what that was estimated at by a card; without that, if the bill is in other money."""
        total = sum_up(price(self.things(), card, tax=False), card.currency)
        known = total.is_complete and not self.has_files and self.currency in ("", card.currency)
        return Billed(
            what=self.what,
            quantity=Decimal(self.size if self.is_text else whole_minutes(self.size)),
            estimate=total.amount if known else None,
            amount=self.amount,
        )
