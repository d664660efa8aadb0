"""`toritsugi deploy`: a few questions the first time, none the second; then the exchange stands."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

import typer

from command import domain as domains
from command import keys, lines, numbers, releases, sam, stages
from command.checks.findings import FAIL, OK
from command.doctor import chart, examine, listed
from command.exchange import NEVER_STOOD, SECRETS, Exchange
from command.questions import ACCOUNT, ALARMS, DESTINATIONS, DOMAIN, ENCRYPTION, ask_token, option, settle, split
from command.refusals import Refused
from command.screen import AsJson, Yes, confirm, plain, say, show, somebody_is_there
from command.stages import Region, Stage, StageName


def deploy(  # noqa: PLR0913  each is an option of the command
    stage: StageName = "",
    region: Region = "",
    account_sid: Annotated[str | None, option(ACCOUNT)] = None,
    alarm_email: Annotated[str | None, option(ALARMS)] = None,
    domain: Annotated[str | None, option(DOMAIN)] = None,
    drop_former_domain: Annotated[
        bool, typer.Option(help="Take away a domain that no number and no call needs.")
    ] = False,
    key_arn: Annotated[str | None, option(ENCRYPTION)] = None,
    destinations: Annotated[str | None, option(DESTINATIONS)] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Another parameter of template.yaml. Repeatable.", show_default=False),
    ] = None,
    build: Annotated[bool, typer.Option(help="Build first, or deploy what was built before.")] = True,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Deploy the exchange, or a change of it: asks what it does not know, and remembers all but secrets.

    Where nobody can be asked, name what is needed: --account-sid, and Twilio's auth token as TWILIO_AUTH_TOKEN.
    """
    if not yes and not somebody_is_there():
        raise Refused("Deploying changes your AWS account, and nobody is here to say yes: add --yes.")
    wanted = stages.find(stage, region)
    said = {ACCOUNT: account_sid, DESTINATIONS: destinations, ALARMS: alarm_email, DOMAIN: domain, ENCRYPTION: key_arn}
    settle(wanted, said, dict(split(pair) for pair in parameter or []), yes)
    before = Exchange(wanted)
    refuse_if_stuck(before)
    if drop_former_domain:
        drop_formers(before, yes)
    known = known_secrets(before, wanted, yes)
    stages.remember(wanted)
    if before.stack and not before.secrets("own-secrets"):
        before.keep("own-secrets", known["own-secrets"])  # one of an earlier version: its new functions need it at once

    if build:
        say("[bold]Building[/] ...")
        sam.build(wanted)
    roll_out(before, wanted, yes)

    exchange = Exchange(wanted)  # as it is now
    exchange.must_stand()  # else somebody has looked at the changes, and said no
    keep_secrets(exchange, known, anew=key_arn is not None)
    if domain is not None and domain != domains.public(wanted.parameters):
        exchange = move(exchange, domain, yes)
    numbers.follow(exchange, before)
    key = None if keys.read_keys(exchange) else keys.create_key(exchange)
    show_exchange(exchange, key, as_json)


def roll_out(before: Exchange, wanted: Stage, yes: bool) -> None:
    """What was built becomes what everybody calls."""
    if before.stands:
        releases.delete_former(before)
    say(f"[bold]Deploying[/] {wanted.stack}; the first time takes about three minutes ...")
    if gets_key(before, wanted):
        say("First its roles may use the new key, and then it encrypts ...")
        sam.deploy(wanted, show_changes=not yes, KeyInUse="false")
        if gets_key(Exchange(wanted), wanted):
            raise Refused("Nothing was changed: until its roles may use the new key, nothing can be encrypted with it.")
    sam.deploy(wanted, show_changes=not yes)


def gets_key(before: Exchange, wanted: Stage) -> bool:
    """Whether a stage that lives is to be encrypted with a key that its roles do not know."""
    key = wanted.parameters.get(ENCRYPTION.parameter, "")
    return before.stands and key not in ("", before.parameters.get(ENCRYPTION.parameter))


def keep_secrets(exchange: Exchange, known: dict[str, list[str]], anew: bool) -> None:
    """Each secret lies where the functions read it; `anew`: also where it is there, for another key encrypts it now."""
    for name, values in known.items():
        if values != exchange.secrets(name) or (values and anew):
            exchange.keep(name, values)


