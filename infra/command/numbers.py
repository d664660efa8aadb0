"""`toritsugi numbers`: which numbers lead to the exchange. They go in and out by its own REST API.

A number that is attached lies in the pool of a service, or a reception answers there, or both; where its calls and
texts went before is kept, for restore.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.table import Table
from rich.text import Text
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from command import lines
from command.exchange import Exchange, standing
from command.lines import Line, Lines
from command.refusals import Refused
from command.screen import AsJson, Yes, ask, busy, confirm, plain, say, show, somebody_is_there, table
from command.stages import Region, StageName

app = typer.Typer(no_args_is_help=True, help="Attach the account's numbers to the exchange, and restore them.")

Named = Annotated[
    list[str] | None, typer.Argument(help="The numbers: +81501234567 ...", metavar="[NUMBER]...", show_default=False)
]
All = Annotated[bool, typer.Option("--all", help="All that there are.")]

ASKING = "Asking Twilio and the exchange ..."


@app.command("list")
def list_numbers(stage: StageName = "", region: Region = "", as_json: AsJson = False) -> None:
    """Show the account's numbers, what they can do, and where their calls go."""
    exchange = standing(stage, region)
    with busy(ASKING), exchange.desk() as desk:
        found = lines.read(exchange, desk)
    none = "The account has no numbers: https://console.twilio.com has some."
    show([asdict(line) for line in found.owned], as_json, listing(found.owned, found) if found.owned else none)


