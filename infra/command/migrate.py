"""`toritsugi migrate`: a service of Twilio's Proxy comes to the exchange, with its numbers and its open sessions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from command.exchange import Exchange, standing
from command.moving import Move
from command.numbers import counted
from command.proxy_service import open_proxy
from command.refusals import Refused
from command.screen import AsJson, Yes, busy, confirm, plain, say, show, table
from command.stages import Region, StageName

app = typer.Typer(no_args_is_help=True, help="Bring a service of Twilio's Proxy to the exchange, and back.")

NOT_ALL = 3  # how the command ends where something does not come

NEXT = """
[bold]Next[/]: point your program at {address}, and type this once more, which brings what was made at Proxy until then.
At Proxy nothing was changed; `toritsugi migrate back` points the numbers there again.
Keep the numbers in Proxy for as long. Twilio points elsewhere what leaves it: `toritsugi numbers attach` mends that."""

Service = Annotated[str, typer.Argument(help="The service at Proxy: its SID, KS..., or its UniqueName.")]
Some = Annotated[
    list[str] | None,
    typer.Option("--number", help="This number alone (may be repeated); else all of the pool.", show_default=False),
]


@app.command()
def here(
    service: Service,
    number: Some = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    leave_behind: Annotated[
        bool, typer.Option("--leave-behind", help="Point also numbers here on which a session cannot come.")
    ] = False,
    stage: StageName = "",
    region: Region = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Copy a service's settings, numbers and open sessions, and point the numbers here. Broken off, it goes on.

    Ends with 3 where something does not come.
    """
    bring(standing(stage, region), service, number, dry_run, leave_behind, yes, as_json)


@app.command()
def back(
    service: Service,
    number: Some = None,
    stage: StageName = "",
    region: Region = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Point the numbers of a service where they led before. What was copied stays here, and can come again."""
    send_back(standing(stage, region), service, number, yes, as_json)


def bring(
    exchange: Exchange,
    service: str,
    named: list[str] | None = None,
    dry_run: bool = False,
    leave_behind: bool = False,
    yes: bool = False,
    as_json: bool = False,
) -> None:
    """Brings a service to this exchange, and says what came. Raises typer.Exit with 3 where something does not."""
    with moving(exchange, service, named, leave_behind) as move:
        say(planned(move))
        if not dry_run and has_work(move):
            confirm(f"Bring the service {plain(move.name)} from Proxy to {plain(exchange.address)}?", yes)
            move.go()
        result = report(move, dry_run)
    done = "Nothing was changed." if dry_run else NEXT.format(address=plain(exchange.address))
    show(result, as_json, *tables(result), done)
    if result["left"] or result["numbers"]["staying"]:
        raise typer.Exit(NOT_ALL)


def send_back(
    exchange: Exchange, service: str, named: list[str] | None = None, yes: bool = False, as_json: bool = False
) -> None:
    """Points the numbers of a service where they led before they came to this exchange."""
    with moving(exchange, service, named) as move:
        returning, ours = move.returning, move.count_made_here()
        if returning:
            made_here = "Open sessions that were made here and are not at Proxy, so that nobody is reached in them"
            lost = f" {made_here}: {ours}." if ours else ""
            confirm(f"Calls and texts to {counted(returning)} will go where they went before.{lost} Do it?", yes)
            move.go_back()
    rows = [(one, "goes where it went before") for one in move.pointed] + [*move.kept_here.items()]
    shown = table(["number", "now"], rows) if rows else "None of its numbers leads here."
    show({"pointed": move.pointed, "staying": move.kept_here, "made_here": ours}, as_json, shown)


@contextmanager
def moving(exchange: Exchange, service: str, named: list[str] | None, leave_behind: bool = False) -> Iterator[Move]:
    """A service on its way, as it is now. Raises Refused where it has no such number."""
    proxy = open_proxy(exchange)
    with exchange.desk() as desk:
        with busy("Asking Proxy ..."):
            move = Move(exchange, desk, proxy, service, named or [], leave_behind)
        if move.unknown:
            raise Refused(f"The service {move.name} has no {', '.join(move.unknown)} at Proxy.")
        move.look()
        yield move


def has_work(move: Move) -> bool:
    """Whether anything would be changed."""
    work = move.work
    return bool(not move.made or move.to_add or move.to_point or work.new or work.joining or work.closing)


def planned(move: Move) -> str:
    """What would be done, a line each, in the order in which it would be; and what is different here afterwards."""
    work = move.work
    counts = {
        "Numbers that come into the pool, while calls to them go on to Proxy": len(move.to_add),
        "Sessions that are copied": len(work.new),
        "People who join sessions that are here": len(work.joining),
        "Sessions that are closed, as they were at Proxy since": len(work.closing),
        "Numbers that are pointed here": len(move.to_point),
    }
    made = [] if move.made else [f"The service {plain(move.name)} is made, with its settings."]
    steps = [f"{words}: [bold]{count}[/]" for words, count in counts.items() if count]
    return "\n".join([*made, *steps, *(f"[yellow]{plain(note)}[/]" for note in move.notes)])


def report(move: Move, dry_run: bool) -> dict[str, Any]:
    """What was done, or would be; and what was not, and why. People's numbers are not in it."""
    work = move.work
    return {
        "dry_run": dry_run,
        "service": {"name": move.name, "at_proxy": move.settings.sid, "here": move.made and move.made.sid},
        "numbers": {
            "added": [line.number for line in move.to_add] if dry_run else move.added,
            "pointed": [line.number for line in move.to_point] if dry_run else move.pointed,
            "staying": move.staying,
        },
        "sessions": {
            "copied": len(work.new) if dry_run else move.copied,
            "joined": len(work.joining) if dry_run else move.joined,
            "closed": len(work.closing) if dry_run else move.closed,
            "sids": work.sids,
        },
        "left": {sid: one.why for sid, one in work.left.items()},
        "different": move.notes,
    }


def tables(result: dict[str, Any]) -> list[Any]:
    """The report as people read it."""
    numbers, sessions = result["numbers"], result["sessions"]
    counts = {
        "numbers taken into the pool": len(numbers["added"]),
        "sessions copied": sessions["copied"],
        "people added to sessions that were here": sessions["joined"],
        "sessions closed, as they were at Proxy": sessions["closed"],
        "numbers pointed here": len(numbers["pointed"]),
        "closed sessions, interactions and texts copied: they stay at Twilio": 0,
    }
    rows = [*numbers["staying"].items(), *result["left"].items()]
    title = f"what {'would be' if result['dry_run'] else 'was'} done for the service {result['service']['name']}"
    shown = [table([title, ""], [(words, str(count)) for words, count in counts.items()])]
    if rows:
        shown.append(table(["does not come", "why"], rows))
    if result["different"]:
        shown.append(table(["different here"], [(note,) for note in result["different"]]))
    return shown