def move(exchange: Exchange, domain: str, yes: bool) -> Exchange:
    """The exchange at another address, which leads to it already; it stays where it is as long as that is not so.

    Whoever was told the former address is answered there as before.
    """
    stage = exchange.stage
    if domain:
        say(f"Waiting until {plain(domain)} leads here ...")
        if not domains.leads_here(exchange, domain):
            say(f"[yellow]{plain(domain)} does not lead here yet[/]: the exchange stays at {plain(exchange.address)}.")
            say(f"Point it to {plain(domains.target(exchange, domain))}, and deploy again: --domain {plain(domain)}.")
            return exchange
    stage.parameters = domains.told(stage.parameters, domain)
    stages.remember(stage)
    sam.deploy(stage, show_changes=not yes)
    return Exchange(stage)


def drop_formers(exchange: Exchange, yes: bool) -> None:
    """The domains that nobody is told any more lead nowhere, with the deployment that follows.

    Raises Refused while a number still carries one; asks while a call may.
    """
    exchange.must_stand()
    gone = domains.formers(exchange.stage.parameters)
    if not gone:
        raise Refused("There is no former domain.")
    with exchange.desk() as desk:
        there = [line.number for line in lines.read(exchange, desk).owned for one in gone if line.leads_to(one)]
    if there:
        raise Refused(f"{', '.join(there)} still lead to {' and '.join(gone)}: toritsugi numbers attach moves them.")
    if (left := domains.seconds_of_calls(exchange)) > 0:
        what = f"For {left / 60:.0f} minutes more there may be calls that began at {' or '.join(gone)}, and break off."
        confirm(f"{what} Take it away now?", yes)
    exchange.stage.parameters = domains.dropped(exchange.stage.parameters)


def known_secrets(before: Exchange, wanted: Stage, yes: bool) -> dict[str, list[str]]:
    """What the exchange is to have in each of its secret settings.

    Twilio's are those that it has already, unless it changes to another account; where they do not suffice, its auth
    token is asked for. A secret of its own is made where it has none.
    """
    account = before.parameters.get(ACCOUNT.parameter)
    is_same = account in (None, wanted.parameters[ACCOUNT.parameter])
    known = {name: before.secrets(name) if is_same else [] for name in SECRETS}
    known["own-secrets"] = before.secrets("own-secrets") or [secrets.token_hex(32)]
    if not known["auth-tokens"] and not (known["shared-keys"] and known["api-keys"]):
        known["auth-tokens"] = [ask_token(wanted, yes)]
    return known


def show_exchange(exchange: Exchange, key: dict[str, Any] | None, as_json: bool) -> None:
    """What stands now, its new key, whatever doctor finds wrong with it, and what to do next."""
    found = examine(exchange)
    odd = [(name, finding) for name, finding in found if finding.state != OK]
    result = {
        "stage": exchange.stage.name,
        "region": exchange.stage.region,
        "address": exchange.address,
        "key": key,
        "findings": listed(found),
    }
    stands = f"\n[bold green]The exchange stands[/] at {plain(exchange.address)}\n"
    show(result, as_json, stands, *([chart(odd)] if odd else []), *(keys.presented(key) if key else []))
    if not as_json:
        later = any(name == "webhooks" for name, _ in found) or any(finding.state == FAIL for _, finding in found)
        step = "doctor[/] looks at all of it" if later else "numbers attach[/] has your numbers ring here"
        say(f"\nNext: [bold]toritsugi {step}.")


def refuse_if_stuck(exchange: Exchange) -> None:
    """CloudFormation can go on neither from a first deployment that failed, nor in the middle of another."""
    status = exchange.stack["StackStatus"] if exchange.stack else ""
    stage = exchange.stage.name
    if status == "REVIEW_IN_PROGRESS":  # somebody looked at the changes, and said no
        return
    if status in NEVER_STOOD:
        raise Refused(
            f"The first deployment of {stage} has failed and was taken back ({status}). Its stack's events in "
            f"CloudFormation's console say why; then `toritsugi delete --stage {stage}`, and deploy again."
        )
    if status.endswith("_IN_PROGRESS"):
        raise Refused(f"The stack of {stage} is just being changed ({status}): wait until that is done.")
    if status in ("UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"):
        raise Refused(f"The stack of {stage} is stuck ({status}): CloudFormation's console says why, and how to go on.")
