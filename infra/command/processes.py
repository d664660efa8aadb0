"""How many of an AWS account's processes are kept for calls, so that no rush elsewhere takes the last one.

What is reserved is a limit as well: a function of calls gets so many, and never more.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from command.exchange import Exchange
from command.refusals import Refused
from command.screen import say
from command.template import usual

PARAMETER, OF_APIS = "CallConcurrency", "ApiConcurrency"
FUNCTIONS_OF_CALLS = 4  # voice, sms, status and recording have each its own
FUNCTIONS_OF_APIS = 2  # proxy and api
NEVER_RESERVED = 100  # of an account, AWS keeps for functions without any of their own
MOST, FEWEST = 100, 10  # fewer at once would turn calls away that the account could take

WARM, TIMERS, RECORDINGS, BUSY = "WarmCalls", "TimersAtOnce", "RecordingsAtOnce", "BusyProcesses"
NOTIFICATIONS = "NotificationsAtOnce"
MOST_OF_A_QUEUE = 1000


def choose(exchange: Exchange) -> None:
    """Sets what nobody has set, as far as the account allows it, and says so. Raises Refused for what it does not."""
    try:
        limit = account_limit(exchange)
    except ClientError:  # whoever deploys may not ask; the exchange works without
        return
    parameters, whole = exchange.stage.parameters, int(limit["ConcurrentExecutions"])
    if not is_chosen(exchange, PARAMETER):
        if each := affordable(limit):
            parameters[PARAMETER] = str(each)
            say(f"Each function of calls gets {each} processes of its own, of the {whole} here.")
        else:
            say(
                f"[yellow]This AWS account runs {whole} processes at once[/], too few to keep any for calls alone: ask "
                "for 1,000 (free), Service Quotas > AWS Lambda > Concurrent executions; then deploy."
            )
    must_be_there(exchange, limit)
    if each := chosen(exchange, PARAMETER):
        fill_in(exchange, TIMERS, min(max(each, 4), MOST_OF_A_QUEUE))
        for name in (RECORDINGS, NOTIFICATIONS):
            fill_in(exchange, name, min(max(each // 5, 2), MOST_OF_A_QUEUE))
    fill_in(exchange, BUSY, max(whole * 4 // 5, 1))


def must_be_there(exchange: Exchange, limit: dict[str, Any]) -> None:
    """Raises Refused where more is to be reserved than the account has: Lambda would say so in the middle of it."""
    calls, apis, warm = (chosen(exchange, name) for name in (PARAMETER, OF_APIS, WARM))
    if calls and warm > calls:
        raise Refused(
            f"{WARM}={warm} are some of those that {PARAMETER} keeps, which are {calls}: no more than so many."
        )
    wanted = reserved(calls, apis) + (0 if calls else warm)
    now = reserved(*(int(exchange.parameters.get(name, "0")) for name in (PARAMETER, OF_APIS)))
    free = int(limit.get("UnreservedConcurrentExecutions", limit["ConcurrentExecutions"])) + now - NEVER_RESERVED
    if wanted > max(free, 0):
        raise Refused(
            f"{PARAMETER}={calls} and {OF_APIS}={apis}, with {WARM}={warm}, keep {wanted} processes. This AWS account "
            f"can keep {max(free, 0)} of its {limit['ConcurrentExecutions']}, for AWS leaves {NEVER_RESERVED} to all "
            "together. Ask for more (it is free: Service Quotas > AWS Lambda > Concurrent executions), or keep fewer."
        )


def reserved(of_calls: int, of_apis: int) -> int:
    return of_calls * FUNCTIONS_OF_CALLS + of_apis * FUNCTIONS_OF_APIS


def is_chosen(exchange: Exchange, name: str) -> bool:
    """Whether somebody has said it, now or when the stack was deployed."""
    return name in exchange.stage.parameters or exchange.parameters.get(name, "0") != "0"


def chosen(exchange: Exchange, name: str) -> int:
    """What is said of it now, or else was when the stack was deployed. Raises Refused for what is no number."""
    said = exchange.stage.parameters.get(name, exchange.parameters.get(name, "0"))
    if not said.isdecimal():
        raise Refused(f"{name} is a number, not {said!r}.")
    return int(said)


def fill_in(exchange: Exchange, name: str, figure: int) -> None:
    """Sets a parameter, unless somebody has, or we have, here or when the stack was deployed."""
    if exchange.parameters.get(name, usual(name)) == usual(name):
        exchange.stage.parameters.setdefault(name, str(figure))


def account_limit(exchange: Exchange) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/api/API_AccountLimit.html"""
    return dict(exchange.aws("lambda").get_account_settings()["AccountLimit"])


def affordable(limit: dict[str, Any]) -> int:
    """How many processes each function of calls can have: together at most half of what the account has left."""
    free = int(limit.get("UnreservedConcurrentExecutions", limit["ConcurrentExecutions"])) - NEVER_RESERVED
    each = min(MOST, free // 2 // FUNCTIONS_OF_CALLS)
    return each if each >= FEWEST else 0
