"""`toritsugi tokens`: Twilio's auth tokens are changed without missing a call. Add the next, promote it, done.

Twilio has two tokens at most. Both open its REST API; the first signs the webhooks, until the second is promoted.
The exchange takes the signature of either. https://www.twilio.com/docs/iam/api/authtoken
"""

from __future__ import annotations

import os
import time
from typing import Any

import typer
from twilio.base.exceptions import TwilioRestException

from command import account
from command.exchange import Exchange, standing
from command.refusals import Refused
from command.screen import AsJson, Yes, ask, busy, confirm, show, somebody_is_there, table
from command.stages import Region, StageName

app = typer.Typer(no_args_is_help=True, help="Change Twilio's auth token without missing a call.")

CURRENT, NEXT = "current", "next"


@app.command("list")
def list_tokens(stage: StageName = "", region: Region = "", as_json: AsJson = False) -> None:
    """Show which tokens the exchange takes, and whether Twilio takes them too."""
    exchange = standing(stage, region)
    found = [
        (name, masked(token), opens(exchange, token))
        for name, token in zip((CURRENT, NEXT), exchange.tokens, strict=False)
    ]
    result = [{"name": name, "token": token, "opens_twilio": works} for name, token, works in found]
    words = {True: "opens Twilio", False: "[red]Twilio refuses it[/]"}
    show(result, as_json, table(["", "token", ""], [(name, token, words[works]) for name, token, works in found]))


@app.command()
def add(stage: StageName = "", region: Region = "", yes: Yes = False, as_json: AsJson = False) -> None:
    """Add the next token: Twilio makes it, unless you have made one (TWILIO_AUTH_TOKEN, or typed unseen)."""
    exchange = standing(stage, region)
    tokens = exchange.tokens
    if len(tokens) > 1:
        raise Refused("There is a next token already: `toritsugi tokens promote` makes it the current one.")
    token = os.environ.get("TWILIO_AUTH_TOKEN", "")
    if not token and not yes and somebody_is_there():
        token = ask("Twilio's secondary auth token, or Enter to have Twilio make one", secret=True)
    if token:
        if token in tokens:
            raise Refused("That is the current token; the next one is called secondary at Twilio.")
        account.check(exchange.account_sid, token, exchange.carrier_url)
    else:
        confirm(f"Have Twilio make a second auth token for {exchange.account_sid}?", yes, usual=True)
        token = created(exchange)
    exchange.keep_tokens([*tokens, token])
    say_next({"added": masked(token)}, as_json, "Added; webhooks signed with either token are taken.", "promote")


@app.command()
def promote(stage: StageName = "", region: Region = "", yes: Yes = False, as_json: AsJson = False) -> None:
    """Make the next token the current one, here and at Twilio. The old one opens nothing at Twilio any more."""
    exchange = standing(stage, region)
    old, new = two(exchange)
    account.check(exchange.account_sid, new, exchange.carrier_url)
    confirm(
        "Whatever else uses the current token stops working at Twilio. Promote the next one?",
        yes,
    )
    wait_until_looked_for(exchange)
    exchange.keep_tokens([new, old])  # first here: until Twilio knows, it signs with the old one, which still counts
    client = account.connect(exchange.account_sid, new, exchange.carrier_url)
    try:
        client.accounts.v1.auth_token_promotion().update()
    except TwilioRestException as error:
        if error.status != 404:  # else somebody has promoted it in the console: it is primary already
            exchange.keep_tokens([old, new])
            raise
    say_next({"promoted": masked(new)}, as_json, "Promoted; calls that are running go on.", "remove")


@app.command()
def remove(stage: StageName = "", region: Region = "", yes: Yes = False, as_json: AsJson = False) -> None:
    """Remove the token that is not current: the old one after a promotion, else the next."""
    exchange = standing(stage, region)
    kept, gone = two(exchange)
    if not opens(exchange, kept):
        raise Refused("Twilio refuses the token that would stay: `toritsugi tokens list` shows more.")
    if opens(exchange, gone):
        confirm("Twilio still knows the token that goes. Remove it here?", yes)
    exchange.keep_tokens([kept])
    say_next({"removed": masked(gone)}, as_json, "Removed: within a quarter of an hour it opens nothing here.", "")


def wait_until_looked_for(exchange: Exchange) -> None:
    """Returns when every function that does not know the next token yet would look for it, and no call is refused."""
    exchange.enter()
    from toritsugi.foundation.config import REREAD_SECONDS

    left = min(REREAD_SECONDS, REREAD_SECONDS + 1 - exchange.tokens_known_for)
    if left > 0:
        with busy(f"Waiting {left:.0f} seconds, until no function has to refuse the next token ..."):
            time.sleep(left)


def created(exchange: Exchange) -> str:
    """A second token, made by Twilio."""
    try:
        return str(exchange.twilio().accounts.v1.secondary_auth_token().create().secondary_auth_token)
    except TwilioRestException as error:
        if error.status in (400, 409):
            raise Refused(
                "Twilio has a secondary token already: give it as TWILIO_AUTH_TOKEN, or delete it in Twilio's console."
            ) from error
        raise


def two(exchange: Exchange) -> tuple[str, str]:
    tokens = exchange.tokens
    if len(tokens) < 2:
        raise Refused("There is only one token: `toritsugi tokens add` adds the next.")
    return tokens[0], tokens[1]


def opens(exchange: Exchange, token: str) -> bool:
    """Whether Twilio takes the token."""
    try:
        account.connect(exchange.account_sid, token, exchange.carrier_url).api.accounts(exchange.account_sid).fetch()
    except TwilioRestException as error:
        if error.status == 401:
            return False
        raise
    return True


def masked(token: str) -> str:
    """Enough of a token to know it by."""
    return f"...{token[-4:]}"


def say_next(done: dict[str, Any], as_json: bool, what: str, command: str) -> None:
    after = f" Next: [bold]toritsugi tokens {command}[/]" if command else ""
    show(done, as_json, what + after)
