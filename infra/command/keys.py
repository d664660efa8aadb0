"""`toritsugi keys`: the credentials of programs that use the REST API. They are ours, never Twilio's token."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.text import Text

from command.exchange import Exchange, standing
from command.refusals import Refused
from command.screen import AsJson, Yes, confirm, plain, show, table
from command.stages import Region, StageName
from toritsugi.foundation.visible import find_unseen

app = typer.Typer(no_args_is_help=True, help="The credentials of programs that use the REST API.")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for, as `list` shows it.", show_default=False)] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option(help="What it may do, like calls:write,sessions:read; without it, everything."),
    ] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="A key that can look, and change nothing.")] = False,
    stage: StageName = "",
    region: Region = "",
    as_json: AsJson = False,
) -> None:
    """Make a key. Its secret is shown once."""
    if read_only and scope:
        raise Refused("--read-only is the scopes of everything that can be read: give either that, or --scope.")
    if unseen := find_unseen(name):
        raise Refused(f"The name of a key is text that one can read: take {unseen} out of it.")
    exchange = standing(stage, region)
    made = create_key(exchange, name, read_scopes(exchange, scope, read_only))
    show(made, as_json, *presented(made))


@app.command("list")
def list_keys(stage: StageName = "", region: Region = "", as_json: AsJson = False) -> None:
    """Show which keys there are, and when each was last used, to the hour. Secrets are not kept, so cannot be shown."""
    found = read_keys(standing(stage, region))
    rows = [(key["sid"], key["name"] or "", key["last_used"] or "not yet", ", ".join(key["scopes"])) for key in found]
    show(found, as_json, table(["key", "for", "last used", "may"], rows))


@app.command()
def revoke(
    sid: Annotated[str, typer.Argument(help="The key: SK...", show_default=False)],
    stage: StageName = "",
    region: Region = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make a key useless: at once, except to processes of the exchange that know it, which forget it in a minute."""
    exchange = standing(stage, region)
    exchange.enter()
    from toritsugi.foundation.api_keys import KEY_REMEMBERED_SECONDS, ApiKey

    try:
        key = ApiKey.get(sid, consistent_read=True)
    except ApiKey.DoesNotExist:
        raise Refused(f"There is no key {sid}: `toritsugi keys list` shows those there are.") from None
    confirm(f"Programs that use {plain(sid)} will be refused. Revoke it?", yes)
    key.delete()
    show(
        {"revoked": sid, "remembered_seconds": KEY_REMEMBERED_SECONDS},
        as_json,
        f"Revoked. A process of the exchange that has just seen [bold]{plain(sid)}[/] still takes it for up to "
        f"{KEY_REMEMBERED_SECONDS} seconds; every other refuses it from now on.",
    )


def read_scopes(exchange: Exchange, said: list[str] | None, read_only: bool) -> tuple[str, ...]:
    """The scopes that were asked for, in words of ours. Raises Refused for a word that is none."""
    exchange.enter()
    from toritsugi.foundation import api_keys

    if not said:
        return api_keys.READ_SCOPES if read_only else api_keys.ALL_SCOPES
    asked = {one.strip() for text in said for one in text.split(",")}
    if wrong := sorted(asked.difference(api_keys.ALL_SCOPES)):
        nouns = ", ".join(api_keys.NOUNS)
        raise Refused(f"There is no scope {wrong[0]!r}: it is one of {nouns}, and :read or :write, as in calls:write.")
    return tuple(scope for scope in api_keys.ALL_SCOPES if scope in asked)


def create_key(exchange: Exchange, name: str = "", scopes: tuple[str, ...] = ()) -> dict[str, Any]:
    """A new key of the exchange, for all scopes if none are given: its SID, and its secret, told this once."""
    exchange.enter()
    from toritsugi.foundation import api_keys

    sid, secret = f"SK{secrets.token_hex(16)}", secrets.token_urlsafe(32)
    key = api_keys.create_key(sid, secret, scopes or api_keys.ALL_SCOPES, name)
    shown = [scope for scope in api_keys.ALL_SCOPES if scope in key.scopes]
    return {"sid": sid, "name": key.name, "secret": secret, "scopes": shown, "address": exchange.address}


def read_keys(exchange: Exchange) -> list[dict[str, Any]]:
    """What there is to say of every key: never its secret."""
    exchange.enter()
    from toritsugi.foundation.api_keys import ApiKey

    return sorted(
        (
            {
                "sid": key.key_sid,
                "name": key.name,
                "scopes": sorted(key.allowed),
                "last_used": key.used_at and f"{datetime.fromtimestamp(key.used_at, UTC):%Y-%m-%dT%H:%MZ}",
            }
            for key in ApiKey.scan(consistent_read=True)
        ),
        key=lambda key: str(key["sid"]),
    )


def presented(made: dict[str, Any]) -> list[Any]:
    """How a new key is shown to people: what to keep, and what to do with it."""
    rows = [("key", made["sid"]), ("secret", made["secret"]), ("address", made["address"])]
    address = plain(made["address"])
    return [
        "\n[bold]A key for your programs.[/] Its secret is shown this once: keep it where they find it.\n",
        table(["", ""], [(Text(name, "bold"), value) for name, value in rows]),
        f"\n  client = Client('{made['sid']}', secret)\n  client.proxy.base_url = '{address}'",
        f"\nWhat else it opens is told at {address}/api/docs, which asks for it.",
    ]
