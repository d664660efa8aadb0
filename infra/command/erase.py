"""`toritsugi erase`: nothing is left of a person, but what the command names. It asks until the exchange is done."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from twilio.rest import Client

from command.exchange import standing
from command.refusals import Refused
from command.screen import AsJson, Yes, ask, busy, confirm, say, show, table
from command.stages import Region, StageName

WORDS = {
    "sessions": "sessions, with what happened in them",
    "calls": "calls that the exchange made",
    "messages": "texts",
    "recordings": "recordings, here and at Twilio",
    "callers": "entry among the callers",
    "routes": "lines that they had",
    "answers": "notes on how they were answered",
    "counters": "days of counting their calls",
}

REMAINS = """
[bold]What remains[/]
  At Twilio: its own logs, among them {calls} calls and {messages} texts that were known here (--json has their SIDs).
  Find all of them by the number, and delete each by its SID:
    {api}/Calls.json?From=...   ?To=...      DELETE {api}/Calls/CA....json
    {api}/Messages.json?From=...   ?To=...   DELETE {api}/Messages/SM....json
  In backups: the tables can be restored to any moment of the last 35 days.
  In logs: no number; they end by themselves (LogRetention).
  In what you wrote yourself: receptions in which the number stands.
[bold]Receipt[/] {sids}, {erased_at}. It names nobody (--json has all of it), so it may be kept; the log has it, too."""


def erase(
    number: Annotated[str, typer.Argument(help="The person's number: +8190... Left out, you are asked.")] = "",
    stage: StageName = "",
    region: Region = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Erase a person: everything that is known under their number, for good."""
    exchange = standing(stage, region)
    exchange.enter()
    number = read_number(number or ask("Whose number? (+8190...)"))
    confirm(f"Everything that is known of {number} will be gone for good. Erase it?", yes)
    with exchange.desk() as desk:
        receipt = erase_wholly(desk, exchange.address, number)
    api = f"{exchange.carrier_url}/2010-04-01/Accounts/{exchange.account_sid}"
    rows = [(str(receipt["erased"][name]), words) for name, words in WORDS.items()]
    left = {kind: len(sids) for kind, sids in receipt["at_twilio"].items()}
    remains = REMAINS.format(api=api, sids=", ".join(receipt["sids"]), erased_at=receipt["erased_at"], **left)
    if files := receipt["files_elsewhere"]:
        remains += f"\n  In the bucket of an exchange before this one: {', '.join(files)}"
    kept = "\n  Here: that this number wants no messages, for that is what the person has asked for."
    show(receipt, as_json, table(["gone", ""], rows), remains + kept * receipt["opted_out"])


def read_number(written: str) -> str:
    """The number in E.164, also of one that is written as people do where the exchange is. Raises Refused."""
    from toritsugi.foundation import config
    from toritsugi.foundation.errors import RequestRefused
    from toritsugi.lines import numbers

    try:
        return numbers.read_number(written, config.COUNTRY)
    except RequestRefused as refusal:
        raise Refused(f"{refusal.message}.") from None


def erase_wholly(desk: Client, address: str, number: str) -> dict[str, Any]:
    """The receipt of all requests that it takes together. Raises Refused; whoever types it again goes on."""
    whole: dict[str, Any] = {"sids": [], "erased": {}, "at_twilio": {}, "files_elsewhere": []}
    while True:
        with busy("Erasing ..."):
            said = desk.request(
                "POST",
                f"{address}/api/erasures",
                data={"number": number},
                headers={"Content-Type": "application/json"},
            )
        answer = json.loads(said.text)
        if not said.ok:
            raise Refused(f"{number} is not erased: {answer.get('detail', said.text)}")
        whole = add_up(whole, answer)
        if answer["complete"]:
            return whole
        say(f"{sum(whole['erased'].values())} are gone, and there is more ...")


def add_up(whole: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """One receipt of two; it has the `sids` of all."""
    last = {name: value for name, value in more.items() if name != "sid"}
    erased = {name: whole["erased"].get(name, 0) + count for name, count in more["erased"].items()}
    at_twilio = {kind: whole["at_twilio"].get(kind, []) + sids for kind, sids in more["at_twilio"].items()}
    files = whole["files_elsewhere"] + more["files_elsewhere"]
    whole_now = {"erased": erased, "at_twilio": at_twilio, "files_elsewhere": files}
    return {**last, "sids": [*whole["sids"], more["sid"]], **whole_now}
