"""`toritsugi limits`, `stop` and `start`: how much may be called and written, and the switch that stops it all."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from rich.markup import escape

from command.exchange import Exchange, standing
from command.refusals import Refused
from command.screen import AsJson, Yes, confirm, show, table
from command.stages import Region, StageName

app = typer.Typer(no_args_is_help=True, help="How much may be called and written.")


@app.command("show")
def show_limits(stage: StageName = "", region: Region = "", as_json: AsJson = False) -> None:
    """How much may be called and written, and what was used of it."""
    show_all(standing(stage, region), as_json)


@app.command("set")
def change(
    changes: Annotated[
        list[str], typer.Argument(metavar="NAME=NUMBER...", help="0: no limit; NAME= alone: as it was deployed.")
    ],
    stage: StageName = "",
    region: Region = "",
    as_json: AsJson = False,
) -> None:
    """Change limits, until they are changed again; a deployment leaves them alone."""
    exchange = standing(stage, region)
    exchange.enter()
    from toritsugi.limits import switch
    from toritsugi.limits.limits import NAMES

    switch.set_limits(dict(read_change(one, NAMES) for one in changes))
    show_all(exchange, as_json)


def stop(
    why: Annotated[str, typer.Option(help="For whoever looks later.")] = "",
    stage: StageName = "",
    region: Region = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Stop everything: from now on nothing is dialed and nothing is written. Calls that run go on."""
    exchange = standing(stage, region)
    confirm(f"Nobody will be put through by {exchange.stage.name} any more. Stop it?", yes)
    exchange.enter()
    from toritsugi.limits import switch

    switch.stop_exchange(why, time.time())
    show({"stopped": True}, as_json, "[bold red]Stopped.[/] `toritsugi start` lets it call and write again.")


def start(stage: StageName = "", region: Region = "", as_json: AsJson = False) -> None:
    """Have a stopped exchange call and write again."""
    exchange = standing(stage, region)
    exchange.enter()
    from toritsugi.limits import switch

    switch.start_exchange()
    show({"stopped": False}, as_json, "[bold green]It calls and writes again.[/]")


def read_change(pair: str, names: tuple[str, ...]) -> tuple[str, int | None]:
    """A limit and how much it is to be; None: as it was deployed. Raises Refused."""
    name, equals, most = pair.partition("=")
    if name not in names:
        raise Refused(f"There is no limit {name!r}. There are: {', '.join(names)}.")
    if not equals or not ((most.isascii() and most.isdigit()) or not most):
        raise Refused(f"A limit is set as {name}=100, not {pair!r}.")
    return name, int(most) if most else None


def show_all(exchange: Exchange, as_json: bool) -> None:
    exchange.enter()
    from toritsugi.limits import views

    found: dict[str, Any] = dict(views.show_limits(time.time()))
    stopped = found["stopped"]
    why = f" ({escape(stopped['why'])})" if stopped and stopped["why"] else ""
    head = f"[bold red]Stopped[/] since {stopped['stopped_at']}{why}: `toritsugi start` goes on.\n" if stopped else ""
    rows = [
        (name, str(most or "no limit"), str(found["used"].get(name, "")), changed(most, found["deployed"][name]))
        for name, most in found["limits"].items()
    ]
    show(found, as_json, head, table(["limit", "most", "used", ""], rows), yen_by(found["charges"]))


def yen_by(charges: dict[str, Any]) -> str:
    """By what yen are counted, in a sentence."""
    said = charges["exchange"]
    dollar = f", {said['base']} 1 being ¥{said['rate']}, as of {said['as_of']}" if said else ""
    return f"\nYen are counted by the rate card {escape(charges['card'])}{dollar}."


def changed(most: int, deployed: int) -> str:
    return "" if most == deployed else f"deployed: {deployed or 'no limit'}"
