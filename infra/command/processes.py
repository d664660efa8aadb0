"""How many of an AWS account's processes are kept for calls, so that no rush at the REST API takes the last one.

What is reserved is a limit as well: a function of calls gets so many, and never more.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from command.exchange import Exchange
from command.screen import say

PARAMETER = "CallConcurrency"
FUNCTIONS_OF_CALLS = 4  # voice, sms, status and recording have each its own
NEVER_RESERVED = 100  # of an account, AWS keeps for functions without any of their own
MOST, FEWEST = 100, 10  # fewer at once would turn calls away that the account could take


def choose(exchange: Exchange) -> None:
    """Sets CallConcurrency where nobody has, as far as the account allows it, and says so."""
    if PARAMETER in exchange.stage.parameters or exchange.parameters.get(PARAMETER, "0") != "0":
        return
    try:
        limit = account_limit(exchange)
    except ClientError:  # whoever deploys may not ask; the exchange works without
        return
    if each := affordable(limit):
        exchange.stage.parameters[PARAMETER] = str(each)
        say(f"Each function of calls gets {each} processes of its own, of the {limit['ConcurrentExecutions']} here.")
    else:
        say(
            f"[yellow]This AWS account runs {limit['ConcurrentExecutions']} processes at once[/], too few to keep any "
            "for calls alone: ask for 1,000 (free), Service Quotas > AWS Lambda > Concurrent executions; then deploy."
        )


def account_limit(exchange: Exchange) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/api/API_AccountLimit.html"""
    return dict(exchange.aws("lambda").get_account_settings()["AccountLimit"])


def affordable(limit: dict[str, Any]) -> int:
    """How many processes each function of calls can have: together at most half of what the account has left."""
    free = int(limit.get("UnreservedConcurrentExecutions", limit["ConcurrentExecutions"])) - NEVER_RESERVED
    each = min(MOST, free // 2 // FUNCTIONS_OF_CALLS)
    return each if each >= FEWEST else 0
