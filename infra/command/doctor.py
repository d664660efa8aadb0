"""`toritsugi doctor`: looks at everything that a newcomer gets wrong, and says how to mend it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import typer
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from command.checks import cloud, debugger, door, prices, secrets, telephones
from command.checks.findings import FAIL, OK, WARN, Finding, fail
from command.exchange import Exchange
from command.refusals import explain
from command.screen import AsJson, console, plain, show
from command.stages import Region, StageName, located

Check = Callable[..., Iterable[Finding]]

# without these nothing can be said
FIRST: dict[str, Check] = {"AWS credentials": cloud.credentials, "stack": cloud.stack}

OF_THE_EXCHANGE: dict[str, Check] = {
    "release": cloud.release,
    "address": door.address,
    "signatures": door.signatures,
    "clocks": door.clocks,
    "own secret": secrets.own_secret,
    "auth tokens": telephones.tokens,
    "Twilio's API keys": secrets.api_keys,
    "webhook rules": secrets.webhook_rules,
    "Twilio account": telephones.standing,
    "calls at once": debugger.calls_at_once,
    "Twilio's debugger": debugger.alerts,
    "API keys": cloud.api_key,
    "tables": cloud.tables,
    "schedules": cloud.schedules,
    "timers": cloud.timers,
    "recordings": cloud.recordings,
    "events": cloud.events,
    "dead letters": cloud.dead_letters,
    "logs": cloud.logs,
    "alarms": cloud.alarms,
    "concurrency": cloud.concurrency,
    "rate card": prices.rate_card,
}
OF_THE_NUMBERS: dict[str, Check] = {
    "numbers": telephones.attached,
    "webhooks": telephones.webhooks,
    "former domain": telephones.former_domains,
    "voice": telephones.voices,
    "dialing permissions": telephones.dialing_permissions,
    "Twilio's region": telephones.processing_regions,
    "region": telephones.nearness,
}

COLOURS = {OK: "green", WARN: "yellow", FAIL: "red"}

Findings = list[tuple[str, Finding]]


def doctor(stage: StageName = "", region: Region = "", as_json: AsJson = False) -> None:
    """Look at everything that can be wrong, and say how to mend it. Ends with 1 if calls will fail."""
    exchange = Exchange(located(stage, region))
    found = examine(exchange)
    well = not any(finding.state == FAIL for _, finding in found)
    result = {"stage": exchange.stage.name, "well": well, "findings": listed(found)}
    show(result, as_json, chart(found), summary(found))
    raise typer.Exit(0 if well else 1)


def examine(exchange: Exchange) -> Findings:
    """Everything that was found, in the order in which people should read it."""
    bar = TextColumn("{task.description}"), BarColumn(40), TextColumn("{task.completed}/{task.total}")
    total = len(FIRST | OF_THE_EXCHANGE | OF_THE_NUMBERS)
    with Progress(*bar, console=console(sys.stderr), transient=True) as progress:
        task = progress.add_task("Looking at the exchange", total=total)

        def look(name: str, check: Check, *facts: Any) -> Findings:
            try:
                return [(name, finding) for finding in check(exchange, *facts)]
            except Exception as error:
                return [(name, fail(*puzzled(error)))]
            finally:
                progress.advance(task)

        found: Findings = []
        for name, check in FIRST.items():
            found += look(name, check)
            if found[-1][1].state == FAIL:
                return found
        exchange.enter()  # before many ask at a time
        with ThreadPoolExecutor(8) as pool:
            gathered = pool.submit(telephones.gather, exchange)
            looks = [pool.submit(look, name, check) for name, check in OF_THE_EXCHANGE.items()]
            found += [one for done in looks for one in done.result()]
            if error := gathered.exception():
                return [*found, ("numbers", fail(*puzzled(error)))]
            looks = [pool.submit(look, name, check, gathered.result()) for name, check in OF_THE_NUMBERS.items()]
            return found + [one for done in looks for one in done.result()]


def puzzled(error: BaseException) -> tuple[str, str]:
    """What to say of a check that could not be made."""
    if sentence := explain(error):
        return f"not looked at: {sentence}", ""
    return f"not looked at: {type(error).__name__}: {error}", "nobody foresaw this: please open an issue"


def listed(found: Findings) -> list[dict[str, str]]:
    """The findings for other programs."""
    return [{"check": name, **vars(finding)} for name, finding in found]


def chart(found: Findings) -> Table:
    """The findings, one line each, with what to do below those that are not well."""
    made = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True)
    made.add_column(no_wrap=True, style="bold")
    made.add_column(overflow="fold")
    before = ""
    for name, finding in found:
        colour = COLOURS[finding.state]
        made.add_row(f"[{colour}]{finding.state}[/]", name if name != before else "", plain(finding.says))
        if finding.mend:
            made.add_row("", "", f"[{colour}]mend:[/] {plain(finding.mend)}")
        before = name
    return made


def summary(found: Findings) -> str:
    fails, warns = (sum(finding.state == state for _, finding in found) for state in (FAIL, WARN))
    if fails:
        return f"\n[red bold]Calls will fail[/]: {fails} to mend{f', {warns} to look at' if warns else ''}."
    return f"\n[green bold]Calls will go through[/]{f', with {warns} to look at' if warns else ''}."
