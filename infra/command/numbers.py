"""`toritsugi numbers`: which numbers lead to the exchange. They go in and out by its own REST API.

A number that is attached lies in the pool of a service; where its calls went before is kept, for restore.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from command import account
from command.account import Owned
from command.exchange import Exchange, pools
from command.refusals import Refused
from command.screen import AsJson, Yes, ask, busy, confirm, say, show, somebody_is_there, table
from command.stages import Region, StageName, located

app = typer.Typer(no_args_is_help=True, help="Attach the account's numbers to the exchange, and restore them.")

Named = Annotated[
    list[str] | None, typer.Argument(help="The numbers: +81501234567 ...", metavar="[NUMBER]...", show_default=False)
]
All = Annotated[bool, typer.Option("--all", help="All that there are.")]


@app.command("list")
def list_numbers(stage: StageName = "", region: Region = "", as_json: AsJson = False) -> None:
    """Show the account's numbers, what they can do, and where their calls go."""
    exchange = Exchange(located(stage, region))
    exchange.must_stand()
    with busy("Asking Twilio and the exchange ..."), exchange.desk() as desk:
        owned, pooled = account.numbers(exchange.twilio()), pools(desk)
    ours = exchange.address
    result = [asdict(one) | {"service": pooled.get(one.number, ("", ""))[1]} for one in owned]
    show(
        result,
        as_json,
        listing(owned, pooled, ours) if owned else "The account has no numbers: https://console.twilio.com has some.",
    )