@app.command()
def attach(
    named: Named = None,
    service: Annotated[str, typer.Option(help="Whose pool they go into; made if it is not there.")] = "default",
    everything: All = False,
    stage: StageName = "",
    region: Region = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Point numbers at the exchange. Where their calls go now is kept, for restore."""
    exchange = standing(stage, region)
    with exchange.desk() as desk:
        with busy(ASKING):
            found = lines.read(exchange, desk)
        possible = [line for line in found.owned if not line.works_for or not found.is_right(line)]
        chosen = with_voice(choose(possible, found, named, everything, "attach"))
        used = [line for line in chosen if line.goes_to != "nobody" and not found.leads_here(line)]
        for line in used:
            say(f"[yellow]{line.number} is in use: its calls go to[/] {plain(line.goes_to)}")
        if chosen:
            confirm(f"Point {counted(chosen)} at {exchange.address} (service {plain(service)})?", yes, usual=not used)
            sid = service_of(desk, service)
        for line in chosen:
            with busy(f"Attaching {line.number} ..."):
                if line.works_for:
                    point_again(line, found.comes_here(line))
                else:
                    desk.proxy.v1.services(sid).phone_numbers.create(sid=line.sid)
            say(f"[green]attached[/]  {line.number}")
    done = "Next: make a session (README, Try it with the SDK), or [bold]toritsugi doctor[/] to see that all is well."
    result = {"attached": [line.number for line in chosen], "service": service}
    show(result, as_json, done if chosen else "There is nothing to attach.")


@app.command()
def restore(
    named: Named = None,
    everything: All = False,
    stage: StageName = "",
    region: Region = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Take numbers out of the exchange. Their calls go again where they went before."""
    exchange = standing(stage, region)
    with exchange.desk() as desk:
        with busy(ASKING):
            found = lines.read(exchange, desk)
        chosen = choose(found.attached, found, named, everything, "restore")
        if chosen:
            confirm(f"Calls to {counted(chosen)} will not come here any more. Restore?", yes)
        for line in chosen:
            with busy(f"Restoring {line.number} ..."):
                give_back(desk, exchange.address, line)
            say(f"[green]restored[/]  {line.number}")
        now = {line.number: line.goes_to for line in lines.read(exchange, desk).owned}
    rows = [(line.number, now.get(line.number, "")) for line in chosen]
    result = {"restored": [{"number": number, "goes_to": goes_to} for number, goes_to in rows]}
    show(result, as_json, table(["number", "calls go to"], rows) if rows else "No number is attached.")


def with_voice(chosen: list[Line]) -> list[Line]:
    """Those that can take calls; of the others it is said that they are left out."""
    for line in chosen:
        if not line.voice and not line.reception:
            say(f"[yellow]{line.number} cannot take calls (Twilio says: no voice) and is left out.[/]")
    return [line for line in chosen if line.voice or line.reception]


def choose(possible: list[Line], found: Lines, named: list[str] | None, everything: bool, verb: str) -> list[Line]:
    """The numbers that are meant: those named, all, or what somebody picks from a list. Raises Refused."""
    if named:
        if strange := sorted(set(named) - {line.number for line in found.owned}):
            raise Refused(f"The Twilio account has no {', '.join(strange)}: see `toritsugi numbers list`.")
        return [line for line in possible if line.number in named]
    if everything or not possible:
        return possible
    if not somebody_is_there():
        raise Refused(f"Say which numbers to {verb}: name them, or --all.")
    say(listing(possible, found, counting=True))
    answer = ask("Which ones? (such as 1,3, or all)", usual="all" if len(possible) == 1 else "")
    if answer == "all":
        return possible
    picked = [part.strip() for part in answer.split(",")]
    if not all(part.isdecimal() and 1 <= int(part) <= len(possible) for part in picked):
        raise Refused(f"Answer with numbers from 1 to {len(possible)}, such as 1,2, or with all. Nothing was changed.")
    return [possible[int(part) - 1] for part in dict.fromkeys(picked)]


def listing(shown: list[Line], found: Lines, counting: bool = False) -> Table:
    """The numbers as people read them."""
    rows: list[tuple[str | Text, ...]] = []
    for place, line in enumerate(shown, 1):
        able = [name if getattr(line, name) else f"[dim]no {name}[/]" for name in ("voice", "sms", "mms")]
        away = plain(urlsplit(line.goes_to).netloc or line.goes_to)
        here = line.works_for and all(found.leads_here(line, kind) for kind in found.comes_here(line))
        goes = f"[green]here[/] ({plain(line.works_for)})" if here else f"[yellow]{away}[/]"
        marked = map(Text.from_markup, (" ".join(able), goes))
        rows.append((*([str(place)] if counting else []), line.number, line.country, *marked))
    return table((*([""] if counting else []), "number", "", "can", "calls go"), rows)


def follow(exchange: Exchange, before: Exchange) -> list[str]:
    """The numbers that led to another address of the exchange, as it stood before, and lead to that of today now."""
    formers = exchange.former_hosts
    if not formers or not before.stands:
        return []
    moved = []
    with exchange.desk() as desk, busy(ASKING):
        found = lines.read(exchange, desk)
        for line in found.attached:
            kinds = [kind for kind in found.comes_here(line) if urlsplit(line.way(kind).url).netloc in formers]
            if kinds:
                point_again(line, kinds)
                moved.append(line.number)
    for number in moved:
        say(f"[green]moved[/]  {number} leads to {plain(exchange.address)}")
    return moved


def service_of(desk: Client, name: str) -> str:
    """The SID of the service of this name, made if there is none."""
    services = desk.proxy.v1.services
    found = next((one.sid for one in services.list() if one.unique_name == name), None)
    try:
        return str(found or services.create(unique_name=name).sid)
    except TwilioRestException as error:
        raise Refused(f"A service cannot be called {name!r}: {error.msg}") from error


def point_again(line: Line, kinds: list[str]) -> None:
    """A number of ours that somebody has pointed elsewhere since: its calls, or also its texts, come here again."""
    from toritsugi.adapters import twilio_api
    from toritsugi.foundation import addresses

    wanted = {name: value for kind in kinds for name, value in addresses.entrance(kind).items()}
    twilio_api.point(twilio_api.get_owned_number(None, line.sid), wanted)


def give_back(desk: Client, address: str, line: Line) -> None:
    """No reception answers at this number any more, and no service has it. Raises Refused."""
    if line.reception:
        said = desk.request("DELETE", f"{address}/api/lines/{line.number}")
        if not said.ok:
            raise Refused(f"{line.number} stays with the reception {line.reception}: {said.text}")
    if line.service:
        desk.proxy.v1.services(line.service_sid).phone_numbers(line.pooled_as).delete()


def counted(chosen: list[Line]) -> str:
    return chosen[0].number if len(chosen) == 1 else f"{len(chosen)} numbers"
