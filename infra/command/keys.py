"""`toritsugi keys`: the credentials of programs that use the REST API. They are ours, never Twilio's token."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

import typer
from rich.markup import escape

from command.exchange import Exchange, standing
from command.refusals import Refused
from command.screen import AsJson, Yes, confirm, show, table
from command.stages import Region, StageName

app = typer.Typer(no_args_is_help=True, help="The credentials of programs that use the REST API.")


@app.command()
def create(
    read_only: Annotated[bool, typer.Option("--read-only", help="A key that can look, and change nothing.")] = False,
    stage: StageName = "",
    region: Region = "",
    as_json: AsJson = False,
) -> None:
    """Make a key. Its secret is shown once."""
    exchange = standing(stage, region)
    made = create_key(exchange, read_only)
    show(made, as_json, *presented(made))


@app.command("list")
def list_keys(stage: StageName = "", region: Region = "", as_json: AsJson = False) -> None:
    """Show which keys there are. Secrets are not kept, so they cannot be shown."""
    found = read_keys(standing(stage, region))
    show(found, as_json, table(["key", "may"], [(key["sid"], ", ".join(key["scopes"])) for key in found]))


@app.command()
def revoke(
    sid: Annotated[str, typer.Argument(help="The key: SK...", show_default=False)],
    stage: StageName = "",
    region: Region = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make a key useless, within a minute."""
    exchange = standing(stage, region)
    exchange.enter()
    from toritsugi.foundation.api_keys import ApiKey

    try:
        key = ApiKey.get(sid, consistent_read=True)
    except ApiKey.DoesNotExist:
        raise Refused(f"There is no key {sid}: `toritsugi keys list` shows those there are.") from None
    confirm(f"Programs that use {sid} will be refused. Revoke it?", yes)
    key.delete()
    show({"revoked": sid}, as_json, f"Revoked. Within a minute nothing takes [bold]{sid}[/] any more.")


def create_key(exchange: Exchange, read_only: bool = False) -> dict[str, Any]:
    """A new key of the exchange: its SID, its secret, which nobody can tell again, and its scopes."""
    exchange.enter()
    from toritsugi.foundation import api_keys

    sid, secret = f"SK{secrets.token_hex(16)}", secrets.token_urlsafe(32)
    scopes = tuple(scope for scope in api_keys.ALL_SCOPES if scope.endswith(":read") or not read_only)
    api_keys.create_key(sid, secret, scopes)
    return {"sid": sid, "secret": secret, "scopes": list(scopes), "address": exchange.address}


def read_keys(exchange: Exchange) -> list[dict[str, Any]]:
    """SID and scopes of every key."""
    exchange.enter()
    from toritsugi.foundation.api_keys import ApiKey

    return sorted(
        ({"sid": key.key_sid, "scopes": sorted(key.scopes)} for key in ApiKey.scan(consistent_read=True)),
        key=lambda key: key["sid"],
    )


def presented(made: dict[str, Any]) -> list[Any]:
    """How a new key is shown to people: what to keep, and what to do with it."""
    rows = [("key", made["sid"]), ("secret", made["secret"]), ("address", made["address"])]
    return [
        "\n[bold]A key for your programs.[/] Its secret is shown this once: keep it where they find it.\n",
        table(["", ""], [(f"[bold]{name}[/]", escape(value)) for name, value in rows]),
        f"\n  client = Client('{made['sid']}', secret)\n  client.proxy.base_url = '{made['address']}'",
        f"\nWhat else it opens is told at {made['address']}/api/docs",
    ]