@app.command()
def attach(
    named: Named = None,
    service: Annotated[
        str, typer.Option("--service", help="Whose pool they go into; made if it is not there.")
    ] = "default",
    everything: All = False,
    stage: StageName = "",
    region: Region = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Point numbers at the exchange. Where their calls go now is kept, for restore."""
    exchange = Exchange(located(stage, region))
    exchange.must_stand()
    with exchange.desk() as desk:
        with busy("Asking Twilio and the exchange ..."):
            owned, pooled, ours = account.numbers(exchange.twilio()), pools(desk), exchange.address
        free = [one for one in owned if one.number not in pooled or not leads_here(one, ours)]
        chosen = choose(free, owned, named, everything, "attach", pooled, ours)
        for one in [one for one in chosen if not one.voice]:
            say(f"[yellow]{one.number} cannot take calls (Twilio says: no voice) and is left out.[/]")
        chosen = [one for one in chosen if one.voice]
        if not chosen:
            return show({"attached": []}, as_json, "There is nothing to attach.")
        if used := [one for one in chosen if one.goes_to != "nobody" and not leads_here(one, ours)]:
            say("[yellow]In use elsewhere; calls will come here instead:[/]")
            for one in used:
                say(f"  {one.number}  now goes to {one.goes_to}")
        confirm(f"Point {counted(chosen)} at {ours} (service {service})?", yes, usual=not used)
        sid = service_of(desk, service)
        for one in chosen:
            with busy(f"Attaching {one.number} ..."):
                if one.number in pooled:
                    point_again(exchange, one)
                else:
                    desk.proxy.v1.services(sid).phone_numbers.create(sid=one.sid)
            say(f"[green]attached[/]  {one.number}")
    return show(
        {"attached": [one.number for one in chosen], "service": service},
        as_json,
        "Next: make a session (README, Try it with the SDK), or [bold]toritsugi doctor[/] to see that all is well.",
    )


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
    exchange = Exchange(located(stage, region))
    exchange.must_stand()
    with exchange.desk() as desk:
        with busy("Asking Twilio and the exchange ..."):
            owned, pooled, ours = account.numbers(exchange.twilio()), pools(desk), exchange.address
        attached = [one for one in owned if one.number in pooled]
        chosen = choose(attached, owned, named, everything, "restore", pooled, ours)
        if not chosen:
            return show({"restored": []}, as_json, "No number is attached.")
        confirm(f"Calls to {counted(chosen)} will not come here any more. Restore?", yes)
        for one in chosen:
            with busy(f"Restoring {one.number} ..."):
                desk.proxy.v1.services(pooled[one.number][0]).phone_numbers(one.sid).delete()
            say(f"[green]restored[/]  {one.number}")
        now = {one.number: one.goes_to for one in account.numbers(exchange.twilio())}
    result = [{"number": one.number, "goes_to": now.get(one.number, "")} for one in chosen]
    return show(
        {"restored": result},
        as_json,
        table(["number", "calls go to"], [(one["number"], one["goes_to"]) for one in result]),
    )


def choose(
    possible: list[Owned],
    owned: list[Owned],
    named: list[str] | None,
    everything: bool,
    verb: str,
    pooled: dict[str, tuple[str, str]],
    ours: str,
) -> list[Owned]:
    """The numbers that are meant: those named, all, or what somebody picks from a list. Raises Refused."""
    if named:
        by_number = {one.number: one for one in owned}
        if strange := [number for number in named if number not in by_number]:
            raise Refused(
                f"The Twilio account has no {', '.join(strange)}: `toritsugi numbers list` shows what it has."
            )
        return [by_number[number] for number in dict.fromkeys(named) if by_number[number] in possible]
    if everything or not possible:
        return possible
    if not somebody_is_there():
        raise Refused(f"Say which numbers to {verb}: name them, or --all.")
    show(None, False, listing(possible, pooled, ours, counting=True))
    answer = ask("Which ones? (such as 1,3, or all)", usual="all" if len(possible) == 1 else "")
    if answer == "all":
        return possible
    picked = [part.strip() for part in answer.split(",")]
    if not all(part.isdecimal() and 1 <= int(part) <= len(possible) for part in picked):
        raise Refused(
            f"Answer with numbers from 1 to {len(possible)}, separated by commas, or all. Nothing was changed."
        )
    return [possible[int(part) - 1] for part in dict.fromkeys(picked)]


def listing(numbers: list[Owned], pooled: dict[str, tuple[str, str]], ours: str, counting: bool = False) -> Any:
    """The numbers as people read them."""
    from toritsugi.numbers import country_of

    rows = []
    for place, one in enumerate(numbers, 1):
        able = [name if getattr(one, name) else f"[dim]no {name}[/]" for name in ("voice", "sms", "mms")]
        goes = f"[green]here[/] ({pooled[one.number][1]})" if one.number in pooled and leads_here(one, ours) else ""
        goes = goes or f"[yellow]{urlsplit(one.goes_to).netloc or one.goes_to}[/]"
        rows.append(
            ([str(place)] if counting else []) + [one.number, country_of(one.number) or "", " ".join(able), goes]
        )
    return table(([""] if counting else []) + ["number", "", "can", "calls go"], rows)


def leads_here(one: Owned, ours: str) -> bool:
    return not one.instead and urlsplit(one.voice_url)[:3] == urlsplit(f"{ours}/voice")[:3]


def service_of(desk: Client, name: str) -> str:
    """The SID of the service of this name, made if there is none."""
    services = desk.proxy.v1.services
    found = next((one.sid for one in services.list() if one.unique_name == name), None)
    try:
        return str(found or services.create(unique_name=name).sid)
    except TwilioRestException as error:
        raise Refused(f"A service cannot be called {name!r}: {error.msg}") from error


def point_again(exchange: Exchange, one: Owned) -> None:
    """A number that lies in a pool, and that somebody has pointed elsewhere since: its calls come here again."""
    exchange.enter()
    from toritsugi import carrier, webhooks

    wanted = {"voice_url": webhooks.address("/voice"), "voice_method": "POST", "voice_fallback_method": "POST"}
    carrier.point(carrier.find_owned(None, one.sid), wanted)


def counted(numbers: list[Owned]) -> str:
    return numbers[0].number if len(numbers) == 1 else f"{len(numbers)} numbers"
