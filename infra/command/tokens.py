"""`toritsugi tokens`: every secret that the exchange holds is changed without missing a call.

Twilio's auth token: there are two at most. Both open its REST API; the first signs the webhooks, until the second is
promoted. The exchange takes the signature of either. https://www.twilio.com/docs/iam/api/authtoken

Instead of it: a SharedKey, with which Twilio signs, and an API key, which opens its REST API. And the exchange's own.
"""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer
from rich.text import Text
from twilio.base.exceptions import TwilioRestException

from command import account, own_secret, twilio_keys
from command.exchange import Exchange, standing
from command.refusals import Refused
from command.screen import AsJson, Yes, ask, confirm, show, somebody_is_there, table
from command.stages import Region, StageName

app = typer.Typer(no_args_is_help=True, help="Change what the exchange holds of secrets, without missing a call.")

CURRENT, NEXT = "current", "next"
OWN, AUTH = "own", "auth"

What = Annotated[
    str,
    typer.Argument(
        help="own: the exchange's own secret. SK..., webhooks_sharedkey_...: a key of Twilio's. None: an auth token.",
        show_default=False,
    ),
]


@app.command("list")
def list_tokens(stage: StageName = "", region: Region = "", as_json: AsJson = False) -> None:
    """Show which secrets the exchange has, and whether Twilio takes those that are its."""
    exchange = standing(stage, region)
    found: list[tuple[str, str, bool | None]] = [
        (name, masked(token), opens(exchange, token))
        for name, token in zip((CURRENT, NEXT), exchange.tokens, strict=False)
    ]
    found += [(sid, masked(secret), opens(exchange, secret, sid)) for sid, secret in exchange.keys("api-keys").items()]
    found += [(key_id, masked(secret), None) for key_id, secret in exchange.keys("shared-keys").items()]
    own = zip((OWN, f"{OWN}, {NEXT}"), exchange.secrets("own-secrets"), strict=False)
    found += [(name, masked(secret), None) for name, secret in own]
    result = [{"name": name, "token": token, "opens_twilio": works} for name, token, works in found]
    words = {True: Text("opens Twilio"), False: Text("Twilio refuses it", "red"), None: Text("")}
    show(result, as_json, table(["", "token", ""], [(name, token, words[works]) for name, token, works in found]))


@app.command("show")
def show_own(stage: StageName = "", region: Region = "", as_json: AsJson = False) -> None:
    """Show the exchange's own secret, with which your systems check who asks them; and the next, if there is one."""
    found = standing(stage, region).secrets("own-secrets")
    show(dict(zip((CURRENT, NEXT), found, strict=False)), as_json, *found)


@app.command()
def add(what: What = "", stage: StageName = "", region: Region = "", yes: Yes = False, as_json: AsJson = False) -> None:
    """Add the next auth token, which Twilio makes unless you have (TWILIO_AUTH_TOKEN, or typed unseen); or a key.

    The secret of a key is TWILIO_KEY_SECRET, or typed unseen. The next secret of the exchange's own is made here.
    """
    exchange = standing(stage, region)
    if what == OWN:
        done = own_secret.add(exchange)
        say_next(done, as_json, "Added; `toritsugi tokens show` shows it: tell your systems.", "promote own")
    elif what:
        done = twilio_keys.add(exchange, what)
        say_next(done, as_json, "Added: within half a minute it counts.", "")
    else:
        say_next(add_token(exchange, yes), as_json, "Added; webhooks signed with either token are taken.", "promote")


def add_token(exchange: Exchange, yes: bool) -> dict[str, Any]:
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
    exchange.keep("auth-tokens", [*tokens, token])
    return {"added": masked(token)}


@app.command()
def promote(
    what: What = "", stage: StageName = "", region: Region = "", yes: Yes = False, as_json: AsJson = False
) -> None:
    """Make the next auth token the current one, here and at Twilio; or the next secret of the exchange's own."""
    exchange = standing(stage, region)
    if what == OWN:
        done = own_secret.promote(exchange, yes)
        say_next(done, as_json, "Promoted; within a quarter of an hour your systems are asked with it.", "remove own")
    elif what:
        raise Refused("A key of Twilio's is not promoted: a rule at Twilio says with which it signs.")
    else:
        say_next(promote_token(exchange, yes), as_json, "Promoted; calls that are running go on.", "remove")


def promote_token(exchange: Exchange, yes: bool) -> dict[str, Any]:
    old, new = two(exchange)
    account.check(exchange.account_sid, new, exchange.carrier_url)
    confirm(
        "Whatever else uses the current token stops working at Twilio. Promote the next one?",
        yes,
    )
    own_secret.wait_until_looked_for(exchange, "auth-tokens")
    # first here: until Twilio knows, it signs with the old one, which still counts
    exchange.keep("auth-tokens", [new, old])
    client = account.connect(exchange.account_sid, new, exchange.carrier_url)
    try:
        client.accounts.v1.auth_token_promotion().update()
    except TwilioRestException as error:
        if error.status != 404:  # else somebody has promoted it in the console: it is primary already
            exchange.keep("auth-tokens", [old, new])
            raise
    return {"promoted": masked(new)}


@app.command()
def remove(
    what: What = "", stage: StageName = "", region: Region = "", yes: Yes = False, as_json: AsJson = False
) -> None:
    """Remove the old auth token, or secret, after a promotion; a key; or, by `auth`, every auth token."""
    exchange = standing(stage, region)
    if what == OWN:
        done = own_secret.remove(exchange, yes)
    elif what == AUTH:
        done = twilio_keys.remove_auth_tokens(exchange, yes)
    elif what:
        done = twilio_keys.remove(exchange, what, yes)
    else:
        done = remove_token(exchange, yes)
    say_next(done, as_json, "Removed: within a quarter of an hour it opens nothing here.", "")


def remove_token(exchange: Exchange, yes: bool) -> dict[str, Any]:
    kept, gone = two(exchange)
    if not opens(exchange, kept):
        raise Refused("Twilio refuses the token that would stay: `toritsugi tokens list` shows more.")
    if opens(exchange, gone):
        confirm("Twilio still knows the token that goes. Remove it here?", yes)
    exchange.keep("auth-tokens", [kept])
    return {"removed": masked(gone)}


def created(exchange: Exchange) -> str:
    """A second token, made by Twilio."""
    try:
        client = account.connect(exchange.account_sid, exchange.tokens[0], exchange.carrier_url)
        return str(client.accounts.v1.secondary_auth_token().create().secondary_auth_token)
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


def opens(exchange: Exchange, secret: str, key_sid: str = "") -> bool:
    """Whether Twilio takes an auth token, or an API key."""
    return account.opens(exchange.account_sid, secret, exchange.carrier_url, key_sid)


def masked(token: str) -> str:
    """Enough of a token to know it by."""
    return f"...{token[-4:]}"


def say_next(done: dict[str, Any], as_json: bool, what: str, command: str) -> None:
    after = f" Next: [bold]toritsugi tokens {command}[/]" if command else ""
    show(done, as_json, what + after)
